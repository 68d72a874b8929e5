/* SPDX-License-Identifier: MIT */
/* Cases that are asked again: misheard, several times, by prompt; and what
 * the key of a trial says about it. */
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

#define MOST 4000              /* works of a simulation; more means no end */
#define N_OF(list) (sizeof list / sizeof *list)

/* What was to be done, block after block. */
struct done {
    struct work *works;
    size_t       n;
};

static void done_free(struct done *d)
{
    free(d->works);
    *d = (struct done){0};
}

static size_t count(const struct done *d, const char *start)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n; i++)
        n += strncmp(d->works[i].key, start, strlen(start)) == 0;
    return n;
}

static bool has(const struct done *d, const char *key)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->works[i].key, key) == 0) return true;
    return false;
}

/* Everything, each work once; stored as the program stores it. */
static struct done run_all(const struct schedule *s)
{
    struct progress p = {0};
    struct done     d = {0};

    for (int block = 0; block < s->blocks; block++)
        for (;;) {
            struct work  work;
            struct trial t = {.block = block};

            schedule_next(s, &p, block, &work);
            if (work.kind == WORK_DONE) break;
            if (progress_has(&p, work.key)) fail_msg("%s twice", work.key);
            assert_true(d.n < MOST);
            d.works = mem_grow(d.works, d.n + 1, sizeof *d.works);
            d.works[d.n++] = work;
            snprintf(t.key, sizeof t.key, "%s", work.key);
            progress_add(&p, &t);
        }
    progress_done(&p);
    return d;
}

/* Of every three cases the first has no home, the third has two turns. */
struct cast {
    struct suite_case  *all;
    const struct suite_case **list;
    size_t              n;
};

static void make_cast(struct cast *c, size_t n)
{
    *c = (struct cast){.all = mem_new(n, sizeof *c->all),
                       .list = mem_new(n, sizeof *c->list), .n = n};
    for (size_t i = 0; i < n; i++) {
        c->all[i] = (struct suite_case){
            .suite = (char *)(uintptr_t)"s", .id = mem_printf("c%zu", i),
            .home = i % 3 ? (char *)(uintptr_t)"flat" : NULL,
            .n_turns = i % 3 == 2 ? 2 : 1};
        snprintf(c->all[i].hash, sizeof c->all[i].hash, "%016zx", i);
        c->list[i] = &c->all[i];
    }
}

static void free_cast(struct cast *c)
{
    for (size_t i = 0; i < c->n; i++) free(c->all[i].id);
    free(c->all);
    free(c->list);
}

static struct schedule plain(const struct cast *c, int blocks)
{
    return (struct schedule){
        .blocks = blocks, .min_rounds = 1, .max_rounds = 1,
        .block_budget_s = NAN, .narrow_frac = 1, .soak_s = NAN,
        .can_complete = true, .cases = c->list, .n_cases = c->n};
}

/* ---- misheard ----------------------------------------------------------- */

static void test_only_single_turns_about_a_home_are_misheard(void **state)
{
    struct cast     c;
    struct schedule s;
    struct done     d;

    (void)state;
    make_cast(&c, 12);                              /* four that can be */
    s = plain(&c, 2);
    d = run_all(&s);
    assert_int_equal(count(&d, "noise"), 0);
    done_free(&d);
    s.n_noise = 2;
    s.noise_percent[0] = 5;
    s.noise_percent[1] = 20;
    s.noise_cases = 100;
    d = run_all(&s);
    assert_int_equal(count(&d, "noise5/s/"), 4);
    assert_int_equal(count(&d, "noise20/s/"), 4);
    assert_int_equal(count(&d, "noise"), 8);
    assert_int_equal(count(&d, "case/"), 12);
    for (size_t i = 0; i < d.n; i++) {
        const struct work *w = &d.works[i];
        bool is_noise = strncmp(w->key, "noise", 5) == 0;

        assert_int_equal(w->noise_percent, !is_noise ? 0 :
                         w->key[5] == '5' ? 5 : 20);
        if (!is_noise) continue;
        assert_int_equal(w->kind, WORK_CASE);
        assert_true(w->test->home && w->test->n_turns == 1);
        assert_int_equal(w->repeat, 0);
        assert_false(w->by_prompt || w->is_cold);
    }
    done_free(&d);
    free_cast(&c);
}

