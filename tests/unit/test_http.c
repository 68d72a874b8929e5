/* SPDX-License-Identifier: MIT */
/* test_http.c - what is sent, and every kind of reply. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "base/mem.h"
#include "scripted_server.h"

#define JSON "Content-Type: application/json\r\n"

static void test_http_tells_whole_replies(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *reply;
        int         status;
        const char *body, *type;
    } cases[] = {
        {"JSON of a known length",
         "HTTP/1.1 200 OK\r\n" JSON "Content-Length: 7\r\n\r\n{\"a\":1}",
         200, "{\"a\":1}", "application/json"},
        {"chunked", "HTTP/1.1 200 OK\r\n" JSON "Transfer-Encoding: chunked"
         "\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, "abc",
         "application/json"},
        {"until the end of the connection", "HTTP/1.0 200 OK\r\n\r\nabc", 200,
         "abc", ""},
        {"no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""},
        {"an interim reply comes first", "HTTP/1.1 103 Early Hints\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", ""},
        {"500 with a body", "HTTP/1.1 500 Oops\r\n" JSON
         "Content-Length: 15\r\n\r\n{\"error\":\"mem\"}", 500,
         "{\"error\":\"mem\"}", "application/json"},
        {"401", "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n"
         "Content-Length: 3\r\n\r\nkey", 401, "key", ""},
        {"HTML", "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8"
         "\r\nContent-Length: 13\r\n\r\n<html></html>", 200, "<html></html>",
         "text/html; charset=utf-8"},
        {"a redirect is not followed", "HTTP/1.1 302 Found\r\n"
         "Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, "",
         ""},
        {"surplus bytes after the length", "HTTP/1.1 200 OK\r\n"
         "Content-Length: 2\r\n\r\nokSURPLUS", 200, "ok", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const steps[] = {cases[i].reply, NULL};
        struct http_reply reply;
        struct err        err = {0};

        ask(steps, (struct http_request){0}, &reply, &err);
        if (err.kind || reply.status != cases[i].status ||
            strcmp(reply.body, cases[i].body) != 0 ||
            strcmp(reply.content_type, cases[i].type) != 0)
            fail_msg("%s: %d '%s' '%s' %s", cases[i].situation, reply.status,
                     reply.body, reply.content_type, err.text);
        assert_true(isnan(reply.retry_after_s));
        http_reply_done(&reply);
    }
}

static void test_http_tells_broken_replies(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *steps[4];
        const char *want;          /* in the error */
        int         status;
    } cases[] = {
        {"Content-Length too long", {"HTTP/1.1 200 OK\r\n"
         "Content-Length: 99\r\n\r\nabc"}, "before its reply was complete",
         200},
        {"Content-Length is no number", {"HTTP/1.1 200 OK\r\n"
         "Content-Length: many\r\n\r\nabc"}, "does not speak HTTP", 200},
        {"chunked, cut", {"HTTP/1.1 200 OK\r\n"
         "Transfer-Encoding: chunked\r\n\r\n9\r\nabc"},
         "before its reply was complete", 200},
        {"chunked, no last chunk", {"HTTP/1.1 200 OK\r\n"
         "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
         "before its reply was complete", 200},
        {"a chunk without a length", {"HTTP/1.1 200 OK\r\n"
         "Transfer-Encoding: chunked\r\n\r\nhello\r\n"}, "chunk", 200},
        {"garbage", {"\x16\x03\x01 garbage \x1b[2J\r\n\r\n"},
         "does not speak HTTP", 0},
        {"nothing", {NULL}, "without a reply", 0},
        {"endless headers", {"HTTP/1.1 200 OK\r\n", FLOOD, NULL},
         "headers are longer", 200},
        {"an error cut short", {"HTTP/1.1 500 Oops\r\n"
         "Content-Length: 99\r\n\r\nabc"}, "before its reply was complete",
         500},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_reply reply;
        struct err        err = {0};

        ask(cases[i].steps, (struct http_request){0}, &reply, &err);
        if (err.kind != ERR_FAILED || reply.status != cases[i].status ||
            !strstr(err.text, cases[i].want) ||
            !strstr(err.text, "http://127.0.0.1:"))
            fail_msg("%s: %d %s", cases[i].situation, reply.status, err.text);
        http_reply_done(&reply);
    }
}

