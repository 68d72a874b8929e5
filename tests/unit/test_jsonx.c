/* SPDX-License-Identifier: MIT */
/* test_jsonx.c - JSON that we do not trust, and "missing is not zero". */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/strbuf.h"

static json_t *parse(const char *text)
{
    struct err err   = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s: %s", text, err.text);
    return value;
}

static void test_jsonx_parse_refuses_what_is_not_one_document(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text;
        size_t      len;           /* 0: strlen */
        const char *want;          /* in the error; NULL: must parse */
    } cases[] = {
        {"object", "{\"a\": [1, 2.5, null, true, \"x\"]}", 0, NULL},
        {"a number alone", " 12 ", 0, NULL},
        {"a text alone", "\"\\u00fc\\ud83d\\ude00\"", 0, NULL},
        {"escaped NUL", "\"a\\u0000b\"", 0, NULL},
        {"empty", "", 0, "line 1"},
        {"cut short", "{\"a\": [1,\n 2", 0, "line 2"},
        {"trailing text", "{} x", 0, "end of file expected"},
        {"two documents", "{}{}", 0, "end of file expected"},
        {"a NUL after it", "{}\0", 3, "end of file expected"},
        {"duplicate key", "{\"a\":1,\"a\":2}", 0, "duplicate"},
        {"NaN", "[NaN]", 0, "invalid token"},
        {"a real too large", "[1e999]", 0, "overflow"},
        {"an integer too large", "[99999999999999999999]", 0, "big integer"},
        {"single quotes", "{'a':1}", 0, "line 1"},
        {"trailing comma", "[1,]", 0, "line 1"},
        {"invalid UTF-8", "\"\xff\"", 0, "decode byte"},
        {"overlong UTF-8", "\"\xC0\xAF\"", 0, "decode byte"},
        {"half a surrogate pair", "\"\\ud800\"", 0, "line 1"},
        {"a raw line break in a text", "\"a\nb\"", 0, "line 1"},
        {"escape sequences do not reach the error", "\x1b[2J", 0, "line 1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t     len = cases[i].len ? cases[i].len : strlen(cases[i].text);
        struct err err = {0};
        json_t    *got = jsonx_parse(cases[i].text, len, &err);

        if (cases[i].want ? got || err.kind != ERR_INPUT ||
                            !strstr(err.text, cases[i].want) ||
                            strchr(err.text, '\x1b')
                          : !got || err.kind != ERR_NONE)
            fail_msg("%s: %s", cases[i].situation, err.text);
        json_decref(got);
    }
}

static void test_jsonx_parse_bounds_the_depth(void **state)
{
    (void)state;
    struct strbuf text;
    struct err    err = {0};

    strbuf_init(&text, 1000000);
    for (int i = 0; i < 300000; i++) strbuf_add(&text, "[");
    assert_null(jsonx_parse(text.text, text.len, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "depth"));
    strbuf_done(&text);
}

static void test_jsonx_read_names_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text, *want;   /* text NULL: no such file */
    } cases[] = {
        {"good", "{\"a\":1}", NULL},
        {"missing", NULL, "no such file"},
        {"empty", "", "not valid JSON"},
        {"broken", "{", "not valid JSON"},
        {"too big", "[1,2,3,4,5,6,7,8,9,10]", "at most 20 are read"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char       path[] = "/tmp/audition-jsonx-XXXXXX";
        int        fd     = mkstemp(path);
        struct err err    = {0};
        json_t    *got;

        assert_true(fd >= 0);
        if (cases[i].text)
            assert_int_equal(write(fd, cases[i].text, strlen(cases[i].text)),
                             strlen(cases[i].text));
        else
            unlink(path);
        close(fd);
        got = jsonx_read(path, 20, &err);
        if (cases[i].want ? got || !strstr(err.text, cases[i].want) ||
                            strncmp(err.text, path, strlen(path)) != 0
                          : !got)
            fail_msg("%s: %s", cases[i].situation, err.text);
        json_decref(got);
        unlink(path);
    }
}

