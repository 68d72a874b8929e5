/* SPDX-License-Identifier: MIT */
/* The cliff: knee and limit as pure functions, and the sizes measured on a
 * scripted clock. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cliff.h"
#include "replay_stage.h"
#include "series.h"

/* ---- the knee ------------------------------------------------------------ */

static void test_a_knee_is_found_where_the_slope_doubles(void **state)
{
    static const double x[] = {500, 600, 800, 1200, 2000, 3600};
    static const struct { double slopes[2]; int at; double noise, knee; }
    cases[] = {
        {{1e-3, 5e-3}, 2, 0, 800},     {{1e-3, 5e-3}, 3, 0, 1200},
        {{1e-3, 2.001e-3}, 3, 0, 1200},
        {{1e-3, 1.9e-3}, 3, 0, NAN},   /* not twice as steep */
        {{1e-3, 1e-3}, 3, 0, NAN},     {{0, 0}, 3, 0, NAN},
        {{5e-3, 1e-3}, 3, 0, NAN},     /* it gets flatter */
        {{0, 1e-3}, 3, 0, 1200},       {{-1e-4, 1e-3}, 3, 0, 1200},
        {{-2e-3, -1e-3}, 3, 0, NAN},   /* it falls all along */
        {{1e-3, 5e-3}, 3, 0.02, 1200}, {{1e-3, 1.1e-3}, 3, 0.3, NAN}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double y[6], knee;

        for (size_t k = 0; k < 6; k++) {
            double at = x[cases[i].at];

            y[k] = 0.3 + cases[i].slopes[0] * fmin(x[k], at) +
                   cases[i].slopes[1] * fmax(x[k] - at, 0) +
                   cases[i].noise * (k % 2 ? 1 : -1);
        }
        knee = cliff_knee(x, y, 6);
        if (isnan(cases[i].knee) ? !isnan(knee) : knee != cases[i].knee)
            fail_msg("case %zu: %g", i, knee);
    }
}

static void test_two_lines_that_fit_hardly_better_are_no_knee(void **state)
{
    static const double x[] = {500, 600, 800, 1200, 2000, 3600};
    static const double y[] = {0.5, 0.5, 0.5, 1.5, 0.5, 4};

    (void)state;
    assert_true(isnan(cliff_knee(x, y, 6)));
}

static void test_a_knee_takes_five_rising_sizes(void **state)
{
    static const double x[] = {1, 2, 3, 4, 5}, y[] = {1, 2, 3, 13, 23};
    static const double same[] = {1, 2, 2, 4, 5}, odd[] = {1, 2, NAN, 4, 5};

    (void)state;
    assert_true(cliff_knee(x, y, 5) == 3);
    assert_true(isnan(cliff_knee(x, y, 4)));
    assert_true(isnan(cliff_knee(x, y, 0)));
    assert_true(isnan(cliff_knee(same, y, 5)));
    assert_true(isnan(cliff_knee(odd, y, 5)));
    assert_true(isnan(cliff_knee(x, odd, 5)));
}

/* ---- the limit ----------------------------------------------------------- */

static void test_the_most_entities_are_read_off_the_lines(void **state)
{
    static const double e[] = {10, 20, 40};
    static const struct {
        double y[3];
        size_t n;
        double limit_s, most;
        bool   is_bound;
    } cases[] = {
        {{1, 2, 6}, 3, 2, 20, false},   {{1, 2, 6}, 3, 1.55, 15, false},
        {{1, 2, 6}, 3, 3, 25, false},   {{1, 2, 6}, 3, 3.3, 26, false},
        {{1, 2, 6}, 3, 6, 40, true},    {{1, 2, 6}, 3, 9, 40, true},
        {{1, 2, 6}, 3, 0.5, 5, false},  /* the line through the first two */
        {{1, 1.5, 6}, 3, 0.4, 0, false},
        {{5, 2, 6}, 3, 3, 25, false},   /* one slow small size is no limit */
        {{5, 4, 6}, 3, 3, NAN, false},  /* nothing leads below it */
        {{1, 2, 6}, 1, 0.5, NAN, false}, {{1, 2, 6}, 1, 1.5, 10, true},
        {{1, 2, 6}, 0, 1, NAN, false},  {{1, 2, 6}, 3, NAN, NAN, false},
        {{0.1, 2.7, 3}, 3, 1.66, 16, false}};    /* not 15: only rounding */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool   is_bound = !cases[i].is_bound;
        double most     = cliff_most(e, cases[i].y, cases[i].n,
                                     cases[i].limit_s, &is_bound);

        if ((isnan(cases[i].most) ? !isnan(most) : most != cases[i].most) ||
            is_bound != cases[i].is_bound)
            fail_msg("case %zu: %g", i, most);
    }
}

