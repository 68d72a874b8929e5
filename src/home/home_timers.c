/* SPDX-License-Identifier: MIT */
/* home_timers.c - timers and alarms. Which timer a call means is found as
 * Home Assistant finds it: by name, by area, by the time it was started with,
 * else the only one, else the only one where the user speaks.
 *
 * The clock of a home stands still, so a timer that was never changed has as
 * much left as it was started with; only others carry "start_seconds". */
#include "home/home_beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define TIMER_MAX_S     86400
#define TOLD_MAX_BYTES  400      /* of what there is, in an error */

/* ---- arguments --------------------------------------------------------- */

/* Hours, minutes and seconds under three names, in seconds; 0: none given.
 * False: not usable. A 0 that stands alone is as good as nothing. */
static bool read_duration(const json_t *arguments, const char *const names[3],
                          int *seconds)
{
    static const int unit_s[3] = {3600, 60, 1};
    long long        sum       = 0;

    for (int i = 0; i < 3; i++) {
        const json_t *value = json_object_get(arguments, names[i]);
        int           n     = 0;
        if (!value || json_is_null(value)) continue;
        if (!home_slot_whole(arguments, names[i], 0, TIMER_MAX_S, &n, NULL))
            return false;
        sum += (long long)n * unit_s[i];
    }
    *seconds = sum > TIMER_MAX_S ? TIMER_MAX_S + 1 : (int)sum;
    return true;
}

static const char *const LENGTH[3] = {"hours", "minutes", "seconds"};
static const char *const START[3]  = {"start_hours", "start_minutes",
                                      "start_seconds"};

/* ---- which timer ------------------------------------------------------- */

struct wanted {
    char             *name;      /* or NULL                             */
    const struct area *area;     /* or NULL                             */
    int               start_s;   /* 0: not said                         */
};

static void wanted_done(struct wanted *w)
{
    free(w->name);
}

static json_t *read_wanted(struct home *h, const json_t *arguments,
                           const char *tool, struct wanted *w)
{
    char   *area  = NULL;
    json_t *error = NULL;

    if (!home_text_if_any(arguments, "name", &w->name) ||
        !home_text_if_any(arguments, "area", &area) ||
        !read_duration(arguments, START, &w->start_s))
        error = home_invalid_slot(tool);
    else if (area && !(w->area = home_find_area(h, area)))
        error = home_error("MatchFailedError", "INVALID_AREA", "this home "
                           "has no area \"%.80s\"", area);
    free(area);
    return error;
}

static int seconds_of(const json_t *timer)
{
    return (int)json_integer_value(json_object_get(timer, "seconds"));
}

static int start_of(const json_t *timer)
{
    const json_t *start = json_object_get(timer, "start_seconds");

    return start ? (int)json_integer_value(start) : seconds_of(timer);
}

static bool is_paused(const json_t *timer)
{
    return strcmp(jsonx_text(timer, "state"), "paused") == 0;
}

static bool is_in_area(const json_t *timer, const struct area *area)
{
    const char *text = jsonx_text(timer, "area");

    return text && home_same_name(text, area->name);
}

/* Only those of the found timers stay that fit; false: none did. */
typedef bool fits_fn(const json_t *timer, const void *what);

static bool has_name(const json_t *timer, const void *what)
{
    return home_same_name(jsonx_text(timer, "name"), what);
}

static bool has_area(const json_t *timer, const void *what)
{
    return is_in_area(timer, what);
}

static bool has_start(const json_t *timer, const void *what)
{
    return start_of(timer) == *(const int *)what;
}

static void narrow(const json_t *timers, size_t *found, size_t *n,
                   fits_fn *fits, const void *what)
{
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++)
        if (fits(json_array_get(timers, found[i]), what))
            found[kept++] = found[i];
    *n = kept;
}

/* The timers that are meant, as places in the list, room for HOME_LIST_MAX.
 * Name, area and start narrow; where more than one is left, those where the
 * user speaks are meant, if any. */
