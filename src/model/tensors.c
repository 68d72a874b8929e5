/* SPDX-License-Identifier: MIT */
/* tensors.c - see tensors.h. */
#include "model/tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>


#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- names ------------------------------------------------------------- */

/* A name or the rest of one; not terminated. */
struct text {
    const char *at;
    size_t      len;
};

static bool begins(struct text t, const char *with)
{
    size_t len = strlen(with);

    return t.len >= len && memcmp(t.at, with, len) == 0;
}

static bool ends(struct text t, const char *with)
{
    size_t len = strlen(with);

    return t.len >= len && memcmp(t.at + t.len - len, with, len) == 0;
}

static bool holds(struct text t, const char *what)
{
    size_t len = strlen(what);

    for (size_t i = 0; i + len <= t.len; i++)
        if (memcmp(t.at + i, what, len) == 0) return true;
    return false;
}

/* Digits and a dot: their value and what is behind them, else -1. */
static int number_before_dot(struct text *t)
{
    int    n = 0;
    size_t i = 0;

    while (i < t->len && i < 6 && t->at[i] >= '0' && t->at[i] <= '9')
        n = n * 10 + (t->at[i++] - '0');
    if (i == 0 || i == t->len || t->at[i] != '.') return -1;
    t->at += i + 1;
    t->len -= i + 1;
    return n;
}

/* "ffn_up.3.weight": experts one by one, as files had them until 2024. */
static bool is_one_expert(struct text rest)
{
    static const char *const parts[] = {"ffn_gate.", "ffn_down.", "ffn_up."};

    for (size_t i = 0; i < COUNT(parts); i++)
        if (begins(rest, parts[i])) {
            rest.at += strlen(parts[i]);
            rest.len -= strlen(parts[i]);
            return number_before_dot(&rest) >= 0;
        }
    return false;
}

/* The first that fits decides. */
static enum tensor_class class_of_block(struct text rest)
{
    static const struct {
        bool      (*fits)(struct text, const char *);
        const char *with;
        enum tensor_class class;
    } rules[] = {
        {begins, "nextn.", TENSOR_OTHER},
        {begins, "vis_", TENSOR_OTHER},
        {holds, "norm", TENSOR_NORM},
        {begins, "time_mix_ln", TENSOR_NORM},
        {holds, "_exps", TENSOR_EXPERTS},
        {holds, "_chexps", TENSOR_EXPERTS},
        {begins, "ssm_", TENSOR_RECURRENT},
        {begins, "time_mix_", TENSOR_RECURRENT},
        {begins, "shortconv.", TENSOR_RECURRENT},
        {begins, "channel_mix_", TENSOR_FEED_FORWARD},
        {begins, "ffn", TENSOR_FEED_FORWARD},
        {begins, "exp_probs_b", TENSOR_FEED_FORWARD},
        {holds, "attn", TENSOR_ATTENTION},
        {begins, "indexer", TENSOR_ATTENTION},
    };

    if (is_one_expert(rest)) return TENSOR_EXPERTS;
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].fits(rest, rules[i].with)) return rules[i].class;
    return TENSOR_OTHER;
}

/* Towers for pictures ("v.", "mm.") and sound ("a."), the encoder that reads
 * a prompt before the first token, heads that guess ahead or classify. */
static bool is_beside_text(struct text name, struct text rest)
{
    static const char *const others[] = {
        "v.", "mm.", "a.", "enc.", "nextn.", "cls", "decision.", "resampler.",
    };

    for (size_t i = 0; i < COUNT(others); i++)
        if (begins(name, others[i])) return true;
    return begins(rest, "vis_") || begins(rest, "nextn.");
}

struct tensor_role tensor_role_of(const char *name, size_t len)
{
    struct text        all  = {name, len}, rest = all;
    struct tensor_role role = {.class = TENSOR_OTHER, .block = -1};

    if (begins(rest, "dec.")) rest = (struct text){name + 4, len - 4};
    if (begins(rest, "blk.")) {
        rest = (struct text){rest.at + 4, rest.len - 4};
        role.block = number_before_dot(&rest);
    }
    role.is_for_text = !is_beside_text(all, rest);
    role.is_multiplied = !ends(all, ".bias") && !ends(all, ".scale");
    role.is_rope_table = begins(all, "rope_f");
    role.is_token_embedding = begins(all, "token_embd.");
    role.is_looked_up = role.is_token_embedding ||
                        begins(all, "per_layer_token_embd.") ||
                        begins(all, "position_embd.") ||
                        begins(all, "token_types.") ||
                        begins(rest, "ffn_gate_tid2eid");
    role.is_head = role.block < 0 && begins(all, "output.");
    if (role.block >= 0) role.class = class_of_block(rest);
    else if (role.is_head) role.class = TENSOR_OUTPUT;
    else if (role.is_looked_up) role.class = TENSOR_EMBEDDING;
    else if (holds(all, "norm")) role.class = TENSOR_NORM;
    return role;
}

/* ---- one tensor -------------------------------------------------------- */

