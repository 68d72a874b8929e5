/* SPDX-License-Identifier: MIT */
/* markdown.c - report.md: everything that is known, for people. What its
 * column heads link to are headings of METHOD.md. */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mode_facts.h"
#include "report/board_lines.h"
#include "report/originals_table.h"
#include "report/understanding_lines.h"
#include "report/cells.h"
#include "report/listener.h"
#include "report/markdown_text.h"
#include "report/report.h"

/* ---- the answer -------------------------------------------------------- */

static void answer(struct strbuf *out, const struct facts *f)
{
    const struct recommendation  *r      = f->recommendation;
    const struct candidate_facts *winner = cells_winner(f);

    if (!r) {
        strbuf_add(out, f->is_stopped ? "# Stopped before the end\n\n"
                   : f->n_candidates ? "# No candidate passed\n\n"
                                     : "# There is no candidate\n\n");
        if (f->no_winner) {
            md_inline(out, f->no_winner);
            strbuf_add(out, "\n\n");
        }
        return;
    }
    strbuf_add(out, "# Ship ");
    md_inline(out, r->name);
    strbuf_add(out, "\n\n");
    md_item(out, "Why", winner ? winner->reason : NULL);
    md_item(out, "How sure", r->sure);
    md_item(out, "Runner-up", r->runner_up);
    if (winner && !r->command) md_item(out, "Served at", winner->base_url);
    strbuf_add(out, "\n");
    if (r->command) {
        strbuf_add(out, "Serve it with\n\n");
        md_fenced(out, "sh", r->command);
    }
}

/* ---- the table --------------------------------------------------------- */

static void titles(struct strbuf *out, const struct summary *s)
{
    strbuf_add(out, "| # | candidate | verdict |");
    for (size_t i = 0; i < s->n; i++) {
        const struct summary_column *c     = &s->columns[i];
        char                        *title = mem_copy(c->title);
        char                        *end   = strchr(title, '\n');

        if (end) *end = ' ';
        strbuf_add(out, " [");
        md_inline(out, title);
        strbuf_addf(out, "](METHOD.md#%s) |",
                    c->by_prompt ? "tools-by-prompt" : c->suite ? "quality"
                    : metric_info[c->metric].name);
        free(title);
    }
    strbuf_add(out, "\n|--:|---|---|");
    for (size_t i = 0; i < s->n; i++) strbuf_add(out, "--:|");
    strbuf_add(out, "\n");
}

static void results(struct strbuf *out, const struct facts *f)
{
    struct summary s;
    char         **notes;
    size_t         n;

    cells_summary(f, &s);
    strbuf_add(out, "## Results\n\n");
    titles(out, &s);
    for (size_t i = 0; i < f->n_candidates; i++) {
        const struct candidate_facts *c = &f->candidates[i];

        strbuf_addf(out, "| %s | ", cells_rank(f, i).text);
        md_inline(out, c->name);
        strbuf_addf(out, " | %s |", cells_verdict(c->verdict));
        for (size_t k = 0; k < s.n; k++) {
            strbuf_add(out, " ");
            md_inline(out, cells_value(c, &s.columns[k]).text);
            strbuf_add(out, " |");
        }
        strbuf_add(out, "\n");
    }
    strbuf_add(out, "\n- " CELLS_OUT "\n");
    if (cells_has_unparsed(f)) strbuf_add(out, "- " CELLS_PARSED "\n");
    n = cells_notes(f, &s, &notes);
    for (size_t i = 0; i < n; i++) {
        strbuf_add(out, "- ");
        md_inline(out, notes[i]);
        strbuf_add(out, "\n");
        free(notes[i]);
    }
    strbuf_add(out, "\n");
    free(notes);
    cells_summary_done(&s);
}

/* ---- one section a candidate ------------------------------------------- */

static const char *truth(int value)
{
    return value < 0 ? "not known" : value ? "yes" : "no";
}

