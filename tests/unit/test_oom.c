/* SPDX-License-Identifier: MIT */
/* Why a candidate ran out of memory is one sentence: what for, how much, what
 * would fit; a number that is missing takes its clause with it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_log.h"

#define MIB 1048576.0

static struct engine_log log_of(const char *text)
{
    struct engine_log l;

    engine_log_read(text, strlen(text), &l);
    return l;
}

static const struct oom_facts nothing = {
    .asked_bytes = NAN, .available_bytes = NAN, .fits_context = -1,
    .stop_available_bytes = NAN};

static void expect(const struct oom_facts *f, const char *wanted)
{
    char *text = oom_sentence(f);

    assert_string_equal(text, wanted);
    free(text);
}

static const char kv[] =
    "llama_context: constructing llama_context\n"
    "a: failed to allocate CPU buffer of size 7365197824\n"
    "b: failed to allocate buffer for kv cache\n";

static void test_it_says_what_for_how_much_and_what_fits(void **state)
{
    struct engine_log l = log_of(kv);
    struct oom_facts  f = nothing;

    (void)state;
    f.log = &l;
    f.available_bytes = 5110 * MIB;
    f.fits_context = 2560;
    f.fits_q8_kv = true;
    expect(&f, "out of memory allocating the KV cache: 7,024 MiB asked, "
               "5,110 available; fits with context ≤ 2,560 or q8_0 KV");
    f.fits_q8_kv = false;
    expect(&f, "out of memory allocating the KV cache: 7,024 MiB asked, "
               "5,110 available; fits with context ≤ 2,560");
    f.fits_context = -1;
    f.fits_q8_kv = true;
    expect(&f, "out of memory allocating the KV cache: 7,024 MiB asked, "
               "5,110 available; fits with q8_0 KV");
}

static void test_what_is_missing_is_left_out(void **state)
{
    struct engine_log l = log_of(kv);
    struct oom_facts  f = nothing;

    (void)state;
    expect(&f, "out of memory");
    f.available_bytes = 5110 * MIB;
    expect(&f, "out of memory: 5,110 MiB available");
    f.asked_bytes = 12288 * MIB;
    expect(&f, "out of memory: 12,288 MiB asked, 5,110 available");
    f = nothing;
    f.log = &l;
    expect(&f, "out of memory allocating the KV cache: 7,024 MiB asked");
}

static void test_a_gpu_is_named_with_the_memory_that_the_engine_saw(
    void **state)
{
    struct engine_log l = log_of(
        "using device CUDA0 (Orin) - 5110 MiB free\n"
        "a: allocating 7024.00 MiB on device 0: cudaMalloc failed: out of "
        "memory\nb: error loading model: unable to allocate CUDA0 buffer\n");
    struct oom_facts f = nothing;

    (void)state;
    f.log = &l;
    f.available_bytes = 60000 * MIB;     /* the system's: not what was short */
    expect(&f, "out of memory allocating weights on CUDA0: 7,024 MiB asked, "
               "5,110 available");
}

static void test_a_last_piece_is_told_with_what_came_before(void **state)
{
    struct engine_log l = log_of(
        "load_tensors: CPU model buffer size = 4900.00 MiB\n"
        "c: constructing llama_context\n"
        "a: failed to allocate CPU buffer of size 536870912\n"
        "b: failed to allocate buffer for kv cache\n");
    struct oom_facts f = nothing;

    (void)state;
    f.log = &l;
    f.available_bytes = 5110 * MIB;
    expect(&f, "out of memory allocating the KV cache: 512 MiB asked on top "
               "of 4,900, 5,110 available");
}

static void test_the_memory_watch_is_named_when_it_was_first(void **state)
{
    struct oom_facts f = nothing;

    (void)state;
    f.stopped_by_us = true;
    f.asked_bytes = 7024 * MIB;
    f.available_bytes = 5110 * MIB;
    f.stop_available_bytes = 180 * MIB;
    f.fits_context = 2560;
    expect(&f, "out of memory: 7,024 MiB asked, 5,110 available; ended before "
               "the kernel had to, when 180 MiB were left; fits with context "
               "≤ 2,560");
    f = nothing;
    f.stopped_by_us = true;
    expect(&f, "out of memory; ended before the kernel had to");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_says_what_for_how_much_and_what_fits),
        cmocka_unit_test(test_what_is_missing_is_left_out),
        cmocka_unit_test(
            test_a_gpu_is_named_with_the_memory_that_the_engine_saw),
        cmocka_unit_test(test_a_last_piece_is_told_with_what_came_before),
        cmocka_unit_test(test_the_memory_watch_is_named_when_it_was_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
