/* SPDX-License-Identifier: MIT */
/* commands.h - every sub-command; only those that work are listed. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "base/opt.h"

extern const struct command command_run;
extern const struct command command_plan;
extern const struct command command_predict;
extern const struct command command_inspect;
extern const struct command command_synth;
extern const struct command command_devices;
extern const struct command command_probe;
extern const struct command command_doctor;
extern const struct command command_init;
extern const struct command command_score;
extern const struct command command_report;
extern const struct command command_list;
extern const struct command command_cases;
extern const struct command command_suites;
extern const struct command command_import;
extern const struct command command_selfcheck;
extern const struct command command_hold;

/* In the order of the help; ends with NULL. */
extern const struct command *const command_all[];

#endif
