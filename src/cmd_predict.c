/* SPDX-License-Identifier: MIT */
/* cmd_predict.c - `audition predict`: our predictions beside a table of
 * someone's measurements, or of models by name. Needs no engine. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/table.h"
#include "base/term.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/wrap.h"
#include "candidates.h"
#include "facts.h"
#include "predict/calibration.h"
#include "predict/stream.h"
#include "predict/table.h"
#include "probe/probe.h"
#include "report/output.h"

#define ANSWER_BYTES (256u << 20)

struct predict_options {
    char *table, *device, *power_mode;
    int   context;
    bool  json, no_color;
};

#define AT(field) offsetof(struct predict_options, field)

static const struct opt predict_opts[] = {
    {.name = "table", .type = OPT_TEXT, .at = AT(table), .value = "FILE.csv",
     .help = "measurements to predict: rows with device, model, quant and "
     "gen_tok_s, prompt_tok_s or memory_mib"},
    {.name = "device", .type = OPT_TEXT, .at = AT(device), .value = "NAME",
     .help = "a board of `audition devices`; otherwise this machine. With "
     "--table: of rows that name none"},
    {.name = "power-mode", .type = OPT_TEXT, .at = AT(power_mode),
     .value = "MODE", .help = "of that board; otherwise as it is now, or its "
     "usual one. With --table: of rows that name none"},
    {.name = "ctx-size", .letter = 'c', .type = OPT_INT, .at = AT(context),
     .min = 256, .max = 1048576, .value = "N", .alias = "context",
     .help = "context in tokens (otherwise 4096, or the row's)"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* What every prediction starts from. */
struct basis {
    struct boards           boards;
    struct catalogue        catalogue;
    struct speed_constants *constants;
};

static int basis_load(struct basis *b, struct err *err)
{
    if (boards_load(&b->boards, err)) return -1;
    if (catalogue_load(&b->catalogue, err)) return -1;
    b->constants = speed_load(err);
    return b->constants ? 0 : -1;
}

static void basis_done(struct basis *b)
{
    boards_done(&b->boards);
    catalogue_done(&b->catalogue);
    speed_free(b->constants);
}

/* ---- a table of measurements -------------------------------------------- */

static void print_text(const struct strbuf *out)
{
    fwrite(out->text, 1, out->len, stdout);
    if (out->over)
        fputs("audition: the answer is cut; --json has all of it\n", stderr);
}

/* Options stand in for what a row does not say. */
static void fill_in(const struct predict_options *o, struct measured_row *row)
{
    if (o->power_mode && !*row->power_mode) {
        free(row->power_mode);
        row->power_mode = mem_copy(o->power_mode);
    }
    if (o->context > 0 && isnan(row->context)) row->context = o->context;
}

static void show_table(const struct predict_options *o,
                       const struct measured_table *t,
                       const struct judged_row *rows)
{
    struct term   term = term_of(STDOUT_FILENO);
    struct strbuf out;

    for (size_t i = 0; i < t->n; i++)
        if (t->rows[i].fault.kind != ERR_NONE)
            fprintf(stderr, "audition: %s: %s\n", o->table,
                    t->rows[i].fault.text);
    if (o->json) {
        json_t *document = json_object();

        jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
        json_object_set_new(document, "rows", table_rows(t, rows));
        json_object_set_new(document, "summary", table_summary(t, rows));
        output_json(document);
        return;
    }
    strbuf_init(&out, ANSWER_BYTES);
    table_text(t, rows, term.colour && !o->no_color, term.columns, &out);
    print_text(&out);
    strbuf_done(&out);
}

static int predict_table(const struct predict_options *o, struct err *err)
{
    struct basis          basis = {0};
    struct measured_table t     = {0};
    struct judged_row    *rows  = NULL;
    int                   rc;

    rc = measured_load_of(o->table, o->device, &t, err);
    if (rc == 0) rc = basis_load(&basis, err);
    if (rc == 0) rows = mem_new(t.n, sizeof *rows);
    for (size_t i = 0; rc == 0 && i < t.n; i++) {
        fill_in(o, &t.rows[i]);
        table_judge(&t.rows[i], &basis.boards, &basis.catalogue,
                    basis.constants, &rows[i]);
        if (stop_signal())     /* 100,000 rows take minutes */
            rc = err_set(err, ERR_STOPPED, "stopped at row %zu of %zu", i,
                         t.n);
    }
    if (rc == 0) show_table(o, &t, rows);
    for (size_t i = 0; rows && i < t.n; i++) judged_done(&rows[i]);
    free(rows);
    basis_done(&basis);
    measured_done(&t);
    return rc;
}

