/* SPDX-License-Identifier: MIT */
/* rescore.h - judging stored transcripts again. */
#ifndef RESCORE_H
#define RESCORE_H

#include "audition.h"

/* Every stored case of this candidate whose suite is loaded: judged by
 * today's scorers, changes stored. */
MUST_USE int rescore_entry(struct audition *a, struct entry *e,
                           struct err *err);

#endif
