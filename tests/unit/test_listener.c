/* SPDX-License-Identifier: MIT */
/* What the reports say of what a listener waits for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "report/listener.h"
#include "unit/report_parts.h"

/* A candidate of which nothing is known. */
static struct candidate_facts *fresh(struct facts *f)
{
    facts_done(f);
    return add_candidate(f, "a", "");
}

/* NULL: it has no such line. Static until the next call. */
static const char *line_of(const struct candidate_facts *c, const char *label)
{
    static char          text[1000];
    struct listener_line lines[LISTENER_LINES];
    size_t               n = listener_lines(c, lines);
    const char          *found = NULL;

    assert_true(n <= LISTENER_LINES);
    for (size_t i = 0; i < n; i++)
        if (strcmp(lines[i].label, label) == 0) {
            snprintf(text, sizeof text, "%s", lines[i].text);
            found = text;
        }
    listener_done(lines, n);
    return found;
}

static void says(const struct candidate_facts *c, const char *label,
                 const char *text)
{
    const char *got = line_of(c, label);

    if (!got || strcmp(got, text) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", label, got ? got : "no line",
                 text);
}

static size_t count(const struct candidate_facts *c)
{
    struct listener_line lines[LISTENER_LINES];
    size_t               n = listener_lines(c, lines);

    listener_done(lines, n);
    return n;
}

static void test_nothing_known_is_one_line_with_the_reason(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    assert_int_equal(count(c), 0);
    set_reason(c, METRIC_first_sentence_s, "it does not fit");
    assert_int_equal(count(c), 1);
    says(c, "speaks", "not measured: it does not fit");
    facts_done(&f);
}

static void test_only_what_was_measured_is_said(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    set_metric(c, METRIC_first_sentence_cold_s, 2.5, 2, 3, 6);
    set_metric(c, METRIC_cold_start_s, 4, NAN, NAN, 1);
    says(c, "speaks", "first sentence, cold 2.50 s; cold start 4.00 s");
    set_metric(c, METRIC_first_sentence_s, 1.2, 1.1, 1.3, 6);
    set_reason(c, METRIC_cold_start_s, "page cache not dropped");
    says(c, "speaks", "first sentence 1.20 [1.10–1.30] s, cold 2.50 s; "
                      "cold start 4.00 s (page cache not dropped)");
    facts_done(&f);
}

static void test_the_highest_certified_percentile_and_what_more_need(
    void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);
    struct metric          *m = &c->metrics[METRIC_first_sentence_s];

    (void)state;
    assert_null(line_of(c, "certified"));
    set_metric(c, METRIC_first_sentence_s, 1, NAN, NAN, 1);
    says(c, "certified", "first sentence of 1 answer: p50 – (needs 11), p90 – "
                         "(needs 64), p95 – (needs 130), p99 – (needs 662)");
    m->n = 130;
    m->certified[0] = 1.1;
    m->certified[1] = 1.4;
    m->certified[2] = 1.5;
    says(c, "certified", "first sentence of 130 answers: p95 1.50 s, p99 – "
                         "(needs 662)");
    m->certified[3] = 1.9;
    says(c, "certified", "first sentence of 130 answers: p99 1.90 s");
    facts_done(&f);
}

static void test_a_conversation_is_its_first_its_last_and_its_slowest_turn(
    void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    add_turns(c, .61, .02, 0);
    says(c, "turns", "turn 1 0.61 s … turn 10 0.79 s; read again although "
                     "unchanged: 0 tokens");
    c->turns[6].first_sentence_s = 2.4;
    c->turns[7].reread_tokens = 812;
    says(c, "turns", "turn 1 0.61 s … turn 7 2.40 s (slowest) … turn 10 "
                     "0.79 s; read again although unchanged: up to 812 "
                     "tokens a turn");
    c->turns[0].first_sentence_s = c->turns[9].first_sentence_s = NAN;
    says(c, "turns", "turn 2 0.63 s … turn 7 2.40 s (slowest) … turn 9 "
                     "0.77 s; read again although unchanged: up to 812 "
                     "tokens a turn");
    c->n_turns = 2;
    for (size_t i = 0; i < 2; i++) c->turns[i].reread_tokens = NAN;
    says(c, "turns", "turn 2 0.63 s");
    c->n_turns = 1;
    says(c, "turns", "no spoken sentence in any turn");
    facts_done(&f);
}

static void test_the_cliff_says_how_many_entities_or_why_not(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    assert_null(line_of(c, "entities"));
    snprintf(c->cliff.reason, sizeof c->cliff.reason, "too slow");
    says(c, "entities", "not measured: too slow");
    set_cliff(c, 1000, 2100, 6);
    c->cliff.max_entities = 61;
    c->cliff.reason[0] = '\0';
    says(c, "entities", "at most 61 entities for a first token within 1.5 s, "
                        "cold; knee at 2100 tokens");
    c->cliff.knee_tokens = NAN;
    c->cliff.is_bound = true;
    c->cliff.limit_s = 2;
    c->cliff.max_entities = 1;
    snprintf(c->cliff.reason, sizeof c->cliff.reason, "no knee");
    says(c, "entities", "at least 1 entity for a first token within 2 s, "
                        "cold; no knee");
    facts_done(&f);
}

static void test_reasoning_is_named_only_where_it_matters(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    set_reasoning(c, 0, 0, -1, "");
    assert_null(line_of(c, "thinks"));
    set_reasoning(c, 0, 0, 0, "");     /* nothing was tried */
    assert_null(line_of(c, "thinks"));
    set_reasoning(c, 0, .02, -1, "");
    says(c, "thinks", "of 90 answers 0 % speak their reasoning, 2 % hold "
                      "nothing else");
    c->reasoning.answers = 0;          /* rates of none */
    assert_null(line_of(c, "thinks"));
    set_reasoning(c, 0, 0, 1, "/no_think");
    says(c, "thinks", "switched off by /no_think");
    set_reasoning(c, 0, 0, 0, "/no_think");
    says(c, "thinks", "cannot be switched off; tried: /no_think");
    facts_done(&f);
}

static void test_only_a_sure_saving_is_one(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    set_metric(c, METRIC_served_tok_s, 43.6, NAN, NAN, 20);
    assert_null(line_of(c, "serving"));
    add_serving(c, "as set", 43.6, NAN, false);
    add_serving(c, "greedy only", 43.7, .05, false);
    add_serving(c, "full chain", 40, -2, true);
    assert_null(line_of(c, "serving"));
    set_metric(c, METRIC_engine_tok_s, 48.1, NAN, NAN, 5);
    set_metric(c, METRIC_serving_ms_per_token, 2.15, NAN, NAN, 5);
    says(c, "serving", "engine 48.1 tok/s, served 43.6: 2.15 ms a token");
    add_serving(c, "backend sampling", 46, 1.2, true);
    says(c, "serving", "engine 48.1 tok/s, served 43.6: 2.15 ms a token; "
                       "backend sampling saves 1.20 ms a token");
    facts_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known_is_one_line_with_the_reason),
        cmocka_unit_test(test_only_what_was_measured_is_said),
        cmocka_unit_test(
            test_the_highest_certified_percentile_and_what_more_need),
        cmocka_unit_test(
            test_a_conversation_is_its_first_its_last_and_its_slowest_turn),
        cmocka_unit_test(test_the_cliff_says_how_many_entities_or_why_not),
        cmocka_unit_test(test_reasoning_is_named_only_where_it_matters),
        cmocka_unit_test(test_only_a_sure_saving_is_one),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
