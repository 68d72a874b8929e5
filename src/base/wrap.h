/* SPDX-License-Identifier: MIT */
/* wrap.h - prose in lines of a given width. */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include "base/strbuf.h"

/* Adds text, its words separated by one space, in lines of at most `columns`
 * columns (<= 0: one line). The current line already holds `at` columns;
 * the next ones begin with `indent` spaces. A word that is wider than a line
 * is broken; nothing is lost. No line break at the end. text is valid UTF-8
 * without control characters (utf8_printable). */
void wrap_add(struct strbuf *out, const char *text, int at, int indent,
              int columns);

#endif
