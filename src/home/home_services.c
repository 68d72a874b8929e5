/* SPDX-License-Identifier: MIT */
/* home_services.c - the service style: call_service and get_states, with Home
 * Assistant's names, data and errors. What a call asks for is checked as a
 * whole; then it is done whole or not at all.
 *
 * Forms that Home Assistant takes are taken: entity_id as text, as a list,
 * with commas or "all"; in the call, in "target" or in "data". Unlike there,
 * an entity that is unknown, or of a kind that the service is not for, is an
 * error: only a log file is told there, which no model can read. */
#include "home/home_services.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define TOLD_MAX_BYTES 500
#define ANYTHING       "homeassistant"   /* services for entities of any kind */

/* ---- errors ------------------------------------------------------------ */

#define invalid(...) home_error("ServiceValidationError", NULL, __VA_ARGS__)

/* "a, b, c" of the services of a domain; NULL: of the domains there are. */
static void add_known(struct strbuf *out, const struct service *s,
                      const char *domain)
{
    const char *last = "";

    for (; s->name; s++) {
        if (domain ? strcmp(s->domain, domain) != 0
                   : strcmp(s->domain, last) == 0)
            continue;
        last = s->domain;
        strbuf_addf(out, "%s%s", out->len ? ", " : "",
                    domain ? s->name : s->domain);
    }
}

static json_t *not_found(const char *domain, const char *service)
{
    struct strbuf known;
    json_t       *error;
    bool          is_domain;

    strbuf_init(&known, TOLD_MAX_BYTES);
    add_known(&known, home_service_acts, domain);
    add_known(&known, home_service_kept, domain);
    is_domain = known.len > 0;
    if (!is_domain) {
        add_known(&known, home_service_acts, NULL);
        add_known(&known, home_service_kept, NULL);
    }
    error = home_error("ServiceNotFound", NULL, "Service %.60s.%.60s not "
                       "found; %s: %s", domain, service, is_domain
                       ? "this domain has" : "the domains are", known.text);
    strbuf_done(&known);
    return error;
}

/* ---- the data ---------------------------------------------------------- */

static const struct service_field *field_of(const struct service *s,
                                            const char *name)
{
    for (const struct service_field *f = s->fields; f->name; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

static json_t *check_field(const struct service_field *f, const json_t *data)
{
    const char *text  = home_plain_text(json_object_get(data, f->name));
    double      value = 0;

    switch (f->kind) {
    case FIELD_TEXT:
        return text ? NULL : invalid("expected str for dictionary value @ "
                                     "data['%s']", f->name);
    case FIELD_TRUTH:
        return jsonx_truth(data, f->name) >= 0 ? NULL
             : invalid("expected bool for dictionary value @ data['%s']",
                       f->name);
    case FIELD_COLOR:
        return text && home_colour(text) ? NULL
             : invalid("unknown color name for dictionary value @ data['%s']; "
                       "take one of CSS", f->name);
    case FIELD_WHOLE:
    case FIELD_NUMBER:
        return home_slot_number(data, f->name, &value) && value >= f->min &&
               value <= f->max ? NULL
             : invalid("expected a number from %g to %g for dictionary value "
                       "@ data['%s']", f->min, f->max, f->name);
    case FIELD_ANY:
        break;
    }
    return NULL;
}

static json_t *check_data(const struct service *s, const json_t *data)
{
    const char *key;
    json_t     *value, *error;

    json_object_foreach((json_t *)data, key, value) {
        const struct service_field *f = field_of(s, key);
        error = f ? check_field(f, data)
              : invalid("extra keys not allowed @ data['%.80s']", key);
        if (error) return error;
    }
    for (const struct service_field *f = s->fields; f->name; f++)
        if (f->is_required && !json_object_get(data, f->name))
            return invalid("required key not provided @ data['%s']", f->name);
    if (json_object_get(data, "color_name") &&
        (json_object_get(data, "color_temp_kelvin") ||
         json_object_get(data, "kelvin")))
        return invalid("two or more values in the same group of exclusion "
                       "'Color descriptors'; give color_name or "
                       "color_temp_kelvin");
    return NULL;
}

/* ---- the call ---------------------------------------------------------- */

/* Where Home Assistant takes targets from, and their names there. */
#define N_PLACES 3

struct order {
    struct home          *home;
    const struct service *service;
    json_t               *data;         /* without the targets; owned       */
    const json_t         *places[N_PLACES];
    struct entity       **targets;
    size_t                n;
    bool                 *is_named;     /* or reached through its area      */
};

static void add_target(struct order *o, struct entity *e, bool is_named)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->targets[i] == e) return;
    o->targets[o->n]  = e;
    o->is_named[o->n] = is_named;
    o->n++;
}

