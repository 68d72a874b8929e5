/* SPDX-License-Identifier: MIT */
/* The verdicts of home-assistant-datasets: the rule, the scorer that is made
 * of it, and recorded runs that are made again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "original/ha_rule.h"
#include "original/selfcheck.h"
#include "score/score.h"
#include "suite.h"
#include "temp_tree.h"

static json_t *value_of(const char *text)
{
    struct err err   = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s: %s", text, err.text);
    return value;
}

/* ---- equality ------------------------------------------------------------ */

static void test_values_are_equal_by_value_or_as_text(void **s)
{
    static const struct { const char *a, *b; bool same; } rows[] = {
        {"22", "22.0", true}, {"50", "\"50\"", true}, {"1", "true", true},
        {"0", "false", true}, {"true", "\"True\"", true},
        {"true", "\"true\"", false}, {"null", "\"None\"", true},
        {"null", "0", false}, {"null", "\"\"", false},
        {"22.0", "\"22\"", false}, {"22.0", "\"22.0\"", true},
        {"0.1", "\"0.1\"", true}, {"1e16", "\"1e+16\"", true},
        {"1e15", "\"1000000000000000.0\"", true},
        {"0.00001", "\"1e-05\"", true}, {"0.0001", "\"0.0001\"", true},
        {"9007199254740993", "9007199254740992.0", false},
        {"\"on\"", "\"On\"", false}, {"\"a\"", "\"a\\u0000b\"", false},
        {"[1,2]", "[1.0,2]", true}, {"[1]", "[\"1\"]", false},
        {"[1]", "1", false}, {"[]", "\"[]\"", false}, {"[1]", "[1,2]", false},
        {"[[1]]", "[[true]]", true}, {"{\"a\":1}", "{\"a\":1.0}", true},
        {"{\"a\":1}", "{\"b\":1}", false}, {"{}", "[]", false},
    };

    (void)s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *a = value_of(rows[i].a), *b = value_of(rows[i].b);

        if (ha_same(a, b) != rows[i].same || ha_same(b, a) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        json_decref(a);
        json_decref(b);
    }
    assert_true(ha_same(NULL, NULL));
}

/* ---- verdicts ------------------------------------------------------------ */

#define START "{\"light.a\":{\"state\":\"off\",\"brightness\":null}," \
              "\"cover.b\":{\"state\":\"closed\",\"is_closed\":true}}"
#define LIT   "{\"light.a\":{\"state\":\"on\",\"brightness\":100}," \
              "\"cover.b\":{\"state\":\"closed\",\"is_closed\":true}}"
#define ON    "\"expect_changes\":{\"light.a\":{\"state\":\"on\"}}"
#define ALL   "\"expect_changes\":{\"light.a\":{\"state\":\"on\"," \
              "\"attributes\":{\"brightness\":\"100\"}}}"

static const char *verdict(const char *rule_text, const char *start_text,
                           const char *end_text, const char *reply)
{
    json_t        *object = value_of(rule_text);
    json_t        *start = value_of(start_text), *end = value_of(end_text);
    json_t        *arguments = value_of("{\"name\":\"a\",\"n\":1}");
    struct ha_run  run = {start, end, reply, strlen(reply), "HassTurnOn",
                          arguments};
    struct ha_rule rule;
    struct err     err = {0};
    const char    *why;

    if (ha_rule_read(object, &rule, &err)) fail_msg("%s", err.text);
    why = ha_why_name(ha_judge(&rule, &run));
    json_decref(object);
    json_decref(start);
    json_decref(end);
    json_decref(arguments);
    return why ? why : "right";
}

