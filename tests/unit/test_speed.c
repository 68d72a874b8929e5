/* SPDX-License-Identifier: MIT */
/* Times predicted from a model's header and a board's figures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue_fixture.h"
#include "predict/speed_constants.h"
#include "predict/table.h"
#include "temp_tree.h"

#define GB 1e9

struct world {
    struct catalogue       *catalogue;
    struct boards           boards;
    struct speed_constants *c;
};

static int setup(void **state)
{
    struct world *w = mem_new(1, sizeof *w);
    struct err    err = {0};

    if (catalogue_setup((void **)&w->catalogue)) return -1;
    if (boards_load(&w->boards, &err)) fail_msg("%s", err.text);
    w->c = speed_load(&err);
    if (!w->c) fail_msg("%s", err.text);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    catalogue_teardown((void **)&w->catalogue);
    boards_done(&w->boards);
    speed_free(w->c);
    free(w);
    return 0;
}

static struct device board(const struct world *w, const char *name,
                           const char *mode)
{
    struct device d;
    struct err    err = {0};

    if (device_find(&w->boards, name, mode, NAN, &d, &err))
        fail_msg("%s", err.text);
    return d;
}

static struct model_facts model(const struct world *w, const char *name,
                                const char *quant)
{
    struct model_facts m;
    struct err         err = {0};

    if (catalogue_facts(w->catalogue, model_named(w->catalogue, name), quant,
                        &m, &err))
        fail_msg("%s", err.text);
    return m;
}

static double decode(const struct world *w, const struct model_facts *m,
                     const struct device *d, double depth)
{
    return speed_decode_s(w->c, m, d, depth).value;
}

/* ---- the file ----------------------------------------------------------- */

static void test_every_constant_stayed_near_what_physics_says(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < CONSTANTS; i++) {
        const struct constant_info *k = &CONSTANT_INFO[i];

        if (fabs(log(w->c->value[i] / k->prior)) > 3 * k->spread)
            fail_msg("%s is %g, thought to be %g", k->name, w->c->value[i],
                     k->prior);
    }
}

/* speed_load() from a folder with this prediction.json. */
static struct speed_constants *load_text(const char *text, struct err *err)
{
    struct temp_tree t;
    char  *old = mem_copy(getenv("AUDITION_DATA"));
    struct speed_constants *c;

    assert_int_equal(temp_tree_init(&t), 0);
    if (text) temp_text(&t, "prediction.json", text);
    setenv("AUDITION_DATA", t.root, 1);
    c = speed_load(err);
    setenv("AUDITION_DATA", old, 1);
    temp_tree_done(&t);
    free(old);
    return c;
}

static void test_a_constant_that_is_missing_is_named(void **state)
{
    struct err err = {0};

    (void)state;
    assert_null(load_text("{\"constants\": {\"roof\": {\"value\": 3}}}", &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "\"bandwidth_share_nvidia\""));
    assert_non_null(strstr(err.text, "make fit"));
}

static void test_a_file_that_is_no_json_is_an_error(void **state)
{
    static const char *const texts[] = {"", "[", "[]", "null",
                                        "{\"constants\": 3}"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};

        assert_null(load_text(texts[i], &err));
        assert_int_equal(err.kind, ERR_INPUT);
    }
}

static void test_without_the_file_nothing_is_predicted(void **state)
{
    struct err err = {0};

    (void)state;
    assert_null(load_text(NULL, &err));
    assert_int_not_equal(err.kind, ERR_NONE);
}

/* ---- one token ---------------------------------------------------------- */

static void test_more_memory_bandwidth_never_slows(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin NX 16GB", "MAXN_SUPER"),
                  faster = d;
    struct model_facts m = model(w, "Llama-3.2-3B-Instruct", "Q4_K_M");

    faster.bandwidth_bytes_s *= 2;
    assert_true(decode(w, &m, &faster, 64) < decode(w, &m, &d, 64));
    model_facts_done(&m);
}

