/* SPDX-License-Identifier: MIT */
/* stream.c - see stream.h. Knows the shapes of replies, nothing of HTTP. */
#include "engine/stream.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

#define MAX_CALLS 64               /* of one answer; more is a runaway */
#define MAX_CALL_BYTES (64u << 10) /* all their texts together         */
#define MAX_CHUNKS (128u << 10)    /* arrivals of one answer           */

void stream_init(struct stream *s, enum stream_form form, struct turn *turn)
{
    *s = (struct stream){.turn = turn, .is_lines = form == STREAM_LINES};
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

    if (t->n_chunks == MAX_CHUNKS) {
        s->is_endless = true;
        return;
    }
    /* The turn began empty, so at each power of two its list is full. */
    if ((t->n_chunks & (t->n_chunks - 1)) == 0)
        t->chunks = mem_grow(t->chunks, t->n_chunks ? 2 * t->n_chunks : 1,
                             sizeof *t->chunks);
    t->chunks[t->n_chunks++] = (struct chunk){
        .at_ns = s->at_ns, .kind = kind, .end_bytes = end, .tokens = tokens};
}

/* Text of a JSON string, with NUL bytes made visible; "" when it is none.
 * Caller frees. */
static char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t      len  = json_string_length(value);

    if (!text) return mem_copy("");
    return memchr(text, '\0', len) ? utf8_clean(text, len)
                                   : mem_copy_n(text, len);
}

