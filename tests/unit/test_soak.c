/* SPDX-License-Identifier: MIT */
/* What a soak amounts to: the test for drift on series whose truth is known,
 * and the summary of recorded passes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "soak.h"
#include "stats.h"

#define MIB  (1024.0 * 1024)
#define SEEDS 100

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b) + 1e-12;
}

/* ---- series whose truth is known ----------------------------------------- */

/* SplitMix64, Steele et al. 2014; 0 < u < 1. */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
    return stats_normal_quantile(uniform(state));
}

enum shape { WHITE, LOUD, LEAK, STEP, WARM_UP, HEAVY, TIES, SLOWDOWN,
             CORRELATED, SHAPES };

static const struct {
    const char      *name;
    enum steadiness  is;
    int              least;       /* right verdicts in 100                  */
} truths[SHAPES] = {
    [WHITE] = {"white noise of 1.5 %", STEADY, 95},
    [LOUD] = {"white noise of 30 %", STEADY_UNKNOWN, 95},
    [LEAK] = {"a leak of 12 % an hour", DRIFTING, 95},
    [STEP] = {"clocks cut by 15 % after 40 %", STEADY, 95},
    [WARM_UP] = {"a warm-up that saturates", STEADY, 95},
    [HEAVY] = {"noise with outliers of hundreds", STEADY, 95},
    [TIES] = {"values in steps", STEADY, 95},
    [SLOWDOWN] = {"slower and slower", DRIFTING, 95},
    [CORRELATED] = {"noise that wanders", STEADY, 95},
};

/* One hour of n points. */
static void make(enum shape shape, uint64_t seed, double *at_s, double *value,
                 size_t n)
{
    uint64_t state = seed * 7919 + (uint64_t)shape;
    double   wander = 0;

    for (size_t i = 0; i < n; i++) {
        double u = (double)i / (double)(n - 1), z = normal(&state);

        at_s[i] = 3600 * (u + 0.2 * uniform(&state) / (double)n);
        wander = 0.7 * wander + z;
        switch (shape) {
        case WHITE: value[i] = 40 * (1 + 0.015 * z); break;
        case LOUD: value[i] = 40 * fmax(1 + 0.3 * z, 0.1); break;
        case LEAK: value[i] = 3e9 * (1 + 0.12 * u + 0.005 * z); break;
        case STEP: value[i] = (u < 0.4 ? 40 : 34) * (1 + 0.01 * z); break;
        case WARM_UP:
            value[i] = 40 * (1 - 0.3 * exp(-u / 0.08) + 0.01 * z);
            break;
        case HEAVY:
            value[i] = 40 * (1 + 0.005 * z / (uniform(&state) + 1e-3));
            break;
        case TIES: value[i] = 40 + (z > 1.5) - (z < -1.5); break;
        case SLOWDOWN: value[i] = 40 * (1 - 0.2 * u * u + 0.02 * z); break;
        case CORRELATED: value[i] = 40 * (1 + 0.005 * wander); break;
        case SHAPES: break;
        }
    }
}

static void test_the_verdict_is_right_in_95_of_100(void **state)
{
    enum { N = 300 };
    double at_s[N], value[N];

    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        int right = 0, drifting = 0;

        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct drift d;

            make((enum shape)shape, seed, at_s, value, N);
            drift_of(at_s, value, N, SOAK_MARGIN, false, &d);
            assert_int_equal(d.n, N);
            right += d.is == truths[shape].is;
            drifting += d.is == DRIFTING;
        }
        print_message("%s: %d of %d right, %d drifting\n", truths[shape].name,
                      right, SEEDS, drifting);
        assert_true(right >= truths[shape].least);
        assert_true(truths[shape].is == DRIFTING || drifting <= 5);
    }
}

/* Whatever the length and the noise, noise alone hardly ever drifts. */
static void test_noise_alone_does_not_drift(void **state)
{
    static const size_t lengths[] = {10, 12, 20, 40, 100};
    static const double noises[] = {0.005, 0.02, 0.05, 0.2};
    double at_s[100], value[100];

    (void)state;
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t k = 0; k < sizeof noises / sizeof *noises; k++) {
            int drifting = 0;

            for (uint64_t seed = 1; seed <= 10 * SEEDS; seed++) {
                uint64_t     random = seed * 31 + k;
                struct drift d;

                for (size_t i = 0; i < lengths[l]; i++) {
                    at_s[i] = (double)i;
                    value[i] = 1 + noises[k] * normal(&random);
                }
                drift_of(at_s, value, lengths[l], SOAK_MARGIN, false, &d);
                drifting += d.is == DRIFTING;
            }
            if (drifting > SEEDS / 2)
                fail_msg("%zu points of noise %g: %d of 1000 drift", lengths[l],
                         noises[k], drifting);
        }
}

