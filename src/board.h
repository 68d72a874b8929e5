/* SPDX-License-Identifier: MIT */
/* board.h - the board while an audition runs: what it was like at the start,
 * the sampler, the co-load, and what all that says of the engine that runs
 * now. The thin part between measuring (measure.c) and the machine (sampler.h,
 * coload.h, probe/); what the figures mean is telemetry.h's.
 *
 * An engine on another host or on a scripted clock is not watched.
 */
#ifndef BOARD_H
#define BOARD_H

#include <jansson.h>

#include "base/err.h"
#include "coload.h"
#include "engine/engine.h"
#include "engine/engine_log.h"
#include "ledger.h"
#include "sampler.h"

struct board_spec {
    const char *root;              /* "" : this machine                      */
    bool        is_sampled;
    double      memory_floor_bytes;   /* NAN: memory_floor()                 */
    const struct coload_spec *coload; /* NULL or not wanted: none            */
};

/* What was predicted of the candidate that is measured, for what is said when
 * it fails or does not behave. NAN, -1: not known. */
struct board_expectation {
    bool   gpu_expected;
    bool   is_unified;             /* GPU memory is system memory            */
    double gpu_tok_s, cpu_tok_s;
    double memory_bytes;           /* of the whole, ...                      */
    double kv_bytes;               /* ... of it the f16 cache                */
    int    context;                /* of which that is                       */
};

struct board_state {
    const char        *root;
    json_t            *at_start;   /* chosen keys of the first reading       */
    char              *power_mode_id;         /* NULL: the board has none    */
    struct sampler    *sampler;    /* NULL: not sampled                      */
    struct coload     *coload;     /* NULL: none                             */
    struct mark_limits limits;
    double             cores, memory_bytes, start_temp_c;
    /* Of the engine that runs now. */
    struct board_expectation expected;
    struct engine_log  log;
    double             available_before_bytes;
    struct memory_moment after_load;
    enum device_memory device_memory;
    enum device_source device_source;
    int                fallback;   /* 1, 0, -1                               */
    char               fallback_why[200];
    bool               has_child;  /* it is, or was, a process of ours       */
    bool               ran_out;    /* of memory: board_explain() found it    */
    char               marks_why[300];   /* of the last marked turn          */
};

/* Reads the board once, starts sampler and co-load. Fails when the co-load
 * does not become ready, or no thread can be had. */
MUST_USE int board_begin(struct board_state *b, const struct board_spec *spec,
                         struct err *err);
void board_end(struct board_state *b);            /* safe on a zeroed struct */

/* Before an engine is started: what is there without it. */
void board_before_engine(struct board_state *b,
                         const struct board_expectation *e);
/* engine_spec.on_child; ctx is the board. */
void board_on_child(void *ctx, long group);
/* It has answered once: what its log says, what it has taken. pid, path: of
 * struct engine_facts and candidate. */
void board_loaded(struct board_state *b, const char *log_path, long pid,
                  const char *model_path);

/* For struct watched; ctx is the board. */
void board_before_turn(void *ctx);
void board_after_turn(void *ctx, struct turn *turn);

/* The engine's memory at the end of a block, as observations: ledger.h. */
void board_observe_memory(struct board_state *b, long pid,
                          const char *model_path, struct trial *t);

/* Why the engine is gone, when the board knows it better than the engine's
 * last words: memory. True when err was replaced; *is_memory: it ran out. */
bool board_explain(struct board_state *b, const char *log_path,
                   struct err *err);

/* Wait while clocks are cut for heat or the board is more than 5 C above its
 * temperature at the start and above 60 C; at most limit_s. Seconds waited;
 * a stop signal ends it. */
double board_cool(struct board_state *b, double limit_s);

#endif