/* Of a tensor of experts, those that a token uses: they are its last
 * dimension, or each has a tensor of its own. */
static double used_share(const struct tensor_rules *r,
                         const struct gguf_tensor *t)
{
    struct text name    = {t->name, t->name_len};
    double      experts = r->experts;

    if (!(r->experts_used > 0) || r->experts <= 0) return 1;
    if (holds(name, "exps") && t->n_dims > 0)
        experts = (double)t->ne[t->n_dims - 1];
    return fmin(1, r->experts_used / experts);
}

/* How often a token reads all of it; less than one for a part. */
static double reads_of(const struct tensor_rules *r,
                       const struct tensor_role *role,
                       const struct gguf_tensor *t)
{
    if (!role->is_for_text) return 0;
    if (role->block >= 0 && r->layers >= 0 && role->block >= r->layers)
        return 0;
    if (role->is_looked_up) return (double)t->ne[0] / t->elements;
    if (role->class == TENSOR_EXPERTS) return r->loops * used_share(r, t);
    return role->block >= 0 ? r->loops : 1;
}

static struct type_share *share_of(struct tensor_tally *t, uint32_t type)
{
    size_t i = 0;

    while (i < t->n_types && t->types[i].type != type) i++;
    if (i == TYPE_SHARES_MAX) i--;
    else if (i == t->n_types)
        t->types[t->n_types++] = (struct type_share){.type = type};
    return &t->types[i];
}

static void add_one(struct tensor_tally *t, const struct tensor_rules *r,
                    const struct gguf_tensor *tensor)
{
    struct tensor_role role  = tensor_role_of(tensor->name, tensor->name_len);
    double             reads = reads_of(r, &role, tensor);
    double             bytes = (double)tensor->bytes;
    struct type_share *share = share_of(t, tensor->type);

    share->tensors++;
    share->bytes += tensor->bytes;
    share->elements += tensor->elements;
    share->bytes_read += reads * bytes;
    t->bytes_read += reads * bytes;
    t->class_bytes[role.class] += tensor->bytes;
    if (!role.is_rope_table) t->elements += tensor->elements;
    if (role.is_multiplied && !role.is_looked_up &&
        tensor->elements > (double)tensor->ne[0])
        t->active_elements += reads * tensor->elements;
    if (role.block >= 0 && r->layers > 0 && role.block == r->layers / 2)
        t->in_middle_layer++;
    if (role.block == 0) t->has_first_block = true;
    if (role.is_head && role.is_multiplied) t->has_head = true;
    if (role.is_token_embedding) {
        t->vocabulary = tensor->elements / (double)tensor->ne[0];
        t->embedding_elements = tensor->elements;
        t->embedding_bytes = bytes;
        t->embedding_share = (size_t)(share - t->types);
    }
}

void tensors_add(struct tensor_tally *t, const struct tensor_rules *rules,
                 const struct gguf_walk *w)
{
    for (size_t i = 0; i < w->n_tensors; i++)
        add_one(t, rules, &w->tensors[i]);
    t->tensors += w->n_tensors;
    t->tensor_bytes += w->tensor_bytes;
}

/* ---- totals ------------------------------------------------------------ */

/* What a token reads, of models that read token by token. */
static void publish_reading(const struct tensor_tally *t,
                            struct model_facts *f)
{
    double row = t->vocabulary > 0 ? t->embedding_bytes / t->vocabulary : 0;

    if (f->kind != MODEL_TEXT && f->kind != MODEL_EMBEDDING) {
        for (size_t i = 0; i < f->n_types; i++) f->types[i].bytes_read = NAN;
        return;
    }
    if (t->tensors == 0) return;
    f->active_parameters = t->active_elements;
    f->weight_bytes_read_per_token = t->bytes_read;
    f->is_tied = f->kind == MODEL_TEXT && !t->has_head && t->vocabulary > 0;
    if (!f->is_tied) return;
    /* The head reads every row, which has the one that was looked up. */
    f->active_parameters += t->embedding_elements;
    f->weight_bytes_read_per_token += t->embedding_bytes - row;
    f->types[t->embedding_share].bytes_read += t->embedding_bytes - row;
}

static int by_bytes(const void *left, const void *right)
{
    const struct type_share *a = left, *b = right;

    if (a->bytes != b->bytes) return a->bytes < b->bytes ? 1 : -1;
    return a->type < b->type ? -1 : a->type > b->type;
}

void tensors_publish(const struct tensor_tally *t, struct model_facts *f)
{
    f->tensor_bytes = t->tensor_bytes;
    memcpy(f->class_bytes, t->class_bytes, sizeof f->class_bytes);
    f->embedding_bytes = (uint64_t)t->embedding_bytes;
    memcpy(f->types, t->types, sizeof f->types);
    f->n_types = t->n_types;
    if (t->elements > 0) f->parameters = t->elements;
    if (t->in_middle_layer > 0) f->nodes_per_layer = t->in_middle_layer;
    publish_reading(t, f);
    if (f->n_types > 1)
        qsort(f->types, f->n_types, sizeof *f->types, by_bytes);
}
