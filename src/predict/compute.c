/* SPDX-License-Identifier: MIT */
/* compute.c - the compute buffer: how wide the widest moment of a batch is.
 *
 * The engine plans one buffer for a batch of up to 512 tokens. A tensor in it
 * is a row of floats a token, so everything here is a count of such columns,
 * at 4 bytes each. A tensor's place is free again once its last reader has
 * run, so layers share their places and the buffer is as wide as the widest
 * moment of the widest layer:
 *
 *   stream     what lives through a layer: the residual, its normed copy and
 *              the block's output, each as wide as the embedding; one more
 *              that a GPU holds as the copy of the input made on the host,
 *              two more where the host computes all (input as tokens and as
 *              vectors);
 *   block      the widest of
 *     feed-forward  gate, up and their product: 3 F; without a gate 1 F, the
 *                   activation being done in place. In a mixture F counts for
 *                   each expert used, and every expert's output is kept until
 *                   they are summed: it takes the place of gate and up if it
 *                   fits there, else more;
 *     attention     queries, keys, values and the result, twice while they
 *                   are rotated and permuted (the normed copy is gone by
 *                   then); without flash attention also the scores, which
 *                   grow with the context;
 *     recurrence    what a state-space layer projects into, convolves and
 *                   scans: 1.8 times what its matrices are wide together, a
 *                   figure that mamba, mamba2 and falcon-h1 share within 30 %;
 *   per layer  input embeddings of each layer, kept for the whole batch
 *              (gemma 3n and 4);
 *   masks      one number a token and cell for each kind of cache.
 *
 * Logits are of one token and do not count: llama-server asks for one. */
#include "predict/memory.h"

#include <math.h>
#include <string.h>

#include "model/kv.h"

#define COUNT(table)     (sizeof(table) / sizeof *(table))
#define CELLS_PAD        256.0
#define COLUMN_BYTES     4.0
#define RECURRENT_SPREAD 1.8

/* The others multiply by a gate, as all recent ones but Nemotron do. */
static const char *const without_gate[] = {
    "apertus",  "arcee",    "bloom", "codeshell",  "falcon",         "gpt2",
    "gptneox",  "jais2",    "mpt",   "nemotron",   "nemotron_h",     "phi2",
    "plm",      "rwkv6",    "rwkv7", "starcoder",  "starcoder2",
    "nemotron_h_moe",
};

static bool has_gate(const struct model_facts *m)
{
    for (size_t i = 0; m->architecture && i < COUNT(without_gate); i++)
        if (strcmp(m->architecture, without_gate[i]) == 0) return false;
    return true;
}

static double padded(double cells)
{
    return ceil(cells / CELLS_PAD) * CELLS_PAD;
}

static double batch_tokens(int context)
{
    return fmin(KV_BATCH, context);
}

/* ---- blocks, in columns ------------------------------------------------ */

static double feed_forward_columns(const struct model_facts *m)
{
    double used   = m->experts > 0 ? fmax(1, m->experts_used) : 1;
    double inner  = used * fmax(0, m->feed_forward);
    double output = m->experts > 0 ? used * m->embedding : 0;
    bool   gate   = has_gate(m);
    double freed  = gate ? 2 * inner : 0;

    return (gate ? 3 : 1) * inner + (output > freed ? output : 0);
}

/* The widest of the layers that attend; 0: none does. */
static double cached_elements(const struct model_facts *m)
{
    double most = 0;

    for (size_t i = 0; i < m->n_groups; i++)
        most = fmax(most, m->groups[i].key_elements +
                          m->groups[i].value_elements);
    return most;
}

static double attention_columns(const struct model_facts *m)
{
    double cached = cached_elements(m);

    if (!(cached > 0) || m->heads < 1 || m->head_size < 1) return 0;
    return 2 * ((double)m->heads * m->head_size + cached) - m->embedding;
}

/* Bytes an element of the matrices inside layers, from the whole file less
 * the embeddings and the head. */
static double layer_bytes_per_element(const struct model_facts *m)
{
    double looked_up = (double)m->class_bytes[TENSOR_EMBEDDING];
    double table     = (double)m->vocabulary * m->embedding;
    double bytes     = (double)m->tensor_bytes - looked_up -
                       (double)m->class_bytes[TENSOR_OUTPUT];
    double elements  = m->parameters - (m->is_tied ? 0 : table);

    if (m->embedding_bytes > 0)
        table *= looked_up / (double)m->embedding_bytes;
    elements -= table;
    return bytes > 0 && elements > 0 ? bytes / elements : NAN;
}

