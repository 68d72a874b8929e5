/* SPDX-License-Identifier: MIT */
/* test_probe_verdict.c - held back or not, from one reading and from two. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/jsonx.h"
#include "probe/verdict.h"

/* before and now, at these uptimes. */
struct pair {
    struct reading    before, now;
    struct throttling v;
};

static void pair_init(struct pair *p, double before_s, double now_s)
{
    *p = (struct pair){.v = {.is_throttling = -1}};
    reading_init(&p->before);
    reading_init(&p->now);
    reading_number(&p->before, READ_uptime_s, before_s);
    reading_number(&p->now, READ_uptime_s, now_s);
}

static void pair_judge(struct pair *p)
{
    throttling_done(&p->v);
    throttling_of(&p->before, &p->now, &p->v);
}

static void pair_done(struct pair *p)
{
    throttling_done(&p->v);
    reading_done(&p->before);
    reading_done(&p->now);
}

static void events(struct pair *p, const char *name, double before, double now)
{
    reading_add(&p->before, READ_oc_event_counts, name, before);
    reading_add(&p->now, READ_oc_event_counts, name, now);
}

static void energy(struct pair *p, const char *name, double before,
                   double now, double range)
{
    reading_add(&p->before, READ_rapl_energy_uj, name, before);
    reading_add(&p->now, READ_rapl_energy_uj, name, now);
    reading_add(&p->now, READ_rapl_max_energy_range_uj, name, range);
}

static void test_cooling_devices_that_cut_clocks_have_a_reason(void **state)
{
    static const struct { const char *type, *reason; } cases[] = {
        {"cpufreq-cpu0", "thermal_cpu"}, {"thermal-cpufreq-0", "thermal_cpu"},
        {"Processor", "thermal_cpu"}, {"CPU-balanced", "thermal_cpu"},
        {"devfreq-17000000.gpu", "thermal_gpu"},
        {"devfreq-17000000.gv11b", "thermal_gpu"},
        {"thermal-devfreq-0", "thermal_gpu"},
        {"gpu-throttle-alert", "thermal_gpu"},
        {"cv0-throttle-alert", "thermal_cv"},
        {"soc2-throttle-alert", "thermal_soc"},
        {"pwm-fan", NULL}, {"hot-surface-alert", NULL}, {"", NULL},
        {"devfreq-15340000.vic", NULL}, {"cpu-fan", NULL}, {"TCC Offset", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = verdict_cooling(cases[i].type);
        if (cases[i].reason ? !got || strcmp(got, cases[i].reason) != 0 : !!got)
            fail_msg("%s: %s", cases[i].type, got ? got : "no reason");
    }
}

static void test_a_counter_that_grew_is_throttling(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 100, 110);
    events(&p, "oc1", 0, 1);
    events(&p, "oc2", 4, 4);
    events(&p, "oc3", 5, 17);
    events(&p, "oc4", 0, 2);
    reading_add(&p.now, READ_cooling_states, "gpu-throttle-alert", 1);
    reading_add(&p.now, READ_cooling_states, "cpufreq-cpu0", 3);
    pair_judge(&p);
    assert_int_equal(p.v.is_throttling, 1);
    assert_int_equal(p.v.why.n, 5);
    assert_string_equal(p.v.why.items[0], "thermal_cpu");
    assert_string_equal(p.v.why.items[1], "thermal_gpu");
    assert_string_equal(p.v.why.items[2], "undervoltage_oc1");
    assert_string_equal(p.v.why.items[3], "overcurrent_peak_oc3");
    assert_string_equal(p.v.why.items[4], "overcurrent_oc4");
    assert_true(fabs(p.v.interval_s - 10) < 1e-9);
    assert_true(fabs(p.v.oc[2].delta - 12) < 1e-9);
    pair_done(&p);
}

static void test_flat_counters_are_no_throttling(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 100, 110);
    events(&p, "oc3", 27390, 27390);
    pair_judge(&p);
    assert_int_equal(p.v.is_throttling, 0);
    assert_int_equal(p.v.why.n, 0);
    pair_done(&p);
}

static void test_a_counter_that_went_down_is_unknown(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 100, 110);
    events(&p, "oc3", 10, 2);
    events(&p, "oc1", NAN, 2);
    pair_judge(&p);
    assert_int_equal(p.v.is_throttling, -1);
    assert_true(isnan(p.v.oc[0].delta));
    assert_true(isnan(p.v.oc[1].delta));
    pair_done(&p);
}

