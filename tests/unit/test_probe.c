/* SPDX-License-Identifier: MIT */
/* test_probe.c - what src/probe/probe.h promises of memory, time and one
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

/* ---- memory, swap, time -------------------------------------------------- */

/* What the probe makes of the tree; reading_done() frees it. */
static struct reading read_procfs(const struct temp_tree *t)
{
    struct reading r;

    reading_init(&r);
    probe_procfs.read(t->root, &r);
    return r;
}

static void test_memory_and_swap_are_read_in_bytes(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;

    temp_text(t, "proc/meminfo", "MemTotal:       16031336 kB\n"
              "MemFree:         4210000 kB\nMemAvailable:    9786368 kB\n"
              "SwapTotal:       8015616 kB\nSwapFree:        7991040 kB\n"
              "NvMapMemFree: 100 kB\nNvMapMemUsed: 3670016 kB\n");
    r = read_procfs(t);
    assert_true(reading_get(&r, READ_mem_total_bytes) == 16031336.0 * 1024);
    assert_true(reading_get(&r, READ_mem_free_bytes) == 4210000.0 * 1024);
    assert_true(reading_get(&r, READ_mem_available_bytes) ==
                9786368.0 * 1024);
    assert_true(reading_get(&r, READ_nvmap_used_bytes) == 3670016.0 * 1024);
    assert_true(reading_get(&r, READ_swap_total_bytes) == 8015616.0 * 1024);
    assert_true(reading_get(&r, READ_swap_used_bytes) == 24576.0 * 1024);
    assert_true(isnan(reading_get(&r, READ_swap_is_zram)));
    assert_true(isnan(reading_get(&r, READ_cpu_busy_s)));
    assert_non_null(r.values[READ_cpu_busy_s].why);
    reading_done(&r);
}

static void test_swap_is_zram_when_all_of_it_is(void **state)
{
    static const struct { const char *lines; double zram, total, used; }
        cases[] = {
            {"", 0, 0, 0},
            {"/dev/zram0 partition 100 3 5\n/dev/zram1\tpartition\t100\t4\t5\n",
             1, 204800, 7168},
            {"/dev/zram0 partition 100 0 5\n/var/swap file 50 1 -2\n",
             0, 153600, 1024},
            {"/swap\\040file file 50 0 -2\n", 0, 51200, 0},
            {"/home/zram0 file 50 0 -2", 0, 51200, 0},
            {"/dev/zram0 partition 100\n", NAN, NAN, NAN},
            {"/dev/zram0 partition -100 3 5\n", NAN, NAN, NAN},
            {"/dev/zram0 partition 3 100 5\n", NAN, NAN, NAN},
            {"/dev/zram0 partition 9223372036854775808 3 5\n", NAN, NAN, NAN},
            {"/dev/zram0 partition abc 3 5\n", NAN, NAN, NAN},
        };
    struct temp_tree *t = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("Filename Type Size Used Priority\n%s",
                                cases[i].lines);
        struct reading r;
        temp_text(t, "proc/swaps", text);
        r = read_procfs(t);
        if (isnan(cases[i].zram)) {
            assert_true(isnan(reading_get(&r, READ_swap_is_zram)));
            assert_true(isnan(reading_get(&r, READ_swap_total_bytes)));
        } else {
            assert_true(reading_get(&r, READ_swap_is_zram) == cases[i].zram);
            assert_true(reading_get(&r, READ_swap_total_bytes) ==
                        cases[i].total);
            assert_true(reading_get(&r, READ_swap_used_bytes) ==
                        cases[i].used);
        }
        reading_done(&r);
        free(text);
    }
}

static void test_a_machine_without_swap_uses_none(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;

    temp_text(t, "proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 0 kB\n"
                                 "SwapFree: 0 kB");
    r = read_procfs(t);
    assert_true(reading_get(&r, READ_swap_used_bytes) == 0);
    assert_true(reading_get(&r, READ_swap_is_zram) == 0);
    assert_true(isnan(reading_get(&r, READ_mem_available_bytes)));
    reading_done(&r);
}

