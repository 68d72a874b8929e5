/* SPDX-License-Identifier: MIT */
/* soak_json.c - the figures of a soak as JSON and back; see soak.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "soak.h"

#define MOST 1e15               /* that a count of ours may be */

static json_t *drift_json(const struct drift *d, const char *change)
{
    json_t *object = json_object();

    jsonx_set_text(object, "is", steadiness_name(d->is));
    jsonx_set_number(object, "first", d->first);
    jsonx_set_number(object, "last", d->last);
    jsonx_set_number(object, change, d->change);
    jsonx_set_number(object, "slope_per_h", d->slope_per_h);
    jsonx_set_number(object, "slope_per_h_low", d->slope_low);
    jsonx_set_number(object, "slope_per_h_high", d->slope_high);
    jsonx_set_integer(object, "n", d->n);
    return object;
}

json_t *soak_json(const struct soak_facts *f)
{
    json_t *object = json_object();
    json_t *rate   = json_object();

    jsonx_set_text(object, "is", steadiness_name(f->is));
    jsonx_set_text(object, "reason", *f->reason ? f->reason : NULL);
    jsonx_set_number(object, "wanted_s", f->wanted_s);
    jsonx_set_number(object, "duration_s", f->duration_s);
    jsonx_set_integer(object, "starts", f->starts);
    jsonx_set_integer(object, "turns", f->turns);
    jsonx_set_integer(object, "failures", f->failures);
    jsonx_set_number(rate, "rate", f->failures_per_1000);
    jsonx_set_number(rate, "low", f->failures_low);
    jsonx_set_number(rate, "high", f->failures_high);
    json_object_set_new(object, "failures_per_1000", rate);
    jsonx_set_integer(object, "answers", f->answers);
    jsonx_set_integer(object, "different_answers", f->different);
    jsonx_set_number(object, "time_to_steady_s", f->time_to_steady_s);
    jsonx_set_number(object, "growth_bytes_per_1000",
                     f->growth_bytes_per_1000);
    json_object_set_new(object, "tok_s", drift_json(&f->tok_s, "change_frac"));
    json_object_set_new(object, "first_sentence_s",
                        drift_json(&f->latency, "change_frac"));
    json_object_set_new(object, "memory_bytes",
                        drift_json(&f->memory, "change_frac"));
    json_object_set_new(object, "temp_c", drift_json(&f->temp, "change_c"));
    json_object_set_new(object, "power_w",
                        drift_json(&f->power, "change_frac"));
    return object;
}

static long read_count(const json_t *object, const char *key)
{
    double value = jsonx_number(object, key);

    return value >= 0 && value <= MOST ? (long)value : -1;
}

static enum steadiness read_steadiness(const json_t *object)
{
    const char *name = jsonx_text(object, "is");

    for (int s = STEADY; name && s <= DRIFTING; s++)
        if (strcmp(name, steadiness_name((enum steadiness)s)) == 0)
            return (enum steadiness)s;
    return STEADY_UNKNOWN;
}

static void drift_read(const json_t *object, const char *change,
                       struct drift *out)
{
    *out = (struct drift){
        .is = read_steadiness(object),
        .first = jsonx_number(object, "first"),
        .last = jsonx_number(object, "last"),
        .change = jsonx_number(object, change),
        .slope_per_h = jsonx_number(object, "slope_per_h"),
        .slope_low = jsonx_number(object, "slope_per_h_low"),
        .slope_high = jsonx_number(object, "slope_per_h_high"),
        .n = read_count(object, "n")};
}

void soak_read(const json_t *object, struct soak_facts *out)
{
    const json_t *rate   = json_object_get(object, "failures_per_1000");
    const char   *reason = jsonx_text(object, "reason");
    double        starts = jsonx_number(object, "starts");

    *out = (struct soak_facts){
        .is = read_steadiness(object),
        .wanted_s = jsonx_number(object, "wanted_s"),
        .duration_s = jsonx_number(object, "duration_s"),
        .starts = starts >= 0 && starts <= 1e9 ? (int)starts : -1,
        .turns = read_count(object, "turns"),
        .failures = read_count(object, "failures"),
        .failures_per_1000 = jsonx_number(rate, "rate"),
        .failures_low = jsonx_number(rate, "low"),
        .failures_high = jsonx_number(rate, "high"),
        .answers = read_count(object, "answers"),
        .different = read_count(object, "different_answers"),
        .time_to_steady_s = jsonx_number(object, "time_to_steady_s"),
        .growth_bytes_per_1000 = jsonx_number(object,
                                              "growth_bytes_per_1000")};
    snprintf(out->reason, sizeof out->reason, "%s", reason ? reason : "");
    drift_read(json_object_get(object, "tok_s"), "change_frac", &out->tok_s);
    drift_read(json_object_get(object, "first_sentence_s"), "change_frac",
               &out->latency);
    drift_read(json_object_get(object, "memory_bytes"), "change_frac",
               &out->memory);
    drift_read(json_object_get(object, "temp_c"), "change_c", &out->temp);
    drift_read(json_object_get(object, "power_w"), "change_frac",
               &out->power);
}
