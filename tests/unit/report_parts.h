/* SPDX-License-Identifier: MIT */
/* report_parts.h - pieces of a facts record, in the proportions that real
 * models have; what is not set is missing. */
#ifndef TESTS_REPORT_PARTS_H
#define TESTS_REPORT_PARTS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "board_notes.h"
#include "facts.h"
#include "ledger.h"

#define GIB 1073741824.0

static inline void set_metric(struct candidate_facts *c, enum metric_id id,
                              double median, double low, double high, long n)
{
    c->metrics[id] = (struct metric){
        .median = median, .low = low, .high = high, .n = n,
        .certified = {NAN, NAN, NAN, NAN}};
}

/* The highest `n` of p50, p90, p95, p99 that the sample supports, growing. */
static inline void set_certified(struct candidate_facts *c, enum metric_id id,
                                 size_t n)
{
    struct metric *m = &c->metrics[id];

    for (size_t i = 0; i < n; i++)
        m->certified[i] = m->median * (1.05 + .15 * (double)i);
}

static inline void set_reason(struct candidate_facts *c, enum metric_id id,
                              const char *reason)
{
    snprintf(c->metrics[id].reason, sizeof c->metrics[id].reason, "%s",
             reason);
}

/* A candidate of which nothing is known but its name. */
static inline struct candidate_facts *add_candidate(struct facts *f,
                                                    const char *name,
                                                    const char *why_missing)
{
    struct candidate_facts *c;

    f->candidates = mem_grow(f->candidates, f->n_candidates + 1,
                             sizeof *f->candidates);
    c = &f->candidates[f->n_candidates++];
    *c = (struct candidate_facts){
        .name = mem_copy(name), .verdict = VERDICT_UNKNOWN,
        .parameters = NAN, .file_bytes = NAN, .has_template = -1,
        .supports_tools = -1, .supports_tool_calls = -1,
        .supports_system_role = -1,
        .cliff = {.knee_tokens = NAN, .max_entities = NAN, .limit_s = NAN},
        .calls = {.rate = NAN, .rate_if_parsed = NAN},
        .reasoning = {.leak_rate = NAN, .empty_rate = NAN, .can_disable = -1},
    };
    board_facts_init(&c->board);
    ledger_init(&c->ledger);
    for (int i = 0; i < METRIC_COUNT; i++) {
        set_metric(c, (enum metric_id)i, NAN, NAN, NAN, 0);
        set_reason(c, (enum metric_id)i, why_missing);
    }
    return c;
}

static inline void set_model(struct candidate_facts *c, const char *file,
                             const char *architecture, double parameters,
                             double file_bytes)
{
    c->file = mem_copy(file);
    c->sha256 = mem_copy("9f86d081884c7d659a2feaa0c55ad015"
                         "a3bf4f1b2b0b822cd15d6c15b0f00a08");
    c->architecture = mem_copy(architecture);
    c->quantisation = mem_copy("Q4_K_M");
    c->parameters = parameters;
    c->file_bytes = file_bytes;
    c->engine = mem_copy("llama_server");
    c->build = mem_copy("b11434-3f2a1c9");
    c->command = mem_printf("llama-server -m %s -c 4096 -ngl all -np 1 "
                            "-fit off --cache-ram 0 --host 127.0.0.1 "
                            "--port 8080", file);
    c->blocks = 2;
}

