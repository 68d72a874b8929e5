/* SPDX-License-Identifier: MIT */
/* speed.h - how long one token and one prompt take, from the bytes that must
 * be read and the kernels that must be started. Pure; the constants are data
 * (share/prediction.json), written by `make fit` from published measurements
 * and never by hand. METHOD.md has the form and its error. */
#ifndef PREDICT_SPEED_H
#define PREDICT_SPEED_H

#include "predict/device.h"
#include "types.h"

/* A value with the ends of its interval; NAN where not known. */
struct range { double value, low, high; };
#define RANGE_MISSING ((struct range){NAN, NAN, NAN})
#define RANGE_COVERAGE 0.80    /* what the ends promise                      */

struct speed_constants;        /* opaque: by backend and device class        */
MUST_USE struct speed_constants *speed_load(struct err *err);
void speed_free(struct speed_constants *c);

/* Seconds to generate one token after `depth` tokens: the engine's own
 * (llama-bench), nothing sampled. */
struct range speed_decode_s(const struct speed_constants *c,
                            const struct model_facts *m,
                            const struct device *d, double depth);
/* Seconds to evaluate `tokens` of prompt after `depth`. */
struct range speed_prefill_s(const struct speed_constants *c,
                             const struct model_facts *m,
                             const struct device *d, double tokens,
                             double depth);
/* Seconds a token that serving adds: sampling over the vocabulary on the
 * device's CPU, HTTP, detokenising. */
double speed_serving_s(const struct speed_constants *c,
                       const struct model_facts *m, const struct device *d);
/* Process start to ready, files in the page cache or not. */
double speed_load_s(const struct speed_constants *c,
                    const struct model_facts *m, const struct device *d,
                    bool is_cached);

#endif
