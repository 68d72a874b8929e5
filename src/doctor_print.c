/* SPDX-License-Identifier: MIT */
/* doctor_print.c - what the doctor found, for people and for programs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/term.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/wrap.h"
#include "doctor.h"
#include "machine_json.h"

#define PAGE_BYTES (1u << 20)

/* ---- for people -------------------------------------------------------- */

struct page {
    struct strbuf out;
    struct term   term;
};

static char *printable(const char *text)
{
    return utf8_printable(text ? text : "", text ? strlen(text) : 0);
}

/* A word in a style, then text in as many lines as the terminal needs. */
static void line(struct page *p, int indent, enum style style,
                 const char *word, const char *text)
{
    char *safe = printable(text);
    int   columns = p->term.columns > 0 ? p->term.columns : 80;

    for (int i = 0; i < indent; i++) strbuf_add(&p->out, " ");
    term_add(&p->out, p->term.colour, style, word);
    wrap_add(&p->out, safe, indent + utf8_width(word), indent + 2, columns);
    strbuf_add(&p->out, "\n");
    free(safe);
}

static void print_finding(struct page *p, const struct finding *f)
{
    char word[80];

    /* What is only told needs no colour. */
    snprintf(word, sizeof word, "%s (%s): ", f->kind,
             f->fault == FAULT_HARNESS ? "this machine"
                                       : fault_name(f->fault));
    line(p, 2, strcmp(f->kind, "thinking_switched_off") == 0 ? STYLE_PLAIN
               : STYLE_WARN, word, f->text);
    line(p, 4, STYLE_PLAIN, "remedy: ", f->remedy);
}

static void add_fact(struct strbuf *out, const char *name, const char *value)
{
    if (value)
        strbuf_addf(out, "%s%s %s", out->len ? ", " : "", name, value);
}

static const char *truth(int value)
{
    return value < 0 ? NULL : value ? "yes" : "no";
}

static void print_preflight(struct page *p, const struct preflight *f)
{
    struct strbuf facts;

    strbuf_init(&facts, PAGE_BYTES);
    add_fact(&facts, "present", truth(f->has_template));
    add_fact(&facts, "tools", tools_support_name(f->tools));
    add_fact(&facts, "system prompt", system_support_name(f->system));
    add_fact(&facts, "history", history_support_name(f->history));
    add_fact(&facts, "parallel calls", truth(f->shows_parallel_calls));
    if (facts.len) line(p, 2, STYLE_FAINT, "template: ", facts.text);
    strbuf_clear(&facts);
    add_fact(&facts, "ends its turn", truth(f->ends_turn));
    add_fact(&facts, "calls a tool",
             f->text_call ? "as text" : truth(f->called));
    add_fact(&facts, "thinks", f->can_disable == 1 ? "switched off"
                                                   : truth(f->thinks));
    if (facts.len) line(p, 2, STYLE_FAINT, "model: ", facts.text);
    strbuf_done(&facts);
}

static void print_candidate(struct page *p, const struct doctor_candidate *c)
{
    size_t n = c->preflight.n_findings;
    char   words[100], *name = printable(c->name);

    strbuf_add(&p->out, "\n");
    term_add(&p->out, p->term.colour, STYLE_STRONG, name);
    if (n == 0) snprintf(words, sizeof words, "nothing wrong was found%s",
                         c->preflight.system == SYSTEM_UNKNOWN
                         ? " in its answers; its template cannot be examined"
                         : "");
    else snprintf(words, sizeof words, "%zu finding%s", n, n == 1 ? "" : "s");
    strbuf_addf(&p->out, ": %s\n", c->answered ? words
                                              : "cannot be auditioned");
    free(name);
    if (!c->answered) line(p, 2, STYLE_BAD, "why: ", c->failure.text);
    if (c->was_examined) print_preflight(p, &c->preflight);
    for (size_t i = 0; i < n; i++) print_finding(p, &c->preflight.findings[i]);
}