static void test_each_check_is_made_where_the_task_asks_for_it(void **s)
{
    static const struct { const char *rule, *end, *reply, *why; } rows[] = {
        {"{" ALL "}", LIT, "Done.", "right"},
        {"{" ALL "}", START, "Done.", "state"},
        {"{" ON "}", LIT, "", "state"},
        {"{" ON ",\"ignore_changes\":{\"light.a\":[\"brightness\"]}}", LIT,
         "", "right"},
        {"{" ON ",\"ignore_changes\":{\"light.a\":{\"brightness\":5}}}", LIT,
         "", "right"},
        {"{" ON ",\"ignore_changes\":{\"cover.b\":[\"brightness\"]}}", LIT,
         "", "state"},
        {"{" ALL ",\"ignore_changes\":{\"light.a\":[\"state\"]}}", LIT, "",
         "right"},
        /* a state that is as it was must stay so */
        {"{\"expect_changes\":{\"light.a\":{\"state\":\"off\"}}}", START, "",
         "right"},
        {"{\"expect_changes\":{\"light.a\":{\"state\":null}}}", LIT, "",
         "state"},
        {"{\"expect_changes\":{\"light.a\":{}}}", START, "", "right"},
        {"{\"expect_changes\":{\"light.zz\":{\"state\":\"on\"}}}", START, "",
         "state"},
        {"{" ALL "}", LIT, "Sorry, it is on.", "sorry"},
        {"{" ALL "}", LIT, "sorry, it is on.", "right"},
        {"{" ALL "}", START, "Sorry.", "state"},
        /* without expected changes nobody looks at the state */
        {"{\"expect_response\":\"no\"}", LIT, "It is on now. Sorry.",
         "right"},
        {"{\"expect_changes\":{},\"expect_response\":[\"x\",\"ON\"]}", LIT,
         "It is on.", "right"},
        {"{\"expect_response\":[\"20 %\"]}", START, "20%", "response"},
        {"{\"expect_response\":[\"\\u00dcBER\"]}", START, "\xC3\xBC" "ber",
         "right"},
        {"{\"expect_response\":[\"stra\\u00dfe\"]}", START, "STRASSE",
         "response"},
        {"{\"expect_response\":[]}", START, "", "right"},
        {"{\"expect_response\":\"\"}", START, "", "right"},
        {"{\"expect_response\":[\"x\",\"\"]}", START, "", "right"},
        {"{" ALL ",\"expect_response\":\"x\"}", LIT, "on", "response"},
        {"{\"expect_tool_call\":{\"tool_name\":\"HassTurnOn\"}}", START, "",
         "right"},
        {"{\"expect_tool_call\":{\"tool_name\":\"HassTurnOff\"}}", START, "",
         "tool_name"},
        {"{\"expect_tool_call\":{\"tool_name\":\"HassTurnOn\",\"tool_args\":"
         "{\"n\":1.0,\"name\":\"a\"}}}", START, "", "right"},
        {"{\"expect_tool_call\":{\"tool_name\":\"HassTurnOn\",\"tool_args\":"
         "{\"n\":\"1\",\"name\":\"a\"}}}", START, "", "tool_args"},
        {"{\"expect_tool_call\":{\"tool_name\":\"HassTurnOn\",\"tool_args\":"
         "{}}}", START, "", "right"},
        {"{\"expect_tool_call\":{}}", START, "", "right"},
    };

    (void)s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = verdict(rows[i].rule, START, rows[i].end,
                                  rows[i].reply);
        if (strcmp(got, rows[i].why) != 0)
            fail_msg("%s of \"%s\": %s, not %s", rows[i].rule, rows[i].reply,
                     got, rows[i].why);
    }
}

static void test_an_attribute_on_one_side_only_is_a_difference(void **s)
{
    static const char rule[] = "{\"expect_changes\":{\"a\":{}}}";
    static const struct { const char *start, *end, *why; } rows[] = {
        {"{\"a\":{\"x\":1}}", "{\"a\":{}}", "state"},
        {"{\"a\":{}}", "{\"a\":{\"x\":1}}", "state"},
        {"{\"a\":{}}", "{\"a\":{\"x\":null}}", "state"},
        {"{\"a\":{\"x\":null}}", "{\"a\":{}}", "right"},
        {"{\"a\":{\"is_open\":1}}", "{\"a\":{}}", "state"},
        {"{\"a\":{\"is_closed\":1}}", "{\"a\":{\"is_opening\":1}}", "right"},
        {"{\"a\":{}}", "{\"a\":{},\"b\":{}}", "state"},
        {"{\"a\":{},\"b\":{}}", "{\"a\":{}}", "state"},
        {"{\"a\":{},\"b\":{\"x\":1}}", "{\"a\":{},\"b\":{\"x\":2}}",
         "state"},
    };

    (void)s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(verdict(rule, rows[i].start, rows[i].end, ""),
                            rows[i].why);
}

