/* SPDX-License-Identifier: MIT */
/* process.c - memory of one process; see probe_process_memory in probe.h.
 * Formats: proc(5). */
#define _XOPEN_SOURCE 700          /* realpath */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text_list.h"
#include "model/gguf.h"
#include "probe/probe.h"
#include "probe/tree.h"

#define TEXT_BYTES 16384
#define MEMORY_MAX 0x1p50              /* 1 PiB: no board has more          */
#define PARTS_MAX  1000                /* of a split model                  */
#define MAPS_BYTES ((size_t)4 << 20)   /* hundreds of lines, CUDA's more    */

/* A line in kB as bytes. */
static double kib(const char *text, const char *key)
{
    double bytes = probe_value(text, key) * 1024;

    return bytes <= MEMORY_MAX ? bytes : (double)NAN;
}

static double anon_bytes(const char *root, long pid)
{
    char   path[64], text[TEXT_BYTES];
    double anon, swap;

    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    tree_read(root, path, text, sizeof text);
    anon = kib(text, "Anonymous");
    swap = kib(text, "Swap");
    if (isnan(anon)) {
        snprintf(path, sizeof path, "/proc/%ld/status", pid);
        tree_read(root, path, text, sizeof text);
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

/* Bytes of the files that are mapped, by the lines of maps; cuts them. */
static double mapped_bytes(char *maps, const struct text_list *files)
{
    struct stretch *all = NULL, one;
    size_t          n = 0;
    double          bytes;

    for (char *line = maps, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end) *end++ = '\0';
        if (!parse_mapping(line, files, &one)) continue;
        all = mem_grow(all, n + 1, sizeof *all);
        all[n++] = one;
    }
    bytes = covered(all, n);
    free(all);
    return bytes <= MEMORY_MAX ? bytes : (double)NAN;
}

/* The size of a mapping that is memory and no file (no path, no inode) and
 * not a mere reservation of addresses ("---p"); else 0. */
static double anonymous_size(const char *line)
{
    char    *end;
    uint64_t from = strtoull(line, &end, 16), to;

    if (end == line || *end != '-') return 0;
    to = strtoull(end + 1, &end, 16);
    if (to <= from || *end != ' ' || strncmp(end, " ---", 4) == 0) return 0;
    for (int field = 0; field < 3; field++) {      /* to the inode */
        end += strspn(end, " ");
        end += strcspn(end, " \n");
    }
    end += strspn(end, " ");
    if (strncmp(end, "0 ", 2) != 0 && strncmp(end, "0\n", 2) != 0) return 0;
    end++;
    end += strspn(end, " ");
    return *end == '/' ? 0 : (double)(to - from);
}

static double largest_bytes(const char *maps)
{
    double largest = NAN;

    for (const char *line = maps; line; line = strchr(line, '\n')) {
        double size;
        line += *line == '\n';
        size = anonymous_size(line);
        if (size > 0 && size <= MEMORY_MAX) largest = fmax(largest, size);
    }
    return largest;
}

void probe_process_memory(const char *root, long pid, const char *file,
                          struct process_memory *out)
{
    struct text_list files = {0};
    char             path[64], *maps;
    long             len;

    *out = (struct process_memory){NAN, NAN, NAN};
    if (pid <= 0) return;
    out->anon_bytes = anon_bytes(root, pid);
    maps = mem_new(MAPS_BYTES, 1);
    snprintf(path, sizeof path, "/proc/%ld/maps", pid);
    len = tree_read(root, path, maps, MAPS_BYTES);
    /* Nothing: the process is gone. Full: there may be more. */
    if (len > 0 && (size_t)len < MAPS_BYTES - 1) {
        out->largest_bytes = largest_bytes(maps);
        if (file) {
            files = wanted_files(file);
            out->mapped_bytes = mapped_bytes(maps, &files);
        }
    }
    text_list_done(&files);
    free(maps);
}
