/* SPDX-License-Identifier: MIT */
/* home_match.c - what a call means: are its arguments in order, and which
 * entities does it name?
 *
 * Targets are narrowed in Home Assistant's order (domain, state, name,
 * device class, floor, area), and the first step that leaves nothing is the
 * reason of the error, so a model sees here what it would see there. */
#include "home_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define LIST_MAX 32   /* texts in one list argument */

json_t *home_error(const char *kind, const char *reason, const char *fmt, ...)
{
    json_t *error = json_object();
    char    text[600];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    jsonx_set_text(error, "error", kind);
    if (reason) jsonx_set_text(error, "reason", reason);
    jsonx_set_text(error, "error_text", text);
    return error;
}

/* ---- arguments --------------------------------------------------------- */

static bool is_text(const json_t *value)
{
    const char *text = home_plain_text(value);
    char       *key  = text ? home_key(text) : NULL;
    bool        yes  = key && *key;

    free(key);
    return yes;
}

/* One text or a list of them, as Home Assistant reads its list slots. */
static bool is_text_list(const json_t *value)
{
    if (!json_is_array(value)) return is_text(value);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_text(json_array_get(value, i))) return false;
    return json_array_size(value) <= LIST_MAX;
}

/* Not in the tool list, where each bound would be read by the model with
 * every prompt; what is wrong is told when it matters. */
static const struct range {
    const char *tool, *slot;
    double      min, max;
} RANGES[] = {
    {"HassLightSet",              "brightness",    0,    100},
    {"HassLightSet",              "temperature",   1000, 10000},
    {"HassSetPosition",           "position",      0,    100},
    {"HassSetVolume",             "volume_level",  0,    100},
    {"HassClimateSetTemperature", "temperature",   5,    35},
    {"HassStartTimer",            "hours",         0,    168},
    {"HassStartTimer",            "minutes",       0,    10080},
    {"HassStartTimer",            "seconds",       0,    604800},
    {"HassCancelTimer",           "start_hours",   0,    168},
    {"HassCancelTimer",           "start_minutes", 0,    10080},
    {"HassCancelTimer",           "start_seconds", 0,    604800},
};

#define SWITCHABLE                                                      \
    "|outlet|switch|tv|speaker|receiver|water|gas|awning|blind|curtain|" \
    "damper|door|garage|gate|shade|shutter|window|identify|restart|update|"
#define PLAYERS "|tv|speaker|receiver|"

/* The device classes that Home Assistant takes; other tools take none. */
static const struct {
    const char *tool, *classes;
} CLASSES[] = {
    {"HassTurnOn", SWITCHABLE}, {"HassTurnOff", SWITCHABLE},
    {"HassSetPosition", "|awning|blind|curtain|damper|door|garage|gate|shade|"
                        "shutter|window|water|gas|"},
    {"HassMediaPause", PLAYERS}, {"HassMediaUnpause", PLAYERS},
    {"HassSetVolume", PLAYERS},
};

static const char *find_classes(const char *tool)
{
    for (size_t i = 0; i < sizeof CLASSES / sizeof CLASSES[0]; i++)
        if (strcmp(CLASSES[i].tool, tool) == 0) return CLASSES[i].classes;
    return NULL;
}

static bool has_listed_classes(const char *tool, const json_t *value)
{
    const char *classes = find_classes(tool);

    if (json_is_string(value))
        return home_is_listed(classes, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!home_is_listed(classes,
                            json_string_value(json_array_get(value, i))))
            return false;
    return true;
}

static const struct range *find_range(const char *tool, const char *slot)
{
    for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++)
        if (strcmp(RANGES[i].tool, tool) == 0 &&
            strcmp(RANGES[i].slot, slot) == 0)
            return &RANGES[i];
    return NULL;
}

/* Does the value fit? If not, need says in words what would. */
static bool fits(const char *tool, const char *slot, const char *type,
                 const json_t *value, char *need, size_t size)
{
    const struct range *range    = find_range(tool, slot);
    bool                is_whole = strcmp(type, "integer") == 0;
    double              number   = json_number_value(value);

    if (strcmp(type, "string") == 0) {
        snprintf(need, size, "a text that is not empty");
        return is_text(value);
    }
    if (strcmp(type, "array") == 0) {
        snprintf(need, size, "a text or a list of texts");
        if (!is_text_list(value)) return false;
        snprintf(need, size, "a class that the tool knows");
        return strcmp(slot, "device_class") != 0 ||
               has_listed_classes(tool, value);
    }
    snprintf(need, size, "a %snumber", is_whole ? "whole " : "");
    if (!json_is_number(value) || (is_whole && number != floor(number)))
        return false;
    if (!range) return true;
    snprintf(need, size, "from %g to %g", range->min, range->max);
    return number >= range->min && number <= range->max;
}

