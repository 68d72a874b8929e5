/* SPDX-License-Identifier: MIT */
/* nvpmodel.h - the power modes of a Jetson, as its nvpmodel keeps them: the
 * current one in /var/lib/nvpmodel/status, all of them in /etc/nvpmodel.conf.
 * Ids differ from board to board, names do not.
 *
 *     < POWER_MODEL ID=2 NAME=15W >
 *     CPU_A78_0 MAX_FREQ 1497600        (kHz; of each cluster)
 *     GPU MAX_FREQ 612000000            (Hz)
 */
#ifndef PROBE_NVPMODEL_H
#define PROBE_NVPMODEL_H

#include <stdbool.h>

#include "probe/reading.h"

/* Highest clocks: NAN where the mode has no line, INFINITY where it says "as
 * the hardware" (0, -1, the largest int). */
struct nvpmodel_mode {
    long   id;
    char   name[64];
    double gpu_max_hz, cpu_max_hz;
};

/* The current mode's id, or -1 with errno. */
long nvpmodel_id(const char *root);

/* The text of nvpmodel.conf: what /etc/nvpmodel.conf leads to, and where that
 * link is broken the file in /etc/nvpmodel whose name fits the board's
 * compatible list. NULL: there is none. Caller frees. */
char *nvpmodel_conf(const char *root, const struct reading *board);

/* The next mode of the text at *at, which moves on; false: no more. */
bool nvpmodel_next(const char **at, struct nvpmodel_mode *out);

#endif
