/* SPDX-License-Identifier: MIT */
/* Which files the store opens, and how. */
#include "store_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <sys/prctl.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void write_file(const char *path, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(close(fd), 0);
}

static void copy_file(const char *from, const char *to)
{
    char    bytes[65536];
    ssize_t n;
    int     in = open(from, O_RDONLY);
    int     out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(in >= 0 && out >= 0);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(out, bytes, (size_t)n), n);
    assert_int_equal(n, 0);
    close(in);
    close(out);
}

static void make_database(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_what_is_not_ours_is_refused_in_a_sentence(void **state)
{
    struct place *p = *state;
    char         *path = mem_printf("%s/x", p->dir);
    char         *missing = mem_printf("%s/none/x", p->dir);
    struct stat   before, after;

    expect_refused("no file", path, false, "`audition run` makes one");
    expect_refused("no name", "", true, "without a name");
    expect_refused("no folder", missing, true, "check that its folder");
    expect_refused("folder", p->dir, true, "is a folder");
    expect_refused("folder", p->dir, false, "is a folder");
    expect_refused("device", "/dev/null", true, "not a regular file");

    write_file(path, "", 0);
    expect_refused("empty", path, false, "is empty");
    write_file(path, "name: x\n# a config file, not a database at all, and "
               "longer than the header of one would be, by far, yes\n", 100);
    expect_refused("text", path, true, "is not an audition database");
    expect_refused("text", path, false, "is not an audition database");
    unlink(path);

    make_database(path, "CREATE TABLE t (a)");
    assert_int_equal(stat(path, &before), 0);
    expect_refused("foreign", path, true, "of another program");
    expect_refused("foreign", path, false, "of another program");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_memory_equal(&before.st_mtim, &after.st_mtim,
                        sizeof before.st_mtim);
    unlink(path);
    make_database(path, "PRAGMA application_id = 7");
    expect_refused("foreign id", path, true, "of another program");
    unlink(path);
    make_database(path, "PRAGMA user_version = 3");
    expect_refused("foreign version", path, true, "of another program");
    unlink(path);

    store_close(open_store(path, true));
    make_database(path, "PRAGMA user_version = 99");
    expect_refused("newer", path, true, "was written by a newer audition");
    expect_refused("newer", path, false, "was written by a newer audition");
    free(path);
    free(missing);
}

static int count_whole(void *ctx, const struct trial *t)
{
    assert_int_equal(t->n_turns, 3);
    assert_int_equal(t->n_observations, 4);
    assert_int_equal(t->marks, 0);
    for (size_t i = 0; i < t->n_turns; i++) {
        assert_int_equal(t->turns[i].marks, 0);
        assert_true(isnan(t->turns[i].board.duration_s));
    }
    ++*(int *)ctx;
    return 0;
}

/* As a former audition left it. Reading leaves it so; writing brings it up
 * to date; both find everything in it. */
static void test_a_file_of_format_1_is_read_and_brought_up_to_date(
    void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    int64_t       run, subject;
    struct err    err = {0};
    struct trial  t;
    int           n = 0;

    make_subject(s, &run, &subject);
    make_trial(&t, 1);
    check(store_put_trial(s, subject, run, &t, &err), &err);
    trial_done(&t);
    store_close(s);
    make_database(p->path, "ALTER TABLE trial DROP COLUMN marks; "
                  "ALTER TABLE turn DROP COLUMN marks; "
                  "ALTER TABLE turn DROP COLUMN board; "
                  "PRAGMA user_version = 1");
    for (int writing = 0; writing < 2; writing++) {
        s = open_store(p->path, writing);
        assert_int_equal(ask(s, "PRAGMA user_version"), 1 + writing);
        check(store_each_trial(s, subject, true, count_whole, &n, &err), &err);
        assert_int_equal(n, 1 + writing);
        store_close(s);
    }
}

static void test_a_path_is_a_path_whatever_it_looks_like(void **state)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory",
                                        "a b%20#c?.db", "-x"};
    struct place *p = *state;
    char          cwd[1000];

    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(chdir(p->dir), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        store_close(open_store(names[i], true));
        assert_int_equal(access(names[i], F_OK), 0);
        store_close(open_store(names[i], false));
    }
    assert_int_equal(chdir(cwd), 0);
}

static void test_a_new_file_is_marked_durable_and_tidy(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    struct query  q;
    struct err    err = {0};
    char         *wal = mem_printf("%s-wal", p->path);

    assert_int_equal(ask(s, "PRAGMA application_id"), 0x41554431);
    assert_int_equal(ask(s, "PRAGMA user_version"), 2);
    assert_int_equal(ask(s, "PRAGMA synchronous"), 2);
    assert_int_equal(ask(s, "PRAGMA foreign_keys"), 1);
    check(query_begin(&q, s, "PRAGMA journal_mode", &err), &err);
    assert_int_equal(query_step(&q, &err), 1);
    assert_string_equal(query_text(&q, 0), "wal");
    query_end(&q);
    assert_int_equal(access(wal, F_OK), 0);
    store_close(s);
    assert_int_equal(access(wal, F_OK), -1);
    store_close(open_store(p->path, false));
    assert_int_equal(access(wal, F_OK), -1);
    store_close(NULL);
    free(wal);
}

/* Root may write everywhere: be somebody else meanwhile. */
static bool give_up_root(void)
{
    return geteuid() != 0 || seteuid(65534) == 0;
}

static void be_again(uid_t me)
{
    assert_int_equal(seteuid(me), 0);
    /* Changing users took this away, and the leak checker needs it. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

static void test_a_read_only_folder_can_be_read_but_not_written(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p->path, true);
    uid_t         me = geteuid();
    struct found  f;
    struct err    err = {0};
    int64_t       run, subject;
    char         *fresh = mem_printf("%s/fresh.db", p->dir);
    char         *late = mem_printf("%s/late %%20.db", p->dir);
    char         *wal = mem_printf("%s-wal", p->path);
    char         *late_wal = mem_printf("%s-wal", late);

    make_subject(s, &run, &subject);
    assert_int_equal(ask(s, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    check(put_number(s, subject, run, 4, &err), &err);
    copy_file(p->path, late);         /* as a power cut would leave it */
    copy_file(wal, late_wal);
    store_close(s);
    assert_int_equal(chmod(p->dir, 0555), 0);
    if (!give_up_root()) skip();

    s = open_store(p->path, false);
    find_all(s, subject, &f);
    assert_int_equal(f.total, 1);
    store_close(s);
    expect_refused("late trials", late, false, "copy");
    expect_refused("write", p->path, true, "cannot be");
    expect_refused("create", fresh, true, "check that its folder");

    be_again(me);
    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(unlink(late_wal), 0);
    assert_int_equal(chmod(p->dir, 0555), 0);
    assert_true(give_up_root());
    store_close(open_store(late, false));   /* its name is no URI */
    be_again(me);

    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(chmod(p->path, 0400), 0);
    assert_int_equal(chmod(p->dir, 0777), 0);
    assert_true(give_up_root());
    expect_refused("a file of mine alone", p->path, true, "cannot be");
    be_again(me);
    free(fresh);
    free(late);
    free(wal);
    free(late_wal);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_not_ours_is_refused_in_a_sentence),
        TEST(test_a_file_of_format_1_is_read_and_brought_up_to_date),
        TEST(test_a_path_is_a_path_whatever_it_looks_like),
        TEST(test_a_new_file_is_marked_durable_and_tidy),
        TEST(test_a_read_only_folder_can_be_read_but_not_written),
    };

    return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
