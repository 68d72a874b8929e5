/* SPDX-License-Identifier: MIT */
/* quantise_rules.c - see quantise_rules.h. The rules were found by reading
 * llama-quant.cpp of build 11434, and each tensor type was held against what
 * its llama-quantize says (tests/unit/test_quantise.c has a part of that). */
#include "model/quantise_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/ggml_numbers.h"
#include "model/gguf_types.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- names ------------------------------------------------------------- */

/* The first part of a name that is found decides. */
static const struct { const char *part; enum role role; } roles[] = {
    {"attn_qkv.weight", ROLE_VALUE},  {"attn_kv_b.weight", ROLE_VALUE},
    {"attn_v.weight", ROLE_VALUE},    {"attn_k.weight", ROLE_KEY},
    {"attn_q.weight", ROLE_QUERY},    {"attn_output.weight",
                                       ROLE_ATTENTION_OUT},
    {"ffn_up", ROLE_UP},              {"ffn_gate", ROLE_GATE},
    {"ffn_down", ROLE_DOWN},
};

/* Matrices too small or too sensitive to quantise, by a part of their name:
 * routers, convolutions and mixers of recurrent layers, positions, parts of
 * pictures and sound. */
static const char *const kept[] = {
    "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup",
    "laurel", "per_layer_model_proj", "ssm_conv1d", "shortconv.conv.weight",
    "indexer.k_proj.weight", "indexer.q_proj.weight",
    "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight",
    "time_mix_w2.weight", "time_mix_v0.weight", "time_mix_v1.weight",
    "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight",
    "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight",
    "time_mix_decay_w1.weight", "time_mix_decay_w2.weight",
    "time_mix_lerp_fused.weight", "attn_rel_b.weight", ".position_embd",
    "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd",
    ".patch_merger", "a.rvq.codebook", "mm.a.code_embd", NULL
};

static const char *const kept_in_glm5_next[] = {
    "hc_", "indexer.attn_q_b", "indexer.attn_k", "indexer.proj",
    "indexer_compressor_gate", "indexer_compressor_ape", "ssm_f_a.weight",
    "ssm_f_b.weight", "ssm_g_a.weight", "ssm_g_b.weight", "ssm_beta.weight",
    "attn_kv_a_mqa.weight", "attn_k_b.weight", "attn_v_b.weight", NULL
};

static const char *const eight_bits_in_glm5_next[] = {
    "attn_q_a", "attn_q_b", "nextn.eh_proj", NULL
};

static bool has_part(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr(name, *parts)) return true;
    return false;
}

enum role role_of(const char *name)
{
    if (strcmp(name, "output.weight") == 0) return ROLE_OUTPUT;
    if (strcmp(name, "token_embd.weight") == 0 ||
        strcmp(name, "per_layer_token_embd.weight") == 0)
        return ROLE_EMBEDDING;
    for (size_t i = 0; i < COUNT(roles); i++)
        if (strstr(name, roles[i].part)) return roles[i].role;
    return ROLE_OTHER;
}

int layer_of(const char *name)
{
    char *end;
    long  layer;

    if (strncmp(name, "blk.", 4) != 0) return -1;
    layer = strtol(name + 4, &end, 10);
    return end > name + 4 && layer >= 0 && layer < 100000 ? (int)layer : -1;
}

bool is_quantised(const char *architecture, const struct shape_tensor *t)
{
    size_t len = strlen(t->name);

    if (t->ne[1] <= 1 && t->ne[2] <= 1 && t->ne[3] <= 1) return false;
    if (len < 6 || strcmp(t->name + len - 6, "weight") != 0) return false;
    if (strcmp(t->name, "position_embd.weight") == 0 ||
        strcmp(t->name, "token_types.weight") == 0)
        return false;
    if (strcmp(architecture, "glm5-next") == 0 &&
        has_part(t->name, kept_in_glm5_next))
        return false;
    return !has_part(t->name, kept);
}

