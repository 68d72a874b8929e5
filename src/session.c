/* SPDX-License-Identifier: MIT */
/* session.c - the tool loop; see session.h. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "conversation.h"
#include "dialect.h"
#include "home/home.h"
#include "spoken.h"

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
    } else if (conversation_outgrew(why)) {
        snprintf(t->fault, sizeof t->fault, "engine");
    } else {
        t->status = TRIAL_HARNESS_FAULT;
        snprintf(t->fault, sizeof t->fault, "harness");
    }
}

/* One request; its turn is added to the trial. */
static int ask(const struct session *s, const struct suite_case *test,
               struct trial *t, struct err *err)
{
    json_t *sampling = s->sampling ? json_deep_copy(s->sampling) : NULL;
    struct chat_request request = {
        .messages = t->messages, .n_messages = t->n_messages,
        .turns = t->turns, .tools = s->by_prompt ? NULL : s->kit->tools,
        .sampling = sampling, .template_kwargs = s->template_kwargs,
        .max_tokens = test->max_tokens ? test->max_tokens
                                       : SESSION_MAX_TOKENS,
        .is_cold = s->is_cold && t->n_turns == 0};
    struct turn  turn;
    struct turn *kept;
    int          rc;

    turn_init(&turn);
    rc = s->ops->chat(s->engine, &request, &turn, err);
    json_decref(sampling);
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

/* Servers send no text at all for a call without arguments. */
bool session_takes(const char *arguments)
{
    struct err ignored = {0};
    json_t    *value   = jsonx_parse(arguments, strlen(arguments), &ignored);
    bool       yes     = json_is_object(value) || *arguments == '\0';

    json_decref(value);
    return yes;
}

/* What the home answers to a call, as text. Caller frees. */
static char *result_of(struct home *home, const struct tool_call *call)
{
    json_t *result = home ? home_call(home, call->name, call->arguments)
                          : json_pack("{s:s}", "error",
                                      "there is no such tool");
    char   *text   = jsonx_dump(result);

    json_decref(result);
    if (strlen(text) <= SESSION_MAX_RESULT) return text;
    free(text);
    return mem_copy("{\"error\":\"the result is too long to be read\"}");
}

/* Execute the calls of the last turn and add their results. False when an
 * argument text is no JSON object: the server could not take it back. */
static bool do_calls(const struct session *s, struct home *home,
                     struct trial *t)
{
    size_t n = t->turns[t->n_turns - 1].n_calls, done = 0;
    char **results = mem_new(n, sizeof *results);

