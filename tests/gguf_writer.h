/* SPDX-License-Identifier: MIT */
/* gguf_writer.h - for tests: GGUF headers built in memory, right or wrong.
 *
 *   struct gguf_file g;
 *   gguf_begin(&g, 3, 1, 2);                   version, tensors, keys
 *   gguf_text(&g, "general.architecture", "llama");
 *   gguf_u32(&g, "llama.block_count", 2);
 *   gguf_tensor(&g, "output.weight", 0, 2, (uint64_t[]){32, 4}, 0);
 *   gguf_end(&g, 32, 512);                     alignment, bytes of data
 *   ... g.bytes, g.len, g.header_len ...
 *   gguf_free(&g);
 */
#ifndef TESTS_GGUF_WRITER_H
#define TESTS_GGUF_WRITER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct gguf_file {
    unsigned char *bytes;
    size_t         len;
    size_t         cap;
    size_t         header_len;   /* without the padding in front of the data */
    int            is_big_endian;
};

static inline void gguf_put(struct gguf_file *g, const void *bytes, size_t n)
{
    if (g->len + n > g->cap) {
        g->cap = 2 * (g->len + n);
        g->bytes = mem_grow(g->bytes, g->cap, 1);
    }
    if (n) memcpy(g->bytes + g->len, bytes, n);
    g->len += n;
}

static inline void gguf_put_number(struct gguf_file *g, uint64_t value,
                                   size_t width)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < width; i++)
        bytes[g->is_big_endian ? width - 1 - i : i] =
            (unsigned char)(value >> (8 * i));
    gguf_put(g, bytes, width);
}

static inline void gguf_put_text(struct gguf_file *g, const char *text)
{
    gguf_put_number(g, strlen(text), 8);
    gguf_put(g, text, strlen(text));
}

static inline void gguf_begin_in(struct gguf_file *g, int is_big_endian,
                                 uint32_t version, uint64_t tensors,
                                 uint64_t keys)
{
    *g = (struct gguf_file){.is_big_endian = is_big_endian};
    gguf_put(g, "GGUF", 4);
    gguf_put_number(g, version, 4);
    gguf_put_number(g, tensors, 8);
    gguf_put_number(g, keys, 8);
}

static inline void gguf_begin(struct gguf_file *g, uint32_t version,
                              uint64_t tensors, uint64_t keys)
{
    gguf_begin_in(g, 0, version, tensors, keys);
}

/* A key and its value's type; the value is to follow. */
static inline void gguf_key(struct gguf_file *g, const char *key,
                            uint32_t type)
{
    gguf_put_text(g, key);
    gguf_put_number(g, type, 4);
}

static inline void gguf_number(struct gguf_file *g, const char *key,
                               uint32_t type, uint64_t value, size_t width)
{
    gguf_key(g, key, type);
    gguf_put_number(g, value, width);
}

static inline void gguf_u32(struct gguf_file *g, const char *key,
                            uint32_t value)
{
    gguf_number(g, key, 4, value, 4);
}

static inline void gguf_text(struct gguf_file *g, const char *key,
                             const char *value)
{
    gguf_key(g, key, 8);
    gguf_put_text(g, value);
}

/* The head of an array; its items are to follow. */
static inline void gguf_array(struct gguf_file *g, const char *key,
                              uint32_t type, uint64_t n)
{
    gguf_key(g, key, 9);
    gguf_put_number(g, type, 4);
    gguf_put_number(g, n, 8);
}

static inline void gguf_array_i32(struct gguf_file *g, const char *key,
                                  size_t n, const int32_t *items)
{
    gguf_array(g, key, 5, n);
    for (size_t i = 0; i < n; i++)
        gguf_put_number(g, (uint32_t)items[i], 4);
}

/* n texts, as a vocabulary has. */
static inline void gguf_tokens(struct gguf_file *g, size_t n)
{
    char token[16];

    gguf_array(g, "tokenizer.ggml.tokens", 8, n);
    for (size_t i = 0; i < n; i++) {
        snprintf(token, sizeof token, "t%zu", i);
        gguf_put_text(g, token);
    }
}

static inline void gguf_tensor(struct gguf_file *g, const char *name,
                               uint32_t type, uint32_t dims,
                               const uint64_t *shape, uint64_t offset)
{
    gguf_put_text(g, name);
    gguf_put_number(g, dims, 4);
    for (uint32_t i = 0; i < dims; i++) gguf_put_number(g, shape[i], 8);
    gguf_put_number(g, type, 4);
    gguf_put_number(g, offset, 8);
}

/* Padding, then data_bytes of zeros. */
static inline void gguf_end(struct gguf_file *g, size_t alignment,
                            size_t data_bytes)
{
    g->header_len = g->len;
    while (g->len % alignment) gguf_put(g, "", 1);
    for (size_t i = 0; i < data_bytes; i++) gguf_put(g, "", 1);
}

static inline void gguf_free(struct gguf_file *g)
{
    free(g->bytes);
    *g = (struct gguf_file){0};
}

/* A small model that every reader accepts: 2 layers, 100 tokens, grouped
 * heads, Q4_0 and F32, 5,664 bytes of tensors. */
static inline void gguf_small_model_in(struct gguf_file *g, const char *name,
                                       int is_big_endian, uint32_t version)
{
    gguf_begin_in(g, is_big_endian, version, 2, 12);
    gguf_text(g, "general.architecture", "llama");
    gguf_text(g, "general.name", name);
    gguf_text(g, "general.license", "mit");
    gguf_u32(g, "general.file_type", 2);
    gguf_u32(g, "llama.block_count", 2);
    gguf_u32(g, "llama.context_length", 4096);
    gguf_u32(g, "llama.embedding_length", 64);
    gguf_u32(g, "llama.attention.head_count", 4);
    gguf_u32(g, "llama.attention.head_count_kv", 2);
    gguf_tokens(g, 100);
    gguf_array_i32(g, "tokenizer.ggml.token_type", 3, (int32_t[]){1, 1, 3});
    gguf_text(g, "tokenizer.chat_template", "{{ messages }}");
    gguf_tensor(g, "token_embd.weight", 2, 2, (uint64_t[]){64, 100}, 0);
    gguf_tensor(g, "output_norm.weight", 0, 2, (uint64_t[]){64, 8}, 3616);
    gguf_end(g, 32, 3616 + 2048);
}

static inline void gguf_small_model(struct gguf_file *g, const char *name)
{
    gguf_small_model_in(g, name, 0, 3);
}

#endif
