/* SPDX-License-Identifier: MIT */
/* home.c - a simulated home: its file, its setup, what it shows of itself. */
#include "home.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "home_internal.h"
#include "share.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define ENTITIES_MAX   2000
#define LINES_MAX      ((size_t)1 << 20)

static const struct domain DOMAINS[] = {
    {"light",         "|off|on|",                   "on",     "off"},
    {"switch",        "|off|on|",                   "on",     "off"},
    {"fan",           "|off|on|",                   "on",     "off"},
    {"lock",          "|locked|unlocked|",          "locked", "unlocked"},
    {"cover",         "|closed|open|",              "open",   "closed"},
    {"climate",       "|off|heat|cool|auto|",       "heat",   "off"},
    {"media_player",  "|off|idle|playing|paused|",  "idle",   "off"},
    {"scene",         NULL,                         NULL,     NULL},
    {"sensor",        NULL,                         NULL,     NULL},
    {"binary_sensor", "|off|on|",                   NULL,     NULL},
    {"todo",          NULL,                         NULL,     NULL},
    {"timer",         "|idle|active|",              NULL,     NULL},
};
#define N_DOMAINS (sizeof DOMAINS / sizeof DOMAINS[0])

/* ---- the file ---------------------------------------------------------- */

static const struct area *find_area(const struct home *h, const char *name)
{
    for (size_t i = 0; i < h->n_areas; i++)
        if (strcmp(h->areas[i].name, name) == 0) return &h->areas[i];
    return NULL;
}

static int load_areas(struct home *h, const json_t *list, struct err *err)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > ENTITIES_MAX)
        return err_set(err, ERR_INPUT, "\"areas\" must be a list of areas");
    h->areas = mem_new(n, sizeof *h->areas);
    for (; h->n_areas < n; h->n_areas++) {
        const json_t *v    = json_array_get(list, h->n_areas);
        const char   *name = json_is_object(v) ? jsonx_text(v, "name")
                                               : home_plain_text(v);
        if (!name || find_area(h, name))
            return err_set(err, ERR_INPUT, "area %zu must have a name of its "
                           "own", h->n_areas + 1);
        h->areas[h->n_areas].name = mem_copy(name);
        h->areas[h->n_areas].floor = mem_copy(jsonx_text(v, "floor"));
    }
    return 0;
}

static void add_key(struct entity *e, const char *text)
{
    char *key = home_key(text);

    text_list_add(&e->keys, key);
    free(key);
}

static int load_names(struct entity *e, const json_t *aliases, struct err *err)
{
    add_key(e, e->id);
    add_key(e, e->name);
    if (aliases && !json_is_array(aliases))
        return err_set(err, ERR_INPUT, "%s: \"aliases\" must be a list", e->id);
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        const char *alias = home_plain_text(json_array_get(aliases, i));
        if (!alias)
            return err_set(err, ERR_INPUT, "%s: alias %zu must be a text",
                           e->id, i + 1);
        text_list_add(&e->aliases, alias);
        add_key(e, alias);
    }
    return 0;
}

static int load_entity(struct home *h, struct entity *e, const json_t *from,
                       struct err *err)
{
    const char *id    = jsonx_text(from, "id");
    const char *name  = jsonx_text(from, "name");
    const char *area  = jsonx_text(from, "area");
    const char *dot   = id ? strchr(id, '.') : NULL;
    json_t     *state = json_object_get(from, "state");

    if (!dot || !name || !*name)
        return err_set(err, ERR_INPUT, "entity %zu must have a name and an id "
                       "like \"light.kitchen\"", h->n_entities);
    e->id = mem_copy(id);
    e->name = mem_copy(name);
    e->device_class = mem_copy(jsonx_text(from, "device_class"));
    e->unit = mem_copy(jsonx_text(from, "unit"));
    for (size_t i = 0; i < N_DOMAINS; i++)
        if (strlen(DOMAINS[i].name) == (size_t)(dot - id) &&
            strncmp(DOMAINS[i].name, id, (size_t)(dot - id)) == 0)
            e->domain = &DOMAINS[i];
    if (!e->domain)
        return err_set(err, ERR_INPUT, "%s: homes know no such domain", id);
    for (size_t i = 0; i + 1 < h->n_entities; i++)
        if (strcmp(h->entities[i].id, id) == 0)
            return err_set(err, ERR_INPUT, "%s is there twice", id);
    if (area && !(e->area = find_area(h, area)))
        return err_set(err, ERR_INPUT, "%s: the home has no area %s", id, area);
    if (load_names(e, json_object_get(from, "aliases"), err)) return -1;
    if (!jsonx_text(state, "state"))
        return err_set(err, ERR_INPUT, "%s: \"state\" must be an object with "
                       "a text \"state\"", id);
    e->state = json_incref(state);
    state = home_patched(e, e->state, err);
    if (!state) return -1;
    json_decref(e->state);
    e->state = state;
    e->applies = json_incref(json_object_get(from, "applies"));
    return 0;
}

/* A scene must be applicable, or it would fail in the middle of an audition:
 * every patch is tried once on a home that is thrown away. */