/* ---- measuring ----------------------------------------------------------- */

#define LAMPS(n)                                                              \
    "{\"id\":\"a" #n "\",\"name\":\"A" #n "\"},"                              \
    "{\"id\":\"b" #n "\",\"name\":\"B" #n "\"},"                              \
    "{\"id\":\"c" #n "\",\"name\":\"C" #n "\"},"                              \
    "{\"id\":\"d" #n "\",\"name\":\"D" #n "\"}"
#define EIGHT "[" LAMPS(1) "," LAMPS(2) "]"

struct ascent {
    struct replay_stage stage;
    struct config       config;
    struct trial        trial;
    struct series       series;
};

static int climb(struct ascent *a, const struct engine_ops *ops,
                 const char *recording, const char *prompt,
                 const char *entities, double longest_s, struct err *err)
{
    struct cliff_how how = {.ops = ops, .longest_s = longest_s};
    int              rc;

    *a = (struct ascent){.trial = {.block = 0}};
    replay_open(&a->stage, recording);
    config_init(&a->config);
    free(a->config.prompt);
    a->config.prompt = mem_copy(prompt);
    a->config.entities = json_loads(entities, 0, NULL);
    a->config.tools = json_array();
    if (!ops->complete) a->stage.facts.has_completion = false;
    how.engine = a->stage.engine;
    how.facts = &a->stage.facts;
    how.config = &a->config;
    rc = cliff_run(&how, &a->trial, err);
    series_add(&a->series, &a->trial);
    return rc;
}

static void end(struct ascent *a)
{
    series_done(&a->series);
    trial_done(&a->trial);
    config_done(&a->config);
    replay_end(&a->stage);
}

#define CLOCK   "{\"prompt_tok_s\":100,\"answers\":[{\"content\":\"Yes.\"}]}"
#define PROMPT  "You help.\n{{entities}}"

static void must_climb(struct ascent *a, const struct engine_ops *ops,
                       const char *recording)
{
    struct err err = {0};

    if (climb(a, ops, recording, PROMPT, EIGHT, 1e9, &err))
        fail_msg("%s", err.text);
}

static void expect_even(const struct ascent *a)
{
    static const double entities[] = {2, 4, 8, 16, 32, 64};
    double              total_s = 0;

    assert_int_equal(a->series.n_points, CLIFF_POINTS);
    assert_int_equal(a->trial.n_turns, CLIFF_POINTS);
    for (size_t i = 0; i < CLIFF_POINTS; i++) {
        const struct cliff_point *p = &a->series.points[i];

        assert_true(p->entities == entities[i]);
        /* Two words an entity, three with a number. */
        if (i) assert_true(p->prompt_tokens - p[-1].prompt_tokens ==
                           (i < 3 ? 2 : 3) * (entities[i] - entities[i - 1]));
        assert_true(fabs(p->ttft_s - p->prompt_tokens / 100) < 1e-9);
        assert_string_equal(p->reason, "");
        total_s += (double)(a->trial.turns[i].end_ns -
                            a->trial.turns[i].sent_ns) / 1e9;
    }
    assert_true(fabs(a->trial.duration_s - total_s) < 1e-9);
}

static void test_each_size_is_measured_cold(void **state)
{
    struct ascent a;

    (void)state;
    must_climb(&a, &engine_replay, CLOCK);
    expect_even(&a);
    end(&a);
}

static void test_a_server_that_only_chats_is_measured_too(void **state)
{
    struct engine_ops chats = engine_replay;
    struct ascent     a;

    (void)state;
    chats.complete = NULL;
    must_climb(&a, &chats, CLOCK);
    expect_even(&a);
    for (size_t i = 0; i < a.trial.n_turns; i++)
        assert_true(a.trial.turns[i].server.predicted_n == 1);
    end(&a);
}

static int not_one(void *self, const struct chat_request *request,
                   struct turn *out, struct err *err)
{
    if (request->max_tokens < 8)
        return err_set(err, ERR_INPUT, "max_tokens must be at least 8");
    return engine_replay.chat(self, request, out, err);
}

static int nothing_of_one(void *self, const struct chat_request *request,
                          struct turn *out, struct err *err)
{
    int rc = engine_replay.chat(self, request, out, err);

    if (request->max_tokens < 8) out->n_chunks = 0;
    return rc;
}

static void test_where_one_token_is_refused_a_few_are_taken(void **state)
{
    struct engine_ops chats = engine_replay;
    struct ascent     a;

    (void)state;
    chats.complete = NULL;
    chats.chat = not_one;
    must_climb(&a, &chats, CLOCK);
    expect_even(&a);
    end(&a);
    chats.chat = nothing_of_one;
    must_climb(&a, &chats, CLOCK);
    assert_int_equal(a.trial.n_turns, CLIFF_POINTS);
    assert_true(a.series.points[0].ttft_s > 0);
    end(&a);
}

