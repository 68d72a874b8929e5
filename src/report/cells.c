/* SPDX-License-Identifier: MIT */
/* cells.c - see cells.h. */
#include "report/cells.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

#define NAME_BYTES  40   /* of a suite: as `audition import` names them */
#define WIDE_BYTES  22   /* of a line above a column */
#define SHORT_BYTES 14   /* of a name above a column, or in a narrow one */

/* ---- the columns ------------------------------------------------------- */

static const struct {
    enum metric_id metric;
    const char    *title;
    int            drop;
} fixed_columns[] = {
    {METRIC_first_sentence_s, "first\nsentence", 0},
    {METRIC_latency50_s, "50\ntokens", 1002},
    {METRIC_served_tok_s, "tok/s", 1000},
    {METRIC_prompt_tok_s, "prompt\ntok/s", 1},
    {METRIC_peak_memory_bytes, "memory", 1001},
};

const enum metric_id cells_details[CELLS_DETAILS] = {
    METRIC_latency50_s, METRIC_served_tok_s, METRIC_prompt_tok_s,
    METRIC_peak_memory_bytes, METRIC_left_for_speech_bytes, METRIC_load_s,
};

/* Tools by prompt and native tools are different suites, whatever their
 * names. */
static bool is_of(const struct quality *q, const struct summary_column *c)
{
    return c->suite && q->by_prompt == c->by_prompt &&
           strcmp(q->suite, c->suite) == 0;
}

static const struct quality *quality_of(const struct candidate_facts *c,
                                        const struct summary_column *column)
{
    for (size_t i = 0; i < c->n_quality; i++)
        if (is_of(&c->quality[i], column)) return &c->quality[i];
    return NULL;
}

static bool has_column(const struct summary *s, const struct quality *q)
{
    for (size_t i = 0; i < s->n; i++)
        if (is_of(q, &s->columns[i])) return true;
    return false;
}

static void add_column(struct summary *s, struct summary_column column)
{
    column.is_shown = true;
    s->columns = mem_grow(s->columns, s->n + 1, sizeof *s->columns);
    s->columns[s->n++] = column;
}

/* Bytes of the suite's own name: the key of a suite that was also asked with
 * the tools in the prompt says so behind it. */
static size_t own_name(const char *suite, bool by_prompt)
{
    static const char mark[] = "_by_prompt";
    size_t len = strlen(suite), of_mark = sizeof mark - 1;

    if (by_prompt && len > of_mark &&
        strcmp(suite + len - of_mark, mark) == 0)
        return len - of_mark;
    return len;
}

char *cells_suite(const char *suite, bool by_prompt)
{
    return mem_printf("%.*s%s", (int)own_name(suite, by_prompt), suite,
                      by_prompt ? ", tools by prompt" : "");
}

/* The first letters, printable. */
static char *shortened(const char *text, size_t len, size_t most)
{
    bool  is_cut = len > most;
    char *safe, *out;

    if (is_cut) len = most;
    while (is_cut && len && ((unsigned char)text[len] & 0xc0) == 0x80) len--;
    safe = utf8_printable(text, len);
    out = mem_printf("%s%s", safe, is_cut ? "…" : "");
    free(safe);
    return out;
}

char *cells_short(const char *name)
{
    return shortened(name, strlen(name), SHORT_BYTES);
}

/* In two lines, broken behind a space, '_' or '-' so that the wider one is as
 * narrow as can be. False: that is wider than WIDE_BYTES. */
static bool break_title(char *title, char **broken)
{
    size_t len = strlen(title), at = 0, best = WIDE_BYTES + 1;

    for (size_t i = 1; i < len; i++) {
        bool   is_space = title[i - 1] == ' ';
        size_t first = i - is_space, second = len - i;

        if (!strchr(" _-", title[i - 1])) continue;
        if ((first > second ? first : second) >= best) continue;
        best = first > second ? first : second;
        at = i;
    }
    *broken = at ? mem_printf("%.*s\n%s", (int)(at - (title[at - 1] == ' ')),
                              title, title + at) : NULL;
    return at > 0;
}

