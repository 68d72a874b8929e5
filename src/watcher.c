/* SPDX-License-Identifier: MIT */
/* watcher.c - see watcher.h. */
#include "watcher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "kept_file.h"

#define ITEMS_MAX   512
#define TEXT_BYTES  16384
#define FIND_S      5.0           /* until what stays away is looked for     */
#define FIND_MAX_S  60.0
#define IN_A_HURRY_S 200e-6
#define NEARLY      0.25          /* of a period: due when in a hurry        */
#define NO_FILE     SIZE_MAX

struct input {
    struct kept_file file;
    double           number;      /* that the whole file is; NAN             */
    double           cost_s;      /* of the last read                        */
    bool             is_wanted;   /* in this sample                          */
};

struct watched {
    struct watch_item item;       /* owns its paths                          */
    size_t file, times;           /* in sources; NO_FILE                     */
    double value;                 /* scaled, of the last read; NAN           */
    double cost_s;                /* of a call                               */
    double last;                  /* counters: last value that was there     */
    double total;                 /* ... and all that it grew by             */
};

struct watcher {
    char           *root;
    struct watched *items;
    size_t          n;
    struct input  *sources;
    size_t          n_sources;
    char           *text;                  /* TEXT_BYTES, of any file        */
    int64_t         due_ns[SAMPLE_COUNT];
    double          period_s[SAMPLE_COUNT];   /* 0: nothing to read          */
    double          before[SAMPLE_COUNT];  /* counters: grown by items that
                                              are gone                       */
    bool            was_seen[SAMPLE_COUNT];   /* there was an item once      */
    int64_t         set_ns;
    double          find_s;
};

struct watcher *watcher_new(const char *root)
{
    struct watcher *w = mem_new(1, sizeof *w);

    w->root = mem_copy(root);
    w->text = mem_new(TEXT_BYTES, 1);
    w->find_s = FIND_S;
    return w;
}

static void forget(struct watched *items, size_t n, struct input *sources,
                   size_t n_sources)
{
    for (size_t i = 0; i < n; i++) {
        free(items[i].item.path);
        free(items[i].item.times_path);
    }
    for (size_t i = 0; i < n_sources; i++) kept_file_done(&sources[i].file);
    free(items);
    free(sources);
}

void watcher_free(struct watcher *w)
{
    if (!w) return;
    forget(w->items, w->n, w->sources, w->n_sources);
    free(w->text);
    free(w->root);
    free(w);
}

/* ---- what is watched --------------------------------------------------- */

/* An open file is taken over from before. */
static size_t source_of(struct watcher *w, const char *path,
                        struct input *before, size_t n_before)
{
    struct input *s;

    if (!path) return NO_FILE;
    for (size_t i = 0; i < w->n_sources; i++)
        if (strcmp(w->sources[i].file.path, path) == 0) return i;
    w->sources = mem_grow(w->sources, w->n_sources + 1, sizeof *w->sources);
    s = &w->sources[w->n_sources];
    for (size_t i = 0; i < n_before; i++) {
        if (!before[i].file.path || strcmp(before[i].file.path, path) != 0)
            continue;
        *s = before[i];
        before[i].file.path = NULL;
        before[i].file.fd = -1;
        return w->n_sources++;
    }
    *s = (struct input){.number = NAN};
    kept_file_init(&s->file, w->root, path);
    return w->n_sources++;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_item(const struct watch_item *a, const struct watch_item *b)
{
    return a->field == b->field && same_text(a->path, b->path) &&
           same_text(a->times_path, b->times_path) && a->parse == b->parse &&
           a->call == b->call && a->ctx == b->ctx;
}

/* All that the items of a counter grew by. */
static double grown(const struct watcher *w, enum sample_field field)
{
    double sum = 0, most = 0;
    bool   is_sum = true;

    for (size_t i = 0; i < w->n; i++) {
        if (w->items[i].item.field != field) continue;
        is_sum = w->items[i].item.merge == WATCH_SUM;
        sum += w->items[i].total;
        most = fmax(most, w->items[i].total);
    }
    return is_sum ? sum : most;
}

static bool is_sound(const struct watch_item *item)
{
    return (unsigned)item->field < SAMPLE_COUNT && (item->path || item->call);
}

static void take_item(struct watcher *w, struct watch_item *item,
                      const struct watched *old, size_t n_old,
                      struct input *before, size_t n_before)
{
    struct watched *it = &w->items[w->n++];

