/* SPDX-License-Identifier: MIT */
/* test_probe_board.c - which board it is, its Jetson Linux and its power
 * mode, on made-up trees of every generation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "probe/nvpmodel.h"
#include "probe/probe.h"
#include "temp_tree.h"
#include "unit/reading_fixture.h"

#define BASE "sys/firmware/devicetree/base/"

static void look(struct fixture *f)
{
    reading_done(&f->r);
    reading_init(&f->r);
    probe_board.read(f->tree.root, &f->r);
}

static void assert_text(const struct fixture *f, enum reading_key key,
                        const char *wanted)
{
    const char *text = reading_get_text(&f->r, key);

    if (wanted && !text) fail_msg("%s: %s", reading_info[key].name,
                                  f->r.values[key].why);
    if (wanted) assert_string_equal(text, wanted);
    else assert_null(text);
    if (!wanted) assert_non_null(f->r.values[key].why);
}

/* Texts that end with a NUL each, as a device tree has them. */
static void tree_texts(const struct fixture *f, const char *name,
                       const char *first, const char *second,
                       const char *third)
{
    const char *all[] = {first, second, third};
    char        bytes[512], *path = mem_printf(BASE "%s", name);
    size_t      n = 0;

    for (size_t i = 0; i < 3 && all[i]; i++) {
        memcpy(bytes + n, all[i], strlen(all[i]) + 1);
        n += strlen(all[i]) + 1;
    }
    temp_write(&f->tree, path, bytes, n);
    free(path);
}

/* ---- names ------------------------------------------------------------- */

static void test_a_jetson_by_its_device_tree(void **state)
{
    struct fixture *f = *state;

    tree_texts(f, "model", "NVIDIA Some Jetson", NULL, NULL);
    tree_texts(f, "compatible", "nvidia,p1+p2", "nvidia,p2",
               "nvidia,tegra999");
    temp_link(&f->tree, "proc/device-tree", "/sys/firmware/devicetree/base");
    look(f);
    assert_text(f, READ_board_model, "NVIDIA Some Jetson");
    assert_int_equal(f->r.values[READ_board_compatible].n, 3);
    assert_true(reading_has_name(&f->r, READ_board_compatible,
                                 "nvidia,tegra999"));
    assert_true(reading_get(&f->r, READ_is_tegra) == 1);
    assert_text(f, READ_l4t_release, NULL);
    assert_text(f, READ_power_mode_name, NULL);
}

static void test_a_pi_and_a_pc_are_no_jetsons(void **state)
{
    struct fixture *f = *state;

    look(f);
    assert_true(isnan(reading_get(&f->r, READ_is_tegra)));
    temp_text(&f->tree, "proc/cpuinfo",
              "processor\t: 0\nvendor_id\t: SomeVendor\n"
              "model name\t: Some CPU  \n");
    look(f);
    assert_true(reading_get(&f->r, READ_is_tegra) == 0);
    assert_text(f, READ_cpu_model, "Some CPU");
    tree_texts(f, "model", "Raspberry Pi 4 Model B Rev 1.4", NULL, NULL);
    tree_texts(f, "compatible", "raspberrypi,4-model-b", "brcm,bcm2711", NULL);
    look(f);
    assert_true(reading_get(&f->r, READ_is_tegra) == 0);
    assert_text(f, READ_board_model, "Raspberry Pi 4 Model B Rev 1.4");
    assert_string_equal(f->r.values[READ_l4t_release].why, "not a Jetson");
    assert_string_equal(f->r.values[READ_power_mode_id].why, "not a Jetson");
}

static void test_words_that_nobody_filled_in_are_no_name(void **state)
{
    static const struct { const char *vendor, *product, *board; } cases[] = {
        {"Maker\n", "Box 1\n", "Maker Box 1"},
        {"Maker", "maker Box", "maker Box"},
        {"To Be Filled By O.E.M.", "Box", "Box"},
        {"Maker", "Default string", NULL}, {"Maker", "  \n", NULL},
        {"", "", NULL},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        temp_text(&f->tree, "sys/devices/virtual/dmi/id/sys_vendor",
                  cases[i].vendor);
        temp_text(&f->tree, "sys/devices/virtual/dmi/id/product_name",
                  cases[i].product);
        look(f);
        assert_text(f, READ_board_model, cases[i].board);
    }
}