static void test_so_many_cases_are_misheard_spread_over_all(void **state)
{
    struct cast c;

    (void)state;
    make_cast(&c, 300);                             /* 100 that can be */
    for (int most = 0; most <= 120; most += 7) {
        struct schedule s = plain(&c, 1);
        struct done     d;
        int             in_half = 0, wanted = most < 100 ? most : 100;

        s.n_noise = 1;
        s.noise_percent[0] = 10;
        s.noise_cases = most;
        d = run_all(&s);
        assert_int_equal(count(&d, "noise10/"), wanted);
        for (size_t i = 0; i < d.n; i++)
            in_half += d.works[i].noise_percent > 0 &&
                       d.works[i].test < &c.all[150];
        assert_in_range(2 * in_half, wanted > 0 ? wanted - 1 : 0, wanted + 1);
        done_free(&d);
    }
    free_cast(&c);
}

static void test_every_level_mishears_the_same_cases(void **state)
{
    struct cast     c;
    struct schedule s;
    struct done     d;

    (void)state;
    make_cast(&c, 30);
    s = plain(&c, 2);
    s.n_noise = SCHEDULE_NOISE_MOST;
    for (int i = 0; i < SCHEDULE_NOISE_MOST; i++) s.noise_percent[i] = 9 + i;
    s.noise_cases = 4;
    d = run_all(&s);
    for (int i = 0; i < SCHEDULE_NOISE_MOST; i++) {
        char kind[24];

        snprintf(kind, sizeof kind, "noise%d/", 9 + i);
        assert_int_equal(count(&d, kind), 4);
        for (size_t k = 0; k < d.n; k++)
            if (d.works[k].noise_percent == 9) {
                char *key = mem_printf("%s%s", kind,
                                       strchr(d.works[k].key, '/') + 1);
                assert_true(has(&d, key));
                free(key);
            }
    }
    done_free(&d);
    free_cast(&c);
}

/* ---- repeated ----------------------------------------------------------- */

static void test_every_case_is_asked_so_many_times(void **state)
{
    static const struct { int repeats, more; } wanted[] = {
        {0, 0}, {1, 0}, {2, 1}, {5, 4}, {12, 11}};
    struct cast c;

    (void)state;
    make_cast(&c, 9);
    for (size_t i = 0; i < N_OF(wanted); i++) {
        struct schedule s = plain(&c, 2);
        struct done     d;

        s.repeats = wanted[i].repeats;
        d = run_all(&s);
        assert_int_equal(count(&d, "case/"), 9);
        assert_int_equal(count(&d, "again"), 9 * wanted[i].more);
        for (int r = 1; r <= wanted[i].more; r++) {
            char kind[24];

            snprintf(kind, sizeof kind, "again%d/", r);
            assert_int_equal(count(&d, kind), 9);
        }
        for (size_t k = 0; k < d.n; k++)
            assert_int_equal(d.works[k].repeat,
                             schedule_variant(d.works[k].key).repeat);
        done_free(&d);
    }
    free_cast(&c);
}

static void test_a_case_is_asked_again_in_the_block_where_it_was_asked(
    void **state)
{
    struct cast     c;
    struct schedule s;
    struct done     d;

    (void)state;
    make_cast(&c, 12);
    s = plain(&c, 2);
    s.repeats = 3;
    s.n_noise = 1;
    s.noise_percent[0] = 5;
    s.noise_cases = 12;
    d = run_all(&s);
    for (size_t i = 0; i < d.n; i++)
        for (size_t k = 0; d.works[i].test && k < d.n; k++)
            if (d.works[k].test == d.works[i].test)
                assert_int_equal(d.works[k].block, d.works[i].block);
    assert_true(count(&d, "again2/") == 12 && count(&d, "noise5/") == 4);
    done_free(&d);
    free_cast(&c);
}

