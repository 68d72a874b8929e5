/* SPDX-License-Identifier: MIT */
/* Engines that understand nothing do what their help says, to everything they
 * are told, and the same each time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "engine/pretend.h"

#define N_OF(list) (sizeof list / sizeof *list)

/* What a pretender is asked with: text of the user, answers and results. */
struct talk {
    struct trial t;             /* for its messages                         */
    json_t      *tools;
};

static json_t *parsed(const char *text)
{
    struct err err = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s: %s", text, err.text);
    return value;
}

static json_t *some_tools(void)
{
    return parsed(
        "[{\"type\":\"function\",\"function\":{\"name\":\"set\","
        "\"parameters\":{\"type\":\"object\",\"properties\":{"
        "\"name\":{\"type\":\"string\"},"
        "\"level\":{\"type\":\"integer\"},"
        "\"mode\":{\"enum\":[\"a\",\"b\"]},"
        "\"list\":{\"type\":\"array\",\"items\":{\"enum\":[\"c\"]}},"
        "\"sure\":{\"type\":\"boolean\"},"
        "\"left\":{\"type\":\"string\"}},"
        "\"required\":[\"level\",\"mode\",\"list\",\"sure\"]}}},"
        "{\"type\":\"function\",\"function\":{\"name\":\"look\","
        "\"parameters\":{\"type\":\"object\",\"properties\":{}}}}]");
}

static struct suite_case two_turns(struct suite_turn turns[2])
{
    turns[0] = (struct suite_turn){
        .say = (char *)(uintptr_t)"Say one.", .cuts_words = -1,
        .reference = parsed("{\"calls\":[{\"name\":\"look\",\"arguments\":{}},"
                            "{\"name\":\"set\",\"arguments\":{\"level\":3}}],"
                            "\"answer\":\"One.\"}")};
    turns[1] = (struct suite_turn){
        .say = (char *)(uintptr_t)"Say two.", .cuts_words = -1,
        .reference = parsed("{\"answer\":\"Two.\"}")};
    return (struct suite_case){
        .id = (char *)(uintptr_t)"case-1", .turns = turns, .n_turns = 2,
        .language = (char *)(uintptr_t)"en"};
}

static void done_turns(struct suite_turn turns[2])
{
    json_decref(turns[0].reference);
    json_decref(turns[1].reference);
}

static void begin(struct talk *k)
{
    *k = (struct talk){.tools = some_tools()};
    trial_add_message(&k->t, "system", "You help.");
    trial_add_message(&k->t, "user", "Say one.");
}

static void talk_done(struct talk *k)
{
    json_decref(k->tools);
    trial_done(&k->t);
}

static void answer(const struct pretend *p, const struct talk *k,
                   struct turn *out)
{
    struct pretend      self = *p;
    struct chat_request request = {
        .messages = k->t.messages, .n_messages = k->t.n_messages,
        .tools = k->tools, .max_tokens = 10};
    struct err err = {0};

    turn_init(out);
    if (engine_pretend.chat(&self, &request, out, &err))
        fail_msg("%s", err.text);
    assert_int_equal(out->finish, out->n_calls ? FINISH_CALLS : FINISH_STOP);
}

/* It calls nothing and says this. */
static void expect_words(const struct pretend *p, const struct talk *k,
                         const char *want)
{
    struct turn turn;

    answer(p, k, &turn);
    assert_int_equal(turn.n_calls, 0);
    assert_string_equal(turn.content, want);
    turn_done(&turn);
}

static void hand_back(struct talk *k)
{
    trial_add_message(&k->t, "assistant", "");
    trial_add_message(&k->t, "tool", "{}")->call_id = mem_copy("1");
}

static void next_turn(struct talk *k)
{
    trial_add_message(&k->t, "assistant", "x");
    trial_add_message(&k->t, "user", "Say two.");
}

