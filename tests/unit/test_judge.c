/* SPDX-License-Identifier: MIT */
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
#include "judge.h"

#define LIGHT_ON                                                              \
    "[{\"scorer\":\"state\",\"expect\":{\"light.kitchen\":{\"state\":"        \
    "\"on\"}}}]"
#define LIGHT_ON_SPOKEN                                                       \
    "[{\"scorer\":\"speakable\"},{\"scorer\":\"state\",\"expect\":"           \
    "{\"light.kitchen\":{\"state\":\"on\"}}}]"
#define NOTHING                                                               \
    "[{\"scorer\":\"state\",\"expect\":{}},{\"scorer\":\"mentions\","         \
    "\"any\":[\"kitchen\"]}]"
#define SMALL_TALK "[{\"scorer\":\"no_call\"}]"
#define SPOKEN     "[{\"scorer\":\"speakable\"}]"
#define NAMED      "{\"name\":\"Kitchen light\"}"
#define AS_TEXT                                                               \
    "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":\"Kitchen light\"}}"
#define WRONG_AS_TEXT                                                         \
    "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":\"Hall light\"}}"

static const struct label {
    const char  *situation, *home, *checks;
    const char  *tool, *arguments;   /* one structured call, or NULL */
    const char  *answer;
    int          tools_shown;
    enum outcome want;
    const char  *says;               /* part of the reason; NULL: none */
} labels[] = {
    /* without a home */
    {"a good answer", NULL, SPOKEN, NULL, NULL, "It is warm.", -1,
     OUTCOME_PASS, NULL},
    {"a bad answer", NULL, SPOKEN, NULL, NULL, "It is **warm**.", -1,
     OUTCOME_FAIL, "emphasis"},
    {"tools do not matter without a home", NULL, SPOKEN, NULL, NULL,
     "It is warm.", 0, OUTCOME_PASS, NULL},
    {"an invented call without a home", NULL, SMALL_TALK, "f", "{}",
     "It is warm.", -1, OUTCOME_FAIL, "called f"},
    {"an unknown scorer", NULL, "[{\"scorer\":\"magic\"}]", NULL, NULL, "x",
     -1, OUTCOME_HARNESS, "magic"},
    /* calls and their effect */
    {"an unknown home", "castle", LIGHT_ON, NULL, NULL, "x", -1,
     OUTCOME_HARNESS, "castle"},
    {"the right call", "flat", LIGHT_ON, "HassTurnOn", NAMED, "Done.", -1,
     OUTCOME_PASS, NULL},
    {"the right call of a model that saw no tools", "flat", LIGHT_ON,
     "HassTurnOn", NAMED, "Done.", 0, OUTCOME_PASS, NULL},
    {"the wrong call", "flat", LIGHT_ON, "HassTurnOff", NAMED, "Done.", 1,
     OUTCOME_FAIL, "itchen"},
    {"arguments that are no JSON", "flat", LIGHT_ON, "HassTurnOn", "{\"name",
     "Done.", 1, OUTCOME_FAIL, "itchen"},
    {"no call at all", "flat", LIGHT_ON, NULL, NULL, "Done.", 1,
     OUTCOME_FAIL, "itchen"},
    {"right call, bad answer", "flat", LIGHT_ON_SPOKEN, "HassTurnOn", NAMED,
     "It **is** on.", 1, OUTCOME_FAIL, "emphasis"},
    /* the template's fault */
    {"no call, tools never shown", "flat", LIGHT_ON, NULL, NULL, "Done.", 0,
     OUTCOME_TEMPLATE, "never shown the tools"},
    {"wrong call, tools never shown", "flat", LIGHT_ON, "HassTurnOff", NAMED,
     "Done.", 0, OUTCOME_TEMPLATE, "never shown the tools"},
    {"small talk, tools never shown", "flat", SMALL_TALK, NULL, NULL,
     "It is warm.", 0, OUTCOME_TEMPLATE, "never shown the tools"},
    {"call as text, tools never shown", "flat", LIGHT_ON, NULL, NULL,
     AS_TEXT, 0, OUTCOME_TEMPLATE, "never shown the tools"},
    {"a check of text alone, tools never shown", "flat", SPOKEN, NULL, NULL,
     "It is **warm**.", 0, OUTCOME_FAIL, "emphasis"},
    {"small talk, tools shown", "flat", SMALL_TALK, NULL, NULL,
     "It is warm.", 1, OUTCOME_PASS, NULL},
    {"small talk, nobody knows", "flat", SMALL_TALK, NULL, NULL,
     "It is warm.", -1, OUTCOME_PASS, NULL},
    /* the parser's fault */
    {"the right call as text", "flat", LIGHT_ON, NULL, NULL, AS_TEXT, 1,
     OUTCOME_UNPARSED, "HassTurnOn as text (bare JSON)"},
    {"the right call in tags", "flat", LIGHT_ON, NULL, NULL,
     "<tool_call>" AS_TEXT "</tool_call>", -1, OUTCOME_UNPARSED,
     "(<tool_call>)"},
    {"text checks are left out", "flat", LIGHT_ON_SPOKEN, NULL, NULL,
     AS_TEXT, 1, OUTCOME_UNPARSED, "bare JSON"},
    {"the wrong call as text", "flat", LIGHT_ON, NULL, NULL, WRONG_AS_TEXT,
     1, OUTCOME_FAIL, "itchen"},
    {"text beside a structured call", "flat", LIGHT_ON, "HassTurnOff", NAMED,
     AS_TEXT, 1, OUTCOME_FAIL, "itchen"},
    {"a tool that does not exist, as text", "flat", LIGHT_ON, NULL, NULL,
     "{\"name\":\"Explode\",\"arguments\":{}}", 1, OUTCOME_FAIL, "itchen"},
    {"a question asked by a call as text", "flat", NOTHING, NULL, NULL,
     "{\"name\":\"GetLiveContext\",\"arguments\":{}}", 1, OUTCOME_UNPARSED,
     "GetLiveContext"},
    {"a call as text that the home refuses", "flat", NOTHING, NULL, NULL,
     "{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":\"No such thing\"}}", 1,
     OUTCOME_FAIL, "would have refused it"},
    /* a call written as text is no small talk, and no restraint */
    {"small talk with a call as text", "flat", SMALL_TALK, NULL, NULL,
     "Sure thing! " AS_TEXT, 1, OUTCOME_FAIL, "wrote a call of HassTurnOn"},
    {"restraint with a call as text", "flat", NOTHING, NULL, NULL,
     "The kitchen it is. " AS_TEXT, 1, OUTCOME_FAIL, "wrote a call"},
    {"restraint", "flat", NOTHING, NULL, NULL, "Which kitchen light?", 1,
     OUTCOME_PASS, NULL},
};

