/* SPDX-License-Identifier: MIT */
/* test_watcher.c - what is watched below a scripted root, at scripted times:
 * rates, wraps, files that vanish and rails that move. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/clock.h"
#include "kept_file.h"
#include "probe/probe.h"
#include "temp_tree.h"
#include "watcher.h"

#define S(seconds) ((int64_t)((seconds) * 1e9))

struct stage {
    struct temp_tree  tree;
    struct watcher   *watcher;
    struct watch_list list;
};

static int set_up(void **state)
{
    struct stage *stage = mem_new(1, sizeof *stage);

    *state = stage;
    if (temp_tree_init(&stage->tree)) return -1;
    stage->watcher = watcher_new(stage->tree.root);
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    watcher_free(stage->watcher);
    watch_list_done(&stage->list);
    temp_tree_done(&stage->tree);
    free(stage);
    return 0;
}

static void want(struct stage *stage, enum sample_field field,
                 const char *path, double period_s, double wraps_at)
{
    watch_list_add(&stage->list, &(struct watch_item){
        .field = field, .path = (char *)(uintptr_t)path,
        .period_s = period_s, .wraps_at = wraps_at});
}

static struct sample read_all(struct stage *stage, double at_s, bool at_once)
{
    struct sample s = {.at_ns = S(at_s)};

    for (int f = 0; f < SAMPLE_COUNT; f++) s.v[f] = NAN;
    watcher_read_cpu(stage->watcher, s.at_ns, &s);
    watcher_read(stage->watcher, s.at_ns, at_once, &s);
    return s;
}

static double value(struct stage *stage, double at_s, enum sample_field field)
{
    return read_all(stage, at_s, false).v[field];
}

static void is(double value_now, double wanted)
{
    if (isnan(wanted) ? !isnan(value_now) : !(fabs(value_now - wanted) < 1e-9))
        fail_msg("%.9g is not %.9g", value_now, wanted);
}

static void test_each_field_is_read_at_its_own_rate(void **state)
{
    struct stage *stage = *state;

    temp_text(&stage->tree, "a", "5\n");
    temp_text(&stage->tree, "b", "7\n");
    want(stage, SAMPLE_temp_c, "/a", 1, 0);
    want(stage, SAMPLE_gpu_load_pct, "/b", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_temp_c), 5);
    is(value(stage, 1.1, SAMPLE_temp_c), NAN);
    is(value(stage, 1.2, SAMPLE_gpu_load_pct), 7);
    is(value(stage, 1.9, SAMPLE_temp_c), NAN);
    is(value(stage, 2, SAMPLE_temp_c), 5);
}

static void test_between_turns_cpu_time_is_always_read(void **state)
{
    struct stage *stage = *state;
    struct sample now;

    temp_text(&stage->tree, "busy", "10\n");
    temp_text(&stage->tree, "load", "7\n");
    want(stage, SAMPLE_cpu_busy_s, "/busy", 5, 0);
    want(stage, SAMPLE_gpu_load_pct, "/load", 1, 0);
    watcher_set(stage->watcher, &stage->list, 0);
    read_all(stage, 1, false);
    temp_text(&stage->tree, "busy", "11\n");
    now = read_all(stage, 1.001, true);
    is(now.v[SAMPLE_cpu_busy_s], 1);
    is(now.v[SAMPLE_gpu_load_pct], NAN);
}

static void test_volts_times_amperes_are_watts(void **state)
{
    struct stage *stage = *state;

    temp_text(&stage->tree, "mv", "5000\n");
    temp_text(&stage->tree, "ma", "2000\n");
    watch_list_add(&stage->list, &(struct watch_item){
        .field = SAMPLE_input_power_w, .path = (char[]){"/mv"},
        .times_path = (char[]){"/ma"}, .scale = 1e-6});
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_input_power_w), 10);
    temp_text(&stage->tree, "ma", "-3\n");
    is(value(stage, 2, SAMPLE_input_power_w), NAN);
}

static void test_a_sum_needs_all_its_parts_the_highest_does_not(void **state)
{
    struct stage *stage = *state;

    temp_text(&stage->tree, "a", "5\n");
    temp_text(&stage->tree, "b", "7\n");
    temp_text(&stage->tree, "hot", "-256\n");
    for (size_t i = 0; i < 2; i++) {
        char *path = i ? (char[]){"/b"} : (char[]){"/a"};
        watch_list_add(&stage->list, &(struct watch_item){
            .field = SAMPLE_input_power_w, .path = path});
        watch_list_add(&stage->list, &(struct watch_item){
            .field = SAMPLE_gpu_freq_hz, .path = path, .merge = WATCH_MAX});
        watch_list_add(&stage->list, &(struct watch_item){
            .field = SAMPLE_cooling_state, .path = path});
        watch_list_add(&stage->list, &(struct watch_item){
            .field = SAMPLE_throttle_flags, .path = path});
    }
    want(stage, SAMPLE_temp_c, "/hot", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_input_power_w), 12);
    is(value(stage, 2, SAMPLE_gpu_freq_hz), 7);
    is(value(stage, 3, SAMPLE_throttle_flags), 5 | 7);
    is(value(stage, 4, SAMPLE_temp_c), -256);
    temp_text(&stage->tree, "a", "");
    is(value(stage, 5, SAMPLE_input_power_w), NAN);
    is(value(stage, 6, SAMPLE_gpu_freq_hz), 7);
    is(value(stage, 7, SAMPLE_cooling_state), 7);
}

static void test_a_counter_wraps_and_never_falls(void **state)
{
    struct stage *stage = *state;

    temp_text(&stage->tree, "uj", "900\n");
    temp_text(&stage->tree, "oc", "12\n");
    want(stage, SAMPLE_package_energy_j, "/uj", 0.1, 1000);
    want(stage, SAMPLE_oc_events, "/oc", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_package_energy_j), 0);
    temp_text(&stage->tree, "uj", "950\n");
    is(value(stage, 2, SAMPLE_package_energy_j), 50);
    temp_text(&stage->tree, "uj", "20\n");            /* wrapped */
    is(value(stage, 3, SAMPLE_package_energy_j), 120);
    temp_text(&stage->tree, "uj", "10\n");            /* began anew */
    is(value(stage, 4, SAMPLE_package_energy_j), 120);
    temp_text(&stage->tree, "uj", "9223372036854775808\n");
    temp_text(&stage->tree, "oc", "3\n");
    is(value(stage, 5, SAMPLE_package_energy_j), NAN);
    is(value(stage, 6, SAMPLE_oc_events), 0);
    temp_text(&stage->tree, "uj", "40\n");
    temp_text(&stage->tree, "oc", "5\n");
    is(value(stage, 7, SAMPLE_package_energy_j), 150);
    is(value(stage, 8, SAMPLE_oc_events), 2);
}

