/* SPDX-License-Identifier: MIT */
/* test_kv.c - how layers remember, and what a context costs: kv.h, layers.h.
 * Sizes are llama.cpp's own where a comment says so: its log lines of "KV
 * buffer size" and the rules of its sources (build 11434). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "gguf_check.h"
#include "model/kv.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define MIB          1048576.0

/* `keys` more keys of "ARCHITECTURE." are to follow. */
static void begin_model(struct gguf_file *g, const char *architecture,
                        uint64_t keys, uint32_t layers)
{
    char key[64];

    gguf_begin(g, 3, 0, 2 + keys);
    gguf_text(g, "general.architecture", architecture);
    snprintf(key, sizeof key, "%s.block_count", architecture);
    gguf_u32(g, key, layers);
}

/* For architecture x, which no engine knows: only the file counts. */
static void begin_layers(struct gguf_file *g, uint64_t keys, uint32_t layers)
{
    begin_model(g, "x", keys, layers);
}

static double kv_of(struct gguf_file *g)
{
    struct model_facts f = accepted(g);
    double             kv = f.kv_bytes_per_token;

    model_facts_done(&f);
    return kv;
}

static void set(struct gguf_file *g, const char *architecture,
                const char *suffix, uint32_t value)
{
    char key[96];

    snprintf(key, sizeof key, "%s.%s", architecture, suffix);
    gguf_u32(g, key, value);
}

/* Layers of one kind, 0 when there are none. */
static int layers_of(const struct model_facts *f, enum layer_kind kind)
{
    int n = 0;

    for (size_t i = 0; i < f->n_groups; i++)
        if (f->groups[i].kind == kind) n += f->groups[i].layers;
    return n;
}

/* ---- cache for a token ------------------------------------------------- */

static void test_kv_without_groups_counts_every_head(void **state)
{
    struct gguf_file g;

    (void)state;
    begin_layers(&g, 2, 3);
    gguf_u32(&g, "x.attention.head_count", 4);
    gguf_u32(&g, "x.embedding_length", 40);
    assert_true(kv_of(&g) == 3 * 4 * (10 + 10) * 2);
}

static void test_kv_of_layers_that_differ(void **state)
{
    struct gguf_file g;

    (void)state;
    begin_layers(&g, 4, 3);
    gguf_u32(&g, "x.attention.head_count", 8);
    gguf_array_i32(&g, "x.attention.head_count_kv", 3, (int32_t[]){0, 2, 4});
    gguf_u32(&g, "x.attention.key_length", 64);
    gguf_u32(&g, "x.attention.value_length", 32);
    assert_true(kv_of(&g) == (2 + 4) * (64 + 32) * 2);
}

static void test_kv_leaves_recurrent_and_sharing_layers_out(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin_layers(&g, 4, 9);                   /* layers 4 and 8 attend */
    gguf_u32(&g, "x.attention.head_count", 2);
    gguf_u32(&g, "x.attention.key_length", 10);
    gguf_u32(&g, "x.attention.value_length", 10);
    gguf_u32(&g, "x.full_attention_interval", 4);
    assert_true(kv_of(&g) == 2 * 2 * 20 * 2);

    begin_layers(&g, 4, 4);
    gguf_u32(&g, "x.attention.head_count", 2);
    gguf_u32(&g, "x.attention.key_length", 10);
    gguf_u32(&g, "x.attention.value_length", 10);
    gguf_array_i32(&g, "x.attention.recurrent_layers", 4,
                   (int32_t[]){1, 1, 1, 0});
    assert_true(kv_of(&g) == 1 * 2 * 20 * 2);

    begin_layers(&g, 4, 10);
    gguf_u32(&g, "x.attention.head_count", 2);
    gguf_u32(&g, "x.attention.key_length", 10);
    gguf_u32(&g, "x.attention.value_length", 10);
    gguf_u32(&g, "x.attention.shared_kv_layers", 7);
    f = accepted(&g);
    assert_true(f.kv_bytes_per_token == 3 * 2 * 20 * 2);
    assert_int_equal(layers_of(&f, LAYER_SHARED), 7);
    /* A token reads the shared caches once more for each layer. */
    assert_true(kv_bytes_at(&f, 256, 2) == 256 * 3 * 2 * 20 * 2);
    assert_true(kv_bytes_read(&f, 100, 2) == 100 * 10 * 2 * 20 * 2);
    model_facts_done(&f);
}

