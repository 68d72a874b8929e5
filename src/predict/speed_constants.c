/* SPDX-License-Identifier: MIT */
/* speed_constants.c - the table of constants, and reading the fitted ones. */
#include "predict/speed_constants.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "share.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define PRIOR_SPREAD   0.33

#define GPU FIT_GPU_DECODE
#define CPU FIT_CPU_DECODE
#define PRE FIT_PREFILL

/* Priors are physics and common experience; a small spread says: more than a
 * few measurements are needed to believe otherwise. */
const struct constant_info CONSTANT_INFO[CONSTANTS] = {
    [SHARE_NVIDIA] = {"bandwidth_share_nvidia", "of the specification",
        "what matrix-vector kernels reach of the memory's bandwidth",
        GPU, 0.85, 0.10},
    [SHARE_JETSON] = {"bandwidth_share_jetson", "of the specification",
        "what matrix-vector kernels reach where CPU and GPU share LPDDR",
        GPU, 0.80, 0.10},
    [SHARE_APPLE] = {"bandwidth_share_apple", "of the specification",
        "what matrix-vector kernels reach on Apple silicon", GPU, 0.82, 0.10},
    [SHARE_AMD] = {"bandwidth_share_amd", "of the specification",
        "what matrix-vector kernels reach on Radeon", GPU, 0.80, 0.12},
    [SHARE_INTEL] = {"bandwidth_share_intel", "of the specification",
        "what they reach on integrated graphics", GPU, 0.60, 0.25},

    [WEIGHT_CYCLES_CUDA] = {"weight_cycles_cuda", "cycles of an SM",
        "to unpack and multiply one Q4_K weight", GPU, 1.0 / 16, 0.30},
    [WEIGHT_CYCLES_METAL] = {"weight_cycles_metal", "cycles of a GPU core",
        "to unpack and multiply one Q4_K weight on Metal", GPU, 1.0 / 12, 0.50},
    [WEIGHT_CYCLES_AMD] = {"weight_cycles_amd", "cycles of a compute unit",
        "to unpack and multiply one Q4_K weight on Radeon", GPU, 1.0 / 7, 0.50},
    [COST_Q6_K] = {"cost_q6_K", "of a Q4_K weight", "one Q6_K weight",
        GPU, 1.50, 0.15},
    [COST_Q5_K] = {"cost_q5_K", "of a Q4_K weight", "one Q5_K weight",
        GPU, 1.20, 0.10},
    [COST_Q3_K] = {"cost_q3_K", "of a Q4_K weight", "one Q3_K weight",
        GPU, 1.30, 0.15},
    [COST_Q2_K] = {"cost_q2_K", "of a Q4_K weight", "one Q2_K weight",
        GPU, 1.10, 0.20},
    [COST_Q8_0] = {"cost_q8_0", "of a Q4_K weight", "one Q8_0 weight",
        GPU, 1.30, 0.15},
    [COST_Q5_0] = {"cost_q5_0", "of a Q4_K weight", "one Q5_0 or Q5_1 weight",
        GPU, 1.15, 0.10},
    [COST_Q4_0] = {"cost_q4_0", "of a Q4_K weight", "one Q4_0 or Q4_1 weight",
        GPU, 0.95, 0.10},
    [COST_F16] = {"cost_f16", "of a Q4_K weight", "one F16 or BF16 weight",
        GPU, 1.80, 0.20},
    [COST_OTHER] = {"cost_other", "of a Q4_K weight",
        "one weight of a type with a lookup table (IQ, TQ, MXFP4)",
        GPU, 1.30, 0.20},
    [COST_PASCAL] = {"cost_pascal", "of later ones",
        "one weight on Maxwell and Pascal", GPU, 1.50, 0.25},
    [COST_TURING] = {"cost_turing", "of later ones",
        "one weight on Volta and Turing", GPU, 1.10, 0.15},
    [COST_PASCAL_Q5] = {"cost_pascal_q5", "of other types there",
        "one Q5_0 or Q5_1 weight on Pascal", GPU, 1.50, 0.30},
    [ROW_WEIGHTS] = {"row_weights", "weights",
        "as long as these take, one row costs beside its own", GPU, 500, 0.80},
    [ROOF] = {"roof", "exponent",
        "how sharply the slower of memory and arithmetic decides",
        GPU, 3.0, 0.20},

    [NODE_CYCLES_CUDA] = {"node_cycles_cuda", "cycles",
        "one node of the graph that is too small to fill the GPU",
        GPU, 3500, 0.50},
    [NODE_NVIDIA] = {"node_s_nvidia", "s",
        "one node beside its cycles", GPU, 0.8e-6, 0.50},
    [NODE_JETSON] = {"node_s_jetson", "s",
        "one node beside its cycles", GPU, 1.5e-6, 0.50},
    [NODE_METAL] = {"node_s_metal", "s", "one node", GPU, 3e-6, 0.50},
    [NODE_AMD] = {"node_s_amd", "s", "one node", GPU, 2e-6, 0.50},
    [NODE_INTEL] = {"node_s_intel", "s", "one node", GPU, 8e-6, 0.50},
    [NODE_BIAS] = {"node_bias", "of a node",
        "one bias of a matrix", GPU, 0.50, 0.40},
    [CACHE_SHARE] = {"cache_share", "of the bandwidth specified",
        "what attention reaches reading the cache", GPU, 0.60, 0.30},
    [ATTENTION_CYCLES] = {"attention_cycles", "cycles",
        "attention of a layer more, where no CUDA kernel for one token has "
        "this head size", GPU, 30e3, 0.50},
    [TOKEN_FIXED] = {"token_s", "s", "once a token: graph, copy of the logits",
        GPU, 0.15e-3, 0.50},
    [SAMPLE_CYCLES] = {"sample_cycles", "CPU cycles an entry",
        "sampling over the vocabulary", GPU, 7, 0.40},
    [SERVE_CYCLES] = {"serve_cycles", "CPU cycles a token",
        "detokenising and sending", GPU, 300e3, 0.40},
    [OLD_NODES] = {"old_nodes", "factor",
        "nodes of an engine before August 2025: less fused", GPU, 1.50, 0.20},
    [OLD_WEIGHTS] = {"old_weights", "factor",
        "weights of an engine before August 2025", GPU, 1.20, 0.15},

    [SHARE_ARM] = {"bandwidth_share_arm", "of the specification",
        "what all Arm cores read together", CPU, 0.60, 0.15},
    [SHARE_X86] = {"bandwidth_share_x86", "of the specification",
        "what all x86 cores read together", CPU, 0.75, 0.15},
    [SHARE_MEASURED] = {"bandwidth_share_measured", "of what was measured",
        "what all cores read where the memory was measured",
        CPU, 0.85, 0.10},
    [WEIGHT_FLOPS_CPU] = {"weight_flops_cpu", "f32 operations",
        "one Q4_K weight, where a dot product of bytes is one instruction",
        CPU, 8.0, 0.30},
    [COST_NO_DOT] = {"cost_no_dot", "factor",
        "one weight on cores without that instruction", CPU, 1.70, 0.30},
    [NODE_CPU] = {"node_s_cpu", "s", "one node: all threads meet",
        CPU, 5e-6, 0.50},
    [OLD_CPU] = {"old_cpu", "factor",
        "an engine before August 2025: weights not repacked", CPU, 1.20, 0.15},

    [PREFILL_PEAK_CUDA] = {"prefill_peak_cuda", "of the fp16 peak",
        "what matrix kernels reach on CUDA where the peak is low",
        PRE, 0.70, 0.25},
    [PREFILL_UNIT_CUDA] = {"prefill_unit_cuda", "FLOP a cycle of an SM",
        "what they reach on CUDA where it is high", PRE, 600, 0.30},
    [PREFILL_PEAK_METAL] = {"prefill_peak_metal", "of the fp16 peak",
        "what matrix kernels reach on Metal", PRE, 0.65, 0.25},
    [PREFILL_PEAK_AMD] = {"prefill_peak_amd", "of the fp16 peak",
        "what matrix kernels reach on Radeon", PRE, 0.35, 0.30},
    [PREFILL_PEAK_INTEL] = {"prefill_peak_intel", "of the fp16 peak",
        "what matrix kernels reach on integrated graphics", PRE, 0.20, 0.40},
    [PREFILL_PEAK_CPU] = {"prefill_peak_cpu", "of the f32 peak",
        "what matrix kernels of a CPU reach, bytes multiplied",
        PRE, 0.55, 0.30},
    [PREFILL_UNPACK] = {"prefill_unpack", "of other weights'",
        "arithmetic of weights with packed scales (K, IQ) on a GPU",
        PRE, 1.20, 0.15},
    [PREFILL_NODE] = {"prefill_node_s", "s",
        "one node of a batch on a GPU: each is started by itself",
        PRE, 8e-6, 0.50},
    [PREFILL_NODE_CYCLES] = {"prefill_node_cycles", "cycles of the GPU",
        "one node of a batch, however small: a tile of its matrix",
        PRE, 25e3, 0.50},
    [PREFILL_ACTIVATION] = {"prefill_activation", "bytes",
        "read and written in a node for each token and element of width",
        PRE, 12, 0.40},
};

