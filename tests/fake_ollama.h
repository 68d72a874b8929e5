/* SPDX-License-Identifier: MIT */
/* fake_ollama.h - fake_server.c as Ollama: its own endpoints, as documented
 * and as seen of versions 0.9 to 0.33, with the habit that matters most: a
 * prompt that is too long is cut, and the count is of what was left. Only
 * fake_server.c includes it. */
#ifndef TESTS_FAKE_OLLAMA_H
#define TESTS_FAKE_OLLAMA_H

#include "fake_answer.h"

#define NUM_KEEP 4
#define CREATED  "2026-11-23T12:00:00.123456789Z"

static bool script_denies(const struct server *s, const char *key)
{
    return json_is_false(json_object_get(s->script, key));
}

static bool script_says(const struct server *s, const char *key,
                        const char *value)
{
    const char *text = text_of(s->script, key);

    return text && strcmp(text, value) == 0;
}

static void ollama_error(struct conn *c, int status, const char *text)
{
    conn_json(c, status, json_pack("{s:s}", "error", text));
}

/* ---- the model ---------------------------------------------------------- */

static json_t *capabilities(const struct server *s)
{
    json_t *list = json_object_get(s->script, "capabilities");

    return list ? json_incref(list)
                : json_pack("[s,s,s]", "completion", "tools", "thinking");
}

static bool is_capable(const struct server *s, const char *of)
{
    json_t *list = capabilities(s), *item;
    size_t  i;
    bool    found = false;

    json_array_foreach(list, i, item)
        if (strcmp(json_string_value(item), of) == 0) found = true;
    json_decref(list);
    return found;
}

static json_t *details(void)
{
    return json_pack("{s:s,s:s,s:s,s:[s],s:s,s:s}", "parent_model", "",
                     "format", "gguf", "family", "qwen2", "families", "qwen2",
                     "parameter_size", "3.1B", "quantization_level",
                     "Q4_K_M");
}

/* -1 after the reply that says so. */
static int check_model(const struct server *s, struct conn *c,
                       const json_t *body)
{
    const char *name = text_of(body, "model");
    size_t      n    = strlen(s->model);
    char        text[300];

    if (name && strncmp(name, s->model, n) == 0 &&
        (name[n] == '\0' || strcmp(name + n, ":latest") == 0))
        return 0;
    snprintf(text, sizeof text, "model '%.200s' not found", name ? name : "");
    ollama_error(c, 404, text);
    return -1;
}

/* As on each request: another num_ctx loads the model anew. */
static void load_model(struct server *s, const json_t *body)
{
    const json_t *options = json_object_get(body, "options");
    long          asked   = (long)number(options, "num_ctx", 4096);
    long          trained = (long)number(s->script, "train_ctx", 32768);

    if (asked > trained) asked = trained;
    if (!s->loaded || asked != s->n_ctx) {
        free(s->cached.at);
        s->cached = (struct ids){NULL, 0};
    }
    s->n_ctx = asked;
    s->loaded = true;
}

/* ---- what is left of a prompt ------------------------------------------- */

/* Messages from `first` on, and the system's before them. */
static json_t *messages_from(const json_t *messages, size_t first)
{
    json_t *list = json_array(), *item;
    size_t  i;

    json_array_foreach(messages, i, item) {
        const char *role = text_of(item, "role");

        if (i >= first || (role && strcmp(role, "system") == 0))
            json_array_append(list, item);
    }
    return list;
}

static struct ids ids_of(struct server *s, const json_t *messages,
                         const json_t *tools)
{
    char      *prompt = render(messages, tools);
    struct ids ids    = server_tokenize(s, prompt);

    free(prompt);
    return ids;
}

/* The oldest messages go until the rest fits, or is the last one. */
static struct ids drop_oldest(struct server *s, const json_t *messages,
                              const json_t *tools)
{
    struct ids ids = ids_of(s, messages, tools);

    for (size_t i = 1; i < json_array_size(messages) &&
                       (long)ids.n > s->n_ctx; i++) {
        json_t *rest = messages_from(messages, i);

        free(ids.at);
        ids = ids_of(s, rest, tools);
        json_decref(rest);
    }
    return ids;
}

