/* SPDX-License-Identifier: MIT */
/* home_service_kept.c - the services for lists, calendars, timers, alarms and
 * messages: their data brought into the arguments of the intent tools, so
 * that one wish has one effect, whatever the style. */
#include "home/home_services.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"

#define HOUR_S 3600LL
#define DAY_S  86400LL

/* ---- calling the tools ------------------------------------------------- */

static json_t *call(struct home *h, const struct home_tool *tools,
                    const char *name, const json_t *arguments)
{
    while (tools->name && strcmp(tools->name, name) != 0) tools++;
    return tools->name ? tools->call(h, arguments) : NULL;
}

/* The data, and the id of the entity under the name that a tool knows it by.
 * New reference. */
static json_t *with(const json_t *data, const char *key, const char *value)
{
    json_t *out = json_copy((json_t *)data);

    jsonx_set_text(out, key, value);
    return out;
}

static json_t *take_call(struct home *h, const struct home_tool *tools,
                         const char *name, json_t *arguments)
{
    json_t *answer = call(h, tools, name, arguments);

    json_decref(arguments);
    return answer;
}

static json_t *bad_data(const char *what, const char *key)
{
    return home_error("ServiceValidationError", NULL, "%s @ data['%s']", what,
                      key);
}

/* {entity: {key: list}}, as services answer that tell something. */
static json_t *told(const struct entity *e, const char *key, json_t *list)
{
    json_t *inner = json_object(), *out = json_object();

    json_object_set_new(inner, key, list);
    json_object_set_new(out, e->id, inner);
    return home_result(out);
}

/* ---- to-do lists ------------------------------------------------------- */

static json_t *todo_add(struct home *h, struct entity *e, const json_t *data)
{
    return take_call(h, home_list_tools, "HassListAddItem",
                     with(data, "name", e->id));
}

static json_t *todo_update(struct home *h, struct entity *e,
                           const json_t *data)
{
    const char *item   = jsonx_text(data, "item");
    const char *rename = jsonx_text(data, "rename");
    const char *status = jsonx_text(data, "status");

    if (!status && !rename)
        return bad_data("one of status and rename must be given", "status");
    if (status && !home_is_listed("|needs_action|completed|", status))
        return bad_data("value must be one of ['completed', 'needs_action']",
                        "status");
    return home_todo_update(h, e, item, rename,
                            status && strcmp(status, "completed") == 0,
                            status && strcmp(status, "needs_action") == 0);
}

/* One item or several; all of them or none. */
static json_t *todo_remove(struct home *h, struct entity *e,
                           const json_t *data)
{
    const json_t *items  = json_object_get(data, "item");
    size_t        n      = json_is_array(items) ? json_array_size(items) : 1;
    json_t       *before = json_incref(e->state), *answer = NULL, *arguments;

    if (n == 0 || n > HOME_LIST_MAX)
        answer = bad_data("expected a text or a list of texts", "item");
    for (size_t i = 0; i < n && !(answer && json_object_get(answer, "error"));
         i++) {
        json_decref(answer);
        arguments = json_object();
        json_object_set(arguments, "item",
                        json_is_array(items) ? json_array_get(items, i)
                                             : (json_t *)items);
        jsonx_set_text(arguments, "name", e->id);
        answer = take_call(h, home_list_tools, "HassListRemoveItem",
                           arguments);
    }
    if (json_object_get(answer, "error")) {
        json_decref(e->state);
        e->state = json_incref(before);
    }
    json_decref(before);
    return answer;
}

static bool asks_for(const json_t *data, const char *status)
{
    const json_t *value = json_object_get(data, "status");

    if (json_is_string(value))
        return strcmp(json_string_value(value), status) == 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *one = json_string_value(json_array_get(value, i));
        if (one && strcmp(one, status) == 0) return true;
    }
    return false;
}

static json_t *todo_get(struct home *h, struct entity *e, const json_t *data)
{
    bool completed = asks_for(data, "completed");
    bool open      = asks_for(data, "needs_action");

    (void)h;
    if (!completed && !open && json_object_get(data, "status"))
        return bad_data("value must be one of ['completed', 'needs_action']",
                        "status");
    return told(e, "items",
                home_todo_items(e, open || !completed, completed));
}

/* ---- calendars and weather --------------------------------------------- */

/* "1:30" or "01:30:00": hours, minutes, seconds. False: neither. */
static bool read_clock(const char *text, double *seconds)
{
    double parts[3] = {0};
    int    n = 0, n_digits = 0;

    for (; *text; text++) {
        if (*text == ':' && n_digits > 0 && n < 2) {
            n++;
            n_digits = 0;
        } else if (*text >= '0' && *text <= '9' && n_digits < 4) {
            parts[n] = parts[n] * 10 + (*text - '0');
            n_digits++;
        } else {
            return false;
        }
    }
    *seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    return n > 0 && n_digits > 0;
}