static void add_asked(struct suite_case *c, const char *say,
                      const char *checks)
{
    c->turns = mem_grow(c->turns, c->n_turns + 1, sizeof *c->turns);
    c->turns[c->n_turns] = (struct suite_turn){
        .say = mem_copy(say), .cuts_words = -1,
        .checks = jsonx_parse(checks, strlen(checks), NULL)};
    assert_non_null(c->turns[c->n_turns++].checks);
}

static void make_case(struct suite_case *c, const char *home,
                      const char *checks)
{
    *c = (struct suite_case){
        .suite = mem_copy("s"), .id = mem_copy("i"), .home = mem_copy(home),
        .category = mem_copy("c"), .language = mem_copy("en"),
        .turns = mem_new(1, sizeof *c->turns)};
    add_asked(c, "Is it warm?", checks);
}

static void free_case(struct suite_case *c)
{
    suite_case_done(c);
}

static void add_turn(struct trial *t, const char *tool, const char *arguments,
                     const char *content)
{
    struct turn *turn = trial_add_turn(t);

    if (tool) {
        turn->calls    = mem_new(1, sizeof *turn->calls);
        turn->calls[0] = (struct tool_call){mem_copy(""), mem_copy(tool),
                                            mem_copy(arguments)};
        turn->n_calls  = 1;
    }
    free(turn->content);
    turn->content = mem_copy(content);
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

static void check_trial(const struct label *l, const struct trial *t)
{
    if (t->outcome != l->want ||
        (l->says ? !t->reason || !strstr(t->reason, l->says)
                 : t->reason != NULL))
        fail_msg("%s: %s \"%s\"", l->situation, outcome_name(t->outcome),
                 t->reason ? t->reason : "");
    if (l->want != OUTCOME_HARNESS)
        assert_true((l->home != NULL) == (t->end_state != NULL));
}

static void test_judge_tells_whose_fault_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        const struct label  *l   = &labels[i];
        struct judge_context ctx = {.tools_shown = l->tools_shown};
        struct suite_case    c;
        struct trial         t   = {.reason = mem_copy("from before"),
                                    .end_state = json_object()};

        if (l->home && !has_data()) {
            trial_done(&t);
            continue;
        }
        make_case(&c, l->home, l->checks);
        if (l->tool) add_turn(&t, l->tool, l->arguments, "");
        add_turn(&t, NULL, NULL, l->answer);
        judge_case(&c, &t, &ctx);
        check_trial(l, &t);
        judge_case(&c, &t, &ctx);   /* again: a stored trial */
        check_trial(l, &t);
        trial_done(&t);
        free_case(&c);
    }
}

