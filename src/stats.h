/* SPDX-License-Identifier: MIT */
/* stats.h - the few statistics we print. Pure; NAN in, NAN out; each names
 * its source; tests compare with numbers from an independent tool (GSL). */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>

struct interval {
    double low, high;      /* NAN when the sample cannot support one */
};

/* Sorts its argument. Even n: the mean of the middle two. NAN for n = 0. */
double stats_median(double *values, size_t n);

/* Distribution-free interval for the median at `confidence` (0.95), from
 * order statistics (binomial): the narrowest symmetric pair whose coverage
 * is at least that. NAN below the n that can support it (6 for 0.95).
 * Source: Conover, Practical Nonparametric Statistics, 3rd ed., 3.2. */
struct interval stats_median_interval(double *values, size_t n,
                                      double confidence);

/* The percentile p (0 < p < 1) that n sorted latencies certify at
 * `confidence`: with h(t) the fewest samples below it for which
 * I_p(h, t + 1) < 1 - confidence, and t the largest whole number >= 1 with
 * h(t) + t <= n, the t-th largest sample. NAN when there is no such t.
 * Source: MLPerf LoadGen's early stopping, whose floors are 64, 130 and 662
 * samples for p90, p95 and p99. Sorts its argument. */
double stats_certified(double *values, size_t n, double p, double confidence);

/* The fewest samples that certify p at all: h(1) + 1. */
size_t stats_certified_floor(double p, double confidence);

/* Wilson score interval of a proportion. Source: Wilson 1927. */
struct interval stats_wilson(size_t good, size_t total, double confidence);

/* Two-sided exact sign test: how likely are discordant pairs as uneven as
 * (a, b) when both were equal? Used on cases that only one candidate
 * passed (McNemar's exact test). */
double stats_sign_test(size_t a, size_t b);

/* Two-sided Mann-Whitney U: exact for n*m <= 400 without ties, else normal
 * approximation with tie correction. p value in 0..1; NAN when n or m = 0. */
double stats_rank_sum(const double *a, size_t n, const double *b, size_t m);

/* Variance of Kendall's S (pairs that agree in order, less those that do
 * not) when x and y have nothing to do with each other, corrected for ties on
 * both sides. NAN for n < 2. Source: Kendall, Rank Correlation Methods, 4th
 * ed., chapter 4. */
double stats_kendall_variance(const double *x, const double *y, size_t n);

struct slope {
    double slope, low, high;
};

/* How steeply y rises with x, whatever a few of the points do: the median
 * slope of all pairs of points that differ in x, and the interval between two
 * of these slopes that covers the true one at `confidence`. The interval is
 * NAN when the sample cannot support it (fewer than 5 points for 0.95). Takes
 * memory and time with n squared. Sources: Theil 1950; Sen 1968; for the
 * ranks with ties Gilbert 1987, 16.4 and 16.5, to the nearest rank. */
struct slope stats_slope(const double *x, const double *y, size_t n,
                         double confidence);

/* Standard normal quantile, 0 < p < 1. Source: Wichura AS 241. */
double stats_normal_quantile(double p);

#endif