static void test_on_a_jetson_the_clock_bounds_a_small_model(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin Nano Super 8GB", "15W"),
                  wider = d, quicker = d;
    struct model_facts m = model(w, "Llama-3.2-1B-Instruct", "Q4_K_M");
    double now = decode(w, &m, &d, 64);

    wider.bandwidth_bytes_s *= 1.5;
    quicker.clock_hz *= 1.5;
    assert_true(decode(w, &m, &wider, 64) > 0.93 * now);
    assert_true(decode(w, &m, &quicker, 64) < 0.80 * now);
    model_facts_done(&m);
}

static void test_a_longer_conversation_is_slower(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin NX 16GB", NULL);
    struct model_facts m = model(w, "SmolLM2-1.7B-Instruct", "Q4_K_M");

    assert_true(decode(w, &m, &d, 4000) > 1.2 * decode(w, &m, &d, 64));
    model_facts_done(&m);
}

static void test_more_bytes_a_weight_are_slower_where_memory_decides(
    void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Apple M4", NULL);
    struct model_facts small = model(w, "Llama-3.2-3B-Instruct", "Q4_K_M"),
                       large = model(w, "Llama-3.2-3B-Instruct", "Q8_0");

    assert_true(decode(w, &large, &d, 64) > 1.4 * decode(w, &small, &d, 64));
    model_facts_done(&small);
    model_facts_done(&large);
}

static void test_a_mixture_costs_what_it_uses(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "DGX Spark", NULL);
    struct model_facts mixture = model(w, "Qwen3-30B-A3B", "Q4_K_M"),
                       dense = model(w, "Qwen2.5-32B-Instruct", "Q4_K_M");

    assert_true(decode(w, &mixture, &d, 64) < decode(w, &dense, &d, 64) / 3);
    model_facts_done(&mixture);
    model_facts_done(&dense);
}

/* The same model with heads of another size, all its layers' caches with it. */
static struct model_facts with_heads_of(struct model_facts m, double size)
{
    for (size_t i = 0; i < m.n_groups; i++)
        m.groups[i].key_elements = m.groups[i].value_elements =
            size * m.kv_heads;
    return m;
}

static void test_an_odd_head_size_costs_each_layer_on_cuda_alone(void **state)
{
    struct world *w = *state;
    struct device cuda = board(w, "H200", NULL),
                  rocm = board(w, "Radeon RX 7900 XT", NULL);
    struct model_facts odd = model(w, "Phi-3.5-mini-instruct", "Q4_K_M"),
                       even = with_heads_of(odd, 128), shared = odd;

    assert_int_equal(odd.head_size, 96);
    assert_true(decode(w, &odd, &cuda, 64) > 1.1 * decode(w, &even, &cuda, 64));
    assert_true(decode(w, &odd, &rocm, 64) < decode(w, &even, &rocm, 64));
    for (size_t i = 0; i < shared.n_groups; i++) {   /* another's cache */
        shared.groups[i].kind = LAYER_SHARED;
        shared.groups[i].key_elements = shared.groups[i].value_elements = 0;
    }
    assert_true(decode(w, &shared, &cuda, 64) < decode(w, &even, &cuda, 64));
    model_facts_done(&odd);
}

static void test_what_was_measured_here_counts_before_the_specification(
    void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Raspberry Pi 5 8GB", NULL), slower = d;
    struct model_facts m = model(w, "Llama-3.2-3B-Instruct", "Q4_K_M");

    slower.measured_bandwidth_bytes_s = d.bandwidth_bytes_s / 8;
    assert_true(decode(w, &m, &slower, 64) > 2 * decode(w, &m, &d, 64));
    model_facts_done(&m);
}

static void test_what_is_not_known_is_not_guessed(void **state)
{
    struct world *w = *state;
    struct device known = board(w, "Jetson Orin NX 16GB", NULL), d = known;
    struct model_facts m = model(w, "Llama-3.2-1B-Instruct", "Q4_K_M"),
                       empty = {.layers = -1, .embedding = -1};

    d.bandwidth_bytes_s = NAN;
    assert_true(isnan(decode(w, &m, &d, 64)));
    d = known;
    d.clock_hz = NAN;
    assert_true(isnan(decode(w, &m, &d, 64)));
    d = known;
    d.device_class = "toaster";
    assert_true(isnan(decode(w, &m, &d, 64)));
    assert_true(isnan(speed_prefill_s(w->c, &m, &d, 512, 0).value));
    d.device_class = NULL;
    assert_true(isnan(decode(w, &m, &d, 64)));
    d = known;
    d.fp16_flops = NAN;
    assert_true(isnan(speed_prefill_s(w->c, &m, &d, 512, 0).low));
    assert_true(isnan(decode(w, &empty, &known, 64)));
    assert_true(isnan(speed_prefill_s(w->c, &empty, &known, 512, 0).value));
    model_facts_done(&m);
}

