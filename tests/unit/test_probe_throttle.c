/* SPDX-License-Identifier: MIT */
/* test_probe_throttle.c - over-current counters, a Pi's throttle word, and
 * what one reading can tell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "board_tree.h"

static const struct probe_ops *const throttle[] = {
    &probe_thermal, &probe_throttle, NULL};

#define PI4 "devices/platform/soc/soc:firmware"

static void test_counters_of_boot_say_nothing_of_now(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    board_hwmon(*state, 2, "oc", "name=soctherm_oc oc1_event_cnt=0 "
                "oc1_throt_en=1 oc3_event_cnt=27390 oc12_event_cnt=x");
    board_thermal(*state, "cooling_device", 0,
                  "type=cpu-throttle-alert cur_state=0");
    board_read(*state, throttle, &r);
    assert_int_equal(count(&r, READ_oc_event_counts), 3);
    assert_item(&r, READ_oc_event_counts, "oc3", 27390);
    assert_true(isnan(reading_find(&r, READ_oc_event_counts, "oc12")));
    assert_number(&r, READ_throttling_now, 0);
    assert_lacks(&r, READ_throttled_flags);
    probe_throttle.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 3);
    watch_list_done(&w);
    reading_done(&r);
}

static void test_a_pi_4_with_the_old_word(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    board_files(*state, PI4, "get_throttled=50005\n");
    board_read(*state, throttle, &r);
    assert_string_equal(reading_get_text(&r, READ_throttled_flags), "0x50005");
    assert_number(&r, READ_undervoltage_now, 1);
    assert_number(&r, READ_throttling_now, 1);
    assert_true(reading_has_name(&r, READ_throttle_reasons, "undervoltage"));
    assert_true(reading_has_name(&r, READ_throttle_reasons, "throttled"));
    assert_int_equal(count(&r, READ_throttle_reasons), 2);
    probe_throttle.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 1);
    assert_true(fabs(w.items[0].parse("50005\n") - 12) < 1e-9);
    assert_true(fabs(w.items[0].parse("8") - 1) < 1e-9);
    assert_true(isnan(w.items[0].parse("what")));
    watch_list_done(&w);
    reading_done(&r);
}

static void test_what_happened_since_boot_is_not_now(void **state)
{
    struct reading r;

    board_files(*state, "bus/platform/devices/soc@107c000000:firmware",
                "get_throttled=e0000");
    board_read(*state, throttle, &r);
    assert_string_equal(reading_get_text(&r, READ_throttled_flags), "0xe0000");
    assert_number(&r, READ_undervoltage_now, 0);
    assert_number(&r, READ_throttling_now, 0);
    assert_int_equal(count(&r, READ_throttle_reasons), 0);
    reading_done(&r);
}

static void test_no_word_is_unknown_not_well(void **state)
{
    struct reading r;

    board_hwmon(*state, 3, "v", "name=rpi_volt in0_lcrit_alarm=0");
    board_read(*state, throttle, &r);
    assert_lacks(&r, READ_throttled_flags);
    assert_number(&r, READ_undervoltage_now, 0);
    assert_lacks(&r, READ_throttling_now);
    assert_lacks(&r, READ_throttle_reasons);
    reading_done(&r);
}

static void test_a_supply_alarm_holds_the_board_back(void **state)
{
    struct reading r;

    board_hwmon(*state, 3, "v", "name=rpi_volt in0_lcrit_alarm=1");
    board_read(*state, throttle, &r);
    assert_number(&r, READ_undervoltage_now, 1);
    assert_number(&r, READ_throttling_now, 1);
    reading_done(&r);
}

static void test_garbage_in_the_word_is_no_word(void **state)
{
    static const char *const bad[] = {"", "zz", "123456789", "0x", "5 0", "-1"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reading r;
        temp_text(*state, "sys/" PI4 "/get_throttled", bad[i]);
        board_read(*state, throttle, &r);
        assert_lacks(&r, READ_throttled_flags);
        assert_lacks(&r, READ_undervoltage_now);
        reading_done(&r);
    }
}

static void test_a_cooling_state_above_0_is_heat(void **state)
{
    struct reading r;

    board_thermal(*state, "cooling_device", 0,
                  "type=devfreq-17000000.gpu cur_state=3");
    board_thermal(*state, "cooling_device", 1,
                  "type=thermal-cpufreq-0 cur_state=1");
    board_thermal(*state, "cooling_device", 2, "type=pwm-fan cur_state=9");
    board_read(*state, throttle, &r);
    assert_number(&r, READ_throttling_now, 1);
    assert_true(reading_has_name(&r, READ_throttle_reasons, "thermal_gpu"));
    assert_true(reading_has_name(&r, READ_throttle_reasons, "thermal_cpu"));
    assert_int_equal(count(&r, READ_throttle_reasons), 2);
    reading_done(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counters_of_boot_say_nothing_of_now),
        TEST(test_a_pi_4_with_the_old_word),
        TEST(test_what_happened_since_boot_is_not_now),
        TEST(test_no_word_is_unknown_not_well),
        TEST(test_a_supply_alarm_holds_the_board_back),
        TEST(test_garbage_in_the_word_is_no_word),
        TEST(test_a_cooling_state_above_0_is_heat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