/* The type of a slot that narrows targets, or NULL. */
static const char *target_type(const char *tool, const char *slot)
{
    if (strcmp(slot, "name") == 0 || strcmp(slot, "area") == 0 ||
        strcmp(slot, "floor") == 0)
        return "string";
    if (strcmp(slot, "domain") == 0 ||
        (strcmp(slot, "device_class") == 0 && find_classes(tool)))
        return "array";
    return NULL;
}

json_t *home_check_arguments(const char *tool, const json_t *schema,
                             const json_t *arguments, bool any_target)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *required   = json_object_get(schema, "required");
    const char   *slot;
    const json_t *value;

    json_object_foreach((json_t *)arguments, slot, value) {
        const json_t *spec = json_object_get(properties, slot);
        const char   *type = any_target ? target_type(tool, slot) : NULL;
        char          need[60];

        if (!type) type = jsonx_text(spec, "type");
        if (!type)
            return home_error("InvalidSlotInfo", NULL, "%s has no argument "
                              "%.60s", tool, slot);
        if (!fits(tool, slot, type, value, need, sizeof need)) {
            char   *shown = jsonx_dump(value);
            json_t *error = home_error("InvalidSlotInfo", NULL, "Received "
                                       "invalid slot info for %s: %s must be "
                                       "%s, not %.80s", tool, slot, need,
                                       shown);
            free(shown);
            return error;
        }
    }
    for (size_t i = 0; i < json_array_size(required); i++) {
        slot = json_string_value(json_array_get(required, i));
        if (slot && !json_object_get(arguments, slot))
            return home_error("InvalidSlotInfo", NULL, "Received invalid slot "
                              "info for %s: %s is missing", tool, slot);
    }
    return NULL;
}

/* ---- places ------------------------------------------------------------ */

/* Do a call's text and a place's name mean the same? By name, or by the id
 * that Home Assistant makes of it ("living_room"). */
static bool names_place(const char *said, const char *place)
{
    char *key = home_key(said), *name = home_key(place);
    bool  yes = strcmp(key, name) == 0;

    for (char *at = name; *at; at++)
        if (*at == ' ') *at = '_';
    yes = yes || strcmp(key, name) == 0;
    free(key);
    free(name);
    return yes;
}

const struct area *home_area(const struct home *h, const json_t *arguments)
{
    const char *said = jsonx_text(arguments, "area");

    for (size_t i = 0; said && i < h->n_areas; i++)
        if (names_place(said, h->areas[i].name)) return &h->areas[i];
    return NULL;
}

const char *home_floor(const struct home *h, const json_t *arguments)
{
    const char *said = jsonx_text(arguments, "floor");

    for (size_t i = 0; said && i < h->n_areas; i++)
        if (h->areas[i].floor && names_place(said, h->areas[i].floor))
            return h->areas[i].floor;
    return NULL;
}

/* ---- targets ----------------------------------------------------------- */

typedef bool keep_fn(const struct entity *e, const void *wanted);

static bool has_domain(const struct entity *e, const void *domain)
{
    return home_is_in(e, domain);
}

static bool has_state(const struct entity *e, const void *state)
{
    return strcmp(jsonx_text(e->state, "state"), state) == 0;
}

static bool has_attribute(const struct entity *e, const void *attribute)
{
    return home_has(e, attribute);
}

static bool has_key(const struct entity *e, const void *key)
{
    for (size_t i = 0; i < e->keys.n; i++)
        if (strcmp(e->keys.items[i], key) == 0) return true;
    return false;
}

static bool is_on_list(const json_t *texts, const char *text)
{
    if (json_is_string(texts))
        return strcmp(json_string_value(texts), text) == 0;
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
            return true;
    return false;
}

static bool has_domain_of(const struct entity *e, const void *texts)
{
    return is_on_list(texts, e->domain->name);
}

static bool has_class_of(const struct entity *e, const void *texts)
{
    return e->device_class && is_on_list(texts, e->device_class);
}

static bool is_on_floor(const struct entity *e, const void *floor)
{
    return e->area && e->area->floor && strcmp(e->area->floor, floor) == 0;
}

