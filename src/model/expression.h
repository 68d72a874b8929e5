/* SPDX-License-Identifier: MIT */
/* expression.h - the small formulas of share/architectures/: how large a
 * tensor is, and which layers have it. Pure.
 *
 *   num_attention_heads * head_dim
 *   layer_types[layer] == 'full_attention'
 *   (layer + 1) % sliding_window_pattern ? sliding_window : 0
 *
 * C's operators and precedence over numbers; true is 1, comparisons do not
 * chain. A list of the model's configuration, or a text of one letter a layer,
 * is asked with [index]; texts can only be compared. */
#ifndef MODEL_EXPRESSION_H
#define MODEL_EXPRESSION_H

#include <jansson.h>

#include "base/err.h"

/* Where a name's value comes from: the configuration, else a default, which
 * is an expression itself; "layer" is the number of the layer. */
struct expression_scope {
    const json_t *config, *defaults;   /* objects, borrowed; may be NULL     */
    int           layer;               /* -1: outside of the layers          */
};

/* ERR_INPUT quotes the expression and says what is wrong with it. The result
 * is finite. */
MUST_USE int expression_number(const char *text,
                               const struct expression_scope *scope,
                               double *out, struct err *err);

#endif
