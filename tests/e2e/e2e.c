/* SPDX-License-Identifier: MIT */
/* e2e.c - the real program against the fake llama-server: exit code, stdout,
 * stderr, and what it leaves behind. Each header is one promise of the
 * program, most of them a table that is extended by a line.
 *
 *   build/tests/e2e/e2e [PART-OF-A-TEST'S-NAME]
 *
 * AUDITION, FAKE_SERVER and AUDITION_DATA name other builds than build/. */
#define _GNU_SOURCE      /* unshare: mounts of a test are its own */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/beside_cases.h"
#include "e2e/board_cases.h"
#include "e2e/doctor_cases.h"
#include "e2e/fault_cases.h"
#include "e2e/import_cases.h"
#include "e2e/input_cases.h"
#include "e2e/mode_cases.h"
#include "e2e/option_cases.h"
#include "e2e/original_cases.h"
#include "e2e/other_cases.h"
#include "e2e/plan_cases.h"
#include "e2e/remote_cases.h"
#include "e2e/replay_cases.h"
#include "e2e/report_cases.h"
#include "e2e/server_cases.h"
#include "e2e/stop_cases.h"
#include "e2e/suite_cases.h"
#include "e2e/talk_cases.h"
#include "e2e/voice_cases.h"

/* "2/3": every third test from the second on; any other text: the tests whose
 * names hold it. */
