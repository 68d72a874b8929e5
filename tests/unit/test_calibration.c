/* SPDX-License-Identifier: MIT */
/* test_calibration.c - what src/predict/calibration.h promises. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "predict/calibration.h"
#include "temp_tree.h"

#define FOLDER "audition/calibration"

static struct temp_tree tree;

static const struct device board = {.name = "Jetson Orin NX 16GB",
                                    .power_mode = "MAXN_SUPER"};

static int make_state(void **state)
{
    (void)state;
    if (temp_tree_init(&tree)) return -1;
    return setenv("XDG_STATE_HOME", tree.root, 1);
}

static int remove_state(void **state)
{
    (void)state;
    temp_tree_done(&tree);
    return 0;
}

/* ---- the fit ------------------------------------------------------------ */

/* Measured over predicted tok/s of generation. */
static struct calibration of(const double *ratios, size_t n)
{
    struct calibration c = {.n = n};

    c.points = mem_new(n, sizeof *c.points);
    for (size_t i = 0; i < n; i++)
        c.points[i] = (struct calibration_point){
            .predicted_gen_tok_s = 10, .measured_gen_tok_s = 10 * ratios[i],
            .predicted_prompt_tok_s = NAN, .measured_prompt_tok_s = NAN};
    calibration_fit(&c);
    return c;
}

static void test_a_board_that_is_slower_all_over_is_scaled(void **state)
{
    const double       ratios[] = {0.80, 0.82, 0.78, 0.81};
    struct calibration c = of(ratios, 4);

    (void)state;
    assert_true(fabs(c.decode_scale - 1 / 0.805) < 0.001);
    assert_true(c.error_before > 0.2 && c.error_before < 0.25);
    assert_true(c.error_after < 0.03);
    assert_true(c.prefill_scale == 1);
    assert_non_null(strstr(c.why, "used for generation"));
    calibration_done(&c);
}

static void test_points_that_do_not_improve_each_other_are_ignored(void **s)
{
    const double       ratios[] = {0.7, 1.4, 0.8, 1.3};
    struct calibration c = of(ratios, 4);

    (void)s;
    assert_true(c.decode_scale == 1);
    assert_true(c.error_after >= c.error_before);
    assert_non_null(strstr(c.why, "not used"));
    calibration_done(&c);
}

static void test_fewer_than_three_points_are_not_used(void **state)
{
    const double       ratios[] = {0.5, 0.5};
    struct calibration c = of(ratios, 2);

    (void)state;
    assert_true(c.decode_scale == 1);
    assert_true(isnan(c.error_before) && isnan(c.error_after));
    assert_non_null(strstr(c.why, "fewer than three"));
    calibration_done(&c);
}

static void test_no_point_leaves_the_prediction_as_it_is(void **state)
{
    struct calibration c = of(NULL, 0);

    (void)state;
    assert_true(c.decode_scale == 1 && c.prefill_scale == 1);
    assert_true(isnan(c.error_before));
    assert_non_null(strstr(c.why, "nothing was measured"));
    calibration_done(&c);
}

static void test_a_wild_point_moves_the_scale_little(void **state)
{
    const double       ratios[] = {0.80, 0.82, 0.78, 0.81, 1e6};
    struct calibration c = of(ratios, 5);

    (void)state;
    assert_true(fabs(c.decode_scale - 1 / 0.81) < 0.001);
    calibration_done(&c);
}

/* One good, one wild: nothing tells which is which. */
static void test_a_wild_point_among_three_is_not_believed(void **state)
{
    const double       ratios[] = {0.98, 1.01, 20};
    struct calibration c = of(ratios, 3);

    (void)state;
    assert_true(c.decode_scale == 1);
    calibration_done(&c);
}

static void test_points_without_a_measurement_do_not_count(void **state)
{
    const double       ratios[] = {0.8, 0.8, 0.8, NAN, 0, -1, INFINITY};
    struct calibration c = of(ratios, 7);

    (void)state;
    assert_true(fabs(c.decode_scale - 1.25) < 1e-9);
    calibration_done(&c);
}

static void test_prompts_are_scaled_by_themselves(void **state)
{
    const double       ratios[] = {1, 1, 1};
    struct calibration c = of(ratios, 3);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        c.points[i].predicted_prompt_tok_s = 100;
        c.points[i].measured_prompt_tok_s = 50;
    }
    calibration_fit(&c);
    assert_true(c.decode_scale == 1);
    assert_true(fabs(c.prefill_scale - 2) < 1e-9);
    assert_non_null(strstr(c.why, "used for prompts"));
    calibration_done(&c);
}

/* ---- the file ----------------------------------------------------------- */

static struct calibration_point point(const char *key, double gen)
{
    struct calibration_point p = {
        .model = (char *)(uintptr_t)"Phi-2", .predicted_gen_tok_s = 10,
        .measured_gen_tok_s = gen, .predicted_prompt_tok_s = 200,
        .measured_prompt_tok_s = NAN, .predicted_memory_bytes = 3e9,
        .measured_memory_bytes = 3.1e9};

    snprintf(p.key, sizeof p.key, "%s", key);
    return p;
}

