/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/units.h"

static void test_values_carry_a_unit_and_no_digit_too_many(void **state)
{
    static const struct {
        double      value;
        const char *unit;
        int         decimals;
        const char *want;
    } cases[] = {
        {1.2361, "s", 2, "1.24 s"},
        {0.004, "s", 2, "<0.01 s"},
        {0, "s", 2, "0.00 s"},
        {-0.001, "s", 2, "0.00 s"},
        {-1.5, "s", 1, "-1.5 s"},
        {9.999, "s", 2, "10.00 s"},
        {41.26, "tok/s", 1, "41.3 tok/s"},
        {612.4, "tok/s", 0, "612 tok/s"},
        {41.26, "", 1, "41.3"},
        {7, "s", 9, "7.0000 s"},
        {NAN, "s", 2, "–"},
        {INFINITY, "tok/s", 2, "–"},
        {NAN, "bytes", 0, "–"},
        {0, "bytes", 0, "0 B"},
        {1023, "bytes", 0, "1023 B"},
        {1024, "bytes", 0, "1 KiB"},
        {536870912, "bytes", 0, "512 MiB"},
        {1073741823, "bytes", 0, "1.0 GiB"},
        {1825361100, "bytes", 0, "1.7 GiB"},
        {-536870912, "bytes", 0, "-512 MiB"},
        {1e300, "s", 2, "1e+300 s"},
        {-DBL_MAX, "tok/s", 4, "-2e+308 tok/s"},
        {3, "a unit that is much too long", 0, "3 a unit that is "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(units_value(cases[i].value, cases[i].unit,
                                        cases[i].decimals).text,
                            cases[i].want);
}

static void test_intervals_share_one_unit(void **state)
{
    (void)state;
    assert_string_equal(units_interval(1.24, 1.19, 1.31, "s", 2).text,
                        "1.24 [1.19–1.31] s");
    assert_string_equal(units_interval(1.24, NAN, 1.31, "s", 2).text,
                        "1.24 s");
    assert_string_equal(units_interval(NAN, 1.19, 1.31, "s", 2).text, "–");
    assert_string_equal(units_interval(1.1e9, 1e9, 1.2e9, "bytes", 0).text,
                        "1.0 [0.9–1.1] GiB");
    assert_string_equal(units_range(900e6, 1.2e9, "bytes", 0).text,
                        "0.8–1.1 GiB");
    assert_string_equal(units_range(40.9, 41.6, "tok/s", 1).text,
                        "40.9–41.6 tok/s");
    assert_string_equal(units_range(40.9, NAN, "tok/s", 1).text, "–");
    assert_string_equal(units_interval(-DBL_MAX, -DBL_MAX, DBL_MAX,
                                       "tok/s", 4).text,
                        "-2e+308 [-2e+308–2e+308] tok/s");
}

static void test_rates_are_all_or_none_only_when_exactly_so(void **state)
{
    static const struct {
        double      rate;
        const char *want;
    } cases[] = {
        {0, "0 %"}, {0.001, "<1 %"}, {0.0099, "<1 %"}, {0.01, "1 %"},
        {0.615, "62 %"}, {0.99, "99 %"}, {0.995, ">99 %"}, {1, "100 %"},
        {NAN, "–"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(units_rate(cases[i].rate).text, cases[i].want);
}

static void test_rate_intervals_are_rounded_outwards(void **state)
{
    (void)state;
    assert_string_equal(units_rate_interval(.62, .4869, .7401).text,
                        "62 [48–75] %");
    assert_string_equal(units_rate_interval(.62, .62, .62).text,
                        "62 [62–62] %");
    assert_string_equal(units_rate_interval(0, 0, .06).text, "0 [0–6] %");
    assert_string_equal(units_rate_interval(.5, NAN, .06).text, "50 %");
    assert_string_equal(units_rate_interval(NAN, .1, .6).text, "–");
}

static void test_counts_are_short(void **state)
{
    static const struct {
        double      count;
        const char *want;
    } cases[] = {
        {0, "0"}, {999, "999"}, {32768, "33k"}, {494e6, "494M"},
        {999.7e6, "1.0B"}, {1.71e9, "1.7B"}, {46.7e9, "46.7B"}, {NAN, "–"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(units_count(cases[i].count).text, cases[i].want);
}

static void test_whole_numbers_are_grouped_by_thousands(void **state)
{
    (void)state;
    assert_string_equal(units_grouped(0).text, "0");
    assert_string_equal(units_grouped(999.4).text, "999");
    assert_string_equal(units_grouped(999.5).text, "1,000");
    assert_string_equal(units_grouped(12288).text, "12,288");
    assert_string_equal(units_grouped(-123456).text, "-123,456");
    assert_string_equal(units_grouped(1234567890123).text,
                        "1,234,567,890,123");
    assert_string_equal(units_grouped(0.2).text, "<1");
    assert_string_equal(units_grouped(1e15).text, "1e+15");
    assert_string_equal(units_grouped(NAN).text, UNITS_MISSING);
}

/* Where a locale with a decimal comma is installed; C elsewhere. */
static void test_numbers_do_not_follow_the_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8",
                                        "de_DE.utf8", "C"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i])) continue;
        assert_string_equal(units_value(1.5, "s", 2).text, "1.50 s");
        assert_string_equal(units_bytes(1825361100).text, "1.7 GiB");
        assert_string_equal(units_number(-1234567.5, 1).text, "-1234567.5");
    }
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_carry_a_unit_and_no_digit_too_many),
        cmocka_unit_test(test_intervals_share_one_unit),
        cmocka_unit_test(test_rates_are_all_or_none_only_when_exactly_so),
        cmocka_unit_test(test_rate_intervals_are_rounded_outwards),
        cmocka_unit_test(test_counts_are_short),
        cmocka_unit_test(test_whole_numbers_are_grouped_by_thousands),
        cmocka_unit_test(test_numbers_do_not_follow_the_locale),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
