/* SPDX-License-Identifier: MIT */
/* The replay engine keeps time exactly as its recording says: every test of
 * the pipeline rests on it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay_stage.h"

#define MS 1000000LL

static int ask(struct replay_stage *s, const char *text, int max_tokens,
               struct turn *out, struct err *err)
{
    struct message      m       = {.role = "user", .turn = -1};
    struct chat_request request = {.messages = &m, .n_messages = 1,
                                   .max_tokens = max_tokens};
    int                 rc;

    m.text = mem_copy(text);
    turn_init(out);
    rc = engine_replay.chat(s->engine, &request, out, err);
    free(m.text);
    return rc;
}

static void must_ask(struct replay_stage *s, const char *text,
                     struct turn *out)
{
    struct err err = {0};

    if (ask(s, text, 100, out, &err)) fail_msg("%s", err.text);
}

/* ms of each chunk after sending, and the tokens up to it */
static void expect_chunks(const struct turn *t, size_t n,
                          const struct chunk *want)
{
    assert_int_equal(t->n_chunks, n);
    for (size_t i = 0; i < n; i++) {
        if (t->chunks[i].at_ns - t->sent_ns != want[i].at_ns * MS ||
            t->chunks[i].kind != want[i].kind ||
            t->chunks[i].end_bytes != want[i].end_bytes ||
            t->chunks[i].tokens != want[i].tokens)
            fail_msg("chunk %zu: %lld ns, kind %d, %zu bytes, %d tokens", i,
                     (long long)(t->chunks[i].at_ns - t->sent_ns),
                     (int)t->chunks[i].kind, t->chunks[i].end_bytes,
                     t->chunks[i].tokens);
    }
}

/* "<user> Hi there" and "<assistant>": 4 words at 10 ms, answers at 100 ms. */
#define SPEEDS "\"prompt_tok_s\":100,\"tok_s\":10,"
static const char slow[] =
    "{\"model\":\"m\",\"build\":\"replay-1\",\"load_s\":1.5,\"context\":512,"
    "\"has_template\":true,\"supports_tools\":false," SPEEDS
    "\"answers\":["
    "{\"when\":\"think\",\"reasoning\":\"Well now\",\"content\":\"Yes.\"},"
    "{\"when\":\"arrive\",\"arrivals\":[[0.25,\"One. \"],[0.75,\"Two.\"],"
    "[0.5,\" Three.\"]]},"
    "{\"when\":\"call\",\"content\":\"Sure\",\"calls\":[{\"name\":\"go\","
    "\"arguments\":{\"n\":1}},{\"name\":\"come\",\"arguments\":\"{bad\"}]},"
    "{\"content\":\"It is on.\"}]}";

static void test_start_says_what_the_recording_says(void **state)
{
    struct replay_stage s;

    (void)state;
    replay_open(&s, slow);
    assert_string_equal(s.facts.engine, "replay");
    assert_string_equal(s.facts.build, "replay-1");
    assert_string_equal(s.facts.model, "m");
    assert_true(s.facts.load_s == 1.5);
    assert_int_equal(s.facts.context, 512);
    assert_int_equal(s.facts.pid, -1);
    assert_int_equal(s.facts.has_template, 1);
    assert_int_equal(s.facts.supports_tools, 0);
    assert_int_equal(s.facts.supports_system_role, -1);
    assert_true(s.facts.has_completion && s.facts.counts_tokens);
    replay_end(&s);

    replay_open(&s, "{}");
    assert_true(isnan(s.facts.load_s));
    assert_int_equal(s.facts.context, 4096);
    assert_int_equal(s.facts.has_template, -1);
    replay_end(&s);
}

static void test_words_come_at_the_scripted_speed(void **state)
{
    static const struct chunk want[] = {
        {40, CHUNK_CONTENT, 2, 1}, {140, CHUNK_CONTENT, 5, 2},
        {240, CHUNK_CONTENT, 9, 3}};
    struct replay_stage s;
    struct turn         t;

    (void)state;
    replay_open(&s, slow);
    must_ask(&s, "Hi there", &t);
    assert_int_equal(t.sent_ns, 1500 * MS);    /* loading took so long */
    assert_int_equal(t.end_ns, 1740 * MS);
    assert_int_equal(t.http_status, 200);
    expect_chunks(&t, 3, want);
    assert_string_equal(t.content, "It is on.");
    assert_int_equal(t.finish, FINISH_STOP);
    assert_true(t.server.prompt_n == 4 && t.server.cache_n == 0 &&
                t.server.prompt_ms == 40 && t.server.predicted_n == 3 &&
                t.server.predicted_ms == 200);
    turn_done(&t);
    replay_end(&s);
}

