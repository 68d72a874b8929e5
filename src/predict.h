/* SPDX-License-Identifier: MIT */
/* predict.h - step 2: can this candidate fit here at all? Pure. */
#ifndef PREDICT_H
#define PREDICT_H

#include "types.h"

struct forecast {
    double weights_bytes;      /* the file's tensors; NAN unknown            */
    double kv_bytes;           /* f16 cache at this context; NAN unknown     */
    double needed_bytes;       /* their sum, a cache of unknown size left
                                  out; NAN when the weights are unknown      */
    double available_bytes;    /* beside the reserve; < 0: not even that     */
    int    fits;               /* 1, 0, -1 cannot be said                    */
    char   reason[300];        /* why not, with what would fit; "" otherwise */
};

/* Weights and KV cache against MemAvailable less what speech needs
 * (reserve_bytes >= 0). A lower bound of the need: compute buffers and the
 * runtime come on top, so "does not fit" is certain and "fits" is not. */
void predict_fit(const struct candidate *c, const struct machine *m,
                 int context, double reserve_bytes, struct forecast *out);

#endif
