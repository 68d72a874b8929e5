/* SPDX-License-Identifier: MIT */
/* What stored trials amount to: counted by hand in the tables here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "evidence.h"
#include "works.h"

static struct trial speed_trial(const char *key, const char *metric,
                                double value)
{
    struct trial t = {.n_turns = 0};

    snprintf(t.key, sizeof t.key, "%s", key);
    trial_observe(&t, metric, value);
    return t;
}

static void add_value(struct evidence *e, const char *metric, double value)
{
    struct trial t = speed_trial("b0/x/0", metric, value);

    evidence_add(e, &t);
    trial_done(&t);
}

static struct trial case_trial(const char *suite, const char *id,
                               enum outcome outcome)
{
    struct trial t = {.suite = mem_copy(suite), .case_id = mem_copy(id),
                      .outcome = outcome};

    snprintf(t.key, sizeof t.key, "case/%s/%s", suite, id);
    return t;
}

static void add_case(struct evidence *e, const char *suite, const char *id,
                     enum outcome outcome)
{
    struct trial t = case_trial(suite, id, outcome);

    evidence_add(e, &t);
    trial_done(&t);
}

static void add_cases(struct evidence *e, const char *suite, int n,
                      enum outcome outcome)
{
    for (int i = 0; i < n; i++) {
        char id[48];
        snprintf(id, sizeof id, "%s-%s-%d", suite, outcome_name(outcome), i);
        add_case(e, suite, id, outcome);
    }
}

static bool only_home(void *ctx, const char *suite)
{
    (void)ctx;
    return strcmp(suite, "home") == 0;
}

static void finish(struct facts *f, struct evidence *e,
                   const struct candidate_facts *known)
{
    *f = (struct facts){.candidates = mem_new(1, sizeof *f->candidates),
                        .n_candidates = 1};
    f->candidates[0] = *known;
    evidence_summarise(e, only_home, NULL, 1.5, &f->candidates[0]);
}

static void done(struct facts *f, struct evidence *e)
{
    facts_done(f);
    evidence_done(e);
}

static void test_a_metric_is_median_and_interval_of_all_blocks(void **state)
{
    static const double values[] = {31, 33, 30, 35, 32, 34};
    struct candidate_facts known = {.status = STATUS_OK};
    struct evidence e = {0};
    struct facts    f;
    const struct metric *m;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct trial t = speed_trial("b0/decode/0", "served_tok_s",
                                     values[i]);
        t.block = (int)i % 2;
        evidence_add(&e, &t);
        trial_done(&t);
    }
    finish(&f, &e, &known);
    m = &f.candidates[0].metrics[METRIC_served_tok_s];
    assert_true(m->median == 32.5);
    assert_true(m->low == 30 && m->high == 35);    /* six: all of them */
    assert_int_equal(m->n, 6);
    assert_string_equal(m->reason, "");
    assert_int_equal(f.candidates[0].blocks, 2);
    done(&f, &e);
}

static void test_too_few_values_have_a_median_and_no_interval(void **state)
{
    struct candidate_facts known = {.status = STATUS_OK};
    struct evidence e = {0};
    struct facts    f;
    const struct metric *m;

    (void)state;
    add_value(&e, "load_s", 2);
    add_value(&e, "load_s", 3);
    add_value(&e, "of another version", 7);
    finish(&f, &e, &known);
    m = &f.candidates[0].metrics[METRIC_load_s];
    assert_true(m->median == 2.5 && isnan(m->low) && isnan(m->high));
    assert_int_equal(m->n, 2);
    done(&f, &e);
}

