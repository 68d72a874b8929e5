/* SPDX-License-Identifier: MIT */
/* gguf_corpus.h - for tests: how each file of tests/corpus/gguf is made. What
 * a name promises: pass-* is read, fail-KIND-* is refused in words of KIND. */
#ifndef TESTS_GGUF_CORPUS_H
#define TESTS_GGUF_CORPUS_H

#include "gguf_writer.h"

/* ---- pass -------------------------------------------------------------- */

static inline void tiny_model(struct gguf_file *g, int is_big_endian,
                              uint32_t version)
{
    gguf_begin_in(g, is_big_endian, version, 3, 7);
    gguf_text(g, "general.architecture", "llama");
    gguf_u32(g, "llama.block_count", 1);
    gguf_u32(g, "llama.embedding_length", 32);
    gguf_u32(g, "llama.attention.head_count", 4);
    gguf_number(g, "llama.attention.head_count_kv", 2, 2, 2);
    gguf_number(g, "llama.context_length", 10, 4096, 8);
    gguf_tokens(g, 20);
    gguf_tensor(g, "token_embd.weight", 2, 2, (uint64_t[]){32, 20}, 0);
    gguf_tensor(g, "blk.0.ffn_up.weight", 8, 2, (uint64_t[]){32, 4}, 384);
    gguf_tensor(g, "output_norm.weight", 0, 1, (uint64_t[]){32}, 544);
    gguf_end(g, 32, 544 + 128);
}

static inline void make_v2(struct gguf_file *g) { tiny_model(g, 0, 2); }
static inline void make_v3(struct gguf_file *g) { tiny_model(g, 0, 3); }
static inline void make_big_endian(struct gguf_file *g)
{
    tiny_model(g, 1, 3);
}
static inline void make_big_endian_v2(struct gguf_file *g)
{
    tiny_model(g, 1, 2);
}

static inline void make_nothing_inside(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 0);
}

static inline void make_unknown_types(struct gguf_file *g)
{
    gguf_begin(g, 3, 3, 0);
    gguf_tensor(g, "a", 57, 1, (uint64_t[]){10}, 0);
    gguf_tensor(g, "b", 36, 1, (uint64_t[]){64}, 64);
    gguf_tensor(g, "c", 0xffffffff, 1, (uint64_t[]){10}, 96);
    gguf_end(g, 32, 200);
}

static inline void make_nested_arrays(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "nested", 9, 2);
    for (int i = 0; i < 2; i++) {
        gguf_put_number(g, 8, 4);
        gguf_put_number(g, 2, 8);
        gguf_put_text(g, "a");
        gguf_put_text(g, "");
    }
}

static inline void make_every_value(struct gguf_file *g)
{
    static const unsigned char width[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8,
                                          8};
    char key[8];

    gguf_begin(g, 3, 0, 23);
    for (uint32_t type = 0; type < 13; type++) {
        if (!width[type]) continue;
        snprintf(key, sizeof key, "v%u", type);
        gguf_number(g, key, type, 1, width[type]);
        snprintf(key, sizeof key, "a%u", type);
        gguf_array(g, key, type, 3);
        for (int i = 0; i < 3; i++) gguf_put_number(g, 1, width[type]);
    }
    gguf_text(g, "v8", "text");
}

static inline void make_wide_alignment(struct gguf_file *g)
{
    gguf_begin(g, 3, 2, 1);
    gguf_u32(g, "general.alignment", 64);
    gguf_tensor(g, "a", 0, 1, (uint64_t[]){1}, 0);
    gguf_tensor(g, "b", 0, 1, (uint64_t[]){1}, 128);   /* and a gap */
    gguf_end(g, 64, 192);
}

static inline void make_scalar(struct gguf_file *g)
{
    gguf_begin(g, 3, 1, 0);
    gguf_tensor(g, "a", 0, 0, NULL, 0);
    gguf_end(g, 32, 4);
}

static inline void make_odd_texts(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 3);
    gguf_key(g, "general.name", 8);
    gguf_put_number(g, 7, 8);
    gguf_put(g, "\x1b[31m\xff\0", 7);
    gguf_key(g, "general.architecture", 8);
    gguf_put_number(g, 4, 8);
    gguf_put(g, "%s\n\r", 4);
    gguf_text(g, "general.license", "");
}

/* Every key that means something, as another type. */
static inline void make_keys_of_other_types(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 9);
    gguf_text(g, "general.architecture", "llama");
    gguf_u32(g, "general.name", 1);
    gguf_text(g, "general.file_type", "Q4_K_M");
    gguf_text(g, "llama.block_count", "32");
    gguf_array_i32(g, "llama.context_length", 1, (int32_t[]){4096});
    gguf_number(g, "llama.embedding_length", 6, 0x7fc00000, 4);
    gguf_number(g, "llama.attention.head_count", 11, UINT64_MAX, 8);
    gguf_u32(g, "tokenizer.ggml.tokens", 3);
    gguf_array_i32(g, "tokenizer.chat_template", 1, (int32_t[]){1});
}