/* Hours, minutes and seconds of "01:30:00", of a number of seconds or of
 * {"hours":1,...}; false: none. */
static bool read_duration(const json_t *value, double *seconds)
{
    static const struct {
        const char *name;
        double      unit_s;
    } units[] = {{"days", 86400}, {"hours", 3600}, {"minutes", 60},
                 {"seconds", 1}};
    const char *text = home_plain_text(value);
    double      sum  = 0, one;
    int         sign = 1;

    if (json_is_number(value)) {
        *seconds = json_number_value(value);
        return fabs(*seconds) < 1e9;
    }
    if (text) {
        if (*text == '-' || *text == '+') sign = *text++ == '-' ? -1 : 1;
        if (!read_clock(text, &sum)) return false;
        *seconds = sign * sum;
        return true;
    }
    if (!json_is_object(value)) return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!home_slot_number(value, units[i].name, &one)) return false;
        if (!isnan(one)) sum += one * units[i].unit_s;
    }
    *seconds = sum;
    return fabs(sum) < 1e9;
}

static bool read_moment(const json_t *data, const char *key,
                        struct home_date *out)
{
    const char *text = home_plain_text(json_object_get(data, key));

    return text && home_date_read(text, out);
}

static json_t *calendar_get(struct home *h, struct entity *e,
                            const json_t *data)
{
    struct home_date now  = home_clock(h), moment;
    long long        from = home_date_seconds(&now), until;
    double           span;

    if (json_object_get(data, "start_date_time")) {
        if (!read_moment(data, "start_date_time", &moment))
            return bad_data("expected a date and time", "start_date_time");
        from = home_date_seconds(&moment);
    }
    until = from + DAY_S;
    if (json_object_get(data, "end_date_time")) {
        if (!read_moment(data, "end_date_time", &moment))
            return bad_data("expected a date and time", "end_date_time");
        until = home_date_seconds(&moment);
    } else if (json_object_get(data, "duration")) {
        if (!read_duration(json_object_get(data, "duration"), &span))
            return bad_data("expected a duration such as 24:00:00",
                            "duration");
        until = from + (long long)span;
    } else {
        return bad_data("one of end_date_time and duration must be given",
                        "end_date_time");
    }
    return told(e, "events", home_events_between(h, e, from, until));
}

static json_t *calendar_create(struct home *h, struct entity *e,
                               const json_t *data)
{
    bool        has_time = json_object_get(data, "start_date_time") != NULL;
    const char *start = jsonx_text(data, has_time ? "start_date_time"
                                                  : "start_date");
    const char *end   = jsonx_text(data, has_time ? "end_date_time"
                                                  : "end_date");
    json_t     *arguments, *answer;

    if (!start)
        return bad_data("one of start_date_time and start_date must be given",
                        "start_date_time");
    arguments = json_object();
    jsonx_set_text(arguments, "calendar", e->id);
    jsonx_set_text(arguments, "summary", jsonx_text(data, "summary"));
    jsonx_set_text(arguments, "start", start);
    if (end) jsonx_set_text(arguments, "end", end);
    answer = take_call(h, home_list_tools, "calendar_create_event",
                       arguments);
    if (json_object_get(answer, "error")) return answer;
    json_decref(answer);
    return home_done(NULL, NULL);
}

static json_t *weather_get(struct home *h, struct entity *e,
                           const json_t *data)
{
    json_t *forecast = json_object_get(e->state, "forecast");

    (void)h;
    (void)data;
    return told(e, "forecast", forecast ? json_deep_copy(forecast)
                                        : json_array());
}

/* ---- timers, alarms, messages ------------------------------------------ */

/* The data with its duration in hours, minutes and seconds. NULL with the
 * error; *is_negative for one below nothing. */
static json_t *with_duration(const json_t *data, bool *is_negative,
                             json_t **error)
{
    const json_t *duration = json_object_get(data, "duration");
    json_t       *out      = json_copy((json_t *)data);
    double        s        = 0;

    *error = NULL;
    *is_negative = false;
    if (!duration) return out;
    if (!read_duration(duration, &s)) {
        json_decref(out);
        *error = bad_data("expected a duration such as 00:05:00", "duration");
        return NULL;
    }
    *is_negative = s < 0;
    s = floor(fabs(s));
    json_object_del(out, "hours");
    json_object_del(out, "minutes");
    jsonx_set_integer(out, "seconds", (long long)s);
    return out;
}

