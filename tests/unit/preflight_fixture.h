/* SPDX-License-Identifier: MIT */
/* preflight_fixture.h - an engine whose template is a table of habits and
 * whose model is a script. */
#ifndef PREFLIGHT_FIXTURE_H
#define PREFLIGHT_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "preflight.h"

enum habit { FINE, MERGES, DROPS, REFUSES };

struct fake {
    /* ---- the template ---- */
    enum habit  system, tools, calls, results;
    bool        tools_in_last_user;  /* as some makers have it               */
    bool        keeps_last_call_only, says_none, loses_unicode;
    bool        strips_thoughts, doubles_bos, adds_no_bos;
    const char *error;               /* of every rendering                   */
    bool        hangs;
    const char *option;              /* a template option that changes the
                                        prompt, NULL: there is none          */
    /* ---- the model ---- */
    const char *plain, *plain_reasoning;       /* its answers                */
    const char *tool_text, *tool_reasoning;    /* NULL: a structured call    */
    const char *obeys;               /* what ends its reasoning: the option,
                                        a request setting, a line            */
    enum finish finish;              /* FINISH_NONE: FINISH_STOP             */
    enum err_kind chat_fails;        /* with this kind                       */
    int         refuses_tools;       /* with this HTTP status                */
    bool        is_dead;
    /* ---- what happened ---- */
    int         renders, chats;
    json_t     *last_kwargs, *last_sampling;
    char       *last_system;
};

static void fake_done(struct fake *f)
{
    json_decref(f->last_kwargs);
    json_decref(f->last_sampling);
    free(f->last_system);
    f->last_kwargs = f->last_sampling = NULL;
    f->last_system = NULL;
}

/* ---- the template ------------------------------------------------------ */

static const char *without_thoughts(const char *text)
{
    const char *end = strstr(text, "</think>");

    return end ? end + strlen("</think>") : text;
}

static void write_calls(const struct fake *f, const struct turn *t,
                        struct strbuf *out)
{
    for (size_t i = 0; i < t->n_calls && f->calls == FINE; i++)
        if (!f->keeps_last_call_only || i + 1 == t->n_calls)
            strbuf_addf(out, "<call>%s %s</call>", t->calls[i].name,
                        t->calls[i].arguments);
}

static void write_message(const struct fake *f, const struct chat_request *r,
                          size_t i, struct strbuf *out)
{
    const struct message *m = &r->messages[i];
    const char           *text = m->text;

    if (strcmp(m->role, "assistant") == 0 && f->strips_thoughts)
        text = without_thoughts(text);
    if (strcmp(m->role, "assistant") == 0 && f->says_none && !*text)
        text = "None";
    if (strcmp(m->role, "tool") == 0 && f->results == DROPS) text = "";
    if (f->loses_unicode && strstr(text, "ü")) text = "???";
    strbuf_addf(out, "<|%s|>\n%s", m->role, text);
    if (m->turn >= 0) write_calls(f, &r->turns[m->turn], out);
    strbuf_add(out, "<|end|>\n");
}

static bool has_role(const struct chat_request *r, const char *role)
{
    for (size_t i = 0; i < r->n_messages; i++)
        if (strcmp(r->messages[i].role, role) == 0) return true;
    return false;
}

static int fake_render(void *self, const struct chat_request *r, char **text,
                       struct err *err)
{
    struct fake  *f = self;
    struct strbuf out;
    char         *tools = r->tools && f->tools == FINE ? jsonx_dump(r->tools)
                                                       : mem_copy("");

    f->renders++;
    if (f->hangs || f->error ||
        (f->system == REFUSES && has_role(r, "system")) ||
        (f->tools == REFUSES && r->tools) ||
        (f->results == REFUSES && has_role(r, "tool"))) {
        free(tools);
        return err_set(err, f->hangs ? ERR_TIMEOUT : ERR_FAILED, "%s",
                       f->hangs ? "no end within 10 s"
                       : f->error ? f->error : "Conversation roles!");
    }
    strbuf_init(&out, 1u << 20);
    if (!f->tools_in_last_user) strbuf_add(&out, tools);
    if (f->option && json_object_get(r->template_kwargs, f->option))
        strbuf_add(&out, "<|quiet|>");
    for (size_t i = 0; i < r->n_messages; i++) {
        bool is_system = strcmp(r->messages[i].role, "system") == 0;

        if (is_system && f->system == DROPS) continue;
        if (is_system && f->system == MERGES) {
            strbuf_addf(&out, "<|user|>\n%s\n\n%s<|end|>\n",
                        r->messages[i].text, r->messages[i + 1].text);
            i++;
            continue;
        }
        if (f->tools_in_last_user && i + 1 == r->n_messages)
            strbuf_add(&out, tools);
        write_message(f, r, i, &out);
    }
    strbuf_add(&out, "<|assistant|>\n");
    *text = strbuf_take(&out);
    strbuf_done(&out);
    free(tools);
    return 0;
}

