/* SPDX-License-Identifier: MIT */
/* Scripts of simulated homes, and the tool lists that homes offer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "home_calls.h"

#define HOME(entities) \
    "{\"now\":\"2026-03-12T18:30:00\",\"areas\":[\"Hall\"],\"entities\":[" \
    "{\"id\":\"light.hall\",\"name\":\"Hall light\",\"area\":\"Hall\"," \
    "\"state\":{\"state\":\"off\"}}," entities "]}"
#define SCRIPT(id, does) \
    "{\"id\":\"script." id "\",\"name\":\"Do " id "\",\"does\":[" does "]," \
    "\"state\":{\"state\":\"off\"}}"
#define RUN(id)         "{\"script\":\"script." id "\"}"
#define STEP(name, args) \
    "{\"name\":\"" name "\",\"arguments\":{" args "}}"
#define LIGHT_ON  STEP("HassTurnOn", "\"name\":\"Hall light\"")

/* ---- running ----------------------------------------------------------- */

static void test_a_script_does_its_steps_and_those_of_others(void **state)
{
    struct home *h = home_named("house", NULL, NULL);

    (void)state;
    does(h, "good_night", "{}");
    assert_shown(h, "lock.back", "state", "\"locked\"");
    assert_shown(h, "lock.shed", "state", "\"locked\"");
    assert_shown(h, "light.kitchen_ceiling", "state", "\"off\"");
    assert_shown(h, "media_player.lounge_tv", "state", "\"off\"");
    home_free(h);
}

static void test_a_script_runs_by_tool_name_and_id_alike(void **state)
{
    static const char *const calls[][2] = {
        {"leave", ""},
        {"leave", "{\"anything\":1}"},
        {"HassTurnOn", "{\"name\":\"Leaving home\"}"},
        {"HassTurnOn", "{\"name\":\"leave home\",\"domain\":[\"script\"]}"},
        {"HassTurnOn", "{\"name\":\"script.leave\"}"},
    };
    char *wanted = NULL, *got;

    (void)state;
    for (size_t i = 0; i < N(calls); i++) {
        struct home *h = home_named("flat", NULL, NULL);
        does(h, calls[i][0], calls[i][1]);
        assert_shown(h, "media_player.kitchen", "state", "\"paused\"");
        assert_shown(h, "lock.front_door", "state", "\"locked\"");
        got = state_text(h);
        if (wanted) assert_string_equal(got, wanted);
        free(wanted);
        wanted = got;
        home_free(h);
    }
    free(wanted);
}

/* Nothing plays, so the pause in the middle has nothing to do. */
static void test_a_step_without_effect_does_not_stop_a_script(void **state)
{
    struct home *h = home_named("flat", NULL, "{\"media_player.kitchen\":"
                                "{\"state\":\"off\"}}");

    (void)state;
    does(h, "leave", "");
    assert_shown(h, "media_player.kitchen", "state", "\"off\"");
    assert_shown(h, "lock.front_door", "state", "\"locked\"");
    home_free(h);
}

static void test_a_script_is_undone_by_what_undoes_its_steps(void **state)
{
    struct home *h = home_named("house", NULL, NULL);

    (void)state;
    undoes(h, "water_garden", "{}", "HassTurnOff",
           "{\"name\":\"Garden tap\"}");
    home_free(h);
}

/* ---- what is refused when a home is loaded ----------------------------- */

static void test_scripts_that_never_end_are_refused_by_name(void **state)
{
    static const struct {
        const char *home, *text;
    } cases[] = {
        {HOME(SCRIPT("a", RUN("a"))), "script.a runs script.a;"},
        {HOME(SCRIPT("a", LIGHT_ON "," RUN("b")) "," SCRIPT("b", RUN("c")) ","
              SCRIPT("c", RUN("b"))),
         "script.b runs script.c runs script.b;"},
        {HOME(SCRIPT("a", STEP("a", ""))), "script.a runs script.a;"},
        {HOME(SCRIPT("a", STEP("HassTurnOn", "\"name\":\" DO A\""))),
         "script.a runs script.a;"},
        {HOME(SCRIPT("a", STEP("HassTurnOn", "\"name\":\"script.b\"")) ","
              SCRIPT("b", RUN("a"))),
         "script.a runs script.b runs script.a;"},
        {HOME(SCRIPT("a", STEP("HassTurnOn", "\"domain\":[\"script\"]"))),
         "script.a runs script.a;"},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct err err = {0};
        assert_null(home_of_text(cases[i].home, &err));
        if (!strstr(err.text, cases[i].text))
            fail_msg("%s: %s", cases[i].home, err.text);
        assert_int_equal(err.kind, ERR_INPUT);
    }
}

