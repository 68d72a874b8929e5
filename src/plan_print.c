/* SPDX-License-Identifier: MIT */
/* plan_print.c - a plan for people and for programs; see plan.h. */
#include "plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/table.h"
#include "base/term.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/wrap.h"
#include "decide.h"
#include "report/cells.h"

#define CANNOT_HOLD "!"

/* ---- for people -------------------------------------------------------- */

static char *printable(const char *text)
{
    return utf8_printable(text ? text : "", text ? strlen(text) : 0);
}

static void add_range(struct table *t, struct range r, const char *unit,
                      int decimals)
{
    table_add_cell(t, STYLE_PLAIN, units_interval(r.value, r.low, r.high, unit,
                                                  decimals).text);
}

/* "35–45", with a mark when it cannot hold; "" when nothing is expected. */
static void add_expected(struct table *t, double low, double high,
                         bool cannot_hold)
{
    char text[64] = "";

    if (!isnan(low) && low < high)
        snprintf(text, sizeof text, "%g–%g%s", low, high,
                 cannot_hold ? " " CANNOT_HOLD : "");
    else if (!isnan(low))
        snprintf(text, sizeof text, "%g%s", low,
                 cannot_hold ? " " CANNOT_HOLD : "");
    table_add_cell(t, cannot_hold ? STYLE_BAD : STYLE_PLAIN, text);
}

static bool expects_anything(const struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct expectation *x = &p->rows[i].entry->candidate->expect;
        if (!isnan(x->tok_s_low) || !isnan(x->latency50_s_low) ||
            !isnan(x->memory_bytes))
            return true;
    }
    return false;
}

static void add_expected_memory(struct table *t, const struct plan_row *r)
{
    double bytes = r->entry->candidate->expect.memory_bytes;
    char   text[256] = "";

    if (!isnan(bytes))
        snprintf(text, sizeof text, "%s%s", units_bytes(bytes).text,
                 r->memory_cannot_hold ? " " CANNOT_HOLD : "");
    table_add_cell(t, r->memory_cannot_hold ? STYLE_BAD : STYLE_PLAIN, text);
}

static void add_row(struct table *t, const struct plan_row *r, bool expects)
{
    const struct candidate *c = r->entry->candidate;
    const struct forecast  *f = &r->forecast;

    table_add_cell(t, STYLE_PLAIN, c->name);
    table_add_cell(t, STYLE_PLAIN, c->facts.quantisation
                   ? c->facts.quantisation : UNITS_MISSING);
    table_add_cell(t, STYLE_PLAIN, units_bytes(f->memory.total).text);
    if (expects) add_expected_memory(t, r);
    add_range(t, f->served_tok_s, "", 1);
    if (expects)
        add_expected(t, c->expect.tok_s_low, c->expect.tok_s_high,
                     r->tok_s_cannot_hold);
    table_add_cell(t, STYLE_PLAIN, units_number(f->prompt_tok_s.value,
                                                0).text);
    add_range(t, f->first_sentence_s, "", 2);
    add_range(t, f->latency50_s, "", 2);
    if (expects)
        add_expected(t, c->expect.latency50_s_low, c->expect.latency50_s_high,
                     r->latency_cannot_hold);
    table_add_cell(t, cells_verdict_style(r->verdict),
                   cells_verdict(r->verdict));
}

static void print_table(const struct plan *p, struct strbuf *out)
{
    struct table t = {0};
    struct term  term = term_of(STDOUT_FILENO);
    bool         expects = expects_anything(p);

    table_add_column(&t, "candidate", ALIGN_LEFT, 0, 12);
    table_add_column(&t, "quant", ALIGN_LEFT, 2, 0);
    table_add_column(&t, "memory", ALIGN_RIGHT, 0, 0);
    if (expects) table_add_column(&t, "expected\nmemory", ALIGN_RIGHT, 4, 0);
    table_add_column(&t, "tok/s", ALIGN_RIGHT, 0, 0);
    if (expects) table_add_column(&t, "expected\ntok/s", ALIGN_RIGHT, 6, 0);
    table_add_column(&t, "prompt\ntok/s", ALIGN_RIGHT, 1, 0);
    table_add_column(&t, "first\nsentence s", ALIGN_RIGHT, 3, 0);
    table_add_column(&t, "50 tokens\ns", ALIGN_RIGHT, 0, 0);
    if (expects) table_add_column(&t, "expected\ns", ALIGN_RIGHT, 5, 0);
    table_add_column(&t, "verdict", ALIGN_LEFT, 0, 0);
    for (size_t i = 0; i < p->n; i++) add_row(&t, &p->rows[i], expects);
    table_fit(&t, term.columns);
    table_print(&t, 0, term.colour, out);
    table_done(&t);
    if (expects)
        strbuf_add(out, CANNOT_HOLD " what you expect cannot hold; the reasons "
                   "are below\n");
}

