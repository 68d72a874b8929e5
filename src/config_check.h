/* SPDX-License-Identifier: MIT */
/* config_check.h - what a list of tools or entities must look like, wherever
 * it came from. Pure: JSON in, an error or a value out. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/* OpenAI's tool array: [{"type": "function", "function": {"name",
 * "description"?, "parameters"?}}], names unique and of 1..64 letters,
 * digits, "_", "-" and ".". Fails with ERR_INPUT; *item is the one at fault,
 * or SIZE_MAX when it is the whole, and the text does not name it. */
MUST_USE int config_check_tools(const json_t *tools, size_t *item,
                                struct err *err);

/* [{"id", "name", "area"?, "state"?}], ids unique, each a text or a number;
 * *out holds them as texts, a null left out. New reference. */
MUST_USE int config_check_entities(const json_t *entities, json_t **out,
                                   size_t *item, struct err *err);

#endif
