/* SPDX-License-Identifier: MIT */
/* test_memory_watch.c - when memory is so short that the engine must go. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "sampler.h"

#define FLOOR 100.0

static bool step(struct memory_watch *w, double at_s, double available,
                 double stall_s)
{
    double share;

    return memory_watch_step(w, at_s, available, stall_s, &share);
}

static void test_the_floor_grows_with_the_memory(void **state)
{
    (void)state;
    assert_true(memory_floor(4e9) == 192 * 1048576.0);
    assert_true(memory_floor(64e9) == 0.02 * 64e9);
    assert_true(memory_floor(NAN) == 192 * 1048576.0);
}

static void test_two_low_samples_in_a_row_trip(void **state)
{
    struct memory_watch w = {.floor_bytes = FLOOR};

    (void)state;
    assert_false(step(&w, 0.0, 99, NAN));
    assert_false(step(&w, 0.1, 101, NAN));
    assert_false(step(&w, 0.2, 99, NAN));
    assert_false(step(&w, 0.3, NAN, NAN));
    assert_false(step(&w, 0.4, 99, NAN));
    assert_true(step(&w, 0.5, 99, NAN));
}

static void test_without_a_floor_it_never_trips(void **state)
{
    struct memory_watch w = {.floor_bytes = NAN};

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_false(step(&w, 0.1 * i, 0, 0.1 * i));
}

static void test_stalls_trip_only_over_two_seconds_and_when_short(void **state)
{
    struct memory_watch w = {.floor_bytes = FLOOR};
    double              share;

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_false(step(&w, 0.1 * i, 150, 0.09 * i));
    assert_false(step(&w, 2.0, 250, 0.09 * 20));     /* enough is there */
    assert_true(memory_watch_step(&w, 2.1, 150, 0.09 * 21, &share));
    assert_true(share > 0.8 && share < 1);
}

static void test_a_stall_that_is_over_is_forgotten(void **state)
{
    struct memory_watch w = {.floor_bytes = FLOOR};
    double              stall_s = 0, share = 1;

    (void)state;
    for (int i = 0; i < 100; i++) {
        if (i < 15) stall_s += 0.1;
        memory_watch_step(&w, 0.1 * i, 250, stall_s, &share);
    }
    assert_true(share == 0);
}

static void test_often_or_rarely_called_it_looks_two_seconds_back(void **state)
{
    static const double steps_s[] = {0.001, 0.03, 0.1, 0.5, 3};

    (void)state;
    for (size_t k = 0; k < sizeof steps_s / sizeof *steps_s; k++) {
        struct memory_watch w = {.floor_bytes = FLOOR};
        double              share = NAN;

        for (double at_s = 0; at_s < 10; at_s += steps_s[k])
            memory_watch_step(&w, at_s, 250, 0.25 * at_s, &share);
        assert_true(fabs(share - 0.25) < 1e-6);
        assert_true(w.n_past <= sizeof w.past / sizeof *w.past);
    }
}

static void test_a_counter_that_falls_begins_anew(void **state)
{
    struct memory_watch w = {.floor_bytes = FLOOR};
    double              share;

    (void)state;
    for (int i = 0; i < 30; i++) step(&w, 0.1 * i, 150, 1000);
    memory_watch_step(&w, 3.0, 150, 1, &share);
    assert_true(isnan(share));
    assert_false(memory_watch_step(&w, 3.1, 150, INFINITY, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_floor_grows_with_the_memory),
        cmocka_unit_test(test_two_low_samples_in_a_row_trip),
        cmocka_unit_test(test_without_a_floor_it_never_trips),
        cmocka_unit_test(test_stalls_trip_only_over_two_seconds_and_when_short),
        cmocka_unit_test(test_a_stall_that_is_over_is_forgotten),
        cmocka_unit_test(
            test_often_or_rarely_called_it_looks_two_seconds_back),
        cmocka_unit_test(test_a_counter_that_falls_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
