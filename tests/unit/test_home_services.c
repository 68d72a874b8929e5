/* SPDX-License-Identifier: MIT */
/* The service style: the same wish leads to the same home as in the intent
 * style, and what cannot be is refused whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "home_calls.h"

#define CALL(domain, service, rest) \
    "{\"domain\":\"" domain "\",\"service\":\"" service "\"" rest "}"
#define ON(entity)    ",\"entity_id\":\"" entity "\""
#define DATA(members) ",\"data\":{" members "}"

/* ---- one wish, two styles ---------------------------------------------- */

static const struct wish {
    const char *home, *tool, *args;    /* intent style  */
    const char *order;                 /* of call_service */
} WISHES[] = {
    {"flat", "HassTurnOn", "{\"name\":\"Kitchen light\"}",
     CALL("light", "turn_on", ON("light.kitchen"))},
    {"flat", "HassTurnOff", "{\"domain\":[\"light\"]}",
     CALL("light", "turn_off", ON("all"))},
    {"flat", "HassTurnOn", "{\"area\":\"Kitchen\",\"domain\":\"light\"}",
     CALL("light", "turn_on", ",\"area_id\":\"kitchen\"")},
    {"flat", "HassTurnOff", "{\"area\":\"Study\",\"domain\":[\"light\"]}",
     CALL("light", "turn_off", ",\"target\":{\"area_id\":[\"Study\"]}")},
    {"flat", "HassLightSet", "{\"name\":\"Floor lamp\",\"brightness\":40}",
     CALL("light", "turn_on", ON("light.floor_lamp")
          DATA("\"brightness_pct\":40"))},
    {"flat", "HassLightSet", "{\"name\":\"Floor lamp\",\"brightness\":40}",
     CALL("light", "turn_on", ON("light.floor_lamp")
          DATA("\"brightness\":102"))},
    {"flat", "HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"red\"}",
     CALL("light", "turn_on", ON("light.floor_lamp")
          DATA("\"color_name\":\"red\""))},
    {"flat", "HassLightSet", "{\"name\":\"Desk lamp\",\"temperature\":2700}",
     CALL("light", "turn_on", ON("light.desk")
          DATA("\"color_temp_kelvin\":2700"))},
    {"flat", "HassLightSet", "{\"name\":\"Bathroom light\","
     "\"brightness\":0}",
     CALL("light", "turn_on", ON("light.bathroom")
          DATA("\"brightness_pct\":0"))},
    {"flat", "HassTurnOff", "{\"name\":\"Desk lamp\"}",
     CALL("light", "toggle", ON("light.desk"))},
    {"flat", "HassTurnOn", "{\"name\":\"Kettle\"}",
     CALL("switch", "turn_on", ON("switch.kettle"))},
    {"flat", "HassTurnOn", "{\"name\":\"Kettle\"}",
     CALL("homeassistant", "turn_on", DATA("\"entity_id\":"
          "[\"switch.kettle\"]"))},
    {"flat", "HassTurnOn", "{\"name\":\"Front door\"}",
     CALL("lock", "lock", ON("lock.front_door"))},
    {"house", "HassTurnOff", "{\"name\":\"Front door\"}",
     CALL("lock", "unlock", ON("lock.front"))},
    {"flat", "HassTurnOn", "{\"name\":\"Bedroom curtain\"}",
     CALL("cover", "open_cover", ON("cover.bedroom"))},
    {"flat", "HassSetPosition", "{\"name\":\"Bedroom curtain\","
     "\"position\":30}",
     CALL("cover", "set_cover_position", ON("cover.bedroom")
          DATA("\"position\":30"))},
    {"flat", "HassClimateSetTemperature", "{\"name\":\"Thermostat\","
     "\"temperature\":21.5}",
     CALL("climate", "set_temperature", ON("climate.thermostat")
          DATA("\"temperature\":21.5"))},
    {"flat", "HassTurnOn", "{\"name\":\"Study radiator\"}",
     CALL("climate", "set_hvac_mode", ON("climate.study")
          DATA("\"hvac_mode\":\"heat\""))},
    {"house", "HassFanSetSpeed", "{\"name\":\"Bedroom fan\","
     "\"percentage\":66}",
     CALL("fan", "set_percentage", ON("fan.master")
          DATA("\"percentage\":66"))},
    {"flat", "HassMediaPause", "{\"name\":\"Kitchen speaker\"}",
     CALL("media_player", "media_pause", ON("media_player.kitchen"))},
    {"flat", "HassMediaUnpause", "{\"name\":\"Study speaker\"}",
     CALL("media_player", "media_play", ON("media_player.study"))},
    {"flat", "HassMediaNext", "{\"name\":\"Kitchen speaker\"}",
     CALL("media_player", "media_next_track", ON("media_player.kitchen"))},
    {"flat", "HassSetVolume", "{\"name\":\"Kitchen speaker\","
     "\"volume_level\":55}",
     CALL("media_player", "volume_set", ON("media_player.kitchen")
          DATA("\"volume_level\":0.55"))},
    {"flat", "HassSetVolumeRelative", "{\"name\":\"Kitchen speaker\","
     "\"volume_step\":\"up\"}",
     CALL("media_player", "volume_up", ON("media_player.kitchen"))},
    {"flat", "HassMediaPlayerMute", "{\"name\":\"Kitchen speaker\"}",
     CALL("media_player", "volume_mute", ON("media_player.kitchen")
          DATA("\"is_volume_muted\":true"))},
    {"flat", "HassVacuumStart", "{}",
     CALL("vacuum", "start", ON("vacuum.robot"))},
    {"house", "HassVacuumReturnToBase", "{\"name\":\"Dusty\"}",
     CALL("vacuum", "return_to_base", ON("vacuum.upstairs"))},
    {"house", "HassTurnOn", "{\"name\":\"Garden tap\"}",
     CALL("valve", "open_valve", ON("valve.garden"))},
    {"flat", "HassTurnOn", "{\"name\":\"Movie night\"}",
     CALL("scene", "turn_on", ON("scene.movie"))},
    {"flat", "leave", "{}", CALL("script", "turn_on", ON("script.leave"))},
    {"house", "good_night", "{}", CALL("script", "good_night", "")},
    {"flat", "HassListAddItem", "{\"item\":\"Eggs\",\"name\":\"Groceries\"}",
     CALL("todo", "add_item", ON("todo.shopping")
          DATA("\"item\":\"eggs\""))},
    {"flat", "HassListCompleteItem", "{\"item\":\"milk\",\"name\":"
     "\"Shopping list\"}",
     CALL("todo", "update_item", ON("todo.shopping")
          DATA("\"item\":\"Milk\",\"status\":\"completed\""))},
    {"flat", "HassListRemoveItem", "{\"item\":\"milk\",\"name\":"
     "\"Shopping list\"}",
     CALL("todo", "remove_item", ON("todo.shopping")
          DATA("\"item\":[\"milk\"]"))},
    {"flat", "calendar_create_event", "{\"calendar\":\"Family calendar\","
     "\"summary\":\"Vet\",\"start\":\"2026-03-14T10:00\","
     "\"end\":\"2026-03-14T11:00\"}",
     CALL("calendar", "create_event", ON("calendar.family")
          DATA("\"summary\":\"Vet\",\"start_date_time\":"
               "\"2026-03-14 10:00:00\",\"end_date_time\":"
               "\"2026-03-14 11:00:00\""))},
    {"studio", "HassStartTimer", "{\"minutes\":5,\"name\":\"tea\"}",
     CALL("timer", "start", DATA("\"duration\":\"00:05:00\","
                                 "\"name\":\"tea\""))},
    {"studio", "HassStartTimer", "{\"seconds\":90}",
     CALL("timer", "start", ON("timer.voice") DATA("\"duration\":90"))},
    {"flat", "SetAlarm", "{\"time\":\"08:00\",\"days\":[\"sat\"]}",
     CALL("alarm", "set", DATA("\"time\":\"8:00\",\"days\":[\"sat\"]"))},
    {"flat", "CancelAlarm", "{\"name\":\"work\"}",
     CALL("alarm", "cancel", DATA("\"time\":\"06:45\""))},
    {"flat", "HassBroadcast", "{\"message\":\"Dinner\",\"area\":\"Study\"}",
     CALL("intercom", "broadcast", DATA("\"message\":\"Dinner\","
                                        "\"area\":\"study\""))},
};

