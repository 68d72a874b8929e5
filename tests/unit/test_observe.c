/* SPDX-License-Identifier: MIT */
/* What one answer says about speed, from turns whose every arrival is
 * scripted: milliseconds after the request was sent. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "observe_fixture.h"

static void test_ttft_is_the_first_arrival_of_any_kind(void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[3];
        double         want_s;
    } cases[] = {
        {"content", {SAYS(120, "Hi"), SAYS(300, "!")}, 0.120},
        {"reasoning", {THINKS(80, "hm"), SAYS(900, "Hi")}, 0.080},
        {"a call", {CALLS(210, "{}")}, 0.210},
        {"at once", {SAYS(0, "Hi")}, 0},
        {"nothing", {{0}}, NEVER},
        {"before it was sent", {SAYS(-1, "Hi")}, NEVER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct turn t;

        play(&t, cases[i].list, 1000);
        check(cases[i].what, observe_ttft_s(&t), cases[i].want_s);
        turn_done(&t);
    }
}

static void test_a_turn_that_was_never_sent_has_no_times(void **state)
{
    static const struct arrival list[] = {
        {10, CHUNK_CONTENT, "It is on now. Yes", 1}, {0}};
    struct turn t;
    bool        is_bound;

    (void)state;
    play(&t, list, 100);
    t.sent_ns = -1;
    t.server.prompt_n = 10;
    assert_true(isnan(observe_ttft_s(&t)));
    assert_true(isnan(observe_first_sentence_s(&t)));
    assert_true(isnan(observe_token_s(&t, 1)));
    assert_true(isnan(observe_word_s(&t, 1)));
    assert_true(isnan(observe_prompt_tok_s(&t, &is_bound)));
    turn_done(&t);
}

static void test_first_sentence_waits_for_what_confirms_it(void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[6];
        double         want_s;
    } cases[] = {
        {"the next chunk confirms",
         {SAYS(100, "It is on now."), SAYS(150, " The"), SAYS(200, " rest.")},
         0.150},
        {"white space alone does not confirm",
         {SAYS(100, "It is on now."), SAYS(150, " "), SAYS(220, "The rest")},
         0.220},
        {"the end of the stream confirms",
         {SAYS(100, "It is"), SAYS(150, " on now.")}, 0.900},
        {"one word is confirmed by the end", {SAYS(100, "Done.")}, 0.900},
        {"no mark at all", {SAYS(100, "It is on now")}, 0.900},
        {"too short to be a sentence by itself",
         {SAYS(100, "Yes. "), SAYS(200, "It is on. "), SAYS(300, "Ok")},
         0.300},
        {"21 becomes 21.5",
         {SAYS(100, "It is 21."), SAYS(200, "5 degrees. "), SAYS(300, "A")},
         0.300},
        {"reasoning is not spoken",
         {THINKS(50, "They want the light on. I should call it."),
          SAYS(400, "It is on now. "), SAYS(450, "Anything else?")}, 0.450},
        {"reasoning between the words",
         {SAYS(100, "It is on now. "), THINKS(200, "Is it? "),
          SAYS(300, "Yes")}, 0.300},
        {"a call between the words",
         {SAYS(100, "I will switch it on."), CALLS(150, "{}"),
          SAYS(170, "\nDone")}, 0.170},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct turn t;

        play(&t, cases[i].list, 900);
        check(cases[i].what, observe_first_sentence_s(&t), cases[i].want_s);
        turn_done(&t);
    }
}

static void test_a_turn_without_spoken_words_has_no_first_sentence(
    void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[3];
    } cases[] = {
        {"nothing", {{0}}},
        {"only a call", {CALLS(100, "{\"name\": \"Kitchen light\"}")}},
        {"only reasoning", {THINKS(100, "It is on now. Good.")}},
        {"only marks", {SAYS(100, "... "), SAYS(200, "\n!")}},
        {"white space beside a call", {SAYS(90, "\n"), CALLS(100, "{}")}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct turn t;

        play(&t, cases[i].list, 900);
        check(cases[i].what, observe_first_sentence_s(&t), NEVER);
        check(cases[i].what, observe_words_per_s(&t), NEVER);
        check(cases[i].what, observe_word_s(&t, 1), NEVER);
        turn_done(&t);
    }
}

/* The answer arrives byte by byte, then as one: whoever splits it, the text
 * that confirms is the same. */
