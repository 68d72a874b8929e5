/* SPDX-License-Identifier: MIT */
/* decide.h - step 7: verdicts, gates, ranking, recommendation. Pure.
 *
 * Verdict  of a voice assistant: the worse of latency50_s and
 *          first_sentence_s against the thresholds (METHOD.md, verdict).
 * Gates    in this order: it was auditioned; its weights are real; it is an
 *          instruct model; memory for speech is left; its voice latency is at
 *          most `ready_s`; tool accuracy; quality; speed; the engine did not
 *          die. What was to be measured and was not is not passed; memory
 *          that nobody can read (another host) is not held against it.
 * Ranking  of those that pass, by one stated objective. A lead counts when
 *          the samples support it at 95 % (memory: above 1 %); of those that
 *          nobody beats so, the one that speaks soonest wins, and that is
 *          said.
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

/* The verdict of a voice latency in seconds; NAN: VERDICT_UNKNOWN. */
enum verdict decide_voice_verdict(double voice_s,
                                  const struct thresholds *limits);

/* After decide_candidate of each: sorts facts->candidates by rank (evidence
 * follows: same index) and sets recommendation or no_winner, passes_gates and
 * the reason why each won or lost. */
void decide_ranking(struct facts *facts, struct evidence *evidence,
                    const struct config *config);

#endif
