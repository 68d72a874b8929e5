/* SPDX-License-Identifier: MIT */
/* What a second run does, with everything that comes once: stopped anywhere,
 * after a quick one, within its budget. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "audit_fixture.h"
#include "base/bytes.h"
#include "series.h"
#include "works.h"

/* Half a minute for the largest of the cliff's prompts, and less than --full
 * allows. */
static const char slow_recording[] =
    "{\"prompt_tok_s\":20,\"tok_s\":40,\"load_s\":1.25,"
    "\"answers\":[{\"content\":\"" ANSWER "\"}]}";

/* ---- the preflight's place ---------------------------------------------- */

static int  n_preflights;
static bool finds_a_switch;

static int note_preflight(void *ctx, const struct preflight *p, bool *again,
                          struct err *err)
{
    (void)ctx;
    (void)p;
    (void)err;
    n_preflights++;
    *again = finds_a_switch;
    return 0;
}

/* An audition with everything: quick, one block. */
static void open_whole(struct audit *a, const char *recording)
{
    audit_open(a, replay, recording);
    free(a->config.prompt);
    a->config.prompt = mem_copy("You help.\n{{entities}}");
    a->schedule.long_prefill = false;
    a->schedule.max_rounds = 2;
    a->schedule.deep_blocks = 1;
    a->m.on_preflight = note_preflight;
    n_preflights = 0;
    finds_a_switch = false;
}

static void check_once(const struct bank *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->trials[i].status != TRIAL_OK)
            fail_msg("%s: %s", b->trials[i].key, b->trials[i].reason);
        if (count_key(b, b->trials[i].key) != 1)
            fail_msg("%s: %zu times", b->trials[i].key,
                     count_key(b, b->trials[i].key));
    }
}

/* The first value of a trial's metric; NAN. */
static double value_of(const struct bank *b, const char *key,
                       const char *metric)
{
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->trials[i].n_observations; k++)
            if (strcmp(b->trials[i].key, key) == 0 &&
                strcmp(b->trials[i].observations[k].metric, metric) == 0)
                return b->trials[i].observations[k].value;
    return NAN;
}

static void test_stopped_after_any_trial_only_the_rest_is_done(void **state)
{
    struct audit a;
    struct bank  whole = {0};
    double       cached;

    (void)state;
    open_whole(&a, plain_recording);
    run_whole(&a, &whole);
    check_once(&whole);
    assert_int_equal(n_preflights, 1);
    assert_int_equal(count_key(&whole, "b0/conversation/0"), 1);
    assert_int_equal(count_key(&whole, "b0/cliff/0"), 1);
    assert_int_equal(count_key(&whole, "b0/serving/0"), 1);
    cached = value_of(&whole, "b0/conversation/0", SERIES_TURN_CACHED);
    /* The prompt is there: what was asked before has another one. */
    assert_true(cached > 5);
    for (size_t at = 1; at <= whole.n; at++) {
        struct bank pieces = {.interrupt_at = at};
        struct err  err    = {0};
        size_t      again;
        bool        failed;

        n_preflights = 0;
        assert_int_equal(run_block(&a, &pieces, &failed, &err), -1);
        assert_int_equal(err.kind, ERR_STOPPED);
        assert_int_equal(pieces.n, at);
        run_whole(&a, &pieces);
        again = count_key(&pieces, "/load/") - 1;
        assert_true(again <= 1);
        assert_int_equal(pieces.n, whole.n + again +
                         count_key(&pieces, "/cold_start/") - 1);
        assert_int_equal(n_preflights, 1);
        check_once(&pieces);
        for (size_t i = 0; i < whole.n; i++)
            assert_int_equal(count_key(&pieces, whole.trials[i].key), 1);
        /* What is measured does not depend on what came before. */
        assert_true(value_of(&pieces, "b0/conversation/0",
                             SERIES_TURN_CACHED) == cached);
        assert_true(is_done(&a, &pieces));
        bank_done(&pieces);
    }
    bank_done(&whole);
    audit_end(&a);
}

static void test_what_the_preflight_changes_is_changed_before_measuring(
    void **state)
{
    struct audit        a;
    struct bank         b        = {0};
    struct progress     progress = {0};
    struct engine_facts facts    = {0};
    struct err          err      = {0};
    bool                again, failed;

    (void)state;
    open_whole(&a, plain_recording);
    finds_a_switch = true;
    a.m.progress = &progress;
    a.m.ctx = &b;
    assert_int_equal(measure_block(&a.m, 0, &facts, &again, &failed, &err), 0);
    assert_true(again);
    assert_int_equal(b.n, 3);             /* load, cold start, preflight */
    assert_string_equal(b.trials[2].key, "preflight");
    engine_facts_done(&facts);
    progress_done(&progress);
    run_whole(&a, &b);                    /* the power may fail in between */
    assert_int_equal(n_preflights, 1);
    assert_int_equal(count_key(&b, "/load/"), 2);
    assert_int_equal(count_key(&b, "/cold_start/"), 2);
    assert_true(is_done(&a, &b));
    bank_done(&b);
    audit_end(&a);
}

