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
#include "home/home.h"
#include "home_fixture.h"

/* ---- what tools do ----------------------------------------------------- */

#define ON(attributes) "{\"state\":\"on\"," attributes "}"
#define LIT(level)     ON("\"color_mode\":\"brightness\",\"brightness\":" level)
#define DARK           "{\"state\":\"off\",\"color_mode\":null," \
                       "\"brightness\":null}"
#define CLOSED         "{\"state\":\"closed\",\"current_position\":0}"
#define OPEN           "{\"state\":\"open\",\"current_position\":100}"
#define RGB            "{\"light.floor_lamp\":{\"state\":\"on\","           \
                       "\"color\":\"red\"}}"

/* The members of `change` replace those of the state before the call; NULL:
 * the call is refused. */
static const struct act {
    const char *home, *setup, *tool, *args, *change;
} ACTS[] = {
    /* names: by name, alias and id, however they are written */
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Kitchen light\"}",
     "{\"light.kitchen\":" LIT("204") "}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"  KITCHEN LIGHT \"}",
     "{\"light.kitchen\":" LIT("204") "}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"light.kitchen\"}",
     "{\"light.kitchen\":" LIT("204") "}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"entrance light\"}",
     "{\"light.hall\":" LIT("153") "}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"counter light\",\"floor\":"
     "\"upstairs\"}", NULL},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"ceiling light\","
     "\"area\":\"bedroom\"}", "{\"light.bedroom\":" LIT("178") "}"},
    /* places, also by id and alias */
    {"flat", NULL, "HassTurnOn", "{\"area\":\"Kitchen\","
     "\"domain\":\"light\"}", "{\"light.kitchen\":" LIT("204") ","
     "\"light.worktop\":" LIT("255") "}"},
    {"flat", NULL, "HassTurnOff", "{\"area\":\"living_room\"}",
     "{\"light.living_room\":" DARK ",\"cover.living_room\":" CLOSED ","
     "\"climate.thermostat\":{\"state\":\"off\"}}"},
    {"flat", NULL, "HassTurnOff", "{\"area\":\"Office\",\"domain\":\"light\"}",
     "{\"light.desk\":{\"state\":\"off\",\"color_mode\":null,"
     "\"brightness\":null,\"color_temp_kelvin\":null}}"},
    {"flat", NULL, "HassTurnOff", "{\"floor\":\"Upstairs\","
     "\"device_class\":[\"outlet\"]}",
     "{\"switch.printer\":{\"state\":\"off\"}}"},
    {"flat", NULL, "HassTurnOff", "{\"name\":\"all\","
     "\"device_class\":[\"blind\"]}", "{\"cover.living_room\":" CLOSED "}"},
    /* what on and off mean */
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Front door\"}",
     "{\"lock.front_door\":{\"state\":\"locked\"}}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Balcony awning\"}",
     "{\"cover.awning\":" OPEN "}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"TV\"}",
     "{\"media_player.tv\":{\"state\":\"idle\",\"volume_level\":0.25}}"},
    {"flat", NULL, "HassTurnOff", "{\"name\":\"heating\"}",
     "{\"climate.thermostat\":{\"state\":\"off\"}}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Study radiator\"}",
     "{\"climate.study\":{\"state\":\"heat\"}}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Bathroom fan\"}",
     "{\"fan.bathroom\":{\"state\":\"on\",\"percentage\":100}}"},
    {"house", NULL, "HassTurnOff", "{\"name\":\"Gas valve\"}",
     "{\"valve.gas\":{\"state\":\"closed\"}}"},
    {"house", NULL, "HassTurnOn", "{\"name\":\"sprinkler\"}",
     "{\"valve.garden\":" OPEN "}"},
    /* what is on stays as it is */
    {"house", NULL, "HassTurnOn", "{\"name\":\"Cooker hood\"}", "{}"},
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Kitchen speaker\"}", "{}"},
    {"house", "{\"climate.attic_ac\":{\"state\":\"cool\"}}", "HassTurnOn",
     "{\"name\":\"AC\"}", "{}"},
    /* scenes */
    {"flat", NULL, "HassTurnOn", "{\"name\":\"Movie night\"}",
     "{\"light.living_room\":" DARK ",\"cover.living_room\":" CLOSED ","
     "\"light.floor_lamp\":" ON("\"color_mode\":\"color_temp\","
     "\"brightness\":51,\"color_temp_kelvin\":3000") "}"},
    {"flat", NULL, "HassTurnOff", "{\"name\":\"Movie night\"}", NULL},
    /* what cannot be turned on is reported, and the rest is done */
    {"flat", NULL, "HassTurnOn", "{\"area\":\"Bathroom\"}",
     "{\"fan.bathroom\":{\"state\":\"on\",\"percentage\":100}}"},
    /* lights */
    {"flat", NULL, "HassLightSet", "{\"name\":\"Hall light\","
     "\"brightness\":40}", "{\"light.hall\":" LIT("102") "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Hall light\","
     "\"brightness\":50}", "{\"light.hall\":" LIT("128") "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Hall light\","
     "\"brightness\":\"10\"}", "{\"light.hall\":" LIT("26") "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Hall light\"}",
     "{\"light.hall\":" LIT("153") "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Bathroom light\","
     "\"brightness\":0}", "{\"light.bathroom\":" DARK "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Floor lamp\","
     "\"color\":\"Light Blue\"}",
     "{\"light.floor_lamp\":" ON("\"color_mode\":\"rgb\","
     "\"brightness\":128,\"color\":\"lightblue\"") "}"},
    {"flat", RGB, "HassLightSet", "{\"name\":\"Floor lamp\","
     "\"temperature\":2700}",
     "{\"light.floor_lamp\":" ON("\"color_mode\":\"color_temp\","
     "\"color_temp_kelvin\":2700,\"color\":null") "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Hall light\","
     "\"color\":\"red\",\"brightness\":100}",
     "{\"light.hall\":" LIT("255") "}"},
    {"flat", NULL, "HassLightSet", "{\"name\":\"Hall light\","
     "\"temperature\":0,\"brightness\":5}", "{}"},
    {"house", NULL, "HassLightSet", "{\"name\":\"Guest toilet ceiling "
     "light\",\"brightness\":5}",
     "{\"light.guest_toilet_ceiling\":" ON("\"color_mode\":\"onoff\"") "}"},
    /* numbers are cast, unknown arguments passed over */
    {"flat", NULL, "HassSetPosition", "{\"name\":\"Bedroom curtain\","
     "\"position\":30.9,\"entity_id\":\"light.hall\"}",
     "{\"cover.bedroom\":{\"state\":\"open\",\"current_position\":30}}"},
    {"flat", NULL, "HassSetPosition", "{\"domain\":\"cover\","
     "\"area\":\"Living room\",\"position\":0}",
     "{\"cover.living_room\":" CLOSED "}"},
    {"flat", NULL, "HassSetPosition", "{\"name\":\"Bedroom curtain\","
     "\"position\":1}", "{\"cover.bedroom\":{\"state\":\"open\","
     "\"current_position\":1}}"},
    {"house", NULL, "HassSetPosition", "{\"name\":\"Gas valve\","
     "\"position\":20}", "{}"},
    {"flat", NULL, "HassStopMoving", "{\"name\":\"Bedroom curtain\"}", "{}"},
    {"flat", NULL, "HassClimateSetTemperature",
     "{\"name\":\"heating\",\"temperature\":21.5}",
     "{\"climate.thermostat\":{\"temperature\":21.5}}"},
    {"flat", NULL, "HassFanSetSpeed", "{\"percentage\":33}",
     "{\"fan.bathroom\":{\"state\":\"on\",\"percentage\":33}}"},
    {"house", NULL, "HassFanSetSpeed", "{\"name\":\"Cooker hood\","
     "\"percentage\":0}",
     "{\"fan.kitchen_hood\":{\"state\":\"off\",\"percentage\":0}}"},
    {"flat", NULL, "HassVacuumStart", "{}",
     "{\"vacuum.robot\":{\"state\":\"cleaning\"}}"},
    {"flat", "{\"vacuum.robot\":{\"state\":\"cleaning\"}}",
     "HassVacuumReturnToBase", "{\"name\":\"hoover\"}",
     "{\"vacuum.robot\":{\"state\":\"returning\"}}"},
    {"flat", NULL, "HassMediaPause", "",
     "{\"media_player.kitchen\":{\"state\":\"paused\"}}"},
    {"flat", NULL, "HassMediaUnpause", "{\"name\":\"Study speaker\"}",
     "{\"media_player.study\":{\"state\":\"playing\"}}"},
    {"flat", NULL, "HassMediaNext", "{}",
     "{\"media_player.kitchen\":{\"media_track\":1}}"},
    {"flat", NULL, "HassMediaPrevious", "{\"domain\":[\"media_player\"]}",
     "{\"media_player.kitchen\":{\"media_track\":19}}"},
    {"flat", NULL, "HassSetVolume", "{\"name\":\"radio\","
     "\"volume_level\":7}",
     "{\"media_player.kitchen\":{\"volume_level\":0.07}}"},
    {"flat", NULL, "HassSetVolumeRelative", "{\"name\":\"radio\","
     "\"volume_step\":\"up\"}",
     "{\"media_player.kitchen\":{\"volume_level\":0.5}}"},
    {"flat", NULL, "HassSetVolumeRelative", "{\"name\":\"radio\","
     "\"volume_step\":-100}",
     "{\"media_player.kitchen\":{\"volume_level\":0}}"},
    {"flat", NULL, "HassMediaPlayerMute", "{\"name\":\"radio\","
     "\"is_volume_muted\":\"false\"}",
     "{\"media_player.kitchen\":{\"is_volume_muted\":true}}"},
    {"flat", "{\"media_player.kitchen\":{\"is_volume_muted\":true}}",
     "HassMediaPlayerUnmute", "{\"name\":\"radio\"}",
     "{\"media_player.kitchen\":{\"is_volume_muted\":false}}"},
    {"flat", NULL, "GetLiveContext", "{}", "{}"},
    {"flat", NULL, "GetDateTime", "{}", "{}"},
};

