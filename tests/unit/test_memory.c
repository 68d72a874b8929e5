/* SPDX-License-Identifier: MIT */
/* Memory before the download, held against the engine: what it logged and
 * nvidia-smi showed on an H200 (build 11434, -ngl 99 -fa on -np 1), and what
 * its own planner says for other shapes (the same build asked for its buffer
 * sizes without allocating them). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "predict/memory.h"

#define MIB (1024.0 * 1024.0)

/* ---- models ------------------------------------------------------------ */

struct shape {
    const char *architecture;
    int    embedding, feed_forward, vocabulary, heads, kv_heads, head_size;
    int    experts, experts_used;
    int    full_layers, window_layers, window;
    bool   is_tied;
    double tensor_mib, embedding_mib;
};

static struct model_facts facts_of(const struct shape *s)
{
    double row = (double)s->kv_heads * s->head_size;
    struct model_facts m = {
        .architecture = (char *)(uintptr_t)s->architecture,
        .parameters = NAN, .layers = s->full_layers + s->window_layers,
        .embedding = s->embedding, .feed_forward = s->feed_forward,
        .vocabulary = s->vocabulary, .heads = s->heads,
        .kv_heads = s->kv_heads, .head_size = s->head_size,
        .experts = s->experts, .experts_used = s->experts_used,
        .window = s->window_layers ? s->window : -1, .is_tied = s->is_tied,
        .tensor_bytes = (uint64_t)(s->tensor_mib * MIB),
        .embedding_bytes = (uint64_t)(s->embedding_mib * MIB),
    };

    m.class_bytes[TENSOR_EMBEDDING] = m.embedding_bytes;
    if (s->full_layers)
        m.groups[m.n_groups++] = (struct layer_group){
            .kind = LAYER_FULL, .layers = s->full_layers,
            .key_elements = row, .value_elements = row};
    if (s->window_layers)
        m.groups[m.n_groups++] = (struct layer_group){
            .kind = LAYER_WINDOW, .layers = s->window_layers,
            .key_elements = row, .value_elements = row};
    return m;
}

static const struct shape llama_1b = {
    .architecture = "llama", .embedding = 2048, .feed_forward = 8192,
    .vocabulary = 128256, .heads = 32, .kv_heads = 8, .head_size = 64,
    .full_layers = 16, .is_tied = true, .tensor_mib = 762.81,
    .embedding_mib = 205.49};
static const struct shape gemma2_2b = {
    .architecture = "gemma2", .embedding = 2304, .feed_forward = 9216,
    .vocabulary = 256000, .heads = 8, .kv_heads = 4, .head_size = 256,
    .full_layers = 13, .window_layers = 13, .window = 4096, .is_tied = true,
    .tensor_mib = 1623.67, .embedding_mib = 461.43};

static struct device device_of(enum backend backend)
{
    return (struct device){
        .backend = backend, .is_unified = backend == BACKEND_CPU,
        .runtime_bytes = NAN, .units = NAN};
}

static struct memory_split split_of(const struct shape *s,
                                    enum backend backend, int context)
{
    struct model_facts  m = facts_of(s);
    struct device       d = device_of(backend);
    struct memory_split out;

    memory_predict(&m, &d, context, &out);
    return out;
}

static void assert_mib(double bytes, double mib, double tolerance)
{
    if (fabs(bytes / MIB - mib) > tolerance)
        fail_msg("%.3f MiB is not %.3f within %.3f", bytes / MIB, mib,
                 tolerance);
}

/* ---- against measurements ---------------------------------------------- */

