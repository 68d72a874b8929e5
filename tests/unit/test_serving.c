/* SPDX-License-Identifier: MIT */
/* What serving costs: which requests are made in which order, how runs are
 * paired, and when there is something to say about it. */
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
#include "base/strbuf.h"
#include "serving.h"

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* ---- an engine whose speed follows what it is asked --------------------- */

struct script {
    double        ms[SERVING_VARIANTS];   /* a token                         */
    int           refuse;                 /* the variant it refuses, or -1   */
    enum err_kind kind;                   /* in these words                  */
    int           after;                  /* ... after so many good ones     */
    int64_t       now_ns;
    struct strbuf asked;                  /* a letter a request              */
};

static int variant_of(const json_t *sampling)
{
    if (jsonx_truth(sampling, "backend_sampling") == 1) return 3;
    switch (json_array_size(json_object_get(sampling, "samplers"))) {
    case 0: return 0;
    case 1: return 1;
    default: return 2;
    }
}

static int scripted(void *self, const struct complete_request *r,
                    struct turn *out, struct err *err)
{
    struct script *s = self;
    int            v = variant_of(r->sampling);

    assert_int_equal(r->n_ids, 64);
    assert_false(r->cache_prompt);
    assert_true(jsonx_number(r->sampling, "seed") == 7);
    assert_true(v != 1 || jsonx_number(r->sampling, "top_k") == 1);
    assert_true(jsonx_number(r->sampling, "temperature") ==
                (v == 2 ? 0.8 : 0));
    strbuf_addn(&s->asked, &"ABCD"[v], 1);
    if (v == s->refuse && s->after-- <= 0) {
        out->http_status = 400;
        return err_set(err, s->kind, "no");
    }
    out->sent_ns = s->now_ns;
    out->chunks = mem_new(2, sizeof *out->chunks);
    out->n_chunks = 2;
    out->chunks[0] = (struct chunk){.at_ns = s->now_ns, .tokens = 1};
    s->now_ns += (int64_t)(s->ms[v] * 1e6 * (r->n_predict - 1));
    out->chunks[1] = (struct chunk){.at_ns = s->now_ns,
                                    .tokens = r->n_predict};
    out->end_ns = s->now_ns;
    return 0;
}

static int run(struct script *s, int pairs, bool has_backend, struct trial *t,
               struct err *err)
{
    static int ids[2048];
    const struct engine_ops    ops   = {.complete = scripted};
    const struct engine_facts  facts = {.has_backend_sampling = has_backend};
    json_t *sampling = json_pack("{s:i,s:i}", "temperature", 0, "seed", 7);
    const struct measure m = {.sampling = sampling};
    struct bench         b = {.m = &m, .ops = &ops, .engine = s,
                              .facts = &facts, .filler_ids = ids,
                              .n_filler = 2048};
    int rc;

    strbuf_init(&s->asked, 1000);
    rc = serving_run(&b, pairs, 101, t, err);
    json_decref(sampling);
    return rc;
}

static void expect_order(struct script *s, const char *order)
{
    assert_string_equal(s->asked.text, order);
    strbuf_done(&s->asked);
}

static void test_variants_run_in_turn_and_back_again(void **state)
{
    struct script s   = {.ms = {10, 8, 11, 5}, .refuse = -1};
    struct trial  t   = {.block = 0};
    struct err    err = {0};

    (void)state;
    assert_int_equal(run(&s, 3, true, &t, &err), 0);
    expect_order(&s, "ABCDDCBAABCD");
    assert_int_equal(t.n_turns, 12);
    assert_int_equal(t.n_observations, 12);
    assert_string_equal(t.observations[3].metric, SERVING_BACKEND);
    assert_near(t.observations[0].value, 100);
    assert_near(t.observations[3].value, 200);
    assert_near(t.duration_s, 3 * 3.4);
    trial_done(&t);
}

static void test_a_build_that_cannot_is_not_asked(void **state)
{
    struct script s   = {.ms = {10, 8, 11, 5}, .refuse = -1};
    struct trial  t   = {.block = 0};
    struct err    err = {0};

    (void)state;
    assert_int_equal(run(&s, 2, false, &t, &err), 0);
    expect_order(&s, "ABCCBA");
    trial_done(&t);
}

