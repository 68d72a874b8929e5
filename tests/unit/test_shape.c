/* SPDX-License-Identifier: MIT */
/* test_shape.c - a header that is read and written again is the same bytes,
 * and what cannot be a shape is refused by name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/gguf_walk.h"
#include "model/shape.h"
#include "temp_tree.h"

#define HEADER_MAX ((size_t)1 << 24)

static struct model_shape small_shape(void)
{
    struct model_shape s = {0};
    /* An array of arrays: {i8: -1, 2} twice. */
    static const unsigned char nested[] = {
        9, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 255, 2,
        1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 255, 2};

    shape_set_text(&s, "general.architecture", "llama");
    shape_set_u32(&s, "llama.block_count", 2);
    shape_set_texts(&s, "tokenizer.ggml.tokens",
                    (const char *const[]){"a", "", "\xc4\xa0t"}, 3);
    shape_set_i32s(&s, "tokenizer.ggml.token_type", (int32_t[]){1, -1, 3}, 3);
    shape_set_f32s(&s, "tokenizer.ggml.scores", (float[]){0, -1.5F, 2}, 3);
    shape_set_f32(&s, "llama.rope.freq_base", 10000.0);
    shape_set_bool(&s, "tokenizer.ggml.add_bos_token", 1);
    shape_set_u32s(&s, "llama.attention.head_count",
                   (uint32_t[]){4, 70000}, 2);
    shape_set_bools(&s, "llama.attention.recurrent_layers",
                    (unsigned char[]){0, 1}, 2);
    shape_set_raw(&s, "odd.i64", GGUF_I64, "\377\377\377\377\377\377\377\377",
                  8);
    shape_set_raw(&s, "odd.nested", GGUF_ARRAY, nested, sizeof nested);
    shape_add_tensor(&s, "token_embd.weight", 2, 2, (uint64_t[]){64, 5});
    shape_add_tensor(&s, "output_norm.weight", 0, 1, (uint64_t[]){7});
    shape_add_tensor(&s, "blk.0.ffn_up_exps.weight", 14, 3,
                     (uint64_t[]){256, 2, 3});
    return s;
}

static struct strbuf header_of(const struct model_shape *s)
{
    struct strbuf out;

    strbuf_init(&out, HEADER_MAX);
    shape_write_header(s, &out);
    assert_false(out.over);
    return out;
}

static struct model_shape parsed(const struct strbuf *header, uint64_t data)
{
    struct model_shape s;
    struct err         err = {0};
    int                more;
    int                rc = shape_parse(header->text, header->len,
                                        header->len + data, &s, &more, &err);

    if (rc) print_error("%s\n", err.text);
    assert_int_equal(rc, 0);
    return s;
}

static void test_a_header_read_and_written_again_is_the_same_bytes(void **state)
{
    struct model_shape s = small_shape(), again;
    struct strbuf      first = header_of(&s), second;

    (void)state;
    again = parsed(&first, shape_data_bytes(&s));
    second = header_of(&again);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.text, second.text, first.len);
    assert_int_equal(again.n_tensors, 3);
    assert_string_equal(again.tensors[2].name, "blk.0.ffn_up_exps.weight");
    assert_int_equal(again.tensors[2].ne[2], 3);
    assert_int_equal(again.tensors[2].ne[3], 1);
    strbuf_done(&first);
    strbuf_done(&second);
    shape_done(&s);
    shape_done(&again);
}

static void test_the_data_is_each_tensor_padded_to_the_alignment(void **state)
{
    struct model_shape s = small_shape();
    struct strbuf      header;

    (void)state;
    assert_int_equal(shape_tensor_bytes(&s.tensors[0]), 64 * 5 / 32 * 18);
    assert_int_equal(shape_tensor_bytes(&s.tensors[1]), 28);
    assert_int_equal(shape_tensor_bytes(&s.tensors[2]), 210 * 6);
    assert_int_equal(shape_data_bytes(&s), 192 + 32 + 1280);
    s.alignment = 256;
    shape_set_u32(&s, "general.alignment", 256);
    assert_int_equal(shape_data_bytes(&s), 256 + 256 + 1280);
    header = header_of(&s);
    assert_int_equal(header.len % 256, 0);
    strbuf_done(&header);
    shape_done(&s);
}

static void test_a_size_that_cannot_be_counted_is_none(void **state)
{
    struct shape_tensor t = {.n_dims = 2, .ne = {1ull << 40, 1ull << 40, 1, 1}};

    (void)state;
    assert_int_equal(shape_tensor_bytes(&t), 0);
    t = (struct shape_tensor){.type = 77, .n_dims = 1, .ne = {8, 1, 1, 1}};
    assert_int_equal(shape_tensor_bytes(&t), 0);
    t = (struct shape_tensor){.type = 2, .n_dims = 1, .ne = {33, 1, 1, 1}};
    assert_int_equal(shape_tensor_bytes(&t), 0);
}

static void test_a_key_is_replaced_where_it_stands(void **state)
{
    struct model_shape s = small_shape();
    char              *text;

    (void)state;
    shape_set_text(&s, "llama.block_count", "two");
    assert_int_equal(s.n_pairs, 11);
    assert_string_equal(s.pairs[1].key, "llama.block_count");
    text = shape_text(&s, "llama.block_count");
    assert_string_equal(text, "two");
    free(text);
    assert_null(shape_text(&s, "llama.rope.freq_base"));
    assert_null(shape_text(&s, "no.such.key"));
    shape_done(&s);
}

