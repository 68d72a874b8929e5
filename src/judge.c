/* SPDX-License-Identifier: MIT */
/* judge.c - see judge.h. The conversation is heard once as it was served,
 * and, where calls stand in the text of answers, once more as it would have
 * been had the server parsed them. */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect.h"
#include "home/home.h"
#include "score/manners.h"
#include "score/originals.h"
#include "score/score.h"
#include "session.h"

const char *const judge_note_name[JUDGE_NOTE_COUNT] = {
#define X(name, help) #name,
    JUDGE_NOTES(X)
#undef X
};

enum judge_note judge_note_find(const char *metric)
{
    int i = 0;

    while (i < JUDGE_NOTE_COUNT && strcmp(judge_note_name[i], metric) != 0) i++;
    return (enum judge_note)i;
}

/* ---- the turns of the user ---------------------------------------------- */

/* What the model did after one thing that the user said. */
struct span {
    size_t first, n;             /* of the trial's turns                    */
};

/* One for each turn of the case; how many of them were asked, at least one. */
static size_t find_spans(const struct trial *t, size_t n_turns,
                         struct span *spans)
{
    size_t asked = 0, answers = 0;

    for (size_t i = 0; i < t->n_messages; i++) {
        const struct message *m = &t->messages[i];

        if (m->call_id && strcmp(m->call_id, MESSAGE_BEFORE) == 0) continue;
        if (strcmp(m->role, "assistant") == 0) answers++;
        if (strcmp(m->role, "user") != 0 || m->call_id) continue;
        if (asked == n_turns) break;
        spans[asked++] = (struct span){.first = answers};
    }
    if (asked == 0) spans[asked++] = (struct span){.first = 0};
    for (size_t k = 0; k < asked; k++) {
        size_t end = k + 1 < asked ? spans[k + 1].first : t->n_turns;

        if (end > t->n_turns) end = t->n_turns;
        if (spans[k].first > end) spans[k].first = end;
        spans[k].n = end - spans[k].first;
    }
    return asked;
}

/* ---- a hearing ---------------------------------------------------------- */

struct hearing {
    const struct suite_case    *test;
    const struct trial         *trial;
    const struct judge_context *ctx;
    bool         reads_text;     /* calls in the text are executed too      */
    struct home *home;           /* after the calls so far, or NULL         */

    bool    needs_tools;         /* a check is about calls                  */
    bool    has_text_call;       /* in a turn with such a check             */
    bool    is_refused;          /* ... and the home refused one of them    */
    char    tool[100];           /* the first of them, and its dialect      */
    const char *dialect;
    size_t  n_calls;             /* structured ones                         */
    size_t  failed;              /* the first turn, from 1; 0: none         */
    struct judgement why;        /* ... and why                             */
    bool    is_failed_text;      /* ... and a call as text stands in it     */
    double  notes[JUDGE_NOTE_COUNT];
    json_t *end_state;
};

static void hearing_done(struct hearing *h)
{
    json_decref(h->end_state);
    home_free(h->home);
}

/* How many of the calls the home refused, or would never get: as in the
 * session, broken arguments end it. */
static size_t execute(struct home *home, const struct tool_call *calls,
                      size_t n)
{
    size_t refused = 0;

    for (size_t i = 0; home && i < n; i++) {
        const char *arguments = calls[i].arguments ? calls[i].arguments : "";
        json_t     *result;

        if (!session_takes(arguments)) return refused + (n - i);
        result = home_call(home, calls[i].name ? calls[i].name : "",
                           arguments);
        if (json_object_get(result, "error")) refused++;
        json_decref(result);
    }
    return refused;
}

static const struct score_ops *scorer_of(const json_t *check)
{
    return score_find(json_string_value(json_object_get(check, "scorer")));
}

static bool is_about_calls(const struct suite_turn *asked)
{
    size_t        i;
    const json_t *check;

    json_array_foreach(asked->checks, i, check)
        if (scorer_of(check)->needs_tools) return true;
    return false;
}

/* Do all checks pass, or all those about calls? *why is the first that does
 * not, or a pass. */
static bool passes(const struct transcript *seen, bool only_calls,
                   struct judgement *why)
{
    size_t        i;
    const json_t *check;

