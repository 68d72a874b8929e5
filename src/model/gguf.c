/* SPDX-License-Identifier: MIT */
/* gguf.c - what the keys of a GGUF header mean, and reading it from a file
 * and its parts. The layout is gguf_walk.c's business. Key names are those of
 * the GGUF specification and of llama.cpp (gguf-py's constants). */
#include "model/gguf.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/gguf_types.h"
#include "model/gguf_walk.h"

#define NAME_MAX_BYTES     256u            /* of a name, a licence           */
#define TEMPLATE_MAX_BYTES (1u << 20)      /* the longest known are 20 KB    */
#define LAYERS_MAX         4096            /* the engine's own limit is 512  */
#define MIB                ((size_t)1 << 20)

/* One file's part of a model: facts of its keys, totals of its tensors. */
struct part {
    struct model_facts facts;
    double             elements;
    struct gguf_held   held[GGUF_HELD_MAX];
    size_t             n_held;
    uint64_t           split_count;        /* as the header says; 0: nothing */
};

void gguf_unknown(struct model_facts *out)
{
    *out = (struct model_facts){.parameters = NAN, .layers = -1,
                                .context = -1, .vocabulary = -1,
                                .kv_bytes_per_token = NAN};
}

/* ---- values of keys ---------------------------------------------------- */

/* A text, at most max bytes of it, valid UTF-8; NULL when missing or empty. */
static char *text_of(const struct gguf_walk *w, const char *key, size_t max)
{
    const struct gguf_pair *p = gguf_walk_find(w, key);

    if (!p || p->is_array || p->type != GGUF_TEXT || p->value_len == 0)
        return NULL;
    return utf8_clean((const char *)p->value,
                      p->value_len < max ? (size_t)p->value_len : max);
}

/* Item i as a whole number that is not negative. A single value stands for
 * every layer, as in the engine's reader. */
static bool item(const struct gguf_pair *p, uint64_t i, uint64_t *out)
{
    const unsigned char *at;

    if (!p || (p->is_array && i >= p->n)) return false;
    if (!p->is_array) i = 0;
    at = p->value;
    switch (p->type) {
    case GGUF_BOOL:
    case GGUF_U8: *out = at[i]; return true;
    case GGUF_I8: *out = at[i]; return at[i] < 0x80;
    case GGUF_U16:
    case GGUF_I16:
        *out = (uint64_t)at[2 * i] | (uint64_t)at[2 * i + 1] << 8;
        return p->type == GGUF_U16 || *out < 0x8000;
    case GGUF_U32:
    case GGUF_I32:
        *out = cursor_u32_at(at + 4 * i);
        return p->type == GGUF_U32 || *out <= INT32_MAX;
    case GGUF_U64:
    case GGUF_I64:
        *out = cursor_u64_at(at + 8 * i);
        return p->type == GGUF_U64 || *out <= INT64_MAX;
    default: return false;
    }
}

/* "llama" and "block_count" name the key "llama.block_count". */
static const struct gguf_pair *of_model(const struct gguf_walk *w,
                                        const char *architecture,
                                        const char *suffix)
{
    char key[NAME_MAX_BYTES * 3 + 64];

    if (!architecture) return NULL;
    snprintf(key, sizeof key, "%s.%s", architecture, suffix);
    return gguf_walk_find(w, key);
}

static int count_of(const struct gguf_walk *w, const char *architecture,
                    const char *suffix)
{
    const struct gguf_pair *p = of_model(w, architecture, suffix);
    uint64_t                n;

    if (!p || p->is_array || !item(p, 0, &n) || n > INT_MAX) return -1;
    return (int)n;
}

/* ---- the key-value cache ----------------------------------------------- */

struct attention {
    const struct gguf_pair *heads, *kv_heads, *recurrent, *windowed;
    int key, value, key_windowed, value_windowed;  /* elements of a head     */
    int full_interval;  /* every n-th layer attends, the others are recurrent */
    int cached_layers;  /* later ones share the cache of an earlier one      */
    bool latent;        /* MLA: keys hold the values too                     */
};

/* An entry of a per-layer list; 0 when it has none for this layer. */
static bool truth(const struct gguf_pair *list, uint64_t layer)
{
    uint64_t value = 0;

    return list && list->is_array && item(list, layer, &value) && value;
}

