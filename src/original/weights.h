/* SPDX-License-Identifier: MIT */
/* weights.h - from how many cases of each imported suite passed to the totals
 * that the originals publish. Pure.
 *
 *   BFCL v4   simple: the mean of Python, Java and JavaScript; non_live: the
 *             mean of simple, multiple, parallel, parallel_multiple; live: by
 *             the number of cases; irrelevance_all: the mean of both;
 *             single_turn: the mean of non_live, live and irrelevance_all,
 *             which have the same weight in the leaderboard's overall score
 *             (its multi-turn and agentic parts are not run here)
 *   IFEval    prompts and instructions, each strict and loose
 *   HA        of each data set good / total, half-width 1.96 sqrt(p(1-p)/n)
 *
 * Sources: bfcl-eval 2026.3.23, eval_runner_helper.py; lm-eval 0.4.13,
 * tasks/ifeval; home-assistant-datasets. */
#ifndef ORIGINAL_WEIGHTS_H
#define ORIGINAL_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#define WEIGHTS_SUITES   32    /* imported suites of one audition            */
#define WEIGHTS_NAME_MAX 48
#define WEIGHTS_ROWS     (WEIGHTS_SUITES + 8)

/* One suite, counted. */
struct weights_suite {
    char name[WEIGHTS_NAME_MAX];     /* "bfcl_multiple", "ifeval", "ha_..."  */
    long cases;                      /* that it has; 0: not known            */
    long asked, passed;              /* cases that were judged               */
    long parsed;                     /* would pass if the server parsed calls
                                        that stand in the text               */
    long saner, saner_parsed;        /* BFCL: right without the quirks; and
                                        likewise, if parsed                  */
    long of, strict, loose;          /* IFEval: instructions, and followed   */
    long prompt_loose;               /* IFEval: prompts                      */
};

struct weights {
    struct weights_suite suites[WEIGHTS_SUITES];
    size_t               n;
};

/* Is this a suite whose original has totals? */
bool weights_knows(const char *suite);

/* That suite's counts, made when it is new; NULL when weights_knows() says no
 * or there are too many. */
struct weights_suite *weights_of(struct weights *w, const char *suite);

/* A line of the table. Rates are 0 to 1, NAN: something of it was not run. */
struct weights_row {
    const char *original;            /* "bfcl", "ifeval", "ha": static       */
    char        name[WEIGHTS_NAME_MAX];  /* "multiple", "non_live", "prompt" */
    bool        is_total;            /* of several suites                    */
    double      rate;                /* by the original's (strict) rule      */
    double      other;               /* saner, or loose; NAN: there is none  */
    double      rate_parsed, other_parsed;  /* if calls in the text were
                                        parsed; the same where none are      */
    double      half_width;          /* of a 95 % interval; NAN: not told    */
    long        asked, cases;        /* what it was made of: cases, or (the
                                        row "instruction") instructions, of
                                        which asked == cases                 */
    bool        is_complete;         /* every case of each of its suites was
                                        judged; else the rate is a sample's  */
};

/* In order: BFCL's suites and totals, IFEval, Home Assistant. How many. */
size_t weights_rows(const struct weights *w,
                    struct weights_row rows[WEIGHTS_ROWS]);

#endif
