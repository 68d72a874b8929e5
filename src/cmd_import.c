/* SPDX-License-Identifier: MIT */
/* cmd_import.c - `audition import`: suites of others become suites of ours. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/table.h"
#include "base/term.h"
#include "base/utf8.h"
#include "facts.h"
#include "import.h"
#include "import_write.h"
#include "report/output.h"
#include "share.h"

#define TEXT_BYTES (4u << 20)

struct import_options {
    char *out;
    bool  force, json, no_color;
};

#define AT(field) offsetof(struct import_options, field)

static const struct opt import_opts[] = {
    {.name = "out", .letter = 'o', .type = OPT_TEXT, .at = AT(out),
     .value = "DIR",
     .help = "folder that suites/ and homes/ are written to; else "
     "$XDG_DATA_HOME/audition, where suites are found by name"},
    {.name = "force", .letter = 'f', .type = OPT_FLAG, .at = AT(force),
     .help = "replace files that are there"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

static const struct format {
    const char *name;
    int (*import)(const char *path, const struct import_sink *sink,
                  struct err *err);
} formats[] = {
    {"bfcl", import_bfcl}, {"ifeval", import_ifeval}, {"ha", import_ha},
};
#define N_FORMATS (sizeof formats / sizeof *formats)

static const struct format *find_format(const char *name, struct err *err)
{
    const char *names[N_FORMATS + 1] = {NULL}, *near;

    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0) return &formats[i];
        names[i] = formats[i].name;
    }
    near = opt_nearest(name, names);
    err_set(err, ERR_INPUT, "there is no format \"%.40s\"%s%s%s; bfcl, ifeval "
            "and ha can be imported", name, near ? ", did you mean \"" : "",
            near ? near : "", near ? "\"" : "");
    return NULL;
}

static void print_json(const struct import_writer *w, const char *format)
{
    json_t *document = json_object(), *suites = json_array();

    jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
    jsonx_set_text(document, "format", format);
    jsonx_set_text(document, "out", w->out);
    for (size_t i = 0; i < w->n_suites; i++) {
        json_t *suite = json_object();

        jsonx_set_text(suite, "suite", w->suites[i].name);
        jsonx_set_text(suite, "path", w->suites[i].path);
        jsonx_set_integer(suite, "cases", (long long)w->suites[i].cases);
        json_array_append_new(suites, suite);
    }
    json_object_set_new(document, "suites", suites);
    json_object_set_new(document, "homes", jsonx_texts(&w->homes));
    jsonx_set_integer(document, "left_out", (long long)w->n_left_out);
    jsonx_set_integer(document, "cases_left_out",
                      (long long)w->cases_left_out);
    json_object_set_new(document, "reasons", jsonx_texts(&w->left_out));
    output_json(document);
}

static void print_text(const struct import_writer *w, bool is_default,
                       bool colour)
{
    struct table  t = {0};
    struct strbuf out;

    table_add_column(&t, "suite", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "cases", ALIGN_RIGHT, 0, 0);
    for (size_t i = 0; i < w->n_suites; i++) {
        char text[32];

        snprintf(text, sizeof text, "%zu", w->suites[i].cases);
        table_add_cell(&t, STYLE_PLAIN, w->suites[i].name);
        table_add_cell(&t, STYLE_PLAIN, text);
    }
    strbuf_init(&out, TEXT_BYTES);
    table_fit(&t, term_of(STDOUT_FILENO).columns);
    table_print(&t, 0, colour, &out);
    if (w->homes.n)
        strbuf_addf(&out, "%zu simulated home%s\n", w->homes.n,
                    w->homes.n == 1 ? "" : "s");
    strbuf_addf(&out, "\nin %s; to run all of one: audition run --full "
                "--suite %s%s%s%s\n", w->out, is_default ? "" : w->out,
                is_default ? "" : "/suites/",
                w->n_suites ? w->suites[0].name : "NAME",
                is_default ? "" : ".jsonl");
    if (!is_default && w->homes.n)
        strbuf_add(&out, "the homes are found only in $XDG_DATA_HOME/audition, "
                   "or ~/.local/share/audition\n");
    fputs(out.text, stdout);
    strbuf_done(&out);
    table_done(&t);
}

/* Texts of a foreign file may hold escape sequences. */
static void tell_left_out(const struct import_writer *w)
{
    for (size_t i = 0; i < w->left_out.n; i++) {
        const char *text = w->left_out.items[i];
        char       *safe = utf8_printable(text, strlen(text));

        fprintf(stderr, "left out: %s\n", safe);
        free(safe);
    }
    if (w->n_left_out > w->left_out.n)
        fprintf(stderr, "left out: %zu more\n",
                w->n_left_out - w->left_out.n);
}

/* Where it goes to. Caller frees. */
static char *out_folder(const struct import_options *o, struct err *err)
{
    char *folder = o->out ? mem_copy(o->out) : share_user_folder();

    if (!folder)
        err_set(err, ERR_INPUT, "neither XDG_DATA_HOME nor HOME names a "
                "folder; name one with --out");
    return folder;
}

static int import(void *options, const enum opt_source *sources,
                  const struct text_list *arguments)
{
    const struct import_options *o = options;
    struct import_writer         w = {0};
    const struct format         *format = NULL;
    struct err                   err = {0};
    char                        *folder = NULL;
    int                          rc = -1;

    (void)sources;
    if (arguments->n != 2)
        err_set(&err, ERR_INPUT, "a format and a file or folder are wanted: "
                "audition import bfcl DIR");
    else
        format = find_format(arguments->items[0], &err);
    if (format) folder = out_folder(o, &err);
    if (folder) rc = import_writer_open(&w, folder, o->force, &err);
    if (rc == 0) {
        const struct import_sink sink = import_writer_sink(&w);

        rc = format->import(arguments->items[1], &sink, &err);
    }
    if (rc == 0) rc = import_writer_keep(&w, &err);
    tell_left_out(&w);
    if (rc) {
        fprintf(stderr, "audition: %s\n", err.text);
        if (o->json) output_error(&err);
    } else if (o->json) {
        print_json(&w, format->name);
    } else {
        print_text(&w, !o->out, term_of(STDOUT_FILENO).colour && !o->no_color);
    }
    import_writer_done(&w);
    free(folder);
    return rc ? err_exit_code(err.kind) : 0;
}

const struct command command_import = {
    .name = "import", .arguments = "bfcl|ifeval|ha FILE|DIR",
    .summary = "suites of others: BFCL, IFEval, Home Assistant",
    .about = "bfcl: the folder data of PyPI's bfcl-eval, or one file of it, "
             "with the answers in possible_answer/ beside it. ifeval: the "
             "JSON lines of its authors. ha: a data set of "
             "home-assistant-datasets, a folder of several, or one home of "
             "it. Suites are named bfcl_CATEGORY, ifeval and ha_DATASET, of at "
             "most 40 bytes. What they become and how it is judged: "
             "docs/suites.md.",
    .opts = import_opts, .options_bytes = sizeof(struct import_options),
    .max_arguments = 2, .run = import,
};
