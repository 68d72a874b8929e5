/* SPDX-License-Identifier: MIT */
/* Measurements with a mark: made again, left out of every figure, and never
 * ranked without saying so. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "decide_fixture.h"
#include "schedule.h"
#include "works.h"

/* ---- made again --------------------------------------------------------- */

/* One block of a candidate whose first `marked` rounds of a kind are marked;
 * how many rounds of decoding it takes. */
static int rounds_of(const struct schedule *s, const char *kind, int marked)
{
    struct progress p = {0};
    struct work     w;
    int             n = 0, so_far = 0;

    for (schedule_next(s, &p, 0, &w); w.kind != WORK_DONE;
         schedule_next(s, &p, 0, &w)) {
        struct trial t = {.block = w.block, .duration_s = 1};
        char        *part = mem_printf("b0/%s/", kind);

        snprintf(t.key, sizeof t.key, "%s", w.key);
        trial_observe(&t, "served_tok_s", 50);
        trial_observe(&t, "first_sentence_s", 1);
        trial_observe(&t, "latency50_s", 1);
        if (strncmp(t.key, part, strlen(part)) == 0 && so_far++ < marked)
            t.marks = MARK_INTERFERENCE;
        n += w.kind == WORK_DECODE;
        progress_add(&p, &t);
        trial_done(&t);
        free(part);
        assert_true(n < 100);
    }
    progress_done(&p);
    return n;
}

static void test_marked_rounds_are_made_again_but_not_for_ever(void **state)
{
    static const struct {
        const char *kind;
        int         marked, rounds;
    } cases[] = {
        {"decode", 0, 4}, {"decode", 1, 5}, {"decode", 3, 7},
        {"decode", 100, 8},            /* as many as there were to be */
        {"latency50", 2, 6}, {"speak", 2, 6},
        {"speak_cold", 2, 4}, {"prefill128", 2, 4},   /* rank nobody */
    };
    const struct schedule s = {.blocks = 1, .min_rounds = 4, .max_rounds = 4,
                               .block_budget_s = NAN, .narrow_frac = 0.05,
                               .can_complete = true, .soak_s = NAN};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = rounds_of(&s, cases[i].kind, cases[i].marked);

        if (n != cases[i].rounds)
            fail_msg("%d of %s marked: %d rounds, not %d", cases[i].marked,
                     cases[i].kind, n, cases[i].rounds);
    }
}

static void test_a_budget_that_is_spent_leaves_marked_rounds(void **state)
{
    const struct schedule s = {.blocks = 1, .min_rounds = 4, .max_rounds = 4,
                               .block_budget_s = 1, .narrow_frac = 0.05,
                               .can_complete = true, .soak_s = NAN};

    (void)state;
    assert_int_equal(rounds_of(&s, "decode", 4), 4);
}

/* Else a burst of noise would keep a block going. */
static void test_marked_values_do_not_widen_an_interval(void **state)
{
    struct progress p = {0};
    struct trial    t = {.marks = MARK_THROTTLED, .key = "b0/decode/0"};

    (void)state;
    trial_observe(&t, "served_tok_s", 1);
    progress_add(&p, &t);
    assert_true(progress_has(&p, "b0/decode/0"));
    assert_int_equal(p.n_served, 0);
    assert_int_equal(p.marked[0][0], 1);
    trial_done(&t);
    progress_done(&p);
}

/* ---- left out ----------------------------------------------------------- */

static void observe(struct evidence *e, const char *metric, double value,
                    unsigned marks)
{
    struct trial t = {.marks = marks, .key = "b0/any/0"};

    trial_observe(&t, metric, value);
    evidence_add(e, &t);
    trial_done(&t);
}

static void test_marked_values_are_in_no_figure_beside_others(void **state)
{
    struct evidence        e = {.blocks = 0};
    struct candidate_facts c = {.status = STATUS_OK};
    const struct metric   *m = &c.metrics[METRIC_served_tok_s];

    (void)state;
    for (int i = 0; i < 3; i++) observe(&e, "served_tok_s", 50, 0);
    for (int i = 0; i < 9; i++)
        observe(&e, "served_tok_s", 5, MARK_INTERFERENCE);
    evidence_summarise(&e, always, NULL, 1.5, &c);
    assert_true(m->median == 50);
    assert_int_equal(m->n, 3);
    assert_false(m->is_marked);
    evidence_done(&e);
}

