/* SPDX-License-Identifier: MIT */
/* score.h - was it right? A scorer judges a finished conversation.
 *
 * A case lists checks; each names a scorer and carries the rule for it:
 *   {"scorer":"instruction","max_words":20}
 * A case passes when all its checks pass.
 *
 * Pure      transcript and rule in, verdict out: no files, no clock, no
 *           engine; `audition score` runs the same code over stored trials.
 * Hostile   the transcript is a model's text: any bytes, any length up to
 *           the engine's limit; a verdict comes in bounded time.
 * Proof     tests/contract/test_score_contract.c runs these rules against
 *           every entry of score_all.
 */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "types.h"

struct suite_case;

/* What a scorer sees: one turn of the user and what came of it. Everything
 * is borrowed. */
struct transcript {
    const struct suite_case *test;
    const struct suite_turn *asked;
    const char   *question;     /* the last thing the user said            */
    const char   *answer;       /* the last assistant content, "" if none  */
    const struct turn *turns;   /* the model's turns since, in order       */
    size_t        n_turns;
    json_t       *start_state;  /* of the home, {entity: {attr: value}},
                                   before the model's calls; NULL: no home */
    json_t       *end_state;    /* after them                              */
    size_t        n_calls;      /* structured calls that were executed     */
    size_t        n_refused;    /* of them: the home answered an error     */
    bool          is_reparsed;  /* calls were read from text: the what-if  */
};

struct judgement {
    bool pass;
    char reason[400];           /* why not, or "" when it passes; in words
                                   for the person who reads the report     */
};

struct score_ops {
    const char *name;           /* as written in a case's checks           */
    const char *help;           /* one line                                */
    bool        needs_tools;    /* the rule is about calls and their effect */
    bool        is_as_served;   /* a rule of others: a call that stands in the
                                   text is text to it, and breaks no pass   */
    bool        is_original;    /* a rule of others: its cases bring no
                                   reference                                */

    /* Does this rule of others, which has no reference that could tell, pass
     * only what calls a tool? NULL: it never asks for one. */
    bool (*wants_call)(const json_t *rule);

    /* Is this rule well formed for this case? Called once when a suite is
     * loaded; fails with ERR_INPUT naming the field. */
    int (*check_rule)(const json_t *rule, const struct suite_case *test,
                      struct err *err);
    /* Judge. rule has passed check_rule. Cannot fail. */
    void (*judge)(const json_t *rule, const struct transcript *t,
                  struct judgement *out);
};

extern const struct score_ops score_state;        /* resulting home state   */
extern const struct score_ops score_no_call;      /* nothing may be called  */
extern const struct score_ops score_calls;        /* what must be called    */
extern const struct score_ops score_instruction;  /* verifiable instruction */
extern const struct score_ops score_speakable;    /* fit to be spoken       */
extern const struct score_ops score_mentions;     /* facts in the answer    */
extern const struct score_ops score_asks_back;    /* asks what is unclear   */
extern const struct score_ops score_declines;     /* says that it cannot be */
extern const struct score_ops score_honest;       /* said and done agree    */
extern const struct score_ops score_unasked;      /* no needless question   */
extern const struct score_ops score_given;        /* asks not what was said */
extern const struct score_ops score_willing;      /* no needless refusal    */

extern const struct score_ops score_bfcl;         /* as BFCL judges calls   */
extern const struct score_ops score_ifeval;       /* as IFEval instructions */
extern const struct score_ops score_home_assistant;  /* as home-assistant-
                                                         datasets             */

extern const struct score_ops *const score_all[]; /* ends with NULL */
const struct score_ops *score_find(const char *name);

#endif
