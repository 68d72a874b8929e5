/* SPDX-License-Identifier: MIT */
/* fetch.c - see fetch.h. */
#include "remote/fetch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/stop.h"

#define REDIRECTS_MAX  10
#define TRIES_MAX      5
#define RETRY_MAX_S    120.0
#define CONNECT_S      30.0
#define SILENCE_S      60.0
#define SLOW_S         120.0   /* slower than 34 bytes/s: it will not end    */
#define SLOW_BYTES     4096

/* The headers that a reply is asked for, in the order of enum kept. */
static const char *const KEPT[] = {
    "location", "etag", "content-range", "content-encoding", "link",
    "x-linked-etag", "x-linked-size", "x-error-code", "x-error-message", NULL
};
enum kept { LOCATION, ETAG, CONTENT_RANGE, CONTENT_ENCODING, LINK,
            LINKED_ETAG, LINKED_SIZE, ERROR_CODE, ERROR_MESSAGE };

void fetch_open(struct fetch *f, const struct remote_settings *settings,
                const char *url)
{
    *f = (struct fetch){.settings = settings, .http = http_new()};
    fetch_aim(f, url);
}

void fetch_aim(struct fetch *f, const char *url)
{
    free(f->url);
    free(f->at);
    free(f->shown);
    f->url = mem_copy(url);
    f->at = NULL;
    f->shown = http_url_shown(url);
    f->tries = 0;
}

void fetch_close(struct fetch *f)
{
    http_free(f->http);
    free(f->url);
    free(f->at);
    free(f->shown);
    *f = (struct fetch){0};
}

void fetch_reply_done(struct fetch_reply *r)
{
    free(r->body);
    free(r->link);
    *r = (struct fetch_reply){0};
}

/* ---- reading a head ---------------------------------------------------- */

/* What only a hub's own reply says, and a CDN's does not. */
static void read_hub_headers(struct fetch_head *h,
                             const struct http_reply *reply)
{
    char tag[WIRE_ETAG_BYTES];

    wire_etag(reply->headers[LINKED_ETAG], tag);
    if (*tag && !*h->etag) {
        memcpy(h->etag, tag, sizeof tag);
        if (wire_is_hex(tag, 64)) memcpy(h->sha256, tag, sizeof h->sha256);
    }
    if (h->linked_size < 0)
        h->linked_size = wire_size(reply->headers[LINKED_SIZE]);
}

/* What a server says of its refusal is shown and stored: not when it repeats
 * the token. */
static void read_message(struct fetch_head *h, const char *message,
                         const char *token)
{
    if (message && !(token && strstr(message, token)))
        snprintf(h->message, sizeof h->message, "%s", message);
}

/* The reply that is no redirect. */
static void read_head(struct fetch_head *h, const struct http_reply *reply,
                      const char *token)
{
    const char *encoding = reply->headers[CONTENT_ENCODING];
    const char *tag = reply->headers[ETAG];

    read_hub_headers(h, reply);
    h->status = reply->status;
    h->is_html = strncasecmp(reply->content_type, "text/html", 9) == 0;
    h->is_encoded = encoding && *encoding &&
                    strcasecmp(encoding, "identity") != 0;
    h->has_range = wire_content_range(reply->headers[CONTENT_RANGE],
                                      &h->range);
    h->length = reply->content_length < (double)WIRE_SIZE_MAX
              ? (int64_t)reply->content_length : -1;
    h->total = h->status == 206 ? h->range.total
             : h->is_encoded ? -1 : h->length;
    h->retry_after_s = reply->retry_after_s;
    if (tag && strlen(tag) < sizeof h->tag)
        snprintf(h->tag, sizeof h->tag, "%s", tag);
    if (!*h->etag) wire_etag(tag, h->etag);
    if (reply->headers[ERROR_CODE])
        snprintf(h->error_code, sizeof h->error_code, "%s",
                 reply->headers[ERROR_CODE]);
    read_message(h, reply->headers[ERROR_MESSAGE], token);
}

/* ---- one request ------------------------------------------------------- */

struct taker {
    const struct fetch_ask  *ask;
    const struct http_reply *reply;
    struct fetch_reply      *out;
    const char              *token;
    bool                     read;     /* the head                          */
};

