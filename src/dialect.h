/* SPDX-License-Identifier: MIT */
/* dialect.h - tool calls that a model wrote as text. Pure.
 *
 * A server turns the calls of models it knows into structured ones; the
 * rest arrives as content. This finds them, so that "called, but nobody
 * parsed it" can be told from "did not call".
 *
 *   JSON        {"name":"f","arguments"|"parameters":{...}} and its kin
 *               ({"function":...,"args":...}, {"tool_name":...}, {"action":
 *               ...,"action_input":...}, {"function":{...}}, {"tool_calls":
 *               [...]}), or a list of those; bare, fenced, or behind any of
 *               the marks of MARKS (Hermes, Mistral, Granite, Phi, Nemotron,
 *               Command R, InternLM, Apertus, ...)
 *   pythonic    [f(a=1, b="x"), ...] with literals only (Llama 3.2 and 4,
 *               LFM2); behind a mark, and where it is a line of its own, also
 *               f(a=1)
 *   name, JSON  [TOOL_CALLS]f[ARGS]{...}, >>>f, DeepSeek, Kimi, Qwen-Agent,
 *               ReAct; a line that is the name alone with the object under it
 *   tags        <function=f>{...}</function> or with <parameter=p>;
 *               <invoke name="f">; GLM's <arg_key>: dialect_markup.h
 *   Gemma       call:f{k:<escape>v<escape>}
 *   Harmony     ...to=functions.f...<|message|>{...}<|call|>
 *
 * Prose around a call is skipped, thoughts (spoken.h) do not count, and a
 * name that is not in the tool list makes no call. A tool's definition said
 * again is none either.
 *
 * Bounds    the first 64 KiB of what is spoken, the first 64 places that look
 *           like the start of a call, the first 16 calls, nesting of 16 in
 *           literals.
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
