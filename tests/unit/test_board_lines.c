/* SPDX-License-Identifier: MIT */
/* What a stranger reads of the board: only what is known, in words and units
 * that are right. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "report/board_lines.h"
#include "unit/report_board.h"

/* A candidate of which nothing is known, alone in its facts. */
static struct candidate_facts *unknown(struct facts *f)
{
    *f = (struct facts){.machine = {.memory_bytes = NAN,
                                    .available_bytes = NAN}};
    return add_candidate(f, "one", "");
}

/* The n-th line with this label, or "". Caller frees. */
static char *line_of(const struct candidate_facts *c, const char *label,
                     size_t nth)
{
    struct listener_line lines[BOARD_LINES];
    size_t n = board_lines(c, lines);
    char  *out = NULL;

    assert_true(n <= BOARD_LINES);
    for (size_t i = 0; i < n; i++)
        if (!out && strcmp(lines[i].label, label) == 0 && nth-- == 0)
            out = mem_copy(lines[i].text);
    listener_done(lines, n);
    return out ? out : mem_copy("");
}

static void expect_line(const struct candidate_facts *c, const char *label,
                        size_t nth, const char *want)
{
    char *line = line_of(c, label, nth);

    assert_string_equal(line, want);
    free(line);
}

static void test_what_is_unknown_has_no_line(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);
    struct listener_line    lines[BOARD_LINES];
    struct ledger_row       rows[LEDGER_ROWS];

    (void)state;
    assert_int_equal(board_lines(c, lines), 0);
    assert_int_equal(board_ledger(&c->ledger, rows), 0);
    c->board.at_start = json_object();
    c->soak = mem_new(1, sizeof *c->soak);
    c->coload = mem_new(1, sizeof *c->coload);
    assert_int_equal(board_lines(c, lines), 0);
    facts_done(&f);
}

static void test_power_says_what_it_is_of(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);
    struct board_facts     *b = &c->board;

    (void)state;
    b->temp_peak_c = 61.2;
    expect_line(c, "power", 0, "hottest 61.2 °C");
    b->power_peak_w = 11.6;
    snprintf(b->energy_scope, sizeof b->energy_scope, "board input");
    expect_line(c, "power", 0, "power peak 11.6 W (board input); hottest "
                               "61.2 °C");
    b->power_w = 9.6;
    b->temp_peak_c = NAN;
    set_metric(c, METRIC_energy_j_per_token, .31, .3, .33, 20);
    set_reason(c, METRIC_energy_j_per_token, "every one of 20 was measured "
               "under a mark: throttled");
    expect_line(c, "power", 0, "0.31 [0.30–0.33] J per token (every one of "
                "20 was measured under a mark: throttled); 9.6 W while "
                "generating; peak 11.6 W (board input)");
    facts_done(&f);
}

static void test_a_clock_of_zero_is_no_speed(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    c->board.gpu_freq_hz = 0;
    expect_line(c, "power", 0, "");
    c->board.gpu_load_pct = 0;
    expect_line(c, "power", 0, "GPU 0 % busy");
    c->board.gpu_freq_hz = 918e6;
    expect_line(c, "power", 0, "GPU 0 % busy at 918 MHz");
    c->board.gpu_load_pct = NAN;
    expect_line(c, "power", 0, "GPU at 918 MHz");
    facts_done(&f);
}

static void test_the_start_names_mode_clocks_release_and_heat(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    c->board.at_start = orin_at_start(46.9, true);
    json_object_set_new(c->board.at_start, "clocks_locked", json_true());
    json_object_set_new(c->board.at_start, "undervoltage_now", json_true());
    expect_line(c, "board", 0, "power mode 25W; GPU up to 408 MHz; CPU up to "
                "1498 MHz; clocks locked; L4T 36.4.3; 46.9 °C before the "
                "first load; its clocks were being cut even then; its supply "
                "voltage was too low; swap in use: 412 MiB");
    facts_done(&f);
}

static void test_a_start_of_wrong_types_is_not_shown(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    c->board.at_start = json_pack("{s:[], s:s, s:{}, s:i, s:s}",
                                  "power_mode_name", "gpu_max_freq_hz", "fast",
                                  "max_temp_c", "l4t_release", 36,
                                  "swap_used_bytes", "");
    expect_line(c, "board", 0, "");
    facts_done(&f);
}

static void test_memory_is_predicted_then_logged_then_measured(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    set_ledger(c, 2 * GIB);
    expect_line(c, "memory", 0, "predicted 2.7 GiB; buffers by the engine's "
                "log 2.4 GiB; the largest 2.0 GiB (weights); measured at "
                "most 2.7 GiB, 2.4 GiB on the GPU; it grew by 12 MiB; lowest "
                "MemAvailable 10.1 GiB");
    c->ledger.measured.growth_bytes = -4 * MIB;
    c->ledger.measured.device_bytes = 0;
    c->ledger.engine.total_bytes = c->ledger.engine.largest_bytes = NAN;
    c->ledger.measured.available_low_bytes = NAN;
    expect_line(c, "memory", 0, "predicted 2.7 GiB; measured at most 2.7 GiB; "
                "it shrank by 4 MiB");
    facts_done(&f);
}

