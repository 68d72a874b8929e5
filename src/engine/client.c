/* SPDX-License-Identifier: MIT */
/* client.c - requests and replies of llama-server and of any
 * OpenAI-compatible server; see client.h. */
#include "engine/client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

#define SMALL_REPLY_BYTES (8u << 20)   /* a chat template can be large */
#define CONNECT_S 5.0
#define META_S 10.0
#define VERSION_BYTES 200              /* what is kept of it, for ever */

/* client_cold_line counts through nine digits in steps that share no factor
 * with their number, so that none comes twice. Digits, because vocabularies
 * cut them into pieces of equal length. */
#define COLD_LINES 900000000u
#define COLD_STEP  618033989u

void client_init(struct client *c, const char *base_url, const char *api_key,
                 const struct limits *limits)
{
    *c = (struct client){
        .http = http_new(), .base_url = mem_copy(base_url),
        .api_key = mem_copy(api_key), .limits = *limits,
        .cold_prompts = (uint32_t)((uint64_t)clock_now_ns() % COLD_LINES)};
}

char *client_cold_line(struct client *c)
{
    c->cold_prompts = (c->cold_prompts + COLD_STEP) % COLD_LINES;
    return mem_printf("[%u]\n", 100000000u + c->cold_prompts);
}

void client_done(struct client *c)
{
    http_free(c->http);
    free(c->base_url);
    free(c->api_key);
    free(c->model);
    *c = (struct client){0};
}

/* What the server says is wrong, as one sentence. */
static int refused(const struct http_reply *reply, const char *path,
                   struct err *err)
{
    json_t     *body = NULL;
    const char *text = NULL;
    struct err  why  = {0};
    char       *shown;
    enum err_kind kind = reply->status >= 500 || reply->status == 429
                             ? ERR_FAILED : ERR_INPUT;

    if (reply->status == 401 || reply->status == 403)
        return err_set(err, ERR_PREFLIGHT, "the server wants an API key (HTTP "
                       "%d); give it with --api-key or OPENAI_API_KEY",
                       reply->status);
    if (reply->body_len > 0)
        body = jsonx_parse(reply->body, reply->body_len, &why);
    if (body) {
        const json_t *error = json_object_get(body, "error");
        text = json_is_string(error) ? json_string_value(error)
                                     : jsonx_text(error, "message");
    }
    if (!text) text = reply->body ? reply->body : "";
    shown = utf8_printable(text, strnlen(text, 300));
    if (reply->status == 429)
        err_set(err, kind, "the server is busy (HTTP 429 on %s): %s", path,
                shown[0] ? shown : "it asks to try again later");
    else
        err_set(err, kind, "the server answered HTTP %d to %s: %s",
                reply->status, path, shown[0] ? shown : "nothing more");
    free(shown);
    json_decref(body);
    return -1;
}

static void fill_request(const struct client *c, const char *url,
                         struct http_request *out)
{
    *out = (struct http_request){
        .url = url, .bearer = c->api_key, .connect_s = CONNECT_S,
        .first_s = c->limits.first_s, .silence_s = c->limits.silence_s,
        .total_s = c->limits.total_s, .max_body_bytes = SMALL_REPLY_BYTES,
        .alive = c->alive, .alive_ctx = c->alive_ctx};
}

/* The JSON object of a small reply, or NULL with err naming the path. */
static json_t *object_of(const struct http_reply *reply, const char *path,
                         struct err *err)
{
    struct err why = {0};
    json_t    *value;

    if (reply->status != 200) {
        refused(reply, path, err);
        return NULL;
    }
    value = jsonx_parse(reply->body, reply->body_len, &why);
    if (json_is_object(value)) return value;
    json_decref(value);
    err_set(err, ERR_FAILED, "the server's answer to %s is no JSON object%s%s",
            path, why.kind ? ": " : "", why.text);
    return NULL;
}

/* Sends what has its method and body, within limit_s. */
static json_t *send_small(struct client *c, const char *path,
                          struct http_request *request, double limit_s,
                          int *status, struct err *err)
{
    struct http_reply reply = {0};
    json_t           *value = NULL;

    request->connect_s = limit_s < CONNECT_S ? limit_s : CONNECT_S;
    request->first_s = request->silence_s = request->total_s = limit_s;
    if (http_send(c->http, request, &reply, err) == 0)
        value = object_of(&reply, path, err);
    *status = reply.status;
    http_reply_done(&reply);
    return value;
}