/* The front is kept, and half of what fits behind it, from the end. */
static void halve(const struct server *s, struct ids *ids)
{
    size_t keep = NUM_KEEP, tail = (size_t)(s->n_ctx - NUM_KEEP) / 2;

    if ((long)ids->n <= s->n_ctx || s->n_ctx <= NUM_KEEP) return;
    memmove(ids->at + keep, ids->at + ids->n - tail, tail * sizeof *ids->at);
    ids->n = keep + tail;
}

/* Fills g->prompt. -1 after a refusal. */
static int fit(struct gen *g, const json_t *body, const char *raw)
{
    struct server *s        = g->s;
    const json_t  *messages = json_object_get(body, "messages");
    const json_t  *tools    = json_object_get(body, "tools");
    bool           refuses  = script_says(s, "overflow", "refuse") &&
        json_is_false(json_object_get(body, "truncate"));

    g->prompt = raw ? server_tokenize(s, raw)
              : refuses || script_says(s, "overflow", "half")
                    ? ids_of(s, messages, tools)
                    : drop_oldest(s, messages, tools);
    if (refuses && (long)g->prompt.n > s->n_ctx) {
        ollama_error(g->c, 400, "the prompt is longer than the context length "
                     "currently available to the model; shorten the prompt, "
                     "adjust the context length in settings, or use a model "
                     "with a longer context length");
        return -1;
    }
    halve(s, &g->prompt);
    return 0;
}

/* ---- answers ------------------------------------------------------------ */

/* message: of a chat; NULL: `text` is of a raw prompt. Consumes message. */
static json_t *line_of(const struct server *s, json_t *message,
                       const char *text, bool done)
{
    return message
        ? json_pack("{s:s,s:s,s:o,s:b}", "model", s->model, "created_at",
                    CREATED, "message", message, "done", (int)done)
        : json_pack("{s:s,s:s,s:s,s:b}", "model", s->model, "created_at",
                    CREATED, "response", text, "done", (int)done);
}

static json_t *message_of(const char *content)
{
    return json_pack("{s:s,s:s}", "role", "assistant", "content", content);
}

static json_int_t ns_of(const json_t *timings, const char *key)
{
    return (json_int_t)(1e6 * number(timings, key, 0));
}

/* Counts of 0 are left out, as Go does it. */
static void add_metrics(const struct gen *g, json_t *line, size_t predicted,
                        const char *reason)
{
    json_t *timings = gen_timings(g, predicted);

    json_object_set_new(line, "done_reason", json_string(reason));
    json_object_set_new(line, "total_duration", json_integer(
        25000000 + ns_of(timings, "prompt_ms") +
        ns_of(timings, "predicted_ms")));
    json_object_set_new(line, "load_duration", json_integer(25000000));
    json_object_set_new(line, "prompt_eval_count",
                        json_integer((json_int_t)g->prompt.n));
    if (!script_denies(g->s, "cached_count"))
        json_object_set_new(line, "prompt_eval_cached_count",
                            json_integer((json_int_t)g->cache_n));
    json_object_set_new(line, "prompt_eval_duration",
                        json_integer(ns_of(timings, "prompt_ms")));
    json_object_set_new(line, "eval_count",
                        json_integer((json_int_t)predicted));
    json_object_set_new(line, "eval_duration",
                        json_integer(ns_of(timings, "predicted_ms")));
    json_decref(timings);
}

static json_t *whole_call(const struct server *s, const struct answer *a,
                          size_t call, const char *name)
{
    char   *text = answer_text(a, CALL, call), id[32];
    json_t *args = json_loads(text, 0, NULL);
    json_t *item = json_pack("{s:{s:I,s:s,s:o}}", "function", "index",
                             (json_int_t)call, "name", name, "arguments",
                             args ? args : json_object());

    snprintf(id, sizeof id, "call_fake%zu", call);
    if (!script_denies(s, "call_ids"))
        json_object_set_new(item, "id", json_string(id));
    free(text);
    return item;
}

