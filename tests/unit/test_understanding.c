/* SPDX-License-Identifier: MIT */
/* What the judged cases say beyond their rates, counted by hand in the tables
 * here; and as JSON and back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "understanding.h"
#include "works.h"

#define N_OF(list) (sizeof list / sizeof *list)
#define NEAR(got, want) assert_true(fabs((got) - (want)) < 1e-4)

/* A stored trial: "kind/s/ID/hash", passed or not, and up to two values. */
struct asked {
    const char *kind, *id;
    bool        passed;
    struct { const char *metric; double value; } values[2];
};

static struct trial trial_of(const struct asked *a)
{
    struct trial t = {.suite = mem_copy("s"), .case_id = mem_copy(a->id),
                      .outcome = a->passed ? OUTCOME_PASS : OUTCOME_FAIL};

    snprintf(t.key, sizeof t.key, "%s/s/%s/0123456789abcdef", a->kind, a->id);
    for (size_t i = 0; i < 2 && a->values[i].metric; i++)
        trial_observe(&t, a->values[i].metric, a->values[i].value);
    return t;
}

/* Ids like "g-1" belong to the group "g", of which there are three. */
static const char *group_by_letter(void *ctx, const char *suite,
                                   const char *id, int *members)
{
    static const char *const names[] = {"g", "h", "i"};

    (void)ctx;
    assert_string_equal(suite, "s");
    for (size_t i = 0; i < 3; i++)
        if (id[0] == names[i][0] && id[1] == '-') {
            *members = 3;
            return names[i];
        }
    return NULL;
}

static struct understanding summary(const struct understanding_tally *t)
{
    struct understanding u;

    understanding_summarise(t, group_by_letter, NULL, &u);
    return u;
}

/* The same from the first to the last and the other way round. */
static struct understanding of(const struct asked *list, size_t n)
{
    struct understanding_tally *there = understanding_new();
    struct understanding_tally *back = understanding_new();
    struct understanding        u, again;
    json_t                     *a, *b;

    for (size_t i = 0; i < n; i++) {
        struct trial first = trial_of(&list[i]);
        struct trial last = trial_of(&list[n - 1 - i]);

        understanding_add(there, &first);
        understanding_add(back, &last);
        trial_done(&first);
        trial_done(&last);
    }
    u = summary(there);
    again = summary(back);
    a = understanding_json(&u);
    b = understanding_json(&again);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
    understanding_free(there);
    understanding_free(back);
    return u;
}

static void expect_nothing(const struct understanding *u)
{
    assert_int_equal(u->conversations + u->turns.of + u->groups.of, 0);
    assert_true(isnan(u->turns.rate) && isnan(u->turns.low));
    assert_true(isnan(u->groups.rate) && isnan(u->groups.high));
    for (int i = 0; i < MANNER_COUNT; i++) {
        assert_int_equal(u->manners[i].of, 0);
        assert_true(isnan(u->manners[i].rate));
    }
    assert_int_equal(u->n_noise, 0);
    assert_int_equal(u->repeated, 0);
    assert_true(u->most_repeats <= 1);
    assert_true(isnan(u->pass_hat[0]));
}

/* ---- what counts -------------------------------------------------------- */

static void test_only_judged_cases_say_anything(void **state)
{
    static const struct asked whole = {
        "case", "a", true, {{"turns_judged", 3}, {"refused_of", 2}}};
    struct understanding_tally *t = understanding_new();
    struct understanding        u;

    (void)state;
    u = summary(t);
    expect_nothing(&u);
    for (int i = 0; i < 7; i++) {
        struct trial trial = trial_of(&whole);

        if (i == 0) memcpy(trial.key, "cold", 4);
        if (i == 1) snprintf(trial.key, sizeof trial.key, "b0/decode/0");
        if (i == 2) trial.outcome = OUTCOME_NONE;
        if (i == 3) trial.outcome = OUTCOME_HARNESS;
        if (i == 4) trial.status = TRIAL_HARNESS_FAULT;
        if (i == 5) memcpy(trial.key, "soak", 4);
        if (i == 6) {
            free(trial.case_id);
            trial.case_id = NULL;
        }
        understanding_add(t, &trial);
        trial_done(&trial);
    }
    u = summary(t);
    expect_nothing(&u);
    understanding_free(t);
    understanding_free(NULL);
}

/* ---- conversations ------------------------------------------------------ */

