/* SPDX-License-Identifier: MIT */
/* Conversations are judged turn by turn, and what is noted beside the verdict
 * is noted once, however often they are judged. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "judge.h"

#define STATE(entity, is)                                                     \
    "[{\"scorer\":\"state\",\"expect\":{\"" entity "\":{\"state\":\"" is      \
    "\"}}}]"
#define KITCHEN_ON  STATE("light.kitchen", "on")
#define KITCHEN_OFF STATE("light.kitchen", "off")
#define HALL_ON     STATE("light.hall", "on")
#define AT_REST     "[{\"scorer\":\"state\",\"expect\":{}}]"
#define ON_SPOKEN                                                             \
    "[{\"scorer\":\"speakable\"},{\"scorer\":\"state\",\"expect\":"           \
    "{\"light.kitchen\":{\"state\":\"on\"}}}]"
#define SPOKEN      "[{\"scorer\":\"speakable\"}]"
#define TALK        "[{\"scorer\":\"no_call\"}]"
#define ON_TEXT     "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":"       \
                    "\"Kitchen light\"}}"
#define HALL_TEXT   "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":"       \
                    "\"Hall light\"}}"

/* What the user says, what has to come of it, and what the model does: a
 * call, or none, and then these words. */
struct step {
    const char *say, *checks;
    const char *tool, *name;        /* of what the tool is called on         */
    const char *answer;             /* NULL: this turn was never asked       */
};

struct talk {
    struct suite_case test;
    struct trial      t;
};

static bool has_data(void)
{
    static const char *const places[] = {"share", "../share"};
    struct stat              st;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!getenv("AUDITION_DATA") && stat(places[i], &st) == 0)
            setenv("AUDITION_DATA", places[i], 1);
    return getenv("AUDITION_DATA") != NULL;
}

static void add_answer(struct trial *t, const struct step *s)
{
    struct turn *turn;

    if (s->tool) {
        turn = trial_add_turn(t);
        turn->calls = mem_new(1, sizeof *turn->calls);
        turn->calls[turn->n_calls++] = (struct tool_call){
            mem_copy("1"), mem_copy(s->tool),
            mem_printf("{\"name\":\"%s\"}", s->name)};
        trial_add_message(t, "assistant", "");
        trial_add_message(t, "tool", "{}")->call_id = mem_copy("1");
    }
    turn = trial_add_turn(t);
    free(turn->content);
    turn->content = mem_copy(s->answer);
    trial_add_message(t, "assistant", s->answer);
}

static void add_step(struct talk *k, const struct step *s)
{
    struct suite_turn *turn = &k->test.turns[k->test.n_turns++];

    *turn = (struct suite_turn){
        .say = mem_copy(s->say), .cuts_words = -1,
        .checks = jsonx_parse(s->checks, strlen(s->checks), NULL)};
    assert_non_null(turn->checks);
    if (!s->answer) return;
    trial_add_message(&k->t, "user", s->say);
    add_answer(&k->t, s);
}

static void make_talk(struct talk *k, const char *home,
                      const struct step *steps, size_t n)
{
    *k = (struct talk){.test = {
        .suite = mem_copy("s"), .id = mem_copy("i"), .home = mem_copy(home),
        .category = mem_copy("c"), .language = mem_copy("en"),
        .turns = mem_new(n, sizeof *k->test.turns)}};
    trial_add_message(&k->t, "system", "You help.");
    for (size_t i = 0; i < n; i++) add_step(k, &steps[i]);
}

static void talk_done(struct talk *k)
{
    trial_done(&k->t);
    suite_case_done(&k->test);
}

static void judge(struct talk *k, int tools_shown)
{
    struct judge_context ctx = {.tools_shown = tools_shown};

    judge_case(&k->test, &k->t, &ctx);
}

/* 0: not noted; notes are never there twice. */
static double noted(const struct trial *t, const char *metric)
{
    double value = 0;
    int    n = 0;

    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, metric) == 0) {
            value = t->observations[i].value;
            n++;
        }
    if (n > 1) fail_msg("%s is noted %d times", metric, n);
    return value;
}

static void expect(const struct talk *k, const char *what, enum outcome want,
                   const char *says)
{
    const char *reason = k->t.reason;

    if (k->t.outcome != want ||
        (says ? !reason || !strstr(reason, says) : reason != NULL))
        fail_msg("%s: %s \"%s\"", what, outcome_name(k->t.outcome),
                 reason ? reason : "");
}

#define N_OF(list) (sizeof list / sizeof *list)

/* ---- verdicts ----------------------------------------------------------- */

