/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "dialect.h"

static json_t *make_tools(void)
{
    return json_pack("[{s:s,s:{s:s}},{s:s,s:{s:s}},{s:s,s:{s:s}}]", "type",
                     "function", "function", "name", "turn_on", "type",
                     "function", "function", "name", "set_timer", "type",
                     "function", "function", "name", "home.off");
}

/* Calls as "name{arguments};name{arguments};". */
static char *show(const struct tool_call *calls, size_t n)
{
    char *all = mem_copy("");

    for (size_t i = 0; i < n; i++) {
        char *more =
            mem_printf("%s%s%s;", all, calls[i].name, calls[i].arguments);
        free(all);
        all = more;
        assert_string_equal(calls[i].id, "");
    }
    return all;
}

struct label {
    const char *text, *calls, *dialect;
};

static void check(const struct label *labels, size_t n_labels)
{
    json_t *tools = make_tools();

    for (size_t i = 0; i < n_labels; i++) {
        const struct label *l = &labels[i];
        struct tool_call   *calls;
        size_t              n;
        const char         *dialect;
        int   count = dialect_find(l->text, tools, &calls, &n, &dialect);
        char *got   = show(calls, n);

        assert_int_equal(count, n);
        if (strcmp(got, l->calls) != 0 ||
            strcmp(dialect ? dialect : "none", l->dialect) != 0)
            fail_msg("\"%s\": %s as %s", l->text, got,
                     dialect ? dialect : "none");
        free(got);
        dialect_free(calls, n);
    }
    json_decref(tools);
}

#define CHECK(labels) check(labels, sizeof labels / sizeof *labels)
#define ON "{\"name\":\"turn_on\",\"arguments\":{\"name\":\"Lamp\"}}"
#define ON_CALL "turn_on{\"name\":\"Lamp\"};"

static void test_dialect_reads_every_known_form(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {ON, ON_CALL, "bare JSON"},
        {"Sure! " ON " Done.", ON_CALL, "bare JSON"},
        {"{\"name\": \"turn_on\", \"parameters\": {\"name\": \"Lamp\"}}",
         ON_CALL, "bare JSON"},
        {"{\"name\":\"turn_on\",\"arguments\":\"{\\\"name\\\":\\\"Lamp\\\"}\"}",
         ON_CALL, "bare JSON"},
        {"[" ON ",\n" ON "]", ON_CALL ON_CALL, "bare JSON"},
        {ON "\n" ON, ON_CALL ON_CALL, "bare JSON"},
        {"{\"type\":\"function\",\"function\":" ON "}", ON_CALL, "bare JSON"},
        {"Here:\n```json\n" ON "\n```\nOk.", ON_CALL, "fenced JSON"},
        {"```\n[" ON "]\n```", ON_CALL, "fenced JSON"},
        {"<tool_call>\n" ON "\n</tool_call>", ON_CALL, "<tool_call>"},
        {"<tool_call>" ON "</tool_call><tool_call>" ON "</tool_call>",
         ON_CALL ON_CALL, "<tool_call>"},
        {"[TOOL_CALLS] [" ON "]", ON_CALL, "[TOOL_CALLS]"},
        {"[TOOL_CALLS][" ON "]</s>", ON_CALL, "[TOOL_CALLS]"},
        {"<|python_tag|>{\"type\":\"function\",\"name\":\"turn_on\","
         "\"parameters\":{\"name\":\"Lamp\"}}", ON_CALL, "<|python_tag|>"},
        {"<function=turn_on>{\"name\":\"Lamp\"}</function>", ON_CALL,
         "<function=...>"},
        {"<function=home.off>{}</function>", "home.off{};",
         "<function=...>"},
        {"[turn_on(name=\"Lamp\")]", ON_CALL, "pythonic"},
        {"I will [turn_on(name='Lamp'), set_timer(minutes=5, h=-1.5)] now",
         ON_CALL "set_timer{\"minutes\":5,\"h\":-1.5};", "pythonic"},
        {"[set_timer(a=True, b=None, c=[1, 'x',], d={'k': False, \"l\": 2})]",
         "set_timer{\"a\":true,\"b\":null,\"c\":[1,\"x\"],\"d\":"
         "{\"k\":false,\"l\":2}};", "pythonic"},
        {"[set_timer(name=\"it\\'s \\\"tea\\\" \\\\ \\n\")]",
         "set_timer{\"name\":\"it's \\\"tea\\\" \\\\ \\n\"};", "pythonic"},
        {"[set_timer()]", "set_timer{};", "pythonic"},
        {"[set_timer(a=[[[[[[[[[[1]]]]]]]]]])]",
         "set_timer{\"a\":[[[[[[[[[[1]]]]]]]]]]};", "pythonic"},
        {"<think>maybe " ON "</think>[set_timer()]", "set_timer{};",
         "pythonic"},
        {"Use {braces} and [brackets] like so: " ON, ON_CALL, "bare JSON"},
    };
    CHECK(labels);
}

