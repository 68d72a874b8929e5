/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/utf8.h"
#include "catalogue_fixture.h"
#include "dialect.h"
#include "tools_prompt.h"

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"turn_on\",\"parameters\":"
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"get_state\"}}]";

static json_t *make_tools(void)
{
    json_t *tools = json_loads(TOOLS, 0, NULL);

    assert_non_null(tools);
    return tools;
}

static void make_named(void **state, const char *model,
                       struct tools_prompt *out)
{
    tools_prompt_make(model_named(*state, model), out);
}

/* A call of turn_on as the form has it. */
static char *write_call(const struct tools_prompt *p)
{
    static const char arguments[] = "{\"name\": \"Desk lamp\"}";

    if (p->separator)
        return mem_printf("%sturn_on%s%s%s", p->open, p->separator, arguments,
                          p->close);
    return mem_printf("%s%s{\"name\": \"turn_on\", \"%s\": %s}%s%s", p->open,
                      p->is_array ? "[" : "", p->arguments_key, arguments,
                      p->is_array ? "]" : "", p->close);
}

static void check_call_is_read(const struct tools_prompt *p, const char *id)
{
    char             *text  = write_call(p);
    json_t           *tools = make_tools();
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;

    dialect_find(text, tools, &calls, &n, &dialect);
    if (n != 1 || strcmp(calls[0].name, "turn_on") != 0 ||
        strcmp(calls[0].arguments, "{\"name\":\"Desk lamp\"}") != 0)
        fail_msg("%s: \"%s\" gives %zu calls", id, text, n);
    dialect_free(calls, n);
    json_decref(tools);
    free(text);
}

/* ---- forms -------------------------------------------------------------- */

static void test_a_call_in_a_documented_form_is_read(void **state)
{
    const struct catalogue *c = *state;
    size_t                  documented = 0;

    for (size_t i = 0; i < c->n; i++) {
        struct tools_prompt p;

        tools_prompt_make(&c->models[i], &p);
        check_call_is_read(&p, c->models[i].id);
        documented += p.source != NULL;
        tools_prompt_done(&p);
    }
    assert_in_range(documented, 80, c->n);
}

/* Whoever writes an entry for a model without tools in its template either
 * has a form that works or says why there is none. */
static void test_an_entry_without_tools_has_a_form_or_a_note(void **state)
{
    const struct catalogue *c = *state;

    for (size_t i = 0; i < c->n; i++) {
        const json_t       *tools = c->models[i].tools;
        struct tools_prompt p;

        if (!json_is_false(json_object_get(tools, "in_template"))) continue;
        tools_prompt_make(&c->models[i], &p);
        if (!p.source && (!json_object_get(tools, "note") ||
                          json_object_get(tools, "body")))
            fail_msg("%s: neither a form nor a note", c->models[i].id);
        tools_prompt_done(&p);
    }
}

