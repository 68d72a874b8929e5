/* SPDX-License-Identifier: MIT */
/* test_gguf_hostile.c - headers that are cut, broken or made to do harm: what
 * src/gguf.h promises of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "gguf_check.h"
#include "model/gguf_walk.h"

/* ---- cut files --------------------------------------------------------- */

static void test_a_header_cut_at_any_byte_is_refused(void **state)
{
    struct gguf_file   g;
    struct model_facts f;
    struct err         err;
    int                more;

    (void)state;
    gguf_small_model(&g, "cut");
    for (size_t n = 0; n < g.len; n++) {
        /* A copy of the exact size: reading past it is seen by ASan. */
        unsigned char *cut = mem_new(n, 1);
        memcpy(cut, g.bytes, n);

        /* The file ends here. */
        err = (struct err){0};
        assert_int_equal(gguf_parse(cut, n, n, &f, &more, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_int_equal(more, 0);

        /* More of it is on disk. */
        err = (struct err){0};
        if (gguf_parse(cut, n, g.len, &f, &more, &err) == 0) {
            assert_true(n >= g.header_len);
            model_facts_done(&f);
        } else {
            assert_true(n < g.header_len);
            assert_int_equal(more, 1);
            assert_int_equal(err.kind, ERR_INPUT);
        }
        free(cut);
    }
    gguf_free(&g);
}

static void test_a_cut_file_says_how_many_bytes_are_missing(void **state)
{
    struct gguf_file   g;
    struct model_facts f;
    struct err         err = {0};
    int                more;
    char               words[200];

    (void)state;
    gguf_begin(&g, 3, 1, 0);
    gguf_tensor(&g, "w", 0, 2, (uint64_t[]){1000000, 25}, 0);
    gguf_end(&g, 32, 0);
    snprintf(words, sizeof words, "is cut short: the tensors need 100,000,%03zu"
             " bytes, the file has 1,000,000, 99,000,%03zu are missing; "
             "download it again", g.len, g.len);
    assert_int_equal(gguf_parse(g.bytes, g.len, 1000000, &f, &more, &err), -1);
    assert_string_equal(err.text, words);
    assert_int_equal(more, 0);
    gguf_free(&g);
}

static void test_the_last_tensor_needs_no_padding_behind_it(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 1, 0);
    gguf_tensor(&g, "w", 0, 1, (uint64_t[]){1}, 0);
    gguf_end(&g, 32, 4);
    f = accepted(&g);
    assert_int_equal(f.tensor_bytes, 32);
    model_facts_done(&f);
}

/* ---- hostile files ----------------------------------------------------- */

static void test_what_is_no_gguf_is_named(void **state)
{
    static const struct { const char *bytes; size_t len; const char *words; }
    cases[] = {
        {"", 0, "is empty"},
        {"\n<!DOCTYPE html><html>", 22, "is an HTML page"},
        {"<HTML><head>", 12, "is an HTML page"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:1", 55,
         "is a Git LFS pointer"},
        {"{\"error\":\"not found\"}", 21, "is a JSON text"},
        {"\x10\0\0\0\0\0\0\0{\"__metadata__\":", 24, "is a safetensors file"},
        {"PK\x03\x04rest", 8, "is a ZIP archive"},
        {"tjgg\x03\0\0\0", 8, "GGML format from before GGUF"},
        {"\0\0\0\0\0\0\0\0\0\0", 10, "nothing but zeros"},
        {"Entry not found", 15, "begins with 45 6e 74 72"},
        {"x", 1, "is not a GGUF file"},
        {"GG", 2, "is cut short"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_file g = {0};
        gguf_put(&g, cases[i].bytes, cases[i].len);
        assert_refused(&g, cases[i].words);
    }
}

static void test_versions_and_byte_order_are_named(void **state)
{
    static const struct { uint32_t version; const char *words; } cases[] = {
        {0, "GGUF version 0"}, {1, "is GGUF version 1, which engines read no"},
        {4, "is GGUF version 4; versions 2 and 3 are known"},
        {0x01000000, "is GGUF version 1, which engines read no"},
        {0x04000000, "is GGUF version 4; versions 2 and 3 are known"},
        {0xffffffff, "is GGUF version 4294967295"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_file g;
        gguf_begin(&g, cases[i].version, 0, 0);
        assert_refused(&g, cases[i].words);
    }
}

static void test_counts_that_cannot_be_are_refused_at_once(void **state)
{
    static const uint64_t counts[] = {1000, 1u << 31, 1ull << 32, 1ull << 60,
                                      INT64_MAX, 1ull << 63, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t         n = counts[i];
        struct gguf_file g;

        gguf_begin(&g, 3, n, 0);
        assert_refused(&g, "tensors, more than its length allows");
        gguf_begin(&g, 3, 0, n);
        assert_refused(&g, "keys, more than its length allows");

        gguf_begin(&g, 3, 0, 1);              /* a key's length */
        gguf_put_number(&g, n, 8);
        gguf_put(&g, "general.name", 12);
        assert_refused(&g, "cut short or damaged inside its header");

        gguf_begin(&g, 3, 0, 1);              /* a text's length */
        gguf_key(&g, "general.name", 8);
        gguf_put_number(&g, n, 8);
        gguf_put(&g, "abc", 3);
        assert_refused(&g, "cut short or damaged inside its header");

        gguf_begin(&g, 3, 0, 1);              /* numbers of an array */
        gguf_array(&g, "a", 10, n);
        gguf_put_number(&g, 1, 8);
        assert_refused(&g, "cut short or damaged inside its header");

        gguf_begin(&g, 3, 0, 1);              /* texts of an array */
        gguf_array(&g, "a", 8, n);
        gguf_put_text(&g, "abc");
        assert_refused(&g, "cut short or damaged inside its header");

        gguf_begin(&g, 3, 0, 1);              /* arrays of an array */
        gguf_array(&g, "a", 9, n);
        gguf_put_number(&g, 0, 4);
        gguf_put_number(&g, 0, 8);
        assert_refused(&g, "cut short or damaged inside its header");

        gguf_begin(&g, 3, 1, 0);              /* a tensor's name */
        gguf_put_number(&g, n, 8);
        gguf_put(&g, "0123456789abcdef", 16);
        assert_refused(&g, "cut short or damaged inside its header");
    }
}

/* A head that ends inside a text of 4 GB of a file of 5 GB: more is wanted,
 * nothing of that size is allocated. */
static void test_a_text_of_four_gigabytes_only_asks_for_more(void **state)
{
    struct gguf_file   g;
    struct model_facts f;
    struct err         err = {0};
    int                more;

    (void)state;
    gguf_begin(&g, 3, 0, 1);
    gguf_key(&g, "general.name", 8);
    gguf_put_number(&g, 1ull << 32, 8);
    assert_int_equal(gguf_parse(g.bytes, g.len, 5ull << 30, &f, &more, &err),
                     -1);
    assert_int_equal(more, 1);
    gguf_free(&g);
}

static void test_keys_that_cannot_be_are_refused(void **state)
{
    struct gguf_file g;

    (void)state;
    gguf_begin(&g, 3, 0, 2);
    gguf_u32(&g, "general.file_type", 1);
    gguf_u32(&g, "general.file_type", 1);
    assert_refused(&g, "holds the key \"general.file_type\" twice");

    gguf_begin(&g, 3, 0, 1);
    gguf_u32(&g, "", 1);
    assert_refused(&g, "a key without a name");

    gguf_begin(&g, 3, 0, 1);
    gguf_number(&g, "odd", 13, 1, 8);
    assert_refused(&g, "key \"odd\": holds a value of type 13");

    gguf_begin(&g, 3, 0, 1);
    gguf_array(&g, "odd", 0xffffffff, 0);
    assert_refused(&g, "holds a value of type 4294967295");
}

static void test_arrays_nest_to_a_bounded_depth(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 0, 1);
    gguf_array(&g, "nested", 9, 2);
    for (int i = 0; i < 2; i++) {
        gguf_put_number(&g, 4, 4);
        gguf_put_number(&g, 1, 8);
        gguf_put_number(&g, 7, 4);
    }
    f = accepted(&g);
    model_facts_done(&f);

    for (int depth = 5; depth < 1000000; depth *= 10) {
        gguf_begin(&g, 3, 0, 1);
        gguf_array(&g, "deep", 9, 1);
        for (int i = 2; i < depth; i++) {
            gguf_put_number(&g, 9, 4);
            gguf_put_number(&g, 1, 8);
        }
        gguf_put_number(&g, 4, 4);
        gguf_put_number(&g, 0, 8);
        assert_refused(&g, "nested deeper than 4");
    }
}

static void test_alignment_is_checked(void **state)
{
    static const uint32_t  wrong[] = {0, 3, 33, 0xffffffff};
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        gguf_begin(&g, 3, 0, 1);
        gguf_u32(&g, "general.alignment", wrong[i]);
        assert_refused(&g, "which is no power of two");
    }
    gguf_begin(&g, 3, 0, 1);
    gguf_text(&g, "general.alignment", "32");
    assert_refused(&g, "no 32-bit number");

    gguf_begin(&g, 3, 2, 1);
    gguf_u32(&g, "general.alignment", 4);
    gguf_tensor(&g, "a", 0, 1, (uint64_t[]){1}, 0);
    gguf_tensor(&g, "b", 0, 1, (uint64_t[]){1}, 4);
    gguf_end(&g, 4, 8);
    f = accepted(&g);
    model_facts_done(&f);
}

static void test_tensors_that_cannot_be_are_refused(void **state)
{
    static const struct {
        uint32_t type, dims; uint64_t shape[5]; uint64_t offset;
        const char *words;
    } cases[] = {
        {0, 5, {1, 1, 1, 1, 1}, 32, "more than 4 dimensions"},
        {0, 0xffffffff, {1}, 32, "more than 4 dimensions"},
        {0, 2, {8, 0}, 32, "dimension of 0"},
        {0, 2, {1ull << 32, 1ull << 32}, 32, "more elements than can be"},
        {0, 2, {1ull << 31, 1ull << 32}, 32, "more elements than can be"},
        {0, 1, {UINT64_MAX}, 32, "more elements than can be"},
        {0, 1, {INT64_MAX}, 32, "more bytes than can be counted"},
        {24, 1, {INT64_MAX}, 32, "ends past any possible file"},
        {2, 1, {33}, 32, "no whole number of blocks"},
        {12, 2, {128, 2}, 32, "no whole number of blocks"},
        {0, 1, {8}, 0, "overlaps the one before it"},
        {0, 1, {8}, 33, "is not aligned"},
        {0, 1, {8}, UINT64_MAX - 31, "ends past any possible file"},
        {77, 1, {8}, 1ull << 63, "ends past any possible file"},
        {77, 1, {8}, 1ull << 40, "is cut short: the tensors need"},
        {0, 1, {8}, 1ull << 40, "is cut short: the tensors need"},
        {0, 1, {64}, 32, "is cut short: the tensors need"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_file g;
        gguf_begin(&g, 3, 2, 0);
        gguf_tensor(&g, "first", 0, 1, (uint64_t[]){8}, 0);
        gguf_tensor(&g, "second", cases[i].type,
                    cases[i].dims > 5 ? 0 : cases[i].dims, cases[i].shape,
                    cases[i].offset);
        if (cases[i].dims > 5)            /* a count that has no dimensions */
            memset(g.bytes + g.len - 16, 0xff, 4);
        gguf_end(&g, 32, 64);
        assert_refused(&g, cases[i].words);
    }
}

/* Any single byte changed: no crash, and what is accepted adds up. */
static void test_a_changed_byte_never_makes_it_lie_about_size(void **state)
{
    static const unsigned char values[] = {0, 1, 7, 9, 0x7f, 0x80, 0xff};
    struct gguf_file           g;

    (void)state;
    gguf_small_model(&g, "bytes");
    for (size_t at = 0; at < g.header_len; at++) {
        unsigned char was = g.bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            struct model_facts f;
            struct err         err;
            int                more;
            g.bytes[at] = values[i];
            if (parse_all(&g, &f, &more, &err)) {
                assert_int_equal(more, 0);
                continue;
            }
            assert_true(f.tensor_bytes < g.len + 32);   /* padded */
            assert_true(f.vocabulary <= (int)g.len);
            model_facts_done(&f);
        }
        g.bytes[at] = was;
    }
    gguf_free(&g);
}

/* Its length was taken, then somebody wrote it anew. */
static void test_a_file_that_shrinks_while_it_is_read_is_named(void **state)
{
    char             path[] = "/tmp/audition-test-shrink-XXXXXX";
    int              fd = mkstemp(path);
    struct gguf_file g;
    struct gguf_walk w;
    struct err       err = {0};

    (void)state;
    assert_true(fd >= 0);
    gguf_small_model(&g, "short");
    assert_int_equal(write(fd, g.bytes, 500), 500);
    assert_int_equal(gguf_walk_file(fd, g.len, &w, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "became shorter while it was read"));
    close(fd);
    unlink(path);
    gguf_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_header_cut_at_any_byte_is_refused),
        cmocka_unit_test(test_a_cut_file_says_how_many_bytes_are_missing),
        cmocka_unit_test(test_the_last_tensor_needs_no_padding_behind_it),
        cmocka_unit_test(test_what_is_no_gguf_is_named),
        cmocka_unit_test(test_versions_and_byte_order_are_named),
        cmocka_unit_test(test_counts_that_cannot_be_are_refused_at_once),
        cmocka_unit_test(test_a_text_of_four_gigabytes_only_asks_for_more),
        cmocka_unit_test(test_keys_that_cannot_be_are_refused),
        cmocka_unit_test(test_arrays_nest_to_a_bounded_depth),
        cmocka_unit_test(test_alignment_is_checked),
        cmocka_unit_test(test_tensors_that_cannot_be_are_refused),
        cmocka_unit_test(test_a_changed_byte_never_makes_it_lie_about_size),
        cmocka_unit_test(test_a_file_that_shrinks_while_it_is_read_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