    *it = (struct watched){.item = *item, .value = NAN, .last = NAN};
    for (size_t i = 0; i < n_old; i++) {
        if (!same_item(&old[i].item, item)) continue;
        it->value = old[i].value;
        it->cost_s = old[i].cost_s;
        it->last = old[i].last;
        it->total = old[i].total;
    }
    it->file = source_of(w, item->path, before, n_before);
    it->times = source_of(w, item->times_path, before, n_before);
    item->path = item->times_path = NULL;
}

static bool something_is_missing(const struct watcher *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (isnan(w->items[i].value)) return true;
    for (int f = 0; f < SAMPLE_COUNT; f++)
        if (w->was_seen[f] && !(w->period_s[f] > 0)) return true;
    return false;
}

void watcher_set(struct watcher *w, struct watch_list *list, int64_t at_ns)
{
    struct watched *old = w->items;
    struct input  *before = w->sources;
    size_t          n_old = w->n, n_before = w->n_sources;
    double          reached[SAMPLE_COUNT];
    size_t          want = list->n < ITEMS_MAX ? list->n : ITEMS_MAX;

    for (int f = 0; f < SAMPLE_COUNT; f++)
        reached[f] = w->before[f] + grown(w, (enum sample_field)f);
    w->find_s = something_is_missing(w) ? fmin(w->find_s * 2, FIND_MAX_S)
                                        : FIND_S;
    w->sources = NULL;
    w->n = w->n_sources = 0;
    w->items = mem_new(want, sizeof *w->items);
    memset(w->period_s, 0, sizeof w->period_s);
    for (size_t i = 0; i < want; i++) {
        struct watch_item *item = &list->items[i];
        double            *period;

        if (!is_sound(item)) continue;
        period = &w->period_s[item->field];
        if (!(*period > 0) || item->period_s < *period)
            *period = item->period_s > 0.1 ? item->period_s : 0.1;
        w->was_seen[item->field] = true;
        take_item(w, item, old, n_old, before, n_before);
    }
    for (int f = 0; f < SAMPLE_COUNT; f++)
        w->before[f] = reached[f] - grown(w, (enum sample_field)f);
    forget(old, n_old, before, n_before);
    watch_list_done(list);
    w->set_ns = at_ns;
}

bool watcher_is_lost(const struct watcher *w, int64_t at_ns)
{
    double waited_s = ((double)at_ns - (double)w->set_ns) / (double)NS_PER_S;

    return waited_s >= (something_is_missing(w) ? w->find_s : FIND_MAX_S);
}

/* ---- reading ----------------------------------------------------------- */

static bool is_cpu_time(enum sample_field field)
{
    return field == SAMPLE_cpu_busy_s || field == SAMPLE_cpu_stolen_s;
}

static double cost_of(const struct watcher *w, enum sample_field field)
{
    double cost_s = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct watched *it = &w->items[i];
        if (it->item.field != field) continue;
        cost_s += it->cost_s;
        if (it->file != NO_FILE) cost_s += w->sources[it->file].cost_s;
        if (it->times != NO_FILE) cost_s += w->sources[it->times].cost_s;
    }
    return cost_s;
}

/* Which fields this sample reads, beside CPU time. */
static void choose(const struct watcher *w, int64_t at_ns, bool at_once,
                   bool *chosen)
{
    double left_s = IN_A_HURRY_S;

    for (int f = 0; f < SAMPLE_COUNT; f++) {
        enum sample_field field = (enum sample_field)f;
        double wait_s = ((double)w->due_ns[f] - (double)at_ns) /
                        (double)NS_PER_S;

        chosen[f] = false;
        if (!(w->period_s[f] > 0) || is_cpu_time(field)) continue;
        if (!at_once) {
            chosen[f] = wait_s < 0.05;      /* half of a step of the thread */
        } else if (wait_s < NEARLY * w->period_s[f]) {
            double cost_s = cost_of(w, field);
            chosen[f] = cost_s <= left_s;
            if (chosen[f]) left_s -= cost_s;
        }
    }
}

