/* SPDX-License-Identifier: MIT */
/* A case that is asked again: what is sent, what is observed, and that none of
 * it counts as a case of its suite. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "evidence.h"
#include "hearing/hearing.h"
#include "measure.h"
#include "works.h"

#define SAYS "Turn on the light in the kitchen and then close the shutters."

/* Answers everything and keeps what it was asked with. */
struct ear {
    json_t *sampling;
    char   *said;
};

static int listen(void *self, const struct chat_request *request,
                  struct turn *out, struct err *err)
{
    struct ear *e = self;

    (void)err;
    json_decref(e->sampling);
    e->sampling = request->sampling ? json_deep_copy(request->sampling) : NULL;
    free(e->said);
    e->said = mem_copy(request->messages[request->n_messages - 1].text);
    free(out->content);
    out->content = mem_copy("Yes, of course.");
    return 0;
}

static void judge(void *ctx, const struct suite_case *test, struct trial *t)
{
    (void)ctx;
    (void)test;
    t->outcome = OUTCOME_PASS;
}

/* One engine, one case about our flat. */
struct stage {
    struct ear        ear;
    struct engine_ops ops;
    struct config     config;
    struct measure    m;
    struct bench      b;
    struct suite_turn turn;
    struct suite_case test;
};

static bool has_data(void)
{
    static const char *const places[] = {"share", "../share"};
    struct stat              st;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!getenv("AUDITION_DATA") && stat(places[i], &st) == 0)
            setenv("AUDITION_DATA", places[i], 1);
    return getenv("AUDITION_DATA") != NULL;
}

static void open_stage(struct stage *s)
{
    *s = (struct stage){
        .ops = {.name = "ear", .chat = listen},
        .turn = {.say = (char *)(uintptr_t)SAYS, .cuts_words = -1},
        .test = {.suite = (char *)(uintptr_t)"home", .hash = "0123456789abcdef",
                 .id = (char *)(uintptr_t)"a", .n_turns = 1,
                 .language = (char *)(uintptr_t)"en",
                 .home = (char *)(uintptr_t)"flat"}};
    s->test.turns = &s->turn;
    config_init(&s->config);
    s->m = (struct measure){.config = &s->config, .judge = judge};
    s->b = (struct bench){.m = &s->m, .ops = &s->ops, .engine = &s->ear};
}

static void close_stage(struct stage *s)
{
    works_done(&s->b);
    config_done(&s->config);
    json_decref(s->ear.sampling);
    free(s->ear.said);
}

static void ask(struct stage *s, int noise_percent, int repeat,
                struct trial *t)
{
    struct work work = {.kind = WORK_CASE, .test = &s->test,
                        .noise_percent = noise_percent, .repeat = repeat};
    struct err  err = {0};

    *t = (struct trial){.block = 0};
    if (works_run(&s->b, &work, t, &err)) fail_msg("%s", err.text);
}

/* NAN: not observed. */
static double observed(const struct trial *t, const char *metric)
{
    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, metric) == 0)
            return t->observations[i].value;
    return NAN;
}

static void test_a_misheard_case_is_asked_as_it_was_heard(void **state)
{
    struct stage        s;
    struct trial        t;
    struct hearing_rate rate;
    char               *first;

    (void)state;
    if (!has_data()) skip();
    open_stage(&s);
    ask(&s, 0, 0, &t);
    assert_string_equal(s.ear.said, SAYS);
    assert_true(isnan(observed(&t, WORKS_HEARD_WORDS)));
    trial_done(&t);
    ask(&s, 40, 0, &t);
    assert_string_not_equal(s.ear.said, SAYS);
    assert_string_equal(t.messages[1].text, s.ear.said);
    rate = hearing_rate(SAYS, s.ear.said, "en");
    assert_true(rate.errors > 0);
    assert_true(observed(&t, WORKS_HEARD_WORDS) == rate.words);
    assert_true(observed(&t, WORKS_HEARD_WRONG) == rate.errors);
    assert_string_equal(t.suite, "home");
    assert_int_equal(t.outcome, OUTCOME_PASS);          /* it was judged */
    trial_done(&t);
    first = mem_copy(s.ear.said);        /* of every candidate, each time */
    ask(&s, 40, 0, &t);
    assert_string_equal(s.ear.said, first);
    trial_done(&t);
    free(first);
    close_stage(&s);
}

