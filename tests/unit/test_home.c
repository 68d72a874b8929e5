/* SPDX-License-Identifier: MIT */
/* The simulated home: every tool does what it says and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "home.h"
#include "share.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static json_t *json_of(const char *text)
{
    struct err err   = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s in %s", err.text, text);
    return value;
}

static struct home *flat(const char *setup)
{
    struct home *h     = NULL;
    struct err   err   = {0};
    json_t      *patch = setup ? json_of(setup) : NULL;

    if (home_new(&h, "flat", patch, &err)) fail_msg("%s", err.text);
    json_decref(patch);
    return h;
}

/* The state as canonical text; caller frees. */
static char *state_text(const struct home *h)
{
    json_t *state = home_state(h);
    char   *text  = jsonx_canonical(state);

    json_decref(state);
    return text;
}

/* Call, and return the error's kind ("" when it is none); static storage. */
static const char *call(struct home *h, const char *tool, const char *args)
{
    static char kind[60];
    json_t     *answer = home_call(h, tool, args);

    assert_true(json_is_object(answer));
    snprintf(kind, sizeof kind, "%s", jsonx_text(answer, "error")
             ? jsonx_text(answer, "error") : "");
    json_decref(answer);
    return kind;
}

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
    {"HassTurnOn", "{\"area\":\"Hall\",\"device_class\":[\"tv\"]}",
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

/* ---- laws -------------------------------------------------------------- */

static const struct one_call {
    const char *tool, *args;
} INDEPENDENT[] = {
    {"HassTurnOn", "{\"name\":\"Kitchen light\"}"},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":12}"},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"red\"}"},
    {"HassTurnOff", "{\"name\":\"Bathroom light\"}"},
    {"HassTurnOn", "{\"name\":\"Front door\"}"},
    {"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":30}"},
    {"HassClimateSetTemperature", "{\"temperature\":17}"},
    {"HassMediaPause", "{\"name\":\"radio\"}"},
    {"HassSetVolume", "{\"name\":\"TV\",\"volume_level\":3}"},
    {"HassListAddItem", "{\"name\":\"groceries\",\"item\":\"eggs\"}"},
    {"HassListAddItem", "{\"name\":\"groceries\",\"item\":\"Apples\"}"},
    {"HassStartTimer", "{\"minutes\":12}"},
    {"HassStartTimer", "{\"minutes\":5,\"name\":\"tea\"}"},
    {"HassStartTimer", "{\"minutes\":5}"},
};

static void test_independent_calls_commute(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(INDEPENDENT); i++)
        for (size_t k = 0; k < i; k++) {
            struct home *a = flat(NULL), *b = flat(NULL);
            char        *x, *y;

            assert_string_equal(call(a, INDEPENDENT[i].tool,
                                     INDEPENDENT[i].args), "");
            assert_string_equal(call(a, INDEPENDENT[k].tool,
                                     INDEPENDENT[k].args), "");
            assert_string_equal(call(b, INDEPENDENT[k].tool,
                                     INDEPENDENT[k].args), "");
            assert_string_equal(call(b, INDEPENDENT[i].tool,
                                     INDEPENDENT[i].args), "");
            x = state_text(a);
            y = state_text(b);
            assert_string_equal(x, y);
            free(x);
            free(y);
            home_free(a);
            home_free(b);
        }
}

