/* SPDX-License-Identifier: MIT */
/* table_print.c - the report card for people and for programs. Computes
 * nothing: predictions are table.c's, errors table_summary.c's. */
#include "predict/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/wrap.h"
#include "predict/table_summary.h"

#define PROSE_COLUMNS 80

/* ---- for programs ------------------------------------------------------- */

static void set_measured(json_t *row, const struct measured_row *m)
{
    json_t *o = json_object();

    jsonx_set_number(o, "gen_tok_s", m->gen_tok_s);
    jsonx_set_number(o, "served_tok_s", m->served_tok_s);
    jsonx_set_number(o, "prompt_tok_s", m->prompt_tok_s);
    jsonx_set_number(o, "ttft_ms", m->ttft_ms);
    jsonx_set_number(o, "memory_mb", m->memory_mb);
    jsonx_set_number(o, "memory_mib", m->memory_mib);
    json_object_set_new(row, "measured", o);
}

static void set_device(json_t *row, const struct judged_row *j)
{
    bool is_known = j->device_class != NULL;

    jsonx_set_text(row, "board", is_known ? j->device.name : NULL);
    jsonx_set_text(row, "power_mode", is_known ? j->device.power_mode : NULL);
    jsonx_set_text(row, "device_class", j->device_class);
    jsonx_set_text(row, "backend",
                   is_known ? backend_name(j->device.backend) : NULL);
}

static json_t *row_json(size_t i, const struct measured_row *m,
                        const struct judged_row *j)
{
    json_t *row = json_object();

    jsonx_set_integer(row, "row", (long long)i);
    jsonx_set_integer(row, "line", m->line);
    jsonx_set_text(row, "device", m->device);
    jsonx_set_text(row, "model", m->model);
    jsonx_set_text(row, "engine", *m->engine ? m->engine : NULL);
    set_device(row, j);
    jsonx_set_text(row, "quant", *j->quant ? j->quant : NULL);
    jsonx_set_text(row, "skipped", j->skipped);
    json_object_set_new(row, "flagged", json_boolean(j->is_flagged));
    jsonx_set_number(row, "gen_tok_s", j->gen_tok_s.value);
    jsonx_set_number(row, "gen_tok_s_low", j->gen_tok_s.low);
    jsonx_set_number(row, "gen_tok_s_high", j->gen_tok_s.high);
    jsonx_set_number(row, "served_tok_s", j->served_tok_s);
    jsonx_set_number(row, "prompt_tok_s", j->prompt_tok_s);
    jsonx_set_number(row, "memory_mib", j->memory_mib);
    set_measured(row, m);
    jsonx_set_text(row, "measured_is",
                   measured_is_served(m) ? "served" : "engine");
    jsonx_set_number(row, "error", held_speed(m, j).error);
    jsonx_set_number(row, "prompt_error", held_prompt(m, j).error);
    jsonx_set_number(row, "memory_error", held_memory(m, j).error);
    return row;
}

json_t *table_rows(const struct measured_table *t,
                   const struct judged_row *rows)
{
    json_t *out = json_array();

    for (size_t i = 0; i < t->n; i++)
        json_array_append_new(out, row_json(i, &t->rows[i], &rows[i]));
    return out;
}

/* ---- for people: rows --------------------------------------------------- */

static void add_error(struct table *t, const struct held *h)
{
    char text[64] = "";
    bool is_outside = h->measured < h->predicted.low ||
                      h->measured > h->predicted.high;

    if (!isnan(h->error))
        snprintf(text, sizeof text, "%+lld %%%s",
                 llround(fmin(100 * h->error, 99999)),
                 is_outside ? " !" : "");
    table_add_cell(t, is_outside ? STYLE_WARN : STYLE_PLAIN, text);
}

static void add_number(struct table *t, double value, int decimals)
{
    table_add_cell(t, STYLE_PLAIN,
                   isnan(value) ? "" : units_number(value, decimals).text);
}

/* "Jetson Orin NX 16GB 25W"; the backend where it is not the board's own. */
static char *device_text(const struct device *d)
{
    const char *mode = d->power_mode ? d->power_mode : "";
    bool        is_usual = !d->board || d->board->backend == d->backend;

    return mem_printf("%s%s%s%s%s%s", d->name, *mode ? " " : "", mode,
                      is_usual ? "" : " (",
                      is_usual ? "" : backend_name(d->backend),
                      is_usual ? "" : ")");
}

