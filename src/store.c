/* SPDX-License-Identifier: MIT */
/* store.c - opening audition.db: whose file is it, which format, who writes;
 * and SQLite's failures in the user's words. Rows are written in
 * store_write.c and read in store_read.c.
 *
 * Two guards: SQLite's own locks keep the file whole; ours (flock on
 * PATH.lock) keeps two auditions from measuring into each other's trials.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "store_internal.h"

/* In the file's header, so that `file` and we know whose it is: "AUD1". */
#define APPLICATION_ID 0x41554431

/* How long another program's short use of the file is waited for. */
#define BUSY_MS 10000

/* ISO C promises 4,095 characters a literal; gcc and clang take more. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
static const char schema[] =
#include "schema.inc"
    ;
#pragma GCC diagnostic pop

/* Format 2: what the board did. marks: a JSON list of mark_name(), NULL when
 * there is none; board: telemetry_json(), NULL when nothing was watched. */
static const char board_columns[] =
    "ALTER TABLE trial ADD COLUMN marks TEXT;"
    "ALTER TABLE turn ADD COLUMN marks TEXT;"
    "ALTER TABLE turn ADD COLUMN board TEXT";

/* migrations[v] takes a file of format v to format v + 1. Only ever grows. */
static const char *const migrations[] = {schema, board_columns};
static const int         newest = sizeof migrations / sizeof *migrations;

const char *const store_status_names[] = {"ok", "failed", "harness_fault",
                                          NULL};
const char *const store_finish_names[] = {"none", "stop", "length", "calls",
                                          "cut", NULL};

/* ---- failures ----------------------------------------------------------- */

/* SQLite does not always tell which error the system gave. */
static int fail_io(struct store *s, int why, struct err *err)
{
    return err_set(err, ERR_FAILED, "the disk that holds %s failed (%s%s%s); "
                   "check the disk (`dmesg`), your quota and `ulimit -f`, "
                   "and run again: a trial is stored whole or not at all",
                   s->path, sqlite3_errmsg(s->db), why ? ", " : "",
                   why ? strerror(why) : "");
}

static int fail_open(struct store *s, int why, struct err *err)
{
    return err_set(err, ERR_FAILED, "%s cannot be opened (%s); check that "
                   "its folder is there and that you may write in it",
                   s->path, strerror(why ? why : ENOENT));
}

static int fail_code(struct store *s, int code, struct err *err)
{
    int why = sqlite3_system_errno(s->db);

    if (code == SQLITE_IOERR && (why == ENOSPC || why == EDQUOT))
        code = SQLITE_FULL;
    switch (code) {
    case SQLITE_FULL:
        return err_set(err, ERR_FAILED, "no space left on the disk that "
                       "holds %s; free some and run again: everything stored "
                       "so far is safe", s->path);
    case SQLITE_IOERR:
        return fail_io(s, why, err);
    case SQLITE_CANTOPEN:
        return fail_open(s, why, err);
    case SQLITE_READONLY:
        return err_set(err, ERR_FAILED, "%s cannot be written; make the file "
                       "and its folder writable for you and run again",
                       s->path);
    case SQLITE_CORRUPT:
        return err_set(err, ERR_FAILED, "%s is damaged (%s); move it away "
                       "and run again to start a new one: `sqlite3 FILE "
                       ".recover` may save what it holds", s->path,
                       sqlite3_errmsg(s->db));
    case SQLITE_NOTADB:
        return err_set(err, ERR_INPUT, "%s is not an audition database; name "
                       "another file or move it away", s->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_FAILED, "%s is kept locked by another "
                       "program; close it and run again", s->path);
    case SQLITE_TOOBIG:
        return err_set(err, ERR_FAILED, "%s cannot take a text as long as "
                       "this answer's; limit the answers and run again",
                       s->path);
    case SQLITE_CONSTRAINT:
        return err_set(err, ERR_BUG, "%s refused a row that breaks its rules "
                       "(%s); please report this", s->path,
                       sqlite3_errmsg(s->db));
    default:
        return err_set(err, ERR_FAILED, "%s cannot be used (%s); move it "
                       "away and run again to start a new one", s->path,
                       sqlite3_errmsg(s->db));
    }
}

