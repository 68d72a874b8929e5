/* SPDX-License-Identifier: MIT */
/* coload.h - the user's own speech programs kept running during the audition,
 * or a stand-in that holds memory and keeps processor threads busy.
 *
 * The command is run by /bin/sh -c in a process group of its own (base/proc.h:
 * it dies with us); its output goes to a log, which is kept bounded
 * (base/proc_log.h). With a health URL it is ready when that answers 2xx, and
 * asked once a second on a thread of its own; the latency is of the whole
 * GET. Only loopback URLs unless the user's URL names another host. A health
 * URL alone watches what is running already. The stand-in is `audition hold`,
 * ourselves once more. Call everything here from the main thread.
 */
#ifndef COLOAD_H
#define COLOAD_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* All optional; nothing set: no co-load. Stated in YAML under `co_load:` with
 * these names, and by flags. Texts are borrowed. */
struct coload_spec {
    const char *command, *health_url;
    double      hold_bytes;       /* memory to hold, touched; NAN            */
    int         hold_threads;     /* to keep busy; -1                        */
    double      ready_s;          /* how long it may take to become ready;
                                     NAN: 60                                 */
    const char *log_path;         /* or NULL                                 */
};
bool coload_is_wanted(const struct coload_spec *spec);

struct coload;
/* Waits until it is ready: the health URL answers, or without one until the
 * command has run for 1 s (a stand-in: until the memory is touched). Fails
 * with ERR_PREFLIGHT: it ended, or never became ready; in its own words. */
MUST_USE int coload_start(struct coload **out, const struct coload_spec *spec,
                          struct err *err);
long coload_group(const struct coload *c);  /* its process group; -1: none */

struct coload_facts {
    bool   is_wanted;
    char   command[300];          /* or "2.0 GiB and 2 threads held"         */
    double ready_s;               /* from start; NAN                         */
    bool   has_ended;             /* before the audition did                 */
    char   how[200];              /* then: how                               */
    double health_median_s, health_worst_s;   /* NAN: no URL, no answer      */
    long   health_n, health_failures;         /* -1: no URL                  */
    double cpu_cores, memory_bytes;           /* mean, most; filled by others*/
};
void coload_report(struct coload *c, struct coload_facts *out);
json_t *coload_json(const struct coload_facts *f);    /* null: not wanted */
void    coload_read(const json_t *object, struct coload_facts *out);
void coload_stop(struct coload *c);               /* NULL is fine */

#endif
