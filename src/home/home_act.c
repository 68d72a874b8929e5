/* SPDX-License-Identifier: MIT */
/* home_act.c - the tools that act on each entity that they match.
 *
 * As in Home Assistant, what a matched device cannot do is skipped and
 * reported as done; only a kind of entity that knows nothing of the sort
 * fails. A call is refused before anything changes, or done whole. */
#include "home/home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/strbuf.h"
#include "home/home_match.h"

#define NAMES_MAX_BYTES 600
#define NONE            (-1)   /* a number that was not given */

/* A call: what it wants done. */
struct job {
    struct home  *home;
    const json_t *arguments;
    int           whole;        /* position, percent, kelvin: the tool's    */
    int           brightness;   /* 0..100, or NONE                          */
    int           kelvin;       /* or NONE                                  */
    double        number;
    const char   *color;        /* static, or NULL                          */
};

struct action {
    const char *tool, *service;
    struct rule rule;
    const char *domains, *classes;      /* as in home_slots_read            */
    /* The tool's own slots; false: not usable. NULL: it has none. */
    bool      (*read)(struct job *job);
    /* A last look at what was matched; the error to answer. NULL: none. */
    json_t   *(*refuse)(const struct match *m);
    enum home_effect (*act)(struct job *job, struct entity *e);
};

/* ---- what is done to one entity ---------------------------------------- */

static enum home_effect turn_on(struct job *job, struct entity *e)
{
    return home_effect_turn(job->home, e, true);
}

static enum home_effect turn_off(struct job *job, struct entity *e)
{
    return home_effect_turn(job->home, e, false);
}

static bool read_light(struct job *job)
{
    char *color = NULL;
    bool  is_ok = !json_object_get(job->arguments, "color") ||
                  json_is_string(json_object_get(job->arguments, "color"));

    job->brightness = job->kelvin = NONE;
    is_ok = is_ok &&
        home_slot_whole(job->arguments, "brightness", 0, 100,
                        &job->brightness, NULL) &&
        home_slot_whole(job->arguments, "temperature", 0, 1000000,
                        &job->kelvin, NULL) &&
        home_slot_text(job->arguments, "color", &color);
    job->color = color ? home_colour(color) : NULL;
    is_ok = is_ok && (!color || job->color);
    free(color);
    return is_ok;
}

/* Home Assistant's light service takes no 0 K, and no colour beside a
 * temperature; that it gave up is told to nobody. */
static enum home_effect light_set(struct job *job, struct entity *e)
{
    if (!home_is_in(e, "light")) return EFFECT_UNSUPPORTED;
    if (job->kelvin == 0 || (job->kelvin != NONE && job->color))
        return EFFECT_UNSUPPORTED;
    if (job->brightness == 0) return home_effect_brightness(e, 0);
    home_effect_turn(job->home, e, true);
    if (job->brightness != NONE)
        home_effect_brightness(e, (int)nearbyint(255 * job->brightness /
                                                 100.0));
    if (job->kelvin != NONE) home_effect_kelvin(e, job->kelvin);
    if (job->color) home_effect_color(e, job->color);
    return EFFECT_DONE;
}

/* A required whole number of 0..100. */
static bool read_percent(struct job *job, const char *slot)
{
    bool is_given;

    return home_slot_whole(job->arguments, slot, 0, 100, &job->whole,
                           &is_given) && is_given;
}

static bool read_position(struct job *job)
{
    return read_percent(job, "position");
}

static enum home_effect set_position(struct job *job, struct entity *e)
{
    return home_effect_position(e, job->whole);
}

static enum home_effect stop_moving(struct job *job, struct entity *e)
{
    (void)job;
    (void)e;
    return EFFECT_DONE;
}

static json_t *refuse_unmovable(const struct match *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (!home_is_in(m->found[i], "cover") &&
            !home_is_in(m->found[i], "valve"))
            return home_error("IntentHandleError", NULL, "Domain not "
                              "supported: %s", m->found[i]->domain->name);
    return NULL;
}

static bool read_temperature(struct job *job)
{
    return home_slot_number(job->arguments, "temperature", &job->number) &&
           !isnan(job->number) &&
           (job->home->manner.is_recorded ||
            (job->number >= 5 && job->number <= 35));
}

static enum home_effect set_temperature(struct job *job, struct entity *e)
{
    return home_effect_temperature(e, job->number);
}

static bool read_speed(struct job *job)
{
    return read_percent(job, "percentage");
}

static enum home_effect set_speed(struct job *job, struct entity *e)
{
    return home_effect_percentage(job->home, e, job->whole);
}

static enum home_effect start_vacuum(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_vacuum(e, VACUUM_START);
}

static enum home_effect return_vacuum(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_vacuum(e, VACUUM_RETURN);
}

static enum home_effect pause_media(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_media(e, MEDIA_PAUSE);
}

static enum home_effect resume_media(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_media(e, MEDIA_PLAY);
}

static enum home_effect next_media(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_media(e, MEDIA_NEXT);
}

static enum home_effect previous_media(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_media(e, MEDIA_PREVIOUS);
}

