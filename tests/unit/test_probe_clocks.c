/* SPDX-License-Identifier: MIT */
/* test_probe_clocks.c - clocks, loads and processors on made-up boards of
 * every layout, and what no sound board would say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "probe/cpus.h"
#include "probe/probe.h"
#include "temp_tree.h"
#include "unit/reading_fixture.h"

#define CPU "sys/devices/system/cpu/"
#define EMC "sys/kernel/debug/bpmp/debug/clk/emc/"

struct file { const char *path, *text; };

static void look(struct fixture *f)
{
    reading_done(&f->r);
    reading_init(&f->r);
    probe_board.read(f->tree.root, &f->r);
    probe_clocks.read(f->tree.root, &f->r);
}

static void put(struct fixture *f, const struct file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        temp_text(&f->tree, files[i].path, files[i].text);
}

#define PUT(f, ...) do {                                                      \
    static const struct file files[] = {__VA_ARGS__};                         \
    put(f, files, sizeof files / sizeof *files);                              \
} while (0)

/* NAN: missing, with a reason. */
static void assert_number(const struct fixture *f, enum reading_key key,
                          double wanted)
{
    double value = reading_get(&f->r, key);

    if (isnan(wanted) ? !isnan(value) : !(value == wanted))
        fail_msg("%s is %g, not %g (%s)", reading_info[key].name, value,
                 wanted, f->r.values[key].why ? f->r.values[key].why : "");
}

static void assert_why(const struct fixture *f, enum reading_key key,
                       const char *part)
{
    assert_false(f->r.values[key].is_set);
    assert_non_null(f->r.values[key].why);
    if (!strstr(f->r.values[key].why, part))
        fail_msg("\"%s\" has no \"%s\"", f->r.values[key].why, part);
}

static void is_jetson(struct fixture *f)
{
    temp_write(&f->tree, "sys/firmware/devicetree/base/compatible",
               "nvidia,tegra234", 16);
}

/* A devfreq folder with its device, as the kernel lays them out. */
static void devfreq(struct fixture *f, const char *device, const char *node,
                    const char *now, const char *load)
{
    const char *name = strrchr(device, '/') + 1;
    const struct { const char *file, *text; } files[] = {
        {"cur_freq", now}, {"min_freq", "100000000\n"},
        {"max_freq", "800000000\n"},
        {"available_frequencies", "100000000 900000000 500000000 \n"},
    };
    char *path, *target;

    for (size_t i = 0; i < 4; i++) {
        path = mem_printf("%s/devfreq/%s/%s", device, name, files[i].file);
        temp_text(&f->tree, path, files[i].text);
        free(path);
    }
    path = mem_printf("%s/devfreq/%s/device", device, name);
    temp_link(&f->tree, path, "../..");
    free(path);
    if (node) {
        path = mem_printf("%s/of_node/name", device);
        temp_write(&f->tree, path, node, strlen(node) + 1);
        free(path);
    }
    if (load) {
        path = mem_printf("%s/load", device);
        temp_text(&f->tree, path, load);
        free(path);
    }
    path = mem_printf("sys/class/devfreq/%s", name);
    target = mem_printf("../../../%s/devfreq/%s", device, name);
    temp_link(&f->tree, path, target);
    free(path);
    free(target);
}

/* ---- the GPU ----------------------------------------------------------- */

