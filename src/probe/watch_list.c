/* SPDX-License-Identifier: MIT */
/* watch_list.c - see watch_list.h. */
#include "probe/watch_list.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

const char *const sample_name[SAMPLE_COUNT] = {
#define X(field, counter, help) #field,
    SAMPLE_FIELDS(X)
#undef X
};

const int sample_is_counter[SAMPLE_COUNT] = {
#define X(field, counter, help) counter,
    SAMPLE_FIELDS(X)
#undef X
};

void watch_list_add(struct watch_list *list, const struct watch_item *item)
{
    struct watch_item copy = *item;

    assert(item->path || item->call);
    copy.path = mem_copy(item->path);
    copy.times_path = mem_copy(item->times_path);
    if (!(fabs(copy.scale) > 0)) copy.scale = 1;
    if (!(copy.period_s >= 0.1)) copy.period_s = 0.1;
    if (!(copy.wraps_at > 0)) copy.wraps_at = NAN;
    list->items = mem_grow(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] = copy;
}

void watch_list_done(struct watch_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].path);
        free(list->items[i].times_path);
    }
    free(list->items);
    *list = (struct watch_list){0};
}
