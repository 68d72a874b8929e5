/* SPDX-License-Identifier: MIT */
/* That the CPU computes instead of the GPU is said only when two of three
 * agree, or when the engine says itself that no layer is on the GPU. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/engine_log.h"

#define NO_GPU   "ggml_cuda_init: found 0 CUDA devices:\n"
#define NO_LAYER "load_tensors: offloaded 0/25 layers to GPU\n"
#define ALL      "load_tensors: offloaded 25/25 layers to GPU\n"

static int judge(const char *log, double load_pct, double tok_s, char *why,
                 size_t size)
{
    struct engine_log     l;
    struct fallback_facts f = {.gpu_expected = true, .gpu_load_pct = load_pct,
                               .tok_s = tok_s, .gpu_tok_s = 40,
                               .cpu_tok_s = 8};

    engine_log_read(log, strlen(log), &l);
    f.log = &l;
    return cpu_fallback(&f, why, size);
}

static int verdict(const char *log, double load_pct, double tok_s)
{
    char why[300];

    return judge(log, load_pct, tok_s, why, sizeof why);
}

static void test_two_of_three_say_it(void **state)
{
    (void)state;
    assert_int_equal(verdict(NO_GPU, 2, NAN), 1);
    assert_int_equal(verdict(NO_GPU, NAN, 8), 1);
    assert_int_equal(verdict("", 2, 8), 1);
    assert_int_equal(verdict(NO_GPU, 90, 8), 1);
    assert_int_equal(verdict(ALL, 2, 8), 1);
}

static void test_two_of_three_say_that_it_is_the_gpu(void **state)
{
    (void)state;
    assert_int_equal(verdict(ALL, 90, NAN), 0);
    assert_int_equal(verdict(ALL, NAN, 38), 0);
    assert_int_equal(verdict("", 90, 38), 0);
    assert_int_equal(verdict(NO_GPU, 90, 38), 0);
}

static void test_one_alone_or_none_cannot_say(void **state)
{
    (void)state;
    assert_int_equal(verdict("", NAN, NAN), -1);
    assert_int_equal(verdict(NO_GPU, NAN, NAN), -1);
    assert_int_equal(verdict("", 2, NAN), -1);
    assert_int_equal(verdict("", NAN, 8), -1);
    assert_int_equal(verdict(ALL, NAN, NAN), -1);
    assert_int_equal(verdict(ALL, 2, NAN), -1);
}

static void test_zero_layers_are_enough(void **state)
{
    (void)state;
    assert_int_equal(verdict(NO_LAYER, NAN, NAN), 1);
    assert_int_equal(verdict(NO_LAYER, 90, 38), 1);
}

static void test_the_middle_is_that_of_a_log_scale(void **state)
{
    (void)state;
    assert_int_equal(verdict("", 2, 17.8), 1);    /* sqrt(8 x 40) = 17.9 */
    assert_int_equal(verdict("", 90, 18.0), 0);
    assert_int_equal(verdict("", 5, 18.0), 0);    /* 5 % is busy */
}

static void test_speed_says_nothing_where_the_gpu_is_not_the_faster(
    void **state)
{
    struct fallback_facts f = {.gpu_expected = true, .gpu_load_pct = 2,
                               .tok_s = 8, .gpu_tok_s = 8, .cpu_tok_s = 8};
    char                  why[300];

    (void)state;
    assert_int_equal(cpu_fallback(&f, why, sizeof why), -1);
    f.gpu_tok_s = NAN;
    assert_int_equal(cpu_fallback(&f, why, sizeof why), -1);
}

static void test_a_board_without_a_gpu_falls_back_from_nothing(void **state)
{
    struct fallback_facts f = {.gpu_load_pct = NAN, .tok_s = 8,
                               .gpu_tok_s = 40, .cpu_tok_s = 8};
    char                  why[300];

    (void)state;
    assert_int_equal(cpu_fallback(&f, why, sizeof why), 0);
}

static void test_the_reasons_are_in_words_and_stay_inside(void **state)
{
    char why[300], small[12];

    (void)state;
    assert_int_equal(judge(NO_LAYER, 2, 7.9, why, sizeof why), 1);
    assert_string_equal(why, "the engine put 0 of 25 layers on the GPU; the "
                             "GPU was 2.0 % busy while it generated; 7.9 tok/s "
                             "is nearer to the 8.0 predicted on the CPU than "
                             "to the 40.0 on the GPU");
    assert_int_equal(judge(NO_LAYER, 2, 7.9, small, sizeof small), 1);
    assert_int_equal(strlen(small), sizeof small - 1);
    assert_int_equal(judge("", NAN, NAN, why, sizeof why), -1);
    assert_string_equal(why, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_of_three_say_it),
        cmocka_unit_test(test_two_of_three_say_that_it_is_the_gpu),
        cmocka_unit_test(test_one_alone_or_none_cannot_say),
        cmocka_unit_test(test_zero_layers_are_enough),
        cmocka_unit_test(test_the_middle_is_that_of_a_log_scale),
        cmocka_unit_test(
            test_speed_says_nothing_where_the_gpu_is_not_the_faster),
        cmocka_unit_test(test_a_board_without_a_gpu_falls_back_from_nothing),
        cmocka_unit_test(test_the_reasons_are_in_words_and_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
