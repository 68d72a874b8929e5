/* SPDX-License-Identifier: MIT */
/* declines.c - says that it cannot be done, or does not exist:
 *   {"scorer":"declines", "about":["oven","no oven"]}
 * A sentence that denies or refuses holds one of the words, or one beside it
 * does that claims and asks nothing ("I can't go higher. Thirty is the
 * most."). So "I am sorry, I cannot help with that." alone does not pass. */
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

/* Is the sentence about the same thing as the denial beside it? */
static bool goes_with(const struct said *s)
{
    return !(s->acts & (ACT_CLAIMS | ACT_ASKS | ACT_OFFERS));
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const json_t *about = json_object_get(rule, "about");
    struct heard  h;
    bool          denies = false, holds = false;

    if (heard_read(t, &h, out)) {
        for (size_t i = 0; i < h.acts.n && !holds; i++) {
            const struct said *s = &h.acts.sentences[i];

            if (!(s->acts & (ACT_DENIES | ACT_REFUSES))) continue;
            denies = true;
            holds  = said_holds_one(s->text, about) ||
                    (i > 0 && goes_with(s - 1) &&
                     said_holds_one(s[-1].text, about)) ||
                    (i + 1 < h.acts.n && goes_with(s + 1) &&
                     said_holds_one(s[1].text, about));
        }
        if (!denies)
            answer_fail(out, "does not say that it cannot be done");
        else if (!holds)
            answer_fail(out, "declines, but without a word of \"%s\"%s",
                        json_string_value(json_array_get(about, 0)),
                        json_array_size(about) > 1 ? " or its like" : "");
    }
    heard_done(&h);
}

const struct score_ops score_declines = {
    .name       = "declines",
    .help       = "says that it cannot be done, in the given words",
    .check_rule = check_rule,
    .judge      = judge,
};
