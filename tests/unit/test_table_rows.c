/* SPDX-License-Identifier: MIT */
/* test_table_rows.c - what src/predict/table.h promises of a row: which model
 * and board it is about, and what is predicted for it. With the program's own
 * catalogue, boards and constants. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "predict/table.h"

static struct boards           boards;
static struct catalogue        catalogue;
static struct speed_constants *constants;

static int load_data(void **state)
{
    struct err err = {0};

    (void)state;
    if (!getenv("AUDITION_DATA")) setenv("AUDITION_DATA", "share", 1);
    constants = speed_load(&err);
    if (!constants || boards_load(&boards, &err) ||
        catalogue_load(&catalogue, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int free_data(void **state)
{
    (void)state;
    boards_done(&boards);
    catalogue_done(&catalogue);
    speed_free(constants);
    return 0;
}

#define HEADER "device,device_ram_gb,power_mode,engine,model,quant,"          \
               "prompt_tokens,gen_tokens,context,gen_tok_s,prompt_tok_s,"     \
               "memory_mib,note\n"

/* The one row of a table. */
struct one {
    struct measured_table table;
    struct judged_row     row;
};

static struct one judge(const char *line)
{
    struct one one;
    struct err err  = {0};
    char      *text = mem_printf("%s%s\n", HEADER, line);

    if (measured_parse(text, strlen(text), NULL, &one.table, &err))
        fail_msg("%s", err.text);
    free(text);
    assert_int_equal(one.table.n, 1);
    table_judge(&one.table.rows[0], &boards, &catalogue, constants, &one.row);
    return one;
}

static void done(struct one *one)
{
    judged_done(&one->row);
    measured_done(&one->table);
}

static struct one judge_predicted(const char *line)
{
    struct one one = judge(line);

    if (one.row.skipped) fail_msg("%s", one.row.skipped);
    return one;
}

static void assert_skipped(const char *line, const char *words)
{
    struct one one = judge(line);

    assert_non_null(one.row.skipped);
    if (!strstr(one.row.skipped, words))
        fail_msg("\"%s\" does not say \"%s\"", one.row.skipped, words);
    assert_true(isnan(one.row.gen_tok_s.value));
    assert_true(isnan(one.row.served_tok_s));
    assert_true(isnan(one.row.prompt_tok_s));
    assert_true(isnan(one.row.memory_mib));
    done(&one);
}

static void test_a_row_is_predicted_whole(void **state)
{
    struct one one = judge_predicted(
        "NVIDIA GeForce RTX 3060,12,,llama.cpp,Qwen2.5-3B-Instruct,Q4_K_M,"
        "512,128,4096,100,,,");
    const struct judged_row *r = &one.row;

    (void)state;
    assert_string_equal(r->device_class, "nvidia");
    assert_string_equal(r->quant, "Q4_K_M");
    assert_true(r->is_llama_cpp && !r->is_flagged);
    assert_true(r->gen_tok_s.low < r->gen_tok_s.value);
    assert_true(r->gen_tok_s.value < r->gen_tok_s.high);
    assert_true(r->served_tok_s < r->gen_tok_s.value);
    assert_true(r->prompt_tok_s > r->gen_tok_s.value);
    assert_true(r->memory_mib > 1835 && r->memory_mib < 4000);
    done(&one);
}

/* ---- who computed ------------------------------------------------------- */

static void test_the_engines_text_chooses_the_backend(void **state)
{
    struct one gpu = judge_predicted(
        "Jetson Orin NX 16GB,,25W,llama.cpp,Qwen2.5-3B,Q4_K_M,,,,,,,");
    struct one cpu = judge_predicted(
        "Jetson Orin NX 16GB,,25W,llama.cpp (CPU),Qwen2.5-3B,Q4_K_M,,,,,,,");
    struct one vulkan = judge_predicted(
        "Jetson Orin NX 16GB,,25W,llama.cpp Vulkan,Qwen2.5-3B,Q4_K_M,,,,,,,");

    (void)state;
    assert_int_equal(gpu.row.device.backend, BACKEND_CUDA);
    assert_string_equal(gpu.row.device_class, "jetson");
    assert_int_equal(cpu.row.device.backend, BACKEND_CPU);
    assert_string_equal(cpu.row.device_class, "cpu");
    assert_true(cpu.row.gen_tok_s.value < gpu.row.gen_tok_s.value);
    assert_true(cpu.row.prompt_tok_s < gpu.row.prompt_tok_s / 5);
    assert_int_equal(vulkan.row.device.backend, BACKEND_VULKAN);
    done(&gpu);
    done(&cpu);
    done(&vulkan);
}