    json_array_foreach(seen->asked->checks, i, check) {
        const struct score_ops *scorer = scorer_of(check);

        if (only_calls && !scorer->needs_tools) continue;
        *why = (struct judgement){.pass = true};
        scorer->judge(check, seen, why);
        if (!why->pass) return false;
    }
    *why = (struct judgement){.pass = true};
    return true;
}

/* The calls that stand in an answer's text, as if the server had read them. */
struct as_text {
    struct turn       turn;       /* with these calls; borrows the rest      */
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;
};

static bool find_text_calls(const struct hearing *h,
                            const struct transcript *seen, struct as_text *out)
{
    const json_t *tools = h->test->functions ? h->test->functions
                                             : h->ctx->tools;
    json_t *own;
    bool    found;

    /* No way to write a call does without: spares most answers the search. */
    if (!strpbrk(seen->answer, "{[(<`")) return false;
    own = !tools && h->home
        ? home_tools(h->home, suite_case_tools(h->test)) : NULL;
    found = dialect_find(seen->answer, tools ? tools : own, &out->calls,
                         &out->n, &out->dialect);

    json_decref(own);
    if (!found) return false;
    out->turn = seen->n_turns ? seen->turns[seen->n_turns - 1]
                              : (struct turn){0};
    out->turn.calls   = out->calls;
    out->turn.n_calls = out->n;
    return true;
}

/* Notes them, and in the second hearing executes them. */
static void take_text_calls(struct hearing *h, const struct as_text *text,
                            struct transcript *seen)
{
    if (!h->has_text_call) {
        snprintf(h->tool, sizeof h->tool, "%s", text->calls[0].name);
        h->dialect = text->dialect;
    }
    h->has_text_call = true;
    if (!h->reads_text) return;
    seen->is_reparsed = true;
    seen->turns       = &text->turn;
    seen->n_turns     = 1;
    seen->n_calls     = text->n;
    seen->n_refused   = execute(h->home, text->calls, text->n);
    if (seen->n_refused) h->is_refused = true;
}

