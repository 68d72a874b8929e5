/* SPDX-License-Identifier: MIT */
/* test_machine.c - who this machine is: machine_read in src/probe/probe.h, on
 * made-up trees and on this machine. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <sys/utsname.h>

#include "probe/probe.h"
#include "temp_tree.h"

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

static void test_a_jetson_is_known_by_its_device_tree(void **state)
{
    static const char compatible[] = "nvidia,p3768-0000\0nvidia,tegra234";
    struct temp_tree *t = *state;
    struct machine    m;

    temp_write(t, "sys/firmware/devicetree/base/model",
               "NVIDIA Jetson Orin NX", 22);       /* with its NUL */
    temp_write(t, "sys/firmware/devicetree/base/compatible", compatible,
               sizeof compatible);
    temp_link(t, "proc/device-tree", "/sys/firmware/devicetree/base");
    temp_text(t, "proc/meminfo", "MemTotal: 16 kB\nMemAvailable: 8 kB\n");
    temp_text(t, "proc/cpuinfo",
              "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd42\n\n"
              "processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd42\n");
    temp_text(t, "proc/sys/kernel/osrelease", "5.15.148-tegra\n");
    temp_text(t, "etc/os-release",
              "NAME=x\nPRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\n");
    machine_read(t->root, &m);
    assert_string_equal(m.board, "NVIDIA Jetson Orin NX");
    assert_string_equal(m.cpu, "Cortex-A78AE");
    assert_string_equal(m.os, "Ubuntu 22.04.5 LTS");
    assert_string_equal(m.kernel, "5.15.148-tegra");
    assert_null(m.arch);
    assert_int_equal(m.cores, 2);
    assert_true(m.memory_bytes == 16384);
    assert_true(m.available_bytes == 8192);
    assert_true(m.reload_degrades);
    machine_done(&m);
}

/* In a copy of another board, an absolute link leads to this machine. */
static void test_a_link_out_of_a_copied_tree_is_not_followed(void **state)
{
    struct temp_tree *t = *state;
    char             *ours = temp_path(t, "ours"), *root = temp_path(t, "copy");
    struct machine    m;

    temp_text(t, "ours/model", "this machine");
    temp_text(t, "ours/compatible", "nvidia,tegra234");
    temp_link(t, "copy/proc/device-tree", ours);
    machine_read(root, &m);
    assert_null(m.board);
    assert_false(m.reload_degrades);
    machine_done(&m);
    free(ours);
    free(root);
}

static void test_reloading_degrades_on_tegra_alone(void **state)
{
    struct temp_tree *t = *state;
    struct machine    m;

    temp_text(t, "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0");
    temp_text(t, "proc/device-tree/compatible", "raspberrypi,5-model-b");
    machine_read(t->root, &m);
    assert_string_equal(m.board, "Raspberry Pi 5 Model B Rev 1.0");
    assert_false(m.reload_degrades);
    machine_done(&m);
    temp_text(t, "etc/nv_tegra_release", "# R36 (release), REVISION: 4.3\n");
    machine_read(t->root, &m);
    assert_true(m.reload_degrades);
    machine_done(&m);
}

static void test_a_pc_is_known_by_its_makers_words(void **state)
{
    static const struct { const char *vendor, *product, *board; } cases[] = {
        {"Example\n", "Mini PC\n", "Example Mini PC"},
        {"Example", "Example Mini PC", "Example Mini PC"},
        {"To Be Filled By O.E.M.", "Mini PC", "Mini PC"},
        {"Example", "System Product Name", NULL},
        {"", "\n", NULL},
        {"a\x1b[2Jb", "c", "a?[2Jb c"},
    };
    struct temp_tree *t = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct machine m;
        temp_text(t, "sys/devices/virtual/dmi/id/sys_vendor", cases[i].vendor);
        temp_text(t, "sys/devices/virtual/dmi/id/product_name",
                  cases[i].product);
        temp_text(t, "proc/cpuinfo", "processor : 0\n"
                  "model name\t: Some(R) CPU @ 2 GHz\nprocessor : 1\n");
        machine_read(t->root, &m);
        if (cases[i].board) assert_string_equal(m.board, cases[i].board);
        else assert_null(m.board);
        assert_string_equal(m.cpu, "Some(R) CPU @ 2 GHz");
        assert_int_equal(m.cores, 2);
        machine_done(&m);
    }
}

static void test_unlike_arm_cores_are_all_named(void **state)
{
    struct temp_tree *t = *state;
    struct machine    m;

    temp_text(t, "proc/cpuinfo",
              "CPU implementer : 0x41\nCPU part : 0xd05\n"
              "CPU implementer : 0x41\nCPU part : 0xd05\n"
              "CPU implementer : 0x41\nCPU part : 0xd0b\n"
              "CPU implementer : 0x41\nCPU part : 0xfff\n");
    machine_read(t->root, &m);
    assert_string_equal(m.cpu,
                        "Cortex-A55 + Cortex-A76 + ARM 0x41 part 0xfff");
    assert_int_equal(m.cores, -1);
    machine_done(&m);
}

static void test_names_of_systems_in_any_quotes(void **state)
{
    static const struct { const char *text, *os; } cases[] = {
        {"PRETTY_NAME=\"Debian GNU/Linux 12\"\n", "Debian GNU/Linux 12"},
        {"PRETTY_NAME='Arch'\n", "Arch"}, {"PRETTY_NAME=Void", "Void"},
        {"PRETTY_NAME=\"\"\n", NULL}, {"PRETTY_NAME=\"\n", NULL},
        {"PRETTY_NAME=", NULL}, {"NAME=x\n", NULL}, {"", NULL},
    };
    struct temp_tree *t = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct machine m;
        temp_text(t, "etc/os-release", cases[i].text);
        machine_read(t->root, &m);
        if (cases[i].os) assert_string_equal(m.os, cases[i].os);
        else assert_null(m.os);
        machine_done(&m);
    }
}

static void test_an_empty_tree_says_nothing(void **state)
{
    struct temp_tree *t = *state;
    struct machine    m;

    machine_read(t->root, &m);
    assert_null(m.board);
    assert_null(m.cpu);
    assert_null(m.os);
    assert_null(m.kernel);
    assert_null(m.arch);
    assert_int_equal(m.cores, -1);
    assert_true(isnan(m.memory_bytes));
    assert_true(isnan(m.available_bytes));
    assert_false(m.reload_degrades);
    machine_done(&m);
}

static void test_the_live_machine_is_this_one(void **state)
{
    struct machine m;
    struct utsname name;

    (void)state;
    machine_read("", &m);
    assert_int_equal(uname(&name), 0);
    assert_string_equal(m.kernel, name.release);
    assert_string_equal(m.arch, name.machine);
    assert_true(m.cores > 0);
    assert_true(m.memory_bytes > 0);
    machine_done(&m);
}

#define IN_TREE(test) \
    cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_a_jetson_is_known_by_its_device_tree),
        IN_TREE(test_a_link_out_of_a_copied_tree_is_not_followed),
        IN_TREE(test_reloading_degrades_on_tegra_alone),
        IN_TREE(test_a_pc_is_known_by_its_makers_words),
        IN_TREE(test_unlike_arm_cores_are_all_named),
        IN_TREE(test_names_of_systems_in_any_quotes),
        IN_TREE(test_an_empty_tree_says_nothing),
        cmocka_unit_test(test_the_live_machine_is_this_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
