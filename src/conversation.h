/* SPDX-License-Identifier: MIT */
/* conversation.h - ten turns as one evening has them, with the user's own
 * prompt and tools: what each turn makes the listener wait for, and what the
 * engine reads again although it has not changed.
 *
 * Each turn is answered freely (at most CONVERSATION_TOKENS) and stays in the
 * history. A {{now}} in the prompt moves on by a minute a turn, as it would.
 * Where the engine renders prompts, `unchanged` is the longest common prefix,
 * in tokens, of this prompt and the one before; `reread` is what of it did
 * not come from the cache (timings.cache_n), less the one token that is
 * always evaluated. A tool call is answered with {"success": true} and the
 * words "Done.", and the conversation goes on with the next utterance.
 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include "engine/engine.h"
#include "prompt.h"
#include "types.h"

#define CONVERSATION_TURNS  10
#define CONVERSATION_TOKENS 64

struct conversation_how {
    const struct engine_ops   *ops;
    void                      *engine;
    const struct prompt_kit   *kit;
    json_t                    *sampling, *template_kwargs;
};

/* Is this the failure of a prompt that is longer than the context? By the
 * words of the servers that we know. */
bool conversation_outgrew(const struct err *why);

/* Fills turns, messages, duration and, in the order of series.h, the
 * observations of each turn. A prompt that has outgrown the context ends it:
 * what came before is kept, with the reason. */
MUST_USE int conversation_run(const struct conversation_how *how,
                              struct trial *t, struct err *err);

#endif