/* Numbers that no model has, and whose products no computer counts. */
static inline void make_immense_model(struct gguf_file *g)
{
    gguf_begin(g, 3, 1, 12);
    gguf_text(g, "general.architecture", "mamba2");
    gguf_u32(g, "mamba2.block_count", 4096);
    gguf_u32(g, "mamba2.context_length", 0x7fffffff);
    gguf_u32(g, "mamba2.embedding_length", 0x7fffffff);
    gguf_u32(g, "mamba2.feed_forward_length", 0xffffffff);
    gguf_u32(g, "mamba2.attention.head_count", 0x7fffffff);
    gguf_u32(g, "mamba2.ssm.conv_kernel", 0x7fffffff);
    gguf_u32(g, "mamba2.ssm.inner_size", 0x7fffffff);
    gguf_u32(g, "mamba2.ssm.state_size", 0x7fffffff);
    gguf_u32(g, "mamba2.expert_count", 0x7fffffff);
    gguf_u32(g, "mamba2.num_loops", 0x7fffffff);
    gguf_u32(g, "mamba2.nextn_predict_layers", 0xffffffff);
    gguf_tensor(g, "blk.999999.ffn_up.999999.weight", 0, 1,
                (uint64_t[]){1}, 0);
    gguf_end(g, 32, 32);
}

static inline void make_projector(struct gguf_file *g)
{
    gguf_begin(g, 3, 1, 2);
    gguf_text(g, "general.architecture", "clip");
    gguf_text(g, "general.type", "mmproj");
    gguf_tensor(g, "v.patch_embd.weight", 1, 2, (uint64_t[]){14, 8}, 0);
    gguf_end(g, 32, 224);
}

/* ---- fail: what it claims ---------------------------------------------- */

static inline void make_keys_2_64(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, UINT64_MAX);
}

static inline void make_keys_2_63(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1ull << 63);
}

static inline void make_tensors_2_64(struct gguf_file *g)
{
    gguf_begin(g, 3, UINT64_MAX, 0);
}

static inline void make_tensors_2_32(struct gguf_file *g)
{
    gguf_begin(g, 3, 1ull << 32, 0);
}

static inline void make_key_of_4_gb(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_put_number(g, 1ull << 32, 8);
    gguf_put(g, "general.name", 12);
}

static inline void make_key_of_2_64(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_put_number(g, UINT64_MAX, 8);
    gguf_put(g, "general.name", 12);
}

static inline void make_text_of_4_gb(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_key(g, "general.name", 8);
    gguf_put_number(g, 1ull << 32, 8);
    gguf_put(g, "abc", 3);
}

static inline void make_array_of_2_64(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "a", 10, UINT64_MAX);
    gguf_put_number(g, 1, 8);
}

static inline void make_array_that_wraps(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "a", 10, (1ull << 61) + 1);   /* times 8: 8 */
    gguf_put_number(g, 1, 8);
}

static inline void make_texts_of_2_64(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "tokenizer.ggml.tokens", 8, UINT64_MAX);
    gguf_put_text(g, "abc");
}

static inline void make_text_in_array_past_end(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "tokenizer.ggml.tokens", 8, 2);
    gguf_put_text(g, "abc");
    gguf_put_number(g, 1000, 8);
}

static inline void make_arrays_of_2_64(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "a", 9, UINT64_MAX);
    gguf_put_number(g, 0, 4);
    gguf_put_number(g, 0, 8);
}

static inline void make_tensor_name_of_2_63(struct gguf_file *g)
{
    gguf_begin(g, 3, 1, 0);
    gguf_put_number(g, 1ull << 63, 8);
    gguf_put(g, "0123456789abcdef", 16);
}

static inline void make_value_type(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_number(g, "odd", 13, 1, 8);
}

static inline void make_item_type(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "odd", 0xffffffff, 1);
    gguf_put_number(g, 0, 8);
}

static inline void make_deep_array(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_array(g, "deep", 9, 1);
    for (int i = 0; i < 300; i++) {
        gguf_put_number(g, 9, 4);
        gguf_put_number(g, 1, 8);
    }
}

static inline void make_key_twice(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 3);
    gguf_u32(g, "general.file_type", 1);
    gguf_u32(g, "between", 1);
    gguf_text(g, "general.file_type", "F16");
}

static inline void make_tensor_twice(struct gguf_file *g)
{
    gguf_begin(g, 3, 3, 0);
    gguf_tensor(g, "w", 0, 1, (uint64_t[]){8}, 0);
    gguf_tensor(g, "v", 0, 1, (uint64_t[]){8}, 32);
    gguf_tensor(g, "w", 0, 1, (uint64_t[]){8}, 64);
    gguf_end(g, 32, 96);
}

