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

#include "base/mem.h"
#include "engine/engine.h"
#include "temp_tree.h"

#define MS 1000000LL

struct stage {
    struct temp_tree    tree;
    struct candidate    candidate;
    struct engine_spec  spec;
    struct engine_facts facts;
    void               *engine;
};

static int stage_start(struct stage *s, const char *recording,
                       struct err *err)
{
    *s = (struct stage){.spec = {.context = 4096, .port = -1, .threads = -1,
                                 .limits = {1, 1, 1, 1}}};
    assert_int_equal(temp_tree_init(&s->tree), 0);
    s->candidate = (struct candidate){
        .source = SOURCE_REPLAY, .name = mem_copy("r"),
        .path = temp_path(&s->tree, "r.json")};
    if (recording) temp_text(&s->tree, "r.json", recording);
    s->spec.candidate = &s->candidate;
    return engine_replay.start(&s->engine, &s->spec, &s->facts, err);
}

static void stage_end(struct stage *s)
{
    if (s->engine) engine_replay.stop(s->engine);
    engine_facts_done(&s->facts);
    candidate_done(&s->candidate);
    temp_tree_done(&s->tree);
}

static void stage_open(struct stage *s, const char *recording)
{
    struct err err = {0};

    if (stage_start(s, recording, &err)) fail_msg("%s", err.text);
}

static int ask(struct stage *s, const char *text, int max_tokens,
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

static void must_ask(struct stage *s, const char *text, struct turn *out)
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
    struct stage s;

    (void)state;
    stage_open(&s, slow);
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
    stage_end(&s);

    stage_open(&s, "{}");
    assert_true(isnan(s.facts.load_s));
    assert_int_equal(s.facts.context, 4096);
    assert_int_equal(s.facts.has_template, -1);
    stage_end(&s);
}

static void test_words_come_at_the_scripted_speed(void **state)
{
    static const struct chunk want[] = {
        {40, CHUNK_CONTENT, 2, 1}, {140, CHUNK_CONTENT, 5, 2},
        {240, CHUNK_CONTENT, 9, 3}};
    struct stage s;
    struct turn  t;

    (void)state;
    stage_open(&s, slow);
    must_ask(&s, "Hi there", &t);
    assert_int_equal(t.sent_ns, 0);
    assert_int_equal(t.end_ns, 240 * MS);
    assert_int_equal(t.http_status, 200);
    expect_chunks(&t, 3, want);
    assert_string_equal(t.content, "It is on.");
    assert_int_equal(t.finish, FINISH_STOP);
    assert_true(t.server.prompt_n == 4 && t.server.cache_n == 0 &&
                t.server.prompt_ms == 40 && t.server.predicted_n == 3 &&
                t.server.predicted_ms == 200);
    turn_done(&t);
    stage_end(&s);
}

static void test_a_shared_prefix_costs_nothing_but_one_token_does(
    void **state)
{
    struct stage s;
    struct turn  t;

    (void)state;
    stage_open(&s, slow);
    must_ask(&s, "Hi there", &t);
    turn_done(&t);
    must_ask(&s, "Hi there", &t);              /* the whole prompt is known */
    assert_int_equal(t.sent_ns, 240 * MS);     /* time goes on */
    assert_true(t.server.prompt_n == 1 && t.server.cache_n == 3);
    assert_int_equal(t.chunks[0].at_ns - t.sent_ns, 10 * MS);
    turn_done(&t);
    must_ask(&s, "Hi you two", &t);            /* "<user> Hi" is known */
    assert_true(t.server.prompt_n == 3 && t.server.cache_n == 2);
    turn_done(&t);
    stage_end(&s);
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
    struct stage s;
    struct turn  t;

    (void)state;
    stage_open(&s, slow);
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
    stage_end(&s);
}

static void test_the_token_limit_cuts_and_says_so(void **state)
{
    struct stage s;
    struct turn  t;
    struct err   err = {0};

    (void)state;
    stage_open(&s, slow);
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
    stage_end(&s);
}

static void test_a_forced_answer_has_exactly_that_length(void **state)
{
    static const int        ids[] = {7, 8, 9, 10, 11};
    struct complete_request r     = {.ids = ids, .n_ids = 5, .n_predict = 3};
    static const struct chunk cold[] = {
        {50, CHUNK_CONTENT, 5, 1}, {150, CHUNK_CONTENT, 10, 2},
        {250, CHUNK_CONTENT, 15, 3}};
    struct stage s;
    struct turn  t;
    struct err   err = {0};

    (void)state;
    stage_open(&s, slow);
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
    stage_end(&s);
}

static void test_the_engine_dies_when_the_recording_says(void **state)
{
    struct stage s;
    struct turn  t;
    struct err   err = {0}, why = {0};

    (void)state;
    stage_open(&s, "{\"dies_at_request\":2,\"answers\":[{\"content\":\"A\"}]}");
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
    stage_end(&s);
}

static void test_a_question_without_an_answer_is_an_error(void **state)
{
    struct stage s;
    struct turn  t;
    struct err   err = {0}, why = {0};

    (void)state;
    stage_open(&s, "{\"answers\":[{\"when\":\"x\",\"content\":\"A\"}]}");
    assert_int_equal(ask(&s, "two", 10, &t, &err), -1);
    assert_non_null(strstr(err.text, "no answer for this question"));
    assert_true(engine_replay.alive(s.engine, &why));
    turn_done(&t);
    stage_end(&s);
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
        struct stage s;
        struct err   err = {0};

        assert_int_equal(stage_start(&s, bad[i].text, &err), -1);
        assert_null(s.engine);
        assert_int_equal(err.kind, bad[i].kind);
        if (!strstr(err.text, bad[i].error)) fail_msg("\"%s\"", err.text);
        stage_end(&s);
    }
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
        "{\"name\":7}]}]}"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct stage s;
        struct turn  t;

        stage_open(&s, odd[i]);
        for (int k = 0; k < 3; k++) {
            must_ask(&s, "go", &t);
            for (size_t c = 0; c < t.n_chunks; c++)
                assert_true(t.chunks[c].at_ns >=
                            (c ? t.chunks[c - 1].at_ns : t.sent_ns));
            assert_true(t.end_ns >= t.sent_ns);
            turn_done(&t);
        }
        stage_end(&s);
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
        cmocka_unit_test(test_numbers_without_sense_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