static void test_a_sorry_behind_a_nul_is_found(void **s)
{
    json_t        *object = value_of("{" ALL "}");
    json_t        *start = value_of(START), *end = value_of(LIT);
    struct ha_run  run = {start, end, "a\0Sorry", 7, NULL, NULL};
    struct ha_rule rule;

    (void)s;
    assert_int_equal(ha_rule_read(object, &rule, NULL), 0);
    assert_int_equal(ha_judge(&rule, &run), HA_SORRY);
    run.reply_len = 1;
    assert_int_equal(ha_judge(&rule, &run), HA_RIGHT);
    json_decref(object);
    json_decref(start);
    json_decref(end);
}

static void test_a_rule_of_another_form_is_refused_by_name(void **s)
{
    static const struct { const char *rule, *named; } rows[] = {
        {"{\"expect_changes\":[]}", "expect_changes"},
        {"{\"expect_changes\":{\"light.a\":\"on\"}}", "light.a"},
        {"{\"expect_changes\":{\"light.a\":{\"brightness\":1}}}",
         "brightness"},
        {"{\"expect_changes\":{\"light.a\":{\"attributes\":[]}}}",
         "light.a"},
        {"{\"ignore_changes\":[]}", "ignore_changes"},
        {"{\"ignore_changes\":{\"light.a\":\"state\"}}", "light.a"},
        {"{\"expect_response\":5}", "expect_response"},
        {"{\"expect_response\":[\"a\",5]}", "entry 2"},
        {"{\"expect_tool_call\":\"a\"}", "expect_tool_call"},
        {"{\"expect_tool_call\":{\"tool_args\":{}}}", "expect_tool_call"},
        {"{\"expect_tool_call\":{\"tool_name\":\"a\",\"tool_args\":[1]}}",
         "expect_tool_call"},
    };

    (void)s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t        *object = value_of(rows[i].rule);
        struct ha_rule rule;
        struct err     err = {0};

        if (ha_rule_read(object, &rule, &err) == 0 || err.kind != ERR_INPUT ||
            !strstr(err.text, rows[i].named))
            fail_msg("%s: %s", rows[i].rule, err.text);
        json_decref(object);
    }
}

/* ---- the scorer ---------------------------------------------------------- */

static void score(const char *rule_text, json_t *end, const char *answer,
                  struct judgement *out)
{
    struct suite_case test = {.id = (char[]){"i"}, .home = (char[]){"flat"}};
    struct tool_call  call = {.name = (char[]){"HassTurnOn"},
                              .arguments = (char[]){"{\"name\":\"a\"}"}};
    struct turn       turn = {.calls = &call, .n_calls = 1};
    json_t           *rule = value_of(rule_text), *start = value_of(START);
    struct transcript t    = {.test = &test, .answer = answer, .turns = &turn,
                              .n_turns = 1, .n_calls = 1,
                              .start_state = start, .end_state = end};

    score_home_assistant.judge(rule, &t, out);
    json_decref(rule);
    json_decref(start);
}

