/* SPDX-License-Identifier: MIT */
/* The simulated home as a state machine: laws that hold for all calls, and
 * calls that nobody would make. */
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
#include "home.h"
#include "home_fixture.h"

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
        cmocka_unit_test(test_a_state_is_a_copy_and_can_be_set_up_again),
        cmocka_unit_test(test_100000_random_calls_keep_every_state_legal),
        cmocka_unit_test(test_hostile_arguments_are_refused_in_bounded_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
