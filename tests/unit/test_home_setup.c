/* SPDX-License-Identifier: MIT */
/* The simulated home's files, setups and expected states: what is wrong is
 * named, never guessed around. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "home/home.h"
#include "home_fixture.h"
#include "share.h"

static void test_an_impossible_setup_is_an_input_error(void **s)
{
    static const char *const setups[] = {
        "[]", "{\"light.garage\":{\"state\":\"on\"}}",
        "{\"light.hall\":\"on\"}", "{\"light.hall\":{\"state\":\"bright\"}}",
        "{\"light.hall\":{\"state\":\"\"}}",
        "{\"light.hall\":{\"state\":true}}",
        "{\"light.hall\":{\"state\":null}}",
        "{\"light.hall\":{\"brightness\":256}}",
        "{\"light.hall\":{\"brightness\":-1}}",
        "{\"light.hall\":{\"brightness\":40.5}}",
        "{\"light.hall\":{\"brightness\":\"50\"}}",
        "{\"light.hall\":{\"color\":\"red\"}}",
        "{\"light.hall\":{\"color_mode\":\"rgb\"}}",
        "{\"light.hall\":{\"percentage\":5}}",
        "{\"light.floor_lamp\":{\"color\":\"redd\"}}",
        "{\"cover.bedroom\":{\"state\":\"closed\",\"current_position\":5}}",
        "{\"cover.bedroom\":{\"state\":\"ajar\"}}",
        "{\"climate.thermostat\":{\"state\":\"cool\"}}",
        "{\"climate.thermostat\":{\"temperature\":null}}",
        "{\"media_player.tv\":{\"volume_level\":25}}",
        "{\"media_player.tv\":{\"is_volume_muted\":1}}",
        "{\"fan.bathroom\":{\"state\":\"on\",\"percentage\":0}}",
        "{\"vacuum.robot\":{\"state\":\"off\"}}",
        "{\"lock.front_door\":{\"state\":\"on\"}}",
        "{\"binary_sensor.doorbell\":{\"state\":\"ringing\"}}",
        "{\"sensor.power\":{\"watt\":5}}",
        "{\"todo.shopping\":{\"state\":\"9\"}}",
        "{\"todo.shopping\":{\"items\":[1]}}",
        "{\"todo.shopping\":{\"items\":[\" \"]}}",
        "{\"todo.shopping\":{\"items\":\"milk\"}}",
        "{\"timer.voice\":{\"state\":\"active\"}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":0}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":86401}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":1.5}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"x\":1}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"name\":3}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"state\":\"off\"}]}}",
        "{\"alarm.voice\":{\"alarms\":[{\"name\":\"x\"}]}}",
        "{\"alarm.voice\":{\"alarms\":[{\"time\":\"24:00\"}]}}",
        "{\"alarm.voice\":{\"alarms\":[{\"time\":\"7:00\"}]}}",
        "{\"alarm.voice\":{\"alarms\":[{\"time\":\"07:00\","
            "\"days\":[\"mo\"]}]}}",
        "{\"intercom.home\":{\"messages\":[{\"area\":\"Hall\"}]}}",
        "{\"calendar.family\":{\"events\":[{\"summary\":\"x\"}]}}",
    };

    (void)s;
    for (size_t i = 0; i < N(setups); i++) {
        struct home *h     = NULL;
        struct err   err   = {0};
        json_t      *setup = json_of(setups[i]);

        if (home_new(&h, "flat", setup, &err) == 0)
            fail_msg("accepted %s", setups[i]);
        assert_null(h);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, "setup of the home flat"));
        json_decref(setup);
    }
}

static void test_a_setup_settles_what_follows_from_it(void **s)
{
    struct home *h = flat(
        "{\"cover.bedroom\":{\"state\":\"open\"},"
        "\"cover.living_room\":{\"current_position\":0},"
        "\"fan.bathroom\":{\"percentage\":20},"
        "\"light.hall\":{\"state\":\"off\",\"brightness\":77},"
        "\"light.floor_lamp\":{\"state\":\"on\",\"color\":\"Light Blue\"},"
        "\"media_player.tv\":{\"state\":\"on\",\"is_volume_muted\":true},"
        "\"todo.shopping\":{\"items\":[\"Tea\",\"ham\"]},"
        "\"timer.voice\":{\"timers\":[{\"seconds\":90,\"name\":\"Tea\"},"
        "{\"seconds\":60,\"state\":\"paused\"}]},"
        "\"alarm.voice\":{\"alarms\":[{\"time\":\"09:00\","
        "\"days\":[\"sun\",\"sat\",\"sun\"]},{\"time\":\"07:00\"}]}}");

    (void)s;
    assert_shows(h, "cover.bedroom", "{\"state\":\"open\","
                 "\"current_position\":100}");
    assert_shows(h, "cover.living_room", "{\"state\":\"closed\","
                 "\"current_position\":0}");
    assert_shows(h, "fan.bathroom", "{\"state\":\"on\",\"percentage\":20}");
    assert_shows(h, "light.hall", "{\"state\":\"off\",\"color_mode\":null,"
                 "\"brightness\":null}");
    assert_shows(h, "light.floor_lamp", "{\"state\":\"on\","
                 "\"color_mode\":\"rgb\",\"brightness\":128,"
                 "\"color_temp_kelvin\":null,\"color\":\"lightblue\"}");
    assert_shows(h, "media_player.tv", "{\"state\":\"on\","
                 "\"volume_level\":0.25,\"is_volume_muted\":true}");
    assert_shows(h, "todo.shopping", "{\"state\":\"2\","
                 "\"items\":[\"ham\",\"tea\"],\"completed\":[]}");
    assert_shows(h, "timer.voice", "{\"state\":\"active\",\"timers\":["
                 "{\"name\":\"\",\"seconds\":60,\"state\":\"paused\"},"
                 "{\"name\":\"tea\",\"seconds\":90,\"state\":\"active\"}]}");
    assert_shows(h, "alarm.voice", "{\"state\":\"2\",\"alarms\":["
                 "{\"time\":\"07:00\",\"name\":\"\",\"days\":[]},"
                 "{\"time\":\"09:00\",\"name\":\"\","
                 "\"days\":[\"sat\",\"sun\"]}]}");
    assert_string_equal(call(h, "HassTurnOn", "{\"name\":\"Hall light\"}"),
                        "");
    assert_shows(h, "light.hall", "{\"state\":\"on\","
                 "\"color_mode\":\"brightness\",\"brightness\":77}");
    home_free(h);
}

static void test_a_state_is_allowed_when_the_home_could_show_it(void **s)
{
    static const struct {
        const char *state;
        bool        is_allowed;
    } states[] = {
        {"{}", true},
        {"{\"light.hall\":{\"state\":\"on\",\"brightness\":3}}", true},
        {"{\"light.hall\":{\"brightness\":3}}", true},
        {"{\"light.hall\":{\"brightness\":null}}", true},
        {"{\"light.living_room\":{\"brightness\":null}}", true},
        {"{\"light.hall\":{\"state\":\"off\",\"brightness\":null}}", true},
        {"{\"light.hall\":{\"state\":\"off\",\"brightness\":3}}", false},
        {"{\"light.hall\":{\"state\":\"on\",\"brightness\":null}}", false},
        {"{\"light.hall\":{\"brightness\":300}}", false},
        {"{\"light.hall\":{\"color\":\"red\"}}", false},
        {"{\"light.floor_lamp\":{\"color\":\"Light Blue\"}}", true},
        {"{\"light.floor_lamp\":{\"state\":\"off\",\"color\":\"red\"}}",
         false},
        {"{\"light.floor_lamp\":{\"color\":\"red\","
         "\"color_temp_kelvin\":2700}}", false},
        {"{\"light.floor_lamp\":{\"color_mode\":\"color_temp\"}}", true},
        {"{\"light.floor_lamp\":{\"color_mode\":\"onoff\"}}", false},
        {"{\"media_player.tv\":{\"volume_level\":0.5}}", true},
        {"{\"media_player.tv\":{\"state\":\"off\",\"volume_level\":0.5}}",
         false},
        {"{\"media_player.tv\":{\"is_volume_muted\":true}}", true},
        {"{\"media_player.tv\":{\"media_track\":2}}", false},
        {"{\"media_player.study\":{\"media_track\":2}}", true},
        {"{\"cover.bedroom\":{\"state\":\"open\"}}", true},
        {"{\"cover.bedroom\":{\"state\":\"open\",\"current_position\":0}}",
         false},
        {"{\"climate.study\":{\"state\":\"cool\"}}", false},
        {"{\"todo.shopping\":{\"items\":[\"Tea\",\"ham\"]}}", true},
        {"{\"todo.shopping\":{\"items\":[\"Tea\"],\"state\":\"2\"}}", false},
        {"{\"todo.shopping\":{\"state\":\"7\"}}", true},
        {"{\"todo.shopping\":{\"state\":\"many\"}}", false},
        {"{\"timer.voice\":{\"state\":\"paused\"}}", true},
        {"{\"timer.voice\":{\"state\":\"on\"}}", false},
        {"{\"timer.voice\":{\"state\":\"idle\",\"timers\":[{"
         "\"seconds\":5}]}}", false},
        {"{\"sensor.power\":{\"state\":\"341\"}}", true},
        {"{\"light.garage\":{\"state\":\"on\"}}", false},
        {"{\"light.hall\":\"on\"}", false},
        {"[]", false},
    };
    struct home *h      = flat(NULL);
    char        *before = state_text(h), *after;

    (void)s;
    for (size_t i = 0; i < N(states); i++) {
        struct err err   = {0};
        json_t    *state = json_of(states[i].state);

        if ((home_allows(h, state, &err) == 0) != states[i].is_allowed)
            fail_msg("%s: \"%s\"", states[i].state, err.text);
        if (!states[i].is_allowed) assert_int_equal(err.kind, ERR_INPUT);
        json_decref(state);
    }
    after = state_text(h);
    assert_string_equal(before, after);
    free(before);
    free(after);
    home_free(h);
}

static void test_an_unknown_home_is_an_input_error(void **s)
{
    static const char *const names[] = {"castle", "", "../homes/flat", "a/b",
                                        "Flat", "flat.json"};

    (void)s;
    for (size_t i = 0; i < N(names); i++) {
        struct home *h   = NULL;
        struct err   err = {0};

        assert_int_equal(home_new(&h, names[i], NULL, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_null(h);
    }
    home_free(NULL);
}

/* ---- files ------------------------------------------------------------- */