static void test_turns_are_a_ratio_over_conversations(void **state)
{
    static const struct asked list[] = {
        {"case", "a", false, {{"turns_passed", 3}, {"turns_judged", 4}}},
        {"case", "b", false, {{"turns_passed", 1}, {"turns_judged", 2}}},
        {"case", "c", true, {{"turns_passed", 1}, {"turns_judged", 1}}},
        {"again1", "a", false, {{"turns_passed", 0}, {"turns_judged", 4}}}};
    struct understanding u = of(list, N_OF(list));

    (void)state;
    assert_int_equal(u.conversations, 2);       /* one question is no talk */
    assert_int_equal(u.turns.n, 4);
    assert_int_equal(u.turns.of, 6);
    NEAR(u.turns.rate, 2 / 3.0);
    /* off by 1/3 and -1/3 turns: 1.96 * sqrt(2/9 * 2/1) / 6 */
    NEAR(u.turns.low, 2 / 3.0 - .21778);
    NEAR(u.turns.high, 2 / 3.0 + .21778);
}

static void test_one_conversation_has_no_interval(void **state)
{
    static const struct asked list[] = {
        {"case", "a", false, {{"turns_passed", 3}, {"turns_judged", 4}}}};
    struct understanding u = of(list, 1);

    (void)state;
    assert_int_equal(u.conversations, 1);
    NEAR(u.turns.rate, .75);
    assert_true(isnan(u.turns.low) && isnan(u.turns.high));
}

static void test_an_interval_of_turns_stays_within_0_and_1(void **state)
{
    static const struct asked list[] = {
        {"case", "a", false, {{"turns_passed", 0}, {"turns_judged", 2}}},
        {"case", "b", true, {{"turns_passed", 9}, {"turns_judged", 9}}}};
    struct understanding u = of(list, 2);

    (void)state;
    assert_true(u.turns.low >= 0 && u.turns.high <= 1);
    assert_true(u.turns.low < u.turns.rate && u.turns.rate < u.turns.high);
}

/* ---- manners ------------------------------------------------------------ */

static void test_each_manner_is_a_share_of_where_it_could_be(void **state)
{
    (void)state;
    for (int m = 0; m < MANNER_COUNT; m++) {
        char *of_name = mem_printf("%s_of", manner_name[m]);
        const struct asked list[] = {
            {"case", "a", true, {{manner_name[m], 3}, {of_name, 7}}},
            {"case", "b", false, {{manner_name[m], 2}, {of_name, 3}}},
            {"case", "c", false, {{"turns_judged", 1}}},
            /* asked otherwise: no part of how it behaves */
            {"again1", "a", true, {{manner_name[m], 3}, {of_name, 7}}},
            {"noise10", "b", true, {{manner_name[m], 1}, {of_name, 1}}}};
        struct understanding u = of(list, N_OF(list));

        for (int k = 0; k < MANNER_COUNT; k++)
            assert_int_equal(u.manners[k].of, k == m ? 10 : 0);
        assert_int_equal(u.manners[m].n, 5);
        NEAR(u.manners[m].rate, .5);
        NEAR(u.manners[m].low, .23659);             /* Wilson, 5 of 10 */
        NEAR(u.manners[m].high, .76341);
        assert_true(strlen(manner_label[m]) > 3);
        free(of_name);
    }
}

/* ---- noise -------------------------------------------------------------- */

#define HEARD(words, wrong)                                                   \
    {{WORKS_HEARD_WORDS, words}, {WORKS_HEARD_WRONG, wrong}}

