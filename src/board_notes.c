/* SPDX-License-Identifier: MIT */
/* board_notes.c - see board_notes.h. */
#include "board_notes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "base/utf8.h"
#include "coload.h"
#include "stats.h"
#include "telemetry.h"

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
        /* Also one between two samples, which has none of its own. */
        watched += isfinite(b->duration_s);
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
        mem_push(&a->power_w, &a->n_power, value);
    else if (strcmp(name, "board_gpu_load_pct") == 0)
        mem_push(&a->load_pct, &a->n_load, value);
    else if (strcmp(name, "board_gpu_freq_hz") == 0)
        mem_push(&a->freq_hz, &a->n_freq, value);
    else if (strcmp(name, "board_energy_scope") == 0) a->energy_scope = value;
    else if (strcmp(name, "board_coload_cores") == 0)
        mem_push(&a->coload_cores, &a->n_coload, value);
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

/* What the turns with this mark were about, with the figure that shows it. */
static void throttle_words(const struct board_tally *a, struct strbuf *out)
{
    const char *between = " (";

    strbuf_add(out, "heat, power or current cut the clocks");
    if (a->oc_events > 0) {
        strbuf_addf(out, "%s%.0f over-current event%s", between, a->oc_events,
                    a->oc_events > 1 ? "s" : "");
        between = ", ";
    }
    if (isfinite(a->temp_c)) {
        strbuf_addf(out, "%sat most %.1f °C", between, a->temp_c);
        between = ", ";
    }
    if (*between == ',') strbuf_add(out, ")");
}

static void mark_words(const struct board_tally *a, unsigned bit,
                       const char *fallback_why, struct strbuf *out)
{
    switch ((enum turn_mark)bit) {
    case MARK_THROTTLED:
        throttle_words(a, out);
        break;
    case MARK_SLOW_CLOCK:
        strbuf_add(out, "a clock ran below what the power mode allows");
        break;
    case MARK_CPU_FALLBACK:
        strbuf_addf(out, "the model ran on the CPU, not on the GPU%s%s",
                    *fallback_why ? ": " : "", fallback_why);
        break;
    case MARK_INTERFERENCE:
        strbuf_add(out, "other processes, or the host, took CPU time");
        if (isfinite(a->other_cores))
            strbuf_addf(out, " (up to %.1f cores)", a->other_cores);
        break;
    case MARK_SWAPPED:
        strbuf_add(out, "memory was swapped, or weights were read again");
        if (isfinite(a->swapped_bytes))
            strbuf_addf(out, " (%s)", units_bytes(a->swapped_bytes).text);
        break;
    }
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
        return "stop what else runs (`top` names it), or give it as co-load "
               "if it belongs there";
    case MARK_SWAPPED:
        return "less context, a smaller quantisation, or free memory first";
    }
    return "";
}

static struct board_verdict *add_verdict(struct board_facts *f,
                                         const char *kind)
{
    struct board_verdict *v;

    if (f->n_verdicts == BOARD_VERDICTS_MAX) return NULL;
    v = &f->verdicts[f->n_verdicts++];
    *v = (struct board_verdict){.turns = -1, .of = -1};
    utf8_copy(v->kind, sizeof v->kind, kind);
    return v;
}

static void add_mark(const struct board_tally *a, unsigned bit, double turns,
                     const char *fallback_why, struct board_facts *out)
{
    struct board_verdict *v = turns > 0 ? add_verdict(out, mark_name(bit))
                                        : NULL;
    struct strbuf words;

    if (!v) return;
    v->turns = (long)turns;
    v->of = (long)a->turns;
    strbuf_init(&words, 4096);
    strbuf_addf(&words, "%ld of %ld turns: ", v->turns, v->of);
    mark_words(a, bit, fallback_why, &words);
    utf8_copy(v->text, sizeof v->text, words.text);
    utf8_copy(v->remedy, sizeof v->remedy, mark_remedy(bit));
    strbuf_done(&words);
}

void board_facts_init(struct board_facts *f)
{
    *f = (struct board_facts){
        .power_w = NAN, .power_peak_w = NAN, .temp_peak_c = NAN,
        .gpu_load_pct = NAN, .gpu_freq_hz = NAN};
}

