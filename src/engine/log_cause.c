/* SPDX-License-Identifier: MIT */
/* log_cause.c - see log_cause.h. */
#include "engine/log_cause.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "engine/engine_log.h"
#include "engine/no_memory.h"

bool log_says_out_of_memory(const char *log)
{
    struct engine_log l;

    engine_log_read(log, strlen(log), &l);
    return l.failed[0] != '\0';
}

static char *copy_line(const char *at, const char *log)
{
    const char *start = at;

    while (start > log && start[-1] != '\n') start--;
    return mem_copy_n(start, (size_t)(at - start) + strcspn(at, "\n"));
}

/* The first line about the memory that was not there: best one with its size,
 * NULL when there is none. */
static const char *memory_line(const char *log)
{
    const char      *at = log, *end = log + strlen(log), *first = NULL, *start;
    struct log_line  line;
    struct no_memory m;

    for (start = at; log_line_next(&line, &at, end); start = at) {
        if (!no_memory_read(&line, &m)) continue;
        if (!isnan(m.bytes)) return start;
        if (!first) first = start;
    }
    return first;
}

char *log_cause(const char *log)
{
    static const char *const others[] = {
        "invalid magic", "failed to open GGUF", "unknown model architecture",
        "error loading model", "invalid parameter", "invalid argument",
        "couldn't bind", "failed to load model", "error:", "error", NULL};
    const char *at = log_says_out_of_memory(log) ? memory_line(log) : NULL;

    for (size_t i = 0; !at && others[i]; i++) at = strstr(log, others[i]);
    return at ? copy_line(at, log) : mem_copy("");
}
