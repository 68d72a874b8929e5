/* SPDX-License-Identifier: MIT */
/* home_lists.c - the to-do lists and calendars of a home: what is on them,
 * and what goes onto them. A call is refused before anything changes. */
#include "home/home_beside.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define DAY_S  86400LL
#define HOUR_S 3600LL

/* ---- to-do lists ------------------------------------------------------- */

static json_t *no_item(const char *item, const struct entity *list)
{
    return home_error("IntentHandleError", NULL, "Item '%s' not found on "
                      "list %s; todo_get_items tells what is on it", item,
                      list->name);
}

static size_t n_kept(const struct entity *list)
{
    return json_array_size(json_object_get(list->state, "items")) +
           json_array_size(json_object_get(list->state, "completed"));
}

static json_t *add_item(struct entity *list, const char *name,
                        const char *item)
{
    json_t *items;

    if (n_kept(list) >= HOME_LIST_MAX)
        return home_error("IntentHandleError", NULL, "%s is full: it holds "
                          "%d items; remove one first", list->name,
                          HOME_LIST_MAX);
    items = home_kept_list(list, "items");
    jsonx_add_text(items, item);
    if (!home_replace(list, "items", items))
        return home_error("IntentHandleError", NULL, "%s cannot hold such an "
                          "item; say it in other words", list->name);
    return home_done_to(list, name);
}

/* Where an item is among the texts of a list; its size: nowhere. */
static size_t place_of(const json_t *items, const char *item)
{
    size_t i = 0;

    while (i < json_array_size(items) &&
           !home_same_name(json_string_value(json_array_get(items, i)), item))
        i++;
    return i;
}

/* Takes an item off one of the two texts lists that a list is; false: it is
 * not there. */
static bool take_off(struct entity *list, const char *which, const char *item)
{
    json_t *items = home_kept_list(list, which);
    size_t  at    = place_of(items, item);

    if (at == json_array_size(items)) {
        json_decref(items);
        return false;
    }
    json_array_remove(items, at);
    return home_replace(list, which, items);
}

/* In a recorded home no item has an id, and only what has one is found. */
static json_t *complete_item(struct home *h, struct entity *list,
                             const char *name, const char *item)
{
    json_t *completed;

    if (h->manner.is_recorded || !take_off(list, "items", item))
        return no_item(item, list);
    completed = home_kept_list(list, "completed");
    jsonx_add_text(completed, item);
    home_replace(list, "completed", completed);
    return home_done_to(list, name);
}

static json_t *remove_item(struct home *h, struct entity *list,
                           const char *name, const char *item)
{
    if (h->manner.is_recorded || (!take_off(list, "items", item) &&
                                  !take_off(list, "completed", item)))
        return no_item(item, list);
    return home_done_to(list, name);
}

/* The item moves to where the status says, under its new name. */
json_t *home_todo_update(struct home *h, struct entity *list,
                         const char *item, const char *rename,
                         bool is_completed, bool is_reopened)
{
    json_t *before = json_incref(list->state), *items;
    bool    was_open = take_off(list, "items", item), is_kept;
    const char *where;

    if (h->manner.is_recorded ||
        (!was_open && !take_off(list, "completed", item))) {
        json_decref(list->state);
        list->state = before;
        return no_item(item, list);
    }
    where = is_completed || (!was_open && !is_reopened) ? "completed"
                                                        : "items";
    items = home_kept_list(list, where);
    jsonx_add_text(items, rename ? rename : item);
    is_kept = home_replace(list, where, items);
    if (!is_kept) {
        json_decref(list->state);
        list->state = json_incref(before);
    }
    json_decref(before);
    return is_kept ? home_done_to(list, list->name)
         : home_error("IntentHandleError", NULL, "%s cannot hold such an "
                      "item; say it in other words", list->name);
}

enum list_act { ADD, COMPLETE, REMOVE };

static json_t *act_on_list(struct home *h, const json_t *arguments,
                           const char *tool, enum list_act act)
{
    char          *item = NULL, *name = NULL;
    json_t        *answer = NULL;
    struct entity *list;

    if (!home_text_if_any(arguments, "item", &item) || !item ||
        !home_slot_text(arguments, "name", &name) || !name) {
        answer = home_invalid_slot(tool);
    } else if ((list = home_match_one(h, "todo", name, &answer)) != NULL) {
        answer = act == ADD      ? add_item(list, name, item)
               : act == COMPLETE ? complete_item(h, list, name, item)
                                 : remove_item(h, list, name, item);
    }
    free(item);
    free(name);
    return answer;
}

