/* SPDX-License-Identifier: MIT */
/* A case in which the user speaks several times, in a place, over a
 * recogniser: what is sent, and what the home is like from turn to turn. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "home/home.h"
#include "session.h"

/* One answer of the model: words, and a call or none. */
struct line {
    const char *text, *tool, *arguments;
};

/* Says its lines in order and writes down what it was asked with. */
struct script {
    const struct line *lines;
    size_t             n, asked;
    char               roles[10][32];  /* first letters, of each request  */
    char              *system, *last;  /* texts of the latest request     */
    char              *before;         /* its last but one message        */
    int                turn_before;    /* ... and the turn it stands for  */
    bool               was_cold[10];
};

static void note_text(char **into, const struct message *m)
{
    free(*into);
    *into = mem_copy(m->text);
}

static int say_line(void *self, const struct chat_request *request,
                    struct turn *out, struct err *err)
{
    struct script *s = self;
    size_t         n = request->n_messages;

    if (s->asked == s->n) return err_set(err, ERR_FAILED, "asked once more");
    assert_true(s->asked < 10 && n >= 2 && n < 32);
    for (size_t i = 0; i < n; i++)
        s->roles[s->asked][i] = request->messages[i].role[0];
    s->was_cold[s->asked] = request->is_cold;
    note_text(&s->system, &request->messages[0]);
    note_text(&s->last, &request->messages[n - 1]);
    note_text(&s->before, &request->messages[n - 2]);
    s->turn_before = request->messages[n - 2].turn;
    free(out->content);
    out->content = mem_copy(s->lines[s->asked].text);
    if (s->lines[s->asked].tool) {
        out->calls = mem_new(1, sizeof *out->calls);
        out->calls[out->n_calls++] = (struct tool_call){
            mem_copy("1"), mem_copy(s->lines[s->asked].tool),
            mem_copy(s->lines[s->asked].arguments)};
    }
    s->asked++;
    return 0;
}

static void script_done(struct script *s)
{
    free(s->system);
    free(s->last);
    free(s->before);
}

static bool has_data(void)
{
    static const char *const places[] = {"share", "../share"};
    struct stat              st;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!getenv("AUDITION_DATA") && stat(places[i], &st) == 0)
            setenv("AUDITION_DATA", places[i], 1);
    return getenv("AUDITION_DATA") != NULL;
}

static const struct engine_ops scripted = {.name = "s", .chat = say_line};

/* The conversation, with session fields from `how`. */
static int converse(struct script *s, const struct session *how,
                    const struct suite_case *test, struct trial *t)
{
    struct prompt_kit kit = {.system = (char[]){"You help."}};
    struct session    whole = *how;
    struct err        err = {0};
    int               rc;

    whole.ops = &scripted;
    whole.engine = s;
    whole.kit = &kit;
    *t = (struct trial){.block = 0};
    rc = session_run(&whole, test, t, &err);
    if (rc) assert_int_not_equal(err.kind, ERR_NONE);
    return rc;
}

static struct suite_turn says(const char *text)
{
    return (struct suite_turn){.say = (char *)(uintptr_t)text,
                               .cuts_words = -1};
}

static void expect_roles(const struct trial *t, const char *roles)
{
    char seen[40] = "";

    for (size_t i = 0; i < t->n_messages && i < 39; i++)
        seen[i] = t->messages[i].role[0];
    assert_string_equal(seen, roles);
}

#define KITCHEN "{\"name\":\"Kitchen light\"}"
#define SESSION(...) &(const struct session){__VA_ARGS__}

static void test_each_turn_follows_on_all_that_was_said(void **state)
{
    static const struct line lines[] = {
        {"", "f", "{}"}, {"One.", NULL, NULL}, {"Two.", NULL, NULL},
        {"", "f", "{}"}, {"Three.", NULL, NULL}};
    struct suite_turn turns[] = {says("a"), says("b"), says("c")};
    struct suite_case test = {.turns = turns, .n_turns = 3};
    struct script     s = {.lines = lines, .n = 5};
    struct trial      t;

    (void)state;
    assert_int_equal(converse(&s, SESSION(.is_cold = true), &test, &t), 0);
    assert_int_equal(t.status, TRIAL_OK);
    expect_roles(&t, "suatauauata");
    assert_string_equal(s.roles[0], "su");
    assert_string_equal(s.roles[1], "suat");
    assert_string_equal(s.roles[2], "suatau");
    assert_string_equal(s.roles[4], "suatauauat");
    assert_int_equal(t.n_turns, 5);
    assert_string_equal(t.messages[5].text, "b");
    assert_string_equal(t.messages[7].text, "c");
    assert_int_equal(t.messages[6].turn, 2);
    assert_true(s.was_cold[0]);              /* the first request alone */
    assert_false(s.was_cold[1] || s.was_cold[2]);
    trial_done(&t);
    script_done(&s);
}