static void read_attention(const struct gguf_walk *w, const char *arch,
                           int layers, struct attention *a)
{
    uint64_t heads = 0;
    int      width = count_of(w, arch, "embedding_length");
    int      shared = count_of(w, arch, "attention.shared_kv_layers");

    a->heads = of_model(w, arch, "attention.head_count");
    a->kv_heads = of_model(w, arch, "attention.head_count_kv");
    a->recurrent = of_model(w, arch, "attention.recurrent_layers");
    a->windowed = of_model(w, arch, "attention.sliding_window_pattern");
    a->key = count_of(w, arch, "attention.key_length");
    a->value = count_of(w, arch, "attention.value_length");
    for (int i = 0; i < layers && heads == 0; i++)
        if (!item(a->heads, (uint64_t)i, &heads)) break;
    if (heads && width > 0) {
        if (a->key < 0) a->key = (int)((uint64_t)width / heads);
        if (a->value < 0) a->value = (int)((uint64_t)width / heads);
    }
    a->key_windowed = count_of(w, arch, "attention.key_length_swa");
    a->value_windowed = count_of(w, arch, "attention.value_length_swa");
    a->full_interval = count_of(w, arch, "full_attention_interval");
    a->cached_layers = shared > 0 && shared < layers ? layers - shared : layers;
    a->latent = count_of(w, arch, "attention.key_length_mla") > 0 &&
                count_of(w, arch, "attention.value_length_mla") > 0;
}

/* Bytes that one more token adds to the cache of all layers at f16: while a
 * conversation is shorter than a sliding window, which is when they count.
 * NAN when the header has no attention to compute it from. */
static double kv_bytes(const struct gguf_walk *w, const char *arch, int layers)
{
    struct attention a = {0};
    double           elements = 0;

    if (layers < 0 || layers > LAYERS_MAX) return NAN;
    read_attention(w, arch, layers, &a);
    if (!a.heads && !a.kv_heads) return NAN;
    for (int i = 0; i < a.cached_layers; i++) {
        uint64_t layer = (uint64_t)i, heads = 0;
        int      key = a.key, value = a.value;
        if (!item(a.kv_heads ? a.kv_heads : a.heads, layer, &heads))
            return NAN;
        if (truth(a.recurrent, layer)) continue;
        if (!a.recurrent && a.full_interval > 0 && (i + 1) % a.full_interval)
            continue;
        if (truth(a.windowed, layer)) {
            if (a.key_windowed >= 0) key = a.key_windowed;
            if (a.value_windowed >= 0) value = a.value_windowed;
        }
        if (heads && (key < 0 || value < 0)) return NAN;
        elements += (double)heads * (key + (a.latent ? 0 : value));
    }
    return elements * 2;
}

/* ---- facts ------------------------------------------------------------- */

static void read_facts(const struct gguf_walk *w, struct model_facts *f)
{
    const struct gguf_pair *tokens = gguf_walk_find(w,
                                                    "tokenizer.ggml.tokens");
    const struct gguf_pair *type = gguf_walk_find(w, "general.file_type");
    uint64_t                number;
    int                     predicting;

    f->architecture = text_of(w, "general.architecture", NAME_MAX_BYTES);
    f->model_name = text_of(w, "general.name", NAME_MAX_BYTES);
    f->license = text_of(w, "general.license", NAME_MAX_BYTES);
    f->chat_template = text_of(w, "tokenizer.chat_template",
                               TEMPLATE_MAX_BYTES);
    if (type && !type->is_array && item(type, 0, &number)) {
        /* Bit 1024: the writer guessed it. */
        f->quantisation = mem_copy(gguf_file_type_name(number & ~1024ULL));
    }
    f->layers = count_of(w, f->architecture, "block_count");
    /* Layers that guess tokens ahead are no part of the model's own depth. */
    predicting = count_of(w, f->architecture, "nextn_predict_layers");
    if (predicting > 0 && predicting < f->layers) f->layers -= predicting;
    f->context = count_of(w, f->architecture, "context_length");
    if (tokens && tokens->is_array && tokens->type == GGUF_TEXT &&
        tokens->n <= INT_MAX)
        f->vocabulary = (int)tokens->n;
    f->kv_bytes_per_token = kv_bytes(w, f->architecture, f->layers);
}

static int parse_part(const void *head, size_t size, uint64_t file_bytes,
                      struct part *out, int *more, struct err *err)
{
    struct gguf_walk        w;
    const struct gguf_pair *count;

    if (gguf_walk(head, size, file_bytes, &w, more, err)) return -1;
    *out = (struct part){.elements = w.elements, .n_held = w.n_held};
    memcpy(out->held, w.held, sizeof out->held);
    gguf_unknown(&out->facts);
    read_facts(&w, &out->facts);
    out->facts.file_bytes = file_bytes;
    out->facts.tensor_bytes = w.tensor_bytes;
    count = gguf_walk_find(&w, "split.count");
    if (!item(count, 0, &out->split_count)) out->split_count = 0;
    gguf_walk_done(&w);
    return 0;
}

/* What needs all parts: the model's totals. */
static void publish(struct part *p, struct model_facts *out)
{
    const struct gguf_held *most = p->held;
    const struct gguf_type *type;

    if (p->elements > 0) p->facts.parameters = p->elements;
    for (size_t i = 1; i < p->n_held; i++)
        if (p->held[i].bytes > most->bytes) most = &p->held[i];
    if (!p->facts.quantisation && p->n_held) {
        type = gguf_type_find(most->type);
        p->facts.quantisation = type ? mem_copy(type->name)
                                     : mem_printf("type %u", most->type);
    }
    *out = p->facts;
}

