/* SPDX-License-Identifier: MIT */
/* shape.c - see shape.h. Values are kept as the bytes of a file, so what this
 * program does not know survives too. */
#include "model/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/gguf_types.h"
#include "model/gguf_walk.h"

#define ALIGNMENT_DEFAULT 32u

void shape_done(struct model_shape *s)
{
    for (size_t i = 0; i < s->n_pairs; i++) {
        free(s->pairs[i].key);
        free(s->pairs[i].value);
    }
    free(s->pairs);
    free(s->tensors);
    *s = (struct model_shape){0};
}

/* ---- little-endian bytes ----------------------------------------------- */

static void put_number(unsigned char *at, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static void add_number(struct strbuf *out, uint64_t value, size_t width)
{
    unsigned char bytes[8];

    put_number(bytes, value, width);
    strbuf_addn(out, (const char *)bytes, width);
}

static void add_text(struct strbuf *out, const char *text)
{
    add_number(out, strlen(text), 8);
    strbuf_add(out, text);
}

static uint64_t number_at(const unsigned char *at, size_t width)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++) value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* ---- keys -------------------------------------------------------------- */

static struct shape_pair *find(const struct model_shape *s, const char *key)
{
    for (size_t i = 0; i < s->n_pairs; i++)
        if (strcmp(s->pairs[i].key, key) == 0) return &s->pairs[i];
    return NULL;
}

const struct shape_pair *shape_find(const struct model_shape *s,
                                    const char *key)
{
    return find(s, key);
}

void shape_set_raw(struct model_shape *s, const char *key, uint32_t type,
                   const void *value, size_t len)
{
    struct shape_pair *p    = find(s, key);
    unsigned char     *copy = mem_new(len ? len : 1, 1);

    if (len) memcpy(copy, value, len);
    if (p) {
        free(p->value);
    } else {
        s->pairs = mem_grow(s->pairs, s->n_pairs + 1, sizeof *s->pairs);
        p = &s->pairs[s->n_pairs++];
        p->key = mem_copy(key);
    }
    p->type = type;
    p->value = copy;
    p->value_len = len;
}

void shape_set_u32(struct model_shape *s, const char *key, uint32_t value)
{
    unsigned char bytes[4];

    put_number(bytes, value, 4);
    shape_set_raw(s, key, GGUF_U32, bytes, 4);
}

void shape_set_f32(struct model_shape *s, const char *key, double value)
{
    float         narrow = (float)value;
    uint32_t      bits;
    unsigned char bytes[4];

    memcpy(&bits, &narrow, sizeof bits);
    put_number(bytes, bits, 4);
    shape_set_raw(s, key, GGUF_F32, bytes, 4);
}

void shape_set_bool(struct model_shape *s, const char *key, int value)
{
    shape_set_raw(s, key, GGUF_BOOL, value ? "\1" : "\0", 1);
}

void shape_set_text(struct model_shape *s, const char *key, const char *text)
{
    size_t         len   = strlen(text);
    unsigned char *bytes = mem_new(8 + len, 1);

    put_number(bytes, len, 8);
    memcpy(bytes + 8, text, len);
    shape_set_raw(s, key, GGUF_TEXT, bytes, 8 + len);
    free(bytes);
}

/* An array's item type and count, then room for its items of so many bytes. */
static unsigned char *array_of(uint32_t type, size_t n, size_t item_bytes)
{
    unsigned char *bytes = mem_new(12 + n * item_bytes, 1);

    put_number(bytes, type, 4);
    put_number(bytes + 4, n, 8);
    return bytes;
}

static void set_words(struct model_shape *s, const char *key, uint32_t type,
                      const void *values, size_t n)
{
    unsigned char *bytes = array_of(type, n, 4);

    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, (const unsigned char *)values + 4 * i, 4);
        put_number(bytes + 12 + 4 * i, word, 4);
    }
    shape_set_raw(s, key, GGUF_ARRAY, bytes, 12 + 4 * n);
    free(bytes);
}

void shape_set_u32s(struct model_shape *s, const char *key,
                    const uint32_t *values, size_t n)
{
    set_words(s, key, GGUF_U32, values, n);
}

void shape_set_i32s(struct model_shape *s, const char *key,
                    const int32_t *values, size_t n)
{
    set_words(s, key, GGUF_I32, values, n);
}

void shape_set_f32s(struct model_shape *s, const char *key,
                    const float *values, size_t n)
{
    set_words(s, key, GGUF_F32, values, n);
}

void shape_set_bools(struct model_shape *s, const char *key,
                     const unsigned char *values, size_t n)
{
    unsigned char *bytes = array_of(GGUF_BOOL, n, 1);

    for (size_t i = 0; i < n; i++) bytes[12 + i] = values[i] != 0;
    shape_set_raw(s, key, GGUF_ARRAY, bytes, 12 + n);
    free(bytes);
}

void shape_set_texts(struct model_shape *s, const char *key,
                     const char *const *texts, size_t n)
{
    size_t         len = 0;
    unsigned char *bytes, *at;

    for (size_t i = 0; i < n; i++) len += 8 + strlen(texts[i]);
    bytes = array_of(GGUF_TEXT, len, 1);
    put_number(bytes + 4, n, 8);
    at = bytes + 12;
    for (size_t i = 0; i < n; i++) {
        size_t text_len = strlen(texts[i]);
        put_number(at, text_len, 8);
        memcpy(at + 8, texts[i], text_len);
        at += 8 + text_len;
    }
    shape_set_raw(s, key, GGUF_ARRAY, bytes, 12 + len);
    free(bytes);
}

