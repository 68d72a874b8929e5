/* SPDX-License-Identifier: MIT */
/* judge.h - from a finished conversation to its outcome.
 *
 * The structured calls are executed in order on a fresh home, as far as the
 * session executed them (session.h), so judging a stored trial again gives the
 * same verdict as on the day it was run. Each
 * thing that the user said is a turn; a turn is judged by its own checks, from
 * the state in which the model has left the home before it. A case passes
 * when all its turns do. In this order:
 *
 *   harness_fault   the trial says so, or the case cannot be judged (its
 *                   home or a scorer is missing)
 *   template_fault  the trial failed with the fault "template"; or checks
 *                   are about tools that the template drops, and they fail,
 *                   or pass although nothing was called: that proves nothing
 *   fail            the trial failed for the candidate's own reason
 *   pass            all checks pass (and, where a check is about calls, no
 *                   call written as text would break it; rules of others
 *                   that look at what was served alone are left as they are)
 *   unparsed        calls were written as text, and executing those passes:
 *                   in turns without a structured call, whose answer holds
 *                   such a call, all checks about calls (checks of the text
 *                   are left out there); in the others all checks
 *   fail            the first check that did not pass says why
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <jansson.h>

#include "suite.h"
#include "types.h"

/* What judging observes beside the outcome; stored with the trial, made anew
 * when it is judged again.
 *    name                    what it counts                                  */
#define JUDGE_NOTES(X)                                                        \
    X(text_call,              "cases with a call written as text")            \
    X(turns_judged,           "turns of the user")                            \
    X(turns_passed,           "of them: all checks pass")                     \
    X(said_not_done,          "claims what was not done")                     \
    X(said_not_done_of,       "turns in which nothing was changed")           \
    X(done_not_said,          "denies what was done")                         \
    X(done_not_said_of,       "turns in which something was changed")         \
    X(needless_confirmation,  "asks leave to do what was asked for")          \
    X(needless_confirmation_of, "turns in which it was to be done at once")   \
    X(asked_for_given,        "asks for what the user had said")              \
    X(asked_for_given_of,     "likewise")                                     \
    X(refused,                "refuses what could be done")                   \
    X(refused_of,             "turns that were not to be refused")            \
    X(unspeakable,            "not fit to be read aloud")                     \
    X(unspeakable_of,         "turns with a home, answered in words")         \
    X(bfcl_saner,             "calls right by BFCL's rule without its quirks")\
    X(bfcl_saner_of,          "cases of BFCL")                                \
    X(bfcl_saner_parsed,      "likewise, calls in the text counted as calls") \
    X(original_parsed,        "right by an original's rule, calls in the "    \
                              "text counted as calls")                        \
    X(ifeval_strict,          "instructions followed, IFEval strict")         \
    X(ifeval_loose,           "likewise, loose")                              \
    X(ifeval_of,              "instructions of IFEval")                       \
    X(ifeval_prompt_loose,    "prompts with all of them followed, loose")     \
    X(ifeval_prompt_of,       "prompts of IFEval")

enum judge_note {
#define X(name, help) JUDGE_##name,
    JUDGE_NOTES(X)
#undef X
    JUDGE_NOTE_COUNT
};
extern const char *const judge_note_name[JUDGE_NOTE_COUNT];

/* JUDGE_NOTE_COUNT when it is none of them. */
enum judge_note judge_note_find(const char *metric);

struct judge_context {
    json_t *tools;       /* OpenAI array, borrowed, for a case without
                            functions of its own; NULL: the home's          */
    int     tools_shown; /* 1; 0: the template drops them; -1: not known    */
    size_t  first_turn;  /* turns before it are executed, not judged        */
};

/* Sets t->outcome, t->reason (NULL on a pass), t->end_state (NULL when the
 * case has no home) and the notes among t->observations; what was there before
 * is freed. A trial whose status is not TRIAL_OK only gets its outcome, and a
 * reason if it has none; a conversation that failed (TRIAL_FAILED) also its
 * notes, where the turn in which it broke off and those behind it count as
 * judged and not passed. */
void judge_case(const struct suite_case *test, struct trial *t,
                const struct judge_context *ctx);

#endif