static bool has_length(const json_t *data)
{
    return json_object_get(data, "hours") || json_object_get(data, "minutes")
           || json_object_get(data, "seconds");
}

/* Without a duration, timer.start lets a timer that is paused go on. */
static json_t *timer_start(struct home *h, struct entity *e,
                           const json_t *data)
{
    bool    is_negative;
    json_t *error, *arguments = with_duration(data, &is_negative, &error);

    (void)e;
    if (error) return error;
    if (is_negative) {
        json_decref(arguments);
        return bad_data("expected a duration above nothing", "duration");
    }
    return take_call(h, home_timer_tools, has_length(arguments)
                     ? "HassStartTimer" : "HassUnpauseTimer", arguments);
}

static json_t *timer_change(struct home *h, struct entity *e,
                            const json_t *data)
{
    bool    is_negative;
    json_t *error, *arguments = with_duration(data, &is_negative, &error);

    (void)e;
    if (error) return error;
    return take_call(h, home_timer_tools, is_negative
                     ? "HassDecreaseTimer" : "HassIncreaseTimer", arguments);
}

static json_t *timer_cancel(struct home *h, struct entity *e,
                            const json_t *data)
{
    (void)e;
    return call(h, home_timer_tools, "HassCancelTimer", data);
}

static json_t *timer_cancel_all(struct home *h, struct entity *e,
                                const json_t *data)
{
    (void)e;
    return call(h, home_timer_tools, "HassCancelAllTimers", data);
}

static json_t *timer_pause(struct home *h, struct entity *e,
                           const json_t *data)
{
    (void)e;
    return call(h, home_timer_tools, "HassPauseTimer", data);
}

static json_t *alarm_set(struct home *h, struct entity *e, const json_t *data)
{
    (void)e;
    return call(h, home_timer_tools, "SetAlarm", data);
}

static json_t *alarm_cancel(struct home *h, struct entity *e,
                            const json_t *data)
{
    (void)e;
    return call(h, home_timer_tools, "CancelAlarm", data);
}

static json_t *broadcast(struct home *h, struct entity *e, const json_t *data)
{
    (void)e;
    return call(h, home_say_tools, "HassBroadcast", data);
}

/* ---- the services ------------------------------------------------------ */

#define TEXT(name, is_required) {name, FIELD_TEXT, 0, 0, is_required}
#define ANY(name, is_required)  {name, FIELD_ANY, 0, 0, is_required}
#define KEPT(domain, name, kept, is_one, ...) \
    {domain, name, NULL, kept, 0, is_one, {__VA_ARGS__}}
#define WHICH TEXT("name", false), ANY("start_hours", false), \
              ANY("start_minutes", false), ANY("start_seconds", false)
#define LENGTH ANY("duration", false), ANY("hours", false), \
               ANY("minutes", false), ANY("seconds", false)

const struct service home_service_kept[] = {
    KEPT("todo", "add_item", todo_add, true, TEXT("item", true)),
    KEPT("todo", "update_item", todo_update, true, TEXT("item", true),
         TEXT("rename", false), TEXT("status", false)),
    KEPT("todo", "remove_item", todo_remove, true, ANY("item", true)),
    KEPT("todo", "get_items", todo_get, true, ANY("status", false)),
    KEPT("calendar", "get_events", calendar_get, true,
         TEXT("start_date_time", false), TEXT("end_date_time", false),
         ANY("duration", false)),
    KEPT("calendar", "create_event", calendar_create, true,
         TEXT("summary", true), TEXT("start_date_time", false),
         TEXT("end_date_time", false), TEXT("start_date", false),
         TEXT("end_date", false)),
    KEPT("weather", "get_forecasts", weather_get, false, TEXT("type", false)),
    KEPT("timer", "start", timer_start, false, LENGTH, WHICH),
    KEPT("timer", "change", timer_change, false, LENGTH, WHICH),
    KEPT("timer", "pause", timer_pause, false, WHICH),
    KEPT("timer", "cancel", timer_cancel, false, WHICH),
    KEPT("timer", "cancel_all", timer_cancel_all, false, TEXT("area", false)),
    KEPT("alarm", "set", alarm_set, false, TEXT("time", true),
         TEXT("name", false), ANY("days", false)),
    KEPT("alarm", "cancel", alarm_cancel, false, TEXT("time", false),
         TEXT("name", false)),
    KEPT("intercom", "broadcast", broadcast, false, TEXT("message", true),
         TEXT("area", false)),
    {NULL, NULL, NULL, NULL, 0, false, {{NULL, FIELD_ANY, 0, 0, false}}},
};