static bool is_for(const struct service *s, const struct entity *e)
{
    return strcmp(s->domain, ANYTHING) == 0 ? home_can_be_switched(e)
                                            : home_is_in(e, s->domain);
}

static struct entity *entity_of(struct home *h, const char *id)
{
    char          *key   = home_key(id);
    struct entity *found = NULL;

    for (size_t i = 0; i < h->n_entities && !found; i++)
        if (strcmp(h->entities[i].id, key) == 0) found = &h->entities[i];
    free(key);
    return found;
}

static json_t *add_entity(struct order *o, const char *id)
{
    const struct service *s   = o->service;
    char                 *key = home_key(id);
    bool                  all = strcmp(key, "all") == 0;
    struct entity        *e   = entity_of(o->home, id);

    free(key);
    for (size_t i = 0; all && i < o->home->n_entities; i++)
        if (is_for(s, &o->home->entities[i]))
            add_target(o, &o->home->entities[i], false);
    if (all) return NULL;
    if (!e)
        return invalid("Entity %.100s not found; get_states lists those that "
                       "there are", id);
    if (!is_for(s, e))
        return invalid("%s.%s is not for %s; call a service of %s", s->domain,
                       s->name, e->id, e->domain->name);
    add_target(o, e, true);
    return NULL;
}

static json_t *add_area(struct order *o, const char *name)
{
    const struct area *area = home_find_area(o->home, name);
    size_t             n    = 0;

    if (!area) return invalid("Area %.100s not found", name);
    for (size_t i = 0; i < o->home->n_entities; i++) {
        struct entity *e = &o->home->entities[i];
        if (e->area != area || !is_for(o->service, e)) continue;
        add_target(o, e, false);
        n++;
    }
    return n > 0 ? NULL : invalid("there is nothing in %s that %s.%s is for",
                                  area->name, o->service->domain,
                                  o->service->name);
}

typedef json_t *add_fn(struct order *o, const char *text);

/* One text, with commas between several. */
static json_t *add_text(struct order *o, const char *text, add_fn *add)
{
    json_t *error = NULL;

    while (*text && !error) {
        size_t len  = strcspn(text, ",");
        char  *part = mem_copy_n(text, len);
        error = add(o, part);
        free(part);
        text += len + (text[len] == ',');
    }
    return error;
}

static json_t *add_texts(struct order *o, const char *key, add_fn *add)
{
    json_t *error = NULL;

    for (size_t p = 0; p < N_PLACES && !error; p++) {
        const json_t *value = json_object_get(o->places[p], key);
        size_t        n     = json_is_array(value) ? json_array_size(value)
                                                   : 1;
        if (!value || json_is_null(value)) continue;
        if (n > o->home->n_entities)
            return invalid("%s names more than there is", key);
        for (size_t i = 0; i < n && !error; i++) {
            const json_t *one  = json_is_array(value)
                               ? json_array_get(value, i) : value;
            const char   *text = home_plain_text(one);
            error = text && *text ? add_text(o, text, add)
                  : invalid("%s must be a text or a list of texts", key);
        }
    }
    return error;
}

/* What is kept (timers, messages) may go without a target. */
static json_t *find_targets(struct order *o)
{
    const struct service *s     = o->service;
    json_t               *error = add_texts(o, "entity_id", add_entity);

    if (!error && !(s->kept && !s->is_one))
        error = add_texts(o, "area_id", add_area);
    if (!error && o->n == 0 && s->kept && !s->is_one) {
        struct entity *e = home_first_of(o->home, s->domain);
        if (e) add_target(o, e, true);
    }
    if (error) return error;
    if (o->n == 0)
        return invalid("must contain at least one of entity_id, area_id "
                       "(%s.%s)", s->domain, s->name);
    if (s->kept && o->n > 1)
        return invalid("%s.%s wants one entity_id, not %zu", s->domain,
                       s->name, o->n);
    return NULL;
}

/* ---- doing it ---------------------------------------------------------- */

static json_t *now_so(const struct order *o)
{
    json_t *list = json_array();

    for (size_t i = 0; i < o->n; i++) {
        json_t *one = json_object();
        jsonx_set_text(one, "entity_id", o->targets[i]->id);
        jsonx_set_text(one, "state", home_state_text(o->targets[i]));
        json_array_append_new(list, one);
    }
    return home_result(list);
}

