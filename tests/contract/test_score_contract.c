/* SPDX-License-Identifier: MIT */
/* The rules of score.h, against every entry of score_all. A new scorer adds
 * its line to `samples`. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/score.h"
#include "suite.h"

static const struct sample {
    const char *scorer, *rule;
    bool        has_home;      /* its check_rule needs the data folder      */
    bool        may_be_silent; /* judged by deeds: an empty answer may pass */
} samples[] = {
    {"state", "{\"expect\":{\"light.kitchen\":{\"state\":\"on\"}}}", true,
     true},
    {"no_call", "{}", false, false},
    {"instruction", "{\"max_words\":1000000,\"no_question\":true}", false,
     false},
    {"instruction", "{\"one_of\":[\"a\"],\"starts_with\":\"a\","
     "\"ends_with\":\"a\",\"must_contain\":[\"a\"]}", false, false},
    {"speakable", "{}", false, false},
    {"mentions", "{\"none\":[\"a\"]}", false, false},
    {"mentions", "{\"any\":[\"a a\",\"[[\"],\"all\":[\"]\"]}", false, false},
    {"calls", "{\"must\":[{\"name\":\"HassTurnOn\",\"arguments\":{\"area\":"
     "[\"a\"]}}],\"never\":[\"[\"],\"at_most\":1}", false, false},
    {"calls", "{\"at_most\":1}", false, true},
    {"asks_back", "{\"about\":[\"a\",\"which\"]}", false, false},
    {"declines", "{\"about\":[\"a\",\"[\"]}", false, false},
    {"honest", "{}", false, false},
    {"unasked", "{}", false, false},
    {"given", "{}", false, false},
    {"willing", "{}", false, false},
    {"home_assistant", "{\"expect_changes\":{\"light.kitchen\":{\"state\":"
     "\"off\"}},\"ignore_changes\":{\"light.kitchen\":[\"a\"]}}", true,
     true},
    {"home_assistant", "{\"expect_response\":[\"a a\",\"[[\"]}", false,
     false},
    {"home_assistant", "{\"expect_tool_call\":{\"tool_name\":\"a\",\"tool_"
     "args\":{\"a\":[1]}}}", false, false},
    {"bfcl", "{\"category\":\"parallel\",\"truth\":[{\"a.b\":{\"c\":[1,\"\"],"
     "\"d\":[[\"x\"]]}}]}", false, false},
    {"bfcl", "{\"category\":\"live_relevance\"}", false, false},
    {"bfcl", "{\"category\":\"irrelevance\"}", false, true},
    {"ifeval", "{\"instructions\":[{\"id\":\"keywords:existence\",\"kwargs\":"
     "{\"keywords\":[\"(a+)+b\"]}},{\"id\":\"punctuation:no_comma\","
     "\"kwargs\":{}}]}", false, false},
};
#define N_SAMPLES (sizeof samples / sizeof *samples)

static struct suite_turn test_turn = {
    .say = (char[]){"Switch the light on."}, .cuts_words = -1};
static struct suite_case test_case = {
    .suite = (char[]){"s"}, .id = (char[]){"i"}, .category = (char[]){"c"},
    .language = (char[]){"en"}, .home = (char[]){"flat"},
    .turns = &test_turn, .n_turns = 1};

/* The answer is also every text of a call: those are the model's, too. */
static void make_turn(struct turn *turn, struct tool_call *call,
                      const char *answer)
{
    *call = (struct tool_call){.id = (char *)"", .name = (char *)answer,
                               .arguments = (char *)answer};
    *turn = (struct turn){.content = (char *)answer, .calls = call,
                          .n_calls = 1};
}

static json_t *sample_rule(const struct sample *s)
{
    json_t *rule = jsonx_parse(s->rule, strlen(s->rule), NULL);

    assert_non_null(rule);
    json_object_set_new(rule, "scorer", json_string(s->scorer));
    return rule;
}

static bool has_data(void)
{
    static const char *const places[] = {"share", "../share"};
    struct stat              st;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!getenv("AUDITION_DATA") && stat(places[i], &st) == 0)
            setenv("AUDITION_DATA", places[i], 1);
    return getenv("AUDITION_DATA") != NULL;
}

/* n_calls: 0, or 1 for a call whose texts are the answer. */
static void judge_with(const struct sample *s, const char *answer,
                       size_t n_calls, struct judgement *out)
{
    json_t           *rule  = sample_rule(s);
    json_t           *start = json_pack("{s:{s:s}}", "light.kitchen", "state",
                                        "off");
    struct tool_call  call;
    struct turn       turn;
    struct transcript t     = {.test = &test_case, .asked = &test_turn,
                               .question = test_turn.say, .answer = answer,
                               .turns = &turn, .n_turns = n_calls,
                               .n_calls = n_calls, .start_state = start,
                               .end_state = start};

    make_turn(&turn, &call, answer);
    test_turn.checks    = json_pack("[O]", rule);
    test_turn.reference = json_pack(
        "{s:[{s:s, s:{s:s, s:i}}], s:s}", "calls", "name", "HassTurnOn",
        "arguments", "name", "light", "brightness", 21, "answer",
        "The light is on.");
    *out = (struct judgement){.pass = true};
    score_find(s->scorer)->judge(rule, &t, out);
    json_decref(test_turn.checks);
    json_decref(test_turn.reference);
    test_turn.checks = test_turn.reference = NULL;
    json_decref(start);
    json_decref(rule);
}

