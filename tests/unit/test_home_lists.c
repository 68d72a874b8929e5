/* SPDX-License-Identifier: MIT */
/* To-do lists, calendars, messages and the weather of simulated homes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "home_calls.h"

#define SHOPPING "todo.shopping"

/* ---- to-do lists ------------------------------------------------------- */

static void test_items_go_onto_the_list_that_is_named(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "HassListAddItem", "{\"item\":\"Eggs\",\"name\":\"groceries\"}");
    assert_shown(h, SHOPPING, "items", "[\"bread\",\"eggs\",\"milk\"]");
    assert_shown(h, SHOPPING, "state", "\"3\"");
    does(h, "HassListAddItem",
         "{\"item\":\"  Apples \",\"name\":\" SHOPPING LIST\"}");
    assert_shown(h, SHOPPING, "items",
                 "[\"apples\",\"bread\",\"eggs\",\"milk\"]");
    does(h, "HassShoppingListAddItem", "{\"item\":\"salt\"}");
    assert_shown(h, SHOPPING, "state", "\"5\"");
    assert_shown(h, "todo.chores", "state", "\"2\"");
    home_free(h);
}

static void test_completed_and_removed_items_leave_the_open_ones(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    does(h, "HassListCompleteItem",
         "{\"item\":\"Milk\",\"name\":\"Shopping list\"}");
    assert_shown(h, SHOPPING, "items", "[\"bread\"]");
    assert_shown(h, SHOPPING, "completed", "[\"milk\"]");
    does(h, "HassListRemoveItem",
         "{\"item\":\"bread\",\"name\":\"Shopping list\"}");
    assert_shown(h, SHOPPING, "state", "\"0\"");
    does(h, "HassListRemoveItem",
         "{\"item\":\"milk\",\"name\":\"Shopping list\"}");
    assert_shown(h, SHOPPING, "completed", "[]");
    home_free(h);
}

static void test_adding_and_removing_an_item_changes_nothing(void **state)
{
    struct home *h = home_named("house", NULL, NULL);

    (void)state;
    undoes(h, "HassListAddItem",
           "{\"item\":\"adapter\",\"name\":\"Packing list\"}",
           "HassListRemoveItem",
           "{\"item\":\"Adapter\",\"name\":\"todo.packing\"}");
    home_free(h);
}

static void test_list_calls_that_cannot_be_change_nothing(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    refuses(h, "HassListAddItem", "{\"item\":\"x\"}", "InvalidSlotInfo",
            "HassListAddItem");
    refuses(h, "HassListAddItem", "{\"name\":\"Chores\"}", "InvalidSlotInfo",
            NULL);
    refuses(h, "HassListAddItem", "{\"item\":\" \",\"name\":\"Chores\"}",
            "InvalidSlotInfo", NULL);
    refuses(h, "HassListAddItem", "{\"item\":[\"x\"],\"name\":\"Chores\"}",
            "InvalidSlotInfo", NULL);
    refuses(h, "HassListAddItem", "{\"item\":\"x\",\"name\":\"Wishes\"}",
            "MatchFailedError", "Wishes");
    refuses(h, "HassListAddItem",
            "{\"item\":\"x\",\"name\":\"Kitchen light\"}",
            "MatchFailedError", NULL);
    refuses(h, "HassListCompleteItem",
            "{\"item\":\"gold\",\"name\":\"Chores\"}", "IntentHandleError",
            "Item 'gold' not found on list");
    refuses(h, "HassListCompleteItem",
            "{\"item\":\"clean the oven\",\"name\":\"Chores\"}",
            "IntentHandleError", "not found");
    refuses(h, "HassListRemoveItem",
            "{\"item\":\"gold\",\"name\":\"Chores\"}", "IntentHandleError",
            "not found");
    home_free(h);
}

static void test_a_list_holds_no_more_than_a_hundred_items(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);
    char         args[80];

    (void)state;
    for (int i = 0; i < 98; i++) {
        snprintf(args, sizeof args,
                 "{\"item\":\"thing %d\",\"name\":\"Shopping list\"}", i);
        does(h, "HassListAddItem", args);
    }
    assert_shown(h, SHOPPING, "state", "\"100\"");
    refuses(h, "HassListAddItem",
            "{\"item\":\"straw\",\"name\":\"Shopping list\"}",
            "IntentHandleError", "full");
    home_free(h);
}

