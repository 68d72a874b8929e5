/* SPDX-License-Identifier: MIT */
/* store_fixture.h - a temporary folder for a database, trials to put there
 * and to find again: for the tests of the store. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store.h"
#include "store_internal.h"

struct place {
    char dir[200];
    char path[220];        /* of audition.db in it, not yet there */
};

static inline int make_place(void **state)
{
    struct place *p = mem_new(1, sizeof *p);
    const char   *tmp = getenv("TMPDIR");

    snprintf(p->dir, sizeof p->dir, "%s/store_test_XXXXXX",
             tmp && strlen(tmp) < 150 ? tmp : "/tmp");
    if (!mkdtemp(p->dir)) return -1;
    snprintf(p->path, sizeof p->path, "%s/audition.db", p->dir);
    *state = p;
    return 0;
}

static inline int remove_place(void **state)
{
    struct place  *p = *state;
    DIR           *dir = opendir(p->dir);
    struct dirent *entry;
    int            rc;

    chmod(p->dir, 0700);
    while (dir && (entry = readdir(dir))) {
        char *path = mem_printf("%s/%s", p->dir, entry->d_name);

        if (unlink(path)) rmdir(path);
        free(path);
    }
    if (dir) closedir(dir);
    rc = rmdir(p->dir);
    free(p);
    return rc;
}

static inline void check(int rc, const struct err *err)
{
    if (rc) fail_msg("%s", err->kind ? err->text : "failed without a word");
}

static inline void expect_text(const char *got, const char *want)
{
    if (want) {
        assert_non_null(got);
        assert_string_equal(got, want);
    } else assert_null(got);
}

static inline struct store *open_store(const char *path, bool for_writing)
{
    struct err    err = {0};
    struct store *s;

    check(store_open(&s, path, for_writing, &err), &err);
    return s;
}

/* A trial of three turns, three messages and four observations. */
static inline void make_trial(struct trial *t, int number)
{
    static const char *const metrics[] = {"load_s", "ttft_s", "words35_s",
                                          "served_tok_s"};

    *t = (struct trial){.duration_s = number, .outcome = OUTCOME_PASS};
    snprintf(t->key, sizeof t->key, "trial/%d", number);
    for (int i = 0; i < 3; i++) {
        free(trial_add_turn(t)->content);
        t->turns[i].content = mem_printf("answer %d of %d", i, number);
        trial_add_message(t, "user", "and then?");
    }
    for (int i = 0; i < 4; i++) trial_observe(t, metrics[i], number + i);
}

/* A run and a subject to hang trials on. */
static inline void make_subject(struct store *s, int64_t *run_id,
                                int64_t *subject_id)
{
    struct store_run run = {.started_utc = "2026-11-23T05:33:30Z"};
    struct err       err = {0};

    check(store_add_run(s, &run, &err), &err);
    check(store_subject(s, "subject", false, subject_id, &err), &err);
    *run_id = run.id;
}

static inline void expect_refused(const char *what, const char *path,
                                  bool for_writing, const char *complaint)
{
    struct store *s = NULL;
    struct err    err = {0};
    int           rc = store_open(&s, path, for_writing, &err);

    store_close(s);
    if (rc != -1 || s || !strstr(err.text, complaint) ||
        strchr(err.text, '\n'))
        fail_msg("%s: %d \"%s\", want \"%s\"", what, rc, err.text,
                 complaint);
}

/* One value of the first row. */
static inline int64_t ask(struct store *s, const char *sql)
{
    struct query q;
    struct err   err = {0};
    int64_t      value;

    check(query_begin(&q, s, sql, &err), &err);
    assert_int_equal(query_step(&q, &err), 1);
    value = query_integer(&q, 0);
    query_end(&q);
    return value;
}

static inline int put_number(struct store *s, int64_t subject, int64_t run,
                             int number, struct err *err)
{
    struct trial t;
    int          rc;

    make_trial(&t, number);
    rc = store_put_trial(s, subject, run, &t, err);
    trial_done(&t);
    return rc;
}

/* How often each number was found; every trial must be whole. */
struct found {
    int count[2000];
    int total;
};

static inline int find(void *ctx, const struct trial *t)
{
    struct found *f = ctx;
    long          number = strtol(t->key + strlen("trial/"), NULL, 10);

    assert_true(number >= 0 && number < 2000);
    f->count[number]++;
    f->total++;
    assert_int_equal(t->n_turns, 3);
    assert_int_equal(t->n_messages, 3);
    assert_int_equal(t->n_observations, 4);
    assert_true(t->observations[3].value == (double)number + 3);
    return 0;
}

static inline void find_all(struct store *s, int64_t subject, struct found *f)
{
    struct err err = {0};

    *f = (struct found){.total = 0};
    check(store_each_trial(s, subject, true, find, f, &err), &err);
}

#endif
