/* SPDX-License-Identifier: MIT */
/* suite.h - suite files (share/suites/X.jsonl): one case a line.
 *
 *   {"id":"home-light-on-1", "suite":"home", "category":"single",
 *    "home":"flat",                     simulated home, or absent: no tools
 *    "setup":{"light.kitchen":{"state":"off"}},   changes before the case
 *    "say":"Switch on the kitchen light.",        or "turns":[...] of texts
 *    "checks":[{"scorer":"state","expect":{"light.kitchen":{"state":"on"}}}],
 *    "reference":{"calls":[{"name":"HassTurnOn","arguments":{...}}],
 *                 "answer":"The kitchen light is on."},
 *    "wrong":{"calls":[],"answer":"Done!"},
 *    "why":"the plain case: one light, named in full"}
 *
 * The suite checker (suite_check, run by `make test`) proves of each case:
 * id unique, entities exist, rules well formed, reference passes, `wrong`
 * fails, and so do an empty answer, an echo of the question and, without a
 * call, what could be said to anything: "Done!", "Okay.", "I am sorry, I
 * cannot help with that.", "The answer is forty two. Anything else?" and
 * "Sure, I can help you with that!".
 */
#ifndef SUITE_H
#define SUITE_H

#include <jansson.h>
#include <stdint.h>
#include <stddef.h>

#include "base/err.h"

struct suite_case {
    char   *suite, *id, *category;
    char   *home;            /* name of the simulated home, or NULL      */
    char   *say;             /* what the user says                       */
    json_t *setup;           /* object or NULL                           */
    json_t *checks;          /* array, never empty                       */
    json_t *reference, *wrong;
    char    hash[65];        /* SHA-256 of the canonical JSON of the case */
};

struct suite {
    char              *name; /* file stem                                */
    struct suite_case *cases;
    size_t             n;
};

/* Reads NAME.jsonl from the data folder, or a path when `name` holds a '/'
 * or ends in .jsonl. Fails with ERR_INPUT: "home.jsonl:14: ...". */
MUST_USE int suite_load(struct suite *out, const char *name, struct err *err);
void suite_done(struct suite *s);

/* Every promise of the head comment, for every case. */
MUST_USE int suite_check(const struct suite *s, struct err *err);

/* A sample of at most `most` cases: each suite by the square root of its
 * size, within it each category in turn; seeded, the same for every
 * candidate, a larger one holds the smaller one; in the order of the suites.
 * Pointers are borrowed from the suites; the caller frees *picked. Returns
 * how many. */
size_t suite_pick(const struct suite *suites, size_t n_suites, size_t most,
                  uint64_t seed, const struct suite_case ***picked);

#endif
