/* SPDX-License-Identifier: MIT */
/* From counts of suites to the totals that the originals publish. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "original/weights.h"
#include "report/originals_table.h"

static struct weights_suite *put(struct weights *w, const char *name,
                                 long cases, long asked, long passed)
{
    struct weights_suite *s = weights_of(w, name);

    assert_non_null(s);
    s->cases  = cases;
    s->asked  = asked;
    s->passed = passed;
    s->saner  = passed;
    return s;
}

static struct weights_row row_of(const struct weights *w, const char *original,
                                 const char *name)
{
    struct weights_row rows[WEIGHTS_ROWS];
    size_t             n = weights_rows(w, rows);

    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].original, original) == 0 &&
            strcmp(rows[i].name, name) == 0)
            return rows[i];
    fail_msg("no row %s %s", original, name);
    return rows[0];
}

static void expect(double got, double want)
{
    if (!(fabs(got - want) < 1e-12)) fail_msg("%.15g, not %.15g", got, want);
}

/* All of BFCL's single turns: cases, passed. The means were worked out by
 * hand. */
static void put_bfcl(struct weights *w)
{
    put(w, "bfcl_simple_python", 400, 400, 360);           /* 0.90         */
    put(w, "bfcl_simple_java", 100, 100, 60);              /* 0.60         */
    put(w, "bfcl_simple_javascript", 50, 50, 15);          /* 0.30         */
    put(w, "bfcl_multiple", 200, 200, 180);                /* 0.90         */
    put(w, "bfcl_parallel", 200, 200, 100);                /* 0.50         */
    put(w, "bfcl_parallel_multiple", 200, 200, 40);        /* 0.20         */
    put(w, "bfcl_irrelevance", 240, 240, 180);             /* 0.75         */
    put(w, "bfcl_live_simple", 258, 258, 129);
    put(w, "bfcl_live_multiple", 1053, 1053, 702);
    put(w, "bfcl_live_parallel", 16, 16, 4);
    put(w, "bfcl_live_parallel_multiple", 24, 24, 6);
    put(w, "bfcl_live_irrelevance", 884, 884, 221);        /* 0.25         */
    put(w, "bfcl_live_relevance", 16, 16, 12);
}

static void test_bfcl_weighs_as_its_leaderboard_does(void **state)
{
    (void)state;
    struct weights     w = {.n = 0};
    struct weights_row row;

    put_bfcl(&w);
    expect(row_of(&w, "bfcl", "simple").rate, 0.6);
    expect(row_of(&w, "bfcl", "non_live").rate, (0.6 + 0.9 + 0.5 + 0.2) / 4);
    expect(row_of(&w, "bfcl", "live").rate, 841.0 / 1351);
    expect(row_of(&w, "bfcl", "irrelevance_all").rate, 0.5);
    row = row_of(&w, "bfcl", "single_turn");
    expect(row.rate, (0.55 + 841.0 / 1351 + 0.5) / 3);
    assert_true(row.is_complete && row.is_total);
    /* live_relevance has no part in any of them. */
    assert_int_equal(row.asked, 550 + 600 + 240 + 1351 + 884);
    expect(row_of(&w, "bfcl", "live_relevance").rate, 0.75);
}

static void test_bfcl_gives_both_rules(void **state)
{
    (void)state;
    struct weights w = {.n = 0};

    put_bfcl(&w);
    weights_of(&w, "bfcl_simple_java")->saner = 90;
    expect(row_of(&w, "bfcl", "simple").other, (0.9 + 0.9 + 0.3) / 3);
    expect(row_of(&w, "bfcl", "simple").rate, 0.6);
    expect(row_of(&w, "bfcl", "live").other, 841.0 / 1351);
}

static void test_a_total_of_which_a_part_is_missing_is_none(void **state)
{
    (void)state;
    struct weights     w = {.n = 0};
    struct weights_row rows[WEIGHTS_ROWS];
    size_t             n;

    put(&w, "bfcl_simple_python", 400, 400, 360);
    put(&w, "bfcl_live_simple", 258, 258, 258);
    expect(row_of(&w, "bfcl", "simple_python").rate, 0.9);
    n = weights_rows(&w, rows);
    for (size_t i = 0; i < n; i++)
        if (rows[i].is_total &&
            (!isnan(rows[i].rate) || rows[i].is_complete))
            fail_msg("%s", rows[i].name);
    assert_true(row_of(&w, "bfcl", "simple_python").is_complete);
}

