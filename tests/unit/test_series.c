/* SPDX-License-Identifier: MIT */
/* Conversations and cliffs of several blocks become one series each, by
 * medians; what was not observed stays unknown, whatever else is stored. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "series.h"

static void add_turn(struct trial *t, int turn, double first_s, double prompt,
                     double cached, double unchanged, double reread)
{
    trial_observe(t, SERIES_TURN, turn);
    trial_observe(t, SERIES_TURN_FIRST, first_s);
    trial_observe(t, SERIES_TURN_PROMPT, prompt);
    trial_observe(t, SERIES_TURN_CACHED, cached);
    trial_observe(t, SERIES_TURN_UNCHANGED, unchanged);
    trial_observe(t, SERIES_TURN_REREAD, reread);
}

static void add_point(struct trial *t, double entities, double tokens,
                      double ttft_s, double skipped)
{
    trial_observe(t, SERIES_CLIFF_ENTITIES, entities);
    trial_observe(t, SERIES_CLIFF_TOKENS, tokens);
    trial_observe(t, SERIES_CLIFF_TTFT, ttft_s);
    trial_observe(t, SERIES_CLIFF_SKIPPED, skipped);
}

static void give(struct series *s, struct trial *t)
{
    series_add(s, t);
    trial_done(t);
}

static bool same(double a, double b)
{
    return isnan(b) ? isnan(a) : a == b;
}

static void expect_turn(const struct turn_facts *f, int turn, double first_s,
                        double prompt, double cached, double unchanged,
                        double reread)
{
    assert_int_equal(f->turn, turn);
    assert_true(same(f->first_sentence_s, first_s));
    assert_true(same(f->prompt_tokens, prompt));
    assert_true(same(f->cached_tokens, cached));
    assert_true(same(f->unchanged_tokens, unchanged));
    assert_true(same(f->reread_tokens, reread));
}

static void test_turns_of_all_blocks_are_merged_by_their_number(void **state)
{
    struct series          s     = {.n_turns = 0};
    struct candidate_facts facts = {.n_turns = 7};
    struct trial           t     = {.block = 0};

    (void)state;
    trial_observe(&t, "ttft_s", 9);             /* before any record */
    trial_observe(&t, SERIES_TURN_FIRST, 9);
    add_turn(&t, 1, 0.5, 100, 0, NAN, NAN);
    add_turn(&t, 2, NAN, 130, 90, 100, 10);     /* a turn of calls alone */
    add_turn(&t, 3, 0.75, 160, 130, 130, 0);
    give(&s, &t);
    add_turn(&t, 1, 0.75, 102, 0, NAN, NAN);
    add_turn(&t, 2, 1.5, 134, 102, 102, 0);
    give(&s, &t);
    add_turn(&t, 1, 4, 110, 0, NAN, NAN);       /* ended by the context */
    give(&s, &t);
    series_summarise(&s, 1.5, &facts);
    assert_int_equal(facts.n_turns, 3);
    expect_turn(&facts.turns[0], 1, 0.75, 102, 0, NAN, NAN);
    expect_turn(&facts.turns[1], 2, 1.5, 132, 96, 101, 5);
    expect_turn(&facts.turns[2], 3, 0.75, 160, 130, 130, 0);
    assert_int_equal(facts.cliff.n, 0);
    assert_true(facts.cliff.limit_s == 1.5);
    assert_true(isnan(facts.cliff.knee_tokens));
    assert_true(isnan(facts.cliff.max_entities));
    assert_string_equal(facts.cliff.reason, "not measured");
    series_done(&s);
}

static void test_points_of_all_blocks_are_merged_by_their_entities(
    void **state)
{
    struct series          s     = {.n_turns = 0};
    struct candidate_facts facts = {.n_turns = 0};
    struct trial           t     = {.block = 0};

    (void)state;
    add_point(&t, 5, 300, 1, NAN);
    add_point(&t, 10, 400, 2, NAN);
    add_point(&t, 20, NAN, NAN, 2);      /* left out here, measured there */
    add_point(&t, 40, NAN, NAN, 1);
    give(&s, &t);
    add_point(&t, 5, 300, 1.5, NAN);
    add_point(&t, 10, 400, 2.5, NAN);
    add_point(&t, 20, 600, 4.25, NAN);
    add_point(&t, 40, NAN, NAN, NAN);
    give(&s, &t);
    series_summarise(&s, 3.25, &facts);
    assert_int_equal(facts.cliff.n, 4);
    assert_true(facts.cliff.points[0].entities == 5 &&
                facts.cliff.points[0].ttft_s == 1.25 &&
                facts.cliff.points[1].ttft_s == 2.25 &&
                facts.cliff.points[2].ttft_s == 4.25 &&
                facts.cliff.points[2].prompt_tokens == 600);
    assert_string_equal(facts.cliff.points[2].reason, "");
    assert_true(isnan(facts.cliff.points[3].ttft_s));
    assert_string_equal(facts.cliff.points[3].reason,
                        "longer than the context");
    assert_true(facts.cliff.max_entities == 15);
    assert_string_equal(facts.cliff.reason, "no knee: that takes 5 measured "
                        "sizes, and there are 3");
    series_summarise(&s, 10, &facts);
    assert_true(facts.cliff.max_entities == 20 && facts.cliff.is_bound);
    series_done(&s);
}