static void test_those_that_only_talk_say_the_same_to_everything(void **state)
{
    static const struct {
        enum pretender kind;
        const char    *language, *words;
        const char    *later;       /* in the second turn; NULL: the same */
    } talkers[] = {
        {PRETEND_echo, "en", "Say one.", "Say two."},
        {PRETEND_done, "en", "Done!", NULL},
        {PRETEND_asks, "en", "Which one do you mean?", NULL},
        {PRETEND_asks, "fr", "Which one do you mean?", NULL},
        {PRETEND_asks, "de", "Welches davon meinst du?", NULL},
        {PRETEND_asks, "es", "¿Cuál de ellos quieres decir?", NULL},
        {PRETEND_declines, "en", "I am sorry, there is no such thing here.",
         NULL},
        {PRETEND_declines, "de", "Tut mir leid, so etwas gibt es hier nicht.",
         NULL},
        {PRETEND_declines, "es", "Lo siento, aquí no hay nada así.", NULL},
        {PRETEND_never_calls, "en",
         "Thank you for telling me. I am always here for you.", NULL}};
    struct suite_turn turns[2];
    struct suite_case test = two_turns(turns);

    (void)state;
    for (size_t i = 0; i < N_OF(talkers); i++) {
        struct pretend p = {.kind = talkers[i].kind, .test = &test};
        struct talk    k;

        test.language = (char *)(uintptr_t)talkers[i].language;
        begin(&k);
        expect_words(&p, &k, talkers[i].words);
        next_turn(&k);
        expect_words(&p, &k, talkers[i].later ? talkers[i].later
                                              : talkers[i].words);
        talk_done(&k);
    }
    done_turns(turns);
}

/* Of a tool: what is required, and a name, in the types of the schema. */
static void check_arguments(const struct tool_call *call,
                            const struct text_list *names)
{
    json_t     *a = parsed(call->arguments);
    json_int_t  level = json_integer_value(json_object_get(a, "level"));
    const char *mode = jsonx_text(a, "mode"), *name = jsonx_text(a, "name");
    bool        is_known = false;

    if (strcmp(call->name, "look") == 0) {
        assert_int_equal(json_object_size(a), 0);
    } else {
        assert_string_equal(call->name, "set");
        assert_int_equal(json_object_size(a), 5);       /* all but "left" */
        assert_in_range(level, 0, 100);
        assert_true(strcmp(mode, "a") == 0 || strcmp(mode, "b") == 0);
        assert_int_equal(json_array_size(json_object_get(a, "list")), 1);
        assert_true(json_is_boolean(json_object_get(a, "sure")));
        for (size_t i = 0; i < names->n; i++)
            is_known = is_known || strcmp(names->items[i], name) == 0;
        assert_true(is_known);
    }
    json_decref(a);
}

static void test_first_tool_calls_it_once_in_each_turn(void **state)
{
    struct text_list  names = {0};
    struct suite_turn turns[2];
    struct suite_case test = two_turns(turns);
    struct pretend    p = {.kind = PRETEND_first_tool, .test = &test,
                           .names = &names};
    struct talk       k;

    (void)state;
    text_list_add(&names, "Lamp");
    begin(&k);
    for (int i = 0; i < 2; i++) {
        struct turn turn;

        answer(&p, &k, &turn);
        assert_int_equal(turn.n_calls, 1);
        assert_string_equal(turn.calls[0].name, "set");
        check_arguments(&turn.calls[0], &names);
        turn_done(&turn);
        hand_back(&k);
        expect_words(&p, &k, "Done.");
        next_turn(&k);
    }
    json_array_clear(k.tools);               /* a case without a home */
    expect_words(&p, &k, "Done.");
    talk_done(&k);
    text_list_done(&names);
    done_turns(turns);
}

static char *in_words(const struct turn *turn)
{
    return turn->n_calls ? mem_printf("%s%s", turn->calls[0].name,
                                      turn->calls[0].arguments)
                         : mem_copy(turn->content);
}

