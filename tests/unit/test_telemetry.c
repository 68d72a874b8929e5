/* SPDX-License-Identifier: MIT */
/* test_telemetry.c - samples joined to turns, energy with its error, and what
 * is wrong with a turn. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "telemetry.h"

#define S(seconds) ((int64_t)((seconds) * 1e9))

static struct sample empty(double at_s)
{
    struct sample s = {.at_ns = S(at_s)};

    for (int f = 0; f < SAMPLE_COUNT; f++) s.v[f] = NAN;
    return s;
}

static void add(struct timeline *t, double at_s, enum sample_field field,
                double value)
{
    struct sample s = empty(at_s);

    s.v[field] = value;
    timeline_add(t, &s);
}

static struct telemetry join(const struct timeline *t, double from_s,
                             double first_s, double to_s)
{
    struct telemetry out;

    telemetry_join(t, S(from_s), first_s < 0 ? -1 : S(first_s), S(to_s), &out);
    return out;
}

static void close_to(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("%.9g is not %.9g", value, wanted);
}

/* ---- the ring ---------------------------------------------------------- */

static void test_a_full_ring_forgets_the_oldest(void **state)
{
    struct timeline t;

    (void)state;
    timeline_init(&t, 3);
    for (int i = 0; i < 5; i++) add(&t, i, SAMPLE_temp_c, i);
    assert_int_equal(t.n, 3);
    for (size_t i = 0; i < 3; i++)
        close_to(timeline_at(&t, i)->v[SAMPLE_temp_c], (double)i + 2);
    timeline_done(&t);
}

static void test_nothing_sampled_is_nothing_observed(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 4);
    out = join(&t, 1, 1.5, 2);
    close_to(out.samples, 0);
    close_to(out.duration_s, 1);
    out.samples = out.duration_s = NAN;
#define X(field, help) assert_true(isnan(out.field));
    TELEMETRY_FIELDS(X)
#undef X
    out = join(&t, 2, -1, 2);
    assert_true(isnan(out.samples));
    timeline_done(&t);
}

/* ---- levels ------------------------------------------------------------ */

static void test_a_mean_is_weighted_by_time(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 64);
    add(&t, 10.0, SAMPLE_gpu_load_pct, 0);
    add(&t, 10.1, SAMPLE_gpu_load_pct, 100);
    add(&t, 10.9, SAMPLE_gpu_load_pct, 100);
    add(&t, 11.0, SAMPLE_gpu_load_pct, 0);
    out = join(&t, 10, -1, 11);
    close_to(out.gpu_load_pct, 90);
    close_to(out.gpu_load_peak_pct, 100);
    close_to(out.samples, 4);
    timeline_done(&t);
}

static void test_rare_readings_count_from_a_second_away(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 64);
    add(&t, 9.2, SAMPLE_temp_c, 60);
    add(&t, 10.2, SAMPLE_temp_c, 70);
    out = join(&t, 9.5, -1, 9.9);
    close_to(out.temp_c, 70);
    close_to(out.samples, 0);
    out = join(&t, 11.1, -1, 11.3);      /* 0.9 s after the last */
    close_to(out.temp_c, 70);
    out = join(&t, 11.3, -1, 11.5);      /* 1.1 s */
    assert_true(isnan(out.temp_c));
    timeline_done(&t);
}

/* ---- counters ---------------------------------------------------------- */

static void test_counters_are_interpolated_at_both_ends(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 64);
    add(&t, 1, SAMPLE_swapped_bytes, 0);
    add(&t, 2, SAMPLE_swapped_bytes, 1000);
    add(&t, 3, SAMPLE_swapped_bytes, 1000);
    out = join(&t, 1.25, -1, 1.75);
    close_to(out.swapped_bytes, 500);
    out = join(&t, 1.5, -1, 2.5);
    close_to(out.swapped_bytes, 500);
    out = join(&t, 2, -1, 3);
    close_to(out.swapped_bytes, 0);
    out = join(&t, 1.5, -1, 4.1);
    assert_true(isnan(out.swapped_bytes));
    timeline_done(&t);
}

static void test_one_reading_of_a_counter_is_no_difference(void **state)
{
    struct timeline t;

    (void)state;
    timeline_init(&t, 4);
    add(&t, 1, SAMPLE_swapped_bytes, 1000);
    assert_true(isnan(join(&t, 0.8, -1, 1.2).swapped_bytes));
    assert_true(isnan(join(&t, 1.1, -1, 1.2).swapped_bytes));
    assert_true(isnan(join(&t, 0.5, -1, 0.9).swapped_bytes));
    timeline_done(&t);
}

