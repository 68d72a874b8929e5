/* SPDX-License-Identifier: MIT */
/* locate.h - which llama-server do we start? The first that passes a
 * capability probe: --llama-server, $LLAMA_SERVER, PATH, our own build in
 * the user's cache (`make engine`). */
#ifndef ENGINE_LOCATE_H
#define ENGINE_LOCATE_H

#include <stdbool.h>

#include "base/err.h"

/* Older builds lack what a fair audition needs (--jinja tool templates,
 * /apply-template, timings_per_token). */
#define LOCATE_MIN_BUILD 5000

struct llama_binary {
    char *path;
    int   build;             /* 11434; -1 when it does not say            */
    bool  has_fit, has_cache_ram, has_ngl_all, has_jinja, has_template_kwargs;
};

/* given: the user's choice, or NULL to search. A user's choice that fails is
 * an error, never silently replaced. Fails with ERR_PREFLIGHT naming what
 * was looked at and what to do. Free with locate_done. */
MUST_USE int locate_server(const char *given, struct llama_binary *out,
                           struct err *err);
void locate_done(struct llama_binary *b);   /* safe on a zeroed struct */

/* Pure: what a --help and a --version text promise. Fails with ERR_PREFLIGHT
 * naming the missing flags or the build that is too old. */
MUST_USE int locate_judge(const char *help, const char *version,
                          struct llama_binary *out, struct err *err);

#endif
