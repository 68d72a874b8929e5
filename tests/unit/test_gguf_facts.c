/* SPDX-License-Identifier: MIT */
/* test_gguf_facts.c - what tensors are for, how much of them a token reads,
 * and which kind of model a file is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "gguf_check.h"
#include "model/gguf_types.h"
#include "model/tensors.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Header of a model under construction; tensors follow the keys, each of F32
 * in a row, so that elements times 4 are bytes. */
struct model {
    struct gguf_file g;
    uint64_t         offset;
};

static void begin(struct model *m, const char *architecture, uint64_t tensors,
                  uint64_t keys, uint32_t layers)
{
    m->offset = 0;
    gguf_begin(&m->g, 3, tensors, keys + 2);
    gguf_text(&m->g, "general.architecture", architecture);
    gguf_u32(&m->g, "x.block_count", layers);
}

static void add(struct model *m, const char *name, uint32_t dims, uint64_t a,
                uint64_t b, uint64_t c)
{
    gguf_tensor(&m->g, name, 0, dims, (uint64_t[]){a, b, c}, m->offset);
    m->offset += (a * (dims > 1 ? b : 1) * (dims > 2 ? c : 1) * 4 + 31) / 32
                 * 32;
}

static struct model_facts facts_of(struct model *m)
{
    gguf_end(&m->g, 32, m->offset);
    return accepted(&m->g);
}

/* ---- names ------------------------------------------------------------- */

static void test_the_class_of_a_tensor_by_its_name(void **state)
{
    static const struct { const char *name; enum tensor_class class; }
    cases[] = {
        {"token_embd.weight", TENSOR_EMBEDDING},
        {"per_layer_token_embd.weight", TENSOR_EMBEDDING},
        {"position_embd.weight", TENSOR_EMBEDDING},
        {"token_embd_norm.weight", TENSOR_NORM},
        {"output.weight", TENSOR_OUTPUT},
        {"output_norm.weight", TENSOR_NORM},
        {"rope_freqs.weight", TENSOR_OTHER},
        {"blk.0.attn_q.weight", TENSOR_ATTENTION},
        {"blk.11.attn_kv_a_mqa.weight", TENSOR_ATTENTION},
        {"blk.0.attn_q_norm.weight", TENSOR_NORM},
        {"blk.0.post_ffw_norm.weight", TENSOR_NORM},
        {"blk.0.ffn_gate.weight", TENSOR_FEED_FORWARD},
        {"blk.0.ffn_gate_inp.weight", TENSOR_FEED_FORWARD},
        {"blk.0.ffn_up_shexp.weight", TENSOR_FEED_FORWARD},
        {"blk.0.exp_probs_b.bias", TENSOR_FEED_FORWARD},
        {"blk.0.ffn_up_exps.weight", TENSOR_EXPERTS},
        {"blk.0.ffn_gate_up_exps.weight", TENSOR_EXPERTS},
        {"blk.0.ffn_up.7.weight", TENSOR_EXPERTS},
        {"blk.0.ffn_norm_exps.weight", TENSOR_NORM},
        {"blk.0.ssm_conv1d.weight", TENSOR_RECURRENT},
        {"blk.0.ssm_norm.weight", TENSOR_NORM},
        {"blk.0.time_mix_key.weight", TENSOR_RECURRENT},
        {"blk.0.time_mix_ln.weight", TENSOR_NORM},
        {"blk.0.channel_mix_key.weight", TENSOR_FEED_FORWARD},
        {"blk.0.shortconv.in_proj.weight", TENSOR_RECURRENT},
        {"blk.0.laurel_l.weight", TENSOR_OTHER},
        {"dec.blk.3.cross_attn_k.weight", TENSOR_ATTENTION},
        {"v.blk.0.attn_q.weight", TENSOR_OTHER},
        {"blk.0.nextn.eh_proj.weight", TENSOR_OTHER},
        {"blk.", TENSOR_OTHER}, {"blk.x.attn_q", TENSOR_OTHER}, {"",
         TENSOR_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tensor_role role = tensor_role_of(cases[i].name,
                                                 strlen(cases[i].name));
        if (role.class != cases[i].class)
            fail_msg("%s: %s", cases[i].name, tensor_class_name(role.class));
    }
    assert_int_equal(tensor_role_of("blk.12.ffn_up.weight", 20).block, 12);
    assert_int_equal(tensor_role_of("output.weight", 13).block, -1);
}

/* ---- what a token reads ------------------------------------------------ */

static void test_an_untied_embedding_is_read_one_row_at_a_time(void **state)
{
    struct model       m;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 4, 0, 1);
    add(&m, "token_embd.weight", 2, 64, 100, 0);
    add(&m, "output.weight", 2, 64, 100, 0);
    add(&m, "blk.0.attn_q.weight", 2, 64, 64, 0);
    add(&m, "output_norm.weight", 1, 64, 0, 0);
    f = facts_of(&m);
    assert_false(f.is_tied);
    assert_true(f.weight_bytes_read_per_token ==
                4 * (64 + 64 * 100 + 64 * 64 + 64));
    assert_true(f.active_parameters == 64 * 100 + 64 * 64);
    assert_true(f.parameters == 2 * 64 * 100 + 64 * 64 + 64);
    assert_int_equal(f.class_bytes[TENSOR_EMBEDDING], 4 * 64 * 100);
    assert_int_equal(f.class_bytes[TENSOR_OUTPUT], 4 * 64 * 100);
    assert_int_equal(f.vocabulary, 100);       /* by the embedding's rows */
    assert_int_equal(f.n_types, 1);
    assert_true(f.types[0].bytes_read == f.weight_bytes_read_per_token);
    model_facts_done(&f);
}

