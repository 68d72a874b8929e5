/* SPDX-License-Identifier: MIT */
/* treebank.h - the words of a sentence as nltk's word_tokenize cuts them, in
 * the manner of the Penn Treebank: "can't" is "ca" and "n't", punctuation
 * stands alone, double quotes become `` and ''. Pure. */
#ifndef ORIGINAL_TREEBANK_H
#define ORIGINAL_TREEBANK_H

#include "original/pytext.h"

/* Two texts to work in, for any number of sentences; starts zeroed. */
struct treebank {
    char  *text[2];
    size_t room[2];
};

/* Calls each for every token, in order; a token lives until each returns.
 * Time and room are linear in the sentence. */
void treebank_each(struct treebank *t, struct view sentence,
                   void (*each)(void *ctx, struct view token), void *ctx);
void treebank_done(struct treebank *t);   /* safe on a zeroed struct */

#endif
