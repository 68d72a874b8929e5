/* SPDX-License-Identifier: MIT */
/* test_dialect_families.c - a call as each family of models writes it, by
 * their chat templates and by llama.cpp's parsers of them (build 11434). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect.h"

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"turn_on\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"floor\":{\"type\":\"integer\"},"
    "\"fade\":{\"type\":\"boolean\"},\"level\":{\"type\":\"number\"},"
    "\"color\":{\"type\":\"array\"},\"more\":{\"type\":\"object\"},"
    "\"unit\":{\"enum\":[\"a\",\"b\"]},\"what\":{},"
    "\"maybe\":{\"type\":[\"string\",\"null\"]},"
    "\"either\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}}}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"get_state\"}},"
    "{\"name\":\"timer.set\"}]";

struct label {
    const char *text, *calls, *dialect;
};

static void check(const struct label *labels, size_t n_labels)
{
    json_t *tools = json_loads(TOOLS, 0, NULL);

    assert_non_null(tools);
    for (size_t i = 0; i < n_labels; i++) {
        const struct label *l = &labels[i];
        struct tool_call   *calls;
        size_t              n;
        const char         *dialect;
        char               *got = mem_copy("");

        dialect_find(l->text, tools, &calls, &n, &dialect);
        for (size_t j = 0; j < n; j++) {
            char *more = mem_printf("%s%s%s;", got, calls[j].name,
                                    calls[j].arguments);
            free(got);
            got = more;
        }
        if (!dialect) dialect = "none";
        if (strcmp(got, l->calls) != 0 || strcmp(dialect, l->dialect) != 0)
            fail_msg("\"%s\": \"%s\" as %s", l->text, got, dialect);
        free(got);
        dialect_free(calls, n);
    }
    json_decref(tools);
}

#define CHECK(labels) check(labels, sizeof labels / sizeof *labels)
#define ARGS      "{\"name\":\"Lamp\"}"
#define CALL      "{\"name\":\"turn_on\",\"arguments\":" ARGS "}"
#define STATE     "{\"name\":\"get_state\",\"arguments\":{}}"
#define ON        "turn_on" ARGS ";"
#define BOTH      ON "get_state{};"
#define BAR       "\xEF\xBD\x9C"
#define GAP       "\xE2\x96\x81"
#define DEEP(x)   "<" BAR x BAR ">"

static void test_json_behind_a_mark(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"<tool_call>[" CALL ", " STATE "]</tool_call>", BOTH, "<tool_call>"},
        {"<tool_call>\n" CALL "\n</tool_call>\n<tool_call>\n" STATE
         "\n</tool_call>", BOTH, "<tool_call>"},
        {"<tool_call>{'name': 'turn_on', 'arguments': {'name': 'Lamp'}}"
         "</tool_call>", ON, "<tool_call>"},
        {"<tool_call>{\"name\":\"get_state\"}</tool_call>", "get_state{};",
         "<tool_call>"},
        {"<tool_call>{\"name\":\"get_state\",\"arguments\":null}</tool_call>",
         "get_state{};", "<tool_call>"},
        {"<tool_calls>\n" CALL "\n" STATE "\n</tool_calls>", BOTH,
         "<tool_calls>"},
        {"\n<tool_calls>[" CALL ", " STATE "]</tool_calls>", BOTH,
         "<tool_calls>"},
        {"<toolcall> " CALL " </toolcall> <toolcall> " STATE " </toolcall>",
         BOTH, "<toolcall>"},
        {"<TOOLCALL>[" CALL "]</TOOLCALL>", ON, "<toolcall>"},
        {"<|tool_call|>[" CALL "]", ON, "<|tool_call|>"},
        {"<|tool_call|>[" CALL "]<|/tool_call|>", ON, "<|tool_call|>"},
        {"functools[" CALL ", " STATE "]", BOTH, "functools"},
        {"Sure. functools[" CALL "]", ON, "functools"},
        {"<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": "
         "\"turn_on\", \"parameters\": " ARGS "}\n]<|END_ACTION|>", ON,
         "<|START_ACTION|>"},
        {"Action: ```json\n[\n {\"tool_name\": \"turn_on\",\n \"parameters\": "
         ARGS "}\n]```", ON, "fenced JSON"},
        {"I look.<|action_start|><|plugin|>\n{\"name\": \"turn_on\", "
         "\"parameters\": " ARGS "}<|action_end|>", ON, "<|plugin|>"},
        {"<|tools_prefix|>[{\"turn_on\": " ARGS "},{\"get_state\": {}}]"
         "<|tools_suffix|>", BOTH, "<|tools_prefix|>"},
        {"<|function_call|>" CALL, ON, "<|function_call|>"},
        {"<|python_tag|>{\"name\": \"turn_on\", \"parameters\": " ARGS "}; "
         "{\"name\": \"get_state\", \"parameters\": {}}", BOTH,
         "<|python_tag|>"},
        {"[TOOL_CALLS][{\"name\": \"turn_on\", \"arguments\": " ARGS
         ", \"id\": \"123456789\"}]", ON, "[TOOL_CALLS]"},
        {"<tools>\n" CALL "\n</tools>", ON, "<tools>"},
        {"<function_call>" CALL "</function_call>", ON, "<function_call>"},
        {"```tool_call\n" CALL "\n```", ON, "```tool_call"},
    };
    CHECK(labels);
}

static void test_json_of_every_shape(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"function\":\"turn_on\",\"args\":" ARGS "}", ON, "bare JSON"},
        {"{\"tool_calls\":[" CALL "," STATE "]}", BOTH, "bare JSON"},
        {"{\"tool_calls\":[{\"type\":\"function\",\"id\":\"a\",\"function\":"
         CALL "}]}", ON, "bare JSON"},
        {"{\"tool_call\":" CALL "}", ON, "bare JSON"},
        {"{\"function_call\":" CALL "}", ON, "bare JSON"},
        {"{\"action\":\"turn_on\",\"action_input\":" ARGS "}", ON,
         "bare JSON"},
        {"{\"tool\":\"turn_on\",\"tool_input\":" ARGS "}", ON, "bare JSON"},
        {"{\"tool_name\":\"turn_on\",\"parameters\":" ARGS "}", ON,
         "bare JSON"},
        {"{\"name\":\"functions.turn_on\",\"arguments\":" ARGS "}", ON,
         "bare JSON"},
        {"[{'name': 'turn_on', 'arguments': {'name': 'Lamp'}}]", ON,
         "bare JSON"},
        {"{\"name\":\"timer.set\",\"arguments\":{}}", "timer.set{};",
         "bare JSON"},
        {"[{\"type\":\"function\",\"function\":{\"name\":\"turn_on\","
         "\"arguments\":\"{\\\"name\\\":\\\"Lamp\\\"}\"}}]", ON, "bare JSON"},
    };
    CHECK(labels);
}

static void test_calls_written_as_code(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"[turn_on(name=\"Lamp\"), get_state()]", BOTH, "pythonic"},
        {"turn_on(name=\"Lamp\")", ON, "pythonic"},
        {"On it.\n  turn_on(name=\"Lamp\")  \nget_state()", BOTH, "pythonic"},
        {"turn_on(\n    name=\"Lamp\"\n)<|eot_id|>", ON, "pythonic"},
        {"<|tool_call_start|>[turn_on(name=\"Lamp\"), get_state()]"
         "<|tool_call_end|>Done.", BOTH, "<|tool_call_start|>"},
        {"<|tool_call_start|>[timer.set(minutes=5)]<|tool_call_end|>",
         "timer.set{\"minutes\":5};", "<|tool_call_start|>"},
        {"<|python_start|>[turn_on(name=\"Lamp\")]<|python_end|>", ON,
         "<|python_start|>"},
        {"<|python_tag|>turn_on.call(name=\"Lamp\")", ON, "<|python_tag|>"},
        {"```tool_code\nturn_on(name=\"Lamp\")\n```", ON, "```tool_code"},
        {"```tool_code\nprint(default_api.turn_on(name=\"Lamp\"))\n"
         "print(get_state())\n```", BOTH, "```tool_code"},
        {"```tool_code\n[turn_on(name=\"Lamp\")]\n```", ON, "```tool_code"},
        {"```python\nturn_on(name=\"Lamp\")\nget_state()\n```", BOTH,
         "fenced pythonic"},
        {"```python\n# light\nturn_on(name=\"Lamp\")\n```", ON, "pythonic"},
        {"```\n[turn_on(name=\"Lamp\")]\n```", ON, "fenced pythonic"},
        {"<function_calls>\nturn_on(name=\"Lamp\")\nget_state()\n"
         "</function_calls>", BOTH, "<function_calls>"},
        {"[turn_on(name=\"L\\u00e4mp\", floor=99999999999999999999)]",
         "turn_on{\"name\":\"L\xC3\xA4mp\",\"floor\":1e20};", "pythonic"},
    };
    CHECK(labels);
}

static void test_a_name_and_then_json(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"[TOOL_CALLS]turn_on[ARGS]" ARGS "[TOOL_CALLS]get_state[ARGS]{}",
         BOTH, "[TOOL_CALLS]"},
        {"[TOOL_CALLS]turn_on[CALL_ID]Ab12cd34e[ARGS]" ARGS "</s>", ON,
         "[TOOL_CALLS]"},
        {">>>turn_on\n" ARGS ">>>get_state\n{}", BOTH, ">>>"},
        {"all\nOn it.>>>turn_on\n" ARGS, ON, ">>>"},
        {"turn_on\n" ARGS, ON, "name, then JSON"},
        {"turn_on" ARGS, ON, "name, then JSON"},
        {"turn_on[ARGS]" ARGS, ON, "name, then JSON"},
        {DEEP("tool" GAP "calls" GAP "begin") DEEP("tool" GAP "call" GAP
         "begin") "function" DEEP("tool" GAP "sep") "turn_on\n```json\n" ARGS
         "\n```" DEEP("tool" GAP "call" GAP "end") "\n"
         DEEP("tool" GAP "call" GAP "begin") "function" DEEP("tool" GAP "sep")
         "get_state\n```json\n{}\n```" DEEP("tool" GAP "call" GAP "end")
         DEEP("tool" GAP "calls" GAP "end"), BOTH, "<|tool_sep|>"},
        {DEEP("tool" GAP "calls" GAP "begin") DEEP("tool" GAP "call" GAP
         "begin") "turn_on" DEEP("tool" GAP "sep") ARGS
         DEEP("tool" GAP "call" GAP "end") DEEP("tool" GAP "call" GAP "begin")
         "get_state" DEEP("tool" GAP "sep") "{}", BOTH, "<|tool_call_begin|>"},
        {DEEP("tool" GAP "calls" GAP "begin") "function"
         DEEP("tool" GAP "sep") "turn_on\n```json\n" ARGS "\n```", ON,
         "<|tool_sep|>"},
        {"<|tool calls begin|>turn_on<|tool\\_sep|>" ARGS, ON,
         "<|tool_calls_begin|>"},
        {"<|tool_calls_section_begin|><|tool_call_begin|>functions.turn_on:0"
         "<|tool_call_argument_begin|>" ARGS "<|tool_call_end|>"
         "<|tool_call_begin|>functions.get_state:1"
         "<|tool_call_argument_begin|>{}<|tool_call_end|>", BOTH,
         "<|tool_call_begin|>"},
        {"<|tool_call:begin|>x1<|tool_call:name|>turn_on<|tool_call:args|>"
         ARGS "<|tool_call:end|>", ON, "<|tool_call:name|>"},
        {"\u273f" "FUNCTION\u273f: turn_on\n\u273f" "ARGS\u273f: " ARGS
         "\n\u273f" "FUNCTION\u273f: get_state\n\u273f" "ARGS\u273f: {}\n"
         "\u273f" "RESULT\u273f", BOTH, "\u273f" "FUNCTION\u273f"},
        {"Thought: the lamp.\nAction: turn_on\nAction Input: " ARGS
         "\nObservation: on", ON, "Action:"},
    };
    CHECK(labels);
}

static void test_calls_written_as_tags(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"<function=turn_on>" ARGS "</function>", ON, "<function=...>"},
        {"<tool_call>\n<function=turn_on>\n<parameter=name>\nLamp\n"
         "</parameter>\n</function>\n</tool_call>\n<tool_call>\n"
         "<function=get_state>\n</function>\n</tool_call>", BOTH,
         "<function=...>"},
        {"<function=turn_on>\n<parameter=name>\nLamp\n</function>", ON,
         "<function=...>"},
        {"<seed:tool_call>\n<function=turn_on>\n<parameter=name>Lamp"
         "</parameter>\n</function>\n</seed:tool_call>", ON,
         "<function=...>"},
        {"<minimax:tool_call>\n<invoke name=\"turn_on\">\n<parameter name="
         "\"name\">Lamp</parameter>\n</invoke>\n</minimax:tool_call>", ON,
         "<invoke>"},
        {"<" BAR "DSML" BAR "function_calls>\n<" BAR "DSML" BAR "invoke name="
         "\"turn_on\">\n<" BAR "DSML" BAR "parameter name=\"name\" string="
         "\"true\">Lamp</" BAR "DSML" BAR "parameter>\n</" BAR "DSML" BAR
         "invoke>\n</" BAR "DSML" BAR "function_calls>", ON, "<invoke>"},
        {"<atem:function_calls>\n<atem:invoke name=\"turn_on\">\n"
         "<atem:parameter name=\"name\">Lamp</atem:parameter>\n"
         "</atem:invoke>\n</atem:function_calls>", ON, "<invoke>"},
        {"<function name=\"turn_on\"><param name=\"name\"><![CDATA[La<b>mp]]>"
         "</param></function>", "turn_on{\"name\":\"La<b>mp\"};",
         "<function=...>"},
        {"<tool_call>turn_on\n<arg_key>name</arg_key>\n<arg_value>Lamp"
         "</arg_value>\n</tool_call>\n<tool_call>get_state\n</tool_call>",
         BOTH, "<arg_key>"},
        {"<tool_call>turn_on<arg_key>name</arg_key><arg_value>Lamp"
         "</arg_value></tool_call>", ON, "<arg_key>"},
        {"<tool_calls:opensource>\n<tool_call:opensource>turn_on"
         "<tool_sep:opensource>\n<arg_key:opensource>name"
         "</arg_key:opensource>\n<arg_value:opensource>Lamp"
         "</arg_value:opensource>\n</tool_call:opensource>", ON, "<arg_key>"},
        {DEEP("tool_call_begin") "function" DEEP("tool_sep")
         "<steptml:invoke name=\"turn_on\"><steptml:parameter name=\"name\">"
         "Lamp</steptml:parameter></steptml:invoke>", ON, "<invoke>"},
    };
    CHECK(labels);
}

/* The tool's schema says what a parameter's text is. */
static void test_a_parameter_has_the_type_of_its_schema(void **state)
{
    (void)state;
#define PARAMETER(key, value) \
    "<function=turn_on><parameter=" key ">" value "</parameter></function>"
    static const struct label labels[] = {
        {PARAMETER("name", "5"), "turn_on{\"name\":\"5\"};", ""},
        {PARAMETER("floor", "5"), "turn_on{\"floor\":5};", ""},
        {PARAMETER("floor", "the fifth"), "turn_on{\"floor\":\"the fifth\"};",
         ""},
        {PARAMETER("floor", "\"5\""), "turn_on{\"floor\":\"\\\"5\\\"\"};", ""},
        {PARAMETER("level", "0.5"), "turn_on{\"level\":0.5};", ""},
        {PARAMETER("fade", "true"), "turn_on{\"fade\":true};", ""},
        {PARAMETER("fade", "\nFalse\n"), "turn_on{\"fade\":false};", ""},
        {PARAMETER("color", "[255, 0, 0]"), "turn_on{\"color\":[255,0,0]};",
         ""},
        {PARAMETER("color", "['red', None]"),
         "turn_on{\"color\":[\"red\",null]};", ""},
        {PARAMETER("more", "{\"a\": {\"b\": 1}}"),
         "turn_on{\"more\":{\"a\":{\"b\":1}}};", ""},
        {PARAMETER("more", "{a}"), "turn_on{\"more\":\"{a}\"};", ""},
        {PARAMETER("unit", "a"), "turn_on{\"unit\":\"a\"};", ""},
        {PARAMETER("what", "5"), "turn_on{\"what\":\"5\"};", ""},
        {PARAMETER("unknown", "5"), "turn_on{\"unknown\":\"5\"};", ""},
        {PARAMETER("maybe", "null"), "turn_on{\"maybe\":null};", ""},
        {PARAMETER("maybe", "5"), "turn_on{\"maybe\":\"5\"};", ""},
        {PARAMETER("either", "5"), "turn_on{\"either\":5};", ""},
        {PARAMETER("either", "five"), "turn_on{\"either\":\"five\"};", ""},
        {PARAMETER("name", "a\nb\n\n"), "turn_on{\"name\":\"a\\nb\\n\"};", ""},
    };
    static const struct label told[] = {
        {"<invoke name=\"turn_on\"><parameter name=\"name\" string=\"false\">"
         "5</parameter></invoke>", "turn_on{\"name\":5};", "<invoke>"},
        {"<invoke name=\"turn_on\"><parameter name=\"floor\" string=\"true\">"
         "5</parameter></invoke>", "turn_on{\"floor\":\"5\"};", "<invoke>"},
    };

    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct label l = labels[i];
        l.dialect = "<function=...>";
        check(&l, 1);
    }
    CHECK(told);
}

