/* SPDX-License-Identifier: MIT */
/* telemetry.h - samples of the board joined to turns, and what is wrong with
 * a turn because of it. Pure.
 *
 * A timeline is a ring of samples in order of time; of a field that is read
 * more rarely than the rest the other samples hold NAN, and the last value
 * that was read counts until the next. METHOD.md, "The board", argues each
 * figure.
 */
#ifndef TELEMETRY_H
#define TELEMETRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/watch_list.h"
#include "types.h"

struct sample {
    int64_t at_ns;                 /* CLOCK_MONOTONIC                        */
    double  v[SAMPLE_COUNT];       /* counters: unwrapped; NAN: not read now */
};

struct timeline {
    struct sample *ring;
    size_t         capacity, n, next;
};
void timeline_init(struct timeline *t, size_t capacity);
void timeline_done(struct timeline *t);
void timeline_add(struct timeline *t, const struct sample *s);
/* The i-th sample from the oldest, i < n. */
const struct sample *timeline_at(const struct timeline *t, size_t i);

/* What happened from from_ns to to_ns. Levels: time-weighted means and
 * extremes over the samples inside, and the nearest one on each side at most
 * 1 s away (a level that was never read then is missing). Counters: the
 * difference of the values at both ends, interpolated between the samples
 * around each end; missing when an end is more than 1 s from any sample.
 * Energy: METHOD.md energy_j_per_token; by counter where one covers the scope,
 * else by trapezoids, with half the interval of the samples times the largest
 * change of power at each end as error, plus the rail's 1 % quantum.
 * first_ns: of the first token, for generation_energy_j; -1: none. */
void telemetry_join(const struct timeline *t, int64_t from_ns,
                    int64_t first_ns, int64_t to_ns, struct telemetry *out);

/* What counts as wrong. NAN: not judged. */
struct mark_limits {
    double gpu_mode_max_freq_hz;   /* highest of the mode when it began      */
    double cpu_mode_max_freq_hz;
    double other_cpu_cores;        /* more than this is interference         */
    bool   on_gpu;                 /* the engine computes on the GPU         */
    bool   cpu_fallback;           /* known of the engine as a whole         */
};
/* other_cpu_cores for a machine: the larger of 0.25 and 5 % of its cores. */
double mark_other_cpu_cores(double cores);

/* MARK_* bits of one turn; why (may be NULL): each in words, "; " between. */
unsigned telemetry_marks(const struct telemetry *t,
                         const struct mark_limits *limits, char *why,
                         size_t size);

/* "throttled", ... of one bit. */
const char *mark_name(unsigned bit);
json_t     *marks_json(unsigned marks);            /* list of names */
unsigned    marks_from_json(const json_t *list);   /* unknown names: ignored */

/* Only what is there; and back, the rest NAN. */
json_t *telemetry_json(const struct telemetry *t);
void    telemetry_read(const json_t *object, struct telemetry *out);
void    telemetry_init(struct telemetry *t);       /* nothing observed */

#endif
