/* SPDX-License-Identifier: MIT */
/* gguf_walk.h - one GGUF header as key-value pairs and tensors. Knows the
 * layout and no key but general.alignment; gguf.c knows what keys mean. */
#ifndef GGUF_WALK_H
#define GGUF_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Value types of the GGUF specification. */
enum gguf_value {
    GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32,
    GGUF_BOOL, GGUF_TEXT, GGUF_ARRAY, GGUF_U64, GGUF_I64, GGUF_F64
};

/* Bytes of one item; 0 for texts, arrays and what is no type. */
uint64_t gguf_value_bytes(uint32_t type);

struct gguf_pair {
    const unsigned char *key;       /* no NUL                                */
    uint64_t             key_len;
    bool                 is_array;
    uint32_t             type;      /* enum gguf_value; an array's items'    */
    uint64_t             n;         /* items; 1 unless an array              */
    const unsigned char *value;     /* first item; a text: after its length;
                                       NULL: of texts, of arrays, and what is
                                       too long to be kept of a file         */
    uint64_t             value_len; /* bytes of a text                       */
};

struct gguf_tensor {
    const char *name;               /* no NUL                                */
    size_t      name_len;
    uint32_t    type;               /* ggml's number                         */
    int         n_dims;
    uint64_t    ne[4];              /* ggml's order: ne[0] is the row; 1     */
    double      elements;
    uint64_t    offset;             /* from the start of the data            */
    uint64_t    bytes;              /* without padding; of a type whose layout
                                       is not known: up to the next tensor   */
};

struct gguf_walk {
    struct gguf_pair   *pairs;      /* sorted by key, no key twice           */
    size_t              n_pairs;
    struct gguf_tensor *tensors;    /* in file order, no name twice          */
    size_t              n_tensors;
    bool                is_big_endian;
    uint64_t            tensor_bytes;  /* each padded to the alignment       */
    struct gguf_chunk  *kept;       /* what keys, values, names point to when
                                       a file was walked; else the head      */
};

/* `size` bytes of the head of a file of file_bytes. Failures are those of
 * gguf_parse. `out` is to be ended by gguf_walk_done after success only. */
MUST_USE int gguf_walk(const void *head, size_t size, uint64_t file_bytes,
                       struct gguf_walk *out, int *more, struct err *err);

/* The same of an open file, which is read as far as the header goes. */
MUST_USE int gguf_walk_file(int fd, uint64_t file_bytes,
                            struct gguf_walk *out, struct err *err);
void gguf_walk_done(struct gguf_walk *w);

/* NULL when there is no such key. */
const struct gguf_pair *gguf_walk_find(const struct gguf_walk *w,
                                       const char *key);

/* Item i as a whole number that is not negative. A single value stands for
 * every i, as in the engine's reader. p may be NULL. */
bool gguf_walk_number(const struct gguf_walk *w, const struct gguf_pair *p,
                      uint64_t i, uint64_t *out);

/* 1234567 as "1,234,567" into out, which is returned. */
const char *gguf_grouped(uint64_t n, char out[32]);

#endif
