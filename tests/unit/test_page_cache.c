/* SPDX-License-Identifier: MIT */
/* What leaves the page cache: whole files, freshly written ones too, without
 * a change to their bytes; and who cannot be told is told so. The folder is
 * made where the file system has a page cache that can be dropped. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/page_cache.h"
#include "temp_tree.h"

#define FILE_BYTES ((3u << 20) + 5u)
#define TMPFS_MAGIC 0x01021994

static struct temp_tree tree;

static int make_tree(void **state)
{
    (void)state;
    return temp_tree_init(&tree);
}

static int remove_tree(void **state)
{
    (void)state;
    temp_tree_done(&tree);
    return 0;
}

/* A tmpfs has nothing else to keep its files in. */
static bool is_memory_only(void)
{
    struct statfs fs;

    return statfs(tree.root, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

static char *write_big(const char *name)
{
    char *text = mem_new(FILE_BYTES, 1);

    for (size_t i = 0; i < FILE_BYTES; i++) text[i] = (char)(i % 251);
    temp_write(&tree, name, text, FILE_BYTES);
    free(text);
    return temp_path(&tree, name);
}

static void assert_same_bytes(const char *path)
{
    struct bytes b   = {0};
    struct err   err = {0};

    assert_int_equal(bytes_read(&b, path, 2 * FILE_BYTES, &err), 0);
    assert_int_equal(b.size, FILE_BYTES);
    for (size_t i = 0; i < b.size; i++)
        if (b.data[i] != i % 251) fail_msg("byte %zu changed", i);
    bytes_done(&b);
}

static void test_a_file_that_was_just_written_is_dropped_whole(void **state)
{
    char      *path = write_big("fresh");
    double     left = -1;
    struct err err  = {0};

    (void)state;
    if (is_memory_only()) skip();
    assert_int_equal(page_cache_drop(path, &left, &err), 0);
    assert_true(left >= 0 && left < 0.01);
    assert_same_bytes(path);
    free(path);
}

static void test_a_file_that_was_read_is_dropped_whole(void **state)
{
    char      *path = write_big("read");
    double     left = -1;
    struct err err  = {0};

    (void)state;
    if (is_memory_only()) skip();
    assert_int_equal(page_cache_drop(path, &left, &err), 0);
    assert_same_bytes(path);
    assert_int_equal(page_cache_drop(path, &left, &err), 0);
    assert_true(left >= 0 && left < 0.01);
    free(path);
}

static void test_pages_in_memory_alone_stay_and_are_counted(void **state)
{
    struct temp_tree shm  = {.root = "/dev/shm/audition-test-XXXXXX"};
    struct err       err  = {0};
    double           left = -1;
    char            *path;
    struct statfs    fs;

    (void)state;
    if (statfs("/dev/shm", &fs) != 0 || fs.f_type != TMPFS_MAGIC ||
        !mkdtemp(shm.root))
        skip();
    temp_text(&shm, "f", "some bytes");
    path = temp_path(&shm, "f");
    assert_int_equal(page_cache_drop(path, &left, &err), 0);
    assert_true(left == 1);
    free(path);
    temp_tree_done(&shm);
}

static void test_of_an_empty_file_nothing_is_said(void **state)
{
    char      *path;
    double     left = 5;
    struct err err  = {0};

    (void)state;
    temp_text(&tree, "empty", "");
    path = temp_path(&tree, "empty");
    assert_int_equal(page_cache_drop(path, &left, &err), 0);
    assert_true(isnan(left));
    free(path);
}

/* The kernel would answer "all of it", whatever is true. */
static void test_who_may_only_read_is_not_told_a_number(void **state)
{
    char *path = write_big("foreign");
    int   status = -1;
    pid_t child;

    (void)state;
    if (geteuid() != 0) skip();
    assert_int_equal(chmod(tree.root, 0755), 0);
    assert_int_equal(chmod(path, 0644), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err err  = {0};
        double     left = 0;
        int        rc;

        if (setuid(65534)) _exit(2);
        rc = page_cache_drop(path, &left, &err);
        _exit(rc == 0 && isnan(left) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    free(path);
}

static void test_what_cannot_be_opened_is_named(void **state)
{
    static const char *const names[] = {"none", "folder", "pipe"};
    char *folder = temp_path(&tree, "folder"), *pipe = temp_path(&tree, "pipe");

    (void)state;
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char      *path = temp_path(&tree, names[i]);
        double     left = 0;
        struct err err  = {0};

        assert_int_equal(page_cache_drop(path, &left, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, names[i]));
        assert_true(isnan(left));
        free(path);
    }
    free(folder);
    free(pipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_file_that_was_just_written_is_dropped_whole),
        cmocka_unit_test(test_a_file_that_was_read_is_dropped_whole),
        cmocka_unit_test(test_pages_in_memory_alone_stay_and_are_counted),
        cmocka_unit_test(test_of_an_empty_file_nothing_is_said),
        cmocka_unit_test(test_who_may_only_read_is_not_told_a_number),
        cmocka_unit_test(test_what_cannot_be_opened_is_named),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
