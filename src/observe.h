/* SPDX-License-Identifier: MIT */
/* observe.h - step 4: what one answer says about speed. Pure: a turn in,
 * quantities out, computed from arrival times and the server's own counts.
 *
 * Missing  NAN, when the turn does not hold what the definition needs.
 * Tokens   are counted by the server (chunk.tokens, timings); chunks are not
 *          tokens and are never counted as such.
 * Source   METHOD.md, the section of the same name.
 */
#ifndef OBSERVE_H
#define OBSERVE_H

#include "types.h"

/* From the last request byte to the first arrival of any kind, seconds. */
double observe_ttft_s(const struct turn *t);

/* Prompt tokens evaluated per second of prefill by the server's timing; else
 * prompt tokens / ttft, a lower bound: then *is_bound is true. */
double observe_prompt_tok_s(const struct turn *t, bool *is_bound);

/* (tokens at last - tokens at first) / (last - first arrival). */
double observe_served_tok_s(const struct turn *t);

/* 1000 (predicted_n - 1) / predicted_ms: the server's own view. */
double observe_timings_tok_s(const struct turn *t);

/* Arrivals per second, for servers that count nothing. */
double observe_chunks_per_s(const struct turn *t);

/* From the last request byte to the arrival of token n (counted). */
double observe_token_s(const struct turn *t, int n);

/* To the arrival of the text that confirms the first speakable sentence, or
 * to the end of the stream when the answer is one unconfirmed sentence. NAN
 * for a turn without spoken words. Reasoning is not spoken. */
double observe_first_sentence_s(const struct turn *t);

/* Spoken words per second between the first and the last arrival of content;
 * NAN under 8 words. */
double observe_words_per_s(const struct turn *t);

/* To the arrival that completes word n of the content; NAN when the answer
 * is shorter. */
double observe_word_s(const struct turn *t, size_t n);

#endif
