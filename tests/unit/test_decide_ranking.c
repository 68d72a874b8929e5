/* SPDX-License-Identifier: MIT */
/* Which model to ship, who lost and why, and how sure that is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "unit/decide_fixture.h"

static void test_the_recommendation_says_how_sure_it_is(void **state)
{
    static const struct {
        const char *what, *objective;
        struct part parts[3];
        const char *name, *runner_up, *sure;
    } cases[] = {
        {"the only candidate", "quality", {{.name = "a"}}, "a", NULL,
         "the only candidate, so there is nothing to compare it with"},
        {"one passer", "quality",
         {{.name = "a", .pass = 19, .total = 20, .first_s = 3},
          {.name = "b", .pass = 16, .total = 20}}, "b", NULL,
         "the only candidate that passes every gate (16 of 20 cases "
         "passed)"},
        {"clearly better", "quality",
         {{.name = "a", .pass = 42, .total = 60},
          {.name = "b", .pass = 57, .total = 60, .first_s = 1.4}}, "b", "a",
         "clearly ahead of a on quality (57 of 60 cases passed against 42 "
         "of 60; sign test, p < 0.001)"},
        {"just clear: six cases, none the other way", "quality",
         {{.name = "a", .pass = 42, .total = 60},
          {.name = "b", .pass = 48, .total = 60, .first_s = 1.4}}, "b", "a",
         "clearly ahead of a on quality (48 of 60 cases passed against 42 "
         "of 60; sign test, p = 0.031)"},
        {"just not: five cases, so the sooner wins", "quality",
         {{.name = "a", .pass = 42, .total = 60, .first_s = 0.95},
          {.name = "b", .pass = 47, .total = 60, .first_s = 1.4}}, "a", "b",
         "cannot be told apart from b on quality (42 of 60 cases passed "
         "against 47 of 60; sign test, p = 0.062); chosen "
         "because it speaks sooner (0.95 s against 1.40 s)"},
        {"not apart, and the better one is the sooner", "quality",
         {{.name = "a", .pass = 42, .total = 60, .first_s = 1.4},
          {.name = "b", .pass = 43, .total = 60, .first_s = 0.95}}, "b", "a",
         "cannot be told apart from a on quality (43 of 60 cases passed "
         "against 42 of 60; sign test, p = 1.00); chosen "
         "because it speaks sooner (0.95 s against 1.40 s)"},
        {"equal", "quality", {{.name = "b"}, {.name = "a"}}, "a", "b",
         "cannot be told apart from b on quality (18 of 20 cases passed "
         "against 18 of 20; sign test, p = 1.00); chosen "
         "because its name comes first: nothing else separates them"},
        {"equally soon", "quality",
         {{.name = "a", .pass = 17, .total = 20},
          {.name = "b", .pass = 18, .total = 20}}, "b", "a",
         "cannot be told apart from a on quality (18 of 20 cases passed "
         "against 17 of 20; sign test, p = 1.00); chosen "
         "because it leads by that much"},
        {"faster", "speed", {{.name = "a"}, {.name = "b", .tok_s = 60}}, "b",
         "a", "clearly ahead of a on speed (60.0 tok/s against 50.0 tok/s; "
         "rank-sum test, p < 0.001)"},
        {"hardly faster", "speed",
         {{.name = "a", .first_s = 0.95}, {.name = "b", .tok_s = 50.01}},
         "a", "b", "cannot be told apart from b on speed (50.0 tok/s "
         "against 50.0 tok/s; rank-sum test, p = 0.71); chosen because it "
         "speaks sooner (0.95 s against 1.00 s)"},
        {"speed that one does not count", "speed",
         {{.name = "a", .tok_s = NAN, .first_s = 0.95}, {.name = "b"}}, "b",
         "a", "clearly ahead of a on speed (50.0 tok/s against speed not "
         "measured)"},
        {"speed that nobody counts at all", "speed",
         {{.name = "a", .tok_s = NAN},
          {.name = "b", .tok_s = NAN, .first_s = 0.95}}, "b", "a",
         "cannot be told apart from a on speed (speed not measured against "
         "speed not measured); chosen because it speaks sooner (0.95 s "
         "against 1.00 s)"},
        {"sooner", "latency",
         {{.name = "a"}, {.name = "b", .first_s = 0.8, .latency50_s = 0.7}},
         "b", "a", "clearly ahead of a on latency (0.80 s to speech against "
         "1.00 s; rank-sum test, p < 0.001)"},
        {"the worse of the two latencies counts", "latency",
         {{.name = "a", .first_s = 0.5, .latency50_s = 1.3},
          {.name = "b", .first_s = 1.2, .latency50_s = 1.1}}, "b", "a",
         "clearly ahead of a on latency (1.20 s to speech against 1.30 s; "
         "rank-sum test, p < 0.001)"},
        {"hardly sooner", "latency",
         {{.name = "a"}, {.name = "b", .first_s = 0.9995}}, "b", "a",
         "cannot be told apart from a on latency (1.00 s to speech against "
         "1.00 s; rank-sum test, p = 0.71); chosen because it "
         "leads by that much"},
        {"one latency is enough", "latency",
         {{.name = "a"}, {.name = "b", .latency50_s = NAN, .first_s = 0.7}},
         "b", "a", "clearly ahead of a on latency (0.70 s to speech against "
         "1.00 s; rank-sum test, p < 0.001)"},
        {"smaller", "memory",
         {{.name = "a"}, {.name = "b", .memory_mib = 600}}, "b", "a",
         "clearly ahead of a on memory (600 MiB against 900 MiB)"},
        {"as large", "memory",
         {{.name = "a", .first_s = 0.95}, {.name = "b", .memory_mib = 895}},
         "a", "b", "cannot be told apart from b on memory (900 MiB against "
         "895 MiB); chosen because it speaks sooner (0.95 s against "
         "1.00 s)"},
        {"a size that nobody knows", "memory",
         {{.name = "a", .memory_mib = NAN}, {.name = "b"}}, "b", "a",
         "clearly ahead of a on memory (900 MiB against memory not "
         "measured)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char        *command = mem_printf("llama-server -m %s",
                                          cases[i].name);
        size_t       n = 0;

        while (n < 3 && cases[i].parts[n].name) n++;
        decide(&s, cases[i].objective, cases[i].parts, n);
        if (!s.f.recommendation)
            fail_msg("%s: %s", cases[i].what, s.f.no_winner);
        same_text(cases[i].what, s.f.recommendation->name, cases[i].name);
        same_text(cases[i].what, s.f.recommendation->runner_up,
                  cases[i].runner_up);
        same_text(cases[i].what, s.f.recommendation->sure, cases[i].sure);
        same_text(cases[i].what, s.f.recommendation->command, command);
        same_text(cases[i].what, s.f.candidates[0].name, cases[i].name);
        assert_null(s.f.no_winner);
        free(command);
        strike(&s);
    }
}

static void test_each_loser_is_told_why(void **state)
{
    static const struct {
        const char *what, *objective;
        struct part parts[2];
        const char *winner, *loser;
    } cases[] = {
        {"clearly behind", "quality",
         {{.name = "a", .pass = 42, .total = 60},
          {.name = "b", .pass = 57, .total = 60}},
         "passes every gate; 57 of 60 cases passed; voice latency 1.00 s "
         "(first sentence) meets the target of 1.5 s",
         "passes every gate; 42 of 60 cases passed, the winner 57 of 60"},
        {"better, but perhaps by chance", "quality",
         {{.name = "a", .pass = 43, .total = 60, .first_s = 1.6},
          {.name = "b", .pass = 42, .total = 60}},
         "passes every gate; 42 of 60 cases passed; voice latency 1.00 s "
         "(first sentence) meets the target of 1.5 s",
         "passes every gate; 43 of 60 cases passed, the winner 42 of 60: "
         "that may be chance, the winner was chosen because "
         "it speaks sooner (1.00 s against 1.60 s)"},
        {"by latency", "latency",
         {{.name = "a", .first_s = 1.6}, {.name = "b"}},
         "passes every gate; voice latency 1.00 s (first sentence) meets "
         "the target of 1.5 s",
         "passes every gate; 1.60 s to speech, the winner 1.00 s"},
        {"out", "quality",
         {{.name = "a", .pass = 20, .total = 20, .first_s = 2.6},
          {.name = "b"}},
         "passes every gate; 18 of 20 cases passed; voice latency 1.00 s "
         "(first sentence) meets the target of 1.5 s",
         "fails on: voice latency 2.60 s (at most 2 s)"},
        {"failed", "quality",
         {{.name = "a", .status = STATUS_FAILED, .failure = "no such file"},
          {.name = "b"}},
         "passes every gate; 18 of 20 cases passed; voice latency 1.00 s "
         "(first sentence) meets the target of 1.5 s", "no such file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;

        decide(&s, cases[i].objective, cases[i].parts, 2);
        same_text(cases[i].what, s.f.candidates[0].reason, cases[i].winner);
        same_text(cases[i].what, s.f.candidates[1].reason, cases[i].loser);
        strike(&s);
    }
}

/* a leads, b is within chance of it, c is clearly beaten by a although it
 * speaks soonest of all. */
