/* SPDX-License-Identifier: MIT */
/* home_tools.c - what each tool does, and the answer the model gets: in the
 * form of Home Assistant's, so that a tool turn costs here what it costs
 * there. A call is refused before anything changes, or it is done whole. */
#include "home.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "home_internal.h"

#define ARGUMENTS_MAX_BYTES ((size_t)64 << 10)
#define LIST_ITEMS_MAX      500
#define TIMERS_MAX          50
#define TIMER_MAX_S         (7.0 * 24 * 3600)
#define CONTEXT_MAX_BYTES   ((size_t)1 << 20)

/* A call whose arguments fit the schema, and what it is about. */
struct job {
    struct home    *home;
    const char     *tool;
    const json_t   *arguments;
    struct entity **found;
    size_t          n;
};

/* ---- answers ----------------------------------------------------------- */

static void add_entry(json_t *list, const char *name, const char *type,
                      const char *id)
{
    json_t *entry = json_object(), *types = json_array();

    json_array_append_new(types, json_string(type));
    jsonx_set_text(entry, "name", name);
    json_object_set_new(entry, "type", types);
    jsonx_set_text(entry, "id", id);
    json_array_append_new(list, entry);
}

static void add_place(json_t *list, const char *name, const char *type)
{
    char *id = home_key(name);

    for (char *at = id; *at; at++)
        if (*at == ' ') *at = '_';
    add_entry(list, name, type, id);
    free(id);
}

/* Takes both lists. */
static json_t *done(json_t *success, json_t *failed)
{
    json_t *answer = json_object(), *lists = json_object();

    json_object_set_new(lists, "targets", json_array());
    json_object_set_new(lists, "success", success);
    json_object_set_new(lists, "failed", failed);
    json_object_set_new(answer, "speech", json_object());
    jsonx_set_text(answer, "response_type", "action_done");
    json_object_set_new(answer, "data", lists);
    return answer;
}

/* ---- tools that act on each target ------------------------------------- */

/* Change one entity; false when its kind cannot. */
typedef bool act_fn(struct job *job, struct entity *e);

static bool turn(struct entity *e, bool on)
{
    const char *state = on ? e->domain->on : e->domain->off;

    if (!state) return false;
    home_set_text(e, "state", state);
    if (home_has(e, "position")) home_set_number(e, "position", on ? 100 : 0);
    return true;
}

static bool turn_on(struct job *job, struct entity *e)
{
    struct err never = {0};

    if (!e->applies) return turn(e, true);
    return home_patch(job->home, e->applies, &never) == 0;
}

static bool turn_off(struct job *job, struct entity *e)
{
    (void)job;
    return turn(e, false);
}

/* As in Home Assistant, what is no light is left alone without complaint,
 * and a colour that a light cannot show is dropped. */
static bool light_set(struct job *job, struct entity *e)
{
    const json_t *brightness = json_object_get(job->arguments, "brightness");
    const json_t *kelvin     = json_object_get(job->arguments, "temperature");
    const char   *said       = jsonx_text(job->arguments, "color");
    char         *colour     = said ? home_colour(said) : NULL;

    if (!home_is_in(e, "light")) {
        free(colour);
        return true;
    }
    turn(e, !brightness || json_number_value(brightness) > 0);
    if (home_has(e, "brightness") && json_number_value(brightness) > 0)
        home_set_number(e, "brightness", json_number_value(brightness));
    if (colour && home_has(e, "color")) {
        home_set_text(e, "color", colour);
        home_set_text(e, "color_temp_kelvin", NULL);
    }
    if (kelvin && home_has(e, "color_temp_kelvin")) {
        home_set_number(e, "color_temp_kelvin", json_number_value(kelvin));
        home_set_text(e, "color", NULL);
    }
    free(colour);
    return true;
}