static void test_a_day_of_points_is_judged_like_an_hour(void **state)
{
    enum { N = 100000 };
    double *at_s = mem_new(N, sizeof *at_s);
    double *value = mem_new(N, sizeof *value);

    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        struct drift d;

        if (shape == LOUD) continue;     /* so many points tell even that */
        make((enum shape)shape, 1, at_s, value, N);
        drift_of(at_s, value, N, SOAK_MARGIN, false, &d);
        assert_int_equal(d.is, truths[shape].is);
    }
    free(at_s);
    free(value);
}

/* ---- one quantity -------------------------------------------------------- */

static void test_a_straight_line_is_told_exactly(void **state)
{
    double       at_s[40], value[40];
    struct drift d;

    (void)state;
    for (int i = 0; i < 40; i++) {
        at_s[i] = 90.0 * i;
        value[i] = 100 + i;
    }
    drift_of(at_s, value, 40, 0.02, false, &d);
    assert_true(near(d.first, 101.5) && near(d.last, 137.5));
    assert_true(near(d.change, 137.5 / 101.5 - 1));
    assert_true(near(d.slope_per_h, 40) && near(d.slope_low, 40));
    assert_int_equal(d.is, DRIFTING);
    drift_of(at_s, value, 40, 20, true, &d);
    assert_true(near(d.change, 36));
    assert_int_equal(d.is, STEADY);
}

static void test_order_and_holes_do_not_matter(void **state)
{
    double       at_s[60], value[60], back_s[64], back[64];
    struct drift d, e;

    (void)state;
    make(LEAK, 3, at_s, value, 60);
    for (int i = 0; i < 60; i++) {
        back_s[59 - i] = at_s[i];
        back[59 - i] = value[i];
    }
    back_s[60] = NAN, back[60] = 1;
    back_s[61] = 1, back[61] = NAN;
    back_s[62] = INFINITY, back[62] = 1;
    back_s[63] = 1, back[63] = -INFINITY;
    drift_of(at_s, value, 60, 0.02, false, &d);
    drift_of(back_s, back, 64, 0.02, false, &e);
    assert_true(near(d.first, e.first) && near(d.last, e.last));
    assert_true(near(d.slope_low, e.slope_low));
    assert_true(near(d.slope_high, e.slope_high));
    assert_int_equal(d.n, e.n);
}