static size_t find_timers(const struct home *h, const json_t *timers,
                          const struct wanted *w, size_t *found)
{
    size_t n = json_array_size(timers), here[HOME_LIST_MAX], n_here;

    if (n > HOME_LIST_MAX) n = HOME_LIST_MAX;
    for (size_t i = 0; i < n; i++) found[i] = i;
    if (w->name) narrow(timers, found, &n, has_name, w->name);
    if (w->area) narrow(timers, found, &n, has_area, w->area);
    if (w->start_s && (n > 1 || (!w->name && !w->area)))
        narrow(timers, found, &n, has_start, &w->start_s);
    if (n < 2 || !h->here) return n;
    memcpy(here, found, n * sizeof *here);
    n_here = n;
    narrow(timers, here, &n_here, has_area, h->here);
    if (n_here == 0) return n;
    memcpy(found, here, n_here * sizeof *here);
    return n_here;
}

/* What tells a timer apart: "tea" with 0:04:00 left. */
static void tell_timer(struct strbuf *out, const json_t *timer)
{
    const char *name = jsonx_text(timer, "name");
    int         s    = seconds_of(timer);

    strbuf_addf(out, "%s%s%s%d:%02d:%02d left%s", *name ? "\"" : "", name,
                *name ? "\" with " : "", s / 3600, s / 60 % 60, s % 60,
                is_paused(timer) ? " (paused)" : "");
}

static json_t *multiple(const json_t *timers, const size_t *found, size_t n)
{
    struct strbuf text;
    json_t       *error;

    strbuf_init(&text, TOLD_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) strbuf_add(&text, "; ");
        tell_timer(&text, json_array_get(timers, found[i]));
    }
    error = home_error("MultipleTimersMatchedError", "MULTIPLE", "Multiple "
                       "timers matched: %s. Say which by name or by its start "
                       "time", text.text);
    strbuf_done(&text);
    return error;
}

/* The one timer of `timers` that the arguments mean, or the error. */
static json_t *one_timer(struct home *h, const json_t *arguments,
                         const char *tool, const json_t *timers, size_t *at)
{
    struct wanted w     = {0};
    json_t       *error = read_wanted(h, arguments, tool, &w);
    size_t        found[HOME_LIST_MAX], n;

    if (!error) {
        n = find_timers(h, timers, &w, found);
        if (n == 0)
            error = home_error("TimerNotFoundError", "NOT_FOUND", "Timer not "
                               "found: %zu are set; HassTimerStatus lists "
                               "them", json_array_size(timers));
        else if (n > 1)
            error = multiple(timers, found, n);
        else
            *at = found[0];
    }
    wanted_done(&w);
    return error;
}

/* ---- tools for timers -------------------------------------------------- */

static json_t *no_timers(void)
{
    return home_error("TimersNotSupportedError", NULL, "Device does not "
                      "support timers");
}

static json_t *keep_timers(struct entity *e, json_t *timers)
{
    return home_replace(e, "timers", timers)
           ? home_done(NULL, NULL)
           : home_error("IntentHandleError", NULL, "%s cannot be so; nothing "
                        "was changed", e->name);
}

static json_t *start_timer(struct home *h, const json_t *arguments)
{
    struct entity *e    = home_first_of(h, "timer");
    char          *name = NULL;
    int            seconds;
    json_t        *timers, *timer;

    if (!e) return no_timers();
    if (!read_duration(arguments, LENGTH, &seconds) || seconds < 1 ||
        seconds > TIMER_MAX_S || !home_text_if_any(arguments, "name", &name))
        return home_invalid_slot("HassStartTimer");
    timers = home_kept_list(e, "timers");
    if (json_array_size(timers) >= HOME_LIST_MAX) {
        json_decref(timers);
        free(name);
        return home_error("IntentHandleError", NULL, "%d timers are set "
                          "already; cancel one first", HOME_LIST_MAX);
    }
    timer = json_object();
    jsonx_set_text(timer, "name", name ? name : "");
    jsonx_set_integer(timer, "seconds", seconds);
    jsonx_set_text(timer, "state", "active");
    if (h->here) jsonx_set_text(timer, "area", h->here->name);
    json_array_append_new(timers, timer);
    free(name);
    return keep_timers(e, timers);
}

