/* SPDX-License-Identifier: MIT */
/* What is measured next, on a simulated candidate: each trial takes a stated
 * time and observes a value that depends on its key alone, so that a run
 * that was stopped can be compared with one that was not. */
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
#include "schedule.h"

#define MOST_TRIALS 2000   /* of a simulation; more means no end */

/* The stored trials of one candidate, as the store would hand them out. */
struct stored {
    struct trial *trials;
    size_t        n;
};

struct world {
    struct schedule schedule;
    double          trial_s, load_s;   /* what each costs, engine time      */
    double          noise_frac;        /* of values, either side of 100     */
    bool            is_silent;         /* no answer has a spoken word       */
    const char     *faulty;            /* a key that fails on our side      */
};

static void store_done(struct stored *s)
{
    for (size_t i = 0; i < s->n; i++) trial_done(&s->trials[i]);
    free(s->trials);
    *s = (struct stored){0};
}

static struct trial *store_add(struct stored *s, const char *key, int block,
                               double duration_s)
{
    struct trial *t;

    assert_true(s->n < MOST_TRIALS);
    s->trials = mem_grow(s->trials, s->n + 1, sizeof *s->trials);
    t = &s->trials[s->n++];
    *t = (struct trial){.block = block, .duration_s = duration_s};
    snprintf(t->key, sizeof t->key, "%s", key);
    return t;
}

/* -1 .. 1, from the text alone. */
static double jitter(const char *key)
{
    uint32_t hash = 2166136261u;

    for (; *key; key++) hash = (hash ^ (unsigned char)*key) * 16777619u;
    hash = (hash ^ hash >> 15) * 2246822519u;
    hash = (hash ^ hash >> 13) * 3266489917u;
    return (double)(hash >> 8) / (double)(1u << 23) - 1;
}

static void observe(const struct world *w, const struct work *work,
                    struct trial *t)
{
    double value = 100 * (1 + w->noise_frac * jitter(work->key));

    if (work->kind == WORK_DECODE) trial_observe(t, "served_tok_s", value);
    if (work->kind == WORK_LATENCY50) trial_observe(t, "latency50_s", value);
    if (work->kind == WORK_SPEAK && !w->is_silent)
        trial_observe(t, "first_sentence_s", value);
}

/* From the last trial to the first: the order of the store is not ours. */
static void recall(const struct stored *s, struct progress *p)
{
    for (size_t i = s->n; i > 0; i--) progress_add(p, &s->trials[i - 1]);
}

static void load(const struct world *w, int block, struct stored *s,
                 struct progress *p)
{
    char          key[32];
    struct trial *t;

    snprintf(key, sizeof key, "b%d/load/0", block);
    if (progress_has(p, key)) return;
    t = store_add(s, key, block, w->load_s);
    trial_observe(t, "load_s", w->load_s);
    progress_add(p, t);
}

/* One block, as measure.c does it, at most `most` trials of it. Returns true
 * when nothing is left to do. */
static bool run(const struct world *w, int block, size_t most,
                struct stored *s, struct progress *p)
{
    struct work work;

    load(w, block, s, p);
    for (;; most--) {
        struct trial *t;

        schedule_next(&w->schedule, p, block, &work);
        assert_int_equal(work.block, block);
        if (work.kind == WORK_DONE) return true;
        if (most == 0) return false;
        if (progress_has(p, work.key)) fail_msg("%s twice", work.key);
        t = store_add(s, work.key, block, w->trial_s);
        if (w->faulty && strcmp(w->faulty, work.key) == 0)
            t->status = TRIAL_HARNESS_FAULT;
        else
            observe(w, &work, t);
        progress_add(p, t);
        if (t->status == TRIAL_HARNESS_FAULT) progress_skip(p, work.key);
    }
}

/* All blocks; stopped after every k-th trial (0: never), each time going on
 * from what is stored. */
