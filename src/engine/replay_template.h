/* SPDX-License-Identifier: MIT */
/* replay_template.h - what a recording's "template" makes of a conversation;
 * its keys are told in replay.c. Pure. */
#ifndef ENGINE_REPLAY_TEMPLATE_H
#define ENGINE_REPLAY_TEMPLATE_H

#include "engine/engine.h"

#define REPLAY_PROMPT_BYTES (16u << 20)

/* Can this template take this conversation at all? template may be NULL. */
MUST_USE int replay_use_template(const json_t *template,
                                 const struct chat_request *request,
                                 struct err *err);

/* The prompt. has_tools: the template shows them unless it says otherwise.
 * Caller frees. */
char *replay_prompt(const json_t *template, bool has_tools,
                    const struct chat_request *request);

#endif
