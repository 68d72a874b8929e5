/* SPDX-License-Identifier: MIT */
/* preflight.c - see preflight.h: the order of the questions, and how the
 * engine is asked. */
#include "preflight.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "preflight_internal.h"

const char *tools_support_name(enum tools_support t)
{
    static const char *const names[] = {
        [TOOLS_NATIVE] = "native", [TOOLS_GENERIC] = "generic",
        [TOOLS_TEXT_ONLY] = "text_only", [TOOLS_NONE] = "none"};

    return names[t];
}

const char *system_support_name(enum system_support s)
{
    static const char *const names[] = {
        [SYSTEM_KEPT] = "kept", [SYSTEM_MERGED] = "merged",
        [SYSTEM_DROPPED] = "dropped", [SYSTEM_REFUSED] = "refused"};

    return names[s];
}

const char *history_support_name(enum history_support h)
{
    static const char *const names[] = {
        [HISTORY_STABLE] = "stable", [HISTORY_REWRITTEN] = "rewritten"};

    return names[h];
}

bool preflight_drops_tools(const struct preflight *p)
{
    return p->has_template != 0 && p->tools == TOOLS_NONE;
}

void preflight_done(struct preflight *p)
{
    free(p->template_error);
    free(p->leaked_token);
    free(p->text_call);
    free(p->disabled_by);
    free(p->tried);
    json_decref(p->template_kwargs);
    text_list_done(&p->more_args);
    free(p->system_suffix);
    free(p->findings);
    *p = (struct preflight){0};
}

/* ---- asking the engine ------------------------------------------------- */

/* A failure that ends the preflight: a signal, or an engine that is gone. */
static void note_fatal(struct flight *f, const struct err *why)
{
    struct err death = {0};

    if (why->kind == ERR_STOPPED) f->fatal = *why;
    else if (!f->how->ops->alive(f->how->engine, &death))
        f->fatal = death.kind == ERR_NONE ? *why : death;
}

char *flight_render(struct flight *f, const struct trial *talk, size_t n,
                    json_t *tools, json_t *kwargs, struct err *why)
{
    struct chat_request request = {
        .messages = talk->messages, .n_messages = n, .turns = talk->turns,
        .tools = tools, .template_kwargs = kwargs, .max_tokens = 1};
    char *text = NULL;

    *why = (struct err){0};
    if (f->fatal.kind != ERR_NONE || f->is_hung || !f->can_render) {
        err_set(why, ERR_FAILED, "nothing more is rendered");
        return NULL;
    }
    if (f->how->ops->render(f->how->engine, &request, &text, why) == 0)
        return text;
    /* One that hangs would hang again, for ten seconds each time. */
    if (why->kind == ERR_TIMEOUT) f->is_hung = true;
    note_fatal(f, why);
    return NULL;
}

json_t *flight_merged(const json_t *base, const json_t *over)
{
    json_t *both = base ? json_deep_copy(base) : NULL;

    if (over && !both) return json_deep_copy(over);
    if (over) json_object_update(both, (json_t *)(uintptr_t)over);
    return both;
}

int flight_ask(struct flight *f, const struct trial *talk, json_t *tools,
               int max_tokens, struct turn *out, struct err *why)
{
    struct chat_request request = {
        .messages = talk->messages, .n_messages = talk->n_messages,
        .turns = talk->turns, .tools = tools, .sampling = f->sampling,
        .template_kwargs = f->kwargs, .max_tokens = max_tokens};

    turn_init(out);
    *why = (struct err){0};
    if (f->fatal.kind != ERR_NONE)
        return err_set(why, ERR_FAILED, "nothing more is asked");
    if (f->how->ops->chat(f->how->engine, &request, out, why) == 0) return 0;
    note_fatal(f, why);
    return -1;
}

/* ---- the preflight ----------------------------------------------------- */

static void set_unknown(struct preflight *out, const struct engine_facts *facts)
{
    *out = (struct preflight){
        .has_template = facts->has_template, .rewritten_at = -1,
        .shows_calls = -1, .shows_parallel_calls = -1, .shows_results = -1,
        .shows_unicode = -1, .takes_empty_content = -1, .doubles_bos = -1,
        .ends_turn = -1, .called = -1, .thinks = -1, .can_disable = -1};
}

int preflight_run(const struct preflight_how *how, struct preflight *out,
                  struct err *err)
{
    struct flight f = {
        .how = how, .out = out,
        .kwargs = flight_merged(how->template_kwargs, NULL),
        .sampling = flight_merged(how->sampling, NULL)};
    int rc = 0;

    set_unknown(out, how->facts);
    /* Without a template the engine serves ChatML, of which the model knows
     * nothing: what that shows or drops says nothing about this file. Only
     * an engine that takes raw prompts says what its template makes. */
    f.can_render = how->ops->render && how->facts->has_completion &&
                   out->has_template != 0;
    if (f.can_render) flight_look_at_template(&f);
    else if (how->facts->supports_tools == 0 && out->has_template != 0)
        out->tools = TOOLS_NONE;
    /* A template that fails or hangs fails in each question as well; what
     * made-up weights answer means nothing. */
    if (!out->template_error && !how->candidate->facts.is_synthetic)
        flight_ask_questions(&f, out->has_template != 0 &&
                                 out->tools != TOOLS_NONE);
    if (out->thinks == 1 && out->can_disable != 1) flight_look_at_thoughts(&f);
    preflight_find(&f);
    if (f.fatal.kind != ERR_NONE) {
        if (err) *err = f.fatal;
        rc = -1;
    }
    json_decref(f.kwargs);
    json_decref(f.sampling);
    free(f.plain);
    return rc;
}
