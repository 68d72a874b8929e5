/* SPDX-License-Identifier: MIT */
/* home_internal.h - what the files of the simulated home share.
 *
 *   home.c           making a home, and what it shows of itself
 *   home_file.c      the file of a home: areas, entities, what they can
 *   home_state.c     what a device can be, and what it shows of it
 *   home_allows.c    could this be a state of the home?
 *   home_settle.c    the same of lists, timers and what else is no device
 *   home_colour.c    the names of colours
 *   home_effects.c   what can be done to one entity
 *   home_slots.c     arguments of calls, as Home Assistant reads them; errors
 *   home_match.c     which entities a call means
 *   home_act.c       the tools that act on what they match
 *   home_context.c   the tools that tell about the home
 *   home_tools.c     which tools there are, and calling one
 *
 *   home_lists.c, home_timers.c, home_say.c, home_scripts.c, home_services.c
 *                    what a home has beside devices, and the service style
 */
#ifndef HOME_INTERNAL_H
#define HOME_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "home/home.h"
#include "types.h"

#define HOME_TEXT_MAX_BYTES 200   /* of a name, an item or another argument */
#define HOME_LIST_MAX       100   /* items, timers, alarms, messages        */

/* ---- what a home is made of -------------------------------------------- */

enum home_feature {
    CAN_BRIGHTNESS         = 1 << 0,    /* lights */
    CAN_COLOR_TEMP         = 1 << 1,
    CAN_COLOR              = 1 << 2,
    CAN_OPEN               = 1 << 3,    /* covers and valves */
    CAN_CLOSE              = 1 << 4,
    CAN_SET_POSITION       = 1 << 5,
    CAN_STOP               = 1 << 6,    /* also players and vacuums */
    CAN_REPORT_POSITION    = 1 << 7,    /* it shows where it stands    */
    CAN_TURN_ON            = 1 << 8,    /* players and climate */
    CAN_TURN_OFF           = 1 << 9,
    CAN_PLAY               = 1 << 10,
    CAN_PAUSE              = 1 << 11,   /* also vacuums */
    CAN_NEXT_TRACK         = 1 << 12,
    CAN_PREVIOUS_TRACK     = 1 << 13,
    CAN_VOLUME_SET         = 1 << 14,
    CAN_VOLUME_MUTE        = 1 << 15,
    CAN_TARGET_TEMPERATURE = 1 << 16,
    CAN_START              = 1 << 17,   /* vacuums */
    CAN_RETURN_HOME        = 1 << 18,
    CAN_SET_SPEED          = 1 << 19,   /* fans */
    CAN_RGBW               = 1 << 20,   /* a colour light that says "rgbw" */
    CAN_VERBATIM           = 1 << 21    /* a list that keeps texts as written */
};

struct domain {
    const char *name;
    const char *const *states;  /* all there are, then NULL; NULL: any text  */
    unsigned    features;   /* what one without "features" can               */
    bool        is_json;    /* entity.state holds its state, else .device    */
    bool        is_edited;  /* of those: tools change it in place            */
};

struct area {
    const char      *name, *id;
    const char      *floor;     /* its name, or NULL                         */
    struct text_list keys;      /* name, id and aliases, by home_key         */
};

/* What a device is inside; home_state shows what of it can be seen. */
struct device {
    const char *state;          /* "on", "locked", ...; a static text        */
    int         brightness;     /* light: 0..255, kept while it is off; -1:
                                   nobody ever said                          */
    int         kelvin;         /* light: 0 when there is none               */
    const char *color;          /* light: a CSS name, static, or NULL        */
    bool        shows_color;    /* light: of color and kelvin it has color   */
    int         level;          /* cover, valve: position; fan: percentage   */
    double      volume;         /* player: 0..1                              */
    int         track;          /* player: 0..19                             */
    int         muted;          /* player: 0, 1; -1: never was said          */
    double      temperature, current_temperature;   /* climate; NAN: none    */
};

struct entity {
    const struct domain *domain;
    const char          *id, *name;
    struct text_list     aliases;
    struct text_list     keys;      /* id, name and aliases, by home_key     */
    const struct area   *area;      /* or NULL                               */
    const char          *device_class, *unit, *description;   /* or NULL     */
    unsigned             features;  /* of enum home_feature                  */
    const json_t        *modes;     /* climate: list of texts, or NULL       */
    json_t              *applies;   /* scene: {entity: {attr: value}}        */
    json_t              *does;      /* script: list of calls                 */
    struct device        device;
    /* Of todo, timer, alarm, intercom, calendar, sensor, binary_sensor,
     * weather, scene, script: the visible state, owned by this home alone,
     * to be edited in place and then home_settle()d (todo, timer, alarm,
     * intercom, calendar; the others only by home_patch). A calendar's has
     * "events", [{"summary","start","end"}]; a weather's "forecast". NULL of
     * all others. The texts and lists above are shared with other homes. */
    json_t              *state;
};

