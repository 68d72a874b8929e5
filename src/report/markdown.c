/* SPDX-License-Identifier: MIT */
/* markdown.c - report.md: everything that is known, for people.
 *
 * Texts of models, files and servers appear in three ways only: escaped
 * inline, in a code span, or in a fence longer than any run of backticks in
 * them; each without control characters.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "report/cells.h"
#include "report/report.h"

#define MAX_QUOTE_BYTES 2000   /* of one text of a model */

/* ---- making texts safe ------------------------------------------------- */

static bool is_markup(const char *text, size_t at)
{
    if (strchr("\\`*[]<>|&~$#", text[at])) return true;
    if (text[at] == ':') return strncmp(text + at, "://", 3) == 0;
    if (text[at] != '_') return false;
    /* a_b is plain text in every dialect: names stay readable */
    return at == 0 || !isalnum((unsigned char)text[at - 1]) ||
           !isalnum((unsigned char)text[at + 1]);
}

/* Inline text, also inside a table cell. */
static void inline_text(struct strbuf *out, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));

    for (size_t i = 0; safe[i]; i++) {
        if (is_markup(safe, i)) strbuf_add(out, "\\");
        strbuf_addn(out, safe + i, 1);
    }
    free(safe);
}

static size_t longest_run(const char *text)
{
    size_t longest = 0, run = 0;

    for (; *text; text++) {
        run = *text == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    return longest;
}

static void backticks(struct strbuf *out, size_t n)
{
    while (n-- > 0) strbuf_add(out, "`");
}

/* Not for table cells: a '|' would end them. */
static void code_span(struct strbuf *out, const char *text)
{
    char       *safe  = utf8_printable(text, strlen(text));
    size_t      n     = longest_run(safe) + 1;
    const char *space = n > 1 ? " " : "";

    backticks(out, n);
    strbuf_addf(out, "%s%s%s", space, *safe ? safe : " ", space);
    backticks(out, n);
    free(safe);
}

/* A block of its own, at the left margin. */
static void fenced(struct strbuf *out, const char *language, const char *text)
{
    size_t len   = strlen(text), shown = len, fence = longest_run(text) + 1;
    bool   is_exact = true;

    if (fence < 3) fence = 3;
    if (!*language && len > MAX_QUOTE_BYTES) {
        shown = MAX_QUOTE_BYTES;
        while (shown && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--;
    }
    backticks(out, fence);
    strbuf_addf(out, "%s\n", language);
    for (size_t at = 0; at < shown;) {
        size_t n    = strcspn(text + at, "\n");
        char  *line;

        if (n > shown - at) n = shown - at;
        line = utf8_printable(text + at, n);
        is_exact = is_exact && strncmp(line, text + at, n) == 0;
        strbuf_addf(out, "%s\n", line);
        free(line);
        at += n + 1;
    }
    backticks(out, fence);
    strbuf_add(out, "\n");
    if (!is_exact)
        strbuf_add(out, "\n(Control characters are not shown; the exact "
                   "text is in the JSON report.)\n");
    if (shown < len)
        strbuf_addf(out, "\n(%zu more bytes are in the JSON report.)\n",
                    len - shown);
    strbuf_add(out, "\n");
}

static void item(struct strbuf *out, const char *label, const char *text)
{
    if (!text || !*text) return;
    strbuf_addf(out, "- **%s:** ", label);
    inline_text(out, text);
    strbuf_add(out, "\n");
}

static void item_code(struct strbuf *out, const char *label, const char *text)
{
    if (!text || !*text) return;
    strbuf_addf(out, "- **%s:** ", label);
    code_span(out, text);
    strbuf_add(out, "\n");
}

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
            inline_text(out, f->no_winner);
            strbuf_add(out, "\n\n");
        }
        return;
    }
    strbuf_add(out, "# Ship ");
    inline_text(out, r->name);
    strbuf_add(out, "\n\n");
    item(out, "Why", winner ? winner->reason : NULL);
    item(out, "How sure", r->sure);
    item(out, "Runner-up", r->runner_up);
    if (winner && !r->command) item(out, "Served at", winner->base_url);
    strbuf_add(out, "\n");
    if (r->command) {
        strbuf_add(out, "Serve it with\n\n");
        fenced(out, "sh", r->command);
    }
}

/* ---- the table --------------------------------------------------------- */

