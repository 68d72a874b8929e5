/* SPDX-License-Identifier: MIT */
/* home_allows.c - could this be a state of the home? What a case expects is
 * put to it here, before any model is asked. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "home/home_internal.h"

static bool is_same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return !(json_number_value(a) < json_number_value(b) ||
                 json_number_value(a) > json_number_value(b));
    return json_equal(a, b);
}

/* A colour is the same however it is spelt. */
static bool is_same_text(const json_t *a, const json_t *b)
{
    const char *x = json_string_value(a), *y = json_string_value(b);
    const char *colour = x && y ? home_colour(x) : NULL;

    return x && y &&
           (strcmp(x, y) == 0 || (colour && colour == home_colour(y)));
}

/* Would the entity, changed so, show what was said? Lists have been brought
 * into their form and compare by length. */
static bool shows(const struct entity *e, const struct home_manner *manner,
                  const json_t *said)
{
    json_t     *shown = home_shown(e, manner), *value, *got;
    const char *name;
    bool        yes = true;

    json_object_foreach((json_t *)said, name, value) {
        got = json_object_get(shown, name);
        yes = yes && got &&
              (json_is_array(value)
               ? json_array_size(value) == json_array_size(got)
               : is_same(value, got) || is_same_text(value, got));
    }
    json_decref(shown);
    return yes;
}

/* Where the state is not named, in some state the rest must be possible. */
static bool could_show(const struct home *h, const struct entity *e,
                       const json_t *said)
{
    const char *const *words = e->domain->states;
    struct entity      other = *e;
    struct err         err   = {0};
    bool               yes   = shows(e, &h->manner, said);

    if (yes || e->domain->is_json || json_object_get(said, "state"))
        return yes;
    for (size_t i = 0; words[i] && !yes; i++) {
        other.device.state = words[i];
        yes = home_patch_entity(&other, said, &h->manner, &err) == 0 &&
              shows(&other, &h->manner, said);
    }
    return yes;
}

/* A state that follows from a list, said without the list, needs no more
 * than that some list could lead to it. */
static bool is_derived(const char *id, const json_t *said)
{
    static const struct {
        const char *kind, *list;
    } kinds[] = {{"todo.", "items"}, {"alarm.", "alarms"},
                 {"timer.", "timers"}};
    const char *state = jsonx_text(said, "state");

    for (size_t i = 0; state && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(id, kinds[i].kind, strlen(kinds[i].kind)) != 0) continue;
        if (json_object_get(said, kinds[i].list)) return false;
        if (strcmp(kinds[i].list, "timers") == 0)
            return home_is_listed("|idle|active|paused|", state);
        return *state && strlen(state) <= 3 &&
               state[strspn(state, "0123456789")] == '\0' &&
               (state[0] != '0' || !state[1]);
    }
    return false;
}

static int allows_entity(const struct home *h, const char *id, json_t *said,
                         struct err *err)
{
    json_t       *rest = is_derived(id, said) ? json_copy(said)
                                              : json_incref(said);
    struct entity e;
    bool          yes;

    if (rest != said) json_object_del(rest, "state");
    if (home_try_patch(h, id, rest, &e, err)) {
        json_decref(rest);
        return -1;
    }
    yes = could_show(h, &e, rest);
    json_decref(e.state);
    json_decref(rest);
    if (yes) return 0;
    return err_set(err, ERR_INPUT, "%s never shows all of this at once: a "
                   "device that is off shows no more than that", id);
}

int home_allows(const struct home *h, const json_t *state, struct err *err)
{
    const char *id;
    json_t     *said;

    if (!json_is_object(state))
        return err_set(err, ERR_INPUT, "a state must be an object of "
                       "entities");
    json_object_foreach((json_t *)state, id, said)
        if (allows_entity(h, id, said, err)) return -1;
    return 0;
}