static void test_the_home_goes_on_from_turn_to_turn(void **state)
{
    static const struct line lines[] = {
        {"", "HassTurnOn", KITCHEN}, {"On.", NULL, NULL},
        {"", "GetLiveContext", "{}"}, {"It is on.", NULL, NULL}};
    struct suite_turn turns[] = {says("On!"), says("Is it?")};
    struct suite_case test = {.turns = turns, .n_turns = 2,
                              .home = (char[]){"flat"}};
    struct script     s = {.lines = lines, .n = 4};
    struct trial      t;
    const char       *kitchen;

    (void)state;
    if (!has_data()) skip();
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
    expect_roles(&t, "suatauata");
    kitchen = strstr(t.messages[7].text, "Kitchen light");
    assert_non_null(kitchen);
    kitchen = strstr(kitchen, "state: ");
    assert_non_null(kitchen);
    assert_int_equal(strncmp(kitchen, "state: 'on'", 11), 0);
    trial_done(&t);
    script_done(&s);
}

static void test_of_an_answer_that_is_cut_only_what_was_heard_stays(
    void **state)
{
    static const struct {
        int         words;
        const char *stays;
        int         turn;      /* 0: the answer as it was; -1: cut */
    } cuts[] = {
        {-1, "  One two\nthree  four. ", 0}, {0, "", -1}, {1, "  One", -1},
        {3, "  One two\nthree", -1}, {4, "  One two\nthree  four.", -1},
        {5, "  One two\nthree  four. ", 0},
        {1000, "  One two\nthree  four. ", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        static const struct line lines[] = {
            {"  One two\nthree  four. ", NULL, NULL}, {"Yes.", NULL, NULL}};
        struct suite_turn turns[] = {says("Count."), says("Stop!")};
        struct suite_case test = {.turns = turns, .n_turns = 2};
        struct script     s = {.lines = lines, .n = 2};
        struct trial      t;

        turns[1].cuts_words = cuts[i].words;
        assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
        expect_roles(&t, "suaua");
        assert_string_equal(s.before, cuts[i].stays);    /* as it was sent */
        assert_int_equal(s.turn_before, cuts[i].turn);
        assert_string_equal(t.messages[2].text, cuts[i].stays);
        /* What was generated is kept whole: its time was spent. */
        assert_string_equal(t.turns[0].content, lines[0].text);
        trial_done(&t);
        script_done(&s);
    }
}

/* At the step limit the last message is a tool's. */
static void test_only_an_answer_can_be_cut(void **state)
{
    static const struct line lines[] = {
        {"a", "f", "{}"}, {"b", "f", "{}"}, {"c", "f", "{}"},
        {"d", "f", "{}"}, {"e", "f", "{}"}, {"Yes.", NULL, NULL}};
    struct suite_turn turns[] = {says("Go."), says("Stop!")};
    struct suite_case test = {.turns = turns, .n_turns = 2};
    struct script     s = {.lines = lines, .n = 6};
    struct trial      t;

    (void)state;
    turns[1].cuts_words = 0;
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
    expect_roles(&t, "suatatatatatua");
    assert_non_null(strstr(t.messages[11].text, "there is no such tool"));
    trial_done(&t);
    script_done(&s);
}

static void test_the_model_is_told_where_the_user_speaks(void **state)
{
    static const struct line lines[] = {
        {"", "HassTurnOn", "{\"domain\":[\"light\"]}"}, {"On.", NULL, NULL}};
    struct suite_turn turn = says("Lights on.");
    struct suite_case test = {.turns = &turn, .n_turns = 1,
                              .home = (char[]){"flat"}};
    struct script     s = {.lines = lines, .n = 2};
    struct trial      t;

    (void)state;
    if (!has_data()) skip();
    test.area = (char[]){"Kitchen"};
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
    assert_string_equal(s.system,
                        "You help.\nThe user is in this area: Kitchen.");
    trial_done(&t);
    s.asked = 0;
    test.area = NULL;
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
    assert_string_equal(s.system, "You help.");
    trial_done(&t);
    s.asked = 0;
    test.area = (char[]){"Ballroom"};               /* which is not there */
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), -1);
    assert_int_equal(s.asked, 0);
    trial_done(&t);
    script_done(&s);
}

