/* SPDX-License-Identifier: MIT */
/* listener.c - see listener.h. */
#include "report/listener.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "report/cells.h"

/* The next part of a sentence; what follows "; " is a thought of its own. */
static void part(struct strbuf *out, const char *between)
{
    if (out->len) strbuf_add(out, between);
}

/* ---- the first words --------------------------------------------------- */

static void speaks(const struct candidate_facts *c, struct strbuf *out)
{
    static const struct {
        enum metric_id metric;
        const char    *name_behind;   /* its name behind the one before */
    } parts[] = {
        {METRIC_first_clause_s, NULL},
        {METRIC_first_sentence_s, NULL},
        {METRIC_first_sentence_cold_s, "cold"},
        {METRIC_underrun_s, NULL},
        {METRIC_tool_turn_s, NULL},
        {METRIC_tool_turn_parallel_s, "parallel calls"},
        {METRIC_cold_start_s, NULL},
    };
    bool is_behind = false;   /* the part before is there */

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        enum metric_id id       = parts[i].metric;
        bool           is_short = is_behind && parts[i].name_behind;

        is_behind = isfinite(c->metrics[id].median);
        if (!is_behind) continue;
        part(out, is_short ? ", " : "; ");
        cells_metric(c, id, is_short ? parts[i].name_behind
                                     : metric_info[id].label,
                     id == METRIC_first_sentence_s, out);
    }
}

static void certified(const struct candidate_facts *c, struct strbuf *out)
{
    enum metric_id       id = METRIC_first_sentence_s;
    const struct metric *m  = &c->metrics[id];
    size_t               at = CERTIFIED;   /* the highest that there is */

    if (m->n <= 0) return;
    for (size_t i = 0; i < CERTIFIED; i++)
        if (isfinite(m->certified[i])) at = i;
    strbuf_addf(out, "%s of %ld %s: ", metric_info[id].label, m->n,
                m->n == 1 ? "answer" : "answers");
    if (at < CERTIFIED)
        strbuf_addf(out, "%s %s", certified_name[at],
                    units_value(m->certified[at], "s", 2).text);
    for (size_t i = at < CERTIFIED ? at + 1 : 0; i < CERTIFIED; i++)
        strbuf_addf(out, "%s%s " UNITS_MISSING " (needs %d)",
                    i ? ", " : "", certified_name[i], certified_needs[i]);
}

/* ---- the conversation -------------------------------------------------- */

static void add_turn(const struct turn_facts *t, const char *before,
                     const char *behind, struct strbuf *out)
{
    strbuf_addf(out, "%sturn %d %s%s", before, t->turn,
                units_value(t->first_sentence_s, "s", 2).text, behind);
}

static void add_reread(const struct candidate_facts *c, struct strbuf *out)
{
    double most = NAN;

    for (size_t i = 0; i < c->n_turns; i++)
        most = fmax(most, c->turns[i].reread_tokens);
    if (isfinite(most))
        strbuf_addf(out, "; read again although unchanged: %s%s tokens%s",
                    most > 0 ? "up to " : "", units_number(most, 0).text,
                    most > 0 ? " a turn" : "");
}

static void turns(const struct candidate_facts *c, struct strbuf *out)
{
    const struct turn_facts *first = NULL, *last = NULL, *slowest = NULL;

    for (size_t i = 0; i < c->n_turns; i++) {
        const struct turn_facts *t = &c->turns[i];

        if (!isfinite(t->first_sentence_s)) continue;
        if (!first) first = t;
        last = t;
        if (!slowest || t->first_sentence_s > slowest->first_sentence_s)
            slowest = t;
    }
    if (!c->n_turns) return;
    if (!first) strbuf_add(out, "no spoken sentence in any turn");
    else add_turn(first, "", "", out);
    if (slowest != first && slowest != last)
        add_turn(slowest, " … ", " (slowest)", out);
    if (last != first) add_turn(last, " … ", "", out);
    add_reread(c, out);
}

/* ---- the prompt -------------------------------------------------------- */

static void entities(const struct candidate_facts *c, struct strbuf *out)
{
    const struct cliff_facts *cliff = &c->cliff;

    if (cliff->n && cliff->max_entities == 0)
        strbuf_addf(out, "even without entities a first token takes longer "
                    "than %s s, cold", cells_number(cliff->limit_s).text);
    else if (cliff->n && isfinite(cliff->max_entities))
        strbuf_addf(out, "at %s %s %s for a first token within %s s, cold",
                    cliff->is_bound ? "least" : "most",
                    units_number(cliff->max_entities, 0).text,
                    cliff->max_entities == 1 ? "entity" : "entities",
                    cells_number(cliff->limit_s).text);
    if (cliff->n && isfinite(cliff->knee_tokens)) {
        part(out, "; ");
        strbuf_addf(out, "knee at %s tokens",
                    units_number(cliff->knee_tokens, 0).text);
    }
    /* Who was not auditioned has said why already. */
    if (!*cliff->reason || (!cliff->n && c->failure)) return;
    if (!cliff->n && strcmp(cliff->reason, "not measured") != 0)
        strbuf_add(out, "not measured: ");
    part(out, cliff->n ? "; " : "");
    strbuf_add(out, cliff->reason);
}

