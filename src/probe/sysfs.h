/* SPDX-License-Identifier: MIT */
/* sysfs.h - for probes: the entries of a class folder and the small files in
 * them, by printf paths. Numbers of hwmon, zones and cooling devices differ
 * from board to board and from boot to boot: what an entry is, its `name` or
 * `type` file says. */
#ifndef PROBE_SYSFS_H
#define PROBE_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text_list.h"

#define SYSFS_PATH_BYTES 1024
#define SYSFS_NAME_BYTES 128

/* As tree_number(), tree_line(), tree_exists(); a path that is too long is
 * ENAMETOOLONG. */
double sysfs_number(const char *root, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool sysfs_line(const char *root, char *out, size_t size, const char *fmt,
                ...) __attribute__((format(printf, 4, 5)));
bool sysfs_exists(const char *root, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Paths of the entries of `folder` whose names begin with `prefix`, in order
 * of their numbers. text_list_done() frees them. */
void sysfs_entries(const char *root, const char *folder, const char *prefix,
                   struct text_list *out);

/* Paths of hardware monitors; name NULL: of all. */
void sysfs_hwmon(const char *root, const char *name, struct text_list *out);

#endif
