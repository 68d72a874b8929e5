/* SPDX-License-Identifier: MIT */
/* test_probe_rails.c - power by rail, of the layouts of JetPack 4, 5 and 6. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "board_tree.h"

static const struct probe_ops *const rails[] = {&probe_rails, &probe_rapl,
                                                NULL};

static void test_the_input_rail_is_found_whatever_its_channel(void **state)
{
    struct reading r;

    board_hwmon(*state, 7, "c240000.i2c/i2c-1/1-0040",
        "name=ina3221 in1_label=VDD_SOC in1_input=5000 curr1_input=1000 "
        "in1_enable=1 in2_label=NC in2_input=0 curr2_input=0 in2_enable=1 "
        "in3_label=VDD_IN in3_input=5024 curr3_input=5968 in3_enable=1 "
        "curr3_crit=7784 curr3_crit_alarm=1 shunt3_resistor=5000 "
        "curr1_crit=32760 curr1_crit_alarm=0 shunt1_resistor=5000 "
        "in4_input=29840 in7_input=53320 curr4_input=6968 "
        "in7_label=sum~of~shunt~voltages");
    board_read(*state, rails, &r);
    assert_number(&r, READ_power_in_mw, 29983);
    assert_number(&r, READ_input_mv, 5024);
    assert_string_equal(reading_get_text(&r, READ_power_in_rail), "VDD_IN");
    assert_int_equal(count(&r, READ_rails_mw), 2);
    assert_item(&r, READ_rails_mw, "VDD_SOC", 5000);
    assert_item(&r, READ_rails_crit_ma, "VDD_IN", 7784);
    assert_true(isnan(reading_find(&r, READ_rails_crit_ma, "VDD_SOC")));
    assert_true(reading_has_name(&r, READ_rails_over_crit, "VDD_IN"));
    assert_int_equal(count(&r, READ_rails_over_crit), 1);
    assert_number(&r, READ_over_curr1_crit, 1);
    assert_true(reading_has_name(&r, READ_rails_absent, "NC"));
    assert_int_equal(count(&r, READ_rails_absent), 1);
    assert_lacks(&r, READ_power_rails_sum_mw);
    reading_done(&r);
}

/* AGX Orin: two chips with 2 mOhm shunts, channels that are not connected or
 * switched off, and no rail that is the input. */
static void agx_orin(struct temp_tree *t)
{
    board_hwmon(t, 3, "c240000.i2c/i2c-1/1-0040",
        "name=ina3221 in1_label=VDD_GPU_SOC in1_input=18000 curr1_input=500 "
        "curr1_crit=81900 shunt1_resistor=2000 in2_label=VDD_CPU_CV "
        "in2_input=18000 curr2_input=250 curr2_crit=81900 "
        "in3_label=VIN_SYS_5V0 in3_input=4968 curr3_input=1000 "
        "curr3_crit=20000 shunt3_resistor=2000");
    board_hwmon(t, 12, "c240000.i2c/i2c-1/1-0041",
        "name=ina3221 in1_label=VDD_OFF in1_enable=0 in1_input=5000 "
        "curr1_input=9 in2_label=VDDQ_VDD2_1V8AO "
        "in2_enable=1 in2_input=4968 curr2_input=80 in3_enable=0 in3_input=0 "
        "curr3_input=0");
}

static void test_agx_orin_has_a_sum_but_no_input_power(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    agx_orin(*state);
    board_read(*state, rails, &r);
    assert_lacks(&r, READ_power_in_mw);
    assert_lacks(&r, READ_power_in_rail);
    assert_lacks(&r, READ_input_mv);
    assert_lacks(&r, READ_over_curr1_crit);
    assert_number(&r, READ_power_rails_sum_mw, 9000 + 4500 + 4968 + 397);
    assert_number(&r, READ_ina3221_chips, 2);
    assert_int_equal(count(&r, READ_rails_mw), 4);
    assert_true(reading_has_name(&r, READ_rails_absent, "VDD_OFF"));
    assert_true(reading_has_name(&r, READ_rails_absent, "1-0041/in3"));
    /* The end of a 2 mOhm shunt's range, with and without its file. */
    assert_true(isnan(reading_find(&r, READ_rails_crit_ma, "VDD_GPU_SOC")));
    assert_true(isnan(reading_find(&r, READ_rails_crit_ma, "VDD_CPU_CV")));
    assert_item(&r, READ_rails_crit_ma, "VIN_SYS_5V0", 20000);
    probe_rails.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 0);
    reading_done(&r);
}

