/* SPDX-License-Identifier: MIT */
/* Homes as recorded: what older versions of Home Assistant did otherwise,
 * what the simulated devices of home-assistant-datasets do, and their
 * fixtures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home/ha_home.h"
#include "home/home.h"
#include "home_fixture.h"

#define HOME(entities) "{\"areas\":[{\"name\":\"Den\",\"floor\":\"Ground\"}," \
                       "\"Loft\"],\"entities\":[" entities "]}"
#define FAN    "{\"id\":\"fan.a\",\"name\":\"Fan\",\"features\":" \
               "[\"set_speed\"],\"state\":{\"state\":\"off\"," \
               "\"percentage\":0}}"
#define PLAYER "{\"id\":\"media_player.a\",\"name\":\"Box\",\"area\":\"Den\"," \
               "\"device_class\":\"speaker\",\"state\":{\"state\":" \
               "\"playing\",\"volume_level\":0.5,\"media_track\":19}}"
#define TODO   "{\"id\":\"todo.a\",\"name\":\"Tasks\",\"state\":{" \
               "\"state\":\"1\",\"items\":[\"Milk\"]}}"
#define VACUUM "{\"id\":\"vacuum.a\",\"name\":\"Robo\",\"features\":[]," \
               "\"state\":{\"state\":\"docked\"}}"

static void test_a_recorded_fan_runs_at_full_speed_or_not_at_all(void **s)
{
    struct home *h = home_made(HOME(FAN), 202601, true);
    struct home *own = home_made(HOME(FAN), 202601, false);

    (void)s;
    assert_string_equal(call(h, "HassFanSetSpeed", "{\"percentage\":30}"),
                        "");
    assert_shows(h, "fan.a", "{\"state\":\"on\",\"percentage\":100}");
    assert_string_equal(call(h, "HassFanSetSpeed", "{\"percentage\":0}"), "");
    assert_shows(h, "fan.a", "{\"state\":\"on\",\"percentage\":100}");
    assert_string_equal(call(own, "HassFanSetSpeed", "{\"percentage\":30}"),
                        "");
    assert_shows(own, "fan.a", "{\"state\":\"on\",\"percentage\":30}");
    home_free(h);
    home_free(own);
}

static void test_a_recorded_player_starts_anew_when_turned_on(void **s)
{
    struct home *h = home_made(HOME(PLAYER), 202601, true);

    (void)s;
    assert_string_equal(call(h, "HassMediaNext", "{}"), "");
    assert_shows(h, "media_player.a", "{\"state\":\"playing\","
                 "\"volume_level\":0.5,\"media_track\":0}");
    assert_string_equal(call(h, "HassMediaNext", "{}"), "");
    assert_string_equal(call(h, "HassTurnOn", "{\"name\":\"Box\"}"), "");
    assert_shows(h, "media_player.a", "{\"state\":\"idle\","
                 "\"volume_level\":0.5,\"media_track\":0}");
    assert_string_equal(call(h, "HassMediaNext", "{}"), "STATE");
    home_free(h);
}

static void test_a_tool_for_one_device_names_no_place(void **s)
{
    struct home *h = home_made(HOME("{\"id\":\"climate.a\",\"name\":"
        "\"Heater\",\"area\":\"Den\",\"state\":{\"state\":\"heat\","
        "\"temperature\":20}}"), 202601, true);
    json_t *answer = home_call(h, "HassClimateSetTemperature",
                               "{\"area\":\"Den\",\"temperature\":22}");
    char   *text   = jsonx_dump(json_object_get(answer, "data"));

    (void)s;
    assert_string_equal(text, "{\"targets\":[],\"success\":[{\"name\":"
        "\"Heater\",\"type\":[\"entity\"],\"id\":\"climate.a\"}],"
        "\"failed\":[]}");
    free(text);
    json_decref(answer);
    home_free(h);
}

static void test_a_valve_that_shows_no_position_has_none(void **s)
{
    struct home *h = home_made(HOME("{\"id\":\"valve.a\",\"name\":"
        "\"Tap\",\"state\":{\"state\":\"open\"}}"), 0, false);

    (void)s;
    assert_shows(h, "valve.a", "{\"state\":\"open\"}");
    assert_string_equal(call(h, "HassTurnOff", "{\"name\":\"Tap\"}"), "");
    assert_shows(h, "valve.a", "{\"state\":\"closed\"}");
    home_free(h);
}

static void test_recorded_states_hold_no_more_than_home_assistants(void **s)
{
    struct home *h = home_made(HOME(TODO), 202601, true);

    (void)s;
    assert_string_equal(call(h, "HassListAddItem",
                             "{\"name\":\"tasks\",\"item\":\"Tea\"}"), "");
    assert_shows(h, "todo.a", "{\"state\":\"2\"}");
    home_free(h);
}

static const struct version {
    const char *entity, *tool, *args, *was;   /* the error until then */
    int         since;
} VERSIONS[] = {
    {PLAYER, "HassMediaUnpause", "{}", "STATE", 202508},
    {PLAYER, "HassTurnOn", "{\"name\":\"Box\",\"device_class\":[\"update\"]}",
     "InvalidSlotInfo", 202507},
    {FAN, "HassFanSetSpeed", "{\"percentage\":30}", "HomeAssistantError",
     202512},
    {PLAYER, "HassMediaPlayerMute", "{}", "HomeAssistantError", 202512},
    {PLAYER, "HassSetVolumeRelative", "{\"volume_step\":\"up\"}",
     "HomeAssistantError", 202512},
    {PLAYER, "GetDateTime", "{}", "HomeAssistantError", 202512},
    {VACUUM, "HassVacuumStart", "{}", "", 202512},
};

