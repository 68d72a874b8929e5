/* SPDX-License-Identifier: MIT */
/* test_device_boards.c - every board of share/boards is whole and plausible,
 * and a file that is not is named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/device.h"
#include "predict/device_show.h"
#include "temp_tree.h"

static int load(void **state)
{
    static struct boards boards;
    struct err           err = {0};

    if (boards_load(&boards, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    *state = &boards;
    return 0;
}

static int unload(void **state)
{
    boards_done(*state);
    return 0;
}

/* ---- the boards that are shipped ---------------------------------------- */

static void in_range(const struct board *b, const char *what, double value,
                     double low, double high, bool is_needed)
{
    if (isnan(value) && !is_needed) return;
    if (!(value >= low && value <= high))
        fail_msg("%s: %s is %g, not within %g and %g", b->name, what, value,
                 low, high);
}

static void check_mode(const struct board *b, const struct power_mode *m,
                       bool is_default)
{
    in_range(b, "clock", m->clock_hz, 1e8, 6e9, is_default);
    in_range(b, "bandwidth", m->bandwidth_bytes_s, 1e9, 1e13, true);
    in_range(b, "units", m->units, 1, 1024, is_default);
    in_range(b, "fp16", m->fp16_flops, 1e10, 1e16, is_default);
    in_range(b, "CPU clock", m->cpu_clock_hz, 1e8, 6e9, false);
}

static void test_every_board_is_whole_and_plausible(void **state)
{
    const struct boards *boards = *state;
    static const char *const classes[] = {"jetson", "nvidia", "apple", "amd",
                                          "intel", "arm", "x86"};

    assert_true(boards->n >= 200);
    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        bool known = false;
        for (size_t k = 0; k < sizeof classes / sizeof *classes; k++)
            known = known || strcmp(b->device_class, classes[k]) == 0;
        if (!known) fail_msg("%s: class %s", b->name, b->device_class);
        if (strlen(b->source) < 20) fail_msg("%s has no source", b->name);
        assert_true(b->n_sizes > 0 && b->n_modes > 0);
        for (size_t k = 0; k < b->n_sizes; k++)
            in_range(b, "memory", b->sizes[k].bytes, 1e8, 1e12, true);
        assert_true(b->memory_bytes == b->sizes[0].bytes);
        in_range(b, "system", b->os_bytes, 0,
                 b->is_unified ? b->memory_bytes / 2 : 0, false);
        in_range(b, "speech", b->speech_bytes, 1e8, 4e9, true);
        in_range(b, "runtime", b->runtime_bytes, 1e6, 4e9, false);
        in_range(b, "cores", b->cpu_cores, 1, 256, b->backend == BACKEND_CPU);
        for (size_t k = 0; k < b->n_modes; k++)
            check_mode(b, &b->modes[k], k == 0);
    }
}

static void test_every_name_is_of_one_board_and_finds_it(void **state)
{
    const struct boards *boards = *state;

    for (size_t i = 0; i < boards->n; i++)
        for (size_t k = 0; k < boards->items[i].n_sizes; k++) {
            const struct memory_size *size = &boards->items[i].sizes[k];
            struct device d;
            struct err    err = {0};
            if (device_find(boards, size->name, NULL, NAN, &d, &err))
                fail_msg("%s: %s", size->name, err.text);
            if (strcmp(d.name, size->name) != 0)
                fail_msg("%s finds %s", size->name, d.name);
            assert_true(d.memory_bytes == size->bytes);
        }
}

static void test_every_alias_finds_its_board_or_asks_which(void **state)
{
    const struct boards *boards = *state;

    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        for (size_t k = 0; k < b->aliases.n; k++) {
            struct device d;
            struct err    err = {0};
            if (device_find(boards, b->aliases.items[k], NULL,
                            b->sizes[0].gb, &d, &err))
                fail_msg("%s: %s", b->name, err.text);
            if (d.board != b)
                fail_msg("%s of %s finds %s", b->aliases.items[k], b->name,
                         d.name);
        }
    }
}

