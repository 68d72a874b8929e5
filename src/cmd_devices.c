/* SPDX-License-Identifier: MIT */
/* cmd_devices.c - `audition devices`: the boards that are known, one of them
 * in detail, what this machine is, and how well predictions did on it. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/term.h"
#include "facts.h"
#include "predict/calibration.h"
#include "predict/device_show.h"
#include "predict/stream.h"
#include "probe/probe.h"
#include "report/output.h"

struct devices_options {
    char *power_mode;
    bool  measure, calibration, json, no_color;
};

#define NAME_BYTES (1u << 20)   /* of a name: more is cut */
#define AT(field) offsetof(struct devices_options, field)

static const struct opt devices_opts[] = {
    {.name = "power-mode", .type = OPT_TEXT, .at = AT(power_mode),
     .value = "MODE", .help = "of the board, e.g. MAXN_SUPER or 25W"},
    {.name = "measure", .type = OPT_FLAG, .at = AT(measure),
     .help = "measure this machine's memory bandwidth and compute again: "
     "takes a second"},
    {.name = "calibration", .type = OPT_FLAG, .at = AT(calibration),
     .help = "what was predicted and what was measured on the board"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* What is shown. */
struct view {
    struct boards      boards;
    struct machine     machine;
    struct device      here;         /* this machine                         */
    struct device      device;       /* that was named, else this machine    */
    struct calibration calibration;
    bool               is_named;
};

static void view_done(struct view *v)
{
    calibration_done(&v->calibration);
    machine_done(&v->machine);
    boards_done(&v->boards);
}

/* "jetson orin nx 16gb" needs no quotes. */
static char *joined(const struct text_list *words)
{
    struct strbuf text;
    char         *name;

    strbuf_init(&text, NAME_BYTES);
    for (size_t i = 0; i < words->n; i++)
        strbuf_addf(&text, "%s%s", i ? " " : "", words->items[i]);
    name = mem_copy(text.text);
    strbuf_done(&text);
    return name;
}

static int look_at(struct view *v, const struct devices_options *o,
                   const char *name, struct err *err)
{
    struct stream_figures figures;

    if (boards_load(&v->boards, err)) return -1;
    machine_read("", &v->machine);
    v->is_named = *name != '\0';
    device_of_machine(&v->boards, &v->machine, "",
                      v->is_named ? NULL : o->power_mode, &v->here);
    if (o->measure) {
        if (stream_measure_again(&v->machine, &figures, err)) return -1;
        v->here.measured_bandwidth_bytes_s = figures.bandwidth_bytes_s;
        v->here.measured_flops = figures.flops;
    }
    v->device = v->here;
    if (v->is_named && device_find(&v->boards, name, o->power_mode, NAN,
                                   &v->device, err))
        return -1;
    if (!v->is_named && o->power_mode && !v->here.power_mode)
        return err_set(err, ERR_INPUT, "this machine, %s, has no such power "
                       "mode; `audition devices \"%s\"` lists those it has",
                       v->here.name, v->here.name);
    if (!o->calibration) return 0;
    if (calibration_load(&v->device, &v->calibration, err)) return -1;
    calibration_fit(&v->calibration);
    return 0;
}

static void print_json(const struct view *v, const struct devices_options *o)
{
    json_t *document = json_object(), *list = json_array();

    jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
    json_object_set_new(document, "this_machine", device_json(&v->here));
    if (v->is_named) {
        json_object_set_new(document, "device", device_json(&v->device));
        json_array_append_new(list, board_json(v->device.board));
    } else {
        for (size_t i = 0; i < v->boards.n; i++)
            json_array_append_new(list, board_json(&v->boards.items[i]));
    }
    json_object_set_new(document, "boards", list);
    if (o->calibration)
        json_object_set_new(document, "calibration",
                            calibration_json(&v->calibration));
    output_json(document);
}

static void print_text(const struct view *v, const struct devices_options *o)
{
    struct term   term = term_of(STDOUT_FILENO);
    struct strbuf out;

    if (o->no_color) term.colour = false;
    strbuf_init(&out, 1u << 20);
    if (v->is_named) device_show(&v->device, &term, &out);
    else machine_show(&v->here, &term, &out);
    if (o->calibration) {
        strbuf_add(&out, "\n");
        calibration_show(&v->calibration, &term, &out);
    } else if (!v->is_named && !o->measure) {
        strbuf_add(&out, "\n");
        boards_show(&v->boards, &term, &out);
    }
    fputs(out.text, stdout);
    strbuf_done(&out);
}

static int devices(void *options, const enum opt_source *sources,
                   const struct text_list *arguments)
{
    const struct devices_options *o    = options;
    char                         *name = joined(arguments);
    struct view                   v    = {.is_named = false};
    struct err                    err  = {0};
    int                           rc   = look_at(&v, o, name, &err);

    (void)sources;
    if (rc) {
        fprintf(stderr, "audition: %s\n", err.text);
        if (o->json) output_error(&err);
    } else if (o->json) {
        print_json(&v, o);
    } else {
        print_text(&v, o);
    }
    view_done(&v);
    free(name);
    return rc ? err_exit_code(err.kind) : 0;
}

const struct command command_devices = {
    .name = "devices", .arguments = "[NAME]",
    .summary = "boards that are known, and what this machine is",
    .about = "Without a NAME all boards; with one, its power modes and where "
             "its figures are from. Boards are data: docs/boards.md.",
    .opts = devices_opts, .options_bytes = sizeof(struct devices_options),
    .max_arguments = 16, .run = devices,
};