static void test_each_tool_changes_what_it_says_and_nothing_else(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(ACTS); i++) {
        struct home *h    = home_with(ACTS[i].home, ACTS[i].setup);
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
        if (strcmp(expected, got) != 0)
            fail_msg("%s %s:\n%s\n%s", ACTS[i].tool, ACTS[i].args, got,
                     expected);
        free(expected);
        free(got);
        json_decref(changes);
        json_decref(want);
        home_free(h);
    }
}

/* ---- what they refuse -------------------------------------------------- */

static const struct refusal {
    const char *tool, *args, *error;   /* the kind, or the reason of a match */
} REFUSALS[] = {
    {"HassExplode", "{}", "HomeAssistantError"},
    {"", "{}", "HomeAssistantError"},
    {"send_email", "{}", "HomeAssistantError"},
    {"HassTurnOn", "{}", "IntentHandleError"},
    {"HassTurnOn", "{\"name\":\"all\"}", "IntentHandleError"},
    {"HassTurnOn", "{\"name\":\"Garage\"}", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen ligh\"}", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"area\":\"Hall\"}", "AREA"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"area\":\"Attic\"}",
     "INVALID_AREA"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"floor\":\"Kitchen\"}",
     "INVALID_FLOOR"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"floor\":\"Upstairs\"}",
     "FLOOR"},
    /* the earlier step is the reason */
    {"HassTurnOn", "{\"name\":\"Garage\",\"floor\":\"Moon\","
     "\"device_class\":\"door\"}", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"floor\":\"Moon\","
     "\"device_class\":\"door\"}", "DEVICE_CLASS"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"floor\":\"Moon\","
     "\"area\":\"Mars\"}", "INVALID_FLOOR"},
    {"HassMediaPause", "{\"name\":\"Nothing\",\"area\":\"Mars\"}", "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":\"switch\"}",
     "NAME"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":[]}", "DOMAIN"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":null}", "DOMAIN"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\",\"domain\":\"lamp\"}",
     "DOMAIN"},
    {"HassTurnOn", "{\"area\":\"Hall\",\"device_class\":[\"gate\"]}",
     "DEVICE_CLASS"},
    {"HassTurnOn", "{\"name\":\"Ceiling light\"}", "DUPLICATE_NAME"},
    {"HassTurnOn", "{\"name\":\"Bedroom window\"}", "IntentHandleError"},
    {"HassTurnOn", "{\"name\":\"Timers\"}", "IntentHandleError"},
    {"HassTurnOn", "{\"name\":\"Robot vacuum\"}", "IntentHandleError"},
    {"HassTurnOff", "{\"name\":\"Movie night\"}", "IntentHandleError"},
    {"HassTurnOn", "{\"name\":\"\"}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"name\":\"  \"}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"name\":7}", "NAME"},
    {"HassTurnOn", "{\"name\":null}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"name\":[\"Hall light\"]}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"name\":\"Kitchen light\\u0000\"}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"domain\":[\"light\",null]}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"domain\":{\"light\":1}}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"name\":\"Hall light\",\"device_class\":[\"light\"]}",
     "InvalidSlotInfo"},
    {"HassMediaPause", "{\"device_class\":\"outlet\"}", "InvalidSlotInfo"},
    {"HassMediaPause", "{\"domain\":[\"light\"]}", "InvalidSlotInfo"},
    {"HassTurnOn", "{\"entity_id\":\"light.kitchen\"}", "IntentHandleError"},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":101}",
     "InvalidSlotInfo"},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":-1}",
     "InvalidSlotInfo"},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":\"half\"}",
     "InvalidSlotInfo"},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":\"40.5\"}",
     "InvalidSlotInfo"},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"blurple\"}",
     "InvalidSlotInfo"},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"temperature\":-1}",
     "InvalidSlotInfo"},
    {"HassSetPosition", "{\"name\":\"Bedroom curtain\"}", "InvalidSlotInfo"},
    {"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":101}",
     "InvalidSlotInfo"},
    {"HassSetPosition", "{\"name\":\"Kitchen light\",\"position\":50}",
     "IntentHandleError"},
    {"HassSetPosition", "{\"area\":\"Bedroom\",\"position\":50}",
     "IntentHandleError"},
    {"HassClimateSetTemperature", "{\"temperature\":21}",
     "MULTIPLE_TARGETS"},
    {"HassClimateSetTemperature", "{\"name\":\"heating\","
     "\"temperature\":36}", "InvalidSlotInfo"},
    {"HassClimateSetTemperature", "{\"name\":\"heating\"}",
     "InvalidSlotInfo"},
    {"HassClimateSetTemperature", "{\"area\":\"Hall\",\"temperature\":21}",
     "AREA"},
    {"HassMediaPause", "{\"name\":\"Television\"}", "NAME"},
    {"HassSetVolume", "{}", "InvalidSlotInfo"},
    {"HassSetVolumeRelative", "{\"volume_step\":\"louder\"}",
     "InvalidSlotInfo"},
    {"GetLiveContext", "{\"area\":\"Attic\"}", "INVALID_AREA"},
    /* not arguments at all */
    {"HassMediaPause", "[]", "InvalidSlotInfo"},
    {"HassMediaPause", "null", "InvalidSlotInfo"},
    {"HassMediaPause", "\"{}\"", "InvalidSlotInfo"},
    {"HassMediaPause", "{", "InvalidSlotInfo"},
    {"HassMediaPause", "{} {}", "InvalidSlotInfo"},
    {"HassMediaPause", " ", "InvalidSlotInfo"},
    {"HassMediaPause", "{\"name\":\"radio\",\"name\":\"TV\"}",
     "InvalidSlotInfo"},
    {"HassMediaPause", "{\"name\":\"ra\xff\xfe\"}", "InvalidSlotInfo"},
    {"HassSetVolume", "{\"volume_level\":NaN}", "InvalidSlotInfo"},
    {"HassSetVolume", "{\"volume_level\":1e999}", "InvalidSlotInfo"},
    {"HassSetVolume", "{\"volume_level\":9223372036854775807}",
     "InvalidSlotInfo"},
    {"HassSetVolume", "{\"volume_level\":\"99999999999999999999\"}",
     "InvalidSlotInfo"},
};

