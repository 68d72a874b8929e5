/* SPDX-License-Identifier: MIT */
/* table_words.h - what the free text of a published table says: which engine
 * and backend, which quantisation, who doubts it. Pure. */
#ifndef PREDICT_TABLE_WORDS_H
#define PREDICT_TABLE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "predict/device.h"

enum engine_family { ENGINE_OTHER, ENGINE_LLAMA_CPP, ENGINE_OLLAMA };

struct engine_words {
    enum engine_family family;
    int         backend;      /* enum backend, -1: not said                  */
    const char *trouble;      /* why its backend cannot be predicted, or NULL*/
};
/* "llama.cpp (CUDA) via yzma"; "" is llama.cpp. */
struct engine_words words_engine(const char *text);

/* "Q4_0 (QAT)", "Ollama default (Q4_0/Q4_K_M)", "Q4_K - Medium", "fp16" to a
 * name of quantise.h. false: none is in it. *is_certain is false when it is
 * the first of several, a default that is only assumed, or stands for a
 * mixture close to it ("UD-Q4_K_XL"). */
bool words_quant(const char *text, enum engine_family family, char *out,
                 size_t size, bool *is_certain);

/* Does the note doubt its own row? */
bool words_doubt(const char *note);
/* Do engine and note say that a server's answer was timed? */
bool words_served(const char *engine, const char *note);

/* "gpt-oss-20B (MoE)", "MAXN (assumed)" without the remark. Caller frees. */
char *words_before_remark(const char *text);

#endif
