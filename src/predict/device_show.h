/* SPDX-License-Identifier: MIT */
/* device_show.h - boards for people and for programs. Pure. */
#ifndef PREDICT_DEVICE_SHOW_H
#define PREDICT_DEVICE_SHOW_H

#include <jansson.h>

#include "base/strbuf.h"
#include "base/term.h"
#include "predict/calibration.h"
#include "predict/device.h"

/* New references. */
json_t *board_json(const struct board *b);       /* everything of its file   */
json_t *device_json(const struct device *d);     /* in its power mode        */
json_t *calibration_json(const struct calibration *c);

/* One line a board. */
void boards_show(const struct boards *boards, const struct term *term,
                 struct strbuf *out);
/* Everything of one board, all its modes; that of d is marked. */
void device_show(const struct device *d, const struct term *term,
                 struct strbuf *out);
/* What this machine was taken for, and how fast it was measured to be. */
void machine_show(const struct device *d, const struct term *term,
                  struct strbuf *out);
/* What was predicted and measured on this board. */
void calibration_show(const struct calibration *c, const struct term *term,
                      struct strbuf *out);

#endif