/* A timer that was changed; NULL: it is over. */
typedef json_t *change_fn(const json_t *timer, int by_s);

static json_t *change_timer(struct home *h, const json_t *arguments,
                            const char *tool, change_fn *change, int by_s)
{
    struct entity *e = home_first_of(h, "timer");
    json_t        *timers, *error, *changed;
    size_t         at = 0;

    if (!e) return no_timers();
    timers = home_kept_list(e, "timers");
    error  = one_timer(h, arguments, tool, timers, &at);
    if (error) {
        json_decref(timers);
        return error;
    }
    changed = change(json_array_get(timers, at), by_s);
    if (changed)
        json_array_set_new(timers, at, changed);
    else
        json_array_remove(timers, at);
    return keep_timers(e, timers);
}

static json_t *cancelled(const json_t *timer, int by_s)
{
    (void)timer;
    (void)by_s;
    return NULL;
}

/* What is taken below nothing is over, as in Home Assistant. */
static json_t *lengthened(const json_t *timer, int by_s)
{
    int     seconds = seconds_of(timer) + by_s, start = start_of(timer);
    json_t *out;

    if (seconds < 1) return NULL;
    out = json_copy((json_t *)timer);
    jsonx_set_integer(out, "seconds", seconds);
    json_object_del(out, "start_seconds");
    if (start != seconds) jsonx_set_integer(out, "start_seconds", start);
    return out;
}

static json_t *with_state(const json_t *timer, const char *state)
{
    json_t *out = json_copy((json_t *)timer);

    jsonx_set_text(out, "state", state);
    return out;
}

static json_t *paused(const json_t *timer, int by_s)
{
    (void)by_s;
    return with_state(timer, "paused");
}

static json_t *resumed(const json_t *timer, int by_s)
{
    (void)by_s;
    return with_state(timer, "active");
}

static json_t *cancel_timer(struct home *h, const json_t *arguments)
{
    return change_timer(h, arguments, "HassCancelTimer", cancelled, 0);
}

static json_t *increase_timer(struct home *h, const json_t *arguments)
{
    int by_s;

    if (!read_duration(arguments, LENGTH, &by_s) || by_s < 1 ||
        by_s > TIMER_MAX_S)
        return home_invalid_slot("HassIncreaseTimer");
    return change_timer(h, arguments, "HassIncreaseTimer", lengthened, by_s);
}

static json_t *decrease_timer(struct home *h, const json_t *arguments)
{
    int by_s;

    if (!read_duration(arguments, LENGTH, &by_s) || by_s < 1 ||
        by_s > TIMER_MAX_S)
        return home_invalid_slot("HassDecreaseTimer");
    return change_timer(h, arguments, "HassDecreaseTimer", lengthened, -by_s);
}

static json_t *pause_timer(struct home *h, const json_t *arguments)
{
    return change_timer(h, arguments, "HassPauseTimer", paused, 0);
}

static json_t *unpause_timer(struct home *h, const json_t *arguments)
{
    return change_timer(h, arguments, "HassUnpauseTimer", resumed, 0);
}

/* An answer that carries a fact, as Home Assistant's do. */
static json_t *done_with(const char *slot, json_t *value)
{
    json_t *answer = home_done(NULL, NULL), *slots = json_object();

    json_object_set_new(slots, slot, value);
    json_object_set_new(answer, "speech_slots", slots);
    return answer;
}

/* Without timers there is nothing to cancel, and that is no error. */
static json_t *cancel_all_timers(struct home *h, const json_t *arguments)
{
    struct entity *e = home_first_of(h, "timer");
    struct wanted  w = {0};
    json_t        *error, *kept, *timers;
    size_t         n = 0;

    error = read_wanted(h, arguments, "HassCancelAllTimers", &w);
    wanted_done(&w);
    if (error) return error;
    if (!e) return done_with("canceled", json_integer(0));
    kept   = json_array();
    timers = json_object_get(e->state, "timers");
    for (size_t i = 0; i < json_array_size(timers); i++) {
        json_t *timer = json_array_get(timers, i);
        if (w.area && !is_in_area(timer, w.area))
            json_array_append(kept, timer);
        else
            n++;
    }
    home_replace(e, "timers", kept);
    return done_with("canceled", json_integer((json_int_t)n));
}

