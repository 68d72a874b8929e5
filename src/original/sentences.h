/* SPDX-License-Identifier: MIT */
/* sentences.h - English sentences and words as NLTK cuts them: punkt (Kiss
 * and Strunk 2006, "Unsupervised Multilingual Sentence Boundary Detection")
 * with the parameters of nltk's English model, and the treebank rules of
 * word_tokenize. For rules that were written around it; for our own scorers
 * there is sentence.h. Pure but for the table, which is read once.
 *
 * Source: nltk 3.10.4, tokenize/punkt.py and tokenize/destructive.py; the
 * table: share/originals/NOTICE. Time is linear in the text. Characters that
 * Unicode got after version 14 may count as letters there and not here. */
#ifndef ORIGINAL_SENTENCES_H
#define ORIGINAL_SENTENCES_H

#include "base/err.h"
#include "original/pytext.h"

/* Reads share/ once, also when threads call; ERR_PREFLIGHT. A failure may be
 * followed by another try. */
MUST_USE int sentences_ready(struct err *err);

/* len(sent_tokenize(text)); sentences_ready has been called. */
size_t sentences_count(struct view text);

/* Calls each for every token of word_tokenize(text), in order. A token is not
 * always of the text (" becomes `` or '') and lives until each returns. */
void words_each(struct view text, void (*each)(void *ctx, struct view token),
                void *ctx);

#endif
