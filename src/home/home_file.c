/* SPDX-License-Identifier: MIT */
/* home_file.c - the file of a simulated home: its areas, its entities, what
 * each of them can. What is wrong is named, never guessed around. */
#include "home/home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define ENTITIES_MAX 2000

/* ---- kinds ------------------------------------------------------------- */

#define WORDS(...) (const char *const[]){__VA_ARGS__, NULL}

/* In the order in which Home Assistant 2025.4 groups them. */
static const struct domain DOMAINS[] = {
    {"binary_sensor", NULL, 0, true, false},
    {"climate", WORDS("off", "heat", "cool", "auto", "heat_cool", "dry",
                      "fan_only"),
     CAN_TARGET_TEMPERATURE | CAN_TURN_ON | CAN_TURN_OFF, false, false},
    {"cover", WORDS("closed", "open"),
     CAN_OPEN | CAN_CLOSE | CAN_SET_POSITION | CAN_STOP |
     CAN_REPORT_POSITION, false, false},
    {"fan", WORDS("off", "on"), CAN_SET_SPEED, false, false},
    {"light", WORDS("off", "on"), 0, false, false},
    {"lock", WORDS("locked", "unlocked"), 0, false, false},
    {"sensor", NULL, 0, true, false},
    {"switch", WORDS("off", "on"), 0, false, false},
    {"vacuum", WORDS("docked", "cleaning", "returning", "paused", "idle",
                     "error", "off", "on"),
     CAN_START | CAN_PAUSE | CAN_STOP | CAN_RETURN_HOME, false, false},
    {"valve", WORDS("closed", "open"),
     CAN_OPEN | CAN_CLOSE | CAN_SET_POSITION | CAN_REPORT_POSITION, false,
     false},
    {"weather", NULL, 0, true, false},
    {"media_player", WORDS("off", "idle", "playing", "paused", "on",
                           "standby", "buffering"),
     CAN_TURN_ON | CAN_TURN_OFF | CAN_PLAY | CAN_PAUSE | CAN_STOP |
     CAN_NEXT_TRACK | CAN_PREVIOUS_TRACK | CAN_VOLUME_SET | CAN_VOLUME_MUTE,
     false, false},
    {"todo", NULL, 0, true, true},
    {"scene", NULL, 0, true, false},
    {"script", NULL, 0, true, false},
    {"timer", NULL, 0, true, true},
    {"alarm", NULL, 0, true, true},
    {"intercom", NULL, 0, true, true},
    {"calendar", NULL, 0, true, true},
};
#define N_DOMAINS (sizeof DOMAINS / sizeof DOMAINS[0])

const struct domain *home_domain(const char *name, size_t len)
{
    for (size_t i = 0; i < N_DOMAINS; i++)
        if (strlen(DOMAINS[i].name) == len &&
            strncmp(DOMAINS[i].name, name, len) == 0)
            return &DOMAINS[i];
    return NULL;
}

unsigned home_feature(const char *name)
{
    static const struct {
        const char *name;
        unsigned    bit;
    } features[] = {
        {"brightness", CAN_BRIGHTNESS}, {"color_temp", CAN_COLOR_TEMP},
        {"color", CAN_COLOR}, {"rgbw", CAN_RGBW}, {"open", CAN_OPEN},
        {"close", CAN_CLOSE}, {"set_position", CAN_SET_POSITION},
        {"stop", CAN_STOP}, {"report_position", CAN_REPORT_POSITION},
        {"turn_on", CAN_TURN_ON}, {"turn_off", CAN_TURN_OFF},
        {"play", CAN_PLAY}, {"pause", CAN_PAUSE},
        {"next_track", CAN_NEXT_TRACK},
        {"previous_track", CAN_PREVIOUS_TRACK},
        {"volume_set", CAN_VOLUME_SET}, {"volume_mute", CAN_VOLUME_MUTE},
        {"target_temperature", CAN_TARGET_TEMPERATURE},
        {"start", CAN_START}, {"return_home", CAN_RETURN_HOME},
        {"set_speed", CAN_SET_SPEED}, {"verbatim", CAN_VERBATIM},
    };

    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (strcmp(features[i].name, name) == 0) return features[i].bit;
    return 0;
}

/* ---- areas ------------------------------------------------------------- */

static void add_key(struct text_list *keys, const char *text)
{
    char *key = home_key(text);

    text_list_add(keys, key);
    free(key);
}

/* The aliases of a place or an entity, added as keys and, where `as_given`
 * is not NULL, as they were written. */
static int load_aliases(const json_t *aliases, const char *whose,
                        struct text_list *keys, struct text_list *as_given,
                        struct err *err)
{
    if (aliases && !json_is_array(aliases))
        return err_set(err, ERR_INPUT, "%s: \"aliases\" must be a list of "
                       "texts", whose);
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        const char *alias = home_plain_text(json_array_get(aliases, i));
        if (!alias)
            return err_set(err, ERR_INPUT, "%s: alias %zu must be a text",
                           whose, i + 1);
        if (as_given) text_list_add(as_given, alias);
        add_key(keys, alias);
    }
    return 0;
}

