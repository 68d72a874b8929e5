/* SPDX-License-Identifier: MIT */
/* preflight_internal.h - what the parts of the preflight share: the
 * renderings (preflight_template.c), the real turns (preflight_turns.c), the
 * switches that stop a model from thinking (preflight_thinking.c) and the
 * findings drawn from all of them (preflight_findings.c). */
#ifndef PREFLIGHT_INTERNAL_H
#define PREFLIGHT_INTERNAL_H

#include <stdbool.h>

#include "preflight.h"

/* One preflight under way. */
struct flight {
    const struct preflight_how *how;
    struct preflight           *out;
    struct err  fatal;          /* stopped, or the engine died: nothing more
                                   is asked                                  */
    bool        can_render, is_hung;
    char       *plain;          /* rendering of a system and a user message,
                                   or NULL                                   */
    json_t     *kwargs;         /* template options in use, or NULL; owned   */
    json_t     *sampling;       /* likewise                                  */
    const char *suffix;         /* line for the system prompt, NULL; static  */

    /* What the engine said of renderings and requests that failed. */
    struct err  system_refused, tools_refused, results_refused,
                parallel_refused, no_answer;
    bool        drops_thoughts; /* of earlier answers                        */
};

/* ---- asking the engine ------------------------------------------------- */

/* The rendering of a conversation's first n messages; NULL with *why when
 * there is none. tools and kwargs may be NULL. Caller frees. */
char *flight_render(struct flight *f, const struct trial *talk, size_t n,
                    json_t *tools, json_t *kwargs, struct err *why);

/* The answer to a conversation with f->kwargs and f->sampling; out is to be
 * freed in any case. */
MUST_USE int flight_ask(struct flight *f, const struct trial *talk,
                        json_t *tools, int max_tokens, struct turn *out,
                        struct err *why);

/* base under over, either may be NULL; new reference, or NULL for neither. */
json_t *flight_merged(const json_t *base, const json_t *over);

/* ---- the parts --------------------------------------------------------- */

/* Everything that renderings tell. */
void flight_look_at_template(struct flight *f);
/* The conversation as it grows, with reasoning in the earlier answers. */
void flight_look_at_thoughts(struct flight *f);
/* The plain question and, when offers_tools, the request for a tool. */
void flight_ask_questions(struct flight *f, bool offers_tools);
/* After `question` was answered with reasoning: the switch that ends that. */
void flight_stop_thinking(struct flight *f, const struct trial *question,
                          json_t *tools);

/* Takes out of a stored preflight what no switch of ours would have put
 * there: it goes into the engine's command line, and a store may come from
 * anybody. */
void preflight_check_switch(struct preflight *p);

/* What an answer to a plain question says about its end. */
void flight_note_end(struct flight *f, const struct turn *answer);
/* Is there a thought in it, kept apart or not? An empty one is none. */
bool flight_reasons(const struct turn *answer);
/* What would be spoken, without thoughts; caller frees. */
char *flight_speech(const struct turn *answer);
/* A system message (with f->suffix) and a user's. */
void flight_question(const struct flight *f, struct trial *talk,
                     const char *system, const char *user);

void preflight_find(const struct flight *f);

/* text into out, cut between letters; NULL is "". */
void preflight_copy(char *out, size_t size, const char *text);

#endif