static void test_lists_are_read_by_status(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    assert_told(h, "todo_get_items", "{\"todo_list\":\"Chores\"}",
                "[{\"summary\":\"take out the rubbish\",\"status\":"
                "\"needs_action\"},{\"summary\":\"water the plants\","
                "\"status\":\"needs_action\"}]");
    assert_told(h, "todo_get_items",
                "{\"todo_list\":\"Chores\",\"status\":\"completed\"}",
                "[{\"summary\":\"clean the oven\",\"status\":"
                "\"completed\"}]");
    refuses(h, "todo_get_items", "{}", "MultipleInvalid",
            "required key not provided @ data['todo_list']");
    refuses(h, "todo_get_items", "{\"todo_list\":\"x\"}", "MultipleInvalid",
            "value must be one of ['Chores', 'Shopping list'] for dictionary "
            "value @ data['todo_list']");
    refuses(h, "todo_get_items",
            "{\"todo_list\":\"Chores\",\"status\":\"open\"}",
            "MultipleInvalid", "['all', 'completed', 'needs_action']");
    refuses(h, "todo_get_items", "{\"todo_list\":\"Chores\",\"area\":\"x\"}",
            "MultipleInvalid", "extra keys not allowed @ data['area']");
    home_free(h);
}

/* ---- calendars --------------------------------------------------------- */

/* The clock: Thursday, 2026-03-12, half past six in the evening. */
static void test_events_of_today_and_of_seven_days_are_told(void **state)
{
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    assert_told(h, "calendar_get_events",
                "{\"calendar\":\"Family calendar\",\"range\":\"today\"}",
                "[{\"start\":\"2026-03-12T19:00:00\",\"end\":"
                "\"2026-03-12T20:30:00\",\"summary\":\"Football training\"}]");
    assert_told(h, "calendar_get_events",
                "{\"calendar\":\"Family calendar\",\"range\":\"week\"}",
                "[{\"start\":\"2026-03-12T19:00:00\",\"end\":"
                "\"2026-03-12T20:30:00\",\"summary\":\"Football training\"},"
                "{\"start\":\"2026-03-13T09:15:00\",\"end\":"
                "\"2026-03-13T10:00:00\",\"summary\":\"Dentist\"},"
                "{\"start\":\"2026-03-15\",\"end\":\"2026-03-16\",\"summary\":"
                "\"Grandma's birthday\",\"all_day\":true}]");
    refuses(h, "calendar_get_events",
            "{\"calendar\":\"Work\",\"range\":\"next week\"}",
            "MultipleInvalid", "value must be one of ['Family calendar'] for "
            "dictionary value @ data['calendar']");
    refuses(h, "calendar_get_events",
            "{\"calendar\":\"Family calendar\",\"range\":\"next week\"}",
            "MultipleInvalid", "value must be one of ['today', 'week'] for "
            "dictionary value @ data['range']");
    home_free(h);
}

/* Each event, and whether "today" and "week" tell of it. */
static void test_events_count_from_now_to_the_end_of_the_last_day(void **state)
{
    static const struct {
        const char *start, *end;
        bool        is_today, is_week;
    } cases[] = {
        {"2026-03-12T17:00", "2026-03-12T18:30", false, false},
        {"2026-03-12T17:00", "2026-03-12T18:31", true, true},
        {"2026-03-11", "2026-03-12", false, false},
        {"2026-03-12", "2026-03-13", true, true},
        {"2026-03-12", "2026-03-12", true, true},
        {"2026-03-12T23:59", "2026-03-13T01:00", true, true},
        {"2026-03-13T00:00", "2026-03-13T01:00", false, true},
        {"2026-03-18T23:59", "2026-03-19T00:30", false, true},
        {"2026-03-19", "2026-03-20", false, false},
        {"2026-03-19T00:00", "2026-03-19T01:00", false, false},
        {"2026-02-28", "2026-04-01", true, true},
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct home *h = home_named("flat", NULL, NULL);
        char         args[300], *today, *week;

        snprintf(args, sizeof args, "{\"calendar\":\"Family calendar\","
                 "\"summary\":\"Probe\",\"start\":\"%s\",\"end\":\"%s\"}",
                 cases[i].start, cases[i].end);
        does(h, "calendar_create_event", args);
        today = told(h, "calendar_get_events", "{\"calendar\":\"Family "
                     "calendar\",\"range\":\"today\"}");
        week = told(h, "calendar_get_events", "{\"calendar\":\"Family "
                    "calendar\",\"range\":\"week\"}");
        if ((strstr(today, "Probe") != NULL) != cases[i].is_today ||
            (strstr(week, "Probe") != NULL) != cases[i].is_week)
            fail_msg("%s to %s: today %s, week %s", cases[i].start,
                     cases[i].end, today, week);
        free(today);
        free(week);
        home_free(h);
    }
}

