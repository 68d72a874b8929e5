/* SPDX-License-Identifier: MIT */
/* test_catalogue_shape.c - from an entry to the tensors of its file. The
 * figures of the table are those of published files and of llama-quantize
 * (build 11434); of BTLM, which it cannot make, of the same rules. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "catalogue_fixture.h"
#include "model/gguf.h"
#include "model/gguf_types.h"

static const struct known {
    const char *id;
    size_t      tensors;
    double      parameters;
    uint64_t    bytes[4];            /* F16, Q8_0, Q6_K, Q4_K_M              */
    double      kv_bytes_per_token;
    double      bytes_read;          /* Q4_K_M, without the embedding's row  */
    double      row_bytes;           /* of an untied embedding at Q4_K_M     */
} KNOWN[] = {
    {"HuggingFaceTB/SmolLM2-1.7B-Instruct", 218, 1711376384,
     {3422953472, 1818632192, 1404182528, 1053827072},
     196608, 1053827072, 0},
    {"microsoft/Phi-3.5-mini-instruct", 197, 3821079552,
     {7642558848, 4060483968, 3135114624, 2396032896},
     393216, 2340626304, 1728},
    {"nvidia/Nemotron-Mini-4B-Instruct", 324, 4190509056,
     {8381816832, 4453588992, 3438796800, 2691047424},
     131072, 2248679424, 1728},
    {"Qwen/Qwen2.5-3B-Instruct", 434, 3085938688,
     {6172360704, 3279519744, 2532202496, 1923946496},
     36864, 1923946496, 0},
    {"google/gemma-2-2b-it", 288, 2614341888,
     {5229167616, 2778448896, 2145346560, 1702536192},
     106496, 1702536192, 0},
    {"HuggingFaceTB/SmolLM3-3B", 326, 3075098624,
     {6150496256, 3267731456, 2523017216, 1907462144},
     73728, 1907462144, 0},
    {"stabilityai/stablelm-zephyr-3b", 356, 2795443200,
     {5591552000, 2971136000, 2294195200, 1706805760},
     327680, 1634368000, 1440},
    {"meta-llama/Llama-3.2-1B-Instruct", 147, 1235814400,
     {2471764096, 1313251456, 1013969024, 799862912},
     32768, 799862912, 0},
    {"meta-llama/Llama-3.2-3B-Instruct", 255, 3212749824,
     {6425850112, 3414061312, 2636015872, 2011539712},
     114688, 2011539712, 0},
    {"Qwen/Qwen2-0.5B-Instruct", 290, 494032768,
     {988208640, 525120000, 499788288, 391859712},
     12288, 391859712, 0},
    {"deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 339, 1777088000,
     {3554465792, 1888581632, 1458228224, 1111370240},
     28672, 980097536, 864},
    {"Qwen/Qwen2.5-7B-Instruct", 339, 7615616512,
     {15231899648, 8092571648, 6248245248, 4677120000},
     57344, 4370558976, 2016},
    {"mistralai/Mixtral-8x7B-Instruct-v0.1", 323, 46702792704,
     {93408215040, 49625579520, 38380077056, 28447727616},
     131072, 7895310336, 2304},
    {"cerebras/btlm-3b-8k-base", 451, 2646255744,
     {5294871552, 3339349152, 2834174080, 2410674304},
     327680, 2410672756, 0},
    {"tiiuae/Falcon-E-3B-Instruct", 291, 3053586432,
     {6107439104, 3244826624, 2505318400, 1850023936},
     32768, 1812275200, 1152},
    {"pansophic/rocket-3B", 356, 2795443200,
     {5591552000, 2971136000, 2294195200, 1706805760},
     327680, 1634368000, 1440},
    {"HuggingFaceTB/SmolLM2-135M-Instruct", 272, 134515008,
     {269100288, 143025408, 136597248, 103668480},
     23040, 103668480, 0},
    {"google/gemma-3-270m-it", 236, 268098176,
     {536308224, 285018624, 276447744, 246587904},
     18432, 246587904, 0},
};
#define N_KNOWN (sizeof KNOWN / sizeof *KNOWN)
static const char *const QUANTS[] = {"F16", "Q8_0", "Q6_K", "Q4_K_M"};

static struct model_shape shape_of(const struct catalogue *c,
                                   const struct catalogue_model *m,
                                   const char *quant)
{
    struct model_shape s;
    struct err         err = {0};

    if (catalogue_shape(c, m, quant, &s, &err)) fail_msg("%s", err.text);
    return s;
}