struct listener {
    struct server *server;
    struct strbuf  text;
    int64_t        at_ns[8];
    int            calls, end_at, end_with;
};

static int listen_to_bytes(void *ctx, const char *bytes, size_t n,
                           int64_t at_ns)
{
    struct listener *l = ctx;

    assert_in_range(l->calls, 0, 7);
    strbuf_addn(&l->text, bytes, n);
    strbuf_add(&l->text, "|");
    l->at_ns[l->calls++] = at_ns;
    if (l->calls == l->end_at) return l->end_with;
    if (l->server) server_go(l->server);
    return 0;
}

/* The server sends a piece only after we saw the one before it. */
static void test_http_hands_on_bytes_as_they_arrive(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "3\r\none\r\n", WAIT, "3\r\ntwo\r\n", WAIT, "5\r\nthree\r\n", WAIT,
        "0\r\n\r\n", NULL,
    };
    struct server       s;
    struct listener     l = {.server = &s};
    struct http        *h = http_new();
    struct http_request r;
    struct http_reply   reply;
    struct err          err   = {0};
    int64_t             begin = clock_now_ns();

    strbuf_init(&l.text, 1000);
    server_start(&s, steps);
    r = request_of(&s);
    r.on_bytes = listen_to_bytes;
    r.ctx = &l;
    if (http_send(h, &r, &reply, &err)) fail_msg("%s", err.text);
    assert_string_equal(l.text.text, "one|two|three|");
    assert_string_equal(reply.body, "");
    assert_true(begin <= reply.sent_ns);
    assert_true(reply.sent_ns <= l.at_ns[0]);
    assert_true(l.at_ns[0] < l.at_ns[1] && l.at_ns[1] < l.at_ns[2]);
    assert_true(l.at_ns[2] <= reply.end_ns);
    http_reply_done(&reply);
    http_free(h);
    server_done(&s);
    strbuf_done(&l.text);
}

static void test_http_ends_when_the_callback_says_so(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "HTTP/1.1 200 OK\r\n\r\nendless", HOLD, NULL,
    };

    for (int with = -1; with <= 1; with += 2) {
        struct listener   l = {.end_at = 1, .end_with = with};
        struct http_reply reply;
        struct err        err = {0};

        strbuf_init(&l.text, 1000);
        ask(steps, (struct http_request){.on_bytes = listen_to_bytes,
                                         .ctx = &l}, &reply, &err);
        assert_int_equal(err.kind, with == 1 ? ERR_NONE : ERR_FAILED);
        assert_int_equal(reply.status, 200);
        assert_string_equal(l.text.text, "endless|");
        http_reply_done(&reply);
        strbuf_done(&l.text);
    }
}

static void test_http_keeps_error_bodies_from_the_callback(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nwhy", NULL,
    };
    struct listener   l = {0};
    struct http_reply reply;
    struct err        err = {0};

    ask(steps, (struct http_request){.on_bytes = listen_to_bytes, .ctx = &l},
        &reply, &err);
    assert_int_equal(l.calls, 0);
    assert_string_equal(reply.body, "why");
    http_reply_done(&reply);
}