static void test_the_gpu_of_every_generation(void **state)
{
    static const struct { const char *device, *node, *driver, *name; }
        boards[] = {
            {"sys/devices/17000000.gp10b", "gp10b", NULL, "17000000.gp10b"},
            {"sys/devices/57000000.gpu", "gpu", NULL, "57000000.gpu"},
            {"sys/devices/17000000.gv11b", "gv11b", NULL, "17000000.gv11b"},
            {"sys/devices/17000000.ga10b", "ga10b", NULL, "17000000.ga10b"},
            {"sys/devices/platform/bus@0/17000000.gpu", "gpu", NULL,
             "17000000.gpu"},
            {"sys/devices/platform/axi/1002000000.v3d", "v3d", NULL,
             "1002000000.v3d"},
            {"sys/devices/platform/fb000000.graphics", "gpu", NULL,
             "fb000000.graphics"},
            {"sys/devices/platform/fb000000.x", NULL, "panfrost",
             "fb000000.x"},
        };

    (void)state;
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        void           *fresh;
        struct fixture *f;
        char           *path;
        assert_int_equal(set_up(&fresh), 0);
        f = fresh;
        devfreq(f, "sys/devices/13e00000.host1x/15340000.vic", "vic",
                "1\n", "5\n");
        devfreq(f, "sys/devices/13e00000.host1x/15480000.nvdec", "nvdec",
                "1\n", NULL);
        devfreq(f, boards[i].device, boards[i].node, "200000000\n", "873\n");
        path = mem_printf("%s/driver", boards[i].device);
        if (boards[i].driver)
            temp_link(&f->tree, path, boards[i].driver);
        free(path);
        path = mem_printf("%s/panfrost/bind", boards[i].device);
        temp_text(&f->tree, path, "");
        free(path);
        look(f);
        assert_string_equal(reading_get_text(&f->r, READ_gpu_devfreq_name),
                            boards[i].name);
        assert_number(f, READ_gpu_freq_hz, 200e6);
        assert_number(f, READ_gpu_min_freq_hz, 100e6);
        assert_number(f, READ_gpu_max_freq_hz, 800e6);
        assert_number(f, READ_gpu_hw_max_freq_hz, 900e6);
        assert_number(f, READ_gpu_freqs_available, 3);
        assert_number(f, READ_gpu_load_pct, 87.3);
        tear_down(&fresh);
    }
}

static void test_engines_beside_the_gpu_are_none(void **state)
{
    static const char *const others[] = {"vic", "nvdla0", "pva0", "nvenc",
                                         "npu", "gpubw", "dmc"};
    struct fixture *f = *state;

    is_jetson(f);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *device = mem_printf("sys/devices/1500000%zu.%s", i, others[i]);
        devfreq(f, device, others[i], "1\n", "5\n");
        free(device);
    }
    look(f);
    assert_why(f, READ_gpu_devfreq_name, "no GPU");
    assert_why(f, READ_gpu_load_pct, "no GPU");
    assert_number(f, READ_gpu_freq_hz, NAN);
}

/* What a driver may tell is left to the driver's probe. */
static void test_a_pc_without_devfreq_says_so(void **state)
{
    struct fixture *f = *state;

    look(f);
    assert_why(f, READ_gpu_suspended, "no GPU");
    assert_why(f, READ_gpu_min_freq_hz, "no GPU");
    assert_null(f->r.values[READ_gpu_load_pct].why);
}

static void test_the_load_where_each_jetpack_has_it(void **state)
{
    static const char *const places[] = {
        "sys/devices/gpu.0/load", "sys/devices/platform/gpu.0/load",
        "sys/devices/17000000.ga10b/load",
        "sys/devices/platform/17000000.gpu/load",
        "sys/devices/platform/bus@0/17000000.gpu/load",
    };
    struct fixture *f = *state;

    is_jetson(f);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = temp_path(&f->tree, places[i]);
        temp_text(&f->tree, places[i], "460\n");
        look(f);
        assert_number(f, READ_gpu_load_pct, 46);
        temp_remove(path);
        free(path);
    }
}

static void test_loads_that_are_sound(void **state)
{
    static const struct { const char *text; double pct; } cases[] = {
        {"0\n", 0}, {"1000", 100}, {"12@300000000Hz\n", 12},
        {"1001", NAN}, {"-5", NAN}, {"", NAN}, {"abc", NAN}, {"5 5", NAN},
        {"9223372036854775808", NAN}, {"12@", NAN}, {"101@5Hz", NAN},
    };
    struct fixture *f = *state;

    devfreq(f, "sys/devices/17000000.gpu", "gpu", "5\n", "0\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        temp_text(&f->tree, "sys/devices/17000000.gpu/load", cases[i].text);
        look(f);
        assert_number(f, READ_gpu_load_pct, cases[i].pct);
        if (isnan(cases[i].pct))
            assert_why(f, READ_gpu_load_pct, "device/load");
    }
}

static void test_a_suspended_gpu_has_the_load_that_it_tells(void **state)
{
    struct fixture *f = *state;

    devfreq(f, "sys/devices/17000000.gpu", "gpu", "0\n", NULL);
    look(f);
    assert_number(f, READ_gpu_suspended, NAN);
    assert_why(f, READ_gpu_load_pct, "not there");
    PUT(f, {"sys/devices/17000000.gpu/power/runtime_status", "suspended\n"});
    look(f);
    assert_number(f, READ_gpu_suspended, 1);
    assert_number(f, READ_gpu_freq_hz, 0);
    assert_why(f, READ_gpu_load_pct, "suspended");
    PUT(f, {"sys/devices/17000000.gpu/load", "0\n"});
    look(f);
    assert_number(f, READ_gpu_load_pct, 0);
    PUT(f, {"sys/devices/17000000.gpu/power/runtime_status", "active\n"});
    look(f);
    assert_number(f, READ_gpu_suspended, 0);
    PUT(f, {"sys/devices/17000000.gpu/power/runtime_status", "unsupported\n"},
        {"sys/devices/17000000.gpu/is_railgated", "yes\n"});
    look(f);
    assert_number(f, READ_gpu_suspended, 1);
}

