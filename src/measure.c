/* SPDX-License-Identifier: MIT */
/* measure.c - see measure.h: the life of one block. What each trial asks is
 * in works.c. */
#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "board_notes.h"
#include "engine/bench.h"
#include "engine/watched.h"
#include "observe.h"
#include "session.h"
#include "works.h"

#define MAX_FAILURES 3   /* in a row: then the candidate is given up */
#define BUSY_S       1.0 /* before asking a busy server again ...    */
#define MAX_BUSY_S   10  /* ... or as long as it says, but no longer */
#define NAP_S        0.05
#define BENCH_REPETITIONS 3
#define COOL_S       180.0  /* of a block, waited for a hot board ...        */
#define COOL_ONCE_S  60.0   /* ... in portions of at most so long            */

static bool is_ours(const struct measure *m)
{
    return engine_for(m->candidate->source) == &engine_llama_server;
}

/* Is there nothing left to ask the engine? */
static bool is_asked(const struct measure *m, int block)
{
    struct work w;

    if (progress_has(m->progress, "died")) return true;
    schedule_next(m->schedule, m->progress, block, &w);
    if (w.kind != WORK_DONE) return false;
    /* Memory is read last: a kill before that leaves the block open. */
    snprintf(w.key, sizeof w.key, "b%d/memory", block);
    return !is_ours(m) || progress_has(m->progress, w.key);
}

bool measure_is_done(const struct measure *m, int block)
{
    char key[24];

    snprintf(key, sizeof key, "b%d/engine", block);
    return progress_has(m->progress, "died") ||
           (is_asked(m, block) &&
            (!is_ours(m) || progress_has(m->progress, key)));
}

static int keep(const struct measure *m, const struct trial *t,
                struct err *err)
{
    if (m->keep(m->ctx, t, err)) return -1;
    progress_add(m->progress, t);
    return 0;
}

/* The load as a trial of its own: each start is a cold-start sample. */
static int keep_load(const struct measure *m, int block,
                     const struct engine_facts *facts, struct err *err)
{
    struct trial t = {.block = block};
    int          n = 0, rc;

    do snprintf(t.key, sizeof t.key, "b%d/load/%d", block, n++);
    while (progress_has(m->progress, t.key));
    t.duration_s = isnan(facts->load_s) ? 0 : facts->load_s;
    trial_observe(&t, "load_s", facts->load_s);
    rc = keep(m, &t, err);
    trial_done(&t);
    return rc;
}

/* From the start of the process to the first answer, and how cold that was. */
static int keep_cold_start(struct bench *b, int block, const struct turn *turn,
                           struct err *err)
{
    struct trial t = {.block = block};
    int          n = 0, rc;

    if (b->facts->started_ns < 0) return 0;
    do snprintf(t.key, sizeof t.key, "b%d/cold_start/%d", block, n++);
    while (progress_has(b->m->progress, t.key));
    /* That weights are read from a disk is what is measured here. */
    t.marks = turn->marks & ~(unsigned)MARK_SWAPPED;
    trial_observe(&t, "cold_start_s",
                  observe_cold_start_s(turn, b->facts->started_ns));
    t.reason = mem_copy(b->facts->page_cache);
    rc = keep(b->m, &t, err);
    trial_done(&t);
    return rc;
}

/* At the end of a block, when everything that is ever needed was needed. */
static int keep_memory(const struct measure *m, int block,
                       const struct engine_facts *facts, struct err *err)
{
    struct trial t = {.block = block};
    int          rc;

    if (facts->pid <= 0 || !m->board) return 0;
    snprintf(t.key, sizeof t.key, "b%d/memory", block);
    board_observe_memory(m->board, facts->pid, m->candidate->path, &t);
    rc = keep(m, &t, err);
    trial_done(&t);
    return rc;
}

/* The engine is gone for good: a result of this candidate, kept. The board
 * may know better than the engine why. */
static int keep_death(const struct measure *m, int block, struct err *why,
                      struct err *err)
{
    struct trial t = {.block = block, .status = TRIAL_FAILED,
                      .fault = "engine"};
    int          rc;

    if (m->board) board_explain(m->board, m->spec->log_path, why);
    t.reason = mem_copy(why->text);

    snprintf(t.key, sizeof t.key, "died");
    rc = keep(m, &t, err);
    trial_done(&t);
    return rc;
}

/* A server that is busy (429) or not ready (503) is left alone a moment. */
static void wait_while_busy(const struct trial *t)
{
    const struct turn *last = t->n_turns ? &t->turns[t->n_turns - 1] : NULL;
    double             left_s;

    if (!last || (last->http_status != 429 && last->http_status != 503))
        return;
    left_s = isnan(last->retry_after_s) ? BUSY_S
                                        : fmin(last->retry_after_s, MAX_BUSY_S);
    for (; left_s > 0 && !stop_signal(); left_s -= NAP_S) clock_nap(NAP_S);
}

/* The candidate cannot go on: its failure, unless that cannot be kept. */
static int give_up(const struct measure *m, int block, struct err *why,
                   bool *candidate_failed, struct err *err)
{
    if (keep_death(m, block, why, err)) return -1;
    *candidate_failed = true;
    *err = *why;
    return -1;
}

