/* SPDX-License-Identifier: MIT */
/* stats.c - see stats.h. Exact where exact is cheap; nothing here draws
 * random numbers, so a report of the same trials is the same report. */
#include "stats.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Up to this many pairs every number of arrangements is a whole number that
 * a double holds exactly (at most 40 over 20). */
#define EXACT_PAIRS 400

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool any_nan(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(values[i])) return true;
    return false;
}

double stats_median(double *values, size_t n)
{
    if (n == 0 || any_nan(values, n)) return NAN;
    qsort(values, n, sizeof *values, by_value);
    if (n % 2) return values[n / 2];
    return 0.5 * values[n / 2 - 1] + 0.5 * values[n / 2];
}

/* P(X <= k) of a fair coin thrown n times; k < n. Summed from k downwards:
 * the terms only fall where k is below the middle, which is where all
 * callers ask. */
static double coin_at_most(size_t k, size_t n)
{
    double dk = (double)k, dn = (double)n;
    double term = exp(lgamma(dn + 1) - lgamma(dk + 1) - lgamma(dn - dk + 1) -
                      dn * log(2.0));
    double sum = 0;

    for (; term > 0 && sum + term > sum; dk--) {
        sum += term;
        term *= dk / (dn - dk + 1);
    }
    return sum;
}

struct interval stats_median_interval(double *values, size_t n,
                                      double confidence)
{
    /* Rounding must not cost a pair that covers exactly `confidence`. */
    double miss = 1 - confidence + 1e-12;
    size_t low = 0, high = n / 2;   /* pairs known to cover; not to cover */

    if (!(confidence > 0 && confidence < 1) || any_nan(values, n))
        return (struct interval){NAN, NAN};
    /* The rank-th smallest and rank-th largest miss the median with
     * probability 2 P(X <= rank - 1). */
    while (low < high) {
        size_t rank = high - (high - low) / 2;

        if (2 * coin_at_most(rank - 1, n) <= miss) low = rank;
        else high = rank - 1;
    }
    if (low == 0) return (struct interval){NAN, NAN};
    qsort(values, n, sizeof *values, by_value);
    return (struct interval){values[low - 1], values[n - low]};
}

/* The logarithm of 1 - confidence; rounding must not certify what misses
 * exactly as often. */
static double log_miss(double confidence)
{
    return log1p(-confidence) - 1e-12;
}

/* I_p(h, t + 1) is the probability that of h + t samples at most t are above
 * the percentile. So the condition h(t) + t <= n says: of n samples at most t
 * are above it with a probability under 1 - confidence. */
double stats_certified(double *values, size_t n, double p, double confidence)
{
    const double big = 1e200, miss = log_miss(confidence);
    double term = 1, sum = 0, scale = (double)n * log(p);   /* a logarithm */
    size_t t = 0, above;

    if (!(p > 0 && p < 1 && confidence > 0 && confidence < 1) ||
        any_nan(values, n))
        return NAN;
    /* Terms of the binomial distribution from 0 up; p^n alone would be too
     * small for a double. */
    for (above = 0; above <= n; above++) {
        sum += term;
        if (log(sum) + scale >= miss) break;
        t = above;
        term *= (double)(n - above) / (double)(above + 1) * (1 - p) / p;
        if (term > big) {
            term /= big;
            sum /= big;
            scale += log(big);
        }
    }
    if (t == 0) return NAN;
    qsort(values, n, sizeof *values, by_value);
    return values[n - t];
}

/* Of n samples at most one is above with a probability of p^n +
 * n (1 - p) p^(n - 1), which falls with n. */
static bool is_certified(size_t n, double p, double confidence)
{
    return (double)(n - 1) * log(p) + log(p + (double)n * (1 - p)) <
           log_miss(confidence);
}

size_t stats_certified_floor(double p, double confidence)
{
    size_t low = 2, high = 2;

    if (!(p > 0 && p < 1 && confidence > 0 && confidence < 1)) return 0;
    while (!is_certified(high, p, confidence)) {
        low = high + 1;
        high *= 2;
    }
    while (low < high) {
        size_t n = low + (high - low) / 2;

        if (is_certified(n, p, confidence)) high = n;
        else low = n + 1;
    }
    return low;
}

struct interval stats_wilson(size_t good, size_t total, double confidence)
{
    double n = (double)total, p = (double)good / n;
    double z = stats_normal_quantile(0.5 + confidence / 2);
    double middle, half;