static void test_noise_is_a_level_each_beside_the_same_cases_without(
    void **state)
{
    static const struct asked list[] = {
        {"case", "a", true, {{NULL, 0}}}, {"case", "b", true, {{NULL, 0}}},
        {"case", "c", false, {{NULL, 0}}}, {"case", "d", true, {{NULL, 0}}},
        {"noise20", "a", false, HEARD(6, 2)},
        {"noise20", "b", false, HEARD(4, 1)},
        {"noise5", "a", true, HEARD(6, 0)},
        {"noise5", "b", true, HEARD(4, 1)},
        {"noise5", "c", true, HEARD(10, 0)},
        {"noise10", "e", true, HEARD(3, 3)}};      /* lost as it was said */
    struct understanding u = of(list, N_OF(list));

    (void)state;
    assert_int_equal(u.n_noise, 3);
    assert_int_equal(u.noise[0].target_percent, 5);
    NEAR(u.noise[0].reached_percent, 5);            /* 1 of 20 words */
    assert_int_equal(u.noise[0].passed.n, 3);
    assert_int_equal(u.noise[0].passed.of, 3);
    assert_int_equal(u.noise[0].unharmed.n, 2);     /* a, b, and not c */
    assert_int_equal(u.noise[0].unharmed.of, 3);
    NEAR(u.noise[0].unharmed.rate, 2 / 3.0);
    assert_int_equal(u.noise[1].target_percent, 10);
    assert_int_equal(u.noise[1].passed.of, 1);
    assert_int_equal(u.noise[1].unharmed.of, 0);
    assert_true(isnan(u.noise[1].unharmed.rate));
    assert_int_equal(u.noise[2].target_percent, 20);
    NEAR(u.noise[2].reached_percent, 30);
    NEAR(u.noise[2].passed.rate, 0);
    NEAR(u.noise[2].passed.high, .65763);           /* Wilson, 0 of 2 */
    assert_int_equal(u.repeated, 0);
}

static void test_no_words_are_no_error_rate(void **state)
{
    static const struct asked list[] = {{"noise5", "a", true, {{NULL, 0}}}};
    struct understanding u = of(list, 1);

    (void)state;
    assert_int_equal(u.n_noise, 1);
    assert_true(isnan(u.noise[0].reached_percent));
}

static void test_more_levels_of_noise_than_ours_are_survived(void **state)
{
    struct understanding_tally *t = understanding_new();
    struct understanding        u;

    (void)state;
    for (int level = 1; level <= 3 * NOISE_LEVELS; level++) {
        char         kind[24];
        struct asked a = {kind, "a", true, HEARD(10, 1)};
        struct trial trial;

        snprintf(kind, sizeof kind, "noise%d", level);
        trial = trial_of(&a);
        understanding_add(t, &trial);
        trial_done(&trial);
    }
    u = summary(t);
    assert_int_equal(u.n_noise, NOISE_LEVELS);
    for (size_t i = 1; i < u.n_noise; i++)
        assert_true(u.noise[i - 1].target_percent < u.noise[i].target_percent);
    understanding_free(t);
}

/* ---- consistency -------------------------------------------------------- */

/* The share of all choices of k askings in which each passes. */
static double all_pass(const bool *passed, int n, int k)
{
    int good = 0, all = 0;

    for (unsigned set = 0; set < 1u << n; set++) {
        int  size = 0;
        bool is_good = true;

        for (int i = 0; i < n; i++) {
            if (!(set >> i & 1)) continue;
            size++;
            is_good = is_good && passed[i];
        }
        if (size != k) continue;
        all++;
        good += is_good;
    }
    return (double)good / all;
}

static void test_pass_hat_is_the_share_of_choices_that_all_pass(void **state)
{
    (void)state;
    for (int n = 2; n <= 12; n++)
        for (int wins = 0; wins <= n; wins += 1 + n / 6) {
            struct understanding_tally *t = understanding_new();
            struct understanding        u;
            bool                        passed[12];

            for (int i = 0; i < n; i++) {
                char         kind[24] = "case";
                struct asked a = {kind, "x", false, {{NULL, 0}}};
                struct trial trial;

                passed[i] = a.passed = i % n < wins;
                if (i) snprintf(kind, sizeof kind, "again%d", i);
                trial = trial_of(&a);
                understanding_add(t, &trial);
                trial_done(&trial);
            }
            u = summary(t);
            assert_int_equal(u.repeated, 1);
            assert_int_equal(u.most_repeats,
                             n < CONSISTENCY_MOST ? n : CONSISTENCY_MOST);
            for (int k = 1; k <= u.most_repeats; k++)
                NEAR(u.pass_hat[k - 1], all_pass(passed, n, k));
            for (int k = u.most_repeats; k < CONSISTENCY_MOST; k++)
                assert_true(isnan(u.pass_hat[k]));
            understanding_free(t);
        }
}

