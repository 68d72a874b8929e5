/* SPDX-License-Identifier: MIT */
/* log_cause.c - see log_cause.h. */
#include "engine/log_cause.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const char *const memory_causes[] = {
    "out of memory", "insufficient memory", "unable to allocate",
    "failed to allocate", "cannot allocate memory", NULL};

bool log_says_out_of_memory(const char *log)
{
    for (size_t i = 0; memory_causes[i]; i++)
        if (strstr(log, memory_causes[i])) return true;
    return false;
}

char *log_cause(const char *log)
{
    static const char *const others[] = {
        "invalid magic", "failed to open GGUF", "unknown model architecture",
        "error loading model", "invalid parameter", "invalid argument",
        "couldn't bind", "failed to load model", "error:", "error", NULL};
    const char *const *causes = log_says_out_of_memory(log) ? memory_causes
                                                            : others;

    for (size_t i = 0; causes[i]; i++) {
        const char *at = strstr(log, causes[i]), *start, *end;

        if (!at) continue;
        for (start = at; start > log && start[-1] != '\n';) start--;
        end = at + strcspn(at, "\n");
        return mem_copy_n(start, (size_t)(end - start));
    }
    return mem_copy("");
}
