/* SPDX-License-Identifier: MIT */
/* From the telemetry of turns to what a report says of the board. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/utf8.h"
#include "telemetry.h"
#include "unit/report_board.h"

/* A trial of turns that were watched, with these marks. */
static void make_trial(struct trial *t, const unsigned *marks, size_t n)
{
    *t = (struct trial){.n_turns = n};
    t->turns = mem_new(n, sizeof *t->turns);
    for (size_t i = 0; i < n; i++) {
        turn_init(&t->turns[i]);
        t->turns[i].board.duration_s = 1.5;
        t->turns[i].marks = marks[i];
    }
}

static double noted(const struct trial *t, const char *name)
{
    double value = NAN;

    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, name) == 0)
            value = t->observations[i].value;
    return value;
}

static void test_a_trial_has_the_marks_of_any_of_its_turns(void **state)
{
    struct trial t;

    (void)state;
    make_trial(&t, (unsigned[]){MARK_THROTTLED | MARK_SLOW_CLOCK, 0,
                                MARK_THROTTLED}, 3);
    t.turns[0].board.temp_c = 70;
    t.turns[2].board.temp_c = 85;
    t.turns[0].board.oc_events = 2;
    t.turns[2].board.oc_events = 1;
    board_notes_add(&t, false);
    assert_int_equal(t.marks, MARK_THROTTLED | MARK_SLOW_CLOCK);
    assert_float_equal(noted(&t, "board_turns"), 3, 0);
    assert_float_equal(noted(&t, "board_marked"), 2, 0);
    assert_float_equal(noted(&t, "board_throttled"), 2, 0);
    assert_float_equal(noted(&t, "board_slow_clock"), 1, 0);
    assert_true(isnan(noted(&t, "board_swapped")));
    assert_float_equal(noted(&t, "board_temp_c"), 85, 0);
    assert_float_equal(noted(&t, "board_oc_events"), 3, 0);
    assert_true(isnan(noted(&t, "board_power_w")));
    trial_done(&t);
}

static void test_power_is_noted_of_decode_trials_only(void **state)
{
    struct trial t;

    (void)state;
    make_trial(&t, (unsigned[]){0, 0}, 2);
    t.turns[0].board.power_w = 5;
    t.turns[1].board.power_w = 9.5;
    board_notes_add(&t, true);
    assert_float_equal(noted(&t, "board_power_w"), 9.5, 0);
    trial_done(&t);
}

static void test_what_nobody_watched_has_no_notes(void **state)
{
    struct trial t;

    (void)state;
    make_trial(&t, (unsigned[]){0}, 1);
    t.turns[0].board.duration_s = NAN;
    board_notes_add(&t, true);
    assert_int_equal(t.n_observations, 0);
    trial_done(&t);
}

static void test_notes_of_all_trials_make_the_facts(void **state)
{
    struct board_tally tally = {0};
    struct board_facts f;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct trial t;

        make_trial(&t, (unsigned[]){i ? 0 : MARK_INTERFERENCE, 0}, 2);
        t.turns[1].board.power_w = 8 + i;
        t.turns[1].board.power_peak_w = 12 - i;
        t.turns[1].board.energy_scope = ENERGY_BOARD;
        t.turns[0].board.other_cpu_cores = i ? .1 : 1.4;
        board_notes_add(&t, true);
        board_tally_add(&tally, &t);
        trial_done(&t);
    }
    board_facts_init(&f);
    board_notes_summarise(&tally, "", &f);
    assert_int_equal(f.turns, 6);
    assert_int_equal(f.marked, 1);
    assert_float_equal(f.power_w, 9, 0);
    assert_float_equal(f.power_peak_w, 12, 0);
    assert_true(isnan(f.temp_peak_c));
    assert_string_equal(f.energy_scope, "board input");
    assert_int_equal(f.n_verdicts, 1);
    assert_string_equal(f.verdicts[0].kind, "interference");
    assert_int_equal(f.verdicts[0].turns, 1);
    assert_int_equal(f.verdicts[0].of, 6);
    assert_non_null(strstr(f.verdicts[0].text, "1 of 6 turns: "));
    assert_non_null(strstr(f.verdicts[0].text, "up to 1.4 cores"));
    board_tally_done(&tally);
}

static void test_a_board_of_which_nothing_was_noted_is_unknown(void **state)
{
    struct board_tally tally = {0};
    struct board_facts f;
    json_t            *o;

    (void)state;
    board_facts_init(&f);
    f.at_start = json_object();
    board_notes_summarise(&tally, "", &f);
    assert_non_null(f.at_start);
    assert_int_equal(f.turns + f.marked + (long)f.n_verdicts, 0);
    assert_true(isnan(f.power_w) && isnan(f.power_peak_w) &&
                isnan(f.temp_peak_c) && isnan(f.gpu_load_pct) &&
                isnan(f.gpu_freq_hz));
    o = board_facts_json(&f);
    assert_true(json_is_null(json_object_get(o, "power_w")));
    assert_true(json_is_null(json_object_get(o, "marked")));
    assert_int_equal(json_array_size(json_object_get(o, "verdicts")), 0);
    json_decref(o);
    json_decref(f.at_start);
}

