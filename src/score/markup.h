/* SPDX-License-Identifier: MIT */
/* markup.h - what was written to be seen, not heard: markdown, tables, bare
 * lists, code, tags, JSON, addresses, emoji. Pure. */
#ifndef SCORE_MARKUP_H
#define SCORE_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

/* The first such thing in a valid text, as a static text ("a heading"), with
 * its place in *where; NULL when there is none. With markdown_only just what
 * markdown means: headings, lists, emphasis, code, links, tables, quotes,
 * ruled lines. Linear in the text. */
const char *markup_find(const char *text, bool markdown_only,
                        const char **where);

#endif
