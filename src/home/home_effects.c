/* SPDX-License-Identifier: MIT */
/* home_effects.c - what happens to one entity when something is done to it.
 *
 * Our own devices that are on stay as they are when they are turned on
 * again; those of home-assistant-datasets start anew, as they did there. */
#include "home/home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"

#define TRACKS 20   /* of the simulated players, played round and round */

static bool is_state(const struct entity *e, const char *state)
{
    return strcmp(e->device.state, state) == 0;
}

static void set_state(struct entity *e, const char *state)
{
    e->device.state = home_state_word(e->domain, state);
}

static enum home_effect if_can(const struct entity *e, unsigned feature)
{
    return e->features & feature ? EFFECT_DONE : EFFECT_UNSUPPORTED;
}

/* ---- on and off -------------------------------------------------------- */

static void set_level(struct entity *e, int level)
{
    bool is_fan = home_is_in(e, "fan");

    e->device.level = level;
    set_state(e, is_fan ? (level ? "on" : "off") : level ? "open" : "closed");
}

/* A valve that tells its position, and cannot be sent to one, stays where it
 * is: only what it reports would move it. */
static enum home_effect turn_place(struct entity *e, bool on)
{
    enum home_effect effect = if_can(e, on ? CAN_OPEN : CAN_CLOSE);

    if (effect != EFFECT_DONE) return effect;
    if (home_is_in(e, "valve") && (e->features & CAN_REPORT_POSITION) &&
        !(e->features & CAN_SET_POSITION))
        return EFFECT_DONE;
    set_level(e, on ? 100 : 0);
    return EFFECT_DONE;
}

static enum home_effect turn_fan(struct home *h, struct entity *e, bool on)
{
    if (!on || h->manner.is_recorded || e->device.level == 0)
        set_level(e, on ? 100 : 0);
    return EFFECT_DONE;
}

static enum home_effect turn_player(struct home *h, struct entity *e, bool on)
{
    enum home_effect effect = if_can(e, on ? CAN_TURN_ON : CAN_TURN_OFF);

    if (effect != EFFECT_DONE) return effect;
    if (!on) {
        set_state(e, "off");
    } else if (h->manner.is_recorded || is_state(e, "off")) {
        set_state(e, "idle");
        e->device.track = 0;
    }
    return EFFECT_DONE;
}

static bool has_mode(const struct entity *e, const char *mode)
{
    if (!e->modes) return true;
    for (size_t i = 0; i < json_array_size(e->modes); i++)
        if (strcmp(json_string_value(json_array_get(e->modes, i)), mode) == 0)
            return true;
    return false;
}

static enum home_effect turn_climate(struct home *h, struct entity *e, bool on)
{
    static const char *const modes[] = {"heat", "cool", "auto", "heat_cool",
                                        "dry", "fan_only"};
    enum home_effect effect = if_can(e, on ? CAN_TURN_ON : CAN_TURN_OFF);

    if (effect != EFFECT_DONE) return effect;
    if (!on) {
        if (!has_mode(e, "off")) return EFFECT_UNSUPPORTED;
        set_state(e, "off");
        return EFFECT_DONE;
    }
    if (!h->manner.is_recorded && !is_state(e, "off")) return EFFECT_DONE;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (has_mode(e, modes[i])) {
            set_state(e, modes[i]);
            return EFFECT_DONE;
        }
    return EFFECT_UNSUPPORTED;
}

static enum home_effect run_script(struct home *h, const struct entity *e)
{
    json_t *answer = home_script_call(h, strchr(e->id, '.') + 1);
    bool    is_ok  = answer && !json_object_get(answer, "error");

    json_decref(answer);
    return is_ok ? EFFECT_DONE : EFFECT_NEVER;
}

enum home_effect home_effect_turn(struct home *h, struct entity *e, bool on)
{
    struct err never = {0};

    if (home_is_in(e, "light") || home_is_in(e, "switch")) {
        set_state(e, on ? "on" : "off");
        return EFFECT_DONE;
    }
    if (home_is_in(e, "lock")) {
        set_state(e, on ? "locked" : "unlocked");
        return EFFECT_DONE;
    }
    if (home_is_in(e, "cover") || home_is_in(e, "valve"))
        return turn_place(e, on);
    if (home_is_in(e, "fan")) return turn_fan(h, e, on);
    if (home_is_in(e, "media_player")) return turn_player(h, e, on);
    if (home_is_in(e, "climate")) return turn_climate(h, e, on);
    if (home_is_in(e, "scene") && on)
        return home_patch(h, e->applies, &never) ? EFFECT_NEVER : EFFECT_DONE;
    if (home_is_in(e, "script") && on) return run_script(h, e);
    return EFFECT_NEVER;
}

/* ---- lights ------------------------------------------------------------ */

enum home_effect home_effect_brightness(struct entity *e, int of_255)
{
    if (!home_is_in(e, "light")) return EFFECT_NEVER;
    set_state(e, of_255 > 0 ? "on" : "off");
    if (!(e->features & CAN_BRIGHTNESS)) return EFFECT_UNSUPPORTED;
    if (of_255 > 0) e->device.brightness = of_255 < 255 ? of_255 : 255;
    return EFFECT_DONE;
}