static json_t *refuse_colour(const struct job *job)
{
    const char *said   = jsonx_text(job->arguments, "color");
    char       *colour = said ? home_colour(said) : NULL;
    json_t     *error  = NULL;

    if (said && !colour)
        error = home_error("InvalidSlotInfo", NULL, "Received invalid slot "
                           "info for %s: no colour is named %.60s", job->tool,
                           said);
    else if (said && json_object_get(job->arguments, "temperature"))
        error = home_error("InvalidSlotInfo", NULL, "Received invalid slot "
                           "info for %s: give color or temperature, not both",
                           job->tool);
    free(colour);
    return error;
}

static bool set_position(struct job *job, struct entity *e)
{
    double position = jsonx_number(job->arguments, "position");

    home_set_number(e, "position", position);
    home_set_text(e, "state", position > 0 ? "open" : "closed");
    return true;
}

static json_t *refuse_no_cover(const struct job *job)
{
    for (size_t i = 0; i < job->n; i++)
        if (!home_has(job->found[i], "position"))
            return home_error("IntentHandleError", NULL, "Domain not "
                              "supported: %s", job->found[i]->domain->name);
    return NULL;
}

static bool set_temperature(struct job *job, struct entity *e)
{
    home_set_number(e, "temperature", jsonx_number(job->arguments,
                                                   "temperature"));
    return true;
}

static bool set_volume(struct job *job, struct entity *e)
{
    home_set_number(e, "volume_level",
                    jsonx_number(job->arguments, "volume_level"));
    return true;
}

static bool pause_media(struct job *job, struct entity *e)
{
    (void)job;
    home_set_text(e, "state", "paused");
    return true;
}

static bool resume_media(struct job *job, struct entity *e)
{
    (void)job;
    home_set_text(e, "state", "playing");
    return true;
}

/* ---- lists and timers -------------------------------------------------- */

static bool list_add(struct job *job, struct entity *e)
{
    json_t    *changes = json_object();
    json_t    *items   = json_copy(json_object_get(e->state, "items"));
    struct err never   = {0};
    json_t    *state;

    json_array_append(items, json_object_get(job->arguments, "item"));
    json_object_set_new(changes, "items", items);
    state = home_patched(e, changes, &never);
    if (state) {
        json_decref(e->state);
        e->state = state;
    }
    json_decref(changes);
    return state != NULL;
}

static json_t *refuse_full_list(const struct job *job)
{
    for (size_t i = 0; i < job->n; i++)
        if (json_array_size(json_object_get(job->found[i]->state, "items"))
            >= LIST_ITEMS_MAX)
            return home_error("IntentHandleError", NULL, "%s is full",
                              job->found[i]->name);
    return NULL;
}

static struct entity *timer_entity(struct home *h)
{
    for (size_t i = 0; i < h->n_entities; i++)
        if (home_is_in(&h->entities[i], "timer")) return &h->entities[i];
    return NULL;
}

/* h, m, s of the arguments with a prefix, in seconds; -1: none is given. */
static double duration_s(const json_t *arguments, const char *hours,
                         const char *minutes, const char *seconds)
{
    const json_t *h = json_object_get(arguments, hours);
    const json_t *m = json_object_get(arguments, minutes);
    const json_t *s = json_object_get(arguments, seconds);

    if (!h && !m && !s) return -1;
    return json_number_value(h) * 3600 + json_number_value(m) * 60 +
           json_number_value(s);
}

static void set_timers(struct entity *e, json_t *timers)
{
    json_t    *changes = json_object();
    struct err never   = {0};
    json_t    *state;

    json_object_set_new(changes, "timers", timers);
    state = home_patched(e, changes, &never);
    if (state) {
        json_decref(e->state);
        e->state = state;
    }
    json_decref(changes);
}

