/* SPDX-License-Identifier: MIT */
/* text.c - the report on a terminal: the answer, one table, then why.
 *
 * Prose is wrapped; a command never is, so that it can be copied. Whatever
 * does not fit is named below the table.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "base/term.h"
#include "base/utf8.h"
#include "base/wrap.h"
#include "mode_facts.h"
#include "report/board_lines.h"
#include "report/understanding_lines.h"
#include "report/cells.h"
#include "report/listener.h"
#include "report/originals_table.h"
#include "report/report.h"

#define PROSE_COLUMNS 100   /* of a report into a file or a wide terminal */
#define LEAST_NAME 18       /* columns that a candidate's name keeps */

struct page {
    struct strbuf *out;
    bool           colour;
    int            columns;     /* of the table; 0: no limit */
    int            prose;
};

/* One paragraph behind what the line already holds, made safe. */
static void paragraph(const struct page *p, const char *text, int at,
                      int indent)
{
    char *safe = utf8_printable(text, strlen(text));

    wrap_add(p->out, safe, at, indent, p->prose);
    strbuf_add(p->out, "\n");
    free(safe);
}

static void heading(const struct page *p, enum style style, const char *text)
{
    struct strbuf line;
    char         *safe = utf8_printable(text, strlen(text));

    strbuf_init(&line, strlen(safe) * 16 + 64);
    wrap_add(&line, safe, 0, 0, p->prose);
    term_add(p->out, p->colour, style, line.text);
    strbuf_add(p->out, "\n");
    strbuf_done(&line);
    free(safe);
}

/* "  Label      text": one entry of an aligned list. */
static void entry(const struct page *p, int indent, int width,
                  const char *label, enum style style, const char *text)
{
    if (!text || !*text) return;
    strbuf_addf(p->out, "%*s", indent, "");
    term_add(p->out, p->colour, style, label);
    strbuf_addf(p->out, "%*s", width - (int)strlen(label), "");
    paragraph(p, text, indent + width, indent + width);
}

static void command(const struct page *p, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));

    strbuf_addf(p->out, "\n  Serve it with\n\n    %s\n", safe);
    if (strcmp(safe, text) != 0) {
        strbuf_add(p->out, "\n  ");
        paragraph(p, "(control characters are not shown; the exact command "
                  "is in the JSON report)", 2, 2);
    }
    free(safe);
}

static void answer(const struct page *p, const struct facts *f)
{
    const struct recommendation  *r      = f->recommendation;
    const struct candidate_facts *winner = cells_winner(f);
    char                         *title;

    if (!r) {
        heading(p, STYLE_BAD, f->is_stopped ? "Stopped before the end."
                : f->n_candidates ? "No candidate passed."
                                  : "There is no candidate.");
        if (f->no_winner) {
            strbuf_add(p->out, "\n  ");
            paragraph(p, f->no_winner, 2, 2);
        }
        return;
    }
    title = mem_printf("Ship %s.", r->name);
    heading(p, STYLE_GOOD, title);
    free(title);
    strbuf_add(p->out, "\n");
    entry(p, 2, 11, "Why", STYLE_STRONG, winner ? winner->reason : NULL);
    entry(p, 2, 11, "How sure", STYLE_STRONG, r->sure);
    entry(p, 2, 11, "Runner-up", STYLE_STRONG, r->runner_up);
    if (winner && !r->command)
        entry(p, 2, 11, "Served at", STYLE_STRONG, winner->base_url);
    if (r->command) command(p, r->command);
}

/* ---- the table --------------------------------------------------------- */

