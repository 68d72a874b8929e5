/* SPDX-License-Identifier: MIT */
/* Cases of BFCL and IFEval: the original's rule gives the verdict, the other
 * rules are noted beside it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "judge.h"
#include "suite_internal.h"

/* One function: size (integer, needed), unit (text, "cm" when left out). */
#define CASE(category, truth)                                                 \
    "{\"id\":\"a\",\"say\":\"How large is it?\",\"system\":\"\","             \
    "\"functions\":[{\"type\":\"function\",\"function\":{\"name\":\"a_b\","   \
    "\"description\":\"\",\"parameters\":{\"type\":\"object\","               \
    "\"properties\":{\"size\":{\"type\":\"integer\"},\"unit\":{\"type\":"     \
    "\"string\",\"default\":\"cm\"}},\"required\":[\"size\"]}}}],"            \
    "\"before\":[{\"role\":\"user\",\"content\":\"Hi.\"},{\"role\":"          \
    "\"assistant\",\"content\":\"a_b(size=7)\"}],"                            \
    "\"checks\":[{\"scorer\":\"bfcl\",\"category\":\"" category "\"" truth    \
    "}]}"
#define SIMPLE CASE("simple_python", ",\"truth\":[{\"a.b\":{\"size\":[7]}}]")
#define NOTHING CASE("irrelevance", "")
#define SOMETHING CASE("live_relevance", "")
#define TWO_RULES                                                             \
    "{\"id\":\"a\",\"say\":\"Say it.\",\"system\":\"\",\"checks\":["          \
    "{\"scorer\":\"ifeval\",\"instructions\":[{\"id\":"                       \
    "\"punctuation:no_comma\",\"kwargs\":{}},{\"id\":"                        \
    "\"startend:quotation\",\"kwargs\":{}}]}]}"

static const struct label {
    const char  *situation, *test;
    const char  *name, *arguments;       /* of the call, or NULL             */
    const char  *answer;
    int          tools_shown;
    enum outcome want;
    const char  *says;
    double       saner;                  /* of one, for BFCL                 */
} labels[] = {
    {"the right call", SIMPLE, "a_b", "{\"size\":7}", "", 1, OUTCOME_PASS,
     NULL, 1},
    {"a wrong value", SIMPLE, "a_b", "{\"size\":8}", "", 1, OUTCOME_FAIL,
     "value_error:others", 0},
    {"the default spelled out", SIMPLE, "a_b",
     "{\"size\":7,\"unit\":\"cm\"}", "", 1, OUTCOME_FAIL, "unexpected_param",
     1},
    {"arguments that are no JSON", SIMPLE, "a_b", "{\"size\":", "", 1,
     OUTCOME_FAIL, "ast_decoder:decoder_failed", 0},
    {"no call", SIMPLE, NULL, NULL, "It is large.", 1, OUTCOME_FAIL,
     "ast_decoder:decoder_failed", 0},
    {"a right call as text", SIMPLE, NULL, NULL,
     "{\"name\":\"a_b\",\"arguments\":{\"size\":7}}", 1, OUTCOME_UNPARSED,
     "a_b as text", 0},
    {"a wrong call as text", SIMPLE, NULL, NULL,
     "{\"name\":\"a_b\",\"arguments\":{\"size\":9}}", 1, OUTCOME_FAIL,
     "wrong call of a_b as text", 0},
    {"no call is right", NOTHING, NULL, NULL, "I cannot tell.", 1,
     OUTCOME_PASS, NULL, 1},
    {"and a call as text is no call", NOTHING, NULL, NULL,
     "{\"name\":\"a_b\",\"arguments\":{\"size\":7}}", 1, OUTCOME_PASS, NULL,
     1},
    {"a call is wrong", NOTHING, "a_b", "{}", "", 1, OUTCOME_FAIL,
     "irrelevance_error", 0},
    {"no call, but the tools were never shown", NOTHING, NULL, NULL, "I can "
     "not.", 0, OUTCOME_TEMPLATE, "never shown", 1},
    {"any call is right", SOMETHING, "a_b", "{}", "", 1, OUTCOME_PASS, NULL,
     1},
};

static double note_of(const struct trial *t, enum judge_note note)
{
    for (size_t i = 0; i < t->n_observations; i++)
        if (judge_note_find(t->observations[i].metric) == note)
            return t->observations[i].value;
    return 0;
}

/* What a session leaves: before, the question, one answer. */
static void make_trial(struct trial *t, const struct suite_case *c,
                       const char *name, const char *arguments,
                       const char *answer)
{
    size_t        i;
    const json_t *message;
    struct turn  *turn;

    *t = (struct trial){.status = TRIAL_OK};
    json_array_foreach(c->before, i, message)
        trial_add_message(t, i % 2 ? "assistant" : "user",
                          jsonx_text(message, "content"))->call_id =
            mem_copy(MESSAGE_BEFORE);
    trial_add_message(t, "user", c->turns[0].say);
    turn = trial_add_turn(t);
    free(turn->content);
    turn->content = mem_copy(answer);
    if (name) {
        turn->calls    = mem_new(1, sizeof *turn->calls);
        turn->calls[0] = (struct tool_call){mem_copy(""), mem_copy(name),
                                            mem_copy(arguments)};
        turn->n_calls  = 1;
    }
    trial_add_message(t, "assistant", answer);
}

