/* SPDX-License-Identifier: MIT */
/* JSON is read as Python's json module reads it: what it refuses is refused,
 * and every value is the value that a Python program would see. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "original/pyjson.h"

static struct py_pool *pool;

static int begin(void **state)
{
    (void)state;
    pool = py_pool_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    py_pool_free(pool);
    return 0;
}

/* Both ways of reading must say the same. */
static const struct py *parse_n(const char *text, size_t len)
{
    const struct py *copied = py_parse(pool, text, len);
    const struct py *placed = py_parse_in_place(pool, text, len);

    assert_true(!copied == !placed);
    if (copied) assert_int_equal(copied->kind, placed->kind);
    return copied;
}

static const struct py *parsed(const char *text)
{
    const struct py *v = parse_n(text, strlen(text));

    if (!v) fail_msg("refused: %s", text);
    return v;
}

static void expect_text(const char *json, const char *want, size_t len)
{
    const struct py *v = parsed(json);
    const struct py *placed = py_parse_in_place(pool, json, strlen(json));

    assert_int_equal(v->kind, PY_STR);
    assert_int_equal(v->as.text.len, len);
    assert_memory_equal(v->as.text.bytes, want, len + 1);    /* with a NUL */
    assert_int_equal(placed->as.text.len, len);
    assert_memory_equal(placed->as.text.bytes, want, len);
}

#define TEXT(json, want) expect_text(json, want, sizeof want - 1)

/* ---- what is refused ----------------------------------------------------- */