static void test_a_file_that_comes_back_is_read_again(void **state)
{
    struct stage *stage = *state;
    char         *path = temp_path(&stage->tree, "load");

    temp_text(&stage->tree, "load", "7\n");
    want(stage, SAMPLE_gpu_load_pct, "/load", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_gpu_load_pct), 7);
    unlink(path);
    for (int i = 0; i < 3; i++)
        is(value(stage, 2 + 0.1 * i, SAMPLE_gpu_load_pct), NAN);
    temp_text(&stage->tree, "load", "8\n");
    is(value(stage, 2.5, SAMPLE_gpu_load_pct), NAN);  /* tried once a second */
    is(value(stage, 3.5, SAMPLE_gpu_load_pct), 8);
    unlink(path);
    temp_text(&stage->tree, "load", "9\n");           /* replaced at once */
    is(value(stage, 4, SAMPLE_gpu_load_pct), 9);
    unlink(path);
    mkdir(path, 0700);
    is(value(stage, 5, SAMPLE_gpu_load_pct), NAN);
    free(path);
}

static void test_what_stays_away_is_looked_for_ever_more_rarely(void **state)
{
    struct stage *stage = *state;

    temp_text(&stage->tree, "hwmon4/power", "7\n");
    want(stage, SAMPLE_input_power_w, "/hwmon4/power", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, S(0));
    is(value(stage, 1, SAMPLE_input_power_w), 7);
    assert_false(watcher_is_lost(stage->watcher, S(30)));
    assert_true(watcher_is_lost(stage->watcher, S(60)));
    char *old = temp_path(&stage->tree, "hwmon4"),
         *new = temp_path(&stage->tree, "hwmon5");
    assert_int_equal(rename(old, new), 0);
    is(value(stage, 2, SAMPLE_input_power_w), 7);     /* still open */
    char *file = temp_path(&stage->tree, "hwmon5/power");
    unlink(file);
    temp_text(&stage->tree, "hwmon5/power", "8\n");
    is(value(stage, 2.5, SAMPLE_input_power_w), NAN);
    assert_false(watcher_is_lost(stage->watcher, S(4)));
    assert_true(watcher_is_lost(stage->watcher, S(5)));
    watcher_set(stage->watcher, &stage->list, S(5));  /* nowhere to be seen */
    assert_false(watcher_is_lost(stage->watcher, S(14)));
    assert_true(watcher_is_lost(stage->watcher, S(15)));
    want(stage, SAMPLE_input_power_w, "/hwmon5/power", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, S(15));
    is(value(stage, 15, SAMPLE_input_power_w), 8);
    assert_false(watcher_is_lost(stage->watcher, S(50)));
    free(old);
    free(new);
    free(file);
}

