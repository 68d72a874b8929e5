/* SPDX-License-Identifier: MIT */
/* no_memory.c - see no_memory.h. All phrases are in lower case. */
#include "engine/no_memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAIN_MEMORY "main memory"

static bool has(const struct log_line *line, const char *const *phrases)
{
    for (size_t i = 0; phrases[i]; i++)
        if (strstr(line->lower, phrases[i])) return true;
    return false;
}

/* The engine goes on without it, or it is not about memory at all. */
static bool is_harmless(const struct log_line *line)
{
    static const char *const phrases[] = {
        "pinned memory", "mlock", "madvise", "static tls", "temp buffer",
        "prompt cache", "async uploads", "graph, reserving", "falling back",
        "failed to allocate context", NULL};

    return has(line, phrases);
}

static bool is_about_memory(const struct log_line *line)
{
    static const char *const phrases[] = {
        "out of memory", "outofmemory", "insufficient memory",
        "unable to allocate", "failed to allocate", "can't allocate",
        "cannot allocate memory", "std::bad_alloc",
        "memory allocation of size", "outofdevicememory", "outofhostmemory",
        "out_of_device_memory", "out_of_host_memory", "allocation_failure",
        "cublas_status_alloc_failed", "the resource allocation failed",
        "exceeds device memory allocation limit",
        "exceeds device buffer size limit", "failed to map segment",
        "failed to reserve initial output buffer",
        "failed for self-attention cache", NULL};

    return has(line, phrases) || (strstr(line->lower, "nvmapmem") &&
                                  strstr(line->lower, "error 12"));
}

static const char *what_of(const struct log_line *line)
{
    static const char *const kv[] = {
        "kv cache", "rs cache", "self-attention cache", "compressor state",
        NULL};
    static const char *const compute[] = {
        "compute", "gallocr", "graph", "output buffer", "k-shift", NULL};
    static const char *const weights[] = {
        "unable to allocate", "mmap failed", "lora adapter", NULL};

    if (has(line, kv)) return WHAT_KV;
    if (has(line, compute)) return WHAT_COMPUTE;
    if (has(line, weights)) return WHAT_WEIGHTS;
    return strstr(line->lower, "std::bad_alloc") ? WHAT_ANY : NULL;
}

static double bytes_of(const struct log_line *line)
{
    static const char *const before[] = {
        "of size ", "allocating ", "to allocate ", "can't allocate ",
        "size = ", "buffer of ", NULL};
    double bytes = NAN;

    for (size_t i = 0; isnan(bytes) && before[i]; i++) {
        const char *at = log_line_after(line, before[i]);

        if (at) bytes = log_bytes(at);
    }
    return bytes;
}

/* The NAME of "to allocate NAME buffer", or false. */
static bool named_buffer(const struct log_line *line, char *name, size_t size)
{
    static const char *const words[] = {"compute", "output", "input",
                                        "backend", "host", "the", NULL};
    const char *at  = log_line_after(line, "to allocate ");
    size_t      len = at ? strcspn(at, " ") : 0;

    if (len == 0 || len >= size || strncmp(at + len, " buffer", 7) != 0)
        return false;
    memcpy(name, at, len);
    name[len] = '\0';
    for (size_t i = 0; words[i]; i++)
        if (strcmp(name, words[i]) == 0) return false;
    return true;
}

static void find_where(const struct log_line *line, char *where, size_t size)
{
    static const char *const in_main[] = {
        "cpu_buffer_type", "ggml_aligned_malloc", "mmap failed",
        "std::bad_alloc", "libgomp", "on host", "outofhostmemory",
        "out_of_host_memory", "failed to map segment", NULL};
    const char *device = log_line_after(line, "on device ");
    char        name[40];
    int         number;

    where[0] = '\0';
    if (named_buffer(line, name, sizeof name))
        snprintf(where, size, "%s", log_is_host(name) ? MAIN_MEMORY : name);
    else if (has(line, in_main))
        snprintf(where, size, MAIN_MEMORY);
    else if (device && (number = log_count(&device)) >= 0)
        snprintf(where, size, strstr(line->text, "cudaMalloc")
                 ? "CUDA%d" : "device %d", number);
}

bool no_memory_read(const struct log_line *line, struct no_memory *out)
{
    *out = (struct no_memory){.bytes = NAN};
    if (!is_about_memory(line) || is_harmless(line)) return false;
    out->bytes = bytes_of(line);
    out->what  = what_of(line);
    find_where(line, out->where, sizeof out->where);
    return true;
}