static void test_modes_of_a_board_have_names_of_their_own(void **state)
{
    const struct boards *boards = *state;

    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        for (size_t k = 0; k < b->n_modes; k++) {
            struct device d;
            struct err    err = {0};
            if (b->n_modes == 1 && !*b->modes[k].name) continue;
            assert_int_equal(device_find(boards, b->sizes[0].name,
                                         b->modes[k].name, NAN, &d, &err), 0);
            assert_ptr_equal(d.power_mode, b->modes[k].name);
        }
    }
}

static void test_the_first_mode_is_the_fastest(void **state)
{
    const struct boards *boards = *state;

    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        if (strcmp(b->name, "Jetson Orin Nano 8GB") == 0) continue; /* new
                                          firmware on it has faster ones */
        for (size_t k = 1; k < b->n_modes; k++)
            if (b->modes[k].fp16_flops > b->modes[0].fp16_flops ||
                b->modes[k].bandwidth_bytes_s > b->modes[0].bandwidth_bytes_s)
                fail_msg("%s: %s", b->name, b->modes[k].name);
    }
}

static void test_a_board_as_json_has_no_empty_text_and_no_nan(void **state)
{
    const struct boards *boards = *state;

    for (size_t i = 0; i < boards->n; i++) {
        json_t *o = board_json(&boards->items[i]);
        char   *text = json_dumps(o, JSON_COMPACT);
        assert_non_null(text);
        assert_null(strstr(text, "\"\""));
        assert_null(strstr(text, "nan"));
        free(text);
        json_decref(o);
    }
}

/* ---- files that are not ------------------------------------------------- */

#define FAMILY "\"source\": \"a sheet of figures, read by us\", " \
    "\"device_class\": \"arm\", \"backend\": \"cpu\", " \
    "\"architecture\": \"a\", \"is_unified\": true, \"is_certain\": true, "
#define SIZELESS "\"name\": \"Board\", \"units\": 4, " \
    "\"clock_mhz\": 2000, \"bandwidth_gb_s\": 10"
#define BOARD SIZELESS ", \"memory_gb\": 8"

/* What boards_load says of one file with this text; "" when it is fine. */
static const char *load_text(const char *json, struct boards *out)
{
    static struct err err;
    struct temp_tree  t;
    char             *old = mem_copy(getenv("AUDITION_DATA"));
    struct boards     boards;

    err = (struct err){0};
    assert_int_equal(temp_tree_init(&t), 0);
    temp_text(&t, "boards/one.json", json);
    temp_text(&t, "boards/.hidden.json", "{");
    temp_text(&t, "boards/readme.txt", "not data");
    setenv("AUDITION_DATA", t.root, 1);
    if (boards_load(&boards, &err) == 0) {
        if (out) *out = boards;
        else boards_done(&boards);
    }
    if (old) setenv("AUDITION_DATA", old, 1);
    else unsetenv("AUDITION_DATA");
    free(old);
    temp_tree_done(&t);
    return err.text;
}

static void test_a_board_takes_what_it_lacks_from_its_family(void **state)
{
    struct boards boards;
    const char   *text = load_text(
        "{" FAMILY "\"fp16_flops_per_clock\": 16, \"boards\": [{" BOARD "}, {"
        "\"name\": \"Two\", \"note\": \"and a note\", \"memory_gb\": [4, 0.5],"
        " \"memory_visible\": 0.5, \"units\": 2, \"clock_mhz\": 1000, "
        "\"modes\": [{\"name\": \"fast\", \"bandwidth_gb_s\": 5}, {\"name\": "
        "\"slow\", \"bandwidth_gb_s\": 3, \"units\": 1, \"clock_mhz\": null}]"
        "}]}", &boards);
    const struct board *b;

    (void)state;
    assert_string_equal(text, "");
    assert_int_equal(boards.n, 2);
    b = &boards.items[0];
    assert_string_equal(b->name, "Board 8GB");
    assert_true(b->modes[0].fp16_flops == 4 * 2e9 * 16);
    assert_true(isnan(b->runtime_bytes) && isnan(b->os_bytes));
    b = &boards.items[1];
    assert_string_equal(b->name, "Two");
    assert_string_equal(b->source, "a sheet of figures, read by us and a "
                                   "note");
    assert_string_equal(b->sizes[1].name, "Two 0.5GB");
    assert_true(b->sizes[0].bytes == 2.0 * 1073741824);
    assert_int_equal(b->n_modes, 2);
    assert_true(b->modes[0].clock_hz == 1e9 && b->modes[0].units == 2);
    assert_true(isnan(b->modes[1].clock_hz) && b->modes[1].units == 1);
    boards_done(&boards);
}