static int fake_tokenize(void *self, const char *text, bool as_prompt,
                         int **ids, size_t *n, struct err *err)
{
    struct fake *f = self;

    (void)as_prompt;
    (void)err;
    *ids = mem_new(4, sizeof **ids);
    *n = 0;
    if (!f->adds_no_bos) (*ids)[(*n)++] = 1;
    if (*text && f->doubles_bos) (*ids)[(*n)++] = 1;
    if (*text) (*ids)[(*n)++] = 7;
    return 0;
}

/* ---- the model --------------------------------------------------------- */

static bool is_told(const struct fake *f, const struct chat_request *r)
{
    const char *system = r->messages[0].text;

    return f->obeys && (json_object_get(r->template_kwargs, f->obeys) ||
                        json_object_get(r->sampling, f->obeys) ||
                        strstr(system, f->obeys));
}

static void say(char **where, const char *text)
{
    free(*where);
    *where = mem_copy(text ? text : "");
}

static int fake_chat(void *self, const struct chat_request *r,
                     struct turn *out, struct err *err)
{
    struct fake *f = self;

    f->chats++;
    json_decref(f->last_kwargs);
    json_decref(f->last_sampling);
    f->last_kwargs = r->template_kwargs ? json_deep_copy(r->template_kwargs)
                                        : NULL;
    f->last_sampling = r->sampling ? json_deep_copy(r->sampling) : NULL;
    say(&f->last_system, has_role(r, "system") ? r->messages[0].text : NULL);
    if (f->chat_fails)
        return err_set(err, f->chat_fails, "the answer was lost");
    if (r->tools && f->refuses_tools) {
        out->http_status = f->refuses_tools;
        return err_set(err, ERR_INPUT, "model does not support tools");
    }
    out->finish = f->finish ? f->finish : FINISH_STOP;
    if (r->tools && !f->tool_text) {
        out->calls = mem_new(1, sizeof *out->calls);
        out->calls[out->n_calls++] = (struct tool_call){
            .id = mem_copy("a"), .name = mem_copy("HassTurnOn"),
            .arguments = mem_copy("{}")};
    }
    say(&out->content, r->tools ? f->tool_text : f->plain ? f->plain
                                                          : "Paris.");
    if (!is_told(f, r))
        say(&out->reasoning, r->tools ? f->tool_reasoning
                                      : f->plain_reasoning);
    if (*out->reasoning && f->finish == FINISH_LENGTH) say(&out->content, "");
    return 0;
}

static bool fake_alive(void *self, struct err *why)
{
    const struct fake *f = self;

    if (f->is_dead) err_set(why, ERR_FAILED, "killed by signal 9");
    return !f->is_dead;
}

static const struct engine_ops fake_ops = {
    .name = "fake", .help = "a table and a script", .chat = fake_chat,
    .tokenize = fake_tokenize, .render = fake_render, .alive = fake_alive};

/* ---- running it -------------------------------------------------------- */

/* The facts and the candidate of an engine that hides nothing. */
struct stage {
    struct engine_facts  facts;
    struct candidate     candidate;
    struct preflight_how how;
};

static void stage_set(struct stage *s, struct fake *f)
{
    *s = (struct stage){
        .facts = {.has_template = 1, .supports_tools = 1,
                  .supports_tool_calls = 1, .supports_system_role = 1,
                  .has_completion = true}};
    s->candidate.name = (char *)(uintptr_t)"model";
    s->how = (struct preflight_how){
        .ops = &fake_ops, .engine = f, .facts = &s->facts,
        .candidate = &s->candidate};
}

static struct preflight preflight_of(struct fake *f)
{
    struct stage     s;
    struct preflight p;
    struct err       err = {0};

    stage_set(&s, f);
    if (preflight_run(&s.how, &p, &err)) fail_msg("%s", err.text);
    fake_done(f);
    return p;
}

static const struct finding *finding_of(const struct preflight *p,
                                        const char *kind)
{
    for (size_t i = 0; i < p->n_findings; i++)
        if (strcmp(p->findings[i].kind, kind) == 0) return &p->findings[i];
    return NULL;
}

/* Nothing but this was found (NULL: nothing at all). */
static void assert_only(const struct preflight *p, const char *kind)
{
    if (p->n_findings == (kind ? 1 : 0) && (!kind || finding_of(p, kind)))
        return;
    for (size_t i = 0; i < p->n_findings; i++)
        print_message("found %s: %s\n", p->findings[i].kind,
                      p->findings[i].text);
    fail_msg("wanted only %s", kind ? kind : "nothing");
}

#endif