static json_t *cannot(const struct service *s, const struct entity *e)
{
    char   *shown;
    json_t *error;

    if (strcmp(s->name, "set_hvac_mode") == 0 && e->modes) {
        shown = jsonx_dump(e->modes);
        error = invalid("HVAC mode is not valid for %s. Valid modes are: "
                        "%.200s", e->id, shown);
        free(shown);
        return error;
    }
    return home_error("ServiceNotSupported", NULL, "Entity %s does not "
                      "support action %s.%s", e->id, s->domain, s->name);
}

static bool reaches_further(const struct entity *e)
{
    return home_is_in(e, "scene") || home_is_in(e, "script");
}

/* Acts on the targets of one sort until one that was named fails: which, or
 * their number. */
static size_t act_on(struct order *o, bool further)
{
    for (size_t i = 0; i < o->n; i++) {
        struct entity *e = o->targets[i];
        if (reaches_further(e) == further &&
            o->service->act(o->home, e, o->data, o->service->what) !=
                EFFECT_DONE && o->is_named[i])
            return i;
    }
    return o->n;
}

/* Scenes and scripts, which change more than their own device, come last:
 * when a device fails, those before it can be put back. */
static json_t *act_on_all(struct order *o)
{
    struct device *before = mem_new(o->n, sizeof *before);
    size_t         failed;

    for (size_t i = 0; i < o->n; i++) before[i] = o->targets[i]->device;
    failed = act_on(o, false);
    if (failed == o->n) failed = act_on(o, true);
    for (size_t i = 0; failed < o->n && i < o->n; i++)
        o->targets[i]->device = before[i];
    free(before);
    return failed < o->n ? cannot(o->service, o->targets[failed])
                         : now_so(o);
}

/* Intent tools speak of slots; here it is data. What they tell stays. */
static json_t *act_on_kept(struct order *o)
{
    const struct service *s      = o->service;
    json_t               *answer = s->kept(o->home, o->targets[0], o->data);
    const char           *kind   = jsonx_text(answer, "error");

    if (!kind && json_object_get(answer, "result")) return answer;
    if (!kind) {
        json_decref(answer);
        return now_so(o);
    }
    if (strcmp(kind, "InvalidSlotInfo") == 0) {
        json_decref(answer);
        return invalid("the data of %s.%s is not valid", s->domain, s->name);
    }
    jsonx_set_text(answer, "error", "ServiceValidationError");
    return answer;
}

static json_t *do_order(struct order *o)
{
    json_t *error, *answer;

    o->targets  = mem_new(o->home->n_entities + 1, sizeof *o->targets);
    o->is_named = mem_new(o->home->n_entities + 1, sizeof *o->is_named);
    error = check_data(o->service, o->data);
    if (!error) error = find_targets(o);
    answer = error ? error
           : o->service->act ? act_on_all(o) : act_on_kept(o);
    free(o->targets);
    free(o->is_named);
    return answer;
}

/* ---- call_service ------------------------------------------------------ */

static const struct service *service_of(const char *domain, const char *name)
{
    const struct service *tables[] = {home_service_acts, home_service_kept};

    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct service *s = tables[t]; s->name; s++)
            if (strcmp(s->domain, domain) == 0 && strcmp(s->name, name) == 0)
                return s;
    return NULL;
}

/* The script that "script.good_night" is the service of. */
static json_t *run_script(struct home *h, const char *domain,
                          const char *name)
{
    json_t *answer = strcmp(domain, "script") == 0
                   ? home_script_call(h, name) : NULL;

    if (!answer || json_object_get(answer, "error")) return answer;
    json_decref(answer);
    return home_result(json_array());
}

/* Members of the call that are none of its own: data in the wrong place. */
static json_t *check_members(const json_t *arguments)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)arguments, key, value)
        if (!home_is_listed("|domain|service|entity_id|area_id|data|target|"
                            "service_data|return_response|", key))
            return invalid("extra keys not allowed @ ['%.80s']; what a "
                           "service takes goes into data", key);
    return NULL;
}

static json_t *call(struct home *h, const json_t *arguments,
                    const char *domain, const char *name)
{
    const json_t *given  = json_object_get(arguments, "data");
    const json_t *target = json_object_get(arguments, "target");
    struct order  o      = {.home = h};
    json_t       *answer;

    if (!given) given = json_object_get(arguments, "service_data");
    if ((given && !json_is_object(given) && !json_is_null(given)) ||
        (target && !json_is_object(target) && !json_is_null(target)))
        return invalid("data and target must be objects");
    o.service = service_of(domain, name);
    if (!o.service) {
        answer = run_script(h, domain, name);
        return answer ? answer : not_found(domain, name);
    }
    o.data = json_is_object(given) ? json_copy((json_t *)given)
                                   : json_object();
    json_object_del(o.data, "entity_id");
    json_object_del(o.data, "area_id");
    o.places[0] = arguments;
    o.places[1] = target;
    o.places[2] = given;
    answer = do_order(&o);
    json_decref(o.data);
    return answer;
}

