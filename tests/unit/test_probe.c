/* SPDX-License-Identifier: MIT */
/* test_probe.c - what src/probe/probe.h promises of the machine and of one
 * process, on made-up trees. What holds for every probe is in
 * tests/contract/test_probe_contract.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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

/* ---- reading ----------------------------------------------------------- */

static void test_memory_and_swap_are_read_in_bytes(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r;

    temp_text(t, "proc/meminfo", "MemTotal:       16031336 kB\n"
              "MemFree:         4210000 kB\nMemAvailable:    9786368 kB\n"
              "SwapTotal:       8015616 kB\nSwapFree:        7991040 kB\n");
    probe_read(t->root, &r);
    assert_true(r.memory_bytes == 16031336.0 * 1024);
    assert_true(r.available_bytes == 9786368.0 * 1024);
    assert_true(r.swap_used_bytes == (8015616.0 - 7991040.0) * 1024);
    assert_true(isnan(r.cpu_busy_s));
}

static void test_a_machine_without_swap_uses_none(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r;

    temp_text(t, "proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 0 kB\n"
                                 "SwapFree: 0 kB");
    probe_read(t->root, &r);
    assert_true(r.swap_used_bytes == 0);
    assert_true(isnan(r.available_bytes));
}

static void test_cpu_time_counts_work_and_not_waiting(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r;

    temp_text(t, "proc/stat", "cpu  100 20 3 999999 888888 40 5 6 77 88\n"
                              "cpu0 1 1 1 1 1 1 1 1 1 1\n");
    probe_read(t->root, &r);
    assert_true(r.cpu_busy_s ==
                (100 + 20 + 3 + 40 + 5 + 6) / (double)sysconf(_SC_CLK_TCK));
}

