/* SPDX-License-Identifier: MIT */
/* share.h - where the data files are: $AUDITION_DATA, else
 * <exe>/../share/audition (installed), else <exe>/../share (checkout). */
#ifndef SHARE_H
#define SHARE_H

#include "base/err.h"

/* The path of share/RELATIVE, or NULL with ERR_PREFLIGHT naming the places
 * that were looked in. Caller frees. */
MUST_USE char *share_path(const char *relative, struct err *err);

#endif