static void test_the_scorer_says_what_differs(void **s)
{
    json_t          *lit = value_of(LIT);
    struct judgement got;

    (void)s;
    score("{" ALL "}", lit, "Done.", &got);
    assert_true(got.pass);
    assert_string_equal(got.reason, "");
    score("{" ON "}", lit, "Done.", &got);
    assert_false(got.pass);
    assert_string_equal(got.reason,
                        "light.a: brightness is 100, not null");
    score("{" ALL "}", lit, "Sorry.", &got);
    assert_non_null(strstr(got.reason, "Sorry"));
    score("{\"expect_response\":[\"twenty\"]}", lit, "20", &got);
    assert_string_equal(got.reason, "the answer has none of [\"twenty\"]");
    score("{\"expect_tool_call\":{\"tool_name\":\"HassTurnOn\","
          "\"tool_args\":{\"name\":\"a\"}}}", lit, "", &got);
    assert_true(got.pass);
    score("{\"expect_tool_call\":{\"tool_name\":\"HassTurnOff\"}}", lit, "",
          &got);
    assert_string_equal(got.reason,
                        "the first call is HassTurnOn, not HassTurnOff");
    score("{" ALL "}", NULL, "Done.", &got);
    assert_non_null(strstr(got.reason, "not recorded"));
    json_decref(lit);
}

static void test_the_scorer_compares_only_what_home_assistant_shows(void **s)
{
    static const char rule[] = "{\"expect_changes\":{\"todo.a\":{\"state\":"
                               "\"1\"}}}";
    struct suite_case test = {.id = (char[]){"i"}};
    json_t *object = value_of(rule);
    json_t *start = value_of("{\"todo.a\":{\"state\":\"0\",\"items\":[]}}");
    json_t *end = value_of("{\"todo.a\":{\"state\":\"1\",\"items\":[\"x\"]}}");
    struct transcript t = {.test = &test, .answer = "", .start_state = start,
                           .end_state = end};
    struct judgement  got;

    (void)s;
    score_home_assistant.judge(object, &t, &got);
    assert_true(got.pass);
    assert_int_equal(json_object_size(json_object_get(end, "todo.a")), 2);
    json_decref(object);
    json_decref(start);
    json_decref(end);
}

static void test_the_scorer_refuses_a_rule_that_nothing_could_fail(void **s)
{
    static const char *const rules[] = {
        "{}", "{\"expect_changes\":{}}", "{\"expect_response\":[]}",
        "{\"ignore_changes\":{\"light.a\":[\"state\"]}}"};
    struct suite_case test = {.id = (char[]){"i"}};

    (void)s;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        json_t    *rule = value_of(rules[i]);
        struct err err  = {0};

        assert_int_equal(score_home_assistant.check_rule(rule, &test, &err),
                         -1);
        assert_non_null(strstr(err.text, "any answer would pass"));
        json_decref(rule);
    }
}

/* ---- recorded runs ------------------------------------------------------- */

#define FIXTURE                                                               \
    "areas: [{name: Den, id: den}]\n"                                         \
    "devices: [{name: Hub, id: hub, area: den}]\n"                            \
    "entities:\n"                                                             \
    "- {id: light.den, name: Den light, area: den, state: 'off'}\n"           \
    "- {id: light.hall, name: Hall light, state: 'off'}\n"

struct stage {
    struct temp_tree tree;
    void            *state;
    struct py_pool  *pool;
    struct agreement a;
};

static int stage_begin(void **s)
{
    struct stage *stage = mem_new(1, sizeof *stage);
    struct err    err   = {0};

    if (temp_tree_init(&stage->tree)) return -1;
    temp_text(&stage->tree, "homes/h/_fixtures.yaml", FIXTURE);
    temp_text(&stage->tree, "outside/_fixtures.yaml", FIXTURE);
    char *homes = temp_path(&stage->tree, "homes");
    stage->state = selfcheck_ha.begin(homes, &err);
    stage->pool  = py_pool_new();
    free(homes);
    *s = stage;
    return stage->state ? 0 : -1;
}

static int stage_end(void **s)
{
    struct stage *stage = *s;

    selfcheck_ha.end(stage->state);
    agreement_done(&stage->a);
    py_pool_free(stage->pool);
    temp_tree_done(&stage->tree);
    free(stage);
    return 0;
}