    if (total == 0 || good > total || isnan(z) || confidence <= 0)
        return (struct interval){NAN, NAN};
    middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
    return (struct interval){good == 0 ? 0 : middle - half,
                             good == total ? 1 : middle + half};
}

double stats_sign_test(size_t a, size_t b)
{
    if (a == b) return 1;
    return fmin(1, 2 * coin_at_most(a < b ? a : b, a + b));
}

struct ranked {
    double value;
    bool   from_a;
};

static int by_ranked_value(const void *a, const void *b)
{
    return by_value(&((const struct ranked *)a)->value,
                    &((const struct ranked *)b)->value);
}

/* Mann and Whitney's U of sample a, ties counted half; *ties is the sum of
 * t^3 - t over groups of t equal values. */
static double rank_statistic(const double *a, size_t n, const double *b,
                             size_t m, double *ties)
{
    struct ranked *all = mem_new(n + m, sizeof *all);
    double         rank_sum = 0;

    for (size_t i = 0; i < n; i++) all[i] = (struct ranked){a[i], true};
    for (size_t i = 0; i < m; i++) all[n + i] = (struct ranked){b[i], false};
    qsort(all, n + m, sizeof *all, by_ranked_value);

    *ties = 0;
    for (size_t i = 0, next; i < n + m; i = next) {
        double equal, rank;

        for (next = i + 1; next < n + m; next++)
            if (all[next].value > all[i].value) break;
        equal = (double)(next - i);
        rank = (double)i + (equal + 1) / 2;
        *ties += equal * equal * equal - equal;
        for (size_t k = i; k < next; k++)
            if (all[k].from_a) rank_sum += rank;
    }
    free(all);
    return rank_sum - (double)n * (double)(n + 1) / 2;
}

/* P(U <= u), from the generating function of the number of arrangements:
 * the product over i = 1..n of (1 - q^(m+i)) / (1 - q^i). */
static double exact_at_most(size_t u, size_t n, size_t m)
{
    double ways[EXACT_PAIRS + 1] = {1};
    double below = 0, all = 0;
    size_t top = n * m;

    for (size_t i = 1; i <= n; i++) {
        for (size_t k = top; k >= m + i; k--) ways[k] -= ways[k - m - i];
        for (size_t k = i; k <= top; k++) ways[k] += ways[k - i];
    }
    for (size_t k = 0; k <= top; k++) {
        all += ways[k];
        if (k <= u) below += ways[k];
    }
    return below / all;
}

double stats_rank_sum(const double *a, size_t n, const double *b, size_t m)
{
    double pairs = (double)n * (double)m, total = (double)n + (double)m;
    double u, ties, sigma, z;

    if (n == 0 || m == 0 || any_nan(a, n) || any_nan(b, m)) return NAN;
    u = rank_statistic(a, n, b, m, &ties);
    u = fmin(u, pairs - u);
    if (pairs <= EXACT_PAIRS && ties == 0)
        return fmin(1, 2 * exact_at_most((size_t)u, n, m));

    sigma = sqrt(pairs / 12 * (total + 1 - ties / (total * (total - 1))));
    /* Half a step towards the middle: U is a whole number, the normal
     * distribution is not. */
    z = (pairs / 2 - u - 0.5) / sigma;
    return sigma > 0 ? fmin(1, erfc(z / sqrt(2))) : 1;
}

/* Groups of t equal values: the sums over all groups of t (t - 1),
 * t (t - 1) (t - 2) and t (t - 1) (2 t + 5). */
struct tie_sums {
    double pairs, triples, kendall;
};

static struct tie_sums sum_ties(const double *values, size_t n)
{
    double         *sorted = mem_new(n, sizeof *sorted);
    struct tie_sums sums   = {0};

    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t i = 0, next; i < n; i = next) {
        double t;

        for (next = i + 1; next < n && sorted[next] <= sorted[i];) next++;
        t = (double)(next - i);
        sums.pairs += t * (t - 1);
        sums.triples += t * (t - 1) * (t - 2);
        sums.kendall += t * (t - 1) * (2 * t + 5);
    }
    free(sorted);
    return sums;
}

double stats_kendall_variance(const double *x, const double *y, size_t n)
{
    double          d = (double)n, variance;
    struct tie_sums in_x, in_y;

    if (n < 2 || any_nan(x, n) || any_nan(y, n)) return NAN;
    in_x = sum_ties(x, n);
    in_y = sum_ties(y, n);
    variance = (d * (d - 1) * (2 * d + 5) - in_x.kendall - in_y.kendall) / 18 +
               in_x.pairs * in_y.pairs / (2 * d * (d - 1));
    if (n > 2)
        variance += in_x.triples * in_y.triples /
                    (9 * d * (d - 1) * (d - 2));
    return variance;
}