static json_t *start_timer(struct job *job)
{
    struct entity *e = timer_entity(job->home);
    double length_s  = duration_s(job->arguments, "hours", "minutes",
                                  "seconds");
    const char *name = jsonx_text(job->arguments, "name");
    json_t     *timers, *timer;

    if (!e)
        return home_error("IntentHandleError", NULL, "This device is not able "
                          "to start timers");
    if (!(length_s > 0 && length_s <= TIMER_MAX_S))
        return home_error("InvalidSlotInfo", NULL, "Received invalid slot "
                          "info for %s: hours, minutes and seconds must add "
                          "up to more than nothing and at most a week",
                          job->tool);
    timers = json_copy(json_object_get(e->state, "timers"));
    if (json_array_size(timers) >= TIMERS_MAX) {
        json_decref(timers);
        return home_error("IntentHandleError", NULL, "Too many timers are "
                          "running");
    }
    timer = json_object();
    jsonx_set_text(timer, "name", name ? name : "");
    jsonx_set_integer(timer, "seconds", (long long)length_s);
    json_array_append_new(timers, timer);
    set_timers(e, timers);
    return done(json_array(), json_array());
}

static json_t *cancel_timer(struct job *job)
{
    struct entity *e  = timer_entity(job->home);
    const json_t  *on = e ? json_object_get(e->state, "timers") : NULL;
    const char  *name = jsonx_text(job->arguments, "name");
    char        *key  = name ? home_key(name) : NULL;
    double length_s   = duration_s(job->arguments, "start_hours",
                                   "start_minutes", "start_seconds");
    size_t  hits = 0, hit = 0;
    json_t *timers;

    for (size_t i = 0; i < json_array_size(on); i++) {
        const json_t *timer = json_array_get(on, i);
        double seconds = jsonx_number(timer, "seconds");
        if (key && strcmp(key, jsonx_text(timer, "name")) != 0) continue;
        if (length_s >= 0 && (seconds < length_s || seconds > length_s))
            continue;
        hits++;
        hit = i;
    }
    free(key);
    if (hits == 0)
        return home_error("TimerNotFoundError", NULL, "No such timer is "
                          "running; nothing was changed");
    if (hits > 1)
        return home_error("MultipleTimersMatchedError", NULL, "%zu timers "
                          "fit; say which; nothing was changed", hits);
    timers = json_copy((json_t *)on);
    json_array_remove(timers, hit);
    set_timers(e, timers);
    return done(json_array(), json_array());
}

/* ---- the live context -------------------------------------------------- */

/* Would YAML read this text as something other than a text? */
static bool needs_quotes(const char *text)
{
    static const char *const words[] = {"on", "off", "yes", "no", "true",
                                        "false", "null"};
    char *end;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], text) == 0) return true;
    (void)strtod(text, &end);
    return end != text && *end == '\0';
}

static void add_yaml_text(struct strbuf *out, const char *key,
                          const char *text)
{
    const char *quote = needs_quotes(text) ? "'" : "";

    strbuf_addf(out, "%s: %s%s%s\n", key, quote, text, quote);
}

static void add_attribute(struct strbuf *out, const char *name,
                          const json_t *value, bool *is_first)
{
    if (!value || json_is_null(value)) return;
    if (*is_first) strbuf_add(out, "  attributes:\n");
    *is_first = false;
    strbuf_add(out, "    ");
    if (json_is_integer(value))
        strbuf_addf(out, "%s: '%lld'\n", name,
                    (long long)json_integer_value(value));
    else if (json_is_real(value))
        strbuf_addf(out, "%s: %.15g\n", name, json_real_value(value));
    else
        add_yaml_text(out, name, json_string_value(value));
}

