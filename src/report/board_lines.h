/* SPDX-License-Identifier: MIT */
/* board_lines.h - the board and the memory in words, as listener.h's lines:
 *
 *   board      mode, clocks, L4T, temperature at the start
 *   power      J a token, W while generating, the hottest moment
 *   marked     what is wrong with which turns, and what to do
 *   memory     predicted, by the engine's log, measured; what is left
 *   co-load    the speech programs that ran beside it
 *   soak       what changed when it answered for minutes
 */
#ifndef REPORT_BOARD_LINES_H
#define REPORT_BOARD_LINES_H

#include "facts.h"
#include "report/listener.h"

#define BOARD_LINES (5 + BOARD_VERDICTS_MAX)

/* At most BOARD_LINES; how many. listener_done() frees them. */
size_t board_lines(const struct candidate_facts *c,
                   struct listener_line *out);

/* The same audition in several modes, a line a mode: "15W: qwen 12.1 tok/s,
 * 0.52 J per token, 61 C, ready; ...". Caller frees. */
char *board_mode_line(const struct mode_facts *m);

#endif