static int check_scenes(struct home *h, struct err *err)
{
    for (size_t i = 0; i < h->n_entities; i++) {
        struct entity *e = &h->entities[i];

        if (home_is_in(e, "scene") != (e->applies != NULL))
            return err_set(err, ERR_INPUT, "%s: a scene, and nothing else, has "
                           "\"applies\"", e->id);
        if (e->applies && home_patch(h, e->applies, err))
            return err_ctx(err, "%s", e->id);
    }
    return 0;
}

static int load_home(struct home *h, const json_t *file, struct err *err)
{
    const json_t *list = json_object_get(file, "entities");
    size_t        n    = json_array_size(list);

    if (load_areas(h, json_object_get(file, "areas"), err)) return -1;
    if (!json_is_array(list) || n == 0 || n > ENTITIES_MAX)
        return err_set(err, ERR_INPUT, "\"entities\" must be a list of 1 to %d",
                       ENTITIES_MAX);
    h->entities = mem_new(n, sizeof *h->entities);
    while (h->n_entities < n) {
        size_t i = h->n_entities++;
        if (load_entity(h, &h->entities[i], json_array_get(list, i), err))
            return -1;
    }
    return 0;
}

static int check_tools(const struct home *h, struct err *err)
{
    size_t i;
    json_t *tool;

    if (json_array_size(h->tools) == 0)
        return err_set(err, ERR_INPUT, "must be a list of tools");
    json_array_foreach(h->tools, i, tool) {
        const json_t *function = json_object_get(tool, "function");
        const char   *name     = jsonx_text(function, "name");
        if (!name || !home_knows_tool(name) ||
            !json_is_object(json_object_get(json_object_get(function,
                            "parameters"), "properties")))
            return err_set(err, ERR_INPUT, "tool %zu is not one that homes "
                           "have, with parameters and properties", i + 1);
    }
    return 0;
}

/* ---- public ------------------------------------------------------------ */

/* share/homes/NAME.json, or NULL with ERR_INPUT. Caller frees. */
static char *home_path(const char *name, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    struct err why = {0};
    char *relative, *path = NULL;

    if (*name && strspn(name, letters) == strlen(name)) {
        relative = mem_printf("homes/%s.json", name);
        path = share_path(relative, &why);
        free(relative);
    }
    if (!path)
        err_set(err, ERR_INPUT, "there is no simulated home %.60s; homes are "
                "the files of the data folder's homes/", name);
    return path;
}

int home_new(struct home **out, const char *name, const json_t *setup,
             struct err *err)
{
    struct home *h     = mem_new(1, sizeof *h), *trial = NULL;
    json_t      *file  = NULL;
    char        *tools = share_path("homes/tools.json", err), *path = NULL;
    int          rc    = -1;

    if (!tools) goto done;
    path = home_path(name, err);
    if (!path) goto done;
    h->tools = jsonx_read(tools, FILE_MAX_BYTES, err);
    if (!h->tools) goto done;
    if (check_tools(h, err)) {
        err_ctx(err, "%s", tools);
        goto done;
    }
    file = jsonx_read(path, FILE_MAX_BYTES, err);
    if (!file) goto done;
    trial = mem_new(1, sizeof *trial);
    if (load_home(h, file, err) || load_home(trial, file, err) ||
        check_scenes(trial, err)) {
        err_ctx(err, "%s", path);
        goto done;
    }
    if (setup && home_patch(h, setup, err)) {
        err_ctx(err, "setup of the home %s", name);
        goto done;
    }
    *out = h;
    h = NULL;
    rc = 0;

done:
    json_decref(file);
    free(tools);
    free(path);
    home_free(trial);
    home_free(h);
    return rc;
}

void home_free(struct home *h)
{
    if (!h) return;
    for (size_t i = 0; i < h->n_areas; i++) {
        free(h->areas[i].name);
        free(h->areas[i].floor);
    }
    for (size_t i = 0; i < h->n_entities; i++) {
        struct entity *e = &h->entities[i];
        free(e->id);
        free(e->name);
        free(e->device_class);
        free(e->unit);
        text_list_done(&e->aliases);
        text_list_done(&e->keys);
        json_decref(e->state);
        json_decref(e->applies);
    }
    free(h->areas);
    free(h->entities);
    json_decref(h->tools);
    free(h);
}

json_t *home_state(const struct home *h)
{
    json_t *state = json_object();

    for (size_t i = 0; i < h->n_entities; i++)
        json_object_set_new(state, h->entities[i].id,
                            json_deep_copy(h->entities[i].state));
    return state;
}

json_t *home_tools(const struct home *h) { return h->tools; }

char *home_entity_lines(const struct home *h)
{
    struct strbuf text;
    char         *lines;

    strbuf_init(&text, LINES_MAX);
    for (size_t i = 0; i < h->n_entities; i++) {
        const struct entity *e = &h->entities[i];

        if (home_is_in(e, "timer")) continue;   /* tools alone reach it */
        strbuf_addf(&text, "%s '%s'", e->id, e->name);
        for (size_t k = 0; k < e->aliases.n; k++)
            strbuf_addf(&text, ", '%s'", e->aliases.items[k]);
        if (e->area)
            strbuf_addf(&text, " (%s%s%s)", e->area->name,
                        e->area->floor ? ", " : "",
                        e->area->floor ? e->area->floor : "");
        strbuf_add(&text, "\n");
    }
    lines = strbuf_take(&text);
    strbuf_done(&text);
    return lines;
}
