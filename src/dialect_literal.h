/* SPDX-License-Identifier: MIT */
/* dialect_literal.h - values as models write them in code: Python's literals
 * and Gemma's own notation. Pure; nothing is evaluated.
 *
 *   Python   1  -1.5  True  None  'text'  "text"  [..]  {'key': ..}
 *            the JSON words true, false and null too
 *   Gemma    {key:<escape>text<escape>,n:1,o:{..},l:[..]}, with <|"|> for
 *            <escape> in later models, or neither where a server dropped it
 *
 * All of them read from *at, leave it behind the value, and give a new
 * reference, or NULL and *at anywhere. Bounds: nesting of 16; linear.
 */
#ifndef DIALECT_LITERAL_H
#define DIALECT_LITERAL_H

#include <jansson.h>

json_t *literal_take(const char **at, const char *end);
/* "(a=1, b='x')", from the bracket; arguments by position are none. */
json_t *literal_arguments(const char **at, const char *end);
/* "{key:...}", from the brace. */
json_t *literal_gemma(const char **at, const char *end);

#endif