#define AREAS "\"areas\":[\"Kitchen\"],"
#define HOME(entities) "{" AREAS "\"entities\":[" entities "]}"
#define LAMP "{\"id\":\"light.a\",\"name\":\"L\",\"state\":{\"state\":\"on\"}"

static const char *const BROKEN[] = {
    "[]", "{}", "{" AREAS "\"entities\":[]}",
    "{\"areas\":[\"A\",\"A\"],\"entities\":[]}",
    "{\"areas\":[7],\"entities\":[]}",
    "{\"areas\":[{\"name\":\"A\",\"aliases\":5}],\"entities\":[" LAMP "}]}",
    "{\"now\":\"today\"," AREAS "\"entities\":[" LAMP "}]}",
    HOME("7"),
    HOME("{\"id\":\"light\",\"name\":\"L\",\"state\":{\"state\":\"on\"}}"),
    HOME("{\"id\":\"toaster.a\",\"name\":\"T\",\"state\":{\"state\":\"on\"}}"),
    HOME("{\"id\":\"light.a\",\"name\":\"L\"}"),
    HOME("{\"id\":\"light.a\",\"name\":\"L\",\"state\":{\"state\":\"ajar\"}}"),
    HOME("{\"id\":\"light.a\",\"name\":\"L\",\"state\":{\"state\":\"on\","
         "\"smell\":3}}"),
    HOME("{\"id\":\"light.a\",\"name\":\"L\",\"state\":{\"state\":\"on\","
         "\"brightness\":3}}"),
    HOME(LAMP ",\"area\":\"Attic\"}"),
    HOME(LAMP ",\"aliases\":[3]}"),
    HOME(LAMP ",\"aliases\":\"x\"}"),
    HOME(LAMP ",\"features\":[\"smell\"]}"),
    HOME(LAMP ",\"features\":\"color\"}"),
    HOME(LAMP ",\"modes\":[\"off\"]}"),
    HOME(LAMP "}," LAMP "}"),
    HOME("{\"id\":\"climate.a\",\"name\":\"C\",\"modes\":[\"off\",\"hot\"],"
         "\"state\":{\"state\":\"off\"}}"),
    HOME("{\"id\":\"climate.a\",\"name\":\"C\",\"modes\":[\"off\"],"
         "\"state\":{\"state\":\"heat\"}}"),
    HOME("{\"id\":\"scene.a\",\"name\":\"S\",\"state\":{\"state\":\"x\"}}"),
    HOME(LAMP ",\"applies\":{}}"),
    HOME(LAMP ",\"does\":[]}"),
    HOME("{\"id\":\"scene.a\",\"name\":\"S\",\"applies\":{\"light.b\":"
         "{\"state\":\"on\"}},\"state\":{\"state\":\"x\"}}"),
    HOME("{\"id\":\"todo.a\",\"name\":\"T\",\"state\":{\"state\":\"0\"}}"),
};

