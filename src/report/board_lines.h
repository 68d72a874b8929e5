/* SPDX-License-Identifier: MIT */
/* board_lines.h - the board and the memory in words, as listener.h's lines:
 *
 *   board      mode, clocks, L4T, temperature at the start
 *   power      J a token, W while generating, the hottest moment
 *   memory     predicted, by the engine's log, measured
 *   co-load    the speech programs that ran beside it
 *   soak       what changed when it answered for minutes
 *   marked     which turns were not measured under normal conditions, and what
 *              to do
 */
#ifndef REPORT_BOARD_LINES_H
#define REPORT_BOARD_LINES_H

#include "facts.h"
#include "report/listener.h"

#define BOARD_LINES (6 + BOARD_VERDICTS_MAX)

/* At most BOARD_LINES; how many. listener_done() frees them. */
size_t board_lines(const struct candidate_facts *c,
                   struct listener_line *out);

/* The ledger as a table: what the sides have in common is one row. */
struct ledger_row {
    const char   *name;         /* static                                    */
    const double *predicted, *engine, *measured;  /* bytes, borrowed; NULL:
                                   no matter of this side                    */
    const char   *engine_note, *measured_note;    /* borrowed, "" none       */
};
#define LEDGER_ROWS 15

/* At most LEDGER_ROWS, those of which something is known; how many. None when
 * nothing but a prediction is. */
size_t board_ledger(const struct ledger *l, struct ledger_row *out);

#endif
