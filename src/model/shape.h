/* SPDX-License-Identifier: MIT */
/* shape.h - a GGUF without its data: keys, values and tensors, enough to
 * write a header. Comes from the catalogue (a bare name) or from a file's
 * header; gguf_parse() of the written header is the one way to its facts. */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

struct shape_pair {
    char          *key;
    uint32_t       type;      /* enum gguf_value (gguf_walk.h)               */
    unsigned char *value;     /* as it stands in a file, after the type; an
                                 array's item type and count with it         */
    size_t         value_len;
};

struct shape_tensor {
    char     name[64];        /* with its NUL, as ggml limits it             */
    uint32_t type;            /* ggml's number                               */
    int      n_dims;          /* 1..4                                        */
    uint64_t ne[4];           /* ggml's order: ne[0] is the row; unused: 1   */
};

struct model_shape {
    struct shape_pair   *pairs;      /* in file order, keys unique           */
    size_t               n_pairs;
    struct shape_tensor *tensors;    /* in file order, names unique          */
    size_t               n_tensors;
    uint32_t             alignment;  /* 0: GGUF's default, 32                */
};
void shape_done(struct model_shape *s);         /* safe on a zeroed struct */

/* Set a key: replaced where it is, else appended. */
void shape_set_u32(struct model_shape *s, const char *key, uint32_t value);
void shape_set_f32(struct model_shape *s, const char *key, double value);
void shape_set_bool(struct model_shape *s, const char *key, int value);
void shape_set_text(struct model_shape *s, const char *key, const char *text);
void shape_set_u32s(struct model_shape *s, const char *key,
                    const uint32_t *values, size_t n);
void shape_set_bools(struct model_shape *s, const char *key,
                     const unsigned char *values, size_t n);
void shape_set_i32s(struct model_shape *s, const char *key,
                    const int32_t *values, size_t n);
void shape_set_f32s(struct model_shape *s, const char *key,
                    const float *values, size_t n);
void shape_set_texts(struct model_shape *s, const char *key,
                     const char *const *texts, size_t n);
/* Any type: the bytes as a file has them (copied). */
void shape_set_raw(struct model_shape *s, const char *key, uint32_t type,
                   const void *value, size_t len);

const struct shape_pair *shape_find(const struct model_shape *s,
                                    const char *key);   /* or NULL */
/* A text, or NULL when there is none. Caller frees. */
char *shape_text(const struct model_shape *s, const char *key);
/* A whole number that is not negative; of an array item i, else the value
 * itself, which stands for all. `missing` when there is none. */
uint64_t shape_number(const struct model_shape *s, const char *key, uint64_t i,
                      uint64_t missing);
/* shape_number of "ARCHITECTURE.suffix". */
uint64_t shape_model_number(const struct model_shape *s, const char *suffix,
                            uint64_t i, uint64_t missing);

void shape_add_tensor(struct model_shape *s, const char *name, uint32_t type,
                      int n_dims, const uint64_t *ne);

/* Bytes of one tensor's data without padding; 0 for a type not known and for
 * a size that cannot be counted. */
uint64_t shape_tensor_bytes(const struct shape_tensor *t);
/* Of all, each padded to the alignment. */
uint64_t shape_data_bytes(const struct model_shape *s);
/* `bytes` rounded up to the alignment. */
uint64_t shape_padded(const struct model_shape *s, uint64_t bytes);

/* The header of a GGUF v3 file: magic to the padding before the data. */
void shape_write_header(const struct model_shape *s, struct strbuf *out);

/* Read a header, every value kept as it is. Pure; arguments, *more and
 * failures as gguf_parse(); big-endian ones are refused by name. `out` is
 * empty after a failure. */
MUST_USE int shape_parse(const void *head, size_t size, uint64_t file_bytes,
                         struct model_shape *out, int *more, struct err *err);

/* The same of a file; also refuses the parts of a split model. */
MUST_USE int shape_read(const char *path, struct model_shape *out,
                        struct err *err);

#endif
