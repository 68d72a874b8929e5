/* SPDX-License-Identifier: MIT */
/* test_table_summary.c - the errors of src/predict/table_summary.h, and how
 * table.h prints rows and errors. Predictions are made up here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "predict/table_summary.h"

#define MOST 40

/* Rows as table_judge() leaves them. */
static struct measured_row measured[MOST];
static struct judged_row   judged[MOST];
static struct measured_table table;

static int clear(void **state)
{
    (void)state;
    memset(measured, 0, sizeof measured);
    memset(judged, 0, sizeof judged);
    table = (struct measured_table){measured, 0};
    return 0;
}

static char *fixed(const char *text) { return (char *)(uintptr_t)text; }

/* Predicted 100 tok/s, 80 to 125; measured so much. */
static struct judged_row *add(const char *device_class, const char *engine,
                              double gen_tok_s)
{
    size_t i = table.n++;

    measured[i] = (struct measured_row){
        .line = (int)i + 2, .device = fixed("A board"),
        .power_mode = fixed(""), .engine = fixed(engine),
        .engine_version = fixed(""), .model = fixed("A model"),
        .quant = fixed("Q4_0"), .source = fixed(""), .note = fixed(""),
        .device_ram_gb = NAN, .bandwidth_gbs = NAN, .prompt_tokens = NAN,
        .gen_tokens = NAN, .context = NAN, .gen_tok_s = gen_tok_s,
        .served_tok_s = NAN, .prompt_tok_s = NAN, .ttft_ms = NAN,
        .memory_mb = NAN, .memory_mib = NAN};
    judged[i] = (struct judged_row){
        .device_class = device_class,
        .is_llama_cpp = strcmp(engine, "llama.cpp") == 0, .quant = "Q4_0",
        .gen_tok_s = {100, 80, 125}, .served_tok_s = 90,
        .prompt_tok_s = 2000, .memory_mib = 3000,
        .device = {.name = "A board", .power_mode = "15W",
                   .backend = BACKEND_CUDA}};
    return &judged[i];
}

static void add_skipped(const char *device_class, const char *reason)
{
    struct judged_row *r = add(device_class, "llama.cpp", 100);

    r->skipped = fixed(reason);
    r->gen_tok_s = RANGE_MISSING;
    r->served_tok_s = r->prompt_tok_s = r->memory_mib = NAN;
}

static struct table_group_errors group(enum table_group which,
                                       const char *name)
{
    struct table_groups       groups;
    struct table_group_errors found = {.rows = 9999};

    table_groups(&table, judged, &groups);
    for (size_t i = 0; i < groups.n; i++)
        if (groups.items[i].group == which &&
            (!name || strcmp(groups.items[i].name, name) == 0))
            found = groups.items[i];
    table_groups_done(&groups);
    assert_int_not_equal(found.rows, 9999);
    return found;
}

static void test_errors_are_relative_to_the_measurement(void **state)
{
    struct table_group_errors all;

    (void)state;
    add("nvidia", "llama.cpp", 100);           /*  0 %           */
    add("nvidia", "llama.cpp", 80);            /* 25 %           */
    add("nvidia", "llama.cpp", 125);           /* 20 %           */
    add("nvidia", "llama.cpp", 50);            /* 100 %, outside */
    all = group(GROUP_ALL, NULL);
    assert_int_equal(all.rows, 4);
    assert_int_equal(all.predicted, 4);
    assert_int_equal(all.speed.compared, 4);
    assert_true(fabs(all.speed.median - 0.225) < 1e-9);
    assert_true(fabs(all.speed.p90 - 1) < 1e-9);
    assert_true(fabs(all.speed.near - 0.5) < 1e-9);
    assert_true(fabs(all.speed.inside - 0.75) < 1e-9);
    assert_int_equal(all.prompt.compared, 0);
    assert_true(isnan(all.prompt.median) && isnan(all.prompt.near));
}

/* Of ten the ninth, as the nearest rank says; of one that one. */
static void test_p90_is_a_value_that_was_there(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        add("nvidia", "llama.cpp", 100 / (1 + i / 100.0));
    assert_true(fabs(group(GROUP_ALL, NULL).speed.p90 - 0.08) < 1e-9);
    table.n = 2;
    assert_true(fabs(group(GROUP_ALL, NULL).speed.p90 - 0.01) < 1e-9);
}

static void test_rows_are_grouped_by_who_computed_and_flagged_apart(void **s)
{
    (void)s;
    add("jetson", "llama.cpp", 100);
    add("jetson", "Ollama", 50);
    add("cpu", "llama.cpp", 100);
    add("nvidia", "llama.cpp", 100)->is_flagged = true;
    add_skipped("jetson", "no such model");
    add_skipped(NULL, "no such board");
    assert_int_equal(group(GROUP_ALL, NULL).rows, 5);
    assert_int_equal(group(GROUP_ALL, NULL).predicted, 3);
    assert_int_equal(group(GROUP_LLAMA_CPP_GPU, NULL).rows, 2);
    assert_int_equal(group(GROUP_LLAMA_CPP_GPU, NULL).speed.compared, 1);
    assert_int_equal(group(GROUP_LLAMA_CPP_JETSON, NULL).rows, 2);
    assert_int_equal(group(GROUP_CLASS, "jetson").rows, 3);
    assert_int_equal(group(GROUP_CLASS, "cpu").rows, 1);
    assert_int_equal(group(GROUP_CLASS, "nvidia").rows, 0);
    assert_int_equal(group(GROUP_CLASS, "unknown").rows, 1);
    assert_int_equal(group(GROUP_FLAGGED, NULL).rows, 1);
}

