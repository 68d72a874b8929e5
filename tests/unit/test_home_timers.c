/* SPDX-License-Identifier: MIT */
/* Timers and alarms of simulated homes: which one is meant, and what becomes
 * of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "home_calls.h"

#define TIMER "timer.voice"
#define ALARM "alarm.voice"

/* ---- timers ------------------------------------------------------------ */

static void test_a_timer_runs_for_what_was_said(void **state)
{
    static const struct {
        const char *args;
        const char *timers;
    } cases[] = {
        {"{\"minutes\":4}",
         "[{\"name\":\"\",\"seconds\":240,\"state\":\"active\"}]"},
        {"{\"hours\":1,\"minutes\":\"30\",\"name\":\" Roast \"}",
         "[{\"name\":\"roast\",\"seconds\":5400,\"state\":\"active\"}]"},
        {"{\"seconds\":1,\"name\":\"\"}",
         "[{\"name\":\"\",\"seconds\":1,\"state\":\"active\"}]"},
        {"{\"hours\":24}",
         "[{\"name\":\"\",\"seconds\":86400,\"state\":\"active\"}]"},
        {"{\"hours\":null,\"minutes\":0,\"seconds\":90.9}",
         "[{\"name\":\"\",\"seconds\":90,\"state\":\"active\"}]"},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct home *h = home_named("studio", NULL, NULL);
        does(h, "HassStartTimer", cases[i].args);
        assert_shown(h, TIMER, "timers", cases[i].timers);
        assert_shown(h, TIMER, "state", "\"active\"");
        home_free(h);
    }
}

static void test_durations_out_of_reason_change_nothing(void **state)
{
    static const char *const bad[] = {
        "{}", "{\"minutes\":0}", "{\"minutes\":-5}", "{\"hours\":25}",
        "{\"hours\":24,\"seconds\":1}", "{\"minutes\":\"five\"}",
        "{\"minutes\":[5]}", "{\"minutes\":1e300}",
        "{\"minutes\":5,\"name\":{}}", "{\"duration\":\"00:05:00\"}",
    };
    struct home *h = home_named("studio", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < N(bad); i++)
        refuses(h, "HassStartTimer", bad[i], "InvalidSlotInfo", NULL);
    home_free(h);
}

static const char SEVERAL[] =
    "{\"timer.voice\":{\"state\":\"active\",\"timers\":["
    "{\"name\":\"tea\",\"seconds\":240,\"state\":\"active\"},"
    "{\"name\":\"eggs\",\"seconds\":600,\"state\":\"active\"},"
    "{\"name\":\"\",\"seconds\":600,\"state\":\"paused\"}]}}";

/* Which of the three goes, by the seconds and states that stay. */
static void test_a_timer_is_meant_by_name_or_start_or_alone(void **state)
{
    static const struct {
        const char *args, *error;
        size_t      stay;
        const char *gone;
    } cases[] = {
        {"{\"name\":\"TEA\"}", "", 2, "\"tea\""},
        {"{\"name\":\"eggs\",\"start_minutes\":9}", "", 2, "\"eggs\""},
        {"{\"start_minutes\":4}", "", 2, "\"tea\""},
        {"{\"start_seconds\":240}", "", 2, "\"tea\""},
        {"{\"start_minutes\":10}", "MultipleTimersMatchedError", 3, NULL},
        {"{\"start_minutes\":5}", "TimerNotFoundError", 3, NULL},
        {"{\"name\":\"cake\"}", "TimerNotFoundError", 3, NULL},
        {"{}", "MultipleTimersMatchedError", 3, NULL},
        {"{\"name\":\"\"}", "MultipleTimersMatchedError", 3, NULL},
        {"{\"area\":\"Kitchen\"}", "TimerNotFoundError", 3, NULL},
        {"{\"area\":\"Moon\"}", "MatchFailedError", 3, NULL},
        {"{\"name\":7.5}", "TimerNotFoundError", 3, NULL},
        {"{\"name\":[]}", "InvalidSlotInfo", 3, NULL},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct home *h = home_named("flat", NULL, SEVERAL);
        json_t      *now;
        char        *timers;

        assert_string_equal(kind_of(h, "HassCancelTimer", cases[i].args),
                            cases[i].error);
        now = home_state(h);
        assert_int_equal(json_array_size(json_object_get(json_object_get(
                             now, TIMER), "timers")), cases[i].stay);
        json_decref(now);
        timers = shown(h, TIMER, "timers");
        if (cases[i].gone) assert_null(strstr(timers, cases[i].gone));
        free(timers);
        home_free(h);
    }
}