static void fill(struct table *t, const struct facts *f,
                 const struct summary *s)
{
    const struct candidate_facts *winner = cells_winner(f);

    table_add_column(t, "#", ALIGN_RIGHT, 0, 0);
    table_add_column(t, "candidate", ALIGN_LEFT, 0, LEAST_NAME);
    table_add_column(t, "verdict", ALIGN_LEFT, 0, 0);
    for (size_t i = 0; i < s->n; i++)
        table_add_column(t, s->columns[i].title, ALIGN_RIGHT,
                         s->columns[i].drop, 0);
    for (size_t i = 0; i < f->n_candidates; i++) {
        const struct candidate_facts *c    = &f->candidates[i];
        enum style                    name = c == winner ? STYLE_STRONG
                                                         : STYLE_PLAIN;

        table_add_cell(t, c->passes_gates ? STYLE_PLAIN : STYLE_BAD,
                       cells_rank(f, i).text);
        table_add_cell(t, name, c->name);
        table_add_cell(t, cells_verdict_style(c->verdict),
                       cells_verdict(c->verdict));
        for (size_t k = 0; k < s->n; k++)
            table_add_cell(t, name, cells_value(c, &s->columns[k]).text);
    }
}

static void left_out(const struct page *p, const struct table *t,
                     const char *where)
{
    struct strbuf text;
    bool          is_any = false;

    strbuf_init(&text, 1 << 16);
    strbuf_addf(&text, "Left out at %d columns:", p->columns);
    for (size_t i = 0; i < t->n_columns; i++) {
        char *title = mem_copy(t->columns[i].title);
        char *end   = strchr(title, '\n');

        if (end) *end = ' ';
        if (t->columns[i].is_hidden) {
            strbuf_addf(&text, "%s %s", is_any ? ";" : "", title);
            is_any = true;
        }
        free(title);
    }
    strbuf_addf(&text, ". A wider terminal shows them%s.", where);
    if (is_any) {
        strbuf_add(p->out, "  ");
        paragraph(p, text.text, 2, 2);
    }
    strbuf_done(&text);
}

static void notes(const struct page *p, const struct facts *f,
                  const struct summary *s)
{
    char **texts;
    size_t n = cells_notes(f, s, &texts);

    for (size_t i = 0; i < n; i++) {
        strbuf_add(p->out, "  ");
        paragraph(p, texts[i], 2, 4);
        free(texts[i]);
    }
    free(texts);
}

static bool is_anyone_out(const struct facts *f)
{
    for (size_t i = 0; i < f->n_candidates; i++)
        if (!f->candidates[i].passes_gates) return true;
    return false;
}

static void results(const struct page *p, const struct facts *f)
{
    struct table   t = {0};
    struct summary s;
    const size_t   leading = 3;

    cells_summary(f, &s);
    fill(&t, f, &s);
    table_fit(&t, p->columns);
    for (size_t i = 0; i < s.n; i++)
        s.columns[i].is_shown = !t.columns[leading + i].is_hidden;
    strbuf_add(p->out, "\n");
    table_print(&t, 0, p->colour, p->out);
    strbuf_add(p->out, "\n");
    if (is_anyone_out(f)) {
        strbuf_add(p->out, "  ");
        paragraph(p, CELLS_OUT, 2, 7);
    }
    if (cells_has_unparsed(f)) {
        strbuf_add(p->out, "  ");
        paragraph(p, CELLS_PARSED, 2, 7);
    }
    notes(p, f, &s);
    left_out(p, &t, ", and they are below");
    table_done(&t);
    cells_summary_done(&s);
}

/* ---- one block a candidate --------------------------------------------- */

static void findings(const struct page *p, const struct candidate_facts *c)
{
    for (size_t i = 0; i < c->n_findings; i++) {
        const struct finding *finding = &c->findings[i];

        entry(p, 5, 10, fault_name(finding->fault), STYLE_WARN,
              finding->text);
        if (*finding->remedy) {
            strbuf_add(p->out, "               Remedy: ");
            paragraph(p, finding->remedy, 23, 15);
        }
    }
}

static void labelled(const struct page *p, struct listener_line *lines,
                     size_t n)
{
    for (size_t i = 0; i < n; i++)
        entry(p, 5, 10, lines[i].label,
              strcmp(lines[i].label, "marked") ? STYLE_FAINT : STYLE_WARN,
              lines[i].text);
    listener_done(lines, n);
}

static void listener(const struct page *p, const struct candidate_facts *c)
{
    struct listener_line lines[LISTENER_LINES];

    labelled(p, lines, listener_lines(c, lines));
}

static void board(const struct page *p, const struct candidate_facts *c)
{
    struct listener_line lines[BOARD_LINES];

    labelled(p, lines, board_lines(c, lines));
}

