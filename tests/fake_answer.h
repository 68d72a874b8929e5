/* SPDX-License-Identifier: MIT */
/* fake_answer.h - fake_server.c's two generating endpoints: what the scripted
 * model says, at the scripted speed, in llama-server's wire shapes. Only
 * fake_server.c includes it. */
#ifndef TESTS_FAKE_ANSWER_H
#define TESTS_FAKE_ANSWER_H

#include <pthread.h>
#include <stdatomic.h>

#include "fake_http.h"
#include "fake_model.h"

#define MAX_FAULTS 16

/* Whose endpoints and replies. */
enum wire { LLAMA, OPENAI, OLLAMA, VLLM, LMSTUDIO };

struct server {
    enum wire       as;
    json_t         *script;
    const char     *model_path, *model, *api_key, *record;
    long            n_ctx, port;
    bool            plain;         /* none of llama-server's own endpoints  */
    bool            metrics, timings, usage, loaded;
    double          tok_s, prompt_tok_s, pace;
    size_t          tokens_per_chunk;
    char           *props;
    struct fault    faults[MAX_FAULTS];
    size_t          n_faults;
    long            seen[2];       /* requests: /completion, chat; state    */
    int             fd;
    atomic_bool     ready, busy;
    atomic_int      answers;
    pthread_mutex_t slot;          /* one answer at a time                  */
    pthread_mutex_t state;         /* vocab, faults and the record          */
    struct vocab    vocab;
    struct ids      cached;        /* what the slot holds; under slot       */
};

/* One answer while it is generated. */
struct gen {
    struct server *s;
    struct conn   *c;
    struct ids     prompt;
    size_t         cache_n;
    double         token_s, first_s;   /* per token; before the first */
    double         prompt_ms;
    int64_t        first_ns;
    bool           scripted;           /* timings are the script's speeds */
};

