/* SPDX-License-Identifier: MIT */
/* tensors.h - what a model's tensors are for, and how much of each one token
 * reads. Names are llama.cpp's (llama-arch.cpp of build 11434). Pure. */
#ifndef MODEL_TENSORS_H
#define MODEL_TENSORS_H

#include "model/gguf_walk.h"
#include "types.h"

/* What a name tells. */
struct tensor_role {
    enum tensor_class class;
    int  block;           /* of "blk.7.ffn_up.weight", else -1                */
    bool is_looked_up;    /* a token takes one row of it                      */
    bool is_token_embedding;
    bool is_head;         /* turns the last layer's output into logits        */
    bool is_multiplied;   /* a weight, not a bias or a scale                  */
    bool is_rope_table;   /* computed from the configuration: no parameters   */
    bool is_for_text;     /* not of a picture, a sound or a prompt's encoder  */
};
struct tensor_role tensor_role_of(const char *name, size_t len);

/* What the keys say that tensors are judged by. */
struct tensor_rules {
    int    layers;        /* later blocks guess ahead and are not run, -1     */
    int    loops;         /* through each block                               */
    int    experts;
    double experts_used;  /* mean over the layers that have any               */
};

/* Sums over the tensors of all parts of a file; begins zeroed. */
struct tensor_tally {
    size_t   tensors;
    uint64_t tensor_bytes;             /* padded */
    double   elements, active_elements, bytes_read;
    uint64_t class_bytes[TENSOR_CLASSES];
    struct type_share types[TYPE_SHARES_MAX];
    size_t   n_types;
    int      in_middle_layer;
    bool     has_head, has_first_block;
    double   vocabulary;               /* rows of the token embedding         */
    double   embedding_elements, embedding_bytes;
    size_t   embedding_share;          /* its place in types                  */
};
void tensors_add(struct tensor_tally *t, const struct tensor_rules *rules,
                 const struct gguf_walk *w);

/* The totals: parameters, active_parameters, tensor_bytes, class_bytes, types,
 * is_tied, nodes_per_layer, weight_bytes_read_per_token. f->kind says whether
 * the embedding stands in for a missing head, and whether there is such a
 * thing as a token's reading at all. */
void tensors_publish(const struct tensor_tally *t, struct model_facts *f);

#endif
