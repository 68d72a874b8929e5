/* SPDX-License-Identifier: MIT */
/* cmd_probe.c - `audition probe`: everything that can be read of the board
 * now, and why the rest cannot; of several copied boards in a row also what
 * their counters gained and whether they were held back. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/table.h"
#include "base/term.h"
#include "base/units.h"
#include "facts.h"
#include "probe/probe.h"
#include "probe/verdict.h"
#include "report/output.h"

#define TEXT_BYTES (1u << 20)

struct probe_options {
    char            *sysroot;
    struct text_list then;
    bool             json, no_color;
};

#define AT(field) offsetof(struct probe_options, field)

static const struct opt probe_opts[] = {
    {.name = "sysroot", .type = OPT_TEXT, .at = AT(sysroot), .value = "DIR",
     .help = "read a folder with a copied /sys, /proc, /etc and /var instead "
     "of this machine"},
    {.name = "then", .type = OPT_LIST, .at = AT(then), .value = "DIR",
     .help = "a later copy of the same board: compare with the one before; "
     "repeatable"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON object a reading, each on a line"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* ---- a value for people ------------------------------------------------ */

static bool ends(const char *text, const char *with)
{
    size_t n = strlen(text), m = strlen(with);

    return n >= m && strcmp(text + n - m, with) == 0;
}

static struct units_text hertz(double hz)
{
    return hz >= 1e9 ? units_value(hz / 1e9, "GHz", 2)
                     : units_value(hz / 1e6, "MHz", 0);
}

/* A number of a key, with the unit that the key's name ends with. */
static struct units_text number_text(const char *key, double value)
{
    static const struct { const char *end, *unit; double scale; int digits; }
    units[] = {
        {"_pct", "%", 1, 1}, {"_mw", "W", 1e-3, 2}, {"_mv", "V", 1e-3, 3},
        {"_ma", "A", 1e-3, 3}, {"_uj", "J", 1e-6, 1}, {"_mj", "J", 1e-3, 1},
        {"_c", "C", 1, 1}, {"_s", "s", 1, 0}, {"_rpm", "rpm", 1, 0},
    };

    if (ends(key, "_bytes")) return units_bytes(value);
    if (strstr(key, "_hz")) return hertz(value);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (ends(key, units[i].end))
            return units_value(value * units[i].scale, units[i].unit,
                               units[i].digits);
    return units_number(value, 0);
}

static void add_items(const char *key, enum reading_kind kind,
                      const struct reading_value *v, struct strbuf *out)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct reading_item *item = &v->items[i];
        if (i) strbuf_add(out, ", ");
        if (item->name) strbuf_add(out, item->name);
        if (kind == READING_NUMBERS)
            strbuf_addf(out, " %s", number_text(key, item->number).text);
        else if (kind == READING_INDEXES)
            strbuf_add(out, units_number(item->number, 0).text);
        else if (kind == READING_TEXTS)
            strbuf_addf(out, " %s", item->text ? item->text : UNITS_MISSING);
    }
    if (v->n == 0) strbuf_add(out, "none");
}

static void add_value(const char *key, enum reading_kind kind,
                      const struct reading_value *v, struct strbuf *out)
{
    strbuf_clear(out);
    if (kind == READING_TEXT) strbuf_add(out, v->text);
    else if (kind == READING_TRUTH) strbuf_add(out, v->number > 0 ? "yes"
                                                                  : "no");
    else if (kind == READING_NUMBER)
        strbuf_add(out, number_text(key, v->number).text);
    else add_items(key, kind, v, out);
}

/* ---- one reading as a table -------------------------------------------- */

/* What is there, or what is not and why. */
static void add_table(const struct reading *r, bool there,
                      const struct term *term, struct strbuf *out)
{
    struct table  t = {0};
    struct strbuf value;

    strbuf_init(&value, TEXT_BYTES);
    table_add_column(&t, there ? "what" : "missing", ALIGN_LEFT, 0, 0);
    table_add_column(&t, there ? "value" : "why", ALIGN_LEFT, 0, 24);
    if (there) table_add_column(&t, "meaning", ALIGN_LEFT, 1, 0);
    for (size_t i = 0; i < READ_COUNT; i++) {
        const struct reading_value *v = &r->values[i];
        const struct reading_info  *info = &reading_info[i];
        if (v->is_set != there) continue;
        table_add_cell(&t, there ? STYLE_STRONG : STYLE_FAINT, info->name);
        if (there) {
            add_value(info->name, info->kind, v, &value);
            table_add_cell(&t, STYLE_PLAIN, value.text);
            table_add_cell(&t, STYLE_FAINT, info->help);
        } else {
            table_add_cell(&t, STYLE_FAINT, v->why ? v->why
                                            : "not found on this machine");
        }
    }
    if (t.n_cells) {
        table_fit(&t, term->columns);
        table_print(&t, 0, term->colour, out);
    }
    table_done(&t);
    strbuf_done(&value);
}

