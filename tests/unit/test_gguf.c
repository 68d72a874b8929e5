/* SPDX-License-Identifier: MIT */
/* test_gguf.c - the facts that src/gguf.h promises, of headers and of files.
 * What is broken or hostile: test_gguf_hostile.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "gguf_check.h"

/* ---- facts ------------------------------------------------------------- */

static void test_facts_of_a_small_model(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_small_model(&g, "Tiny Test");
    f = accepted(&g);
    assert_string_equal(f.architecture, "llama");
    assert_string_equal(f.model_name, "Tiny Test");
    assert_string_equal(f.license, "mit");
    assert_string_equal(f.quantisation, "Q4_0");
    assert_string_equal(f.chat_template, "{{ messages }}");
    assert_true(f.parameters == 64 * 100 + 64 * 8);
    assert_int_equal(f.layers, 2);
    assert_int_equal(f.context, 4096);
    assert_int_equal(f.vocabulary, 100);
    /* 3,600 bytes, padded to 32, and 2,048. */
    assert_int_equal(f.tensor_bytes, 3616 + 64 * 8 * 4);
    /* 2 layers, 2 heads, 16 keys and 16 values, 2 bytes each. */
    assert_true(f.kv_bytes_per_token == 2 * 2 * (16 + 16) * 2);
    model_facts_done(&f);
}

static void test_what_is_not_said_is_missing_and_never_zero(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 2, 0, 0);
    f = accepted(&g);
    assert_null(f.architecture);
    assert_null(f.model_name);
    assert_null(f.quantisation);
    assert_null(f.chat_template);
    assert_null(f.license);
    assert_true(isnan(f.parameters));
    assert_true(isnan(f.kv_bytes_per_token));
    assert_int_equal(f.layers, -1);
    assert_int_equal(f.context, -1);
    assert_int_equal(f.vocabulary, -1);
    assert_int_equal(f.file_bytes, 24);
    model_facts_done(&f);
}

static void test_quantisation_falls_back_on_the_type_with_most_bytes(void **s)
{
    static const struct { uint32_t most; const char *name; } cases[] = {
        {12, "Q4_K"}, {39, "MXFP4"}, {40, "NVFP4"}, {35, "TQ2_0"},
        {23, "IQ4_XS"}, {77, "type 77"},
    };

    (void)s;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_file   g;
        struct model_facts f;
        gguf_begin(&g, 3, 2, 1);
        gguf_u32(&g, "general.file_type", 999);
        gguf_tensor(&g, "norm", 0, 1, (uint64_t[]){8}, 0);
        gguf_tensor(&g, "big", cases[i].most, 2, (uint64_t[]){256, 64}, 32);
        gguf_end(&g, 32, 32 + 256 * 64);
        f = accepted(&g);
        assert_string_equal(f.quantisation, cases[i].name);
        assert_true(f.parameters == 8 + 256 * 64);
        model_facts_done(&f);
    }
}

/* An unknown type reaches to the next tensor, or to the end of the file, where
 * it is padded as any other. */
static void test_an_unknown_tensor_type_is_no_failure(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 3, 0);
    gguf_tensor(&g, "a", 77, 1, (uint64_t[]){10}, 0);
    gguf_tensor(&g, "b", 0, 1, (uint64_t[]){8}, 64);
    gguf_tensor(&g, "c", 78, 1, (uint64_t[]){10}, 96);
    gguf_end(&g, 32, 200);
    f = accepted(&g);
    assert_int_equal(f.tensor_bytes, 64 + 32 + 128);
    model_facts_done(&f);
}

static void test_a_guessed_file_type_is_one_too(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 0, 1);
    gguf_u32(&g, "general.file_type", 1024 + 15);
    f = accepted(&g);
    assert_string_equal(f.quantisation, "Q4_K_M");
    model_facts_done(&f);
}

static void test_every_width_of_number_is_read(void **state)
{
    static const struct { uint32_t type; uint64_t value; size_t width;
                          int layers; } cases[] = {
        {0, 200, 1, 200},  {1, 100, 1, 100},  {1, 200, 1, -1},
        {2, 60000, 2, 60000}, {3, 300, 2, 300}, {3, 60000, 2, -1},
        {4, 70000, 4, 70000}, {5, 70000, 4, 70000}, {5, 0xffffffff, 4, -1},
        {4, 0xffffffff, 4, -1}, {7, 1, 1, 1}, {10, 12, 8, 12}, {11, 12, 8, 12},
        {11, UINT64_MAX, 8, -1}, {10, UINT64_MAX, 8, -1},
        {6, 0x3f800000, 4, -1}, {12, 0, 8, -1},
    };

    (void)state;
    for (size_t n = 0; n < 2 * (sizeof cases / sizeof *cases); n++) {
        size_t             i = n / 2;
        struct gguf_file   g;
        struct model_facts f;
        gguf_begin_in(&g, n % 2, 3, 0, 2);        /* in both byte orders */
        gguf_number(&g, "x.block_count", cases[i].type, cases[i].value,
                    cases[i].width);
        gguf_text(&g, "general.architecture", "x");
        f = accepted(&g);
        assert_int_equal(f.layers, cases[i].layers);
        model_facts_done(&f);
    }
}

