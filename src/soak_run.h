/* SPDX-License-Identifier: MIT */
/* soak_run.h - step 4: one pass of a soak (soak.h): five short questions whose
 * answers are known, each asked by itself with the user's own system prompt
 * and tools, at temperature 0 with a fixed seed.
 *
 * Alike   the first pass after a start of the engine is preceded by the last
 *         question, so that each pass finds in the engine's cache what the
 *         one before left there. That answer is not kept.
 * Time    SOAK_AT is when an answer ended, by its stamps; what was between
 *         two answers counts, what was between two starts does not.
 * Failed  a question without an answer is an observation, and the pass goes
 *         on; the pass fails when the engine is gone or no question was
 *         answered.
 * Same    answers are told apart by what is said and called.
 */
#ifndef SOAK_RUN_H
#define SOAK_RUN_H

#include "soak.h"
#include "works.h"

#define SOAK_TOKENS 64             /* the most of an answer */

/* Fills turns, messages (without the system prompt, which is the same each
 * time), duration and observations. `past` only learns where the engine's
 * clock stands: a pass that is kept is added to it with soak_past_add(). */
MUST_USE int soak_pass(struct bench *b, struct soak_past *past,
                       struct trial *t, struct err *err);

#endif
