/* SPDX-License-Identifier: MIT */
/* fake_hub_reply.h - how fake_hub.h answers with bytes of a file, and the
 * scripted ways of doing that wrong. Only fake_hub.h includes it.
 *
 * Faults    in order of hub_fault(), the first that matches strikes:
 *   status     answers `status`, with `text` among the headers
 *   page       answers 200 with the HTML in `text`
 *   redirect   302 to `text`
 *   raw        sends `text` as it is and closes
 *   cut        closes after `bytes` of the body
 *   throttle   sends `bytes` at a time, a millisecond apart
 *   no_range   ignores Range, and cuts as above unless `bytes` is 0
 *   no_length  ignores Range and does not say how long the file is
 *   tag        has the ETag `text`
 *   says       has the Content-Range `text`, "": none
 *   encoded    has Content-Encoding: gzip
 *   endless    goes on and on after the body
 */
#ifndef TESTS_FAKE_HUB_REPLY_H
#define TESTS_FAKE_HUB_REPLY_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "digest.h"

#define HUB_FILES   64
#define HUB_FAULTS  16
#define HUB_CONNS   32
#define HUB_COMMIT  "0123456789abcdef0123456789abcdef01234567"
#define HUB_SHA1    "89abcdef0123456789abcdef0123456789abcdef"

struct hub_file {
    char       *path;          /* "user/repo/folder/name.gguf"              */
    const char *bytes;         /* borrowed                                  */
    size_t      n;
    char        sha256[65];    /* as the hub says it                        */
    bool        is_small;      /* not LFS: no redirect, a git SHA-1         */
};

struct hub_fault {
    const char *kind, *text;   /* borrowed                                  */
    const char *method;        /* NULL: any                                 */
    const char *where;         /* in the target; NULL: anywhere             */
    bool        cdn, hub;      /* only there                                */
    long        skip, times;   /* the first are spared, then so many; 0: all */
    size_t      bytes;
    int         status;
    long        seen;
};

struct fake_hub {
    int             listeners[2], stop[2];       /* hub, CDN                */
    int             ports[2];
    char            endpoint[80], cdn[80];
    pthread_t       thread;
    pthread_mutex_t lock;                        /* of all below            */
    struct hub_file files[HUB_FILES];
    size_t          n_files;
    struct hub_fault faults[HUB_FAULTS];
    size_t          n_faults;
    const char     *prefix;                      /* of the endpoint's path  */
    const char     *gated;                       /* a repository, or NULL   */
    const char     *token;                       /* that opens it           */
    size_t          page;                        /* entries; 0: one page    */
    struct strbuf   log;       /* a line a request: "cdn GET /x range=... "  */
    const char     *log_path;                    /* also there, or NULL     */
    struct { int fd; bool cdn; } conns[HUB_CONNS];
    size_t          n_conns;
};

struct hub_request {
    int         fd;
    bool        cdn;
    char        method[8], target[2048];
    char        range[100], if_range[300], bearer[300];
    const struct hub_fault *fault;               /* that strikes it, or NULL */
    bool        gone;                            /* the connection ends      */
};

/* ---- sending ------------------------------------------------------------ */

static inline bool hub_is(const struct hub_request *r, const char *kind)
{
    return r->fault && strcmp(r->fault->kind, kind) == 0;
}

static inline void hub_send(struct hub_request *r, const char *bytes, size_t n)
{
    while (n > 0 && !r->gone) {
        ssize_t sent = send(r->fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) r->gone = true;
        else bytes += sent, n -= (size_t)sent;
    }
}

static inline void hub_chunk(struct hub_request *r, const char *bytes,
                             size_t n)
{
    char size[24];

    snprintf(size, sizeof size, "%zx\r\n", n);
    hub_send(r, size, strlen(size));
    hub_send(r, bytes, n);
    hub_send(r, "\r\n", 2);
}