/* Speeds in the proportion that a real model has them. */
static inline void set_speed(struct candidate_facts *c, double tok_s,
                             double first_s, double memory_bytes)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        set_reason(c, (enum metric_id)i, "");
    set_metric(c, METRIC_load_s, 2.31, NAN, NAN, 2);
    set_metric(c, METRIC_prompt_tok_s, tok_s * 21, tok_s * 20.7,
               tok_s * 21.2, 10);
    set_metric(c, METRIC_prompt_tok_s_128, tok_s * 18, tok_s * 17.5,
               tok_s * 18.3, 10);
    set_metric(c, METRIC_prompt_tok_s_2048, tok_s * 19, tok_s * 18.8,
               tok_s * 19.1, 10);
    set_metric(c, METRIC_prompt_tok_s_at_prompt, tok_s * 20, tok_s * 19.6,
               tok_s * 20.2, 10);
    set_metric(c, METRIC_prompt_tokens, 1312, NAN, NAN, 1);
    c->predicted[c->n_predicted++] = (struct predicted){
        METRIC_served_tok_s, 40.0, 33.5, 47.5, -0.03};
    c->predicted[c->n_predicted++] = (struct predicted){
        METRIC_peak_memory_bytes, 1.5 * GIB, NAN, NAN, NAN};
    set_metric(c, METRIC_served_tok_s, tok_s, tok_s * .99, tok_s * 1.01, 20);
    set_metric(c, METRIC_served_tok_s_by_timings, tok_s, NAN, NAN, 20);
    set_metric(c, METRIC_served_tok_s_at_prompt, tok_s * .94, tok_s * .93,
               tok_s * .95, 20);
    set_metric(c, METRIC_chunks_per_s, NAN, NAN, NAN, 0);
    set_reason(c, METRIC_chunks_per_s, "the server counts tokens itself");
    set_metric(c, METRIC_words_per_s, tok_s * .76, NAN, NAN, 20);
    set_metric(c, METRIC_words35_s, 46 / tok_s, NAN, NAN, 20);
    set_metric(c, METRIC_ttft_s, first_s * .3, first_s * .29, first_s * .33,
               24);
    set_metric(c, METRIC_first_sentence_s, first_s, first_s * .95,
               first_s * 1.07, 24);
    set_metric(c, METRIC_latency50_s, .12 + 50 / tok_s, .11 + 50 / tok_s,
               .15 + 50 / tok_s, 24);
    set_metric(c, METRIC_latency50_naive_s, 50 / tok_s, NAN, NAN, 20);
    set_metric(c, METRIC_anon_bytes, memory_bytes * .4, NAN, NAN, 2);
    set_metric(c, METRIC_weights_mapped_bytes, memory_bytes * .6, NAN, NAN,
               2);
    set_metric(c, METRIC_peak_memory_bytes, memory_bytes,
               memory_bytes * .999, memory_bytes * 1.002, 8);
    set_metric(c, METRIC_left_for_speech_bytes, 11.2 * GIB - memory_bytes,
               NAN, NAN, 2);
}

/* What a listener hears of a model whose first sentence takes first_s. */
static inline void set_listener(struct candidate_facts *c, double first_s,
                                long n)
{
    set_metric(c, METRIC_ttfat_s, first_s * .31, first_s * .3, first_s * .34,
               n);
    set_metric(c, METRIC_first_clause_s, first_s * .6, first_s * .57,
               first_s * .65, n);
    set_metric(c, METRIC_first_sentence_s, first_s, first_s * .95,
               first_s * 1.07, n);
    set_metric(c, METRIC_first_sentence_cold_s, first_s * 3.1, first_s * 3,
               first_s * 3.3, 6);
    set_metric(c, METRIC_underrun_s, 0, 0, .12, n);
    set_metric(c, METRIC_tool_turn_s, first_s * 2.4, first_s * 2.2,
               first_s * 2.7, 30);
    set_metric(c, METRIC_tool_turn_parallel_s, first_s * 3, NAN, NAN, 4);
    set_metric(c, METRIC_cold_start_s, 4.87, NAN, NAN, 2);
    for (int i = 0; i < METRIC_COUNT; i++)
        if (metric_is_latency((enum metric_id)i) && c->metrics[i].n >= 11)
            set_certified(c, (enum metric_id)i, c->metrics[i].n < 64 ? 1 : 2);
}

/* Ten turns, each reread_tokens longer to read than it need be. */
static inline void add_turns(struct candidate_facts *c, double first_s,
                             double slower_s, double reread_tokens)
{
    for (int i = 0; i < 10; i++) {
        double before = 1312 + 58 * (i - 1);   /* tokens of the last prompt */

        c->turns[c->n_turns++] = (struct turn_facts){
            .turn = i + 1, .prompt_tokens = before + 58,
            .first_sentence_s = i == 4 ? NAN : first_s + slower_s * i,
            .unchanged_tokens = i ? before : NAN,
            .cached_tokens = i ? before - 1 - reread_tokens : 0,
            .reread_tokens = i ? reread_tokens : NAN};
    }
}

