/* SPDX-License-Identifier: MIT */
/* test_table_words.c - what src/predict/table_words.h promises. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "predict/table_words.h"

static void test_engines_built_on_llama_cpp_are_told_from_others(void **state)
{
    static const struct { const char *text; enum engine_family family; }
    cases[] = {
        {"llama.cpp", ENGINE_LLAMA_CPP}, {"", ENGINE_LLAMA_CPP},
        {"llama.cpp (CUDA) via yzma", ENGINE_LLAMA_CPP},
        {"Llama-cpp-python 0.3", ENGINE_LLAMA_CPP},
        {"llama_cpp", ENGINE_LLAMA_CPP}, {"llama-bench", ENGINE_LLAMA_CPP},
        {"llama-server b6000", ENGINE_LLAMA_CPP},
        {"Ollama", ENGINE_OLLAMA}, {"ollama 0.5 (CPU)", ENGINE_OLLAMA},
        {"vLLM", ENGINE_OTHER}, {"MLC-LLM", ENGINE_OTHER},
        {"mlx-lm", ENGINE_OTHER}, {"ik_llama.cpp", ENGINE_OTHER},
        {"TensorRT-LLM", ENGINE_OTHER}, {"llama", ENGINE_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (words_engine(cases[i].text).family != cases[i].family)
            fail_msg("%s", cases[i].text);
}

static void test_the_backend_in_an_engines_name_is_found(void **state)
{
    static const struct { const char *text; int backend; } cases[] = {
        {"llama.cpp", -1}, {"llama.cpp (CPU) via yzma", BACKEND_CPU},
        {"llama.cpp (CUDA 12.6)", BACKEND_CUDA},
        {"llama.cpp Vulkan", BACKEND_VULKAN},
        {"llama.cpp, Metal", BACKEND_METAL}, {"llama.cpp HIP", BACKEND_ROCM},
        {"llama.cpp (ROCm)", BACKEND_ROCM}, {"Ollama (CPU)", BACKEND_CPU},
        {"llama.cpp + OpenBLAS", BACKEND_CPU},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct engine_words e = words_engine(cases[i].text);
        if (e.backend != cases[i].backend || e.trouble)
            fail_msg("%s", cases[i].text);
    }
    assert_non_null(words_engine("llama.cpp (CUDA + CPU)").trouble);
    assert_non_null(words_engine("llama.cpp (SYCL)").trouble);
    assert_non_null(words_engine("llama.cpp OpenCL Adreno").trouble);
}

static void test_a_quantisation_is_read_out_of_remarks(void **state)
{
    static const struct {
        const char *text, *name;
        bool        is_certain;
    } cases[] = {
        {"Q4_K_M", "Q4_K_M", true},
        {"Q4_K_M (Ollama default)", "Q4_K_M", true},
        {"Q8_0 (Ollama default)", "Q8_0", true},
        {"Q4_0 (QAT)", "Q4_0", true},
        {"q4_k_m", "q4_k_m", true},
        {"F16", "F16", true}, {"fp16", "F16", true}, {"BF16", "BF16", true},
        {"Q4_K - Medium", "Q4_K_M", true}, {"Q5_K - Small", "Q5_K_S", true},
        {"IQ4_XS - 4.25 bpw", "IQ4_XS", true},
        {"Ollama default (Q4_0/Q4_K_M)", "Q4_0", false},
        {"Q4_K_M, Q4_K_M", "Q4_K_M", true},
        {"UD-Q4_K_XL", "Q4_K_M", false}, {"Q6_K_L", "Q6_K", false},
        {"Q3_K_L", "Q3_K_L", true},
        {"Ollama default", "Q4_K_M", false},
        {"GGUF: Q5_K_M.gguf", "Q5_K_M", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[32] = "";
        bool is_certain = false;

        if (!words_quant(cases[i].text, ENGINE_OLLAMA, name, sizeof name,
                         &is_certain) ||
            strcmp(name, cases[i].name) != 0 ||
            is_certain != cases[i].is_certain)
            fail_msg("%s: %s %d", cases[i].text, name, is_certain);
    }
}

static void test_mxfp4_is_a_quantisation_of_gguf(void **state)
{
    char name[32];
    bool is_certain;

    (void)state;
    assert_true(words_quant("MXFP4", ENGINE_LLAMA_CPP, name, sizeof name,
                            &is_certain));
    assert_true(is_certain);
    assert_int_equal(strncmp(name, "MXFP4", 5), 0);
}

static void test_what_is_no_quantisation_of_gguf_is_none(void **state)
{
    static const char *const texts[] = {
        "", "INT4 (q4f16)", "4-bit (q4f16_ft)", "W4A16", "4-bit (MLX)",
        "8-bit", "FP8", "NVFP4_", "default", "FPP16", "_L", "UD-", "AWQ",
        "QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"};
    char name[32];
    bool is_certain;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (words_quant(texts[i], ENGINE_LLAMA_CPP, name, sizeof name,
                        &is_certain))
            fail_msg("%s: %s", texts[i], name);
}

static void test_notes_that_doubt_their_row_are_noticed(void **state)
{
    (void)state;
    assert_true(words_doubt("DUBIOUS: read elsewhere"));
    assert_true(words_doubt("this was a CPU fallback"));
    assert_true(words_doubt("values read off a chart"));
    assert_true(words_doubt("from a secondary compilation"));
    assert_false(words_doubt(""));
    assert_false(words_doubt("first-hand llama-bench, 5 repetitions"));
    assert_false(words_doubt("an undubious row"));
}

static void test_a_served_answer_is_told_from_an_engine_alone(void **state)
{
    (void)state;
    assert_false(words_served("llama.cpp (CUDA)", "llama-bench pp512"));
    assert_false(words_served("llama.cpp", ""));
    assert_true(words_served("Ollama", ""));
    assert_true(words_served("llama-server", ""));
    assert_true(words_served("llama.cpp", "tokens/s over a 30-token request"));
    assert_true(words_served("llama.cpp", "community run (llmfit bench)"));
}

static void test_a_remark_behind_a_name_is_left_off(void **state)
{
    static const struct { const char *text, *name; } cases[] = {
        {"MAXN (assumed)", "MAXN"}, {"15W", "15W"}, {"", ""}, {" a ", " a"},
        {"gpt-oss-20B (MoE)", "gpt-oss-20B"}, {"(all)", "(all)"},
        {"a (b) c", "a (b) c"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = words_before_remark(cases[i].text);
        assert_string_equal(name, cases[i].name);
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engines_built_on_llama_cpp_are_told_from_others),
        cmocka_unit_test(test_the_backend_in_an_engines_name_is_found),
        cmocka_unit_test(test_a_quantisation_is_read_out_of_remarks),
        cmocka_unit_test(test_mxfp4_is_a_quantisation_of_gguf),
        cmocka_unit_test(test_what_is_no_quantisation_of_gguf_is_none),
        cmocka_unit_test(test_notes_that_doubt_their_row_are_noticed),
        cmocka_unit_test(test_a_served_answer_is_told_from_an_engine_alone),
        cmocka_unit_test(test_a_remark_behind_a_name_is_left_off),
    };
    return cmocka_run_group_tests_name("table_words", tests, NULL, NULL);
}
