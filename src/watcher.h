/* SPDX-License-Identifier: MIT */
/* watcher.h - reads what the probes want watched, at the times it is told.
 *
 * Each field has the shortest period of its items, and is read whole: from a
 * file that several items share they all take the same moment. Counters begin
 * at 0 and only grow: wraps are taken out, what falls back without a wrap
 * counts for nothing. A field of which an item is missing is missing, except
 * the highest of several and signs of trouble: there each counts by itself.
 *
 * Never looks at a clock but to see what reading costs. One thread at a time.
 */
#ifndef WATCHER_H
#define WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/watch_list.h"
#include "telemetry.h"

struct watcher;
struct watcher *watcher_new(const char *root);    /* copies; watches nothing */
void watcher_free(struct watcher *w);             /* NULL is fine */

/* Watch this from now on; takes the list's items over. What was watched
 * before goes on where it is. */
void watcher_set(struct watcher *w, struct watch_list *list, int64_t at_ns);

/* CPU time of everybody, always. */
void watcher_read_cpu(struct watcher *w, int64_t at_ns, struct sample *into);

/* Sets the other fields whose time has come. at_once: between two turns, in a
 * hurry: as much of what is nearly due as costs 0.2 ms. */
void watcher_read(struct watcher *w, int64_t at_ns, bool at_once,
                  struct sample *into);

/* Should somebody look where the figures are now? When something stays away
 * every 5 s, more rarely the longer that does not help, else once a minute. */
bool watcher_is_lost(const struct watcher *w, int64_t at_ns);

#endif
