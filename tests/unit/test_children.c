/* SPDX-License-Identifier: MIT */
/* test_children.c - what a killed audition leaves behind is ended, and
 * nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/bytes.h"
#include "base/strbuf.h"
#include "scripted_child.h"

/* An audition with one child, killed by SIGKILL; the pid that its script
 * tells. */
static long kill_an_audition(const char *script)
{
    pid_t audition = fork();
    long  pid;

    if (audition == 0) {
        struct proc p;
        start_script(&p, script, NULL);
        for (;;) pause();
    }
    pid = read_fifo();
    assert_int_equal(kill(audition, SIGKILL), 0);
    assert_int_equal(waitpid(audition, NULL, 0), audition);
    return pid;
}

static void test_children_die_with_us(void **state)
{
    (void)state;
    long pid = kill_an_audition("echo $$ >\"$1\"; exec sleep 1000");

    while (lives(pid)) clock_nap(0.002);        /* or the alarm ends us */
    assert_int_equal(count_records(), 1);
    assert_int_equal(proc_reap_leftovers(), 0);
    assert_int_equal(count_records(), 0);
}

static void test_children_reap_what_a_killed_audition_left(void **state)
{
    (void)state;
    long pid = kill_an_audition("sleep 1000 & echo $! >\"$1\"; wait");

    assert_true(lives(pid));
    assert_int_equal(proc_reap_leftovers(), 1);
    assert_false(lives(pid));
    assert_int_equal(count_records(), 0);
    assert_int_equal(proc_reap_leftovers(), 0);
}

static void test_children_spares_those_of_a_living_audition(void **state)
{
    (void)state;
    struct proc p;

    start_script(&p, "while :; do sleep 1000; done", NULL);
    assert_int_equal(proc_reap_leftovers(), 0);
    assert_true(proc_running(&p));
    assert_int_equal(count_records(), 1);
    proc_stop(&p, 30);
}

/* A copy of a record in the folder, with one of its fields (pid, start,
 * session, owner, owner_start, boot) moved by `by`, or replaced. */
static char *forge(const char *record, int field, long long by,
                   const char *value)
{
    char         *path = in_dir("audition/children/forged");
    const char   *at   = record;
    struct strbuf text;

    strbuf_init(&text, 1000);
    for (int i = 0; i < 6; i++) {
        size_t n = strcspn(at, " \n");
        if (i != field)
            strbuf_addn(&text, at, n);
        else if (value)
            strbuf_add(&text, value);
        else
            strbuf_addf(&text, "%lld", strtoll(at, NULL, 10) + by);
        strbuf_add(&text, i < 5 ? " " : "\n");
        at += n + 1;
    }
    write_file(path, text.text, text.len, 0600);
    strbuf_done(&text);
    return path;
}

/* The only record; it is removed. */
static char *take_record(void)
{
    char          *folder = in_dir("audition/children");
    DIR           *list   = opendir(folder);
    struct dirent *entry;
    struct bytes   file = {0};
    struct err     err  = {0};

    assert_int_equal(count_records(), 1);
    while ((entry = readdir(list)) && entry->d_name[0] == '.')
        ;
    assert_non_null(entry);
    char *path = mem_printf("%s/%s", folder, entry->d_name);
    if (bytes_read(&file, path, 1000, &err)) fail_msg("%s", err.text);
    char *text = mem_copy_n((const char *)file.data, file.size);
    unlink(path);
    closedir(list);
    bytes_done(&file);
    free(folder);
    free(path);
    return text;
}

/* The owner is gone and the group runs without its leader, which we reap in
 * init's place; only one field of the record is not as it should be. */
static void test_children_kills_nothing_on_a_weak_record(void **state)
{
    (void)state;
    static const struct {
        const char *situation;
        int         field;
        long long   by;
        const char *value;
        bool        kept;
    } cases[] = {
        {"started before the record", 1, 1000000000, NULL, false},
        {"another session", 2, 1, NULL, false},
        {"another boot", 5, 0, "0000", false},
        {"no boot", 5, 0, "", false},
        {"words", 0, 0, "hello", true},
        {"pid 1", 0, 0, "1", true},
        {"a pid beyond any", 0, 0, "99999999999999999999", true},
    };
    long  pid;
    char *record;
    pid_t leader;

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1UL), 0);
    pid = kill_an_audition("sleep 1000 & echo $! >\"$1\"; wait");
    record = take_record();
    leader = (pid_t)strtol(record, NULL, 10);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = forge(record, cases[i].field, cases[i].by,
                           cases[i].value);
        if (proc_reap_leftovers() != 0 || !lives(pid) ||
            (access(path, F_OK) == 0) != cases[i].kept)
            fail_msg("%s", cases[i].situation);
        unlink(path);
        free(path);
    }
    free(forge(record, 6, 0, NULL));      /* unchanged: now it is enough */
    assert_int_equal(proc_reap_leftovers(), 1);
    assert_false(lives(pid));
    assert_int_equal(waitpid((pid_t)pid, NULL, 0), pid);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0UL), 0);
    free(record);
}

/* A process that leads a group of this number, but started at another time,
 * is not the one that was recorded. */
static void test_children_kills_no_group_of_a_reused_number(void **state)
{
    (void)state;
    struct proc p;
    char       *record, *changed;

    start_script(&p, "while :; do sleep 1000; done", NULL);
    record = take_record();
    free(forge(record, 3, 100000000, NULL));          /* owner: gone */
    changed = take_record();
    free(forge(changed, 1, -1, NULL));
    assert_int_equal(proc_reap_leftovers(), 0);
    assert_true(proc_running(&p));
    assert_int_equal(count_records(), 0);
    free(forge(changed, 6, 0, NULL));     /* unchanged: now it is enough */
    assert_int_equal(proc_reap_leftovers(), 1);
    assert_false(lives(p.pid));
    await_end(&p);
    proc_stop(&p, 30);
    free(record);
    free(changed);
}

static void test_children_run_without_a_state_folder(void **state)
{
    (void)state;
    struct proc p;

    setenv("XDG_STATE_HOME", "/proc/no/such", 1);
    start_script(&p, "exit 4", NULL);
    assert_null(p.record);
    await_end(&p);
    assert_int_equal(WEXITSTATUS(p.status), 4);
    proc_stop(&p, 1);
    assert_int_equal(proc_reap_leftovers(), 0);
    setenv("XDG_STATE_HOME", dir, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_children_die_with_us),
        cmocka_unit_test(test_children_reap_what_a_killed_audition_left),
        cmocka_unit_test(test_children_spares_those_of_a_living_audition),
        cmocka_unit_test(test_children_kills_nothing_on_a_weak_record),
        cmocka_unit_test(test_children_kills_no_group_of_a_reused_number),
        cmocka_unit_test(test_children_run_without_a_state_folder),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("children", tests, make_dir,
                                       remove_dir);
}
