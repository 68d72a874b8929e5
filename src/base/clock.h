/* SPDX-License-Identifier: MIT */
/* clock.h - the only clock for intervals (CLOCK_MONOTONIC), and the wall
 * time that labels a run. Measuring code never reads a clock: it computes
 * from the time stamps that an engine put into a turn, so the replay engine
 * can bring its own time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_S 1000000000LL

int64_t clock_now_ns(void);

/* Sleep about seconds, or less when a signal comes. */
void clock_nap(double seconds);

/* UTC as "2026-11-23T05:33:30Z" into out (at least 21 bytes). Honours
 * SOURCE_DATE_EPOCH, so that a report can be reproduced. */
void clock_utc(char *out, size_t size);

#endif
