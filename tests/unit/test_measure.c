/* SPDX-License-Identifier: MIT */
/* A block, whole: on a recording whose speeds are known every quantity comes
 * out as it was scripted, whatever interrupts it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_fixture.h"
#include "base/mem.h"
#include "metrics.h"

/* ---- true numbers ------------------------------------------------------- */

/* What the recording's speeds amount to; NAN: not to be had from it. */
static double expected(enum metric_id id, double prompt_n, int words)
{
    double first_s = prompt_n / PROMPT_TOK_S;   /* to the first token */

    switch (id) {
    case METRIC_load_s: return LOAD_S;
    case METRIC_prompt_tok_s:
    case METRIC_prompt_tok_s_128:
    case METRIC_prompt_tok_s_2048:
    case METRIC_prompt_tok_s_at_prompt: return PROMPT_TOK_S;
    case METRIC_prompt_tokens: return words + 3;   /* the template's roles */
    case METRIC_served_tok_s:
    case METRIC_served_tok_s_by_timings:
    case METRIC_served_tok_s_at_prompt:
    case METRIC_words_per_s: return TOK_S;
    case METRIC_ttft_s:
    case METRIC_ttfat_s: return first_s;
    case METRIC_first_clause_s:
    case METRIC_first_sentence_s:
    case METRIC_first_sentence_cold_s: return first_s + 5 / TOK_S;
    case METRIC_underrun_s: return 0;
    case METRIC_cold_start_s: return LOAD_S + first_s;
    case METRIC_words35_s: return first_s + 34 / TOK_S;
    case METRIC_latency50_s: return first_s + 49 / TOK_S;
    case METRIC_latency50_naive_s: return 50 / TOK_S;
    default: return NAN;
    }
}

static int words_of(const struct bank *b, const char *key)
{
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->trials[i].key, key) == 0) return b->words[i];
    fail_msg("no %s", key);
    return 0;
}

static void test_every_quantity_is_what_the_recording_scripts(void **state)
{
    struct audit a;
    struct bank  b = {0};
    size_t       seen[METRIC_COUNT] = {0};

    (void)state;
    audit_open(&a, replay, plain_recording);
    run_whole(&a, &b);
    for (size_t i = 0; i < b.n; i++)
        for (size_t k = 0; k < b.trials[i].n_observations; k++) {
            const struct observation *o = &b.trials[i].observations[k];
            int    id   = metric_find(o->metric);
            double want;

            if (id < 0) continue;               /* a count, a series */
            /* The first question of all is the first one at your prompt. */
            want = expected((enum metric_id)id, id == METRIC_cold_start_s
                            ? words_of(&b, "b0/at_prompt/0") + 3
                            : b.prompt_n[i], b.words[i]);
            if (!(fabs(o->value - want) <= 1e-9 * want))
                fail_msg("%s: %s is %.12g, not %.12g", b.trials[i].key,
                         o->metric, o->value, want);
            seen[id]++;
        }
    for (int id = 0; id < METRIC_COUNT; id++)
        if ((seen[id] > 0) == isnan(expected((enum metric_id)id, 1, 1)))
            fail_msg("%s: seen %zu times", metric_info[id].name, seen[id]);
    bank_done(&b);
    audit_end(&a);
}

/* The prefix is warm and the utterance is not; cold prompts are cold. */
static void test_what_was_cached_is_as_the_definitions_say(void **state)
{
    static const struct { const char *part; double prompt_n; } cold[] = {
        {"/decode/", 64}, {"/prefill128/", 128}, {"/prefill512/", 512},
        {"/prefill2048/", 2048}};
    struct audit a;
    struct bank  b = {0};

    (void)state;
    audit_open(&a, replay, plain_recording);
    run_whole(&a, &b);
    for (size_t i = 0; i < b.n; i++) {
        const char *key = b.trials[i].key;

        for (size_t k = 0; k < 4; k++)
            if (strstr(key, cold[k].part))
                assert_true(b.prompt_n[i] == cold[k].prompt_n);
        if (strstr(key, "/at_prompt/"))
            assert_true(b.prompt_n[i] == b.words[i] + 3);
        if (strstr(key, "/latency50/"))      /* less "<system> You ..." */
            assert_true(b.prompt_n[i] == b.words[i] + 3 - 7);
        if (strstr(key, "/speak/"))
            assert_true(b.prompt_n[i] == b.words[i] - ANSWER_WORDS + 3 - 7);
    }
    bank_done(&b);
    audit_end(&a);
}

