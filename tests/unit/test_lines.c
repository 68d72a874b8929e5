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
#include <zlib.h>

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

/* ---- packed files -------------------------------------------------------- */

struct packed {
    unsigned char bytes[4096];
    size_t        len;
};

/* One gzip member more. */
static void pack(struct packed *p, const char *text, size_t len)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8,
                                  Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)len;
    z.next_out = p->bytes + p->len;
    z.avail_out = (unsigned)(sizeof p->bytes - p->len);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    p->len = sizeof p->bytes - z.avail_out;
    deflateEnd(&z);
}

/* All lines of a packed file, each with '|' behind it; what stopped it. */
static enum err_kind read_packed(const struct packed *p, size_t max_bytes,
                                 char *text, size_t size, struct err *err)
{
    struct place place;
    struct line  line;
    size_t       n = 0;
    int          rc;

    open_text(&place, (const char *)p->bytes, p->len, max_bytes);
    while ((rc = lines_next(&place.lines, &line, err)) == 1) {
        assert_true(n + line.len + 2 <= size);
        memcpy(text + n, line.text, line.len);
        n += line.len;
        text[n++] = '|';
    }
    text[n] = '\0';
    close_text(&place);
    return rc ? err->kind : ERR_NONE;
}

static void expect_packed(const struct packed *p, const char *want)
{
    struct err err = {0};
    char       text[4096];

    if (read_packed(p, 100, text, sizeof text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(text, want);
}

static void test_a_packed_file_gives_its_lines(void **state)
{
    struct packed p = {0};
    struct place  place;
    struct line   line;

    (void)state;
    pack(&p, "one\ntwo\n\nfour", 13);
    expect_packed(&p, "one|two||four|");
    open_text(&place, (const char *)p.bytes, p.len, MOST);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(next_line(&place, &line), 1);
    assert_int_equal(line.number, 4);
    assert_int_equal(line.offset, 9);             /* of what was packed */
    close_text(&place);
}

static void test_members_one_after_another_are_one_text(void **state)
{
    struct packed p = {0};

    (void)state;
    pack(&p, "one\ntw", 6);
    pack(&p, "", 0);
    pack(&p, "o\nthree\n", 8);
    expect_packed(&p, "one|two|three|");
    p.len += 500;                                  /* zeros, as tapes have */
    expect_packed(&p, "one|two|three|");
}

static void test_a_packed_file_cut_off_anywhere_is_bad_input(void **state)
{
    struct packed p = {0};
    char          text[4096];
    size_t        whole;

    (void)state;
    pack(&p, "one\ntwo\nthree\nfour\nfive\nsix\n", 28);
    whole = p.len;
    for (p.len = 2; p.len < whole; p.len++) {
        struct err err = {0};

        assert_int_equal(read_packed(&p, MOST, text, sizeof text, &err),
                         ERR_INPUT);
        assert_non_null(strstr(err.text, "cut off"));
    }
}

static void test_a_damaged_packed_file_never_gives_other_lines(void **state)
{
    static const char lines[] = "one\ntwo\nthree\nfour\nfive\nsix\n";
    struct packed p = {0};
    size_t        n_refused = 0;

    (void)state;
    pack(&p, lines, strlen(lines));
    for (size_t i = 2; i < p.len; i++) {
        struct err err = {0};
        char       text[4096];

        p.bytes[i] ^= 0x10;
        if (read_packed(&p, 100, text, sizeof text, &err)) {
            assert_int_equal(err.kind, ERR_INPUT);
            assert_non_null(strstr(err.text, "gzip"));
            n_refused++;
        } else {
            assert_string_equal(text, "one|two|three|four|five|six|");
        }
        p.bytes[i] ^= 0x10;
    }
    assert_true(n_refused >= p.len - 10);      /* the head has free bytes */
}

static void test_what_follows_packed_data_is_not_passed_over(void **state)
{
    static const unsigned char strays[][3] = {
        {'x', 0, 0}, {0, 0, 'x'}, {0x1F, 'x', 'x'}, {0, 0x1F, 0x8B}};

    (void)state;
    for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
        struct packed p = {0};
        struct err    err = {0};
        char          text[100];

        pack(&p, "one\n", 4);
        memcpy(p.bytes + p.len, strays[i], 3);
        p.len += 3;
        assert_int_equal(read_packed(&p, MOST, text, sizeof text, &err),
                         ERR_INPUT);
        assert_non_null(strstr(err.text, "damaged"));
    }
}

static void test_a_line_too_long_is_passed_over_in_a_packed_file(void **state)
{
    enum { BIG = 3 << 20 };
    struct packed *p = calloc(1, sizeof *p);
    char          *big = malloc(BIG);
    struct err     err = {0};
    char           text[100];

    (void)state;
    assert_true(p && big);
    memset(big, '[', BIG);
    memcpy(big, "first\n", 6);
    memcpy(big + BIG - 5, "\nlast", 5);
    pack(p, big, BIG);
    assert_int_equal(read_packed(p, MOST, text, sizeof text, &err), ERR_NONE);
    assert_string_equal(text, "first||last|");
    free(big);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_what_stands_between_line_ends),
        cmocka_unit_test(test_lines_survive_any_lengths_and_limits),
        cmocka_unit_test(test_a_line_too_long_has_no_text_and_costs_no_other),
        cmocka_unit_test(test_what_is_no_readable_file_is_bad_input),
        cmocka_unit_test(test_a_file_that_cannot_be_read_on_is_an_error),
        cmocka_unit_test(test_a_packed_file_gives_its_lines),
        cmocka_unit_test(test_members_one_after_another_are_one_text),
        cmocka_unit_test(test_a_packed_file_cut_off_anywhere_is_bad_input),
        cmocka_unit_test(test_a_damaged_packed_file_never_gives_other_lines),
        cmocka_unit_test(test_what_follows_packed_data_is_not_passed_over),
        cmocka_unit_test(test_a_line_too_long_is_passed_over_in_a_packed_file),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
