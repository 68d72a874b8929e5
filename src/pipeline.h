/* SPDX-License-Identifier: MIT */
/* pipeline.h - `audition run`, from candidates to report. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <jansson.h>

#include "run_options.h"

/* Runs the whole audition. config_path may be NULL. settings: the resolved
 * options with their sources, stored with the run. Returns the process's
 * exit code; failures of the audition itself are told on stderr. */
int pipeline_run(const struct run_options *opt, const char *config_path,
                 const json_t *settings);

/* The same, but instead of measuring, stored transcripts are judged again. */
int pipeline_score(const struct run_options *opt, const char *config_path,
                   const json_t *settings);

/* Steps 1 and 2 and what they say: no engine, no store. */
int pipeline_plan(const struct run_options *opt, const char *config_path);

#endif
