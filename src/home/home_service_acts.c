/* SPDX-License-Identifier: MIT */
/* home_service_acts.c - the services that act on devices. */
#include "home/home_services.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"

enum { OFF, ON, TOGGLE };

/* ---- reading data that was checked ------------------------------------- */

static bool has(const json_t *data, const char *name)
{
    return json_object_get(data, name) != NULL;
}

static double number(const json_t *data, const char *name)
{
    double value;

    return home_slot_number(data, name, &value) ? value : NAN;
}

static int whole(const json_t *data, const char *name)
{
    return (int)number(data, name);
}

/* ---- on and off -------------------------------------------------------- */

bool home_can_be_switched(const struct entity *e)
{
    return home_is_listed("|light|switch|fan|media_player|climate|scene|"
                          "script|", e->domain->name);
}

static bool is_at_rest(const struct entity *e)
{
    return home_is_listed("|off|closed|", home_state_text(e));
}

static enum home_effect turn(struct home *h, struct entity *e,
                             const json_t *data, int what)
{
    bool on = what == ON || (what == TOGGLE && is_at_rest(e));

    (void)data;
    return home_effect_turn(h, e, on);
}

static enum home_effect turn_any(struct home *h, struct entity *e,
                                 const json_t *data, int what)
{
    return home_can_be_switched(e) ? turn(h, e, data, what) : EFFECT_NEVER;
}

/* ---- lights ------------------------------------------------------------ */

/* The level that the data asks for, 0..255; -1: none. A step starts from 0
 * where the light is off. */
static int wanted_level(const struct entity *e, const json_t *data)
{
    int level = is_at_rest(e) ? 0 : e->device.brightness;

    if (has(data, "brightness")) return whole(data, "brightness");
    if (has(data, "brightness_pct"))
        return (int)lrint(255 * number(data, "brightness_pct") / 100);
    if (has(data, "brightness_step"))
        level += whole(data, "brightness_step");
    else if (has(data, "brightness_step_pct"))
        level += (int)lrint(255 * number(data, "brightness_step_pct") / 100);
    else
        return -1;
    return level < 0 ? 0 : level > 255 ? 255 : level;
}

/* What a light cannot show is dropped, as Home Assistant does. */
static enum home_effect light_on(struct home *h, struct entity *e,
                                 const json_t *data, int what)
{
    int              level  = wanted_level(e, data);
    enum home_effect effect = home_effect_turn(h, e, level != 0);

    (void)what;
    if (effect != EFFECT_DONE || level == 0) return effect;
    if (has(data, "color_name"))
        home_effect_color(e, jsonx_text(data, "color_name"));
    if (has(data, "color_temp_kelvin"))
        home_effect_kelvin(e, whole(data, "color_temp_kelvin"));
    else if (has(data, "kelvin"))
        home_effect_kelvin(e, whole(data, "kelvin"));
    if (level > 0) home_effect_brightness(e, level);
    return EFFECT_DONE;
}

/* ---- covers, valves, fans, climate ------------------------------------- */

static enum home_effect set_position(struct home *h, struct entity *e,
                                     const json_t *data, int what)
{
    (void)h;
    (void)what;
    return home_effect_position(e, whole(data, "position"));
}

static enum home_effect stop(struct home *h, struct entity *e,
                             const json_t *data, int what)
{
    (void)h;
    (void)data;
    (void)what;
    return e->features & CAN_STOP || home_is_in(e, "valve")
           ? EFFECT_DONE : EFFECT_UNSUPPORTED;
}

/* fan.turn_on takes a speed or none, fan.set_percentage needs one. */
static enum home_effect set_speed(struct home *h, struct entity *e,
                                  const json_t *data, int what)
{
    if (has(data, "percentage"))
        return home_effect_percentage(h, e, whole(data, "percentage"));
    return turn(h, e, data, what);
}

static enum home_effect set_mode(struct home *h, struct entity *e,
                                 const json_t *data, int what)
{
    (void)h;
    (void)what;
    return home_effect_mode(e, jsonx_text(data, "hvac_mode"));
}

static enum home_effect set_temperature(struct home *h, struct entity *e,
                                        const json_t *data, int what)
{
    enum home_effect effect = EFFECT_DONE;

    if (has(data, "hvac_mode")) effect = set_mode(h, e, data, what);
    return effect == EFFECT_DONE
           ? home_effect_temperature(e, number(data, "temperature")) : effect;
}

/* ---- players and vacuums ----------------------------------------------- */

static enum home_effect set_volume(struct home *h, struct entity *e,
                                   const json_t *data, int what)
{
    (void)h;
    (void)what;
    return home_effect_volume(e, number(data, "volume_level"));
}

/* A tenth up or down. */
static enum home_effect step_volume(struct home *h, struct entity *e,
                                    const json_t *data, int what)
{
    (void)h;
    (void)data;
    return home_effect_volume(e, e->device.volume + what * 0.1);
}

static enum home_effect mute(struct home *h, struct entity *e,
                             const json_t *data, int what)
{
    (void)h;
    (void)what;
    return home_effect_mute(e, jsonx_truth(data, "is_volume_muted") == 1);
}

static enum home_effect play(struct home *h, struct entity *e,
                             const json_t *data, int what)
{
    (void)h;
    (void)data;
    return home_effect_media(e, (enum home_media)what);
}

static enum home_effect play_or_pause(struct home *h, struct entity *e,
                                      const json_t *data, int what)
{
    bool plays = strcmp(home_state_text(e), "playing") == 0;

    (void)what;
    return play(h, e, data, plays ? MEDIA_PAUSE : MEDIA_PLAY);
}

