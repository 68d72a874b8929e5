/* SPDX-License-Identifier: MIT */
/* test_err.c - one failure, told once, on one clean line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/stop.h"

static void test_err_set_keeps_the_first_failure(void **state)
{
    (void)state;
    struct err err = {0};

    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(err_set(&err, ERR_INPUT, "line %d", 14), -1);
    assert_int_equal(err_set(&err, ERR_BUG, "later"), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.text, "line 14");
}

static void test_err_takes_null(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_FAILED, "x"), -1);
    assert_int_equal(err_ctx(NULL, "x"), -1);
}

static void test_err_ctx_puts_the_place_in_front(void **state)
{
    (void)state;
    struct err err = {0};

    assert_int_equal(err_ctx(&err, "nothing recorded yet"), -1);
    assert_int_equal(err.kind, ERR_NONE);
    assert_string_equal(err.text, "");
    err_set(&err, ERR_FAILED, "header cut short at %d bytes", 10);
    assert_int_equal(err_ctx(&err, "%s", "model.gguf"), -1);
    assert_int_equal(err_ctx(&err, "demo.yaml:%d", 14), -1);
    assert_string_equal(err.text, "demo.yaml:14: model.gguf: header cut "
                        "short at 10 bytes");
    assert_int_equal(err.kind, ERR_FAILED);
}

static void test_err_text_is_one_line_that_steers_no_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text, *want;
    } cases[] = {
        {"plain", "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
         "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"line breaks", "a\nb\r\n", "a b? "},
        {"escape sequence", "\x1b[31mred\x1b[0m", "?[31mred?[0m"},
        {"bell, tab, delete", "\a\t\x7f", "???"},
        {"C1 as UTF-8", "\xC2\x9B" "2J", "??2J"},
        {"C1 as a byte", "\x9B" "2J", "?2J"},
        {"the letter after C1 stays", "\xC2\xA0", "\xC2\xA0"},
        {"a letter cut at the end", "ab\xE2\x82", "ab??"},
        {"a letter cut by another", "\xE2\x82" "a", "??a"},
        {"overlong, out of range", "\xC0\x80\xF5\x80\x80\x80", "??????"},
        {"a percent sign is text", "100%s %n", "100%s %n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err set = {0}, ctx = {0};

        err_set(&set, ERR_FAILED, "%s", cases[i].text);
        err_set(&ctx, ERR_FAILED, "x");
        err_ctx(&ctx, "%s", cases[i].text);
        if (strcmp(set.text, cases[i].want) != 0 ||
            strncmp(ctx.text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s: %s", cases[i].situation, set.text);
    }
}

static void test_err_text_is_always_terminated(void **state)
{
    (void)state;
    char       longer[3000];
    struct err err = {0};

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    memcpy(longer + sizeof err.text - 2, "\xC3\xBC", 2);   /* at the limit */
    err_set(&err, ERR_FAILED, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(err.text[sizeof err.text - 2], '?');
    err_ctx(&err, "%s", "where");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(strncmp(err.text, "where: xxx", 10), 0);
    err_ctx(&err, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void test_err_exit_codes_are_those_of_the_manual(void **state)
{
    (void)state;
    static const struct {
        enum err_kind kind;
        int           code;
    } cases[] = {
        {ERR_NONE, 0}, {ERR_INPUT, 2}, {ERR_PREFLIGHT, 3}, {ERR_FAILED, 1},
        {ERR_TIMEOUT, 1}, {ERR_BUG, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(err_exit_code(cases[i].kind), cases[i].code);
}

/* In children, since a stop is for ever. */
static void test_err_exit_code_of_a_stop_names_the_signal(void **state)
{
    (void)state;
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t pid = fork();
        int   status;

        if (pid == 0) {
            stop_install();
            raise(signals[i]);
            raise(SIGTERM);          /* the first one counts */
            _exit(err_exit_code(ERR_STOPPED));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 128 + signals[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_set_keeps_the_first_failure),
        cmocka_unit_test(test_err_takes_null),
        cmocka_unit_test(test_err_ctx_puts_the_place_in_front),
        cmocka_unit_test(test_err_text_is_one_line_that_steers_no_terminal),
        cmocka_unit_test(test_err_text_is_always_terminated),
        cmocka_unit_test(test_err_exit_codes_are_those_of_the_manual),
        cmocka_unit_test(test_err_exit_code_of_a_stop_names_the_signal),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