static inline void make_key_without_name(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_u32(g, "", 1);
}

/* ---- fail: tensors ----------------------------------------------------- */

static inline void second_tensor(struct gguf_file *g, uint32_t type,
                                 uint32_t dims, const uint64_t *shape,
                                 uint64_t offset)
{
    gguf_begin(g, 3, 2, 0);
    gguf_tensor(g, "first", 0, 1, (uint64_t[]){8}, 0);
    gguf_tensor(g, "second", type, dims, shape, offset);
    gguf_end(g, 32, 64);
}

static inline void make_zero_dimension(struct gguf_file *g)
{
    second_tensor(g, 0, 2, (uint64_t[]){8, 0}, 32);
}

static inline void make_five_dimensions(struct gguf_file *g)
{
    second_tensor(g, 0, 5, (uint64_t[]){1, 1, 1, 1, 1}, 32);
}

static inline void make_product_of_2_64(struct gguf_file *g)
{
    second_tensor(g, 0, 2, (uint64_t[]){1ull << 32, 1ull << 32}, 32);
}

static inline void make_product_that_wraps(struct gguf_file *g)
{
    second_tensor(g, 0, 3, (uint64_t[]){1ull << 32, 1ull << 32, 8}, 32);
}

static inline void make_bytes_of_2_65(struct gguf_file *g)
{
    second_tensor(g, 0, 1, (uint64_t[]){INT64_MAX}, 32);
}

static inline void make_offset_of_2_64(struct gguf_file *g)
{
    second_tensor(g, 0, 1, (uint64_t[]){8}, UINT64_MAX - 31);
}

static inline void make_same_offset(struct gguf_file *g)
{
    second_tensor(g, 0, 1, (uint64_t[]){8}, 0);
}

static inline void make_offset_inside(struct gguf_file *g)
{
    gguf_begin(g, 3, 2, 0);
    gguf_tensor(g, "first", 0, 1, (uint64_t[]){16}, 0);
    gguf_tensor(g, "second", 0, 1, (uint64_t[]){8}, 32);
    gguf_end(g, 32, 64);
}

static inline void make_odd_offset(struct gguf_file *g)
{
    second_tensor(g, 0, 1, (uint64_t[]){7}, 33);
}

static inline void make_odd_row(struct gguf_file *g)
{
    second_tensor(g, 12, 2, (uint64_t[]){128, 2}, 32);
}

static inline void make_offset_past_end(struct gguf_file *g)
{
    second_tensor(g, 0, 1, (uint64_t[]){8}, 1ull << 40);
}

static inline void make_alignment(struct gguf_file *g, uint32_t alignment)
{
    gguf_begin(g, 3, 0, 1);
    gguf_u32(g, "general.alignment", alignment);
}

static inline void make_alignment_0(struct gguf_file *g)
{
    make_alignment(g, 0);
}

static inline void make_alignment_33(struct gguf_file *g)
{
    make_alignment(g, 33);
}

static inline void make_alignment_text(struct gguf_file *g)
{
    gguf_begin(g, 3, 0, 1);
    gguf_text(g, "general.alignment", "32");
}

/* ---- fail: cut, other versions, other files ---------------------------- */

static inline void cut_to(struct gguf_file *g, size_t len)
{
    gguf_small_model(g, "cut");
    g->len = len < g->len ? len : g->header_len;
}

static inline void make_cut_magic(struct gguf_file *g) { cut_to(g, 3); }
static inline void make_cut_version(struct gguf_file *g) { cut_to(g, 6); }
static inline void make_cut_counts(struct gguf_file *g)
{
    /* Fewer keys than bytes that are left would be refused by count. */
    gguf_begin(g, 3, 0, 0);
    g->len = 20;
}
static inline void make_cut_key(struct gguf_file *g) { cut_to(g, 400); }
static inline void make_cut_tokens(struct gguf_file *g) { cut_to(g, 1000); }
static inline void make_cut_tensor(struct gguf_file *g)
{
    gguf_small_model(g, "cut");
    g->len = g->header_len - 40;
}
static inline void make_cut_data(struct gguf_file *g)
{
    gguf_small_model(g, "cut");
    g->len = g->header_len;
}

static inline void make_version_0(struct gguf_file *g)
{
    gguf_begin(g, 0, 0, 0);
}

static inline void make_version_1(struct gguf_file *g)
{
    gguf_begin(g, 1, 0, 0);
}

static inline void make_version_4(struct gguf_file *g)
{
    gguf_begin(g, 4, 0, 0);
}

static inline void make_version_big_1(struct gguf_file *g)
{
    gguf_begin_in(g, 1, 1, 0, 0);
}

