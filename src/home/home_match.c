/* SPDX-License-Identifier: MIT */
/* home_match.c - which entities does a call mean?
 *
 * Targets are narrowed in Home Assistant's order (domain, state, name,
 * feature, device class, floor, area), and the first step that leaves
 * nothing is the reason of the error, so a model sees here what it would see
 * there. */
#include "home/home_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define TOLD_MAX_BYTES 400   /* names of entities in one error */

/* ---- the slots --------------------------------------------------------- */

/* One text or a list of them into a list of texts; null is an empty one.
 * NULL: it is none, or a text is not on the list of those allowed. */
static json_t *text_list_of(const json_t *value, const char *allowed)
{
    json_t *list = json_array();
    size_t  n    = json_is_array(value) ? json_array_size(value)
                                        : !json_is_null(value);
    bool    is_ok = n <= HOME_LIST_MAX;

    for (size_t i = 0; i < n && is_ok; i++) {
        const json_t *v = json_is_array(value) ? json_array_get(value, i)
                                               : value;
        char *text = NULL;
        json_t *one = json_object();

        json_object_set(one, "x", (json_t *)v);
        is_ok = home_slot_text(one, "x", &text) &&
                (!allowed || home_is_listed(allowed, text));
        if (is_ok) jsonx_add_text(list, text);
        free(text);
        json_decref(one);
    }
    if (is_ok) return list;
    json_decref(list);
    return NULL;
}

static bool slot_list(const json_t *arguments, const char *slot,
                      const char *allowed, json_t **list)
{
    const json_t *value = json_object_get(arguments, slot);

    *list = value ? text_list_of(value, allowed) : NULL;
    return !value || *list;
}

bool home_slots_read(struct slots *out, const json_t *arguments,
                     const char *domains, const char *classes)
{
    char *key;

    *out = (struct slots){0};
    if (!home_slot_text(arguments, "name", &out->name) ||
        !home_slot_text(arguments, "area", &out->area) ||
        !home_slot_text(arguments, "floor", &out->floor) ||
        !slot_list(arguments, "domain", domains, &out->domains) ||
        (classes && !slot_list(arguments, "device_class", classes,
                               &out->classes)))
        return false;
    key = out->name ? home_key(out->name) : NULL;
    if (key && strcmp(key, "all") == 0) {
        free(out->name);
        out->name = NULL;
    }
    free(key);
    return true;
}

void home_slots_done(struct slots *s)
{
    free(s->name);
    free(s->area);
    free(s->floor);
    json_decref(s->domains);
    json_decref(s->classes);
}

/* ---- places ------------------------------------------------------------ */

static bool has_key(const struct text_list *keys, const char *key)
{
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->items[i], key) == 0) return true;
    return false;
}

const struct area *home_find_area(const struct home *h, const char *text)
{
    char              *key  = home_key(text);
    const struct area *area = NULL;

    for (size_t i = 0; i < h->n_areas && !area; i++)
        if (has_key(&h->areas[i].keys, key)) area = &h->areas[i];
    free(key);
    return area;
}

const char *home_find_floor(const struct home *h, const char *text)
{
    char       *key   = home_key(text);
    const char *floor = NULL;

    for (size_t i = 0; i < h->n_areas && !floor; i++) {
        char *name, *id;
        if (!h->areas[i].floor) continue;
        name = home_key(h->areas[i].floor);
        id = home_slug(h->areas[i].floor);
        if (strcmp(key, name) == 0 || strcmp(key, id) == 0)
            floor = h->areas[i].floor;
        free(name);
        free(id);
    }
    free(key);
    return floor;
}

/* ---- single entities --------------------------------------------------- */

struct entity *home_find_entity(struct home *h, const char *text)
{
    char          *key   = home_key(text);
    struct entity *found = NULL;
    size_t         n     = 0;

    for (size_t i = 0; i < h->n_entities; i++)
        if (has_key(&h->entities[i].keys, key)) {
            found = &h->entities[i];
            n++;
        }
    free(key);
    return n == 1 ? found : NULL;
}

struct entity *home_first_of(struct home *h, const char *domain)
{
    for (size_t i = 0; i < h->n_entities; i++)
        if (home_is_in(&h->entities[i], domain)) return &h->entities[i];
    return NULL;
}

struct entity *home_match_one(struct home *h, const char *domain,
                              const char *name, json_t **error)
{
    struct slots   slots = {.name = (char *)name};
    struct rule    rule  = {.domain = domain};
    struct match   m     = {0};
    struct entity *found = NULL;

    *error = home_match(h, &slots, &rule, &m);
    if (!*error) found = m.found[0];
    home_match_done(&m);
    return found;
}

/* ---- narrowing --------------------------------------------------------- */

typedef bool keep_fn(const struct entity *e, const void *wanted);

static bool is_of(const struct entity *e, const void *domain)
{
    return home_is_in(e, domain);
}

static bool is_on_list(const json_t *texts, const char *text)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
            return true;
    return false;
}

static bool is_of_any(const struct entity *e, const void *domains)
{
    return is_on_list(domains, e->domain->name);
}

static bool is_of_class(const struct entity *e, const void *classes)
{
    return e->device_class && is_on_list(classes, e->device_class);
}

static bool is_in_state(const struct entity *e, const void *state)
{
    return strcmp(home_state_text(e), state) == 0;
}

