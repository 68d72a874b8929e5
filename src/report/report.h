/* SPDX-License-Identifier: MIT */
/* report.h - facts in, document out. No arithmetic here beyond choosing a
 * unit prefix; every format renders the same record.
 *
 * Model text, file names and server replies inside the facts are hostile:
 * the terminal form passes them through utf8_printable, Markdown escapes
 * what would be markup, JSON is jansson's.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"
#include "facts.h"

struct report_ops {
    const char *name;        /* as in --format: "table", "md", "json"       */
    const char *help;
    /* columns of the terminal, <= 0: no limit; only "table" looks at it and
     * at colour */
    void (*render)(const struct facts *f, bool colour, int columns,
                   struct strbuf *out);
};

extern const struct report_ops report_text;
extern const struct report_ops report_markdown;
extern const struct report_ops report_json;
extern const struct report_ops *const report_all[];   /* ends with NULL */
const struct report_ops *report_find(const char *name);

/* The facts record as the JSON document of `run --json`; new reference. */
json_t *report_json_document(const struct facts *f);

#endif