static const struct {
    const char  *what;
    struct step  steps[4];
    int          tools_shown, passed;     /* turns; -1: not compared */
    enum outcome want;
    const char  *says;
} talks[] = {
    {"all turns pass",
     {{"On.", KITCHEN_ON, "HassTurnOn", "Kitchen light", "It is on."},
      {"Off.", KITCHEN_OFF, "HassTurnOff", "Kitchen light", "It is off."}},
     1, 2, OUTCOME_PASS, NULL},
    {"what was done before is no side effect now",
     {{"On.", KITCHEN_ON, "HassTurnOn", "Kitchen light", "It is on."},
      {"Thanks.", AT_REST, NULL, NULL, "Gladly."}},
     1, 2, OUTCOME_PASS, NULL},
    {"a side effect in a later turn is one",
     {{"On.", KITCHEN_ON, "HassTurnOn", "Kitchen light", "It is on."},
      {"Thanks.", AT_REST, "HassTurnOff", "Kitchen light", "Gladly."}},
     1, 1, OUTCOME_FAIL, "turn 2 of 2: "},
    {"a mistake does not fail what comes after it",
     {{"Hall on.", HALL_ON, "HassTurnOn", "Kitchen light", "It is on."},
      {"Hall on!", HALL_ON, "HassTurnOn", "Hall light", "Now it is."},
      {"Thanks.", AT_REST, NULL, NULL, "Gladly."}},
     1, 2, OUTCOME_FAIL, "turn 1 of 3: "},
    {"the first turn that fails says why",
     {{"Hi.", SPOKEN, NULL, NULL, "Good morning."},
      {"And?", SPOKEN, NULL, NULL, "It is **warm**."},
      {"And?", SPOKEN, NULL, NULL, "# Title"}},
     -1, 1, OUTCOME_FAIL, "turn 2 of 3: "},
    {"a turn that was never asked",
     {{"On.", KITCHEN_ON, "HassTurnOn", "Kitchen light", "It is on."},
      {"Off.", KITCHEN_OFF, NULL, NULL, NULL},
      {"Hi.", TALK, NULL, NULL, NULL}},
     1, 1, OUTCOME_FAIL,
     "turn 2 of 3: the conversation could not go on to it"},
    /* calls as text: not parsed, and would have been right */
    {"a right call as text in the second turn",
     {{"Hi.", TALK, NULL, NULL, "Good morning."},
      {"On.", KITCHEN_ON, NULL, NULL, ON_TEXT}},
     1, 1, OUTCOME_UNPARSED, "HassTurnOn"},
    {"what it changed counts from then on",
     {{"On.", KITCHEN_ON, NULL, NULL, ON_TEXT},
      {"Hall on.", HALL_ON, NULL, NULL, HALL_TEXT},
      {"Off.", KITCHEN_OFF, "HassTurnOff", "Kitchen light", "It is off."}},
     1, 1, OUTCOME_UNPARSED, "HassTurnOn"},
    {"a text call in one turn forgives no other",
     {{"On.", KITCHEN_ON, NULL, NULL, ON_TEXT},
      {"Hall on.", HALL_ON, NULL, NULL, "It is on."}},
     1, 0, OUTCOME_FAIL, "turn 2 of 2: "},
    {"a turn with a structured call is read as it was served",
     {{"On.", KITCHEN_ON, NULL, NULL, ON_TEXT},
      {"Hall on.", HALL_ON, "HassTurnOff", "Hall light", HALL_TEXT}},
     1, 0, OUTCOME_FAIL, "turn 2 of 2: "},
    {"a needless call as text spoils small talk in any turn",
     {{"On.", KITCHEN_ON, "HassTurnOn", "Kitchen light", "It is on."},
      {"Hi.", TALK, NULL, NULL, "Good morning. " HALL_TEXT}},
     1, 2, OUTCOME_FAIL, "wrote a call of HassTurnOn as text"},
    /* tools that were never shown */
    {"no turn could be passed without tools",
     {{"Hi.", SPOKEN, NULL, NULL, "Good morning."},
      {"On.", KITCHEN_ON, NULL, NULL, "It is on."}},
     0, 1, OUTCOME_TEMPLATE, "never shown the tools"},
    {"calls in a turn that could not be reached need tools too",
     {{"Hi.", SPOKEN, NULL, NULL, "Good morning."},
      {"On.", KITCHEN_ON, NULL, NULL, NULL}},
     0, 1, OUTCOME_TEMPLATE, "never shown the tools"},
};

static size_t count_steps(const struct step *steps, size_t most)
{
    size_t n = 0;

    while (n < most && steps[n].say) n++;
    return n;
}