static void test_a_server_is_held_against_the_served_speed(void **state)
{
    (void)state;
    add("jetson", "Ollama", 90);
    assert_true(fabs(group(GROUP_ALL, NULL).speed.median) < 1e-9);
}

static void test_prompt_and_memory_have_errors_of_their_own(void **state)
{
    struct table_group_errors all;

    (void)state;
    add("nvidia", "llama.cpp", NAN);
    measured[0].prompt_tok_s = 1600;
    measured[0].memory_mib = 4000;
    all = group(GROUP_ALL, NULL);
    assert_int_equal(all.speed.compared, 0);
    assert_true(fabs(all.prompt.median - 0.25) < 1e-9);
    assert_true(fabs(all.memory.median - 0.25) < 1e-9);
    assert_true(isnan(all.memory.inside));
    measured[0].prompt_tokens = 9;        /* tells of the start, no rate */
    assert_int_equal(group(GROUP_ALL, NULL).prompt.compared, 0);
}

/* ---- as JSON ------------------------------------------------------------ */

static void test_the_json_has_null_for_what_is_missing(void **state)
{
    json_t       *rows, *summary;
    const json_t *row;

    (void)state;
    add("nvidia", "llama.cpp", 80);
    add_skipped("nvidia", "no such model");
    rows = table_rows(&table, judged);
    assert_int_equal(json_array_size(rows), 2);
    row = json_array_get(rows, 0);
    assert_true(jsonx_number(row, "row") == 0);
    assert_true(jsonx_number(row, "gen_tok_s") == 100);
    assert_true(jsonx_number(row, "gen_tok_s_low") == 80);
    assert_true(jsonx_number(row, "gen_tok_s_high") == 125);
    assert_true(jsonx_number(row, "served_tok_s") == 90);
    assert_true(jsonx_number(row, "prompt_tok_s") == 2000);
    assert_true(jsonx_number(row, "memory_mib") == 3000);
    assert_true(json_is_null(json_object_get(row, "skipped")));
    assert_true(fabs(jsonx_number(row, "error") - 0.25) < 1e-9);
    row = json_array_get(rows, 1);
    assert_true(jsonx_number(row, "row") == 1);
    assert_string_equal(jsonx_text(row, "skipped"), "no such model");
    assert_true(json_is_null(json_object_get(row, "gen_tok_s")));
    assert_true(json_is_null(json_object_get(row, "gen_tok_s_low")));
    assert_true(json_is_null(json_object_get(row, "memory_mib")));
    assert_true(json_is_null(json_object_get(row, "error")));
    json_decref(rows);
    summary = table_summary(&table, judged);
    assert_true(jsonx_number(json_object_get(summary, "all"), "coverage") ==
                0.5);
    assert_non_null(json_object_get(json_object_get(
        summary, "by_device_class"), "nvidia"));
    assert_true(json_is_null(json_object_get(json_object_get(
        summary, "flagged"), "median_error")));
    json_decref(summary);
}

/* ---- for people --------------------------------------------------------- */

static char *text_of(int columns)
{
    struct strbuf out;
    char         *text;

    strbuf_init(&out, 1u << 20);
    table_text(&table, judged, false, columns, &out);
    text = strbuf_take(&out);
    strbuf_done(&out);
    return text;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void test_the_text_shows_rows_reasons_and_errors(void **state)
{
    char *text;

    (void)state;
    add("nvidia", "llama.cpp", 80);
    add("nvidia", "Ollama", 50)->is_flagged = true;
    for (int i = 0; i < 3; i++) add_skipped("nvidia", "no such model");
    add_skipped(NULL, "no such board");
    add_skipped("nvidia", "no such model");
    text = text_of(0);
    assert_says(text, "A board 15W");
    assert_says(text, "100.0 [80.0–125.0]");
    assert_says(text, "+25 %");
    assert_says(text, "+80 % !");
    assert_says(text, "1?");
    assert_says(text, "skipped: 5 of 7 rows");
    assert_says(text, "row 2-4, 6: no such model");
    assert_says(text, "row 5: no such board");
    assert_says(text, "llama.cpp on GPUs");
    assert_says(text, "doubtful");
    assert_null(strstr(text, "on Jetson"));      /* there are none */
    assert_null(strstr(text, "nan"));
    free(text);
}

static void test_a_hostile_text_does_not_reach_the_terminal(void **state)
{
    char *text;

    (void)state;
    add("nvidia", "llama.cpp", 80);
    measured[0].model = fixed("\x1b[2J\n\xff");
    add_skipped("nvidia", "model \"\x1b]0;x\x07\" is unknown");
    text = text_of(80);
    assert_null(strchr(text, 0x1b));
    assert_null(strchr(text, 0x07));
    free(text);
}

static void test_a_table_without_rows_is_said(void **state)
{
    char *text = text_of(80);

    (void)state;
    assert_string_equal(text, "the table has no rows\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_errors_are_relative_to_the_measurement,
                               clear),
        cmocka_unit_test_setup(test_p90_is_a_value_that_was_there, clear),
        cmocka_unit_test_setup(
            test_rows_are_grouped_by_who_computed_and_flagged_apart, clear),
        cmocka_unit_test_setup(test_a_server_is_held_against_the_served_speed,
                               clear),
        cmocka_unit_test_setup(test_prompt_and_memory_have_errors_of_their_own,
                               clear),
        cmocka_unit_test_setup(test_the_json_has_null_for_what_is_missing,
                               clear),
        cmocka_unit_test_setup(test_the_text_shows_rows_reasons_and_errors,
                               clear),
        cmocka_unit_test_setup(
            test_a_hostile_text_does_not_reach_the_terminal, clear),
        cmocka_unit_test_setup(test_a_table_without_rows_is_said, clear),
    };
    return cmocka_run_group_tests_name("table_summary", tests, NULL, NULL);
}