static void test_where_all_are_marked_they_are_shown_as_such(void **state)
{
    struct evidence        e = {.blocks = 0};
    struct candidate_facts c = {.status = STATUS_OK};
    const struct metric   *m = &c.metrics[METRIC_served_tok_s];

    (void)state;
    observe(&e, "served_tok_s", 4, MARK_INTERFERENCE);
    observe(&e, "served_tok_s", 6, MARK_SWAPPED | MARK_THROTTLED);
    evidence_summarise(&e, always, NULL, 1.5, &c);
    assert_true(m->median == 5);
    assert_int_equal(m->n, 2);
    assert_true(m->is_marked);
    assert_string_equal(m->reason, "every one of 2 was measured under a mark: "
                        "throttled, interference, swapped");
    evidence_done(&e);
}

/* The verdict of a case stands, whatever the board did; its time does not. */
static void test_a_marked_case_is_judged_and_not_timed(void **state)
{
    struct evidence        e = {.blocks = 0};
    struct candidate_facts c = {.status = STATUS_OK};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct trial t = {.suite = mem_copy("home"), .outcome = OUTCOME_PASS,
                          .case_id = mem_printf("case-%d", i),
                          .marks = i ? MARK_INTERFERENCE : 0};

        trial_observe(&t, "first_sentence_s", i ? 9 : 1);
        trial_observe(&t, "tool_turn_s", i ? 9 : 1);
        evidence_add(&e, &t);
        trial_done(&t);
    }
    evidence_summarise(&e, always, NULL, 1.5, &c);
    assert_int_equal(c.quality[0].pass, 2);
    assert_int_equal(c.quality[0].first_sentence_s.n, 1);
    assert_true(c.quality[0].first_sentence_s.median == 1);
    assert_int_equal(c.metrics[METRIC_tool_turn_s].n, 1);
    evidence_done(&e);
    free(c.quality[0].suite);
    free(c.quality);
}

/* Not "no answer had a spoken word". */
static void test_cases_that_are_all_marked_are_timed_as_such(void **state)
{
    struct evidence        e = {.blocks = 0};
    struct candidate_facts c = {.status = STATUS_OK};
    struct trial           t = {.suite = mem_copy("home"),
                                .outcome = OUTCOME_PASS,
                                .case_id = mem_copy("case"),
                                .marks = MARK_SWAPPED};
    struct trial           cold = {.marks = MARK_THROTTLED,
                                   .key = "cold/home/case/0"};

    (void)state;
    trial_observe(&t, "first_sentence_s", 9);
    trial_observe(&cold, WORKS_COLD_CASE, 10);
    evidence_add(&e, &t);
    evidence_add(&e, &cold);
    evidence_summarise(&e, always, NULL, 1.5, &c);
    assert_true(c.quality[0].first_sentence_s.median == 9);
    assert_true(c.quality[0].first_sentence_s.is_marked);
    assert_string_equal(c.quality[0].first_sentence_s.reason,
                        "every one of 1 was measured under a mark: swapped");
    assert_true(c.quality[0].first_sentence_cold_s.median == 10);
    assert_true(c.quality[0].first_sentence_cold_s.is_marked);
    trial_done(&t);
    trial_done(&cold);
    evidence_done(&e);
    free(c.quality[0].suite);
    free(c.quality);
}

static void test_what_is_computed_from_marked_figures_is_marked(void **state)
{
    struct evidence        e = {.blocks = 0};
    struct candidate_facts c = {.status = STATUS_OK};
    const int ids[] = {METRIC_latency50_naive_s, METRIC_serving_ms_per_token};

    (void)state;
    observe(&e, "served_tok_s", 40, MARK_INTERFERENCE);
    observe(&e, "engine_tok_s", 50, 0);
    evidence_summarise(&e, always, NULL, 1.5, &c);
    assert_false(c.metrics[METRIC_engine_tok_s].is_marked);
    for (size_t i = 0; i < 2; i++) {
        assert_true(c.metrics[ids[i]].median > 0);
        assert_true(c.metrics[ids[i]].is_marked);
        assert_non_null(strstr(c.metrics[ids[i]].reason, "interference"));
    }
    evidence_done(&e);
}

