/* SPDX-License-Identifier: MIT */
/* test_probe_contract.c - the rules of probe.h, for every entry of probe_all.
 * A new probe adds the files it reads to `files`. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "probe/probe.h"
#include "temp_tree.h"

/* What probes read, with what a sound machine could have there. */
static const struct { const char *path, *sound; } files[] = {
    {"proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 1024 kB\n"
                     "SwapTotal: 64 kB\nSwapFree: 32 kB\n"},
    {"proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\n"},
    {"proc/swaps", "Filename Type Size Used Priority\n"
                   "/dev/zram0 partition 64 32 5\n"},
    {"proc/pressure/memory", "full avg10=0.10 avg60=0 avg300=0 total=5\n"},
    {"proc/uptime", "5.00 4.00\n"},
    {"sys/firmware/devicetree/base/compatible", "nvidia,tegra234"},
    {"sys/firmware/devicetree/base/model", "A Board"},
    {"etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 1\n"},
    {"var/lib/nvpmodel/status", "pmode:0001\n"},
    {"etc/nvpmodel.conf", "< POWER_MODEL ID=1 NAME=15W >\n"
                          "GPU MAX_FREQ 100\nCPU_0 MAX_FREQ 100\n"},
    {"sys/class/devfreq/17000000.gpu/cur_freq", "100\n"},
    {"sys/class/devfreq/17000000.gpu/max_freq", "100\n"},
    {"sys/class/devfreq/17000000.gpu/available_frequencies", "50 100\n"},
    {"sys/class/devfreq/17000000.gpu/device/load", "100\n"},
    {"sys/devices/system/cpu/online", "0-3\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "100\n"},
    {"sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "100\n"},
    {"sys/kernel/nvpmodel_clk_cap/emc", "100\n"},
    {"sys/class/hwmon/hwmon0/name", "ina3221\n"},
    {"sys/class/hwmon/hwmon0/in1_label", "VDD_IN\n"},
    {"sys/class/hwmon/hwmon0/in1_input", "5000\n"},
    {"sys/class/hwmon/hwmon0/curr1_input", "1000\n"},
    {"sys/class/hwmon/hwmon1/name", "soctherm_oc\n"},
    {"sys/class/hwmon/hwmon1/oc1_event_cnt", "0\n"},
    {"sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"},
    {"sys/class/thermal/thermal_zone0/temp", "50000\n"},
    {"sys/class/powercap/intel-rapl:0/name", "package-0\n"},
    {"sys/class/powercap/intel-rapl:0/energy_uj", "5000\n"},
    {"sys/class/powercap/intel-rapl:0/max_energy_range_uj", "90000\n"},
};
#define N_FILES (sizeof files / sizeof *files)

/* What is in a file where a number, a table or a list should be. */
static const char *const garbage[] = {
    "", "\n", "\n\n\n\n", ":", "cpu", "cpu \n", "cpu  a b c d e f g h i j\n",
    "cpu  9223372036854775808 1 1 1 1 1 1 1 1 1\n", "9223372036854775808\n",
    "-9223372036854775809\n", "MemTotal", "MemTotal:",
    "MemTotal: \xff\xfe kB\nMemAvailable: nan kB\n",
    "MemTotal: 9223372036854775808 kB\nMemAvailable: 9223372036854775808 kB\n",
    "SwapTotal: -1 kB\nSwapFree: -2 kB\n", "<!DOCTYPE html>",
    "{\"error\": 5}", "pmode:\n", "< POWER_MODEL ID= NAME= >\n", "0-\n",
    "Filename\n/dev/zram0 partition -5 9\n", "full avg10=nan total=\n",
    "nan\n", "inf\n", "1e308\n", "0x7fffffff\n",
};

/* NVML asks a driver, and of a copied tree nobody: no file makes it speak. */
static bool asks_files(const struct probe_ops *probe)
{
    return strcmp(probe->name, "nvml") != 0;
}

static void read_one(const struct probe_ops *probe, const char *root,
                     struct reading *out)
{
    reading_init(out);
    probe->read(root, out);
}

/* How many keys were observed. */
static size_t observed(const struct reading *r)
{
    size_t n = 0;

    for (size_t i = 0; i < READ_COUNT; i++) n += r->values[i].is_set;
    return n;
}

/* Keys that may hold a number that is not what a machine could say. */
static void assert_sound(const struct reading *r, const char *who)
{
    for (size_t i = 0; i < READ_COUNT; i++) {
        const struct reading_value *v = &r->values[i];
        if (!v->is_set) continue;
        if (reading_info[i].kind == READING_NUMBER &&
            !(fabs(v->number) <= 0x1p60))
            fail_msg("%s: %s is %g", who, reading_info[i].name, v->number);
        for (size_t k = 0; k < v->n; k++)
            if (isinf(v->items[k].number))
                fail_msg("%s: %s holds infinity", who, reading_info[i].name);
    }
}

static int make_tree(void **state)
{
    struct temp_tree *t = mem_new(1, sizeof *t);

    *state = t;
    return temp_tree_init(t);
}

static int remove_tree(void **state)
{
    temp_tree_done(*state);
    free(*state);
    return 0;
}

static void test_every_probe_says_what_it_is(void **state)
{
    (void)state;
    assert_non_null(probe_all[0]);
    for (size_t i = 0; probe_all[i]; i++) {
        assert_non_null(probe_all[i]->name);
        assert_true(strlen(probe_all[i]->name) > 0);
        assert_non_null(probe_all[i]->help);
        assert_true(strlen(probe_all[i]->help) > 0);
        assert_non_null(probe_all[i]->read);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(probe_all[i]->name, probe_all[k]->name);
    }
}

static void test_an_empty_root_says_nothing(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;
    struct watch_list list;

    for (size_t i = 0; probe_all[i]; i++) {
        read_one(probe_all[i], t->root, &r);
        if (observed(&r)) fail_msg("%s invents", probe_all[i]->name);
        reading_done(&r);
    }
    probe_read(t->root, &r);
    assert_int_equal(observed(&r), 0);
    reading_done(&r);
    probe_watch(t->root, &list);
    assert_int_equal(list.n, 0);
    watch_list_done(&list);
}

/* Neither 0 nor "missing" over what another probe has said. */
static void test_a_probe_that_finds_nothing_changes_nothing(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;

    for (size_t i = 0; probe_all[i]; i++) {
        reading_init(&r);
        reading_number(&r, READ_mem_total_bytes, 12.5);
        reading_text(&r, READ_kernel, "said before");
        reading_add(&r, READ_temps_c, "said before", 7);
        probe_all[i]->read(t->root, &r);
        assert_true(reading_get(&r, READ_mem_total_bytes) == 12.5);
        assert_string_equal(reading_get_text(&r, READ_kernel), "said before");
        assert_true(reading_find(&r, READ_temps_c, "said before") == 7);
        reading_done(&r);
    }
}

/* Names may be anything, so some keys are set; no number is believed. */
static void test_garbage_gives_no_number(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;

    for (size_t g = 0; g < sizeof garbage / sizeof *garbage; g++) {
        for (size_t i = 0; i < N_FILES; i++)
            temp_text(t, files[i].path, garbage[g]);
        probe_read(t->root, &r);
        assert_sound(&r, garbage[g]);
        for (size_t i = 0; i < READ_COUNT; i++)
            if (reading_info[i].kind == READING_NUMBER && r.values[i].is_set &&
                i != READ_ina3221_chips)
                fail_msg("%s believes \"%s\"", reading_info[i].name,
                         garbage[g]);
        reading_done(&r);
    }
}

static void test_folders_in_place_of_files_are_missing(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;

    for (size_t i = 0; i < N_FILES; i++) {
        char *inside = mem_printf("%s/inside", files[i].path);
        temp_text(t, inside, "1");
        free(inside);
    }
    probe_read(t->root, &r);
    for (size_t i = 0; i < READ_COUNT; i++)
        if (reading_info[i].kind == READING_NUMBER && r.values[i].is_set &&
            i != READ_ina3221_chips)
            fail_msg("%s is believed", reading_info[i].name);
    reading_done(&r);
}

/* Or the tests above prove nothing: the same files, sound, are believed, and
 * the same reading comes out twice. */
static void test_every_probe_reads_a_sound_machine(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r, again;

    for (size_t i = 0; i < N_FILES; i++)
        temp_text(t, files[i].path, files[i].sound);
    for (size_t i = 0; probe_all[i]; i++) {
        json_t *one, *two;
        if (!asks_files(probe_all[i])) continue;
        read_one(probe_all[i], t->root, &r);
        read_one(probe_all[i], t->root, &again);
        if (observed(&r) == 0)
            fail_msg("%s finds nothing", probe_all[i]->name);
        one = reading_json(&r);
        two = reading_json(&again);
        assert_true(json_equal(one, two));
        json_decref(one);
        json_decref(two);
        reading_done(&r);
        reading_done(&again);
    }
}

static void test_every_missing_value_has_a_reason(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;
    json_t           *json, *missing;

    temp_text(t, files[0].path, files[0].sound);
    probe_read(t->root, &r);
    json = reading_json(&r);
    missing = json_object_get(json, "missing");
    for (size_t i = 0; i < READ_COUNT; i++)
        assert_int_equal(r.values[i].is_set,
                         json_object_get(missing, reading_info[i].name) ==
                             NULL);
    json_decref(json);
    reading_done(&r);
}

/* Any cut of sound files: no crash, and nothing that cannot be. */
static void test_files_that_end_anywhere_are_read_safely(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;

    for (size_t i = 0; i < N_FILES; i++)
        temp_text(t, files[i].path, files[i].sound);
    for (size_t i = 0; i < N_FILES; i++) {
        for (size_t n = 0; n < strlen(files[i].sound); n += 3) {
            temp_write(t, files[i].path, files[i].sound, n);
            probe_read(t->root, &r);
            assert_sound(&r, files[i].path);
            reading_done(&r);
        }
        temp_text(t, files[i].path, files[i].sound);
    }
}

/* What is watched is read by paths below the root, or by a call. */
static void test_watch_lists_are_whole(void **state)
{
    struct temp_tree *t = *state;
    struct watch_list list;

    for (size_t i = 0; i < N_FILES; i++)
        temp_text(t, files[i].path, files[i].sound);
    probe_watch(t->root, &list);
    assert_true(list.n > 5);
    for (size_t i = 0; i < list.n; i++) {
        const struct watch_item *item = &list.items[i];
        assert_true(item->field < SAMPLE_COUNT);
        assert_true((item->path && *item->path == '/') || item->call);
        assert_true(item->period_s >= 0.1 && item->period_s <= 60);
        assert_true(isfinite(item->scale));
        if (item->parse) assert_true(isnan(item->parse("")));
    }
    watch_list_done(&list);
}

#define IN_TREE(test) \
    cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_probe_says_what_it_is),
        IN_TREE(test_an_empty_root_says_nothing),
        IN_TREE(test_a_probe_that_finds_nothing_changes_nothing),
        IN_TREE(test_garbage_gives_no_number),
        IN_TREE(test_folders_in_place_of_files_are_missing),
        IN_TREE(test_every_probe_reads_a_sound_machine),
        IN_TREE(test_every_missing_value_has_a_reason),
        IN_TREE(test_files_that_end_anywhere_are_read_safely),
        IN_TREE(test_watch_lists_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