static void test_both_styles_lead_to_the_same_home(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(WISHES); i++) {
        const struct wish *w = &WISHES[i];
        struct home *intent  = home_named(w->home, NULL, NULL);
        struct home *service = home_named(w->home, NULL, NULL);
        char        *before  = state_text(intent), *first, *second;

        does(intent, w->tool, w->args);
        does(service, "call_service", w->order);
        first  = state_text(intent);
        second = state_text(service);
        if (strcmp(first, second) != 0 || strcmp(first, before) == 0)
            fail_msg("%s %s and %s: %s", w->tool, w->args, w->order,
                     strcmp(first, before) == 0 ? "nothing happens"
                                                : "they differ");
        free(before);
        free(first);
        free(second);
        home_free(intent);
        home_free(service);
    }
}

/* ---- forms ------------------------------------------------------------- */

static void test_entities_are_named_in_each_form_there_is(void **state)
{
    static const char *const forms[] = {
        ",\"entity_id\":\"light.kitchen, light.worktop\"",
        ",\"entity_id\":[\"light.worktop\",\"LIGHT.KITCHEN\"]",
        ",\"target\":{\"entity_id\":[\"light.kitchen\",\"light.worktop\"]}",
        ",\"data\":{\"entity_id\":[\"light.kitchen\",\"light.worktop\"]}",
        ",\"area_id\":\"kitchen\"",
        ",\"data\":{\"area_id\":\"kitchen\"}",
        ",\"area_id\":\"kitchen\",\"entity_id\":\"light.kitchen\"",
    };
    char *wanted = NULL, *got;
    char  args[300];

    (void)state;
    for (size_t i = 0; i < N(forms); i++) {
        struct home *h = home_named("flat", NULL, NULL);
        snprintf(args, sizeof args, CALL("light", "turn_on", "%s"), forms[i]);
        does(h, "call_service", args);
        assert_shown(h, "light.worktop", "state", "\"on\"");
        got = state_text(h);
        if (wanted) assert_string_equal(got, wanted);
        free(wanted);
        wanted = got;
        home_free(h);
    }
    free(wanted);
}