static void test_clocks_that_cannot_be_are_missing(void **state)
{
    static const char *const bad[] = {"", "-1\n", "9223372036854775808\n",
                                      "fast\n", "<unknown>\n", "1 2\n"};
    struct fixture *f = *state;

    devfreq(f, "sys/devices/17000000.gpu", "gpu", "5\n", "0\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        static const char *const paths[] = {
            "sys/devices/17000000.gpu/devfreq/17000000.gpu/cur_freq",
            "sys/devices/17000000.gpu/devfreq/17000000.gpu/max_freq",
            CPU "cpufreq/policy0/scaling_cur_freq",
            CPU "cpufreq/policy0/cpuinfo_max_freq",
            CPU "cpufreq/policy0/scaling_max_freq",
            EMC "rate", "sys/kernel/nvpmodel_clk_cap/emc"};
        for (size_t k = 0; k < sizeof paths / sizeof *paths; k++)
            temp_text(&f->tree, paths[k], bad[i]);
        look(f);
        assert_number(f, READ_gpu_freq_hz, NAN);
        assert_number(f, READ_gpu_max_freq_hz, NAN);
        assert_number(f, READ_cpu_max_freq_hz, NAN);
        assert_number(f, READ_cpu_max_freq_hz_now, NAN);
        assert_number(f, READ_emc_freq_hz, NAN);
        assert_number(f, READ_emc_cap_hz, NAN);
        assert_why(f, READ_cpu_freqs_hz, "scaling_cur_freq");
    }
}

/* ---- processors -------------------------------------------------------- */

static void test_clocks_of_the_processors_by_policy(void **state)
{
    struct fixture *f = *state;

    PUT(f, {CPU "cpufreq/policy0/scaling_cur_freq", "1200000\n"},
        {CPU "cpufreq/policy0/scaling_max_freq", "1500000\n"},
        {CPU "cpufreq/policy0/cpuinfo_max_freq", "1984000\n"},
        {CPU "cpufreq/policy10/scaling_cur_freq", "0\n"},
        {CPU "cpufreq/policy10/scaling_max_freq", "1400000\n"},
        {CPU "cpufreq/policy10/cpuinfo_max_freq", "1728000\n"},
        {CPU "cpufreq/boost", "1\n"});
    look(f);
    assert_int_equal(f->r.values[READ_cpu_freqs_hz].n, 2);
    assert_true(reading_find(&f->r, READ_cpu_freqs_hz, "policy0") == 1.2e9);
    assert_true(reading_find(&f->r, READ_cpu_freqs_hz, "policy10") == 0);
    assert_number(f, READ_cpu_max_freq_hz, 1.984e9);
    assert_number(f, READ_cpu_max_freq_hz_now, 1.5e9);
    assert_why(f, READ_cpu_actual_freq_hz, "needs root");
    PUT(f, {CPU "cpufreq/policy0/cpuinfo_cur_freq", "1100000\n"});
    look(f);
    assert_number(f, READ_cpu_actual_freq_hz, 1.1e9);
}

static void test_clocks_by_processor_on_old_kernels(void **state)
{
    struct fixture *f = *state;

    PUT(f, {CPU "cpu0/cpufreq/scaling_cur_freq", "1200000\n"},
        {CPU "cpu3/cpufreq/scaling_cur_freq", "1300000\n"},
        {CPU "cpuidle/cpufreq/scaling_cur_freq", "5\n"});
    look(f);
    assert_int_equal(f->r.values[READ_cpu_freqs_hz].n, 2);
    assert_true(reading_find(&f->r, READ_cpu_freqs_hz, "cpu3") == 1.3e9);
}

