/* SPDX-License-Identifier: MIT */
/* preflight_thinking.c - which switch stops a model from reasoning before it
 * answers. Tried one after the other on a real question until an answer comes
 * without a thought; a template option that changes no rendering is not worth
 * a question. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "preflight_internal.h"

#define ANSWER_TOKENS 64      /* a thought shows in the first few */
#define TRIES_MAX     5       /* questions: each costs an answer  */

enum where { IN_TEMPLATE, IN_ENGINE, IN_SYSTEM };

/* In the order in which they are tried: what a template knows is sure, the
 * engine only cuts the thought short, and a line of prompt is a request.
 * llama-server's --reasoning off is its name for enable_thinking=false. */
static const struct thinking_switch {
    const char *words;        /* as reports say it                           */
    enum where  where;
    const char *json;         /* template options or request settings        */
    const char *args[2];      /* IN_ENGINE: the same for the command line    */
    const char *line;         /* IN_SYSTEM                                   */
} switches[] = {
    {"enable_thinking=false", IN_TEMPLATE, "{\"enable_thinking\": false}",
     {NULL, NULL}, NULL},
    {"thinking=false", IN_TEMPLATE, "{\"thinking\": false}", {NULL, NULL},
     NULL},
    {"reasoning_effort=none", IN_TEMPLATE, "{\"reasoning_effort\": \"none\"}",
     {NULL, NULL}, NULL},
    {"thinking_budget=0", IN_TEMPLATE, "{\"thinking_budget\": 0}",
     {NULL, NULL}, NULL},
    {"thinking_mode=disabled", IN_TEMPLATE,
     "{\"thinking_mode\": \"disabled\"}", {NULL, NULL}, NULL},
    {"--reasoning-budget 0", IN_ENGINE, "{\"reasoning_budget_tokens\": 0}",
     {"--reasoning-budget", "0"}, NULL},
    {"/no_think in the system prompt", IN_SYSTEM, NULL, {NULL, NULL},
     "/no_think"},
    {"\"detailed thinking off\" in the system prompt", IN_SYSTEM, NULL,
     {NULL, NULL}, "detailed thinking off"},
};

static json_t *parsed(const char *text)
{
    struct err ignored = {0};

    return text ? jsonx_parse(text, strlen(text), &ignored) : NULL;
}

/* Does the user's own setting say something about it already? */
static bool is_set(const json_t *options, const json_t *wanted)
{
    const char *key = json_object_iter_key(
        json_object_iter((json_t *)(uintptr_t)wanted));

    return key && json_object_get(options, key);
}

/* Does an option change what the template writes? Where the engine renders
 * nothing, that is for the answer to show. */
static bool changes_prompt(struct flight *f, const struct trial *question,
                           json_t *tools, const json_t *option)
{
    json_t    *with = flight_merged(f->kwargs, option);
    struct err why;
    char      *before, *after;
    bool       changes;

    if (!f->can_render) {
        json_decref(with);
        return true;
    }
    before = flight_render(f, question, question->n_messages, tools, f->kwargs,
                           &why);
    after = flight_render(f, question, question->n_messages, tools, with,
                          &why);
    changes = before && after && strcmp(before, after) != 0;
    free(before);
    free(after);
    json_decref(with);
    return changes;
}

/* Can this switch mean anything for this engine and template? */
static bool is_worth_a_try(struct flight *f, const struct thinking_switch *s,
                           const struct trial *question, json_t *tools,
                           const json_t *setting)
{
    enum source source = f->how->candidate->source;

    switch (s->where) {
    case IN_TEMPLATE:
        return !is_set(f->kwargs, setting) &&
               changes_prompt(f, question, tools, setting);
    case IN_ENGINE:
        /* Flags are for a server that we start, and for llama-server. */
        return f->can_render && !is_set(f->sampling, setting) &&
               (source == SOURCE_FILE || source == SOURCE_HF);
    default:
        return f->out->system == SYSTEM_KEPT ||
               f->out->system == SYSTEM_MERGED ||
               f->out->system == SYSTEM_UNKNOWN;
    }
}

/* The question with one more line in its system message. */
static void with_line(const struct trial *question, const char *line,
                      struct trial *out)
{
    *out = (struct trial){0};
    for (size_t i = 0; i < question->n_messages; i++) {
        const struct message *m = &question->messages[i];
        char *text = strcmp(m->role, "system") == 0
                   ? mem_printf("%s\n%s", m->text, line) : mem_copy(m->text);

        trial_add_message(out, m->role, text);
        free(text);
    }
}

