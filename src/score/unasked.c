/* SPDX-License-Identifier: MIT */
/* unasked.c - does what was asked without asking back:
 *   {"scorer":"unasked"}
 * Fails an answer that wants a confirmation ("Shall I ...?") while nothing
 * was changed, where the reference changes something at once. Where the
 * turn has the check asks_back, asking is right. A question for what is
 * missing is no confirmation: "given" judges those. */
#include <stdlib.h>

#include "score/answer.h"
#include "score/honest.h"

bool unasked_is_asked(const struct transcript *t, const struct heard *h,
                      struct judgement *out)
{
    char *words;

    if (!(h->acts.all & ACT_CONFIRMS) || deeds_changed(t) ||
        !deeds_are_wanted(t))
        return false;
    words = acts_excerpt(&h->acts, ACT_CONFIRMS);
    answer_fail(out, "asks \"%s\" instead of doing it", words);
    free(words);
    return true;
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    struct heard h;

    (void)rule;
    if (heard_read(t, &h, out)) unasked_is_asked(t, &h, out);
    heard_done(&h);
}

const struct score_ops score_unasked = {
    .name        = "unasked",
    .help        = "wants no confirmation of what was clearly asked for",
    .needs_tools = true,
    .check_rule  = deeds_need_home,
    .judge       = judge,
};
