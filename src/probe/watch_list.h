/* SPDX-License-Identifier: MIT */
/* watch_list.h - what is read many times a second, as data: probes know where
 * the figures are, the sampler (src/sampler.h) reads them at their rates. */
#ifndef PROBE_WATCH_LIST_H
#define PROBE_WATCH_LIST_H

#include <stddef.h>

/* What a sample holds. Counters only ever grow (wrap-around is taken out by
 * the sampler); the rest are levels.
 *    field             counter  what it is                                   */
#define SAMPLE_FIELDS(X)                                                      \
    X(gpu_load_pct,        0, "busy share of the GPU")                        \
    X(gpu_freq_hz,         0, "GPU clock")                                    \
    X(gpu_max_freq_hz,     0, "highest GPU clock that is allowed now")        \
    X(cpu_freq_hz,         0, "fastest processor's clock")                    \
    X(cpu_max_freq_hz,     0, "highest that is allowed now, of all policies") \
    X(input_power_w,       0, "power at the board's input")                   \
    X(gpu_power_w,         0, "power of the GPU alone")                       \
    X(gpu_energy_j,        1, "its energy counter")                           \
    X(package_energy_j,    1, "energy of processor package and its memory")   \
    X(temp_c,              0, "hottest zone")                                 \
    X(cooling_state,       0,                                                 \
          "states of all cooling devices that cut clocks, summed")            \
    X(throttle_flags,      0,                                                 \
          "bits of now: 1 thermal, 2 power, 4 voltage, 8 other")              \
    X(oc_events,           1, "over-current events, all inputs")              \
    X(available_bytes,     0, "MemAvailable")                                 \
    X(memory_stall_s,      1, "PSI memory full, total")                       \
    X(swapped_bytes,       1, "pages swapped in and out, in bytes")           \
    X(cpu_busy_s,          1, "CPU time of everybody")                        \
    X(cpu_stolen_s,        1, "CPU time that the host took away")             \
    X(engine_cpu_s,        1, "CPU time of the engine's process group")       \
    X(engine_fault_bytes,  1, "pages that the engine waited for from a disk") \
    X(engine_anon_bytes,   0, "RssAnon + VmSwap of the engine")               \
    X(device_bytes,        0, "GPU memory of the engine")                     \
    X(own_cpu_s,           1, "CPU time of audition itself")                  \
    X(coload_cpu_s,        1, "CPU time of the co-load's process group")      \
    X(coload_bytes,        0,                                                 \
          "memory of the co-load's process group (PSS, else RSS)")

enum sample_field {
#define X(field, counter, help) SAMPLE_##field,
    SAMPLE_FIELDS(X)
#undef X
    SAMPLE_COUNT
};
extern const char *const sample_name[SAMPLE_COUNT];
extern const int         sample_is_counter[SAMPLE_COUNT];

/* How several items of one field become its value. */
enum watch_merge { WATCH_SUM, WATCH_MAX };

struct watch_item {
    enum sample_field field;
    enum watch_merge  merge;
    char   *path;            /* below the root; NULL: call                   */
    char   *times_path;      /* its number is multiplied with that of path
                                (mV x mA), or NULL                           */
    double  scale;           /* of the number as it is in the file           */
    double  period_s;        /* >= 0.1: how often it is worth reading        */
    double  wraps_at;        /* counters: after this much, scaled; else NAN  */
    /* The value in a whole file's text (at most 16 KiB), before scaling; NULL:
     * the file is one number. NAN: not there. */
    double (*parse)(const char *text);
    /* Instead of a file. Any thread, never waits long. */
    double (*call)(void *ctx);
    void   *ctx;             /* static or lives as long as the process       */
};

struct watch_list {
    struct watch_item *items;
    size_t             n;
};
/* Copies the two paths; the period, scale, wraps_at are as given (scale 0
 * counts as 1, period 0 as 0.1 s, wraps_at 0 as none). */
void watch_list_add(struct watch_list *list, const struct watch_item *item);
void watch_list_done(struct watch_list *list);

#endif
