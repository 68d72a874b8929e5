/* SPDX-License-Identifier: MIT */
/* test_proc_log.c - a log that grows without end keeps its head and its end,
 * and stays small while it is written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/proc_log.h"
#include "scripted_child.h"

static off_t size_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* `lines` lines of ten bytes that count up. */
static void write_log(const char *path, size_t lines)
{
    size_t size = lines * 10 + 1;
    char  *text = mem_new(size, 1);

    for (size_t i = 0; i < lines; i++)
        snprintf(text + 10 * i, size - 10 * i, "%09zu\n", i);
    write_file(path, text, size - 1, 0600);
    free(text);
}

static void test_a_log_within_its_limit_is_left_alone(void **state)
{
    (void)state;
    char *log = in_dir("small");

    write_log(log, PROC_LOG_BYTES / 10);
    proc_log_bound(log);
    assert_int_equal(size_of(log), PROC_LOG_BYTES / 10 * 10);
    proc_log_bound(NULL);
    proc_log_bound("/no/such/log");
    proc_log_bound(dir);
    free(log);
}

static void test_a_long_log_keeps_its_head_and_its_end(void **state)
{
    (void)state;
    char       *log = in_dir("long"), *tail, head[11] = "";
    struct proc p   = {.log_path = log};
    int         fd;

    write_log(log, PROC_LOG_BYTES / 10 + 1);
    proc_log_bound(log);
    assert_true(size_of(log) < PROC_LOG_BYTES / 8);
    fd = open(log, O_RDONLY);
    assert_int_equal(read(fd, head, 10), 10);
    close(fd);
    assert_string_equal(head, "000000000\n");
    tail = proc_log_tail(&p, 20);
    assert_string_equal(tail, "001677721");
    free(tail);
    tail = proc_log_tail(&p, 80000);
    assert_non_null(strstr(tail, "\n[audition cut the middle of this log]\n"));
    free(tail);
    free(log);
}

/* Its last words follow the cut, not a hole. */
static void test_a_child_that_writes_on_is_kept_small(void **state)
{
    (void)state;
    char       *log = in_dir("flood"), *tail;
    struct proc p;
    off_t       seen = 0, size;
    bool        was_cut = false;

    start_script(&p, "trap 'echo last words; exit' TERM\n"
                 "while :; do head -c 65536 /dev/zero | tr '\\0' x; echo; "
                 "done", log);
    while (!was_cut) {
        assert_true(proc_running(&p));
        size = size_of(log);
        was_cut = size < seen;
        seen = size;
        if (size > 2 * (off_t)PROC_LOG_BYTES) break;
    }
    proc_stop(&p, 30);
    assert_true(was_cut);
    p.log_path = log;
    tail = proc_log_tail(&p, 100000);
    assert_non_null(strstr(tail, "last words"));
    assert_null(strstr(tail, "??"));
    free(tail);
    p.log_path = NULL;
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_log_within_its_limit_is_left_alone),
        cmocka_unit_test(test_a_long_log_keeps_its_head_and_its_end),
        cmocka_unit_test(test_a_child_that_writes_on_is_kept_small),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("proc_log", tests, make_dir,
                                       remove_dir);
}
