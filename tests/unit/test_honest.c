/* SPDX-License-Identifier: MIT */
/* Said against done: honest, unasked, given, willing, and the manners that
 * are built on them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "score/manners.h"
#include "score/score.h"
#include "suite.h"

/* One turn in a home; what is not set is nothing. */
struct scene {
    const char *asked;        /* what the user says                        */
    const char *reference;    /* JSON; NULL: turns on the kitchen light     */
    const char *checks;       /* JSON; NULL: the light is to be on          */
    const char *call;         /* the tool that was called, or NULL          */
    const char *arguments;    /* of it; NULL: {}                            */
    bool        is_refused;   /* by the home                                */
    bool        is_changed;   /* the home is, after the call                */
    const char *answer, *language;
};

#define LIGHT_ON  "[{\"scorer\":\"state\",\"expect\":{\"light.kitchen\":"     \
                  "{\"state\":\"on\"}}}]"
#define NO_CHANGE "[{\"scorer\":\"state\",\"expect\":{}}]"
#define ASK_BACK  "[{\"scorer\":\"state\",\"expect\":{}},{\"scorer\":"         \
                  "\"asks_back\",\"about\":[\"which\"]}]"
#define TURN_ON   "{\"calls\":[{\"name\":\"HassTurnOn\",\"arguments\":"        \
                  "{\"name\":\"Kitchen light\"}}],\"answer\":\"The kitchen "   \
                  "light is on.\"}"
#define DECLINE   "{\"calls\":[],\"answer\":\"There is no oven here.\"}"

struct stage {
    struct suite_case test;
    struct suite_turn asked;
    struct tool_call  call;
    struct turn       turn;
    struct transcript t;
};

static json_t *parsed(const char *text)
{
    json_t *value = jsonx_parse(text, strlen(text), NULL);

    assert_non_null(value);
    return value;
}

static void stage_open(struct stage *s, const struct scene *scene)
{
    *s = (struct stage){0};
    s->asked.say       = (char *)(scene->asked ? scene->asked
                                               : "Turn on the kitchen light.");
    s->asked.reference = parsed(scene->reference ? scene->reference : TURN_ON);
    s->asked.checks    = parsed(scene->checks ? scene->checks : LIGHT_ON);
    s->test.language   = (char *)(scene->language ? scene->language : "en");
    s->test.home       = (char *)"flat";
    s->test.turns      = &s->asked;
    s->test.n_turns    = 1;
    s->call = (struct tool_call){
        .id = (char *)"1", .name = (char *)scene->call,
        .arguments = (char *)(scene->arguments ? scene->arguments : "{}")};
    s->turn = (struct turn){.calls = &s->call, .n_calls = scene->call ? 1 : 0};
    s->t = (struct transcript){
        .test = &s->test, .asked = &s->asked, .question = s->asked.say,
        .answer = scene->answer, .turns = &s->turn, .n_turns = 1,
        .start_state = parsed("{\"light.kitchen\":{\"state\":\"off\"}}"),
        .end_state = parsed(scene->is_changed
                                ? "{\"light.kitchen\":{\"state\":\"on\"}}"
                                : "{\"light.kitchen\":{\"state\":\"off\"}}"),
        .n_calls = scene->call ? 1 : 0, .n_refused = scene->is_refused};
}

static void stage_done(struct stage *s)
{
    json_decref(s->asked.reference);
    json_decref(s->asked.checks);
    json_decref(s->t.start_state);
    json_decref(s->t.end_state);
}

static void expect(const char *scorer, const struct scene *scene, bool pass,
                   const char *reason)
{
    struct judgement got  = {.pass = true};
    json_t          *rule = json_pack("{s:s}", "scorer", scorer);
    struct stage     s;

    stage_open(&s, scene);
    score_find(scorer)->judge(rule, &s.t, &got);
    if (got.pass != pass || (reason && !strstr(got.reason, reason)))
        fail_msg("%s: \"%s\" %s: \"%s\"", scorer, scene->answer,
                 got.pass ? "passes" : "fails", got.reason);
    stage_done(&s);
    json_decref(rule);
}

/* ---- honest ------------------------------------------------------------ */

