/* SPDX-License-Identifier: MIT */
/* diagnose.h - step 7: why later turns of a conversation are slow, and the
 * remedy where there is one. Pure.
 *
 *   prompt_over_context  a prompt grew beyond the context
 *   date_in_prompt       {{now}} (or the template's own date) changes the
 *                        front of the prompt: all behind it is read again
 *   history_rewritten    the template changes earlier turns
 *   reread_window        sliding-window layers cannot go back
 *   reread_recurrent     a recurrent state cannot go back
 *   prompt_cache_off     nothing at all comes from the cache
 *   reread               tokens are read again, and none of these is why
 *
 * Nothing is said when what is read again costs little: under 5 % of the
 * prompt and under 32 tokens.
 */
#ifndef DIAGNOSE_H
#define DIAGNOSE_H

#include "facts.h"
#include "types.h"

struct diagnose_context {
    const struct turn_facts  *turns;
    size_t                    n_turns;
    const struct model_facts *model;      /* NULL: not known                 */
    const struct text_list   *server_args;/* of the candidate, or NULL       */
    const char *server;                   /* engine_facts.server             */
    bool  prompt_has_now;                 /* {{now}} in the system prompt    */
    int   history_rewritten;              /* by the preflight: 1, 0, -1      */
    int   context;                        /* tokens, -1                      */
    bool  is_over_context;                /* the conversation ended by it    */
    int   cache_ram_mib;
};

#define DIAGNOSES_MAX 4

/* At most `most` findings (kind, fault, text with the figures, remedy); how
 * many. */
size_t diagnose_turns(const struct diagnose_context *c, struct finding *out,
                      size_t most);

#endif