/* Its single answers; what it found has a place of its own. */
static void preflight(struct strbuf *out, const json_t *object)
{
    struct strbuf line;
    const char   *key;
    json_t       *value;

    strbuf_init(&line, 1 << 16);
    /* the macro takes a non-const object but only reads it */
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        const char *text = json_is_string(value) ? json_string_value(value)
                         : json_is_boolean(value)
                         ? truth(json_is_true(value)) : NULL;
        char       *name = mem_copy(key);

        for (char *at = name; *at; at++)
            if (*at == '_') *at = ' ';
        /* the other ones stand in the line above */
        if (text && strcmp(key, "present") != 0 &&
            strncmp(key, "supports_", 9) != 0)
            strbuf_addf(&line, "%s%s %s", line.len ? "; " : "", name, text);
        free(name);
    }
    md_item(out, "[Preflight](METHOD.md#preflight)", line.text);
    strbuf_done(&line);
}

static void identity(struct strbuf *out, const struct candidate_facts *c)
{
    struct strbuf engine;

    strbuf_addf(out, "- **Verdict:** %s; %s\n", cells_verdict(c->verdict),
                c->passes_gates ? "passed every gate"
                                : "did not pass every gate");
    if (c->status != STATUS_OK)
        strbuf_addf(out, "- **Status:** %s\n", status_name(c->status));
    md_item(out, "Failure", c->failure);
    if (!c->failure || !c->reason || strcmp(c->failure, c->reason) != 0)
        md_item(out, c->passes_gates ? "Why" : "Why out", c->reason);
    md_item_code(out, "File", c->file);
    md_item_code(out, "SHA-256", c->sha256);
    md_item(out, "Architecture", c->architecture);
    md_item(out, "Quantisation", c->quantisation);
    if (isfinite(c->parameters))
        md_item(out, "Parameters", units_count(c->parameters).text);
    if (isfinite(c->file_bytes))
        md_item(out, "File size", units_bytes(c->file_bytes).text);
    strbuf_init(&engine, 1 << 16);
    cells_engine(c, &engine);
    md_item(out, "Engine", engine.text);
    strbuf_done(&engine);
    if (c->blocks > 0) strbuf_addf(out, "- **Blocks:** %d\n", c->blocks);
    if (c->has_template < 0 && c->supports_tools < 0)
        strbuf_add(out, "- **Chat template:** not known\n");
    else
        strbuf_addf(out, "- **Chat template:** present %s; shows tools "
                    "%s; renders calls %s; has a system role %s\n",
                    truth(c->has_template), truth(c->supports_tools),
                    truth(c->supports_tool_calls),
                    truth(c->supports_system_role));
    preflight(out, c->preflight);
    strbuf_add(out, "\n");
}

static void findings(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_findings) return;
    strbuf_add(out, "Findings:\n\n");
    for (size_t i = 0; i < c->n_findings; i++) {
        const struct finding *finding = &c->findings[i];

        strbuf_addf(out, "- **%s** (", fault_name(finding->fault));
        md_inline(out, finding->kind);
        strbuf_add(out, "): ");
        md_inline(out, finding->text);
        if (*finding->remedy) {
            strbuf_add(out, " **Remedy:** ");
            md_inline(out, finding->remedy);
        }
        strbuf_add(out, "\n");
    }
    strbuf_add(out, "\n");
}

static void quality(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_quality) return;
    strbuf_add(out, "| [suite](METHOD.md#quality) | passed | failed | not "
               "parsed | template | harness | total | rate "
               "[\\[95 %\\]](METHOD.md#intervals) | if parsed | "
               "[first sentence](METHOD.md#first_sentence_s) | "
               "[cold](METHOD.md#first_sentence_cold_s) |\n"
               "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < c->n_quality; i++) {
        const struct quality *q     = &c->quality[i];
        char                 *suite = cells_suite(q->suite, q->by_prompt);

        strbuf_add(out, "| ");
        md_inline(out, suite);
        if (q->by_prompt && q->dialect) {
            strbuf_add(out, ": ");
            md_inline(out, q->dialect);
        }
        strbuf_addf(out, " | %d | %d | %d | %d | %d | %d | ", q->pass,
                    q->fail, q->unparsed, q->template_fault,
                    q->harness_fault, q->total);
        strbuf_addf(out, "%s | %s | %s | %s |\n",
                    units_rate_interval(q->rate, q->rate_low,
                                        q->rate_high).text,
                    units_rate(q->rate_if_parsed).text,
                    units_value(q->first_sentence_s.median, "s", 2).text,
                    units_value(q->first_sentence_cold_s.median, "s",
                                2).text);
        free(suite);
    }
    strbuf_add(out, "\n");
}

