/* SPDX-License-Identifier: MIT */
/* serving.h - what serving costs over the engine alone, and what would change
 * it: the same decoding with one thing changed, in turn (A B C D, D C B A), in
 * one load of the engine.
 *
 *   as set            the audition's sampling
 *   greedy only       "samplers": top_k 1 alone
 *   full chain        the engine's default sampler chain at temperature 0.8
 *   backend sampling  "backend_sampling": sampled where the model runs, where
 *                     this build can
 */
#ifndef SERVING_H
#define SERVING_H

#include "facts.h"
#include "works.h"

#define SERVING_AS_SET  "serving_as_set_tok_s"
#define SERVING_GREEDY  "serving_greedy_tok_s"
#define SERVING_CHAIN   "serving_chain_tok_s"
#define SERVING_BACKEND "serving_backend_tok_s"

/* Step 4: `pairs` times each, `tokens` forced tokens; one observation each,
 * in the order they ran, under the names above. A variant that this engine
 * refuses is left out. */
MUST_USE int serving_run(struct bench *b, int pairs, int tokens,
                         struct trial *t, struct err *err);

/* Step 7, pure: fed one trial at a time. */
struct serving {
    double *tok_s[SERVING_VARIANTS];
    size_t  n[SERVING_VARIANTS];
};
void serving_add(struct serving *s, const struct trial *t);
void serving_done(struct serving *s);   /* safe on a zeroed struct */

/* Medians and savings into out->serving; and, when one saves at least 3 % of
 * a token's time for sure, or the engine alone is at least 5 % faster than
 * what is served, a finding (kind serving_cost, FAULT_ENGINE) that says how
 * many milliseconds, of which how many are the sampler's, and what would
 * change it. vocabulary: entries, -1. metrics of out must be filled. Returns
 * whether *finding was set. */
bool serving_summarise(const struct serving *s, int vocabulary,
                       struct candidate_facts *out, struct finding *finding);

#endif
