/* SPDX-License-Identifier: MIT */
/* understanding_json.c - the figures of understanding as JSON and back; see
 * understanding.h. */
#include "understanding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "report/originals_table.h"

#define MOST 1e15               /* that a count of ours may be */

static json_t *share_json(const struct share *s)
{
    json_t *object = json_object();

    jsonx_set_integer(object, "n", s->n);
    jsonx_set_integer(object, "of", s->of);
    jsonx_set_number(object, "rate", s->of ? s->rate : NAN);
    jsonx_set_number(object, "low", s->of ? s->low : NAN);
    jsonx_set_number(object, "high", s->of ? s->high : NAN);
    return object;
}

static json_t *noise_json(const struct understanding *u)
{
    json_t *levels = json_array();

    for (size_t i = 0; i < u->n_noise; i++) {
        const struct noise_level *l = &u->noise[i];
        json_t                   *object = json_object();

        jsonx_set_integer(object, "target_wer_percent", l->target_percent);
        jsonx_set_number(object, "reached_wer_percent", l->reached_percent);
        json_object_set_new(object, "passed", share_json(&l->passed));
        json_object_set_new(object, "passed_unharmed",
                            share_json(&l->unharmed));
        json_array_append_new(levels, object);
    }
    return levels;
}

static json_t *repeats_json(const struct understanding *u)
{
    json_t *object = json_object(), *hats = json_array();

    for (int k = 0; k < u->most_repeats; k++)
        json_array_append_new(hats, isfinite(u->pass_hat[k])
                              ? json_real(u->pass_hat[k]) : json_null());
    jsonx_set_integer(object, "cases", u->repeated);
    json_object_set_new(object, "pass_hat", hats);
    return object;
}

json_t *understanding_json(const struct understanding *u)
{
    json_t *object = json_object(), *manners = json_object(), *originals;

    jsonx_set_integer(object, "conversations", u->conversations);
    json_object_set_new(object, "turns", share_json(&u->turns));
    for (int i = 0; i < MANNER_COUNT; i++)
        json_object_set_new(manners, manner_name[i],
                            share_json(&u->manners[i]));
    json_object_set_new(object, "manners", manners);
    json_object_set_new(object, "noise", noise_json(u));
    json_object_set_new(object, "repeats", repeats_json(u));
    json_object_set_new(object, "paraphrases", share_json(&u->groups));
    originals = originals_json(&u->originals);
    if (originals) json_object_set_new(object, "originals", originals);
    return object;
}

static long read_count(const json_t *object, const char *key)
{
    double value = jsonx_number(object, key);

    return value >= 0 && value <= MOST ? (long)value : 0;
}

static void read_share(const json_t *object, struct share *out)
{
    *out = (struct share){
        .n = read_count(object, "n"), .of = read_count(object, "of"),
        .rate = jsonx_number(object, "rate"),
        .low = jsonx_number(object, "low"),
        .high = jsonx_number(object, "high")};
}

static void read_noise(const json_t *levels, struct understanding *out)
{
    size_t n = json_array_size(levels);

    for (size_t i = 0; i < n && i < NOISE_LEVELS; i++) {
        const json_t       *from = json_array_get(levels, i);
        struct noise_level *l = &out->noise[out->n_noise++];

        l->target_percent = (int)fmin(
            (double)read_count(from, "target_wer_percent"), 100);
        l->reached_percent = jsonx_number(from, "reached_wer_percent");
        read_share(json_object_get(from, "passed"), &l->passed);
        read_share(json_object_get(from, "passed_unharmed"), &l->unharmed);
    }
}

static void read_repeats(const json_t *object, struct understanding *out)
{
    const json_t *hats = json_object_get(object, "pass_hat");
    size_t        n = json_array_size(hats);

    out->repeated = read_count(object, "cases");
    for (size_t k = 0; k < CONSISTENCY_MOST; k++) out->pass_hat[k] = NAN;
    for (size_t k = 0; k < n && k < CONSISTENCY_MOST; k++) {
        const json_t *value = json_array_get(hats, k);

        if (json_is_number(value)) out->pass_hat[k] = json_number_value(value);
        out->most_repeats = (int)k + 1;
    }
}

void understanding_read(const json_t *object, struct understanding *out)
{
    const json_t *manners = json_object_get(object, "manners");

    *out = (struct understanding){
        .conversations = (int)fmin((double)read_count(object, "conversations"),
                                   1e9)};
    read_share(json_object_get(object, "turns"), &out->turns);
    for (int i = 0; i < MANNER_COUNT; i++)
        read_share(json_object_get(manners, manner_name[i]), &out->manners[i]);
    read_noise(json_object_get(object, "noise"), out);
    read_repeats(json_object_get(object, "repeats"), out);
    read_share(json_object_get(object, "paraphrases"), &out->groups);
    originals_read(json_object_get(object, "originals"), &out->originals);
}