static void test_kernel_and_uptime(void **state)
{
    static const struct { const char *text; double s; } cases[] = {
        {"3605.42 26120.10\n", 3605.42}, {"7\n", 7}, {"", NAN}, {"-1 2", NAN},
        {"9223372036854775808.00 1", NAN}, {"1e9 2", NAN}, {"x", NAN},
    };
    struct fixture *f = *state;

    temp_text(&f->tree, "proc/sys/kernel/osrelease", "5.15.148-tegra\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double s;
        temp_text(&f->tree, "proc/uptime", cases[i].text);
        look(f);
        s = reading_get(&f->r, READ_uptime_s);
        if (isnan(cases[i].s)) assert_true(isnan(s));
        else assert_true(fabs(s - cases[i].s) < 1e-9);
    }
    assert_text(f, READ_kernel, "5.15.148-tegra");
    assert_true(reading_get(&f->r, READ_is_tegra) == 1);
}

/* ---- Jetson Linux ------------------------------------------------------ */

static void test_releases_of_every_generation(void **state)
{
    static const struct { const char *text, *release; } cases[] = {
        {"# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic\n", "36.4.3"},
        {"# R35 (release), REVISION: 4.1, GCID: 1, BOARD: t186ref\n", "35.4.1"},
        {"# R32 (release), REVISION: 7.1, GCID: 1, BOARD: t210ref\n", "32.7.1"},
        {"# R32 (release), REVISION:  7, GCID: 1\n", "32.7"},
        {"# R36 (release), REVISION: , GCID\n", NULL},
        {"# R (release), REVISION: 4.3\n", NULL},
        {"# R36 (release)\n", NULL}, {"", NULL}, {"\xff\xfe", NULL},
        {"# R36 (release), REVISION: ....\n", NULL},
        {"# R99999999999999999999, REVISION: 4.3\n", NULL},
    };
    struct fixture *f = *state;

    tree_texts(f, "compatible", "nvidia,tegra234", NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        temp_text(&f->tree, "etc/nv_tegra_release", cases[i].text);
        look(f);
        assert_text(f, READ_l4t_release, cases[i].release);
    }
}

static void test_the_release_of_the_package_when_the_file_is_absent(
    void **state)
{
    struct fixture *f = *state;

    tree_texts(f, "compatible", "nvidia,tegra234", NULL, NULL);
    temp_text(&f->tree, "var/lib/dpkg/status",
              "Package: other\nDepends: nvidia-l4t-core\nVersion: 9.9\n\n"
              "Package: nvidia-l4t-core\nStatus: install ok installed\n"
              "Version: 36.4.4-20250616085344\nSection: x\n\n"
              "Package: z\nVersion: 1.0\n");
    look(f);
    assert_text(f, READ_l4t_release, "36.4.4");
    temp_text(&f->tree, "var/lib/dpkg/status",
              "Package: nvidia-l4t-core\nStatus: x\n\n"
              "Package: z\nVersion: 1.0\n");
    look(f);
    assert_text(f, READ_l4t_release, NULL);
}

/* ---- power modes ------------------------------------------------------- */

static const char conf[] =
    "# modes of a made-up board\n"
    "< PARAM TYPE=CLOCK NAME=GPU >\n"
    "MAX_FREQ /sys/devices/some/max_freq\n\n"
    "<POWER_MODEL   ID=0   NAME=MAXN>\n"
    "CPU_A MAX_FREQ -1\nGPU MIN_FREQ 5\nGPU MAX_FREQ 0\nEMC MAX_FREQ 0\n"
    "# < POWER_MODEL ID=7 NAME=COMMENT >\n"
    "< POWER_MODEL NAME=15W ID=2 >\n"
    "  CPU_ONLINE CORE_0 1\n  CPU_A  MAX_FREQ\t1200000\r\n"
    "  CPU_B MAX_FREQ 1400000\n  GPU MAX_FREQ 600000000\n"
    "< POWER_MODEL ID=3 NAME=BARE >\n"
    "CPU_ONLINE CORE_0 1\nGPU_POWER MAX_FREQ 5\nGPU MAX_FREQ abc\n"
    "< POWER_MODEL ID=4 NAME=TX >\n"
    "GPU MAX_FREQ 2147483647\nCPU_A MAX_FREQ 2147483647\n"
    "< POWER_MODEL ID=x NAME=BAD >\n< POWER_MODEL ID=5 >\n< POWER_MODEL\n"
    "< PM_CONFIG DEFAULT=2 >\nGPU MAX_FREQ 1\n";

