/* SPDX-License-Identifier: MIT */
/* works.h - step 4: what each kind of trial asks a running engine, and which
 * quantities are read from its answers. */
#ifndef WORKS_H
#define WORKS_H

#include "measure.h"

/* A running engine and what is kept between its trials. Zeroed but for the
 * first four. */
struct bench {
    const struct measure    *m;
    const struct engine_ops *ops;
    void                    *engine;
    const struct engine_facts *facts;
    int                     *filler_ids;   /* tokens of some English text   */
    size_t                   n_filler;
    struct prompt_kit        case_kit;     /* for the last case's home      */
    char                    *case_home;    /* "" for none; NULL: no kit yet */
};
void works_done(struct bench *b);

/* One short answer, not to be kept: pages in the weights, fills caches. */
MUST_USE int works_warm_up(struct bench *b, struct trial *t, struct err *err);

/* Fills the trial's turns, messages and observations. On failure the trial
 * holds what arrived. */
MUST_USE int works_run(struct bench *b, const struct work *w, struct trial *t,
                       struct err *err);

#endif