static void audition(const struct world *w, size_t k, struct stored *s)
{
    for (int block = 0; block < w->schedule.blocks; block++) {
        bool is_done;

        do {
            struct progress p = {0};
            recall(s, &p);
            is_done = run(w, block, k ? k : MOST_TRIALS, s, &p);
            progress_done(&p);
        } while (!is_done);
    }
}

static size_t count(const struct stored *s, const char *start)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (strncmp(s->trials[i].key, start, strlen(start)) == 0) n++;
    return n;
}

/* n cases whose ids differ only behind what a key keeps of them. */
static const struct suite_case **make_cases(size_t n)
{
    const struct suite_case **list = mem_new(n, sizeof *list);

    for (size_t i = 0; i < n; i++) {
        struct suite_case *c = mem_new(1, sizeof *c);
        c->n_turns = 1;
        c->suite = mem_copy(i % 3 ? "home" : "small_talk");
        c->id = mem_printf("a-case-with-a-name-that-is-much-longer-than-the-"
                           "key-of-a-trial-keeps-%zu", i);
        snprintf(c->hash, sizeof c->hash, "%016zx%048d", i * 7919, 0);
        list[i] = c;
    }
    return list;
}

static void free_cases(const struct suite_case **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct suite_case *c = (struct suite_case *)(uintptr_t)list[i];
        free(c->suite);
        free(c->id);
        free(c);
    }
    free(list);
}

static struct world quiet_world(int blocks)
{
    return (struct world){
        .schedule = {.blocks = blocks, .min_rounds = 6, .max_rounds = 10,
                     .block_budget_s = NAN, .narrow_frac = 0.05,
                     .can_complete = true},
        .trial_s = 1, .load_s = 0.5};
}

static void test_stopping_anywhere_changes_nothing_that_is_done(void **state)
{
    static const struct {
        const char *what;
        int         blocks, min_rounds;
        double      noise_frac, budget_s, load_s;
    } worlds[] = {
        {"quiet", 1, 6, 0, NAN, 0.5},
        {"noisy, so more rounds", 2, 3, 0.3, NAN, 0.5},
        {"until the budget is spent", 2, 2, 0.3, 31, 0.5},
        {"until ten loads are over", 1, 2, 0, NAN, 5.3},
    };
    const struct suite_case **cases = make_cases(9);

    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        struct world  w     = quiet_world(worlds[i].blocks);
        struct stored whole = {0};

        w.schedule.min_rounds = worlds[i].min_rounds;
        w.schedule.block_budget_s = worlds[i].budget_s;
        w.schedule.cases = cases;
        w.schedule.n_cases = 9;
        w.noise_frac = worlds[i].noise_frac;
        w.load_s = worlds[i].load_s;
        audition(&w, 0, &whole);
        assert_true(whole.n > 20);
        for (size_t k = 1; k <= whole.n; k++) {
            struct stored parts = {0};

            audition(&w, k, &parts);
            for (size_t t = 0; t < whole.n && t < parts.n; t++)
                if (strcmp(whole.trials[t].key, parts.trials[t].key) != 0)
                    fail_msg("%s, stopped after every %zu: trial %zu is %s, "
                             "not %s", worlds[i].what, k, t,
                             parts.trials[t].key, whole.trials[t].key);
            assert_int_equal(parts.n, whole.n);
            store_done(&parts);
        }
        store_done(&whole);
    }
    free_cases(cases, 9);
}

static void test_a_round_that_was_begun_is_finished(void **state)
{
    struct world    w = quiet_world(1);
    struct stored   s = {0};
    struct progress p = {0};

    (void)state;
    w.noise_frac = 0.5;                       /* more rounds are needed */
    assert_false(run(&w, 0, 6 * 7 + 2, &s, &p));
    w.schedule.block_budget_s = 0;            /* from now on: enough */
    assert_true(run(&w, 0, MOST_TRIALS, &s, &p));
    assert_int_equal(count(&s, "b0/decode/"), 7);
    assert_int_equal(count(&s, "b0/speak/"), 7);
    progress_done(&p);
    store_done(&s);
}

