/* SPDX-License-Identifier: MIT */
/* test_nvml.c - what src/probe/nvml.h promises of one GPU's figures, with a
 * driver's library that says what each test wants it to (tests/fake_nvml.c).
 * Several GPUs, processes and threads: test_nvml_gpus.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "nvml_stage.h"

/* ---- one GPU ----------------------------------------------------------- */

static void test_every_key_is_read_in_its_unit(void **state)
{
    char    script[128];
    json_t *r, *list;

    snprintf(script, sizeof script, "compute %ld:5000000000 77:1\nreasons 2\n",
             (long)getpid());
    r = answer_of(*state, script, a_reading);
    assert_string_equal(jsonx_text(r, "gpu_name"), "NVIDIA H200");
    assert_string_equal(jsonx_text(r, "gpu_driver"), "580.159.03");
    assert_true(value_of(r, READ_gpu_load_pct) == 97);
    assert_true(value_of(r, READ_gpu_freq_hz) == 1755e6);
    assert_true(value_of(r, READ_gpu_max_freq_hz) == 1980e6);
    assert_true(value_of(r, READ_gpu_hw_max_freq_hz) == 1980e6);
    assert_true(value_of(r, READ_gpu_power_mw) == 345678);
    assert_true(value_of(r, READ_gpu_energy_mj) == 987654321);
    assert_true(value_of(r, READ_gpu_temp_c) == 54);
    assert_true(value_of(r, READ_gpu_mem_total_bytes) == 150754820096.0);
    assert_true(value_of(r, READ_gpu_mem_used_bytes) == 6e9);
    list = json_object_get(r, "gpu_processes_bytes");
    assert_int_equal(json_object_size(list), 2);
    assert_true(jsonx_number(list, "77") == 1);
    list = json_object_get(r, "gpu_throttle_reasons");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_array_get(list, 0)),
                        "applications_clocks_setting");
    assert_true(json_is_null(json_object_get(r, "throttling_now")));
    json_decref(r);
}

static void test_memory_that_the_driver_keeps_is_not_used(void **state)
{
    char   *path = library_without(*state, "nvmlDeviceGetMemoryInfo_v2");
    json_t *r = answer_with(*state, "AUDITION_NVML", path, "");

    /* The older call cannot tell it apart. */
    assert_true(value_of(r, READ_gpu_mem_used_bytes) == 6.6e9);
    json_decref(r);
    free(path);
}

static void test_only_a_limit_that_somebody_set_is_one(void **state)
{
    static const struct {
        const char *script;
        double      now, hardware;
    } cases[] = {
        {"max_clock 1590\napp_clock 585\ndefault_clock 585\nboost_clock 1590\n"
         "clock 1590\n", 1590e6, 1590e6},
        {"max_clock 1980\napp_clock 1200\ndefault_clock 1980\nclock 1200\n",
         1200e6, 1980e6},
        {"max_clock 1980\nboost_clock 1700\nclock 300\n", 1700e6, 1980e6},
        {"max_clock 1980\nboost_clock 1700\nclock 1755\n", 1755e6, 1980e6},
        {"max_clock 1980\nboost_clock 0\nclock 300\n", 1980e6, 1980e6},
        {"max_clock 1980\nboost_clock 4294967295\napp_clock 4294967295\n",
         1980e6, 1980e6},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *r = answer_of(*state, cases[i].script, a_reading);
        assert_true(value_of(r, READ_gpu_max_freq_hz) == cases[i].now);
        assert_true(value_of(r, READ_gpu_hw_max_freq_hz) == cases[i].hardware);
        json_decref(r);
    }
}

