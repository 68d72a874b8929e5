/* SPDX-License-Identifier: MIT */
/* test_nvml_gpus.c - what src/probe/nvml.h promises of several GPUs, of who
 * holds their memory, and of threads; figures of one: test_nvml.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>

#include "nvml_stage.h"

/* ---- several GPUs ------------------------------------------------------ */

static const char three[] =
    "gpus 3\n"
    "0.name Small\n0.cores 512\n0.load 1\n0.power 1000\n0.temperature 40\n"
    "0.energy 10\n0.total 1000000\n0.used 100\n0.compute 7:100\n0.clock 300\n"
    "1.name Large\n1.cores 9000\n1.load 2\n1.power 2000\n1.temperature 70\n"
    "1.energy 20\n1.total 2000000\n1.used 200\n1.compute 7:200\n1.clock 900\n"
    "1.reasons 4\n"
    "2.name Large\n2.cores 9000\n2.load 3\n2.power 3000\n2.temperature 60\n"
    "2.energy 30\n2.total 3000000\n2.used 300\n2.compute 8:50\n2.clock 950\n"
    "40.name Part\n40.total 500\n40.used 5\n40.power 0\n"
    "40.compute 9:5\n";

static void test_of_several_one_leads_and_the_rest_adds_up(void **state)
{
    json_t *r = answer_of(*state, three, a_reading), *list;

    /* As CUDA: the fastest first. */
    assert_string_equal(jsonx_text(r, "gpu_name"), "Large");
    assert_true(value_of(r, READ_gpu_load_pct) == 2);
    assert_true(value_of(r, READ_gpu_freq_hz) == 900e6);
    assert_true(value_of(r, READ_gpu_power_mw) == 6000);
    assert_true(value_of(r, READ_gpu_energy_mj) == 60);
    assert_true(value_of(r, READ_gpu_mem_total_bytes) == 6e6);
    assert_true(value_of(r, READ_gpu_mem_used_bytes) == 600);
    assert_true(value_of(r, READ_gpu_temp_c) == 70);
    list = json_object_get(r, "gpu_processes_bytes");
    assert_true(jsonx_number(list, "7") == 300);
    assert_true(jsonx_number(list, "8") == 50);
    assert_int_equal(
        json_array_size(json_object_get(r, "gpu_throttle_reasons")), 2);
    json_decref(r);
}

static void test_a_sum_without_one_of_them_is_missing(void **state)
{
    char   *script = mem_printf("2.total 0\n%s", three);
    json_t *r = answer_of(*state, script, a_reading);

    assert_non_null(why_missing(r, READ_gpu_mem_total_bytes));
    assert_non_null(why_missing(r, READ_gpu_mem_used_bytes));
    assert_true(value_of(r, READ_gpu_power_mw) == 6000);
    json_decref(r);
    free(script);
}

static void test_visible_devices_choose_as_cuda_does(void **state)
{
    static const struct { const char *list; double power_mw, load; } cases[] = {
        {"0", 2000, 2},            /* CUDA's 0 is the fastest              */
        {"1", 1000, 1}, {"2", 3000, 3},
        {"2,1", 4000, 3}, {" 2 , 0 ", 5000, 3},
        {"0,9,2", 2000, 2},        /* what is behind a bad entry is hidden */
        {"0,-1,2", 2000, 2}, {"0,0", 2000, 2}, {"0,", 2000, 2},
        {"GPU-2000-cafe", 3000, 3}, {"GPU-2,GPU-0", 4000, 3},
        {"MIG-beef", 0, 97},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *r = answer_with(*state, "CUDA_VISIBLE_DEVICES", cases[i].list,
                                three);
        if (!(value_of(r, READ_gpu_power_mw) == cases[i].power_mw) ||
            !(value_of(r, READ_gpu_load_pct) == cases[i].load))
            fail_msg("%s: %g mW, %g %%", cases[i].list,
                     value_of(r, READ_gpu_power_mw),
                     value_of(r, READ_gpu_load_pct));
        json_decref(r);
    }
}

static void test_no_visible_device_is_no_gpu(void **state)
{
    static const char *const lists[] = {"", "-1", "9", "NoDevFiles", "GPU-x",
                                        "0x1", ",0", "MIG-x"};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *r = answer_with(*state, "CUDA_VISIBLE_DEVICES", lists[i],
                                three);
        assert_all_missing(r, "names no GPU of this machine");
        json_decref(r);
    }
}

static void test_the_order_of_the_bus_is_kept_where_cuda_keeps_it(void **state)
{
    json_t *r = answer_with(*state, "CUDA_DEVICE_ORDER", "PCI_BUS_ID", three);

    assert_string_equal(jsonx_text(r, "gpu_name"), "Small");
    json_decref(r);
    /* All alike, or not told how fast: the same. */
    r = answer_of(*state, "gpus 2\n0.load 5\n1.load 6\n", a_reading);
    assert_true(value_of(r, READ_gpu_load_pct) == 5);
    json_decref(r);
    r = answer_of(*state, "fail.nvmlDeviceGetNumGpuCores 3\ngpus 2\n"
                  "0.load 5\n1.load 6\n", a_reading);
    assert_true(value_of(r, READ_gpu_load_pct) == 5);
    json_decref(r);
}

