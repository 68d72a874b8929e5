/* SPDX-License-Identifier: MIT */
/* run_options.h - what the command line of `audition run` can say. The table
 * that fills it is in cmd_run.c. */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>

#include "base/opt.h"
#include "types.h"

/* Unset: NULL, NAN, -1 or false, as opt.h says. */
struct run_options {
    struct text_list models;       /* -m: files, globs, names; with
                                      --base-url: names of its models        */
    char  *base_url, *api_key;
    bool   all_models;
    char  *llama_server;
    char  *store;                  /* audition.db                            */
    char  *report_folder;
    char  *device, *power_mode;    /* what predictions are for               */

    int    context, threads, port, cache_ram_mib;
    double temperature;
    double reserve_bytes;
    struct text_list suites, homes;
    bool   keep_going;             /* leave out broken lines of suites        */
    struct text_list noise;        /* word error rates in percent             */
    int    repeats;                /* 0: the config's                         */
    int    cases, blocks, rounds;
    double budget_s;
    char  *objective;
    double min_tool_accuracy, min_quality;
    double speaking_rate_words_per_min;
    char  *thinking;
    bool   keep_page_cache;
    int    seed;
    double load_timeout_s, first_timeout_s, silence_timeout_s, answer_timeout_s;

    char  *sysroot;                /* the board is read from a copied tree    */
    bool   no_sampling;            /* the board is not watched while measuring*/
    double memory_floor_bytes;     /* MemAvailable below which the engine is
                                      ended                                  */
    double soak_s;                 /* of each candidate, after its blocks     */
    struct text_list modes;        /* power modes to audition in, ids, names  */
    char  *mode_cmd, *restore_mode;
    char  *co_load, *co_load_health;
    double hold_bytes;             /* stand-in for speech                     */
    int    hold_threads;

    bool   full, quick, fresh, dry_run, strict, gate, download;
    bool   plan_only;              /* `audition plan`: no engine, no store   */
    bool   json, quiet, no_progress, no_color;
};

#endif