/* Names of imported suites begin alike: they are broken rather than cut. */
static char *suite_title(const struct quality *q)
{
    size_t      len   = own_name(q->suite, q->by_prompt);
    bool        tools = q->needs_tools && !q->by_prompt;
    char       *name  = shortened(q->suite, len, NAME_BYTES), *title, *broken;
    bool        is_broken;

    title = mem_printf("%s%s%s", tools ? "tools " : "", name,
                       q->by_prompt ? ", tools by prompt" : "");
    is_broken = len > SHORT_BYTES && break_title(title, &broken);
    free(title);
    free(name);
    if (is_broken) return broken;
    name  = shortened(q->suite, len, SHORT_BYTES);
    title = mem_printf("%s%s%s", tools ? "tools\n" : "", name,
                       q->by_prompt ? ", tools\nby prompt" : "");
    free(name);
    return title;
}

/* In the order of their columns. */
enum suite_class { NATIVE_TOOLS, TOOLS_BY_PROMPT, NO_TOOLS, BELOW };

/* Cases that offer tools and want none are told below the table. */
static enum suite_class class_of(const struct quality *q)
{
    if (q->by_prompt) return q->needs_tools ? TOOLS_BY_PROMPT : BELOW;
    return q->needs_tools ? NATIVE_TOOLS : NO_TOOLS;
}

static void add_suites(const struct facts *f, enum suite_class wanted,
                       struct summary *out)
{
    for (size_t i = 0; i < f->n_candidates; i++)
        for (size_t k = 0; k < f->candidates[i].n_quality; k++) {
            const struct quality *q = &f->candidates[i].quality[k];
            if (class_of(q) == wanted && !has_column(out, q))
                add_column(out, (struct summary_column){
                    .suite = q->suite, .by_prompt = q->by_prompt,
                    .title = suite_title(q)});
        }
}

void cells_summary(const struct facts *f, struct summary *out)
{
    size_t n = sizeof fixed_columns / sizeof *fixed_columns, tools;

    *out = (struct summary){0};
    for (size_t i = 0; i < n; i++)
        add_column(out, (struct summary_column){
            .metric = fixed_columns[i].metric, .drop = fixed_columns[i].drop,
            .title = mem_copy(fixed_columns[i].title)});
    add_suites(f, NATIVE_TOOLS, out);
    add_suites(f, TOOLS_BY_PROMPT, out);
    tools = out->n;
    add_suites(f, NO_TOOLS, out);
    /* the last of a group goes first */
    for (size_t i = n + 1; i < tools; i++)
        out->columns[i].drop = 2000 + (int)(tools - i);
    for (size_t i = tools; i < out->n; i++)
        out->columns[i].drop = 1 + (int)(out->n - i);
}

void cells_summary_done(struct summary *s)
{
    for (size_t i = 0; i < s->n; i++) free(s->columns[i].title);
    free(s->columns);
    *s = (struct summary){0};
}

char *cells_column_name(const struct summary_column *column)
{
    return column->suite ? cells_suite(column->suite, column->by_prompt)
                         : mem_copy(metric_info[column->metric].label);
}

/* ---- their cells ------------------------------------------------------- */

static struct units_text metric_cell(const struct metric *m,
                                     const struct metric_info *info)
{
    bool has_unit = strcmp(info->unit, "s") == 0 ||
                    strcmp(info->unit, "bytes") == 0;
    struct units_text out = units_value(m->median, has_unit ? info->unit : "",
                                        info->decimals);

    if (isfinite(m->median) && *m->reason)
        strncat(out.text, "*", sizeof out.text - strlen(out.text) - 1);
    return out;
}

static struct units_text rate_cell(const struct quality *q)
{
    struct units_text served = units_rate(q->rate);
    struct units_text parsed = units_rate(q->rate_if_parsed);
    size_t            len    = strlen(served.text);

    if (q->unparsed <= 0 || !isfinite(q->rate) ||
        !isfinite(q->rate_if_parsed) ||
        strcmp(served.text, parsed.text) == 0)
        return served;
    /* "0 %" and "71 %" make "0 (71) %" */
    snprintf(served.text + len - 2, sizeof served.text - len, " (%.*s) %%",
             (int)strlen(parsed.text) - 2, parsed.text);
    return served;
}

struct units_text cells_value(const struct candidate_facts *c,
                              const struct summary_column *column)
{
    struct units_text     missing = {UNITS_MISSING};
    const struct quality *q;

    if (!column->suite)
        return metric_cell(&c->metrics[column->metric],
                           &metric_info[column->metric]);
    q = quality_of(c, column);
    return q ? rate_cell(q) : missing;
}

