/* SPDX-License-Identifier: MIT */
/* ollama.c - a server kind: Ollama, by its own API. Its OpenAI endpoints take
 * no num_ctx, and tell no durations.
 *
 * Context  num_ctx goes with each request, because the default depends on the
 *          memory of the host; the model is loaded before the first one, and
 *          /api/ps says what context it got and how much memory it takes.
 * Cuts     "truncate": false makes later versions refuse a chat that is too
 *          long; others cut it silently, which prompt_cut.h finds out. Not
 *          "shift": false, which would say the rest: in some versions it
 *          also switches the prefix cache off, and so changes what is
 *          measured.
 * Cache    cannot be switched off: a cold prompt begins with a line of its
 *          own.
 * Memory   a model that was not loaded before is unloaded at the end, so that
 *          the next candidate finds the memory that this one found.
 */
#include "engine/server_kind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "engine/ollama_request.h"
#include "engine/prompt_cut.h"

#define KEEP_ALIVE "30m"    /* longer than we ever think between requests */
#define UNLOAD_S   5.0

struct ollama {
    int               context;    /* tokens, as loaded; else as asked for   */
    int               asked;
    int               threads;
    bool              was_loaded; /* before we came                         */
    struct prompt_cut cut;
};

static bool recognise(struct client *c, const json_t *models)
{
    json_t *version = server_ask(c, "/api/version");
    bool    is      = jsonx_text(version, "version") != NULL;

    (void)models;
    json_decref(version);
    return is;
}

/* "llama3.2" is short for "llama3.2:latest". */
static bool same_model(const char *a, const char *b)
{
    static const char implied[] = ":latest";
    size_t n = strlen(a), m = strlen(b);

    if (n > m) return same_model(b, a);
    return strncmp(a, b, n) == 0 &&
           (n == m || (strcmp(b + n, implied) == 0 && !strchr(a, ':')));
}

/* What /api/ps says of our model: a new reference; NULL: it is not loaded. */
static json_t *find_loaded(struct client *c)
{
    json_t *reply = server_ask(c, "/api/ps"), *found = NULL, *item;
    size_t  i;

    json_array_foreach(json_object_get(reply, "models"), i, item) {
        const char *name = jsonx_text(item, "model");

        if (!name) name = jsonx_text(item, "name");
        if (name && same_model(name, c->model)) found = item;
    }
    json_incref(found);
    json_decref(reply);
    return found;
}

/* A request without a prompt loads the model, keep_alive 0 unloads it.
 * Consumes keep_alive. */
static int load(struct client *c, json_t *options, json_t *keep_alive,
                double limit_s, struct err *err)
{
    json_t *body = json_object(), *reply;

    jsonx_set_text(body, "model", c->model);
    json_object_set_new(body, "stream", json_false());
    json_object_set_new(body, "keep_alive", keep_alive);
    if (options) json_object_set(body, "options", options);
    reply = client_post(c, "/api/generate", body, limit_s, err);
    json_decref(body);
    json_decref(reply);
    return reply ? 0 : -1;
}

/* Of the model's own header: "qwen2.context_length". -1: not told. */
static int trained_context(const json_t *info)
{
    static const char end[] = ".context_length";
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)(uintptr_t)info, key, value) {
        size_t n = strlen(key);

        if (n >= sizeof end && strcmp(key + n + 1 - sizeof end, end) == 0)
            return server_context(info, key);
    }
    return -1;
}

/* Template and capabilities, where the version tells them. A template of
 * nothing but the prompt says nothing: newer models have theirs in code. */
