/* SPDX-License-Identifier: MIT */
/* discover.h - GGUF files that are already on this machine: llama.cpp's
 * cache, Hugging Face's, Ollama's blobs, LM Studio, jetson-containers, our
 * own (the demo models of `make models`). Only looks: never writes, never
 * follows a link out of what it lists twice. */
#ifndef DISCOVER_H
#define DISCOVER_H

#include "types.h"

struct found_model {
    char *name;       /* "Qwen2.5-3B-Instruct-Q4_K_M", "llama3.2:3b" (Ollama) */
    char *path;       /* first part of a split file                         */
    char *where;      /* "llama.cpp", "Hugging Face", "Ollama", "LM Studio" */
    struct text_list also;  /* other names of the same file: Ollama's tags  */
};
struct found_models {
    struct found_model *items;
    size_t              n;
};

/* Sorted by name; companions (mmproj, drafts) and later parts left out; the
 * same file (device, inode) appears once. Folders: conventions of each
 * program with its environment variables (LLAMA_CACHE, HF_HUB_CACHE, HF_HOME,
 * OLLAMA_MODELS, XDG_CACHE_HOME, HOME). At most 10,000 entries are read. */
void discover_models(struct found_models *out);
void found_models_done(struct found_models *f);

/* The one that is meant by a bare name: case ignored, ".gguf" and "user/"
 * optional, an Ollama "name:tag" in full or without ":latest". -1 none. */
int discover_find(const struct found_models *found, const char *name);

/* Does a file of this name hold a model (or the first part of one), and not
 * one of the companions that lie beside models? */
bool discover_is_model(const char *file);

#endif
