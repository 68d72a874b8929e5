/* SPDX-License-Identifier: MIT */
/* The verdict on one candidate, its findings and its gates, and the sentences
 * that say so. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "decide_internal.h"
#include "unit/decide_fixture.h"

static void test_the_verdict_is_the_worse_latency_at_each_limit(void **state)
{
    static const struct {
        double       first_s, latency50_s;
        enum verdict verdict;
        const char  *reason;
    } cases[] = {
        {1.5, 0.9, VERDICT_TARGET_MET, "voice latency 1.50 s (first "
         "sentence) meets the target of 1.5 s"},
        {0.9, 1.5, VERDICT_TARGET_MET, "voice latency 1.50 s (50 tokens) "
         "meets the target of 1.5 s"},
        {1.51, 0.9, VERDICT_READY, "voice latency 1.51 s (first sentence) "
         "is voice-ready (at most 2 s), though above the target of 1.5 s"},
        {1.0, 2.0, VERDICT_READY, "voice latency 2.00 s (50 tokens) is "
         "voice-ready (at most 2 s), though above the target of 1.5 s"},
        {1.0, 2.01, VERDICT_BORDERLINE, "voice latency 2.01 s (50 tokens) "
         "is borderline: above the 2 s of voice-ready, at most 2.5 s"},
        {2.5, 2.5, VERDICT_BORDERLINE, "voice latency 2.50 s (50 tokens) is "
         "borderline: above the 2 s of voice-ready, at most 2.5 s"},
        {2.51, 1.0, VERDICT_TOO_SLOW, "voice latency 2.51 s (first "
         "sentence) is too slow: above 2.5 s"},
        {NAN, 1.2, VERDICT_TARGET_MET, "voice latency 1.20 s (50 tokens) "
         "meets the target of 1.5 s; not measured: first sentence"},
        {3, NAN, VERDICT_TOO_SLOW, "voice latency 3.00 s (first sentence) "
         "is too slow: above 2.5 s; not measured: 50 tokens"},
        {NAN, NAN, VERDICT_UNKNOWN, "no voice latency was measured"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct part   p = {.first_s = cases[i].first_s,
                           .latency50_s = cases[i].latency50_s};
        struct config config = config_for("quality");
        struct facts  f = {.candidates = mem_new(1, sizeof *f.candidates),
                           .n_candidates = 1};
        struct evidence e = {0};

        play(&p, &config, &f.candidates[0], &e);
        same_text(verdict_name(cases[i].verdict),
                  verdict_name(f.candidates[0].verdict),
                  verdict_name(cases[i].verdict));
        same_text("reason", f.candidates[0].reason, cases[i].reason);
        facts_done(&f);
        evidence_done(&e);
        free(config.objective);
    }
}

static void test_what_could_not_be_auditioned_says_why(void **state)
{
    static const struct {
        const char  *failure;
        enum verdict verdict;
    } cases[] = {
        {"the engine ended: unknown model architecture: 'warp9'",
         VERDICT_UNSUPPORTED},
        {"model.gguf: header cut short at 10 bytes", VERDICT_FAILED},
        {NULL, VERDICT_FAILED},
    };
    struct part skipped = {.name = "a", .status = STATUS_SKIPPED,
                           .failure = "does not fit: needs 9000 MiB"};
    struct config   config = config_for("quality");
    struct evidence e = {0};
    struct facts    f;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct part p = {.name = "a", .status = STATUS_FAILED,
                         .failure = cases[i].failure};

        f = (struct facts){.candidates = mem_new(1, sizeof *f.candidates),
                           .n_candidates = 1};
        play(&p, &config, &f.candidates[0], &e);
        assert_int_equal(f.candidates[0].verdict, cases[i].verdict);
        same_text("reason", f.candidates[0].reason, cases[i].failure);
        assert_int_equal(f.candidates[0].n_findings, 0);
        facts_done(&f);
    }
    f = (struct facts){.candidates = mem_new(1, sizeof *f.candidates),
                       .n_candidates = 1};
    play(&skipped, &config, &f.candidates[0], &e);
    f.candidates[0].verdict = VERDICT_DOES_NOT_FIT;     /* as step 2 says */
    decide_candidate(&f.candidates[0], &config, &e);
    assert_int_equal(f.candidates[0].verdict, VERDICT_DOES_NOT_FIT);
    same_text("reason", f.candidates[0].reason, skipped.failure);
    facts_done(&f);
    evidence_done(&e);
    free(config.objective);
}

