/* SPDX-License-Identifier: MIT */
/* home_dates.h - dates and times of day as a home's clock and its calendars
 * have them: local, without time zones. Pure. */
#ifndef HOME_DATES_H
#define HOME_DATES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* More than "2026-03-12T18:30:00" needs. */
#define HOME_DATE_SIZE 80

struct home_date {
    long day;       /* since 1970-01-01; of the years 1900 to 2199 */
    int  second;    /* of that day                                 */
    bool has_time;  /* false: the whole day is meant, second is 0  */
};

/* "2026-03-12", "2026-03-12T18:30" or with seconds, a space in the place of
 * the T; an offset or Z behind it is passed over. False: it is no date. */
bool home_date_read(const char *text, struct home_date *out);

/* As it is stored: "2026-03-12" or "2026-03-12T18:30:00". Returns out. */
const char *home_date_text(const struct home_date *d,
                           char out[HOME_DATE_SIZE]);

/* Seconds since 1970, to compare with; a whole day's is its midnight. */
long long home_date_seconds(const struct home_date *d);

/* "mon" to "sun", static. */
const char *home_day_name(long day);

/* 0 for "mon" or "Monday" in any case, up to 6; -1: no weekday. */
int home_weekday(const char *text);

/* "today", "tonight", "tomorrow", a weekday (today or the first one after),
 * or a date: which day it is, seen from `today`. False: none of them. */
bool home_day_read(const char *text, long today, long *day);

/* "6:45", "06:45", "06:45:00": minutes since midnight; -1: no time of day. */
int home_clock_read(const char *text);

#endif
