/* SPDX-License-Identifier: MIT */
/* home_scripts.c - scripts: calls that a home makes by itself, in order.
 *
 * As a script of Home Assistant's that goes on after an error, one whose
 * steps have nothing to do (a pause where nothing plays) does the rest; what
 * could never work is refused when the home is loaded. */
#include "home/home_beside.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define PREFIX      "script."
#define DEPTH_MAX   20      /* scripts that run one another               */
#define STEPS_MAX   1000    /* of one script, those of others counted in  */
#define LOOP_MAX_BYTES 600

/* ---- which script a step runs ------------------------------------------ */

static const char *tool_of(const struct entity *script)
{
    return script->id + strlen(PREFIX);
}

static struct entity *script_of_tool(const struct home *h, const char *tool)
{
    for (size_t i = 0; i < h->n_entities; i++) {
        struct entity *e = &h->entities[i];
        if (home_is_in(e, "script") && strcmp(tool_of(e), tool) == 0)
            return e;
    }
    return NULL;
}

static struct entity *script_of_id(const struct home *h, const char *id)
{
    return strncmp(id, PREFIX, strlen(PREFIX)) == 0
           ? script_of_tool(h, id + strlen(PREFIX)) : NULL;
}

/* ---- running ----------------------------------------------------------- */

static json_t *run(struct home *h, struct entity *script);

static void run_step(struct home *h, const json_t *step)
{
    const char    *other = jsonx_text(step, "script");
    struct entity *e     = other ? script_of_id(h, other) : NULL;
    json_t        *given = json_object_get(step, "arguments");
    char          *arguments;
    json_t        *answer;

    if (e) {
        answer = run(h, e);
    } else {
        arguments = given ? jsonx_dump(given) : mem_copy("");
        answer    = home_call(h, jsonx_text(step, "name"), arguments);
        free(arguments);
    }
    json_decref(answer);
}

static json_t *run(struct home *h, struct entity *script)
{
    for (size_t i = 0; i < json_array_size(script->does); i++)
        run_step(h, json_array_get(script->does, i));
    return home_done_to(script, script->name);
}

json_t *home_script_call(struct home *h, const char *tool)
{
    struct entity *script = script_of_tool(h, tool);

    return script ? run(h, script) : NULL;
}

/* ---- checking when a home is loaded ------------------------------------ */

enum visit { UNSEEN, OPEN, CLOSED };

struct walk {
    const struct home *home;
    enum visit        *visits;      /* one for each entity               */
    size_t            *steps;       /* of those that are closed          */
    size_t            *heights;     /* how many run one another below    */
    size_t             path[DEPTH_MAX];
    size_t             depth;
    struct err        *err;
};

static int check_script(struct walk *w, size_t at);

static bool has_text(const json_t *list, const char *text)
{
    if (json_is_string(list))
        return strcmp(json_string_value(list), text) == 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one && strcmp(one, text) == 0) return true;
    }
    return false;
}

static bool has_key(const struct entity *e, const char *name)
{
    char *key   = home_key(name);
    bool  found = false;

    for (size_t i = 0; i < e->keys.n && !found; i++)
        found = strcmp(e->keys.items[i], key) == 0;
    free(key);
    return found;
}

/* Could HassTurnOn with these arguments reach this script? */
static bool reaches(const struct home *h, const json_t *arguments,
                    const struct entity *script)
{
    const json_t *domain = json_object_get(arguments, "domain");
    const char   *name   = jsonx_text(arguments, "name");
    const char   *area   = jsonx_text(arguments, "area");
    const char   *floor  = jsonx_text(arguments, "floor");

    if (domain && !has_text(domain, "script")) return false;
    if (json_object_get(arguments, "device_class")) return false;
    if (area && script->area != home_find_area(h, area)) return false;
    if (floor && (!script->area || !script->area->floor)) return false;
    return !name || home_same_name(name, "all") || has_key(script, name);
}

/* Does this step run that script? */
static bool runs(const struct home *h, const json_t *step,
                 const struct entity *script)
{
    const char *other = jsonx_text(step, "script");
    const char *name  = jsonx_text(step, "name");

    if (other) return strcmp(script->id, other) == 0;
    if (strcmp(name, tool_of(script)) == 0) return true;
    return strcmp(name, "HassTurnOn") == 0 &&
           reaches(h, json_object_get(step, "arguments"), script);
}