static void test_dialect_takes_nothing_else_for_a_call(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"", "", "none"},
        {"I turned the lamp on.", "", "none"},
        {"{\"name\":\"explode\",\"arguments\":{}}", "", "none"},
        {"{\"name\":\"turn_on\"}", "", "none"},
        {"{\"name\":\"turn_on\",\"arguments\":[1]}", "", "none"},
        {"{\"name\":\"turn_on\",\"arguments\":\"soon\"}", "", "none"},
        {"{\"name\":\"turn_on\",\"arguments\":{\"name\":\"Lamp\"}", "",
         "none"},
        {"[turn_on(name=Lamp)]", "", "none"},
        {"[turn_on(name=\"Lamp)]", "", "none"},
        {"[turn_on(\"Lamp\")]", "", "none"},
        {"[turn_on(name=\"Lamp\"), and so on]", "", "none"},
        {"[explode(a=1)]", "", "none"},
        {"[set_timer(a=99e999)]", "", "none"},
        {"[set_timer(a=[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]])]", "",
         "none"},
        {"<function=turn_on>", "", "none"},
        {"<function=explode>{}</function>", "", "none"},
        {"<tool_call>", "", "none"},
        {"<think>I should say " ON, "", "none"},
        {"{\"a\":\"" "\xFF" "\",\"name\":\"turn_on\",\"arguments\":{}}", "",
         "none"},
        {"{\"type\":\"function\",\"function\":\"turn_on\"}", "", "none"},
        {"{\"turn_on\":{\"name\":\"Lamp\"}}", "", "none"},
        {"{'name': 'turn_on', 'arguments': {'name': Lamp}}", "", "none"},
        {"turn_on(name=\"Lamp\") does that.", "", "none"},
        {"Call turn_on(name=\"Lamp\").", "", "none"},
        {"- turn_on(name=\"Lamp\")", "", "none"},
        {"turn_on {\"name\":\"Lamp\"}", "", "none"},
        {"turn_on: {\"name\":\"Lamp\"}", "", "none"},
        {"turn_on\nThe lamp is {on}.", "", "none"},
        {"My action: turn_on, then I rest.", "", "none"},
        {"<tool_call>turn_on", "", "none"},
        {"<tool_call>turn_on<arg_key>name</arg_key>", "", "none"},
        {"<tool_call>explode</tool_call>", "", "none"},
        {"[TOOL_CALLS]turn_on[ARGS]", "", "none"},
        {"[TOOL_CALLS]turn_on[ARGS]{\"name\":", "", "none"},
        {"call:turn_on{name:<escape>Lamp", "", "none"},
        {"<function=turn_on><parameter=name>Lamp", "", "none"},
        {"<function=turn_on><parameter=name>Lamp</parameter>", "", "none"},
        {"<invoke name=\"turn_on\">now</invoke>", "", "none"},
        {"<invoke>turn_on</invoke>", "", "none"},
        {"Action: turn_on\nAction Input: the lamp", "", "none"},
    };
    CHECK(labels);
}