static void test_modes_and_their_limits(void **state)
{
    static const struct { long id; const char *name; double gpu, cpu; }
        wanted[] = {
            {0, "MAXN", (double)INFINITY, (double)INFINITY},
            {2, "15W", 600e6, 1.4e9}, {3, "BARE", NAN, NAN},
            {4, "TX", (double)INFINITY, (double)INFINITY},
        };
    const char          *at = conf;
    struct nvpmodel_mode mode;

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(nvpmodel_next(&at, &mode));
        assert_int_equal(mode.id, wanted[i].id);
        assert_string_equal(mode.name, wanted[i].name);
        if (isnan(wanted[i].gpu)) {
            assert_true(isnan(mode.gpu_max_hz) && isnan(mode.cpu_max_hz));
        } else {
            assert_true(mode.gpu_max_hz == wanted[i].gpu);
            assert_true(mode.cpu_max_hz == wanted[i].cpu);
        }
    }
    assert_false(nvpmodel_next(&at, &mode));
    assert_false(nvpmodel_next(&at, &mode));
}

static void test_the_current_mode_by_its_id(void **state)
{
    static const struct { const char *status; double id; const char *name; }
        cases[] = {
            {"pmode:0002 fmode:fan_mode_quiet\n", 2, "15W"},
            {"pmode:0000", 0, "MAXN"}, {"pmode:0009\n", 9, NULL},
            {"pmode:-1", NAN, NULL}, {"pmode:abc", NAN, NULL},
            {"pmode:99999999999999999999", NAN, NULL}, {"", NAN, NULL},
            {"pmode:2x", NAN, NULL}, {"fmode:quiet\n", NAN, NULL},
        };
    struct fixture *f = *state;

    tree_texts(f, "compatible", "nvidia,tegra234", NULL, NULL);
    temp_text(&f->tree, "etc/nvpmodel/board.conf", conf);
    temp_link(&f->tree, "etc/nvpmodel.conf", "/etc/nvpmodel/board.conf");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double id;
        temp_text(&f->tree, "var/lib/nvpmodel/status", cases[i].status);
        look(f);
        id = reading_get(&f->r, READ_power_mode_id);
        if (isnan(cases[i].id)) assert_true(isnan(id));
        else assert_true(id == cases[i].id);
        assert_text(f, READ_power_mode_name, cases[i].name);
        assert_int_equal(f->r.values[READ_power_mode_names].n, 4);
    }
}

static void test_a_broken_link_falls_back_to_the_file_that_fits(void **state)
{
    static const struct {
        const char *one, *two, *three, *name;
    } boards[] = {
        {"nvidia,p3768-0000+p3767-0000-super", "nvidia,p3767-0000",
         "nvidia,tegra234", "p3767_0000_super"},
        {"nvidia,p3768-0000+p3767-0000", "nvidia,p3767-0000",
         "nvidia,tegra234", "p3767_0000"},
        {"nvidia,p3768-0000+p3767-0005-super", "nvidia,p3767-0005",
         "nvidia,tegra234", "p3767_0003_super"},
        {"nvidia,p3737-0000+p3701-0004", "nvidia,p3701-0004",
         "nvidia,tegra234", "p3701_0004"},
        {"nvidia,p3509-0000+p3668-0000", "nvidia,p3668-0000",
         "nvidia,tegra194", "t194_p3668"},
        {"nvidia,p2972-0000", "nvidia,tegra194", NULL, "t194"},
        {"nvidia,jetson-nano", "nvidia,tegra210", NULL, "t210_jetson-nano"},
        {"nvidia,p9999-0000", "nvidia,tegra999", NULL, NULL},
    };
    struct fixture *f = *state;

    temp_link(&f->tree, "etc/nvpmodel.conf", "/etc/gone/nvpmodel.conf");
    temp_text(&f->tree, "var/lib/nvpmodel/status", "pmode:0000\n");
    temp_text(&f->tree, "etc/nvpmodel/README", "no conf");
    temp_text(&f->tree, "etc/nvpmodel/nvpmodel_.conf", "no board");
    for (size_t i = 0; boards[i].name; i++) {
        char *path = mem_printf("etc/nvpmodel/nvpmodel_%s.conf",
                                boards[i].name);
        char *text = mem_printf("< POWER_MODEL ID=0 NAME=%s >\n",
                                boards[i].name);
        temp_text(&f->tree, path, text);
        free(path);
        free(text);
    }
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        tree_texts(f, "compatible", boards[i].one, boards[i].two,
                   boards[i].three);
        look(f);
        assert_text(f, READ_power_mode_name, boards[i].name);
    }
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_a_jetson_by_its_device_tree),
        IN_TREE(test_a_pi_and_a_pc_are_no_jetsons),
        IN_TREE(test_words_that_nobody_filled_in_are_no_name),
        IN_TREE(test_kernel_and_uptime),
        IN_TREE(test_releases_of_every_generation),
        IN_TREE(test_the_release_of_the_package_when_the_file_is_absent),
        cmocka_unit_test(test_modes_and_their_limits),
        IN_TREE(test_the_current_mode_by_its_id),
        IN_TREE(test_a_broken_link_falls_back_to_the_file_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