static void test_a_number_that_is_missing_has_a_reason(void **state)
{
    static const struct {
        double      tokens, ttft_s, skipped;
        const char *reason;
    } cases[] = {
        {NAN, NAN, 1, "longer than the context"},
        {NAN, NAN, NAN, "no answer came to be timed"},
        {100, 2, NAN, "even the smallest prompt takes longer than 1.5 s, and "
                      "nothing says how long a smaller one would"},
        {NAN, 1, NAN, "no knee: the server does not count prompt tokens"},
        {100, 1, NAN, "no knee: that takes 5 measured sizes, and there are "
                      "1"},
        {NAN, NAN, 4, "the prompt does not depend on the entities"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct series          s     = {.n_turns = 0};
        struct candidate_facts facts = {.n_turns = 0};
        struct trial           t     = {.block = 0};

        add_point(&t, 5, cases[i].tokens, cases[i].ttft_s, cases[i].skipped);
        give(&s, &t);
        series_summarise(&s, 1.5, &facts);
        assert_string_equal(facts.cliff.reason, cases[i].reason);
        series_done(&s);
    }
}

static void test_a_knee_is_named_in_tokens(void **state)
{
    struct series          s     = {.n_turns = 0};
    struct candidate_facts facts = {.n_turns = 0};
    struct trial           t     = {.block = 0};

    (void)state;
    for (int i = 1; i <= 6; i++)
        add_point(&t, i, 100 * i, i <= 3 ? i : 3 + 4 * (i - 3), NAN);
    give(&s, &t);
    series_summarise(&s, 5, &facts);
    assert_true(facts.cliff.knee_tokens == 300);
    assert_true(facts.cliff.max_entities == 3);
    assert_string_equal(facts.cliff.reason, "");
    series_done(&s);
}

static void test_senseless_records_do_no_harm(void **state)
{
    static const double odd[] = {0, -1, 2.5, 33, 1e300, INFINITY, -INFINITY};
    struct series          s     = {.n_turns = 0};
    struct candidate_facts facts = {.n_turns = 0};
    struct trial           t     = {.block = 0};

    (void)state;
    add_turn(&t, 1, 0.5, 100, 0, NAN, NAN);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        trial_observe(&t, SERIES_TURN, odd[i]);
        trial_observe(&t, SERIES_TURN_FIRST, 77);   /* belongs to nobody */
    }
    add_turn(&t, 2, INFINITY, -5, 1e300, -INFINITY, 3);
    for (size_t i = 1; i < sizeof odd / sizeof *odd; i++)
        add_point(&t, odd[i] == 33 ? 3 : odd[i], 1, 1, odd[i]);
    for (int i = 0; i < 20; i++) add_point(&t, i, 100 + i, -1, -7);
    give(&s, &t);
    series_summarise(&s, 1.5, &facts);
    assert_int_equal(facts.n_turns, 2);
    expect_turn(&facts.turns[0], 1, 0.5, 100, 0, NAN, NAN);
    expect_turn(&facts.turns[1], 2, NAN, NAN, 1e300, NAN, 3);
    assert_int_equal(facts.cliff.n, CLIFF_POINTS);
    assert_true(facts.cliff.points[3].ttft_s == 1);
    series_done(&s);
    series_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_turns_of_all_blocks_are_merged_by_their_number),
        cmocka_unit_test(
            test_points_of_all_blocks_are_merged_by_their_entities),
        cmocka_unit_test(test_a_number_that_is_missing_has_a_reason),
        cmocka_unit_test(test_a_knee_is_named_in_tokens),
        cmocka_unit_test(test_senseless_records_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