double client_meta_s(const struct client *c)
{
    return c->limits.first_s < META_S ? c->limits.first_s : META_S;
}

json_t *client_get(struct client *c, const char *path, double limit_s,
                   int *status, struct err *err)
{
    char               *url = mem_printf("%s%s", c->base_url, path);
    struct http_request request;
    json_t             *value;

    fill_request(c, url, &request);
    request.method = "GET";
    value = send_small(c, path, &request, limit_s, status, err);
    free(url);
    return value;
}

json_t *client_post(struct client *c, const char *path, const json_t *body,
                    double limit_s, struct err *err)
{
    char               *url  = mem_printf("%s%s", c->base_url, path);
    char               *text = jsonx_dump(body);
    struct http_request request;
    struct err          why    = {0};
    int                 status = 0;
    json_t             *value;

    fill_request(c, url, &request);
    request.method = "POST";
    request.body = text;
    request.body_len = strlen(text);
    value = send_small(c, path, &request, limit_s, &status, &why);
    if (!value) {
        if (!strstr(why.text, path)) err_ctx(&why, "%s", path);
        if (err) *err = why;
    }
    free(text);
    free(url);
    return value;
}

char *client_version(const json_t *object, const char *key)
{
    const char *text = jsonx_text(object, key);
    size_t      n    = text ? strnlen(text, VERSION_BYTES + 1) : 0;

    if (!text) return NULL;
    if (n > VERSION_BYTES)
        for (n = VERSION_BYTES; n > 0 && ((unsigned char)text[n] & 0xc0) ==
                                             0x80;) n--;
    return mem_copy_n(text, n);
}

void client_read_props(const json_t *props, struct engine_facts *facts)
{
    const json_t *caps   = json_object_get(props, "chat_template_caps");
    const json_t *params = json_object_get(props,
                                           "default_generation_settings");
    char         *build  = client_version(props, "build_info");
    double        n_ctx  = jsonx_number(params, "n_ctx");

    if (build) {
        free(facts->build);
        facts->build = build;
    }
    if (n_ctx >= 1 && n_ctx < 1e9) facts->context = (int)n_ctx;
    facts->supports_tools = jsonx_truth(caps, "supports_tools");
    facts->supports_tool_calls = jsonx_truth(caps, "supports_tool_calls");
    facts->supports_system_role = jsonx_truth(caps, "supports_system_role");
}

struct receiving {
    struct stream            stream;
    const struct client     *client;
    const struct http_reply *reply;
    int64_t                  bytes_ns;   /* last arrival of bytes, or -1   */
    int64_t                  event_ns;   /* of an event, which a ping is not */
    size_t                   events;
    struct err               err;
};

static double seconds(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / 1e9;
}

static int too_late(const struct client *c, const char *what, double limit_s,
                    const char *option, struct err *err)
{
    return err_set(err, ERR_TIMEOUT, "%s: %s %g s; look at the server's log, "
                   "or give it more with %s if it is only slow", c->base_url,
                   what, limit_s, option);
}

static int too_late_to_begin(const struct client *c, struct err *err)
{
    return too_late(c, "no answer came within", c->limits.first_s,
                    "--first-timeout", err);
}

static int too_long_silent(const struct client *c, struct err *err)
{
    return too_late(c, "the answer fell silent before its end for more than",
                    c->limits.silence_s, "--silence-timeout", err);
}

/* http.c takes any byte for a sign of life; a server that only pings is as
 * stuck as one that is silent. */
static int check_pings(struct receiving *r, int64_t at_ns)
{
    const struct client *c = r->client;

    if (r->stream.is_plain || r->stream.events > r->events) {
        r->events = r->stream.events;
        r->event_ns = at_ns;
        return 0;
    }
    if (r->event_ns < 0)
        return seconds(r->reply->sent_ns, at_ns) > c->limits.first_s
            ? too_late_to_begin(c, &r->err) : 0;
    return seconds(r->event_ns, at_ns) > c->limits.silence_s
        ? too_long_silent(c, &r->err) : 0;
}

static int on_bytes(void *ctx, const char *bytes, size_t n, int64_t at_ns)
{
    struct receiving *r  = ctx;
    int               rc = stream_feed(&r->stream, bytes, n, at_ns, &r->err);

    r->bytes_ns = at_ns;
    return rc ? rc : check_pings(r, at_ns);
}