static void test_kv_of_windowed_and_latent_attention(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin_layers(&g, 7, 2);
    gguf_u32(&g, "x.attention.sliding_window", 128);
    gguf_u32(&g, "x.attention.head_count", 1);
    gguf_u32(&g, "x.attention.key_length", 100);
    gguf_u32(&g, "x.attention.value_length", 100);
    gguf_u32(&g, "x.attention.key_length_swa", 10);
    gguf_u32(&g, "x.attention.value_length_swa", 10);
    gguf_array(&g, "x.attention.sliding_window_pattern", 7, 2);
    gguf_put_number(&g, 1, 1);
    gguf_put_number(&g, 0, 1);
    f = accepted(&g);
    assert_true(f.kv_bytes_per_token == (20 + 200) * 2);
    assert_int_equal(f.window, 128);
    model_facts_done(&f);

    /* DeepSeek-V2: a latent of 512 and 64 of position, values within. */
    begin_model(&g, "deepseek2", 6, 2);
    set(&g, "deepseek2", "attention.head_count", 16);
    set(&g, "deepseek2", "attention.head_count_kv", 1);
    set(&g, "deepseek2", "attention.key_length", 576);
    set(&g, "deepseek2", "attention.value_length", 512);
    set(&g, "deepseek2", "attention.key_length_mla", 192);
    set(&g, "deepseek2", "attention.value_length_mla", 128);
    f = accepted(&g);
    assert_true(f.kv_bytes_per_token == 2 * 576 * 2);
    assert_true(f.groups[0].value_elements == 0);
    model_facts_done(&f);
}

static void test_layers_that_guess_ahead_are_not_the_models(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin_layers(&g, 4, 5);
    gguf_u32(&g, "x.nextn_predict_layers", 1);
    gguf_u32(&g, "x.attention.head_count", 1);
    gguf_u32(&g, "x.attention.key_length", 4);
    gguf_u32(&g, "x.attention.value_length", 4);
    f = accepted(&g);
    assert_int_equal(f.layers, 4);
    assert_true(f.kv_bytes_per_token == 4 * 8 * 2);
    model_facts_done(&f);
}

static void test_kv_is_missing_without_what_it_follows_from(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin_layers(&g, 1, 4);                   /* no attention at all */
    gguf_u32(&g, "x.embedding_length", 64);
    f = accepted(&g);
    assert_true(isnan(f.kv_bytes_per_token));
    assert_true(isnan(kv_bytes_at(&f, 2048, 2)));
    assert_true(isnan(kv_bytes_read(&f, 2048, 2)));
    model_facts_done(&f);

    begin_layers(&g, 1, 4);                   /* heads of unknown width */
    gguf_u32(&g, "x.attention.head_count", 4);
    assert_true(isnan(kv_of(&g)));

    begin_layers(&g, 3, 4);                   /* a list that is too short */
    gguf_array_i32(&g, "x.attention.head_count_kv", 2, (int32_t[]){1, 1});
    gguf_u32(&g, "x.attention.key_length", 4);
    gguf_u32(&g, "x.attention.value_length", 4);
    assert_true(isnan(kv_of(&g)));

    begin_layers(&g, 3, 4);                   /* a negative count */
    gguf_array_i32(&g, "x.attention.head_count_kv", 4,
                   (int32_t[]){1, -1, 1, 1});
    gguf_u32(&g, "x.attention.key_length", 4);
    gguf_u32(&g, "x.attention.value_length", 4);
    assert_true(isnan(kv_of(&g)));

    begin_layers(&g, 3, 0x7fffffff);          /* nobody has such depth */
    gguf_u32(&g, "x.attention.head_count", 4);
    gguf_u32(&g, "x.attention.key_length", 4);
    gguf_u32(&g, "x.attention.value_length", 4);
    assert_true(isnan(kv_of(&g)));

    begin_model(&g, "deepseek4", 3, 4);       /* keeps more than we count */
    set(&g, "deepseek4", "attention.head_count", 4);
    set(&g, "deepseek4", "attention.key_length", 4);
    set(&g, "deepseek4", "attention.value_length", 4);
    assert_true(isnan(kv_of(&g)));
}

