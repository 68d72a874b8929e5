/* SPDX-License-Identifier: MIT */
/* conversation.c - see conversation.h. */
#include "conversation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "observe.h"
#include "series.h"

/* One evening of a household: questions, small talk, two requests for a
 * device, and words that mean something only after what was said before. */
static const char *const evening[CONVERSATION_TURNS] = {
    "Good evening, I am home at last, and it was a very long day.",
    "What could I cook tonight with rice, two tomatoes and a few eggs?",
    "That sounds good. How long will it take until I can eat?",
    "Please turn on the light in the kitchen, it is getting dark.",
    "While the rice cooks, tell me something nice about the moon.",
    "And how far away from us is it, compared with the sun?",
    "My daughter wants to know why it looks bigger on some evenings.",
    "We are done in the kitchen now, so turn that light off again.",
    "What was it again that I said I had at home to cook with?",
    "Thank you for your help. Now wish us both a good night, please.",
};

/* What the assistant says about calls that it made, or that no server would
 * take back: templates want an answer before the next question. */
static const char done[] = "Done.";

/* A prompt as the engine reads it; ids is NULL when that is not known. */
struct reading {
    int   *ids;
    size_t n;
};

static bool says(const char *text, const char *words)
{
    size_t n = strlen(words);

    for (; *text; text++)
        if (strncasecmp(text, words, n) == 0) return true;
    return false;
}

bool conversation_outgrew(const struct err *why)
{
    return (why->kind == ERR_INPUT || why->kind == ERR_FAILED) &&
           (says(why->text, "context size") ||
            says(why->text, "context length") ||
            says(why->text, "exceeds the available context"));
}

/* What the engine will read. Unknown is no failure: only a stop signal is. */
static int read_prompt(const struct conversation_how *how,
                       const struct chat_request *request,
                       struct reading *out, struct err *err)
{
    struct err why  = {0};
    char      *text = NULL;
    int        rc;

    *out = (struct reading){0};
    if (!how->ops->render || !how->ops->tokenize) return 0;
    rc = how->ops->render(how->engine, request, &text, &why);
    if (!rc)
        rc = how->ops->tokenize(how->engine, text, true, &out->ids, &out->n,
                                &why);
    free(text);
    if (!rc || why.kind != ERR_STOPPED) return 0;
    *err = why;
    return -1;
}

/* Tokens that b has in common with a from the start; NAN: not known. */
static double shared_tokens(const struct reading *a, const struct reading *b)
{
    size_t n = 0;

    if (!a->ids || !b->ids) return NAN;
    while (n < a->n && n < b->n && a->ids[n] == b->ids[n]) n++;
    return (double)n;
}

static void observe_turn(struct trial *t, int number, const struct turn *turn,
                         const json_t *tools, const struct reading *before,
                         const struct reading *now)
{
    double cached    = turn->server.cache_n;
    double prompt    = turn->server.prompt_n + fmax(cached, 0);
    double unchanged = shared_tokens(before, now);
    /* One token is evaluated in any case. */
    double reusable  = fmin(unchanged, (double)now->n - 1);
    bool   is_known  = !isnan(unchanged) && !isnan(cached);

    if (isnan(prompt) && now->ids) prompt = (double)now->n;
    trial_observe(t, SERIES_TURN, number);
    if (!observe_is_call_as_text(turn, tools))
        trial_observe(t, SERIES_TURN_FIRST, observe_first_sentence_s(turn));
    trial_observe(t, SERIES_TURN_PROMPT, prompt);
    trial_observe(t, SERIES_TURN_CACHED, cached);
    trial_observe(t, SERIES_TURN_UNCHANGED, unchanged);
    trial_observe(t, SERIES_TURN_REREAD,
                  is_known ? fmax(reusable - cached, 0) : NAN);
}

/* What a server could not take back would end the conversation. */
static bool all_readable(const struct turn *turn)
{
    bool all = true;

    for (size_t i = 0; i < turn->n_calls; i++) {
        const char *text    = turn->calls[i].arguments;
        struct err  ignored = {0};
        json_t     *value   = *text ? jsonx_parse(text, strlen(text), &ignored)
                                    : NULL;

        all &= !*text || json_is_object(value);
        json_decref(value);
    }
    return all;
}

/* The answer joins the history as it came. Calls succeed and are confirmed;
 * unreadable ones (cut by the token limit) are forgotten. */
static void add_answer(struct trial *t)
{
    int                last = (int)t->n_turns - 1;
    const struct turn *turn = &t->turns[last];

    if (!all_readable(turn)) {
        trial_add_message(t, "assistant",
                          *turn->content ? turn->content : done);
        return;
    }
    trial_add_message(t, "assistant", turn->content)->turn = last;
    for (size_t i = 0; i < turn->n_calls; i++)
        trial_add_message(t, "tool", "{\"success\": true}")->call_id =
            mem_copy(turn->calls[i].id);
    if (turn->n_calls) trial_add_message(t, "assistant", done);
}

/* One request; its turn is the trial's last. */
static int ask(const struct conversation_how *how,
               const struct chat_request *request, struct trial *t,
               struct err *err)
{
    struct turn turn;
    int         rc;

    turn_init(&turn);
    rc = how->ops->chat(how->engine, request, &turn, err);
    if (turn.sent_ns >= 0 && turn.end_ns > turn.sent_ns)
        t->duration_s += (double)(turn.end_ns - turn.sent_ns) / 1e9;
    turn_done(trial_add_turn(t));
    t->turns[t->n_turns - 1] = turn;
    return rc;
}

/* The question that did not fit is taken back, and why it did not is noted. */
static void end_early(struct trial *t, const struct err *why)
{
    struct message *question = &t->messages[--t->n_messages];

    free(question->text);
    turn_done(&t->turns[--t->n_turns]);
    free(t->reason);
    t->reason = mem_printf("turn %zu was not answered: %s", t->n_turns + 1,
                           why->text);
}

/* *is_over: it had outgrown the context. */
static int one_turn(const struct conversation_how *how, int number,
                    struct reading *before, struct trial *t, bool *is_over,
                    struct err *err)
{
    struct chat_request request = {
        .tools = how->kit->tools, .sampling = how->sampling,
        .template_kwargs = how->template_kwargs,
        .max_tokens = CONVERSATION_TOKENS};
    struct reading now;
    struct err     why = {0};

    free(t->messages[0].text);
    t->messages[0].text = prompt_later(how->kit, number - 1);
    trial_add_message(t, "user", evening[number - 1]);
    request.messages = t->messages;
    request.n_messages = t->n_messages;
    request.turns = t->turns;
    if (read_prompt(how, &request, &now, err)) return -1;
    if (ask(how, &request, t, &why)) {
        free(now.ids);
        *is_over = conversation_outgrew(&why);
        if (*is_over) end_early(t, &why);
        else *err = why;
        return *is_over ? 0 : -1;
    }
    observe_turn(t, number, &t->turns[t->n_turns - 1], how->kit->tools,
                 before, &now);
    add_answer(t);
    free(before->ids);
    *before = now;
    return 0;
}

int conversation_run(const struct conversation_how *how, struct trial *t,
                     struct err *err)
{
    struct reading before  = {0};
    bool           is_over = false;
    int            rc      = 0;

    trial_add_message(t, "system", "");
    for (int n = 1; n <= CONVERSATION_TURNS && !rc && !is_over; n++)
        rc = one_turn(how, n, &before, t, &is_over, err);
    free(before.ids);
    return rc;
}