static void titles(struct strbuf *out, const struct summary *s)
{
    strbuf_add(out, "| # | candidate | verdict |");
    for (size_t i = 0; i < s->n; i++) {
        char *title = mem_copy(s->columns[i].title);
        char *end   = strchr(title, '\n');

        if (end) *end = ' ';
        strbuf_add(out, " ");
        inline_text(out, title);
        strbuf_add(out, " |");
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
        inline_text(out, c->name);
        strbuf_addf(out, " | %s |", cells_verdict(c->verdict));
        for (size_t k = 0; k < s.n; k++) {
            strbuf_add(out, " ");
            inline_text(out, cells_value(c, &s.columns[k]).text);
            strbuf_add(out, " |");
        }
        strbuf_add(out, "\n");
    }
    strbuf_add(out, "\n- " CELLS_OUT "\n");
    if (cells_has_unparsed(f)) strbuf_add(out, "- " CELLS_PARSED "\n");
    n = cells_notes(f, &s, &notes);
    for (size_t i = 0; i < n; i++) {
        strbuf_add(out, "- ");
        inline_text(out, notes[i]);
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

static void identity(struct strbuf *out, const struct candidate_facts *c)
{
    struct strbuf engine;

    strbuf_addf(out, "- **Verdict:** %s; %s\n", cells_verdict(c->verdict),
                c->passes_gates ? "passed every gate"
                                : "did not pass every gate");
    if (c->status != STATUS_OK)
        strbuf_addf(out, "- **Status:** %s\n", status_name(c->status));
    item(out, "Failure", c->failure);
    if (!c->failure || !c->reason || strcmp(c->failure, c->reason) != 0)
        item(out, c->passes_gates ? "Why" : "Why out", c->reason);
    item_code(out, "File", c->file);
    item_code(out, "SHA-256", c->sha256);
    item(out, "Architecture", c->architecture);
    item(out, "Quantisation", c->quantisation);
    if (isfinite(c->parameters))
        item(out, "Parameters", units_count(c->parameters).text);
    if (isfinite(c->file_bytes))
        item(out, "File size", units_bytes(c->file_bytes).text);
    strbuf_init(&engine, 1 << 16);
    cells_engine(c, &engine);
    item(out, "Engine", engine.text);
    strbuf_done(&engine);
    if (c->blocks > 0) strbuf_addf(out, "- **Blocks:** %d\n", c->blocks);
    if (c->has_template < 0 && c->supports_tools < 0)
        strbuf_add(out, "- **Chat template:** not known\n\n");
    else
        strbuf_addf(out, "- **Chat template:** present %s; shows tools "
                    "%s; renders calls %s; has a system role %s\n\n",
                    truth(c->has_template), truth(c->supports_tools),
                    truth(c->supports_tool_calls),
                    truth(c->supports_system_role));
}

static void findings(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_findings) return;
    strbuf_add(out, "Findings:\n\n");
    for (size_t i = 0; i < c->n_findings; i++) {
        const struct finding *finding = &c->findings[i];

        strbuf_addf(out, "- **%s** (", fault_name(finding->fault));
        inline_text(out, finding->kind);
        strbuf_add(out, "): ");
        inline_text(out, finding->text);
        if (*finding->remedy) {
            strbuf_add(out, " **Remedy:** ");
            inline_text(out, finding->remedy);
        }
        strbuf_add(out, "\n");
    }
    strbuf_add(out, "\n");
}

static void quality(struct strbuf *out, const struct candidate_facts *c)
{
    if (!c->n_quality) return;
    strbuf_add(out, "| suite | passed | failed | not parsed | template | "
               "harness | total | rate [95 %] | if parsed |\n"
               "|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < c->n_quality; i++) {
        const struct quality *q = &c->quality[i];

        strbuf_add(out, "| ");
        inline_text(out, q->suite);
        strbuf_addf(out, " | %d | %d | %d | %d | %d | %d | ", q->pass,
                    q->fail, q->unparsed, q->template_fault,
                    q->harness_fault, q->total);
        strbuf_addf(out, "%s | %s |\n",
                    units_rate_interval(q->rate, q->rate_low,
                                        q->rate_high).text,
                    units_rate(q->rate_if_parsed).text);
    }
    strbuf_add(out, "\n");
}

static void metrics(struct strbuf *out, const struct candidate_facts *c)
{
    strbuf_add(out, "| quantity | median | 95 % interval | n | note |\n"
               "|---|--:|--:|--:|---|\n");
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric      *m    = &c->metrics[i];
        const struct metric_info *info = &metric_info[i];

        strbuf_addf(out, "| [%s](METHOD.md#%s) | %s | %s | %ld | ",
                    info->label, info->name,
                    units_value(m->median, info->unit, info->decimals).text,
                    units_range(m->low, m->high, info->unit,
                                info->decimals).text, m->n);
        if (*m->reason) {
            inline_text(out, m->reason);
            strbuf_add(out, " ");
        }
        strbuf_add(out, "|\n");
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
    inline_text(out, line.text);
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
        inline_text(out, e->suite ? e->suite : "");
        strbuf_add(out, " / ");
        inline_text(out, e->id ? e->id : "");
        strbuf_addf(out, "** (%s): ", outcome_name(e->outcome));
        inline_text(out, e->reason ? e->reason : "no reason was stored");
        strbuf_add(out, "\n\nThe user said\n\n");
        fenced(out, "", e->say ? e->say : "");
        if (e->answer && *e->answer) {
            strbuf_add(out, "and the model answered\n\n");
            fenced(out, "", e->answer);
        } else {
            strbuf_add(out, "and the model answered nothing.\n\n");
        }
    }
}

static void candidate(struct strbuf *out, const struct facts *f, size_t i)
{
    const struct candidate_facts *c = &f->candidates[i];

    strbuf_addf(out, "### %s: ", cells_rank(f, i).text);
    inline_text(out, c->name);
    strbuf_add(out, "\n\n");
    identity(out, c);
    findings(out, c);
    if (c->command) {
        strbuf_add(out, "Served with\n\n");
        fenced(out, "sh", c->command);
    }
    quality(out, c);
    metrics(out, c);
    predicted(out, c);
    examples(out, c);
}

static void foot(struct strbuf *out, const struct facts *f)
{
    struct strbuf line;

    strbuf_init(&line, 1 << 20);
    strbuf_add(out, "## How this was measured\n\n");
    cells_machine(f, &line);
    item(out, "Machine", line.text);
    strbuf_clear(&line);
    cells_method(f, &line);
    item(out, "Method", line.text);
    strbuf_clear(&line);
    cells_settings(f, &line);
    item(out, "Settings", line.text);
    item(out, "Configuration", f->config_name);
    item(out, "Run", f->run_id);
    item(out, "Started", f->started_utc);
    item(out, "audition", f->version);
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
    foot(out, f);
}

const struct report_ops report_markdown = {
    .name = "md", .help = "Markdown with everything that is known",
    .render = render,
};
