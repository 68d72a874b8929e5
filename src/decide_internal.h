/* SPDX-License-Identifier: MIT */
/* decide_internal.h - what decide.c and decide_ranking.c share. */
#ifndef DECIDE_INTERNAL_H
#define DECIDE_INTERNAL_H

#include "facts.h"

/* Pooled over the suites about calls (tools_only), or over all; a suite
 * without a rate does not count, and of one that was asked both ways, as the
 * template drops tools, only the cases with the tools in the prompt do. */
struct pool {
    int    pass, unparsed, total;
    double rate, rate_if_parsed;      /* NAN when nothing counts */
    bool   by_prompt;                 /* some were asked so */
};
struct pool decide_pool(const struct candidate_facts *c, bool tools_only);

/* What a listener waits for: the worse of latency50_s and first_sentence_s,
 * or the one that was measured; -1 when none was. */
int    decide_voice_metric(const struct candidate_facts *c);
double decide_voice_s(const struct candidate_facts *c);       /* or NAN */

#endif