static void test_a_broken_home_is_an_input_error_that_names_it(void **s)
{
    (void)s;
    for (size_t i = 0; i < N(BROKEN); i++) {
        struct home *h    = NULL;
        struct err   err  = {0};
        json_t      *file = json_of(BROKEN[i]);

        if (home_from(&h, "cottage", file, NULL, NULL, &err) == 0)
            fail_msg("accepted %s", BROKEN[i]);
        assert_null(h);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, "cottage"));
        json_decref(file);
    }
}

static void write_file(const char *folder, const char *name, const char *text,
                       size_t len)
{
    char *path = mem_printf("%s/homes/%s", folder, name);
    FILE *f    = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    free(path);
}

static void remove_file(const char *folder, const char *name)
{
    char *path = mem_printf("%s/homes/%s", folder, name);

    assert_int_equal(unlink(path), 0);
    free(path);
}

static const char *const LISTS[] = {"tools.json", "tools_service.json",
                                    "distractors.json"};

/* The tool lists that come with us, into another data folder. */
static void copy_lists(const char *folder)
{
    for (size_t i = 0; i < N(LISTS); i++) {
        struct err   err      = {0};
        struct bytes list     = {0};
        char        *relative = mem_printf("homes/%s", LISTS[i]);
        char        *path     = share_path(relative, &err);

        assert_non_null(path);
        assert_int_equal(bytes_read(&list, path, 1 << 20, &err), 0);
        write_file(folder, LISTS[i], (const char *)list.data, list.size);
        bytes_done(&list);
        free(path);
        free(relative);
    }
}

