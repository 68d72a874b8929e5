/* SPDX-License-Identifier: MIT */
/* measure.h - step 4: one block of one candidate: start the engine, do what
 * the schedule says, hand every finished trial on, stop the engine.
 *
 * Never reads a clock: times come with the turns. What is already stored is
 * not measured again.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "board.h"
#include "engine/engine.h"
#include "preflight.h"
#include "prompt.h"
#include "schedule.h"
#include "types.h"

/* Where finished trials go; returns -1 with err when they cannot be kept. */
typedef int (*trial_sink_fn)(void *ctx, const struct trial *t,
                             struct err *err);
/* Judge a case's trial before it is kept. */
typedef void (*trial_judge_fn)(void *ctx, const struct suite_case *test,
                               struct trial *t);
/* What is going on, for a person who watches. */
typedef void (*progress_fn)(void *ctx, const struct work *work);
/* What the preflight found is kept; *again: the engine is to be started anew
 * the way that it says (struct measure is made again from it). */
typedef int (*preflight_fn)(void *ctx, const struct preflight *p, bool *again,
                            struct err *err);

struct measure {
    const struct candidate  *candidate;
    const struct engine_spec *spec;
    const struct config     *config;
    const struct schedule   *schedule;
    struct progress         *progress;   /* grows with each trial           */
    const struct prompt_kit *user_prompt;
    json_t                  *sampling;   /* of every request                */
    json_t                  *template_kwargs;
    const char              *system_suffix; /* a line behind the system
                                            prompt of cases, or NULL        */
    trial_sink_fn            keep;
    trial_judge_fn           judge;
    progress_fn              on_work;
    preflight_fn             on_preflight;  /* NULL: none is made           */
    struct board_state *board;      /* NULL: it is not watched         */
    const struct board_expectation *expected;   /* of it; with board only   */
    void                    *ctx;
};

/* Is anything left to do in this block? */
bool measure_is_done(const struct measure *m, int block);

/* facts is set when the engine started (the caller frees it). *again: nothing
 * was measured yet, call once more with what the preflight found. Fails with
 * ERR_STOPPED, when a trial cannot be kept, or with the reason why this
 * candidate cannot go on; *candidate_failed tells the last from the others. */
MUST_USE int measure_block(const struct measure *m, int block,
                           struct engine_facts *facts, bool *again,
                           bool *candidate_failed, struct err *err);

#endif