/* ---- windows that the file does not spell out -------------------------- */

static void test_each_architectures_own_pattern_of_windows(void **state)
{
    static const struct {
        const char *architecture;
        int         layers, window;    /* in the file, -1: not            */
        int         windowed, seen;    /* layers; the window they have    */
    } cases[] = {
        {"gemma2", 26, 4096, 13, 4096},
        {"gemma2", 26, -1, 13, 4096},        /* its default */
        {"gemma3", 18, 512, 15, 512},        /* 5 of 6 */
        {"gemma3", 34, 1024, 29, 1024},
        {"gemma3", 18, -1, 0, -1},
        {"cohere2", 32, 4096, 24, 4096},
        {"gpt-oss", 24, 128, 12, 128},
        {"llama4", 48, 8192, 36, 8192},
        {"llama4", 48, -1, 36, 8192},
        {"llama4", 48, 0, 0, -1},
        {"llama4", 48, 100, 36, 8192},       /* the engine's own */
        {"smallthinker", 32, 100, 24, 4096},
        {"smallthinker", 32, -1, 0, -1},
        {"exaone4", 64, 4096, 48, 4096},
        {"exaone4", 30, 4096, 0, -1},        /* only the 32B has any */
        {"olmo2", 32, 4096, 24, 4096},
        {"phi3", 32, 2047, 0, -1},           /* switched off in the engine */
        {"llama", 32, 4096, 0, -1},          /* not read by the engine */
        {"qwen2", 28, 131072, 0, -1},
        {"lfm2moe", 24, 1024, 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char        *arch = cases[i].architecture;
        struct gguf_file   g;
        struct model_facts f;
        begin_model(&g, arch, cases[i].window >= 0 ? 4 : 3,
                    (uint32_t)cases[i].layers);
        set(&g, arch, "attention.head_count", 1);
        set(&g, arch, "attention.key_length", 8);
        set(&g, arch, "attention.value_length", 8);
        if (cases[i].window >= 0)
            set(&g, arch, "attention.sliding_window",
                (uint32_t)cases[i].window);
        f = accepted(&g);
        if (layers_of(&f, LAYER_WINDOW) != cases[i].windowed)
            fail_msg("%s: %d layers", arch, layers_of(&f, LAYER_WINDOW));
        assert_int_equal(f.window, cases[i].seen);
        assert_int_equal(layers_of(&f, LAYER_FULL),
                         cases[i].layers - cases[i].windowed);
        model_facts_done(&f);
    }
}

static void test_a_pattern_in_the_file_goes_before_the_architectures(void **s)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)s;
    begin_model(&g, "gemma3", 5, 6);          /* a period */
    set(&g, "gemma3", "attention.head_count", 1);
    set(&g, "gemma3", "attention.key_length", 8);
    set(&g, "gemma3", "attention.value_length", 8);
    set(&g, "gemma3", "attention.sliding_window", 512);
    set(&g, "gemma3", "attention.sliding_window_pattern", 2);
    f = accepted(&g);
    assert_int_equal(layers_of(&f, LAYER_WINDOW), 3);
    model_facts_done(&f);

    begin_model(&g, "gemma4", 6, 4);          /* a list; and shared layers */
    set(&g, "gemma4", "attention.head_count", 1);
    set(&g, "gemma4", "attention.key_length", 8);
    set(&g, "gemma4", "attention.value_length", 8);
    set(&g, "gemma4", "attention.sliding_window", 512);
    set(&g, "gemma4", "attention.shared_kv_layers", 2);
    gguf_array(&g, "gemma4.attention.sliding_window_pattern", 7, 4);
    gguf_put(&g, "\1\0\1\0", 4);
    f = accepted(&g);
    assert_int_equal(layers_of(&f, LAYER_WINDOW), 1);
    assert_int_equal(layers_of(&f, LAYER_FULL), 1);
    assert_int_equal(layers_of(&f, LAYER_SHARED), 2);
    /* Of the shared ones, one reads the window's 1,024 cells. */
    assert_true(kv_bytes_read(&f, 5000, 2) ==
                2 * (5000 + 1024) * 16 * 2.0);
    model_facts_done(&f);
}