static void test_what_throttles_is_told_from_what_does_not(void **state)
{
    static const struct {
        const char *bits, *name;
        int         flags;
    } cases[] = {
        {"1", "gpu_idle", 0}, {"2", "applications_clocks_setting", 0},
        {"4", "sw_power_cap", 2}, {"8", "hw_slowdown", 8},
        {"16", "sync_boost", 8}, {"32", "sw_thermal_slowdown", 1},
        {"64", "hw_thermal_slowdown", 1}, {"128", "hw_power_brake_slowdown", 2},
        {"256", "display_clock_setting", 0}, {"2048", "bit 11", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char    script[64], ours[64];
        json_t *r, *w, *names;
        snprintf(script, sizeof script, "reasons %s\n", cases[i].bits);
        r = answer_of(*state, script, a_reading);
        w = answer_of(*state, script, a_watch);
        names = json_object_get(r, "gpu_throttle_reasons");
        assert_int_equal(json_array_size(names), 1);
        assert_string_equal(json_string_value(json_array_get(names, 0)),
                            cases[i].name);
        assert_true(jsonx_number(w, "throttle_flags") == cases[i].flags);
        assert_int_equal(jsonx_truth(r, "throttling_now"),
                         cases[i].flags ? 1 : -1);
        snprintf(ours, sizeof ours, "gpu %s", cases[i].name);
        names = json_object_get(r, "throttle_reasons");
        if (cases[i].flags)
            assert_string_equal(json_string_value(json_array_get(names, 0)),
                                ours);
        else
            assert_true(json_is_null(names));
        json_decref(r);
        json_decref(w);
    }
}

static json_t *a_reading_of_a_throttled_board(void)
{
    struct reading r;
    json_t        *json;

    reading_init(&r);
    reading_truth(&r, READ_throttling_now, true);
    reading_add_name(&r, READ_throttle_reasons, "over-current");
    probe_nvml.read("", &r);
    json = reading_json(&r);
    reading_done(&r);
    return json;
}

static void test_what_another_probe_found_stays(void **state)
{
    json_t *r = answer_of(*state, "reasons 1\n",
                          a_reading_of_a_throttled_board);

    assert_int_equal(jsonx_truth(r, "throttling_now"), 1);
    assert_int_equal(json_array_size(json_object_get(r, "throttle_reasons")),
                     1);
    json_decref(r);
    r = answer_of(*state, "reasons 36\n", a_reading_of_a_throttled_board);
    assert_int_equal(json_array_size(json_object_get(r, "throttle_reasons")),
                     3);
    json_decref(r);
}

static void test_a_watch_has_the_same_figures(void **state)
{
    json_t *w = answer_of(*state, "reasons 4\n", a_watch);

    assert_int_equal(json_object_size(w), 7);
    assert_true(jsonx_number(w, "gpu_load_pct") == 97);
    assert_true(jsonx_number(w, "gpu_freq_hz") == 1755e6);
    assert_true(jsonx_number(w, "gpu_max_freq_hz") == 1980e6);
    assert_true(fabs(jsonx_number(w, "gpu_power_w") - 345.678) < 1e-9);
    assert_true(fabs(jsonx_number(w, "gpu_energy_j") - 987654.321) < 1e-6);
    assert_true(jsonx_number(w, "temp_c") == 54);
    assert_true(jsonx_number(w, "throttle_flags") == 2);
    json_decref(w);
}

static void test_what_is_not_supported_is_not_watched(void **state)
{
    json_t *w = answer_of(*state, "fail.nvmlDeviceGetPowerUsage 3\n"
                          "fail.nvmlDeviceGetTotalEnergyConsumption 3\n",
                          a_watch);

    assert_int_equal(json_object_size(w), 5);
    assert_null(json_object_get(w, "gpu_power_w"));
    json_decref(w);
}

/* ---- nothing there ----------------------------------------------------- */

static void test_a_hidden_library_gives_nulls_with_a_reason(void **state)
{
    struct nvml_stage *s = *state;
    json_t            *a;

    setenv("AUDITION_NVML", "/nonexistent", 1);
    a = answer_of(s, "", a_reading);
    assert_all_missing(a, "no NVIDIA driver: /nonexistent");
    json_decref(a);
    a = answer_of(s, "", a_watch);
    assert_int_equal(json_object_size(a), 0);
    json_decref(a);
    a = answer_of(s, "", our_bytes);
    assert_true(json_is_null(json_object_get(a, "bytes")));
    assert_true(json_is_null(json_object_get(a, "used")));
    assert_non_null(strstr(jsonx_text(a, "source"), "no NVIDIA driver"));
    assert_non_null(strstr(jsonx_text(a, "why_not"), "no NVIDIA driver"));
    assert_true(jsonx_number(a, "holders") == 0);
    json_decref(a);
    /* Not a library at all. */
    setenv("AUDITION_NVML", s->script, 1);
    a = answer_of(s, "#!/bin/sh\n", a_reading);
    assert_all_missing(a, "no NVIDIA driver: ");
    json_decref(a);
    setenv("AUDITION_NVML", s->library, 1);
}

static json_t *a_reading_of_a_copy(void) { return read_below("/nowhere"); }

static json_t *a_watch_of_a_copy(void)
{
    struct watch_list list = {0};

    probe_nvml.watch("/nowhere", &list);
    return json_integer((json_int_t)list.n);
}

static void test_a_copied_tree_has_no_driver(void **state)
{
    json_t *a = answer_of(*state, "", a_reading_of_a_copy);

    assert_all_missing(a, "a copied tree");
    json_decref(a);
    a = answer_of(*state, "", a_watch_of_a_copy);
    assert_int_equal(json_integer_value(a), 0);
    json_decref(a);
}

static void test_a_driver_without_a_gpu_says_so(void **state)
{
    json_t *r = answer_of(*state, "gpus 0\n", a_reading);

    assert_all_missing(r, "the driver knows no GPU");
    json_decref(r);
    r = answer_of(*state, "fail.nvmlInit_v2 9\n", a_reading);
    assert_all_missing(r, "nvmlInit_v2: Unknown Error");
    json_decref(r);
    r = answer_of(*state, "fail.nvmlDeviceGetHandleByIndex_v2 15\n",
                  a_reading);
    assert_all_missing(r, "GPU is lost");
    json_decref(r);
}

/* ---- each function by itself ------------------------------------------- */

static const char *const symbols[] = {
#define X(call, type, symbol, other) symbol,
    NVML_CALLS(X)
#undef X
};
static const char *const others[] = {
#define X(call, type, symbol, other) other,
    NVML_CALLS(X)
#undef X
};

static void test_each_function_may_be_missing(void **state)
{
    struct nvml_stage *s = *state;

    for (size_t i = 0; i < NVML_CALL_COUNT; i++) {
        char   *path = library_without(s, symbols[i]);
        json_t *r = answer_with(s, "AUDITION_NVML", path, "compute 7:9\n");
        size_t  missing = how_many_missing(r);
        /* Nothing is lost but what only this function tells. */
        if (i == NVML_CALL_load || i == NVML_CALL_clock ||
            i == NVML_CALL_name || i == NVML_CALL_driver ||
            i == NVML_CALL_power || i == NVML_CALL_energy ||
            i == NVML_CALL_temperature)
            assert_int_equal(missing, 1);
        else if (i == NVML_CALL_max_clock)   /* a set limit is still told */
            assert_int_equal(missing, 1);
        else
            assert_int_equal(missing, 0);
        json_decref(r);
        if (i == NVML_CALL_power) {
            r = answer_with(s, "AUDITION_NVML", path, "");
            assert_string_equal(why_missing(r, READ_gpu_power_mw),
                "the driver's library has no nvmlDeviceGetPowerUsage");
            json_decref(r);
        }
        free(path);
    }
}

static void test_each_function_may_fail(void **state)
{
    for (size_t i = 0; i < NVML_CALL_COUNT; i++) {
        char    script[256];
        json_t *r, *w, *b;
        snprintf(script, sizeof script, "fail.%s 3\nfail.%s 999\n", symbols[i],
                 others[i] ? others[i] : "-");
        r = answer_of(*state, script, a_reading);
        w = answer_of(*state, script, a_watch);
        b = answer_of(*state, script, our_bytes);
        assert_true(how_many_missing(r) <= 2 || i == NVML_CALL_init ||
                    i == NVML_CALL_count || i == NVML_CALL_by_index);
        if (i == NVML_CALL_energy)
            assert_string_equal(why_missing(r, READ_gpu_energy_mj),
                "nvmlDeviceGetTotalEnergyConsumption: Not Supported");
        json_decref(r);
        json_decref(w);
        json_decref(b);
    }
}

static void test_a_lost_gpu_is_null_everywhere(void **state)
{
    json_t *r = answer_of(*state, "fail 15\n", a_reading);

    json_object_del(r, "gpu_driver");   /* which is not the GPU's */
    json_object_set_new(r, "gpu_driver", json_null());
    json_object_set_new(json_object_get(r, "missing"), "gpu_driver",
                        json_string("GPU is lost"));
    assert_all_missing(r, "GPU is lost");
    json_decref(r);
}

static void test_absurd_values_are_missing(void **state)
{
    static const char *const absurd[] = {
        "load 101\n", "load 4294967295\n", "clock 4294967295\n",
        "power 4294967295\n", "energy 9223372036854775808\n",
        "energy 18446744073709551615\n", "temperature 300\n",
        "temperature 2147483648\n", "total 9223372036854775808\n",
        "total 0\n", "used 9223372036854775808\n",
        "used 150754820097\n", "reasons 18446744073709551615\n",
        "max_clock 0\n", "name \n", "driver \n",
    };

    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        json_t *r = answer_of(*state, absurd[i], a_reading);
        size_t  missing = how_many_missing(r);
        if (missing < 1 || missing > 2)
            fail_msg("%zu missing after %s", missing, absurd[i]);
        json_decref(r);
    }
}