static int run_part(const struct CMUnitTest *tests, size_t n, const char *which)
{
    struct CMUnitTest *part  = mem_new(n, sizeof *part);
    char              *end;
    unsigned long      first = strtoul(which, &end, 10), step = 1;
    size_t             taken = 0;
    char              *only = NULL;     /* cmocka keeps the pointer */
    int                bad;

    if (end > which && *end == '/') {
        step = strtoul(end + 1, NULL, 10);
    } else {
        only = mem_printf("*%s*", which);
        cmocka_set_test_filter(only);
        first = 1;
    }
    for (size_t i = first - 1; i < n && step; i += step)
        part[taken++] = tests[i];
    bad = _cmocka_run_group_tests("e2e", part, taken, NULL, NULL);
    free(part);
    free(only);
    return bad;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_is_told_and_spoils_no_other),
        cmocka_unit_test(test_a_failing_candidate_is_named_on_stderr),
        cmocka_unit_test(test_a_bad_model_is_told_alone_and_beside_a_good_one),
        cmocka_unit_test(test_an_unreadable_model_is_told),
        cmocka_unit_test(test_a_bad_config_is_told_with_its_line),
        cmocka_unit_test(test_who_never_ran_has_no_number),
        cmocka_unit_test(test_a_prompt_beyond_any_context_is_told),
        cmocka_unit_test(test_a_bad_engine_is_told),
        cmocka_unit_test(test_a_taken_port_is_told),
        cmocka_unit_test(test_a_full_disk_is_told_and_keeps_what_is_stored),
        cmocka_unit_test(test_a_limit_of_file_size_is_told_like_a_full_disk),
        cmocka_unit_test(test_a_read_only_folder_is_told),
        cmocka_unit_test(test_a_full_stdout_is_told),
        cmocka_unit_test(test_help_of_every_command_works),
        cmocka_unit_test(test_the_manual_page_is_sound),
        cmocka_unit_test(test_every_numeric_option_refuses_nonsense),
        cmocka_unit_test(test_a_slip_is_told_with_the_nearest_name),
        cmocka_unit_test(test_a_slip_in_a_variable_names_the_variable),
        cmocka_unit_test(test_a_plan_starts_and_writes_nothing),
        cmocka_unit_test(test_models_by_name_get_a_verdict_with_its_reason),
        cmocka_unit_test(test_a_plan_keeps_its_contract),
        cmocka_unit_test(test_expectations_that_cannot_hold_are_marked),
        cmocka_unit_test(test_what_would_disappoint_is_said_beforehand),
        cmocka_unit_test(test_bad_input_of_a_plan_is_told),
        cmocka_unit_test(test_a_synthetic_model_is_what_its_name_promises),
        cmocka_unit_test(
            test_a_header_is_read_from_a_hub_and_then_from_the_cache),
        cmocka_unit_test(test_a_download_ends_where_other_tools_look),
        cmocka_unit_test(test_a_url_is_fetched_and_its_secrets_are_nowhere),
        cmocka_unit_test(test_what_a_hub_may_answer_instead_is_told),
        cmocka_unit_test(test_json_is_one_document_that_keeps_its_contract),
        cmocka_unit_test(test_awkward_file_names_are_names_like_any),
        cmocka_unit_test(test_colour_is_for_terminals_that_want_it),
        cmocka_unit_test(test_a_second_run_shows_the_first_and_starts_nothing),
        cmocka_unit_test(test_more_cases_measure_only_what_is_missing),
        cmocka_unit_test(test_stored_runs_are_shown_and_judged_again),
        cmocka_unit_test(test_a_signal_keeps_what_was_measured),
        cmocka_unit_test(test_a_signal_while_loading_ends_at_once),
        cmocka_unit_test(test_kill_9_at_any_moment_loses_nothing_stored),
        cmocka_unit_test(test_an_engine_left_behind_is_ended_by_the_next_run),
        cmocka_unit_test(test_a_second_audition_on_the_store_is_refused),
        cmocka_unit_test(test_a_running_server_is_auditioned),
        cmocka_unit_test(test_a_key_from_the_environment_is_used_and_kept),
        cmocka_unit_test(test_what_is_no_model_server_is_told),
        cmocka_unit_test(test_a_server_that_goes_away_keeps_what_was_measured),
        cmocka_unit_test(test_who_always_answers_right_is_recommended),
        cmocka_unit_test(test_a_clear_difference_ranks_as_it_should),
        cmocka_unit_test(test_a_recording_that_dies_leaves_the_other),
        cmocka_unit_test(test_recorded_verdicts_are_given_again),
        cmocka_unit_test(test_less_agreement_than_asked_for_is_a_failed_gate),
        cmocka_unit_test(test_a_line_of_no_recorded_case_is_told),
        cmocka_unit_test(test_a_field_of_a_wrong_kind_is_told_by_its_name),
        cmocka_unit_test(test_any_functions_and_arguments_are_judged),
        cmocka_unit_test(test_a_file_without_recorded_cases_is_told),
        cmocka_unit_test(test_a_recorded_case_that_is_there_twice_is_told),
        cmocka_unit_test(test_the_suites_are_listed_with_what_they_hold),
        cmocka_unit_test(test_an_unsound_case_is_named_with_what_it_lets_pass),
        cmocka_unit_test(test_floors_are_what_understanding_nothing_passes),
        cmocka_unit_test(test_a_line_that_is_no_case_is_told_with_its_number),
        cmocka_unit_test(test_a_suite_without_cases_is_told),
        cmocka_unit_test(test_an_imported_suite_runs_like_one_of_ours),
        cmocka_unit_test(test_what_cannot_be_imported_is_told),
        cmocka_unit_test(
            test_imported_cases_pass_when_right_and_fail_when_wrong),
        cmocka_unit_test(test_what_is_broken_is_told_and_leaves_nothing),
        cmocka_unit_test(
            test_bytes_that_are_no_lines_are_told_and_leave_nothing),
        cmocka_unit_test(test_an_import_that_fails_leaves_the_one_before),
        cmocka_unit_test(test_answers_of_no_question_are_told),
        cmocka_unit_test(test_with_keep_going_the_sound_lines_are_asked),
        cmocka_unit_test(test_a_home_that_cannot_be_is_told),
        cmocka_unit_test(test_a_conversation_is_kept_whole_and_judged_by_turns),
        cmocka_unit_test(
            test_what_was_misheard_tells_the_rate_that_was_reached),
        cmocka_unit_test(test_a_noise_that_is_none_is_told),
        cmocka_unit_test(test_repeats_tell_the_chance_that_all_pass),
        cmocka_unit_test(test_a_second_run_of_everything_asks_nothing),
        cmocka_unit_test(test_judging_again_restores_what_was_judged),
        cmocka_unit_test(test_the_doctors_document_keeps_its_contract),
        cmocka_unit_test(test_the_doctor_says_it_to_people_and_stores_nothing),
        cmocka_unit_test(test_the_doctor_ends_with_the_code_that_it_promises),
        cmocka_unit_test(
            test_other_servers_are_named_and_what_they_hide_is_said),
        cmocka_unit_test(test_a_prompt_that_ollama_cuts_silently_is_told),
        cmocka_unit_test(test_the_doctor_says_which_server_it_examined),
        cmocka_unit_test(test_every_latency_is_what_the_script_says),
        cmocka_unit_test(test_a_slow_speaker_hears_no_silence),
        cmocka_unit_test(test_another_speaking_rate_needs_no_new_audition),
        cmocka_unit_test(
            test_reasoning_in_the_speech_is_counted_and_not_waited_for),
        cmocka_unit_test(test_an_answer_of_nothing_but_reasoning_is_empty),
        cmocka_unit_test(test_thinking_that_can_be_switched_off_is_off),
        cmocka_unit_test(test_ten_turns_read_again_only_what_the_cache_lost),
        cmocka_unit_test(test_the_cliff_is_where_the_script_puts_it),
        cmocka_unit_test(
            test_a_prompt_beyond_the_context_is_left_out_and_said),
        cmocka_unit_test(
            test_tools_that_a_template_drops_are_asked_by_prompt),
        cmocka_unit_test(test_a_burner_marks_the_turns_it_touched_and_no_other),
        cmocka_unit_test(test_each_trouble_of_the_board_has_its_own_mark),
        cmocka_unit_test(test_what_was_only_measured_under_a_mark_says_so),
        cmocka_unit_test(test_energy_is_the_power_at_the_input_times_the_time),
        cmocka_unit_test(test_an_energy_counter_that_wraps_is_followed),
        cmocka_unit_test(test_a_load_that_leaves_no_memory_is_ended_and_told),
        cmocka_unit_test(test_with_a_floor_of_0_nothing_is_ended),
        cmocka_unit_test(test_a_server_that_is_not_ours_is_never_ended),
        cmocka_unit_test(
            test_without_sampling_there_are_reasons_and_no_figures),
        cmocka_unit_test(test_a_sysroot_that_is_not_there_is_told),
        cmocka_unit_test(test_speech_programs_run_beside_it_and_end_with_it),
        cmocka_unit_test(test_speech_programs_that_die_at_once_are_told),
        cmocka_unit_test(test_speech_programs_that_end_meanwhile_are_told),
        cmocka_unit_test(test_speech_programs_that_run_already_are_watched),
        cmocka_unit_test(
            test_of_a_server_that_runs_already_the_board_is_known),
        cmocka_unit_test(test_held_memory_stands_in_for_speech_programs),
        cmocka_unit_test(test_a_signal_ends_the_speech_programs_too),
        cmocka_unit_test(test_a_soak_says_what_changed_and_what_did_not),
        cmocka_unit_test(
            test_a_soak_goes_on_after_a_signal_and_tells_other_answers),
        cmocka_unit_test(test_judging_again_switches_no_power_mode),
        cmocka_unit_test(
            test_each_power_mode_is_auditioned_and_the_first_restored),
        cmocka_unit_test(test_a_signal_restores_the_power_mode),
        cmocka_unit_test(
            test_a_power_mode_is_restored_after_a_kill_at_the_next_start),
        cmocka_unit_test(
            test_a_power_mode_that_fails_half_way_leaves_the_other),
        cmocka_unit_test(test_without_a_command_the_modes_are_switched_by_hand),
    };
    return run_part(tests, sizeof tests / sizeof *tests,
                    argc > 1 ? argv[1] : "1/1");
}
