/* SPDX-License-Identifier: MIT */
/* Runs, their candidates, and the small facts that are remembered. */
#include "store_fixture.h"

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
    check(store_put_trial(s, subject, second.id, &t, &err), &err);
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
        TEST(test_runs_are_listed_finished_and_found_again),
        TEST(test_a_candidate_is_stored_once_a_run),
        TEST(test_memos_are_recalled_until_written_anew),
    };

    return cmocka_run_group_tests_name("store_runs", tests, NULL, NULL);
}
