/* SPDX-License-Identifier: MIT */
/* board_tree.h - for tests: a board's /sys in a folder of its own, entries of
 * class folders as links like the kernel's, and one probe's reading of it.
 * Include it after cmocka.h. */
#ifndef TESTS_UNIT_BOARD_TREE_H
#define TESTS_UNIT_BOARD_TREE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/probe.h"
#include "temp_tree.h"

static inline int board_setup(void **state)
{
    struct temp_tree *t = mem_new(1, sizeof *t);

    *state = t;
    return temp_tree_init(t);
}

static inline int board_teardown(void **state)
{
    temp_tree_done(*state);
    free(*state);
    return 0;
}

/* sys/FOLDER/NAME = text, for a list "name=text name=text": no blanks in it
 * but the parting one; '~' in a text stands for a blank. */
static inline void board_files(const struct temp_tree *t, const char *folder,
                               const char *files)
{
    char *copy = mem_copy(files);

    for (char *at = copy; *at;) {
        size_t n = strcspn(at, " ");
        char  *text, *path, *next = at + n + (at[n] == ' ');
        at[n] = '\0';
        text = strchr(at, '=');
        *text++ = '\0';
        for (char *c = text; *c; c++)
            if (*c == '~') *c = ' ';
        path = mem_printf("sys/%s/%s", folder, at);
        temp_text(t, path, text);
        free(path);
        at = next;
    }
    free(copy);
}

/* A hardware monitor at /sys/devices/WHERE/hwmon/hwmonN and its link. */
static inline void board_hwmon(const struct temp_tree *t, int n,
                               const char *where, const char *files)
{
    char *device = mem_printf("devices/%s/hwmon/hwmon%d", where, n);
    char *link = mem_printf("sys/class/hwmon/hwmon%d", n);
    char *target = mem_printf("../../%s", device);

    board_files(t, device, files);
    temp_link(t, link, target);
    free(device);
    free(link);
    free(target);
}

/* thermal_zoneN or cooling_deviceN. */
static inline void board_thermal(const struct temp_tree *t, const char *kind,
                                 int n, const char *files)
{
    char *device = mem_printf("devices/virtual/thermal/%s%d", kind, n);
    char *link = mem_printf("sys/class/thermal/%s%d", kind, n);
    char *target = mem_printf("../../%s", device);

    board_files(t, device, files);
    temp_link(t, link, target);
    free(device);
    free(link);
    free(target);
}

/* What these probes say together; ends with NULL. */
static inline void board_read(const struct temp_tree *t,
                              const struct probe_ops *const *probes,
                              struct reading *out)
{
    reading_init(out);
    for (; *probes; probes++) (*probes)->read(t->root, out);
}

static inline void assert_number(const struct reading *r,
                                 enum reading_key key, double want)
{
    double got = reading_get(r, key);

    if (!(fabs(got - want) < 1e-9))
        fail_msg("%s: %g, not %g", reading_info[key].name, got, want);
}

static inline void assert_item(const struct reading *r, enum reading_key key,
                               const char *name, double want)
{
    double got = reading_find(r, key, name);

    if (!(fabs(got - want) < 1e-9))
        fail_msg("%s %s: %g, not %g", reading_info[key].name, name, got, want);
}

static inline void assert_lacks(const struct reading *r, enum reading_key key)
{
    if (r->values[key].is_set)
        fail_msg("%s is set", reading_info[key].name);
    if (!r->values[key].why)
        fail_msg("%s is missing without a reason", reading_info[key].name);
}

static inline size_t count(const struct reading *r, enum reading_key key)
{
    return r->values[key].n;
}

#endif