static void test_why_there_is_no_energy_is_what_is_so(void **state)
{
    static const struct {
        const char *turns, *power, *prefill, *reason;
        bool        remote;
    } cases[] = {
        {NULL, NULL, NULL, "the server runs on another host", true},
        {NULL, NULL, "prompt_tok_s", "the board was not watched", false},
        {"board_turns", NULL, NULL, "needs raw prompts", false},
        {"board_turns", NULL, "prompt_tok_s", "no power or energy", false},
        {"board_turns", "board_power_w", "prompt_tok_s", "too short", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct evidence        e = {.blocks = 0};
        struct candidate_facts c = {.status = STATUS_OK,
                                    .remote = cases[i].remote};
        const struct metric   *m = &c.metrics[METRIC_energy_j_per_token];

        if (cases[i].turns) observe(&e, cases[i].turns, 1, 0);
        if (cases[i].power) observe(&e, cases[i].power, 7, 0);
        if (cases[i].prefill) observe(&e, cases[i].prefill, 90, 0);
        evidence_summarise(&e, always, NULL, 1.5, &c);
        if (!strstr(m->reason, cases[i].reason))
            fail_msg("%s, not %s", m->reason, cases[i].reason);
        evidence_done(&e);
    }
}

/* ---- never ranked silently ---------------------------------------------- */

/* A candidate that passes every gate, its times perhaps under a mark. */
static void candidate(struct stage *s, const char *name, double first_s,
                      unsigned marks)
{
    size_t                  i = s->f.n_candidates++;
    struct candidate_facts *c = &s->f.candidates[i];
    struct part             part = {.name = name, .total = 20, .pass = 18};

    *c = (struct candidate_facts){
        .name = mem_copy(name), .status = STATUS_OK, .has_template = 1,
        .supports_tools = 1, .verdict = VERDICT_UNKNOWN};
    for (int k = 0; k < SAMPLES; k++) {
        observe(&s->e[i], "first_sentence_s", first_s, marks);
        observe(&s->e[i], "latency50_s", 0.5, 0);
        observe(&s->e[i], "served_tok_s", 50, marks);
    }
    add_cases(&s->e[i], &part);
    evidence_summarise(&s->e[i], always, NULL, 1.5, c);
    decide_candidate(c, &s->config, &s->e[i]);
}

static void begin(struct stage *s, const char *objective)
{
    *s = (struct stage){.config = config_for(objective)};
    s->f.objective = mem_copy(objective);
    s->f.candidates = mem_new(2, sizeof *s->f.candidates);
}

static const char sentence_is[] = "first sentence: every one of 7 was measured "
                                  "under a mark: interference";

static bool says(const char *text, const char *whose, const char *what)
{
    char *part = mem_printf("; %s%s", whose, what);
    bool  is = text && strstr(text, part);

    free(part);
    return is;
}

static void test_a_recommendation_from_marked_figures_says_so(void **state)
{
    static const char *const objectives[] = {"quality", "latency", "speed"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stage s;
        const char  *sure;

        begin(&s, objectives[i]);
        candidate(&s, "a", 1, MARK_INTERFERENCE);
        decide_ranking(&s.f, s.e, &s.config);
        sure = s.f.recommendation->sure;
        assert_true(says(sure, "", sentence_is));
        assert_int_equal(says(sure, "", "tok/s: every one of 7"),
                         strcmp(objectives[i], "speed") == 0);
        assert_true(says(s.f.candidates[0].reason, "", sentence_is));
        strike(&s);
    }
}

static void test_a_runner_up_with_marked_figures_is_named(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "latency");
    candidate(&s, "a", 0.6, 0);
    candidate(&s, "b", 1.2, MARK_INTERFERENCE);
    decide_ranking(&s.f, s.e, &s.config);
    assert_string_equal(s.f.recommendation->name, "a");
    assert_false(says(s.f.recommendation->sure, "", sentence_is));
    assert_true(says(s.f.recommendation->sure, "b's ", sentence_is));
    assert_true(says(s.f.candidates[1].reason, "", sentence_is));
    assert_null(strstr(s.f.candidates[0].reason, "mark"));
    strike(&s);
}

static void test_a_gate_failed_under_a_mark_says_so(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "quality");
    candidate(&s, "a", 5, MARK_INTERFERENCE);
    decide_ranking(&s.f, s.e, &s.config);
    assert_null(s.f.recommendation);
    assert_true(says(s.f.no_winner, "", sentence_is));
    assert_true(says(s.f.candidates[0].reason, "", sentence_is));
    strike(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marked_rounds_are_made_again_but_not_for_ever),
        cmocka_unit_test(test_a_budget_that_is_spent_leaves_marked_rounds),
        cmocka_unit_test(test_marked_values_do_not_widen_an_interval),
        cmocka_unit_test(test_marked_values_are_in_no_figure_beside_others),
        cmocka_unit_test(test_where_all_are_marked_they_are_shown_as_such),
        cmocka_unit_test(test_a_marked_case_is_judged_and_not_timed),
        cmocka_unit_test(test_cases_that_are_all_marked_are_timed_as_such),
        cmocka_unit_test(test_what_is_computed_from_marked_figures_is_marked),
        cmocka_unit_test(test_why_there_is_no_energy_is_what_is_so),
        cmocka_unit_test(test_a_recommendation_from_marked_figures_says_so),
        cmocka_unit_test(test_a_runner_up_with_marked_figures_is_named),
        cmocka_unit_test(test_a_gate_failed_under_a_mark_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
