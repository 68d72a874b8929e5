/* SPDX-License-Identifier: MIT */
/* home_settle.c - the states of what is no device: lists, timers, alarms,
 * messages, calendars, and what can only be read.
 *
 * Whatever was done to them, they have one form: texts on lists trimmed and
 * case folded, lists sorted (messages stay in order), and the state derived
 * from them. So equal homes have equal states. */
#include "home/home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define TIMER_MAX_S  86400
#define EVENT_FIELDS 8

/* ---- entries of lists, in their one form ------------------------------- */

/* One entry of a list as it is to be, a new reference; NULL: it is none. */
typedef json_t *entry_fn(const json_t *entry);

/* Its text by home_key, or NULL when it is none or (unless may_lack) blank. */
static char *folded(const json_t *value, bool may_lack)
{
    const char *text = home_plain_text(value);
    char       *key  = text ? home_key(text) : NULL;

    if (!value && may_lack) return mem_copy("");
    if (key && (*key || may_lack)) return key;
    free(key);
    return NULL;
}

/* Only members of this list, "|a|b|". */
static bool has_only(const json_t *entry, const char *members)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)entry, key, value)
        if (!home_is_listed(members, key)) return false;
    return json_is_object(entry);
}

static json_t *item_entry(const json_t *entry)
{
    char   *key  = folded(entry, false);
    json_t *item = key ? json_string(key) : NULL;

    free(key);
    return item;
}

static json_t *verbatim_entry(const json_t *entry)
{
    const char *text = home_plain_text(entry);

    return text && *text ? json_string(text) : NULL;
}

static json_t *timer_entry(const json_t *entry)
{
    const char *state   = jsonx_text(entry, "state");
    double      seconds = jsonx_number(entry, "seconds");
    double      start   = jsonx_number(entry, "start_seconds");
    char       *name    = folded(json_object_get(entry, "name"), true);
    char       *area    = folded(json_object_get(entry, "area"), true);
    json_t     *timer   = NULL;

    if (has_only(entry, "|name|seconds|state|area|start_seconds|") && name &&
        area && seconds >= 1 && seconds <= TIMER_MAX_S &&
        seconds == floor(seconds) &&
        (!json_object_get(entry, "start_seconds") ||
         (start >= 1 && start <= TIMER_MAX_S && start == floor(start))) &&
        (json_object_get(entry, "state")
         ? state && home_is_listed("|active|paused|", state) : true)) {
        timer = json_object();
        jsonx_set_text(timer, "name", name);
        jsonx_set_integer(timer, "seconds", (long long)seconds);
        jsonx_set_text(timer, "state", state ? state : "active");
        if (*area) jsonx_set_text(timer, "area", area);
        if (!isnan(start))
            jsonx_set_integer(timer, "start_seconds", (long long)start);
    }
    free(name);
    free(area);
    return timer;
}

/* The days of a list in the order of the week, each once. */
static json_t *week_days(const json_t *list)
{
    static const char *const week[] = {"mon", "tue", "wed", "thu", "fri",
                                       "sat", "sun"};
    json_t *days = json_array();
    size_t  hits = 0;

    for (size_t d = 0; d < sizeof week / sizeof week[0]; d++) {
        bool is_in = false;
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *said = json_string_value(json_array_get(list, i));
            if (!said || strcmp(said, week[d]) != 0) continue;
            hits++;
            is_in = true;
        }
        if (is_in) jsonx_add_text(days, week[d]);
    }
    if (hits == json_array_size(list)) return days;
    json_decref(days);
    return NULL;
}

static bool is_time_of_day(const char *text)
{
    return text && strlen(text) == 5 && text[2] == ':' &&
           text[0] >= '0' && text[0] <= '2' && text[1] >= '0' &&
           text[1] <= '9' && (text[0] < '2' || text[1] <= '3') &&
           text[3] >= '0' && text[3] <= '5' && text[4] >= '0' &&
           text[4] <= '9';
}

