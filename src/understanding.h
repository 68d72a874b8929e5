/* SPDX-License-Identifier: MIT */
/* understanding.h - step 7: what the judged cases of one candidate say beyond
 * how many of them passed. Pure; fed one stored trial at a time.
 *
 * Where the template drops tools, a case counts as it was asked with the tools
 * in the prompt. METHOD.md "Understanding" argues each number.
 */
#ifndef UNDERSTANDING_H
#define UNDERSTANDING_H

#include <stdbool.h>
#include <stddef.h>

#include "judge.h"
#include "original/weights.h"
#include "types.h"

/* How often answers behave badly, over all cases with a home; each is a share
 * of the turns in which it could be (score/manners.h).
 *    field                    in words                                       */
#define MANNERS(X)                                                            \
    X(said_not_done,           "says done, is not")                           \
    X(done_not_said,           "done, says not")                              \
    X(needless_confirmation,   "asks leave needlessly")                       \
    X(asked_for_given,         "asks for what was said")                      \
    X(refused,                 "refuses needlessly")                          \
    X(unspeakable,             "not fit to be spoken")

enum manner_rate {
#define X(name, label) MANNER_##name,
    MANNERS(X)
#undef X
    MANNER_COUNT
};
extern const char *const manner_name[MANNER_COUNT];
extern const char *const manner_label[MANNER_COUNT];

/* A share with its 95 % interval; NAN where nothing was asked. */
struct share {
    long   n, of;
    double rate, low, high;
};

#define NOISE_LEVELS 4
#define CONSISTENCY_MOST 10

struct noise_level {
    int    target_percent;    /* word error rate that was wanted             */
    double reached_percent;   /* errors / words over all its cases           */
    struct share passed;      /* Wilson                                      */
    struct share unharmed;    /* the same cases without noise                */
};

struct understanding {
    /* Conversations: turns passed; the interval treats each conversation as
     * one draw. */
    int          conversations;
    struct share turns;

    struct share manners[MANNER_COUNT];         /* Wilson, over turns        */

    struct noise_level noise[NOISE_LEVELS];     /* by target                 */
    size_t       n_noise;

    /* pass^k: the chance that k askings of one case all pass, averaged over
     * the cases asked at least k times; [0] is k = 1. */
    double       pass_hat[CONSISTENCY_MOST];
    int          most_repeats;                  /* k goes so far; 0, 1: none */
    long         repeated;                      /* cases                     */

    /* Groups of paraphrases of which every member was asked: all passed. */
    struct share groups;

    /* Imported suites; how many cases each has is for the caller to say. */
    struct weights originals;
};

struct understanding_tally;     /* grows with what is fed                    */

struct understanding_tally *understanding_new(void);
void understanding_free(struct understanding_tally *t);    /* NULL is fine */
void understanding_add(struct understanding_tally *t,
                       const struct trial *trial);

/* group_of: of a case that is part of this audition, borrowed; NULL: none;
 * *members: how many cases that group has there. */
void understanding_summarise(
    const struct understanding_tally *t,
    const char *(*group_of)(void *ctx, const char *suite, const char *id,
                            int *members),
    void *ctx, struct understanding *out);

/* {"conversations","turns","manners","noise","repeats","paraphrases"} and,
 * when such suites were run, "originals" (report/originals_table.h); and back:
 * what is not there or no number is missing. */
json_t *understanding_json(const struct understanding *u);
void    understanding_read(const json_t *object, struct understanding *out);

#endif
