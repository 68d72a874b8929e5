/* SPDX-License-Identifier: MIT */
/* procfs.c - what every Linux says in /proc: memory, swap, CPU time, and the
 * memory of one process. Formats: proc(5). */
#define _XOPEN_SOURCE 700          /* realpath */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/gguf.h"
#include "probe/probe.h"

#define TEXT_BYTES     16384
#define MEMORY_MAX     0x1p50      /* 1 PiB: no board has more          */
#define PARTS_MAX      1000        /* of a split model                  */
#define MAPS_BYTES     ((size_t)4 << 20)   /* hundreds of lines, CUDA's more */

/* A line in kB as bytes. */
static double kib(const char *text, const char *key)
{
    double bytes = probe_value(text, key) * 1024;

    return bytes <= MEMORY_MAX ? bytes : NAN;
}

static void read_memory(const char *root, struct probe_reading *into)
{
    char   text[TEXT_BYTES];
    double total, available, swap;

    if (probe_file(root, "/proc/meminfo", text, sizeof text) <= 0) return;
    total = kib(text, "MemTotal");
    available = kib(text, "MemAvailable");
    swap = kib(text, "SwapTotal") - kib(text, "SwapFree");
    if (total > 0) into->memory_bytes = total;
    if (available >= 0 && !(available > total))
        into->available_bytes = available;
    if (swap >= 0) into->swap_used_bytes = swap;
}

/* "cpu user nice system idle iowait irq softirq steal guest guest_nice" in
 * ticks; a guest's time is part of user's. */
static void read_cpu(const char *root, struct probe_reading *into)
{
    static const bool busy[] = {true, true, true, false, false,
                                true, true, true};
    char   text[TEXT_BYTES], *at, *end;
    long   ticks_per_s = sysconf(_SC_CLK_TCK);
    double ticks = 0;

    if (probe_file(root, "/proc/stat", text, sizeof text) <= 0) return;
    if (strncmp(text, "cpu ", 4) != 0 || ticks_per_s <= 0) return;
    at = text + 4;
    for (size_t i = 0; i < sizeof busy / sizeof *busy; i++) {
        unsigned long long value;
        at += strspn(at, " ");
        if (*at < '0' || *at > '9') return;
        value = strtoull(at, &end, 10);
        if (value > 1ULL << 53) return;
        if (busy[i]) ticks += (double)value;
        at = end;
    }
    into->cpu_busy_s = ticks / (double)ticks_per_s;
}

static void read_procfs(const char *root, struct probe_reading *into)
{
    read_memory(root, into);
    read_cpu(root, into);
}

const struct probe_ops probe_procfs = {
    .name = "procfs",
    .help = "memory, swap and CPU time from /proc",
    .read = read_procfs,
};

/* ---- one process ------------------------------------------------------- */

static double anon_bytes(const char *root, long pid)
{
    char   path[64], text[TEXT_BYTES];
    double anon, swap;

    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    probe_file(root, path, text, sizeof text);
    anon = kib(text, "Anonymous");
    swap = kib(text, "Swap");
    if (isnan(anon)) {
        snprintf(path, sizeof path, "/proc/%ld/status", pid);
        probe_file(root, path, text, sizeof text);
        anon = kib(text, "RssAnon");
        swap = kib(text, "VmSwap");
    }
    return isnan(swap) ? anon : anon + swap;
}

/* A stretch of one of the wanted files that is mapped. */
struct stretch {
    size_t   file;
    uint64_t from, to;
};

/* The files that the model at `file` consists of, as the kernel names them. */
static struct text_list wanted_files(const char *file)
{
    struct text_list files = {0};
    size_t           stem_len = 0;
    int              part, parts = 1;
    bool             split = gguf_part_name(file, &stem_len, &part, &parts);

    for (int i = 1; i <= parts && i <= PARTS_MAX; i++) {
        char *name = split ? gguf_part_path(file, stem_len, i, parts)
                           : mem_copy(file);
        char *real = realpath(name, NULL);
        text_list_add(&files, real ? real : name);
        free(real);
        free(name);
    }
    return files;
}

/* "from-to perms offset dev inode   path" of /proc/PID/maps. */
static bool parse_mapping(const char *line, const struct text_list *files,
                          struct stretch *out)
{
    const char *path = strchr(line, '/');
    char       *end;
    uint64_t    from, to, offset;

    if (!path) return false;
    for (out->file = 0; out->file < files->n; out->file++)
        if (strcmp(files->items[out->file], path) == 0) break;
    if (out->file == files->n) return false;
    from = strtoull(line, &end, 16);
    if (*end != '-') return false;
    to = strtoull(end + 1, &end, 16);
    if (*end != ' ' || to <= from || strlen(end) < 7) return false;
    offset = strtoull(end + strlen(" r--p "), &end, 16);
    if (*end != ' ' || offset > UINT64_MAX - (to - from)) return false;
    out->from = offset;
    out->to = offset + (to - from);
    return true;
}

static int by_offset(const void *left, const void *right)
{
    const struct stretch *a = left, *b = right;

    if (a->file != b->file) return a->file < b->file ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* Bytes that at least one stretch covers. */
static double covered(struct stretch *all, size_t n)
{
    double   bytes = 0;
    uint64_t until = 0;

    if (n) qsort(all, n, sizeof *all, by_offset);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || all[i].file != all[i - 1].file) until = 0;
        if (all[i].from > until) until = all[i].from;
        if (all[i].to <= until) continue;
        bytes += (double)(all[i].to - until);
        until = all[i].to;
    }
    return bytes;
}

static double mapped_bytes(const char *root, long pid, const char *file)
{
    char             path[64], *text = mem_new(MAPS_BYTES, 1);
    struct text_list files = {0};
    struct stretch  *all = NULL, one;
    size_t           n = 0;
    double           bytes = NAN;
    long             len;

    snprintf(path, sizeof path, "/proc/%ld/maps", pid);
    len = probe_file(root, path, text, MAPS_BYTES);
    /* Nothing: the process is gone. Full: there may be more. */
    if (len > 0 && (size_t)len < MAPS_BYTES - 1) {
        files = wanted_files(file);
        for (char *line = text, *end; line; line = end) {
            end = strchr(line, '\n');
            if (end) *end++ = '\0';
            if (!parse_mapping(line, &files, &one)) continue;
            all = mem_grow(all, n + 1, sizeof *all);
            all[n++] = one;
        }
        bytes = covered(all, n);
    }
    free(text);
    free(all);
    text_list_done(&files);
    return bytes <= MEMORY_MAX ? bytes : NAN;
}

void probe_process_memory(const char *root, long pid, const char *file,
                          struct process_memory *out)
{
    *out = (struct process_memory){NAN, NAN};
    if (pid <= 0) return;
    out->anon_bytes = anon_bytes(root, pid);
    if (file) out->mapped_bytes = mapped_bytes(root, pid, file);
}
