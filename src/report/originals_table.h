/* SPDX-License-Identifier: MIT */
/* originals_table.h - what imported suites come to by the originals' own
 * rules: a small table of one candidate, as text cells and as JSON. */
#ifndef REPORT_ORIGINALS_TABLE_H
#define REPORT_ORIGINALS_TABLE_H

#include <jansson.h>

#include "base/strbuf.h"
#include "original/weights.h"

#define ORIGINALS_TITLE "By the originals' rules"

/* The cells of a row. */
struct originals_cells {
    char name[80];       /* "BFCL non_live"                                  */
    char rate[32];       /* "81.2 %", "77.0 ± 2.1 %", "–"                    */
    char other[48];      /* "83.0 % saner", "60.0 % loose", ""               */
    char parsed[32];     /* as rate and other, if the server parsed the      */
    char other_parsed[48];   /* calls that stand in the text                 */
    char of[96];         /* "400 cases", "a sample of 20 of 400 cases"       */
};
void originals_cells(const struct weights_row *row,
                     struct originals_cells *out);

/* As a Markdown table with its title; nothing when no such suite was run. */
void originals_markdown(struct strbuf *out, const struct weights *w);

/* As an aligned table; columns: of the terminal, 0: no limit. The rates "if
 * parsed" only where they differ; so in Markdown. */
void originals_text(struct strbuf *out, const struct weights *w, int indent,
                    bool colour, int columns);

/* {"suites":[counts], "totals":[{"original","name","rate","other",
 * "rate_if_parsed","other_if_parsed","half_width","asked","cases",
 * "complete"}]}, or NULL when none was run. New reference. */
json_t *originals_json(const struct weights *w);

/* Back from it; the totals are made anew. */
void originals_read(const json_t *object, struct weights *out);

#endif
