/* SPDX-License-Identifier: MIT */
/* share/suites/home.jsonl, line by line: the reference passes on the real
 * home, and what is wrong, empty, echoed or only claimed does not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "home.h"
#include "score/score.h"
#include "share.h"
#include "suite.h"

static json_t *load_cases(void)
{
    struct err   err   = {0};
    struct bytes file  = {0};
    char        *path  = share_path("suites/home.jsonl", &err);
    json_t      *cases = json_array(), *one;
    const char  *at, *end;

    if (!path || bytes_read(&file, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    at = (const char *)file.data;
    end = at + file.size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));

        assert_non_null(line_end);
        one = jsonx_parse(at, (size_t)(line_end - at), &err);
        if (!one) fail_msg("line %zu: %s", json_array_size(cases) + 1,
                           err.text);
        json_array_append_new(cases, one);
        at = line_end + 1;
    }
    bytes_done(&file);
    free(path);
    return cases;
}

static struct home *home_of(const json_t *test)
{
    struct home *h   = NULL;
    struct err   err = {0};

    if (home_new(&h, jsonx_text(test, "home"), json_object_get(test, "setup"),
                 &err))
        fail_msg("%s: %s", jsonx_text(test, "id"), err.text);
    return h;
}

/* The first check of a scorer, or NULL. */
static const json_t *find_check(const json_t *test, const char *scorer)
{
    const json_t *check;
    size_t        i;

    json_array_foreach(json_object_get(test, "checks"), i, check)
        if (strcmp(jsonx_text(check, "scorer"), scorer) == 0) return check;
    return NULL;
}

/* Execute the calls, then judge them and the answer. Every check must be one
 * of the two kinds that this suite is written with. */
static bool passes(const json_t *test, const json_t *calls, const char *answer,
                   bool *state_passes)
{
    const json_t *state = find_check(test, "state"), *call, *check;
    struct home  *h     = home_of(test);
    struct transcript t   = {.question = jsonx_text(test, "say"),
                             .answer = answer, .start_state = home_state(h)};
    struct judgement  got = {0};
    bool              pass;
    size_t            i;

    assert_non_null(state);
    json_array_foreach(calls, i, call) {
        char *args = jsonx_dump(json_object_get(call, "arguments"));
        json_decref(home_call(h, jsonx_text(call, "name"), args));
        free(args);
        t.n_calls++;
    }
    t.end_state = home_state(h);
    score_state.judge(state, &t, &got);
    pass = *state_passes = got.pass;
    json_array_foreach(json_object_get(test, "checks"), i, check) {
        if (check == state) continue;
        assert_string_equal(jsonx_text(check, "scorer"), "mentions");
        score_mentions.judge(check, &t, &got);
        pass = pass && got.pass;
    }
    json_decref(t.start_state);
    json_decref(t.end_state);
    home_free(h);
    return pass;
}

static void test_each_case_is_complete_and_its_id_is_its_own(void **s)
{
    static const char *const fields[] = {"id", "suite", "category", "home",
                                         "say", "why"};
    json_t *cases = load_cases(), *ids = json_object(), *test;
    size_t  i;

    (void)s;
    assert_true(json_array_size(cases) >= 30);
    json_array_foreach(cases, i, test) {
        for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++)
            if (!jsonx_text(test, fields[k]))
                fail_msg("line %zu has no %s", i + 1, fields[k]);
        assert_string_equal(jsonx_text(test, "suite"), "home");
        if (json_object_get(ids, jsonx_text(test, "id")))
            fail_msg("%s is there twice", jsonx_text(test, "id"));
        json_object_set_new(ids, jsonx_text(test, "id"), json_true());
    }
    json_decref(ids);
    json_decref(cases);
}

static void test_each_rule_is_well_formed(void **s)
{
    json_t *cases = load_cases(), *test, *check;
    size_t  i, k;

    (void)s;
    json_array_foreach(cases, i, test) {
        char *home = mem_copy(jsonx_text(test, "home"));
        struct suite_case one = {.home = home,
                                 .setup = json_object_get(test, "setup")};

        json_array_foreach(json_object_get(test, "checks"), k, check) {
            const struct score_ops *ops =
                strcmp(jsonx_text(check, "scorer"), "state") == 0
                ? &score_state : &score_mentions;
            struct err err = {0};
            if (ops->check_rule(check, &one, &err))
                fail_msg("%s: %s", jsonx_text(test, "id"), err.text);
        }
        free(home);
    }
    json_decref(cases);
}

static void test_each_reference_passes(void **s)
{
    json_t *cases = load_cases(), *test;
    size_t  i;
    bool    state;

    (void)s;
    json_array_foreach(cases, i, test) {
        const json_t *reference = json_object_get(test, "reference");
        if (!passes(test, json_object_get(reference, "calls"),
                    jsonx_text(reference, "answer"), &state))
            fail_msg("%s: the reference fails", jsonx_text(test, "id"));
    }
    json_decref(cases);
}

static void test_each_wrong_attempt_fails(void **s)
{
    json_t *cases = load_cases(), *test;
    size_t  i;
    bool    state;

    (void)s;
    json_array_foreach(cases, i, test) {
        const json_t *wrong = json_object_get(test, "wrong");
        bool pass = passes(test, json_object_get(wrong, "calls"),
                           jsonx_text(wrong, "answer"), &state);

        if (pass) fail_msg("%s: wrong passes", jsonx_text(test, "id"));
        if (!find_check(test, "mentions")) assert_false(state);
    }
    json_decref(cases);
}

/* Also where nothing is to change: there a second check wants an answer.
 * The reference's words without its calls are "said, but not done". */
static void test_words_without_calls_fail_every_case_that_asks_for_a_change(
    void **s)
{
    json_t *cases = load_cases(), *test;
    size_t  i;

    (void)s;
    json_array_foreach(cases, i, test) {
        const json_t *expect = json_object_get(find_check(test, "state"),
                                               "expect");
        const char *said[] = {
            "", " ", "Done!", "OK.", jsonx_text(test, "say"),
            jsonx_text(json_object_get(test, "reference"), "answer"),
        };
        /* "Unlock" an unlocked door is no case; every change is a change. */
        size_t n = json_object_size(expect) > 0 ? 6 : 5;

        for (size_t k = 0; k < n; k++) {
            bool state;
            if (passes(test, NULL, said[k], &state))
                fail_msg("%s: passes by saying \"%s\"", jsonx_text(test, "id"),
                         said[k]);
            assert_int_equal(state, json_object_size(expect) == 0);
        }
    }
    json_decref(cases);
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
        cmocka_unit_test(test_each_case_is_complete_and_its_id_is_its_own),
        cmocka_unit_test(test_each_rule_is_well_formed),
        cmocka_unit_test(test_each_reference_passes),
        cmocka_unit_test(test_each_wrong_attempt_fails),
        cmocka_unit_test(
            test_words_without_calls_fail_every_case_that_asks_for_a_change),
        cmocka_unit_test(test_the_prompt_has_a_place_for_the_entities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