static void test_judge_keeps_the_reason_of_an_unfinished_trial(void **state)
{
    (void)state;
    static const struct {
        enum trial_status status;
        const char       *fault, *reason;
        enum outcome      want;
        const char       *says;
    } cases[] = {
        {TRIAL_HARNESS_FAULT, "harness", "cut", OUTCOME_HARNESS, "cut"},
        {TRIAL_FAILED, "template", "HTTP 400", OUTCOME_TEMPLATE, "HTTP 400"},
        {TRIAL_FAILED, "engine", "it crashed", OUTCOME_FAIL, "it crashed"},
        {TRIAL_FAILED, "", NULL, OUTCOME_FAIL, "did not finish"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judge_context ctx = {.tools_shown = 1};
        struct suite_case    c;
        struct trial         t = {.status = cases[i].status,
                                  .reason = mem_copy(cases[i].reason)};

        make_case(&c, NULL, SPOKEN);
        strncpy(t.fault, cases[i].fault, sizeof t.fault - 1);
        add_turn(&t, NULL, NULL, "It is warm.");
        judge_case(&c, &t, &ctx);
        assert_int_equal(t.outcome, cases[i].want);
        assert_string_equal(t.reason, cases[i].says[0] == 'd'
                                          ? "the conversation did not finish"
                                          : cases[i].says);
        trial_done(&t);
        free_case(&c);
    }
}

static void test_judge_survives_a_trial_without_turns(void **state)
{
    (void)state;
    struct judge_context ctx = {.tools_shown = 1};
    struct suite_case    c;
    struct trial         t = {.status = TRIAL_OK};

    make_case(&c, NULL, SPOKEN);
    judge_case(&c, &t, &ctx);
    assert_int_equal(t.outcome, OUTCOME_FAIL);
    assert_string_equal(t.reason, "gave no answer");
    trial_done(&t);
    free_case(&c);
}

/* The user's own tools decide which texts are calls. */
static void test_judge_looks_for_the_tools_it_is_given(void **state)
{
    (void)state;
    json_t *tools = json_pack("[{s:{s:s}}]", "function", "name", "f");
    struct judge_context ctx = {.tools = tools, .tools_shown = 1};
    struct suite_case    c;
    struct trial         t = {.status = TRIAL_OK};

    make_case(&c, NULL, SMALL_TALK);
    add_turn(&t, NULL, NULL, "Let me see. [f(a=1)]");
    judge_case(&c, &t, &ctx);
    assert_int_equal(t.outcome, OUTCOME_FAIL);
    assert_non_null(strstr(t.reason, "wrote a call of f as text (pythonic)"));
    ctx.tools = NULL;
    judge_case(&c, &t, &ctx);
    assert_int_equal(t.outcome, OUTCOME_PASS);
    trial_done(&t);
    free_case(&c);
    json_decref(tools);
}

static void test_judge_executes_all_turns_in_order_on_the_setup(void **state)
{
    (void)state;
    struct judge_context ctx = {.tools_shown = 1};
    struct suite_case    c;
    struct trial         t = {.status = TRIAL_OK};

    if (!has_data()) skip();
    make_case(&c, "flat",
              "[{\"scorer\":\"state\",\"expect\":{\"light.hall\":"
              "{\"state\":\"on\"},\"light.kitchen\":{\"state\":\"off\"}}}]");
    c.setup = json_pack("{s:{s:s}}", "light.kitchen", "state", "on");
    add_turn(&t, "HassTurnOff", "{\"name\":\"Hall light\"}", "");
    add_turn(&t, "HassTurnOn", "{\"name\":\"Hall light\"}", "");
    add_turn(&t, "HassTurnOff", NAMED, "");
    add_turn(&t, NULL, NULL, "Done.");
    judge_case(&c, &t, &ctx);
    if (t.outcome != OUTCOME_PASS) fail_msg("%s", t.reason);
    assert_string_equal(jsonx_text(json_object_get(t.end_state, "light.hall"),
                                   "state"), "on");
    trial_done(&t);
    free_case(&c);
}

/* The what-if starts where the conversation did. */
static void test_judge_reads_calls_as_text_on_the_setup_too(void **state)
{
    (void)state;
    struct judge_context ctx = {.tools_shown = 1};
    struct suite_case    c;
    struct trial         t = {.status = TRIAL_OK};

    if (!has_data()) skip();
    make_case(&c, "flat", LIGHT_ON);
    c.setup = json_pack("{s:{s:s}}", "light.hall", "state", "on");
    add_turn(&t, NULL, NULL, AS_TEXT);
    judge_case(&c, &t, &ctx);
    if (t.outcome != OUTCOME_UNPARSED) fail_msg("%s", t.reason);
    trial_done(&t);
    free_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_tells_whose_fault_it_is),
        cmocka_unit_test(test_judge_keeps_the_reason_of_an_unfinished_trial),
        cmocka_unit_test(test_judge_survives_a_trial_without_turns),
        cmocka_unit_test(test_judge_looks_for_the_tools_it_is_given),
        cmocka_unit_test(test_judge_executes_all_turns_in_order_on_the_setup),
        cmocka_unit_test(test_judge_reads_calls_as_text_on_the_setup_too),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