static bool read_volume(struct job *job)
{
    return read_percent(job, "volume_level");
}

static enum home_effect set_volume(struct job *job, struct entity *e)
{
    return home_effect_volume(e, job->whole / 100.0);
}

static bool read_step(struct job *job)
{
    const char *text = jsonx_text(job->arguments, "volume_step");
    bool        is_given;

    if (text && (strcmp(text, "up") == 0 || strcmp(text, "down") == 0)) {
        job->whole = text[0] == 'u' ? 10 : -10;
        return true;
    }
    return home_slot_whole(job->arguments, "volume_step", -100, 100,
                           &job->whole, &is_given) && is_given;
}

static enum home_effect step_volume(struct job *job, struct entity *e)
{
    return home_effect_volume(e, e->device.volume + job->whole / 100.0);
}

static enum home_effect mute(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_mute(e, true);
}

static enum home_effect unmute(struct job *job, struct entity *e)
{
    (void)job;
    return home_effect_mute(e, false);
}

/* ---- one call ---------------------------------------------------------- */

static void add_place(json_t *success, const struct match *m)
{
    char *id;

    if (m->floor) {
        id = home_slug(m->floor);
        home_add_target(success, m->floor, "floor", id);
        free(id);
    } else if (m->area) {
        home_add_target(success, m->area->name, "area", m->area->id);
    }
}

static json_t *none_worked(const struct action *a, const struct match *m)
{
    struct strbuf ids;
    json_t       *error;

    strbuf_init(&ids, NAMES_MAX_BYTES);
    for (size_t i = 0; i < m->n; i++)
        strbuf_addf(&ids, "%s'%s'", i ? ", " : "", m->found[i]->id);
    error = home_error("IntentHandleError", NULL, "Failed to call %s for: "
                       "[%s]", a->service, ids.text);
    strbuf_done(&ids);
    return error;
}

/* A floor or an area that was given counts as reached, so only a call that
 * reached nothing at all is an error. */
static json_t *act_on_each(struct job *job, const struct action *a,
                           const struct match *m)
{
    json_t *success = json_array(), *failed = json_array();

    if (!a->rule.is_single) add_place(success, m);
    for (size_t i = 0; i < m->n; i++) {
        struct entity *e = m->found[i];
        home_add_target(a->act(job, e) == EFFECT_NEVER ? failed : success,
                        e->name, "entity", e->id);
    }
    if (json_array_size(success) > 0) return home_done(success, failed);
    json_decref(success);
    json_decref(failed);
    return none_worked(a, m);
}

static json_t *run(struct home *h, const json_t *arguments,
                   const struct action *a)
{
    struct job   job = {.home = h, .arguments = arguments};
    struct slots slots;
    struct match m = {0};
    json_t      *answer = NULL;

    if (!home_slots_read(&slots, arguments, a->domains, a->classes) ||
        (a->read && !a->read(&job)))
        answer = home_invalid_slot(a->tool);
    if (!answer) answer = home_match(h, &slots, &a->rule, &m);
    if (!answer && a->refuse) answer = a->refuse(&m);
    if (!answer) answer = act_on_each(&job, a, &m);
    home_match_done(&m);
    home_slots_done(&slots);
    return answer;
}

/* ---- the tools --------------------------------------------------------- */

#define ON_OFF_CLASSES                                                  \
    "|outlet|switch|tv|speaker|receiver|water|gas|awning|blind|curtain|" \
    "damper|door|garage|gate|shade|shutter|window|"
#define MOVING_CLASSES                                                  \
    "|awning|blind|curtain|damper|door|garage|gate|shade|shutter|window|" \
    "water|gas|"
#define PLAYER_CLASSES "|tv|speaker|receiver|"

/* Is this Home Assistant at least of that month (202507)? */
static bool is_since(const struct home *h, int version)
{
    return !h->manner.version || h->manner.version >= version;
}

static json_t *turn(struct home *h, const json_t *arguments, bool on)
{
    struct action a = {
        .tool = on ? "HassTurnOn" : "HassTurnOff",
        .service = on ? "turn_on" : "turn_off",
        .classes = is_since(h, 202507)
                   ? ON_OFF_CLASSES "identify|restart|update|"
                   : ON_OFF_CLASSES,
        .act = on ? turn_on : turn_off,
    };

    return run(h, arguments, &a);
}

static json_t *hass_turn_on(struct home *h, const json_t *arguments)
{
    return turn(h, arguments, true);
}

static json_t *hass_turn_off(struct home *h, const json_t *arguments)
{
    return turn(h, arguments, false);
}

static json_t *hass_light_set(struct home *h, const json_t *arguments)
{
    static const struct action a = {
        .tool = "HassLightSet", .service = "turn_on", .read = read_light,
        .act = light_set,
    };

    return run(h, arguments, &a);
}

static json_t *hass_set_position(struct home *h, const json_t *arguments)
{
    static const struct action a = {
        .tool = "HassSetPosition", .service = "set_position",
        .classes = MOVING_CLASSES, .read = read_position,
        .refuse = refuse_unmovable, .act = set_position,
    };

    return run(h, arguments, &a);
}