static void test_a_scripted_knee_and_limit_come_out_exactly(void **state)
{
    struct candidate_facts facts = {.n_turns = 0};
    struct ascent          a;
    double                 knee;
    char                  *recording;

    (void)state;
    must_climb(&a, &engine_replay, CLOCK);
    series_summarise(&a.series, a.series.points[3].ttft_s, &facts);
    assert_true(isnan(facts.cliff.knee_tokens));
    assert_true(facts.cliff.max_entities == 16 && !facts.cliff.is_bound);
    assert_non_null(strstr(facts.cliff.reason, "evenly"));
    knee = a.series.points[3].prompt_tokens;
    end(&a);
    recording = mem_printf("{\"prompt_tok_s\":100,\"prompt_tok_s_after\":25,"
                           "\"prefill_knee_tokens\":%.0f}", knee);
    must_climb(&a, &engine_replay, recording);
    /* 16 entities, and 8 more of 3 tokens each that take 0.04 s. */
    series_summarise(&a.series, a.series.points[3].ttft_s + 8 * 3 * 0.04,
                     &facts);
    assert_true(facts.cliff.knee_tokens == knee);
    assert_true(facts.cliff.max_entities == 24);
    assert_string_equal(facts.cliff.reason, "");
    end(&a);
    free(recording);
}

static int requests;

static int counted(void *self, const struct complete_request *request,
                   struct turn *out, struct err *err)
{
    requests++;
    return engine_replay.complete(self, request, out, err);
}

static void test_a_prompt_longer_than_the_context_is_left_out(void **state)
{
    struct engine_ops ops = engine_replay;
    struct ascent     a;

    (void)state;
    ops.complete = counted;
    requests = 0;
    must_climb(&a, &ops, "{\"context\":60}");
    assert_int_equal(a.series.n_points, CLIFF_POINTS);
    for (size_t i = 0; i < CLIFF_POINTS; i++) {
        bool fits = a.series.points[i].prompt_tokens < 60;   /* NAN: no */

        assert_int_equal(fits, i < 3);
        assert_int_equal(isnan(a.series.points[i].ttft_s), !fits);
        assert_string_equal(a.series.points[i].reason,
                            fits ? "" : "longer than the context");
    }
    assert_int_equal(requests, 4);   /* what is longer still is not tried */
    assert_int_equal(a.trial.n_turns, 3);
    end(&a);
}

static void test_a_size_that_would_take_too_long_is_left_out(void **state)
{
    struct engine_ops ops = engine_replay;
    struct ascent     a;
    struct err        err = {0};
    size_t            n = 0;

    (void)state;
    ops.complete = counted;
    requests = 0;
    assert_int_equal(climb(&a, &ops, CLOCK, PROMPT, EIGHT, 1.2, &err), 0);
    while (n < CLIFF_POINTS && !a.series.points[n].reason[0]) n++;
    assert_in_range(n, 3, 5);
    assert_int_equal(requests, (int)n);
    assert_true(a.series.points[n - 1].ttft_s <= 1.2);
    for (; n < CLIFF_POINTS; n++) {
        assert_string_equal(a.series.points[n].reason,
                            "would have taken too long");
        assert_true(isnan(a.series.points[n].ttft_s));
    }
    end(&a);
}

/* By proportion the last size would take 1.6 s; by its slope, far more. */
static void test_what_is_left_out_follows_the_slope(void **state)
{
    struct ascent a;
    struct err    err = {0};

    (void)state;
    assert_int_equal(climb(&a, &engine_replay, "{\"prompt_tok_s\":1000,"
                           "\"prompt_tok_s_after\":50,"
                           "\"prefill_knee_tokens\":69}", PROMPT, EIGHT, 2,
                           &err), 0);
    assert_int_equal(a.series.n_points, CLIFF_POINTS);
    assert_true(a.series.points[4].ttft_s > 0.5);
    assert_string_equal(a.series.points[5].reason,
                        "would have taken too long");
    end(&a);
}

/* A server that keeps the first 60 tokens and says nothing. */
static int cuts(void *self, const struct complete_request *request,
                struct turn *out, struct err *err)
{
    int rc = engine_replay.complete(self, request, out, err);

    requests++;
    out->server.prompt_n = fmin(out->server.prompt_n, 60);
    out->server.cache_n = NAN;
    return rc;
}