static void test_a_shared_prefix_costs_nothing_but_one_token_does(
    void **state)
{
    struct replay_stage s;
    struct turn         t;

    (void)state;
    replay_open(&s, slow);
    must_ask(&s, "Hi there", &t);
    turn_done(&t);
    must_ask(&s, "Hi there", &t);              /* the whole prompt is known */
    assert_int_equal(t.sent_ns, 1740 * MS);    /* time goes on */
    assert_true(t.server.prompt_n == 1 && t.server.cache_n == 3);
    assert_int_equal(t.chunks[0].at_ns - t.sent_ns, 10 * MS);
    turn_done(&t);
    must_ask(&s, "Hi you two", &t);            /* "<user> Hi" is known */
    assert_true(t.server.prompt_n == 3 && t.server.cache_n == 2);
    turn_done(&t);
    replay_end(&s);
}

static void test_reasoning_calls_and_arrivals_keep_their_times(void **state)
{
    static const struct chunk thought[] = {
        {40, CHUNK_REASONING, 4, 1}, {140, CHUNK_REASONING, 8, 2},
        {240, CHUNK_CONTENT, 4, 3}};
    static const struct chunk arrivals[] = {
        {250, CHUNK_CONTENT, 5, 1}, {750, CHUNK_CONTENT, 9, 2},
        {750, CHUNK_CONTENT, 16, 3}};          /* time never goes back */
    static const struct chunk calls[] = {
        {20, CHUNK_CONTENT, 4, 1}, {120, CHUNK_CALL, 7, 2},
        {220, CHUNK_CALL, 11, 3}};
    struct replay_stage s;
    struct turn         t;

    (void)state;
    replay_open(&s, slow);
    must_ask(&s, "please think", &t);
    expect_chunks(&t, 3, thought);
    assert_string_equal(t.reasoning, "Well now");
    assert_string_equal(t.content, "Yes.");
    turn_done(&t);
    must_ask(&s, "please arrive", &t);
    expect_chunks(&t, 3, arrivals);
    assert_string_equal(t.content, "One. Two. Three.");
    assert_int_equal(t.end_ns - t.sent_ns, 750 * MS);
    turn_done(&t);
    must_ask(&s, "please call", &t);
    expect_chunks(&t, 3, calls);
    assert_int_equal(t.finish, FINISH_CALLS);
    assert_int_equal(t.n_calls, 2);
    assert_string_equal(t.calls[0].name, "go");
    assert_string_equal(t.calls[0].arguments, "{\"n\":1}");
    assert_string_equal(t.calls[1].arguments, "{bad");   /* never repaired */
    assert_string_not_equal(t.calls[0].id, t.calls[1].id);
    turn_done(&t);
    replay_end(&s);
}

static void test_the_token_limit_cuts_and_says_so(void **state)
{
    struct replay_stage s;
    struct turn         t;
    struct err          err = {0};

    (void)state;
    replay_open(&s, slow);
    assert_int_equal(ask(&s, "Hi there", 2, &t, &err), 0);
    assert_string_equal(t.content, "It is");
    assert_int_equal(t.finish, FINISH_LENGTH);
    assert_true(t.server.predicted_n == 2);
    turn_done(&t);
    assert_int_equal(ask(&s, "please think", 1, &t, &err), 0);
    assert_string_equal(t.reasoning, "Well");
    assert_string_equal(t.content, "");
    assert_int_equal(t.finish, FINISH_LENGTH);
    turn_done(&t);
    replay_end(&s);
}

