/* SPDX-License-Identifier: MIT */
/* test_remote_wire.c - headers and listings of servers, right and wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/http_url.h"
#include "base/mem.h"
#include "remote/fetch.h"
#include "remote/name.h"
#include "remote/wire.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))

static void test_a_size_is_digits_and_fits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t     want;
    } cases[] = {
        {"0", 0}, {"4920734272", 4920734272}, {"9007199254740991",
        9007199254740991}, {"9007199254740992", -1},
        {"18446744073709551616", -1}, {"99999999999999999999999999", -1},
        {"-1", -1}, {"+1", -1}, {" 1", -1}, {"1 ", -1}, {"1e3", -1},
        {"0x10", -1}, {"", -1}, {"1,2", -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        if (wire_size(cases[i].text) != cases[i].want)
            fail_msg("%s", cases[i].text);
    assert_int_equal(wire_size(NULL), -1);
}

static void test_a_content_range_is_possible_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t     first, last, total;
    } right[] = {
        {"bytes 0-99/1234", 0, 99, 1234},
        {"bytes 100-100/101", 100, 100, 101},
        {"Bytes 0-99/*", 0, 99, -1},
        {"bytes */1234", -1, -1, 1234},
    };
    static const char *const wrong[] = {
        "", "bytes", "bytes ", "bytes 0-99", "bytes 0-99/", "bytes 99-0/100",
        "bytes 0-100/100", "bytes -5-10/100", "bytes 0--1/5", "bytes */*",
        "bytes 0-99/100 ", "bytes 0-99/-1", "items 0-9/10", "bytes=0-9/10",
        "bytes 0-9/10, bytes 20-29/30", "bytes 0-18446744073709551615/*",
        "bytes 99999999999999999999-99999999999999999999/*",
    };
    struct wire_range r;

    for (size_t i = 0; i < COUNT(right); i++)
        if (!wire_content_range(right[i].text, &r) ||
            r.first != right[i].first || r.last != right[i].last ||
            r.total != right[i].total)
            fail_msg("%s", right[i].text);
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (wire_content_range(wrong[i], &r)) fail_msg("%s", wrong[i]);
    assert_false(wire_content_range(NULL, &r));
}

static void test_an_entity_tag_loses_its_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        bool        strong;
    } cases[] = {
        {"\"abc-12\"", "abc-12", true}, {"W/\"abc\"", "abc", false},
        {"abc", "abc", false}, {"\"\"", "", false}, {"", "", false},
        {"\"a b\"", "", false}, {"\"a\"b\"", "", false}, {"\"", "", false},
        {"\"a\x01\"", "", false}, {"\"a/b+c=\"", "a/b+c=", true},
    };
    char out[WIRE_ETAG_BYTES], longest[400];

    for (size_t i = 0; i < COUNT(cases); i++) {
        wire_etag(cases[i].text, out);
        if (strcmp(out, cases[i].want) != 0 ||
            wire_etag_is_strong(cases[i].text) != cases[i].strong)
            fail_msg("%s: %s", cases[i].text, out);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    wire_etag(longest, out);
    assert_string_equal(out, "");
    wire_etag(NULL, out);
    assert_string_equal(out, "");
    assert_false(wire_etag_is_strong(NULL));
}

static void test_a_link_header_names_the_next_page(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"<https://h/a?cursor=2>; rel=\"next\"", "https://h/a?cursor=2"},
        {"<b>; rel=next", "b"},
        {"<a>; rel=\"prev\", <b>; rel=\"next\"", "b"},
        {"<a>; title=\"x, <c>; rel=next\"; rel=\"first next\"", "a"},
        {"<a>; rel=\"nextish\"", NULL}, {"<a>; notrel=\"next\"", NULL},
        {"<a; rel=\"next\"", NULL}, {"<>; rel=\"next\"", NULL},
        {"a; rel=\"next\"", NULL}, {"", NULL}, {"<a>", NULL},
        {"<a>; rel=\"", NULL}, {"<a>;;; ;rel=next", "a"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *got = wire_link_next(cases[i].text);
        if (got ? !cases[i].want || strcmp(got, cases[i].want) != 0
                : cases[i].want != NULL)
            fail_msg("%s: %s", cases[i].text, got ? got : "(none)");
        free(got);
    }
    assert_null(wire_link_next(NULL));
}

