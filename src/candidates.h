/* SPDX-License-Identifier: MIT */
/* candidates.h - step 1: names, globs and cache entries become a list of
 * files with their headers read. */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include "base/err.h"
#include "config.h"
#include "types.h"

/* Expand globs, look bare names up in the caches (discover.h), recognise
 * split files, read GGUF headers into facts. `out` is in config order.
 *
 * A candidate that cannot be auditioned (missing, truncated, not a GGUF)
 * stays in the list with its `failure` set. One of `hf:` that is in a cache
 * keeps its source and gets the path. Fails only when there is no candidate
 * at all (ERR_INPUT) or names of a config clash (file:line of both); those
 * from the command line are numbered, the same file twice is taken once. */
MUST_USE int candidates_resolve(const struct config *config,
                                struct candidate_list *out, struct err *err);

#endif
