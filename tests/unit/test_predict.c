/* SPDX-License-Identifier: MIT */
/* What a prediction promises whatever its constants are: parts that add up,
 * the direction of every effect, what a measurement of the user changes, and
 * a fit that can be checked against itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/catalogue.h"
#include "model/gguf.h"
#include "predict/predict.h"

#define MIB (1024.0 * 1024.0)

struct bench {
    struct boards           boards;
    struct catalogue        catalogue;
    struct speed_constants *constants;
    struct model_facts      small, large;
    struct device           orin, slow_orin, pi;
};

static void need(const struct bench *b, const char *name,
                 struct model_facts *out)
{
    const struct catalogue_model *m;
    struct err                    err = {0};
    char                          quant[32];

    m = catalogue_find(&b->catalogue, name, quant, sizeof quant);
    if (!m) fail_msg("%s is not in the catalogue", name);
    if (catalogue_facts(&b->catalogue, m, "Q4_K_M", out, &err))
        fail_msg("%s", err.text);
}

static void need_device(struct bench *b, const char *name, const char *mode,
                        struct device *out)
{
    struct err err = {0};

    if (device_find(&b->boards, name, mode, NAN, out, &err))
        fail_msg("%s", err.text);
}

static int make_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err    err = {0};

    if (boards_load(&b->boards, &err) || catalogue_load(&b->catalogue, &err) ||
        !(b->constants = speed_load(&err)))
        fail_msg("%s", err.text);
    need(b, "Llama-3.2-1B-Instruct", &b->small);
    need(b, "Llama-3.2-3B-Instruct", &b->large);
    need_device(b, "Jetson Orin NX 16GB", "MAXN_SUPER", &b->orin);
    need_device(b, "Jetson Orin NX 16GB", "15W", &b->slow_orin);
    need_device(b, "Raspberry Pi 5", NULL, &b->pi);
    *state = b;
    return 0;
}

static int free_bench(void **state)
{
    struct bench *b = *state;

    model_facts_done(&b->small);
    model_facts_done(&b->large);
    speed_free(b->constants);
    catalogue_done(&b->catalogue);
    boards_done(&b->boards);
    free(b);
    return 0;
}

static struct forecast ask(const struct bench *b, const struct model_facts *m,
                           const struct device *d, const struct question *q)
{
    struct forecast f;

    predict(b->constants, m, d, q, &f);
    return f;
}

static void assert_brackets(struct range r)
{
    assert_true(r.low > 0);
    assert_true(r.low <= r.value);
    assert_true(r.value <= r.high);
}

static void test_every_value_lies_in_its_interval(void **state)
{
    const struct bench  *b = *state;
    const struct device *devices[] = {&b->orin, &b->slow_orin, &b->pi};
    struct question      q;

    question_init(&q);
    for (size_t i = 0; i < 3; i++) {
        struct forecast f = ask(b, &b->small, devices[i], &q);
        assert_brackets(f.gen_tok_s);
        assert_brackets(f.served_tok_s);
        assert_brackets(f.prompt_tok_s);
        assert_brackets(f.ttft_s);
        assert_brackets(f.ttft_cold_s);
        assert_true(f.ttft_s.value < f.ttft_cold_s.value);
        assert_true(f.ttft_s.value < f.first_sentence_s.value);
        assert_brackets(f.first_sentence_s);
        assert_brackets(f.latency50_s);
        assert_brackets(f.cold_start_s);
        assert_true(f.served_tok_s.value <= f.gen_tok_s.value);
        assert_true(f.cold_start_s.value > f.ttft_cold_s.value);
    }
}

static void test_effects_point_the_way_they_must(void **state)
{
    const struct bench *b = *state;
    struct question     q, more;
    struct forecast     base, other;

    question_init(&q);
    base = ask(b, &b->small, &b->orin, &q);
    other = ask(b, &b->large, &b->orin, &q);        /* a larger model     */
    assert_true(other.gen_tok_s.value < base.gen_tok_s.value);
    assert_true(other.prompt_tok_s.value < base.prompt_tok_s.value);
    assert_true(other.memory.total > base.memory.total);
    other = ask(b, &b->small, &b->slow_orin, &q);   /* a slower mode      */
    assert_true(other.gen_tok_s.value < base.gen_tok_s.value);
    assert_true(other.latency50_s.value > base.latency50_s.value);
    more = q;
    more.prompt_tokens *= 3;                        /* a longer prompt    */
    other = ask(b, &b->small, &b->orin, &more);
    assert_true(other.ttft_cold_s.value > 2 * base.ttft_cold_s.value);
    assert_true(other.latency50_s.value > base.latency50_s.value);
    more = q;
    more.context *= 2;                              /* a larger context   */
    other = ask(b, &b->small, &b->orin, &more);
    assert_true(other.memory.kv > 1.9 * base.memory.kv);
}

/* A window of 4,096 tokens changes no arithmetic of 512, but llama-server then
 * reads the last tokens by themselves. */