static enum home_effect clean(struct home *h, struct entity *e,
                              const json_t *data, int what)
{
    (void)h;
    (void)data;
    return home_effect_vacuum(e, (enum home_vacuum)what);
}

/* ---- the services ------------------------------------------------------ */

#define NONE    {{NULL, FIELD_ANY, 0, 0, false}}
#define ACT(domain, name, act, what, ...) \
    {domain, name, act, NULL, what, false, __VA_ARGS__}
#define ON_OFF(domain) \
    ACT(domain, "turn_on", turn, ON, NONE), \
    ACT(domain, "turn_off", turn, OFF, NONE), \
    ACT(domain, "toggle", turn, TOGGLE, NONE)
#define PERCENT(name, is_required) {name, FIELD_WHOLE, 0, 100, is_required}
#define FIELDS(...) {__VA_ARGS__}
#define HVAC_MODE(is_required) {"hvac_mode", FIELD_TEXT, 0, 0, is_required}
#define LIGHT_FIELDS \
    FIELDS({"brightness", FIELD_WHOLE, 0, 255, false}, \
           {"brightness_pct", FIELD_NUMBER, 0, 100, false}, \
           {"brightness_step", FIELD_WHOLE, -255, 255, false}, \
           {"brightness_step_pct", FIELD_NUMBER, -100, 100, false}, \
           {"color_name", FIELD_COLOR, 0, 0, false}, \
           {"color_temp_kelvin", FIELD_WHOLE, 1, 100000, false}, \
           {"kelvin", FIELD_WHOLE, 1, 100000, false}, \
           {"transition", FIELD_NUMBER, 0, 6553, false})

const struct service home_service_acts[] = {
    ACT("light", "turn_on", light_on, ON, LIGHT_FIELDS),
    ACT("light", "turn_off", turn, OFF,
        FIELDS({"transition", FIELD_NUMBER, 0, 6553, false})),
    ACT("light", "toggle", turn, TOGGLE,
        FIELDS({"transition", FIELD_NUMBER, 0, 6553, false})),
    ON_OFF("switch"),
    ACT("lock", "lock", turn, ON, NONE),
    ACT("lock", "unlock", turn, OFF, NONE),
    ACT("cover", "open_cover", turn, ON, NONE),
    ACT("cover", "close_cover", turn, OFF, NONE),
    ACT("cover", "toggle", turn, TOGGLE, NONE),
    ACT("cover", "stop_cover", stop, 0, NONE),
    ACT("cover", "set_cover_position", set_position, 0,
        FIELDS(PERCENT("position", true))),
    ACT("valve", "open_valve", turn, ON, NONE),
    ACT("valve", "close_valve", turn, OFF, NONE),
    ACT("valve", "toggle", turn, TOGGLE, NONE),
    ACT("valve", "stop_valve", stop, 0, NONE),
    ACT("valve", "set_valve_position", set_position, 0,
        FIELDS(PERCENT("position", true))),
    ACT("fan", "turn_on", set_speed, ON,
        FIELDS(PERCENT("percentage", false))),
    ACT("fan", "turn_off", turn, OFF, NONE),
    ACT("fan", "toggle", turn, TOGGLE, NONE),
    ACT("fan", "set_percentage", set_speed, ON,
        FIELDS(PERCENT("percentage", true))),
    ON_OFF("climate"),
    ACT("climate", "set_temperature", set_temperature, 0,
        FIELDS({"temperature", FIELD_NUMBER, -50, 100, true},
               HVAC_MODE(false))),
    ACT("climate", "set_hvac_mode", set_mode, 0, FIELDS(HVAC_MODE(true))),
    ON_OFF("media_player"),
    ACT("media_player", "volume_set", set_volume, 0,
        FIELDS({"volume_level", FIELD_NUMBER, 0, 1, true})),
    ACT("media_player", "volume_up", step_volume, 1, NONE),
    ACT("media_player", "volume_down", step_volume, -1, NONE),
    ACT("media_player", "volume_mute", mute, 0,
        FIELDS({"is_volume_muted", FIELD_TRUTH, 0, 0, true})),
    ACT("media_player", "media_play", play, MEDIA_PLAY, NONE),
    ACT("media_player", "media_pause", play, MEDIA_PAUSE, NONE),
    ACT("media_player", "media_play_pause", play_or_pause, 0, NONE),
    ACT("media_player", "media_stop", play, MEDIA_STOP, NONE),
    ACT("media_player", "media_next_track", play, MEDIA_NEXT, NONE),
    ACT("media_player", "media_previous_track", play, MEDIA_PREVIOUS, NONE),
    ACT("vacuum", "start", clean, VACUUM_START, NONE),
    ACT("vacuum", "pause", clean, VACUUM_PAUSE, NONE),
    ACT("vacuum", "stop", clean, VACUUM_STOP, NONE),
    ACT("vacuum", "return_to_base", clean, VACUUM_RETURN, NONE),
    ACT("scene", "turn_on", turn, ON, NONE),
    ACT("script", "turn_on", turn, ON, NONE),
    ACT("homeassistant", "turn_on", turn_any, ON, NONE),
    ACT("homeassistant", "turn_off", turn_any, OFF, NONE),
    ACT("homeassistant", "toggle", turn_any, TOGGLE, NONE),
    {NULL, NULL, NULL, NULL, 0, false, NONE},
};