static json_t *list_add_item(struct home *h, const json_t *arguments)
{
    return act_on_list(h, arguments, "HassListAddItem", ADD);
}

static json_t *list_complete_item(struct home *h, const json_t *arguments)
{
    return act_on_list(h, arguments, "HassListCompleteItem", COMPLETE);
}

static json_t *list_remove_item(struct home *h, const json_t *arguments)
{
    return act_on_list(h, arguments, "HassListRemoveItem", REMOVE);
}

/* The list for what is to be bought: by what it is called, else the only
 * list that there is. */
static struct entity *shopping_list(struct home *h)
{
    static const char *const names[] = {"todo.shopping_list", "todo.shopping",
                                        "shopping list"};
    struct entity *only = NULL;
    size_t         n    = 0;

    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        for (size_t i = 0; i < h->n_entities; i++) {
            struct entity *e = &h->entities[i];
            if (!home_is_in(e, "todo")) continue;
            if (k == 0 && n++ == 0) only = e;
            for (size_t j = 0; j < e->keys.n; j++)
                if (strcmp(e->keys.items[j], names[k]) == 0) return e;
        }
    return n == 1 ? only : NULL;
}

static json_t *shopping_list_add_item(struct home *h, const json_t *arguments)
{
    struct entity *list = shopping_list(h);
    char          *item = NULL;
    json_t        *answer;

    if (!home_text_if_any(arguments, "item", &item) || !item)
        answer = home_invalid_slot("HassShoppingListAddItem");
    else if (!list)
        answer = home_error("MatchFailedError", "NAME", "this home has no "
                            "shopping list; HassListAddItem takes the name "
                            "of another list");
    else
        answer = add_item(list, list->name, item);
    free(item);
    return answer;
}

static void list_items(json_t *out, const json_t *items, const char *status)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_object();
        json_object_set(item, "summary", json_array_get(items, i));
        jsonx_set_text(item, "status", status);
        json_array_append_new(out, item);
    }
}

json_t *home_todo_items(const struct entity *list, bool open, bool completed)
{
    json_t *out = json_array();

    if (open)
        list_items(out, json_object_get(list->state, "items"),
                   "needs_action");
    if (completed)
        list_items(out, json_object_get(list->state, "completed"),
                   "completed");
    return out;
}

static json_t *get_items(struct home *h, const json_t *arguments)
{
    static const char *const statuses[] = {"all", "completed",
                                           "needs_action", NULL};
    static const struct home_key_rule rules[] = {
        {"todo_list", NULL, "todo", true},
        {"status", statuses, NULL, false},
        {NULL, NULL, NULL, false},
    };
    struct entity *list  = NULL;
    json_t        *error = home_check_keys(h, arguments, rules, &list);
    const char    *status = jsonx_text(arguments, "status");

    if (error) return error;
    if (!status) status = "needs_action";
    return home_result(home_todo_items(list,
                                       strcmp(status, "completed") != 0,
                                       strcmp(status, "needs_action") != 0));
}

/* ---- calendars --------------------------------------------------------- */

struct span {
    struct home_date start, end;      /* end: the first moment after it */
};

/* An all-day event that ends on the day when it starts is one day long. */
static bool span_of(const json_t *event, struct span *out)
{
    const char *start = jsonx_text(event, "start");
    const char *end   = jsonx_text(event, "end");

    if (!start || !home_date_read(start, &out->start)) return false;
    if (!end || !home_date_read(end, &out->end)) out->end = out->start;
    if (!out->start.has_time && out->end.day <= out->start.day)
        out->end.day = out->start.day + 1;
    return true;
}

/* A moment as the home shows it: with its offset, where its clock has one. */
static void set_moment(json_t *out, const char *key,
                       const struct home_date *moment, const char *zone)
{
    char  day[HOME_DATE_SIZE];
    char *text;

    home_date_text(moment, day);
    text = mem_printf("%s%s", day, moment->has_time ? zone : "");
    jsonx_set_text(out, key, text);
    free(text);
}

static json_t *shown_event(const json_t *event, const struct span *span,
                           const char *zone)
{
    static const char *const others[] = {"summary", "description",
                                         "location"};
    json_t *out = json_object();

    set_moment(out, "start", &span->start, zone);
    set_moment(out, "end", &span->end, zone);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        json_t *value = json_object_get(event, others[i]);
        if (json_is_string(value)) json_object_set(out, others[i], value);
    }
    if (!span->start.has_time)
        json_object_set_new(out, "all_day", json_true());
    return out;
}

