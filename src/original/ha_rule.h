/* SPDX-License-Identifier: MIT */
/* ha_rule.h - did a run in a home come out right? The rule of
 * home-assistant-datasets (assist, assist-mini, questions).
 *
 * Up to four checks, each made only where the task asks for it; the first
 * that fails is the reason:
 *
 *   state      no entity differs from start + expect_changes, in its state
 *              or any attribute, but for ignore_changes and is_closed,
 *              is_opening, is_closing
 *   sorry      ... and the reply does not hold "Sorry"
 *   response   the reply holds one of expect_response, both lower-cased
 *   tool       the first call has the name, and the arguments where given
 *
 * A task without expect_changes does not look at the state at all. The state
 * is flat, as home_state gives it: {entity: {"state":.., attribute:..}}.
 *
 * Source: github.com/allenporter/home-assistant-datasets, entity_state/diff.py
 * and tool/assist/eval. `audition selfcheck ha` compares with recorded
 * verdicts. Pure; values are borrowed, from any source. */
#ifndef ORIGINAL_HA_RULE_H
#define ORIGINAL_HA_RULE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What a task asks for; NULL and null: nothing. Borrowed. */
struct ha_rule {
    const json_t *changes;    /* {entity: {"state"?, "attributes"?}}         */
    const json_t *ignore;     /* {entity: [attribute or "state"]}; of an
                                 object the keys count                       */
    const json_t *response;   /* text or list of texts                       */
    const json_t *tool_call;  /* {"tool_name", "tool_args"?}                 */
};

/* What came of it; borrowed. */
struct ha_run {
    const json_t *start, *end;       /* states; read only when the task
                                        expects changes                      */
    const char   *reply;             /* NUL-terminated, NULs may be inside   */
    size_t        reply_len;
    const char   *tool;              /* name of the first call, NULL: none   */
    const json_t *arguments;         /* of it, NULL: could not be read       */
};

enum ha_why { HA_RIGHT, HA_STATE, HA_SORRY, HA_RESPONSE, HA_TOOL_NAME,
              HA_TOOL_ARGS };

/* "state", "sorry", "response", "tool_name", "tool_args"; NULL: right. */
const char *ha_why_name(enum ha_why why);

/* The fields expect_changes, ignore_changes, expect_response and
 * expect_tool_call of an object. ERR_INPUT names the one that has another
 * form. */
MUST_USE int ha_rule_read(const json_t *object, struct ha_rule *out,
                          struct err *err);

/* Does it ask for changes? For anything? A task that asks for nothing passes
 * whatever happens; the original leaves it out. */
bool ha_rule_asks_state(const struct ha_rule *rule);
bool ha_rule_asks(const struct ha_rule *rule);

/* The rule has passed ha_rule_read. Cannot fail. */
enum ha_why ha_judge(const struct ha_rule *rule, const struct ha_run *run);

/* {entity: {"expected": {attr: value}, "got": {attr: value}}}, empty when all
 * is as expected; a text when they cannot be compared (an entity that is not
 * there). New reference. */
json_t *ha_unexpected(const struct ha_rule *rule, const json_t *start,
                      const json_t *end);

/* Equal to the state check: lists only with lists, element by element; else
 * equal in Python (22 == 22.0, 1 == true) or equal as text (50 and "50").
 * NULL is None. */
bool ha_same(const json_t *a, const json_t *b);

/* str() in Python, of anything but lists and objects (NULL of these): "22.0",
 * "True", "None". Caller frees. */
char *ha_text(const json_t *value);

#endif
