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
 * Suites of others (`audition import`) ask in a setting of their own:
 *
 *   "functions":[{"type":"function","function":{"name":...,"description":...,
 *                 "parameters":{JSON Schema}}}, ...]
 *                                      instead of a home: OpenAI tools. Nobody
 *                                      executes them, so such a case has one
 *                                      turn, which ends with the model's first
 *                                      answer; its calls are judged as they
 *                                      came, the arguments as raw text
 *   "system":"You are ..."             instead of the user's own prompt, word
 *                                      for word ({{now}} stays {{now}}, the
 *                                      area is not told); "": no system
 *                                      message
 *   "before":[{"role":"user","content":"..."}, ...]
 *                                      what was said before "say": user,
 *                                      assistant, system
 *   "max_tokens":1280                  of one answer, 1 to 4096; 200 unless it
 *                                      says so (SESSION_MAX_TOKENS)
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
    json_t *functions;       /* OpenAI tools, or NULL: those of the home */
    char   *system;          /* system message, "" for none; NULL: the
                                user's own prompt                        */
    json_t *before;          /* messages before the first turn, or NULL  */
    int     max_tokens;      /* of one answer; 0: as many as usual       */
    struct suite_turn *turns;
    size_t  n_turns;         /* 1 unless it is a conversation            */
    char    hash[65];        /* SHA-256 of the canonical JSON of the case */
};

/* Does it bring a system message or functions of its own? */
bool suite_case_has_own_prompt(const struct suite_case *c);

/* Which prompt it needs: cases with the same one share it. Caller frees. */
char *suite_case_prompt(const struct suite_case *c);

/* Judged by rules of others alone, and without a reference and a wrong answer
 * that could prove it sound: so are imported ones. */
bool suite_case_is_unproven(const struct suite_case *c);

void suite_case_done(struct suite_case *c);   /* safe on a zeroed struct */

/* The kind of tools that it is asked with, HOME_TOOLS_*. */
const char *suite_case_tools(const struct suite_case *c);

/* Is there something that it could call? */
bool suite_case_offers_tools(const struct suite_case *c);

/* Of a single turn: must a tool be called for it to pass? By its reference, or
 * by the rule of others that it is judged by. */
bool suite_case_wants_calls(const struct suite_case *c);

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
                                    a tool, or a rule of others asks for a
                                    call: its rate is a tool accuracy    */
    size_t              n_unproven;   /* suite_case_is_unproven()            */
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

/* Likewise of those that were imported into the user's own folder (share.h)
 * and have not the name of one of ours. */
void suite_imported(struct text_list *names);

/* Every promise of the head comment, for every case; of those that are
 * unproven only what suite_load has found sound already. What does not hold is
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
