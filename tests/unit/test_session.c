/* SPDX-License-Identifier: MIT */
/* One case as a conversation: calls are executed on the simulated home, their
 * results go back, and whatever cannot go on ends with a reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home/home.h"
#include "session.h"
#include "temp_tree.h"

#define HALL_ON "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":"           \
                "\"Hall light\"}}"
#define LAMP_ON "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":"           \
                "\"Floor lamp\"}}"

static bool has_data(void)
{
    static const char *const places[] = {"share", "../share"};
    struct stat              st;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!getenv("AUDITION_DATA") && stat(places[i], &st) == 0)
            setenv("AUDITION_DATA", places[i], 1);
    return getenv("AUDITION_DATA") != NULL;
}

/* Talk to a replay engine whose answers are `answers`. */
static void talk_by(const struct tools_prompt *by_prompt, struct trial *t,
                    const char *home, const char *say, const char *recording)
{
    struct temp_tree    tree;
    struct candidate    c     = {.source = SOURCE_REPLAY};
    struct engine_spec  spec  = {.candidate = &c, .context = 4096};
    struct engine_facts facts = {0};
    struct suite_turn   turn  = {.say = mem_copy(say), .cuts_words = -1};
    struct suite_case   test  = {.home = mem_copy(home), .turns = &turn,
                                 .n_turns = 1};
    struct prompt_kit   kit   = {.system = mem_copy("You help.")};
    struct err          err   = {0};
    void               *engine;

    if (home && !has_data()) skip();
    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, "r.json", recording);
    c.path = temp_path(&tree, "r.json");
    if (engine_replay.start(&engine, &spec, &facts, &err))
        fail_msg("%s", err.text);
    *t = (struct trial){.block = 0};
    {
        const struct session how = {.ops = &engine_replay, .engine = engine,
                                    .kit = &kit, .by_prompt = by_prompt};
        struct home *furnished = NULL;

        if (by_prompt && home_new(&furnished, home, NULL, &err) == 0)
            kit.tools = home_tools(furnished, HOME_TOOLS_INTENT);
        if (session_run(&how, &test, t, &err)) fail_msg("%s", err.text);
        home_free(furnished);
    }
    engine_replay.stop(engine);
    engine_facts_done(&facts);
    candidate_done(&c);
    prompt_done(&kit);
    free(test.home);
    free(turn.say);
    temp_tree_done(&tree);
}

static void talk(struct trial *t, const char *home, const char *say,
                 const char *recording)
{
    talk_by(NULL, t, home, say, recording);
}

static void expect_roles(const struct trial *t, const char *roles)
{
    char seen[40] = "";

    for (size_t i = 0; i < t->n_messages && i < 39; i++)
        seen[i] = t->messages[i].role[0];
    assert_string_equal(seen, roles);
}

static void expect_ok(const struct trial *t)
{
    assert_int_equal(t->status, TRIAL_OK);
    assert_string_equal(t->fault, "");
    assert_null(t->reason);
}

/* ---- conversations that end by themselves ------------------------------- */

static void test_a_call_its_result_and_the_answer(void **state)
{
    struct trial t;

    (void)state;
    talk(&t, "flat", "Turn on the hall light.",
         "{\"tok_s\":10,\"answers\":[{\"when\":\"Turn on\",\"calls\":["
         HALL_ON "]},{\"when\":\"success\",\"content\":\"It is on.\"}]}");
    expect_ok(&t);
    expect_roles(&t, "suata");       /* system user assistant tool assistant */
    assert_int_equal(t.n_turns, 2);
    assert_int_equal(t.messages[2].turn, 0);
    assert_int_equal(t.messages[4].turn, 1);
    assert_string_equal(t.messages[1].text, "Turn on the hall light.");
    assert_string_equal(t.messages[3].call_id, t.turns[0].calls[0].id);
    assert_non_null(strstr(t.messages[3].text, "light.hall"));
    assert_string_equal(t.messages[4].text, "It is on.");
    assert_true(t.duration_s > 0.2);           /* 3 words at 0.1 s, prefill */
    trial_done(&t);
}

