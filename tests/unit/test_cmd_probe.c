/* SPDX-License-Identifier: MIT */
/* test_cmd_probe.c - `audition probe` as a user types it: the JSON contract,
 * several readings in a row, exit codes, and the table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "board_tree.h"
#include "commands.h"

#define TEXT_MAX (1u << 24)

/* What the command prints on stdout. Caller frees. */
static char *probe_text(int *code, int argc, const char **argv)
{
    const struct command *cmd = &command_probe;
    void                 *options = mem_new(1, cmd->options_bytes);
    enum opt_source       sources[16];
    struct text_list      names = {0};
    struct err            err = {0};
    struct bytes          out;
    struct temp_tree      place;
    bool                  help = false;
    char                 *path, *text;
    int                   saved;

    if (temp_tree_init(&place)) fail();
    path = temp_path(&place, "stdout");
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
    if (bytes_read(&out, path, TEXT_MAX, &err)) fail_msg("%s", err.text);
    text = mem_copy_n((const char *)out.data, out.size);
    bytes_done(&out);
    free(path);
    temp_tree_done(&place);
    return text;
}

/* Its nth line as JSON. Caller gives it up. */
static json_t *line_json(const char *text, size_t line)
{
    struct err err = {0};
    json_t    *document;

    for (; line; line--) {
        text = strchr(text, '\n');
        assert_non_null(text);
        text++;
    }
    document = jsonx_parse(text, strcspn(text, "\n"), &err);
    if (!document) fail_msg("%s", err.text);
    return document;
}

static void jetson(struct temp_tree *t, const char *events, const char *state,
                   const char *uptime)
{
    temp_text(t, "proc/uptime", uptime);
    board_hwmon(t, 4, "i2c-1/1-0040", "name=ina3221 in1_label=VDD_IN "
                "in1_input=5000 curr1_input=1000");
    board_hwmon(t, 2, "oc", "name=soctherm_oc");
    temp_text(t, "sys/devices/oc/hwmon/hwmon2/oc3_event_cnt", events);
    board_thermal(t, "cooling_device", 0, "type=gpu-throttle-alert");
    temp_text(t, "sys/class/thermal/cooling_device0/cur_state", state);
}

static void test_a_reading_is_one_flat_object(void **state)
{
    struct temp_tree *t = *state;
    const char       *argv[] = {"--json", "--sysroot", t->root};
    int               code;
    char             *text;
    json_t           *o, *missing;

    jetson(t, "2\n", "0\n", "100.5 1\n");
    text = probe_text(&code, 3, argv);
    assert_int_equal(code, 0);
    o = line_json(text, 0);
    missing = json_object_get(o, "missing");
    assert_true(fabs(jsonx_number(o, "schema_version") - 1) < 1e-9);
    assert_true(fabs(jsonx_number(o, "power_in_mw") - 5000) < 1e-9);
    assert_int_equal(jsonx_truth(o, "throttling_now"), 0);
    for (size_t i = 0; i < READ_COUNT; i++)
        if (json_is_null(json_object_get(o, reading_info[i].name)) !=
            (jsonx_text(missing, reading_info[i].name) != NULL))
            fail_msg("%s", reading_info[i].name);
    json_decref(o);
    free(text);
}