bool cells_has_unparsed(const struct facts *f)
{
    for (size_t i = 0; i < f->n_candidates; i++)
        for (size_t k = 0; k < f->candidates[i].n_quality; k++)
            if (strchr(rate_cell(&f->candidates[i].quality[k]).text, '('))
                return true;
    return false;
}

struct units_text cells_rank(const struct facts *f, size_t candidate)
{
    struct units_text out = {"out"};

    if (f->candidates[candidate].passes_gates)
        return units_number((double)(candidate + 1), 0);
    return out;
}

const char *cells_verdict(enum verdict v)
{
    static const char *const words[] = {
        [VERDICT_TARGET_MET] = "target met",
        [VERDICT_READY] = "ready",
        [VERDICT_BORDERLINE] = "borderline",
        [VERDICT_TOO_SLOW] = "too slow",
        [VERDICT_DOES_NOT_FIT] = "does not fit",
        [VERDICT_UNSUPPORTED] = "unsupported",
        [VERDICT_NOT_INSTRUCT] = "not for chat",
        [VERDICT_FAILED] = "failed",
        [VERDICT_UNKNOWN] = "unknown",
    };

    return words[v];
}

enum style cells_verdict_style(enum verdict v)
{
    if (v == VERDICT_TARGET_MET || v == VERDICT_READY) return STYLE_GOOD;
    return v == VERDICT_BORDERLINE || v == VERDICT_UNKNOWN ? STYLE_WARN
                                                           : STYLE_BAD;
}

/* ---- why a cell is "–" or has a "*" ------------------------------------ */

/* One reason and the cells that it explains. */
struct note {
    const char *reason;
    bool        is_mark;
    bool       *who, *what;      /* candidates, columns */
};

static const char *cell_reason(const struct candidate_facts *c,
                               const struct summary_column *column,
                               bool *is_mark)
{
    const struct metric  *m = &c->metrics[column->metric];
    const struct quality *q;

    /* of a suite's column, metric is the first of the list: load_s */
    *is_mark = false;
    if (!column->suite) {
        *is_mark = isfinite(m->median);
        if (*m->reason) return m->reason;
        return *is_mark ? NULL : "not measured";
    }
    q = quality_of(c, column);
    if (!c->n_quality && *m->reason) return m->reason;   /* never answered */
    if (!q && column->by_prompt)
        return "asked only of models whose template drops the tools";
    if (!q) return "no case of this suite was run";
    if (isfinite(q->rate)) return NULL;
    return q->total > 0 ? "more than 2 % of the cases failed through "
                          "audition's own or the connection's fault, so "
                          "there is no rate; run again"
                        : "no case of this suite was run";
}

static struct note *note_for(struct note **notes, size_t *n,
                             const char *reason, bool is_mark,
                             size_t candidates, size_t columns)
{
    for (size_t i = 0; i < *n; i++)
        if ((*notes)[i].is_mark == is_mark &&
            strcmp((*notes)[i].reason, reason) == 0)
            return &(*notes)[i];
    *notes = mem_grow(*notes, *n + 1, sizeof **notes);
    (*notes)[*n] = (struct note){
        .reason = reason, .is_mark = is_mark,
        .who = mem_new(candidates, sizeof(bool)),
        .what = mem_new(columns, sizeof(bool))};
    return &(*notes)[(*n)++];
}

/* The name of a column may hold a comma. */
static void add_columns(const struct note *note, const struct summary *s,
                        struct strbuf *out)
{
    const char *between = "";

    for (size_t i = 0; i < s->n; i++) {
        char *name = note->what[i] ? cells_column_name(&s->columns[i]) : NULL;

        if (!name) continue;
        strbuf_addf(out, "%s%s", between, name);
        between = "; ";
        free(name);
    }
}

