/* SPDX-License-Identifier: MIT */
/* http.h - the only user of libcurl (with http_url.c): one request at a time,
 * its answer with arrival times. HTTP and HTTPS only, no redirects, Expect:
 * never sent, the connection kept open between requests of one client.
 *
 * Waiting  a request ends at the first of: the answer is complete, a limit
 *          passes (ERR_TIMEOUT, the text names which), stop_signal()
 *          (ERR_STOPPED), on_bytes returns non-zero, `alive` says no. All are
 *          noticed within 50 ms.
 * Threads  a client is one thread's at a time. The first http_new of the
 *          process is called while there is only one thread: libcurl before
 *          7.84 does not start itself safely in several.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/http_url.h"

struct http;                      /* a client; opaque */

/* Bytes of the answer's body as they arrived, at_ns on clock_now_ns().
 * Non-zero ends the transfer: a success when 1, ERR_FAILED when -1 and the
 * callback has set its own err. Called only for replies of status 200 and
 * 206; the reply's status, headers, content_type and content_length are
 * already there. */
typedef int (*http_bytes_fn)(void *ctx, const char *bytes, size_t n,
                             int64_t at_ns);

#define HTTP_KEPT 12

struct http_request {
    const char *method;           /* "GET", "HEAD" or "POST"                 */
    const char *url;
    const char *body;             /* JSON text or NULL                       */
    size_t      body_len;
    const char *bearer;           /* API key or NULL; never in an error text */
    const char *const *headers;   /* more lines, "Range: bytes=0-9"; NULL at
                                     the end, or NULL: none                  */
    const char *const *keep;      /* names of reply headers that are wanted,
                                     at most HTTP_KEPT; NULL likewise        */
    double      connect_s;        /* each limit > 0                          */
    double      first_s;          /* sent -> first byte of the reply's body  */
    double      silence_s;        /* between two arrivals of body bytes      */
    double      total_s;          /* INFINITY: as long as bytes come         */
    double      slow_s;           /* 0, or: in each span of so long at least */
    size_t      slow_bytes;       /* so many bytes of the body must arrive   */
    size_t      max_body_bytes;   /* of a collected body                     */
    http_bytes_fn on_bytes;       /* NULL: collect the body                  */
    void       *ctx;
    bool      (*alive)(void *ctx);/* NULL, or: does the server still live?   */
    void       *alive_ctx;
};

struct http_reply {
    int     status;               /* 0: none came                            */
    int64_t sent_ns;              /* last byte of the request written, or -1 */
    int64_t end_ns;               /* last byte of the reply, or the failure  */
    char   *body;                 /* collected (always where on_bytes is not
                                     called), ""                             */
    size_t  body_len;
    double  content_length;       /* as the server says; NAN: it does not    */
    char   *headers[HTTP_KEPT];   /* in the order of keep: the first of that
                                     name, NULL when there is none           */
    char    content_type[80];
    bool    is_too_long;          /* headers or body: what failed it         */
    double  retry_after_s;        /* of a 429 or 503, at most a day; NAN when
                                 not given                              */
};

struct http *http_new(void);
void http_free(struct http *h);   /* NULL is fine */

/* 0 when a whole reply came, whatever its status. On failure -1 and `reply`
 * holds what is known. Refused, unknown host, TLS trouble: ERR_FAILED with
 * the host and what to check. reply is always to be ended by
 * http_reply_done. */
MUST_USE int http_send(struct http *h, const struct http_request *request,
                       struct http_reply *reply, struct err *err);
void http_reply_done(struct http_reply *reply);

#endif
