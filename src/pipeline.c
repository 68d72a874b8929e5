/* SPDX-License-Identifier: MIT */
/* pipeline.c - START HERE. The whole program in one screen: which model do I
 * ship on this board?
 *
 * audition.yaml -> 1 candidates -> 2 predict -> 3 engine -> 4 measure ->
 * 5 score -> 6 store -> 7 decide -> 8 report
 *
 * Only plain data crosses between steps (types.h). Steps 3 to 6 run once for
 * each block of each candidate: audition_block() in audition.c starts the
 * engine (engine/), measures (measure.c, works.c), judges (session.c,
 * judge.c, score/) and stores each trial (store.c) before the next begins.
 */
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>

#include "audition.h"
#include "base/mem.h"
#include "base/stop.h"
#include "mode_facts.h"
#include "mode_run.h"
#include "plan.h"
#include "probe/probe.h"
#include "report/output.h"
#include "rescore.h"

/* Every candidate has its block before anyone has the next (ABBA). */
static int run_blocks(struct audition *a, struct err *err)
{
    size_t *order = mem_new(a->list.n, sizeof *order);
    int     rc    = 0;

    for (int block = 0; rc == 0 && block < a->schedule.blocks; block++) {
        schedule_order(a->list.n, block, (uint64_t)a->opt->seed, order);
        for (size_t i = 0; rc == 0 && i < a->list.n; i++) {
            rc = audition_block(a, &a->entries[order[i]], block, err);
            if (stop_signal()) a->is_stopped = true;
            if (a->is_stopped) goto done;
        }
    }
done:
    if (a->is_stopped)
        story_say(a, "stopped; what was measured is stored, `audition run` "
                  "goes on from here");
    free(order);
    return rc;
}

static int score_again(struct audition *a, struct err *err)
{
    for (size_t i = 0; i < a->list.n; i++) {
        audition_recall_engine(a, &a->entries[i]);
        audition_recall_preflight(a, &a->entries[i]);
        if (rescore_entry(a, &a->entries[i], err)) return -1;
    }
    return 0;
}

/* Those that are out before anything was started; a plan lists them. */
static void tell_failures(const struct audition *a)
{
    for (size_t i = 0; i < a->list.n && !a->opt->dry_run; i++)
        if (a->entries[i].is_out) story_fail(a, &a->entries[i]);
}

/* The answer of --dry-run and of `audition plan`; its exit code. */
static int show_plan(const struct audition *a)
{
    struct plan plan;
    int         code;

    plan_make(a, &plan);
    if (a->opt->json) output_json(plan_json(&plan));
    else plan_print(&plan);
    code = a->opt->plan_only ? plan_exit_code(&plan)
                             : audition_plan_exit_code(a);
    plan_done(&plan);
    return code;
}

typedef int (*middle_fn)(struct audition *a, struct err *err);

/* Nothing is measured: what is stored is shown. */
static int only_stored(struct audition *a, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < a->list.n; i++)
        audition_recall_engine(a, &a->entries[i]);
    if (stop_signal()) a->is_stopped = true;
    return 0;
}

/* Steps 1 to 7, once. The middle is measuring, scoring, or nothing. mode_id:
 * the power mode that is meant; NULL: the one that the board is in. Without
 * facts afterwards, *code is all there is to say. */
static int audition_once(struct audition *a, const struct run_options *opt,
                         const char *config_path, const json_t *settings,
                         middle_fn middle, const char *mode_id,
                         struct facts *facts, int *code, struct err *err)
{
    if (audition_begin(a, opt, config_path, err)) return -1;       /* 1     */
    if (mode_id) audition_in_mode(a, mode_id);
    if (audition_predict(a, err)) return -1;                       /* 2     */
    if (opt->plan_only) {
        *code = show_plan(a);
        return 0;
    }
    if (audition_open_store(a, settings, err)) return -1;          /* 6     */
    if (audition_identify(a, err)) return -1;                      /* 3     */
    tell_failures(a);
    if (opt->dry_run) {
        *code = show_plan(a);
        return 0;
    }
    if (middle(a, err)) return -1;                                 /* 3..6  */
    if (audition_collect(a, facts, err)) return -1;                /* 7     */
    /* What is only shown may be of a mode that the board is not in. */
    if (middle == run_blocks) audition_learn(a, facts);            /* 2     */
    *code = audition_exit_code(a, facts);
    return 0;
}