static void test_what_python_refuses_is_refused(void **state)
{
    static const char *const texts[] = {
        "", " ", "nul", "nulll", "True", "nan", "-", "-Inf", "+1", "01", "-01",
        "1.", ".5", "1e", "1e+", "0x1", "1_0", "[", "[1,]", "[,]", "[1 2]",
        "[1]]", "{", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{1:2}",
        "{'a':1}", "{\"a\" 1}", "1 2", "{}{}", "\"", "\"\\", "\"\\\"",
        "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"",
        "\"\\ud83d\\ude0g\"", "\"\t\"", "\"\n\"", "\"\x1f\"", "'a'",
        "\xEF\xBB\xBF[]", "[\xEF\xBB\xBF]", "\v[]", "\f1", "\xC2\xA0[]",
        "/**/1", "\xD9\xA3",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (parse_n(texts[i], strlen(texts[i])))
            fail_msg("taken: %s", texts[i]);
    assert_null(parse_n("1\0", 2));
    assert_null(parse_n("\"a\0b\"", 5));
}

static void test_bytes_that_are_not_utf8_are_refused(void **state)
{
    static const char *const texts[] = {
        "\"\xFF\"", "\"\x80\"", "\"\xC0\x80\"", "\"\xC3\"", "\"\xC3",
        "\"\xE0\x80\x80\"", "\"\xE2\x82\"", "\"\xF0\x80\x80\x80\"",
        "\"\xF4\x90\x80\x80\"", "\"\xF8\x88\x80\x80\x80\"", "\xFF",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_null(parse_n(texts[i], strlen(texts[i])));
    TEXT("\"\xF4\x8F\xBF\xBF\"", "\xF4\x8F\xBF\xBF");
    TEXT("\"\xED\xA0\x80\"", "\xED\xA0\x80");       /* half a pair */
}

static void test_nesting_is_bounded_however_long_the_text(void **state)
{
    enum { DEEP = 1000000 };
    char *text = mem_new(DEEP, 5);

    (void)state;
    memset(text, '[', DEEP);
    assert_null(parse_n(text, DEEP));
    memset(text + PY_DEPTH_MAX, ']', PY_DEPTH_MAX);
    assert_non_null(parse_n(text, 2 * PY_DEPTH_MAX));
    memset(text, '[', PY_DEPTH_MAX + 1);
    memset(text + PY_DEPTH_MAX + 1, ']', PY_DEPTH_MAX + 1);
    assert_null(parse_n(text, 2 * PY_DEPTH_MAX + 2));
    for (size_t i = 0; i < DEEP; i++) memcpy(text + 5 * i, "{\"\":[", 5);
    assert_null(parse_n(text, 5 * DEEP));
    free(text);
}

/* ---- texts --------------------------------------------------------------- */

static void test_texts_are_unescaped_to_utf8(void **state)
{
    (void)state;
    TEXT("\"\"", "");
    TEXT(" \"plain\" \r\n", "plain");
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    TEXT("\"a\\u0041\\u00e9\\u20AC.\"", "aA\xC3\xA9\xE2\x82\xAC.");
    TEXT("\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80");
    TEXT("\"a\\u0000b\"", "a\0b");
    TEXT("\"\\n long enough for eight at a time \\n\"",
         "\n long enough for eight at a time \n");
    TEXT("\"\x7F\"", "\x7F");
}

static void test_half_a_pair_is_a_character(void **state)
{
    (void)state;
    TEXT("\"\\ud83d\"", "\xED\xA0\xBD");
    TEXT("\"\\ude00\\ud83d\"", "\xED\xB8\x80\xED\xA0\xBD");
    TEXT("\"\\ud83d\\n\"", "\xED\xA0\xBD\n");
    TEXT("\"\\ud83d\\ud83d\\ude00\"", "\xED\xA0\xBD\xF0\x9F\x98\x80");
    TEXT("\"\xED\xA0\xBD\\ude00\"", "\xED\xA0\xBD\xED\xB8\x80");
}

/* Whatever stands at any place of the steps of eight bytes is seen. */
static void test_every_byte_of_a_text_is_looked_at(void **state)
{
    static const struct { const char *bytes; bool ok; } odd[] = {
        {"\x1f", false}, {"\x20", true}, {"\x7f", true}, {"\x80", false},
        {"\\n", true}, {"\\\"", true}, {"\\q", false}, {"\xC3\xA9", true},
        {"\"", false}, {"\x01", false}, {"\xFF", false}, {"!", true},
    };

    (void)state;
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++)
        for (size_t len = 0; len < 20; len++)
            for (size_t at = 0; at <= len; at++) {
                char   text[32] = "\"";
                size_t n = strlen(odd[k].bytes);

                memset(text + 1, '#', at);
                memcpy(text + 1 + at, odd[k].bytes, n);
                memset(text + 1 + at + n, '!', len - at);
                text[1 + len + n] = '"';
                assert_int_equal(parse_n(text, len + n + 2) != NULL,
                                 odd[k].ok);
            }
}

/* ---- numbers ------------------------------------------------------------- */

static void expect_int(const char *json, int64_t want)
{
    const struct py *v = parsed(json);

    assert_int_equal(v->kind, PY_INT);
    assert_true(v->as.number == want);
}

static void expect_real(const char *json, double want)
{
    const struct py *v = parsed(json);

    assert_int_equal(v->kind, PY_FLOAT);
    if (memcmp(&v->as.real, &want, sizeof want) != 0)
        fail_msg("%s: %.17g, not %.17g", json, v->as.real, want);
}

static void test_integers_have_any_size(void **state)
{
    char digits[4400];

    (void)state;
    expect_int("0", 0);
    expect_int("-0", 0);
    expect_int("-17", -17);
    expect_int("9223372036854775807", INT64_MAX);
    expect_int("-9223372036854775808", INT64_MIN);
    assert_int_equal(parsed("9223372036854775808")->kind, PY_BIG);
    assert_int_equal(parsed("-9223372036854775809")->kind, PY_BIG);
    assert_int_equal(parsed("18446744073709551616")->kind, PY_BIG);
    assert_string_equal(parsed("-123456789012345678901")->as.text.bytes,
                        "-123456789012345678901");
    assert_true(py_is_int(parsed("18446744073709551616")));
    assert_true(py_is_int(parsed("1")));
    assert_false(py_is_int(parsed("1.0")));
    assert_false(py_is_int(parsed("true")));
    memset(digits, '7', sizeof digits);
    assert_non_null(parse_n(digits, 4300));
    assert_null(parse_n(digits, 4301));
    digits[0] = '-';
    assert_non_null(parse_n(digits, 4301));
    digits[4350] = 'e';              /* a float has as many as it wants */
    assert_int_equal(parse_n(digits, 4352)->kind, PY_FLOAT);
}

static void test_floats_are_rounded_correctly(void **state)
{
    char *zeros = mem_printf("0.%0400d1e401", 0);

    (void)state;
    expect_real("5.0", 5.0);
    expect_real("5e0", 5.0);
    expect_real("-0.0", -0.0);
    expect_real("-0e-9", -0.0);
    expect_real("1E+2", 100.0);
    expect_real("0.1", 0.1);
    expect_real("123456789012345.6e-5", 1234567890.123456);
    expect_real("9007199254740993.0", 9007199254740992.0);
    expect_real("9007199254740993.00000000000000000001", 9007199254740994.0);
    expect_real("1.7976931348623158e308", 1.7976931348623157e308);
    expect_real("1.7976931348623159e308", (double)INFINITY);
    expect_real("1e400", (double)INFINITY);
    expect_real("-1e400", (double)-INFINITY);
    expect_real("1e-400", 0.0);
    expect_real("5e-324", 5e-324);
    expect_real("2.4703282292062327e-324", 0.0);
    expect_real("2.4703282292062328e-324", 5e-324);
    expect_real("1e99999999999999999999999", (double)INFINITY);
    expect_real("1e-99999999999999999999999", 0.0);
    expect_real("0e99999999999999999999999", 0.0);
    expect_real(zeros, 1.0);
    expect_real("Infinity", (double)INFINITY);
    expect_real("-Infinity", (double)-INFINITY);
    assert_true(isnan(parsed("NaN")->as.real));
    assert_null(parse_n("-NaN", 4));
    free(zeros);
}

/* ---- lists and dicts ----------------------------------------------------- */

static void test_values_stand_where_they_were_written(void **state)
{
    const struct py *v = parsed(" [ null , [ ] , { } , {\"a\" :[true, 2]} ] ");
    const struct py *a;

    (void)state;
    assert_int_equal(v->n, 4);
    assert_int_equal(v->as.items[0].kind, PY_NONE);
    assert_int_equal(v->as.items[1].n, 0);
    assert_int_equal(v->as.items[2].kind, PY_DICT);
    a = py_get(&v->as.items[3], "a");
    assert_int_equal(a->n, 2);
    assert_true(a->as.items[0].as.yes);
    assert_int_equal(a->as.items[1].as.number, 2);
    assert_null(py_get(v, "a"));
    assert_null(py_get(NULL, "a"));
    assert_null(py_get(&v->as.items[3], "b"));
    assert_null(py_get(&v->as.items[3], ""));
}

/* {"k0":0, ... } with each key `times` times, in rounds. */
static char *many_keys(int keys, int times)
{
    char  *text = mem_new((size_t)keys * (size_t)times + 1, 24);
    size_t n = 1;

    text[0] = '{';
    for (int i = 0; i < keys * times; i++)
        n += (size_t)snprintf(text + n, 24, "%s\"k%d\":%d", i ? "," : "",
                              i % keys, i);
    text[n++] = '}';
    text[n] = '\0';
    return text;
}

static void test_the_last_of_equal_keys_counts_at_the_place_of_the_first(
    void **state)
{
    static const int sizes[] = {1, 2, 5, 8, 16, 17, 100, 5000};
    const struct py *v = parsed("{\"a\":1,\"b\":2,\"\\u0061\":3}");

    (void)state;
    assert_int_equal(v->n, 2);
    assert_true(py_is_text(&v->as.pairs[0].key, "a"));
    assert_int_equal(v->as.pairs[0].value.as.number, 3);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int times = 1; times <= 3; times++) {
            char *text = many_keys(sizes[i], times);

            v = parsed(text);
            assert_int_equal(v->n, sizes[i]);
            for (int k = 0; k < sizes[i]; k++) {
                char name[16];

                snprintf(name, sizeof name, "k%d", k);
                assert_true(py_is_text(&v->as.pairs[k].key, name));
                assert_int_equal(v->as.pairs[k].value.as.number,
                                 k + sizes[i] * (times - 1));
                assert_ptr_equal(py_get(v, name), &v->as.pairs[k].value);
            }
            assert_null(py_get(v, "k"));
            assert_null(py_get(v, "zzzzzz"));
            free(text);
        }
}

