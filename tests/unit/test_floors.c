/* SPDX-License-Identifier: MIT */
/* The floors and the ceiling of a suite small enough to be counted by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stop.h"
#include "floors.h"
#include "temp_tree.h"

/* A light; a conversation of three turns about it; a fact; and a case whose
 * own reference does not pass. */
#define STATE_ON                                                              \
    "{\"scorer\":\"state\",\"expect\":{\"light.kitchen\":{\"state\":\"on\"}}}"
#define CALL_ON                                                               \
    "\"reference\":{\"calls\":[{\"name\":\"HassTurnOn\",\"arguments\":"       \
    "{\"name\":\"Kitchen light\"}}],\"answer\":\"The kitchen light is on.\"}"
#define LIGHT                                                                 \
    "{\"id\":\"light\",\"home\":\"flat\",\"say\":\"Kitchen light on.\","      \
    "\"checks\":[" STATE_ON "]," CALL_ON "}\n"
#define TALK                                                                  \
    "{\"id\":\"talk\",\"home\":\"flat\",\"turns\":[{\"say\":\"Which lamp?\"," \
    "\"checks\":[{\"scorer\":\"no_call\"}],\"reference\":{\"answer\":"        \
    "\"The one in the kitchen.\"}},{\"say\":\"On with it.\",\"checks\":["     \
    STATE_ON "]," CALL_ON "},{\"say\":\"Good night, house.\",\"checks\":["    \
    "{\"scorer\":\"mentions\",\"any\":[\"night\"]}],\"reference\":"           \
    "{\"answer\":\"Good night to you.\"}}]}\n"
#define FACT                                                                  \
    "{\"id\":\"fact\",\"say\":\"Is it you there?\",\"checks\":["              \
    "{\"scorer\":\"mentions\",\"any\":[\"you\"]}],"                           \
    "\"reference\":{\"answer\":\"Yes, and you?\"}}\n"
#define UNSOUND                                                               \
    "{\"id\":\"unsound\",\"say\":\"Say hello.\",\"checks\":["                 \
    "{\"scorer\":\"mentions\",\"any\":[\"hello\"]}],"                         \
    "\"reference\":{\"answer\":\"Good day to you.\"}}\n"

static bool has_data(void)
{
    static const char *const places[] = {"share", "../share"};
    struct stat              st;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!getenv("AUDITION_DATA") && stat(places[i], &st) == 0)
            setenv("AUDITION_DATA", places[i], 1);
    return getenv("AUDITION_DATA") != NULL;
}

struct place {
    struct temp_tree tree;
    struct suite     suite;
};

static void open_place(struct place *p, const char *text)
{
    struct err err = {0};
    char      *path;

    assert_int_equal(temp_tree_init(&p->tree), 0);
    temp_text(&p->tree, "mine.jsonl", text);
    path = temp_path(&p->tree, "mine.jsonl");
    if (suite_load(&p->suite, path, false, &err)) fail_msg("%s", err.text);
    free(path);
}

static void close_place(struct place *p)
{
    suite_done(&p->suite);
    temp_tree_done(&p->tree);
}

static void test_each_pretender_has_its_floor(void **state)
{
    static const struct { enum pretender kind; long cases, turns; } want[] = {
        {PRETEND_never_calls, 1, 2},   /* the fact, and "Which lamp?"       */
        {PRETEND_echo, 2, 3},          /* "hello", "you"; also "night"      */
        {PRETEND_done, 0, 0},
        {PRETEND_asks, 1, 2},
        {PRETEND_oracle, 3, 5}};
    struct place  p;
    struct floors f;
    struct err    err = {0};

    (void)state;
    if (!has_data()) skip();
    open_place(&p, LIGHT TALK FACT UNSOUND);
    if (floors_measure(&p.suite, 1, &f, &err)) fail_msg("%s", err.text);
    assert_int_equal(f.cases, 4);
    assert_int_equal(f.turns, 6);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (f.passed[want[i].kind] != want[i].cases ||
            f.turns_passed[want[i].kind] != want[i].turns)
            fail_msg("%s: %ld cases, %ld turns", pretend_name[want[i].kind],
                     f.passed[want[i].kind], f.turns_passed[want[i].kind]);
    for (int k = 0; k < PRETEND_COUNT; k++)
        assert_true(f.passed[k] <= f.cases && f.turns_passed[k] <= f.turns);
    floors_done(&f);
    close_place(&p);
}

static void test_what_the_oracle_fails_is_named_with_the_reason(void **state)
{
    struct place  p;
    struct floors f;
    struct err    err = {0};

    (void)state;
    if (!has_data()) skip();
    open_place(&p, FACT UNSOUND LIGHT);
    if (floors_measure(&p.suite, 1, &f, &err)) fail_msg("%s", err.text);
    assert_int_equal(f.failed.n, 1);
    assert_ptr_equal(strstr(f.failed.items[0], "unsound: "),
                     f.failed.items[0]);
    assert_true(strlen(f.failed.items[0]) > strlen("unsound: ") + 5);
    floors_done(&f);
    floors_done(&f);
    close_place(&p);
}

static void test_floors_are_the_same_each_time_for_a_seed(void **state)
{
    struct place  p;
    struct floors first, again;
    struct err    err = {0};

    (void)state;
    if (!has_data()) skip();
    open_place(&p, LIGHT TALK FACT);
    assert_int_equal(floors_measure(&p.suite, 7, &first, &err), 0);
    assert_int_equal(floors_measure(&p.suite, 7, &again, &err), 0);
    assert_memory_equal(first.passed, again.passed, sizeof first.passed);
    assert_memory_equal(first.turns_passed, again.turns_passed,
                        sizeof first.turns_passed);
    floors_done(&first);
    floors_done(&again);
    close_place(&p);
}

static void test_a_suite_that_changed_is_an_error_and_leaves_nothing(
    void **state)
{
    struct place  p;
    struct floors f;
    struct err    err = {0};

    (void)state;
    open_place(&p, FACT UNSOUND);
    temp_text(&p.tree, "mine.jsonl", UNSOUND);
    assert_int_equal(floors_measure(&p.suite, 1, &f, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "mine"));
    assert_int_equal(f.failed.n, 0);
    close_place(&p);
}

/* In a process of its own: a stop is for good. */
static void test_a_stop_signal_ends_the_measuring(void **state)
{
    int   how = 0;
    pid_t child;

    (void)state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct place  p;
        struct floors f;
        struct err    err = {0};
        int           rc;

        open_place(&p, FACT);
        stop_install();
        raise(SIGTERM);
        rc = floors_measure(&p.suite, 1, &f, &err);
        close_place(&p);
        _exit(rc == -1 && err.kind == ERR_STOPPED ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pretender_has_its_floor),
        cmocka_unit_test(test_what_the_oracle_fails_is_named_with_the_reason),
        cmocka_unit_test(test_floors_are_the_same_each_time_for_a_seed),
        cmocka_unit_test(
            test_a_suite_that_changed_is_an_error_and_leaves_nothing),
        cmocka_unit_test(test_a_stop_signal_ends_the_measuring),
    };
    return cmocka_run_group_tests_name("floors", tests, NULL, NULL);
}