static void test_http_reads_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *reply;
        double      want_s;     /* NAN: not given */
    } cases[] = {
        {"seconds", "429 Slow\r\nRetry-After: 3\r\n", 3},
        {"any case", "503 Busy\r\nretry-AFTER:7 \r\n", 7},
        {"zero is given", "429 Slow\r\nRetry-After: 0\r\n", 0},
        {"fractions", "429 Slow\r\nRetry-After: 1.5\r\n", 1.5},
        {"absurd", "429 Slow\r\nRetry-After: 1e300\r\n", 86400},
        {"a date gone by",
         "429 Slow\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0},
        {"a date far away",
         "429 Slow\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n", 86400},
        {"absent", "429 Slow\r\n", NAN},
        {"empty", "429 Slow\r\nRetry-After:\r\n", NAN},
        {"negative", "429 Slow\r\nRetry-After: -4\r\n", NAN},
        {"not a number", "429 Slow\r\nRetry-After: nan\r\n", NAN},
        {"words", "429 Slow\r\nRetry-After: soon enough\r\n", NAN},
        {"not of a 200", "200 OK\r\nRetry-After: 3\r\n", NAN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char             *text = mem_printf("HTTP/1.1 %sContent-Length: 0"
                                            "\r\n\r\n", cases[i].reply);
        const char *const steps[] = {text, NULL};
        struct http_reply reply;
        struct err        err = {0};
        double            got;

        ask(steps, (struct http_request){0}, &reply, &err);
        got = reply.retry_after_s;
        if (err.kind || isnan(got) != isnan(cases[i].want_s) ||
            fabs(got - cases[i].want_s) > 1e-9)
            fail_msg("%s: %g %s", cases[i].situation, got, err.text);
        http_reply_done(&reply);
        free(text);
    }
}

static void test_http_says_who_cannot_be_reached(void **state)
{
    (void)state;
    int         port;
    int         fd = listen_here(&port);      /* bound, but not listening */
    char        refused[64], secret[80];
    const struct {
        const char   *situation, *url, *want;
        enum err_kind kind;
    } cases[] = {
        {"refused", refused, "refused", ERR_FAILED},
        {"password not shown", secret, "http://127.0.0.1:", ERR_FAILED},
        {"unknown host", "http://no-such-host.invalid:8080/", "name",
         ERR_FAILED},
        {"another protocol", "ftp://127.0.0.1/x", "http://host:port",
         ERR_INPUT},
        {"a file", "file:///etc/hostname", "http://host:port", ERR_INPUT},
        {"no scheme", "127.0.0.1:8080", "http://host:port", ERR_INPUT},
        {"port out of range", "http://127.0.0.1:99999/", "http://host:port",
         ERR_INPUT},
        {"empty", "", "http://host:port", ERR_INPUT},
    };

    snprintf(refused, sizeof refused, "http://127.0.0.1:%d/", port);
    snprintf(secret, sizeof secret, "http://me:" SECRET "@127.0.0.1:%d/",
             port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server       none = {0};
        struct http_request r    = request_of(&none);
        struct http        *h    = http_new();
        struct http_reply   reply;
        struct err          err = {0};
        int                 rc;

        r.url = cases[i].url;
        rc = http_send(h, &r, &reply, &err);
        if (rc != -1 || err.kind != cases[i].kind || reply.status != 0 ||
            !strstr(err.text, cases[i].want) || strstr(err.text, SECRET))
            fail_msg("%s: rc %d %s", cases[i].situation, rc, err.text);
        assert_int_equal(reply.sent_ns, -1);
        assert_string_equal(reply.body, "");
        http_reply_done(&reply);
        http_free(h);
    }
    close(fd);
}

static void test_http_sends_what_it_was_asked_to(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", REQUEST,
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2", NULL,
    };
    struct server       s;
    struct http        *h   = http_new();
    struct err          err = {0};
    struct http_request r;
    struct http_reply   reply;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    server_start(&s, steps);
    r = request_of(&s);
    r.bearer = SECRET;
    if (http_send(h, &r, &reply, &err)) fail_msg("%s", err.text);
    assert_string_equal(reply.body, "1");
    http_reply_done(&reply);
    assert_int_equal(s.body_bytes, 2);
    assert_non_null(strstr(s.heads.text, "POST /v1/x HTTP/1.1\r\n"));
    assert_non_null(strstr(s.heads.text,
                           "Authorization: Bearer " SECRET "\r\n"));
    assert_non_null(strstr(s.heads.text,
                           "Content-Type: application/json\r\n"));
    assert_null(strstr(s.heads.text, "Expect"));

    /* The second on the same connection; the key is not kept. */
    strbuf_clear(&s.heads);
    r = request_of(&s);
    r.method = "GET";
    r.body = NULL;
    if (http_send(h, &r, &reply, &err)) fail_msg("%s", err.text);
    assert_string_equal(reply.body, "2");
    http_reply_done(&reply);
    assert_non_null(strstr(s.heads.text, "GET /v1/x HTTP/1.1\r\n"));
    assert_null(strstr(s.heads.text, "Authorization"));
    assert_null(strstr(s.heads.text, "Content-"));
    http_free(h);
    server_done(&s);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void test_http_refuses_a_key_that_would_add_headers(void **state)
{
    (void)state;
    struct server       none = {.url = "http://127.0.0.1:1/"};
    struct http_request r    = request_of(&none);
    struct http        *h    = http_new();
    struct http_reply   reply;
    struct err          err = {0};

    r.bearer = SECRET "\r\nX-Evil: 1";
    assert_int_equal(http_send(h, &r, &reply, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_null(strstr(err.text, SECRET));
    http_reply_done(&reply);
    http_free(h);
}

/* Half of the body is more than the sockets' buffers hold: its last byte
 * cannot be written before the server, which notes the time, has read half. */
static void test_http_stamps_the_last_byte_written(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL,
    };
    const size_t        len  = 64 * 1024 * 1024;
    char               *body = mem_new(len, 1);
    struct server       s;
    struct http        *h   = http_new();
    struct err          err = {0};
    struct http_request r;
    struct http_reply   reply;

    server_start(&s, steps);
    r = request_of(&s);
    r.body = body;
    r.body_len = len;
    if (http_send(h, &r, &reply, &err)) fail_msg("%s", err.text);
    assert_int_equal(s.body_bytes, len);
    assert_null(strstr(s.heads.text, "Expect"));
    assert_true(s.body_ns < reply.sent_ns);
    assert_true(reply.sent_ns <= reply.end_ns);
    http_reply_done(&reply);
    http_free(h);
    server_done(&s);
    free(body);
}

static void test_http_knows_this_machine(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool        loopback;
    } cases[] = {
        {"http://localhost:8080/v1", true},
        {"https://LOCALHOST/", true},
        {"http://127.0.0.1", true},
        {"http://127.8.9.10:1/x", true},
        {"http://[::1]:8080/", true},
        {"http://[::ffff:127.0.0.1]/", true},
        {"http://user:pw@127.0.0.1/", true},
        {"http://127.0.0.1@example.org/", false},
        {"http://127.example.org/", false},
        {"http://localhost.example.org/", false},
        {"http://128.0.0.1/", false},
        {"http://[::2]/", false},
        {"http://192.168.1.4:11434/v1", false},
        {"http://example.org/?http://localhost/", false},
        {"localhost", false},
        {"", false},
        {"http://", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (http_is_loopback(cases[i].url) != cases[i].loopback)
            fail_msg("%s", cases[i].url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_tells_whole_replies),
        cmocka_unit_test(test_http_tells_broken_replies),
        cmocka_unit_test(test_http_hands_on_bytes_as_they_arrive),
        cmocka_unit_test(test_http_ends_when_the_callback_says_so),
        cmocka_unit_test(test_http_keeps_error_bodies_from_the_callback),
        cmocka_unit_test(test_http_reads_retry_after),
        cmocka_unit_test(test_http_says_who_cannot_be_reached),
        cmocka_unit_test(test_http_sends_what_it_was_asked_to),
        cmocka_unit_test(test_http_refuses_a_key_that_would_add_headers),
        cmocka_unit_test(test_http_stamps_the_last_byte_written),
        cmocka_unit_test(test_http_knows_this_machine),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
