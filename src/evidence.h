/* SPDX-License-Identifier: MIT */
/* evidence.h - step 7: what the stored trials of one candidate amount to.
 * Pure; fed one trial at a time, in any order. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "facts.h"
#include "types.h"

/* One case, as it came out. */
struct case_outcome {
    char        *suite, *id;
    enum outcome outcome;
};

struct evidence {
    double *values[METRIC_COUNT];
    size_t  n[METRIC_COUNT];
    struct case_outcome *cases;
    size_t  n_cases;
    struct worst_case *examples;   /* the first failed cases, at most 5     */
    size_t  n_examples;
    int     text_calls;            /* cases with a call written as text     */
    char   *death;                 /* how the engine ended, or NULL         */
    int     blocks;                /* that any trial belongs to             */
    size_t  ok_trials;             /* a load alone is no audition           */
};

void evidence_add(struct evidence *e, const struct trial *t);
void evidence_done(struct evidence *e);   /* safe on a zeroed struct */

/* Cases that only a, only b passed, of those that both have judged. */
void evidence_discordant(const struct evidence *a, const struct evidence *b,
                         size_t *only_a, size_t *only_b);

/* Fill metrics and quality of a candidate; `suite_needs_tools` says which
 * suites are about calls. */
void evidence_summarise(struct evidence *e,
                        bool (*suite_needs_tools)(void *ctx, const char *),
                        void *ctx, struct candidate_facts *out);

#endif