enum home_effect home_effect_kelvin(struct entity *e, int kelvin)
{
    if (!home_is_in(e, "light")) return EFFECT_NEVER;
    set_state(e, "on");
    if (!(e->features & CAN_COLOR_TEMP)) return EFFECT_UNSUPPORTED;
    if (kelvin < 1) kelvin = 1;
    e->device.kelvin = kelvin < 100000 ? kelvin : 100000;
    e->device.shows_color = false;
    return EFFECT_DONE;
}

enum home_effect home_effect_color(struct entity *e, const char *css_name)
{
    const char *colour = home_colour(css_name);

    if (!home_is_in(e, "light")) return EFFECT_NEVER;
    if (!colour) return EFFECT_UNSUPPORTED;
    set_state(e, "on");
    if (!(e->features & CAN_COLOR)) return EFFECT_UNSUPPORTED;
    e->device.color = colour;
    e->device.shows_color = true;
    return EFFECT_DONE;
}

/* ---- covers, valves, fans, climate ------------------------------------- */

static int percent_of(int value)
{
    return value < 0 ? 0 : value > 100 ? 100 : value;
}

enum home_effect home_effect_position(struct entity *e, int percent)
{
    if (!home_is_in(e, "cover") && !home_is_in(e, "valve"))
        return EFFECT_NEVER;
    if (!(e->features & CAN_SET_POSITION)) return EFFECT_UNSUPPORTED;
    set_level(e, percent_of(percent));
    return EFFECT_DONE;
}

enum home_effect home_effect_percentage(struct home *h, struct entity *e,
                                        int percent)
{
    if (!home_is_in(e, "fan")) return EFFECT_NEVER;
    if (!(e->features & CAN_SET_SPEED)) return EFFECT_UNSUPPORTED;
    set_level(e, h->manner.is_recorded ? 100 : percent_of(percent));
    return EFFECT_DONE;
}

enum home_effect home_effect_temperature(struct entity *e, double celsius)
{
    if (!home_is_in(e, "climate")) return EFFECT_NEVER;
    if (!(e->features & CAN_TARGET_TEMPERATURE) ||
        !(celsius >= -50 && celsius <= 100))
        return EFFECT_UNSUPPORTED;
    e->device.temperature = celsius;
    return EFFECT_DONE;
}

enum home_effect home_effect_mode(struct entity *e, const char *mode)
{
    if (!home_is_in(e, "climate")) return EFFECT_NEVER;
    if (!home_state_word(e->domain, mode) || !has_mode(e, mode))
        return EFFECT_UNSUPPORTED;
    set_state(e, mode);
    return EFFECT_DONE;
}

/* ---- players and vacuums ----------------------------------------------- */

enum home_effect home_effect_volume(struct entity *e, double of_1)
{
    if (!home_is_in(e, "media_player")) return EFFECT_NEVER;
    if (!(e->features & CAN_VOLUME_SET) || isnan(of_1))
        return EFFECT_UNSUPPORTED;
    of_1 = of_1 < 0 ? 0 : of_1 > 1 ? 1 : of_1;
    /* 0.3 + 0.1 is to be 0.4, however it came about. */
    e->device.volume = round(of_1 * 10000) / 10000;
    return EFFECT_DONE;
}

enum home_effect home_effect_mute(struct entity *e, bool mute)
{
    if (!home_is_in(e, "media_player")) return EFFECT_NEVER;
    if (!(e->features & CAN_VOLUME_MUTE)) return EFFECT_UNSUPPORTED;
    e->device.muted = mute;
    return EFFECT_DONE;
}

enum home_effect home_effect_media(struct entity *e, enum home_media what)
{
    static const struct {
        unsigned    feature;
        const char *state;
        int         step;
    } effects[] = {
        [MEDIA_PLAY] = {CAN_PLAY, "playing", 0},
        [MEDIA_PAUSE] = {CAN_PAUSE, "paused", 0},
        [MEDIA_NEXT] = {CAN_NEXT_TRACK, "playing", 1},
        [MEDIA_PREVIOUS] = {CAN_PREVIOUS_TRACK, "playing", TRACKS - 1},
        [MEDIA_STOP] = {CAN_STOP, "idle", 0},
    };

    if (!home_is_in(e, "media_player")) return EFFECT_NEVER;
    if (!(e->features & effects[what].feature)) return EFFECT_UNSUPPORTED;
    set_state(e, effects[what].state);
    e->device.track = (e->device.track + effects[what].step) % TRACKS;
    return EFFECT_DONE;
}

enum home_effect home_effect_vacuum(struct entity *e, enum home_vacuum what)
{
    static const struct {
        unsigned    feature;
        const char *state;
    } effects[] = {
        [VACUUM_START] = {CAN_START, "cleaning"},
        [VACUUM_PAUSE] = {CAN_PAUSE, "paused"},
        [VACUUM_RETURN] = {CAN_RETURN_HOME, "returning"},
        [VACUUM_STOP] = {CAN_STOP, "idle"},
    };

    if (!home_is_in(e, "vacuum")) return EFFECT_NEVER;
    if (!(e->features & effects[what].feature)) return EFFECT_UNSUPPORTED;
    set_state(e, effects[what].state);
    return EFFECT_DONE;
}