/* What decides comes first: a run that is stopped has it. */
static void test_what_counts_comes_before_what_is_asked_again(void **state)
{
    static const char *const order[] = {"case/", "prompt/", "cold/", "noise",
                                        "again"};
    struct cast     c;
    struct schedule s;
    struct done     d;
    size_t          at = 0;

    (void)state;
    make_cast(&c, 9);
    s = plain(&c, 1);
    s.tools_by_prompt = true;
    s.cold_cases = 2;
    s.repeats = 2;
    s.n_noise = 1;
    s.noise_percent[0] = 5;
    s.noise_cases = 3;
    d = run_all(&s);
    for (size_t i = 0; i < d.n; i++) {
        if (!d.works[i].test) continue;
        while (at < N_OF(order) &&
               strncmp(d.works[i].key, order[at], strlen(order[at])) != 0)
            at++;
        if (at == N_OF(order)) fail_msg("%s is late", d.works[i].key);
    }
    assert_int_equal(at, N_OF(order) - 1);
    done_free(&d);
    free_cast(&c);
}

/* ---- by prompt ---------------------------------------------------------- */

static void test_tools_in_the_prompt_stay_there_when_asked_again(void **state)
{
    struct cast     c;
    struct schedule s;
    struct done     d;

    (void)state;
    make_cast(&c, 6);
    s = plain(&c, 1);
    s.tools_by_prompt = true;
    s.repeats = 2;
    s.n_noise = 1;
    s.noise_percent[0] = 5;
    s.noise_cases = 10;
    d = run_all(&s);
    assert_int_equal(count(&d, "noise5-prompt/"), 2);
    assert_int_equal(count(&d, "noise5/"), 0);
    assert_int_equal(count(&d, "again1-prompt/"), 4);
    assert_int_equal(count(&d, "again1/"), 2);      /* they have no tools */
    for (size_t i = 0; i < d.n; i++) {
        const struct work *w = &d.works[i];

        assert_int_equal(w->by_prompt, strstr(w->key, "prompt/") &&
                         w->key[0] != 'b');
        assert_false(w->by_prompt && !w->test->home);
    }
    done_free(&d);
    free_cast(&c);
}

/* ---- keys --------------------------------------------------------------- */

static void test_a_key_says_what_its_trial_was(void **state)
{
    static const struct {
        const char *key;
        struct trial_variant want;
    } keys[] = {
        {"case/s/i/h", {.is_case = true, .is_plain = true, .rest = "s/i/h"}},
        {"prompt/s/i/h", {.is_case = true, .is_plain = true,
                          .by_prompt = true, .rest = "s/i/h"}},
        {"cold/s/i/h", {.is_case = true, .is_cold = true, .rest = "s/i/h"}},
        {"noise10/s/i/h", {.is_case = true, .noise_percent = 10,
                           .rest = "s/i/h"}},
        {"noise5-prompt/s/i/h", {.is_case = true, .noise_percent = 5,
                                 .by_prompt = true, .rest = "s/i/h"}},
        {"again1/s/i/h", {.is_case = true, .repeat = 1, .rest = "s/i/h"}},
        {"again12-prompt/s/i/h", {.is_case = true, .repeat = 12,
                                  .by_prompt = true, .rest = "s/i/h"}},
        {"case", {.is_case = true, .is_plain = true}},
        {"", {0}}, {"/", {0}}, {"b0/decode/0", {0}}, {"b0/load/0", {0}},
        {"soak/3", {0}}, {"preflight", {0}}, {"cases/s/i/h", {0}},
        {"promptly/s/i/h", {0}}, {"noise/s/i/h", {0}}, {"again/s/i/h", {0}},
        {"noise0/s/i/h", {0}}, {"noise-5/s/i/h", {0}},
        {"again1-promp/s/i/h", {0}}, {"again1-prompts/s/i/h", {0}},
        {"again1x/s/i/h", {0}}, {"again99999999999999999999/s/i/h", {0}}};

    (void)state;
    for (size_t i = 0; i < N_OF(keys); i++) {
        struct trial_variant got = schedule_variant(keys[i].key);
        const struct trial_variant *want = &keys[i].want;

        if (got.is_case != want->is_case || got.is_cold != want->is_cold ||
            got.is_plain != want->is_plain ||
            got.by_prompt != want->by_prompt ||
            got.noise_percent != want->noise_percent ||
            got.repeat != want->repeat ||
            (want->rest ? !got.rest || strcmp(got.rest, want->rest) != 0
                        : got.rest != NULL))
            fail_msg("%s: noise %d, repeat %d, rest %s", keys[i].key,
                     got.noise_percent, got.repeat,
                     got.rest ? got.rest : "none");
        assert_int_equal(schedule_is_by_prompt(keys[i].key),
                         want->by_prompt);
        assert_int_equal(schedule_is_cold(keys[i].key), want->is_cold);
        assert_false(want->is_case && schedule_is_round(keys[i].key));
    }
}