/* ---- engines that are older --------------------------------------------- */

static void test_the_age_of_an_engine_is_read_from_its_version(void **state)
{
    static const struct { const char *version; enum engine_age age; } rows[] = {
        {"b4675", ENGINE_OLD}, {"b11434", ENGINE_CURRENT},
        {"2024-05", ENGINE_OLD}, {"2025-07", ENGINE_OLD},
        {"2025-08", ENGINE_CURRENT}, {"2025", ENGINE_OLD},
        {"2026", ENGINE_CURRENT},
        {"PR 6766 (2024-04, CUDA graphs)", ENGINE_OLD},
        {"2026-07/08 (not recorded)", ENGINE_CURRENT},
        {"b3622 (2024-08)", ENGINE_OLD}, {"57fe1f0", ENGINE_CURRENT},
        {"0.2024.1", ENGINE_CURRENT}, {"20240501", ENGINE_CURRENT},
        {"b", ENGINE_CURRENT}, {"", ENGINE_CURRENT}, {NULL, ENGINE_CURRENT},
        {"b99999999999999999999", ENGINE_CURRENT}, {"2025-", ENGINE_OLD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (speed_engine_age(rows[i].version) != rows[i].age)
            fail_msg("\"%s\" is taken for the other age", rows[i].version);
}

static void test_an_old_engine_is_slower(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "RTX 4090", NULL);
    struct model_facts m = model(w, "Llama-3.2-1B-Instruct", "Q4_K_M");

    assert_true(speed_decode_aged_s(w->c, &m, &d, 64, ENGINE_OLD).value >
                1.2 * decode(w, &m, &d, 64));
    model_facts_done(&m);
}

/* ---- prompts ------------------------------------------------------------ */

static void test_a_longer_prompt_takes_longer(void **state)
{
    static const char *const boards[] = {
        "Jetson Orin NX 16GB", "Raspberry Pi 5 8GB", "H200", "Apple M4",
        "GTX 1050 Ti", "Radeon RX 7900 XT", "Intel N100"};
    struct world *w = *state;
    struct model_facts m = model(w, "gemma-2-2b-it", "Q4_K_M");

    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        struct device d = board(w, boards[i], NULL);
        double before = 0;

        for (double n = 1; n <= 8192; n *= 2) {
            struct range r = speed_prefill_s(w->c, &m, &d, n, 0);

            assert_true(r.value > before);
            assert_true(r.low < r.value && r.value < r.high);
            before = r.value;
        }
        assert_true(speed_prefill_s(w->c, &m, &d, 512, 4000).value >
                    speed_prefill_s(w->c, &m, &d, 512, 0).value);
    }
    model_facts_done(&m);
}

static void test_starting_kernels_bounds_a_small_model_on_a_large_gpu(
    void **state)
{
    struct world *w = *state;
    struct device d = board(w, "H200", NULL), wider = d, quicker = d;
    struct model_facts m = model(w, "SmolLM2-135M-Instruct", "Q4_K_M");
    double now = speed_prefill_s(w->c, &m, &d, 512, 0).value;

    wider.bandwidth_bytes_s *= 2;
    quicker.clock_hz *= 2;
    assert_true(speed_prefill_s(w->c, &m, &wider, 512, 0).value > 0.85 * now);
    assert_true(speed_prefill_s(w->c, &m, &quicker, 512, 0).value < 0.75 * now);
    model_facts_done(&m);
}

static void test_packed_scales_slow_a_prompt_though_the_file_is_smaller(
    void **state)
{
    struct world *w = *state;
    struct device d = board(w, "RTX 4090", NULL);
    struct model_facts packed = model(w, "Llama-3.1-8B-Instruct", "Q4_K_M"),
                       plain = model(w, "Llama-3.1-8B-Instruct", "Q8_0");

    assert_true(speed_prefill_s(w->c, &packed, &d, 512, 0).value >
                1.05 * speed_prefill_s(w->c, &plain, &d, 512, 0).value);
    model_facts_done(&packed);
    model_facts_done(&plain);
}

