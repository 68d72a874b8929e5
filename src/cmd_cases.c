/* SPDX-License-Identifier: MIT */
/* cmd_cases.c - `audition cases`: how each case of a stored run came out, and,
 * of those that are named, what was said, called and answered. */
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
#include "base/wrap.h"
#include "facts.h"
#include "report/output.h"
#include "schedule.h"
#include "store.h"

#define TEXT_BYTES (64u << 20)
#define INDENT     13
#define RESULT_MAX 600      /* bytes of a tool's result; the rest is counted */

struct cases_options {
    char *store, *candidate, *suite;
    int   run_id;
    bool  failed, json, no_color;
};

#define AT(field) offsetof(struct cases_options, field)

static const struct opt cases_opts[] = {
    {.name = "store", .type = OPT_TEXT, .at = AT(store), .value = "FILE",
     .dflt = "audition.db", .help = "the database"},
    {.name = "run", .type = OPT_INT, .at = AT(run_id), .min = 1,
     .max = 2147483647, .value = "ID", .help = "whose candidates; otherwise "
     "the newest"},
    {.name = "candidate", .type = OPT_TEXT, .at = AT(candidate),
     .value = "NAME", .help = "only of this one"},
    {.name = "suite", .type = OPT_TEXT, .at = AT(suite), .value = "NAME",
     .help = "only of this suite"},
    {.name = "failed", .type = OPT_FLAG, .at = AT(failed),
     .help = "only those that did not pass"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document, with all transcripts"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

struct showing {
    const struct cases_options *o;
    const struct text_list     *wanted;    /* ids; none: a table of all     */
    struct store  *store;
    const char    *candidate;              /* now                           */
    struct table   table;
    struct strbuf  text;
    json_t        *list;
    int            columns;
    size_t         n;
    struct err    *err;
};

/* ---- one transcript ------------------------------------------------------ */

/* "user         Turn it off." */
static void line(struct showing *s, const char *who, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));

    strbuf_addf(&s->text, "  %-*s", INDENT - 2, who);
    wrap_add(&s->text, safe, INDENT, INDENT, s->columns);
    strbuf_add(&s->text, "\n");
    free(safe);
}

static void show_message(struct showing *s, const struct trial *t,
                         const struct message *m)
{
    const struct turn *turn = m->turn >= 0 && (size_t)m->turn < t->n_turns
        ? &t->turns[m->turn] : NULL;
    size_t             len = strlen(m->text);

    if (strcmp(m->role, "system") == 0) return;
    if (strcmp(m->role, "tool") == 0 && len > RESULT_MAX) {
        char *cut = mem_printf("%.*s ... (%zu bytes)", RESULT_MAX, m->text,
                               len);
        line(s, m->role, cut);
        free(cut);
        return;
    }
    if (*m->text || !turn || turn->n_calls == 0) line(s, m->role, m->text);
    for (size_t i = 0; turn && i < turn->n_calls; i++) {
        char *call = mem_printf("%s %s", turn->calls[i].name,
                                turn->calls[i].arguments);
        line(s, i == 0 && !*m->text ? "assistant" : "", call);
        free(call);
    }
}

static void show_transcript(struct showing *s, const struct trial *t)
{
    char *title = mem_printf("%s%s, %s: %s", s->n ? "\n" : "", t->key,
                             s->candidate, outcome_name(t->outcome));
    char *safe  = utf8_printable(title + (s->n ? 1 : 0),
                                 strlen(title + (s->n ? 1 : 0)));

    strbuf_addf(&s->text, "%s%s\n", s->n ? "\n" : "", safe);
    for (size_t i = 0; i < t->n_messages; i++)
        show_message(s, t, &t->messages[i]);
    if (t->reason) line(s, "because", t->reason);
    free(safe);
    free(title);
}

/* ---- the list ------------------------------------------------------------ */

static void add_row(struct showing *s, const struct trial *t)
{
    enum style style = t->outcome == OUTCOME_PASS ? STYLE_GOOD : STYLE_WARN;

    table_add_cell(&s->table, STYLE_PLAIN, s->candidate);
    table_add_cell(&s->table, STYLE_PLAIN, t->suite);
    table_add_cell(&s->table, STYLE_PLAIN, t->case_id);
    table_add_cell(&s->table, STYLE_FAINT, schedule_variant(t->key).is_plain
                   ? "" : t->key);
    table_add_cell(&s->table, style, outcome_name(t->outcome));
    table_add_cell(&s->table, STYLE_PLAIN, t->reason ? t->reason : "");
}

static json_t *message_json(const struct trial *t, const struct message *m)
{
    json_t            *object = json_object(), *calls = json_array();
    const struct turn *turn = m->turn >= 0 && (size_t)m->turn < t->n_turns
        ? &t->turns[m->turn] : NULL;

    jsonx_set_text(object, "role", m->role);
    jsonx_set_text(object, "text", m->text);
    for (size_t i = 0; turn && i < turn->n_calls; i++) {
        json_t *call = json_object();

        jsonx_set_text(call, "name", turn->calls[i].name);
        jsonx_set_text(call, "arguments", turn->calls[i].arguments);
        json_array_append_new(calls, call);
    }
    json_object_set_new(object, "calls", calls);
    return object;
}