static const struct {
    struct shape shape;
    struct {
        int    context;
        double kv, compute, host, loaded, after;
    } seen[3];
} h200[] = {
    {{.architecture = "llama", .embedding = 576, .feed_forward = 1536,
      .vocabulary = 49152, .heads = 9, .kv_heads = 3, .head_size = 64,
      .full_layers = 30, .is_tied = true, .tensor_mib = 98.87,
      .embedding_mib = 28.69},
     {{2048, 45.0, 15.51, 6.71, 748, 760},
      {4096, 90.0, 17.51, 8.71, 794, 806},
      {8192, 180.0, 21.51, 12.71, 888, 900}}},
    {{.architecture = "qwen2", .embedding = 896, .feed_forward = 4864,
      .vocabulary = 151936, .heads = 14, .kv_heads = 2, .head_size = 64,
      .full_layers = 24, .is_tied = true, .tensor_mib = 373.71,
      .embedding_mib = 137.94},
     {{2048, 24.0, 37.51, 9.60, 1022, 1036},
      {4096, 48.0, 39.51, 11.60, 1048, 1062},
      {8192, 96.0, 43.51, 15.60, 1100, 1114}}},
    {{.architecture = "llama", .embedding = 2048, .feed_forward = 8192,
      .vocabulary = 49152, .heads = 32, .kv_heads = 32, .head_size = 64,
      .full_layers = 24, .is_tied = true, .tensor_mib = 1005.01,
      .embedding_mib = 78.75},
     {{2048, 384.0, 66.01, 18.21, 2044, 2060},
      {4096, 768.0, 68.01, 20.21, 2430, 2446},
      {8192, 1536.0, 72.01, 24.21, 3202, 3218}}},
    {{.architecture = "gemma2", .embedding = 2304, .feed_forward = 9216,
      .vocabulary = 256000, .heads = 8, .kv_heads = 4, .head_size = 256,
      .full_layers = 13, .window_layers = 13, .window = 4096, .is_tied = true,
      .tensor_mib = 1623.67, .embedding_mib = 461.43},
     {{2048, 208.0, 76.02, 23.01, 2496, 2516},
      {4096, 416.0, 80.02, 27.01, 2708, 2728},
      {8192, 650.0, 84.52, 31.51, 2946, 2966}}},
    {{.architecture = "qwen2", .embedding = 2048, .feed_forward = 11008,
      .vocabulary = 151936, .heads = 16, .kv_heads = 2, .head_size = 128,
      .full_layers = 36, .is_tied = true, .tensor_mib = 1834.82,
      .embedding_mib = 243.43},
     {{2048, 72.0, 82.51, 18.60, 2578, 2596},
      {4096, 144.0, 84.51, 20.60, 2652, 2670},
      {8192, 288.0, 88.51, 24.60, 2800, 2818}}},
};
#define H200_MODELS (sizeof h200 / sizeof *h200)

static void test_parts_are_those_that_the_engine_logged(void **state)
{
    (void)state;
    for (size_t i = 0; i < H200_MODELS; i++)
        for (size_t j = 0; j < 3; j++) {
            struct memory_split s = split_of(&h200[i].shape, BACKEND_CUDA,
                                             h200[i].seen[j].context);
            assert_mib(s.weights, h200[i].shape.tensor_mib, 0.1);
            assert_mib(s.host_weights, h200[i].shape.embedding_mib, 0.1);
            assert_mib(s.kv, h200[i].seen[j].kv, 0.1);
            assert_mib(s.compute, h200[i].seen[j].compute, 0.1);
            assert_mib(s.host_compute, h200[i].seen[j].host, 0.1);
        }
}

static void test_gpu_process_is_within_half_a_percent_after_turns(void **state)
{
    struct device d = device_of(BACKEND_CUDA);

    (void)state;
    d.runtime_bytes = 588 * MIB;
    for (size_t i = 0; i < H200_MODELS; i++)
        for (size_t j = 0; j < 3; j++) {
            struct model_facts  m = facts_of(&h200[i].shape);
            struct memory_split s;
            memory_predict(&m, &d, h200[i].seen[j].context, &s);
            assert_mib(s.device_total, h200[i].seen[j].after,
                       0.005 * h200[i].seen[j].after);
            assert_mib(s.device_total, h200[i].seen[j].loaded,
                       0.03 * h200[i].seen[j].loaded);
        }
}

