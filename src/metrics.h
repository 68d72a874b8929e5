/* SPDX-License-Identifier: MIT */
/* metrics.h - every measured quantity, declared once. JSON keys, table
 * columns, the METHOD.md check and the store's names come from this list.
 *
 *   name, unit, better (+1 higher, -1 lower, 0 neither), decimals, label
 *
 * What each means, where its clock starts and stops: METHOD.md, one section
 * a name.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>

#define METRICS(X)                                                            \
    X(load_s, "s", -1, 2, "load")                                             \
    X(prompt_tok_s, "tok/s", 1, 0, "prompt tok/s (512)")                      \
    X(prompt_tok_s_128, "tok/s", 1, 0, "prompt tok/s (128)")                  \
    X(prompt_tok_s_2048, "tok/s", 1, 0, "prompt tok/s (2048)")                \
    X(prompt_tok_s_at_prompt, "tok/s", 1, 0, "prompt tok/s (yours)")          \
    X(prompt_tokens, "tokens", 0, 0, "your prompt")                           \
    X(served_tok_s, "tok/s", 1, 1, "tok/s")                                   \
    X(served_tok_s_by_timings, "tok/s", 1, 1, "tok/s by the server")          \
    X(served_tok_s_at_prompt, "tok/s", 1, 1, "tok/s after your prompt")       \
    X(engine_tok_s, "tok/s", 1, 1, "tok/s of the engine")                     \
    X(engine_prompt_tok_s, "tok/s", 1, 0, "prompt tok/s of the engine")       \
    X(serving_ms_per_token, "ms", -1, 2, "serving cost per token")            \
    X(chunks_per_s, "1/s", 0, 1, "chunks/s")                                  \
    X(words_per_s, "words/s", 1, 1, "words/s")                                \
    X(words35_s, "s", -1, 2, "35 words")                                      \
    X(ttft_s, "s", -1, 2, "first token")                                      \
    X(ttfat_s, "s", -1, 2, "first answer token")                              \
    X(first_clause_s, "s", -1, 2, "first clause")                             \
    X(first_sentence_s, "s", -1, 2, "first sentence")                         \
    X(first_sentence_cold_s, "s", -1, 2, "first sentence, cold")              \
    X(underrun_s, "s", -1, 2, "silence mid-answer")                           \
    X(tool_turn_s, "s", -1, 2, "tool turn")                                   \
    X(tool_turn_parallel_s, "s", -1, 2, "tool turn, parallel calls")          \
    X(cold_start_s, "s", -1, 2, "cold start")                                 \
    X(latency50_s, "s", -1, 2, "50 tokens")                                   \
    X(latency50_naive_s, "s", -1, 2, "50/speed")                              \
    X(energy_j_per_token, "J", -1, 2, "J per token")                          \
    X(anon_bytes, "bytes", -1, 0, "anonymous memory")                         \
    X(weights_mapped_bytes, "bytes", -1, 0, "weights mapped")                 \
    X(device_bytes, "bytes", -1, 0, "GPU memory")                             \
    X(peak_memory_bytes, "bytes", -1, 0, "memory")                            \
    X(left_for_speech_bytes, "bytes", 1, 0, "left for speech")

enum metric_id {
#define X(name, unit, better, decimals, label) METRIC_##name,
    METRICS(X)
#undef X
    METRIC_COUNT
};

struct metric_info {
    const char *name, *unit, *label;
    int         better, decimals;
};
extern const struct metric_info metric_info[METRIC_COUNT];

/* The id of a name, or -1. */
int metric_find(const char *name);

/* Seconds that a listener waits: of these there are percentiles. */
bool metric_is_latency(enum metric_id id);

#endif
