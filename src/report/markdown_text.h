/* SPDX-License-Identifier: MIT */
/* markdown_text.h - texts of models, files and servers in Markdown. They
 * appear in three ways only: escaped inline, in a code span, or in a fence
 * longer than any run of backticks in them; each without control characters.
 */
#ifndef REPORT_MARKDOWN_TEXT_H
#define REPORT_MARKDOWN_TEXT_H

#include "base/strbuf.h"

/* Inline text, also inside a table cell or the text of a link. */
void md_inline(struct strbuf *out, const char *text);

/* Not for table cells: a '|' would end them. */
void md_code_span(struct strbuf *out, const char *text);

/* A block of its own, at the left margin; without a language it is a quote,
 * of which 2,000 bytes are shown. */
void md_fenced(struct strbuf *out, const char *language, const char *text);

/* "- **label:** text"; nothing without a text. */
void md_item(struct strbuf *out, const char *label, const char *text);
void md_item_code(struct strbuf *out, const char *label, const char *text);

#endif