static void test_a_path_stays_below_its_folder(void **state)
{
    (void)state;
    static const char *const right[] = {
        "a.gguf", "Q4_K_M/a-00001-of-00002.gguf", "a b.gguf", "...gguf",
        "..a/b.gguf", "ä.gguf",
    };
    static const char *const wrong[] = {
        "", "/etc/passwd", "../a.gguf", "a/../b.gguf", "a/..", "..", ".",
        "./a.gguf", "a//b.gguf", "a/", "a\\b.gguf", "a\nb.gguf", "a\x7f.gguf",
    };
    char longest[1200];

    for (size_t i = 0; i < COUNT(right); i++)
        if (!wire_path_is_safe(right[i])) fail_msg("%s", right[i]);
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (wire_path_is_safe(wrong[i])) fail_msg("%s", wrong[i]);
    memset(longest, 'a', sizeof longest - 1);
    longest[256] = '\0';
    assert_false(wire_path_is_safe(longest));
    for (size_t i = 100; i < 1101; i += 100) longest[i] = '/';
    longest[256] = 'a';
    longest[1150] = '\0';
    assert_false(wire_path_is_safe(longest));
}

static void test_a_path_is_escaped_for_a_url(void **state)
{
    (void)state;
    char *got = wire_path_escape("a b/ü?#%.gguf");

    assert_string_equal(got, "a%20b/%C3%BC%3F%23%25.gguf");
    free(got);
}

static int add(struct wire_files *f, const char *json, struct err *err)
{
    *err = (struct err){0};
    return wire_files_add(f, json, strlen(json), err);
}

static void test_a_listing_keeps_the_models(void **state)
{
    (void)state;
    struct wire_files f = {0};
    struct err        err;

    assert_int_equal(add(&f, "[{\"type\":\"directory\",\"path\":\"x.gguf\"},"
        "{\"type\":\"file\",\"path\":\"README.md\",\"size\":5},"
        "{\"type\":\"file\",\"path\":\"../x.txt\"},"
        "{\"type\":\"file\",\"path\":\"d/a.gguf\",\"size\":135,\"oid\":"
        "\"89abcdef0123456789abcdef0123456789abcdef\",\"lfs\":{\"oid\":"
        "\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\","
        "\"size\":4920734272}}]", &err), 0);
    assert_int_equal(add(&f, "[{\"type\":\"file\",\"path\":\"b.GGUF\","
        "\"size\":7,\"oid\":\"89abcdef0123456789abcdef0123456789abcdef\"}]",
        &err), 0);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.items[0].path, "d/a.gguf");
    assert_int_equal(f.items[0].size, 4920734272);
    assert_string_equal(f.items[0].oid, "0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef");
    assert_int_equal(f.items[1].size, 7);
    assert_int_equal(strlen(f.items[1].oid), 40);
    wire_files_done(&f);
}

static void test_a_listing_that_lies_is_refused_or_unknown(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "", "{}", "null", "[", "{\"error\":\"no\"}", "<html>",
        "[{\"type\":\"file\",\"path\":\"../../x.gguf\"}]",
        "[{\"type\":\"file\",\"path\":\"/etc/x.gguf\"}]",
        "[{\"type\":\"file\",\"path\":\"a\\u0000b.gguf\"}]",
        "[{\"type\":\"file\",\"path\":\"a/../../x.gguf\"}]",
    };
    static const char *const unknown[] = {
        "[{\"path\":\"a.gguf\",\"size\":-5,\"oid\":\"../x\"}]",
        "[{\"path\":\"a.gguf\",\"size\":\"5\",\"oid\":7}]",
        "[{\"path\":\"a.gguf\",\"size\":9007199254740992}]",
        "[{\"path\":\"a.gguf\",\"size\":1.5,\"lfs\":[]}]",
        "[{\"path\":\"a.gguf\",\"lfs\":{\"oid\":\"sha256:12\",\"size\":{}}}]",
        "[null,[],7,{\"path\":5},{\"path\":\"a.gguf\"}]",
    };
    struct wire_files f = {0};
    struct err        err;

    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(add(&f, refused[i], &err), -1);
        assert_int_equal(err.kind, ERR_FAILED);
        assert_int_equal(f.n, 0);
    }
    for (size_t i = 0; i < COUNT(unknown); i++) {
        if (add(&f, unknown[i], &err)) fail_msg("%s", err.text);
        assert_int_equal(f.n, 1);
        assert_int_equal(f.items[0].size, -1);
        assert_string_equal(f.items[0].oid, "");
        wire_files_done(&f);
    }
}

static void test_a_listing_is_bounded(void **state)
{
    (void)state;
    struct wire_files f = {0};
    struct err        err = {0};
    int               rc = 0;

    for (size_t i = 0; i < 10001 && rc == 0; i++)
        rc = add(&f, "[{\"path\":\"a.gguf\"}]", &err);
    assert_int_equal(rc, -1);
    assert_int_equal(f.n, 10000);
    assert_non_null(strstr(err.text, "10000"));
    wire_files_done(&f);
}