/* ---- against the engine's planner -------------------------------------- */

static const struct {
    const char  *name;
    struct shape shape;
    double gpu_2048, gpu_8192, cpu_2048;    /* compute buffer, MiB           */
} planned[] = {
    {"Mixtral 8x7B: two experts at once",
     {.architecture = "llama", .embedding = 4096, .feed_forward = 14336,
      .vocabulary = 32000, .heads = 32, .kv_heads = 8, .head_size = 128,
      .experts = 8, .experts_used = 2, .full_layers = 32},
     202.01, 208.01, 210.02},
    {"Qwen3 30B-A3B: experts' outputs wider than what they free",
     {.architecture = "qwen3moe", .embedding = 2048, .feed_forward = 768,
      .vocabulary = 151936, .heads = 32, .kv_heads = 4, .head_size = 128,
      .experts = 128, .experts_used = 8, .full_layers = 48},
     86.01, 92.01, 90.02},
    {"gpt-oss 20B: experts and windows",
     {.architecture = "gpt-oss", .embedding = 2880, .feed_forward = 2880,
      .vocabulary = 201088, .heads = 64, .kv_heads = 8, .head_size = 64,
      .experts = 32, .experts_used = 4, .full_layers = 12,
      .window_layers = 12, .window = 128},
     92.77, 98.77, 98.40},
    {"Nemotron Mini 4B: no gate",
     {.architecture = "nemotron", .embedding = 3072, .feed_forward = 9216,
      .vocabulary = 256000, .heads = 24, .kv_heads = 8, .head_size = 128,
      .full_layers = 32},
     44.01, 50.01, 50.02},
    {"Phi-3.5 mini: gate and up in one matrix",
     {.architecture = "phi3", .embedding = 3072, .feed_forward = 8192,
      .vocabulary = 32064, .heads = 32, .kv_heads = 32, .head_size = 96,
      .full_layers = 32},
     74.01, 80.01, 80.02},
    {"gemma 3 12B: five windows for each full layer",
     {.architecture = "gemma3", .embedding = 3840, .feed_forward = 15360,
      .vocabulary = 262144, .heads = 16, .kv_heads = 8, .head_size = 256,
      .full_layers = 8, .window_layers = 40, .window = 1024, .is_tied = true},
     123.52, 129.52, 131.03},
    {"Qwen3 0.6B: a vocabulary far wider than its layers",
     {.architecture = "qwen3", .embedding = 1024, .feed_forward = 3072,
      .vocabulary = 151936, .heads = 16, .kv_heads = 8, .head_size = 128,
      .full_layers = 28, .is_tied = true},
     28.01, 34.01, 30.02},
    {"StableLM Zephyr 3B",
     {.architecture = "stablelm", .embedding = 2560, .feed_forward = 6912,
      .vocabulary = 50304, .heads = 32, .kv_heads = 32, .head_size = 80,
      .full_layers = 32},
     62.51, 68.51, 67.52},
    {"LFM2 8B-A1B: a dense layer of 7168 beside experts of 1792",
     {.architecture = "lfm2moe", .embedding = 2048, .feed_forward = 1792,
      .vocabulary = 65536, .heads = 32, .kv_heads = 8, .head_size = 64,
      .experts = 32, .experts_used = 4, .full_layers = 6, .is_tied = true},
     60.01, 66.01, 64.02},
};
#define PLANNED (sizeof planned / sizeof *planned)