static struct model_facts facts_of(const struct catalogue *c,
                                   const struct catalogue_model *m,
                                   const char *quant)
{
    struct model_facts f;
    struct err         err = {0};

    if (catalogue_facts(c, m, quant, &f, &err)) fail_msg("%s", err.text);
    return f;
}

static void test_known_models_to_the_byte(void **state)
{
    for (size_t i = 0; i < N_KNOWN; i++) {
        const struct known           *k = &KNOWN[i];
        const struct catalogue_model *m = model_named(*state, k->id);
        assert_string_equal(m->id, k->id);
        for (size_t q = 0; q < 4; q++) {
            struct model_shape s = shape_of(*state, m, QUANTS[q]);
            if (shape_data_bytes(&s) != k->bytes[q])
                fail_msg("%s %s: %llu bytes", k->id, QUANTS[q],
                         (unsigned long long)shape_data_bytes(&s));
            assert_int_equal(s.n_tensors, k->tensors);
            shape_done(&s);
        }
    }
}

static void test_known_models_memory_and_reading(void **state)
{
    for (size_t i = 0; i < N_KNOWN; i++) {
        const struct known           *k = &KNOWN[i];
        const struct catalogue_model *m = model_named(*state, k->id);
        struct model_facts            f = facts_of(*state, m, "Q4_K_M");
        if (f.parameters != k->parameters ||
            f.kv_bytes_per_token != k->kv_bytes_per_token ||
            f.weight_bytes_read_per_token != k->bytes_read + k->row_bytes)
            fail_msg("%s: %.0f parameters, %.0f of cache, %.0f read", k->id,
                     f.parameters, f.kv_bytes_per_token,
                     f.weight_bytes_read_per_token);
        model_facts_done(&f);
    }
}

/* Names, types and sizes of one layer of a mixture of experts. */
static void test_the_tensors_of_a_mixture(void **state)
{
    static const char *const layer[] = {
        "blk.0.attn_k.weight Q8_0 4096 1024 1",
        "blk.0.attn_norm.weight F32 4096 1 1",
        "blk.0.attn_output.weight Q5_K 4096 4096 1",
        "blk.0.attn_q.weight Q4_K 4096 4096 1",
        "blk.0.attn_v.weight Q8_0 4096 1024 1",
        "blk.0.ffn_down_exps.weight Q6_K 14336 4096 8",
        "blk.0.ffn_gate_exps.weight Q4_K 4096 14336 8",
        "blk.0.ffn_gate_inp.weight F32 4096 8 1",
        "blk.0.ffn_norm.weight F32 4096 1 1",
        "blk.0.ffn_up_exps.weight Q4_K 4096 14336 8",
    };
    struct model_shape s =
        shape_of(*state, model_named(*state, "mixtral:8x7b"), "Q4_K_M");

    assert_string_equal(s.tensors[0].name, "output.weight");
    assert_string_equal(s.tensors[1].name, "output_norm.weight");
    assert_string_equal(s.tensors[2].name, "token_embd.weight");
    for (size_t i = 0; i < sizeof layer / sizeof *layer; i++) {
        const struct shape_tensor *t = &s.tensors[3 + i];
        char                       text[128];
        snprintf(text, sizeof text, "%s %s %llu %llu %llu", t->name,
                 gguf_type_find(t->type)->name, (unsigned long long)t->ne[0],
                 (unsigned long long)t->ne[1], (unsigned long long)t->ne[2]);
        assert_string_equal(text, layer[i]);
    }
    shape_done(&s);
}

/* Sizes that llama-bench printed of published files. */
static void test_sizes_that_others_measured(void **state)
{
    static const struct {
        const char *name, *quant;
        uint64_t    bytes;
    } files[] = {
        {"Llama-3.1-8B-Instruct", "Q4_K_M", 4912898304},
        {"Mistral-7B-Instruct-v0.3", "Q4_K_M", 4372054016},
        {"Qwen2.5-1.5B-Instruct", "Q4_K_M", 980097536},
        {"Qwen3.6-35B-A3B", "Q4_K_M", 21155768832},
    };

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct model_shape s = shape_of(
            *state, model_named(*state, files[i].name), files[i].quant);
        assert_int_equal(shape_data_bytes(&s), files[i].bytes);
        shape_done(&s);
    }
}

static void test_published_quantised_experts_stay_as_they_are(void **state)
{
    const struct catalogue_model *m = model_named(*state, "gpt-oss:20b");

    for (size_t q = 0; q < 4; q++) {
        struct model_shape s = shape_of(*state, m, QUANTS[q]);
        size_t             kept = 0;
        for (size_t i = 0; i < s.n_tensors; i++) {
            const char *type = gguf_type_find(s.tensors[i].type)->name;
            if (strcmp(type, "MXFP4") == 0) kept++;
        }
        assert_int_equal(kept, 24 * 3);
        shape_done(&s);
    }
}

