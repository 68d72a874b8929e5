/* SPDX-License-Identifier: MIT */
/* What goes into the store comes out of it. What breaks under it, and who
 * may open it: test_store_faults.c. */
#include "store_fixture.h"

#include <math.h>

#include "base/jsonx.h"
#include "base/utf8.h"
#include "store_internal.h"

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

static void expect_text(const char *got, const char *want)
{
    if (want) {
        assert_non_null(got);
        assert_string_equal(got, want);
    } else assert_null(got);
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
    check(store_set_outcome(s, subject, new.key, OUTCOME_FAIL, NULL, &err),
          &err);                          /* of the new one */
    new.outcome = OUTCOME_FAIL;
    free(new.reason);
    new.reason = NULL;
    expect_trials(s, subject, &new, 1);
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
    struct err    err = {0};

    check(store_set_outcome(j->store, j->subject, t->key, OUTCOME_TEMPLATE,
                            "no tools in the template", &err), &err);
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
    assert_int_equal(store_set_outcome(s, j.subject, "no such trial",
                                       OUTCOME_PASS, NULL, &err), -1);
    assert_non_null(strstr(err.text, "no such trial"));
    store_close(s);
    for (int i = 0; i < 3; i++) trial_done(&t[i]);
}

struct run_row {
    int64_t id;
    int     candidates, trials;
    bool    is_finished;
};

static int note_run(void *ctx, const struct store_run *run, int candidates,
                    int trials)
{
    struct run_row **at = ctx;

    *(*at)++ = (struct run_row){run->id, candidates, trials,
                                run->is_finished};
    return 0;
}

static void test_runs_are_listed_finished_and_found_again(void **state)
{
    struct place    *p = *state;
    struct store    *s = open_store(p->path, true);
    struct store_run first = {.started_utc = "2026-11-23T05:33:30Z",
                              .config = "board: 'x'\n", .settings = "{}",
                              .version = "0.1"};
    struct store_run second = {.started_utc = "2026-11-24T05:33:30Z"};
    struct store_run got;
    struct run_row   rows[4], *at = rows;
    struct candidate c = {.name = (char[]){"a"}};
    struct trial     t;
    struct err       err = {0};
    int64_t          subject;
    char            *facts;

    assert_int_equal(store_get_run(s, 0, &got, &facts, &err), -1);
    assert_non_null(strstr(err.text, "holds no run yet"));
    err = (struct err){0};

    check(store_add_run(s, &first, &err), &err);
    check(store_add_run(s, &second, &err), &err);
    assert_true(first.id > 0 && second.id > first.id);
    first.machine = (char[]){"{\"board\":\"x\"}"};
    check(store_add_run(s, &first, &err), &err);   /* learnt later */
    check(store_finish_run(s, first.id, "{\"n\":1}", &err), &err);
    check(store_subject(s, "h", false, &subject, &err), &err);
    check(store_add_candidate(s, second.id, &c, subject, "{}", &err), &err);
    make_trial(&t, 1);
    put(s, subject, second.id, &t);
    trial_done(&t);

    check(store_each_run(s, note_run, &at, &err), &err);
    assert_int_equal(at - rows, 2);
    assert_memory_equal(&rows[0].id, &first.id, sizeof first.id);
    assert_true(rows[0].is_finished && !rows[1].is_finished);
    assert_int_equal(rows[0].candidates + rows[0].trials, 0);
    assert_int_equal(rows[1].candidates, 1);
    assert_int_equal(rows[1].trials, 1);

    check(store_get_run(s, first.id, &got, &facts, &err), &err);
    assert_string_equal(got.started_utc, first.started_utc);
    expect_text(got.config, first.config);
    expect_text(got.settings, first.settings);
    expect_text(got.machine, first.machine);
    expect_text(got.version, first.version);
    expect_text(facts, "{\"n\":1}");
    store_run_done(&got);
    free(facts);

    check(store_get_run(s, 0, &got, &facts, &err), &err);
    assert_int_equal(got.id, second.id);
    expect_text(got.config, NULL);
    expect_text(facts, NULL);
    store_run_done(&got);

    assert_int_equal(store_get_run(s, 77, &got, &facts, &err), -1);
    assert_non_null(strstr(err.text, "holds no run 77"));
    err = (struct err){0};
    assert_int_equal(store_finish_run(s, 77, "{}", &err), -1);
    store_close(s);
}

