/* SPDX-License-Identifier: MIT */
/* probe.c - the list of probes and what they share; see probe.h. To add one:
 * a file in this folder, a line in probe_all, and fields in PROBE_FIELDS. */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

const struct probe_field probe_fields[] = {
#define X(field, unit, help) {#field, unit, help},
    PROBE_FIELDS(X)
#undef X
    {NULL, NULL, NULL},
};

const struct probe_ops *const probe_all[] = {
    &probe_procfs,
    NULL,
};

void probe_read(const char *root, struct probe_reading *out)
{
    *out = (struct probe_reading){
#define X(field, unit, help) .field = NAN,
        PROBE_FIELDS(X)
#undef X
    };
    for (size_t i = 0; probe_all[i]; i++) probe_all[i]->read(root, out);
}

long probe_file(const char *root, const char *path, char *out, size_t size)
{
    char        full[PATH_BYTES];
    struct stat st;
    size_t      got = 0;
    ssize_t     n = 1;
    int         fd;

    out[0] = '\0';
    if ((size_t)snprintf(full, sizeof full, "%s%s", root, path) >= sizeof full)
        return -1;
    fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -1;
    }
    /* Files of /proc say that they are empty: read until they end. */
    while (n > 0 && got < size - 1) {
        n = read(fd, out + got, size - 1 - got);
        if (n > 0) got += (size_t)n;
        else if (n < 0 && errno == EINTR) n = 1;
    }
    close(fd);
    if (n < 0) got = 0;
    out[got] = '\0';
    return n < 0 ? -1 : (long)got;
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
