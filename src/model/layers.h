/* SPDX-License-Identifier: MIT */
/* layers.h - how each layer of a model remembers, from its header's keys.
 * Rules: llama.cpp's (build 11434), which fill in what files leave out: every
 * architecture's own pattern of windowed and recurrent layers. Pure. */
#ifndef MODEL_LAYERS_H
#define MODEL_LAYERS_H

#include "model/gguf_walk.h"
#include "types.h"

/* Fills layers, heads, kv_heads, head_size, window, groups, n_groups and
 * kv_bytes_per_token; f->architecture is read. */
void layers_read(const struct gguf_walk *w, struct model_facts *f);

/* How often a token passes through each block of the file: once, but for
 * models that loop. */
int layers_loops(const struct gguf_walk *w, const char *architecture);

/* An architecture that only reads: embeddings and rankings. */
bool layers_is_encoder(const char *architecture);

#endif