static void test_a_block_holds_each_trial_once(void **state)
{
    static const char *const kinds[] = {
        "b0/load/", "b0/decode/", "b0/prefill128/", "b0/prefill512/",
        "b0/prefill2048/", "b0/at_prompt/", "b0/latency50/", "b0/speak/",
        "b0/speak_cold/", "case/s/"};
    struct audit a;
    struct bank  b = {0};

    (void)state;
    audit_open(&a, replay, plain_recording);
    run_whole(&a, &b);
    assert_int_equal(count_key(&b, kinds[0]), 1);
    assert_int_equal(count_key(&b, "b0/cold_start/"), 1);
    for (size_t i = 1; i < 9; i++)           /* as many as an interval takes */
        assert_int_equal(count_key(&b, kinds[i]), 6);
    assert_int_equal(count_key(&b, kinds[9]), 4);
    assert_int_equal(b.n, 2 + 8 * 6 + 4);
    for (size_t i = 0; i < b.n; i++) {
        assert_int_equal(b.trials[i].status, TRIAL_OK);
        assert_int_equal(count_key(&b, b.trials[i].key), 1);
        assert_int_equal(b.trials[i].outcome == OUTCOME_PASS,
                         strncmp(b.trials[i].key, "case/", 5) == 0);
    }
    assert_true(is_done(&a, &b));
    bank_done(&b);
    audit_end(&a);
}

/* ---- interruptions ------------------------------------------------------ */

static void test_interrupted_after_every_trial_it_ends_as_if_it_were_not(
    void **state)
{
    struct audit a;
    struct bank  whole = {0}, pieces = {0};
    size_t       starts = 0, loads;
    int          rc;

    (void)state;
    audit_open(&a, replay, plain_recording);
    run_whole(&a, &whole);
    do {
        struct err err = {0};
        bool       failed;

        pieces.interrupt_at = pieces.n + 3;   /* load, first answer, one */
        rc = run_block(&a, &pieces, &failed, &err);
        starts++;
        assert_false(failed);
        if (rc) assert_int_equal(err.kind, ERR_STOPPED);
        assert_true(starts < 200);
    } while (rc);
    /* With nothing left to ask, no engine is started. */
    loads = count_key(&pieces, "/load/");
    assert_true(loads == starts || loads + 1 == starts);
    assert_int_equal(count_key(&pieces, "/cold_start/"), loads);
    assert_int_equal(pieces.n - 2 * loads, whole.n - 2);
    for (size_t i = 2; i < whole.n; i++)
        assert_int_equal(count_key(&pieces, whole.trials[i].key), 1);
    assert_true(is_done(&a, &pieces));
    bank_done(&whole);
    bank_done(&pieces);
    audit_end(&a);
}

static void test_a_trial_that_cannot_be_kept_is_no_fault_of_the_candidate(
    void **state)
{
    static const char *const recordings[] = {
        plain_recording,
        "{\"dies_at_request\":1,\"answers\":[{\"content\":\"a\"}]}",
        "{\"fail_load\":\"out of memory\"}"};

    (void)state;
    for (size_t r = 0; r < 3; r++)
        for (size_t at = 1; at <= (r == 0 ? 5 : r == 1 ? 2 : 1); at++) {
            struct audit a;
            struct bank  b   = {.refuse_at = at};
            struct err   err = {0};
            bool         failed;

            audit_open(&a, replay, recordings[r]);
            assert_int_equal(run_block(&a, &b, &failed, &err), -1);
            assert_string_equal(err.text, "the disk is full");
            assert_false(failed);
            assert_int_equal(b.n, at - 1);
            bank_done(&b);
            audit_end(&a);
        }
}

/* ---- candidates that cannot go on --------------------------------------- */

