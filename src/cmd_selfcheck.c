/* SPDX-License-Identifier: MIT */
/* cmd_selfcheck.c - `audition selfcheck`: verdicts that an original grader
 * gave, given again by ours. What is no case of the format stops it: a file
 * that is only half understood proves nothing. */
#include "commands.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/strbuf.h"
#include "base/table.h"
#include "base/term.h"
#include "base/utf8.h"
#include "original/case_ids.h"
#include "original/selfcheck.h"
#include "report/output.h"

#define LINE_BYTES_MAX ((size_t)16 << 20)
#define TEXT_BYTES     ((size_t)64 << 20)
#define SHOWN_MAX      20        /* disagreements; --json has more */
#define CLASSES_MAX    40        /* of them, shown */
#define SHOWN_BYTES    500       /* of one */
#define EXIT_BELOW     100       /* like a gate of `audition run` */

struct selfcheck_options {
    char *homes, *min_agreement;
    bool  json, no_color;
};

#define AT(field) offsetof(struct selfcheck_options, field)

static const struct opt selfcheck_opts[] = {
    {.name = "homes", .type = OPT_TEXT, .at = AT(homes), .value = "DIR",
     .help = "with ha: the folder of the homes that its cases name"},
    {.name = "min-agreement", .type = OPT_TEXT, .at = AT(min_agreement),
     .value = "F", .help = "0 to 1, or \"99.5%\": exit 100 when fewer verdicts "
     "agree (right or wrong; the types of the errors do not count)"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

static const struct selfcheck_ops *const formats[] = {
    &selfcheck_bfcl, &selfcheck_ifeval, &selfcheck_ha,
};
#define N_FORMATS (sizeof formats / sizeof *formats)

struct check {
    const struct selfcheck_ops *ops;
    const char                 *path;
    double                      least;        /* agreement; NAN: not asked  */
    void                       *state;        /* of ops */
    struct py_pool             *pool;
    struct agreement            agreement;
    struct case_ids             ids;
    size_t                      n_twice, twice_line, twice_first;
    char                        twice_name[200];
    int64_t                     judging_ns;
};

/* ---- a line -------------------------------------------------------------- */

static bool has_fields(const struct py *object, const char *const *fields)
{
    for (size_t i = 0; fields[i]; i++)
        if (!py_get(object, fields[i])) return false;
    return true;
}

/* No case of this format: of which then? */
static int tell_format(const struct check *c, const struct py *object,
                       struct err *err)
{
    const char *const *needed = c->ops->own_fields;

    for (size_t i = 0; i < N_FORMATS; i++)
        if (formats[i] != c->ops && has_fields(object, formats[i]->own_fields))
            return err_set(err, ERR_INPUT, "looks like %s, not %s; use "
                           "`audition selfcheck %s`", formats[i]->title,
                           c->ops->title, formats[i]->name);
    while (py_get(object, *needed)) needed++;
    return err_set(err, ERR_INPUT, "has no field \"%s\", which %s has; see "
                   "docs/originals.md", *needed, c->ops->title);
}

/* Counted, and the first one kept in words for the warning. */
static void note_double(struct check *c, const struct line *line,
                        const struct py *object)
{
    size_t first = case_ids_first(&c->ids, object, c->ops->id_fields,
                                  line->number);
    struct strbuf name;

    if (first == 0 || c->n_twice++) return;
    c->twice_first = first;
    c->twice_line = line->number;
    strbuf_init(&name, 4096);
    for (size_t i = 0; c->ops->id_fields[i]; i++) {
        char shown[80];

        py_show(py_get(object, c->ops->id_fields[i]), shown, sizeof shown);
        strbuf_addf(&name, "%s%s %s", i ? ", " : "", c->ops->id_fields[i],
                    shown);
    }
    utf8_copy(c->twice_name, sizeof c->twice_name, name.text);
    strbuf_done(&name);
}

/* Brackets that are open at once, counted without reading the texts right:
 * enough to say why a line was refused. */
static size_t depth_of(const struct line *line)
{
    size_t depth = 0, deepest = 0;

    for (size_t i = 0; i < line->len; i++) {
        char c = line->text[i];

        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth -= depth > 0;
        if (depth > deepest) deepest = depth;
    }
    return deepest;
}

static int tell_no_json(const struct line *line, struct err *err)
{
    if (memchr(line->text, '\0', line->len))
        return err_set(err, ERR_INPUT, "is not JSON: it holds a NUL byte; is "
                       "the file damaged, or no text?");
    if (!utf8_valid(line->text, line->len))
        return err_set(err, ERR_INPUT, "is not JSON: it is not UTF-8; is the "
                       "file damaged, or no text?");
    if (depth_of(line) > PY_DEPTH_MAX)
        return err_set(err, ERR_INPUT, "is not JSON that can be read: it is "
                       "nested deeper than %d", PY_DEPTH_MAX);
    return err_set(err, ERR_INPUT, "is not JSON; there must be one case, an "
                   "object, on each line");
}

static int check_line(struct check *c, const struct line *line,
                      struct err *err)
{
    struct selfcheck_case one = {.pool = c->pool, .text = line->text,
                                 .len = line->len};
    int64_t               start_ns = clock_now_ns();
    int                   rc;

    if (line->is_too_long)
        return err_set(err, ERR_INPUT, "is longer than %zu MiB, the most that "
                       "a case may have; is there a case on each line?",
                       LINE_BYTES_MAX >> 20);
    py_pool_clear(c->pool);
    one.object = py_parse_in_place(c->pool, line->text, line->len);
    if (!one.object) return tell_no_json(line, err);
    if (one.object->kind != PY_DICT)
        return err_set(err, ERR_INPUT, "is JSON, but no object with the fields "
                       "of %s; see docs/originals.md", c->ops->title);
    if (!has_fields(one.object, c->ops->own_fields))
        return tell_format(c, one.object, err);
    rc = c->ops->line(c->state, &one, &c->agreement, err);
    c->judging_ns += clock_now_ns() - start_ns;
    if (rc == 0) note_double(c, line, one.object);
    return rc;
}

/* A blank line ends many a file that was put together by hand. */
static bool is_blank(const struct line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (!strchr(" \t\r", line->text[i]) || !line->text[i]) return false;
    return !line->is_too_long;
}

static int check_lines(struct check *c, struct lines *lines, struct err *err)
{
    struct line line;
    int         rc;

    while ((rc = lines_next(lines, &line, err)) == 1) {
        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped at line %zu of %s",
                           line.number, c->path);
        if (is_blank(&line)) continue;
        if (check_line(c, &line, err))
            return err_ctx(err, "%s:%zu", c->path, line.number);
    }
    if (rc) return err_ctx(err, "%s", c->path);
    if (c->agreement.all.cases == 0)
        return err_set(err, ERR_INPUT, "%s holds no case; a line of it is %s "
                       "with its recorded verdict", c->path, c->ops->title);
    return 0;
}

static int check_file(struct check *c, const char *homes, struct err *err)
{
    int64_t      start_ns = clock_now_ns();
    struct lines lines;
    int          rc;

    if (lines_open(&lines, c->path, LINE_BYTES_MAX, err))
        return err_ctx(err, "%s", c->path);
    c->state = c->ops->begin(homes, err);
    if (!c->state) {
        lines_close(&lines);
        return -1;
    }
    c->pool = py_pool_new();
    c->agreement.right = c->ops->right;
    rc = check_lines(c, &lines, err);
    lines_close(&lines);
    agreement_sort(&c->agreement);
    c->agreement.seconds = (double)c->judging_ns / (double)NS_PER_S;
    c->agreement.wall_seconds = (double)(clock_now_ns() - start_ns) /
                                (double)NS_PER_S;
    return rc;
}

static bool is_below(const struct check *c)
{
    /* "99.9%" is a hair more than 0.999 as a double. */
    return agreement_rate(&c->agreement.all) < c->least - 1e-12;
}

/* ---- as JSON ------------------------------------------------------------- */

static json_t *document_of(const struct check *c)
{
    json_t *document = agreement_json(&c->agreement);

    jsonx_set_text(document, "format", c->ops->name);
    jsonx_set_text(document, "file", c->path);
    jsonx_set_integer(document, "duplicates", (long long)c->n_twice);
    jsonx_set_number(document, "min_agreement", c->least);
    if (c->ops->more) c->ops->more(c->state, document, NULL);
    return document;
}

/* ---- for people ---------------------------------------------------------- */

/* Cut, not rounded: 100 % is said only when all agree. */
static void add_share(struct table *t, size_t part, size_t of)
{
    char text[32];

    if (of == 0)
        snprintf(text, sizeof text, "–");
    else if (part == of)
        snprintf(text, sizeof text, "100 %%");
    else
        snprintf(text, sizeof text, "%.2f %%",
                 floor(10000.0 * (double)part / (double)of) / 100.0);
    table_add_cell(t, of == 0 ? STYLE_PLAIN : part == of ? STYLE_GOOD
                                                         : STYLE_WARN, text);
}

static void add_number(struct table *t, size_t n)
{
    char text[32];

    snprintf(text, sizeof text, "%zu", n);
    table_add_cell(t, STYLE_PLAIN, text);
}

static void add_row(struct table *t, const char *name,
                    const struct agreement_group *g, bool has_errors)
{
    table_add_cell(t, STYLE_PLAIN, name);
    add_number(t, g->cases);
    add_number(t, g->agree);
    add_share(t, g->agree, g->cases);
    if (has_errors) add_share(t, g->errors_agree, g->errors);
}

static void add_table(const struct check *c, bool colour, struct strbuf *out)
{
    const struct agreement *a = &c->agreement;
    struct table            t = {0};
    bool                    has_errors = a->all.errors > 0;

    table_add_column(&t, "", ALIGN_LEFT, 0, 16);
    table_add_column(&t, "cases", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "agree", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "verdicts", ALIGN_RIGHT, 0, 0);
    if (has_errors) table_add_column(&t, "error types", ALIGN_RIGHT, 0, 0);
    for (size_t i = 0; i < a->n_groups; i++)
        add_row(&t, a->groups[i].name, &a->groups[i], has_errors);
    if (a->n_groups > 1) add_row(&t, "all", &a->all, has_errors);
    table_fit(&t, term_of(STDOUT_FILENO).columns);
    table_print(&t, 0, colour, out);
    table_done(&t);
}

static void add_safe(struct strbuf *out, const char *before, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));
    char  kept[SHOWN_BYTES];

    utf8_copy(kept, sizeof kept, safe);
    strbuf_addf(out, "%s%s%s\n", before, kept,
                strlen(kept) < strlen(safe) ? "…" : "");
    free(safe);
}

