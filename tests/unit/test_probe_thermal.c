/* SPDX-License-Identifier: MIT */
/* test_probe_thermal.c - temperatures, trips, cooling devices and fans. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "board_tree.h"

static const struct probe_ops *const thermal[] = {&probe_thermal, NULL};

#define ZONE(n, files) board_thermal(*state, "thermal_zone", n, files)
#define COOLING(n, files) board_thermal(*state, "cooling_device", n, files)

static void test_a_zone_that_cannot_be_read_is_unavailable(void **state)
{
    struct reading r;

    ZONE(0, "type=cpu-thermal temp=50000");
    ZONE(1, "type=cv0-thermal mode=enabled");
    ZONE(2, "type=cv1-thermal temp=");
    ZONE(3, "type=cv2-thermal temp=-256000");
    ZONE(4, "type=gpu-thermal temp/x=1");
    ZONE(5, "type=soc0-thermal temp=-1500");
    ZONE(11, "type=PMIC-Die temp=100000");
    board_read(*state, thermal, &r);
    assert_int_equal(count(&r, READ_temps_unavailable), 4);
    assert_true(reading_has_name(&r, READ_temps_unavailable, "gpu-thermal"));
    assert_item(&r, READ_temps_c, "soc0-thermal", -1.5);
    assert_int_equal(count(&r, READ_temps_c), 2);
    assert_true(reading_has_name(&r, READ_temps_ignored, "PMIC-Die"));
    assert_number(&r, READ_max_temp_c, 50);
    assert_number(&r, READ_cpu_temp_c, 50);
    assert_lacks(&r, READ_gpu_temp_c);
    assert_lacks(&r, READ_throttle_trip_c);
    reading_done(&r);
}

static void test_the_hottest_is_of_the_chip(void **state)
{
    struct reading r;

    ZONE(0, "type=CPU-therm temp=46500");
    ZONE(1, "type=GPU-therm temp=46500");
    ZONE(2, "type=thermal-fan-est temp=60000");
    ZONE(3, "type=iwlwifi_1 temp=70000");
    ZONE(4, "type=acpitz temp=80000");
    board_hwmon(*state, 0, "nvme", "name=nvme temp1_input=91850");
    board_read(*state, thermal, &r);
    assert_number(&r, READ_max_temp_c, 46.5);
    assert_int_equal(count(&r, READ_max_temp_zones), 2);
    assert_item(&r, READ_temps_c, "thermal-fan-est", 60);
    assert_number(&r, READ_gpu_temp_c, 46.5);
    reading_done(&r);
}

static void test_a_processor_without_a_zone_has_its_monitor(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    ZONE(0, "type=acpitz temp=90000");
    board_hwmon(*state, 2, "k10", "name=k10temp temp1_label=Tctl "
                "temp1_input=75000 temp2_label=Tdie temp2_input=48250");
    board_read(*state, thermal, &r);
    assert_number(&r, READ_cpu_temp_c, 48.25);
    assert_number(&r, READ_max_temp_c, 48.25);
    assert_int_equal(count(&r, READ_temps_c), 1);
    probe_thermal.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 1);
    assert_string_equal(w.items[0].path, "/sys/class/hwmon/hwmon2/temp2_input");
    assert_true(fabs(w.items[0].parse("48250\n") - 48.25) < 1e-9);
    assert_true(isnan(w.items[0].parse("-256000\n")));
    assert_true(isnan(w.items[0].parse("")));
    watch_list_done(&w);
    reading_done(&r);
}

static void test_each_kind_of_core_counts_as_the_processor(void **state)
{
    struct reading r;

    ZONE(0, "type=BCPU-therm temp=41000");
    ZONE(1, "type=MCPU-therm temp=42500");
    ZONE(2, "type=GPU-therm temp=43000");
    board_read(*state, thermal, &r);
    assert_number(&r, READ_cpu_temp_c, 42.5);
    assert_number(&r, READ_max_temp_c, 43);
    reading_done(&r);
}

static void test_with_nothing_better_the_firmware_s_zone_counts(void **state)
{
    struct reading r;

    ZONE(0, "type=acpitz temp=27800");
    board_read(*state, thermal, &r);
    assert_number(&r, READ_max_temp_c, 27.8);
    assert_lacks(&r, READ_cpu_temp_c);
    reading_done(&r);
}

static void test_two_packages_of_one_type_give_the_hotter(void **state)
{
    struct reading r;

    ZONE(0, "type=x86_pkg_temp temp=61000 trip_point_0_type=passive "
            "trip_point_0_temp=0");
    ZONE(1, "type=x86_pkg_temp temp=55000");
    board_read(*state, thermal, &r);
    assert_item(&r, READ_temps_c, "x86_pkg_temp", 61);
    assert_number(&r, READ_cpu_temp_c, 61);
    assert_lacks(&r, READ_throttle_trip_c);
    reading_done(&r);
}

static void test_the_throttle_trip_is_one_that_cuts_clocks(void **state)
{
    struct reading r;

    COOLING(0, "type=cpufreq-cpu0 cur_state=0");
    COOLING(10, "type=hot-surface-alert cur_state=1");
    ZONE(0, "type=cpu-thermal temp=74000 trip_point_0_type=passive "
            "trip_point_0_temp=99000 trip_point_1_type=critical "
            "trip_point_1_temp=104500 trip_point_2_type=passive "
            "trip_point_2_temp=70000 trip_point_3_type=passive "
            "trip_point_3_temp=101000 cdev0_trip_point=2 cdev1_trip_point=0");
    temp_link(*state, "sys/devices/virtual/thermal/thermal_zone0/cdev0",
              "../cooling_device10");
    temp_link(*state, "sys/devices/virtual/thermal/thermal_zone0/cdev1",
              "../cooling_device0");
    board_read(*state, thermal, &r);
    assert_number(&r, READ_throttle_trip_c, 99);
    assert_number(&r, READ_shutdown_trip_c, 104.5);
    reading_done(&r);
}

static void test_without_bindings_it_is_the_highest_below_critical(void **state)
{
    struct reading r;

    ZONE(0, "type=cpu-thermal temp=74000 trip_point_0_type=passive "
            "trip_point_0_temp=70000 trip_point_1_type=passive "
            "trip_point_1_temp=97000 trip_point_2_type=critical "
            "trip_point_2_temp=102000 trip_point_3_type=passive "
            "trip_point_3_temp=103000 trip_point_4_type=active "
            "trip_point_4_temp=98000");
    board_read(*state, thermal, &r);
    assert_number(&r, READ_throttle_trip_c, 97);
    reading_done(&r);
}

static void test_only_devices_that_cut_clocks_are_states(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    COOLING(0, "type=pwm-fan cur_state=3");
    COOLING(1, "type=hot-surface-alert cur_state=1");
    COOLING(2, "type=devfreq-17000000.gpu cur_state=4");
    COOLING(3, "type=devfreq-15340000.vic cur_state=1");
    COOLING(4, "type=Processor cur_state=0");
    COOLING(5, "type=Processor cur_state=2");
    COOLING(6, "type=intel_powerclamp cur_state=-1");
    COOLING(7, "type=cv1-throttle-alert cur_state=");
    board_read(*state, thermal, &r);
    assert_int_equal(count(&r, READ_cooling_states), 4);
    assert_item(&r, READ_cooling_states, "devfreq-17000000.gpu", 4);
    assert_item(&r, READ_cooling_states, "Processor", 2);
    assert_item(&r, READ_cooling_states, "intel_powerclamp", 0);
    assert_true(isnan(reading_find(&r, READ_cooling_states,
                                   "cv1-throttle-alert")));
    probe_thermal.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 5);
    assert_int_equal(w.items[0].merge, WATCH_SUM);
    watch_list_done(&w);
    reading_done(&r);
}

static void test_fans_of_all_layouts(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;
    char             *path = temp_path(t, "sys");

    board_hwmon(t, 0, "gpu", "name=amdgpu pwm1=9 fan1_input=9");
    board_hwmon(t, 1, "fan", "name=pwmfan pwm1=128");
    board_hwmon(t, 10, "tach", "name=pwm_tach rpm=2140");
    board_read(t, thermal, &r);
    assert_number(&r, READ_fan_pwm, 128);
    assert_number(&r, READ_fan_rpm, 2140);
    reading_done(&r);
    temp_remove(path);
    board_hwmon(t, 2, "fan", "name=pwmfan pwm1=125 fan1_input=4713");
    board_read(t, thermal, &r);
    assert_number(&r, READ_fan_pwm, 125);
    assert_number(&r, READ_fan_rpm, 4713);
    reading_done(&r);
    temp_remove(path);
    board_files(t, "devices/pwm-fan", "target_pwm=80 rpm_measured=1200");
    board_read(t, thermal, &r);
    assert_number(&r, READ_fan_pwm, 80);
    assert_number(&r, READ_fan_rpm, 1200);
    reading_done(&r);
    temp_remove(path);
    board_hwmon(t, 2, "fan", "name=pwmfan pwm1=300 fan1_input=-1");
    board_read(t, thermal, &r);
    assert_lacks(&r, READ_fan_pwm);
    assert_lacks(&r, READ_fan_rpm);
    reading_done(&r);
    free(path);
}

static void test_no_sysfs_is_all_missing(void **state)
{
    struct reading r;

    board_read(*state, thermal, &r);
    assert_lacks(&r, READ_max_temp_c);
    assert_lacks(&r, READ_cooling_states);
    assert_false(r.values[READ_temps_c].is_set);
    reading_done(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_zone_that_cannot_be_read_is_unavailable),
        TEST(test_the_hottest_is_of_the_chip),
        TEST(test_a_processor_without_a_zone_has_its_monitor),
        TEST(test_each_kind_of_core_counts_as_the_processor),
        TEST(test_with_nothing_better_the_firmware_s_zone_counts),
        TEST(test_two_packages_of_one_type_give_the_hotter),
        TEST(test_the_throttle_trip_is_one_that_cuts_clocks),
        TEST(test_without_bindings_it_is_the_highest_below_critical),
        TEST(test_only_devices_that_cut_clocks_are_states),
        TEST(test_fans_of_all_layouts),
        TEST(test_no_sysfs_is_all_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