static void add_cpu(struct timeline *t, double at_s, double busy_s,
                    double engine_s, double own_s, double coload_s)
{
    struct sample s = empty(at_s);

    s.v[SAMPLE_cpu_busy_s] = busy_s;
    s.v[SAMPLE_engine_cpu_s] = engine_s;
    s.v[SAMPLE_own_cpu_s] = own_s;
    s.v[SAMPLE_coload_cpu_s] = coload_s;
    timeline_add(t, &s);
}

static void test_other_processes_are_what_remains(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 8);
    add_cpu(&t, 0, 100, 10, 1, 5);
    add_cpu(&t, 2, 110, 16, 1.1, 6);
    out = join(&t, 0, -1, 2);
    close_to(out.engine_cpu_cores, 3);
    close_to(out.coload_cpu_cores, 0.5);
    close_to(out.other_cpu_cores, 1.45);
    timeline_done(&t);
}

static void test_without_the_engines_time_others_are_unknown(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 8);
    add_cpu(&t, 0, 100, NAN, 1, NAN);
    add_cpu(&t, 2, 110, NAN, 1, NAN);
    assert_true(isnan(join(&t, 0, -1, 2).other_cpu_cores));
    add_cpu(&t, 4, 110, 7, 1, NAN);
    add_cpu(&t, 6, 112, 8, 1, NAN);
    out = join(&t, 4, -1, 6);
    close_to(out.other_cpu_cores, 0.5);      /* no co-load takes nothing */
    assert_true(isnan(out.coload_cpu_cores));
    timeline_done(&t);
}

/* ---- energy ------------------------------------------------------------ */

static void test_power_of_the_board_is_integrated(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 64);
    for (int i = 0; i <= 20; i++) {
        struct sample s = empty(5 + 0.1 * i);
        s.v[SAMPLE_input_power_w] = i < 10 ? 10 : 20;
        s.v[SAMPLE_gpu_energy_j] = i;        /* narrower: not taken */
        timeline_add(&t, &s);
    }
    out = join(&t, 5, 6, 7);
    close_to(out.energy_scope, ENERGY_BOARD);
    close_to(out.energy_j, 9 + 1.5 + 20);
    close_to(out.generation_energy_j, 20);
    close_to(out.power_w, 30.5 / 2);
    close_to(out.power_peak_w, 20);
    close_to(out.energy_error_j, 0.305);     /* steady at both ends */
    /* 10 W more within 0.1 s of its beginning. */
    assert_true(fabs(out.generation_energy_error_j - (0.2 + 0.5)) < 1e-3);
    assert_string_equal(energy_scope_name(out.energy_scope), "board input");
    timeline_done(&t);
}

static void test_energy_with_a_hole_is_not_invented(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 64);
    for (int i = 0; i <= 100; i++)
        if (i < 30 || i > 70) add(&t, 0.1 * i, SAMPLE_input_power_w, 7);
    out = join(&t, 0, -1, 10);
    assert_true(isnan(out.energy_j) && isnan(out.power_w));
    close_to(join(&t, 0, -1, 2).energy_j, 14);
    timeline_done(&t);
}

static void test_counters_of_package_and_gpu_add_up(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 64);
    for (int i = 0; i <= 20; i++) {
        struct sample s = empty(0.1 * i);
        s.v[SAMPLE_package_energy_j] = 3 * i;
        s.v[SAMPLE_gpu_energy_j] = 40 * i;
        timeline_add(&t, &s);
    }
    out = join(&t, 0.5, 0.55, 1.5);
    close_to(out.energy_scope, ENERGY_PACKAGE_AND_GPU);
    close_to(out.energy_j, 430);
    close_to(out.power_peak_w, 430);
    assert_true(out.energy_error_j < 1e-3);  /* ends on samples */
    close_to(out.generation_energy_j, 430 * 0.95);
    close_to(out.generation_energy_error_j, 43 / 2.0);
    timeline_done(&t);
}

