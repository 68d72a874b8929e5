/* SPDX-License-Identifier: MIT */
/* test_cmd_predict.c - `audition predict` as a user types it: the JSON
 * contract, exit codes, and what is said. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "commands.h"
#include "temp_tree.h"

static struct temp_tree tree;

static int make_tree(void **state)
{
    (void)state;
    if (!getenv("AUDITION_DATA")) setenv("AUDITION_DATA", "share", 1);
    if (temp_tree_init(&tree)) return -1;
    return setenv("XDG_STATE_HOME", tree.root, 1) ||
           setenv("XDG_CACHE_HOME", tree.root, 1);
}

static int remove_tree(void **state)
{
    (void)state;
    temp_tree_done(&tree);
    return 0;
}

#define TABLE "device,model,quant,engine,gen_tok_s,prompt_tokens\n"

/* What the command prints. Caller frees. */
static char *predict_text(int *code, int argc, const char **argv)
{
    const struct command *cmd  = &command_predict;
    void                 *options = mem_new(1, cmd->options_bytes);
    enum opt_source       sources[32];
    struct text_list      names = {0};
    struct err            err   = {0};
    struct bytes          out;
    bool                  help  = false;
    char                 *path  = temp_path(&tree, "stdout"), *text;
    int                   saved;

    if (opt_parse(cmd, argc, (char **)(uintptr_t)argv, options, sources,
                  &names, &help, &err))
        fail_msg("%s", err.text);
    fflush(stdout);
    saved = dup(STDOUT_FILENO);
    assert_non_null(freopen(path, "w", stdout));
    *code = cmd->run(options, sources, &names);
    fflush(stdout);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    text_list_done(&names);
    opt_done(cmd, options);
    free(options);
    if (bytes_read(&out, path, 1u << 24, &err)) fail_msg("%s", err.text);
    text = mem_copy_n((const char *)out.data, out.size);
    bytes_done(&out);
    free(path);
    return text;
}

/* The one document it prints. Caller gives it up. */
static json_t *predict_json(int *code, int argc, const char **argv)
{
    struct err err  = {0};
    char      *text = predict_text(code, argc, argv);
    json_t    *document = jsonx_parse(text, strlen(text), &err);

    if (!document) fail_msg("%s: %s", err.text, text);
    free(text);
    assert_true(jsonx_number(document, "schema_version") == 1);
    return document;
}

static char *write_table(const char *text)
{
    temp_text(&tree, "t.csv", text);
    return temp_path(&tree, "t.csv");
}

#define COUNT(argv) (int)(sizeof argv / sizeof *argv)

static void test_each_row_has_its_prediction_or_its_reason(void **state)
{
    static const char *const numbers[] = {
        "gen_tok_s", "gen_tok_s_low", "gen_tok_s_high", "served_tok_s",
        "prompt_tok_s", "memory_mib"};
    char       *path = write_table(TABLE
        "Jetson Orin NX 16GB,Qwen2.5-3B-Instruct,Q4_K_M,llama.cpp,15,\n"
        "Jetson Orin NX 16GB,Qwen2.5-3B-Instruct,Q4_K_M,llama.cpp,fast,\n"
        "Jetson Orin NX 16GB,Qwen2.5-3B-Instruct,Q4_K_M,vLLM,20,\n");
    const char *argv[] = {"--table", path, "--json"};
    int         code;
    json_t     *document = predict_json(&code, COUNT(argv), argv);
    json_t     *rows     = json_object_get(document, "rows");

    (void)state;
    assert_int_equal(code, 0);
    assert_int_equal(json_array_size(rows), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *row = json_array_get(rows, i);

        assert_true(jsonx_number(row, "row") == (double)i);
        assert_int_equal(json_is_null(json_object_get(row, "skipped")),
                         i == 0);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            const json_t *value = json_object_get(row, numbers[k]);

            assert_true(i == 0 ? json_number_value(value) > 0
                               : json_is_null(value));
        }
    }
    assert_non_null(strstr(jsonx_text(json_array_get(rows, 1), "skipped"),
                           "line 3, column gen_tok_s: `fast`"));
    assert_true(json_is_object(json_object_get(document, "summary")));
    json_decref(document);
    free(path);
}

