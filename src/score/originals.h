/* SPDX-License-Identifier: MIT */
/* originals.h - what the graders of others count beside their pass or fail:
 * the judge notes it with the trial. Pure. */
#ifndef SCORE_ORIGINALS_H
#define SCORE_ORIGINALS_H

#include "score/score.h"

struct original_notes {
    unsigned bfcl_saner, bfcl_saner_of;        /* cases: see original/bfcl.h  */
    unsigned ifeval_strict, ifeval_loose, ifeval_of;    /* instructions      */
    unsigned ifeval_prompt_loose, ifeval_prompt_of;     /* prompts           */
};

/* Over all checks of the turn; zeros where there are none of these. was_heard:
 * false when the turn never came about; then only what was to be counted is. */
void original_note(const struct transcript *t, bool was_heard,
                   struct original_notes *out);

/* The part of each scorer; adds to *out. */
void bfcl_note(const json_t *rule, const struct transcript *t, bool was_heard,
               struct original_notes *out);
void ifeval_note(const json_t *rule, const struct transcript *t,
                 bool was_heard, struct original_notes *out);

/* The twin of a JSON value in the pool. */
struct py_pool;
struct py;
const struct py *original_value(struct py_pool *pool, const json_t *value);
/* A text in the pool; NULL stays NULL. */
const struct py *original_text(struct py_pool *pool, const char *text);

#endif
