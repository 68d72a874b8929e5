/* SPDX-License-Identifier: MIT */
/* judge.h - from a finished conversation to its outcome.
 *
 * The structured calls of all turns are executed in order on a fresh home,
 * so judging a stored trial again gives the same verdict as on the day it
 * was run. In this order:
 *
 *   harness_fault   the trial says so, or the case cannot be judged (its
 *                   home or a scorer is missing)
 *   template_fault  the trial failed with the fault "template"; or checks
 *                   are about tools that the template drops, and they fail,
 *                   or pass although nothing was called: that proves nothing
 *   fail            the trial failed for the candidate's own reason
 *   pass            all checks pass (and, where a check is about calls, no
 *                   call written as text would break it)
 *   unparsed        nothing was called, but the answer holds calls written
 *                   as text and executing those passes all checks about
 *                   calls; checks of the answer's text are left out
 *   fail            the first check that did not pass says why
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <jansson.h>

#include "suite.h"
#include "types.h"

/* Observed (1) on a trial whose final answer holds a call written as text. */
#define JUDGE_TEXT_CALL "text_call"

struct judge_context {
    json_t *tools;       /* OpenAI array, borrowed; NULL: the home's own    */
    int     tools_shown; /* 1; 0: the template drops them; -1: not known    */
};

/* Sets t->outcome, t->reason (NULL on a pass) and t->end_state (NULL when
 * the case has no home); what was there before is freed. A trial whose
 * status is not TRIAL_OK only gets its outcome, and a reason if it has none. */
void judge_case(const struct suite_case *test, struct trial *t,
                const struct judge_context *ctx);

#endif
