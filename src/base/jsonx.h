/* SPDX-License-Identifier: MIT */
/* jsonx.h - jansson with our errors, our limits and "missing is not zero".
 *
 * Getters never fail: a key that is absent or of another type gives NULL,
 * NAN or the fallback. Borrowed pointers live as long as the document.
 */
#ifndef BASE_JSONX_H
#define BASE_JSONX_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text_list.h"

/* One JSON document from bytes that we do not trust. Duplicate keys and
 * trailing text are errors; nesting is bounded by jansson (2,048). Invalid
 * UTF-8 fails with ERR_INPUT. New reference. */
MUST_USE json_t *jsonx_parse(const char *text, size_t len, struct err *err);

/* The same from a file of at most max_bytes. */
MUST_USE json_t *jsonx_read(const char *path, size_t max_bytes,
                            struct err *err);

const char *jsonx_text(const json_t *object, const char *key);  /* or NULL */
double      jsonx_number(const json_t *object, const char *key);/* or NAN  */
/* 1 true, 0 false, -1 absent or not a boolean. */
int         jsonx_truth(const json_t *object, const char *key);

/* object[key] = value, null for NAN and infinities. */
void jsonx_set_number(json_t *object, const char *key, double value);
void jsonx_set_integer(json_t *object, const char *key, long long value);
/* null for a NULL text; invalid UTF-8 is replaced by U+FFFD. */
void jsonx_set_text(json_t *object, const char *key, const char *text);

/* The same, at the end of an array. */
void jsonx_add_text(json_t *array, const char *text);

/* An array of the texts. New reference. */
json_t *jsonx_texts(const struct text_list *list);

/* Compact text, keys in order of insertion. Caller frees. */
char *jsonx_dump(const json_t *value);
/* Compact text with sorted keys: equal values give equal texts. */
char *jsonx_canonical(const json_t *value);

/* The members of base under those of over; either may be NULL. New reference,
 * NULL when both are. */
json_t *jsonx_merged(const json_t *base, const json_t *over);

#endif