static void add_row(struct table *t, size_t i, const struct measured_row *m,
                    const struct judged_row *j)
{
    struct held speed  = held_speed(m, j), prompt = held_prompt(m, j),
                memory = held_memory(m, j);
    char       *device = device_text(&j->device);
    char        row[32];

    snprintf(row, sizeof row, "%zu%s", i, j->is_flagged ? "?" : "");
    table_add_cell(t, STYLE_PLAIN, row);
    table_add_cell(t, STYLE_PLAIN, device);
    table_add_cell(t, STYLE_PLAIN, m->model);
    table_add_cell(t, STYLE_PLAIN, j->quant);
    table_add_cell(t, STYLE_PLAIN, measured_is_served(m) ? "served" : "engine");
    table_add_cell(t, STYLE_PLAIN,
                   units_interval(speed.predicted.value, speed.predicted.low,
                                  speed.predicted.high, "", 1).text);
    add_number(t, speed.measured, 1);
    add_error(t, &speed);
    add_number(t, prompt.predicted.value, 0);
    add_number(t, prompt.measured, 0);
    add_error(t, &prompt);
    add_number(t, memory.predicted.value, 0);
    add_number(t, memory.measured, 0);
    add_error(t, &memory);
    free(device);
}

static void print_rows(const struct measured_table *t,
                       const struct judged_row *rows, bool colour,
                       int columns, struct strbuf *out)
{
    struct table table = {0};
    bool         is_cut = false;

    table_add_column(&table, "row", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "device", ALIGN_LEFT, 0, 12);
    table_add_column(&table, "model", ALIGN_LEFT, 0, 0);
    table_add_column(&table, "quant", ALIGN_LEFT, 9, 0);
    table_add_column(&table, "speed\nof", ALIGN_LEFT, 7, 0);
    table_add_column(&table, "predicted\ntok/s", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "measured\ntok/s", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "error", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "prompt\npredicted", ALIGN_RIGHT, 3, 0);
    table_add_column(&table, "prompt\nmeasured", ALIGN_RIGHT, 4, 0);
    table_add_column(&table, "error", ALIGN_RIGHT, 6, 0);
    table_add_column(&table, "memory\nMiB", ALIGN_RIGHT, 5, 0);
    table_add_column(&table, "measured\nMiB", ALIGN_RIGHT, 1, 0);
    table_add_column(&table, "error", ALIGN_RIGHT, 2, 0);
    for (size_t i = 0; i < t->n; i++)
        if (!rows[i].skipped) add_row(&table, i, &t->rows[i], &rows[i]);
    if (table.n_cells == 0) {
        table_done(&table);
        return;
    }
    table_fit(&table, columns);
    table_print(&table, 0, colour, out);
    for (size_t i = 0; i < table.n_columns; i++)
        is_cut |= table.columns[i].is_hidden;
    table_done(&table);
    strbuf_addf(out, "! outside of the interval, which promises %.0f %%; "
                "? doubtful by its own note%s\n", 100 * RANGE_COVERAGE,
                is_cut ? "; a wider terminal or --json shows more columns"
                       : "");
}

/* ---- for people: what was skipped --------------------------------------- */

struct skipped {
    const char *reason;
    size_t      row;
};

