/* SPDX-License-Identifier: MIT */
/* nvml_processes.c - who holds GPU memory, by the driver's two lists, and
 * which of the processes there are ours. */
#include "probe/nvml_internal.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "probe/tree.h"

#define LIST_MAX     4096      /* processes in one list                */
#define TRIES        8         /* a list that keeps growing            */
#define PIDS_MAX     4096
#define MEMORY_MAX   0x1p50
#define NOT_TOLD     (~0ULL)   /* the driver's "not available"         */

/* ---- the lists --------------------------------------------------------- */

struct list {
    struct nvml_held *items;
    size_t            n;
};

static bool same_place(const struct nvml_held *a, const struct nvml_held *b)
{
    return a->pid == b->pid && a->gpu == b->gpu &&
           a->gpu_instance == b->gpu_instance &&
           a->compute_instance == b->compute_instance;
}

/* One that computes and draws is in both lists, with the same memory. */
static void add(struct list *list, const struct nvml_held *held)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!same_place(&list->items[i], held)) continue;
        list->items[i].bytes = fmax(list->items[i].bytes, held->bytes);
        return;
    }
    list->items = mem_grow(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] = *held;
}

static bool exists(long pid)
{
    return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

static void add_all(struct list *list, unsigned gpu, const void *found,
                    unsigned n, bool is_v1)
{
    for (unsigned i = 0; i < n; i++) {
        struct nvml_holder_v2 h = {.gpu_instance = ~0U,
                                   .compute_instance = ~0U};
        struct nvml_held      held;
        if (is_v1) {
            h.pid = ((const struct nvml_holder *)found)[i].pid;
            h.bytes = ((const struct nvml_holder *)found)[i].bytes;
        } else {
            h = ((const struct nvml_holder_v2 *)found)[i];
        }
        if (h.pid == 0 || h.pid > 0x7fffffff) continue;
        held = (struct nvml_held){
            .pid = (long)h.pid, .gpu = gpu, .gpu_instance = h.gpu_instance,
            .compute_instance = h.compute_instance,
            .bytes = h.bytes == NOT_TOLD || (double)h.bytes > MEMORY_MAX
                   ? (double)NAN : (double)h.bytes,
            .exists = exists((long)h.pid),
        };
        add(list, &held);
    }
}

/* One list of one GPU. Processes come between two calls, so there is never a
 * right size: it is asked again with more room. */
static int list_of(nvml_holders *call, nvml_device gpu, unsigned index,
                   bool is_v1, struct list *out)
{
    unsigned room = 32, n;
    int      status = NVML_TOO_SMALL;

    for (int i = 0; i < TRIES && status == NVML_TOO_SMALL; i++) {
        void *found = mem_new(room, sizeof(struct nvml_holder_v2));
        n = room;
        status = call(gpu, &n, found);
        if (status == NVML_OK)
            add_all(out, index, found, n < room ? n : room, is_v1);
        free(found);
        room = n > room && n < LIST_MAX / 2 ? n * 2 : room * 2;
        if (room > LIST_MAX) room = LIST_MAX;
    }
    return status;
}

static int both_lists(const struct nvml *nvml, unsigned index,
                      struct list *out, char *why)
{
    nvml_device gpu = nvml->gpus[index];
    int         compute = NVML_NO_CALL;

    if (nvml->compute)
        compute = list_of(nvml->compute, gpu, index, false, out);
    else if (nvml->compute_v1)
        compute = list_of(nvml->compute_v1, gpu, index, true, out);
    if (nvml->graphics)
        list_of(nvml->graphics, gpu, index, false, out);
    else if (nvml->graphics_v1)
        list_of(nvml->graphics_v1, gpu, index, true, out);
    /* The list of those that draw may be missing: servers have no screen. */
    if (compute == NVML_OK) return 0;
    nvml_explain(nvml, NVML_CALL_compute, compute, why);
    return -1;
}

long nvml_list_held(const struct nvml *nvml, struct nvml_held **out,
                    char *why)
{
    struct list list = {0};

    *out = NULL;
    if (!nvml->n) {
        snprintf(why, NVML_WHY_BYTES, "%s", nvml->why);
        return -1;
    }
    for (size_t i = 0; i < nvml->n; i++) {
        if (both_lists(nvml, (unsigned)i, &list, why) == 0) continue;
        free(list.items);
        return -1;
    }
    *out = list.items;
    return (long)list.n;
}

/* ---- ours among them --------------------------------------------------- */

static bool is_among(long pid, const long *pids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (pids[i] == pid) return true;
    return false;
}

double nvml_held_by(const struct nvml_held *held, size_t n, const long *pids,
                    size_t n_pids, bool is_apart, char *why)
{
    double bytes = 0;
    bool   is_listed = false, are_strange = false;

    for (size_t i = 0; i < n; i++) {
        are_strange = are_strange || !held[i].exists;
        if (!is_among(held[i].pid, pids, n_pids)) continue;
        is_listed = true;
        bytes += held[i].bytes;
    }
    /* A list with numbers that nobody has here is not of our numbers: one that
     * looks like ours is somebody else's. */
    if (is_apart && (are_strange || !is_listed)) {
        snprintf(why, NVML_WHY_BYTES, "NVML numbers processes as the host "
                 "does, and this container has numbers of its own");
        return NAN;
    }
    if (isnan(bytes))
        snprintf(why, NVML_WHY_BYTES,
                 "NVML lists the process without its memory");
    else
        snprintf(why, NVML_WHY_BYTES, "NVML, %s",
                 is_listed ? "by process" : "which does not list the process");
    return bytes;
}

/* Are processes numbered otherwise here than on the host? The first
 * namespace's inode is fixed in the kernel (PROC_PID_INIT_INO). */
static bool is_apart(void)
{
    char    link[64];
    ssize_t n = readlink("/proc/self/ns/pid", link, sizeof link - 1);

    if (n <= 0) return true;
    link[n] = '\0';
    return strcmp(link, "pid:[4026531836]") != 0;
}

/* The numbers of a process in the namespaces that it is in, outermost first,
 * by "NSpid:" of its status; how many there are. */
static size_t numbers_of(long pid, long *out, size_t max)
{
    char   path[64], text[4096], *at, *end;
    size_t n = 0;

    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    if (tree_read("", path, text, sizeof text) <= 0) return 0;
    at = strstr(text, "\nNSpid:");
    if (!at) return 0;
    at += strlen("\nNSpid:");
    while (n < max) {
        at += strspn(at, " \t");
        if (*at < '0' || *at > '9') break;
        out[n++] = strtol(at, &end, 10);
        at = end;
    }
    return n;
}

double nvml_process_bytes(const long *pids, size_t n, char *source,
                          size_t size)
{
    struct nvml_held *held = NULL;
    char              why[NVML_WHY_BYTES] = "";
    bool              apart = is_apart();
    double            bytes = NAN;
    long              n_held = nvml_list_held(nvml_open(), &held, why);

    if (n_held >= 0)
        bytes = nvml_held_by(held, (size_t)n_held, pids, n, apart, why);
    if (n_held > 0 && !(bytes > 0) && n <= PIDS_MAX) {
        /* The same processes by all their numbers. */
        enum { DEPTH = 8 };
        long  *numbers = mem_new(n * DEPTH + 1, sizeof *numbers);
        size_t n_numbers = 0;
        for (size_t i = 0; i < n; i++)
            n_numbers += numbers_of(pids[i], numbers + n_numbers, DEPTH);
        if (n_numbers > n)
            bytes = nvml_held_by(held, (size_t)n_held, numbers, n_numbers,
                                 apart, why);
        free(numbers);
    }
    free(held);
    snprintf(source, size, "%s", why);
    return bytes;
}

/* ---- everybody --------------------------------------------------------- */

static int by_bytes(const void *left, const void *right)
{
    const struct nvml_process *a = left, *b = right;
    double                     x = isnan(a->bytes) ? -1 : a->bytes,
                               y = isnan(b->bytes) ? -1 : b->bytes;

    if (x < y || x > y) return x > y ? -1 : 1;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

size_t nvml_by_process(const struct nvml_held *held, size_t n,
                       struct nvml_process *out, size_t max)
{
    struct nvml_process *all = mem_new(n + 1, sizeof *all);
    size_t               n_all = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_all && all[k].pid != held[i].pid) k++;
        all[k].pid = held[i].pid;
        all[k].bytes += held[i].bytes;
        if (k == n_all) n_all++;
    }
    qsort(all, n_all, sizeof *all, by_bytes);
    for (size_t i = 0; i < n_all && i < max; i++) out[i] = all[i];
    free(all);
    return n_all;
}

static void name_of(long pid, char *out, size_t size)
{
    char  path[64], line[64], *printable;

    out[0] = '\0';
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    if (!tree_line("", path, line, sizeof line)) return;
    printable = utf8_printable(line, strlen(line));
    snprintf(out, size, "%s", printable);
    free(printable);
}

size_t nvml_processes(struct nvml_process *out, size_t max)
{
    struct nvml_held *held = NULL;
    char              why[NVML_WHY_BYTES];
    long              n_held = nvml_list_held(nvml_open(), &held, why);
    size_t            n = 0;

    if (n_held > 0) n = nvml_by_process(held, (size_t)n_held, out, max);
    free(held);
    if (n > max) n = max;
    for (size_t i = 0; i < n; i++)
        name_of(out[i].pid, out[i].name, sizeof out[i].name);
    return n;
}