/* ---- every entry ------------------------------------------------------- */

static void check_read_back(const struct catalogue *c,
                            const struct catalogue_model *m,
                            const char *quant)
{
    struct model_shape s = shape_of(c, m, quant);
    struct model_facts f;
    struct strbuf      head;
    struct err         err = {0};
    int                more = 0;

    strbuf_init(&head, (size_t)16 << 20);
    shape_write_header(&s, &head);
    assert_false(head.over);
    if (gguf_parse(head.text, head.len, head.len + shape_data_bytes(&s), &f,
                   &more, &err))
        fail_msg("%s %s: %s", m->id, quant, err.text);
    if (!(fabs(f.parameters / m->parameters - 1) < 0.01))
        fail_msg("%s: %.0f parameters, published %.0f", m->id, f.parameters,
                 m->parameters);
    assert_string_equal(f.architecture, m->architecture);
    assert_string_equal(f.quantisation, quant);
    assert_int_equal(f.tensor_bytes, shape_data_bytes(&s));
    assert_true(f.tensor_bytes > 0);
    assert_true(f.kv_bytes_per_token > 0);
    assert_true(f.n_groups > 0);
    assert_true(f.vocabulary > 0);
    assert_true(f.layers > 0 && f.context > 0);
    assert_true(f.weight_bytes_read_per_token > 0);
    assert_true(f.weight_bytes_read_per_token <= (double)f.tensor_bytes);
    model_facts_done(&f);
    strbuf_done(&head);
    shape_done(&s);
}

static void test_every_entry_is_read_back_from_its_header(void **state)
{
    static const char *const quants[] = {"Q4_K_M", "Q8_0", "F16"};
    const struct catalogue  *c = *state;

    assert_true(c->n >= 100);
    for (size_t i = 0; i < c->n; i++)
        for (size_t q = 0; q < 3; q++)
            check_read_back(c, &c->models[i], quants[q]);
}

/* ---- facts, and what cannot be ----------------------------------------- */

static void test_the_tokenizer_is_added_to_the_file(void **state)
{
    struct model_facts f = facts_of(
        *state, model_named(*state, "gemma-2-2b-it"), "Q4_K_M");

    /* The published file has 1,708,582,752 bytes. */
    assert_true(fabs((double)f.file_bytes / 1708582752.0 - 1) < 0.001);
    assert_int_equal(f.template.supports_system, 0);
    assert_int_equal(f.template.supports_tools, 0);
    assert_null(f.chat_template);
    model_facts_done(&f);
}

static void test_what_is_not_documented_of_a_template_is_missing(void **state)
{
    struct model_facts f = facts_of(*state, model_named(*state, "phi-2"),
                                    "Q4_K_M");

    assert_int_equal(f.template.supports_system, -1);
    assert_int_equal(f.template.supports_thinking, -1);
    model_facts_done(&f);
}

static void test_an_unknown_quantisation_is_an_error(void **state)
{
    struct model_shape s;
    struct model_facts f;
    struct err         err = {0}, again = {0};
    const struct catalogue_model *m = model_named(*state, "smollm2:135m");

    assert_int_equal(catalogue_shape(*state, m, "Q4_K_XXL", &s, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "Q4_K_XXL"));
    assert_int_equal(catalogue_facts(*state, m, "", &f, &again), -1);
}

static void test_without_an_architecture_there_is_no_shape(void **state)
{
    struct catalogue_model m = {.id = (char[]){"x/y"},
                                .unsupported = (char[]){"nobody wrote it"}};
    struct model_shape     s;
    struct err             err = {0};

    assert_int_equal(catalogue_shape(*state, &m, "Q8_0", &s, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "nobody wrote it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_models_to_the_byte),
        cmocka_unit_test(test_known_models_memory_and_reading),
        cmocka_unit_test(test_the_tensors_of_a_mixture),
        cmocka_unit_test(test_sizes_that_others_measured),
        cmocka_unit_test(test_published_quantised_experts_stay_as_they_are),
        cmocka_unit_test(test_every_entry_is_read_back_from_its_header),
        cmocka_unit_test(test_the_tokenizer_is_added_to_the_file),
        cmocka_unit_test(test_what_is_not_documented_of_a_template_is_missing),
        cmocka_unit_test(test_an_unknown_quantisation_is_an_error),
        cmocka_unit_test(test_without_an_architecture_there_is_no_shape),
    };

    return cmocka_run_group_tests(tests, catalogue_setup, catalogue_teardown);
}