static void test_no_prompt_takes_no_time(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin NX 16GB", NULL);
    struct model_facts m = model(w, "gemma-2-2b-it", "Q4_K_M");

    assert_true(speed_prefill_s(w->c, &m, &d, 0, 100).high == 0);
    model_facts_done(&m);
}

/* ---- intervals ---------------------------------------------------------- */

static double width(struct range r)
{
    return r.high / r.low;
}

static void test_what_is_unlike_the_measured_has_a_wider_interval(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin NX 16GB", NULL), strange = d;
    struct model_facts m = model(w, "Llama-3.2-3B-Instruct", "Q4_K_M"),
                       mixture = model(w, "granite-3.1-1b-a400m-instruct",
                                       "Q4_K_M"),
                       huge = m;
    struct range usual = speed_decode_s(w->c, &m, &d, 64);

    strange.architecture = "rubin";
    huge.weight_bytes_read_per_token *= 100;
    assert_true(usual.low < usual.value && usual.value < usual.high);
    assert_true(width(usual) > 1.1 && width(usual) < 2.5);
    assert_true(width(speed_decode_s(w->c, &m, &strange, 64)) > width(usual));
    assert_true(width(speed_decode_s(w->c, &mixture, &d, 64)) > width(usual));
    assert_true(width(speed_decode_s(w->c, &huge, &d, 64)) > width(usual));
    model_facts_done(&m);
    model_facts_done(&mixture);
}

/* ---- serving and loading ------------------------------------------------ */

static void test_serving_costs_more_with_more_words_and_a_slower_core(
    void **state)
{
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin NX 16GB", NULL), slow = d;
    struct model_facts few = model(w, "SmolLM2-1.7B-Instruct", "Q4_K_M"),
                       many = model(w, "gemma-2-2b-it", "Q4_K_M"),
                       none = {.vocabulary = 0}, unknown = {.vocabulary = -1};

    slow.cpu_clock_hz /= 2;
    assert_true(speed_serving_s(w->c, &many, &d) >
                2 * speed_serving_s(w->c, &few, &d));
    assert_true(speed_serving_s(w->c, &few, &slow) >
                1.9 * speed_serving_s(w->c, &few, &d));
    assert_true(speed_serving_s(w->c, &unknown, &d) ==
                speed_serving_s(w->c, &none, &d));
    model_facts_done(&few);
    model_facts_done(&many);
}

static void test_a_cold_start_is_slower_most_of_all_from_a_card(void **state)
{
    struct world *w = *state;
    struct device pi = board(w, "Raspberry Pi 5 8GB", NULL),
                  nx = board(w, "Jetson Orin NX 16GB", NULL);
    struct model_facts m = model(w, "Llama-3.2-3B-Instruct", "Q4_K_M");

    assert_true(speed_load_s(w->c, &m, &nx, false) >
                speed_load_s(w->c, &m, &nx, true));
    assert_true(speed_load_s(w->c, &m, &pi, false) >
                3 * speed_load_s(w->c, &m, &nx, false));
    model_facts_done(&m);
}

/* ---- against measurements ----------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* llama-bench tg128 and pp512 on an H200, whose figures are in no fit. */
static const struct {
    const char *model;
    double      tok_s, prompt_tok_s;
} h200[] = {
    {"SmolLM2-135M-Instruct", 896, 48893}, {"gemma-3-270m-it", 983, 62019},
    {"Qwen2-0.5B-Instruct", 861, 48166},
    {"Llama-3.2-1B-Instruct", 845, 40404},
    {"SmolLM2-1.7B-Instruct", 611, 23488}, {"gemma-2-2b-it", 386, 19828},
    {"Qwen2.5-3B-Instruct", 369, 15563}, {"stablelm-zephyr-3b", 326, 16528},
    {"Phi-3.5-mini-instruct", 327, 15391}, {"gemma-3-4b-it", 291, 13859},
    {"Qwen2.5-7B-Instruct", 253, 9909}};
