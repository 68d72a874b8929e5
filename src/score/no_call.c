/* SPDX-License-Identifier: MIT */
/* no_call.c - nothing was to be called, and something was to be said:
 *   {"scorer":"no_call"}
 * Small talk must get an answer: silence, a single word or the question said
 * back do not pass. */
#include <stdlib.h>
#include <string.h>

#include "score/answer.h"
#include "score/rule.h"
#include "score/score.h"
#include "sentence.h"

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    static const struct rule_field none[] = {{NULL, RULE_YES}};

    (void)test;
    return rule_check(rule, none, 0, err);
}

static const char *first_call(const struct transcript *t)
{
    for (size_t i = 0; i < t->n_turns; i++)
        if (t->turns[i].n_calls > 0) return t->turns[i].calls[0].name;
    return NULL;
}

/* Nothing but the question: with at most one word more. */
static bool is_echo(const char *question, const char *answer)
{
    char *asked_text = answer_normal(question);
    char *said_text  = answer_normal(answer);
    char *asked      = answer_bare(asked_text);
    char *said       = answer_bare(said_text);
    bool  echo       = *asked && answer_has(said, asked) &&
                sentence_words(said, strlen(said)) <
                    sentence_words(asked, strlen(asked)) + 2;

    free(asked_text);
    free(said_text);
    return echo;
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    const char *call = first_call(t);

    (void)rule;
    if (t->n_calls > 0) {
        char *name = answer_excerpt(call ? call : "a tool");

        answer_fail(out, "called %s although nothing was to be done", name);
        free(name);
        return;
    }
    if (answer_is_unfit(t->answer, 2, out)) return;
    if (is_echo(t->question, t->answer))
        answer_fail(out, "only repeats the question");
}

const struct score_ops score_no_call = {
    .name        = "no_call",
    .help        = "no tool is called and the answer says something",
    .needs_tools = true,
    .check_rule  = check_rule,
    .judge       = judge,
};
