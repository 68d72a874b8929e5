/* SPDX-License-Identifier: MIT */
/* The simulated home as a state machine: laws that hold for all calls, and
 * calls that nobody would make. AUDITION_HOME_CALLS: how many random ones. */
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
#include "home/home.h"
#include "home_fixture.h"

#define CALLS_USUALLY 20000

static const struct one_call {
    const char *tool, *args;
} INDEPENDENT[] = {
    {"HassTurnOn", "{\"name\":\"Kitchen light\"}"},
    {"HassLightSet", "{\"name\":\"Hall light\",\"brightness\":12}"},
    {"HassLightSet", "{\"name\":\"Floor lamp\",\"color\":\"red\"}"},
    {"HassTurnOff", "{\"name\":\"Bathroom light\"}"},
    {"HassTurnOn", "{\"name\":\"Front door\"}"},
    {"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":30}"},
    {"HassClimateSetTemperature", "{\"name\":\"heating\","
                                  "\"temperature\":17}"},
    {"HassFanSetSpeed", "{\"percentage\":40}"},
    {"HassVacuumStart", "{}"},
    {"HassMediaPause", "{\"name\":\"radio\"}"},
    {"HassSetVolume", "{\"name\":\"TV\",\"volume_level\":3}"},
    {"HassMediaPlayerMute", "{\"name\":\"Study speaker\"}"},
    {"HassListAddItem", "{\"name\":\"groceries\",\"item\":\"eggs\"}"},
    {"HassListAddItem", "{\"name\":\"groceries\",\"item\":\"Apples\"}"},
    {"HassListCompleteItem", "{\"name\":\"groceries\",\"item\":\"milk\"}"},
    {"HassStartTimer", "{\"minutes\":12}"},
    {"HassStartTimer", "{\"minutes\":5,\"name\":\"tea\"}"},
    {"HassStartTimer", "{\"minutes\":5}"},
    {"SetAlarm", "{\"time\":\"07:30\",\"days\":[\"sat\",\"sun\"]}"},
    {"SetAlarm", "{\"time\":\"05:00\",\"name\":\"airport\"}"},
    {"calendar_create_event", "{\"calendar\":\"Family calendar\","
     "\"summary\":\"Cinema\",\"start\":\"2026-03-13T20:00:00\","
     "\"end\":\"2026-03-13T22:00:00\"}"},
    {"HassBroadcast", "{\"message\":\"Dinner is ready\"}"},
};

static char *state_after(const struct one_call *a, const struct one_call *b)
{
    struct home *h = flat(NULL);
    char        *text;

    if (*call(h, a->tool, a->args) || *call(h, b->tool, b->args))
        fail_msg("%s and %s", a->tool, b->tool);
    text = state_text(h);
    home_free(h);
    return text;
}

static void test_independent_calls_commute(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(INDEPENDENT); i++)
        for (size_t k = 0; k < i; k++) {
            char *x = state_after(&INDEPENDENT[i], &INDEPENDENT[k]);
            char *y = state_after(&INDEPENDENT[k], &INDEPENDENT[i]);

            assert_string_equal(x, y);
            free(x);
            free(y);
        }
}

static const struct undo {
    const char     *setup;
    struct one_call on, off;
} UNDOS[] = {
    {NULL, {"HassTurnOn", "{\"name\":\"Kitchen light\"}"},
     {"HassTurnOff", "{\"name\":\"Kitchen light\"}"}},
    {NULL, {"HassTurnOff", "{\"name\":\"Living room light\"}"},
     {"HassTurnOn", "{\"name\":\"Living room light\"}"}},
    {"{\"light.floor_lamp\":{\"state\":\"on\",\"color\":\"red\"}}",
     {"HassTurnOff", "{\"name\":\"Floor lamp\"}"},
     {"HassTurnOn", "{\"name\":\"Floor lamp\"}"}},
    {NULL, {"HassTurnOff", "{\"name\":\"Living room blinds\"}"},
     {"HassTurnOn", "{\"name\":\"Living room blinds\"}"}},
    {NULL, {"HassTurnOn", "{\"name\":\"Front door\"}"},
     {"HassTurnOff", "{\"name\":\"Front door\"}"}},
    {NULL, {"HassTurnOff", "{\"name\":\"Thermostat\"}"},
     {"HassTurnOn", "{\"name\":\"Thermostat\"}"}},
    {NULL, {"HassTurnOn", "{\"name\":\"TV\"}"},
     {"HassTurnOff", "{\"name\":\"TV\"}"}},
    {NULL, {"HassTurnOn", "{\"name\":\"Bathroom fan\"}"},
     {"HassTurnOff", "{\"name\":\"Bathroom fan\"}"}},
    {NULL, {"HassSetPosition", "{\"name\":\"Bedroom curtain\","
            "\"position\":3}"},
     {"HassSetPosition", "{\"name\":\"Bedroom curtain\",\"position\":0}"}},
    {NULL, {"HassMediaPause", "{\"name\":\"radio\"}"},
     {"HassMediaUnpause", "{\"name\":\"radio\"}"}},
    {NULL, {"HassMediaNext", "{\"name\":\"radio\"}"},
     {"HassMediaPrevious", "{\"name\":\"radio\"}"}},
    {NULL, {"HassSetVolume", "{\"name\":\"radio\",\"volume_level\":99}"},
     {"HassSetVolume", "{\"name\":\"radio\",\"volume_level\":40}"}},
    {NULL, {"HassSetVolumeRelative", "{\"name\":\"radio\","
            "\"volume_step\":\"up\"}"},
     {"HassSetVolumeRelative", "{\"name\":\"radio\","
      "\"volume_step\":\"down\"}"}},
    {"{\"media_player.kitchen\":{\"is_volume_muted\":false}}",
     {"HassMediaPlayerMute", "{\"name\":\"radio\"}"},
     {"HassMediaPlayerUnmute", "{\"name\":\"radio\"}"}},
};

