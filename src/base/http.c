/* SPDX-License-Identifier: MIT */
/* http.c - see http.h.
 *
 * libcurl's multi interface moves the bytes; the limits, the stop signal and
 * `alive` are watched here, between its steps, because libcurl's own limits
 * cannot tell a slow connection from a silent answer.
 */
#include "base/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/strbuf.h"

#define STEP_MS          20          /* how late anything is noticed */
#define MAX_HEADER_BYTES (256 * 1024)
#define MAX_RETRY_S      86400.0

struct http {
    CURL  *easy;
    CURLM *multi;      /* owns the open connections */
};

struct transfer {
    const struct http_request *ask;
    struct http_reply         *reply;
    CURL         *easy;
    char         *where;             /* scheme://host:port, for errors */
    struct strbuf body;
    int64_t       begin_ns, last_ns; /* last arrival of body bytes, or -1 */
    int64_t       died_ns;           /* `alive` said no, or -1 */
    size_t        header_bytes;
    int64_t       span_ns;           /* begin of the span of ask->slow_s */
    size_t        span_bytes;        /* of the body in it */
    int           verdict;           /* of on_bytes */
    bool          cut;               /* an error's body reached its limit */
    char          detail[CURL_ERROR_SIZE];
};

struct http *http_new(void)
{
    struct http *h = mem_new(1, sizeof *h);

    h->easy = curl_easy_init();
    h->multi = curl_multi_init();
    return h;
}

void http_free(struct http *h)
{
    if (!h) return;
    curl_easy_cleanup(h->easy);
    curl_multi_cleanup(h->multi);
    free(h);
}

void http_reply_done(struct http_reply *reply)
{
    free(reply->body);
    for (size_t i = 0; i < HTTP_KEPT; i++) free(reply->headers[i]);
    *reply = (struct http_reply){0};
}

/* libcurl calls this after the bytes were written to the socket. */
static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t n,
                    void *ctx)
{
    struct transfer *t = ctx;

    (void)easy;
    (void)bytes;
    (void)n;
    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
        t->reply->sent_ns = clock_now_ns();
    return 0;
}

/* Seconds, or a date; NAN when it is neither. */
static double read_retry_after(const char *value, size_t len)
{
    char   text[64];
    char  *end;
    double seconds;
    time_t date;

    snprintf(text, sizeof text, "%.*s", (int)(len < 63 ? len : 63), value);
    text[strcspn(text, "\r\n")] = '\0';
    seconds = strtod(text, &end);
    if (end != text && end[strspn(end, " \t")] == '\0' && seconds >= 0)
        return fmin(seconds, MAX_RETRY_S);
    date = curl_getdate(text, NULL);
    if (date < 0) return NAN;
    return fmin(fmax(difftime(date, time(NULL)), 0), MAX_RETRY_S);
}

static bool is_header(const char *line, size_t n, const char *name)
{
    size_t len = strlen(name);

    return n > len && line[len] == ':' && strncasecmp(line, name, len) == 0;
}

static void keep_header(struct transfer *t, const char *line, size_t n)
{
    const char *const *name = t->ask->keep;

    for (size_t i = 0; name && name[i] && i < HTTP_KEPT; i++) {
        const char *value = line + strlen(name[i]) + 1;
        size_t      len;

        if (!is_header(line, n, name[i]) || t->reply->headers[i]) continue;
        len = n - (size_t)(value - line);
        while (len && isspace((unsigned char)*value)) value++, len--;
        while (len && isspace((unsigned char)value[len - 1])) len--;
        t->reply->headers[i] = mem_copy_n(value, len);
    }
}

static void forget_headers(struct http_reply *reply)
{
    for (size_t i = 0; i < HTTP_KEPT; i++) {
        free(reply->headers[i]);
        reply->headers[i] = NULL;
    }
}

/* libcurl gives us trailers, behind a chunked body, in the same way; they
 * are nothing that the body's reader could still act on. */
static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    static const char retry[] = "retry-after";
    struct transfer  *t       = ctx;
    size_t            n       = size * count;

    t->header_bytes += n;
    if (n > 5 && strncmp(line, "HTTP/", 5) == 0)
        forget_headers(t->reply);     /* an interim reply's do not count */
    else if (is_header(line, n, retry))
        t->reply->retry_after_s = read_retry_after(line + sizeof retry,
                                                   n - sizeof retry);
    if (t->last_ns < 0) keep_header(t, line, n);
    return t->header_bytes > MAX_HEADER_BYTES ? 0 : n;
}

