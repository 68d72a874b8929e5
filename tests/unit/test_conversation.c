/* SPDX-License-Identifier: MIT */
/* Ten turns on a scripted clock: what each costs, what was unchanged and what
 * was read again come out as the recording makes them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conversation.h"
#include "replay_stage.h"
#include "series.h"

#define CLOCK  "\"prompt_tok_s\":100,\"tok_s\":10,"
/* The sentence is known when the fifth word arrives, 0.4 s after the first. */
#define ANSWER "{\"content\":\"All is very well. Sure it is.\"}"
#define AFTER_S 0.4

struct evening {
    struct replay_stage     stage;
    struct prompt_kit       kit;
    struct trial            trial;
    struct series           series;
    struct conversation_how how;
};

static int run(struct evening *e, const struct engine_ops *ops,
               const char *recording, const char *unstamped, struct err *err)
{
    int rc;

    *e = (struct evening){.kit = {.unstamped = mem_copy(unstamped)}};
    e->kit.system = prompt_later(&e->kit, 0);
    if (!strstr(unstamped, "{{now}}")) {
        free(e->kit.unstamped);
        e->kit.unstamped = NULL;
    }
    replay_open(&e->stage, recording);
    e->how = (struct conversation_how){
        .ops = ops, .engine = e->stage.engine, .kit = &e->kit};
    rc = conversation_run(&e->how, &e->trial, err);
    series_add(&e->series, &e->trial);
    return rc;
}

static void must_run(struct evening *e, const char *recording,
                     const char *unstamped)
{
    struct err err = {0};

    if (run(e, &engine_replay, recording, unstamped, &err))
        fail_msg("%s", err.text);
    assert_int_equal(e->trial.status, TRIAL_OK);
}

static void end(struct evening *e)
{
    series_done(&e->series);
    trial_done(&e->trial);
    prompt_done(&e->kit);
    replay_end(&e->stage);
}

static bool near(double a, double b) { return fabs(a - b) < 1e-9; }

static void test_each_turn_goes_on_from_the_one_before(void **state)
{
    struct evening e;
    double         total_s = 0;

    (void)state;
    must_run(&e, "{" CLOCK "\"answers\":[" ANSWER "]}", "You help.");
    assert_null(e.trial.reason);
    assert_int_equal(e.trial.n_turns, CONVERSATION_TURNS);
    assert_int_equal(e.series.n_turns, CONVERSATION_TURNS);
    for (int i = 0; i < CONVERSATION_TURNS; i++) {
        const struct turn_facts *f = &e.series.turns[i];
        const struct turn       *t = &e.trial.turns[i];
        double before = i ? e.series.turns[i - 1].prompt_tokens : 0;

        assert_int_equal(f->turn, i + 1);
        assert_true(f->prompt_tokens > before + 10);
        assert_true(f->cached_tokens == before);
        if (i == 0)
            assert_true(isnan(f->unchanged_tokens) && isnan(f->reread_tokens));
        else
            assert_true(f->unchanged_tokens == before &&
                        f->reread_tokens == 0);
        assert_true(near(f->first_sentence_s,
                         (f->prompt_tokens - before) / 100 + AFTER_S));
        total_s += (double)(t->end_ns - t->sent_ns) / 1e9;
    }
    assert_true(near(e.trial.duration_s, total_s));
    end(&e);
}

static int words(const char *text)
{
    int n = 0;

    for (; *(text += strspn(text, " ")); n++) text += strcspn(text, " ");
    return n;
}

/* What a parser was meant for is not spoken. */
static void test_a_call_as_text_has_no_first_sentence(void **state)
{
    static const char recording[] = "{" CLOCK "\"answers\":["
        "{\"when\":\"turn on the light\",\"content\":"
        "\"{\\\"name\\\":\\\"turn_on\\\",\\\"arguments\\\":{}}\"}," ANSWER "]}";
    struct evening e;
    struct err     err = {0};

    (void)state;
    assert_int_equal(run(&e, &engine_replay, recording, "You help.", &err), 0);
    series_done(&e.series);
    trial_done(&e.trial);
    e.kit.tools = json_pack("[{s:s,s:{s:s}}]", "type", "function", "function",
                            "name", "turn_on");
    assert_int_equal(conversation_run(&e.how, &e.trial, &err), 0);
    series_add(&e.series, &e.trial);
    for (int i = 0; i < CONVERSATION_TURNS; i++)
        assert_int_equal(isnan(e.series.turns[i].first_sentence_s), i == 3);
    end(&e);
}

