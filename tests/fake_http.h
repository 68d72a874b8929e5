/* SPDX-License-Identifier: MIT */
/* fake_http.h - the sockets of fake_server.c: requests in, replies and event
 * streams out, and the scripted ways of doing that wrong. Only fake_server.c
 * includes it.
 *
 * A stream is made of server-sent events, or of lines of JSON (conn.lines), as
 * Ollama's are; the faults are the same in both.
 *
 * A fault strikes one reply. Before it: slow_headers, http500, http503,
 * http429, html, empty, wrong_content_length. In it, when part at_event of
 * the reply is due (3 unless told otherwise, which is the middle of a plain
 * reply): cut, stall, error_event, die_SIGNAL (sigsegv, sigkill, sigabrt,
 * sigill), sigstop, unlisten (the port is free for others), oom_mid, exit0, and
 * inserted events: endless, only_comments, garbage_sse, odd_shapes,
 * nul_bytes, invalid_utf8, huge_token. All through it: dribble, one_chunk.
 * At its end: no_done (of events; without its last line a stream of lines is
 * cut).
 */
#ifndef TESTS_FAKE_HTTP_H
#define TESTS_FAKE_HTTP_H

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_BYTES (64u << 10)
#define BODY_BYTES (64u << 20)
#define NS         1000000000LL

struct fault {
    const char *kind;      /* borrowed from the script, like all texts here */
    const char *path;      /* only replies of this path, or NULL            */
    const char *once;      /* a file: when it is there the fault is over    */
    long        at_request;/* the n-th POST of that path; 0: each           */
    long        at_event;
    double      s;         /* how long a wait is                            */
    size_t      bytes;     /* size of huge_token                            */
    long        seen;      /* POSTs of that path so far                     */
};

struct conn {
    int                 fd, listener;
    const struct fault *fault;     /* of this reply, or NULL */
    long                events;    /* parts of this reply so far */
    bool                gone;      /* the client left, or a fault cut it */
    bool                lines;     /* a stream is lines of JSON */
    const char         *head, *tail;   /* around text in an inserted event */
    FILE               *held;      /* one_chunk: everything until the end */
    char               *held_text;
    size_t              held_len;
};

