/* SPDX-License-Identifier: MIT */
/* test_tree.c - what src/probe/tree.h promises of small files below a root,
 * whatever is there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "probe/tree.h"
#include "temp_tree.h"

static int make_tree(void **state)
{
    struct temp_tree *t = mem_new(1, sizeof *t);

    *state = t;
    return temp_tree_init(t);
}

static int remove_tree(void **state)
{
    temp_tree_done(*state);
    free(*state);
    return 0;
}

static void assert_resolves(const struct temp_tree *t, const char *path,
                            const char *wanted)
{
    char found[256];

    assert_true(tree_resolve(t->root, path, found, sizeof found));
    assert_string_equal(found, wanted);
}

/* ---- links ------------------------------------------------------------- */

static void test_links_are_followed_inside_the_root(void **state)
{
    struct temp_tree *t = *state;
    char              line[32];

    temp_text(t, "sys/firmware/base/model", "a board");
    temp_link(t, "proc/device-tree", "/sys/firmware/base");
    temp_link(t, "proc/above", "../../../../../../sys/firmware/base");
    temp_link(t, "proc/twice", "device-tree");
    assert_resolves(t, "/proc/device-tree/model", "/sys/firmware/base/model");
    assert_resolves(t, "/proc/above/model", "/sys/firmware/base/model");
    assert_resolves(t, "/proc/twice/./model", "/sys/firmware/base/model");
    assert_resolves(t, "/proc/twice/../base/model", "/sys/firmware/base/model");
    assert_resolves(t, "/../..", "/");
    assert_true(tree_line(t->root, "/proc/above/model", line, sizeof line));
    assert_string_equal(line, "a board");
}

static void test_no_link_leads_out_of_the_root(void **state)
{
    struct temp_tree *t = *state;
    char             *ours = temp_path(t, "ours"), *root = temp_path(t, "copy");
    char              line[32];

    temp_text(t, "ours/model", "this machine");
    temp_link(t, "copy/absolute", ours);
    temp_link(t, "copy/climbs", "../ours");
    assert_false(tree_exists(root, "/absolute/model"));
    assert_false(tree_exists(root, "/climbs/model"));
    assert_false(tree_exists(root, "/../ours/model"));
    assert_false(tree_line(root, "/climbs/model", line, sizeof line));
    assert_int_equal(errno, ENOENT);
    free(ours);
    free(root);
}

static void test_links_in_a_circle_end(void **state)
{
    struct temp_tree *t = *state;
    char              found[256];

    temp_link(t, "a", "b");
    temp_link(t, "b", "a");
    assert_false(tree_resolve(t->root, "/a/x", found, sizeof found));
    assert_int_equal(errno, ELOOP);
    temp_text(t, "c", "./d");
    temp_text(t, "d", "./c");
    assert_false(tree_resolve(t->root, "/c/x", found, sizeof found));
    assert_int_equal(errno, ELOOP);
    assert_true(tree_exists(t->root, "/c"));
}

static void test_a_link_that_was_copied_as_text_still_leads_on(void **state)
{
    struct temp_tree *t = *state;

    temp_text(t, "devices/gpu/load", "873\n");
    temp_text(t, "class/gpu", "../devices/gpu");
    temp_text(t, "class/load", "../devices/gpu/load");
    temp_text(t, "class/text", "no/such/place");
    assert_true(tree_number(t->root, "/class/gpu/load") == 873);
    assert_true(tree_number(t->root, "/class/load") == 873);
    assert_resolves(t, "/class/text", "/class/text");
    assert_false(tree_exists(t->root, "/devices/gpu/load/x"));
}

