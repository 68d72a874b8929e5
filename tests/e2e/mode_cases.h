/* SPDX-License-Identifier: MIT */
/* mode_cases.h - the same audition in several power modes of a board, and the
 * mode that was there, which comes back on every way out. */
#ifndef TESTS_E2E_MODE_CASES_H
#define TESTS_E2E_MODE_CASES_H

#include "beside_cases.h"

#define STATUS "var/lib/nvpmodel/status"

/* A board in mode 1, a command that switches, and a config that wants modes 0
 * and 2. What is in `at_2` is done instead of switching to 2. */
static inline void modes_begin_at(struct workplace *w, const char *at_2)
{
    struct temp_tree t;
    char            *script;

    board_begin(w);
    t = board_of(w);
    temp_text(&t, "etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >\n"
              "< POWER_MODEL ID=1 NAME=10W >\n< POWER_MODEL ID=2 NAME=15W >\n"
              "< PM_CONFIG DEFAULT=1 >\n");
    temp_text(&t, STATUS, "pmode:0001\n");
    script = mem_printf("#!/bin/sh\nstatus=%s/" STATUS "\n"
                        "[ \"$1\" != 2 ] || { :; %s\n}\n"
                        "echo \"pmode:000$1\" >\"$status\"\n", t.root, at_2);
    workplace_command(w, "nvpmodel", script);
    workplace_text(w, "audition.yaml", "power_modes: [0, 2]\n"
                   "mode_cmd: \"./nvpmodel {id}\"\n"
                   "candidates:\n  - model: alpha.gguf\n");
    free(script);
}

static inline void expect_mode(const struct workplace *w, const char *status)
{
    struct temp_tree t = board_of(w);
    char            *path = temp_path(&t, STATUS), *text = read_text(path);

    assert_string_equal(text, status);
    free(text);
    free(path);
}

static inline const json_t *mode_at(const json_t *document, size_t i)
{
    return json_array_get(json_object_get(document, "modes"), i);
}

/* Measured, for itself. */
static inline bool has_speed(const json_t *mode)
{
    return value_at(json_array_get(json_object_get(mode, "candidates"), 0),
                    "served_tok_s") > 0;
}

static inline void expect_both(const json_t *document)
{
    assert_int_equal(json_array_size(json_object_get(document, "modes")), 2);
    assert_string_equal(text_at(mode_at(document, 0), "id"), "0");
    assert_string_equal(text_at(mode_at(document, 0), "name"), "MAXN");
    assert_string_equal(text_at(mode_at(document, 1), "id"), "2");
    assert_string_equal(text_at(mode_at(document, 1), "name"), "15W");
    for (size_t i = 0; i < 2; i++) {
        assert_true(json_is_null(json_object_get(mode_at(document, i),
                                                 "failure")));
        assert_true(has_speed(mode_at(document, i)));
    }
}

static void test_each_power_mode_is_auditioned_and_the_first_restored(
    void **state)
{
    struct workplace w;
    struct temp_tree t;
    json_t          *document;
    char            *line;

    (void)state;
    modes_begin_at(&w, "");
    t = board_of(&w);
    document = board_run(&w, 0, SHORT);
    expect_both(document);
    expect_mode(&w, "pmode:0001\n");
    expect_rows(&w, "SELECT count(DISTINCT subject_id) FROM trial WHERE key = "
                "'b0/decode/0'", "2\n");
    json_decref(document);
    line = mem_printf("run -q --sysroot %s " SHORT, t.root);
    assert_int_equal(run_differs(&w, line, 0, "Power modes", NULL), 0);
    free(line);
    expect_rows(&w, "SELECT count(*) FROM run WHERE facts IS NULL OR "
                "CAST(facts ->> 'run_id' AS INTEGER) <> id", "0\n");
    workplace_end(&w);
}

static void test_judging_again_switches_no_power_mode(void **state)
{
    struct workplace w;
    struct temp_tree t;
    json_t          *document;
    char            *line, *script, *called;

    (void)state;
    modes_begin_at(&w, "");
    document = board_run(&w, 0, SHORT);
    expect_both(document);
    json_decref(document);
    t = board_of(&w);
    called = workplace_path(&w, "called");
    script = mem_printf("#!/bin/sh\n: >%s\nexit 1\n", called);
    workplace_command(&w, "nvpmodel", script);
    free(script);
    line = mem_printf("score -q --sysroot %s " SHORT, t.root);
    assert_int_equal(run_differs(&w, line, 0, "Power modes", NULL), 0);
    free(line);
    assert_int_not_equal(access(called, F_OK), 0);
    free(called);
    workplace_end(&w);
}

