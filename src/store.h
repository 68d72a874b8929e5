/* SPDX-License-Identifier: MIT */
/* store.h - audition.db: what was measured, for ever. The only file that
 * knows SQL.
 *
 * SQLite, WAL, STRICT tables, units in column names, PRAGMA user_version
 * and forward migrations (src/schema.sql): a writer brings an older file up to
 * date, a reader takes it as it is. One transaction a trial: after a
 * kill -9 or a power cut a trial is there whole or not at all. A second
 * terminal may read the file while an audition runs.
 *
 * Identity  a `subject` is what was auditioned: the hash of model SHA-256,
 *           engine build, flags, sampling, prompt + tools + entities and
 *           METHOD_VERSION. Trials have a key that is unique within their
 *           subject. `generation` rises with `run --fresh`; only the newest
 *           counts.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "types.h"

struct store;

/* Opens or creates. for_writing takes the store's lock: when another
 * audition holds it, fails with ERR_FAILED naming its pid. Read-only folder,
 * no space, not a database, a newer version than ours: ERR_INPUT or
 * ERR_FAILED in one sentence with what to do. */
MUST_USE int store_open(struct store **out, const char *path,
                        bool for_writing, struct err *err);
void store_close(struct store *s);    /* NULL is fine */

struct store_run {
    int64_t id;                 /* 0 to create */
    char    started_utc[24];
    char   *config;             /* YAML text or the flags, as given          */
    char   *settings;           /* JSON: resolved options and their source   */
    char   *machine;            /* JSON                                      */
    char   *version;            /* of audition                               */
    bool    is_finished;
};
void store_run_done(struct store_run *run);
MUST_USE int store_add_run(struct store *s, struct store_run *run,
                           struct err *err);
/* facts: the report's facts record as JSON, so that it can be shown again. */
MUST_USE int store_finish_run(struct store *s, int64_t run_id,
                              const char *facts, struct err *err);
/* run_id 0: the newest. *facts is NULL when it was never finished. */
MUST_USE int store_get_run(struct store *s, int64_t run_id,
                           struct store_run *run, char **facts,
                           struct err *err);
typedef int (*store_run_fn)(void *ctx, const struct store_run *run,
                            int candidates, int trials);
MUST_USE int store_each_run(struct store *s, store_run_fn fn, void *ctx,
                            struct err *err);

/* The subject's id; created when new. fresh: begin a new generation. */
MUST_USE int store_subject(struct store *s, const char *hash, bool fresh,
                           int64_t *subject_id, struct err *err);
/* The same without creating it: 0 when it is not known. */
MUST_USE int store_find_subject(struct store *s, const char *hash,
                                int64_t *subject_id, struct err *err);

/* A candidate of a run, with the subject it stands for (0: none, it could
 * not be auditioned) and everything known about it as JSON. */
MUST_USE int store_add_candidate(struct store *s, int64_t run_id,
                                 const struct candidate *c,
                                 int64_t subject_id, const char *facts_json,
                                 struct err *err);

/* The candidates of a run (0: the newest) in their order, with the subject
 * that each stands for, 0: none. name is borrowed for the call. */
typedef int (*store_candidate_fn)(void *ctx, const char *name,
                                  int64_t subject_id);
MUST_USE int store_each_candidate(struct store *s, int64_t run_id,
                                  store_candidate_fn fn, void *ctx,
                                  struct err *err);

/* Replaces a trial of the same key only when that one was a harness fault. */
MUST_USE int store_put_trial(struct store *s, int64_t subject_id,
                             int64_t run_id, const struct trial *t,
                             struct err *err);

/* Every trial of the subject's newest generation, in order of storing. With
 * `whole`, turns and messages too (for scoring again); otherwise only
 * status, observations and outcome. trial is borrowed for the call. */
typedef int (*store_trial_fn)(void *ctx, const struct trial *t);
MUST_USE int store_each_trial(struct store *s, int64_t subject_id, bool whole,
                              store_trial_fn fn, void *ctx, struct err *err);

/* Judged again: outcome, reason and observations of t in the place of those
 * that are stored under its key. */
MUST_USE int store_set_judgement(struct store *s, int64_t subject_id,
                                 const struct trial *t, struct err *err);

/* Small facts that cost time to find (a file's SHA-256 by inode, size and
 * mtime; an engine's build by the same). NULL when not known; caller frees. */
char *store_recall(struct store *s, const char *kind, const char *key);
MUST_USE int store_remember(struct store *s, const char *kind,
                            const char *key, const char *value,
                            struct err *err);

#endif