static void test_a_board_started_anew_has_no_deltas(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 9000, 20);
    events(&p, "oc3", 1, 2);
    energy(&p, "package-0", 5, 6, 100);
    pair_judge(&p);
    assert_int_equal(p.v.n_oc, 0);
    assert_int_equal(p.v.n_rapl, 0);
    assert_true(isnan(p.v.interval_s));
    assert_int_equal(p.v.is_throttling, -1);
    pair_done(&p);
}

static void test_energy_wraps_at_its_zone_s_own_range(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 100, 102);
    energy(&p, "package-0", 262140328850, 27000000, 262143328850);
    energy(&p, "dram", 1000000, 3000000, 65712999613);
    energy(&p, "psys", 50, 20, NAN);
    energy(&p, "odd", 200, 20, 100);
    pair_judge(&p);
    assert_true(fabs(p.v.rapl[0].delta - 30000000) < 1e-6);
    assert_true(fabs(p.v.rapl[0].power_mw - 15000) < 1e-6);
    assert_true(fabs(p.v.rapl[1].power_mw - 1000) < 1e-6);
    assert_true(isnan(p.v.rapl[2].delta));
    assert_true(isnan(p.v.rapl[3].delta));
    pair_done(&p);
}

static void test_no_time_between_is_no_power(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 100, 100);
    energy(&p, "package-0", 1, 2, 100);
    pair_judge(&p);
    assert_true(fabs(p.v.rapl[0].delta - 1) < 1e-9);
    assert_true(isnan(p.v.rapl[0].power_mw));
    pair_done(&p);
}

static void test_the_words_of_other_probes_are_kept(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p, 1, 2);
    reading_truth(&p.now, READ_throttling_now, true);
    reading_add_name(&p.now, READ_throttle_reasons, "gpu hw_slowdown");
    pair_judge(&p);
    assert_int_equal(p.v.is_throttling, 1);
    assert_string_equal(p.v.why.items[0], "gpu hw_slowdown");
    pair_done(&p);
}

static void test_every_null_of_the_object_has_a_reason(void **state)
{
    struct pair p;
    json_t     *o, *value;
    const char *key;

    (void)state;
    pair_init(&p, 1, 2);
    events(&p, "oc1", 3, 3);
    reading_number(&p.now, READ_gpu_freq_hz, 306e6);
    for (int i = 0; i < 2; i++) {
        throttling_done(&p.v);
        throttling_of(i ? &p.before : NULL, &p.now, &p.v);
        o = throttling_json(&p.now, &p.v, (size_t)i);
        json_object_foreach(o, key, value)
            if (json_is_null(value) !=
                (jsonx_text(json_object_get(o, "missing"), key) != NULL))
                fail_msg("%d: %s", i, key);
        assert_true(fabs(jsonx_number(o, "gpu_freq_mhz") - 306) < 1e-9);
        assert_int_equal(jsonx_truth(o, "throttling"), i ? 0 : -1);
        assert_int_equal(jsonx_truth(o, "throttling_now"), i ? 0 : -1);
        assert_true(json_is_array(json_object_get(o, "why")));
        json_decref(o);
    }
    pair_done(&p);
}

static void test_words_of_a_pi(void **state)
{
    unsigned bits = 0;

    (void)state;
    assert_true(verdict_pi_word("0x50005", &bits));
    assert_int_equal(bits, 0x50005);
    assert_true(verdict_pi_word("0", &bits));
    assert_int_equal(bits, 0);
    assert_false(verdict_pi_word("", &bits));
    assert_false(verdict_pi_word("0x", &bits));
    assert_false(verdict_pi_word("500050005", &bits));
    assert_false(verdict_pi_word("5 ", &bits));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cooling_devices_that_cut_clocks_have_a_reason),
        cmocka_unit_test(test_a_counter_that_grew_is_throttling),
        cmocka_unit_test(test_flat_counters_are_no_throttling),
        cmocka_unit_test(test_a_counter_that_went_down_is_unknown),
        cmocka_unit_test(test_a_board_started_anew_has_no_deltas),
        cmocka_unit_test(test_energy_wraps_at_its_zone_s_own_range),
        cmocka_unit_test(test_no_time_between_is_no_power),
        cmocka_unit_test(test_the_words_of_other_probes_are_kept),
        cmocka_unit_test(test_every_null_of_the_object_has_a_reason),
        cmocka_unit_test(test_words_of_a_pi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