/* ---- models by name ----------------------------------------------------- */

struct prediction {
    const struct candidate *candidate;
    struct forecast         forecast;
    struct err              failure;    /* why there is no number            */
};

static bool is_predicted(const struct prediction *p)
{
    return p->failure.kind == ERR_NONE;
}

struct named {
    struct machine        machine;
    struct device         device;
    struct calibration    calibration;
    struct config         config;
    struct candidate_list list;
    struct prediction    *items;
    int                   context;
};

/* A machine in no list is measured: about a second, once. */
static void measure_machine(struct named *n)
{
    struct stream_figures figures;
    struct err            err = {0};

    if (!n->device.is_this_machine || n->device.backend != BACKEND_CPU)
        return;
    if (stream_measure(&n->machine, &figures, &err)) {
        fprintf(stderr, "audition: %s\n", err.text);
        return;
    }
    n->device.measured_bandwidth_bytes_s = figures.bandwidth_bytes_s;
    n->device.measured_flops = figures.flops;
}

static int choose_device(const struct predict_options *o,
                         const struct basis *b, struct named *n,
                         struct err *err)
{
    struct device here;

    machine_read("", &n->machine);
    device_of_machine(&b->boards, &n->machine, "",
                      o->device ? NULL : o->power_mode, &here);
    n->device = here;
    if (o->device && device_find(&b->boards, o->device, o->power_mode, NAN,
                                 &n->device, err))
        return -1;
    n->device.is_this_machine = !o->device ||
                                n->device.board == here.board;
    measure_machine(n);
    return 0;
}

static void ask(const struct named *n, struct question *q)
{
    question_init(q);
    if (n->context > 0) q->context = n->context;
    q->decode_scale = n->calibration.decode_scale;
    q->prefill_scale = n->calibration.prefill_scale;
    if (n->device.is_this_machine &&
        (n->device.is_unified || n->device.backend == BACKEND_CPU))
        q->available_bytes = n->machine.available_bytes;
}

/* One that is known but not on this machine has facts beside its failure. */
static void predict_one(const struct basis *b, const struct named *n,
                        const struct candidate *c, struct prediction *out)
{
    struct question q;

    out->candidate = c;
    if (c->failure.kind == ERR_INPUT || c->facts.layers <= 0)
        out->failure = c->failure;
    if (c->facts.layers <= 0)
        err_set(&out->failure, ERR_INPUT, "%s: its header does not say how "
                "many layers it has", c->name);
    if (out->failure.kind != ERR_NONE) return;
    ask(n, &q);
    predict(b->constants, &c->facts, &n->device, &q, &out->forecast);
    if (out->forecast.fits != 0) return;
    out->forecast.gen_tok_s = out->forecast.served_tok_s =
        out->forecast.prompt_tok_s = out->forecast.first_sentence_s =
        out->forecast.latency50_s = RANGE_MISSING;
}

static int predict_names(const struct predict_options *o,
                         const struct basis *b,
                         const struct text_list *names, struct named *n,
                         struct err *err)
{
    n->context = o->context;
    if (choose_device(o, b, n, err)) return -1;
    if (calibration_load(&n->device, &n->calibration, err)) return -1;
    calibration_fit(&n->calibration);
    config_init(&n->config);
    for (size_t i = 0; i < names->n; i++)
        config_add_model(&n->config, names->items[i]);
    if (candidates_resolve(&n->config, &b->catalogue, &n->list, err))
        return -1;
    n->items = mem_new(n->list.n, sizeof *n->items);
    for (size_t i = 0; i < n->list.n; i++)
        predict_one(b, n, &n->list.items[i], &n->items[i]);
    return 0;
}

static void named_done(struct named *n)
{
    free(n->items);
    candidate_list_done(&n->list);
    config_done(&n->config);
    calibration_done(&n->calibration);
    machine_done(&n->machine);
}

/* ---- models by name: shown ---------------------------------------------- */

