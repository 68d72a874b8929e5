/* SPDX-License-Identifier: MIT */
/* candidates.h - step 1: names, globs and cache entries become a list of
 * files with their headers read; a name that is nowhere on this machine may
 * be in the catalogue. */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include "base/err.h"
#include "config.h"
#include "model/catalogue.h"
#include "types.h"

/* Expand globs, look bare names up in the caches (discover.h), recognise
 * split files, read GGUF headers into facts. `out` is in config order.
 *
 * A candidate that cannot be auditioned (missing, truncated, not a GGUF)
 * stays in the list with its `failure` set. One of `hf:` that is in a cache
 * keeps its source and gets the path. One that is not here but known by name
 * is_absent and has the catalogue's facts (catalogue NULL: nothing is). Fails
 * only when there is no candidate at all (ERR_INPUT) or names of a config
 * clash (file:line of both); those from the command line are numbered, the
 * same file twice is taken once. */
MUST_USE int candidates_resolve(const struct config *config,
                                const struct catalogue *catalogue,
                                struct candidate_list *out, struct err *err);

/* The file of a candidate that was absent is here now: its header is read,
 * its failure is over or a new one. */
void candidate_found(struct candidate *c, const struct catalogue *catalogue,
                     const char *path);

#endif
