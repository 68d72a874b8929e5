/* SPDX-License-Identifier: MIT */
/* scripted_server.h - an HTTP server inside a test, in a thread, for one
 * connection. It follows a script and waits for the test where order
 * matters. Included after cmocka.h. */
#ifndef UNIT_SCRIPTED_SERVER_H
#define UNIT_SCRIPTED_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http.h"
#include "base/strbuf.h"

#define SECRET "sk-do-not-show"

/* Steps of a script; any other text is sent. After the last one the
 * connection is closed. */
static const char WAIT[]    = "wait for server_go";
static const char HOLD[]    = "wait until the client closes";
static const char REQUEST[] = "read another request";
static const char FLOOD[]   = "send without end";
static const char SILENT[]  = "do not read the request";

struct server {
    int                listener, go[2];
    int                told[2];     /* a byte: request read, end: closed */
    char               url[64];
    pthread_t          thread;
    const char *const *steps;
    struct strbuf      heads;       /* of all requests */
    size_t             body_bytes;  /* of the last one */
    int64_t            body_ns;     /* half of its body was to come */
};

static inline void read_request(struct server *s, int conn)
{
    char        head[4096];
    size_t      len = 0;
    const char *length;
    long        all;

    while (len < sizeof head - 1 && recv(conn, head + len, 1, 0) == 1) {
        len++;
        head[len] = '\0';
        if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0) break;
    }
    head[len] = '\0';
    strbuf_add(&s->heads, head);
    s->body_bytes = 0;
    length = strstr(head, "Content-Length: ");
    all = length ? strtol(length + 16, NULL, 10) : 0;
    for (long left = all; left > 0;) {
        static char bin[65536];
        ssize_t     n = recv(conn, bin, left < 65536 ? (size_t)left : 65536,
                             0);
        if (n <= 0) break;
        if (left > all / 2) s->body_ns = clock_now_ns();
        s->body_bytes += (size_t)n;
        left -= n;
    }
}

static inline bool send_text(int conn, const char *text)
{
    size_t n = strlen(text);

    return send(conn, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static inline void *serve(void *ctx)
{
    struct server *s    = ctx;
    int            conn = accept(s->listener, NULL, NULL);
    char           byte;

    if (conn >= 0 && s->steps[0] != SILENT) read_request(s, conn);
    if (write(s->told[1], "r", 1) != 1) return NULL;
    for (const char *const *step = s->steps; conn >= 0 && *step;
         step++) {
        if (*step == WAIT) {
            if (read(s->go[0], &byte, 1) != 1) break;
        } else if (*step == HOLD || *step == SILENT) {
            while (recv(conn, &byte, 1, 0) > 0)
                ;
        } else if (*step == REQUEST) {
            read_request(s, conn);
        } else if (*step == FLOOD) {
            while (send_text(conn, "x-flood: yes\r\n"))
                ;
        } else if (!send_text(conn, *step)) {
            break;
        }
    }
    if (conn >= 0) close(conn);
    close(s->told[1]);
    return NULL;
}

static inline int listen_here(int *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t          size = sizeof here;
    int                fd   = socket(AF_INET, SOCK_STREAM, 0);

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    *port = ntohs(here.sin_port);
    return fd;
}

static inline void server_start(struct server *s, const char *const *steps)
{
    int port;

    *s = (struct server){.steps = steps, .listener = listen_here(&port)};
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(pipe(s->go), 0);
    assert_int_equal(pipe(s->told), 0);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/v1/x", port);
    strbuf_init(&s->heads, 100000);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static inline void server_go(struct server *s)
{
    assert_int_equal(write(s->go[1], "g", 1), 1);
}

static inline void server_done(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);    /* when nobody ever connected */
    close(s->go[1]);
    pthread_join(s->thread, NULL);
    close(s->go[0]);
    close(s->told[0]);
    close(s->listener);
    strbuf_done(&s->heads);
}

static inline struct http_request request_of(const struct server *s)
{
    return (struct http_request){
        .method = "POST", .url = s->url, .body = "{}", .body_len = 2,
        .connect_s = 60, .first_s = 60, .silence_s = 60, .total_s = 60,
        .max_body_bytes = 1000,
    };
}

/* One request to one script, with a client of its own. */
static inline int ask(const char *const *steps, struct http_request changes,
               struct http_reply *reply, struct err *err)
{
    struct server       s;
    struct http        *h = http_new();
    struct http_request r;
    int                 rc;

    server_start(&s, steps);
    r = request_of(&s);
    r.bearer = SECRET;
    r.on_bytes = changes.on_bytes;
    r.ctx = changes.ctx;
    r.alive = changes.alive;
    r.alive_ctx = changes.alive_ctx;
    if (changes.first_s > 0) r.first_s = changes.first_s;
    if (changes.silence_s > 0) r.silence_s = changes.silence_s;
    if (changes.total_s > 0) r.total_s = changes.total_s;
    if (changes.max_body_bytes) r.max_body_bytes = changes.max_body_bytes;
    rc = http_send(h, &r, reply, err);
    http_free(h);
    server_done(&s);
    assert_int_equal(rc, err->kind == ERR_NONE ? 0 : -1);
    assert_null(strstr(err->text, SECRET));
    assert_non_null(reply->body);
    assert_int_equal(strlen(reply->body), reply->body_len);
    assert_true(reply->end_ns >= reply->sent_ns);
    return rc;
}

#endif