static void note_manners(struct hearing *h, const struct transcript *seen)
{
    struct manners m;

    manners_note(seen, &m);
#define NOTE(name, bit)                                                       \
    h->notes[JUDGE_##name] += m.name;                                         \
    h->notes[JUDGE_##name##_of] += (m.applies & (bit)) != 0
    NOTE(said_not_done, MANNER_SAID_NOT_DONE);
    NOTE(done_not_said, MANNER_DONE_NOT_SAID);
    NOTE(needless_confirmation, MANNER_NEEDLESS_CONFIRMATION);
    NOTE(asked_for_given, MANNER_ASKED_FOR_GIVEN);
    NOTE(refused, MANNER_REFUSED);
    NOTE(unspeakable, MANNER_UNSPEAKABLE);
#undef NOTE
}

/* What the originals would note; was_heard: the turn came about. */
static void note_originals(struct hearing *h, const struct transcript *seen,
                           bool was_heard)
{
    struct original_notes o;

    original_note(seen, was_heard, &o);
#define NOTE(name) h->notes[JUDGE_##name] += (double)o.name
    NOTE(bfcl_saner);
    NOTE(bfcl_saner_of);
    NOTE(ifeval_strict);
    NOTE(ifeval_loose);
    NOTE(ifeval_of);
    NOTE(ifeval_prompt_loose);
    NOTE(ifeval_prompt_of);
#undef NOTE
}

static void take_verdict(struct hearing *h, size_t k, bool pass, bool is_text,
                         const struct judgement *why)
{
    h->notes[JUDGE_turns_judged]++;
    if (pass) {
        h->notes[JUDGE_turns_passed]++;
    } else if (h->failed == 0) {
        h->failed = k + 1;
        h->why    = *why;
        h->is_failed_text = is_text;
    }
}

/* Turn k of the user, with what the model did. */
static void hear_turn(struct hearing *h, size_t k, const struct span *span)
{
    const struct trial *t = h->trial;
    const char         *said = span->n
        ? t->turns[span->first + span->n - 1].content : NULL;
    struct transcript   seen = {
        .test = h->test, .asked = &h->test->turns[k],
        .question = h->test->turns[k].say, .answer = said ? said : "",
        .turns = &t->turns[span->first], .n_turns = span->n};
    struct judgement why;
    struct as_text   text = {.n = 0};
    bool             is_text = false, about_calls = is_about_calls(seen.asked);
    bool             is_judged = k >= h->ctx->first_turn, pass;

    h->needs_tools = h->needs_tools || about_calls;
    if (is_judged && h->home) seen.start_state = home_state(h->home);
    for (size_t i = 0; i < seen.n_turns; i++) {
        seen.n_refused += execute(h->home, seen.turns[i].calls,
                                  seen.turns[i].n_calls);
        seen.n_calls += seen.turns[i].n_calls;
    }
    h->n_calls += seen.n_calls;
    if (!is_judged) return;
    if (about_calls && seen.n_calls == 0)
        is_text = find_text_calls(h, &seen, &text);
    if (is_text) take_text_calls(h, &text, &seen);
    note_originals(h, &seen, true);
    seen.end_state = h->home ? home_state(h->home) : NULL;
    pass = passes(&seen, is_text && h->reads_text, &why);
    take_verdict(h, k, pass, is_text, &why);
    if (!is_text) note_manners(h, &seen);
    if (is_text) dialect_free(text.calls, text.n);
    json_decref(seen.start_state);
    json_decref(h->end_state);
    h->end_state = seen.end_state;
}

static int check_scorers(const struct suite_case *test, struct err *err)
{
    size_t        i;
    const json_t *check;

    for (size_t k = 0; k < test->n_turns; k++)
        json_array_foreach(test->turns[k].checks, i, check)
            if (!scorer_of(check)) {
                const char *name = json_string_value(
                    json_object_get(check, "scorer"));

                return err_set(err, ERR_INPUT, "no scorer is called "
                               "\"%.100s\"", name ? name : "");
            }
    return 0;
}

/* From the beginning to the end. The turn in which a conversation broke off
 * has no answer that could be judged. */
static int hear(struct hearing *h, struct err *err)
{
    const struct suite_case *test = h->test;
    struct span             *spans = mem_new(test->n_turns, sizeof *spans);
    size_t                   heard = find_spans(h->trial, test->n_turns, spans);
    int                      rc = -1;

    if (h->trial->status != TRIAL_OK) heard--;

    if (check_scorers(test, err)) goto done;
    if (test->home && home_new(&h->home, test->home, test->setup, err))
        goto done;
    if (test->area && h->home && home_speak_in(h->home, test->area, err))
        goto done;
    for (size_t k = 0; k < heard; k++) hear_turn(h, k, &spans[k]);
    if (heard < test->n_turns) {
        struct judgement never = {.pass = false};

        snprintf(never.reason, sizeof never.reason, "the conversation could "
                 "not go on to it");
        for (size_t k = heard; k < test->n_turns; k++) {
            const struct transcript unheard = {.test = test,
                                               .asked = &test->turns[k]};

            note_originals(h, &unheard, false);
            h->needs_tools = h->needs_tools ||
                             is_about_calls(&test->turns[k]);
            take_verdict(h, k, false, false, &never);
        }
    }
    rc = 0;
done:
    free(spans);
    return rc;
}

/* ---- the verdict -------------------------------------------------------- */

/* reason: taken; NULL when all is well. */
static void decide(struct trial *t, enum outcome outcome, char *reason)
{
    free(t->reason);
    t->outcome = outcome;
    t->reason  = reason;
}

/* Why a hearing failed; with the turn where there are several. */
static char *reason_of(const struct hearing *h)
{
    const char *why = h->failed ? h->why.reason
                                : "the home would have refused it";

    return h->failed && h->test->n_turns > 1
        ? mem_printf("turn %zu of %zu: %s", h->failed, h->test->n_turns, why)
        : mem_copy(why);
}

/* A rule that takes a call in the text for plain text. */
static bool is_as_served(const struct suite_case *test)
{
    size_t        i;
    const json_t *check;

    for (size_t k = 0; k < test->n_turns; k++)
        json_array_foreach(test->turns[k].checks, i, check)
            if (scorer_of(check)->is_as_served) return true;
    return false;
}

/* What the original's rule would say if the server had parsed the calls that
 * stand in the text: as a call can also be wrong, it may be worse. */
static void note_parsed(struct hearing *served, const struct hearing *read)
{
    const struct hearing *h = served->has_text_call ? read : served;

    if (!is_as_served(served->test)) return;
    served->notes[JUDGE_original_parsed] = h->failed == 0 && !h->is_refused;
    served->notes[JUDGE_bfcl_saner_parsed] = h->notes[JUDGE_bfcl_saner];
}

static void weigh(const struct hearing *served, const struct hearing *read,
                  struct trial *t)
{
    const struct judge_context *ctx = served->ctx;
    bool  pass = served->failed == 0, as_text = served->has_text_call;
    bool  if_read = as_text && read->failed == 0 && !read->is_refused;
    char *why = reason_of(as_text ? read : served);

    /* Not calling proves nothing about a model that saw no tools. */
    if (suite_case_offers_tools(served->test) && served->needs_tools &&
        ctx->tools_shown == 0 && (!pass || served->n_calls == 0))
        decide(t, OUTCOME_TEMPLATE,
               mem_copy("the model's template drops the tool list, so it was "
                        "never shown the tools"));
    else if (pass && as_text && !if_read && !is_as_served(served->test))
        decide(t, OUTCOME_FAIL,
               mem_printf("wrote a call of %s as text (%s): %s", served->tool,
                          served->dialect, why));
    else if (pass)
        decide(t, OUTCOME_PASS, NULL);
    else if (if_read)
        decide(t, OUTCOME_UNPARSED,
               mem_printf("wrote the right call of %s as text (%s), and the "
                          "server did not parse it", served->tool,
                          served->dialect));
    else if (as_text && (read->failed == 0 || read->is_failed_text))
        decide(t, OUTCOME_FAIL,
               mem_printf("wrote a wrong call of %s as text (%s): %s",
                          served->tool, served->dialect, why));
    else
        decide(t, OUTCOME_FAIL, mem_copy(why));
    free(why);
}

static void forget_notes(struct trial *t)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->n_observations; i++)
        if (judge_note_find(t->observations[i].metric) == JUDGE_NOTE_COUNT)
            t->observations[kept++] = t->observations[i];
    t->n_observations = kept;
}