static void test_a_wrong_file_is_refused_with_its_place(void **state)
{
    static const struct { const char *json, *says; } cases[] = {
        {"{", "one.json"},
        {"[]", "\"boards\""},
        {"{\"boards\": {}}", "\"boards\""},
        {"{\"boards\": [1]}", "one.json"},
        {"{\"boards\": [{" BOARD "}]}", "device_class"},
        {"{" FAMILY "\"boards\": [{\"name\": \"Board\"}]}", "memory_gb"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"backend\": \"npu\"}]}",
         "backend"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"source\": \"\"}]}", "source"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"modes\": []}]}", "modes"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"modes\": [3]}]}", "modes"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"is_certain\": 1}]}",
         "is_certain"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"cpu_cores\": \"4\"}]}",
         "cpu_cores"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"cpu_cores\": -4}]}",
         "cpu_cores"},
        {"{" FAMILY "\"boards\": [{" BOARD ", \"aliases\": [4]}]}",
         "aliases"},
        {"{" FAMILY "\"boards\": [{" SIZELESS ", \"memory_gb\": []}]}",
         "memory_gb"},
        {"{" FAMILY "\"boards\": [{" SIZELESS ", \"memory_gb\": [8, \"x\"]}]}",
         "memory_gb"},
        {"{" FAMILY "\"boards\": [{" SIZELESS ", \"memory_gb\": [8, 4], "
         "\"memory_mib\": 8000}]}", "memory_mib"},
        {"{" FAMILY "\"boards\": [{" SIZELESS ", \"memory_gb\": 1e300}]}",
         "memory_gb"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = load_text(cases[i].json, NULL);
        if (!strstr(text, cases[i].says) || !strstr(text, "one.json"))
            fail_msg("%s: \"%s\"", cases[i].json, text);
    }
}

static void test_a_folder_without_boards_is_said(void **state)
{
    struct temp_tree t;
    struct boards    boards;
    struct err       err = {0};
    char            *old = mem_copy(getenv("AUDITION_DATA"));

    (void)state;
    assert_int_equal(temp_tree_init(&t), 0);
    temp_text(&t, "boards/readme.txt", "");
    setenv("AUDITION_DATA", t.root, 1);
    assert_int_equal(boards_load(&boards, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    if (old) setenv("AUDITION_DATA", old, 1);
    else unsetenv("AUDITION_DATA");
    free(old);
    temp_tree_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_board_is_whole_and_plausible),
        cmocka_unit_test(test_every_name_is_of_one_board_and_finds_it),
        cmocka_unit_test(test_every_alias_finds_its_board_or_asks_which),
        cmocka_unit_test(test_modes_of_a_board_have_names_of_their_own),
        cmocka_unit_test(test_the_first_mode_is_the_fastest),
        cmocka_unit_test(test_a_board_as_json_has_no_empty_text_and_no_nan),
        cmocka_unit_test(test_a_board_takes_what_it_lacks_from_its_family),
        cmocka_unit_test(test_a_wrong_file_is_refused_with_its_place),
        cmocka_unit_test(test_a_folder_without_boards_is_said),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