static void test_a_thousand_gpus_are_bounded(void **state)
{
    json_t *r = answer_of(*state, "gpus 4000000000\npower 1000\n", a_reading);

    assert_true(value_of(r, READ_gpu_power_mw) == NVML_GPUS_MAX * 1000.0);
    json_decref(r);
}

/* ---- who holds memory -------------------------------------------------- */

static void test_ours_is_found_in_both_lists_once(void **state)
{
    char    script[256];
    long    us = (long)getpid();
    json_t *b;

    snprintf(script, sizeof script, "gpus 2\n0.compute %ld:1000\n"
             "0.graphics %ld:1000\n1.compute %ld:500:1 %ld:70:2\n",
             us, us, us, us);
    b = answer_of(*state, script, our_bytes);
    assert_true(jsonx_number(b, "bytes") == 1570);
    assert_string_equal(jsonx_text(b, "source"), "NVML, by process");
    assert_true(jsonx_number(b, "used") == 12e9);
    assert_true(json_is_null(json_object_get(b, "why_not")));
    json_decref(b);
}

static void test_memory_that_the_driver_does_not_tell_is_missing(void **state)
{
    char    script[256];
    json_t *b, *r;

    snprintf(script, sizeof script, "compute %ld:18446744073709551615\n",
             (long)getpid());
    b = answer_of(*state, script, our_bytes);
    assert_true(json_is_null(json_object_get(b, "bytes")));
    assert_non_null(strstr(jsonx_text(b, "source"), "without its memory"));
    json_decref(b);
    r = answer_of(*state, script, a_reading);
    snprintf(script, sizeof script, "%ld", (long)getpid());
    assert_true(json_is_null(json_object_get(
        json_object_get(r, "gpu_processes_bytes"), script)));
    json_decref(r);
    b = answer_of(*state, "fail.nvmlDeviceGetComputeRunningProcesses_v2 3\n",
                  our_bytes);
    assert_true(json_is_null(json_object_get(b, "bytes")));
    assert_string_equal(jsonx_text(b, "source"),
        "nvmlDeviceGetComputeRunningProcesses_v2: Not Supported");
    json_decref(b);
}

static void test_a_list_that_grows_between_two_calls_is_read(void **state)
{
    json_t *r = answer_of(*state, "grows 1\n", a_reading);
    size_t  n = json_object_size(json_object_get(r, "gpu_processes_bytes"));

    assert_true(n >= 32 && n <= 40);
    json_decref(r);
    /* And one that never says the truth about its length ends. */
    r = answer_of(*state, "claims 4000000000\ncompute 5:5\n", a_reading);
    assert_int_equal(
        json_object_size(json_object_get(r, "gpu_processes_bytes")), 1);
    json_decref(r);
    r = answer_of(*state, "fail.nvmlDeviceGetComputeRunningProcesses_v2 7\n",
                  a_reading);
    assert_non_null(why_missing(r, READ_gpu_processes_bytes));
    json_decref(r);
}

static json_t *the_holders(void)
{
    struct nvml_process all[3];
    size_t              n = nvml_processes(all, 3);
    json_t             *json = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();
        jsonx_set_integer(one, "pid", all[i].pid);
        jsonx_set_number(one, "bytes", all[i].bytes);
        jsonx_set_text(one, "name", all[i].name);
        json_array_append_new(json, one);
    }
    return json;
}

static void test_the_holders_are_sorted_named_and_bounded(void **state)
{
    char    script[256];
    json_t *h;

    snprintf(script, sizeof script, "compute 2000000001:5 %ld:1000 "
             "2000000002:18446744073709551615 2000000003:7 0:9\n"
             "graphics 2000000001:5\n", (long)getpid());
    h = answer_of(*state, script, the_holders);
    assert_int_equal(json_array_size(h), 3);
    assert_true(jsonx_number(json_array_get(h, 0), "bytes") == 1000);
    assert_true(strlen(jsonx_text(json_array_get(h, 0), "name")) > 0);
    assert_true(jsonx_number(json_array_get(h, 1), "bytes") == 7);
    assert_true(jsonx_number(json_array_get(h, 2), "bytes") == 5);
    assert_string_equal(jsonx_text(json_array_get(h, 2), "name"), "");
    json_decref(h);
}