/* A run that turns a light on; with other members over it. */
static int check(struct stage *stage, const char *over, struct err *err)
{
    static const char base[] =
        "{\"id\":\"r\",\"dataset\":\"assist\",\"category\":\"light\","
        "\"home\":\"h\",\"setup\":{},\"expect_changes\":{\"light.den\":{"
        "\"state\":\"on\",\"attributes\":{\"color_mode\":\"onoff\"}}},"
        "\"steps\":[{\"calls\":[{\"name\":\"HassTurnOn\",\"arguments\":{"
        "\"name\":\"Den light\"}}],\"results\":[{\"speech\":{},"
        "\"response_type\":\"action_done\",\"data\":{\"targets\":[],"
        "\"success\":[{\"name\":\"Den light\",\"type\":[\"entity\"],\"id\":"
        "\"light.den\"}],\"failed\":[]}}]}],\"response\":\"Done.\","
        "\"unexpected_states\":{},\"passed\":true,\"why\":null,"
        "\"runs\":{\"m\":3}}";
    json_t *row = value_of(base), *more = value_of(over);
    char   *text;
    struct selfcheck_case c = {.pool = stage->pool};
    int     rc;

    json_object_update(row, more);
    text = jsonx_dump(row);
    c.text = text;
    c.len  = strlen(text);
    c.object = py_parse(stage->pool, text, c.len);
    assert_non_null(c.object);
    rc = selfcheck_ha.line(stage->state, &c, &stage->a, err);
    py_pool_clear(stage->pool);
    free(text);
    json_decref(row);
    json_decref(more);
    return rc;
}

static void test_a_run_is_made_again_and_judged(void **s)
{
    struct stage *stage = *s;
    struct err    err   = {0};
    json_t       *json = json_object(), *model, *states, *answers;

    if (check(stage, "{}", &err) ||
        check(stage, "{\"steps\":[],\"passed\":false,\"why\":\"state\","
              "\"unexpected_states\":{\"light.den\":{\"expected\":{\"state\":"
              "\"on\",\"color_mode\":\"onoff\"},\"got\":{\"state\":\"off\","
              "\"color_mode\":null}}},\"runs\":{\"m\":1}}", &err) ||
        /* these two are wrongly recorded, each in one thing */
        check(stage, "{\"response\":\"Sorry.\",\"runs\":{\"n\":2}}", &err) ||
        check(stage, "{\"setup\":{\"light.hall\":{\"state\":\"on\"}},"
              "\"unexpected_states\":{\"light.hall\":{\"expected\":{\"state\":"
              "\"on\"},\"got\":{\"state\":\"off\"}}},\"steps\":[{\"calls\":[{"
              "\"name\":\"HassTurnOn\",\"arguments\":{\"name\":"
              "\"Den light\"}}],\"results\":[{\"error\":\"X\","
              "\"error_text\":\"\"}]}]}", &err))
        fail_msg("%s", err.text);
    assert_int_equal(stage->a.all.cases, 4);
    assert_int_equal(stage->a.all.agree, 3);
    assert_int_equal(stage->a.all.errors_agree, 1);
    assert_string_equal(stage->a.groups[0].name, "assist light");
    assert_string_equal(stage->a.differ.items[0],
                        "r: recorded passed, ours sorry");
    selfcheck_ha.more(stage->state, json, NULL);
    states  = json_object_get(json, "states");
    answers = json_object_get(json, "answers");
    model   = json_object_get(json_object_get(json, "models"), "m");
    assert_int_equal(jsonx_number(states, "cases"), 4);
    assert_int_equal(jsonx_number(states, "agree"), 3);
    assert_int_equal(jsonx_number(answers, "cases"), 3);
    assert_int_equal(jsonx_number(answers, "agree"), 2);
    assert_int_equal(jsonx_number(model, "runs"), 7);
    assert_float_equal(jsonx_number(model, "published"), 6.0 / 7, 1e-9);
    assert_float_equal(jsonx_number(model, "half_width"), 0.25923, 1e-4);
    model = json_object_get(json_object_get(json, "models"), "n");
    assert_float_equal(jsonx_number(model, "difference"), -1, 1e-9);
    assert_int_equal(json_object_size(json_object_get(json, "classes")), 3);
    json_decref(json);
}

