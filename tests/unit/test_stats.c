/* SPDX-License-Identifier: MIT */
/* Reference numbers: scipy 1.17.1. Quantiles: scipy.special.ndtri. Wilson:
 * stats.binomtest(good, total).proportion_ci(c, method="wilson"). Sign test:
 * stats.binomtest(a, a + b).pvalue. Ranks of the median's interval: the
 * largest r with 1 - 2 stats.binom.cdf(r - 1, n, 0.5) >= c, and n + 1 - r.
 * Rank sum: stats.mannwhitneyu(a, b, method="exact" or "asymptotic"), the
 * default two-sided test with continuity correction. Certified percentiles:
 * GSL 2.7.1, gsl_cdf_beta_P(p, h, t + 1) put into the definition of h(t). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "stats.h"

#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Relative 1e-9, or absolute 1e-12 near zero; NAN matches NAN. */
static void expect_near(const char *what, double got, double want)
{
    if (isnan(want) ? isnan(got)
                    : fabs(got - want) <= 1e-9 * fabs(want) + 1e-12)
        return;
    fail_msg("%s: got %.15g, want %.15g", what, got, want);
}

static void test_median_is_the_middle_of_any_order(void **state)
{
    (void)state;
    struct {
        const char *what;
        double      values[6];
        size_t      n;
        double      want;
    } cases[] = {
        {"nothing", {0}, 0, NAN},
        {"one", {4.5}, 1, 4.5},
        {"two", {3, 1}, 2, 2},
        {"five, unsorted, with ties", {9, 1, 2, 2, 7}, 5, 2},
        {"six", {6, 5, 4, 3, 2, 1}, 6, 3.5},
        {"not observed among them", {1, NAN, 3}, 3, NAN},
        {"no overflow", {1.7e308, 1.7e308}, 2, 1.7e308},
        {"infinite", {INFINITY, 1, 2}, 3, 2},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        expect_near(cases[i].what,
                    stats_median(cases[i].values, cases[i].n), cases[i].want);
}

static void test_median_interval_takes_the_narrowest_ranks(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double confidence;
        double low, high;    /* ranks; 0: the sample supports no interval */
    } cases[] = {
        {0, 0.95, 0, 0}, {1, 0.95, 0, 0}, {2, 0.95, 0, 0},
        {4, 0.9, 0, 0}, {5, 0.95, 0, 0}, {5, 0.9375, 1, 5},
        {5, 0.9, 1, 5}, {6, 0.95, 1, 6}, {6, 0.96875, 1, 6},
        {7, 0.99, 0, 0}, {8, 0.99, 1, 8}, {9, 0.95, 2, 8},
        {10, 0.95, 2, 9}, {17, 0.95, 5, 13}, {20, 0.95, 6, 15},
        {50, 0.95, 18, 33}, {100, 0.95, 40, 61}, {100, 0.99, 37, 64},
        {1000, 0.95, 469, 532}, {100000, 0.95, 49690, 50311},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t          n = cases[i].n;
        double         *values = mem_new(n, sizeof *values);
        char           *what = mem_printf("n %zu at %g", n,
                                          cases[i].confidence);
        struct interval got;

        for (size_t k = 0; k < n; k++) values[k] = (double)(n - k);
        got = stats_median_interval(values, n, cases[i].confidence);
        expect_near(what, got.low, cases[i].low > 0 ? cases[i].low : NAN);
        expect_near(what, got.high, cases[i].low > 0 ? cases[i].high : NAN);
        free(what);
        free(values);
    }
}

static void test_median_interval_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    double values[] = {1, 2, 3, 4, 5, 6, 7, NAN};
    static const double confidences[] = {-1, 0, 1, 2, NAN};

    for (size_t i = 0; i < COUNT(confidences); i++)
        assert_true(isnan(stats_median_interval(values, 7,
                                                confidences[i]).low));
    assert_true(isnan(stats_median_interval(values, 8, 0.95).high));
}