static void test_a_block_ends_when_there_is_a_reason(void **state)
{
    static const struct {
        const char *what;
        int         min_rounds, max_rounds;
        double      noise_frac, budget_s, load_s;
        size_t      rounds;            /* of seven trials, a second each */
    } cases[] = {
        {"narrow after the fewest rounds", 6, 10, 0, NAN, 0.5, 6},
        {"no interval below six samples", 2, 10, 0, NAN, 0.5, 6},
        {"never narrow: at max_rounds", 6, 10, 0.5, NAN, 0.5, 10},
        {"narrow enough", 6, 10, 0.04, NAN, 0.5, 6},
        {"the budget is spent", 2, 10, 0.5, 28, 0, 4},
        {"a budget that the fewest rounds pass", 3, 10, 0.5, 1, 0.5, 3},
        {"at least ten loads", 6, 20, 0, NAN, 5, 8},           /* 56 >= 50 */
        {"ten loads, but not over the budget", 6, 20, 0, 42, 5, 6},
        {"ten loads, but not over max_rounds", 6, 7, 0, NAN, 50, 7},
        {"max_rounds below min_rounds", 4, 2, 0.5, NAN, 0.5, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world    w = quiet_world(1);
        struct stored   s = {0};
        struct progress p = {0};

        w.schedule.min_rounds = cases[i].min_rounds;
        w.schedule.max_rounds = cases[i].max_rounds;
        w.schedule.block_budget_s = cases[i].budget_s;
        w.noise_frac = cases[i].noise_frac;
        w.load_s = cases[i].load_s;
        assert_true(run(&w, 0, MOST_TRIALS, &s, &p));
        if (count(&s, "b0/speak/") != cases[i].rounds)
            fail_msg("%s: %zu rounds, not %zu", cases[i].what,
                     count(&s, "b0/speak/"), cases[i].rounds);
        assert_int_equal(count(&s, "b0/"), cases[i].rounds * 7 + 1);
        progress_done(&p);
        store_done(&s);
    }
}

static void test_a_quantity_that_never_comes_does_not_keep_it_waiting(
    void **state)
{
    struct world    w = quiet_world(1);
    struct stored   s = {0};
    struct progress p = {0};

    (void)state;
    w.is_silent = true;
    assert_true(run(&w, 0, MOST_TRIALS, &s, &p));
    assert_int_equal(count(&s, "b0/speak/"), 6);
    progress_done(&p);
    store_done(&s);
}

static void test_a_round_holds_what_the_engine_can_do(void **state)
{
    static const struct {
        const char *what;
        bool        can_complete, long_prefill;
        const char *keys[10];
    } cases[] = {
        {"quick", true, false,
         {"b0/decode/0", "b0/prefill128/0", "b0/prefill512/0",
          "b0/at_prompt/0", "b0/latency50/0", "b0/speak/0",
          "b0/speak_cold/0", "b0/decode/1"}},
        {"full", true, true,
         {"b0/decode/0", "b0/prefill128/0", "b0/prefill512/0",
          "b0/prefill2048/0", "b0/at_prompt/0", "b0/latency50/0",
          "b0/speak/0", "b0/speak_cold/0", "b0/decode/1"}},
        {"a server that only chats", false, true,
         {"b0/latency50/0", "b0/speak/0", "b0/speak_cold/0",
          "b0/latency50/1"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world    w = quiet_world(1);
        struct progress p = {0};
        struct work     work;

        w.schedule.can_complete = cases[i].can_complete;
        w.schedule.long_prefill = cases[i].long_prefill;
        for (size_t k = 0; cases[i].keys[k]; k++) {
            schedule_next(&w.schedule, &p, 0, &work);
            assert_string_equal(work.key, cases[i].keys[k]);
            if (work.kind == WORK_PREFILL)
                assert_int_equal(work.tokens, atol(strpbrk(work.key, "125")));
            progress_skip(&p, work.key);
        }
        progress_done(&p);
    }
}

static void test_cases_are_split_over_the_blocks_each_once(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 9, 40};

    (void)state;
    for (int blocks = 1; blocks <= 2; blocks++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t        n     = sizes[i], in_first = 0;
            struct world  w     = quiet_world(blocks);
            struct stored s     = {0};
            const struct suite_case **cases = make_cases(n);

            w.schedule.cases = cases;
            w.schedule.n_cases = n;
            audition(&w, 0, &s);
            assert_int_equal(count(&s, "case/"), n);
            for (size_t k = 0; k < s.n; k++)
                if (strncmp(s.trials[k].key, "case/", 5) == 0 &&
                    s.trials[k].block == 0)
                    in_first++;
            assert_int_equal(in_first, blocks == 1 ? n : (n + 1) / 2);
            assert_int_equal(count(&s, "b1/decode/") > 0, blocks == 2);
            free_cases(cases, n);
            store_done(&s);
        }
}

static void test_a_block_never_takes_the_cases_of_another(void **state)
{
    const struct suite_case **cases = make_cases(9);
    struct world    w = quiet_world(2);
    struct progress p = {0};
    struct stored   s = {0};

    (void)state;
    w.schedule.cases = cases;
    w.schedule.n_cases = 9;
    assert_true(run(&w, 1, MOST_TRIALS, &s, &p));    /* before the first */
    assert_int_equal(count(&s, "case/"), 4);
    free_cases(cases, 9);
    progress_done(&p);
    store_done(&s);
}

static void test_cases_come_after_the_fewest_rounds_of_speed(void **state)
{
    const struct suite_case **cases = make_cases(3);
    struct world  w = quiet_world(1);
    struct stored s = {0};

    (void)state;
    w.noise_frac = 0.5;
    w.schedule.cases = cases;
    w.schedule.n_cases = 3;
    audition(&w, 0, &s);
    for (size_t i = 1; i < s.n; i++)    /* after the load */
        assert_int_equal(strncmp(s.trials[i].key, "case/", 5) == 0,
                         i > 42 && i <= 45);   /* 6 rounds of 7 */
    free_cases(cases, 3);
    store_done(&s);
}

static void test_what_comes_once_comes_behind_the_cases_of_its_blocks(
    void **state)
{
    const struct suite_case **cases = make_cases(4);
    struct world  w = quiet_world(2);
    struct stored s = {0};
    size_t        last_case = 0, conversation = 0;

    (void)state;
    w.schedule.cases = cases;
    w.schedule.n_cases = 4;
    w.schedule.deep_blocks = 1;
    audition(&w, 0, &s);
    assert_int_equal(count(&s, "b0/conversation/"), 1);
    assert_int_equal(count(&s, "b0/cliff/"), 1);
    assert_int_equal(count(&s, "b0/serving/"), 1);
    assert_int_equal(count(&s, "b1/conversation/") + count(&s, "b1/cliff/"),
                     0);
    for (size_t i = 0; i < s.n && s.trials[i].block == 0; i++) {
        if (strncmp(s.trials[i].key, "case/", 5) == 0) last_case = i;
        if (strstr(s.trials[i].key, "/conversation/")) conversation = i;
    }
    assert_int_equal(conversation, last_case + 1);
    free_cases(cases, 4);
    store_done(&s);
}

static void test_only_cases_with_a_home_are_asked_by_prompt_too(void **state)
{
    const struct suite_case **cases = make_cases(6);
    struct world  w = quiet_world(2);
    struct stored s = {0};

    (void)state;
    ((struct suite_case *)(uintptr_t)cases[1])->home = (char[]){"flat"};
    ((struct suite_case *)(uintptr_t)cases[4])->home = (char[]){"flat"};
    w.schedule.cases = cases;
    w.schedule.n_cases = 6;
    audition(&w, 0, &s);
    assert_int_equal(count(&s, "prompt/"), 0);
    w.schedule.tools_by_prompt = true;
    audition(&w, 0, &s);
    assert_int_equal(count(&s, "case/"), 6);
    assert_int_equal(count(&s, "prompt/home/"), 2);
    free_cases(cases, 6);
    store_done(&s);
}

static void test_a_few_cases_of_each_suite_are_asked_cold_too(void **state)
{
    const struct suite_case **cases = make_cases(9);   /* 6 home, 3 talk */
    struct world  w = quiet_world(2);
    struct stored s = {0};

    (void)state;
    w.schedule.cases = cases;
    w.schedule.n_cases = 9;
    audition(&w, 0, &s);
    assert_int_equal(count(&s, "cold/"), 0);
    w.schedule.cold_cases = 2;
    audition(&w, 0, &s);
    assert_int_equal(count(&s, "cold/home/"), 2);
    assert_int_equal(count(&s, "cold/small_talk/"), 2);
    assert_int_equal(count(&s, "case/"), 9);
    free_cases(cases, 9);
    store_done(&s);
}

static void test_only_rounds_count_against_the_budget(void **state)
{
    (void)state;
    assert_true(schedule_is_round("b0/decode/0"));
    assert_true(schedule_is_round("b1/speak_cold/12"));
    assert_false(schedule_is_round("b0/load/0"));
    assert_false(schedule_is_round("b0/conversation/0"));
    assert_false(schedule_is_round("b0/engine"));
    assert_false(schedule_is_round("case/speak/one/0123"));
    assert_false(schedule_is_round("died"));
    assert_false(schedule_is_round(""));
}

static void test_a_changed_case_is_asked_again(void **state)
{
    const struct suite_case **cases = make_cases(2);
    struct world    w = quiet_world(1);
    struct progress p = {0};
    struct work     work;
    struct stored   s = {0};

    (void)state;
    w.schedule.cases = cases;
    w.schedule.n_cases = 2;
    assert_true(run(&w, 0, MOST_TRIALS, &s, &p));
    ((struct suite_case *)(uintptr_t)cases[1])->hash[3] = 'f';
    schedule_next(&w.schedule, &p, 0, &work);
    assert_int_equal(work.kind, WORK_CASE);
    assert_ptr_equal(work.test, cases[1]);
    free_cases(cases, 2);
    progress_done(&p);
    store_done(&s);
}

static void test_our_own_faults_come_again_next_run_but_not_in_this_one(
    void **state)
{
    static const char *const keys[] = {"b0/decode/0", "b0/speak/5",
                                       "b1/latency50/3"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct world  w = quiet_world(2);
        struct stored s = {0};
        size_t        n;

        w.faulty = keys[i];
        audition(&w, 0, &s);                    /* ends */
        assert_int_equal(count(&s, keys[i]), 1);
        n = s.n;
        w.faulty = NULL;
        audition(&w, 0, &s);
        assert_int_equal(s.n, n + 1);
        assert_string_equal(s.trials[n].key, keys[i]);
        audition(&w, 0, &s);
        assert_int_equal(s.n, n + 1);
        store_done(&s);
    }
}

static void test_candidates_turn_round_between_blocks(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 5, 8};

    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            size_t n = sizes[k], first[8], second[8], again[8];
            bool   is_seen[8] = {false};

            schedule_order(n, 0, seed, first);
            schedule_order(n, 1, seed, second);
            schedule_order(n, 2, seed, again);
            for (size_t i = 0; i < n; i++) {
                assert_true(first[i] < n);
                assert_false(is_seen[first[i]]);
                is_seen[first[i]] = true;
                assert_int_equal(second[n - 1 - i], first[i]);
                assert_int_equal(again[i], first[i]);
            }
        }
}