/* The loop that ends where it began, as a sentence. */
static int tell_loop(struct walk *w, size_t again)
{
    struct strbuf loop;
    size_t        from = w->depth;

    while (from > 0 && w->path[from - 1] != again) from--;
    strbuf_init(&loop, LOOP_MAX_BYTES);
    for (size_t i = from > 0 ? from - 1 : 0; i < w->depth; i++)
        strbuf_addf(&loop, "%s runs ", w->home->entities[w->path[i]].id);
    strbuf_add(&loop, w->home->entities[again].id);
    err_set(w->err, ERR_INPUT, "the scripts go round in a loop: %s; take one "
            "of these steps out", loop.text);
    strbuf_done(&loop);
    return -1;
}

static int check_step(struct walk *w, const struct entity *script,
                      const json_t *step, size_t number)
{
    const char   *other     = jsonx_text(step, "script");
    const char   *name      = jsonx_text(step, "name");
    const json_t *arguments = json_object_get(step, "arguments");

    if (!json_is_object(step) || !other == !name ||
        (arguments && !json_is_object(arguments)))
        return err_set(w->err, ERR_INPUT, "%s: step %zu must be {\"name\": "
                       "tool, \"arguments\": {...}} or {\"script\": id}",
                       script->id, number);
    if (other && !script_of_id(w->home, other))
        return err_set(w->err, ERR_INPUT, "%s: step %zu runs %.100s, and the "
                       "home has no such script; add it or take the step out",
                       script->id, number, other);
    if (name && strcmp(name, "call_service") == 0)
        return err_set(w->err, ERR_INPUT, "%s: step %zu calls a service; use "
                       "the tool for it, such as HassTurnOn", script->id,
                       number);
    if (name && !home_has_tool(w->home, name))
        return err_set(w->err, ERR_INPUT, "%s: step %zu calls %.100s, and "
                       "there is no such tool; use one of share/homes/"
                       "tools.json", script->id, number, name);
    return 0;
}

/* What the step runs is checked, its steps counted. */
static int follow_step(struct walk *w, const json_t *step, size_t at,
                       size_t *steps)
{
    const struct home *h = w->home;

    for (size_t i = 0; i < h->n_entities; i++) {
        if (!home_is_in(&h->entities[i], "script") ||
            !runs(h, step, &h->entities[i]))
            continue;
        if (w->visits[i] == OPEN) return tell_loop(w, i);
        if (w->visits[i] == UNSEEN && check_script(w, i)) return -1;
        *steps += w->steps[i];
        if (w->heights[at] <= w->heights[i]) w->heights[at] = w->heights[i] + 1;
    }
    return 0;
}

static int too_deep(struct walk *w, const struct entity *script)
{
    return err_set(w->err, ERR_INPUT, "%s: more than %d scripts run one "
                   "another; make them fewer", script->id, DEPTH_MAX);
}

static int check_script(struct walk *w, size_t at)
{
    const struct entity *script = &w->home->entities[at];
    size_t               steps  = 0;

    if (w->depth == DEPTH_MAX) return too_deep(w, script);
    w->visits[at] = OPEN;
    w->path[w->depth++] = at;
    for (size_t i = 0; i < json_array_size(script->does); i++) {
        const json_t *step = json_array_get(script->does, i);
        if (check_step(w, script, step, i + 1) ||
            follow_step(w, step, at, &steps))
            return -1;
        if (++steps > STEPS_MAX)
            return err_set(w->err, ERR_INPUT, "%s takes more than %d steps; "
                           "make it shorter", script->id, STEPS_MAX);
    }
    if (w->heights[at] >= DEPTH_MAX) return too_deep(w, script);
    w->depth--;
    w->visits[at] = CLOSED;
    w->steps[at]  = steps;
    return 0;
}

int home_scripts_check(const struct home *h, struct err *err)
{
    struct walk w = {.home = h, .err = err};
    int         rc = 0;

    w.visits  = mem_new(h->n_entities + 1, sizeof *w.visits);
    w.steps   = mem_new(h->n_entities + 1, sizeof *w.steps);
    w.heights = mem_new(h->n_entities + 1, sizeof *w.heights);
    for (size_t i = 0; i < h->n_entities && rc == 0; i++)
        if (home_is_in(&h->entities[i], "script") && w.visits[i] == UNSEEN)
            rc = check_script(&w, i);
    free(w.visits);
    free(w.steps);
    free(w.heights);
    return rc;
}
