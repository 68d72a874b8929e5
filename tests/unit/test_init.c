/* SPDX-License-Identifier: MIT */
/* test_init.c - what `audition init` writes can be read back, whatever the
 * board and the models are called. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config.h"
#include "init.h"

static const struct machine unknown = {
    .cores = -1, .memory_bytes = NAN, .available_bytes = NAN};

static void must_load(struct config *c, const char *text)
{
    struct err err = {0};

    if (config_parse(text, strlen(text), "audition.yaml", ".", c, &err))
        fail_msg("%s\n---\n%s", err.text, text);
}

/* Rows may be as hostile as a file's name can be. */
static void test_found_models_come_back_as_candidates(void **state)
{
    struct found_model items[] = {
        {.name = "plain", .path = "/m/plain.gguf", .where = "llama.cpp"},
        {.name = "plain", .path = "/n/plain.gguf", .where = "LM Studio"},
        {.name = "plain-2", .path = "/o/plain.gguf", .where = NULL},
        {.name = "llama3.2:3b", .path = "/b/sha256-00", .where = "Ollama"},
        {.name = "a \"b\" 'c' \\d", .path = "/q/\"'\\.gguf", .where = "x"},
        {.name = "two\nlines: - x", .path = "/n/a\nb: c\r#.gguf",
         .where = "evil\nbaseline: x"},
        {.name = "tab\tand\x01\x1b[31m\x7f", .path = "/t/\t\x01\x1b\x7f",
         .where = "\t"},
        {.name = "\xe2\x80\xa8line \xe2\x80\xa9paragraph \xc2\x85next",
         .path = "/u/\xe2\x80\xa8\xc2\x85\xef\xbb\xbf",
         .where = "\xc2\x85y: z"},
        {.name = "r", .path = "/r", .where = "\xe2\x80\xa8y: z"},
        {.name = "s", .path = "/s", .where = "\xe2\x80\xa9y: z"},
        {.name = "K\xc3\xbc" "che \xf0\x9f\x98\x80", .path = "/\xe6\xa8\xa1",
         .where = "\xf0\x9f\x98\x80"},
        {.name = "\xef\xbf\xbe\xef\xbf\xbf\xf4\x8f\xbf\xbf\xee\x80\x80",
         .path = "/\xef\xbf\xbf", .where = "x"},
        {.name = "*x", .path = "&x", .where = "x"},
        {.name = "{a: b}", .path = "[c]", .where = "x"},
        {.name = "null", .path = "null", .where = "x"},
        {.name = "<<", .path = "!!int", .where = "x"},
        {.name = "", .path = "/empty", .where = ""},
        {.name = " ", .path = "/blank", .where = NULL},
    };
    const struct found_models found = {items, sizeof items / sizeof *items};
    char         *text = init_text(&unknown, NULL, NULL, &found);
    struct config c;

    (void)state;
    must_load(&c, text);
    assert_int_equal(found.n, c.candidates.n);
    assert_null(c.baseline);                  /* nothing broke out of a text */
    for (size_t i = 0; i < found.n; i++) {
        assert_string_equal(items[i].path, c.candidates.items[i].path);
        assert_int_equal(SOURCE_FILE, c.candidates.items[i].source);
        if (i > 2 && i < 16)
            assert_string_equal(items[i].name, c.candidates.items[i].name);
    }
    assert_string_equal("plain", c.candidates.items[0].name);
    assert_string_equal("plain-2", c.candidates.items[1].name);
    assert_string_equal("plain-2-2", c.candidates.items[2].name);
    assert_string_equal("model", c.candidates.items[16].name);
    assert_string_equal("model-2", c.candidates.items[17].name);
    config_done(&c);
    free(text);
}

static void test_a_path_that_is_not_utf8_is_left_out_and_counted(void **state)
{
    struct found_model  items[] = {{.name = "a", .path = "/\xff.gguf"},
                                   {.name = "\xff", .path = "/b.gguf"}};
    const struct found_models found = {items, 2}, bad = {items, 1};
    char         *text = init_text(&unknown, NULL, NULL, &found);
    struct config c;

    (void)state;
    must_load(&c, text);
    assert_int_equal(1, c.candidates.n);
    assert_string_equal("/b.gguf", c.candidates.items[0].path);
    assert_string_equal("\xef\xbf\xbd", c.candidates.items[0].name);
    assert_non_null(strstr(text, "# 1 more were found and left out"));
    config_done(&c);
    free(text);
    text = init_text(&unknown, NULL, NULL, &bad);
    assert_non_null(strstr(text, "# No model was found"));
    free(text);
}

static void test_thousands_of_long_names_still_load(void **state)
{
    struct found_model  items[3000];
    struct found_models found = {items, 3000};
    char               *name = mem_new(4001, 1), *text;
    struct config       c;

    (void)state;
    memset(name, '\x01', 4000);
    for (size_t i = 0; i < found.n; i++)
        items[i] = (struct found_model){
            .name = name, .path = name, .where = name};
    name[3000] = '\0';
    text = init_text(&unknown, NULL, NULL, &found);
    must_load(&c, text);
    assert_int_equal(50, c.candidates.n);
    assert_non_null(strstr(text, "# 2950 more were found and left out"));
    config_done(&c);
    free(text);
    free(name);
}

static void test_without_models_the_examples_are_comments(void **state)
{
    const struct found_models none = {0};
    char         *text = init_text(&unknown, NULL, NULL, &none);
    struct config c;
    struct err    err = {0};

    (void)state;
    assert_int_equal(0, config_parse(text, strlen(text), "a.yaml", ".", &c,
                                     &err));
    assert_int_equal(0, c.candidates.n);
    assert_non_null(strstr(text, "#   - hf: "));
    config_done(&c);
    free(text);
}

