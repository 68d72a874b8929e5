/* SPDX-License-Identifier: MIT */
/* procfs.c - what every Linux says in /proc: memory, swap, CPU time. Formats:
 * proc(5), the kernel's Documentation/accounting/psi.rst; nvmap's list as
 * Jetson Linux 32 to 36 print it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/probe.h"
#include "probe/tree.h"

#define TEXT_BYTES 16384
#define MEMORY_MAX 0x1p50      /* 1 PiB: no board has more */

/* A line in kB as bytes. */
static double kib(const char *text, const char *key)
{
    double bytes = probe_value(text, key) * 1024;

    return bytes <= MEMORY_MAX ? bytes : NAN;
}

/* ---- memory and swap --------------------------------------------------- */

static void lack(struct reading *into, enum reading_key key, const char *path,
                 int error)
{
    reading_lack(into, key, "%s: %s", tree_why(error), path);
}

static void read_meminfo(const char *root, struct reading *into)
{
    static const struct { enum reading_key key; const char *line; } lines[] = {
        {READ_mem_total_bytes, "MemTotal"},
        {READ_mem_available_bytes, "MemAvailable"},
        {READ_mem_free_bytes, "MemFree"},
        {READ_nvmap_used_bytes, "NvMapMemUsed"},
    };
    static const char path[] = "/proc/meminfo";
    char              text[TEXT_BYTES];
    long              n = tree_read(root, path, text, sizeof text);
    int               error = errno;
    double            total = kib(text, "MemTotal"), swap, unused;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        double bytes = kib(text, lines[i].line);
        if (n < 0) lack(into, lines[i].key, path, error);
        else if (total > 0 && !(bytes > total))
            reading_number(into, lines[i].key, bytes);
        reading_lack(into, lines[i].key, "no sound %s in %s", lines[i].line,
                     path);
    }
    swap = kib(text, "SwapTotal");
    unused = kib(text, "SwapFree");
    if (!(unused <= swap)) return;
    reading_number(into, READ_swap_total_bytes, swap);
    reading_number(into, READ_swap_used_bytes, swap - unused);
    if (swap <= 0) reading_truth(into, READ_swap_is_zram, false);
}

/* A word of a line, and where the next one begins. */
static const char *next_word(const char *at, size_t *len)
{
    at += strspn(at, " \t");
    *len = strcspn(at, " \t\n");
    return at;
}

/* "1001952 " as bytes. */
static double word_kib(const char *at, size_t len)
{
    char  *end;
    double bytes;

    if (*at < '0' || *at > '9') return NAN;
    errno = 0;
    bytes = (double)strtoull(at, &end, 10) * 1024;
    return !errno && end == at + len && bytes <= MEMORY_MAX ? bytes : NAN;
}

/* "/dev/zram0  partition  1001952  3072  5": adds to the two sums. */
static bool add_swap(const char *line, double *total, double *used,
                     bool *is_zram)
{
    size_t      len[4];
    const char *word[4];
    double      size, taken;

    for (size_t i = 0; i < 4; i++) {
        word[i] = next_word(line, &len[i]);
        if (len[i] == 0) return false;
        line = word[i] + len[i];
    }
    size = word_kib(word[2], len[2]);
    taken = word_kib(word[3], len[3]);
    if (!(taken <= size)) return false;
    *total += size;
    *used += taken;
    *is_zram = len[0] > 9 && strncmp(word[0], "/dev/zram", 9) == 0;
    return true;
}

/* One line a swap space, which says more than meminfo: what kind it is. */
static void read_swaps(const char *root, struct reading *into)
{
    static const char path[] = "/proc/swaps";
    char              text[TEXT_BYTES];
    double            total = 0, used = 0;
    size_t            n = 0, n_zram = 0;
    long              len = tree_read(root, path, text, sizeof text);

    if (len < 0) lack(into, READ_swap_is_zram, path, errno);
    else reading_lack(into, READ_swap_is_zram, "no sound list in %s", path);
    if (len < 0 || strncmp(text, "Filename", 8) != 0) return;
    for (char *line = strchr(text, '\n'); line && line[1];
         line = strchr(line + 1, '\n')) {
        bool is_zram;
        if (!add_swap(line + 1, &total, &used, &is_zram)) return;
        n++;
        n_zram += is_zram;
    }
    reading_number(into, READ_swap_total_bytes, total);
    reading_number(into, READ_swap_used_bytes, used);
    reading_truth(into, READ_swap_is_zram, n > 0 && n_zram == n);
}