/* Each file once, whoever wants it. */
static void read_sources(struct watcher *w, int64_t at_ns, const bool *chosen)
{
    for (size_t i = 0; i < w->n_sources; i++) w->sources[i].is_wanted = false;
    for (size_t i = 0; i < w->n; i++) {
        const struct watched *it = &w->items[i];
        if (!chosen[it->item.field]) continue;
        if (it->file != NO_FILE) w->sources[it->file].is_wanted = true;
        if (it->times != NO_FILE) w->sources[it->times].is_wanted = true;
    }
    for (size_t s = 0; s < w->n_sources; s++) {
        struct input *source = &w->sources[s];
        int64_t        began_ns = clock_now_ns();
        bool           ok;

        if (!source->is_wanted) continue;
        ok = kept_file_read(&source->file, at_ns, w->text, TEXT_BYTES);
        source->number = ok ? kept_file_number(w->text) : NAN;
        for (size_t i = 0; i < w->n; i++) {
            struct watched *it = &w->items[i];
            if (it->file == s && it->item.parse && chosen[it->item.field])
                it->value = ok ? it->item.parse(w->text) : NAN;
        }
        source->cost_s = (double)(clock_now_ns() - began_ns) /
                         (double)NS_PER_S;
    }
}

/* Only a temperature can be below zero. */
static double sound_value(const struct watched *it, double value)
{
    if (!isfinite(value)) return NAN;
    if (it->item.field == SAMPLE_throttle_flags && value > 0xffff) return NAN;
    return value >= 0 || it->item.field == SAMPLE_temp_c ? value : NAN;
}

static void grow(struct watched *it)
{
    double delta = it->value - it->last;
    double wraps_at = it->item.wraps_at;

    if (isnan(it->value)) return;
    /* More than half of the range in one step is no wrap, but a counter that
     * began anew. */
    if (delta < 0) delta = delta + wraps_at <= wraps_at / 2 ? delta + wraps_at
                                                            : 0;
    if (delta > 0) it->total += delta;
    it->last = it->value;
}

static void read_item(struct watcher *w, struct watched *it)
{
    int64_t began_ns;
    double  value = it->value;

    if (it->item.call) {
        began_ns = clock_now_ns();
        value = it->item.call(it->item.ctx);
        it->cost_s = (double)(clock_now_ns() - began_ns) / (double)NS_PER_S;
    } else if (!it->item.parse) {
        value = w->sources[it->file].number;
    }
    if (it->times != NO_FILE) value *= w->sources[it->times].number;
    it->value = sound_value(it, value * it->item.scale);
    if (sample_is_counter[it->item.field]) grow(it);
}

/* A partial sum of these still says that something is wrong. */
static bool is_trouble(enum sample_field field)
{
    return field == SAMPLE_cooling_state || field == SAMPLE_throttle_flags ||
           field == SAMPLE_oc_events;
}

static double merged(double so_far, const struct watched *it)
{
    double value = it->value;

    if (isnan(so_far) || isnan(value)) return isnan(value) ? so_far : value;
    if (it->item.field == SAMPLE_throttle_flags)       /* bits */
        return (double)((unsigned)so_far | (unsigned)value);
    return it->item.merge == WATCH_MAX ? fmax(so_far, value) : so_far + value;
}

static double field_value(const struct watcher *w, enum sample_field field)
{
    double value = NAN;
    bool   is_whole = true;

    for (size_t i = 0; i < w->n; i++) {
        const struct watched *it = &w->items[i];
        if (it->item.field != field) continue;
        if (isnan(it->value) && it->item.merge == WATCH_SUM) is_whole = false;
        value = merged(value, it);
    }
    if (isnan(value) || !(is_whole || is_trouble(field))) return NAN;
    return sample_is_counter[field] ? w->before[field] + grown(w, field)
                                    : value;
}

static void read_chosen(struct watcher *w, int64_t at_ns, const bool *chosen,
                        struct sample *into)
{
    read_sources(w, at_ns, chosen);
    for (size_t i = 0; i < w->n; i++)
        if (chosen[w->items[i].item.field]) read_item(w, &w->items[i]);
    for (int f = 0; f < SAMPLE_COUNT; f++) {
        if (!chosen[f]) continue;
        into->v[f] = field_value(w, (enum sample_field)f);
        w->due_ns[f] = at_ns + (int64_t)(w->period_s[f] * (double)NS_PER_S);
    }
}

void watcher_read_cpu(struct watcher *w, int64_t at_ns, struct sample *into)
{
    bool chosen[SAMPLE_COUNT];

    for (int f = 0; f < SAMPLE_COUNT; f++)
        chosen[f] = is_cpu_time((enum sample_field)f);
    read_chosen(w, at_ns, chosen, into);
}

void watcher_read(struct watcher *w, int64_t at_ns, bool at_once,
                  struct sample *into)
{
    bool chosen[SAMPLE_COUNT];

    choose(w, at_ns, at_once, chosen);
    read_chosen(w, at_ns, chosen, into);
}
