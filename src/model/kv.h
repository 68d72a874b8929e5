/* SPDX-License-Identifier: MIT */
/* kv.h - how much a model remembers: the cache that the engine allocates and
 * the part of it that one token reads. Pure. Rules: llama.cpp's (build 11434):
 * a windowed layer holds min(context, window + batch) cells, padded; the
 * unified cache pads to 256 cells. */
#ifndef MODEL_KV_H
#define MODEL_KV_H

#include "types.h"

#define KV_BATCH 512          /* the engine's default physical batch         */

/* Bytes allocated for one sequence at `context` tokens, recurrent state with
 * it. bytes_per_element: 2 for f16, 34.0/32 for q8_0. NAN: not known. */
double kv_bytes_at(const struct model_facts *m, int context,
                   double bytes_per_element);

/* Bytes that generating one token reads when `depth` tokens came before it. */
double kv_bytes_read(const struct model_facts *m, double depth,
                     double bytes_per_element);

#endif