static void test_jsonx_getters_tell_missing_from_zero(void **state)
{
    (void)state;
    json_t *object = parse("{\"t\":\"x\",\"i\":0,\"r\":0.5,\"y\":true,"
                           "\"n\":false,\"nul\":null,\"o\":{},\"e\":\"\"}");
    json_t *list   = parse("[1]");

    assert_string_equal(jsonx_text(object, "t"), "x");
    assert_string_equal(jsonx_text(object, "e"), "");
    assert_null(jsonx_text(object, "i"));
    assert_null(jsonx_text(object, "nul"));
    assert_null(jsonx_text(object, "absent"));
    assert_true(jsonx_number(object, "i") == 0);
    assert_true(jsonx_number(object, "r") == 0.5);
    assert_true(isnan(jsonx_number(object, "t")));
    assert_true(isnan(jsonx_number(object, "y")));
    assert_true(isnan(jsonx_number(object, "nul")));
    assert_true(isnan(jsonx_number(object, "absent")));
    assert_int_equal(jsonx_truth(object, "y"), 1);
    assert_int_equal(jsonx_truth(object, "n"), 0);
    assert_int_equal(jsonx_truth(object, "i"), -1);
    assert_int_equal(jsonx_truth(object, "nul"), -1);
    assert_int_equal(jsonx_truth(object, "absent"), -1);
    assert_null(jsonx_text(list, "t"));
    assert_true(isnan(jsonx_number(list, "i")));
    assert_int_equal(jsonx_truth(NULL, "y"), -1);
    assert_null(jsonx_text(NULL, "y"));
    assert_true(isnan(jsonx_number(NULL, "y")));
    json_decref(object);
    json_decref(list);
}

static void test_jsonx_setters_write_null_for_missing(void **state)
{
    (void)state;
    json_t *object = json_object();
    char   *text;

    jsonx_set_number(object, "half", 0.5);
    jsonx_set_number(object, "nan", NAN);
    jsonx_set_number(object, "inf", -INFINITY);
    jsonx_set_integer(object, "big", 9007199254740993LL);
    jsonx_set_text(object, "text", "gr\xC3\xBC\xC3\x9F\n\"");
    jsonx_set_text(object, "none", NULL);
    jsonx_set_text(object, "bad", "a\xff\xE2\x82");
    text = jsonx_dump(object);
    assert_string_equal(text, "{\"half\":0.5,\"nan\":null,\"inf\":null,"
                        "\"big\":9007199254740993,"
                        "\"text\":\"gr\xC3\xBC\xC3\x9F\\n\\\"\","
                        "\"none\":null,\"bad\":\"a\xEF\xBF\xBD\xEF\xBF\xBD"
                        "\xEF\xBF\xBD\"}");
    free(text);
    json_decref(object);
}

static void test_jsonx_canonical_is_equal_for_equal_values(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool        equal;
    } cases[] = {
        {"{\"a\":1,\"b\":{\"d\":2,\"c\":3}}",
         " {\"b\": {\"c\":3, \"d\":2}, \"a\":1}", true},
        {"\"\\u00fc\"", "\"\xC3\xBC\"", true},
        {"[1.50]", "[15e-1]", true},
        {"[1,2]", "[2,1]", false},
        {"{\"a\":null}", "{}", false},
        {"\"1\"", "1", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *one = parse(cases[i].one), *other = parse(cases[i].other);
        char   *a = jsonx_canonical(one), *b = jsonx_canonical(other);

        if ((strcmp(a, b) == 0) != cases[i].equal) fail_msg("%s, %s", a, b);
        free(a);
        free(b);
        json_decref(one);
        json_decref(other);
    }
}

static void test_jsonx_dump_reads_back(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"b\":1,\"a\":[0.1,1e-300,-5,\"x\\u0000y\",{}],\"c\":null}", "12",
        "\"x\"", "null", "[]",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *value = parse(texts[i]);
        char   *text  = jsonx_dump(value);
        json_t *again = parse(text);

        if (!json_equal(value, again)) fail_msg("%s", text);
        assert_null(strpbrk(text, " \n"));
        free(text);
        json_decref(value);
        json_decref(again);
    }
    char *of_nothing = jsonx_dump(NULL);
    assert_string_equal(of_nothing, "null");
    free(of_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonx_parse_refuses_what_is_not_one_document),
        cmocka_unit_test(test_jsonx_parse_bounds_the_depth),
        cmocka_unit_test(test_jsonx_read_names_the_file),
        cmocka_unit_test(test_jsonx_getters_tell_missing_from_zero),
        cmocka_unit_test(test_jsonx_setters_write_null_for_missing),
        cmocka_unit_test(test_jsonx_canonical_is_equal_for_equal_values),
        cmocka_unit_test(test_jsonx_dump_reads_back),
    };
    return cmocka_run_group_tests_name("jsonx", tests, NULL, NULL);
}
