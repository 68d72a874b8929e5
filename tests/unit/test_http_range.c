/* SPDX-License-Identifier: MIT */
/* test_http_range.c - what fetching files needs of http.h: headers asked for
 * and given, HEAD, parts, a body that is too slow, and URLs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "base/mem.h"
#include "scripted_server.h"

static const char *const KEEP[] = {"ETag", "content-range", "absent", NULL};

/* One GET with more headers, from a server of one reply. */
static int get(const char *reply_text, const char *method,
               const char *const *headers, struct strbuf *heads,
               struct http_reply *reply, struct err *err)
{
    const char *const   steps[] = {reply_text, NULL};
    struct server       s;
    struct http        *h = http_new();
    struct http_request r;
    int                 rc;

    server_start(&s, steps);
    r = request_of(&s);
    r.method = method;
    r.body = NULL;
    r.headers = headers;
    r.keep = KEEP;
    rc = http_send(h, &r, reply, err);
    http_free(h);
    if (heads) strbuf_add(heads, s.heads.text);
    server_done(&s);
    return rc;
}

static void test_headers_are_sent_and_those_wanted_kept(void **state)
{
    (void)state;
    static const char *const lines[] = {"Range: bytes=0-2",
                                        "If-Range: \"a\"", NULL};
    struct http_reply reply;
    struct strbuf     heads;
    struct err        err = {0};

    strbuf_init(&heads, 10000);
    if (get("HTTP/1.1 206 Part\r\netag: \t \"a b\" \r\nContent-Range: bytes "
            "0-2/9\r\nETag: \"second\"\r\nContent-Length: 3\r\n\r\nabc",
            "GET", lines, &heads, &reply, &err))
        fail_msg("%s", err.text);
    assert_int_equal(reply.status, 206);
    assert_string_equal(reply.body, "abc");
    assert_string_equal(reply.headers[0], "\"a b\"");
    assert_string_equal(reply.headers[1], "bytes 0-2/9");
    assert_null(reply.headers[2]);
    assert_true(reply.content_length == 3);
    assert_non_null(strstr(heads.text, "\r\nRange: bytes=0-2\r\n"));
    assert_non_null(strstr(heads.text, "\r\nIf-Range: \"a\"\r\n"));
    http_reply_done(&reply);
    strbuf_done(&heads);
}

static void test_headers_of_interim_replies_and_trailers_do_not_count(
    void **state)
{
    (void)state;
    struct http_reply reply;
    struct err        err = {0};

    if (get("HTTP/1.1 103 Early\r\nETag: \"early\"\r\ncontent-range: x\r\n\r\n"
            "HTTP/1.1 200 OK\r\nETag: \"real\"\r\nTransfer-Encoding: chunked"
            "\r\n\r\n1\r\nx\r\n0\r\nContent-Range: bytes 0-0/1\r\n\r\n",
            "GET", NULL, NULL, &reply, &err))
        fail_msg("%s", err.text);
    assert_string_equal(reply.headers[0], "\"real\"");
    assert_null(reply.headers[1]);
    assert_true(isnan(reply.content_length));
    http_reply_done(&reply);
}

static void test_head_has_a_length_and_no_body(void **state)
{
    (void)state;
    struct http_reply reply;
    struct strbuf     heads;
    struct err        err = {0};

    strbuf_init(&heads, 10000);
    if (get("HTTP/1.1 200 OK\r\nContent-Length: 4920734272\r\n\r\n", "HEAD",
            NULL, &heads, &reply, &err))
        fail_msg("%s", err.text);
    assert_true(reply.content_length == 4920734272.0);
    assert_string_equal(reply.body, "");
    assert_memory_equal(heads.text, "HEAD /", 6);
    http_reply_done(&reply);
    strbuf_done(&heads);
}

struct listener {
    struct http_reply *reply;
    int                calls;
};

static int see_head(void *ctx, const char *bytes, size_t n, int64_t at_ns)
{
    struct listener *l = ctx;

    (void)at_ns;
    assert_int_equal(l->reply->status, 206);
    assert_string_equal(l->reply->headers[1], "bytes 5-6/9");
    assert_string_equal(l->reply->content_type, "x/y");
    assert_true(l->reply->content_length == 2);
    assert_memory_equal(bytes, "fg", n);
    l->calls++;
    return 0;
}

static void test_a_part_is_handed_on_with_its_head(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-6/9\r\nContent-Type: x/y"
        "\r\nContent-Length: 2\r\n\r\nfg", NULL,
    };
    struct server       s;
    struct http        *h = http_new();
    struct http_reply   reply;
    struct listener     l = {.reply = &reply};
    struct http_request r;
    struct err          err = {0};

    server_start(&s, steps);
    r = request_of(&s);
    r.keep = KEEP;
    r.on_bytes = see_head;
    r.ctx = &l;
    if (http_send(h, &r, &reply, &err)) fail_msg("%s", err.text);
    assert_true(l.calls >= 1);
    assert_string_equal(reply.body, "");
    http_reply_done(&reply);
    http_free(h);
    server_done(&s);
}