static int on_bytes(void *ctx, const char *bytes, size_t n, int64_t at_ns)
{
    struct taker *t = ctx;
    int           verdict;

    (void)at_ns;
    if (!t->read) read_head(&t->out->head, t->reply, t->token);
    t->read = true;
    verdict = t->ask->take(t->ask->ctx, &t->out->head, bytes, n);
    t->out->is_final = verdict < 0;
    return verdict;
}

static int send_once(struct fetch *f, const struct fetch_ask *ask,
                     const char *url, struct http_reply *reply,
                     struct fetch_reply *out, struct err *err)
{
    char        range[80], if_range[WIRE_ETAG_BYTES + 16];
    const char *lines[4] = {"Accept-Encoding: identity"};
    size_t      n = 1;
    bool        ours = http_same_origin(url, f->settings->endpoint);
    struct taker taker = {.ask = ask, .reply = reply, .out = out,
                          .token = f->settings->token};
    struct http_request request = {
        .method = ask->method, .url = url, .headers = lines, .keep = KEPT,
        .bearer = ours ? f->settings->token : NULL,
        .connect_s = CONNECT_S, .first_s = SILENCE_S, .silence_s = SILENCE_S,
        .total_s = ask->total_s, .slow_s = SLOW_S, .slow_bytes = SLOW_BYTES,
        .max_body_bytes = ask->max_bytes,
        .on_bytes = ask->take ? on_bytes : NULL, .ctx = &taker,
    };

    out->head.from_hub = ours;
    if (ask->first >= 0) {
        if (ask->last < 0)
            snprintf(range, sizeof range, "Range: bytes=%lld-",
                     (long long)ask->first);
        else
            snprintf(range, sizeof range, "Range: bytes=%lld-%lld",
                     (long long)ask->first, (long long)ask->last);
        lines[n++] = range;
        if (ask->if_range && wire_etag_is_strong(ask->if_range)) {
            snprintf(if_range, sizeof if_range, "If-Range: %s",
                     ask->if_range);
            lines[n++] = if_range;
        }
    }
    return http_send(f->http, &request, reply, err);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 ||
           status == 307 || status == 308;
}

static bool is_plain(const char *url)
{
    return strncasecmp(url, "http:", 5) == 0;
}

bool fetch_may_follow(const char *from, const char *to)
{
    return !is_plain(to) || (is_plain(from) && http_is_loopback(to));
}

/* Where a redirect leads from `from`; NULL with err set when it may not. */
static char *follow(const struct fetch *f, const char *from,
                    const struct http_reply *reply, struct err *err)
{
    const char *location = reply->headers[LOCATION];
    char       *to = location ? http_url_join(from, location) : NULL;
    char       *shown = to ? http_url_shown(to) : NULL;

    if (!to)
        err_set(err, ERR_FAILED, "%s: is redirected (%d) to no address that "
                "can be asked; check the URL in a browser", f->shown,
                reply->status);
    else if (!fetch_may_follow(from, to))
        err_set(err, ERR_FAILED, "%s: is redirected to %s, which is not "
                "encrypted; refused, use another source", f->shown, shown);
    else if (strcmp(to, from) == 0)
        err_set(err, ERR_FAILED, "%s: is redirected to itself again and "
                "again; check the URL in a browser", f->shown);
    free(shown);
    if (!err->kind) return to;
    free(to);
    return NULL;
}

/* From `url` to the first reply that is no redirect; *end is where that came
 * from, owned by the caller. */
static int send_on(struct fetch *f, const struct fetch_ask *ask,
                   const char *url, char **end, struct fetch_reply *out,
                   struct err *err)
{
    char *at = mem_copy(url);
    int   rc = 0;