static void test_steps_that_cannot_work_are_refused_by_number(void **state)
{
    static const struct {
        const char *home, *text;
    } cases[] = {
        {HOME(SCRIPT("a", LIGHT_ON "," RUN("b"))),
         "script.a: step 2 runs script.b, and the home has no such script"},
        {HOME(SCRIPT("a", "{\"script\":\"light.hall\"}")),
         "step 1 runs light.hall, and the home has no such script"},
        {HOME(SCRIPT("a", STEP("HassFly", ""))),
         "step 1 calls HassFly, and there is no such tool"},
        {HOME(SCRIPT("a", STEP("call_service", ""))), "calls a service"},
        {HOME(SCRIPT("a", "{}")), "step 1 must be"},
        {HOME(SCRIPT("a", "7")), "step 1 must be"},
        {HOME(SCRIPT("a", "{\"name\":\"HassTurnOn\",\"arguments\":[]}")),
         "step 1 must be"},
        {HOME(SCRIPT("a", "{\"name\":\"HassTurnOn\",\"script\":\"x\"}")),
         "step 1 must be"},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct err err = {0};
        assert_null(home_of_text(cases[i].home, &err));
        if (!strstr(err.text, cases[i].text))
            fail_msg("%s: %s", cases[i].home, err.text);
    }
}

static void test_scripts_without_a_loop_are_taken(void **state)
{
    static const char *const homes[] = {
        HOME(SCRIPT("a", RUN("c") "," RUN("b")) "," SCRIPT("b", RUN("c")) ","
             SCRIPT("c", LIGHT_ON)),
        HOME(SCRIPT("a", STEP("HassTurnOn", "\"domain\":[\"light\"]"))),
        HOME(SCRIPT("a", STEP("HassTurnOn", "\"area\":\"Hall\""))),
        HOME(SCRIPT("a", STEP("HassTurnOff", "\"name\":\"Do a\""))),
    };

    (void)state;
    for (size_t i = 0; i < N(homes); i++) {
        struct err   err = {0};
        struct home *h   = home_of_text(homes[i], &err);
        if (!h) fail_msg("%s: %s", homes[i], err.text);
        does(h, "a", "{}");
        home_free(h);
    }
}

/* A home of n + 1 scripts, script.s0 of one step and each other of `times`
 * times the one before it; the caller frees. */
static char *tower(int n, int times)
{
    struct strbuf text;

    strbuf_init(&text, 100000);
    strbuf_add(&text, "{\"now\":\"2026-03-12T18:30:00\",\"areas\":[],"
               "\"entities\":[" SCRIPT("s0", STEP("GetDateTime", "")));
    for (int i = 1; i <= n; i++) {
        strbuf_addf(&text, ",{\"id\":\"script.s%d\",\"name\":\"n%d\","
                    "\"state\":{\"state\":\"off\"},\"does\":[", i, i);
        for (int k = 0; k < times; k++)
            strbuf_addf(&text, "%s{\"script\":\"script.s%d\"}",
                        k > 0 ? "," : "", i - 1);
        strbuf_add(&text, "]}");
    }
    strbuf_add(&text, "]}");
    return text.text;
}

/* Steps of a tower of doublings: 1, 4, 10, ..., 766 at height 8, 1534 at 9. */
static void test_scripts_that_grow_beyond_reason_are_refused(void **state)
{
    static const struct {
        int         height, times;
        const char *error;        /* NULL: taken */
    } cases[] = {
        {8, 2, NULL}, {9, 2, "more than 1000 steps"},
        {19, 1, NULL}, {20, 1, "more than 20 scripts run one another"},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        char        *text = tower(cases[i].height, cases[i].times);
        struct err   err  = {0};
        struct home *h    = home_of_text(text, &err);

        if (!cases[i].error != (h != NULL) ||
            (!h && !strstr(err.text, cases[i].error)))
            fail_msg("%d high: %s", cases[i].height, err.text);
        home_free(h);
        free(text);
    }
}

/* ---- what homes offer -------------------------------------------------- */