static void test_wilson_agrees_with_scipy(void **state)
{
    (void)state;
    static const struct {
        size_t good, total;
        double confidence, low, high;
    } cases[] = {
        {0, 0, 0.95, NAN, NAN},
        {2, 1, 0.95, NAN, NAN},
        {1, 2, 0, NAN, NAN},
        {1, 2, 1, NAN, NAN},
        {0, 1, 0.95, 0, 0.793450685622763},
        {1, 1, 0.95, 0.206549314377237, 1},
        {0, 10, 0.95, 0, 0.277532799862889},
        {10, 10, 0.95, 0.722467200137111, 1},
        {5, 10, 0.95, 0.236593090512564, 0.763406909487436},
        {1, 3, 0.9, 0.0782657263337284, 0.746466131718776},
        {81, 263, 0.95, 0.255288519878274, 0.3662095769828},
        {997, 1000, 0.99, 0.988206483317075, 0.999241898768939},
        {999999, 1000000, 0.95, 0.999994335088196, 0.999999823475423},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct interval got = stats_wilson(cases[i].good, cases[i].total,
                                           cases[i].confidence);
        char *what = mem_printf("%zu of %zu", cases[i].good, cases[i].total);

        expect_near(what, got.low, cases[i].low);
        expect_near(what, got.high, cases[i].high);
        free(what);
    }
    assert_true(stats_wilson(0, 7, 0.95).low == 0);   /* exactly: printed */
    assert_true(stats_wilson(7, 7, 0.95).high == 1);
}

static void test_sign_test_agrees_with_scipy(void **state)
{
    (void)state;
    static const struct {
        size_t a, b;
        double want;
    } cases[] = {
        {0, 0, 1},
        {0, 1, 1},
        {1, 1, 1},
        {0, 5, 0.0625},
        {0, 6, 0.03125},
        {5, 0, 0.0625},
        {1, 8, 0.0390625},
        {3, 12, 0.03515625},
        {12, 3, 0.03515625},
        {10, 11, 1},
        {40, 60, 0.0568879336409809},
        {480, 560, 0.0142590790953859},
        {0, 1100, 0},
        {499000, 501000, 0.0456082998653896},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *what = mem_printf("%zu against %zu", cases[i].a, cases[i].b);

        if (fabs(stats_sign_test(cases[i].a, cases[i].b) - cases[i].want) >
            1e-8 * cases[i].want + 1e-12)
            fail_msg("%s: got %.15g, want %.15g", what,
                     stats_sign_test(cases[i].a, cases[i].b), cases[i].want);
        free(what);
    }
}

static void test_rank_sum_agrees_with_scipy_on_small_samples(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double      a[6];
        size_t      n;
        double      b[6];
        size_t      m;
        double      want;
    } cases[] = {
        {"nothing against one", {0}, 0, {1}, 1, NAN},
        {"one against nothing", {1}, 1, {0}, 0, NAN},
        {"one against one", {1}, 1, {2}, 1, 1},
        {"one against its like", {2}, 1, {2}, 1, 1},
        {"two against two", {1, 3}, 2, {2, 4}, 2, 0.666666666666667},
        {"apart", {1, 2, 3}, 3, {4, 5, 6}, 3, 0.1},
        {"apart, the other way", {4, 5, 6}, 3, {1, 2, 3}, 3, 0.1},
        {"five against six", {1.1, 2.2, 3.3, 4.4, 5.5}, 5,
         {0.5, 2.5, 3.5, 6.5, 7.5, 8.5}, 6, 0.428571428571429},
        {"six against six", {0.31, 0.29, 0.33, 0.30, 0.35, 0.28}, 6,
         {0.36, 0.41, 0.34, 0.39, 0.43, 0.37}, 6, 0.00432900432900433},
        {"all tied", {5, 5, 5}, 3, {5, 5, 5}, 3, 1},
        {"some tied", {1, 2, 2, 3}, 4, {2, 3, 3, 4, 5}, 5,
         0.0993422478534653},
        {"not observed", {1, NAN}, 2, {2, 3}, 2, NAN},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        expect_near(cases[i].what,
                    stats_rank_sum(cases[i].a, cases[i].n, cases[i].b,
                                   cases[i].m), cases[i].want);
}

