/* SPDX-License-Identifier: MIT */
/* init.h - the audition.yaml that `audition init` writes. */
#ifndef INIT_H
#define INIT_H

#include "discover.h"
#include "types.h"

/* A commented config for this machine and the models found on it: every
 * field with its default, the found models as candidates (the first 50, each
 * with a unique name), commented examples when there are none. Loads again
 * through config_load when a model was found whose path is valid UTF-8; the
 * others are left out and counted in a comment. board, power_mode: what
 * `audition devices` calls this machine, NULL when it is in no list or has no
 * modes. Pure. Caller frees. */
char *init_text(const struct machine *m, const char *board,
                const char *power_mode, const struct found_models *found);

#endif
