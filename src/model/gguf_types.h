/* SPDX-License-Identifier: MIT */
/* gguf_types.h - how ggml stores numbers: the tensor types and the "file
 * type" that a GGUF says it mostly is. The numbers are ggml's and llama.cpp's
 * (ggml.h, llama.h of build 11434); a number once given keeps its meaning. */
#ifndef GGUF_TYPES_H
#define GGUF_TYPES_H

#include <stdint.h>

struct gguf_type {
    const char *name;         /* "Q4_K"                          */
    uint32_t    block;        /* elements stored together        */
    uint32_t    block_bytes;  /* bytes that such a block takes   */
};

/* NULL for a type whose layout this table does not know. */
const struct gguf_type *gguf_type_find(uint32_t type);

/* "Q4_K" into out, which is returned; also of types that engines removed or
 * only forks have; else "type 57". */
const char *gguf_type_name(uint32_t type, char out[24]);

/* The name of a general.file_type ("Q4_K_M"), or NULL. */
const char *gguf_file_type_name(uint64_t file_type);

#endif
