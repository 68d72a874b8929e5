/* SPDX-License-Identifier: MIT */
/* state.c - judged by what came of it: the state of the home.
 *
 *   {"scorer":"state",
 *    "expect":{"light.kitchen":{"state":"on"}},   may be empty: no change
 *    "also_ok":[{...}, ...],                      other right outcomes
 *    "ignore":{"light.hall":["brightness"]}}      attributes not compared
 *
 * Right is: the state when the turn began with the expected attributes
 * replaced, and nothing else. Every entity is compared, so a side effect
 * anywhere fails. Values are literals or matchers: state_match.h. "_pct"
 * names read what Home Assistant counts otherwise: brightness_pct is
 * brightness of 255 in percent, volume_pct volume_level, both rounded.
 *
 * What follows from the attributes that are named is not compared unless it
 * is named, too:
 *   light         state, from a brightness, a colour or a temperature; all
 *                 that it shows, when it goes on or off; color_mode, color
 *                 and color_temp_kelvin, from any one of them
 *   cover, valve  current_position from state and state from it
 *   fan           percentage and state in the same way
 *   media_player  all that it shows, where state is named and it goes from
 *                 or to off
 *   todo, timer, alarm   state, from the list
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "home/home.h"
#include "score/score.h"
#include "score/state_match.h"
#include "score/state_rule.h"
#include "suite.h"

#define REASONS_MAX      3       /* told in words; the rest is counted */
#define REASON_MAX_BYTES 4000

/* ---- what follows from what is named ----------------------------------- */

static bool names(const json_t *expect, const char *attr)
{
    return json_object_get(expect, attr) != NULL;
}

static bool is_of(const char *entity, const char *domain)
{
    size_t len = strlen(domain);

    return strncmp(entity, domain, len) == 0 && entity[len] == '.';
}

static bool is_state(const json_t *entity, const char *state)
{
    const char *text = jsonx_text(entity, "state");

    return text && strcmp(text, state) == 0;
}

/* One entity in the two states that are compared. */
struct pair {
    const char   *id;
    const json_t *expect, *start, *end;
};

static bool light_implies(const struct pair *p, const char *attr)
{
    bool names_level  = names(p->expect, "brightness") ||
                        names(p->expect, "brightness_pct");
    bool names_colour = names(p->expect, "color") ||
                        names(p->expect, "color_temp_kelvin") ||
                        names(p->expect, "color_mode");
    bool names_state  = names(p->expect, "state");

    if (strcmp(attr, "state") == 0) return names_level || names_colour;
    if (!names_state && !names_level && !names_colour) return false;
    if (is_state(p->start, "on") != is_state(p->end, "on")) return true;
    return names_colour && strcmp(attr, "brightness") != 0;
}

static bool player_implies(const struct pair *p, const char *attr)
{
    return names(p->expect, "state") && strcmp(attr, "state") != 0 &&
           is_state(p->start, "off") != is_state(p->end, "off");
}

/* Does the attribute, which is not named, follow from those that are? */
static bool is_implied(const struct pair *p, const char *attr)
{
    const json_t *e = p->expect;
    bool is_state_attr = strcmp(attr, "state") == 0;

    if (json_object_size(e) == 0) return false;
    if (strcmp(attr, "brightness") == 0 && names(e, "brightness_pct"))
        return true;
    if (strcmp(attr, "volume_level") == 0 && names(e, "volume_pct"))
        return true;
    if (is_of(p->id, "light")) return light_implies(p, attr);
    if (is_of(p->id, "media_player")) return player_implies(p, attr);
    if (is_of(p->id, "cover") || is_of(p->id, "valve"))
        return is_state_attr ? names(e, "current_position")
                             : names(e, "state") &&
                               strcmp(attr, "current_position") == 0;
    if (is_of(p->id, "fan"))
        return is_state_attr ? names(e, "percentage")
                             : names(e, "state") &&
                               strcmp(attr, "percentage") == 0;
    if (is_state_attr &&
        (is_of(p->id, "todo") || is_of(p->id, "timer") ||
         is_of(p->id, "alarm")))
        return names(e, "items") || names(e, "timers") || names(e, "alarms");
    return false;
}

/* ---- saying what differs ----------------------------------------------- */

struct differences {
    struct strbuf words;
    size_t        n;
    const json_t *ignore;
};

static bool is_ignored(const struct differences *d, const char *entity,
                       const char *attr)
{
    const json_t *list = json_object_get(d->ignore, entity);

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), attr) == 0)
            return true;
    return false;
}

