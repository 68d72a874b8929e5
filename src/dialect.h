/* SPDX-License-Identifier: MIT */
/* dialect.h - tool calls that a model wrote as text. Pure.
 *
 * A server turns the calls of models it knows into structured ones; the
 * rest arrives as content. This finds them, so that "called, but nobody
 * parsed it" can be told from "did not call".
 *
 *   bare JSON       {"name":"f","arguments"|"parameters":{...}}, a list of
 *                   those, or {"type":"function","function":{...}}
 *   fenced JSON     the same after ```json or ```
 *   <tool_call>     the same between <tool_call> and </tool_call> (Hermes)
 *   [TOOL_CALLS]    the same behind that word (Mistral)
 *   <|python_tag|>  the same behind that word (Llama 3)
 *   <function=f>    {...arguments...}</function> (Functionary)
 *   pythonic        [f(a=1, b="x"), ...] with literals only (Llama 4)
 *
 * Prose around a call is skipped, and so is what stands in <think>. A name
 * that is not in the tool list makes no call.
 *
 * Bounds    the first 64 KiB of the text, the first 64 places that look
 *           like the start of a call, the first 16 calls, nesting of 16 in
 *           pythonic literals.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include <jansson.h>
#include <stddef.h>

#include "types.h"

/* Calls found in text, in order; returns how many. *calls (freed with
 * dialect_free), *n and *dialect_name (static, of the first call) are always
 * set; NULL, 0 and NULL when there are none. tools: the OpenAI array, NULL
 * gives no calls. Arguments are JSON text, ids are "". */
int dialect_find(const char *text, const json_t *tools,
                 struct tool_call **calls, size_t *n,
                 const char **dialect_name);

void dialect_free(struct tool_call *calls, size_t n);   /* NULL is fine */

#endif
