/* SPDX-License-Identifier: MIT */
/* listener.h - what a listener waits for, and why: the words that the reports
 * for people share, one labelled line a subject, none where nothing is known.
 *
 *   speaks     first clause, first sentence, silence, tool turn, cold start
 *   certified  the highest percentile that the answers support, and how many
 *              the next ones need
 *   turns      how a conversation slows down
 *   entities   how many devices the prompt may list
 *   calls      tools called as served, and if texts were parsed
 *   thinks     reasoning that is heard or cannot be switched off
 *   serving    what serving costs over the engine alone
 *   beside     the same weights under another engine
 *
 * Texts from facts are returned as they are: the report that shows them
 * makes them safe for its format.
 */
#ifndef REPORT_LISTENER_H
#define REPORT_LISTENER_H

#include "facts.h"

#define LISTENER_LINES 8

struct listener_line {
    const char *label;          /* static, at most 9 letters                 */
    const char *section;        /* static, of METHOD.md; NULL: it has none   */
    char       *text;
};

/* At most LISTENER_LINES; how many. When nothing at all was measured, one
 * line that says why. */
size_t listener_lines(const struct candidate_facts *c,
                      struct listener_line *out);
void   listener_done(struct listener_line *lines, size_t n);

#endif