static bool is_in_area(const struct entity *e, const void *area)
{
    return e->area == area;
}

struct match {
    struct entity **found;
    size_t          n;
};

static bool narrow(struct match *m, keep_fn *keep, const void *wanted)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n; i++)
        if (keep(m->found[i], wanted)) m->found[n++] = m->found[i];
    m->n = n;
    return n > 0;
}

static json_t *no_match(const char *reason, const char *what, const char *said)
{
    return home_error("MatchFailedError", reason, "%s%.100s; nothing was "
                      "changed", what, said);
}

static json_t *too_many(const struct match *m, const char *reason)
{
    char   names[240];
    size_t used = 0;

    names[0] = '\0';
    for (size_t i = 0; i < m->n && used < sizeof names; i++) {
        int n = snprintf(names + used, sizeof names - used, "%s%s",
                         i ? ", " : "", m->found[i]->id);
        used += n > 0 ? (size_t)n : 0;
    }
    return home_error("MatchFailedError", reason, "%zu entities fit: %s; only "
                      "one was expected; nothing was changed", m->n, names);
}

/* By the rule of the tool, then by what was said of domain and name. */
static json_t *match_kind(struct match *m, const json_t *arguments,
                          const struct target_rule *rule, const char *key)
{
    const json_t *domains = json_object_get(arguments, "domain");
    const json_t *classes = json_object_get(arguments, "device_class");

    if (rule->domain && !narrow(m, has_domain, rule->domain))
        return no_match("DOMAIN", "this home has no ", rule->domain);
    if (domains && !narrow(m, has_domain_of, domains))
        return no_match("DOMAIN", "no entity that this tool could act on has "
                        "the given domain", "");
    if (rule->state && !narrow(m, has_state, rule->state))
        return no_match("STATE", "nothing is ", rule->state);
    if (key && !narrow(m, has_key, key))
        return no_match("NAME", "no such entity is named ", key);
    if (rule->attribute && !narrow(m, has_attribute, rule->attribute))
        return no_match("FEATURE", "it has no ", rule->attribute);
    if (classes && !(json_is_array(classes) && json_array_size(classes) == 0) &&
        !narrow(m, has_class_of, classes))
        return no_match("DEVICE_CLASS", "nothing that fits has the given "
                        "device_class", "");
    return NULL;
}

static json_t *match_place(const struct home *h, struct match *m,
                           const json_t *arguments)
{
    const char        *said_floor = jsonx_text(arguments, "floor");
    const char        *said_area  = jsonx_text(arguments, "area");
    const char        *floor      = home_floor(h, arguments);
    const struct area *area       = home_area(h, arguments);

    if (said_floor && !floor)
        return no_match("INVALID_FLOOR", "there is no floor ", said_floor);
    if (floor && !narrow(m, is_on_floor, floor))
        return no_match("FLOOR", "nothing that fits is on the floor ", floor);
    if (said_area && !area)
        return no_match("INVALID_AREA", "there is no area ", said_area);
    if (area && !narrow(m, is_in_area, area))
        return no_match("AREA", "nothing that fits is in the area ",
                        area->name);
    return NULL;
}

json_t *home_match(const struct home *h, const json_t *arguments,
                   const struct target_rule *rule, struct entity **found,
                   size_t *n_found)
{
    const char  *name  = jsonx_text(arguments, "name");
    char        *key   = name ? home_key(name) : NULL;
    struct match m     = {found, 0};
    json_t      *error = NULL;

    if (key && strcmp(key, "all") == 0) {
        free(key);
        key = NULL;
    }
    for (size_t i = 0; i < h->n_entities; i++)
        if (!home_is_in(&h->entities[i], "timer"))
            found[m.n++] = &h->entities[i];

    if (!rule->domain && !key && !json_object_get(arguments, "area") &&
        !json_object_get(arguments, "floor") &&
        !json_object_get(arguments, "domain") &&
        !json_object_get(arguments, "device_class"))
        error = home_error("IntentHandleError", NULL, "Service handler cannot "
                           "target all devices");
    if (!error) error = match_kind(&m, arguments, rule, key);
    if (!error) error = match_place(h, &m, arguments);
    if (!error && key && m.n > 1) error = too_many(&m, "DUPLICATE_NAME");
    if (!error && rule->single && m.n > 1)
        error = too_many(&m, "MULTIPLE_TARGETS");
    free(key);
    *n_found = m.n;
    return error;
}