static void test_gemmas_own_notation(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"<start_function_call>call:turn_on{name:<escape>Lamp<escape>}"
         "<end_function_call><start_function_call>call:get_state{}"
         "<end_function_call>", BOTH, "<start_function_call>"},
        {"<|tool_call>call:turn_on{name:<|\"|>Lamp<|\"|>}<tool_call|>"
         "<|tool_call>call:get_state{}<tool_call|>", BOTH, "<|tool_call>"},
        {"<|tool_call>call:turn_on{floor:-7,level:1.5,fade:true,maybe:null,"
         "color:[<|\"|>a, b<|\"|>,2],more:{x:<|\"|>{y}<|\"|>,z:{}}}"
         "<tool_call|>",
         "turn_on{\"floor\":-7,\"level\":1.5,\"fade\":true,\"maybe\":null,"
         "\"color\":[\"a, b\",2],\"more\":{\"x\":\"{y}\",\"z\":{}}};",
         "<|tool_call>"},
        /* a server that drops special tokens */
        {"call:turn_on{name:Desk lamp,floor:2}",
         "turn_on{\"name\":\"Desk lamp\",\"floor\":2};", "call:"},
        {"call:turn_on{name:2 lamps}", "turn_on{\"name\":\"2 lamps\"};",
         "call:"},
    };
    CHECK(labels);
}

