/* SPDX-License-Identifier: MIT */
/* test_pytext.c - texts as Python's str sees them; what is expected was
 * printed by Python 3.11. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "original/pytext.h"

#define R "\xEF\xBF\xBD"      /* U+FFFD */

static void test_pytext_reads_characters_and_counts_bad_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t      len;
        uint32_t    points[4];
        size_t      n;
    } cases[] = {
        {"a", 1, {'a'}, 1},
        {"\0", 1, {0}, 1},
        {"\xC3\xBC\xE2\x82\xAC", 5, {0xFC, 0x20AC}, 2},
        {"\xF0\x9F\x98\x80", 4, {0x1F600}, 1},
        {"\xED\xA0\x80", 3, {0xD800}, 1},
        {"\xC0\xAF", 2, {0xFFFD, 0xFFFD}, 2},
        {"\xE2\x82", 2, {0xFFFD, 0xFFFD}, 2},
        {"\xF4\x90\x80\x80", 4, {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, 4},
        {"\x80\xFF" "a", 3, {0xFFFD, 0xFFFD, 'a'}, 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct view v = {cases[i].bytes, cases[i].len};
        size_t      at = 0, n = 0;

        while (at < v.len) {
            uint32_t c = py_next(v, &at);
            assert_true(n < 4);
            assert_int_equal(c, cases[i].points[n++]);
        }
        assert_int_equal(at, v.len);
        assert_int_equal(n, cases[i].n);
    }
}

static void test_pytext_knows_python_s_white_space(void **state)
{
    (void)state;
    static const uint32_t spaces[] = {
        9, 10, 11, 12, 13, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680,
        0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007,
        0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
    size_t n = 0;

    for (uint32_t c = 0; c < 0x110000; c++) {
        if (!py_is_space(c)) continue;
        assert_true(n < sizeof spaces / sizeof *spaces);
        assert_int_equal(c, spaces[n++]);
    }
    assert_int_equal(n, sizeof spaces / sizeof *spaces);
}

static void test_pytext_tells_letters_digits_and_case(void **state)
{
    (void)state;
    static const struct {
        uint32_t c;
        bool     alnum, decimal, lower, upper, title;
    } cases[] = {
        {'a', 1, 0, 1, 0, 0},    {'Z', 1, 0, 0, 1, 0},
        {'5', 1, 1, 0, 0, 0},    {'_', 0, 0, 0, 0, 0},
        {0x301, 0, 0, 0, 0, 0},  {0xBD, 1, 0, 0, 0, 0},     /* half         */
        {0x2167, 1, 0, 0, 1, 0}, {0x24D0, 0, 0, 1, 0, 0},   /* VIII, (a)    */
        {0x663, 1, 1, 0, 0, 0},  {0x1C5, 1, 0, 0, 0, 1},    /* Arabic 3, Dz */
        {0xAA, 1, 0, 1, 0, 0},   {0x4E2D, 1, 0, 0, 0, 0},
        {0xFFFD, 0, 0, 0, 0, 0}, {0xD800, 0, 0, 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t c = cases[i].c;
        if (py_is_alnum(c) != cases[i].alnum ||
            py_is_decimal(c) != cases[i].decimal ||
            py_is_lower(c) != cases[i].lower ||
            py_is_upper(c) != cases[i].upper ||
            py_is_title(c) != cases[i].title)
            fail_msg("U+%04X", (unsigned)c);
    }
}

static void test_pytext_asks_a_whole_text_for_its_case(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool        lower, upper;
    } cases[] = {
        {"", 0, 0},             {"123 !", 0, 0},
        {"abc 1", 1, 0},        {"ABC 1", 0, 1},
        {"aB", 0, 0},           {"\xC7\x85" "A", 0, 0},   /* title case  */
        {"\xC7\x85" "a", 0, 0}, {"\xE4\xB8\xAD", 0, 0},
        {"stra\xC3\x9F" "e", 1, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (py_islower(view_of(cases[i].text)) != cases[i].lower ||
            py_isupper(view_of(cases[i].text)) != cases[i].upper)
            fail_msg("%s", cases[i].text);
}

static void test_pytext_strips_unicode_spaces_only(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {" \t\x1c", ""},
        {" a b\n", "a b"},
        {"\xE2\x80\xA8" "a\xC2\xA0\xE3\x80\x80", "a"},
        {"\xE2\x80\x8B" "a\xEF\xBB\xBF", "\xE2\x80\x8B" "a\xEF\xBB\xBF"},
        {"\xC2\x85\xC2", "\xC2"},
        {"\xA0", "\xA0"},      /* a byte, not a character */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct view v = view_of(cases[i].text), got = py_strip(v);
        if (!view_same(got, view_of(cases[i].want)))
            fail_msg("%zu: %.*s", i, (int)got.len, got.at);
        assert_int_equal(py_is_blank(v), got.len == 0);
    }
    assert_true(view_same(py_strip_of(view_of("\"'a\"b'\""), "\"'"),
                          view_of("a\"b")));
    assert_int_equal(py_strip_of(view_of("\"\""), "\"").len, 0);
}

static void test_pytext_lowers_as_python_does(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"ABC xyz[", "abc xyz["},
        {"\xC4\xB0", "i\xCC\x87"},                     /* I with a dot      */
        {"\xE2\x84\xAA", "k"},                         /* Kelvin            */
        {"\xE1\xBA\x9E", "\xC3\x9F"},                  /* capital sharp s   */
        {"\xC8\xBA", "\xE2\xB1\xA5"},                  /* grows             */
        {"\xCE\xA3", "\xCF\x83"},                      /* a sigma alone     */
        {"A\xCE\xA3", "a\xCF\x82"},                    /* at a word's end   */
        {"A\xCE\xA3" "B", "a\xCF\x83" "b"},
        {"A'\xCE\xA3'.", "a'\xCF\x82'."},              /* ignorable between */
        {"A\xCE\xA3'B", "a\xCF\x83'b"},
        {"A \xCE\xA3", "a \xCF\x83"},
        {"A\xFF", "a" R},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        char  *got = py_lower(view_of(cases[i].text), &len);
        assert_string_equal(got, cases[i].want);
        assert_int_equal(len, strlen(cases[i].want));
        free(got);
    }
}

static void test_pytext_clean_gives_utf8(void **state)
{
    (void)state;
    size_t len;
    char  *got = py_clean((struct view){"a\0\xED\xA0\x80\xC3\xBC\xFF", 8},
                          &len);

    assert_int_equal(len, 10);
    assert_memory_equal(got, "a\0" R "\xC3\xBC" R, len);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pytext_reads_characters_and_counts_bad_bytes),
        cmocka_unit_test(test_pytext_knows_python_s_white_space),
        cmocka_unit_test(test_pytext_tells_letters_digits_and_case),
        cmocka_unit_test(test_pytext_asks_a_whole_text_for_its_case),
        cmocka_unit_test(test_pytext_strips_unicode_spaces_only),
        cmocka_unit_test(test_pytext_lowers_as_python_does),
        cmocka_unit_test(test_pytext_clean_gives_utf8),
    };
    return cmocka_run_group_tests_name("pytext", tests, NULL, NULL);
}
