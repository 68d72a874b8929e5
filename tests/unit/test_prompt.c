/* SPDX-License-Identifier: MIT */
/* The prompt is the user's, with their entities and the time filled in; ten
 * minutes later only the time is another, and eight times as many devices
 * are eight times as many lines. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "prompt.h"

static void give(struct config *c, const char *prompt, const char *entities)
{
    config_init(c);
    free(c->prompt);
    c->prompt = mem_copy(prompt);
    c->entities = entities ? json_loads(entities, 0, NULL) : NULL;
    assert_true(!entities || c->entities);
    c->tools = json_array();
}

static char *scaled(const char *prompt, const char *entities, double factor,
                    size_t *n)
{
    struct config     c;
    struct prompt_kit kit;
    struct err        err = {0};
    char             *text;

    give(&c, prompt, entities);
    if (prompt_scaled(&kit, &c, factor, n, &err)) fail_msg("%s", err.text);
    text = mem_copy(kit.system);
    prompt_done(&kit);
    config_done(&c);
    return text;
}

#define LAMP                                                                  \
    "{\"id\":\"light.a\",\"name\":\"The kids' lamp\",\"area\":\"Den\","       \
    "\"state\":\"on\"}"
#define FAN "{\"id\":\"fan.b\",\"name\":\"Fan\"}"

static void test_the_users_entities_and_the_time_are_filled_in(void **state)
{
    struct config     c;
    struct prompt_kit kit;
    struct err        err = {0};

    (void)state;
    give(&c, "It is {{now}}.\n{{entities}}{{x}} {{now}}", "[" LAMP "," FAN "]");
    if (prompt_user(&kit, &c, &err)) fail_msg("%s", err.text);
    assert_string_equal(kit.system, "It is " PROMPT_NOW ".\n"
                        "light.a 'The kids' lamp' (Den) = on\nfan.b 'Fan'\n"
                        "{{x}} " PROMPT_NOW);
    assert_string_equal(kit.unstamped, "It is {{now}}.\n"
                        "light.a 'The kids' lamp' (Den) = on\nfan.b 'Fan'\n"
                        "{{x}} {{now}}");
    assert_ptr_equal(kit.tools, c.tools);
    prompt_done(&kit);
    config_done(&c);

    give(&c, "{{entities}} {{now}}", "[" FAN "]");
    if (prompt_case(&kit, &c, NULL, HOME_TOOLS_INTENT, &err))
        fail_msg("%s", err.text);
    assert_string_equal(kit.system, " " PROMPT_NOW);
    assert_string_equal(kit.unstamped, " {{now}}");
    assert_null(kit.tools);
    prompt_done(&kit);
    config_done(&c);
}

static void test_later_only_the_time_is_another(void **state)
{
    static const struct { int minutes; const char *text; } cases[] = {
        {0, "Now: " PROMPT_NOW "."}, {-5, "Now: " PROMPT_NOW "."},
        {1, "Now: Thursday, 12 March 2026, 18:31."},
        {30, "Now: Thursday, 12 March 2026, 19:00."},
        {329, "Now: Thursday, 12 March 2026, 23:59."},
        {330, "Now: Friday, 13 March 2026, 00:00."},
        {1000, "Now: Friday, 13 March 2026, 11:10."},
        {99999, "Now: Friday, 13 March 2026, 11:10."}};
    struct config     c;
    struct prompt_kit kit;
    struct err        err = {0};

    (void)state;
    give(&c, "Now: {{now}}.", NULL);
    if (prompt_case(&kit, &c, NULL, HOME_TOOLS_INTENT, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = prompt_later(&kit, cases[i].minutes);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
    prompt_append(&kit, "/no_think");
    assert_string_equal(kit.system, "Now: " PROMPT_NOW ".\n/no_think");
    assert_string_equal(kit.unstamped, "Now: {{now}}.\n/no_think");
    prompt_done(&kit);
    config_done(&c);
}

static void test_a_prompt_without_a_time_stays_as_it_is(void **state)
{
    struct config     c;
    struct prompt_kit kit;
    struct err        err = {0};
    char             *text;

    (void)state;
    give(&c, "No time.", NULL);
    if (prompt_case(&kit, &c, NULL, HOME_TOOLS_INTENT, &err))
        fail_msg("%s", err.text);
    assert_null(kit.unstamped);
    text = prompt_later(&kit, 7);
    assert_string_equal(text, "No time.");
    free(text);
    prompt_append(&kit, "More.");
    assert_string_equal(kit.system, "No time.\nMore.");
    prompt_done(&kit);
    config_done(&c);
}

static void test_more_entities_are_the_same_again_renamed(void **state)
{
    static const struct { double factor; size_t n; const char *text; }
    cases[] = {
        {1, 2, "light.a 'The kids' lamp' (Den) = on\nfan.b 'Fan'\n"},
        {0.25, 1, "light.a 'The kids' lamp' (Den) = on\n"},
        {0, 1, "light.a 'The kids' lamp' (Den) = on\n"},
        {-3, 1, "light.a 'The kids' lamp' (Den) = on\n"},
        {NAN, 2, "light.a 'The kids' lamp' (Den) = on\nfan.b 'Fan'\n"},
        {2.4, 5, "light.a 'The kids' lamp' (Den) = on\nfan.b 'Fan'\n"
                 "light.a_2 'The kids' lamp 2' (Den) = on\nfan.b_2 'Fan 2'\n"
                 "light.a_3 'The kids' lamp 3' (Den) = on\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        char  *text = scaled("{{entities}}", "[" LAMP "," FAN "]",
                             cases[i].factor, &n);

        assert_string_equal(text, cases[i].text);
        assert_int_equal(n, cases[i].n);
        free(text);
    }
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++) n += *text == '\n';
    return n;
}

static void test_the_simulated_home_grows_the_same_way(void **state)
{
    size_t one, eight;
    char  *small, *large;

    (void)state;
    small = scaled("{{entities}}", NULL, 1, &one);
    large = scaled("{{entities}}", NULL, 8, &eight);
    assert_true(one > 5);
    assert_int_equal(lines_of(small), one);
    assert_int_equal(eight, 8 * one);
    assert_int_equal(lines_of(large), eight);
    assert_int_equal(strncmp(large, small, strlen(small)), 0);
    assert_non_null(strstr(large, "\nlight.worktop_2 'Worktop light 2', "
                           "'counter light 2' (Kitchen)\n"));
    assert_non_null(strstr(large, "\nlight.kitchen_8 'Kitchen light 8'"));
    assert_null(strstr(large, "_9"));
    free(small);
    free(large);
}

static void test_no_entities_stay_none(void **state)
{
    size_t n;
    char  *text = scaled("[{{entities}}]", "[]", 8, &n);

    (void)state;
    assert_string_equal(text, "[]");
    assert_int_equal(n, 0);
    free(text);
}

static void test_a_prompt_too_long_is_refused_and_not_cut(void **state)
{
    struct config     c;
    struct prompt_kit kit;
    struct err        err  = {0};
    char             *name = mem_new(1000001, 1);
    char             *list;
    size_t            n;

    (void)state;
    memset(name, 'n', 1000000);
    list = mem_printf("[{\"id\":\"a\",\"name\":\"%s\"}]", name);
    give(&c, "{{entities}}{{entities}}", list);
    if (prompt_user(&kit, &c, &err)) fail_msg("%s", err.text);
    prompt_done(&kit);
    for (double factor = 20; factor < 1e300; factor *= 1e10) {
        err = (struct err){0};
        assert_int_equal(prompt_scaled(&kit, &c, factor, &n, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, "longer than 32 MB"));
        assert_null(kit.system);
    }
    config_done(&c);
    free(list);
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_users_entities_and_the_time_are_filled_in),
        cmocka_unit_test(test_later_only_the_time_is_another),
        cmocka_unit_test(test_a_prompt_without_a_time_stays_as_it_is),
        cmocka_unit_test(test_more_entities_are_the_same_again_renamed),
        cmocka_unit_test(test_the_simulated_home_grows_the_same_way),
        cmocka_unit_test(test_no_entities_stay_none),
        cmocka_unit_test(test_a_prompt_too_long_is_refused_and_not_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
