/* SPDX-License-Identifier: MIT */
/* output.h - step 8: where the reports go: the answer on stdout, report.md
 * and report.json beside the store, the facts into the store. */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include "audition.h"
#include "facts.h"

MUST_USE int output_report(struct audition *a, const struct facts *facts,
                           struct err *err);

/* Only the last: the run with its facts, for `audition report`. */
MUST_USE int output_keep(struct audition *a, const struct facts *facts,
                         struct err *err);

/* One rendering on stdout; fails when stdout is closed or full. */
MUST_USE int output_stdout(const struct facts *facts, const char *format,
                           bool no_color, struct err *err);

/* One document on stdout; its reference is given up. */
void output_json(json_t *document);

/* An audition that could not be done, as a JSON document on stdout. */
void output_error(const struct err *err);

#endif