static void test_other_shapes_are_as_the_engine_plans_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANNED; i++) {
        struct model_facts m = facts_of(&planned[i].shape);
        print_message("%s\n", planned[i].name);
        assert_mib(compute_device_bytes(&m, BACKEND_CUDA, 2048),
                   planned[i].gpu_2048, 0.1);
        assert_mib(compute_device_bytes(&m, BACKEND_CUDA, 8192),
                   planned[i].gpu_8192, 0.1);
        assert_mib(compute_device_bytes(&m, BACKEND_CPU, 2048),
                   planned[i].cpu_2048, 0.1);
    }
}

/* A narrow feed-forward beside 4096 queries and 512 keys and values. */
static void test_wide_attention_is_the_widest_moment(void **state)
{
    struct shape s = {.architecture = "llama", .embedding = 2048,
        .feed_forward = 256, .vocabulary = 32000, .heads = 32, .kv_heads = 4,
        .head_size = 128, .full_layers = 8};
    struct model_facts m = facts_of(&s);

    (void)state;
    assert_mib(compute_device_bytes(&m, BACKEND_CUDA, 2048), 34.01, 4);
}

/* mamba2 2.7B: no attention, a state of fixed size. */
static void test_a_recurrent_model_does_not_grow_with_the_context(void **state)
{
    struct shape s = {.architecture = "mamba2", .embedding = 2560,
        .feed_forward = 0, .vocabulary = 50288, .is_tied = true,
        .tensor_mib = 1488.76, .embedding_mib = 100.71};
    struct model_facts m = facts_of(&s);
    double at_2048;

    (void)state;
    m.n_groups = 1;
    m.groups[0] = (struct layer_group){.kind = LAYER_RECURRENT, .layers = 64,
        .state_bytes = 4.0 * (128 * 5120 + 3 * (5120 + 256))};
    m.parameters = 2.7024e9;
    m.class_bytes[TENSOR_RECURRENT] = (uint64_t)(1387.4 * MIB);
    at_2048 = compute_device_bytes(&m, BACKEND_CUDA, 2048);
    assert_mib(at_2048, 74.22, 4);
    assert_true(compute_device_bytes(&m, BACKEND_CUDA, 32768) == at_2048);
}

/* MiniCPM3 4B: keys of 96 and values of 64, which ggml-cuda has no kernel
 * for: 40 heads' scores stand in memory. */
static void test_heads_without_a_kernel_pay_for_their_scores(void **state)
{
    struct shape s = {.architecture = "minicpm3", .embedding = 2560,
        .feed_forward = 6400, .vocabulary = 73448, .heads = 40, .kv_heads = 40,
        .head_size = 96, .full_layers = 62, .is_tied = true};
    struct model_facts m = facts_of(&s);
    double gpu, cpu;

    (void)state;
    m.groups[0].value_elements = 40 * 64;
    gpu = compute_device_bytes(&m, BACKEND_CUDA, 8192);
    cpu = compute_device_bytes(&m, BACKEND_CPU, 8192);
    assert_mib(gpu, 731.01, 0.05 * 731);
    assert_mib(cpu, 70.52, 0.1);
}

/* gemma 4 E2B: 256 columns of each of 35 layers live through the batch. */
static void test_embeddings_of_each_layer_stay_for_the_whole_batch(void **state)
{
    struct shape s = {.architecture = "gemma4", .embedding = 1536,
        .feed_forward = 12288, .vocabulary = 262144, .heads = 8,
        .kv_heads = 1, .head_size = 512, .full_layers = 3,
        .window_layers = 12, .window = 512, .is_tied = true,
        .tensor_mib = 2593.06, .embedding_mib = 315.0};
    struct model_facts m = facts_of(&s);

    (void)state;
    m.class_bytes[TENSOR_EMBEDDING] = (uint64_t)(2152.5 * MIB);
    assert_mib(compute_device_bytes(&m, BACKEND_CPU, 2048), 107.53, 0.1);
}

/* ---- rules ------------------------------------------------------------- */

