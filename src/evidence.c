/* SPDX-License-Identifier: MIT */
/* evidence.c - see evidence.h: the gathering. What it amounts to is in
 * evidence_summary.c. */
#include "evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"
#include "observe.h"
#include "schedule.h"
#include "works.h"

#define MAX_EXAMPLES 5

/* A case that broke before it could be judged has no outcome of its own. */
static enum outcome outcome_of(const struct trial *t)
{
    if (t->outcome != OUTCOME_NONE) return t->outcome;
    return t->status == TRIAL_HARNESS_FAULT ? OUTCOME_HARNESS : OUTCOME_FAIL;
}

static void add_example(struct evidence *e, const struct trial *t)
{
    struct worst_case *w;

    if (e->n_examples >= MAX_EXAMPLES || t->n_messages == 0) return;
    e->examples = mem_grow(e->examples, e->n_examples + 1,
                           sizeof *e->examples);
    w = &e->examples[e->n_examples++];
    *w = (struct worst_case){
        .suite = evidence_suite_name(t->suite,
                                     schedule_is_by_prompt(t->key)),
        .id = mem_copy(t->case_id),
        .reason = mem_copy(t->reason), .outcome = outcome_of(t),
        .say = mem_copy(""), .answer = mem_copy("")};
    for (size_t i = 0; i < t->n_messages; i++) {
        const struct message *m = &t->messages[i];
        if (strcmp(m->role, "user") == 0 && !m->call_id) {
            free(w->say);
            w->say = mem_copy(m->text);
        } else if (strcmp(m->role, "assistant") == 0 && m->text[0]) {
            free(w->answer);
            w->answer = mem_copy(m->text);
        }
    }
}

char *evidence_suite_name(const char *suite, bool by_prompt)
{
    return mem_printf("%s%s", suite, by_prompt ? "_by_prompt" : "");
}

/* Asked by prompt as well as by the template, the former counts. */
static void pair_cases(struct evidence *e)
{
    struct case_outcome *last = &e->cases[e->n_cases - 1];

    for (size_t i = 0; i + 1 < e->n_cases; i++) {
        struct case_outcome *c = &e->cases[i];

        if (c->by_prompt == last->by_prompt || strcmp(c->id, last->id) != 0 ||
            strcmp(c->suite, last->suite) != 0)
            continue;
        if (last->by_prompt) c->is_replaced = true;
        else last->is_replaced = true;
    }
}

static bool is_observed(const struct trial *t, const char *name)
{
    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, name) == 0) return true;
    return false;
}

static void add_case(struct evidence *e, const struct trial *t)
{
    struct case_outcome c = {
        .suite = mem_copy(t->suite), .id = mem_copy(t->case_id),
        .outcome = outcome_of(t), .by_prompt = schedule_is_by_prompt(t->key),
        .first_sentence_s = NAN, .marks = t->marks};

    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, "first_sentence_s") == 0)
            c.first_sentence_s = t->observations[i].value;
    e->cases = mem_grow(e->cases, e->n_cases + 1, sizeof *e->cases);
    e->cases[e->n_cases++] = c;
    pair_cases(e);
    if (!c.by_prompt && is_observed(t, WORKS_CALL_WANTED)) {
        e->calls_wanted++;
        if (is_observed(t, WORKS_CALL_MADE)) e->calls_made++;
        else if (is_observed(t, judge_note_name[JUDGE_text_call]))
            e->calls_as_text++;
    }
    if (c.outcome != OUTCOME_PASS && c.outcome != OUTCOME_HARNESS)
        add_example(e, t);
}

/* "cold/SUITE/...". */
static void add_cold(struct evidence *e, const struct trial *t)
{
    const char *suite = t->key + strlen("cold/");

    for (size_t i = 0; i < t->n_observations; i++) {
        if (strcmp(t->observations[i].metric, WORKS_COLD_CASE) != 0) continue;
        e->cold = mem_grow(e->cold, e->n_cold + 1, sizeof *e->cold);
        e->cold[e->n_cold++] = (struct cold_case){
            mem_copy_n(suite, strcspn(suite, "/")), t->observations[i].value,
            t->marks};
    }
}

static void keep_first(char **into, const char *text)
{
    if (!*into) *into = mem_copy(text);
}

/* Misheard or repeated, a case is none of its suite. */
static bool is_plain(const struct trial *t)
{
    struct trial_variant v = schedule_variant(t->key);

    return !v.is_case || v.is_plain;
}

/* What a case says about time stays with its suite, but for what only cases
 * show: a tool turn, and that as the template has it. */
static bool is_of_candidate(const struct trial *t, int id)
{
    return !t->suite ||
           (!schedule_is_by_prompt(t->key) && is_plain(t) &&
            (id == METRIC_tool_turn_s || id == METRIC_tool_turn_parallel_s));
}