/* The exit code of several modes: a mode in which nothing finished is a result
 * as a candidate that failed is one, when another did. */
static int code_of_both(int a, int b)
{
    static const int order[] = {2, 3, 0, 1, 100};
    size_t           n = sizeof order / sizeof *order, at_a = 0, at_b = 0;

    while (at_a < n && order[at_a] != a) at_a++;      /* a signal's: at the */
    while (at_b < n && order[at_b] != b) at_b++;      /* end                */
    return at_a > at_b ? a : b;
}

/* The same in each power mode that is wanted, side by side in the facts of
 * the first. Only measuring switches; a mode that cannot be switched to is
 * shown from what is stored, with the command that switches. */
static int audition_modes(struct audition *a, const struct run_options *opt,
                          const char *config_path, const json_t *settings,
                          middle_fn middle, struct modes *m,
                          struct facts *facts, int *code, struct err *err)
{
    struct facts first = {0};
    int          rc = 0;

    for (size_t i = 0; rc == 0 && i < m->ids.n; i++) {
        struct err   why = {0};
        struct facts one = {0};
        bool can = middle != run_blocks || mode_run_reach(m, i, &why);
        int  one_code = 0;

        if (i > 0) audition_end(a);
        rc = audition_once(a, opt, config_path, settings,
                           can ? middle : only_stored, m->ids.items[i], &one,
                           &one_code, err);
        if (!can && opt->strict) one_code = code_of_both(one_code, 1);
        *code = i == 0 ? one_code : code_of_both(*code, one_code);
        if (rc == 0 && i + 1 < m->ids.n && !a->is_stopped)
            rc = output_keep(a, &one, err);
        if (rc == 0) {
            if (i == 0) first = one;
            mode_facts_add(&first, &one, m->ids.items[i], m->names.items[i],
                           can ? NULL : why.text);
        }
        if (rc || i > 0) facts_done(&one);
        if (a->is_stopped) break;
    }
    /* The last mode's run keeps what all of them amount to. */
    free(first.run_id);
    first.run_id = mem_printf("%lld", (long long)a->run.id);
    *facts = first;
    return rc;
}

static int go(const struct run_options *opt, const char *config_path,
              const json_t *settings, middle_fn middle)
{
    struct audition a     = {.opt = opt};
    struct modes    modes = {0};
    struct facts    facts = {0};
    struct err      err   = {0}, left = {0};
    int             code  = 0;

    if (opt->sysroot && probe_check_root(opt->sysroot, "sysroot", &err))
        goto done;
    if (mode_run_begin(opt, config_path, &modes, &err)) goto done;
    if (modes.ids.n)
        audition_modes(&a, opt, config_path, settings, middle, &modes, &facts,
                       &code, &err);
    else
        audition_once(&a, opt, config_path, settings, middle, NULL, &facts,
                      &code, &err);
    /* Before the report, which may find its reader gone. */
    if (modes_leave(&modes, &left)) code = err_exit_code(left.kind);
    if (facts.run_id && err.kind == ERR_NONE &&
        output_report(&a, &facts, &err))                           /* 8     */
        goto done;
done:
    story_clear(&a);
    if (left.kind != ERR_NONE) fprintf(stderr, "audition: %s\n", left.text);
    if (err.kind != ERR_NONE) {
        fprintf(stderr, "audition: %s\n", err.text);
        code = err_exit_code(err.kind);
        if (opt->json) output_error(&err);
    }
    facts_done(&facts);
    modes_done(&modes);
    audition_end(&a);
    return code;
}

int pipeline_run(const struct run_options *opt, const char *config_path,
                 const json_t *settings)
{
    return go(opt, config_path, settings, run_blocks);
}

int pipeline_score(const struct run_options *opt, const char *config_path,
                   const json_t *settings)
{
    return go(opt, config_path, settings, score_again);
}

int pipeline_plan(const struct run_options *opt, const char *config_path)
{
    return go(opt, config_path, NULL, run_blocks);
}