/* Which limit http.c saw pass, in the words of our options. */
static void name_limit(const struct receiving *r, struct err *err)
{
    const struct client *c   = r->client;
    int64_t              end = r->reply->end_ns, sent = r->reply->sent_ns;
    struct err           why = {0};

    if (!err || err->kind != ERR_TIMEOUT || sent < 0) return;
    if (r->bytes_ns < 0 && seconds(sent, end) > c->limits.first_s)
        too_late_to_begin(c, &why);
    else if (r->bytes_ns >= 0 && seconds(r->bytes_ns, end) >
                                     c->limits.silence_s)
        too_long_silent(c, &why);
    else
        too_late(c, "the answer was not complete after", c->limits.total_s,
                 "--answer-timeout", &why);
    *err = why;
}

int client_stream(struct client *c, const char *path, const json_t *body,
                  enum stream_form form, struct turn *out, struct err *err)
{
    char               *url   = mem_printf("%s%s", c->base_url, path);
    char               *text  = jsonx_dump(body);
    struct http_request request;
    struct http_reply   reply = {0};
    struct receiving    r     = {.client = c, .reply = &reply,
                                 .bytes_ns = -1, .event_ns = -1};
    struct err          late  = {0};
    int                 rc;

    stream_init(&r.stream, form, out);
    fill_request(c, url, &request);
    request.method = "POST";
    request.body = text;
    request.body_len = strlen(text);
    request.on_bytes = on_bytes;
    request.ctx = &r;
    rc = http_send(c->http, &request, &reply, err);
    if (rc) name_limit(&r, err);
    out->sent_ns = reply.sent_ns;
    out->http_status = reply.status;
    out->retry_after_s = reply.retry_after_s;
    if (r.err.kind != ERR_NONE && err) *err = r.err;   /* says more */
    if (rc == 0 && r.err.kind != ERR_NONE) rc = -1;
    if (rc == 0 && reply.status != 200) rc = refused(&reply, path, err);
    if (stream_finish(&r.stream, reply.end_ns, &late) && rc == 0) {
        if (err) *err = late;
        rc = -1;
    }
    if (rc) out->finish = FINISH_CUT;
    stream_done(&r.stream);
    http_reply_done(&reply);
    free(text);
    free(url);
    return rc;
}

/* {"role":"assistant","content":..,"tool_calls":[...]} */
static json_t *assistant_json(const struct turn *turn)
{
    json_t *message = json_object(), *calls;

    jsonx_set_text(message, "role", "assistant");
    jsonx_set_text(message, "content", turn->content);
    if (turn->n_calls == 0) return message;
    calls = json_array();
    for (size_t i = 0; i < turn->n_calls; i++) {
        json_t *call = json_object(), *function = json_object();

        jsonx_set_text(function, "name", turn->calls[i].name);
        jsonx_set_text(function, "arguments", turn->calls[i].arguments[0]
                       ? turn->calls[i].arguments : "{}");
        jsonx_set_text(call, "id", turn->calls[i].id);
        jsonx_set_text(call, "type", "function");
        json_object_set_new(call, "function", function);
        json_array_append_new(calls, call);
    }
    json_object_set_new(message, "tool_calls", calls);
    return message;
}

