/* SPDX-License-Identifier: MIT */
/* Power modes: what is asked for, what a command does to a board in a folder
 * of its own, and that the mode that was there comes back on every way out,
 * kill -9 included. The board's own command is a script that behaves as one
 * of the files in its folder says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/stop.h"
#include "modes.h"
#include "modes_command.h"
#include "temp_tree.h"

static struct temp_tree tree;
static char            *command;          /* of the fake board */
static char             told[4096];

static const char conf[] =
    "< POWER_MODEL ID=0 NAME=MAXN >\nGPU MAX_FREQ -1\n"
    "< POWER_MODEL ID=1 NAME=10W >\nGPU MAX_FREQ 612000000\n"
    "< POWER_MODEL ID=2 NAME=15W >\nGPU MAX_FREQ 612000000\n"
    "< PM_CONFIG DEFAULT=1 >\n";

/* "$1" is the folder, "$2" the id. What it was called with is in `calls`. */
static const char script[] =
    "d=$1; echo \"$2\" >>\"$d/calls\"\n"
    "if [ -e \"$d/locked\" ]; then echo 'not root'; exit 3; fi\n"
    "if [ -e \"$d/asks\" ]; then echo 'REBOOT required, YES to go on?'\n"
    "  read answer || { echo 'no answer'; exit 0; }; fi\n"
    "echo \"pmode:000$2\" >\"$d/var/lib/nvpmodel/status\"\n"
    "if [ -e \"$d/fails_late\" ]; then rm \"$d/fails_late\"\n"
    "  echo 'cannot set fan'; exit 1; fi\n"
    "exit 0\n";

static void set_mode(const char *status)
{
    temp_text(&tree, "var/lib/nvpmodel/status", status);
}

static char *text_of(const char *below)
{
    char        *path = temp_path(&tree, below), *text;
    struct bytes file = {0};
    struct err   err  = {0};

    text = bytes_read(&file, path, 1u << 20, &err)
         ? mem_copy("") : mem_copy((const char *)file.data);
    bytes_done(&file);
    free(path);
    return text;
}

static void expect_mode(const char *status)
{
    char *text = text_of("var/lib/nvpmodel/status");

    assert_string_equal(text, status);
    free(text);
}

static void expect_calls(const char *calls)
{
    char *text = text_of("calls");

    assert_string_equal(text, calls);
    free(text);
}

static size_t records(void)
{
    char          *path = temp_path(&tree, "state/audition/modes");
    DIR           *list = opendir(path);
    size_t         n    = 0;
    struct dirent *entry;

    while (list && (entry = readdir(list))) n += *entry->d_name != '.';
    if (list) closedir(list);
    free(path);
    return n;
}

static void remember(const char *text)
{
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", text);
}

static int make_board(void **state)
{
    char *path, *state_home;

    (void)state;
    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, "etc/nvpmodel.conf", conf);
    temp_text(&tree, "set.sh", script);
    set_mode("pmode:0000 fmode:quiet\n");
    path = temp_path(&tree, "set.sh");
    command = mem_printf("sh %s %s {id}", path, tree.root);
    state_home = temp_path(&tree, "state");
    setenv("XDG_STATE_HOME", state_home, 1);
    told[0] = '\0';
    free(state_home);
    free(path);
    return 0;
}

static int remove_board(void **state)
{
    (void)state;
    free(command);
    temp_tree_done(&tree);
    return 0;
}

static int begin(struct modes *m, const char *with, const char *const *wanted,
                 const char *restore_id, struct err *err)
{
    struct text_list list = {0};
    int              rc;

    for (; *wanted; wanted++) text_list_add(&list, *wanted);
    rc = modes_begin(m, tree.root, with, &list, restore_id, err);
    m->settle_s = 0;                     /* this board is done at once */
    text_list_done(&list);
    return rc;
}

static const char *const two[] = {"15W", "1", NULL};

static void must_begin(struct modes *m)
{
    struct err err = {0};

    if (begin(m, command, two, NULL, &err)) fail_msg("%s", err.text);
}

static void must(int rc, const struct err *err)
{
    if (rc) fail_msg("%s", err->text);
}

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

/* ---- leftovers ----------------------------------------------------------- */

/* An audition that has switched to mode 2, ended by SIGKILL unless it is to
 * stay; its pid. */