static void write_notes(struct trial *t, const struct hearing *h)
{
    for (int i = 0; i < JUDGE_NOTE_COUNT; i++)
        if (i == JUDGE_text_call ? h->has_text_call : h->notes[i] > 0)
            trial_observe(t, judge_note_name[i],
                          i == JUDGE_text_call ? 1 : h->notes[i]);
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

static bool counts_parts(const struct suite_case *test)
{
    struct transcript     unheard = {.test = test, .asked = &test->turns[0]};
    struct original_notes o;

    original_note(&unheard, false, &o);
    return test->n_turns > 1 || o.bfcl_saner_of || o.ifeval_of;
}

/* Of a conversation that broke off: else one that fails early would be missing
 * from the share of turns that passed, or of instructions followed. */
static void note_broken_off(const struct suite_case *test, struct trial *t,
                            const struct judge_context *ctx)
{
    struct hearing served = {.test = test, .trial = t, .ctx = ctx};
    struct err     err    = {0};

    if (!counts_parts(test) || t->status == TRIAL_HARNESS_FAULT) return;
    if (hear(&served, &err) == 0) write_notes(t, &served);
    hearing_done(&served);
}

void judge_case(const struct suite_case *test, struct trial *t,
                const struct judge_context *ctx)
{
    struct hearing served = {.test = test, .trial = t, .ctx = ctx};
    struct hearing read   = {.test = test, .trial = t, .ctx = ctx,
                             .reads_text = true};
    struct err     err    = {0};

    forget_notes(t);
    if (is_unfinished(t)) {
        note_broken_off(test, t, ctx);
        return;
    }
    if (hear(&served, &err) ||
        (served.has_text_call && hear(&read, &err))) {
        decide(t, OUTCOME_HARNESS,
               mem_printf("the case cannot be judged: %s", err.text));
    } else {
        weigh(&served, &read, t);
        note_parsed(&served, &read);
        write_notes(t, &served);
        json_decref(t->end_state);
        t->end_state = json_incref(served.end_state);
    }
    hearing_done(&served);
    hearing_done(&read);
}
