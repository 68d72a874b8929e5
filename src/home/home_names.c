/* SPDX-License-Identifier: MIT */
/* home_names.c - everything in a home that has a name; see home.h. */
#include "home/home_internal.h"

#include "home/home.h"

static void add(struct text_list *names, const char *text)
{
    if (text && *text) text_list_add(names, text);
}

void home_names(const struct home *h, struct text_list *names)
{
    for (size_t i = 0; i < h->n_areas; i++) add(names, h->areas[i].name);
    for (size_t i = 0; i < h->n_entities; i++) {
        const struct entity *e = &h->entities[i];

        add(names, e->name);
        for (size_t k = 0; k < e->aliases.n; k++)
            add(names, e->aliases.items[k]);
    }
}