static const struct area *find_area(const struct home_plan *plan,
                                    const char *name)
{
    for (size_t i = 0; i < plan->n_areas; i++)
        if (strcmp(plan->areas[i].name, name) == 0) return &plan->areas[i];
    return NULL;
}

static int load_areas(struct home_plan *plan, const json_t *list,
                      struct err *err)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > ENTITIES_MAX)
        return err_set(err, ERR_INPUT, "\"areas\" must be a list of areas");
    plan->areas = mem_new(n ? n : 1, sizeof *plan->areas);
    for (size_t i = 0; i < n; i++) {
        const json_t *v    = json_array_get(list, i);
        const char   *name = json_is_object(v) ? jsonx_text(v, "name")
                                               : home_plain_text(v);
        const char   *id   = jsonx_text(v, "id");
        struct area  *area = &plan->areas[i];

        if (!name || !*name || find_area(plan, name))
            return err_set(err, ERR_INPUT, "area %zu must have a name of its "
                           "own", i + 1);
        area->name = mem_copy(name);
        area->id = id ? mem_copy(id) : home_slug(name);
        area->floor = mem_copy(jsonx_text(v, "floor"));
        add_key(&area->keys, name);
        add_key(&area->keys, area->id);
        plan->n_areas++;
        if (load_aliases(json_object_get(v, "aliases"), name, &area->keys,
                         NULL, err))
            return -1;
    }
    return 0;
}

/* ---- entities ---------------------------------------------------------- */

static int load_features(struct entity *e, const json_t *from,
                         struct err *err)
{
    const json_t *list  = json_object_get(from, "features");
    const json_t *state = json_object_get(from, "state");

    e->features = e->domain->features;
    if (!list) {
        /* What shows no position has none. */
        if (!json_object_get(state, "current_position"))
            e->features &= ~(unsigned)(CAN_SET_POSITION | CAN_REPORT_POSITION);
        return 0;
    }
    if (!json_is_array(list))
        return err_set(err, ERR_INPUT, "%s: \"features\" must be a list of "
                       "texts", e->id);
    e->features = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = home_plain_text(json_array_get(list, i));
        unsigned    bit  = name ? home_feature(name) : 0;
        if (!bit)
            return err_set(err, ERR_INPUT, "%s: there is no feature %s", e->id,
                           name ? name : "that is no text");
        e->features |= bit;
    }
    if (home_is_in(e, "light") && (e->features & (CAN_COLOR_TEMP | CAN_COLOR |
                                                  CAN_RGBW)))
        e->features |= CAN_BRIGHTNESS;
    if (e->features & CAN_RGBW) e->features |= CAN_COLOR;
    if (home_is_in(e, "cover") && json_object_get(state, "current_position"))
        e->features |= CAN_REPORT_POSITION;
    return 0;
}

static int load_modes(struct entity *e, const json_t *modes, struct err *err)
{
    if (!modes) return 0;
    for (size_t i = 0; i < json_array_size(modes); i++) {
        const char *mode = home_plain_text(json_array_get(modes, i));
        if (!mode || !home_state_word(e->domain, mode))
            return err_set(err, ERR_INPUT, "%s: mode %zu is none that climate "
                           "has", e->id, i + 1);
    }
    if (!home_is_in(e, "climate") || json_array_size(modes) == 0)
        return err_set(err, ERR_INPUT, "%s: \"modes\" must be a list, of a "
                       "climate device", e->id);
    e->modes = modes;
    return 0;
}

/* What a device is before its file says anything. */
static void preset(struct entity *e, const struct home_manner *manner)
{
    struct device *d = &e->device;

    *d = (struct device){.muted = -1, .volume = 0.5, .temperature = NAN,
                         .current_temperature = NAN};
    if (e->domain->states) d->state = e->domain->states[0];
    d->brightness = manner->is_recorded ? -1 : 255;
    if (e->features & CAN_COLOR_TEMP) d->kelvin = 3000;
    if (e->features & CAN_COLOR) {
        d->color = home_colour("white");
        d->shows_color = !d->kelvin;
    }
}

/* The state as the file has it, onto a state in which nothing is. */
static int load_state(struct entity *e, const json_t *from,
                      const struct home_manner *manner, struct err *err)
{
    json_t *state = json_object_get(from, "state"), *all;
    int     rc;

    if (!jsonx_text(state, "state"))
        return err_set(err, ERR_INPUT, "%s: \"state\" must be an object with "
                       "a text \"state\"", e->id);
    preset(e, manner);
    all = json_deep_copy(state);
    if (e->domain->is_json) {
        if (home_is_in(e, "calendar") && !json_object_get(all, "events"))
            json_object_set_new(all, "events", json_object_get(from, "events")
                ? json_deep_copy(json_object_get(from, "events"))
                : json_array());
        if (home_is_in(e, "todo") && !json_object_get(all, "completed"))
            json_object_set_new(all, "completed", json_array());
        e->state = all;
        if (home_settle(e)) return 0;
        return err_set(err, ERR_INPUT, "%s: its state is none that it could "
                       "have", e->id);
    }
    rc = home_patch_entity(e, all, manner, err);
    json_decref(all);
    return rc;
}

