/* SPDX-License-Identifier: MIT */
/* store_write.c - rows into audition.db. Every text is bound, never spliced
 * into SQL: it may be a model's. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "store_internal.h"
#include "telemetry.h"

/* No entry of the chunks' JSON is longer: four numbers and punctuation. */
#define MAX_CHUNK_BYTES 80

int store_add_run(struct store *s, struct store_run *run, struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s,
                    "INSERT INTO run (id, started_utc, config, settings, "
                    "machine, version) VALUES (nullif(?, 0), ?, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO UPDATE SET "
                    "started_utc = excluded.started_utc, "
                    "config = excluded.config, settings = excluded.settings, "
                    "machine = excluded.machine, version = excluded.version "
                    "RETURNING id", err))
        goto done;
    query_bind_integer(&q, run->id);
    query_bind_text(&q, run->started_utc);
    query_bind_text(&q, run->config);
    query_bind_text(&q, run->settings);
    query_bind_text(&q, run->machine);
    query_bind_text(&q, run->version);
    if (query_step(&q, err) != 1) goto done;
    run->id = query_integer(&q, 0);
    rc = query_run(&q, err);

done:
    query_end(&q);
    return rc;
}

int store_finish_run(struct store *s, int64_t run_id, const char *facts,
                     struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s, "UPDATE run SET facts = ? WHERE id = ?", err))
        goto done;
    query_bind_text(&q, facts);
    query_bind_integer(&q, run_id);
    if (query_run(&q, err)) goto done;
    if (sqlite3_changes(s->db) == 1) rc = 0;
    else err_set(err, ERR_BUG, "%s holds no run %lld to finish; please "
                 "report this", s->path, (long long)run_id);
done:
    query_end(&q);
    return rc;
}

/* Writes nothing when the subject is known: a reader may ask too. */
static int find_subject(struct store *s, const char *hash,
                        int64_t *subject_id, struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s, "SELECT id FROM subject WHERE hash = ?", err) == 0) {
        query_bind_text(&q, hash);
        rc = query_step(&q, err);
        if (rc == 1) *subject_id = query_integer(&q, 0);
    }
    query_end(&q);
    return rc;
}

int store_subject(struct store *s, const char *hash, bool fresh,
                  int64_t *subject_id, struct err *err)
{
    struct query q = {0};
    int          rc = fresh ? 0 : find_subject(s, hash, subject_id, err);

    if (rc) return rc == 1 ? 0 : -1;
    rc = -1;
    if (query_begin(&q, s, "INSERT INTO subject (hash, generation) "
                    "VALUES (?, 1) ON CONFLICT (hash) DO UPDATE "
                    "SET generation = generation + 1 RETURNING id", err))
        goto done;
    query_bind_text(&q, hash);
    if (query_step(&q, err) != 1) goto done;
    *subject_id = query_integer(&q, 0);
    rc = query_run(&q, err);

done:
    query_end(&q);
    return rc;
}

int store_find_subject(struct store *s, const char *hash,
                       int64_t *subject_id, struct err *err)
{
    *subject_id = 0;
    return find_subject(s, hash, subject_id, err) < 0 ? -1 : 0;
}

int store_add_candidate(struct store *s, int64_t run_id,
                        const struct candidate *c, int64_t subject_id,
                        const char *facts_json, struct err *err)
{
    static const char *const sources[] = {"file", "hf", "server", "replay"};
    const char *const locations[] = {c->path, c->hf, c->base_url, c->path};
    struct query      q;
    int               rc = -1;

    if (query_begin(&q, s,
                    "INSERT INTO candidate (run_id, subject_id, name, "
                    "source, location, model_sha256, failure, facts) "
                    "VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (run_id, name) DO UPDATE SET "
                    "subject_id = excluded.subject_id, "
                    "source = excluded.source, location = excluded.location, "
                    "model_sha256 = excluded.model_sha256, "
                    "failure = excluded.failure, facts = excluded.facts",
                    err))
        goto done;
    query_bind_integer(&q, run_id);
    query_bind_integer(&q, subject_id);
    query_bind_text(&q, c->name);
    query_bind_text(&q, sources[c->source]);
    query_bind_text(&q, locations[c->source]);
    query_bind_text(&q, *c->sha256 ? c->sha256 : NULL);
    query_bind_text(&q, c->failure.kind ? c->failure.text : NULL);
    query_bind_text(&q, facts_json);
    rc = query_run(&q, err);

done:
    query_end(&q);
    return rc;
}

