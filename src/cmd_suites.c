/* SPDX-License-Identifier: MIT */
/* cmd_suites.c - `audition suites`: what the suites hold, whether they are
 * sound, and what engines that understand nothing reach on them. */
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
#include "base/utf8.h"
#include "facts.h"
#include "floors.h"
#include "report/output.h"
#include "suite.h"

#define TEXT_BYTES (4u << 20)

struct suites_options {
    bool check, floors, keep_going, json, no_color;
    int  seed;
};

#define AT(field) offsetof(struct suites_options, field)

static const struct opt suites_opts[] = {
    {.name = "check", .type = OPT_FLAG, .at = AT(check),
     .help = "prove each case: its reference passes, its wrong answer, an "
     "empty, an echoing and a boilerplate answer fail; exit 2 otherwise; "
     "of imported cases, which bring no reference, only the form"},
    {.name = "floors", .type = OPT_FLAG, .at = AT(floors),
     .help = "what engines that understand nothing pass, and one that knows "
     "the references"},
    {.name = "keep-going", .type = OPT_FLAG, .at = AT(keep_going),
     .help = "leave out lines that are broken, name them, and go on"},
    {.name = "seed", .letter = 's', .type = OPT_INT, .at = AT(seed), .min = 0,
     .max = 2147483647, .dflt = "1", .value = "N",
     .help = "of the engine that answers at random"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* One suite, with what was found out about it. */
struct viewed {
    struct suite     suite;
    struct text_list problems;
    struct floors    floors;
    size_t           turns;
};

struct view {
    struct viewed *items;
    size_t         n, n_problems;
};

static void view_done(struct view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        suite_done(&v->items[i].suite);
        text_list_done(&v->items[i].problems);
        floors_done(&v->items[i].floors);
    }
    free(v->items);
}

static int view_suite(struct view *v, const char *name,
                      const struct suites_options *o, struct err *err)
{
    struct viewed *one;

    v->items = mem_grow(v->items, v->n + 1, sizeof *v->items);
    one  = &v->items[v->n];
    *one = (struct viewed){.turns = 0};
    if (suite_load(&one->suite, name, o->keep_going, err)) return -1;
    v->n++;
    for (size_t i = 0; i < one->suite.n; i++)
        one->turns += one->suite.entries[i].n_turns;
    if (o->check && suite_check(&one->suite, &one->problems, err)) return -1;
    if (o->floors &&
        floors_measure(&one->suite, (uint64_t)o->seed, &one->floors, err))
        return -1;
    v->n_problems += one->problems.n;
    return 0;
}

/* ---- as JSON ------------------------------------------------------------- */

/* How many cases a pretender was asked; or turns. */
static long asked_of(const struct floors *f, int pretender, bool turns)
{
    long of = turns ? f->turns : f->cases;

    /* One without a reference has a single turn. */
    return pretender == PRETEND_oracle ? of - f->unproven : of;
}

static json_t *floors_json(const struct floors *f)
{
    json_t *object = json_object();

    for (int k = 0; k < PRETEND_COUNT; k++) {
        json_t *one   = json_object();
        long    cases = asked_of(f, k, false), turns = asked_of(f, k, true);

        jsonx_set_integer(one, "passed", f->passed[k]);
        jsonx_set_number(one, "rate", cases ? (double)f->passed[k] /
                                              (double)cases : NAN);
        jsonx_set_number(one, "turn_rate", turns
                         ? (double)f->turns_passed[k] / (double)turns : NAN);
        json_object_set_new(object, pretend_name[k], one);
    }
    return object;
}

static void print_json(const struct view *v, const struct suites_options *o)
{
    json_t *document = json_object(), *list = json_array();

    jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
    for (size_t i = 0; i < v->n; i++) {
        const struct viewed *one = &v->items[i];
        json_t              *suite = json_object();

        jsonx_set_text(suite, "suite", one->suite.name);
        jsonx_set_text(suite, "path", one->suite.path);
        jsonx_set_integer(suite, "cases", (long long)one->suite.n);
        jsonx_set_integer(suite, "turns", (long long)one->turns);
        json_object_set_new(suite, "categories",
                            jsonx_texts(&one->suite.categories));
        jsonx_set_integer(suite, "broken_lines",
                          (long long)one->suite.n_broken);
        json_object_set_new(suite, "broken", jsonx_texts(&one->suite.broken));
        jsonx_set_integer(suite, "without_reference",
                          (long long)one->suite.n_unproven);
        if (o->check)
            json_object_set_new(suite, "problems", jsonx_texts(&one->problems));
        if (o->floors)
            json_object_set_new(suite, "floors", floors_json(&one->floors));
        json_array_append_new(list, suite);
    }
    json_object_set_new(document, "suites", list);
    output_json(document);
}

/* ---- for people ---------------------------------------------------------- */

static void add_number(struct table *t, size_t n)
{
    char text[32];

    snprintf(text, sizeof text, "%zu", n);
    table_add_cell(t, STYLE_PLAIN, text);
}

static void add_share(struct table *t, long n, long of)
{
    char text[32];

    if (of) snprintf(text, sizeof text, "%.1f %%", 100.0 * (double)n /
                     (double)of);
    table_add_cell(t, STYLE_PLAIN, of ? text : "–");
}

static void print_table(struct table *t, bool colour)
{
    struct strbuf out;

    strbuf_init(&out, TEXT_BYTES);
    table_fit(t, term_of(STDOUT_FILENO).columns);
    table_print(t, 0, colour, &out);
    fputs(out.text, stdout);
    strbuf_done(&out);
    table_done(t);
}

static void print_suites(const struct view *v, bool colour)
{
    struct table t = {0};

    table_add_column(&t, "suite", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "cases", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "turns", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "categories", ALIGN_LEFT, 0, 20);
    for (size_t i = 0; i < v->n; i++) {
        const struct suite *s = &v->items[i].suite;
        struct strbuf       names;

        strbuf_init(&names, TEXT_BYTES);
        for (size_t k = 0; k < s->categories.n; k++)
            strbuf_addf(&names, "%s%s", k ? ", " : "", s->categories.items[k]);
        table_add_cell(&t, STYLE_PLAIN, s->name);
        add_number(&t, s->n);
        add_number(&t, v->items[i].turns);
        table_add_cell(&t, STYLE_PLAIN, names.text);
        strbuf_done(&names);
    }
    print_table(&t, colour);
}

/* A conversation that a pretender passes whole is rare; its turns tell more. */
static void print_floors(const struct view *v, bool colour)
{
    struct table t = {0};

    table_add_column(&t, "passes", ALIGN_LEFT, 0, 0);
    for (int k = 0; k < PRETEND_COUNT; k++)
        table_add_column(&t, pretend_name[k], ALIGN_RIGHT, 0, 0);
    for (size_t i = 0; i < v->n; i++) {
        const struct floors *f = &v->items[i].floors;
        char                *turns = mem_printf("%s, turns",
                                                v->items[i].suite.name);

        table_add_cell(&t, STYLE_PLAIN, v->items[i].suite.name);
        for (int k = 0; k < PRETEND_COUNT; k++)
            add_share(&t, f->passed[k], asked_of(f, k, false));
        if (f->turns > f->cases) {
            table_add_cell(&t, STYLE_PLAIN, turns);
            for (int k = 0; k < PRETEND_COUNT; k++)
                add_share(&t, f->turns_passed[k], asked_of(f, k, true));
        }
        free(turns);
    }
    puts("");
    print_table(&t, colour);
    puts("");
    for (int k = 0; k < PRETEND_COUNT; k++)
        printf("  %-12s %s\n", pretend_name[k], pretend_help[k]);
}

/* Texts of a suite may hold escape sequences. */
static void tell(const char *what, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));

    fprintf(stderr, "%s: %s\n", what, safe);
    free(safe);
}