/* One work, tried again once when the fault was ours or the transport's. A
 * second such fault is kept as one, for the next run to try. Returns -1 only
 * when a signal came or the trial could not be kept; *last says why a trial
 * failed, ERR_NONE when it did not. */
static int do_work(struct bench *b, const struct work *w, struct err *last,
                   bool *was_throttled, struct err *err)
{
    struct trial t;
    int          rc;

    for (int attempt = 0;; attempt++) {
        struct err why = {0};

        t = (struct trial){.block = w->block};
        snprintf(t.key, sizeof t.key, "%s", w->key);
        *last = (struct err){0};
        rc = works_run(b, w, &t, &why);
        if (rc && why.kind == ERR_STOPPED) {
            *err = why;
            trial_done(&t);
            return -1;
        }
        if (rc) session_note_failure(&t, &why);
        if (t.status != TRIAL_OK)
            err_set(last, t.status == TRIAL_FAILED ? ERR_FAILED : ERR_TIMEOUT,
                    "%s", t.reason ? t.reason : "failed");
        if (t.status != TRIAL_HARNESS_FAULT || attempt > 0) break;
        if (!b->ops->alive(b->engine, &why)) break;
        wait_while_busy(&t);
        trial_done(&t);
    }
    board_notes_add(&t, w->kind == WORK_DECODE);
    *was_throttled = (t.marks & MARK_THROTTLED) != 0;
    rc = keep(b->m, &t, err);
    if (t.status == TRIAL_HARNESS_FAULT) progress_skip(b->m->progress, t.key);
    trial_done(&t);
    return rc;
}

/* The load, and the first answer; that is tried again once, like any work. An
 * engine that dies of its first question is a result; a question that it
 * refuses is the caller's to judge. */
static int warm_up(struct bench *b, int block, bool *candidate_failed,
                   struct err *err)
{
    struct err why = {0}, death = {0};
    int        rc  = -1, kept = 0;

    for (int attempt = 0; rc && !kept && attempt < 2; attempt++) {
        struct trial t = {.block = block};

        why = (struct err){0};
        rc = works_warm_up(b, &t, &why);
        /* Not before: nobody who waits for this answer stores a load. */
        if (attempt == 0) kept = keep_load(b->m, block, b->facts, err);
        if (rc == 0 && attempt == 0 && !kept && t.n_turns)
            kept = keep_cold_start(b, block, &t.turns[0], err);
        if (rc && (why.kind == ERR_STOPPED ||
                   !b->ops->alive(b->engine, &death)))
            attempt = 2;                       /* asking again is no use */
        if (rc && attempt == 0) wait_while_busy(&t);
        trial_done(&t);
    }
    if (kept || rc == 0) return kept;
    if (death.kind != ERR_NONE)
        return give_up(b->m, block, &death, candidate_failed, err);
    *candidate_failed = why.kind != ERR_STOPPED;
    *err = why;
    return -1;
}

/* Works until the schedule is through, or the candidate cannot go on. */
static int do_block(struct bench *b, int block, bool *candidate_failed,
                    struct err *err)
{
    struct err  last, why = {0};
    struct work w;
    int         failures = 0, own = 0;     /* in a row; of the candidate's */
    bool        was_throttled = false;
    double      cooling_s = COOL_S;        /* that may still be waited       */

    for (;;) {
        if (was_throttled && b->m->board)
            cooling_s -= board_cool(b->m->board, fmin(cooling_s, COOL_ONCE_S));
        schedule_next(b->m->schedule, b->m->progress, block, &w);
        if (w.kind == WORK_DONE) return 0;
        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped; what was measured is "
                           "stored, `audition run` goes on from here");
        if (b->m->on_work) b->m->on_work(b->m->ctx, &w);
        if (do_work(b, &w, &last, &was_throttled, err)) return -1;
        failures = last.kind == ERR_NONE ? 0 : failures + 1;
        own = last.kind == ERR_FAILED ? own + 1 : failures ? own : 0;
        if (failures == 0) continue;
        if (!b->ops->alive(b->engine, &why)) break;
        if (failures < MAX_FAILURES) continue;
        err_set(&why, ERR_FAILED, "gave up after %d failures in a row, the "
                "last: %s", failures, last.text);
        if (own > 0) break;
        /* The transport's fault alone condemns nobody: the next run tries. */
        *candidate_failed = true;
        *err = why;
        return -1;
    }
    return give_up(b->m, block, &why, candidate_failed, err);
}

/* What the template and the model do by themselves, once. An engine that
 * dies of it is found dead by what follows. */
static int preflight(struct bench *b, struct schedule *schedule, bool *again,
                     struct err *err)
{
    const struct preflight_how how = {
        .ops = b->ops, .engine = b->engine, .facts = b->facts,
        .candidate = b->m->candidate, .sampling = b->m->sampling,
        .template_kwargs = b->m->template_kwargs,
        .keep_thinking = strcmp(b->m->config->thinking, "keep") == 0};
    struct preflight found = {0};
    struct err       why   = {0};
    struct trial     t     = {.key = "preflight"};
    int              rc;