/* gemma3n: the engine gives a cache to the first 20 layers. */
static void test_layers_that_share_by_architecture(void **state)
{
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin_model(&g, "gemma3n", 4, 30);
    set(&g, "gemma3n", "attention.head_count", 1);
    set(&g, "gemma3n", "attention.key_length", 8);
    set(&g, "gemma3n", "attention.value_length", 8);
    set(&g, "gemma3n", "attention.sliding_window", 512);
    f = accepted(&g);
    assert_int_equal(layers_of(&f, LAYER_WINDOW), 16);
    assert_int_equal(layers_of(&f, LAYER_FULL), 4);
    assert_int_equal(layers_of(&f, LAYER_SHARED), 10);
    model_facts_done(&f);
}

/* ---- recurrent state --------------------------------------------------- */

static double state_of(struct gguf_file *g, int *recurrent, int *full)
{
    struct model_facts f = accepted(g);
    double             bytes = 0;

    *recurrent = layers_of(&f, LAYER_RECURRENT);
    *full = layers_of(&f, LAYER_FULL);
    for (size_t i = 0; i < f.n_groups; i++)
        if (f.groups[i].kind == LAYER_RECURRENT)
            bytes = f.groups[i].state_bytes;
    if (*full == 0 && *recurrent) {
        assert_true(f.kv_bytes_per_token == 0);
        assert_true(kv_bytes_at(&f, 99999, 2) == *recurrent * bytes);
        assert_true(kv_bytes_read(&f, 10, 2) == *recurrent * bytes);
    }
    model_facts_done(&f);
    return bytes;
}

static void test_state_of_purely_recurrent_models(void **state)
{
    struct gguf_file g;
    int              recurrent, full;

    (void)state;
    begin_model(&g, "mamba", 4, 24);          /* mamba-130m */
    set(&g, "mamba", "embedding_length", 768);
    set(&g, "mamba", "ssm.conv_kernel", 4);
    set(&g, "mamba", "ssm.inner_size", 1536);
    set(&g, "mamba", "ssm.state_size", 16);
    assert_true(state_of(&g, &recurrent, &full) ==
                4 * (3 * 1536 + 16 * 1536));
    assert_int_equal(recurrent, 24);

    begin_model(&g, "mamba2", 5, 24);         /* groups widen the inputs */
    set(&g, "mamba2", "embedding_length", 768);
    set(&g, "mamba2", "ssm.conv_kernel", 4);
    set(&g, "mamba2", "ssm.inner_size", 1536);
    set(&g, "mamba2", "ssm.state_size", 128);
    set(&g, "mamba2", "ssm.group_count", 1);
    assert_true(state_of(&g, &recurrent, &full) ==
                4 * (3 * (1536 + 2 * 128) + 128 * 1536));

    begin_model(&g, "rwkv7", 2, 12);
    set(&g, "rwkv7", "embedding_length", 768);
    set(&g, "rwkv7", "wkv.head_size", 64);
    assert_true(state_of(&g, &recurrent, &full) == 4 * 768 * (2 + 64));

    begin_model(&g, "rwkv6qwen2", 3, 12);     /* one shift instead of two */
    set(&g, "rwkv6qwen2", "embedding_length", 768);
    set(&g, "rwkv6qwen2", "wkv.head_size", 64);
    set(&g, "rwkv6qwen2", "token_shift_count", 1);
    assert_true(state_of(&g, &recurrent, &full) == 4 * 768 * (1 + 64));
    assert_int_equal(full, 0);

    begin_model(&g, "mamba", 1, 24);          /* which state? */
    set(&g, "mamba", "embedding_length", 768);
    assert_true(isnan(kv_of(&g)));
}