static void test_parallel_calls_are_all_executed_in_order(void **state)
{
    struct trial t;

    (void)state;
    talk(&t, "flat", "Turn both on.",
         "{\"answers\":[{\"when\":\"both\",\"calls\":[" HALL_ON "," LAMP_ON
         "]},{\"when\":\"light.floor_lamp\",\"content\":\"Both on.\"}]}");
    expect_ok(&t);
    expect_roles(&t, "suatta");
    assert_string_equal(t.messages[3].call_id, t.turns[0].calls[0].id);
    assert_string_equal(t.messages[4].call_id, t.turns[0].calls[1].id);
    assert_non_null(strstr(t.messages[3].text, "light.hall"));
    assert_non_null(strstr(t.messages[4].text, "light.floor_lamp"));
    trial_done(&t);
}

/* ---- tools in the prompt ------------------------------------------------ */

static void test_by_prompt_a_call_is_read_from_the_text(void **state)
{
    struct tools_prompt by_prompt;
    struct trial        t;

    (void)state;
    tools_prompt_make(NULL, &by_prompt);
    talk_by(&by_prompt, &t, "flat", "Turn on the hall light.",
            "{\"answers\":[{\"when\":\"Turn on\",\"content\":"
            "\"<tool_call>{\\\"name\\\":\\\"HassTurnOn\\\","
            "\\\"arguments\\\":{\\\"name\\\":\\\"Hall light\\\"}}"
            "</tool_call>\"},{\"when\":\"success\",\"content\":"
            "\"It is on.\"}]}");
    expect_ok(&t);
    expect_roles(&t, "suaua");      /* the user hands the result back */
    assert_non_null(strstr(t.messages[0].text, "HassTurnOn"));
    assert_int_equal(t.turns[0].n_calls, 1);
    assert_string_equal(t.turns[0].calls[0].name, "HassTurnOn");
    /* What goes back is the text that it wrote, not a structured call. */
    assert_int_equal(t.messages[2].turn, -1);
    assert_non_null(strstr(t.messages[2].text, "<tool_call>"));
    assert_non_null(t.messages[3].call_id);
    assert_non_null(strstr(t.messages[3].text, "light.hall"));
    assert_null(t.messages[1].call_id);
    trial_done(&t);
    tools_prompt_done(&by_prompt);
}

static void test_by_prompt_words_alone_end_the_conversation(void **state)
{
    struct tools_prompt by_prompt;
    struct trial        t;

    (void)state;
    tools_prompt_make(NULL, &by_prompt);
    talk_by(&by_prompt, &t, "flat", "Hello.",
            "{\"answers\":[{\"content\":\"I could call HassTurnOn.\"}]}");
    expect_roles(&t, "sua");
    assert_int_equal(t.turns[0].n_calls, 0);
    trial_done(&t);
    tools_prompt_done(&by_prompt);
}

static void test_a_result_too_long_to_be_read_is_an_error(void **state)
{
    char        *big = mem_new(10u << 20, 1), *recording;
    struct trial t;

    (void)state;
    memset(big, 'x', (10u << 20) - 1);
    recording = mem_printf(
        "{\"answers\":[{\"when\":\"Add\",\"calls\":[{\"name\":"
        "\"HassListAddItem\",\"arguments\":{\"item\":\"%s\",\"name\":"
        "\"Shopping list\"}}]},{\"content\":\"Well.\"}]}", big);
    talk(&t, "flat", "Add it.", recording);
    expect_ok(&t);
    for (size_t i = 0; i < t.n_messages; i++)
        if (strcmp(t.messages[i].role, "tool") == 0) {
            assert_true(strlen(t.messages[i].text) <= SESSION_MAX_RESULT);
            assert_non_null(strstr(t.messages[i].text, "error"));
        }
    expect_roles(&t, "suata");
    trial_done(&t);
    free(recording);
    free(big);
}

static void test_a_failed_call_is_told_to_the_model(void **state)
{
    struct trial t;

    (void)state;
    talk(&t, "flat", "Turn on the moon.",
         "{\"answers\":[{\"when\":\"moon\",\"calls\":[{\"name\":\"HassTurnOn\""
         ",\"arguments\":{\"name\":\"Moon\"}},{\"name\":\"Nonsense\"}]},"
         "{\"when\":\"error\",\"content\":\"There is no moon.\"}]}");
    expect_ok(&t);
    expect_roles(&t, "suatta");
    assert_string_equal(t.messages[5].text, "There is no moon.");
    trial_done(&t);
}

