/* SPDX-License-Identifier: MIT */
/* utf8.h - text from models, files and servers, made safe to store or show.
 * Built on utf8proc. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_valid(const char *text, size_t len);

/* Invalid sequences and NUL bytes replaced by U+FFFD. Caller frees. */
char *utf8_clean(const char *text, size_t len);

/* Safe for a terminal: utf8_clean, then control characters, escape
 * sequences' ESC and bidi overrides become '?', line breaks become spaces.
 * Caller frees. */
char *utf8_printable(const char *text, size_t len);

/* As much of a valid text as fits, cut between letters; NULL counts as "". */
void utf8_copy(char *out, size_t size, const char *text);

/* Columns on a terminal: wide letters and emoji count 2, combining marks 0.
 * The text must be valid. */
int utf8_width(const char *text);

/* Code points in a valid text. */
size_t utf8_length(const char *text);

/* Case folded, so that texts of equal letters compare equal. Caller frees. */
char *utf8_fold(const char *text);

/* The character at a text that has one, and its bytes; -1 and 1 byte where it
 * is none. */
size_t utf8_look(const char *text, int32_t *point);

/* A letter, mark or digit of any script? */
bool utf8_is_word(int32_t point);

#endif
