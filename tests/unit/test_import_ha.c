/* SPDX-License-Identifier: MIT */
/* Folders of home-assistant-datasets as cases and homes of ours. */
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
#include "base/text_list.h"
#include "home/home.h"
#include "import.h"
#include "temp_tree.h"

#define FIXTURE                                                               \
    "areas: [{name: Den, id: den}]\n"                                         \
    "devices: [{name: Hub, id: hub, area: den}, {name: Tag, id: tag}]\n"      \
    "entities:\n"                                                             \
    "- {id: light.den, name: Den light, area: den, state: 'off'}\n"           \
    "- {id: vacuum.a, name: Robo, state: 'off'}\n"
#define TURN_ON                                                               \
    "  expect_changes: {light.den: {state: 'on'}}\n"
#define ONE "tests:\n- {sentences: [a], setup: {light.den: {state: 'on'}}, "  \
            "expect_response: x}\n"
#define CARD "name: assist-mini\ncount: 4\n"

/* A sink that keeps what it gets. */
struct stage {
    struct temp_tree   tree;
    struct import_sink sink;
    json_t            *cases, *homes;     /* {suite: [case]}, {name: home}   */
    struct text_list   left;
    size_t             n_left, refuse_after;
};

static int keep_case(void *ctx, const char *suite, const json_t *test,
                     struct err *err)
{
    struct stage *stage = ctx;
    const char   *home  = jsonx_text(test, "home");

    if (stage->refuse_after > 0 && --stage->refuse_after == 0)
        return err_set(err, ERR_FAILED, "the disk is full");
    assert_non_null(json_object_get(stage->homes, home));
    if (!json_object_get(stage->cases, suite))
        json_object_set_new(stage->cases, suite, json_array());
    assert_true(strlen(suite) <= 40);
    json_array_append_new(json_object_get(stage->cases, suite),
                          json_deep_copy(test));
    return 0;
}

static int keep_home(void *ctx, const char *name, const json_t *home,
                     struct err *err)
{
    struct stage *stage = ctx;

    (void)err;
    assert_null(json_object_get(stage->homes, name));
    assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-"),
                     strlen(name));
    assert_true(strlen(name) <= 40);   /* what import_write.c takes */
    json_object_set_new(stage->homes, name, json_deep_copy(home));
    return 0;
}

static void keep_left(void *ctx, size_t cases, const char *what)
{
    struct stage *stage = ctx;

    text_list_add(&stage->left, what);
    stage->n_left += cases;
}

static int stage_begin(void **s)
{
    struct stage *stage = mem_new(1, sizeof *stage);

    stage->sink = (struct import_sink){stage, keep_case, keep_home,
                                       keep_left};
    stage->cases = json_object();
    stage->homes = json_object();
    *s = stage;
    return temp_tree_init(&stage->tree);
}

static int stage_end(void **s)
{
    struct stage *stage = *s;

    json_decref(stage->cases);
    json_decref(stage->homes);
    text_list_done(&stage->left);
    temp_tree_done(&stage->tree);
    free(stage);
    return 0;
}

static int import(struct stage *stage, const char *below, struct err *err)
{
    char *path = temp_path(&stage->tree, below);
    int   rc   = import_ha(path, &stage->sink, err);

    free(path);
    return rc;
}

/* The tasks of one home, imported. */
static void import_tasks(struct stage *stage, const char *tasks)
{
    struct err err = {0};

    temp_text(&stage->tree, "d/dataset_card.yaml", CARD);
    temp_text(&stage->tree, "d/h-1/_fixtures.yaml", FIXTURE);
    temp_text(&stage->tree, "d/h-1/lights.yaml", tasks);
    if (import(stage, "d", &err)) fail_msg("%s", err.text);
}

static const json_t *case_at(const struct stage *stage, size_t i)
{
    return json_array_get(json_object_get(stage->cases, "ha_assist_mini"), i);
}

