/* SPDX-License-Identifier: MIT */
#include "preflight_fixture.h"

/* What the model does. The template of each of these is faultless. */

static void test_a_call_that_the_server_parses_is_native(void **state)
{
    struct fake      f = {.error = NULL};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.called, 1);
    assert_null(p.text_call);
    assert_int_equal(p.ends_turn, 1);
    assert_int_equal(p.thinks, 0);
    assert_int_equal(p.can_disable, -1);
    assert_int_equal(f.chats, 2);
    preflight_done(&p);
}

static void test_a_call_written_as_text_is_the_templates_fault(void **state)
{
    struct fake      f = {.tool_text =
        "Sure.\n```json\n{\"name\": \"HassTurnOn\", \"arguments\": "
        "{\"name\": \"kitchen light\"}}\n```"};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.tools, TOOLS_TEXT_ONLY);
    assert_int_equal(p.called, 0);
    assert_string_equal(p.text_call, "fenced JSON");
    assert_only(&p, "calls_as_text");
    assert_false(preflight_drops_tools(&p));
    preflight_done(&p);
}

static void test_a_model_that_does_not_call_is_no_fault(void **state)
{
    struct fake      f = {.tool_text = "The kitchen light is on now."};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.called, 0);
    assert_int_equal(p.tools, TOOLS_NATIVE);
    assert_only(&p, NULL);
    preflight_done(&p);
}

/* ---- the end of an answer ---------------------------------------------- */

static void test_control_tokens_in_the_text_are_found(void **state)
{
    static const struct { const char *answer, *token; } cases[] = {
        {"Paris.<|im_end|>", "<|im_end|>"},
        {"Paris.</s>", "</s>"},
        {"Paris. [/INST] And", "[/INST]"},
        {"Paris.<end_of_turn>\n", "<end_of_turn>"},
        {"Paris.<｜end▁of▁sentence｜>", "<｜end▁of▁sentence｜>"},
        {"2 < 3 and 4 > 1, a <b>bold</b> claim [1]", NULL},
        {"a list[0] of <|", NULL},
        {"<a href=\"x\">y</a>", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake      f = {.plain = cases[i].answer};
        struct preflight p = preflight_of(&f);

        if (cases[i].token)
            assert_string_equal(p.leaked_token, cases[i].token);
        else
            assert_null(p.leaked_token);
        assert_only(&p, cases[i].token ? "leaked_token" : NULL);
        preflight_done(&p);
    }
}

/* Each word of it is looked for in the prompt: without a bound, megabytes of
 * words in megabytes of prompt are hours. */
static void test_an_endless_answer_is_not_searched_to_its_end(void **state)
{
    char       *words = mem_new(300001, 1);
    struct fake f = {.plain = words};

    (void)state;
    for (size_t i = 0; i < 100000; i++) memcpy(words + 3 * i, "<a>", 3);
    memcpy(words + 300000 - 4, "</s>", 4);
    for (int i = 0; i < 2; i++) {
        struct preflight p;

        if (i == 1) memcpy(words + 300, "</s>", 4);
        p = preflight_of(&f);
        assert_int_equal(p.leaked_token != NULL, i);
        preflight_done(&p);
    }
    free(words);
}

static void test_a_model_that_does_not_stop_is_told(void **state)
{
    struct fake f = {.plain = "Paris Paris Paris", .finish = FINISH_LENGTH};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.ends_turn, 0);
    assert_only(&p, "does_not_stop");
    assert_int_equal(p.findings[0].fault, FAULT_MODEL);
    preflight_done(&p);
}

static void test_a_thought_that_is_cut_off_is_no_rambling(void **state)
{
    struct fake f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                     .finish = FINISH_LENGTH};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.ends_turn, -1);
    assert_null(finding_of(&p, "does_not_stop"));
    preflight_done(&p);
}

/* ---- thinking ---------------------------------------------------------- */

static void test_the_templates_option_comes_first(void **state)
{
    struct fake f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                     .option = "enable_thinking", .obeys = "enable_thinking"};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.thinks, 1);
    assert_int_equal(p.can_disable, 1);
    assert_string_equal(p.disabled_by, "enable_thinking=false");
    assert_int_equal(jsonx_truth(p.template_kwargs, "enable_thinking"), 0);
    assert_int_equal(p.more_args.n, 0);
    assert_null(p.system_suffix);
    assert_null(p.tried);
    assert_only(&p, "thinking_switched_off");
    assert_int_equal(f.chats, 3);
    preflight_done(&p);
}

