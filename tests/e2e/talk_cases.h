/* SPDX-License-Identifier: MIT */
/* talk_cases.h - what a run says beyond how many cases passed: conversations,
 * cases that were misheard, cases that were asked again; and what judging
 * again makes of them. */
#ifndef TESTS_E2E_TALK_CASES_H
#define TESTS_E2E_TALK_CASES_H

#include "suite_cases.h"

#define TALK "{\"id\":\"talk\",\"home\":\"studio\",\"turns\":[{" LAMP_TURN    \
    "},{" PERU_TURN "},{\"say\":\"And the light off again.\",\"checks\":"     \
    "[{\"scorer\":\"state\",\"expect\":{\"light.studio\":{\"state\":"         \
    "\"off\"}}}],\"reference\":{\"calls\":[{\"name\":\"HassTurnOff\","        \
    "\"arguments\":{\"name\":\"Studio light\"}}],\"answer\":"                 \
    "\"The light is off.\"},\"wrong\":{\"answer\":\"It is off.\"}}]}\n"

/* Turns 1 and 3 go right, turn 2 does not. */
#define TALKS "{\"chat\":[{\"role\":\"tool\",\"content\":\"It is done.\"},"   \
    "{\"match\":\"light on\",\"tool_calls\":[{\"name\":\"HassTurnOn\","       \
    "\"arguments\":{\"name\":\"Studio light\"}}]},"                          \
    "{\"match\":\"Peru\",\"content\":\"It is Quito.\"},"                      \
    "{\"match\":\"off again\",\"tool_calls\":[{\"name\":\"HassTurnOff\","     \
    "\"arguments\":{\"name\":\"Studio light\"}}]},"                          \
    "{\"content\":\"I can help.\"}]}"

#define ASK "--suite ./mine.jsonl --llama-server FAKE -m good.gguf "          \
    "--cases 9 -r 1 --blocks 1 --budget 1 "

static inline void talk_begin(struct workplace *w, const char *suite)
{
    workplace_begin(w, TALKS);
    workplace_model(w, "good");
    workplace_text(w, "mine.jsonl", suite);
}