static void print_engine(struct page *p, const struct doctor *d)
{
    struct strbuf text;

    strbuf_init(&text, PAGE_BYTES);
    if (!d->engine.path) {
        line(p, 0, STYLE_BAD, "engine: ", d->engine_failure.text);
    } else {
        strbuf_addf(&text, "%s", d->engine.path);
        if (d->engine.build > 0)
            strbuf_addf(&text, ", build %d", d->engine.build);
        strbuf_add(&text, d->llama_bench ? ", llama-bench beside it" : "");
        line(p, 0, STYLE_PLAIN, "engine: ", text.text);
    }
    strbuf_done(&text);
}

static void print_machine(struct page *p, const struct doctor *d)
{
    const struct machine *m = &d->machine;
    struct strbuf         text;

    strbuf_init(&text, PAGE_BYTES);
    if (m->board) strbuf_addf(&text, "%s, ", m->board);
    if (m->cpu) strbuf_addf(&text, "%s, ", m->cpu);
    if (m->cores > 0)
        strbuf_addf(&text, "%d core%s, ", m->cores, m->cores == 1 ? "" : "s");
    strbuf_addf(&text, "%s memory", units_bytes(m->memory_bytes).text);
    strbuf_addf(&text, " of which %s can be had",
                units_bytes(m->available_bytes).text);
    if (m->os) strbuf_addf(&text, ", %s", m->os);
    line(p, 0, STYLE_PLAIN, "machine: ", text.text);
    strbuf_clear(&text);
    strbuf_addf(&text, "%s %s be written to", d->folder,
                d->can_write ? "can" : "cannot");
    line(p, 0, STYLE_PLAIN, "results: ", text.text);
    strbuf_done(&text);
}

/* What could not be looked at, in one line each. */
static void print_unseen(struct page *p, const struct doctor *d)
{
    char text[320];

    for (size_t i = 0; i < d->unseen.n; i++)
        line(p, 2, STYLE_FAINT, "not seen: ", d->unseen.items[i]);
    for (size_t i = 0; i < d->n_rights; i++) {
        const struct right *r = &d->rights[i];

        snprintf(text, sizeof text, "%s; %s", r->what, r->remedy);
        line(p, 2, STYLE_FAINT, "cannot be read: ", text);
    }
}

void doctor_print(const struct doctor *d, bool no_color)
{
    struct page p = {.term = term_of(STDOUT_FILENO)};

    if (no_color) p.term.colour = false;
    strbuf_init(&p.out, PAGE_BYTES);
    print_engine(&p, d);
    print_machine(&p, d);
    for (size_t i = 0; i < d->n_findings; i++)
        print_finding(&p, &d->findings[i]);
    print_unseen(&p, d);
    for (size_t i = 0; i < d->n; i++) print_candidate(&p, &d->candidates[i]);
    if (d->n == 0)
        strbuf_add(&p.out, "\nNo candidate was named; with -m MODEL or a "
                   "config, each one's template is examined.\n");
    fputs(p.out.text, stdout);
    strbuf_done(&p.out);
}

/* ---- for programs ------------------------------------------------------ */

static json_t *engine_json(const struct doctor *d)
{
    const struct llama_binary *b = &d->engine;
    json_t *o = json_object();

    jsonx_set_text(o, "path", b->path);
    json_object_set_new(o, "build", b->build > 0 ? json_integer(b->build)
                                                 : json_null());
    jsonx_set_text(o, "failure", b->path ? NULL : d->engine_failure.text);
    jsonx_set_text(o, "llama_bench", d->llama_bench);
    json_object_set_new(o, "has_jinja", json_boolean(b->has_jinja));
    json_object_set_new(o, "has_fit", json_boolean(b->has_fit));
    json_object_set_new(o, "has_cache_ram", json_boolean(b->has_cache_ram));
    json_object_set_new(o, "has_ngl_all", json_boolean(b->has_ngl_all));
    json_object_set_new(o, "has_template_kwargs",
                        json_boolean(b->has_template_kwargs));
    return o;
}

