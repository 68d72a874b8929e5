/* SPDX-License-Identifier: MIT */
/* home_state.c - what a device can be, how a change gets onto it, and what
 * it shows of itself.
 *
 * A device remembers more than it shows: a light that is off keeps the level
 * it will come on with, a player its volume. A change may name what is
 * hidden; what is shown has one form only (numbers that are whole are
 * integers), so that equal homes have equal states. */
#include "home/home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

/* ---- small things ------------------------------------------------------ */

char *home_key(const char *text)
{
    char  *key = utf8_fold(text);
    size_t len = strlen(key), from = 0;

    while (len > 0 && strchr(" \t\r\n\v\f", key[len - 1])) len--;
    while (from < len && strchr(" \t\r\n\v\f", key[from])) from++;
    memmove(key, key + from, len - from);
    key[len - from] = '\0';
    return key;
}

char *home_slug(const char *name)
{
    char  *slug = home_key(name);
    size_t used = 0;

    for (size_t i = 0; slug[i]; i++) {
        bool is_word = (unsigned char)slug[i] >= 128 ||
                       (slug[i] >= 'a' && slug[i] <= 'z') ||
                       (slug[i] >= '0' && slug[i] <= '9');
        if (is_word)
            slug[used++] = slug[i];
        else if (used > 0 && slug[used - 1] != '_')
            slug[used++] = '_';
    }
    while (used > 0 && slug[used - 1] == '_') used--;
    slug[used] = '\0';
    return slug;
}

bool home_is_listed(const char *list, const char *word)
{
    char *barred = mem_printf("|%s|", word);
    bool  yes    = *word && !strchr(word, '|') && strstr(list, barred);

    free(barred);
    return yes;
}

const char *home_plain_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) &&
           strlen(text) <= HOME_TEXT_MAX_BYTES ? text : NULL;
}

json_t *home_number(double value)
{
    return value == floor(value) && fabs(value) < 1e15
           ? json_integer((json_int_t)value) : json_real(value);
}

bool home_is_in(const struct entity *e, const char *domain)
{
    return strcmp(e->domain->name, domain) == 0;
}

const char *home_state_word(const struct domain *domain, const char *word)
{
    for (size_t i = 0; domain->states && domain->states[i]; i++)
        if (strcmp(domain->states[i], word) == 0) return domain->states[i];
    return NULL;
}

const char *home_state_text(const struct entity *e)
{
    return e->domain->is_json ? jsonx_text(e->state, "state")
                              : e->device.state;
}

static bool is_off(const struct device *d)
{
    return strcmp(d->state, "off") == 0;
}

/* ---- a change onto a device -------------------------------------------- */

/* Takes a value for an attribute into the device. False: the attribute is
 * there, and cannot have this value. Null is what lights and players show
 * while they are off: it says nothing of what they remember. */
typedef bool take_fn(const struct entity *e, struct device *d,
                     const json_t *value);

static bool take_number(const json_t *value, double min, double max,
                        double *out)
{
    double number = json_is_number(value) ? json_number_value(value) : NAN;

    if (!(number >= min && number <= max)) return false;
    *out = number;
    return true;
}

static bool take_whole(const json_t *value, int min, int max, int *out)
{
    double number;

    if (!take_number(value, min, max, &number) || number != floor(number))
        return false;
    *out = (int)number;
    return true;
}

static bool take_brightness(const struct entity *e, struct device *d,
                            const json_t *value)
{
    (void)e;
    return json_is_null(value) || take_whole(value, 0, 255, &d->brightness);
}

static bool take_kelvin(const struct entity *e, struct device *d,
                        const json_t *value)
{
    (void)e;
    if (json_is_null(value)) return true;
    d->shows_color = false;
    return take_whole(value, 1, 100000, &d->kelvin);
}

static bool take_color(const struct entity *e, struct device *d,
                       const json_t *value)
{
    const char *said   = home_plain_text(value);
    const char *colour = said ? home_colour(said) : NULL;

    (void)e;
    if (json_is_null(value)) return true;
    if (!colour) return false;
    d->color = colour;
    d->shows_color = true;
    return true;
}

static const char *color_mode(const struct entity *e, const struct device *d)
{
    if (d->shows_color) return e->features & CAN_RGBW ? "rgbw" : "rgb";
    if (d->kelvin) return "color_temp";
    return e->features & CAN_BRIGHTNESS ? "brightness" : "onoff";
}

static bool take_color_mode(const struct entity *e, struct device *d,
                            const json_t *value)
{
    const char *said = json_string_value(value);
    bool        was  = d->shows_color;

    if (json_is_null(value)) return true;
    if (!said) return false;
    for (int k = 0; k < 2; k++) {
        d->shows_color = d->color && k == 0;
        if (strcmp(said, color_mode(e, d)) == 0) return true;
    }
    d->shows_color = was;
    return false;
}

static bool take_position(const struct entity *e, struct device *d,
                          const json_t *value)
{
    (void)e;
    if (!take_whole(value, 0, 100, &d->level)) return false;
    d->state = d->level > 0 ? "open" : "closed";
    return true;
}