static void test_a_refused_variant_is_left_out(void **state)
{
    struct script s   = {.ms = {10, 8, 11, 5}, .refuse = 1,
                         .kind = ERR_INPUT};
    struct trial  t   = {.block = 0};
    struct err    err = {0};

    (void)state;
    assert_int_equal(run(&s, 2, true, &t, &err), 0);
    expect_order(&s, "ABCDDCA");
    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(t.n_turns, 6);
    assert_int_equal(t.n_observations, 6);
    trial_done(&t);
}

static void test_what_is_no_refusal_is_a_failure_with_its_turn(void **state)
{
    static const struct { int refuse; enum err_kind kind; } bad[] = {
        {0, ERR_INPUT}, {1, ERR_FAILED}, {3, ERR_TIMEOUT}, {2, ERR_STOPPED}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct script s   = {.ms = {10, 8, 11, 5}, .refuse = bad[i].refuse,
                             .kind = bad[i].kind};
        struct trial  t   = {.block = 0};
        struct err    err = {0};

        assert_int_equal(run(&s, 2, true, &t, &err), -1);
        assert_int_equal(err.kind, bad[i].kind);
        assert_int_equal(t.turns[t.n_turns - 1].http_status, 400);
        strbuf_done(&s.asked);
        trial_done(&t);
    }
}

/* ---- what it amounts to ------------------------------------------------- */

/* A trial's observations in the order ABCD, DCBA, ...; 0 leaves one out. */
static void add_rounds(struct serving *s, const double (*ms)[4], size_t n)
{
    static const char *const names[] = {SERVING_AS_SET, SERVING_GREEDY,
                                        SERVING_CHAIN, SERVING_BACKEND};
    struct trial t = {.block = 0};

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 4; k++) {
            size_t v = i % 2 ? 3 - k : k;
            if (ms[i][v] > 0) trial_observe(&t, names[v], 1e3 / ms[i][v]);
        }
    trial_observe(&t, "served_tok_s", 5);
    serving_add(s, &t);
    trial_done(&t);
}

static struct candidate_facts of_speeds(double served, double engine)
{
    struct candidate_facts c = {.n_serving = 0};

    for (int i = 0; i < METRIC_COUNT; i++) c.metrics[i].median = NAN;
    c.metrics[METRIC_served_tok_s].median = served;
    c.metrics[METRIC_engine_tok_s].median = engine;
    c.metrics[METRIC_serving_ms_per_token].low = 1e-3;   /* no chance */
    return c;
}

static void test_savings_are_compared_within_a_round(void **state)
{
    /* It slows down by half; "greedy" always takes 1 ms less. */
    static const double   ms[][4] = {{10, 9, 10.5, 10.1}, {11, 10, 12, 10.9},
                                     {13, 12, 14, 13}, {15, 14, 17, 15.1}};
    struct serving         s = {0};
    struct candidate_facts c = of_speeds(80, NAN);
    struct finding         f;

    (void)state;
    add_rounds(&s, ms, 2);
    add_rounds(&s, ms + 2, 2);
    assert_true(serving_summarise(&s, 49152, &c, &f));
    assert_int_equal(c.n_serving, 4);
    assert_string_equal(c.serving[0].name, "as set");
    assert_near(c.serving[0].tok_s, (1e3 / 11 + 1e3 / 13) / 2);
    assert_true(isnan(c.serving[0].saves_ms_per_token));
    assert_near(c.serving[1].saves_ms_per_token, 1);
    assert_true(c.serving[1].is_sure);
    assert_near(c.serving[2].saves_ms_per_token, -1);
    assert_true(c.serving[2].is_sure);          /* that it is slower */
    assert_string_equal(c.serving[3].name, "backend sampling");
    assert_false(c.serving[3].is_sure);
    assert_string_equal(f.kind, "serving_cost");
    assert_int_equal(f.fault, FAULT_ENGINE);
    assert_string_equal(f.text, "at least 1.00 ms of each token are the "
                        "sampler's, on the CPU over a vocabulary of 49152 "
                        "entries");
    assert_non_null(strstr(f.remedy, "`sampling: {samplers: [top_k], "
                           "top_k: 1}`"));
    serving_done(&s);
    serving_done(&s);
}