static void test_errors_about_timers_say_what_to_do(void **state)
{
    struct home *h = home_named("flat", NULL, SEVERAL);

    (void)state;
    refuses(h, "HassPauseTimer", "{}", "MultipleTimersMatchedError",
            "\"tea\" with 0:04:00 left");
    refuses(h, "HassPauseTimer", "{\"name\":\"cake\"}", "TimerNotFoundError",
            "HassTimerStatus");
    home_free(h);
}

static void test_of_several_timers_the_one_near_the_user_is_meant(void **state)
{
    struct home *h   = home_named("flat", "Kitchen", SEVERAL);
    struct err   err = {0};

    (void)state;
    does(h, "HassStartTimer", "{\"minutes\":3}");
    does(h, "HassPauseTimer", "{}");
    assert_int_equal(home_speak_in(h, "Study", &err), 0);
    refuses(h, "HassCancelTimer", "{}", "MultipleTimersMatchedError", NULL);
    does(h, "HassUnpauseTimer", "{\"area\":\"kitchen\"}");
    does(h, "HassCancelTimer", "{\"area\":\"kitchen\"}");
    refuses(h, "HassCancelTimer", "{\"area\":\"kitchen\"}",
            "TimerNotFoundError", NULL);
    home_free(h);
}

static void test_more_and_less_time_undo_one_another(void **state)
{
    struct home *h = home_named("flat", "Kitchen", SEVERAL);

    (void)state;
    undoes(h, "HassIncreaseTimer", "{\"name\":\"tea\",\"minutes\":5}",
           "HassDecreaseTimer", "{\"name\":\"tea\",\"seconds\":300}");
    undoes(h, "HassStartTimer", "{\"minutes\":7,\"name\":\"pie\"}",
           "HassCancelTimer", "{\"name\":\"pie\"}");
    undoes(h, "HassPauseTimer", "{\"name\":\"eggs\"}",
           "HassUnpauseTimer", "{\"name\":\"eggs\"}");
    home_free(h);
}

static void test_a_timer_keeps_the_time_it_was_started_with(void **state)
{
    struct home *h = home_named("flat", NULL, SEVERAL);

    (void)state;
    does(h, "HassIncreaseTimer", "{\"name\":\"tea\",\"minutes\":6}");
    refuses(h, "HassPauseTimer", "{\"start_minutes\":10}",
            "MultipleTimersMatchedError", NULL);
    does(h, "HassPauseTimer", "{\"start_minutes\":4}");
    does(h, "HassCancelTimer", "{\"start_minutes\":4}");
    refuses(h, "HassCancelTimer", "{\"name\":\"tea\"}", "TimerNotFoundError",
            NULL);
    home_free(h);
}

static void test_changes_stay_between_nothing_and_a_day(void **state)
{
    struct home *h = home_named("flat", NULL, SEVERAL);

    (void)state;
    refuses(h, "HassIncreaseTimer", "{\"name\":\"tea\",\"hours\":24}",
            "IntentHandleError", NULL);
    refuses(h, "HassIncreaseTimer", "{\"name\":\"tea\"}", "InvalidSlotInfo",
            NULL);
    refuses(h, "HassDecreaseTimer", "{\"name\":\"tea\",\"minutes\":-1}",
            "InvalidSlotInfo", NULL);
    does(h, "HassDecreaseTimer", "{\"name\":\"tea\",\"minutes\":4}");
    refuses(h, "HassCancelTimer", "{\"name\":\"tea\"}", "TimerNotFoundError",
            NULL);
    home_free(h);
}

static void test_all_timers_go_at_once(void **state)
{
    struct home *h = home_named("flat", NULL, SEVERAL);
    json_t      *answer;

    (void)state;
    answer = home_call(h, "HassCancelAllTimers", "{}");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(
                         answer, "speech_slots"), "canceled")), 3);
    json_decref(answer);
    assert_shown(h, TIMER, "timers", "[]");
    assert_shown(h, TIMER, "state", "\"idle\"");
    does(h, "HassCancelAllTimers", "");
    home_free(h);
}

static void test_the_status_tells_of_each_timer_that_fits(void **state)
{
    struct home *h      = home_named("flat", NULL, SEVERAL);
    json_t      *answer = home_call(h, "HassTimerStatus", "{}"), *timers;

    (void)state;
    timers = json_object_get(json_object_get(answer, "speech_slots"),
                             "timers");
    assert_int_equal(json_array_size(timers), 3);
    json_decref(answer);
    answer = home_call(h, "HassTimerStatus", "{\"name\":\"tea\"}");
    timers = json_object_get(json_object_get(answer, "speech_slots"),
                             "timers");
    assert_int_equal(json_array_size(timers), 1);
    assert_int_equal(json_integer_value(json_object_get(
        json_array_get(timers, 0), "minutes_left")), 4);
    json_decref(answer);
    home_free(h);
}