static void test_a_header_that_would_add_headers_is_not_sent(void **state)
{
    (void)state;
    static const char *const lines[] = {"If-Range: \"a\r\nX-Evil: 1\"", NULL};
    struct server       none = {.url = "http://127.0.0.1:1/"};
    struct http_request r = request_of(&none);
    struct http        *h = http_new();
    struct http_reply   reply;
    struct err          err = {0};

    r.headers = lines;
    assert_int_equal(http_send(h, &r, &reply, &err), -1);
    assert_int_equal(err.kind, ERR_BUG);
    http_reply_done(&reply);
    http_free(h);
}

/* Bytes come now and then, so nothing is silent; but too few. */
static void test_a_body_that_is_too_slow_ends(void **state)
{
    (void)state;
    static const char *const steps[] = {"HTTP/1.1 200 OK\r\n\r\nx", HOLD,
                                        NULL};
    struct server       s;
    struct http        *h = http_new();
    struct http_reply   reply;
    struct http_request r;
    struct err          err = {0};

    server_start(&s, steps);
    r = request_of(&s);
    r.total_s = INFINITY;
    r.slow_s = 0.1;
    r.slow_bytes = 1000;
    assert_int_equal(http_send(h, &r, &reply, &err), -1);
    assert_int_equal(err.kind, ERR_TIMEOUT);
    assert_non_null(strstr(err.text, "less than 1000 bytes came in 0.1 s"));
    http_reply_done(&reply);
    http_free(h);
    server_done(&s);
}

static void test_an_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool        same;
    } cases[] = {
        {"https://huggingface.co", "https://huggingface.co/a/b?c#d", true},
        {"https://huggingface.co", "https://HuggingFace.CO:443/", true},
        {"https://huggingface.co", "https://u:p@huggingface.co/", true},
        {"https://huggingface.co", "http://huggingface.co", false},
        {"https://huggingface.co", "https://huggingface.co:444", false},
        {"https://huggingface.co", "https://huggingface.co.evil.org", false},
        {"https://huggingface.co", "https://huggingface.co@evil.org", false},
        {"https://huggingface.co", "https://evil.org/huggingface.co", false},
        {"https://huggingface.co", "https://cdn.huggingface.co", false},
        {"https://huggingface.co", "https:\\\\huggingface.co", false},
        {"http://127.0.0.1:1", "http://127.0.0.1:2", false},
        {"http://127.0.0.1:1", "http://localhost:1", false},
        {"", "", false}, {"file:///a", "file:///a", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (http_same_origin(cases[i].a, cases[i].b) != cases[i].same)
            fail_msg("%s, %s", cases[i].a, cases[i].b);
}

static void assert_owned(char *got, const char *want)
{
    if (want ? !got || strcmp(got, want) != 0 : got != NULL)
        fail_msg("%s, not %s", got ? got : "(none)", want ? want : "(none)");
    free(got);
}

static void test_references_are_joined_as_browsers_do(void **state)
{
    (void)state;
    static const char base[] = "https://h/a/b?q=1";

    assert_owned(http_url_join(base, "/x?y=2"), "https://h/x?y=2");
    assert_owned(http_url_join(base, "x"), "https://h/a/x");
    assert_owned(http_url_join(base, "//c:9/x"), "https://c:9/x");
    assert_owned(http_url_join(base, "http://c/a b"), "http://c/a%20b");
    assert_owned(http_url_join(base, "?y"), "https://h/a/b?y");
    assert_owned(http_url_join(base, "ftp://c/x"), NULL);
    assert_owned(http_url_join(base, "file:///etc/passwd"), NULL);
    assert_owned(http_url_join("no url", "/x"), NULL);
}

static void test_parts_of_urls(void **state)
{
    (void)state;

    assert_owned(http_url_shown("https://me:secret@h:1/a/b.gguf?sig=s#f"),
                 "https://h:1/a/b.gguf");
    assert_owned(http_url_shown("nonsense"), "(no URL)");
    assert_owned(http_url_path("https://h/a%20b/c.gguf?x"), "/a%20b/c.gguf");
    assert_owned(http_url_path("h"), NULL);
    assert_owned(http_url_with_path("https://h/a?x=1", "/b%20c"),
                 "https://h/b%20c?x=1");
    assert_owned(http_url_name("https://h/a/my%20model.gguf?x=1"),
                 "my model.gguf");
    assert_owned(http_url_name("https://h/a/"), "");
    assert_owned(http_url_name("https://h"), "");
    assert_owned(http_url_name("https://h/a%2Fb"), "");
    assert_owned(http_url_name("https://h/a%00b"), "");
    assert_owned(http_url_origin("https://h"), "https://h:443");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_are_sent_and_those_wanted_kept),
        cmocka_unit_test(
            test_headers_of_interim_replies_and_trailers_do_not_count),
        cmocka_unit_test(test_head_has_a_length_and_no_body),
        cmocka_unit_test(test_a_part_is_handed_on_with_its_head),
        cmocka_unit_test(test_a_header_that_would_add_headers_is_not_sent),
        cmocka_unit_test(test_a_body_that_is_too_slow_ends),
        cmocka_unit_test(test_an_origin_is_scheme_host_and_port),
        cmocka_unit_test(test_references_are_joined_as_browsers_do),
        cmocka_unit_test(test_parts_of_urls),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("http range", tests, NULL, NULL);
}
