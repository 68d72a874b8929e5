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

#include "base/mem.h"
#include "model/gguf_reader.h"
#include "model/gguf_types.h"

#define PAIRS_MAX    65536u  /* public models have fewer than a hundred   */
#define TENSORS_MAX  65536u  /* public models have a few thousand         */
#define NESTING_MAX  4       /* the engine itself reads no nested array   */
#define DIMS_MAX     4u      /* of the specification                      */
#define NAME_MAX_LEN 65535u  /* of a key, by the specification            */
#define PAIR_BYTES   14u     /* the least that a pair takes in a file     */
#define TENSOR_BYTES 24u     /* the least that a tensor's entry takes     */
#define KEEP_TEXT    (1u << 20)  /* chat templates; the longest are 20 KB */
#define KEEP_ARRAY   (1u << 16)  /* a number for each layer               */

struct walker {
    struct gguf_reader r;
    uint64_t           file_bytes;
    uint64_t           alignment;
    struct gguf_walk   walk;
    size_t             cap_pairs, cap_tensors;
    struct err        *err;
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

uint64_t gguf_value_bytes(uint32_t type)
{
    static const unsigned char bytes[] = {
        [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
        [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
        [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
    };

    return type < sizeof bytes ? bytes[type] : 0;
}

/* Items of texts and arrays. */
static int skip_items(struct walker *w, uint32_t type, uint64_t n, int depth)
{
    uint64_t each = gguf_value_bytes(type);

    if (depth > NESTING_MAX)
        return err_set(w->err, ERR_INPUT, "holds arrays nested deeper than %d; "
                       "it is damaged, download it again", NESTING_MAX);
    if (each) {
        gguf_skip(&w->r, n > UINT64_MAX / each ? UINT64_MAX : n * each);
        return 0;
    }
    if (type == GGUF_TEXT) {
        gguf_skip_texts(&w->r, n);
        return 0;
    }
    if (type != GGUF_ARRAY)
        return err_set(w->err, ERR_INPUT, "holds a value of type %u, which "
                       "GGUF does not have; it is damaged, download it again",
                       type);
    for (uint64_t i = 0; i < n && !w->r.ran_out; i++) {
        uint32_t inner = gguf_u32(&w->r);
        uint64_t count = gguf_u64(&w->r);
        if (w->r.ran_out) break;
        if (skip_items(w, inner, count, depth + 1)) return -1;
    }
    return 0;
}

/* The name of a key or of a tensor. */
static int read_name(struct walker *w, const char *of,
                     const unsigned char **name, uint64_t *len)
{
    *len = gguf_u64(&w->r);
    if (!w->r.ran_out && *len > NAME_MAX_LEN &&
        *len <= w->file_bytes - gguf_offset(&w->r))
        return err_set(w->err, ERR_INPUT, "holds %s whose name is %llu bytes "
                       "long; it is damaged, download it again", of,
                       (unsigned long long)*len);
    *name = gguf_keep(&w->r, *len, NAME_MAX_LEN);
    return 0;
}

static int read_value(struct walker *w, struct gguf_pair *p)
{
    uint64_t each = gguf_value_bytes(p->type);

    if (p->type == GGUF_TEXT && !p->is_array) {
        p->value_len = gguf_u64(&w->r);
        p->value = gguf_keep(&w->r, p->value_len, KEEP_TEXT);
        return 0;
    }
    if (each) {
        p->value = gguf_keep(&w->r, p->n > UINT64_MAX / each ? UINT64_MAX
                                                             : p->n * each,
                             KEEP_ARRAY);
        return 0;
    }
    return skip_items(w, p->type, p->n, 1);
}

static int read_pair(struct walker *w, struct gguf_pair *p)
{
    *p = (struct gguf_pair){.n = 1};
    if (read_name(w, "a key", &p->key, &p->key_len)) return -1;
    if (!w->r.ran_out && p->key_len == 0)
        return err_set(w->err, ERR_INPUT, "holds a key without a name; it is "
                       "damaged, download it again");
    p->type = gguf_u32(&w->r);
    if (p->type == GGUF_ARRAY) {
        p->is_array = true;
        p->type = gguf_u32(&w->r);
        p->n = gguf_u64(&w->r);
    }
    if (w->r.ran_out) return 0;
    if (read_value(w, p))
        return err_ctx(w->err, "key \"%.*s\"",
                       (int)(p->key_len < 100 ? p->key_len : 100),
                       (const char *)p->key);
    return 0;
}

static int compare_names(const void *a, uint64_t a_len, const void *b,
                         uint64_t b_len)
{
    int order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));

    if (order) return order;
    return a_len < b_len ? -1 : a_len > b_len;
}

static int by_key(const void *left, const void *right)
{
    const struct gguf_pair *a = left, *b = right;

    return compare_names(a->key, a->key_len, b->key, b->key_len);
}

const struct gguf_pair *gguf_walk_find(const struct gguf_walk *w,
                                       const char *key)
{
    struct gguf_pair wanted = {.key = (const unsigned char *)key,
                               .key_len = strlen(key)};

    if (w->n_pairs == 0) return NULL;
    return bsearch(&wanted, w->pairs, w->n_pairs, sizeof *w->pairs, by_key);
}

bool gguf_walk_number(const struct gguf_walk *w, const struct gguf_pair *p,
                      uint64_t i, uint64_t *out)
{
    const unsigned char *at;

    if (!p || !p->value || (p->is_array && i >= p->n)) return false;
    if (!p->is_array) i = 0;
    at = p->value;
    switch (p->type) {
    case GGUF_BOOL:
    case GGUF_U8: *out = at[i]; return true;
    case GGUF_I8: *out = at[i]; return at[i] < 0x80;
    case GGUF_U16:
    case GGUF_I16:
        *out = (uint64_t)at[2 * i + w->is_big_endian] |
               (uint64_t)at[2 * i + !w->is_big_endian] << 8;
        return p->type == GGUF_U16 || *out < 0x8000;
    case GGUF_U32:
    case GGUF_I32:
        *out = gguf_u32_at(at + 4 * i, w->is_big_endian);
        return p->type == GGUF_U32 || *out <= INT32_MAX;
    case GGUF_U64:
    case GGUF_I64:
        *out = gguf_u64_at(at + 8 * i, w->is_big_endian);
        return p->type == GGUF_U64 || *out <= INT64_MAX;
    default: return false;
    }
}

static int check_alignment(struct walker *w)
{
    const struct gguf_pair *p = gguf_walk_find(&w->walk, "general.alignment");

    if (!p) return 0;
    if (p->is_array || p->type != GGUF_U32 ||
        !gguf_walk_number(&w->walk, p, 0, &w->alignment))
        return err_set(w->err, ERR_INPUT, "holds a general.alignment that is "
                       "no 32-bit number; it is damaged, download it again");
    if (w->alignment == 0 || (w->alignment & (w->alignment - 1)))
        return err_set(w->err, ERR_INPUT, "has an alignment of %llu, which is "
                       "no power of two; it is damaged, download it again",
                       (unsigned long long)w->alignment);
    return 0;
}

static int read_pairs(struct walker *w, uint64_t count)
{
    struct gguf_walk *out = &w->walk;

    for (uint64_t i = 0; i < count; i++) {
        if (out->n_pairs == w->cap_pairs) {
            w->cap_pairs = w->cap_pairs ? w->cap_pairs * 2 : 64;
            out->pairs = mem_grow(out->pairs, w->cap_pairs,
                                  sizeof *out->pairs);
        }
        if (read_pair(w, &out->pairs[out->n_pairs])) return -1;
        if (w->r.ran_out) return 0;
        out->n_pairs++;
    }
    if (out->n_pairs)
        qsort(out->pairs, out->n_pairs, sizeof *out->pairs, by_key);
    for (size_t i = 1; i < out->n_pairs; i++)
        if (by_key(&out->pairs[i - 1], &out->pairs[i]) == 0)
            return err_set(w->err, ERR_INPUT, "holds the key \"%.*s\" twice; "
                           "it is damaged, download it again",
                           (int)(out->pairs[i].key_len < 100
                                 ? out->pairs[i].key_len : 100),
                           (const char *)out->pairs[i].key);
    return check_alignment(w);
}

/* ---- tensors ----------------------------------------------------------- */

static int tensor_error(struct walker *w, const struct gguf_tensor *t,
                        const char *what)
{
    return err_set(w->err, ERR_INPUT, "tensor \"%.*s\" %s; the file is "
                   "damaged, download it again",
                   (int)(t->name_len < 100 ? t->name_len : 100), t->name,
                   what);
}

static int read_dims(struct walker *w, struct gguf_tensor *t)
{
    uint32_t dims     = gguf_u32(&w->r);
    uint64_t elements = 1;

    if (w->r.ran_out) return 0;
    if (dims > DIMS_MAX)
        return tensor_error(w, t, "has more than 4 dimensions");
    t->n_dims = (int)dims;
    for (uint32_t i = 0; i < dims; i++) {
        t->ne[i] = gguf_u64(&w->r);
        if (w->r.ran_out) return 0;
        if (t->ne[i] == 0) return tensor_error(w, t, "has a dimension of 0");
        if (__builtin_mul_overflow(elements, t->ne[i], &elements) ||
            elements > INT64_MAX)
            return tensor_error(w, t, "has more elements than can be counted");
    }
    t->elements = (double)elements;
    return 0;
}

static int read_tensor(struct walker *w, struct gguf_tensor *t)
{
    const unsigned char    *name;
    uint64_t                len, blocks = 1;
    const struct gguf_type *type;

    *t = (struct gguf_tensor){.ne = {1, 1, 1, 1}};
    if (read_name(w, "a tensor", &name, &len)) return -1;
    if (w->r.ran_out) return 0;
    t->name = (const char *)name;
    t->name_len = (size_t)len;
    if (read_dims(w, t)) return -1;
    t->type = gguf_u32(&w->r);
    t->offset = gguf_u64(&w->r);
    if (w->r.ran_out) return 0;
    type = gguf_type_find(t->type);
    if (!type) return 0;
    if (t->ne[0] % type->block)
        return tensor_error(w, t, "has rows that are no whole number of "
                            "blocks");
    for (int i = 0; i < 4; i++) blocks *= i ? t->ne[i] : t->ne[0] / type->block;
    if (__builtin_mul_overflow(blocks, type->block_bytes, &t->bytes))
        return tensor_error(w, t, "has more bytes than can be counted");
    return 0;
}

static uint64_t padded(const struct walker *w, uint64_t bytes)
{
    return (bytes + w->alignment - 1) & ~(w->alignment - 1);
}

/* Where tensor `t` may start at the earliest is *end, and where it ends
 * becomes it. */
static int place_tensor(struct walker *w, const struct gguf_tensor *t,
                        uint64_t *end)
{
    if (t->offset % w->alignment) return tensor_error(w, t, "is not aligned");
    if (t->offset < *end)
        return tensor_error(w, t, "overlaps the one before it");
    if (__builtin_add_overflow(t->offset, t->bytes, end) || *end > INT64_MAX)
        return tensor_error(w, t, "ends past any possible file");
    return 0;
}

/* A tensor whose type is unknown reaches to the next one or the end. */
static void measure_tensor(struct walker *w, struct gguf_tensor *t,
                           uint64_t next)
{
    if (!gguf_type_find(t->type)) t->bytes = next - t->offset;
    w->walk.tensor_bytes += padded(w, t->bytes);
}

static int by_name(const void *left, const void *right)
{
    const struct gguf_tensor *a = *(const struct gguf_tensor *const *)left;
    const struct gguf_tensor *b = *(const struct gguf_tensor *const *)right;

    return compare_names(a->name, a->name_len, b->name, b->name_len);
}

static int refuse_twins(struct walker *w)
{
    size_t                     n     = w->walk.n_tensors;
    const struct gguf_tensor **order = mem_new(n + 1, sizeof *order);
    int                        rc    = 0;

    for (size_t i = 0; i < n; i++) order[i] = &w->walk.tensors[i];
    qsort(order, n, sizeof *order, by_name);
    for (size_t i = 1; i < n && rc == 0; i++)
        if (by_name(&order[i - 1], &order[i]) == 0)
            rc = tensor_error(w, order[i], "is there twice");
    free(order);
    return rc;
}

/* *end: where the last tensor ends, counted from the data's start. */
static int read_tensors(struct walker *w, uint64_t count, uint64_t *end)
{
    struct gguf_walk *out = &w->walk;

    for (uint64_t i = 0; i < count; i++) {
        struct gguf_tensor *t;
        if (out->n_tensors == w->cap_tensors) {
            w->cap_tensors = w->cap_tensors ? w->cap_tensors * 2 : 512;
            out->tensors = mem_grow(out->tensors, w->cap_tensors,
                                    sizeof *out->tensors);
        }
        t = &out->tensors[out->n_tensors];
        if (read_tensor(w, t)) return -1;
        if (w->r.ran_out) return 0;
        if (place_tensor(w, t, end)) return -1;
        if (i) measure_tensor(w, t - 1, t->offset);
        out->n_tensors++;
    }
    return refuse_twins(w);
}

/* The tensors' data against the file's length. */
static int check_length(struct walker *w, uint64_t end)
{
    uint64_t start = padded(w, gguf_offset(&w->r));
    char     need[32], have[32], missing[32];

    if (w->walk.n_tensors == 0) return 0;
    if (start + end > w->file_bytes)
        return err_set(w->err, ERR_INPUT, "is cut short: the tensors need %s "
                       "bytes, the file has %s, %s are missing; download it "
                       "again", gguf_grouped(start + end, need),
                       gguf_grouped(w->file_bytes, have),
                       gguf_grouped(start + end - w->file_bytes, missing));
    measure_tensor(w, &w->walk.tensors[w->walk.n_tensors - 1],
                   w->file_bytes - start);
    return 0;
}

/* ---- the whole header -------------------------------------------------- */

static int check_version(struct walker *w)
{
    uint64_t             left = w->r.limit;
    size_t               size = left < 4096 ? (size_t)left : 4096;
    const unsigned char *head;
    uint32_t             version;

    if (w->file_bytes == 0)
        return err_set(w->err, ERR_INPUT, "is empty; download it again");
    head = gguf_peek(&w->r, size);
    if (!head) return 0;
    if (memcmp(head, "GGUF", size < 4 ? size : 4) != 0)
        return not_a_gguf(head, size, w->err);
    gguf_skip(&w->r, 4);
    version = gguf_u32(&w->r);
    if (w->r.ran_out) return 0;
    if (version && (version & 0xffff) == 0) {
        w->r.is_big_endian = w->walk.is_big_endian = true;
        version = __builtin_bswap32(version);
    }
    if (version < 2)
        return err_set(w->err, ERR_INPUT, "is GGUF version %u, which engines "
                       "read no more; download a newer file of the model",
                       version);
    if (version > 3)
        return err_set(w->err, ERR_INPUT, "is GGUF version %u; versions 2 and "
                       "3 are known: a newer audition may read it", version);
    return 0;
}

static int check_count(struct walker *w, uint64_t count, const char *of,
                       uint64_t most, uint64_t least_bytes)
{
    char number[32];

    gguf_grouped(count, number);
    if (count > w->file_bytes / least_bytes)
        return err_set(w->err, ERR_INPUT, "claims to hold %s %s, more than its "
                       "length allows; it is cut short or damaged, download "
                       "it again", number, of);
    if (count > most)
        return err_set(w->err, ERR_INPUT, "claims to hold %s %s, more than any "
                       "model has; it is damaged, download it again", number,
                       of);
    return 0;
}

static int read_header(struct walker *w)
{
    uint64_t tensors, pairs, end = 0;

    if (check_version(w)) return -1;
    tensors = gguf_u64(&w->r);
    pairs = gguf_u64(&w->r);
    if (w->r.ran_out) return 0;
    if (check_count(w, pairs, "keys", PAIRS_MAX, PAIR_BYTES) ||
        check_count(w, tensors, "tensors", TENSORS_MAX, TENSOR_BYTES))
        return -1;
    if (read_pairs(w, pairs)) return -1;
    if (w->r.ran_out) return 0;
    if (read_tensors(w, tensors, &end)) return -1;
    return w->r.ran_out ? 0 : check_length(w, end);
}

/* What running out means, once the whole was tried. *more: of the head. */
static int end_walk(struct walker *w, int rc, struct gguf_walk *out, int *more)
{
    char need[32], have[32];

    *more = rc == 0 && w->r.ran_out && w->r.wanted <= w->file_bytes;
    if (rc == 0 && w->r.io_error)
        rc = err_set(w->err, ERR_INPUT, "cannot be read: %s",
                     strerror(w->r.io_error));
    else if (*more && w->r.wanted <= w->r.limit)
        rc = err_set(w->err, ERR_INPUT, "became shorter while it was read; try "
                     "again when nothing writes to it");
    else if (*more)
        rc = err_set(w->err, ERR_INPUT, "has a header longer than the %s bytes "
                     "that were read of it, which no known model has; it is "
                     "damaged, download it again",
                     gguf_grouped(w->r.limit, have));
    else if (rc == 0 && w->r.ran_out)
        rc = err_set(w->err, ERR_INPUT, "is cut short or damaged inside its "
                     "header: it needs %s bytes, the file has %s; download it "
                     "again", gguf_grouped(w->r.wanted, need),
                     gguf_grouped(w->file_bytes, have));
    gguf_reader_done(&w->r);
    w->walk.kept = w->r.kept;
    if (rc == 0) *out = w->walk;
    else gguf_walk_done(&w->walk);
    return rc;
}

int gguf_walk(const void *head, size_t size, uint64_t file_bytes,
              struct gguf_walk *out, int *more, struct err *err)
{
    struct walker w = {.file_bytes = file_bytes, .alignment = 32, .err = err};

    gguf_reader_init(&w.r, head, size, -1, file_bytes);
    return end_walk(&w, read_header(&w), out, more);
}

int gguf_walk_file(int fd, uint64_t file_bytes, struct gguf_walk *out,
                   struct err *err)
{
    struct walker w = {.file_bytes = file_bytes, .alignment = 32, .err = err};
    int           more;

    gguf_reader_init(&w.r, NULL, 0, fd, file_bytes);
    return end_walk(&w, read_header(&w), out, &more);
}

void gguf_walk_done(struct gguf_walk *w)
{
    free(w->pairs);
    free(w->tensors);
    gguf_chunks_free(w->kept);
    *w = (struct gguf_walk){0};
}