/* The rank-th smallest, from 0, by Hoare's Find; what it leaves is in another
 * order. Values that are arranged to make it slow are sorted instead. */
static double find_rank(double *values, size_t n, size_t rank)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, k = (ptrdiff_t)rank;

    for (int rounds = 0; low < high && rounds < 100; rounds++) {
        double    pivot = values[low + (high - low) / 2];
        ptrdiff_t i = low, j = high;

        while (i <= j) {
            while (values[i] < pivot) i++;
            while (pivot < values[j]) j--;
            if (i > j) break;
            double other = values[i];
            values[i++] = values[j];
            values[j--] = other;
        }
        if (j < k) low = i;
        if (k < i) high = j;
    }
    if (low < high)
        qsort(values + low, (size_t)(high - low) + 1, sizeof *values,
              by_value);
    return values[rank];
}

/* Slopes of all pairs that differ in x; how many there are. */
static size_t pair_slopes(const double *x, const double *y, size_t n,
                          double *slopes)
{
    size_t pairs = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (x[k] > x[i] || x[k] < x[i])
                slopes[pairs++] = (y[k] - y[i]) / (x[k] - x[i]);
    return pairs;
}

struct slope stats_slope(const double *x, const double *y, size_t n,
                         double confidence)
{
    struct slope out = {NAN, NAN, NAN};
    double       z   = stats_normal_quantile(0.5 + confidence / 2);
    double      *slopes, width, low, high;
    size_t       pairs;

    if (n < 2 || any_nan(x, n) || any_nan(y, n)) return out;
    slopes = mem_new(n * (n - 1) / 2, sizeof *slopes);
    pairs = pair_slopes(x, y, n, slopes);
    if (pairs > 0)
        out.slope = 0.5 * find_rank(slopes, pairs, (pairs - 1) / 2) +
                    0.5 * find_rank(slopes, pairs, pairs / 2);
    width = z * sqrt(stats_kendall_variance(x, y, n));
    low = round(((double)pairs - width) / 2);
    high = round(((double)pairs + width) / 2) + 1;
    /* With nothing but ties both ranks are next to the middle. */
    if (low >= 1 && high <= (double)pairs) {
        out.low = find_rank(slopes, pairs, (size_t)low - 1);
        out.high = find_rank(slopes, pairs, (size_t)high - 1);
    }
    free(slopes);
    return out;
}

static double polynomial(const double *c, size_t n, double x)
{
    double sum = 0;

    while (n-- > 0) sum = sum * x + c[n];
    return sum;
}

/* The coefficients are those of the paper's PPND16 (about 1 part in 1e16). */
double stats_normal_quantile(double p)
{
    static const double a[] = {
        3.3871328727963666080, 1.3314166789178437745e2,
        1.9715909503065514427e3, 1.3731693765509461125e4,
        4.5921953931549871457e4, 6.7265770927008700853e4,
        3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {
        1, 4.2313330701600911252e1, 6.8718700749205790830e2,
        5.3941960214247511077e3, 2.1213794301586595867e4,
        3.9307895800092710610e4, 2.8729085735721942674e4,
        5.2264952788528545610e3};
    static const double c[] = {
        1.42343711074968357734, 4.63033784615654529590,
        5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 2.41780725177450611770e-1,
        2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {
        1, 2.05319162663775882187, 1.67638483018380384940,
        6.89767334985100004550e-1, 1.48103976427480074590e-1,
        1.51986665636164571966e-2, 5.47593808499534494600e-4,
        1.05075007164441684324e-9};
    static const double e[] = {
        6.65790464350110377720, 5.46378491116411436990,
        1.78482653991729133580, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3,
        2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {
        1, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
        1.48753612908506148525e-2, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7,
        2.04426310338993978564e-15};
    double q = p - 0.5, r, x;

    if (!(p > 0 && p < 1)) return NAN;
    if (fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
        return q * polynomial(a, 8, r) / polynomial(b, 8, r);
    }
    r = sqrt(-log(q < 0 ? p : 1 - p));
    x = r <= 5 ? polynomial(c, 8, r - 1.6) / polynomial(d, 8, r - 1.6)
               : polynomial(e, 8, r - 5) / polynomial(f, 8, r - 5);
    return q < 0 ? -x : x;
}