static void test_a_key_of_another_type_is_missing(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 0, 6);
    gguf_text(&g, "general.architecture", "x");
    gguf_text(&g, "x.block_count", "32");
    gguf_u32(&g, "general.name", 3);
    gguf_array_i32(&g, "tokenizer.ggml.tokens", 2, (int32_t[]){1, 2});
    gguf_array(&g, "tokenizer.chat_template", 8, 1);
    gguf_put_text(&g, "x");
    gguf_array_i32(&g, "x.context_length", 1, (int32_t[]){1});
    f = accepted(&g);
    assert_int_equal(f.layers, -1);
    assert_null(f.model_name);
    assert_int_equal(f.vocabulary, -1);
    assert_null(f.chat_template);
    assert_int_equal(f.context, -1);
    model_facts_done(&f);
}

static void test_texts_become_valid_utf8_without_nul(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 0, 1);
    gguf_key(&g, "general.name", 8);
    gguf_put_number(&g, 4, 8);
    gguf_put(&g, "a\0\xff" "b", 4);
    f = accepted(&g);
    assert_string_equal(f.model_name, "a\xef\xbf\xbd\xef\xbf\xbd" "b");
    model_facts_done(&f);
}

/* ---- files ------------------------------------------------------------- */

static char folder[] = "/tmp/audition-test-gguf-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *in_folder(const char *name)
{
    return mem_printf("%s/%s", folder, name);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* Part i of n with one tensor of 8 * i numbers; keys only in the first. */
static uint64_t write_part(const char *path, int i, int n)
{
    struct gguf_file g;
    uint64_t         len;

    gguf_begin(&g, 3, 1, i == 1 ? 5 : 2);
    if (i == 1) {
        gguf_text(&g, "general.architecture", "x");
        gguf_u32(&g, "x.block_count", 9);
        gguf_tokens(&g, 10);
    }
    gguf_number(&g, "split.no", 2, (uint64_t)i - 1, 2);
    gguf_number(&g, "split.count", 2, (uint64_t)n, 2);
    gguf_tensor(&g, "w", i == 1 ? 0 : 1, 1, (uint64_t[]){8 * (uint64_t)i}, 0);
    gguf_end(&g, 32, 8 * (size_t)i * (i == 1 ? 4 : 2));
    write_file(path, g.bytes, g.len);
    len = g.len;
    gguf_free(&g);
    return len;
}

static void test_parts_of_a_split_model_add_up(void **state)
{
    char              *path[3];
    uint64_t           bytes = 0;
    struct model_facts f;
    struct err         err = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "m-0000%d-of-00003.gguf", i + 1);
        path[i] = in_folder(name);
        bytes += write_part(path[i], i + 1, 3);
    }
    assert_int_equal(gguf_read(path[0], &f, &err), 0);
    assert_int_equal(f.layers, 9);
    assert_int_equal(f.vocabulary, 10);
    assert_int_equal(f.file_bytes, bytes);
    assert_true(f.parameters == 8 + 16 + 24);
    assert_int_equal(f.tensor_bytes, 32 + 32 + 64);
    assert_string_equal(f.quantisation, "F16");
    model_facts_done(&f);

    assert_int_equal(gguf_read(path[1], &f, &err), -1);
    assert_non_null(strstr(err.text, "is part 2 of 3 of a split model"));
    assert_non_null(strstr(err.text, "m-00001-of-00003.gguf"));

    assert_int_equal(unlink(path[2]), 0);
    err = (struct err){0};
    assert_int_equal(gguf_read(path[0], &f, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "part 3 of 3"));
    assert_non_null(strstr(err.text, "m-00003-of-00003.gguf: no such file"));

    unlink(path[0]);
    unlink(path[1]);
    for (int i = 0; i < 3; i++) free(path[i]);
}

static void test_a_renamed_part_is_told_from_a_model(void **state)
{
    char              *path = in_folder("renamed.gguf");
    struct model_facts f;
    struct err         err = {0};

    (void)state;
    write_part(path, 1, 3);
    assert_int_equal(gguf_read(path, &f, &err), -1);
    assert_non_null(strstr(err.text, "a model split in 3 files"));
    unlink(path);
    free(path);
}