/* ---- a trial ------------------------------------------------------------ */

static char *chunks_json(const struct turn *t)
{
    int64_t       start = t->sent_ns < 0 ? 0 : t->sent_ns;
    struct strbuf b;

    strbuf_init(&b, t->n_chunks * MAX_CHUNK_BYTES + 2);
    strbuf_add(&b, "[");
    for (size_t i = 0; i < t->n_chunks; i++) {
        const struct chunk *c = &t->chunks[i];

        strbuf_addf(&b, "%s[%lld,%d,%zu,", i ? "," : "",
                    (long long)(c->at_ns - start), (int)c->kind,
                    c->end_bytes);
        if (c->tokens < 0) strbuf_add(&b, "null]");
        else strbuf_addf(&b, "%d]", c->tokens);
    }
    strbuf_add(&b, "]");
    return b.text;
}

static char *calls_json(const struct turn *t)
{
    json_t *calls = json_array();
    char   *text;

    for (size_t i = 0; i < t->n_calls; i++) {
        json_t *call = json_object();

        jsonx_set_text(call, "id", t->calls[i].id);
        jsonx_set_text(call, "name", t->calls[i].name);
        jsonx_set_text(call, "arguments", t->calls[i].arguments);
        json_array_append_new(calls, call);
    }
    text = jsonx_dump(calls);
    json_decref(calls);
    return text;
}

/* A list as text, or NULL. */
static char *marks_text(unsigned marks)
{
    json_t *list = marks ? marks_json(marks) : NULL;
    char   *text = list ? jsonx_dump(list) : NULL;

    json_decref(list);
    return text;
}

static char *board_text(const struct telemetry *board)
{
    json_t *object = telemetry_json(board);
    char   *text = json_object_size(object) ? jsonx_dump(object) : NULL;

    json_decref(object);
    return text;
}

static int put_turn(struct query *q, int64_t trial_id, size_t position,
                    const struct turn *t, struct err *err)
{
    char *calls = calls_json(t), *chunks = chunks_json(t);
    char *marks = marks_text(t->marks), *board = board_text(&t->board);
    int   rc;

    query_bind_integer(q, trial_id);
    query_bind_integer(q, (int64_t)position);
    query_bind_count(q, t->sent_ns);
    query_bind_count(q, t->end_ns);
    query_bind_text(q, store_finish_names[t->finish]);
    query_bind_integer(q, t->http_status);
    query_bind_real(q, t->server.prompt_n);
    query_bind_real(q, t->server.cache_n);
    query_bind_real(q, t->server.prompt_ms);
    query_bind_real(q, t->server.predicted_n);
    query_bind_real(q, t->server.predicted_ms);
    query_bind_text(q, t->content ? t->content : "");
    query_bind_text(q, t->reasoning ? t->reasoning : "");
    query_bind_text(q, calls);
    query_bind_text(q, chunks);
    query_bind_text(q, marks);
    query_bind_text(q, board);
    rc = query_run(q, err);
    free(calls);
    free(chunks);
    free(marks);
    free(board);
    return rc;
}

