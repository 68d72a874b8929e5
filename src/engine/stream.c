/* SPDX-License-Identifier: MIT */
/* stream.c - see stream.h. Knows the shapes of replies, nothing of HTTP. */
#include "engine/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

#define MAX_CALLS 64               /* of one answer; more is a runaway */
#define MAX_CALL_BYTES (64u << 10) /* all its arguments together       */

void stream_init(struct stream *s, struct turn *turn)
{
    *s = (struct stream){.turn = turn};
    sse_init(&s->sse, STREAM_MAX_BYTES);
    strbuf_init(&s->content, STREAM_MAX_BYTES);
    strbuf_init(&s->reasoning, STREAM_MAX_BYTES);
    strbuf_init(&s->plain, STREAM_MAX_BYTES);
}

void stream_done(struct stream *s)
{
    sse_done(&s->sse);
    strbuf_done(&s->content);
    strbuf_done(&s->reasoning);
    strbuf_done(&s->plain);
    *s = (struct stream){0};
}

static void add_chunk(struct stream *s, enum chunk_kind kind, size_t end,
                      int tokens)
{
    struct turn *t = s->turn;

    t->chunks = mem_grow(t->chunks, t->n_chunks + 1, sizeof *t->chunks);
    t->chunks[t->n_chunks++] = (struct chunk){
        .at_ns = s->at_ns, .kind = kind, .end_bytes = end, .tokens = tokens};
}

/* Text of a JSON string, with NUL bytes made visible, onto `to`. */
static size_t add_text(struct strbuf *to, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t      len  = json_string_length(value);

    if (!text || len == 0) return 0;
    if (memchr(text, '\0', len)) {
        char *clean = utf8_clean(text, len);
        strbuf_add(to, clean);
        free(clean);
    } else {
        strbuf_addn(to, text, len);
    }
    return len;
}

static struct tool_call *call_at(struct turn *t, size_t index)
{
    while (t->n_calls <= index) {
        t->calls = mem_grow(t->calls, t->n_calls + 1, sizeof *t->calls);
        t->calls[t->n_calls++] = (struct tool_call){
            mem_copy(""), mem_copy(""), mem_copy("")};
    }
    return &t->calls[index];
}

static void append(char **text, const char *more)
{
    char *longer = mem_printf("%s%s", *text, more);

    free(*text);
    *text = longer;
}

/* Tool calls arrive whole or in pieces: id and name once, arguments in
 * parts, each with the call's index. */
static int read_calls(struct stream *s, const json_t *calls, struct err *err)
{
    size_t  i;
    json_t *item;

    json_array_foreach(calls, i, item) {
        const json_t *function = json_object_get(item, "function");
        const json_t *at       = json_object_get(item, "index");
        const json_t *args     = json_object_get(function, "arguments");
        json_int_t    index    = json_is_integer(at) ? json_integer_value(at)
                                                     : (json_int_t)i;
        struct tool_call *call;

        if (index < 0 || index >= MAX_CALLS)
            return err_set(err, ERR_FAILED, "the answer holds more than %d "
                           "tool calls", MAX_CALLS);
        call = call_at(s->turn, (size_t)index);
        if (jsonx_text(item, "id")) append(&call->id, jsonx_text(item, "id"));
        if (jsonx_text(function, "name"))
            append(&call->name, jsonx_text(function, "name"));
        if (json_is_string(args)) {
            append(&call->arguments, json_string_value(args));
            s->call_bytes += json_string_length(args);
        } else if (args) {            /* some servers send the object itself */
            char *text = jsonx_dump(args);
            append(&call->arguments, text);
            s->call_bytes += strlen(text);
            free(text);
        }
        if (s->call_bytes > MAX_CALL_BYTES)
            return err_set(err, ERR_FAILED, "the arguments of the tool calls "
                           "passed %u bytes", MAX_CALL_BYTES);
    }
    return 0;
}

static void keep(double *field, const json_t *object, const char *key)
{
    double value = jsonx_number(object, key);

    if (!isnan(value)) *field = value;
}

static void read_timings(struct turn *t, const json_t *event)
{
    const json_t *timings = json_object_get(event, "timings");
    const json_t *usage   = json_object_get(event, "usage");

    if (json_is_object(timings)) {
        keep(&t->server.prompt_n, timings, "prompt_n");
        keep(&t->server.cache_n, timings, "cache_n");
        keep(&t->server.prompt_ms, timings, "prompt_ms");
        keep(&t->server.predicted_n, timings, "predicted_n");
        keep(&t->server.predicted_ms, timings, "predicted_ms");
    } else if (json_is_object(usage)) {
        double cached = jsonx_number(
            json_object_get(usage, "prompt_tokens_details"), "cached_tokens");

        keep(&t->server.predicted_n, usage, "completion_tokens");
        keep(&t->server.prompt_n, usage, "prompt_tokens");
        if (cached > 0 && cached <= t->server.prompt_n) {
            t->server.cache_n = cached;
            t->server.prompt_n -= cached;
        }
    }
}

static enum finish finish_named(const char *reason)
{
    if (!reason) return FINISH_NONE;
    if (strcmp(reason, "length") == 0) return FINISH_LENGTH;
    if (strcmp(reason, "tool_calls") == 0) return FINISH_CALLS;
    if (strcmp(reason, "function_call") == 0) return FINISH_CALLS;
    return FINISH_STOP;
}

static int read_choice(struct stream *s, const json_t *choice, int tokens,
                       struct err *err)
{
    const json_t *delta  = json_object_get(choice, "delta");
    const char   *reason = jsonx_text(choice, "finish_reason");
    const json_t *calls, *thought;