static void test_cpu_time_counts_work_and_not_waiting(void **state)
{
    struct temp_tree *t = *state;
    struct reading    r;
    double            ticks = (double)sysconf(_SC_CLK_TCK);

    temp_text(t, "proc/stat", "cpu  100 20 3 999999 888888 40 5 6 77 88\n"
                              "cpu0 1 1 1 1 1 1 1 1 1 1\n");
    r = read_procfs(t);
    assert_true(reading_get(&r, READ_cpu_busy_s) ==
                (100 + 20 + 3 + 40 + 5) / ticks);
    assert_true(reading_get(&r, READ_cpu_stolen_s) == 6 / ticks);
    reading_done(&r);
}

static void test_memory_stall_is_of_the_full_line(void **state)
{
    static const struct { const char *text; double pct; } cases[] = {
        {"some avg10=9.00 avg60=0.00 avg300=0.00 total=5\n"
         "full avg10=1.25 avg60=0.00 avg300=0.00 total=7\n", 1.25},
        {"full avg10=100.00 avg60=0.00 avg300=0.00 total=7\n", 100},
        {"full avg10=101.00 total=7\n", NAN}, {"full avg10=-1.00\n", NAN},
        {"full avg10=1\n", NAN}, {"full avg10=1.5\n", NAN},
        {"some avg10=1.25 total=7\n", NAN}, {"", NAN},
        {"full total=7\navg10=1.25\n", NAN},
    };
    struct temp_tree *t = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading r;
        double         pct;
        temp_text(t, "proc/pressure/memory", cases[i].text);
        r = read_procfs(t);
        pct = reading_get(&r, READ_memory_stall_pct);
        if (isnan(cases[i].pct)) assert_true(isnan(pct));
        else assert_true(pct == cases[i].pct);
        reading_done(&r);
    }
}

static void test_gpu_memory_by_process_on_every_jetson(void **state)
{
    static const char path[] = "sys/kernel/debug/nvmap/iovmm/clients";
    struct temp_tree *t = *state;
    struct reading    r = read_procfs(t);

    assert_non_null(strstr(r.values[READ_nvmap_clients_bytes].why,
                           "needs root and a Jetson"));
    reading_done(&r);
    temp_text(t, path,
              "CLIENT                PROCESS      PID        SIZE\n"
              "user          VLLM::EngineCor  1792595   14617792K\n"
              "user              Web Content     2599       1M\n"
              "user              Web Content     2600       1K\n"
              "user                  broken     2600        \n"
              "user                    huge     1 99999999999999999999K\n"
              "total                                  15319584K\n");
    r = read_procfs(t);
    assert_int_equal(r.values[READ_nvmap_clients_bytes].n, 2);
    assert_true(reading_find(&r, READ_nvmap_clients_bytes, "VLLM::EngineCor")
                == 14617792.0 * 1024);
    assert_true(reading_find(&r, READ_nvmap_clients_bytes, "Web Content") ==
                1048576 + 1024);
    reading_done(&r);
    temp_text(t, path, "CLIENT  PROCESS  PID  PSS  SIZE\n"
              "user  nvargus-daemon  4678  0K  76K\n"
              "total                       64K  76K\n");
    r = read_procfs(t);
    assert_int_equal(r.values[READ_nvmap_clients_bytes].n, 1);
    assert_true(reading_find(&r, READ_nvmap_clients_bytes, "nvargus-daemon")
                == 76 * 1024);
    reading_done(&r);
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
    struct temp_tree *t = *state;
    struct reading    r;

    for (size_t i = 0; i < sizeof meminfos / sizeof *meminfos; i++) {
        temp_text(t, "proc/meminfo", meminfos[i]);
        r = read_procfs(t);
        assert_true(isnan(reading_get(&r, READ_mem_total_bytes)));
        assert_true(isnan(reading_get(&r, READ_mem_available_bytes)));
        assert_true(isnan(reading_get(&r, READ_swap_used_bytes)));
        reading_done(&r);
    }
    temp_text(t, "proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 101 kB\n");
    r = read_procfs(t);
    assert_true(reading_get(&r, READ_mem_total_bytes) == 102400);
    assert_true(isnan(reading_get(&r, READ_mem_available_bytes)));
    reading_done(&r);
}

/* The value of one field as the sampler would compute it. */
static double sample(const struct temp_tree *t, enum sample_field field)
{
    struct watch_list list = {0};
    double            value = NAN;
    char              text[16384];

    probe_procfs.watch(t->root, &list);
    for (size_t i = 0; i < list.n; i++)
        if (list.items[i].field == field &&
            probe_file(t->root, list.items[i].path, text, sizeof text) >= 0)
            value = list.items[i].parse(text) * list.items[i].scale;
    watch_list_done(&list);
    return value;
}