static void test_a_home_holds_no_more_than_a_hundred_timers(void **state)
{
    struct home *h = home_named("studio", NULL, NULL);
    char         args[40];

    (void)state;
    for (int i = 1; i <= 100; i++) {
        snprintf(args, sizeof args, "{\"minutes\":%d}", i);
        does(h, "HassStartTimer", args);
    }
    refuses(h, "HassStartTimer", "{\"minutes\":5}", "IntentHandleError",
            "cancel one");
    home_free(h);
}

/* ---- alarms ------------------------------------------------------------ */

static void test_alarms_have_one_form_however_they_are_said(void **state)
{
    struct home *h = home_named("flat", NULL, "{\"alarm.voice\":"
                                "{\"alarms\":[]}}");

    (void)state;
    does(h, "SetAlarm", "{\"time\":\"7:05\",\"name\":\"Gym\","
         "\"days\":[\"Friday\",\"mon\",\"mon\"]}");
    assert_shown(h, ALARM, "alarms", "[{\"days\":[\"mon\",\"fri\"],"
                 "\"name\":\"gym\",\"time\":\"07:05\"}]");
    does(h, "SetAlarm", "{\"time\":\"06:00:00\"}");
    assert_shown(h, ALARM, "alarms", "[{\"days\":[],\"name\":\"\",\"time\":"
                 "\"06:00\"},{\"days\":[\"mon\",\"fri\"],\"name\":\"gym\","
                 "\"time\":\"07:05\"}]");
    assert_shown(h, ALARM, "state", "\"2\"");
    home_free(h);
}

static void test_the_same_alarm_is_set_once(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "SetAlarm", "{\"time\":\"06:45\",\"name\":\"Work\","
         "\"days\":[\"mon\"]}");
    assert_shown(h, ALARM, "alarms", "[{\"days\":[\"mon\"],\"name\":\"work\","
                 "\"time\":\"06:45\"}]");
    undoes(h, "SetAlarm", "{\"time\":\"05:00\",\"days\":\"tue\"}",
           "CancelAlarm", "{\"time\":\"05:00\"}");
    home_free(h);
}

static void test_an_alarm_goes_by_time_or_name(void **state)
{
    struct home *h = home_named("house", NULL, NULL);

    (void)state;
    refuses(h, "CancelAlarm", "{}", "MultipleAlarmsMatchedError",
            "ListAlarms");
    refuses(h, "CancelAlarm", "{\"time\":\"09:00\"}", "AlarmNotFoundError",
            NULL);
    refuses(h, "CancelAlarm", "{\"time\":\"8 o'clock\"}", "InvalidSlotInfo",
            NULL);
    does(h, "CancelAlarm", "{\"name\":\"Weekend\"}");
    does(h, "CancelAlarm", "{}");
    assert_shown(h, ALARM, "alarms", "[]");
    assert_told(h, "ListAlarms", "{}", "[]");
    home_free(h);
}

static void test_alarms_that_cannot_be_change_nothing(void **state)
{
    static const char *const bad[] = {
        "{}", "{\"time\":\"\"}", "{\"time\":\"25:00\"}",
        "{\"time\":\"06:60\"}", "{\"time\":\"6:45 pm\"}", "{\"time\":645}",
        "{\"time\":\"06:45:30\"}", "{\"time\":\"06:45\",\"days\":[\"x\"]}",
        "{\"time\":\"06:45\",\"days\":{}}", "{\"time\":\"06:45\","
        "\"days\":[null]}", "{\"time\":\"06:45\",\"name\":[]}",
    };
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < N(bad); i++)
        refuses(h, "SetAlarm", bad[i], "InvalidSlotInfo", "SetAlarm");
    home_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_timer_runs_for_what_was_said),
        cmocka_unit_test(test_durations_out_of_reason_change_nothing),
        cmocka_unit_test(test_a_timer_is_meant_by_name_or_start_or_alone),
        cmocka_unit_test(test_errors_about_timers_say_what_to_do),
        cmocka_unit_test(
            test_of_several_timers_the_one_near_the_user_is_meant),
        cmocka_unit_test(test_more_and_less_time_undo_one_another),
        cmocka_unit_test(test_a_timer_keeps_the_time_it_was_started_with),
        cmocka_unit_test(test_changes_stay_between_nothing_and_a_day),
        cmocka_unit_test(test_all_timers_go_at_once),
        cmocka_unit_test(test_the_status_tells_of_each_timer_that_fits),
        cmocka_unit_test(test_a_home_holds_no_more_than_a_hundred_timers),
        cmocka_unit_test(test_alarms_have_one_form_however_they_are_said),
        cmocka_unit_test(test_the_same_alarm_is_set_once),
        cmocka_unit_test(test_an_alarm_goes_by_time_or_name),
        cmocka_unit_test(test_alarms_that_cannot_be_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
