/* SPDX-License-Identifier: MIT */
/* synth_weights.c - see synth_weights.h.
 *
 * A pool of some megabytes of blocks is made once for a type; a tensor is the
 * pool again and again from a place that its name gives. An engine cannot
 * tell: no cache holds so much, and each page of the file is one of its own.
 * The number of blocks is prime, so that rows repeat late. Layouts of the
 * blocks: ggml-common.h of build 11434. */
#include "model/synth_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "model/ggml_numbers.h"
#include "model/gguf_types.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define POOL_BYTES   ((size_t)4 << 20)
#define POOLS_MAX    64             /* more than the two tables below give  */

enum flavour { FLAVOUR_WEIGHT, FLAVOUR_ONE, FLAVOUR_MINUS_ONE };

/* ---- numbers ----------------------------------------------------------- */

/* Of random bits some are kept and some are set: sign and fraction stay
 * random, the exponent is ours. Weights: 2^-6 to 2^-5, either sign. */
struct number {
    uint32_t type;
    size_t   bytes;
    struct { uint64_t keep, set; } bits[3];     /* by flavour */
};

static const struct number numbers[] = {
    {T_F32, 4, {{0x807fffff, 0x3c800000}, {0x0007ffff, 0x3f800000},
                {0x0007ffff, 0xbf800000}}},
    {T_F16, 2, {{0x83ff, 0x2400}, {0x003f, 0x3c00}, {0x003f, 0xbc00}}},
    {T_BF16, 2, {{0x807f, 0x3c80}, {0x0007, 0x3f80}, {0x0007, 0xbf80}}},
    {T_F64, 8, {{0x800fffffffffffff, 0x3f90000000000000},
                {0x0000ffffffffffff, 0x3ff0000000000000},
                {0x0000ffffffffffff, 0xbff0000000000000}}},
    /* Whole numbers are indices of something: 0 is always there. */
    {T_I8, 1, {{0, 0}, {0, 0}, {0, 0}}},
    {T_I16, 2, {{0, 0}, {0, 0}, {0, 0}}},
    {T_I32, 4, {{0, 0}, {0, 0}, {0, 0}}},
    {T_I64, 8, {{0, 0}, {0, 0}, {0, 0}}},
};

/* ---- blocks ------------------------------------------------------------ */

/* Codes and small scales of a block are random bits; what scales the whole
 * block is a number of 16 bits at scale_at, and at min_at where the type has
 * an offset to bring the mean to 0. Where it has none and the codes are not
 * symmetric, every other block is negative, as in real files. Sizes follow
 * from the deviation of the codes, and are those of real files. */
struct block {
    uint32_t type;
    int      scale_at;
    double   scale;
    int      min_at;         /* -1: none */
    double   min;
    bool     is_signed;
};

static const struct block blocks[] = {
    {T_Q4_0, 0, 4.3e-3, -1, 0, true},
    {T_Q4_1, 0, 4.3e-3, 2, -3.2e-2, false},
    {T_Q5_0, 0, 2.2e-3, -1, 0, true},
    {T_Q5_1, 0, 2.2e-3, 2, -3.4e-2, false},
    {T_Q8_0, 0, 2.7e-4, -1, 0, false},
    {T_Q1_0, 0, 2.0e-2, -1, 0, false},
    {T_Q2_0, 0, 1.6e-2, -1, 0, true},
    {T_Q2_K, 80, 1.4e-3, 82, 2.1e-3, false},
    {T_Q3_K, 108, 4.7e-4, -1, 0, true},
    {T_Q4_K, 0, 7.7e-5, 2, 5.8e-4, false},
    {T_Q5_K, 0, 3.8e-5, 2, 5.9e-4, false},
    {T_Q6_K, 208, 1.5e-5, -1, 0, true},
    {T_IQ2_XXS, 0, 3.3e-4, -1, 0, false},
    {T_IQ2_XS, 0, 3.3e-4, -1, 0, false},
    {T_IQ2_S, 0, 3.3e-4, -1, 0, false},
    {T_IQ3_XXS, 0, 1.5e-4, -1, 0, false},
    {T_IQ3_S, 0, 1.2e-4, -1, 0, false},
    {T_IQ1_S, 0, 2.6e-3, -1, 0, false},
    {T_IQ4_NL, 0, 2.8e-4, -1, 0, true},
    {T_IQ4_XS, 0, 1.5e-5, -1, 0, false},
    {T_TQ1_0, 52, 2.4e-2, -1, 0, false},
    {T_TQ2_0, 64, 2.4e-2, -1, 0, true},
    /* Their scales lie elsewhere: finish_block(). */
    {T_IQ1_M, -1, 2.6e-3, -1, 0, false},
    {T_MXFP4, -1, 0, -1, 0, false},
    {T_NVFP4, -1, 0, -1, 0, false},
};

