/* SPDX-License-Identifier: MIT */
/* Who looks on sees each request before and after it, changes no answer, and
 * can do no more than the engine itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/watched.h"

/* What happened, in order: "before chat after". */
struct scene {
    char               story[200];
    const struct turn *seen;     /* by the one who looks on                  */
    bool               fails;
};

static void tell(struct scene *s, const char *what)
{
    size_t n = strlen(s->story);

    snprintf(s->story + n, sizeof s->story - n, "%s%s", n ? " " : "", what);
}

static void before(void *ctx) { tell(ctx, "before"); }

static void after(void *ctx, struct turn *turn)
{
    struct scene *s = ctx;

    tell(s, "after");
    s->seen = turn;
    turn->marks = MARK_SWAPPED;
}

static int chat(void *self, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    struct scene *s = self;

    tell(s, "chat");
    out->http_status = request->max_tokens;
    return s->fails ? err_set(err, ERR_FAILED, "gone") : 0;
}

static int complete(void *self, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    struct scene *s = self;

    tell(s, "complete");
    out->http_status = request->n_predict;
    return s->fails ? err_set(err, ERR_FAILED, "gone") : 0;
}

static int tokenize(void *self, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err)
{
    (void)err;
    tell(self, as_prompt ? "tokenize prompt" : "tokenize");
    *ids = NULL;
    *n = strlen(text);
    return 0;
}

static int render(void *self, const struct chat_request *request, char **text,
                  struct err *err)
{
    (void)request;
    tell(self, "render");
    *text = NULL;
    return err_set(err, ERR_FAILED, "no template");
}

static bool alive(void *self, struct err *why)
{
    tell(self, "alive");
    err_set(why, ERR_FAILED, "it ended");
    return false;
}

static const struct engine_ops whole = {
    .name = "whole", .help = "does all", .chat = chat, .complete = complete,
    .tokenize = tokenize, .render = render, .alive = alive};

static struct watched watch(struct scene *s, const struct engine_ops *inner)
{
    struct watched w = {.inner = inner, .engine = s, .before = before,
                        .after = after, .ctx = s};

    watched_make(&w);
    return w;
}

static void test_each_request_is_looked_at_before_and_after(void **state)
{
    const struct chat_request     asked = {.max_tokens = 7};
    const struct complete_request forced = {.n_predict = 9};
    struct scene   s = {.fails = false};
    struct watched w = watch(&s, &whole);
    struct turn    turn = {.http_status = 0};
    struct err     err = {0};

    (void)state;
    assert_int_equal(w.ops.chat(&w, &asked, &turn, &err), 0);
    assert_int_equal(turn.http_status, 7);
    assert_true(s.seen == &turn && turn.marks == MARK_SWAPPED);
    assert_int_equal(w.ops.complete(&w, &forced, &turn, &err), 0);
    assert_int_equal(turn.http_status, 9);
    assert_string_equal(s.story, "before chat after before complete after");
    assert_string_equal(w.ops.name, "whole");
    assert_string_equal(w.ops.help, "does all");
}

static void test_a_request_that_fails_is_looked_at_too(void **state)
{
    const struct chat_request     asked = {.max_tokens = 1};
    const struct complete_request forced = {.n_predict = 1};
    struct scene   s = {.fails = true};
    struct watched w = watch(&s, &whole);
    struct turn    turn = {.http_status = 0};
    struct err     err = {0};

    (void)state;
    assert_int_equal(w.ops.chat(&w, &asked, &turn, &err), -1);
    assert_string_equal(err.text, "gone");
    assert_int_equal(w.ops.complete(&w, &forced, &turn, &err), -1);
    assert_string_equal(s.story, "before chat after before complete after");
}

/* They take no time that is measured. */
static void test_what_is_no_request_is_only_passed_on(void **state)
{
    struct scene   s = {.fails = false};
    struct watched w = watch(&s, &whole);
    struct err     err = {0};
    size_t         n;
    int           *ids;
    char          *text;

    (void)state;
    assert_int_equal(w.ops.tokenize(&w, "four", true, &ids, &n, &err), 0);
    assert_int_equal(n, 4);
    assert_int_equal(w.ops.tokenize(&w, "x", false, &ids, &n, &err), 0);
    assert_int_equal(w.ops.render(&w, NULL, &text, &err), -1);
    assert_string_equal(err.text, "no template");
    err = (struct err){0};
    assert_false(w.ops.alive(&w, &err));
    assert_string_equal(err.text, "it ended");
    assert_string_equal(s.story, "tokenize prompt tokenize render alive");
}

static void test_what_an_engine_cannot_do_nobody_can_who_looks_on(void **state)
{
    const struct engine_ops poor = {.name = "poor", .chat = chat,
                                    .alive = alive};
    struct scene   s = {.fails = false};
    struct watched w = watch(&s, &poor);

    (void)state;
    assert_non_null(w.ops.chat);
    assert_null(w.ops.complete);
    assert_null(w.ops.tokenize);
    assert_null(w.ops.render);
    assert_null(w.ops.start);
    assert_null(w.ops.stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_request_is_looked_at_before_and_after),
        cmocka_unit_test(test_a_request_that_fails_is_looked_at_too),
        cmocka_unit_test(test_what_is_no_request_is_only_passed_on),
        cmocka_unit_test(
            test_what_an_engine_cannot_do_nobody_can_who_looks_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