static void test_random_is_the_same_for_a_seed_and_ends(void **state)
{
    struct text_list  names = {0};
    struct suite_turn turns[2];
    struct suite_case test = two_turns(turns);
    int               called = 0, talked = 0, changed = 0;
    char             *last = mem_copy("");

    (void)state;
    text_list_add(&names, "Lamp");
    text_list_add(&names, "Door");
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct pretend p = {.kind = PRETEND_random, .test = &test,
                            .names = &names, .seed = seed};
        struct turn    turn, again;
        struct talk    k;
        char          *words, *same;

        begin(&k);
        answer(&p, &k, &turn);
        answer(&p, &k, &again);
        words = in_words(&turn);
        same = in_words(&again);
        assert_string_equal(words, same);
        for (size_t i = 0; i < turn.n_calls; i++)
            check_arguments(&turn.calls[i], &names);
        called += turn.n_calls > 0;
        talked += turn.n_calls == 0;
        changed += strcmp(words, last) != 0;
        turn_done(&again);
        hand_back(&k);                        /* then it answers in words */
        answer(&p, &k, &again);
        assert_int_equal(again.n_calls, 0);
        assert_true(again.content[0] != '\0');
        turn_done(&turn);
        turn_done(&again);
        free(last);
        free(same);
        last = words;
        talk_done(&k);
    }
    assert_true(called > 10 && talked > 10 && changed > 20);
    free(last);
    text_list_done(&names);
    done_turns(turns);
}

static void test_oracle_gives_the_reference_of_each_turn(void **state)
{
    struct suite_turn turns[2];
    struct suite_case test = two_turns(turns);
    struct pretend    p = {.kind = PRETEND_oracle, .test = &test};
    struct turn       turn;
    struct talk       k;

    (void)state;
    begin(&k);
    answer(&p, &k, &turn);
    assert_int_equal(turn.n_calls, 2);
    assert_string_equal(turn.calls[0].name, "look");
    assert_string_equal(turn.calls[0].arguments, "{}");
    assert_string_equal(turn.calls[1].name, "set");
    assert_string_equal(turn.calls[1].arguments, "{\"level\":3}");
    assert_string_not_equal(turn.calls[0].id, turn.calls[1].id);
    turn_done(&turn);
    hand_back(&k);
    expect_words(&p, &k, "One.");
    next_turn(&k);
    expect_words(&p, &k, "Two.");
    next_turn(&k);                          /* more than the case has */
    answer(&p, &k, &turn);
    assert_int_equal(turn.n_calls, 0);
    turn_done(&turn);
    talk_done(&k);
    done_turns(turns);
}

static void test_results_that_the_user_hands_back_are_no_turn(void **state)
{
    struct suite_turn turns[2];
    struct suite_case test = two_turns(turns);
    struct pretend    p = {.kind = PRETEND_echo, .test = &test};
    struct talk       k;

    (void)state;
    begin(&k);
    trial_add_message(&k.t, "assistant", "<tool_call>");
    trial_add_message(&k.t, "user", "{}")->call_id = mem_copy("prompt");
    expect_words(&p, &k, "Say one.");
    talk_done(&k);
    done_turns(turns);
}

static void test_nobody_auditions_a_pretender(void **state)
{
    struct engine_spec  spec = {.context = 1};
    struct engine_facts facts = {0};
    struct err          err = {0};
    void               *self = NULL;

    (void)state;
    assert_null(engine_find(engine_pretend.name));
    assert_int_equal(engine_pretend.start(&self, &spec, &facts, &err), -1);
    assert_int_equal(err.kind, ERR_BUG);
    assert_null(self);
    for (int i = 0; i < PRETEND_COUNT; i++) {
        assert_true(strlen(pretend_help[i]) > 5);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(pretend_name[i], pretend_name[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_those_that_only_talk_say_the_same_to_everything),
        cmocka_unit_test(test_first_tool_calls_it_once_in_each_turn),
        cmocka_unit_test(test_random_is_the_same_for_a_seed_and_ends),
        cmocka_unit_test(test_oracle_gives_the_reference_of_each_turn),
        cmocka_unit_test(
            test_results_that_the_user_hands_back_are_no_turn),
        cmocka_unit_test(test_nobody_auditions_a_pretender),
    };
    return cmocka_run_group_tests_name("pretend", tests, NULL, NULL);
}
