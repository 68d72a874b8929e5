/* SPDX-License-Identifier: MIT */
/* test_utf8.c - foreign text made safe to store or show. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define R "\xEF\xBF\xBD"      /* U+FFFD */

static void test_utf8_clean_replaces_what_is_not_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text;
        size_t      len;         /* 0: strlen */
        const char *want;
        bool        valid;
    } cases[] = {
        {"empty", "", 0, "", true},
        {"ASCII", "abc", 0, "abc", true},
        {"two, three, four bytes", "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", 0,
         "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", true},
        {"last code point", "\xF4\x8F\xBF\xBF", 0, "\xF4\x8F\xBF\xBF", true},
        {"NUL", "a\0b", 3, "a" R "b", true},
        {"a byte that starts nothing", "a\xff" "b", 0, "a" R "b", false},
        {"a lone continuation", "\x80", 0, R, false},
        {"cut at the end", "a\xE2\x82", 0, "a" R R, false},
        {"cut by a letter", "\xF0\x9F\x98" "a", 0, R R R "a", false},
        {"overlong slash", "\xC0\xAF", 0, R R, false},
        {"overlong in three bytes", "\xE0\x80\xAF", 0, R R R, false},
        {"half a surrogate pair", "\xED\xA0\x80", 0, R R R, false},
        {"beyond the last code point", "\xF4\x90\x80\x80", 0, R R R R, false},
        {"five bytes", "\xF8\x88\x80\x80\x80", 0, R R R R R, false},
        {"escape sequences are text", "\x1b[2J", 0, "\x1b[2J", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len   = cases[i].len ? cases[i].len : strlen(cases[i].text);
        char  *clean = utf8_clean(cases[i].text, len);

        if (strcmp(clean, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].situation, clean);
        assert_true(utf8_valid(clean, strlen(clean)));
        if (utf8_valid(cases[i].text, len) != cases[i].valid)
            fail_msg("%s: validity", cases[i].situation);
        free(clean);
    }
}

static void test_utf8_reads_no_byte_beyond_the_length(void **state)
{
    (void)state;
    static const char euro[] = "\xE2\x82\xAC";

    for (size_t len = 0; len <= 3; len++) {
        char *exact = malloc(len + 1);   /* ASan and valgrind watch its end */
        char *clean;

        memcpy(exact, euro, len);
        clean = utf8_clean(exact, len);
        assert_int_equal(utf8_valid(exact, len), len == 0 || len == 3);
        assert_string_equal(clean, len == 0 ? "" : len == 1 ? R
                                   : len == 2 ? R R : euro);
        free(clean);
        free(exact);
    }
}

static void test_utf8_printable_steers_no_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text, *want;
    } cases[] = {
        {"plain", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80",
         "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"},
        {"clear the screen", "\x1b[2J\x1b[H", "?[2J?[H"},
        {"set the title", "\x1b]0;owned\x07", "?]0;owned?"},
        {"a link", "\x1b]8;;http://x\x1b\\y", "?]8;;http://x?\\y"},
        {"CSI in one code point", "\xC2\x9B" "31m", "?31m"},
        {"CSI in one byte", "\x9B" "31m", R "31m"},
        {"line breaks and tabs", "a\nb\r\nc\td", "a b  c d"},
        {"backspace, delete, bell", "a\b\x7f\a", "a???"},
        {"next line", "a\xC2\x85" "b", "a?b"},
        {"line and paragraph separator", "a\xE2\x80\xA8" "b\xE2\x80\xA9" "c",
         "a b c"},
        {"right-to-left override", "a\xE2\x80\xAE" "fdp.exe", "a?fdp.exe"},
        {"isolates", "\xE2\x81\xA6x\xE2\x81\xA9", "?x?"},
        {"marks of direction", "\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "???"},
        {"byte order mark", "\xEF\xBB\xBFx", "?x"},
        {"invalid", "\xff\xC3", R R},
        {"joined emoji stay", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC",
         "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *shown = utf8_printable(cases[i].text, strlen(cases[i].text));

        if (strcmp(shown, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].situation, shown);
        free(shown);
    }
}

/* Whatever two bytes come, nothing below space and no C1 comes out. */
static void test_utf8_printable_survives_every_pair_of_bytes(void **state)
{
    (void)state;
    for (int pair = 0; pair < 65536; pair++) {
        char        text[2] = {(char)(pair >> 8), (char)(pair & 255)};
        char       *shown   = utf8_printable(text, 2);
        const char *at      = shown;

        if (!utf8_valid(shown, strlen(shown)) || !*shown)
            fail_msg("%04x", (unsigned)pair);
        for (; *at; at++)
            if ((unsigned char)*at < 0x20 || *at == 0x7f ||
                (*at == '\xC2' && (unsigned char)at[1] < 0xa0))
                fail_msg("%04x", (unsigned)pair);
        free(shown);
    }
}

static void test_utf8_counts_columns_and_letters(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *text;
        int         width;
        size_t      length;
    } cases[] = {
        {"empty", "", 0, 0},
        {"ASCII", "abc", 3, 3},
        {"umlaut", "\xC3\xBC", 1, 1},
        {"letter and combining mark", "u\xCC\x88", 1, 2},
        {"wide letters", "\xE6\x97\xA5\xE6\x9C\xAC", 4, 2},
        {"emoji", "\xF0\x9F\x98\x80", 2, 1},
        {"dash of a missing value", "\xE2\x80\x93", 1, 1},
        {"Greek, Cyrillic", "\xCE\xB1\xD0\xB6", 2, 2},
        {"box drawing", "\xE2\x94\x80\xE2\x96\x88", 2, 2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (utf8_width(cases[i].text) != cases[i].width ||
            utf8_length(cases[i].text) != cases[i].length)
            fail_msg("%s: %d columns, %zu letters", cases[i].situation,
                     utf8_width(cases[i].text), utf8_length(cases[i].text));
}

static void test_utf8_fold_makes_equal_letters_equal(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool        equal;
    } cases[] = {
        {"Kitchen LIGHT", "kitchen light", true},
        {"K\xC3\x9C" "CHE", "k\xC3\xBC" "che", true},
        {"STRASSE", "stra\xC3\x9F" "e", true},
        {"\xC3\xA9", "E\xCC\x81", true},            /* composed or not */
        {"\xCE\xA3\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82",
         "\xCF\x83\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x83", true},
        {"", "", true},
        {"a", "b", false},
        {"\xC3\xBC", "u", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *one = utf8_fold(cases[i].one), *other = utf8_fold(cases[i].other);

        if ((strcmp(one, other) == 0) != cases[i].equal)
            fail_msg("%s, %s", one, other);
        free(one);
        free(other);
    }
}

static void test_utf8_fold_passes_invalid_text(void **state)
{
    (void)state;
    char *folded = utf8_fold("A\xff");

    assert_string_equal(folded, "A\xff");
    free(folded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_clean_replaces_what_is_not_utf8),
        cmocka_unit_test(test_utf8_reads_no_byte_beyond_the_length),
        cmocka_unit_test(test_utf8_printable_steers_no_terminal),
        cmocka_unit_test(test_utf8_printable_survives_every_pair_of_bytes),
        cmocka_unit_test(test_utf8_counts_columns_and_letters),
        cmocka_unit_test(test_utf8_fold_makes_equal_letters_equal),
        cmocka_unit_test(test_utf8_fold_passes_invalid_text),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
