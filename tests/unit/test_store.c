/* SPDX-License-Identifier: MIT */
/* The trials that go into the store come out of it. */
#include "store_fixture.h"

#include <math.h>

#include "base/utf8.h"

/* Everything there is, with what was not observed left missing. */
static void make_full_trial(struct trial *t)
{
    struct turn *turn;

    *t = (struct trial){
        .key = "suite/home/lights-on/1", .block = 1, .status = TRIAL_FAILED,
        .fault = "model", .reason = mem_copy("called the wrong tool"),
        .duration_s = NAN, .outcome = OUTCOME_UNPARSED,
        .suite = mem_copy("home"), .case_id = mem_copy("lights-on"),
        .case_hash = mem_copy("abc")};
    t->end_state = json_pack("{s:{s:s,s:f}}", "light.kitchen", "state", "on",
                             "brightness", 0.1);

    turn = trial_add_turn(t);
    turn->sent_ns = 5000000000;
    turn->end_ns = 7000000001;
    turn->finish = FINISH_CALLS;
    turn->http_status = 200;
    turn->server = (struct timings){1, 0, 12.5, NAN, 1e-9};
    free(turn->content);
    turn->content = mem_copy("Gr\xc3\xbc\xc3\x9f dich. \xf0\x9f\x92\xa1");
    free(turn->reasoning);
    turn->reasoning = mem_copy("hm");
    turn->chunks = mem_new(3, sizeof *turn->chunks);
    turn->n_chunks = 3;
    turn->chunks[0] = (struct chunk){5100000000, CHUNK_REASONING, 2, 1};
    turn->chunks[1] = (struct chunk){5100000001, CHUNK_CONTENT, 7, -1};
    turn->chunks[2] = (struct chunk){6900000000, CHUNK_CALL, 4000, 80};
    turn->calls = mem_new(2, sizeof *turn->calls);
    turn->n_calls = 2;
    turn->calls[0] = (struct tool_call){mem_copy("call_1"),
        mem_copy("HassTurnOn"), mem_copy("{\"name\": \"kitchen\"}")};
    turn->calls[1] = (struct tool_call){mem_copy(""), mem_copy(""),
                                        mem_copy("{not json")};
    trial_add_turn(t);   /* nothing observed */

    trial_add_message(t, "system", "");
    trial_add_message(t, "user", "light!");
    trial_add_message(t, "assistant", "ok")->turn = 1;
    trial_add_message(t, "tool", "{}")->call_id = mem_copy("call_1");
    trial_observe(t, "ttft_s", 0.1);
    trial_observe(t, "load_s", 0);
    trial_observe(t, "a metric of tomorrow", -1e300);
    trial_observe(t, "ttft_s", 0.2);
    t->observations[1].value = NAN;
}

static void expect_number(double got, double want)
{
    if (!(isnan(want) ? isnan(got) : got == want))
        fail_msg("got %.17g, want %.17g", got, want);
}

static void expect_turn(const struct turn *got, const struct turn *want)
{
    assert_int_equal(got->sent_ns, want->sent_ns);
    assert_int_equal(got->end_ns, want->end_ns);
    assert_int_equal(got->finish, want->finish);
    assert_int_equal(got->http_status, want->http_status);
    expect_number(got->server.prompt_n, want->server.prompt_n);
    expect_number(got->server.cache_n, want->server.cache_n);
    expect_number(got->server.prompt_ms, want->server.prompt_ms);
    expect_number(got->server.predicted_n, want->server.predicted_n);
    expect_number(got->server.predicted_ms, want->server.predicted_ms);
    expect_text(got->content, want->content);
    expect_text(got->reasoning, want->reasoning);
    assert_int_equal(got->n_chunks, want->n_chunks);
    for (size_t i = 0; i < want->n_chunks; i++) {
        assert_int_equal(got->chunks[i].at_ns, want->chunks[i].at_ns);
        assert_int_equal(got->chunks[i].kind, want->chunks[i].kind);
        assert_int_equal(got->chunks[i].end_bytes, want->chunks[i].end_bytes);
        assert_int_equal(got->chunks[i].tokens, want->chunks[i].tokens);
    }
    assert_int_equal(got->n_calls, want->n_calls);
    for (size_t i = 0; i < want->n_calls; i++) {
        expect_text(got->calls[i].id, want->calls[i].id);
        expect_text(got->calls[i].name, want->calls[i].name);
        expect_text(got->calls[i].arguments, want->calls[i].arguments);
    }
}

