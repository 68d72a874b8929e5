/* SPDX-License-Identifier: MIT */
/* What an audition that was killed left behind: its mode is restored at the
 * next start, from a record that is believed only where it can be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "base/jsonx.h"
#include "modes_command.h"
#include "unit/modes_board.h"

static char told[4096];

static void remember(const char *text)
{
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", text);
}

static int make_quiet_board(void **state)
{
    told[0] = '\0';
    return make_board(state);
}

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

/* nvpmodel keeps its mode over a restart. */
static void test_a_mode_that_survived_a_restart_is_restored(void **state)
{
    (void)state;
    leave_switched(false);
    forge("boot", json_string("another"));
    assert_int_equal(modes_restore_leftovers(remember), 1);
    expect_mode("pmode:0000\n");
    assert_int_equal(records(), 0);
}

static void test_after_a_restart_into_its_own_mode_nothing_is_done(void **state)
{
    (void)state;
    leave_switched(false);
    forge("boot", json_string("another"));
    temp_text(&tree, "var/lib/nvpmodel/status", "pmode:0000\n");
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
        ("{\"owner\":-5,\"boot\":\"\",\"restore\":\"\",\"id\":\"\","
         "\"root\":\"\"}")};

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

#define TEST(f)                                                               \
    cmocka_unit_test_setup_teardown(f, make_quiet_board, remove_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_killed_audition_s_mode_is_restored_at_the_next_start),
        TEST(test_a_living_audition_keeps_its_mode),
        TEST(test_a_mode_that_survived_a_restart_is_restored),
        TEST(test_after_a_restart_into_its_own_mode_nothing_is_done),
        TEST(test_a_reused_pid_is_no_owner),
        TEST(test_a_record_that_others_may_write_is_not_run),
        TEST(test_a_restore_that_fails_is_tried_at_each_start),
        TEST(test_damaged_records_are_removed_and_told),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("modes_leftovers", tests, NULL, NULL);
}