#define H200_ROWS (sizeof h200 / sizeof *h200)

static void assert_off(double *off, double median, double worst)
{
    qsort(off, H200_ROWS, sizeof *off, by_value);
    if (off[H200_ROWS / 2] > median || off[H200_ROWS - 1] > worst)
        fail_msg("median error %.0f %%, worst %.0f %%",
                 100 * off[H200_ROWS / 2], 100 * off[H200_ROWS - 1]);
}

static void test_a_card_that_no_fit_has_seen_is_predicted(void **state)
{
    struct world *w = *state;
    struct device d = board(w, "H200", NULL);
    double off[H200_ROWS], prompt[H200_ROWS];

    for (size_t i = 0; i < H200_ROWS; i++) {
        struct model_facts m = model(w, h200[i].model, "Q4_K_M");

        off[i] = fabs(1 / decode(w, &m, &d, 64) / h200[i].tok_s - 1);
        prompt[i] = fabs(512 / speed_prefill_s(w->c, &m, &d, 512, 0).value /
                         h200[i].prompt_tok_s - 1);
        model_facts_done(&m);
    }
    assert_off(off, 0.10, 0.25);
    assert_off(prompt, 0.35, 0.50);
}

/* llama-bench tg128, 15 W, by one source; a run that goes astray shows. */
static void test_a_jetson_is_within_a_fifth(void **state)
{
    static const struct { const char *model; double tok_s; } rows[] = {
        {"Qwen2.5-0.5B-Instruct", 71.52}, {"Llama-3.2-1B-Instruct", 35.07},
        {"gemma-2-2b-it", 15.98}, {"Llama-3.2-3B-Instruct", 14.60},
        {"Phi-3.5-mini-instruct", 13.15}, {"Llama-3.1-8B-Instruct", 7.75}};
    struct world *w = *state;
    struct device d = board(w, "Jetson Orin Nano 8GB", "15W");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model_facts m = model(w, rows[i].model, "Q4_K_M");
        double tok_s = 1 / decode(w, &m, &d, 64);

        if (fabs(tok_s / rows[i].tok_s - 1) > 0.20)
            fail_msg("%s: %.1f predicted, %.1f measured", rows[i].model,
                     tok_s, rows[i].tok_s);
        model_facts_done(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_constant_stayed_near_what_physics_says),
        cmocka_unit_test(test_a_constant_that_is_missing_is_named),
        cmocka_unit_test(test_a_file_that_is_no_json_is_an_error),
        cmocka_unit_test(test_without_the_file_nothing_is_predicted),
        cmocka_unit_test(test_more_memory_bandwidth_never_slows),
        cmocka_unit_test(test_on_a_jetson_the_clock_bounds_a_small_model),
        cmocka_unit_test(test_a_longer_conversation_is_slower),
        cmocka_unit_test(
            test_more_bytes_a_weight_are_slower_where_memory_decides),
        cmocka_unit_test(test_a_mixture_costs_what_it_uses),
        cmocka_unit_test(
            test_an_odd_head_size_costs_each_layer_on_cuda_alone),
        cmocka_unit_test(
            test_what_was_measured_here_counts_before_the_specification),
        cmocka_unit_test(test_what_is_not_known_is_not_guessed),
        cmocka_unit_test(test_the_age_of_an_engine_is_read_from_its_version),
        cmocka_unit_test(test_an_old_engine_is_slower),
        cmocka_unit_test(test_a_longer_prompt_takes_longer),
        cmocka_unit_test(
            test_starting_kernels_bounds_a_small_model_on_a_large_gpu),
        cmocka_unit_test(
            test_packed_scales_slow_a_prompt_though_the_file_is_smaller),
        cmocka_unit_test(test_no_prompt_takes_no_time),
        cmocka_unit_test(test_what_is_unlike_the_measured_has_a_wider_interval),
        cmocka_unit_test(
            test_serving_costs_more_with_more_words_and_a_slower_core),
        cmocka_unit_test(test_a_cold_start_is_slower_most_of_all_from_a_card),
        cmocka_unit_test(test_a_card_that_no_fit_has_seen_is_predicted),
        cmocka_unit_test(test_a_jetson_is_within_a_fifth),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