static void test_known_models_are_asked_as_their_makers_document(void **state)
{
    static const struct {
        const char *model, *name, *open, *separator, *key, *result_open;
        bool        is_array;
    } known[] = {
        {"SmolLM2-1.7B-Instruct", "<tool_call> with a JSON array",
         "<tool_call>", NULL, "arguments", "<tool_response>\n", true},
        {"Hermes-3-Llama-3.2-3B", "<tool_call> with a JSON object",
         "<tool_call>\n", NULL, "arguments", "<tool_response>\n", false},
        {"Nemotron-Mini-4B-Instruct", "<toolcall> with a JSON object",
         "<toolcall> ", NULL, "arguments", "<tool_response>\n", false},
        {"gemma-3-4b-it", "bare JSON object", "", NULL, "parameters",
         "<tool_response>\n", false},
        {"DeepSeek-R1-Distill-Qwen-1.5B",
         "<\uff5ctool\u2581calls\u2581begin\uff5c> with the name and a JSON "
         "object",
         "<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581"
         "begin\uff5c>function<\uff5ctool\u2581sep\uff5c>", "\n```json\n",
         "arguments", "<\uff5ctool\u2581outputs\u2581begin\uff5c><\uff5ctool"
         "\u2581output\u2581begin\uff5c>", false},
        {"Qwen2-0.5B-Instruct",
         "\u273f" "FUNCTION\u273f with the name and a JSON object",
         "\u273f" "FUNCTION\u273f: ", "\n\u273f" "ARGS\u273f: ", "arguments",
         "\u273f" "RESULT\u273f: ", false},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct tools_prompt p;

        make_named(state, known[i].model, &p);
        assert_string_equal(p.name, known[i].name);
        assert_non_null(p.source);
        assert_string_equal(p.open, known[i].open);
        if (known[i].separator)
            assert_string_equal(p.separator, known[i].separator);
        else
            assert_null(p.separator);
        assert_string_equal(p.arguments_key, known[i].key);
        assert_string_equal(p.result_open, known[i].result_open);
        assert_int_equal(p.is_array, known[i].is_array);
        tools_prompt_done(&p);
    }
}

static void check_common(const struct tools_prompt *p)
{
    assert_string_equal(p->name, "<tool_call> with a JSON object");
    assert_null(p->source);
    assert_string_equal(p->open, "<tool_call>\n");
    assert_string_equal(p->close, "\n</tool_call>");
    assert_false(p->is_array);
    assert_null(p->separator);
    assert_string_equal(p->arguments_key, "arguments");
    assert_string_equal(p->result_open, "<tool_response>\n");
    assert_string_equal(p->result_close, "\n</tool_response>");
    check_call_is_read(p, "the common form");
}

static void test_a_model_without_a_form_gets_the_common_one_and_no_source(
    void **state)
{
    struct tools_prompt p;

    tools_prompt_make(NULL, &p);
    check_common(&p);
    tools_prompt_done(&p);
    make_named(state, "SmolLM2-135M-Instruct", &p);
    check_common(&p);
    tools_prompt_done(&p);
}

#define REST ",\"open\":\"<a>\",\"close\":\"</a>\",\"source\":\"x\"}"

static void test_a_form_that_is_not_whole_is_not_used(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "{}",
        "{\"body\":\"text\"" REST,
        "{\"body\":7" REST,
        "{\"body\":\"object\",\"arguments\":\"input\"" REST,
        "{\"body\":\"object\",\"arguments\":[]" REST,
        "{\"body\":\"named\"" REST,
        "{\"body\":\"named\",\"separator\":\"\"" REST,
        "{\"body\":\"object\",\"open\":\"<a>\",\"close\":\"</a>\"}",
        "{\"body\":\"object\",\"close\":\"</a>\",\"source\":\"x\"}",
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct catalogue_model model = {
            .tools = json_loads(forms[i], 0, NULL)};
        struct tools_prompt p;

        assert_non_null(model.tools);
        tools_prompt_make(&model, &p);
        check_common(&p);
        tools_prompt_done(&p);
        json_decref(model.tools);
    }
}

static void test_a_text_too_long_or_without_its_place_is_not_used(
    void **state)
{
    (void)state;
    char  *longest = mem_new(1000, 1);
    json_t *form = json_loads("{\"body\":\"object\",\"result\":\"of it\","
                              "\"declare\":{}" REST, 0, NULL);
    struct catalogue_model model = {.tools = form};
    struct tools_prompt    p;

    tools_prompt_make(&model, &p);
    assert_string_equal(p.source, "x");
    assert_string_equal(p.result_open, "<tool_response>\n");
    assert_string_equal(p.list_open, "<tools>\n");
    tools_prompt_done(&p);
    memset(longest, 'a', 999);
    json_object_set_new(form, "open", json_string(longest));
    tools_prompt_make(&model, &p);
    check_common(&p);
    tools_prompt_done(&p);
    json_decref(form);
    free(longest);
}

