/* SPDX-License-Identifier: MIT */
/* test_remote_facts.c - headers read by range requests, from servers that
 * behave and servers that do not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>

#include "remote_fixture.h"

#define MIB 1048576.0

/* A file of `tokens` in the vocabulary at CDN/files/. */
static char *serve_long(struct away *a, struct gguf_file *g, size_t tokens)
{
    away_long_model(g, tokens);
    hub_add(&a->hub, REPO "/long.gguf", g->bytes, g->len);
    return mem_printf("%s/files/" REPO "/long.gguf", a->hub.cdn);
}

static void test_the_hub_gives_the_facts_of_a_file(void **state)
{
    (void)state;
    struct away        a;
    struct model_facts local;
    struct err         err = {0};
    char              *path;

    away_begin(&a);
    setenv("HF_TOKEN", SECRET, 1);
    away_serve(&a, "Model-Q4_K_M.gguf");
    temp_write(&a.tree, "local.gguf", a.model.bytes, a.model.len);
    path = temp_path(&a.tree, "local.gguf");
    if (gguf_read(path, &local, &err)) fail_msg("%s", err.text);
    if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
    assert_string_equal(a.facts.architecture, "llama");
    assert_int_equal(a.facts.file_bytes, a.model.len);
    assert_int_equal(a.facts.file_bytes, local.file_bytes);
    assert_int_equal(a.facts.tensor_bytes, local.tensor_bytes);
    assert_int_equal(a.facts.vocabulary, 100);
    assert_true(a.facts.parameters == local.parameters);
    assert_true(a.read_bytes == (double)a.model.len);
    assert_int_equal(hub_count(&a.hub, "cdn GET", NULL), 1);
    assert_true(hub_count(&a.hub, "hub ", SECRET) == 3);
    assert_token_stayed(&a);
    model_facts_done(&local);
    free(path);
    away_end(&a);
}

static void test_no_more_than_a_mebibyte_beyond_the_header_is_read(void **state)
{
    (void)state;
    static const size_t tokens[] = {100, 70000, 140000, 280000};

    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct away      a;
        struct gguf_file g;
        char            *url;

        away_begin(&a);
        url = serve_long(&a, &g, tokens[i]);
        g.bytes = mem_grow(g.bytes, g.len + (9 << 20), 1);
        memset(g.bytes + g.len, 0, 9 << 20);
        a.hub.files[0].bytes = (char *)g.bytes;
        a.hub.files[0].n = g.len + (9 << 20);
        if (away_facts(&a, url)) fail_msg("%s", a.err.text);
        assert_int_equal(a.facts.vocabulary, tokens[i]);
        assert_int_equal(a.facts.file_bytes, g.len + (9 << 20));
        assert_true(a.read_bytes >= (double)g.header_len);
        assert_true(a.read_bytes < (double)g.header_len + MIB);
        assert_int_equal(hub_count(&a.hub, "GET", "range=bytes="),
                         g.header_len / (1 << 20) + 1);
        free(url);
        away_end(&a);
        gguf_free(&g);
    }
}

static void test_redirects_are_followed_once_for_many_ranges(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file g;
    char            *url;

    away_begin(&a);
    url = serve_long(&a, &g, 280000);
    free(url);
    url = mem_printf("%s/" REPO "/resolve/main/long.gguf", a.hub.endpoint);
    if (away_facts(&a, url)) fail_msg("%s", a.err.text);
    assert_int_equal(a.facts.vocabulary, 280000);
    assert_int_equal(hub_count(&a.hub, "hub GET", NULL), 1);
    assert_true(hub_count(&a.hub, "cdn GET", NULL) > 3);
    free(url);
    away_end(&a);
    gguf_free(&g);
}

static void test_an_address_that_has_expired_is_asked_for_anew(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file g;
    char            *url;

    away_begin(&a);
    url = serve_long(&a, &g, 280000);
    free(url);
    hub_fault(&a.hub, (struct hub_fault){.kind = "status", .status = 403,
                                         .cdn = true, .method = "GET",
                                         .skip = 1, .times = 1});
    url = mem_printf("%s/" REPO "/resolve/main/long.gguf", a.hub.endpoint);
    if (away_facts(&a, url)) fail_msg("%s", a.err.text);
    assert_int_equal(hub_count(&a.hub, "hub GET", NULL), 2);
    free(url);
    away_end(&a);
    gguf_free(&g);
}

/* ---- the cache --------------------------------------------------------- */