static void begin_hybrid(struct gguf_file *g, const char *arch, uint64_t keys,
                         uint32_t layers)
{
    begin_model(g, arch, keys + 8, layers);
    set(g, arch, "embedding_length", 64);
    set(g, arch, "attention.head_count", 4);
    set(g, arch, "attention.key_length", 16);
    set(g, arch, "attention.value_length", 16);
    set(g, arch, "ssm.conv_kernel", 4);
    set(g, arch, "ssm.inner_size", 128);
    set(g, arch, "ssm.state_size", 32);
    set(g, arch, "ssm.group_count", 2);
}

static void test_hybrids_say_in_different_ways_which_layers_attend(void **s)
{
    const double     expected = 4 * (3 * (128 + 2 * 2 * 32) + 32 * 128);
    struct gguf_file g;
    int              recurrent, full;

    (void)s;
    /* No heads for keys: recurrent. */
    begin_hybrid(&g, "granitehybrid", 1, 4);
    gguf_array_i32(&g, "granitehybrid.attention.head_count_kv", 4,
                   (int32_t[]){0, 0, 2, 0});
    assert_true(state_of(&g, &recurrent, &full) == expected);
    assert_int_equal(recurrent, 3);
    assert_int_equal(full, 1);

    /* And no feed-forward part either. */
    begin_hybrid(&g, "nemotron_h", 2, 4);
    gguf_array_i32(&g, "nemotron_h.attention.head_count_kv", 4,
                   (int32_t[]){0, 0, 2, 0});
    gguf_array_i32(&g, "nemotron_h.feed_forward_length", 4,
                   (int32_t[]){0, 99, 0, 99});
    assert_true(state_of(&g, &recurrent, &full) == expected);
    assert_int_equal(recurrent, 1);
    assert_int_equal(full, 1);

    /* Every fourth attends, though no key says so. */
    begin_hybrid(&g, "qwen3next", 0, 8);
    assert_true(state_of(&g, &recurrent, &full) == expected);
    assert_int_equal(recurrent, 6);
    assert_int_equal(full, 2);

    /* A list of them. */
    begin_hybrid(&g, "qwen35", 1, 4);
    gguf_array_i32(&g, "qwen35.attention.recurrent_layers", 4,
                   (int32_t[]){1, 0, 0, 0});
    assert_true(state_of(&g, &recurrent, &full) == expected);
    assert_int_equal(recurrent, 1);
    assert_int_equal(full, 3);

    /* Each layer does both. */
    begin_hybrid(&g, "falcon-h1", 0, 4);
    assert_true(state_of(&g, &recurrent, &full) == expected);
    assert_int_equal(recurrent, 4);
    assert_int_equal(full, 4);
}

static void test_state_of_short_convolutions_and_delta_attention(void **s)
{
    struct gguf_file g;
    int              recurrent, full;

    (void)s;
    begin_model(&g, "lfm2", 6, 4);
    set(&g, "lfm2", "embedding_length", 1024);
    set(&g, "lfm2", "attention.head_count", 16);
    set(&g, "lfm2", "attention.key_length", 64);
    set(&g, "lfm2", "attention.value_length", 64);
    set(&g, "lfm2", "shortconv.l_cache", 3);
    gguf_array_i32(&g, "lfm2.attention.head_count_kv", 4,
                   (int32_t[]){0, 0, 8, 0});
    assert_true(state_of(&g, &recurrent, &full) == 4 * 1024 * 2);
    assert_int_equal(recurrent, 3);
    assert_int_equal(full, 1);

    begin_model(&g, "kimi-linear", 6, 4);
    set(&g, "kimi-linear", "attention.head_count", 32);
    set(&g, "kimi-linear", "attention.key_length", 576);
    set(&g, "kimi-linear", "attention.value_length", 512);
    set(&g, "kimi-linear", "ssm.conv_kernel", 4);
    set(&g, "kimi-linear", "kda.head_dim", 128);
    gguf_array_i32(&g, "kimi-linear.attention.head_count_kv", 4,
                   (int32_t[]){0, 0, 0, 1});
    assert_true(state_of(&g, &recurrent, &full) ==
                4.0 * (3 * 3 * 32 * 128 + 128 * 128 * 32));
    assert_int_equal(recurrent, 3);
}

