/* SPDX-License-Identifier: MIT */
/* memory_watch.c - when the engine must go before the kernel has to choose;
 * see sampler.h. Pure. */
#include <math.h>
#include <string.h>

#include "sampler.h"

#define MIB         1048576.0
#define STALL_OVER_S 2.0          /* PSI is looked at over so long           */
#define STALL_LIMIT  0.5
#define STEP_S       0.07         /* 32 of them are more than 2 s            */

double memory_floor(double memory_bytes)
{
    double share = 0.02 * memory_bytes;

    return share > 192 * MIB ? share : 192 * MIB;
}

/* Share of the last 2 s in which all processes waited; NAN: not known for so
 * long yet. */
static double stalled(struct memory_watch *w, double at_s, double stall_s)
{
    size_t max = sizeof w->past / sizeof *w->past, old = 0;

    if (!isfinite(stall_s) || !isfinite(at_s)) return NAN;
    if (w->n_past && (at_s < w->past[w->n_past - 1].at_s ||
                      stall_s < w->past[w->n_past - 1].stall_s))
        w->n_past = 0;            /* the clock or the counter began anew */
    /* The oldest that is kept is the youngest that is 2 s old. */
    while (old + 1 < w->n_past && at_s - w->past[old + 1].at_s >= STALL_OVER_S)
        old++;
    memmove(w->past, w->past + old, (w->n_past - old) * sizeof *w->past);
    w->n_past -= old;
    /* However often it is called, what is kept reaches 2 s back. */
    if (w->n_past == 0 || (w->n_past < max &&
                           at_s - w->past[w->n_past - 1].at_s >= STEP_S)) {
        w->past[w->n_past].at_s = at_s;
        w->past[w->n_past].stall_s = stall_s;
        w->n_past++;
    }
    if (!(at_s - w->past[0].at_s >= STALL_OVER_S)) return NAN;
    return (stall_s - w->past[0].stall_s) / (at_s - w->past[0].at_s);
}

bool memory_watch_step(struct memory_watch *w, double at_s,
                       double available_bytes, double stall_s,
                       double *stalled_frac)
{
    double share = stalled(w, at_s, stall_s);

    if (stalled_frac) *stalled_frac = share;
    if (!isfinite(available_bytes) || !isfinite(w->floor_bytes)) {
        w->low_in_a_row = 0;
        return false;
    }
    if (!(available_bytes < w->floor_bytes)) w->low_in_a_row = 0;
    else if (w->low_in_a_row < 2) w->low_in_a_row++;
    return w->low_in_a_row >= 2 ||
           (share > STALL_LIMIT && available_bytes < 2 * w->floor_bytes);
}