static void test_a_million_keys_are_read_and_found(void **state)
{
    enum { MANY = 1000000 };
    char            *text = many_keys(MANY, 1);
    const struct py *a = py_parse(pool, text, strlen(text));

    (void)state;
    assert_int_equal(a->n, MANY);
    assert_int_equal(py_get(a, "k999999")->as.number, 999999);
    assert_true(py_equal(a, py_parse(pool, text, strlen(text))));
    free(text);
}

/* ---- equality ------------------------------------------------------------ */

static void test_values_are_equal_as_in_python(void **state)
{
    static const struct { const char *a, *b; bool equal; } pairs[] = {
        {"1", "1.0", true}, {"1", "true", true}, {"0", "false", true},
        {"1.0", "true", true}, {"0", "-0.0", true}, {"2", "true", false},
        {"1", "\"1\"", false}, {"null", "0", false}, {"null", "null", true},
        {"null", "false", false}, {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"b\"", false}, {"\"a\"", "[\"a\"]", false},
        {"NaN", "NaN", false}, {"[NaN]", "[NaN]", false},
        {"Infinity", "1e999", true}, {"Infinity", "-Infinity", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"9007199254740992", "9007199254740993.0", true},
        {"9223372036854775807", "9223372036854775808.0", false},
        {"9223372036854775808", "9.223372036854775808e18", true},
        {"-9223372036854775808", "-9.223372036854775808e18", true},
        {"100000000000000000000000", "1e23", false},
        {"99999999999999991611392", "1e23", true},
        {"99999999999999991611392", "Infinity", false},
        {"99999999999999991611392", "99999999999999991611392", true},
        {"99999999999999991611392", "-99999999999999991611392", false},
        {"1", "1.5", false}, {"99999999999999991611392", "true", false},
        {"[1,[2]]", "[1.0,[2.0]]", true}, {"[1,2]", "[2,1]", false},
        {"[1]", "[1,2]", false}, {"[]", "{}", false}, {"[]", "[]", true},
        {"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":true}", true},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":null}", "{\"b\":null}", false}, {"{}", "{}", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct py *a = parsed(pairs[i].a), *b = parsed(pairs[i].b);

        if (py_equal(a, b) != pairs[i].equal ||
            py_equal(b, a) != pairs[i].equal)
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
    }
}

