/* SPDX-License-Identifier: MIT */
/* selfcheck.h - recorded verdicts of an original grader, given again by ours.
 * One implementation for each format; cmd_selfcheck.c reads the file, tells
 * what is no case of the format, and prints what they find.
 * Formats: docs/originals.md. */
#ifndef ORIGINAL_SELFCHECK_H
#define ORIGINAL_SELFCHECK_H

#include "base/err.h"
#include "base/strbuf.h"
#include "original/agreement.h"
#include "original/pyjson.h"

/* One line of the file, read already; nothing outlives the call. */
struct selfcheck_case {
    const struct py *object;        /* PY_DICT, has all own_fields           */
    struct py_pool  *pool;          /* holds it; cleared before the next     */
    const char      *text;          /* the line, not terminated, for those
                                       who want another parser               */
    size_t           len;
};

#define SELFCHECK_FIELDS_MAX 4
struct selfcheck_ops {
    const char *name;               /* "bfcl", "ifeval", "ha"                */
    const char *title;              /* "a BFCL case", for messages           */
    const char *help;               /* what was judged, and by whom           */
    const char *right;              /* its word for a verdict that is no
                                       error; NULL: verdicts have words       */
    /* Fields (end with NULL) that every case has and no case of another
     * format: {"possible_answer"}; told by the caller when they miss. */
    const char *own_fields[SELFCHECK_FIELDS_MAX];
    /* Fields that together occur once in a file: {"id", "case"}. */
    const char *id_fields[SELFCHECK_FIELDS_MAX];
    void *(*begin)(const char *homes, struct err *err);   /* NULL: failed    */
    /* Judges one case and adds it to the agreement. Fails with ERR_INPUT when
     * it is not of this format, naming the field (the caller adds FILE:LINE),
     * with another kind when it cannot go on. */
    int   (*line)(void *state, const struct selfcheck_case *c,
                  struct agreement *a, struct err *err);
    /* Tables of its own behind the agreement, for the JSON and the terminal;
     * may be NULL. json: object to add fields to; out: printed when not NULL */
    void  (*more)(void *state, json_t *json, struct strbuf *out);
    void  (*end)(void *state);
};
extern const struct selfcheck_ops selfcheck_bfcl;
extern const struct selfcheck_ops selfcheck_ifeval;
extern const struct selfcheck_ops selfcheck_ha;

#endif
