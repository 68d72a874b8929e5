/* SPDX-License-Identifier: MIT */
/* Logs of several engine versions and backends (tests/corpus/engine_log) say
 * what stands beside each of them; nothing else is made of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "engine/engine_log.h"
#include "engine/log_cause.h"

#define MIB   1048576.0
#define LARGE (1u << 20)

static char *corpus(const char *name, const char *suffix)
{
    const char *tests = getenv("TEST_DIR");

    return mem_printf("%s/corpus/engine_log/%s%s", tests ? tests : "tests",
                      name, suffix);
}

/* Sizes stand in MiB, rounded to 0.01 each. */
static void expect_mib(const char *log, const char *what, double bytes,
                       const json_t *mib)
{
    if (!json_is_number(mib) ? !isnan(bytes)
        : !(fabs(bytes / MIB - json_number_value(mib)) < 0.02))
        fail_msg("%s: %s is %.2f MiB", log, what, bytes / MIB);
}

static void expect_pair(const char *log, const json_t *all, const char *key,
                        double host, double device)
{
    const json_t *pair = json_object_get(all, key);

    expect_mib(log, key, host, json_array_get(pair, 0));
    expect_mib(log, key, device, json_array_get(pair, 1));
}

static void expect_text(const char *log, const char *what, const char *text,
                        const json_t *wanted)
{
    const char *is = json_string_value(wanted);

    if (strcmp(text, is ? is : "") != 0)
        fail_msg("%s: %s is \"%s\"", log, what, text);
}

static int whole_or(const json_t *number, int other)
{
    return json_is_integer(number) ? (int)json_integer_value(number) : other;
}

static void check(const char *name, const struct engine_log *l,
                  const json_t *all)
{
    const json_t *layers  = json_object_get(all, "layers");
    const json_t *largest = json_object_get(all, "largest");
    const json_t *failed  = json_object_get(all, "failed");

    expect_pair(name, all, "weights", l->weights_host_bytes,
                l->weights_device_bytes);
    expect_pair(name, all, "kv", l->kv_host_bytes, l->kv_device_bytes);
    expect_pair(name, all, "compute", l->compute_host_bytes,
                l->compute_device_bytes);
    expect_mib(name, "output", l->output_bytes,
               json_object_get(all, "output"));
    expect_mib(name, "largest", l->largest_bytes, json_array_get(largest, 0));
    expect_text(name, "largest", l->largest, json_array_get(largest, 1));
    assert_int_equal(l->layers_on_gpu, whole_or(json_array_get(layers, 0), -1));
    assert_int_equal(l->layers, whole_or(json_array_get(layers, 1), -1));
    assert_int_equal(l->found_gpu,
                     whole_or(json_object_get(all, "found_gpu"), -1));
    expect_text(name, "gpu", l->gpu, json_object_get(all, "gpu"));
    expect_mib(name, "gpu_free", l->gpu_free_bytes,
               json_object_get(all, "gpu_free"));
    expect_mib(name, "failed", l->failed_bytes, json_array_get(failed, 0));
    expect_text(name, "failed", l->failed, json_array_get(failed, 1));
    expect_text(name, "failed", l->failed_where, json_array_get(failed, 2));
}

static double known(double bytes) { return isnan(bytes) ? 0 : bytes; }

/* Totals are of what is known, and NAN when nothing is. */
static void check_sums(const struct engine_log *l)
{
    double device = known(l->weights_device_bytes) +
                    known(l->kv_device_bytes) + known(l->compute_device_bytes);
    double host = known(l->weights_host_bytes) + known(l->kv_host_bytes) +
                  known(l->compute_host_bytes) + known(l->output_bytes);

    assert_int_equal(isnan(l->total_bytes), isnan(l->device_total_bytes));
    assert_true(fabs(known(l->total_bytes) - host - device) < 1);
    assert_true(fabs(known(l->device_total_bytes) - device) < 1);
    if (isnan(l->total_bytes)) assert_true(host + device == 0);
}

static void check_file(const char *name)
{
    char             *log_path = corpus(name, ".log");
    char             *json_path = corpus(name, ".json");
    struct bytes      log;
    struct err        err = {0};
    struct engine_log l;
    json_t           *all = jsonx_read(json_path, LARGE, &err);

    if (!all || bytes_read(&log, log_path, LARGE, &err))
        fail_msg("%s: %s", name, err.text);
    engine_log_read((const char *)log.data, log.size, &l);
    check(name, &l, all);
    check_sums(&l);
    bytes_done(&log);
    json_decref(all);
    free(json_path);
    free(log_path);
}

