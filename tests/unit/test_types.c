/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "types.h"

static void test_text_list_keeps_copies_in_order(void **state)
{
    (void)state;
    char             text[] = "first";
    struct text_list list = {0};

    text_list_add(&list, text);
    text[0] = 'X';
    text_list_add(&list, "second");
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0], "first");
    assert_string_equal(list.items[1], "second");
    text_list_done(&list);
    assert_int_equal(list.n, 0);
    assert_null(list.items);
}

static void test_a_new_turn_has_observed_nothing(void **state)
{
    (void)state;
    struct turn t;

    memset(&t, 0x5a, sizeof t);
    turn_init(&t);
    assert_int_equal(t.sent_ns, -1);
    assert_int_equal(t.end_ns, -1);
    assert_int_equal(t.n_chunks, 0);
    assert_int_equal(t.n_calls, 0);
    assert_int_equal(t.finish, FINISH_NONE);
    assert_int_equal(t.http_status, 0);
    assert_string_equal(t.content, "");
    assert_string_equal(t.reasoning, "");
    assert_true(isnan(t.server.prompt_n) && isnan(t.server.cache_n) &&
                isnan(t.server.prompt_ms) && isnan(t.server.predicted_n) &&
                isnan(t.server.predicted_ms));
    turn_done(&t);
    assert_null(t.content);
}

static void test_done_is_safe_on_zeroed_structs_and_twice(void **state)
{
    (void)state;
    struct text_list      texts = {0};
    struct turn           turn = {0};
    struct model_facts    model = {0};
    struct candidate      candidate = {0};
    struct candidate_list list = {0};
    struct engine_facts   engine = {0};
    struct trial          trial = {0};
    struct machine        machine = {0};

    for (int i = 0; i < 2; i++) {
        text_list_done(&texts);
        turn_done(&turn);
        model_facts_done(&model);
        candidate_done(&candidate);
        candidate_list_done(&list);
        engine_facts_done(&engine);
        trial_done(&trial);
        machine_done(&machine);
    }
}

/* What is left over is for the leak checkers to find. */
static void test_done_frees_everything_it_owns(void **state)
{
    (void)state;
    struct candidate_list list = {mem_new(1, sizeof *list.items), 1};
    struct candidate     *c = list.items;
    struct model_facts   *m = &c->facts;
    struct engine_facts   engine = {0};
    struct machine        machine = {0};
    char **const          owned[] = {
        &c->name, &c->path, &c->hf, &c->base_url, &c->model,
        &m->architecture, &m->model_name, &m->quantisation,
        &m->chat_template, &m->license,
        &engine.engine, &engine.build, &engine.command, &engine.model,
        &machine.board, &machine.cpu, &machine.os, &machine.kernel,
        &machine.arch};

    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        *owned[i] = mem_copy("owned");
    c->sampling = json_object();
    c->template_kwargs = json_object();
    text_list_add(&c->server_args, "-fa");

    candidate_list_done(&list);
    engine_facts_done(&engine);
    machine_done(&machine);
    assert_int_equal(list.n, 0);
    assert_null(engine.engine);
    assert_null(machine.arch);
}

static void test_outcomes_have_names_that_read_back(void **state)
{
    (void)state;
    static const struct {
        enum outcome outcome;
        const char  *name;
    } cases[] = {
        {OUTCOME_NONE, "none"},         {OUTCOME_PASS, "pass"},
        {OUTCOME_FAIL, "fail"},         {OUTCOME_UNPARSED, "unparsed"},
        {OUTCOME_TEMPLATE, "template_fault"},
        {OUTCOME_HARNESS, "harness_fault"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(outcome_name(cases[i].outcome), cases[i].name);
        assert_int_equal(outcome_from_name(cases[i].name), cases[i].outcome);
    }
    assert_int_equal(outcome_from_name("PASS"), OUTCOME_NONE);
    assert_int_equal(outcome_from_name(""), OUTCOME_NONE);
    assert_int_equal(outcome_from_name(NULL), OUTCOME_NONE);
}

static void test_what_was_not_observed_is_left_out_of_a_trial(void **state)
{
    (void)state;
    struct trial t = {0};

    trial_observe(&t, "ttft_s", NAN);
    assert_int_equal(t.n_observations, 0);
    trial_observe(&t, "ttft_s", 0);
    trial_observe(&t, "load_s", 2.5);
    assert_int_equal(t.n_observations, 2);
    assert_string_equal(t.observations[0].metric, "ttft_s");
    assert_true(t.observations[0].value == 0);
    assert_true(t.observations[1].value == 2.5);
    trial_done(&t);
}

static void test_a_trial_grows_by_turns_and_messages(void **state)
{
    (void)state;
    struct trial    t = {0};
    char            text[] = "hello";
    struct message *m;

    for (size_t i = 0; i < 40; i++) {
        struct turn *turn = trial_add_turn(&t);

        assert_ptr_equal(turn, &t.turns[i]);
        assert_int_equal(turn->sent_ns, -1);
        turn->calls = mem_new(1, sizeof *turn->calls);
        turn->calls[0] = (struct tool_call){mem_copy("a"), mem_copy("b"),
                                            mem_copy("c")};
        turn->n_calls = 1;
        turn->chunks = mem_new(3, sizeof *turn->chunks);
        m = trial_add_message(&t, "user", text);
        assert_ptr_equal(m, &t.messages[i]);
    }
    text[0] = 'X';
    assert_int_equal(t.n_turns, 40);
    assert_int_equal(t.n_messages, 40);
    assert_string_equal(t.messages[39].text, "hello");
    assert_string_equal(t.messages[39].role, "user");
    assert_null(t.messages[39].call_id);
    assert_int_equal(t.messages[39].turn, -1);
    assert_string_equal(trial_add_message(&t, "assistant", NULL)->text, "");
    t.reason = mem_copy("x");
    t.suite = mem_copy("x");
    t.case_id = mem_copy("x");
    t.case_hash = mem_copy("x");
    t.end_state = json_object();
    trial_done(&t);
    assert_int_equal(t.n_turns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_list_keeps_copies_in_order),
        cmocka_unit_test(test_a_new_turn_has_observed_nothing),
        cmocka_unit_test(test_done_is_safe_on_zeroed_structs_and_twice),
        cmocka_unit_test(test_done_frees_everything_it_owns),
        cmocka_unit_test(test_outcomes_have_names_that_read_back),
        cmocka_unit_test(test_what_was_not_observed_is_left_out_of_a_trial),
        cmocka_unit_test(test_a_trial_grows_by_turns_and_messages),
    };

    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