/* "service" may hold the domain too: "light.turn_on". */
static json_t *call_service(struct home *h, const json_t *arguments)
{
    char       *domain = NULL, *name = NULL;
    json_t     *answer = check_members(arguments);
    const char *dot;

    if (answer) return answer;
    if (!home_text_if_any(arguments, "domain", &domain) ||
        !home_text_if_any(arguments, "service", &name) || !name)
        answer = invalid("domain and service must be texts such as light and "
                         "turn_on");
    else if ((dot = strchr(name, '.')) != NULL &&
             (!domain || (strlen(domain) == (size_t)(dot - name) &&
                          strncmp(domain, name, (size_t)(dot - name)) == 0))) {
        free(domain);
        domain = mem_copy_n(name, (size_t)(dot - name));
        answer = call(h, arguments, domain, dot + 1);
    } else {
        answer = domain ? call(h, arguments, domain, name)
               : invalid("required key not provided @ ['domain']");
    }
    free(domain);
    free(name);
    return answer;
}

/* ---- get_states -------------------------------------------------------- */

/* As Home Assistant shows an entity; what is null there is left out. */
static json_t *shown(const struct home *h, const struct entity *e)
{
    json_t     *state = home_shown(e, &h->manner), *out = json_object();
    json_t     *attributes = json_object(), *value;
    const char *name;

    jsonx_set_text(out, "entity_id", e->id);
    jsonx_set_text(out, "state", jsonx_text(state, "state"));
    if (e->area) jsonx_set_text(out, "area", e->area->name);
    jsonx_set_text(attributes, "friendly_name", e->name);
    json_object_foreach(state, name, value)
        if (strcmp(name, "state") != 0 && !json_is_null(value))
            json_object_set(attributes, name, value);
    if (e->unit) jsonx_set_text(attributes, "unit_of_measurement", e->unit);
    if (e->device_class)
        jsonx_set_text(attributes, "device_class", e->device_class);
    json_object_set_new(out, "attributes", attributes);
    json_decref(state);
    return out;
}

/* Is e one of those asked for? An unknown id was refused before. */
static bool is_asked(const json_t *ids, const struct entity *e)
{
    size_t n    = json_is_array(ids) ? json_array_size(ids) : 1;
    bool   asked = !ids || json_is_null(ids) ||
                   (json_is_array(ids) && n == 0);

    for (size_t i = 0; i < n && !asked; i++) {
        const json_t *one = json_is_array(ids) ? json_array_get(ids, i) : ids;
        asked = home_same_name(json_string_value(one), e->id);
    }
    return asked;
}

static json_t *check_ids(struct home *h, const json_t *ids)
{
    size_t n = json_is_array(ids) ? json_array_size(ids)
                                  : ids && !json_is_null(ids);

    if (n > h->n_entities) return invalid("the home has not so many entities");
    for (size_t i = 0; i < n; i++) {
        const char *id = home_plain_text(json_is_array(ids)
                                         ? json_array_get(ids, i) : ids);
        if (!id) return invalid("entity_id must be a text or a list of texts");
        if (!entity_of(h, id)) return invalid("Entity %.100s not found", id);
    }
    return NULL;
}

static json_t *get_states(struct home *h, const json_t *arguments)
{
    const json_t      *ids   = json_object_get(arguments, "entity_id");
    const struct area *area  = NULL;
    char              *place = NULL, *domain = NULL;
    json_t            *answer = check_ids(h, ids), *list;

    if (answer) return answer;
    if (!home_text_if_any(arguments, "area", &place) ||
        !home_text_if_any(arguments, "domain", &domain))
        answer = invalid("area and domain must be texts");
    else if (place && !(area = home_find_area(h, place)))
        answer = invalid("Area %.100s not found", place);
    list = json_array();
    for (size_t i = 0; i < h->n_entities && !answer; i++) {
        const struct entity *e = &h->entities[i];
        if (is_asked(ids, e) && (!area || e->area == area) &&
            (!domain || home_is_in(e, domain)))
            json_array_append_new(list, shown(h, e));
    }
    free(place);
    free(domain);
    if (!answer) return home_result(list);
    json_decref(list);
    return answer;
}

const struct home_tool home_service_tools[] = {
    {"call_service", call_service},
    {"get_states", get_states},
    {NULL, NULL},
};
