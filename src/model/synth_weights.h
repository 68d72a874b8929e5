/* SPDX-License-Identifier: MIT */
/* synth_weights.h - made-up data of one tensor: every block valid for its
 * type, small, finite, of mean about 0 and deviation about 0.02, which keeps
 * any model's activations near 1. Norms and factors are about 1. Internal to
 * synth.c. Pure. */
#ifndef MODEL_SYNTH_WEIGHTS_H
#define MODEL_SYNTH_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/shape.h"

struct synth_weights;       /* pools of blocks, made when first needed */
struct synth_weights *synth_weights_new(void);
void synth_weights_free(struct synth_weights *w);

/* Can data of this type be made up? */
bool synth_weights_known(uint32_t type);

/* n bytes of the tensor's data from byte `offset` on. */
void synth_weights_fill(struct synth_weights *w, const struct shape_tensor *t,
                        uint64_t offset, unsigned char *out, size_t n);

#endif