struct request {
    char   method[8], path[128], bearer[200];
    char  *body;
    size_t body_len;
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

/* Wait, but not for a client that has left. */
static void nap_until(struct conn *c, int64_t until_ns)
{
    for (int64_t now = now_ns(); now < until_ns && !c->gone; now = now_ns()) {
        int64_t         step = until_ns - now;
        struct timespec t;
        char            byte;

        if (step > NS / 50) step = NS / 50;
        t = (struct timespec){.tv_sec = 0, .tv_nsec = (long)step};
        nanosleep(&t, NULL);
        if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
            c->gone = true;
    }
}

static void nap(struct conn *c, double seconds)
{
    nap_until(c, now_ns() + (int64_t)(seconds * 1e9));
}

static bool fault_is(const struct conn *c, const char *kind)
{
    return c->fault && strcmp(c->fault->kind, kind) == 0;
}

static void conn_write(struct conn *c, const char *bytes, size_t n)
{
    bool   dribbles = fault_is(c, "dribble");
    size_t step     = dribbles ? 1 : n;

    while (n > 0 && !c->gone) {
        ssize_t sent = send(c->fd, bytes, step < n ? step : n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) {
            c->gone = true;
            return;
        }
        bytes += sent;
        n -= (size_t)sent;
        if (dribbles) nap(c, c->fault->s);
    }
}

/* One chunk of a chunked body. */
static void conn_chunk(struct conn *c, const char *bytes, size_t n)
{
    char size[24];

    if (c->held) {
        fwrite(bytes, 1, n, c->held);
        return;
    }
    if (n == 0) return;
    snprintf(size, sizeof size, "%zx\r\n", n);
    conn_write(c, size, strlen(size));
    conn_write(c, bytes, n);
    conn_write(c, "\r\n", 2);
}

static void insert(struct conn *c, const char *text, size_t n)
{
    conn_chunk(c, c->head, strlen(c->head));
    conn_chunk(c, text, n);
    conn_chunk(c, c->tail, strlen(c->tail));
}

static void insert_huge(struct conn *c)
{
    char *text = malloc(c->fault->bytes);

    if (!text) abort();
    memset(text, 'a', c->fault->bytes);
    insert(c, text, c->fault->bytes);
    free(text);
}

static void die_by(int signal_number)
{
    signal(signal_number, SIG_DFL);   /* also under a sanitizer */
    kill(getpid(), signal_number);
    for (;;) pause();
}

/* As a CUDA build dies when an allocation fails while it answers. */
static void die_of_memory(void)
{
    fputs("CUDA error: out of memory\n"
          "  current device: 0, in function alloc at ggml-cuda.cu:522\n"
          "  cuMemSetAccess((CUdeviceptr)((char *)(pool_addr) + pool_size), "
          "reserve_size, &access, 1)\nggml-cuda.cu:103: CUDA error\n",
          stderr);
    die_by(SIGABRT);
}

/* What is no event, or none that makes sense. */
static void insert_wrong(struct conn *c)
{
    static const char garbage[] =
        "data\n\ndata: {not json\n\nevent: \xff\xfe\ndata:\x01\x02\n\n"
        "\r\r\n: half a comment\n\xef\xbb\xbf""data: [1,2\n\n";
    static const char odd[] =
        "data: {}\n\ndata: {\"choices\":{\"delta\":1}}\n\n"
        "data: {\"choices\":[null,[],{\"delta\":[]}]}\n\n"
        "data: {\"choices\":[{\"index\":99,\"delta\":{\"content\":5,"
        "\"tool_calls\":[{\"index\":-1},{\"index\":1000000000,\"function\":"
        "{\"name\":7,\"arguments\":{}}},null,{\"function\":null}]},"
        "\"finish_reason\":{}}],\"usage\":\"many\",\"timings\":"
        "{\"predicted_n\":\"x\",\"prompt_ms\":-1e308}}\n\n"
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":["
        "{\"index\":1e300,\"id\":[],\"function\":{\"name\":\"\","
        "\"arguments\":null}}]}}],\"timings\":[]}\n\n"
        "data: null\n\ndata: 7\n\ndata: []\n\n";
    static const char garbage_lines[] = "\n{not json\n\xff\xfe\n";
    static const char odd_lines[] =
        "{}\n{\"message\":7}\n{\"message\":{\"content\":5,\"thinking\":[],"
        "\"tool_calls\":[null,{},{\"function\":null},{\"function\":{"
        "\"index\":1e300,\"name\":7,\"arguments\":\"x\"}}]},\"done\":0,"
        "\"prompt_eval_count\":\"x\",\"eval_duration\":-1e308}\n"
        "{\"message\":{\"tool_calls\":[";

    if (fault_is(c, "garbage_sse"))
        conn_chunk(c, c->lines ? garbage_lines : garbage,
                   c->lines ? sizeof garbage_lines - 1 : sizeof garbage - 1);
    if (!fault_is(c, "odd_shapes")) return;
    conn_chunk(c, c->lines ? odd_lines : odd,
               c->lines ? sizeof odd_lines - 1 : sizeof odd - 1);
    for (int i = 0; i < 100 && c->lines; i++) conn_chunk(c, "{},", 3);
    if (c->lines) conn_chunk(c, "{}]}}\n", 6);
}

/* By name, in a script; 0: none. */
static int signal_named(const char *name)
{
    static const struct { const char *name; int number; } all[] = {
        {"sigsegv", SIGSEGV}, {"sigkill", SIGKILL}, {"sigabrt", SIGABRT},
        {"sigill", SIGILL}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0) return all[i].number;
    return 0;
}

/* Faults that replace or interrupt the reply at the part that is due. */
static void strike(struct conn *c)
{
    static const char nul[] = "nul \0 \\u0000 here";
    static const char bad[] = "bad \xff\xc3( here";
    static const char error[] =
        "data: {\"error\":{\"code\":500,\"message\":\"Compute error.\","
        "\"type\":\"server_error\"}}\n\n";
    static const char error_line[] = "{\"error\":\"Compute error.\"}\n";

    if (fault_is(c, "cut")) {
        shutdown(c->fd, SHUT_RDWR);
        c->gone = true;
    }
    if (fault_is(c, "stall")) nap(c, c->fault->s);
    if (strncmp(c->fault->kind, "die_", 4) == 0)
        die_by(signal_named(c->fault->kind + 4));
    if (fault_is(c, "sigstop")) kill(getpid(), SIGSTOP);
    if (fault_is(c, "unlisten")) {
        shutdown(c->listener, SHUT_RDWR);
        close(c->listener);
        shutdown(c->fd, SHUT_RDWR);
        c->gone = true;
    }
    if (fault_is(c, "oom_mid")) die_of_memory();
    if (fault_is(c, "exit0")) _exit(0);
    if (fault_is(c, "error_event")) {
        conn_chunk(c, c->lines ? error_line : error,
                   c->lines ? sizeof error_line - 1 : sizeof error - 1);
        conn_write(c, "0\r\n\r\n", 5);
        c->gone = true;
    }
    while (fault_is(c, "endless") && !c->gone) {
        insert(c, " and", 4);
        nap(c, 0.001);
    }
    while (fault_is(c, "only_comments") && !c->gone) {
        conn_chunk(c, c->lines ? "\n" : ":\n\n", c->lines ? 1 : 3);
        nap(c, 0.01);
    }
    insert_wrong(c);
    if (fault_is(c, "nul_bytes")) insert(c, nul, sizeof nul - 1);
    if (fault_is(c, "invalid_utf8")) insert(c, bad, sizeof bad - 1);
    if (fault_is(c, "huge_token")) insert_huge(c);
}

static void conn_part(struct conn *c)
{
    if (c->fault && ++c->events == c->fault->at_event) strike(c);
}

/* A whole reply. Errors end the connection, as llama-server's do. */
static void conn_reply(struct conn *c, int status, const char *type,
                       const char *body)
{
    const char *reason = status == 200 ? "OK" : status == 400 ? "Bad Request"
                       : status == 401 ? "Unauthorized"
                       : status == 404 ? "Not Found"
                       : status == 429 ? "Too Many Requests"
                       : status == 503 ? "Service Unavailable"
                       : status == 501 ? "Not Implemented"
                       : "Internal Server Error";
    size_t n = strlen(body), half = n / 2;
    char   head[400];

    snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nServer: llama.cpp\r\n"
             "Content-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n", status,
             reason, type,
             n + (fault_is(c, "wrong_content_length") ? 100 : 0),
             status == 429 || status == 503 ? "Retry-After: 1\r\n" : "",
             status == 200 ? "Keep-Alive: timeout=5, max=100\r\n"
                           : "Connection: close\r\n");
    conn_write(c, head, strlen(head));
    conn_part(c);
    conn_part(c);
    conn_write(c, body, half);
    conn_part(c);
    conn_write(c, body + half, n - half);
    if (status != 200 || fault_is(c, "wrong_content_length")) c->gone = true;
}