static void test_a_tied_embedding_is_read_whole(void **state)
{
    struct model       m;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 2, 0, 1);
    add(&m, "token_embd.weight", 2, 64, 100, 0);
    add(&m, "blk.0.attn_q.weight", 2, 64, 64, 0);
    f = facts_of(&m);
    assert_true(f.is_tied);
    assert_true(f.weight_bytes_read_per_token == 4 * (64 * 100 + 64 * 64));
    assert_true(f.weight_bytes_read_per_token == (double)f.tensor_bytes);
    assert_true(f.active_parameters == 64 * 100 + 64 * 64);
    model_facts_done(&f);
}

static void test_only_the_experts_that_are_used_are_read(void **state)
{
    struct model       m;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 6, 3, 1);
    gguf_u32(&m.g, "x.expert_count", 8);
    gguf_u32(&m.g, "x.expert_used_count", 2);
    gguf_u32(&m.g, "x.expert_feed_forward_length", 16);
    add(&m, "blk.0.ffn_gate_inp.weight", 2, 32, 8, 0);
    add(&m, "blk.0.ffn_up_exps.weight", 3, 32, 16, 8);
    add(&m, "blk.0.ffn_up_exps.bias", 2, 16, 8, 0);
    add(&m, "blk.0.ffn_up_shexp.weight", 2, 32, 16, 0);
    add(&m, "blk.0.ffn_up_chexps.weight", 3, 32, 16, 4);  /* two of four */
    add(&m, "output.weight", 2, 32, 8, 0);
    f = facts_of(&m);
    assert_int_equal(f.experts, 8);
    assert_int_equal(f.experts_used, 2);
    assert_int_equal(f.feed_forward, 16);
    assert_true(f.weight_bytes_read_per_token ==
                4 * (32 * 8 + 32 * 16 * 2 + 16 * 2 + 32 * 16 + 32 * 16 * 2 +
                     32 * 8));
    assert_true(f.active_parameters ==
                32 * 8 + 32 * 16 * 2 + 32 * 16 + 32 * 16 * 2 + 32 * 8);
    model_facts_done(&f);
}

static void test_experts_one_by_one_count_as_experts(void **state)
{
    struct model       m;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 3, 2, 1);
    gguf_u32(&m.g, "x.expert_count", 2);
    gguf_u32(&m.g, "x.expert_used_count", 1);
    add(&m, "blk.0.ffn_up.0.weight", 2, 32, 16, 0);
    add(&m, "blk.0.ffn_up.1.weight", 2, 32, 16, 0);
    add(&m, "output.weight", 2, 32, 8, 0);
    f = facts_of(&m);
    assert_true(f.weight_bytes_read_per_token == 4 * (32 * 16 + 32 * 8));
    assert_int_equal(f.class_bytes[TENSOR_EXPERTS], 2 * 4 * 32 * 16);
    model_facts_done(&f);
}

