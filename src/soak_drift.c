/* SPDX-License-Identifier: MIT */
/* soak_drift.c - does one quantity change, by more than matters? See soak.h. */
#include "soak.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats.h"

#define S_PER_H         3600.0
#define CONFIDENCE      0.95
#define FEWEST_POINTS   10
#define FEWEST_IN_TENTH 3
#define MOST_POINTS     2000
#define BINS            500

struct point {
    double at_s, value;
};

static int by_time(const void *a, const void *b)
{
    const struct point *p = a, *q = b;

    if (p->at_s < q->at_s || p->at_s > q->at_s)
        return p->at_s < q->at_s ? -1 : 1;
    return (p->value > q->value) - (p->value < q->value);
}

/* Those that are whole, in order of time. Caller frees. */
static struct point *sorted(const double *at_s, const double *value, size_t n,
                            size_t *kept)
{
    struct point *points = mem_new(n, sizeof *points);

    *kept = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(at_s[i]) && isfinite(value[i]))
            points[(*kept)++] = (struct point){at_s[i], value[i]};
    qsort(points, *kept, sizeof *points, by_time);
    return points;
}

/* The median of the values, and of their times. */
static struct point middle(const struct point *points, size_t n)
{
    double      *column = mem_new(n, sizeof *column);
    struct point out;

    for (size_t i = 0; i < n; i++) column[i] = points[i].at_s;
    out.at_s = stats_median(column, n);
    for (size_t i = 0; i < n; i++) column[i] = points[i].value;
    out.value = stats_median(column, n);
    free(column);
    return out;
}

/* Into bins of equal time; points are in order. How many bins are not empty,
 * out has room for BINS. */
static size_t bin(const struct point *points, size_t n, struct point *out)
{
    double from_s = points[0].at_s, span_s = points[n - 1].at_s - from_s;
    size_t made = 0, i = 0;

    for (int k = 1; k <= BINS && i < n; k++) {
        double to_s  = from_s + span_s * k / BINS;
        size_t begin = i;

        while (i < n && (points[i].at_s < to_s || k == BINS)) i++;
        if (i > begin) out[made++] = middle(points + begin, i - begin);
    }
    return made;
}

static struct slope slope_of(const struct point *points, size_t n)
{
    struct point *few = mem_new(BINS, sizeof *few);
    size_t        m   = n > MOST_POINTS ? bin(points, n, few) : n;
    const struct point *from = n > MOST_POINTS ? few : points;
    double       *x = mem_new(m, sizeof *x), *y = mem_new(m, sizeof *y);
    struct slope  out;

    for (size_t i = 0; i < m; i++) {
        x[i] = from[i].at_s;
        y[i] = from[i].value;
    }
    out = stats_slope(x, y, m, CONFIDENCE);
    free(x);
    free(y);
    free(few);
    return out;
}

static enum steadiness judge(const struct slope *s, double length_s,
                             double allowed)
{
    double low = s->low * length_s, high = s->high * length_s;

    if (low >= -allowed && high <= allowed) return STEADY;
    if (low > allowed || high < -allowed) return DRIFTING;
    return STEADY_UNKNOWN;                        /* also when one is NAN */
}

static double or_nan(double value) { return isfinite(value) ? value : NAN; }

void drift_of(const double *at_s, const double *value, size_t n,
              double margin, bool is_absolute, struct drift *out)
{
    struct point *points = sorted(at_s, value, n, &n);
    size_t        tenth  = n / 10 > FEWEST_IN_TENTH ? n / 10 : FEWEST_IN_TENTH;
    size_t        half   = 0;
    struct slope  slope;
    double        length_s, level;

    *out = (struct drift){NAN, NAN, NAN, NAN, NAN, NAN, STEADY_UNKNOWN,
                          (long)n};
    if (n >= tenth) {
        out->first = middle(points, tenth).value;
        out->last = middle(points + n - tenth, tenth).value;
        out->change = or_nan(is_absolute ? out->last - out->first
                                         : out->last / out->first - 1);
    }
    if (n >= FEWEST_POINTS) {
        length_s = (points[n - 1].at_s - points[0].at_s) / 2;
        while (half + 1 < n && points[half].at_s < points[0].at_s + length_s)
            half++;
        slope = slope_of(points + half, n - half);
        level = middle(points + half, n - half).value;
        out->slope_per_h = or_nan(slope.slope * S_PER_H);
        out->slope_low = or_nan(slope.low * S_PER_H);
        out->slope_high = or_nan(slope.high * S_PER_H);
        out->is = judge(&slope, length_s,
                        is_absolute ? margin : margin * fabs(level));
    }
    free(points);
}