static void test_the_order_depends_on_the_seed_and_nothing_else(void **state)
{
    /* Of seed 1, computed by another program from the paper's SplitMix64. */
    static const size_t want[] = {2, 0, 3, 1};
    size_t order[4], firsts[4] = {0};

    (void)state;
    schedule_order(4, 0, 1, order);
    assert_memory_equal(order, want, sizeof want);
    for (uint64_t seed = 0; seed < 400; seed++) {
        schedule_order(4, 0, seed, order);
        firsts[order[0]]++;
    }
    for (size_t i = 0; i < 4; i++) assert_in_range(firsts[i], 60, 140);
}

static void test_the_plan_never_promises_fewer_trials_than_there_are(
    void **state)
{
    const struct suite_case **cases = make_cases(9);

    (void)state;
    ((struct suite_case *)(uintptr_t)cases[4])->home = (char[]){"flat"};
    for (int blocks = 1; blocks <= 2; blocks++)
        for (int noisy = 0; noisy <= 1; noisy++) {
            struct world  w = quiet_world(blocks);
            struct stored s = {0};
            size_t        trials;

            w.noise_frac = noisy ? 0.9 : 0;
            w.schedule.cases = cases;
            w.schedule.n_cases = 9;
            w.schedule.tools_by_prompt = noisy;
            w.schedule.cold_cases = 2;
            w.schedule.deep_blocks = blocks;
            audition(&w, 0, &s);
            trials = s.n - (size_t)blocks;      /* without the loads */
            assert_true(schedule_trials(&w.schedule) >= trials);
            if (noisy && blocks == 1)
                assert_int_equal(schedule_trials(&w.schedule), trials);
            store_done(&s);
        }
    free_cases(cases, 9);
}