/* While it measures in mode 2, and while it switches to it. */
static void test_a_signal_restores_the_power_mode(void **state)
{
    static const char *const at_2[] = {
        "", "echo pmode:0002 >\"$status\"; exec /bin/sleep 50;"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct workplace w;
        struct temp_tree t;
        struct running   r;
        struct outcome   o;
        json_t          *script = json_object();
        char            *line, *status;

        modes_begin_at(&w, at_2[i]);
        paced(script);
        board_play(&w, script);
        t = board_of(&w);
        line = mem_printf("run -q --sysroot %s " SHORT, t.root);
        status = temp_path(&t, STATUS);
        r = program_start(&w, line);
        wait_for_text(status, "pmode:0002", 1);
        kill(r.pid, SIGINT);
        program_end(&r, &o);
        expect(&o, 130, NULL, NULL);
        expect_mode(&w, "pmode:0001\n");
        assert_true(all_gone(&w));
        outcome_done(&o);
        free(status);
        free(line);
        workplace_end(&w);
    }
}

static void test_a_power_mode_is_restored_after_a_kill_at_the_next_start(
    void **state)
{
    struct workplace w;
    struct temp_tree t;
    struct running   r;
    struct outcome   o;
    json_t          *document, *script = json_object();
    char            *line, *status;

    (void)state;
    modes_begin_at(&w, "");
    paced(script);
    board_play(&w, script);
    t = board_of(&w);
    line = mem_printf("run -q --sysroot %s " SHORT, t.root);
    status = temp_path(&t, STATUS);
    r = program_start(&w, line);
    wait_for_text(status, "pmode:0002", 1);
    kill(r.pid, SIGKILL);
    program_end(&r, &o);
    outcome_done(&o);
    assert_true(all_gone(&w));
    expect_mode(&w, "pmode:0002\n");
    assert_int_equal(run_differs(&w, "run --no-sampling " ALPHA, 0, NULL,
                                 "restored"), 0);
    expect_mode(&w, "pmode:0001\n");
    document = board_run(&w, 0, SHORT);
    expect_both(document);
    expect_mode(&w, "pmode:0001\n");
    json_decref(document);
    free(status);
    free(line);
    workplace_end(&w);
}

static void test_a_power_mode_that_fails_half_way_leaves_the_other(
    void **state)
{
    struct workplace w;
    json_t          *document;

    (void)state;
    modes_begin_at(&w, "echo pmode:0002 >\"$status\"; echo cannot set fan; "
                   "exit 1;");
    document = board_run(&w, 0, SHORT);
    assert_true(has_speed(mode_at(document, 0)));
    assert_false(has_speed(mode_at(document, 1)));
    assert_non_null(strstr(text_at(mode_at(document, 1), "failure"),
                           "cannot set fan"));
    expect_mode(&w, "pmode:0001\n");
    json_decref(document);
    document = board_run(&w, 1, "--strict " SHORT);
    json_decref(document);
    workplace_end(&w);
}

static void test_without_a_command_the_modes_are_switched_by_hand(void **state)
{
    struct workplace w;
    struct temp_tree t;
    json_t          *document;

    (void)state;
    modes_begin_at(&w, "");
    t = board_of(&w);
    temp_text(&t, STATUS, "pmode:0000\n");
    document = board_run(&w, 0, "--modes 0,2 " ALPHA);
    assert_true(has_speed(mode_at(document, 0)));
    assert_false(has_speed(mode_at(document, 1)));
    assert_non_null(strstr(text_at(mode_at(document, 1), "failure"),
                           "`sudo nvpmodel -m 2`"));
    json_decref(document);
    temp_text(&t, STATUS, "pmode:0002\n");
    document = board_run(&w, 0, "--modes 0,2 " ALPHA);
    assert_true(has_speed(mode_at(document, 0)));
    assert_true(has_speed(mode_at(document, 1)));
    assert_true(json_is_null(json_object_get(mode_at(document, 1),
                                             "failure")));
    json_decref(document);
    expect_mode(&w, "pmode:0002\n");
    workplace_end(&w);
}

#endif
