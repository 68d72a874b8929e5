/* SPDX-License-Identifier: MIT */
/* speed_constants.h - what speed.c needs to know beside a model and a board:
 * the constants with their units and what they were thought to be before any
 * measurement. Only speed.c and the program that fits them include this. */
#ifndef PREDICT_SPEED_CONSTANTS_H
#define PREDICT_SPEED_CONSTANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "predict/speed.h"

/* Which measurements tell of a constant; each stage is fitted by itself. */
enum fit_stage { FIT_GPU_DECODE, FIT_CPU_DECODE, FIT_PREFILL, FIT_STAGES };

enum constant {
    /* decoding on a GPU */
    SHARE_NVIDIA, SHARE_JETSON, SHARE_APPLE, SHARE_AMD, SHARE_INTEL,
    WEIGHT_CYCLES_CUDA, WEIGHT_CYCLES_METAL, WEIGHT_CYCLES_AMD,
    COST_Q6_K, COST_Q5_K, COST_Q3_K, COST_Q2_K, COST_Q8_0, COST_Q5_0,
    COST_Q4_0, COST_F16, COST_OTHER,
    COST_PASCAL, COST_TURING, COST_PASCAL_Q5,
    ROW_WEIGHTS, ROOF,
    NODE_CYCLES_CUDA, NODE_NVIDIA, NODE_JETSON, NODE_METAL, NODE_AMD,
    NODE_INTEL, NODE_BIAS,
    CACHE_SHARE, ATTENTION_CYCLES, TOKEN_FIXED,
    SAMPLE_CYCLES, SERVE_CYCLES,
    OLD_NODES, OLD_WEIGHTS,
    /* decoding on a CPU */
    SHARE_ARM, SHARE_X86, SHARE_MEASURED,
    WEIGHT_FLOPS_CPU, COST_NO_DOT, NODE_CPU, OLD_CPU,
    /* reading a prompt */
    PREFILL_PEAK_CUDA, PREFILL_UNIT_CUDA, PREFILL_PEAK_METAL,
    PREFILL_PEAK_AMD, PREFILL_PEAK_INTEL, PREFILL_PEAK_CPU,
    PREFILL_UNPACK, PREFILL_NODE, PREFILL_NODE_CYCLES, PREFILL_ACTIVATION,
    CONSTANTS
};

/* A prior is log-normal: `prior` times or divided by exp(spread) is one
 * standard deviation away. */
struct constant_info {
    const char    *name, *unit, *what;
    enum fit_stage stage;
    double         prior, spread;
};
extern const struct constant_info CONSTANT_INFO[CONSTANTS];

/* The kinds of machine whose errors are counted together. */
enum speed_class { CLASS_NVIDIA, CLASS_JETSON, CLASS_APPLE, CLASS_AMD,
                   CLASS_INTEL, CLASS_ARM, CLASS_X86, SPEED_CLASSES };
const char *speed_class_name(enum speed_class c);
/* By who computes: a board with a GPU whose CPU does is "arm" or "x86".
 * SPEED_CLASSES: a class that is not known. */
enum speed_class speed_class_of(const struct device *d);

/* How far measurements of sources that were left out lay from what the others
 * predicted; a quantile of |log ratio|. */
struct class_spread {
    double decode, prefill;
    double rows;
    double least_bytes, most_bytes;   /* weights read a token, of its rows   */
};

#define ARCHITECTURES_MAX 64
struct speed_constants {
    double              value[CONSTANTS];
    struct class_spread spread[SPEED_CLASSES];
    char                architectures[ARCHITECTURES_MAX][32];  /* measured   */
    size_t              n_architectures;
};

/* Every constant at its prior, spreads of a third. */
void speed_priors(struct speed_constants *c);

#endif
