/* SPDX-License-Identifier: MIT */
/* memory.h - what serving a model takes, before it is downloaded. Pure.
 * Rules: how llama.cpp (build 11434) places weights, cache and compute
 * buffers with -ngl all -np 1, default batch sizes, f16 cache, and flash
 * attention where the backend has it for these heads. */
#ifndef PREDICT_MEMORY_H
#define PREDICT_MEMORY_H

#include "predict/device.h"
#include "types.h"

/* All in bytes. The engine's own log names the same parts. */
struct memory_split {
    double weights;            /* "model buffer" of the device; on a CPU all,
                                  mapped or repacked, each once              */
    double host_weights;       /* on the host beside it: the input embedding.
                                  Mapped (page cache that can be dropped) but
                                  on an integrated GPU, where it is copied;
                                  0 on a CPU                                 */
    double kv;                 /* cache of all layers at this context        */
    double compute;            /* "compute buffer" of the device             */
    double host_compute;       /* host compute and output buffers            */
    double runtime;            /* beside these buffers, after the first turns:
                                  the driver, kernels' scratch and, where the
                                  process shares the memory, the process     */
    double total;              /* that speech on the same board cannot have:
                                  all of them on unified memory and on CPUs
                                  (mapped weights once), else the device's   */
    double device_total;       /* of the GPU's own memory, as nvidia-smi
                                  shows it after the first turns; CPU: NAN   */
    double largest_allocation; /* one piece: what fragments have to hold     */
};

/* context tokens >= 1. NAN in every part that cannot be computed. */
void memory_predict(const struct model_facts *m, const struct device *d,
                    int context, struct memory_split *out);

/* Of it, the engine's "compute buffer" of the device and of the host: how
 * wide the widest moment of a batch is (compute.c). NAN: widths not known. */
double compute_device_bytes(const struct model_facts *m, enum backend backend,
                            int context);
double compute_host_bytes(const struct model_facts *m, enum backend backend,
                          int context);

#endif