static void labelled(struct strbuf *out, struct listener_line *lines,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *title = mem_copy(lines[i].label), *label;

        title[0] = (char)toupper((unsigned char)title[0]);
        label = lines[i].section ? mem_printf("[%s](METHOD.md#%s)", title,
                                              lines[i].section)
                                 : mem_copy(title);
        md_item(out, label, lines[i].text);
        free(label);
        free(title);
    }
    if (n) strbuf_add(out, "\n");
    listener_done(lines, n);
}

static void listener(struct strbuf *out, const struct candidate_facts *c)
{
    struct listener_line lines[LISTENER_LINES];

    labelled(out, lines, listener_lines(c, lines));
}

static void understanding(struct strbuf *out, const struct candidate_facts *c)
{
    struct listener_line lines[UNDERSTANDING_LINES];

    labelled(out, lines, understanding_lines(c, lines));
}

/* All but the memory: that has a table of its own. */
static void board(struct strbuf *out, const struct candidate_facts *c)
{
    struct listener_line lines[BOARD_LINES], shown[BOARD_LINES];
    size_t               n = board_lines(c, lines), n_shown = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(lines[i].label, "memory") == 0) free(lines[i].text);
        else shown[n_shown++] = lines[i];
    labelled(out, shown, n_shown);
}

/* ---- the tables of a candidate ----------------------------------------- */

static void ledger_cell(struct strbuf *out, const double *bytes,
                        const char *note)
{
    strbuf_addf(out, " %s", bytes ? units_bytes(*bytes).text : "");
    if (bytes && isfinite(*bytes) && *note) {
        strbuf_add(out, " (");
        md_inline(out, note);
        strbuf_add(out, ")");
    }
    strbuf_add(out, bytes ? " |" : "|");
}

static void ledger(struct strbuf *out, const struct candidate_facts *c)
{
    struct ledger_row rows[LEDGER_ROWS];
    size_t            n = board_ledger(&c->ledger, rows);

    if (!n) return;
    strbuf_add(out, "| [memory](METHOD.md#the-ledger) | predicted | by the "
               "engine's log | measured |\n|---|--:|--:|--:|\n");
    for (size_t i = 0; i < n; i++) {
        strbuf_addf(out, "| %s |", rows[i].name);
        ledger_cell(out, rows[i].predicted, "");
        ledger_cell(out, rows[i].engine, rows[i].engine_note);
        ledger_cell(out, rows[i].measured, rows[i].measured_note);
        strbuf_add(out, "\n");
    }
    strbuf_add(out, "\n");
}

static void metrics(struct strbuf *out, const struct candidate_facts *c)
{
    strbuf_add(out, "| quantity | median | [95 % interval]"
               "(METHOD.md#intervals) | n | note |\n"
               "|---|--:|--:|--:|---|\n");
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric      *m    = &c->metrics[i];
        const struct metric_info *info = &metric_info[i];

        strbuf_addf(out, "| [%s](METHOD.md#%s) | %s | %s | %s | ",
                    info->label, info->name,
                    units_value(m->median, info->unit, info->decimals).text,
                    units_range(m->low, m->high, info->unit,
                                info->decimals).text,
                    m->n < 0 ? UNITS_MISSING
                             : units_number((double)m->n, 0).text);
        if (*m->reason) {
            md_inline(out, m->reason);
            strbuf_add(out, " ");
        }
        strbuf_add(out, "|\n");
    }
    strbuf_add(out, "\n");
}

static bool has_percentile(const struct candidate_facts *c, enum metric_id id)
{
    const struct metric *m = &c->metrics[id];
    bool                 is_any = false;

    for (size_t i = 0; i < CERTIFIED; i++)
        is_any = is_any || isfinite(m->certified[i]);
    return is_any && metric_is_latency(id) && m->n > 0;
}