static void set_range(json_t *object, const char *name, struct range r)
{
    char low[40], high[40];

    snprintf(low, sizeof low, "%s_low", name);
    snprintf(high, sizeof high, "%s_high", name);
    jsonx_set_number(object, name, r.value);
    jsonx_set_number(object, low, r.low);
    jsonx_set_number(object, high, r.high);
}

static json_t *prediction_json(const struct prediction *p)
{
    const struct forecast *f = &p->forecast;
    json_t *object = json_object(), *memory = json_object();

    jsonx_set_text(object, "name", p->candidate->name);
    jsonx_set_text(object, "quant", p->candidate->facts.quantisation);
    json_object_set_new(object, "from_catalogue",
                        json_boolean(p->candidate->is_absent));
    jsonx_set_text(object, "skipped", is_predicted(p) ? NULL
                                                      : p->failure.text);
    if (!is_predicted(p)) {
        json_decref(memory);
        return object;
    }
    set_range(object, "gen_tok_s", f->gen_tok_s);
    set_range(object, "served_tok_s", f->served_tok_s);
    set_range(object, "prompt_tok_s", f->prompt_tok_s);
    set_range(object, "first_sentence_s", f->first_sentence_s);
    set_range(object, "latency50_s", f->latency50_s);
    jsonx_set_number(memory, "weights", f->memory.weights);
    jsonx_set_number(memory, "kv", f->memory.kv);
    jsonx_set_number(memory, "compute", f->memory.compute);
    jsonx_set_number(memory, "runtime", f->memory.runtime);
    jsonx_set_number(memory, "total", f->memory.total);
    jsonx_set_number(memory, "largest_allocation",
                     f->memory.largest_allocation);
    json_object_set_new(object, "memory_bytes", memory);
    json_object_set_new(object, "fits", f->fits < 0 ? json_null()
                                        : json_boolean(f->fits));
    jsonx_set_text(object, "reason", *f->reason ? f->reason : NULL);
    return object;
}

static void show_json(const struct named *n)
{
    json_t *document = json_object(), *models = json_array(),
           *calibration = json_object();

    jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
    jsonx_set_text(document, "device", n->device.name);
    jsonx_set_text(document, "power_mode",
                   n->device.power_mode && *n->device.power_mode
                   ? n->device.power_mode : NULL);
    jsonx_set_number(document, "interval_promises", RANGE_COVERAGE);
    jsonx_set_number(calibration, "decode_scale",
                     n->calibration.decode_scale);
    jsonx_set_number(calibration, "prefill_scale",
                     n->calibration.prefill_scale);
    jsonx_set_text(calibration, "reason", n->calibration.why);
    json_object_set_new(document, "calibration", calibration);
    for (size_t i = 0; i < n->list.n; i++)
        json_array_append_new(models, prediction_json(&n->items[i]));
    json_object_set_new(document, "models", models);
    output_json(document);
}

static void add_prediction(struct table *t, const struct prediction *p)
{
    const struct forecast *f = &p->forecast;
    const char *quant = p->candidate->facts.quantisation;
    struct range gen = f->gen_tok_s, served = f->served_tok_s;

    table_add_cell(t, STYLE_PLAIN, p->candidate->name);
    table_add_cell(t, STYLE_PLAIN, quant ? quant : UNITS_MISSING);
    table_add_cell(t, STYLE_PLAIN, units_interval(gen.value, gen.low, gen.high,
                                                  "", 1).text);
    table_add_cell(t, STYLE_PLAIN, units_interval(served.value, served.low,
                                                  served.high, "", 1).text);
    table_add_cell(t, STYLE_PLAIN, units_number(f->prompt_tok_s.value,
                                                0).text);
    table_add_cell(t, STYLE_PLAIN, units_bytes(f->memory.total).text);
    table_add_cell(t, f->fits == 0 ? STYLE_BAD : STYLE_PLAIN,
                   f->fits < 0 ? UNITS_MISSING : f->fits ? "yes" : "no");
}

/* "name: why", in lines of the terminal. */
static void add_remark(const char *name, const char *text, int columns,
                       struct strbuf *out)
{
    char *line = mem_printf("%s%s%s", name, *name ? ": " : "", text);
    char *safe = utf8_printable(line, strlen(line));

    wrap_add(out, safe, 0, 2, columns > 0 ? columns : 80);
    strbuf_add(out, "\n");
    free(safe);
    free(line);
}

