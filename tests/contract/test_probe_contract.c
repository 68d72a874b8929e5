/* SPDX-License-Identifier: MIT */
/* test_probe_contract.c - the rules of probe.h, for every entry of probe_all.
 * A new probe adds the files it reads to `files`. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "probe/probe.h"
#include "temp_tree.h"

/* What probes read, with a line that a sound machine could have there. */
static const struct { const char *path, *sound; } files[] = {
    {"proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 1024 kB\n"
                     "SwapTotal: 64 kB\nSwapFree: 32 kB\n"},
    {"proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\n"},
};

static const char *const garbage[] = {
    "", "\n", "\n\n\n\n", ":", "cpu", "cpu \n", "cpu  a b c d e f g h i j\n",
    "cpu  1 2 3\n", "cpu  9223372036854775808 1 1 1 1 1 1 1 1 1\n",
    "MemTotal", "MemTotal:", "MemTotal: \xff\xfe kB\nMemAvailable: nan kB\n",
    "MemTotal: 9223372036854775808 kB\nMemAvailable: 9223372036854775808 kB\n",
    "SwapTotal: 9223372036854775808 kB\nSwapFree: 9223372036854775808 kB\n",
    "MemTotal: -1 kB\nMemAvailable: -1 kB\nSwapTotal: -1 kB\nSwapFree: -2 kB\n",
    "<!DOCTYPE html>", "{\"error\": 5}",
};

static void set_all(struct probe_reading *r, double value)
{
#define X(field, unit, help) r->field = value;
    PROBE_FIELDS(X)
#undef X
}

/* How many fields were observed. */
static size_t observed(const struct probe_reading *r)
{
    size_t n = 0;

#define X(field, unit, help) n += isnan(r->field) ? 0u : 1u;
    PROBE_FIELDS(X)
#undef X
    return n;
}

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

static void test_every_probe_says_what_it_is(void **state)
{
    (void)state;
    assert_non_null(probe_all[0]);
    for (size_t i = 0; probe_all[i]; i++) {
        assert_non_null(probe_all[i]->name);
        assert_true(strlen(probe_all[i]->name) > 0);
        assert_non_null(probe_all[i]->help);
        assert_true(strlen(probe_all[i]->help) > 0);
        assert_non_null(probe_all[i]->read);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(probe_all[i]->name, probe_all[k]->name);
    }
}

/* A probe that finds nothing writes nothing: neither 0 nor NAN over what
 * another probe has filled in. */
static void test_an_empty_root_changes_nothing(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r, before;

    for (size_t i = 0; probe_all[i]; i++) {
        set_all(&r, 12.5);
        before = r;
        probe_all[i]->read(t->root, &r);
        assert_memory_equal(&r, &before, sizeof r);
    }
    probe_read(t->root, &r);
    assert_int_equal(observed(&r), 0);
}

static void test_garbage_is_missing(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r;

    for (size_t g = 0; g < sizeof garbage / sizeof *garbage; g++) {
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
            temp_text(t, files[i].path, garbage[g]);
        for (size_t i = 0; probe_all[i]; i++) {
            set_all(&r, NAN);
            probe_all[i]->read(t->root, &r);
            if (observed(&r))
                fail_msg("%s believes \"%s\"", probe_all[i]->name, garbage[g]);
        }
    }
}

static void test_folders_in_place_of_files_are_missing(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *inside = mem_printf("%s/inside", files[i].path);
        temp_text(t, inside, "1");
        free(inside);
    }
    probe_read(t->root, &r);
    assert_int_equal(observed(&r), 0);
}

/* Or the tests above prove nothing: the same files, sound, are believed, and
 * the same reading comes out twice. */
static void test_every_probe_reads_a_sound_machine(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading r, again;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        temp_text(t, files[i].path, files[i].sound);
    for (size_t i = 0; probe_all[i]; i++) {
        set_all(&r, NAN);
        set_all(&again, NAN);
        probe_all[i]->read(t->root, &r);
        probe_all[i]->read(t->root, &again);
        assert_true(observed(&r) > 0);
        assert_memory_equal(&r, &again, sizeof r);
    }
    probe_read(t->root, &r);
    assert_int_equal(observed(&r), sizeof r / sizeof(double));
}

/* Any cut of sound files: no crash, and no value that was not there. */
static void test_files_that_end_anywhere_are_read_safely(void **state)
{
    struct temp_tree    *t = *state;
    struct probe_reading whole, r;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        temp_text(t, files[i].path, files[i].sound);
    probe_read(t->root, &whole);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t n = 0; n < strlen(files[i].sound); n++) {
            temp_write(t, files[i].path, files[i].sound, n);
            probe_read(t->root, &r);
            assert_true(observed(&r) <= observed(&whole));
        }
}

#define IN_TREE(test) \
    cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_probe_says_what_it_is),
        IN_TREE(test_an_empty_root_changes_nothing),
        IN_TREE(test_garbage_is_missing),
        IN_TREE(test_folders_in_place_of_files_are_missing),
        IN_TREE(test_every_probe_reads_a_sound_machine),
        IN_TREE(test_files_that_end_anywhere_are_read_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