int store_fail(struct store *s, struct err *err)
{
    return fail_code(s, sqlite3_errcode(s->db) & 0xff, err);
}

/* ---- statements --------------------------------------------------------- */

int store_exec(struct store *s, const char *sql, struct err *err)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK) return 0;
    return store_fail(s, err);
}

int query_begin(struct query *q, struct store *s, const char *sql,
                struct err *err)
{
    *q = (struct query){.store = s};
    if (sqlite3_prepare_v2(s->db, sql, -1, &q->statement, NULL) == SQLITE_OK)
        return 0;
    return store_fail(s, err);
}

void query_end(struct query *q)
{
    sqlite3_finalize(q->statement);
    *q = (struct query){0};
}

static void note_bind(struct query *q, int rc)
{
    if (rc != SQLITE_OK) q->bind_failure = rc;
}

void query_bind_text(struct query *q, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    q->bound++;
    if (utf8_valid(text ? text : "", len))
        note_bind(q, sqlite3_bind_text64(q->statement, q->bound, text, len,
                                         SQLITE_STATIC, SQLITE_UTF8));
    else {
        char *clean = utf8_clean(text, len);
        note_bind(q, sqlite3_bind_text64(q->statement, q->bound, clean,
                                         strlen(clean), free, SQLITE_UTF8));
    }
}

void query_bind_integer(struct query *q, int64_t value)
{
    note_bind(q, sqlite3_bind_int64(q->statement, ++q->bound, value));
}

void query_bind_count(struct query *q, int64_t value)
{
    if (value >= 0) query_bind_integer(q, value);
    else note_bind(q, sqlite3_bind_null(q->statement, ++q->bound));
}

void query_bind_real(struct query *q, double value)
{
    /* SQLite itself makes NULL of NAN. */
    note_bind(q, sqlite3_bind_double(q->statement, ++q->bound, value));
}

int query_step(struct query *q, struct err *err)
{
    int rc;

    if (q->bind_failure) return fail_code(q->store, q->bind_failure, err);
    rc = sqlite3_step(q->statement);
    if (rc == SQLITE_ROW) return 1;
    if (rc == SQLITE_DONE) return 0;
    return store_fail(q->store, err);
}

int query_run(struct query *q, struct err *err)
{
    int rc;

    do rc = query_step(q, err);
    while (rc == 1);
    sqlite3_reset(q->statement);
    q->bound = 0;
    return rc;
}

/* The readers are called for each of millions of values: what one call of
 * SQLite tells is not asked twice. */

const char *query_text(struct query *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->statement, column);

    return text ? (const char *)text : "";
}

char *query_copy(struct query *q, int column)
{
    return mem_copy((const char *)sqlite3_column_text(q->statement, column));
}

int64_t query_integer(struct query *q, int column)
{
    return sqlite3_column_int64(q->statement, column);
}

static bool is_null(struct query *q, int column)
{
    return sqlite3_column_type(q->statement, column) == SQLITE_NULL;
}

int64_t query_count(struct query *q, int column)
{
    int64_t value = sqlite3_column_int64(q->statement, column);

    return value == 0 && is_null(q, column) ? -1 : value;
}

double query_real(struct query *q, int column)
{
    double value = sqlite3_column_double(q->statement, column);

    return value == 0 && is_null(q, column) ? NAN : value;
}

/* ---- the writer's lock -------------------------------------------------- */

static int refuse_second_writer(struct store *s, int fd, struct err *err)
{
    char    text[24] = "";
    ssize_t n = read(fd, text, sizeof text - 1);
    long    pid = n > 0 ? strtol(text, NULL, 10) : 0;

    if (pid > 0)
        return err_set(err, ERR_FAILED, "%s is in use by another audition "
                       "(pid %ld); wait for it or end it, then run again",
                       s->path, pid);
    return err_set(err, ERR_FAILED, "%s is in use by another audition; wait "
                   "for it or end it, then run again", s->path);
}