static void test_history_is_what_was_said(void **state)
{
    struct evening e;

    (void)state;
    must_run(&e, "{" CLOCK "\"answers\":[" ANSWER "]}", "You help.");
    assert_int_equal(e.trial.n_messages, 1 + 2 * CONVERSATION_TURNS);
    assert_string_equal(e.trial.messages[0].role, "system");
    for (int i = 0; i < CONVERSATION_TURNS; i++) {
        const struct message *q = &e.trial.messages[1 + 2 * i], *a = q + 1;

        assert_string_equal(q->role, "user");
        assert_in_range(words(q->text), 8, 18);   /* 25 tokens at the most */
        assert_string_equal(a->role, "assistant");
        assert_int_equal(a->turn, i);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(q->text, e.trial.messages[1 + 2 * k].text);
    }
    end(&e);
}

static void test_what_is_read_again_is_counted(void **state)
{
    struct evening none, steps;

    (void)state;
    must_run(&none, "{" CLOCK "\"cache\":\"none\",\"answers\":[" ANSWER "]}",
             "You help.");
    must_run(&steps, "{" CLOCK "\"cache_step\":16,\"answers\":[" ANSWER "]}",
             "You help.");
    for (int i = 1; i < CONVERSATION_TURNS; i++) {
        const struct turn_facts *a = &none.series.turns[i];
        const struct turn_facts *b = &steps.series.turns[i];
        double same = none.series.turns[i - 1].prompt_tokens;

        assert_true(a->cached_tokens == 0 && a->unchanged_tokens == same &&
                    a->reread_tokens == same);
        assert_true(near(a->first_sentence_s,
                         a->prompt_tokens / 100 + AFTER_S));
        assert_true(b->unchanged_tokens == same &&
                    b->reread_tokens == fmod(same, 16));
    }
    end(&none);
    end(&steps);
}

static void test_a_time_in_the_prompt_moves_on_and_is_seen(void **state)
{
    struct evening e;

    (void)state;
    must_run(&e, "{" CLOCK "\"answers\":[" ANSWER "]}",
             "Now it is {{now}} exactly.");
    assert_string_equal(e.trial.messages[0].text,
                        "Now it is Thursday, 12 March 2026, 18:39 exactly.");
    for (int i = 1; i < CONVERSATION_TURNS; i++) {
        assert_true(e.series.turns[i].unchanged_tokens == 8);
        assert_true(e.series.turns[i].cached_tokens == 8);
        assert_true(e.series.turns[i].reread_tokens == 0);
    }
    end(&e);
}

static void test_a_template_that_rewrites_history_is_seen(void **state)
{
    struct evening e;

    (void)state;
    must_run(&e, "{" CLOCK "\"template\":{\"history\":\"rewritten\"},"
             "\"answers\":[" ANSWER "]}", "You really help.");
    for (int i = 1; i < CONVERSATION_TURNS; i++)
        assert_true(e.series.turns[i].unchanged_tokens == 4);
    end(&e);
}

