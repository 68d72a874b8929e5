/* SPDX-License-Identifier: MIT */
/* Judged again, a stored case has the outcome and the notes of today, and
 * keeps what was measured. */
#include "store_fixture.h"

#include "audition.h"
#include "judge.h"
#include "rescore.h"

#define CHECKS  ",\"checks\":[{\"scorer\":\"mentions\",\"any\":[\"warm\"]}]"
#define ONE     "{\"id\":\"one\",\"say\":\"How is it?\"" CHECKS "}\n"
#define NAMED   "{\"id\":\"one\",\"suite\":\"other\",\"say\":\"How is it?\""  \
                ",\"checks\":[{\"scorer\":\"mentions\",\"any\":[\"cold\"]}]}\n"
#define TALK    "{\"id\":\"talk\",\"turns\":[{\"say\":\"How is it?\"" CHECKS  \
                "},{\"say\":\"Really?\"" CHECKS "}]}\n"

/* An audition of one candidate with the suites of the texts. */
struct scene {
    struct place      *place;
    struct run_options options;
    struct candidate   candidate;
    struct entry       entry;
    struct audition    a;
    int64_t            run_id;
};

static void add_suite(struct scene *s, const char *name, const char *text)
{
    char       *path = mem_printf("%s/%s.jsonl", s->place->dir, name);
    FILE       *file = fopen(path, "wb");
    struct err  err = {0};

    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    s->a.suites = mem_grow(s->a.suites, s->a.n_suites + 1,
                           sizeof *s->a.suites);
    check(suite_load(&s->a.suites[s->a.n_suites++], path, false, &err), &err);
    free(path);
}

static void open_scene(struct scene *s, struct place *place)
{
    *s = (struct scene){.place = place, .options = {.quiet = true},
                        .candidate = {.name = (char[]){"c"}}};
    s->a.opt = &s->options;
    s->a.store = open_store(place->path, true);
    s->entry.candidate = &s->candidate;
    make_subject(s->a.store, &s->run_id, &s->entry.subject_id);
}

static void close_scene(struct scene *s)
{
    for (size_t i = 0; i < s->a.n_suites; i++) suite_done(&s->a.suites[i]);
    free(s->a.suites);
    store_close(s->a.store);
}

/* A case that was asked and judged by somebody else's scorers. */
static void put_case(struct scene *s, const char *kind, const char *suite,
                     const char *id, const char *answer,
                     enum outcome outcome)
{
    struct trial t = {.suite = mem_copy(suite), .case_id = mem_copy(id),
                      .case_hash = mem_copy("0123456789abcdef"),
                      .outcome = outcome, .status = TRIAL_OK,
                      .reason = outcome == OUTCOME_PASS ? NULL
                                                        : mem_copy("old")};
    struct turn *turn = trial_add_turn(&t);
    struct err   err = {0};

    snprintf(t.key, sizeof t.key, "%s/%s/%s/0123456789abcdef", kind, suite,
             id);
    trial_add_message(&t, "system", "You help.");
    trial_add_message(&t, "user", "How is it?");
    trial_add_message(&t, "assistant", answer);
    free(turn->content);
    turn->content = mem_copy(answer);
    trial_observe(&t, "first_sentence_s", 1.25);
    trial_observe(&t, "turns_judged", 9);
    trial_observe(&t, "tool_turn_s", 2.5);
    check(store_put_trial(s->a.store, s->entry.subject_id, s->run_id, &t,
                          &err), &err);
    trial_done(&t);
}

static void rescore(struct scene *s)
{
    struct err err = {0};

    check(rescore_entry(&s->a, &s->entry, &err), &err);
}

/* What a stored trial holds. */
struct wanted {
    const char  *key;          /* its beginning                             */
    enum outcome outcome;
    const char  *says;         /* part of the reason; NULL: none            */
    double       judged, passed;
    int          found;
};