/* A body as the fault wants it. */
static inline void hub_body(struct hub_request *r, const char *bytes, size_t n)
{
    static const char more[4096] = "more";
    size_t            step = hub_is(r, "throttle") ? r->fault->bytes : n;

    if ((hub_is(r, "cut") || (hub_is(r, "no_range") && r->fault->bytes)) &&
        r->fault->bytes < n) {
        hub_send(r, bytes, r->fault->bytes);
        shutdown(r->fd, SHUT_RDWR);
        r->gone = true;
    }
    if (hub_is(r, "endless")) {
        hub_chunk(r, bytes, n);
        while (!r->gone) hub_chunk(r, more, sizeof more);
    }
    if (hub_is(r, "no_length")) {
        if (n) hub_chunk(r, bytes, n);
        hub_send(r, "0\r\n\r\n", 5);
        return;
    }
    for (size_t at = 0; at < n && !r->gone; at += step) {
        hub_send(r, bytes + at, step < n - at ? step : n - at);
        if (step < n) clock_nap(0.001);
    }
}

static inline void hub_text(struct hub_request *r, int status,
                            const char *headers, const char *type,
                            const char *text)
{
    char *head = mem_printf("HTTP/1.1 %d Text\r\n%sContent-Type: %s\r\n"
                            "Content-Length: %zu\r\n\r\n", status, headers,
                            type, strlen(text));

    hub_send(r, head, strlen(head));
    if (strcmp(r->method, "HEAD") != 0) hub_body(r, text, strlen(text));
    free(head);
}

/* "bytes=A-" or "bytes=A-B"; false when it cannot be served. */
static inline bool hub_range(const char *range, size_t n, size_t *first,
                             size_t *last)
{
    char *end;

    *first = (size_t)strtoull(range + strlen("bytes="), &end, 10);
    *last = n - 1;
    if (*end == '-' && end[1]) *last = (size_t)strtoull(end + 1, NULL, 10);
    if (*last >= n) *last = n - 1;
    return *first < n && *first <= *last;
}

/* Bytes of a file with its tag (quoted), by range when one is asked for. */
static inline void hub_bytes(struct hub_request *r, const struct hub_file *f,
                             const char *tag)
{
    size_t first = 0, last = f->n ? f->n - 1 : 0, n = f->n;
    bool   part = *r->range && !hub_is(r, "no_range") &&
                  !hub_is(r, "no_length") && !hub_is(r, "endless");
    char   head[1000], range[200] = "", length[80] = "";

    if (hub_is(r, "tag")) tag = r->fault->text;
    if (*r->if_range && strcmp(r->if_range, tag) != 0) part = false;
    if (part && !hub_range(r->range, f->n, &first, &last)) {
        snprintf(range, sizeof range, "Content-Range: bytes */%zu\r\n", f->n);
        hub_text(r, 416, range, "text/plain", "no such range");
        return;
    }
    if (part) {
        n = last - first + 1;
        snprintf(range, sizeof range, "Content-Range: bytes %zu-%zu/%zu\r\n",
                 first, last, f->n);
        if (hub_is(r, "says"))
            snprintf(range, sizeof range, "%s%s%s", *r->fault->text
                     ? "Content-Range: " : "", r->fault->text,
                     *r->fault->text ? "\r\n" : "");
    }
    if (hub_is(r, "endless") || hub_is(r, "no_length"))
        snprintf(length, sizeof length, "Transfer-Encoding: chunked\r\n");
    else
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", n);
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/"
             "octet-stream\r\n%s%s%sAccept-Ranges: bytes\r\nETag: %s\r\n\r\n",
             part ? "206 Partial Content" : "200 OK", range, length,
             hub_is(r, "encoded") ? "Content-Encoding: gzip\r\n" : "", tag);
    hub_send(r, head, strlen(head));
    if (strcmp(r->method, "HEAD") != 0) hub_body(r, f->bytes + first, n);
}

#endif
