/* SPDX-License-Identifier: MIT */
/* no_memory.h - does a line of llama.cpp's output say that memory could not be
 * had, how much, and for what? The one place that knows these wordings. */
#ifndef ENGINE_NO_MEMORY_H
#define ENGINE_NO_MEMORY_H

#include "engine/log_line.h"

#define WHAT_WEIGHTS "weights"
#define WHAT_KV      "KV cache"
#define WHAT_COMPUTE "compute"
#define WHAT_ANY     "memory"         /* the process's own                   */

struct no_memory {
    double      bytes;         /* asked for; NAN                             */
    const char *what;          /* WHAT_*, or NULL: the line does not say     */
    char        where[40];     /* "CUDA0", "main memory", ""                 */
};

/* False also for a line about memory that the engine does without: pinned
 * memory, mlock, advice about pages. */
bool no_memory_read(const struct log_line *line, struct no_memory *out);

#endif