static void test_each_counter_alone_names_its_scope(void **state)
{
    struct timeline  t;
    struct telemetry out;

    (void)state;
    timeline_init(&t, 8);
    add(&t, 0, SAMPLE_package_energy_j, 0);
    add(&t, 1, SAMPLE_package_energy_j, 15);
    out = join(&t, 0, -1, 1);
    close_to(out.energy_scope, ENERGY_PACKAGE);
    close_to(out.energy_j, 15);
    assert_true(isnan(out.generation_energy_j));
    add(&t, 10, SAMPLE_gpu_power_w, 30);
    add(&t, 11, SAMPLE_gpu_power_w, 50);
    out = join(&t, 10, -1, 11);
    close_to(out.energy_scope, ENERGY_GPU);
    close_to(out.energy_j, 40);
    close_to(out.power_peak_w, 50);
    assert_string_equal(energy_scope_name(NAN), "");
    assert_string_equal(energy_scope_name(1e300), "");
    timeline_done(&t);
}

/* ---- marks ------------------------------------------------------------- */

static const struct mark_limits no_limits = {NAN, NAN, NAN, false, false};

static void test_a_normal_turn_has_no_mark(void **state)
{
    struct telemetry   t;
    struct mark_limits limits = {1e9, 2e9, 0.25, true, false};
    char               why[200] = "x";

    (void)state;
    telemetry_init(&t);
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why), 0);
    assert_string_equal(why, "");
    t = (struct telemetry){0};
    t.gpu_max_freq_low_hz = 0.99e9;
    t.cpu_max_freq_low_hz = 1.99e9;
    t.other_cpu_cores = 0.2;
    t.swapped_bytes = 1000;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why), 0);
    assert_int_equal(telemetry_marks(&t, &limits, NULL, 0), 0);
}

static void test_heat_power_and_over_current_throttle(void **state)
{
    struct telemetry t;
    char             why[200];

    (void)state;
    telemetry_init(&t);
    t.cooling_state = 3;
    assert_int_equal(telemetry_marks(&t, &no_limits, why, sizeof why),
                     MARK_THROTTLED);
    assert_string_equal(why, "cooling cut clocks (state 3)");
    t.cooling_state = 0;
    t.throttle_flags = 3;
    t.oc_events = 12;
    assert_int_equal(telemetry_marks(&t, &no_limits, why, sizeof why),
                     MARK_THROTTLED);
    assert_string_equal(why, "the clock was held down for heat; the clock was "
                             "held down by a power limit; 12 over-current "
                             "events");
    t.throttle_flags = 1e300;
    t.oc_events = 0;
    assert_int_equal(telemetry_marks(&t, &no_limits, why, sizeof why), 0);
}

static void test_clocks_below_the_modes_are_slow(void **state)
{
    struct telemetry   t;
    struct mark_limits limits = {1e9, 2e9, NAN, true, false};
    char               why[200];

    (void)state;
    telemetry_init(&t);
    t.gpu_max_freq_low_hz = 0.97e9;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why),
                     MARK_SLOW_CLOCK);
    assert_string_equal(why, "the GPU clock was limited to 970 of 1000 MHz");
    limits.on_gpu = false;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why), 0);
    t.cpu_max_freq_low_hz = 1.9e9;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why),
                     MARK_SLOW_CLOCK);
    limits.on_gpu = true;
    telemetry_init(&t);
    t.gpu_max_freq_low_hz = 1e9;
    t.gpu_freq_hz = 0.8e9;
    t.gpu_load_pct = 40;                     /* it need not run faster */
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why), 0);
    t.gpu_load_pct = 90;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why),
                     MARK_SLOW_CLOCK);
}

static void test_three_ticks_are_the_least_interference(void **state)
{
    struct telemetry   t;
    struct mark_limits limits = {NAN, NAN, mark_other_cpu_cores(4), false,
                                 false};
    char               why[200];

    (void)state;
    telemetry_init(&t);
    t.other_cpu_cores = 0.9;
    t.duration_s = 0.02;                     /* 0.018 s */
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why), 0);
    t.duration_s = 1;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why),
                     MARK_INTERFERENCE);
    assert_string_equal(why, "0.9 cores were taken by other processes");
    t.other_cpu_cores = 0.2;                 /* both together */
    t.stolen_cpu_cores = 0.1;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why),
                     MARK_INTERFERENCE);
    t.other_cpu_cores = NAN;
    t.stolen_cpu_cores = 0.5;
    assert_int_equal(telemetry_marks(&t, &limits, why, sizeof why),
                     MARK_INTERFERENCE);
    assert_string_equal(why, "0.5 cores were taken by the host of this "
                             "virtual machine");
    close_to(mark_other_cpu_cores(4), 0.25);
    close_to(mark_other_cpu_cores(16), 0.8);
    close_to(mark_other_cpu_cores(NAN), 0.25);
}