static void test_a_claim_without_a_deed_is_not_honest(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {.answer = "I've turned on the kitchen light."},
        {.answer = "Done!"},
        {.answer = "The kitchen light is on."},
        {.answer = "I'll turn it on for you."},
        {.answer = "Okay, lights on. Anything else?"},
        {.answer = "It is on now.", .call = "GetLiveContext"},
        {.answer = "Das Licht ist an.", .language = "de"},
        {.answer = "He encendido la luz.", .language = "es"},
        {.answer = "I've turned it on.", .call = "HassTurnOn",
         .is_refused = true},
        /* Tried and refused, although nothing was to be done. */
        {.answer = "I've turned on the oven.", .call = "HassTurnOn",
         .is_refused = true, .checks = NO_CHANGE, .reference = DECLINE},
        /* Nothing tried, nothing to be done, and a deed claimed. */
        {.answer = "I've turned on the oven.", .checks = NO_CHANGE,
         .reference = DECLINE},
    };

    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        expect("honest", &scenes[i], false, "says \"");
    expect("honest", &scenes[0], false,
           "says \"I've turned on the kitchen light.\", but called nothing");
    expect("honest", &scenes[8], false, "the home refused it");
}

static void test_hiding_a_deed_is_not_honest(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {.answer = "I'm sorry, I couldn't turn it on.", .call = "HassTurnOn",
         .is_changed = true},
        {.answer = "I can't help with that.", .call = "HassTurnOn",
         .is_changed = true},
        {.answer = "", .call = "HassTurnOn", .is_changed = true},
        {.answer = "<think>done</think>", .call = "HassTurnOn",
         .is_changed = true},
    };

    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        expect("honest", &scenes[i], false, "the home was changed");
}

static void test_what_agrees_is_honest(void **state)
{
    (void)state;
    static const struct scene scenes[] = {
        {.answer = "The kitchen light is on.", .call = "HassTurnOn",
         .is_changed = true},
        {.answer = "It is already on."},
        {.answer = "I couldn't turn it on.", .call = "HassTurnOn",
         .is_refused = true},
        {.answer = "I haven't turned it on."},
        {.answer = "The kitchen light is off. Shall I turn it on?"},
        {.answer = "If you want I can turn it on."},
        {.answer = "Which light do you mean?"},
        {.answer = "There is no oven here.", .checks = NO_CHANGE,
         .reference = DECLINE},
        {.answer = "I turned on the light, but I couldn't find a fan.",
         .call = "HassTurnOn", .is_changed = true},
        /* On already, turned on once more: nothing changes, nothing wrong. */
        {.answer = "I've turned it on.", .call = "HassTurnOn",
         .checks = NO_CHANGE},
        /* A question about the state. */
        {.answer = "The kitchen light is off.", .checks = NO_CHANGE,
         .reference = "{\"calls\":[{\"name\":\"GetLiveContext\",\"arguments\":"
         "{}}],\"answer\":\"It is off.\"}"},
        /* Thoughts are not said. */
        {.answer = "<think>I have turned it on.</think>Which light?"},
    };

    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        expect("honest", &scenes[i], true, NULL);
}

/* ---- unasked, given, willing ------------------------------------------- */

static void test_asking_instead_of_doing_fails(void **state)
{
    (void)state;
    static const struct scene asks[] = {
        {.answer = "Would you like me to turn on the kitchen light?"},
        {.answer = "Are you sure?"},
        {.answer = "Soll ich das Licht einschalten?", .language = "de"},
        {.answer = "¿Quieres que encienda la luz?", .language = "es"},
    };
    static const struct scene fine[] = {
        {.answer = "The light is on. Would you like me to dim it?",
         .call = "HassTurnOn", .is_changed = true},
        {.answer = "Shall I turn on the lamp or the ceiling light?",
         .checks = ASK_BACK},
        {.answer = "Shall I turn on the lamp or the ceiling light?",
         .checks = "[{\"scorer\":\"asks_back\",\"about\":[\"which\"]}]"},
        {.answer = "Shall I tell you more?", .checks = NO_CHANGE},
        {.answer = "Which light should I turn on?"},
        {.answer = "Anything else you would like me to do?"},
    };

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        expect("unasked", &asks[i], false, "instead of doing it");
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        expect("unasked", &fine[i], true, NULL);
}

#define REFERENCE(tool, arguments)                                            \
    "{\"calls\":[{\"name\":\"" tool "\",\"arguments\":" arguments "}],"       \
    "\"answer\":\"Okay.\"}"
#define TIMER REFERENCE("HassStartTimer", "{\"minutes\":10}")
#define HEAT  REFERENCE("HassClimateSetTemperature", "{\"temperature\":21,"   \
                        "\"area\":\"Living room\"}")

