/* SPDX-License-Identifier: MIT */
/* acts.h - what an answer does by being said: claims a deed, denies one,
 * asks, wants a confirmation, offers more, refuses. Pure.
 *
 * Read from the words of each sentence by the tables of acts_en.c, acts_de.c
 * and acts_es.c; a language without a table is read by the English one. It
 * is about form, not truth: scorers hold it against what was done. How often
 * it is right is measured on labelled answers, half of which nobody tuned
 * on: tests/corpus/acts, tests/unit/test_acts.c.
 *
 * Conditions and negations are no claims ("if you want I can turn it on", "I
 * haven't turned it on"), nor is what was so before ("it is already on").
 * Bounds: the first ACTS_MOST_BYTES are read, more than a minute of speech
 * many times over.
 */
#ifndef SCORE_ACTS_H
#define SCORE_ACTS_H

#include <stdbool.h>
#include <stddef.h>

#define ACTS_MOST_BYTES (8 * 1024)

enum act {
    ACT_CLAIMS   = 1,    /* something was, is being or will be done, or is
                            so now: "I've turned it on", "lights off"      */
    ACT_DENIES   = 2,    /* could not, did not, does not exist             */
    ACT_ASKS     = 4,    /* a question that the user is to answer          */
    ACT_CONFIRMS = 8,    /* one of them: "Shall I ...?", "Are you sure?"   */
    ACT_OFFERS   = 16,   /* "Anything else?": no question of its own       */
    ACT_REFUSES  = 32,   /* will not, must not, "as an AI"                 */

    /* Kinds of the above. */
    ACT_DID      = 64,   /* a claim that names a deed: "I have added it"   */
    ACT_LACKS    = 128,  /* a denial that only says what there is not      */
    ACT_STATES   = 256,  /* "the light is on": a claim unless the answer
                            also asks or denies, which takes it for the
                            state before                                   */
};

struct said {
    char    *text;       /* the sentence, valid UTF-8, as it was written   */
    unsigned acts;
};

struct acts {
    unsigned     all;    /* what the whole answer does                     */
    struct said *sentences;
    size_t       n;
};

/* language: ISO 639-1, NULL: "en". */
void acts_read(const char *answer, const char *language, struct acts *out);
void acts_done(struct acts *a);   /* safe on a zeroed struct */

/* The first words that do one of these, for a reason. Caller frees. */
char *acts_excerpt(const struct acts *a, unsigned which);

#endif