static void test_a_service_may_be_named_with_its_domain(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "call_service", "{\"service\":\"light.turn_on\","
         "\"entity_id\":\"light.kitchen\"}");
    assert_shown(h, "light.kitchen", "state", "\"on\"");
    does(h, "call_service", CALL("light", "light.turn_off",
                                 ON("light.kitchen")));
    assert_shown(h, "light.kitchen", "state", "\"off\"");
    home_free(h);
}

static void test_brightness_steps_start_where_the_light_is(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "call_service", CALL("light", "turn_on", ON("light.living_room")
                                 DATA("\"brightness_step_pct\":-20")));
    assert_shown(h, "light.living_room", "brightness", "153");
    does(h, "call_service", CALL("light", "turn_on", ON("light.kitchen")
                                 DATA("\"brightness_step\":30")));
    assert_shown(h, "light.kitchen", "brightness", "30");
    does(h, "call_service", CALL("light", "turn_on", ON("light.kitchen")
                                 DATA("\"brightness_step\":-60")));
    assert_shown(h, "light.kitchen", "state", "\"off\"");
    home_free(h);
}

/* "00:05:00" and what else says how long. */
static void test_durations_are_taken_in_each_form_there_is(void **state)
{
    static const struct {
        const char *duration;
        const char *seconds;     /* NULL: refused */
    } cases[] = {
        {"\"00:05:00\"", "300"}, {"\"0:05\"", "300"}, {"300", "300"},
        {"{\"minutes\":5}", "300"}, {"{\"hours\":1,\"seconds\":2}", "3602"},
        {"\"5\"", NULL}, {"\"00:05:\"", NULL}, {"\":05\"", NULL},
        {"\"1:2:3:4\"", NULL}, {"\"5 min\"", NULL}, {"\"-00:05:00\"", NULL},
        {"[]", NULL}, {"{}", NULL}, {"\"99999:00\"", NULL},
    };
    char args[200], wanted[100];

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct home *h = home_named("studio", NULL, NULL);
        snprintf(args, sizeof args, CALL("timer", "start", DATA(
                 "\"duration\":%s")), cases[i].duration);
        if (!cases[i].seconds) {
            refuses(h, "call_service", args, "ServiceValidationError", NULL);
        } else {
            does(h, "call_service", args);
            snprintf(wanted, sizeof wanted, "[{\"name\":\"\",\"seconds\":%s,"
                     "\"state\":\"active\"}]", cases[i].seconds);
            assert_shown(h, "timer.voice", "timers", wanted);
        }
        home_free(h);
    }
}