/* ---- memory pressure --------------------------------------------------- */

/* What is behind a key of "full avg10=0.12 avg60=... total=345". */
static const char *pressure(const char *text, const char *key)
{
    const char *line = strncmp(text, "full ", 5) == 0 ? text
                                                      : strstr(text, "\nfull ");
    const char *end, *at;

    if (!line) return NULL;
    line += *line == '\n';
    end = line + strcspn(line, "\n");
    at = strstr(line, key);
    return at && at < end && at[-1] == ' ' ? at + strlen(key) : NULL;
}

/* "0.12": the kernel always writes two decimals. */
static double parse_pct(const char *at)
{
    char         *end, *end2;
    unsigned long whole, cents;

    if (!at || *at < '0' || *at > '9') return NAN;
    whole = strtoul(at, &end, 10);
    if (whole > 100 || *end != '.' || end[1] < '0' || end[1] > '9')
        return NAN;
    cents = strtoul(end + 1, &end2, 10);
    if (end2 != end + 3) return NAN;
    return (double)whole + (double)cents / 100;
}

static void read_pressure(const char *root, struct reading *into)
{
    static const char path[] = "/proc/pressure/memory";
    char              text[TEXT_BYTES];

    if (tree_read(root, path, text, sizeof text) >= 0) {
        reading_number(into, READ_memory_stall_pct,
                       parse_pct(pressure(text, "avg10=")));
        reading_lack(into, READ_memory_stall_pct, "no full line in %s", path);
    } else if (errno == EOPNOTSUPP || errno == ENOENT) {
        reading_lack(into, READ_memory_stall_pct,
                     "kernel without pressure figures (psi=1): %s", path);
    } else {
        lack(into, READ_memory_stall_pct, path, errno);
    }
}

/* ---- time of the processors -------------------------------------------- */

/* "cpu user nice system idle iowait irq softirq steal guest guest_nice" in
 * ticks; a guest's time is part of user's. */
enum { CPU_BUSY, CPU_STOLEN };

static double cpu_s(const char *text, int which)
{
    static const int kind[] = {CPU_BUSY, CPU_BUSY, CPU_BUSY, -1, -1,
                               CPU_BUSY, CPU_BUSY, CPU_STOLEN};
    long             ticks_per_s = sysconf(_SC_CLK_TCK);
    double           ticks = 0;

    if (strncmp(text, "cpu ", 4) != 0 || ticks_per_s <= 0) return NAN;
    text += 4;
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
        unsigned long long value;
        char              *end;
        text += strspn(text, " ");
        if (*text < '0' || *text > '9') return NAN;
        value = strtoull(text, &end, 10);
        if (value > 1ULL << 53) return NAN;
        if (kind[i] == which) ticks += (double)value;
        text = end;
    }
    return ticks / (double)ticks_per_s;
}

static void read_cpu(const char *root, struct reading *into)
{
    static const char path[] = "/proc/stat";
    char              text[TEXT_BYTES];

    if (tree_read(root, path, text, sizeof text) < 0) {
        int error = errno;
        lack(into, READ_cpu_busy_s, path, error);
        lack(into, READ_cpu_stolen_s, path, error);
        return;
    }
    reading_number(into, READ_cpu_busy_s, cpu_s(text, CPU_BUSY));
    reading_number(into, READ_cpu_stolen_s, cpu_s(text, CPU_STOLEN));
    reading_lack(into, READ_cpu_busy_s, "no sound cpu line in %s", path);
    reading_lack(into, READ_cpu_stolen_s, "no sound cpu line in %s", path);
}

/* ---- memory that the GPU of a Jetson took, by process ------------------ */

/* "118372K" as bytes; NAN: no size. */
static double parse_size(const char *at, const char *end)
{
    static const char units[] = "KMG";
    char              *stop;
    unsigned long long count;
    const char        *unit;
    double             bytes;

    if (*at < '0' || *at > '9') return NAN;
    count = strtoull(at, &stop, 10);
    if (stop + 1 != end) return NAN;
    unit = strchr(units, *stop);
    if (!unit || count > 1ULL << 53) return NAN;
    bytes = (double)count * pow(1024, (double)(unit - units + 1));
    return bytes <= MEMORY_MAX ? bytes : NAN;
}

/* The last word in front of *end, which becomes its start. */
static const char *last_word(const char *line, const char **end)
{
    const char *stop = *end;

    while (stop > line && strchr(" \t", stop[-1])) stop--;
    *end = stop;
    while (stop > line && !strchr(" \t", stop[-1])) stop--;
    return stop;
}

