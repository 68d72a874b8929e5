/* SPDX-License-Identifier: MIT */
/* gguf_keys.h - values of a walked header by the key's name. A key that is
 * absent or of another type gives NULL or -1. */
#ifndef MODEL_GGUF_KEYS_H
#define MODEL_GGUF_KEYS_H

#include "model/gguf_walk.h"

#define GGUF_NAME_MAX 256u       /* bytes of a name, a licence that are read */

/* At most max bytes of a text, valid UTF-8; NULL also when it is empty.
 * Caller frees. */
char *gguf_walk_text(const struct gguf_walk *w, const char *key, size_t max);

/* A single whole number. */
int gguf_walk_count(const struct gguf_walk *w, const char *key);

/* "llama" and "block_count" name the key "llama.block_count". */
const struct gguf_pair *gguf_walk_of_model(const struct gguf_walk *w,
                                           const char *architecture,
                                           const char *suffix);
int gguf_walk_model_count(const struct gguf_walk *w, const char *architecture,
                          const char *suffix);

#endif
