/* SPDX-License-Identifier: MIT */
/* punkt.h - where nltk's punkt tokenizer cuts a text into sentences; see
 * sentences.h. Pure but for the table, which punkt_table_ready has read. */
#ifndef ORIGINAL_PUNKT_H
#define ORIGINAL_PUNKT_H

#include "original/pytext.h"

/* Calls each for every sentence of the text, in order. Linear in its length. */
void punkt_each(struct view text,
                void (*each)(void *ctx, struct view sentence), void *ctx);

#endif
