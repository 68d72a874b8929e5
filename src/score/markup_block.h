/* SPDX-License-Identifier: MIT */
/* markup_block.h - what takes more than a character to see that it was not
 * written for the ear: tables, bare lists, code, emoticons. Pure. */
#ifndef SCORE_MARKUP_BLOCK_H
#define SCORE_MARKUP_BLOCK_H

/* The first of them in a valid text, static, with its place in *where; NULL
 * when there is none. Linear in the text.
 *
 * A table   two lines one below the other with columns set apart by tabs or
 *           more than one space (pipes are seen in markup.c)
 * A list    lines without marks at the end: three of at most 3 words, or two
 *           of at most 4 below a line that ends in a colon; two lines like
 *           "Kitchen: on". Verse has longer lines, or commas.
 * Code      print("x"), get_state(), ==, =>, a line that ends in ;
 * Emoticon  :) and its like
 */
const char *markup_block_find(const char *text, const char **where);

#endif
