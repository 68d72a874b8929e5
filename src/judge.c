/* SPDX-License-Identifier: MIT */
/* judge.c - see judge.h. A hearing gathers what the scorers see; verdicts
 * are then drawn from it, and, when nothing was called, from the hearing as
 * it would have been had the server parsed the answer. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect.h"
#include "home.h"
#include "score/score.h"

struct hearing {
    const struct suite_case *test;
    struct home             *home;    /* after the calls, or NULL           */
    struct transcript        seen;
    bool                     needs_tools;   /* a check is about calls       */
};

static void hearing_done(struct hearing *h)
{
    json_decref(h->seen.start_state);
    json_decref(h->seen.end_state);
    home_free(h->home);
}

/* Returns whether the home took every call. */
static bool execute(struct home *home, const struct tool_call *calls, size_t n)
{
    bool all = true;

    for (size_t i = 0; home && i < n; i++) {
        json_t *result = home_call(home, calls[i].name ? calls[i].name : "",
                                   calls[i].arguments ? calls[i].arguments
                                                      : "");
        all = all && !json_object_get(result, "error");
        json_decref(result);
    }
    return all;
}

static const char *last_question(const struct suite_case *test,
                                 const struct trial *t)
{
    for (size_t i = t->n_messages; i-- > 0;)
        if (strcmp(t->messages[i].role, "user") == 0 &&
            !t->messages[i].call_id)
            return t->messages[i].text;
    return test->say;
}

static int open_hearing(struct hearing *h, const struct suite_case *test,
                        const struct trial *t, struct err *err)
{
    const char   *content = t->n_turns ? t->turns[t->n_turns - 1].content
                                       : NULL;
    size_t        i;
    const json_t *check;

    h->test = test;
    h->seen = (struct transcript){
        .test = test, .question = last_question(test, t),
        .answer = content ? content : "",
        .turns = t->turns, .n_turns = t->n_turns,
    };
    json_array_foreach(test->checks, i, check) {
        const char *name = json_string_value(json_object_get(check, "scorer"));
        const struct score_ops *scorer = score_find(name);

        if (!scorer)
            return err_set(err, ERR_INPUT, "no scorer is called \"%.100s\"",
                           name ? name : "");
        if (scorer->needs_tools) h->needs_tools = true;
    }
    if (test->home) {
        if (home_new(&h->home, test->home, test->setup, err)) return -1;
        h->seen.start_state = home_state(h->home);
    }
    for (i = 0; i < t->n_turns; i++) {
        execute(h->home, t->turns[i].calls, t->turns[i].n_calls);
        h->seen.n_calls += t->turns[i].n_calls;
    }
    if (h->home) h->seen.end_state = home_state(h->home);
    return 0;
}

/* Do all checks pass, or all those about calls? `out` is the first that
 * does not, or a pass. */
static bool passes(const struct hearing *h, const struct transcript *seen,
                   bool only_calls, struct judgement *out)
{
    size_t        i;
    const json_t *check;

    json_array_foreach(h->test->checks, i, check) {
        const struct score_ops *scorer = score_find(
            json_string_value(json_object_get(check, "scorer")));

        if (only_calls && !scorer->needs_tools) continue;
        *out = (struct judgement){.pass = true};
        scorer->judge(check, seen, out);
        if (!out->pass) return false;
    }
    *out = (struct judgement){.pass = true};
    return true;
}

/* What if the calls in the answer's text had been parsed? */
struct what_if {
    bool             applies;    /* there are some, a check is about calls */
    const char      *dialect;
    char            *tool;       /* the first one */
    struct judgement calls;      /* of the checks about calls */
};

static int ask_what_if(const struct hearing *h, const struct trial *t,
                       const struct judge_context *ctx, struct what_if *w,
                       struct err *err)
{
    const json_t *tools = ctx->tools ? ctx->tools
                          : h->home  ? home_tools(h->home) : NULL;
    struct transcript seen = h->seen;
    struct tool_call *calls;
    struct home      *home = NULL;
    size_t            n;
    bool              taken;
    int               rc = -1;

