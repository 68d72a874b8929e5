/* SPDX-License-Identifier: MIT */
/* stream_kernels.h - the two loops that stream.c times. */
#ifndef PREDICT_STREAM_KERNELS_H
#define PREDICT_STREAM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* The sum of n words (a multiple of 16, aligned to 64 bytes). */
uint64_t kernel_sum(const uint64_t *words, size_t n);

/* Independent chains of f32 multiply-adds in the widest registers that this
 * processor has. Returns how many operations (a multiply-add is two) `rounds`
 * rounds were; *sink keeps the compiler from leaving them out. */
double kernel_multiply_add(long rounds, float *sink);

#endif