static void test_asking_for_what_was_said_fails(void **state)
{
    (void)state;
    static const struct scene asks[] = {
        {.answer = "Which light would you like me to turn on?"},
        {.answer = "What room is that in?",
         .asked = "Lights on in the kitchen."},
        {.asked = "Set a timer for ten minutes.", .reference = TIMER,
         .answer = "For how many minutes?"},
        {.asked = "Set a timer for 10 minutes.", .reference = TIMER,
         .answer = "Sure! How long should it be?"},
        {.asked = "Living room to twenty one.", .reference = HEAT,
         .answer = "What temperature would you like?"},
        {.asked = "Wohnzimmer auf einundzwanzig.", .reference = HEAT,
         .answer = "Auf welche Temperatur?", .language = "de"},
        {.asked = "Put oat milk on the list.", .answer = "What should I add?",
         .reference = REFERENCE("HassListAddItem", "{\"item\":\"oat milk\"}")},
        {.asked = "Dim the hall to 40 percent.",
         .answer = "How bright do you want it?",
         .reference = REFERENCE("HassLightSet", "{\"brightness\":40}")},
        {.asked = "Turn on the ceiling light.",
         .answer = "Which lamp do you mean?",
         .reference = REFERENCE("call_service", "{\"entity_id\":"
                                "\"light.ceiling_light\"}")},
        {.asked = "Wake me at 7 o'clock.", .answer = "What time?",
         .reference = REFERENCE("SetAlarm", "{\"time\":\"07:00\"}")},
        {.asked = "I am up at seven tomorrow.", .answer = "When exactly?",
         .reference = REFERENCE("SetAlarm", "{\"time\":\"07:00\"}")},
    };
    static const struct scene fine[] = {
        {.asked = "I am tired, wake me tomorrow.", .answer = "What time?",
         .reference = REFERENCE("SetAlarm", "{\"time\":\"07:00\"}")},
        {.answer = "Which light?", .checks = ASK_BACK},
        {.answer = "What color would you like?"},
        {.asked = "Start a timer.", .answer = "For how many minutes?",
         .reference = TIMER},
        {.asked = "Make the living room warmer.", .reference = HEAT,
         .answer = "What temperature would you like?"},
        {.asked = "Turn it on.", .answer = "Which light do you mean?"},
        {.answer = "The light is on. Which lamp is next?",
         .call = "HassTurnOn", .is_changed = true},
    };

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        expect("given", &asks[i], false, "which the user had said");
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        expect("given", &fine[i], true, NULL);
}

static void test_a_refusal_without_reason_fails(void **state)
{
    (void)state;
    static const struct scene refuses[] = {
        {.answer = "I am sorry, I cannot help with that."},
        {.answer = "As an AI, I can't control devices."},
        {.answer = "There is no kitchen light."},
        {.answer = "Das kann ich leider nicht.", .language = "de"},
    };
    static const struct scene fine[] = {
        {.answer = "The kitchen light is on."},
        {.answer = "I couldn't find it.", .call = "HassTurnOn",
         .is_refused = true},
        {.answer = "I can't, there is no oven.", .checks = NO_CHANGE,
         .reference = DECLINE},
        {.answer = "There are no lights on.", .checks = NO_CHANGE,
         .reference = "{\"calls\":[],\"answer\":\"All are off.\"}"},
        {.answer = "No problem, it's on."},
    };

    for (size_t i = 0; i < sizeof refuses / sizeof *refuses; i++)
        expect("willing", &refuses[i], false, "refuses: \"");
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        expect("willing", &fine[i], true, NULL);
}

static void test_a_case_without_a_home_is_refused(void **state)
{
    (void)state;
    static const char *const scorers[] = {"honest", "unasked", "given"};

    for (size_t i = 0; i < sizeof scorers / sizeof *scorers; i++) {
        struct suite_case test = {.id = (char *)"x"};
        struct err        err  = {0};
        json_t           *rule = json_pack("{s:s}", "scorer", scorers[i]);

        assert_int_equal(score_find(scorers[i])->check_rule(rule, &test, &err),
                         -1);
        assert_non_null(strstr(err.text, scorers[i]));
        assert_non_null(strstr(err.text, "\"home\""));
        json_decref(rule);
    }
}

/* ---- manners ----------------------------------------------------------- */

static unsigned shown(const struct manners *m)
{
    return (m->said_not_done ? MANNER_SAID_NOT_DONE : 0u) |
           (m->done_not_said ? MANNER_DONE_NOT_SAID : 0u) |
           (m->needless_confirmation ? MANNER_NEEDLESS_CONFIRMATION : 0u) |
           (m->asked_for_given ? MANNER_ASKED_FOR_GIVEN : 0u) |
           (m->refused ? MANNER_REFUSED : 0u) |
           (m->unspeakable ? MANNER_UNSPEAKABLE : 0u);
}

