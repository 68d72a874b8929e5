/* SPDX-License-Identifier: MIT */
/* state_match.h - does a value of a home's state fit what is wanted? Pure.
 *
 * Wanted is a literal, or an object of these, all of which must hold:
 *   {"at_least":n} {"at_most":n} {"more_than":n} {"less_than":n}   a number
 *   {"one_of":[literal, ...]}
 *   {"has":[item, ...]} {"lacks":[item, ...]} {"count":n}          a list
 * Numbers compare by value, texts without regard to case and white space at
 * their ends. Lists hold the same items in any order. An item that is an
 * object is compared by the members that are named, each of which may be
 * wanted in any of these forms.
 */
#ifndef SCORE_STATE_MATCH_H
#define SCORE_STATE_MATCH_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

bool state_matches(const json_t *want, const json_t *got);

/* Is it an object of the forms above, other than a literal? */
bool state_is_matcher(const json_t *want);

/* Is it one that could be met? ERR_INPUT without a place. */
MUST_USE int state_check_matcher(const json_t *want, struct err *err);

/* In words, short and safe to print: "at least 40". Caller frees. */
char *state_words(const json_t *value);

#endif
