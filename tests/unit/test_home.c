/* SPDX-License-Identifier: MIT */
/* The simulated home: every tool does what it says and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home.h"
#include "home_fixture.h"

/* ---- what tools do ----------------------------------------------------- */

static const struct act {
    const char *setup, *tool, *args, *change;
} ACTS[] = {
    {NULL, "HassTurnOn", "{\"name\":\"Kitchen light\"}",
     "{\"light.kitchen\":{\"state\":\"on\"}}"},
    {NULL, "HassTurnOn", "{\"name\":\"  KITCHEN LIGHT \"}",
     "{\"light.kitchen\":{\"state\":\"on\"}}"},
    {NULL, "HassTurnOn", "{\"name\":\"light.kitchen\"}",
     "{\"light.kitchen\":{\"state\":\"on\"}}"},
    {NULL, "HassTurnOn", "{\"name\":\"counter light\",\"floor\":\"upstairs\"}",
     NULL},
    {NULL, "HassTurnOn", "{\"name\":\"ceiling light\",\"area\":\"bedroom\"}",
     "{\"light.bedroom\":{\"state\":\"on\"}}"},
    {NULL, "HassTurnOn", "{\"area\":\"Kitchen\",\"domain\":\"light\"}",
     "{\"light.kitchen\":{\"state\":\"on\"},"
     "\"light.worktop\":{\"state\":\"on\"}}"},
    {NULL, "HassTurnOff", "{\"area\":\"living_room\"}",
     "{\"light.living_room\":{\"state\":\"off\"},"
     "\"cover.living_room\":{\"state\":\"closed\",\"position\":0},"
     "\"climate.thermostat\":{\"state\":\"off\"}}"},
    {NULL, "HassTurnOff", "{\"floor\":\"Upstairs\",\"domain\":[\"light\"]}",
     "{\"light.bathroom\":{\"state\":\"off\"}}"},
    {NULL, "HassTurnOff", "{\"domain\":[\"light\",\"media_player\"]}",
     "{\"light.living_room\":{\"state\":\"off\"},"
     "\"light.bathroom\":{\"state\":\"off\"},"
     "\"media_player.kitchen\":{\"state\":\"off\"}}"},
    {NULL, "HassTurnOff", "{\"name\":\"all\",\"device_class\":[\"blind\"]}",
     "{\"cover.living_room\":{\"state\":\"closed\",\"position\":0}}"},
    {NULL, "HassTurnOn", "{\"name\":\"Front door\"}",
     "{\"lock.front_door\":{\"state\":\"locked\"}}"},
    {"{\"lock.front_door\":{\"state\":\"locked\"}}", "HassTurnOff",
     "{\"name\":\"Front door\"}",
     "{\"lock.front_door\":{\"state\":\"unlocked\"}}"},
    {NULL, "HassTurnOn", "{\"name\":\"TV\"}",
     "{\"media_player.tv\":{\"state\":\"idle\"}}"},
    {"{\"climate.thermostat\":{\"state\":\"off\"}}", "HassTurnOn",
     "{\"name\":\"heating\"}", "{\"climate.thermostat\":{\"state\":\"heat\"}}"},
    {NULL, "HassTurnOn", "{\"name\":\"Movie night\"}",
     "{\"light.living_room\":{\"state\":\"off\"},"
     "\"light.floor_lamp\":{\"state\":\"on\",\"brightness\":20},"
     "\"cover.living_room\":{\"state\":\"closed\",\"position\":0}}"},
    /* What cannot be turned on is reported, and the rest is done. */
    {NULL, "HassTurnOn", "{\"area\":\"Bedroom\"}",
     "{\"light.bedroom\":{\"state\":\"on\"},"
     "\"cover.bedroom\":{\"state\":\"open\",\"position\":100}}"},
    {NULL, "HassLightSet", "{\"name\":\"Hall light\",\"brightness\":35.0}",
     "{\"light.hall\":{\"state\":\"on\",\"brightness\":35}}"},
    {NULL, "HassLightSet", "{\"name\":\"Bathroom light\",\"brightness\":0}",
     "{\"light.bathroom\":{\"state\":\"off\"}}"},
    {NULL, "HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"Light Blue\"}",
     "{\"light.floor_lamp\":{\"state\":\"on\",\"color\":\"lightblue\","
     "\"color_temp_kelvin\":null}}"},
    {"{\"light.floor_lamp\":{\"color\":\"red\",\"color_temp_kelvin\":null}}",
     "HassLightSet", "{\"name\":\"Floor lamp\",\"temperature\":2700}",
     "{\"light.floor_lamp\":{\"state\":\"on\",\"color\":null,"
     "\"color_temp_kelvin\":2700}}"},
    {NULL, "HassLightSet",
     "{\"name\":\"Hall light\",\"color\":\"red\",\"brightness\":5}",
     "{\"light.hall\":{\"state\":\"on\",\"brightness\":5}}"},
    {NULL, "HassLightSet", "{\"area\":\"Bathroom\",\"brightness\":10}",
     "{\"light.bathroom\":{\"brightness\":10}}"},
    {NULL, "HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":1}",
     "{\"cover.bedroom\":{\"state\":\"open\",\"position\":1}}"},
    {NULL, "HassSetPosition",
     "{\"domain\":\"cover\",\"area\":\"Living room\",\"position\":0}",
     "{\"cover.living_room\":{\"state\":\"closed\",\"position\":0}}"},
    {NULL, "HassClimateSetTemperature", "{\"temperature\":21.5}",
     "{\"climate.thermostat\":{\"temperature\":21.5}}"},
    {NULL, "HassMediaPause", "{}",
     "{\"media_player.kitchen\":{\"state\":\"paused\"}}"},
    {NULL, "HassMediaPause", "",
     "{\"media_player.kitchen\":{\"state\":\"paused\"}}"},
    {"{\"media_player.kitchen\":{\"state\":\"paused\"}}", "HassMediaUnpause",
     "{\"name\":\"radio\"}",
     "{\"media_player.kitchen\":{\"state\":\"playing\"}}"},
    {NULL, "HassSetVolume", "{\"name\":\"Television\",\"volume_level\":7}",
     "{\"media_player.tv\":{\"volume_level\":7}}"},
    {NULL, "HassStartTimer", "{\"minutes\":1,\"seconds\":30}",
     "{\"timer.voice\":{\"state\":\"active\","
     "\"timers\":[{\"name\":\"\",\"seconds\":90}]}}"},
    {"{\"timer.voice\":{\"timers\":[{\"seconds\":600},"
     "{\"name\":\"Tea\",\"seconds\":240}]}}",
     "HassCancelTimer", "{\"name\":\"tea\"}",
     "{\"timer.voice\":{\"timers\":[{\"name\":\"\",\"seconds\":600}]}}"},
    {"{\"timer.voice\":{\"timers\":[{\"seconds\":600},{\"seconds\":60}]}}",
     "HassCancelTimer", "{\"start_minutes\":10}",
     "{\"timer.voice\":{\"timers\":[{\"name\":\"\",\"seconds\":60}]}}"},
    {"{\"timer.voice\":{\"timers\":[{\"seconds\":60}]}}", "HassCancelTimer",
     "{}", "{\"timer.voice\":{\"state\":\"idle\",\"timers\":[]}}"},
    {NULL, "HassListAddItem",
     "{\"name\":\"groceries\",\"item\":\" Eggs \"}",
     "{\"todo.shopping\":{\"state\":\"3\","
     "\"items\":[\"bread\",\"eggs\",\"milk\"]}}"},
    {NULL, "GetLiveContext", "{}", "{}"},
};