static size_t n_cases(const struct stage *stage)
{
    return json_array_size(json_object_get(stage->cases, "ha_assist_mini"));
}

static bool is_told(const struct stage *stage, const char *part)
{
    for (size_t i = 0; i < stage->left.n; i++)
        if (strstr(stage->left.items[i], part)) return true;
    return false;
}

static void assert_json(const json_t *value, const char *text)
{
    char *got = jsonx_canonical(value);

    assert_string_equal(got, text);
    free(got);
}

static void test_each_sentence_is_a_case(void **s)
{
    struct stage *stage = *s;

    import_tasks(stage,
        "category: light\ntests:\n"
        "- sentences: [Light on!, 'Den light: on', 5]\n" TURN_ON
        "  ignore_changes: {light.den: {color_mode: a, x: 1}}\n"
        "- sentences: [Light on!]\n"
        "  context_device: hub\n"
        "  setup: {light.den: {state: 'on'}}\n"
        "  expect_response: [30, 'yes', 0.5, true]\n");
    assert_int_equal(n_cases(stage), 4);
    assert_json(case_at(stage, 0),
        "{\"category\":\"light\",\"checks\":[{\"expect_changes\":{"
        "\"light.den\":{\"state\":\"on\"}},\"ignore_changes\":{\"light.den\":"
        "[\"color_mode\",\"x\"]},\"scorer\":\"home_assistant\"}],\"group\":"
        "\"h_1_lights-1\",\"home\":\"ha_assist_mini_h_1\",\"id\":"
        "\"h_1_lights-light_on\",\"say\":\"Light on!\"}");
    assert_string_equal(jsonx_text(case_at(stage, 2), "say"), "5");
    /* asked again of another home: another case */
    assert_string_equal(jsonx_text(case_at(stage, 3), "id"),
                        "h_1_lights-light_on-2");
    assert_string_equal(jsonx_text(case_at(stage, 3), "area"), "Den");
    assert_json(json_object_get(json_array_get(json_object_get(
                case_at(stage, 3), "checks"), 0), "expect_response"),
                "[\"30\",\"yes\",\"0.5\",\"True\"]");
    assert_true(is_told(stage, "asked 4 times: each is one case; `repeats:`"));
    assert_int_equal(stage->left.n, 1);
}

static void test_a_setup_is_a_home_of_its_own(void **s)
{
    static const struct home_manner recorded = {0, true};
    struct stage *stage = *s;
    struct home  *h     = NULL;
    struct err    err   = {0};
    const json_t *file;
    json_t       *state;

    import_tasks(stage,
        "category: light\ntests:\n"
        "- {sentences: [a], setup: {light.den: {state: 'on'}}, "
        "expect_response: x}\n"
        "- {sentences: [b], setup: {light.den: {state: 'on'}}, "
        "expect_response: x}\n"
        "- {sentences: [c], expect_response: x, "
        "context_now: 2025-04-02 08:30+10:00}\n"
        "- {sentences: [d], setup: {}, expect_response: x}\n");
    assert_int_equal(json_object_size(stage->homes), 3);
    assert_string_equal(jsonx_text(case_at(stage, 0), "home"),
                        jsonx_text(case_at(stage, 1), "home"));
    assert_string_equal(jsonx_text(case_at(stage, 3), "home"),
                        "ha_assist_mini_h_1");
    file = json_object_get(stage->homes, jsonx_text(case_at(stage, 0),
                                                    "home"));
    assert_int_equal(jsonx_truth(file, "recorded"), 1);
    assert_null(json_object_get(file, "devices"));
    if (home_from(&h, "x", file, &recorded, NULL, &err))
        fail_msg("%s", err.text);
    state = home_state(h);
    assert_string_equal(jsonx_text(json_object_get(state, "light.den"),
                                   "state"), "on");
    json_decref(state);
    home_free(h);
    assert_string_equal(jsonx_text(json_object_get(stage->homes, jsonx_text(
                        case_at(stage, 2), "home")), "now"),
                        "2025-04-02T08:30:00+10:00");
}