/* The document of a run that ends well. */
static inline json_t *run_document(const struct workplace *w,
                                   const char *line)
{
    struct outcome o;
    json_t        *document;

    program_run(w, line, &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    outcome_done(&o);
    return document;
}

static inline const json_t *understanding_of(const json_t *document)
{
    return json_object_get(candidate_of(document, "good"), "understanding");
}

static inline void expect_share(const json_t *share, json_int_t n,
                                json_int_t of)
{
    if (whole_at(share, "n") != n || whole_at(share, "of") != of)
        fail_msg("%lld of %lld were wanted, not %lld of %lld", (long long)n,
                 (long long)of, (long long)whole_at(share, "n"),
                 (long long)whole_at(share, "of"));
}

static void test_a_conversation_is_kept_whole_and_judged_by_turns(void **state)
{
    struct workplace w;
    json_t          *document;

    (void)state;
    talk_begin(&w, TALK);
    document = run_document(&w, "run -q --json " ASK);
    assert_int_equal(whole_at(understanding_of(document), "conversations"), 1);
    expect_share(json_object_get(understanding_of(document), "turns"), 2, 3);
    expect_rows(&w, "SELECT text FROM message JOIN trial ON trial.id = "
                "trial_id WHERE suite = 'mine' AND role = 'user' "
                "ORDER BY position", "Switch the studio light on.\n"
                "What is the capital of Peru?\nAnd the light off again.\n");
    expect_rows(&w, "SELECT text FROM message JOIN trial ON trial.id = "
                "trial_id WHERE suite = 'mine' AND role = 'assistant' "
                "ORDER BY position",
                "\nIt is done.\nIt is Quito.\n\nIt is done.\n");
    expect_rows(&w, "SELECT count(*) FROM turn JOIN trial ON trial.id = "
                "trial_id WHERE suite = 'mine'", "5\n");
    expect_rows(&w, "SELECT outcome, reason LIKE 'turn 2 of 3: %' FROM trial "
                "WHERE suite = 'mine'", "fail|1\n");
    assert_int_equal(run_differs(&w, "report", 0, "talks     67 % of 3 turns "
                                 "in 1 conversation went right", NULL), 0);
    json_decref(document);
    workplace_end(&w);
}

/* The model is asked what was heard, once more than it was asked before; what
 * was heard has the stated rate of wrong words, and is the same every time. */
static void test_what_was_misheard_tells_the_rate_that_was_reached(
    void **state)
{
    struct workplace w;
    json_t          *document, *again, *level;
    double           reached;
    char            *heard, *rate;

    (void)state;
    talk_begin(&w, LAMP TALK PERU);
    document = run_document(&w, "run -q --json --noise 10,50 " ASK);
    level = json_array_get(json_object_get(understanding_of(document),
                                           "noise"), 0);
    assert_int_equal(whole_at(level, "target_wer_percent"), 10);
    assert_int_equal(whole_at(json_object_get(level, "passed"), "of"), 1);
    expect_share(json_object_get(level, "passed_unharmed"), 1, 1);
    level = json_array_get(json_object_get(understanding_of(document),
                                           "noise"), 1);
    assert_int_equal(whole_at(level, "target_wer_percent"), 50);
    reached = json_number_value(json_object_get(level,
                                                "reached_wer_percent"));
    rate = query_store(&w, "SELECT 100 * sum(value * (metric = 'heard_wrong')) "
                       "/ sum(value * (metric = 'heard_words')) FROM trial "
                       "JOIN observation ON trial_id = id WHERE key LIKE "
                       "'noise50/%'");
    assert_true(reached >= 20 && fabs(reached - strtod(rate, NULL)) < 1e-6);
    free(rate);
    heard = query_store(&w, "SELECT text FROM message JOIN trial ON trial.id "
                        "= trial_id WHERE key LIKE 'noise50/mine/lamp/%' AND "
                        "role = 'user'");
    assert_true(*heard && strcmp(heard, "Switch the studio light on.\n"));
    expect_rows(&w, "SELECT count(*) FROM trial WHERE key LIKE 'noise%'",
                "2\n");              /* no conversation, none without a home */
    again = run_document(&w, "run -q --json --fresh --noise 10,50 " ASK);
    free(heard);
    expect_rows(&w, "SELECT count(DISTINCT text), count(*) FROM message JOIN "
                "trial ON trial.id = trial_id WHERE key LIKE "
                "'noise50/mine/lamp/%' AND role = 'user'", "1|2\n");
    json_decref(again);
    json_decref(document);
    workplace_end(&w);
}

static void test_a_noise_that_is_none_is_told(void **state)
{
    static const char *const wrong[] = {"0", "51", "x", "5,5", "1,2,3,4,5",
                                        "5,,6", "5,", "10%"};
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *line = mem_printf("run --dry-run -m good.gguf --llama-server "
                                "FAKE --noise %s", wrong[i]);

        bad += run_differs(&w, line, 2, NULL, "noise: \"");
        free(line);
    }
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

/* A case that passes the first time only: half of its askings pass, never
 * two in a row. */
static void test_repeats_tell_the_chance_that_all_pass(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *repeats, *hats;

    (void)state;
    talk_begin(&w, LAMP);
    json_decref(run_document(&w, "run -q --json " ASK));
    expect_rows(&w, "SELECT outcome FROM trial WHERE suite = 'mine'",
                "pass\n");
    workplace_script(&w, "{\"chat\":[{\"content\":\"It is on.\"}]}");
    document = run_document(&w, "run -q --json --repeats 2 " ASK);
    repeats = json_object_get(understanding_of(document), "repeats");
    hats = json_object_get(repeats, "pass_hat");
    assert_int_equal(whole_at(repeats, "cases"), 1);
    assert_int_equal(json_array_size(hats), 2);
    assert_true(fabs(json_number_value(json_array_get(hats, 0)) - 0.5) <
                1e-9);
    assert_true(json_number_value(json_array_get(hats, 1)) < 1e-9);
    assert_int_equal(run_differs(&w, "report", 0, "steady", NULL), 0);
    json_decref(document);
    workplace_end(&w);
}

/* Nothing is left to do, whatever was asked for. */
static void test_a_second_run_of_everything_asks_nothing(void **state)
{
    struct workplace w;
    json_t          *first, *second;
    size_t           asked;

    (void)state;
    talk_begin(&w, LAMP TALK PERU);
    first = run_document(&w, "run -q --json --noise 10 --repeats 3 " ASK);
    asked = workplace_requests(&w);
    second = run_document(&w, "run -q --json --noise 10 --repeats 3 " ASK);
    assert_int_equal(workplace_requests(&w), asked);
    assert_true(json_equal(understanding_of(first), understanding_of(second)));
    expect_rows(&w, "SELECT count(*), count(DISTINCT run_id) FROM trial WHERE "
                "suite = 'mine'", "10|1\n");      /* 3 cases, 3 times, and 1 */
    json_decref(second);
    json_decref(first);
    workplace_end(&w);
}

/* Notes and outcomes are made from the transcript alone: what somebody wrote
 * into the store in their place is gone when it is judged again. */
static void test_judging_again_restores_what_was_judged(void **state)
{
    static const char *const spoilt[] = {
        "UPDATE observation SET value = 9 WHERE metric = 'turns_passed'",
        "UPDATE observation SET value = 7 WHERE metric LIKE 'said_not_done%'",
        "DELETE FROM observation WHERE metric = 'refused_of'",
        "UPDATE trial SET outcome = 'pass', reason = NULL WHERE suite = "
        "'mine'"};
    struct workplace w;
    struct outcome   o;
    json_t          *first, *again;

    (void)state;
    talk_begin(&w, LAMP TALK PERU);
    first = run_document(&w, "run -q --json " ASK);
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        free(query_store(&w, spoilt[i]));
        program_run(&w, "score --json " ASK, &o);
        expect(&o, 0, NULL, " came out differently");
        assert_null(strstr(o.err, " 0 came out differently"));
        again = document_of(&o);
        if (!json_equal(understanding_of(first), understanding_of(again)) ||
            !json_equal(json_object_get(candidate_of(first, "good"),
                                        "quality"),
                        json_object_get(candidate_of(again, "good"),
                                        "quality")))
            fail_msg("judging again does not undo: %s", spoilt[i]);
        outcome_done(&o);
        json_decref(again);
        assert_int_equal(run_differs(&w, "score " ASK, 0, NULL,
                                     " 0 came out differently"), 0);
    }
    json_decref(first);
    workplace_end(&w);
}

#endif
