/* SPDX-License-Identifier: MIT */
/* originals_table.c - see originals_table.h. */
#include "report/originals_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/table.h"
#include "base/utf8.h"
#include "report/markdown_text.h"

static const char *original_name(const struct weights_row *row)
{
    return strcmp(row->original, "bfcl") == 0 ? "BFCL"
         : strcmp(row->original, "ha") == 0   ? "Home Assistant" : "IFEval";
}

/* One digit more than elsewhere: so are these published. */
static void percent(double rate, double half_width, char *text, size_t size)
{
    char whole[1000];            /* any two doubles have room */

    if (isnan(rate))
        snprintf(whole, sizeof whole, "–");
    else if (isnan(half_width))
        snprintf(whole, sizeof whole, "%.1f %%", 100 * rate);
    else
        snprintf(whole, sizeof whole, "%.1f ± %.1f %%", 100 * rate,
                 100 * half_width);
    utf8_copy(text, size, whole);
}

static const char *other_rule(const struct weights_row *row)
{
    return strcmp(row->original, "bfcl") == 0 ? "saner" : "loose";
}

static void say_other(const struct weights_row *row, double rate, char *text,
                      size_t size)
{
    char other[32];

    *text = '\0';
    if (isnan(rate)) return;
    percent(rate, NAN, other, sizeof other);
    snprintf(text, size, "%s %s", other, other_rule(row));
}

/* Of what the row was made. */
static void say_of(const struct weights_row *row, char *text, size_t size)
{
    bool        is_instruction = strcmp(row->name, "instruction") == 0;
    bool        is_one = row->asked == 1 && row->cases <= 1;
    const char *what = is_instruction
        ? is_one ? "instruction" : "instructions"
        : is_one ? "case" : "cases";

    if (isnan(row->rate))
        snprintf(text, size, "not all of it was run");
    else if (row->is_complete)
        snprintf(text, size, "%ld %s", row->asked, what);
    else if (row->cases > row->asked)
        snprintf(text, size, "a sample: %ld of %ld %s", row->asked,
                 row->cases, what);
    else
        snprintf(text, size, "a sample: %ld %s", row->asked, what);
}

void originals_cells(const struct weights_row *row,
                     struct originals_cells *out)
{
    *out = (struct originals_cells){.name = ""};
    snprintf(out->name, sizeof out->name, "%s %s", original_name(row),
             row->name);
    percent(row->rate, row->half_width, out->rate, sizeof out->rate);
    say_other(row, row->other, out->other, sizeof out->other);
    percent(row->rate_parsed, NAN, out->parsed, sizeof out->parsed);
    say_other(row, row->other_parsed, out->other_parsed,
              sizeof out->other_parsed);
    say_of(row, out->of, sizeof out->of);
}

/* As a person writes it. */
static void show(const struct weights_row *row, struct originals_cells *c)
{
    originals_cells(row, c);
    for (char *at = c->name; (at = strchr(at, '_')); at++) *at = ' ';
}

/* Does anything change when calls in the text count as calls? */
static bool has_parsed(const struct weights_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].rate_parsed < rows[i].rate ||
            rows[i].rate_parsed > rows[i].rate ||
            rows[i].other_parsed < rows[i].other ||
            rows[i].other_parsed > rows[i].other)
            return true;
    return false;
}

void originals_markdown(struct strbuf *out, const struct weights *w)
{
    struct weights_row rows[WEIGHTS_ROWS];
    size_t             n = weights_rows(w, rows);
    bool               both = has_parsed(rows, n);

    if (n == 0) return;
    strbuf_addf(out, ORIGINALS_TITLE ":\n\n| | rate | other rule |%s of |\n"
                "|---|--:|--:|%s---|\n",
                both ? " if parsed | other rule, if parsed |" : "",
                both ? "--:|--:|" : "");
    for (size_t i = 0; i < n; i++) {
        struct originals_cells c;
        const char            *bold = rows[i].is_total ? "**" : "";

        show(&rows[i], &c);
        strbuf_addf(out, "| %s", bold);
        md_inline(out, c.name);
        strbuf_addf(out, "%s | %s%s%s | %s |", bold, bold, c.rate, bold,
                    c.other);
        if (both) strbuf_addf(out, " %s | %s |", c.parsed, c.other_parsed);
        strbuf_addf(out, " %s |\n", c.of);
    }
    strbuf_add(out, "\n");
}