/* ---- what is allocated ------------------------------------------------- */

/* gemma-2-2b in its shape; the engine logged 208, 416 and 650 MiB. */
static void test_a_window_holds_what_fits_and_the_batch_beside_it(void **state)
{
    static const struct { int context; double mib; } cases[] = {
        {2048, 208}, {4096, 416}, {8192, 650}, {1, 26}, {256, 26}, {257, 52},
        {4608, 468}, {4609, 234 + 247},
    };
    struct gguf_file   g;
    struct model_facts f;

    (void)state;
    begin_model(&g, "gemma2", 5, 26);
    set(&g, "gemma2", "attention.head_count", 8);
    set(&g, "gemma2", "attention.head_count_kv", 4);
    set(&g, "gemma2", "attention.key_length", 256);
    set(&g, "gemma2", "attention.value_length", 256);
    set(&g, "gemma2", "attention.sliding_window", 4096);
    f = accepted(&g);
    assert_true(f.kv_bytes_per_token == 106496);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(kv_bytes_at(&f, cases[i].context, 2) ==
                    cases[i].mib * MIB);
    /* q8_0: blocks of 32 in 34 bytes. */
    assert_true(kv_bytes_at(&f, 8192, 34.0 / 32) == 650 * MIB * 34 / 64);
    assert_true(isnan(kv_bytes_at(&f, 0, 2)));
    assert_true(kv_bytes_read(&f, 0, 2) == 0);
    assert_true(kv_bytes_read(&f, 1000, 2) == 1000.0 * 106496);
    assert_true(kv_bytes_read(&f, 8192, 2) == 650 * MIB);
    assert_true(isnan(kv_bytes_read(&f, NAN, 2)));
    model_facts_done(&f);
}

/* Ten layers of ten sizes do not get lost in eight groups. */
static void test_more_sizes_than_groups_keep_their_sum(void **state)
{
    struct gguf_file   g;
    struct model_facts f;
    int32_t            heads[12];
    double             sum = 0;

    (void)state;
    for (int i = 0; i < 12; i++) {
        heads[i] = i % 11;
        sum += heads[i];
    }
    begin_hybrid(&g, "granitehybrid", 1, 12);
    gguf_array_i32(&g, "granitehybrid.attention.head_count_kv", 12, heads);
    f = accepted(&g);
    assert_true(f.n_groups <= LAYER_GROUPS_MAX);
    assert_int_equal(layers_of(&f, LAYER_FULL), 10);
    assert_int_equal(layers_of(&f, LAYER_RECURRENT), 2);
    assert_true(fabs(f.kv_bytes_per_token - sum * 32 * 2) < 1e-6);
    assert_int_equal(f.kv_heads, 10);
    model_facts_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kv_without_groups_counts_every_head),
        cmocka_unit_test(test_kv_of_layers_that_differ),
        cmocka_unit_test(test_kv_leaves_recurrent_and_sharing_layers_out),
        cmocka_unit_test(test_kv_of_windowed_and_latent_attention),
        cmocka_unit_test(test_layers_that_guess_ahead_are_not_the_models),
        cmocka_unit_test(test_kv_is_missing_without_what_it_follows_from),
        cmocka_unit_test(test_each_architectures_own_pattern_of_windows),
        cmocka_unit_test(
            test_a_pattern_in_the_file_goes_before_the_architectures),
        cmocka_unit_test(test_layers_that_share_by_architecture),
        cmocka_unit_test(test_state_of_purely_recurrent_models),
        cmocka_unit_test(
            test_hybrids_say_in_different_ways_which_layers_attend),
        cmocka_unit_test(test_state_of_short_convolutions_and_delta_attention),
        cmocka_unit_test(test_a_window_holds_what_fits_and_the_batch_beside_it),
        cmocka_unit_test(test_more_sizes_than_groups_keep_their_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
