/* SPDX-License-Identifier: MIT */
/* What breaks under the store: kills, full disks, damage, and two auditions
 * at once. */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "store_internal.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void expect_sound(struct store *s)
{
    struct query q;
    struct err   err = {0};

    check(query_begin(&q, s, "PRAGMA integrity_check", &err), &err);
    assert_int_equal(query_step(&q, &err), 1);
    assert_string_equal(query_text(&q, 0), "ok");
    query_end(&q);
    check(query_begin(&q, s, "PRAGMA foreign_key_check", &err), &err);
    assert_int_equal(query_step(&q, &err), 0);
    query_end(&q);
}

/* ---- another audition in another process -------------------------------- */

/* It opens the file for writing, stores trials first, first + 1, ... and
 * tells each number when it is stored. Then it waits for a byte, or goes on
 * to the next at once, MOST_STORED of them. */
#define MOST_STORED 300

struct other {
    pid_t pid;
    int   stored;      /* numbers come out of here */
    int   go_on;       /* a byte into here: the next one */
};

static void other_main(const char *path, int first, bool waits, int out,
                       int in)
{
    struct store *s;
    struct err    err = {0};
    struct store_run run = {.started_utc = "2026-11-23T05:33:30Z"};
    int64_t       subject;
    char          byte;

    if (store_open(&s, path, true, &err) ||
        store_add_run(s, &run, &err) ||
        store_subject(s, "subject", false, &subject, &err))
        _exit(1);
    for (int i = first;; i++) {
        if (put_number(s, subject, run.id, i, &err)) _exit(2);
        if (write(out, &i, sizeof i) != sizeof i) _exit(3);
        if (waits && read(in, &byte, 1) != 1) break;
        if (i == first + MOST_STORED) pause();   /* to be killed here */
    }
    store_close(s);
    _exit(0);
}

static void start_other(struct other *o, const char *path, int first,
                        bool waits)
{
    int out[2], in[2];

    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(in), 0);
    o->pid = fork();
    assert_true(o->pid >= 0);
    if (o->pid == 0) {
        close(out[0]);
        close(in[1]);
        other_main(path, first, waits, out[1], in[0]);
    }
    close(out[1]);
    close(in[0]);
    o->stored = out[0];
    o->go_on = in[1];
}

static int next_stored(struct other *o)
{
    int     number = -1;
    ssize_t n = read(o->stored, &number, sizeof number);

    return n == sizeof number ? number : -1;
}

/* By a signal, or with 0 by letting it close the store. */
static void end_other(struct other *o, int signal_number)
{
    int status;

    if (signal_number) kill(o->pid, signal_number);
    close(o->go_on);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    if (signal_number) assert_true(WIFSIGNALED(status));
    else assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(o->stored);
}

static void test_a_second_audition_is_refused_with_the_first_ones_pid(
    void **state)
{
    struct place *p = *state;
    struct other  first;
    char         *link = mem_printf("%s/link.db", p->dir);
    char          want[60];

    start_other(&first, p->path, 0, true);
    assert_int_equal(next_stored(&first), 0);
    snprintf(want, sizeof want, "another audition (pid %ld)",
             (long)first.pid);
    expect_refused("second", p->path, true, want);
    assert_int_equal(symlink(p->path, link), 0);
    expect_refused("second by another name", link, true, want);
    end_other(&first, 0);

    store_close(open_store(link, true));
    free(link);
}

static void test_the_lock_goes_with_its_holder(void **state)
{
    struct place *p = *state;
    struct other  first;
    char         *lock = mem_printf("%s.lock", p->path);

    start_other(&first, p->path, 0, true);
    assert_int_equal(next_stored(&first), 0);
    end_other(&first, SIGKILL);
    assert_int_equal(access(lock, F_OK), 0);      /* left behind */
    store_close(open_store(p->path, true));
    assert_int_equal(access(lock, F_OK), -1);     /* tidied up */
    store_close(open_store(p->path, true));
    free(lock);
}

static void test_a_reader_sees_what_a_writer_has_stored(void **state)
{
    struct place *p = *state;
    struct other  writer;
    struct store *reader;
    struct found  f;

    start_other(&writer, p->path, 0, true);
    assert_int_equal(next_stored(&writer), 0);
    reader = open_store(p->path, false);
    find_all(reader, 1, &f);
    assert_int_equal(f.total, 1);
    assert_int_equal(write(writer.go_on, "", 1), 1);
    assert_int_equal(next_stored(&writer), 1);
    find_all(reader, 1, &f);
    assert_int_equal(f.total, 2);
    end_other(&writer, 0);
    find_all(reader, 1, &f);
    assert_int_equal(f.total, 2);
    store_close(reader);
}