static void test_a_revision_needs_a_commit(void **state)
{
    (void)state;
#define SHA "\"sha\":\"0123456789ABCDEF0123456789abcdef01234567\""
    static const struct {
        const char *json;
        bool        gated;
    } right[] = {
        {"{" SHA "}", false}, {"{" SHA ",\"gated\":false}", false},
        {"{" SHA ",\"gated\":null}", false}, {"{" SHA ",\"gated\":true}", true},
        {"{" SHA ",\"gated\":\"manual\"}", true},
    };
    static const char *const wrong[] = {
        "", "[]", "{}", "{\"sha\":7}", "{\"sha\":\"../../x\"}",
        "{\"sha\":\"0123456789abcdef\"}",
        "{\"sha\":\"0123456789abcdef0123456789abcdef0123456z\"}",
        "{\"sha\":\"0123456789abcdef0123456789abcdef01234567\\u0000\"}",
    };
    struct wire_revision r;
    struct err           err;

    for (size_t i = 0; i < COUNT(right); i++) {
        err = (struct err){0};
        if (wire_revision(right[i].json, strlen(right[i].json), &r, &err))
            fail_msg("%s", err.text);
        assert_string_equal(r.commit,
                            "0123456789abcdef0123456789abcdef01234567");
        assert_int_equal(r.gated, right[i].gated);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        err = (struct err){0};
        if (!wire_revision(wrong[i], strlen(wrong[i]), &r, &err))
            fail_msg("%s", wrong[i]);
        assert_int_equal(err.kind, ERR_FAILED);
    }
}

/* ---- the corpus that the fuzzer starts from ---------------------------- */

static bool accepts(char kind, const char *text, size_t len)
{
    static const char    base[] = "https://hub.example/a";
    struct wire_range    range;
    struct wire_revision revision;
    struct wire_files    files = {0};
    struct remote_name   name;
    struct err           err = {0};
    char                 tag[WIRE_ETAG_BYTES], *got = NULL;
    bool                 ok = false;

    switch (kind) {
    case 'r': return wire_content_range(text, &range);
    case 't': wire_etag(text, tag); return *tag;
    case 'k': got = wire_link_next(text); ok = got; break;
    case 'l':
        got = http_url_join(base, text);
        ok = got && fetch_may_follow(base, got);
        break;
    case 'j':
        ok = wire_revision(text, len, &revision, &err) == 0 ||
             wire_files_add(&files, text, len, &(struct err){0}) == 0;
        wire_files_done(&files);
        break;
    case 'n':
        ok = remote_name_read(text, &name, &err) == 0;
        remote_name_done(&name);
        break;
    default: fail_msg("kind %c", kind);
    }
    free(got);
    return ok;
}

static void test_the_corpus_is_read_as_its_names_say(void **state)
{
    (void)state;
    const char    *tests = getenv("TEST_DIR");
    char          *folder = mem_printf("%s/corpus/range", tests && *tests
                                       ? tests : "tests");
    DIR           *dir = opendir(folder);
    struct dirent *d;
    int            n = 0;

    if (!dir) fail_msg("%s", folder);
    while ((d = readdir(dir)) != NULL) {
        char        *path = mem_printf("%s/%s", folder, d->d_name);
        struct bytes file = {0};
        struct err   err = {0};
        bool         passes = strncmp(d->d_name, "pass-", 5) == 0;

        if (d->d_name[0] != '.') {
            if (bytes_read(&file, path, 4096, &err)) fail_msg("%s", err.text);
            assert_true(passes || strncmp(d->d_name, "fail-", 5) == 0);
            if (accepts((char)file.data[0], (const char *)file.data + 1,
                        file.size - 1) != passes)
                fail_msg("%s", d->d_name);
            n++;
        }
        bytes_done(&file);
        free(path);
    }
    assert_true(n >= 25);
    closedir(dir);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_size_is_digits_and_fits),
        cmocka_unit_test(test_a_content_range_is_possible_or_refused),
        cmocka_unit_test(test_an_entity_tag_loses_its_quotes),
        cmocka_unit_test(test_a_link_header_names_the_next_page),
        cmocka_unit_test(test_a_path_stays_below_its_folder),
        cmocka_unit_test(test_a_path_is_escaped_for_a_url),
        cmocka_unit_test(test_a_listing_keeps_the_models),
        cmocka_unit_test(test_a_listing_that_lies_is_refused_or_unknown),
        cmocka_unit_test(test_a_listing_is_bounded),
        cmocka_unit_test(test_a_revision_needs_a_commit),
        cmocka_unit_test(test_the_corpus_is_read_as_its_names_say),
    };

    return cmocka_run_group_tests_name("remote wire", tests, NULL, NULL);
}
