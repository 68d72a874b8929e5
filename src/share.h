/* SPDX-License-Identifier: MIT */
/* share.h - where the data files are: $AUDITION_DATA, else
 * <exe>/../share/audition (installed), else <exe>/../share (checkout).
 *
 * What the user imported is in a folder of their own, $XDG_DATA_HOME/audition
 * (else ~/.local/share/audition). Files of suites/ and homes/, and only those,
 * are looked for there too when there is none of that name among ours. */
#ifndef SHARE_H
#define SHARE_H

#include <stdbool.h>

#include "base/err.h"

/* The path of share/RELATIVE, or NULL with ERR_PREFLIGHT naming the places
 * that were looked in. Caller frees. */
MUST_USE char *share_path(const char *relative, struct err *err);

/* The folder of what was imported, which need not be there; NULL: neither
 * variable names one. Caller frees. */
char *share_user_folder(void);

/* Is it among ours? Then the user's own is never read. */
bool share_ships(const char *relative);

/* One more such folder, looked in before the user's: where an import lays
 * things down until it is whole. NULL: no more. For a main thread alone. */
void share_look_in(const char *folder);

#endif
