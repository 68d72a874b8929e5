/* SPDX-License-Identifier: MIT */
/* test_sse.c - server-sent events from bytes split anywhere. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/sse.h"

#define LIMIT 1000

/* Events are noted as "[name|data]", a NUL in the data as "<0>". */
static int note(void *ctx, const char *event, const char *data, size_t len)
{
    struct strbuf *seen = ctx;

    assert_int_equal(data[len], '\0');
    strbuf_addf(seen, "[%s|", event);
    for (size_t i = 0; i < len; i++) {
        if (data[i]) strbuf_addn(seen, data + i, 1);
        else strbuf_add(seen, "<0>");
    }
    strbuf_add(seen, "]");
    return 0;
}

/* Feeds `text` in the given pieces, which end where `cuts` says. */
static int feed(struct strbuf *seen, const char *text, size_t len,
                const size_t *cuts, size_t n_cuts, size_t *comments)
{
    struct sse sse;
    struct err err = {0};
    size_t     at  = 0;
    int        rc  = 0;

    sse_init(&sse, LIMIT);
    for (size_t i = 0; i <= n_cuts && !rc; i++) {
        size_t end = i < n_cuts ? cuts[i] : len;
        rc = sse_feed(&sse, text + at, end - at, note, seen, &err);
        at = end;
    }
    if (comments) *comments = sse.comments;
    assert_int_equal(rc ? ERR_FAILED : ERR_NONE, err.kind);
    sse_done(&sse);
    return rc;
}

static void test_sse_reads_what_the_standard_says(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text;
        const char *want;
        size_t      len;         /* 0: strlen */
    } cases[] = {
        {"one event", "data: a\n\n", "[|a]", 0},
        {"no space after the colon", "data:a\n\n", "[|a]", 0},
        {"only one space is taken", "data:  a \n\n", "[| a ]", 0},
        {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "[|a][|b]", 0},
        {"CR alone", "data: a\r\rdata: b\r\r", "[|a][|b]", 0},
        {"endings mixed", "data: a\r\ndata: b\rdata: c\n\r\n", "[|a\nb\nc]",
         0},
        {"LF CR is two ends", "data: a\n\rdata: b\n\n", "[|a][|b]", 0},
        {"several data lines", "data: a\ndata: b\ndata:\n\n", "[|a\nb\n]", 0},
        {"data without a colon", "data\n\n", "[|]", 0},
        {"two empty data lines", "data\ndata\n\n", "[|\n]", 0},
        {"a named event", "event: error\ndata: x\n\ndata: y\n\n",
         "[error|x][|y]", 0},
        {"the last name counts", "event: a\nevent: b\ndata: x\n\n", "[b|x]",
         0},
        {"a name without data is no event", "event: a\n\ndata: x\n\n",
         "[|x]", 0},
        {"unknown fields", "id: 3\nretry: 5\nfoo\n foo: 1\ndata: x\n\n",
         "[|x]", 0},
        {"a field's name is exact", "Data: a\ndatas: b\ndat: c\n\n", "", 0},
        {"comments", ": ping\n\n:\n\ndata: x\n: in between\n\n", "[|x]", 0},
        {"byte order mark", "\xEF\xBB\xBF" "data: a\n\n", "[|a]", 0},
        {"only the first mark is one",
         "\xEF\xBB\xBF" "\xEF\xBB\xBF" "data: a\n\n", "", 0},
        {"a mark later is a field's name",
         "data: a\n\n\xEF\xBB\xBF" "data: b\n\n", "[|a]", 0},
        {"no blank line at the end", "data: a\n\ndata: b\n", "[|a]", 0},
        {"no line end at the end", "data: a", "", 0},
        {"nothing", "", "", 0},
        {"blank lines only", "\n\n\r\r\r\n\n", "", 0},
        {"NUL bytes", "data: a\0b\n\n", "[|a<0>b]", 11},
        {"NUL in a field's name", "da\0ta: a\n\n", "", 10},
        {"invalid UTF-8 passes", "data: \xff\xc3\n\n", "[|\xff\xc3]", 0},
        {"HTML", "<!DOCTYPE html>\n<p>data: a\n\n", "", 0},
        {"plain JSON", "{\"error\": \"data: a\"}\n\n", "", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf seen;
        size_t        len = cases[i].len ? cases[i].len
                                         : strlen(cases[i].text);

        strbuf_init(&seen, 10000);
        feed(&seen, cases[i].text, len, NULL, 0, NULL);
        if (strcmp(seen.text, cases[i].want) != 0)
            fail_msg("%s: got %s, want %s", cases[i].situation, seen.text,
                     cases[i].want);
        strbuf_done(&seen);
    }
}

static const char tricky[] =
    "\xEF\xBB\xBF: hello\r\n\r\ndata: {\"t\":\"gr\xC3\xBC\xC3\x9F\"}\r\n\r\n"
    "event: e\rdata:\xF0\x9F\x98\x80\r\rdata: a\ndata: b\r\ndata\n\n"
    ":\ndata: \xE2\x82\xAC\r\n: c\r\nid: 1\r\n\r\n"
    "data: no\0t\xff\n\ndata: [DONE]\n\ndata: lost\n";