static void test_a_tied_embedding_is_held_twice_by_a_gpu_only(void **state)
{
    struct memory_split gpu = split_of(&llama_1b, BACKEND_CUDA, 2048);
    struct memory_split cpu = split_of(&llama_1b, BACKEND_CPU, 2048);
    struct shape        untied = llama_1b, bitnet = llama_1b;

    (void)state;
    assert_mib(gpu.weights, 762.81, 0.01);
    assert_mib(gpu.host_weights, 205.49, 0.01);
    assert_mib(cpu.weights, 762.81, 0.01);
    assert_true(cpu.host_weights == 0);
    untied.is_tied = false;
    assert_mib(split_of(&untied, BACKEND_CUDA, 2048).weights,
               762.81 - 205.49, 0.01);
    bitnet.architecture = "bitnet";
    assert_mib(split_of(&bitnet, BACKEND_CUDA, 2048).weights,
               762.81 - 205.49, 0.01);
}

static void test_total_is_what_speech_cannot_have(void **state)
{
    struct model_facts  m = facts_of(&llama_1b);
    struct device       d = device_of(BACKEND_CUDA);
    struct memory_split apart, shared;

    (void)state;
    memory_predict(&m, &d, 2048, &apart);
    d.is_unified = true;
    memory_predict(&m, &d, 2048, &shared);
    assert_true(apart.total == apart.device_total);
    assert_true(isnan(shared.device_total));
    assert_mib(shared.total, (shared.weights + shared.host_weights +
                              shared.kv + shared.compute +
                              shared.host_compute + shared.runtime) / MIB,
               0.001);
    assert_true(shared.runtime > apart.runtime);   /* the process counts too */
}

static void test_metal_maps_a_tied_embedding_once(void **state)
{
    struct model_facts  m = facts_of(&llama_1b);
    struct device       d = device_of(BACKEND_METAL);
    struct memory_split s;

    (void)state;
    d.is_unified = true;
    memory_predict(&m, &d, 2048, &s);
    assert_mib(s.total, (s.weights + s.kv + s.compute + s.host_compute +
                         s.runtime) / MIB, 0.001);
}

/* Anonymous memory after 700 tokens of prompt, the mapped weights and the
 * program: 230 MiB of llama-server with SmolLM2-135M Q4_1 at 4096. */
static void test_a_cpu_process_is_as_measured(void **state)
{
    struct shape s = h200[0].shape;

    (void)state;
    s.tensor_mib = 92.1;
    assert_mib(split_of(&s, BACKEND_CPU, 4096).total, 230, 0.05 * 230);
}

static void test_known_runtime_replaces_the_default(void **state)
{
    struct model_facts  m = facts_of(&llama_1b);
    struct device       d = device_of(BACKEND_CUDA);
    struct memory_split small, large, known;

    (void)state;
    d.units = 8;
    memory_predict(&m, &d, 2048, &small);
    d.units = 132;
    memory_predict(&m, &d, 2048, &large);
    d.runtime_bytes = 100 * MIB;
    memory_predict(&m, &d, 2048, &known);
    assert_mib(large.runtime - small.runtime, 298, 1);
    assert_mib(large.runtime - known.runtime, 488, 1);
}

static void test_contexts_are_padded_to_256_cells(void **state)
{
    struct memory_split a = split_of(&gemma2_2b, BACKEND_CUDA, 2049);
    struct memory_split b = split_of(&gemma2_2b, BACKEND_CUDA, 2304);
    struct memory_split c = split_of(&gemma2_2b, BACKEND_CUDA, 2305);

    (void)state;
    assert_true(a.kv == b.kv && a.total == b.total);
    assert_true(c.kv > b.kv && c.compute > b.compute);
}

static void test_a_context_below_the_batch_makes_the_batch_smaller(void **state)
{
    struct memory_split tiny = split_of(&llama_1b, BACKEND_CUDA, 256);
    struct memory_split full = split_of(&llama_1b, BACKEND_CUDA, 512);

    (void)state;
    assert_mib(tiny.compute, 32.0 + 256 * 256 * 2 / MIB, 0.01);
    assert_mib(full.compute, 64.0 + 512 * 512 * 2 / MIB, 0.01);
}