static void percentiles(struct strbuf *out, const struct candidate_facts *c)
{
    bool is_begun = false;

    for (int id = 0; id < METRIC_COUNT; id++) {
        const struct metric      *m    = &c->metrics[id];
        const struct metric_info *info = &metric_info[id];

        if (!has_percentile(c, (enum metric_id)id)) continue;
        if (!is_begun) {
            strbuf_add(out, "| [certified](METHOD.md#intervals) | n |");
            for (size_t i = 0; i < CERTIFIED; i++)
                strbuf_addf(out, " %s (needs %d) |", certified_name[i],
                            certified_needs[i]);
            strbuf_add(out, "\n|---|--:|--:|--:|--:|--:|\n");
        }
        is_begun = true;
        strbuf_addf(out, "| [%s](METHOD.md#%s) | %ld |", info->label,
                    info->name, m->n);
        for (size_t i = 0; i < CERTIFIED; i++)
            strbuf_addf(out, " %s |", units_value(m->certified[i], info->unit,
                                                  info->decimals).text);
        strbuf_add(out, "\n");
    }
    if (is_begun) strbuf_add(out, "\n");
}

static void turns(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_turns) return;
    strbuf_add(out, "| [turn](METHOD.md#turn-2-to-n) | [first sentence]"
               "(METHOD.md#first_sentence_s) | prompt tokens | from the "
               "cache | unchanged | read again |\n"
               "|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < c->n_turns; i++) {
        const struct turn_facts *t = &c->turns[i];

        strbuf_addf(out, "| %d | %s | %s | %s | %s | %s |\n", t->turn,
                    units_value(t->first_sentence_s, "s", 2).text,
                    units_number(t->prompt_tokens, 0).text,
                    units_number(t->cached_tokens, 0).text,
                    units_number(t->unchanged_tokens, 0).text,
                    units_number(t->reread_tokens, 0).text);
    }
    strbuf_add(out, "\n");
}

static void cliff(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->cliff.n) return;
    strbuf_add(out, "| [entities](METHOD.md#prefill-cliff) | prompt tokens | "
               "first token, cold | note |\n|--:|--:|--:|---|\n");
    for (size_t i = 0; i < c->cliff.n; i++) {
        const struct cliff_point *p = &c->cliff.points[i];

        strbuf_addf(out, "| %s | %s | %s | ",
                    units_number(p->entities, 0).text,
                    units_number(p->prompt_tokens, 0).text,
                    units_value(p->ttft_s, "s", 2).text);
        if (*p->reason) {
            md_inline(out, p->reason);
            strbuf_add(out, " ");
        }
        strbuf_add(out, "|\n");
    }
    strbuf_add(out, "\n");
}

static void serving(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_serving) return;
    strbuf_add(out, "| [sampling](METHOD.md#serving_ms_per_token) | tok/s | "
               "saves a token | for sure |\n|---|--:|--:|---|\n");
    for (size_t i = 0; i < c->n_serving; i++) {
        const struct serving_variant *v = &c->serving[i];

        strbuf_add(out, "| ");
        md_inline(out, v->name);
        strbuf_addf(out, " | %s | %s | %s |\n",
                    units_number(v->tok_s, 1).text,
                    units_value(v->saves_ms_per_token, "ms", 2).text,
                    !isfinite(v->saves_ms_per_token) ? UNITS_MISSING
                    : v->is_sure ? "yes" : "no");
    }
    strbuf_add(out, "\n");
}

static void predicted(struct strbuf *out, const struct candidate_facts *c)
{
    struct strbuf line;

    strbuf_init(&line, 4096);
    cells_predicted(c, &line);
    if (line.len) strbuf_add(out, "Predicted beforehand (80 % interval, "
                             "difference from measured): ");
    md_inline(out, line.text);
    if (line.len) strbuf_add(out, "\n\n");
    strbuf_done(&line);
}

static void examples(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_examples) return;
    strbuf_add(out, "Cases that did not pass, in the model's own words:\n\n");
    for (size_t i = 0; i < c->n_examples; i++) {
        const struct worst_case *e = &c->examples[i];

        strbuf_add(out, "**");
        md_inline(out, e->suite ? e->suite : "");
        strbuf_add(out, " / ");
        md_inline(out, e->id ? e->id : "");
        strbuf_addf(out, "** (%s): ", outcome_name(e->outcome));
        md_inline(out, e->reason ? e->reason : "no reason was stored");
        strbuf_add(out, "\n\nThe user said\n\n");
        md_fenced(out, "", e->say ? e->say : "");
        if (e->answer && *e->answer) {
            strbuf_add(out, "and the model answered\n\n");
            md_fenced(out, "", e->answer);
        } else {
            strbuf_add(out, "and the model answered nothing.\n\n");
        }
    }
}

