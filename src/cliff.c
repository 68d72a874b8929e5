/* SPDX-License-Identifier: MIT */
/* cliff.c - the pure half of cliff.h: the knee, and the most entities. */
#include "cliff.h"

#include <math.h>

#define KNEE_POINTS   5
#define KNEE_SIDE     2       /* measured sizes beyond the break, each side  */
#define KNEE_STEEPER  2.0     /* second slope / first                        */
#define KNEE_ERROR    0.5     /* squared error left / that of a single line  */
#define EXACT         1e-12   /* squared error that is only rounding         */

/* y = a + b x + c v, v being how far x is beyond the break. */
struct fit {
    double a, b, c, error;     /* error: sum of squares                     */
};

/* Least squares with the break at x[k]; k = 0: a single line. */
static struct fit fit_lines(size_t k, const double *x, const double *y,
                            size_t n)
{
    double     mx = 0, mv = 0, my = 0, m = (double)n;
    double     xx = 0, vv = 0, xv = 0, xy = 0, vy = 0, det;
    struct fit f = {.error = 0};

#define BEYOND(i) (k ? fmax(x[i] - x[k], 0) : 0)
    for (size_t i = 0; i < n; i++) {
        mx += x[i] / m;
        mv += BEYOND(i) / m;
        my += y[i] / m;
    }
    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - mx, dv = BEYOND(i) - mv, dy = y[i] - my;

        xx += dx * dx;
        vv += dv * dv;
        xv += dx * dv;
        xy += dx * dy;
        vy += dv * dy;
    }
    det = xx * vv - xv * xv;
    f.b = k ? (xy * vv - vy * xv) / det : xy / xx;
    f.c = k ? (vy * xx - xy * xv) / det : 0;
    f.a = my - f.b * mx - f.c * mv;
    for (size_t i = 0; i < n; i++) {
        double off = y[i] - f.a - f.b * x[i] - f.c * BEYOND(i);
        f.error += off * off;
    }
#undef BEYOND
    return f;
}

static bool rises(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!(x[i] > x[i - 1])) return false;
    return true;
}

double cliff_knee(const double *x, const double *y, size_t n)
{
    struct fit line, best = {.error = INFINITY};
    double     scale = 0;
    size_t     at = 0;

    if (n < KNEE_POINTS || !rises(x, n)) return NAN;
    for (size_t k = KNEE_SIDE; k + KNEE_SIDE < n; k++) {
        struct fit f = fit_lines(k, x, y, n);

        if (f.error < best.error) {
            best = f;
            at = k;
        }
    }
    line = fit_lines(0, x, y, n);
    for (size_t i = 0; i < n; i++) scale += y[i] * y[i];
    if (!at || !(line.error > EXACT * scale) || !(best.b + best.c > 0) ||
        !(best.b + best.c >= KNEE_STEEPER * best.b) ||
        !(best.error <= KNEE_ERROR * line.error))
        return NAN;
    return x[at];
}

/* Rounding must not cost a whole entity. */
static double whole(double value)
{
    return floor(value * (1 + 1e-9));
}

/* Where the line through two points reaches y. */
static double where(double x0, double y0, double x1, double y1, double y)
{
    return x0 + (y - y0) / (y1 - y0) * (x1 - x0);
}

double cliff_most(const double *entities, const double *ttft_s, size_t n,
                  double limit_s, bool *is_bound)
{
    *is_bound = false;
    if (n == 0 || isnan(limit_s)) return NAN;
    if (ttft_s[n - 1] <= limit_s) {
        *is_bound = true;
        return entities[n - 1];
    }
    for (size_t i = n - 1; i-- > 0;)
        if (ttft_s[i] <= limit_s)
            return whole(where(entities[i], ttft_s[i], entities[i + 1],
                               ttft_s[i + 1], limit_s));
    if (n < 2 || !(ttft_s[1] > ttft_s[0])) return NAN;
    return fmax(0, whole(where(entities[0], ttft_s[0], entities[1], ttft_s[1],
                               limit_s)));
}
