/* SPDX-License-Identifier: MIT */
/* engine_log.h - what llama.cpp says of memory and devices while it loads, and
 * what follows from it when memory runs out (oom.c) or the GPU stays idle
 * (fallback.c). The log is no API: every fact is optional, several versions'
 * wordings are known (tests/corpus/engine_log/). Pure.
 *
 * llama-server prints these at verbosity 4 (LLAMA_ARG_LOG_VERBOSITY).
 */
#ifndef ENGINE_ENGINE_LOG_H
#define ENGINE_ENGINE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes; NAN where the log does not say: of each pair both or neither are
 * known. Host: main memory, a mapped file included; device: a GPU's own or its
 * part of unified memory. */
struct engine_log {
    double weights_host_bytes, weights_device_bytes;
    double kv_host_bytes, kv_device_bytes;     /* recurrent state included   */
    double compute_host_bytes, compute_device_bytes;
    double output_bytes;
    double total_bytes;           /* of all these; NAN when none is known    */
    double device_total_bytes;    /* of the above on devices                 */
    double largest_bytes;         /* largest single allocation (a file that is
                                     mapped into main memory is none) ...    */
    char   largest[40];           /* ... "KV cache", "weights", "compute"    */
    int    layers_on_gpu, layers; /* "offloaded 25/25 layers"; -1            */
    int    found_gpu;             /* 1, 0; -1: not said                      */
    char   gpu[80];               /* "CUDA0 (Orin)"; ""                      */
    double gpu_free_bytes;        /* of all it uses, as the engine saw it
                                     before, NAN                             */
    /* The allocation that failed, if one did. */
    double failed_bytes;          /* asked for; NAN                          */
    char   failed[40];            /* "KV cache", "weights", "compute
                                     buffers", "memory"; "" none failed      */
    char   failed_where[40];      /* "CUDA0", "main memory", ""              */
};
void engine_log_read(const char *text, size_t len, struct engine_log *out);

/* Why a candidate ran out of memory, in one sentence, and what would fit:
 * "out of memory allocating the KV cache: 7,024 MiB asked, 5,110 available;
 * fits with context ≤ 2,560 or q8_0 KV". Numbers that are missing (NAN, -1,
 * false) leave their clause out. Of a GPU, "available" is what the engine saw
 * of it; a piece that looks as if it fitted is told with what was allocated
 * before: "512 MiB asked on top of 4,900, 5,110 available". Caller frees. */
struct oom_facts {
    const struct engine_log *log;  /* or NULL                                */
    double asked_bytes;            /* when the log says nothing: predicted   */
    double available_bytes;        /* just before the load                   */
    int    fits_context;           /* largest that would fit, f16; -1: none  */
    bool   fits_q8_kv;             /* at the asked context                   */
    bool   stopped_by_us;          /* the memory watch was first             */
    double stop_available_bytes;   /* ... at that little MemAvailable        */
};
char *oom_sentence(const struct oom_facts *f);

/* Does the engine compute on the CPU although a GPU was expected? 1, 0, -1
 * cannot be said. Two of three must agree: the log (no device, or no layer
 * offloaded), the GPU's load while it generated (below 5 %), the speed (nearer
 * to the CPU's roofline than to the GPU's, on a log scale); the log alone is
 * enough when it names zero layers. why: in words. */
struct fallback_facts {
    bool   gpu_expected;           /* the board has one that it is to use    */
    const struct engine_log *log;
    double gpu_load_pct;           /* mean while generating; NAN             */
    double tok_s, gpu_tok_s, cpu_tok_s;   /* measured; predicted on each     */
};
int cpu_fallback(const struct fallback_facts *f, char *why, size_t size);

#endif
