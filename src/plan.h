/* SPDX-License-Identifier: MIT */
/* plan.h - `audition plan` and `run --dry-run`: what each candidate will do
 * on this board, why one cannot, and what the audition itself will cost.
 * Starts no engine, writes nothing. */
#ifndef PLAN_H
#define PLAN_H

#include "audition.h"

struct plan_row {
    const struct entry *entry;       /* borrowed                             */
    enum verdict        verdict;     /* by the medians of the prediction     */
    struct forecast     forecast;    /* of the entry; without times where
                                        the verdict needs none               */
    struct text_list    reasons;     /* why, what to know, what cannot hold  */
    const char         *absent;      /* how to get it, borrowed; NULL: here  */
    double              cost_s;      /* engine time of its audition; NAN out */
    double              cases_s;     /* of that for the cases; NAN likewise  */
    bool                tok_s_cannot_hold, latency_cannot_hold,
                        memory_cannot_hold;   /* of what the user expects    */
};

struct plan {
    const struct audition *audition; /* borrowed                             */
    struct plan_row       *rows;     /* one a candidate, in their order      */
    size_t                 n;
    double                 audition_s;  /* NAN: of none can it be said      */
};

void plan_make(const struct audition *a, struct plan *out);
void plan_done(struct plan *p);
/* What the user says in all cases that are asked. */
size_t plan_turns(const struct audition *a);
/* 0 when any candidate could be auditioned, be it after a download; else 2
 * when all are bad input, else 3. */
int  plan_exit_code(const struct plan *p);

/* plan_print.c: the same for people and for programs, on stdout. */
void plan_print(const struct plan *p);
json_t *plan_json(const struct plan *p);

#endif
