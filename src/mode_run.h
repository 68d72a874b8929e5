/* SPDX-License-Identifier: MIT */
/* mode_run.h - which power modes an audition is to be made in, and getting
 * the board into each: between the options and modes.h. */
#ifndef MODE_RUN_H
#define MODE_RUN_H

#include "modes.h"
#include "run_options.h"

/* The modes that flags or the config name, none otherwise (m->ids.n is 0);
 * plans and dry runs have none. What an audition that was killed left
 * switched is restored first. Fails as config_load() or modes_begin(). */
MUST_USE int mode_run_begin(const struct run_options *opt,
                            const char *config_path, struct modes *m,
                            struct err *err);

/* Is the board in the i-th mode now? It is switched where there is a command
 * that does. Otherwise why not, with the command to run by hand. */
bool mode_run_reach(struct modes *m, size_t i, struct err *why);

#endif