    if (!delta) delta = json_object_get(choice, "message");
    thought = json_object_get(delta, "reasoning_content");
    if (!thought) thought = json_object_get(delta, "reasoning");
    if (add_text(&s->reasoning, thought))
        add_chunk(s, CHUNK_REASONING, s->reasoning.len, tokens);
    if (add_text(&s->content, json_object_get(delta, "content")))
        add_chunk(s, CHUNK_CONTENT, s->content.len, tokens);
    calls = json_object_get(delta, "tool_calls");
    if (json_array_size(calls) > 0) {
        if (read_calls(s, calls, err)) return -1;
        add_chunk(s, CHUNK_CALL, s->call_bytes, tokens);
    }
    if (reason) s->turn->finish = finish_named(reason);
    return 0;
}

/* llama-server's own /completion: {"content":"..","stop":false,...}. */
static void read_completion(struct stream *s, const json_t *event, int tokens)
{
    const char *type = jsonx_text(event, "stop_type");

    /* A token may be half a letter: then content is "" and still counts. */
    add_text(&s->content, json_object_get(event, "content"));
    if (jsonx_truth(event, "stop") == 1) {
        s->turn->finish = type && strcmp(type, "limit") == 0 ? FINISH_LENGTH
                                                             : FINISH_STOP;
        s->is_done = true;
    } else {
        add_chunk(s, CHUNK_CONTENT, s->content.len, tokens);
    }
}

static int server_error(const json_t *event, struct err *err)
{
    const json_t *error = json_object_get(event, "error");
    const char   *text  = json_is_string(error) ? json_string_value(error)
                                                : jsonx_text(error, "message");

    return err_set(err, ERR_FAILED, "the server gave up in the middle of its "
                   "answer: %.300s", text ? text : "it did not say why");
}

static int read_event(struct stream *s, json_t *event, struct err *err)
{
    double        n       = jsonx_number(json_object_get(event, "timings"),
                                         "predicted_n");
    const json_t *choices = json_object_get(event, "choices");

    if (!json_is_object(event))
        return err_set(err, ERR_FAILED, "the server sent JSON that is no "
                       "object; is this an OpenAI-compatible server?");
    if (json_object_get(event, "error")) return server_error(event, err);
    read_timings(s->turn, event);
    if (json_array_size(choices) > 0) {
        if (read_choice(s, json_array_get(choices, 0),
                        isnan(n) ? -1 : (int)n, err))
            return -1;
    } else if (json_object_get(event, "stop")) {
        read_completion(s, event, isnan(n) ? -1 : (int)n);
    }
    if (s->content.over || s->reasoning.over)
        return err_set(err, ERR_FAILED, "the answer passed %u bytes without "
                       "an end", STREAM_MAX_BYTES);
    return 0;
}

/* One JSON document; invalid UTF-8 is made valid first, then judged. */
static int read_json(struct stream *s, const char *text, size_t len,
                     struct err *err)
{
    char      *clean = utf8_valid(text, len) ? NULL : utf8_clean(text, len);
    struct err why   = {0};
    json_t    *event;
    int        rc;

    event = clean ? jsonx_parse(clean, strlen(clean), &why)
                  : jsonx_parse(text, len, &why);
    free(clean);
    if (!event) {
        char *shown = utf8_printable(text, len < 60 ? len : 60);
        err_set(err, ERR_FAILED, "the server sent an event that is not JSON "
                "(\"%s\"); is this an OpenAI-compatible server?", shown);
        free(shown);
        return -1;
    }
    rc = read_event(s, event, err);
    json_decref(event);
    return rc;
}

struct feeding {
    struct stream *s;
    struct err    *err;
};

static int on_event(void *ctx, const char *name, const char *data, size_t len)
{
    struct feeding *f = ctx;

    (void)name;
    if (len == 6 && memcmp(data, "[DONE]", 6) == 0) {
        f->s->is_done = true;
        return 1;
    }
    f->s->events++;
    if (read_json(f->s, data, len, f->err)) return -1;
    return f->s->is_done ? 1 : 0;
}

int stream_feed(struct stream *s, const char *bytes, size_t n, int64_t at_ns,
                struct err *err)
{
    struct feeding f = {s, err};

    s->at_ns = at_ns;
    if (!s->started && n > 0) {
        s->started = true;
        s->is_plain = bytes[0] == '{';
    }
    if (!s->is_plain) return sse_feed(&s->sse, bytes, n, on_event, &f, err);
    strbuf_addn(&s->plain, bytes, n);
    if (s->plain.over)
        return err_set(err, ERR_FAILED, "the answer passed %u bytes",
                       STREAM_MAX_BYTES);
    return 0;
}

int stream_finish(struct stream *s, int64_t end_ns, struct err *err)
{
    struct turn *t  = s->turn;
    int          rc = 0;

    if (s->is_plain && s->plain.len > 0) {
        s->events++;
        rc = read_json(s, s->plain.text, s->plain.len, err);
    }
    t->end_ns = end_ns;
    free(t->content);
    t->content = strbuf_take(&s->content);
    free(t->reasoning);
    t->reasoning = strbuf_take(&s->reasoning);
    if (rc == 0 && s->events == 0)
        rc = err_set(err, ERR_FAILED, "the server sent no event at all%s; is "
                     "this an OpenAI-compatible server?",
                     s->sse.comments ? ", only comments" : "");
    else if (rc == 0 && t->finish == FINISH_NONE && !s->is_done)
        rc = err_set(err, ERR_FAILED, "the connection was cut in the middle "
                     "of the answer, after %zu bytes of text",
                     strlen(t->content));
    if (rc) t->finish = FINISH_CUT;
    return rc;
}
