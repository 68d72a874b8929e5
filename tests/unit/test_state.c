/* SPDX-License-Identifier: MIT */
/* The state scorer: the asked-for change and no other. */
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
#include "base/utf8.h"
#include "score/score.h"
#include "suite.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static json_t *json_of(const char *text)
{
    struct err err   = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s in %s", err.text, text);
    return value;
}

#define START "{\"light.a\":{\"state\":\"off\",\"brightness\":60}," \
              "\"light.b\":{\"state\":\"off\",\"color\":null},"     \
              "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}"

static const struct verdict {
    const char *rule, *end, *reason;   /* reason "": it passes */
} VERDICTS[] = {
    {"{\"expect\":{}}", START, ""},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}",
     "{\"light.a\":{\"state\":\"on\",\"brightness\":60.0},"
     "\"light.b\":{\"state\":\"off\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}", ""},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}", START,
     "light.a should be on, is off"},
    {"{\"expect\":{\"light.a\":{\"brightness\":40}}}", START,
     "light.a should have brightness 40, has 60"},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}",
     "{\"light.a\":{\"state\":\"on\",\"brightness\":60},"
     "\"light.b\":{\"state\":\"on\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}",
     "light.b changed state from off to on, which nobody asked for"},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}",
     "{\"light.a\":{\"state\":\"on\",\"brightness\":61},"
     "\"light.b\":{\"state\":\"off\",\"color\":\"red\"},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}",
     "light.a changed brightness from 60 to 61, which nobody asked for; "
     "light.b changed color from nothing to red, which nobody asked for"},
    /* what must stay and did not */
    {"{\"expect\":{\"light.b\":{\"state\":\"off\"}}}",
     "{\"light.a\":{\"state\":\"off\",\"brightness\":60},"
     "\"light.b\":{\"state\":\"on\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}",
     "light.b should be off, is on"},
    /* a timer is compared by what the rule names of it */
    {"{\"expect\":{\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"seconds\":60}]}}}",
     "{\"light.a\":{\"state\":\"off\",\"brightness\":60},"
     "\"light.b\":{\"state\":\"off\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"name\":\"x\",\"seconds\":60}]}}", ""},
    {"{\"expect\":{\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"seconds\":60}]}}}",
     "{\"light.a\":{\"state\":\"off\",\"brightness\":60},"
     "\"light.b\":{\"state\":\"off\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"name\":\"x\",\"seconds\":61}]}}",
     "timer.voice should have timers [{\"seconds\":60}], has "
     "[{\"name\":\"x\",\"seconds\":61}]"},
    {"{\"expect\":{\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"seconds\":60}]}}}",
     "{\"light.a\":{\"state\":\"off\",\"brightness\":60},"
     "\"light.b\":{\"state\":\"off\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"seconds\":60},{\"seconds\":60}]}}",
     "timer.voice should have timers [{\"seconds\":60}], has "
     "[{\"seconds\":60},{\"seconds\":60}]"},
    /* another right outcome, and none that mixes the two */
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}},"
     "\"also_ok\":[{\"light.a\":{\"brightness\":1}},"
     "{\"light.a\":{\"brightness\":61}}]}",
     "{\"light.a\":{\"state\":\"off\",\"brightness\":61},"
     "\"light.b\":{\"state\":\"off\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}", ""},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}},"
     "\"also_ok\":[{\"light.a\":{\"brightness\":61}}]}",
     "{\"light.a\":{\"state\":\"on\",\"brightness\":61},"
     "\"light.b\":{\"state\":\"off\",\"color\":null},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}",
     "light.a changed brightness from 60 to 61, which nobody asked for"},
    /* entities that come and go; no more than three differences in words */
    {"{\"expect\":{}}",
     "{\"light.c\":{\"state\":\"on\"},"
     "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}",
     "light.a changed state from off to nothing, which nobody asked for; "
     "light.a changed brightness from 60 to nothing, which nobody asked for; "
     "light.b changed state from off to nothing, which nobody asked for; "
     "and 2 more"},
};

static void test_the_verdict_names_what_is_missing_and_what_nobody_asked_for(
    void **s)
{
    (void)s;
    for (size_t i = 0; i < N(VERDICTS); i++) {
        json_t *rule  = json_of(VERDICTS[i].rule);
        json_t *start = json_of(START), *end = json_of(VERDICTS[i].end);
        struct transcript t   = {.start_state = start, .end_state = end};
        struct judgement  got = {.pass = VERDICTS[i].reason[0] != '\0'};

        score_state.judge(rule, &t, &got);
        assert_string_equal(got.reason, VERDICTS[i].reason);
        assert_int_equal(got.pass, VERDICTS[i].reason[0] == '\0');
        json_decref(rule);
        json_decref(start);
        json_decref(end);
    }
}