static json_t *hass_stop_moving(struct home *h, const json_t *arguments)
{
    static const struct action a = {
        .tool = "HassStopMoving", .service = "stop",
        .classes = MOVING_CLASSES, .refuse = refuse_unmovable,
        .act = stop_moving,
    };

    return run(h, arguments, &a);
}

static json_t *hass_climate(struct home *h, const json_t *arguments)
{
    static const struct action a = {
        .tool = "HassClimateSetTemperature", .service = "set_temperature",
        .rule = {.domain = "climate", .feature = CAN_TARGET_TEMPERATURE,
                 .is_single = true},
        .read = read_temperature, .act = set_temperature,
    };

    return run(h, arguments, &a);
}

static json_t *hass_fan(struct home *h, const json_t *arguments)
{
    static const struct action a = {
        .tool = "HassFanSetSpeed", .service = "set_percentage",
        .rule = {.domain = "fan"}, .domains = "|fan|", .read = read_speed,
        .act = set_speed,
    };

    return run(h, arguments, &a);
}

static json_t *vacuum(struct home *h, const json_t *arguments, bool is_start)
{
    unsigned feature = is_start ? CAN_START : CAN_RETURN_HOME;
    struct action a  = {
        .tool = is_start ? "HassVacuumStart" : "HassVacuumReturnToBase",
        .service = is_start ? "start" : "return_to_base",
        .rule = {.domain = "vacuum",
                 .feature = is_since(h, 202512) ? feature : 0},
        .domains = "|vacuum|", .act = is_start ? start_vacuum : return_vacuum,
    };

    return run(h, arguments, &a);
}

static json_t *hass_vacuum_start(struct home *h, const json_t *arguments)
{
    return vacuum(h, arguments, true);
}

static json_t *hass_vacuum_return(struct home *h, const json_t *arguments)
{
    return vacuum(h, arguments, false);
}

/* What the tools of players have in common. */
static json_t *play(struct home *h, const json_t *arguments, struct action a)
{
    a.rule.domain = "media_player";
    a.domains = "|media_player|";
    a.classes = PLAYER_CLASSES;
    return run(h, arguments, &a);
}

static json_t *hass_pause(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassMediaPause", .service = "media_pause",
        .rule = {.state = "playing", .feature = CAN_PAUSE},
        .act = pause_media});
}

static json_t *hass_unpause(struct home *h, const json_t *arguments)
{
    bool is_old = !is_since(h, 202508);

    return play(h, arguments, (struct action){
        .tool = "HassMediaUnpause", .service = "media_play",
        .rule = {.state = is_old ? "paused" : NULL}, .act = resume_media});
}

static json_t *hass_next(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassMediaNext", .service = "media_next_track",
        .rule = {.state = "playing", .feature = CAN_NEXT_TRACK},
        .act = next_media});
}

static json_t *hass_previous(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassMediaPrevious", .service = "media_previous_track",
        .rule = {.state = "playing", .feature = CAN_PREVIOUS_TRACK},
        .act = previous_media});
}

static json_t *hass_volume(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassSetVolume", .service = "volume_set",
        .rule = {.feature = CAN_VOLUME_SET}, .read = read_volume,
        .act = set_volume});
}

static json_t *hass_volume_step(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassSetVolumeRelative", .service = "volume_set",
        .rule = {.feature = CAN_VOLUME_SET}, .read = read_step,
        .act = step_volume});
}

static json_t *hass_mute(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassMediaPlayerMute", .service = "volume_mute",
        .rule = {.feature = CAN_VOLUME_MUTE}, .act = mute});
}

static json_t *hass_unmute(struct home *h, const json_t *arguments)
{
    return play(h, arguments, (struct action){
        .tool = "HassMediaPlayerUnmute", .service = "volume_mute",
        .rule = {.feature = CAN_VOLUME_MUTE}, .act = unmute});
}

const struct home_tool home_action_tools[] = {
    {"HassTurnOn", hass_turn_on},
    {"HassTurnOff", hass_turn_off},
    {"HassLightSet", hass_light_set},
    {"HassSetPosition", hass_set_position},
    {"HassStopMoving", hass_stop_moving},
    {"HassClimateSetTemperature", hass_climate},
    {"HassFanSetSpeed", hass_fan},
    {"HassVacuumStart", hass_vacuum_start},
    {"HassVacuumReturnToBase", hass_vacuum_return},
    {"HassMediaPause", hass_pause},
    {"HassMediaUnpause", hass_unpause},
    {"HassMediaNext", hass_next},
    {"HassMediaPrevious", hass_previous},
    {"HassSetVolume", hass_volume},
    {"HassSetVolumeRelative", hass_volume_step},
    {"HassMediaPlayerMute", hass_mute},
    {"HassMediaPlayerUnmute", hass_unmute},
    {"GetLiveContext", home_live_context},
    {"GetDateTime", home_date_time},
    {NULL, NULL},
};
