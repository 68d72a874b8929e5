/* SPDX-License-Identifier: MIT */
/* shape_read.c - a file's header as a shape. gguf_walk() has found it sound
 * before anything is taken here; every read is bounded all the same. */
#include "model/shape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "model/gguf.h"
#include "model/gguf_walk.h"

#define MIB         ((size_t)1 << 20)
#define NESTING_MAX 4        /* as gguf_walk.c */

static const size_t item_bytes[] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
    [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
    [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

static void skip_items(struct cursor *c, uint32_t type, uint64_t n, int depth)
{
    if (type <= GGUF_F64 && item_bytes[type]) {
        cursor_take(c, n > UINT64_MAX / 8 ? UINT64_MAX : n * item_bytes[type]);
        return;
    }
    for (uint64_t i = 0; i < n && !c->ran_out; i++) {
        if (type == GGUF_TEXT) {
            cursor_take(c, cursor_u64(c));
        } else if (type == GGUF_ARRAY && depth < NESTING_MAX) {
            uint32_t inner = cursor_u32(c);
            uint64_t count = cursor_u64(c);
            skip_items(c, inner, count, depth + 1);
        } else {
            cursor_take(c, UINT64_MAX);       /* no such value: runs out */
        }
    }
}

/* A text that can be a C string, or NULL; max 0: of any length. */
static char *take_name(struct cursor *c, size_t max)
{
    uint64_t             len   = cursor_u64(c);
    const unsigned char *bytes = cursor_take(c, len);

    if (!bytes || (max && len > max) || memchr(bytes, 0, (size_t)len))
        return NULL;
    return mem_copy_n((const char *)bytes, (size_t)len);
}

static int take_pairs(struct cursor *c, uint64_t count,
                      struct model_shape *s, struct err *err)
{
    for (uint64_t i = 0; i < count; i++) {
        struct shape_pair    p = {.key = take_name(c, 0)};
        const unsigned char *begin;
        if (!p.key)
            return err_set(err, ERR_INPUT, "holds a key with a zero byte in "
                           "its name; it is damaged, download it again");
        p.type = cursor_u32(c);
        begin = c->at;
        skip_items(c, p.type, 1, 0);
        p.value_len = (size_t)(c->at - begin);
        p.value = mem_new(p.value_len + 1, 1);
        if (p.value_len) memcpy(p.value, begin, p.value_len);
        s->pairs = mem_grow(s->pairs, s->n_pairs + 1, sizeof *s->pairs);
        s->pairs[s->n_pairs++] = p;
    }
    return 0;
}

static int take_tensors(struct cursor *c, uint64_t count,
                        struct model_shape *s, struct err *err)
{
    for (uint64_t i = 0; i < count; i++) {
        char    *name = take_name(c, sizeof s->tensors->name - 1);
        uint64_t ne[4] = {1, 1, 1, 1};
        uint32_t dims;
        if (!name)
            return err_set(err, ERR_INPUT, "holds a tensor whose name no "
                           "engine can read (63 bytes at most, no zero byte); "
                           "it is damaged, download it again");
        dims = cursor_u32(c);
        for (uint32_t d = 0; d < dims && d < 4; d++) ne[d] = cursor_u64(c);
        shape_add_tensor(s, name, cursor_u32(c), dims ? (int)dims : 1, ne);
        cursor_u64(c);                        /* we place tensors ourselves */
        free(name);
    }
    return 0;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int refuse_twins(const struct model_shape *s, struct err *err)
{
    const char **names = mem_new(s->n_tensors + 1, sizeof *names);
    int          rc = 0;

    for (size_t i = 0; i < s->n_tensors; i++) names[i] = s->tensors[i].name;
    qsort(names, s->n_tensors, sizeof *names, by_name);
    for (size_t i = 1; i < s->n_tensors && rc == 0; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            rc = err_set(err, ERR_INPUT, "holds the tensor \"%s\" twice; it is "
                         "damaged, download it again", names[i]);
    free(names);
    return rc;
}

static int take_header(const void *head, size_t size, struct model_shape *s,
                       struct err *err)
{
    struct cursor c = cursor_of(head, size);
    uint64_t      tensors, pairs;

    cursor_take(&c, 8);                       /* magic and version */
    tensors = cursor_u64(&c);
    pairs = cursor_u64(&c);
    if (take_pairs(&c, pairs, s, err) || take_tensors(&c, tensors, s, err))
        return -1;
    if (c.ran_out)
        return err_set(err, ERR_INPUT, "changed while it was read; try again "
                       "when nothing writes to it");
    s->alignment = (uint32_t)shape_number(s, "general.alignment", 0, 0);
    return refuse_twins(s, err);
}

/* gguf_walk() may read it; its data cannot be made here. */
static int refuse_big_endian(const void *head, size_t size, struct err *err)
{
    struct cursor        c     = cursor_of(head, size);
    const unsigned char *magic = cursor_take(&c, 4);
    uint32_t             version = cursor_u32(&c);

    if (c.ran_out || memcmp(magic, "GGUF", 4) != 0) return 0;
    if (version == 0 || (version & 0xffff)) return 0;
    return err_set(err, ERR_INPUT, "is a big-endian GGUF file; this machine "
                   "needs the little-endian one");
}

int shape_parse(const void *head, size_t size, uint64_t file_bytes,
                struct model_shape *out, int *more, struct err *err)
{
    struct gguf_walk walk;

    *out = (struct model_shape){0};
    *more = 0;
    if (refuse_big_endian(head, size, err)) return -1;
    if (gguf_walk(head, size, file_bytes, &walk, more, err)) return -1;
    gguf_walk_done(&walk);
    if (take_header(head, size, out, err) == 0) return 0;
    shape_done(out);
    return -1;
}

int shape_read(const char *path, struct model_shape *out, struct err *err)
{
    static const size_t head_bytes[] = {MIB, 8 * MIB, 64 * MIB, 256 * MIB};
    size_t              stem_len, tries = sizeof head_bytes / sizeof *head_bytes;
    int                 part, parts, rc = -1, more = 1;
    struct err          why = {0};

    *out = (struct model_shape){0};
    for (size_t i = 0; i < tries && rc && more; i++) {
        struct bytes head;
        uint64_t     file_bytes;
        why = (struct err){0};
        more = 0;
        rc = bytes_read_head(&head, path, head_bytes[i], &file_bytes, &why);
        if (rc == 0)
            rc = shape_parse(head.data, head.size, file_bytes, out, &more,
                             &why);
        bytes_done(&head);
    }
    if (rc == 0 && (shape_number(out, "split.count", 0, 1) > 1 ||
                    (gguf_part_name(path, &stem_len, &part, &parts) &&
                     parts > 1)))
        rc = err_set(&why, ERR_INPUT, "is one part of a split model; join its "
                     "parts first (llama-gguf-split --merge)");
    if (rc == 0) return 0;
    shape_done(out);
    return err_set(err, why.kind, "%s: %s", path, why.text);
}
