/* SPDX-License-Identifier: MIT */
/* cliff.h - where a longer prompt begins to hurt. The knee and the limit are
 * pure functions of the measured points.
 *
 * Knee   of all two-piece lines (continuous, the break at a measured size,
 *        at least two points on either side), the one with the least squared
 *        error; it is a knee when its second slope is at least twice the
 *        first and it leaves at most half of the error of the single line.
 *        Otherwise time grows evenly, and there is none. At least 5 points.
 * Most   entities: straight lines between measured points; below the
 *        smallest, the line through the first two, down to 0.
 */
#ifndef CLIFF_H
#define CLIFF_H

#include "config.h"
#include "engine/engine.h"
#include "facts.h"
#include "types.h"

/* NAN: no knee. x and y have n entries, x rising. */
double cliff_knee(const double *x, const double *y, size_t n);

/* The largest whole number of entities within limit_s. *is_bound: even the
 * most that was measured is. NAN: nothing measured, or everything above the
 * limit and no line that leads below it. */
double cliff_most(const double *entities, const double *ttft_s, size_t n,
                  double limit_s, bool *is_bound);

struct cliff_how {
    const struct engine_ops   *ops;
    void                      *engine;
    const struct engine_facts *facts;
    const struct config       *config;
    json_t                    *sampling, *template_kwargs;
    const char                *system_suffix;  /* a line behind the system
                                              prompt, or NULL                 */
    double                     longest_s;  /* a size that would take longer
                                              by what came before is left out */
};

/* Step 4: one cold request a size, smallest first. Observations in the order
 * of series.h. A prompt that is longer than the context is skipped, and so is
 * one that the server answers with fewer prompt tokens than it must have (it
 * cut the prompt silently). */
MUST_USE int cliff_run(const struct cliff_how *how, struct trial *t,
                       struct err *err);

#endif