static void test_a_prompt_that_was_cut_silently_is_no_sample(void **state)
{
    struct engine_ops ops = engine_replay;
    struct ascent     a;

    (void)state;
    ops.complete = cuts;
    requests = 0;
    must_climb(&a, &ops, CLOCK);
    assert_int_equal(requests, 5);
    for (size_t i = 0; i < 4; i++)
        assert_true(a.series.points[i].ttft_s > 0);
    for (size_t i = 4; i < CLIFF_POINTS; i++) {
        assert_string_equal(a.series.points[i].reason,
                            "the server cut it silently");
        assert_true(isnan(a.series.points[i].ttft_s) &&
                    isnan(a.series.points[i].prompt_tokens));
    }
    end(&a);
}

/* Forty words of a language that takes ten tokens each. */
static int speaks_bytes(void *self, const struct complete_request *request,
                        struct turn *out, struct err *err)
{
    int rc = engine_replay.complete(self, request, out, err);

    out->server.prompt_n += 400;
    return rc;
}

static void test_costly_words_are_not_taken_for_a_cut(void **state)
{
    struct engine_ops ops = engine_replay;
    struct ascent     a;

    (void)state;
    ops.complete = speaks_bytes;
    must_climb(&a, &ops, CLOCK);
    for (size_t i = 0; i < CLIFF_POINTS; i++)
        assert_string_equal(a.series.points[i].reason, "");
    end(&a);
}

static void test_equal_sizes_are_measured_once(void **state)
{
    static const double entities[] = {1, 2, 4, 8};
    struct ascent       a;
    struct err          err = {0};

    (void)state;
    assert_int_equal(climb(&a, &engine_replay, CLOCK, PROMPT,
                           "[{\"id\":\"a\",\"name\":\"A\"}]", 1e9, &err), 0);
    assert_int_equal(a.series.n_points, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(a.series.points[i].entities == entities[i]);
    end(&a);
}

static void test_a_prompt_that_does_not_grow_is_not_measured(void **state)
{
    static const struct { const char *prompt, *entities; } cases[] = {
        {"You help.", EIGHT}, {PROMPT, "[]"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct candidate_facts facts = {.n_turns = 0};
        struct ascent          a;
        struct err             err = {0};

        assert_int_equal(climb(&a, &engine_replay, CLOCK, cases[i].prompt,
                               cases[i].entities, 1e9, &err), 0);
        assert_int_equal(a.trial.n_turns, 0);
        series_summarise(&a.series, 1.5, &facts);
        assert_int_equal(facts.cliff.n, 0);
        assert_true(isnan(facts.cliff.max_entities));
        assert_string_equal(facts.cliff.reason, "the prompt does not depend "
                            "on the entities");
        end(&a);
    }
}

static void test_other_failures_fail_the_trial(void **state)
{
    struct engine_ops chats = engine_replay;
    struct ascent     a;
    struct err        err = {0};

    (void)state;
    assert_int_equal(climb(&a, &engine_replay, "{\"dies_at_request\":3}",
                           PROMPT, EIGHT, 1e9, &err), -1);
    assert_non_null(strstr(err.text, "died at request 3"));
    assert_int_equal(a.trial.n_turns, 3);    /* the last one is what failed */
    assert_int_equal(a.series.n_points, 2);
    end(&a);
    err = (struct err){0};
    assert_int_equal(climb(&a, &engine_replay, "{\"template\":{\"error\":"
                           "\"unknown tag\"}}", PROMPT, EIGHT, 1e9, &err), -1);
    assert_non_null(strstr(err.text, "unknown tag"));
    end(&a);
    err = (struct err){0};
    chats.complete = NULL;
    assert_int_equal(climb(&a, &chats, "{}", PROMPT, EIGHT, 1e9, &err), -1);
    assert_non_null(strstr(err.text, "no answer"));
    end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_knee_is_found_where_the_slope_doubles),
        cmocka_unit_test(test_two_lines_that_fit_hardly_better_are_no_knee),
        cmocka_unit_test(test_a_knee_takes_five_rising_sizes),
        cmocka_unit_test(test_the_most_entities_are_read_off_the_lines),
        cmocka_unit_test(test_each_size_is_measured_cold),
        cmocka_unit_test(test_a_server_that_only_chats_is_measured_too),
        cmocka_unit_test(test_where_one_token_is_refused_a_few_are_taken),
        cmocka_unit_test(test_a_scripted_knee_and_limit_come_out_exactly),
        cmocka_unit_test(test_a_prompt_longer_than_the_context_is_left_out),
        cmocka_unit_test(test_a_size_that_would_take_too_long_is_left_out),
        cmocka_unit_test(test_what_is_left_out_follows_the_slope),
        cmocka_unit_test(test_a_prompt_that_was_cut_silently_is_no_sample),
        cmocka_unit_test(test_costly_words_are_not_taken_for_a_cut),
        cmocka_unit_test(test_equal_sizes_are_measured_once),
        cmocka_unit_test(test_a_prompt_that_does_not_grow_is_not_measured),
        cmocka_unit_test(test_other_failures_fail_the_trial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