    for (; done < n; done++) {
        const struct tool_call *call = &t->turns[t->n_turns - 1].calls[done];

        if (!session_takes(call->arguments)) break;
        results[done] = result_of(home, call);
    }
    for (size_t i = 0; i < done && !s->by_prompt; i++) {
        const char     *id = t->turns[t->n_turns - 1].calls[i].id;
        struct message *m  = trial_add_message(t, "tool", results[i]);

        m->call_id = mem_copy(id);
    }
    if (s->by_prompt && done == n) {
        char *text = tools_prompt_results(s->by_prompt, results, n);

        trial_add_message(t, "user", text)->call_id = mem_copy("prompt");
        free(text);
    }
    for (size_t i = 0; i < done; i++) free(results[i]);
    free(results);
    return done == n;
}

/* The calls that a model wrote as it was told to become the turn's. */
static void read_calls(const struct session *s, struct turn *turn)
{
    const char *dialect;

    if (turn->n_calls > 0) return;
    dialect_find(turn->content, s->kit->tools, &turn->calls, &turn->n_calls,
                 &dialect);
}

/* The model's turn joins the conversation. Without the server's help a call
 * goes back as the text that it was. */
static void add_answer(const struct session *s, struct trial *t)
{
    struct turn    *turn = &t->turns[t->n_turns - 1];
    struct message *said;

    if (s->by_prompt) read_calls(s, turn);
    said = trial_add_message(t, "assistant", turn->content);
    if (!s->by_prompt) said->turn = (int)t->n_turns - 1;
}

/* The user breaks in: of the answer before only the first words were heard,
 * and that is what stays in the conversation. Thoughts are not heard. */
static void cut_answer(struct trial *t, int words)
{
    struct message *said = t->n_messages ? &t->messages[t->n_messages - 1]
                                         : NULL;
    struct spoken   heard;
    size_t          end = 0;

    if (words < 0 || !said || strcmp(said->role, "assistant") != 0) return;
    spoken_split(said->text, &heard);
    while (words-- > 0) {
        end += strspn(heard.text + end, " \t\r\n");
        end += strcspn(heard.text + end, " \t\r\n");
    }
    if (heard.text[end]) {
        free(said->text);
        said->text = mem_copy_n(heard.text, end);
        said->turn = -1;         /* the text counts, not what was generated */
    }
    spoken_done(&heard);
}

/* The prompt of the case, told where the user speaks; a foreign one says that
 * itself. Caller frees. */
static char *system_of(const struct session *s, const struct suite_case *test)
{
    char *told = test->area && !test->system
        ? mem_printf("%s\nThe user is in this area: %s.", s->kit->system,
                     test->area)
        : mem_copy(s->kit->system);
    char *all;

    if (!s->by_prompt || !s->kit->tools) return told;
    all = tools_prompt_system(s->by_prompt, told, s->kit->tools);
    free(told);
    return all;
}

/* All that stands before the first thing the user says. */
static void add_front(const struct session *s, const struct suite_case *test,
                      struct trial *t)
{
    static const char *const roles[] = {"user", "assistant", "system"};
    char         *system = system_of(s, test);
    size_t        i;
    const json_t *message;

    if (!test->system || *system) trial_add_message(t, "system", system);
    free(system);
    json_array_foreach(test->before, i, message) {
        const char *role = jsonx_text(message, "role");
        size_t      k = 0;

        while (k < 2 && strcmp(role, roles[k]) != 0) k++;
        trial_add_message(t, roles[k], jsonx_text(message, "content"))
            ->call_id = mem_copy(MESSAGE_BEFORE);
    }
}

/* The home of the case, as it is when the user begins. *home is NULL when
 * the case has none. */
static int open_home(const struct suite_case *test, struct home **home,
                     struct err *err)
{
    *home = NULL;
    if (!test->home) return 0;
    if (home_new(home, test->home, test->setup, err)) return -1;
    if (test->area && home_speak_in(*home, test->area, err)) {
        home_free(*home);
        *home = NULL;
        return -1;
    }
    return 0;
}

/* Asks until the model answers without a call; once when nobody could execute
 * one. *is_over: the conversation cannot go on. Fails with ERR_STOPPED only. */
static int one_turn(const struct session *s, const struct suite_case *test,
                    struct home *home, struct trial *t, bool *is_over,
                    struct err *err)
{
    for (int step = 0; step < SESSION_MAX_STEPS; step++) {
        struct err why = {0};

        if (ask(s, test, t, &why)) {
            *is_over = true;
            if (why.kind != ERR_STOPPED) {
                session_note_failure(t, &why);
                return 0;
            }
            *err = why;
            return -1;
        }
        add_answer(s, t);
        if (t->turns[t->n_turns - 1].n_calls == 0) return 0;
        if (test->functions && !home) return 0;
        if (!do_calls(s, home, t)) {
            *is_over = true;
            return 0;
        }
    }
    return 0;
}

int session_run(const struct session *s, const struct suite_case *test,
                struct trial *t, struct err *err)
{
    struct home *home;
    bool         is_over = false;
    int          rc = 0;

    if (open_home(test, &home, err)) return -1;
    add_front(s, test, t);
    for (size_t i = 0; i < test->n_turns && rc == 0 && !is_over; i++) {
        cut_answer(t, test->turns[i].cuts_words);
        trial_add_message(t, "user", i == 0 && s->heard ? s->heard
                                                        : test->turns[i].say);
        rc = one_turn(s, test, home, t, &is_over, err);
    }
    home_free(home);
    return rc;
}
