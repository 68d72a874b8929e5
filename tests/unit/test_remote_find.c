/* SPDX-License-Identifier: MIT */
/* test_remote_find.c - which files a name means, asked of a hub and of plain
 * servers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "remote_fixture.h"

static void test_a_repository_gives_all_that_is_known_of_a_file(void **state)
{
    (void)state;
    struct away      a;
    struct hub_file *f;
    char            *url;

    away_begin(&a);
    away_serve(&a, "Model-Q8_0.gguf");
    f = away_serve(&a, "Model-Q4_K_M.gguf");
    if (away_find(&a, "hf:" REPO)) fail_msg("%s", a.err.text);
    assert_string_equal(a.found.name, "hf:" REPO);
    assert_string_equal(a.found.user, "user");
    assert_string_equal(a.found.repo, "Model-GGUF");
    assert_string_equal(a.found.commit, HUB_COMMIT);
    assert_int_equal(a.found.n_parts, 1);
    assert_string_equal(a.found.parts[0].path, "Model-Q4_K_M.gguf");
    assert_true(a.found.parts[0].size_bytes == (double)a.model.len);
    assert_string_equal(a.found.parts[0].sha256, f->sha256);
    assert_string_equal(a.found.parts[0].etag, f->sha256);
    url = mem_printf("%s/" REPO "/resolve/" HUB_COMMIT "/Model-Q4_K_M.gguf",
                     a.hub.endpoint);
    assert_string_equal(a.found.parts[0].url, url);
    free(url);
    if (away_find(&a, REPO ":Q8_0")) fail_msg("%s", a.err.text);
    assert_string_equal(a.found.parts[0].path, "Model-Q8_0.gguf");
    away_end(&a);
}

static void test_a_list_of_many_pages_is_read_to_its_end(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    a.hub.page = 2;
    for (int i = 0; i < 9; i++) {
        char *name = mem_printf("Model-IQ%d_M.gguf", i);
        away_serve(&a, name);
        free(name);
    }
    away_serve(&a, "Model-Q4_K_M.gguf");
    if (away_find(&a, REPO)) fail_msg("%s", a.err.text);
    assert_string_equal(a.found.parts[0].path, "Model-Q4_K_M.gguf");
    assert_int_equal(hub_count(&a.hub, "/tree/", NULL), 5);
    away_end(&a);
}

static void test_a_list_without_end_or_elsewhere_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"Link: <?cursor=1>; rel=\"next\"\r\n", "more than 50 pages"},
        {"Link: <https://evil.example/x>; rel=\"next\"\r\n", "another host"},
        {"Link: <ftp://evil.example/x>; rel=\"next\"\r\n", "another host"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct away a;
        char       *raw = mem_printf("HTTP/1.1 200 OK\r\n%sContent-Length: 2"
                                     "\r\n\r\n[]", cases[i].text);
        away_begin(&a);
        setenv("HF_TOKEN", SECRET, 1);
        away_serve(&a, "Model-Q4_K_M.gguf");
        hub_fault(&a.hub, (struct hub_fault){.kind = "raw", .where = "/tree/",
                                             .text = raw});
        assert_int_equal(away_find(&a, REPO), -1);
        assert_says(&a, ERR_FAILED, cases[i].words);
        away_end(&a);
        free(raw);
    }
}

static void test_the_parts_of_a_split_model_are_found_or_named(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    away_serve(&a, "Q4_K_M/Model-Q4_K_M-00002-of-00003.gguf");
    away_serve(&a, "Q4_K_M/Model-Q4_K_M-00003-of-00003.gguf");
    away_serve(&a, "Q4_K_M/Model-Q4_K_M-00001-of-00003.gguf");
    away_serve(&a, "Model-Q8_0-00001-of-00002.gguf");
    away_serve(&a, "mmproj-Model-F16.gguf");
    if (away_find(&a, REPO)) fail_msg("%s", a.err.text);
    assert_int_equal(a.found.n_parts, 3);
    for (size_t i = 0; i < 3; i++) {
        char *path = mem_printf("Q4_K_M/Model-Q4_K_M-%05zu-of-00003.gguf",
                                i + 1);
        assert_string_equal(a.found.parts[i].path, path);
        free(path);
    }
    assert_int_equal(away_find(&a, REPO ":Q8_0"), -1);
    assert_says(&a, ERR_INPUT, "Model-Q8_0-00002-of-00002.gguf is not there");
    assert_int_equal(away_find(&a, REPO ":F16"), -1);
    assert_says(&a, ERR_INPUT, REPO ": has no F16; there are: Model-");
    away_end(&a);
}

static void test_a_name_with_odd_letters_is_asked_for_as_it_is(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    away_serve(&a, "a #1 50%-Q4_K_M.gguf");
    if (away_find(&a, REPO)) fail_msg("%s", a.err.text);
    assert_string_equal(a.found.parts[0].path, "a #1 50%-Q4_K_M.gguf");
    assert_non_null(strstr(a.found.parts[0].url, "/a%20%231%2050%25-Q4_K"));
    away_end(&a);
}

static void test_the_endpoint_may_have_a_path_of_its_own(void **state)
{
    (void)state;
    struct away a;
    char       *endpoint;

    away_begin(&a);
    a.hub.prefix = "/mirror/hf";
    endpoint = mem_printf("%s/mirror/hf//", a.hub.endpoint);
    setenv("HF_ENDPOINT", endpoint, 1);
    away_serve(&a, "Model-Q4_K_M.gguf");
    if (away_find(&a, REPO)) fail_msg("%s", a.err.text);
    assert_non_null(strstr(a.found.parts[0].url, "/mirror/hf/" REPO
                           "/resolve/"));
    free(endpoint);
    away_end(&a);
}

static void test_a_repository_that_was_renamed_is_found(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    away_serve(&a, "Model-Q4_K_M.gguf");
    hub_fault(&a.hub, (struct hub_fault){
        .kind = "redirect", .where = "/api/models/old/name/revision",
        .text = "/api/models/" REPO "/revision/main"});
    hub_fault(&a.hub, (struct hub_fault){
        .kind = "redirect", .where = "/api/models/old/name/tree",
        .text = "/api/models/" REPO "/tree/" HUB_COMMIT "?recursive=true"});
    if (away_find(&a, "old/name")) fail_msg("%s", a.err.text);
    assert_string_equal(a.found.parts[0].path, "Model-Q4_K_M.gguf");
    away_end(&a);
}

static void test_what_the_hub_refuses_is_told_with_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char   *name, *token;
        struct hub_fault fault;
        enum err_kind kind;
        const char   *words[2];
    } cases[] = {
        {"hf:user/absent", NULL, {.kind = "none"}, ERR_INPUT,
         {"user/absent: is not there, or is private", "set HF_TOKEN"}},
        {"hf:user/absent", SECRET, {.kind = "none"}, ERR_INPUT,
         {"user/absent: is not there, or is private", "may read it"}},
        {REPO, SECRET, {.kind = "status", .status = 401, .text =
         "X-Error-Message: Invalid credentials in Authorization header\r\n"},
         ERR_INPUT, {"does not accept the token", "/settings/tokens"}},
        {REPO, NULL, {.kind = "status", .status = 403, .text =
         "X-Error-Message: Access to this resource is disabled.\r\n"},
         ERR_INPUT, {"forbidden: Access to this resource is disabled", ""}},
        {REPO, NULL, {.kind = "status", .status = 404, .text =
         "X-Error-Code: RevisionNotFound\r\n"}, ERR_INPUT,
         {"no such revision", ""}},
        {REPO, NULL, {.kind = "status", .status = 418}, ERR_FAILED,
         {"answered 418", ""}},
        {REPO, NULL, {.kind = "status", .status = 429, .text =
         "Retry-After: 0\r\n"}, ERR_FAILED,
         {"asked too often; it wants a pause of 0 s", "HF_TOKEN"}},
        {REPO, NULL, {.kind = "status", .status = 429, .text =
         "Retry-After: 3600\r\n", .times = 1}, ERR_FAILED,
         {"a pause of 3600 s", ""}},
        {REPO, NULL, {.kind = "status", .status = 503, .text =
         "Retry-After: 0\r\n"}, ERR_FAILED, {"answered 503", ""}},
        {REPO, NULL, {.kind = "page", .text = "<html>login</html>"},
         ERR_FAILED, {"has no commit", "HF_ENDPOINT"}},
        {REPO, NULL, {.kind = "page", .where = "/tree/", .text = "<html>"},
         ERR_FAILED, {"no list", "HF_ENDPOINT"}},
        {REPO, NULL, {.kind = "raw", .where = "/tree/", .text =
         "HTTP/1.1 200 OK\r\nContent-Length: 52\r\n\r\n"
         "[{\"type\":\"file\",\"path\":\"../../.bashrc/Q4_K_M.gguf\"}]"},
         ERR_FAILED, {"leads out of its folder", ""}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct away a;

        away_begin(&a);
        if (cases[i].token) setenv("HF_TOKEN", cases[i].token, 1);
        away_serve(&a, "Model-Q4_K_M.gguf");
        hub_fault(&a.hub, cases[i].fault);
        assert_int_equal(away_find(&a, cases[i].name), -1);
        assert_says(&a, cases[i].kind, cases[i].words[0]);
        assert_says(&a, cases[i].kind, cases[i].words[1]);
        away_end(&a);
    }
}

static void test_a_gated_repository_says_how_to_get_in(void **state)
{
    (void)state;
    struct away a;

    away_begin(&a);
    a.hub.gated = REPO;
    a.hub.token = SECRET;
    away_serve(&a, "Model-Q4_K_M.gguf");
    assert_int_equal(away_find(&a, REPO), -1);
    assert_says(&a, ERR_INPUT, REPO ": is gated; accept its terms");
    assert_says(&a, ERR_INPUT, "HF_TOKEN");
    setenv("HF_TOKEN", "hf_of_somebody_else", 1);
    assert_int_equal(away_facts(&a, REPO), -1);
    assert_says(&a, ERR_INPUT, "has no access yet");
    setenv("HF_TOKEN", SECRET, 1);
    if (away_facts(&a, REPO)) fail_msg("%s", a.err.text);
    assert_true(hub_count(&a.hub, "hub ", SECRET) >= 3);
    assert_token_stayed(&a);
    away_end(&a);
}

static void test_a_busy_hub_is_asked_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct away a;

        away_begin(&a);
        away_serve(&a, "Model-Q4_K_M.gguf");
        hub_fault(&a.hub, (struct hub_fault){.kind = "raw", .text = texts[i],
                                             .where = "/tree/", .times = 4});
        if (away_find(&a, REPO)) fail_msg("%s", a.err.text);
        assert_int_equal(hub_count(&a.hub, "/tree/", NULL), 5);
        away_end(&a);
    }
}

static void test_offline_asks_nobody(void **state)
{
    (void)state;
    struct away a;
    char       *url;

    away_begin(&a);
    away_serve(&a, "Model-Q4_K_M.gguf");
    setenv("HF_HUB_OFFLINE", "1", 1);
    assert_int_equal(away_find(&a, REPO), -1);
    assert_says(&a, ERR_INPUT, "HF_HUB_OFFLINE is set");
    url = mem_printf("%s/" REPO "/resolve/main/Model-Q4_K_M.gguf",
                     a.hub.endpoint);
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_INPUT, "HF_HUB_OFFLINE is set");
    free(url);
    assert_int_equal(hub_count(&a.hub, NULL, NULL), 0);
    away_end(&a);
}

/* ---- URLs -------------------------------------------------------------- */

