/* SPDX-License-Identifier: MIT */
/* soak.h - what changes when a model answers for minutes: drift, growth,
 * failures, answers that differ. Pure.
 *
 * A soak asks the same few questions again and again at temperature 0. Each
 * trial "soak/N" is one pass over them; its observations are a record a
 * question, opened by SOAK_AT.
 */
#ifndef SOAK_H
#define SOAK_H

#include <jansson.h>

#include "types.h"

#define SOAK_AT       "soak_at_s"          /* since the soak began, by stamps */
#define SOAK_QUESTION "soak_question"      /* which, from 0                   */
#define SOAK_TOK_S    "soak_tok_s"         /* decode speed by timings         */
#define SOAK_LATENCY  "soak_first_sentence_s"
#define SOAK_MEMORY   "soak_memory_bytes"  /* engine: anonymous + device      */
#define SOAK_TEMP     "soak_temp_c"
#define SOAK_POWER    "soak_power_w"
#define SOAK_ANSWER   "soak_answer"        /* number of the distinct answer to
                                              this question, 0 the first      */
#define SOAK_FAILED   "soak_failed"        /* 1: no answer                    */
#define SOAK_HASH     "soak_answer_hash"   /* of the answer: a whole number   */

/* Observed (1) before the records of the first pass of a start of the engine:
 * a second one tells that the soak was interrupted. */
#define SOAK_START    "soak_start"

#define SOAK_QUESTIONS 5

enum steadiness { STEADY_UNKNOWN, STEADY, DRIFTING };
const char *steadiness_name(enum steadiness s);  /* "unknown", "steady", ... */

/* One quantity over the soak. The test (METHOD.md, soak): Theil-Sen slope over
 * the second half with Sen's 95 % interval (Kendall's variance, ties
 * corrected). STEADY: the whole interval, times the length of that half, lies
 * within +-margin of the median; DRIFTING: the whole interval lies outside on
 * one side; otherwise, or with fewer than 10 points, UNKNOWN.
 *
 * Half and tenth: the second half is that of time; the first and the last
 *          tenth are of points.
 * Long     a half of more than 2,000 points is cut into 500 equal bins of
 *          time, each of which counts as one point: the median of its times
 *          and of its values. So a day takes no longer than an hour.
 * Missing  points with a NAN are left out; order does not matter. */
struct drift {
    double first, last;           /* medians of the first and last tenth (at
                                     least 3 points)                         */
    double change;                /* last / first - 1; of a temperature: last
                                     - first in C                            */
    double slope_per_h, slope_low, slope_high;   /* of the second half       */
    enum steadiness is;
    long   n;
};
void drift_of(const double *at_s, const double *value, size_t n,
              double margin, bool is_absolute, struct drift *out);

struct soak_facts {
    double duration_s, wanted_s;
    long   turns, failures;
    double failures_per_1000, failures_low, failures_high;  /* Wilson 95 %   */
    long   answers, different;    /* compared at temperature 0; other than the
                                     first answer to the same question       */
    double time_to_steady_s;      /* NAN: not steady, or unknown             */
    struct drift tok_s, latency, memory, temp, power;
    double growth_bytes_per_1000; /* memory growth per 1,000 turns, NAN      */
    enum steadiness is;           /* of tok/s and memory together            */
    char   reason[240];           /* why unknown; or what drifts             */
    int    starts;                /* of the engine; more than 1: interrupted */
};

/* What the next pass of a soak needs to know of those before it. Zeroed: there
 * are none. */
struct soak_past {
    double  elapsed_s;            /* SOAK_AT of the last record              */
    bool    is_running;           /* the engine has not started since: stamps
                                     follow on from ...                      */
    int64_t base_ns;              /* ... this one of its clock,              */
    double  base_s;               /* when so much of the soak was over       */
    double *answers[SOAK_QUESTIONS];   /* hashes of the distinct ones        */
    size_t  n_answers[SOAK_QUESTIONS];
};
/* Each finished pass, of this run and as it was stored, in order. Other trials
 * change nothing. */
void soak_past_add(struct soak_past *p, const struct trial *t);
void soak_past_restart(struct soak_past *p);      /* the engine started anew */
void soak_past_done(struct soak_past *p);

/* Margins of the summary: of speed, latency and power SOAK_MARGIN etc. of the
 * median; of memory the larger of SOAK_MARGIN and SOAK_MARGIN_BYTES.
 *
 * Questions differ in how long and how fast they are answered; so that this is
 * no noise, each value of speed, latency and power is divided by the median of
 * its question and multiplied by the median of all.
 *
 * time_to_steady_s is the earliest beginning of a tenth of the time from which
 * on the median of every tenth of speed and of memory is within the margin of
 * the last tenth's. */
#define SOAK_MARGIN       0.02
#define SOAK_MARGIN_POWER 0.03
#define SOAK_MARGIN_BYTES (32.0 * 1024 * 1024)
#define SOAK_MARGIN_C     2.0

struct soak_series;               /* gathers trials in order of storing */
struct soak_series *soak_new(void);
void soak_add(struct soak_series *s, const struct trial *t);
bool soak_is_any(const struct soak_series *s);
void soak_summarise(const struct soak_series *s, double wanted_s,
                    struct soak_facts *out);
void soak_free(struct soak_series *s);            /* NULL is fine */

json_t *soak_json(const struct soak_facts *f);
void    soak_read(const json_t *object, struct soak_facts *out);

#endif
