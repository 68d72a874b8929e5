/* SPDX-License-Identifier: MIT */
/* probe.c - the list of probes and what they share; see probe.h. To add one:
 * a file in this folder, a line in probe_all, and its keys in READING_KEYS. */
#include "probe/probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probe/tree.h"

const struct probe_ops *const probe_all[] = {
    &probe_procfs,
    &probe_board,
    &probe_clocks,
    &probe_rails,
    &probe_thermal,
    &probe_throttle,
    &probe_rapl,
    &probe_nvml,
    NULL,
};

void probe_read(const char *root, struct reading *out)
{
    reading_init(out);
    for (size_t i = 0; probe_all[i]; i++) probe_all[i]->read(root, out);
}

void probe_watch(const char *root, struct watch_list *out)
{
    *out = (struct watch_list){0};
    for (size_t i = 0; probe_all[i]; i++)
        if (probe_all[i]->watch) probe_all[i]->watch(root, out);
}

int probe_check_root(const char *root, const char *option, struct err *err)
{
    struct stat st;

    if (stat(root, &st) != 0)
        return err_set(err, ERR_INPUT, "--%s %s: %s; name a folder with a "
                       "copied /sys and /proc", option, root,
                       errno == ENOENT ? "no such folder" : strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "--%s %s: is no folder; name one with "
                       "a copied /sys and /proc", option, root);
    return 0;
}

long probe_file(const char *root, const char *path, char *out, size_t size)
{
    return tree_read(root, path, out, size);
}

double probe_value(const char *text, const char *key)
{
    size_t len = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned long long value;
        const char        *at;
        char              *end;
        if (*line == '\n') line++;
        if (strncmp(line, key, len) != 0) continue;
        at = line + len;
        if (*at == ':') at++;
        if (*at != ' ' && *at != '\t') continue;
        at += strspn(at, " \t");
        if (*at < '0' || *at > '9') return NAN;
        errno = 0;
        value = strtoull(at, &end, 10);
        if (errno || value > 1ULL << 53 || (*end && !strchr(" \t\n", *end)))
            return NAN;
        return (double)value;
    }
    return NAN;
}