/* IEEE half precision of a number between 2^-24 and 1. */
static uint16_t half_of(double value)
{
    uint16_t sign = value < 0 ? 0x8000 : 0;
    int      exponent;
    double   fraction = frexp(fabs(value), &exponent);  /* [0.5, 1) */

    if (value == 0) return 0;
    if (exponent > -14)
        return (uint16_t)(sign + ((exponent + 13) << 10) +
                          (int)((fraction * 2) * 1024));
    return (uint16_t)(sign + (int)(fabs(value) * 16777216));
}

static void put_half(unsigned char *at, uint16_t bits)
{
    at[0] = (unsigned char)bits;
    at[1] = (unsigned char)(bits >> 8);
}

/* Scales differ from block to block as in real files: by a factor of about
 * 1.5, up to 4. Engines look them up in a table of all halves, and alike ones
 * would be found in the nearest cache every time (measured: equal ones make a
 * model up to 1.6 times as fast as the real one). */
static double spread(uint64_t random)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        sum += (double)(random >> (15 * i) & 0x7fff) / 0x7fff;
    return exp2(sum - 2);
}

static void finish_block(const struct block *b, unsigned char *at,
                         uint64_t random)
{
    double   factor = spread(random);
    uint16_t scale = half_of(b->scale * factor);

    if (b->is_signed && random >> 63) scale |= 0x8000;
    if (b->scale_at >= 0) put_half(at + b->scale_at, scale);
    if (b->min_at >= 0) put_half(at + b->min_at, half_of(b->min * factor));
    switch (b->type) {
    case T_TQ2_0:             /* ternary: the code 3 does not exist */
        for (int i = 0; i < 64; i++)
            at[i] = (unsigned char)(at[i] & ~(at[i] >> 1 & at[i] & 0x55));
        break;
    case T_IQ1_M:             /* four bits at the top of four words */
        for (int i = 0; i < 4; i++)
            at[49 + 2 * i] = (unsigned char)((at[49 + 2 * i] & 0x0f) |
                                             (scale >> (4 * i) & 15) << 4);
        break;
    case T_MXFP4:             /* 2^-9 to 2^-6 */
        at[0] = (unsigned char)(118 + (random & 3));
        break;
    case T_NVFP4:             /* four scales of 8 bits, 2^-8 to 2^-6 */
        for (int i = 0; i < 4; i++)
            at[i] = (unsigned char)(2 + (random >> (8 * i) & 3));
        break;
    default:
        break;
    }
}

/* ---- pools ------------------------------------------------------------- */

struct pool {
    uint32_t       type;
    enum flavour   flavour;
    unsigned char *bytes;
    size_t         n_blocks, block_bytes;
};

struct synth_weights {
    struct pool pools[POOLS_MAX];
    size_t      n;
};

struct synth_weights *synth_weights_new(void)
{
    return mem_new(1, sizeof(struct synth_weights));
}

void synth_weights_free(struct synth_weights *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->n; i++) free(w->pools[i].bytes);
    free(w);
}