static void test_paths_that_are_too_long_are_refused(void **state)
{
    struct temp_tree *t = *state;
    char             *deep = mem_new(6000, 1), *name = mem_new(400, 1);
    char              small[4], text[8];

    memset(deep, '/', 5000);
    memset(name, 'x', 300);
    assert_false(tree_exists(t->root, deep));
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(tree_read(t->root, name, text, sizeof text), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    temp_text(t, "file", "1");
    assert_false(tree_resolve(t->root, "/file", small, sizeof small));
    assert_int_equal(errno, ENAMETOOLONG);
    free(deep);
    free(name);
}

/* ---- files ------------------------------------------------------------- */

static void test_what_is_no_file_says_so(void **state)
{
    struct temp_tree *t = *state;
    char             *path = temp_path(t, "pipe");
    char              text[8] = "before";

    assert_int_equal(mkfifo(path, 0600), 0);
    temp_link(t, "dangling", "nowhere");
    temp_text(t, "folder/inside", "1");
    assert_int_equal(tree_read(t->root, "/pipe", text, sizeof text), -1);
    assert_int_equal(errno, EINVAL);
    assert_string_equal(text, "");
    assert_int_equal(tree_read(t->root, "/folder", text, sizeof text), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(tree_read(t->root, "/dangling", text, sizeof text), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(tree_read(t->root, "/folder/inside/x", text,
                               sizeof text), -1);
    free(path);
}

/* The kernel itself: its file opens, and reading address 0 fails. */
static void test_an_error_while_reading_is_told(void **state)
{
    char text[8] = "before";

    (void)state;
    assert_int_equal(tree_read("", "/proc/self/mem", text, sizeof text), -1);
    assert_int_equal(errno, EIO);
    assert_string_equal(text, "");
    assert_true(isnan(tree_number("", "/proc/self/mem")));
    assert_int_equal(errno, EIO);
    assert_string_equal(tree_why(errno), "cannot be read (EIO)");
}

static void test_at_most_the_buffer_is_read(void **state)
{
    struct temp_tree *t = *state;
    char              text[8];

    temp_text(t, "long", "0123456789");
    assert_int_equal(tree_read(t->root, "/long", text, sizeof text), 7);
    assert_string_equal(text, "0123456");
    temp_write(t, "nul", "a\0b", 3);
    assert_int_equal(tree_read(t->root, "/nul", text, sizeof text), 3);
    assert_memory_equal(text, "a\0b", 4);
}

static void test_a_line_ends_at_its_end(void **state)
{
    static const struct { const char *text; size_t n; const char *line; }
        cases[] = {
            {"gpu\0", 4, "gpu"}, {"gpu \t\r\nmore", 11, "gpu"},
            {"  a b", 5, "  a b"}, {"", 0, NULL}, {"\n", 1, NULL},
            {" \t\n", 3, NULL}, {"\0\0", 2, NULL},
        };
    struct temp_tree *t = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[32];
        bool found;
        temp_write(t, "line", cases[i].text, cases[i].n);
        found = tree_line(t->root, "/line", line, sizeof line);
        assert_int_equal(found, cases[i].line != NULL);
        if (found) assert_string_equal(line, cases[i].line);
        else assert_int_equal(errno, ENODATA);
    }
}

static void test_a_number_is_whole_and_sound(void **state)
{
    static const struct { const char *text; double value; int error; }
        cases[] = {
            {"873\n", 873, 0}, {" -256000 \n", -256000, 0}, {"0", 0, 0},
            {"3600 ma\n", 3600, 0}, {"12\t mW \n", 12, 0},
            {"9007199254740992", 0x1p53, 0},
            {"9007199254740993", NAN, ERANGE},
            {"9223372036854775808", NAN, ERANGE},
            {"99999999999999999999999", NAN, ERANGE},
            {"-99999999999999999999999", NAN, ERANGE},
            {"", NAN, ENODATA}, {" \n", NAN, ENODATA}, {"-", NAN, EINVAL},
            {"+5", NAN, EINVAL}, {"0x10", NAN, EINVAL}, {"1.5", NAN, EINVAL},
            {"1e3", NAN, EINVAL}, {"12x", NAN, EINVAL}, {"1 2", NAN, EINVAL},
            {"5\nabc", NAN, EINVAL}, {"nan", NAN, EINVAL},
            {"<unsupported>", NAN, EINVAL}, {"\xff\xfe", NAN, EINVAL},
        };
    struct temp_tree *t = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value;
        temp_text(t, "number", cases[i].text);
        errno = 0;
        value = tree_number(t->root, "/number");
        if (isnan(cases[i].value)) {
            assert_true(isnan(value));
            assert_int_equal(errno, cases[i].error);
        } else {
            assert_true(value == cases[i].value);
        }
    }
    temp_write(t, "number", "5\0", 2);
    assert_true(isnan(tree_number(t->root, "/number")));
}

/* ---- folders ----------------------------------------------------------- */

static void test_entries_are_in_the_order_of_their_numbers(void **state)
{
    static const char *const made[] = {"hwmon10", "hwmon2", "hwmon", "cpu",
                                       "hwmon02b", "zone1.5", "zone1.10"};
    static const char *const wanted[] = {"cpu", "hwmon", "hwmon2", "hwmon02b",
                                         "hwmon10", "zone1.5", "zone1.10"};
    struct temp_tree *t = *state;
    struct text_list  list;

    for (size_t i = 0; i < 7; i++) {
        char *path = mem_printf("class/%s", made[i]);
        if (i % 2) temp_link(t, path, "nowhere");
        else temp_text(t, path, "");
        free(path);
    }
    tree_list(t->root, "/class", &list);
    assert_int_equal(list.n, 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(list.items[i], wanted[i]);
    text_list_done(&list);
    tree_list(t->root, "/absent", &list);
    assert_int_equal(list.n, 0);
    tree_list(t->root, "/class/cpu", &list);
    assert_int_equal(list.n, 0);
}

static void test_every_error_has_words(void **state)
{
    (void)state;
    for (int error = 0; error < 200; error++)
        assert_true(strlen(tree_why(error)) > 3);
    assert_string_equal(tree_why(ENOENT), "not there");
    assert_string_equal(tree_why(EACCES), "needs root");
    assert_string_equal(tree_why(EAGAIN), "busy (EAGAIN)");
    assert_string_equal(tree_why(EINVAL), "not a number");
}

#define IN_TREE(test) \
    cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_links_are_followed_inside_the_root),
        IN_TREE(test_no_link_leads_out_of_the_root),
        IN_TREE(test_links_in_a_circle_end),
        IN_TREE(test_a_link_that_was_copied_as_text_still_leads_on),
        IN_TREE(test_paths_that_are_too_long_are_refused),
        IN_TREE(test_what_is_no_file_says_so),
        cmocka_unit_test(test_an_error_while_reading_is_told),
        IN_TREE(test_at_most_the_buffer_is_read),
        IN_TREE(test_a_line_ends_at_its_end),
        IN_TREE(test_a_number_is_whole_and_sound),
        IN_TREE(test_entries_are_in_the_order_of_their_numbers),
        cmocka_unit_test(test_every_error_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
