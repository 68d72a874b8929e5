/* SPDX-License-Identifier: MIT */
/* shape_read.c - a file's header as a shape. gguf_walk() has found it sound
 * before anything is taken here; every read is bounded all the same. */
#include "model/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "model/gguf.h"
#include "model/gguf_walk.h"

#define MIB           ((size_t)1 << 20)
#define NESTING_MAX   4          /* as gguf_walk.c                  */
#define ALIGNMENT_MAX (1u << 16) /* the default is 32, a page 4,096 */

static void skip_items(struct cursor *c, uint32_t type, uint64_t n, int depth)
{
    uint64_t each = gguf_value_bytes(type);

    if (each) {
        cursor_take(c, n > UINT64_MAX / each ? UINT64_MAX : n * each);
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

static int take_pairs(struct cursor *c, uint64_t count,
                      struct model_shape *s, struct err *err)
{
    for (uint64_t i = 0; i < count && !c->ran_out; i++) {
        struct shape_pair    p = {0};
        uint64_t             len = cursor_u64(c);
        const unsigned char *key = cursor_take(c, len), *begin;
        if (!key) break;
        if (memchr(key, 0, (size_t)len))
            return err_set(err, ERR_INPUT, "holds a key with a zero byte in "
                           "its name; it is damaged, download it again");
        p.type = cursor_u32(c);
        begin = c->at;
        skip_items(c, p.type, 1, 0);
        p.key = mem_copy_n((const char *)key, (size_t)len);
        p.value_len = (size_t)(c->at - begin);
        p.value = mem_new(p.value_len + 1, 1);
        if (p.value_len) memcpy(p.value, begin, p.value_len);
        s->pairs = mem_grow(s->pairs, s->n_pairs + 1, sizeof *s->pairs);
        s->pairs[s->n_pairs++] = p;
    }
    if (!c->ran_out) return 0;
    return err_set(err, ERR_BUG, "has keys that were sound and are not");
}

static int take_tensors(const struct gguf_walk *w, struct model_shape *s,
                        struct err *err)
{
    for (size_t i = 0; i < w->n_tensors; i++) {
        const struct gguf_tensor *t = &w->tensors[i];
        char                      name[sizeof s->tensors->name];
        if (t->name_len >= sizeof name || memchr(t->name, 0, t->name_len))
            return err_set(err, ERR_INPUT, "holds a tensor whose name no "
                           "engine can read (63 bytes at most, no zero byte); "
                           "it is damaged, download it again");
        memcpy(name, t->name, t->name_len);
        name[t->name_len] = '\0';
        shape_add_tensor(s, name, t->type, t->n_dims > 0 ? t->n_dims : 1,
                         t->ne);
    }
    return 0;
}

static int take_header(const struct gguf_walk *w, const void *head,
                       size_t size, struct model_shape *s, struct err *err)
{
    struct cursor c = cursor_of(head, size);

    if (w->is_big_endian)
        return err_set(err, ERR_INPUT, "is a big-endian GGUF file; this "
                       "machine needs the little-endian one");
    cursor_take(&c, 4 + 4 + 8);               /* magic, version, tensors */
    if (take_pairs(&c, cursor_u64(&c), s, err) || take_tensors(w, s, err))
        return -1;
    s->alignment = (uint32_t)shape_number(s, "general.alignment", 0, 0);
    if (s->alignment > ALIGNMENT_MAX)
        return err_set(err, ERR_INPUT, "pads its tensors to %u bytes, which no "
                       "engine needs; it is damaged, download it again",
                       s->alignment);
    return 0;
}

int shape_parse(const void *head, size_t size, uint64_t file_bytes,
                struct model_shape *out, int *more, struct err *err)
{
    struct gguf_walk walk;
    int              rc;

    *out = (struct model_shape){0};
    *more = 0;
    if (gguf_walk(head, size, file_bytes, &walk, more, err)) return -1;
    rc = take_header(&walk, head, size, out, err);
    gguf_walk_done(&walk);
    if (rc) shape_done(out);
    return rc;
}

int shape_read(const char *path, struct model_shape *out, struct err *err)
{
    static const size_t head_bytes[] = {MIB, 8 * MIB, 64 * MIB, 256 * MIB};
    const size_t        tries = sizeof head_bytes / sizeof *head_bytes;
    size_t              stem_len;
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
