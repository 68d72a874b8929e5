/* SPDX-License-Identifier: MIT */
/* suite_check.c - is each case sound? It is judged, by the very code that
 * judges models, on conversations whose verdict is known. What suite_load
 * has already refused (double ids, malformed rules) is not looked at again. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "judge.h"
#include "types.h"

/* A finished trial: the sample's calls, then its answer. */
static void make_trial(struct trial *t, const struct suite_case *c,
                       const json_t *calls, const char *answer)
{
    struct turn  *turn = trial_add_turn(t);
    size_t        i;
    const json_t *call;

    trial_add_message(t, "user", c->say);
    turn->calls = mem_new(json_array_size(calls), sizeof *turn->calls);
    json_array_foreach(calls, i, call)
        turn->calls[turn->n_calls++] = (struct tool_call){
            mem_copy(""), mem_copy(jsonx_text(call, "name")),
            jsonx_dump(json_object_get(call, "arguments"))};
    turn = trial_add_turn(t);
    free(turn->content);
    turn->content = mem_copy(answer);
}

static enum outcome judge_sample(const struct suite_case *c,
                                 const json_t *calls, const char *answer,
                                 char **reason)
{
    static const struct judge_context shown = {.tools_shown = 1};
    struct trial t = {.status = TRIAL_OK};
    enum outcome outcome;

    make_trial(&t, c, calls, answer ? answer : "");
    judge_case(c, &t, &shown);
    outcome = t.outcome;
    *reason = t.reason;
    t.reason = NULL;
    trial_done(&t);
    return outcome;
}

struct sample {
    const char   *what;
    const json_t *calls;
    const char   *answer;
    bool          must_pass;
};

static int check_sample(const struct suite_case *c, const struct sample *s,
                        struct err *err)
{
    char        *reason;
    enum outcome outcome = judge_sample(c, s->calls, s->answer, &reason);
    bool         pass    = outcome == OUTCOME_PASS;
    int          rc      = 0;

    if (outcome == OUTCOME_HARNESS)
        rc = err_set(err, ERR_INPUT, "%s", reason);
    else if (s->must_pass && !pass)
        rc = err_set(err, ERR_INPUT, "%s does not pass: %s", s->what, reason);
    else if (!s->must_pass && pass)
        rc = err_set(err, ERR_INPUT, "%s passes; add a check that it fails",
                     s->what);
    free(reason);
    return rc;
}

/* What a model that did not listen says to anything. Where a refusal is
 * right it has to say of what. */
static int check_boilerplate(const struct suite_case *c, struct err *err)
{
    static const char *const answers[] = {
        "Done!",
        "Okay.",
        "I am sorry, I cannot help with that.",
        "The answer is forty two. Anything else?",
        "Sure, I can help you with that!",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char *what = mem_printf("the boilerplate \"%s\"", answers[i]);
        int   rc   = check_sample(
            c, &(struct sample){.what = what, .answer = answers[i]}, err);

        free(what);
        if (rc) return -1;
    }
    return 0;
}

static int check_case(const struct suite_case *c, struct err *err)
{
    const struct sample samples[] = {
        {"the reference", json_object_get(c->reference, "calls"),
         jsonx_text(c->reference, "answer"), true},
        {"the wrong answer", json_object_get(c->wrong, "calls"),
         jsonx_text(c->wrong, "answer"), false},
        {"an empty answer", NULL, "", false},
        {"an echo of the question", NULL, c->say, false},
    };

    if (!c->reference || !c->wrong)
        return err_set(err, ERR_INPUT, "needs a reference and a wrong answer "
                       "to be checked with");
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (check_sample(c, &samples[i], err)) return -1;
    return check_boilerplate(c, err);
}

int suite_check(const struct suite *s, struct err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct suite_case *c = &s->cases[i];

        if (strcmp(c->suite, s->name) != 0)
            return err_set(err, ERR_INPUT, "%s: case %s says it belongs to "
                           "suite %s; reports would list it there", s->name,
                           c->id, c->suite);
        if (check_case(c, err))
            return err_ctx(err, "%s: case %s", s->name, c->id);
    }
    return 0;
}
