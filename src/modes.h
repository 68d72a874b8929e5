/* SPDX-License-Identifier: MIT */
/* modes.h - the same audition in several power modes of the board: the user's
 * command switches, we check that it did, and the mode that was there before
 * is restored on every way out.
 *
 * Before the first switch a record with the command that restores is written
 * to the state folder (beside base/children.c's) and removed after restoring;
 * the next start of audition finds one whose audition is gone and restores
 * then, also after a restart of the board, over which nvpmodel keeps its mode.
 * A switch counts when the command exits 0 and, where the board says its mode,
 * that mode is the one asked for (up to 10 s).
 *
 * Commands  run through /bin/sh -c, with nothing on stdin, for at most 60 s.
 *           {id} and {name} are put in quoted for the shell; nothing else is
 *           changed. So neither may stand in quotes of the command's own, and
 *           the command is one line.
 * Stopped   a stop signal ends a switch, never a restore.
 */
#ifndef MODES_H
#define MODES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text_list.h"

struct modes {
    const char *root;             /* "" : this machine                       */
    char       *command;          /* with {id}, maybe {name}: "nvpmodel -m
                                     {id}"; NULL: nothing can be switched    */
    struct text_list ids;         /* to audition in, in order                */
    struct text_list names;       /* of each, "" unknown                     */
    char       *before_id;        /* mode at the start, NULL unknown         */
    char       *restore;          /* the command that restores it, or NULL   */
    char       *record;           /* path, or NULL                           */
    bool        is_switched;
    double      settle_s;         /* that a board may take to say its new
                                     mode; modes_begin sets it               */
};

/* wanted: ids or names as the board's nvpmodel.conf has them; without such a
 * file they are taken as they are. The same mode twice counts once. restore_id
 * (or a name, or NULL) wins over the current mode. Fails with ERR_INPUT: a mode
 * that this board does not have (naming those it has), a command without {id};
 * or ERR_PREFLIGHT: there is a command, but what restores is unknown (no
 * current mode is readable and no restore_id given), or another audition has
 * switched the mode. */
MUST_USE int modes_begin(struct modes *m, const char *root,
                         const char *command, const struct text_list *wanted,
                         const char *restore_id, struct err *err);
/* Switch to the i-th. ERR_FAILED: the command failed (its last words), or the
 * board says another mode afterwards, or wants a restart. ERR_PREFLIGHT: there
 * is no command, or no record can be written. */
MUST_USE int modes_enter(struct modes *m, size_t i, struct err *err);
/* Restore what was there; safe to call twice, and after a failure. */
MUST_USE int modes_leave(struct modes *m, struct err *err);
void modes_done(struct modes *m);         /* safe on a zeroed struct */

/* The command line of a switch, for people: quoted, {id} filled in; without a
 * command that of nvpmodel. Caller frees. */
char *modes_command(const struct modes *m, size_t i);

/* Restores what an audition that is gone left switched; how many. After a
 * restart of the machine there is nothing to restore: the record is removed.
 * One that others may have written is not run, one whose command fails is kept
 * for the next start. story is told each in one sentence (may be NULL). */
int modes_restore_leftovers(void (*story)(const char *text));

#endif