static void test_a_kill_at_any_moment_loses_no_stored_trial(void **state)
{
    static const int kill_after[] = {1, 7, 20, 2, 33};
    struct place    *p = *state;
    bool             told[2000] = {false};
    int              first = 0;

    for (size_t i = 0; i < COUNT(kill_after); i++) {
        struct other  writer;
        struct store *s;
        struct found  f;
        int           number;

        start_other(&writer, p->path, first, false);
        for (int k = 0; k < kill_after[i]; k++) {
            number = next_stored(&writer);
            assert_true(number >= 0 && number < 2000);
            told[number] = true;
        }
        kill(writer.pid, SIGKILL);
        while ((number = next_stored(&writer)) >= 0) {
            assert_true(number < 2000);
            told[number] = true;
        }
        end_other(&writer, SIGKILL);

        s = open_store(p->path, true);
        expect_sound(s);
        find_all(s, 1, &f);
        for (int k = 0; k < 2000; k++) {
            assert_true(f.count[k] <= 1);
            if (told[k]) assert_int_equal(f.count[k], 1);
            if (f.count[k]) first = k + 1;
        }
        store_close(s);
    }
}

/* ---- the disk fails ----------------------------------------------------- */

static void test_a_full_disk_is_told_and_loses_nothing(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct err    err = {0};
    struct found  f;
    int64_t       run, subject;
    int           stored = 0;
    char         *sql;

    make_subject(s, &run, &subject);
    sql = mem_printf("PRAGMA max_page_count = %lld",
                     (long long)ask(s, "PRAGMA page_count") + 4);
    assert_true(ask(s, sql) > 0);
    free(sql);
    while (stored < 1000 && put_number(s, subject, run, stored, &err) == 0)
        stored++;
    assert_true(stored > 0 && stored < 1000);
    assert_int_equal(err.kind, ERR_FAILED);
    assert_non_null(strstr(err.text, "no space left on the disk that holds"));
    assert_non_null(strstr(err.text, p->path));

    find_all(s, subject, &f);             /* the same store goes on */
    assert_int_equal(f.total, stored);
    assert_true(ask(s, "PRAGMA max_page_count = 1000000") > 0);
    err = (struct err){0};
    check(put_number(s, subject, run, stored, &err), &err);
    store_close(s);
    s = open_store(p->path, true);
    expect_sound(s);
    find_all(s, subject, &f);
    assert_int_equal(f.total, stored + 1);
    store_close(s);
}

static void test_a_write_that_fails_is_told_and_loses_nothing(void **state)
{
    struct place    *p = *state;
    struct store    *s = open_store(p->path, true);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct rlimit    limit, tight;
    struct err       err = {0};
    struct found     f;
    int64_t          run, subject;
    int              stored = 0;

    make_subject(s, &run, &subject);
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &before), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    tight = limit;
    tight.rlim_cur = 300000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    while (stored < 1000 && put_number(s, subject, run, stored, &err) == 0)
        stored++;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(sigaction(SIGXFSZ, &before, NULL), 0);

    assert_true(stored > 0 && stored < 1000);
    assert_int_equal(err.kind, ERR_FAILED);
    assert_non_null(strstr(err.text, "the disk that holds"));
    assert_non_null(strstr(err.text, "`ulimit -f`"));
    err = (struct err){0};
    check(put_number(s, subject, run, stored, &err), &err);
    store_close(s);
    s = open_store(p->path, true);
    expect_sound(s);
    find_all(s, subject, &f);
    assert_int_equal(f.total, stored + 1);
    store_close(s);
}

static int stop_never(void *ctx, const struct trial *t)
{
    ((struct found *)ctx)->total += t->n_observations > 0;
    return 0;
}

static void test_a_damaged_file_is_told_and_never_crashes(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct err    err = {0};
    struct found  f;
    struct stat   st;
    int64_t       run, subject;
    int           fd, refused = 0;
    char          noise[512];

    make_subject(s, &run, &subject);
    for (int i = 0; i < 50; i++)
        check(put_number(s, subject, run, i, &err), &err);
    store_close(s);
    assert_int_equal(stat(p->path, &st), 0);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (char)(i * 37);

    for (off_t at = st.st_size - 1024; at > 4096; at -= 4096) {
        f = (struct found){.total = 0};
        err = (struct err){0};
        fd = open(p->path, O_WRONLY);
        assert_int_equal(pwrite(fd, noise, sizeof noise, at / 4096 * 4096),
                         sizeof noise);
        close(fd);
        if (store_open(&s, p->path, false, &err) ||
            store_each_trial(s, subject, false, stop_never, &f, &err)) {
            refused++;
            assert_true(err.kind == ERR_FAILED || err.kind == ERR_INPUT);
            assert_true(*err.text);
        }
        store_close(s);
    }
    assert_true(refused > 0);
    assert_non_null(strstr(err.text, "damaged"));
}

