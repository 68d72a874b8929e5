/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700   /* posix_openpt */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/term.h"

/* Variables that decide; NULL unsets. */
struct environment {
    const char *no_color, *clicolor_force, *force_color, *term, *columns;
};

static void set(const char *name, const char *value)
{
    if (value) setenv(name, value, 1);
    else unsetenv(name);
}

static void use(struct environment e)
{
    set("NO_COLOR", e.no_color);
    set("CLICOLOR_FORCE", e.clicolor_force);
    set("FORCE_COLOR", e.force_color);
    set("TERM", e.term);
    set("COLUMNS", e.columns);
}

/* A pseudo terminal's user side, or -1 where there are none. */
static int open_terminal(int *master)
{
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    if (*master < 0 || grantpt(*master) || unlockpt(*master)) return -1;
    return open(ptsname(*master), O_RDWR | O_NOCTTY);
}

static void test_colour_follows_the_first_rule_that_applies(void **state)
{
    static const struct {
        struct environment e;
        bool on_terminal, on_file;
    } cases[] = {
        {{.term = "xterm"}, true, false},
        {{.term = "dumb"}, false, false},
        {{.term = NULL}, false, false},
        {{.term = ""}, false, false},
        {{.term = "xterm", .no_color = "1"}, false, false},
        {{.term = "xterm", .no_color = ""}, true, false},
        {{.term = "xterm", .force_color = "1"}, true, true},
        {{.term = "dumb", .clicolor_force = "1"}, true, true},
        {{.term = "xterm", .clicolor_force = "0"}, true, false},
        {{.term = "xterm", .force_color = ""}, true, false},
        {{.term = "xterm", .no_color = "1", .force_color = "1"}, false,
         false},
    };
    int master, tty = open_terminal(&master);
    int file = open("/dev/null", O_WRONLY);

    (void)state;
    assert_true(file >= 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        use(cases[i].e);
        if (term_of(file).colour != cases[i].on_file)
            fail_msg("case %zu on a file", i);
        if (tty >= 0 && term_of(tty).colour != cases[i].on_terminal)
            fail_msg("case %zu on a terminal", i);
    }
    if (tty >= 0) {
        use((struct environment){.term = "xterm"});
        assert_true(term_of(tty).is_terminal && term_of(tty).can_redraw);
        close(tty);
    }
    assert_false(term_of(file).is_terminal);
    close(master);
    close(file);
}

static void test_columns_are_bounded_and_unknown_in_a_file(void **state)
{
    static const struct {
        const char *columns;
        int         want;
    } cases[] = {
        {NULL, 0}, {"", 0}, {"wide", 0}, {"-5", 0}, {"80", 80}, {"3", 20},
        {"99999999999999999999", 1000},
    };
    int file = open("/dev/null", O_WRONLY);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        use((struct environment){.columns = cases[i].columns});
        assert_int_equal(term_of(file).columns, cases[i].want);
    }
    close(file);
}

static void test_styles_leave_no_byte_without_colour(void **state)
{
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 1000);
    term_add(&out, false, STYLE_BAD, "x");
    term_add(&out, true, STYLE_PLAIN, "y");
    term_add(&out, true, STYLE_GOOD, "");
    assert_string_equal(out.text, "xy");
    term_add(&out, true, STYLE_GOOD, "z");
    assert_string_equal(out.text, "xy\033[32mz\033[0m");
    strbuf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colour_follows_the_first_rule_that_applies),
        cmocka_unit_test(test_columns_are_bounded_and_unknown_in_a_file),
        cmocka_unit_test(test_styles_leave_no_byte_without_colour),
    };
    return cmocka_run_group_tests_name("term", tests, NULL, NULL);
}