static void test_judge_weighs_a_conversation_turn_by_turn(void **state)
{
    (void)state;
    if (!has_data()) skip();
    for (size_t i = 0; i < N_OF(talks); i++) {
        size_t      n = count_steps(talks[i].steps, N_OF(talks[i].steps));
        struct talk k;

        make_talk(&k, "flat", talks[i].steps, n);
        for (int again = 0; again < 2; again++) {
            judge(&k, talks[i].tools_shown);
            expect(&k, talks[i].what, talks[i].want, talks[i].says);
            if ((int)noted(&k.t, "turns_passed") != talks[i].passed)
                fail_msg("%s: %g turns passed", talks[i].what,
                         noted(&k.t, "turns_passed"));
            assert_true(noted(&k.t, "turns_judged") == (double)n);
        }
        talk_done(&k);
    }
}

static void test_a_case_of_one_turn_names_no_turn(void **state)
{
    static const struct step one[] = {
        {"Hi.", SPOKEN, NULL, NULL, "It is **warm**."}};
    struct talk k;

    (void)state;
    make_talk(&k, NULL, one, 1);
    judge(&k, 1);
    expect(&k, "one turn", OUTCOME_FAIL, "emphasis");
    assert_null(strstr(k.t.reason, "turn 1"));
    talk_done(&k);
}

/* What was heard of a cut answer is in the messages; the scorers see what
 * was said. */
static void test_an_answer_that_was_cut_is_judged_whole(void **state)
{
    static const struct step steps[] = {
        {"Hi.", SPOKEN, NULL, NULL, "It is **warm**."},
        {"Stop.", SPOKEN, NULL, NULL, "Of course."}};
    struct talk k;

    (void)state;
    make_talk(&k, NULL, steps, 2);
    k.test.turns[1].cuts_words = 1;
    k.t.messages[2].text[2] = '\0';                              /* "It" */
    judge(&k, 1);
    expect(&k, "cut", OUTCOME_FAIL, "turn 1 of 2: ");
    assert_true(noted(&k.t, "turns_passed") == 1);
    talk_done(&k);
}

/* With the tools in the prompt results are handed back by the user. */
static void test_results_that_the_user_hands_back_are_no_turn(void **state)
{
    static const struct step steps[] = {
        {"On.", ON_SPOKEN, "HassTurnOn", "Kitchen light", "It is on."},
        {"Off.", KITCHEN_OFF, "HassTurnOff", "Kitchen light", "It is off."}};
    struct talk k;

    (void)state;
    if (!has_data()) skip();
    make_talk(&k, "flat", steps, 2);
    for (size_t i = 0; i < k.t.n_messages; i++)
        if (strcmp(k.t.messages[i].role, "tool") == 0)
            k.t.messages[i].role = "user";
    judge(&k, 1);
    expect(&k, "by prompt", OUTCOME_PASS, NULL);
    talk_done(&k);
}

static void test_messages_that_do_not_fit_the_turns_are_survived(void **state)
{
    static const struct step steps[] = {
        {"Hi.", SPOKEN, NULL, NULL, "Good morning."},
        {"Hi.", SPOKEN, NULL, NULL, "Good morning."}};
    struct talk k;

    (void)state;
    make_talk(&k, NULL, steps, 2);
    for (int i = 0; i < 5; i++) {                    /* of no such turn */
        trial_add_message(&k.t, "assistant", "x");
        trial_add_message(&k.t, "user", "y");
    }
    judge(&k, 1);
    expect(&k, "more messages", OUTCOME_PASS, NULL);
    talk_done(&k);
    make_talk(&k, NULL, steps, 2);
    while (k.t.n_turns)                                 /* turns are gone */
        turn_done(&k.t.turns[--k.t.n_turns]);
    judge(&k, 1);
    expect(&k, "no turns", OUTCOME_FAIL, "turn 1 of 2: gave no answer");
    talk_done(&k);
}

static void test_the_user_speaks_in_the_area_of_the_case(void **state)
{
    static const struct step steps[] = {
        {"Hi.", TALK, NULL, NULL, "Good morning."}};
    struct talk k;

    (void)state;
    if (!has_data()) skip();
    make_talk(&k, "flat", steps, 1);
    k.test.area = mem_copy("Kitchen");
    judge(&k, 1);
    expect(&k, "kitchen", OUTCOME_PASS, NULL);
    free(k.test.area);
    k.test.area = mem_copy("Ballroom");
    judge(&k, 1);
    expect(&k, "no such area", OUTCOME_HARNESS, "Ballroom");
    talk_done(&k);
}

static void test_a_scorer_missing_in_any_turn_is_our_fault(void **state)
{
    static const struct step steps[] = {
        {"Hi.", SPOKEN, NULL, NULL, "Good morning."},
        {"Hi.", "[{\"scorer\":\"magic\"}]", NULL, NULL, NULL}};
    struct talk k;

    (void)state;
    make_talk(&k, NULL, steps, 2);
    judge(&k, 1);
    expect(&k, "magic", OUTCOME_HARNESS, "magic");
    assert_true(noted(&k.t, "turns_judged") == 0);
    talk_done(&k);
}