/* ---- rules ------------------------------------------------------------- */

enum when {
    ALWAYS,
    SHARED_HEADS,      /* at least four query heads for one key              */
    FIRST_2, FIRST_4,  /* tensors of the role                                */
    FIRST_EIGHTH, FIRST_SIXTEENTH,   /* layers                               */
    MIDDLE,            /* layers from the first eighth to the last           */
    EDGES              /* the first and last eighth and every third between  */
};

struct rule {
    uint64_t  files;   /* bits by file type                                  */
    enum role role;
    enum when when;
    uint32_t  type;
};

#define F(file) (1ull << FT_##file)
#define BELOW_3_BITS (F(IQ1_S) | F(IQ1_M) | F(IQ2_XXS) | F(IQ2_XS) | \
                      F(IQ2_S) | F(IQ2_M))

/* The first rule that holds decides; without one a tensor gets the plain
 * type. */
static const struct rule rules[] = {
    {F(IQ1_S) | F(IQ1_M) | F(IQ2_XXS) | F(IQ2_XS), ROLE_EMBEDDING, ALWAYS,
     T_Q2_K},
    {F(IQ2_S) | F(IQ2_M) | F(IQ3_XXS), ROLE_EMBEDDING, ALWAYS, T_IQ3_S},
    {F(TQ1_0) | F(TQ2_0) | F(Q2_0), ROLE_EMBEDDING, ALWAYS, T_Q4_K},

    {BELOW_3_BITS | F(Q2_K) | F(Q2_K_S) | F(IQ3_XXS) | F(IQ3_XS) | F(IQ3_S),
     ROLE_VALUE, SHARED_HEADS, T_Q4_K},
    {F(IQ2_S) | F(IQ2_M) | F(IQ3_XXS), ROLE_VALUE, ALWAYS, T_IQ3_S},
    {BELOW_3_BITS, ROLE_VALUE, ALWAYS, T_Q2_K},
    {F(Q2_K), ROLE_VALUE, ALWAYS, T_Q3_K},
    {F(IQ3_M), ROLE_VALUE, ALWAYS, T_Q4_K},
    {F(Q3_K_M), ROLE_VALUE, FIRST_2, T_Q5_K},
    {F(Q3_K_M), ROLE_VALUE, ALWAYS, T_Q4_K},
    {F(Q3_K_L), ROLE_VALUE, ALWAYS, T_Q5_K},
    {F(IQ4_NL) | F(IQ4_XS), ROLE_VALUE, SHARED_HEADS, T_Q5_K},
    {F(Q4_K_S), ROLE_VALUE, FIRST_4, T_Q5_K},
    {F(Q4_K_M) | F(Q5_K_M), ROLE_VALUE, EDGES, T_Q6_K},

    {F(IQ3_XS), ROLE_KEY, ALWAYS, T_IQ3_XXS},
    {F(IQ3_XXS), ROLE_KEY, ALWAYS, T_IQ2_S},
    {F(IQ3_XS), ROLE_QUERY, ALWAYS, T_IQ3_XXS},
    {F(IQ3_XXS), ROLE_QUERY, ALWAYS, T_IQ2_S},

    {F(IQ1_S) | F(IQ1_M), ROLE_ATTENTION_OUT, ALWAYS, T_IQ2_XXS},
    {F(IQ2_S) | F(IQ2_M) | F(IQ3_XXS), ROLE_ATTENTION_OUT, ALWAYS, T_IQ3_S},
    {F(Q2_K), ROLE_ATTENTION_OUT, ALWAYS, T_Q3_K},
    {F(Q3_K_M) | F(IQ3_M), ROLE_ATTENTION_OUT, ALWAYS, T_Q4_K},
    {F(Q3_K_L), ROLE_ATTENTION_OUT, ALWAYS, T_Q5_K},

    {F(IQ2_S) | F(IQ2_M), ROLE_DOWN, FIRST_EIGHTH, T_IQ3_S},
    {BELOW_3_BITS & ~(F(IQ2_S) | F(IQ2_M)), ROLE_DOWN, FIRST_EIGHTH, T_Q2_K},
    {F(Q2_K), ROLE_DOWN, ALWAYS, T_Q3_K},
    {F(Q2_K_S) | F(IQ3_XXS) | F(IQ3_M), ROLE_DOWN, FIRST_EIGHTH, T_Q4_K},
    {F(IQ3_XXS), ROLE_DOWN, ALWAYS, T_Q3_K},
    {F(Q3_K_M), ROLE_DOWN, FIRST_SIXTEENTH, T_Q5_K},
    {F(Q3_K_M), ROLE_DOWN, ALWAYS, T_Q4_K},
    {F(Q3_K_L), ROLE_DOWN, ALWAYS, T_Q5_K},
    {F(IQ4_NL) | F(IQ4_XS) | F(Q4_K_S), ROLE_DOWN, FIRST_EIGHTH, T_Q5_K},
    {F(Q4_K_M) | F(Q5_K_M), ROLE_DOWN, EDGES, T_Q6_K},

    {F(IQ3_XS), ROLE_GATE, MIDDLE, T_IQ3_XXS},
    {F(IQ3_XS), ROLE_UP, MIDDLE, T_IQ3_XXS},
};