static void expect_rows(const struct trial *got, const struct trial *want)
{
    assert_string_equal(got->key, want->key);
    assert_int_equal(got->block, want->block);
    assert_int_equal(got->status, want->status);
    assert_string_equal(got->fault, want->fault);
    assert_int_equal(got->outcome, want->outcome);
    expect_text(got->reason, want->reason);
    expect_number(got->duration_s, want->duration_s);
    expect_text(got->suite, want->suite);
    expect_text(got->case_id, want->case_id);
    expect_text(got->case_hash, want->case_hash);
    assert_int_equal(got->n_observations, want->n_observations);
    for (size_t i = 0; i < want->n_observations; i++) {
        expect_text(got->observations[i].metric,
                    want->observations[i].metric);
        expect_number(got->observations[i].value,
                      want->observations[i].value);
    }
}

struct expected {
    const struct trial *trials;
    size_t              n, seen;
    bool                whole;
};

static int compare(void *ctx, const struct trial *got)
{
    struct expected    *e = ctx;
    const struct trial *want = &e->trials[e->seen++];

    assert_true(e->seen <= e->n);
    expect_rows(got, want);
    assert_int_equal(got->n_turns, e->whole ? want->n_turns : 0);
    assert_int_equal(got->n_messages, e->whole ? want->n_messages : 0);
    for (size_t i = 0; i < got->n_turns; i++)
        expect_turn(&got->turns[i], &want->turns[i]);
    for (size_t i = 0; i < got->n_messages; i++) {
        expect_text(got->messages[i].role, want->messages[i].role);
        expect_text(got->messages[i].text, want->messages[i].text);
        expect_text(got->messages[i].call_id, want->messages[i].call_id);
        assert_int_equal(got->messages[i].turn, want->messages[i].turn);
    }
    if (!e->whole || !want->end_state) assert_null(got->end_state);
    else assert_true(json_equal(got->end_state, want->end_state));
    return 0;
}

static void expect_trials(struct store *s, int64_t subject_id,
                          const struct trial *trials, size_t n)
{
    for (int whole = 0; whole < 2; whole++) {
        struct expected e = {trials, n, 0, whole};
        struct err      err = {0};

        check(store_each_trial(s, subject_id, whole, compare, &e, &err),
              &err);
        assert_int_equal(e.seen, n);
    }
}

static void put(struct store *s, int64_t subject_id, int64_t run_id,
                const struct trial *t)
{
    struct err err = {0};

    check(store_put_trial(s, subject_id, run_id, t, &err), &err);
}

static void test_a_trial_comes_back_as_it_was(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct trial  t;
    int64_t       run, subject;

    make_full_trial(&t);
    make_subject(s, &run, &subject);
    put(s, subject, run, &t);
    expect_trials(s, subject, &t, 1);
    store_close(s);

    s = open_store(p->path, false);   /* and is on the disk */
    expect_trials(s, subject, &t, 1);
    store_close(s);
    trial_done(&t);
}

static void test_what_was_not_observed_is_null_in_the_file(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct trial  t;
    int64_t       run, subject;

    make_full_trial(&t);
    make_subject(s, &run, &subject);
    put(s, subject, run, &t);
    assert_int_equal(ask(s, "SELECT duration_s IS NULL FROM trial"), 1);
    assert_int_equal(ask(s, "SELECT value IS NULL FROM observation "
                            "WHERE position = 1"), 1);
    assert_int_equal(ask(s, "SELECT sent_ns IS NULL AND end_ns IS NULL AND "
                            "prompt_n IS NULL AND chunks = '[]' AND "
                            "calls = '[]' FROM turn WHERE position = 1"), 1);
    assert_int_equal(ask(s, "SELECT chunks = '[[100000000,1,2,1],"
                            "[100000001,0,7,null],[1900000000,2,4000,80]]' "
                            "FROM turn WHERE position = 0"), 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM message "
                            "WHERE turn_position IS NULL"), 3);
    trial_done(&t);
    store_close(s);
}