static void test_what_was_heard_is_asked_in_the_place_of_what_was_said(
    void **state)
{
    static const struct line lines[] = {{"Yes.", NULL, NULL},
                                        {"No.", NULL, NULL}};
    struct suite_turn turns[] = {says("Lamp on, please."), says("And off?")};
    struct suite_case test = {.turns = turns, .n_turns = 2};
    struct script     s = {.lines = lines, .n = 2};
    struct trial      t;

    (void)state;
    assert_int_equal(converse(&s, SESSION(.heard = "lamb on please"), &test,
                              &t), 0);
    assert_string_equal(t.messages[1].text, "lamb on please");
    assert_string_equal(t.messages[3].text, "And off?");
    trial_done(&t);
    script_done(&s);
}

static void test_broken_arguments_end_the_conversation_in_any_turn(
    void **state)
{
    static const struct line lines[] = {
        {"One.", NULL, NULL}, {"", "HassTurnOn", "{\"name\":"},
        {"never", NULL, NULL}};
    struct suite_turn turns[] = {says("a"), says("b"), says("c")};
    struct suite_case test = {.turns = turns, .n_turns = 3};
    struct script     s = {.lines = lines, .n = 3};
    struct trial      t;

    (void)state;
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
    assert_int_equal(s.asked, 2);
    assert_int_equal(t.status, TRIAL_OK);       /* the scorers see it */
    expect_roles(&t, "suaua");
    assert_string_equal(t.turns[1].calls[0].arguments, "{\"name\":");
    trial_done(&t);
    script_done(&s);
}

static void test_a_request_that_fails_leaves_the_later_turns_unasked(
    void **state)
{
    static const struct line lines[] = {{"One.", NULL, NULL}};
    struct suite_turn turns[] = {says("a"), says("b"), says("c")};
    struct suite_case test = {.turns = turns, .n_turns = 3};
    struct script     s = {.lines = lines, .n = 1};
    struct trial      t;

    (void)state;
    assert_int_equal(converse(&s, SESSION(.heard = NULL), &test, &t), 0);
    assert_int_equal(t.status, TRIAL_HARNESS_FAULT);
    assert_string_equal(t.reason, "asked once more");
    expect_roles(&t, "suau");
    trial_done(&t);
    script_done(&s);
}

static void test_by_prompt_results_are_no_turn_of_the_user(void **state)
{
    static const struct line lines[] = {
        {"<tool_call>{\"name\":\"HassTurnOn\",\"arguments\":" KITCHEN
         "}</tool_call>", NULL, NULL},
        {"On.", NULL, NULL}, {"Gladly.", NULL, NULL}};
    struct suite_turn   turns[] = {says("On!"), says("Thanks.")};
    struct suite_case   test = {.turns = turns, .n_turns = 2,
                                .home = (char[]){"flat"},
                                .area = (char[]){"Kitchen"}};
    struct script       s = {.lines = lines, .n = 3};
    struct tools_prompt by_prompt;
    struct prompt_kit   kit = {.system = (char[]){"You help."}};
    struct session      how = {.ops = &scripted, .engine = &s, .kit = &kit,
                               .by_prompt = &by_prompt};
    struct home        *home;
    struct trial        t = {.block = 0};
    struct err          err = {0};

    (void)state;
    if (!has_data()) skip();
    assert_int_equal(home_new(&home, "flat", NULL, &err), 0);
    kit.tools = home_tools(home, HOME_TOOLS_INTENT);
    tools_prompt_make(NULL, &by_prompt);
    if (session_run(&how, &test, &t, &err)) fail_msg("%s", err.text);
    expect_roles(&t, "suauaua");
    assert_non_null(t.messages[3].call_id);
    assert_null(t.messages[5].call_id);
    assert_string_equal(t.messages[5].text, "Thanks.");
    assert_non_null(strstr(s.system, "The user is in this area: Kitchen."));
    assert_non_null(strstr(s.system, "HassTurnOn"));
    trial_done(&t);
    script_done(&s);
    tools_prompt_done(&by_prompt);
    json_decref(kit.tools);
    home_free(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_turn_follows_on_all_that_was_said),
        cmocka_unit_test(test_the_home_goes_on_from_turn_to_turn),
        cmocka_unit_test(
            test_of_an_answer_that_is_cut_only_what_was_heard_stays),
        cmocka_unit_test(test_only_an_answer_can_be_cut),
        cmocka_unit_test(test_the_model_is_told_where_the_user_speaks),
        cmocka_unit_test(
            test_what_was_heard_is_asked_in_the_place_of_what_was_said),
        cmocka_unit_test(
            test_broken_arguments_end_the_conversation_in_any_turn),
        cmocka_unit_test(
            test_a_request_that_fails_leaves_the_later_turns_unasked),
        cmocka_unit_test(test_by_prompt_results_are_no_turn_of_the_user),
    };
    return cmocka_run_group_tests_name("session_turns", tests, NULL, NULL);
}
