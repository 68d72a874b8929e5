/* SPDX-License-Identifier: MIT */
/* mentions.c - facts in the answer, as whole words in any case:
 *   {"scorer":"mentions", "any":["seven","7"], "all":["week"],
 *    "none":["eight"]}
 * At least one of the three lists. */
#include <stdlib.h>

#include "score/answer.h"
#include "score/rule.h"
#include "score/score.h"

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    static const struct rule_field fields[] = {
        {"any", RULE_TEXTS}, {"all", RULE_TEXTS}, {"none", RULE_TEXTS},
        {NULL, RULE_TEXTS},
    };

    (void)test;
    return rule_check(rule, fields, 1, err);
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const json_t *any = json_object_get(rule, "any"), *phrase;
    bool          has_any = any == NULL;
    char         *answer;
    size_t        i;

    if (answer_is_unfit(t->answer, 1, out)) return;
    answer = answer_normal(t->answer);
    json_array_foreach(any, i, phrase)
        has_any = has_any || answer_has(answer, json_string_value(phrase));
    if (!has_any)
        answer_fail(out, "does not mention \"%s\"%s",
                    json_string_value(json_array_get(any, 0)),
                    json_array_size(any) > 1 ? " or its like" : "");
    json_array_foreach(json_object_get(rule, "all"), i, phrase)
        if (out->pass && !answer_has(answer, json_string_value(phrase)))
            answer_fail(out, "does not mention \"%s\"",
                        json_string_value(phrase));
    json_array_foreach(json_object_get(rule, "none"), i, phrase)
        if (out->pass && answer_has(answer, json_string_value(phrase)))
            answer_fail(out, "mentions \"%s\"", json_string_value(phrase));
    free(answer);
}

const struct score_ops score_mentions = {
    .name       = "mentions",
    .help       = "the answer holds (or does not hold) the given words",
    .check_rule = check_rule,
    .judge      = judge,
};