static json_t *status_of(const json_t *timer)
{
    int     left = seconds_of(timer), start = start_of(timer);
    json_t *out  = json_object();

    jsonx_set_text(out, "name", jsonx_text(timer, "name"));
    jsonx_set_integer(out, "start_hours", start / 3600);
    jsonx_set_integer(out, "start_minutes", start / 60 % 60);
    jsonx_set_integer(out, "start_seconds", start % 60);
    json_object_set_new(out, "is_active", json_boolean(!is_paused(timer)));
    jsonx_set_integer(out, "hours_left", left / 3600);
    jsonx_set_integer(out, "minutes_left", left / 60 % 60);
    jsonx_set_integer(out, "seconds_left", left % 60);
    jsonx_set_integer(out, "total_seconds_left", left);
    if (jsonx_text(timer, "area"))
        jsonx_set_text(out, "area", jsonx_text(timer, "area"));
    return out;
}

/* All that fit; a name or a start that none has gives an empty list. */
static json_t *timer_status(struct home *h, const json_t *arguments)
{
    struct entity *e = home_first_of(h, "timer");
    struct wanted  w = {0};
    json_t        *error, *timers, *list;
    size_t         found[HOME_LIST_MAX], n;

    if (!e) return no_timers();
    error = read_wanted(h, arguments, "HassTimerStatus", &w);
    if (!error) {
        timers = json_object_get(e->state, "timers");
        n      = find_timers(&(struct home){0}, timers, &w, found);
        list   = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list,
                                  status_of(json_array_get(timers, found[i])));
    }
    wanted_done(&w);
    return error ? error : done_with("timers", list);
}

/* ---- alarms ------------------------------------------------------------ */

static json_t *no_alarms(void)
{
    return home_error("IntentHandleError", NULL, "this home has no alarm "
                      "clock");
}

/* "06:45" of what was said, false: no time of day. *time NULL: not said. */
static bool read_time(const json_t *arguments, char **time)
{
    char *said = NULL;
    int   minutes;

    *time = NULL;
    if (!home_text_if_any(arguments, "time", &said)) return false;
    if (!said) return true;
    minutes = home_clock_read(said);
    free(said);
    if (minutes < 0) return false;
    *time = mem_printf("%02d:%02d", minutes / 60, minutes % 60);
    return true;
}

/* The days of a list or of one text, in the order of the week; NULL: one of
 * them is none. */
static json_t *read_days(const json_t *arguments)
{
    const json_t *value  = json_object_get(arguments, "days");
    bool          is_one = json_is_string(value);
    size_t        n      = is_one ? 1 : json_array_size(value);
    bool          on[7]  = {false};
    json_t       *days;

    if (value && !is_one && !json_is_array(value) && !json_is_null(value))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const char *said = home_plain_text(is_one ? value
                                           : json_array_get(value, i));
        int         day  = said ? home_weekday(said) : -1;
        if (day < 0) return NULL;
        on[day] = true;
    }
    days = json_array();
    for (int d = 0; d < 7; d++)
        if (on[d]) jsonx_add_text(days, home_day_name(d + 4));
    return days;
}

static bool is_alarm(const json_t *alarm, const char *time, const char *name)
{
    return (!time || strcmp(jsonx_text(alarm, "time"), time) == 0) &&
           (!name || home_same_name(jsonx_text(alarm, "name"), name));
}

/* Time and name say which alarm it is: setting one that is set changes its
 * days, so that no two of them can be told apart by nothing. */
