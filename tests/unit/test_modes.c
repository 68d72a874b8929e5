/* SPDX-License-Identifier: MIT */
/* Power modes: what is asked for, what a command does to a board, and that
 * the mode that was there comes back on every way out but kill -9
 * (test_modes_leftovers.c). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "base/stop.h"
#include "unit/modes_board.h"

/* ---- what is asked for --------------------------------------------------- */

static void test_modes_are_found_by_id_and_by_name(void **state)
{
    static const char *const wanted[] = {"maxn", "2", "15W", "10W", NULL};
    struct modes m;
    struct err   err = {0};
    char        *line;

    (void)state;
    must(begin(&m, "nvpmodel -m {id} # {name}", wanted, NULL, &err), &err);
    assert_int_equal(m.ids.n, 3);        /* "2" and "15W" are one */
    assert_string_equal(m.ids.items[0], "0");
    assert_string_equal(m.names.items[0], "MAXN");
    assert_string_equal(m.ids.items[1], "2");
    assert_string_equal(m.ids.items[2], "1");
    assert_string_equal(m.before_id, "0");
    line = modes_command(&m, 1);
    assert_string_equal(line, "nvpmodel -m 2 # 15W");
    free(line);
    modes_done(&m);
    modes_done(&m);
}

static void test_without_a_command_the_board_s_own_is_shown(void **state)
{
    struct modes m;
    struct err   err = {0};
    char        *line;

    (void)state;
    must(begin(&m, NULL, two, NULL, &err), &err);
    line = modes_command(&m, 0);
    assert_string_equal(line, "sudo nvpmodel -m 2");
    assert_int_equal(modes_enter(&m, 0, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_non_null(strstr(err.text, "`sudo nvpmodel -m 2`"));
    err = (struct err){0};
    must(modes_leave(&m, &err), &err);
    free(line);
    modes_done(&m);
}

static void test_a_mode_that_the_board_lacks_is_refused(void **state)
{
    static const char *const wanted[] = {"50W", NULL};
    struct modes m;
    struct err   err = {0};

    (void)state;
    assert_int_equal(begin(&m, command, wanted, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.text, "this board has no power mode \"50W\"; it "
                        "has 0 (MAXN), 1 (10W), 2 (15W)");
    err = (struct err){0};
    assert_int_equal(begin(&m, command, two, "7", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
}

static void test_commands_that_could_not_be_filled_in_are_refused(void **state)
{
    static const char *const bad[] = {
        "nvpmodel -m 2", "", "nvpmodel -m '{id}'", "sh -c \"f {id}\"",
        "f `g {id}`", "f \\{id}", "f ${id}", "f {id} \"{name}\"",
        "f {id} <<E\n{id}\nE", "f \"a\\\"\" '{id}'"};
    static const char *const good[] = {
        "f {id}", "f --mode={id} {name}", "echo \"it's\" {id} 'a \"b'",
        "f '\\' {id}", "f \\' {id}", "f $(g {id})"};
    struct modes m;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};

        if (begin(&m, bad[i], two, NULL, &err) == 0) fail_msg("%s", bad[i]);
        assert_int_equal(err.kind, ERR_INPUT);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err err = {0};

        must(begin(&m, good[i], two, NULL, &err), &err);
        modes_done(&m);
    }
}

/* Nothing of an id is read by the shell. */
static void test_a_hostile_id_stays_one_word(void **state)
{
    static const char *const ids[] = {
        "x; touch $HOME/owned", "'; touch owned; '", "`touch owned`",
        "$(touch owned)", "a b\"c'd\\", "{name}", "%s%n", "*", NULL};
    char *log = temp_path(&tree, "argument");
    char *with = mem_printf("printf %%s {id} >%s", log);
    struct modes m;
    struct err   err = {0};

    (void)state;
    temp_text(&tree, "etc/nvpmodel.conf", "");
    set_mode("");
    must(begin(&m, with, ids, "0", &err), &err);
    assert_int_equal(m.ids.n, 8);
    for (size_t i = 0; i < m.ids.n; i++) {
        char *seen;

        must(modes_enter(&m, i, &err), &err);
        seen = text_of("argument");
        assert_string_equal(seen, ids[i]);
        free(seen);
    }
    must(modes_leave(&m, &err), &err);
    modes_done(&m);
    free(with);
    free(log);
}

static void test_an_id_that_looks_like_an_option_is_refused(void **state)
{
    static const char *const ids[] = {"-f/etc/passwd", NULL};
    struct modes m;
    struct err   err = {0};

    (void)state;
    temp_text(&tree, "etc/nvpmodel.conf", "");
    assert_int_equal(begin(&m, command, ids, "0", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
}

static void test_what_cannot_be_restored_is_not_switched(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    set_mode("garbage");
    assert_int_equal(begin(&m, command, two, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    err = (struct err){0};
    must(begin(&m, NULL, two, NULL, &err), &err);
    assert_null(m.before_id);
    modes_done(&m);
    must(begin(&m, command, two, "maxn", &err), &err);
    assert_string_equal(m.before_id, "0");
    modes_done(&m);
}

/* ---- switching ----------------------------------------------------------- */

static void test_each_mode_is_entered_and_the_first_restored(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    must_begin(&m);
    assert_int_equal(records(), 0);
    must(modes_enter(&m, 0, &err), &err);
    expect_mode("pmode:0002\n");
    assert_int_equal(records(), 1);
    must(modes_enter(&m, 1, &err), &err);
    expect_mode("pmode:0001\n");
    assert_int_equal(records(), 1);
    must(modes_leave(&m, &err), &err);
    must(modes_leave(&m, &err), &err);
    expect_mode("pmode:0000\n");
    expect_calls("2\n1\n0\n");
    assert_int_equal(records(), 0);
    modes_done(&m);
}

static void test_the_record_is_private(void **state)
{
    char         *folder = temp_path(&tree, "state/audition/modes");
    struct modes  m;
    struct err    err = {0};
    struct stat   st;

    (void)state;
    must_begin(&m);
    must(modes_enter(&m, 0, &err), &err);
    assert_int_equal(stat(m.record, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    must(modes_leave(&m, &err), &err);
    modes_done(&m);
    free(folder);
}

static void test_a_mode_that_wants_a_restart_fails_in_its_words(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    temp_text(&tree, "asks", "");
    must_begin(&m);
    assert_int_equal(modes_enter(&m, 0, &err), -1);
    assert_int_equal(err.kind, ERR_FAILED);
    assert_non_null(strstr(err.text, "still in mode 0"));
    assert_non_null(strstr(err.text, "REBOOT required, YES to go on? "
                                     "no answer"));
    expect_mode("pmode:0000 fmode:quiet\n");
    assert_false(m.is_switched);
    assert_int_equal(records(), 0);
    modes_done(&m);
}

static void test_a_command_that_may_not_switch_is_not_asked_again(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    temp_text(&tree, "locked", "");
    must_begin(&m);
    assert_int_equal(modes_enter(&m, 0, &err), -1);
    assert_non_null(strstr(err.text, "exited with status 3; it said: not "
                                     "root"));
    err = (struct err){0};
    must(modes_leave(&m, &err), &err);
    expect_calls("2\n");
    assert_int_equal(records(), 0);
    modes_done(&m);
}

static void test_what_failed_after_switching_is_restored(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    temp_text(&tree, "fails_late", "");
    must_begin(&m);
    assert_int_equal(modes_enter(&m, 0, &err), -1);
    assert_non_null(strstr(err.text, "cannot set fan"));
    expect_mode("pmode:0002\n");
    assert_int_equal(records(), 1);
    err = (struct err){0};
    must(modes_leave(&m, &err), &err);
    expect_mode("pmode:0000\n");
    assert_int_equal(records(), 0);
    modes_done(&m);
}

static void test_a_restore_that_fails_keeps_the_record(void **state)
{
    char        *locked = temp_path(&tree, "locked");
    struct modes m;
    struct err   err = {0};

    (void)state;
    must_begin(&m);
    must(modes_enter(&m, 0, &err), &err);
    temp_text(&tree, "locked", "");
    assert_int_equal(modes_leave(&m, &err), -1);
    assert_non_null(strstr(err.text, "power mode 0 could not be restored"));
    assert_int_equal(records(), 1);
    unlink(locked);
    err = (struct err){0};
    must(modes_leave(&m, &err), &err);
    expect_mode("pmode:0000\n");
    assert_int_equal(records(), 0);
    modes_done(&m);
    free(locked);
}

static void test_without_a_record_nothing_is_switched(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    setenv("XDG_STATE_HOME", "/proc/no/such", 1);
    must_begin(&m);
    assert_int_equal(modes_enter(&m, 0, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    expect_calls("");
    modes_done(&m);
}

static void test_endless_output_is_cut_to_its_last_words(void **state)
{
    struct modes m;
    struct err   err = {0};

    (void)state;
    must(begin(&m, "yes | head -c 1000000; printf '\\033[31mno {end'; "
               ": {id}; exit 9", two, NULL, &err), &err);
    assert_int_equal(modes_enter(&m, 0, &err), -1);
    assert_non_null(strstr(err.text, "exited with status 9"));
    assert_null(strchr(err.text, '\033'));
    modes_done(&m);
}

/* In a child: the signal stays noted for as long as the process lives. */
static void test_a_stop_signal_does_not_stop_a_restore(void **state)
{
    pid_t child;
    int   status;

    (void)state;
    child = fork();
    if (child == 0) {
        struct modes     m;
        struct err       err  = {0};
        struct text_list list = {0};

        text_list_add(&list, "2");
        stop_install();
        if (modes_begin(&m, tree.root, command, &list, NULL, &err) ||
            modes_enter(&m, 0, &err))
            _exit(1);
        raise(SIGTERM);
        if (modes_enter(&m, 0, &err) == 0 || err.kind != ERR_STOPPED)
            _exit(2);
        err = (struct err){0};
        if (modes_leave(&m, &err)) _exit(3);
        modes_done(&m);
        text_list_done(&list);
        free(command);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    expect_mode("pmode:0000\n");
    assert_int_equal(records(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_board, remove_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_modes_are_found_by_id_and_by_name),
        TEST(test_without_a_command_the_board_s_own_is_shown),
        TEST(test_a_mode_that_the_board_lacks_is_refused),
        TEST(test_commands_that_could_not_be_filled_in_are_refused),
        TEST(test_a_hostile_id_stays_one_word),
        TEST(test_an_id_that_looks_like_an_option_is_refused),
        TEST(test_what_cannot_be_restored_is_not_switched),
        TEST(test_each_mode_is_entered_and_the_first_restored),
        TEST(test_the_record_is_private),
        TEST(test_a_mode_that_wants_a_restart_fails_in_its_words),
        TEST(test_a_command_that_may_not_switch_is_not_asked_again),
        TEST(test_what_failed_after_switching_is_restored),
        TEST(test_a_restore_that_fails_keeps_the_record),
        TEST(test_without_a_record_nothing_is_switched),
        TEST(test_endless_output_is_cut_to_its_last_words),
        TEST(test_a_stop_signal_does_not_stop_a_restore),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("modes", tests, NULL, NULL);
}