static void test_a_table_that_lacks_a_column_is_bad_input(void **state)
{
    char       *path = write_table("device,gen_tok_s\nRTX 3090,10\n");
    const char *argv[] = {"--table", path, "--json"};
    int         code;
    json_t     *document = predict_json(&code, COUNT(argv), argv);
    const json_t *error = json_object_get(document, "error");

    (void)state;
    assert_int_equal(code, 2);
    assert_non_null(strstr(jsonx_text(error, "text"), "lacks model"));
    json_decref(document);
    free(path);
}

static void test_options_stand_in_for_what_rows_do_not_say(void **state)
{
    char       *path = write_table("model,quant,gen_tok_s\n"
                                   "Qwen2.5-3B-Instruct,Q4_K_M,15\n");
    const char *argv[] = {"--table", path, "--json", "--device",
                          "Jetson Orin NX 16GB", "--power-mode", "15W", "-c",
                          "8192"};
    int         code;
    json_t     *document = predict_json(&code, COUNT(argv), argv);
    const json_t *row = json_array_get(json_object_get(document, "rows"), 0);

    (void)state;
    assert_string_equal(jsonx_text(row, "board"), "Jetson Orin NX 16GB");
    assert_string_equal(jsonx_text(row, "power_mode"), "15W");
    json_decref(document);
    free(path);
}

static void test_models_by_name_are_predicted_without_a_file(void **state)
{
    const char *argv[] = {"--json", "--device", "Jetson Orin NX 16GB",
                          "Qwen2.5-3B-Instruct:Q8_0", "Mixtral-8x7B",
                          "BTLM-3B-8K"};
    int         code;
    json_t     *document = predict_json(&code, COUNT(argv), argv);
    const json_t *models = json_object_get(document, "models");
    const json_t *fine   = json_array_get(models, 0);

    (void)state;
    assert_int_equal(code, 0);
    assert_string_equal(jsonx_text(fine, "quant"), "Q8_0");
    assert_true(jsonx_number(fine, "gen_tok_s") > 0);
    assert_true(jsonx_number(json_object_get(fine, "memory_bytes"),
                             "total") > 3e9);
    assert_int_equal(jsonx_truth(fine, "fits"), 1);
    assert_int_equal(jsonx_truth(json_array_get(models, 1), "fits"), 0);
    assert_non_null(strstr(jsonx_text(json_array_get(models, 2), "skipped"),
                           "BTLM"));
    json_decref(document);
}

static void test_an_unknown_name_is_bad_input_and_the_rest_done(void **state)
{
    const char *argv[] = {"--device", "H200", "no-such-model-x",
                          "Qwen2.5-3B-Instruct"};
    int         code;
    char       *text = predict_text(&code, COUNT(argv), argv);

    (void)state;
    assert_int_equal(code, 2);
    assert_non_null(strstr(text, "H200"));
    assert_non_null(strstr(text, "no-such-model-x: no such file"));
    assert_non_null(strstr(text, "Q4_K_M"));
    free(text);
}

static void test_an_unknown_board_names_the_nearest(void **state)
{
    const char *argv[] = {"--json", "--device", "Jetson Orin NY 16GB",
                          "Qwen2.5-3B-Instruct"};
    int         code;
    json_t     *document = predict_json(&code, COUNT(argv), argv);

    (void)state;
    assert_int_equal(code, 2);
    assert_non_null(strstr(jsonx_text(json_object_get(document, "error"),
                                      "text"), "Jetson Orin NX"));
    json_decref(document);
}

static void test_nothing_to_predict_is_a_usage_error(void **state)
{
    const char *both[] = {"--json", "--table", "x.csv", "Phi-2"};
    const char *none[] = {"--json"};
    int         code;

    (void)state;
    json_decref(predict_json(&code, COUNT(both), both));
    assert_int_equal(code, 2);
    json_decref(predict_json(&code, COUNT(none), none));
    assert_int_equal(code, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_has_its_prediction_or_its_reason),
        cmocka_unit_test(test_a_table_that_lacks_a_column_is_bad_input),
        cmocka_unit_test(test_options_stand_in_for_what_rows_do_not_say),
        cmocka_unit_test(test_models_by_name_are_predicted_without_a_file),
        cmocka_unit_test(test_an_unknown_name_is_bad_input_and_the_rest_done),
        cmocka_unit_test(test_an_unknown_board_names_the_nearest),
        cmocka_unit_test(test_nothing_to_predict_is_a_usage_error),
    };
    return cmocka_run_group_tests_name("cmd_predict", tests, make_tree,
                                       remove_tree);
}
