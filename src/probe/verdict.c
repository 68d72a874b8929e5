/* SPDX-License-Identifier: MIT */
/* verdict.c - see verdict.h. */
#include "probe/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define NAME_BYTES 128

/* ---- cooling devices --------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool holds_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(text, words[i])) return true;
    return false;
}

/* "devfreq-17000000.gpu" cuts the GPU's clock, "devfreq-15340000.vic" not.
 * Older kernels number them only: on the boards that have it, the GPU. */
static bool is_gpu_devfreq(const char *type)
{
    static const char *const gpus[] = {"gpu", "gv11b", "ga10b", "gp10b",
                                       "gm20b", "gb10b", "mali", "panfrost",
                                       "panthor", "v3d"};
    if (begins(type, "thermal-devfreq-")) return true;
    return begins(type, "devfreq-") &&
           holds_one_of(type, gpus, sizeof gpus / sizeof *gpus);
}

const char *verdict_cooling(const char *type)
{
    static const struct { const char *unit, *reason; } units[] = {
        {"cpu", "thermal_cpu"}, {"gpu", "thermal_gpu"}, {"cv", "thermal_cv"},
        {"soc", "thermal_soc"}, {"emergency", "thermal_soc"},
    };
    char low[NAME_BYTES];

    snprintf(low, sizeof low, "%s", type);
    for (char *c = low; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    if (begins(low, "cpufreq-") || begins(low, "thermal-cpufreq-") ||
        strcmp(low, "processor") == 0 || strcmp(low, "intel_powerclamp") == 0)
        return "thermal_cpu";
    if (is_gpu_devfreq(low)) return "thermal_gpu";
    /* Tegra's "cv0-throttle-alert"; "CPU-balanced" of JetPack 4. */
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const char *rest = low + strlen(units[i].unit);
        if (!begins(low, units[i].unit)) continue;
        rest += strspn(rest, "0123456789");
        if (begins(rest, "-throttle") || begins(rest, "-balanced"))
            return units[i].reason;
    }
    return NULL;
}

/* ---- one reading ------------------------------------------------------- */

bool verdict_pi_word(const char *text, unsigned *bits)
{
    const char *digits = begins(text, "0x") ? text + 2 : text;
    size_t      n = strspn(digits, "0123456789abcdefABCDEF");

    if (n == 0 || n > 8 || digits[n]) return false;
    *bits = (unsigned)strtoul(digits, NULL, 16);
    return true;
}

static void add_reason(struct throttling *v, const char *reason)
{
    for (size_t i = 0; i < v->why.n; i++)
        if (strcmp(v->why.items[i], reason) == 0) return;
    text_list_add(&v->why, reason);
    v->is_throttling = 1;
}

static void known(struct throttling *v)
{
    if (v->is_throttling < 0) v->is_throttling = 0;
}

static void judge_cooling(const struct reading *r, struct throttling *v)
{
    static const char *const order[] = {"thermal_cpu", "thermal_gpu",
                                        "thermal_cv", "thermal_soc"};
    const struct reading_value *states = &r->values[READ_cooling_states];

    for (size_t i = 0; i < states->n; i++)
        if (states->items[i].number >= 0) known(v);
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < states->n; i++) {
            const char *reason = verdict_cooling(states->items[i].name);
            if (states->items[i].number > 0 && reason &&
                strcmp(reason, order[k]) == 0)
                add_reason(v, reason);
        }
}

static void judge_pi(const struct reading *r, struct throttling *v)
{
    static const struct { unsigned bit; const char *reason; } bits[] = {
        {PI_UNDERVOLTAGE, "undervoltage"},
        {PI_FREQUENCY_CAPPED, "frequency_capped"},
        {PI_THROTTLED, "throttled"},
        {PI_SOFT_LIMIT, "soft_temperature_limit"},
    };
    const char *text = reading_get_text(r, READ_throttled_flags);
    unsigned    word;

    /* The alarm alone: a supply that is well says nothing of the heat. */
    if (reading_get(r, READ_undervoltage_now) > 0)
        add_reason(v, "undervoltage");
    if (!text || !verdict_pi_word(text, &word)) return;
    known(v);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (word & bits[i].bit) add_reason(v, bits[i].reason);
}

