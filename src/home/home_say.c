/* SPDX-License-Identifier: MIT */
/* home_say.c - messages through the home's speakers, and what the weather
 * will be. */
#include "home/home_beside.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/strbuf.h"

#define TOLD_MAX_BYTES 400

/* ---- messages ---------------------------------------------------------- */

/* Without an area it is said everywhere, also when the speaker's is known: as
 * in Home Assistant, whose broadcast goes to all speakers. */
static json_t *say(struct entity *e, const char *text,
                   const struct area *area)
{
    json_t *messages = home_kept_list(e, "messages");
    json_t *message  = json_object(), *success;

    jsonx_set_text(message, "text", text);
    jsonx_set_text(message, "area", area ? area->name : "");
    json_array_append_new(messages, message);
    if (json_array_size(messages) > HOME_LIST_MAX ||
        !home_replace(e, "messages", json_incref(messages))) {
        json_decref(messages);
        return home_error("IntentHandleError", NULL, "the intercom cannot "
                          "hold more than %d messages", HOME_LIST_MAX);
    }
    json_decref(messages);
    success = json_array();
    if (area) home_add_target(success, area->name, "area", area->id);
    home_add_target(success, e->name, "entity", e->id);
    return home_done(success, NULL);
}

static json_t *broadcast(struct home *h, const json_t *arguments)
{
    struct entity     *e    = home_first_of(h, "intercom");
    char              *text = NULL, *said = NULL;
    const struct area *area = NULL;
    json_t            *answer;

    if (!home_text_if_any(arguments, "message", &text) || !text ||
        !home_text_if_any(arguments, "area", &said))
        answer = home_invalid_slot("HassBroadcast");
    else if (!e)
        answer = home_error("IntentHandleError", NULL, "this home has no "
                            "speakers for messages");
    else if (said && !(area = home_find_area(h, said)))
        answer = home_error("MatchFailedError", "INVALID_AREA", "this home "
                            "has no area \"%.80s\"", said);
    else
        answer = say(e, text, area);
    free(text);
    free(said);
    return answer;
}

/* ---- weather ----------------------------------------------------------- */

static json_t *unknown_day(const char *said, const json_t *forecast)
{
    struct strbuf days;
    json_t       *error;

    strbuf_init(&days, TOLD_MAX_BYTES);
    for (size_t i = 0; i < json_array_size(forecast); i++) {
        const char *day = jsonx_text(json_array_get(forecast, i), "day");
        strbuf_addf(&days, "%s%s", i > 0 ? ", " : "", day ? day : "");
    }
    error = home_error("IntentHandleError", NULL, "no forecast for "
                       "\"%.80s\"; there is one for: %s", said,
                       days.len ? days.text : "no day at all");
    strbuf_done(&days);
    return error;
}

/* A forecast's "Saturday" is asked for as "saturday", as "sat" or by date. */
static json_t *forecast_of(const struct home *h, const json_t *forecast,
                           const char *said)
{
    long    today = home_clock(h).day, wanted = 0, day = 0;
    bool    is_day = home_day_read(said, today, &wanted);
    json_t *out    = json_array();

    for (size_t i = 0; i < json_array_size(forecast); i++) {
        json_t     *entry = json_array_get(forecast, i);
        const char *name  = jsonx_text(entry, "day");
        if (name && (home_same_name(name, said) ||
                     (is_day && home_day_read(name, today, &day) &&
                      day == wanted)))
            json_array_append_new(out, json_deep_copy(entry));
    }
    if (json_array_size(out) > 0) return home_result(out);
    json_decref(out);
    return unknown_day(said, forecast);
}

static json_t *get_forecast(struct home *h, const json_t *arguments)
{
    struct entity *e   = home_first_of(h, "weather");
    json_t        *forecast, *answer;
    char          *day = NULL;

    if (!e)
        return home_error("IntentHandleError", NULL, "this home has no "
                          "weather service");
    if (!home_text_if_any(arguments, "day", &day))
        return home_invalid_slot("weather_get_forecast");
    forecast = json_object_get(e->state, "forecast");
    answer   = day ? forecast_of(h, forecast, day)
             : home_result(forecast ? json_deep_copy(forecast)
                                    : json_array());
    free(day);
    return answer;
}

/* ---- the tools --------------------------------------------------------- */

const struct home_tool home_say_tools[] = {
    {"HassBroadcast", broadcast},
    {"weather_get_forecast", get_forecast},
    {NULL, NULL},
};
