/* SPDX-License-Identifier: MIT */
/* test_remote_fetch.c - redirects, who sees the token, and how long a busy
 * server is waited for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "remote/fetch.h"
#include "remote_fixture.h"

static double waits[16];
static size_t n_waits;

static void note_wait(double seconds) { waits[n_waits++ % 16] = seconds; }

struct asked {
    struct away            a;
    struct remote_settings settings;
    struct fetch           fetch;
    struct fetch_reply     reply;
};

/* A request for the head of the small model at the hub. */
static int ask(struct asked *q, const char *target, struct hub_fault fault)
{
    struct fetch_ask ask = {.method = "GET", .first = -1, .last = -1,
                            .max_bytes = 1 << 20, .total_s = 60};
    char            *url;
    int              rc;

    away_begin(&q->a);
    away_serve(&q->a, "m.gguf");
    if (fault.kind) hub_fault(&q->a.hub, fault);
    setenv("HF_TOKEN", SECRET, 1);
    if (remote_settings_read(&q->settings, &q->a.err))
        fail_msg("%s", q->a.err.text);
    q->settings.wait = note_wait;
    n_waits = 0;
    url = mem_printf("%s%s", q->a.hub.endpoint, target);
    fetch_open(&q->fetch, &q->settings, url);
    rc = fetch_patiently(&q->fetch, &ask, &q->reply, &q->a.err);
    assert_null(strstr(q->a.err.text, SECRET));
    free(url);
    return rc;
}

static void asked_done(struct asked *q)
{
    fetch_reply_done(&q->reply);
    fetch_close(&q->fetch);
    remote_settings_done(&q->settings);
    away_end(&q->a);
}

#define FILE_AT "/" REPO "/resolve/main/m.gguf"

static void test_the_reply_holds_what_hub_and_cdn_say(void **state)
{
    (void)state;
    struct asked             q;
    const struct fetch_head *h = &q.reply.head;

    assert_int_equal(ask(&q, FILE_AT, (struct hub_fault){.kind = NULL}), 0);
    assert_int_equal(h->status, 200);
    assert_false(h->from_hub);
    assert_int_equal(h->length, q.a.model.len);
    assert_int_equal(h->linked_size, q.a.model.len);
    assert_string_equal(h->sha256, q.a.hub.files[0].sha256);
    assert_string_equal(h->etag, h->sha256);
    assert_memory_equal(h->tag, "\"cdn-", 5);
    assert_int_equal(q.reply.body_len, q.a.model.len);
    assert_non_null(q.fetch.at);
    assert_token_stayed(&q.a);
    asked_done(&q);
}

static void test_the_token_goes_on_within_the_hub_alone(void **state)
{
    (void)state;
    struct asked q;
    struct hub_fault moved = {.kind = "redirect", .where = "/old/",
                              .text = FILE_AT};

    assert_int_equal(ask(&q, "/old/m.gguf", moved), 0);
    assert_int_equal(hub_count(&q.a.hub, "hub ", SECRET), 2);
    assert_int_equal(hub_count(&q.a.hub, "cdn ", NULL), 1);
    assert_token_stayed(&q.a);
    asked_done(&q);
}