static void test_each_defect_is_found_and_charged_to_its_owner(void **state)
{
    static const struct {
        const char *what;
        struct part part;
        const char *kind;
        enum fault  fault;
        const char *text;
    } cases[] = {
        {"weights that were made up", {.is_synthetic = true}, "synthetic",
         FAULT_FILE, "answers mean nothing"},
        {"calls as text", {.pass = 2, .unparsed = 15, .total = 20},
         "calls_not_parsed", FAULT_TEMPLATE,
         "15 answers hold a tool call written as text, which the server does "
         "not parse for this template; 10 % of 20 tool cases pass as served, "
         "85 % if parsed"},
        {"an engine that died", {.status = STATUS_PARTIAL,
         .failure = "killed by signal 9: out of memory"}, "engine_died",
         FAULT_ENGINE, "killed by signal 9: out of memory"},
        {"a clock that is off", {.tok_s = 40, .timings_tok_s = 42},
         "timing_disagrees", FAULT_HARNESS,
         "tok/s: arrivals differ by 4.8 % from the server's own timing"},
        {"cases that we lost", {.pass = 17, .harness = 3, .total = 20},
         "harness_faults", FAULT_HARNESS, "3 of 20 cases of home could not"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        const struct candidate_facts *c;

        decide(&s, "quality", &cases[i].part, 1);
        c = &s.f.candidates[0];
        if (c->n_findings != 1)
            fail_msg("%s: %zu findings", cases[i].what, c->n_findings);
        same_text(cases[i].what, c->findings[0].kind, cases[i].kind);
        same_text(cases[i].what, fault_name(c->findings[0].fault),
                  fault_name(cases[i].fault));
        if (!strstr(c->findings[0].text, cases[i].text))
            fail_msg("%s: %s", cases[i].what, c->findings[0].text);
        assert_true(strlen(c->findings[0].remedy) > 20);
        strike(&s);
    }
}

static void test_a_sound_candidate_has_no_finding(void **state)
{
    static const struct part part = {.name = "sound"};
    struct stage s;

    (void)state;
    decide(&s, "quality", &part, 1);
    assert_int_equal(s.f.candidates[0].n_findings, 0);
    assert_true(s.f.candidates[0].passes_gates);
    strike(&s);
}

static void test_without_a_template_it_is_no_instruct_model(void **state)
{
    static const struct part part = {.name = "base", .has_template = -2};
    struct stage s;

    (void)state;
    decide(&s, "quality", &part, 1);
    assert_int_equal(s.f.candidates[0].verdict, VERDICT_NOT_INSTRUCT);
    assert_false(s.f.candidates[0].passes_gates);
    strike(&s);
}

/* ---- gates ------------------------------------------------------------- */

static void test_each_gate_alone_fails_a_candidate_with_its_words(
    void **state)
{
    static const struct {
        struct part part;
        double      min_tok_s, min_quality;
        const char *reason;
    } cases[] = {
        {{.has_template = -2}, 0, 0.5, "no chat template in the file"},
        {{.is_synthetic = true}, 0, 0.5, "made-up weights"},
        {{.left_mib = -511.5}, 0, 0.5,
         "memory: 512 MiB less than is reserved for speech"},
        {{.first_s = 2.01}, 0, 0.5, "voice latency 2.01 s (at most 2 s)"},
        {{.latency50_s = 2.6}, 0, 0.5, "voice latency 2.60 s (at most 2 s)"},
        {{.first_s = NAN, .latency50_s = NAN}, 0, 0.5,
         "voice latency not measured (at most 2 s)"},
        {{.pass = 209, .total = 300}, 0, 0.5,
         "209 of 300 tool cases passed, 69.7 % (at least 70 %)"},
        {{.pass = 4, .template_fault = 16, .total = 20,
          .supports_tools = -2}, 0, 0,
         "4 of 20 tool cases passed, 20.0 % (at least 70 %): its template "
         "drops the tools"},
        {{.pass = 4, .unparsed = 16, .total = 20}, 0, 0,
         "4 of 20 tool cases passed, 20.0 % (at least 70 %): calls written "
         "as text are not parsed"},
        {{.pass = 18, .total = 20}, 0, 0.95,
         "18 of 20 cases passed, 90.0 % (at least 95 %)"},
        {{.tok_s = 9.9}, 10, 0.5, "9.9 tok/s (at least 10)"},
        {{.tok_s = NAN}, 10, 0.5, "tok/s not measured (at least 10)"},
        {{.status = STATUS_PARTIAL, .failure = "killed by signal 9"}, 0, 0.5,
         "killed by signal 9"},
        {{.status = STATUS_PARTIAL}, 0, 0.5,
         "its audition is not complete"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s = {.config = config_for("quality")};
        char        *want = mem_printf("fails on: %s", cases[i].reason);

        s.config.thresholds.min_tok_s = cases[i].min_tok_s;
        s.config.thresholds.min_quality = cases[i].min_quality;
        s.f.objective = mem_copy("quality");
        s.f.candidates = mem_new(1, sizeof *s.f.candidates);
        play(&cases[i].part, &s.config, &s.f.candidates[0], &s.e[0]);
        s.f.n_candidates = 1;
        decide_ranking(&s.f, s.e, &s.config);
        same_text("reason", s.f.candidates[0].reason, want);
        assert_false(s.f.candidates[0].passes_gates);
        assert_null(s.f.recommendation);
        free(want);
        want = mem_printf("no candidate passes every gate; nearest is "
                          "alone, which fails on: %s", cases[i].reason);
        same_text("no winner", s.f.no_winner, want);
        free(want);
        strike(&s);
    }
}

static void test_a_limit_that_is_just_met_is_passed(void **state)
{
    static const struct part cases[] = {
        {.first_s = 2, .latency50_s = 2},
        {.pass = 7, .total = 10},
        {.left_mib = 1e-9},
        {.tok_s = 10},
        {.first_s = NAN},
        {.left_mib = NAN, .memory_mib = NAN},     /* on another host */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s = {.config = config_for("quality")};

        s.config.thresholds.min_tok_s = 10;
        s.config.thresholds.min_quality = 0.7;
        s.f.objective = mem_copy("quality");
        s.f.candidates = mem_new(1, sizeof *s.f.candidates);
        play(&cases[i], &s.config, &s.f.candidates[0], &s.e[0]);
        s.f.n_candidates = 1;
        decide_ranking(&s.f, s.e, &s.config);
        if (!s.f.candidates[0].passes_gates)
            fail_msg("%zu: %s", i, s.f.candidates[0].reason);
        strike(&s);
    }
}

static void test_every_failed_gate_is_named(void **state)
{
    static const struct part part = {
        .first_s = 2.2, .pass = 3, .total = 20, .left_mib = -100};
    struct stage s;

    (void)state;
    decide(&s, "quality", &part, 1);
    same_text("reason", s.f.candidates[0].reason,
              "fails on: memory: 100 MiB less than is reserved for speech; "
              "voice latency 2.20 s (at most 2 s); 3 of 20 tool cases "
              "passed, 15.0 % (at least 70 %); 3 of 20 cases passed, 15.0 % "
              "(at least 50 %)");
    strike(&s);
}

/* Above two percent of lost cases there is no rate, so nothing is proven. */
static void test_cases_that_we_lost_prove_nothing(void **state)
{
    static const struct part part = {.pass = 17, .harness = 3, .total = 20};
    struct stage s;

    (void)state;
    decide(&s, "quality", &part, 1);
    same_text("reason", s.f.candidates[0].reason,
              "fails on: too many tool cases could not be judged (run "
              "again); too many cases could not be judged (run again)");
    strike(&s);
}

/* Asked both ways, the cases with the tools in the prompt are at the gates,
 * and it is said. */
static void test_what_was_asked_by_prompt_is_what_the_gates_see(void **state)
{
    struct config config = config_for("quality");

    (void)state;
    for (int pass = 0; pass <= 20; pass += 10) {
        struct quality both[2] = {
            {.suite = (char[]){"home"}, .template_fault = 20, .total = 20,
             .rate = 0, .rate_if_parsed = 0, .needs_tools = true},
            {.suite = (char[]){"home_by_prompt"}, .pass = pass,
             .fail = 20 - pass, .total = 20, .rate = pass / 20.0,
             .rate_if_parsed = pass / 20.0, .needs_tools = true,
             .by_prompt = true, .dialect = (char[]){"as Hermes has it"}}};
        struct candidate_facts c = {.quality = both, .n_quality = 2,
                                    .supports_tools = 0, .has_template = 1};
        struct evidence e = {0};
        struct pool     tools = decide_pool(&c, true);

        assert_true(tools.by_prompt);
        assert_int_equal(tools.total, 20);
        assert_int_equal(tools.pass, pass);
        decide_candidate(&c, &config, &e);
        assert_int_equal(c.n_findings, 1);
        assert_string_equal(c.findings[0].kind, "tools_by_prompt");
        assert_non_null(strstr(c.findings[0].text, "as Hermes has it"));
        free(c.findings);
        free(c.reason);
    }
    free(config.objective);
}

static void test_reasoning_that_is_in_the_way_is_a_finding(void **state)
{
    struct config          config = config_for("quality");
    struct candidate_facts c = {.supports_tools = 1, .has_template = 1,
        .reasoning = {.answers = 50, .leak_rate = 0.1, .empty_rate = 0.02,
                      .can_disable = 0}};
    struct evidence        e = {0};

    (void)state;
    decide_candidate(&c, &config, &e);
    assert_int_equal(c.n_findings, 2);
    assert_string_equal(c.findings[0].kind, "reasoning_leaks");
    assert_non_null(strstr(c.findings[0].text, "10 % of 50 answers"));
    assert_string_equal(c.findings[1].kind, "only_reasoning");
    assert_int_equal(c.findings[1].fault, FAULT_MODEL);
    free(c.findings);
    free(c.reason);
    free(config.objective);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_verdict_is_the_worse_latency_at_each_limit),
        cmocka_unit_test(test_what_could_not_be_auditioned_says_why),
        cmocka_unit_test(test_each_defect_is_found_and_charged_to_its_owner),
        cmocka_unit_test(test_a_sound_candidate_has_no_finding),
        cmocka_unit_test(test_without_a_template_it_is_no_instruct_model),
        cmocka_unit_test(test_each_gate_alone_fails_a_candidate_with_its_words),
        cmocka_unit_test(test_a_limit_that_is_just_met_is_passed),
        cmocka_unit_test(test_every_failed_gate_is_named),
        cmocka_unit_test(test_cases_that_we_lost_prove_nothing),
        cmocka_unit_test(test_what_was_asked_by_prompt_is_what_the_gates_see),
        cmocka_unit_test(test_reasoning_that_is_in_the_way_is_a_finding),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