static bool add_text(struct strbuf *to, const json_t *value)
{
    char *text = text_of(value);
    bool  any  = *text != '\0';

    strbuf_add(to, text);
    free(text);
    return any;
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

/* `more` is taken. False, and nothing is added, past the limit of all. */
static bool append(struct stream *s, char **text, char *more)
{
    size_t n = strlen(more), len = strlen(*text);
    bool   fits = n <= MAX_CALL_BYTES - s->call_bytes;

    if (fits) {
        *text = mem_grow(*text, len + n + 1, 1);
        memcpy(*text + len, more, n + 1);
        s->call_bytes += n;
    }
    free(more);
    return fits;
}

/* Id and name come once; who repeats them does not mean more of them. Some
 * send the arguments as an object instead of as its text. */
static bool read_call(struct stream *s, struct tool_call *call,
                      const json_t *item)
{
    const json_t *function = json_object_get(item, "function");
    const json_t *args     = json_object_get(function, "arguments");
    char         *name     = text_of(json_object_get(function, "name"));

    if (strcmp(name, call->name) == 0) *name = '\0';
    if (!append(s, &call->name, name)) return false;
    if (!*call->id &&
        !append(s, &call->id, text_of(json_object_get(item, "id"))))
        return false;
    return append(s, &call->arguments,
                  json_is_object(args) || json_is_array(args)
                      ? jsonx_dump(args) : text_of(args));
}

/* Which call an item of the i-th place belongs to. OpenAI's arrive whole or
 * in pieces, each with the call's index; servers that give none, or always 0,
 * are told from their ids: a name with another id is another call. Ollama's
 * arrive whole. */
static json_int_t call_index(const struct stream *s, const json_t *item,
                             size_t i)
{
    const struct turn *t     = s->turn;
    const json_t      *at    = json_object_get(item, "index");
    const char        *id    = jsonx_text(item, "id");
    json_int_t         index = json_is_integer(at) ? json_integer_value(at)
                                                   : (json_int_t)i;

    if (s->is_lines) return (json_int_t)t->n_calls;
    if (id && *id && index >= 0 && index < (json_int_t)t->n_calls &&
        *t->calls[index].id && strcmp(t->calls[index].id, id) != 0 &&
        jsonx_text(json_object_get(item, "function"), "name"))
        return (json_int_t)t->n_calls;
    return index;
}

static int read_calls(struct stream *s, const json_t *calls, struct err *err)
{
    struct turn *t = s->turn;
    size_t       i;
    json_t      *item;

    json_array_foreach(calls, i, item) {
        json_int_t index = call_index(s, item, i);

        if (index < 0 || index >= MAX_CALLS)
            return err_set(err, ERR_FAILED, "the answer holds more than %d "
                           "tool calls", MAX_CALLS);
        if (!read_call(s, call_at(t, (size_t)index), item))
            return err_set(err, ERR_FAILED, "the tool calls of the answer "
                           "passed %u bytes", MAX_CALL_BYTES);
    }
    return 0;
}

static void keep(double *field, const json_t *object, const char *key)
{
    double value = jsonx_number(object, key);

    if (value >= 0 && value < 1e12) *field = value;
}

/* How many tokens a server claims to have generated, -1 when it does not say:
 * in its timings, or, in events of /completion, beside the content. There
 * nobody asks for timings with each token: at 660 tokens a second they cost
 * one in fifty. */
static int token_count(const json_t *event)
{
    double n = jsonx_number(json_object_get(event, "timings"), "predicted_n");

    if (isnan(n)) n = jsonx_number(event, "tokens_predicted");
    return n >= 0 && n < 1e9 ? (int)n : -1;
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
        if (cached >= 0 && cached <= t->server.prompt_n) {
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
    if (!json_is_string(thought)) thought = json_object_get(delta, "reasoning");
    if (add_text(&s->reasoning, thought))
        add_chunk(s, CHUNK_REASONING, s->reasoning.len, tokens);
    if (add_text(&s->content, json_object_get(delta, "content")))
        add_chunk(s, CHUNK_CONTENT, s->content.len, tokens);
    calls = json_object_get(delta, "tool_calls");
    if (json_array_size(calls) > 0) {
        if (read_calls(s, calls, err)) return -1;
        add_chunk(s, CHUNK_CALL, s->call_bytes, tokens);
    }
    if (reason && *reason) s->turn->finish = finish_named(reason);
    return 0;
}

/* llama-server's own /completion: {"content":"..","stop":false,...}. */
static void read_completion(struct stream *s, const json_t *event, int tokens)
{
    const char *type    = jsonx_text(event, "stop_type");
    bool        is_last = jsonx_truth(event, "stop") == 1;

    /* A token may be half a letter: then content is "" and still counts. */
    if (add_text(&s->content, json_object_get(event, "content")) || !is_last)
        add_chunk(s, CHUNK_CONTENT, s->content.len, tokens);
    if (!is_last) return;
    s->turn->finish = type && strcmp(type, "limit") == 0 ? FINISH_LENGTH
                                                         : FINISH_STOP;
    s->is_done = true;
}

/* Nanoseconds as milliseconds. */
static void keep_ms(double *field, const json_t *event, const char *key)
{
    double ns = NAN;

    keep(&ns, event, key);
    if (!isnan(ns)) *field = ns / 1e6;
}

/* The account in Ollama's last line. prompt_eval_count is the whole prompt
 * since version 0.4, also what the cache held; how much that was is told by
 * later ones only. Where it is not, cache_n stays unknown and prompt_n over
 * prompt_ms flatters a warm prompt: only a cold one gives a speed. Counts of 0
 * are left out of the line. load_duration has no place here: it is 0 or a
 * few milliseconds while the model stays loaded. */
static void read_metrics(struct turn *t, const json_t *event)
{
    double cached = jsonx_number(event, "prompt_eval_cached_count");

    keep(&t->server.prompt_n, event, "prompt_eval_count");
    if (cached >= 0 && cached <= t->server.prompt_n) {
        t->server.cache_n = cached;
        t->server.prompt_n -= cached;
    }
    keep_ms(&t->server.prompt_ms, event, "prompt_eval_duration");
    keep(&t->server.predicted_n, event, "eval_count");
    keep_ms(&t->server.predicted_ms, event, "eval_duration");
}

/* Ollama's: {"message":{"content":".."},"done":false} of /api/chat,
 * {"response":"..","done":false} of /api/generate. */
static int read_line(struct stream *s, const json_t *event, struct err *err)
{
    const json_t *message = json_object_get(event, "message");
    const json_t *from    = json_is_object(message) ? message : event;
    const json_t *calls   = json_object_get(from, "tool_calls");
    const char   *reason  = jsonx_text(event, "done_reason");

    if (add_text(&s->reasoning, json_object_get(from, "thinking")))
        add_chunk(s, CHUNK_REASONING, s->reasoning.len, -1);
    if (add_text(&s->content, json_object_get(from, from == event
                                              ? "response" : "content")))
        add_chunk(s, CHUNK_CONTENT, s->content.len, -1);
    if (json_array_size(calls) > 0) {
        if (read_calls(s, calls, err)) return -1;
        add_chunk(s, CHUNK_CALL, s->call_bytes, -1);
    }
    if (jsonx_truth(event, "done") != 1) return 0;
    if (reason && *reason) s->turn->finish = finish_named(reason);
    if (s->turn->finish == FINISH_STOP && s->turn->n_calls > 0)
        s->turn->finish = FINISH_CALLS;         /* it says "stop" here too */
    read_metrics(s->turn, event);
    s->is_done = true;
    return 0;
}

static int server_error(const json_t *error, struct err *err)
{
    const char *text = json_is_string(error) ? json_string_value(error)
                                             : jsonx_text(error, "message");

    return err_set(err, ERR_FAILED, "the server gave up in the middle of its "
                   "answer: %.300s", text ? text : "it did not say why");
}

static int read_event(struct stream *s, json_t *event, struct err *err)
{
    int           n       = token_count(event);
    const json_t *choices = json_object_get(event, "choices");
    const json_t *error   = json_object_get(event, "error");

    if (!json_is_object(event))
        return err_set(err, ERR_FAILED, "the server sent JSON that is no "
                       "object; is this an OpenAI-compatible server?");
    if (error && !json_is_null(error)) return server_error(error, err);
    if (!s->is_lines) read_timings(s->turn, event);
    if (s->is_lines) {
        if (read_line(s, event, err)) return -1;
    } else if (json_array_size(choices) > 0) {
        if (read_choice(s, json_array_get(choices, 0), n, err)) return -1;
    } else if (json_object_get(event, "stop")) {
        read_completion(s, event, n);
    }
    if (s->content.over || s->reasoning.over)
        return err_set(err, ERR_FAILED, "the answer passed %u bytes without "
                       "an end", STREAM_MAX_BYTES);
    if (s->is_endless)
        return err_set(err, ERR_FAILED, "the answer came in more than %u "
                       "pieces without an end", MAX_CHUNKS);
    return 0;
}

/* One JSON document; invalid UTF-8 and NUL are replaced first. */
static int read_json(struct stream *s, const char *text, size_t len,
                     struct err *err)
{
    bool       is_clean = utf8_valid(text, len) && !memchr(text, '\0', len);
    char      *clean = is_clean ? NULL : utf8_clean(text, len);
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

/* Without the blanks at its end. */
static size_t line_len(const struct stream *s)
{
    size_t len = s->plain.len;

    while (len > 0 && isspace((unsigned char)s->plain.text[len - 1])) len--;
    return len;
}

/* Empty lines are signs of life and no more. */
static int end_line(struct stream *s, struct err *err)
{
    size_t len = line_len(s);
    int    rc  = 0;

    if (len > 0) {
        s->events++;
        rc = read_json(s, s->plain.text, len, err);
    }
    strbuf_clear(&s->plain);
    return rc;
}

static int feed_lines(struct stream *s, const char *bytes, size_t n,
                      struct err *err)
{
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        size_t      len = end ? (size_t)(end - bytes) : n;

        strbuf_addn(&s->plain, bytes, len);
        if (s->plain.over)
            return err_set(err, ERR_FAILED, "a line of the answer is longer "
                           "than %u bytes", STREAM_MAX_BYTES);
        if (!end) return 0;
        if (end_line(s, err)) return -1;
        if (s->is_done) return 1;
        bytes += len + 1;
        n -= len + 1;
    }
    return 0;
}

int stream_feed(struct stream *s, const char *bytes, size_t n, int64_t at_ns,
                struct err *err)
{
    struct feeding f = {s, err};

    s->at_ns = at_ns;
    while (!s->started && n > 0 && isspace((unsigned char)*bytes)) {
        bytes++;                  /* before either kind of reply */
        n--;
    }
    if (!s->started && n > 0) {
        s->started = true;
        s->is_plain = !s->is_lines && bytes[0] == '{';
        if (bytes[0] == '<')
            return err_set(err, ERR_FAILED, "the server sent a web page in "
                           "place of an answer; is this an OpenAI-compatible "
                           "server?");
    }
    if (s->is_lines) return feed_lines(s, bytes, n, err);
    if (!s->is_plain) return sse_feed(&s->sse, bytes, n, on_event, &f, err);
    strbuf_addn(&s->plain, bytes, n);
    if (s->plain.over)
        return err_set(err, ERR_FAILED, "the answer passed %u bytes",
                       STREAM_MAX_BYTES);
    return 0;
}

/* What the transfer left: a whole JSON answer, or a last line that has no
 * end. A line that was cut is no fault of its own. */
static int read_rest(struct stream *s, struct err *err)
{
    size_t len = line_len(s);

    if (s->is_plain && s->plain.len > 0) {
        s->events++;
        return read_json(s, s->plain.text, s->plain.len, err);
    }
    if (s->is_lines && !s->is_done && len > 0 && s->plain.text[len - 1] == '}')
        return end_line(s, err);
    return 0;
}

int stream_finish(struct stream *s, int64_t end_ns, struct err *err)
{
    struct turn *t  = s->turn;
    int          rc = read_rest(s, err);

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