static void test_cold_is_no_absurdity(void **state)
{
    json_t *r = answer_of(*state, "temperature 4294967286\nclock 0\n",
                          a_reading);

    assert_true(value_of(r, READ_gpu_temp_c) == -10);
    assert_true(value_of(r, READ_gpu_freq_hz) == 0);
    json_decref(r);
}

static void test_texts_of_the_driver_are_bounded_and_printable(void **state)
{
    char    script[400] = "name ";
    json_t *r;

    memset(script + 5, 'x', 250);
    script[10] = '\x1b';
    script[11] = '\xff';
    r = answer_of(*state, script, a_reading);
    assert_in_range(strlen(jsonx_text(r, "gpu_name")), 1, 100);
    json_decref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_read_in_its_unit),
        cmocka_unit_test(test_memory_that_the_driver_keeps_is_not_used),
        cmocka_unit_test(test_only_a_limit_that_somebody_set_is_one),
        cmocka_unit_test(test_what_throttles_is_told_from_what_does_not),
        cmocka_unit_test(test_what_another_probe_found_stays),
        cmocka_unit_test(test_a_watch_has_the_same_figures),
        cmocka_unit_test(test_what_is_not_supported_is_not_watched),
        cmocka_unit_test(test_a_hidden_library_gives_nulls_with_a_reason),
        cmocka_unit_test(test_a_copied_tree_has_no_driver),
        cmocka_unit_test(test_a_driver_without_a_gpu_says_so),
        cmocka_unit_test(test_each_function_may_be_missing),
        cmocka_unit_test(test_each_function_may_fail),
        cmocka_unit_test(test_a_lost_gpu_is_null_everywhere),
        cmocka_unit_test(test_absurd_values_are_missing),
        cmocka_unit_test(test_cold_is_no_absurdity),
        cmocka_unit_test(test_texts_of_the_driver_are_bounded_and_printable),
    };

    return cmocka_run_group_tests(tests, stage_setup, stage_teardown);
}
