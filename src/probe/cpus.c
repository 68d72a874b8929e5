/* SPDX-License-Identifier: MIT */
/* cpus.c - see cpus.h. Formats: the kernel's
 * Documentation/admin-guide/cputopology.rst and cpu-lists in
 * kernel-parameters.rst. */
#include "probe/cpus.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/sysfs.h"
#include "probe/tree.h"

#define LIST_BYTES 4096
#define STAT_BYTES ((size_t)1 << 20)
#define FOLDER     "/sys/devices/system/cpu"

/* The number at *at, which moves behind it; -1: none, or too big. */
static long take_cpu(const char **at)
{
    char *end;
    long  cpu;

    if (**at < '0' || **at > '9') return -1;
    cpu = strtol(*at, &end, 10);
    *at = end;
    return cpu < CPUS_MAX ? cpu : -1;
}

bool cpus_parse(const char *text, struct cpu_set *out)
{
    *out = (struct cpu_set){{false}};
    if (!text[strspn(text, " \t\n")]) return true;
    for (;;) {
        long first = take_cpu(&text), last = first;
        if (*text == '-') {
            text++;
            last = take_cpu(&text);
        }
        if (first < 0 || last < first) return false;
        for (long cpu = first; cpu <= last; cpu++) out->has[cpu] = true;
        if (*text != ',') break;
        text++;
    }
    return !text[strspn(text, " \t\n")];
}

static size_t count(const struct cpu_set *set)
{
    size_t n = 0;

    for (size_t i = 0; i < CPUS_MAX; i++) n += set->has[i];
    return n;
}

static bool read_list(const char *root, const char *path, struct cpu_set *out)
{
    char text[LIST_BYTES];
    long n = tree_read(root, path, text, sizeof text);

    return n >= 0 && (size_t)n < sizeof text - 1 && cpus_parse(text, out);
}

/* By "cpu0", "cpu1", ...; false: there are none, or one does not say whether
 * it runs. */
static bool read_folders(const char *root, struct cpu_set *present,
                         struct cpu_set *online)
{
    static const char begin[] = FOLDER "/cpu";
    struct text_list  all;
    bool              is_sound = true;

    *present = *online = (struct cpu_set){{false}};
    sysfs_entries(root, FOLDER, "cpu", &all);
    for (size_t i = 0; i < all.n; i++) {
        const char *number = all.items[i] + sizeof begin - 1;
        long        cpu = take_cpu(&number);
        double      runs;
        if (cpu < 0 || *number) continue;
        runs = sysfs_number(root, "%s/online", all.items[i]);
        if (isnan(runs) && errno != ENOENT) is_sound = false;
        present->has[cpu] = true;
        online->has[cpu] = isnan(runs) || runs > 0;
    }
    text_list_done(&all);
    return is_sound && count(present) > 0;
}

/* /proc/stat has a line for each that runs: "cpu3 1 2 3 ...". */
static bool read_stat(const char *root, struct cpu_set *online)
{
    char *text = mem_new(STAT_BYTES, 1);

    *online = (struct cpu_set){{false}};
    if (tree_read(root, "/proc/stat", text, STAT_BYTES) > 0)
        for (const char *line = text; line; line = strchr(line, '\n')) {
            long cpu;
            line += *line == '\n';
            if (strncmp(line, "cpu", 3) != 0) continue;
            line += 3;
            cpu = take_cpu(&line);
            if (cpu >= 0 && *line == ' ') online->has[cpu] = true;
        }
    free(text);
    return count(online) > 0;
}

static void set_offline(const struct cpu_set *present,
                        const struct cpu_set *online, struct reading *into)
{
    reading_empty(into, READ_cpu_offline);
    for (size_t i = 0; i < CPUS_MAX; i++)
        if (present->has[i] && !online->has[i])
            reading_add_index(into, READ_cpu_offline, (double)i);
}

void cpus_read(const char *root, struct reading *into)
{
    struct cpu_set *set = mem_new(4, sizeof *set);
    struct cpu_set *online = &set[0], *present = &set[1];
    bool has_folders = read_folders(root, &set[2], &set[3]);
    bool has_present = read_list(root, FOLDER "/present", present) &&
                       count(present) > 0;
    bool has_online = read_list(root, FOLDER "/online", online) &&
                      count(online) > 0;

    if (!has_online && has_folders) {
        *online = set[3];
        has_online = true;
    }
    if (!has_present && has_folders) {
        *present = set[2];
        has_present = true;
    }
    if (!has_online) has_online = read_stat(root, online);
    if (has_online)
        reading_number(into, READ_cpu_online, (double)count(online));
    if (has_online && has_present) set_offline(present, online, into);
    reading_lack(into, READ_cpu_online, "not told by " FOLDER "/online");
    reading_lack(into, READ_cpu_offline, "not told by " FOLDER "/present");
    free(set);
}