static inline void bytes_only(struct gguf_file *g, const char *bytes, size_t n)
{
    *g = (struct gguf_file){0};
    gguf_put(g, bytes, n);
}

static inline void make_page(struct gguf_file *g)
{
    bytes_only(g, "\n<!DOCTYPE html>\n<title>404</title>\n", 36);
}

static inline void make_json(struct gguf_file *g)
{
    bytes_only(g, "{\"error\":\"not found\"}", 21);
}

static inline void make_pointer(struct gguf_file *g)
{
    bytes_only(g, "version https://git-lfs.github.com/spec/v1\noid sha256:1",
               55);
}

static inline void make_safetensors(struct gguf_file *g)
{
    bytes_only(g, "\x10\0\0\0\0\0\0\0{\"__metadata__\":", 24);
}

static inline void make_zeros(struct gguf_file *g)
{
    bytes_only(g, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static inline void make_noise(struct gguf_file *g)
{
    bytes_only(g, "\x7f" "ELF\x02\x01\x01", 7);
}

static inline void make_empty(struct gguf_file *g)
{
    bytes_only(g, "", 0);
}

struct corpus_file {
    const char *name;
    void      (*make)(struct gguf_file *g);
};

static const struct corpus_file corpus_files[] = {
    {"pass-v2", make_v2},
    {"pass-v3", make_v3},
    {"pass-big-endian", make_big_endian},
    {"pass-big-endian-v2", make_big_endian_v2},
    {"pass-nothing-inside", make_nothing_inside},
    {"pass-unknown-types", make_unknown_types},
    {"pass-nested-arrays", make_nested_arrays},
    {"pass-every-value", make_every_value},
    {"pass-wide-alignment", make_wide_alignment},
    {"pass-scalar", make_scalar},
    {"pass-odd-texts", make_odd_texts},
    {"pass-keys-of-other-types", make_keys_of_other_types},
    {"pass-immense-model", make_immense_model},
    {"pass-projector", make_projector},
    {"fail-count-keys-2-64", make_keys_2_64},
    {"fail-count-keys-2-63", make_keys_2_63},
    {"fail-count-tensors-2-64", make_tensors_2_64},
    {"fail-count-tensors-2-32", make_tensors_2_32},
    {"fail-length-key-4-gb", make_key_of_4_gb},
    {"fail-length-key-2-64", make_key_of_2_64},
    {"fail-length-text-4-gb", make_text_of_4_gb},
    {"fail-length-array-2-64", make_array_of_2_64},
    {"fail-length-array-that-wraps", make_array_that_wraps},
    {"fail-length-texts-2-64", make_texts_of_2_64},
    {"fail-length-text-in-array", make_text_in_array_past_end},
    {"fail-length-arrays-2-64", make_arrays_of_2_64},
    {"fail-length-tensor-name-2-63", make_tensor_name_of_2_63},
    {"fail-type-of-value", make_value_type},
    {"fail-type-of-item", make_item_type},
    {"fail-deep-array", make_deep_array},
    {"fail-twice-key", make_key_twice},
    {"fail-twice-tensor", make_tensor_twice},
    {"fail-name-empty", make_key_without_name},
    {"fail-dimension-zero", make_zero_dimension},
    {"fail-dimension-fifth", make_five_dimensions},
    {"fail-overflow-product", make_product_of_2_64},
    {"fail-overflow-product-that-wraps", make_product_that_wraps},
    {"fail-overflow-bytes", make_bytes_of_2_65},
    {"fail-past-offset-2-64", make_offset_of_2_64},
    {"fail-overlap-same", make_same_offset},
    {"fail-overlap-inside", make_offset_inside},
    {"fail-align-offset", make_odd_offset},
    {"fail-align-0", make_alignment_0},
    {"fail-align-33", make_alignment_33},
    {"fail-align-text", make_alignment_text},
    {"fail-block-row", make_odd_row},
    {"fail-cut-magic", make_cut_magic},
    {"fail-cut-version", make_cut_version},
    {"fail-cut-counts", make_cut_counts},
    {"fail-cut-key", make_cut_key},
    {"fail-cut-tokens", make_cut_tokens},
    {"fail-cut-tensor", make_cut_tensor},
    {"fail-cut-data", make_cut_data},
    {"fail-cut-offset-past-end", make_offset_past_end},
    {"fail-version-0", make_version_0},
    {"fail-version-1", make_version_1},
    {"fail-version-4", make_version_4},
    {"fail-version-1-big-endian", make_version_big_1},
    {"fail-page-html", make_page},
    {"fail-json-error", make_json},
    {"fail-pointer-lfs", make_pointer},
    {"fail-safetensors-file", make_safetensors},
    {"fail-zeros-only", make_zeros},
    {"fail-noise-elf", make_noise},
    {"fail-empty-file", make_empty},
};

#endif