static void test_what_is_watched_has_the_same_numbers(void **state)
{
    struct temp_tree *t = *state;
    double            ticks = (double)sysconf(_SC_CLK_TCK);

    assert_true(isnan(sample(t, SAMPLE_available_bytes)));
    temp_text(t, "proc/meminfo", "MemTotal: 200 kB\nMemAvailable: 100 kB\n");
    temp_text(t, "proc/stat", "cpu  1 1 1 9 9 1 1 7 1 1\n");
    temp_text(t, "proc/vmstat", "nr_free_pages 3\npswpin 5\npswpout 2\n");
    temp_text(t, "proc/pressure/memory",
              "some avg10=0.00 total=9\nfull avg10=0.00 total=2500000\n");
    assert_true(sample(t, SAMPLE_available_bytes) == 102400);
    assert_true(sample(t, SAMPLE_cpu_busy_s) == 5 / ticks);
    assert_true(sample(t, SAMPLE_cpu_stolen_s) == 7 / ticks);
    assert_true(sample(t, SAMPLE_swapped_bytes) ==
                7 * (double)sysconf(_SC_PAGESIZE));
    assert_true(fabs(sample(t, SAMPLE_memory_stall_s) - 2.5) < 1e-9);
    temp_text(t, "proc/pressure/memory", "full avg10=0.00 total=-1\n");
    temp_text(t, "proc/vmstat", "pswpin 5\n");
    assert_true(isnan(sample(t, SAMPLE_memory_stall_s)));
    assert_true(isnan(sample(t, SAMPLE_swapped_bytes)));
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

static void test_the_largest_allocation_is_memory_and_no_file(void **state)
{
    struct temp_tree     *t = *state;
    struct process_memory m;

    temp_text(t, "proc/42/maps",
              "10000-90000 r--p 00000000 08:01 7                /m/a.gguf\n"
              "100000-900000 ---p 00000000 00:00 0 \n"
              "1000000-1030000 rw-p 00000000 00:00 0 \n"
              "2000000-2040000 rw-p 00000000 00:00 0            [heap]\n"
              "3000000-3900000 rw-s 00000000 00:05 9   /dev/nvidia-uvm\n"
              "4000000-4900000 rw-s 00000000 00:01 12   /memfd:x (deleted)\n"
              "6000000-5000000 rw-p 00000000 00:00 0\n"
              "0-ffffffffffffffff rw-p 00000000 00:00 0\n");
    probe_process_memory(t->root, 42, NULL, &m);
    assert_true(m.largest_bytes == 0x40000);
    assert_true(isnan(m.mapped_bytes));
    temp_text(t, "proc/42/maps", "garbage\n10-\n10-20\n10-20 rw-p");
    probe_process_memory(t->root, 42, NULL, &m);
    assert_true(isnan(m.largest_bytes));
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
        assert_true(isnan(m.largest_bytes));
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

#define IN_TREE(test) \
    cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_memory_and_swap_are_read_in_bytes),
        IN_TREE(test_swap_is_zram_when_all_of_it_is),
        IN_TREE(test_a_machine_without_swap_uses_none),
        IN_TREE(test_cpu_time_counts_work_and_not_waiting),
        IN_TREE(test_memory_stall_is_of_the_full_line),
        IN_TREE(test_gpu_memory_by_process_on_every_jetson),
        IN_TREE(test_values_that_cannot_be_are_missing),
        IN_TREE(test_what_is_watched_has_the_same_numbers),
        IN_TREE(test_what_is_no_plain_file_is_not_read),
        cmocka_unit_test(test_a_value_is_a_whole_number_behind_its_key),
        IN_TREE(test_anonymous_memory_with_what_was_swapped_out),
        IN_TREE(test_each_mapped_byte_of_the_model_counts_once),
        IN_TREE(test_parts_of_a_split_model_count_together),
        IN_TREE(test_the_largest_allocation_is_memory_and_no_file),
        IN_TREE(test_hostile_mappings_are_no_memory),
        IN_TREE(test_a_process_that_is_gone_has_no_numbers),
        IN_TREE(test_our_own_mapping_is_seen_through_a_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