static void test_few_points_are_no_verdict(void **state)
{
    static const double at_s[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const double value[] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    struct drift d;

    (void)state;
    for (size_t n = 0; n <= 10; n++) {
        drift_of(at_s, value, n, 0.02, false, &d);
        assert_int_equal(d.n, n);
        assert_int_equal(d.is, n < 10 ? STEADY_UNKNOWN : STEADY);
        assert_int_equal(isnan(d.first), n < 3);
        assert_int_equal(isnan(d.slope_low), n < 10);
    }
}

static void test_points_of_one_moment_or_of_all_times_are_no_verdict(
    void **state)
{
    double       at_s[20], value[20];
    struct drift d;

    (void)state;
    for (int i = 0; i < 20; i++) {
        at_s[i] = 7;
        value[i] = i;
    }
    drift_of(at_s, value, 20, 0.02, false, &d);
    assert_int_equal(d.is, STEADY_UNKNOWN);
    for (int i = 0; i < 20; i++) at_s[i] = i % 2 ? 1.7e308 : -1.7e308;
    drift_of(at_s, value, 20, 0.02, false, &d);
    assert_int_equal(d.n, 20);
}

/* ---- a whole soak -------------------------------------------------------- */

/* What the i-th of n turns was like. */
typedef void (*turn_fn)(int i, int n, struct trial *t);

static struct soak_facts soak(turn_fn turn, int n, double every_s)
{
    struct soak_series *s = soak_new();
    struct soak_facts   f;

    assert_false(soak_is_any(s));
    for (int i = 0; i < n; i += SOAK_QUESTIONS) {
        struct trial t = {.n_turns = 0};

        if (i == 0) trial_observe(&t, SOAK_START, 1);
        for (int q = 0; q < SOAK_QUESTIONS && i + q < n; q++) {
            trial_observe(&t, SOAK_AT, every_s * (i + q + 1));
            trial_observe(&t, SOAK_QUESTION, q);
            turn(i + q, n, &t);
        }
        soak_add(s, &t);
        trial_done(&t);
    }
    soak_summarise(s, 600, &f);
    soak_free(s);
    soak_free(NULL);
    return f;
}

/* Questions differ five-fold in how long they are answered. */
static void steady_turn(int i, int n, struct trial *t)
{
    (void)n;
    trial_observe(t, SOAK_TOK_S, 40 - i % 5);
    trial_observe(t, SOAK_LATENCY, 0.5 * (1 + i % 5));
    trial_observe(t, SOAK_MEMORY, 2000 * MIB);
    trial_observe(t, SOAK_TEMP, 60 + i % 2);
    trial_observe(t, SOAK_POWER, 12 + i % 5);
    trial_observe(t, SOAK_ANSWER, i == 7 || i == 9);
    if (i == 11) trial_observe(t, SOAK_FAILED, 1);
}

static void test_a_steady_soak_is_told_as_one(void **state)
{
    struct soak_facts f = soak(steady_turn, 100, 6);

    (void)state;
    assert_int_equal(f.is, STEADY);
    assert_string_equal(f.reason, "");
    assert_true(near(f.duration_s, 600) && near(f.wanted_s, 600));
    assert_int_equal(f.turns, 100);
    assert_int_equal(f.failures, 1);
    assert_true(near(f.failures_per_1000, 10));
    assert_true(near(f.failures_low, 1e3 * stats_wilson(1, 100, 0.95).low));
    assert_int_equal(f.answers, 100);
    assert_int_equal(f.different, 2);
    assert_int_equal(f.starts, 1);
    assert_true(near(f.time_to_steady_s, 0));
    assert_true(near(f.growth_bytes_per_1000, 0));
    assert_int_equal(f.latency.is, STEADY);
    assert_int_equal(f.temp.is, STEADY);
    assert_int_equal(f.power.is, STEADY);
    assert_true(near(f.tok_s.change, 0));
}

static void throttled_turn(int i, int n, struct trial *t)
{
    trial_observe(t, SOAK_TOK_S, (40 - i % 5) * (i < n * 2 / 5 ? 1 : 0.8));
    trial_observe(t, SOAK_MEMORY, 2000 * MIB);
}

static void test_a_soak_that_was_throttled_is_steady_from_then_on(void **state)
{
    struct soak_facts f = soak(throttled_turn, 200, 3);

    (void)state;
    assert_int_equal(f.is, STEADY);
    assert_true(fabs(f.tok_s.change + 0.2) < 0.01);
    assert_true(f.time_to_steady_s > 200 && f.time_to_steady_s < 300);
}

static void leaking_turn(int i, int n, struct trial *t)
{
    (void)n;
    trial_observe(t, SOAK_TOK_S, 40 - i % 5);
    trial_observe(t, SOAK_MEMORY, (2000 + i) * MIB);
}

static void test_a_leak_is_counted_in_turns(void **state)
{
    struct soak_facts f = soak(leaking_turn, 400, 3);

    (void)state;
    assert_int_equal(f.is, DRIFTING);
    assert_int_equal(f.tok_s.is, STEADY);
    assert_int_equal(f.memory.is, DRIFTING);
    assert_true(fabs(f.growth_bytes_per_1000 / (1000 * MIB) - 1) < 0.02);
    assert_true(isnan(f.time_to_steady_s));
    assert_string_equal(f.reason, "memory grows by 8.4 % in the second half "
                                  "(2.0 % is allowed)");
}

static void small_leak_turn(int i, int n, struct trial *t)
{
    trial_observe(t, SOAK_TOK_S, 40);
    trial_observe(t, SOAK_MEMORY, (200 + 30.0 * i / n) * MIB);
}

static void test_a_little_memory_is_allowed_to_a_small_model(void **state)
{
    struct soak_facts f = soak(small_leak_turn, 100, 6);

    (void)state;
    assert_int_equal(f.memory.is, STEADY);       /* 15 MiB: 7 % of it */
    assert_int_equal(f.is, STEADY);
}

static void remote_turn(int i, int n, struct trial *t)
{
    (void)n;
    trial_observe(t, SOAK_TOK_S, 40 - i % 5);
}

static void test_what_was_not_observed_is_named(void **state)
{
    struct soak_facts f = soak(remote_turn, 100, 6);

    (void)state;
    assert_int_equal(f.is, STEADY_UNKNOWN);
    assert_string_equal(f.reason, "memory was not observed");
    assert_int_equal(f.memory.n, 0);
    assert_int_equal(f.answers, 0);
    f = soak(remote_turn, 7, 6);
    assert_non_null(strstr(f.reason, "speed was observed 7 times"));
}

static void test_no_soak_is_no_figure(void **state)
{
    struct soak_facts f = soak(steady_turn, 0, 6);

    (void)state;
    assert_int_equal(f.turns, 0);
    assert_true(isnan(f.duration_s) && isnan(f.failures_per_1000));
    assert_true(isnan(f.failures_high) && isnan(f.growth_bytes_per_1000));
    assert_int_equal(f.is, STEADY_UNKNOWN);
}

static void test_a_second_start_is_an_interruption(void **state)
{
    struct soak_series *s = soak_new();
    struct soak_facts   f;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct trial t = {.n_turns = 0};

        if (i != 1) trial_observe(&t, SOAK_START, 1);
        trial_observe(&t, SOAK_AT, i);
        soak_add(s, &t);
        trial_done(&t);
    }
    soak_summarise(s, 10, &f);
    assert_int_equal(f.starts, 2);
    assert_int_equal(f.turns, 3);
    soak_free(s);
}