static void test_calls_succeed_and_the_evening_goes_on(void **state)
{
    struct evening e;
    size_t         tools = 0;

    (void)state;
    must_run(&e, "{" CLOCK "\"answers\":[{\"when\":\"turn on the light\","
             "\"calls\":[{\"name\":\"on\",\"arguments\":{\"n\":1}},"
             "{\"name\":\"off\",\"arguments\":\"\"}]},{\"when\":"
             "\"turn that light off\",\"content\":\"I will.\",\"calls\":"
             "[{\"name\":\"off\",\"arguments\":\"{\\\"cut\"}]}," ANSWER "]}",
             "You help.");
    assert_int_equal(e.series.n_turns, CONVERSATION_TURNS);
    for (size_t i = 0; i < e.trial.n_messages; i++) {
        const struct message *m = &e.trial.messages[i];

        if (strcmp(m->role, "tool") != 0) continue;
        assert_string_equal(m->text, "{\"success\": true}");
        assert_string_equal(m->call_id, e.trial.turns[3].calls[tools].id);
        tools++;
        if (tools == 2) {
            assert_string_equal(m[1].role, "assistant");
            assert_string_equal(m[1].text, "Done.");
            assert_int_equal(m[1].turn, -1);
        }
    }
    assert_int_equal(tools, 2);      /* the cut call cannot be sent back */
    assert_true(isnan(e.series.turns[3].first_sentence_s));
    assert_true(e.series.turns[3].prompt_tokens > 0);
    for (size_t i = 0; i < e.trial.n_messages; i++)
        if (e.trial.messages[i].turn == 7) fail_msg("a cut call went back");
    assert_true(e.series.turns[8].unchanged_tokens ==
                e.series.turns[7].prompt_tokens);
    end(&e);
}

static void test_a_prompt_that_outgrows_the_context_ends_it(void **state)
{
    struct evening e;

    (void)state;
    must_run(&e, "{" CLOCK "\"context\":90,\"answers\":[" ANSWER "]}",
             "You help.");
    assert_in_range(e.series.n_turns, 2, 8);
    assert_int_equal(e.trial.n_turns, e.series.n_turns);
    assert_true(e.series.turns[e.series.n_turns - 1].prompt_tokens < 90);
    assert_non_null(e.trial.reason);
    assert_non_null(strstr(e.trial.reason, "context size (90 tokens)"));
    assert_string_equal(e.trial.messages[e.trial.n_messages - 1].role,
                        "assistant");
    end(&e);

    must_run(&e, "{" CLOCK "\"context\":3,\"answers\":[" ANSWER "]}",
             "You help.");                    /* not even the first turn */
    assert_int_equal(e.trial.n_turns, 0);
    assert_int_equal(e.series.n_turns, 0);
    assert_non_null(strstr(e.trial.reason, "turn 1 "));
    end(&e);
}

static void test_only_the_context_ends_it_well(void **state)
{
    static const struct { enum err_kind kind; const char *text; bool ends; }
    cases[] = {
        {ERR_INPUT, "the request exceeds the available context size (9)", true},
        {ERR_FAILED, "HTTP 500: Context length reached", true},
        {ERR_INPUT, "exceeds the available context", true},
        {ERR_TIMEOUT, "nothing came; context size 4096", false},
        {ERR_STOPPED, "context size", false},
        {ERR_FAILED, "the context is lost", false}, {ERR_FAILED, "", false}};
    struct evening e;
    struct err     err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err why = {0};

        err_set(&why, cases[i].kind, "%s", cases[i].text);
        assert_int_equal(conversation_outgrew(&why), cases[i].ends);
    }
    assert_int_equal(run(&e, &engine_replay, "{\"dies_at_request\":4,"
                         "\"answers\":[" ANSWER "]}", "You help.", &err), -1);
    assert_non_null(strstr(err.text, "died at request 4"));
    assert_int_equal(e.trial.n_turns, 4);    /* the last one is what failed */
    assert_int_equal(e.series.n_turns, 3);
    end(&e);
}

/* ---- servers that show less --------------------------------------------- */

static int no_render(void *self, const struct chat_request *request,
                     char **text, struct err *err)
{
    (void)self;
    (void)request;
    (void)text;
    return err_set(err, ERR_FAILED, "this server takes no raw prompts");
}

static int stopped_render(void *self, const struct chat_request *request,
                          char **text, struct err *err)
{
    (void)self;
    (void)request;
    (void)text;
    return err_set(err, ERR_STOPPED, "stopped by a signal");
}

static int counts_nothing(void *self, const struct chat_request *request,
                          struct turn *out, struct err *err)
{
    int rc = engine_replay.chat(self, request, out, err);

    out->server.prompt_n = out->server.cache_n = NAN;
    return rc;
}

static int counts_all(void *self, const struct chat_request *request,
                      struct turn *out, struct err *err)
{
    int rc = engine_replay.chat(self, request, out, err);

