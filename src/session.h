/* SPDX-License-Identifier: MIT */
/* session.h - step 5, running: one case as a conversation with a tool loop.
 * Judging what happened is judge.h, and can be done again later. */
#ifndef SESSION_H
#define SESSION_H

#include "engine/engine.h"
#include "prompt.h"
#include "suite.h"
#include "tools_prompt.h"
#include "types.h"

#define SESSION_MAX_STEPS  5     /* call, result, call, ... then it must end */
#define SESSION_MAX_TOKENS 200   /* of one answer: two minutes of speech is
                                    no voice assistant; a case may allow
                                    another number                           */

#define SESSION_MAX_RESULT (64u << 10)   /* bytes of one tool's result; a
                                    longer one becomes an error that the
                                    model is told                            */

struct session {
    const struct engine_ops   *ops;
    void                      *engine;
    const struct prompt_kit   *kit;
    const json_t              *sampling;
    json_t                    *template_kwargs;
    const struct tools_prompt *by_prompt;   /* NULL: tools go with the
                                    request; else they stand in the system
                                    prompt, calls are read from the text and
                                    become the turn's calls, results are
                                    handed back by the user                  */
    const char                *heard;       /* what the recogniser made of the
                                    first turn, or NULL: it heard well       */
    bool                       is_cold;     /* nothing of the first request
                                    may come from a cache                    */
};

/* What comes before what the user says (system message, earlier messages of
 * the case); then each thing that the user says: asks, executes calls on the
 * home of the case, hands results back, until the model answers without a
 * call or has taken SESSION_MAX_STEPS; the home and the conversation go on
 * from there.
 * Fills messages, turns, duration and, when the conversation could not be
 * finished, status, fault and reason. Arguments that are no JSON object are
 * never repaired: they end the conversation, the scorers see it. A case with
 * functions and no home ends with the first answer. Fails only
 * with ERR_STOPPED (nothing is to be stored) or when the home of the case
 * cannot be made. */
MUST_USE int session_run(const struct session *s,
                         const struct suite_case *test, struct trial *t,
                         struct err *err);

/* Can a call with this text of arguments be executed: is it one JSON object,
 * or empty? If not, the call and those behind it are not executed. */
bool session_takes(const char *arguments);

/* A failed request's part in the trial: status, fault and reason from the
 * kind of the error and its words. Also used for speed trials. */
void session_note_failure(struct trial *t, const struct err *why);

#endif