/* As calendars from elsewhere have it: the end is the day of the start. */
static void test_an_all_day_event_is_at_least_one_day_long(void **state)
{
    struct home *h = home_named("flat", NULL, "{\"calendar.family\":"
                                "{\"events\":[{\"summary\":\"Fair\","
                                "\"start\":\"2026-03-12\","
                                "\"end\":\"2026-03-12\"}]}}");

    (void)state;
    assert_told(h, "calendar_get_events",
                "{\"calendar\":\"Family calendar\",\"range\":\"today\"}",
                "[{\"start\":\"2026-03-12\",\"end\":\"2026-03-13\","
                "\"summary\":\"Fair\",\"all_day\":true}]");
    home_free(h);
}

static void test_an_event_without_an_end_lasts_an_hour_or_a_day(void **state)
{
    struct home *h = home_named("house", NULL, NULL);

    (void)state;
    assert_told(h, "calendar_create_event",
                "{\"calendar\":\"Family calendar\",\"summary\":\" Vet \","
                "\"start\":\"2026-12-31 23:30\"}",
                "{\"summary\":\"Vet\",\"start\":\"2026-12-31T23:30:00\","
                "\"end\":\"2027-01-01T00:30:00\"}");
    assert_told(h, "calendar_create_event",
                "{\"calendar\":\"calendar.bins\",\"summary\":\"Glass\","
                "\"start\":\"2028-02-28\"}",
                "{\"summary\":\"Glass\",\"start\":\"2028-02-28\","
                "\"end\":\"2028-02-29\"}");
    home_free(h);
}

static void test_events_that_cannot_be_change_nothing(void **state)
{
    static const char *const rests[] = {
        "\"summary\":\"x\"",
        "\"start\":\"2026-03-13\"",
        "\"summary\":\"\",\"start\":\"2026-03-13\"",
        "\"summary\":\"x\",\"start\":\"tomorrow\"",
        "\"summary\":\"x\",\"start\":\"2026-02-29\"",
        "\"summary\":\"x\",\"start\":\"2026-03-13T24:00\"",
        "\"summary\":\"x\",\"start\":\"2026-03-13T09:00:00 am\"",
        "\"summary\":\"x\",\"start\":20260313",
        "\"summary\":\"x\",\"start\":\"2026-03-13\",\"end\":\"2026-03-12\"",
        "\"summary\":\"x\",\"start\":\"2026-03-13\","
            "\"end\":\"2026-03-13T10:00\"",
        "\"summary\":\"x\",\"start\":\"2026-03-13T10:00\","
            "\"end\":\"2026-03-13T10:00\"",
        "\"summary\":\"x\",\"start\":\"2026-03-13\",\"where\":\"y\"",
    };
    struct home *h = home_named("flat", NULL, NULL);
    char         args[300];

    (void)state;
    for (size_t i = 0; i < N(rests); i++) {
        snprintf(args, sizeof args, "{\"calendar\":\"Family calendar\",%s}",
                 rests[i]);
        refuses(h, "calendar_create_event", args, "MultipleInvalid", NULL);
    }
    home_free(h);
}

/* ---- messages and weather ---------------------------------------------- */