char *shape_text(const struct model_shape *s, const char *key)
{
    const struct shape_pair *p = find(s, key);

    if (!p || p->type != GGUF_TEXT || p->value_len < 8) return NULL;
    return mem_copy_n((const char *)p->value + 8, p->value_len - 8);
}

/* ---- whole numbers ----------------------------------------------------- */

/* Bytes of a whole number, 0 for every other type. */
static size_t integer_bytes(uint32_t type)
{
    switch (type) {
    case GGUF_BOOL:
    case GGUF_U8:
    case GGUF_I8:  return 1;
    case GGUF_U16:
    case GGUF_I16: return 2;
    case GGUF_U32:
    case GGUF_I32: return 4;
    case GGUF_U64:
    case GGUF_I64: return 8;
    default:       return 0;
    }
}

static int is_signed(uint32_t type)
{
    return type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 ||
           type == GGUF_I64;
}

uint64_t shape_number(const struct model_shape *s, const char *key, uint64_t i,
                      uint64_t missing)
{
    const struct shape_pair *p = find(s, key);
    const unsigned char     *at;
    uint32_t                 type;
    uint64_t                 value, n = 1;
    size_t                   width;

    if (!p) return missing;
    type = p->type;
    at = p->value;
    if (type == GGUF_ARRAY) {
        if (p->value_len < 12) return missing;
        type = (uint32_t)number_at(at, 4);
        n = number_at(at + 4, 8);
        at += 12;
    } else {
        i = 0;
    }
    width = integer_bytes(type);
    if (width == 0 || i >= n ||
        i >= (p->value_len - (size_t)(at - p->value)) / width)
        return missing;
    value = number_at(at + i * width, width);
    if (is_signed(type) && value >> (8 * width - 1)) return missing;
    return value;
}

uint64_t shape_model_number(const struct model_shape *s, const char *suffix,
                            uint64_t i, uint64_t missing)
{
    char    *architecture = shape_text(s, "general.architecture"), *key;
    uint64_t value;

    if (!architecture) return missing;
    key = mem_printf("%s.%s", architecture, suffix);
    value = shape_number(s, key, i, missing);
    free(key);
    free(architecture);
    return value;
}

/* ---- tensors ----------------------------------------------------------- */

void shape_add_tensor(struct model_shape *s, const char *name, uint32_t type,
                      int n_dims, const uint64_t *ne)
{
    struct shape_tensor *t;

    s->tensors = mem_grow(s->tensors, s->n_tensors + 1, sizeof *s->tensors);
    t = &s->tensors[s->n_tensors++];
    *t = (struct shape_tensor){.type = type, .n_dims = n_dims,
                               .ne = {1, 1, 1, 1}};
    snprintf(t->name, sizeof t->name, "%s", name);
    for (int i = 0; i < n_dims && i < 4; i++) t->ne[i] = ne[i];
}

uint64_t shape_tensor_bytes(const struct shape_tensor *t)
{
    const struct gguf_type *type = gguf_type_find(t->type);
    uint64_t                bytes;

    if (!type || t->ne[0] % type->block) return 0;
    bytes = t->ne[0] / type->block;
    if (__builtin_mul_overflow(bytes, type->block_bytes, &bytes)) return 0;
    for (int i = 1; i < 4; i++)
        if (__builtin_mul_overflow(bytes, t->ne[i], &bytes)) return 0;
    return bytes;
}

uint64_t shape_padded(const struct model_shape *s, uint64_t bytes)
{
    uint64_t alignment = s->alignment ? s->alignment : ALIGNMENT_DEFAULT;

    return (bytes + alignment - 1) & ~(alignment - 1);
}

uint64_t shape_data_bytes(const struct model_shape *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s->n_tensors; i++)
        sum += shape_padded(s, shape_tensor_bytes(&s->tensors[i]));
    return sum;
}

void shape_write_header(const struct model_shape *s, struct strbuf *out)
{
    size_t   begin = out->len;
    uint64_t offset = 0;

    strbuf_add(out, "GGUF");
    add_number(out, 3, 4);
    add_number(out, s->n_tensors, 8);
    add_number(out, s->n_pairs, 8);
    for (size_t i = 0; i < s->n_pairs; i++) {
        const struct shape_pair *p = &s->pairs[i];
        add_text(out, p->key);
        add_number(out, p->type, 4);
        strbuf_addn(out, (const char *)p->value, p->value_len);
    }
    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct shape_tensor *t = &s->tensors[i];
        add_text(out, t->name);
        add_number(out, (uint64_t)t->n_dims, 4);
        for (int d = 0; d < t->n_dims; d++) add_number(out, t->ne[d], 8);
        add_number(out, t->type, 4);
        add_number(out, offset, 8);
        offset += shape_padded(s, shape_tensor_bytes(t));
    }
    for (uint64_t pad = shape_padded(s, out->len - begin) - (out->len - begin);
         pad > 0; pad--)
        strbuf_addn(out, "", 1);
}
