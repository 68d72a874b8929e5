/* SPDX-License-Identifier: MIT */
/* ollama_request.h - what is sent to Ollama, and what a user types to have
 * what was measured. Pure. New references throughout. */
#ifndef ENGINE_OLLAMA_REQUEST_H
#define ENGINE_OLLAMA_REQUEST_H

#include "engine/engine.h"

/* The conversation: calls have objects as arguments, results the name of
 * their tool. cold_line: in front of the first text, or NULL. */
json_t *ollama_messages(const struct chat_request *request,
                        const char *cold_line);

/* "options": the sampling that Ollama knows under the same names, and
 * num_ctx; num_thread when threads > 0, num_predict when > 0. */
json_t *ollama_options(const json_t *sampling, int context, int threads,
                       int num_predict);

/* "think", for what is put to templates elsewhere: enable_thinking or
 * thinking, or a reasoning_effort. NULL: nothing is said of it. */
json_t *ollama_think(const json_t *template_kwargs);

/* One shell line that writes a Modelfile with these options and creates the
 * model. think may be NULL. NULL when the name is none that Ollama can hold,
 * and would say something else in a Modelfile. Caller frees. */
char *ollama_command(const char *model, const json_t *options,
                     const json_t *think);

#endif
