/* SPDX-License-Identifier: MIT */
/* probe.h - what the machine says. A probe reads files under a root and
 * sets the keys it knows; every key is optional.
 *
 * Required  name, help, read. Optional: watch. No state: a reading is a value.
 * Root      "" on the live machine; a folder with a copied /proc, /sys, /etc
 *           and /var otherwise: then nothing of this machine is used.
 * Missing   not set, with reading_lack() where a reason is known.
 * Order     of probe_all: a later probe may look at what an earlier one set.
 * Hostile   files vanish, hold garbage or 2^63: such a value is missing.
 * Proof     tests/contract/test_probe_contract.c runs these rules against
 *           every entry of probe_all.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "probe/reading.h"
#include "probe/watch_list.h"
#include "types.h"

struct probe_ops {
    const char *name, *help;
    void (*read)(const char *root, struct reading *into);
    /* What is worth reading many times a second while a model answers. */
    void (*watch)(const char *root, struct watch_list *into);
};
extern const struct probe_ops probe_procfs;   /* memory, swap, PSI, CPU time */
extern const struct probe_ops probe_board;    /* model, L4T, nvpmodel        */
extern const struct probe_ops probe_clocks;   /* devfreq, cpufreq, EMC       */
extern const struct probe_ops probe_rails;    /* INA3221: hwmon and iio      */
extern const struct probe_ops probe_thermal;  /* zones, cooling, trips, fan  */
extern const struct probe_ops probe_throttle; /* over-current, Pi's word     */
extern const struct probe_ops probe_rapl;
extern const struct probe_ops probe_nvml;
extern const struct probe_ops *const probe_all[];  /* ends with NULL */

/* All probes, one reading; out is initialised. The caller frees it with
 * reading_done(). */
void probe_read(const char *root, struct reading *out);

/* What all probes want to be watched. watch_list_done() frees it. */
void probe_watch(const char *root, struct watch_list *out);

/* Is there such a folder? ERR_INPUT otherwise, naming the option. */
MUST_USE int probe_check_root(const char *root, const char *option,
                              struct err *err);

/* For probes: a small file below root, at most size - 1 bytes of it, followed
 * by a NUL. Its length, or -1 when there is no such regular file or it cannot
 * be read. Never waits. As tree_read(). */
long probe_file(const char *root, const char *path, char *out, size_t size);

/* The number behind "key:" (or "key") at the start of a line of text, or NAN:
 * no such line, no whole number, above 2^53. */
double probe_value(const char *text, const char *key);

/* Memory of one process, in bytes; NAN what cannot be read.
 * anon: Anonymous + swap of smaps_rollup (else RssAnon of status).
 * mapped: sizes of file mappings whose path is `file`, each byte once; of a
 * split model those of all its parts. `file` may be NULL.
 * largest: the largest single mapping that is not of a file. */
struct process_memory {
    double anon_bytes, mapped_bytes, largest_bytes;
};
void probe_process_memory(const char *root, long pid, const char *file,
                          struct process_memory *out);

/* Who this machine is: machine.c. */
void machine_read(const char *root, struct machine *out);

#endif