    for (int hop = 0; rc == 0; hop++) {
        struct http_reply reply;
        char             *next = NULL;

        rc = send_once(f, ask, at, &reply, out, err);
        if (reply.status) f->answered = true;
        if (reply.is_too_long) out->is_final = true;
        if (rc == 0 && is_redirect(reply.status)) {
            read_hub_headers(&out->head, &reply);
            next = follow(f, at, &reply, err);
            if (!next) rc = -1;
            if (next && hop == REDIRECTS_MAX)
                rc = err_set(err, ERR_FAILED, "%s: is redirected more than %d "
                             "times, in a circle it seems; check the URL in a "
                             "browser", f->shown, REDIRECTS_MAX);
            out->is_final = rc != 0;
        } else if (rc == 0) {
            read_head(&out->head, &reply, f->settings->token);
            out->link = mem_copy(reply.headers[LINK]);
            out->body = reply.body;
            out->body_len = reply.body_len;
            reply.body = NULL;
        }
        http_reply_done(&reply);
        if (!next) break;
        free(at);
        at = next;
    }
    *end = at;
    return rc;
}

/* A signed address that redirects led to serves for some minutes only. */
static bool has_expired(int status)
{
    return status >= 400 && status < 500 && status != 416 && status != 429;
}

int fetch_send(struct fetch *f, const struct fetch_ask *ask,
               struct fetch_reply *out, struct err *err)
{
    static const struct fetch_head unknown = {
        .range = {-1, -1, -1}, .length = -1, .total = -1, .linked_size = -1,
        .retry_after_s = NAN};
    char *end;
    int   rc;

    if (is_plain(f->url) && !http_is_loopback(f->url)) {
        *out = (struct fetch_reply){.head = unknown};
        return err_set(err, ERR_INPUT, "%s: is not encrypted; use its "
                       "https:// address", f->shown);
    }
    for (;;) {
        bool direct = f->at;

        *out = (struct fetch_reply){.head = unknown};
        rc = send_on(f, ask, direct ? f->at : f->url, &end, out, err);
        free(f->at);
        f->at = NULL;
        if (rc == 0 && direct && has_expired(out->head.status)) {
            free(end);
            fetch_reply_done(out);
            continue;
        }
        if (rc == 0 && out->head.status < 300 && strcmp(end, f->url) != 0)
            f->at = end;
        else
            free(end);
        return rc;
    }
}

int fetch_check_bytes(const struct fetch_head *h, int64_t first,
                      struct err *err)
{
    if (h->is_html)
        return err_set(err, ERR_INPUT, "is a web page and no GGUF file; copy "
                       "the address of its download link (on a Hugging Face "
                       "hub /resolve/ where the page has /blob/)");
    if (h->is_encoded)
        return err_set(err, ERR_FAILED, "the server sends it compressed, "
                       "although that was not asked for; use another source");
    if (h->status == 206 && (!h->has_range || h->range.first < 0))
        return err_set(err, ERR_FAILED, "the server sends a part and does not "
                       "say which; use another source");
    if (h->status == 206 && h->range.first != first)
        return err_set(err, ERR_FAILED, "the server sends other bytes (from "
                       "%lld) than were asked for (from %lld); use another "
                       "source", (long long)h->range.first, (long long)first);
    return 0;
}

/* ---- again ------------------------------------------------------------- */

double fetch_delay_s(int tries, double retry_after_s)
{
    if (tries >= TRIES_MAX) return -1;
    if (!isnan(retry_after_s))
        return retry_after_s > RETRY_MAX_S ? -1 : retry_after_s;
    return tries < 1 ? 0 : ldexp(1, tries - 1);
}

static bool is_passing(int status)
{
    return status == 408 || status == 429 || status == 500 ||
           status == 502 || status == 503 || status == 504;
}

bool fetch_again(struct fetch *f, const struct fetch_reply *reply,
                 const struct err *failure)
{
    bool   broke = failure->kind == ERR_TIMEOUT || failure->kind == ERR_FAILED;
    double delay_s;

    if (reply->is_final || failure->kind == ERR_STOPPED || stop_signal())
        return false;
    /* A host that was never reached is more likely misspelt than busy. */
    if (failure->kind ? !broke || !f->answered
                      : !is_passing(reply->head.status))
        return false;
    f->tries++;
    /* A connection that broke is made anew at once, the first time. */
    delay_s = failure->kind && f->tries == 1 ? 0
            : fetch_delay_s(f->tries, reply->head.retry_after_s);
    if (delay_s < 0) return false;
    f->settings->wait(delay_s);
    return !stop_signal();
}