static void test_a_container_with_numbers_of_its_own_is_told(void **state)
{
    const struct nvml_held held[] = {
        {.pid = 42, .bytes = 1000, .exists = true},
        {.pid = 815, .bytes = 50, .exists = false},
    };
    const long ours[] = {42}, others_of_us[] = {43};
    char       why[NVML_WHY_BYTES];

    (void)state;
    /* On the host the list is ours, and not to be in it is an answer. */
    assert_true(nvml_held_by(held, 2, ours, 1, false, why) == 1000);
    assert_true(nvml_held_by(held, 2, others_of_us, 1, false, why) == 0);
    /* In a container 815 is nobody: so 42 is somebody else's 42. */
    assert_true(isnan(nvml_held_by(held, 2, ours, 1, true, why)));
    assert_non_null(strstr(why, "numbers of its own"));
    assert_true(isnan(nvml_held_by(held, 0, ours, 1, true, why)));
    assert_true(isnan(nvml_held_by(held, 1, others_of_us, 1, true, why)));
    /* A driver that translates: all its numbers are here. */
    assert_true(nvml_held_by(held, 1, ours, 1, true, why) == 1000);
}

/* ---- threads ----------------------------------------------------------- */

static void *watch_and_ask(void *failures)
{
    struct watch_list list = {0};
    const long        us = (long)getppid();
    char              source[64];

    probe_nvml.watch("", &list);
    for (int k = 0; k < 20; k++) {
        for (size_t i = 0; i < list.n; i++)
            if (isnan(list.items[i].call(list.items[i].ctx)))
                ++*(int *)failures;
        if (!(nvml_process_bytes(&us, 1, source, sizeof source) == 5))
            ++*(int *)failures;
    }
    if (list.n != 7) ++*(int *)failures;
    watch_list_done(&list);
    return NULL;
}

static json_t *eight_threads(void)
{
    pthread_t threads[8];
    int       failures[8] = {0}, all = 0;
    void     *library;
    unsigned (*inits)(void);
    json_t   *json = json_object();

    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, watch_and_ask, &failures[i]);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        all += failures[i];
    }
    jsonx_set_integer(json, "failures", all);
    library = dlopen(getenv("AUDITION_NVML"), RTLD_NOW | RTLD_NOLOAD);
    *(void **)&inits = library ? dlsym(library, "fakeInits") : NULL;
    jsonx_set_integer(json, "inits", inits ? (long long)inits() : -1);
    return json;
}

static void test_eight_threads_share_one_library(void **state)
{
    char    script[64];
    json_t *a;

    snprintf(script, sizeof script, "compute %ld:5\n", (long)getpid());
    a = answer_of(*state, script, eight_threads);
    assert_true(jsonx_number(a, "failures") == 0);
    assert_true(jsonx_number(a, "inits") == 1);
    json_decref(a);
}

/* Ten times a second: each item asks the driver as little as it can. */
static json_t *calls_a_watch_takes(void)
{
    struct watch_list list = {0};
    json_t           *json = json_object();
    void             *library;
    unsigned (*calls)(void), before;

    probe_nvml.watch("", &list);
    library = dlopen(getenv("AUDITION_NVML"), RTLD_NOW | RTLD_NOLOAD);
    *(void **)&calls = library ? dlsym(library, "fakeCalls") : NULL;
    for (size_t i = 0; calls && i < list.n; i++) {
        before = calls();
        list.items[i].call(list.items[i].ctx);
        jsonx_set_integer(json, sample_name[list.items[i].field],
                          calls() - before);
    }
    watch_list_done(&list);
    return json;
}

static void test_a_fast_item_is_one_call(void **state)
{
    json_t     *a = answer_of(*state, "", calls_a_watch_takes), *n;
    const char *field;

    assert_int_equal(json_object_size(a), 7);
    json_object_foreach(a, field, n)
        assert_in_range(json_integer_value(n), 1,
                        strcmp(field, "gpu_max_freq_hz") == 0 ? 5 : 1);
    json_decref(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_several_one_leads_and_the_rest_adds_up),
        cmocka_unit_test(test_a_sum_without_one_of_them_is_missing),
        cmocka_unit_test(test_visible_devices_choose_as_cuda_does),
        cmocka_unit_test(test_no_visible_device_is_no_gpu),
        cmocka_unit_test(test_the_order_of_the_bus_is_kept_where_cuda_keeps_it),
        cmocka_unit_test(test_a_thousand_gpus_are_bounded),
        cmocka_unit_test(test_ours_is_found_in_both_lists_once),
        cmocka_unit_test(test_memory_that_the_driver_does_not_tell_is_missing),
        cmocka_unit_test(test_a_list_that_grows_between_two_calls_is_read),
        cmocka_unit_test(test_the_holders_are_sorted_named_and_bounded),
        cmocka_unit_test(test_a_container_with_numbers_of_its_own_is_told),
        cmocka_unit_test(test_eight_threads_share_one_library),
        cmocka_unit_test(test_a_fast_item_is_one_call),
    };

    return cmocka_run_group_tests(tests, stage_setup, stage_teardown);
}