    out->server.prompt_n += out->server.cache_n;
    out->server.cache_n = NAN;
    return rc;
}

static void test_what_a_server_does_not_show_stays_unknown(void **state)
{
    struct engine_ops mute[3] = {engine_replay, engine_replay, engine_replay};
    struct evening    e, whole;
    struct err        err = {0};

    (void)state;
    must_run(&whole, "{\"answers\":[" ANSWER "]}", "You help.");
    mute[0].render = no_render;
    mute[1].render = NULL;
    mute[2].tokenize = NULL;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run(&e, &mute[i], "{\"answers\":[" ANSWER "]}",
                             "You help.", &err), 0);
        assert_int_equal(e.series.n_turns, CONVERSATION_TURNS);
        for (size_t k = 0; k < e.series.n_turns; k++)
            assert_true(e.series.turns[k].prompt_tokens ==
                        whole.series.turns[k].prompt_tokens &&
                        isnan(e.series.turns[k].unchanged_tokens) &&
                        isnan(e.series.turns[k].reread_tokens));
        end(&e);
    }
    mute[0] = mute[1] = engine_replay;
    mute[0].chat = counts_nothing;
    mute[1].chat = counts_all;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(run(&e, &mute[i], "{\"answers\":[" ANSWER "]}",
                             "You help.", &err), 0);
        for (size_t k = 1; k < e.series.n_turns; k++)
            assert_true(e.series.turns[k].prompt_tokens ==
                        whole.series.turns[k].prompt_tokens &&
                        isnan(e.series.turns[k].cached_tokens) &&
                        e.series.turns[k].unchanged_tokens ==
                        whole.series.turns[k].unchanged_tokens &&
                        isnan(e.series.turns[k].reread_tokens));
        end(&e);
    }
    end(&whole);
}

static int says_the_same(void *self, const struct chat_request *request,
                         char **text, struct err *err)
{
    (void)self;
    (void)request;
    (void)err;
    *text = mem_copy("always the same");
    return 0;
}

static int knows_all_but_one(void *self, const struct chat_request *request,
                             struct turn *out, struct err *err)
{
    int rc = engine_replay.chat(self, request, out, err);

    out->server.prompt_n = 1;
    out->server.cache_n = 2;
    return rc;
}

static void test_the_token_that_is_always_evaluated_is_not_read_again(
    void **state)
{
    struct engine_ops ops = engine_replay;
    struct evening    e;
    struct err        err = {0};

    (void)state;
    ops.render = says_the_same;
    ops.chat = knows_all_but_one;
    assert_int_equal(run(&e, &ops, "{\"answers\":[" ANSWER "]}", "You help.",
                         &err), 0);
    for (size_t i = 1; i < e.series.n_turns; i++)
        assert_true(e.series.turns[i].unchanged_tokens == 3 &&
                    e.series.turns[i].reread_tokens == 0);
    end(&e);
}

static void test_a_signal_ends_it_at_once(void **state)
{
    struct engine_ops ops = engine_replay;
    struct evening    e;
    struct err        err = {0};

    (void)state;
    ops.render = stopped_render;
    assert_int_equal(run(&e, &ops, "{\"answers\":[" ANSWER "]}", "You help.",
                         &err), -1);
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_int_equal(e.trial.n_turns, 0);
    end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_turn_goes_on_from_the_one_before),
        cmocka_unit_test(test_a_call_as_text_has_no_first_sentence),
        cmocka_unit_test(test_history_is_what_was_said),
        cmocka_unit_test(test_what_is_read_again_is_counted),
        cmocka_unit_test(test_a_time_in_the_prompt_moves_on_and_is_seen),
        cmocka_unit_test(test_a_template_that_rewrites_history_is_seen),
        cmocka_unit_test(test_calls_succeed_and_the_evening_goes_on),
        cmocka_unit_test(test_a_prompt_that_outgrows_the_context_ends_it),
        cmocka_unit_test(test_only_the_context_ends_it_well),
        cmocka_unit_test(test_what_a_server_does_not_show_stays_unknown),
        cmocka_unit_test(
            test_the_token_that_is_always_evaluated_is_not_read_again),
        cmocka_unit_test(test_a_signal_ends_it_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
