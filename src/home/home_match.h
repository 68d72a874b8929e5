/* SPDX-License-Identifier: MIT */
/* home_match.h - from the common slots of Home Assistant's tools to the
 * entities that are meant. */
#ifndef HOME_MATCH_H
#define HOME_MATCH_H

#include "home/home_internal.h"

struct slots {
    char   *name;             /* NULL: none, or "all"                        */
    char   *area, *floor;     /* or NULL                                     */
    json_t *domains;          /* list of texts; NULL: not given              */
    json_t *classes;
};

/* The slots of a call. domains, classes: the allowed ones, "|a|b|"; NULL:
 * any domain, and no device_class at all (one that is given is ignored).
 * False: one of them is no value that it could have. To be done in any
 * case. */
bool home_slots_read(struct slots *out, const json_t *arguments,
                     const char *domains, const char *classes);
void home_slots_done(struct slots *s);

/* What a tool acts on, before the slots narrow it. */
struct rule {
    const char *domain;       /* its own, or NULL: all                       */
    const char *state;        /* the entity must be in it, or NULL           */
    unsigned    feature;      /* the entity must have all of these           */
    bool        is_single;    /* exactly one                                 */
    bool        is_any;       /* also several of one name                    */
};

struct match {
    struct entity    **found; /* borrowed from the home                      */
    size_t             n;
    const struct area *area;  /* that the slots name, or NULL                */
    const char        *floor;
};

/* NULL, or the error to answer. m is to be done in any case. */
json_t *home_match(struct home *h, const struct slots *slots,
                   const struct rule *rule, struct match *m);
void home_match_done(struct match *m);

#endif