static void write_rail(struct stage *stage, int hwmon, const char *ma)
{
    const char *const files[][2] = {
        {"name", "ina3221\n"}, {"in1_label", "VDD_IN\n"},
        {"in1_input", "5000\n"}, {"curr1_input", ma}};
    char path[64];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "sys/class/hwmon/hwmon%d/%s", hwmon,
                 files[i][0]);
        temp_text(&stage->tree, path, files[i][1]);
    }
}

static void test_a_rail_that_changes_its_number_is_found_again(void **state)
{
    struct stage *stage = *state;
    char         *old = temp_path(&stage->tree, "sys/class/hwmon/hwmon4");

    write_rail(stage, 4, "2000\n");
    probe_watch(stage->tree.root, &stage->list);
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_input_power_w), 10);
    temp_remove(old);
    write_rail(stage, 5, "4000\n");
    is(value(stage, 2, SAMPLE_input_power_w), NAN);
    assert_true(watcher_is_lost(stage->watcher, S(5)));
    probe_watch(stage->tree.root, &stage->list);
    watcher_set(stage->watcher, &stage->list, S(5));
    is(value(stage, 5, SAMPLE_input_power_w), 20);
    free(old);
}

static void test_a_counter_that_moves_goes_on(void **state)
{
    struct stage *stage = *state;

    temp_text(&stage->tree, "a", "100\n");
    temp_text(&stage->tree, "b", "5000\n");
    want(stage, SAMPLE_gpu_energy_j, "/a", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, 0);
    value(stage, 1, SAMPLE_gpu_energy_j);
    temp_text(&stage->tree, "a", "110\n");
    is(value(stage, 2, SAMPLE_gpu_energy_j), 10);
    want(stage, SAMPLE_gpu_energy_j, "/a", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, S(3));
    temp_text(&stage->tree, "a", "111\n");
    is(value(stage, 4, SAMPLE_gpu_energy_j), 11);     /* the same one */
    want(stage, SAMPLE_gpu_energy_j, "/b", 0.1, 0);
    watcher_set(stage->watcher, &stage->list, S(5));
    is(value(stage, 6, SAMPLE_gpu_energy_j), 11);
    temp_text(&stage->tree, "b", "5001\n");
    is(value(stage, 7, SAMPLE_gpu_energy_j), 12);
}

static double first_letter(const char *text)
{
    return *text == 'g' ? 1 : NAN;
}

static double called(void *ctx) { return ++*(double *)ctx; }

static void test_items_of_one_file_take_the_same_moment(void **state)
{
    struct stage *stage = *state;
    double        calls = 0;

    temp_text(&stage->tree, "stat", "good\n");
    for (int i = 0; i < 2; i++)
        watch_list_add(&stage->list, &(struct watch_item){
            .field = i ? SAMPLE_cpu_freq_hz : SAMPLE_gpu_freq_hz,
            .path = (char[]){"/stat"}, .parse = first_letter, .scale = 2});
    watch_list_add(&stage->list, &(struct watch_item){
        .field = SAMPLE_gpu_power_w, .call = called, .ctx = &calls,
        .period_s = 0.5});
    watcher_set(stage->watcher, &stage->list, 0);
    is(value(stage, 1, SAMPLE_cpu_freq_hz), 2);
    is(value(stage, 1.1, SAMPLE_gpu_freq_hz), 2);
    is(calls, 1);
    temp_text(&stage->tree, "stat", "bad\n");
    is(value(stage, 1.5, SAMPLE_gpu_power_w), 2);
    is(value(stage, 1.6, SAMPLE_gpu_freq_hz), NAN);
}

static void test_only_whole_numbers_are_numbers(void **state)
{
    (void)state;
    is(kept_file_number(" 12\n"), 12);
    is(kept_file_number("-3"), -3);
    is(kept_file_number("3600 ma\n"), 3600);
    is(kept_file_number(""), NAN);
    is(kept_file_number("-"), NAN);
    is(kept_file_number("12.5"), NAN);
    is(kept_file_number("0x10"), NAN);
    is(kept_file_number("9007199254740993"), NAN);
    is(kept_file_number("99999999999999999999999"), NAN);
    is(kept_file_number("12 ma x"), NAN);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_each_field_is_read_at_its_own_rate),
        STAGED(test_between_turns_cpu_time_is_always_read),
        STAGED(test_volts_times_amperes_are_watts),
        STAGED(test_a_sum_needs_all_its_parts_the_highest_does_not),
        STAGED(test_a_counter_wraps_and_never_falls),
        STAGED(test_a_file_that_comes_back_is_read_again),
        STAGED(test_what_stays_away_is_looked_for_ever_more_rarely),
        STAGED(test_a_rail_that_changes_its_number_is_found_again),
        STAGED(test_a_counter_that_moves_goes_on),
        STAGED(test_items_of_one_file_take_the_same_moment),
        cmocka_unit_test(test_only_whole_numbers_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