static char *url_of(const struct away *a, const char *name)
{
    return mem_printf("%s/files/" REPO "/%s", a->hub.cdn, name);
}

static void test_a_url_gives_size_and_tag(void **state)
{
    (void)state;
    struct away      a;
    struct hub_file *f;
    char            *url;

    away_begin(&a);
    setenv("HF_TOKEN", SECRET, 1);
    f = away_serve(&a, "Model-Q4_K_M.gguf");
    url = url_of(&a, "Model-Q4_K_M.gguf?download=true");
    if (away_find(&a, url)) fail_msg("%s", a.err.text);
    assert_null(a.found.user);
    assert_null(a.found.commit);
    assert_int_equal(a.found.n_parts, 1);
    assert_string_equal(a.found.parts[0].path, "Model-Q4_K_M.gguf");
    assert_true(a.found.parts[0].size_bytes == (double)a.model.len);
    assert_string_equal(a.found.parts[0].etag, f->sha256);
    assert_string_equal(a.found.parts[0].sha256, "");
    assert_int_equal(hub_count(&a.hub, "HEAD", NULL), 1);
    assert_token_stayed(&a);
    free(url);
    away_end(&a);
}

static void test_a_url_of_the_hub_gives_the_hubs_tag(void **state)
{
    (void)state;
    struct away      a;
    struct hub_file *f;
    char            *url;

    away_begin(&a);
    setenv("HF_TOKEN", SECRET, 1);
    f = away_serve(&a, "Model-Q4_K_M.gguf");
    url = mem_printf("%s/" REPO "/resolve/main/Model-Q4_K_M.gguf",
                     a.hub.endpoint);
    if (away_find(&a, url)) fail_msg("%s", a.err.text);
    assert_string_equal(a.found.parts[0].etag, f->sha256);
    assert_string_equal(a.found.parts[0].sha256, f->sha256);
    assert_int_equal(hub_count(&a.hub, "hub HEAD", SECRET), 1);
    assert_token_stayed(&a);
    free(url);
    away_end(&a);
}

