/* SPDX-License-Identifier: MIT */
/* test_http_limits.c - when a request ends before its reply is complete. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/stop.h"
#include "scripted_server.h"

static void test_http_names_the_limit_that_passed(void **state)
{
    (void)state;
    static const struct {
        const char         *situation, *steps[5];
        struct http_request changes;
        const char         *want;
    } cases[] = {
        {"no header", {HOLD}, {.first_s = 0.2}, "no byte of the answer"},
        {"header only", {"HTTP/1.1 200 OK\r\n\r\n", HOLD}, {.first_s = 0.2},
         "no byte of the answer"},
        {"silence after the first byte", {"HTTP/1.1 200 OK\r\n\r\nx", HOLD},
         {.silence_s = 0.2}, "fell silent"},
        {"silence inside an error", {"HTTP/1.1 500 Oops\r\n\r\nx", HOLD},
         {.silence_s = 0.2}, "fell silent"},
        {"too long in all", {"HTTP/1.1 200 OK\r\n\r\nx", HOLD},
         {.total_s = 0.2}, "not complete"},
        {"total is the limit before the first byte too", {HOLD},
         {.total_s = 0.2}, "not complete"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_reply reply;
        struct err        err = {0};

        ask(cases[i].steps, cases[i].changes, &reply, &err);
        if (err.kind != ERR_TIMEOUT || !strstr(err.text, cases[i].want))
            fail_msg("%s: kind %d %s", cases[i].situation, (int)err.kind,
                     err.text);
        http_reply_done(&reply);
    }
}

/* A server that accepts and then leaves the TLS handshake unanswered. */
static void test_http_limits_the_connection(void **state)
{
    (void)state;
    static const char *const steps[] = {SILENT, NULL};
    struct server            s;
    struct http             *h = http_new();
    struct http_request      r;
    struct http_reply        reply;
    struct err               err = {0};
    char                    *url;

    server_start(&s, steps);
    url = mem_printf("https%s", s.url + strlen("http"));
    r = request_of(&s);
    r.url = url;
    r.connect_s = 0.2;
    assert_int_equal(http_send(h, &r, &reply, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_non_null(strstr(err.text, "no connection within 0.2 s"));
    assert_int_equal(reply.sent_ns, -1);
    http_reply_done(&reply);
    http_free(h);
    server_done(&s);
    free(url);
}

static bool count_to_three(void *ctx)
{
    int *calls = ctx;

    return ++*calls < 3;
}

static void test_http_notices_that_the_server_died(void **state)
{
    (void)state;
    static const char *const steps[] = {HOLD, NULL};
    struct http_reply        reply;
    struct err               err   = {0};
    int                      calls = 0;

    ask(steps, (struct http_request){.alive = count_to_three,
                                     .alive_ctx = &calls}, &reply, &err);
    assert_int_equal(err.kind, ERR_FAILED);
    assert_non_null(strstr(err.text, "process ended"));
    http_reply_done(&reply);
}

/* Once the server has the request, lets it answer and close; then says no. */
static bool outlive_the_server(void *ctx)
{
    struct server *s   = ctx;
    struct pollfd  one = {.fd = s->told[0], .events = POLLIN};
    char           byte;

    if (poll(&one, 1, 0) != 1) return true;
    if (read(s->told[0], &byte, 1) == 1) server_go(s);
    while (read(s->told[0], &byte, 1) > 0)
        ;
    return false;
}

static void test_http_reads_the_last_words_of_a_dead_server(void **state)
{
    (void)state;
    static const char *const steps[] = {
        WAIT, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "adieu", NULL,
    };
    struct server       s;
    struct http        *h = http_new();
    struct http_request r;
    struct http_reply   reply;
    struct err          err = {0};

    server_start(&s, steps);
    r = request_of(&s);
    r.alive = outlive_the_server;
    r.alive_ctx = &s;
    if (http_send(h, &r, &reply, &err)) fail_msg("%s", err.text);
    assert_string_equal(reply.body, "adieu");
    http_reply_done(&reply);
    http_free(h);
    server_done(&s);
}

static bool raise_sigterm(void *ctx)
{
    (void)ctx;
    raise(SIGTERM);
    return true;
}

/* In a child, since a stop is for ever. */
static void test_http_notices_a_stop_signal(void **state)
{
    (void)state;
    static const char *const steps[] = {HOLD, NULL};
    pid_t                    pid     = fork();
    int                      status;

    if (pid == 0) {
        struct http_reply reply;
        struct err        err = {0};

        stop_install();
        ask(steps, (struct http_request){.alive = raise_sigterm}, &reply,
            &err);
        _exit(err.kind == ERR_STOPPED ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_http_bounds_a_collected_body(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *reply;
        size_t      max_bytes;
        const char *body;       /* NULL: must fail */
    } cases[] = {
        {"fits exactly", "HTTP/1.1 200 OK\r\n\r\n12345", 5, "12345"},
        {"one too many", "HTTP/1.1 200 OK\r\n\r\n12345", 4, NULL},
        {"an error fits exactly", "HTTP/1.1 503 No\r\n\r\n12345", 5, "12345"},
        {"an error is cut", "HTTP/1.1 503 No\r\n\r\n12345", 3, "123"},
        {"an endless error is cut", "HTTP/1.1 503 No\r\n\r\n1", 40,
         "1x-flood: yes\r\nx-flood: yes\r\nx-flood: ye"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const steps[] = {cases[i].reply, i == 4 ? FLOOD : NULL,
                                     NULL};
        struct http_reply reply;
        struct err        err = {0};

        ask(steps,
            (struct http_request){.max_body_bytes = cases[i].max_bytes},
            &reply, &err);
        if (cases[i].body ? err.kind || strcmp(reply.body, cases[i].body) != 0
                          : !strstr(err.text, "longer than 4 bytes"))
            fail_msg("%s: '%s' %s", cases[i].situation, reply.body, err.text);
        http_reply_done(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_names_the_limit_that_passed),
        cmocka_unit_test(test_http_limits_the_connection),
        cmocka_unit_test(test_http_notices_that_the_server_died),
        cmocka_unit_test(test_http_reads_the_last_words_of_a_dead_server),
        cmocka_unit_test(test_http_notices_a_stop_signal),
        cmocka_unit_test(test_http_bounds_a_collected_body),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("http limits", tests, NULL, NULL);
}