static void test_a_call_without_arguments_is_no_bad_json(void **state)
{
    struct trial t;

    (void)state;
    talk(&t, "flat", "What is on?",
         "{\"answers\":[{\"when\":\"What\",\"calls\":[{\"name\":"
         "\"GetLiveContext\",\"arguments\":\"\"}]},{\"content\":\"All.\"}]}");
    expect_ok(&t);
    expect_roles(&t, "suata");
    trial_done(&t);
}

static void test_without_a_home_every_tool_is_unknown(void **state)
{
    struct trial t;

    (void)state;
    talk(&t, NULL, "Hi.",
         "{\"answers\":[{\"when\":\"Hi\",\"calls\":[" HALL_ON "]},"
         "{\"when\":\"there is no such tool\",\"content\":\"Hello.\"}]}");
    expect_ok(&t);
    expect_roles(&t, "suata");
    trial_done(&t);
}

static void test_endless_calls_end_at_the_step_limit(void **state)
{
    struct trial t;

    (void)state;
    talk(&t, "flat", "Go.", "{\"answers\":[{\"calls\":[" HALL_ON "]}]}");
    expect_ok(&t);
    assert_int_equal(t.n_turns, SESSION_MAX_STEPS);
    assert_int_equal(t.n_messages, 2 + 2 * SESSION_MAX_STEPS);
    trial_done(&t);
}

static void test_arguments_that_are_not_json_end_the_conversation(void **state)
{
    static const char *const bad[] = {"{bad", "{\\\"name\\\":\\\"Hall light",
        "on", "[1,2]", "7", "null", "{} {}", "{\\\"a\\\":1,\\\"a\\\":2}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *recording = mem_printf("{\"answers\":[{\"calls\":[" HALL_ON
                                     ",{\"name\":\"HassTurnOn\",\"arguments\":"
                                     "\"%s\"}]}]}", bad[i]);
        struct trial t;

        talk(&t, "flat", "Go.", recording);
        expect_ok(&t);                /* the model's own: for the scorers */
        assert_int_equal(t.n_turns, 1);              /* never sent again */
        assert_int_equal(t.turns[0].n_calls, 2);
        expect_roles(&t, "suat");
        trial_done(&t);
        free(recording);
    }
}

/* ---- conversations that cannot go on ------------------------------------ */

/* An engine whose first answers are calls and whose last is a failure. */
struct failing {
    int        answers, asked;
    struct err why;
};

static int fail_at_last(void *self, const struct chat_request *request,
                        struct turn *out, struct err *err)
{
    struct failing *f = self;

    (void)request;
    out->sent_ns = 1000000000LL * f->asked;
    out->end_ns = out->sent_ns + 500000000LL;
    if (f->asked++ < f->answers) {
        out->calls = mem_new(1, sizeof *out->calls);
        out->calls[out->n_calls++] = (struct tool_call){
            mem_copy("1"), mem_copy("x"), mem_copy("{}")};
        return 0;
    }
    free(out->content);
    out->content = mem_copy("Half an ans");
    out->finish = FINISH_CUT;
    *err = f->why;
    return -1;
}

static int run_failing(struct failing *f, const struct suite_case *test,
                       struct trial *t, struct err *err)
{
    static const struct engine_ops ops = {.name = "f", .chat = fail_at_last};
    struct prompt_kit    kit = {.system = (char[]){"You help."}};
    const struct session how = {.ops = &ops, .engine = f, .kit = &kit};

    return session_run(&how, test, t, err);
}

static void test_a_failing_request_leaves_status_fault_and_reason(
    void **state)
{
    struct failing    f    = {.answers = 2};
    struct suite_turn turn = {.say = (char[]){"Hi."}, .cuts_words = -1};
    struct suite_case test = {.turns = &turn, .n_turns = 1};
    struct trial      t    = {.block = 0};
    struct err        err  = {0};

    (void)state;
    err_set(&f.why, ERR_TIMEOUT, "the answer fell silent");
    assert_int_equal(run_failing(&f, &test, &t, &err), 0);
    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(t.status, TRIAL_FAILED);
    assert_string_equal(t.fault, "engine");
    assert_string_equal(t.reason, "the answer fell silent");
    expect_roles(&t, "suatat");
    assert_int_equal(t.n_turns, 3);            /* with what arrived */
    assert_string_equal(t.turns[2].content, "Half an ans");
    assert_int_equal(t.turns[2].finish, FINISH_CUT);
    assert_true(t.duration_s == 1.5);
    trial_done(&t);
}