static void test_numbers_of_keys_and_of_lists(void **state)
{
    struct model_shape s = small_shape();

    (void)state;
    assert_int_equal(shape_model_number(&s, "block_count", 0, 9), 2);
    /* one number stands for every layer */
    assert_int_equal(shape_model_number(&s, "block_count", 31, 9), 2);
    assert_int_equal(shape_model_number(&s, "attention.head_count", 1, 9),
                     70000);
    assert_int_equal(shape_model_number(&s, "attention.head_count", 2, 9), 9);
    assert_int_equal(shape_number(&s, "tokenizer.ggml.token_type", 2, 9), 3);
    assert_int_equal(shape_number(&s, "tokenizer.ggml.token_type", 1, 9), 9);
    assert_int_equal(shape_number(&s, "odd.i64", 0, 9), 9);  /* negative */
    assert_int_equal(shape_number(&s, "general.architecture", 0, 9), 9);
    assert_int_equal(shape_number(&s, "no.such.key", 0, 9), 9);
    shape_done(&s);
}

static void test_every_cut_of_a_header_asks_for_more_or_is_refused(void **state)
{
    struct model_shape s = small_shape(), cut;
    struct strbuf      header = header_of(&s);
    uint64_t           file_bytes = header.len + shape_data_bytes(&s);

    (void)state;
    for (size_t n = 0; n + 32 < header.len; n++) {
        struct err err = {0};
        int        more;
        char      *exact = mem_new(n + 1, 1);  /* a read too far is seen */
        memcpy(exact, header.text, n);
        assert_int_equal(shape_parse(exact, n, file_bytes, &cut, &more, &err),
                         -1);
        assert_int_equal(more, 1);
        assert_null(cut.pairs);
        err = (struct err){0};
        assert_int_equal(shape_parse(exact, n, n, &cut, &more, &err), -1);
        assert_int_equal(more, 0);
        assert_int_equal(err.kind, ERR_INPUT);
        free(exact);
    }
    strbuf_done(&header);
    shape_done(&s);
}

static void refused(struct model_shape *s, const char *why)
{
    struct strbuf      header = header_of(s);
    struct model_shape out;
    struct err         err = {0};
    int                more;

    assert_int_equal(shape_parse(header.text, header.len,
                                 header.len + shape_data_bytes(s), &out,
                                 &more, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    if (!strstr(err.text, why)) fail_msg("%s", err.text);
    strbuf_done(&header);
    shape_done(s);
}

static void test_what_no_engine_reads_is_refused(void **state)
{
    static const char  big_endian[24] = "GGUF\0\0\0\3";
    struct model_shape s = small_shape(), out;
    struct err         err = {0};
    int                more;

    (void)state;
    shape_add_tensor(&s, "output_norm.weight", 0, 1, (uint64_t[]){7});
    refused(&s, "twice");
    shape_set_u32(&s, "general.alignment", 1u << 30);
    refused(&s, "pads its tensors");
    assert_int_equal(shape_parse(big_endian, 24, 24, &out, &more, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "big-endian"));
}

static void save(const char *path, const struct strbuf *bytes)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes->text, 1, bytes->len, f), bytes->len);
    assert_int_equal(fclose(f), 0);
}

static void test_a_file_is_read_and_a_part_of_one_is_not(void **state)
{
    struct temp_tree   tree;
    struct model_shape s = {0}, out;
    struct strbuf      header;
    struct err         err = {0};
    char              *path, *part;

    (void)state;
    assert_int_equal(temp_tree_init(&tree), 0);
    path = temp_path(&tree, "m.gguf");
    part = temp_path(&tree, "m-00001-of-00002.gguf");
    shape_set_text(&s, "general.architecture", "llama");
    header = header_of(&s);
    save(path, &header);
    save(part, &header);
    assert_int_equal(shape_read(path, &out, &err), 0);
    shape_done(&out);
    assert_int_equal(shape_read(part, &out, &err), -1);
    assert_non_null(strstr(err.text, "split"));
    assert_non_null(strstr(err.text, part));
    err = (struct err){0};
    assert_int_equal(shape_read(tree.root, &out, &err), -1);
    assert_non_null(strstr(err.text, "directory"));
    free(path);
    free(part);
    strbuf_done(&header);
    shape_done(&s);
    temp_tree_done(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_header_read_and_written_again_is_the_same_bytes),
        cmocka_unit_test(test_the_data_is_each_tensor_padded_to_the_alignment),
        cmocka_unit_test(test_a_size_that_cannot_be_counted_is_none),
        cmocka_unit_test(test_a_key_is_replaced_where_it_stands),
        cmocka_unit_test(test_numbers_of_keys_and_of_lists),
        cmocka_unit_test(
            test_every_cut_of_a_header_asks_for_more_or_is_refused),
        cmocka_unit_test(test_what_no_engine_reads_is_refused),
        cmocka_unit_test(test_a_file_is_read_and_a_part_of_one_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