/* ---- several readings, a line each ------------------------------------- */

static void add_row(struct table *t, const char *name,
                    const struct reading *r, const struct throttling *v)
{
    struct strbuf why;

    strbuf_init(&why, TEXT_BYTES);
    strbuf_add(&why, v->is_throttling < 0 ? "cannot tell"
                   : v->is_throttling ? "" : "no");
    for (size_t i = 0; i < v->why.n; i++)
        strbuf_addf(&why, "%s%s", i ? ", " : "", v->why.items[i]);
    table_add_cell(t, STYLE_STRONG, name);
    table_add_cell(t, STYLE_PLAIN, units_value(v->interval_s, "s", 1).text);
    table_add_cell(t, STYLE_PLAIN, number_text(
        "_mw", reading_get(r, READ_power_in_mw)).text);
    table_add_cell(t, STYLE_PLAIN, number_text(
        "_pct", reading_get(r, READ_gpu_load_pct)).text);
    table_add_cell(t, STYLE_PLAIN, number_text(
        "_hz", reading_get(r, READ_gpu_freq_hz)).text);
    table_add_cell(t, STYLE_PLAIN, number_text(
        "_c", reading_get(r, READ_max_temp_c)).text);
    table_add_cell(t, v->is_throttling > 0 ? STYLE_BAD : STYLE_PLAIN,
                   why.text);
    strbuf_done(&why);
}

static void start_rows(struct table *t)
{
    static const char *const right[] = {"since the\none before", "input",
                                        "GPU\nload", "GPU\nclock", "hottest"};

    table_add_column(t, "reading", ALIGN_LEFT, 0, 12);
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        table_add_column(t, right[i], ALIGN_RIGHT, i == 0 ? 1 : 0, 0);
    table_add_column(t, "held back", ALIGN_LEFT, 0, 0);
}

/* ---- the command ------------------------------------------------------- */

static int check(const struct probe_options *o, struct err *err)
{
    if (!o->sysroot && o->then.n)
        return err_set(err, ERR_INPUT, "--then compares copies of a board; "
                       "name the first one with --sysroot");
    if (o->sysroot && probe_check_root(o->sysroot, "sysroot", err)) return -1;
    for (size_t i = 0; i < o->then.n; i++)
        if (probe_check_root(o->then.items[i], "then", err)) return -1;
    return 0;
}

/* Without slashes at its end: "/" is this machine. */
static char *root_of(const char *path)
{
    size_t len = path ? strlen(path) : 0;

    while (len && path[len - 1] == '/') len--;
    return mem_copy_n(path ? path : "", len);
}

/* schema_version first. */
static json_t *document_of(const struct reading *r, const struct throttling *v,
                           size_t number)
{
    json_t *document = json_object(), *rest = throttling_json(r, v, number);

    jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
    json_object_update(document, rest);
    json_decref(rest);
    return document;
}

static void show(const struct probe_options *o, const struct term *term,
                 struct strbuf *out)
{
    struct table   rows = {0};
    struct reading before, now;

    start_rows(&rows);
    reading_init(&before);
    for (size_t i = 0; i <= o->then.n; i++) {
        const char    *name = i ? o->then.items[i - 1] : o->sysroot;
        char          *root = root_of(name);
        struct throttling v;
        probe_read(root, &now);
        throttling_of(i ? &before : NULL, &now, &v);
        if (o->json) {
            output_json(document_of(&now, &v, i));
        } else if (o->then.n) {
            add_row(&rows, name, &now, &v);
        } else {
            add_table(&now, true, term, out);
            strbuf_add(out, "\n");
            add_table(&now, false, term, out);
        }
        throttling_done(&v);
        reading_done(&before);
        before = now;
        free(root);
    }
    reading_done(&before);
    if (rows.n_cells) {
        table_fit(&rows, term->columns);
        table_print(&rows, 0, term->colour, out);
    }
    table_done(&rows);
}

static int probe(void *options, const enum opt_source *sources,
                 const struct text_list *arguments)
{
    const struct probe_options *o = options;
    struct term   term = term_of(STDOUT_FILENO);
    struct strbuf out;
    struct err    err = {0};

    (void)sources;
    (void)arguments;
    if (check(o, &err)) {
        fprintf(stderr, "audition: %s\n", err.text);
        if (o->json) output_error(&err);
        return err_exit_code(err.kind);
    }
    if (o->no_color) term.colour = false;
    strbuf_init(&out, TEXT_BYTES);
    show(o, &term, &out);
    fputs(out.text, stdout);
    strbuf_done(&out);
    return 0;
}

const struct command command_probe = {
    .name = "probe", .arguments = "",
    .summary = "one reading of everything readable, and why the rest is not",
    .about = "Power, temperatures, clocks, memory and what holds the clocks "
             "down, of this machine or of a copied /sys. A value that cannot "
             "be read is missing, never 0.",
    .opts = probe_opts, .options_bytes = sizeof(struct probe_options),
    .max_arguments = 0, .run = probe,
};
