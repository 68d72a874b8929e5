/* SPDX-License-Identifier: MIT */
/* test_device.c - what src/predict/device.h promises of names and power
 * modes, on the boards of share/boards. */
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

static struct device find(void **state, const char *name, double memory_gb)
{
    struct device d = {.name = ""};
    struct err    err = {0};

    if (device_find(*state, name, NULL, memory_gb, &d, &err))
        fail_msg("%s: %s", name, err.text);
    return d;
}

static const char *refused(void **state, const char *name, const char *mode)
{
    static struct err err;
    struct device     d;

    err = (struct err){0};
    if (device_find(*state, name, mode, NAN, &d, &err) == 0)
        fail_msg("%s was taken for %s", name, d.name);
    assert_int_equal(err.kind, ERR_INPUT);
    return err.text;
}

static void check(void **state, const char *name, const char *expected)
{
    struct device d = find(state, name, NAN);

    if (strcmp(d.name, expected) != 0)
        fail_msg("%s was taken for %s, not %s", name, d.name, expected);
}

/* ---- spellings ---------------------------------------------------------- */

static void test_case_spaces_and_makers_do_not_matter(void **state)
{
    check(state, "Jetson Orin NX 16GB", "Jetson Orin NX 16GB");
    check(state, "jetson orin nx 16 gb", "Jetson Orin NX 16GB");
    check(state, "NVIDIA  Jetson-Orin-NX (16GB)", "Jetson Orin NX 16GB");
    check(state, "16GB Orin NX", "Jetson Orin NX 16GB");
    check(state, "NVIDIA GeForce RTX 4090", "RTX 4090 24GB");
    check(state, "rtx4090", "RTX 4090 24GB");
    check(state, "NVIDIA GeForce RTX 4070 Laptop GPU", "RTX 4070 Laptop 8GB");
    check(state, "RTX 4070 Mobile", "RTX 4070 Laptop 8GB");
    check(state, "NVIDIA A100-SXM4-80GB", "A100 SXM 80GB");
    check(state, "NVIDIA H100 80GB HBM3", "H100 SXM 80GB");
    check(state, "NVIDIA GH200 480GB", "GH200 96GB");
    check(state, "AMD Radeon RX 7900 XT", "Radeon RX 7900 XT 20GB");
    check(state, "Raspberry Pi 5 Model B 4GB", "Raspberry Pi 5 4GB");
    check(state, "Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 4 4GB");
}

static void test_what_people_leave_out_is_found(void **state)
{
    check(state, "Orin NX 16", "Jetson Orin NX 16GB");
    check(state, "orin_nx_8", "Jetson Orin NX 8GB");
    check(state, "rtx 3060 12 ", "RTX 3060 12GB");
    check(state, "4070ti", "RTX 4070 Ti 12GB");
    check(state, "4060 ti 16", "RTX 4060 Ti 16GB");
    check(state, "1080 Ti", "GTX 1080 Ti 11GB");
    check(state, "7900 xtx", "Radeon RX 7900 XTX 24GB");
    refused(state, "rtx 4090 48", NULL);
    refused(state, "2x 3090", NULL);
    refused(state, "16", NULL);
}

static void test_a_processor_is_known_by_what_it_says_of_itself(void **state)
{
    check(state, "13th Gen Intel(R) Core(TM) i9-13900HX",
          "Intel Core i9-13900HX 32GB");
    check(state, "Intel i9-13900HX laptop", "Intel Core i9-13900HX 32GB");
    check(state, "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz",
          "Intel Xeon E5-2680 v4 64GB");
    check(state, "AMD Ryzen 9 7950X 16-Core Processor",
          "AMD Ryzen 9 7950X 16GB");
    check(state, "AMD Ryzen AI 7 350 w/ Radeon 860M",
          "AMD Ryzen AI 7 350 32GB");
}

static void test_lists_of_hardware_name_the_chip_in_brackets(void **state)
{
    check(state, "Intel Alder Lake-P GT2 [Iris Xe Graphics] (integrated)",
          "Iris Xe Graphics 16GB");
    check(state, "Radeon 840M / 860M Graphics", "Radeon 860M 32GB");
    check(state, "Intel Arc Graphics 130V/140V (integrated)",
          "Arc Graphics 140V 32GB");
}

static void test_what_is_in_brackets_may_be_a_remark_on_a_system(void **state)
{
    check(state, "Jetson Orin Nano 8GB (our test unit, JetPack 5)",
          "Jetson Orin Nano 8GB");
    check(state, "Jetson AGX Orin (Developer Kit) 64GB",
          "Jetson AGX Orin 64GB");
    refused(state, "RTX 4090 (engineering sample)", NULL);
}

