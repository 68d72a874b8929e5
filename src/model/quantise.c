/* SPDX-License-Identifier: MIT */
/* quantise.c - see quantise.h. Which types a mixture prefers:
 * quantise_rules.c; here what the model allows. */
#include "model/quantise.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "model/ggml_numbers.h"
#include "model/gguf_types.h"
#include "model/quantise_rules.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define GGML_QUANTISATION_VERSION 2

/* A name, and two numbers at the same place below. */
const char *const quantise_names[] = {
    "F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0",
    "Q4_K_M", "Q4_K_S", "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS", "MXFP4_MOE",
    "Q3_K_L", "Q3_K_M", "Q3_K_S", "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS",
    "Q2_K", "Q2_K_S", "Q2_0", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "TQ2_0",
    "TQ1_0", "IQ1_M", "IQ1_S", "Q1_0", "Q5_K", "Q4_K", "Q3_K", NULL
};

static const struct { int file_type; uint32_t plain; } files[] = {
    {FT_F32, T_F32},         {FT_F16, T_F16},         {FT_BF16, T_BF16},
    {FT_Q8_0, T_Q8_0},       {FT_Q6_K, T_Q6_K},       {FT_Q5_K_M, T_Q5_K},
    {FT_Q5_K_S, T_Q5_K},     {FT_Q5_1, T_Q5_1},       {FT_Q5_0, T_Q5_0},
    {FT_Q4_K_M, T_Q4_K},     {FT_Q4_K_S, T_Q4_K},     {FT_Q4_1, T_Q4_1},
    {FT_Q4_0, T_Q4_0},       {FT_IQ4_NL, T_IQ4_NL},   {FT_IQ4_XS, T_IQ4_XS},
    {FT_MXFP4_MOE, T_MXFP4}, {FT_Q3_K_L, T_Q3_K},     {FT_Q3_K_M, T_Q3_K},
    {FT_Q3_K_S, T_Q3_K},     {FT_IQ3_M, T_IQ3_S},     {FT_IQ3_S, T_IQ3_S},
    {FT_IQ3_XS, T_IQ3_S},    {FT_IQ3_XXS, T_IQ3_XXS}, {FT_Q2_K, T_Q2_K},
    {FT_Q2_K_S, T_Q2_K},     {FT_Q2_0, T_Q2_0},       {FT_IQ2_M, T_IQ2_S},
    {FT_IQ2_S, T_IQ2_XS},    {FT_IQ2_XS, T_IQ2_XS},   {FT_IQ2_XXS, T_IQ2_XXS},
    {FT_TQ2_0, T_TQ2_0},     {FT_TQ1_0, T_TQ1_0},     {FT_IQ1_M, T_IQ1_M},
    {FT_IQ1_S, T_IQ1_S},     {FT_Q1_0, T_Q1_0},       {FT_Q5_K_M, T_Q5_K},
    {FT_Q4_K_M, T_Q4_K},     {FT_Q3_K_M, T_Q3_K},
};
_Static_assert(COUNT(files) + 1 == COUNT(quantise_names), "one each");

/* Place in both tables, or -1. */
static int find(const char *name)
{
    for (int i = 0; quantise_names[i]; i++)
        if (strcasecmp(name, quantise_names[i]) == 0) return i;
    return -1;
}

int quantise_file_type(const char *name)
{
    int at = find(name);

    return at < 0 ? -1 : files[at].file_type;
}

/* ---- the model --------------------------------------------------------- */

/* Some layers are in no key: they are run again or added by the engine. */
static uint64_t layers_of(const struct model_shape *s, const char *arch)
{
    uint64_t layers = shape_model_number(s, "block_count", 0, 0);

    if (strcmp(arch, "graniteswitch") == 0)
        layers = layers - shape_model_number(s, "nextn_predict_layers", 0, 0) +
                 1;
    if (strcmp(arch, "nanbeige") == 0)
        layers *= shape_model_number(s, "num_loops", 0, 1);
    return layers <= INT_MAX / 16 ? layers : INT_MAX / 16;
}

/* What llama.cpp calls a 70B model: by architecture and depth alone. */
static bool is_70b(const struct model_shape *s, const struct mixture *m)
{
    static const struct { const char *arch; int layers; } large[] = {
        {"llama", 80}, {"llama-embed", 80}, {"qwen2", 80}, {"deci", 80},
        {"olmo", 80}, {"jais2", 68},
    };
    int layers = m->layers -
                 (int)shape_model_number(s, "nextn_predict_layers", 0, 0);

    if (strncmp(m->architecture, "llama", 5) == 0 &&
        (m->experts == 8 || m->shared_heads == 1))
        return false;
    for (size_t i = 0; i < COUNT(large); i++)
        if (strcmp(m->architecture, large[i].arch) == 0)
            return layers == large[i].layers;
    return false;
}