static void test_a_home_that_was_not_recorded_does_not_pass(void **s)
{
    json_t           *rule = json_of("{\"expect\":{}}");
    struct transcript t    = {0};
    struct judgement  got  = {.pass = true};

    (void)s;
    score_state.judge(rule, &t, &got);
    assert_false(got.pass);
    assert_true(got.reason[0] != '\0');
    json_decref(rule);
}

/* A model chose the text of a list item; it must not fill or break the
 * report. */
static void test_the_reason_stays_short_valid_and_printable(void **s)
{
    json_t *rule  = json_of("{\"expect\":{}}"), *start = json_of("{}");
    json_t *end   = json_of("{}"), *items = json_array();
    char   *text  = mem_new(50001, 1);
    struct transcript t   = {.start_state = start, .end_state = end};
    struct judgement  got = {.pass = true};

    (void)s;
    for (size_t i = 0; i + 4 <= 50000; i += 4)
        memcpy(text + i, "\033\u00e9\007", 4);
    json_array_append_new(items, json_string(text));
    for (int i = 0; i < 30; i++) {
        char    id[30];
        json_t *entity = json_object();

        snprintf(id, sizeof id, "todo.%d", i);
        jsonx_set_text(entity, "state", text);
        json_object_set(entity, "items", items);
        json_object_set_new(end, id, entity);
    }
    score_state.judge(rule, &t, &got);
    assert_false(got.pass);
    assert_in_range(strlen(got.reason), 100, sizeof got.reason - 1);
    assert_true(utf8_valid(got.reason, strlen(got.reason)));
    for (const char *at = got.reason; *at; at++)
        assert_true((unsigned char)*at >= ' ');
    free(text);
    json_decref(items);
    json_decref(rule);
    json_decref(start);
    json_decref(end);
}

static void test_a_rule_that_could_never_be_met_is_an_input_error(void **s)
{
    static const struct {
        const char *rule, *named;   /* named NULL: it is fine */
    } rules[] = {
        {"{\"scorer\":\"state\",\"expect\":{}}", NULL},
        {"{\"expect\":{\"light.hall\":{\"state\":\"on\"}},"
         "\"also_ok\":[{},{\"light.hall\":{\"brightness\":4}}]}", NULL},
        {"{\"scorer\":\"state\"}", "expect"},
        {"{\"expect\":[]}", "expect"},
        {"{\"expect\":{\"light.garage\":{\"state\":\"on\"}}}", "light.garage"},
        {"{\"expect\":{\"light.hall\":{\"colour\":\"red\"}}}", "colour"},
        {"{\"expect\":{\"light.hall\":{\"state\":\"onn\"}}}", "onn"},
        {"{\"expect\":{\"light.hall\":{}}}", "light.hall"},
        {"{\"expect\":{\"light.hall\":\"on\"}}", "light.hall"},
        {"{\"expect\":{},\"also_ok\":{}}", "also_ok"},
        {"{\"expect\":{},\"also_ok\":[{\"x.y\":{\"state\":\"on\"}}]}", "x.y"},
        {"{\"expect\":{},\"expects\":{}}", "expects"},
    };
    struct suite_case test = {.home = (char[]){"flat"}}, homeless = {0};
    struct err        err  = {0};
    json_t           *rule;

    (void)s;
    for (size_t i = 0; i < N(rules); i++) {
        err = (struct err){0};
        rule = json_of(rules[i].rule);
        if ((score_state.check_rule(rule, &test, &err) == 0) !=
            (rules[i].named == NULL))
            fail_msg("%s: \"%s\"", rules[i].rule, err.text);
        if (rules[i].named) {
            assert_int_equal(err.kind, ERR_INPUT);
            assert_non_null(strstr(err.text, rules[i].named));
        }
        json_decref(rule);
    }
    err = (struct err){0};
    rule = json_of(rules[0].rule);
    assert_int_equal(score_state.check_rule(rule, &homeless, &err), -1);
    assert_non_null(strstr(err.text, "home"));
    json_decref(rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_the_verdict_names_what_is_missing_and_what_nobody_asked_for),
        cmocka_unit_test(test_a_home_that_was_not_recorded_does_not_pass),
        cmocka_unit_test(test_the_reason_stays_short_valid_and_printable),
        cmocka_unit_test(
            test_a_rule_that_could_never_be_met_is_an_input_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