static char *note_text(const struct note *note, const struct facts *f,
                       const struct summary *s)
{
    bool          is_all = true, is_everyone = true;
    const char   *between = " (";
    struct strbuf out;

    strbuf_init(&out, 1 << 20);
    strbuf_add(&out, note->is_mark ? "* " : UNITS_MISSING " ");
    for (size_t i = 0; i < s->n; i++)
        is_all = is_all && (note->what[i] || !s->columns[i].is_shown);
    if (!is_all) add_columns(note, s, &out);
    strbuf_addf(&out, "%s: %s", is_all ? "everything" : "", note->reason);
    for (size_t i = 0; i < f->n_candidates; i++)
        is_everyone = is_everyone && note->who[i];
    for (size_t i = 0; i < f->n_candidates; i++) {
        if (!note->who[i] || (is_everyone && f->n_candidates > 1)) continue;
        strbuf_addf(&out, "%s%s", between, f->candidates[i].name);
        between = ", ";
    }
    if (*between == ',') strbuf_add(&out, ")");
    return out.text;
}

size_t cells_notes(const struct facts *f, const struct summary *s,
                   char ***texts)
{
    struct note *notes = NULL;
    size_t       n     = 0;

    for (size_t i = 0; i < f->n_candidates; i++)
        for (size_t k = 0; k < s->n; k++) {
            bool        is_mark;
            const char *why = cell_reason(&f->candidates[i], &s->columns[k],
                                          &is_mark);
            struct note *note;

            /* a marked value stands in the details too */
            if (!why || (!is_mark && !s->columns[k].is_shown)) continue;
            note = note_for(&notes, &n, why, is_mark, f->n_candidates, s->n);
            note->who[i] = true;
            note->what[k] = true;
        }
    *texts = mem_new(n, sizeof **texts);
    for (size_t i = 0; i < n; i++) {
        (*texts)[i] = note_text(&notes[i], f, s);
        free(notes[i].who);
        free(notes[i].what);
    }
    free(notes);
    return n;
}

static bool is_fixed_column(enum metric_id id)
{
    for (size_t i = 0; i < sizeof fixed_columns / sizeof *fixed_columns; i++)
        if (fixed_columns[i].metric == id) return true;
    return false;
}

/* ---- lines ------------------------------------------------------------- */

void cells_metric(const struct candidate_facts *c, enum metric_id id,
                  const char *name, bool has_interval, struct strbuf *out)
{
    const struct metric      *m    = &c->metrics[id];
    const struct metric_info *info = &metric_info[id];
    bool is_named = strstr(info->label, info->unit) != NULL &&
                    strcmp(info->unit, "s") != 0;

    if (!isfinite(m->median)) return;
    strbuf_addf(out, "%s %s", name,
                units_interval(m->median, has_interval ? m->low : NAN,
                               m->high, is_named ? "" : info->unit,
                               info->decimals).text);
    if (*m->reason && is_fixed_column(id)) strbuf_add(out, "*");
    else if (*m->reason) strbuf_addf(out, " (%s)", m->reason);
}

static void add_outcomes(struct strbuf *out, int n, const char *what)
{
    if (n > 0) strbuf_addf(out, ", %d %s", n, what);
}

void cells_quality(const struct quality *q, struct strbuf *out)
{
    const struct metric *first = &q->first_sentence_s;
    char                *suite = cells_suite(q->suite, q->by_prompt);

    strbuf_add(out, suite);
    free(suite);
    if (q->by_prompt && q->dialect) strbuf_addf(out, " (%s)", q->dialect);
    strbuf_addf(out, ": %d of %d passed", q->pass, q->total);
    if (isfinite(q->rate))
        strbuf_addf(out, ", %s", units_rate_interval(
            q->rate, q->rate_low, q->rate_high).text);
    add_outcomes(out, q->fail, "failed");
    if (q->unparsed > 0) {
        add_outcomes(out, q->unparsed, "right but not parsed");
        if (isfinite(q->rate_if_parsed))
            strbuf_addf(out, " (%s if parsed)",
                        units_rate(q->rate_if_parsed).text);
    }
    add_outcomes(out, q->template_fault, "lost to the template");
    add_outcomes(out, q->harness_fault, "lost to audition or the connection");
    if (isfinite(first->median))
        strbuf_addf(out, "; first sentence %s",
                    units_interval(first->median, first->low, first->high,
                                   "s", 2).text);
    if (isfinite(q->first_sentence_cold_s.median))
        strbuf_addf(out, ", cold %s",
                    units_value(q->first_sentence_cold_s.median, "s",
                                2).text);
}

static void add_part(struct strbuf *out, const char *before,
                     const char *text, const char *after)
{
    if (!text || !*text) return;
    strbuf_addf(out, "%s%s%s%s", out->len ? ", " : "", before, text, after);
}

