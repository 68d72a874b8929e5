/* SPDX-License-Identifier: MIT */
/* What a listener feels of an answer, and what of it is thought: from turns
 * whose every arrival is scripted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "observe_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ONE_WORD_A_SECOND 60.0

/* So many calls, as the server parsed them. */
static void add_calls(struct turn *t, size_t n)
{
    t->calls = mem_new(n, sizeof *t->calls);
    t->n_calls = n;
    for (size_t i = 0; i < n; i++)
        t->calls[i] = (struct tool_call){mem_copy(""), mem_copy("turn_on"),
                                         mem_copy("{}")};
}

static void test_first_answer_token_is_the_first_that_is_no_thought(
    void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[6];
        double         want_s;
    } cases[] = {
        {"content", {SAYS(120, "It is on.")}, 0.120},
        {"white space is no answer",
         {SAYS(120, "\n"), SAYS(130, " \t"), SAYS(140, "\xe3\x80\x80"),
          SAYS(150, " It"), SAYS(160, " is")}, 0.150},
        {"reasoning kept apart", {THINKS(80, "hm"), SAYS(900, "It")}, 0.900},
        {"reasoning in the content",
         {SAYS(80, "<think>"), SAYS(90, "hm"), SAYS(400, "</think>"),
          SAYS(500, "\n\n"), SAYS(510, "It is")}, 0.510},
        {"answer and closing tag arrive as one",
         {SAYS(80, "<think>hm"), SAYS(400, "</think>It is on.")}, 0.400},
        {"a thought in the middle",
         {SAYS(100, "It is"), SAYS(200, "<think>hm</think>"),
          SAYS(300, " on.")}, 0.100},
        {"an opening tag came only in the prompt",
         {SAYS(100, "They ask."), SAYS(200, "</think>"), SAYS(300, "It")},
         0.300},
        {"Harmony",
         {SAYS(100, "<|channel|>analysis<|message|>They ask."),
          SAYS(200, "<|end|><|start|>assistant<|channel|>final"),
          SAYS(300, "<|message|>"), SAYS(350, "It is on.")}, 0.350},
        {"a call", {CALLS(210, "{}")}, 0.210},
        {"a call before the words",
         {CALLS(210, "{}"), SAYS(300, "It is on.")}, 0.210},
        {"words before a call",
         {SAYS(200, "One moment."), CALLS(310, "{}")}, 0.200},
        {"a call behind a thought",
         {SAYS(100, "<think>hm</think>\n"), CALLS(310, "{}")}, 0.310},
        {"everything was reasoning", {THINKS(80, "hm")}, NEVER},
        {"and in the content", {SAYS(80, "<think>hm"), SAYS(90, " hm")},
         NEVER},
        {"only white space", {SAYS(80, " \n")}, NEVER},
        {"nothing", {{0}}, NEVER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct turn t;

        play(&t, cases[i].list, 2000);
        check(cases[i].what, observe_ttfat_s(&t), cases[i].want_s);
        check(cases[i].what, observe_cold_start_s(&t, SENT_NS - 3000000000),
              cases[i].want_s == NEVER ? NEVER : 3 + cases[i].want_s);
        t.sent_ns = -1;
        check("never sent", observe_ttfat_s(&t), NEVER);
        turn_done(&t);
    }
}

static void test_a_cold_start_needs_a_process_that_is_ours(void **state)
{
    static const struct arrival list[] = {SAYS(500, "It is on."), {0}};
    struct turn t;

    (void)state;
    play(&t, list, 600);
    check("ours", observe_cold_start_s(&t, SENT_NS - 2500000000), 3.0);
    check("at once", observe_cold_start_s(&t, SENT_NS + 500000000), 0);
    check("not ours", observe_cold_start_s(&t, -1), NEVER);
    check("started later", observe_cold_start_s(&t, SENT_NS + 500000001),
          NEVER);
    t.sent_ns = -1;
    check("the request's stamp is not needed",
          observe_cold_start_s(&t, SENT_NS - 2500000000), 3.0);
    turn_done(&t);
}