/* The holder before us removes the file when it ends: a lock on a file that
 * is gone by now would guard nothing. */
static bool still_there(const char *path, int fd)
{
    struct stat named, held;

    return stat(path, &named) == 0 && fstat(fd, &held) == 0 &&
           named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

static int take_lock(struct store *s, struct err *err)
{
    /* SQLite has resolved links: two names of a file share one lock. */
    char *path = mem_printf("%s.lock", sqlite3_db_filename(s->db, "main"));
    int   rc = -1, fd;

    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0) {
            err_set(err, ERR_FAILED, "%s.lock cannot be made (%s); make its "
                    "folder writable for you and run again", s->path,
                    strerror(errno));
            goto done;
        }
        if (flock(fd, LOCK_EX | LOCK_NB)) {
            if (errno == EWOULDBLOCK) refuse_second_writer(s, fd, err);
            else err_set(err, ERR_FAILED, "%s.lock cannot be locked (%s); "
                         "keep the database on a local disk", s->path,
                         strerror(errno));
            close(fd);
            goto done;
        }
        if (still_there(path, fd)) break;
        close(fd);
    } while (true);

    /* Only for the sentence that refuses a second writer: a full disk may
     * leave it empty. */
    if (ftruncate(fd, 0) == 0) dprintf(fd, "%ld\n", (long)getpid());
    s->lock_fd = fd;
    s->lock_path = path;
    path = NULL;
    rc = 0;

done:
    free(path);
    return rc;
}

/* ---- opening ------------------------------------------------------------ */