static double number(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static struct ids server_tokenize(struct server *s, const char *text)
{
    struct ids ids;

    pthread_mutex_lock(&s->state);
    ids = tokenize(&s->vocab, text);
    pthread_mutex_unlock(&s->state);
    return ids;
}

/* ---- generation --------------------------------------------------------- */

/* The whole prompt is read; waits as long as that takes. */
static void gen_begin(struct gen *g, bool may_reuse)
{
    struct server *s     = g->s;
    int64_t        began = now_ns();
    double         read_s;

    g->cache_n = may_reuse ? common_prefix(&g->prompt, &s->cached) : 0;
    if (g->cache_n == g->prompt.n && g->cache_n > 0) g->cache_n--;
    free(s->cached.at);
    s->cached = (struct ids){NULL, 0};
    for (size_t i = 0; i < g->prompt.n; i++)
        ids_add(&s->cached, g->prompt.at[i]);
    read_s = s->prompt_tok_s > 0
        ? (double)(g->prompt.n - g->cache_n) / s->prompt_tok_s : 0;
    nap_until(g->c, began + (int64_t)(1e9 * (read_s * s->pace + g->first_s)));
    g->first_ns = now_ns();
    g->prompt_ms = g->scripted ? 1e3 * read_s
                               : (double)(g->first_ns - began) / 1e6;
}

/* Waits until token n (1: the first) is due. */
static void gen_token(struct gen *g, size_t n)
{
    nap_until(g->c, g->first_ns + (int64_t)(1e9 * g->token_s *
                                            (double)(n - 1)));
}

/* llama-server counts the time from the first token on. */
static json_t *gen_timings(const struct gen *g, size_t n)
{
    double fresh = (double)(g->prompt.n - g->cache_n), count = (double)n;
    double ms = g->scripted ? 1e3 * (count - 1) / g->s->tok_s
                            : (double)(now_ns() - g->first_ns) / 1e6;

    if (n <= 1 || ms < 0.001) ms = 0.001;
    return json_pack(
        "{s:I,s:I,s:f,s:f,s:f,s:I,s:f,s:f,s:f}",
        "cache_n", (json_int_t)g->cache_n, "prompt_n", (json_int_t)fresh,
        "prompt_ms", g->prompt_ms,
        "prompt_per_token_ms", fresh > 0 ? g->prompt_ms / fresh : 0.0,
        "prompt_per_second", g->prompt_ms > 0 ? 1e3 * fresh / g->prompt_ms
                                              : 0.0,
        "predicted_n", (json_int_t)n, "predicted_ms", ms,
        "predicted_per_token_ms", n > 1 ? ms / (count - 1) : 0.0,
        "predicted_per_second", n > 1 ? 1e3 * (count - 1) / ms : 0.0);
}

static void add_timings(const struct gen *g, json_t *event, size_t n)
{
    if (g->s->timings)
        json_object_set_new(event, "timings", gen_timings(g, n));
}

/* 0, or -1 after the reply that says the prompt is too long. */
static int check_context(const struct gen *g)
{
    char    text[200];
    json_t *error;

    if ((long)g->prompt.n < g->s->n_ctx) return 0;
    if (g->s->as == VLLM) {
        snprintf(text, sizeof text, "This model's maximum context length is "
                 "%ld tokens. However, your request has %zu input tokens. "
                 "Please reduce the length of the input messages.",
                 g->s->n_ctx, g->prompt.n);
        conn_error(g->c, 400, "BadRequestError", text);
        return -1;
    }
    if (g->s->as == LMSTUDIO) {
        conn_json(g->c, 400, json_pack("{s:s}", "error", "The number of "
                  "tokens to keep from the initial prompt is greater than the "
                  "context length. Try to load the model with a larger "
                  "context length, or provide a shorter input"));
        return -1;
    }
    snprintf(text, sizeof text, "request (%zu tokens) exceeds the available "
             "context size (%ld tokens), try increasing it", g->prompt.n,
             g->s->n_ctx);
    error = json_pack("{s:i,s:s,s:s,s:I,s:I}", "code", 400, "message", text,
                      "type", "exceed_context_size_error", "n_prompt_tokens",
                      (json_int_t)g->prompt.n, "n_ctx",
                      (json_int_t)g->s->n_ctx);
    conn_json(g->c, 400, json_pack("{s:o}", "error", error));
    return -1;
}

static void gen_pace(struct gen *g, const json_t *rule)
{
    const struct server *s = g->s;

    g->first_s = number(rule, "first_delay_ms", 0) / 1e3;
    g->token_s = number(rule, "chunk_delay_ms",
                        s->tok_s > 0 ? s->pace * 1e3 / s->tok_s : 0) / 1e3;
    g->scripted = s->pace <= 0 && s->tok_s > 0 && g->first_s <= 0 &&
                  g->token_s <= 0;
}

/* ---- POST /v1/chat/completions ------------------------------------------ */

struct chat {
    struct gen    g;
    struct answer a;
    char          id[32];
    const char   *finish;
    bool          per_token, with_usage;
};

static json_t *chat_event(const struct chat *chat, json_t *delta,
                          const char *finish)
{
    return json_pack("{s:[{s:s?,s:i,s:o}],s:I,s:s,s:s,s:s,s:s}", "choices",
                     "finish_reason", finish, "index", 0, "delta", delta,
                     "created", (json_int_t)time(NULL), "id", chat->id,
                     "model", chat->g.s->model, "system_fingerprint",
                     "b11434-fake", "object", "chat.completion.chunk");
}

static json_t *chat_usage(const struct chat *chat, size_t predicted)
{
    json_int_t prompt = (json_int_t)chat->g.prompt.n;
    json_int_t answer = (json_int_t)predicted;

    if (json_is_false(json_object_get(chat->g.s->script, "cached_count")))
        return json_pack("{s:I,s:I,s:I,s:n}", "completion_tokens", answer,
                         "prompt_tokens", prompt, "total_tokens",
                         prompt + answer, "prompt_tokens_details");
    return json_pack("{s:I,s:I,s:I,s:{s:I}}", "completion_tokens", answer,
                     "prompt_tokens", prompt, "total_tokens", prompt + answer,
                     "prompt_tokens_details", "cached_tokens",
                     (json_int_t)chat->g.cache_n);
}

/* The delta of pieces first..end-1, all of one kind; `reasoning` names it. */
static json_t *chat_delta(const struct answer *a, size_t first, size_t end,
                          const char *reasoning)
{
    const struct piece *p    = &a->pieces[first];
    struct answer       part = {.pieces = a->pieces + first,
                                .n = end - first};
    char   *text = answer_text(&part, (int)p->kind, p->call);
    json_t *delta, *call;

    if (p->kind == CALL) {
        char id[32];

        snprintf(id, sizeof id, "fakecall%zu", p->call);
        call = p->opens
            ? json_pack("{s:I,s:s,s:s,s:{s:s,s:s}}", "index",
                        (json_int_t)p->call, "id", id, "type", "function",
                        "function", "name", p->opens, "arguments", text)
            : json_pack("{s:I,s:{s:s}}", "index", (json_int_t)p->call,
                        "function", "arguments", text);
        delta = json_pack("{s:[o]}", "tool_calls", call);
    } else {
        delta = json_pack("{s:s}", p->kind == SAY ? "content" : reasoning,
                          text);
    }
    free(text);
    return delta;
}

/* Pieces that travel together from first on. */
static size_t group_end(const struct answer *a, size_t first, size_t most)
{
    size_t end = first + 1;

    while (end < a->n && end - first < most && !a->pieces[end].opens &&
           a->pieces[end].kind == a->pieces[first].kind)
        end++;
    return end;
}

static void chat_stream(struct chat *chat, size_t predicted)
{
    const char  *reasoning = chat->g.s->as == VLLM ? "reasoning"
                                                   : "reasoning_content";
    struct conn *c = chat->g.c;
    json_t      *event;

    conn_event(c, chat_event(chat, json_pack("{s:s,s:o}", "role", "assistant",
                                             "content", json_null()), NULL));
    for (size_t i = 0, end; i < chat->a.n && !c->gone; i = end) {
        end = group_end(&chat->a, i, chat->g.s->tokens_per_chunk);
        gen_token(&chat->g, end);
        event = chat_event(chat, chat_delta(&chat->a, i, end, reasoning),
                           NULL);
        if (chat->per_token) add_timings(&chat->g, event, end);
        conn_event(c, event);
    }
    gen_token(&chat->g, predicted);
    event = chat_event(chat, json_object(), chat->finish);
    if (!chat->with_usage) add_timings(&chat->g, event, predicted);
    conn_event(c, event);
    if (chat->with_usage) {
        event = chat_event(chat, json_object(), NULL);
        json_object_set_new(event, "choices", json_array());
        json_object_set_new(event, "usage", chat_usage(chat, predicted));
        add_timings(&chat->g, event, predicted);
        conn_event(c, event);
    }
    conn_stream_end(c, fault_is(c, "no_done") ? "" : "data: [DONE]\n\n");
}

static void chat_whole(struct chat *chat, size_t predicted)
{
    char   *text    = answer_text(&chat->a, SAY, 0);
    char   *thought = answer_text(&chat->a, THINK, 0);
    json_t *message = json_pack("{s:s,s:s}", "role", "assistant", "content",
                                text);
    json_t *reply, *calls = json_array();

    gen_token(&chat->g, predicted);
    if (*thought)
        json_object_set_new(message, "reasoning_content",
                            json_string(thought));
    for (size_t i = 0; i < chat->a.n; i++) {
        const struct piece *p = &chat->a.pieces[i];
        char               *args, id[32];

        if (p->kind != CALL || !p->opens) continue;
        args = answer_text(&chat->a, CALL, p->call);
        snprintf(id, sizeof id, "fakecall%zu", p->call);
        json_array_append_new(calls, json_pack(
            "{s:s,s:{s:s,s:s},s:s}", "type", "function", "function", "name",
            p->opens, "arguments", args, "id", id));
        free(args);
    }
    if (json_array_size(calls) > 0)
        json_object_set(message, "tool_calls", calls);
    reply = chat_event(chat, message, chat->finish);
    json_object_set(json_array_get(json_object_get(reply, "choices"), 0),
                    "message", message);
    json_object_del(json_array_get(json_object_get(reply, "choices"), 0),
                    "delta");
    json_object_set_new(reply, "object", json_string("chat.completion"));
    if (chat->g.s->usage)
        json_object_set_new(reply, "usage", chat_usage(chat, predicted));
    add_timings(&chat->g, reply, predicted);
    conn_json(chat->g.c, 200, reply);
    json_decref(calls);
    free(thought);
    free(text);
}

/* 0, or -1 after the reply that says what is wrong with the request. */
static int check_chat(struct conn *c, const json_t *body)
{
    const json_t *messages = json_object_get(body, "messages");
    const json_t *tools    = json_object_get(body, "tools");
    json_t       *message, *call;
    size_t        i, k;

    if (!messages)
        conn_error(c, 400, "invalid_request_error", "'messages' is required");
    else if (!json_is_array(messages))
        conn_error(c, 400, "invalid_request_error",
                   "Expected 'messages' to be an array");
    else if (tools && !json_is_array(tools) && !json_is_null(tools))
        conn_error(c, 500, "server_error", "Failed to parse tools: Expected "
                   "'tools' to be an array");
    if (c->gone) return -1;
    json_array_foreach(messages, i, message) {
        json_array_foreach(json_object_get(message, "tool_calls"), k, call) {
            const char *args = text_of(json_object_get(call, "function"),
                                       "arguments");
            json_t *parsed = args ? json_loads(args, JSON_DECODE_ANY, NULL)
                                  : NULL;
            if (args && !parsed) {
                conn_error(c, 500, "server_error", "Failed to parse tool call "
                           "arguments as JSON");
                return -1;
            }
            json_decref(parsed);
        }
    }
    return 0;
}

/* Tokens that this answer may have. */
static size_t token_limit(const struct gen *g, const json_t *body)
{
    double n = number(body, "n_predict",
                      number(body, "max_completion_tokens",
                             number(body, "max_tokens", -1)));
    size_t room = (size_t)g->s->n_ctx - g->prompt.n;

    if (room > MAX_GEN) room = MAX_GEN;
    if (n < 0 || n > (double)room) return room;
    return n < 1 ? 1 : (size_t)n;
}

/* What was said is in the cache too. */
static void remember(struct chat *chat)
{
    struct server *s = chat->g.s;

    pthread_mutex_lock(&s->state);
    for (size_t i = 0; i < chat->a.n && chat->a.pieces[i].kind == SAY; i++) {
        const char *text = chat->a.pieces[i].text;
        size_t      blank, n = next_token(text, &blank);

        ids_add(&s->cached, vocab_id(&s->vocab, text + blank, n - blank));
    }
    pthread_mutex_unlock(&s->state);
}

/* A template without tools drops the list silently. */
static const json_t *seen_tools(const struct server *s, const json_t *body)
{
    const json_t *caps = json_object_get(json_object_get(s->script, "props"),
                                         "chat_template_caps");

    return json_is_false(json_object_get(caps, "supports_tools"))
        ? NULL : json_object_get(body, "tools");
}

static void do_chat(struct server *s, struct conn *c, const json_t *body)
{
    const json_t *messages = json_object_get(body, "messages");
    const json_t *tools    = seen_tools(s, body);
    const char   *choice   = text_of(body, "tool_choice");
    const json_t *rule;
    struct chat   chat = {.g = {.s = s, .c = c}};
    char         *prompt;
    size_t        limit, predicted;

    if (check_chat(c, body)) return;
    prompt = render(messages, tools);
    chat.g.prompt = server_tokenize(s, prompt);
    free(prompt);
    if (check_context(&chat.g)) goto done;
    rule = choose_rule(json_object_get(s->script, "chat"), messages);
    chat.a = answer_of_rule(rule, json_array_size(tools) > 0 &&
                                  !(choice && strcmp(choice, "none") == 0));
    limit = token_limit(&chat.g, body);
    if (json_is_true(json_object_get(body, "ignore_eos")))
        answer_fill(&chat.a, limit);
    else
        answer_limit(&chat.a, limit);
    chat.finish = chat.a.limited ? "length"
                : chat.a.calls   ? "tool_calls" : "stop";
    predicted = chat.a.n + (chat.a.limited ? 0 : 1);    /* the end token */
    chat.per_token = json_is_true(json_object_get(body, "timings_per_token"));
    chat.with_usage = s->usage &&
        json_is_true(json_object_get(json_object_get(body, "stream_options"),
                                     "include_usage"));
    snprintf(chat.id, sizeof chat.id, "chatcmpl-%d", ++s->answers);
    gen_pace(&chat.g, rule);
    if (json_is_true(json_object_get(body, "stream"))) {
        conn_stream(c);
        gen_begin(&chat.g, !json_is_false(json_object_get(body,
                                                          "cache_prompt")));
        chat_stream(&chat, predicted);
    } else {
        gen_begin(&chat.g, !json_is_false(json_object_get(body,
                                                          "cache_prompt")));
        chat_whole(&chat, predicted);
    }
    remember(&chat);
done:
    answer_done(&chat.a);
    free(chat.g.prompt.at);
}

/* ---- POST /completion --------------------------------------------------- */

/* Text, or an array of ids. 0, or -1 after the reply that says why not. */
static int read_prompt(struct gen *g, const json_t *prompt)
{
    json_t *item;
    size_t  i;

    if (!prompt) {
        conn_error(g->c, 400, "invalid_request_error", "[json.exception."
                   "out_of_range.403] key 'prompt' not found");
        return -1;
    }
    if (json_is_string(prompt))
        g->prompt = server_tokenize(g->s, json_string_value(prompt));
    json_array_foreach(prompt, i, item) {
        json_int_t id = json_integer_value(item);

        if (!json_is_integer(item) || id < 0 || id >= N_VOCAB) {
            conn_error(g->c, 400, "invalid_request_error",
                       "Prompt contains invalid tokens");
            return -1;
        }
        ids_add(&g->prompt, (int)id);
    }
    if (g->prompt.n == 0) {
        conn_error(g->c, 400, "invalid_request_error",
                   "\"prompt\" must not be empty");
        return -1;
    }
    return check_context(g);
}

static char *prompt_text(struct server *s, const struct ids *ids)
{
    char  *text = NULL;
    size_t n = 0;
    FILE  *out = must(open_memstream(&text, &n));

    pthread_mutex_lock(&s->state);
    for (size_t i = 0; i < ids->n; i++) {
        if (i > 0) fputc(' ', out);
        vocab_print(&s->vocab, ids->at[i], out);
    }
    pthread_mutex_unlock(&s->state);
    fclose(out);
    return text;
}

static json_t *completion_last(const struct gen *g, size_t n, bool limited,
                               const char *content)
{
    char   *prompt = prompt_text(g->s, &g->prompt);
    bool    full   = (long)(g->prompt.n + n) >= g->s->n_ctx;
    json_t *last   = json_pack(
        "{s:i,s:s,s:[],s:i,s:b,s:s,s:I,s:I,s:s,s:b,s:s,s:s,s:I}",
        "index", 0, "content", content, "tokens", "id_slot", 0, "stop", 1,
        "model", g->s->model, "tokens_predicted", (json_int_t)n,
        "tokens_evaluated", (json_int_t)g->prompt.n, "prompt", prompt,
        "truncated", full, "stop_type", limited ? "limit" : "eos",
        "stopping_word", "", "tokens_cached",
        (json_int_t)(g->prompt.n + n - 1));

    free(prompt);
    add_timings(g, last, n);
    return last;
}

static void completion_stream(struct gen *g, const struct answer *a,
                              bool per_token)
{
    for (size_t i = 0; i < a->n && !g->c->gone; i++) {
        struct ids ids   = server_tokenize(g->s, a->pieces[i].text);
        json_t    *event = json_pack(
            "{s:i,s:s,s:[i],s:b,s:i,s:I,s:I}", "index", 0, "content",
            a->pieces[i].text, "tokens", ids.n ? ids.at[0] : 0, "stop", 0,
            "id_slot", -1, "tokens_predicted", (json_int_t)i + 1,
            "tokens_evaluated", (json_int_t)g->prompt.n);

        gen_token(g, i + 1);
        if (per_token) add_timings(g, event, i + 1);
        conn_event(g->c, event);
        free(ids.at);
    }
    conn_event(g->c, completion_last(g, a->n, a->limited, ""));
    conn_stream_end(g->c, "");
}

static void do_completion(struct server *s, struct conn *c,
                          const json_t *body)
{
    bool          may_reuse = !json_is_false(json_object_get(body,
                                                             "cache_prompt"));
    struct gen    g = {.s = s, .c = c};
    struct answer a = {.n = 0};
    size_t        limit;

    if (read_prompt(&g, json_object_get(body, "prompt"))) goto done;
    limit = token_limit(&g, body);
    if (json_is_true(json_object_get(body, "ignore_eos"))) {
        answer_fill(&a, limit);
    } else {
        answer_fill(&a, N_FILLER);
        a.limited = false;
        answer_limit(&a, limit);
    }
    gen_pace(&g, NULL);
    if (json_is_true(json_object_get(body, "stream"))) {
        conn_stream(c);
        gen_begin(&g, may_reuse);
        completion_stream(&g, &a, json_is_true(
            json_object_get(body, "timings_per_token")));
    } else {
        char *text = answer_text(&a, SAY, 0);

        gen_begin(&g, may_reuse);
        gen_token(&g, a.n);
        conn_json(c, 200, completion_last(&g, a.n, a.limited, text));
        free(text);
    }
done:
    answer_done(&a);
    free(g.prompt.at);
}

#endif
