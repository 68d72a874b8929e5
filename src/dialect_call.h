/* SPDX-License-Identifier: MIT */
/* dialect_call.h - whose call a piece of data is. Pure. */
#ifndef DIALECT_CALL_H
#define DIALECT_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "types.h"

struct call_list {
    json_t           *functions;  /* by name: of call_index                   */
    struct tool_call *calls;      /* at most 16, later ones are left out      */
    size_t            n;
    const char       *dialect;    /* of the first call; static                */
};

/* The functions of an OpenAI array, or bare ones, by their names; the first
 * of a name wins. A text has a place where a call could be every few bytes:
 * with each of them a walk through ten thousand tools would take a minute.
 * New reference. */
json_t *call_index(const json_t *tools);

/* The function that is meant: by its name, or by one with what some dialects
 * put around it ("functions.f", "f.call"). NULL: no tool. */
const json_t *call_tool(const struct call_list *list, const char *name,
                        size_t n);
/* The properties of its parameters, or NULL. */
const json_t *call_properties(const json_t *function);

/* arguments: an object; anything else makes no call. */
void call_add(struct call_list *list, const json_t *function,
              const json_t *arguments, const char *dialect);

/* Each call that the data is: an object that has a tool's name and arguments
 * under any of the usual keys, or a list of them. is_sure: only calls stand
 * here, so a name without arguments is one. */
void call_add_data(struct call_list *list, const json_t *data, bool is_sure,
                   const char *dialect);

#endif