json_t *home_events_between(const struct home *h, const struct entity *e,
                            long long from_s, long long until_s)
{
    const char *clock  = home_now(h);
    const char *zone   = strlen(clock) > 19 ? clock + 19 : "";
    json_t     *events = json_object_get(e->state, "events");
    json_t     *out    = json_array();

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        struct span   span;
        if (span_of(event, &span) && home_date_seconds(&span.end) > from_s &&
            home_date_seconds(&span.start) < until_s)
            json_array_append_new(out, shown_event(event, &span, zone));
    }
    return out;
}

static json_t *get_events(struct home *h, const json_t *arguments)
{
    static const char *const ranges[] = {"today", "week", NULL};
    static const struct home_key_rule rules[] = {
        {"calendar", NULL, "calendar", true},
        {"range", ranges, NULL, true},
        {NULL, NULL, NULL, false},
    };
    struct entity   *calendar = NULL;
    json_t          *error = home_check_keys(h, arguments, rules, &calendar);
    struct home_date now   = home_clock(h);
    bool             is_week;

    if (error) return error;
    is_week = strcmp(jsonx_text(arguments, "range"), "week") == 0;
    return home_result(home_events_between(h, calendar,
                                           home_date_seconds(&now),
                                           DAY_S * (now.day +
                                                    (is_week ? 7 : 1))));
}

static json_t *no_date(const char *key)
{
    return home_error("MultipleInvalid", NULL, "expected a date such as "
                      "2026-03-13, or with a time 2026-03-13T09:00, for "
                      "dictionary value @ data['%s']", key);
}

/* The span that arguments ask for; without an end, an hour or a day. */
static json_t *wanted_span(const json_t *arguments, struct span *out)
{
    const char *start = jsonx_text(arguments, "start");
    const char *end   = jsonx_text(arguments, "end");

    if (!home_date_read(start, &out->start)) return no_date("start");
    out->end = out->start;
    if (!end && out->start.has_time) {
        long long over = home_date_seconds(&out->start) + HOUR_S;
        out->end.day    = (long)(over / DAY_S);
        out->end.second = (int)(over % DAY_S);
    } else if (!end) {
        out->end.day++;
    } else if (!home_date_read(end, &out->end) ||
               out->end.has_time != out->start.has_time) {
        return no_date("end");
    }
    if (!out->end.has_time && out->end.day == out->start.day) out->end.day++;
    if (home_date_seconds(&out->end) <= home_date_seconds(&out->start))
        return home_error("MultipleInvalid", NULL, "the event must end after "
                          "it starts @ data['end']");
    return NULL;
}

static json_t *create_event(struct home *h, const json_t *arguments)
{
    static const struct home_key_rule rules[] = {
        {"calendar", NULL, "calendar", true}, {"summary", NULL, NULL, true},
        {"start", NULL, NULL, true}, {"end", NULL, NULL, false},
        {NULL, NULL, NULL, false},
    };
    struct entity *calendar = NULL;
    struct span    span;
    json_t        *error = home_check_keys(h, arguments, rules, &calendar);
    json_t        *event, *events;
    char          *summary = NULL;

    if (!error) error = wanted_span(arguments, &span);
    if (error) return error;
    if (!home_text_if_any(arguments, "summary", &summary) || !summary)
        return home_error("MultipleInvalid", NULL, "an event needs a text "
                          "that says what it is @ data['summary']");
    event = json_object();
    jsonx_set_text(event, "summary", summary);
    set_moment(event, "start", &span.start, "");
    set_moment(event, "end", &span.end, "");
    free(summary);
    events = home_kept_list(calendar, "events");
    json_array_append(events, event);
    if (json_array_size(events) > HOME_LIST_MAX ||
        !home_replace(calendar, "events", json_incref(events))) {
        error = home_error("IntentHandleError", NULL, "%s cannot hold more "
                           "than %d events", calendar->name, HOME_LIST_MAX);
        json_decref(event);
    }
    json_decref(events);
    return error ? error : home_result(event);
}

/* ---- the tools --------------------------------------------------------- */

const struct home_tool home_list_tools[] = {
    {"HassListAddItem", list_add_item},
    {"HassListCompleteItem", list_complete_item},
    {"HassListRemoveItem", list_remove_item},
    {"HassShoppingListAddItem", shopping_list_add_item},
    {"todo_get_items", get_items},
    {"calendar_get_events", get_events},
    {"calendar_create_event", create_event},
    {NULL, NULL},
};