static void test_redirects_stay_encrypted_or_on_this_machine(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool        may;
    } cases[] = {
        {"https://a/x", "https://b/y", true},
        {"https://a/x", "http://a/x", false},
        {"https://a/x", "HTTP://a/x", false},
        {"https://a/x", "http://127.0.0.1/x", false},
        {"http://127.0.0.1/x", "http://127.0.0.1:9/x", true},
        {"http://127.0.0.1/x", "http://localhost/x", true},
        {"http://127.0.0.1/x", "https://b/x", true},
        {"http://127.0.0.1/x", "http://b/x", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (fetch_may_follow(cases[i].from, cases[i].to) != cases[i].may)
            fail_msg("%s to %s", cases[i].from, cases[i].to);
}

static void test_waits_are_bounded_and_as_the_server_says(void **state)
{
    (void)state;
    static const struct {
        struct hub_fault fault;
        size_t           n;
        double           want[4];
        enum err_kind    kind;         /* NONE: the refusal is the answer */
    } cases[] = {
        {{.kind = "status", .status = 503}, 4, {1, 2, 4, 8}, ERR_NONE},
        {{.kind = "status", .status = 429, .text = "Retry-After: 7\r\n"}, 4,
         {7, 7, 7, 7}, ERR_NONE},
        {{.kind = "status", .status = 429, .text = "Retry-After: 3600\r\n"},
         0, {0}, ERR_NONE},
        {{.kind = "status", .status = 404}, 0, {0}, ERR_NONE},
        {{.kind = "status", .status = 416}, 0, {0}, ERR_NONE},
        {{.kind = "cut", .cdn = true, .bytes = 10}, 4, {0, 2, 4, 8},
         ERR_FAILED},
        {{.kind = "raw", .cdn = true, .text = "HTTP/1.1 200 OK\r\n"
          "Content-Length: -5\r\n\r\n"}, 4, {0, 2, 4, 8}, ERR_FAILED},
        {{.kind = "raw", .cdn = true, .text = "nonsense\r\n\r\n"}, 4,
         {0, 2, 4, 8}, ERR_FAILED},
        {{.kind = "redirect", .text = "http://example.org/"}, 0, {0},
         ERR_FAILED},
        {{.kind = "cut", .cdn = true, .bytes = 10, .times = 2}, 2, {0, 2},
         ERR_NONE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked q;
        int          rc = ask(&q, FILE_AT, cases[i].fault);

        if (rc != (cases[i].kind ? -1 : 0) || q.a.err.kind != cases[i].kind)
            fail_msg("case %zu: %s", i, q.a.err.text);
        if (n_waits != cases[i].n) fail_msg("case %zu: %zu", i, n_waits);
        for (size_t w = 0; w < n_waits; w++)
            if (fabs(waits[w] - cases[i].want[w]) > 1e-9)
                fail_msg("case %zu: wait %zu is %g", i, w, waits[w]);
        asked_done(&q);
    }
}

static void test_a_host_that_never_answered_is_not_waited_for(void **state)
{
    (void)state;
    struct asked q;

    assert_int_equal(ask(&q, FILE_AT, (struct hub_fault){
        .kind = "redirect", .text = "http://127.0.0.1:1/x"}), -1);
    assert_true(n_waits > 0);      /* the hub has: the next may be back soon */
    asked_done(&q);
    q.fetch = (struct fetch){0};
    n_waits = 0;
    assert_int_equal(ask(&q, "", (struct hub_fault){.kind = "raw",
                                                    .text = ""}), -1);
    assert_int_equal(n_waits, 0);
    asked_done(&q);
}

static void test_a_refusal_that_repeats_the_token_is_not_shown(void **state)
{
    (void)state;
    struct asked q;
    struct err   err = {0};

    assert_int_equal(ask(&q, FILE_AT, (struct hub_fault){
        .kind = "status", .status = 403,
        .text = "X-Error-Message: no, Bearer " SECRET "!\r\n"}), 0);
    assert_int_equal(q.reply.head.status, 403);
    fetch_refused(&q.settings, &q.reply.head, "it", &err);
    assert_non_null(strstr(err.text, "forbidden"));
    assert_null(strstr(err.text, SECRET));
    asked_done(&q);
}

static void test_an_answer_that_is_too_long_is_not_asked_for_again(void **state)
{
    (void)state;
    static const char *const begins[] = {
        "HTTP/1.1 200 OK\r\n",               /* headers without end */
        "HTTP/1.1 200 OK\r\n\r\n",           /* a body             */
    };

    for (size_t i = 0; i < 2; i++) {
        struct asked  q;
        struct strbuf text;

        strbuf_init(&text, 3 << 20);
        strbuf_add(&text, begins[i]);
        while (text.len < 2 << 20) strbuf_add(&text, "X-Flood: yes\r\n");
        assert_int_equal(ask(&q, FILE_AT, (struct hub_fault){
            .kind = "raw", .text = text.text}), -1);
        if (!strstr(q.a.err.text, "longer than"))
            fail_msg("%s", q.a.err.text);
        assert_int_equal(n_waits, 0);
        asked_done(&q);
        strbuf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reply_holds_what_hub_and_cdn_say),
        cmocka_unit_test(test_the_token_goes_on_within_the_hub_alone),
        cmocka_unit_test(test_redirects_stay_encrypted_or_on_this_machine),
        cmocka_unit_test(test_waits_are_bounded_and_as_the_server_says),
        cmocka_unit_test(test_a_host_that_never_answered_is_not_waited_for),
        cmocka_unit_test(test_a_refusal_that_repeats_the_token_is_not_shown),
        cmocka_unit_test(
            test_an_answer_that_is_too_long_is_not_asked_for_again),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("remote fetch", tests, NULL, NULL);
}
