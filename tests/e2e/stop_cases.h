/* SPDX-License-Identifier: MIT */
/* stop_cases.h - an audition that ends before its end: by a signal, by
 * kill -9 at any moment. What was measured is stored, no engine stays behind,
 * and the next run goes on from there. */
#ifndef TESTS_E2E_STOP_CASES_H
#define TESTS_E2E_STOP_CASES_H

#include "document.h"
#include "report_cases.h"

#define LONGER "--llama-server FAKE --cases 4 -r 2 --blocks 2 --budget 1 "

/* From one engine's n-th POST on, it is silent, once. The record then holds
 * at least n + 1 requests, and the audition waits. */
static inline void stall_at(const struct workplace *w, int n)
{
    char *script = mem_printf("{\"fault\":{\"kind\":\"stall\",\"at_request\":"
                              "%d,\"at_event\":2,\"once\":\"%s/once\"}}", n,
                              w->tree.root);

    workplace_script(w, script);
    free(script);
}

/* What counts as done. A harness fault may be tried again. */
static inline char *stored(const struct workplace *w)
{
    return query_store(w, "SELECT subject_id, generation, key, id, run_id "
                       "FROM trial WHERE status <> 'harness_fault' "
                       "ORDER BY id");
}

static inline size_t lines_in(const char *text)
{
    size_t n = 0;

    for (; (text = strchr(text, '\n')) != NULL; text++) n++;
    return n;
}

/* Every line of before is a line of now. */
static inline void expect_kept(const char *before, const char *now)
{
    for (const char *at = before; *at;) {
        size_t n    = strcspn(at, "\n") + 1;
        char  *line = mem_copy_n(at, n);

        if (!strstr(now, line)) fail_msg("lost or measured again: %s", line);
        free(line);
        at += n;
    }
}

static inline void expect_sound_store(const struct workplace *w)
{
    expect_rows(w, "PRAGMA integrity_check", "ok\n");
    expect_rows(w, "PRAGMA foreign_key_check", "");
    expect_rows(w, "SELECT subject_id, generation, key, count(*) FROM trial "
                "GROUP BY 1, 2, 3 HAVING count(*) > 1", "");
    expect_rows(w, "SELECT count(*) FROM trial AS t WHERE key LIKE 'b%/spe%' "
                "AND NOT EXISTS (SELECT 1 FROM turn WHERE trial_id = t.id)",
                "0\n");
}

/* The audition runs to its end; both are measured; nothing of `before` was
 * asked again. */
static inline void expect_goes_on(const struct workplace *w, const char *line,
                                  const char *before)
{
    struct outcome o;
    json_t        *document;
    char          *now;

    program_run(w, line, &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    if (!is_measured(document, "alpha") || !is_measured(document, "beta")) {
        show(&o);
        fail_msg("not both were measured in the end");
    }
    now = stored(w);
    expect_kept(before, now);
    expect_sound_store(w);
    assert_true(all_gone(w));
    free(now);
    json_decref(document);
    outcome_done(&o);
}

static void test_a_signal_keeps_what_was_measured(void **state)
{
    static const struct {
        int signal, code, at_post;
    } cases[] = {
        {SIGINT, 130, 1}, {SIGINT, 130, 30}, {SIGTERM, 143, 60},
        {SIGHUP, 129, 80},
    };
    static const char line[] = "run --json " TWO LONGER;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct workplace w;
        struct running   r;
        struct outcome   o;
        char            *before;

        two_models(&w);
        stall_at(&w, cases[i].at_post);
        r = program_start(&w, line);
        if (!wait_for_requests(&w, 0, (size_t)cases[i].at_post + 1, r.pid))
            fail_msg("it never came to request %d", cases[i].at_post);
        kill(r.pid, cases[i].signal);
        program_end(&r, &o);
        expect(&o, cases[i].code, NULL, "stopped; what was measured is "
               "stored, `audition run` goes on from here");
        json_decref(document_of(&o));
        assert_true(all_gone(&w));
        expect_sound_store(&w);
        before = stored(&w);
        if (cases[i].at_post >= 60 && lines_in(before) < 5)
            fail_msg("only %zu trials were stored", lines_in(before));
        outcome_done(&o);
        assert_int_equal(run_differs(&w, "list", 0, "stopped", NULL), 0);
        workplace_script(&w, NULL);
        expect_goes_on(&w, line, before);
        free(before);
        workplace_end(&w);
    }
}