static void test_a_server_that_refuses_head_is_asked_for_one_byte(void **state)
{
    (void)state;
    static const int statuses[] = {400, 403, 405, 501};

    for (size_t i = 0; i < 4; i++) {
        struct away a;
        char       *url;

        away_begin(&a);
        away_serve(&a, "m.gguf");
        hub_fault(&a.hub, (struct hub_fault){.kind = "status", .method =
                                 "HEAD", .status = statuses[i]});
        url = url_of(&a, "m.gguf");
        if (away_find(&a, url)) fail_msg("%s", a.err.text);
        assert_true(a.found.parts[0].size_bytes == (double)a.model.len);
        assert_int_equal(hub_count(&a.hub, "GET", "range=bytes=0-0"), 1);
        free(url);
        away_end(&a);
    }
}

static void test_the_parts_of_a_split_url_are_found(void **state)
{
    (void)state;
    struct away a;
    char       *url;

    away_begin(&a);
    away_serve(&a, "m-00001-of-00002.gguf");
    away_serve(&a, "m-00002-of-00002.gguf");
    away_serve(&a, "n-00001-of-00002.gguf");
    url = url_of(&a, "m-00001-of-00002.gguf?x=1");
    if (away_find(&a, url)) fail_msg("%s", a.err.text);
    assert_int_equal(a.found.n_parts, 2);
    assert_non_null(strstr(a.found.parts[1].url,
                           "/m-00002-of-00002.gguf?x=1"));
    assert_string_equal(a.found.parts[1].path, "m-00002-of-00002.gguf");
    free(url);
    url = url_of(&a, "m-00002-of-00002.gguf");
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_INPUT, "name its first part");
    free(url);
    url = url_of(&a, "n-00001-of-00002.gguf");
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_INPUT, "n-00002-of-00002.gguf: there is no such");
    free(url);
    away_end(&a);
}