static void test_a_version_knows_what_it_knew_then(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(VERSIONS); i++) {
        const struct version *v = &VERSIONS[i];
        char *file = mem_printf(HOME("%s"), v->entity);
        struct home *before = home_made(file, v->since - 1, true);
        struct home *then   = home_made(file, v->since, true);
        struct home *now    = home_made(file, 0, true);

        assert_string_equal(call(before, v->tool, v->args), v->was);
        assert_string_not_equal(call(then, v->tool, v->args), v->was);
        assert_string_not_equal(call(now, v->tool, v->args), v->was);
        home_free(before);
        home_free(then);
        home_free(now);
        free(file);
    }
}

/* ---- fixtures ---------------------------------------------------------- */

static const char FIXTURE[] =
    "areas:\n"
    "  - {name: Living Room, id: living_room, floor: Ground}\n"
    "devices:\n"
    "  - {name: Lamp, id: lamp, area: living_room}\n"
    "  - {name: List, id: list}\n"
    "entities:\n"
    "  - name: Lamp\n    id: light.lamp\n    device: lamp\n    state: 'off'\n"
    "    attributes: {supported_color_modes: [brightness], brightness: 100}\n"
    "  - name: Spot\n    id: light.spot\n    device: lamp\n    state: true\n"
    "    attributes: {supported_color_modes: [onoff]}\n"
    "  - name: Plug\n    id: switch.plug\n    device: lamp\n    state: true\n"
    "  - name: Motion\n    id: binary_sensor.m\n    state: true\n"
    "    device: lamp\n    attributes:\n"
    "      device_class: binary_sensor.BinarySensorDeviceClass.MOTION\n"
    "  - name: Gate\n    id: cover.gate\n    device: lamp\n    state: open\n"
    "    attributes:\n      device_class: cover.CoverDeviceClass.GATE\n"
    "      supported_features: [cover.CoverEntityFeature.CLOSE]\n"
    "  - name: Tap\n    id: valve.tap\n    device: lamp\n    state: open\n"
    "    attributes: {reports_position: true, current_position: 0}\n"
    "  - name: Air\n    id: climate.air\n    device: lamp\n    attributes:\n"
    "      hvac_mode: cool\n      hvac_modes: ['off', cool]\n"
    "      target_temperature: 22\n      current_temperature: 23.5\n"
    "  - name: Sky\n    id: weather.sky\n    device: lamp\n    attributes:\n"
    "      condition: sunny\n      native_temperature: '62'\n"
    "      native_temperature_unit: \"\\u00b0F\"\n      humidity: 60\n"
    "  - name: Meter\n    id: sensor.m\n    device: lamp\n    state: '5'\n"
    "    attributes: {native_value: 22, native_unit_of_measurement: kWh}\n"
    "  - name: List\n    id: todo.l\n    device: list\n    area: living_room\n"
    "    attributes:\n      todo_items:\n"
    "        - {summary: Call, status: needs_action}\n"
    "        - {summary: Run, status: completed}\n";

static json_t *fixture_home(const char *text, const char *setup,
                            struct err *err)
{
    char    path[] = "/tmp/audition_test_fixtureXXXXXX";
    int     fd     = mkstemp(path);
    json_t *home   = NULL, *over = setup ? json_of(setup) : NULL;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    if (ha_home_read(&home, path, over, "2025-04-02 08:30+10:00", err))
        assert_null(home);
    assert_int_equal(unlink(path), 0);
    json_decref(over);
    return home;
}

