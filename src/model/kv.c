/* SPDX-License-Identifier: MIT */
/* kv.c - see kv.h. */
#include "model/kv.h"

#include <math.h>

#define CELLS_PAD 256.0

static double padded(double cells)
{
    return ceil(cells / CELLS_PAD) * CELLS_PAD;
}

/* A window's cache has room for the batch that is being read beside it. */
static double window_cells(const struct model_facts *m)
{
    return padded((double)m->window + KV_BATCH);
}

static double row_bytes(const struct layer_group *g, double bytes_per_element)
{
    return g->layers * (g->key_elements + g->value_elements) *
           bytes_per_element;
}

double kv_bytes_at(const struct model_facts *m, int context,
                   double bytes_per_element)
{
    double cells = padded(context), bytes = 0;

    if (m->n_groups == 0 || context < 1) return NAN;
    for (size_t i = 0; i < m->n_groups; i++) {
        const struct layer_group *g = &m->groups[i];
        switch (g->kind) {
        case LAYER_FULL:
            bytes += row_bytes(g, bytes_per_element) * cells;
            break;
        case LAYER_WINDOW:
            bytes += row_bytes(g, bytes_per_element) *
                     fmin(cells, window_cells(m));
            break;
        case LAYER_RECURRENT: bytes += g->layers * g->state_bytes; break;
        case LAYER_SHARED: break;
        }
    }
    return bytes;
}

double kv_bytes_read(const struct model_facts *m, double depth,
                     double bytes_per_element)
{
    double bytes = 0;

    if (m->n_groups == 0 || !(depth >= 0)) return NAN;
    for (size_t i = 0; i < m->n_groups; i++) {
        const struct layer_group *g = &m->groups[i];
        bool in_window = g->kind == LAYER_WINDOW || g->reads_window;
        if (g->kind == LAYER_RECURRENT)
            bytes += g->layers * g->state_bytes;
        else
            bytes += row_bytes(g, bytes_per_element) *
                     (in_window ? fmin(depth, window_cells(m)) : depth);
    }
    return bytes;
}
