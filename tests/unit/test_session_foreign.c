/* SPDX-License-Identifier: MIT */
/* A case that brings its own setting: functions instead of a home, a system
 * message or none, what was said before, how long an answer may be. What the
 * engine is asked with is looked at. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "config.h"
#include "prompt.h"
#include "session.h"

#define F_TOOLS                                                               \
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":"    \
    "{\"type\":\"object\",\"properties\":{}}}}]"

/* An engine that remembers how it was asked and answers with a call of f, or
 * in words. */
struct asked {
    int         requests, max_tokens;
    size_t      n_tools;
    char        roles[40], first[400], last[400];
    const char *content;       /* what it says; NULL: it calls f             */
};

static int chat(void *engine, const struct chat_request *r, struct turn *turn,
                struct err *err)
{
    struct asked *a = engine;

    (void)err;
    a->requests++;
    a->max_tokens = r->max_tokens;
    a->n_tools = json_array_size(r->tools);
    a->roles[0] = '\0';
    for (size_t i = 0; i < r->n_messages && i < 39; i++) {
        a->roles[i] = r->messages[i].role[0];
        a->roles[i + 1] = '\0';
    }
    strncpy(a->first, r->messages[0].text, sizeof a->first - 1);
    strncpy(a->last, r->messages[r->n_messages - 1].text,
            sizeof a->last - 1);
    free(turn->content);
    turn->content = mem_copy(a->content ? a->content : "");
    if (a->content) return 0;
    turn->calls = mem_new(1, sizeof *turn->calls);
    turn->calls[0] = (struct tool_call){mem_copy("1"), mem_copy("f"),
                                        mem_copy("{\"broken\":")};
    turn->n_calls = 1;
    return 0;
}

static const struct engine_ops ops = {.name = "asked", .chat = chat};

/* functions, before: as text, or NULL. */
static void talk(struct asked *a, struct trial *t, const char *functions,
                 const char *system, const char *before, int max_tokens,
                 const struct tools_prompt *by_prompt)
{
    struct suite_turn turn = {.say = (char[]){"Say it."}, .cuts_words = -1};
    struct suite_case test = {
        .turns = &turn, .n_turns = 1, .system = (char *)system,
        .max_tokens = max_tokens,
        .functions = functions ? jsonx_parse(functions, strlen(functions),
                                             NULL) : NULL,
        .before = before ? jsonx_parse(before, strlen(before), NULL) : NULL};
    struct config     config = {.prompt = (char[]){"Ours, {{now}}."}};
    struct prompt_kit kit;
    struct err        err = {0};
    struct session    how = {.ops = &ops, .engine = a, .kit = &kit,
                             .by_prompt = by_prompt};

    *t = (struct trial){.status = TRIAL_OK};
    if (prompt_foreign(&kit, &config, &test, NULL, &err) ||
        session_run(&how, &test, t, &err))
        fail_msg("%s", err.text);
    prompt_done(&kit);
    json_decref(test.functions);
    json_decref(test.before);
}

static void test_functions_are_offered_and_one_answer_ends_it(void **state)
{
    (void)state;
    struct asked a = {.content = NULL};
    struct trial t;

    talk(&a, &t, F_TOOLS, NULL, NULL, 0, NULL);
    assert_int_equal(a.requests, 1);
    assert_int_equal(a.n_tools, 1);
    assert_int_equal(a.max_tokens, SESSION_MAX_TOKENS);
    assert_string_equal(a.roles, "su");
    assert_string_equal(a.first, "Ours, " PROMPT_NOW ".");
    assert_int_equal(t.status, TRIAL_OK);
    assert_int_equal(t.n_turns, 1);
    assert_string_equal(t.turns[0].calls[0].arguments, "{\"broken\":");
    assert_int_equal(t.n_messages, 3);
    trial_done(&t);
}

static void test_a_foreign_system_message_is_left_as_it_is(void **state)
{
    (void)state;
    struct asked a = {.content = "It is said."};
    struct trial t;

    talk(&a, &t, "[]", "Now is {{now}}, {{entities}}.", NULL, 1280, NULL);
    assert_string_equal(a.first, "Now is {{now}}, {{entities}}.");
    assert_string_equal(a.roles, "su");
    assert_int_equal(a.n_tools, 0);
    assert_int_equal(a.max_tokens, 1280);
    trial_done(&t);
}

static void test_an_empty_system_message_is_none_at_all(void **state)
{
    (void)state;
    struct asked a = {.content = "It is said."};
    struct trial t;

    talk(&a, &t, NULL, "", NULL, 0, NULL);
    assert_string_equal(a.roles, "u");
    assert_string_equal(a.first, "Say it.");
    trial_done(&t);
}

static void test_what_was_said_before_comes_before(void **state)
{
    (void)state;
    struct asked a = {.content = "It is said."};
    struct trial t;

    talk(&a, &t, NULL, "", "[{\"role\":\"user\",\"content\":\"a {{now}}\"},"
         "{\"role\":\"assistant\",\"content\":\"b\"},"
         "{\"role\":\"system\",\"content\":\"c\"}]", 0, NULL);
    assert_string_equal(a.roles, "uasu");
    assert_string_equal(a.first, "a {{now}}");
    assert_string_equal(a.last, "Say it.");
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(t.messages[i].call_id, MESSAGE_BEFORE);
        assert_int_equal(t.messages[i].turn, -1);
    }
    assert_null(t.messages[3].call_id);
    trial_done(&t);
}

/* What a model whose template drops tools is asked with. */
static void test_by_prompt_functions_stand_in_the_system_message(void **state)
{
    (void)state;
    struct tools_prompt how = {0};
    struct asked a = {.content = "<tool_call>{\"name\":\"f\",\"arguments\":"
                                 "{}}</tool_call>"};
    struct trial t;

    tools_prompt_make(NULL, &how);
    talk(&a, &t, F_TOOLS, "", NULL, 0, &how);
    assert_int_equal(a.requests, 1);
    assert_int_equal(a.n_tools, 0);
    assert_string_equal(a.roles, "su");
    assert_non_null(strstr(a.first, "\"f\""));
    assert_int_equal(t.turns[0].n_calls, 1);
    assert_string_equal(t.turns[0].calls[0].name, "f");
    trial_done(&t);
    tools_prompt_done(&how);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_offered_and_one_answer_ends_it),
        cmocka_unit_test(test_a_foreign_system_message_is_left_as_it_is),
        cmocka_unit_test(test_an_empty_system_message_is_none_at_all),
        cmocka_unit_test(test_what_was_said_before_comes_before),
        cmocka_unit_test(
            test_by_prompt_functions_stand_in_the_system_message),
    };
    return cmocka_run_group_tests_name("session, foreign", tests, NULL, NULL);
}
