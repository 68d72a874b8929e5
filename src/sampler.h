/* SPDX-License-Identifier: MIT */
/* sampler.h - the board ten times a second, on a thread of its own: a ring of
 * samples that turns are joined with, and the watch over memory that ends the
 * engine before the kernel has to.
 *
 * Cost      at most 1 % of one core (make bench); each source at its own rate
 *           (struct watch_item), files kept open, opened again when they fail,
 *           looked for again at most every 5 s when they stay away.
 * Threads   all functions may be called from the main thread while it runs.
 * Children  only processes that sampler_engine() and sampler_coload() named
 *           are looked into, with their whole process group.
 */
#ifndef SAMPLER_H
#define SAMPLER_H

#include "base/err.h"
#include "telemetry.h"

#define SAMPLER_HZ 10

struct sampler;

struct sampler_spec {
    const char *root;             /* "" : this machine                       */
    double      memory_floor_bytes;  /* the engine is ended when MemAvailable
                                     falls below this; NAN: never            */
    size_t      seconds;          /* that the ring holds; 0: 900             */
};

MUST_USE int sampler_start(struct sampler **out,
                           const struct sampler_spec *spec, struct err *err);
void sampler_stop(struct sampler *s);     /* joins the thread; NULL is fine */

/* The engine's process group: its CPU time and memory are its own, and it is
 * what the memory watch ends. 0: none now. */
void sampler_engine(struct sampler *s, long group);
/* The co-load's: no interference, counted by itself. */
void sampler_coload(struct sampler *s, long group);

/* One sample of everything whose period has nearly passed, at once, on the
 * caller's thread: turns begin and end with one. */
void sampler_now(struct sampler *s);
/* ... of memory, whatever its rate: after a load, which changes it all. */
void sampler_memory_now(struct sampler *s);

void sampler_join(struct sampler *s, int64_t from_ns, int64_t first_ns,
                  int64_t to_ns, struct telemetry *out);

/* The latest value of a field at most 5 s old, and its least and most since
 * the last call of sampler_reset_extremes(); NAN. */
double sampler_latest(struct sampler *s, enum sample_field field);
double sampler_least(struct sampler *s, enum sample_field field);
double sampler_most(struct sampler *s, enum sample_field field);
void   sampler_reset_extremes(struct sampler *s);

/* Has the memory watch ended the engine since sampler_engine() named it? */
struct memory_stop {
    double available_bytes, floor_bytes;
    double stalled_frac;          /* of the last 2 s, by PSI; NAN            */
};
bool sampler_stopped_engine(struct sampler *s, struct memory_stop *out);

/* CPU time that the sampler's own thread has taken, and samples made. */
void sampler_cost(struct sampler *s, double *cpu_s, size_t *samples);

/* ---- the pure part of the memory watch --------------------------------- */

/* Ends the engine when available_bytes < floor, twice in a row; or when all
 * processes waited for memory (PSI full) for more than half of the last 2 s
 * while less than twice the floor is available. The reserve of a board:
 * memory_floor(): the larger of 192 MiB and 2 % of its memory. */
struct memory_watch {
    double floor_bytes;
    int    low_in_a_row;
    struct { double at_s, stall_s; } past[32];
    size_t n_past;
};
double memory_floor(double memory_bytes);
bool   memory_watch_step(struct memory_watch *w, double at_s,
                         double available_bytes, double stall_s,
                         double *stalled_frac);

#endif