static void understanding(const struct page *p,
                          const struct candidate_facts *c)
{
    struct listener_line lines[UNDERSTANDING_LINES];

    labelled(p, lines, understanding_lines(c, lines));
}

static void times(const struct page *p, const struct candidate_facts *c)
{
    struct strbuf line;

    strbuf_init(&line, 4096);
    for (size_t i = 0; i < CELLS_DETAILS; i++) {
        struct strbuf one;

        strbuf_init(&one, 1024);
        cells_metric(c, cells_details[i],
                     metric_info[cells_details[i]].label, true, &one);
        if (one.len)
            strbuf_addf(&line, "%s%s", line.len ? ", " : "", one.text);
        strbuf_done(&one);
    }
    entry(p, 5, 10, "measured", STYLE_FAINT, line.text);
    strbuf_done(&line);
}

static void predicted(const struct page *p, const struct candidate_facts *c)
{
    struct strbuf line;

    strbuf_init(&line, 4096);
    cells_predicted(c, &line);
    entry(p, 5, 10, "predicted", STYLE_FAINT, line.text);
    strbuf_done(&line);
}

static void cases(const struct page *p, const struct candidate_facts *c)
{
    for (size_t i = 0; i < c->n_quality; i++) {
        struct strbuf line;

        strbuf_init(&line, 1 << 16);
        cells_quality(&c->quality[i], &line);
        entry(p, 5, 10, "cases", STYLE_FAINT, line.text);
        strbuf_done(&line);
    }
}

static void candidate(const struct page *p, const struct facts *f, size_t i)
{
    const struct candidate_facts *c = &f->candidates[i];
    char *title = mem_printf("%3s  %s: %s%s", cells_rank(f, i).text, c->name,
                             cells_verdict(c->verdict),
                             c->status == STATUS_PARTIAL ? ", incomplete"
                             : c->status == STATUS_SKIPPED ? ", skipped"
                                                           : "");
    char *safe = utf8_printable(title, strlen(title));
    struct strbuf line;

    strbuf_init(&line, strlen(safe) * 16 + 64);
    strbuf_addn(&line, safe, 5);
    wrap_add(&line, safe + 5, 5, 5, p->prose);
    strbuf_add(p->out, "\n");
    term_add(p->out, p->colour, STYLE_STRONG, line.text);
    strbuf_add(p->out, "\n");
    strbuf_done(&line);
    free(safe);
    free(title);

    entry(p, 5, 10, "failed", STYLE_BAD, c->failure);
    /* the winner's reason stands at the top */
    if (c->reason && c != cells_winner(f) &&
        (!c->failure || strcmp(c->reason, c->failure) != 0))
        entry(p, 5, 10, c->passes_gates ? "why" : "why out", STYLE_STRONG,
              c->reason);
    findings(p, c);
    cases(p, c);
    originals_text(p->out, &c->understanding.originals, 5, p->colour,
                   p->columns);
    understanding(p, c);
    listener(p, c);
    times(p, c);
    board(p, c);
    predicted(p, c);
}

/* ---- the foot ---------------------------------------------------------- */

/* Every distinct engine once. */
static void engines(const struct page *p, const struct facts *f)
{
    struct strbuf seen;

    strbuf_init(&seen, 1 << 20);
    for (size_t i = 0; i < f->n_candidates; i++) {
        struct strbuf one;

        strbuf_init(&one, 1 << 16);
        cells_engine(&f->candidates[i], &one);
        if (one.len && !strstr(seen.text, one.text))
            strbuf_addf(&seen, "%s%s", seen.len ? "; " : "", one.text);
        strbuf_done(&one);
    }
    entry(p, 0, 10, "Engine", STYLE_FAINT, seen.text);
    strbuf_done(&seen);
}