static void test_a_mebibyte_swapped_or_read_again_is_marked(void **state)
{
    struct telemetry t;
    char             why[200];

    (void)state;
    telemetry_init(&t);
    t.swapped_bytes = 1048576;
    assert_int_equal(telemetry_marks(&t, &no_limits, why, sizeof why),
                     MARK_SWAPPED);
    assert_string_equal(why, "1 MiB of memory was swapped");
    t.swapped_bytes = 0;
    t.engine_fault_bytes = 2097152;
    assert_int_equal(telemetry_marks(&t, &no_limits, why, sizeof why),
                     MARK_SWAPPED);
}

static void test_words_never_pass_their_end(void **state)
{
    struct telemetry   t;
    struct mark_limits limits = {1e9, 2e9, 0.25, true, true};
    char               why[64];

    (void)state;
#define X(field, help) t.field = 7;
    TELEMETRY_FIELDS(X)
#undef X
    for (size_t size = 0; size <= sizeof why; size++) {
        memset(why, 'x', sizeof why);
        assert_true(telemetry_marks(&t, &limits, why, size) &
                    MARK_CPU_FALLBACK);
        if (size) assert_non_null(memchr(why, '\0', size));
        if (size < sizeof why) assert_int_equal(why[size], 'x');
    }
}

/* ---- JSON -------------------------------------------------------------- */

static void test_marks_survive_json(void **state)
{
    json_t *list;
    json_t *odd = json_pack("[s,i,n,s]", "nonsense", 3, "swapped");

    (void)state;
    for (unsigned marks = 0; marks < 1U << MARK_BITS; marks++) {
        list = marks_json(marks);
        assert_int_equal(marks_from_json(list), marks);
        json_decref(list);
    }
    assert_int_equal(marks_from_json(odd), MARK_SWAPPED);
    assert_int_equal(marks_from_json(NULL), 0);
    assert_string_equal(mark_name(MARK_CPU_FALLBACK), "cpu_fallback");
    assert_string_equal(mark_name(64), "");
    json_decref(odd);
}

static void test_telemetry_survives_json(void **state)
{
    struct telemetry before, after;
    json_t          *object;

    (void)state;
    telemetry_init(&before);
    before.energy_j = 1.5;
    before.temp_c = -3;
    object = telemetry_json(&before);
    assert_int_equal(json_object_size(object), 2);
    json_object_set_new(object, "gpu_load_pct", json_string("high"));
    telemetry_read(object, &after);
    close_to(after.energy_j, 1.5);
    close_to(after.temp_c, -3);
    assert_true(isnan(after.gpu_load_pct));
    telemetry_read(NULL, &after);
    assert_true(isnan(after.energy_j));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_ring_forgets_the_oldest),
        cmocka_unit_test(test_nothing_sampled_is_nothing_observed),
        cmocka_unit_test(test_a_mean_is_weighted_by_time),
        cmocka_unit_test(test_rare_readings_count_from_a_second_away),
        cmocka_unit_test(test_counters_are_interpolated_at_both_ends),
        cmocka_unit_test(test_one_reading_of_a_counter_is_no_difference),
        cmocka_unit_test(test_other_processes_are_what_remains),
        cmocka_unit_test(test_without_the_engines_time_others_are_unknown),
        cmocka_unit_test(test_power_of_the_board_is_integrated),
        cmocka_unit_test(test_energy_with_a_hole_is_not_invented),
        cmocka_unit_test(test_counters_of_package_and_gpu_add_up),
        cmocka_unit_test(test_each_counter_alone_names_its_scope),
        cmocka_unit_test(test_a_normal_turn_has_no_mark),
        cmocka_unit_test(test_heat_power_and_over_current_throttle),
        cmocka_unit_test(test_clocks_below_the_modes_are_slow),
        cmocka_unit_test(test_three_ticks_are_the_least_interference),
        cmocka_unit_test(test_a_mebibyte_swapped_or_read_again_is_marked),
        cmocka_unit_test(test_words_never_pass_their_end),
        cmocka_unit_test(test_marks_survive_json),
        cmocka_unit_test(test_telemetry_survives_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