static const char *name_of(const json_t *tool)
{
    return jsonx_text(json_object_get(tool, "function"), "name");
}

static bool offers(const json_t *tools, const char *name)
{
    for (size_t i = 0; i < json_array_size(tools); i++)
        if (strcmp(name_of(json_array_get(tools, i)), name) == 0) return true;
    return false;
}

static void test_every_tool_that_is_offered_can_be_called(void **state)
{
    static const char *const homes[] = {"studio", "flat", "house"};
    static const char *const kinds[] = {HOME_TOOLS_INTENT,
                                        HOME_TOOLS_SERVICE};

    (void)state;
    for (size_t i = 0; i < N(homes) * N(kinds); i++) {
        struct home *h     = home_named(homes[i / 2], NULL, NULL);
        json_t      *tools = home_tools(h, kinds[i % 2]);

        assert_true(json_array_size(tools) > 0);
        for (size_t k = 0; k < json_array_size(tools); k++) {
            const char *name   = name_of(json_array_get(tools, k));
            json_t     *answer = home_call(h, name, "{}");
            const char *error  = jsonx_text(answer, "error_text");
            if (error && strstr(error, "not found") && strstr(error, "Tool"))
                fail_msg("%s: %s", name, error);
            json_decref(answer);
        }
        json_decref(tools);
        home_free(h);
    }
}

static void test_homes_offer_what_they_have_a_use_for(void **state)
{
    struct home *studio = home_named("studio", NULL, NULL);
    struct home *flat_  = home_named("flat", NULL, NULL);
    json_t      *few    = home_tools(studio, HOME_TOOLS_INTENT);
    json_t      *many   = home_tools(flat_, HOME_TOOLS_INTENT);

    (void)state;
    assert_true(offers(few, "HassTurnOn") && offers(few, "HassStartTimer"));
    assert_true(offers(few, "GetLiveContext"));
    assert_false(offers(few, "HassVacuumStart") || offers(few, "SetAlarm"));
    assert_true(offers(many, "HassVacuumStart") && offers(many, "SetAlarm"));
    assert_true(offers(many, "leave"));
    json_decref(few);
    json_decref(many);
    home_free(studio);
    home_free(flat_);
}

/* The list goes into each prompt, and a small board reads it slowly. */
static void test_the_tools_of_a_flat_are_few_words(void **state)
{
    struct home *h     = home_named("flat", NULL, NULL);
    json_t      *tools = home_tools(h, HOME_TOOLS_INTENT);
    char        *text  = jsonx_dump(tools);

    (void)state;
    if (strlen(text) > 10752)
        fail_msg("the tools of the flat take %zu bytes", strlen(text));
    assert_null(strstr(text, "\"domains\""));
    free(text);
    json_decref(tools);
    home_free(h);
}

static void test_distractors_are_offered_and_do_nothing(void **state)
{
    struct home *h     = home_named("flat", NULL, NULL);
    json_t      *own   = home_tools(h, HOME_TOOLS_INTENT);
    json_t      *tools = home_tools(h, HOME_TOOLS_DISTRACTED);
    size_t       n     = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const char *name = name_of(json_array_get(tools, i));
        if (offers(own, name)) continue;
        refuses(h, name, "{}", "HomeAssistantError", "not available");
        n++;
    }
    assert_int_equal(n, 20);
    assert_int_equal(json_array_size(tools), json_array_size(own) + 20);
    json_decref(own);
    json_decref(tools);
    home_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_script_does_its_steps_and_those_of_others),
        cmocka_unit_test(test_a_script_runs_by_tool_name_and_id_alike),
        cmocka_unit_test(test_a_step_without_effect_does_not_stop_a_script),
        cmocka_unit_test(test_a_script_is_undone_by_what_undoes_its_steps),
        cmocka_unit_test(test_scripts_that_never_end_are_refused_by_name),
        cmocka_unit_test(test_steps_that_cannot_work_are_refused_by_number),
        cmocka_unit_test(test_scripts_without_a_loop_are_taken),
        cmocka_unit_test(test_scripts_that_grow_beyond_reason_are_refused),
        cmocka_unit_test(test_every_tool_that_is_offered_can_be_called),
        cmocka_unit_test(test_homes_offer_what_they_have_a_use_for),
        cmocka_unit_test(test_the_tools_of_a_flat_are_few_words),
        cmocka_unit_test(test_distractors_are_offered_and_do_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