/* A first token against 0.25 to 8 times 18 entities, each token of the
 * prompt three times as slow behind the knee (NAN: there is none); the last
 * sizes are beyond the context. */
static inline void set_cliff(struct candidate_facts *c, double prompt_tok_s,
                             double knee_tokens, size_t n_measured)
{
    for (size_t i = 0; i < CLIFF_POINTS; i++) {
        double entities = floor(18 * pow(2, (double)i - 2));
        double tokens   = 420 + 49.5 * entities;
        double slow     = fmax(tokens - knee_tokens, 0);
        struct cliff_point *p = &c->cliff.points[c->cliff.n++];

        *p = (struct cliff_point){.entities = entities,
            .prompt_tokens = tokens, .ttft_s = tokens / prompt_tok_s};
        if (isfinite(knee_tokens)) p->ttft_s += 2 * slow / prompt_tok_s;
        if (i < n_measured) continue;
        p->ttft_s = NAN;
        snprintf(p->reason, sizeof p->reason, "longer than the context");
    }
    c->cliff.knee_tokens = knee_tokens;
    c->cliff.limit_s = 1.5;
}

static inline void add_serving(struct candidate_facts *c, const char *name,
                               double tok_s, double saves_ms, bool is_sure)
{
    struct serving_variant *v = &c->serving[c->n_serving++];

    *v = (struct serving_variant){.tok_s = tok_s, .is_sure = is_sure,
                                  .saves_ms_per_token = saves_ms};
    snprintf(v->name, sizeof v->name, "%s", name);
}

static inline void set_serving(struct candidate_facts *c, double engine_tok_s,
                               double cost_ms)
{
    double served = c->metrics[METRIC_served_tok_s].median;

    set_metric(c, METRIC_engine_tok_s, engine_tok_s, NAN, NAN, 5);
    set_metric(c, METRIC_engine_prompt_tok_s, engine_tok_s * 22, NAN, NAN, 5);
    set_metric(c, METRIC_serving_ms_per_token, cost_ms, NAN, NAN, 5);
    add_serving(c, "as set", served, NAN, false);
    add_serving(c, "greedy only", 1000 / (1000 / served - cost_ms * .02),
                cost_ms * .02, false);
    add_serving(c, "full chain", 1000 / (1000 / served + cost_ms * .4),
                -cost_ms * .4, true);
    add_serving(c, "backend sampling", 1000 / (1000 / served - cost_ms * .6),
                cost_ms * .6, true);
}

static inline void set_reasoning(struct candidate_facts *c, double leak_rate,
                                 double empty_rate, int can_disable,
                                 const char *how)
{
    c->reasoning = (struct reasoning_facts){
        .answers = 90, .leak_rate = leak_rate, .empty_rate = empty_rate,
        .can_disable = can_disable};
    snprintf(c->reasoning.how, sizeof c->reasoning.how, "%s", how);
}

/* As preflight_json() has it, in part. */
static inline void set_preflight(struct candidate_facts *c, const char *tools,
                                 const char *system, const char *text_call)
{
    c->preflight = json_pack("{s:b, s:n, s:b, s:b, s:n, s:[], s:[]}",
                             "present", c->has_template == 1, "error",
                             "shows_unicode", 1, "thinks", 0, "can_disable",
                             "more_args", "findings");
    jsonx_set_text(c->preflight, "tools", tools);
    jsonx_set_text(c->preflight, "system", system);
    jsonx_set_text(c->preflight, "text_call", text_call);
}

static inline void set_template(struct candidate_facts *c, int present,
                                int tools, int calls, int system)
{
    c->has_template = present;
    c->supports_tools = tools;
    c->supports_tool_calls = calls;
    c->supports_system_role = system;
}

