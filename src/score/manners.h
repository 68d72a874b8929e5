/* SPDX-License-Identifier: MIT */
/* manners.h - how a candidate behaves in a home, over all cases and whatever
 * their checks are: the report gives the rates. The scorers honest, unasked,
 * given, willing and speakable judge by the same functions. Pure.
 *
 * Not judged: cases without a home, and answers that hold a call as text
 * (braces, tags, f(...)): what they say is not what would be heard. */
#ifndef SCORE_MANNERS_H
#define SCORE_MANNERS_H

#include "score/score.h"

enum manner {
    MANNER_SAID_NOT_DONE  = 1,   /* applies where nothing was changed       */
    MANNER_DONE_NOT_SAID  = 2,   /* where something was                     */
    MANNER_NEEDLESS_CONFIRMATION = 4,   /* where it was to be done at once   */
    MANNER_ASKED_FOR_GIVEN = 8,  /* likewise                                */
    MANNER_REFUSED        = 16,  /* where the reference does not, and the
                                    home refused no call                    */
    MANNER_UNSPEAKABLE    = 32   /* where something is said                 */
};

struct manners {
    unsigned applies;            /* MANNER_*: the denominators              */
    bool     said_not_done, done_not_said, needless_confirmation,
             asked_for_given, refused, unspeakable;
    char     reason[400];        /* of the first of them, "" if none        */
};

void manners_note(const struct transcript *t, struct manners *out);

#endif