static int by_reason(const void *a, const void *b)
{
    const struct skipped *x = a, *y = b;
    int order = strcmp(x->reason, y->reason);

    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* "14-19, 22" of rows that share a reason; how many they are. */
static size_t add_rows(const struct skipped *s, size_t n, struct strbuf *out)
{
    size_t i = 0;

    while (i < n && strcmp(s[i].reason, s[0].reason) == 0) {
        size_t last = i;

        while (last + 1 < n && s[last + 1].row == s[last].row + 1 &&
               strcmp(s[last + 1].reason, s[0].reason) == 0)
            last++;
        strbuf_addf(out, "%s%zu", i ? ", " : "", s[i].row);
        if (last > i) strbuf_addf(out, "-%zu", s[last].row);
        i = last + 1;
    }
    return i;
}

static void print_skipped(const struct measured_table *t,
                          const struct judged_row *rows, int prose,
                          struct strbuf *out)
{
    struct skipped *s = mem_new(t->n, sizeof *s);
    size_t          n = 0;

    for (size_t i = 0; i < t->n; i++)
        if (rows[i].skipped) s[n++] = (struct skipped){rows[i].skipped, i};
    qsort(s, n, sizeof *s, by_reason);
    if (n) strbuf_addf(out, "\nskipped: %zu of %zu rows\n", n, t->n);
    for (size_t i = 0; i < n;) {
        struct strbuf line;
        char         *safe;
        size_t        same;

        strbuf_init(&line, 1u << 20);
        strbuf_add(&line, "row ");
        same = add_rows(s + i, n - i, &line);
        strbuf_addf(&line, ": %s", s[i].reason);
        safe = utf8_printable(line.text, line.len);
        strbuf_add(out, "  ");
        wrap_add(out, safe, 2, 4, prose);
        strbuf_add(out, "\n");
        free(safe);
        strbuf_done(&line);
        i += same;
    }
    free(s);
}

/* ---- for people: how far off -------------------------------------------- */

static void add_rate(struct table *t, double rate)
{
    table_add_cell(t, STYLE_PLAIN, isnan(rate) ? "" : units_rate(rate).text);
}

static void add_percent(struct table *t, double error)
{
    table_add_cell(t, STYLE_PLAIN,
                   isnan(error) ? "" : units_value(100 * error, "%", 1).text);
}

static const char *group_title(const struct table_group_errors *g)
{
    switch (g->group) {
    case GROUP_ALL: return "all but doubtful ones";
    case GROUP_LLAMA_CPP_GPU: return "llama.cpp on GPUs";
    case GROUP_LLAMA_CPP_JETSON: return "llama.cpp on Jetson";
    case GROUP_FLAGGED: return "doubtful";
    case GROUP_CLASS: break;
    }
    return g->name;
}

static void add_group(struct table *t, const struct table_group_errors *g)
{
    char text[64];

    table_add_cell(t, STYLE_PLAIN, group_title(g));
    snprintf(text, sizeof text, "%zu of %zu", g->predicted, g->rows);
    table_add_cell(t, STYLE_PLAIN, text);
    snprintf(text, sizeof text, "%zu", g->speed.compared);
    table_add_cell(t, STYLE_PLAIN, text);
    add_percent(t, g->speed.median);
    add_percent(t, g->speed.p90);
    add_rate(t, g->speed.near);
    add_rate(t, g->speed.inside);
    add_percent(t, g->prompt.median);
    add_percent(t, g->memory.median);
}

static void print_summary(const struct measured_table *t,
                          const struct judged_row *rows, bool colour,
                          int columns, struct strbuf *out)
{
    struct table_groups groups;
    struct table        table = {0};

    table_groups(t, rows, &groups);
    table_add_column(&table, "", ALIGN_LEFT, 0, 0);
    table_add_column(&table, "predicted", ALIGN_RIGHT, 2, 0);
    table_add_column(&table, "compared", ALIGN_RIGHT, 3, 0);
    table_add_column(&table, "median\nerror", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "p90\nerror", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "within\n20 %", ALIGN_RIGHT, 5, 0);
    table_add_column(&table, "inside of\ninterval", ALIGN_RIGHT, 0, 0);
    table_add_column(&table, "prompt\nmedian", ALIGN_RIGHT, 4, 0);
    table_add_column(&table, "memory\nmedian", ALIGN_RIGHT, 1, 0);
    for (size_t i = 0; i < groups.n; i++)
        if (groups.items[i].rows) add_group(&table, &groups.items[i]);
    table_fit(&table, columns);
    strbuf_add(out, "\n");
    table_print(&table, 0, colour, out);
    table_done(&table);
    table_groups_done(&groups);
}

void table_text(const struct measured_table *t, const struct judged_row *rows,
                bool colour, int columns, struct strbuf *out)
{
    print_rows(t, rows, colour, columns, out);
    print_skipped(t, rows, columns > 0 ? columns : PROSE_COLUMNS, out);
    if (t->n) print_summary(t, rows, colour, columns, out);
    else strbuf_add(out, "the table has no rows\n");
}