static double recurrent_columns(const struct model_facts *m)
{
    double layers = 0, elements;

    for (size_t i = 0; i < m->n_groups; i++)
        if (m->groups[i].kind == LAYER_RECURRENT)
            layers += m->groups[i].layers;
    if (layers < 1) return 0;
    elements = (double)m->class_bytes[TENSOR_RECURRENT] /
               layer_bytes_per_element(m);
    return RECURRENT_SPREAD * elements / layers / m->embedding;
}

/* Input embeddings that each layer has of its own, all together. */
static double per_layer_columns(const struct model_facts *m)
{
    double all = (double)m->class_bytes[TENSOR_EMBEDDING];
    double own = (double)m->embedding_bytes;

    return own > 0 && all > own ? m->embedding * (all - own) / own : 0;
}

static bool are_widths_known(const struct model_facts *m)
{
    return m->embedding > 0 && m->n_groups > 0 && m->vocabulary > 0;
}

/* ---- what grows with the context --------------------------------------- */

/* Shapes that ggml-cuda has a kernel for; the other backends take any. */
static bool has_flash_attention(const struct model_facts *m,
                                enum backend backend)
{
    double value = m->head_size;
    double share = m->kv_heads > 0 ? (double)m->heads / m->kv_heads : 1;

    if (backend != BACKEND_CUDA && backend != BACKEND_ROCM) return true;
    for (size_t i = 0; i < m->n_groups; i++)   /* of a latent: it is both */
        if (m->groups[i].value_elements > 0 && m->groups[i].key_elements > 0)
            value = m->head_size * m->groups[i].value_elements /
                    m->groups[i].key_elements;
    switch (m->head_size) {
    case 40: case 64: case 72: case 80: case 96: case 112: case 128: case 256:
        return value == m->head_size;
    case 192: return value == 128 && fmod(share, 8) == 0;
    case 320: return value == 256 && fmod(share, 32) == 0;
    case 512: return value == 512 && share >= 2;
    case 576: return m->heads >= 2;
    default:  return false;
    }
}

static double mask_bytes(const struct model_facts *m, enum backend backend,
                         int context)
{
    double cells  = padded(context), seen = 0;
    bool   is_full = false, is_window = false;

    for (size_t i = 0; i < m->n_groups; i++) {
        is_full |= m->groups[i].kind == LAYER_FULL;
        is_window |= m->groups[i].kind == LAYER_WINDOW;
    }
    if (is_full) seen += cells;
    if (is_window) seen += fmin(cells, padded((double)m->window + KV_BATCH));
    return batch_tokens(context) * seen *
           (has_flash_attention(m, backend) ? 2 : 4);
}

static double score_bytes(const struct model_facts *m, enum backend backend,
                          int context)
{
    if (!(cached_elements(m) > 0) || has_flash_attention(m, backend)) return 0;
    return batch_tokens(context) * padded(context) * COLUMN_BYTES * m->heads;
}

/* ---- sums -------------------------------------------------------------- */

double compute_device_bytes(const struct model_facts *m, enum backend backend,
                            int context)
{
    double stream = backend == BACKEND_CPU ? 5 : 4;
    double column = COLUMN_BYTES * batch_tokens(context), block, attention;

    if (!are_widths_known(m) || context < 1) return NAN;
    block = fmax(feed_forward_columns(m), recurrent_columns(m)) * column;
    attention = attention_columns(m) * column +
                score_bytes(m, backend, context);
    return (stream * m->embedding + per_layer_columns(m)) * column +
           fmax(block, attention) + mask_bytes(m, backend, context);
}

/* On the host of a GPU: the input as tokens and as vectors, looked up and
 * handed over, the masks as they are filled in; and one token's logits. */
double compute_host_bytes(const struct model_facts *m, enum backend backend,
                          int context)
{
    double column = COLUMN_BYTES * batch_tokens(context);
    double logits = COLUMN_BYTES * m->vocabulary;

    if (!are_widths_known(m) || context < 1) return NAN;
    if (backend == BACKEND_CPU) return logits;
    return (4.0 * m->embedding + per_layer_columns(m)) * column +
           mask_bytes(m, backend, context) + logits;
}
