/* SPDX-License-Identifier: MIT */
/* mode_facts.h - the same audition in several power modes, side by side: part
 * of the facts of the first mode. Pure. */
#ifndef MODE_FACTS_H
#define MODE_FACTS_H

#include "facts.h"

/* Adds a mode to `into`; `of`: its audition, or NULL with why there is none.
 */
void mode_facts_add(struct facts *into, const struct facts *of,
                    const char *id, const char *name, const char *failure);
/* Why there is nothing of a mode, or what its figures are worth; NULL: they
 * are what they seem. Caller frees. */
char *mode_facts_note(const struct mode_facts *m);
void mode_facts_done(struct mode_facts *m);

json_t *mode_facts_json(const struct facts *f);      /* null: one mode only */
void    mode_facts_read(const json_t *list, struct facts *out);

#endif