static void test_an_engine_that_dies_leaves_one_death_and_no_more(void **state)
{
    (void)state;
    for (int n = 1; n <= 40; n++) {
        char *recording = mem_printf("{" SPEEDS "\"dies_at_request\":%d,"
                                     "\"answers\":[{\"content\":\"" ANSWER
                                     "\"}]}", n);
        struct audit        a;
        struct bank         b   = {0};
        struct err          err = {0};
        const struct trial *last;
        bool                failed;

        audit_open(&a, replay, recording);
        assert_int_equal(run_block(&a, &b, &failed, &err), -1);
        assert_true(failed);
        assert_int_equal(err.kind, ERR_FAILED);
        assert_int_equal(count_key(&b, "died"), 1);
        last = &b.trials[b.n - 1];
        assert_string_equal(last->key, "died");
        assert_int_equal(last->status, TRIAL_FAILED);
        assert_string_equal(last->fault, "engine");
        assert_string_equal(last->reason, err.text);
        /* Before it at most the trial that it died of, which is not done. */
        for (size_t i = 0; i + 2 < b.n; i++)
            assert_int_equal(b.trials[i].status, TRIAL_OK);
        if (n > 1)
            assert_int_equal(b.trials[b.n - 2].status, TRIAL_HARNESS_FAULT);
        assert_true(is_done(&a, &b));
        bank_done(&b);
        audit_end(&a);
        free(recording);
    }
}

static void test_a_failed_load_is_kept_and_a_wrong_path_is_not(void **state)
{
    static const struct { const char *recording; size_t n; } loads[] = {
        {"{\"fail_load\":\"out of memory\"}", 1}, {"{", 0}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct audit a;
        struct bank  b   = {0};
        struct err   err = {0};
        bool         failed;

        audit_open(&a, replay, loads[i].recording);
        assert_int_equal(run_block(&a, &b, &failed, &err), -1);
        assert_true(failed);
        assert_true(*err.text);
        assert_int_equal(b.n, loads[i].n);
        assert_int_equal(is_done(&a, &b), b.n == 1);
        bank_done(&b);
        audit_end(&a);
    }
}

/* Nobody has an answer to the cases' question: the recording's fault, so the
 * block ends, but nothing says that the candidate died. */
static void test_three_faults_of_others_end_the_block_and_condemn_nobody(
    void **state)
{
    struct audit a;
    struct bank  b   = {0};
    struct err   err = {0};
    bool         failed;

    (void)state;
    audit_open(&a, replay, "{" SPEEDS "\"answers\":[{\"when\":\"e\","
               "\"content\":\"" ANSWER "\"}]}");
    assert_int_equal(run_block(&a, &b, &failed, &err), -1);
    assert_true(failed);
    assert_non_null(strstr(err.text, "gave up after 3 failures in a row, the "
                           "last: the recording has no answer"));
    assert_int_equal(count_key(&b, "case/s/"), 3);
    assert_int_equal(b.n, 2 + 8 * 2 + 3);
    assert_int_equal(count_key(&b, "died"), 0);
    assert_false(is_done(&a, &b));
    bank_done(&b);
    audit_end(&a);
}

/* ---- a server that is busy ---------------------------------------------- */

/* Its first answer is the warm-up's, its third a measured one. */
static void test_a_busy_server_is_asked_again(void **state)
{
    struct audit a;
    struct bank  b   = {0};
    struct err   err = {0};
    bool         failed;

    (void)state;
    if (!fake_is_there()) skip();
    audit_open(&a, &players[2],
               "{\"tok_s\":0,\"prompt_tok_s\":0,\"record\":\"FOLDER/record\","
               "\"fault\":[{\"kind\":\"http429\",\"at_request\":1},"
               "{\"kind\":\"http503\",\"at_request\":4}]}");
    a.schedule.min_rounds = a.schedule.max_rounds = 1;
    if (run_block(&a, &b, &failed, &err)) fail_msg("%s", err.text);
    assert_int_equal(b.n, 1 + 3 + 4);    /* load, one round, cases */
    for (size_t i = 0; i < b.n; i++)
        assert_int_equal(b.trials[i].status, TRIAL_OK);
    bank_done(&b);
    audit_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_quantity_is_what_the_recording_scripts),
        cmocka_unit_test(test_what_was_cached_is_as_the_definitions_say),
        cmocka_unit_test(test_a_block_holds_each_trial_once),
        cmocka_unit_test(
            test_interrupted_after_every_trial_it_ends_as_if_it_were_not),
        cmocka_unit_test(
            test_a_trial_that_cannot_be_kept_is_no_fault_of_the_candidate),
        cmocka_unit_test(
            test_an_engine_that_dies_leaves_one_death_and_no_more),
        cmocka_unit_test(test_a_failed_load_is_kept_and_a_wrong_path_is_not),
        cmocka_unit_test(
            test_three_faults_of_others_end_the_block_and_condemn_nobody),
        cmocka_unit_test(test_a_busy_server_is_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