static void test_names_of_parts(void **state)
{
    static const struct { const char *path; int part, parts; size_t stem; }
    cases[] = {
        {"m-00001-of-00002.gguf", 1, 2, 1},
        {"/a/b-00012-of-00345.GGUF", 12, 345, 4},
        {"m.gguf", 0, 0, 0},
        {"-00001-of-00002.gguf", 0, 0, 0},
        {"a/-00001-of-00002.gguf", 0, 0, 0},
        {"m-00000-of-00002.gguf", 0, 0, 0},
        {"m-00003-of-00002.gguf", 0, 0, 0},
        {"m-0001-of-00002.gguf", 0, 0, 0},
        {"m-+0001-of-00002.gguf", 0, 0, 0},
        {"m-00001-of-00002.bin", 0, 0, 0},
        {"", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int    part = 0, parts = 0;
        size_t stem = 0;
        bool   is = gguf_part_name(cases[i].path, &stem, &part, &parts);
        assert_int_equal(is, cases[i].part > 0);
        assert_int_equal(part, cases[i].part);
        assert_int_equal(parts, cases[i].parts);
        assert_int_equal(stem, cases[i].stem);
    }
}

/* The first head that is read is 1 MiB; this header is longer. */
static void test_a_long_header_is_read_with_a_longer_head(void **state)
{
    char              *path = in_folder("long.gguf");
    struct gguf_file   g;
    unsigned char     *padding = mem_new(3 << 20, 1);
    struct model_facts f;
    struct err         err = {0};

    (void)state;
    gguf_begin(&g, 3, 0, 3);
    gguf_text(&g, "general.architecture", "x");
    gguf_array(&g, "scores", 0, 3 << 20);
    gguf_put(&g, padding, 3 << 20);
    gguf_u32(&g, "x.block_count", 6);
    write_file(path, g.bytes, g.len);
    assert_int_equal(gguf_read(path, &f, &err), 0);
    assert_int_equal(f.layers, 6);
    model_facts_done(&f);
    unlink(path);
    gguf_free(&g);
    free(padding);
    free(path);
}

/* A sparse file whose only key says that it is 70 MB long. */
static void test_a_header_without_end_is_given_up(void **state)
{
    char              *path = in_folder("endless.gguf");
    struct gguf_file   g;
    struct model_facts f;
    struct err         err = {0};

    (void)state;
    gguf_begin(&g, 3, 0, 1);
    gguf_key(&g, "general.name", 8);
    gguf_put_number(&g, 70u << 20, 8);
    write_file(path, g.bytes, g.len);
    assert_int_equal(truncate(path, 80 << 20), 0);
    assert_int_equal(gguf_read(path, &f, &err), -1);
    assert_non_null(strstr(err.text, "a header longer than the 67,108,864"));
    unlink(path);
    gguf_free(&g);
    free(path);
}

static void test_a_file_that_cannot_be_read_is_named(void **state)
{
    char              *path = in_folder("nowhere.gguf");
    struct model_facts f;
    struct err         err = {0};

    (void)state;
    assert_int_equal(gguf_read(path, &f, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "no such file"));
    err = (struct err){0};
    assert_int_equal(gguf_read(folder, &f, &err), -1);
    assert_non_null(strstr(err.text, "is a directory"));
    err = (struct err){0};
    assert_int_equal(gguf_read("/dev/zero", &f, &err), -1);
    assert_non_null(strstr(err.text, "is not a regular file"));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_of_a_small_model),
        cmocka_unit_test(test_what_is_not_said_is_missing_and_never_zero),
        cmocka_unit_test(
            test_quantisation_falls_back_on_the_type_with_most_bytes),
        cmocka_unit_test(test_an_unknown_tensor_type_is_no_failure),
        cmocka_unit_test(test_a_guessed_file_type_is_one_too),
        cmocka_unit_test(test_every_width_of_number_is_read),
        cmocka_unit_test(test_a_key_of_another_type_is_missing),
        cmocka_unit_test(test_texts_become_valid_utf8_without_nul),
        cmocka_unit_test(test_parts_of_a_split_model_add_up),
        cmocka_unit_test(test_a_renamed_part_is_told_from_a_model),
        cmocka_unit_test(test_names_of_parts),
        cmocka_unit_test(test_a_long_header_is_read_with_a_longer_head),
        cmocka_unit_test(test_a_header_without_end_is_given_up),
        cmocka_unit_test(test_a_file_that_cannot_be_read_is_named),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
