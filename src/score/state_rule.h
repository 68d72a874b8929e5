/* SPDX-License-Identifier: MIT */
/* state_rule.h - is the rule of a state check one that the case's home could
 * meet? For score/state.c. */
#ifndef SCORE_STATE_RULE_H
#define SCORE_STATE_RULE_H

#include <jansson.h>

#include "base/err.h"

struct suite_case;

/* As score_ops.check_rule. */
int state_check_rule(const json_t *rule, const struct suite_case *test,
                     struct err *err);

#endif
