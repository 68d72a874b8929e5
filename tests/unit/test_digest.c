/* SPDX-License-Identifier: MIT */
/* test_digest.c - what src/digest.h promises. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stop.h"
#include "digest.h"

static char path[] = "/tmp/audition-test-digest-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    return mkstemp(path) < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* NIST's examples for SHA-256, and the empty text. */
static void test_known_texts_have_known_digests(void **state)
{
    static const struct { const char *text, *hex; } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb924"
             "27ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223"
                "b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[65];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        digest_text(cases[i].text, strlen(cases[i].text), hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

/* A million times "a", NIST's long example: more than one piece. */
static void test_a_file_is_hashed_whole(void **state)
{
    FILE      *f = fopen(path, "wb");
    struct err err = {0};
    char       hex[65];

    (void)state;
    assert_non_null(f);
    for (int i = 0; i < 1000000; i++) fputc('a', f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(digest_file(path, hex, &err), 0);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67"
                             "f1809a48a497200e046d39ccc7112cd0");
}

static void test_what_is_no_file_is_named(void **state)
{
    static const char *const paths[] = {"/tmp", "/dev/zero",
                                        "/nonexistent/model.gguf"};
    char                     hex[65] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct err err = {0};
        assert_int_equal(digest_file(paths[i], hex, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_ptr_equal(strstr(err.text, paths[i]), err.text);
        assert_string_equal(hex, "untouched");
    }
}

/* Last: the signal stays noted for the rest of the process. */
static void test_a_stop_signal_ends_it(void **state)
{
    struct err err = {0};
    char       hex[65];

    (void)state;
    stop_install();
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(digest_file(path, hex, &err), -1);
    assert_int_equal(err.kind, ERR_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_texts_have_known_digests),
        cmocka_unit_test(test_a_file_is_hashed_whole),
        cmocka_unit_test(test_what_is_no_file_is_named),
        cmocka_unit_test(test_a_stop_signal_ends_it),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