void cells_machine(const struct facts *f, struct strbuf *out)
{
    const struct machine *m = &f->machine;

    add_part(out, "", m->board, "");
    add_part(out, "", m->cpu, "");
    if (m->cores > 0)
        add_part(out, "", units_number(m->cores, 0).text,
                 m->cores == 1 ? " core" : " cores");
    if (isfinite(m->memory_bytes))
        add_part(out, "", units_bytes(m->memory_bytes).text, " memory");
    if (isfinite(m->available_bytes))
        add_part(out, "", units_bytes(m->available_bytes).text, " available");
    add_part(out, "power mode ", f->power_mode, "");
    add_part(out, "", m->os, "");
    add_part(out, "kernel ", m->kernel, "");
    add_part(out, "", m->arch, "");
    if (!out->len) strbuf_add(out, "not known");
}

void cells_predicted(const struct candidate_facts *c, struct strbuf *out)
{
    for (size_t i = 0; i < c->n_predicted; i++) {
        const struct predicted   *p = &c->predicted[i];
        const struct metric_info *m = &metric_info[p->metric];
        bool is_said = strcmp(m->label, m->unit) == 0;

        strbuf_addf(out, "%s%s %s", out->len ? ", " : "", m->label,
                    units_interval(p->value, p->low, p->high,
                                   is_said ? "" : m->unit,
                                   m->decimals).text);
        if (isfinite(p->error))
            strbuf_addf(out, " (%+.0f %%)", p->error * 100);
    }
}

struct units_text cells_number(double value)
{
    struct units_text number = units_number(value, 4);
    size_t            len    = strlen(number.text);

    if (!strchr(number.text, '.')) return number;
    while (number.text[len - 1] == '0') len--;
    if (number.text[len - 1] == '.') len--;
    number.text[len] = '\0';
    return number;
}

/* Leaves of an object as "name value", in order; what is unset is left out. */
static void add_settings(struct strbuf *out, const char *name,
                         const json_t *value, int depth)
{
    const char *key;
    json_t     *child;
    char       *text;

    if (json_is_object(value) && depth < 8) {
        /* the macro takes a non-const object but only reads it */
        json_object_foreach((json_t *)(uintptr_t)value, key, child)
            add_settings(out, key, child, depth + 1);
        return;
    }
    if (json_is_null(value)) return;
    if (json_is_real(value)) {
        text = mem_copy(cells_number(json_real_value(value)).text);
    } else if (json_is_string(value))
        text = mem_copy(json_string_value(value));
    else
        text = jsonx_dump(value);
    strbuf_addf(out, "%s%s %s", out->len ? ", " : "", name, text);
    free(text);
}

void cells_settings(const struct facts *f, struct strbuf *out)
{
    if (f->settings) add_settings(out, "", f->settings, 0);
}

void cells_method(const struct facts *f, struct strbuf *out)
{
    int blocks = f->n_candidates ? f->candidates[0].blocks : 0;

    strbuf_addf(out, "METHOD.md version %d", f->method_version);
    for (size_t i = 0; i < f->n_candidates; i++)
        if (f->candidates[i].blocks > blocks)
            blocks = f->candidates[i].blocks;
    if (blocks > 0)
        add_part(out, blocks == 1 ? "" : "up to ",
                 units_number(blocks, 0).text,
                 blocks == 1 ? " block each" : " blocks each");
    add_part(out, "objective ", f->objective, "");
    if (f->reserve_bytes > 0)
        add_part(out, "", units_bytes(f->reserve_bytes).text,
                 " kept free for speech");
}

void cells_engine(const struct candidate_facts *c, struct strbuf *out)
{
    if (!c->engine) return;
    strbuf_add(out, c->server ? c->server : c->engine);
    if (c->build) strbuf_addf(out, " %s", c->build);
    if (c->base_url) strbuf_addf(out, " at %s", c->base_url);
    if (c->remote)
        strbuf_add(out, " (another host: its memory and power are not "
                        "this machine's)");
}

const struct candidate_facts *cells_winner(const struct facts *f)
{
    for (size_t i = 0; f->recommendation && i < f->n_candidates; i++)
        if (strcmp(f->candidates[i].name, f->recommendation->name) == 0)
            return &f->candidates[i];
    return NULL;
}