static inline void add_suite(struct candidate_facts *c, const char *suite,
                             bool needs_tools, int pass, int fail,
                             int unparsed, int template_fault, double low,
                             double high)
{
    int            total = pass + fail + unparsed + template_fault;
    struct quality q     = {
        .suite = mem_copy(suite), .pass = pass, .fail = fail,
        .unparsed = unparsed, .template_fault = template_fault,
        .total = total, .needs_tools = needs_tools,
        .rate = total ? (double)pass / total : NAN,
        .rate_low = low, .rate_high = high,
        .rate_if_parsed = total ? (double)(pass + unparsed) / total : NAN,
        .first_sentence_s = {
            .median = NAN, .low = NAN, .high = NAN,
            .certified = {NAN, NAN, NAN, NAN},
            .reason = "no answer had a spoken word"},
        .first_sentence_cold_s = {
            .median = NAN, .low = NAN, .high = NAN,
            .certified = {NAN, NAN, NAN, NAN},
            .reason = "no answer with nothing cached"}};

    c->quality = mem_grow(c->quality, c->n_quality + 1, sizeof q);
    c->quality[c->n_quality++] = q;
}

/* Of the last suite: when its answers begin to be spoken. */
static inline void set_suite_first(struct candidate_facts *c, double first_s)
{
    struct quality *q = &c->quality[c->n_quality - 1];

    q->first_sentence_s = (struct metric){
        .median = first_s, .low = first_s * .96, .high = first_s * 1.05,
        .n = 30, .certified = {first_s * 1.04, NAN, NAN, NAN}};
    q->first_sentence_cold_s = (struct metric){
        .median = first_s * 3, .low = NAN, .high = NAN, .n = 2,
        .certified = {NAN, NAN, NAN, NAN}};
}

/* The last suite is one with the tools in the prompt. */
static inline void set_by_prompt(struct candidate_facts *c,
                                 const char *dialect)
{
    c->quality[c->n_quality - 1].by_prompt = true;
    c->quality[c->n_quality - 1].dialect = mem_copy(dialect);
}

/* n of `of`, with a made-up interval; none of none is nothing known. */
static inline struct share some(long n, long of)
{
    double rate = of ? (double)n / (double)of : NAN;

    return (struct share){.n = n, .of = of, .rate = rate,
                          .low = fmax(0, rate - .08),
                          .high = fmin(1, rate + .07)};
}

/* What its cases say beyond their rates, asked with everything. */
static inline void set_understanding(struct candidate_facts *c, long passed)
{
    struct understanding *u = &c->understanding;

    *u = (struct understanding){
        .conversations = 40, .turns = some(3 * passed, 180),
        .noise = {{5, 4.8, some(passed - 3, 60), some(passed, 60)},
                  {20, 19.4, some(passed / 2, 60), some(passed, 60)}},
        .n_noise = 2, .most_repeats = 3, .repeated = 90,
        .pass_hat = {.87, .81, .77, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
        .groups = some(11, 15)};
    for (int i = 0; i < MANNER_COUNT; i++)
        u->manners[i] = some(60 - passed + i, 150 - 10 * i);
}

static inline void add_finding(struct candidate_facts *c, const char *kind,
                               enum fault fault, const char *text,
                               const char *remedy)
{
    struct finding *f;

    c->findings = mem_grow(c->findings, c->n_findings + 1, sizeof *f);
    f = &c->findings[c->n_findings++];
    memset(f, 0, sizeof *f);
    f->fault = fault;
    snprintf(f->kind, sizeof f->kind, "%s", kind);
    snprintf(f->text, sizeof f->text, "%s", text);
    snprintf(f->remedy, sizeof f->remedy, "%s", remedy);
}

static inline void add_example(struct candidate_facts *c, const char *id,
                               const char *say, const char *answer,
                               const char *reason, enum outcome outcome)
{
    c->examples = mem_grow(c->examples, c->n_examples + 1,
                           sizeof *c->examples);
    c->examples[c->n_examples++] = (struct worst_case){
        .suite = mem_copy("home"), .id = mem_copy(id), .say = mem_copy(say),
        .answer = mem_copy(answer), .reason = mem_copy(reason),
        .outcome = outcome};
}

static inline void set_verdict(struct candidate_facts *c, enum verdict verdict,
                               bool passes, const char *reason)
{
    c->verdict = verdict;
    c->passes_gates = passes;
    c->reason = mem_copy(reason);
}

#endif
