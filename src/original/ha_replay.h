/* SPDX-License-Identifier: MIT */
/* ha_replay.h - a recorded run of real Home Assistant, made again in a
 * simulated home: the same calls, and how they were answered. */
#ifndef ORIGINAL_HA_REPLAY_H
#define ORIGINAL_HA_REPLAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text_list.h"

/* The folder with the homes, DIR/HOME/_fixtures.yaml, and those that were
 * read already. ERR_INPUT: no such folder. */
struct ha_homes;
MUST_USE struct ha_homes *ha_homes_open(const char *dir, struct err *err);
void ha_homes_close(struct ha_homes *homes);   /* NULL is fine */

struct ha_replay {
    json_t          *start, *end;   /* states of the home (home_state); NULL
                                       when not asked for                    */
    size_t           n_calls;
    size_t           n_alike;       /* answered as recorded: error and reason,
                                       entities reached, every word of a
                                       query                                 */
    struct text_list differ;        /* of the others, what kind of difference:
                                       "HassTurnOn: MatchFailedError AREA,
                                       ours: action"                         */
    struct text_list told;          /* the same with every word, cut         */
};

/* row: an object with home, setup, ha_version, context_device, context_now
 * and steps. Fails with ERR_INPUT, naming the field, when one has another
 * form, there is no such home or setup does not fit it. */
MUST_USE int ha_replay(struct ha_homes *homes, const json_t *row,
                       bool wants_states, struct ha_replay *out,
                       struct err *err);
void ha_replay_done(struct ha_replay *r);      /* safe on a zeroed struct */

#endif