void board_notes_summarise(const struct board_tally *tally,
                           const char *fallback_why, struct board_facts *out)
{
    json_t *at_start = out->at_start;

    board_facts_init(out);
    out->at_start = at_start;
    if (!tally->is_begun) return;
    out->turns = (long)tally->turns;
    out->marked = (long)tally->marked;
    out->power_w = stats_median(tally->power_w, tally->n_power);
    out->gpu_load_pct = stats_median(tally->load_pct, tally->n_load);
    out->gpu_freq_hz = stats_median(tally->freq_hz, tally->n_freq);
    out->power_peak_w = tally->power_peak_w;
    out->temp_peak_c = tally->temp_c;
    utf8_copy(out->energy_scope, sizeof out->energy_scope,
              energy_scope_name(tally->energy_scope));
    for (unsigned k = 0; k < MARK_BITS; k++)
        add_mark(tally, 1u << k, tally->by_mark[k], fallback_why, out);
}

void board_notes_coload(const struct coload_facts *c, struct board_facts *out)
{
    struct board_verdict *v = c && c->is_wanted ? add_verdict(out, "co_load")
                                                : NULL;
    char *words;

    if (!v) return;
    words = c->has_ended
          ? mem_printf("measured beside %s, which ended early: %s", c->command,
                       *c->how ? c->how : "how is not known")
          : mem_printf("measured beside %s", c->command);
    utf8_copy(v->text, sizeof v->text, words);
    if (c->has_ended)
        utf8_copy(v->remedy, sizeof v->remedy, "keep the co-load running, "
                  "then run again with --fresh");
    free(words);
}

/* ---- for programs ------------------------------------------------------- */

static void set_count(json_t *object, const char *key, long count)
{
    json_object_set_new(object, key, count < 0 ? json_null()
                                               : json_integer(count));
}

json_t *board_facts_json(const struct board_facts *f)
{
    json_t *o = json_object(), *verdicts = json_array();

    for (size_t i = 0; i < f->n_verdicts; i++) {
        const struct board_verdict *v = &f->verdicts[i];
        json_t                     *one = json_object();

        jsonx_set_text(one, "kind", v->kind);
        jsonx_set_text(one, "text", v->text);
        jsonx_set_text(one, "remedy", *v->remedy ? v->remedy : NULL);
        set_count(one, "turns", v->turns);
        set_count(one, "of", v->of);
        json_array_append_new(verdicts, one);
    }
    json_object_set_new(o, "at_start", f->at_start ? json_incref(f->at_start)
                                                   : json_null());
    json_object_set_new(o, "verdicts", verdicts);
    jsonx_set_integer(o, "turns", f->turns);
    set_count(o, "marked", f->turns > 0 ? f->marked : -1);
    jsonx_set_number(o, "power_w", f->power_w);
    jsonx_set_number(o, "power_peak_w", f->power_peak_w);
    jsonx_set_text(o, "energy_scope", *f->energy_scope ? f->energy_scope
                                                       : NULL);
    jsonx_set_number(o, "temp_peak_c", f->temp_peak_c);
    jsonx_set_number(o, "gpu_load_pct", f->gpu_load_pct);
    jsonx_set_number(o, "gpu_freq_hz", f->gpu_freq_hz);
    return o;
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

    board_facts_init(out);
    out->at_start = json_is_object(start) ? json_incref(start) : NULL;
    out->turns = read_count(o, "turns", 0);
    out->marked = read_count(o, "marked", 0);
    out->power_w = jsonx_number(o, "power_w");
    out->power_peak_w = jsonx_number(o, "power_peak_w");
    out->temp_peak_c = jsonx_number(o, "temp_peak_c");
    out->gpu_load_pct = jsonx_number(o, "gpu_load_pct");
    out->gpu_freq_hz = jsonx_number(o, "gpu_freq_hz");
    utf8_copy(out->energy_scope, sizeof out->energy_scope,
              jsonx_text(o, "energy_scope"));
    json_array_foreach(verdicts, i, one) {
        struct board_verdict *v = add_verdict(out, jsonx_text(one, "kind"));

        if (!v) break;
        utf8_copy(v->text, sizeof v->text, jsonx_text(one, "text"));
        utf8_copy(v->remedy, sizeof v->remedy, jsonx_text(one, "remedy"));
        v->turns = read_count(one, "turns", -1);
        v->of = read_count(one, "of", -1);
    }
}