static void test_a_trial_that_breaks_the_rules_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct trial  t;
    struct err    err = {0};
    int64_t       run, subject;

    make_subject(s, &run, &subject);
    make_trial(&t, 1);
    assert_int_equal(store_put_trial(s, subject, run + 1, &t, &err), -1);
    assert_int_equal(err.kind, ERR_BUG);
    assert_int_equal(store_put_trial(s, subject + 1, run, &t, NULL), -1);
    t.messages[2].role = "robot";
    assert_int_equal(store_put_trial(s, subject, run, &t, NULL), -1);
    expect_trials(s, subject, NULL, 0);
    t.messages[2].role = "user";
    put(s, subject, run, &t);
    expect_trials(s, subject, &t, 1);
    trial_done(&t);
    store_close(s);
}

/* Parts of one trial must not slip into another. */
static void test_trials_keep_their_own_parts_and_their_order(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct trial  t[5], other;
    struct err    err = {0};
    int64_t       run, subject, second;

    make_trial(&t[0], 9);
    make_full_trial(&t[1]);
    t[2] = (struct trial){.key = "empty"};
    make_trial(&t[3], 1);
    trial_observe(&t[3], "only here", 1);
    make_trial(&t[4], 5);
    make_trial(&other, 9);            /* the same key, another subject */

    make_subject(s, &run, &subject);
    check(store_subject(s, "other", false, &second, &err), &err);
    assert_int_not_equal(subject, second);
    for (size_t i = 0; i < 5; i++) {
        put(s, subject, run, &t[i]);
        if (i == 2) put(s, second, run, &other);
    }
    expect_trials(s, subject, t, 5);
    expect_trials(s, second, &other, 1);
    expect_trials(s, second + 1, NULL, 0);
    for (size_t i = 0; i < 5; i++) trial_done(&t[i]);
    trial_done(&other);
    store_close(s);
}

static void test_only_a_harness_fault_is_replaced(void **state)
{
    static const struct {
        const char       *what;
        enum trial_status status;
        enum outcome      outcome;
        bool              replaced;
    } cases[] = {
        {"ok", TRIAL_OK, OUTCOME_NONE, false},
        {"failed", TRIAL_FAILED, OUTCOME_FAIL, false},
        {"harness fault", TRIAL_HARNESS_FAULT, OUTCOME_NONE, true},
        {"case judged as one", TRIAL_OK, OUTCOME_HARNESS, true},
    };
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct trial  before, after;
    struct err    err = {0};
    int64_t       run, subject;

    make_subject(s, &run, &subject);
    make_trial(&after, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(store_subject(s, cases[i].what, false, &subject, &err), &err);
        make_full_trial(&before);
        memcpy(before.key, after.key, sizeof before.key);
        before.status = cases[i].status;
        before.outcome = cases[i].outcome;
        put(s, subject, run, &before);
        put(s, subject, run, &after);
        put(s, subject, run, &before);   /* the good one now stands */
        expect_trials(s, subject, cases[i].replaced ? &after : &before, 1);
        trial_done(&before);
    }
    trial_done(&after);
    store_close(s);
}