/* ---- texts -------------------------------------------------------------- */

static void test_the_prompt_has_each_tool_on_a_line_and_an_example(
    void **state)
{
    struct tools_prompt p;
    json_t             *tools = make_tools();
    char               *text;

    make_named(state, "SmolLM2-1.7B-Instruct", &p);
    text = tools_prompt_system(&p, "You are Ada.", tools);
    assert_string_equal(text,
        "You are Ada.\n\n# Tools\n\nThese are the tools that you can call, "
        "each with the JSON Schema of its arguments:\n"
        "<tools>[{\"type\":\"function\",\"function\":{\"name\":\"turn_on\","
        "\"parameters\":{\"type\":\"object\",\"properties\":{\"name\":"
        "{\"type\":\"string\"}}}}},\n"
        "{\"type\":\"function\",\"function\":{\"name\":\"get_state\"}}]"
        "</tools>\n\nTo call one, answer with nothing but this, filled in:\n"
        "<tool_call>[{\"name\": \"NAME\", \"arguments\": {\"ARGUMENT\": "
        "\"VALUE\"}}]</tool_call>\n"
        "Several calls go into the one array. Call a tool only when the "
        "request needs one; otherwise answer in plain words. The next turn "
        "brings the results:\n<tool_response>\nRESULT\n</tool_response>\n"
        "Then answer in plain words.");
    free(text);
    tools_prompt_done(&p);
    json_decref(tools);
}

static void test_the_example_is_in_the_form(void **state)
{
    static const struct {
        const char *model, *text;
    } examples[] = {
        {"Hermes-3-Llama-3.2-3B", "\n<tool_call>\n{\"name\": \"NAME\", "
         "\"arguments\": {\"ARGUMENT\": \"VALUE\"}}\n</tool_call>\n"},
        {"gemma-3-4b-it", "\n{\"name\": \"NAME\", \"parameters\": "
         "{\"ARGUMENT\": \"VALUE\"}}\n"},
        {"Qwen2-0.5B-Instruct", "\n\u273f" "FUNCTION\u273f: NAME\n\u273f"
         "ARGS\u273f: {\"ARGUMENT\": \"VALUE\"}\n"},
    };
    json_t *tools = make_tools();

    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct tools_prompt p;
        char               *text;

        make_named(state, examples[i].model, &p);
        text = tools_prompt_system(&p, "", tools);
        assert_memory_equal(text, "# Tools", 7);
        if (!strstr(text, examples[i].text)) fail_msg("%s", text);
        free(text);
        tools_prompt_done(&p);
    }
    json_decref(tools);
}

/* The placeholders of the prompt are no call, should a model repeat it. */
static void test_the_prompt_itself_is_no_call(void **state)
{
    const struct catalogue *c     = *state;
    json_t                 *tools = make_tools();

    for (size_t i = 0; i < c->n; i++) {
        struct tools_prompt p;
        struct tool_call   *calls;
        size_t              n;
        const char         *dialect;
        char               *text;

        tools_prompt_make(&c->models[i], &p);
        text = tools_prompt_system(&p, "Be brief.", tools);
        if (dialect_find(text, tools, &calls, &n, &dialect))
            fail_msg("%s: %s in \"%s\"", c->models[i].id, dialect, text);
        dialect_free(calls, n);
        free(text);
        tools_prompt_done(&p);
    }
    json_decref(tools);
}

static void test_without_tools_the_prompt_stays_as_it_is(void **state)
{
    (void)state;
    struct tools_prompt p;
    json_t             *none = json_array();
    char               *text;

    tools_prompt_make(NULL, &p);
    text = tools_prompt_system(&p, "You are Ada.", none);
    assert_string_equal(text, "You are Ada.");
    free(text);
    text = tools_prompt_system(&p, "You are Ada.", NULL);
    assert_string_equal(text, "You are Ada.");
    free(text);
    json_decref(none);
    tools_prompt_done(&p);
}