/* The first cases of a class, below it. Returns how many. */
static size_t add_cases(const struct agreement *a, const char *class,
                        size_t most, struct strbuf *out)
{
    size_t n = 0;

    for (size_t i = 0; i < a->differ.n && n < most; i++) {
        if (strcmp(a->differ_class.items[i], class) != 0) continue;
        add_safe(out, "        ", a->differ.items[i]);
        n++;
    }
    return n;
}

/* Classes of disagreements with some cases of each. Those of `more` that are
 * about no verdict (states, answers) have no case here. */
static void add_disagreements(const struct agreement *a, json_t *classes,
                              struct strbuf *out)
{
    size_t      n = json_object_size(classes), i = 0, shown = 0;
    size_t      most = n < SHOWN_MAX ? SHOWN_MAX / (n ? n : 1) : 1;
    const char *class;
    json_t     *times;

    if (n == 0) return;
    strbuf_add(out, "\ndisagreements\n");
    json_object_foreach(classes, class, times) {
        char *before;

        if (i++ == CLASSES_MAX) break;
        before = mem_printf("%6lld  ", (long long)json_integer_value(times));
        add_safe(out, before, class);
        free(before);
        shown += add_cases(a, class, most, out);
    }
    if (n > CLASSES_MAX)
        strbuf_addf(out, "        ... and %zu classes more\n",
                    n - CLASSES_MAX);
    if (shown < a->n_differ)
        strbuf_addf(out, "        ... and %zu cases more; --json lists the "
                    "first %d\n", a->n_differ - shown, AGREEMENT_TOLD_MAX);
}