static void test_of_those_within_chance_the_soonest_wins(void **state)
{
    static const struct part parts[] = {
        {.name = "d", .pass = 59, .total = 60, .first_s = 2.6},
        {.name = "c", .pass = 43, .total = 60, .first_s = 0.91},
        {.name = "a", .pass = 56, .total = 60, .first_s = 1.8},
        {.name = "x", .pass = 54, .total = 60, .first_s = 1.7},
        {.name = "b", .pass = 53, .total = 60, .first_s = 1.2},
    };
    static const char *const order[] = {"b", "a", "x", "c", "d"};
    struct stage s;

    (void)state;
    decide(&s, "quality", parts, 5);
    for (size_t i = 0; i < 5; i++)
        same_text("order", s.f.candidates[i].name, order[i]);
    same_text("sure", s.f.recommendation->sure,
              "cannot be told apart from a on quality (53 of 60 cases passed "
         "against 56 of 60; sign test, p = 0.25); chosen "
         "because it speaks sooner (1.20 s against 1.80 s)");
    assert_false(s.f.candidates[4].passes_gates);
    strike(&s);
}

static void test_without_a_passer_the_nearest_is_named(void **state)
{
    static const struct part parts[] = {
        {.name = "worse", .pass = 3, .total = 20, .first_s = 2.6},
        {.name = "dead", .status = STATUS_FAILED, .failure = "cut short"},
        {.name = "near", .pass = 13, .total = 20},
        {.name = "large", .status = STATUS_SKIPPED, .failure = "no room"},
    };
    struct stage s;

    (void)state;
    decide(&s, "quality", parts, 4);
    assert_null(s.f.recommendation);
    same_text("no winner", s.f.no_winner,
              "no candidate passes every gate; nearest is near, which fails "
              "on: 13 of 20 tool cases passed, 65.0 % (at least 70 %)");
    same_text("first", s.f.candidates[0].name, "near");
    same_text("second", s.f.candidates[1].name, "worse");
    for (size_t i = 0; i < 4; i++)
        assert_false(s.f.candidates[i].passes_gates);
    strike(&s);
}