static void test_jetpack_4_of_a_nano(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    board_files(*state, "devices/i2c-6/6-0040/iio:device0",
        "name=ina3221x rail_name_0=POM_5V_IN in_power0_input=3186 "
        "in_voltage0_input=5104 in_current0_input=624 "
        "crit_current_limit_0=3600~ma rail_name_1=POM_5V_GPU "
        "in_power1_input=40 in_voltage1_input=5104 in_current1_input=8 "
        "crit_current_limit_1=32760~ma rail_name_2=POM_5V_CPU "
        "in_power2_input=530 in_voltage2_input=5104 in_current2_input=104");
    temp_link(*state, "sys/bus/i2c/drivers/ina3221x/6-0040",
              "../../../../devices/i2c-6/6-0040");
    board_read(*state, rails, &r);
    assert_string_equal(reading_get_text(&r, READ_ina3221_layout), "iio");
    assert_number(&r, READ_power_in_mw, 3186);
    assert_string_equal(reading_get_text(&r, READ_power_in_rail), "POM_5V_IN");
    assert_item(&r, READ_rails_mw, "POM_5V_CPU", 530);
    assert_item(&r, READ_rails_crit_ma, "POM_5V_IN", 3600);
    assert_true(isnan(reading_find(&r, READ_rails_crit_ma, "POM_5V_GPU")));
    assert_number(&r, READ_over_curr1_crit, 0);
    probe_rails.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.items[0].field, SAMPLE_input_power_w);
    assert_true(fabs(w.items[0].scale - 1e-3) < 1e-12);
    watch_list_done(&w);
    reading_done(&r);
}

static void test_jetpack_4_of_a_xavier_nx_with_the_older_folder(void **state)
{
    struct reading r;

    board_files(*state, "bus/i2c/drivers/ina3221x/7-0040/iio_device",
        "rail_name_0=VDD_IN in_voltage0_input=5000 in_current0_input=500 "
        "rail_name_1=VDD_CPU_GPU_CV in_power1_input=671 rail_name_2=VDD_SOC "
        "in_power2_input=632");
    board_read(*state, rails, &r);
    assert_number(&r, READ_power_in_mw, 2500);
    assert_item(&r, READ_rails_mw, "VDD_SOC", 632);
    reading_done(&r);
}

static void test_rails_that_change_number_are_found_again(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;
    char             *path = temp_path(t, "sys");

    board_hwmon(t, 4, "i2c-1/1-0040", "name=ina3221 in1_label=VDD_IN "
                "in1_input=5000 curr1_input=1000");
    board_read(t, rails, &r);
    assert_number(&r, READ_power_in_mw, 5000);
    reading_done(&r);
    temp_remove(path);
    board_hwmon(t, 1, "i2c-1/1-0040", "name=ina3221 in2_label=VDD_IN "
                "in2_input=5000 curr2_input=2000");
    board_hwmon(t, 4, "nvme", "name=nvme in1_label=VDD_IN in1_input=9");
    board_read(t, rails, &r);
    assert_number(&r, READ_power_in_mw, 10000);
    reading_done(&r);
    free(path);
}

static void test_a_value_that_is_none_is_missing_not_zero(void **state)
{
    static const char *const bad[] = {"", "-5", "x", "9223372036854775808",
                                      "5000.5"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reading r;
        board_hwmon(*state, (int)i, "i2c-1/1-0040", "name=other");
        temp_text(*state, "sys/class/hwmon/hwmon0/name", "ina3221");
        temp_text(*state, "sys/class/hwmon/hwmon0/in1_label", "VDD_IN\n");
        temp_text(*state, "sys/class/hwmon/hwmon0/in1_input", bad[i]);
        temp_text(*state, "sys/class/hwmon/hwmon0/curr1_input", "100");
        board_read(*state, rails, &r);
        assert_lacks(&r, READ_power_in_mw);
        assert_true(reading_has_name(&r, READ_rails_mw, "VDD_IN"));
        assert_true(isnan(reading_find(&r, READ_rails_mw, "VDD_IN")));
        assert_lacks(&r, READ_power_rails_sum_mw);
        reading_done(&r);
    }
}

static void test_sensors_without_a_label_are_no_rails(void **state)
{
    struct reading r;

    board_hwmon(*state, 1, "adc", "name=rp1_adc in1_input=1480");
    board_hwmon(*state, 2, "amdgpu", "name=amdgpu power1_average=15000000");
    board_read(*state, rails, &r);
    assert_true(r.values[READ_rails_mw].is_set);
    assert_int_equal(count(&r, READ_rails_mw), 0);
    assert_lacks(&r, READ_power_in_mw);
    assert_lacks(&r, READ_ina3221_chips);
    reading_done(&r);
}

static void test_the_input_is_watched_as_volts_times_amperes(void **state)
{
    struct watch_list w = {0};

    board_hwmon(*state, 4, "i2c-1/1-0040", "name=ina3221 in2_label=VDD_IN "
                "in2_input=5000 curr2_input=1000");
    probe_rails.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 1);
    assert_string_equal(w.items[0].path, "/sys/class/hwmon/hwmon4/in2_input");
    assert_string_equal(w.items[0].times_path,
                        "/sys/class/hwmon/hwmon4/curr2_input");
    assert_true(fabs(w.items[0].scale - 1e-6) < 1e-12);
    watch_list_done(&w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_input_rail_is_found_whatever_its_channel),
        TEST(test_agx_orin_has_a_sum_but_no_input_power),
        TEST(test_jetpack_4_of_a_nano),
        TEST(test_jetpack_4_of_a_xavier_nx_with_the_older_folder),
        TEST(test_rails_that_change_number_are_found_again),
        TEST(test_a_value_that_is_none_is_missing_not_zero),
        TEST(test_sensors_without_a_label_are_no_rails),
        TEST(test_the_input_is_watched_as_volts_times_amperes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