static void fill_mode(struct table *t, const struct mode_facts *m)
{
    char *mode = cells_short(m->name);

    for (size_t i = 0; i < m->n; i++) {
        const struct mode_cell *c = &m->cells[i];

        table_add_cell(t, STYLE_STRONG, mode);
        table_add_cell(t, STYLE_PLAIN, c->name);
        table_add_cell(t, cells_verdict_style(c->verdict),
                       cells_verdict(c->verdict));
        table_add_cell(t, STYLE_PLAIN,
                       units_value(c->first_sentence_s, "s", 2).text);
        table_add_cell(t, STYLE_PLAIN, units_number(c->served_tok_s, 1).text);
        table_add_cell(t, STYLE_PLAIN,
                       units_number(c->energy_j_per_token, 2).text);
        table_add_cell(t, STYLE_PLAIN, units_number(c->power_w, 1).text);
        table_add_cell(t, STYLE_PLAIN, units_number(c->temp_peak_c, 1).text);
    }
    free(mode);
}

/* The modes that could be auditioned side by side, then what is to be said of
 * them and why others were not. */
static void modes(const struct page *p, const struct facts *f)
{
    struct table t = {0};

    if (f->n_modes == 0) return;
    strbuf_add(p->out, "\n");
    heading(p, STYLE_STRONG, "Power modes");
    table_add_column(&t, "mode", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "candidate", ALIGN_LEFT, 0, LEAST_NAME);
    table_add_column(&t, "verdict", ALIGN_LEFT, 0, 0);
    table_add_column(&t, "first\nsentence", ALIGN_RIGHT, 3, 0);
    table_add_column(&t, "tok/s", ALIGN_RIGHT, 0, 0);
    table_add_column(&t, "J per\ntoken", ALIGN_RIGHT, 4, 0);
    table_add_column(&t, "W", ALIGN_RIGHT, 1, 0);
    table_add_column(&t, "most\n°C", ALIGN_RIGHT, 2, 0);
    for (size_t i = 0; i < f->n_modes; i++) fill_mode(&t, &f->modes[i]);
    table_fit(&t, p->columns);
    if (t.n_cells) {
        strbuf_add(p->out, "\n");
        table_print(&t, 0, p->colour, p->out);
        left_out(p, &t, "");
    }
    for (size_t i = 0; i < f->n_modes; i++) {
        char *note = mode_facts_note(&f->modes[i]);
        char *line = mem_printf("%s: %s", f->modes[i].name, note ? note : "");

        if (note) strbuf_add(p->out, "\n  ");
        if (note) paragraph(p, line, 2, 4);
        free(line);
        free(note);
    }
    table_done(&t);
}

static void foot(const struct page *p, const struct facts *f)
{
    struct strbuf line;

    strbuf_init(&line, 1 << 20);
    cells_machine(f, &line);
    strbuf_add(p->out, "\n");
    entry(p, 0, 10, "Machine", STYLE_FAINT, line.text);
    engines(p, f);
    strbuf_clear(&line);
    cells_method(f, &line);
    strbuf_add(&line, "; [ ] is the 95 % interval of a median or a "
                      "rate; METHOD.md has a section for each name");
    entry(p, 0, 10, "Method", STYLE_FAINT, line.text);
    strbuf_clear(&line);
    cells_settings(f, &line);
    entry(p, 0, 10, "Settings", STYLE_FAINT, line.text);
    strbuf_clear(&line);
    strbuf_addf(&line, "%s of %s, started %s, audition %s",
                f->run_id ? f->run_id : UNITS_MISSING,
                f->config_name ? f->config_name : UNITS_MISSING,
                f->started_utc ? f->started_utc : UNITS_MISSING,
                f->version ? f->version : UNITS_MISSING);
    entry(p, 0, 10, "Run", STYLE_FAINT, line.text);
    strbuf_done(&line);
}

static void render(const struct facts *f, bool colour, int columns,
                   struct strbuf *out)
{
    struct page p = {.out = out, .colour = colour, .columns = columns};

    p.prose = columns > 0 && columns < PROSE_COLUMNS ? columns
                                                     : PROSE_COLUMNS;
    answer(&p, f);
    if (f->n_candidates) results(&p, f);
    for (size_t i = 0; i < f->n_candidates; i++) candidate(&p, f, i);
    modes(&p, f);
    foot(&p, f);
}

const struct report_ops report_text = {
    .name = "table", .help = "for a terminal: the answer, one table, then why",
    .render = render,
};