static void print_text(const struct check *c, bool no_color)
{
    const struct agreement *a = &c->agreement;
    json_t                 *document = document_of(c);
    struct strbuf           out;
    bool                    colour;

    colour = term_of(STDOUT_FILENO).colour && !no_color;
    strbuf_init(&out, TEXT_BYTES);
    strbuf_addf(&out, "%s\n\n", c->ops->help);
    add_table(c, colour, &out);
    if (c->ops->more) c->ops->more(c->state, NULL, &out);
    add_disagreements(a, json_object_get(document, "classes"), &out);
    strbuf_addf(&out, "\n%.0f cases/s: %zu judged in %.2f s, with reading "
                "%.2f s\n", a->seconds > 0 ? (double)a->all.cases / a->seconds
                : 0.0, a->all.cases, a->seconds, a->wall_seconds);
    fputs(out.text, stdout);
    strbuf_done(&out);
    json_decref(document);
}

static void warn(const struct check *c)
{
    char *safe = utf8_printable(c->path, strlen(c->path));

    if (c->n_twice)
        fprintf(stderr, "audition: warning: %zu case%s not new and counted "
                "again; the first is %s:%zu (%s), which is on line %zu "
                "already\n", c->n_twice, c->n_twice == 1 ? " is" : "s are",
                safe, c->twice_line, c->twice_name, c->twice_first);
    if (c->ids.is_full)
        fprintf(stderr, "audition: warning: only the first %zu cases were "
                "looked at for doubles\n", c->ids.n);
    if (is_below(c))
        fprintf(stderr, "audition: %zu of %zu verdicts agree, which is below "
                "--min-agreement %g\n", c->agreement.all.agree,
                c->agreement.all.cases, c->least);
    free(safe);
}

