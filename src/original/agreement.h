/* SPDX-License-Identifier: MIT */
/* agreement.h - how often do two graders say the same? Counted over all
 * cases, by a key (category, instruction) and by the original's error type;
 * disagreements are kept to be listed, each with its class. Plain data;
 * printing is the caller's. Memory is bounded however many cases, keys and
 * disagreements there are. */
#ifndef ORIGINAL_AGREEMENT_H
#define ORIGINAL_AGREEMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text_list.h"

struct agreement_group {
    char  *name;                      /* valid UTF-8, of the first bytes of
                                         the key; any characters             */
    size_t cases, agree;              /* agree: the verdicts are equal       */
    size_t errors, errors_agree;      /* cases that the original calls wrong
                                         and why, and how often ours does so
                                         for the same reason                 */
};

struct agreement {
    struct agreement_group  all;      /* its name is NULL                    */
    struct agreement_group *groups;   /* in order of name after _sort, as
                                         the next two                        */
    struct agreement_group *types;    /* by the error type that the original
                                         gives; wrong cases only             */
    struct agreement_group *classes;  /* of disagreements; only cases counts */
    size_t                  n_groups, n_types, n_classes;
    const char             *right;    /* the original's word for a case that
                                         is no error, "valid"; NULL: "right";
                                         the caller's to set                 */
    struct text_list        differ;   /* a sentence each (valid UTF-8, cut),
                                         the first AGREEMENT_TOLD_MAX        */
    struct text_list        differ_class;   /* the class of each of these    */
    size_t                  n_differ; /* of verdict or error type            */
    double                  seconds;  /* parsing each line, decoding the
                                         answer and judging it; not reading
                                         and unpacking the file; the caller's
                                         to set, like the next               */
    double                  wall_seconds;   /* all of it, from opening the
                                         file to its last case               */
};
#define AGREEMENT_TOLD_MAX   1000
#define AGREEMENT_TOLD_BYTES 4000
#define AGREEMENT_GROUPS_MAX 1000     /* then all others are one, "(others)" */

/* One case. group: its key, of name_len bytes. want_error, got_error: NULL
 * when that grader found it right. told: the case in words for the list of
 * disagreements, called only when they disagree and there is room: gives a
 * text to be freed; may be NULL, or give NULL. */
void agreement_add(struct agreement *a, const char *group, size_t name_len,
                   const char *want_error, const char *got_error,
                   char *(*told)(void *ctx), void *ctx);

/* A verdict without error types (IFEval), in words: they agree when these are
 * equal. errors and types are not counted. */
void agreement_add_verdict(struct agreement *a, const char *group,
                           size_t name_len, const char *want, const char *got,
                           char *(*told)(void *ctx), void *ctx);

/* The class of a disagreement: "verdict: valid, ours: type_error:simple", or
 * "error type: A, ours: B" where both find it wrong; arguments as those of
 * agreement_add. Caller frees. */
char *agreement_class(const struct agreement *a, const char *want_error,
                      const char *got_error);

void agreement_sort(struct agreement *a);

/* 0 to 1; NAN without a case, or without an error of a known type. */
double agreement_rate(const struct agreement_group *g);
double agreement_error_rate(const struct agreement_group *g);

/* {"schema_version":1,"cases":..,"agree":..,"agreement":..,
 *  "error_type_agreement":..|null,"by":{name:{"kind":"category" |
 *  "error_type","cases","agree","agreement","error_type_agreement"}},
 *  "seconds":..,"wall_seconds":..,"differ":..,"classes":{class: how often},
 *  "disagreements":[{"class","case"}]}. Rates are null without a case; differ
 * counts all disagreements; an error type that has the name of a category is
 * called "NAME (error type)". New reference. */
json_t *agreement_json(const struct agreement *a);

void agreement_done(struct agreement *a);   /* safe on a zeroed struct */

#endif