static int put_turns(struct store *s, int64_t trial_id,
                     const struct trial *t, struct err *err)
{
    struct query q;
    int          rc = query_begin(&q, s,
        "INSERT INTO turn (trial_id, position, sent_ns, end_ns, finish, "
        "http_status, prompt_n, cache_n, prompt_ms, predicted_n, "
        "predicted_ms, content, reasoning, calls, chunks, marks, board) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);

    for (size_t i = 0; rc == 0 && i < t->n_turns; i++)
        rc = put_turn(&q, trial_id, i, &t->turns[i], err);
    query_end(&q);
    return rc;
}

static int put_messages(struct store *s, int64_t trial_id,
                        const struct trial *t, struct err *err)
{
    struct query q;
    int          rc = query_begin(&q, s,
        "INSERT INTO message (trial_id, position, role, text, call_id, "
        "turn_position) VALUES (?, ?, ?, ?, ?, ?)", err);

    for (size_t i = 0; rc == 0 && i < t->n_messages; i++) {
        query_bind_integer(&q, trial_id);
        query_bind_integer(&q, (int64_t)i);
        query_bind_text(&q, t->messages[i].role);
        query_bind_text(&q, t->messages[i].text);
        query_bind_text(&q, t->messages[i].call_id);
        query_bind_count(&q, t->messages[i].turn);
        rc = query_run(&q, err);
    }
    query_end(&q);
    return rc;
}

static int put_observations(struct store *s, int64_t trial_id,
                            const struct trial *t, struct err *err)
{
    struct query q;
    int          rc = query_begin(&q, s,
        "INSERT INTO observation (trial_id, position, metric, value) "
        "VALUES (?, ?, ?, ?)", err);

    for (size_t i = 0; rc == 0 && i < t->n_observations; i++) {
        query_bind_integer(&q, trial_id);
        query_bind_integer(&q, (int64_t)i);
        query_bind_text(&q, t->observations[i].metric);
        query_bind_real(&q, t->observations[i].value);
        rc = query_run(&q, err);
    }
    query_end(&q);
    return rc;
}

static int delete_harness_fault(struct store *s, int64_t subject_id,
                                const char *key, struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s,
                    "DELETE FROM trial WHERE subject_id = ?1 AND key = ?2 "
                    "AND generation = (SELECT generation FROM subject "
                    "WHERE id = ?1) AND (status = 'harness_fault' "
                    "OR outcome = 'harness_fault')", err))
        goto done;
    query_bind_integer(&q, subject_id);
    query_bind_text(&q, key);
    rc = query_run(&q, err);

done:
    query_end(&q);
    return rc;
}

/* 1 and the new row's id, 0 when a trial of that key stands, -1 failed. */
static int put_row(struct store *s, int64_t subject_id, int64_t run_id,
                   const struct trial *t, int64_t *trial_id, struct err *err)
{
    char        *end_state = t->end_state ? jsonx_dump(t->end_state) : NULL;
    char        *marks = marks_text(t->marks);
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s,
                    "INSERT INTO trial (subject_id, generation, run_id, key, "
                    "block, status, fault, duration_s, outcome, suite, "
                    "case_id, case_hash, reason, end_state, marks) "
                    "VALUES (?1, "
                    "(SELECT generation FROM subject WHERE id = ?1), "
                    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (subject_id, generation, key) DO NOTHING "
                    "RETURNING id", err))
        goto done;
    query_bind_integer(&q, subject_id);
    query_bind_integer(&q, run_id);
    query_bind_text(&q, t->key);
    query_bind_integer(&q, t->block);
    query_bind_text(&q, store_status_names[t->status]);
    query_bind_text(&q, t->fault);
    query_bind_real(&q, t->duration_s);
    query_bind_text(&q, outcome_name(t->outcome));
    query_bind_text(&q, t->suite);
    query_bind_text(&q, t->case_id);
    query_bind_text(&q, t->case_hash);
    query_bind_text(&q, t->reason);
    query_bind_text(&q, end_state);
    query_bind_text(&q, marks);
    rc = query_step(&q, err);
    if (rc != 1) goto done;
    *trial_id = query_integer(&q, 0);
    if (query_run(&q, err)) rc = -1;

done:
    query_end(&q);
    free(end_state);
    free(marks);
    return rc;
}