static void test_a_row_of_another_form_is_refused_by_field(void **s)
{
    static const struct { const char *over, *named; } rows[] = {
        {"{\"home\":5}", "home"}, {"{\"home\":\"\"}", "home"},
        {"{\"home\":\"../outside\"}", "home"},
        {"{\"home\":\"h/../../outside\"}", "home"},
        {"{\"home\":\"/etc\"}", "home"}, {"{\"home\":\"h/\"}", "home"},
        {"{\"home\":\".\"}", "home"}, {"{\"home\":\"nowhere\"}", "nowhere"},
        {"{\"setup\":[]}", "setup"}, {"{\"setup\":{\"light.den\":5}}", "setup"},
        {"{\"setup\":{\"light.zz\":{\"state\":\"on\"}}}", "light.zz"},
        {"{\"steps\":5}", "steps"}, {"{\"steps\":[5]}", "step 1"},
        {"{\"steps\":[{\"calls\":[],\"results\":[1]}]}", "step 1"},
        {"{\"steps\":[{\"calls\":[{\"name\":\"a\"}],\"results\":[1]}]}",
         "call 1"},
        {"{\"ha_version\":\"new\"}", "ha_version"},
        {"{\"ha_version\":2025}", "ha_version"},
        {"{\"context_now\":5}", "context_now"},
        {"{\"context_now\":\"noon\"}", "now"},
        {"{\"context_device\":5}", "context_device"},
        {"{\"response\":null}", "response"}, {"{\"dataset\":5}", "dataset"},
        {"{\"category\":[]}", "category"}, {"{\"passed\":1}", "passed"},
        {"{\"passed\":false}", "why"}, {"{\"runs\":{\"m\":0}}", "runs"},
        {"{\"runs\":3}", "runs"},
        {"{\"expect_changes\":{\"light.den\":5}}", "expect_changes"},
    };
    struct stage *stage = *s;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};

        if (check(stage, rows[i].over, &err) == 0 || err.kind != ERR_INPUT ||
            !strstr(err.text, rows[i].named))
            fail_msg("%s: \"%s\"", rows[i].over, err.text);
    }
    assert_int_equal(stage->a.all.cases, 0);
}

static void test_without_homes_it_is_said_what_to_do(void **s)
{
    struct err err = {0};

    (void)s;
    assert_null(selfcheck_ha.begin(NULL, &err));
    assert_non_null(strstr(err.text, "--homes DIR"));
    err = (struct err){0};
    assert_null(selfcheck_ha.begin("/no/such/folder", &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "/no/such/folder"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_equal_by_value_or_as_text),
        cmocka_unit_test(test_each_check_is_made_where_the_task_asks_for_it),
        cmocka_unit_test(test_an_attribute_on_one_side_only_is_a_difference),
        cmocka_unit_test(test_a_sorry_behind_a_nul_is_found),
        cmocka_unit_test(test_a_rule_of_another_form_is_refused_by_name),
        cmocka_unit_test(test_the_scorer_says_what_differs),
        cmocka_unit_test(
            test_the_scorer_compares_only_what_home_assistant_shows),
        cmocka_unit_test(
            test_the_scorer_refuses_a_rule_that_nothing_could_fail),
        cmocka_unit_test_setup_teardown(test_a_run_is_made_again_and_judged,
                                        stage_begin, stage_end),
        cmocka_unit_test_setup_teardown(
            test_a_row_of_another_form_is_refused_by_field, stage_begin,
            stage_end),
        cmocka_unit_test(test_without_homes_it_is_said_what_to_do),
    };
    return cmocka_run_group_tests_name("ha_rule", tests, NULL, NULL);
}
