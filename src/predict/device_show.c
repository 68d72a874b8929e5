/* SPDX-License-Identifier: MIT */
/* device_show.c - see device_show.h. */
#include "predict/device_show.h"

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

#define PROSE_COLUMNS 78

/* ---- for programs ------------------------------------------------------- */

static json_t *mode_json(const struct power_mode *m)
{
    json_t *o = json_object();

    jsonx_set_text(o, "power_mode", *m->name ? m->name : NULL);
    json_object_set_new(o, "aliases", jsonx_texts(&m->aliases));
    jsonx_set_number(o, "clock_hz", m->clock_hz);
    jsonx_set_number(o, "units", m->units);
    jsonx_set_number(o, "bandwidth_bytes_s", m->bandwidth_bytes_s);
    jsonx_set_number(o, "fp16_flops", m->fp16_flops);
    jsonx_set_number(o, "cpu_clock_hz", m->cpu_clock_hz);
    return o;
}

json_t *board_json(const struct board *b)
{
    json_t *o = json_object(), *modes = json_array(), *sizes = json_array();

    jsonx_set_text(o, "name", b->name);
    json_object_set_new(o, "aliases", jsonx_texts(&b->aliases));
    jsonx_set_text(o, "device_class", b->device_class);
    jsonx_set_text(o, "backend", backend_name(b->backend));
    jsonx_set_text(o, "architecture", b->architecture);
    json_object_set_new(o, "is_unified", json_boolean(b->is_unified));
    for (size_t i = 0; i < b->n_sizes; i++) {
        json_t *size = json_object();
        jsonx_set_text(size, "name", b->sizes[i].name);
        jsonx_set_number(size, "memory_bytes", b->sizes[i].bytes);
        json_array_append_new(sizes, size);
    }
    json_object_set_new(o, "sizes", sizes);
    jsonx_set_number(o, "os_bytes", b->os_bytes);
    jsonx_set_number(o, "speech_bytes", b->speech_bytes);
    jsonx_set_number(o, "runtime_bytes", b->runtime_bytes);
    jsonx_set_number(o, "cpu_cores", b->cpu_cores);
    for (size_t i = 0; i < b->n_modes; i++)
        json_array_append_new(modes, mode_json(&b->modes[i]));
    json_object_set_new(o, "power_modes", modes);
    json_object_set_new(o, "is_certain", json_boolean(b->is_certain));
    jsonx_set_text(o, "source", b->source);
    return o;
}

json_t *device_json(const struct device *d)
{
    json_t *o = json_object();

    jsonx_set_text(o, "name", d->name);
    jsonx_set_text(o, "power_mode",
                   d->power_mode && *d->power_mode ? d->power_mode : NULL);
    jsonx_set_text(o, "device_class", d->device_class);
    jsonx_set_text(o, "backend", backend_name(d->backend));
    jsonx_set_text(o, "architecture", d->architecture);
    json_object_set_new(o, "is_unified", json_boolean(d->is_unified));
    json_object_set_new(o, "is_known", json_boolean(d->board != NULL));
    json_object_set_new(o, "is_this_machine",
                        json_boolean(d->is_this_machine));
    jsonx_set_text(o, "recognised_by", d->recognised_by);
    jsonx_set_number(o, "clock_hz", d->clock_hz);
    jsonx_set_number(o, "units", d->units);
    jsonx_set_number(o, "bandwidth_bytes_s", d->bandwidth_bytes_s);
    jsonx_set_number(o, "fp16_flops", d->fp16_flops);
    jsonx_set_number(o, "measured_bandwidth_bytes_s",
                     d->measured_bandwidth_bytes_s);
    jsonx_set_number(o, "measured_flops", d->measured_flops);
    jsonx_set_number(o, "memory_bytes", d->memory_bytes);
    jsonx_set_number(o, "os_bytes", d->os_bytes);
    jsonx_set_number(o, "speech_bytes", d->speech_bytes);
    jsonx_set_number(o, "runtime_bytes", d->runtime_bytes);
    jsonx_set_number(o, "cpu_cores", d->cpu_cores);
    jsonx_set_number(o, "cpu_clock_hz", d->cpu_clock_hz);
    return o;
}

