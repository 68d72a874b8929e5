/* SPDX-License-Identifier: MIT */
/* metrics.c - the list of metrics.h as a table. */
#include "metrics.h"

#include <string.h>

const struct metric_info metric_info[METRIC_COUNT] = {
#define X(name, unit, better, decimals, label)                                \
    {#name, unit, label, better, decimals},
    METRICS(X)
#undef X
};

int metric_find(const char *name)
{
    for (int i = 0; name && i < METRIC_COUNT; i++)
        if (strcmp(metric_info[i].name, name) == 0) return i;
    return -1;
}

bool metric_is_latency(enum metric_id id)
{
    return id != METRIC_load_s && id != METRIC_latency50_naive_s &&
           metric_info[id].better < 0 && strcmp(metric_info[id].unit, "s") == 0;
}
