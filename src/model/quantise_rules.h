/* SPDX-License-Identifier: MIT */
/* quantise_rules.h - the mixtures: what makes a "Q4_K_M" more than Q4_K.
 * Internal to quantise.c. Pure. */
#ifndef MODEL_QUANTISE_RULES_H
#define MODEL_QUANTISE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/shape.h"

/* What a matrix does, by its name; who is sensitive gets more bits. */
enum role {
    ROLE_OTHER, ROLE_OUTPUT, ROLE_EMBEDDING, ROLE_VALUE, ROLE_KEY, ROLE_QUERY,
    ROLE_ATTENTION_OUT, ROLE_UP, ROLE_GATE, ROLE_DOWN, ROLES
};
enum role role_of(const char *name);

/* What a rule may ask of the model and of the place of a tensor in it. */
struct mixture {
    int      file_type;
    uint32_t plain;          /* the type that most tensors get               */
    char     architecture[32];
    uint64_t experts;
    uint64_t shared_heads;   /* query heads for one key                      */
    bool     is_70b, is_tied;
    int      layers;         /* as the header says                           */
    int      values;         /* tensors of ROLE_VALUE                        */
    int      seen[ROLES];    /* of each role so far                          */
};

/* "blk.7.attn_q.weight" is of layer 7; -1: of none. */
int layer_of(const char *name);

/* The type that the mixture wants, whether or not the row can hold it. Counts
 * the tensor as seen. */
uint32_t mixture_type(struct mixture *m, const struct shape_tensor *t);

/* Are its elements quantised at all? */
bool is_quantised(const char *architecture, const struct shape_tensor *t);

#endif