static void test_readings_in_a_row_are_compared(void **state)
{
    struct temp_tree later, *t = *state;
    const char      *argv[] = {"--json", "--sysroot", t->root, "--then",
                               later.root, "--then", t->root};
    int              code;
    char            *text;
    json_t          *o;

    assert_int_equal(temp_tree_init(&later), 0);
    jetson(t, "2\n", "0\n", "100.50 1\n");
    jetson(&later, "5\n", "1\n", "110.75 1\n");
    text = probe_text(&code, 7, argv);
    assert_int_equal(code, 0);
    o = line_json(text, 0);
    assert_int_equal(jsonx_truth(o, "throttling"), 0);
    assert_true(json_is_null(
        json_object_get(o, "oc_delta_since_previous_frame")));
    json_decref(o);
    o = line_json(text, 1);
    assert_true(fabs(jsonx_number(o, "reading") - 1) < 1e-9);
    assert_true(fabs(jsonx_number(o, "interval_s") - 10.25) < 1e-9);
    assert_int_equal(jsonx_truth(o, "throttling"), 1);
    assert_true(json_equal(json_object_get(o, "why"),
                           json_object_get(o, "throttle_reasons")));
    assert_int_equal(json_array_size(json_object_get(o, "why")), 2);
    assert_true(fabs(jsonx_number(json_object_get(
        o, "oc_delta_since_previous_frame"), "oc3") - 3) < 1e-9);
    json_decref(o);
    /* The uptime fell: a boot in between, so nothing is known of a change. */
    o = line_json(text, 2);
    assert_true(json_is_null(json_object_get(o, "interval_s")));
    assert_true(json_is_null(
        json_object_get(o, "oc_delta_since_previous_frame")));
    json_decref(o);
    free(text);
    temp_tree_done(&later);
}

static void test_without_sys_all_is_null_with_reasons(void **state)
{
    struct temp_tree *t = *state;
    const char       *argv[] = {"--json", "--sysroot", t->root};
    int               code;
    char             *text = probe_text(&code, 3, argv);
    json_t           *o = line_json(text, 0);

    assert_int_equal(code, 0);
    for (size_t i = 0; i < READ_COUNT; i++)
        if (!json_is_null(json_object_get(o, reading_info[i].name)))
            fail_msg("%s is not null", reading_info[i].name);
    json_decref(o);
    free(text);
}

static void test_a_root_that_is_no_folder_is_bad_input(void **state)
{
    struct temp_tree *t = *state;
    char             *file = temp_path(t, "file"), *text;
    const char       *one[] = {"--sysroot", file};
    const char       *gone[] = {"--sysroot", "/no/such/folder"};
    const char       *then[] = {"--then", t->root};
    int               code;

    temp_text(t, "file", "x");
    text = probe_text(&code, 2, one);
    assert_int_equal(code, 2);
    assert_string_equal(text, "");
    free(text);
    text = probe_text(&code, 2, gone);
    assert_int_equal(code, 2);
    free(text);
    text = probe_text(&code, 2, then);
    assert_int_equal(code, 2);
    free(text);
    free(file);
}

static void test_the_table_has_units_and_reasons(void **state)
{
    struct temp_tree *t = *state;
    const char       *argv[] = {"--no-color", "--sysroot", t->root};
    int               code;
    char             *text;

    jetson(t, "2\n", "0\n", "100 1\n");
    temp_text(t, "proc/meminfo", "MemTotal: 8388608 kB\n"
                                 "MemAvailable: 4194304 kB\n");
    text = probe_text(&code, 3, argv);
    assert_int_equal(code, 0);
    assert_non_null(strstr(text, "5.00 W"));
    assert_non_null(strstr(text, "8.0 GiB"));
    assert_non_null(strstr(text, "VDD_IN"));
    assert_non_null(strstr(text, "no RAPL zone"));
    free(text);
}

static void test_a_table_of_several_has_a_line_each(void **state)
{
    struct temp_tree *t = *state;
    const char       *argv[] = {"--no-color", "--sysroot", t->root, "--then",
                                t->root};
    int               code, lines = 0;
    char             *text;

    jetson(t, "2\n", "1\n", "100 1\n");
    text = probe_text(&code, 5, argv);
    assert_int_equal(code, 0);
    for (char *at = text; (at = strstr(at, "thermal_gpu")); at++) lines++;
    assert_int_equal(lines, 2);
    free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_reading_is_one_flat_object),
        TEST(test_readings_in_a_row_are_compared),
        TEST(test_without_sys_all_is_null_with_reasons),
        TEST(test_a_root_that_is_no_folder_is_bad_input),
        TEST(test_the_table_has_units_and_reasons),
        TEST(test_a_table_of_several_has_a_line_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