static bool is_named(const struct entity *e, const void *key)
{
    return has_key(&e->keys, key);
}

static bool has_feature(const struct entity *e, const void *features)
{
    unsigned all = *(const unsigned *)features;

    return (e->features & all) == all;
}

static bool is_on_floor(const struct entity *e, const void *floor)
{
    return e->area && e->area->floor && strcmp(e->area->floor, floor) == 0;
}

static bool is_in_area(const struct entity *e, const void *area)
{
    return e->area && e->area == area;
}

static size_t count(const struct match *m, keep_fn *keep, const void *wanted)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n; i++) n += keep(m->found[i], wanted);
    return n;
}

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
    return home_error("MatchFailedError", reason, "%s%.100s (%s); nothing was "
                      "changed", what, said, reason);
}

static json_t *too_many(const struct match *m, const char *reason)
{
    struct strbuf names;
    json_t       *error;

    strbuf_init(&names, TOLD_MAX_BYTES);
    for (size_t i = 0; i < m->n; i++)
        strbuf_addf(&names, "%s%s%s%s%s", i ? ", " : "", m->found[i]->name,
                    m->found[i]->area ? " (" : "",
                    m->found[i]->area ? m->found[i]->area->name : "",
                    m->found[i]->area ? ")" : "");
    error = home_error("MatchFailedError", reason, "%zu entities fit, only one "
                       "was expected: %s (%s); nothing was changed", m->n,
                       names.text, reason);
    strbuf_done(&names);
    return error;
}

static json_t *match_kind(struct match *m, const struct slots *slots,
                          const struct rule *rule, const char *key)
{
    if (slots->domains && !narrow(m, is_of_any, slots->domains))
        return no_match("DOMAIN", "no entity has the given domain", "");
    if (rule->domain && !narrow(m, is_of, rule->domain))
        return no_match("DOMAIN", "this home has no ", rule->domain);
    if (rule->state && !narrow(m, is_in_state, rule->state))
        return no_match("STATE", "nothing is ", rule->state);
    if (key && !narrow(m, is_named, key))
        return no_match("NAME", "no entity that this tool acts on is named ",
                        slots->name);
    if (rule->feature && !narrow(m, has_feature, &rule->feature))
        return no_match("FEATURE", "it cannot do that", "");
    if (json_array_size(slots->classes) > 0 &&
        !narrow(m, is_of_class, slots->classes))
        return no_match("DEVICE_CLASS", "nothing that fits has the given "
                        "device_class", "");
    return NULL;
}

static json_t *match_place(const struct home *h, struct match *m,
                           const struct slots *slots)
{
    if (slots->floor) m->floor = home_find_floor(h, slots->floor);
    if (slots->floor && !m->floor)
        return no_match("INVALID_FLOOR", "there is no floor ", slots->floor);
    if (m->floor && !narrow(m, is_on_floor, m->floor))
        return no_match("FLOOR", "nothing that fits is on the floor ",
                        m->floor);
    if (slots->area) m->area = home_find_area(h, slots->area);
    if (slots->area && !m->area)
        return no_match("INVALID_AREA", "there is no area ", slots->area);
    if (m->area && !narrow(m, is_in_area, m->area))
        return no_match("AREA", "nothing that fits is in the area ",
                        m->area->name);
    return NULL;
}

/* A name that fits several means the one near the user, if there is one. */
static json_t *match_nearest(const struct home *h, struct match *m,
                             const char *name)
{
    if (h->here && h->here->floor) {
        size_t n = count(m, is_on_floor, h->here->floor);
        if (n == 0) return no_match("NAME", "nothing near is named ", name);
        narrow(m, is_on_floor, h->here->floor);
        if (n == 1) return NULL;
    }
    if (h->here && count(m, is_in_area, h->here) < 2)
        return narrow(m, is_in_area, h->here)
               ? NULL : no_match("NAME", "nothing near is named ", name);
    return too_many(m, "DUPLICATE_NAME");
}

static bool is_unbound(const struct slots *slots, const struct rule *rule)
{
    return !rule->domain && !slots->name && !slots->area && !slots->floor &&
           json_array_size(slots->domains) == 0 &&
           json_array_size(slots->classes) == 0;
}

json_t *home_match(struct home *h, const struct slots *slots,
                   const struct rule *rule, struct match *m)
{
    char   *key   = slots->name ? home_key(slots->name) : NULL;
    json_t *error = NULL;

    *m = (struct match){.found = mem_new(h->n_entities, sizeof *m->found)};
    for (size_t i = 0; i < h->n_entities; i++)
        m->found[m->n++] = &h->entities[i];
    if (is_unbound(slots, rule))
        error = home_error("IntentHandleError", NULL, "Service handler cannot "
                           "target all devices");
    if (!error) error = match_kind(m, slots, rule, key);
    if (!error) error = match_place(h, m, slots);
    if (!error && key && m->n > 1 && !rule->is_any)
        error = match_nearest(h, m, slots->name);
    if (!error && rule->is_single && m->n > 1 &&
        (!h->here || count(m, is_in_area, h->here) != 1 ||
         !narrow(m, is_in_area, h->here)))
        error = too_many(m, "MULTIPLE_TARGETS");
    free(key);
    return error;
}

void home_match_done(struct match *m) { free(m->found); }
