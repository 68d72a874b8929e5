/* SPDX-License-Identifier: MIT */
/* pyjson_internal.h - between pyjson.c and pyjson_value.c only. */
#ifndef ORIGINAL_PYJSON_INTERNAL_H
#define ORIGINAL_PYJSON_INTERNAL_H

#include "original/pyjson.h"

/* Of n entries with equal keys the last value stays, at the place of the
 * first. Returns how many are left; *order: see struct py. */
uint32_t py_join_keys(struct py_pool *pool, struct py_pair *pairs, uint32_t n,
                      const uint32_t **order);

#endif