static const char *const class_names[SPEED_CLASSES] = {
    [CLASS_NVIDIA] = "nvidia", [CLASS_JETSON] = "jetson",
    [CLASS_APPLE] = "apple",   [CLASS_AMD] = "amd",
    [CLASS_INTEL] = "intel",   [CLASS_ARM] = "arm",
    [CLASS_X86] = "x86",
};

const char *speed_class_name(enum speed_class c)
{
    return c < SPEED_CLASSES ? class_names[c] : NULL;
}

static enum speed_class class_by_name(const char *name)
{
    enum speed_class c = 0;

    while (c < SPEED_CLASSES && (!name || strcmp(name, class_names[c]) != 0))
        c++;
    return c;
}

enum speed_class speed_class_of(const struct device *d)
{
    enum speed_class c = class_by_name(d->device_class);

    if (d->backend != BACKEND_CPU) return c;
    return c == CLASS_ARM || c == CLASS_JETSON || c == CLASS_APPLE
           ? CLASS_ARM : CLASS_X86;
}

void speed_priors(struct speed_constants *c)
{
    *c = (struct speed_constants){0};
    for (size_t i = 0; i < CONSTANTS; i++)
        c->value[i] = CONSTANT_INFO[i].prior;
    for (size_t i = 0; i < SPEED_CLASSES; i++)
        c->spread[i] = (struct class_spread){PRIOR_SPREAD, PRIOR_SPREAD, 0,
                                             NAN, NAN};
}