/* "user   VLLM::EngineCor  1792595  14617792K"; some kernels have a column of
 * shares in front of the size. A process's name may have blanks in it. */
static void add_client(const char *line, const char *end, struct reading *into)
{
    const char *word, *stop = end, *name;
    double      size, before;
    char        key[64];

    word = last_word(line, &stop);
    size = parse_size(word, stop);
    if (isnan(size)) return;
    do {
        stop = word;
        word = last_word(line, &stop);
    } while (word > line && !isnan(parse_size(word, stop)));
    if (word == line || strspn(word, "0123456789") != (size_t)(stop - word))
        return;
    name = line + strspn(line, " \t");
    name += strcspn(name, " \t");
    name += strspn(name, " \t");
    if (name >= word) return;
    for (stop = word; stop > name && strchr(" \t", stop[-1]);) stop--;
    snprintf(key, sizeof key, "%.*s", (int)(stop - name), name);
    before = reading_find(into, READ_nvmap_clients_bytes, key);
    reading_add(into, READ_nvmap_clients_bytes, key,
                isnan(before) ? size : before + size);
}

static void read_nvmap(const char *root, struct reading *into)
{
    static const char path[] = "/sys/kernel/debug/nvmap/iovmm/clients";
    char              text[TEXT_BYTES];
    long              n = tree_read(root, path, text, sizeof text);

    if (n < 0)
        reading_lack(into, READ_nvmap_clients_bytes, "needs root%s: %s",
                     isnan(reading_get(into, READ_nvmap_used_bytes))
                     ? " and a Jetson" : "", path);
    reading_lack(into, READ_nvmap_clients_bytes, "no list in %s", path);
    if (n < 0 || strncmp(text, "CLIENT", 6) != 0) return;
    reading_empty(into, READ_nvmap_clients_bytes);
    for (const char *line = strchr(text, '\n'), *end; line; line = end) {
        line++;
        end = strchr(line, '\n');
        if (end) add_client(line, end, into);
    }
}

static void read_procfs(const char *root, struct reading *into)
{
    read_meminfo(root, into);
    read_swaps(root, into);
    read_pressure(root, into);
    read_cpu(root, into);
    read_nvmap(root, into);
}

/* ---- many times a second ----------------------------------------------- */

static double watch_available(const char *text)
{
    return kib(text, "MemAvailable");
}

static double watch_stall_us(const char *text)
{
    const char *at = pressure(text, "total=");
    char       *end;
    double      us;

    if (!at || *at < '0' || *at > '9') return NAN;
    us = (double)strtoull(at, &end, 10);
    return us <= 0x1p53 && (!*end || *end == '\n') ? us : NAN;
}

static double watch_swapped_pages(const char *text)
{
    return probe_value(text, "pswpin") + probe_value(text, "pswpout");
}

static double watch_busy_s(const char *text) { return cpu_s(text, CPU_BUSY); }

static double watch_stolen_s(const char *text)
{
    return cpu_s(text, CPU_STOLEN);
}

static void watch_procfs(const char *root, struct watch_list *into)
{
    static char meminfo[] = "/proc/meminfo", stat[] = "/proc/stat",
                vmstat[] = "/proc/vmstat", psi[] = "/proc/pressure/memory";
    const struct watch_item items[] = {
        {.field = SAMPLE_available_bytes, .path = meminfo, .period_s = 0.1,
         .parse = watch_available},
        {.field = SAMPLE_memory_stall_s, .path = psi, .period_s = 0.1,
         .scale = 1e-6, .parse = watch_stall_us},
        {.field = SAMPLE_swapped_bytes, .path = vmstat, .period_s = 0.5,
         .scale = (double)sysconf(_SC_PAGESIZE), .parse = watch_swapped_pages},
        {.field = SAMPLE_cpu_busy_s, .path = stat, .period_s = 0.1,
         .parse = watch_busy_s},
        {.field = SAMPLE_cpu_stolen_s, .path = stat, .period_s = 0.1,
         .parse = watch_stolen_s},
    };

    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (tree_exists(root, items[i].path)) watch_list_add(into, &items[i]);
}

const struct probe_ops probe_procfs = {
    .name = "procfs",
    .help = "memory, swap, memory pressure and CPU time from /proc",
    .read = read_procfs,
    .watch = watch_procfs,
};
