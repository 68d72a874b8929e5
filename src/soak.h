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

enum steadiness { STEADY_UNKNOWN, STEADY, DRIFTING };
const char *steadiness_name(enum steadiness s);  /* "unknown", "steady", ... */

/* One quantity over the soak. The test (METHOD.md, soak): Theil-Sen slope over
 * the second half with Sen's 95 % interval (Kendall's variance, ties
 * corrected). STEADY: the whole interval, times the length of that half, lies
 * within +-margin of the median; DRIFTING: the whole interval lies outside on
 * one side; otherwise, or with fewer than 10 points, UNKNOWN. */
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