/* A line in as many as the terminal needs; `at` columns are taken. */
static void add_line(struct strbuf *out, const char *text, int at)
{
    int columns = term_of(STDOUT_FILENO).columns;

    wrap_add(out, text, at, at + 2, columns > 0 ? columns : 80);
    strbuf_add(out, "\n");
}

static void print_reasons(const struct plan *p, struct strbuf *out)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct plan_row *r = &p->rows[i];
        char *name = printable(r->entry->candidate->name);

        strbuf_addf(out, "\n%s: %s\n", name, cells_verdict(r->verdict));
        for (size_t k = 0; k < r->reasons.n; k++) {
            char *text = printable(r->reasons.items[k]);
            strbuf_add(out, "  ");
            add_line(out, text, 2);
            free(text);
        }
        free(name);
    }
}

/* Those that a download would bring, once. */
static void print_absent(const struct plan *p, struct strbuf *out)
{
    struct strbuf line;
    size_t        n = 0;

    strbuf_init(&line, 1u << 20);
    for (size_t i = 0; i < p->n; i++) {
        char *name;
        if (!p->rows[i].absent) continue;
        name = printable(p->rows[i].entry->candidate->name);
        strbuf_addf(&line, "%s%s", n++ ? ", " : "not on this machine, "
                    "predicted from the catalogue: ", name);
        free(name);
    }
    if (n) {
        strbuf_add(&line, "; `audition run --download` fetches them");
        strbuf_add(out, "\n");
        add_line(out, line.text, 0);
    }
    strbuf_done(&line);
}

static double phase_s(const struct plan *p, const json_t *names)
{
    double sum = 0;

    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < json_array_size(names); k++)
            if (strcmp(json_string_value(json_array_get(names, k)),
                       p->rows[i].entry->candidate->name) == 0 &&
                !isnan(p->rows[i].cost_s))
                sum += p->rows[i].cost_s;
    return sum;
}

static const char *minutes(double seconds, char out[32])
{
    if (isnan(seconds)) snprintf(out, 32, "%s", UNITS_MISSING);
    else if (seconds < 120) snprintf(out, 32, "%.0f s", seconds);
    else if (seconds < 7200) snprintf(out, 32, "%.0f min", seconds / 60);
    else snprintf(out, 32, "%.1f h", seconds / 3600);
    return out;
}

static void print_phases(const struct plan *p, struct strbuf *out)
{
    const json_t *phases = p->audition->config.phases, *phase;
    size_t        i;
    char          time[32];

    if (json_array_size(phases)) strbuf_add(out, "\nphases:\n");
    json_array_foreach(phases, i, phase) {
        const json_t *names = json_object_get(phase, "candidates");
        struct strbuf line;
        char         *safe;

        strbuf_init(&line, 1u << 20);
        strbuf_addf(&line, "%zu %s, %s:", i + 1, jsonx_text(phase, "name"),
                    minutes(phase_s(p, names), time));
        for (size_t k = 0; k < json_array_size(names); k++)
            strbuf_addf(&line, "%s %s", k ? "," : "",
                        json_string_value(json_array_get(names, k)));
        safe = printable(line.text);
        strbuf_add(out, "  ");
        add_line(out, safe, 2);
        free(safe);
        strbuf_done(&line);
    }
}