    *w = (struct what_if){.applies = false};
    if (!h->needs_tools || h->seen.n_calls > 0 || t->n_turns == 0) return 0;
    if (!dialect_find(h->seen.answer, tools, &calls, &n, &w->dialect))
        return 0;
    if (h->test->home && home_new(&home, h->test->home, h->test->setup, err))
        goto done;
    taken = execute(home, calls, n);
    seen.is_reparsed = true;
    seen.n_calls     = n;
    seen.end_state   = home ? home_state(home) : NULL;
    passes(h, &seen, true, &w->calls);
    if (!taken && w->calls.pass)
        w->calls = (struct judgement){
            .reason = "the home would have refused it"};
    json_decref(seen.end_state);
    w->applies = true;
    w->tool    = mem_copy(calls[0].name);
    rc         = 0;
done:
    home_free(home);
    dialect_free(calls, n);
    return rc;
}

/* reason: taken; NULL when all is well. */
static void decide(struct trial *t, enum outcome outcome, char *reason)
{
    free(t->reason);
    t->outcome = outcome;
    t->reason  = reason;
}

static void weigh(const struct hearing *h, const struct what_if *w,
                  const struct judge_context *ctx, struct trial *t)
{
    struct judgement all;
    bool             pass = passes(h, &h->seen, false, &all);

    /* Not calling proves nothing about a model that saw no tools. */
    if (h->test->home && h->needs_tools && ctx->tools_shown == 0 &&
        (!pass || h->seen.n_calls == 0))
        decide(t, OUTCOME_TEMPLATE,
               mem_copy("the model's template drops the tool list, so it was "
                        "never shown the tools"));
    else if (pass && w->applies && !w->calls.pass)
        decide(t, OUTCOME_FAIL,
               mem_printf("wrote a call of %s as text (%s): %s", w->tool,
                          w->dialect, w->calls.reason));
    else if (pass)
        decide(t, OUTCOME_PASS, NULL);
    else if (w->applies && w->calls.pass)
        decide(t, OUTCOME_UNPARSED,
               mem_printf("wrote the right call of %s as text (%s), and the "
                          "server did not parse it", w->tool, w->dialect));
    else if (w->applies)
        decide(t, OUTCOME_FAIL,
               mem_printf("wrote a wrong call of %s as text (%s): %s", w->tool,
                          w->dialect, w->calls.reason));
    else
        decide(t, OUTCOME_FAIL, mem_copy(all.reason));
}

/* A call as text is counted, right or wrong: the server should have seen it. */
static void count_text_call(struct trial *t)
{
    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, JUDGE_TEXT_CALL) == 0) return;
    trial_observe(t, JUDGE_TEXT_CALL, 1);
}

/* A trial that did not finish keeps its own reason. */
static bool is_unfinished(struct trial *t)
{
    if (t->status == TRIAL_OK) return false;
    if (t->status == TRIAL_HARNESS_FAULT)
        t->outcome = OUTCOME_HARNESS;
    else
        t->outcome = strcmp(t->fault, "template") == 0 ? OUTCOME_TEMPLATE
                                                       : OUTCOME_FAIL;
    if (!t->reason) t->reason = mem_copy("the conversation did not finish");
    return true;
}

void judge_case(const struct suite_case *test, struct trial *t,
                const struct judge_context *ctx)
{
    struct hearing h   = {0};
    struct what_if w   = {0};
    struct err     err = {0};

    if (is_unfinished(t)) return;
    if (open_hearing(&h, test, t, &err) || ask_what_if(&h, t, ctx, &w, &err)) {
        decide(t, OUTCOME_HARNESS,
               mem_printf("the case cannot be judged: %s", err.text));
    } else {
        json_decref(t->end_state);
        t->end_state = json_incref(h.seen.end_state);
        weigh(&h, &w, ctx, t);
        if (w.applies) count_text_call(t);
    }
    free(w.tool);
    hearing_done(&h);
}