static void test_thoughts_in_the_content_are_not_spoken(void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[6];
        double         sentence_s, clause_s;
    } cases[] = {
        {"a thought first",
         {SAYS(100, "<think>They want the light. I should call."),
          SAYS(200, "</think>"), SAYS(300, "It is on now. "),
          SAYS(400, "Anything else?")}, 0.400, 0.400},
        {"a thought in the middle of the sentence",
         {SAYS(100, "It is <think>hm. Hm. Hm. "), SAYS(200, "Hm?</think>"),
          SAYS(300, "on now. "), SAYS(400, "Yes")}, 0.400, 0.400},
        {"a thought between the sentences",
         {SAYS(100, "It is on now. "), SAYS(200, "<think>Is it so?</think>"),
          SAYS(300, "Yes")}, 0.300, 0.300},
        {"a clause is there before its sentence",
         {SAYS(100, "As you asked me, "), SAYS(200, "the light is on. "),
          SAYS(300, "Yes")}, 0.300, 0.200},
        {"nobody closed it before the end",
         {SAYS(100, "It is on now. "), SAYS(200, "<think>Is it so?")},
         0.900, 0.900},
        {"no word but thoughts", {SAYS(100, "<think>It is on now. Yes.")},
         NEVER, NEVER},
        {"the whole answer in one piece",
         {SAYS(100, "<think>They ask.</think>If so, it is on. Yes it is.")},
         0.100, 0.100},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct turn t;

        play(&t, cases[i].list, 900);
        check(cases[i].what, observe_first_sentence_s(&t),
              cases[i].sentence_s);
        check(cases[i].what, observe_first_clause_s(&t), cases[i].clause_s);
        turn_done(&t);
    }
}

static void test_rates_of_words_leave_thoughts_out(void **state)
{
    static const struct arrival list[] = {
        SAYS(0, "<think>one two three four five six seven eight</think>"),
        SAYS(1000, "one two "), SAYS(1500, "three <think>of"),
        SAYS(1600, " course</think>four"), SAYS(2000, " five six seven"),
        SAYS(3000, " eight"), SAYS(9000, "<think>nine ten</think>"), {0}};
    static const struct arrival few[] = {
        SAYS(0, "<think>one two three four five six seven eight</think>"),
        SAYS(1000, "one"), SAYS(2000, " two"), {0}};
    struct turn t;

    (void)state;
    play(&t, list, 9000);
    check("six words in two seconds", observe_words_per_s(&t), 3);
    check("word 2", observe_word_s(&t, 2), 1.0);
    check("word 4 came behind a thought", observe_word_s(&t, 4), 1.6);
    check("word 8", observe_word_s(&t, 8), 3.0);
    check("word 9 was only thought", observe_word_s(&t, 9), NEVER);
    turn_done(&t);
    play(&t, few, 9000);
    check("too few are spoken", observe_words_per_s(&t), NEVER);
    turn_done(&t);
}

/* One word a second: a sentence of n words takes n seconds. */
static void test_underrun_is_the_silence_between_sentences(void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[6];
        int            end_ms;
        double         want_s;
    } cases[] = {
        {"keeps ahead",
         {SAYS(1000, "It is on. "), SAYS(2000, "You may come. "),
          SAYS(3000, "Now we rest.")}, 4000, 0},
        /* Ready at 2, 7, 11.5; spoken from 2, 7, 11.5 to 5, 10, 14.5. */
        {"falls behind twice",
         {SAYS(1000, "It is on. "), SAYS(2000, "You may come. "),
          SAYS(7000, "Now we rest.")}, 11500, 3.5},
        /* Ready at 2, 9, 9; the third waits for the second, not in silence. */
        {"two sentences arrive together",
         {SAYS(1000, "It is on. "), SAYS(2000, "You "),
          SAYS(9000, "may come. Now we rest. All")}, 9000, 4},
        {"just in time",
         {SAYS(1000, "It is on. "), SAYS(2000, "You may come. "),
          SAYS(5000, "Now we rest.")}, 8000, 0},
        {"the whole answer in one piece",
         {SAYS(1000, "It is on. You may come. Now we rest.")}, 1500, 0},
        {"the end confirms the last one late",
         {SAYS(1000, "It is on. You may come. Now we rest.")}, 60000, 53},
        {"one sentence: the wait for it is no silence",
         {SAYS(1000, "It is on.")}, 60000, 0},
        {"one word", {SAYS(1000, "Done.")}, 60000, 0},
        {"a rest without a word is not spoken",
         {SAYS(1000, "It is on. You may come. \xf0\x9f\x98\x80 !")}, 60000,
         0},
        {"a thought in the middle is a wait",
         {SAYS(1000, "It is on. You "), SAYS(2000, "<think>Can they?"),
          SAYS(9000, " Yes.</think>"), SAYS(9100, "may come.")}, 9500, 5.5},
        {"a long thought first is none",
         {SAYS(1000, "<think>"), SAYS(50000, "hm</think>It is on. "),
          SAYS(51000, "You may come.")}, 52000, 0},
        {"a call in the middle",
         {SAYS(1000, "It is on. You "), CALLS(2000, "{}"),
          SAYS(6000, "may come.")}, 6500, 2.5},
        {"only reasoning kept apart", {THINKS(1000, "It is on. Yes it is.")},
         2000, NEVER},
        {"only reasoning", {SAYS(1000, "<think>It is on. Yes.</think>")},
         2000, NEVER},
        {"only marks", {SAYS(1000, "... !")}, 2000, NEVER},
        {"nothing", {{0}}, 2000, NEVER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct turn t;

        play(&t, cases[i].list, cases[i].end_ms);
        check(cases[i].what, observe_underrun_s(&t, ONE_WORD_A_SECOND),
              cases[i].want_s);
        t.sent_ns = -1;
        check("the request's stamp is not needed",
              observe_underrun_s(&t, ONE_WORD_A_SECOND), cases[i].want_s);
        turn_done(&t);
    }
}

