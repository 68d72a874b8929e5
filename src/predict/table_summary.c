/* SPDX-License-Identifier: MIT */
/* table_summary.c - how far off the predictions of a table are, by group of
 * rows. The same figures serve the JSON and the text. */
#include "predict/table_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "stats.h"

#define NEAR 0.20

typedef struct held (*held_fn)(const struct measured_row *row,
                               const struct judged_row *judged);

/* ---- which rows --------------------------------------------------------- */

static bool is_gpu(const struct judged_row *r)
{
    return r->device_class && strcmp(r->device_class, "cpu") != 0;
}

static bool in_group(enum table_group group, const char *device_class,
                     const struct judged_row *r)
{
    const char *own = r->device_class ? r->device_class : "unknown";

    if (group == GROUP_FLAGGED) return r->is_flagged;
    if (r->is_flagged) return false;
    switch (group) {
    case GROUP_LLAMA_CPP_GPU: return r->is_llama_cpp && is_gpu(r);
    case GROUP_LLAMA_CPP_JETSON:
        return r->is_llama_cpp && strcmp(own, "jetson") == 0;
    case GROUP_CLASS: return strcmp(own, device_class) == 0;
    default: return true;
    }
}

/* ---- their errors ------------------------------------------------------- */

/* Nearest rank: the value that a share of them does not exceed. Sorted. */
static double at_share(const double *sorted, size_t n, double share)
{
    size_t rank = (size_t)ceil(share * (double)n);

    return n ? sorted[rank ? rank - 1 : 0] : NAN;
}

static struct table_errors errors_of(const struct measured_table *t,
                                     const struct judged_row *rows,
                                     enum table_group group,
                                     const char *device_class, held_fn held)
{
    struct table_errors out    = {.inside = NAN, .near = NAN};
    double             *errors = mem_new(t->n, sizeof *errors);
    size_t              near = 0, inside = 0, with_ends = 0;

    for (size_t i = 0; i < t->n; i++) {
        struct held h;

        if (rows[i].skipped || !in_group(group, device_class, &rows[i]))
            continue;
        h = held(&t->rows[i], &rows[i]);
        if (isnan(h.error)) continue;
        errors[out.compared++] = fabs(h.error);
        near += fabs(h.error) <= NEAR;
        if (isnan(h.predicted.low) || isnan(h.predicted.high)) continue;
        with_ends++;
        inside += h.measured >= h.predicted.low &&
                  h.measured <= h.predicted.high;
    }
    out.median = stats_median(errors, out.compared);   /* sorts */
    out.p90 = at_share(errors, out.compared, 0.9);
    if (out.compared) out.near = (double)near / (double)out.compared;
    if (with_ends) out.inside = (double)inside / (double)with_ends;
    free(errors);
    return out;
}

static void add_group(struct table_groups *out, const struct measured_table *t,
                      const struct judged_row *rows, enum table_group group,
                      const char *name)
{
    struct table_group_errors *g;
    bool is_class = group == GROUP_CLASS;

    out->items = mem_grow(out->items, out->n + 1, sizeof *out->items);
    g = &out->items[out->n++];
    *g = (struct table_group_errors){.group = group, .name = name,
                                     .rows = 0, .predicted = 0};
    for (size_t i = 0; i < t->n; i++) {
        if (!in_group(group, is_class ? name : NULL, &rows[i])) continue;
        g->rows++;
        g->predicted += !rows[i].skipped;
    }
    g->speed = errors_of(t, rows, group, name, held_speed);
    g->prompt = errors_of(t, rows, group, name, held_prompt);
    g->memory = errors_of(t, rows, group, name, held_memory);
}

static bool has_class(const struct table_groups *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->items[i].group == GROUP_CLASS &&
            strcmp(g->items[i].name, name) == 0)
            return true;
    return false;
}

void table_groups(const struct measured_table *t,
                  const struct judged_row *rows, struct table_groups *out)
{
    *out = (struct table_groups){0};
    add_group(out, t, rows, GROUP_ALL, "all");
    add_group(out, t, rows, GROUP_LLAMA_CPP_GPU, "llama_cpp_gpu");
    add_group(out, t, rows, GROUP_LLAMA_CPP_JETSON, "llama_cpp_jetson");
    for (size_t i = 0; i < t->n; i++) {
        const char *name = rows[i].device_class ? rows[i].device_class
                                                : "unknown";

        if (!has_class(out, name)) add_group(out, t, rows, GROUP_CLASS, name);
    }
    add_group(out, t, rows, GROUP_FLAGGED, "flagged");
}

void table_groups_done(struct table_groups *g)
{
    free(g->items);
    *g = (struct table_groups){0};
}

/* ---- as JSON ------------------------------------------------------------ */

static void set_errors(json_t *object, const struct table_errors *e)
{
    jsonx_set_integer(object, "compared", (long long)e->compared);
    jsonx_set_number(object, "median_error", e->median);
    jsonx_set_number(object, "p90_error", e->p90);
    jsonx_set_number(object, "within_20_percent", e->near);
}

static json_t *group_json(const struct table_group_errors *g)
{
    json_t *object = json_object(), *prompt = json_object(),
           *memory = json_object();

    jsonx_set_integer(object, "rows", (long long)g->rows);
    jsonx_set_integer(object, "predicted", (long long)g->predicted);
    jsonx_set_number(object, "coverage",
                     g->rows ? (double)g->predicted / (double)g->rows : NAN);
    set_errors(object, &g->speed);
    jsonx_set_number(object, "interval_coverage", g->speed.inside);
    set_errors(prompt, &g->prompt);
    json_object_set_new(object, "prompt", prompt);
    set_errors(memory, &g->memory);
    json_object_set_new(object, "memory", memory);
    return object;
}

json_t *table_summary(const struct measured_table *t,
                      const struct judged_row *rows)
{
    json_t *summary = json_object(), *classes = json_object();
    struct table_groups groups;

    jsonx_set_number(summary, "interval_promises", RANGE_COVERAGE);
    table_groups(t, rows, &groups);
    for (size_t i = 0; i < groups.n; i++) {
        const struct table_group_errors *g = &groups.items[i];

        json_object_set_new(g->group == GROUP_CLASS ? classes : summary,
                            g->name, group_json(g));
    }
    json_object_set_new(summary, "by_device_class", classes);
    table_groups_done(&groups);
    return summary;
}