static void test_doing_and_undoing_restores_the_state(void **s)
{
    static const struct {
        struct one_call on, undo;
    } pairs[] = {
        {{"HassTurnOn", "{\"name\":\"Kitchen light\"}"},
         {"HassTurnOff", "{\"name\":\"Kitchen light\"}"}},
        {{"HassTurnOff", "{\"name\":\"Living room blinds\"}"},
         {"HassTurnOn", "{\"name\":\"Living room blinds\"}"}},
        {{"HassTurnOn", "{\"name\":\"Front door\"}"},
         {"HassTurnOff", "{\"name\":\"Front door\"}"}},
        {{"HassTurnOff", "{\"name\":\"Thermostat\"}"},
         {"HassTurnOn", "{\"name\":\"Thermostat\"}"}},
        {{"HassTurnOn", "{\"name\":\"TV\"}"},
         {"HassTurnOff", "{\"name\":\"TV\"}"}},
        {{"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":3}"},
         {"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":0}"}},
        {{"HassMediaPause", "{\"name\":\"radio\"}"},
         {"HassMediaUnpause", "{\"name\":\"radio\"}"}},
        {{"HassSetVolume", "{\"name\":\"radio\",\"volume_level\":99}"},
         {"HassSetVolume", "{\"name\":\"radio\",\"volume_level\":40}"}},
        {{"HassStartTimer", "{\"minutes\":3}"}, {"HassCancelTimer", "{}"}},
    };

    (void)s;
    for (size_t i = 0; i < N(pairs); i++) {
        struct home *h      = flat(NULL);
        char        *before = state_text(h), *between, *after;

        assert_string_equal(call(h, pairs[i].on.tool, pairs[i].on.args), "");
        between = state_text(h);
        assert_string_equal(call(h, pairs[i].undo.tool, pairs[i].undo.args),
                            "");
        after = state_text(h);
        assert_string_not_equal(before, between);
        assert_string_equal(before, after);
        free(before);
        free(between);
        free(after);
        home_free(h);
    }
}

static void test_a_state_is_a_copy_and_can_be_set_up_again(void **s)
{
    struct home *h = flat("{\"light.hall\":{\"state\":\"on\"}}"), *again;
    json_t      *state = home_state(h);
    char        *before = state_text(h), *after, *text = jsonx_dump(state);

    (void)s;
    again = flat(text);
    json_object_set_new(json_object_get(state, "light.hall"), "state",
                        json_string("broken"));
    json_decref(state);
    after = state_text(h);
    assert_string_equal(before, after);
    free(after);
    after = state_text(again);
    assert_string_equal(before, after);
    free(before);
    free(after);
    free(text);
    home_free(h);
    home_free(again);
}

/* ---- hostile ----------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void test_100000_random_calls_keep_every_state_legal(void **s)
{
    static const char *const keys[] = {
        "name", "area", "floor", "domain", "device_class", "brightness",
        "color", "temperature", "position", "volume_level", "hours",
        "minutes", "seconds", "item", "start_minutes", "nonsense",
    };
    static const char *const values[] = {
        "\"Kitchen light\"", "\"all\"", "\"Floor lamp\"", "\"Front door\"",
        "\"Shopping list\"", "\"Bedroom curtain\"", "\"TV\"", "\"Kitchen\"",
        "\"Living room\"", "\"Bedroom\"", "\"Upstairs\"", "\"light\"",
        "[\"light\",\"cover\"]", "\"media_player\"", "\"red\"", "0", "7",
        "21.5", "50", "100", "101", "-3", "1e300", "2700", "null", "[]", "{}",
        "true", "\"\"", "\"Movie night\"", "\"ceiling light\"",
    };
    struct home *h = flat(NULL), *again;
    uint64_t     seed = 20240229;
    size_t       n_done = 0;
    char         args[400], *text;

    (void)s;
    for (int i = 0; i < 100000; i++) {
        const json_t *tools = home_tools(h);
        size_t  pick = next_random(&seed) % json_array_size(tools);
        size_t  used = 1, n = next_random(&seed) % 4;
        const char *tool = jsonx_text(json_object_get(
            json_array_get(tools, pick), "function"), "name");

        if (strcmp(tool, "GetLiveContext") == 0 && i % 16) continue;
        args[0] = '{';
        for (size_t k = 0; k < n; k++)
            used += (size_t)snprintf(args + used, sizeof args - used,
                "%s\"%s\":%s", k ? "," : "",
                keys[next_random(&seed) % N(keys)],
                values[next_random(&seed) % N(values)]);
        snprintf(args + used, sizeof args - used, "}");
        if (!*call(h, tool, args)) n_done++;
        if (i % 5000) continue;
        text = state_text(h);   /* what it came to is a legal setup */
        again = flat(text);
        home_free(again);
        free(text);
    }
    assert_in_range(n_done, 1000, 99000);
    home_free(h);
}

