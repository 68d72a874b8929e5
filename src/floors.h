/* SPDX-License-Identifier: MIT */
/* floors.h - what pretenders (engine/pretend.h) reach on a suite: its floors,
 * and by the oracle its ceiling. */
#ifndef FLOORS_H
#define FLOORS_H

#include "base/err.h"
#include "engine/pretend.h"
#include "suite.h"

struct floors {
    long   cases;
    long   passed[PRETEND_COUNT];       /* cases, all turns of each          */
    long   unproven;                    /* of them: without a reference, so
                                           the oracle was not asked          */
    long   turns;
    long   turns_passed[PRETEND_COUNT]; /* of the user                       */
    struct text_list failed;            /* ids that the oracle does not pass,
                                           with the reason                   */
};
void floors_done(struct floors *f);

/* Every case of the suite, by each pretender, through the same tool loop and
 * judge as a model. ERR_STOPPED: a stop signal. */
MUST_USE int floors_measure(const struct suite *s, uint64_t seed,
                            struct floors *out, struct err *err);

#endif