/* Falcon was tuned by hand: these instead of the rules above for the roles
 * and file types that have any here; `spared` have none at all. */
static const struct rule falcon_rules[] = {
    {F(Q3_K_L), ROLE_ATTENTION_OUT, ALWAYS, T_Q4_K},
    {F(Q3_K_M), ROLE_DOWN, FIRST_SIXTEENTH, T_Q5_K},
    {F(Q3_K_M), ROLE_DOWN, EDGES, T_Q4_K},
    {F(Q3_K_L), ROLE_DOWN, ALWAYS, T_Q4_K},
    {F(Q4_K_M), ROLE_DOWN, FIRST_SIXTEENTH, T_Q6_K},
    {F(Q4_K_M), ROLE_DOWN, EDGES, T_Q5_K},
};
#define FALCON_DOWN (F(Q3_K_M) | F(Q3_K_L) | F(Q4_K_M) | F(Q4_K_S))

static bool is_edge(int i, int n)
{
    return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

/* i, n: the tensor's place among those that `when` counts. */
static bool holds(enum when when, const struct mixture *m, int i, int n)
{
    switch (when) {
    case ALWAYS:          return true;
    case SHARED_HEADS:    return m->shared_heads >= 4;
    case FIRST_2:         return i < 2;
    case FIRST_4:         return i < 4;
    case FIRST_EIGHTH:    return i < n / 8;
    case FIRST_SIXTEENTH: return i < n / 16;
    case MIDDLE:          return i >= n / 8 && i < 7 * n / 8;
    case EDGES:           return is_edge(i, n);
    }
    return false;
}

static bool is_below_3_bits(const struct mixture *m)
{
    return (BELOW_3_BITS >> m->file_type) & 1;
}

static bool is_falcon_rule(const struct mixture *m, enum role role)
{
    if (strcmp(m->architecture, "falcon") != 0 || is_below_3_bits(m))
        return false;
    return role == ROLE_ATTENTION_OUT ||
           (role == ROLE_DOWN && (FALCON_DOWN >> m->file_type) & 1);
}

/* Where the tensor stands: by its running number, or by its layer when a
 * layer may have several (experts); those below 3 bits count on regardless. */
static int place_of(const struct mixture *m, const char *name, enum role role)
{
    int layer = layer_of(name);

    if (role == ROLE_VALUE || m->experts <= 1 || is_below_3_bits(m) ||
        layer < 0)
        return m->seen[role];
    return layer;
}

static uint32_t by_rules(const struct mixture *m, const char *name,
                         enum role role)
{
    bool               falcon = is_falcon_rule(m, role);
    const struct rule *table = falcon ? falcon_rules : rules;
    size_t             n = falcon ? COUNT(falcon_rules) : COUNT(rules);
    int                place = place_of(m, name, role);
    int                places = role == ROLE_VALUE ? m->values : m->layers;

    for (size_t i = 0; i < n; i++)
        if (table[i].role == role && (table[i].files >> m->file_type) & 1 &&
            holds(table[i].when, m, place, places))
            return table[i].type;
    return m->plain;
}

/* ---- what depends on the model ----------------------------------------- */

/* The output head, and the embedding that is the head too. */
static uint32_t head_type(const struct mixture *m,
                          const struct shape_tensor *t)
{
    const struct gguf_type *plain = gguf_type_find(m->plain);

    if (m->file_type == FT_MXFP4_MOE || m->plain == T_Q8_0 ||
        strcmp(m->architecture, "falcon") == 0 ||
        (plain && t->ne[0] % plain->block))
        return T_Q8_0;
    return ((BELOW_3_BITS | F(IQ3_XXS)) >> m->file_type) & 1 ? T_Q5_K : T_Q6_K;
}

static uint32_t mxfp4_type(const struct mixture *m,
                           const struct shape_tensor *t, enum role role)
{
    bool is_expert = t->ne[2] > 1;

    /* The one mixture whose latent attention has three dimensions too. */
    if (strcmp(m->architecture, "bailingmoe3") == 0)
        is_expert = is_expert && (role == ROLE_UP || role == ROLE_GATE ||
                                  role == ROLE_DOWN);
    return is_expert ? T_MXFP4 : T_Q8_0;
}

/* In a mixture of eight experts attention is small beside them, and gets more
 * bits at little cost. */
static uint32_t beside_eight_experts(const struct mixture *m, enum role role,
                                     int place, uint32_t type)
{
    const uint64_t better_out = BELOW_3_BITS | F(Q2_K) | F(IQ3_XXS) |
        F(IQ3_XS) | F(IQ3_S) | F(IQ3_M) | F(Q3_K_S) | F(Q3_K_M) | F(IQ4_NL) |
        F(IQ4_XS) | F(Q4_K_S) | F(Q4_K_M);

    if (role == ROLE_VALUE) return is_below_3_bits(m) ? T_Q4_K : T_Q8_0;
    if (role == ROLE_KEY) return is_below_3_bits(m) ? T_Q4_K : T_Q8_0;
    if (role == ROLE_ATTENTION_OUT && !is_falcon_rule(m, role))
        return (better_out >> m->file_type) & 1 ? T_Q5_K : m->plain;
    if (role == ROLE_DOWN && m->file_type == FT_IQ3_M &&
        is_edge(place, m->layers))
        return T_Q4_K;
    return type;
}

uint32_t mixture_type(struct mixture *m, const struct shape_tensor *t)
{
    enum role role = role_of(t->name);
    uint32_t  type;

    if (strcmp(m->architecture, "glm5-next") == 0 &&
        has_part(t->name, eight_bits_in_glm5_next))
        return T_Q8_0;
    if (role == ROLE_OUTPUT || (role == ROLE_EMBEDDING && m->is_tied))
        return head_type(m, t);
    if (m->file_type == FT_MXFP4_MOE) return mxfp4_type(m, t, role);
    type = by_rules(m, t->name, role);
    if (role == ROLE_VALUE && m->experts >= 4 && is_below_3_bits(m))
        type = T_Q4_K;
    if (role == ROLE_VALUE && m->is_70b && !is_below_3_bits(m) &&
        (type == T_Q3_K || type == T_Q4_K))
        type = T_Q5_K;
    if (m->experts == 8)
        type = beside_eight_experts(m, role, place_of(m, t->name, role), type);
    m->seen[role]++;
    return type;
}
