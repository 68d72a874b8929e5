/* SPDX-License-Identifier: MIT */
/* test_reading.c - what src/probe/reading.h and src/probe/watch_list.h
 * promise: a value or a reason for each key, and paths that are our own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "probe/reading.h"
#include "probe/watch_list.h"

static int make_reading(void **state)
{
    *state = mem_new(1, sizeof(struct reading));
    reading_init(*state);
    return 0;
}

static int free_reading(void **state)
{
    reading_done(*state);
    reading_done(*state);      /* safe on what is done */
    free(*state);
    return 0;
}

static void test_nothing_is_set_at_first(void **state)
{
    struct reading *r = *state;
    json_t         *json = reading_json(r), *missing;

    missing = json_object_get(json, "missing");
    assert_int_equal(json_object_size(missing), READ_COUNT);
    for (size_t i = 0; i < READ_COUNT; i++) {
        assert_true(isnan(reading_get(r, (enum reading_key)i)));
        assert_null(reading_get_text(r, (enum reading_key)i));
        assert_true(json_is_null(json_object_get(json, reading_info[i].name)));
        assert_true(strlen(reading_info[i].help) > 0);
        assert_true(json_string_length(
            json_object_get(missing, reading_info[i].name)) > 0);
    }
    json_decref(json);
}

static void test_what_is_set_is_printed_key_by_key(void **state)
{
    struct reading *r = *state;
    json_t         *json, *wanted;

    reading_number(r, READ_mem_total_bytes, 16416088064.0);
    reading_number(r, READ_gpu_load_pct, 87.5);
    reading_truth(r, READ_is_tegra, false);
    reading_text(r, READ_l4t_release, "36.4.3");
    reading_add(r, READ_rails_crit_ma, "VDD_IN", 7784);
    reading_add(r, READ_rails_crit_ma, "VDD_SOC", NAN);
    reading_add(r, READ_rails_crit_ma, "VDD_IN", 7785);
    reading_add_text(r, READ_power_mode_names, "0", "MAXN");
    reading_add_name(r, READ_board_compatible, "nvidia,tegra234");
    reading_add_index(r, READ_cpu_offline, 3);
    reading_empty(r, READ_rails_absent);
    reading_lack(r, READ_emc_freq_hz, "needs %s", "root");
    reading_lack(r, READ_emc_freq_hz, "another reason");
    json = reading_json(r);
    wanted = json_pack("{s:I, s:f, s:b, s:s, s:{s:i, s:n}, s:{s:s}, s:[s],"
                       " s:[i], s:[]}",
                       "mem_total_bytes", (json_int_t)16416088064,
                       "gpu_load_pct", 87.5, "is_tegra", 0,
                       "l4t_release", "36.4.3",
                       "rails_crit_ma", "VDD_IN", 7785, "VDD_SOC",
                       "power_mode_names", "0", "MAXN",
                       "board_compatible", "nvidia,tegra234",
                       "cpu_offline", 3, "rails_absent");
    for (void *at = json_object_iter(wanted); at;
         at = json_object_iter_next(wanted, at)) {
        const char *key = json_object_iter_key(at);
        if (!json_equal(json_object_get(json, key), json_object_iter_value(at)))
            fail_msg("%s differs", key);
        assert_null(json_object_get(json_object_get(json, "missing"), key));
    }
    assert_string_equal(json_string_value(json_object_get(
        json_object_get(json, "missing"), "emc_freq_hz")), "needs root");
    assert_true(reading_get(r, READ_is_tegra) == 0);
    assert_true(reading_find(r, READ_rails_crit_ma, "VDD_IN") == 7785);
    assert_true(isnan(reading_find(r, READ_rails_crit_ma, "VDD_SOC")));
    assert_true(reading_has_name(r, READ_rails_crit_ma, "VDD_SOC"));
    assert_false(reading_has_name(r, READ_rails_crit_ma, "VDD"));
    json_decref(wanted);
    json_decref(json);
}