static void test_timers_are_changed_by_service(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "call_service", CALL("timer", "start", DATA(
         "\"duration\":{\"minutes\":10},\"name\":\"pasta\"")));
    does(h, "call_service", CALL("timer", "change", DATA(
         "\"duration\":\"-00:04:00\",\"name\":\"pasta\"")));
    assert_shown(h, "timer.voice", "timers", "[{\"name\":\"pasta\","
                 "\"seconds\":360,\"start_seconds\":600,\"state\":"
                 "\"active\"}]");
    does(h, "call_service", CALL("timer", "pause", ""));
    assert_shown(h, "timer.voice", "state", "\"paused\"");
    does(h, "call_service", CALL("timer", "start", ""));
    assert_shown(h, "timer.voice", "state", "\"active\"");
    does(h, "call_service", CALL("timer", "cancel", ON("timer.voice")));
    assert_shown(h, "timer.voice", "timers", "[]");
    home_free(h);
}

static void test_items_are_renamed_and_opened_again(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "call_service", CALL("todo", "update_item", ON("todo.chores")
         DATA("\"item\":\"clean the oven\",\"status\":\"needs_action\"")));
    assert_shown(h, "todo.chores", "completed", "[]");
    does(h, "call_service", CALL("todo", "update_item", ON("todo.chores")
         DATA("\"item\":\"clean the oven\",\"rename\":\"Clean it\"")));
    assert_shown(h, "todo.chores", "items", "[\"clean it\",\"take out the "
                 "rubbish\",\"water the plants\"]");
    home_free(h);
}

/* ---- refusals ---------------------------------------------------------- */

static void test_orders_that_cannot_be_change_nothing(void **state)
{
    static const struct {
        const char *order, *kind, *text;
    } cases[] = {
        {CALL("light", "turn_up", ON("light.kitchen")), "ServiceNotFound",
         "turn_on, turn_off, toggle"},
        {CALL("lamp", "turn_on", ON("light.kitchen")), "ServiceNotFound",
         "light, switch"},
        {CALL("script", "no_such", ""), "ServiceNotFound", "no_such"},
        {CALL("light", "turn_on", ""), "ServiceValidationError",
         "must contain at least one of entity_id, area_id"},
        {CALL("light", "turn_on", ON("light.nowhere")),
         "ServiceValidationError", "light.nowhere not found"},
        {CALL("light", "turn_on", ",\"entity_id\":[\"light.kitchen\","
              "\"light.nowhere\"]"), "ServiceValidationError", "not found"},
        {CALL("light", "turn_on", ON("Kitchen light")),
         "ServiceValidationError", "not found"},
        {CALL("light", "turn_on", ON("switch.kettle")),
         "ServiceValidationError", "call a service of switch"},
        {CALL("light", "turn_on", ",\"area_id\":\"attic\""),
         "ServiceValidationError", "attic"},
        {CALL("vacuum", "start", ",\"area_id\":\"kitchen\""),
         "ServiceValidationError", "nothing in Kitchen"},
        {CALL("light", "turn_on", ON("light.kitchen")
              DATA("\"brightness_pct\":140")), "ServiceValidationError",
         "data['brightness_pct']"},
        {CALL("light", "turn_on", ON("light.kitchen")
              DATA("\"brightness_percent\":40")), "ServiceValidationError",
         "extra keys not allowed @ data['brightness_percent']"},
        {CALL("light", "turn_on", ON("light.kitchen")
              ",\"brightness_pct\":40"), "ServiceValidationError",
         "goes into data"},
        {CALL("light", "turn_on", ON("light.floor_lamp")
              DATA("\"color_name\":\"reddest\"")), "ServiceValidationError",
         "color_name"},
        {CALL("light", "turn_on", ON("light.floor_lamp")
              DATA("\"color_name\":\"red\",\"color_temp_kelvin\":3000")),
         "ServiceValidationError", "Color descriptors"},
        {CALL("cover", "set_cover_position", ON("cover.bedroom")),
         "ServiceValidationError",
         "required key not provided @ data['position']"},
        {CALL("media_player", "volume_set", ON("media_player.kitchen")
              DATA("\"volume_level\":50")), "ServiceValidationError",
         "from 0 to 1"},
        {CALL("climate", "set_hvac_mode", ON("climate.study")
              DATA("\"hvac_mode\":\"cool\"")), "ServiceValidationError",
         "Valid modes are: [\"off\",\"heat\"]"},
        {CALL("homeassistant", "turn_off", ",\"entity_id\":"
              "[\"switch.printer\",\"scene.movie\"]"),
         "ServiceNotSupported", "scene.movie"},
        {CALL("todo", "remove_item", ON("todo.shopping")
              DATA("\"item\":[\"milk\",\"gold\"]")),
         "ServiceValidationError", "gold"},
        {CALL("todo", "update_item", ON("todo.shopping")
              DATA("\"item\":\"milk\"")), "ServiceValidationError",
         "status and rename"},
        {CALL("todo", "add_item", ",\"entity_id\":[\"todo.shopping\","
              "\"todo.chores\"]" DATA("\"item\":\"x\"")),
         "ServiceValidationError", "wants one entity_id"},
        {CALL("timer", "start", DATA("\"duration\":\"soon\"")),
         "ServiceValidationError", "00:05:00"},
        {CALL("timer", "start", DATA("\"duration\":\"25:00:00\"")),
         "ServiceValidationError", "timer.start"},
        {CALL("timer", "cancel", ""), "ServiceValidationError", "not found"},
        {CALL("calendar", "get_events", ON("calendar.family")),
         "ServiceValidationError", "duration"},
        {"{\"domain\":\"light\"}", "ServiceValidationError", "service"},
        {"{\"service\":\"turn_on\"}", "ServiceValidationError", "domain"},
        {"{\"domain\":[],\"service\":{}}", "ServiceValidationError", NULL},
        {CALL("light", "turn_on", ",\"entity_id\":{}"),
         "ServiceValidationError", "entity_id"},
        {CALL("light", "turn_on", ",\"data\":\"brightness\""),
         "ServiceValidationError", "objects"},
    };
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < N(cases); i++)
        refuses(h, "call_service", cases[i].order, cases[i].kind,
                cases[i].text);
    home_free(h);
}

