/* SPDX-License-Identifier: MIT */
/* log_gpu.c - see log_gpu.h. */
#include "engine/log_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void log_gpu_init(struct log_gpu *g)
{
    *g = (struct log_gpu){.listed_free_bytes = NAN};
}

/* ---- found, or not ------------------------------------------------------ */

/* "found 1 CUDA devices", "Found 2 Vulkan devices:"; -1: not such a line. */
static int count_found(const struct log_line *line)
{
    const char *at = log_line_after(line, "found ");
    size_t      word;
    int         n;

    if (!at || (n = log_count(&at)) < 0 || *at++ != ' ') return -1;
    word = strcspn(at, " ");
    return word > 0 && strncmp(at + word, " device", 7) == 0 ? n : -1;
}

static bool says_none(const struct log_line *line)
{
    static const char *const phrases[] = {
        "no usable gpu found", "no cuda-capable device",
        "failed to initialize cuda", "failed to initialize rocm",
        "failed to initialize hip", "failed to initialize musa",
        "failed to initialize cann", "vulkan: no devices found",
        "not compiled with gpu offload support",
        "without gpu offload support", NULL};

    for (size_t i = 0; phrases[i]; i++)
        if (strstr(line->lower, phrases[i])) return true;
    return count_found(line) == 0;
}

static bool says_some(const struct log_line *line)
{
    return count_found(line) > 0 || strstr(line->lower, "found device: ") ||
           strstr(line->lower, "picking default device: ") ||
           strstr(line->lower, "gpu name: ");
}

/* ---- names -------------------------------------------------------------- */

/* "NAME (what it is)" of `name` and `len` bytes of description. */
static void write_name(char *into, size_t size, const char *name,
                       const char *what, size_t len)
{
    snprintf(into, size, len > 0 ? "%.39s (%.*s)" : "%.39s", name, (int)len,
             what);
}

static bool knows(struct log_gpu *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->names[i], name) == 0) return true;
    if (g->n < LOG_GPUS_MAX)
        snprintf(g->names[g->n++], sizeof g->names[0], "%s", name);
    return false;
}

/* Bytes of "(what) (0000:01:00.0)" inside the first parentheses; newer
 * versions write the second pair, and the first may hold others. */
static size_t described(const char *at, const char *end)
{
    const char *second = NULL;

    while (end > at && end[-1] == ' ') end--;
    if (at >= end || *at != '(' || end[-1] != ')') return 0;
    for (const char *p = at; p + 3 <= end; p++)
        if (strncmp(p, ") (", 3) == 0) second = p;
    if (second && (memchr(second, ':', (size_t)(end - second)) ||
                   strncmp(second, ") (unknown id)", 14) == 0))
        end = second + 1;
    return (size_t)(end - at) - 2;
}

/* "using device CUDA0 (Orin) (unknown id) - 7123 MiB free" */
static void read_using(struct log_gpu *g, const struct log_line *line,
                       struct engine_log *out)
{
    const char *at  = log_line_after(line, "using device ");
    const char *end = at ? strstr(at, " - ") : NULL, *next;
    size_t      len = at ? strcspn(at, " ") : 0;
    char        name[40];
    double      free_bytes;

    for (; end && (next = strstr(end + 1, " - "));) end = next;
    if (!end || len == 0 || len >= sizeof name || at + len > end ||
        !strstr(end, "MiB free"))
        return;
    memcpy(name, at, len);
    name[len] = '\0';
    if (log_is_host(name) || knows(g, name)) return;
    out->found_gpu = 1;
    if (g->n == 1 && !out->gpu[0]) {
        at += len + strspn(at + len, " ");
        write_name(out->gpu, sizeof out->gpu, name, at + 1,
                   at < end ? described(at, end) : 0);
    }
    free_bytes = log_bytes(end + 3);
    out->gpu_free_bytes = isnan(out->gpu_free_bytes)
                        ? free_bytes : out->gpu_free_bytes + free_bytes;
}

/* "  - CUDA0   : NVIDIA H200 (143167 MiB, 142588 MiB free)" */
static void read_list(struct log_gpu *g, const struct log_line *line)
{
    const char *at = strstr(line->text, "- "), *size = NULL, *left;
    size_t      len;
    char        name[40];

    if (!at || !strstr(line->text, " MiB free)")) return;
    at += 2;
    len = strcspn(at, " :");
    if (len == 0 || len >= sizeof name) return;
    memcpy(name, at, len);
    name[len] = '\0';
    at += len + strspn(at + len, " ");
    if (*at != ':') return;
    at += 1 + strspn(at + 1, " ");
    for (const char *p = at; (p = strstr(p, " (")); p++) size = p;
    left = size ? strstr(size, " MiB, ") : NULL;
    if (!left) return;
    g->lists_devices = true;
    if (log_is_host(name) || g->lists_gpu) return;
    g->lists_gpu = true;
    g->listed_free_bytes = log_bytes(left + 6);
    write_name(g->listed, sizeof g->listed, name, at, (size_t)(size - at));
}

/* "  Device 0: Orin, compute capability 8.7, VMM: yes" */
static void read_driver(struct log_gpu *g, const struct log_line *line)
{
    const char *at = log_line_after(line, "device 0: ");
    size_t      len = at ? strcspn(at, ",") : 0;

    if (len > 0 && at[len] == ',' && strstr(at, "VMM"))
        snprintf(g->found, sizeof g->found, "%.*s", (int)len, at);
}

void log_gpu_line(struct log_gpu *g, const struct log_line *line,
                  struct engine_log *out)
{
    if (says_some(line)) out->found_gpu = 1;
    else if (out->found_gpu < 0 && says_none(line)) out->found_gpu = 0;
    read_using(g, line, out);
    read_list(g, line);
    read_driver(g, line);
}

void log_gpu_finish(const struct log_gpu *g, struct engine_log *out)
{
    if (g->lists_gpu) out->found_gpu = 1;
    else if (g->lists_devices && out->found_gpu < 0) out->found_gpu = 0;
    if (out->gpu[0]) return;
    snprintf(out->gpu, sizeof out->gpu, "%s",
             g->lists_gpu ? g->listed : g->found);
    if (g->lists_gpu && isnan(out->gpu_free_bytes))
        out->gpu_free_bytes = g->listed_free_bytes;
}
