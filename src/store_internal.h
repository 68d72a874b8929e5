/* SPDX-License-Identifier: MIT */
/* store_internal.h - what store.c (opening, errors), store_write.c and
 * store_read.c share. Nobody else includes it, except a test that breaks
 * the database under the store. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct store {
    sqlite3 *db;
    char    *path;        /* as the caller wrote it, for error texts        */
    int      format;      /* of the file; a writer has the newest           */
    char    *lock_path;   /* NULL for a reader                              */
    int      lock_fd;     /* -1 while the lock is not held                  */
};

/* Words of the enums of types.h as the tables spell them; end with NULL. */
extern const char *const store_status_names[];   /* enum trial_status */
extern const char *const store_finish_names[];   /* enum finish */

/* Turn SQLite's last failure into a sentence. Always returns -1. */
int store_fail(struct store *s, struct err *err);
MUST_USE int store_exec(struct store *s, const char *sql, struct err *err);

/* A statement. Parameters are bound in order, each call the next one; what
 * could not be bound makes the next step fail. query_end is safe on a zeroed
 * struct and after a failed query_begin. */
struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int           bound;
    int           bind_failure;   /* SQLite's code, 0 when all is well */
};
MUST_USE int query_begin(struct query *q, struct store *s, const char *sql,
                         struct err *err);
void query_end(struct query *q);

/* NULL for NULL; invalid UTF-8 is replaced. text is borrowed until the row
 * is stored. */
void query_bind_text(struct query *q, const char *text);
void query_bind_integer(struct query *q, int64_t value);
void query_bind_count(struct query *q, int64_t value);  /* negative: NULL */
void query_bind_real(struct query *q, double value);    /* NAN: NULL */

/* 1 a row, 0 no more, -1 failed. */
MUST_USE int query_step(struct query *q, struct err *err);
/* Step to the end and make ready to bind anew. */
MUST_USE int query_run(struct query *q, struct err *err);

/* Of the row: text until the next step, "" for NULL; copy: NULL for NULL,
 * the caller frees it. */
const char *query_text(struct query *q, int column);
char       *query_copy(struct query *q, int column);
int64_t     query_integer(struct query *q, int column);
int64_t     query_count(struct query *q, int column);   /* NULL: -1 */
double      query_real(struct query *q, int column);    /* NULL: NAN */

#endif