static int connect_file(struct store *s, const char *name, int flags,
                        struct err *err)
{
    /* No mutex: a store is driven by one thread. */
    if (sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return store_fail(s, err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    /* The file may come from anywhere: its schema is not to be trusted. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return 0;
}

/* Is it ours, and of which format? 0: a file without anything in it. */
static int identify(struct store *s, int *version, struct err *err)
{
    struct query q;
    int64_t      owner, tables;
    int          rc = -1;

    if (query_begin(&q, s, "SELECT application_id, user_version, "
                    "(SELECT count(*) FROM sqlite_schema) "
                    "FROM pragma_application_id, pragma_user_version", err))
        goto done;
    if (query_step(&q, err) != 1) goto done;
    owner = query_integer(&q, 0);
    *version = (int)query_integer(&q, 1);
    tables = query_integer(&q, 2);

    if (owner == 0 && *version == 0 && tables == 0) rc = 0;
    else if (owner != APPLICATION_ID)
        err_set(err, ERR_INPUT, "%s is a SQLite database of another program; "
                "name another file", s->path);
    else if (*version > newest)
        err_set(err, ERR_INPUT, "%s was written by a newer audition (format "
                "%d, this one knows %d); update audition, or move the file "
                "away", s->path, *version, newest);
    else rc = 0;

done:
    query_end(&q);
    return rc;
}

static int migrate(struct store *s, int version, struct err *err)
{
    for (; version < newest; version++) {
        char *sql = mem_printf("BEGIN IMMEDIATE; %s; "
                               "PRAGMA application_id = %d; "
                               "PRAGMA user_version = %d; COMMIT",
                               migrations[version], APPLICATION_ID,
                               version + 1);
        int   rc = store_exec(s, sql, err);

        free(sql);
        if (rc) return -1;
    }
    s->format = newest;
    return 0;
}

static int open_for_writing(struct store *s, const char *name,
                            struct err *err)
{
    int version = 0;

    if (connect_file(s, name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                     err))
        return -1;
    /* SQLite falls back to reading when it may not write. */
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return err_set(err, ERR_FAILED, "%s cannot be written; make it "
                       "writable for you and run again", s->path);
    if (take_lock(s, err)) return -1;
    if (identify(s, &version, err)) return -1;
    /* A file system that cannot share memory keeps the rollback journal:
     * as safe, only a reader then waits for the writer. */
    if (store_exec(s, "PRAGMA journal_mode = WAL; "
                      "PRAGMA synchronous = FULL; "
                      "PRAGMA foreign_keys = ON", err))
        return -1;
    return migrate(s, version, err);
}

/* In a folder that we may not write, SQLite cannot set up the memory that
 * readers and writers of a WAL share. Without a WAL there is nothing to
 * share: the file alone is the whole truth. */
static int reopen_immutable(struct store *s, struct err *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    const char   *path = sqlite3_db_filename(s->db, "main");
    char         *wal  = mem_printf("%s-wal", path);
    struct strbuf uri;
    struct stat   st;
    int           rc = -1;

    strbuf_init(&uri, strlen(path) * 3 + 32);
    strbuf_add(&uri, "file://");
    for (const char *c = path; *c; c++)
        strbuf_addf(&uri, strchr(plain, *c) ? "%c" : "%%%02X",
                    (unsigned char)*c);
    strbuf_add(&uri, "?immutable=1");

    if (stat(wal, &st) == 0 && st.st_size > 0) {
        err_set(err, ERR_INPUT, "%s-wal holds the latest trials, which "
                "cannot be read in a folder that you may not write; copy %s "
                "and %s-wal into one that you may and read them there",
                s->path, s->path, s->path);
        goto done;
    }
    sqlite3_close(s->db);
    s->db = NULL;
    rc = connect_file(s, uri.text, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                      err);
done:
    strbuf_done(&uri);
    free(wal);
    return rc;
}

static int open_for_reading(struct store *s, const char *name,
                            struct err *err)
{
    struct err first = {0};
    int        version = 0, code;

    /* Read and write although nothing is written: whoever closes last moves
     * the WAL into the file, so that no -wal and -shm stay behind. */
    if (connect_file(s, name, SQLITE_OPEN_READWRITE, err)) return -1;
    if (identify(s, &version, &first)) {
        code = sqlite3_errcode(s->db) & 0xff;
        if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY)
            return err_set(err, first.kind, "%s", first.text);
        if (reopen_immutable(s, err)) return -1;
        if (identify(s, &version, err)) return -1;
    }
    if (version < 1)
        return err_set(err, ERR_INPUT, "%s is empty; `audition run` fills it",
                       s->path);
    s->format = version;
    return store_exec(s, "PRAGMA query_only = ON", err);
}

static int check_place(const char *path, bool for_writing, struct err *err)
{
    struct stat st;

    if (stat(path, &st)) {
        if (errno == ENOENT && for_writing && *path) return 0;
        return err_set(err, ERR_INPUT, "%s cannot be opened (%s)%s",
                       *path ? path : "a database without a name",
                       strerror(errno), errno == ENOENT ?
                       "; `audition run` makes one" : "");
    }
    if (S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "%s is a folder; name a file in it",
                       path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "%s is not a regular file; name "
                       "another", path);
    return 0;
}

int store_open(struct store **out, const char *path, bool for_writing,
               struct err *err)
{
    struct store *s = mem_new(1, sizeof *s);
    /* ":memory:" and "file:..." mean something else to SQLite. */
    char         *name = mem_printf("%s%s", *path == '/' ? "" : "./", path);
    int           rc = -1;

    *out = NULL;
    s->lock_fd = -1;
    s->path = mem_copy(path);
    if (check_place(path, for_writing, err)) goto done;
    rc = for_writing ? open_for_writing(s, name, err)
                     : open_for_reading(s, name, err);
done:
    free(name);
    if (rc == 0) *out = s;
    else store_close(s);
    return rc;
}

void store_close(struct store *s)
{
    if (!s) return;
    sqlite3_close(s->db);
    if (s->lock_fd >= 0) {
        unlink(s->lock_path);
        close(s->lock_fd);
    }
    free(s->lock_path);
    free(s->path);
    free(s);
}