static struct mixture mixture_of(const struct model_shape *s, int file)
{
    struct mixture m = {.file_type = files[file].file_type,
                        .plain = files[file].plain, .is_tied = true};
    char          *arch = shape_text(s, "general.architecture");
    uint64_t       heads, keys;

    snprintf(m.architecture, sizeof m.architecture, "%s", arch ? arch : "");
    free(arch);
    m.experts = shape_model_number(s, "expert_count", 0, 0);
    heads = shape_model_number(s, "attention.head_count", 0, 0);
    keys = shape_model_number(s, "attention.head_count_kv", 0, heads);
    m.shared_heads = keys ? heads / keys : 0;
    m.layers = (int)layers_of(s, m.architecture);
    m.is_70b = is_70b(s, &m);
    for (size_t i = 0; i < s->n_tensors; i++) {
        enum role role = role_of(s->tensors[i].name);
        if (role == ROLE_VALUE) m.values++;
        if (role == ROLE_OUTPUT) m.is_tied = false;
    }
    return m;
}

/* ---- rows that a type cannot hold -------------------------------------- */

static bool fits(const struct shape_tensor *t, uint32_t type)
{
    const struct gguf_type *g = gguf_type_find(type);

    return g && t->ne[0] % g->block == 0;
}

/* The type of smaller blocks that takes the place of `type`, or `type`. */
static uint32_t smaller_blocks(uint32_t type)
{
    switch (type) {
    case T_IQ1_S: case T_IQ1_M: case T_IQ2_XXS: case T_IQ2_XS: case T_IQ2_S:
    case T_IQ3_XXS: case T_IQ3_S: case T_IQ4_XS:
        return T_IQ4_NL;
    case T_Q2_0: case T_Q2_K: case T_Q3_K: case T_TQ1_0: case T_TQ2_0:
        return T_Q4_0;
    case T_Q4_K: return T_Q5_0;
    case T_Q5_K: return T_Q5_1;
    case T_Q6_K: return T_Q8_0;
    default:     return type;
    }
}

static int choose(struct mixture *m, struct shape_tensor *t, struct err *err)
{
    uint32_t                type;
    const struct gguf_type *plain = gguf_type_find(m->plain);

    if (!is_quantised(m->architecture, t)) return 0;
    if (plain && plain->block == 1) {
        t->type = m->plain;
        return 0;
    }
    type = mixture_type(m, t);
    if (fits(t, type)) {
        t->type = type;
        return 0;
    }
    if (type == T_Q1_0)
        return err_set(err, ERR_INPUT, "tensor \"%s\" has rows of %llu, which "
                       "blocks of 128 do not divide and llama-quantize has "
                       "nothing else for; choose another quantisation than "
                       "Q1_0", t->name, (unsigned long long)t->ne[0]);
    type = smaller_blocks(type);
    t->type = fits(t, type) ? type : T_F16;
    return 0;
}

/* ---- all tensors ------------------------------------------------------- */

static int by_layer(const void *left, const void *right)
{
    const struct shape_tensor *a = left, *b = right;
    int                        a_layer = layer_of(a->name);
    int                        b_layer = layer_of(b->name);

    if (a_layer != b_layer) return a_layer < b_layer ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int unknown(const char *name, struct err *err)
{
    struct strbuf list;
    int           rc;

    strbuf_init(&list, 1000);
    for (int i = 0; quantise_names[i]; i++)
        strbuf_addf(&list, "%s%s", i ? " " : "", quantise_names[i]);
    rc = err_set(err, ERR_INPUT, "there is no quantisation \"%.40s\"; choose "
                 "one of %s", name, list.text);
    strbuf_done(&list);
    return rc;
}

int quantise_shape(struct model_shape *s, const char *name, struct err *err)
{
    int            file = find(name);
    struct mixture m;

    if (file < 0) return unknown(name, err);
    if (s->n_tensors)
        qsort(s->tensors, s->n_tensors, sizeof *s->tensors, by_layer);
    m = mixture_of(s, file);
    for (size_t i = 0; i < s->n_tensors; i++)
        if (choose(&m, &s->tensors[i], err)) return -1;
    shape_set_u32(s, "general.quantization_version",
                  GGML_QUANTISATION_VERSION);
    shape_set_u32(s, "general.file_type", (uint32_t)m.file_type);
    return 0;
}