static void test_pass_hat_averages_cases_asked_often_enough(void **state)
{
    static const struct asked list[] = {
        {"case", "a", true, {{NULL, 0}}}, {"again1", "a", true, {{NULL, 0}}},
        {"again2", "a", false, {{NULL, 0}}},
        {"case", "b", true, {{NULL, 0}}}, {"again1", "b", true, {{NULL, 0}}},
        {"noise5", "b", false, {{NULL, 0}}},     /* misheard: not the same */
        {"case", "c", false, {{NULL, 0}}}};      /* asked once: no sample */
    struct understanding u = of(list, N_OF(list));

    (void)state;
    assert_int_equal(u.repeated, 2);
    assert_int_equal(u.most_repeats, 3);
    NEAR(u.pass_hat[0], (2 / 3.0 + 1) / 2);
    NEAR(u.pass_hat[1], (1 / 3.0 + 1) / 2);
    NEAR(u.pass_hat[2], 0);
}

/* ---- tools in the prompt ------------------------------------------------ */

static void test_a_case_counts_as_it_was_asked_by_prompt(void **state)
{
    static const struct asked list[] = {
        {"case", "a", false, {{"refused", 1}, {"refused_of", 1}}},
        {"prompt", "a", true, {{"refused", 0}, {"refused_of", 4}}},
        {"again1-prompt", "a", true, {{NULL, 0}}},
        {"again1", "a", false, {{NULL, 0}}},
        {"noise5-prompt", "a", true, HEARD(10, 1)},
        {"noise5", "a", false, HEARD(10, 9)},
        /* without a home there is nothing to put in the prompt */
        {"case", "b", true, {{NULL, 0}}}, {"again1", "b", true, {{NULL, 0}}},
        /* the asking by prompt was lost: the other says nothing */
        {"case", "c", false, {{"refused", 1}, {"refused_of", 1}}},
        {"noise5-prompt", "c", true, HEARD(10, 0)}};
    struct understanding u = of(list, N_OF(list));

    (void)state;
    assert_int_equal(u.manners[MANNER_refused].n, 0);
    assert_int_equal(u.manners[MANNER_refused].of, 4);
    assert_int_equal(u.n_noise, 1);
    assert_int_equal(u.noise[0].passed.of, 2);
    assert_int_equal(u.noise[0].passed.n, 2);
    assert_int_equal(u.noise[0].unharmed.of, 1);
    assert_int_equal(u.noise[0].unharmed.n, 1);
    NEAR(u.noise[0].reached_percent, 5);
    assert_int_equal(u.repeated, 2);
    assert_int_equal(u.most_repeats, 2);
    NEAR(u.pass_hat[1], 1);
}

/* ---- paraphrases -------------------------------------------------------- */

static void test_a_group_is_understood_when_every_member_is(void **state)
{
    static const struct asked list[] = {
        {"case", "g-1", true, {{NULL, 0}}}, {"case", "g-2", true, {{NULL, 0}}},
        {"case", "g-3", true, {{NULL, 0}}},
        {"case", "h-1", true, {{NULL, 0}}}, {"case", "h-2", true, {{NULL, 0}}},
        {"case", "h-3", false, {{NULL, 0}}},
        /* one was not asked, or lost; asked again is not another member */
        {"case", "i-1", true, {{NULL, 0}}}, {"case", "i-2", true, {{NULL, 0}}},
        {"again1", "i-1", true, {{NULL, 0}}},
        {"noise5", "i-3", true, {{NULL, 0}}},
        {"case", "alone", true, {{NULL, 0}}}};
    struct understanding u = of(list, N_OF(list));

    (void)state;
    assert_int_equal(u.groups.of, 2);
    assert_int_equal(u.groups.n, 1);
    NEAR(u.groups.rate, .5);
}

/* ---- as JSON ------------------------------------------------------------ */

static struct understanding rich(void)
{
    static const struct asked list[] = {
        {"case", "a", false, {{"turns_passed", 3}, {"turns_judged", 4}}},
        {"case", "b", false, {{"turns_passed", 1}, {"turns_judged", 2}}},
        {"case", "c", true, {{"refused", 1}, {"refused_of", 3}}},
        {"noise5", "c", true, HEARD(10, 1)}, {"noise9", "c", true, HEARD(7, 2)},
        {"again1", "c", false, {{NULL, 0}}},
        {"case", "g-1", true, {{NULL, 0}}}, {"case", "g-2", true, {{NULL, 0}}},
        {"case", "g-3", true, {{NULL, 0}}}};

    return of(list, N_OF(list));
}