/* A picture's tower, blocks that guess ahead, tables of rows. */
static void test_what_one_token_never_touches_is_not_read(void **state)
{
    struct model       m;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 7, 1, 2);
    gguf_u32(&m.g, "x.nextn_predict_layers", 1);
    add(&m, "blk.0.attn_q.weight", 2, 32, 32, 0);
    add(&m, "blk.1.attn_q.weight", 2, 32, 32, 0);
    add(&m, "blk.0.vis_attn_qkv.weight", 2, 32, 32, 0);
    add(&m, "v.blk.0.attn_q.weight", 2, 32, 32, 0);
    add(&m, "per_layer_token_embd.weight", 2, 64, 50, 0);
    add(&m, "output.weight", 2, 32, 8, 0);
    add(&m, "rope_freqs.weight", 1, 16, 0, 0);
    f = facts_of(&m);
    assert_int_equal(f.layers, 1);
    assert_true(f.weight_bytes_read_per_token ==
                4 * (32 * 32 + 64 + 32 * 8 + 16));
    assert_true(f.parameters == 4 * 32 * 32 + 64 * 50 + 32 * 8);
    model_facts_done(&f);
}

static void test_a_model_that_loops_reads_its_blocks_again(void **state)
{
    struct model       m;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 2, 3, 1);
    gguf_u32(&m.g, "x.num_loops", 3);
    gguf_u32(&m.g, "x.attention.head_count", 2);
    gguf_u32(&m.g, "x.attention.key_length", 8);
    add(&m, "blk.0.attn_q.weight", 2, 32, 32, 0);
    add(&m, "output.weight", 2, 32, 8, 0);
    f = facts_of(&m);
    assert_true(f.weight_bytes_read_per_token == 4 * (3 * 32 * 32 + 32 * 8));
    assert_true(isnan(f.kv_bytes_per_token));  /* values of unknown width */
    model_facts_done(&f);
}

static void test_widths_and_heads(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_small_model(&g, "Tiny");
    f = accepted(&g);
    assert_int_equal(f.embedding, 64);
    assert_int_equal(f.heads, 4);
    assert_int_equal(f.kv_heads, 2);
    assert_int_equal(f.head_size, 16);
    assert_int_equal(f.experts, 0);
    assert_int_equal(f.experts_used, 0);
    assert_int_equal(f.window, -1);
    assert_int_equal(f.feed_forward, -1);
    assert_true(f.is_tied);
    assert_int_equal(f.template.supports_tools, 0);
    assert_null(f.tokenizer);
    model_facts_done(&f);
}

/* ---- types ------------------------------------------------------------- */

/* A row of 256 fits every type; types without a layout reach to the next. */
static void test_every_type_has_a_name_and_its_bytes(void **state)
{
    struct gguf_file   g;
    struct model_facts f;
    struct err         err = {0};
    int                more;
    double             bytes = 0;

    (void)state;
    gguf_begin(&g, 3, 48, 0);
    for (uint32_t type = 0; type < 48; type++) {
        const struct gguf_type *known = gguf_type_find(type);
        char                    name[24], tensor[8];
        snprintf(tensor, sizeof tensor, "t%u", type);
        gguf_tensor(&g, tensor, type, 1, (uint64_t[]){256}, type * 2048u);
        assert_true(strlen(gguf_type_name(type, name)) > 1);
        bytes += known ? 256.0 / known->block * known->block_bytes : 2048;
    }
    assert_int_equal(gguf_parse(g.bytes, g.len, (g.len + 31) / 32 * 32 +
                                48 * 2048, &f, &more, &err), 0);
    for (size_t i = 0; i < f.n_types; i++) bytes -= (double)f.types[i].bytes;
    assert_true(bytes == 0);
    assert_true(f.parameters == 48 * 256);
    assert_int_equal(f.n_types, TYPE_SHARES_MAX);
    for (size_t i = 1; i < f.n_types; i++)
        assert_true(f.types[i - 1].bytes >= f.types[i].bytes);
    model_facts_done(&f);
    gguf_free(&g);
}

static void test_types_are_named_as_their_makers_do(void **state)
{
    static const struct { uint32_t type; const char *name; } cases[] = {
        {0, "F32"}, {12, "Q4_K"}, {16, "IQ2_XXS"}, {30, "BF16"},
        {33, "Q4_0_8_8"}, {34, "TQ1_0"}, {36, "I2_S"}, {39, "MXFP4"},
        {40, "NVFP4"}, {41, "Q1_0"}, {42, "Q2_0"}, {57, "type 57"},
        {0xffffffff, "type 4294967295"},
    };
    char name[24];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(gguf_type_name(cases[i].type, name),
                            cases[i].name);
}