static void test_each_tool_changes_what_it_says_and_nothing_else(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(ACTS); i++) {
        struct home *h    = flat(ACTS[i].setup);
        json_t      *want = home_state(h), *changes, *change;
        const char  *id, *kind;
        char        *expected, *got;

        changes = json_of(ACTS[i].change ? ACTS[i].change : "{}");
        json_object_foreach(changes, id, change)
            json_object_update(json_object_get(want, id), change);
        kind = call(h, ACTS[i].tool, ACTS[i].args);
        if ((*kind != '\0') != (ACTS[i].change == NULL))
            fail_msg("%s %s: \"%s\"", ACTS[i].tool, ACTS[i].args, kind);
        expected = jsonx_canonical(want);
        got = state_text(h);
        assert_string_equal(got, expected);
        free(expected);
        free(got);
        json_decref(changes);
        json_decref(want);
        home_free(h);
    }
}

static void test_every_offered_tool_is_tried_above(void **s)
{
    struct home *h = flat(NULL);
    json_t      *tool;
    size_t       i;

    (void)s;
    assert_in_range(json_array_size(home_tools(h)), 10, 12);
    json_array_foreach(home_tools(h), i, tool) {
        const char *name = jsonx_text(json_object_get(tool, "function"),
                                      "name");
        bool        is_tried = false;
        for (size_t k = 0; k < N(ACTS); k++)
            is_tried = is_tried || strcmp(ACTS[k].tool, name) == 0;
        if (!is_tried) fail_msg("%s is tried nowhere", name);
    }
    home_free(h);
}