static void test_a_sample_is_told_and_weighs_as_the_whole_would(void **state)
{
    (void)state;
    struct weights         w = {.n = 0};
    struct originals_cells cells;
    struct weights_row     row;

    put_bfcl(&w);
    put(&w, "bfcl_live_simple", 258, 20, 20);
    row = row_of(&w, "bfcl", "live");
    assert_false(row.is_complete);
    expect(row.rate, (258 + 702 + 4 + 6) / 1351.0);
    originals_cells(&row, &cells);
    assert_string_equal(cells.of, "a sample: 1113 of 1351 cases");
    assert_false(row_of(&w, "bfcl", "single_turn").is_complete);
    assert_true(row_of(&w, "bfcl", "non_live").is_complete);
}

static void test_ifeval_has_four_numbers(void **state)
{
    (void)state;
    struct weights        w = {.n = 0};
    struct weights_suite *s = put(&w, "ifeval", 541, 541, 270);
    struct weights_row    row;

    s->prompt_loose = 300;
    s->of = 834;
    s->strict = 500;
    s->loose = 540;
    row = row_of(&w, "ifeval", "prompt");
    expect(row.rate, 270.0 / 541);
    expect(row.other, 300.0 / 541);
    assert_true(row.is_complete);
    row = row_of(&w, "ifeval", "instruction");
    expect(row.rate, 500.0 / 834);
    expect(row.other, 540.0 / 834);
    s->asked = 540;
    assert_false(row_of(&w, "ifeval", "instruction").is_complete);
}

static void test_home_assistant_has_a_half_width(void **state)
{
    (void)state;
    struct weights         w = {.n = 0};
    struct originals_cells cells;
    struct weights_row     row;

    put(&w, "ha_assist_mini", 100, 100, 80);
    row = row_of(&w, "ha", "assist_mini");
    expect(row.rate, 0.8);
    expect(row.half_width, 1.96 * 0.04);
    assert_true(isnan(row.other));
    originals_cells(&row, &cells);
    assert_string_equal(cells.name, "Home Assistant assist_mini");
    assert_string_equal(cells.rate, "80.0 ± 7.8 %");
    assert_string_equal(cells.of, "100 cases");
}

static void test_suites_of_ours_have_no_place_in_it(void **state)
{
    (void)state;
    struct weights     w = {.n = 0};
    struct weights_row rows[WEIGHTS_ROWS];
    struct strbuf      out;

    assert_null(weights_of(&w, "home"));
    assert_null(weights_of(&w, "ifeval2"));
    assert_null(weights_of(&w, "bfcl_a_name_that_is_longer_than_any_suite_of_"
                               "it_may_be"));
    assert_int_equal(weights_rows(&w, rows), 0);
    assert_null(originals_json(&w));
    strbuf_init(&out, 1000);
    originals_markdown(&out, &w);
    assert_int_equal(out.len, 0);
    strbuf_done(&out);
}

static void test_more_suites_than_there_is_room_are_not_counted(void **state)
{
    (void)state;
    struct weights     w = {.n = 0};
    struct weights_row rows[WEIGHTS_ROWS];

    for (int i = 0; i < 2 * WEIGHTS_SUITES; i++) {
        char                  name[20];
        struct weights_suite *s;

        snprintf(name, sizeof name, "ha_%d", i);
        s = weights_of(&w, name);
        assert_true((s != NULL) == (i < WEIGHTS_SUITES));
        if (s) s->asked = 1;
    }
    assert_int_equal(weights_rows(&w, rows), WEIGHTS_SUITES);
}

static void test_the_figures_survive_the_way_through_json(void **state)
{
    (void)state;
    struct weights w = {.n = 0}, back;
    json_t        *object, *again;

    put_bfcl(&w);
    put(&w, "ifeval", 541, 500, 270)->of = 800;
    put(&w, "ha_assist", 30, 30, 3);
    object = originals_json(&w);
    originals_read(object, &back);
    again = originals_json(&back);
    assert_true(json_equal(object, again));
    assert_int_equal(json_array_size(json_object_get(object, "suites")), 15);
    json_decref(object);
    json_decref(again);
    originals_read(NULL, &back);
    assert_int_equal(back.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bfcl_weighs_as_its_leaderboard_does),
        cmocka_unit_test(test_bfcl_gives_both_rules),
        cmocka_unit_test(test_a_total_of_which_a_part_is_missing_is_none),
        cmocka_unit_test(test_a_sample_is_told_and_weighs_as_the_whole_would),
        cmocka_unit_test(test_ifeval_has_four_numbers),
        cmocka_unit_test(test_home_assistant_has_a_half_width),
        cmocka_unit_test(test_suites_of_ours_have_no_place_in_it),
        cmocka_unit_test(test_more_suites_than_there_is_room_are_not_counted),
        cmocka_unit_test(test_the_figures_survive_the_way_through_json),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