/* Asks once with the switch in place. Did an answer come without a thought? */
static bool works(struct flight *f, const struct thinking_switch *s,
                  const struct trial *question, json_t *tools,
                  const json_t *setting)
{
    struct trial lined = {0};
    struct turn  answer;
    struct err   why;
    json_t     **place = s->where == IN_TEMPLATE ? &f->kwargs : &f->sampling;
    json_t      *before = *place;
    bool         does = false;

    if (s->where == IN_SYSTEM) with_line(question, s->line, &lined);
    else *place = flight_merged(before, setting);
    if (flight_ask(f, s->where == IN_SYSTEM ? &lined : question, tools,
                   ANSWER_TOKENS, &answer, &why) == 0 &&
        !flight_reasons(&answer)) {
        char *speech = flight_speech(&answer);

        does = answer.n_calls > 0 || speech[strspn(speech, " \t\r\n")];
        if (does && !tools && answer.finish != FINISH_LENGTH)
            flight_note_end(f, &answer);
        free(speech);
    }
    turn_done(&answer);
    trial_done(&lined);
    if (s->where == IN_SYSTEM) {
        if (does) f->suffix = s->line;
    } else if (does) {
        json_decref(before);
    } else {
        json_decref(*place);
        *place = before;
    }
    return does;
}

static void note_success(struct preflight *out, const struct thinking_switch *s,
                         const json_t *setting)
{
    out->can_disable = 1;
    out->disabled_by = mem_copy(s->words);
    if (s->where == IN_TEMPLATE)
        out->template_kwargs = json_deep_copy(setting);
    for (size_t i = 0; s->where == IN_ENGINE && i < 2; i++)
        text_list_add(&out->more_args, s->args[i]);
    if (s->where == IN_SYSTEM) out->system_suffix = mem_copy(s->line);
}

/* Is what will be done to the engine exactly what this switch does? */
static bool is_switch(const struct preflight *p,
                      const struct thinking_switch *s)
{
    json_t *setting = parsed(s->json);
    bool    is;

    switch (s->where) {
    case IN_TEMPLATE:
        is = json_equal(p->template_kwargs, setting) && !p->more_args.n &&
             !p->system_suffix;
        break;
    case IN_ENGINE:
        is = !p->template_kwargs && p->more_args.n == 2 &&
             strcmp(p->more_args.items[0], s->args[0]) == 0 &&
             strcmp(p->more_args.items[1], s->args[1]) == 0 &&
             !p->system_suffix;
        break;
    default:
        is = !p->template_kwargs && !p->more_args.n && p->system_suffix &&
             strcmp(p->system_suffix, s->line) == 0;
    }
    json_decref(setting);
    return is;
}

void preflight_check_switch(struct preflight *p)
{
    if (!p->template_kwargs && !p->more_args.n && !p->system_suffix) return;
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (is_switch(p, &switches[i])) return;
    json_decref(p->template_kwargs);
    p->template_kwargs = NULL;
    text_list_done(&p->more_args);
    free(p->system_suffix);
    p->system_suffix = NULL;
    free(p->disabled_by);
    p->disabled_by = NULL;
    p->can_disable = -1;
}

void flight_stop_thinking(struct flight *f, const struct trial *question,
                          json_t *tools)
{
    struct strbuf tried;
    int           asked = 0;

    strbuf_init(&tried, 1000);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        const struct thinking_switch *s = &switches[i];
        json_t *setting = parsed(s->json);

        if (asked < TRIES_MAX && f->out->can_disable != 1 &&
            f->fatal.kind == ERR_NONE &&
            is_worth_a_try(f, s, question, tools, setting)) {
            asked++;
            if (works(f, s, question, tools, setting))
                note_success(f->out, s, setting);
            else
                strbuf_addf(&tried, "%s%s", tried.len ? ", " : "", s->words);
        }
        json_decref(setting);
    }
    if (f->out->can_disable < 0 && f->fatal.kind == ERR_NONE)
        f->out->can_disable = 0;
    if (tried.len) f->out->tried = mem_copy(tried.text);
    strbuf_done(&tried);
}
