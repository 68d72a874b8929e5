/* SPDX-License-Identifier: MIT */
/* punkt_token.h - the words of one line as punkt sees them: an ellipsis and a
 * run of dashes are one, closing punctuation stands alone, a period stays at
 * its word. Pure. */
#ifndef ORIGINAL_PUNKT_TOKEN_H
#define ORIGINAL_PUNKT_TOKEN_H

#include "original/pytext.h"

/* Punctuation that belongs to no word: ) " ; } ] * : @ ' ( { [ ? ! and the
 * curly quotes and guillemets. */
bool punkt_is_nonword(uint32_t c);

/* The next word of the line (without its '\n') at or behind *i, and *i behind
 * it; false at the end. All words together cost time linear in the line. */
bool punkt_next_token(struct view line, size_t *i, struct view *token);

#endif
