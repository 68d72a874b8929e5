/* SPDX-License-Identifier: MIT */
/* test_strbuf.c - growing text with a limit from birth. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

static void test_strbuf_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct strbuf b;

    strbuf_init(&b, 100000);
    assert_string_equal(b.text, "");
    for (size_t i = 0; i < 5000; i++) {
        strbuf_add(&b, "ab");
        strbuf_addf(&b, "%d%s", (int)(i % 10), "c");
        assert_int_equal(b.len, (i + 1) * 4);
        assert_int_equal(b.text[b.len], '\0');
    }
    assert_false(b.over);
    assert_int_equal(strlen(b.text), 20000);
    assert_memory_equal(b.text + 19996, "ab9c", 4);
    strbuf_done(&b);
    assert_null(b.text);
    strbuf_done(&b);
}

static void test_strbuf_holds_nul_bytes(void **state)
{
    (void)state;
    struct strbuf b;

    strbuf_init(&b, 10);
    strbuf_addn(&b, "a\0b", 3);
    strbuf_addn(&b, NULL, 0);
    strbuf_add(&b, "");
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.text, "a\0b", 4);
    strbuf_done(&b);
}

static void test_strbuf_limit_is_exact_and_sticky(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 1, 63, 64, 65, 1000};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct strbuf b;

        strbuf_init(&b, limits[i]);
        for (size_t n = 0; n < limits[i]; n++) strbuf_addn(&b, "x", 1);
        assert_false(b.over);
        assert_int_equal(b.len, limits[i]);
        strbuf_addf(&b, "%c", 'y');
        assert_true(b.over);
        strbuf_add(&b, "");                     /* stays over */
        assert_true(b.over);
        assert_int_equal(b.len, limits[i]);     /* the text as it was */
        assert_int_equal(strlen(b.text), limits[i]);
        assert_null(strchr(b.text, 'y'));
        strbuf_clear(&b);
        assert_false(b.over);
        assert_string_equal(b.text, "");
        strbuf_done(&b);
    }
}

static void test_strbuf_drops_a_piece_whole(void **state)
{
    (void)state;
    struct strbuf b;

    strbuf_init(&b, 5);
    strbuf_add(&b, "abc");
    strbuf_add(&b, "def");
    strbuf_add(&b, "g");         /* would fit, but something is missing */
    assert_true(b.over);
    assert_string_equal(b.text, "abc");
    strbuf_done(&b);
}

static void test_strbuf_refuses_sizes_that_wrap_around(void **state)
{
    (void)state;
    struct strbuf b;

    strbuf_init(&b, 100);
    strbuf_add(&b, "abc");
    strbuf_addn(&b, "x", SIZE_MAX);
    assert_true(b.over);
    assert_string_equal(b.text, "abc");
    strbuf_done(&b);
}

static void test_strbuf_take_hands_over_and_starts_anew(void **state)
{
    (void)state;
    struct strbuf b;
    char         *text;

    strbuf_init(&b, 4);
    strbuf_add(&b, "abc");
    strbuf_add(&b, "too long");
    text = strbuf_take(&b);
    assert_string_equal(text, "abc");
    assert_string_equal(b.text, "");
    assert_false(b.over);
    strbuf_add(&b, "next");
    assert_string_equal(b.text, "next");
    strbuf_add(&b, "!");
    assert_true(b.over);         /* the limit is still the same */
    free(text);
    strbuf_done(&b);
}

/* A struct that never got an init takes nothing and says so. */
static void test_strbuf_zeroed_is_harmless(void **state)
{
    (void)state;
    struct strbuf b = {0};

    strbuf_clear(&b);
    strbuf_add(&b, "");
    strbuf_add(&b, "x");
    assert_true(b.over);
    assert_int_equal(b.len, 0);
    strbuf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strbuf_grows_and_stays_terminated),
        cmocka_unit_test(test_strbuf_holds_nul_bytes),
        cmocka_unit_test(test_strbuf_limit_is_exact_and_sticky),
        cmocka_unit_test(test_strbuf_drops_a_piece_whole),
        cmocka_unit_test(test_strbuf_refuses_sizes_that_wrap_around),
        cmocka_unit_test(test_strbuf_take_hands_over_and_starts_anew),
        cmocka_unit_test(test_strbuf_zeroed_is_harmless),
    };

    alarm(60);       /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