static void test_progress_knows_each_key_once_in_any_order(void **state)
{
    static const char *const keys[] = {"m", "a", "z", "m", "b", "", "a"};
    struct progress p = {0};

    (void)state;
    assert_false(progress_has(&p, "a"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        progress_skip(&p, keys[i]);
    assert_int_equal(p.n_keys, 5);
    for (size_t i = 1; i < p.n_keys; i++)
        assert_true(strcmp(p.keys[i - 1], p.keys[i]) < 0);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(progress_has(&p, keys[i]));
    assert_false(progress_has(&p, "aa"));
    progress_done(&p);
    progress_done(&p);
}

static void test_a_stored_block_that_cannot_be_is_survived(void **state)
{
    static const int blocks[] = {-1, 8, 1 << 30, INT32_MIN};
    struct progress  p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct trial t = {.block = blocks[i], .duration_s = NAN};

        snprintf(t.key, sizeof t.key, "odd/%zu", i);
        trial_observe(&t, "load_s", 1);
        progress_add(&p, &t);
        trial_done(&t);
    }
    assert_int_equal(p.n_keys, 4);
    assert_true(p.block_s[0] == 0);
    progress_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopping_anywhere_changes_nothing_that_is_done),
        cmocka_unit_test(test_a_round_that_was_begun_is_finished),
        cmocka_unit_test(test_a_block_ends_when_there_is_a_reason),
        cmocka_unit_test(
            test_a_quantity_that_never_comes_does_not_keep_it_waiting),
        cmocka_unit_test(test_a_round_holds_what_the_engine_can_do),
        cmocka_unit_test(test_cases_are_split_over_the_blocks_each_once),
        cmocka_unit_test(test_a_block_never_takes_the_cases_of_another),
        cmocka_unit_test(test_cases_come_after_the_fewest_rounds_of_speed),
        cmocka_unit_test(
            test_what_comes_once_comes_behind_the_cases_of_its_blocks),
        cmocka_unit_test(test_only_cases_with_a_home_are_asked_by_prompt_too),
        cmocka_unit_test(test_a_few_cases_of_each_suite_are_asked_cold_too),
        cmocka_unit_test(test_only_rounds_count_against_the_budget),
        cmocka_unit_test(test_a_changed_case_is_asked_again),
        cmocka_unit_test(
            test_our_own_faults_come_again_next_run_but_not_in_this_one),
        cmocka_unit_test(test_candidates_turn_round_between_blocks),
        cmocka_unit_test(test_the_order_depends_on_the_seed_and_nothing_else),
        cmocka_unit_test(
            test_the_plan_never_promises_fewer_trials_than_there_are),
        cmocka_unit_test(test_progress_knows_each_key_once_in_any_order),
        cmocka_unit_test(test_a_stored_block_that_cannot_be_is_survived),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
