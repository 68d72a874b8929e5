/* SPDX-License-Identifier: MIT */
/* gguf_walk.h - the bytes of one GGUF header as key-value pairs and totals of
 * its tensors. Pure. Knows the layout and no key but general.alignment;
 * gguf.c knows what keys mean. */
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

struct gguf_pair {
    const unsigned char *key;       /* borrowed from the head, no NUL        */
    uint64_t             key_len;
    bool                 is_array;
    uint32_t             type;      /* enum gguf_value; an array's items'    */
    uint64_t             n;         /* items; 1 unless an array              */
    const unsigned char *value;     /* first item; a text: after its length  */
    uint64_t             value_len; /* bytes of a text                       */
};

/* Bytes held by one tensor type. A model has a handful. */
#define GGUF_HELD_MAX 16
struct gguf_held {
    uint32_t type;
    uint64_t bytes;
};

struct gguf_walk {
    struct gguf_pair *pairs;       /* sorted by key, no key twice            */
    size_t            n_pairs;
    double            elements;    /* of all tensors                         */
    uint64_t          tensor_bytes;
    struct gguf_held  held[GGUF_HELD_MAX];
    size_t            n_held;
};

/* Failures are those of gguf_parse. `out` is to be ended by gguf_walk_done
 * after success only. */
MUST_USE int gguf_walk(const void *head, size_t size, uint64_t file_bytes,
                       struct gguf_walk *out, int *more, struct err *err);
void gguf_walk_done(struct gguf_walk *w);

/* NULL when there is no such key. */
const struct gguf_pair *gguf_walk_find(const struct gguf_walk *w,
                                       const char *key);

/* Count bytes of a type among those held; types past the 16th are dropped. */
void gguf_held_add(struct gguf_held *held, size_t *n_held, uint32_t type,
                   uint64_t bytes);

/* 1234567 as "1,234,567" into out, which is returned. */
const char *gguf_grouped(uint64_t n, char out[32]);

#endif