static void check_folder(const char *folder)
{
    static const char lamp[]   = HOME(LAMP "}");
    static const char closet[] = HOME("{\"id\":\"light.b\",\"name\":\"M\","
                                      "\"state\":{\"state\":\"off\"}}");
    struct home *h = NULL;
    struct err   err = {0};

    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    err = (struct err){0};
    write_file(folder, "x.json", "{", 1);
    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "x.json"));
    err = (struct err){0};
    write_file(folder, "x.json", lamp, strlen(lamp));
    assert_int_equal(home_new(&h, "x", NULL, &err), 0);
    assert_shows(h, "light.a", "{\"state\":\"on\",\"color_mode\":\"onoff\"}");
    home_free(h);
    /* What is remembered of a file is forgotten when it is another. */
    remove_file(folder, "x.json");
    write_file(folder, "x.json", closet, strlen(closet));
    assert_int_equal(home_new(&h, "x", NULL, &err), 0);
    assert_shows(h, "light.b", "{\"state\":\"off\",\"color_mode\":null}");
    home_free(h);
    h = NULL;
    write_file(folder, "tools.json", "[{}]", 4);
    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "tools.json"));
    assert_null(h);
}

static void test_a_file_is_read_again_when_it_changes(void **s)
{
    char *old = mem_copy(getenv("AUDITION_DATA"));
    char  folder[] = "/tmp/audition_test_homeXXXXXX", *homes;
    struct home *h   = NULL;
    struct err   err = {0};

    (void)s;
    assert_non_null(mkdtemp(folder));
    homes = mem_printf("%s/homes", folder);
    assert_int_equal(mkdir(homes, 0700), 0);
    copy_lists(folder);
    setenv("AUDITION_DATA", folder, 1);
    check_folder(folder);
    remove_file(folder, "x.json");
    for (size_t i = 0; i < N(LISTS); i++) remove_file(folder, LISTS[i]);
    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);   /* no data files at all */
    assert_int_equal(rmdir(homes), 0);
    assert_int_equal(rmdir(folder), 0);
    if (old)
        setenv("AUDITION_DATA", old, 1);
    else
        unsetenv("AUDITION_DATA");
    free(homes);
    free(old);
}

static void test_the_prompt_has_a_place_for_the_entities(void **s)
{
    struct err   err  = {0};
    struct bytes file = {0};
    char        *path = share_path("prompts/home.txt", &err), *text;

    (void)s;
    assert_non_null(path);
    assert_int_equal(bytes_read(&file, path, 1 << 16, &err), 0);
    text = mem_copy_n((const char *)file.data, file.size);
    assert_non_null(strstr(text, "{{entities}}"));
    free(text);
    bytes_done(&file);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_impossible_setup_is_an_input_error),
        cmocka_unit_test(test_a_setup_settles_what_follows_from_it),
        cmocka_unit_test(test_a_state_is_allowed_when_the_home_could_show_it),
        cmocka_unit_test(test_an_unknown_home_is_an_input_error),
        cmocka_unit_test(test_a_broken_home_is_an_input_error_that_names_it),
        cmocka_unit_test(test_a_file_is_read_again_when_it_changes),
        cmocka_unit_test(test_the_prompt_has_a_place_for_the_entities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
