/* SPDX-License-Identifier: MIT */
/* board_notes.c - see board_notes.h. */
#include "board_notes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "stats.h"
#include "telemetry.h"

#define MIB (1024.0 * 1024)

static const char turns_name[] = "board_turns", marked_name[] = "board_marked";

/* In the order of the bits of enum turn_mark. */
static const char *const mark_notes[MARK_BITS] = {
    "board_throttled", "board_slow_clock", "board_cpu_fallback",
    "board_interference", "board_swapped"};

/* ---- of a trial --------------------------------------------------------- */

static double most(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : fmax(a, b);
}

static double sum(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static void note_decode(struct trial *t)
{
    const struct telemetry *b = &t->turns[t->n_turns - 1].board;

    trial_observe(t, "board_power_w", b->power_w);
    trial_observe(t, "board_gpu_load_pct", b->gpu_load_pct);
    trial_observe(t, "board_gpu_freq_hz", b->gpu_freq_hz);
    trial_observe(t, "board_energy_scope", b->energy_scope);
}

void board_notes_add(struct trial *t, bool is_decode)
{
    double watched = 0, marked = 0, by_mark[MARK_BITS] = {0};
    double oc = NAN, temp = NAN, other = NAN, swapped = NAN, peak = NAN;
    double coload = NAN, coload_bytes = NAN;

    t->marks = 0;
    for (size_t i = 0; i < t->n_turns; i++) {
        const struct turn      *turn = &t->turns[i];
        const struct telemetry *b = &turn->board;

        t->marks |= turn->marks;
        watched += b->samples > 0;
        marked += turn->marks != 0;
        for (size_t k = 0; k < MARK_BITS; k++)
            by_mark[k] += (turn->marks >> k) & 1;
        oc = sum(oc, b->oc_events);
        swapped = sum(swapped, sum(b->swapped_bytes, b->engine_fault_bytes));
        temp = most(temp, b->temp_c);
        peak = most(peak, b->power_peak_w);
        other = most(other, sum(b->other_cpu_cores, b->stolen_cpu_cores));
        coload = most(coload, b->coload_cpu_cores);
        coload_bytes = most(coload_bytes, b->coload_bytes);
    }
    if (watched == 0) return;
    trial_observe(t, turns_name, watched);
    if (marked > 0) trial_observe(t, marked_name, marked);
    for (size_t k = 0; k < MARK_BITS; k++)
        if (by_mark[k] > 0) trial_observe(t, mark_notes[k], by_mark[k]);
    trial_observe(t, "board_oc_events", oc);
    trial_observe(t, "board_swapped_bytes", swapped);
    trial_observe(t, "board_temp_c", temp);
    trial_observe(t, "board_power_peak_w", peak);
    trial_observe(t, "board_other_cores", other);
    trial_observe(t, "board_coload_cores", coload);
    trial_observe(t, "board_coload_bytes", coload_bytes);
    if (is_decode && t->n_turns) note_decode(t);
}

/* ---- of a candidate ----------------------------------------------------- */

static void begin_tally(struct board_tally *tally)
{
    *tally = (struct board_tally){
        .is_begun = true, .oc_events = NAN, .swapped_bytes = NAN, .temp_c = NAN,
        .other_cores = NAN, .power_peak_w = NAN, .energy_scope = NAN,
        .coload_bytes = NAN};
}

static void push(double **list, size_t *n, double value)
{
    *list = mem_grow(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = value;
}

static void tally_one(struct board_tally *a, const char *name, double value)
{
    if (strcmp(name, turns_name) == 0) a->turns += value;
    else if (strcmp(name, marked_name) == 0) a->marked += value;
    else if (strcmp(name, "board_oc_events") == 0)
        a->oc_events = sum(a->oc_events, value);
    else if (strcmp(name, "board_swapped_bytes") == 0)
        a->swapped_bytes = sum(a->swapped_bytes, value);
    else if (strcmp(name, "board_temp_c") == 0)
        a->temp_c = most(a->temp_c, value);
    else if (strcmp(name, "board_other_cores") == 0)
        a->other_cores = most(a->other_cores, value);
    else if (strcmp(name, "board_power_peak_w") == 0)
        a->power_peak_w = most(a->power_peak_w, value);
    else if (strcmp(name, "board_power_w") == 0)
        push(&a->power_w, &a->n_power, value);
    else if (strcmp(name, "board_gpu_load_pct") == 0)
        push(&a->load_pct, &a->n_load, value);
    else if (strcmp(name, "board_gpu_freq_hz") == 0)
        push(&a->freq_hz, &a->n_freq, value);
    else if (strcmp(name, "board_energy_scope") == 0) a->energy_scope = value;
    else if (strcmp(name, "board_coload_cores") == 0)
        push(&a->coload_cores, &a->n_coload, value);
    else if (strcmp(name, "board_coload_bytes") == 0)
        a->coload_bytes = most(a->coload_bytes, value);
    for (size_t k = 0; k < MARK_BITS; k++)
        if (strcmp(name, mark_notes[k]) == 0) a->by_mark[k] += value;
}

void board_tally_add(struct board_tally *tally, const struct trial *t)
{
    if (!tally->is_begun) begin_tally(tally);
    for (size_t i = 0; i < t->n_observations; i++)
        if (strncmp(t->observations[i].metric, "board_", 6) == 0 &&
            !isnan(t->observations[i].value))
            tally_one(tally, t->observations[i].metric,
                      t->observations[i].value);
}

void board_tally_done(struct board_tally *tally)
{
    free(tally->power_w);
    free(tally->load_pct);
    free(tally->freq_hz);
    free(tally->coload_cores);
    *tally = (struct board_tally){0};
}

static char *throttle_words(const struct board_tally *a)
{
    char events[60] = "", heat[40] = "";

    if (a->oc_events > 0)
        snprintf(events, sizeof events, ", %.0f over-current events",
                 a->oc_events);
    if (!isnan(a->temp_c))
        snprintf(heat, sizeof heat, ", at most %.1f C", a->temp_c);
    return mem_printf("heat, power or current cut the clocks%s%s", events,
                      heat);
}

/* What the turns with this mark were about, with the figure that shows it. */
static char *mark_words(const struct board_tally *a, unsigned bit,
                        const char *fallback_why)
{
    switch ((enum turn_mark)bit) {
    case MARK_THROTTLED:
        return throttle_words(a);
    case MARK_SLOW_CLOCK:
        return mem_copy("clocks were below the highest of the power mode");
    case MARK_CPU_FALLBACK:
        return mem_printf("the model ran on the CPU, not on the GPU%s%s",
                          *fallback_why ? ": " : "", fallback_why);
    case MARK_INTERFERENCE:
        return mem_printf("other processes or the host took up to %.1f cores",
                          a->other_cores);
    case MARK_SWAPPED:
        return mem_printf("memory was swapped or weights were read again "
                          "(%.0f MiB)", a->swapped_bytes / MIB);
    }
    return mem_copy("");
}

static const char *mark_remedy(unsigned bit)
{
    switch ((enum turn_mark)bit) {
    case MARK_THROTTLED:
        return "better cooling, a stronger supply or a lower power mode; "
               "`audition run --modes` compares modes";
    case MARK_SLOW_CLOCK:
        return "`sudo jetson_clocks`, or the performance governor, before "
               "measuring";
    case MARK_CPU_FALLBACK:
        return "an engine built for this GPU, and its driver: `audition "
               "doctor` looks";
    case MARK_INTERFERENCE:
        return "stop what else runs: `audition doctor` names it";
    case MARK_SWAPPED:
        return "less context, a smaller quantisation, or free memory first";
    }
    return "";
}

void board_notes_summarise(const struct board_tally *tally,
                           const char *fallback_why, struct board_facts *out)
{
    struct board_tally        none;
    const struct board_tally *a = tally;

    if (!tally->is_begun) {
        begin_tally(&none);
        a = &none;
    }
    out->turns = (long)a->turns;
    out->marked = (long)a->marked;
    out->power_w = stats_median(a->power_w, a->n_power);
    out->gpu_load_pct = stats_median(a->load_pct, a->n_load);
    out->gpu_freq_hz = stats_median(a->freq_hz, a->n_freq);
    out->power_peak_w = a->power_peak_w;
    out->temp_peak_c = a->temp_c;
    snprintf(out->energy_scope, sizeof out->energy_scope, "%s",
             energy_scope_name(a->energy_scope));
    for (unsigned k = 0; k < MARK_BITS; k++) {
        struct board_verdict *v = &out->verdicts[out->n_verdicts];
        char                 *words;

        if (!(a->by_mark[k] > 0) || out->n_verdicts == BOARD_VERDICTS_MAX)
            continue;
        out->n_verdicts++;
        *v = (struct board_verdict){.turns = (long)a->by_mark[k],
                                    .of = (long)a->turns};
        words = mark_words(a, 1u << k, fallback_why);
        snprintf(v->kind, sizeof v->kind, "%s", mark_name(1u << k));
        snprintf(v->text, sizeof v->text, "in %ld of %ld turns %.200s; they "
                 "are not ranked", v->turns, v->of, words);
        snprintf(v->remedy, sizeof v->remedy, "%s", mark_remedy(1u << k));
        free(words);
    }
}

/* ---- for programs ------------------------------------------------------- */

json_t *board_facts_json(const struct board_facts *f)
{
    json_t *o = json_object(), *verdicts = json_array();

    for (size_t i = 0; i < f->n_verdicts; i++) {
        const struct board_verdict *v = &f->verdicts[i];
        json_t                     *one = json_object();

        jsonx_set_text(one, "kind", v->kind);
        jsonx_set_text(one, "text", v->text);
        jsonx_set_text(one, "remedy", *v->remedy ? v->remedy : NULL);
        jsonx_set_number(one, "turns", v->turns < 0 ? NAN : (double)v->turns);
        jsonx_set_number(one, "of", v->of < 0 ? NAN : (double)v->of);
        json_array_append_new(verdicts, one);
    }
    json_object_set_new(o, "at_start", f->at_start ? json_incref(f->at_start)
                                                   : json_null());
    json_object_set_new(o, "verdicts", verdicts);
    jsonx_set_integer(o, "turns", f->turns);
    jsonx_set_integer(o, "marked", f->marked);
    jsonx_set_number(o, "power_w", f->power_w);
    jsonx_set_number(o, "power_peak_w", f->power_peak_w);
    jsonx_set_text(o, "energy_scope", *f->energy_scope ? f->energy_scope
                                                       : NULL);
    jsonx_set_number(o, "temp_peak_c", f->temp_peak_c);
    jsonx_set_number(o, "gpu_load_pct", f->gpu_load_pct);
    jsonx_set_number(o, "gpu_freq_hz", f->gpu_freq_hz);
    return o;
}

static void read_text(char *into, size_t size, const json_t *o,
                      const char *key)
{
    const char *text = jsonx_text(o, key);

    snprintf(into, size, "%s", text ? text : "");
}

static long read_count(const json_t *o, const char *key, long missing)
{
    double value = jsonx_number(o, key);

    return value >= 0 && value < 1e15 ? (long)value : missing;
}

void board_facts_read(const json_t *o, struct board_facts *out)
{
    json_t *verdicts = json_object_get(o, "verdicts"), *one;
    json_t *start = json_object_get(o, "at_start");
    size_t  i;

    out->at_start = json_is_object(start) ? json_incref(start) : NULL;
    out->turns = read_count(o, "turns", 0);
    out->marked = read_count(o, "marked", 0);
    out->power_w = jsonx_number(o, "power_w");
    out->power_peak_w = jsonx_number(o, "power_peak_w");
    out->temp_peak_c = jsonx_number(o, "temp_peak_c");
    out->gpu_load_pct = jsonx_number(o, "gpu_load_pct");
    out->gpu_freq_hz = jsonx_number(o, "gpu_freq_hz");
    read_text(out->energy_scope, sizeof out->energy_scope, o, "energy_scope");
    json_array_foreach(verdicts, i, one) {
        struct board_verdict *v = &out->verdicts[out->n_verdicts];

        if (out->n_verdicts == BOARD_VERDICTS_MAX) break;
        out->n_verdicts++;
        read_text(v->kind, sizeof v->kind, one, "kind");
        read_text(v->text, sizeof v->text, one, "text");
        read_text(v->remedy, sizeof v->remedy, one, "remedy");
        v->turns = read_count(one, "turns", -1);
        v->of = read_count(one, "of", -1);
    }
}