static void test_a_header_that_did_not_change_is_not_read_again(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file g;
    char            *url;

    away_begin(&a);
    away_serve(&a, "Model-Q4_K_M.gguf");
    if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
    if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
    assert_true(a.read_bytes == 0);
    assert_string_equal(a.facts.architecture, "llama");
    assert_int_equal(hub_count(&a.hub, "cdn ", NULL), 1);
    url = serve_long(&a, &g, 100000);
    if (away_facts(&a, url)) fail_msg("%s", a.err.text);
    assert_true(a.read_bytes > 0);
    if (away_facts(&a, url)) fail_msg("%s", a.err.text);
    assert_true(a.read_bytes == 0);
    assert_int_equal(a.facts.vocabulary, 100000);
    assert_int_equal(a.facts.file_bytes, g.len);
    hub_fault(&a.hub, (struct hub_fault){.kind = "tag", .text = "\"new\""});
    if (away_facts(&a, url)) fail_msg("%s", a.err.text);
    assert_true(a.read_bytes > 0);
    free(url);
    away_end(&a);
    gguf_free(&g);
}

/* Does something to each file of the header cache; how many there are. */
static int each_cached(const struct away *a, void (*change)(const char *))
{
    char          *folder = temp_path(&a->tree, "cache/audition/headers");
    DIR           *dir = opendir(folder);
    struct dirent *d;
    int            n = 0;

    while (dir && (d = readdir(dir)) != NULL) {
        char *path = mem_printf("%s/%s", folder, d->d_name);
        if (d->d_name[0] != '.') {
            n++;
            if (change) change(path);
        }
        free(path);
    }
    if (dir) closedir(dir);
    free(folder);
    return n;
}

static void cut_short(const char *path)
{
    assert_int_equal(truncate(path, 150), 0);
}

/* Where it is no header any more, and where only the sum can tell. */
static void spoil(const char *path)
{
    FILE *f = fopen(path, "r+b");

    assert_non_null(f);
    fseek(f, 400, SEEK_SET);
    fputs("spoilt", f);
    fclose(f);
}

static void spoil_end(const char *path)
{
    FILE *f = fopen(path, "r+b");

    assert_non_null(f);
    fseek(f, -100, SEEK_END);
    fputs("spoilt", f);
    fclose(f);
}

static void make_empty(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

static void test_a_damaged_cache_is_as_good_as_none(void **state)
{
    (void)state;
    static void (*const damages[])(const char *) = {cut_short, spoil,
                                                    spoil_end, make_empty};

    for (size_t i = 0; i < 4; i++) {
        struct away a;

        away_begin(&a);
        away_serve(&a, "Model-Q4_K_M.gguf");
        if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
        assert_int_equal(each_cached(&a, damages[i]), 1);
        if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
        assert_true(a.read_bytes > 0);
        if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
        assert_true(a.read_bytes == 0);
        away_end(&a);
    }
}

static void test_a_cache_that_cannot_be_written_does_no_harm(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    temp_text(&a.tree, "cache/audition", "a file is in the way");
    away_serve(&a, "Model-Q4_K_M.gguf");
    for (int i = 0; i < 2; i++) {
        if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
        assert_true(a.read_bytes > 0);
    }
    away_end(&a);
}

/* ---- servers that do as they like -------------------------------------- */

static void test_a_server_that_ignores_ranges_is_cut_off(void **state)
{
    (void)state;
    static const char *const kinds[] = {"no_range", "no_length", "endless"};

    for (size_t i = 0; i < 3; i++) {
        struct away      a;
        struct gguf_file g;
        const size_t     rest = (size_t)30 << 20;
        char            *url;

        away_begin(&a);
        url = serve_long(&a, &g, 150000);
        g.bytes = mem_grow(g.bytes, g.len + rest, 1);
        memset(g.bytes + g.len, 0, rest);
        a.hub.files[0].bytes = (char *)g.bytes;
        a.hub.files[0].n = g.len + rest;
        hub_fault(&a.hub, (struct hub_fault){.kind = kinds[i]});
        if (away_facts(&a, url)) fail_msg("%s: %s", kinds[i], a.err.text);
        assert_int_equal(a.facts.vocabulary, 150000);
        assert_true(a.read_bytes >= (double)g.header_len);
        assert_true(a.read_bytes < (double)g.header_len + MIB);
        /* Who sends no length does not say how long the file is. */
        assert_int_equal(a.facts.file_bytes,
                         i ? a.facts.tensor_bytes : g.len + rest);
        free(url);
        away_end(&a);
        gguf_free(&g);
    }
}

static void test_a_reply_that_was_cut_is_gone_on_with(void **state)
{
    (void)state;
    static const size_t bytes[] = {0, 1, 1000, 300000};

    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        struct away      a;
        struct gguf_file g;
        char            *url;

        away_begin(&a);
        url = serve_long(&a, &g, 150000);
        hub_fault(&a.hub, (struct hub_fault){.kind = "cut", .method = "GET",
                                             .bytes = bytes[i], .skip = 1,
                                             .times = 1});
        if (away_facts(&a, url)) fail_msg("%s", a.err.text);
        assert_int_equal(a.facts.vocabulary, 150000);
        assert_true(a.read_bytes < (double)g.header_len + MIB);
        free(url);
        away_end(&a);
        gguf_free(&g);
    }
}

