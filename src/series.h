/* SPDX-License-Identifier: MIT */
/* series.h - step 7: trials that measure one thing many times over (turns of
 * a conversation, sizes of a prompt) and what they amount to. Pure.
 *
 * A series is stored as observations in order: the first name of a record
 * opens the next one; what was not observed is not there.
 */
#ifndef SERIES_H
#define SERIES_H

#include "facts.h"
#include "types.h"

/* A record a turn of the conversation. */
#define SERIES_TURN             "turn"
#define SERIES_TURN_FIRST       "turn_first_sentence_s"
#define SERIES_TURN_PROMPT      "turn_prompt_tokens"
#define SERIES_TURN_CACHED      "turn_cached_tokens"
#define SERIES_TURN_UNCHANGED   "turn_unchanged_tokens"
#define SERIES_TURN_REREAD      "turn_reread_tokens"
/* A record a prompt size of the cliff. */
#define SERIES_CLIFF_ENTITIES   "cliff_entities"
#define SERIES_CLIFF_TOKENS     "cliff_prompt_tokens"
#define SERIES_CLIFF_TTFT       "cliff_ttft_s"
#define SERIES_CLIFF_SKIPPED    "cliff_skipped"   /* an enum series_skip    */

/* Why a size was left out; the numbers are stored. */
enum series_skip {
    SKIP_NO = 0,
    SKIP_CONTEXT = 1,      /* longer than the context                        */
    SKIP_TIME = 2,         /* would have taken too long                      */
    SKIP_CUT = 3,          /* the server cut it silently                     */
    SKIP_SAME = 4,         /* the prompt does not depend on the entities     */
    SKIP_CACHED = 5        /* more than a tenth of it came from the cache    */
};

/* Gathers the series of a candidate's trials. */
struct series {
    struct turn_facts  *turns;   /* of all conversations, one after another */
    size_t              n_turns;
    struct cliff_point *points;
    size_t              n_points;
};
void series_add(struct series *s, const struct trial *t);
void series_done(struct series *s);   /* safe on a zeroed struct */

/* Each turn and each size by the median over the blocks. limit_s: within
 * which a first token is wanted. The knee and the most entities: cliff.h. */
void series_summarise(const struct series *s, double limit_s,
                      struct candidate_facts *out);

#endif