/* Some failures have ended the transaction by themselves. */
static void roll_back(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_put_trial(struct store *s, int64_t subject_id, int64_t run_id,
                    const struct trial *t, struct err *err)
{
    int64_t trial_id = 0;
    int     rc = -1, inserted;

    if (store_exec(s, "BEGIN IMMEDIATE", err)) return -1;
    if (delete_harness_fault(s, subject_id, t->key, err)) goto done;
    inserted = put_row(s, subject_id, run_id, t, &trial_id, err);
    if (inserted < 0) goto done;
    if (inserted && (put_turns(s, trial_id, t, err) ||
                     put_messages(s, trial_id, t, err) ||
                     put_observations(s, trial_id, t, err)))
        goto done;
    rc = store_exec(s, "COMMIT", err);

done:
    if (rc) roll_back(s);
    return rc;
}

static int set_outcome(struct store *s, int64_t trial_id,
                       const struct trial *t, struct err *err)
{
    struct query q;
    int          rc = query_begin(&q, s, "UPDATE trial SET outcome = ?2, "
                                  "reason = ?3 WHERE id = ?1", err);

    if (rc == 0) {
        query_bind_integer(&q, trial_id);
        query_bind_text(&q, outcome_name(t->outcome));
        query_bind_text(&q, t->reason);
        rc = query_run(&q, err);
    }
    query_end(&q);
    return rc;
}

/* The observations anew: judging again may have noted others. */
static int set_observations(struct store *s, int64_t trial_id,
                            const struct trial *t, struct err *err)
{
    struct query q;
    int          rc = query_begin(&q, s, "DELETE FROM observation WHERE "
                                  "trial_id = ?1", err);

    if (rc == 0) {
        query_bind_integer(&q, trial_id);
        rc = query_run(&q, err);
    }
    query_end(&q);
    return rc ? -1 : put_observations(s, trial_id, t, err);
}

static int find_trial(struct store *s, int64_t subject_id, const char *key,
                      int64_t *id, struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s, "SELECT id FROM trial WHERE subject_id = ?1 AND "
                    "key = ?2 AND generation = (SELECT generation FROM "
                    "subject WHERE id = ?1)", err))
        goto done;
    query_bind_integer(&q, subject_id);
    query_bind_text(&q, key);
    switch (query_step(&q, err)) {
    case 1:
        *id = query_integer(&q, 0);
        rc  = 0;
        break;
    case 0:
        err_set(err, ERR_BUG, "%s holds no trial \"%s\" to judge again; please "
                "report this", s->path, key);
        break;
    default: break;
    }
done:
    query_end(&q);
    return rc;
}

/* Trials may be judged again while they are read: that is a transaction. */
int store_set_judgement(struct store *s, int64_t subject_id,
                        const struct trial *t, struct err *err)
{
    bool    is_inside = !sqlite3_get_autocommit(s->db);
    int64_t id;
    int     rc;

    if (find_trial(s, subject_id, t->key, &id, err)) return -1;
    if (store_exec(s, is_inside ? "SAVEPOINT judgement" : "BEGIN IMMEDIATE",
                   err))
        return -1;
    rc = set_outcome(s, id, t, err) || set_observations(s, id, t, err)
        ? -1 : store_exec(s, is_inside ? "RELEASE judgement" : "COMMIT", err);
    if (rc && is_inside)
        sqlite3_exec(s->db, "ROLLBACK TO judgement; RELEASE judgement", NULL,
                     NULL, NULL);
    else if (rc)
        roll_back(s);
    return rc;
}

int store_remember(struct store *s, const char *kind, const char *key,
                   const char *value, struct err *err)
{
    struct query q;
    int          rc = -1;

    if (query_begin(&q, s, "INSERT OR REPLACE INTO memo (kind, key, value) "
                    "VALUES (?, ?, ?)", err))
        goto done;
    query_bind_text(&q, kind);
    query_bind_text(&q, key);
    query_bind_text(&q, value);
    rc = query_run(&q, err);

done:
    query_end(&q);
    return rc;
}