void originals_text(struct strbuf *out, const struct weights *w, int indent,
                    bool colour, int columns)
{
    struct weights_row rows[WEIGHTS_ROWS];
    size_t             n = weights_rows(w, rows);
    bool               both = has_parsed(rows, n);
    struct table       t = {0};

    if (n == 0) return;
    table_add_column(&t, ORIGINALS_TITLE, ALIGN_LEFT, 0, 0);
    table_add_column(&t, both ? "as\nserved" : "rate", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "other\nrule", ALIGN_RIGHT, 2, 0);
    if (both) {
        table_add_column(&t, "if\nparsed", ALIGN_RIGHT, 0, 0);
        table_add_column(&t, "other rule,\nif parsed", ALIGN_RIGHT, 1, 0);
    }
    table_add_column(&t, "of", ALIGN_LEFT, 3, 0);
    for (size_t i = 0; i < n; i++) {
        struct originals_cells c;
        enum style style = rows[i].is_total ? STYLE_STRONG : STYLE_PLAIN;

        show(&rows[i], &c);
        table_add_cell(&t, style, c.name);
        table_add_cell(&t, style, c.rate);
        table_add_cell(&t, STYLE_PLAIN, c.other);
        if (both) table_add_cell(&t, style, c.parsed);
        if (both) table_add_cell(&t, STYLE_PLAIN, c.other_parsed);
        table_add_cell(&t, STYLE_PLAIN, c.of);
    }
    table_fit(&t, columns > indent ? columns - indent : columns);
    table_print(&t, indent, colour, out);
    table_done(&t);
}

/* ---- JSON ---------------------------------------------------------------- */

#define COUNTS(X)                                                             \
    X(cases) X(asked) X(passed) X(parsed) X(saner) X(saner_parsed) X(of)      \
    X(strict) X(loose) X(prompt_loose)

static json_t *suite_json(const struct weights_suite *s)
{
    json_t *object = json_object();

    jsonx_set_text(object, "suite", s->name);
#define X(field) jsonx_set_integer(object, #field, s->field);
    COUNTS(X)
#undef X
    return object;
}

static json_t *row_json(const struct weights_row *row)
{
    json_t *object = json_object();

    jsonx_set_text(object, "original", row->original);
    jsonx_set_text(object, "name", row->name);
    jsonx_set_number(object, "rate", row->rate);
    jsonx_set_number(object, "other", row->other);
    jsonx_set_number(object, "rate_if_parsed", row->rate_parsed);
    jsonx_set_number(object, "other_if_parsed", row->other_parsed);
    jsonx_set_number(object, "half_width", row->half_width);
    jsonx_set_integer(object, "asked", row->asked);
    jsonx_set_integer(object, "cases", row->cases);
    json_object_set_new(object, "complete", json_boolean(row->is_complete));
    return object;
}

json_t *originals_json(const struct weights *w)
{
    struct weights_row rows[WEIGHTS_ROWS];
    size_t             n = weights_rows(w, rows);
    json_t            *object, *suites, *totals;

    if (n == 0) return NULL;
    object = json_object();
    suites = json_array();
    totals = json_array();
    for (size_t i = 0; i < w->n; i++)
        json_array_append_new(suites, suite_json(&w->suites[i]));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(totals, row_json(&rows[i]));
    json_object_set_new(object, "suites", suites);
    json_object_set_new(object, "totals", totals);
    return object;
}

static long read_count(const json_t *object, const char *key)
{
    double value = jsonx_number(object, key);

    return value >= 0 && value <= 1e12 ? (long)value : 0;
}

void originals_read(const json_t *object, struct weights *out)
{
    const json_t *suites = json_object_get(object, "suites"), *suite;
    size_t        i;

    *out = (struct weights){.n = 0};
    json_array_foreach(suites, i, suite) {
        const char           *name = jsonx_text(suite, "suite");
        struct weights_suite *s = name ? weights_of(out, name) : NULL;

        if (!s) continue;
#define X(field) s->field = read_count(suite, #field);
        COUNTS(X)
#undef X
        /* Older ones did not tell. */
        if (!json_object_get(suite, "parsed")) {
            s->parsed       = s->passed;
            s->saner_parsed = s->saner;
        }
    }
}