static long status_of(CURL *easy)
{
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* What is known of a reply once its head is complete. */
static void fill_head(struct transfer *t)
{
    struct http_reply *reply  = t->reply;
    const char        *type   = NULL;
    curl_off_t         length = -1;

    reply->status = (int)status_of(t->easy);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    if (type)
        snprintf(reply->content_type, sizeof reply->content_type, "%s", type);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    reply->content_length = length < 0 ? NAN : (double)length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *t  = ctx;
    size_t           n  = size * count;
    bool             ok;

    if (t->last_ns < 0) fill_head(t);
    ok = t->reply->status == 200 || t->reply->status == 206;
    t->last_ns = clock_now_ns();
    t->span_bytes += n;
    if (ok && t->ask->on_bytes) {
        t->verdict = t->ask->on_bytes(t->ask->ctx, bytes, n, t->last_ns);
        return t->verdict ? 0 : n;
    }
    if (!ok && n > t->body.max - t->body.len) {
        strbuf_addn(&t->body, bytes, t->body.max - t->body.len);
        t->cut = true;
        return 0;
    }
    strbuf_addn(&t->body, bytes, n);
    return t->body.over ? 0 : n;
}

static void set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                     (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* libcurl keeps the list, not a copy: it is freed after the transfer. */
static struct curl_slist *make_headers(const struct http_request *ask)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    if (ask->body)
        list = curl_slist_append(list, "Content-Type: application/json");
    if (ask->bearer && *ask->bearer) {
        char *line = mem_printf("Authorization: Bearer %s", ask->bearer);
        list = curl_slist_append(list, line);
        free(line);
    }
    for (const char *const *line = ask->headers; line && *line; line++)
        list = curl_slist_append(list, *line);
    return list;
}

/* HTTP/1.1 on purpose: what "the request was sent" means must be the same
 * for every server that we compare. */
static void set_request(struct transfer *t, const struct curl_slist *headers)
{
    const struct http_request *ask  = t->ask;
    CURL                      *easy = t->easy;

    curl_easy_setopt(easy, CURLOPT_URL, ask->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "audition");
    if (strcmp(ask->method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ask->body ? ask->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(ask->body ? ask->body_len : 0));
    }
    if (strcmp(ask->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    set_protocols(easy);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    if (http_is_loopback(ask->url)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    /* Ours comes first; libcurl's default of 300 s must not. */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)fmin(ask->connect_s * 1000 + 1000, 1e9));

    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->detail);
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)NS_PER_S;
}

static int no_connection(const struct transfer *t, struct err *err)
{
    return err_set(err, ERR_TIMEOUT, "%s: no connection within %g s; check "
                   "that the server runs and can be reached from here",
                   t->where, t->ask->connect_s);
}

/* Is the body coming in less quickly than asked for? */
static bool is_too_slow(struct transfer *t, int64_t now)
{
    if (t->ask->slow_s <= 0 || t->last_ns < 0) return false;
    if (!t->span_ns) t->span_ns = now;
    if (seconds(t->span_ns, now) < t->ask->slow_s) return false;
    if (t->span_bytes < t->ask->slow_bytes) return true;
    t->span_ns = now;
    t->span_bytes = 0;
    return false;
}

/* -1 with err set when a limit has passed. */
static int check_limits(struct transfer *t, struct err *err)
{
    const struct http_request *ask  = t->ask;
    int64_t                    now  = clock_now_ns();
    int64_t                    sent = t->reply->sent_ns;

    if (sent < 0 && seconds(t->begin_ns, now) > ask->connect_s)
        return no_connection(t, err);
    if (sent >= 0 && t->last_ns < 0 && seconds(sent, now) > ask->first_s)
        return err_set(err, ERR_TIMEOUT, "%s: no byte of the answer within "
                       "%g s of the request; look at the server's log, or "
                       "raise the limit for the first byte if it is only "
                       "slow", t->where, ask->first_s);
    if (t->last_ns >= 0 && seconds(t->last_ns, now) > ask->silence_s)
        return err_set(err, ERR_TIMEOUT, "%s: the answer fell silent for more "
                       "than %g s before its end; look at the server's log, "
                       "or raise the limit for silence if it is only slow",
                       t->where, ask->silence_s);
    if (is_too_slow(t, now))
        return err_set(err, ERR_TIMEOUT, "%s: less than %zu bytes came in "
                       "%g s; check the network, and try again", t->where,
                       ask->slow_bytes, ask->slow_s);
    if (seconds(t->begin_ns, now) > ask->total_s)
        return err_set(err, ERR_TIMEOUT, "%s: the answer was not complete "
                       "after %g s; ask for less, or raise the limit for one "
                       "answer", t->where, ask->total_s);
    return 0;
}

/* A server that answers and ends at once deserves that what is already in
 * the socket is read: the second look, one step later, decides. */
static int check_alive(struct transfer *t, struct err *err)
{
    int64_t now = clock_now_ns();

    if (!t->ask->alive || t->ask->alive(t->ask->alive_ctx)) return 0;
    if (t->died_ns < 0) t->died_ns = now;
    if (seconds(t->died_ns, now) * 1000 < STEP_MS) return 0;
    return err_set(err, ERR_FAILED, "%s: the server's process ended before "
                   "its answer was complete; look at its log", t->where);
}

static int run(struct http *h, struct transfer *t, CURLcode *code,
               struct err *err)
{
    int running = 0, left;

