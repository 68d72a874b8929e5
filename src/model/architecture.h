/* SPDX-License-Identifier: MIT */
/* architecture.h - from a family's file in share/architectures/ and a model's
 * configuration to the keys and tensors of its GGUF, as a converter writes
 * them: matrices in F16, vectors and norms in F32. Pure. */
#ifndef MODEL_ARCHITECTURE_H
#define MODEL_ARCHITECTURE_H

#include <jansson.h>

#include "base/err.h"
#include "model/shape.h"

/* Give every family what it takes from the one that it is "like"; all: name
 * -> family. ERR_INPUT names the family and what is wrong with it. */
MUST_USE int architecture_inherit(json_t *all, struct err *err);

/* Add the keys, each after "PREFIX.", and the tensors. */
MUST_USE int architecture_shape(const json_t *family, const char *prefix,
                                const json_t *config, struct model_shape *s,
                                struct err *err);

#endif
