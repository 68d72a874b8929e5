/* SPDX-License-Identifier: MIT */
/* ledger.c - see ledger.h. */
#include "ledger.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "engine/no_memory.h"
#include "stats.h"

/* Every observation that belongs here. */
enum field {
#define X(field, help) ENGINE_##field,
    LEDGER_ENGINE(X)
#undef X
#define X(field, help) MEASURED_##field,
    LEDGER_MEASURED(X)
#undef X
    SOURCE, PART, FIELDS
};

static const char *const names[FIELDS] = {
#define X(field, help) LEDGER_ENGINE_PREFIX #field,
    LEDGER_ENGINE(X)
#undef X
#define X(field, help) LEDGER_MEASURED_PREFIX #field,
    LEDGER_MEASURED(X)
#undef X
    LEDGER_DEVICE_SOURCE, LEDGER_LARGEST_PART
};

/* By the numbers that are stored. */
static const char *const part_name[] = {"", WHAT_WEIGHTS, WHAT_KV,
                                        WHAT_COMPUTE};
static const char *const source_name[] = {
    [DEVICE_SOURCE_NONE] = "", [DEVICE_SOURCE_NVML] = "NVML",
    [DEVICE_SOURCE_LOG] = "engine's log",
    [DEVICE_SOURCE_DRIVER] = "driver"};
#define COUNT(table) (sizeof(table) / sizeof *(table))

struct ledger_block {
    int    block;
    double value[FIELDS];              /* NAN: not observed                  */
};

/* ---- one moment --------------------------------------------------------- */

double ledger_system_bytes(const struct memory_moment *m,
                           enum device_memory kind)
{
    double sum = m->anon_bytes + m->mapped_bytes;

    return kind == DEVICE_MEMORY_SHARED ? sum + m->device_bytes : sum;
}

double ledger_taken_bytes(const struct memory_moment *m,
                          enum device_memory kind)
{
    double sum = m->anon_bytes + m->mapped_bytes;

    return kind == DEVICE_MEMORY_NONE ? sum : sum + m->device_bytes;
}

/* ---- trials ------------------------------------------------------------- */

/* Both sides of a class are known, or neither. */
static double with_output(double compute, double output)
{
    return isnan(output) ? compute : compute + output;
}

void ledger_observe_log(const struct engine_log *log, struct trial *t)
{
    const struct { enum field field; double value; } sizes[] = {
        {ENGINE_weights_bytes,
         log->weights_host_bytes + log->weights_device_bytes},
        {ENGINE_kv_bytes, log->kv_host_bytes + log->kv_device_bytes},
        {ENGINE_compute_bytes,
         with_output(log->compute_host_bytes + log->compute_device_bytes,
                     log->output_bytes)},
        {ENGINE_total_bytes, log->total_bytes},
        {ENGINE_device_bytes, log->device_total_bytes},
        {ENGINE_largest_bytes, log->largest_bytes}};

    for (size_t i = 0; i < COUNT(sizes); i++)
        trial_observe(t, names[sizes[i].field], sizes[i].value);
    for (size_t i = 1; i < COUNT(part_name); i++)
        if (strcmp(log->largest, part_name[i]) == 0)
            trial_observe(t, names[PART], (double)i);
}

/* ---- gathering ---------------------------------------------------------- */

static struct ledger_block *block_of(struct ledger_tally *tally, int number)
{
    struct ledger_block *b;

    for (size_t i = 0; i < tally->n; i++)
        if (tally->blocks[i].block == number) return &tally->blocks[i];
    tally->blocks = mem_grow(tally->blocks, tally->n + 1,
                             sizeof *tally->blocks);
    b = &tally->blocks[tally->n++];
    b->block = number;
    for (int i = 0; i < FIELDS; i++) b->value[i] = NAN;
    return b;
}

static bool is_peak(enum field f)
{
    return f == MEASURED_peak_bytes || f == MEASURED_device_bytes ||
           f == MEASURED_largest_bytes;
}

/* Two values of one field, in a block. fmin() and fmax() take the one that is
 * known. */
static double both(enum field f, double before, double now)
{
    if (is_peak(f)) return fmax(before, now);
    return f == MEASURED_available_low_bytes ? fmin(before, now) : now;
}

void ledger_tally_add(struct ledger_tally *tally, const struct trial *t)
{
    for (size_t i = 0; i < t->n_observations; i++) {
        const struct observation *o = &t->observations[i];
        struct ledger_block      *b;
        int                       f = 0;

        while (f < FIELDS && strcmp(names[f], o->metric) != 0) f++;
        if (f == FIELDS || !isfinite(o->value) ||
            (o->value < 0 && f != MEASURED_growth_bytes))
            continue;
        b = block_of(tally, t->block);
        b->value[f] = both((enum field)f, b->value[f], o->value);
    }
}

void ledger_tally_done(struct ledger_tally *tally)
{
    free(tally->blocks);
    *tally = (struct ledger_tally){0};
}