static size_t stored_works(const struct entry *e)
{
    size_t n = 0;

    for (size_t i = 0; i < e->progress.n_keys; i++)
        if (!strstr(e->progress.keys[i], "/load/") &&
            !strstr(e->progress.keys[i], "/memory"))
            n++;
    return n;
}

static void print_stored(const struct plan *p, struct strbuf *out)
{
    const struct audition *a = p->audition;

    strbuf_add(out, "\nstored trials:\n");
    for (size_t i = 0; i < p->n; i++) {
        char *name = printable(p->rows[i].entry->candidate->name);
        if (!p->rows[i].entry->is_out)
            strbuf_addf(out, "  %s: %zu of at most %zu\n", name,
                        stored_works(p->rows[i].entry),
                        schedule_trials(&a->schedule));
        free(name);
    }
    if (a->llama_server)
        strbuf_addf(out, "engine: %s (build %d)\n", a->llama_server,
                    a->llama_build);
    if (a->opt->store) strbuf_addf(out, "store: %s\n", a->opt->store);
    else strbuf_addf(out, "store: %s/audition.db\n", a->config.folder);
}

/* The sample, what it cannot tell, and what it takes. */
static void say_cases(const struct plan *p, struct strbuf *out)
{
    const struct audition *a = p->audition;
    size_t                 all = 0;
    double                 least = NAN, most = NAN;

    for (size_t i = 0; i < a->n_suites; i++) all += a->suites[i].n;
    for (size_t i = 0; i < p->n; i++) {
        least = fmin(least, p->rows[i].cases_s);
        most  = fmax(most, p->rows[i].cases_s);
    }
    strbuf_addf(out, "%zu of %zu cases, in which the user speaks %zu times",
                a->n_cases, all, plan_turns(a));
    if (a->n_cases < all && a->n_cases > 0)
        strbuf_addf(out, ": a sample by suite and category, a rate of 50 %% is "
                    "known to ±%.0f points",
                    100 * 1.96 * sqrt(0.25 / (double)a->n_cases *
                                      (1 - (double)a->n_cases / (double)all)));
    if (isfinite(most))
        strbuf_addf(out, "; about %s of engine time a candidate",
                    most > least
                    ? units_range(least / 60, most / 60, "min", 1).text
                    : units_value(most / 60, "min", 1).text);
    strbuf_add(out, ";\n");
}

void plan_print(const struct plan *p)
{
    const struct audition *a = p->audition;
    const char            *mode = a->device.power_mode;
    struct strbuf          out;
    char                   time[32];

    mode = mode && *mode ? mode : NULL;
    strbuf_init(&out, 1u << 20);
    strbuf_addf(&out, "%s%s%s%s, context of %d tokens; predicted, 80 %% "
                "intervals\n\n", a->device.name,
                mode ? ", " : "", mode ? mode : "",
                a->device.is_this_machine ? " (this machine)" : "",
                p->n ? p->rows[0].entry->context : 0);
    print_table(p, &out);
    print_reasons(p, &out);
    print_absent(p, &out);
    print_phases(p, &out);
    if (a->calibration.n) {
        strbuf_add(&out, "\ncalibration: ");
        add_line(&out, a->calibration.why, 13);
    }
    strbuf_add(&out, "\n");
    say_cases(p, &out);
    strbuf_addf(&out, "%d block%s a candidate; ", a->schedule.blocks,
                a->schedule.blocks == 1 ? "" : "s");
    if (isnan(p->audition_s))
        strbuf_add(&out, "how long that takes cannot be said.\n");
    else
        strbuf_addf(&out, "the audition takes about %s of engine time.\n",
                    minutes(p->audition_s, time));
    if (!a->opt->plan_only) print_stored(p, &out);
    fputs(out.text, stdout);
    strbuf_done(&out);
}

/* ---- for programs ------------------------------------------------------ */

static void set_metric(json_t *metrics, const char *name, struct range r,
                       const char *unit, const char *reason)
{
    json_t *m = json_object();

    jsonx_set_number(m, "median", r.value);
    jsonx_set_number(m, "low", r.low);
    jsonx_set_number(m, "high", r.high);
    json_object_set_new(m, "n", json_null());
    jsonx_set_text(m, "unit", unit);
    jsonx_set_text(m, "reason", isnan(r.value) ? reason : NULL);
    json_object_set_new(metrics, name, m);
}

