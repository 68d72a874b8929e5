/* SPDX-License-Identifier: MIT */
/* The scorers of what was called, and of asking back and declining. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "score/score.h"
#include "suite.h"

static struct suite_case english = {.id = (char *)"x",
                                    .language = (char *)"en"};

static json_t *parsed(const char *text)
{
    json_t *value = jsonx_parse(text, strlen(text), NULL);

    assert_non_null(value);
    return value;
}

static void judge(const char *rule_text, struct tool_call *calls, size_t n,
                  const char *answer, struct judgement *out)
{
    json_t           *rule = parsed(rule_text);
    struct turn       turn = {.calls = calls, .n_calls = n};
    struct transcript t    = {.test = &english, .question = "Turn it on.",
                              .answer = answer, .turns = &turn, .n_turns = 1,
                              .n_calls = n};

    *out = (struct judgement){.pass = true};
    score_find(jsonx_text(rule, "scorer"))->judge(rule, &t, out);
    json_decref(rule);
}

/* ---- calls ------------------------------------------------------------- */

static void test_arguments_match_by_meaning(void **state)
{
    (void)state;
    static const struct { const char *want, *got; bool fits; } rows[] = {
        {"{}", "{}", true},
        {"{}", "", true},
        {"{\"area\":\"Kitchen\"}", "{\"area\":\" kitchen \",\"x\":1}", true},
        {"{\"area\":\"Kitchen\"}", "{\"name\":\"Kitchen\"}", false},
        {"{\"area\":\"Kitchen\"}", "{\"area\":\"Kitchen 2\"}", false},
        {"{\"minutes\":10}", "{\"minutes\":10.0}", true},
        {"{\"minutes\":10}", "{\"minutes\":\"10\"}", true},
        {"{\"minutes\":10}", "{\"minutes\":\"10 minutes\"}", false},
        {"{\"minutes\":10}", "{\"minutes\":100}", false},
        {"{\"minutes\":10}", "{\"minutes\":null}", false},
        {"{\"time\":\"07:00\"}", "{\"time\":\"07:30\"}", false},
        {"{\"days\":[\"mon\",\"tue\"]}", "{\"days\":[\"Tue\",\"mon\"]}", true},
        {"{\"days\":[\"mon\",\"tue\"]}", "{\"days\":[\"mon\"]}", false},
        {"{\"days\":[\"mon\"]}", "{\"days\":[\"mon\",\"tue\"]}", false},
        {"{\"domain\":[\"light\"]}", "{\"domain\":\"light\"}", true},
        {"{\"domain\":\"light\"}", "{\"domain\":[\"light\"]}", true},
        {"{\"data\":{\"a\":1}}", "{\"data\":{\"a\":1,\"b\":2}}", true},
        {"{\"data\":{\"a\":1}}", "{\"data\":{\"b\":1}}", false},
        {"{\"on\":true}", "{\"on\":true}", true},
        {"{\"on\":true}", "{\"on\":false}", false},
        /* Broken JSON matches nothing, not even nothing. */
        {"{}", "{\"area\":\"Kitchen\"", false},
        {"{}", "[]", false},
        {"{\"area\":\"Kitchen\"}", "area=Kitchen", false},
        {"{\"area\":\"a\"}", "{\"area\":\"a\\u0000b\"}", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *rule = mem_printf("{\"scorer\":\"calls\",\"must\":[{\"name\":"
                                "\"f\",\"arguments\":%s}]}", rows[i].want);
        struct tool_call call = {.name = (char *)"f",
                                 .arguments = (char *)rows[i].got};
        struct judgement got;

        judge(rule, &call, 1, "", &got);
        if (got.pass != rows[i].fits || got.pass != !got.reason[0])
            fail_msg("%s and %s: \"%s\"", rows[i].want, rows[i].got,
                     got.reason);
        free(rule);
    }
}

static void test_calls_are_counted_and_named(void **state)
{
    (void)state;
    static struct tool_call calls[] = {
        {.name = (char *)"f", .arguments = (char *)"{\"a\":1}"},
        {.name = (char *)"g", .arguments = (char *)"{}"},
    };
    static const struct { const char *rule, *reason; size_t n; } rows[] = {
        {"\"must\":[{\"name\":\"f\"},{\"name\":\"g\"}]", NULL, 2},
        {"\"must\":[{\"name\":\"f\"},{\"name\":\"f\"}]", "f too few times", 2},
        {"\"must\":[{\"name\":\"h\"}]", "did not call h", 2},
        {"\"must\":[{\"name\":\"h\"}]", "called nothing", 0},
        {"\"must\":[{\"name\":\"f\",\"arguments\":{\"a\":2}}]",
         "called f with {\"a\":1} instead of {\"a\":2}", 2},
        {"\"never\":[\"h\"]", NULL, 2},
        {"\"never\":[\"h\",\"g\"]", "called g, which", 2},
        {"\"at_most\":2", NULL, 2},
        {"\"at_most\":1", "made 2 calls, more than 1", 2},
        {"\"at_most\":0", NULL, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *rule = mem_printf("{\"scorer\":\"calls\",%s}", rows[i].rule);
        struct judgement got;

        judge(rule, calls, rows[i].n, "", &got);
        if (got.pass != (rows[i].reason == NULL) ||
            (rows[i].reason && !strstr(got.reason, rows[i].reason)))
            fail_msg("%s: \"%s\"", rows[i].rule, got.reason);
        free(rule);
    }
}

static void test_a_rule_of_calls_that_says_nothing_is_refused(void **state)
{
    (void)state;
    static const struct { const char *rule, *named; } rows[] = {
        {"{\"scorer\":\"calls\"}", "must, never, at_most"},
        {"{\"scorer\":\"calls\",\"must\":[]}", "\"must\""},
        {"{\"scorer\":\"calls\",\"must\":{}}", "\"must\""},
        {"{\"scorer\":\"calls\",\"must\":[{}]}", "entry 1"},
        {"{\"scorer\":\"calls\",\"must\":[{\"name\":\"f\",\"arguments\":1}]}",
         "entry 1"},
        {"{\"scorer\":\"calls\",\"must\":[{\"name\":\"f\",\"args\":{}}]}",
         "\"args\""},
        {"{\"scorer\":\"calls\",\"never\":[]}", "\"never\""},
        {"{\"scorer\":\"calls\",\"never\":[1]}", "\"never\""},
        {"{\"scorer\":\"calls\",\"at_most\":-1}", "\"at_most\""},
        {"{\"scorer\":\"calls\",\"at_most\":1.5}", "\"at_most\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t    *rule = parsed(rows[i].rule);
        struct err err  = {0};

        if (score_calls.check_rule(rule, &english, &err) == 0 ||
            err.kind != ERR_INPUT || !strstr(err.text, rows[i].named))
            fail_msg("%s: \"%s\"", rows[i].rule, err.text);
        json_decref(rule);
    }
}

/* A million brackets, and a list of a million zeros, against lists. */
static void test_hostile_arguments_match_nothing(void **state)
{
    (void)state;
    static const char rule[] =
        "{\"scorer\":\"calls\",\"must\":[{\"name\":\"f\",\"arguments\":"
        "{\"a\":[1,2,3]}}]}";
    static const char *const units[] = {"[", "{\"a\":", "\xFF", "0,"};
    char *text = mem_new(1u << 20, 1);

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct tool_call call = {.name = (char *)"f", .arguments = text};
        struct judgement got;
        size_t           at = 0, n = strlen(units[i]);

        memcpy(text, "{\"a\":[", 6);
        for (at = 6; at + n + 3 < 1u << 20; at += n)
            memcpy(text + at, units[i], n);
        memcpy(text + at - 1, "]}", 3);
        judge(rule, &call, 1, "", &got);
        assert_false(got.pass);
        text[100 * 1024 + 1] = '\0';     /* whole only in part, but judged */
        judge(rule, &call, 1, "", &got);
        assert_false(got.pass);
    }
    free(text);
}

/* ---- asks_back, declines ----------------------------------------------- */

static const char *const boilerplate[] = {
    "", "Done!", "Okay.", "I am sorry, I cannot help with that.",
    "The answer is forty two. Anything else?",
    "Sure, I can help you with that!",
    "I'm happy to help. Is there anything else?", "Turn it on.",
};

struct spoken_row { const char *answer, *reason; };

static void expect_rows(const char *rule, const struct spoken_row *rows,
                        size_t n)
{
    struct judgement got;

    for (size_t i = 0; i < n; i++) {
        judge(rule, NULL, 0, rows[i].answer, &got);
        if (got.pass != (rows[i].reason == NULL) ||
            (rows[i].reason && !strstr(got.reason, rows[i].reason)))
            fail_msg("\"%s\": \"%s\"", rows[i].answer, got.reason);
    }
    for (size_t i = 0; i < sizeof boilerplate / sizeof *boilerplate; i++) {
        judge(rule, NULL, 0, boilerplate[i], &got);
        if (got.pass) fail_msg("\"%s\" passes", boilerplate[i]);
    }
}

static void test_asking_back_is_a_question_about_it(void **state)
{
    (void)state;
    static const struct spoken_row rows[] = {
        {"Which light do you mean?", NULL},
        {"Do you mean the bedroom or the hall?", NULL},
        {"There is one in the bedroom and one in the hall. Which one?", NULL},
        {"Please tell me which light you mean.", NULL},
        {"There's a lamp in the bedroom. What now?", NULL},
        {"The bedroom light is on.", "does not ask"},
        {"The bedroom light is on. Anything else?", "does not ask"},
        {"I've turned on the bedroom light. How do you feel?", "not about"},
        {"What time is it there?", "not about \"which\""},
    };

    expect_rows("{\"scorer\":\"asks_back\",\"about\":[\"which\",\"bedroom\"]}",
                rows, sizeof rows / sizeof *rows);
}

static void test_declining_says_what_cannot_be(void **state)
{
    (void)state;
    static const struct spoken_row rows[] = {
        {"There is no oven here.", NULL},
        {"I couldn't find a device called oven.", NULL},
        {"I can't do that. The oven isn't connected.", NULL},
        {"I don't control the oven.", NULL},
        {"You mean the oven. I have no access to it.", NULL},
        {"The oven is on.", "does not say"},
        {"I've turned on the oven. There is no fan.", "without a word"},
        {"I cannot help with that. Shall I try the oven?", "without a word"},
        {"There is no stove.", "without a word of \"oven\""},
    };

    expect_rows("{\"scorer\":\"declines\",\"about\":[\"oven\"]}", rows,
                sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_match_by_meaning),
        cmocka_unit_test(test_calls_are_counted_and_named),
        cmocka_unit_test(test_a_rule_of_calls_that_says_nothing_is_refused),
        cmocka_unit_test(test_hostile_arguments_match_nothing),
        cmocka_unit_test(test_asking_back_is_a_question_about_it),
        cmocka_unit_test(test_declining_says_what_cannot_be),
    };
    return cmocka_run_group_tests_name("calls and questions", tests, NULL,
                                       NULL);
}