static json_t *alarm_entry(const json_t *entry)
{
    const char   *time  = jsonx_text(entry, "time");
    const json_t *said  = json_object_get(entry, "days");
    char         *name  = folded(json_object_get(entry, "name"), true);
    json_t       *days  = !said || json_is_array(said) ? week_days(said) : NULL;
    json_t       *alarm = NULL;

    if (has_only(entry, "|time|name|days|") && is_time_of_day(time) && name &&
        days) {
        alarm = json_object();
        jsonx_set_text(alarm, "time", time);
        jsonx_set_text(alarm, "name", name);
        json_object_set(alarm, "days", days);
    }
    json_decref(days);
    free(name);
    return alarm;
}

static json_t *message_entry(const json_t *entry)
{
    const char *text = home_plain_text(json_object_get(entry, "text"));
    const char *area = jsonx_text(entry, "area");
    json_t     *message;

    if (!has_only(entry, "|text|area|") || !text || !*text ||
        (json_object_get(entry, "area") &&
         !home_plain_text(json_object_get(entry, "area"))))
        return NULL;
    message = json_object();
    jsonx_set_text(message, "text", text);
    jsonx_set_text(message, "area", area ? area : "");
    return message;
}

static json_t *event_entry(const json_t *entry)
{
    static const char *const needed[] = {"summary", "start", "end"};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const char *text = home_plain_text(json_object_get(entry, needed[i]));
        if (!text || !*text) return NULL;
    }
    return json_object_size(entry) <= EVENT_FIELDS
           ? json_deep_copy(entry) : NULL;
}

/* ---- lists ------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(json_string_value(*(json_t *const *)a),
                  json_string_value(*(json_t *const *)b));
}

static int by_members(const json_t *a, const json_t *b, const char *first,
                      const char *second)
{
    const char *x = jsonx_text(a, first), *y = jsonx_text(b, first);
    int         order = x && y ? strcmp(x, y) : 0;

    if (order) return order;
    x = jsonx_text(a, second);
    y = jsonx_text(b, second);
    return x && y ? strcmp(x, y) : 0;
}

/* Whatever the members compared say, equal lists must come out equal. */
static int by_all(const json_t *a, const json_t *b)
{
    char *x = jsonx_canonical(a), *y = jsonx_canonical(b);
    int   order = strcmp(x, y);

    free(x);
    free(y);
    return order;
}

static int by_length(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    double m = jsonx_number(x, "seconds"), n = jsonx_number(y, "seconds");
    int    order;

    if (m < n || m > n) return m < n ? -1 : 1;
    order = by_members(x, y, "name", "state");
    return order ? order : by_all(x, y);
}

static int by_time(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int           order = by_members(x, y, "time", "name");

    return order ? order : by_all(x, y);
}

static int by_start(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int           order = by_members(x, y, "start", "summary");

    return order ? order : by_all(x, y);
}

static const struct list {
    const char *domain, *name;
    entry_fn   *entry;
    int       (*order)(const void *, const void *);   /* NULL: as it is     */
} LISTS[] = {
    {"todo", "items", item_entry, by_text},
    {"todo", "completed", item_entry, by_text},
    {"timer", "timers", timer_entry, by_length},
    {"alarm", "alarms", alarm_entry, by_time},
    {"intercom", "messages", message_entry, NULL},
    {"calendar", "events", event_entry, by_start},
};

/* The list in its one form, a new reference; NULL: it has none. */
static json_t *settled_list(const struct list *kind, const json_t *list,
                            bool is_verbatim)
{
    size_t    n     = json_array_size(list);
    entry_fn *entry = is_verbatim && kind->entry == item_entry
                      ? verbatim_entry : kind->entry;
    json_t  **each, *out = NULL;
    bool      is_ok = json_is_array(list) && n <= HOME_LIST_MAX;

    if (!is_ok) return NULL;
    each = mem_new(n + 1, sizeof *each);
    for (size_t i = 0; i < n && is_ok; i++) {
        each[i] = entry(json_array_get(list, i));
        is_ok = each[i] != NULL;
    }
    if (is_ok) {
        if (kind->order && !is_verbatim)
            qsort(each, n, sizeof *each, kind->order);
        out = json_array();
        for (size_t i = 0; i < n; i++) json_array_append(out, each[i]);
    }
    for (size_t i = 0; i < n; i++) json_decref(each[i]);
    free(each);
    return out;
}