/* ---- what they refuse -------------------------------------------------- */

static const struct refusal {
    const char *tool, *args, *error, *reason;
} REFUSALS[] = {
    {"HassExplode", "{}", "HomeAssistantError", NULL},
    {"", "{}", "HomeAssistantError", NULL},
    {"HassTurnOn", "{}", "IntentHandleError", NULL},
    {"HassTurnOn", "{\"name\":\"all\"}", "IntentHandleError", NULL},
    {"HassTurnOn", "{\"name\":\"Garage\"}", "MatchFailedError", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen ligh\"}", "MatchFailedError", "NAME"},
    {"HassTurnOn", "{\"name\":\"Timers\"}", "MatchFailedError", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"area\":\"Hall\"}",
     "MatchFailedError", "AREA"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"area\":\"Attic\"}",
     "MatchFailedError", "INVALID_AREA"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"floor\":\"Kitchen\"}",
     "MatchFailedError", "INVALID_FLOOR"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"floor\":\"Upstairs\"}",
     "MatchFailedError", "FLOOR"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":\"switch\"}",
     "MatchFailedError", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":[]}",
     "MatchFailedError", "DOMAIN"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":\"lamp\"}",
     "MatchFailedError", "DOMAIN"},
    {"HassTurnOn", "{\"area\":\"Hall\",\"device_class\":[\"gate\"]}",
     "MatchFailedError", "DEVICE_CLASS"},
    {"HassTurnOn", "{\"name\":\"Ceiling light\"}", "MatchFailedError",
     "DUPLICATE_NAME"},
    {"HassTurnOn", "{\"name\":\"Bedroom window\"}", "IntentHandleError", NULL},
    {"HassTurnOff", "{\"name\":\"Movie night\"}", "IntentHandleError", NULL},
    {"HassTurnOn", "{\"name\":\"\"}", "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"name\":\"  \"}", "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"name\":7}", "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"name\":null}", "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"name\":\"Kitchen light\\u0000\"}", "InvalidSlotInfo",
     NULL},
    {"HassTurnOn", "{\"domain\":[\"light\",3]}", "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"name\":\"Hall light\",\"device_class\":[\"light\"]}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Hall light\",\"device_class\":[]}",
     "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"domain\":{\"light\":1}}", "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"brightness\":4}",
     "InvalidSlotInfo", NULL},
    {"HassTurnOn", "{\"entity_id\":\"light.kitchen\"}", "InvalidSlotInfo",
     NULL},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":101}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":-1}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":40.5}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":\"40\"}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"blurple\"}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"red|blue\"}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"temperature\":20}",
     "InvalidSlotInfo", NULL},
    {"HassLightSet",
     "{\"name\":\"Floor lamp\",\"color\":\"red\",\"temperature\":3000}",
     "InvalidSlotInfo", NULL},
    {"HassSetPosition", "{\"name\":\"Bedroom curtain\"}", "InvalidSlotInfo",
     NULL},
    {"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":101}",
     "InvalidSlotInfo", NULL},
    {"HassSetPosition", "{\"name\":\"Kitchen light\",\"position\":50}",
     "IntentHandleError", NULL},
    {"HassSetPosition", "{\"area\":\"Bedroom\",\"position\":50}",
     "IntentHandleError", NULL},
    {"HassClimateSetTemperature", "{\"temperature\":36}", "InvalidSlotInfo",
     NULL},
    {"HassClimateSetTemperature", "{\"temperature\":\"21\"}",
     "InvalidSlotInfo", NULL},
    {"HassClimateSetTemperature", "{\"area\":\"Hall\",\"temperature\":21}",
     "MatchFailedError", "AREA"},
    {"HassMediaPause", "{\"name\":\"Television\"}", "MatchFailedError",
     "NAME"},
    {"HassMediaPause", "{\"domain\":[\"light\"]}", "MatchFailedError",
     "DOMAIN"},
    {"HassSetVolume", "{\"volume_level\":0.3}", "InvalidSlotInfo", NULL},
    {"HassStartTimer", "{}", "InvalidSlotInfo", NULL},
    {"HassStartTimer", "{\"minutes\":0}", "InvalidSlotInfo", NULL},
    {"HassStartTimer", "{\"minutes\":-5,\"hours\":1}", "InvalidSlotInfo",
     NULL},
    {"HassStartTimer", "{\"hours\":168,\"seconds\":1}", "InvalidSlotInfo",
     NULL},
    {"HassCancelTimer", "{}", "TimerNotFoundError", NULL},
    {"HassListAddItem", "{\"item\":\"eggs\"}", "InvalidSlotInfo", NULL},
    {"HassListAddItem", "{\"item\":\"eggs\",\"name\":\"Work\"}",
     "MatchFailedError", "NAME"},
    {"GetLiveContext", "{\"area\":\"Attic\"}", "MatchFailedError",
     "INVALID_AREA"},
    /* not arguments at all */
    {"HassMediaPause", "[]", "InvalidSlotInfo", NULL},
    {"HassMediaPause", "null", "InvalidSlotInfo", NULL},
    {"HassMediaPause", "\"{}\"", "InvalidSlotInfo", NULL},
    {"HassMediaPause", "{", "InvalidSlotInfo", NULL},
    {"HassMediaPause", "{} {}", "InvalidSlotInfo", NULL},
    {"HassMediaPause", " ", "InvalidSlotInfo", NULL},
    {"HassMediaPause", "{\"name\":\"radio\",\"name\":\"TV\"}",
     "InvalidSlotInfo", NULL},
    {"HassMediaPause", "{\"name\":\"ra\xff\xfe\"}", "InvalidSlotInfo", NULL},
    {"HassSetVolume", "{\"volume_level\":NaN}", "InvalidSlotInfo", NULL},
    {"HassSetVolume", "{\"volume_level\":1e999}", "InvalidSlotInfo", NULL},
    {"HassSetVolume", "{\"volume_level\":9223372036854775807}",
     "InvalidSlotInfo", NULL},
    {"HassStartTimer", "{\"hours\":1e300}", "InvalidSlotInfo", NULL},
};