static void test_values_that_cannot_be_are_missing(void **state)
{
    static const char *const meminfos[] = {
        ("MemTotal: 9223372036854775808 kB\nMemAvailable: 18446744073709551615 "
         "kB\nSwapTotal: 9223372036854775808 kB\nSwapFree: 0 kB\n"),
        "MemTotal: 99999999999999999999999999 kB\nMemAvailable: -5 kB\n",
        "MemTotal: 0 kB\nMemAvailable: abc kB\nSwapTotal: 5 kB\nSwapFree: 6 kB",
        "MemTotal: 12x kB\nMemAvailable:\nSwapTotal: \nSwapFree: 1e3 kB\n",
        "MemTotalX: 100 kB\nXMemTotal: 100 kB\n",
    };
    struct temp_tree    *t = *state;
    struct probe_reading r;

    for (size_t i = 0; i < sizeof meminfos / sizeof *meminfos; i++) {
        temp_text(t, "proc/meminfo", meminfos[i]);
        probe_read(t->root, &r);
        assert_true(isnan(r.memory_bytes));
        assert_true(isnan(r.available_bytes));
        assert_true(isnan(r.swap_used_bytes));
    }
    temp_text(t, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 101 kB\n");
    probe_read(t->root, &r);
    assert_true(r.memory_bytes == 102400);
    assert_true(isnan(r.available_bytes));
}

static void test_what_is_no_plain_file_is_not_read(void **state)
{
    struct temp_tree *t = *state;
    char             *path = temp_path(t, "pipe");
    char              text[8] = "before";

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(probe_file(t->root, "/pipe", text, sizeof text), -1);
    assert_string_equal(text, "");
    assert_int_equal(probe_file(t->root, "/", text, sizeof text), -1);
    assert_int_equal(probe_file(t->root, "/absent", text, sizeof text), -1);
    temp_text(t, "long", "0123456789");
    assert_int_equal(probe_file(t->root, "/long", text, sizeof text), 7);
    assert_string_equal(text, "0123456");
    free(path);
}

static void test_a_value_is_a_whole_number_behind_its_key(void **state)
{
    static const struct { const char *text; double value; } cases[] = {
        {"a: 5", 5}, {"b: 1\na:\t 6 kB\n", 6}, {"a 7\n", 7},
        {"a: 9007199254740992", 0x1p53}, {"a: 9007199254740993", NAN},
        {"a: -1", NAN}, {"a: 1.5", NAN}, {"a: 0x10", NAN}, {"a:", NAN},
        {"ab: 5", NAN}, {"b a: 5", NAN}, {"", NAN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = probe_value(cases[i].text, "a");
        if (isnan(cases[i].value)) assert_true(isnan(value));
        else assert_true(value == cases[i].value);
    }
}

static void test_fields_are_described(void **state)
{
    size_t n = 0;

    (void)state;
    for (; probe_fields[n].name; n++) {
        assert_true(strlen(probe_fields[n].unit) > 0);
        assert_true(strlen(probe_fields[n].help) > 0);
    }
    assert_int_equal(n, sizeof(struct probe_reading) / sizeof(double));
}

/* ---- one process ------------------------------------------------------- */

static void test_anonymous_memory_with_what_was_swapped_out(void **state)
{
    struct temp_tree     *t = *state;
    struct process_memory m;

    temp_text(t, "proc/42/smaps_rollup",
              "00400000-7fff0000 ---p 00000000 00:00 0    [rollup]\n"
              "Rss:   900 kB\nAnonymous:       300 kB\n"
              "LazyFree: 1 kB\nSwap:     50 kB\nSwapPss: 20 kB\n");
    temp_text(t, "proc/42/status", "RssAnon:\t 7 kB\nVmSwap:\t 7 kB\n");
    probe_process_memory(t->root, 42, NULL, &m);
    assert_true(m.anon_bytes == 350 * 1024);
    assert_true(isnan(m.mapped_bytes));

    temp_text(t, "proc/43/status", "Name:\tx\nRssAnon:\t     120 kB\n"
                                   "VmSwap:\t       3 kB\n");
    probe_process_memory(t->root, 43, NULL, &m);
    assert_true(m.anon_bytes == 123 * 1024);
}

static void test_each_mapped_byte_of_the_model_counts_once(void **state)
{
    struct temp_tree     *t = *state;
    struct process_memory m;

    temp_text(t, "proc/42/maps",
              "10000-14000 r--p 00000000 08:01 7                /m/a.gguf\n"
              "20000-24000 r--p 00002000 08:01 7                /m/a.gguf\n"
              "30000-31000 r--s 00008000 08:01 7                /m/a.gguf\n"
              "40000-49000 r--p 00000000 08:01 8                /m/b.gguf\n"
              "50000-59000 r-xp 00000000 08:01 9                /m/a.gguf.so\n"
              "60000-69000 rw-p 00000000 00:00 0                [heap]\n"
              "70000-70000 r--p 00000000 08:01 7                /m/a.gguf\n");
    probe_process_memory(t->root, 42, "/m/a.gguf", &m);
    assert_true(m.mapped_bytes == 0x6000 + 0x1000);
    probe_process_memory(t->root, 42, "/m/none.gguf", &m);
    assert_true(m.mapped_bytes == 0);
}

static void test_parts_of_a_split_model_count_together(void **state)
{
    struct temp_tree     *t = *state;
    struct process_memory m;

    temp_text(t, "proc/42/maps",
              "10000-12000 r--p 00000000 08:01 7   /m/a-00001-of-00002.gguf\n"
              "20000-23000 r--p 00000000 08:01 8   /m/a-00002-of-00002.gguf\n"
              "30000-33000 r--p 00000000 08:01 9   /m/a-00001-of-00003.gguf\n");
    probe_process_memory(t->root, 42, "/m/a-00001-of-00002.gguf", &m);
    assert_true(m.mapped_bytes == 0x2000 + 0x3000);
}

static void test_hostile_mappings_are_no_memory(void **state)
{
    static const char *const lines[] = {
        "/m/a.gguf", "10-20/m/a.gguf", "zz-20 r--p 0 0 0 /m/a.gguf",
        "20-10 r--p 00000000 08:01 7 /m/a.gguf", "10-20 r-/m/a.gguf",
        "10-20 r--p ffffffffffffffff 08:01 7 /m/a.gguf",
        "0-ffffffffffffffff r--p 00000001 08:01 7 /m/a.gguf",
    };
    struct temp_tree     *t = *state;
    struct process_memory m;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        temp_text(t, "proc/42/maps", lines[i]);
        probe_process_memory(t->root, 42, "/m/a.gguf", &m);
        assert_true(m.mapped_bytes == 0);
    }
    temp_text(t, "proc/42/maps", "0-ffffffffffffff r--p 0 0 0 /m/a.gguf");
    probe_process_memory(t->root, 42, "/m/a.gguf", &m);
    assert_true(isnan(m.mapped_bytes));
}

static void test_a_process_that_is_gone_has_no_numbers(void **state)
{
    static const long     pids[] = {0, -1, 99};
    struct temp_tree     *t = *state;
    struct process_memory m;

    temp_text(t, "proc/99/maps", "");
    for (size_t i = 0; i < sizeof pids / sizeof *pids; i++) {
        probe_process_memory(t->root, pids[i], "/m/a.gguf", &m);
        assert_true(isnan(m.anon_bytes));
        assert_true(isnan(m.mapped_bytes));
    }
}

/* The kernel's own words: this process maps a file through a link. */
static void test_our_own_mapping_is_seen_through_a_link(void **state)
{
    struct temp_tree     *t = *state;
    char                 *bytes = mem_new(100000, 1), *link, *file;
    struct process_memory m;
    FILE                 *f;
    void                 *map;

    temp_write(t, "blobs/weights", bytes, 100000);
    temp_link(t, "model.gguf", "blobs/weights");
    link = temp_path(t, "model.gguf");
    file = temp_path(t, "blobs/weights");
    f = fopen(file, "rb");
    assert_non_null(f);
    map = mmap(NULL, 100000, PROT_READ, MAP_SHARED, fileno(f), 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    probe_process_memory("", getpid(), link, &m);
    assert_true(m.anon_bytes > 0);
    assert_true(m.mapped_bytes >= 100000 && m.mapped_bytes <= 200000);
    munmap(map, 100000);
    fclose(f);
    free(bytes);
    free(link);
    free(file);
}

/* ---- the machine ------------------------------------------------------- */

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
    temp_text(t, "etc/nv_tegra_release", "# R36 (release)\n");
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
        IN_TREE(test_memory_and_swap_are_read_in_bytes),
        IN_TREE(test_a_machine_without_swap_uses_none),
        IN_TREE(test_cpu_time_counts_work_and_not_waiting),
        IN_TREE(test_values_that_cannot_be_are_missing),
        IN_TREE(test_what_is_no_plain_file_is_not_read),
        cmocka_unit_test(test_a_value_is_a_whole_number_behind_its_key),
        cmocka_unit_test(test_fields_are_described),
        IN_TREE(test_anonymous_memory_with_what_was_swapped_out),
        IN_TREE(test_each_mapped_byte_of_the_model_counts_once),
        IN_TREE(test_parts_of_a_split_model_count_together),
        IN_TREE(test_hostile_mappings_are_no_memory),
        IN_TREE(test_a_process_that_is_gone_has_no_numbers),
        IN_TREE(test_our_own_mapping_is_seen_through_a_link),
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