static void test_underrun_depends_on_the_speaking_rate(void **state)
{
    static const struct arrival list[] = {
        SAYS(1000, "It is on. You "), SAYS(4000, "may come."), {0}};
    struct turn t;

    (void)state;
    play(&t, list, 5000);
    check("45 words/min", observe_underrun_s(&t, 45), 0);
    check("60 words/min", observe_underrun_s(&t, 60), 1);
    check("90 words/min", observe_underrun_s(&t, 90), 2);
    check("no rate", observe_underrun_s(&t, 0), NEVER);
    check("less than none", observe_underrun_s(&t, -1), NEVER);
    check("unknown", observe_underrun_s(&t, NAN), NEVER);
    t.end_ns = -1;
    check("the end was not seen", observe_underrun_s(&t, 60), NEVER);
    t.end_ns = SENT_NS + INT64_C(5000000000);
    t.chunks[0].end_bytes = t.chunks[1].end_bytes = 0;
    check("no arrival has the text", observe_underrun_s(&t, 60), NEVER);
    turn_done(&t);
}

static void test_a_tool_turn_is_two_calls_of_the_model(void **state)
{
    static const struct arrival call[] = {CALLS(700, "{}"), {0}};
    static const struct arrival words[] = {
        SAYS(300, "It is on now. "), SAYS(400, "Anything else?"), {0}};
    static const struct arrival silent[] = {SAYS(300, "\n"), {0}};
    struct turn turns[3];
    bool        is_parallel = true;

    (void)state;
    play(&turns[0], call, 800);
    play(&turns[1], words, 900);
    play(&turns[2], silent, 900);
    check("no calls", observe_tool_turn_s(turns, 2, &is_parallel), NEVER);
    assert_false(is_parallel);
    add_calls(&turns[0], 1);
    /* The tools took a minute: that is not the model's time. */
    turns[1].sent_ns += INT64_C(60000000000);
    turns[1].end_ns += INT64_C(60000000000);
    for (size_t i = 0; i < turns[1].n_chunks; i++)
        turns[1].chunks[i].at_ns += INT64_C(60000000000);
    check("call and words", observe_tool_turn_s(turns, 2, &is_parallel), 1.2);
    assert_false(is_parallel);
    check("one turn", observe_tool_turn_s(turns, 1, &is_parallel), NEVER);
    check("three", observe_tool_turn_s(turns, 3, &is_parallel), NEVER);
    check("none", observe_tool_turn_s(turns, 0, &is_parallel), NEVER);
    check("calls last", observe_tool_turn_s(turns + 1, 2, &is_parallel),
          NEVER);
    turn_done(&turns[1]);
    turns[1] = turns[2];
    check("no words", observe_tool_turn_s(turns, 2, &is_parallel), NEVER);
    assert_false(is_parallel);
    turn_done(&turns[1]);

    play(&turns[1], words, 900);
    turn_done(&turns[0]);
    play(&turns[0], call, 800);
    add_calls(&turns[0], 3);
    check("parallel", observe_tool_turn_s(turns, 2, &is_parallel), 1.2);
    assert_true(is_parallel);
    turns[0].sent_ns = -1;
    check("never sent", observe_tool_turn_s(turns, 2, &is_parallel), NEVER);
    assert_false(is_parallel);
    turns[0].sent_ns = SENT_NS;
    add_calls(&turns[1], 1);
    check("calls again", observe_tool_turn_s(turns, 2, &is_parallel), NEVER);
    turn_done(&turns[0]);
    turn_done(&turns[1]);
}

