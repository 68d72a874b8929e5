/* SPDX-License-Identifier: MIT */
/* page_cache.h - a file's pages out of the kernel's page cache, so that a
 * cold start is cold. Only that file's clean pages that nobody has mapped,
 * by posix_fadvise: no privilege, no harm to other programs. */
#ifndef BASE_PAGE_CACHE_H
#define BASE_PAGE_CACHE_H

#include "base/err.h"

/* *left_frac: share of the file that is still cached afterwards, NAN when
 * the kernel does not say. Fails with ERR_INPUT when the file cannot be
 * opened, ERR_FAILED when the kernel refuses. */
MUST_USE int page_cache_drop(const char *path, double *left_frac,
                             struct err *err);

#endif