/* What other probes have found: a GPU's driver tells its own reasons. */
static void judge_told(const struct reading *r, struct throttling *v)
{
    const struct reading_value *told = &r->values[READ_throttle_reasons];

    if (r->values[READ_gpu_throttle_reasons].is_set) known(v);
    if (reading_get(r, READ_throttling_now) >= 0) known(v);
    for (size_t i = 0; i < told->n; i++) add_reason(v, told->items[i].name);
}

/* ---- two readings ------------------------------------------------------ */

static struct counter_delta *add_delta(struct counter_delta **list, size_t *n,
                                       const char *name, double delta)
{
    struct counter_delta *d;

    *list = mem_grow(*list, *n + 1, sizeof **list);
    d = &(*list)[(*n)++];
    *d = (struct counter_delta){mem_copy(name), delta, NAN};
    return d;
}

static void judge_counter(struct throttling *v, const char *name, double delta)
{
    static const struct { const char *name, *reason; } inputs[] = {
        {"oc1", "undervoltage_oc1"}, {"oc2", "overcurrent_average_oc2"},
        {"oc3", "overcurrent_peak_oc3"},
    };
    char reason[NAME_BYTES + 16];

    if (isnan(delta)) return;
    known(v);
    if (delta <= 0) return;
    snprintf(reason, sizeof reason, "overcurrent_%.*s", NAME_BYTES, name);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (strcmp(name, inputs[i].name) == 0)
            snprintf(reason, sizeof reason, "%s", inputs[i].reason);
    add_reason(v, reason);
}

static void compare_events(const struct reading *before,
                           const struct reading *now, struct throttling *v)
{
    const struct reading_value *counts = &now->values[READ_oc_event_counts];

    for (size_t i = 0; i < counts->n; i++) {
        const char *name = counts->items[i].name;
        double      delta = counts->items[i].number -
                            reading_find(before, READ_oc_event_counts, name);
        if (delta < 0) delta = NAN;          /* it began anew */
        add_delta(&v->oc, &v->n_oc, name, delta);
        judge_counter(v, name, delta);
    }
}

/* Counters of energy wrap at their zone's own range. */
static void compare_energy(const struct reading *before,
                           const struct reading *now, struct throttling *v)
{
    const struct reading_value *energy = &now->values[READ_rapl_energy_uj];

    for (size_t i = 0; i < energy->n; i++) {
        const char *name = energy->items[i].name;
        double      range = reading_find(now, READ_rapl_max_energy_range_uj,
                                         name);
        double      old = reading_find(before, READ_rapl_energy_uj, name);
        double      delta = energy->items[i].number - old;
        struct counter_delta *d;
        if (delta < 0) delta = old <= range ? delta + range : NAN;
        if (delta < 0) delta = NAN;
        d = add_delta(&v->rapl, &v->n_rapl, name, delta);
        if (v->interval_s > 0) d->power_mw = delta / v->interval_s / 1000;
    }
}

void throttling_of(const struct reading *before, const struct reading *now,
                   struct throttling *out)
{
    double elapsed = NAN;

    *out = (struct throttling){.is_throttling = -1, .interval_s = NAN};
    judge_cooling(now, out);
    judge_pi(now, out);
    judge_told(now, out);
    if (!before) return;
    elapsed = reading_get(now, READ_uptime_s) -
              reading_get(before, READ_uptime_s);
    if (elapsed < 0) return;                 /* started anew in between */
    out->has_before = true;
    /* Hundredths, as the kernel tells them. */
    out->interval_s = round(elapsed * 100) / 100;
    compare_events(before, now, out);
    compare_energy(before, now, out);
}

static void deltas_done(struct counter_delta *list, size_t n)
{
    for (size_t i = 0; i < n; i++) free(list[i].name);
    free(list);
}