static const char tricky_events[] =
    "[|{\"t\":\"gr\xC3\xBC\xC3\x9F\"}][e|\xF0\x9F\x98\x80][|a\nb\n]"
    "[|\xE2\x82\xAC][|no<0>t\xff][|[DONE]]";

static void test_sse_survives_any_split(void **state)
{
    (void)state;
    size_t len = sizeof tricky - 1;
    size_t every[sizeof tricky];

    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            size_t        cuts[2] = {a, b}, comments;
            struct strbuf seen;

            strbuf_init(&seen, 10000);
            assert_int_equal(feed(&seen, tricky, len, cuts, 2, &comments), 0);
            if (strcmp(seen.text, tricky_events) != 0)
                fail_msg("cut at %zu and %zu: %s", a, b, seen.text);
            assert_int_equal(comments, 3);
            strbuf_done(&seen);
        }
    }
    for (size_t i = 0; i < len; i++) every[i] = i;
    struct strbuf seen;
    strbuf_init(&seen, 10000);
    assert_int_equal(feed(&seen, tricky, len, every, len, NULL), 0);
    assert_string_equal(seen.text, tricky_events);
    strbuf_done(&seen);
}

/* A stream of `unit` without end must fail and hold little memory. */
static void test_sse_bounds_an_event(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *unit;
        bool        fails;
    } cases[] = {
        {"an endless line", "x", true},
        {"endless data lines", "data: 1234567\n", true},
        {"endless empty data lines", "data\n", true},
        {"an endless comment", ":::", true},
        {"endless NUL bytes", NULL, true},
        {"comments without end are no event", ": ping\n", false},
        {"events without end are fine", "data: 1234567\n\n", false},
        {"names without end replace each other", "event: abc\n", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sse    sse;
        struct strbuf seen;
        struct err    err = {0};
        const char   *unit = cases[i].unit ? cases[i].unit : "\0";
        size_t        n    = cases[i].unit ? strlen(unit) : 1;
        int           rc   = 0;

        strbuf_init(&seen, 1000000);
        sse_init(&sse, LIMIT);
        for (size_t k = 0; k < 5000 && !rc; k++)
            rc = sse_feed(&sse, unit, n, note, &seen, &err);
        if (rc != (cases[i].fails ? -1 : 0) ||
            err.kind != (cases[i].fails ? ERR_FAILED : ERR_NONE))
            fail_msg("%s: rc %d %s", cases[i].situation, rc, err.text);
        assert_true(sse.line.cap + sse.data.cap + sse.event.cap < 8 * LIMIT);
        if (cases[i].fails) {     /* and it stays failed */
            assert_non_null(strstr(err.text, "1000 bytes"));
            assert_int_equal(sse_feed(&sse, "\n\ndata: a\n\n", 11, note,
                                      &seen, NULL), -1);
            assert_string_equal(seen.text, "");
        }
        sse_done(&sse);
        strbuf_done(&seen);
    }
}

static void test_sse_takes_an_event_of_exactly_the_limit(void **state)
{
    (void)state;
    for (int surplus = 0; surplus <= 1; surplus++) {
        struct strbuf text, seen;

        strbuf_init(&text, 10000);
        strbuf_init(&seen, 10000);
        strbuf_add(&text, "data: ");
        for (int i = 0; i < LIMIT / 2; i++) strbuf_add(&text, "x");
        strbuf_add(&text, "\ndata: ");
        for (int i = 0; i < LIMIT / 2 - 1 + surplus; i++)
            strbuf_add(&text, "y");
        strbuf_add(&text, "\n\n");
        assert_int_equal(feed(&seen, text.text, text.len, NULL, 0, NULL),
                         surplus ? -1 : 0);
        assert_int_equal(seen.len, surplus ? 0 : LIMIT + 3);
        strbuf_done(&text);
        strbuf_done(&seen);
    }
}

static int end_at_second(void *ctx, const char *event, const char *data,
                         size_t len)
{
    int *calls = ctx;

    (void)event;
    (void)data;
    (void)len;
    return ++*calls == 2 ? 7 : 0;
}

static void test_sse_returns_what_the_callback_returned(void **state)
{
    (void)state;
    static const char text[] = "data: a\n\ndata: b\n\ndata: c\n\n";
    struct sse        sse;
    struct err        err   = {0};
    int               calls = 0;

    sse_init(&sse, LIMIT);
    assert_int_equal(sse_feed(&sse, text, sizeof text - 1, end_at_second,
                              &calls, &err), 7);
    assert_int_equal(calls, 2);
    assert_int_equal(err.kind, ERR_NONE);
    sse_done(&sse);
    sse_done(&sse);               /* safe again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sse_reads_what_the_standard_says),
        cmocka_unit_test(test_sse_survives_any_split),
        cmocka_unit_test(test_sse_bounds_an_event),
        cmocka_unit_test(test_sse_takes_an_event_of_exactly_the_limit),
        cmocka_unit_test(test_sse_returns_what_the_callback_returned),
    };
    return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