static void test_a_forced_answer_has_exactly_that_length(void **state)
{
    static const int        ids[] = {7, 8, 9, 10, 11};
    struct complete_request r     = {.ids = ids, .n_ids = 5, .n_predict = 3};
    static const struct chunk cold[] = {
        {50, CHUNK_CONTENT, 5, 1}, {150, CHUNK_CONTENT, 10, 2},
        {250, CHUNK_CONTENT, 15, 3}};
    struct replay_stage s;
    struct turn         t;
    struct err          err = {0};

    (void)state;
    replay_open(&s, slow);
    for (int round = 0; round < 3; round++) {
        r.cache_prompt = round == 2;           /* only when it is wanted */
        turn_init(&t);
        assert_int_equal(engine_replay.complete(s.engine, &r, &t, &err), 0);
        if (round < 2) expect_chunks(&t, 3, cold);
        assert_true(t.server.prompt_n == (round < 2 ? 5 : 1));
        assert_true(t.server.cache_n == (round < 2 ? 0 : 4));
        assert_true(t.server.predicted_n == 3 && t.server.predicted_ms == 200);
        assert_int_equal(t.finish, FINISH_LENGTH);
        turn_done(&t);
    }
    replay_end(&s);
}

static void test_the_engine_dies_when_the_recording_says(void **state)
{
    struct replay_stage s;
    struct turn         t;
    struct err          err = {0}, why = {0};

    (void)state;
    replay_open(&s, "{\"dies_at_request\":2,\"answers\":[{\"content\":"
                "\"A\"}]}");
    must_ask(&s, "one", &t);
    turn_done(&t);
    assert_true(engine_replay.alive(s.engine, &why));
    for (int i = 0; i < 2; i++) {
        err = (struct err){0};
        assert_int_equal(ask(&s, "two", 10, &t, &err), -1);
        assert_int_equal(err.kind, ERR_FAILED);
        assert_non_null(strstr(err.text, "died at request 2"));
        assert_int_equal(t.n_chunks, 0);
        turn_done(&t);
        assert_false(engine_replay.alive(s.engine, &why));
        assert_non_null(strstr(why.text, "died"));
    }
    replay_end(&s);
}

static void test_a_question_without_an_answer_is_an_error(void **state)
{
    struct replay_stage s;
    struct turn         t;
    struct err          err = {0}, why = {0};

    (void)state;
    replay_open(&s, "{\"answers\":[{\"when\":\"x\",\"content\":\"A\"}]}");
    assert_int_equal(ask(&s, "two", 10, &t, &err), -1);
    assert_non_null(strstr(err.text, "no answer for this question"));
    assert_true(engine_replay.alive(s.engine, &why));
    turn_done(&t);
    replay_end(&s);
}

