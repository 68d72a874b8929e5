/* SPDX-License-Identifier: MIT */
/* rapl.c - energy counters of x86 processors in /sys/class/powercap; AMD's
 * are under the same names.
 *
 * A zone has a `name` file and, below a control type, a number:
 * "intel-rapl:0". Folders without one are control types. "intel-rapl-mmio"
 * shows the package a second time. core and uncore are parts of the package,
 * dram is beside it; psys contains all of it, on some boards the GPU as well.
 * Each counter wraps at its own zone's range. Since Linux 5.10 energy_uj is
 * root's.
 */
#include "probe/probe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/sysfs.h"
#include "probe/tree.h"

#define POWERCAP  "/sys/class/powercap"
#define ZONES_MAX 64

struct zone {
    char   name[SYSFS_NAME_BYTES];     /* "package-0", "dram"               */
    char   folder[SYSFS_NAME_BYTES];   /* "intel-rapl:0:2"                  */
    double energy_uj, range_uj;
    int    error;                      /* why there is no energy            */
};

struct zones {
    struct zone items[ZONES_MAX];
    size_t      n;
};

static const struct zone *zone_named(const struct zones *z, const char *name)
{
    for (size_t i = 0; i < z->n; i++)
        if (strcmp(z->items[i].name, name) == 0) return &z->items[i];
    return NULL;
}

/* The second package's "dram" is "package-1/dram"; its zone comes first. */
static void name_apart(const struct zones *z, struct zone *zone)
{
    const char *colon = strrchr(zone->folder, ':');
    size_t      len = colon ? (size_t)(colon - zone->folder) : 0;
    char        name[2 * SYSFS_NAME_BYTES + 2];

    if (!zone_named(z, zone->name)) return;
    snprintf(name, sizeof name, "%s/%s", zone->folder, zone->name);
    for (size_t i = 0; i < z->n; i++)
        if (strlen(z->items[i].folder) == len &&
            strncmp(z->items[i].folder, zone->folder, len) == 0)
            snprintf(name, sizeof name, "%s/%s", z->items[i].name, zone->name);
    if (strlen(name) < sizeof zone->name)
        memcpy(zone->name, name, strlen(name) + 1);
}

static double counter(const char *root, const char *folder, const char *file)
{
    double value = sysfs_number(root, POWERCAP "/%s/%s", folder, file);

    if (isnan(value) || value >= 0) return value;
    errno = ERANGE;
    return NAN;
}

/* Zones whose folders begin with `prefix`. */
static void find_zones(const char *root, const char *prefix, struct zones *z)
{
    struct text_list folders;

    z->n = 0;
    tree_list(root, POWERCAP, &folders);
    for (size_t i = 0; i < folders.n && z->n < ZONES_MAX; i++) {
        const char  *folder = folders.items[i];
        struct zone *zone = &z->items[z->n];
        if (strncmp(folder, prefix, strlen(prefix)) != 0 ||
            strlen(folder) >= sizeof zone->folder ||
            !sysfs_line(root, zone->name, sizeof zone->name,
                        POWERCAP "/%s/name", folder))
            continue;
        memcpy(zone->folder, folder, strlen(folder) + 1);
        name_apart(z, zone);
        zone->range_uj = counter(root, folder, "max_energy_range_uj");
        zone->energy_uj = counter(root, folder, "energy_uj");
        zone->error = isnan(zone->energy_uj) ? errno : 0;
        z->n++;
    }
    text_list_done(&folders);
}

static void find_all(const char *root, struct zones *z)
{
    find_zones(root, "intel-rapl:", z);
    if (z->n == 0) find_zones(root, "intel-rapl-mmio:", z);
}

static bool has_energy(const struct zones *z)
{
    for (size_t i = 0; i < z->n; i++)
        if (!isnan(z->items[i].energy_uj)) return true;
    return false;
}

/* A zone's counter is always there: one that a copied tree lacks could not be
 * read by who copied it. */
static const char *why_no_energy(const struct zone *zone)
{
    return zone->error == ENOENT ? "needs root" : tree_why(zone->error);
}

/* rails.c leaves power_in_mw's reason to us where there is no monitor. */
static void explain(const struct zones *z, struct reading *into)
{
    static const enum reading_key keys[] = {
        READ_rapl_zones, READ_rapl_energy_uj, READ_rapl_max_energy_range_uj};
    const struct zone *first = &z->items[0];

    if (z->n && !has_energy(z)) {
        reading_lack(into, READ_rapl_energy_uj,
                     "%s: " POWERCAP "/%s/energy_uj", why_no_energy(first),
                     first->folder);
        reading_lack(into, READ_power_in_mw, "no sensor at the input, and of "
                     "the processor's energy: %s: " POWERCAP "/%s/energy_uj",
                     why_no_energy(first), first->folder);
    }
    if (z->n)
        reading_lack(into, READ_power_in_mw, "no sensor at the input; one "
                     "reading of an energy counter is no power");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        reading_lack(into, keys[i], "no RAPL zone in " POWERCAP);
    reading_lack(into, READ_power_in_mw, "no sensor at the input");
}

static void read_rapl(const char *root, struct reading *into)
{
    struct zones z;

    find_all(root, &z);
    for (size_t i = 0; i < z.n; i++) {
        const struct zone *zone = &z.items[i];
        reading_add_text(into, READ_rapl_zones, zone->name, zone->folder);
        if (has_energy(&z))
            reading_add(into, READ_rapl_energy_uj, zone->name,
                        zone->energy_uj);
        if (!isnan(zone->range_uj))
            reading_add(into, READ_rapl_max_energy_range_uj, zone->name,
                        zone->range_uj);
    }
    explain(&z, into);
}

/* ---- watching ---------------------------------------------------------- */

static void watch_zone(const struct zone *zone, struct watch_list *into)
{
    char *path = mem_printf(POWERCAP "/%s/energy_uj", zone->folder);

    watch_list_add(into, &(struct watch_item){
        .field = SAMPLE_package_energy_j, .merge = WATCH_SUM, .path = path,
        .scale = 1e-6, .period_s = 0.1, .wraps_at = zone->range_uj * 1e-6});
    free(path);
}

/* Not psys: with a GPU's own counter beside it, that would count twice. */
static void watch_rapl(const char *root, struct watch_list *into)
{
    struct zones z;

    find_all(root, &z);
    for (size_t i = 0; i < z.n; i++) {
        const char *slash = strrchr(z.items[i].name, '/');
        const char *name = slash ? slash + 1 : z.items[i].name;
        if (!isnan(z.items[i].energy_uj) &&
            (strncmp(name, "package", 7) == 0 || strcmp(name, "dram") == 0))
            watch_zone(&z.items[i], into);
    }
}

const struct probe_ops probe_rapl = {
    .name = "rapl",
    .help = "energy counters of x86 processors",
    .read = read_rapl,
    .watch = watch_rapl,
};