static void test_a_candidate_is_stored_once_a_run(void **state)
{
    struct place    *p = *state;
    struct store    *s = open_store(p->path, true);
    struct candidate c = {.name = (char[]){"qwen"}, .source = SOURCE_SERVER,
                          .path = (char[]){"no"},
                          .base_url = (char[]){"http://127.0.0.1:8080"}};
    struct query     q;
    struct err       err = {0};
    int64_t          run, subject;

    make_subject(s, &run, &subject);
    c.failure = (struct err){ERR_PREFLIGHT, "it is not there"};
    check(store_add_candidate(s, run, &c, 0, NULL, &err), &err);
    check(query_begin(&q, s, "SELECT count(*), max(name), max(source), "
                      "max(location), max(failure), max(subject_id), "
                      "max(model_sha256), max(facts) FROM candidate", &err),
          &err);
    assert_int_equal(query_step(&q, &err), 1);
    assert_int_equal(query_integer(&q, 0), 1);
    assert_string_equal(query_text(&q, 1), "qwen");
    assert_string_equal(query_text(&q, 2), "server");
    assert_string_equal(query_text(&q, 3), c.base_url);
    assert_string_equal(query_text(&q, 4), "it is not there");
    assert_int_equal(query_count(&q, 5), -1);
    assert_string_equal(query_text(&q, 6), "");
    check(query_run(&q, &err), &err);

    c.failure = (struct err){0};
    memset(c.sha256, 'a', 64);
    check(store_add_candidate(s, run, &c, subject, "{}", &err), &err);
    assert_int_equal(query_step(&q, &err), 1);
    assert_int_equal(query_integer(&q, 0), 1);
    assert_string_equal(query_text(&q, 4), "");
    assert_int_equal(query_count(&q, 5), subject);
    assert_string_equal(query_text(&q, 6), c.sha256);
    assert_string_equal(query_text(&q, 7), "{}");
    query_end(&q);
    store_close(s);
}

static void test_memos_are_recalled_until_written_anew(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct err    err = {0};
    char         *value;

    assert_null(store_recall(s, "sha256", "1:2:3"));
    check(store_remember(s, "sha256", "1:2:3", "aa", &err), &err);
    check(store_remember(s, "build", "1:2:3", "b1", &err), &err);
    check(store_remember(s, "sha256", "1:2:3", "bb'", &err), &err);
    store_close(s);
    s = open_store(p->path, false);
    value = store_recall(s, "sha256", "1:2:3");
    expect_text(value, "bb'");
    free(value);
    value = store_recall(s, "build", "1:2:3");
    expect_text(value, "b1");
    free(value);
    assert_null(store_recall(s, "build", "1"));
    assert_int_equal(store_remember(s, "build", "1", "c", &err), -1);
    store_close(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(test_a_trial_comes_back_as_it_was),
        TEST(test_trials_keep_their_own_parts_and_their_order),
        TEST(test_only_a_harness_fault_is_replaced),
        TEST(test_fresh_hides_what_was_before),
        TEST(test_any_text_is_stored_and_none_is_run),
        TEST(test_reading_stops_when_the_reader_has_enough),
        TEST(test_trials_are_judged_again_while_they_are_read),
        TEST(test_runs_are_listed_finished_and_found_again),
        TEST(test_a_candidate_is_stored_once_a_run),
        TEST(test_memos_are_recalled_until_written_anew),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
