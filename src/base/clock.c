/* SPDX-License-Identifier: MIT */
/* clock.c - see clock.h. */
#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

int64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void clock_nap(double seconds)
{
    struct timespec nap;

    if (!(seconds > 0)) return;
    nap.tv_sec = (time_t)seconds;
    nap.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
    nanosleep(&nap, NULL);
}

void clock_utc(char *out, size_t size)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t      now   = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm   utc   = {0};

    gmtime_r(&now, &utc);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