/* ---- variants ----------------------------------------------------------- */

static void test_one_more_word_is_another_chip(void **state)
{
    static const char *const pairs[][2] = {
        {"RTX 4060", "RTX 4060 Ti"}, {"RTX 3060 12GB", "RTX 3060 Ti"},
        {"RTX 4070", "RTX 4070 Super"}, {"RTX 4070", "RTX 4070 Laptop"},
        {"RX 7900 XT", "RX 7900 XTX"}, {"M4", "M4 Pro"}, {"M4 Pro", "M4 Max"},
        {"Orin Nano 8GB", "Orin Nano Super 8GB"}, {"H100 PCIe", "H100 SXM"},
        {"RK3588", "RK3576"}, {"Orin NX 8GB", "Orin NX 16GB"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct device a = find(state, pairs[i][0], NAN);
        struct device b = find(state, pairs[i][1], NAN);
        if (a.board == b.board)
            fail_msg("%s and %s are %s", pairs[i][0], pairs[i][1], a.name);
    }
    refused(state, "RTX 4060 Max-Q", NULL);
    refused(state, "GTX 1660 Laptop", NULL);
    refused(state, "RTX 9999", NULL);
    refused(state, "Apple M1 5-core GPU", NULL);
}

static void test_a_size_in_the_name_must_be_one_that_is_sold(void **state)
{
    refused(state, "RTX 4090 48GB", NULL);
    refused(state, "Jetson Orin NX 32GB", NULL);
    check(state, "Jetson Orin NX 15.3GB", "Jetson Orin NX 16GB");
}

static void test_memory_settles_the_variant(void **state)
{
    assert_string_equal(find(state, "Raspberry Pi 4", 2).name,
                        "Raspberry Pi 4 2GB");
    assert_string_equal(find(state, "Apple M4 Max", 36).name,
                        "Apple M4 Max 32-core GPU 36GB");
    assert_string_equal(find(state, "Apple M4 Max", 64).name,
                        "Apple M4 Max 40-core GPU 64GB");
    assert_string_equal(find(state, "RTX 3060", 8).name, "RTX 3060 8GB");
    assert_string_equal(find(state, "Orin NX", 7.4).name,
                        "Jetson Orin NX 8GB");
    /* A figure that is of something else (shared memory set aside). */
    assert_string_equal(find(state, "Radeon 860M", 0.5).name,
                        "Radeon 860M 32GB");
}

static void test_cores_settle_the_variant(void **state)
{
    assert_true(find(state, "Apple M1 7-core GPU 8GB", NAN).units == 7);
    assert_true(find(state, "Apple M1 (8-core)", NAN).units == 8);
    assert_true(find(state, "Apple M2 Ultra 76-core GPU 192GB", NAN).units ==
                76);
    assert_true(find(state, "Apple M2 Ultra", NAN).units == 76);
}

static void test_without_a_size_the_usual_one_is_meant(void **state)
{
    check(state, "RTX 3060", "RTX 3060 12GB");
    check(state, "GTX 1060", "GTX 1060 6GB");
    check(state, "Raspberry Pi 5", "Raspberry Pi 5 8GB");
}

/* ---- what cannot be found ----------------------------------------------- */

static void test_an_unknown_board_gets_the_nearest_names(void **state)
{
    const char *text = refused(state, "Jetson Orin NZ 16GB", NULL);

    assert_non_null(strstr(text, "Jetson Orin NX 16GB"));
    assert_non_null(strstr(text, "audition devices"));
    text = refused(state, "Raspbery Pie 5", NULL);
    assert_non_null(strstr(text, "Raspberry Pi 5"));
    refused(state, "", NULL);
    refused(state, "()[]", NULL);
    refused(state, "NVIDIA", NULL);
}

static void test_a_name_of_two_boards_asks_which(void **state)
{
    const char *text = refused(state, "Jetson Orin NX", NULL);

    assert_non_null(strstr(text, "Jetson Orin NX 16GB"));
    assert_non_null(strstr(text, "Jetson Orin NX 8GB"));
    assert_non_null(strstr(text, "say which"));
}

static void test_a_hostile_name_is_only_unknown(void **state)
{
    char long_name[5000];

    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    refused(state, long_name, NULL);
    for (size_t i = 1; i < sizeof long_name - 1; i += 2) long_name[i] = ' ';
    refused(state, long_name, NULL);
    memset(long_name, '9', sizeof long_name - 1);
    refused(state, long_name, NULL);
    refused(state, "\xff\xfe%s%n ((((", NULL);
}

/* ---- power modes -------------------------------------------------------- */

static const char *mode_of(void **state, const char *name, const char *mode)
{
    struct device d;
    struct err    err = {0};

    if (device_find(*state, name, mode, NAN, &d, &err))
        fail_msg("%s", err.text);
    return d.power_mode;
}

static void test_a_mode_is_found_by_name_number_or_first_word(void **state)
{
    const char *board = "Jetson Orin NX 16GB";

    assert_string_equal(mode_of(state, board, NULL), "MAXN_SUPER");
    assert_string_equal(mode_of(state, board, "maxn super"), "MAXN_SUPER");
    assert_string_equal(mode_of(state, board, "MAXN"), "MAXN");
    assert_string_equal(mode_of(state, board, "25w"), "25W");
    assert_string_equal(mode_of(state, board, "0"), "MAXN_SUPER");
    assert_string_equal(mode_of(state, board, "4"), "40W");
    assert_string_equal(mode_of(state, board, "25"), "25W");
    assert_string_equal(mode_of(state, board, "25 watts"), "25W");
    assert_string_equal(mode_of(state, board, "15W mode"), "15W");
    assert_string_equal(mode_of(state, board, "MAXN Super mode"),
                        "MAXN_SUPER");
    assert_string_equal(mode_of(state, board, "MAXN SUPER, jetson_clocks"),
                        "MAXN_SUPER");
    assert_string_equal(mode_of(state, board, "MAXN with clocks"), "MAXN");
    assert_string_equal(mode_of(state, board, "mode 4"), "40W");
    assert_string_equal(mode_of(state, "Jetson AGX Orin 64GB", "MODE_30W"),
                        "30W");
    assert_string_equal(mode_of(state, "Jetson Xavier NX", "20W 6core"),
                        "MODE_20W_6CORE");
    assert_string_equal(mode_of(state, "Jetson Orin Nano 8GB",
                                "15W (assumed, the most it has)"), "15W");
    assert_string_equal(mode_of(state, "Jetson Orin Nano Super 8GB", "1"),
                        "25W");
    assert_string_equal(mode_of(state, "Jetson Orin Nano 8GB", "1"), "7W");
}

static void test_an_unknown_mode_gets_the_modes_of_the_board(void **state)
{
    const char *text = refused(state, "Jetson Orin NX 16GB", "17W");

    assert_non_null(strstr(text, "MAXN_SUPER, 40W, MAXN, 25W, 15W, 10W"));
    assert_non_null(strstr(text, "17W"));
    text = refused(state, "RTX 4090", "MAXN");
    assert_non_null(strstr(text, "no power modes"));
    refused(state, "Jetson Orin NX 16GB", "");
    refused(state, "Jetson Orin NX 16GB", "99999999999999999999999999999999"
            "99999999999999999999999999999999");
    refused(state, "Jetson Orin NX 16GB", " ,(");
}

static void test_a_mode_changes_clock_units_and_bandwidth(void **state)
{
    struct device d;
    struct err    err = {0};

    assert_int_equal(device_find(*state, "Jetson AGX Orin 64GB", "15W", NAN,
                                 &d, &err), 0);
    assert_true(d.units == 6 && d.clock_hz == 408e6);
    assert_true(d.bandwidth_bytes_s < 204.8e9);
    assert_true(d.fp16_flops == 6 * 408e6 * 2048);
    assert_true(d.cpu_clock_hz == 1113.6e6);
    assert_true(d.is_unified && d.backend == BACKEND_CUDA);
    assert_true(isnan(d.measured_bandwidth_bytes_s));
    assert_false(d.is_this_machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case_spaces_and_makers_do_not_matter),
        cmocka_unit_test(test_what_people_leave_out_is_found),
        cmocka_unit_test(test_a_processor_is_known_by_what_it_says_of_itself),
        cmocka_unit_test(test_lists_of_hardware_name_the_chip_in_brackets),
        cmocka_unit_test(test_what_is_in_brackets_may_be_a_remark_on_a_system),
        cmocka_unit_test(test_one_more_word_is_another_chip),
        cmocka_unit_test(test_a_size_in_the_name_must_be_one_that_is_sold),
        cmocka_unit_test(test_memory_settles_the_variant),
        cmocka_unit_test(test_cores_settle_the_variant),
        cmocka_unit_test(test_without_a_size_the_usual_one_is_meant),
        cmocka_unit_test(test_an_unknown_board_gets_the_nearest_names),
        cmocka_unit_test(test_a_name_of_two_boards_asks_which),
        cmocka_unit_test(test_a_hostile_name_is_only_unknown),
        cmocka_unit_test(test_a_mode_is_found_by_name_number_or_first_word),
        cmocka_unit_test(test_an_unknown_mode_gets_the_modes_of_the_board),
        cmocka_unit_test(test_a_mode_changes_clock_units_and_bandwidth),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