/* ---- what follows from what -------------------------------------------- */

static bool is_running(const json_t *timers, const char *state)
{
    for (size_t i = 0; i < json_array_size(timers); i++)
        if (strcmp(jsonx_text(json_array_get(timers, i), "state"), state) == 0)
            return true;
    return false;
}

/* The state that follows from the lists; caller frees; NULL: none does. */
static char *derived_state(const struct entity *e, const json_t *state)
{
    const json_t *timers = json_object_get(state, "timers");

    if (home_is_in(e, "todo"))
        return mem_printf("%zu",
                          json_array_size(json_object_get(state, "items")));
    if (home_is_in(e, "alarm"))
        return mem_printf("%zu",
                          json_array_size(json_object_get(state, "alarms")));
    if (home_is_in(e, "timer"))
        return mem_copy(is_running(timers, "active") ? "active" :
                        is_running(timers, "paused") ? "paused" : "idle");
    if (home_is_in(e, "intercom")) return mem_copy("idle");
    return NULL;
}

static bool is_plain_number(const json_t *value)
{
    return json_is_number(value) && isfinite(json_number_value(value));
}

/* What cannot be changed by calls, only by setups. */
static bool is_readable(const struct entity *e, const json_t *state)
{
    const char *text = home_plain_text(json_object_get(state, "state"));
    const char *key;
    json_t     *value;

    if (!text || !*text) return false;
    if (home_is_in(e, "binary_sensor") && !home_is_listed("|on|off|", text))
        return false;
    json_object_foreach((json_t *)state, key, value) {
        if (home_is_listed("|state|items|completed|timers|alarms|messages|"
                           "events|", key))
            continue;
        if (strcmp(key, "forecast") == 0 ? !json_is_array(value)
            : !is_plain_number(value) && !home_plain_text(value))
            return false;
    }
    return true;
}

/* A settled copy of the state, or NULL. */
static json_t *settled(const struct entity *e, const json_t *state)
{
    json_t *out = json_copy((json_t *)state), *list;
    char   *text;
    bool    is_ok;

    for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++) {
        if (!home_is_in(e, LISTS[i].domain)) continue;
        list = settled_list(&LISTS[i], json_object_get(state, LISTS[i].name),
                            e->features & CAN_VERBATIM);
        if (!list) {
            json_decref(out);
            return NULL;
        }
        json_object_set_new(out, LISTS[i].name, list);
    }
    text = derived_state(e, out);
    if (text) jsonx_set_text(out, "state", text);
    free(text);
    is_ok = is_readable(e, out);
    if (is_ok) return out;
    json_decref(out);
    return NULL;
}

bool home_settle(struct entity *e)
{
    json_t *state = e->domain->is_json ? settled(e, e->state) : NULL;

    if (!state) return !e->domain->is_json;
    json_decref(e->state);
    e->state = state;
    return true;
}

json_t *home_patched_state(const struct entity *e, const json_t *patch,
                           struct err *err)
{
    json_t     *state = json_copy(e->state), *next = NULL, *value;
    const char *name, *said = jsonx_text(patch, "state");
    char       *shown;

    json_object_foreach((json_t *)patch, name, value) {
        if (!json_object_get(state, name)) {
            err_set(err, ERR_INPUT, "%s has no attribute %.60s; see what the "
                    "home shows of it", e->id, name);
            goto done;
        }
        json_object_set(state, name, value);
    }
    next = settled(e, state);
    if (next && said && strcmp(said, jsonx_text(next, "state")) != 0) {
        err_set(err, ERR_INPUT, "%s: state %s contradicts the rest: it would "
                "be %s", e->id, said, jsonx_text(next, "state"));
        json_decref(next);
        next = NULL;
    } else if (!next) {
        shown = jsonx_dump(patch);
        err_set(err, ERR_INPUT, "%s: %.200s is nothing that it could be; see "
                "what the home shows of it", e->id, shown);
        free(shown);
    }

done:
    json_decref(state);
    return next;
}