void fetch_progress(struct fetch *f) { f->tries = 0; }

int fetch_patiently(struct fetch *f, const struct fetch_ask *ask,
                    struct fetch_reply *out, struct err *err)
{
    for (;;) {
        struct err why = {0};
        int        rc = fetch_send(f, ask, out, &why);

        if (!fetch_again(f, out, &why)) {
            fetch_progress(f);
            return rc ? err_set(err, why.kind, "%s", why.text) : 0;
        }
        fetch_reply_done(out);
    }
}

/* ---- refusals ---------------------------------------------------------- */

/* Gated, private and absent: the hub answers 401 to all three when nobody is
 * logged in, and says which in X-Error-Code at best. */
static int no_access(const struct remote_settings *settings,
                     const struct fetch_head *h, const char *what,
                     struct err *err)
{
    const char *endpoint = settings->endpoint;
    bool        has_token = settings->token;

    if (strcmp(h->error_code, "GatedRepo") == 0 && !has_token)
        return err_set(err, ERR_INPUT, "%s: is gated; accept its terms on its "
                       "page at %s, then set HF_TOKEN to a token of that "
                       "account (%s/settings/tokens)", what, endpoint,
                       endpoint);
    if (strcmp(h->error_code, "GatedRepo") == 0)
        return err_set(err, ERR_INPUT, "%s: is gated, and the account of your "
                       "token has no access yet; ask for it on its page at "
                       "%s", what, endpoint);
    if (strstr(h->message, "Invalid credentials") ||
        (h->status == 401 && has_token && !*h->error_code))
        return err_set(err, ERR_INPUT, "%s: the hub does not accept the token; "
                       "make a new one at %s/settings/tokens, or unset "
                       "HF_TOKEN", what, endpoint);
    if (h->status == 403)
        return err_set(err, ERR_INPUT, "%s: access is forbidden%s%s; check "
                       "that the token (HF_TOKEN) may read it", what,
                       *h->message ? ": " : "", h->message);
    return err_set(err, ERR_INPUT, "%s: is not there, or is private; check "
                   "the spelling%s", what, has_token
                   ? " and that the token (HF_TOKEN) may read it"
                   : ", or set HF_TOKEN when it is yours");
}

int fetch_refused(const struct remote_settings *settings,
                  const struct fetch_head *head, const char *what,
                  struct err *err)
{
    bool hub = head->from_hub, has_token = settings->token;

    if (strcmp(head->error_code, "EntryNotFound") == 0)
        return err_set(err, ERR_INPUT, "%s: the repository has no such file; "
                       "look at its list of files", what);
    if (strcmp(head->error_code, "RevisionNotFound") == 0)
        return err_set(err, ERR_INPUT, "%s: the repository has no such "
                       "revision; look at its list of branches", what);
    if (hub && (head->status == 401 || head->status == 403 ||
                head->status == 404))
        return no_access(settings, head, what, err);
    switch (head->status) {
    case 401:
    case 403:
        return err_set(err, ERR_INPUT, "%s: the server wants a login or "
                       "forbids it (%d); fetch the file by other means and "
                       "name its path", what, head->status);
    case 404:
    case 410:
        return err_set(err, ERR_INPUT, "%s: there is no such file (%d); check "
                       "the URL in a browser", what, head->status);
    case 416:
        return err_set(err, ERR_FAILED, "%s: the file is shorter than the "
                       "server said before (416); try again", what);
    case 429:
        if (!isnan(head->retry_after_s))
            return err_set(err, ERR_FAILED, "%s: the server is asked too "
                           "often; it wants a pause of %.0f s%s", what,
                           head->retry_after_s, hub && !has_token
                           ? ", less with HF_TOKEN set" : "");
        return err_set(err, ERR_FAILED, "%s: the server is asked too often "
                       "(429); try later%s", what, hub && !has_token
                       ? ", or set HF_TOKEN" : "");
    default:
        return err_set(err, ERR_FAILED, "%s: the server answered %d%s%s; try "
                       "later, or another source", what, head->status,
                       *head->message ? ": " : "", head->message);
    }
}