/* However long its names are, a key keeps its kind and its case apart. */
static void test_every_key_leads_back_to_its_case(void **state)
{
    struct cast     c;
    struct schedule s;
    struct done     d;
    char           *longest = mem_new(81, 1);

    (void)state;
    memset(longest, 'x', 80);
    make_cast(&c, 6);
    for (size_t i = 0; i < c.n; i++) c.all[i].suite = longest;
    free(c.all[1].id);
    c.all[1].id = mem_copy(longest);
    s = plain(&c, 1);
    s.tools_by_prompt = true;
    s.repeats = 101;
    s.n_noise = 1;
    s.noise_percent[0] = 50;
    s.noise_cases = 10;
    s.cold_cases = 6;
    d = run_all(&s);
    for (size_t i = 0; i < d.n; i++) {
        const struct work *w = &d.works[i];
        char               key[160];

        if (!w->test) continue;
        schedule_case_key(w->test, false, key, sizeof key);
        assert_string_equal(schedule_variant(w->key).rest,
                            schedule_variant(key).rest);
        assert_int_equal(schedule_variant(w->key).by_prompt, w->by_prompt);
        assert_int_equal(schedule_variant(w->key).is_cold, w->is_cold);
    }
    done_free(&d);
    free_cast(&c);
    free(longest);
}

/* ---- the plan ----------------------------------------------------------- */

static void test_the_plan_counts_every_asking(void **state)
{
    struct cast c;

    (void)state;
    make_cast(&c, 10);
    for (int way = 0; way < 32; way++) {
        struct schedule s = plain(&c, 1 + (way & 1));
        struct done     d;

        s.tools_by_prompt = way & 2;
        s.repeats = way & 4 ? 3 : 0;
        s.n_noise = way & 8 ? 2 : 0;
        s.noise_percent[0] = 5;
        s.noise_percent[1] = 10;
        s.noise_cases = way & 16 ? 2 : 100;
        s.cold_cases = 1;
        d = run_all(&s);
        assert_int_equal(schedule_trials(&s), d.n);
        done_free(&d);
    }
    free_cast(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_single_turns_about_a_home_are_misheard),
        cmocka_unit_test(test_so_many_cases_are_misheard_spread_over_all),
        cmocka_unit_test(test_every_level_mishears_the_same_cases),
        cmocka_unit_test(test_every_case_is_asked_so_many_times),
        cmocka_unit_test(
            test_a_case_is_asked_again_in_the_block_where_it_was_asked),
        cmocka_unit_test(test_what_counts_comes_before_what_is_asked_again),
        cmocka_unit_test(test_tools_in_the_prompt_stay_there_when_asked_again),
        cmocka_unit_test(test_a_key_says_what_its_trial_was),
        cmocka_unit_test(test_every_key_leads_back_to_its_case),
        cmocka_unit_test(test_the_plan_counts_every_asking),
    };
    return cmocka_run_group_tests_name("schedule_again", tests, NULL, NULL);
}