static int read_on(void *ctx, const struct trial *t)
{
    struct trial *last = ctx;

    *last = (struct trial){.n_turns = t->n_turns};
    for (size_t i = 0; i < t->n_turns; i++)
        for (size_t k = 0; k < t->turns[i].n_chunks; k++)
            if (t->turns[i].chunks[k].kind == CHUNK_CONTENT)
                assert_true(t->turns[i].chunks[k].end_bytes <=
                            strlen(t->turns[i].content));
    for (size_t i = 0; i < t->n_messages; i++)
        assert_true(t->messages[i].turn < (int)t->n_turns);
    return 0;
}

/* The file may have been edited, or made to hurt us. */
static void test_a_manipulated_trial_is_an_error_or_harmless(void **state)
{
    static const struct {
        const char *change;
        const char *complaint;   /* NULL: harmless */
    } cases[] = {
        {"UPDATE turn SET chunks = '[[1,0,'", "not valid JSON"},
        {"UPDATE turn SET chunks = ''", "not valid JSON"},
        {"UPDATE turn SET chunks = '[1]'", "chunk 0 is none"},
        {"UPDATE turn SET chunks = '[[1,3,1,1]]'", "chunk 0 is none"},
        {"UPDATE turn SET chunks = '[[1,0,-1,1]]'", "chunk 0 is none"},
        {"UPDATE turn SET chunks = '[[1,0,1,99999999999]]'", "is none"},
        {"UPDATE turn SET sent_ns = 9, "
         "chunks = '[[9223372036854775807,0,1,1]]'", "is none"},
        {"UPDATE turn SET chunks = '[[1,0,9223372036854775807,1]]'", NULL},
        {"UPDATE turn SET chunks = '{\"a\": 1}', calls = '7'", NULL},
        {"UPDATE turn SET calls = '[{\"id\": 1}, 2, null]'", NULL},
        {"UPDATE turn SET calls = '['", "not valid JSON"},
        {"UPDATE turn SET position = position + 1000000", NULL},
        {"UPDATE message SET turn_position = 1000000", NULL},
        {"UPDATE trial SET end_state = '{'", "not valid JSON"},
        {"UPDATE trial SET fault = printf('%.*c', 9000, 'x')", NULL},
        {"PRAGMA ignore_check_constraints = 1; "
         "UPDATE trial SET status = 'odd'", "status not known"},
        {"PRAGMA ignore_check_constraints = 1; "
         "UPDATE message SET role = 'odd'", "role"},
        {"PRAGMA ignore_check_constraints = 1; "
         "UPDATE turn SET finish = 'odd'", NULL},
        {"UPDATE observation SET metric = printf('%.*c', 9000, 'x')", NULL},
        {"WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n "
         "WHERE i < 3000) INSERT INTO observation SELECT 1, i, i, i FROM n",
         "too many metrics"},
        {"DROP TABLE observation; CREATE TABLE observation (a)", "no such"},
        {"DROP TABLE turn; CREATE VIEW turn AS SELECT 1 AS trial_id, "
         "NULL AS position, NULL AS sent_ns, NULL AS end_ns, NULL AS finish, "
         "NULL AS http_status, NULL AS prompt_n, NULL AS cache_n, NULL AS "
         "prompt_ms, NULL AS predicted_n, NULL AS predicted_ms, NULL AS "
         "content, NULL AS reasoning, '[]' AS calls, '[]' AS chunks, "
         "NULL AS marks, NULL AS board", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place *p = *state;
        struct store *s = open_store(p->path, true);
        struct trial  t, last = {0};
        struct err    err = {0};
        int64_t       run, subject;
        int           rc;

        make_trial(&t, 1);
        make_subject(s, &run, &subject);
        check(store_put_trial(s, subject, run, &t, &err), &err);
        trial_done(&t);
        check(store_exec(s, cases[i].change, &err), &err);
        rc = store_each_trial(s, subject, true, read_on, &last, &err);
        if (!cases[i].complaint ? rc != 0 || last.n_turns == 0
                                : !strstr(err.text, cases[i].complaint))
            fail_msg("%s: %d %s", cases[i].change, rc, err.text);
        store_close(s);
        assert_int_equal(unlink(p->path), 0);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(test_a_second_audition_is_refused_with_the_first_ones_pid),
        TEST(test_the_lock_goes_with_its_holder),
        TEST(test_a_reader_sees_what_a_writer_has_stored),
        TEST(test_a_kill_at_any_moment_loses_no_stored_trial),
        TEST(test_a_full_disk_is_told_and_loses_nothing),
        TEST(test_a_write_that_fails_is_told_and_loses_nothing),
        TEST(test_a_damaged_file_is_told_and_never_crashes),
        TEST(test_a_manipulated_trial_is_an_error_or_harmless),
    };

    return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
