/* SPDX-License-Identifier: MIT */
/* memory.c - see memory.h. */
#include "predict/memory.h"

#include <math.h>
#include <string.h>

#include "model/kv.h"

#define MIB           (1024.0 * 1024.0)
#define KV_F16_BYTES  2.0

/* A CUDA process before any buffer: tables and code, and for each SM the
 * stacks of all threads that it can hold. The line through 588 MiB on an H200
 * with 132 SMs (CUDA 13) and about 290 on an Orin with 8. */
#define CUDA_BASE_BYTES       (271 * MIB)
#define CUDA_BYTES_PER_UNIT   (2.4 * MIB)
#define CUDA_UNITS_TYPICAL    40        /* where the device does not say     */
#define VULKAN_BASE_BYTES     (128 * MIB)           /* not measured          */
#define METAL_BASE_BYTES      (64 * MIB)            /* not measured          */

/* Kernels' scratch after the first turns, beside the activations that are
 * quantised for a matrix: 11 to 15 MiB on an H200. */
#define GPU_SCRATCH_BYTES     (11 * MIB)
#define Q8_BYTES_PER_ELEMENT  (36.0 / 32)

/* llama-server itself: 16 MiB, and its tables for each vocabulary entry, as
 * measured with vocabularies of 49,152 to 262,144. */
#define PROCESS_BASE_BYTES    (16 * MIB)
#define PROCESS_BYTES_PER_WORD 250.0

/* Vulkan cuts a buffer into blocks of at most this. */
#define VULKAN_BLOCK_BYTES    (1024 * MIB)

static double driver_bytes(const struct device *d)
{
    double units = d->units > 0 ? d->units : CUDA_UNITS_TYPICAL;

    if (d->runtime_bytes >= 0) return d->runtime_bytes;
    switch (d->backend) {
    case BACKEND_CUDA:
    case BACKEND_ROCM:   return CUDA_BASE_BYTES + CUDA_BYTES_PER_UNIT * units;
    case BACKEND_VULKAN: return VULKAN_BASE_BYTES;
    case BACKEND_METAL:  return METAL_BASE_BYTES;
    case BACKEND_CPU:    return 0;
    }
    return NAN;
}

static double scratch_bytes(const struct model_facts *m, enum backend backend)
{
    double used  = m->experts > 0 ? fmax(1, m->experts_used) : 1;
    double width = fmax(m->embedding, used * m->feed_forward);
    double fixed = backend == BACKEND_CPU ? 0 : GPU_SCRATCH_BYTES;

    return fixed + KV_BATCH * width * Q8_BYTES_PER_ELEMENT;
}

/* Of a tied model the device has a copy of the embedding as its head, but for
 * BitNet, whose graph multiplies with the host's. */
static double head_copy_bytes(const struct model_facts *m)
{
    if (!m->is_tied) return 0;
    if (m->architecture && strcmp(m->architecture, "bitnet") == 0) return 0;
    return m->embedding_bytes > 0 ? (double)m->embedding_bytes
                                  : (double)m->class_bytes[TENSOR_EMBEDDING];
}

/* A GPU has all but what is looked up. */
static void place_weights(const struct model_facts *m, enum backend backend,
                          struct memory_split *out)
{
    out->weights = m->tensor_bytes > 0 ? (double)m->tensor_bytes : NAN;
    out->host_weights = 0;
    if (backend == BACKEND_CPU) return;
    out->host_weights = (double)m->class_bytes[TENSOR_EMBEDDING];
    out->weights += head_copy_bytes(m) - out->host_weights;
}

/* NAN when any is: a piece that is not known may be the largest. */
static double largest(double a, double b, double c)
{
    return isnan(a + b + c) ? NAN : fmax(a, fmax(b, c));
}

void memory_predict(const struct model_facts *m, const struct device *d,
                    int context, struct memory_split *out)
{
    enum backend backend = d->backend;
    bool         is_host = backend == BACKEND_CPU || d->is_unified;
    double       process = PROCESS_BASE_BYTES +
                           PROCESS_BYTES_PER_WORD * fmax(0, m->vocabulary);
    double       device;

    place_weights(m, backend, out);
    out->kv = kv_bytes_at(m, context, KV_F16_BYTES);
    out->compute = compute_device_bytes(m, backend, context);
    out->host_compute = compute_host_bytes(m, backend, context);
    out->runtime = driver_bytes(d) + scratch_bytes(m, backend) +
                   (is_host ? process : 0);
    device = out->weights + out->kv + out->compute + out->runtime;
    out->device_total = is_host ? NAN : device;
    out->total = device;
    if (is_host) out->total += out->host_weights + out->host_compute;
    /* Metal maps the file for both: one copy of a tied embedding. */
    if (backend == BACKEND_METAL && m->is_tied)
        out->total -= out->host_weights;
    out->largest_allocation = largest(out->weights, out->kv, out->compute);
    if (backend == BACKEND_VULKAN && out->largest_allocation >
                                     VULKAN_BLOCK_BYTES)
        out->largest_allocation = VULKAN_BLOCK_BYTES;
}
