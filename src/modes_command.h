/* SPDX-License-Identifier: MIT */
/* modes_command.h - the commands of modes.h: filled in, run, and believed only
 * when the board agrees. */
#ifndef MODES_COMMAND_H
#define MODES_COMMAND_H

#include <stdbool.h>

#include "base/err.h"

#define MODES_SETTLE_S 10.0

/* ERR_INPUT: no {id}, a {id} or {name} in quotes, more than one line. */
MUST_USE int modes_command_check(const char *command, struct err *err);

/* {id} and {name} filled in, quoted. name may be "". Caller frees. */
char *modes_command_fill(const char *command, const char *id,
                         const char *name);

/* The mode that the board says it is in; NAN: it says none. */
double modes_current(const char *root);

/* Runs a filled-in command and waits until the board says mode `id`. Fails
 * with ERR_FAILED, ERR_TIMEOUT, or, when it heeds stop signals, ERR_STOPPED. */
MUST_USE int modes_command_run(const char *line, const char *root,
                               const char *id, double settle_s,
                               bool heeds_stop, struct err *err);

#endif