static void calls(const struct candidate_facts *c, struct strbuf *out)
{
    const struct call_facts *k = &c->calls;

    if (k->wanted == 0 || k->rate_if_parsed <= k->rate) return;
    strbuf_addf(out, "of %ld cases that need a tool, one was called in %s as "
                "served, in %s if what stood in the text were parsed",
                k->wanted, units_rate(k->rate).text,
                units_rate(k->rate_if_parsed).text);
}

static void thinks(const struct candidate_facts *c, struct strbuf *out)
{
    const struct reasoning_facts *r = &c->reasoning;

    if (r->answers > 0 && (r->leak_rate > 0 || r->empty_rate > 0))
        strbuf_addf(out, "of %ld answers %s speak their reasoning, %s hold "
                    "nothing else", r->answers,
                    units_rate(r->leak_rate).text,
                    units_rate(r->empty_rate).text);
    /* nothing was tried: nothing is known */
    if (r->can_disable < 0 || (r->can_disable == 0 && !*r->how)) return;
    part(out, "; ");
    if (r->can_disable)
        strbuf_addf(out, "switched off%s%s", *r->how ? " by " : "", r->how);
    else
        strbuf_addf(out, "cannot be switched off; tried: %s", r->how);
}

/* ---- the engine -------------------------------------------------------- */

static void add_savings(const struct candidate_facts *c, struct strbuf *out)
{
    for (size_t i = 0; i < c->n_serving; i++) {
        const struct serving_variant *v = &c->serving[i];

        if (!v->is_sure || !(v->saves_ms_per_token > 0)) continue;
        part(out, "; ");
        strbuf_addf(out, "%s saves %s a token", v->name,
                    units_value(v->saves_ms_per_token, "ms", 2).text);
    }
}

static void serving(const struct candidate_facts *c, struct strbuf *out)
{
    const struct metric *cost = &c->metrics[METRIC_serving_ms_per_token];
    double engine = c->metrics[METRIC_engine_tok_s].median;
    double served = c->metrics[METRIC_served_tok_s].median;

    if (isfinite(engine) && isfinite(served))
        strbuf_addf(out, "engine %s tok/s, served %s",
                    units_number(engine, 1).text,
                    units_number(served, 1).text);
    if (isfinite(cost->median)) {
        part(out, ": ");
        strbuf_addf(out, "%s a token",
                    units_value(cost->median, "ms", 2).text);
    }
    add_savings(c, out);
}

static void beside(const struct candidate_facts *c, struct strbuf *out)
{
    if (c->beside) strbuf_add(out, c->beside);
}

/* ---- all of them ------------------------------------------------------- */

static char *why_nothing(const struct candidate_facts *c)
{
    const char *reason = c->metrics[METRIC_first_sentence_s].reason;

    return *reason ? mem_printf("not measured: %s", reason) : NULL;
}

size_t listener_lines(const struct candidate_facts *c,
                      struct listener_line *out)
{
    static const struct {
        const char *label, *section;
        void      (*write)(const struct candidate_facts *, struct strbuf *);
    } subjects[LISTENER_LINES] = {
        {"speaks", "first_sentence_s", speaks},
        {"certified", "intervals", certified},
        {"turns", "turn-2-to-n", turns},
        {"entities", "prefill-cliff", entities},
        {"calls", "quality", calls},
        {"thinks", "reasoning", thinks},
        {"serving", "serving_ms_per_token", serving},
        {"beside", NULL, beside},
    };
    size_t n = 0;
    char  *why;

    for (size_t i = 0; i < LISTENER_LINES; i++) {
        struct strbuf line;

        strbuf_init(&line, 1 << 16);
        subjects[i].write(c, &line);
        if (line.len)
            out[n++] = (struct listener_line){
                subjects[i].label, subjects[i].section, strbuf_take(&line)};
        strbuf_done(&line);
    }
    why = n || c->failure ? NULL : why_nothing(c);
    if (why)
        out[n++] = (struct listener_line){subjects[0].label,
                                          subjects[0].section, why};
    return n;
}

void listener_done(struct listener_line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) free(lines[i].text);
}