static void test_a_variant_missing_in_some_rounds_pairs_with_none(void **state)
{
    static const double first[][4]  = {{10, 9, 10, 5}, {10, 9, 10, 0}};
    static const double second[][4] = {{20, 18, 20, 19}, {20, 18, 20, 19},
                                       {20, 18, 20, 19}};
    struct serving         s = {0};
    struct candidate_facts c = of_speeds(NAN, NAN);
    struct finding         f;

    (void)state;
    add_rounds(&s, first, 2);
    add_rounds(&s, second, 3);
    (void)serving_summarise(&s, -1, &c, &f);
    assert_int_equal(c.n_serving, 4);
    assert_near(c.serving[3].tok_s, 1e3 / 19);
    assert_near(c.serving[3].saves_ms_per_token, 1);
    assert_true(c.serving[3].is_sure);
    serving_done(&s);
}

static const struct {
    const char *what;
    double      ms[3][4];          /* three rounds                            */
    double      served, engine;
    bool        speaks;
    const char *text, *remedy;
} cases[] = {
    {"nothing differs", {{10, 10, 10, 10}, {10, 10, 10, 10}, {10, 10, 10, 10}},
     100, 102, false, NULL, NULL},
    {"2 % is not worth it",
     {{10, 9.8, 10, 10}, {10, 9.8, 10, 10}, {10, 9.8, 10, 10}}, 100, NAN,
     false, NULL, NULL},
    {"one round disagrees",
     {{10, 9, 10, 10}, {10, 9, 10, 10}, {10, 10.1, 10, 10}}, 100, NAN, false,
     NULL, NULL},
    {"two rounds are too few", {{10, 5, 10, 5}, {10, 5, 10, 5}}, 100, NAN,
     false, NULL, NULL},
    {"the full chain is no advice",
     {{10, 10, 8, 10}, {10, 10, 8, 10}, {10, 10, 8, 10}}, 100, NAN, false,
     NULL, NULL},
    {"the larger saving is advised",
     {{2, 1.9, 2, 1.7}, {2, 1.9, 2, 1.7}, {2, 1.9, 2, 1.7}}, 500, 605, true,
     "0.35 ms of each token's 2.00 ms are serving: 500.0 tok/s as served, "
     "605.0 by the engine alone; at least 0.30 ms of each token are the "
     "sampler's, on the CPU over a vocabulary of 151936 entries",
     "{backend_sampling: true}"},
    {"the engine is faster, and sampling is not why",
     {{10, 10, 10, 10}, {10, 10, 10, 10}, {10, 10, 10, 10}}, 100, 125, true,
     "2.00 ms of each token's 10.00 ms are serving: 100.0 tok/s as served, "
     "125.0 by the engine alone; no other sampling that was tried is faster "
     "for sure", "one CPU core"},
    {"the engine is faster, and no more is known", {{0}}, 100, 106, true,
     "how much of that is the sampler's was not measured", "one CPU core"},
    {"the engine is slower", {{0}}, 100, 90, false, NULL, NULL},
    {"a server that was not measured", {{0}}, NAN, 90, false, NULL, NULL},
};

static void test_only_what_is_worth_it_and_sure_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct serving         s = {0};
        struct candidate_facts c = of_speeds(cases[i].served,
                                             cases[i].engine);
        struct finding         f = {.kind = ""};

        add_rounds(&s, cases[i].ms, 3);
        if (serving_summarise(&s, 151936, &c, &f) != cases[i].speaks)
            fail_msg("%s: \"%s\"", cases[i].what, f.text);
        if (cases[i].speaks && (!strstr(f.text, cases[i].text) ||
                                !strstr(f.remedy, cases[i].remedy)))
            fail_msg("%s: \"%s\", \"%s\"", cases[i].what, f.text, f.remedy);
        serving_done(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants_run_in_turn_and_back_again),
        cmocka_unit_test(test_a_build_that_cannot_is_not_asked),
        cmocka_unit_test(test_a_refused_variant_is_left_out),
        cmocka_unit_test(test_what_is_no_refusal_is_a_failure_with_its_turn),
        cmocka_unit_test(test_savings_are_compared_within_a_round),
        cmocka_unit_test(
            test_a_variant_missing_in_some_rounds_pairs_with_none),
        cmocka_unit_test(test_only_what_is_worth_it_and_sure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
