/* SPDX-License-Identifier: MIT */
/* gguf_walk.c - see gguf_walk.h.
 *
 * Nothing is allocated by a count that the file claims: everything is walked,
 * and what is not there runs out. A read past the head is a wish for more
 * head when the file is long enough, and a broken file when it is not. */
#include "model/gguf_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "model/gguf_types.h"

#define PAIRS_MAX    65536u  /* public models have fewer than a hundred   */
#define NESTING_MAX  4       /* the engine itself reads no nested array   */
#define DIMS_MAX     4u      /* of the specification                      */
#define PAIR_BYTES   14u     /* the least that a pair takes in a file     */
#define TENSOR_BYTES 24u     /* the least that a tensor's entry takes     */

struct reader {
    struct cursor    c;
    uint64_t         file_bytes;
    uint64_t         alignment;
    struct gguf_walk walk;
    size_t           cap;
    struct err      *err;
};

const char *gguf_grouped(uint64_t n, char out[32])
{
    char   digits[24];
    int    len = snprintf(digits, sizeof digits, "%llu",
                          (unsigned long long)n);
    size_t at = 0;

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* ---- what it is when it is no GGUF ------------------------------------- */

static bool begins(const char *head, size_t size, const char *with)
{
    return size >= strlen(with) && strncasecmp(head, with, strlen(with)) == 0;
}

/* Always fails: `size` bytes that do not begin with "GGUF". */
static int not_a_gguf(const unsigned char *bytes, size_t size, struct err *err)
{
    const char *head = (const char *)bytes;
    size_t      skip = 0;

    while (skip < size && strchr(" \t\r\n\xef\xbb\xbf", head[skip])) skip++;
    if (begins(head, size, "version https://git-lfs"))
        return err_set(err, ERR_INPUT, "is a Git LFS pointer, not the model "
                       "itself; fetch the model with `git lfs pull`");
    if (begins(head + skip, size - skip, "<!doctype") ||
        begins(head + skip, size - skip, "<html"))
        return err_set(err, ERR_INPUT, "is an HTML page, not a GGUF file: the "
                       "link led to a web page; download the file itself");
    if (begins(head + skip, size - skip, "{"))
        return err_set(err, ERR_INPUT, "is a JSON text, not a GGUF file; "
                       "perhaps a server's error message: read it, and "
                       "download the model again");
    if (size >= 9 && head[8] == '{')
        return err_set(err, ERR_INPUT, "is a safetensors file, not a GGUF "
                       "file; convert it, or download the GGUF version");
    if (begins(head, size, "PK\x03\x04"))
        return err_set(err, ERR_INPUT, "is a ZIP archive (PyTorch weights "
                       "are), not a GGUF file; unpack or convert it");
    if (begins(head, size, "tjgg") || begins(head, size, "fmgg") ||
        begins(head, size, "lmgg"))
        return err_set(err, ERR_INPUT, "is in a GGML format from before GGUF; "
                       "download a GGUF version of the model");
    for (skip = 0; skip < size && bytes[skip] == 0; skip++) {}
    if (skip == size)
        return err_set(err, ERR_INPUT, "begins with nothing but zeros: a "
                       "download that did not finish; download it again");
    return err_set(err, ERR_INPUT, "is not a GGUF file: it begins with "
                   "%02x %02x %02x %02x, not with \"GGUF\"", bytes[0],
                   size > 1 ? bytes[1] : 0u, size > 2 ? bytes[2] : 0u,
                   size > 3 ? bytes[3] : 0u);
}

/* ---- keys and values --------------------------------------------------- */

/* Bytes of one item, 0 for texts, arrays and what is no type. */
static uint64_t item_bytes(uint32_t type)
{
    static const unsigned char bytes[] = {
        [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
        [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
        [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
    };

    return type < sizeof bytes ? bytes[type] : 0;
}

static int skip_items(struct reader *r, uint32_t type, uint64_t n, int depth)
{
    uint64_t each = item_bytes(type);

    if (depth > NESTING_MAX)
        return err_set(r->err, ERR_INPUT, "holds arrays nested deeper than %d; "
                       "it is damaged, download it again", NESTING_MAX);
    if (each) {
        cursor_take(&r->c, n > UINT64_MAX / each ? UINT64_MAX : n * each);
        return 0;
    }
    if (type != GGUF_TEXT && type != GGUF_ARRAY)
        return err_set(r->err, ERR_INPUT, "holds a value of type %u, which "
                       "GGUF does not have; it is damaged, download it again",
                       type);
    for (uint64_t i = 0; i < n && !r->c.ran_out; i++) {
        if (type == GGUF_TEXT) {
            cursor_take(&r->c, cursor_u64(&r->c));
        } else {
            uint32_t inner = cursor_u32(&r->c);
            uint64_t count = cursor_u64(&r->c);
            if (r->c.ran_out) break;
            if (skip_items(r, inner, count, depth + 1)) return -1;
        }
    }
    return 0;
}

static int read_pair(struct reader *r, struct gguf_pair *p)
{
    *p = (struct gguf_pair){.n = 1};
    p->key_len = cursor_u64(&r->c);
    if (!r->c.ran_out && p->key_len == 0)
        return err_set(r->err, ERR_INPUT, "holds a key without a name; it is "
                       "damaged, download it again");
    p->key = cursor_take(&r->c, p->key_len);
    p->type = cursor_u32(&r->c);
    if (p->type == GGUF_ARRAY) {
        p->is_array = true;
        p->type = cursor_u32(&r->c);
        p->n = cursor_u64(&r->c);
    }
    if (r->c.ran_out) return 0;
    if (p->type == GGUF_TEXT && !p->is_array) {
        p->value_len = cursor_u64(&r->c);
        p->value = cursor_take(&r->c, p->value_len);
        return 0;
    }
    p->value = r->c.at;
    if (skip_items(r, p->type, p->n, 1))
        return err_ctx(r->err, "key \"%.*s\"",
                       (int)(p->key_len < 100 ? p->key_len : 100),
                       (const char *)p->key);
    return 0;
}

static int compare_keys(const unsigned char *a, uint64_t a_len,
                        const unsigned char *b, uint64_t b_len)
{
    int order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));

    if (order) return order;
    return a_len < b_len ? -1 : a_len > b_len;
}

static int by_key(const void *left, const void *right)
{
    const struct gguf_pair *a = left, *b = right;

    return compare_keys(a->key, a->key_len, b->key, b->key_len);
}

const struct gguf_pair *gguf_walk_find(const struct gguf_walk *w,
                                       const char *key)
{
    struct gguf_pair wanted = {.key = (const unsigned char *)key,
                               .key_len = strlen(key)};

    if (w->n_pairs == 0) return NULL;
    return bsearch(&wanted, w->pairs, w->n_pairs, sizeof *w->pairs, by_key);
}

static int read_pairs(struct reader *r, uint64_t count)
{
    struct gguf_walk       *w = &r->walk;
    const struct gguf_pair *alignment;

    for (uint64_t i = 0; i < count; i++) {
        if (w->n_pairs == r->cap) {
            r->cap = r->cap ? r->cap * 2 : 64;
            w->pairs = mem_grow(w->pairs, r->cap, sizeof *w->pairs);
        }
        if (read_pair(r, &w->pairs[w->n_pairs])) return -1;
        if (r->c.ran_out) return 0;
        w->n_pairs++;
    }
    if (w->n_pairs) qsort(w->pairs, w->n_pairs, sizeof *w->pairs, by_key);
    for (size_t i = 1; i < w->n_pairs; i++)
        if (by_key(&w->pairs[i - 1], &w->pairs[i]) == 0)
            return err_set(r->err, ERR_INPUT, "holds the key \"%.*s\" twice; "
                           "it is damaged, download it again",
                           (int)(w->pairs[i].key_len < 100
                                 ? w->pairs[i].key_len : 100),
                           (const char *)w->pairs[i].key);
    alignment = gguf_walk_find(w, "general.alignment");
    if (!alignment) return 0;
    if (alignment->is_array || alignment->type != GGUF_U32)
        return err_set(r->err, ERR_INPUT, "holds a general.alignment that is "
                       "no 32-bit number; it is damaged, download it again");
    r->alignment = cursor_u32_at(alignment->value);
    if (r->alignment == 0 || (r->alignment & (r->alignment - 1)))
        return err_set(r->err, ERR_INPUT, "has an alignment of %llu, which is "
                       "no power of two; it is damaged, download it again",
                       (unsigned long long)r->alignment);
    return 0;
}

/* ---- tensors ----------------------------------------------------------- */

struct tensor {
    const char *name;              /* borrowed, not terminated */
    int         name_len;          /* at most 100 of it        */
    uint32_t    type;
    uint64_t    elements, bytes, offset;
    bool        sized;             /* bytes is known           */
};

void gguf_held_add(struct gguf_held *held, size_t *n_held, uint32_t type,
                   uint64_t bytes)
{
    size_t i = 0;

    while (i < *n_held && held[i].type != type) i++;
    if (i == GGUF_HELD_MAX) return;
    if (i == *n_held) held[(*n_held)++] = (struct gguf_held){.type = type};
    held[i].bytes += bytes;
}

static int shape_error(struct reader *r, const struct tensor *t,
                       const char *what)
{
    return err_set(r->err, ERR_INPUT, "tensor \"%.*s\" %s; the file is damaged,"
                   " download it again", t->name_len, t->name, what);
}

static int read_tensor(struct reader *r, struct tensor *t)
{
    uint64_t                len = cursor_u64(&r->c);
    uint32_t                dims;
    uint64_t                row = 1;
    const struct gguf_type *type;

    *t = (struct tensor){.elements = 1};
    t->name = (const char *)cursor_take(&r->c, len);
    t->name_len = len < 100 ? (int)len : 100;
    dims = cursor_u32(&r->c);
    if (r->c.ran_out) return 0;
    if (dims > DIMS_MAX)
        return shape_error(r, t, "has more than 4 dimensions");
    for (uint32_t i = 0; i < dims; i++) {
        uint64_t n = cursor_u64(&r->c);
        if (r->c.ran_out) return 0;
        if (n == 0) return shape_error(r, t, "has a dimension of 0");
        if (i == 0) row = n;
        if (__builtin_mul_overflow(t->elements, n, &t->elements) ||
            t->elements > INT64_MAX)
            return shape_error(r, t, "has more elements than can be counted");
    }
    t->type = cursor_u32(&r->c);
    t->offset = cursor_u64(&r->c);
    if (r->c.ran_out) return 0;
    type = gguf_type_find(t->type);
    if (!type) return 0;
    t->sized = true;
    if (row % type->block)
        return shape_error(r, t, "has rows that are no whole number of blocks");
    if (__builtin_mul_overflow(t->elements / type->block, type->block_bytes,
                               &t->bytes))
        return shape_error(r, t, "has more bytes than can be counted");
    return 0;
}

/* Where tensor `t` may start at the earliest is *end, and where it ends
 * becomes it. A tensor whose type is unknown reaches to the next one. */
static int place_tensor(struct reader *r, struct tensor *t, uint64_t *end)
{
    if (t->offset % r->alignment)
        return shape_error(r, t, "is not aligned");
    if (t->offset < *end)
        return shape_error(r, t, "overlaps the one before it");
    if (__builtin_add_overflow(t->offset, t->bytes, end) || *end > INT64_MAX)
        return shape_error(r, t, "ends past any possible file");
    return 0;
}

static void count_bytes(struct reader *r, uint32_t type, uint64_t bytes)
{
    r->walk.tensor_bytes += bytes;
    gguf_held_add(r->walk.held, &r->walk.n_held, type, bytes);
}

/* *end: where the last tensor ends, counted from the data's start. */
static int read_tensors(struct reader *r, uint64_t count, uint64_t *end,
                        struct tensor *last)
{
    for (uint64_t i = 0; i < count; i++) {
        struct tensor t;
        if (read_tensor(r, &t)) return -1;
        if (r->c.ran_out) return 0;
        if (place_tensor(r, &t, end)) return -1;
        if (i && !last->sized)
            count_bytes(r, last->type, t.offset - last->offset);
        if (t.sized) count_bytes(r, t.type, t.bytes);
        r->walk.elements += (double)t.elements;
        *last = t;
    }
    return 0;
}

/* The tensors' data against the file's length. */
static int check_length(struct reader *r, uint64_t end,
                        const struct tensor *last)
{
    uint64_t start = (cursor_offset(&r->c) + r->alignment - 1) &
                     ~(r->alignment - 1);
    char     need[32], have[32], missing[32];

    if (!last->name) return 0;                  /* no tensors, no data */
    if (start + end > r->file_bytes)
        return err_set(r->err, ERR_INPUT, "is cut short: the tensors need %s "
                       "bytes, the file has %s, %s are missing; download it "
                       "again", gguf_grouped(start + end, need),
                       gguf_grouped(r->file_bytes, have),
                       gguf_grouped(start + end - r->file_bytes, missing));
    if (!last->sized)
        count_bytes(r, last->type, r->file_bytes - start - last->offset);
    return 0;
}

/* ---- the whole header -------------------------------------------------- */

static int check_version(struct reader *r)
{
    size_t   size = (size_t)(r->c.end - r->c.begin);
    uint32_t version;

    if (r->file_bytes == 0)
        return err_set(r->err, ERR_INPUT, "is empty; download it again");
    if (memcmp(r->c.begin, "GGUF", size < 4 ? size : 4) != 0)
        return not_a_gguf(r->c.begin, size < 4096 ? size : 4096, r->err);
    cursor_take(&r->c, 4);
    version = cursor_u32(&r->c);
    if (r->c.ran_out) return 0;
    if (version && (version & 0xffff) == 0)
        return err_set(r->err, ERR_INPUT, "is a big-endian GGUF file; this "
                       "machine needs the little-endian one");
    if (version < 2)
        return err_set(r->err, ERR_INPUT, "is GGUF version %u, which engines "
                       "read no more; download a newer file of the model",
                       version);
    if (version > 3)
        return err_set(r->err, ERR_INPUT, "is GGUF version %u; versions 2 and "
                       "3 are known: a newer audition may read it", version);
    return 0;
}

static int read_header(struct reader *r)
{
    struct tensor last = {0};
    uint64_t      tensors, pairs, end = 0;
    char          number[32];

    if (check_version(r)) return -1;
    tensors = cursor_u64(&r->c);
    pairs = cursor_u64(&r->c);
    if (r->c.ran_out) return 0;
    if (pairs > PAIRS_MAX || pairs > r->file_bytes / PAIR_BYTES)
        return err_set(r->err, ERR_INPUT, "claims to hold %s keys, more than "
                       "its length allows; it is cut short or damaged, "
                       "download it again", gguf_grouped(pairs, number));
    if (tensors > r->file_bytes / TENSOR_BYTES)
        return err_set(r->err, ERR_INPUT, "claims to hold %s tensors, more "
                       "than its length allows; it is cut short or damaged, "
                       "download it again", gguf_grouped(tensors, number));
    if (read_pairs(r, pairs)) return -1;
    if (r->c.ran_out) return 0;
    if (read_tensors(r, tensors, &end, &last)) return -1;
    return r->c.ran_out ? 0 : check_length(r, end, &last);
}

int gguf_walk(const void *head, size_t size, uint64_t file_bytes,
              struct gguf_walk *out, int *more, struct err *err)
{
    struct reader r = {.c = cursor_of(head, size), .file_bytes = file_bytes,
                       .alignment = 32, .err = err};
    int           rc = read_header(&r);
    char          need[32], have[32];

    *more = rc == 0 && r.c.ran_out && r.c.wanted <= file_bytes;
    if (*more)
        rc = err_set(err, ERR_INPUT, "has a header longer than the %s bytes "
                     "that were read of it", gguf_grouped(size, have));
    else if (rc == 0 && r.c.ran_out)
        rc = err_set(err, ERR_INPUT, "is cut short or damaged inside its "
                     "header: it needs %s bytes, the file has %s; download it "
                     "again", gguf_grouped(r.c.wanted, need),
                     gguf_grouped(file_bytes, have));
    if (rc == 0) *out = r.walk;
    else gguf_walk_done(&r.walk);
    return rc;
}

void gguf_walk_done(struct gguf_walk *w)
{
    free(w->pairs);
    *w = (struct gguf_walk){0};
}
