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

#define START                                                               \
    "{\"light.a\":{\"state\":\"off\",\"color_mode\":null,"                  \
    "\"brightness\":null,\"color_temp_kelvin\":null,\"color\":null},"       \
    "\"light.b\":{\"state\":\"on\",\"color_mode\":\"color_temp\","          \
    "\"brightness\":128,\"color_temp_kelvin\":3000,\"color\":null},"        \
    "\"cover.a\":{\"state\":\"open\",\"current_position\":50},"             \
    "\"fan.a\":{\"state\":\"off\",\"percentage\":0},"                       \
    "\"media_player.a\":{\"state\":\"playing\",\"volume_level\":0.35,"      \
    "\"media_track\":1},"                                                   \
    "\"media_player.b\":{\"state\":\"off\"},"                               \
    "\"todo.a\":{\"state\":\"2\",\"items\":[\"bread\",\"milk\"],"           \
    "\"completed\":[]},"                                                    \
    "\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}"

#define A_ON "\"light.a\":{\"state\":\"on\",\"color_mode\":\"color_temp\"," \
             "\"brightness\":102,\"color_temp_kelvin\":3000}"
#define TEA  "\"timer.voice\":{\"state\":\"active\",\"timers\":["           \
             "{\"name\":\"tea\",\"seconds\":240,\"state\":\"active\"},"     \
             "{\"name\":\"\",\"seconds\":600,\"state\":\"active\"}]}"

/* end: what of the start state is other at the end. reason "": it passes;
 * otherwise with what the reason begins. */
