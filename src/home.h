/* SPDX-License-Identifier: MIT */
/* home.h - a simulated home: entities with states, and the tools that a
 * voice assistant has for them. A pure state machine: no clock, no files
 * after home_load, the same calls always give the same states.
 *
 * share/homes/NAME.json:
 *   {"areas":["Kitchen",...],
 *    "entities":[{"id":"light.kitchen","name":"Kitchen light",
 *                 "aliases":["..."],"area":"Kitchen",
 *                 "state":{"state":"off","brightness":0}}, ...]}
 * The tool list (OpenAI form, with JSON Schema parameters) is in
 * share/homes/tools.json, intent style as Home Assistant users know it.
 *
 * A state is {"light.kitchen":{"state":"on","brightness":40}, ...}.
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
 * "light.kitchen 'Kitchen light' (Kitchen)". Caller frees. */
char *home_entity_lines(const struct home *h);

#endif