static void test_first_sentence_is_where_the_text_says_not_the_chunks(
    void **state)
{
    static const char text[] = "Dr. Gr\xc3\xbcn says 21.5 degrees, e.g. at "
                               "noon. Shall I tell the others?";
    size_t confirmed = (size_t)(strstr(text, "Shall") - text);
    struct turn t;

    (void)state;
    turn_init(&t);
    t.sent_ns = SENT_NS;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char one[2] = {text[i], '\0'};
        arrive(&t, &(struct arrival){(int)i, CHUNK_CONTENT, one, -1});
    }
    t.end_ns = SENT_NS + INT64_C(9000000000);
    check("byte by byte", observe_first_sentence_s(&t),
          (double)confirmed / 1e3);
    t.n_chunks = 1;
    t.chunks[0].end_bytes = sizeof text - 1;
    check("as one", observe_first_sentence_s(&t), 0);
    turn_done(&t);
}

/* 80 tokens that came in 62 chunks over 2 seconds, as a server sends them
 * that holds half letters back. */
static void play_80_in_62(struct turn *t, bool counts_with_chunks)
{
    turn_init(t);
    t->sent_ns = SENT_NS;
    for (int i = 0; i < 62; i++) {
        int            tokens = i < 44 ? i + 1 : 44 + 2 * (i - 43);
        struct arrival a = {100 + i * 2000 / 61, CHUNK_CONTENT, "ab ",
                            counts_with_chunks ? tokens : -1};
        arrive(t, &a);
    }
    assert_int_equal(t->n_chunks, 62);
    t->chunks[61].at_ns = SENT_NS + INT64_C(2100000000);
}

static void test_chunks_are_not_tokens(void **state)
{
    struct turn t;

    (void)state;
    play_80_in_62(&t, true);
    assert_int_equal(t.chunks[61].tokens, 80);
    check("counted with each chunk", observe_served_tok_s(&t), 79 / 2.0);
    check("chunks", observe_chunks_per_s(&t), 61 / 2.0);
    check("token 44", observe_token_s(&t, 44), 0.1 + 43 * 2000 / 61 / 1e3);
    check("token 45 came with 46", observe_token_s(&t, 45),
          observe_token_s(&t, 46));
    check("token 80", observe_token_s(&t, 80), 2.1);
    check("there is no token 81", observe_token_s(&t, 81), NEVER);
    turn_done(&t);

    play_80_in_62(&t, false);
    t.server.predicted_n = 80;
    check("counted at the end", observe_served_tok_s(&t), 79 / 2.0);
    check("but not token by token", observe_token_s(&t, 50), NEVER);
    turn_done(&t);
}

static void test_a_server_that_counts_nothing_has_no_tok_s(void **state)
{
    struct turn t;
    bool        is_bound;

    (void)state;
    play_80_in_62(&t, false);
    check("served", observe_served_tok_s(&t), NEVER);
    check("timings", observe_timings_tok_s(&t), NEVER);
    check("prompt", observe_prompt_tok_s(&t, &is_bound), NEVER);
    check("token 1", observe_token_s(&t, 1), NEVER);
    check("chunks", observe_chunks_per_s(&t), 61 / 2.0);
    turn_done(&t);
}

