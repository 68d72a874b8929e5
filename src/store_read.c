/* SPDX-License-Identifier: MIT */
/* store_read.c - rows out of audition.db.
 *
 * A trial's parts come from one query a table, each in order of trial and
 * position, advanced side by side: a million turns cost four queries, not
 * four million. What is read may have been written by anyone: a broken
 * value is an error, never a crash.
 */
#include "store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store_internal.h"
#include "telemetry.h"

/* More different metrics than any audition of ours ever had. */
#define MAX_METRICS 1000

/* ---- runs --------------------------------------------------------------- */

void store_run_done(struct store_run *run)
{
    free(run->config);
    free(run->settings);
    free(run->machine);
    free(run->version);
    *run = (struct store_run){0};
}

/* Cut where it does not fit; size > 0. */
static void copy_text(char *to, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    memcpy(to, text, len);
    to[len] = '\0';
}

#define RUN_COLUMNS \
    "id, started_utc, config, settings, machine, version, facts IS NOT NULL"

static void read_run(struct query *q, struct store_run *run)
{
    *run = (struct store_run){.id = query_integer(q, 0)};
    copy_text(run->started_utc, sizeof run->started_utc, query_text(q, 1));
    run->config = query_copy(q, 2);
    run->settings = query_copy(q, 3);
    run->machine = query_copy(q, 4);
    run->version = query_copy(q, 5);
    run->is_finished = query_integer(q, 6) == 1;
}

int store_get_run(struct store *s, int64_t run_id, struct store_run *run,
                  char **facts, struct err *err)
{
    struct query q;
    int          rc = -1, row;

    *run = (struct store_run){0};
    *facts = NULL;
    if (query_begin(&q, s, "SELECT " RUN_COLUMNS ", facts FROM run WHERE id = "
                    "CASE WHEN ?1 = 0 THEN (SELECT max(id) FROM run) "
                    "ELSE ?1 END", err))
        goto done;
    query_bind_integer(&q, run_id);
    row = query_step(&q, err);
    if (row == 1) {
        read_run(&q, run);
        *facts = query_copy(&q, 7);
        rc = 0;
    } else if (row == 0 && run_id == 0) {
        err_set(err, ERR_INPUT, "%s holds no run yet; `audition run` makes "
                "one", s->path);
    } else if (row == 0) {
        err_set(err, ERR_INPUT, "%s holds no run %lld; `audition list` shows "
                "those it holds", s->path, (long long)run_id);
    }

done:
    query_end(&q);
    return rc;
}

int store_each_run(struct store *s, store_run_fn fn, void *ctx,
                   struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s, "SELECT " RUN_COLUMNS ", "
                    "(SELECT count(*) FROM candidate WHERE run_id = run.id), "
                    "(SELECT count(*) FROM trial WHERE run_id = run.id) "
                    "FROM run ORDER BY id", err))
        goto done;
    while ((rc = query_step(&q, err)) == 1) {
        struct store_run run;

        read_run(&q, &run);
        rc = fn(ctx, &run, (int)query_integer(&q, 7),
                (int)query_integer(&q, 8));
        store_run_done(&run);
        if (rc) break;
    }

done:
    query_end(&q);
    return rc;
}

/* ---- trials ------------------------------------------------------------- */

/* The rows of one table that belong to the trials being read. */
struct part {
    struct query query;
    int64_t      trial_id;     /* of the row not yet taken, -1: no more */
};

struct reader {
    struct store *store;
    struct query  trials;
    struct part   turns, messages, observations;
    char        **metrics;     /* names seen: a trial borrows them */
    size_t        n_metrics, last_metric;
};

#define OF_SUBJECT \
    "WHERE t.subject_id = ?1 AND t.generation = " \
    "(SELECT generation FROM subject WHERE id = ?1) "

/* CROSS: trials outside, in order of id, so that nothing is sorted. */
#define PARTS_OF_TRIALS(columns, table) \
    "SELECT p.trial_id, " columns " FROM trial t CROSS JOIN " table " p " \
    "ON p.trial_id = t.id " OF_SUBJECT "ORDER BY t.id, p.position"

static int damaged(struct reader *r, const struct trial *t, const char *what,
                   struct err *err)
{
    return err_set(err, ERR_FAILED, "%s is damaged at trial \"%s\" (%s); "
                   "move the file away and run again", r->store->path,
                   t->key, what);
}