static void test_results_come_one_after_another(void **state)
{
    static char *const results[] = {"{\"success\": true}", "21"};
    struct tools_prompt p;
    char               *text;

    tools_prompt_make(NULL, &p);
    text = tools_prompt_results(&p, results, 2);
    assert_string_equal(text, "<tool_response>\n{\"success\": true}\n"
                        "</tool_response>\n<tool_response>\n21\n"
                        "</tool_response>");
    free(text);
    text = tools_prompt_results(&p, NULL, 0);
    assert_string_equal(text, "");
    free(text);
    tools_prompt_done(&p);
    make_named(state, "Qwen2-0.5B-Instruct", &p);
    text = tools_prompt_results(&p, results, 1);
    assert_string_equal(text, "\u273f" "RESULT\u273f: {\"success\": true}\n"
                        "\u273f" "RETURN\u273f:");
    free(text);
    tools_prompt_done(&p);
}

/* ---- bounds ------------------------------------------------------------- */

static char *repeat(const char *unit, size_t times)
{
    size_t n    = strlen(unit);
    char  *text = mem_new(n * times + 1, 1);

    for (size_t i = 0; i < times; i++) memcpy(text + i * n, unit, n);
    return text;
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) &&
           strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void test_a_result_of_ten_megabytes_is_cut_between_characters(
    void **state)
{
    (void)state;
    struct tools_prompt p;
    char               *big = repeat("\u20ac", 3500000), *text;
    char *const         results[] = {big, big, "small"};

    tools_prompt_make(NULL, &p);
    text = tools_prompt_results(&p, results, 3);
    assert_in_range(strlen(text), 600000, 1024 * 1024);
    assert_true(utf8_valid(text, strlen(text)));
    assert_true(ends_with(text, "<tool_response>\nsmall\n</tool_response>"));
    free(text);
    free(big);
    tools_prompt_done(&p);
}

static void test_tools_that_do_not_fit_are_left_out_whole(void **state)
{
    (void)state;
    struct tools_prompt p;
    char   *big   = repeat("x", 100000), *system = repeat("s", 2000000), *text;
    json_t *tools = json_array();

    for (int i = 0; i < 20; i++)
        json_array_append_new(tools, json_pack("{s:s}", "name", big));
    tools_prompt_make(NULL, &p);
    text = tools_prompt_system(&p, system, tools);
    assert_in_range(strlen(text), 900000, 1024 * 1024);
    assert_non_null(strstr(text, "xx\"}\n</tools>\n"));
    assert_true(ends_with(text, "Then answer in plain words."));
    free(text);
    json_decref(tools);
    tools_prompt_done(&p);
    free(system);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_in_a_documented_form_is_read),
        cmocka_unit_test(test_an_entry_without_tools_has_a_form_or_a_note),
        cmocka_unit_test(test_known_models_are_asked_as_their_makers_document),
        cmocka_unit_test(
            test_a_model_without_a_form_gets_the_common_one_and_no_source),
        cmocka_unit_test(test_a_form_that_is_not_whole_is_not_used),
        cmocka_unit_test(
            test_a_text_too_long_or_without_its_place_is_not_used),
        cmocka_unit_test(
            test_the_prompt_has_each_tool_on_a_line_and_an_example),
        cmocka_unit_test(test_the_example_is_in_the_form),
        cmocka_unit_test(test_the_prompt_itself_is_no_call),
        cmocka_unit_test(test_without_tools_the_prompt_stays_as_it_is),
        cmocka_unit_test(test_results_come_one_after_another),
        cmocka_unit_test(
            test_a_result_of_ten_megabytes_is_cut_between_characters),
        cmocka_unit_test(test_tools_that_do_not_fit_are_left_out_whole),
    };
    return cmocka_run_group_tests_name("tools_prompt", tests, catalogue_setup,
                                       catalogue_teardown);
}
