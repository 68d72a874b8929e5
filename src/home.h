/* SPDX-License-Identifier: MIT */
/* home.h - a simulated home: entities with states, and the tools that a
 * voice assistant has for them. A pure state machine: no clock, no files
 * after home_load, the same calls always give the same states.
 *
 * share/homes/NAME.json:
 *   {"areas":["Kitchen",...],
 *    "entities":[{"id":"light.kitchen","name":"Kitchen light",
 *                 "aliases":["..."],"area":"Kitchen",
 *                 "state":{"state":"off","brightness":60}}, ...]}
 * An area may be {"name":"Bedroom","floor":"Upstairs"}; an entity may have
 * "device_class" and "unit"; a scene has "applies", the changes it makes.
 * The tool list (OpenAI form, with JSON Schema parameters) is in
 * share/homes/tools.json, intent style as Home Assistant users know it.
 *
 * A state is {"light.kitchen":{"state":"on","brightness":40}, ...}: every
 * entity, always with the same attributes, each in one form only, so that
 * equal homes have equal states whatever the order of the calls.
 *   brightness, position, volume_level   percent, as the tools take them; an
 *       off light keeps the level it comes on with
 *   todo.X   {"state":"2","items":["bread","milk"]}: items case folded and
 *       sorted, state their number
 *   timer.X  {"state":"active","timers":[{"name":"tea","seconds":240}]}: the
 *       timers that run, by length and name; the tools alone reach them
 *
 * Targets are matched, and answers look, as in Home Assistant (locks: on is
 * locked; a name that fits two entities fits none; an area alone means all
 * that is in it). Stricter on purpose: an unknown argument, a number sent as
 * text or out of range is an error here, where Home Assistant ignores or
 * converts it. Percent where Home Assistant's own states count to 255 or 1.
 */
#ifndef HOME_H
#define HOME_H

#include <jansson.h>

#include "base/err.h"

struct home;

/* A new home from the data folder, with `setup` applied ({entity: {attr:
 * value}}, may be NULL). Fails with ERR_INPUT: unknown home, unknown entity
 * or attribute in setup, malformed file. Free with home_free. */
MUST_USE int home_new(struct home **out, const char *name, const json_t *setup,
                      struct err *err);
void home_free(struct home *h);   /* NULL is fine */

/* Execute one call. Never fails and never changes anything it was not
 * clearly asked to: an unknown tool, entity, argument or bad JSON gives
 * {"error": "..."} that a model can react to. New reference: the result to
 * hand back to the model. */
json_t *home_call(struct home *h, const char *tool, const char *arguments);

/* The whole state now. New reference, a deep copy. */
json_t *home_state(const struct home *h);

/* The OpenAI tool array of simulated homes; borrowed, lives with the home. */
json_t *home_tools(const struct home *h);

/* The entity list as the system prompt shows it: one line each,
 * "light.kitchen 'Kitchen light' (Kitchen)", aliases behind the name and the
 * floor behind the area where there are any. Caller frees. */
char *home_entity_lines(const struct home *h);

#endif