/* Silence depends on how fast is spoken, which may be wanted otherwise now:
 * from the turn where it is there. */
static double underrun_s(const struct evidence *e, const struct trial *t,
                         double stored_s)
{
    double rate = e->speaking_rate_words_per_min;

    if (!(rate > 0)) return stored_s;
    if (t->n_turns) return observe_underrun_s(&t->turns[t->n_turns - 1], rate);
    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, WORKS_SPEAKING_RATE) == 0)
            return t->observations[i].value == rate ? stored_s : NAN;
    return NAN;
}

static void add_observation(struct evidence *e, const struct trial *t,
                            const struct observation *o)
{
    int    id = metric_find(o->metric);
    double value = id == METRIC_underrun_s ? underrun_s(e, t, o->value)
                                           : o->value;

    if (judge_note_find(o->metric) == JUDGE_text_call)
        e->text_calls += is_plain(t);
    else if (strcmp(o->metric, WORKS_ANSWER) == 0) e->answers++;
    else if (strcmp(o->metric, WORKS_LEAK) == 0) e->leaks++;
    else if (strcmp(o->metric, WORKS_ONLY_THOUGHT) == 0) e->only_thoughts++;
    if (id < 0 || !is_of_candidate(t, id) || isnan(value)) return;
    if (t->marks) {
        mem_push(&e->marked[id], &e->n_marked[id], value);
        e->marks[id] |= t->marks;
    } else {
        mem_push(&e->values[id], &e->n[id], value);
    }
}

void evidence_add(struct evidence *e, const struct trial *t)
{
    const char *name = strchr(t->key, '/');

    if (t->block + 1 > e->blocks && t->status == TRIAL_OK)
        e->blocks = t->block + 1;
    if (t->status == TRIAL_OK &&
        (t->suite || schedule_is_round(t->key)))
        e->ok_trials++;
    if (strcmp(t->key, "died") == 0 && t->reason) keep_first(&e->death,
                                                             t->reason);
    if (name && strncmp(name, "/cold_start/", 12) == 0)
        keep_first(&e->page_cache, t->reason);
    if (name && strcmp(name, "/engine") == 0)
        keep_first(&e->no_engine_speed, t->reason);
    if (name && strncmp(name, "/conversation/", 14) == 0 &&
        t->status == TRIAL_OK)
        keep_first(&e->conversation_end, t->reason);
    for (size_t i = 0; i < t->n_observations; i++)
        add_observation(e, t, &t->observations[i]);
    board_tally_add(&e->board, t);
    ledger_tally_add(&e->ledger, t);
    if (!e->soak) e->soak = soak_new();
    soak_add(e->soak, t);
    series_add(&e->series, t);
    serving_add(&e->serving, t);
    if (!e->understanding) e->understanding = understanding_new();
    understanding_add(e->understanding, t);
    if (t->suite && is_plain(t)) add_case(e, t);
    if (schedule_is_cold(t->key)) add_cold(e, t);
}

void evidence_done(struct evidence *e)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        free(e->values[i]);
        free(e->marked[i]);
    }
    understanding_free(e->understanding);
    board_tally_done(&e->board);
    ledger_tally_done(&e->ledger);
    soak_free(e->soak);
    for (size_t i = 0; i < e->n_cases; i++) {
        free(e->cases[i].suite);
        free(e->cases[i].id);
    }
    for (size_t i = 0; i < e->n_examples; i++) {
        free(e->examples[i].suite);
        free(e->examples[i].id);
        free(e->examples[i].say);
        free(e->examples[i].answer);
        free(e->examples[i].reason);
    }
    for (size_t i = 0; i < e->n_cold; i++) free(e->cold[i].suite);
    free(e->cold);
    free(e->cases);
    free(e->examples);
    free(e->death);
    free(e->page_cache);
    free(e->no_engine_speed);
    free(e->conversation_end);
    series_done(&e->series);
    serving_done(&e->serving);
    *e = (struct evidence){0};
}

void evidence_discordant(const struct evidence *a, const struct evidence *b,
                         size_t *only_a, size_t *only_b)
{
    *only_a = *only_b = 0;
    for (size_t i = 0; i < a->n_cases; i++)
        for (size_t k = 0; k < b->n_cases; k++) {
            const struct case_outcome *x = &a->cases[i], *y = &b->cases[k];

            if (strcmp(x->id, y->id) != 0 || strcmp(x->suite, y->suite) != 0 ||
                x->is_replaced || y->is_replaced ||
                x->outcome == OUTCOME_HARNESS ||
                y->outcome == OUTCOME_HARNESS)
                continue;
            if (x->outcome == OUTCOME_PASS && y->outcome != OUTCOME_PASS)
                ++*only_a;
            if (x->outcome != OUTCOME_PASS && y->outcome == OUTCOME_PASS)
                ++*only_b;
        }
}
