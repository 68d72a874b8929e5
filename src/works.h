/* SPDX-License-Identifier: MIT */
/* works.h - step 4: what each kind of trial asks a running engine, and which
 * quantities are read from its answers. */
#ifndef WORKS_H
#define WORKS_H

#include "measure.h"
#include "tools_prompt.h"

/* Observed (1) of each free answer; of one with reasoning in its speech; of
 * one that is nothing but reasoning. */
#define WORKS_ANSWER       "answers"
#define WORKS_LEAK         "answers_leaking"
#define WORKS_ONLY_THOUGHT "answers_only_reasoning"

/* Observed (1) of a case whose reference calls a tool; of one in which the
 * model made a structured call. */
#define WORKS_CALL_WANTED "call_wanted"
#define WORKS_CALL_MADE   "call_made"

/* Observed with underrun_s: the rate that it was computed for. */
#define WORKS_SPEAKING_RATE "speaking_rate_words_per_min"

/* Observed of a case that was asked cold: seconds to its first sentence. */
#define WORKS_COLD_CASE   "case_first_sentence_cold_s"

/* Observed of a case that was misheard: words of what was said, and how many
 * of them were wrong (hearing_rate). */
#define WORKS_HEARD_WORDS "heard_words"
#define WORKS_HEARD_WRONG "heard_wrong"

/* A running engine and what is kept between its trials. Zeroed but for the
 * first four. */
struct bench {
    const struct measure    *m;
    const struct engine_ops *ops;
    void                    *engine;
    const struct engine_facts *facts;
    int                     *filler_ids;   /* tokens of some English text   */
    size_t                   n_filler;
    struct prompt_kit        case_kit;     /* for the last case's home      */
    char                    *case_home;    /* and tools: "flat intent"; ""
                                              for none; "case HASH" of one
                                              with a prompt of its own; NULL:
                                              no kit yet                    */
    struct text_list         case_names;   /* of that home                  */
    struct tools_prompt      by_prompt;    /* made when first needed        */
};
void works_done(struct bench *b);

/* Fills filler_ids: at least 2,048 token ids of plain English. */
MUST_USE int works_filler(struct bench *b, struct err *err);

/* One short answer, not to be kept: pages in the weights, fills caches. */
MUST_USE int works_warm_up(struct bench *b, struct trial *t, struct err *err);

/* Fills the trial's turns, messages and observations. On failure the trial
 * holds what arrived. */
MUST_USE int works_run(struct bench *b, const struct work *w, struct trial *t,
                       struct err *err);

#endif
