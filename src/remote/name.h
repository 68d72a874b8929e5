/* SPDX-License-Identifier: MIT */
/* name.h - what names of remote models mean, and which files of a repository
 * a quantisation means. Pure. */
#ifndef REMOTE_NAME_H
#define REMOTE_NAME_H

#include <stdbool.h>

#include "base/err.h"
#include "remote/wire.h"

struct remote_name {
    char *url;               /* of a file; else NULL and:                   */
    char *user, *repo;
    char *quant;             /* or NULL; may be a file's name               */
};
void remote_name_done(struct remote_name *n);     /* safe on a zeroed struct */

/* ERR_INPUT: what is wrong with it and how to write it. */
MUST_USE int remote_name_read(const char *text, struct remote_name *out,
                              struct err *err);

/* The index of the (first part of the) model file that is meant: that
 * quantisation; without one Q4_K_M, else Q8_0, else the only model there. -1
 * with ERR_INPUT: those there are named. Companions (mmproj, drafts) are
 * never chosen. */
int remote_choose(const struct wire_files *files, const char *quant,
                  struct err *err);

#endif