    if (!b->m->on_preflight || progress_has(b->m->progress, t.key)) return 0;
    if (preflight_run(&how, &found, &why)) {
        preflight_done(&found);
        if (why.kind != ERR_STOPPED) return 0;
        *err = why;
        return -1;
    }
    schedule->tools_by_prompt = preflight_drops_tools(&found);
    rc = b->m->on_preflight(b->m->ctx, &found, again, err);
    if (rc == 0) rc = keep(b->m, &t, err);
    preflight_done(&found);
    return rc;
}

/* The engine alone, once the server is gone: both would fight for memory.
 * What keeps it from running is told where the figure would be. */
static int keep_engine_speed(const struct measure *m, int block,
                             struct err *err)
{
    struct bench_speeds speeds = {0};
    struct trial        t = {.block = block};
    struct err          why = {0};
    int                 rc;

    snprintf(t.key, sizeof t.key, "b%d/engine", block);
    if (!is_ours(m) || progress_has(m->progress, t.key)) return 0;
    if (bench_run(m->spec->server_path, m->spec, BENCH_REPETITIONS,
                  m->spec->limits.total_s, &speeds, &why)) {
        if (why.kind == ERR_STOPPED) {
            *err = why;
            return -1;
        }
        t.reason = mem_copy(why.text);
    }
    for (size_t i = 0; i < speeds.n_tok_s; i++)
        trial_observe(&t, "engine_tok_s", speeds.tok_s[i]);
    for (size_t i = 0; i < speeds.n_prompt_tok_s; i++)
        trial_observe(&t, "engine_prompt_tok_s", speeds.prompt_tok_s[i]);
    bench_speeds_done(&speeds);
    rc = keep(m, &t, err);
    trial_done(&t);
    return rc;
}

/* A running engine: first answer, preflight, the works. */
static int do_engine(struct bench *b, struct schedule *schedule, int block,
                     bool *again, bool *candidate_failed, struct err *err)
{
    struct err ignored = {0};
    int        rc = warm_up(b, block, candidate_failed, err);

    if (rc == 0 && b->m->board && b->facts->pid > 0)
        board_loaded(b->m->board, b->m->spec->log_path, b->facts->pid,
                     b->m->candidate->path);
    /* A template that refuses every question is explained all the same. */
    if (rc && (!*candidate_failed || progress_has(b->m->progress, "died")))
        return -1;
    if (preflight(b, schedule, again, rc ? &ignored : err)) return -1;
    if (rc) {
        *again = false;
        return -1;
    }
    return *again ? 0 : do_block(b, block, candidate_failed, err);
}

/* The engine as it is asked: with the board looked at before and after each
 * request, where it runs on this board and in real time. */
static void watch(struct watched *w, struct bench *b, struct board_state *board)
{
    *w = (struct watched){.inner = b->ops, .engine = b->engine,
                          .before = board_before_turn,
                          .after = board_after_turn, .ctx = board};
    watched_make(w);
    b->ops = &w->ops;
    b->engine = w;
}

/* A failed start: what the candidate did is kept; what can be put right is
 * not. */
static int fail_start(const struct measure *m, int block,
                      bool *candidate_failed, struct err *err)
{
    struct err why = *err;

    *candidate_failed = why.kind != ERR_STOPPED && why.kind != ERR_FAILED;
    if (why.kind != ERR_FAILED &&
        !(m->board && why.kind != ERR_STOPPED &&
          board_explain(m->board, m->spec->log_path, &why)))
        return -1;
    *err = (struct err){0};
    return give_up(m, block, &why, candidate_failed, err);
}

int measure_block(const struct measure *m, int block,
                  struct engine_facts *facts, bool *again,
                  bool *candidate_failed, struct err *err)
{
    const struct engine_ops *ops = engine_for(m->candidate->source);
    struct bench         b = {.m = m, .ops = ops, .facts = facts};
    struct schedule      schedule = *m->schedule;
    struct measure       mine = *m;
    struct watched       watched;
    void                *engine;
    int                  rc;

    *candidate_failed = *again = false;
    if (is_asked(m, block)) return keep_engine_speed(m, block, err);
    if (m->board) board_before_engine(m->board, m->expected);
    if (ops->start(&engine, m->spec, facts, err))
        return fail_start(m, block, candidate_failed, err);
    b.engine = engine;
    soak_past_restart(&m->progress->soak);
    if (m->board && !facts->remote) watch(&watched, &b, m->board);
    schedule.can_complete = facts->has_completion;
    schedule.has_raw_text = facts->has_raw_text;
    mine.schedule = &schedule;
    b.m = &mine;
    rc = do_engine(&b, &schedule, block, again, candidate_failed, err);
    if (rc == 0 && !*again) rc = keep_memory(m, block, facts, err);
    works_done(&b);
    ops->stop(engine);
    if (rc == 0 && !*again) rc = keep_engine_speed(m, block, err);
    return rc;
}