static void test_a_throttled_server_is_waited_for(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    away_serve(&a, "Model-Q4_K_M.gguf");
    hub_fault(&a.hub, (struct hub_fault){.kind = "throttle", .bytes = 100});
    if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
    assert_int_equal(a.facts.vocabulary, 100);
    away_end(&a);
}

static void test_a_file_that_changes_is_started_over_once(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file g;
    char            *url;

    away_begin(&a);
    url = serve_long(&a, &g, 150000);
    hub_fault(&a.hub, (struct hub_fault){.kind = "tag", .text = "\"old\"",
                                         .times = 2});
    if (away_facts(&a, url)) fail_msg("%s", a.err.text);
    assert_int_equal(a.facts.vocabulary, 150000);
    assert_int_equal(hub_count(&a.hub, "GET", "range=bytes=0-"), 2);
    assert_int_equal(hub_count(&a.hub, "GET", "if-range=\"old\""), 1);
    free(url);
    away_end(&a);
    gguf_free(&g);
}

static void test_a_file_that_goes_on_changing_is_given_up(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file g;
    char            *url;

    away_begin(&a);
    url = serve_long(&a, &g, 150000);
    for (long i = 0; i < 6; i++)
        hub_fault(&a.hub, (struct hub_fault){
            .kind = "tag", .method = "GET", .times = 1,
            .text = i % 2 ? "\"odd\"" : "\"even\""});
    assert_int_equal(away_facts(&a, url), -1);
    assert_says(&a, ERR_FAILED, "changes while it is read");
    free(url);
    away_end(&a);
    gguf_free(&g);
}