static void test_json_is_read_back_exactly(void **state)
{
    struct understanding u = rich(), back;
    json_t              *first = understanding_json(&u), *second;

    (void)state;
    understanding_read(first, &back);
    second = understanding_json(&back);
    assert_true(json_equal(first, second));
    assert_int_equal(back.n_noise, 2);
    assert_int_equal(back.most_repeats, 2);
    assert_true(back.pass_hat[1] == u.pass_hat[1]);
    assert_true(isnan(back.pass_hat[2]));
    assert_true(back.turns.low == u.turns.low);
    assert_true(back.noise[1].reached_percent == u.noise[1].reached_percent);
    json_decref(first);
    json_decref(second);
}

static void test_json_says_null_for_what_is_missing(void **state)
{
    static const char *const keys[] = {"conversations", "turns", "manners",
                                       "noise", "repeats", "paraphrases"};
    struct understanding u;
    json_t              *o, *share;

    (void)state;
    u = of(NULL, 0);
    o = understanding_json(&u);
    assert_int_equal(json_object_size(o), N_OF(keys));
    for (size_t i = 0; i < N_OF(keys); i++)
        assert_non_null(json_object_get(o, keys[i]));
    share = json_object_get(o, "turns");
    assert_int_equal(json_integer_value(json_object_get(share, "of")), 0);
    assert_true(json_is_null(json_object_get(share, "rate")));
    assert_true(json_is_null(json_object_get(share, "low")));
    assert_int_equal(json_array_size(json_object_get(o, "noise")), 0);
    share = json_object_get(o, "manners");
    assert_int_equal(json_object_size(share), MANNER_COUNT);
    share = json_object_get(share, "said_not_done");
    assert_true(json_is_null(json_object_get(share, "rate")));
    understanding_read(o, &u);
    expect_nothing(&u);
    json_decref(o);
    understanding_read(NULL, &u);                /* an older report */
    expect_nothing(&u);
}

static void test_json_of_anybody_is_read_within_our_bounds(void **state)
{
    static const char *const odd[] = {
        "{\"conversations\":-3,\"turns\":{\"n\":\"x\",\"of\":1e300},"
        "\"manners\":7,\"noise\":{},\"repeats\":[],\"paraphrases\":null}",
        "{\"conversations\":1e300,\"turns\":{\"of\":-1,\"rate\":\"0.5\"},"
        "\"noise\":[1,[],null,{\"target_wer_percent\":1e18},{},{},{},{}],"
        "\"repeats\":{\"cases\":-1,\"pass_hat\":[null,\"a\",1,1,1,1,1,1,1,1,"
        "1,1,1,1,1,1]}}", "[]", "7", "null"};

    (void)state;
    for (size_t i = 0; i < N_OF(odd); i++) {
        json_t *o = json_loads(odd[i], JSON_DECODE_ANY, NULL);
        struct understanding u;

        assert_non_null(o);
        understanding_read(o, &u);
        assert_true(u.conversations >= 0);
        assert_int_equal(u.turns.n + u.turns.of, 0);
        assert_true(isnan(u.turns.rate));
        assert_true(u.n_noise <= NOISE_LEVELS);
        assert_true(u.repeated == 0 && u.most_repeats <= CONSISTENCY_MOST);
        assert_true(isnan(u.pass_hat[0]));
        for (size_t k = 0; k < u.n_noise; k++)
            assert_in_range(u.noise[k].target_percent, 0, 100);
        json_decref(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_judged_cases_say_anything),
        cmocka_unit_test(test_turns_are_a_ratio_over_conversations),
        cmocka_unit_test(test_one_conversation_has_no_interval),
        cmocka_unit_test(test_an_interval_of_turns_stays_within_0_and_1),
        cmocka_unit_test(test_each_manner_is_a_share_of_where_it_could_be),
        cmocka_unit_test(
            test_noise_is_a_level_each_beside_the_same_cases_without),
        cmocka_unit_test(test_no_words_are_no_error_rate),
        cmocka_unit_test(test_more_levels_of_noise_than_ours_are_survived),
        cmocka_unit_test(test_pass_hat_is_the_share_of_choices_that_all_pass),
        cmocka_unit_test(test_pass_hat_averages_cases_asked_often_enough),
        cmocka_unit_test(test_a_case_counts_as_it_was_asked_by_prompt),
        cmocka_unit_test(test_a_group_is_understood_when_every_member_is),
        cmocka_unit_test(test_json_is_read_back_exactly),
        cmocka_unit_test(test_json_says_null_for_what_is_missing),
        cmocka_unit_test(test_json_of_anybody_is_read_within_our_bounds),
    };
    return cmocka_run_group_tests_name("understanding", tests, NULL, NULL);
}