static void test_what_is_missing_says_why_and_is_never_0(void **state)
{
    static const struct {
        const char *what;
        struct candidate_facts known;
        const char *seen;           /* a metric that was observed, or NULL */
        int         id;
        const char *reason;
    } cases[] = {
        {"failed", {.status = STATUS_FAILED}, NULL, METRIC_served_tok_s,
         "not auditioned"},
        {"skipped", {.status = STATUS_SKIPPED}, NULL,
         METRIC_peak_memory_bytes, "not auditioned"},
        {"another host", {.remote = true}, "ttft_s",
         METRIC_peak_memory_bytes, "another host"},
        {"another host and few words", {.remote = true}, "ttft_s",
         METRIC_words35_s, "no answer had 35 words"},
        {"somebody's server", {.remote = false}, "ttft_s",
         METRIC_anon_bytes, "not ours"},
        {"ours, but it died first", {.status = STATUS_PARTIAL}, "load_s",
         METRIC_peak_memory_bytes, "ended before"},
        {"ours, and unreadable", {.status = STATUS_OK}, "load_s",
         METRIC_peak_memory_bytes, "this machine does not say"},
        {"it never spoke", {.status = STATUS_OK}, "ttft_s",
         METRIC_first_sentence_s, "no answer had a spoken word"},
        {"it was never asked", {.status = STATUS_PARTIAL}, "load_s",
         METRIC_first_sentence_s, "ended before"},
        {"chats only", {.status = STATUS_OK}, "ttft_s", METRIC_prompt_tok_s,
         "raw prompts"},
        {"quick", {.status = STATUS_OK}, "ttft_s", METRIC_prompt_tok_s_2048,
         "--full"},
        {"no counts", {.status = STATUS_OK}, "ttft_s", METRIC_served_tok_s,
         "does not report"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct evidence e = {0};
        struct facts    f;
        const struct metric *m;

        if (cases[i].seen) add_value(&e, cases[i].seen, 1);
        finish(&f, &e, &cases[i].known);
        m = &f.candidates[0].metrics[cases[i].id];
        assert_true(isnan(m->median) && isnan(m->low) && isnan(m->high));
        assert_int_equal(m->n, 0);
        if (!strstr(m->reason, cases[i].reason))
            fail_msg("%s: %s", cases[i].what, m->reason);
        for (int id = 0; id < METRIC_COUNT; id++)
            if (f.candidates[0].metrics[id].n == 0)
                assert_true(f.candidates[0].metrics[id].reason[0]);
        done(&f, &e);
    }
}

static void test_arrivals_that_disagree_with_the_server_are_marked(
    void **state)
{
    static const struct {
        double served, timings;
        bool   is_marked;
    } cases[] = {
        {100, 100, false}, {100, 102, false}, {98.1, 100, false},
        {97.9, 100, true}, {103, 100, true},  {100, NAN, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct candidate_facts known = {.status = STATUS_OK};
        struct evidence e = {0};
        struct facts    f;

        add_value(&e, "served_tok_s", cases[i].served);
        if (!isnan(cases[i].timings))
            add_value(&e, "served_tok_s_by_timings", cases[i].timings);
        finish(&f, &e, &known);
        if (cases[i].is_marked !=
            (f.candidates[0].metrics[METRIC_served_tok_s].reason[0] != 0))
            fail_msg("%g against %g: %s", cases[i].served, cases[i].timings,
                     f.candidates[0].metrics[METRIC_served_tok_s].reason);
        done(&f, &e);
    }
}

static void test_each_outcome_is_counted_in_its_suite(void **state)
{
    struct candidate_facts known = {.status = STATUS_OK};
    struct evidence e = {0};
    struct facts    f;
    const struct quality *q;

    (void)state;
    add_cases(&e, "home", 30, OUTCOME_PASS);
    add_cases(&e, "speech", 3, OUTCOME_PASS);
    add_cases(&e, "home", 10, OUTCOME_FAIL);
    add_cases(&e, "home", 6, OUTCOME_UNPARSED);
    add_cases(&e, "home", 4, OUTCOME_TEMPLATE);
    add_cases(&e, "speech", 1, OUTCOME_HARNESS);
    finish(&f, &e, &known);
    assert_int_equal(f.candidates[0].n_quality, 2);
    q = &f.candidates[0].quality[0];
    assert_string_equal(q->suite, "home");
    assert_true(q->needs_tools);
    assert_int_equal(q->pass, 30);
    assert_int_equal(q->fail, 10);
    assert_int_equal(q->unparsed, 6);
    assert_int_equal(q->template_fault, 4);
    assert_int_equal(q->harness_fault, 0);
    assert_int_equal(q->total, 50);
    assert_true(q->rate == 0.6 && q->rate_if_parsed == 0.72);
    /* Wilson, 30 of 50, from an independent program */
    assert_true(fabs(q->rate_low - 0.4618144) < 1e-6);
    assert_true(fabs(q->rate_high - 0.7239161) < 1e-6);
    q = &f.candidates[0].quality[1];
    assert_false(q->needs_tools);
    assert_int_equal(q->harness_fault, 1);
    assert_int_equal(q->total, 4);
    done(&f, &e);
}

static void test_above_two_percent_of_our_own_faults_there_is_no_rate(
    void **state)
{
    static const struct { int pass, harness; bool has_rate; } cases[] = {
        {50, 0, true}, {49, 1, true}, {48, 1, false}, {98, 2, true},
        {97, 3, false}, {0, 1, false}, {0, 60, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct candidate_facts known = {.status = STATUS_OK};
        struct evidence e = {0};
        struct facts    f;
        const struct quality *q;

        add_cases(&e, "home", cases[i].pass, OUTCOME_PASS);
        add_cases(&e, "home", cases[i].harness, OUTCOME_HARNESS);
        finish(&f, &e, &known);
        q = &f.candidates[0].quality[0];
        if (isfinite(q->rate) != cases[i].has_rate ||
            isfinite(q->rate_low) != cases[i].has_rate ||
            isfinite(q->rate_if_parsed) != cases[i].has_rate)
            fail_msg("%d passed, %d ours: %g", cases[i].pass,
                     cases[i].harness, q->rate);
        done(&f, &e);
    }
}

/* A trial that broke before its answer was judged says whose fault it was
 * by its status alone. */
static void test_an_unjudged_case_is_charged_to_who_broke_it(void **state)
{
    static const struct {
        enum trial_status status;
        int               fail, harness;
    } cases[] = {
        {TRIAL_HARNESS_FAULT, 0, 1}, {TRIAL_FAILED, 1, 0}, {TRIAL_OK, 1, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct candidate_facts known = {.status = STATUS_OK};
        struct trial    t = case_trial("home", "x", OUTCOME_NONE);
        struct evidence e = {0};
        struct facts    f;

        t.status = cases[i].status;
        evidence_add(&e, &t);
        trial_done(&t);
        finish(&f, &e, &known);
        assert_int_equal(f.candidates[0].quality[0].fail, cases[i].fail);
        assert_int_equal(f.candidates[0].quality[0].harness_fault,
                         cases[i].harness);
        done(&f, &e);
    }
}

static void test_discordant_cases_are_those_that_both_have_judged(
    void **state)
{
    static const struct {
        const char  *id;
        enum outcome a, b;      /* OUTCOME_NONE: not asked */
    } cases[] = {
        {"both", OUTCOME_PASS, OUTCOME_PASS},
        {"neither", OUTCOME_FAIL, OUTCOME_UNPARSED},
        {"only-a-1", OUTCOME_PASS, OUTCOME_FAIL},
        {"only-a-2", OUTCOME_PASS, OUTCOME_TEMPLATE},
        {"only-a-3", OUTCOME_PASS, OUTCOME_UNPARSED},
        {"only-b-1", OUTCOME_FAIL, OUTCOME_PASS},
        {"a-unjudged", OUTCOME_HARNESS, OUTCOME_PASS},
        {"b-unjudged", OUTCOME_PASS, OUTCOME_HARNESS},
        {"a-not-asked", OUTCOME_NONE, OUTCOME_PASS},
        {"b-not-asked", OUTCOME_PASS, OUTCOME_NONE},
    };
    struct evidence a = {0}, b = {0};
    size_t          only_a, only_b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t last = sizeof cases / sizeof *cases - 1 - i;
        if (cases[i].a != OUTCOME_NONE)
            add_case(&a, "home", cases[i].id, cases[i].a);
        if (cases[last].b != OUTCOME_NONE)     /* in another order */
            add_case(&b, "home", cases[last].id, cases[last].b);
    }
    add_case(&a, "home", "same-id", OUTCOME_PASS);
    add_case(&b, "speech", "same-id", OUTCOME_FAIL);
    evidence_discordant(&a, &b, &only_a, &only_b);
    assert_int_equal(only_a, 3);
    assert_int_equal(only_b, 1);
    evidence_discordant(&b, &a, &only_a, &only_b);
    assert_int_equal(only_a, 1);
    assert_int_equal(only_b, 3);
    evidence_done(&a);
    evidence_done(&b);
}

static void add_talk(struct evidence *e, const char *id, enum outcome outcome)
{
    struct trial t = case_trial("home", id, outcome);

    t.reason = mem_copy("light.kitchen is off");
    trial_add_message(&t, "system", "You are a voice assistant.");
    trial_add_message(&t, "user", "Switch it on.");
    trial_add_message(&t, "assistant", "Calling.");
    trial_add_message(&t, "tool", "{}");
    trial_add_message(&t, "assistant", "It is on.");
    trial_add_message(&t, "assistant", "");
    evidence_add(e, &t);
    trial_done(&t);
}

static void test_examples_are_the_first_five_that_the_model_failed(
    void **state)
{
    struct candidate_facts known = {.status = STATUS_OK};
    struct evidence e = {0};
    struct facts    f;
    const struct candidate_facts *c;

    (void)state;
    add_talk(&e, "passed", OUTCOME_PASS);
    add_talk(&e, "ours", OUTCOME_HARNESS);
    add_case(&e, "home", "without-a-transcript", OUTCOME_FAIL);
    add_talk(&e, "first", OUTCOME_FAIL);
    for (int i = 0; i < 6; i++) add_talk(&e, "more", OUTCOME_UNPARSED);
    finish(&f, &e, &known);
    c = &f.candidates[0];
    assert_int_equal(c->n_examples, 5);
    assert_string_equal(c->examples[0].id, "first");
    assert_string_equal(c->examples[0].say, "Switch it on.");
    assert_string_equal(c->examples[0].answer, "It is on.");
    assert_string_equal(c->examples[0].reason, "light.kitchen is off");
    assert_int_equal(c->examples[4].outcome, OUTCOME_UNPARSED);
    assert_int_equal(e.n_examples, 0);      /* they moved */
    done(&f, &e);
}

static void test_a_load_alone_is_no_audition(void **state)
{
    static const struct {
        const char       *key;
        enum trial_status status;
        size_t            ok;
        bool              has_death;
    } cases[] = {
        {"b0/load/0", TRIAL_OK, 0, false},
        {"b0/load/1", TRIAL_OK, 0, false},
        {"b0/decode/0", TRIAL_OK, 1, false},
        {"b1/speak/0", TRIAL_FAILED, 1, false},
        {"case/home/x", TRIAL_HARNESS_FAULT, 1, false},
        {"died", TRIAL_FAILED, 1, true},
    };
    struct evidence e = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial t = {.status = cases[i].status,
                          .reason = mem_copy("killed by signal 9")};

        snprintf(t.key, sizeof t.key, "%s", cases[i].key);
        evidence_add(&e, &t);
        trial_done(&t);
        assert_int_equal(e.ok_trials, cases[i].ok);
        assert_int_equal(e.death != NULL, cases[i].has_death);
    }
    evidence_done(&e);
    evidence_done(&e);
}

/* ---- both ways of offering tools ---------------------------------------- */

static void add_case_as(struct evidence *e, bool by_prompt, const char *id,
                        enum outcome outcome, const char *more)
{
    struct trial t = case_trial("home", id, outcome);

    snprintf(t.key, sizeof t.key, "%s/home/%s", by_prompt ? "prompt" : "case",
             id);
    trial_observe(&t, "first_sentence_s", by_prompt ? 2 : 1);
    trial_observe(&t, "tool_turn_s", by_prompt ? 20 : 10);
    trial_observe(&t, "call_wanted", 1);
    if (more) trial_observe(&t, more, 1);
    evidence_add(e, &t);
    trial_done(&t);
}

static void test_tools_by_prompt_are_never_mixed_with_native_ones(void **state)
{
    const struct candidate_facts known = {.status = STATUS_OK};
    struct evidence       e = {0}, other = {0};
    struct facts          f;
    const struct quality *native, *by_prompt;
    size_t                only_a, only_b;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char id[8];

        snprintf(id, sizeof id, "c%d", i);
        add_case_as(&e, false, id, OUTCOME_TEMPLATE, NULL);
        add_case_as(&e, true, id, OUTCOME_PASS, "call_made");
        add_case_as(&other, false, id, OUTCOME_FAIL, NULL);
    }
    /* Beside another candidate, the cases by prompt are what counts. */
    evidence_discordant(&e, &other, &only_a, &only_b);
    assert_int_equal(only_a, 3);
    assert_int_equal(only_b, 0);
    finish(&f, &e, &known);
    assert_int_equal(f.candidates[0].n_quality, 2);
    native = &f.candidates[0].quality[0];
    by_prompt = &f.candidates[0].quality[1];
    assert_string_equal(native->suite, "home");
    assert_string_equal(by_prompt->suite, "home_by_prompt");
    assert_false(native->by_prompt);
    assert_true(by_prompt->by_prompt && by_prompt->needs_tools);
    assert_int_equal(native->pass, 0);
    assert_int_equal(native->template_fault, 3);
    assert_int_equal(by_prompt->pass, 3);
    assert_true(native->first_sentence_s.median == 1);
    assert_true(by_prompt->first_sentence_s.median == 2);
    assert_true(f.candidates[0].metrics[METRIC_tool_turn_s].median == 10);
    assert_int_equal(f.candidates[0].metrics[METRIC_tool_turn_s].n, 3);
    /* The cases' first sentences are not those of the spoken answers. */
    assert_int_equal(f.candidates[0].metrics[METRIC_first_sentence_s].n, 0);
    done(&f, &e);
    evidence_done(&other);
}

static void test_calls_are_counted_as_served_and_if_parsed(void **state)
{
    const struct candidate_facts known = {.status = STATUS_OK};
    struct evidence e = {0};
    struct facts    f;

    (void)state;
    add_case_as(&e, false, "a", OUTCOME_PASS, "call_made");
    add_case_as(&e, false, "b", OUTCOME_UNPARSED, "text_call");
    add_case_as(&e, false, "c", OUTCOME_FAIL, "text_call");
    add_case_as(&e, false, "d", OUTCOME_FAIL, NULL);
    add_case_as(&e, true, "d", OUTCOME_PASS, "call_made");   /* not native */
    finish(&f, &e, &known);
    assert_int_equal(f.candidates[0].calls.wanted, 4);
    assert_true(f.candidates[0].calls.rate == 0.25);
    assert_true(f.candidates[0].calls.rate_if_parsed == 0.75);
    done(&f, &e);
    finish(&f, &e, &known);
    assert_int_equal(f.candidates[0].calls.wanted, 0);
    assert_true(isnan(f.candidates[0].calls.rate));
    done(&f, &e);
}

static void test_a_case_asked_cold_is_only_a_time_of_its_suite(void **state)
{
    const struct candidate_facts known = {.status = STATUS_OK};
    struct evidence e = {0};
    struct facts    f;
    const struct quality *q;

    (void)state;
    add_case(&e, "home", "a", OUTCOME_PASS);
    for (int i = 1; i <= 3; i++) {
        struct trial t = speed_trial("cold/home/a/0123", WORKS_COLD_CASE, i);

        evidence_add(&e, &t);
        trial_done(&t);
    }
    finish(&f, &e, &known);
    assert_int_equal(f.candidates[0].n_quality, 1);
    q = &f.candidates[0].quality[0];
    assert_int_equal(q->total, 1);
    assert_true(q->first_sentence_cold_s.median == 2);
    assert_int_equal(q->first_sentence_cold_s.n, 3);
    assert_int_equal(q->first_sentence_s.n, 0);
    done(&f, &e);
}

/* ---- what only some trials show ----------------------------------------- */

static void test_serving_costs_what_the_two_speeds_differ_by(void **state)
{
    const struct candidate_facts known = {.status = STATUS_OK};
    struct evidence      e = {0};
    struct facts         f;
    const struct metric *m;

    (void)state;
    for (int i = 0; i < 7; i++) add_value(&e, "served_tok_s", 40);
    for (int i = 0; i < 6; i++) add_value(&e, "engine_tok_s", 50);
    finish(&f, &e, &known);
    m = &f.candidates[0].metrics[METRIC_serving_ms_per_token];
    assert_true(fabs(m->median - 5) < 1e-9);     /* 25 ms less 20 ms */
    assert_true(fabs(m->low - 5) < 1e-9 && fabs(m->high - 5) < 1e-9);
    assert_int_equal(m->n, 6);
    assert_string_equal(m->reason, "");
    done(&f, &e);
    add_value(&e, "served_tok_s", 40);
    finish(&f, &e, &known);
    m = &f.candidates[0].metrics[METRIC_serving_ms_per_token];
    assert_true(isnan(m->median));
    assert_true(*m->reason);
    done(&f, &e);
}

static void test_a_start_that_was_not_cold_is_marked(void **state)
{
    static const struct { const char *page_cache, *mark; } cases[] = {
        {"dropped before each load", ""},
        {"kept, as asked", "page cache kept, as asked"}, {NULL, ""}};
    const struct candidate_facts known = {.status = STATUS_OK};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct evidence e = {0};
        struct facts    f;
        struct trial    t = speed_trial("b0/cold_start/0", "cold_start_s", 3);

        t.reason = mem_copy(cases[i].page_cache);
        evidence_add(&e, &t);
        trial_done(&t);
        finish(&f, &e, &known);
        assert_string_equal(
            f.candidates[0].metrics[METRIC_cold_start_s].reason,
            cases[i].mark);
        done(&f, &e);
    }
}