static void test_every_log_is_read_as_is_written_beside_it(void **state)
{
    char          *folder = corpus("", "");
    DIR           *d      = opendir(folder);
    struct dirent *e;
    size_t         n = 0;

    (void)state;
    assert_non_null(d);
    while ((e = readdir(d))) {
        char *dot = strrchr(e->d_name, '.');

        if (!dot || strcmp(dot, ".log") != 0) continue;
        *dot = '\0';
        check_file(e->d_name);
        n++;
    }
    closedir(d);
    free(folder);
    assert_true(n > 0);
}

static void read_text(const char *text, struct engine_log *l)
{
    engine_log_read(text, strlen(text), l);
}

static void test_no_log_says_nothing(void **state)
{
    struct engine_log l;

    (void)state;
    engine_log_read("", 0, &l);
    assert_true(isnan(l.total_bytes) && isnan(l.device_total_bytes));
    assert_true(isnan(l.gpu_free_bytes) && isnan(l.failed_bytes));
    assert_int_equal(l.found_gpu, -1);
    assert_int_equal(l.layers, -1);
    assert_string_equal(l.failed, "");
}

static void test_a_log_that_is_cut_anywhere_is_read(void **state)
{
    char             *path = corpus("oom-kv-tegra", ".log");
    struct bytes      log;
    struct err        err = {0};
    struct engine_log l;

    (void)state;
    assert_int_equal(bytes_read(&log, path, LARGE, &err), 0);
    for (size_t i = 0; i <= log.size; i++) {
        char *part = mem_copy_n((const char *)log.data, i);

        engine_log_read(part, i, &l);
        check_sums(&l);
        free(part);
    }
    assert_string_equal(l.failed, "KV cache");
    bytes_done(&log);
    free(path);
}

static void test_carriage_returns_and_colours_do_not_hide_a_size(void **state)
{
    struct engine_log l;

    (void)state;
    read_text("\033[32mload_tensors:        CUDA0 model buffer size =   "
              "352.00 MiB\033[0m\r\n", &l);
    assert_true(l.weights_device_bytes == 352 * MIB);
}

static void test_many_contexts_are_bounded(void **state)
{
    struct engine_log l;
    char             *text = mem_copy("");

    (void)state;
    for (int i = 0; i < 200; i++) {
        char *longer = mem_printf("%sx%d: CPU compute buffer size = 1 MiB\n",
                                  text, i);

        free(text);
        text = longer;
    }
    read_text(text, &l);
    assert_true(l.compute_host_bytes > 0 && l.compute_host_bytes <= 200 * MIB);
    free(text);
}

/* ---- which line is quoted ----------------------------------------------- */

static void expect_cause(const char *log, const char *wanted)
{
    char *cause = log_cause(log);

    assert_string_equal(cause, wanted);
    free(cause);
}

static void test_the_line_with_the_size_is_quoted(void **state)
{
    const char *log = "NvMapMemAllocInternalTagged: 1075072515 error 12\n"
                      "a: allocating 7024.00 MiB on device 0: cudaMalloc "
                      "failed: out of memory\nmain: error\n";

    (void)state;
    assert_true(log_says_out_of_memory(log));
    expect_cause(log, "a: allocating 7024.00 MiB on device 0: cudaMalloc "
                      "failed: out of memory");
}

static void test_memory_that_is_done_without_is_no_cause(void **state)
{
    const char *log = "warning: failed to mlock 5-byte buffer: Cannot "
                      "allocate memory\nggml_cuda_host_malloc: failed to "
                      "allocate 137.94 MiB of pinned memory: out of memory\n"
                      "x: invalid magic characters\n";

    (void)state;
    assert_false(log_says_out_of_memory(log));
    expect_cause(log, "x: invalid magic characters");
    expect_cause("all is well\n", "");
}

static void test_a_mapping_that_fails_is_a_cause(void **state)
{
    const char *log = "E error loading model: mmap failed: Cannot allocate "
                      "memory\nE failed to load model\n";

    (void)state;
    assert_true(log_says_out_of_memory(log));
    expect_cause(log, "E error loading model: mmap failed: Cannot allocate "
                      "memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_log_is_read_as_is_written_beside_it),
        cmocka_unit_test(test_no_log_says_nothing),
        cmocka_unit_test(test_a_log_that_is_cut_anywhere_is_read),
        cmocka_unit_test(test_carriage_returns_and_colours_do_not_hide_a_size),
        cmocka_unit_test(test_many_contexts_are_bounded),
        cmocka_unit_test(test_the_line_with_the_size_is_quoted),
        cmocka_unit_test(test_memory_that_is_done_without_is_no_cause),
        cmocka_unit_test(test_a_mapping_that_fails_is_a_cause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