    for (;;) {
        const CURLMsg *message;
        CURLMcode      rc;

        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped by a signal");
        rc = curl_multi_perform(h->multi, &running);
        message = curl_multi_info_read(h->multi, &left);
        if (message) {
            *code = message->data.result;
            return 0;
        }
        if (check_limits(t, err) || check_alive(t, err)) return -1;
        if (rc == CURLM_OK)
            rc = curl_multi_poll(h->multi, NULL, 0, STEP_MS, NULL);
        if (rc != CURLM_OK)
            return err_set(err, ERR_FAILED, "%s: the transfer broke inside "
                           "libcurl (%s); try again", t->where,
                           curl_multi_strerror(rc));
    }
}

/* We ended the transfer ourselves, from a callback. */
static int judge_own_end(const struct transfer *t, struct err *err)
{
    if (t->verdict > 0 || t->cut) return 0;
    if (t->verdict < 0)
        return err_set(err, ERR_FAILED, "%s: the answer could not be used",
                       t->where);
    t->reply->is_too_long = true;
    if (t->body.over)
        return err_set(err, ERR_FAILED, "%s: the answer is longer than %zu "
                       "bytes; is this the right address?", t->where,
                       t->body.max);
    return err_set(err, ERR_FAILED, "%s: the reply's headers are longer than "
                   "%d bytes; is this the right address?", t->where,
                   MAX_HEADER_BYTES);
}

static int judge(const struct transfer *t, CURLcode code, struct err *err)
{
    const char *detail = *t->detail ? t->detail : curl_easy_strerror(code);
    const char *advice = "try again, and look at the server's log";

    switch (code) {
    case CURLE_OK: return 0;
    case CURLE_WRITE_ERROR: return judge_own_end(t, err);
    case CURLE_OPERATION_TIMEDOUT: return no_connection(t, err);
    case CURLE_COULDNT_RESOLVE_HOST:
        detail = "no host of this name is known";
        advice = "check its spelling and the network";
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        detail = "the proxy's name is not known";
        advice = "check http_proxy, https_proxy and no_proxy";
        break;
    case CURLE_COULDNT_CONNECT:
        detail = "the connection was refused or found no way";
        advice = "check that the server runs, and the host and port";
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        detail = "what answers here does not speak HTTP";
        advice = "check the port, and http against https";
        break;
    case CURLE_GOT_NOTHING:
        detail = "the server closed the connection without a reply";
        advice = "look at its log";
        break;
    case CURLE_PARTIAL_FILE:
        detail = "the server closed the connection before its reply was "
                 "complete";
        advice = "look at its log";
        break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        advice = "check the server's certificate, and https against http";
        break;
    default: break;
    }
    return err_set(err, ERR_FAILED, "%s: %s; %s", t->where, detail, advice);
}

static void fill_reply(struct transfer *t)
{
    struct http_reply *reply = t->reply;

    reply->end_ns = clock_now_ns();
    fill_head(t);
    if (reply->status != 429 && reply->status != 503)
        reply->retry_after_s = NAN;
    reply->body_len = t->body.len;
    free(reply->body);
    reply->body = strbuf_take(&t->body);
}

/* A line break in a key or a header would start a header of its own. */
static int check_headers(const struct http_request *ask, struct err *err)
{
    const char *bearer = ask->bearer;

    for (const char *const *line = ask->headers; line && *line; line++)
        for (const char *c = *line; *c; c++)
            if ((unsigned char)*c < ' ' || *c == 0x7f)
                return err_set(err, ERR_BUG, "a header with a control "
                               "character was to be sent");
    for (; bearer && *bearer; bearer++)
        if (!isgraph((unsigned char)*bearer))
            return err_set(err, ERR_INPUT, "the API key holds a space, a "
                           "control character or a letter beyond ASCII; "
                           "check the file or variable that it comes from");
    return 0;
}

int http_send(struct http *h, const struct http_request *request,
              struct http_reply *reply, struct err *err)
{
    struct transfer    t = {.ask = request, .reply = reply, .easy = h->easy,
                            .begin_ns = clock_now_ns(), .last_ns = -1,
                            .died_ns = -1};
    CURLcode           code = CURLE_OK;
    struct curl_slist *headers;
    int                rc;

    *reply = (struct http_reply){.sent_ns = -1, .end_ns = t.begin_ns,
                                 .body = mem_copy(""), .retry_after_s = NAN,
                                 .content_length = NAN};
    if (!h->easy || !h->multi)
        return err_set(err, ERR_FAILED, "libcurl could not be started; check "
                       "its installation and the memory that is left");
    if (check_headers(request, err)) return -1;
    t.where = http_url_origin(request->url);
    if (!t.where)
        return err_set(err, ERR_INPUT, "the server's address is not a URL "
                       "such as http://host:port or https://host; check how "
                       "it is written");

    strbuf_init(&t.body, request->max_body_bytes);
    headers = make_headers(request);
    set_request(&t, headers);
    curl_multi_add_handle(h->multi, h->easy);
    rc = run(h, &t, &code, err);
    if (rc == 0) rc = judge(&t, code, err);
    fill_reply(&t);
    curl_multi_remove_handle(h->multi, h->easy);
    curl_easy_reset(h->easy);   /* forgets the key and pointers to our frame */
    curl_slist_free_all(headers);
    strbuf_done(&t.body);
    free(t.where);
    return rc;
}