static void test_harmony_calls_are_in_messages_to_a_tool(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"<|channel|>analysis<|message|>They want light.<|end|><|start|>"
         "assistant<|channel|>commentary to=functions.turn_on "
         "<|constrain|>json<|message|>" ARGS "<|call|>", ON, "Harmony"},
        {"<|channel|>commentary to=functions.turn_on<|message|>" ARGS
         "<|call|>", ON, "Harmony"},
        {"<|channel|>analysis<|message|>hm<|end|><|start|>assistant "
         "to=functions.turn_on<|channel|>commentary json<|message|>" ARGS
         "<|call|>", ON, "Harmony"},
        {" to=functions.turn_on<|channel|>commentary<|message|>" ARGS, ON,
         "Harmony"},
        {"<|channel|>analysis to=functions.turn_on code<|message|>" ARGS
         "<|call|>", ON, "Harmony"},
        {"<|channel|>commentary to=functions.turn_on<|message|>" ARGS
         "<|call|><|start|>assistant<|channel|>commentary "
         "to=functions.get_state<|message|>{}<|call|>", BOTH, "Harmony"},
        {"commentary to=functions.turn_on json" ARGS, ON, "Harmony"},
        {"<|channel|>analysis<|message|>I could say to=functions.turn_on"
         "<|end|><|start|>assistant<|channel|>final<|message|>{}", "", "none"},
        {"<|channel|>analysis<|message|>" CALL "<|end|><|start|>assistant"
         "<|channel|>final<|message|>It is on.", "", "none"},
        {"<|channel|>commentary to=functions.explode<|message|>{}<|call|>", "",
         "none"},
        {"<|channel|>commentary to=functions.turn_on<|message|>{\"na", "",
         "none"},
    };
    CHECK(labels);
}

