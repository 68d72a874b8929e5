/* SPDX-License-Identifier: MIT */
/* config_candidate.h - the `candidates:` of a config, and what is said of
 * candidates elsewhere in it. For config.c: `ctx` of the binder is the
 * struct config. */
#ifndef CONFIG_CANDIDATE_H
#define CONFIG_CANDIDATE_H

#include "base/err.h"
#include "yaml_bind.h"

#define CONTEXT_MIN 64
#define CONTEXT_MAX 1048576

/* bind_fn: the list into a struct candidate_list; names are unique. */
int config_bind_candidates(struct binder *b, const struct place *at,
                           void *out);
/* bind_fn: arguments for the server, one a text, into a struct text_list. */
int config_bind_server_args(struct binder *b, const struct place *at,
                            void *out);

/* Is the text at this place a candidate's name? Any may be while a candidate
 * is a glob, whose files name themselves later. */
MUST_USE int config_check_name(struct binder *b, const struct place *at);

#endif
