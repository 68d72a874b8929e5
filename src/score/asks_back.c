/* SPDX-License-Identifier: MIT */
/* asks_back.c - asks the user for what is unclear:
 *   {"scorer":"asks_back", "about":["which","bedroom"]}
 * A question that holds one of the words. "Anything else?" is none; the
 * sentence before the question may hold the word: "There is a lamp in the
 * bedroom and one in the hall. Which one?" */
#include <stdlib.h>

#include "score/answer.h"
#include "score/deeds.h"
#include "score/rule.h"

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    static const struct rule_field fields[] = {
        {"about", RULE_TEXTS}, {NULL, RULE_TEXTS},
    };

    (void)test;
    return rule_check(rule, fields, 1, err);
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const json_t *about = json_object_get(rule, "about");
    struct heard  h;
    bool          asks = false, holds = false;

    if (heard_read(t, &h, out)) {
        for (size_t i = 0; i < h.acts.n && !holds; i++) {
            const struct said *s = &h.acts.sentences[i];

            if (!(s->acts & ACT_ASKS)) continue;
            asks  = true;
            holds = said_holds_one(s->text, about) ||
                    (i > 0 && !(s[-1].acts & (ACT_CLAIMS | ACT_OFFERS)) &&
                     said_holds_one(s[-1].text, about));
        }
        if (!asks)
            answer_fail(out, "does not ask the user anything");
        else if (!holds)
            answer_fail(out, "asks, but not about \"%s\"%s",
                        json_string_value(json_array_get(about, 0)),
                        json_array_size(about) > 1 ? " or its like" : "");
    }
    heard_done(&h);
}

const struct score_ops score_asks_back = {
    .name       = "asks_back",
    .help       = "asks the user for what is unclear, in the given words",
    .check_rule = check_rule,
    .judge      = judge,
};
