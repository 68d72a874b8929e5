/* SPDX-License-Identifier: MIT */
/* plan_cases.h - what is said before any download: verdicts with reasons, a
 * document with its contract, and bad input. */
#ifndef TESTS_E2E_PLAN_CASES_H
#define TESTS_E2E_PLAN_CASES_H

#include "base/strbuf.h"
#include "document.h"

#define ORIN "board: Jetson Orin NX 16GB\npower_mode: MAXN\nreserve: 3GiB\n"

static inline void write_config(const struct workplace *w, const char *text)
{
    workplace_text(w, "plan.yaml", text);
}

static inline json_t *plan_of(const struct workplace *w, const char *config)
{
    struct outcome o;
    json_t        *document;

    write_config(w, config);
    program_run(w, "plan plan.yaml --json", &o);
    document = document_of(&o);
    outcome_done(&o);
    return document;
}

static void test_models_by_name_get_a_verdict_with_its_reason(void **state)
{
    static const struct {
        const char *name, *verdict, *reason;
    } cases[] = {
        {"Llama-3.2-1B-Instruct", NULL, "voice latency"},
        {"Mixtral-8x7B-Instruct-v0.1", "does_not_fit", "MiB are available"},
        {"btlm-3b-8k-base", "unsupported", "llama.cpp"},
        {"Falcon-E-3B-Instruct", "unsupported", "GGUF"},
        {"Qwen2.5-7B-Instruct", NULL, "voice latency"},
    };
    struct workplace w;
    struct strbuf    config;
    json_t          *document;

    (void)state;
    workplace_begin(&w, NULL);
    strbuf_init(&config, 4096);
    strbuf_add(&config, ORIN "candidates:\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        strbuf_addf(&config, "  - %s\n", cases[i].name);
    document = plan_of(&w, config.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const json_t *c = candidate_of(document, cases[i].name);
        char         *reasons;
        if (!c) fail_msg("%s is not in the plan", cases[i].name);
        reasons = json_dumps(json_object_get(c, "reasons"), 0);
        if (cases[i].verdict)
            assert_string_equal(text_at(c, "verdict"), cases[i].verdict);
        if (!strstr(reasons, cases[i].reason))
            fail_msg("%s: no \"%s\" in %s", cases[i].name, cases[i].reason,
                     reasons);
        free(reasons);
    }
    json_decref(document);
    strbuf_done(&config);
    workplace_end(&w);
}

static void assert_numbers(const json_t *object, const char *const *keys)
{
    for (; *keys; keys++)
        if (!json_is_number(json_object_get(object, *keys)))
            fail_msg("%s is no number", *keys);
}

static void test_a_plan_keeps_its_contract(void **state)
{
    static const char *const parts[] = {"weights", "kv", "compute", "runtime",
                                        "total", "largest_allocation", NULL};
    static const char *const ends[] = {"median", "low", "high", NULL};
    static const char *const metrics[] = {
        "gen_tok_s", "served_tok_s", "prompt_tok_s", "ttft_s",
        "ttft_cold_s",
        "first_sentence_s", "latency50_s", "cold_start_s", NULL};
    struct workplace w;
    json_t          *document;
    const json_t    *c;

    (void)state;
    workplace_begin(&w, NULL);
    document = plan_of(&w, ORIN "candidates: [Llama-3.2-3B-Instruct]\n");
    c = candidate_of(document, "Llama-3.2-3B-Instruct");
    assert_non_null(c);
    assert_int_equal(json_integer_value(json_object_get(
        document, "schema_version")), 1);
    assert_string_equal(text_at(document, "device"), "Jetson Orin NX 16GB");
    assert_string_equal(text_at(document, "power_mode"), "MAXN");
    assert_true(json_is_true(json_object_get(c, "fits")));
    assert_numbers(json_object_get(c, "memory_bytes"), parts);
    for (size_t i = 0; metrics[i]; i++)
        assert_numbers(json_object_get(json_object_get(c, "metrics"),
                                       metrics[i]), ends);
    assert_true(json_number_value(json_object_get(document,
                                                  "audition_s")) > 0);
    json_decref(document);
    workplace_end(&w);
}

static void test_expectations_that_cannot_hold_are_marked(void **state)
{
    struct workplace w;
    struct outcome   o;

    (void)state;
    workplace_begin(&w, NULL);
    write_config(&w, ORIN "candidates:\n"
        "  - {name: hope, model: Llama-3.2-3B-Instruct,\n"
        "     expect: {tok_s: 200-300, memory: 100MB}}\n"
        "  - {name: sober, model: Llama-3.2-3B-Instruct,\n"
        "     expect: {tok_s: ~1 – 200 tok/s, latency50_s: 0.01–60 s,\n"
        "              memory: ~9 GB}}\n"
        "  - {name: told, model: Llama-3.2-3B-Instruct,\n"
        "     measured_tok_s: 12.5}\n");
    program_run(&w, "plan plan.yaml", &o);
    expect(&o, 0, "200 to 300 tok/s cannot hold", NULL);
    expect(&o, 0, "95 MiB of memory cannot hold", NULL);
    expect(&o, 0, "95 MiB !", NULL);
    expect(&o, 0, "12.5 [", NULL);
    if (strstr(o.out, "1 to 200 tok/s cannot hold") ||
        strstr(o.out, "8.4 GiB of memory cannot hold"))
        fail_msg("%s", o.out);
    outcome_done(&o);
    workplace_end(&w);
}

static double median_at(const json_t *candidate, const char *metric)
{
    const json_t *m = json_object_get(
        json_object_get(candidate, "metrics"), metric);

    return json_number_value(json_object_get(m, "median"));
}

/* Reasoning is waited for; a base model is told by that and not by a speed;
 * a mode stays with its board. */
static void test_what_would_disappoint_is_said_beforehand(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document;
    const json_t    *c;

    (void)state;
    workplace_begin(&w, NULL);
    document = plan_of(&w, ORIN "candidates: [DeepSeek-R1-Distill-Qwen-1.5B, "
                       "Qwen2.5-1.5B-Instruct, Sheared-LLaMA-1.3B]\n");
    c = candidate_of(document, "DeepSeek-R1-Distill-Qwen-1.5B");
    assert_string_equal(text_at(c, "verdict"), "too_slow");
    assert_true(median_at(c, "first_sentence_s") >
                3 * median_at(c, "latency50_s"));
    c = candidate_of(document, "Qwen2.5-1.5B-Instruct");
    assert_true(median_at(c, "first_sentence_s") <
                median_at(c, "latency50_s"));
    c = candidate_of(document, "Sheared-LLaMA-1.3B");
    assert_string_equal(text_at(c, "verdict"), "not_instruct");
    assert_non_null(strstr(json_string_value(json_array_get(json_object_get(
        c, "reasons"), 0)), "base model"));
    json_decref(document);
    program_run(&w, "plan plan.yaml --device pi5", &o);
    expect(&o, 0, "Raspberry Pi 5 8GB, context", NULL);
    outcome_done(&o);
    program_run(&w, "predict Mixtral-8x7B-Instruct-v0.1 --json --device Pi5",
                &o);
    expect(&o, 0, "\"gen_tok_s\":null", NULL);
    expect(&o, 0, "\"power_mode\":null", NULL);
    outcome_done(&o);
    workplace_end(&w);
}

static void test_bad_input_of_a_plan_is_told(void **state)
{
    static const struct {
        const char *config, *err;
        int         code;
    } cases[] = {
        {"board: Jetson Orin NY 16GB\ncandidates: [Llama-3.2-1B]\n",
         "Jetson Orin NX 16GB", 2},
        {"board: Jetson Orin NX 16GB\npower_mode: 999W\n"
         "candidates: [Llama-3.2-1B]\n", "MAXN", 2},
        {"candidates: [{model: Llama-3.2-1B, expect: {tok_s: fast}}]\n",
         "plan.yaml:1", 2},
        {"candidates: [{model: Llama-3.2-1B, expect: {tok_s: 9-5}}]\n",
         "no range", 2},
        {"candidates: [{model: Llama-3.2-1B, expect: {memory: 1.2}}]\n",
         "plan.yaml:1", 2},
        {"candidates: [{model: Llama-3.2-1B, expect: {tok_s: 5 apples}}]\n",
         "no range", 2},
        {"candidates: [{model: Llama-3.2-1B, expect: {speed: 5}}]\n",
         "unknown field", 2},
    };
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_config(&w, cases[i].config);
        bad += run_differs(&w, "plan plan.yaml", cases[i].code, NULL,
                           cases[i].err);
    }
    bad += run_differs(&w, "plan -m no-such-model-at-all", 2,
                       "nor in the catalogue", NULL);
    workplace_text(&w, "folder.gguf/inside", "");
    bad += run_differs(&w, "inspect folder.gguf", 2, NULL,
                       "folder.gguf: is a directory");
    bad += run_differs(&w, "plan --download -m Llama-3.2-1B", 2, NULL,
                       "it fetches nothing");
    bad += run_differs(&w, "plan -m Lama-3.2-1B-Instruct", 2,
                       "Llama-3.2-1B-Instruct", NULL);
    bad += run_differs(&w, "plan -m Llama-3.2-1B --device PDP-11", 2, NULL,
                       "PDP-11");
    bad += run_differs(&w, "devices PDP-11 --json", 2, "\"exit_code\":2",
                       "PDP-11");
    if (bad) fail();
    workplace_end(&w);
}