/* Consumes json. */
static void conn_json(struct conn *c, int status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    conn_reply(c, status, "application/json; charset=utf-8",
               text ? text : "{}");
    free(text);
    json_decref(json);
}

static void conn_error(struct conn *c, int status, const char *type,
                       const char *message)
{
    conn_json(c, status, json_pack("{s:{s:i,s:s,s:s}}", "error", "code",
                                   status, "message", message, "type", type));
}

/* Headers at once, as llama-server does: they say nothing of the prefill. */
static void conn_stream(struct conn *c)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nX-Accel-Buffering: no\r\n"
        "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
        "Keep-Alive: timeout=5, max=100\r\n\r\n";
    static const char head_of_lines[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";

    conn_write(c, c->lines ? head_of_lines : head,
               c->lines ? sizeof head_of_lines - 1 : sizeof head - 1);
    if (fault_is(c, "one_chunk"))
        c->held = open_memstream(&c->held_text, &c->held_len);
}

/* One event; consumes json. */
static void conn_event(struct conn *c, json_t *json)
{
    char  *text = json_dumps(json, JSON_COMPACT), *event = NULL;
    size_t n    = 0;
    FILE  *out  = open_memstream(&event, &n);

    json_decref(json);
    conn_part(c);
    if (text && out) {
        fprintf(out, c->lines ? "%s\n" : "data: %s\n\n", text);
        fclose(out);
        conn_chunk(c, event, n);
    }
    free(event);
    free(text);
}