static void test_what_is_no_gguf_says_what_it_is(void **state)
{
    (void)state;
    static const struct {
        struct hub_fault fault;
        enum err_kind    kind;
        const char      *words;
    } cases[] = {
        {{.kind = "page", .text = "<!doctype html>"}, ERR_INPUT,
         "is a web page"},
        {{.kind = "raw", .text = "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n"
          "\r\n\n <html>log in!</html>"}, ERR_INPUT, "is a web page"},
        {{.kind = "raw", .text = "HTTP/1.1 200 OK\r\nContent-Length: 43\r\n"
          "\r\nversion https://git-lfs.github.com/spec/v1\n"}, ERR_INPUT,
         "GGUF"},
        {{.kind = "raw", .text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
          "\r\n"}, ERR_FAILED, "too little"},
        {{.kind = "encoded"}, ERR_FAILED, "compressed"},
        {{.kind = "says", .text = ""}, ERR_FAILED, "does not say which"},
        {{.kind = "says", .text = "bytes 5-10/100000"}, ERR_FAILED,
         "other bytes (from 5)"},
        {{.kind = "says", .text = "bytes 0-99/-5"}, ERR_FAILED,
         "does not say which"},
        {{.kind = "says", .text = "bytes */100000"}, ERR_FAILED,
         "does not say which"},
        {{.kind = "status", .status = 416}, ERR_INPUT, "is empty"},
        {{.kind = "status", .status = 404}, ERR_INPUT, "no such file"},
        {{.kind = "status", .status = 401}, ERR_INPUT, "wants a login"},
        {{.kind = "status", .status = 429, .text = "Retry-After: 0\r\n"},
         ERR_FAILED, "asked too often"},
        {{.kind = "raw", .text = "HTTP/1.1 206 Partial\r\nContent-Length: 4"
          "\r\nContent-Range: bytes 0-3/4\r\n\r\nGGUF"}, ERR_INPUT,
         "cut short"},
        {{.kind = "redirect", .text = "http://example.org/"}, ERR_FAILED,
         "not encrypted"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct away      a;
        struct hub_fault fault = cases[i].fault;
        char            *url;

        away_begin(&a);
        away_serve(&a, "m.gguf");
        fault.method = "GET";
        hub_fault(&a.hub, fault);
        url = mem_printf("%s/files/" REPO "/m.gguf?key=Signature", a.hub.cdn);
        assert_int_equal(away_facts(&a, url), -1);
        assert_says(&a, cases[i].kind, cases[i].words);
        assert_says(&a, cases[i].kind, "/m.gguf: ");
        free(url);
        away_end(&a);
    }
}

/* A total that is not the file's: then the tensors end past it. */
static void test_a_file_that_is_cut_short_is_told(void **state)
{
    (void)state;
    struct away a;
    char       *url;

    away_begin(&a);
    away_serve(&a, "m.gguf")->n -= 100;
    url = mem_printf("%s/files/" REPO "/m.gguf", a.hub.cdn);
    assert_int_equal(away_facts(&a, url), -1);
    assert_int_equal(a.err.kind, ERR_INPUT);
    assert_says(&a, ERR_INPUT, "/m.gguf: ");
    free(url);
    away_end(&a);
}

static void test_pieces_that_are_too_small_are_not_endless(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file g;
    char            *url, *raw;

    away_begin(&a);
    url = serve_long(&a, &g, 150000);
    raw = mem_printf("HTTP/1.1 206 Partial\r\nContent-Length: 0\r\n"
                     "Content-Range: bytes 0-0/%zu\r\n\r\n", g.len);
    hub_fault(&a.hub, (struct hub_fault){.kind = "raw", .method = "GET",
                                         .text = raw});
    assert_int_equal(away_facts(&a, url), -1);
    assert_says(&a, ERR_FAILED, "too little");
    assert_true(hub_count(&a.hub, "GET", NULL) < 10);
    free(url);
    away_end(&a);   /* first: the hub may still be sending raw */
    free(raw);
    gguf_free(&g);
}

/* ---- split models ------------------------------------------------------ */

/* Part i of 2 of a small model; the tensors are in the second. */
static void split_part(struct gguf_file *g, unsigned i)
{
    gguf_begin(g, 3, i == 1, i == 0 ? 5 : 3);
    gguf_number(g, "split.no", 2, i, 2);
    gguf_number(g, "split.count", 2, 2, 2);
    gguf_number(g, "split.tensors.count", 5, 1, 4);
    if (i == 0) {
        gguf_text(g, "general.architecture", "llama");
        gguf_tokens(g, 100);
    } else {
        gguf_tensor(g, "token_embd.weight", 0, 2, (uint64_t[]){64, 100}, 0);
    }
    gguf_end(g, 32, i ? 25600 : 0);
}

static void test_a_split_model_is_one_model(void **state)
{
    (void)state;
    struct away      a;
    struct gguf_file parts[2];
    char            *folder;
    struct stat      st;

    away_begin(&a);
    for (unsigned i = 0; i < 2; i++) {
        char *path = mem_printf(REPO "/Q8_0/m-Q8_0-%05u-of-00002.gguf", i + 1);
        split_part(&parts[i], i);
        hub_add(&a.hub, path, parts[i].bytes, parts[i].len);
        free(path);
    }
    for (int i = 0; i < 2; i++) {
        if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
        assert_string_equal(a.facts.architecture, "llama");
        assert_int_equal(a.facts.vocabulary, 100);
        assert_int_equal(a.facts.file_bytes, parts[0].len + parts[1].len);
        assert_int_equal(a.facts.tensor_bytes, 25600);
        assert_true(a.read_bytes == (i ? 0 : (double)(parts[0].len +
                                                      parts[1].len)));
    }
    assert_int_equal(each_cached(&a, NULL), 2);    /* and nothing else */
    folder = temp_path(&a.tree, "cache/audition/headers");
    assert_int_equal(stat(folder, &st), 0);
    free(folder);
    away_end(&a);
    gguf_free(&parts[0]);
    gguf_free(&parts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_hub_gives_the_facts_of_a_file),
        cmocka_unit_test(
            test_no_more_than_a_mebibyte_beyond_the_header_is_read),
        cmocka_unit_test(test_redirects_are_followed_once_for_many_ranges),
        cmocka_unit_test(test_an_address_that_has_expired_is_asked_for_anew),
        cmocka_unit_test(test_a_header_that_did_not_change_is_not_read_again),
        cmocka_unit_test(test_a_damaged_cache_is_as_good_as_none),
        cmocka_unit_test(test_a_cache_that_cannot_be_written_does_no_harm),
        cmocka_unit_test(test_a_server_that_ignores_ranges_is_cut_off),
        cmocka_unit_test(test_a_reply_that_was_cut_is_gone_on_with),
        cmocka_unit_test(test_a_throttled_server_is_waited_for),
        cmocka_unit_test(test_a_file_that_changes_is_started_over_once),
        cmocka_unit_test(test_a_file_that_goes_on_changing_is_given_up),
        cmocka_unit_test(test_what_is_no_gguf_says_what_it_is),
        cmocka_unit_test(test_a_file_that_is_cut_short_is_told),
        cmocka_unit_test(test_pieces_that_are_too_small_are_not_endless),
        cmocka_unit_test(test_a_split_model_is_one_model),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("remote facts", tests, NULL, NULL);
}