static void test_other_trials_and_strange_values_change_nothing(void **state)
{
    struct soak_series *s = soak_new();
    struct trial        t = {.n_turns = 0};
    struct soak_facts   f;

    (void)state;
    trial_observe(&t, SOAK_TOK_S, 4);       /* no record is open */
    trial_observe(&t, "served_tok_s", 4);
    soak_add(s, &t);
    assert_false(soak_is_any(s));
    for (int i = 0; i < 20; i++) {
        trial_observe(&t, SOAK_AT, i % 2 ? -1e308 : 1e308);
        trial_observe(&t, SOAK_QUESTION, i % 2 ? -1e300 : 1e300);
        trial_observe(&t, SOAK_TOK_S, i % 3 ? 1e308 : -1e308);
        trial_observe(&t, SOAK_MEMORY, i % 3 ? 0 : -1);
        trial_observe(&t, SOAK_FAILED, 1);
    }
    soak_add(s, &t);
    soak_summarise(s, NAN, &f);
    assert_int_equal(f.turns, 20);
    assert_int_equal(f.failures, 20);
    trial_done(&t);
    soak_free(s);
}

/* ---- as JSON ------------------------------------------------------------- */

static void test_json_brings_back_every_figure(void **state)
{
    struct soak_facts f = soak(leaking_turn, 100, 6), back;
    json_t *first = soak_json(&f), *second;
    char   *a, *b;

    (void)state;
    soak_read(first, &back);
    second = soak_json(&back);
    a = jsonx_dump(first);
    b = jsonx_dump(second);
    assert_string_equal(a, b);
    assert_int_equal(back.is, f.is);
    assert_string_equal(back.reason, f.reason);
    assert_true(near(back.memory.slope_low, f.memory.slope_low));
    assert_null(strstr(a, "nan"));
    free(a);
    free(b);
    json_decref(first);
    json_decref(second);
}

static void test_json_that_lacks_all_is_missing_not_0(void **state)
{
    struct soak_facts f;

    (void)state;
    soak_read(NULL, &f);
    assert_int_equal(f.turns, -1);
    assert_int_equal(f.starts, -1);
    assert_int_equal(f.is, STEADY_UNKNOWN);
    assert_true(isnan(f.duration_s) && isnan(f.tok_s.first));
}

/* ---- between passes ------------------------------------------------------ */

static void test_the_past_is_read_from_stored_passes(void **state)
{
    struct soak_past p = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct trial t = {.n_turns = 0};

        for (int q = 0; q < 2; q++) {
            trial_observe(&t, SOAK_AT, 10 * i + q);
            trial_observe(&t, SOAK_QUESTION, q);
            trial_observe(&t, SOAK_HASH, q == 0 ? 5 : i);
        }
        soak_past_add(&p, &t);
        trial_done(&t);
    }
    assert_true(near(p.elapsed_s, 21));
    assert_int_equal(p.n_answers[0], 1);
    assert_int_equal(p.n_answers[1], 3);
    assert_true(near(p.answers[1][2], 2));
    soak_past_done(&p);
    soak_past_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_verdict_is_right_in_95_of_100),
        cmocka_unit_test(test_noise_alone_does_not_drift),
        cmocka_unit_test(test_a_day_of_points_is_judged_like_an_hour),
        cmocka_unit_test(test_a_straight_line_is_told_exactly),
        cmocka_unit_test(test_order_and_holes_do_not_matter),
        cmocka_unit_test(test_few_points_are_no_verdict),
        cmocka_unit_test(
            test_points_of_one_moment_or_of_all_times_are_no_verdict),
        cmocka_unit_test(test_a_steady_soak_is_told_as_one),
        cmocka_unit_test(test_a_soak_that_was_throttled_is_steady_from_then_on),
        cmocka_unit_test(test_a_leak_is_counted_in_turns),
        cmocka_unit_test(test_a_little_memory_is_allowed_to_a_small_model),
        cmocka_unit_test(test_what_was_not_observed_is_named),
        cmocka_unit_test(test_no_soak_is_no_figure),
        cmocka_unit_test(test_a_second_start_is_an_interruption),
        cmocka_unit_test(test_other_trials_and_strange_values_change_nothing),
        cmocka_unit_test(test_json_brings_back_every_figure),
        cmocka_unit_test(test_json_that_lacks_all_is_missing_not_0),
        cmocka_unit_test(test_the_past_is_read_from_stored_passes),
    };

    return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