json_t *calibration_json(const struct calibration *c)
{
    json_t *o = json_object(), *points = json_array();

    jsonx_set_number(o, "decode_scale", c->decode_scale);
    jsonx_set_number(o, "prefill_scale", c->prefill_scale);
    jsonx_set_number(o, "error_before", c->error_before);
    jsonx_set_number(o, "error_after", c->error_after);
    jsonx_set_text(o, "why", c->why);
    for (size_t i = 0; i < c->n; i++) {
        const struct calibration_point *p = &c->points[i];
        json_t *point = json_object();
        jsonx_set_text(point, "model", p->model);
        jsonx_set_number(point, "predicted_gen_tok_s", p->predicted_gen_tok_s);
        jsonx_set_number(point, "measured_gen_tok_s", p->measured_gen_tok_s);
        jsonx_set_number(point, "predicted_prompt_tok_s",
                         p->predicted_prompt_tok_s);
        jsonx_set_number(point, "measured_prompt_tok_s",
                         p->measured_prompt_tok_s);
        jsonx_set_number(point, "predicted_memory_bytes",
                         p->predicted_memory_bytes);
        jsonx_set_number(point, "measured_memory_bytes",
                         p->measured_memory_bytes);
        json_array_append_new(points, point);
    }
    json_object_set_new(o, "points", points);
    return o;
}

/* ---- for people --------------------------------------------------------- */

static void add_number(struct table *t, double value, const char *unit,
                       int decimals)
{
    table_add_cell(t, isnan(value) ? STYLE_FAINT : STYLE_PLAIN,
                   units_value(value, unit, decimals).text);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* "8, 16, 24 GB", the smallest first, whatever the default is. */
static void add_sizes(struct table *t, const struct board *b)
{
    double       *gb = mem_new(b->n_sizes, sizeof *gb);
    struct strbuf text;

    strbuf_init(&text, 256);
    for (size_t i = 0; i < b->n_sizes; i++) gb[i] = b->sizes[i].gb;
    qsort(gb, b->n_sizes, sizeof *gb, by_size);
    for (size_t i = 0; i < b->n_sizes; i++)
        strbuf_addf(&text, "%s%s", i ? ", " : "",
                    units_number(gb[i], gb[i] == floor(gb[i]) ? 0 : 1).text);
    strbuf_add(&text, " GB");
    table_add_cell(t, STYLE_PLAIN, text.text);
    strbuf_done(&text);
    free(gb);
}

static void add_modes(struct table *t, const struct board *b)
{
    struct strbuf text;

    strbuf_init(&text, 1024);
    for (size_t i = 0; i < b->n_modes; i++)
        strbuf_addf(&text, "%s%s", i ? ", " : "", b->modes[i].name);
    table_add_cell(t, STYLE_PLAIN, text.text);
    strbuf_done(&text);
}

void boards_show(const struct boards *boards, const struct term *term,
                 struct strbuf *out)
{
    struct table t = {0};

    table_add_column(&t, "board", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "memory", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "bandwidth", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "units", ALIGN_RIGHT, 3, 0);
    table_add_column(&t, "clock", ALIGN_RIGHT, 2, 0);
    table_add_column(&t, "by", ALIGN_LEFT, 1, 0);
    table_add_column(&t, "power modes", ALIGN_LEFT, 0, 16);
    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        table_add_cell(&t, STYLE_PLAIN, b->name);
        add_sizes(&t, b);
        add_number(&t, b->modes[0].bandwidth_bytes_s / 1e9, "GB/s", 0);
        add_number(&t, b->modes[0].units, "", 0);
        add_number(&t, b->modes[0].clock_hz / 1e6, "MHz", 0);
        table_add_cell(&t, STYLE_PLAIN, backend_name(b->backend));
        add_modes(&t, b);
    }
    table_fit(&t, term->columns);
    table_print(&t, 0, term->colour, out);
    table_done(&t);
}

static void prose(struct strbuf *out, const struct term *term,
                  const char *label, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));

    strbuf_addf(out, "  %-8s ", label);
    wrap_add(out, safe, 11, 11, term->columns > 0 ? term->columns
                                                  : PROSE_COLUMNS);
    strbuf_add(out, "\n");
    free(safe);
}

static void memory_line(const struct device *d, const struct term *term,
                        struct strbuf *out)
{
    char *text = mem_printf("%s%s; the system takes about %s, speech about %s",
                            units_bytes(d->memory_bytes).text,
                            d->is_unified ? " for processor and GPU" : "",
                            units_bytes(d->os_bytes).text,
                            units_bytes(d->speech_bytes).text);

    prose(out, term, "memory", text);
    free(text);
}

