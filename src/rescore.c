/* SPDX-License-Identifier: MIT */
/* rescore.c - `audition score`: step 5 alone, over stored transcripts. */
#include "audition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"
#include "rescore.h"

/* What changed is noted first and stored after: the store is being read.
 * Only key, outcome, reason and observations of a trial are kept. */
struct rescoring {
    const struct audition *a;
    const struct entry    *e;
    struct trial          *changed;
    struct text_list       metrics;      /* the store keeps its own no longer
                                            than it is read                */
    size_t                 n, judged;
    struct err             failure;
};

/* 1 and the case of a stored trial; 0: no suite of this audition has it. A
 * case may name another suite than its file does. */
static int find_case(const struct audition *a, const struct trial *t,
                     struct suite_case *out, struct err *err)
{
    for (size_t i = 0; i < a->n_suites; i++) {
        int found = suite_find(&a->suites[i], t->case_id, out, err);

        if (found < 0) return -1;
        if (!found) continue;
        if (strcmp(out->suite, t->suite) == 0) return 1;
        suite_case_done(out);
    }
    return 0;
}

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static bool other_observations(const struct trial *a, const struct trial *b)
{
    if (a->n_observations != b->n_observations) return true;
    for (size_t i = 0; i < a->n_observations; i++) {
        double x = a->observations[i].value, y = b->observations[i].value;

        if (strcmp(a->observations[i].metric, b->observations[i].metric) != 0 ||
            x < y || x > y)
            return true;
    }
    return false;
}

/* What judge_case replaces, as a copy; the rest is borrowed. */
static struct trial to_judge(const struct trial *stored)
{
    struct trial t = *stored;

    t.reason    = mem_copy(stored->reason);
    t.end_state = NULL;
    t.observations = mem_new(stored->n_observations, sizeof *t.observations);
    if (stored->n_observations)
        memcpy(t.observations, stored->observations,
               stored->n_observations * sizeof *t.observations);
    return t;
}

/* A name that outlives the reading. */
static const char *kept_name(struct rescoring *r, const char *metric)
{
    size_t i = 0;

    while (i < r->metrics.n && strcmp(r->metrics.items[i], metric) != 0) i++;
    if (i == r->metrics.n) text_list_add(&r->metrics, metric);
    return r->metrics.items[i];
}

static void keep_change(struct rescoring *r, struct trial *t)
{
    for (size_t i = 0; i < t->n_observations; i++)
        t->observations[i].metric = kept_name(r, t->observations[i].metric);
    t->turns = NULL;
    t->messages = NULL;
    t->end_state = NULL;
    t->suite = t->case_id = t->case_hash = NULL;
    t->n_turns = t->n_messages = 0;
    r->changed = mem_grow(r->changed, r->n + 1, sizeof *r->changed);
    r->changed[r->n++] = *t;
}

static int judge_again(void *ctx, const struct trial *stored)
{
    struct rescoring    *r = ctx;
    struct suite_case    test;
    struct judge_context how = audition_judging(
        r->e, schedule_is_by_prompt(stored->key));
    struct trial         t;
    int found = stored->suite ? find_case(r->a, stored, &test, &r->failure)
                              : 0;

    if (found <= 0) return found;
    t = to_judge(stored);
    judge_case(&test, &t, &how);
    suite_case_done(&test);
    json_decref(t.end_state);
    r->judged++;
    if (t.outcome == stored->outcome && !differs(t.reason, stored->reason) &&
        !other_observations(&t, stored)) {
        free(t.reason);
        free(t.observations);
        return 0;
    }
    keep_change(r, &t);
    return 0;
}

int rescore_entry(struct audition *a, struct entry *e, struct err *err)
{
    struct rescoring r  = {.a = a, .e = e};
    int              rc = 0;

    if (!e->subject_id) return 0;
    rc = store_each_trial(a->store, e->subject_id, true, judge_again, &r, err);
    if (rc && r.failure.kind != ERR_NONE) *err = r.failure;
    for (size_t i = 0; i < r.n; i++) {
        if (rc == 0)
            rc = store_set_judgement(a->store, e->subject_id, &r.changed[i],
                                     err);
        trial_done(&r.changed[i]);
    }
    free(r.changed);
    text_list_done(&r.metrics);
    if (rc == 0)
        story_say(a, "%s: %zu cases judged again, %zu came out differently",
                  e->candidate->name, r.judged, r.n);
    return rc;
}