static void test_a_refused_call_names_why_and_changes_nothing(void **s)
{
    struct home *h      = flat(NULL);
    char        *before = state_text(h);

    (void)s;
    for (size_t i = 0; i < N(REFUSALS); i++) {
        const struct refusal *r = &REFUSALS[i];
        json_t     *answer = home_call(h, r->tool, r->args);
        const char *error  = jsonx_text(answer, "error");
        const char *reason = jsonx_text(answer, "reason");
        char       *after  = state_text(h);

        if (!error || strcmp(error, r->error) != 0 ||
            (reason != NULL) != (r->reason != NULL) ||
            (reason && strcmp(reason, r->reason) != 0))
            fail_msg("%s %s: %s %s", r->tool, r->args, error ? error : "done",
                     reason ? reason : "");
        assert_true(strlen(jsonx_text(answer, "error_text")) > 10);
        assert_string_equal(before, after);
        free(after);
        json_decref(answer);
    }
    assert_string_equal(call(h, "HassMediaPause", NULL), "");
    free(before);
    home_free(h);
}

static void test_an_unknown_entity_never_changes_the_state(void **s)
{
    static const char *const names[] = {
        "Garage light", "kitchen", "light", "LIGHT.GARAGE", "light.kitchen2",
        "\\u00e9", "Kitchen light Kitchen light",
    };
    struct home *h      = flat(NULL);
    char        *before = state_text(h), *after, *args;
    json_t      *tool;
    size_t       i;

    (void)s;
    json_array_foreach(home_tools(h), i, tool)
        for (size_t k = 0; k < N(names); k++) {
            const char *name = jsonx_text(json_object_get(tool, "function"),
                                          "name");
            if (strcmp(name, "HassStartTimer") == 0) continue;
            args = mem_printf("{\"name\":\"%s\"%s}", names[k],
                strcmp(name, "HassSetPosition") == 0 ? ",\"position\":5" :
                strcmp(name, "HassSetVolume") == 0 ? ",\"volume_level\":5" :
                strcmp(name, "HassListAddItem") == 0 ? ",\"item\":\"x\"" :
                strcmp(name, "HassClimateSetTemperature") == 0
                ? ",\"temperature\":9" : "");
            if (strcmp(call(h, name, args), "MatchFailedError") != 0)
                assert_string_equal(call(h, name, args), "TimerNotFoundError");
            free(args);
        }
    after = state_text(h);
    assert_string_equal(before, after);
    free(before);
    free(after);
    home_free(h);
}

static void test_a_cancel_that_fits_two_timers_cancels_none(void **s)
{
    struct home *h = flat("{\"timer.voice\":{\"timers\":[{\"seconds\":60},"
                          "{\"seconds\":60}]}}");
    char *before = state_text(h), *after;

    (void)s;
    assert_string_equal(call(h, "HassCancelTimer", "{\"start_minutes\":1}"),
                        "MultipleTimersMatchedError");
    after = state_text(h);
    assert_string_equal(before, after);
    free(before);
    free(after);
    home_free(h);
}