/* ---- after a quick one -------------------------------------------------- */

static void test_a_full_audition_adds_what_the_quick_one_left_out(void **state)
{
    static const struct { const char *recording; size_t cliffs; } cases[] = {
        {plain_recording, 0}, {slow_recording, 1}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct audit a;
        struct bank  b = {0};
        size_t       quick;

        open_whole(&a, cases[i].recording);
        run_whole(&a, &b);
        check_once(&b);
        quick = b.n;
        a.schedule.long_prefill = true;
        assert_false(is_done(&a, &b));
        run_whole(&a, &b);
        assert_int_equal(count_key(&b, "/prefill2048/"), 2);
        assert_int_equal(count_key(&b, "/cliff_full/"), cases[i].cliffs);
        /* and a load with its first answer */
        assert_int_equal(b.n, quick + 2 + cases[i].cliffs + 2);
        assert_true(is_done(&a, &b));
        a.schedule.long_prefill = false;
        assert_true(is_done(&a, &b));     /* nor is more of a quick one */
        bank_done(&b);
        audit_end(&a);
    }
}

static void test_the_cliff_of_a_full_audition_serves_a_quick_one(void **state)
{
    struct audit a;
    struct bank  b = {0};

    (void)state;
    open_whole(&a, slow_recording);
    a.schedule.long_prefill = true;
    run_whole(&a, &b);
    assert_int_equal(count_key(&b, "/cliff_full/0"), 1);
    assert_int_equal(count_key(&b, "/cliff/0"), 0);
    a.schedule.long_prefill = false;
    assert_true(is_done(&a, &b));
    bank_done(&b);
    audit_end(&a);
}

static void test_what_comes_once_costs_the_rounds_nothing(void **state)
{
    struct audit a;
    struct bank  b = {0};
    double       round_s = 0;

    (void)state;
    open_whole(&a, plain_recording);
    run_whole(&a, &b);
    for (size_t i = 0; i < b.n; i++)
        if (schedule_is_round(b.trials[i].key))
            round_s += b.trials[i].duration_s / 2;
    bank_done(&b);
    /* The conversation alone lasts longer than two rounds. */
    a.schedule.narrow_frac = -1;          /* never enough */
    a.schedule.max_rounds = 8;
    a.schedule.block_budget_s = 3.5 * round_s;
    run_whole(&a, &b);
    assert_int_equal(count_key(&b, "/speak/"), 4);
    assert_int_equal(count_key(&b, "/conversation/"), 1);
    bank_done(&b);
    audit_end(&a);
}

/* ---- what is no answer, and no wait ------------------------------------- */

static void test_a_question_that_failed_is_no_answer(void **state)
{
    struct audit a;
    struct bank  b   = {0};
    struct err   err = {0};
    bool         failed;
    size_t       cases = 0;

    (void)state;
    audit_open(&a, replay, "{" SPEEDS "\"answers\":[{\"when\":\"e\","
               "\"content\":\"" ANSWER "\"}]}");
    assert_int_equal(run_block(&a, &b, &failed, &err), -1);
    for (size_t i = 0; i < b.n; i++) {
        if (!b.trials[i].suite) continue;
        cases++;
        assert_int_equal(b.trials[i].status, TRIAL_HARNESS_FAULT);
        assert_true(isnan(value_of(&b, b.trials[i].key, WORKS_ANSWER)));
    }
    assert_true(cases > 0);
    bank_done(&b);
    audit_end(&a);
}

/* A cold start is over when the first answer comes: nothing of ours, such as
 * writing to a slow card, stands before it. */
static void test_the_first_question_waits_for_no_storing(void **state)
{
    struct audit a;
    struct bank  b   = {.refuse_at = 1};
    struct err   err = {0};
    struct bytes record = {0};
    char        *path, *asked;
    bool         failed;

    (void)state;
    if (!fake_is_there()) skip();
    audit_open(&a, &players[0],
               "{\"tok_s\":0,\"prompt_tok_s\":0,\"record\":\"FOLDER/record\"}");
    assert_int_equal(run_block(&a, &b, &failed, &err), -1);
    assert_string_equal(err.text, "the disk is full");
    assert_false(failed);
    path = temp_path(&a.stage.tree, "record");
    assert_int_equal(bytes_read(&record, path, 1u << 20, &err), 0);
    asked = mem_copy_n((const char *)record.data, record.size);
    assert_non_null(strstr(asked, chat_path(&players[0])));
    free(asked);
    bytes_done(&record);
    free(path);
    bank_done(&b);
    audit_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_after_any_trial_only_the_rest_is_done),
        cmocka_unit_test(
            test_what_the_preflight_changes_is_changed_before_measuring),
        cmocka_unit_test(
            test_a_full_audition_adds_what_the_quick_one_left_out),
        cmocka_unit_test(
            test_the_cliff_of_a_full_audition_serves_a_quick_one),
        cmocka_unit_test(test_what_comes_once_costs_the_rounds_nothing),
        cmocka_unit_test(test_a_question_that_failed_is_no_answer),
        cmocka_unit_test(test_the_first_question_waits_for_no_storing),
    };

    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