static void test_what_cannot_be_judged_is_told(void **s)
{
    struct stage *stage = *s;

    import_tasks(stage,
        "category: [media-player, a question]\nauthor: me\ntests:\n"
        "- {sentences: [a, b], expect_changes: {}}\n"
        "- {sentences: [c], expect_changes: {light.zz: {state: 'on'}}}\n"
        "- {sentences: [d], expect_changes: {light.den: {level: 1}}}\n"
        "- {sentences: [e], setup: {light.yy: {state: 'on'}}, "
        "expect_response: x}\n"
        "- {sentences: [f], context_device: tag, expect_response: x}\n"
        "- {expect_response: x}\n"
        "- {sentences: [[g]], expect_response: x}\n"
        "- {sentences: [h], expect_response: x, mood: good}\n"
        "- 5\n");
    assert_int_equal(n_cases(stage), 1);
    assert_string_equal(jsonx_text(case_at(stage, 0), "category"),
                        "media-player+a_question");
    assert_int_equal(stage->n_left, 8);
    assert_true(is_told(stage, "expect nothing"));
    assert_true(is_told(stage, "test 2: it expects a change of light.zz"));
    assert_true(is_told(stage, "test 3: expect_changes"));
    assert_true(is_told(stage, "test 4: the home has no entity light.yy"));
    assert_true(is_told(stage, "test 5: its context_device"));
    assert_true(is_told(stage, "test 6 has no list of sentences"));
    assert_true(is_told(stage, "a sentence that is no text"));
    assert_true(is_told(stage, "\"mood\""));
    assert_true(is_told(stage, "\"author\""));
    assert_true(is_told(stage, "test 9"));
}

static void test_long_and_foreign_names_stay_apart(void **s)
{
    struct stage *stage = *s;
    struct err    err   = {0};
    char         *long_one = mem_new(400, 1), *tasks;
    const char   *a, *b;

    for (size_t i = 0; i < 300; i++) long_one[i] = "ab "[i % 3];
    tasks = mem_printf("tests:\n- {sentences: ['%s1', '%s2', 'Är an'], "
                       "expect_response: x}\n", long_one, long_one);
    temp_text(&stage->tree, "d/dataset_card.yaml",
              "name: assist-mini\nlanguage: sv\n");
    temp_text(&stage->tree, "d/\xC3\xA4/_fixtures.yaml", FIXTURE);
    temp_text(&stage->tree, "d/\xC3\xA4/t.yaml", tasks);
    temp_text(&stage->tree, "d/\xC3\xB6/_fixtures.yaml", FIXTURE);
    temp_text(&stage->tree, "d/a-very-long-name-of-a-home-1/_fixtures.yaml",
              FIXTURE);
    temp_text(&stage->tree, "d/a-very-long-name-of-a-home-2/_fixtures.yaml",
              FIXTURE);
    temp_text(&stage->tree, "d/a-very-long-name-of-a-home-1/t.yaml", ONE);
    temp_text(&stage->tree, "d/a-very-long-name-of-a-home-2/t.yaml", ONE);
    temp_text(&stage->tree, "d/\xC3\xB6/t.yaml", tasks);
    if (import(stage, "d", &err)) fail_msg("%s", err.text);
    assert_int_equal(n_cases(stage), 8);
    assert_int_equal(json_object_size(stage->homes), 4);
    for (size_t i = 0; i < 8; i++) {
        assert_true(strlen(jsonx_text(case_at(stage, i), "id")) <= 80);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(jsonx_text(case_at(stage, i), "id"),
                                    jsonx_text(case_at(stage, k), "id"));
    }
    a = jsonx_text(case_at(stage, 4), "id");
    b = jsonx_text(case_at(stage, 0), "language");
    assert_string_equal(a, "\xC3\xA4_t-\xC3\xA4r_an");
    assert_string_equal(b, "sv");
    assert_string_equal(jsonx_text(case_at(stage, 0), "category"), "general");
    free(long_one);
    free(tasks);
}

