/* SPDX-License-Identifier: MIT */
/* A file read line by line gives the lines that are in it, wherever the
 * buffer happens to end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "temp_tree.h"

#define MOST 8                  /* bytes of a line, in most of these tests */

struct place {
    struct temp_tree tree;
    char            *path;
    struct lines     lines;
};

static void open_text(struct place *p, const char *text, size_t len,
                      size_t max_bytes)
{
    struct err err = {0};

    assert_int_equal(temp_tree_init(&p->tree), 0);
    temp_write(&p->tree, "f", text, len);
    p->path = temp_path(&p->tree, "f");
    if (lines_open(&p->lines, p->path, max_bytes, &err))
        fail_msg("%s", err.text);
}

static void close_text(struct place *p)
{
    lines_close(&p->lines);
    lines_close(&p->lines);                  /* closed already: harmless */
    free(p->path);
    temp_tree_done(&p->tree);
}

/* 1 and *line, or 0 at the end. */
static int next_line(struct place *p, struct line *line)
{
    struct err err = {0};
    int        rc = lines_next(&p->lines, line, &err);

    if (rc < 0) fail_msg("%s", err.text);
    return rc;
}

/* Every line of the text, found by looking for its end, is told in turn. */
static void expect_all(const char *text, size_t len, size_t max_bytes)
{
    struct place p;
    struct line  line;
    size_t       at = 0, number = 0;

    open_text(&p, text, len, max_bytes);
    while (at < len) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t      n = end ? (size_t)(end - text) - at : len - at;

        assert_int_equal(next_line(&p, &line), 1);
        assert_int_equal(line.number, ++number);
        assert_int_equal(line.offset, at);
        assert_int_equal(line.is_too_long, n > max_bytes);
        assert_int_equal(line.len, n > max_bytes ? 0 : n);
        if (n <= max_bytes) assert_memory_equal(line.text, text + at, n);
        at += n + (end ? 1 : 0);
    }
    assert_int_equal(next_line(&p, &line), 0);
    assert_int_equal(next_line(&p, &line), 0);       /* it stays at the end */
    close_text(&p);
}

static void test_lines_are_what_stands_between_line_ends(void **state)
{
    static const char *const texts[] = {
        "", "\n", "a", "a\n", "\n\n", "a\nb", "a\r\nb\r\n", "\na\n\n",
        "12345678", "12345678\n", "12345678\n12345678", "1234567\n1\n",
        "123456789", "123456789\n", "123456789\na", "1234567890\n\nb\n",
        "a\n1234567890123456789012345678901234567890\nb",
        "12345678\n123456789\n12345678\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_all(texts[i], strlen(texts[i]), MOST);
    expect_all("a\0b\n\0\n\xff\xfe\n", 9, MOST);
}

static void test_lines_survive_any_lengths_and_limits(void **state)
{
    uint32_t dice = 1;
    char     text[400];

    (void)state;
    for (size_t round = 0; round < 200; round++) {
        size_t len = 0;

        while (len < sizeof text) {
            dice = dice * 1664525u + 1013904223u;
            text[len++] = (dice >> 24) % (2 + round % 12) == 0
                ? '\n' : (char)('a' + (dice >> 16) % 26);
        }
        expect_all(text, len - round % 7, 1 + round % 17);
    }
}

static void test_a_line_too_long_has_no_text_and_costs_no_other(void **state)
{
    enum { BIG = 1 << 20 };
    static char text[BIG + 20];
    struct place p;
    struct line  line;

    (void)state;
    memset(text, '[', sizeof text);
    memcpy(text, "first\n", 6);
    memcpy(text + BIG, "\nlast", 5);
    open_text(&p, text, BIG + 5, MOST);
    assert_int_equal(next_line(&p, &line), 1);
    assert_false(line.is_too_long);
    assert_int_equal(next_line(&p, &line), 1);
    assert_true(line.is_too_long);
    assert_int_equal(line.len, 0);
    assert_string_equal(line.text, "");
    assert_int_equal(line.offset, 6);
    assert_int_equal(next_line(&p, &line), 1);
    assert_int_equal(line.number, 3);
    assert_int_equal(line.offset, BIG + 1);
    assert_memory_equal(line.text, "last", 4);
    assert_int_equal(next_line(&p, &line), 0);
    close_text(&p);
}

static void test_what_is_no_readable_file_is_bad_input(void **state)
{
    struct temp_tree tree;
    char            *names[2];

    (void)state;
    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, "folder/f", "");
    names[0] = temp_path(&tree, "nothing");
    names[1] = temp_path(&tree, "folder");
    for (size_t i = 0; i < 2; i++) {
        struct lines l;
        struct err   err = {0};

        assert_int_equal(lines_open(&l, names[i], MOST, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_true(err.text[0] != '\0');
        lines_close(&l);
        free(names[i]);
    }
    temp_tree_done(&tree);
}

static void test_a_file_that_cannot_be_read_on_is_an_error(void **state)
{
    struct place p;
    struct line  line;
    struct err   err = {0};

    (void)state;
    open_text(&p, "a\nb\n", 4, MOST);
    assert_int_equal(close(p.lines.fd), 0);          /* the disk is gone */
    assert_int_equal(lines_next(&p.lines, &line, &err), -1);
    assert_int_equal(err.kind, ERR_FAILED);
    close_text(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_what_stands_between_line_ends),
        cmocka_unit_test(test_lines_survive_any_lengths_and_limits),
        cmocka_unit_test(test_a_line_too_long_has_no_text_and_costs_no_other),
        cmocka_unit_test(test_what_is_no_readable_file_is_bad_input),
        cmocka_unit_test(test_a_file_that_cannot_be_read_on_is_an_error),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