static void test_a_cache_that_cannot_go_back_costs_a_prompt_one_more_pass(
    void **state)
{
    const struct bench *b = *state;
    struct question     q;
    struct model_facts  window, full;
    struct forecast     apart, whole;

    question_init(&q);
    need(b, "gemma-2-2b-it", &window);
    full = window;
    for (size_t i = 0; i < full.n_groups; i++)
        full.groups[i].kind = LAYER_FULL;
    apart = ask(b, &window, &b->orin, &q);
    whole = ask(b, &full, &b->orin, &q);
    assert_true(apart.prompt_tok_s.value < 0.98 * whole.prompt_tok_s.value);
    assert_true(apart.ttft_s.value > whole.ttft_s.value);
    assert_true(apart.latency50_s.value > whole.latency50_s.value);
    model_facts_done(&window);
}

static void test_what_the_user_measured_is_what_is_predicted(void **state)
{
    const struct bench *b = *state;
    struct question     q;
    struct forecast     plain, told;

    question_init(&q);
    plain = ask(b, &b->large, &b->orin, &q);
    assert_false(plain.is_calibrated);
    q.measured_tok_s = plain.served_tok_s.value * 0.8;
    told = ask(b, &b->large, &b->orin, &q);
    assert_true(told.is_calibrated);
    assert_true(fabs(told.served_tok_s.value / q.measured_tok_s - 1) < 1e-9);
    assert_true(told.latency50_s.value > plain.latency50_s.value);
    assert_true(told.served_tok_s.high - told.served_tok_s.low <
                plain.served_tok_s.high - plain.served_tok_s.low);
    /* The prompt was not measured. */
    assert_true(fabs(told.prompt_tok_s.value / plain.prompt_tok_s.value - 1) <
                1e-9);
}

static void test_scales_of_a_calibration_scale_times(void **state)
{
    const struct bench *b = *state;
    struct question     q;
    struct forecast     plain, scaled;

    question_init(&q);
    plain = ask(b, &b->large, &b->orin, &q);
    q.decode_scale = 2;
    q.prefill_scale = 3;
    scaled = ask(b, &b->large, &b->orin, &q);
    assert_true(fabs(plain.gen_tok_s.value / scaled.gen_tok_s.value - 2) <
                1e-9);
    assert_true(fabs(plain.prompt_tok_s.value / scaled.prompt_tok_s.value -
                     3) < 1e-9);
}

static void test_the_longest_context_that_is_named_fits_and_no_longer_one(
    void **state)
{
    const struct bench *b = *state;
    struct question     q;
    struct forecast     f;

    question_init(&q);
    q.context = 131072;
    q.reserve_bytes = 4096 * MIB;
    f = ask(b, &b->large, &b->orin, &q);
    assert_int_equal(f.fits, 0);
    assert_true(f.most_context > 0);
    assert_non_null(strstr(f.reason, "reserved for speech"));
    q.context = f.most_context;
    assert_int_equal(ask(b, &b->large, &b->orin, &q).fits, 1);
    q.context += 512;
    assert_int_equal(ask(b, &b->large, &b->orin, &q).fits, 0);
}

static void test_a_model_larger_than_the_memory_fits_at_no_context(
    void **state)
{
    const struct bench *b = *state;
    struct question     q;
    struct forecast     f;

    question_init(&q);
    q.available_bytes = (double)b->small.tensor_bytes - 1;
    f = ask(b, &b->small, &b->pi, &q);
    assert_int_equal(f.fits, 0);
    assert_int_equal(f.most_context, -1);
    assert_non_null(strstr(f.reason, "no context makes it fit"));
    q.available_bytes = NAN;
    q.reserve_bytes = 1e15;
    f = ask(b, &b->small, &b->pi, &q);
    assert_int_equal(f.fits, 0);
}

static void test_what_is_not_known_is_not_said(void **state)
{
    const struct bench *b = *state;
    struct question     q;
    struct model_facts  unknown;
    struct device       blank = b->pi;
    struct forecast     f;

    question_init(&q);
    gguf_unknown(&unknown);
    f = ask(b, &unknown, &b->orin, &q);
    assert_int_equal(f.fits, -1);
    assert_true(isnan(f.gen_tok_s.value));
    assert_true(isnan(f.memory.total));
    blank.bandwidth_bytes_s = blank.measured_bandwidth_bytes_s = NAN;
    f = ask(b, &b->small, &blank, &q);
    assert_true(isnan(f.gen_tok_s.value));
    assert_int_equal(f.fits, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value_lies_in_its_interval),
        cmocka_unit_test(test_effects_point_the_way_they_must),
        cmocka_unit_test(
            test_a_cache_that_cannot_go_back_costs_a_prompt_one_more_pass),
        cmocka_unit_test(test_what_the_user_measured_is_what_is_predicted),
        cmocka_unit_test(test_scales_of_a_calibration_scale_times),
        cmocka_unit_test(
            test_the_longest_context_that_is_named_fits_and_no_longer_one),
        cmocka_unit_test(
            test_a_model_larger_than_the_memory_fits_at_no_context),
        cmocka_unit_test(test_what_is_not_known_is_not_said),
    };

    return cmocka_run_group_tests(tests, make_bench, free_bench);
}