static void test_hostile_arguments_are_refused_in_bounded_time(void **s)
{
    static const char *const openings[] = {"[", "{\"a\":", "{\"name\":["};
    struct home *h      = flat(NULL);
    char        *before = state_text(h), *after;
    size_t       most   = (size_t)8 << 20;
    char        *text   = mem_new(most + 1, 1);

    (void)s;
    for (size_t i = 0; i < N(openings); i++)
        for (size_t depth = 100; depth <= 1000000; depth *= 10) {
            size_t len = strlen(openings[i]), used = 0;
            while (used / len < depth && used + len < most) {
                memcpy(text + used, openings[i], len);
                used += len;
            }
            text[used] = '\0';
            assert_string_equal(call(h, "HassTurnOn", text),
                                "InvalidSlotInfo");
        }
    memset(text, 'x', most);
    memcpy(text, "{\"name\":\"", 9);
    memcpy(text + most - 2, "\"}", 2);
    assert_string_equal(call(h, "HassTurnOn", text), "InvalidSlotInfo");
    memcpy(text + 1000, "\"}", 3);   /* short enough to parse, too long a name */
    assert_string_equal(call(h, "HassTurnOn", text), "InvalidSlotInfo");
    memset(text, 'T', most);
    text[most] = '\0';
    assert_string_equal(call(h, text, "{}"), "HomeAssistantError");
    assert_string_equal(call(h, "Hass\xff\xc0On", "{}"), "HomeAssistantError");
    assert_string_equal(call(h, NULL, NULL), "HomeAssistantError");
    after = state_text(h);
    assert_string_equal(before, after);
    free(text);
    free(before);
    free(after);
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

/* ---- files and setups -------------------------------------------------- */

static void test_an_impossible_setup_is_an_input_error(void **s)
{
    static const char *const setups[] = {
        "[]", "{\"light.garage\":{\"state\":\"on\"}}",
        "{\"light.hall\":\"on\"}", "{\"light.hall\":{\"state\":\"bright\"}}",
        "{\"light.hall\":{\"state\":\"off|on\"}}",
        "{\"light.hall\":{\"state\":\"\"}}",
        "{\"light.hall\":{\"state\":true}}",
        "{\"light.hall\":{\"brightness\":101}}",
        "{\"light.hall\":{\"brightness\":\"50\"}}",
        "{\"light.hall\":{\"brightness\":null}}",
        "{\"light.hall\":{\"color\":\"red\"}}",
        "{\"light.floor_lamp\":{\"color\":\"redd\"}}",
        "{\"cover.bedroom\":{\"state\":\"closed\",\"position\":5}}",
        "{\"todo.shopping\":{\"state\":\"9\"}}",
        "{\"todo.shopping\":{\"items\":[1]}}",
        "{\"todo.shopping\":{\"items\":[\" \"]}}",
        "{\"timer.voice\":{\"state\":\"active\"}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":0}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":1.5}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"x\":1}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"name\":3}]}}",
    };

    (void)s;
    for (size_t i = 0; i < N(setups); i++) {
        struct home *h     = NULL;
        struct err   err   = {0};
        json_t      *setup = json_of(setups[i]);

        if (home_new(&h, "flat", setup, &err) == 0)
            fail_msg("accepted %s", setups[i]);
        assert_null(h);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, "setup of the home flat"));
        json_decref(setup);
    }
}

static void test_a_setup_settles_what_follows_from_it(void **s)
{
    struct home *h = flat("{\"cover.bedroom\":{\"state\":\"open\"},"
                          "\"cover.living_room\":{\"position\":0},"
                          "\"todo.shopping\":{\"items\":[\"Tea\",\"ham\"]}}");
    json_t *state = home_state(h);
    char   *text  = jsonx_dump(json_object_get(state, "todo.shopping"));

    (void)s;
    assert_string_equal(text, "{\"state\":\"2\",\"items\":[\"ham\",\"tea\"]}");
    assert_int_equal(jsonx_number(json_object_get(state, "cover.bedroom"),
                                  "position"), 100);
    assert_string_equal(jsonx_text(json_object_get(state, "cover.living_room"),
                                   "state"), "closed");
    free(text);
    json_decref(state);
    home_free(h);
}