/* ---- all blocks --------------------------------------------------------- */

/* values has room for one a block. */
static double of_blocks(const struct ledger_tally *tally, enum field f,
                        double *values)
{
    size_t n = 0;
    double extreme = NAN;

    for (size_t i = 0; i < tally->n; i++) {
        double v = tally->blocks[i].value[f];

        if (isnan(v)) continue;
        values[n++] = v;
        extreme = both(f, extreme, v);
    }
    return is_peak(f) || f == MEASURED_available_low_bytes
        ? extreme : stats_median(values, n);
}

/* The words of the last block that has any of this table of n. */
static const char *words_of(const struct ledger_tally *tally, enum field f,
                            const char *const *words, size_t n)
{
    const char *found = "";

    for (size_t i = 0; i < tally->n; i++) {
        double v = tally->blocks[i].value[f];

        if (v >= 0 && v < (double)n) found = words[(size_t)v];
    }
    return found;
}

void ledger_measured(const struct ledger_tally *tally, struct ledger *out)
{
    double *values = mem_new(tally->n + 1, sizeof *values);

#define X(field, help)                                                        \
    out->engine.field = of_blocks(tally, ENGINE_##field, values);
    LEDGER_ENGINE(X)
#undef X
#define X(field, help)                                                        \
    out->measured.field = of_blocks(tally, MEASURED_##field, values);
    LEDGER_MEASURED(X)
#undef X
    free(values);
    snprintf(out->largest, sizeof out->largest, "%s",
             words_of(tally, PART, part_name, COUNT(part_name)));
    snprintf(out->device_source, sizeof out->device_source, "%s",
             words_of(tally, SOURCE, source_name, COUNT(source_name)));
}

void ledger_predicted(const struct memory_split *m, struct ledger *out)
{
    out->predicted.weights_bytes  = m->weights + m->host_weights;
    out->predicted.kv_bytes       = m->kv;
    out->predicted.compute_bytes  = m->compute + m->host_compute;
    out->predicted.overhead_bytes = m->runtime;
    out->predicted.total_bytes    =
        out->predicted.weights_bytes + out->predicted.kv_bytes +
        out->predicted.compute_bytes + out->predicted.overhead_bytes;
}

void ledger_init(struct ledger *l)
{
    *l = (struct ledger){.left_for_speech_bytes = NAN, .reserve_bytes = NAN};
#define X(field, help) l->predicted.field = NAN;
    LEDGER_PREDICTED(X)
#undef X
#define X(field, help) l->engine.field = NAN;
    LEDGER_ENGINE(X)
#undef X
#define X(field, help) l->measured.field = NAN;
    LEDGER_MEASURED(X)
#undef X
}

/* ---- JSON --------------------------------------------------------------- */

static json_t *side(json_t *object, const char *name)
{
    json_t *made = json_object();

    json_object_set_new(object, name, made);
    return made;
}

static void set_words(json_t *object, const char *key, const char *words)
{
    jsonx_set_text(object, key, words[0] ? words : NULL);
}

json_t *ledger_json(const struct ledger *l)
{
    json_t *out = json_object(), *part;

    part = side(out, "predicted");
#define X(field, help) jsonx_set_number(part, #field, l->predicted.field);
    LEDGER_PREDICTED(X)
#undef X
    part = side(out, "engine");
#define X(field, help) jsonx_set_number(part, #field, l->engine.field);
    LEDGER_ENGINE(X)
#undef X
    part = side(out, "measured");
#define X(field, help) jsonx_set_number(part, #field, l->measured.field);
    LEDGER_MEASURED(X)
#undef X
    jsonx_set_number(out, "left_for_speech_bytes", l->left_for_speech_bytes);
    jsonx_set_number(out, "reserve_bytes", l->reserve_bytes);
    set_words(out, "largest", l->largest);
    set_words(out, "device_source", l->device_source);
    return out;
}

static void read_words(const json_t *object, const char *key, char *into,
                       size_t size)
{
    const char *text = jsonx_text(object, key);

    snprintf(into, size, "%s", text ? text : "");
}

void ledger_read(const json_t *object, struct ledger *out)
{
    const json_t *part;

    part = json_object_get(object, "predicted");
#define X(field, help) out->predicted.field = jsonx_number(part, #field);
    LEDGER_PREDICTED(X)
#undef X
    part = json_object_get(object, "engine");
#define X(field, help) out->engine.field = jsonx_number(part, #field);
    LEDGER_ENGINE(X)
#undef X
    part = json_object_get(object, "measured");
#define X(field, help) out->measured.field = jsonx_number(part, #field);
    LEDGER_MEASURED(X)
#undef X
    out->left_for_speech_bytes = jsonx_number(object,
                                              "left_for_speech_bytes");
    out->reserve_bytes = jsonx_number(object, "reserve_bytes");
    read_words(object, "largest", out->largest, sizeof out->largest);
    read_words(object, "device_source", out->device_source,
               sizeof out->device_source);
}
