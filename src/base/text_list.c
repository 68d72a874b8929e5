/* SPDX-License-Identifier: MIT */
/* text_list.c - see text_list.h. */
#include "base/text_list.h"

#include <stdlib.h>

#include "base/mem.h"

void text_list_add(struct text_list *list, const char *text)
{
    list->items = mem_grow(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] = mem_copy(text);
}

void text_list_done(struct text_list *list)
{
    for (size_t i = 0; i < list->n; i++) free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}
