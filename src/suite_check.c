/* SPDX-License-Identifier: MIT */
/* suite_check.c - is each case sound? It is judged, by the very code that
 * judges models, on conversations whose verdict is known. What suite_load
 * has already refused (double ids, malformed rules) is not looked at again. */
#include "suite_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/stop.h"
#include "judge.h"
#include "types.h"

/* What is said and called in one turn. */
struct sample {
    const char   *what;
    const json_t *calls;
    const char   *answer;
    bool          must_pass;
};

static struct sample reference_of(const struct suite_turn *turn)
{
    return (struct sample){
        .what = "the reference", .must_pass = true,
        .calls = json_object_get(turn->reference, "calls"),
        .answer = jsonx_text(turn->reference, "answer")};
}

/* The user speaks, calls are made, then an answer is given. */
static void add_turn(struct trial *t, const struct suite_turn *asked,
                     const struct sample *s)
{
    struct turn  *turn = trial_add_turn(t);
    size_t        i;
    const json_t *call;

    trial_add_message(t, "user", asked->say);
    trial_add_message(t, "assistant", "");
    turn->calls = mem_new(json_array_size(s->calls), sizeof *turn->calls);
    json_array_foreach(s->calls, i, call)
        turn->calls[turn->n_calls++] = (struct tool_call){
            mem_copy(""), mem_copy(jsonx_text(call, "name")),
            jsonx_dump(json_object_get(call, "arguments"))};
    turn = trial_add_turn(t);
    trial_add_message(t, "assistant", s->answer ? s->answer : "");
    free(turn->content);
    turn->content = mem_copy(s->answer ? s->answer : "");
}

/* The case up to turn k, where the sample takes the reference's place. */
static enum outcome judge_sample(const struct suite_case *c, size_t k,
                                 const struct sample *s, char **reason)
{
    const struct judge_context only_k = {.tools_shown = 1, .first_turn = k};
    struct suite_case until = *c;
    struct trial      t = {.status = TRIAL_OK};
    enum outcome      outcome;

    until.n_turns = k + 1;
    for (size_t i = 0; i < k; i++) {
        struct sample reference = reference_of(&c->turns[i]);

        add_turn(&t, &c->turns[i], &reference);
    }
    add_turn(&t, &c->turns[k], s);
    judge_case(&until, &t, &only_k);
    outcome = t.outcome;
    *reason = t.reason;
    t.reason = NULL;
    trial_done(&t);
    return outcome;
}

static int check_sample(const struct suite_case *c, size_t k,
                        const struct sample *s, struct err *err)
{
    char        *reason;
    enum outcome outcome = judge_sample(c, k, s, &reason);
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
static const struct boilerplate {
    const char *language, *answer;
} boilerplates[] = {
    {NULL, "Done!"},
    {NULL, "Okay."},
    {NULL, "I am sorry, I cannot help with that."},
    {NULL, "The answer is forty two. Anything else?"},
    {NULL, "Sure, I can help you with that!"},
    {NULL, "I'm happy to help. Is there anything else?"},
    {"de", "Erledigt!"},
    {"de", "Es tut mir leid, dabei kann ich nicht helfen."},
    {"es", "Hecho."},
    {"es", "Lo siento, no puedo ayudarte con eso."},
};

static int check_boilerplate(const struct suite_case *c, size_t k,
                             struct err *err)
{
    for (size_t i = 0; i < sizeof boilerplates / sizeof *boilerplates; i++) {
        const struct boilerplate *b = &boilerplates[i];
        char *what;
        int   rc;

        if (b->language && strcmp(b->language, c->language) != 0) continue;
        what = mem_printf("the boilerplate \"%s\"", b->answer);
        rc   = check_sample(
            c, k, &(struct sample){.what = what, .answer = b->answer}, err);
        free(what);
        if (rc) return -1;
    }
    return 0;
}

static int check_turn(const struct suite_case *c, size_t k, struct err *err)
{
    const struct suite_turn *turn = &c->turns[k];
    struct sample reference = reference_of(turn);
    struct sample wrong = {
        .what = "the wrong answer",
        .calls = json_object_get(turn->wrong, "calls"),
        .answer = jsonx_text(turn->wrong, "answer")};
    struct sample empty = {.what = "an empty answer"};
    struct sample echo  = {.what = "an echo of the question",
                           .answer = turn->say};

    if (!turn->reference || (!turn->wrong && c->n_turns == 1))
        return err_set(err, ERR_INPUT, "a sound case has a \"reference\" and "
                       "a \"wrong\"");
    if (check_sample(c, k, &reference, err)) return -1;
    if (turn->wrong && check_sample(c, k, &wrong, err)) return -1;
    if (check_sample(c, k, &empty, err)) return -1;
    if (check_sample(c, k, &echo, err)) return -1;
    return check_boilerplate(c, k, err);
}

/* In a conversation every second turn at least shows what is wrong. */
static int check_wrongs(const struct suite_case *c, struct err *err)
{
    size_t n = 0;

    for (size_t k = 0; k < c->n_turns; k++) n += c->turns[k].wrong != NULL;
    if (c->n_turns > 1 && 2 * n < c->n_turns)
        return err_set(err, ERR_INPUT, "only %zu of %zu turns have a "
                       "\"wrong\"; half of them must", n, c->n_turns);
    return 0;
}

static int check_case(const struct suite *s, const struct suite_case *c,
                      struct err *err)
{
    if (strcmp(c->suite, s->name) != 0)
        return err_set(err, ERR_INPUT, "it says that it belongs to suite %s; "
                       "reports would list it there", c->suite);
    if (suite_case_is_unproven(c)) return 0;
    if (check_wrongs(c, err)) return -1;
    for (size_t k = 0; k < c->n_turns; k++)
        if (check_turn(c, k, err))
            return c->n_turns > 1 ? err_ctx(err, "turn %zu", k + 1) : -1;
    return 0;
}

int suite_check(const struct suite *s, struct text_list *problems,
                struct err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        struct suite_case c;
        struct err        why = {0};

        if (suite_get(s, i, &c, err)) return -1;
        if (check_case(s, &c, &why)) {
            err_ctx(&why, "%s: case %s", s->name, c.id);
            text_list_add(problems, why.text);
        }
        suite_case_done(&c);
        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped while checking %s",
                           s->name);
    }
    return suite_check_alike(s, problems, err);
}