/* A name becomes a file, a file becomes facts, facts become a plan: all of
 * one size. */
static void test_a_synthetic_model_is_what_its_name_promises(void **state)
{
    struct workplace w;
    struct outcome   by_name, of_file;
    json_t          *named, *real;

    (void)state;
    workplace_begin(&w, NULL);
    assert_int_equal(run_differs(&w, "synth SmolLM2-135M-Instruct made.gguf "
                                 "--quant Q4_K_M", 0, NULL, NULL), 0);
    assert_int_equal(run_differs(&w, "synth SmolLM2-135M-Instruct made.gguf",
                                 2, NULL, "made.gguf"), 0);
    program_run(&w, "inspect --json SmolLM2-135M-Instruct-Q4_K_M", &by_name);
    program_run(&w, "inspect --json made.gguf", &of_file);
    named = document_of(&by_name);
    real = document_of(&of_file);
    for (size_t i = 0; i < 5; i++) {
        static const char *const keys[] = {
            "tensor_data_bytes", "weight_bytes_read_per_token",
            "kv_bytes_per_token_f16", "parameters", "layers"};
        const json_t *a = json_array_get(json_object_get(named, "models"), 0);
        const json_t *b = json_array_get(json_object_get(real, "models"), 0);
        if (!json_equal(json_object_get(a, keys[i]),
                        json_object_get(b, keys[i])))
            fail_msg("%s differs", keys[i]);
    }
    json_decref(named);
    json_decref(real);
    outcome_done(&by_name);
    outcome_done(&of_file);
    workplace_end(&w);
}

#endif