static void read_case(struct suite_case *c, const char *text)
{
    struct err err = {0};

    if (suite_read_case(c, text, strlen(text), "s", &err))
        fail_msg("%s", err.text);
}

static void test_bfcl_gives_the_verdict_and_the_saner_rule_is_noted(
    void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        const struct label  *l   = &labels[i];
        struct judge_context ctx = {.tools_shown = l->tools_shown};
        struct suite_case    c;
        struct trial         t;

        read_case(&c, l->test);
        make_trial(&t, &c, l->name, l->arguments, l->answer);
        for (int again = 0; again < 2; again++) {
            judge_case(&c, &t, &ctx);
            if (t.outcome != l->want || (l->says ? !t.reason ||
                !strstr(t.reason, l->says) : t.reason != NULL))
                fail_msg("%s: %s \"%s\"", l->situation,
                         outcome_name(t.outcome), t.reason ? t.reason : "");
            if (!(note_of(&t, JUDGE_bfcl_saner_of) == 1) ||
                !(note_of(&t, JUDGE_bfcl_saner) == l->saner))
                fail_msg("%s: saner %g of %g", l->situation,
                         note_of(&t, JUDGE_bfcl_saner),
                         note_of(&t, JUDGE_bfcl_saner_of));
        }
        trial_done(&t);
        suite_case_done(&c);
    }
}

/* A call that stands in the text may be right or wrong; none is judged as it
 * was served. */
