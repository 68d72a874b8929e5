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

/* To the first arrival of the answer itself: of a byte of content that is
 * neither thought (spoken.h) nor white space, or of a tool call. NAN when
 * everything was reasoning. */
double observe_ttfat_s(const struct turn *t);

/* Prompt tokens evaluated per second of prefill by the server's timing; else
 * prompt tokens / ttft, a lower bound: then *is_bound is true. */
double observe_prompt_tok_s(const struct turn *t, bool *is_bound);

/* (tokens at last - tokens at first) / (last - first arrival). */
double observe_served_tok_s(const struct turn *t);

/* 1000 (predicted_n - 1) / predicted_ms: the server's own view. */
double observe_timings_tok_s(const struct turn *t);

/* Energy from the first token to the end, J, a token generated in that time;
 * NAN when it was not measured, or is known no better than to 50 %. */
double observe_energy_j_per_token(const struct turn *t);

/* Arrivals per second, for servers that count nothing. */
double observe_chunks_per_s(const struct turn *t);

/* From the last request byte to the arrival of token n (counted). */
double observe_token_s(const struct turn *t, int n);

/* To the arrival of the text that confirms the first speakable sentence
 * (clause), or to the end of the stream when the answer is one unconfirmed
 * sentence. NAN for a turn without spoken words. Reasoning is not spoken,
 * wherever it stands: all of these look at spoken.h's text only. */
double observe_first_sentence_s(const struct turn *t);
double observe_first_clause_s(const struct turn *t);

/* Is the answer a call of one of these tools, written as text (dialect.h)?
 * What a parser was meant for is not spoken: the quantities above and below
 * do not know the tools, the caller leaves such an answer out. */
bool observe_is_call_as_text(const struct turn *t, const json_t *tools);

/* Seconds of silence in the middle of the answer when it is read aloud at
 * `words_per_min` (> 0), sentence by sentence: a sentence can be spoken once
 * it is confirmed (the last: at the end of the stream), and when the one
 * before has been spoken. The wait for the first one is no silence. 0 when
 * the model keeps ahead; NAN without a spoken word, and when a sentence's
 * arrival is not known. The request's stamp is not needed. */
double observe_underrun_s(const struct turn *t, double words_per_min);

/* A whole tool turn, seconds: the model calls that led to the first sentence
 * of the spoken answer, each from its last request byte (the tools' own time
 * between them is left out). Only for a conversation that is exactly a turn
 * of calls and a turn of words; *is_parallel: more than one call. Else NAN. */
double observe_tool_turn_s(const struct turn *turns, size_t n,
                           bool *is_parallel);

/* From the start of the engine's process to the first arrival of the answer
 * (as for ttfat) of this, its first turn. NAN when started_ns < 0. */
double observe_cold_start_s(const struct turn *t, int64_t started_ns);

/* Did a prompt that was to begin anew do so? Some tokens in front (control
 * tokens, the mark that parts two prompts) are always shared: up to a tenth
 * of the prompt may come from the cache. True when the server does not say. */
bool observe_is_cold(const struct turn *t);

/* Is there reasoning in what would be spoken? Tags with nothing between them
 * are read aloud too, and count. */
bool observe_leaks(const struct turn *t);

/* Did the model reason, and say no word and call nothing? */
bool observe_is_only_reasoning(const struct turn *t);

/* Did it reason at all, kept apart or not? Not by tags or white space only:
 * that is what reasoning leaves that was switched off. */
bool observe_reasons(const struct turn *t);

/* Spoken words per second between the first and the last arrival of them;
 * NAN under 8 words. */
double observe_words_per_s(const struct turn *t);

/* To the arrival that completes spoken word n; NAN when fewer are spoken. */
double observe_word_s(const struct turn *t, size_t n);

#endif
