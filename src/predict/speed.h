/* SPDX-License-Identifier: MIT */
/* speed.h - how long one token and one prompt take, from the bytes that must
 * be read and the kernels that must be started. Pure; the constants are data
 * (share/prediction.json), written by `make fit` from published measurements
 * and never by hand. METHOD.md has the form and its error.
 *
 * Intervals   as wide as 80 % of the measurements of that class of machine
 *             were off, each predicted from the other sources; wider by a
 *             stated factor each where the GPU's architecture or the weight
 *             bytes were not among them, or the model is a mixture or
 *             recurrent. */
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
/* One token of another engine than today's: the version that a table of
 * measurements names ("b4675", "2024-05", anything else: today's). Kernels
 * were fused and made faster until August 2025; of prompts nothing shows. */
enum engine_age { ENGINE_CURRENT, ENGINE_OLD };
enum engine_age speed_engine_age(const char *version);
struct range speed_decode_aged_s(const struct speed_constants *c,
                                 const struct model_facts *m,
                                 const struct device *d, double depth,
                                 enum engine_age age);
/* The name of a type that holds much of what a token reads and for which the
 * engine has no kernel on this backend, so that the processor computes it and
 * no speed here is foreseen; or NULL. */
const char *speed_lacks_kernel(const struct model_facts *m,
                               const struct device *d);

/* Seconds a token that serving adds: sampling over the vocabulary on the
 * device's CPU, HTTP, detokenising. */
double speed_serving_s(const struct speed_constants *c,
                       const struct model_facts *m, const struct device *d);
/* Process start to ready, files in the page cache or not: then from an SD card
 * at 90 MB/s on small boards, NVMe at 1 GB/s on Jetsons, 2 GB/s elsewhere. */
double speed_load_s(const struct speed_constants *c,
                    const struct model_facts *m, const struct device *d,
                    bool is_cached);

#endif
