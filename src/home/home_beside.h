/* SPDX-License-Identifier: MIT */
/* home_beside.h - what the files of a home's lists, timers, messages and
 * scripts share: reading arguments that are not slots of devices, and
 * changing what an entity keeps. */
#ifndef HOME_BESIDE_H
#define HOME_BESIDE_H

#include <jansson.h>
#include <stdbool.h>

#include "home/home_dates.h"
#include "home/home_internal.h"

/* One member of e->state is replaced and the state brought into its form.
 * Takes the value. False: it would be no legal state; nothing changed. */
bool home_replace(struct entity *e, const char *attribute, json_t *value);

/* The list that an entity keeps, copied so that it can be changed; empty when
 * there is none. New reference. */
json_t *home_kept_list(const struct entity *e, const char *attribute);

/* A text as home_slot_text reads it, at most HOME_TEXT_MAX_BYTES and without
 * white space at its ends; "" and null are as good as absent: models that
 * have nothing to say often say so. False: not usable. Caller frees. */
bool home_text_if_any(const json_t *arguments, const char *slot, char **text);

/* Do two texts name the same thing (home_key)? */
bool home_same_name(const char *a, const char *b);

/* What the home's clock says. */
struct home_date home_clock(const struct home *h);

/* The standard answer with one entity reached, under a name. */
json_t *home_done_to(const struct entity *e, const char *name);

/* ---- home_lists.c: what the service style needs of it ---- */

/* Items as {"summary","status"}; new reference. */
json_t *home_todo_items(const struct entity *list, bool open, bool completed);

/* An item renamed (rename may be NULL), completed or opened again; neither:
 * it stays where it is. The answer to give. */
json_t *home_todo_update(struct home *h, struct entity *list,
                         const char *item, const char *rename,
                         bool is_completed, bool is_reopened);

/* What is on a calendar in a span of home_date_seconds; new reference. */
json_t *home_events_between(const struct home *h, const struct entity *e,
                            long long from_s, long long until_s);

/* ---- query tools, whose arguments Home Assistant checks another way ---- */

struct home_key_rule {
    const char        *key;
    const char *const *words;       /* allowed, sorted, then NULL; or NULL   */
    const char        *domain;      /* it names one of this domain, or NULL  */
    bool               is_required;
};

/* Query tools take no more and no less than their keys, each of them a text.
 * NULL, and the entity that was named (where a rule has a domain) in *found;
 * or MultipleInvalid in Home Assistant's words, about the first thing wrong.
 * A recorded home wants the exact name of an entity; in others name, alias or
 * id will do. `rules` ends with a NULL key; found may be NULL. */
json_t *home_check_keys(struct home *h, const json_t *arguments,
                        const struct home_key_rule *rules,
                        struct entity **found);

#endif