static void test_a_url_that_is_no_file_says_so(void **state)
{
    (void)state;
    struct away a;
    char       *url;

    away_begin(&a);
    away_serve(&a, "m.gguf");
    url = url_of(&a, "absent.gguf?token=Signature");
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_INPUT, "absent.gguf: there is no such file (404)");
    free(url);
    hub_fault(&a.hub, (struct hub_fault){.kind = "page", .text = "<html>"});
    url = url_of(&a, "m.gguf");
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_INPUT, "m.gguf: is a web page");
    free(url);
    away_end(&a);
}

/* ---- redirects --------------------------------------------------------- */

static void test_a_redirect_that_leads_astray_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *to, *words;
    } cases[] = {
        {"/files/" REPO "/m.gguf", "to itself"},
        {"http://example.org/m.gguf", "not encrypted"},
        {"ftp://example.org/m.gguf", "no address"},
        {"file:///etc/passwd", "no address"},
        {"//", "no address"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct away a;
        char       *url;

        away_begin(&a);
        away_serve(&a, "m.gguf");
        hub_fault(&a.hub, (struct hub_fault){.kind = "redirect",
                                             .text = cases[i].to});
        url = url_of(&a, "m.gguf");
        assert_int_equal(away_find(&a, url), -1);
        assert_says(&a, ERR_FAILED, cases[i].words);
        free(url);
        away_end(&a);
    }
}