static void test_bad_recordings_do_not_start(void **state)
{
    static const struct {
        const char   *text;
        enum err_kind kind;
        const char   *error;
    } bad[] = {
        {NULL, ERR_INPUT, "r.json"},
        {"", ERR_INPUT, "r.json"},
        {"{\"tok_s\":", ERR_INPUT, "not valid JSON"},
        {"[1]", ERR_INPUT, "is not a recording"},
        {"{\"fail_load\":\"out of memory while loading\"}", ERR_FAILED,
         "out of memory while loading"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct replay_stage s;
        struct err          err = {0};

        assert_int_equal(replay_start(&s, bad[i].text, &err), -1);
        assert_null(s.engine);
        assert_int_equal(err.kind, bad[i].kind);
        if (!strstr(err.text, bad[i].error)) fail_msg("\"%s\"", err.text);
        replay_end(&s);
    }
}

static void test_arrivals_may_be_of_any_kind(void **state)
{
    static const struct chunk want[] = {
        {100, CHUNK_REASONING, 4, 1}, {200, CHUNK_CONTENT, 5, 2},
        {300, CHUNK_REASONING, 8, 3}, {400, CHUNK_CALL, 4, 4},
        {450, CHUNK_CALL, 7, 5},      {500, CHUNK_CONTENT, 10, 6}};
    struct replay_stage s;
    struct turn         t;

    (void)state;
    replay_open(&s, "{\"answers\":[{\"calls\":[{\"name\":\"go\","
                "\"arguments\":{\"n\":1}}],\"arrivals\":["
                "[0.1,\"Hm, \",\"reasoning\"],[0.2,\"Well \",\"content\"],"
                "[0.3,\"yes.\",\"reasoning\"],[0.4,\"{\\\"n\\\"\",\"call\"],"
                "[0.45,\":1}\",\"call\"],[0.5,\"done.\",\"odd\"]]}]}");
    must_ask(&s, "Hi", &t);
    expect_chunks(&t, 6, want);
    assert_string_equal(t.content, "Well done.");
    assert_string_equal(t.reasoning, "Hm, yes.");
    assert_int_equal(t.n_calls, 1);
    assert_string_equal(t.calls[0].arguments, "{\"n\":1}");
    assert_int_equal(t.finish, FINISH_CALLS);
    assert_int_equal(t.end_ns - t.sent_ns, 500 * MS);
    turn_done(&t);
    replay_end(&s);
}

static void test_loading_is_part_of_a_cold_start(void **state)
{
    struct replay_stage s;
    struct turn         t;

    (void)state;
    replay_open(&s, slow);
    must_ask(&s, "Hi there", &t);
    assert_int_equal(s.facts.started_ns, 0);
    assert_int_equal(t.chunks[0].at_ns - s.facts.started_ns, 1540 * MS);
    turn_done(&t);
    replay_end(&s);
}

/* "<user>", the words, "<assistant>": n + 2 tokens. */
static void test_tokens_beyond_the_knee_have_a_price_of_their_own(
    void **state)
{
    struct replay_stage s;
    struct turn         t;

    (void)state;
    replay_open(&s, "{\"prompt_tok_s\":100,\"prompt_tok_s_after\":20,"
                "\"prefill_knee_tokens\":5,\"answers\":[{\"content\":"
                "\"A\"}]}");
    must_ask(&s, "a b c", &t);                 /* 5 tokens: up to the knee */
    assert_int_equal(t.chunks[0].at_ns - t.sent_ns, 50 * MS);
    turn_done(&t);
    must_ask(&s, "a b c d e", &t);             /* 4 known, 1 cheap, 2 dear */
    assert_true(t.server.cache_n == 4 && t.server.prompt_n == 3);
    assert_int_equal(t.chunks[0].at_ns - t.sent_ns, 110 * MS);
    assert_true(t.server.prompt_ms == 110);
    turn_done(&t);
    must_ask(&s, "a b c d e f", &t);           /* 6 known, 2 dear */
    assert_int_equal(t.chunks[0].at_ns - t.sent_ns, 100 * MS);
    turn_done(&t);
    replay_end(&s);
}

static void test_a_cache_may_be_coarse_or_absent(void **state)
{
    static const struct { const char *key; double cached; } cases[] = {
        {"", 8}, {"\"cache\":\"prefix\",", 8}, {"\"cache\":\"none\",", 0},
        {"\"cache_step\":3,", 6}, {"\"cache_step\":9,", 0},
        {"\"cache_step\":0,", 8}, {"\"cache_step\":-4,", 8},
        {"\"cache_step\":1e300,", 0}, {"\"cache_step\":\"x\",", 8}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *recording = mem_printf("{%s\"answers\":[{\"content\":\"A\"}]}",
                                     cases[i].key);
        struct replay_stage s;
        struct turn         t;

        replay_open(&s, recording);
        must_ask(&s, "a b c d e f g", &t);
        assert_true(t.server.cache_n == 0);
        turn_done(&t);
        must_ask(&s, "a b c d e f g h", &t);
        if (t.server.cache_n != cases[i].cached ||
            t.server.prompt_n != 10 - cases[i].cached)
            fail_msg("%s: %g cached", cases[i].key, t.server.cache_n);
        turn_done(&t);
        replay_end(&s);
        free(recording);
    }
}

static void test_a_prompt_longer_than_a_stated_context_is_refused(
    void **state)
{
    struct complete_request r = {.prompt = "a b c d e f g h", .n_predict = 1};
    struct replay_stage s;
    struct turn         t;
    struct err          err = {0};

    (void)state;
    replay_open(&s, "{\"context\":8,\"load_s\":1,\"answers\":[{\"content\":"
                "\"A\"}]}");
    must_ask(&s, "a b c d e", &t);             /* 7 tokens, and one to say */
    turn_done(&t);
    assert_int_equal(ask(&s, "a b c d e f", 10, &t, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "exceeds the available context size "
                           "(8 tokens)"));
    assert_int_equal(t.http_status, 400);
    assert_int_equal(t.finish, FINISH_CUT);
    assert_true(t.sent_ns > 1000 * MS && t.end_ns == t.sent_ns);
    turn_done(&t);
    err = (struct err){0};
    turn_init(&t);
    assert_int_equal(engine_replay.complete(s.engine, &r, &t, &err), -1);
    assert_non_null(strstr(err.text, "context size"));
    turn_done(&t);
    must_ask(&s, "a b c d e", &t);             /* what was cached still is */
    assert_true(t.server.cache_n == 6);
    turn_done(&t);
    replay_end(&s);
}

/* ---- the template -------------------------------------------------------- */

/* system, user, assistant with a call, tool, user; with one tool. */
static char *render(struct replay_stage *s, size_t n, struct err *err)
{
    struct trial        t = {.block = 0};
    json_t             *tools = json_pack("[{s:s}]", "name", "go");
    struct chat_request r = {.tools = tools, .max_tokens = 1};
    char               *text = NULL;

    trial_add_message(&t, "system", "Be kind.");
    trial_add_message(&t, "user", "Go.");
    trial_add_turn(&t)->n_calls = 1;
    t.turns[0].calls = mem_new(1, sizeof *t.turns[0].calls);
    t.turns[0].calls[0] = (struct tool_call){
        mem_copy("1"), mem_copy("go"), mem_copy("{\"to\": \"the hall\"}")};
    trial_add_message(&t, "assistant", "")->turn = 0;
    trial_add_message(&t, "tool", "ok");
    trial_add_message(&t, "user", "Well?");
    r.messages = t.messages;
    r.n_messages = n;
    r.turns = t.turns;
    if (engine_replay.render(s->engine, &r, &text, err)) assert_null(text);
    trial_done(&t);
    json_decref(tools);
    return text;
}

#define TOOLS  "[{\"name\":\"go\"}]\n"
#define FIRST  "<system> Be kind.\n<user> Go.\n"
#define SECOND                                                                \
    "<assistant>go({\"to\":\"thehall\"}) \n<tool> ok\n<user> Well?\n"
#define LAST   "<assistant>"

static void test_a_template_does_what_the_recording_says(void **state)
{
    static const struct { const char *keys; size_t n; const char *text; }
    cases[] = {
        {"\"x\":1", 5, TOOLS FIRST SECOND LAST},
        {"\"template\":{\"system\":\"kept\",\"tools\":\"shown\","
         "\"history\":\"stable\"}", 5, TOOLS FIRST SECOND LAST},
        {"\"template\":5", 2, TOOLS FIRST LAST},
        {"\"supports_tools\":false", 5, FIRST SECOND LAST},
        {"\"template\":{\"tools\":\"dropped\"}", 5, FIRST SECOND LAST},
        {"\"template\":{\"system\":\"dropped\"}", 2, TOOLS "<user> Go.\n" LAST},
        {"\"template\":{\"system\":\"merged\"}", 5,
         TOOLS "<user> Be kind.\n Go.\n" SECOND LAST},
        {"\"template\":{\"history\":\"rewritten\"}", 2,
         TOOLS "<system> Be kind.\n<user-0> Go.\n" LAST},
        {"\"template\":{\"history\":\"rewritten\"}", 5,
         TOOLS "<system> Be kind.\n<user-3> Go.\n<assistant-2>"
         "go({\"to\":\"thehall\"}) \n<tool-1> ok\n<user-0> Well?\n" LAST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *recording = mem_printf("{%s,\"answers\":[{\"content\":\"A\"}]}",
                                     cases[i].keys);
        struct replay_stage s;
        struct err          err = {0};
        char               *text;

        replay_open(&s, recording);
        text = render(&s, cases[i].n, &err);
        if (!text || strcmp(text, cases[i].text) != 0)
            fail_msg("%s: \"%s\"", cases[i].keys, text ? text : err.text);
        free(text);
        replay_end(&s);
        free(recording);
    }
}

static void test_a_template_may_refuse(void **state)
{
    static const struct { const char *keys, *error; bool any; } cases[] = {
        {"\"system\":\"refused\"", "refuses a system role", false},
        {"\"error\":\"unknown tag 'x'\"", "unknown tag 'x'", true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *recording = mem_printf("{\"template\":{%s},\"answers\":"
                                     "[{\"content\":\"A\"}]}", cases[i].keys);
        struct replay_stage s;
        struct turn         t;
        struct err          err = {0};

        replay_open(&s, recording);
        assert_null(render(&s, 2, &err));
        assert_non_null(strstr(err.text, cases[i].error));
        err = (struct err){0};
        /* Without a system role. */
        assert_int_equal(ask(&s, "Hi", 10, &t, &err), cases[i].any ? -1 : 0);
        if (cases[i].any) assert_non_null(strstr(err.text, cases[i].error));
        turn_done(&t);
        replay_end(&s);
        free(recording);
    }
}

static void test_an_answer_may_depend_on_the_templates_options(void **state)
{
    static const struct { const char *kwargs, *content; } cases[] = {
        {NULL, "Hm."}, {"{}", "Hm."}, {"{\"enable_thinking\":true}", "Hm."},
        {"{\"enable_thinking\":false}", "Quick."},
        {"{\"x\":1,\"enable_thinking\":false}", "Quick."}};
    struct replay_stage s;

    (void)state;
    replay_open(&s, "{\"answers\":[{\"when_kwargs\":{\"enable_thinking\":"
                "false},\"content\":\"Quick.\"},{\"content\":\"Hm.\"}]}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message      m = {.role = "user", .turn = -1,
                                 .text = (char[]){"Hi"}};
        struct chat_request r = {.messages = &m, .n_messages = 1,
                                 .max_tokens = 9};
        struct turn         t;
        struct err          err = {0};

        r.template_kwargs = cases[i].kwargs
            ? json_loads(cases[i].kwargs, 0, NULL) : NULL;
        turn_init(&t);
        assert_int_equal(engine_replay.chat(s.engine, &r, &t, &err), 0);
        assert_string_equal(t.content, cases[i].content);
        turn_done(&t);
        json_decref(r.template_kwargs);
    }
    replay_end(&s);
}

static void test_numbers_without_sense_do_no_harm(void **state)
{
    static const char *const odd[] = {
        "{\"prompt_tok_s\":1e-300,\"tok_s\":1e-300,\"answers\":"
        "[{\"content\":\"a b c\"}]}",
        "{\"tok_s\":-5,\"context\":1e300,\"dies_at_request\":1e300,"
        "\"answers\":[{\"arrivals\":[[1e300,\"a\"],[-1e300,\"b\"],[7],{},"
        "[\"x\",null]]}]}",
        "{\"answers\":[{\"content\":5,\"reasoning\":{},\"calls\":[5,{},"
        "{\"name\":7}]}]}",
        "{\"load_s\":1e300,\"cache_step\":-1e300,\"prefill_knee_tokens\":1e-9,"
        "\"prompt_tok_s_after\":1e-300,\"template\":[],\"answers\":"
        "[{\"when_kwargs\":[5],\"arrivals\":[[0,\"a\",{}],[1e300,\"b\","
        "\"call\"],[[],[],[]]],\"calls\":[{}]}]}"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct replay_stage s;
        struct turn         t;

        replay_open(&s, odd[i]);
        for (int k = 0; k < 3; k++) {
            must_ask(&s, "go", &t);
            for (size_t c = 0; c < t.n_chunks; c++)
                assert_true(t.chunks[c].at_ns >=
                            (c ? t.chunks[c - 1].at_ns : t.sent_ns));
            assert_true(t.end_ns >= t.sent_ns);
            turn_done(&t);
        }
        replay_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_says_what_the_recording_says),
        cmocka_unit_test(test_words_come_at_the_scripted_speed),
        cmocka_unit_test(
            test_a_shared_prefix_costs_nothing_but_one_token_does),
        cmocka_unit_test(test_reasoning_calls_and_arrivals_keep_their_times),
        cmocka_unit_test(test_the_token_limit_cuts_and_says_so),
        cmocka_unit_test(test_a_forced_answer_has_exactly_that_length),
        cmocka_unit_test(test_the_engine_dies_when_the_recording_says),
        cmocka_unit_test(test_a_question_without_an_answer_is_an_error),
        cmocka_unit_test(test_bad_recordings_do_not_start),
        cmocka_unit_test(test_arrivals_may_be_of_any_kind),
        cmocka_unit_test(test_loading_is_part_of_a_cold_start),
        cmocka_unit_test(
            test_tokens_beyond_the_knee_have_a_price_of_their_own),
        cmocka_unit_test(test_a_cache_may_be_coarse_or_absent),
        cmocka_unit_test(
            test_a_prompt_longer_than_a_stated_context_is_refused),
        cmocka_unit_test(test_a_template_does_what_the_recording_says),
        cmocka_unit_test(test_a_template_may_refuse),
        cmocka_unit_test(test_an_answer_may_depend_on_the_templates_options),
        cmocka_unit_test(test_numbers_without_sense_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