static void test_a_stop_signal_leaves_nothing_to_store(void **state)
{
    struct failing    f    = {.answers = 1};
    struct suite_turn turn = {.say = (char[]){"Hi."}, .cuts_words = -1};
    struct suite_case test = {.turns = &turn, .n_turns = 1};
    struct trial      t    = {.block = 0};
    struct err        err  = {0};

    (void)state;
    err_set(&f.why, ERR_STOPPED, "stopped by a signal");
    assert_int_equal(run_failing(&f, &test, &t, &err), -1);
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_int_equal(f.asked, 2);
    trial_done(&t);
}

static void test_a_home_that_is_not_there_is_an_error(void **state)
{
    struct failing    f    = {.answers = 1};
    struct suite_turn turn = {.say = (char[]){"Hi."}, .cuts_words = -1};
    struct suite_case test = {.turns = &turn, .n_turns = 1,
                              .home = (char[]){"nowhere"}};
    struct trial      t    = {.block = 0};
    struct err        err  = {0};

    (void)state;
    if (!has_data()) skip();
    assert_int_equal(run_failing(&f, &test, &t, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_int_equal(f.asked, 0);
    trial_done(&t);
}

static void test_a_failure_is_put_where_it_belongs(void **state)
{
    static const struct {
        enum err_kind     kind;
        const char       *text;
        enum trial_status status;
        const char       *fault;
    } failures[] = {
        {ERR_TIMEOUT, "no answer came within 60 s", TRIAL_FAILED, "engine"},
        {ERR_PREFLIGHT, "the server wants an API key (HTTP 401)",
         TRIAL_FAILED, "engine"},
        {ERR_INPUT, "the server answered HTTP 400 to /v1/chat/completions: "
         "request (5001 tokens) exceeds the available context size (2048 "
         "tokens)", TRIAL_FAILED, "engine"},
        {ERR_INPUT, "This model's maximum context length is 4096 tokens",
         TRIAL_FAILED, "engine"},
        {ERR_FAILED, "the server answered HTTP 500 to /v1/chat/completions: "
         "Jinja Exception: Conversation roles must alternate", TRIAL_FAILED,
         "template"},
        {ERR_FAILED, "the server answered HTTP 500 to /apply-template: "
         "unknown chat Template", TRIAL_FAILED, "template"},
        {ERR_FAILED, "/apply-template: http://127.0.0.1:1: the connection was "
         "refused", TRIAL_HARNESS_FAULT, "harness"},
        {ERR_FAILED, "the connection was cut", TRIAL_HARNESS_FAULT, "harness"},
        {ERR_INPUT, "the server answered HTTP 400 to /completion: odd",
         TRIAL_HARNESS_FAULT, "harness"},
        {ERR_BUG, "our own", TRIAL_HARNESS_FAULT, "harness"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct trial t   = {.reason = mem_copy("old")};
        struct err   why = {0};

        err_set(&why, failures[i].kind, "%s", failures[i].text);
        session_note_failure(&t, &why);
        if (t.status != failures[i].status ||
            strcmp(t.fault, failures[i].fault))
            fail_msg("%s: status %d, fault %s", why.text, (int)t.status,
                     t.fault);
        assert_string_equal(t.reason, failures[i].text);
        trial_done(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_its_result_and_the_answer),
        cmocka_unit_test(test_parallel_calls_are_all_executed_in_order),
        cmocka_unit_test(test_by_prompt_a_call_is_read_from_the_text),
        cmocka_unit_test(test_by_prompt_words_alone_end_the_conversation),
        cmocka_unit_test(test_a_result_too_long_to_be_read_is_an_error),
        cmocka_unit_test(test_a_failed_call_is_told_to_the_model),
        cmocka_unit_test(test_a_call_without_arguments_is_no_bad_json),
        cmocka_unit_test(test_without_a_home_every_tool_is_unknown),
        cmocka_unit_test(test_endless_calls_end_at_the_step_limit),
        cmocka_unit_test(
            test_arguments_that_are_not_json_end_the_conversation),
        cmocka_unit_test(
            test_a_failing_request_leaves_status_fault_and_reason),
        cmocka_unit_test(test_a_stop_signal_leaves_nothing_to_store),
        cmocka_unit_test(test_a_home_that_is_not_there_is_an_error),
        cmocka_unit_test(test_a_failure_is_put_where_it_belongs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
