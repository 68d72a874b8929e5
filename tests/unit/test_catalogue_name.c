/* SPDX-License-Identifier: MIT */
/* test_catalogue_name.c - which model a typed name means. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "catalogue_fixture.h"

struct spelling {
    const char *name, *id, *quant;
};

static void check(const struct catalogue *c, const struct spelling *s,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char                          quant[32] = "?";
        const struct catalogue_model *m = catalogue_find(c, s[i].name, quant,
                                                         sizeof quant);
        if (!m ? s[i].id != NULL : !s[i].id || strcmp(m->id, s[i].id) != 0)
            fail_msg("\"%s\" means %s", s[i].name, m ? m->id : "nothing");
        if (strcmp(quant, s[i].quant) != 0)
            fail_msg("\"%s\" is quantised \"%s\"", s[i].name, quant);
    }
}
#define CHECK(state, list) check(*(state), list, sizeof(list) / sizeof *(list))

static void test_tags_of_ollama(void **state)
{
    static const struct spelling list[] = {
        {"llama3.2:3b", "meta-llama/Llama-3.2-3B-Instruct", ""},
        {"llama3.2", "meta-llama/Llama-3.2-3B-Instruct", ""},
        {"llama3.2:latest", "meta-llama/Llama-3.2-3B-Instruct", ""},
        {"llama3.2:3b-instruct-q4_K_M", "meta-llama/Llama-3.2-3B-Instruct",
         "Q4_K_M"},
        {"qwen2.5:0.5b", "Qwen/Qwen2.5-0.5B-Instruct", ""},
        {"gemma2:2b", "google/gemma-2-2b-it", ""},
        {"gemma2:2b-instruct-q4_0", "google/gemma-2-2b-it", "Q4_0"},
        {"gemma3:4b", "google/gemma-3-4b-it", ""},
        {"qwen3:0.6b", "Qwen/Qwen3-0.6B", ""},
        {"deepseek-r1:1.5b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", ""},
        {"phi3:mini", "microsoft/Phi-3-mini-4k-instruct", ""},
        {"nemotron-3-nano:4b", "nvidia/NVIDIA-Nemotron-3-Nano-4B-BF16", ""},
    };

    CHECK(state, list);
}

static void test_names_of_repositories_and_files(void **state)
{
    static const struct spelling list[] = {
        {"Qwen/Qwen2.5-3B-Instruct", "Qwen/Qwen2.5-3B-Instruct", ""},
        {"bartowski/Qwen2.5-3B-Instruct-GGUF", "Qwen/Qwen2.5-3B-Instruct", ""},
        {"hf.co/unsloth/gemma-3-4b-it-GGUF:Q6_K", "google/gemma-3-4b-it",
         "Q6_K"},
        {"google_gemma-3-1b-it", "google/gemma-3-1b-it", ""},
        {"bartowski/google_gemma-3-1b-it-GGUF:Q4_K_M", "google/gemma-3-1b-it",
         "Q4_K_M"},
        {"microsoft_Phi-4-mini-instruct", "microsoft/Phi-4-mini-instruct", ""},
        {"HuggingFaceTB_SmolLM3-3B", "HuggingFaceTB/SmolLM3-3B", ""},
        {"Qwen_Qwen3-0.6B", "Qwen/Qwen3-0.6B", ""},
        {"LiquidAI_LFM2.5-1.2B-Instruct", "LiquidAI/LFM2.5-1.2B-Instruct", ""},
        {"qwen2-0_5b-instruct-q4_k_m.gguf", "Qwen/Qwen2-0.5B-Instruct",
         "Q4_K_M"},
        {"/models/Mistral-7B-Instruct-v0.3.Q8_0.gguf",
         "mistralai/Mistral-7B-Instruct-v0.3", "Q8_0"},
        {"TinyLlama-1.1B-Chat-v1.0.i1-Q4_K_M.gguf",
         "TinyLlama/TinyLlama-1.1B-Chat-v1.0", "Q4_K_M"},
        {"TinyLlama-1.1B-Chat-v1.0.i1", "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
         ""},
        {"Llama-3.3-70B-Instruct-IQ4_XS-00001-of-00002.gguf",
         "meta-llama/Llama-3.3-70B-Instruct", "IQ4_XS"},
        {"SmolLM2-1.7B-Instruct-f16.gguf",
         "HuggingFaceTB/SmolLM2-1.7B-Instruct", "F16"},
        {"SmolLM2-1.7B-Instruct-fp16", "HuggingFaceTB/SmolLM2-1.7B-Instruct",
         "F16"},
        {"gemma-3-4b-it-UD-Q4_K_XL.gguf", "google/gemma-3-4b-it",
         "UD-Q4_K_XL"},
    };

    CHECK(state, list);
}

static void test_loose_names_mean_the_instruct_model(void **state)
{
    static const struct spelling list[] = {
        {"Llama-3.2-3B", "meta-llama/Llama-3.2-3B-Instruct", ""},
        {"llama 3.2 3b", "meta-llama/Llama-3.2-3B-Instruct", ""},
        {"Meta-Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", ""},
        {"Phi-3.5-mini", "microsoft/Phi-3.5-mini-instruct", ""},
        {"gemma-2-2b", "google/gemma-2-2b-it", ""},
        {"Nemotron-Mini-4B", "nvidia/Nemotron-Mini-4B-Instruct", ""},
        {"Gemma-4-E2B-it", "google/gemma-4-E2B-it", ""},
        {"Mistral-7B-v0.1", "mistralai/Mistral-7B-Instruct-v0.1", ""},
        {"gpt-oss-20B (MoE)", "openai/gpt-oss-20b", ""},
        {"Phi-2 (2.7B)", "microsoft/phi-2", ""},
        {"Qwen2.5-7B", "Qwen/Qwen2.5-7B-Instruct", ""},
        {"Mixtral-8x7B", "mistralai/Mixtral-8x7B-Instruct-v0.1", ""},
        {"BTLM-3B-8K", "cerebras/btlm-3b-8k-base", ""},
        {"Falcon-E-3B", "tiiuae/Falcon-E-3B-Instruct", ""},
        {"Rocket-3B", "pansophic/rocket-3B", ""},
    };

    CHECK(state, list);
}

static void test_never_a_guess(void **state)
{
    static const struct spelling list[] = {
        {"Qwen2.5-7B-Instruct-1M", NULL, ""},
        {"Qwen2.5-4B", NULL, ""},
        {"Qwen3-4B-Base", NULL, ""},
        {"phi-2-instruct", NULL, ""},         /* phi-2 is a base model */
        {"Llama-3.2-3B-Instruct-4bit", NULL, ""},
        {"3B", NULL, ""},
        {"Q4_K_M", NULL, ""},
        {"instruct", NULL, ""},
        {"-GGUF", NULL, ""},
        {"(", NULL, ""},
        {"/", NULL, ""},
        {"", NULL, ""},
        {" \t\xff\xfe", NULL, ""},
    };

    CHECK(state, list);
}