static void add_context(struct strbuf *out, const struct entity *e)
{
    bool    first  = true;
    bool    is_on  = strcmp(jsonx_text(e->state, "state"), "off") != 0;
    json_t *unit   = e->unit ? json_string(e->unit) : NULL;
    json_t *class  = e->device_class ? json_string(e->device_class) : NULL;

    strbuf_addf(out, "- names: %s", e->name);
    for (size_t i = 0; i < e->aliases.n; i++)
        strbuf_addf(out, ", %s", e->aliases.items[i]);
    strbuf_addf(out, "\n  domain: %s\n", e->domain->name);
    add_yaml_text(out, "  state", jsonx_text(e->state, "state"));
    if (e->area) strbuf_addf(out, "  areas: %s\n", e->area->name);
    if (is_on) {
        add_attribute(out, "brightness",
                      json_object_get(e->state, "brightness"), &first);
        add_attribute(out, "color", json_object_get(e->state, "color"),
                      &first);
        add_attribute(out, "color_temp_kelvin",
                      json_object_get(e->state, "color_temp_kelvin"), &first);
        add_attribute(out, "volume_level",
                      json_object_get(e->state, "volume_level"), &first);
    }
    add_attribute(out, "unit_of_measurement", unit, &first);
    add_attribute(out, "current_position",
                  json_object_get(e->state, "position"), &first);
    add_attribute(out, "current_temperature",
                  json_object_get(e->state, "current_temperature"), &first);
    add_attribute(out, "temperature",
                  json_object_get(e->state, "temperature"), &first);
    add_attribute(out, "device_class", class, &first);
    json_decref(unit);
    json_decref(class);
}

static int compare_names(const void *a, const void *b)
{
    const struct entity *x = *(struct entity *const *)a;
    const struct entity *y = *(struct entity *const *)b;
    int by_name = strcmp(x->name, y->name);

    return by_name ? by_name : strcmp(x->id, y->id);
}

static json_t *live_context(struct job *job)
{
    static const struct target_rule anything = {0};
    json_t       *answer, *error = NULL;
    struct strbuf text;
    char         *context;

    if (json_object_size(job->arguments) > 0) {
        error = home_match(job->home, job->arguments, &anything, job->found,
                           &job->n);
        if (error) return error;
    } else {
        for (size_t i = 0; i < job->home->n_entities; i++)
            if (!home_is_in(&job->home->entities[i], "timer"))
                job->found[job->n++] = &job->home->entities[i];
    }
    qsort(job->found, job->n, sizeof *job->found, compare_names);
    strbuf_init(&text, CONTEXT_MAX_BYTES);
    strbuf_add(&text, "Live Context: An overview of the areas and the devices "
               "in this smart home:\n");
    for (size_t i = 0; i < job->n; i++) add_context(&text, job->found[i]);
    context = strbuf_take(&text);
    strbuf_done(&text);
    answer = json_object();
    json_object_set_new(answer, "success", json_true());
    jsonx_set_text(answer, "result", context);
    free(context);
    return answer;
}

/* ---- the list of tools ------------------------------------------------- */

static const struct tool {
    const char        *name;
    struct target_rule rule;
    act_fn            *act;                          /* on each target, or  */
    json_t          *(*run)(struct job *job);        /* all by itself       */
    json_t          *(*refuse)(const struct job *job); /* last look, or NULL */
} TOOLS[] = {
    {"HassTurnOn", {0}, turn_on, NULL, NULL},
    {"HassTurnOff", {0}, turn_off, NULL, NULL},
    {"HassLightSet", {0}, light_set, NULL, refuse_colour},
    {"HassSetPosition", {0}, set_position, NULL, refuse_no_cover},
    {"HassClimateSetTemperature", {"climate", NULL, "temperature", true},
     set_temperature, NULL, NULL},
    {"HassMediaPause", {"media_player", "playing", NULL, false},
     pause_media, NULL, NULL},
    {"HassMediaUnpause", {"media_player", NULL, NULL, false},
     resume_media, NULL, NULL},
    {"HassSetVolume", {"media_player", NULL, "volume_level", false},
     set_volume, NULL, NULL},
    {"HassListAddItem", {"todo", NULL, "items", false},
     list_add, NULL, refuse_full_list},
    {"HassStartTimer", {0}, NULL, start_timer, NULL},
    {"HassCancelTimer", {0}, NULL, cancel_timer, NULL},
    {"GetLiveContext", {0}, NULL, live_context, NULL},
};