/* Pieces first..end-1 as a message; calls travel whole, with their last. */
static json_t *message_part(const struct server *s, const struct answer *a,
                            size_t first, size_t end)
{
    struct answer part = {.pieces = a->pieces + first, .n = end - first};
    int           kind = (int)a->pieces[first].kind;
    char         *text = answer_text(&part, kind, 0);
    json_t       *message = message_of(kind == SAY ? text : "");
    size_t        call = a->pieces[first].call, open = first;

    if (kind == THINK)
        json_object_set_new(message, "thinking", json_string(text));
    if (kind == CALL) {
        while (!a->pieces[open].opens) open--;
        json_object_set_new(message, "tool_calls", json_pack(
            "[o]", whole_call(s, a, call, a->pieces[open].opens)));
    }
    free(text);
    return message;
}

/* Where the pieces that travel with `first` end: a call whole. */
static size_t line_end(const struct answer *a, size_t first, size_t most)
{
    size_t end = first + 1;

    if (a->pieces[first].kind != CALL) return group_end(a, first, most);
    while (end < a->n && a->pieces[end].kind == CALL &&
           a->pieces[end].call == a->pieces[first].call)
        end++;
    return end;
}

static void stream_lines(struct gen *g, const struct answer *a, bool is_chat,
                         size_t predicted)
{
    struct conn *c = g->c;
    json_t      *last;

    conn_stream(c);
    gen_begin(g, true);
    conn_part(c);    /* others send the role first: the same fault, the same
                        text */
    for (size_t i = 0, end; i < a->n && !c->gone; i = end) {
        end = line_end(a, i, g->s->tokens_per_chunk);
        gen_token(g, end);
        conn_event(c, line_of(g->s, is_chat ? message_part(g->s, a, i, end)
                                            : NULL,
                              a->pieces[i].text, false));
    }
    gen_token(g, predicted);
    last = line_of(g->s, is_chat ? message_of("") : NULL, "", true);
    add_metrics(g, last, predicted, a->limited ? "length" : "stop");
    conn_event(c, last);
    conn_stream_end(c, "");
}

static void reply_whole(struct gen *g, const struct answer *a, bool is_chat,
                        size_t predicted)
{
    char   *text = answer_text(a, SAY, 0);
    json_t *reply;

    gen_begin(g, true);
    gen_token(g, predicted);
    reply = line_of(g->s, is_chat ? message_of(text) : NULL, text, true);
    add_metrics(g, reply, predicted, a->limited ? "length" : "stop");
    conn_json(g->c, 200, reply);
    free(text);
}

static void generate_lines(struct server *s, struct conn *c,
                           const json_t *body, const char *raw)
{
    const json_t *options  = json_object_get(body, "options");
    const json_t *rule     = raw ? NULL
        : choose_rule(json_object_get(s->script, "chat"),
                      json_object_get(body, "messages"));
    struct gen    g        = {.s = s, .c = c};
    struct answer a        = {.n = 0};
    double        limit    = number(options, "num_predict", MAX_GEN);
    json_t       *quiet;
    size_t        predicted;

    if (limit < 1 || limit > MAX_GEN) limit = MAX_GEN;
    if (fit(&g, body, raw)) goto done;
    quiet = rule ? json_copy((json_t *)(uintptr_t)rule) : json_object();
    if (json_is_false(json_object_get(body, "think")))
        json_object_del(quiet, "reasoning");
    if (raw) answer_fill(&a, (size_t)limit);
    else a = answer_of_rule(rule ? quiet : NULL,
                            json_object_get(body, "tools") != NULL);
    answer_limit(&a, (size_t)limit);
    predicted = a.n + (a.limited ? 0 : 1);       /* the end token */
    gen_pace(&g, rule);
    if (json_is_false(json_object_get(body, "stream")))
        reply_whole(&g, &a, !raw, predicted);
    else
        stream_lines(&g, &a, !raw, predicted);
    answer_done(&a);
    json_decref(quiet);
done:
    free(g.prompt.at);
}