static void test_what_the_rule_says_of_calls_in_the_text_is_noted(
    void **state)
{
    static const struct {
        const char *test, *name, *arguments, *answer;
        int         tools_shown;
        double      original, saner;
    } answers[] = {
        {SIMPLE, "a_b", "{\"size\":7}", "", 1, 1, 1},
        {SIMPLE, NULL, NULL, "{\"name\":\"a_b\",\"arguments\":"
         "{\"size\":7}}", 1, 1, 1},
        {SIMPLE, NULL, NULL, "{\"name\":\"a_b\",\"arguments\":"
         "{\"size\":7,\"unit\":\"cm\"}}", 1, 0, 1},
        {SIMPLE, NULL, NULL, "It is large.", 1, 0, 0},
        {NOTHING, NULL, NULL, "I cannot tell.", 1, 1, 1},
        {NOTHING, NULL, NULL, "{\"name\":\"a_b\",\"arguments\":"
         "{\"size\":7}}", 1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct judge_context ctx = {.tools_shown = answers[i].tools_shown};
        struct suite_case    c;
        struct trial         t;

        read_case(&c, answers[i].test);
        make_trial(&t, &c, answers[i].name, answers[i].arguments,
                   answers[i].answer);
        for (int again = 0; again < 2; again++) {
            judge_case(&c, &t, &ctx);
            if (!(note_of(&t, JUDGE_original_parsed) ==
                  answers[i].original) ||
                !(note_of(&t, JUDGE_bfcl_saner_parsed) == answers[i].saner))
                fail_msg("answer %zu: %g, saner %g", i,
                         note_of(&t, JUDGE_original_parsed),
                         note_of(&t, JUDGE_bfcl_saner_parsed));
        }
        trial_done(&t);
        suite_case_done(&c);
    }
}

static void test_ifeval_passes_strictly_and_notes_each_instruction(
    void **state)
{
    static const struct {
        const char *answer;
        enum outcome want;
        double      strict, loose, prompt_loose;
    } answers[] = {
        {"\"no commas\"", OUTCOME_PASS, 2, 2, 1},
        {"\"one, comma\"", OUTCOME_FAIL, 1, 1, 0},
        {"Sure, here it is:\n\"no commas\"", OUTCOME_FAIL, 0, 2, 1},
        {"", OUTCOME_FAIL, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct judge_context ctx = {.tools_shown = 1};
        struct suite_case    c;
        struct trial         t;

        read_case(&c, TWO_RULES);
        make_trial(&t, &c, NULL, NULL, answers[i].answer);
        judge_case(&c, &t, &ctx);
        assert_int_equal(t.outcome, answers[i].want);
        assert_true(note_of(&t, JUDGE_ifeval_of) == 2);
        assert_true(note_of(&t, JUDGE_ifeval_prompt_of) == 1);
        assert_true(note_of(&t, JUDGE_ifeval_strict) == answers[i].strict);
        assert_true(note_of(&t, JUDGE_ifeval_loose) == answers[i].loose);
        assert_true(note_of(&t, JUDGE_ifeval_prompt_loose) ==
                    answers[i].prompt_loose);
        trial_done(&t);
        suite_case_done(&c);
    }
}

/* Else a candidate that crashes would have fewer to get wrong. */
static void test_what_broke_off_counts_with_all_its_parts(void **state)
{
    (void)state;
    struct judge_context ctx = {.tools_shown = 1};
    struct suite_case    c;
    struct trial         t;

    read_case(&c, TWO_RULES);
    make_trial(&t, &c, NULL, NULL, "");
    t.status = TRIAL_FAILED;
    judge_case(&c, &t, &ctx);
    assert_int_equal(t.outcome, OUTCOME_FAIL);
    assert_true(note_of(&t, JUDGE_ifeval_of) == 2);
    assert_true(note_of(&t, JUDGE_ifeval_strict) == 0);
    assert_true(note_of(&t, JUDGE_ifeval_prompt_of) == 1);
    trial_done(&t);
    suite_case_done(&c);
}

static void test_rules_and_settings_that_are_wrong_are_named(void **state)
{
    static const struct {
        const char *line, *says;
    } wrong[] = {
#define SAY "{\"id\":\"a\",\"say\":\"x\","
#define PLAIN "\"checks\":[{\"scorer\":\"speakable\"}]}"
#define ONE(f) SAY "\"functions\":[" f "]," PLAIN
        {ONE("{\"type\":\"function\"}"), "function 1: it must be"},
        {ONE("7"), "function 1: it must be"},
        {ONE("{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}"),
         "letters, digits"},
        {ONE("{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"),
         "needs \"parameters\""},
        {ONE("{\"type\":\"function\",\"function\":{\"name\":\"f\","
             "\"parameters\":{\"type\":\"dict\",\"properties\":{}}}}"),
         "no JSON Schema"},
        {SAY "\"functions\":[],\"home\":\"flat\"," PLAIN, "no \"home\""},
        {"{\"id\":\"a\",\"functions\":[],\"turns\":[{\"say\":\"x\"," PLAIN
         "]}", "no \"turns\""},
        {SAY "\"max_tokens\":0," PLAIN, "1 to 4096"},
        {SAY "\"max_tokens\":4097," PLAIN, "1 to 4096"},
        {SAY "\"system\":7," PLAIN, "\"system\" must be a text"},
        {SAY "\"before\":[{\"role\":\"tool\",\"content\":\"x\"}]," PLAIN,
         "message 1 of \"before\""},
        {SAY "\"before\":[{\"role\":\"user\"}]," PLAIN,
         "message 1 of \"before\""},
        {SAY "\"checks\":[{\"scorer\":\"bfcl\",\"category\":\"multiple\"}]}",
         "it has none"},
        {CASE("multiple", ""), "\"truth\""},
        {CASE("multi_turn_base", ""), "single-turn categories"},
        {CASE("irrelevance", ",\"truth\":[]"), "has no \"truth\""},
        {CASE("multiple", ",\"truth\":[{\"a\":{\"b\":7}}]"),
         "argument b in call 1"},
        {CASE("multiple", ",\"truth\":[{}]"), "call 1 of \"truth\""},
        {CASE("multiple", ",\"seed\":7"), "\"seed\""},
        {SAY "\"checks\":[{\"scorer\":\"ifeval\"}]}", "\"instructions\""},
        {SAY "\"checks\":[{\"scorer\":\"ifeval\",\"instructions\":[{\"id\":"
         "\"a:b\",\"kwargs\":{}}]}]}", "a:b"},
        {SAY "\"checks\":[{\"scorer\":\"ifeval\",\"instructions\":[{\"id\":"
         "\"keywords:existence\",\"kwargs\":{}}]}]}", "keywords"},
        {SAY "\"checks\":[{\"scorer\":\"ifeval\",\"instructions\":[{\"id\":"
         "\"keywords:existence\"}]}]}", "instruction 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct suite_case c;
        struct err        err = {0};

        if (suite_read_case(&c, wrong[i].line, strlen(wrong[i].line), "s",
                            &err) == 0)
            fail_msg("read: %s", wrong[i].line);
        if (!strstr(err.text, wrong[i].says))
            fail_msg("%s: \"%s\"", wrong[i].line, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_bfcl_gives_the_verdict_and_the_saner_rule_is_noted),
        cmocka_unit_test(
            test_what_the_rule_says_of_calls_in_the_text_is_noted),
        cmocka_unit_test(
            test_ifeval_passes_strictly_and_notes_each_instruction),
        cmocka_unit_test(test_what_broke_off_counts_with_all_its_parts),
        cmocka_unit_test(test_rules_and_settings_that_are_wrong_are_named),
    };
    return cmocka_run_group_tests_name("judge, foreign", tests, NULL, NULL);
}
