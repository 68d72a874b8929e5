/* SPDX-License-Identifier: MIT */
/* decide.h - step 7: verdicts, gates, ranking, recommendation. Pure.
 *
 * Verdict  of a voice assistant: the worse of latency50_s and
 *          first_sentence_s against the thresholds (METHOD.md, verdict).
 * Gates    in this order: it was auditioned; it is an instruct model; memory
 *          for speech is left; its voice latency is at most `ready_s`; tool
 *          accuracy; quality; speed; the engine did not die.
 * Ranking  of those that pass, by one stated objective; a difference that
 *          the sample does not support at 95 % is called so, and the tie is
 *          then broken by voice latency.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "config.h"
#include "evidence.h"
#include "facts.h"

/* Verdict, findings, gates of one candidate whose metrics, quality, template
 * facts and status are filled. */
void decide_candidate(struct candidate_facts *c, const struct config *config,
                      const struct evidence *e);

/* Sorts facts->candidates by rank (evidence follows: same index) and sets
 * recommendation or no_winner and the losers' reasons. */
void decide_ranking(struct facts *facts, struct evidence *evidence,
                    const struct config *config);

#endif
