/* SPDX-License-Identifier: MIT */
/* Slopes and Kendall's variance. Reference numbers: the example of Sen 1968
 * (slope 4, 93 % interval 26/7 to 35/8); scipy 1.17.1, stats.theilslopes,
 * which takes the same ranks. GSL has neither. The variance is held against
 * its definition: S of every order of y. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats.h"

static void expect_near(double got, double want)
{
    if (isnan(want) ? isnan(got)
                    : fabs(got - want) <= 1e-9 * fabs(want) + 1e-12)
        return;
    fail_msg("got %.15g, want %.15g", got, want);
}

static void expect_slope(const double *x, const double *y, size_t n,
                         double confidence, struct slope want)
{
    struct slope got = stats_slope(x, y, n, confidence);

    expect_near(got.slope, want.slope);
    expect_near(got.low, want.low);
    expect_near(got.high, want.high);
}

static void test_slope_agrees_with_sen_and_scipy(void **state)
{
    static const double t[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    static const double sen_x[] = {1, 2, 3, 4, 10, 12, 18};
    static const double sen_y[] = {9, 15, 19, 20, 45, 55, 78};
    static const double five[] = {1, 3, 2, 5, 9};
    static const double ties[] = {3, 3, 3, 4, 4, 4, 4, 5, 5, 6};

    (void)state;
    expect_slope(sen_x, sen_y, 7, 0.93, (struct slope){4, 26.0 / 7,
                                                       35.0 / 8});
    expect_slope(t, five, 5, 0.95, (struct slope){2, -1, 4});
    expect_slope(t, ties, 10, 0.95, (struct slope){1.0 / 3, 0.2, 0.4});
}

static void test_slope_of_two_hundred_points_agrees_with_scipy(void **state)
{
    double x[200], y[200];

    (void)state;
    for (int i = 0; i < 200; i++) {
        x[i] = i;
        y[i] = i * 7919 % 211 / 7.0 + 0.05 * i;
    }
    expect_slope(x, y, 200, 0.95, (struct slope){
        0.0558309037900875, 0.0366071428571428, 0.0802743614001892});
    expect_slope(x, y, 200, 0.9, (struct slope){
        0.0558309037900875, 0.0366071428571429, 0.0768620268620269});
}

static void test_all_alike_has_no_slope_for_sure(void **state)
{
    static const double x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const double y[] = {1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5};

    (void)state;
    for (size_t n = 5; n <= 8; n++)
        expect_slope(x, y, n, 0.95, (struct slope){0, 0, 0});
}

static void test_points_of_one_time_say_nothing(void **state)
{
    static const double x[] = {2, 2, 2, 2, 2, 2, 2}, y[] = {1, 2, 3, 4, 5, 6,
                                                            7};

    (void)state;
    expect_slope(x, y, 7, 0.95, (struct slope){NAN, NAN, NAN});
}

static void test_slope_says_when_there_is_too_little(void **state)
{
    static const double x[] = {1, 2, 3, 4}, y[] = {1, 2, 4, 3};
    static const double holes[] = {1, NAN, 3, 4};

    (void)state;
    for (size_t n = 0; n < 2; n++)
        expect_slope(x, y, n, 0.95, (struct slope){NAN, NAN, NAN});
    expect_slope(x, y, 2, 0.95, (struct slope){1, NAN, NAN});
    expect_slope(x, y, 4, 0.95, (struct slope){5.0 / 6, NAN, NAN});
    expect_slope(x, holes, 4, 0.95, (struct slope){NAN, NAN, NAN});
    expect_slope(holes, y, 4, 0.95, (struct slope){NAN, NAN, NAN});
    expect_slope(x, y, 4, 1, (struct slope){5.0 / 6, NAN, NAN});
}

/* ---- the variance, by every order of y ----------------------------------- */

struct orders {
    const double *x;
    double       *y;
    size_t        n;
    double        count, sum, squares;
};

static double sign(double d) { return (d > 0) - (d < 0); }

static void visit(struct orders *o, size_t from)
{
    double s = 0;

    for (size_t i = from; i < o->n; i++) {
        double here = o->y[from];

        o->y[from] = o->y[i];
        o->y[i] = here;
        visit(o, from + 1);
        o->y[i] = o->y[from];
        o->y[from] = here;
    }
    if (from < o->n) return;
    for (size_t i = 0; i < o->n; i++)
        for (size_t k = i + 1; k < o->n; k++)
            s += sign(o->x[k] - o->x[i]) * sign(o->y[k] - o->y[i]);
    o->count++;
    o->sum += s;
    o->squares += s * s;
}

static void test_kendall_variance_is_that_of_all_orders(void **state)
{
    static const struct {
        size_t n;
        double x[7], y[7];
    } cases[] = {
        {2, {1, 2}, {5, 4}},
        {2, {1, 1}, {5, 4}},
        {3, {1, 2, 3}, {1, 1, 2}},
        {5, {1, 2, 3, 4, 5}, {9, 3, 1, 4, 7}},
        {6, {1, 2, 3, 4, 5, 6}, {1, 1, 2, 2, 2, 3}},
        {6, {1, 1, 2, 2, 2, 3}, {1, 2, 3, 4, 5, 6}},
        {7, {1, 1, 1, 2, 3, 3, 4}, {2, 2, 1, 1, 1, 3, 3}},
        {7, {1, 2, 3, 4, 5, 6, 7}, {4, 4, 4, 4, 4, 4, 4}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double        y[7];
        struct orders o = {.x = cases[c].x, .y = y, .n = cases[c].n};

        for (size_t i = 0; i < o.n; i++) y[i] = cases[c].y[i];
        visit(&o, 0);
        expect_near(o.sum, 0);
        expect_near(stats_kendall_variance(cases[c].x, cases[c].y, o.n),
                    o.squares / o.count);
    }
}

static void test_kendall_variance_of_too_little_is_missing(void **state)
{
    static const double x[] = {1, 2, NAN}, y[] = {1, 2, 3};

    (void)state;
    assert_true(isnan(stats_kendall_variance(x, y, 0)));
    assert_true(isnan(stats_kendall_variance(x, y, 1)));
    assert_true(isnan(stats_kendall_variance(x, y, 3)));
    assert_true(isnan(stats_kendall_variance(y, x, 3)));
}

/* Values that are arranged against a search for ranks. */
static void test_slope_of_sorted_and_organ_pipe_values(void **state)
{
    enum { N = 301 };
    double x[N], up[N], pipe[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = i;
        up[i] = 3.0 * i;
        pipe[i] = i < N / 2 ? i : N - 1 - i;
    }
    expect_slope(x, up, N, 0.95, (struct slope){3, 3, 3});
    assert_true(fabs(stats_slope(x, pipe, N, 0.95).slope) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slope_agrees_with_sen_and_scipy),
        cmocka_unit_test(test_slope_of_two_hundred_points_agrees_with_scipy),
        cmocka_unit_test(test_all_alike_has_no_slope_for_sure),
        cmocka_unit_test(test_points_of_one_time_say_nothing),
        cmocka_unit_test(test_slope_says_when_there_is_too_little),
        cmocka_unit_test(test_kendall_variance_is_that_of_all_orders),
        cmocka_unit_test(test_kendall_variance_of_too_little_is_missing),
        cmocka_unit_test(test_slope_of_sorted_and_organ_pipe_values),
    };

    return cmocka_run_group_tests_name("stats_slope", tests, NULL, NULL);
}
