/* SPDX-License-Identifier: MIT */
/* test_probe_rapl.c - energy counters of processors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "board_tree.h"

static const struct probe_ops *const rapl[] = {&probe_rapl, NULL};

/* Folder in /sys/class/powercap, a link as the kernel's. */
static void zone(struct temp_tree *t, const char *folder, const char *files)
{
    char *device = mem_printf("devices/virtual/powercap/%s", folder);
    char *link = mem_printf("sys/class/powercap/%s", folder);
    char *target = mem_printf("../../%s", device);

    board_files(t, device, files);
    temp_link(t, link, target);
    free(device);
    free(link);
    free(target);
}

static void one_package(struct temp_tree *t)
{
    zone(t, "intel-rapl", "enabled=1");
    zone(t, "intel-rapl-mmio", "enabled=1");
    zone(t, "intel-rapl-mmio:0", "name=package-0 energy_uj=1 "
         "max_energy_range_uj=1000");
    zone(t, "intel-rapl:0", "name=package-0 energy_uj=262140328850 "
         "max_energy_range_uj=262143328850");
    zone(t, "intel-rapl:0:0", "name=core energy_uj=12 "
         "max_energy_range_uj=262143328850");
    zone(t, "intel-rapl:0:1", "name=dram energy_uj=5000000000 "
         "max_energy_range_uj=65712999613");
}

static void test_zones_by_name_without_the_duplicate(void **state)
{
    struct reading r;

    one_package(*state);
    board_read(*state, rapl, &r);
    assert_int_equal(count(&r, READ_rapl_zones), 3);
    assert_item(&r, READ_rapl_energy_uj, "package-0", 262140328850);
    assert_item(&r, READ_rapl_max_energy_range_uj, "dram", 65712999613);
    assert_lacks(&r, READ_power_in_mw);
    reading_done(&r);
}

static void test_package_and_memory_are_watched_not_their_parts(void **state)
{
    struct watch_list w = {0};

    one_package(*state);
    probe_rapl.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 2);
    assert_string_equal(w.items[0].path,
                        "/sys/class/powercap/intel-rapl:0/energy_uj");
    assert_string_equal(w.items[1].path,
                        "/sys/class/powercap/intel-rapl:0:1/energy_uj");
    assert_true(fabs(w.items[1].wraps_at - 65712.999613) < 1e-6);
    watch_list_done(&w);
}

/* It may hold a GPU that has a counter of its own. */
static void test_the_whole_platform_is_no_package(void **state)
{
    struct watch_list w = {0};

    one_package(*state);
    zone(*state, "intel-rapl:1", "name=psys energy_uj=77 "
         "max_energy_range_uj=262143328850");
    probe_rapl.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 2);
    assert_string_equal(w.items[0].path,
                        "/sys/class/powercap/intel-rapl:0/energy_uj");
    watch_list_done(&w);
}

static void test_several_packages_are_told_apart(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    one_package(*state);
    zone(*state, "intel-rapl:1", "name=package-1 energy_uj=7");
    zone(*state, "intel-rapl:1:0", "name=dram energy_uj=8");
    board_read(*state, rapl, &r);
    assert_item(&r, READ_rapl_energy_uj, "dram", 5000000000);
    assert_item(&r, READ_rapl_energy_uj, "package-1/dram", 8);
    assert_int_equal(count(&r, READ_rapl_zones), 5);
    assert_int_equal(count(&r, READ_rapl_max_energy_range_uj), 3);
    probe_rapl.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 4);
    assert_true(isnan(w.items[2].wraps_at));
    watch_list_done(&w);
    reading_done(&r);
}

static void test_a_counter_that_is_root_s_says_so(void **state)
{
    struct reading    r;
    struct watch_list w = {0};

    zone(*state, "intel-rapl:0", "name=package-0 "
         "max_energy_range_uj=65532610987");
    board_read(*state, rapl, &r);
    assert_lacks(&r, READ_rapl_energy_uj);
    assert_non_null(strstr(r.values[READ_rapl_energy_uj].why, "needs root"));
    assert_non_null(strstr(r.values[READ_power_in_mw].why, "needs root"));
    assert_item(&r, READ_rapl_max_energy_range_uj, "package-0", 65532610987);
    probe_rapl.watch(((struct temp_tree *)*state)->root, &w);
    assert_int_equal(w.n, 0);
    reading_done(&r);
}

static void test_garbage_in_a_counter_is_missing(void **state)
{
    static const char *const bad[] = {"", "-1", "x", "18446744073709551616"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reading r;
        one_package(*state);
        temp_text(*state, "sys/class/powercap/intel-rapl:0/energy_uj", bad[i]);
        board_read(*state, rapl, &r);
        assert_true(isnan(reading_find(&r, READ_rapl_energy_uj, "package-0")));
        assert_item(&r, READ_rapl_energy_uj, "core", 12);
        reading_done(&r);
        temp_tree_done(*state);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, board_setup, board_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_zones_by_name_without_the_duplicate),
        TEST(test_package_and_memory_are_watched_not_their_parts),
        TEST(test_the_whole_platform_is_no_package),
        TEST(test_several_packages_are_told_apart),
        TEST(test_a_counter_that_is_root_s_says_so),
        TEST(test_garbage_in_a_counter_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