static void test_rank_sum_agrees_with_scipy_on_both_sides_of_exact(void **state)
{
    (void)state;
    double a[40], b[400];

    for (size_t i = 0; i < 21; i++) {
        a[i] = (double)i;
        b[i] = (double)i + 6.5;
    }
    expect_near("exact 20 x 20", stats_rank_sum(a, 20, b, 20),
                0.00264263059155935);
    expect_near("normal 21 x 20", stats_rank_sum(a, 21, b, 20),
                0.00641902185351367);

    for (size_t i = 0; i < 40; i++) a[i] = (double)(i * 7 % 11);
    for (size_t i = 0; i < 30; i++) b[i] = (double)(i * 5 % 13);
    expect_near("normal with ties 40 x 30", stats_rank_sum(a, 40, b, 30),
                0.445913377291639);

    a[0] = 1;
    for (size_t i = 0; i < 400; i++) b[i] = 2 + (double)i;
    expect_near("exact 1 x 400", stats_rank_sum(a, 1, b, 400),
                0.00498753117206983);
}

static void test_normal_quantile_agrees_with_scipy(void **state)
{
    (void)state;
    static const struct {
        double p, want;
    } cases[] = {
        {1e-300, -37.047096299361201},  {1e-20, -9.2623400897984087},
        {1e-9, -5.9978070150076865},    {0.001, -3.0902323061678132},
        {0.025, -1.9599639845400545},   {0.075, -1.4395314709384563},
        {0.1, -1.2815515655446004},     {0.3, -0.52440051270804089},
        {0.5, 0},                       {0.6, 0.25334710313579972},
        {0.925, 1.4395314709384563},    {0.975, 1.959963984540054},
        {0.995, 2.5758293035489004},    {0.999999999, 5.9978070196016366},
        {0, NAN}, {1, NAN}, {-0.5, NAN}, {1.5, NAN}, {NAN, NAN},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        double got = stats_normal_quantile(cases[i].p);

        if (isnan(cases[i].want) ? !isnan(got)
                : fabs(got - cases[i].want) > 4e-15 * fabs(cases[i].want))
            fail_msg("p %g: got %.17g, want %.17g", cases[i].p, got,
                     cases[i].want);
    }
}

static void test_certified_floors_agree_with_gsl(void **state)
{
    (void)state;
    static const struct {
        double p, confidence;
        size_t want;
    } cases[] = {
        {0.5, 0.99, 11},   {0.75, 0.99, 24},  {0.9, 0.99, 64},
        {0.95, 0.99, 130}, {0.97, 0.99, 219}, {0.99, 0.99, 662},
        {0.999, 0.99, 6636},
        {0.5, 0.95, 8},    {0.9, 0.95, 46},   {0.99, 0.95, 473},
        {0.5, 0.9, 7},     {0.95, 0.9, 77},   {0.999, 0.9, 3889},
        /* Nothing to certify. */
        {0, 0.99, 0}, {1, 0.99, 0}, {0.9, 0, 0}, {0.9, 1, 0},
        {NAN, 0.99, 0}, {0.9, NAN, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(stats_certified_floor(cases[i].p,
                                               cases[i].confidence),
                         cases[i].want);
}

/* The t of the t-th largest of n samples; 0: not certified. */
static size_t certified_rank(size_t n, double p, double confidence)
{
    double *values = mem_new(n + 1, sizeof *values);
    double  got;

    /* In no order; the t-th largest is n + 1 - t. */
    for (size_t k = 0; k < n; k++)
        values[k] = (double)(k % 2 ? n - k / 2 : k / 2 + 1);
    got = stats_certified(values, n, p, confidence);
    free(values);
    return isnan(got) ? 0 : n + 1 - (size_t)got;
}

static void test_certified_ranks_agree_with_gsl(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 10, 11, 64, 129, 130, 661, 662,
                                   1000, 10000, 100000};
    static const struct {
        double p;
        size_t want[COUNT(sizes)];
    } cases[] = {
        {0.5, {0, 0, 0, 1, 22, 50, 51, 300, 300, 462, 4883, 49631}},
        {0.9, {0, 0, 0, 0, 1, 5, 5, 48, 48, 78, 930, 9779}},
        {0.95, {0, 0, 0, 0, 0, 0, 1, 20, 20, 34, 449, 4839}},
        {0.99, {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 77, 927}},
        {0.999, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 77}},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(sizes); k++)
            assert_int_equal(certified_rank(sizes[k], cases[i].p, 0.99),
                             cases[i].want[k]);
}