static void test_a_language_without_tables_cannot_be_misheard(void **state)
{
    struct work  work = {.kind = WORK_CASE, .noise_percent = 10};
    struct stage s;
    struct trial t = {.block = 0};
    struct err   err = {0};

    (void)state;
    if (!has_data()) skip();
    open_stage(&s);
    s.test.language = (char *)(uintptr_t)"xx";
    work.test = &s.test;
    assert_int_equal(works_run(&s.b, &work, &t, &err), -1);
    assert_non_null(strstr(err.text, "xx"));
    assert_null(s.ear.said);                             /* nor is it asked */
    trial_done(&t);
    close_stage(&s);
}

static void test_each_repetition_has_a_seed_of_its_own(void **state)
{
    json_t      *sampling = json_pack("{s:i, s:f}", "seed", 42, "temperature",
                                      0.7);
    struct stage s;
    struct trial t;

    (void)state;
    if (!has_data()) skip();
    open_stage(&s);
    s.m.sampling = sampling;
    for (int repeat = 0; repeat < 3; repeat++) {
        ask(&s, 0, repeat, &t);
        assert_int_equal(json_integer_value(json_object_get(
            s.ear.sampling, "seed")), 42 + repeat);
        assert_true(jsonx_number(s.ear.sampling, "temperature") == 0.7);
        trial_done(&t);
    }
    ask(&s, 10, 0, &t);                                /* misheard: the same */
    assert_int_equal(json_integer_value(json_object_get(
        s.ear.sampling, "seed")), 42);
    trial_done(&t);
    assert_int_equal(json_integer_value(json_object_get(sampling, "seed")),
                     42);                                  /* is not ours */
    json_object_del(sampling, "seed");
    ask(&s, 0, 2, &t);
    assert_null(json_object_get(s.ear.sampling, "seed"));
    trial_done(&t);
    close_stage(&s);
    json_decref(sampling);
}

/* ---- what it counts for ------------------------------------------------- */

static void add_case(struct evidence *e, const char *key, enum outcome outcome,
                     double tool_turn_s)
{
    struct trial t = {.suite = mem_copy("home"), .case_id = mem_copy("a"),
                      .outcome = outcome};

    snprintf(t.key, sizeof t.key, "%s/home/a/0123456789abcdef", key);
    trial_observe(&t, "tool_turn_s", tool_turn_s);
    trial_observe(&t, "first_sentence_s", tool_turn_s / 2);
    trial_observe(&t, WORKS_CALL_WANTED, 1);
    trial_observe(&t, "text_call", 1);
    trial_observe(&t, "refused_of", 1);
    evidence_add(e, &t);
    trial_done(&t);
}

static bool needs_tools(void *ctx, const char *suite)
{
    (void)ctx;
    (void)suite;
    return true;
}

static const char *no_group(void *ctx, const char *suite, const char *id,
                            int *members)
{
    (void)ctx;
    (void)suite;
    (void)id;
    (void)members;
    return NULL;
}

static void test_asked_again_a_case_is_none_of_its_suite(void **state)
{
    struct facts f = {.candidates = mem_new(1, sizeof *f.candidates),
                      .n_candidates = 1};
    struct candidate_facts *c = &f.candidates[0];
    struct understanding    u;
    struct evidence         e = {0};

    (void)state;
    add_case(&e, "again1", OUTCOME_FAIL, 9);
    add_case(&e, "case", OUTCOME_PASS, 4);
    add_case(&e, "noise5", OUTCOME_FAIL, 9);
    add_case(&e, "again2", OUTCOME_PASS, 9);
    evidence_summarise(&e, needs_tools, NULL, 1.5, c);
    understanding_summarise(e.understanding, no_group, NULL, &u);
    assert_int_equal(c->n_quality, 1);
    assert_int_equal(c->quality[0].total, 1);
    assert_int_equal(c->quality[0].pass, 1);
    assert_true(c->quality[0].first_sentence_s.median == 2);
    assert_int_equal(c->quality[0].first_sentence_s.n, 1);
    assert_int_equal(c->metrics[METRIC_tool_turn_s].n, 1);
    assert_true(c->metrics[METRIC_tool_turn_s].median == 4);
    assert_int_equal(c->calls.wanted, 1);
    assert_int_equal(c->n_examples, 0);      /* of what it does wrong */
    assert_int_equal(u.manners[MANNER_refused].of, 1);
    assert_int_equal(u.most_repeats, 3);
    assert_int_equal(u.n_noise, 1);
    facts_done(&f);
    evidence_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_misheard_case_is_asked_as_it_was_heard),
        cmocka_unit_test(test_a_language_without_tables_cannot_be_misheard),
        cmocka_unit_test(test_each_repetition_has_a_seed_of_its_own),
        cmocka_unit_test(test_asked_again_a_case_is_none_of_its_suite),
    };
    return cmocka_run_group_tests_name("works_again", tests, NULL, NULL);
}