static void test_a_home_a_file_and_a_folder_can_be_named(void **s)
{
    static const char *const paths[] = {"d/h-1", "d/h-1/lights.yaml", "."};
    struct stage *stage = *s;
    struct err    err   = {0};

    import_tasks(stage, "tests:\n- {sentences: [a], expect_response: x}\n");
    temp_text(&stage->tree, "d/h-1/_home.yaml", "not: ours");
    temp_text(&stage->tree, "d/h-1/.hidden/_fixtures.yaml", "[");
    temp_link(&stage->tree, "d/h-1/up", "..");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        json_object_clear(stage->homes);
        json_object_clear(stage->cases);
        if (import(stage, paths[i], &err)) fail_msg("%s", err.text);
        assert_int_equal(n_cases(stage), 1);
        assert_string_equal(jsonx_text(case_at(stage, 0), "id"),
                            "h_1_lights-a");
    }
}

static void test_what_is_broken_is_named(void **s)
{
    static const char good[] = "tests:\n- {sentences: [a], "
                               "expect_response: x}\n";
#define NO_TESTS "d: no task in it can be taken over; h/lights.yaml: it has " \
                 "no list of \"tests\""
    static const struct { const char *fixture, *tasks, *named; } rows[] = {
        {FIXTURE, "tests: [\n", "lights.yaml:2"},
        {"entities: 5\n", good, "_fixtures.yaml"},
        {"entities: []\n", good, "_fixtures.yaml"},
        {"entities: [{id: rocket.a, name: A, state: x}]\n", good,
         "rocket.a"},
        {FIXTURE, "category: light\n", NO_TESTS},
        {FIXTURE, "[1, 2]\n", NO_TESTS},
        {FIXTURE, "", NO_TESTS},
    };
    struct stage *stage = *s;
    struct err    err   = {0};

    assert_int_equal(import(stage, "nowhere", &err), -1);
    assert_non_null(strstr(err.text, "nowhere"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        err = (struct err){0};
        temp_text(&stage->tree, "d/h/_fixtures.yaml", rows[i].fixture);
        temp_text(&stage->tree, "d/h/lights.yaml", rows[i].tasks);
        if (import(stage, "d", &err) == 0 || err.kind != ERR_INPUT ||
            !strstr(err.text, rows[i].named))
            fail_msg("%s: \"%s\"", rows[i].named, err.text);
    }
    /* How often it is to be asked is no reason that there is nothing. */
    temp_text(&stage->tree, "d/dataset_card.yaml", CARD);
    assert_int_equal(import(stage, "d", &err), -1);
    assert_non_null(strstr(err.text, "no list of \"tests\""));
}

static void test_a_sink_that_refuses_ends_the_import(void **s)
{
    struct stage *stage = *s;
    struct err    err   = {0};

    stage->refuse_after = 2;
    temp_text(&stage->tree, "h/_fixtures.yaml", FIXTURE);
    temp_text(&stage->tree, "h/t.yaml", "tests:\n- {sentences: [a, b, c], "
              "expect_response: x}\n");
    assert_int_equal(import(stage, "h", &err), -1);
    assert_int_equal(err.kind, ERR_FAILED);
    assert_string_equal(err.text, "the disk is full");
    assert_int_equal(json_array_size(json_object_get(stage->cases, "ha_h")),
                     1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)
    const struct CMUnitTest tests[] = {
        TEST(test_each_sentence_is_a_case),
        TEST(test_a_setup_is_a_home_of_its_own),
        TEST(test_what_cannot_be_judged_is_told),
        TEST(test_long_and_foreign_names_stay_apart),
        TEST(test_a_home_a_file_and_a_folder_can_be_named),
        TEST(test_what_is_broken_is_named),
        TEST(test_a_sink_that_refuses_ends_the_import),
    };
    return cmocka_run_group_tests_name("import_ha", tests, NULL, NULL);
}