static double noted(const struct trial *t, const char *metric)
{
    double value = 0;
    int    n = 0;

    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, metric) == 0) {
            value = t->observations[i].value;
            n++;
        }
    if (n > 1) fail_msg("%s: %s is there %d times", t->key, metric, n);
    return value;
}

static int compare(void *ctx, const struct trial *t)
{
    struct wanted *w = ctx;

    if (strncmp(t->key, w->key, strlen(w->key)) != 0) return 0;
    w->found++;
    if (t->outcome != w->outcome ||
        (w->says ? !t->reason || !strstr(t->reason, w->says)
                 : t->reason != NULL))
        fail_msg("%s: %s \"%s\"", t->key, outcome_name(t->outcome),
                 t->reason ? t->reason : "");
    if (noted(t, "turns_judged") != w->judged ||
        noted(t, "turns_passed") != w->passed)
        fail_msg("%s: %g of %g turns", t->key, noted(t, "turns_passed"),
                 noted(t, "turns_judged"));
    assert_true(noted(t, "first_sentence_s") == 1.25);
    assert_true(noted(t, "tool_turn_s") == 2.5);
    assert_int_equal(t->n_turns, 1);              /* the transcript is whole */
    assert_int_equal(t->n_messages, 3);
    return 0;
}

static void expect(struct scene *s, const char *key, enum outcome outcome,
                   const char *says, double judged, double passed)
{
    struct wanted w = {key, outcome, says, judged, passed, 0};
    struct err    err = {0};

    check(store_each_trial(s->a.store, s->entry.subject_id, true, compare, &w,
                           &err), &err);
    if (w.found != 1) fail_msg("%s: found %d times", key, w.found);
}

static void test_a_rescored_case_has_outcome_and_notes_of_today(void **state)
{
    struct scene s;

    open_scene(&s, *state);
    add_suite(&s, "mine", ONE TALK);
    put_case(&s, "case", "mine", "one", "It is warm.", OUTCOME_FAIL);
    put_case(&s, "again1", "mine", "one", "It is cold.", OUTCOME_PASS);
    put_case(&s, "noise10", "mine", "one", "Warm it is.", OUTCOME_HARNESS);
    put_case(&s, "case", "mine", "talk", "It is warm.", OUTCOME_PASS);
    rescore(&s);
    expect(&s, "case/mine/one/", OUTCOME_PASS, NULL, 1, 1);
    expect(&s, "again1/", OUTCOME_FAIL, "warm", 1, 0);
    expect(&s, "noise10/", OUTCOME_PASS, NULL, 1, 1);
    expect(&s, "case/mine/talk/", OUTCOME_FAIL,
           "turn 2 of 2: the conversation could not go on", 2, 1);
    close_scene(&s);
}

static void test_judging_again_changes_nothing_the_second_time(void **state)
{
    struct scene s;
    int64_t      changes;

    open_scene(&s, *state);
    add_suite(&s, "mine", ONE);
    put_case(&s, "case", "mine", "one", "It is warm.", OUTCOME_FAIL);
    rescore(&s);
    changes = ask(s.a.store, "SELECT total_changes()");
    rescore(&s);
    assert_int_equal(ask(s.a.store, "SELECT total_changes()"), changes);
    expect(&s, "case/", OUTCOME_PASS, NULL, 1, 1);
    close_scene(&s);
}

static void test_what_no_suite_of_today_has_stays_as_it_was(void **state)
{
    struct scene s;
    struct trial load = {.duration_s = 1};
    struct err   err = {0};

    open_scene(&s, *state);
    add_suite(&s, "mine", ONE);
    put_case(&s, "case", "mine", "gone", "It is warm.", OUTCOME_FAIL);
    put_case(&s, "case", "theirs", "one", "It is warm.", OUTCOME_FAIL);
    snprintf(load.key, sizeof load.key, "b0/load/0");
    check(store_put_trial(s.a.store, s.entry.subject_id, s.run_id, &load,
                          &err), &err);
    rescore(&s);
    expect(&s, "case/mine/gone/", OUTCOME_FAIL, "old", 9, 0);
    expect(&s, "case/theirs/one/", OUTCOME_FAIL, "old", 9, 0);
    close_scene(&s);
}