static void test_doing_and_undoing_restores_the_state(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(UNDOS); i++) {
        struct home *h      = flat(UNDOS[i].setup);
        char        *before = state_text(h), *between, *after;

        assert_string_equal(call(h, UNDOS[i].on.tool, UNDOS[i].on.args), "");
        between = state_text(h);
        assert_string_equal(call(h, UNDOS[i].off.tool, UNDOS[i].off.args),
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

static void test_homes_of_one_file_do_not_touch_each_other(void **s)
{
    struct home *a = flat(NULL), *b = flat(NULL), *c;
    char        *before = state_text(b), *after;

    (void)s;
    for (size_t i = 0; i < N(INDEPENDENT); i++)
        assert_string_equal(call(a, INDEPENDENT[i].tool, INDEPENDENT[i].args),
                            "");
    home_free(a);
    after = state_text(b);
    assert_string_equal(before, after);
    free(after);
    c = flat(NULL);
    after = state_text(c);
    assert_string_equal(before, after);
    free(after);
    free(before);
    home_free(b);
    home_free(c);
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
    json_array_clear(json_object_get(json_object_get(state, "todo.shopping"),
                                     "items"));
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

/* A key that some tool of the home has. */
static const char *some_key(const json_t *tools, uint64_t *seed)
{
    const json_t *tool = json_array_get(tools, next_random(seed) %
                                               json_array_size(tools));
    json_t *properties = json_object_get(json_object_get(json_object_get(tool,
                             "function"), "parameters"), "properties");
    size_t  at = json_object_size(properties);
    const char *key;
    json_t     *value;

    if (at == 0) return "name";
    at = next_random(seed) % at;
    json_object_foreach(properties, key, value)
        if (at-- == 0) return key;
    return "name";
}

/* A value that might be one: what the home has, or what it never has. */
static json_t *some_value(const json_t *names, uint64_t *seed)
{
    static const char *const values[] = {
        "\"all\"", "\"Kitchen\"", "\"Living room\"", "\"Bedroom\"",
        "\"Upstairs\"", "\"light\"", "[\"light\",\"cover\"]", "\"turn_on\"",
        "\"media_player\"", "\"red\"", "0", "7", "21.5", "50", "100", "101",
        "-3", "1e300", "2700", "null", "[]", "{}", "true", "\"\"", "\"up\"",
        "\"up\"", "\"ceiling light\"", "\"bread\"", "\"Shopping list\"",
        "\"Family calendar\"", "\"today\"", "\"2026-03-14T10:00:00\"",
        "\"07:15\"", "[\"mon\",\"fri\"]", "\"tea\"", "60",
        "\"\\u0000\"", "\"\\ud83d\\ude00\"", "[[[[{}]]]]",
        "{\"brightness_pct\":40}", "{\"state\":\"on\"}", "-9223372036854775808",
        "\"toggle\"", "\"set_temperature\"", "\"volume_set\"",
    };
    uint64_t pick = next_random(seed);

    if (pick % 3 == 0)
        return json_incref(json_array_get(names, (pick / 3) %
                                          json_array_size(names)));
    return json_of(values[(pick / 3) % N(values)]);
}

/* All ids and names of entities, and all kinds. */
static json_t *names_of(const struct home *h)
{
    json_t     *names = json_array(), *state = home_state(h), *value;
    char       *lines = home_entity_lines(h);
    const char *id;

    json_object_foreach(state, id, value) {
        char *kind = mem_copy_n(id, strcspn(id, "."));
        jsonx_add_text(names, id);
        jsonx_add_text(names, kind);
        free(kind);
    }
    for (char *at = strtok(lines, "\n"); at; at = strtok(NULL, "\n")) {
        char *name = strchr(at, '\''), *end = name ? strchr(name + 1, '\'')
                                                   : NULL;
        if (!end) continue;
        *end = '\0';
        jsonx_add_text(names, name + 1);
    }
    free(lines);
    json_decref(state);
    return names;
}

static json_t *all_tools(const struct home *h)
{
    json_t *tools = home_tools(h, HOME_TOOLS_DISTRACTED);
    json_t *more  = home_tools(h, HOME_TOOLS_SERVICE);

    json_array_extend(tools, more);
    json_decref(more);
    return tools;
}

static char *random_arguments(const json_t *tools, const json_t *names,
                              const json_t *tool, uint64_t *seed)
{
    json_t     *args = json_object(), *value;
    json_t     *own = json_object_get(json_object_get(json_object_get(tool,
                          "function"), "parameters"), "properties");
    const char *key;
    char       *text;
    size_t      len;

    json_object_foreach(own, key, value)
        if (next_random(seed) % 2)
            json_object_set_new(args, key, some_value(names, seed));
    if (next_random(seed) % 3 == 0)
        json_object_set_new(args, some_key(tools, seed),
                            some_value(names, seed));
    text = jsonx_dump(args);
    json_decref(args);
    len = strlen(text);
    if (next_random(seed) % 16 == 0)          /* a byte goes wrong */
        text[next_random(seed) % len] = (char)(1 + next_random(seed) % 255);
    if (next_random(seed) % 32 == 0)
        text[next_random(seed) % len] = '\0';
    return text;
}

static void call_at_random(const char *name, size_t n_calls, uint64_t *seed)
{
    struct home *h     = home_with(name, NULL);
    json_t      *tools = all_tools(h), *names = names_of(h), *state;
    size_t       n_done = 0;

    for (size_t i = 0; i < n_calls; i++) {
        const json_t *tool = json_array_get(tools, next_random(seed) %
                                                   json_array_size(tools));
        char      *args   = random_arguments(tools, names, tool, seed);
        char      *before = i % 16 ? NULL : state_text(h);
        struct err err    = {0};
        json_t    *answer = home_call(h, jsonx_text(json_object_get(tool,
                                "function"), "name"), args);

        assert_true(json_is_object(answer));
        if (!json_object_get(answer, "error")) {
            n_done++;
        } else if (before) {
            char *after = state_text(h);
            assert_string_equal(before, after);
            free(after);
        }
        free(before);
        json_decref(answer);
        if (i % 64 == 0) {
            state = home_state(h);
            if (home_allows(h, state, &err)) fail_msg("%s", err.text);
            json_decref(state);
        }
        if (i % 512 == 511) {                 /* or all lists are full */
            home_free(h);
            h = home_with(name, NULL);
        }
        free(args);
    }
    assert_in_range(n_done, n_calls / 20, n_calls - n_calls / 20);
    json_decref(tools);
    json_decref(names);
    home_free(h);
}

static void test_random_calls_keep_states_legal_and_errors_change_nothing(
    void **s)
{
    const char *wanted = getenv("AUDITION_HOME_CALLS");
    size_t      n      = wanted ? (size_t)strtoul(wanted, NULL, 10)
                                : CALLS_USUALLY;
    uint64_t    seed   = 20240229;

    (void)s;
    call_at_random("studio", n / 4, &seed);
    call_at_random("flat", n / 2, &seed);
    call_at_random("house", n / 4, &seed);
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
    memcpy(text + 1000, "\"}", 3);   /* is parsed; too long for a name */
    assert_string_equal(call(h, "HassTurnOn", text), "InvalidSlotInfo");
    memset(text, ' ', most);           /* fine, but for its length */
    memcpy(text, "{\"name\":\"Hall light\"", 20);
    text[most - 1] = '}';
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_independent_calls_commute),
        cmocka_unit_test(test_doing_and_undoing_restores_the_state),
        cmocka_unit_test(test_homes_of_one_file_do_not_touch_each_other),
        cmocka_unit_test(test_a_state_is_a_copy_and_can_be_set_up_again),
        cmocka_unit_test(
            test_random_calls_keep_states_legal_and_errors_change_nothing),
        cmocka_unit_test(test_hostile_arguments_are_refused_in_bounded_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