/* How the sentence goes on after the entity, with room for two values. */
static void tell(struct differences *d, const char *entity, const char *attr,
                 const json_t *first, const json_t *second, bool is_unmet)
{
    char *a, *b;

    if (is_ignored(d, entity, attr)) return;
    d->n++;
    if (d->n > REASONS_MAX) return;
    a = state_words(first);
    b = state_words(second);
    if (d->n > 1) strbuf_add(&d->words, "; ");
    if (is_unmet && strcmp(attr, "state") == 0)
        strbuf_addf(&d->words, "%s should be %s, is %s", entity, a, b);
    else if (is_unmet)
        strbuf_addf(&d->words, "%s should have %s %s, has %s", entity, attr,
                    a, b);
    else
        strbuf_addf(&d->words, "%s changed %s from %s to %s, which nobody "
                    "asked for", entity, attr, a, b);
    free(a);
    free(b);
}

/* ---- comparing --------------------------------------------------------- */

/* What an attribute, or a convenience name, is at the end. New reference or
 * NULL. */
static json_t *value_at_end(const json_t *end, const char *attr)
{
    double value;

    if (strcmp(attr, "brightness_pct") == 0)
        value = round(jsonx_number(end, "brightness") * 100 / 255);
    else if (strcmp(attr, "volume_pct") == 0)
        value = round(jsonx_number(end, "volume_level") * 100);
    else
        return json_incref(json_object_get(end, attr));
    return isnan(value) ? NULL : json_integer((json_int_t)value);
}

static void compare_entity(struct differences *d, const struct pair *p)
{
    const char *attr;
    json_t     *value;

    json_object_foreach((json_t *)p->expect, attr, value) {
        json_t *got = value_at_end(p->end, attr);
        if (!state_matches(value, got)) tell(d, p->id, attr, value, got, true);
        json_decref(got);
    }
    json_object_foreach((json_t *)p->start, attr, value)
        if (!names(p->expect, attr) && !is_implied(p, attr) &&
            !state_matches(value, json_object_get(p->end, attr)))
            tell(d, p->id, attr, value, json_object_get(p->end, attr), false);
    json_object_foreach((json_t *)p->end, attr, value)
        if (!names(p->expect, attr) && !json_object_get(p->start, attr) &&
            !is_implied(p, attr))
            tell(d, p->id, attr, NULL, value, false);
}

/* How many attributes are not as expected, in words in d. */
static size_t compare(struct differences *d, const json_t *expect,
                      const json_t *ignore, const json_t *start,
                      const json_t *end)
{
    const char *id;
    json_t     *state;

    strbuf_init(&d->words, REASON_MAX_BYTES);
    d->n = 0;
    d->ignore = ignore;
    json_object_foreach((json_t *)expect, id, state) {
        struct pair p = {id, state, json_object_get(start, id),
                         json_object_get(end, id)};
        compare_entity(d, &p);
    }
    json_object_foreach((json_t *)start, id, state) {
        struct pair p = {id, NULL, state, json_object_get(end, id)};
        if (!json_object_get(expect, id)) compare_entity(d, &p);
    }
    json_object_foreach((json_t *)end, id, state) {
        struct pair p = {id, NULL, NULL, state};
        if (!json_object_get(expect, id) && !json_object_get(start, id))
            compare_entity(d, &p);
    }
    if (d->n > REASONS_MAX)
        strbuf_addf(&d->words, "; and %zu more", d->n - REASONS_MAX);
    return d->n;
}

/* ---- the verdict ------------------------------------------------------- */

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const json_t      *others = json_object_get(rule, "also_ok");
    const json_t      *ignore = json_object_get(rule, "ignore");
    struct differences d;
    size_t             left;

    *out = (struct judgement){0};
    if (!t->start_state || !t->end_state) {
        utf8_copy(out->reason, sizeof out->reason,
                  "the state of the home was not recorded");
        return;
    }
    left = compare(&d, json_object_get(rule, "expect"), ignore,
                   t->start_state, t->end_state);
    if (left > 0) utf8_copy(out->reason, sizeof out->reason, d.words.text);
    strbuf_done(&d.words);
    for (size_t i = 0; left > 0 && i < json_array_size(others); i++) {
        left = compare(&d, json_array_get(others, i), ignore, t->start_state,
                       t->end_state);
        strbuf_done(&d.words);
    }
    if (left > 0) return;
    out->pass = true;
    out->reason[0] = '\0';
}

const struct score_ops score_state = {
    .name = "state",
    .help = "the home is as asked for, and nothing else has changed",
    .needs_tools = true,
    .check_rule = state_check_rule,
    .judge = judge,
};
