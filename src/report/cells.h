/* SPDX-License-Identifier: MIT */
/* cells.h - the words that the reports for people share: the columns of the
 * one table, what stands in its cells, and the notes below it.
 *
 * Texts from facts are returned as they are: the report that shows them
 * makes them safe for its format.
 */
#ifndef REPORT_CELLS_H
#define REPORT_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "base/term.h"
#include "base/units.h"
#include "facts.h"

/* A quantity, or the pass rate of a suite.
 *
 * drop is the order in which a narrow terminal loses columns: prompt speed,
 * suites without tools from the last, generation speed, memory, 50 tokens,
 * suites with tools from the last, of which those with the tools in the
 * prompt come after the native ones; never the first of them, nor the first
 * sentence. */
struct summary_column {
    const char    *suite;       /* borrowed from the facts; NULL: a metric  */
    bool           by_prompt;   /* the tools stood in the prompt            */
    enum metric_id metric;
    char          *title;       /* '\n' between its two lines               */
    int            drop;        /* 0: never                                 */
    bool           is_shown;
};

struct summary {
    struct summary_column *columns;
    size_t                 n;
};
void cells_summary(const struct facts *f, struct summary *out);
void cells_summary_done(struct summary *s);

/* The first letters of a name, "…" behind them when it has more: for a column
 * that must stay narrow. Caller frees. */
char *cells_short(const char *name);

/* "first sentence", "home, tools by prompt": a column in running text. Caller
 * frees. */
char *cells_column_name(const struct summary_column *column);

/* "1.24 s", "62 %", "0 (71) %" with the rate if parsed; "*" behind a value
 * that is marked; "–" when missing. */
struct units_text cells_value(const struct candidate_facts *c,
                              const struct summary_column *column);

/* Why cells of shown columns are "–", and why values are marked: "* tok/s:
 * reason (names)", one text for each reason. Caller frees each and the
 * list. */
size_t cells_notes(const struct facts *f, const struct summary *s,
                   char ***notes);
#define CELLS_OUT                                                             \
    "out: did not pass every gate, however fast; the reason is below"
#define CELLS_PARSED                                                          \
    "( ): the rate if the engine had parsed the calls that the model wrote "  \
    "as text"
bool cells_has_unparsed(const struct facts *f);

/* "tok/s 95.1 [80.2–110] (-7 %), memory 1.7 GiB (+2 %)": what was predicted
 * and how far off it was. Adds nothing when nothing was. */
void cells_predicted(const struct candidate_facts *c, struct strbuf *out);

const char *cells_verdict(enum verdict v);        /* in words: "too slow" */
enum style  cells_verdict_style(enum verdict v);

/* "1", "2", or "out" for a candidate that did not pass the gates. */
struct units_text cells_rank(const struct facts *f, size_t candidate);

/* "NAME 0.61 [0.58–0.66] s", or without the interval; "" when missing. A
 * mark is "*" when the note below the table explains it, else its reason. */
void cells_metric(const struct candidate_facts *c, enum metric_id id,
                  const char *name, bool has_interval, struct strbuf *out);
/* "home", or "home, tools by prompt". Caller frees. */
char *cells_suite(const char *suite, bool by_prompt);
/* "home: 31 of 50 passed, 62 [48–75] %, 7 unparsed, ..." */
void cells_quality(const struct quality *q, struct strbuf *out);

/* The quantities that the terminal shows of each candidate beside what a
 * listener waits for (listener.h), in order. */
#define CELLS_DETAILS 6
extern const enum metric_id cells_details[CELLS_DETAILS];

/* "Raspberry Pi 5, Cortex-A76, 4 cores, 7.9 GiB (6.8 GiB free), ..." */
void cells_machine(const struct facts *f, struct strbuf *out);
/* "METHOD.md version 1, 2 blocks each, objective quality, ..." */
void cells_method(const struct facts *f, struct strbuf *out);
/* "target_s 1.5, ..." */
void cells_settings(const struct facts *f, struct strbuf *out);
/* "1.5", "2": as many of four decimals as it has. */
struct units_text cells_number(double value);
/* "llama_server b11434", "Ollama 0.6.2 at http://...": of one candidate; ""
 * when it never answered. */
void cells_engine(const struct candidate_facts *c, struct strbuf *out);

/* The recommended candidate, or NULL. */
const struct candidate_facts *cells_winner(const struct facts *f);

#endif
