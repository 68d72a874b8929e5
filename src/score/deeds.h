/* SPDX-License-Identifier: MIT */
/* deeds.h - what the scorers of said against done share: what is heard of
 * an answer, what was to be done, and what was. Pure. */
#ifndef SCORE_DEEDS_H
#define SCORE_DEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "score/acts.h"
#include "score/score.h"

/* The answer without its thoughts, and its acts. Fails `out` and says false
 * when there is nothing to judge: no word, or more than ANSWER_MOST_BYTES.
 * heard_done either way. */
struct heard {
    char       *text;
    struct acts acts;
};
bool heard_read(const struct transcript *t, struct heard *h,
                struct judgement *out);
void heard_done(struct heard *h);

/* Does the text hold one of these words? about: an array of texts. */
bool said_holds_one(const char *text, const json_t *about);

/* ACT_* of the reference's answer; 0: there is none. */
unsigned deeds_reference_acts(const struct transcript *t);

/* Did the home change in this turn? false without a home. */
bool deeds_changed(const struct transcript *t);

/* Is the home to be changed, without a question first? By the expectation of
 * the state check, or else by the reference's calls. */
bool deeds_are_wanted(const struct transcript *t);

/* Structured calls that would change a home, not only look at it. */
size_t deeds_tried(const struct transcript *t);

/* Is a check of this scorer among those of the turn? */
bool deeds_have_check(const struct transcript *t, const char *scorer);

/* For check_rule: the scorer's case must have a home. ERR_INPUT. */
MUST_USE int deeds_need_home(const json_t *rule, const struct suite_case *test,
                             struct err *err);

#endif