static void test_reasoning_leaks_are_told_from_reasoning(void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[3];
        size_t         calls;
        bool           leaks, reasons, is_only;
    } cases[] = {
        {"an answer", {SAYS(1, "It is on.")}, 0, false, false, false},
        {"nothing", {{0}}, 0, false, false, false},
        {"kept apart", {THINKS(1, "hm"), SAYS(2, "It is on.")}, 0, false,
         true, false},
        {"only that", {THINKS(1, "hm"), SAYS(2, "\n\n")}, 0, false, true,
         true},
        {"and a call", {THINKS(1, "hm"), CALLS(2, "{}")}, 1, false, true,
         false},
        {"in the content", {SAYS(1, "<think>hm</think>It is on.")}, 0, true,
         true, false},
        {"and nothing else", {SAYS(1, "<think>hm, what")}, 0, true, true,
         true},
        {"in the content, and a call",
         {SAYS(1, "<think>hm</think>"), CALLS(2, "{}")}, 1, true, true,
         false},
        {"switched off, with the tags left",
         {SAYS(1, "<think>\n\n</think>\n\nIt is on.")}, 0, true, false,
         false},
        {"the tags and no answer", {SAYS(1, "<think>\n\n</think>")}, 0, true,
         false, false},
        {"switched off, kept apart", {THINKS(1, "\n\n"), SAYS(2, "Yes.")}, 0,
         false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct turn t;

        play(&t, cases[i].list, 900);
        if (cases[i].calls) add_calls(&t, cases[i].calls);
        if (observe_leaks(&t) != cases[i].leaks ||
            observe_reasons(&t) != cases[i].reasons ||
            observe_is_only_reasoning(&t) != cases[i].is_only)
            fail_msg("%s", cases[i].what);
        turn_done(&t);
    }
}

/* Thousands of sentences, or thoughts, or none at all. */
static void test_a_megabyte_in_100_000_arrivals_is_observed_at_once(
    void **state)
{
    struct turn t;

    (void)state;
    /* An arrival is a sentence, and confirms the one before. */
    play_megabyte(&t, "Is it on. ");
    check("sentences", observe_underrun_s(&t, ONE_WORD_A_SECOND), 0);
    check("spoken in no time", observe_underrun_s(&t, INFINITY),
          100 - 0.001);
    check("first", observe_first_sentence_s(&t), 0.001);
    turn_done(&t);

    play_megabyte(&t, "a <think>b</think>, ");
    check("thoughts", observe_first_sentence_s(&t), 100);
    check("first answer token", observe_ttfat_s(&t), 0);
    check("one sentence", observe_underrun_s(&t, ONE_WORD_A_SECOND), 0);
    turn_done(&t);

    play_megabyte(&t, "...  ");
    check("marks", observe_underrun_s(&t, ONE_WORD_A_SECOND), NEVER);
    turn_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_first_answer_token_is_the_first_that_is_no_thought),
        cmocka_unit_test(test_a_cold_start_needs_a_process_that_is_ours),
        cmocka_unit_test(test_thoughts_in_the_content_are_not_spoken),
        cmocka_unit_test(test_rates_of_words_leave_thoughts_out),
        cmocka_unit_test(test_underrun_is_the_silence_between_sentences),
        cmocka_unit_test(test_underrun_depends_on_the_speaking_rate),
        cmocka_unit_test(test_a_tool_turn_is_two_calls_of_the_model),
        cmocka_unit_test(test_reasoning_leaks_are_told_from_reasoning),
        cmocka_unit_test(
            test_a_megabyte_in_100_000_arrivals_is_observed_at_once),
    };
    return cmocka_run_group_tests_name("observe, listener", tests, NULL,
                                       NULL);
}