static void test_memory_never_shrinks_as_the_context_grows(void **state)
{
    static const enum backend all[] = {BACKEND_CPU, BACKEND_CUDA,
                                       BACKEND_METAL, BACKEND_VULKAN,
                                       BACKEND_ROCM};

    (void)state;
    for (size_t i = 0; i < PLANNED; i++)
        for (size_t b = 0; b < sizeof all / sizeof *all; b++) {
            struct shape s = planned[i].shape;
            double before = 0;
            s.tensor_mib = 1000;
            for (int context = 1; context <= 65536; context *= 2) {
                double now = split_of(&s, all[b], context).total;
                assert_true(now >= before);
                before = now;
            }
        }
}

static void test_the_largest_piece_is_the_weights_until_the_cache_is(void **s)
{
    (void)s;
    assert_mib(split_of(&llama_1b, BACKEND_CUDA, 2048).largest_allocation,
               762.81, 0.01);
    assert_mib(split_of(&llama_1b, BACKEND_CUDA, 65536).largest_allocation,
               2048, 0.01);
    assert_mib(split_of(&llama_1b, BACKEND_VULKAN, 65536).largest_allocation,
               1024, 0.01);
}

static void test_what_is_not_known_is_missing_and_not_zero(void **state)
{
    struct model_facts  m = facts_of(&llama_1b), without_cache = m,
                        without_widths = m, without_tensors = m;
    struct device       d = device_of(BACKEND_CUDA);
    struct memory_split s;

    (void)state;
    without_cache.n_groups = 0;
    memory_predict(&without_cache, &d, 2048, &s);
    assert_true(isnan(s.kv) && isnan(s.total) && isnan(s.device_total));
    assert_true(isnan(s.largest_allocation));
    assert_mib(s.weights, 762.81, 0.01);
    without_widths.embedding = -1;
    memory_predict(&without_widths, &d, 2048, &s);
    assert_true(isnan(s.compute) && isnan(s.host_compute) && isnan(s.total));
    without_tensors.tensor_bytes = 0;
    memory_predict(&without_tensors, &d, 2048, &s);
    assert_true(isnan(s.weights) && isnan(s.total));
    memory_predict(&m, &d, 0, &s);
    assert_true(isnan(s.kv) && isnan(s.compute) && isnan(s.total));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_those_that_the_engine_logged),
        cmocka_unit_test(test_gpu_process_is_within_half_a_percent_after_turns),
        cmocka_unit_test(test_other_shapes_are_as_the_engine_plans_them),
        cmocka_unit_test(test_wide_attention_is_the_widest_moment),
        cmocka_unit_test(test_a_recurrent_model_does_not_grow_with_the_context),
        cmocka_unit_test(test_heads_without_a_kernel_pay_for_their_scores),
        cmocka_unit_test(
            test_embeddings_of_each_layer_stay_for_the_whole_batch),
        cmocka_unit_test(test_a_tied_embedding_is_held_twice_by_a_gpu_only),
        cmocka_unit_test(test_total_is_what_speech_cannot_have),
        cmocka_unit_test(test_metal_maps_a_tied_embedding_once),
        cmocka_unit_test(test_a_cpu_process_is_as_measured),
        cmocka_unit_test(test_known_runtime_replaces_the_default),
        cmocka_unit_test(test_contexts_are_padded_to_256_cells),
        cmocka_unit_test(
            test_a_context_below_the_batch_makes_the_batch_smaller),
        cmocka_unit_test(test_memory_never_shrinks_as_the_context_grows),
        cmocka_unit_test(
            test_the_largest_piece_is_the_weights_until_the_cache_is),
        cmocka_unit_test(test_what_is_not_known_is_missing_and_not_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