static void add(const struct device *d, const char *key, double gen)
{
    struct calibration_point p = point(key, gen);
    struct err err = {0};

    if (calibration_add(d, &p, &err)) fail_msg("%s", err.text);
}

static struct calibration load(const struct device *d)
{
    struct calibration c;
    struct err         err = {0};

    assert_int_equal(calibration_load(d, &c, &err), 0);
    return c;
}

/* The one file in the folder. Caller frees. */
static char *only_file(void)
{
    char          *dir = temp_path(&tree, FOLDER), *name = NULL;
    DIR           *d   = opendir(dir);
    struct dirent *entry;

    assert_non_null(d);
    while ((entry = readdir(d)))
        if (entry->d_name[0] != '.') {
            assert_null(name);
            name = mem_copy(entry->d_name);
        }
    closedir(d);
    free(dir);
    assert_non_null(name);
    return name;
}

static void test_what_was_added_is_read_again(void **state)
{
    struct calibration c;

    (void)state;
    c = load(&board);
    assert_int_equal(c.n, 0);
    assert_true(c.decode_scale == 1 && c.prefill_scale == 1);
    calibration_done(&c);
    add(&board, "a", 8);
    add(&board, "b", 9);
    c = load(&board);
    assert_int_equal(c.n, 2);
    assert_string_equal(c.points[0].key, "a");
    assert_string_equal(c.points[0].model, "Phi-2");
    assert_true(c.points[1].measured_gen_tok_s == 9);
    assert_true(isnan(c.points[1].measured_prompt_tok_s));
    assert_true(c.points[1].measured_memory_bytes == 3.1e9);
    calibration_done(&c);
}

static void test_a_later_point_of_the_same_key_replaces_it(void **state)
{
    struct calibration c;

    (void)state;
    add(&board, "a", 8);
    add(&board, "b", 9);
    add(&board, "a", 7);
    c = load(&board);
    assert_int_equal(c.n, 2);
    assert_string_equal(c.points[1].key, "a");
    assert_true(c.points[1].measured_gen_tok_s == 7);
    calibration_done(&c);
}

static void test_boards_and_modes_do_not_mix(void **state)
{
    struct device other = board, hostile = {
        .name = "../../../etc/passwd\n", .power_mode = NULL};
    struct calibration c;

    (void)state;
    other.power_mode = "15W";
    add(&board, "a", 8);
    c = load(&other);
    assert_int_equal(c.n, 0);
    calibration_done(&c);
    add(&other, "a", 5);
    add(&hostile, "a", 3);
    c = load(&board);
    assert_true(c.n == 1 && c.points[0].measured_gen_tok_s == 8);
    calibration_done(&c);
    c = load(&hostile);
    assert_true(c.n == 1 && c.points[0].measured_gen_tok_s == 3);
    calibration_done(&c);
}

static void test_the_file_name_is_readable_and_harmless(void **state)
{
    char *name;

    (void)state;
    add(&board, "a", 8);
    name = only_file();
    assert_int_equal(strncmp(name, "jetson-orin-nx-16gb-maxn-super-", 31), 0);
    free(name);
}

static const char another_boards[] =
    "{\"schema_version\":1,\"device\":\"x\",\"power_mode\":\"\","
    "\"points\":[{\"key\":\"a\"}]}";

/* Whatever stands in the file: no failure, no point, a sentence, and the next
 * measurement writes it anew. */
static void test_a_damaged_file_is_ignored_and_replaced(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "null", "{\"schema_version\":1}",
        "{\"schema_version\":\"1\",\"points\":[]}",
        another_boards,
        "\xff\xfe", "{\"schema_version\":1,\"schema_version\":1}"};
    char *name, *path;

    (void)state;
    add(&board, "a", 8);
    name = only_file();
    path = mem_printf(FOLDER "/%s", name);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct calibration c;

        temp_text(&tree, path, texts[i]);
        c = load(&board);
        calibration_fit(&c);
        assert_int_equal(c.n, 0);
        assert_non_null(strstr(c.why, "damaged"));
        calibration_done(&c);
        add(&board, "b", 9);
        c = load(&board);
        assert_int_equal(c.n, 1);
        calibration_done(&c);
    }
    free(path);
    free(name);
}

static void test_points_that_make_no_sense_are_left_out(void **state)
{
    char *name, *path;
    struct calibration c;

    (void)state;
    add(&board, "a", 8);
    name = only_file();
    path = mem_printf(FOLDER "/%s", name);
    temp_text(&tree, path,
        "{\"schema_version\":1,\"device\":\"Jetson Orin NX 16GB\","
        "\"power_mode\":\"MAXN_SUPER\",\"points\":[1,null,[],{},"
        "{\"key\":\"\"},{\"key\":7},"
        "{\"key\":\"0123456789012345678901234567890123456789"
        "0123456789012345678901234567890\"},"
        "{\"key\":\"good\",\"measured_gen_tok_s\":-4,"
        "\"predicted_gen_tok_s\":\"fast\",\"measured_memory_bytes\":1e9}]}");
    c = load(&board);
    assert_int_equal(c.n, 1);
    assert_string_equal(c.points[0].key, "good");
    assert_string_equal(c.points[0].model, "");
    assert_true(isnan(c.points[0].measured_gen_tok_s));
    assert_true(isnan(c.points[0].predicted_gen_tok_s));
    assert_true(c.points[0].measured_memory_bytes == 1e9);
    calibration_done(&c);
    free(path);
    free(name);
}

