/* SPDX-License-Identifier: MIT */
/* measure.h - step 4: one block of one candidate: start the engine, do what
 * the schedule says, hand every finished trial on, stop the engine.
 *
 * Never reads a clock: times come with the turns. What is already stored is
 * not measured again.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "engine/engine.h"
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

struct measure {
    const struct candidate  *candidate;
    const struct engine_spec *spec;
    const struct config     *config;
    const struct schedule   *schedule;
    struct progress         *progress;   /* grows with each trial           */
    const struct prompt_kit *user_prompt;
    json_t                  *sampling;   /* of every request                */
    json_t                  *template_kwargs;
    trial_sink_fn            keep;
    trial_judge_fn           judge;
    progress_fn              on_work;
    void                    *ctx;
};

/* Is anything left to do in this block? */
bool measure_is_done(const struct measure *m, int block);

/* facts is set when the engine started (the caller frees it). Fails with
 * ERR_STOPPED, when a trial cannot be kept, or with the reason why this
 * candidate cannot go on; *candidate_failed tells the last from the others. */
MUST_USE int measure_block(const struct measure *m, int block,
                           struct engine_facts *facts,
                           bool *candidate_failed, struct err *err);

#endif
