/* SPDX-License-Identifier: MIT */
/* board_notes.h - what the telemetry of turns amounts to: of a trial, kept
 * with it as observations; of a candidate, the facts that reports show. Pure.
 */
#ifndef BOARD_NOTES_H
#define BOARD_NOTES_H

#include "facts.h"
#include "types.h"

/* The trial's marks are those of any of its turns; observations: how many
 * turns were watched and how many bear each mark, and the extremes that a
 * verdict names. is_decode: also power, load and clock, of its last turn. */
void board_notes_add(struct trial *t, bool is_decode);

/* Gathers the notes of stored trials. */
struct board_tally {               /* zeroed: nothing yet                    */
    bool   is_begun;
    double turns, marked, by_mark[MARK_BITS];
    double oc_events, swapped_bytes, temp_c, other_cores, power_peak_w;
    double *power_w, *load_pct, *freq_hz, energy_scope;
    size_t  n_power, n_load, n_freq;
    size_t  n_coload;              /* trials with co-load                    */
    double *coload_cores, coload_bytes;
};
void board_tally_add(struct board_tally *tally, const struct trial *t);
void board_tally_done(struct board_tally *tally);

void board_facts_init(struct board_facts *f);        /* nothing is known */

/* Fills all of out but at_start. fallback_why: in words, or "". */
void board_notes_summarise(const struct board_tally *tally,
                           const char *fallback_why, struct board_facts *out);
/* Adds the verdict that something ran beside it on purpose; NULL: nothing. */
void board_notes_coload(const struct coload_facts *c, struct board_facts *out);

json_t *board_facts_json(const struct board_facts *f);
void    board_facts_read(const json_t *object, struct board_facts *out);

#endif