static void test_clocks_are_locked_when_all_of_them_are(void **state)
{
    struct fixture *f = *state;

    look(f);
    assert_number(f, READ_clocks_locked, NAN);
    PUT(f, {CPU "cpufreq/policy0/scaling_min_freq", "1500000\n"},
        {CPU "cpufreq/policy0/scaling_max_freq", "1500000\n"});
    look(f);
    assert_number(f, READ_clocks_locked, NAN);
    devfreq(f, "sys/devices/17000000.gpu", "gpu", "5\n", "0\n");
    look(f);
    assert_number(f, READ_clocks_locked, 0);
    PUT(f, {"sys/devices/17000000.gpu/devfreq/17000000.gpu/min_freq",
            "800000000\n"});
    look(f);
    assert_number(f, READ_clocks_locked, 1);
    PUT(f, {CPU "cpufreq/policy4/scaling_min_freq", "100000\n"},
        {CPU "cpufreq/policy4/scaling_max_freq", "1500000\n"});
    look(f);
    assert_number(f, READ_clocks_locked, 0);
}

static void test_processors_that_run_and_that_do_not(void **state)
{
    struct fixture *f = *state;

    look(f);
    assert_number(f, READ_cpu_online, NAN);
    PUT(f, {"proc/stat", "cpu  1 1 1\ncpu0 1 1\ncpu2 1 1\nintr 5\ncpu 3 4\n"});
    look(f);
    assert_number(f, READ_cpu_online, 2);
    assert_why(f, READ_cpu_offline, "present");
    /* The first cannot be turned off and has no such file. */
    PUT(f, {CPU "cpu0/topology/core_id", "0\n"}, {CPU "cpu1/online", "1\n"},
        {CPU "cpu2/online", "0\n"}, {CPU "cpu10/online", "0\n"},
        {CPU "cpufreq/x", ""});
    look(f);
    assert_number(f, READ_cpu_online, 2);
    assert_int_equal(f->r.values[READ_cpu_offline].n, 2);
    assert_true(f->r.values[READ_cpu_offline].items[1].number == 10);
    /* More are possible than are there. */
    PUT(f, {CPU "present", "0-11\n"}, {CPU "online", "0-7,9\n"},
        {CPU "offline", "8,10-63\n"});
    look(f);
    assert_number(f, READ_cpu_online, 9);
    assert_int_equal(f->r.values[READ_cpu_offline].n, 3);
    PUT(f, {CPU "online", "0-11\n"});
    look(f);
    assert_int_equal(f->r.values[READ_cpu_offline].n, 0);
    assert_true(f->r.values[READ_cpu_offline].is_set);
}

static void test_lists_of_processors(void **state)
{
    static const struct { const char *text; int n; } cases[] = {
        {"0-3\n", 4}, {"0", 1}, {"0,2-3,7\n", 4}, {"\n", 0}, {"", 0},
        {"3-1", -1}, {"-1", -1}, {"0-", -1}, {"0,", -1}, {"a", -1},
        {"0-4294967295", -1}, {"8192", -1}, {"8191", 1}, {"0 1", -1},
        {"99999999999999999999999", -1},
    };
    struct cpu_set set;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = 0;
        assert_int_equal(cpus_parse(cases[i].text, &set), cases[i].n >= 0);
        for (size_t k = 0; k < CPUS_MAX; k++) n += set.has[k];
        if (cases[i].n >= 0) assert_int_equal(n, cases[i].n);
    }
}

/* ---- the power mode's limits ------------------------------------------- */

static void test_what_the_power_mode_allows(void **state)
{
    struct fixture *f = *state;

    look(f);
    assert_why(f, READ_gpu_mode_max_freq_hz, "no power mode");
    devfreq(f, "sys/devices/17000000.gpu", "gpu", "5\n", "0\n");
    PUT(f, {CPU "cpufreq/policy0/cpuinfo_max_freq", "1984000\n"},
        {"var/lib/nvpmodel/status", "pmode:0001\n"},
        {"etc/nvpmodel.conf",
         "< POWER_MODEL ID=1 NAME=10W >\nGPU MAX_FREQ 612000000\n"
         "CPU_0 MAX_FREQ 1190400\n< POWER_MODEL ID=2 NAME=MAXN >\n"
         "GPU MAX_FREQ -1\nCPU_0 MAX_FREQ 3000000\n"
         "< POWER_MODEL ID=3 NAME=BARE >\n"});
    look(f);
    assert_number(f, READ_gpu_mode_max_freq_hz, 612e6);
    assert_number(f, READ_cpu_mode_max_freq_hz, 1190.4e6);
    PUT(f, {"var/lib/nvpmodel/status", "pmode:0002\n"});
    look(f);
    assert_number(f, READ_gpu_mode_max_freq_hz, 900e6);
    assert_number(f, READ_cpu_mode_max_freq_hz, 1984e6);
    PUT(f, {"var/lib/nvpmodel/status", "pmode:0003\n"});
    look(f);
    assert_why(f, READ_cpu_mode_max_freq_hz, "sets no highest processor");
    PUT(f, {"var/lib/nvpmodel/status", "pmode:0007\n"});
    look(f);
    assert_number(f, READ_gpu_mode_max_freq_hz, NAN);
}