static void test_a_prediction_alone_is_no_ledger(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);
    struct ledger_row       rows[LEDGER_ROWS];

    (void)state;
    c->ledger.predicted.total_bytes = 2 * GIB;
    c->ledger.reserve_bytes = GIB;
    expect_line(c, "memory", 0, "");
    assert_int_equal(board_ledger(&c->ledger, rows), 0);
    facts_done(&f);
}

static void test_the_ledger_has_a_row_for_each_thing_that_is_known(
    void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);
    struct ledger_row       rows[LEDGER_ROWS];

    (void)state;
    set_ledger(c, 2 * GIB);
    assert_int_equal(board_ledger(&c->ledger, rows), LEDGER_ROWS);
    assert_string_equal(rows[4].name, "all of it, at most");
    assert_float_equal(*rows[4].measured, c->ledger.measured.peak_bytes, 0);
    assert_string_equal(rows[5].measured_note, "engine's log");
    assert_null(rows[3].engine);
    ledger_init(&c->ledger);
    c->ledger.measured.peak_bytes = GIB;
    assert_int_equal(board_ledger(&c->ledger, rows), 1);
    facts_done(&f);
}

static void test_co_load_tells_when_it_ended(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    set_coload(c, "piper --server", "exit status 1");
    expect_line(c, "co-load", 0, "piper --server; 1.12 cores; memory at most "
                "812 MiB; health check 34 ms; slowest 212 ms; 203 of 640 "
                "checks failed; ended before the audition did: exit status "
                "1");
    expect_line(c, "marked", 0, "");          /* that is said once */
    facts_done(&f);
}

static void test_a_soak_says_what_drifts_and_what_failed(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    set_soak(c, 30);
    expect_line(c, "soak", 0, "drifting: 182 turns in 600 s; tok/s -4.1 % "
                "(drifting); first sentence +3.8 % (cannot tell); memory "
                "+0.2 % (steady); power -1.1 % (steady); temperature +12.4 "
                "°C (drifting); 1 of 182 turns failed, 5.5 [1.0–30.5] per "
                "1,000; the same question always had the same answer; speed "
                "falls by 3.2 % in the second half (2.0 % is allowed)");
    facts_done(&f);
}

/* As an older or damaged document has it. */
static void test_a_soak_without_its_counts_says_no_number(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);
    json_t                 *part = json_pack("{s:i}", "turns", 20);
    char                   *line;

    (void)state;
    c->soak = mem_new(1, sizeof *c->soak);
    soak_read(part, c->soak);
    line = line_of(c, "soak", 0);
    assert_string_equal(line, "cannot tell whether steady: 20 turns");
    free(line);
    json_decref(part);
    facts_done(&f);
}

/* 12 and 9 turns that are 14 turns. */
static void test_turns_with_two_marks_are_counted_once_in_all(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);

    (void)state;
    set_board(c, 30, 9, 80, 14, (double[MARK_BITS]){12, 9, 0, 0, 0});
    expect_line(c, "marked", 0, "12 of 240 turns: heat, power or current cut "
                "the clocks (3 over-current events, at most 80.0 °C); remedy: "
                "better cooling, a stronger supply or a lower power mode; "
                "`audition run --modes` compares modes");
    expect_line(c, "marked", 2, "in all 14 of 240 turns; they count in a "
                "median only where there are no others");
    expect_line(c, "marked", 3, "");
    facts_done(&f);
}

static void test_every_subject_and_verdict_has_room(void **state)
{
    struct facts            f;
    struct candidate_facts *c = unknown(&f);
    struct listener_line    lines[BOARD_LINES];
    size_t                  n;

    (void)state;
    set_board(c, 30, 9, 80, 14, (double[MARK_BITS]){1, 1, 1, 1, 1});
    while (c->board.n_verdicts < BOARD_VERDICTS_MAX)
        c->board.verdicts[c->board.n_verdicts++] = c->board.verdicts[0];
    set_ledger(c, GIB);
    set_soak(c, 30);
    set_coload(c, "x", NULL);
    n = board_lines(c, lines);
    assert_int_equal(n, BOARD_LINES);
    listener_done(lines, n);
    facts_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_unknown_has_no_line),
        cmocka_unit_test(test_power_says_what_it_is_of),
        cmocka_unit_test(test_a_clock_of_zero_is_no_speed),
        cmocka_unit_test(test_the_start_names_mode_clocks_release_and_heat),
        cmocka_unit_test(test_a_start_of_wrong_types_is_not_shown),
        cmocka_unit_test(test_memory_is_predicted_then_logged_then_measured),
        cmocka_unit_test(test_a_prediction_alone_is_no_ledger),
        cmocka_unit_test(
            test_the_ledger_has_a_row_for_each_thing_that_is_known),
        cmocka_unit_test(test_co_load_tells_when_it_ended),
        cmocka_unit_test(test_a_soak_says_what_drifts_and_what_failed),
        cmocka_unit_test(test_a_soak_without_its_counts_says_no_number),
        cmocka_unit_test(test_turns_with_two_marks_are_counted_once_in_all),
        cmocka_unit_test(test_every_subject_and_verdict_has_room),
    };
    return cmocka_run_group_tests_name("board_lines", tests, NULL, NULL);
}
