/* SPDX-License-Identifier: MIT */
/* watched.h - an engine with someone who looks on: the same answers, and a
 * call before and after each request, outside the turn's own stamps. */
#ifndef ENGINE_WATCHED_H
#define ENGINE_WATCHED_H

#include "engine/engine.h"

struct watched {
    struct engine_ops        ops;      /* to be used in place of inner's     */
    const struct engine_ops *inner;    /* borrowed                           */
    void                    *engine;   /* inner's self, borrowed             */
    void (*before)(void *ctx);
    void (*after)(void *ctx, struct turn *turn);    /* also of a failed one  */
    void                    *ctx;
};

/* Fills w->ops; its self is w. What inner cannot do, w cannot. start and stop
 * stay inner's: call them with inner's self. */
void watched_make(struct watched *w);

#endif
