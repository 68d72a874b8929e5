/* SPDX-License-Identifier: MIT */
/* evidence.h - step 7: what the stored trials of one candidate amount to.
 * Pure; fed one trial at a time, in any order. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "board_notes.h"
#include "facts.h"
#include "ledger.h"
#include "series.h"
#include "serving.h"
#include "soak.h"
#include "types.h"
#include "understanding.h"

/* One case, as it came out. */
struct case_outcome {
    char        *suite, *id;
    enum outcome outcome;
    bool         by_prompt;        /* the tools stood in the prompt          */
    bool         is_replaced;      /* asked by prompt too, as the template
                                      drops tools: that one counts           */
    double       first_sentence_s; /* of its spoken answer; NAN              */
    unsigned     marks;            /* of the trial                           */
};

/* A case asked with nothing cached, for its time alone. */
struct cold_case {
    char    *suite;
    double   first_sentence_s;
    unsigned marks;
};

struct evidence {
    double speaking_rate_words_per_min;  /* that silence is wanted for; 0: as
                                            it was stored                    */
    double *values[METRIC_COUNT];        /* of trials without a mark; of marked
                                            ones only where there is no other*/
    size_t  n[METRIC_COUNT];
    double *marked[METRIC_COUNT];        /* of trials with one               */
    size_t  n_marked[METRIC_COUNT];
    unsigned marks[METRIC_COUNT];        /* theirs                           */
    struct case_outcome *cases;
    size_t  n_cases;
    struct cold_case *cold;
    size_t  n_cold;
    struct worst_case *examples;   /* the first failed cases, at most 5     */
    size_t  n_examples;
    int     text_calls;            /* cases with a call written as text     */
    long    answers, leaks, only_thoughts;   /* free answers, and those in
                                      which reasoning gets in the way        */
    long   calls_wanted, calls_made, calls_as_text;  /* cases that need one */
    char   *page_cache;            /* how cold the cold starts were, NULL    */
    char   *no_engine_speed;       /* why llama-bench gave nothing, NULL     */
    char   *conversation_end;      /* why it ended early, NULL               */
    struct board_tally board;
    struct ledger_tally ledger;
    struct soak_series *soak;
    struct understanding_tally *understanding;
    struct series  series;
    struct serving serving;
    char   *death;                 /* how the engine ended, or NULL         */
    int     blocks;                /* that any trial belongs to             */
    size_t  ok_trials;             /* a load alone is no audition           */
};

void evidence_add(struct evidence *e, const struct trial *t);

/* The name under which cases asked with the tools in the prompt are counted:
 * "home_by_prompt". Caller frees. */
char *evidence_suite_name(const char *suite, bool by_prompt);

void evidence_done(struct evidence *e);   /* safe on a zeroed struct */

/* Cases that only a, only b passed, of those that both have judged. */
void evidence_discordant(const struct evidence *a, const struct evidence *b,
                         size_t *only_a, size_t *only_b);

/* Fill metrics, quality, turns, cliff, reasoning and serving cost of a
 * candidate; `suite_needs_tools` says which suites are about calls; limit_s:
 * within which a first token is wanted (of the cliff). */
void evidence_summarise(struct evidence *e,
                        bool (*suite_needs_tools)(void *ctx, const char *),
                        void *ctx, double limit_s,
                        struct candidate_facts *out);

#endif