/* cold_line: put in front of the first text, or NULL. */
static json_t *messages_json(const struct chat_request *request,
                             const char *cold_line)
{
    json_t *list = json_array();

    for (size_t i = 0; i < request->n_messages; i++) {
        const struct message *m = &request->messages[i];
        json_t               *item;

        if (m->turn >= 0) {
            item = assistant_json(&request->turns[m->turn]);
        } else {
            char *text = mem_printf("%s%s", i == 0 && cold_line ? cold_line
                                                                : "", m->text);
            item = json_object();
            jsonx_set_text(item, "role", m->role);
            jsonx_set_text(item, "content", text);
            if (m->call_id && strcmp(m->role, "tool") == 0)
                jsonx_set_text(item, "tool_call_id", m->call_id);
            free(text);
        }
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *conversation(const struct client *c,
                            const struct chat_request *request,
                            const char *cold_line)
{
    json_t *body = json_object();

    if (c->model) jsonx_set_text(body, "model", c->model);
    json_object_set_new(body, "messages", messages_json(request, cold_line));
    if (json_array_size(request->tools) > 0)
        json_object_set(body, "tools", request->tools);
    if (request->template_kwargs &&
        (c->is_llama || c->takes_template_kwargs))
        json_object_set(body, "chat_template_kwargs",
                        request->template_kwargs);
    return body;
}

/* What only llama-server knows stays here: others may refuse it. */
static void add_sampling(const struct client *c, json_t *body,
                         json_t *sampling)
{
    static const char *const llama_only[] = {"samplers", "backend_sampling"};

    if (!sampling) return;
    json_object_update(body, sampling);
    for (size_t i = 0; i < 2 && !c->is_llama; i++)
        json_object_del(body, llama_only[i]);
}

int client_chat(struct client *c, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    bool    begins_anew = request->is_cold && !c->is_llama;
    char   *cold_line   = begins_anew ? client_cold_line(c) : NULL;
    json_t *body        = conversation(c, request, cold_line);
    int     rc;

    jsonx_set_integer(body, "max_tokens", request->max_tokens);
    json_object_set_new(body, "stream", json_true());
    json_object_set_new(body, "stream_options",
                        json_pack("{s:b}", "include_usage", 1));
    if (c->is_llama) {
        json_object_set_new(body, "timings_per_token", json_true());
        if (request->is_cold)
            json_object_set_new(body, "cache_prompt", json_false());
    }
    add_sampling(c, body, request->sampling);
    rc = client_stream(c, "/v1/chat/completions", body, STREAM_EVENTS, out,
                       err);
    json_decref(body);
    free(cold_line);
    return rc;
}

int client_complete(struct client *c, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    json_t *body = json_object();
    int     rc;

    if (request->prompt) {
        jsonx_set_text(body, "prompt", request->prompt);
    } else {
        json_t *ids = json_array();
        for (size_t i = 0; i < request->n_ids; i++)
            json_array_append_new(ids, json_integer(request->ids[i]));
        json_object_set_new(body, "prompt", ids);
    }
    if (request->sampling) json_object_update(body, request->sampling);
    jsonx_set_integer(body, "n_predict", request->n_predict);
    json_object_set_new(body, "ignore_eos", json_true());
    json_object_set_new(body, "cache_prompt",
                        json_boolean(request->cache_prompt));
    json_object_set_new(body, "stream", json_true());
    rc = client_stream(c, "/completion", body, STREAM_EVENTS, out, err);
    json_decref(body);
    return rc;
}

int client_tokenize(struct client *c, const char *text, bool as_prompt,
                    int **ids, size_t *n, struct err *err)
{
    json_t *body  = json_object();
    json_t *reply, *tokens, *item;
    int    *list;
    size_t  i;

    jsonx_set_text(body, "content", text);
    json_object_set_new(body, "add_special", json_boolean(as_prompt));
    json_object_set_new(body, "parse_special", json_boolean(as_prompt));
    reply = client_post(c, "/tokenize", body, client_meta_s(c), err);
    json_decref(body);
    if (!reply) return -1;
    tokens = json_object_get(reply, "tokens");
    if (!json_is_array(tokens)) {
        json_decref(reply);
        return err_set(err, ERR_FAILED, "/tokenize gave no list of tokens");
    }
    list = mem_new(json_array_size(tokens), sizeof *list);
    json_array_foreach(tokens, i, item) {
        json_int_t id = json_is_integer(item) ? json_integer_value(item) : -1;

        if (id < 0 || id > INT_MAX) break;
        list[i] = (int)id;
    }
    if (i < json_array_size(tokens)) {
        free(list);
        json_decref(reply);
        return err_set(err, ERR_FAILED, "/tokenize gave a token that is no id");
    }
    *n = i;
    *ids = list;
    json_decref(reply);
    return 0;
}

int client_render(struct client *c, const struct chat_request *request,
                  char **text, struct err *err)
{
    static const char path[] = "/apply-template";
    json_t     *body  = conversation(c, request, NULL);
    struct err  why   = {0};
    json_t     *reply = client_post(c, path, body, client_meta_s(c), &why);
    const char *prompt;

    json_decref(body);
    if (!reply && why.kind == ERR_TIMEOUT)
        return err_set(err, ERR_TIMEOUT, "%s: the chat template did not end "
                       "within %g s; is there a loop in it? Give the server "
                       "another one", path, client_meta_s(c));
    if (!reply) {
        if (err) *err = why;
        return -1;
    }
    prompt = jsonx_text(reply, "prompt");
    if (prompt) *text = mem_copy(prompt);
    json_decref(reply);
    return prompt ? 0 : err_set(err, ERR_FAILED, "%s gave no prompt", path);
}