static void test_only_a_conversation_that_was_kept_ends_by_the_context(
    void **state)
{
    struct evidence e = {0};
    struct trial    t = {.key = "b0/conversation/0", .status = TRIAL_FAILED,
                         .reason = mem_copy("fell silent")};

    (void)state;
    evidence_add(&e, &t);
    assert_null(e.conversation_end);
    t.status = TRIAL_OK;
    evidence_add(&e, &t);
    assert_string_equal(e.conversation_end, "fell silent");
    trial_done(&t);
    evidence_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_metric_is_median_and_interval_of_all_blocks),
        cmocka_unit_test(test_too_few_values_have_a_median_and_no_interval),
        cmocka_unit_test(test_what_is_missing_says_why_and_is_never_0),
        cmocka_unit_test(
            test_arrivals_that_disagree_with_the_server_are_marked),
        cmocka_unit_test(test_each_outcome_is_counted_in_its_suite),
        cmocka_unit_test(
            test_above_two_percent_of_our_own_faults_there_is_no_rate),
        cmocka_unit_test(test_an_unjudged_case_is_charged_to_who_broke_it),
        cmocka_unit_test(
            test_discordant_cases_are_those_that_both_have_judged),
        cmocka_unit_test(
            test_examples_are_the_first_five_that_the_model_failed),
        cmocka_unit_test(test_a_load_alone_is_no_audition),
        cmocka_unit_test(
            test_tools_by_prompt_are_never_mixed_with_native_ones),
        cmocka_unit_test(test_calls_are_counted_as_served_and_if_parsed),
        cmocka_unit_test(test_a_case_asked_cold_is_only_a_time_of_its_suite),
        cmocka_unit_test(test_serving_costs_what_the_two_speeds_differ_by),
        cmocka_unit_test(test_a_start_that_was_not_cold_is_marked),
        cmocka_unit_test(
            test_only_a_conversation_that_was_kept_ends_by_the_context),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
