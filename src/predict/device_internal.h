/* SPDX-License-Identifier: MIT */
/* device_internal.h - what device.c (boards by name) and recognise.c (the
 * board that this machine is) share. */
#ifndef PREDICT_DEVICE_INTERNAL_H
#define PREDICT_DEVICE_INTERNAL_H

#include "predict/device.h"

/* The board with this memory; no mode yet. */
void device_set_board(struct device *d, const struct board *b,
                      const struct memory_size *size);
/* mode NULL: figures NAN. */
void device_set_mode(struct device *d, const struct power_mode *mode);

/* By name, alias or number; or by the first words of a longer text. NULL. */
const struct power_mode *board_mode(const struct board *b, const char *text);

/* The size nearest to bytes; the default when those are NAN. */
const struct memory_size *board_size_near(const struct board *b,
                                          double bytes);

/* The only board that this name can mean, and its size, or NULL. */
const struct board *board_named(const struct boards *boards, const char *name,
                                double memory_gb,
                                const struct memory_size **size);

#endif