static void read_show(struct server *s, struct engine_facts *facts)
{
    struct ollama *o       = s->state;
    struct err     ignored = {0};
    json_t        *body    = json_pack("{s:s}", "model", s->client.model);
    json_t        *show    = client_post(&s->client, "/api/show", body,
                                         client_meta_s(&s->client), &ignored);
    const json_t  *list    = json_object_get(show, "capabilities");
    const char    *text    = jsonx_text(show, "template");
    int            trained = trained_context(json_object_get(show,
                                                             "model_info"));
    size_t         i;
    json_t        *item;

    if (trained > 0 && trained < o->context) o->context = trained;
    if (text && *text && strcmp(text, "{{ .Prompt }}") != 0)
        facts->has_template = 1;
    if (json_is_array(list))
        facts->supports_tools = facts->supports_tool_calls = 0;
    json_array_foreach(list, i, item)
        if (json_is_string(item) &&
            strcmp(json_string_value(item), "tools") == 0)
            facts->supports_tools = facts->supports_tool_calls = 1;
    json_decref(show);
    json_decref(body);
}

static void read_loaded(struct server *s, struct engine_facts *facts)
{
    struct ollama *o      = s->state;
    json_t        *loaded = find_loaded(&s->client);
    double         bytes  = jsonx_number(loaded, "size");

    facts->context = server_context(loaded, "context_length");
    if (facts->context > 0) o->context = facts->context;
    else if (o->context < o->asked) facts->context = o->context;
    if (bytes > 0) facts->memory_bytes = bytes;
    if (o->context < o->asked)
        facts->context_note = mem_printf(
            "Ollama runs the model with a context of %d tokens where %d were "
            "asked for, because it was made for no more; ask for at most that "
            "with `context:`", o->context, o->asked);
    else if (o->context > o->asked)
        facts->context_note = mem_printf(
            "Ollama runs the model with a context of %d tokens where %d were "
            "asked for, which takes more memory; unload it with `ollama stop` "
            "and see that nobody else uses it", o->context, o->asked);
    json_decref(loaded);
}

static void done(struct server *s)
{
    struct ollama *o       = s->state;
    struct err     ignored = {0};

    if (!o) return;
    /* Where this fails, after a signal too, its keep_alive ends it. */
    if (!o->was_loaded)
        load(&s->client, NULL, json_integer(0), UNLOAD_S, &ignored);
    prompt_cut_done(&o->cut);
    free(o);
    s->state = NULL;
}

static int prepare(struct server *s, const struct engine_spec *spec,
                   const json_t *models, struct engine_facts *facts,
                   struct err *err)
{
    struct ollama *o       = mem_new(1, sizeof *o);
    json_t        *version = server_ask(&s->client, "/api/version");
    json_t        *before  = find_loaded(&s->client);
    json_t        *options = ollama_options(spec->candidate->sampling,
                                            spec->context, spec->threads, -1);
    json_t        *think   = ollama_think(spec->template_kwargs);
    int            rc;

    (void)models;
    *o = (struct ollama){.context = spec->context, .asked = spec->context,
                         .threads = spec->threads,
                         .was_loaded = before || spec->only_identify};
    rc = spec->only_identify ? 0
       : load(&s->client, options, json_string(KEEP_ALIVE),
              spec->limits.load_s, err);
    if (rc == 0) {
        s->state = o;
        facts->build = client_version(version, "version");
        facts->command = ollama_command(s->client.model, options, think);
        facts->counts_tokens = facts->has_raw_text = true;
        read_show(s, facts);
        if (!spec->only_identify) read_loaded(s, facts);
    } else {
        free(o);
        err_ctx(err, "Ollama could not load %s", s->client.model);
    }
    json_decref(version);
    json_decref(before);
    json_decref(options);
    json_decref(think);
    return rc;
}

/* ---- answers ------------------------------------------------------------ */

static json_t *body_of(const struct server *s, json_t *sampling, int n)
{
    const struct ollama *o    = s->state;
    json_t              *body = json_object();

    jsonx_set_text(body, "model", s->client.model);
    jsonx_set_text(body, "keep_alive", KEEP_ALIVE);
    json_object_set_new(body, "stream", json_true());
    json_object_set_new(body, "truncate", json_false());
    json_object_set_new(body, "options",
                        ollama_options(sampling, o->asked, o->threads, n));
    return body;
}

