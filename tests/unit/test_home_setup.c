/* SPDX-License-Identifier: MIT */
/* The simulated home's files and setups: what is wrong is named, never
 * guessed around. */
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
#include "home.h"
#include "home_fixture.h"
#include "share.h"

static void test_an_impossible_setup_is_an_input_error(void **s)
{
    static const char *const setups[] = {
        "[]", "{\"light.garage\":{\"state\":\"on\"}}",
        "{\"light.hall\":\"on\"}", "{\"light.hall\":{\"state\":\"bright\"}}",
        "{\"light.hall\":{\"state\":\"off|on\"}}",
        "{\"light.hall\":{\"state\":\"\"}}",
        "{\"light.hall\":{\"state\":true}}",
        "{\"light.hall\":{\"brightness\":101}}",
        "{\"light.hall\":{\"brightness\":\"50\"}}",
        "{\"light.hall\":{\"brightness\":null}}",
        "{\"light.hall\":{\"color\":\"red\"}}",
        "{\"light.floor_lamp\":{\"color\":\"redd\"}}",
        "{\"cover.bedroom\":{\"state\":\"closed\",\"position\":5}}",
        "{\"todo.shopping\":{\"state\":\"9\"}}",
        "{\"todo.shopping\":{\"items\":[1]}}",
        "{\"todo.shopping\":{\"items\":[\" \"]}}",
        "{\"timer.voice\":{\"state\":\"active\"}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":0}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":1.5}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"x\":1}]}}",
        "{\"timer.voice\":{\"timers\":[{\"seconds\":5,\"name\":3}]}}",
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
    struct home *h = flat("{\"cover.bedroom\":{\"state\":\"open\"},"
                          "\"cover.living_room\":{\"position\":0},"
                          "\"todo.shopping\":{\"items\":[\"Tea\",\"ham\"]}}");
    json_t *state = home_state(h);
    char   *text  = jsonx_dump(json_object_get(state, "todo.shopping"));

    (void)s;
    assert_string_equal(text, "{\"state\":\"2\",\"items\":[\"ham\",\"tea\"]}");
    assert_int_equal(jsonx_number(json_object_get(state, "cover.bedroom"),
                                  "position"), 100);
    assert_string_equal(jsonx_text(json_object_get(state, "cover.living_room"),
                                   "state"), "closed");
    free(text);
    json_decref(state);
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

#define AREAS "\"areas\":[\"Kitchen\"],"

static const char *const BROKEN[] = {
    "", "[]", "{}", "{" AREAS "\"entities\":[]}",
    "{\"areas\":[\"A\",\"A\"],\"entities\":[]}",
    "{\"areas\":[7],\"entities\":[]}",
    "{" AREAS "\"entities\":[7]}",
    "{" AREAS "\"entities\":[{\"id\":\"light\",\"name\":\"L\","
        "\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"toaster.a\",\"name\":\"T\","
        "\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\"}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"state\":{\"state\":\"ajar\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"state\":{\"state\":\"on\",\"smell\":3}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"area\":\"Attic\",\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"aliases\":[3],\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"aliases\":\"x\",\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":["
        "{\"id\":\"light.a\",\"name\":\"L\",\"state\":{\"state\":\"on\"}},"
        "{\"id\":\"light.a\",\"name\":\"M\",\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"scene.a\",\"name\":\"S\","
        "\"state\":{\"state\":\"x\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"S\","
        "\"applies\":{},\"state\":{\"state\":\"on\"}}]}",
    "{" AREAS "\"entities\":[{\"id\":\"scene.a\",\"name\":\"S\","
        "\"applies\":{\"light.b\":{\"state\":\"on\"}},"
        "\"state\":{\"state\":\"x\"}}]}",
};

static void test_a_broken_home_file_is_an_input_error_that_names_it(void **s)
{
    static const char plain[] =
        "{" AREAS "\"entities\":[{\"id\":\"light.a\",\"name\":\"L\","
        "\"state\":{\"state\":\"on\"}}]}";
    struct err   err    = {0};
    char        *path   = share_path("homes/tools.json", &err);
    char        *old    = mem_copy(getenv("AUDITION_DATA"));
    struct bytes tools  = {0};
    char         folder[] = "/tmp/audition_test_homeXXXXXX";
    struct home *h = NULL;
    json_t      *answer;
    char        *homes;

    (void)s;
    assert_non_null(path);
    assert_int_equal(bytes_read(&tools, path, 1 << 20, &err), 0);
    assert_non_null(mkdtemp(folder));
    homes = mem_printf("%s/homes", folder);
    assert_int_equal(mkdir(homes, 0700), 0);
    setenv("AUDITION_DATA", folder, 1);

    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);   /* no data files at all */
    write_file(folder, "tools.json", (const char *)tools.data, tools.size);
    for (size_t i = 0; i < N(BROKEN); i++) {
        err = (struct err){0};
        write_file(folder, "x.json", BROKEN[i], strlen(BROKEN[i]));
        if (home_new(&h, "x", NULL, &err) == 0)
            fail_msg("accepted %s", BROKEN[i]);
        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.text, "x.json"));
    }
    write_file(folder, "x.json", plain, strlen(plain));
    assert_int_equal(home_new(&h, "x", NULL, &err), 0);
    answer = home_call(h, "HassStartTimer", "{\"minutes\":1}");
    assert_string_equal(jsonx_text(answer, "error"), "IntentHandleError");
    json_decref(answer);
    home_free(h);
    h = NULL;
    err = (struct err){0};
    write_file(folder, "tools.json", "[{}]", 4);
    assert_int_equal(home_new(&h, "x", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);

    remove_file(folder, "x.json");
    remove_file(folder, "tools.json");
    assert_int_equal(rmdir(homes), 0);
    assert_int_equal(rmdir(folder), 0);
    if (old)
        setenv("AUDITION_DATA", old, 1);
    else
        unsetenv("AUDITION_DATA");
    bytes_done(&tools);
    free(homes);
    free(path);
    free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_impossible_setup_is_an_input_error),
        cmocka_unit_test(test_a_setup_settles_what_follows_from_it),
        cmocka_unit_test(test_an_unknown_home_is_an_input_error),
        cmocka_unit_test(
            test_a_broken_home_file_is_an_input_error_that_names_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