static const struct tool *find_tool(const char *name)
{
    for (size_t i = 0; i < sizeof TOOLS / sizeof TOOLS[0]; i++)
        if (strcmp(TOOLS[i].name, name) == 0) return &TOOLS[i];
    return NULL;
}

bool home_knows_tool(const char *name) { return find_tool(name) != NULL; }

/* The JSON schema of an offered tool's arguments; NULL: it is not offered. */
static const json_t *find_schema(const struct home *h, const char *name)
{
    for (size_t i = 0; i < json_array_size(h->tools); i++) {
        const json_t *function = json_object_get(json_array_get(h->tools, i),
                                                 "function");
        if (strcmp(jsonx_text(function, "name"), name) == 0)
            return json_object_get(function, "parameters");
    }
    return NULL;
}

/* As Home Assistant reports it: a given floor or area counts as reached (not
 * with a tool for one entity), and only a call that reached nothing at all
 * is an error. */
static json_t *act_on_each(struct job *job, const struct tool *tool)
{
    const struct area *area    = home_area(job->home, job->arguments);
    const char        *floor   = home_floor(job->home, job->arguments);
    json_t            *success = json_array(), *failed = json_array();
    json_t            *error;

    if (floor && !tool->rule.single)
        add_place(success, floor, "floor");
    else if (area && !tool->rule.single)
        add_place(success, area->name, "area");
    for (size_t i = 0; i < job->n; i++) {
        struct entity *e = job->found[i];
        add_entry(tool->act(job, e) ? success : failed, e->name, "entity",
                  e->id);
    }
    if (json_array_size(success) > 0) return done(success, failed);
    error = home_error("IntentHandleError", NULL, "Failed to call %s for: %s",
                       job->tool, job->found[0]->id);
    json_decref(success);
    json_decref(failed);
    return error;
}

static json_t *run(struct job *job, const struct tool *tool,
                   const json_t *schema)
{
    json_t *answer = home_check_arguments(job->tool, schema, job->arguments,
                                          tool->act != NULL);

    if (answer) return answer;
    job->found = mem_new(job->home->n_entities, sizeof(struct entity *));
    if (tool->run) {
        answer = tool->run(job);
    } else {
        answer = home_match(job->home, job->arguments, &tool->rule, job->found,
                            &job->n);
        if (!answer && tool->refuse) answer = tool->refuse(job);
        if (!answer) answer = act_on_each(job, tool);
    }
    free(job->found);
    return answer;
}

json_t *home_call(struct home *h, const char *tool, const char *arguments)
{
    const struct tool *found  = tool ? find_tool(tool) : NULL;
    const json_t      *schema = found ? find_schema(h, found->name) : NULL;
    size_t             len    = arguments ? strlen(arguments) : 0;
    struct err         err    = {0};
    struct job         job    = {.home = h, .tool = tool};
    json_t            *parsed, *answer;

    if (!schema)
        return home_error("HomeAssistantError", NULL, "Tool \"%.80s\" not "
                          "found", tool ? tool : "");
    if (len > ARGUMENTS_MAX_BYTES)
        return home_error("InvalidSlotInfo", NULL, "the arguments are longer "
                          "than %zu bytes", ARGUMENTS_MAX_BYTES);
    /* Servers send no text at all for a call without arguments. */
    parsed = len ? jsonx_parse(arguments, len, &err) : json_object();
    if (!json_is_object(parsed)) {
        json_decref(parsed);
        return home_error("InvalidSlotInfo", NULL, "the arguments are not one "
                          "JSON object: %s", err.kind ? err.text :
                          "it is something else");
    }
    job.arguments = parsed;
    answer = run(&job, found, schema);
    json_decref(parsed);
    return answer;
}