static void add_json(struct showing *s, const struct trial *t)
{
    json_t *object = json_object(), *messages = json_array();
    json_t *notes = json_object();

    jsonx_set_text(object, "candidate", s->candidate);
    jsonx_set_text(object, "suite", t->suite);
    jsonx_set_text(object, "id", t->case_id);
    jsonx_set_text(object, "key", t->key);
    jsonx_set_text(object, "outcome", outcome_name(t->outcome));
    jsonx_set_text(object, "reason", t->reason);
    for (size_t i = 0; i < t->n_messages; i++)
        json_array_append_new(messages, message_json(t, &t->messages[i]));
    for (size_t i = 0; i < t->n_observations; i++)
        jsonx_set_number(notes, t->observations[i].metric,
                         t->observations[i].value);
    json_object_set_new(object, "messages", messages);
    json_object_set_new(object, "notes", notes);
    json_array_append_new(s->list, object);
}

static bool is_wanted(const struct showing *s, const struct trial *t)
{
    bool named = s->wanted->n == 0;

    if (!t->suite || !t->case_id || schedule_is_cold(t->key)) return false;
    if (s->o->suite && strcmp(s->o->suite, t->suite) != 0) return false;
    if (s->o->failed && t->outcome == OUTCOME_PASS) return false;
    for (size_t i = 0; i < s->wanted->n; i++)
        named = named || strcmp(s->wanted->items[i], t->case_id) == 0 ||
                strcmp(s->wanted->items[i], t->key) == 0;
    return named;
}

static int show_trial(void *ctx, const struct trial *t)
{
    struct showing *s = ctx;

    if (!is_wanted(s, t)) return 0;
    if (s->o->json) add_json(s, t);
    else if (s->wanted->n) show_transcript(s, t);
    else add_row(s, t);
    s->n++;
    return 0;
}

static int show_candidate(void *ctx, const char *name, int64_t subject_id)
{
    struct showing *s = ctx;
    char           *copy;
    int             rc;

    if (!subject_id || (s->o->candidate && strcmp(s->o->candidate, name) != 0))
        return 0;
    s->candidate = copy = mem_copy(name);
    rc = store_each_trial(s->store, subject_id,
                          s->o->json || s->wanted->n > 0, show_trial, s,
                          s->err);
    free(copy);
    return rc;
}

/* ---- the command --------------------------------------------------------- */

static void print(struct showing *s, const struct term *term)
{
    if (s->o->json) {
        json_t *document = json_object();

        jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
        json_object_set(document, "cases", s->list);
        output_json(document);
        return;
    }
    if (s->wanted->n == 0) {
        table_fit(&s->table, term->columns);
        table_print(&s->table, 0, term->colour && !s->o->no_color, &s->text);
    }
    fputs(s->text.text, stdout);
}

static int find_nothing(const struct showing *s, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: no case%s%.100s is stored%s; %s",
                   s->o->store, s->wanted->n ? " " : "",
                   s->wanted->n ? s->wanted->items[0] : "",
                   s->o->failed ? " that did not pass" : "",
                   s->wanted->n || s->o->failed || s->o->suite ||
                   s->o->candidate
                   ? "`audition cases` alone lists all there are"
                   : "`audition run` asks them");
}

static int cases(void *options, const enum opt_source *sources,
                 const struct text_list *arguments)
{
    const struct cases_options *o = options;
    struct term    term = term_of(STDOUT_FILENO);
    struct err     err  = {0};
    struct showing s    = {.o = o, .wanted = arguments, .list = json_array(),
                           .columns = term.columns, .err = &err};
    int            rc;

    (void)sources;
    strbuf_init(&s.text, TEXT_BYTES);
    table_add_column(&s.table, "candidate", ALIGN_LEFT, 0, 0);
    table_add_column(&s.table, "suite", ALIGN_LEFT, 0, 0);
    table_add_column(&s.table, "case", ALIGN_LEFT, 0, 0);
    table_add_column(&s.table, "asked as", ALIGN_LEFT, 1, 0);
    table_add_column(&s.table, "outcome", ALIGN_LEFT, 0, 0);
    table_add_column(&s.table, "because", ALIGN_LEFT, 0, 20);
    rc = access(o->store, F_OK) == 0 ? store_open(&s.store, o->store, false,
                                                  &err)
       : err_set(&err, ERR_INPUT, "%s: no such file; run `audition run` first, "
                 "or name the store with --store", o->store);
    if (rc == 0)
        rc = store_each_candidate(s.store, o->run_id > 0 ? o->run_id : 0,
                                  show_candidate, &s, &err);
    if (rc == 0 && s.n == 0) rc = find_nothing(&s, &err);
    if (rc == 0) print(&s, &term);
    else fprintf(stderr, "audition: %s\n", err.text);
    if (rc && o->json) output_error(&err);
    table_done(&s.table);
    strbuf_done(&s.text);
    json_decref(s.list);
    store_close(s.store);
    return rc ? err_exit_code(err.kind) : 0;
}

const struct command command_cases = {
    .name = "cases", .arguments = "[CASE]...",
    .summary = "how each case of a run came out, and transcripts",
    .about = "Without a CASE a list; with ids what was said, called and "
             "answered, word for word.",
    .opts = cases_opts, .options_bytes = sizeof(struct cases_options),
    .max_arguments = 1000, .run = cases,
};