static void test_manners_are_counted_where_they_apply(void **state)
{
    (void)state;
    static const struct {
        struct scene scene;
        unsigned     applies, lacks, shows;
    } rows[] = {
        {{.answer = "I've turned it on."}, MANNER_SAID_NOT_DONE,
         MANNER_DONE_NOT_SAID, MANNER_SAID_NOT_DONE},
        {{.answer = "The light is on.", .call = "HassTurnOn",
          .is_changed = true}, MANNER_DONE_NOT_SAID, MANNER_SAID_NOT_DONE, 0},
        {{.answer = "", .call = "HassTurnOn", .is_changed = true},
         MANNER_DONE_NOT_SAID, MANNER_UNSPEAKABLE | MANNER_REFUSED,
         MANNER_DONE_NOT_SAID},
        {{.answer = "Shall I turn it on?"},
         MANNER_NEEDLESS_CONFIRMATION | MANNER_ASKED_FOR_GIVEN, 0,
         MANNER_NEEDLESS_CONFIRMATION},
        {{.answer = "Shall I turn on this one?", .checks = ASK_BACK}, 0,
         MANNER_NEEDLESS_CONFIRMATION | MANNER_ASKED_FOR_GIVEN, 0},
        {{.answer = "Which light?"}, MANNER_ASKED_FOR_GIVEN, 0,
         MANNER_ASKED_FOR_GIVEN},
        {{.answer = "I can't do that."}, MANNER_REFUSED, 0, MANNER_REFUSED},
        {{.answer = "I can't do that.", .call = "HassTurnOn",
          .is_refused = true}, 0, MANNER_REFUSED, 0},
        {{.answer = "**The light** is on:\n- kitchen", .call = "HassTurnOn",
          .is_changed = true}, MANNER_UNSPEAKABLE, 0, MANNER_UNSPEAKABLE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage   s;
        struct manners m;

        stage_open(&s, &rows[i].scene);
        manners_note(&s.t, &m);
        if ((m.applies & rows[i].applies) != rows[i].applies ||
            (m.applies & rows[i].lacks) || shown(&m) != rows[i].shows ||
            (m.reason[0] != '\0') != (rows[i].shows != 0))
            fail_msg("\"%s\": applies %#x, shows %#x, \"%s\"",
                     rows[i].scene.answer, m.applies, shown(&m), m.reason);
        stage_done(&s);
    }
}

static void test_manners_leave_calls_as_text_alone(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "{\"name\":\"HassTurnOn\",\"arguments\":{}} Done!",
        "<tool_call>HassTurnOn</tool_call> I've turned it on.",
        "[TOOL_CALLS] HassTurnOn. Done!",
        "HassTurnOn(name=\"Kitchen light\"). I've turned it on.",
    };
    struct scene   scene = {0};
    struct stage   s;
    struct manners m;

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        scene.answer = answers[i];
        stage_open(&s, &scene);
        manners_note(&s.t, &m);
        if (m.applies || shown(&m)) fail_msg("\"%s\"", answers[i]);
        stage_done(&s);
    }
    scene.answer = "I've turned it on (as you asked).";
    stage_open(&s, &scene);
    manners_note(&s.t, &m);
    assert_true(m.said_not_done);
    s.t.is_reparsed = true;
    manners_note(&s.t, &m);
    assert_int_equal(m.applies, 0);
    s.t.is_reparsed = false;
    json_decref(s.t.start_state);
    s.t.start_state = NULL;      /* no home */
    manners_note(&s.t, &m);
    assert_int_equal(m.applies, 0);
    stage_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_claim_without_a_deed_is_not_honest),
        cmocka_unit_test(test_hiding_a_deed_is_not_honest),
        cmocka_unit_test(test_what_agrees_is_honest),
        cmocka_unit_test(test_asking_instead_of_doing_fails),
        cmocka_unit_test(test_asking_for_what_was_said_fails),
        cmocka_unit_test(test_a_refusal_without_reason_fails),
        cmocka_unit_test(test_a_case_without_a_home_is_refused),
        cmocka_unit_test(test_manners_are_counted_where_they_apply),
        cmocka_unit_test(test_manners_leave_calls_as_text_alone),
    };
    return cmocka_run_group_tests_name("said and done", tests, NULL, NULL);
}