static void judge(const struct sample *s, const char *answer,
                  struct judgement *out)
{
    judge_with(s, answer, 0, out);
}

static void test_every_scorer_is_complete_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; score_all[i]; i++) {
        const struct score_ops *s        = score_all[i];
        bool                    has_line = false;

        assert_true(s->name && *s->name && s->help && *s->help);
        assert_null(strchr(s->help, '\n'));
        assert_true(s->check_rule && s->judge);
        assert_ptr_equal(score_find(s->name), s);   /* so names are unique */
        for (size_t j = 0; j < N_SAMPLES; j++)
            has_line = has_line || strcmp(samples[j].scorer, s->name) == 0;
        if (!has_line) fail_msg("%s has no line in this test", s->name);
    }
    assert_null(score_find("nothing"));
    assert_null(score_find(NULL));
}

static void test_every_scorer_takes_its_rule_and_no_other_field(void **state)
{
    (void)state;
    bool data = has_data();

    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct score_ops *s    = score_find(samples[i].scorer);
        json_t                 *rule = sample_rule(&samples[i]);
        struct err              err  = {0};

        if ((data || !samples[i].has_home) &&
            s->check_rule(rule, &test_case, &err))
            fail_msg("%s: %s", s->name, err.text);
        json_object_set_new(rule, "no_such_field", json_integer(1));
        if (s->check_rule(rule, &test_case, &err) == 0 ||
            err.kind != ERR_INPUT || !strstr(err.text, "no_such_field"))
            fail_msg("%s: \"%s\"", s->name, err.text);
        json_decref(rule);
    }
}

static void test_no_scorer_passes_an_empty_answer(void **state)
{
    (void)state;
    static const char *const empties[] = {"", " ", "\n\t\n", "...", "\xFF",
                                          "\xE2\x98\x80\xEF\xB8\x8F"};

    for (size_t i = 0; i < N_SAMPLES; i++)
        for (size_t j = 0; j < sizeof empties / sizeof *empties; j++) {
            struct judgement got;

            if (samples[i].may_be_silent) continue;
            judge(&samples[i], empties[j], &got);
            if (got.pass || !got.reason[0])
                fail_msg("%s %s passes \"%s\"", samples[i].scorer,
                         samples[i].rule, empties[j]);
        }
}

/* Each seed repeated to the length that is still judged, and to a megabyte.
 * The last seeds are quadratic traps: lists, emphasis, and marks that case
 * folding sorts. A verdict must come, with a valid reason. */
static void test_every_scorer_survives_hostile_answers(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "[", "{", "<", "]}", "\xFF\xFE", "\xC3", "\xF0\x9F\x98", "a", "a ",
        "\n", "1. a\n", "2. ", "*a ", "_a ", "* ", "`", "<a", "[\"", "\\",
        "a a a. ", "\xCC\x81", "\xCD\x85\xCC\x96", "a\xE2\x80\x99",
        "\x01\x1b[31m", "\xE2\x80\xAE ", "\xF0\x9F\x98\x80",
    };
    static const size_t lengths[] = {1, 7, 32768, 32768, 1000000, 1000000};
    char               *text = mem_new(1000001, 1);

    for (size_t i = 0; i < N_SAMPLES; i++)
        for (size_t j = 0; j < sizeof seeds / sizeof *seeds; j++)
            for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
                struct judgement got;
                size_t           n = strlen(seeds[j]);

                for (size_t at = 0; at < lengths[k]; at++)
                    text[at] = seeds[j][at % n];
                text[lengths[k]] = '\0';
                judge_with(&samples[i], text, k % 2, &got);
                assert_non_null(memchr(got.reason, '\0', sizeof got.reason));
                assert_true(utf8_valid(got.reason, strlen(got.reason)));
                assert_true(got.pass == (got.reason[0] == '\0'));
            }
    free(text);
}

/* Half a text of marks of one class, then half of a lower one: sorting them
 * moves each of the second half past all of the first. */
static void test_every_scorer_survives_marks_to_sort(void **state)
{
    (void)state;
    static const size_t lengths[] = {32768, 1000000};
    char               *text = mem_new(1000001, 1);

    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        for (size_t at = 0; at < lengths[k]; at++)
            text[at] = (at < lengths[k] / 2 ? "\xCC\x81"
                                            : "\xCC\x96")[at % 2];
        memcpy(text, "a b ", 4);
        text[lengths[k]] = '\0';
        for (size_t i = 0; i < N_SAMPLES; i++) {
            struct judgement got;

            judge(&samples[i], text, &got);
            assert_true(utf8_valid(got.reason, strlen(got.reason)));
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_scorer_is_complete_and_found),
        cmocka_unit_test(test_every_scorer_takes_its_rule_and_no_other_field),
        cmocka_unit_test(test_no_scorer_passes_an_empty_answer),
        cmocka_unit_test(test_every_scorer_survives_hostile_answers),
        cmocka_unit_test(test_every_scorer_survives_marks_to_sort),
    };
    test_case.functions = json_pack(
        "[{s:s, s:{s:s, s:{s:s, s:{s:{s:s}, s:{s:s, s:{s:s}}}}}}]", "type",
        "function", "function", "name", "a_b", "parameters", "type", "object",
        "properties", "c", "type", "integer", "d", "type", "array", "items",
        "type", "string");
    return cmocka_run_group_tests_name("score contract", tests, NULL, NULL);
}