/* The list of tools said again has names and "parameters" too. */
static void test_a_tool_that_is_described_is_not_called(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"name\":\"turn_on\",\"description\":\"x\",\"parameters\":"
         "{\"type\":\"object\",\"properties\":{}}}", "", "none"},
        {"<tools>[{\"type\":\"function\",\"function\":{\"name\":"
         "\"turn_on\",\"parameters\":{\"type\":\"object\",\"properties\":"
         "{\"name\":{\"type\":\"string\"}}}}}]</tools>", "", "none"},
        {"<tools>{\"name\":\"turn_on\",\"description\":\"x\"}</tools>",
         "", "none"},
        {"<tool_call>{\"name\":\"turn_on\",\"description\":\"x\"}", "",
         "none"},
    };
    CHECK(labels);
}

static void test_dialect_without_tools_finds_no_calls(void **state)
{
    (void)state;
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;

    assert_int_equal(dialect_find(ON, NULL, &calls, &n, &dialect), 0);
    assert_null(calls);
    assert_int_equal(n, 0);
    assert_null(dialect);
    dialect_free(calls, n);
}

/* The bounds of dialect.h keep this short. */
static void check_repeated(const char *seed, size_t len)
{
    char   *text  = mem_new(len + 1, 1);
    json_t *tools = make_tools();
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;

    for (size_t i = 0; i < len; i++) text[i] = seed[i % strlen(seed)];
    dialect_find(text, tools, &calls, &n, &dialect);
    assert_in_range(n, 0, 16);
    dialect_free(calls, n);
    json_decref(tools);
    free(text);
}

static void test_dialect_survives_hostile_text(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "[", "{", "{\"a\":", "[{", "[f(a=", "[turn_on(a=[", "[set_timer(),",
        "<function=", "<function=turn_on>{", "<tool_call>", "```", "<think>",
        "</think>", "[a", "\xFF", "[set_timer(a='", "[set_timer(a=['',",
        "{\"\":[", ON, "[f(a={'a':", "\"\\", "<", "{'a':", "[{'a':",
        "<function=turn_on><parameter=a>", "turn_on(a=", "turn_on\n{",
        "<tool_call>turn_on<arg_key>", "<arg_key>a</arg_key><arg_value>",
        "<function=turn_on><parameter=a><![CDATA[", "to=turn_on<|message|>{",
        "<|start|>", "<|channel|>", "call:turn_on{a:<escape>", "call:turn_on{",
        "<start_function_call>call:turn_on{a:[", "\xEF\xBD\x9C", "<\xEF\xBD",
        "<parameter name=\"", "[TOOL_CALLS]turn_on[ARGS]", "print(print(",
    };

    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        check_repeated(seeds[i], 70000);
    check_repeated("[", 1000000);
    check_repeated("{\"", 1000000);
}

/* Ten thousand tools, and a text in which a call could be anywhere: with a
 * walk through all of them at each such place it took a minute. */
static void test_many_tools_and_many_places_take_no_time(void **state)
{
    static const struct { const char *piece, *call; } cases[] = {
        {"\na", "\ntool_9999{\"a\": 1}"},
        {"<function=a>", "\ntool_9999{\"a\": 1}"},
        {"to=a<|message|>", "to=tool_9999<|message|>{\"a\": 1}"}};
    json_t *tools = json_array();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        char name[24];

        snprintf(name, sizeof name, "tool_%d", i);
        json_array_append_new(tools, json_pack("{s:{s:s}}", "function", "name",
                                               name));
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t            len = strlen(cases[i].piece), n;
        char             *text = mem_new(60001, 1);
        struct tool_call *calls;
        const char       *dialect;
        clock_t           begin = clock();

        for (size_t at = 0; at + len < 60000 - 50; at += len)
            memcpy(text + at, cases[i].piece, len);
        strcat(text, cases[i].call);
        assert_int_equal(dialect_find(text, tools, &calls, &n, &dialect), 1);
        assert_string_equal(calls[0].name, "tool_9999");
        assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 2);
        dialect_free(calls, n);
        free(text);
    }
    json_decref(tools);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialect_reads_every_known_form),
        cmocka_unit_test(test_dialect_takes_nothing_else_for_a_call),
        cmocka_unit_test(test_a_tool_that_is_described_is_not_called),
        cmocka_unit_test(test_dialect_without_tools_finds_no_calls),
        cmocka_unit_test(test_dialect_survives_hostile_text),
        cmocka_unit_test(test_many_tools_and_many_places_take_no_time),
    };
    return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