/* P(at most `most` of n are above p), each term by itself. */
static double above_at_most(size_t most, size_t n, double p)
{
    double sum = 0;

    for (size_t k = 0; k <= most; k++) {
        double dk = (double)k, dn = (double)n;
        sum += exp(lgamma(dn + 1) - lgamma(dk + 1) - lgamma(dn - dk + 1) +
                   dk * log(1 - p) + (dn - dk) * log(p));
    }
    return sum;
}

static void test_certified_is_the_largest_rank_that_is_sure(void **state)
{
    (void)state;
    static const double ps[] = {0.3, 0.5, 0.9, 0.95};
    static const double confidences[] = {0.5, 0.9, 0.95, 0.99, 0.999};

    for (size_t i = 0; i < COUNT(ps); i++)
        for (size_t k = 0; k < COUNT(confidences); k++)
            for (size_t n = 1; n <= 150; n++) {
                double miss = (1 - confidences[k]) * (1 - 1e-12);
                size_t t = 0;

                while (t < n && above_at_most(t + 1, n, ps[i]) < miss) t++;
                assert_int_equal(certified_rank(n, ps[i], confidences[k]), t);
                assert_int_equal(n >= stats_certified_floor(ps[i],
                                                            confidences[k]),
                                 t >= 1);
            }
}

static void test_certified_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    double values[100] = {0};

    assert_true(isnan(stats_certified(NULL, 0, 0.5, 0.99)));
    assert_true(isnan(stats_certified(values, 100, 0, 0.99)));
    assert_true(isnan(stats_certified(values, 100, 1, 0.99)));
    assert_true(isnan(stats_certified(values, 100, NAN, 0.99)));
    assert_true(isnan(stats_certified(values, 100, 0.5, 1)));
    expect_near("all alike", stats_certified(values, 100, 0.5, 0.99), 0);
    values[99] = NAN;
    assert_true(isnan(stats_certified(values, 100, 0.5, 0.99)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median_is_the_middle_of_any_order),
        cmocka_unit_test(test_median_interval_takes_the_narrowest_ranks),
        cmocka_unit_test(test_median_interval_refuses_what_makes_no_sense),
        cmocka_unit_test(test_wilson_agrees_with_scipy),
        cmocka_unit_test(test_sign_test_agrees_with_scipy),
        cmocka_unit_test(test_rank_sum_agrees_with_scipy_on_small_samples),
        cmocka_unit_test(
            test_rank_sum_agrees_with_scipy_on_both_sides_of_exact),
        cmocka_unit_test(test_normal_quantile_agrees_with_scipy),
        cmocka_unit_test(test_certified_floors_agree_with_gsl),
        cmocka_unit_test(test_certified_ranks_agree_with_gsl),
        cmocka_unit_test(test_certified_is_the_largest_rank_that_is_sure),
        cmocka_unit_test(test_certified_refuses_what_makes_no_sense),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
