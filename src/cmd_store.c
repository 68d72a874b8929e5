/* SPDX-License-Identifier: MIT */
/* cmd_store.c - `audition list` and `audition report`: stored runs, shown
 * again without an engine and without scoring. */
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
#include "facts_read.h"
#include "report/output.h"
#include "store.h"

struct store_options {
    char *store, *format;
    int   run_id;
    bool  json, no_color;
};

#define AT(field) offsetof(struct store_options, field)

static const struct opt list_opts[] = {
    {.name = "store", .type = OPT_TEXT, .at = AT(store), .value = "FILE",
     .dflt = "audition.db", .help = "the database"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = NULL},
};

static const struct opt report_opts[] = {
    {.name = "store", .type = OPT_TEXT, .at = AT(store), .value = "FILE",
     .dflt = "audition.db", .help = "the database"},
    {.name = "run", .type = OPT_INT, .at = AT(run_id), .min = 1,
     .max = 2147483647, .value = "ID", .help = "which run; otherwise the "
     "newest"},
    {.name = "format", .letter = 'o', .type = OPT_CHOICE, .at = AT(format),
     .choices = "table|md|json", .dflt = "table", .help = "of the report"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "the same as --format json"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

static int tell(const struct err *err)
{
    fprintf(stderr, "audition: %s\n", err->text);
    return err_exit_code(err->kind);
}

/* Reading must not create a database that is not there. */
static int open_existing(struct store **s, const char *path, struct err *err)
{
    if (access(path, F_OK) != 0)
        return err_set(err, ERR_INPUT, "%s: no such file; run `audition run` "
                       "first, or name the store with --store", path);
    return store_open(s, path, false, err);
}

struct listing {
    json_t      *json;
    struct table table;
};

static int add_run(void *ctx, const struct store_run *run, int candidates,
                   int trials)
{
    struct listing *l = ctx;
    json_t         *o = json_object();
    char            text[32];

    jsonx_set_integer(o, "run_id", run->id);
    jsonx_set_text(o, "started_utc", run->started_utc);
    jsonx_set_text(o, "version", run->version);
    json_object_set_new(o, "finished", json_boolean(run->is_finished));
    jsonx_set_integer(o, "candidates", candidates);
    jsonx_set_integer(o, "trials", trials);
    json_array_append_new(l->json, o);
    snprintf(text, sizeof text, "%lld", (long long)run->id);
    table_add_cell(&l->table, STYLE_PLAIN, text);
    table_add_cell(&l->table, STYLE_PLAIN, run->started_utc);
    table_add_cell(&l->table, STYLE_PLAIN,
                   run->is_finished ? "finished" : "stopped");
    snprintf(text, sizeof text, "%d", candidates);
    table_add_cell(&l->table, STYLE_PLAIN, text);
    snprintf(text, sizeof text, "%d", trials);
    table_add_cell(&l->table, STYLE_PLAIN, text);
    return 0;
}

static int list(void *options, const enum opt_source *sources,
                const struct text_list *arguments)
{
    const struct store_options *o = options;
    struct listing l   = {.json = json_array()};
    struct store  *s   = NULL;
    struct strbuf  out;
    struct err     err = {0};
    int            rc;

    (void)sources;
    (void)arguments;
    strbuf_init(&out, 64u << 20);
    table_add_column(&l.table, "run", ALIGN_RIGHT, 0, 0);
    table_add_column(&l.table, "started", ALIGN_LEFT, 0, 0);
    table_add_column(&l.table, "state", ALIGN_LEFT, 0, 0);
    table_add_column(&l.table, "candidates", ALIGN_RIGHT, 0, 0);
    table_add_column(&l.table, "new trials", ALIGN_RIGHT, 0, 0);
    rc = open_existing(&s, o->store, &err);
    if (rc == 0) rc = store_each_run(s, add_run, &l, &err);
    if (rc == 0 && o->json) {
        json_t *document = json_pack("{s:i, s:o}", "schema_version",
                                     SCHEMA_VERSION, "runs",
                                     json_incref(l.json));
        char *text = jsonx_dump(document);
        strbuf_addf(&out, "%s\n", text);
        free(text);
        json_decref(document);
    } else if (rc == 0) {
        table_fit(&l.table, 0);
        table_print(&l.table, 0, false, &out);
    }
    fputs(out.text, stdout);
    table_done(&l.table);
    json_decref(l.json);
    strbuf_done(&out);
    store_close(s);
    return rc ? tell(&err) : 0;
}

static int report(void *options, const enum opt_source *sources,
                  const struct text_list *arguments)
{
    const struct store_options *o = options;
    struct store    *s     = NULL;
    struct store_run run   = {0};
    struct facts     facts = {0};
    struct err       err   = {0};
    char            *text  = NULL;
    int              rc;

    (void)sources;
    (void)arguments;
    rc = open_existing(&s, o->store, &err);
    if (rc == 0)
        rc = store_get_run(s, o->run_id > 0 ? o->run_id : 0, &run, &text,
                           &err);
    if (rc == 0 && !text)
        rc = err_set(&err, ERR_INPUT, "run %lld was never finished, so it has "
                     "no report; `audition run` goes on with it",
                     (long long)run.id);
    if (rc == 0) rc = facts_read(&facts, text, &err);
    if (rc == 0)
        rc = output_stdout(&facts, o->json ? "json" : o->format, o->no_color,
                           &err);
    facts_done(&facts);
    free(text);
    store_run_done(&run);
    store_close(s);
    return rc ? tell(&err) : 0;
}

const struct command command_list = {
    .name = "list", .arguments = "", .summary = "the runs in a store",
    .about = "", .opts = list_opts,
    .options_bytes = sizeof(struct store_options), .run = list,
};

const struct command command_report = {
    .name = "report", .arguments = "",
    .summary = "show a stored run again", .about = "",
    .opts = report_opts, .options_bytes = sizeof(struct store_options),
    .run = report,
};