static void test_a_signal_while_loading_ends_at_once(void **state)
{
    struct workplace w;
    struct running   r;
    struct outcome   o;
    double           end = now_s() + DEADLINE_S;

    (void)state;
    two_models(&w);
    workplace_script(&w, "{\"load_s\":600}");
    r = program_start(&w, "run " TWO SHORT);
    while (count_living(&w) < 2 && now_s() < end) {}   /* the engine is up */
    kill(r.pid, SIGTERM);
    program_end(&r, &o);
    expect(&o, 143, NULL, NULL);
    assert_true(all_gone(&w));
    outcome_done(&o);
    workplace_end(&w);
}

/* After so many further requests each time: from the first to late ones. */
static const size_t kill_after[] = {1, 2, 3, 4, 6, 9, 12, 16, 21, 27, 34, 42,
                                    51, 61};

static void test_kill_9_at_any_moment_loses_nothing_stored(void **state)
{
    static const char line[] = "run --json " TWO "--llama-server FAKE "
                               "--cases 40 -r 5 --blocks 2";
    struct workplace w;
    char            *before = mem_copy("");
    int              killed = 0;

    (void)state;
    two_models(&w);
    for (size_t i = 0; i < sizeof kill_after / sizeof *kill_after; i++) {
        struct running r;
        struct outcome o;
        size_t         asked = workplace_requests(&w);
        char          *now;

        r = program_start(&w, line);
        wait_for_requests(&w, asked, kill_after[i], r.pid);
        kill(r.pid, SIGKILL);
        program_end(&r, &o);
        killed += o.code == -SIGKILL;
        assert_true(all_gone(&w));
        expect_sound_store(&w);
        now = stored(&w);
        expect_kept(before, now);
        free(before);
        before = now;
        outcome_done(&o);
    }
    if (killed < 10) fail_msg("only %d runs were killed", killed);
    assert_true(lines_in(before) > 50);
    expect_goes_on(&w, line, before);
    free(before);
    workplace_end(&w);
}

/* A wrapper's child does not die with us: the next audition ends it. */
static void test_an_engine_left_behind_is_ended_by_the_next_run(void **state)
{
    struct workplace w;
    struct running   r;
    struct outcome   o;
    char            *script, *path, *line;

    (void)state;
    two_models(&w);
    script = mem_printf("#!/bin/sh\ncase \"$1\" in --*) exec %s \"$@\";; "
                        "esac\n%s --no-die-with-parent \"$@\"\n", w.fake,
                        w.fake);
    workplace_text(&w, "wrapper", script);
    path = workplace_path(&w, "wrapper");
    assert_int_equal(chmod(path, 0700), 0);
    line = mem_printf("run --json " TWO LONGER "--llama-server %s", path);
    stall_at(&w, 10);
    r = program_start(&w, line);
    assert_true(wait_for_requests(&w, 0, 11, r.pid));
    kill(r.pid, SIGKILL);
    program_end(&r, &o);
    assert_int_equal(o.code, -SIGKILL);
    assert_true(count_living(&w) >= 1);
    workplace_script(&w, NULL);
    expect_goes_on(&w, line, "");
    outcome_done(&o);
    free(line);
    free(path);
    free(script);
    workplace_end(&w);
}

static void test_a_second_audition_on_the_store_is_refused(void **state)
{
    struct workplace w;
    struct running   r;
    struct outcome   o;
    char            *holder;

    (void)state;
    two_models(&w);
    stall_at(&w, 3);
    r = program_start(&w, "run " TWO SHORT);
    assert_true(wait_for_requests(&w, 0, 4, r.pid));
    holder = mem_printf("audition.db is in use by another audition (pid %ld)",
                        (long)r.pid);
    assert_int_equal(run_differs(&w, "run -q " TWO SHORT, 1, NULL, holder), 0);
    assert_int_equal(run_differs(&w, "list", 0, "stopped", NULL), 0);
    assert_int_equal(run_differs(&w, "run --dry-run " TWO SHORT, 0, "alpha",
                                 NULL), 0);
    kill(r.pid, SIGTERM);
    program_end(&r, &o);
    expect(&o, 143, NULL, NULL);
    outcome_done(&o);
    free(holder);
    workplace_end(&w);
}

#endif