static void test_a_board_without_a_gpu_is_a_cpu(void **state)
{
    struct one one = judge_predicted(
        "Raspberry Pi 5 8GB,8,,Ollama (CPU),qwen2.5:1.5b,Q4_K_M,,,,7,,,");

    (void)state;
    assert_string_equal(one.row.device_class, "cpu");
    assert_false(one.row.is_llama_cpp);
    done(&one);
}

static void test_a_backend_that_a_board_has_not_is_said(void **state)
{
    (void)state;
    assert_skipped("RTX 3060 12GB,,,llama.cpp (CPU),Phi-2,Q4_0,,,,,,,",
                   "does not say which");
    assert_skipped("Raspberry Pi 5,,,llama.cpp (CUDA),Phi-2,Q4_0,,,,,,,",
                   "has no cuda");
    assert_skipped("RTX 3060 12GB,,,llama.cpp (Metal),Phi-2,Q4_0,,,,,,,",
                   "has no metal");
    assert_skipped("RTX 3060 12GB,,,llama.cpp (SYCL),Phi-2,Q4_0,,,,,,,",
                   "its backend is not one");
}

static void test_a_mode_counts_where_a_board_has_modes(void **state)
{
    struct one slow = judge_predicted(
        "Jetson Orin NX 16GB,,15W (assumed),,Qwen2.5-3B,Q4_K_M,,,,,,,");
    struct one fast = judge_predicted(
        "Jetson Orin NX 16GB,,MAXN_SUPER,,Qwen2.5-3B,Q4_K_M,,,,,,,");
    struct one card = judge_predicted(
        "RTX 3060 12GB,,170 W,,Qwen2.5-3B,Q4_K_M,,,,,,,");

    (void)state;
    assert_string_equal(slow.row.device.power_mode, "15W");
    assert_true(slow.row.gen_tok_s.value < fast.row.gen_tok_s.value);
    done(&slow);
    done(&fast);
    done(&card);
    assert_skipped("Jetson Orin NX 16GB,,9000W,,Phi-2,Q4_0,,,,,,,", "9000W");
}

/* ---- what is left out --------------------------------------------------- */

static void test_what_cannot_be_said_is_skipped_with_the_reason(void **state)
{
    (void)state;
    assert_skipped("Toaster 3000,,,,Phi-2,Q4_0,,,,,,,", "Toaster 3000");
    assert_skipped("RTX 3090,,,vLLM,Phi-2,Q4_0,,,,,,,",
                   "engine \"vLLM\" is not llama.cpp");
    assert_skipped("RTX 3090,,,,Phi-2,W4A16,,,,,,,", "\"W4A16\"");
    assert_skipped("RTX 3090,,,,Phi-2,,,,,,,,", "which quantisation");
    assert_skipped("RTX 3090,,,,Qwen2.5-3B-Instrukt,Q4_0,,,,,,,",
                   "Qwen2.5-3B-Instruct");
    assert_skipped("RTX 3090,,,,BTLM-3B-8K,Q4_K_M,,,,,,,",
                   "llama.cpp does not run");
    assert_skipped("RTX 3090,,,,Phi-2,Q4_0,many,,,,,,",
                   "line 2, column prompt_tokens: `many`");
}

static void test_a_model_larger_than_the_memory_is_skipped(void **state)
{
    struct one one;

    (void)state;
    assert_skipped("RTX 3060 12GB,12,,,Llama-3.1-8B-Instruct,F16,,,,,,,",
                   "its weights are");
    assert_skipped("Raspberry Pi 5,4,,,Llama-3.1-8B-Instruct,Q4_K_M,,,,,,,",
                   "its weights are");
    one = judge_predicted(       /* not said: it may have been the large one */
        "Raspberry Pi 5,,,,Llama-3.1-8B-Instruct,Q4_K_M,,,,,,,");
    done(&one);
}

static void test_a_doubtful_row_is_predicted_and_flagged(void **state)
{
    struct one note = judge_predicted(
        "RTX 3090,,,,Phi-2,Q4_0,,,,,,,DUBIOUS: read off a chart");
    struct one quant = judge_predicted(
        "RTX 3090,,,Ollama,phi,Ollama default (Q4_0/Q4_K_M),,,,,,,");

    (void)state;
    assert_true(note.row.is_flagged);
    assert_true(quant.row.is_flagged);
    assert_string_equal(quant.row.quant, "Q4_0");
    done(&note);
    done(&quant);
}