static const struct number *number_find(uint32_t type)
{
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (numbers[i].type == type) return &numbers[i];
    return NULL;
}

static const struct block *block_find(uint32_t type)
{
    for (size_t i = 0; i < COUNT(blocks); i++)
        if (blocks[i].type == type) return &blocks[i];
    return NULL;
}

bool synth_weights_known(uint32_t type)
{
    return number_find(type) || block_find(type);
}

static bool is_prime(size_t n)
{
    for (size_t i = 2; i * i <= n; i++)
        if (n % i == 0) return false;
    return n > 1;
}

/* One number's bits in all places of a 64-bit word. */
static uint64_t repeated(uint64_t bits, size_t bytes)
{
    for (size_t width = 8 * bytes; width < 64; width *= 2)
        bits |= bits << width;
    return bits;
}

static void fill_pool(struct pool *p)
{
    const struct number *number = number_find(p->type);
    const struct block  *block = block_find(p->type);
    uint64_t keep = UINT64_MAX, set = 0;
    uint64_t state = p->type * 4u + (uint64_t)p->flavour + 1;
    size_t   size = p->n_blocks * p->block_bytes;

    if (number) {
        keep = repeated(number->bits[p->flavour].keep, number->bytes);
        set = repeated(number->bits[p->flavour].set, number->bytes);
    }
    for (size_t i = 0; i < size; i += 8) {
        uint64_t bits = (random_next(&state) & keep) | set;
        memcpy(p->bytes + i, &bits, size - i < 8 ? size - i : 8);
    }
    for (size_t i = 0; block && i < p->n_blocks; i++)
        finish_block(block, p->bytes + i * p->block_bytes,
                     random_next(&state));
}

static const struct pool *pool_of(struct synth_weights *w, uint32_t type,
                                  enum flavour flavour)
{
    const struct gguf_type *g = gguf_type_find(type);
    struct pool            *p;

    for (size_t i = 0; i < w->n; i++)
        if (w->pools[i].type == type && w->pools[i].flavour == flavour)
            return &w->pools[i];
    p = &w->pools[w->n++];
    *p = (struct pool){.type = type, .flavour = flavour,
                       .block_bytes = g->block_bytes};
    p->n_blocks = POOL_BYTES / p->block_bytes;
    while (!is_prime(p->n_blocks)) p->n_blocks--;
    p->bytes = mem_new(p->n_blocks, p->block_bytes);
    fill_pool(p);
    return p;
}

/* ---- tensors ----------------------------------------------------------- */

static bool ends(const char *text, const char *with)
{
    size_t len = strlen(text), tail = strlen(with);

    return len >= tail && strcmp(text + len - tail, with) == 0;
}

/* What multiplies must be about 1, what decays must be negative. Blocks have
 * one flavour only: nobody quantises such tensors. */
static enum flavour flavour_of(const struct shape_tensor *t)
{
    const char *name = t->name;

    if (!number_find(t->type)) return FLAVOUR_WEIGHT;
    if (ends(name, "ssm_a")) return FLAVOUR_MINUS_ONE;
    if ((strstr(name, "norm") && ends(name, ".weight")) ||
        ends(name, "_ln.weight") || ends(name, "ssm_d") ||
        ends(name, ".scale") || ends(name, "_scale.weight") ||
        strstr(name, "rope_f"))
        return FLAVOUR_ONE;
    return FLAVOUR_WEIGHT;
}

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

void synth_weights_fill(struct synth_weights *w, const struct shape_tensor *t,
                        uint64_t offset, unsigned char *out, size_t n)
{
    const struct pool *p = pool_of(w, t->type, flavour_of(t));
    size_t             size = p->n_blocks * p->block_bytes;
    size_t             at = (hash_of(t->name) % p->n_blocks) * p->block_bytes;

    at = (size_t)((at + offset) % size);
    while (n) {
        size_t part = size - at < n ? size - at : n;
        memcpy(out, p->bytes + at, part);
        out += part;
        n -= part;
        at = 0;
    }
}
