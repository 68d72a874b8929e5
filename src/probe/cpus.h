/* SPDX-License-Identifier: MIT */
/* cpus.h - which processors run; a part of probe_clocks. */
#ifndef PROBE_CPUS_H
#define PROBE_CPUS_H

#include <stdbool.h>

#include "probe/reading.h"

#define CPUS_MAX 8192

struct cpu_set { bool has[CPUS_MAX]; };

/* "0-3,6\n", as the kernel writes sets of processors; nothing is the empty
 * set. False: no such list, or a number above CPUS_MAX - 1. */
bool cpus_parse(const char *text, struct cpu_set *out);

/* Sets cpu_online and cpu_offline: by the lists in /sys/devices/system/cpu,
 * else by the folder of each processor (one that cannot be turned off has no
 * file "online"), else by the lines of /proc/stat. */
void cpus_read(const char *root, struct reading *into);

#endif