/* ---- memory clock ------------------------------------------------------ */

static void test_the_memory_clock_for_root_alone(void **state)
{
    struct fixture *f = *state;

    look(f);
    assert_why(f, READ_emc_freq_hz, "only a Jetson");
    is_jetson(f);
    look(f);
    assert_string_equal(f->r.values[READ_emc_freq_hz].why,
                        "needs root: /" EMC "rate");
    assert_why(f, READ_emc_load_pct, "mc_all");
    assert_why(f, READ_emc_cap_hz, "nvpmodel_emc_cap");
    PUT(f, {EMC "rate", "3199000000\n"},
        {"sys/kernel/debug/cactmon/mc_all", "63980000\n"},
        {"sys/kernel/nvpmodel_clk_cap/emc", "2133000000\n"});
    look(f);
    assert_number(f, READ_emc_freq_hz, 3199e6);
    assert_number(f, READ_emc_load_pct, 20);
}

static void test_a_memory_clock_of_zero_divides_nothing(void **state)
{
    struct fixture *f = *state;

    is_jetson(f);
    PUT(f, {EMC "rate", "0\n"},
        {"sys/kernel/actmon_avg_activity/mc_all", "5\n"},
        {"sys/kernel/nvpmodel_emc_cap/emc_iso_cap", "0\n"});
    look(f);
    assert_number(f, READ_emc_freq_hz, 0);
    assert_number(f, READ_emc_load_pct, NAN);
    assert_why(f, READ_emc_cap_hz, "no value");
    PUT(f, {EMC "max_rate", "1600000000\n"});
    look(f);
    assert_number(f, READ_emc_cap_hz, 1600e6);
}

/* ---- many times a second ----------------------------------------------- */

static void test_what_is_worth_watching(void **state)
{
    struct fixture   *f = *state;
    struct watch_list list = {0};
    size_t            cpus = 0, gpus = 0;

    devfreq(f, "sys/devices/17000000.gpu", "gpu", "5\n", "873\n");
    for (int i = 0; i < 100; i++) {
        char *path = mem_printf(CPU "cpufreq/policy%d/scaling_cur_freq", i);
        temp_text(&f->tree, path, "1000\n");
        free(path);
    }
    probe_clocks.watch(f->tree.root, &list);
    for (size_t i = 0; i < list.n; i++) {
        const struct watch_item *item = &list.items[i];
        if (item->field == SAMPLE_gpu_load_pct) {
            assert_true(item->parse("873\n") == 87.3);
            assert_true(item->period_s == 0.1);
        } else if (item->field == SAMPLE_cpu_freq_hz) {
            assert_true(item->scale == 1000 && item->merge == WATCH_MAX);
            cpus++;
        }
        gpus += strstr(item->path, "gpu") != NULL;
    }
    assert_int_equal(gpus, 3);
    assert_in_range(cpus, 14, 16);
    watch_list_done(&list);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_gpu_of_every_generation),
        IN_TREE(test_a_pc_without_devfreq_says_so),
        IN_TREE(test_engines_beside_the_gpu_are_none),
        IN_TREE(test_the_load_where_each_jetpack_has_it),
        IN_TREE(test_loads_that_are_sound),
        IN_TREE(test_a_suspended_gpu_has_the_load_that_it_tells),
        IN_TREE(test_clocks_that_cannot_be_are_missing),
        IN_TREE(test_clocks_of_the_processors_by_policy),
        IN_TREE(test_clocks_by_processor_on_old_kernels),
        IN_TREE(test_clocks_are_locked_when_all_of_them_are),
        IN_TREE(test_processors_that_run_and_that_do_not),
        cmocka_unit_test(test_lists_of_processors),
        IN_TREE(test_what_the_power_mode_allows),
        IN_TREE(test_the_memory_clock_for_root_alone),
        IN_TREE(test_a_memory_clock_of_zero_divides_nothing),
        IN_TREE(test_what_is_worth_watching),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