static void test_a_dict_built_by_hand_is_a_dict(void **state)
{
    struct py_pair pair = {
        .key = {.kind = PY_STR, .as.text = {"a", 1}},
        .value = {.kind = PY_INT, .as.number = 1}};
    struct py dict = {.kind = PY_DICT, .n = 1, .as.pairs = &pair};

    (void)state;
    assert_ptr_equal(py_get(&dict, "a"), &pair.value);
    assert_true(py_equal(&dict, parsed("{\"a\":1}")));
}

/* ---- in words, and the pool ---------------------------------------------- */

static void test_values_are_shown_as_safe_json(void **state)
{
    static const struct { const char *json, *shown; } cases[] = {
        {"[null,true,false,-5,12345678901234567890]",
         "[null, true, false, -5, 12345678901234567890]"},
        {"[0.1,5.0,1e22,NaN,Infinity,-Infinity]",
         "[0.1, 5.0, 1e+22, NaN, Infinity, -Infinity]"},
        {"{\"a\":[],\"b\":{}}", "{\"a\": [], \"b\": {}}"},
        {"\"\\\"\\\\\\n\\r\\t\\u001b[31m\\u0000nrt\"",
         "\"\\\"\\\\\\n\\r\\t\\u001b[31m\\u0000nrt\""},
        {"\"\\ud800\\u202e\\u00e9\"", "\"\\ud800\\u202e\xC3\xA9\""},
    };
    char out[100];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        py_show(parsed(cases[i].json), out, sizeof out);
        assert_string_equal(out, cases[i].shown);
    }
}

static void test_what_is_shown_fits_and_is_cut_between_characters(void **state)
{
    const struct py *v = parsed("[\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\", 12]");
    char             out[41];

    (void)state;
    for (size_t size = 4; size < sizeof out; size++) {
        memset(out, 'x', sizeof out);
        py_show(v, out, size);
        assert_true(strlen(out) < size);
        assert_true(size == sizeof out - 1 || out[size] == 'x');
        assert_true(utf8_valid(out, strlen(out)));
    }
    py_show(v, out, 12);
    assert_string_equal(out, "[\"\xC3\xA9\xC3\xA9\xC3\xA9\xE2\x80\xA6");
    py_show(v, out, 11);
    assert_string_equal(out, "[\"\xC3\xA9\xC3\xA9\xE2\x80\xA6");
}

static void test_a_pool_is_used_again_after_any_text(void **state)
{
    enum { BIG = (3 << 20) + 1 };
    char *text = mem_new(BIG, 1);

    (void)state;
    for (size_t i = 1; i < BIG - 1; i++) text[i] = i % 2 ? '7' : ',';
    text[0] = '[';
    text[BIG - 1] = ']';
    for (int round = 0; round < 3; round++) {
        const struct py *v;

        for (int i = 0; i < 100; i++) {
            void *at = py_pool_take(pool, 1000);

            assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
            memset(at, 0xAA, 1000);
        }
        v = parse_n(text, BIG);
        assert_non_null(v);
        assert_int_equal(v->n, BIG / 2);
        assert_int_equal(v->as.items[v->n - 1].as.number, 7);
        assert_null(parse_n(text, BIG - 1));
        v = parsed("{\"a\":[1,2,3]}");
        assert_int_equal(py_get(v, "a")->n, 3);
        py_pool_clear(pool);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_python_refuses_is_refused),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(test_nesting_is_bounded_however_long_the_text),
        cmocka_unit_test(test_texts_are_unescaped_to_utf8),
        cmocka_unit_test(test_half_a_pair_is_a_character),
        cmocka_unit_test(test_every_byte_of_a_text_is_looked_at),
        cmocka_unit_test(test_integers_have_any_size),
        cmocka_unit_test(test_floats_are_rounded_correctly),
        cmocka_unit_test(test_values_stand_where_they_were_written),
        cmocka_unit_test(
            test_the_last_of_equal_keys_counts_at_the_place_of_the_first),
        cmocka_unit_test(test_a_million_keys_are_read_and_found),
        cmocka_unit_test(test_values_are_equal_as_in_python),
        cmocka_unit_test(test_a_dict_built_by_hand_is_a_dict),
        cmocka_unit_test(test_values_are_shown_as_safe_json),
        cmocka_unit_test(test_what_is_shown_fits_and_is_cut_between_characters),
        cmocka_unit_test(test_a_pool_is_used_again_after_any_text),
    };
    return cmocka_run_group_tests_name("pyjson", tests, begin, end);
}