static void modes_table(const struct board *b, const char *power_mode,
                        const struct term *term, struct strbuf *out)
{
    struct table t = {0};

    table_add_column(&t, "power mode", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "clock", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "units", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "bandwidth", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "fp16", ALIGN_RIGHT, 1, 0);
    table_add_column(&t, "CPU clock", ALIGN_RIGHT, 2, 0);
    for (size_t i = 0; i < b->n_modes; i++) {
        const struct power_mode *m = &b->modes[i];
        bool is_this = power_mode && strcmp(power_mode, m->name) == 0;
        table_add_cell(&t, is_this ? STYLE_STRONG : STYLE_PLAIN,
                       *m->name ? m->name : "its only one");
        add_number(&t, m->clock_hz / 1e6, "MHz", 0);
        add_number(&t, m->units, "", 0);
        add_number(&t, m->bandwidth_bytes_s / 1e9, "GB/s", 1);
        add_number(&t, m->fp16_flops / 1e12, "TFLOPS", 1);
        add_number(&t, m->cpu_clock_hz / 1e6, "MHz", 0);
    }
    table_fit(&t, term->columns);
    table_print(&t, 2, term->colour, out);
    table_done(&t);
}

void device_show(const struct device *d, const struct term *term,
                 struct strbuf *out)
{
    const struct board *b = d->board;
    char               *what;

    term_add(out, term->colour, STYLE_STRONG, d->name);
    strbuf_add(out, "\n");
    what = mem_printf("%s, %s, %s", d->device_class, backend_name(d->backend),
                      d->architecture ? d->architecture : UNITS_MISSING);
    prose(out, term, "kind", what);
    free(what);
    memory_line(d, term, out);
    if (!b) return;
    prose(out, term, "figures", b->is_certain
          ? "as specified" : "some are derived or from memory");
    prose(out, term, "source", b->source);
    strbuf_add(out, "\n");
    modes_table(b, d->power_mode, term, out);
}

void machine_show(const struct device *d, const struct term *term,
                  struct strbuf *out)
{
    strbuf_add(out, "this machine: ");
    term_add(out, term->colour, STYLE_STRONG, d->name);
    if (d->power_mode && *d->power_mode)
        strbuf_addf(out, " in mode %s", d->power_mode);
    if (!d->power_mode) strbuf_add(out, " in a power mode that is not known");
    if (d->recognised_by)
        strbuf_addf(out, ", known by its %s", d->recognised_by);
    else
        strbuf_add(out, ", in no list");
    if (isfinite(d->measured_bandwidth_bytes_s))
        strbuf_addf(out, "; measured: %s read, %s of f32",
                    units_value(d->measured_bandwidth_bytes_s / 1e9, "GB/s",
                                1).text,
                    units_value(d->measured_flops / 1e9, "GFLOPS", 0).text);
    strbuf_add(out, "\n");
}

void calibration_show(const struct calibration *c, const struct term *term,
                      struct strbuf *out)
{
    struct table t = {0};

    if (c->decode_scale != 1 || c->prefill_scale != 1)
        strbuf_addf(out, "predicted times are multiplied by %s (a token) and "
                    "%s (a prompt): %s\n",
                    units_number(c->decode_scale, 2).text,
                    units_number(c->prefill_scale, 2).text, c->why);
    else
        strbuf_addf(out, "predictions are not corrected: %s\n", c->why);
    if (c->n == 0) return;
    strbuf_addf(out, "median error: %s before, %s after, each model predicted "
                "from the others\n\n", units_rate(c->error_before).text,
                units_rate(c->error_after).text);
    table_add_column(&t, "model", ALIGN_LEFT, 0, 16);
    table_add_column(&t, "tok/s\npredicted", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "\nmeasured", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "prompt tok/s\npredicted", ALIGN_RIGHT, 2, 0);
    table_add_column(&t, "\nmeasured", ALIGN_RIGHT, 2, 0);
    table_add_column(&t, "memory\npredicted", ALIGN_RIGHT, 1, 0);
    table_add_column(&t, "\nmeasured", ALIGN_RIGHT, 1, 0);
    for (size_t i = 0; i < c->n; i++) {
        const struct calibration_point *p = &c->points[i];
        table_add_cell(&t, STYLE_PLAIN, p->model ? p->model : UNITS_MISSING);
        add_number(&t, p->predicted_gen_tok_s, "", 1);
        add_number(&t, p->measured_gen_tok_s, "", 1);
        add_number(&t, p->predicted_prompt_tok_s, "", 0);
        add_number(&t, p->measured_prompt_tok_s, "", 0);
        add_number(&t, p->predicted_memory_bytes, "bytes", 0);
        add_number(&t, p->measured_memory_bytes, "bytes", 0);
    }
    table_fit(&t, term->columns);
    table_print(&t, 0, term->colour, out);
    table_done(&t);
}