/* Broken lines and unsound cases go to stderr: they are the story. */
static void tell_problems(const struct view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct viewed *one = &v->items[i];

        for (size_t k = 0; k < one->suite.broken.n; k++)
            tell("left out", one->suite.broken.items[k]);
        if (one->suite.n_broken > one->suite.broken.n)
            fprintf(stderr, "left out: %zu more lines of %s\n",
                    one->suite.n_broken - one->suite.broken.n,
                    one->suite.path);
        for (size_t k = 0; k < one->problems.n; k++)
            tell("unsound", one->problems.items[k]);
        for (size_t k = 0; k < one->floors.failed.n; k++)
            tell("the oracle fails", one->floors.failed.items[k]);
    }
}

static void print_verdict(const struct view *v)
{
    size_t all = 0, unproven = 0;

    for (size_t i = 0; i < v->n; i++) {
        all      += v->items[i].suite.n;
        unproven += v->items[i].suite.n_unproven;
    }
    if (v->n_problems)
        printf("\n%zu case%s not sound; each is named above\n",
               v->n_problems, v->n_problems == 1 ? " is" : "s are");
    else if (unproven < all)
        printf("\nevery case %sis sound\n", unproven ? "with a reference "
                                                     : "");
    if (unproven)
        printf("\n%zu case%s of others bring%s no reference: of them only the "
               "form was checked\n", unproven, unproven == 1 ? "" : "s",
               unproven == 1 ? "s" : "");
}

static void print_text(const struct view *v, const struct suites_options *o)
{
    struct term term = term_of(STDOUT_FILENO);
    bool        colour = term.colour && !o->no_color;

    print_suites(v, colour);
    if (o->floors) print_floors(v, colour);
    if (o->check) print_verdict(v);
}

static int suites(void *options, const enum opt_source *sources,
                  const struct text_list *arguments)
{
    const struct suites_options *o = options;
    struct text_list             ours = {0};
    const struct text_list      *names = arguments;
    struct view                  v = {0};
    struct err                   err = {0};
    int                          rc = 0;

    (void)sources;
    if (arguments->n == 0) {
        suite_ours(&ours);
        suite_imported(&ours);
        names = &ours;
        if (ours.n == 0)
            rc = err_set(&err, ERR_PREFLIGHT, "there is no suite in the data "
                         "folder; name a .jsonl file of your own");
    }
    for (size_t i = 0; i < names->n && rc == 0; i++)
        rc = view_suite(&v, names->items[i], o, &err);
    tell_problems(&v);
    if (rc) {
        fprintf(stderr, "audition: %s\n", err.text);
        if (o->json) output_error(&err);
    } else if (o->json) {
        print_json(&v, o);
    } else {
        print_text(&v, o);
    }
    if (rc == 0 && v.n_problems) rc = 2;
    else if (rc) rc = err_exit_code(err.kind);
    view_done(&v);
    text_list_done(&ours);
    return rc;
}

const struct command command_suites = {
    .name = "suites", .arguments = "[SUITE]...",
    .summary = "the test suites: what they hold, whether they are sound",
    .about = "Without a SUITE all of ours and those that were imported "
             "(audition import); a file of your own is named with "
             "its .jsonl. The form of a case: docs/suites.md.",
    .opts = suites_opts, .options_bytes = sizeof(struct suites_options),
    .max_arguments = 64, .run = suites,
};