static int load_names(struct home_plan *plan, struct entity *e,
                      const json_t *from, struct err *err)
{
    const char *id   = home_plain_text(json_object_get(from, "id"));
    const char *name = home_plain_text(json_object_get(from, "name"));
    const char *area = jsonx_text(from, "area");
    const char *dot  = id ? strchr(id, '.') : NULL;

    if (!dot || !name || !*name)
        return err_set(err, ERR_INPUT, "entity %zu must have a name and an id "
                       "like \"light.kitchen\"", plan->n_entities);
    e->domain = home_domain(id, (size_t)(dot - id));
    if (!e->domain)
        return err_set(err, ERR_INPUT, "%s: homes know no such domain", id);
    for (size_t i = 0; i + 1 < plan->n_entities; i++)
        if (strcmp(plan->entities[i].id, id) == 0)
            return err_set(err, ERR_INPUT, "%s is there twice", id);
    e->id = id;
    e->name = name;
    if (area && !(e->area = find_area(plan, area)))
        return err_set(err, ERR_INPUT, "%s: the home has no area %s", id,
                       area);
    add_key(&e->keys, id);
    add_key(&e->keys, name);
    return load_aliases(json_object_get(from, "aliases"), id, &e->keys,
                        &e->aliases, err);
}

static int load_entity(struct home_plan *plan, struct entity *e,
                       const json_t *from, const struct home_manner *manner,
                       struct err *err)
{
    if (load_names(plan, e, from, err)) return -1;
    e->device_class = jsonx_text(from, "device_class");
    e->unit = jsonx_text(from, "unit");
    e->description = jsonx_text(from, "description");
    e->applies = json_object_get(from, "applies");
    e->does = json_object_get(from, "does");
    if (home_is_in(e, "scene") != (e->applies != NULL) ||
        (e->applies && !json_is_object(e->applies)))
        return err_set(err, ERR_INPUT, "%s: a scene, and nothing else, has "
                       "\"applies\", an object of entities", e->id);
    if (home_is_in(e, "script") != (e->does != NULL) ||
        (e->does && !json_is_array(e->does)))
        return err_set(err, ERR_INPUT, "%s: a script, and nothing else, has "
                       "\"does\", a list of calls", e->id);
    if (load_features(e, from, err)) return -1;
    if (load_modes(e, json_object_get(from, "modes"), err)) return -1;
    return load_state(e, from, manner, err);
}

static int load_entities(struct home_plan *plan,
                         const struct home_manner *manner, struct err *err)
{
    const json_t *list = json_object_get(plan->file, "entities");
    size_t        n    = json_array_size(list);

    if (!json_is_array(list) || n == 0 || n > ENTITIES_MAX)
        return err_set(err, ERR_INPUT, "\"entities\" must be a list of 1 to %d",
                       ENTITIES_MAX);
    plan->entities = mem_new(n, sizeof *plan->entities);
    while (plan->n_entities < n) {
        size_t i = plan->n_entities++;
        if (load_entity(plan, &plan->entities[i], json_array_get(list, i),
                        manner, err))
            return -1;
    }
    return 0;
}

/* "2026-03-12T18:30:00", with whatever zone behind it. */
static int load_now(struct home_plan *plan, struct err *err)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    const json_t     *said   = json_object_get(plan->file, "now");
    const char       *now    = said ? home_plain_text(said)
                                    : "2026-03-12T18:30:00";

    for (size_t i = 0; form[i]; i++)
        if (!now || (form[i] == 'd' ? now[i] < '0' || now[i] > '9'
                                    : now[i] != form[i]))
            return err_set(err, ERR_INPUT, "\"now\" must be a time like "
                           "\"2026-03-12T18:30:00\"");
    plan->now = mem_copy(now);
    return 0;
}

struct home_plan *home_plan_new(const json_t *file,
                                const struct home_manner *manner,
                                struct err *err)
{
    struct home_plan *plan = mem_new(1, sizeof *plan);

    plan->n_users = 1;
    plan->file = json_deep_copy(file);
    if (!load_now(plan, err) &&
        !load_areas(plan, json_object_get(plan->file, "areas"), err) &&
        !load_entities(plan, manner, err))
        return plan;
    home_plan_drop(plan);
    return NULL;
}

struct home_plan *home_plan_keep(struct home_plan *plan)
{
    plan->n_users++;
    return plan;
}

void home_plan_drop(struct home_plan *plan)
{
    if (!plan || --plan->n_users > 0) return;
    for (size_t i = 0; i < plan->n_areas; i++) {
        free((char *)plan->areas[i].name);
        free((char *)plan->areas[i].id);
        free((char *)plan->areas[i].floor);
        text_list_done(&plan->areas[i].keys);
    }
    for (size_t i = 0; i < plan->n_entities; i++) {
        text_list_done(&plan->entities[i].aliases);
        text_list_done(&plan->entities[i].keys);
        json_decref(plan->entities[i].state);
    }
    free(plan->now);
    free(plan->areas);
    free(plan->entities);
    json_decref(plan->file);
    free(plan);
}
