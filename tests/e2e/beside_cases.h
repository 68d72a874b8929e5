/* SPDX-License-Identifier: MIT */
/* beside_cases.h - what runs beside the model, on purpose, and what changes
 * when it answers for long. */
#ifndef TESTS_E2E_BESIDE_CASES_H
#define TESTS_E2E_BESIDE_CASES_H

#include "board_cases.h"
#include "stop_cases.h"
#include "voice_cases.h"

/* A command in the program's folder. */
static inline void workplace_command(const struct workplace *w,
                                     const char *name, const char *script)
{
    char *path = workplace_path(w, name);

    workplace_text(w, name, script);
    assert_int_equal(chmod(path, 0700), 0);
    free(path);
}

/* Until a file holds the text so many times. */
static inline void wait_for_text(const char *path, const char *part, int times)
{
    double end = now_s() + DEADLINE_S;

    for (;;) {
        char *text = read_text(path);
        int   seen = 0;

        for (const char *at = text; (at = strstr(at, part)); at++) seen++;
        free(text);
        if (seen >= times) return;
        if (now_s() > end) fail_msg("%s: never \"%s\"", path, part);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

/* ---- co-load ------------------------------------------------------------ */

static inline json_t *coload_of(const json_t *document)
{
    return json_object_get(candidate_of(document, "alpha"), "co_load");
}

static void test_speech_programs_run_beside_it_and_end_with_it(void **state)
{
    struct workplace w;
    json_t          *document, *c;

    (void)state;
    board_begin(&w);
    workplace_command(&w, "speech", "#!/bin/sh\nexec /bin/sleep 300\n");
    document = board_run(&w, 0, "--co-load ./speech " ALPHA);
    c = coload_of(document);
    assert_string_equal(text_at(c, "command"), "./speech");
    assert_true(value_at(c, "ready_s") >= 1);
    assert_true(json_is_false(json_object_get(c, "has_ended")));
    assert_true(is_measured(document, "alpha"));
    json_decref(document);
    workplace_end(&w);
}

static void test_speech_programs_that_die_at_once_are_told(void **state)
{
    struct workplace w;

    (void)state;
    board_begin(&w);
    workplace_command(&w, "speech", "#!/bin/sh\necho no microphone >&2\n"
                      "exit 4\n");
    assert_int_equal(run_differs(
        &w, "run -q --co-load ./speech " ALPHA, 3, NULL, "audition: the "
        "co-load (./speech) ended before it was ready (exited with status 4: "
        "no microphone); run it by hand to see why\n"), 0);
    assert_true(all_gone(&w));
    workplace_end(&w);
}

static void test_speech_programs_that_end_meanwhile_are_told(void **state)
{
    struct workplace w;
    json_t          *document, *c, *script;

    (void)state;
    board_begin(&w);
    workplace_command(&w, "speech", "#!/bin/sh\nuntil [ -e over ]; do "
                      "/bin/sleep 0.02; done\nexit 7\n");
    script = board_script(&w);
    json_object_set_new(script, "board_dir", json_string(w.folder));
    paced(script);
    board_at(script, COMPLETION, 2, "over", "1\n");
    board_play(&w, script);
    document = board_run(&w, 0, "--co-load ./speech " ALPHA);
    c = coload_of(document);
    assert_true(json_is_true(json_object_get(c, "has_ended")));
    assert_non_null(strstr(text_at(c, "how"), "7"));
    json_decref(document);
    workplace_end(&w);
}

/* Nothing is started: what runs already is only watched. */
static void test_speech_programs_that_run_already_are_watched(void **state)
{
    struct workplace w;
    struct foreign   f;
    struct outcome   o;
    json_t          *document, *c, *script = json_object();
    char            *line;

    (void)state;
    board_begin(&w);
    paced(script);
    board_play(&w, script);
    foreign_start(&f, &w, "-a speech");
    line = mem_printf("run --json -q --co-load-health http://127.0.0.1:%d/"
                      "health " ALPHA, f.port);
    program_run(&w, line, &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    outcome_done(&o);
    c = coload_of(document);
    assert_true(value_at(c, "health_n") >= 1);
    assert_true(value_at(c, "health_failures") == 0);
    assert_true(value_at(c, "health_median_s") > 0);
    assert_int_equal(waitpid(f.pid, NULL, WNOHANG), 0);
    foreign_end(&f);
    json_decref(document);
    free(line);
    workplace_end(&w);
}

/* Its memory is not ours to know; the board, and what ran beside it, are. */
static void test_of_a_server_that_runs_already_the_board_is_known(void **state)
{
    struct workplace w;
    struct temp_tree t;
    struct foreign   f;
    json_t          *document;
    const json_t    *c;
    char            *line;

    (void)state;
    board_begin(&w);
    workplace_command(&w, "speech", "#!/bin/sh\nexec /bin/sleep 300\n");
    t = board_of(&w);
    foreign_start(&f, &w, "-a m");
    for (int i = 0; i < 2; i++) {          /* the second is only printed */
        struct outcome o;

        line = mem_printf("--sysroot %s --co-load ./speech", t.root);
        run_at(&w, f.port, line, &o);
        expect(&o, 0, NULL, NULL);
        document = document_of(&o);
        c = json_array_get(json_object_get(document, "candidates"), 0);
        assert_string_equal(text_at(json_object_get(c, "co_load"), "command"),
                            "./speech");
        c = json_object_get(c, "board");
        assert_true(json_is_object(json_object_get(c, "at_start")));
        assert_true(value_at(c, "turns") > 0);
        json_decref(document);
        outcome_done(&o);
        free(line);
    }
    foreign_end(&f);
    workplace_end(&w);
}

/* On this machine itself: a copied tree does not show the process. */
static void test_held_memory_stands_in_for_speech_programs(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document, *script = json_object();

    (void)state;
    board_begin(&w);
    paced(script);
    board_play(&w, script);
    program_run(&w, "run --json -q --hold-memory 64M " ALPHA, &o);
    expect(&o, 0, NULL, NULL);
    assert_true(all_gone(&w));
    document = document_of(&o);
    assert_non_null(strstr(text_at(coload_of(document), "command"), "held"));
    if (!(value_at(coload_of(document), "memory_bytes") > 60e6))
        fail_msg("%g bytes held", value_at(coload_of(document),
                                           "memory_bytes"));
    json_decref(document);
    outcome_done(&o);
    workplace_end(&w);
}

static void test_a_signal_ends_the_speech_programs_too(void **state)
{
    struct workplace w;
    struct running   r;
    struct outcome   o;

    (void)state;
    board_begin(&w);
    workplace_command(&w, "speech", "#!/bin/sh\n/bin/sleep 300 &\nwait\n");
    stall_at(&w, 4);
    r = program_start(&w, "run --co-load ./speech " ALPHA);
    assert_true(wait_for_requests(&w, 0, 5, r.pid));
    assert_true(count_living(&w) >= 4);   /* both of us, speech, its child */
    kill(r.pid, SIGINT);
    program_end(&r, &o);
    expect(&o, 130, NULL, NULL);
    assert_true(all_gone(&w));
    outcome_done(&o);
    workplace_end(&w);
}

/* ---- soak --------------------------------------------------------------- */

static inline json_t *soak_of(const json_t *candidate)
{
    return json_object_get(candidate, "soak");
}

static void test_a_soak_says_what_changed_and_what_did_not(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *s;

    (void)state;
    workplace_begin(&w, NULL);
    s = soak_of(voice(&w, RECORDED(FAST, SLOW_SECOND_SENTENCE),
                      "--soak 10m", &document));
    assert_true(value_at(s, "wanted_s") == 600);
    assert_true(value_at(s, "duration_s") >= 590);
    assert_true(value_at(s, "turns") >= 90);
    assert_true(value_at(s, "failures") == 0);
    assert_true(value_at(s, "starts") == 1);
    assert_true(value_at(s, "answers") >= 90);
    assert_true(value_at(s, "different_answers") == 0);
    assert_string_equal(text_at(json_object_get(s, "first_sentence_s"), "is"),
                        "steady");
    assert_true(fabs(value_at(json_object_get(s, "tok_s"), "change_frac")) <
                1e-9);
    assert_true(json_is_null(json_object_get(json_object_get(
        s, "memory_bytes"), "first")));
    json_decref(document);
    workplace_end(&w);
}

/* A quarter of a second for each question of the soak. */
static inline void soak_script(const struct workplace *w, const char *planets,
                               const char *more)
{
    char *script = mem_printf(
        "{\"chat\":[{\"match\":\"planets\",\"content\":\"%s\","
        "\"first_delay_ms\":250},{\"match\":\"twelve months\",\"content\":"
        "\"January to December.\",\"first_delay_ms\":250},"
        "{\"match\":\"alphabet\",\"content\":\"A to Z.\","
        "\"first_delay_ms\":250},{\"match\":\"seven days\",\"content\":"
        "\"Monday to Sunday.\",\"first_delay_ms\":250},"
        "{\"match\":\"count from one\",\"content\":\"One to twenty.\","
        "\"first_delay_ms\":250}]%s}", planets, more);

    workplace_script(w, script);
    free(script);
}

static void test_a_soak_goes_on_after_a_signal_and_tells_other_answers(
    void **state)
{
    static const char line[] = "run --json -q --soak 10s " ALPHA;
    struct workplace w;
    struct running   r;
    struct outcome   o;
    json_t          *document;
    const json_t    *s;

    (void)state;
    board_begin(&w);
    soak_script(&w, "Mercury, Venus, Earth.", "");
    r = program_start(&w, line);
    wait_for_text(w.record, "twelve months", 3);
    kill(r.pid, SIGINT);
    program_end(&r, &o);
    expect(&o, 130, NULL, NULL);
    document = document_of(&o);
    s = soak_of(candidate_of(document, "alpha"));
    assert_true(value_at(s, "turns") == 10);
    assert_true(value_at(s, "starts") == 1);
    assert_true(value_at(s, "different_answers") == 0);
    json_decref(document);
    outcome_done(&o);

    /* Behind the first question and the lead-in is a pass of five. */
    soak_script(&w, "The moon.", ",\"fault\":{\"kind\":\"http500\",\"path\":"
                "\"/v1/chat/completions\",\"at_request\":9}");
    program_run(&w, line, &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    s = soak_of(candidate_of(document, "alpha"));
    assert_true(value_at(s, "starts") == 2);
    assert_true(value_at(s, "turns") > 30);
    assert_true(value_at(s, "failures") == 1);
    assert_true(value_at(s, "different_answers") >= 4);
    assert_true(value_at(s, "different_answers") <= value_at(s, "turns") / 5);
    expect_sound_store(&w);
    json_decref(document);
    outcome_done(&o);
    workplace_end(&w);
}

#endif