static void test_when_nobody_was_auditioned_that_is_said(void **state)
{
    static const struct part parts[] = {
        {.name = "b", .status = STATUS_SKIPPED, .failure = "no room"},
        {.name = "a", .status = STATUS_FAILED, .failure = "cut short"},
    };
    static const char *const want[] = {
        "there is no candidate",
        "b could not be auditioned: no room",
        ("none of the 2 candidates could be auditioned; the first, a: cut "
         "short"),
    };

    (void)state;
    for (size_t n = 0; n <= 2; n++) {
        struct stage s;

        decide(&s, "quality", parts, n);
        assert_null(s.f.recommendation);
        same_text("no winner", s.f.no_winner, want[n]);
        strike(&s);
    }
}

static void test_evidence_stays_with_its_candidate(void **state)
{
    static const struct part parts[] = {
        {.name = "slow", .tok_s = 10}, {.name = "fast", .tok_s = 90},
        {.name = "middle", .tok_s = 40}};
    struct stage s;

    (void)state;
    decide(&s, "speed", parts, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(s.e[i].values[METRIC_served_tok_s][SAMPLES / 2] ==
                    s.f.candidates[i].metrics[METRIC_served_tok_s].median);
    strike(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_recommendation_says_how_sure_it_is),
        cmocka_unit_test(test_each_loser_is_told_why),
        cmocka_unit_test(test_of_those_within_chance_the_soonest_wins),
        cmocka_unit_test(test_without_a_passer_the_nearest_is_named),
        cmocka_unit_test(test_when_nobody_was_auditioned_that_is_said),
        cmocka_unit_test(test_evidence_stays_with_its_candidate),
    };
    return cmocka_run_group_tests_name("decide_ranking", tests, NULL, NULL);
}
