/* SPDX-License-Identifier: MIT */
/* probe.h - what the machine says. A probe reads files under a root and
 * fills the fields it knows; every field is optional.
 *
 * Required  name, help, read. No state: a reading is a value.
 * Root      "" on the live machine; a folder with a copied /proc and /sys in
 *           tests.
 * Missing   NAN.
 * Hostile   files vanish, hold garbage or 2^63: such a value is missing.
 * Cost      one reading of all probes stays under a millisecond.
 * Proof     tests/contract/test_probe_contract.c runs these rules against
 *           every entry of probe_all.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "types.h"

/*    field                   unit    what it is                            */
#define PROBE_FIELDS(X)                                                       \
    X(memory_bytes,           "bytes", "MemTotal")                            \
    X(available_bytes,        "bytes", "MemAvailable: free or reclaimable")   \
    X(swap_used_bytes,        "bytes", "SwapTotal - SwapFree")                \
    X(cpu_busy_s,             "s",     "CPU time of all processes since boot")

struct probe_reading {
#define X(field, unit, help) double field;
    PROBE_FIELDS(X)
#undef X
};

struct probe_field { const char *name, *unit, *help; };
extern const struct probe_field probe_fields[];   /* ends with a NULL name */

struct probe_ops {
    const char *name, *help;
    void (*read)(const char *root, struct probe_reading *into);
};
extern const struct probe_ops probe_procfs;
extern const struct probe_ops *const probe_all[];  /* ends with NULL */

/* All probes, one reading; fields nobody filled are NAN. */
void probe_read(const char *root, struct probe_reading *out);

/* For probes: a small file below root, at most size - 1 bytes of it, followed
 * by a NUL. Its length, or -1 when there is no such regular file or it cannot
 * be read. Never waits. */
long probe_file(const char *root, const char *path, char *out, size_t size);

/* The number behind "key:" (or "key") at the start of a line of text, or NAN:
 * no such line, no whole number, above 2^53. */
double probe_value(const char *text, const char *key);

/* Memory of one process, in bytes; NAN what cannot be read.
 * anon: Anonymous + swap of smaps_rollup (else RssAnon of status).
 * mapped: sizes of file mappings whose path is `file`, each byte once; of a
 * split model those of all its parts. `file` may be NULL. */
struct process_memory {
    double anon_bytes, mapped_bytes;
};
void probe_process_memory(const char *root, long pid, const char *file,
                          struct process_memory *out);

/* Who this machine is: machine.c. */
void machine_read(const char *root, struct machine *out);

#endif
