/* SPDX-License-Identifier: MIT */
/* bfcl_internal.h - between the parts of bfcl.c: what is wrong with a call,
 * and the rule for one argument. */
#ifndef ORIGINAL_BFCL_INTERNAL_H
#define ORIGINAL_BFCL_INTERNAL_H

#include "original/bfcl.h"

/* What is wrong, kept as parts: most faults are never put into words, since
 * the next acceptable value or the next call is tried. */
struct bfcl_fault {
    const char      *error;      /* static; NULL: nothing is wrong           */
    const struct py *argument;   /* its name; NULL: the whole call           */
    const struct py *key;        /* inside the argument, or NULL             */
    const struct py *value;      /* that is not right, or NULL               */
    const char      *words;      /* "is not an integer"; NULL: told by error  */
    const struct py *expected;   /* shown behind the words, or NULL          */
};

/* The case itself is wrong: where the original stops with an exception. */
#define BFCL_UNSOUND "case:unsound"

/* Records it and gives false, so that `return bfcl_fault(...)` reads well. */
bool bfcl_fault(struct bfcl_fault *f, const char *error,
                const struct py *value, const char *words,
                const struct py *expected);

enum bfcl_language { BFCL_PYTHON, BFCL_JAVA, BFCL_JAVASCRIPT };

/* What is judged, and how. */
struct bfcl_judge {
    struct py_pool    *pool;
    enum bfcl_rule     rule;
    enum bfcl_language language;
};

/* The types of Python that a schema can ask for. */
struct bfcl_type {
    enum py_kind kind;           /* of a value; PY_INT stands for PY_BIG too */
    bool         nested;         /* a list whose items have a type           */
    enum py_kind item;
    const char  *is_not;         /* "is not an integer"                      */
};

/* Of a parameter of `tools`; a schema without a type, or with one that is not
 * known, asks for a text (as the conversion to `tools` has it). */
struct bfcl_type bfcl_type_of(const struct py *parameter);

/* Is this value right for a parameter, when these values are acceptable? */
bool bfcl_value_ok(struct bfcl_judge *j, const struct bfcl_type *type,
                   const struct py *value, const struct py *acceptable,
                   struct bfcl_fault *fault);

/* Equal when only letters, digits and uncommon signs count: the string rule. */
bool bfcl_same_words(struct bfcl_judge *j, const struct py *a,
                     const struct py *b);

/* Does the list hold ""? Then the argument may be left out. */
bool bfcl_may_be_absent(const struct py *acceptable);

/* One call, which is judged by the expected function. */
struct bfcl_expected {
    const struct py *name;       /* in the ground truth                      */
    const struct py *arguments;  /* in the ground truth                      */
    const struct py *function;   /* in `functions`: its {name, ...}          */
};
struct bfcl_call {
    const struct py *name;
    const struct py *arguments;  /* PY_DICT                                  */
};
bool bfcl_call_ok(struct bfcl_judge *j, const struct bfcl_expected *want,
                  const struct bfcl_call *call, struct bfcl_fault *fault);

/* The same text when every '.' is '_'; of both, or of the first only. */
bool bfcl_same_name(const struct py *dotted, const struct py *name,
                    bool both_dotted);

/* ---- the saner rule ------------------------------------------------------ */

/* May this argument, which is wrong, be taken as not given? */
bool bfcl_saner_ignores(struct bfcl_judge *j, const struct py *parameters,
                        const struct py_pair *argument,
                        const struct py *acceptable);

/* 2.0 as 2 where an integer, or a list of them, is asked for; else the value
 * as it is. */
const struct py *bfcl_saner_value(struct bfcl_judge *j,
                                  const struct bfcl_type *type,
                                  const struct py *value);

/* Can every expected call have a call of its own? On false *missing is one
 * that goes without. fits(ctx, e, c): does call c do for expected call e?
 * Asked at most once for each pair. */
bool bfcl_saner_match(struct py_pool *pool, size_t n,
                      bool (*fits)(void *ctx, size_t e, size_t c), void *ctx,
                      size_t *missing);
#define BFCL_MATCH_MAX 512   /* calls; with more, first come first served     */

/* ---- arguments written in Java or JavaScript ----------------------------- */

/* Judges an argument of simple_java, simple_javascript: always a text, which
 * is read as that language. */
bool bfcl_foreign_ok(struct bfcl_judge *j, const struct py *parameter,
                     const struct py *value, const struct py *acceptable,
                     struct bfcl_fault *fault);

#endif