static bool take_percentage(const struct entity *e, struct device *d,
                            const json_t *value)
{
    (void)e;
    if (!take_whole(value, 0, 100, &d->level)) return false;
    d->state = d->level > 0 ? "on" : "off";
    return true;
}

static bool take_volume(const struct entity *e, struct device *d,
                        const json_t *value)
{
    (void)e;
    return json_is_null(value) || take_number(value, 0, 1, &d->volume);
}

static bool take_muted(const struct entity *e, struct device *d,
                       const json_t *value)
{
    (void)e;
    if (!json_is_boolean(value)) return json_is_null(value);
    d->muted = json_is_true(value);
    return true;
}

static bool take_track(const struct entity *e, struct device *d,
                       const json_t *value)
{
    (void)e;
    return json_is_null(value) || take_whole(value, 0, 19, &d->track);
}

static bool take_target(const struct entity *e, struct device *d,
                        const json_t *value)
{
    (void)e;
    return take_number(value, -50, 100, &d->temperature);
}

static bool take_current(const struct entity *e, struct device *d,
                         const json_t *value)
{
    (void)e;
    return take_number(value, -60, 150, &d->current_temperature);
}

/* Which attributes there are, and which devices have them. */
static const struct attribute {
    const char *domain, *name;
    unsigned    needs;       /* one of these features; 0: all have it       */
    take_fn    *take;
} ATTRIBUTES[] = {
    {"light", "color_mode", 0, take_color_mode},
    {"light", "brightness", CAN_BRIGHTNESS, take_brightness},
    {"light", "color_temp_kelvin", CAN_COLOR_TEMP, take_kelvin},
    {"light", "color", CAN_COLOR, take_color},
    {"cover", "current_position", CAN_REPORT_POSITION, take_position},
    {"valve", "current_position", CAN_REPORT_POSITION, take_position},
    {"fan", "percentage", 0, take_percentage},
    {"media_player", "volume_level", 0, take_volume},
    {"media_player", "media_track", 0, take_track},
    {"media_player", "is_volume_muted", 0, take_muted},
    {"climate", "temperature", 0, take_target},
    {"climate", "current_temperature", 0, take_current},
};

static const struct attribute *find_attribute(const struct entity *e,
                                              const char *name)
{
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++) {
        const struct attribute *a = &ATTRIBUTES[i];
        if (strcmp(a->name, name) == 0 && home_is_in(e, a->domain))
            return a->needs == 0 || (e->features & a->needs) ? a : NULL;
    }
    return NULL;
}

static int no_value(const struct entity *e, const char *name,
                    const json_t *value, struct err *err)
{
    char *shown = jsonx_dump(value);

    err_set(err, ERR_INPUT, "%s: %.100s is no value that %.60s can have; see "
            "what the home shows of it", e->id, shown, name);
    free(shown);
    return -1;
}

static bool is_mode(const struct entity *e, const char *word)
{
    if (!e->modes) return true;
    for (size_t i = 0; i < json_array_size(e->modes); i++)
        if (strcmp(json_string_value(json_array_get(e->modes, i)), word) == 0)
            return true;
    return false;
}

/* The named state, and what moves with it. False: a contradiction. */
static bool take_state(const struct entity *e, struct device *d,
                       const json_t *patch, const char *word)
{
    bool is_place = home_is_in(e, "cover") || home_is_in(e, "valve");
    bool is_first = strcmp(word, e->domain->states[0]) == 0;

    if (home_is_in(e, "climate") && !is_mode(e, word)) return false;
    if (is_place && (e->features & CAN_REPORT_POSITION)) {
        if (!json_object_get(patch, "current_position") &&
            is_first != (d->level == 0))
            d->level = is_first ? 0 : 100;
        if (is_first != (d->level == 0)) return false;
    }
    if (home_is_in(e, "fan")) {
        if (!json_object_get(patch, "percentage") &&
            is_first != (d->level == 0))
            d->level = is_first ? 0 : 100;
        if (is_first != (d->level == 0)) return false;
    }
    d->state = word;
    return true;
}

static int patch_device(struct entity *e, const json_t *patch,
                        const struct home_manner *manner, struct err *err)
{
    struct device d     = e->device;
    const json_t *state = json_object_get(patch, "state");
    const char   *said  = home_plain_text(state), *name, *word;
    json_t       *value;

    json_object_foreach((json_t *)patch, name, value) {
        const struct attribute *a = find_attribute(e, name);
        if (strcmp(name, "state") == 0) continue;
        if (!a)
            return err_set(err, ERR_INPUT, "%s has no attribute %.60s; see "
                           "what the home shows of it", e->id, name);
        if (!a->take(e, &d, value)) return no_value(e, name, value, err);
    }
    if (state) {
        word = said ? home_state_word(e->domain, said) : NULL;
        if (!word || (home_is_in(e, "vacuum") && !manner->is_recorded &&
                      (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)))
            return no_value(e, "state", state, err);
        if (!take_state(e, &d, patch, word))
            return err_set(err, ERR_INPUT, "%s: state %s contradicts what "
                           "else it has or can; leave one of them out", e->id,
                           word);
    }
    e->device = d;
    return 0;
}