static void test_speed_needs_two_arrivals_and_time_between_them(void **state)
{
    static const struct {
        const char    *what;
        struct arrival list[3];
        double         tok_s, chunks_per_s;
    } cases[] = {
        {"nothing", {{0}}, NEVER, NEVER},
        {"one arrival", {{100, CHUNK_CONTENT, "a", 9}}, NEVER, NEVER},
        {"two at once", {{100, CHUNK_CONTENT, "a", 1},
                         {100, CHUNK_CONTENT, "b", 9}}, NEVER, NEVER},
        {"two", {{100, CHUNK_CONTENT, "a", 1},
                 {600, CHUNK_CONTENT, "b", 9}}, 16, 2},
        {"no progress in tokens", {{100, CHUNK_CONTENT, "a", 4},
                                   {600, CHUNK_CONTENT, "b", 4}}, NEVER, 2},
        {"reasoning is generated too", {{100, CHUNK_REASONING, "a", 1},
                                        {600, CHUNK_CONTENT, "b", 9}}, 16, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct turn t;

        play(&t, cases[i].list, 900);
        check(cases[i].what, observe_served_tok_s(&t), cases[i].tok_s);
        check(cases[i].what, observe_chunks_per_s(&t),
              cases[i].chunks_per_s);
        turn_done(&t);
    }
}

static void test_timings_are_the_servers_own_view(void **state)
{
    static const struct {
        const char *what;
        double      predicted_n, predicted_ms, want;
    } cases[] = {
        {"128 in 2 s", 128, 2000, 63.5},
        {"two tokens", 2, 10, 100},
        {"one token has no speed", 1, 10, NEVER},
        {"no time", 128, 0, NEVER},
        {"no count", NAN, 2000, NEVER},
        {"no duration", 128, NAN, NEVER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct turn t;

        turn_init(&t);
        t.server.predicted_n = cases[i].predicted_n;
        t.server.predicted_ms = cases[i].predicted_ms;
        check(cases[i].what, observe_timings_tok_s(&t), cases[i].want);
        turn_done(&t);
    }
}

static void test_prompt_speed_says_when_it_is_only_a_bound(void **state)
{
    static const struct {
        const char *what;
        double      prompt_n, prompt_ms, want;
        bool        is_bound;
    } cases[] = {
        {"timed by the server", 512, 400, 1280, false},
        {"from the first token", 512, NAN, 1024, true},
        {"a duration of nothing", 512, 0, 1024, true},
        {"all from the cache", 0, 400, NEVER, true},
        {"not counted", NAN, 400, NEVER, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const struct arrival list[] = {SAYS(500, "Hi"), {0}};
        struct turn t;
        bool        is_bound = !cases[i].is_bound;

        play(&t, list, 900);
        t.server.prompt_n = cases[i].prompt_n;
        t.server.prompt_ms = cases[i].prompt_ms;
        check(cases[i].what, observe_prompt_tok_s(&t, &is_bound),
              cases[i].want);
        assert_int_equal(is_bound, cases[i].is_bound);
        turn_done(&t);
    }
}

/* n words, one an arrival, 100 ms apart, the first after 100 ms. */
static void play_words(struct turn *t, int n)
{
    turn_init(t);
    t->sent_ns = SENT_NS;
    for (int i = 1; i <= n; i++) {
        char word[16];
        snprintf(word, sizeof word, " w%c", 'a' + i % 26);
        arrive(t, &(struct arrival){i * 100, CHUNK_CONTENT, word, -1});
    }
    t->end_ns = SENT_NS + n * INT64_C(100000000);
}

static void test_words_per_second_leaves_out_the_first_arrival(void **state)
{
    static const struct { int words; double want; } cases[] = {
        {7, NEVER}, {8, 10}, {41, 10}};
    static const struct arrival late[] = {
        THINKS(0, "one two three four five six seven eight nine"),
        SAYS(1000, "one two three four"), SAYS(2000, " five six seven"),
        SAYS(3000, " eight"), CALLS(9000, "{}"), {0}};
    static const struct arrival whole[] = {
        SAYS(1000, "one two three four five six seven eight nine"), {0}};
    struct turn t;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        play_words(&t, cases[i].words);
        check("words", observe_words_per_s(&t), cases[i].want);
        turn_done(&t);
    }
    play(&t, late, 9000);
    check("only between arrivals of content", observe_words_per_s(&t), 2);
    turn_done(&t);
    play(&t, whole, 9000);
    check("an answer in one piece", observe_words_per_s(&t), NEVER);
    turn_done(&t);
}

static void test_word_35_is_the_arrival_that_completes_it(void **state)
{
    struct turn t;

    (void)state;
    play_words(&t, 34);
    check("34 words", observe_word_s(&t, 35), NEVER);
    arrive(&t, &(struct arrival){4000, CHUNK_CONTENT, " rain", -1});
    check("word 35 is the last", observe_word_s(&t, 35), 4.0);
    arrive(&t, &(struct arrival){4100, CHUNK_CONTENT, "bow", -1});
    check("it goes on", observe_word_s(&t, 35), 4.1);
    arrive(&t, &(struct arrival){4200, CHUNK_CONTENT, "'s", -1});
    check("and on", observe_word_s(&t, 35), 4.2);
    arrive(&t, &(struct arrival){4300, CHUNK_CONTENT, " end.", -1});
    check("now it is complete", observe_word_s(&t, 35), 4.2);
    check("word 36", observe_word_s(&t, 36), 4.3);
    check("word 1", observe_word_s(&t, 1), 0.1);
    turn_done(&t);
}

/* A stored turn may be damaged: its chunks may claim more than there is. */
static void test_chunks_that_claim_too_much_read_nothing_beyond(void **state)
{
    struct turn t;

    (void)state;
    play_words(&t, 12);
    for (size_t i = 0; i < t.n_chunks; i++) t.chunks[i].end_bytes = 1 << 30;
    assert_true(isnan(observe_words_per_s(&t)));
    check("word", observe_word_s(&t, 3), 0.1);
    for (size_t i = 0; i < t.n_chunks; i++) t.chunks[i].end_bytes = 0;
    check("none has it", observe_word_s(&t, 3), NEVER);
    turn_done(&t);
}

/* One megabyte in 100,000 arrivals: what is looked for at each of them
 * would take hours. */
static void test_an_endless_answer_is_observed_without_delay(void **state)
{
    struct turn t;

    (void)state;
    play_megabyte(&t, " aaa");
    check("first sentence", observe_first_sentence_s(&t), 100);
    check("word 35", observe_word_s(&t, 35), 0.013);
    check("words", observe_words_per_s(&t), (250000 - 3) / 99.999);
    turn_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttft_is_the_first_arrival_of_any_kind),
        cmocka_unit_test(test_a_turn_that_was_never_sent_has_no_times),
        cmocka_unit_test(test_first_sentence_waits_for_what_confirms_it),
        cmocka_unit_test(
            test_a_turn_without_spoken_words_has_no_first_sentence),
        cmocka_unit_test(
            test_first_sentence_is_where_the_text_says_not_the_chunks),
        cmocka_unit_test(test_chunks_are_not_tokens),
        cmocka_unit_test(test_a_server_that_counts_nothing_has_no_tok_s),
        cmocka_unit_test(test_speed_needs_two_arrivals_and_time_between_them),
        cmocka_unit_test(test_timings_are_the_servers_own_view),
        cmocka_unit_test(test_prompt_speed_says_when_it_is_only_a_bound),
        cmocka_unit_test(test_words_per_second_leaves_out_the_first_arrival),
        cmocka_unit_test(test_word_35_is_the_arrival_that_completes_it),
        cmocka_unit_test(test_chunks_that_claim_too_much_read_nothing_beyond),
        cmocka_unit_test(test_an_endless_answer_is_observed_without_delay),
    };
    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