/* What Ollama refuses, in the words of our options. */
static int explain(const struct ollama *o, const struct err *why,
                   struct err *err)
{
    if (strstr(why->text, "does not support tools"))
        return err_set(err, ERR_INPUT, "%.500s: its template in Ollama has no "
                       "place for them", why->text);
    if (why->kind == ERR_INPUT && (strstr(why->text, "context length") ||
                                   strstr(why->text, "context size")))
        return err_set(err, ERR_INPUT, "%.500s (its context size, num_ctx, is "
                       "%d; ask for a larger one with `context:`)", why->text,
                       o->context);
    if (err) *err = *why;
    return -1;
}

/* Streams the answer and looks whether all of the prompt was read. */
static int answer(struct server *s, const char *path, const json_t *body,
                  struct prompt_seen *seen, struct turn *out, struct err *err)
{
    struct ollama *o   = s->state;
    struct err     why = {0};

    if (client_stream(&s->client, path, body, STREAM_LINES, out, &why))
        return explain(o, &why, err);
    seen->context = o->context;
    seen->answer = out->server.predicted_n;
    seen->tokens = out->server.prompt_n +
                   (out->server.cache_n > 0 ? out->server.cache_n : 0);
    if (!prompt_cut_seen(&o->cut, seen)) return 0;
    out->finish = FINISH_CUT;
    return err_set(err, ERR_INPUT, "Ollama cut the prompt silently: of %zu "
                   "bytes it read %.0f tokens, and its context size (num_ctx) "
                   "is %d; ask for a larger one with `context:`, or make the "
                   "prompt shorter", seen->bytes, seen->tokens, o->context);
}

/* Bytes of all messages but the model's own. */
static size_t told_bytes(const struct chat_request *request)
{
    size_t n = 0;

    for (size_t i = 0; i < request->n_messages; i++)
        if (request->messages[i].turn < 0)
            n += strlen(request->messages[i].text);
    return n;
}

static int chat(struct server *s, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    char   *cold_line = request->is_cold ? client_cold_line(&s->client) : NULL;
    json_t *messages  = ollama_messages(request, cold_line);
    json_t *body      = body_of(s, request->sampling, request->max_tokens);
    json_t *think     = ollama_think(request->template_kwargs);
    char   *sent      = jsonx_dump(messages), *tools = NULL;
    int     rc;

    json_object_set_new(body, "messages", messages);
    if (json_array_size(request->tools) > 0) {
        json_object_set(body, "tools", request->tools);
        tools = jsonx_dump(request->tools);
    }
    if (think) json_object_set_new(body, "think", think);
    rc = answer(s, "/api/chat", body,
                &(struct prompt_seen){.messages = sent,
                                      .told = told_bytes(request),
                                      .bytes = strlen(sent) +
                                               (tools ? strlen(tools) : 0)},
                out, err);
    json_decref(body);
    free(cold_line);
    free(sent);
    free(tools);
    return rc;
}

static int complete(struct server *s, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    char   *cold_line, *text;
    json_t *body;
    int     rc;

    if (!request->prompt)
        return err_set(err, ERR_FAILED, "Ollama takes raw prompts as text, "
                       "not as token ids");
    cold_line = request->cache_prompt ? NULL : client_cold_line(&s->client);
    text = mem_printf("%s%s", cold_line ? cold_line : "", request->prompt);
    body = body_of(s, request->sampling, request->n_predict);
    json_object_set_new(body, "raw", json_true());
    jsonx_set_text(body, "prompt", text);
    rc = answer(s, "/api/generate", body,
                &(struct prompt_seen){.bytes = strlen(text)}, out, err);
    json_decref(body);
    free(cold_line);
    free(text);
    return rc;
}

const struct server_kind server_ollama = {
    .name = "Ollama",
    .recognise = recognise,
    .prepare = prepare,
    .chat = chat,
    .complete = complete,
    .done = done,
};
