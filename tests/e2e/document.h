/* SPDX-License-Identifier: MIT */
/* document.h - the JSON report and the store, as a foreign program reads
 * them: with nothing of ours but the documented names. */
#ifndef TESTS_E2E_DOCUMENT_H
#define TESTS_E2E_DOCUMENT_H

#include <math.h>
#include <sqlite3.h>

#include "program.h"

/* The one document on stdout. Caller decrefs. */
static inline json_t *document_of(const struct outcome *o)
{
    json_error_t why;
    json_t      *document = json_loadb(o->out, o->out_bytes,
                                       JSON_REJECT_DUPLICATES, &why);

    if (!document) {
        show(o);
        fail_msg("stdout is not one JSON document: %s at byte %d", why.text,
                 why.position);
    }
    return document;
}

/* Borrowed, or NULL. */
static inline json_t *candidate_of(const json_t *document, const char *name)
{
    json_t *item;
    size_t  i;

    json_array_foreach(json_object_get(document, "candidates"), i, item) {
        const char *called = json_string_value(json_object_get(item, "name"));
        if (called && strcmp(called, name) == 0) return item;
    }
    return NULL;
}

/* A text of an object, "" when it has none. */
static inline const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static inline double median_of(const json_t *candidate, const char *metric)
{
    json_t *m = json_object_get(json_object_get(candidate, "metrics"), metric);
    json_t *v = json_object_get(m, "median");

    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Has a status of ok, a speed, a latency and judged cases. */
static inline bool is_measured(const json_t *document, const char *name)
{
    static const char *const needed[] = {
        "served_tok_s", "prompt_tok_s", "first_sentence_s", "latency50_s",
        "load_s", NULL};
    const json_t *c = candidate_of(document, name);

    if (strcmp(text_at(c, "status"), "ok") != 0) return false;
    for (size_t i = 0; needed[i]; i++)
        if (!(median_of(c, needed[i]) > 0)) return false;
    return json_object_size(json_object_get(c, "quality")) > 0;
}

/* ---- the store ---------------------------------------------------------- */

/* Every line that a query yields, columns joined by '|', a '\n' after each.
 * Caller frees. */
static inline char *query(const char *path, const char *sql)
{
    sqlite3      *db = NULL;
    sqlite3_stmt *st = NULL;
    char         *all = mem_copy("");
    int           rc;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ||
        sqlite3_prepare_v2(db, sql, -1, &st, NULL))
        fail_msg("%s: %s", path, sqlite3_errmsg(db));
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        size_t used = strlen(all), n = used + 2;

        for (int i = 0; i < sqlite3_column_count(st); i++)
            n += (size_t)sqlite3_column_bytes(st, i) + 1;
        all = mem_grow(all, n, 1);
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *text = (const char *)sqlite3_column_text(st, i);
            used += (size_t)snprintf(all + used, n - used, "%s%s",
                                     i ? "|" : "", text ? text : "");
        }
        snprintf(all + used, n - used, "\n");
    }
    if (rc != SQLITE_DONE) fail_msg("%s: %s", path, sqlite3_errmsg(db));
    sqlite3_finalize(st);
    sqlite3_close(db);
    return all;
}

static inline char *query_store(const struct workplace *w, const char *sql)
{
    char *path = workplace_path(w, "audition.db");
    char *rows = access(path, F_OK) == 0 ? query(path, sql) : mem_copy("");

    free(path);
    return rows;
}

static inline void expect_rows(const struct workplace *w, const char *sql,
                               const char *want)
{
    char *rows = query_store(w, sql);

    if (strcmp(rows, want) != 0)
        fail_msg("%s\nwanted %s, got %s", sql, want, rows);
    free(rows);
}

#endif