/* What all homes of one file share; counted, freed with the last. */
struct home_plan {
    size_t         n_users;
    char          *now;
    struct area   *areas;
    size_t         n_areas;
    struct entity *entities;        /* as the file has them                  */
    size_t         n_entities;
    json_t        *file;            /* owns most texts                       */
};

/* The tool lists of the data folder, to be handed to models. */
struct home_tool_lists {
    json_t *intent, *service, *distractors;   /* NULL: not there             */
};

struct home {
    struct home_plan  *plan;        /* what homes of one file share          */
    const struct area *areas;
    size_t             n_areas;
    struct entity     *entities;
    size_t             n_entities;
    const struct area *here;        /* where the user speaks, or NULL        */
    struct home_manner manner;
    struct home_tool_lists tools;
};

/* A tool; `arguments` is an object of any content. Gives what the model gets
 * to read, a new reference. A table of them ends with a NULL name. */
struct home_tool {
    const char *name;
    json_t    *(*call)(struct home *h, const json_t *arguments);
};

extern const struct home_tool home_action_tools[];    /* home_act.c,
                                                         home_context.c       */
extern const struct home_tool home_list_tools[];      /* home_lists.c         */
extern const struct home_tool home_timer_tools[];     /* home_timers.c        */
extern const struct home_tool home_say_tools[];       /* home_say.c           */
extern const struct home_tool home_service_tools[];   /* home_services.c      */

/* ---- home_scripts.c ---- */

/* Runs the script whose tool this is ("good_night" of script.good_night).
 * NULL: there is none. */
json_t *home_script_call(struct home *h, const char *tool);

/* Is each script of the home made of calls that exist, and without a loop? */
MUST_USE int home_scripts_check(const struct home *h, struct err *err);

/* ---- home_file.c ---- */

/* The JSON of a home, understood; scripts and scenes are not tried yet. NULL
 * with ERR_INPUT. To be dropped. */
struct home_plan *home_plan_new(const json_t *file,
                                const struct home_manner *manner,
                                struct err *err);
struct home_plan *home_plan_keep(struct home_plan *plan);
void              home_plan_drop(struct home_plan *plan);   /* NULL is fine */

/* Where a kind stands in the list of kinds, or its row; NULL: none. */
const struct domain *home_domain(const char *name, size_t len);

/* The bit of a feature's name ("set_position"), 0: none. */
unsigned home_feature(const char *name);

/* ---- home_state.c ---- */

/* Trimmed and case folded: texts that name the same thing are equal. Caller
 * frees. */
char *home_key(const char *text);

/* A place's id from its name: "living_room". Caller frees. */
char *home_slug(const char *name);

/* Is word one of "|a|b|c|"? */
bool home_is_listed(const char *list, const char *word);

/* The text of a JSON value; NULL when it is none, holds a NUL byte or is
 * longer than a home's texts are. */
const char *home_plain_text(const json_t *value);

/* {entity: {attribute: value}} onto the home. Checks all of it first: on
 * ERR_INPUT nothing changed. */
MUST_USE int home_patch(struct home *h, const json_t *patch, struct err *err);

/* The entity of a patch as it would be after it; its state is to be dropped.
 * ERR_INPUT: unknown, or impossible. */
MUST_USE int home_try_patch(const struct home *h, const char *id,
                            const json_t *changes, struct entity *out,
                            struct err *err);

/* {attribute: value} onto one entity, whose state is then its own. ERR_INPUT:
 * nothing changed. */
MUST_USE int home_patch_entity(struct entity *e, const json_t *patch,
                               const struct home_manner *manner,
                               struct err *err);

/* What the entity shows of itself. New reference. */
json_t *home_shown(const struct entity *e, const struct home_manner *manner);

/* The word among those of the kind, static; NULL: it has no such state. */
const char *home_state_word(const struct domain *domain, const char *word);

/* The state text that it shows; lives until the entity changes. */
const char *home_state_text(const struct entity *e);

/* What is not a device, with a patch on it: its new state, settled. NULL with
 * ERR_INPUT. */
json_t *home_patched_state(const struct entity *e, const json_t *patch,
                           struct err *err);

/* Brings an edited entity.state into its one form: lists case folded where
 * they are, sorted, bounded; what follows from them (state) derived. False:
 * it is no legal state (and was left as it is). */
