/* SPDX-License-Identifier: MIT */
/* fetch.h - one file elsewhere, asked for in pieces: redirects, the token,
 * servers that are busy, and the story that a failure tells.
 *
 * Redirects  at most 10, by hand; never from https to http, http only to this
 *            machine. Where they led is asked directly the next time.
 * Token      only to the endpoint's scheme, host and port, at each step anew.
 * Again      429, 5xx and connections that broke are tried up to 5 times, as
 *            Retry-After says (at most 2 minutes) or after 1, 2, 4, 8 s.
 */
#ifndef REMOTE_FETCH_H
#define REMOTE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/http.h"
#include "remote/settings.h"
#include "remote/wire.h"

struct fetch {
    const struct remote_settings *settings;
    struct http *http;
    char  *url;            /* as asked                                      */
    char  *at;             /* where its redirects led, or NULL              */
    char  *shown;          /* the URL without secrets, for errors           */
    bool   answered;       /* something has answered already                */
    int    tries;          /* without progress                              */
};
void fetch_open(struct fetch *f, const struct remote_settings *settings,
                const char *url);
void fetch_close(struct fetch *f);              /* safe on a zeroed struct  */
void fetch_aim(struct fetch *f, const char *url);   /* another file         */

/* The head of a reply, read; what a redirect says of the file is kept when
 * the reply that it leads to does not say it. */
struct fetch_head {
    int     status;
    bool    from_hub;                     /* the endpoint itself answered    */
    bool    is_html;
    bool    is_encoded;                   /* compressed, although not asked  */
    bool    has_range;
    struct wire_range range;              /* of a 206 or 416                 */
    int64_t length;                       /* of this body, -1                */
    int64_t total;                        /* bytes of the file, -1           */
    char    tag[WIRE_ETAG_BYTES + 1];     /* ETag as sent, for If-Range, ""  */
    char    etag[WIRE_ETAG_BYTES];        /* of the content by its hub, else
                                             the ETag; no quotes, ""         */
    int64_t linked_size;                  /* by the hub, -1                  */
    char    sha256[65];                   /* by the hub, ""                  */
    char    error_code[40];               /* X-Error-Code, ""                */
    char    message[200];                 /* X-Error-Message, ""             */
    double  retry_after_s;                /* NAN                             */
};

/* Bytes of a 200 or 206, as they arrive. Non-zero ends it: 1 well, -1 with a
 * failure that the taker has noted itself and that is not tried again. */
typedef int (*fetch_bytes_fn)(void *ctx, const struct fetch_head *head,
                              const char *bytes, size_t n);

struct fetch_ask {
    const char *method;        /* "GET", "HEAD"                             */
    int64_t first, last;       /* range; first -1: none, last -1: to its end */
    const char *if_range;      /* strong ETag with quotes, "" or NULL       */
    size_t  max_bytes;         /* of a collected body                       */
    double  total_s;
    fetch_bytes_fn take;       /* NULL: the body is collected               */
    void   *ctx;
};

struct fetch_reply {
    struct fetch_head head;
    char  *body;               /* collected                                 */
    size_t body_len;
    char  *link;               /* Link header, or NULL                      */
    bool   is_final;           /* a failure that another try brings again     */
};
void fetch_reply_done(struct fetch_reply *r);

/* One answer, redirects followed; 0 with any status but a redirect's. The
 * reply is always to be ended by fetch_reply_done. */
MUST_USE int fetch_send(struct fetch *f, const struct fetch_ask *ask,
                        struct fetch_reply *out, struct err *err);

/* Are these the file's bytes from `first` on (a 206) or from its start (a
 * 200), as it is? ERR_INPUT: a web page; ERR_FAILED: what the server does
 * that it should not. */
MUST_USE int fetch_check_bytes(const struct fetch_head *head, int64_t first,
                               struct err *err);

/* Is what came worth another try? Then it has waited. `failure`: of
 * fetch_send, ERR_NONE when that succeeded. */
bool fetch_again(struct fetch *f, const struct fetch_reply *reply,
                 const struct err *failure);
void fetch_progress(struct fetch *f);      /* the count of tries starts anew */

/* Both in a loop, for what has no state of its own. */
MUST_USE int fetch_patiently(struct fetch *f, const struct fetch_ask *ask,
                             struct fetch_reply *out, struct err *err);

/* The failure that a status means, in words; `what` is asked for ("user/repo"
 * or a URL to be shown). Always returns -1. */
int fetch_refused(const struct remote_settings *settings,
                  const struct fetch_head *head, const char *what,
                  struct err *err);

/* May a redirect lead there? Encrypted stays encrypted, and what is not stays
 * on this machine. Pure. */
bool fetch_may_follow(const char *from, const char *to);

/* Seconds until try number `tries` (from 1); negative: not at all. Pure. */
double fetch_delay_s(int tries, double retry_after_s);

#endif