static void test_a_quantisation_may_stand_in_the_models_name(void **state)
{
    struct one one = judge_predicted(
        "RTX 3090,,,,Qwen2.5-3B-Instruct-Q8_0.gguf,,,,,,,,");

    (void)state;
    assert_string_equal(one.row.quant, "Q8_0");
    done(&one);
}

/* ---- beside the measurement --------------------------------------------- */

static void test_an_engines_row_is_held_against_the_engines_speed(void **s)
{
    struct one  one = judge_predicted(
        "RTX 3090,,,llama.cpp,Phi-2,Q4_0,512,128,,120,2500,,llama-bench");
    struct held h = held_speed(&one.table.rows[0], &one.row);

    (void)s;
    assert_true(h.predicted.value == one.row.gen_tok_s.value);
    assert_true(fabs(h.error - (one.row.gen_tok_s.value / 120 - 1)) < 1e-12);
    h = held_prompt(&one.table.rows[0], &one.row);
    assert_true(fabs(h.error - (one.row.prompt_tok_s / 2500 - 1)) < 1e-12);
    assert_true(isnan(held_memory(&one.table.rows[0], &one.row).error));
    done(&one);
}

static void test_a_servers_row_is_held_against_the_served_speed(void **state)
{
    struct one  one = judge_predicted(
        "RTX 3090,,,Ollama,phi,Q4_0,,,,120,,,");
    struct held h = held_speed(&one.table.rows[0], &one.row);

    (void)state;
    assert_true(h.predicted.value == one.row.served_tok_s);
    assert_true(h.predicted.low < h.predicted.value);
    assert_true(h.predicted.value < h.predicted.high);
    assert_true(h.predicted.high < one.row.gen_tok_s.high);
    done(&one);
}

static void test_generation_is_slower_behind_a_longer_answer(void **state)
{
    struct one a = judge_predicted("RTX 3090,,,,Phi-2,Q4_0,,128,,,,,");
    struct one b = judge_predicted("RTX 3090,,,,Phi-2,Q4_0,,2048,,,,,");

    (void)state;
    assert_true(b.row.gen_tok_s.value < a.row.gen_tok_s.value);
    done(&a);
    done(&b);
}

static void test_memory_is_at_the_context_of_the_row(void **state)
{
    struct one a = judge_predicted(
        "H200,,,,SmolLM2-1.7B-Instruct,Q4_K_M,,,2048,,,2060,");
    struct one b = judge_predicted(
        "H200,,,,SmolLM2-1.7B-Instruct,Q4_K_M,,,8192,,,3218,");

    (void)state;
    /* 192 KiB of f16 cache a token: 24 layers, 32 heads of 64, twice. */
    assert_true(b.row.memory_mib - a.row.memory_mib > 1152);
    assert_true(fabs(held_memory(&a.table.rows[0], &a.row).error) < 0.03);
    assert_true(fabs(held_memory(&b.table.rows[0], &b.row).error) < 0.03);
    done(&a);
    done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_is_predicted_whole),
        cmocka_unit_test(test_the_engines_text_chooses_the_backend),
        cmocka_unit_test(test_a_board_without_a_gpu_is_a_cpu),
        cmocka_unit_test(test_a_backend_that_a_board_has_not_is_said),
        cmocka_unit_test(test_a_mode_counts_where_a_board_has_modes),
        cmocka_unit_test(test_what_cannot_be_said_is_skipped_with_the_reason),
        cmocka_unit_test(test_a_model_larger_than_the_memory_is_skipped),
        cmocka_unit_test(test_a_doubtful_row_is_predicted_and_flagged),
        cmocka_unit_test(test_a_quantisation_may_stand_in_the_models_name),
        cmocka_unit_test(
            test_an_engines_row_is_held_against_the_engines_speed),
        cmocka_unit_test(test_a_servers_row_is_held_against_the_served_speed),
        cmocka_unit_test(test_generation_is_slower_behind_a_longer_answer),
        cmocka_unit_test(test_memory_is_at_the_context_of_the_row),
    };
    return cmocka_run_group_tests_name("table_rows", tests, load_data,
                                       free_data);
}
