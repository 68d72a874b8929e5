/* SPDX-License-Identifier: MIT */
/* log_gpu.h - which GPU does llama.cpp's output name, and did it find one at
 * all? Several backends may report: one that finds a GPU outweighs those that
 * do not. */
#ifndef ENGINE_LOG_GPU_H
#define ENGINE_LOG_GPU_H

#include "engine/engine_log.h"
#include "engine/log_line.h"

#define LOG_GPUS_MAX 16

struct log_gpu {
    char   names[LOG_GPUS_MAX][40];   /* that the model uses, each once      */
    size_t n;
    bool   lists_devices, lists_gpu;  /* of "device_info:"                   */
    char   listed[80], found[80];     /* the first of the list; of the driver*/
    double listed_free_bytes;
};
void log_gpu_init(struct log_gpu *g);
void log_gpu_line(struct log_gpu *g, const struct log_line *line,
                  struct engine_log *out);
/* What is left to say once all lines were read. */
void log_gpu_finish(const struct log_gpu *g, struct engine_log *out);

#endif
