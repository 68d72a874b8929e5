/* SPDX-License-Identifier: MIT */
/* session.c - the tool loop; see session.h. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home.h"

static bool says(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (; *text; text++)
        if (strncasecmp(text, word, n) == 0) return true;
    return false;
}

/* Blames the template; a request to /apply-template that was lost does not. */
static bool says_template(const char *text)
{
    static const char path[] = "/apply-template";
    const size_t      n = strlen(path);

    for (; *text; text++) {
        if (strncmp(text, path, n) == 0) text += n - 1;
        else if (strncasecmp(text, "jinja", 5) == 0 ||
                 strncasecmp(text, "template", 8) == 0) return true;
    }
    return false;
}

void session_note_failure(struct trial *t, const struct err *why)
{
    free(t->reason);
    t->reason = mem_copy(why->text);
    t->status = TRIAL_FAILED;
    if (says_template(why->text)) {
        snprintf(t->fault, sizeof t->fault, "template");
    } else if (why->kind == ERR_TIMEOUT || why->kind == ERR_PREFLIGHT) {
        snprintf(t->fault, sizeof t->fault, "engine");
    } else if (says(why->text, "context size") ||
               says(why->text, "context length")) {
        snprintf(t->fault, sizeof t->fault, "engine");
    } else {
        t->status = TRIAL_HARNESS_FAULT;
        snprintf(t->fault, sizeof t->fault, "harness");
    }
}

/* One request; its turn is added to the trial. */
static int ask(const struct engine_ops *ops, void *engine,
               const struct prompt_kit *kit, json_t *sampling,
               json_t *template_kwargs, struct trial *t, struct err *err)
{
    struct chat_request request = {
        .messages = t->messages, .n_messages = t->n_messages,
        .turns = t->turns, .tools = kit->tools, .sampling = sampling,
        .template_kwargs = template_kwargs,
        .max_tokens = SESSION_MAX_TOKENS};
    struct turn  turn;
    struct turn *kept;
    int          rc;

    turn_init(&turn);
    rc = ops->chat(engine, &request, &turn, err);
    if (rc && err->kind == ERR_STOPPED) {
        turn_done(&turn);
        return -1;
    }
    if (turn.sent_ns >= 0 && turn.end_ns > turn.sent_ns)
        t->duration_s += (double)(turn.end_ns - turn.sent_ns) / 1e9;
    kept = trial_add_turn(t);
    turn_done(kept);
    *kept = turn;
    return rc;
}

/* One JSON object, as home_call takes it; servers send no text at all for a
 * call without arguments. */
static bool is_object(const char *text)
{
    struct err ignored = {0};
    json_t    *value   = jsonx_parse(text, strlen(text), &ignored);
    bool       yes     = json_is_object(value) || *text == '\0';

    json_decref(value);
    return yes;
}

/* Execute the calls of the last turn and add their results. False when an
 * argument text is no JSON object: the server could not take it back. */
static bool do_calls(struct home *home, struct trial *t)
{
    size_t n = t->turns[t->n_turns - 1].n_calls;

    for (size_t i = 0; i < n; i++) {
        const struct tool_call *call = &t->turns[t->n_turns - 1].calls[i];
        json_t         *result;
        char           *text;
        struct message *m;

        if (!is_object(call->arguments)) return false;
        result = home ? home_call(home, call->name, call->arguments)
                      : json_pack("{s:s}", "error", "there is no such tool");
        text = jsonx_dump(result);
        m = trial_add_message(t, "tool", text);
        m->call_id = mem_copy(call->id);
        free(text);
        json_decref(result);
    }
    return true;
}

int session_run(const struct engine_ops *ops, void *engine,
                const struct suite_case *test, const struct prompt_kit *kit,
                const json_t *sampling, json_t *template_kwargs,
                struct trial *t, struct err *err)
{
    struct home *home = NULL;
    json_t      *how  = sampling ? json_deep_copy(sampling) : NULL;
    int          rc   = -1;

    if (test->home && home_new(&home, test->home, test->setup, err)) goto done;
    trial_add_message(t, "system", kit->system);
    trial_add_message(t, "user", test->say);
    for (int step = 0; step < SESSION_MAX_STEPS; step++) {
        struct err why = {0};
        struct message *said;

        if (ask(ops, engine, kit, how, template_kwargs, t, &why)) {
            if (why.kind == ERR_STOPPED) {
                *err = why;
                goto done;
            }
            session_note_failure(t, &why);
            break;
        }
        said = trial_add_message(t, "assistant",
                                 t->turns[t->n_turns - 1].content);
        said->turn = (int)t->n_turns - 1;
        if (t->turns[t->n_turns - 1].n_calls == 0 || !do_calls(home, t)) break;
    }
    rc = 0;
done:
    json_decref(how);
    home_free(home);
    return rc;
}