int home_patch_entity(struct entity *e, const json_t *patch,
                      const struct home_manner *manner, struct err *err)
{
    json_t *state;

    if (!json_is_object(patch))
        return err_set(err, ERR_INPUT, "%s: a change must be an object of "
                       "attributes", e->id);
    if (!e->domain->is_json) return patch_device(e, patch, manner, err);
    state = home_patched_state(e, patch, err);
    if (!state) return -1;
    json_decref(e->state);
    e->state = state;
    return 0;
}

/* ---- changes onto a home ----------------------------------------------- */

static struct entity *find_id(const struct home *h, const char *id)
{
    for (size_t i = 0; i < h->n_entities; i++)
        if (strcmp(h->entities[i].id, id) == 0) return &h->entities[i];
    return NULL;
}

int home_try_patch(const struct home *h, const char *id,
                   const json_t *changes, struct entity *out, struct err *err)
{
    const struct entity *e = find_id(h, id);

    if (!e)
        return err_set(err, ERR_INPUT, "the home has no entity %.100s", id);
    *out = *e;
    json_incref(out->state);
    if (home_patch_entity(out, changes, &h->manner, err) == 0) return 0;
    json_decref(out->state);
    return -1;
}

int home_patch(struct home *h, const json_t *patch, struct err *err)
{
    size_t         n    = 0;
    struct entity *next = mem_new(json_object_size(patch) + 1, sizeof *next);
    const char    *id;
    json_t        *changes;
    int            rc = -1;

    if (!json_is_object(patch)) {
        err_set(err, ERR_INPUT, "changes to a home must be an object of "
                "entities");
        goto done;
    }
    json_object_foreach((json_t *)patch, id, changes) {
        if (home_try_patch(h, id, changes, &next[n], err)) goto done;
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        struct entity *e   = find_id(h, next[i].id);
        json_t        *old = e->state;
        *e = next[i];
        next[i].state = old;
    }
    rc = 0;

done:
    for (size_t i = 0; i < n; i++) json_decref(next[i].state);
    free(next);
    return rc;
}

/* ---- what is shown ----------------------------------------------------- */

static void show_light(const struct entity *e, json_t *out)
{
    const struct device *d  = &e->device;
    bool                 on = !is_off(d);
    const char          *mode = color_mode(e, d);

    jsonx_set_text(out, "color_mode", on ? mode : NULL);
    if (e->features & CAN_BRIGHTNESS)
        json_object_set_new(out, "brightness",
                            on && d->brightness >= 0
                            ? json_integer(d->brightness) : json_null());
    if (e->features & CAN_COLOR_TEMP)
        json_object_set_new(out, "color_temp_kelvin",
                            on && !d->shows_color ? json_integer(d->kelvin)
                                                  : json_null());
    if (e->features & CAN_COLOR)
        jsonx_set_text(out, "color", on && d->shows_color ? d->color : NULL);
}

static void show_player(const struct entity *e, json_t *out)
{
    const struct device *d = &e->device;

    if (is_off(d)) return;
    json_object_set_new(out, "volume_level", home_number(d->volume));
    if (!e->device_class || strcmp(e->device_class, "tv") != 0)
        jsonx_set_integer(out, "media_track", d->track);
    if (d->muted >= 0)
        json_object_set_new(out, "is_volume_muted", json_boolean(d->muted));
}

static json_t *show_json(const struct entity *e,
                         const struct home_manner *manner)
{
    json_t *out = json_deep_copy(e->state);

    json_object_del(out, "forecast");
    if (manner->is_recorded) {
        json_object_del(out, "items");
        json_object_del(out, "completed");
        json_object_del(out, "events");
    }
    return out;
}

json_t *home_shown(const struct entity *e, const struct home_manner *manner)
{
    const struct device *d = &e->device;
    json_t              *out;

    if (e->domain->is_json) return show_json(e, manner);
    out = json_object();
    jsonx_set_text(out, "state", d->state);
    if (home_is_in(e, "light")) {
        show_light(e, out);
    } else if (home_is_in(e, "media_player")) {
        show_player(e, out);
    } else if (home_is_in(e, "fan")) {
        jsonx_set_integer(out, "percentage", d->level);
    } else if (home_is_in(e, "climate")) {
        if (!isnan(d->temperature))
            json_object_set_new(out, "temperature",
                                home_number(d->temperature));
        if (!isnan(d->current_temperature))
            json_object_set_new(out, "current_temperature",
                                home_number(d->current_temperature));
    } else if (e->features & CAN_REPORT_POSITION) {
        jsonx_set_integer(out, "current_position", d->level);
    }
    return out;
}

json_t *home_state(const struct home *h)
{
    json_t *state = json_object();

    for (size_t i = 0; i < h->n_entities; i++)
        json_object_set_new(state, h->entities[i].id,
                            home_shown(&h->entities[i], &h->manner));
    return state;
}
