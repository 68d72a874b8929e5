/* SPDX-License-Identifier: MIT */
/* tools_prompt.h - tools for a model whose template drops them: described in
 * the system prompt, in the dialect that the model's maker documents, else in
 * a common one, and marked so. Pure.
 *
 * The catalogue entry's `tools` says, as texts:
 *
 *   body       "object": a JSON object for each call; "array": one list of
 *              them; "named": the name, `separator`, a JSON object
 *   open, close   around each object or name, around the array
 *   arguments  what the arguments are called, "arguments" or "parameters"
 *   declare    around the list of tools, which stand where {tools} is, one a
 *              line; with commas when '[' is in front of it
 *   result     around a result, which stands where {result} is
 *   source     who documents it; without one it is not used
 *
 * What answers with it is read by dialect.h.
 *
 * Bounds    texts of the catalogue: 256 bytes, a longer one is not used. A
 *           system prompt is cut at 512 KiB, tools are left out whole when
 *           all of it would not fit 1 MiB; results share 1 MiB.
 */
#ifndef TOOLS_PROMPT_H
#define TOOLS_PROMPT_H

#include <jansson.h>
#include <stdbool.h>

#include "model/catalogue.h"
#include "types.h"

struct tools_prompt {
    char *name;            /* in words: "<tool_call> with a JSON array"      */
    char *source;          /* who documents it; NULL: nobody, it is a common
                              form that this model was not trained for       */
    char *open, *close;    /* around the calls; "" for none                  */
    bool  is_array;        /* one JSON array of calls, else one call a tag   */
    char *separator;       /* between a call's name and its arguments; NULL:
                              both are in the JSON                           */
    char *arguments_key;   /* "arguments" or "parameters"                    */
    char *result_open, *result_close;   /* around one result                 */
    char *list_open, *list_close;       /* around the list of tools          */
};

/* Always succeeds: without an entry or a documented form, the common one
 * (<tool_call> with one JSON object, as Hermes has it). known may be NULL. */
void tools_prompt_make(const struct catalogue_model *known,
                       struct tools_prompt *out);
void tools_prompt_done(struct tools_prompt *p);   /* safe on a zeroed struct */

/* The system prompt with the tools described behind it. Caller frees. */
char *tools_prompt_system(const struct tools_prompt *p, const char *system,
                          const json_t *tools);

/* The user's turn that hands n results back, in the order of the calls.
 * Caller frees. */
char *tools_prompt_results(const struct tools_prompt *p,
                           char *const *results, size_t n);

#endif
