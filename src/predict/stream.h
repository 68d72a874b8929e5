/* SPDX-License-Identifier: MIT */
/* stream.h - what this machine's memory and cores can do, measured in about a
 * second: a STREAM-like sum over all cores and a fused multiply-add loop.
 * Kept in the user's cache ($XDG_CACHE_HOME/audition/machine.json) by board,
 * processor, cores and kernel, so it is done once. */
#ifndef PREDICT_STREAM_H
#define PREDICT_STREAM_H

#include "base/err.h"
#include "types.h"

struct stream_figures {
    double bandwidth_bytes_s;  /* best of the passes, reading                */
    double flops;              /* f32 multiply-adds x 2, all cores           */
};

/* From the cache, else measured and kept. ERR_PREFLIGHT: too little memory
 * free for arrays beyond the caches (nothing is then said). */
MUST_USE int stream_measure(const struct machine *machine,
                            struct stream_figures *out, struct err *err);
/* Measured in any case, and kept. */
MUST_USE int stream_measure_again(const struct machine *machine,
                                  struct stream_figures *out,
                                  struct err *err);

/* Bytes to read in a pass: well beyond the caches (0: not known) and no more
 * than a quarter of what is free; 0 when that leaves too little. Pure. */
double stream_array_bytes(double cache_bytes, double available_bytes);
/* The last level of cache of all cores together below root (sysfs), 0 when it
 * is not said. */
double stream_cache_bytes(const char *root, int cores);

#endif