static json_t *metrics_json(const struct plan_row *r)
{
    const struct forecast *f = &r->forecast;
    const char *why = r->reasons.n ? r->reasons.items[0] : "not predicted";
    json_t     *all = json_object();

    set_metric(all, "gen_tok_s", f->gen_tok_s, "tok/s", why);
    set_metric(all, "served_tok_s", f->served_tok_s, "tok/s", why);
    set_metric(all, "prompt_tok_s", f->prompt_tok_s, "tok/s", why);
    set_metric(all, "ttft_s", f->ttft_s, "s", why);
    set_metric(all, "ttft_cold_s", f->ttft_cold_s, "s", why);
    set_metric(all, "first_sentence_s", f->first_sentence_s, "s", why);
    set_metric(all, "latency50_s", f->latency50_s, "s", why);
    set_metric(all, "cold_start_s", f->cold_start_s, "s", why);
    return all;
}

static json_t *memory_json(const struct forecast *f)
{
    json_t *m = json_object();

    jsonx_set_number(m, "weights", f->memory.weights);
    jsonx_set_number(m, "host_weights", f->memory.host_weights);
    jsonx_set_number(m, "kv", f->memory.kv);
    jsonx_set_number(m, "compute", f->memory.compute);
    jsonx_set_number(m, "host_compute", f->memory.host_compute);
    jsonx_set_number(m, "runtime", f->memory.runtime);
    jsonx_set_number(m, "total", f->memory.total);
    jsonx_set_number(m, "device_total", f->memory.device_total);
    jsonx_set_number(m, "largest_allocation", f->memory.largest_allocation);
    return m;
}

static json_t *row_json(const struct plan_row *r)
{
    const struct forecast *f = &r->forecast;
    json_t                *o = json_object(), *reasons = json_array();

    jsonx_set_text(o, "name", r->entry->candidate->name);
    jsonx_set_text(o, "quantisation",
                   r->entry->candidate->facts.quantisation);
    jsonx_set_integer(o, "context", r->entry->context);
    jsonx_set_text(o, "verdict", verdict_name(r->verdict));
    for (size_t i = 0; i < r->reasons.n; i++)
        jsonx_add_text(reasons, r->reasons.items[i]);
    if (r->absent) jsonx_add_text(reasons, r->absent);
    json_object_set_new(o, "reasons", reasons);
    json_object_set_new(o, "fits", f->fits < 0 ? json_null()
                                               : json_boolean(f->fits));
    json_object_set_new(o, "is_here",
                        json_boolean(!r->entry->candidate->is_absent));
    json_object_set_new(o, "is_calibrated", json_boolean(f->is_calibrated));
    json_object_set_new(o, "memory_bytes", memory_json(f));
    jsonx_set_number(o, "available_bytes", f->available_bytes);
    json_object_set_new(o, "metrics", metrics_json(r));
    jsonx_set_number(o, "audition_s", r->cost_s);
    jsonx_set_number(o, "cases_s", r->cases_s);
    return o;
}

json_t *plan_json(const struct plan *p)
{
    const struct audition *a = p->audition;
    json_t *o = json_object(), *rows = json_array();

    jsonx_set_integer(o, "schema_version", SCHEMA_VERSION);
    jsonx_set_text(o, "device", a->device.name);
    jsonx_set_text(o, "power_mode",
                   a->device.power_mode && *a->device.power_mode
                   ? a->device.power_mode : NULL);
    json_object_set_new(o, "is_this_machine",
                        json_boolean(a->device.is_this_machine));
    jsonx_set_number(o, "interval_coverage", RANGE_COVERAGE);
    for (size_t i = 0; i < p->n; i++)
        json_array_append_new(rows, row_json(&p->rows[i]));
    json_object_set_new(o, "candidates", rows);
    if (a->config.phases) json_object_set(o, "phases", a->config.phases);
    jsonx_set_number(o, "audition_s", p->audition_s);
    return o;
}
