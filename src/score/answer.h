/* SPDX-License-Identifier: MIT */
/* answer.h - what the scorers of answers share: a form to compare texts in,
 * whole-word search, and reasons. Pure. */
#ifndef SCORE_ANSWER_H
#define SCORE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "score/score.h"

/* No answer that long is fit to be heard; it also bounds the work. */
#define ANSWER_MOST_BYTES (32 * 1024)

/* Sets out to a failure with this reason. */
void answer_fail(struct judgement *out, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* Fails `out` and says true when the answer has less than `least` words or
 * more than ANSWER_MOST_BYTES; otherwise `out` is a pass, to be changed. */
bool answer_is_unfit(const char *answer, size_t least, struct judgement *out);

/* For comparing: valid UTF-8, case folded, white space as single spaces and
 * none at the ends, straight apostrophes and quotes. Caller frees. */
char *answer_normal(const char *text);

/* Cuts marks and quotes off both ends of a normal text, in place; returns
 * where it starts now. */
char *answer_bare(char *normal);

/* Is the phrase in the normal text as whole words? Case, white space and
 * apostrophes do not matter; "21" is not in "21.5" or "211". */
bool answer_has(const char *normal, const char *phrase);

/* Where the phrase stands as whole words at or behind `from`, a place in the
 * normal text; *end, when it is found, is the place behind it. NULL: nowhere,
 * or the phrase is blank. */
const char *answer_find(const char *normal, const char *from,
                        const char *phrase, const char **end);

/* How often it stands there; places do not overlap. */
size_t answer_times(const char *normal, const char *phrase);

/* Only the words of a text, as answer_normal has them, with single spaces
 * between: marks do not matter when these are compared. Caller frees. */
char *answer_words(const char *text);

/* The first words at text, at most about 40 bytes of one line, printable,
 * with "..." when cut. Caller frees. */
char *answer_excerpt(const char *text);

#endif