static void test_a_very_long_name_is_no_model(void **state)
{
    char name[5000], quant[8];

    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_null(catalogue_find(*state, name, quant, sizeof quant));
    assert_int_equal(catalogue_nearest(*state, name, NULL, 0), 0);
}

static void test_a_small_buffer_is_not_overrun(void **state)
{
    char quant[4] = "xyz";

    assert_non_null(catalogue_find(*state, "qwen3:4b-q4_K_M", quant,
                                   sizeof quant));
    assert_string_equal(quant, "Q4_");
    assert_non_null(catalogue_find(*state, "qwen3:4b-q4_K_M", NULL, 0));
}

static void test_the_nearest_names_come_first(void **state)
{
    const char *near[3];

    assert_int_equal(catalogue_nearest(*state, "lama-3.2-3b", near, 3), 3);
    assert_string_equal(near[0], "Llama-3.2-3B-Instruct");
    assert_int_equal(catalogue_nearest(*state, "Qwen2.5-7B-Instruct-1M", near,
                                       3), 3);
    assert_string_equal(near[0], "Qwen2.5-7B-Instruct");
    assert_int_equal(catalogue_nearest(*state, "xyzzy", near, 3), 0);
}

/* Each name leads back to its own model, so none is there twice. */
static void test_every_name_is_unique(void **state)
{
    const struct catalogue *c = *state;

    for (size_t i = 0; i < c->n; i++) {
        const struct catalogue_model *m = &c->models[i];
        char                          quant[32];
        if (catalogue_find(c, m->id, quant, sizeof quant) != m)
            fail_msg("%s leads to another model", m->id);
        for (size_t k = 0; k < m->aliases.n; k++)
            if (catalogue_find(c, m->aliases.items[k], quant, sizeof quant) !=
                m)
                fail_msg("%s of %s leads to another model",
                         m->aliases.items[k], m->id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags_of_ollama),
        cmocka_unit_test(test_names_of_repositories_and_files),
        cmocka_unit_test(test_loose_names_mean_the_instruct_model),
        cmocka_unit_test(test_never_a_guess),
        cmocka_unit_test(test_a_very_long_name_is_no_model),
        cmocka_unit_test(test_a_small_buffer_is_not_overrun),
        cmocka_unit_test(test_the_nearest_names_come_first),
        cmocka_unit_test(test_every_name_is_unique),
    };

    return cmocka_run_group_tests(tests, catalogue_setup, catalogue_teardown);
}
