/* SPDX-License-Identifier: MIT */
/* suite_internal.h - what the files of suites share.
 *
 *   suite_case.c   one line of a file: a case
 *   suite.c        the file: an index of its cases
 *   suite_pick.c   a sample of several suites
 *   suite_check.c  is each case sound?
 *   suite_alike.c  are two cases of a suite the same but for a word?
 */
#ifndef SUITE_INTERNAL_H
#define SUITE_INTERNAL_H

#include "suite.h"

/* Of a suite file; a longer line is no case. */
#define SUITE_LINE_MAX_BYTES ((size_t)1 << 20)

/* The case on a line; its suite is `suite` unless it names another. On
 * ERR_INPUT *c is empty. Free with suite_case_done. */
MUST_USE int suite_read_case(struct suite_case *c, const char *text,
                             size_t len, const char *suite, struct err *err);

/* Cases that are near-duplicates without being of one group: a sentence each
 * in *problems. */
MUST_USE int suite_check_alike(const struct suite *s,
                               struct text_list *problems, struct err *err);

#endif