static void test_an_option_that_changes_no_prompt_is_not_asked(void **state)
{
    struct fake f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                     .option = "thinking", .obeys = "thinking"};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_string_equal(p.disabled_by, "thinking=false");
    assert_null(p.tried);
    assert_int_equal(f.chats, 3);
    preflight_done(&p);
}

static void test_an_engines_flag_goes_into_its_command(void **state)
{
    struct fake f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                     .option = "enable_thinking",
                     .obeys = "reasoning_budget_tokens"};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_string_equal(p.disabled_by, "--reasoning-budget 0");
    assert_string_equal(p.tried, "enable_thinking=false");
    assert_null(p.template_kwargs);
    assert_int_equal(p.more_args.n, 2);
    assert_string_equal(p.more_args.items[0], "--reasoning-budget");
    assert_string_equal(p.more_args.items[1], "0");
    preflight_done(&p);
}

static void test_a_server_of_others_gets_no_flags(void **state)
{
    struct fake      f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                          .obeys = "reasoning_budget_tokens"};
    struct stage     s;
    struct preflight p;
    struct err       err = {0};

    (void)state;
    stage_set(&s, &f);
    s.candidate.source = SOURCE_SERVER;
    assert_int_equal(preflight_run(&s.how, &p, &err), 0);
    assert_int_equal(p.can_disable, 0);
    assert_int_equal(p.more_args.n, 0);
    assert_only(&p, "thinking_cannot_be_disabled");
    fake_done(&f);
    preflight_done(&p);
}

static void test_a_line_of_the_prompt_is_kept_for_all_questions(void **state)
{
    struct fake f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                     .obeys = "/no_think"};
    struct stage     s;
    struct preflight p;
    struct err       err = {0};

    (void)state;
    stage_set(&s, &f);
    assert_int_equal(preflight_run(&s.how, &p, &err), 0);
    assert_string_equal(p.system_suffix, "/no_think");
    assert_null(p.template_kwargs);
    /* The last question was the one about the light. */
    assert_non_null(strstr(f.last_system, "tools"));
    assert_non_null(strstr(f.last_system, "\n/no_think"));
    assert_null(f.last_sampling);
    fake_done(&f);
    preflight_done(&p);
}

static void test_what_cannot_be_switched_off_says_what_was_tried(void **state)
{
    struct fake f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm."};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.can_disable, 0);
    assert_non_null(strstr(p.tried, "--reasoning-budget 0, /no_think"));
    assert_only(&p, "thinking_cannot_be_disabled");
    assert_non_null(strstr(p.findings[0].text, "/no_think"));
    preflight_done(&p);
}

static void test_thinking_that_is_wanted_is_left_alone(void **state)
{
    struct fake      f = {.plain_reasoning = "Hm.", .tool_reasoning = "Hm.",
                          .option = "enable_thinking",
                          .obeys = "enable_thinking"};
    struct fake      g = f;
    struct stage     s;
    struct preflight p;
    struct err       err = {0};

    (void)state;
    stage_set(&s, &f);
    s.how.keep_thinking = true;
    assert_int_equal(preflight_run(&s.how, &p, &err), 0);
    assert_int_equal(p.thinks, 1);
    assert_int_equal(p.can_disable, -1);
    assert_only(&p, NULL);
    preflight_done(&p);
    fake_done(&f);
    /* Likewise when an option of the candidate says so. */
    g.obeys = "never";
    stage_set(&s, &g);
    s.how.template_kwargs = json_pack("{s:b}", "enable_thinking", 1);
    assert_int_equal(preflight_run(&s.how, &p, &err), 0);
    assert_int_equal(p.can_disable, -1);
    assert_int_equal(jsonx_truth(g.last_kwargs, "enable_thinking"), 1);
    preflight_done(&p);
    json_decref(s.how.template_kwargs);
    fake_done(&g);
}

static void test_reasoning_in_the_text_is_thinking_too(void **state)
{
    struct fake inlined = {.plain = "<think>\nA city.\n</think>\nParis."};
    struct fake empty   = {.plain = "<think>\n\n</think>\n\nParis."};
    struct preflight p  = preflight_of(&inlined);

    (void)state;
    assert_int_equal(p.thinks, 1);
    preflight_done(&p);
    /* What a template writes when thinking is off. */
    p = preflight_of(&empty);
    assert_int_equal(p.thinks, 0);
    preflight_done(&p);
}

static void test_one_that_thinks_only_over_tools_is_switched_off(void **state)
{
    struct fake f = {.tool_reasoning = "The light.",
                     .option = "enable_thinking", .obeys = "enable_thinking"};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.thinks, 1);
    assert_int_equal(p.can_disable, 1);
    assert_string_equal(p.disabled_by, "enable_thinking=false");
    preflight_done(&p);
}

