/* SPDX-License-Identifier: MIT */
/* suite.h - suite files (share/suites/X.jsonl): one case a line.
 *
 *   {"id":"h-a-001", "suite":"home", "category":"single",
 *    "difficulty":"easy",               or medium, hard; may be absent
 *    "language":"en",                   of the user; en unless it says so
 *    "home":"flat",                     simulated home, or absent: no tools
 *    "tools":"intent",                  which of its tools: home.h
 *    "area":"Kitchen",                  where the user speaks, or absent
 *    "setup":{"light.kitchen":{"state":"off"}},   changes before the case
 *    "group":"kitchen-light",           paraphrases of one another share it
 *    "say":"Switch on the kitchen light.",
 *    "checks":[{"scorer":"state","expect":{"light.kitchen":{"state":"on"}}}],
 *    "reference":{"calls":[{"name":"HassTurnOn","arguments":{...}}],
 *                 "answer":"The kitchen light is on."},
 *    "wrong":{"calls":[],"answer":"Done!"},
 *    "why":"the plain case: one light, named in full"}
 *
 * A conversation has, instead of say, checks, reference and wrong, a list
 * "turns" of objects with these; "cuts_words" in one says that the user broke
 * in after so many words of the answer before. The home goes on from turn to
 * turn, and a turn is judged from where the model has left it.
 *
 * The suite checker (suite_check, run by `make test` and `audition suites
 * --check`) proves of each case: id unique, entities exist, rules well formed,
 * the reference passes, `wrong` fails, and so do an empty answer, an echo of
 * the question and, without a call, what could be said to anything ("Done!",
 * "Okay.", "I am sorry, I cannot help with that.", ...); no two cases are the
 * same but for a word, unless they are paraphrases of one group.
 */
#ifndef SUITE_H
#define SUITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text_list.h"

/* One thing that the user says, and what has to come of it. */
struct suite_turn {
    char   *say;
    json_t *checks;          /* array, never empty                       */
    json_t *reference, *wrong;   /* objects or NULL                      */
    int     cuts_words;      /* the user barges in: only so many words of
                                the answer before were heard; -1: all    */
};

struct suite_case {
    char   *suite, *id, *category;
    char   *difficulty;      /* "easy", "medium", "hard", or NULL        */
    char   *language;        /* of the user: "en" unless the case says so */
    char   *home;            /* name of the simulated home, or NULL      */
    char   *tools;           /* which tools of it: "intent", ...: home.h */
    char   *area;            /* where the user speaks, or NULL           */
    char   *group;           /* paraphrases of one another, or NULL      */
    json_t *setup;           /* object or NULL                           */
    struct suite_turn *turns;
    size_t  n_turns;         /* 1 unless it is a conversation            */
    char    hash[65];        /* SHA-256 of the canonical JSON of the case */
};

void suite_case_done(struct suite_case *c);   /* safe on a zeroed struct */

/* The kind of tools that it is asked with, HOME_TOOLS_*. */
const char *suite_case_tools(const struct suite_case *c);

/* Where a case is in its file; 40 bytes, so that a file of a million cases is
 * known without being held. */
struct suite_entry {
    uint64_t offset, id_hash;
    size_t   line;           /* from 1                                   */
    uint32_t bytes;          /* of the line                              */
    uint32_t category;       /* index in categories                      */
    uint32_t n_turns;
    uint32_t home;           /* index in homes, from 1; 0: it has none   */
};

struct suite {
    char               *name; /* file stem                               */
    char               *path;
    struct suite_entry *entries;
    size_t              n;
    struct text_list    categories, homes;
    bool                wants_calls;  /* the reference of a single turn calls
                                    a tool: its rate is a tool accuracy  */
    struct text_list    broken;  /* keep_going: lines left out, at most
                                    SUITE_BROKEN_MAX sentences           */
    size_t              n_broken;
};
#define SUITE_BROKEN_MAX 20

/* Reads NAME.jsonl from the data folder, or a path when `name` holds a '/'
 * or ends in .jsonl, line by line: every case is checked, none is kept. Fails
 * with ERR_INPUT: "home.jsonl:14: ...", with keep_going only when no sound
 * line is left; with ERR_FAILED when it cannot be read to its end, with
 * ERR_STOPPED on a stop signal. */
MUST_USE int suite_load(struct suite *out, const char *name, bool keep_going,
                        struct err *err);
void suite_done(struct suite *s);

/* Case i, read again from the file. ERR_INPUT when the file has changed.
 * Free with suite_case_done. */
MUST_USE int suite_get(const struct suite *s, size_t i,
                       struct suite_case *out, struct err *err);

/* The same by its id: 1, 0 when there is none, -1 with err. */
MUST_USE int suite_find(const struct suite *s, const char *id,
                        struct suite_case *out, struct err *err);

/* The names of the suites in the data folder, sorted; adds to *names. */
void suite_ours(struct text_list *names);

/* Every promise of the head comment, for every case; what does not hold is
 * added to *problems, a sentence each. Fails only when the file cannot be
 * read, or with ERR_STOPPED. */
MUST_USE int suite_check(const struct suite *s, struct text_list *problems,
                         struct err *err);

/* A sample: each suite by the square root of its size, less where a case has
 * many turns (a conversation costs as much as its turns); within a suite each
 * category in turn; seeded, the same for every candidate, a larger one holds
 * the smaller one. At most `most` cases with at most most_turns turns (0: no
 * limit) of the user together, though at least one; those with the same
 * prompt next to each other. homes: only cases of these, and those without a
 * home; NULL: of all. The caller frees *picked with
 * suite_picked_free. */
MUST_USE int suite_pick(const struct suite *suites, size_t n_suites,
                        const struct text_list *homes, size_t most,
                        size_t most_turns, uint64_t seed,
                        struct suite_case ***picked, size_t *n_picked,
                        struct err *err);
/* Equal texts and seeds give equal numbers everywhere, near ones far ones. */
uint64_t suite_mix(uint64_t seed, const char *text);

void suite_picked_free(struct suite_case **picked, size_t n);

#endif