static void test_a_circle_of_redirects_ends(void **state)
{
    (void)state;
    struct away a;
    char       *url, *back;

    away_begin(&a);
    away_serve(&a, "m.gguf");
    url = url_of(&a, "m.gguf");
    back = url_of(&a, "n.gguf");
    hub_fault(&a.hub, (struct hub_fault){.kind = "redirect", .text = back,
                                         .where = "m.gguf"});
    hub_fault(&a.hub, (struct hub_fault){.kind = "redirect", .text = url,
                                         .where = "n.gguf"});
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_FAILED, "more than 10 times");
    assert_int_equal(hub_count(&a.hub, NULL, NULL), 11);
    free(url);
    free(back);
    away_end(&a);
}

static void test_a_redirect_without_an_address_is_named(void **state)
{
    (void)state;
    struct away a;
    char       *url;

    away_begin(&a);
    away_serve(&a, "m.gguf");
    hub_fault(&a.hub, (struct hub_fault){.kind = "status", .status = 302});
    url = url_of(&a, "m.gguf");
    assert_int_equal(away_find(&a, url), -1);
    assert_says(&a, ERR_FAILED, "redirected (302) to no address");
    free(url);
    away_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_repository_gives_all_that_is_known_of_a_file),
        cmocka_unit_test(test_a_list_of_many_pages_is_read_to_its_end),
        cmocka_unit_test(test_a_list_without_end_or_elsewhere_is_refused),
        cmocka_unit_test(test_the_parts_of_a_split_model_are_found_or_named),
        cmocka_unit_test(test_a_name_with_odd_letters_is_asked_for_as_it_is),
        cmocka_unit_test(test_the_endpoint_may_have_a_path_of_its_own),
        cmocka_unit_test(test_a_repository_that_was_renamed_is_found),
        cmocka_unit_test(test_what_the_hub_refuses_is_told_with_what_to_do),
        cmocka_unit_test(test_a_gated_repository_says_how_to_get_in),
        cmocka_unit_test(test_a_busy_hub_is_asked_again),
        cmocka_unit_test(test_offline_asks_nobody),
        cmocka_unit_test(test_a_url_gives_size_and_tag),
        cmocka_unit_test(test_a_url_of_the_hub_gives_the_hubs_tag),
        cmocka_unit_test(
            test_a_server_that_refuses_head_is_asked_for_one_byte),
        cmocka_unit_test(test_the_parts_of_a_split_url_are_found),
        cmocka_unit_test(test_a_url_that_is_no_file_says_so),
        cmocka_unit_test(test_a_redirect_that_leads_astray_is_named),
        cmocka_unit_test(test_a_circle_of_redirects_ends),
        cmocka_unit_test(test_a_redirect_without_an_address_is_named),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("remote find", tests, NULL, NULL);
}
