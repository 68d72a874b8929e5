/* SPDX-License-Identifier: MIT */
/* schedule.h - step 4: what to measure next, and when it is enough. Pure:
 * the same trials always give the same next step, so an audition that was
 * stopped goes on exactly where it was.
 *
 * A candidate is measured in blocks, each with its own load of the engine;
 * the order of candidates turns round between blocks (ABBA), so that a
 * machine that slowly warms up or a neighbour that comes and goes does not
 * favour the first. A block is:
 *   min_rounds rounds of speed measurements,
 *   its share of the cases (the first half in the first block, so that those
 *   with one prompt are together), those with a home once more
 *   with the tools in the prompt where the template drops them, and a few of
 *   each suite with nothing cached; some again as a speech recogniser would
 *   have misheard them, or all of them again, where that is asked for,
 *   in the first `deep_blocks` blocks: a conversation, the prefill cliff
 *   (with --full a higher one, unless the quick one left nothing out for its
 *   time), what serving costs,
 *   more rounds until the intervals are narrow and the block lasted ten times
 *   its load; at the latest until max_rounds is reached or its budget spent.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "soak.h"
#include "suite.h"
#include "types.h"

enum work_kind {
    WORK_DECODE,       /* 64 prompt tokens, 128 forced, cold cache           */
    WORK_PREFILL,      /* `tokens` prompt tokens, cold cache                 */
    WORK_AT_PROMPT,    /* the user's prompt and tools, cold, 128 forced      */
    WORK_LATENCY50,    /* warm prefix + one utterance, 50 tokens forced      */
    WORK_SPEAK,        /* warm prefix + one utterance, answered freely       */
    WORK_SPEAK_COLD,   /* the same, nothing cached                           */
    WORK_CASE,
    WORK_CONVERSATION, /* ten turns: conversation.h                          */
    WORK_CLIFF,        /* growing prompts: cliff.h                           */
    WORK_SERVING,      /* decoding with one thing changed: serving.h         */
    WORK_SOAK,         /* the same questions once more: soak_run.h           */
    WORK_DONE          /* nothing is left to do in this block                */
};

struct work {
    enum work_kind           kind;
    int                      block, round;
    int                      tokens;     /* WORK_PREFILL                     */
    const struct suite_case *test;       /* WORK_CASE, borrowed              */
    bool                     by_prompt;  /* WORK_CASE: tools in the prompt   */
    bool                     is_cold;    /* WORK_CASE: for its time alone,
                                            with nothing cached              */
    int                      noise_percent;  /* WORK_CASE: as a recogniser
                                            would have misheard it; 0: not   */
    int                      repeat;     /* WORK_CASE: asked so many times
                                            before                           */
    char                     key[160];   /* of the trial                     */
};

#define SCHEDULE_NOISE_MOST 4

struct schedule {
    int    blocks;             /* 1 or 2                                     */
    int    min_rounds, max_rounds;
    double block_budget_s;     /* engine time of one block; NAN: no limit    */
    double narrow_frac;        /* half width / median that is narrow enough  */
    bool   long_prefill;       /* also 2,048 tokens, a higher cliff (--full) */
    int    deep_blocks;        /* 0 .. blocks                                */
    bool   can_complete;       /* the engine takes token ids, forced length  */
    bool   has_raw_text;       /* ... or at least raw text                   */
    bool   tools_by_prompt;    /* the template drops tools                   */
    double soak_s;             /* in the last block; NAN: none               */
    int    cold_cases;         /* of each suite, asked cold once more        */
    int    noise_percent[SCHEDULE_NOISE_MOST];   /* word error rates at which */
    int    n_noise;            /* cases are asked once more                   */
    int    noise_cases;        /* so many of those with a home and one turn  */
    int    repeats;            /* how often each case is asked, 0 is 1       */
    const struct suite_case **cases;     /* borrowed                         */
    size_t n_cases;
};

/* What is stored of this candidate, all blocks. */
struct progress {
    char  **keys;              /* of trials that count as done, sorted       */
    size_t  n_keys;
    double  block_s[8];        /* engine time spent in each block            */
    double  load_s[8];         /* the latest load of each block, NAN         */
    double  soaked_s;          /* engine time of all soak trials             */
    int     soaks;             /* how many there are                         */
    struct soak_past soak;     /* what the next one has to know              */
    int     marked[8][3];      /* rounds of decode, latency50, speak with a
                                  mark, each block: they are made again      */
    double *served, *first, *latency50;  /* observations of all blocks, not
                                  those of marked trials                     */
    size_t  n_served, n_first, n_latency50;
};

void schedule_next(const struct schedule *s, const struct progress *p,
                   int block, struct work *out);

/* The trial key of a case: "case/SUITE/ID/HASH", so that an edited case is
 * another one. "prompt/..." with the tools in the prompt, "cold/..." with
 * nothing cached; "noise10/..." misheard at a word error rate of 10 %,
 * "again1/..." asked a second time, both with "-prompt" before the slash when
 * the tools stand in the prompt. */
void schedule_case_key(const struct suite_case *c, bool by_prompt, char *key,
                       size_t size);

/* What the key of a trial says about it. */
struct trial_variant {
    bool is_case;          /* any of the above                               */
    bool by_prompt, is_cold;
    int  noise_percent;    /* 0: none                                        */
    int  repeat;           /* 0: the first time                              */
    bool is_plain;         /* none of the last three: it counts for its suite */
    const char *rest;      /* "SUITE/ID/HASH", within the key; NULL: no case */
};
struct trial_variant schedule_variant(const char *trial_key);

/* Was this trial a case with the tools in the prompt? */
bool schedule_is_by_prompt(const char *trial_key);

/* Was it one asked with nothing cached, "cold/SUITE/ID/HASH"? */
bool schedule_is_cold(const char *trial_key);

/* Is this key of a trial of rounds? Only those count against the budget. */
bool schedule_is_round(const char *trial_key);

/* The order in which candidates take part in a block: a seeded shuffle,
 * reversed in odd blocks. order has n entries. */
void schedule_order(size_t n, int block, uint64_t seed, size_t *order);

/* Progress is fed one stored trial at a time. */
void progress_add(struct progress *p, const struct trial *t);
/* Not done, but not to be tried again in this run either. */
void progress_skip(struct progress *p, const char *key);
/* To be done again, although it is stored. */
void progress_forget(struct progress *p, const char *key);
bool progress_has(const struct progress *p, const char *key);
void progress_done(struct progress *p);   /* safe on a zeroed struct */

/* The most trials that a candidate can take in all blocks, loads and memory
 * readings aside: for the plan. */
size_t schedule_trials(const struct schedule *s);

#endif