static void test_a_newer_auditions_file_is_left_alone(void **state)
{
    static const char newer[] = "{\"schema_version\":2,\"points\":{}}";
    struct calibration_point p = point("b", 9);
    struct calibration c;
    struct err         err = {0};
    struct bytes       now;
    char *name, *path, *full;

    (void)state;
    add(&board, "a", 8);
    name = only_file();
    path = mem_printf(FOLDER "/%s", name);
    full = temp_path(&tree, path);
    temp_text(&tree, path, newer);
    c = load(&board);
    calibration_fit(&c);
    assert_non_null(strstr(c.why, "newer audition"));
    calibration_done(&c);
    assert_int_equal(calibration_add(&board, &p, &err), -1);
    assert_non_null(strstr(err.text, "newer audition"));
    assert_int_equal(bytes_read(&now, full, 1000, &err), 0);
    assert_string_equal((const char *)now.data, newer);
    bytes_done(&now);
    free(full);
    free(path);
    free(name);
}

static void test_the_oldest_points_make_room(void **state)
{
    struct calibration c;
    char *name, *path, *text, *longer;

    (void)state;
    add(&board, "a", 8);
    name = only_file();
    path = mem_printf(FOLDER "/%s", name);
    text = mem_copy("{\"schema_version\":1,"
                    "\"device\":\"Jetson Orin NX 16GB\","
                    "\"power_mode\":\"MAXN_SUPER\",\"points\":["
                    "{\"key\":\"k0\"}");
    for (int i = 1; i < 1000; i++) {
        longer = mem_printf("%s,{\"key\":\"k%d\"}", text, i);
        free(text);
        text = longer;
    }
    longer = mem_printf("%s]}", text);
    temp_text(&tree, path, longer);
    add(&board, "new", 9);
    c = load(&board);
    assert_int_equal(c.n, 1000);
    assert_string_equal(c.points[0].key, "k1");
    assert_string_equal(c.points[999].key, "new");
    calibration_done(&c);
    free(longer);
    free(text);
    free(path);
    free(name);
}

static void test_a_folder_that_cannot_be_written_is_said(void **state)
{
    struct calibration_point p = point("a", 8);
    struct calibration c;
    struct err         err = {0};
    char *file;

    (void)state;
    temp_text(&tree, "file", "");
    file = temp_path(&tree, "file");
    setenv("XDG_STATE_HOME", file, 1);
    assert_int_equal(calibration_add(&board, &p, &err), -1);
    assert_non_null(strstr(err.text, "cannot be written"));
    c = load(&board);
    assert_int_equal(c.n, 0);
    calibration_done(&c);
    free(file);
}

static void test_without_a_home_nothing_is_kept_and_that_is_said(void **s)
{
    struct calibration_point p = point("a", 8);
    char              *home = mem_copy(getenv("HOME"));
    struct calibration c;
    struct err         err = {0};

    (void)s;
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_int_equal(calibration_add(&board, &p, &err), -1);
    assert_non_null(strstr(err.text, "HOME"));
    c = load(&board);
    assert_non_null(strstr(c.why, "HOME"));
    calibration_done(&c);
    if (home) setenv("HOME", home, 1);
    free(home);
}

#define WITH_STATE(test) \
    cmocka_unit_test_setup_teardown(test, make_state, remove_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_board_that_is_slower_all_over_is_scaled),
        cmocka_unit_test(
            test_points_that_do_not_improve_each_other_are_ignored),
        cmocka_unit_test(test_fewer_than_three_points_are_not_used),
        cmocka_unit_test(test_no_point_leaves_the_prediction_as_it_is),
        cmocka_unit_test(test_a_wild_point_moves_the_scale_little),
        cmocka_unit_test(test_a_wild_point_among_three_is_not_believed),
        cmocka_unit_test(test_points_without_a_measurement_do_not_count),
        cmocka_unit_test(test_prompts_are_scaled_by_themselves),
        WITH_STATE(test_what_was_added_is_read_again),
        WITH_STATE(test_a_later_point_of_the_same_key_replaces_it),
        WITH_STATE(test_boards_and_modes_do_not_mix),
        WITH_STATE(test_the_file_name_is_readable_and_harmless),
        WITH_STATE(test_a_damaged_file_is_ignored_and_replaced),
        WITH_STATE(test_points_that_make_no_sense_are_left_out),
        WITH_STATE(test_a_newer_auditions_file_is_left_alone),
        WITH_STATE(test_the_oldest_points_make_room),
        WITH_STATE(test_a_folder_that_cannot_be_written_is_said),
        WITH_STATE(test_without_a_home_nothing_is_kept_and_that_is_said),
    };
    return cmocka_run_group_tests_name("calibration", tests, NULL, NULL);
}