static void conn_stream_end(struct conn *c, const char *last)
{
    conn_chunk(c, last, strlen(last));
    if (c->held) {
        fclose(c->held);
        c->held = NULL;
        conn_chunk(c, c->held_text, c->held_len);
        free(c->held_text);
        c->held_text = NULL;
    }
    conn_write(c, "0\r\n\r\n", 5);
}

/* The faults in place of any reply. True: nothing more is to be sent. */
static bool fault_replies(struct conn *c)
{
    if (fault_is(c, "slow_headers")) nap(c, c->fault->s);
    if (fault_is(c, "http500"))
        conn_error(c, 500, "server_error", "scripted failure");
    else if (fault_is(c, "http503"))
        conn_error(c, 503, "unavailable_error", "Loading model");
    else if (fault_is(c, "http429"))
        conn_error(c, 429, "rate_limit_error", "Too many requests");
    else if (fault_is(c, "html"))
        conn_reply(c, 200, "text/html",
                   "<html><body>Please log in.</body></html>\n");
    else if (fault_is(c, "empty"))
        conn_reply(c, 200, "application/json", "");
    else if (fault_is(c, "wrong_content_length"))
        conn_reply(c, 200, "application/json", "{\"choices\":[]}");
    else
        return false;
    return true;
}

static const char *header(const char *head, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = strstr(head, "\r\n"); at; at = strstr(at, "\r\n")) {
        at += 2;
        if (strncasecmp(at, name, n) == 0 && at[n] == ':')
            return at + n + 1 + strspn(at + n + 1, " ");
    }
    return NULL;
}

static void copy_word(char *to, size_t size, const char *from,
                      const char *ends)
{
    snprintf(to, size, "%.*s", (int)strcspn(from, ends), from);
}

/* False when the client has left or talks nonsense. */
static bool read_request(struct conn *c, struct request *r)
{
    char        *head = malloc(HEAD_BYTES), *end = NULL;
    const char  *value;
    size_t       used = 0, got;
    long         length = 0;

    *r = (struct request){.method = ""};
    while (head && !end && used + 1 < HEAD_BYTES) {
        ssize_t n = recv(c->fd, head + used, HEAD_BYTES - 1 - used, 0);
        if (n <= 0) break;
        used += (size_t)n;
        head[used] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    if (!end) {
        free(head);
        return false;
    }
    end[2] = '\0';
    end += 4;
    copy_word(r->method, sizeof r->method, head, " \r");
    value = strchr(head, ' ');
    copy_word(r->path, sizeof r->path, value ? value + 1 : "", " ?\r");
    if ((value = header(head, "Authorization")) != NULL &&
        strncasecmp(value, "Bearer ", 7) == 0)
        copy_word(r->bearer, sizeof r->bearer, value + 7, "\r");
    if ((value = header(head, "Content-Length")) != NULL)
        length = strtol(value, NULL, 10);
    if (header(head, "Expect"))
        conn_write(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    got = used - (size_t)(end - head);
    if (length >= 0 && (size_t)length <= BODY_BYTES && got <= (size_t)length &&
        (r->body = malloc((size_t)length + 1)) != NULL) {
        memcpy(r->body, end, got);
        while (got < (size_t)length) {
            ssize_t n = recv(c->fd, r->body + got, (size_t)length - got, 0);
            if (n <= 0) break;
            got += (size_t)n;
        }
        r->body_len = got;
        r->body[got] = '\0';
    }
    free(head);
    return r->body && got == (size_t)length;
}

#endif