static void test_fresh_hides_what_was_before(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct trial  old, new;
    struct err    err = {0};
    int64_t       run, subject, again;

    make_trial(&old, 1);
    old.status = TRIAL_HARNESS_FAULT;
    make_full_trial(&new);
    memcpy(new.key, old.key, sizeof new.key);
    make_subject(s, &run, &subject);
    put(s, subject, run, &old);

    check(store_subject(s, "subject", false, &again, &err), &err);
    assert_int_equal(again, subject);
    expect_trials(s, subject, &old, 1);
    check(store_subject(s, "subject", true, &again, &err), &err);
    assert_int_equal(again, subject);
    expect_trials(s, subject, NULL, 0);
    put(s, subject, run, &new);
    expect_trials(s, subject, &new, 1);
    new.outcome = OUTCOME_FAIL;
    free(new.reason);
    new.reason = NULL;
    check(store_set_judgement(s, subject, &new, &err), &err);  /* the new one */
    expect_trials(s, subject, &new, 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM trial"), 2);  /* kept */
    trial_done(&old);
    trial_done(&new);
    store_close(s);
}

static void test_any_text_is_stored_and_none_is_run(void **state)
{
    static const char *const texts[] = {
        "'); DROP TABLE trial; --", "\"", "`", "\\", "%s%n", "?1 :a @b $c",
        "\x01\x02\x1b[31m\x7f\r\n\t", "\xe2\x80\xaexyz", "[[1,0,1,1]]",
        "\xff\xfe cut \xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
    };
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    int64_t       run, subject;

    make_subject(s, &run, &subject);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err   err = {0};
        char        *clean = utf8_clean(texts[i], strlen(texts[i]));
        char *const  hash = mem_printf("%zu %s", i, texts[i]);
        struct trial t = {0};
        struct turn *turn = trial_add_turn(&t);

        free(turn->content);
        turn->content = mem_copy(texts[i]);
        turn->calls = mem_new(1, sizeof *turn->calls);
        turn->n_calls = 1;
        turn->calls[0] = (struct tool_call){mem_copy(texts[i]),
                                            mem_copy(texts[i]),
                                            mem_copy(texts[i])};
        trial_add_message(&t, "user", texts[i]);
        snprintf(t.key, sizeof t.key, "%s", texts[i]);
        t.reason = mem_copy(texts[i]);
        check(store_subject(s, hash, false, &subject, &err), &err);
        put(s, subject, run, &t);

        free(turn->content);
        turn->content = mem_copy(clean);
        free(turn->calls[0].id);
        free(turn->calls[0].name);
        free(turn->calls[0].arguments);
        turn->calls[0] = (struct tool_call){mem_copy(clean), mem_copy(clean),
                                            mem_copy(clean)};
        free(t.messages[0].text);
        t.messages[0].text = mem_copy(clean);
        free(t.reason);
        t.reason = mem_copy(clean);
        snprintf(t.key, sizeof t.key, "%s", clean);
        expect_trials(s, subject, &t, 1);
        trial_done(&t);
        free(clean);
        free(hash);
    }
    store_close(s);
}

static int stop_at_two(void *ctx, const struct trial *t)
{
    (void)t;
    return ++*(int *)ctx == 2 ? 7 : 0;
}

static void test_reading_stops_when_the_reader_has_enough(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct err    err = {0};
    int64_t       run, subject;
    int           seen = 0;

    make_subject(s, &run, &subject);
    for (int i = 0; i < 3; i++) {
        struct trial t;

        make_trial(&t, i);
        put(s, subject, run, &t);
        trial_done(&t);
    }
    assert_int_equal(store_each_trial(s, subject, true, stop_at_two, &seen,
                                      &err), 7);
    assert_int_equal(seen, 2);
    assert_int_equal(err.kind, ERR_NONE);
    store_close(s);
}

struct judge {
    struct store *store;
    int64_t       subject;
};

static int judge_again(void *ctx, const struct trial *t)
{
    struct judge *j = ctx;
    struct trial  judged = *t;
    struct err    err = {0};

    judged.outcome = OUTCOME_TEMPLATE;
    judged.reason = (char *)(uintptr_t)"no tools in the template";
    check(store_set_judgement(j->store, j->subject, &judged, &err), &err);
    return 0;
}

static void test_trials_are_judged_again_while_they_are_read(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct judge  j = {s, 0};
    struct trial  t[3];
    struct err    err = {0};
    int64_t       run;

    make_subject(s, &run, &j.subject);
    for (int i = 0; i < 3; i++) {
        make_trial(&t[i], i);
        put(s, j.subject, run, &t[i]);
        t[i].outcome = OUTCOME_TEMPLATE;
        t[i].reason = mem_copy("no tools in the template");
    }
    check(store_each_trial(s, j.subject, true, judge_again, &j, &err), &err);
    store_close(s);
    s = open_store(p->path, false);
    expect_trials(s, j.subject, t, 3);
    store_close(s);

    s = open_store(p->path, true);
    snprintf(t[0].key, sizeof t[0].key, "no such trial");
    assert_int_equal(store_set_judgement(s, j.subject, &t[0], &err), -1);
    assert_non_null(strstr(err.text, "no such trial"));
    store_close(s);
    for (int i = 0; i < 3; i++) trial_done(&t[i]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(test_a_trial_comes_back_as_it_was),
        TEST(test_what_was_not_observed_is_null_in_the_file),
        TEST(test_a_trial_that_breaks_the_rules_leaves_nothing),
        TEST(test_trials_keep_their_own_parts_and_their_order),
        TEST(test_only_a_harness_fault_is_replaced),
        TEST(test_fresh_hides_what_was_before),
        TEST(test_any_text_is_stored_and_none_is_run),
        TEST(test_reading_stops_when_the_reader_has_enough),
        TEST(test_trials_are_judged_again_while_they_are_read),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
