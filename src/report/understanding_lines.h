/* SPDX-License-Identifier: MIT */
/* understanding_lines.h - what the cases say beyond their rates, in words, as
 * listener.h's lines:
 *
 *   talks      turns of conversations that went right
 *   manners    says done and is not, asks leave needlessly, ...
 *   misheard   what is left when the recogniser gets words wrong
 *   steady     the same case again, and in other words
 */
#ifndef REPORT_UNDERSTANDING_LINES_H
#define REPORT_UNDERSTANDING_LINES_H

#include "facts.h"
#include "report/listener.h"

#define UNDERSTANDING_LINES 4

/* At most UNDERSTANDING_LINES; how many. listener_done() frees them. */
size_t understanding_lines(const struct candidate_facts *c,
                           struct listener_line *out);

#endif
