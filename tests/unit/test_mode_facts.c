/* SPDX-License-Identifier: MIT */
/* The same audition in several power modes: what is kept of each, as JSON and
 * back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/jsonx.h"
#include "mode_facts.h"
#include "unit/report_board.h"

static void test_a_mode_keeps_what_is_compared(void **state)
{
    struct facts            f = {0}, of = {0};
    struct candidate_facts *c = add_candidate(&of, "one", "");
    const struct mode_cell *cell;

    (void)state;
    c->verdict = VERDICT_READY;
    set_metric(c, METRIC_served_tok_s, 31.4, NAN, NAN, 20);
    set_metric(c, METRIC_energy_j_per_token, .31, NAN, NAN, 20);
    c->board.power_w = 9.6;
    mode_facts_add(&f, &of, "2", "15W", NULL);
    assert_int_equal(f.n_modes, 1);
    assert_string_equal(f.modes[0].id, "2");
    assert_string_equal(f.modes[0].name, "15W");
    assert_null(f.modes[0].failure);
    assert_int_equal(f.modes[0].n, 1);
    cell = &f.modes[0].cells[0];
    assert_string_equal(cell->name, "one");
    assert_int_equal(cell->verdict, VERDICT_READY);
    assert_float_equal(cell->served_tok_s, 31.4, 0);
    assert_float_equal(cell->energy_j_per_token, .31, 0);
    assert_float_equal(cell->power_w, 9.6, 0);
    assert_true(isnan(cell->first_sentence_s));
    assert_true(isnan(cell->temp_peak_c));
    facts_done(&of);
    facts_done(&f);
}

static void test_a_mode_without_a_name_is_called_by_its_id(void **state)
{
    struct facts f = {0};

    (void)state;
    mode_facts_add(&f, NULL, "0", NULL, "the board asks for a restart");
    mode_facts_add(&f, NULL, "1", "", NULL);
    assert_string_equal(f.modes[0].name, "0");
    assert_string_equal(f.modes[0].failure, "the board asks for a restart");
    assert_int_equal(f.modes[0].n, 0);
    assert_string_equal(f.modes[1].name, "1");
    facts_done(&f);
}

static void test_marked_figures_of_a_mode_are_told(void **state)
{
    struct facts            f = {0}, of = {0}, again = {0};
    struct candidate_facts *c = add_candidate(&of, "one", "");
    json_t                 *list;
    char                   *note;

    (void)state;
    set_metric(c, METRIC_served_tok_s, 31.4, NAN, NAN, 20);
    mode_facts_add(&f, &of, "0", "MAXN", NULL);
    c->metrics[METRIC_served_tok_s].is_marked = true;
    mode_facts_add(&f, &of, "2", "15W", NULL);
    assert_null(mode_facts_note(&f.modes[0]));
    list = mode_facts_json(&f);
    mode_facts_read(list, &again);
    note = mode_facts_note(&again.modes[1]);
    assert_non_null(strstr(note, "under a mark"));
    assert_non_null(strstr(note, ": one"));
    free(note);
    json_decref(list);
    facts_done(&again);
    facts_done(&of);
    facts_done(&f);
}

static void test_one_mode_is_null_in_json(void **state)
{
    struct facts f = {0}, again = {0};
    json_t      *list = mode_facts_json(&f);

    (void)state;
    assert_true(json_is_null(list));
    mode_facts_read(list, &again);
    assert_int_equal(again.n_modes, 0);
    json_decref(list);
}

static void test_modes_are_read_back(void **state)
{
    struct facts f = {0}, again = {0};
    json_t      *list, *second;

    (void)state;
    set_metric(add_candidate(&f, "one", ""), METRIC_first_sentence_s, 1.2,
               NAN, NAN, 6);
    add_modes(&f, "25W", "15W");
    mode_facts_add(&f, NULL, "0", "MAXN", "no");
    list = mode_facts_json(&f);
    assert_true(json_is_null(json_object_get(json_array_get(
        json_object_get(json_array_get(list, 0), "candidates"), 0),
        "power_w")));
    mode_facts_read(list, &again);
    second = mode_facts_json(&again);
    assert_true(json_equal(list, second));
    json_decref(second);
    json_decref(list);
    facts_done(&again);
    facts_done(&f);
}

static void test_modes_of_any_type_are_survived(void **state)
{
    static const char *const texts[] = {
        "{}", "[]", "[1, null, \"a\", []]", "[{}]",
        "[{\"id\": 3, \"name\": [], \"failure\": 1, \"candidates\": 7}]",
        "[{\"candidates\": [1, {}, {\"name\": 2, \"verdict\": 1}]}]"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct facts f = {0};
        struct err   err = {0};
        json_t      *list = jsonx_parse(texts[i], strlen(texts[i]), &err);

        mode_facts_read(list, &f);
        for (size_t k = 0; k < f.n_modes; k++) {
            assert_non_null(f.modes[k].name);
            for (size_t n = 0; n < f.modes[k].n; n++) {
                assert_non_null(f.modes[k].cells[n].name);
                assert_true(isnan(f.modes[k].cells[n].served_tok_s));
                assert_int_equal(f.modes[k].cells[n].verdict,
                                 VERDICT_UNKNOWN);
            }
        }
        json_decref(list);
        facts_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mode_keeps_what_is_compared),
        cmocka_unit_test(test_a_mode_without_a_name_is_called_by_its_id),
        cmocka_unit_test(test_marked_figures_of_a_mode_are_told),
        cmocka_unit_test(test_one_mode_is_null_in_json),
        cmocka_unit_test(test_modes_are_read_back),
        cmocka_unit_test(test_modes_of_any_type_are_survived),
    };
    return cmocka_run_group_tests_name("mode_facts", tests, NULL, NULL);
}