static void candidate(struct strbuf *out, const struct facts *f, size_t i)
{
    const struct candidate_facts *c = &f->candidates[i];

    strbuf_addf(out, "### %s: ", cells_rank(f, i).text);
    md_inline(out, c->name);
    strbuf_add(out, "\n\n");
    identity(out, c);
    findings(out, c);
    if (c->command) {
        strbuf_add(out, "Served with\n\n");
        md_fenced(out, "sh", c->command);
    }
    quality(out, c);
    originals_markdown(out, &c->understanding.originals);
    understanding(out, c);
    listener(out, c);
    board(out, c);
    ledger(out, c);
    metrics(out, c);
    percentiles(out, c);
    turns(out, c);
    cliff(out, c);
    serving(out, c);
    predicted(out, c);
    examples(out, c);
}

static void mode_rows(struct strbuf *out, const struct mode_facts *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct mode_cell *c = &m->cells[i];

        strbuf_add(out, "| ");
        md_inline(out, m->name);
        strbuf_add(out, " | ");
        md_inline(out, c->name);
        strbuf_addf(out, " | %s | %s | %s | %s | %s | %s |\n",
                    cells_verdict(c->verdict),
                    units_value(c->first_sentence_s, "s", 2).text,
                    units_number(c->served_tok_s, 1).text,
                    units_number(c->energy_j_per_token, 2).text,
                    units_number(c->power_w, 1).text,
                    units_number(c->temp_peak_c, 1).text);
    }
}

static void modes(struct strbuf *out, const struct facts *f)
{
    bool has_note = false;

    if (f->n_modes == 0) return;
    strbuf_add(out, "## Power modes\n\n"
               "| [mode](METHOD.md#power-modes) | candidate | verdict | "
               "[first sentence](METHOD.md#first_sentence_s) | "
               "[tok/s](METHOD.md#served_tok_s) | "
               "[J per token](METHOD.md#energy_j_per_token) | "
               "[W](METHOD.md#power-clocks-heat) | "
               "[at most °C](METHOD.md#power-clocks-heat) |\n"
               "|---|---|---|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < f->n_modes; i++) mode_rows(out, &f->modes[i]);
    strbuf_add(out, "\n");
    for (size_t i = 0; i < f->n_modes; i++) {
        char *note = mode_facts_note(&f->modes[i]);

        if (!note) continue;
        has_note = true;
        strbuf_add(out, "- ");
        md_inline(out, f->modes[i].name);
        strbuf_add(out, ": ");
        md_inline(out, note);
        strbuf_add(out, "\n");
        free(note);
    }
    if (has_note) strbuf_add(out, "\n");
}

static void foot(struct strbuf *out, const struct facts *f)
{
    struct strbuf line;

    strbuf_init(&line, 1 << 20);
    strbuf_add(out, "## How this was measured\n\n");
    cells_machine(f, &line);
    md_item(out, "Machine", line.text);
    strbuf_clear(&line);
    cells_method(f, &line);
    md_item(out, "Method", line.text);
    strbuf_clear(&line);
    cells_settings(f, &line);
    md_item(out, "Settings", line.text);
    md_item(out, "Configuration", f->config_name);
    md_item(out, "Run", f->run_id);
    md_item(out, "Started", f->started_utc);
    md_item(out, "audition", f->version);
    strbuf_add(out, "\nEvery quantity is defined in the section of METHOD.md "
               "that its name links to: where its\nclock starts, where it "
               "stops, and what it leaves out. A dash is a quantity that was "
               "not\nobserved, never 0.\n");
    strbuf_done(&line);
}

static void render(const struct facts *f, bool colour, int columns,
                   struct strbuf *out)
{
    (void)colour;
    (void)columns;
    answer(out, f);
    if (f->n_candidates) {
        results(out, f);
        strbuf_add(out, "## Candidates\n\n");
    }
    for (size_t i = 0; i < f->n_candidates; i++) candidate(out, f, i);
    modes(out, f);
    foot(out, f);
}

const struct report_ops report_markdown = {
    .name = "md", .help = "Markdown with everything that is known",
    .render = render,
};