static pid_t leave_switched(bool stays)
{
    int   ready[2];
    char  byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct modes m;
        struct err   err = {0};

        close(ready[0]);
        if (begin(&m, command, two, NULL, &err) || modes_enter(&m, 0, &err))
            _exit(1);
        if (write(ready[1], "r", 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    if (!stays) {
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    return child;
}

static void test_a_killed_audition_s_mode_is_restored_at_the_next_start(
    void **state)
{
    (void)state;
    leave_switched(false);
    expect_mode("pmode:0002\n");
    assert_int_equal(records(), 1);
    assert_int_equal(modes_restore_leftovers(remember), 1);
    expect_mode("pmode:0000\n");
    assert_non_null(strstr(told, "mode 0 was restored"));
    assert_int_equal(records(), 0);
    assert_int_equal(modes_restore_leftovers(NULL), 0);
    expect_calls("2\n0\n");
}

static void test_a_living_audition_keeps_its_mode(void **state)
{
    pid_t        child = leave_switched(true);
    struct modes m;
    struct err   err = {0};

    (void)state;
    assert_int_equal(modes_restore_leftovers(remember), 0);
    expect_mode("pmode:0002\n");
    assert_string_equal(told, "");
    assert_int_equal(begin(&m, command, two, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_non_null(strstr(err.text, "another audition"));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(modes_restore_leftovers(NULL), 1);
    expect_mode("pmode:0000\n");
}

/* The only record, with one member replaced. */
static void forge(const char *key, json_t *value)
{
    char          *folder = temp_path(&tree, "state/audition/modes");
    DIR           *list   = opendir(folder);
    struct dirent *entry;
    struct err     err = {0};

    while ((entry = readdir(list)) && *entry->d_name == '.')
        ;
    assert_non_null(entry);
    char   *below = mem_printf("state/audition/modes/%s", entry->d_name);
    char   *path  = temp_path(&tree, below);
    json_t *json  = jsonx_read(path, 100000, &err);
    assert_non_null(json);
    json_object_set_new(json, key, value);
    char *text = jsonx_dump(json);
    temp_text(&tree, below, text);
    json_decref(json);
    closedir(list);
    free(text);
    free(path);
    free(below);
    free(folder);
}

static void test_after_a_restart_nothing_is_restored(void **state)
{
    (void)state;
    leave_switched(false);
    forge("boot", json_string("another"));
    assert_int_equal(modes_restore_leftovers(remember), 0);
    expect_calls("2\n");
    assert_int_equal(records(), 0);
    assert_non_null(strstr(told, "restarted since"));
}

/* The pid lives, and it is another process. */
static void test_a_reused_pid_is_no_owner(void **state)
{
    (void)state;
    leave_switched(false);
    forge("owner", json_integer(getpid()));
    assert_int_equal(modes_restore_leftovers(NULL), 1);
    expect_mode("pmode:0000\n");
}

static void test_a_record_that_others_may_write_is_not_run(void **state)
{
    char *folder = temp_path(&tree, "state/audition/modes");
    char *shell  = mem_printf("chmod g+w %s/*", folder);
    struct err err = {0};

    (void)state;
    leave_switched(false);
    must(modes_command_run(shell, "/nowhere", "", 0, true, &err), &err);
    assert_int_equal(modes_restore_leftovers(remember), 0);
    assert_non_null(strstr(told, "it is not run"));
    expect_calls("2\n");
    assert_int_equal(records(), 1);
    free(shell);
    free(folder);
}

static void test_a_restore_that_fails_is_tried_at_each_start(void **state)
{
    char *locked = temp_path(&tree, "locked");

    (void)state;
    leave_switched(false);
    temp_text(&tree, "locked", "");
    assert_int_equal(modes_restore_leftovers(remember), 0);
    assert_non_null(strstr(told, "cannot be restored"));
    assert_int_equal(records(), 1);
    unlink(locked);
    assert_int_equal(modes_restore_leftovers(NULL), 1);
    expect_mode("pmode:0000\n");
    free(locked);
}

static void test_damaged_records_are_removed_and_told(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"owner\":1}", "\xff\xfe",
        "{\"owner\":-5,\"boot\":\"\",\"restore\":\"\",\"id\":\"\",\"root\":\"\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *path = temp_path(&tree, "state/audition/modes/1-1");

        told[0] = '\0';
        temp_text(&tree, "state/audition/modes/1-1", texts[i]);
        chmod(path, 0600);
        assert_int_equal(modes_restore_leftovers(remember), 0);
        assert_int_equal(records(), 0);
        assert_non_null(strstr(told, "damaged"));
        free(path);
    }
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
        TEST(test_a_killed_audition_s_mode_is_restored_at_the_next_start),
        TEST(test_a_living_audition_keeps_its_mode),
        TEST(test_after_a_restart_nothing_is_restored),
        TEST(test_a_reused_pid_is_no_owner),
        TEST(test_a_record_that_others_may_write_is_not_run),
        TEST(test_a_restore_that_fails_is_tried_at_each_start),
        TEST(test_damaged_records_are_removed_and_told),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("modes", tests, NULL, NULL);
}