static const struct verdict {
    const char *rule, *end, *reason;
} VERDICTS[] = {
    {"{\"expect\":{}}", "{}", ""},
    {"{\"expect\":{}}", "{\"light.b\":{\"brightness\":128.0}}", ""},
    {"{\"expect\":{}}", "{\"light.b\":{\"brightness\":129}}",
     "light.b changed brightness from 128 to 129, which nobody asked for"},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}", "{}",
     "light.a should be on, is off"},
    /* what follows from a light's going on is implied, and nothing else is */
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}", "{" A_ON "}", ""},
    {"{\"expect\":{\"light.a\":{\"brightness\":102}}}", "{" A_ON "}", ""},
    {"{\"expect\":{\"light.a\":{\"brightness_pct\":40}}}", "{" A_ON "}", ""},
    {"{\"expect\":{\"light.a\":{\"brightness_pct\":41}}}", "{" A_ON "}",
     "light.a should have brightness_pct 41, has 40"},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}}}",
     "{" A_ON ",\"light.b\":{\"state\":\"off\"}}",
     "light.b changed state from on to off, which nobody asked for"},
    {"{\"expect\":{\"light.b\":{\"state\":\"on\"}}}",
     "{\"light.b\":{\"brightness\":5}}",
     "light.b changed brightness from 128 to 5, which nobody asked for"},
    {"{\"expect\":{\"light.b\":{\"state\":\"off\"}}}",
     "{\"light.b\":{\"state\":\"off\",\"color_mode\":null,"
     "\"brightness\":null,\"color_temp_kelvin\":null}}", ""},
    {"{\"expect\":{\"light.b\":{\"color\":\"red\"}}}",
     "{\"light.b\":{\"color_mode\":\"rgb\",\"color\":\"red\","
     "\"color_temp_kelvin\":null}}", ""},
    {"{\"expect\":{\"light.b\":{\"color\":\"red\"}}}",
     "{\"light.b\":{\"color_mode\":\"rgb\",\"color\":\"red\","
     "\"color_temp_kelvin\":null,\"brightness\":255}}",
     "light.b changed brightness from 128 to 255"},
    {"{\"expect\":{\"light.b\":{\"brightness\":{\"at_least\":129}}}}",
     "{\"light.b\":{\"brightness\":200,\"color_temp_kelvin\":2000}}",
     "light.b changed color_temp_kelvin from 3000 to 2000"},
    {"{\"expect\":{\"cover.a\":{\"state\":\"open\"}}}",
     "{\"cover.a\":{\"current_position\":100}}", ""},
    {"{\"expect\":{\"cover.a\":{\"current_position\":0}}}",
     "{\"cover.a\":{\"state\":\"closed\",\"current_position\":0}}", ""},
    {"{\"expect\":{\"cover.a\":{\"state\":\"open\","
     "\"current_position\":100}}}", "{}",
     "cover.a should have current_position 100, has 50"},
    {"{\"expect\":{\"fan.a\":{\"state\":\"on\"}}}",
     "{\"fan.a\":{\"state\":\"on\",\"percentage\":100}}", ""},
    {"{\"expect\":{\"fan.a\":{\"percentage\":{\"more_than\":20}}}}",
     "{\"fan.a\":{\"state\":\"on\",\"percentage\":21}}", ""},
    {"{\"expect\":{\"media_player.b\":{\"state\":{\"one_of\":[\"on\","
     "\"idle\"]}}}}", "{\"media_player.b\":{\"state\":\"idle\","
     "\"volume_level\":0.5,\"media_track\":0}}", ""},
    {"{\"expect\":{\"media_player.a\":{\"state\":\"paused\"}}}",
     "{\"media_player.a\":{\"state\":\"paused\",\"volume_level\":0}}",
     "media_player.a changed volume_level from 0.35 to 0"},
    {"{\"expect\":{\"media_player.a\":{\"volume_pct\":{\"at_least\":36,"
     "\"at_most\":50}}}}", "{\"media_player.a\":{\"volume_level\":0.5}}", ""},
    {"{\"expect\":{\"media_player.a\":{\"volume_pct\":{\"less_than\":35}}}}",
     "{\"media_player.a\":{\"volume_level\":0.35}}",
     "media_player.a should have volume_pct less than 35, has 35"},
    {"{\"expect\":{\"media_player.a\":{\"is_volume_muted\":true}}}",
     "{\"media_player.a\":{\"is_volume_muted\":true}}", ""},
    {"{\"expect\":{}}", "{\"media_player.a\":{\"is_volume_muted\":true}}",
     "media_player.a changed is_volume_muted from nothing to true"},
    /* lists */
    {"{\"expect\":{\"todo.a\":{\"items\":[\"Milk\",\"bread\",\"eggs\"]}}}",
     "{\"todo.a\":{\"state\":\"3\",\"items\":[\"bread\",\"eggs\","
     "\"milk\"]}}", ""},
    {"{\"expect\":{\"todo.a\":{\"items\":{\"has\":[\"eggs\"],"
     "\"count\":3}}}}", "{\"todo.a\":{\"state\":\"3\",\"items\":[\"bread\","
     "\"eggs\",\"milk\"]}}", ""},
    {"{\"expect\":{\"todo.a\":{\"items\":{\"has\":[\"eggs\"],"
     "\"lacks\":[\"MILK\"]}}}}", "{\"todo.a\":{\"state\":\"3\","
     "\"items\":[\"bread\",\"eggs\",\"milk\"]}}",
     "todo.a should have items with [\"eggs\"] and without [\"MILK\"], has "
     "[\"bread\",\"eggs\",\"milk\"]"},
    {"{\"expect\":{\"todo.a\":{\"items\":[\"bread\"]}}}",
     "{\"todo.a\":{\"state\":\"1\",\"items\":[\"bread\"],"
     "\"completed\":[\"milk\"]}}",
     "todo.a changed completed from [] to [\"milk\"]"},
    {"{\"expect\":{\"timer.voice\":{\"timers\":[{\"seconds\":600},"
     "{\"name\":\"Tea\"}]}}}", "{" TEA "}", ""},
    /* an item that fits two makes room for one that fits only one */
    {"{\"expect\":{\"timer.voice\":{\"timers\":[{\"state\":\"active\"},"
     "{\"seconds\":240}]}}}", "{" TEA "}", ""},
    {"{\"expect\":{\"timer.voice\":{\"timers\":[{\"seconds\":240},"
     "{\"seconds\":240}]}}}", "{" TEA "}", "timer.voice should have timers "},
    {"{\"expect\":{\"timer.voice\":{\"timers\":[{\"seconds\":240}]}}}",
     "{" TEA "}", "timer.voice should have timers "},
    {"{\"expect\":{\"timer.voice\":{\"timers\":{\"has\":[{\"seconds\":"
     "{\"at_least\":500}}]}}}}", "{" TEA "}", ""},
    {"{\"expect\":{\"timer.voice\":{\"timers\":{\"lacks\":[{\"name\":"
     "\"tea\"}]}}}}", "{" TEA "}", "timer.voice should have timers without"},
    /* another right outcome, and none that mixes the two */
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}},"
     "\"also_ok\":[{\"fan.a\":{\"state\":\"on\"}},{}]}", "{}", ""},
    {"{\"expect\":{\"light.a\":{\"state\":\"on\"}},"
     "\"also_ok\":[{\"fan.a\":{\"state\":\"on\"}}]}",
     "{" A_ON ",\"fan.a\":{\"state\":\"on\",\"percentage\":100}}",
     "fan.a changed state from off to on, which nobody asked for; fan.a "
     "changed percentage"},
    /* what is not compared */
    {"{\"expect\":{},\"ignore\":{\"light.b\":[\"brightness\"]}}",
     "{\"light.b\":{\"brightness\":1}}", ""},
    {"{\"expect\":{},\"ignore\":{\"light.b\":[\"brightness\"]}}",
     "{\"light.b\":{\"brightness\":1,\"state\":\"off\"}}",
     "light.b changed state from on to off"},
    /* entities that come; no more than three differences in words */
    {"{\"expect\":{}}",
     "{\"light.c\":{\"state\":\"on\",\"a\":1,\"b\":2,\"c\":3}}",
     "light.c changed state from nothing to on, which nobody asked for; "
     "light.c changed a from nothing to 1, which nobody asked for; light.c "
     "changed b from nothing to 2, which nobody asked for; and 1 more"},
};