/* ---- the command --------------------------------------------------------- */

/* "0.995" or "99.5%". */
static int read_share(const char *text, double *share, struct err *err)
{
    static const struct opt number = {.name = "min-agreement",
                                      .type = OPT_REAL, .min = 0, .max = 100};
    size_t     len = strlen(text);
    bool       is_percent = len > 0 && text[len - 1] == '%';
    char      *digits = mem_copy_n(text, len - is_percent);
    struct err why = {0};
    int        rc = opt_parse_value(&number, digits, share, &why);

    free(digits);
    if (rc == 0 && is_percent) *share /= 100;
    if (rc == 0 && *share >= 0 && *share <= 1) return 0;
    return err_set(err, ERR_INPUT, "--min-agreement: \"%.*s\" is neither a "
                   "number from 0 to 1 nor a percentage such as \"99.5%%\"",
                   opt_cut(text), text);
}

static int read_arguments(struct check *c, const struct selfcheck_options *o,
                          const struct text_list *arguments, struct err *err)
{
    const char *format = arguments->n ? arguments->items[0] : "";

    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(format, formats[i]->name) == 0) c->ops = formats[i];
    if (arguments->n == 0 || !c->ops)
        return err_set(err, ERR_INPUT, "%s%.*s%s one of bfcl, ifeval and ha "
                       "says what the file holds: audition selfcheck bfcl "
                       "FILE.jsonl", arguments->n ? "\"" : "", opt_cut(format),
                       format, arguments->n ? "\" is no format;" : "");
    if (arguments->n < 2)
        return err_set(err, ERR_INPUT, "name the file with the recorded "
                       "verdicts: audition selfcheck %s FILE.jsonl",
                       c->ops->name);
    if (o->homes && c->ops != &selfcheck_ha)
        return err_set(err, ERR_INPUT, "--homes belongs to `audition selfcheck "
                       "ha`; %s has no homes", c->ops->title);
    if (o->min_agreement && read_share(o->min_agreement, &c->least, err))
        return -1;
    c->path = arguments->items[1];
    return 0;
}

static void check_done(struct check *c)
{
    if (c->state) c->ops->end(c->state);
    py_pool_free(c->pool);
    agreement_done(&c->agreement);
    case_ids_done(&c->ids);
}

static int selfcheck(void *options, const enum opt_source *sources,
                     const struct text_list *arguments)
{
    const struct selfcheck_options *o = options;
    struct check                    c = {.least = (double)NAN};
    struct err                      err = {0};
    int                             code = 0;

    (void)sources;
    if (read_arguments(&c, o, arguments, &err) ||
        check_file(&c, o->homes, &err)) {
        code = err_exit_code(err.kind);
        fprintf(stderr, "audition: %s\n", err.text);
        if (o->json) output_error(&err);
    } else {
        if (o->json) output_json(document_of(&c));
        else         print_text(&c, o->no_color);
        warn(&c);
        if (is_below(&c)) code = EXIT_BELOW;
    }
    check_done(&c);
    return code;
}

const struct command command_selfcheck = {
    .name = "selfcheck", .arguments = "bfcl|ifeval|ha FILE.jsonl[.gz]",
    .summary = "recorded verdicts of BFCL, IFEval, Home Assistant, given "
               "again",
    .about = "Reads cases with the verdict that the original gave (BFCL's "
             "checker of tool calls, IFEval's instructions, runs of Home "
             "Assistant), judges them again, and says how often both agree, "
             "and where not. Exit status 100 when fewer agree than "
             "--min-agreement asks for. The file may be packed with gzip. Its "
             "formats: docs/originals.md. In the JSON, \"by\" has each "
             "category and each error type of the original; \"seconds\" is "
             "the time for parsing the lines, decoding the answers and "
             "judging them, without reading and unpacking the file, which "
             "\"wall_seconds\" has too.",
    .opts = selfcheck_opts, .options_bytes = sizeof(struct selfcheck_options),
    .max_arguments = 2, .run = selfcheck,
};
