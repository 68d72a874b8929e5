/* SPDX-License-Identifier: MIT */
/* quantise.h - which type each tensor gets when a model is quantised: the
 * rules of llama-quantize (llama-quant.cpp of build 11434), without an
 * importance matrix. Pure. */
#ifndef MODEL_QUANTISE_H
#define MODEL_QUANTISE_H

#include "model/shape.h"

/* "Q4_K_M" (case ignored; "MOSTLY_" and such are no names) to the number of
 * general.file_type, or -1. */
int quantise_file_type(const char *name);
/* Names that are known, for messages; ends with NULL. */
extern const char *const quantise_names[];

/* Give every tensor of the shape its type, from F16/F32 (as a converter
 * writes them), set general.file_type and general.quantization_version, and
 * put the tensors in the order that llama-quantize writes: those of no layer
 * first, then by layer and name. Architecture, layers and experts are read
 * from the shape's keys. ERR_INPUT: a name that is unknown, or a row that no
 * type of this quantisation can hold. */
MUST_USE int quantise_shape(struct model_shape *s, const char *name,
                            struct err *err);

#endif