static void test_what_is_no_number_is_not_set(void **state)
{
    struct reading *r = *state;

    reading_number(r, READ_uptime_s, NAN);
    reading_number(r, READ_uptime_s, (double)INFINITY);
    reading_add_index(r, READ_cpu_offline, NAN);
    reading_text(r, READ_kernel, "");
    reading_text(r, READ_kernel, NULL);
    assert_false(r->values[READ_uptime_s].is_set);
    assert_false(r->values[READ_cpu_offline].is_set);
    assert_false(r->values[READ_kernel].is_set);
    reading_number(r, READ_uptime_s, 5);
    reading_number(r, READ_uptime_s, NAN);
    assert_true(reading_get(r, READ_uptime_s) == 5);
}

static void test_lists_and_texts_are_bounded_and_fit_for_json(void **state)
{
    struct reading *r = *state;
    char           *noise = mem_new(5000, 1), name[32];
    json_t         *json;

    memset(noise, 0xe2, 4999);
    reading_text(r, READ_kernel, noise);
    reading_text(r, READ_board_model, "a\x1b[2Jb\xff");
    assert_true(strlen(reading_get_text(r, READ_kernel)) <=
                READING_TEXT_BYTES);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "rail%d", i);
        reading_add(r, READ_rails_mw, name, i);
        reading_add_name(r, READ_rails_absent, noise);
        reading_add_index(r, READ_cpu_offline, i);
    }
    assert_int_equal(r->values[READ_rails_mw].n, READING_ITEMS_MAX);
    assert_int_equal(r->values[READ_rails_absent].n, READING_ITEMS_MAX);
    assert_int_equal(r->values[READ_cpu_offline].n, READING_ITEMS_MAX);
    reading_add(r, READ_rails_mw, "rail7", -1);
    assert_true(reading_find(r, READ_rails_mw, "rail7") < 0);
    json = reading_json(r);
    assert_string_equal(json_string_value(json_object_get(json,
                                                          "board_model")),
                        "a?[2Jb\xef\xbf\xbd");
    assert_true(utf8_valid(reading_get_text(r, READ_kernel),
                           strlen(reading_get_text(r, READ_kernel))));
    assert_int_equal(json_array_size(json_object_get(json, "rails_absent")),
                     READING_ITEMS_MAX);
    json_decref(json);
    free(noise);
}

static double one(void *ctx)
{
    (void)ctx;
    return 1;
}

static void test_a_watch_list_owns_its_paths_and_fills_in(void **state)
{
    char              path[] = "/a", times[] = "/b";
    struct watch_list list = {0};

    (void)state;
    watch_list_add(&list, &(struct watch_item){.path = path,
                                               .times_path = times});
    watch_list_add(&list, &(struct watch_item){
        .field = SAMPLE_gpu_energy_j, .call = one, .scale = -2,
        .period_s = 0.5, .wraps_at = 7});
    path[1] = times[1] = 'x';
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0].path, "/a");
    assert_string_equal(list.items[0].times_path, "/b");
    assert_true(list.items[0].scale == 1);
    assert_true(list.items[0].period_s == 0.1);
    assert_true(isnan(list.items[0].wraps_at));
    assert_null(list.items[1].path);
    assert_true(list.items[1].scale == -2);
    assert_true(list.items[1].period_s == 0.5);
    assert_true(list.items[1].wraps_at == 7);
    watch_list_done(&list);
    watch_list_done(&list);
    assert_string_equal(sample_name[SAMPLE_gpu_energy_j], "gpu_energy_j");
    assert_int_equal(sample_is_counter[SAMPLE_gpu_energy_j], 1);
    assert_int_equal(sample_is_counter[SAMPLE_gpu_load_pct], 0);
}

#define ON_READING(test) \
    cmocka_unit_test_setup_teardown(test, make_reading, free_reading)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_READING(test_nothing_is_set_at_first),
        ON_READING(test_what_is_set_is_printed_key_by_key),
        ON_READING(test_what_is_no_number_is_not_set),
        ON_READING(test_lists_and_texts_are_bounded_and_fit_for_json),
        cmocka_unit_test(test_a_watch_list_owns_its_paths_and_fills_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