static void test_an_unknown_home_is_an_input_error(void **s)
{
    static const char *const names[] = {"castle", "", "../homes/flat", "a/b",
                                        "Flat", "flat.json"};

    (void)s;
    for (size_t i = 0; i < N(names); i++) {
        struct home *h   = NULL;
        struct err   err = {0};

        assert_int_equal(home_new(&h, names[i], NULL, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_null(h);
    }
    home_free(NULL);
}

static void write_file(const char *folder, const char *name, const char *text,
                       size_t len)
{
    char *path = mem_printf("%s/homes/%s", folder, name);
    FILE *f    = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    free(path);
}

static void remove_file(const char *folder, const char *name)
{
    char *path = mem_printf("%s/homes/%s", folder, name);

    assert_int_equal(unlink(path), 0);
    free(path);
}

#define AREAS "\"areas\":[\"Kitchen\"],"

static const char *const BROKEN[] = {
    "", "[]", "{}", "{" AREAS "\"entities\":[]}",
    "{\"areas\":[\"A\",\"A\"],\"entities\":[]}",
    "{\"areas\":[7],\"entities\":[]}",
    "{" AREAS "\"entities\":[7]}",
    "{" AREAS "\"entities\":[{\"id\":\"light\",\"name\":\"L\","
        "\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"toaster.a\",\"name\":\"T\","
        "\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\"}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"state\":{\"state\":\"ajar\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"state\":{\"state\":\"on\",\"smell\":3}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"area\":\"Attic\",\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"aliases\":[3],\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"aliases\":\"x\",\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":["
        "{\"id\":\"light.a\",\"name\":\"L\",\"state\":{\"state\":\"on\"}},"
        "{\"id\":\"light.a\",\"name\":\"M\",\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"scene.a\",\"name\":\"S\","
        "\"state\":{\"state\":\"x\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"S\","
        "\"applies\":{},\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"scene.a\",\"name\":\"S\","
        "\"applies\":{\"light.b\":{\"state\":\"on\"}},"
        "\"state\":{\"state\":\"x\"}}]}",
};

static void test_a_broken_home_file_is_an_input_error_that_names_it(void **s)
{
    static const char plain[] =
        "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"state\":{\"state\":\"on\"}}]}";
    struct err   err    = {0};
    char        *path   = share_path("homes/tools.json", &err);
    char        *old    = mem_copy(getenv("AUDITION_DATA"));
    struct bytes tools  = {0};
    char         folder[] = "/tmp/audition_test_homeXXXXXX";
    struct home *h = NULL;
    char        *homes;

    (void)s;
    assert_non_null(path);
    assert_int_equal(bytes_read(&tools, path, 1 << 20, &err), 0);
    assert_non_null(mkdtemp(folder));
    homes = mem_printf("%s/homes", folder);
    assert_int_equal(mkdir(homes, 0700), 0);
    setenv("AUDITION_DATA", folder, 1);

    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);   /* no data files at all */
    write_file(folder, "tools.json", (const char *)tools.data, tools.size);
    for (size_t i = 0; i < N(BROKEN); i++) {
        err = (struct err){0};
        write_file(folder, "x.json", BROKEN[i], strlen(BROKEN[i]));
        if (home_new(&h, "x", NULL, &err) == 0)
            fail_msg("accepted %s", BROKEN[i]);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, "x.json"));
    }
    write_file(folder, "x.json", plain, strlen(plain));
    assert_int_equal(home_new(&h, "x", NULL, &err), 0);
    assert_string_equal(call(h, "HassStartTimer", "{\"minutes\":1}"),
                        "IntentHandleError");   /* it has no timers */
    home_free(h);
    h = NULL;
    err = (struct err){0};
    write_file(folder, "tools.json", "[{}]", 4);
    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);

    remove_file(folder, "x.json");
    remove_file(folder, "tools.json");
    assert_int_equal(rmdir(homes), 0);
    assert_int_equal(rmdir(folder), 0);
    if (old)
        setenv("AUDITION_DATA", old, 1);
    else
        unsetenv("AUDITION_DATA");
    bytes_done(&tools);
    free(homes);
    free(path);
    free(old);
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
        cmocka_unit_test(test_independent_calls_commute),
        cmocka_unit_test(test_doing_and_undoing_restores_the_state),
        cmocka_unit_test(test_a_state_is_a_copy_and_can_be_set_up_again),
        cmocka_unit_test(test_100000_random_calls_keep_every_state_legal),
        cmocka_unit_test(test_hostile_arguments_are_refused_in_bounded_time),
        cmocka_unit_test(test_live_context_tells_states_and_can_be_narrowed),
        cmocka_unit_test(
            test_an_answer_lists_place_first_then_what_was_and_was_not_done),
        cmocka_unit_test(test_entity_lines_name_everything_a_call_can_reach),
        cmocka_unit_test(test_an_impossible_setup_is_an_input_error),
        cmocka_unit_test(test_a_setup_settles_what_follows_from_it),
        cmocka_unit_test(test_an_unknown_home_is_an_input_error),
        cmocka_unit_test(
            test_a_broken_home_file_is_an_input_error_that_names_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