/* A file's cases may say that they are of another suite, whose file may have
 * one with the same id. */
static void test_a_case_is_found_by_the_suite_that_it_names(void **state)
{
    struct scene s;

    open_scene(&s, *state);
    add_suite(&s, "mine", ONE);
    add_suite(&s, "theirs", NAMED);
    put_case(&s, "case", "other", "one", "It is cold.", OUTCOME_FAIL);
    put_case(&s, "case", "mine", "one", "It is cold.", OUTCOME_PASS);
    rescore(&s);
    expect(&s, "case/other/one/", OUTCOME_PASS, NULL, 1, 1);
    expect(&s, "case/mine/one/", OUTCOME_FAIL, "warm", 1, 0);
    close_scene(&s);
}

static void test_a_suite_that_changed_meanwhile_is_told(void **state)
{
    struct scene s;
    struct err   err = {0};
    FILE        *file;

    open_scene(&s, *state);
    add_suite(&s, "mine", ONE TALK);
    put_case(&s, "case", "mine", "talk", "It is warm.", OUTCOME_PASS);
    file = fopen(s.a.suites[0].path, "wb");              /* now it is empty */
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rescore_entry(&s.a, &s.entry, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "has changed"));
    expect(&s, "case/", OUTCOME_PASS, NULL, 9, 0);
    close_scene(&s);
}

/* Alone, and in the transaction of whoever reads. */
static void test_a_judgement_is_stored_whole_or_not_at_all(void **state)
{
    struct scene s;

    open_scene(&s, *state);
    put_case(&s, "case", "mine", "one", "It is warm.", OUTCOME_FAIL);
    check(store_exec(s.a.store, "CREATE TEMP TRIGGER full BEFORE INSERT ON "
                     "observation WHEN new.metric = 'turns_passed' BEGIN "
                     "SELECT RAISE(ABORT, 'no room'); END", NULL), NULL);
    for (int inside = 0; inside < 2; inside++) {
        struct trial t = {.outcome = OUTCOME_PASS};
        struct err   err = {0};

        snprintf(t.key, sizeof t.key, "case/mine/one/0123456789abcdef");
        trial_observe(&t, "turns_judged", 1);
        trial_observe(&t, "turns_passed", 1);
        if (inside) check(store_exec(s.a.store, "BEGIN", &err), &err);
        assert_int_equal(store_set_judgement(
            s.a.store, s.entry.subject_id, &t, &err), -1);
        assert_non_null(strstr(err.text, "no room"));
        err = (struct err){0};
        if (inside) check(store_exec(s.a.store, "COMMIT", &err), &err);
        expect(&s, "case/", OUTCOME_FAIL, "old", 9, 0);
        trial_done(&t);
    }
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_rescored_case_has_outcome_and_notes_of_today, make_place,
            remove_place),
        cmocka_unit_test_setup_teardown(
            test_judging_again_changes_nothing_the_second_time, make_place,
            remove_place),
        cmocka_unit_test_setup_teardown(
            test_what_no_suite_of_today_has_stays_as_it_was, make_place,
            remove_place),
        cmocka_unit_test_setup_teardown(
            test_a_case_is_found_by_the_suite_that_it_names, make_place,
            remove_place),
        cmocka_unit_test_setup_teardown(
            test_a_suite_that_changed_meanwhile_is_told, make_place,
            remove_place),
        cmocka_unit_test_setup_teardown(
            test_a_judgement_is_stored_whole_or_not_at_all, make_place,
            remove_place),
    };
    return cmocka_run_group_tests_name("rescore", tests, NULL, NULL);
}