static void test_messages_are_said_everywhere_or_in_one_area(void **state)
{
    struct home *h = home_named("flat", "Kitchen", NULL);
    char         args[60];

    (void)state;
    does(h, "HassBroadcast", "{\"message\":\"Dinner is ready!\"}");
    does(h, "HassBroadcast",
         "{\"message\":\"Come here\",\"area\":\"office\"}");
    assert_shown(h, "intercom.home", "messages",
                 "[{\"area\":\"\",\"text\":\"Dinner is ready!\"},"
                 "{\"area\":\"Study\",\"text\":\"Come here\"}]");
    refuses(h, "HassBroadcast", "{\"message\":\"x\",\"area\":\"Attic\"}",
            "MatchFailedError", "Attic");
    refuses(h, "HassBroadcast", "{\"area\":\"Study\"}", "InvalidSlotInfo",
            NULL);
    for (int i = 2; i < 100; i++) {
        snprintf(args, sizeof args, "{\"message\":\"number %d\"}", i);
        does(h, "HassBroadcast", args);
    }
    refuses(h, "HassBroadcast", "{\"message\":\"one more\"}",
            "IntentHandleError", "100");
    home_free(h);
}

static void test_a_forecast_is_told_by_day(void **state)
{
    static const char tomorrow[] =
        "[{\"day\":\"tomorrow\",\"condition\":\"sunny\",\"high\":17,"
        "\"low\":6}]";
    static const char saturday[] =
        "[{\"day\":\"Saturday\",\"condition\":\"cloudy\",\"high\":15,"
        "\"low\":8}]";
    struct home *h = home_named("flat", NULL, NULL);

    (void)state;
    assert_told(h, "weather_get_forecast", "{\"day\":\"tomorrow\"}",
                tomorrow);
    assert_told(h, "weather_get_forecast", "{\"day\":\"FRIDAY\"}", tomorrow);
    assert_told(h, "weather_get_forecast", "{\"day\":\"2026-03-13\"}",
                tomorrow);
    assert_told(h, "weather_get_forecast", "{\"day\":\"sat\"}", saturday);
    refuses(h, "weather_get_forecast", "{\"day\":\"Monday\"}",
            "IntentHandleError", "today, tomorrow, Saturday");
    refuses(h, "weather_get_forecast", "{\"day\":[]}", "InvalidSlotInfo",
            NULL);
    home_free(h);
}

static void test_what_a_home_does_not_have_is_not_found(void **state)
{
    struct home *h = home_named("studio", NULL, NULL);

    (void)state;
    refuses(h, "HassListAddItem", "{\"item\":\"x\",\"name\":\"Shopping "
            "list\"}", "HomeAssistantError", "not found");
    refuses(h, "HassShoppingListAddItem", "{\"item\":\"x\"}",
            "MatchFailedError", "no shopping list");
    refuses(h, "HassBroadcast", "{\"message\":\"x\"}", "HomeAssistantError",
            "not found");
    refuses(h, "weather_get_forecast", "{}", "HomeAssistantError",
            "not found");
    refuses(h, "SetAlarm", "{\"time\":\"07:00\"}", "HomeAssistantError",
            "not found");
    home_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_go_onto_the_list_that_is_named),
        cmocka_unit_test(test_completed_and_removed_items_leave_the_open_ones),
        cmocka_unit_test(test_adding_and_removing_an_item_changes_nothing),
        cmocka_unit_test(test_list_calls_that_cannot_be_change_nothing),
        cmocka_unit_test(test_a_list_holds_no_more_than_a_hundred_items),
        cmocka_unit_test(test_lists_are_read_by_status),
        cmocka_unit_test(test_events_of_today_and_of_seven_days_are_told),
        cmocka_unit_test(
            test_events_count_from_now_to_the_end_of_the_last_day),
        cmocka_unit_test(test_an_all_day_event_is_at_least_one_day_long),
        cmocka_unit_test(test_an_event_without_an_end_lasts_an_hour_or_a_day),
        cmocka_unit_test(test_events_that_cannot_be_change_nothing),
        cmocka_unit_test(test_messages_are_said_everywhere_or_in_one_area),
        cmocka_unit_test(test_a_forecast_is_told_by_day),
        cmocka_unit_test(test_what_a_home_does_not_have_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