/* ---- what is told ------------------------------------------------------ */

static void test_states_are_told_as_home_assistant_has_them(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);
    char        *all;

    (void)state;
    assert_told(h, "get_states", "{\"entity_id\":\"light.kitchen\"}",
                "[{\"entity_id\":\"light.kitchen\",\"state\":\"off\","
                "\"area\":\"Kitchen\",\"attributes\":{\"friendly_name\":"
                "\"Kitchen light\"}}]");
    assert_told(h, "get_states", "{\"area\":\"bedroom\",\"domain\":"
                "\"sensor\"}",
                "[{\"entity_id\":\"sensor.bedroom\",\"state\":\"18.5\","
                "\"area\":\"Bedroom\",\"attributes\":{\"friendly_name\":"
                "\"Bedroom temperature\",\"unit_of_measurement\":\"°C\","
                "\"device_class\":\"temperature\"}}]");
    all = told(h, "get_states", "{}");
    assert_non_null(strstr(all, "timer.voice"));
    free(all);
    refuses(h, "get_states", "{\"entity_id\":[\"light.kitchen\",\"x\"]}",
            "ServiceValidationError", "x not found");
    refuses(h, "get_states", "{\"area\":\"attic\"}",
            "ServiceValidationError", "attic");
    home_free(h);
}

static void test_services_that_ask_tell_by_entity(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    assert_told(h, "call_service",
                CALL("todo", "get_items", ON("todo.shopping")),
                "{\"todo.shopping\":{\"items\":[{\"summary\":\"bread\","
                "\"status\":\"needs_action\"},{\"summary\":\"milk\","
                "\"status\":\"needs_action\"}]}}");
    assert_told(h, "call_service",
                CALL("calendar", "get_events", ON("calendar.family")
                     DATA("\"duration\":{\"hours\":12}")),
                "{\"calendar.family\":{\"events\":[{\"start\":"
                "\"2026-03-12T19:00:00\",\"end\":\"2026-03-12T20:30:00\","
                "\"summary\":\"Football training\"}]}}");
    assert_told(h, "call_service", CALL("light", "turn_on",
                                        ON("light.kitchen")),
                "[{\"entity_id\":\"light.kitchen\",\"state\":\"on\"}]");
    home_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_styles_lead_to_the_same_home),
        cmocka_unit_test(
            test_entities_are_named_in_each_form_there_is),
        cmocka_unit_test(test_a_service_may_be_named_with_its_domain),
        cmocka_unit_test(
            test_brightness_steps_start_where_the_light_is),
        cmocka_unit_test(test_durations_are_taken_in_each_form_there_is),
        cmocka_unit_test(test_timers_are_changed_by_service),
        cmocka_unit_test(test_items_are_renamed_and_opened_again),
        cmocka_unit_test(test_orders_that_cannot_be_change_nothing),
        cmocka_unit_test(test_states_are_told_as_home_assistant_has_them),
        cmocka_unit_test(test_services_that_ask_tell_by_entity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