/* ---- share/prediction.json ---------------------------------------------- */

static int read_values(const json_t *constants, struct speed_constants *out,
                       struct err *err)
{
    for (size_t i = 0; i < CONSTANTS; i++) {
        const char *name = CONSTANT_INFO[i].name;
        double v = jsonx_number(json_object_get(constants, name), "value");

        if (!(v > 0 && v < 1e12))
            return err_set(err, ERR_INPUT, "constant \"%s\" must be there "
                           "with a positive \"value\"; run `make fit`", name);
        out->value[i] = v;
    }
    return 0;
}

static int read_spreads(const json_t *classes, struct speed_constants *out,
                        struct err *err)
{
    for (enum speed_class c = 0; c < SPEED_CLASSES; c++) {
        const json_t *o = json_object_get(classes, class_names[c]);
        struct class_spread *s = &out->spread[c];

        *s = (struct class_spread){
            jsonx_number(o, "decode_spread"), jsonx_number(o, "prefill_spread"),
            jsonx_number(o, "rows"), jsonx_number(o, "least_bytes"),
            jsonx_number(o, "most_bytes")};
        if (!(s->decode > 0 && s->decode < 5 && s->prefill > 0 &&
              s->prefill < 5))
            return err_set(err, ERR_INPUT, "class \"%s\" must be there with "
                           "\"decode_spread\" and \"prefill_spread\"; run "
                           "`make fit`", class_names[c]);
    }
    return 0;
}

static int read_document(const json_t *doc, struct speed_constants *out,
                         struct err *err)
{
    const json_t *names = json_object_get(doc, "architectures"), *name;
    size_t        i;

    if (read_values(json_object_get(doc, "constants"), out, err) ||
        read_spreads(json_object_get(doc, "classes"), out, err))
        return -1;
    json_array_foreach(names, i, name) {
        if (!json_is_string(name) || out->n_architectures == ARCHITECTURES_MAX)
            return err_set(err, ERR_INPUT, "\"architectures\" must be at most "
                           "%d names; run `make fit`", ARCHITECTURES_MAX);
        snprintf(out->architectures[out->n_architectures++],
                 sizeof *out->architectures, "%s", json_string_value(name));
    }
    return 0;
}

struct speed_constants *speed_load(struct err *err)
{
    char   *path = share_path("prediction.json", err);
    json_t *doc = path ? jsonx_read(path, FILE_MAX_BYTES, err) : NULL;
    struct speed_constants *c = NULL;

    if (doc) {
        c = mem_new(1, sizeof *c);
        if (read_document(doc, c, err)) {
            err_ctx(err, "%s", path);
            speed_free(c);
            c = NULL;
        }
    }
    json_decref(doc);
    free(path);
    return c;
}

void speed_free(struct speed_constants *c)
{
    free(c);
}