static void test_a_call_that_is_only_thought_does_not_count(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"<think><tool_call>" CALL "</tool_call></think>It is on.", "",
         "none"},
        {"Maybe <tool_call>" CALL "</tool_call></think>It is on.", "", "none"},
        {"[THINK]" CALL "[/THINK][TOOL_CALLS]get_state[ARGS]{}",
         "get_state{};", "[TOOL_CALLS]"},
        {"<thinking>get_state()</thinking>\nturn_on(name='Lamp')", ON,
         "pythonic"},
    };
    CHECK(labels);
}

static void test_the_seventeenth_call_is_left_out(void **state)
{
    (void)state;
    json_t *tools = json_loads(TOOLS, 0, NULL);
    char   *text  = mem_copy("");
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;

    for (int i = 0; i < 20; i++) {
        char *more = mem_printf("%sget_state()\n", text);
        free(text);
        text = more;
    }
    dialect_find(text, tools, &calls, &n, &dialect);
    assert_int_equal(n, 16);
    dialect_free(calls, n);
    json_decref(tools);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_behind_a_mark),
        cmocka_unit_test(test_json_of_every_shape),
        cmocka_unit_test(test_calls_written_as_code),
        cmocka_unit_test(test_a_name_and_then_json),
        cmocka_unit_test(test_calls_written_as_tags),
        cmocka_unit_test(test_a_parameter_has_the_type_of_its_schema),
        cmocka_unit_test(test_gemmas_own_notation),
        cmocka_unit_test(test_harmony_calls_are_in_messages_to_a_tool),
        cmocka_unit_test(test_a_call_that_is_only_thought_does_not_count),
        cmocka_unit_test(test_the_seventeenth_call_is_left_out),
    };
    return cmocka_run_group_tests_name("dialect_families", tests, NULL, NULL);
}
