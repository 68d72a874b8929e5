/* SPDX-License-Identifier: MIT */
/* memory.h - what serving a model takes, before it is downloaded. Pure.
 * Rules: how llama.cpp (build 11434) places weights, cache and compute
 * buffers with -ngl all -np 1, default batch sizes, flash attention on. */
#ifndef PREDICT_MEMORY_H
#define PREDICT_MEMORY_H

#include "predict/device.h"
#include "types.h"

/* All in bytes. The engine's own log names the same parts. */
struct memory_split {
    double weights;            /* "model buffer" of the device               */
    double host_weights;       /* mapped on the host beside it: the input
                                  embedding; page cache that can be dropped  */
    double kv;                 /* cache of all layers at this context        */
    double compute;            /* "compute buffer" of the device             */
    double host_compute;       /* host compute and output buffers            */
    double runtime;            /* process and driver before any buffer       */
    double total;              /* that speech on the same board cannot have:
                                  all of them on unified memory and on CPUs
                                  (mapped weights once), else the device's   */
    double device_total;       /* of the GPU's own memory, as nvidia-smi
                                  shows it; CPU: NAN                         */
    double largest_allocation; /* one piece: what fragments have to hold     */
};

/* context tokens >= 1. NAN in every part that cannot be computed. */
void memory_predict(const struct model_facts *m, const struct device *d,
                    int context, struct memory_split *out);

#endif
