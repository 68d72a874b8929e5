/* SPDX-License-Identifier: MIT */
/* A candidate that once ran out of memory, and what is then not started, in
 * this run and in later ones. */
#include "store_fixture.h"

#include <math.h>

#include "audition.h"

static void note_died(struct entry *e)
{
    struct trial died = {.key = "died", .status = TRIAL_FAILED};

    progress_add(&e->progress, &died);
}

static struct entry entry_of(const struct candidate *c, double bytes)
{
    struct entry e = {.candidate = c, .subject_hash = "subject"};

    e.forecast.memory.total = bytes;
    return e;
}

static void begin(struct audition *a, const struct run_options *opt,
                  struct store *s, const char *folder)
{
    *a = (struct audition){.opt = opt, .store = s, .ran_out_bytes = NAN,
                           .schedule = {.blocks = 1, .min_rounds = 1,
                                        .soak_s = NAN}};
    a->config.folder = mem_copy(folder);
    a->device.is_unified = true;
    a->device.backend = BACKEND_CUDA;
}

static void test_what_needs_as_much_is_not_started_in_a_later_run(
    void **state)
{
    struct place     *p = *state;
    struct store     *s = open_store(p->path, true);
    struct run_options opt = {.quiet = true};
    struct candidate  c = {.name = (char[]){"big"}, .source = SOURCE_FILE};
    struct entry      died = entry_of(&c, 5e9), sibling = entry_of(&c, 5e9);
    struct audition   a;
    struct err        err = {0};

    begin(&a, &opt, s, p->dir);
    check(store_remember(s, "ran_out", "subject", "yes", &err), &err);
    audition_recall_ran_out(&a, &sibling);     /* nothing is stored of it */
    assert_true(isnan(a.ran_out_bytes));
    note_died(&died);
    audition_recall_ran_out(&a, &died);
    assert_true(a.ran_out_bytes == 5e9);

    assert_int_equal(audition_block(&a, &sibling, 0, &err), 0);
    assert_true(sibling.is_out && sibling.is_skipped);
    assert_non_null(strstr(sibling.failure.text, "not started"));
    /* The one itself has nothing left to start: its result stands. */
    assert_int_equal(audition_block(&a, &died, 0, &err), 0);
    assert_false(died.is_skipped);

    progress_done(&died.progress);
    audition_end(&a);
}

/* Begun anew, it died of something else. */
static void test_a_crash_keeps_nothing_from_being_started(void **state)
{
    struct place     *p = *state;
    struct store     *s = open_store(p->path, true);
    struct run_options opt = {.quiet = true};
    struct candidate  c = {.name = (char[]){"big"}, .source = SOURCE_FILE};
    struct entry      died = entry_of(&c, 5e9);
    struct audition   a;
    struct err        err = {0};

    begin(&a, &opt, s, p->dir);
    check(store_remember(s, "ran_out", "subject", "no", &err), &err);
    note_died(&died);
    audition_recall_ran_out(&a, &died);
    assert_true(isnan(a.ran_out_bytes));
    progress_done(&died.progress);
    audition_end(&a);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(test_what_needs_as_much_is_not_started_in_a_later_run),
        TEST(test_a_crash_keeps_nothing_from_being_started),
    };

    return cmocka_run_group_tests_name("ran_out", tests, NULL, NULL);
}