/* A mark whose figure was not observed is told without one. */
static void test_a_figure_that_is_missing_is_not_told(void **state)
{
    struct board_tally tally = {
        .is_begun = true, .turns = 5, .marked = 5,
        .by_mark = {1, 1, 1, 1, 1}, .oc_events = NAN, .swapped_bytes = NAN,
        .temp_c = NAN, .other_cores = NAN, .power_peak_w = NAN,
        .energy_scope = NAN, .coload_bytes = NAN};
    struct board_facts f;

    (void)state;
    board_facts_init(&f);
    board_notes_summarise(&tally, "", &f);
    assert_int_equal(f.n_verdicts, MARK_BITS);
    for (size_t i = 0; i < f.n_verdicts; i++) {
        assert_null(strstr(f.verdicts[i].text, "nan"));
        assert_null(strchr(f.verdicts[i].text, '('));
        assert_string_equal(f.verdicts[i].kind, mark_name(1u << i));
        assert_true(*f.verdicts[i].remedy);
    }
}

static void test_long_words_are_cut_between_letters(void **state)
{
    struct board_tally tally = {.is_begun = true, .turns = 1,
                                .by_mark = {0, 0, 1}};
    char why[601];

    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        struct board_facts f;

        memset(why, 'a', sizeof why - 1);
        for (size_t at = (size_t)shift; at + 3 < sizeof why; at += 3)
            memcpy(why + at, "\xe5\xae\xb6", 3);
        why[600] = '\0';
        board_facts_init(&f);
        board_notes_summarise(&tally, why, &f);
        assert_int_equal(f.n_verdicts, 1);
        assert_true(utf8_valid(f.verdicts[0].text,
                               strlen(f.verdicts[0].text)));
        assert_in_range(strlen(f.verdicts[0].text),
                        sizeof f.verdicts[0].text - 3,
                        sizeof f.verdicts[0].text - 1);
    }
}

static void test_a_co_load_is_a_verdict_that_is_not_of_turns(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = add_candidate(&f, "one", "");
    struct coload_facts     none = {.is_wanted = false};
    json_t                 *o, *v;

    (void)state;
    board_notes_coload(NULL, &c->board);
    board_notes_coload(&none, &c->board);
    assert_int_equal(c->board.n_verdicts, 0);
    set_coload(c, "piper", NULL);
    c->coload->has_ended = true;
    board_notes_coload(c->coload, &c->board);
    assert_string_equal(c->board.verdicts[0].text, "measured beside piper");
    assert_string_equal(c->board.verdicts[0].remedy, "");
    assert_string_equal(c->board.verdicts[1].text, "measured beside piper, "
                        "which ended early: how is not known");
    assert_true(*c->board.verdicts[1].remedy);
    o = board_facts_json(&c->board);
    v = json_array_get(json_object_get(o, "verdicts"), 0);
    assert_string_equal(json_string_value(json_object_get(v, "kind")),
                        "co_load");
    assert_true(json_is_null(json_object_get(v, "turns")));
    assert_true(json_is_null(json_object_get(v, "remedy")));
    json_decref(o);
    facts_done(&f);
}

static void test_facts_are_read_back_from_their_json(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = add_candidate(&f, "one", "");
    struct board_facts      again;
    json_t                 *o, *second;

    (void)state;
    set_board(c, 30, 9, 80, 14, (double[MARK_BITS]){12, 9, 0, 1, 1});
    set_coload(c, "piper", "exit status 1");
    o = board_facts_json(&c->board);
    board_facts_read(o, &again);
    second = board_facts_json(&again);
    assert_true(json_equal(o, second));
    assert_int_equal(again.n_verdicts, 5);
    json_decref(second);
    json_decref(again.at_start);
    json_decref(o);
    facts_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trial_has_the_marks_of_any_of_its_turns),
        cmocka_unit_test(test_power_is_noted_of_decode_trials_only),
        cmocka_unit_test(test_what_nobody_watched_has_no_notes),
        cmocka_unit_test(test_notes_of_all_trials_make_the_facts),
        cmocka_unit_test(test_a_board_of_which_nothing_was_noted_is_unknown),
        cmocka_unit_test(test_a_figure_that_is_missing_is_not_told),
        cmocka_unit_test(test_long_words_are_cut_between_letters),
        cmocka_unit_test(test_a_co_load_is_a_verdict_that_is_not_of_turns),
        cmocka_unit_test(test_facts_are_read_back_from_their_json),
    };
    return cmocka_run_group_tests_name("board_notes", tests, NULL, NULL);
}