/* Every "# key: value" without its "# "; prose and paths stay comments. */
static char *uncommented(const char *text)
{
    static const char *const fields[] = {
        "board", "power_mode", "thresholds", "target_s", "ready_s",
        "borderline_s", "min_tool_accuracy", "min_quality", "min_tok_s",
        "objective", "budget", "entities", "suites", "cases", "defaults",
        "context", "sampling", "server_args", "template_kwargs", "baseline",
        "phases", "candidates", "- name", "- {id", "co_load", "command",
        "health_url", "ready", "soak", "power_modes", "mode_cmd",
        "repeats", "noise", "homes"};
    char *out = mem_copy(text);

    for (char *line = out; line; line = strchr(line + 1, '\n')) {
        char  *at   = line + (*line == '\n');
        size_t lead = *at == '#' && at[1] == ' ' ? 2 : 0;

        lead += lead ? strspn(at + lead, " ") : 0;
        for (size_t i = 0; lead && i < sizeof fields / sizeof *fields; i++) {
            size_t n = strlen(fields[i]);
            if (strncmp(at + lead, fields[i], n) == 0 && at[lead + n] == ':')
                memmove(at, at + 2, strlen(at + 2) + 1);
        }
    }
    return out;
}

static void test_what_is_commented_out_is_the_default(void **state)
{
    struct found_model        item    = {.name = "m", .path = "m.gguf"};
    const struct found_models found   = {&item, 1};
    const struct machine      machine = {
        .board = (char[]){"Board \"X\"\nevil: y"}, .cores = 8,
        .memory_bytes = 15.3 * 0x1p30};
    char         *text = init_text(&machine, machine.board, "MAXN", &found);
    char         *open;
    struct config c, plain;

    (void)state;
    must_load(&plain, text);
    assert_true(plain.reserve_bytes == 3 * 0x1p30);
    assert_null(plain.board);
    open = uncommented(text);
    must_load(&c, open);
    assert_string_equal(machine.board, c.board);
    assert_string_equal("MAXN", c.power_mode);
    assert_memory_equal(&plain.thresholds, &c.thresholds,
                        sizeof plain.thresholds);
    assert_string_equal(plain.objective, c.objective);
    assert_string_equal("m", c.baseline);
    assert_int_equal(1, json_array_size(c.phases));
    assert_int_equal(1, json_array_size(c.entities));
    assert_int_equal(1, c.suites.n);
    assert_int_equal(60, c.cases);
    assert_int_equal(1, c.repeats);
    assert_int_equal(3, c.noise.n);
    assert_int_equal(2, c.homes.n);
    assert_int_equal(8192, c.context);
    assert_non_null(c.sampling);
    assert_non_null(c.template_kwargs);
    assert_int_equal(2, c.server_args.n);
    assert_true(c.budget_s == 1800);
    assert_non_null(c.co_load.command);
    assert_non_null(c.co_load.health_url);
    assert_true(plain.co_load.ready_s == c.co_load.ready_s);
    assert_true(isnan(plain.soak_s) && c.soak_s == 600);
    assert_int_equal(2, c.power_modes.n);
    assert_non_null(strstr(c.mode_cmd, "{id}"));
    config_done(&c);
    config_done(&plain);
    free(open);
    free(text);
}

static void test_every_field_has_a_comment(void **state)
{
    static const char *const fields[] = {
        "board:", "power_mode:", "reserve:", "thresholds:", "target_s:",
        "ready_s:", "borderline_s:", "min_tool_accuracy:", "min_quality:",
        "min_tok_s:", "objective:", "phases:", "budget:", "baseline:",
        "prompt:", "tools:", "entities:", "suites:", "cases:", "defaults:",
        "context:", "sampling:", "server_args:", "template_kwargs:",
        "co_load:", "command:", "health_url:", "ready:", "memory:",
        "threads:", "soak:", "power_modes:", "mode_cmd:", "model:", "hf:",
        "base_url:", "replay:", "name,", "measured_tok_s"};
    const struct found_models none = {0};
    char                     *text = init_text(&unknown, NULL, NULL, &none);

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!strstr(text, fields[i])) fail_msg("%s is missing", fields[i]);
    free(text);
}

static void test_the_reserve_suits_the_memory(void **state)
{
    static const struct { double memory_bytes; const char *says; } rows[] = {
        {3.8 * 0x1p30, "\nreserve: 1GiB\n"}, {7.4 * 0x1p30,
        "\nreserve: 2GiB\n"}, {15.3 * 0x1p30, "\nreserve: 3GiB\n"},
        {NAN, "\nreserve: 2GiB\n"}};
    const struct found_models none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct machine m    = unknown;
        char          *text;

        m.memory_bytes = rows[i].memory_bytes;
        text = init_text(&m, NULL, NULL, &none);
        assert_non_null(strstr(text, rows[i].says));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_models_come_back_as_candidates),
        cmocka_unit_test(test_a_path_that_is_not_utf8_is_left_out_and_counted),
        cmocka_unit_test(test_thousands_of_long_names_still_load),
        cmocka_unit_test(test_without_models_the_examples_are_comments),
        cmocka_unit_test(test_what_is_commented_out_is_the_default),
        cmocka_unit_test(test_every_field_has_a_comment),
        cmocka_unit_test(test_the_reserve_suits_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