static int name_index(const char *const *names, const char *name)
{
    for (int i = 0; name && names[i]; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

static int next_row(struct part *p, struct err *err)
{
    int rc = query_step(&p->query, err);

    p->trial_id = rc == 1 ? query_integer(&p->query, 0) : -1;
    return rc < 0 ? -1 : 0;
}

static int begin_part(struct part *p, struct store *s, const char *sql,
                      int64_t subject_id, struct err *err)
{
    if (query_begin(&p->query, s, sql, err)) return -1;
    query_bind_integer(&p->query, subject_id);
    return next_row(p, err);
}

/* The same text for the same name; a trial's metrics come in the order of
 * the trial before, so the next one is looked at first. */
static const char *metric_name(struct reader *r, const char *name)
{
    for (size_t i = 1; i <= r->n_metrics; i++) {
        size_t at = (r->last_metric + i) % r->n_metrics;

        if (strcmp(r->metrics[at], name) == 0) {
            r->last_metric = at;
            return r->metrics[at];
        }
    }
    if (r->n_metrics == MAX_METRICS) return NULL;
    r->metrics = mem_grow(r->metrics, r->n_metrics + 1, sizeof *r->metrics);
    r->last_metric = r->n_metrics;
    return r->metrics[r->n_metrics++] = mem_copy(name);
}

static int read_observations(struct reader *r, int64_t trial_id,
                             struct trial *t, struct err *err)
{
    struct part *p = &r->observations;
    size_t       room = 0;

    while (p->trial_id == trial_id) {
        const char *metric = metric_name(r, query_text(&p->query, 1));

        if (!metric) return damaged(r, t, "too many metrics", err);
        if (t->n_observations == room) {
            room = room ? room * 2 : 8;
            t->observations = mem_grow(t->observations, room,
                                       sizeof *t->observations);
        }
        /* Not trial_observe: it leaves out what was not observed. */
        t->observations[t->n_observations++] = (struct observation){
            .metric = metric, .value = query_real(&p->query, 2)};
        if (next_row(p, err)) return -1;
    }
    return 0;
}

static int read_messages(struct reader *r, int64_t trial_id, struct trial *t,
                         struct err *err)
{
    static const char *const roles[] = {"system", "user", "assistant", "tool",
                                        NULL};
    struct part *p = &r->messages;

    while (p->trial_id == trial_id) {
        int64_t         turn = query_count(&p->query, 4);
        int             role = name_index(roles, query_text(&p->query, 1));
        struct message *m;

        if (role < 0) return damaged(r, t, "message of no known role", err);
        m = trial_add_message(t, roles[role], query_text(&p->query, 2));
        m->call_id = query_copy(&p->query, 3);
        /* An index: it must never point outside the turns. */
        m->turn = turn >= 0 && (uint64_t)turn < t->n_turns ? (int)turn : -1;
        if (next_row(p, err)) return -1;
    }
    return 0;
}

static int read_calls(struct turn *t, const char *text, struct err *err)
{
    json_t *calls = jsonx_parse(text, strlen(text), err), *call;
    size_t  i;

    if (!calls) return -1;
    json_array_foreach(calls, i, call) {
        const char *id = jsonx_text(call, "id");
        const char *name = jsonx_text(call, "name");
        const char *arguments = jsonx_text(call, "arguments");

        t->calls = mem_grow(t->calls, t->n_calls + 1, sizeof *t->calls);
        t->calls[t->n_calls++] = (struct tool_call){
            mem_copy(id ? id : ""), mem_copy(name ? name : ""),
            mem_copy(arguments ? arguments : "")};
    }
    json_decref(calls);
    return 0;
}

static int read_chunk(struct turn *t, const json_t *entry)
{
    const json_t *at = json_array_get(entry, 0);
    const json_t *kind = json_array_get(entry, 1);
    const json_t *bytes = json_array_get(entry, 2);
    const json_t *tokens = json_array_get(entry, 3);
    json_int_t    count = json_is_integer(tokens)
                              ? json_integer_value(tokens) : -1;
    int64_t       at_ns, end = json_integer_value(bytes);
    size_t        most = SIZE_MAX;
    enum chunk_kind which = (enum chunk_kind)json_integer_value(kind);

    if (!json_is_integer(at) || !json_is_integer(kind) ||
        !json_is_integer(bytes) || json_integer_value(kind) < CHUNK_CONTENT ||
        json_integer_value(kind) > CHUNK_CALL || end < 0 ||
        count < -1 || count > INT_MAX ||
        __builtin_add_overflow(t->sent_ns < 0 ? 0 : t->sent_ns,
                               (int64_t)json_integer_value(at), &at_ns))
        return -1;
    /* A length: it must never reach beyond its text. */
    if (which == CHUNK_CONTENT) most = strlen(t->content);
    if (which == CHUNK_REASONING) most = strlen(t->reasoning);
    t->chunks[t->n_chunks++] = (struct chunk){
        .at_ns = at_ns, .kind = which, .tokens = (int)count,
        .end_bytes = (uint64_t)end < most ? (size_t)end : most};
    return 0;
}

static int read_chunks(struct turn *t, const char *text, struct err *err)
{
    json_t *chunks = jsonx_parse(text, strlen(text), err), *entry;
    size_t  i;
    int     rc = 0;

    if (!chunks) return -1;
    t->chunks = mem_new(json_array_size(chunks), sizeof *t->chunks);
    json_array_foreach(chunks, i, entry)
        if (rc == 0 && read_chunk(t, entry))
            rc = err_set(err, ERR_FAILED, "chunk %zu is none", i);
    json_decref(chunks);
    return rc;
}

/* Broken text is as none: nothing depends on it but a note. */
static unsigned read_marks(const char *text)
{
    struct err ignored = {0};
    json_t    *list = *text ? jsonx_parse(text, strlen(text), &ignored) : NULL;
    unsigned   marks = marks_from_json(list);

    json_decref(list);
    return marks;
}

static void read_board(struct turn *t, const char *text)
{
    struct err ignored = {0};
    json_t    *o = *text ? jsonx_parse(text, strlen(text), &ignored) : NULL;

    telemetry_read(o, &t->board);
    json_decref(o);
}

static int read_turns(struct reader *r, int64_t trial_id, struct trial *t,
                      struct err *err)
{
    struct part *p = &r->turns;

    while (p->trial_id == trial_id) {
        struct query *q = &p->query;
        struct turn  *turn = trial_add_turn(t);
        struct err    why = {0};
        int           finish = name_index(store_finish_names,
                                          query_text(q, 3));

        free(turn->content);
        free(turn->reasoning);
        turn->sent_ns = query_count(q, 1);
        turn->end_ns = query_count(q, 2);
        turn->finish = finish < 0 ? FINISH_NONE : (enum finish)finish;
        turn->http_status = (int)query_integer(q, 4);
        turn->server = (struct timings){
            query_real(q, 5), query_real(q, 6), query_real(q, 7),
            query_real(q, 8), query_real(q, 9)};
        turn->content = mem_copy(query_text(q, 10));
        turn->reasoning = mem_copy(query_text(q, 11));
        turn->marks = read_marks(query_text(q, 14));
        read_board(turn, query_text(q, 15));
        if (read_calls(turn, query_text(q, 12), &why) ||
            read_chunks(turn, query_text(q, 13), &why))
            return damaged(r, t, why.text, err);
        if (next_row(p, err)) return -1;
    }
    return 0;
}

static int read_trial(struct reader *r, struct trial *t, struct err *err)
{
    struct query *q = &r->trials;
    int64_t       trial_id = query_integer(q, 0);
    const char   *end_state = query_text(q, 11);
    struct err    why = {0};
    int           status = name_index(store_status_names, query_text(q, 3));

    copy_text(t->key, sizeof t->key, query_text(q, 1));
    if (status < 0) return damaged(r, t, "status not known", err);
    t->block = (int)query_integer(q, 2);
    t->status = (enum trial_status)status;
    copy_text(t->fault, sizeof t->fault, query_text(q, 4));
    t->duration_s = query_real(q, 5);
    t->outcome = outcome_from_name(query_text(q, 6));
    t->suite = query_copy(q, 7);
    t->case_id = query_copy(q, 8);
    t->case_hash = query_copy(q, 9);
    t->reason = query_copy(q, 10);
    t->marks = read_marks(query_text(q, 12));
    if (*end_state) {
        t->end_state = jsonx_parse(end_state, strlen(end_state), &why);
        if (!t->end_state) return damaged(r, t, why.text, err);
    }
    if (read_turns(r, trial_id, t, err)) return -1;
    if (read_messages(r, trial_id, t, err)) return -1;
    return read_observations(r, trial_id, t, err);
}

/* The home's state is long and read only to judge again. */
#define TRIALS(marks) \
    "SELECT t.id, t.key, t.block, t.status, t.fault, t.duration_s, " \
    "t.outcome, t.suite, t.case_id, t.case_hash, t.reason, " \
    "CASE WHEN ?2 THEN t.end_state END, " marks \
    " FROM trial t " OF_SUBJECT "ORDER BY t.id"
#define TURNS(board) \
    PARTS_OF_TRIALS("p.sent_ns, p.end_ns, p.finish, p.http_status, " \
                    "p.prompt_n, p.cache_n, p.prompt_ms, p.predicted_n, " \
                    "p.predicted_ms, p.content, p.reasoning, p.calls, " \
                    "p.chunks, " board, "turn")

static int begin_reader(struct reader *r, int64_t subject_id, bool whole,
                        struct err *err)
{
    struct store *s = r->store;
    bool          has_board = s->format >= 2;    /* else nobody looked */

    if (query_begin(&r->trials, s, has_board ? TRIALS("t.marks")
                                             : TRIALS("NULL"), err))
        return -1;
    query_bind_integer(&r->trials, subject_id);
    query_bind_integer(&r->trials, whole);
    if (begin_part(&r->observations, s,
                   PARTS_OF_TRIALS("p.metric, p.value", "observation"),
                   subject_id, err))
        return -1;
    if (!whole) return 0;
    if (begin_part(&r->messages, s,
                   PARTS_OF_TRIALS("p.role, p.text, p.call_id, "
                                   "p.turn_position", "message"),
                   subject_id, err))
        return -1;
    return begin_part(&r->turns, s, has_board ? TURNS("p.marks, p.board")
                                              : TURNS("NULL, NULL"),
                      subject_id, err);
}

static void end_reader(struct reader *r)
{
    query_end(&r->trials);
    query_end(&r->turns.query);
    query_end(&r->messages.query);
    query_end(&r->observations.query);
    for (size_t i = 0; i < r->n_metrics; i++) free(r->metrics[i]);
    free(r->metrics);
}

int store_each_trial(struct store *s, int64_t subject_id, bool whole,
                     store_trial_fn fn, void *ctx, struct err *err)
{
    struct reader r = {.store = s, .turns.trial_id = -1,
                       .messages.trial_id = -1};
    int           rc = -1;

    /* One snapshot for all queries, and one transaction for the outcomes
     * that fn may set: judging ten thousand cases again is one fsync. */
    if (store_exec(s, "BEGIN", err)) return -1;
    if (begin_reader(&r, subject_id, whole, err) == 0)
        while ((rc = query_step(&r.trials, err)) == 1) {
            struct trial t = {0};

            rc = read_trial(&r, &t, err);
            if (rc == 0) rc = fn(ctx, &t);
            trial_done(&t);
            if (rc) break;
        }
    end_reader(&r);
    if (store_exec(s, "COMMIT", err)) {
        rc = -1;
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return rc;
}

/* ---- memo --------------------------------------------------------------- */

char *store_recall(struct store *s, const char *kind, const char *key)
{
    struct query q;
    char        *value = NULL;

    if (query_begin(&q, s, "SELECT value FROM memo WHERE kind = ? "
                    "AND key = ?", NULL) == 0) {
        query_bind_text(&q, kind);
        query_bind_text(&q, key);
        if (query_step(&q, NULL) == 1) value = query_copy(&q, 0);
    }
    query_end(&q);
    return value;
}

int store_each_candidate(struct store *s, int64_t run_id,
                         store_candidate_fn fn, void *ctx, struct err *err)
{
    struct query q;
    int          rc = query_begin(
        &q, s, "SELECT name, subject_id FROM candidate WHERE run_id = "
        "CASE ?1 WHEN 0 THEN (SELECT max(id) FROM run) ELSE ?1 END "
        "ORDER BY id", err);

    if (rc == 0) query_bind_integer(&q, run_id);
    while (rc == 0) {
        int64_t subject;
        int     more = query_step(&q, err);

        if (more <= 0) {
            rc = more;
            break;
        }
        subject = query_count(&q, 1);
        rc = fn(ctx, query_text(&q, 0), subject > 0 ? subject : 0);
    }
    query_end(&q);
    return rc;
}