static void test_lists_and_timers_fill_up_and_then_refuse(void **s)
{
    struct home *h = flat(NULL);
    size_t       n = 0;

    (void)s;
    while (!*call(h, "HassListAddItem",
                  "{\"name\":\"Shopping list\",\"item\":\"salt\"}")) n++;
    assert_int_equal(n, 498);
    for (n = 0; !*call(h, "HassStartTimer", "{\"seconds\":1}");) n++;
    assert_int_equal(n, 50);
    home_free(h);
}

/* ---- what it shows ----------------------------------------------------- */

static void test_live_context_tells_states_and_can_be_narrowed(void **s)
{
    struct home *h   = flat("{\"light.hall\":{\"state\":\"on\"}}");
    json_t      *all = home_call(h, "GetLiveContext", "{}");
    json_t      *one = home_call(h, "GetLiveContext",
                                 "{\"area\":\"Hall\",\"domain\":\"light\"}");
    const char  *text = jsonx_text(all, "result");

    (void)s;
    assert_non_null(strstr(text, "- names: Outdoor temperature\n"
                                 "  domain: sensor\n  state: '12.5'\n"
                                 "  attributes:\n"
                                 "    unit_of_measurement: \u00b0C\n"));
    assert_non_null(strstr(text, "    current_temperature: 19.5\n"
                                 "    temperature: '20'\n"));
    assert_non_null(strstr(text, "state: unlocked\n"));
    assert_null(strstr(text, "Timers"));
    assert_string_equal(jsonx_text(one, "result"),
        "Live Context: An overview of the areas and the devices in this smart "
        "home:\n- names: Hall light, entrance light\n  domain: light\n"
        "  state: 'on'\n  areas: Hall\n  attributes:\n"
        "    brightness: '60'\n");
    json_decref(all);
    json_decref(one);
    home_free(h);
}

static void test_an_answer_lists_place_first_then_what_was_and_was_not_done(
    void **s)
{
    struct home *h      = flat(NULL);
    json_t      *answer = home_call(h, "HassTurnOn", "{\"area\":\"Bedroom\"}");
    char        *text   = jsonx_dump(answer);

    (void)s;
    assert_string_equal(text,
        "{\"speech\":{},\"response_type\":\"action_done\",\"data\":{"
        "\"targets\":[],\"success\":["
        "{\"name\":\"Bedroom\",\"type\":[\"area\"],\"id\":\"bedroom\"},"
        "{\"name\":\"Bedroom light\",\"type\":[\"entity\"],"
        "\"id\":\"light.bedroom\"},"
        "{\"name\":\"Bedroom curtain\",\"type\":[\"entity\"],"
        "\"id\":\"cover.bedroom\"}],\"failed\":["
        "{\"name\":\"Bedroom window\",\"type\":[\"entity\"],"
        "\"id\":\"binary_sensor.bedroom_window\"}]}}");
    free(text);
    json_decref(answer);
    home_free(h);
}

static void test_entity_lines_name_everything_a_call_can_reach(void **s)
{
    struct home *h    = flat(NULL);
    char        *text = home_entity_lines(h);

    (void)s;
    assert_int_equal(strncmp(text, "light.kitchen 'Kitchen light' (Kitchen)\n",
                             40), 0);
    assert_non_null(strstr(text, "\nlight.bedroom 'Bedroom light', "
                                 "'ceiling light' (Bedroom, Upstairs)\n"));
    assert_non_null(strstr(text, "\nscene.movie 'Movie night'\n"));
    assert_null(strstr(text, "timer."));
    free(text);
    home_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_each_tool_changes_what_it_says_and_nothing_else),
        cmocka_unit_test(test_every_offered_tool_is_tried_above),
        cmocka_unit_test(test_a_refused_call_names_why_and_changes_nothing),
        cmocka_unit_test(test_an_unknown_entity_never_changes_the_state),
        cmocka_unit_test(test_a_cancel_that_fits_two_timers_cancels_none),
        cmocka_unit_test(test_lists_and_timers_fill_up_and_then_refuse),
        cmocka_unit_test(test_live_context_tells_states_and_can_be_narrowed),
        cmocka_unit_test(
            test_an_answer_lists_place_first_then_what_was_and_was_not_done),
        cmocka_unit_test(test_entity_lines_name_everything_a_call_can_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