static void show_text(const struct named *n, bool no_color)
{
    struct term   term = term_of(STDOUT_FILENO);
    struct table  t    = {0};
    struct strbuf out;
    struct question q;
    const char   *name  = n->device.name ? n->device.name : "this machine";
    char         *board = utf8_printable(name, strlen(name));

    ask(n, &q);
    strbuf_init(&out, ANSWER_BYTES);
    strbuf_addf(&out, "%s%s%s, context %d, intervals of %.0f %%\n\n", board,
                n->device.power_mode && *n->device.power_mode ? " " : "",
                n->device.power_mode ? n->device.power_mode : "",
                q.context, 100 * RANGE_COVERAGE);
    table_add_column(&t, "model", ALIGN_LEFT, 0, 18);
    table_add_column(&t, "quant", ALIGN_LEFT, 2, 0);
    table_add_column(&t, "engine\ntok/s", ALIGN_RIGHT, 3, 0);
    table_add_column(&t, "served\ntok/s", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "prompt\ntok/s", ALIGN_RIGHT, 1, 0);
    table_add_column(&t, "memory", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "fits", ALIGN_LEFT, 0, 0);
    for (size_t i = 0; i < n->list.n; i++)
        if (is_predicted(&n->items[i])) add_prediction(&t, &n->items[i]);
    table_fit(&t, term.columns);
    if (t.n_cells) table_print(&t, 0, term.colour && !no_color, &out);
    table_done(&t);
    for (size_t i = 0; i < n->list.n; i++) {
        const struct prediction *p = &n->items[i];

        if (!is_predicted(p))        /* the text names the model */
            add_remark("", p->failure.text, term.columns, &out);
        else if (*p->forecast.reason)
            add_remark(p->candidate->name, p->forecast.reason, term.columns,
                       &out);
    }
    if (n->calibration.n)
        add_remark("what was measured on this board before",
                   n->calibration.why, term.columns, &out);
    print_text(&out);
    strbuf_done(&out);
    free(board);
}

/* A name that means nothing is bad input; that a model cannot be run is an
 * answer. */
static int exit_code(const struct named *n)
{
    for (size_t i = 0; i < n->list.n; i++)
        if (n->items[i].failure.kind == ERR_INPUT)
            return err_exit_code(ERR_INPUT);
    return 0;
}

/* ---- the command -------------------------------------------------------- */

static int tell(const struct err *err, bool json)
{
    if (json) output_error(err);
    fprintf(stderr, "audition: %s\n", err->text);
    return err_exit_code(err->kind);
}

static int run_names(const struct predict_options *o,
                     const struct text_list *names, struct err *err)
{
    struct basis basis = {0};
    struct named n     = {0};
    int          code  = -1;

    if (basis_load(&basis, err) == 0 &&
        predict_names(o, &basis, names, &n, err) == 0) {
        if (o->json) show_json(&n);
        else show_text(&n, o->no_color);
        code = exit_code(&n);
    }
    named_done(&n);
    basis_done(&basis);
    return code;
}

static int run(void *options, const enum opt_source *sources,
               const struct text_list *arguments)
{
    const struct predict_options *o = options;
    struct err err = {0};
    int        code;

    (void)sources;
    if (o->table && arguments->n)
        err_set(&err, ERR_INPUT, "give --table or names of models, not both");
    if (!o->table && !arguments->n)
        err_set(&err, ERR_INPUT, "name a model, \"Qwen2.5-3B-Instruct:Q4_K_M\" "
                "or a file, or measurements with --table FILE.csv");
    if (err.kind != ERR_NONE) return tell(&err, o->json);
    code = o->table ? predict_table(o, &err)
                    : run_names(o, arguments, &err);
    if (code < 0) return tell(&err, o->json);
    return code;
}

const struct command command_predict = {
    .name = "predict", .arguments = "[MODEL...]",
    .summary = "predicted speed and memory, also beside measurements",
    .about = "MODEL is a file, a name in the caches or one of the catalogue, "
             "with or without a quantisation at its end. With --table: our "
             "predictions beside someone's measurements and how far off they "
             "are. Nothing is run and nothing is fetched.",
    .opts = predict_opts, .options_bytes = sizeof(struct predict_options),
    .max_arguments = 1000, .run = run,
};
