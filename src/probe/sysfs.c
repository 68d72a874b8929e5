/* SPDX-License-Identifier: MIT */
/* sysfs.c - see sysfs.h. */
#include "probe/sysfs.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/tree.h"

/* path has SYSFS_PATH_BYTES. */
static bool path_of(char *path, const char *fmt, va_list args)
{
    int len = vsnprintf(path, SYSFS_PATH_BYTES, fmt, args);

    if (len >= 0 && len < SYSFS_PATH_BYTES) return true;
    errno = ENAMETOOLONG;
    return false;
}

double sysfs_number(const char *root, const char *fmt, ...)
{
    char    path[SYSFS_PATH_BYTES];
    va_list args;
    bool    fits;

    va_start(args, fmt);
    fits = path_of(path, fmt, args);
    va_end(args);
    return fits ? tree_number(root, path) : NAN;
}

bool sysfs_line(const char *root, char *out, size_t size, const char *fmt,
                ...)
{
    char    path[SYSFS_PATH_BYTES];
    va_list args;
    bool    fits;

    out[0] = '\0';
    va_start(args, fmt);
    fits = path_of(path, fmt, args);
    va_end(args);
    return fits && tree_line(root, path, out, size);
}

bool sysfs_exists(const char *root, const char *fmt, ...)
{
    char    path[SYSFS_PATH_BYTES];
    va_list args;
    bool    fits;

    va_start(args, fmt);
    fits = path_of(path, fmt, args);
    va_end(args);
    return fits && tree_exists(root, path);
}

void sysfs_entries(const char *root, const char *folder, const char *prefix,
                   struct text_list *out)
{
    struct text_list names;

    *out = (struct text_list){0};
    tree_list(root, folder, &names);
    for (size_t i = 0; i < names.n; i++) {
        char *path;
        if (strncmp(names.items[i], prefix, strlen(prefix)) != 0) continue;
        path = mem_printf("%s/%s", folder, names.items[i]);
        text_list_add(out, path);
        free(path);
    }
    text_list_done(&names);
}

void sysfs_hwmon(const char *root, const char *name, struct text_list *out)
{
    struct text_list all;
    char             found[SYSFS_NAME_BYTES];

    *out = (struct text_list){0};
    sysfs_entries(root, "/sys/class/hwmon", "hwmon", &all);
    for (size_t i = 0; i < all.n; i++)
        if (!name || (sysfs_line(root, found, sizeof found, "%s/name",
                                 all.items[i]) && strcmp(found, name) == 0))
            text_list_add(out, all.items[i]);
    text_list_done(&all);
}
