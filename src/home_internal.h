/* SPDX-License-Identifier: MIT */
/* home_internal.h - what the files of the simulated home share.
 *
 *   home.c        the file of a home, and what it shows of itself
 *   home_state.c  legal states and changes: what an entity can be
 *   home_match.c  arguments and targets: what a call means
 *   home_tools.c  the tools themselves: what a call does
 */
#ifndef HOME_INTERNAL_H
#define HOME_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "types.h"

#define HOME_TEXT_MAX_BYTES 200   /* of a name, an item or another argument */

struct domain {
    const char *name;
    const char *states;     /* "|on|off|": all there are; NULL: any text   */
    const char *on, *off;   /* after HassTurnOn and HassTurnOff, or NULL   */
};

struct area {
    char *name, *floor;     /* floor: its name, or NULL                    */
};

struct entity {
    const struct domain *domain;
    char                *id, *name;
    struct text_list     aliases;
    struct text_list     keys;      /* id, name and aliases, by home_key   */
    const struct area   *area;      /* borrowed from the home, or NULL     */
    char                *device_class, *unit;   /* or NULL                 */
    json_t              *state;     /* {"state":..., attribute: value}     */
    json_t              *applies;   /* of a scene: a patch, else NULL      */
};

struct home {
    struct area   *areas;
    size_t         n_areas;
    struct entity *entities;
    size_t         n_entities;
    json_t        *tools;
};

/* ---- home_state.c ---- */

/* Trimmed and case folded: texts that name the same thing are equal. */
char *home_key(const char *text);   /* caller frees */

/* Is word one of "|a|b|c|"? */
bool home_is_listed(const char *list, const char *word);

/* The text of a JSON value; NULL when it is none, holds a NUL byte or is
 * longer than a home's texts are. */
const char *home_plain_text(const json_t *value);

/* The state of e with {attribute: value} applied; new, or NULL with err. */
json_t *home_patched(const struct entity *e, const json_t *patch,
                     struct err *err);

/* {entity: {attribute: value}} onto the home, in the form that equal states
 * always have. Checks all of it first: on ERR_INPUT nothing changed. */
MUST_USE int home_patch(struct home *h, const json_t *patch, struct err *err);

void home_set_text(struct entity *e, const char *attribute, const char *text);
void home_set_number(struct entity *e, const char *attribute, double value);
bool home_has(const struct entity *e, const char *attribute);
bool home_is_in(const struct entity *e, const char *domain);

/* A CSS colour name as states hold it ("lightblue"), or NULL when the text
 * is none. Caller frees. */
char *home_colour(const char *text);

/* ---- home_match.c ---- */

/* {"error": kind, "reason": reason unless NULL, "error_text": ...} */
json_t *home_error(const char *kind, const char *reason, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Do the arguments fit the tool's schema? NULL, or the error to answer.
 * any_target: the slots that narrow targets are known even where the tool
 * list, for brevity, does not offer them. */
json_t *home_check_arguments(const char *tool, const json_t *schema,
                             const json_t *arguments, bool any_target);

/* What a tool acts on, before the arguments narrow it. */
struct target_rule {
    const char *domain;      /* its own, or NULL: all                      */
    const char *state;       /* the entity must be in it, or NULL          */
    const char *attribute;   /* the entity must have it, or NULL           */
    bool        single;      /* exactly one                                */
};

/* The entities that checked arguments mean, borrowed into `found` with room
 * for all of the home. NULL, or the error to answer. */
json_t *home_match(const struct home *h, const json_t *arguments,
                   const struct target_rule *rule, struct entity **found,
                   size_t *n_found);

/* The area or the floor that checked arguments name, or NULL. */
const struct area *home_area(const struct home *h, const json_t *arguments);
const char        *home_floor(const struct home *h, const json_t *arguments);

/* ---- home_tools.c ---- */

bool home_knows_tool(const char *name);

#endif