int gguf_parse(const void *head, size_t size, uint64_t file_bytes,
               struct model_facts *out, int *more, struct err *err)
{
    struct part part;

    if (parse_part(head, size, file_bytes, &part, more, err)) return -1;
    publish(&part, out);
    return 0;
}

/* ---- files ------------------------------------------------------------- */

/* Five digits at `text`, or -1. */
static int five_digits(const char *text)
{
    int n = 0;

    for (int i = 0; i < 5; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        n = n * 10 + (text[i] - '0');
    }
    return n;
}

bool gguf_part_name(const char *path, size_t *stem_len, int *part, int *parts)
{
    size_t      len = strlen(path), tail_len = strlen("-00001-of-00002.gguf");
    const char *tail;
    int         i, n;

    if (len <= tail_len) return false;
    tail = path + len - tail_len;
    if (tail[0] != '-' || strncasecmp(tail + 6, "-of-", 4) != 0 ||
        strcasecmp(tail + 15, ".gguf") != 0 || tail[-1] == '/')
        return false;
    i = five_digits(tail + 1);
    n = five_digits(tail + 10);
    if (i < 1 || n < 1 || i > n) return false;
    *stem_len = len - tail_len;
    *part = i;
    *parts = n;
    return true;
}

char *gguf_part_path(const char *stem, size_t stem_len, int part, int parts)
{
    return mem_printf("%.*s-%05d-of-%05d.gguf", (int)stem_len, stem, part,
                      parts);
}

static int read_part(const char *path, struct part *out, struct err *err)
{
    static const size_t head_bytes[] = {MIB, 8 * MIB, 16 * MIB, 64 * MIB};

    for (size_t i = 0; i < sizeof head_bytes / sizeof *head_bytes; i++) {
        struct bytes head;
        uint64_t     file_bytes;
        struct err   why = {0};
        int          rc, more = 0;
        if (bytes_read_head(&head, path, head_bytes[i], &file_bytes, &why))
            rc = -1;
        else
            rc = parse_part(head.data, head.size, file_bytes, out, &more,
                            &why);
        bytes_done(&head);
        if (rc == 0) return 0;
        if (more && i + 1 < sizeof head_bytes / sizeof *head_bytes) continue;
        return err_set(err, why.kind, "%s: %s", path, why.text);
    }
    return -1;
}

static void add_part(struct part *sum, struct part *p)
{
    sum->elements += p->elements;
    sum->facts.file_bytes += p->facts.file_bytes;
    sum->facts.tensor_bytes += p->facts.tensor_bytes;
    for (size_t i = 0; i < p->n_held; i++)
        gguf_held_add(sum->held, &sum->n_held, p->held[i].type,
                      p->held[i].bytes);
}

/* Parts 2 to `parts` of the model whose first part is in sum. */
static int read_rest(const char *path, size_t stem_len, int parts,
                     struct part *sum, struct err *err)
{
    for (int i = 2; i <= parts; i++) {
        char       *name = gguf_part_path(path, stem_len, i, parts);
        struct part p;
        int         rc = read_part(name, &p, err);
        free(name);
        if (rc)
            return err_ctx(err, "part %d of %d, which all belong in one "
                           "folder", i, parts);
        add_part(sum, &p);
        model_facts_done(&p.facts);
    }
    return 0;
}

int gguf_read(const char *path, struct model_facts *out, struct err *err)
{
    size_t      stem_len = 0;
    int         part = 1, parts = 1;
    struct part sum;

    if (strlen(path) > INT_MAX / 2)
        return err_set(err, ERR_INPUT, "a path of %zu bytes names no file",
                       strlen(path));
    if (gguf_part_name(path, &stem_len, &part, &parts) && part != 1)
        return err_set(err, ERR_INPUT, "%s: is part %d of %d of a split "
                       "model; name its first part, "
                       "%.*s-00001-of-%05d.gguf", path, part, parts,
                       (int)stem_len, path, parts);
    if (read_part(path, &sum, err)) return -1;
    if (sum.split_count > 1 && sum.split_count != (uint64_t)parts) {
        model_facts_done(&sum.facts);
        return err_set(err, ERR_INPUT, "%s: is a part of a model split in "
                       "%llu files, which an engine finds only under their "
                       "first names: NAME-00001-of-%05llu.gguf and so on",
                       path, (unsigned long long)sum.split_count,
                       (unsigned long long)sum.split_count);
    }
    if (read_rest(path, stem_len, parts, &sum, err)) {
        model_facts_done(&sum.facts);
        return -1;
    }
    publish(&sum, out);
    return 0;
}
