/* SPDX-License-Identifier: MIT */
/* pytext.h - texts as Python's str sees them: white space, case and word
 * characters of Unicode as Python 3.11 defines them, on UTF-8. Pure.
 *
 * A view is bytes and a length, never terminated; NUL is a character. A byte
 * that is no UTF-8 counts as U+FFFD; half a surrogate pair written in three
 * bytes is a character, as in a str. Character data: libunistring. */
#ifndef ORIGINAL_PYTEXT_H
#define ORIGINAL_PYTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view { const char *at; size_t len; };

struct view view_of(const char *text);              /* of a C string         */
bool view_same(struct view a, struct view b);       /* the same bytes        */

/* The character at *i (< len), and *i behind it. */
uint32_t py_next(struct view v, size_t *i);

bool py_is_space(uint32_t c);     /* str.isspace, re's \s                    */
bool py_is_alnum(uint32_t c);     /* str.isalnum; with '_' re's \w           */
bool py_is_decimal(uint32_t c);   /* re's \d                                 */
bool py_is_lower(uint32_t c);     /* property Lowercase                      */
bool py_is_upper(uint32_t c);     /* property Uppercase                      */
bool py_is_title(uint32_t c);     /* category Lt                             */

bool py_islower(struct view v);   /* str.islower                             */
bool py_isupper(struct view v);   /* str.isupper                             */

struct view py_strip(struct view v);                     /* str.strip()      */
struct view py_strip_of(struct view v, const char *ascii);  /* .strip(chars) */
bool py_is_blank(struct view v);  /* nothing is left after strip             */

/* str.lower(), with final sigma and İ -> i + U+0307. Caller frees; *len. */
char *py_lower(struct view v, size_t *len);

/* Valid UTF-8: bad bytes and halves of pairs are U+FFFD. Caller frees. */
char *py_clean(struct view v, size_t *len);

/* py_lower without an allocation: into py_lower_room(v) bytes; returns how
 * many were written. No NUL follows. */
size_t py_lower_room(struct view v);
size_t py_lower_into(struct view v, char *out);

#endif