static void test_a_refused_call_names_why_and_changes_nothing(void **s)
{
    struct home *h      = flat(NULL);
    char        *before = state_text(h);

    (void)s;
    for (size_t i = 0; i < N(REFUSALS); i++) {
        const struct refusal *r = &REFUSALS[i];
        json_t *answer = home_call(h, r->tool, r->args);
        char   *after;

        if (strcmp(call(h, r->tool, r->args), r->error) != 0)
            fail_msg("%s %s: %s", r->tool, r->args,
                     call(h, r->tool, r->args));
        after = state_text(h);
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
    static const char *const tools[] = {
        "HassTurnOn", "HassTurnOff", "HassLightSet", "HassSetPosition",
        "HassStopMoving", "HassClimateSetTemperature", "HassFanSetSpeed",
        "HassVacuumStart", "HassVacuumReturnToBase", "HassMediaPause",
        "HassMediaUnpause", "HassMediaNext", "HassMediaPrevious",
        "HassSetVolume", "HassSetVolumeRelative", "HassMediaPlayerMute",
        "HassMediaPlayerUnmute", "HassListAddItem", "HassListCompleteItem",
        "HassListRemoveItem",
    };
    struct home *h      = flat(NULL);
    char        *before = state_text(h), *after, *args;

    (void)s;
    for (size_t i = 0; i < N(tools); i++)
        for (size_t k = 0; k < N(names); k++) {
            args = mem_printf("{\"name\":\"%s\",\"brightness\":5,"
                              "\"position\":5,\"temperature\":9,"
                              "\"percentage\":5,\"volume_level\":5,"
                              "\"volume_step\":5,\"item\":\"bread\"}",
                              names[k]);
            assert_string_equal(call(h, tools[i], args), "NAME");
            free(args);
        }
    after = state_text(h);
    assert_string_equal(before, after);
    free(before);
    free(after);
    home_free(h);
}

/* ---- who speaks where -------------------------------------------------- */

static void test_the_users_room_decides_between_equal_names(void **s)
{
    struct err   err = {0};
    struct home *h   = flat(NULL);

    (void)s;
    assert_int_equal(home_speak_in(h, "bedroom", &err), 0);
    assert_string_equal(call(h, "HassTurnOn", "{\"name\":\"ceiling light\"}"),
                        "");
    assert_shows(h, "light.bedroom", LIT("178"));
    /* What narrows to several without a name is not narrowed any further. */
    assert_string_equal(call(h, "HassTurnOff", "{\"domain\":\"light\"}"), "");
    assert_shows(h, "light.living_room", DARK);
    assert_int_equal(home_speak_in(h, "Balcony", &err), 0);
    assert_string_equal(call(h, "HassTurnOn", "{\"name\":\"ceiling light\"}"),
                        "NAME");
    assert_int_equal(home_speak_in(h, "Office", &err), 0);
    assert_string_equal(call(h, "HassClimateSetTemperature",
                             "{\"temperature\":19}"), "");
    assert_shows(h, "climate.study", "{\"state\":\"off\",\"temperature\":19,"
                 "\"current_temperature\":17.5}");
    assert_int_equal(home_speak_in(h, NULL, &err), 0);
    assert_string_equal(call(h, "HassTurnOn", "{\"name\":\"ceiling light\"}"),
                        "DUPLICATE_NAME");
    assert_int_equal(home_speak_in(h, "Cellar", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "Cellar"));
    home_free(h);
}

/* ---- the tools themselves ---------------------------------------------- */

static bool offers(const struct home *h, const char *kind, const char *name)
{
    json_t *tools = home_tools(h, kind), *tool;
    size_t  i;
    bool    yes = false;

    json_array_foreach(tools, i, tool) {
        const char *it = jsonx_text(json_object_get(tool, "function"), "name");
        assert_null(json_object_get(tool, "domains"));
        yes = yes || strcmp(it, name) == 0;
    }
    json_decref(tools);
    return yes;
}

static void test_only_tools_with_something_to_act_on_are_offered(void **s)
{
    struct home *small = home_with("studio", NULL), *h = flat(NULL);

    (void)s;
    assert_true(offers(small, HOME_TOOLS_INTENT, "HassLightSet"));
    assert_false(offers(small, HOME_TOOLS_INTENT, "HassVacuumStart"));
    assert_string_equal(call(small, "HassVacuumStart", "{}"),
                        "HomeAssistantError");
    assert_true(offers(h, HOME_TOOLS_INTENT, "HassVacuumStart"));
    assert_true(offers(h, HOME_TOOLS_INTENT, "leave"));
    assert_false(offers(h, HOME_TOOLS_INTENT, "send_email"));
    assert_true(offers(h, HOME_TOOLS_DISTRACTED, "send_email"));
    assert_true(offers(h, HOME_TOOLS_DISTRACTED, "HassTurnOn"));
    assert_true(offers(h, HOME_TOOLS_SERVICE, "call_service"));
    assert_false(offers(h, HOME_TOOLS_SERVICE, "HassTurnOn"));
    assert_null(home_tools(h, "everything"));
    home_free(small);
    home_free(h);
}

static void test_every_tool_that_is_offered_can_be_called(void **s)
{
    static const char *const homes[] = {"studio", "flat", "house"};
    static const char *const kinds[] = {HOME_TOOLS_INTENT,
                                        HOME_TOOLS_SERVICE};

    (void)s;
    for (size_t i = 0; i < N(homes); i++)
        for (size_t k = 0; k < N(kinds); k++) {
            struct home *h     = home_with(homes[i], NULL);
            json_t      *tools = home_tools(h, kinds[k]), *tool;
            size_t       n;

            assert_true(json_array_size(tools) > 0);
            json_array_foreach(tools, n, tool) {
                const char *name = jsonx_text(json_object_get(tool,
                                              "function"), "name");
                if (strcmp(call(h, name, "{}"), "HomeAssistantError") == 0)
                    fail_msg("%s offers %s", homes[i], name);
            }
            json_decref(tools);
            home_free(h);
        }
}

/* ---- what it shows ----------------------------------------------------- */

static void test_live_context_tells_states_and_can_be_narrowed(void **s)
{
    struct home *h   = flat("{\"light.hall\":{\"state\":\"on\"}}");
    json_t      *all = home_call(h, "GetLiveContext", "{}");
    json_t      *one = home_call(h, "GetLiveContext",
                                 "{\"area\":\"hall\",\"domain\":\"light\"}");
    json_t      *two = home_call(h, "GetLiveContext",
                                 "{\"name\":\"ceiling light\"}");
    const char  *text = jsonx_text(all, "result");

    (void)s;
    assert_non_null(strstr(text, "- names: Outdoor temperature\n"
                                 "  domain: sensor\n  state: '12.5'\n"
                                 "  areas: Balcony\n  attributes:\n"
                                 "    unit_of_measurement: \u00b0C\n"
                                 "    device_class: temperature\n"));
    assert_non_null(strstr(text, "    current_temperature: 19.5\n"
                                 "    temperature: '20'\n"));
    assert_non_null(strstr(text, "- names: Bedroom light, ceiling light\n"
                                 "  domain: light\n  state: 'off'\n"
                                 "  areas: Bedroom\n  attributes:\n"
                                 "    brightness:\n"));
    assert_non_null(strstr(text, "    color_temp_kelvin: '4000'\n"));
    assert_non_null(strstr(text, "state: unlocked\n"));
    assert_non_null(strstr(text, "06:45 work (mon tue wed thu fri)"));
    assert_null(strstr(text, "Timers"));
    assert_null(strstr(text, "Family calendar"));
    assert_string_equal(jsonx_text(one, "result"),
        "Live Context: An overview of the areas and the devices in this smart "
        "home:\n- names: Hall light, entrance light\n  domain: light\n"
        "  state: 'on'\n  areas: Hall\n  attributes:\n"
        "    brightness: '153'\n");
    assert_non_null(strstr(jsonx_text(two, "result"), "Bedroom light"));
    assert_non_null(strstr(jsonx_text(two, "result"), "Living room light"));
    assert_null(strstr(jsonx_text(two, "result"), "Hall"));
    json_decref(all);
    json_decref(one);
    json_decref(two);
    home_free(h);
}

static void test_the_clock_is_the_homes_own(void **s)
{
    struct home *h      = flat(NULL);
    json_t      *answer = home_call(h, "GetDateTime", "{}");
    json_t      *now    = json_object_get(answer, "result");

    (void)s;
    assert_string_equal(home_now(h), "2026-03-12T18:30:00");
    assert_string_equal(jsonx_text(now, "date"), "2026-03-12");
    assert_string_equal(jsonx_text(now, "time"), "18:30:00");
    assert_string_equal(jsonx_text(now, "weekday"), "Thursday");
    json_decref(answer);
    home_free(h);
}

static void test_an_answer_lists_place_first_then_what_was_and_was_not_done(
    void **s)
{
    struct home *h      = flat(NULL);
    json_t      *answer = home_call(h, "HassTurnOn", "{\"area\":\"Hall\"}");
    char        *text   = jsonx_dump(answer);

    (void)s;
    assert_string_equal(text,
        "{\"speech\":{},\"response_type\":\"action_done\",\"data\":{"
        "\"targets\":[],\"success\":["
        "{\"name\":\"Hall\",\"type\":[\"area\"],\"id\":\"hall\"},"
        "{\"name\":\"Hall light\",\"type\":[\"entity\"],"
        "\"id\":\"light.hall\"},"
        "{\"name\":\"Front door\",\"type\":[\"entity\"],"
        "\"id\":\"lock.front_door\"}],\"failed\":["
        "{\"name\":\"Robot vacuum\",\"type\":[\"entity\"],"
        "\"id\":\"vacuum.robot\"},"
        "{\"name\":\"Doorbell motion\",\"type\":[\"entity\"],"
        "\"id\":\"binary_sensor.doorbell\"},"
        "{\"name\":\"Power use\",\"type\":[\"entity\"],"
        "\"id\":\"sensor.power\"}]}}");
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
        cmocka_unit_test(test_a_refused_call_names_why_and_changes_nothing),
        cmocka_unit_test(test_an_unknown_entity_never_changes_the_state),
        cmocka_unit_test(test_the_users_room_decides_between_equal_names),
        cmocka_unit_test(
            test_only_tools_with_something_to_act_on_are_offered),
        cmocka_unit_test(test_every_tool_that_is_offered_can_be_called),
        cmocka_unit_test(test_live_context_tells_states_and_can_be_narrowed),
        cmocka_unit_test(test_the_clock_is_the_homes_own),
        cmocka_unit_test(
            test_an_answer_lists_place_first_then_what_was_and_was_not_done),
        cmocka_unit_test(test_entity_lines_name_everything_a_call_can_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