static void ollama_chat(struct server *s, struct conn *c, const json_t *body)
{
    char text[300];

    if (check_model(s, c, body)) return;
    if (json_object_get(body, "tools") && !is_capable(s, "tools")) {
        snprintf(text, sizeof text, "registry.ollama.ai/library/%.200s does "
                 "not support tools", s->model);
        ollama_error(c, 400, text);
        return;
    }
    if (json_is_true(json_object_get(body, "think")) &&
        !is_capable(s, "thinking")) {
        snprintf(text, sizeof text, "\"%.200s\" does not support thinking",
                 s->model);
        ollama_error(c, 400, text);
        return;
    }
    load_model(s, body);
    generate_lines(s, c, body, NULL);
}

/* Without a prompt it loads the model, or unloads it. */
static void ollama_generate(struct server *s, struct conn *c,
                            const json_t *body)
{
    const char   *prompt = text_of(body, "prompt");
    const json_t *stay   = json_object_get(body, "keep_alive");
    bool          leaves = json_is_integer(stay) && !json_integer_value(stay);
    json_t       *reply;

    if (check_model(s, c, body)) return;
    if (!leaves) load_model(s, body);
    if (prompt && *prompt) {
        generate_lines(s, c, body, prompt);
        return;
    }
    if (leaves) s->loaded = false;
    reply = line_of(s, NULL, "", true);
    json_object_set_new(reply, "done_reason",
                        json_string(leaves ? "unload" : "load"));
    conn_json(c, 200, reply);
}

/* ---- the other paths ---------------------------------------------------- */

static void ollama_show(struct server *s, struct conn *c, const json_t *body)
{
    const char *template = text_of(s->script, "template");
    json_t     *reply;

    if (check_model(s, c, body)) return;
    reply = json_pack(
        "{s:s,s:s,s:s,s:o,s:{s:s,s:I},s:o}", "modelfile", "# Modelfile\nFROM "
        "m\n", "parameters", "stop \"<|im_end|>\"", "template",
        template ? template : "{{ range .Messages }}{{ .Content }}{{ end }}",
        "details", details(), "model_info", "general.architecture", "qwen2",
        "qwen2.context_length",
        (json_int_t)number(s->script, "train_ctx", 32768), "capabilities",
        capabilities(s));
    conn_json(c, 200, reply);
}

/* Versions before 0.9 do not say the context. */
static void ollama_ps(struct server *s, struct conn *c)
{
    const char *version = text_of(s->script, "version");
    json_t     *list    = json_array(), *model;

    if (s->loaded) {
        model = json_pack("{s:s,s:s,s:I,s:s,s:o,s:s,s:I}", "name", s->model,
                          "model", s->model, "size", (json_int_t)2361393152,
                          "digest", "357c53fb659c", "details", details(),
                          "expires_at", "2026-11-23T12:30:00.5+01:00",
                          "size_vram", (json_int_t)2361393152);
        if (!version || strncmp(version, "0.8", 3) != 0)
            json_object_set_new(model, "context_length",
                                json_integer(s->n_ctx));
        json_array_append_new(list, model);
    }
    conn_json(c, 200, json_pack("{s:o}", "models", list));
}

/* False: not one of its paths. */
static bool ollama_get(struct server *s, struct conn *c, const char *path)
{
    const char *version = text_of(s->script, "version");

    if (strcmp(path, "/") == 0)
        conn_reply(c, 200, "text/plain; charset=utf-8", "Ollama is running");
    else if (strcmp(path, "/api/version") == 0)
        conn_json(c, 200, json_pack("{s:s}", "version",
                                    version ? version : "0.33.2"));
    else if (strcmp(path, "/api/ps") == 0)
        ollama_ps(s, c);
    else if (strcmp(path, "/api/tags") == 0)
        conn_json(c, 200, json_pack(
            "{s:[{s:s,s:s,s:s,s:I,s:s,s:o}]}", "models", "name", s->model,
            "model", s->model, "modified_at", CREATED, "size",
            (json_int_t)1929912432, "digest", "357c53fb659c", "details",
            details()));
    else
        return false;
    return true;
}

#endif