static void test_a_fixture_means_what_its_devices_make_of_it(void **s)
{
    static const char *const shown[][2] = {
        {"light.lamp", "{\"state\":\"on\",\"color_mode\":\"brightness\","
         "\"brightness\":100}"},
        {"light.spot", "{\"state\":\"off\",\"color_mode\":null}"},
        {"switch.plug", "{\"state\":\"off\"}"},
        {"binary_sensor.m", "{\"state\":\"on\"}"},
        {"cover.gate", "{\"state\":\"open\",\"current_position\":100}"},
        {"valve.tap", "{\"state\":\"closed\",\"current_position\":0}"},
        {"climate.air", "{\"state\":\"cool\",\"temperature\":22,"
         "\"current_temperature\":23.5}"},
        {"weather.sky", "{\"state\":\"sunny\",\"temperature\":16.7,"
         "\"humidity\":60}"},
        {"sensor.m", "{\"state\":\"22\"}"},
        {"todo.l", "{\"state\":\"1\"}"},
    };
    struct err err  = {0};
    json_t    *file = fixture_home(FIXTURE, NULL, &err);
    char      *text;
    struct home *h;

    (void)s;
    assert_non_null(file);
    assert_string_equal(jsonx_text(json_object_get(file, "devices"), "lamp"),
                        "Living Room");
    text = jsonx_dump(file);
    h = home_made(text, 202601, true);
    assert_string_equal(home_now(h), "2025-04-02T08:30:00+10:00");
    for (size_t i = 0; i < N(shown); i++)
        assert_shows(h, shown[i][0], shown[i][1]);
    /* the area is that of the device, not the entity's own */
    assert_string_equal(call(h, "HassTurnOn", "{\"name\":\"List\","
                             "\"area\":\"Living Room\"}"), "AREA");
    assert_string_equal(call(h, "HassTurnOff", "{\"floor\":\"ground\","
                             "\"device_class\":[\"gate\"]}"), "");
    assert_shows(h, "cover.gate", "{\"state\":\"closed\","
                 "\"current_position\":0}");
    home_free(h);
    free(text);
    json_decref(file);
}

static void test_a_tasks_setup_comes_before_what_it_means(void **s)
{
    struct err err  = {0};
    json_t    *file = fixture_home(FIXTURE, "{\"light.lamp\":{\"state\":"
        "\"off\",\"attributes\":{\"brightness\":0}},\"valve.tap\":{"
        "\"attributes\":{\"current_position\":70}}}", &err);
    char        *text = jsonx_dump(file);
    struct home *h    = home_made(text, 202601, true);

    (void)s;
    assert_shows(h, "light.lamp", "{\"state\":\"off\",\"color_mode\":null,"
                 "\"brightness\":null}");
    assert_shows(h, "valve.tap", "{\"state\":\"open\","
                 "\"current_position\":70}");
    home_free(h);
    free(text);
    json_decref(file);
}

static void test_what_is_no_fixture_is_an_input_error(void **s)
{
    static const char *const texts[] = {"", "[1, 2]", "entities: 5", "a: [",
                                        "areas: []"};
    struct err err  = {0};
    json_t    *home = NULL;

    (void)s;
    for (size_t i = 0; i < N(texts); i++) {
        err = (struct err){0};
        assert_null(fixture_home(texts[i], NULL, &err));
        assert_int_equal(err.kind, ERR_INPUT);
    }
    err = (struct err){0};
    assert_null(fixture_home(FIXTURE, "{\"light.x\":{}}", &err));
    assert_non_null(strstr(err.text, "light.x"));
    err = (struct err){0};
    assert_int_equal(ha_home_read(&home, "/nowhere/_fixtures.yaml", NULL,
                                  NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "/nowhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recorded_fan_runs_at_full_speed_or_not_at_all),
        cmocka_unit_test(test_a_recorded_player_starts_anew_when_turned_on),
        cmocka_unit_test(test_a_tool_for_one_device_names_no_place),
        cmocka_unit_test(test_a_valve_that_shows_no_position_has_none),
        cmocka_unit_test(
            test_recorded_states_hold_no_more_than_home_assistants),
        cmocka_unit_test(test_a_version_knows_what_it_knew_then),
        cmocka_unit_test(test_a_fixture_means_what_its_devices_make_of_it),
        cmocka_unit_test(test_a_tasks_setup_comes_before_what_it_means),
        cmocka_unit_test(test_what_is_no_fixture_is_an_input_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