/* ---- failures ---------------------------------------------------------- */

static void test_a_lost_answer_is_a_finding(void **state)
{
    struct fake      f = {.chat_fails = ERR_TIMEOUT};
    struct preflight p = preflight_of(&f);

    (void)state;
    assert_int_equal(p.thinks, -1);
    assert_int_equal(p.ends_turn, -1);
    assert_non_null(finding_of(&p, "no_answer"));
    assert_non_null(strstr(finding_of(&p, "no_answer")->text, "was lost"));
    preflight_done(&p);
}

static void test_a_server_that_refuses_tools_is_told(void **state)
{
    struct fake      f = {.refuses_tools = 400}, busy = {.refuses_tools = 429};
    struct stage     s;
    struct preflight p = preflight_of(&f);
    struct err       err = {0};

    (void)state;
    assert_int_equal(p.called, -1);
    assert_only(&p, "tools_refused");
    assert_int_equal(p.findings[0].fault, FAULT_ENGINE);
    preflight_done(&p);
    /* Where the template cannot be looked at, tools are to be had no way. */
    stage_set(&s, &f);
    s.facts.has_completion = false;
    assert_int_equal(preflight_run(&s.how, &p, &err), 0);
    assert_true(preflight_drops_tools(&p));
    assert_only(&p, "tools_refused");
    preflight_done(&p);
    fake_done(&f);
    p = preflight_of(&busy);
    assert_only(&p, NULL);
    preflight_done(&p);
}

static void test_only_a_signal_and_a_death_end_the_preflight(void **state)
{
    struct fake      stopped = {.chat_fails = ERR_STOPPED};
    struct fake      dead = {.chat_fails = ERR_FAILED, .is_dead = true};
    struct stage     s;
    struct preflight p;
    struct err       err = {0};

    (void)state;
    stage_set(&s, &stopped);
    assert_int_equal(preflight_run(&s.how, &p, &err), -1);
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_int_equal(stopped.chats, 1);
    preflight_done(&p);
    fake_done(&stopped);
    err = (struct err){0};
    stage_set(&s, &dead);
    assert_int_equal(preflight_run(&s.how, &p, &err), -1);
    assert_string_equal(err.text, "killed by signal 9");
    assert_int_equal(dead.chats, 1);
    preflight_done(&p);
    fake_done(&dead);
}

static void test_made_up_weights_are_asked_nothing(void **state)
{
    struct fake      f = {.error = NULL};
    struct stage     s;
    struct preflight p;
    struct err       err = {0};

    (void)state;
    stage_set(&s, &f);
    s.candidate.facts.is_synthetic = true;
    assert_int_equal(preflight_run(&s.how, &p, &err), 0);
    assert_int_equal(f.chats, 0);
    assert_int_equal(p.tools, TOOLS_NATIVE);
    fake_done(&f);
    preflight_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_that_the_server_parses_is_native),
        cmocka_unit_test(test_a_call_written_as_text_is_the_templates_fault),
        cmocka_unit_test(test_a_model_that_does_not_call_is_no_fault),
        cmocka_unit_test(test_control_tokens_in_the_text_are_found),
        cmocka_unit_test(test_an_endless_answer_is_not_searched_to_its_end),
        cmocka_unit_test(test_a_model_that_does_not_stop_is_told),
        cmocka_unit_test(test_a_thought_that_is_cut_off_is_no_rambling),
        cmocka_unit_test(test_the_templates_option_comes_first),
        cmocka_unit_test(test_an_option_that_changes_no_prompt_is_not_asked),
        cmocka_unit_test(test_an_engines_flag_goes_into_its_command),
        cmocka_unit_test(test_a_server_of_others_gets_no_flags),
        cmocka_unit_test(test_a_line_of_the_prompt_is_kept_for_all_questions),
        cmocka_unit_test(test_what_cannot_be_switched_off_says_what_was_tried),
        cmocka_unit_test(test_thinking_that_is_wanted_is_left_alone),
        cmocka_unit_test(test_reasoning_in_the_text_is_thinking_too),
        cmocka_unit_test(test_one_that_thinks_only_over_tools_is_switched_off),
        cmocka_unit_test(test_a_lost_answer_is_a_finding),
        cmocka_unit_test(test_a_server_that_refuses_tools_is_told),
        cmocka_unit_test(test_only_a_signal_and_a_death_end_the_preflight),
        cmocka_unit_test(test_made_up_weights_are_asked_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
