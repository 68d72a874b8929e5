/* SPDX-License-Identifier: MIT */
/* rescore.c - `audition score`: step 5 alone, over stored transcripts. */
#include "audition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"
#include "rescore.h"

/* What changed is noted first and stored after: the store is being read. */
struct change {
    char        *key, *reason;
    enum outcome outcome;
};

struct rescoring {
    const struct audition *a;
    const struct entry    *e;
    struct change         *changes;
    size_t                 n, judged;
};

static const struct suite_case *find_case(const struct audition *a,
                                          const struct trial *t)
{
    for (size_t i = 0; i < a->n_suites; i++)
        for (size_t k = 0; k < a->suites[i].n; k++) {
            const struct suite_case *c = &a->suites[i].cases[k];
            if (strcmp(c->id, t->case_id) == 0 &&
                strcmp(c->suite, t->suite) == 0)
                return c;
        }
    return NULL;
}

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static int judge_again(void *ctx, const struct trial *stored)
{
    struct rescoring        *r    = ctx;
    const struct suite_case *test = stored->suite ? find_case(r->a, stored)
                                                  : NULL;
    struct judge_context how = audition_judging(
        r->e, schedule_is_by_prompt(stored->key));
    struct trial         t;

    if (!test) return 0;
    t = *stored;                     /* judge_case replaces these three */
    t.reason = mem_copy(stored->reason);
    t.end_state = NULL;
    judge_case(test, &t, &how);
    r->judged++;
    if (t.outcome != stored->outcome || differs(t.reason, stored->reason)) {
        r->changes = mem_grow(r->changes, r->n + 1, sizeof *r->changes);
        r->changes[r->n++] = (struct change){
            mem_copy(stored->key), mem_copy(t.reason), t.outcome};
    }
    free(t.reason);
    json_decref(t.end_state);
    return 0;
}

int rescore_entry(struct audition *a, struct entry *e, struct err *err)
{
    struct rescoring r  = {.a = a, .e = e};
    int              rc = 0;

    if (!e->subject_id) return 0;
    rc = store_each_trial(a->store, e->subject_id, true, judge_again, &r, err);
    for (size_t i = 0; i < r.n; i++) {
        if (rc == 0)
            rc = store_set_outcome(a->store, e->subject_id, r.changes[i].key,
                                   r.changes[i].outcome, r.changes[i].reason,
                                   err);
        free(r.changes[i].key);
        free(r.changes[i].reason);
    }
    free(r.changes);
    if (rc == 0)
        story_say(a, "%s: %zu cases judged again, %zu came out differently",
                  e->candidate->name, r.judged, r.n);
    return rc;
}
