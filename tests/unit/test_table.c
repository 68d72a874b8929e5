/* SPDX-License-Identifier: MIT */
/* table.c, and wrap.c that fills the lines around tables. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/utf8.h"
#include "base/wrap.h"

static void fill(struct table *t)
{
    *t = (struct table){0};
    table_add_column(t, "candidate", ALIGN_LEFT, 0, 10);
    table_add_column(t, "first\nsentence", ALIGN_RIGHT, 0, 0);
    table_add_column(t, "tok/s", ALIGN_RIGHT, 1, 0);
    table_add_column(t, "note", ALIGN_LEFT, 2, 0);
    table_add_cell(t, STYLE_STRONG, "Küche-家-Instruct-Q4_K_M");
    table_add_cell(t, STYLE_GOOD, "0.61 s");
    table_add_cell(t, STYLE_PLAIN, "41.2");
    table_add_cell(t, STYLE_PLAIN, "fast");
    table_add_cell(t, STYLE_PLAIN, "b");
    table_add_cell(t, STYLE_PLAIN, "–");
    table_add_cell(t, STYLE_PLAIN, "101.0");
    table_add_cell(t, STYLE_PLAIN, "");
}

static char *printed(int columns, int indent, bool colour)
{
    struct table  t;
    struct strbuf out;

    fill(&t);
    strbuf_init(&out, 1 << 16);
    table_fit(&t, columns);
    table_print(&t, indent, colour, &out);
    table_done(&t);
    return out.text;
}

static void test_table_aligns_by_what_the_eye_sees(void **state)
{
    char *text = printed(0, 1, false);

    (void)state;
    assert_string_equal(text,
        "                              first\n"
        " candidate                 sentence  tok/s  note\n"
        " Küche-家-Instruct-Q4_K_M    0.61 s   41.2  fast\n"
        " b                                –  101.0\n");
    free(text);
}

static void test_table_shortens_then_drops_then_shortens_further(void **state)
{
    static const struct {
        int         columns;
        const char *name;
        bool        has_speed, has_note;
    } cases[] = {
        {47, "Küche-家-Instruct-Q4_K_M", true, true},
        {46, "Küche-家-In…ruct-Q4_K_M", true, true},
        {34, "Küche…4_K_M", true, true},
        {33, "Küche…_K_M", true, true},
        {32, "Küche-家…-Q4_K_M", false, true},    /* tok/s made room */
        {25, "Küche-…-Q4_K_M", false, false},
        {20, "Küche…_K_M", false, false},
        {19, "Küch…_K_M", false, false},
        {3, "Küch…_K_M", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table  t;
        char         *text = printed(cases[i].columns, 0, false);

        fill(&t);
        table_fit(&t, cases[i].columns);
        if (!strstr(text, cases[i].name) ||
            t.columns[2].is_hidden == cases[i].has_speed ||
            t.columns[3].is_hidden == cases[i].has_note)
            fail_msg("at %d columns:\n%s", cases[i].columns, text);
        assert_int_equal(strstr(text, "tok/s") != NULL, cases[i].has_speed);
        table_done(&t);
        free(text);
    }
}

static void test_table_keeps_its_width_at_any_number_of_columns(void **state)
{
    (void)state;
    for (int columns = 20; columns < 60; columns++) {
        char *text = printed(columns, 0, false);

        for (char *line = text, *end; (end = strchr(line, '\n'));
             line = end + 1) {
            *end = '\0';
            if (utf8_width(line) > columns)
                fail_msg("at %d: %s", columns, line);
        }
        free(text);
    }
}

static void test_table_colours_text_and_not_its_padding(void **state)
{
    char *text = printed(0, 0, true);

    (void)state;
    assert_non_null(strstr(text, "\n\033[1mKüche-家-Instruct-Q4_K_M\033[0m"
                                 "    \033[32m0.61 s\033[0m   41.2  fast\n"));
    free(text);
}

static void test_a_cell_cannot_break_its_table(void **state)
{
    struct table  t = {0};
    struct strbuf out;

    (void)state;
    table_add_column(&t, "a\x1b[2J", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "b", ALIGN_LEFT, 0, 0);
    table_add_cell(&t, STYLE_PLAIN, "x\ny\x1b[31m\xff\t");
    table_add_cell(&t, STYLE_PLAIN, "z");
    strbuf_init(&out, 1 << 16);
    table_fit(&t, 0);
    table_print(&t, 0, false, &out);
    assert_string_equal(out.text, "a?[2J       b\nx y?[31m\xef\xbf\xbd   z\n");
    strbuf_done(&out);
    table_done(&t);
}

static void test_a_table_of_marks_without_width_is_quick(void **state)
{
    struct table  t = {0};
    struct strbuf out;
    size_t        n    = 200000;
    char         *name = calloc(2 * n + 20, 1);

    (void)state;
    assert_non_null(name);
    for (size_t i = 0; i < n; i++) memcpy(name + 2 * i, "\xcc\x81", 2);
    memcpy(name + 2 * n, "abcdefghijklm", 14);
    table_add_column(&t, "a", ALIGN_LEFT, 0, 8);
    table_add_cell(&t, STYLE_PLAIN, name);
    strbuf_init(&out, 1 << 20);
    table_fit(&t, 8);
    table_print(&t, 0, false, &out);
    assert_non_null(strstr(out.text, "abcd…klm\n"));
    strbuf_done(&out);
    table_done(&t);
    free(name);
}

static char *wrapped(const char *text, int at, int indent, int columns)
{
    struct strbuf out;

    strbuf_init(&out, 1 << 16);
    wrap_add(&out, text, at, indent, columns);
    return out.text;
}

static void test_wrap_loses_no_word(void **state)
{
    static const struct {
        const char *text;
        int         at, indent, columns;
        const char *want;
    } cases[] = {
        {"", 0, 0, 20, ""},
        {"  one  two ", 0, 0, 0, "one two"},
        {"one two three", 0, 0, 9, "one two\nthree"},
        {"one two three", 4, 2, 12, "one two\n  three"},
        {"exactly 12", 0, 0, 10, "exactly 12"},
        {"exactly 123", 0, 0, 10, "exactly\n123"},
        {"abcdefghijklmnop", 0, 2, 10, "abcdefghij\n  klmnop"},
        {"see abcdefghijklmnop", 0, 0, 10, "see abcdef\nghijklmnop"},
        {"家家家家家家", 0, 0, 9, "家家家家\n家家"},
        {"word", 30, 4, 20, "\n    word"},
        {"a b", 0, 50, 10, "a b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = wrapped(cases[i].text, cases[i].at, cases[i].indent,
                            cases[i].columns);
        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_aligns_by_what_the_eye_sees),
        cmocka_unit_test(test_table_shortens_then_drops_then_shortens_further),
        cmocka_unit_test(test_table_keeps_its_width_at_any_number_of_columns),
        cmocka_unit_test(test_table_colours_text_and_not_its_padding),
        cmocka_unit_test(test_a_cell_cannot_break_its_table),
        cmocka_unit_test(test_a_table_of_marks_without_width_is_quick),
        cmocka_unit_test(test_wrap_loses_no_word),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
