/* SPDX-License-Identifier: MIT */
/* home.h - a simulated home: entities with states, and the tools that a
 * voice assistant has for them. A pure state machine: no clock but its own,
 * no files after home_new, the same calls always give the same states.
 *
 * It behaves as Home Assistant does: what a call means, which entities it
 * reaches, what it answers, and how states look (brightness 0 to 255, volume
 * 0 to 1). share/homes/NAME.json:
 *   {"now":"2026-03-12T18:30:00",
 *    "areas":["Kitchen", {"name":"Study","floor":"Upstairs",
 *                         "aliases":["office"]}, ...],
 *    "entities":[{"id":"light.kitchen","name":"Kitchen light",
 *                 "aliases":["..."],"area":"Kitchen",
 *                 "features":["brightness","color_temp","color"],
 *                 "state":{"state":"off","brightness":204}}, ...]}
 * An entity may have "device_class" and "unit"; a climate device "modes"; a
 * scene "applies", the changes it makes; a script "description" and "does",
 * calls or {"script": id} in order (a script that would run itself is refused
 * when the home is loaded); a calendar "events". Without "features" a device
 * can all that its kind can; lights can only what is listed.
 *
 * A state is what Home Assistant shows: {"light.kitchen":{"state":"on",
 * "color_mode":"brightness","brightness":102}, ...}. Every entity, each state
 * in one form only, so that equal homes have equal states whatever the order
 * of the calls:
 *   light    brightness and the like are null while it is off; it comes on
 *            with the level that it had
 *   todo.X   {"state":"2","items":["bread","milk"],"completed":[...]}: case
 *            folded and sorted, state the number of open ones
 *   timer.X  {"state":"active","timers":[{"name":"tea","seconds":240,
 *            "state":"active"}]}: by length and name
 *   alarm.X  {"state":"1","alarms":[{"time":"06:45","name":"work",
 *            "days":["mon","tue"]}]}: by time and name; no days: once
 *   intercom.X {"state":"idle","messages":[{"text":"...","area":""}]}
 */
#ifndef HOME_H
#define HOME_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/text_list.h"

struct home;

/* Which tools a home offers; the state is the same. */
#define HOME_TOOLS_INTENT     "intent"      /* as Home Assistant gives them to
                                               a voice agent                  */
#define HOME_TOOLS_SERVICE    "service"     /* call_service and get_states    */
#define HOME_TOOLS_DISTRACTED "distracted"  /* intent, among twenty that have
                                               nothing to do with a home      */

/* What differs from the latest Home Assistant; all zero: nothing does. */
struct home_manner {
    int  version;        /* 202504 for 2025.4, ...; 0: the latest            */
    bool is_recorded;    /* as the simulated devices of home-assistant-datasets
                            do: a fan always goes to 100 %, states hold only
                            what Home Assistant's own did                     */
};

/* A new home from the data folder, or from `file`, the JSON of one (borrowed,
 * for homes that come from elsewhere; then `name` is for messages only), with
 * `setup` applied ({entity: {attr: value}}, may be NULL). A home's file is
 * read and understood once and remembered. ERR_INPUT: unknown home, unknown
 * entity or attribute in setup, malformed file. Free with home_free. */
MUST_USE int home_new(struct home **out, const char *name, const json_t *setup,
                      struct err *err);
MUST_USE int home_from(struct home **out, const char *name, const json_t *file,
                       const struct home_manner *manner, const json_t *setup,
                       struct err *err);
void home_free(struct home *h);   /* NULL is fine */

/* Where the user speaks; ERR_INPUT: the home has no such area. NULL: nowhere
 * in particular. Decides between things of the same name, and is what timers
 * and messages without an area belong to. */
MUST_USE int home_speak_in(struct home *h, const char *area, struct err *err);

/* Execute one call. Never fails and never changes anything it was not clearly
 * asked to: what cannot be gives {"error": kind, "error_text": ...} that a
 * model can react to, and changes nothing. New reference: the result to hand
 * back to the model. */
json_t *home_call(struct home *h, const char *tool, const char *arguments);

/* The whole state now. New reference, a deep copy. */
json_t *home_state(const struct home *h);

/* Could {entity: {attr: value}} be a state of this home? Unknown entities
 * and attributes and impossible values: ERR_INPUT. Changes nothing. */
MUST_USE int home_allows(const struct home *h, const json_t *state,
                         struct err *err);

/* The OpenAI tool array of one of HOME_TOOLS_*: only the tools that this home
 * has a use for. New reference; NULL: there is no such kind. */
json_t *home_tools(const struct home *h, const char *kind);

/* The entity list as the system prompt shows it: one line each,
 * "light.kitchen 'Kitchen light' (Kitchen)", aliases behind the name and the
 * floor behind the area where there are any. Caller frees. */
char *home_entity_lines(const struct home *h);

/* The names of areas and entities, aliases too; adds to *names. */
void home_names(const struct home *h, struct text_list *names);

/* Its clock, "2026-03-12T18:30:00"; borrowed. */
const char *home_now(const struct home *h);

#endif
