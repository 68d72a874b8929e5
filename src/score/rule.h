/* SPDX-License-Identifier: MIT */
/* rule.h - the fields that a check may carry, as a table: what a scorer
 * declares is what is accepted, and an unknown field is named. Pure. */
#ifndef SCORE_RULE_H
#define SCORE_RULE_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

enum rule_type {
    RULE_COUNT,   /* integer 0..1,000,000                                  */
    RULE_TEXT,    /* text with at least one visible character              */
    RULE_TEXTS,   /* list of such texts, at least one                      */
    RULE_YES,     /* true; leave the field out for "no"                    */
    RULE_LETTER,  /* text of one letter or digit                           */
    RULE_LANGUAGE,   /* code of a language that language.h can tell        */
    RULE_REPEATS  /* {"phrase":text,"times":1..1000}, nothing else         */
};

struct rule_field {
    const char    *name;   /* the table ends with NULL                     */
    enum rule_type type;
};

/* Is each field of the rule known and of its type? "scorer" always is.
 * at_least: how many fields the rule must have besides it. ERR_INPUT. */
MUST_USE int rule_check(const json_t *rule, const struct rule_field *fields,
                        size_t at_least, struct err *err);

/* The count in a field, or fallback when it is absent. */
long long rule_count(const json_t *rule, const char *name,
                     long long fallback);

#endif