/* ---- notes -------------------------------------------------------------- */

static void test_manners_are_noted_over_all_turns(void **state)
{
    static const struct step steps[] = {
        {"Turn on the kitchen light.", KITCHEN_ON, NULL, NULL,
         "I have turned on the kitchen light."},             /* has it not */
        {"Turn on the kitchen light.", KITCHEN_ON, "HassTurnOn",
         "Kitchen light", "I have turned on the **kitchen light**."},
        {"Turn on the hall light.", HALL_ON, NULL, NULL,
         "Should I turn on the hall light?"}};
    static const struct { const char *note; double n; } want[] = {
        {"turns_judged", 3}, {"turns_passed", 1},
        {"said_not_done", 1}, {"said_not_done_of", 2},
        {"done_not_said", 0}, {"done_not_said_of", 1},
        {"needless_confirmation", 1}, {"needless_confirmation_of", 3},
        {"refused", 0}, {"refused_of", 3},
        {"unspeakable", 1}, {"unspeakable_of", 3}, {"text_call", 0}};
    struct talk k;

    (void)state;
    if (!has_data()) skip();
    make_talk(&k, "flat", steps, 3);
    for (int again = 0; again < 2; again++) {
        judge(&k, 1);
        for (size_t i = 0; i < N_OF(want); i++)
            if (noted(&k.t, want[i].note) != want[i].n)
                fail_msg("%s: %g", want[i].note, noted(&k.t, want[i].note));
    }
    talk_done(&k);
}

static void test_without_a_home_there_are_no_manners(void **state)
{
    static const struct step steps[] = {
        {"Hi.", SPOKEN, NULL, NULL, "I am sorry, I cannot do **that**."}};
    struct talk k;

    (void)state;
    make_talk(&k, NULL, steps, 1);
    judge(&k, 1);
    assert_int_equal(k.t.n_observations, 1);      /* one turn, not passed */
    assert_true(noted(&k.t, "turns_judged") == 1);
    talk_done(&k);
}

static void test_judging_again_replaces_its_notes_and_nothing_else(
    void **state)
{
    static const struct step steps[] = {
        {"Turn on the kitchen light.", KITCHEN_ON, NULL, NULL, ON_TEXT}};
    struct talk k;
    size_t      n;

    (void)state;
    if (!has_data()) skip();
    make_talk(&k, "flat", steps, 1);
    trial_observe(&k.t, "first_sentence_s", 1.25);
    for (int i = 0; i < JUDGE_NOTE_COUNT; i++)       /* of another judge */
        trial_observe(&k.t, judge_note_name[i], 77);
    trial_observe(&k.t, "tool_turn_s", 2.5);
    judge(&k, 1);
    for (int i = 0; i < JUDGE_NOTE_COUNT; i++)
        assert_true(noted(&k.t, judge_note_name[i]) < 77);
    assert_true(noted(&k.t, "text_call") == 1);
    assert_true(noted(&k.t, "first_sentence_s") == 1.25);
    assert_true(noted(&k.t, "tool_turn_s") == 2.5);
    n = k.t.n_observations;
    judge(&k, 1);
    assert_int_equal(k.t.n_observations, n);
    k.t.status = TRIAL_FAILED;              /* it turns out: not finished */
    judge(&k, 1);
    assert_int_equal(k.t.n_observations, 2);
    talk_done(&k);
}

static void test_every_note_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < JUDGE_NOTE_COUNT; i++)
        assert_int_equal(judge_note_find(judge_note_name[i]), i);
    assert_int_equal(judge_note_find("first_sentence_s"), JUDGE_NOTE_COUNT);
    assert_int_equal(judge_note_find(""), JUDGE_NOTE_COUNT);
    assert_int_equal(judge_note_find("refused_o"), JUDGE_NOTE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_weighs_a_conversation_turn_by_turn),
        cmocka_unit_test(test_a_case_of_one_turn_names_no_turn),
        cmocka_unit_test(test_an_answer_that_was_cut_is_judged_whole),
        cmocka_unit_test(test_results_that_the_user_hands_back_are_no_turn),
        cmocka_unit_test(test_messages_that_do_not_fit_the_turns_are_survived),
        cmocka_unit_test(test_the_user_speaks_in_the_area_of_the_case),
        cmocka_unit_test(test_a_scorer_missing_in_any_turn_is_our_fault),
        cmocka_unit_test(test_manners_are_noted_over_all_turns),
        cmocka_unit_test(test_without_a_home_there_are_no_manners),
        cmocka_unit_test(
            test_judging_again_replaces_its_notes_and_nothing_else),
        cmocka_unit_test(test_every_note_is_found_by_its_name),
    };
    return cmocka_run_group_tests_name("judge_turns", tests, NULL, NULL);
}