void throttling_done(struct throttling *v)
{
    text_list_done(&v->why);
    deltas_done(v->oc, v->n_oc);
    deltas_done(v->rapl, v->n_rapl);
    *v = (struct throttling){.is_throttling = -1};
}

/* ---- as JSON ----------------------------------------------------------- */

/* Whole numbers as integers. */
static void set_delta(json_t *object, const char *name, double value)
{
    if (fabs(value) <= 0x1p53 && fabs(value - trunc(value)) <= 0)
        jsonx_set_integer(object, name, (long long)value);
    else jsonx_set_number(object, name, value);
}

static void set_deltas(json_t *out, const char *key,
                       const struct counter_delta *list, size_t n, bool power)
{
    json_t *object = n ? json_object() : json_null();

    for (size_t i = 0; i < n; i++)
        set_delta(object, list[i].name,
                  power ? list[i].power_mw : list[i].delta);
    json_object_set_new(out, key, object);
}

static void set_truth(json_t *out, const char *key, int truth)
{
    json_object_set_new(out, key, truth < 0 ? json_null()
                                            : json_boolean(truth));
}

/* The same value under another name, missing for the same reason. */
static void copy_key(json_t *out, json_t *missing, const char *to,
                     const char *from)
{
    json_object_set(out, to, json_object_get(out, from));
    if (json_object_get(missing, from))
        json_object_set(missing, to, json_object_get(missing, from));
}

/* Why what the verdict adds is null. */
static void explain(json_t *out, json_t *missing, const struct throttling *v)
{
    static const char *const deltas[] = {
        "interval_s", "oc_delta_since_previous_frame", "rapl_energy_delta_uj",
        "rapl_power_mw",
    };
    const char *why = !v->has_before ? "no earlier reading since the boot"
                                     : "no such counter on this board";

    for (size_t i = 0; i < sizeof deltas / sizeof *deltas; i++)
        if (json_is_null(json_object_get(out, deltas[i])))
            jsonx_set_text(missing, deltas[i],
                           i == 0 && v->has_before ? "no uptime" : why);
    if (v->is_throttling < 0) {
        json_object_set(missing, "throttling",
                        json_object_get(missing, "throttling_now"));
        return;
    }
    json_object_del(missing, "throttling_now");
    json_object_del(missing, "throttle_reasons");
}

json_t *throttling_json(const struct reading *now,
                        const struct throttling *v, size_t number)
{
    json_t *out = reading_json(now), *why = json_array();
    json_t *missing = json_object_get(out, "missing");

    for (size_t i = 0; i < v->why.n; i++) jsonx_add_text(why, v->why.items[i]);
    jsonx_set_integer(out, "reading", (long long)number);
    set_truth(out, "throttling", v->is_throttling);
    json_object_set_new(out, "why", why);
    jsonx_set_number(out, "interval_s", v->interval_s);
    set_deltas(out, "oc_delta_since_previous_frame", v->oc, v->n_oc, false);
    set_deltas(out, "rapl_energy_delta_uj", v->rapl, v->n_rapl, false);
    set_deltas(out, "rapl_power_mw", v->rapl, v->n_rapl, true);
    set_truth(out, "throttling_now", v->is_throttling);
    if (v->is_throttling < 0)
        json_object_set_new(out, "throttle_reasons", json_null());
    else json_object_set(out, "throttle_reasons", why);
    copy_key(out, missing, "gpu_freq_mhz", "gpu_freq_hz");
    jsonx_set_number(out, "gpu_freq_mhz",
                     reading_get(now, READ_gpu_freq_hz) / 1e6);
    copy_key(out, missing, "cpu_freq_hz", "cpu_freqs_hz");
    copy_key(out, missing, "cpu_hw_max_freq_hz", "cpu_max_freq_hz");
    explain(out, missing, v);
    /* Last, as in a reading. */
    json_incref(missing);
    json_object_del(out, "missing");
    json_object_set_new(out, "missing", missing);
    return out;
}