static json_t *keep_alarm(struct entity *e, const char *time,
                          const char *name, json_t *days)
{
    json_t *alarms = home_kept_list(e, "alarms"), *alarm = json_object();

    for (size_t i = json_array_size(alarms); i-- > 0;)
        if (is_alarm(json_array_get(alarms, i), time, name))
            json_array_remove(alarms, i);
    jsonx_set_text(alarm, "time", time);
    jsonx_set_text(alarm, "name", name);
    json_object_set(alarm, "days", days);
    json_array_append_new(alarms, alarm);
    if (json_array_size(alarms) <= HOME_LIST_MAX &&
        home_replace(e, "alarms", json_incref(alarms))) {
        json_decref(alarms);
        return home_done_to(e, e->name);
    }
    json_decref(alarms);
    return home_error("IntentHandleError", NULL, "%s cannot hold more than "
                      "%d alarms; cancel one first", e->name, HOME_LIST_MAX);
}

static json_t *set_alarm(struct home *h, const json_t *arguments)
{
    struct entity *e    = home_first_of(h, "alarm");
    char          *time = NULL, *name = NULL;
    json_t        *days, *answer;

    if (!e) return no_alarms();
    days = read_days(arguments);
    if (!days)
        answer = home_error("InvalidSlotInfo", NULL, "Received invalid slot "
                            "info for SetAlarm: days is a list of mon, tue, "
                            "wed, thu, fri, sat, sun");
    else if (!read_time(arguments, &time) || !time)
        answer = home_error("InvalidSlotInfo", NULL, "Received invalid slot "
                            "info for SetAlarm: time is needed as HH:MM of "
                            "24 hours");
    else if (!home_text_if_any(arguments, "name", &name))
        answer = home_invalid_slot("SetAlarm");
    else
        answer = keep_alarm(e, time, name ? name : "", days);
    free(time);
    free(name);
    json_decref(days);
    return answer;
}

static json_t *remove_alarm(struct entity *e, const char *time,
                            const char *name)
{
    json_t *alarms = home_kept_list(e, "alarms");
    size_t  n = 0, at = 0;

    for (size_t i = 0; i < json_array_size(alarms); i++) {
        if (!is_alarm(json_array_get(alarms, i), time, name)) continue;
        at = i;
        n++;
    }
    if (n == 1) {
        json_array_remove(alarms, at);
        home_replace(e, "alarms", alarms);
        return home_done_to(e, e->name);
    }
    json_decref(alarms);
    return n == 0
         ? home_error("AlarmNotFoundError", "NOT_FOUND", "no such alarm is "
                      "set; ListAlarms tells which are")
         : home_error("MultipleAlarmsMatchedError", "MULTIPLE", "%zu alarms "
                      "matched; say which by time and name, ListAlarms has "
                      "them", n);
}

static json_t *cancel_alarm(struct home *h, const json_t *arguments)
{
    struct entity *e    = home_first_of(h, "alarm");
    char          *time = NULL, *name = NULL;
    json_t        *answer;

    if (!e) return no_alarms();
    if (!read_time(arguments, &time) ||
        !home_text_if_any(arguments, "name", &name))
        answer = home_invalid_slot("CancelAlarm");
    else
        answer = remove_alarm(e, time, name);
    free(time);
    free(name);
    return answer;
}

static json_t *list_alarms(struct home *h, const json_t *arguments)
{
    struct entity *e = home_first_of(h, "alarm");

    (void)arguments;
    return e ? home_result(json_deep_copy(json_object_get(e->state,
                                                          "alarms")))
             : no_alarms();
}

/* ---- the tools --------------------------------------------------------- */

const struct home_tool home_timer_tools[] = {
    {"HassStartTimer", start_timer},
    {"HassCancelTimer", cancel_timer},
    {"HassCancelAllTimers", cancel_all_timers},
    {"HassIncreaseTimer", increase_timer},
    {"HassDecreaseTimer", decrease_timer},
    {"HassPauseTimer", pause_timer},
    {"HassUnpauseTimer", unpause_timer},
    {"HassTimerStatus", timer_status},
    {"SetAlarm", set_alarm},
    {"CancelAlarm", cancel_alarm},
    {"ListAlarms", list_alarms},
    {NULL, NULL},
};
