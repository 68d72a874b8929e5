/* SPDX-License-Identifier: MIT */
/* test_device_stream.c - what src/predict/stream.h promises: arrays beyond
 * the caches but within the memory, figures that are kept by machine. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "predict/stream.h"
#include "predict/stream_kernels.h"
#include "temp_tree.h"

#define MIB 1048576.0

static int make_tree(void **state)
{
    struct temp_tree *t = mem_new(1, sizeof *t);

    *state = t;
    if (temp_tree_init(t)) return -1;
    return setenv("XDG_CACHE_HOME", t->root, 1);
}

static int remove_tree(void **state)
{
    temp_tree_done(*state);
    free(*state);
    return 0;
}

static struct machine small_machine(void)
{
    return (struct machine){.cpu = (char *)"a processor", .cores = 2,
                            .kernel = (char *)"6.1", .memory_bytes = NAN,
                            .available_bytes = 256 * MIB};
}

static void test_arrays_are_beyond_the_caches(void **state)
{
    (void)state;
    assert_true(stream_array_bytes(64 * MIB, 64e9) == 256 * MIB);
    assert_true(stream_array_bytes(512 * 1024, 64e9) == 128 * MIB);
    assert_true(stream_array_bytes(0, NAN) == 128 * MIB);
    assert_true(stream_array_bytes(1536 * MIB, 1e12) == 4096 * MIB);
}

static void test_arrays_take_a_quarter_of_what_is_free(void **state)
{
    (void)state;
    /* A board with 512 MB, most of it in use. */
    assert_true(stream_array_bytes(512 * 1024, 200 * MIB) == 50 * MIB);
    assert_true(stream_array_bytes(512 * 1024, 40 * MIB) == 0);
    /* Nothing is said when the arrays would stay in the caches. */
    assert_true(stream_array_bytes(64 * MIB, 400 * MIB) == 0);
    assert_true(stream_array_bytes(0, 0) == 0);
}

static void cache(struct temp_tree *t, int index, const char *size,
                  const char *shared)
{
    char *at = mem_printf("sys/devices/system/cpu/cpu0/cache/index%d/size",
                          index);
    char *by = mem_printf("sys/devices/system/cpu/cpu0/cache/index%d/"
                          "shared_cpu_list", index);

    temp_text(t, at, size);
    if (shared) temp_text(t, by, shared);
    free(at);
    free(by);
}

static void test_the_last_caches_of_all_cores_count(void **state)
{
    struct temp_tree *t = *state;

    assert_true(stream_cache_bytes(t->root, 4) == 0);
    cache(t, 0, "32K\n", "0\n");
    cache(t, 2, "1024K\n", "0,4\n");
    cache(t, 3, "32768K\n", "0-7,16-23\n");
    assert_true(stream_cache_bytes(t->root, 16) == 32 * MIB);
    assert_true(stream_cache_bytes(t->root, 64) == 128 * MIB);
    assert_true(stream_cache_bytes(t->root, 2) == 32 * MIB);
}

static void test_garbage_about_caches_is_survived(void **state)
{
    static const char *const lists[] = {"", "x", "5-1", "0-99999999999999",
                                        "-", ",,", "0-", NULL};
    struct temp_tree *t = *state;

    for (size_t i = 0; lists[i]; i++) {
        cache(t, 3, "8M", lists[i]);
        assert_true(stream_cache_bytes(t->root, 1) == 8 * MIB);
    }
    cache(t, 3, "99999999999999999999999K", "0");
    assert_true(stream_array_bytes(stream_cache_bytes(t->root, 4), 1e9) == 0);
}

static void test_the_kernels_do_the_work_they_say(void **state)
{
    uint64_t words[64] __attribute__((aligned(64)));
    float    sink = 0;
    double   once = kernel_multiply_add(1, &sink);

    (void)state;
    for (size_t i = 0; i < 64; i++) words[i] = i + 1;
    assert_int_equal(kernel_sum(words, 64), 64 * 65 / 2);
    assert_true(once >= 24 && fmod(once, 24) == 0);
    assert_true(kernel_multiply_add(1000, &sink) == 1000 * once);
    assert_true(isfinite(sink));
    /* All 12 chains have come to 1, where x = 0.999 x + 0.001. */
    kernel_multiply_add(100000, &sink);
    assert_true(fabs((double)sink - 12) < 0.01);
}

static void test_figures_are_measured_once_and_kept(void **state)
{
    struct machine        m = small_machine();
    struct stream_figures first, second;
    struct err            err = {0};

    (void)state;
    assert_int_equal(stream_measure(&m, &first, &err), 0);
    assert_true(first.bandwidth_bytes_s > 1e6 && first.flops > 1e6);
    assert_int_equal(stream_measure(&m, &second, &err), 0);
    assert_true(first.bandwidth_bytes_s == second.bandwidth_bytes_s);
    assert_true(first.flops == second.flops);
}

static void keep(struct temp_tree *t, const char *figures)
{
    char *text = mem_printf(
        "{\"version\":1,\"key\":{\"board\":null,\"cpu\":\"a processor\","
        "\"cores\":2,\"kernel\":\"6.1\"},%s}", figures);

    temp_text(t, "audition/machine.json", text);
    free(text);
}

static void test_what_is_kept_is_of_this_machine_only(void **state)
{
    struct machine        m = small_machine();
    struct stream_figures f;
    struct err            err = {0};

    keep(*state, "\"bandwidth_bytes_s\":12345678.0,\"flops\":87654321.0");
    assert_int_equal(stream_measure(&m, &f, &err), 0);
    assert_true(f.bandwidth_bytes_s == 12345678.0 && f.flops == 87654321.0);
    m.available_bytes = 0;   /* another kernel: what is kept does not count, */
    m.kernel = (char *)"6.2";   /* and there is no memory to measure anew    */
    assert_int_equal(stream_measure(&m, &f, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_true(isnan(f.bandwidth_bytes_s) && isnan(f.flops));
}

static void test_a_damaged_file_is_as_good_as_none(void **state)
{
    static const char *const texts[] = {
        "\"bandwidth_bytes_s\":-1,\"flops\":1", "\"flops\":1",
        "\"bandwidth_bytes_s\":\"fast\",\"flops\":1",
        "\"bandwidth_bytes_s\":1e400,\"flops\":1", "\"x\":"};
    struct machine        m = small_machine();
    struct stream_figures f;

    m.available_bytes = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};
        keep(*state, texts[i]);
        assert_int_equal(stream_measure(&m, &f, &err), -1);
        assert_int_equal(err.kind, ERR_PREFLIGHT);
    }
}

static void test_a_cache_that_cannot_be_written_is_no_failure(void **state)
{
    struct machine        m = small_machine();
    struct stream_figures f;
    struct err            err = {0};

    temp_text(*state, "audition", "a file where a folder should be");
    m.cores = 1;
    assert_int_equal(stream_measure_again(&m, &f, &err), 0);
    assert_true(f.bandwidth_bytes_s > 0 && f.flops > 0);
}

#define TREE_TEST(name) \
    cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays_are_beyond_the_caches),
        cmocka_unit_test(test_arrays_take_a_quarter_of_what_is_free),
        TREE_TEST(test_the_last_caches_of_all_cores_count),
        TREE_TEST(test_garbage_about_caches_is_survived),
        cmocka_unit_test(test_the_kernels_do_the_work_they_say),
        TREE_TEST(test_figures_are_measured_once_and_kept),
        TREE_TEST(test_what_is_kept_is_of_this_machine_only),
        TREE_TEST(test_a_damaged_file_is_as_good_as_none),
        TREE_TEST(test_a_cache_that_cannot_be_written_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