/* The start state with members replaced. */
static json_t *end_state(const char *changes)
{
    json_t     *state = json_of(START), *all = json_of(changes), *change;
    const char *id;

    json_object_foreach(all, id, change) {
        if (json_object_get(state, id))
            json_object_update(json_object_get(state, id), change);
        else
            json_object_set(state, id, change);
    }
    json_decref(all);
    return state;
}

static void test_the_verdict_names_what_is_missing_and_what_nobody_asked_for(
    void **s)
{
    (void)s;
    for (size_t i = 0; i < N(VERDICTS); i++) {
        json_t *rule  = json_of(VERDICTS[i].rule);
        json_t *start = json_of(START), *end = end_state(VERDICTS[i].end);
        struct transcript t   = {.start_state = start, .end_state = end};
        struct judgement  got = {.pass = VERDICTS[i].reason[0] != '\0'};

        score_state.judge(rule, &t, &got);
        if (got.pass != (VERDICTS[i].reason[0] == '\0') ||
            strncmp(got.reason, VERDICTS[i].reason,
                    strlen(VERDICTS[i].reason)) != 0)
            fail_msg("%s with %s: \"%s\"", VERDICTS[i].rule,
                     VERDICTS[i].end, got.reason);
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
        {"{\"expect\":{\"light.hall\":{\"brightness_pct\":{\"at_least\":30,"
         "\"at_most\":40}}}}", NULL},
        {"{\"expect\":{\"media_player.tv\":{\"volume_pct\":12}}}", NULL},
        {"{\"expect\":{\"light.floor_lamp\":{\"color\":{\"one_of\":"
         "[\"red\",\"Dark Red\"]}}}}", NULL},
        {"{\"expect\":{\"todo.shopping\":{\"items\":{\"has\":[\"Eggs\"],"
         "\"lacks\":[\"milk\"],\"count\":2}}}}", NULL},
        {"{\"expect\":{\"timer.voice\":{\"timers\":[{\"name\":\"tea\"}]},"
         "\"alarm.voice\":{\"alarms\":{\"has\":[{\"days\":[\"sat\"]}]}},"
         "\"intercom.home\":{\"messages\":[{\"area\":\"Hall\"}]},"
         "\"calendar.family\":{\"events\":{\"has\":[{\"summary\":"
         "\"Cinema\"}]}}}}", NULL},
        {"{\"expect\":{},\"ignore\":{\"light.hall\":[\"brightness\"]}}",
         NULL},
        {"{\"scorer\":\"state\"}", "expect"},
        {"{\"expect\":[]}", "expect"},
        {"{\"expect\":{\"light.garage\":{\"state\":\"on\"}}}", "light.garage"},
        {"{\"expect\":{\"light.hall\":{\"colour\":\"red\"}}}", "colour"},
        {"{\"expect\":{\"light.hall\":{\"state\":\"onn\"}}}", "onn"},
        {"{\"expect\":{\"light.hall\":{\"state\":\"off\","
         "\"brightness\":5}}}", "light.hall"},
        {"{\"expect\":{\"light.hall\":{}}}", "light.hall"},
        {"{\"expect\":{\"light.hall\":\"on\"}}", "light.hall"},
        {"{\"expect\":{\"light.hall\":{\"brightness\":{\"at_least\":300}}}}",
         "300"},
        {"{\"expect\":{\"light.hall\":{\"brightness\":{\"at_least\":30,"
         "\"atmost\":40}}}}", "atmost"},
        {"{\"expect\":{\"light.hall\":{\"brightness\":{\"at_least\":50,"
         "\"at_most\":40}}}}", "limits"},
        {"{\"expect\":{\"light.hall\":{\"brightness\":{\"more_than\":"
         "\"50\"}}}}", "more_than"},
        {"{\"expect\":{\"light.hall\":{\"state\":{\"one_of\":[]}}}}",
         "one_of"},
        {"{\"expect\":{\"light.hall\":{\"state\":{\"one_of\":[\"on\","
         "\"onn\"]}}}}", "onn"},
        {"{\"expect\":{\"light.hall\":{\"brightness_pct\":140}}}",
         "brightness"},
        {"{\"expect\":{\"switch.kettle\":{\"brightness_pct\":40}}}",
         "brightness"},
        {"{\"expect\":{\"timer.voice\":{\"timers\":[{\"nam\":\"tea\"}]}}}",
         "timer.voice"},
        {"{\"expect\":{},\"also_ok\":{}}", "also_ok"},
        {"{\"expect\":{},\"also_ok\":[{\"x.y\":{\"state\":\"on\"}}]}", "x.y"},
        {"{\"expect\":{},\"expects\":{}}", "expects"},
        {"{\"expect\":{},\"ignore\":[]}", "ignore"},
        {"{\"expect\":{},\"ignore\":{\"light.x\":[\"state\"]}}", "light.x"},
        {"{\"expect\":{},\"ignore\":{\"light.hall\":\"state\"}}",
         "light.hall"},
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
