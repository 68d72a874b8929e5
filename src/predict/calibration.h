/* SPDX-License-Identifier: MIT */
/* calibration.h - audition keeps score of itself: what was predicted and what
 * was measured on this board, in $XDG_STATE_HOME/audition/calibration/, one
 * JSON file a board and power mode. */
#ifndef PREDICT_CALIBRATION_H
#define PREDICT_CALIBRATION_H

#include "base/err.h"
#include "predict/device.h"

struct calibration_point {
    char   key[65];            /* model and engine: a later one replaces it  */
    char  *model;
    double predicted_gen_tok_s, measured_gen_tok_s;      /* engine or served:
                                  predicted and measured are of one kind     */
    double predicted_prompt_tok_s, measured_prompt_tok_s;
    double predicted_memory_bytes, measured_memory_bytes;
};
struct calibration {
    struct calibration_point *points;
    size_t n;
    double decode_scale, prefill_scale;  /* time factors to apply; 1: ignored*/
    double error_before, error_after;    /* median |log ratio|, each point
                                            predicted from the others; NAN   */
    const char *why;                     /* static: why it is used or not    */
};

/* The points of this device; none is an empty one with scales of 1. */
MUST_USE int calibration_load(const struct device *d, struct calibration *out,
                              struct err *err);
void calibration_done(struct calibration *c);
/* Keep a point (copied), atomically. Predictions in it are those without any
 * calibration. */
MUST_USE int calibration_add(const struct device *d,
                             const struct calibration_point *point,
                             struct err *err);
/* The scales: the median ratio of the points, used only when predicting each
 * point from the others gets better by it (leave one out; at least three
 * points), else 1. Pure. */
void calibration_fit(struct calibration *c);

#endif