bool home_settle(struct entity *e);

bool home_is_in(const struct entity *e, const char *domain);

/* A number as states hold it: an integer when it is whole. */
json_t *home_number(double value);

/* A CSS colour name as states hold it ("lightblue"), static, or NULL. */
const char *home_colour(const char *text);

/* ---- home_effects.c: something is done to one entity ---- */

enum home_effect {
    EFFECT_DONE,          /* it is so now, also when it was so before     */
    EFFECT_UNSUPPORTED,   /* its kind can that, this device cannot        */
    EFFECT_NEVER          /* its kind has nothing of the sort             */
};

/* Lights, switches, fans, locks (on: locked), covers and valves (on: open),
 * players, climate, scenes and scripts (on only; EFFECT_NEVER when running
 * it gave an error). */
enum home_effect home_effect_turn(struct home *h, struct entity *e, bool on);
/* 0 turns a light off, everything else on; an on/off light goes on. */
enum home_effect home_effect_brightness(struct entity *e, int of_255);
enum home_effect home_effect_kelvin(struct entity *e, int kelvin);
enum home_effect home_effect_color(struct entity *e, const char *css_name);
enum home_effect home_effect_position(struct entity *e, int percent);
enum home_effect home_effect_percentage(struct home *h, struct entity *e,
                                        int percent);
enum home_effect home_effect_temperature(struct entity *e, double celsius);
/* A mode that is not the device's: EFFECT_UNSUPPORTED. */
enum home_effect home_effect_mode(struct entity *e, const char *mode);
enum home_effect home_effect_volume(struct entity *e, double of_1);
enum home_effect home_effect_mute(struct entity *e, bool mute);

enum home_media { MEDIA_PLAY, MEDIA_PAUSE, MEDIA_NEXT, MEDIA_PREVIOUS,
                  MEDIA_STOP };
enum home_effect home_effect_media(struct entity *e, enum home_media what);

enum home_vacuum { VACUUM_START, VACUUM_PAUSE, VACUUM_RETURN, VACUUM_STOP };
enum home_effect home_effect_vacuum(struct entity *e, enum home_vacuum what);

/* ---- home_slots.c: arguments and answers ---- */

/* {"error": kind, "reason": reason unless NULL, "error_text": ...} */
json_t *home_error(const char *kind, const char *reason, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* InvalidSlotInfo, in Home Assistant's words. */
json_t *home_invalid_slot(const char *tool);

/* The standard answer "action_done". Takes both lists; NULL: empty. */
json_t *home_done(json_t *success, json_t *failed);
/* One more of what was reached; type: "entity", "area", "floor". */
void home_add_target(json_t *list, const char *name, const char *type,
                     const char *id);
/* {"success": true, "result": result}; takes the result. */
json_t *home_result(json_t *result);

/* Slots as Home Assistant reads them. False: there, and not usable. */
/* Text that is not blank; a number becomes text. *text: NULL when absent,
 * else the caller frees it. */
bool home_slot_text(const json_t *arguments, const char *slot, char **text);
/* Whole number by integer cast (50.7 and "50" are 50). Absent: *value is
 * left alone, *is_given false; is_given may be NULL. */
bool home_slot_whole(const json_t *arguments, const char *slot, int min,
                     int max, int *value, bool *is_given);
/* Finite number, also as text. Absent: NAN. */
bool home_slot_number(const json_t *arguments, const char *slot,
                      double *value);

/* ---- home_match.c ---- */

/* The area or the floor that a text names; NULL: none. */
const struct area *home_find_area(const struct home *h, const char *text);
const char        *home_find_floor(const struct home *h, const char *text);

/* The one entity with this id, name or alias, without regard to where it is;
 * NULL: none or several. */
struct entity *home_find_entity(struct home *h, const char *text);

/* The first entity of a domain, or NULL. */
struct entity *home_first_of(struct home *h, const char *domain);

/* The entity of a domain that a name means, where the user speaks breaking
 * a tie. NULL with *error, the MatchFailedError to answer. */
struct entity *home_match_one(struct home *h, const char *domain,
                              const char *name, json_t **error);

/* ---- home_context.c ---- */

json_t *home_live_context(struct home *h, const json_t *arguments);
json_t *home_date_time(struct home *h, const json_t *arguments);

/* ---- home_tools.c ---- */

/* Each is read once and remembered. */
MUST_USE int home_tool_lists_get(struct home_tool_lists *out, struct err *err);
void home_tool_lists_drop(struct home_tool_lists *lists);

/* Does the home have this tool, of whatever kind and version? */
bool home_has_tool(const struct home *h, const char *name);

#endif
