/* SPDX-License-Identifier: MIT */
/* ledger.h - where the memory goes, three times over: predicted, by the
 * engine's own log, measured. Pure.
 *
 * No byte twice. A process holds anonymous memory (RssAnon + VmSwap), the part
 * of the weight files that is mapped, and device buffers:
 *
 *   device memory           taken                     of it, from the system
 *   none (CPU)              anon + mapped             all of it
 *   shared with the system  anon + mapped + device    all of it
 *   the device's own        anon + mapped + device    anon + mapped
 *
 * Buffers of a GPU are never anonymous memory: those of a Tegra are NvMap's,
 * those of other integrated GPUs the driver's; what the engine keeps in main
 * memory beside them ("CUDA_Host") is. So the third sum counts nothing twice.
 * Mapped is what is still mapped: an engine that has copied weights to the GPU
 * gives those pages back. What is missing makes the sum missing, never less.
 *
 * Peak      of each part its largest value that was seen, summed: exact when
 *           they come together, else a little too much.
 * Growth    taken at the end - taken once it answered.
 * Left      MemAvailable before the load - the peak of what was taken from the
 *           system - the reserve.
 * Blocks    sizes by the median over the blocks, peaks by the largest,
 *           available_low_bytes by the smallest. Within a block the last
 *           observation of a size counts.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <jansson.h>

#include "engine/engine_log.h"
#include "facts.h"
#include "predict/memory.h"
#include "types.h"

/* Observations of a trial: the names of LEDGER_MEASURED and LEDGER_ENGINE with
 * these in front, and what is no size as a number. */
#define LEDGER_MEASURED_PREFIX "ledger_"
#define LEDGER_ENGINE_PREFIX   "engine_"
#define LEDGER_DEVICE_SOURCE   "ledger_device_source"  /* enum device_source */
#define LEDGER_LARGEST_PART    "engine_largest_part"

/* Who says how much device memory it is; these numbers are stored. */
enum device_source { DEVICE_SOURCE_NONE = 0, DEVICE_SOURCE_NVML = 1,
                     DEVICE_SOURCE_LOG = 2, DEVICE_SOURCE_DRIVER = 3 };

enum device_memory { DEVICE_MEMORY_NONE, DEVICE_MEMORY_SHARED,
                     DEVICE_MEMORY_OWN };

/* Of one process at one moment; NAN what is not known. device is not looked
 * at where there is no device memory. */
struct memory_moment {
    double anon_bytes, mapped_bytes, device_bytes;
};
/* The table above: taken, and of it from the system's memory. */
double ledger_taken_bytes(const struct memory_moment *m,
                          enum device_memory kind);
double ledger_system_bytes(const struct memory_moment *m,
                           enum device_memory kind);

/* Adds the engine's side to a trial. */
void ledger_observe_log(const struct engine_log *log, struct trial *t);

/* Gathers a candidate's trials; others than those with such observations are
 * passed over. Begins zeroed. */
struct ledger_tally {
    struct ledger_block *blocks;
    size_t               n;
};
void ledger_tally_add(struct ledger_tally *tally, const struct trial *t);
void ledger_tally_done(struct ledger_tally *tally);   /* safe on a zeroed one */

void ledger_init(struct ledger *l);                    /* nothing is known */
/* The engine's and the measured side, `largest` and `device_source`. */
void ledger_measured(const struct ledger_tally *tally, struct ledger *out);
/* The predicted side. Its total is the sum of its lines, so that it can be
 * held against the measured peak. */
void ledger_predicted(const struct memory_split *m, struct ledger *out);

/* null where missing; and back. */
json_t *ledger_json(const struct ledger *l);
void    ledger_read(const json_t *object, struct ledger *out);

#endif