/* Forks number file types by themselves: 40 is Q1_0 here and I2_S there. */
static void test_unknown_bytes_outweigh_the_word_of_the_file(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    gguf_begin(&g, 3, 2, 1);
    gguf_u32(&g, "general.file_type", 40);
    gguf_tensor(&g, "big", 36, 2, (uint64_t[]){256, 64}, 0);
    gguf_tensor(&g, "norm", 0, 1, (uint64_t[]){8}, 4128);
    gguf_end(&g, 32, 4128 + 32);
    f = accepted(&g);
    assert_string_equal(f.quantisation, "I2_S");
    assert_int_equal(f.types[0].bytes, 4128);
    model_facts_done(&f);
}

/* ---- kinds ------------------------------------------------------------- */

static void test_kinds_by_their_keys(void **state)
{
    static const struct { const char *architecture, *key, *value;
                          enum model_kind kind; } cases[] = {
        {"llama", NULL, NULL, MODEL_TEXT},
        {"llama", "general.type", "model", MODEL_TEXT},
        {"clip", NULL, NULL, MODEL_PROJECTOR},
        {"llama", "general.type", "mmproj", MODEL_PROJECTOR},
        {"llama", "general.type", "adapter", MODEL_ADAPTER},
        {"llama", "general.type", "imatrix", MODEL_OTHER},
        {"eagle3", NULL, NULL, MODEL_DRAFT},
        {"bert", NULL, NULL, MODEL_EMBEDDING},
        {"gemma-embedding", NULL, NULL, MODEL_EMBEDDING},
        {"wavtokenizer-dec", NULL, NULL, MODEL_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gguf_file   g;
        struct model_facts f;
        gguf_begin(&g, 3, 1, cases[i].key ? 2 : 1);
        gguf_text(&g, "general.architecture", cases[i].architecture);
        if (cases[i].key) gguf_text(&g, cases[i].key, cases[i].value);
        gguf_tensor(&g, "blk.0.attn_q.weight", 0, 1, (uint64_t[]){8}, 0);
        gguf_end(&g, 32, 32);
        f = accepted(&g);
        if (f.kind != cases[i].kind)
            fail_msg("%s: %s", cases[i].architecture,
                     model_kind_name(f.kind));
        if (f.kind == MODEL_TEXT || f.kind == MODEL_EMBEDDING)
            assert_true(f.weight_bytes_read_per_token == 32);
        else
            assert_true(isnan(f.weight_bytes_read_per_token));
        model_facts_done(&f);
    }
}

static void test_kinds_by_what_is_inside(void **state)
{
    struct model       m;
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin(&m, "x", 1, 1, 5);                 /* pools what it read */
    gguf_u32(&m.g, "x.pooling_type", 3);
    add(&m, "token_embd.weight", 2, 64, 10, 0);
    f = facts_of(&m);
    assert_int_equal(f.kind, MODEL_EMBEDDING);
    assert_false(f.is_tied);
    assert_true(f.weight_bytes_read_per_token == 4 * 64);
    model_facts_done(&f);

    begin(&m, "x", 1, 1, 5);                 /* only the block ahead */
    gguf_u32(&m.g, "x.nextn_predict_layers", 1);
    add(&m, "blk.4.nextn.eh_proj.weight", 2, 64, 10, 0);
    f = facts_of(&m);
    assert_int_equal(f.kind, MODEL_DRAFT);
    model_facts_done(&f);

    gguf_begin(&g, 3, 0, 2);
    gguf_text(&g, "general.architecture", "llama");
    gguf_tokens(&g, 5);
    f = accepted(&g);
    assert_int_equal(f.kind, MODEL_VOCABULARY);
    assert_true(isnan(f.weight_bytes_read_per_token));
    model_facts_done(&f);
}

/* ---- byte order -------------------------------------------------------- */

static void test_both_byte_orders_tell_the_same_facts(void **state)
{
    struct gguf_file   g;
    struct model_facts little, big;

    (void)state;
    gguf_small_model_in(&g, "Tiny", 0, 3);
    little = accepted(&g);
    gguf_small_model_in(&g, "Tiny", 1, 3);
    big = accepted(&g);
    assert_false(little.is_big_endian);
    assert_true(big.is_big_endian);
    assert_string_equal(big.model_name, little.model_name);
    assert_string_equal(big.quantisation, little.quantisation);
    assert_true(big.parameters == little.parameters);
    assert_true(big.kv_bytes_per_token == little.kv_bytes_per_token);
    assert_true(big.weight_bytes_read_per_token ==
                little.weight_bytes_read_per_token);
    assert_int_equal(big.vocabulary, little.vocabulary);
    assert_int_equal(big.tensor_bytes, little.tensor_bytes);
    model_facts_done(&little);
    model_facts_done(&big);
}

/* ---- files ------------------------------------------------------------- */

/* A header far longer than the reader's window: texts of all lengths, some
 * longer than the window, numbers across its end, what is kept in between. */
static void test_a_file_is_read_as_its_bytes_in_memory_are(void **state)
{
    char               path[] = "/tmp/audition-test-facts-XXXXXX";
    int                fd = mkstemp(path);
    struct gguf_file   g;
    struct model_facts a, b;
    struct err         err = {0};
    int                more;
    char              *filler = mem_new(300000, 1);

    (void)state;
    memset(filler, 'x', 300000);
    gguf_begin(&g, 3, 1, 6);
    gguf_text(&g, "general.architecture", "x");
    gguf_array(&g, "tokenizer.ggml.tokens", 8, 60003);
    for (uint64_t i = 0; i < 60000; i++) {
        gguf_put_number(&g, i % 37, 8);
        gguf_put(&g, filler, i % 37);
    }
    for (int i = 0; i < 3; i++) {
        gguf_put_number(&g, 300000, 8);
        gguf_put(&g, filler, 300000);
    }
    gguf_key(&g, "tokenizer.chat_template", 8);
    gguf_put_number(&g, 300000, 8);
    gguf_put(&g, filler, 300000);
    gguf_array(&g, "scores", 6, 75000);
    gguf_put(&g, filler, 300000);
    gguf_u32(&g, "x.block_count", 7);
    gguf_array(&g, "x.attention.head_count_kv", 4, 7);
    for (uint64_t i = 0; i < 7; i++) gguf_put_number(&g, i + 1, 4);
    gguf_tensor(&g, "output.weight", 0, 1, (uint64_t[]){8}, 0);
    gguf_end(&g, 32, 32);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, g.bytes, g.len), g.len);
    close(fd);
    assert_int_equal(gguf_parse(g.bytes, g.len, g.len, &a, &more, &err), 0);
    assert_int_equal(gguf_read(path, &b, &err), 0);
    assert_int_equal(a.vocabulary, 60003);
    assert_int_equal(b.vocabulary, 60003);
    assert_int_equal(b.layers, 7);
    assert_int_equal(b.kv_heads, 7);
    assert_int_equal(strlen(a.chat_template), 300000);
    assert_string_equal(b.chat_template, a.chat_template);
    assert_true(b.parameters == 8);
    model_facts_done(&a);
    model_facts_done(&b);
    unlink(path);
    gguf_free(&g);
    free(filler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_class_of_a_tensor_by_its_name),
        cmocka_unit_test(test_an_untied_embedding_is_read_one_row_at_a_time),
        cmocka_unit_test(test_a_tied_embedding_is_read_whole),
        cmocka_unit_test(test_only_the_experts_that_are_used_are_read),
        cmocka_unit_test(test_experts_one_by_one_count_as_experts),
        cmocka_unit_test(test_what_one_token_never_touches_is_not_read),
        cmocka_unit_test(test_a_model_that_loops_reads_its_blocks_again),
        cmocka_unit_test(test_widths_and_heads),
        cmocka_unit_test(test_every_type_has_a_name_and_its_bytes),
        cmocka_unit_test(test_types_are_named_as_their_makers_do),
        cmocka_unit_test(test_unknown_bytes_outweigh_the_word_of_the_file),
        cmocka_unit_test(test_kinds_by_their_keys),
        cmocka_unit_test(test_kinds_by_what_is_inside),
        cmocka_unit_test(test_both_byte_orders_tell_the_same_facts),
        cmocka_unit_test(test_a_file_is_read_as_its_bytes_in_memory_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