static json_t *candidate_json(const struct doctor_candidate *c)
{
    json_t *o = json_object();

    jsonx_set_text(o, "name", c->name);
    jsonx_set_text(o, "status", c->answered ? "answered" : "failed");
    jsonx_set_text(o, "failure", c->answered ? NULL : c->failure.text);
    jsonx_set_text(o, "failure_kind", failure_kind_name(c->failure.kind));
    jsonx_set_text(o, "server", c->server);
    jsonx_set_number(o, "load_s", c->load_s);
    json_object_set_new(o, "template", c->was_examined
                        ? preflight_json(&c->preflight) : json_null());
    return o;
}

static void add_findings(json_t *list, const char *candidate,
                         const struct finding *findings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();

        jsonx_set_text(o, "candidate", candidate);
        jsonx_set_text(o, "kind", findings[i].kind);
        jsonx_set_text(o, "fault", fault_name(findings[i].fault));
        jsonx_set_text(o, "text", findings[i].text);
        jsonx_set_text(o, "remedy", findings[i].remedy);
        json_array_append_new(list, o);
    }
}

static json_t *holders_json(const struct doctor *d)
{
    json_t *list = json_array();

    for (size_t i = 0; i < d->n_holders; i++) {
        const struct holder *h = &d->holders[i];
        json_t              *o = json_object();

        jsonx_set_integer(o, "pid", h->pid);
        jsonx_set_text(o, "name", *h->name ? h->name : NULL);
        jsonx_set_text(o, "user", *h->user ? h->user : NULL);
        jsonx_set_number(o, "memory_bytes", h->memory_bytes);
        jsonx_set_number(o, "gpu_bytes", h->gpu_bytes);
        json_object_set_new(o, "holds_gpu", json_boolean(h->holds_gpu));
        jsonx_set_text(o, "command", *h->command ? h->command : NULL);
        jsonx_set_text(o, "free_command",
                       *h->free_command ? h->free_command : NULL);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *permissions_json(const struct doctor *d)
{
    json_t *o = json_object(), *rights = json_array(), *unseen = json_array();

    for (size_t i = 0; i < d->n_rights; i++) {
        json_t *r = json_object();

        jsonx_set_text(r, "path", d->rights[i].path);
        jsonx_set_text(r, "what", d->rights[i].what);
        jsonx_set_text(r, "remedy", d->rights[i].remedy);
        json_array_append_new(rights, r);
    }
    for (size_t i = 0; i < d->unseen.n; i++)
        jsonx_add_text(unseen, d->unseen.items[i]);
    jsonx_set_text(o, "folder", d->folder);
    json_object_set_new(o, "can_write", json_boolean(d->can_write));
    json_object_set_new(o, "unreadable", rights);
    json_object_set_new(o, "unseen", unseen);
    return o;
}

json_t *doctor_json(const struct doctor *d)
{
    json_t *o = json_object(), *list = json_array(), *found = json_array();

    add_findings(found, NULL, d->findings, d->n_findings);
    for (size_t i = 0; i < d->n; i++) {
        const struct doctor_candidate *c = &d->candidates[i];

        json_array_append_new(list, candidate_json(c));
        add_findings(found, c->name, c->preflight.findings,
                     c->preflight.n_findings);
    }
    jsonx_set_integer(o, "schema_version", SCHEMA_VERSION);
    json_object_set_new(o, "stopped", json_boolean(d->is_stopped));
    json_object_set_new(o, "engine", engine_json(d));
    json_object_set_new(o, "candidates", list);
    json_object_set_new(o, "machine", machine_json(&d->machine));
    json_object_set_new(o, "holders", holders_json(d));
    json_object_set_new(o, "permissions", permissions_json(d));
    json_object_set_new(o, "findings", found);
    return o;
}
