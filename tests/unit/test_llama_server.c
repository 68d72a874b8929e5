/* SPDX-License-Identifier: MIT */
/* How the managed llama-server is started: its files out of the page cache
 * first, its sampling on the command line, and what its /props say it can.
 * The rules that all engines share are in tests/contract. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/clock.h"
#include "engine/cold.h"
#include "engine_stage.h"
#include "probe/probe.h"

static void open_stage(struct stage *s, const char *script, bool keep,
                       json_t *sampling)
{
    struct err err = {0};

    if (!fake_is_there()) skip();
    stage_prepare(s, &players[0], script, NULL, &patient);
    s->spec.keep_page_cache = keep;
    s->candidate.sampling = sampling;
    if (stage_start(s, &err)) fail_msg("%s", err.text);
}

static void test_the_page_cache_is_dropped_unless_it_shall_be_kept(
    void **state)
{
    struct stage s;

    (void)state;
    open_stage(&s, STAGE_SCRIPT "}", false, NULL);
    assert_int_equal(strncmp(s.facts.page_cache, "dropped", 7), 0);
    stage_end(&s);
    open_stage(&s, STAGE_SCRIPT "}", true, NULL);
    assert_string_equal(s.facts.page_cache, "kept, as asked");
    stage_end(&s);
}

static void test_a_file_that_cannot_be_opened_is_kept_and_says_why(
    void **state)
{
    struct temp_tree tree;
    char            *path, *words;

    (void)state;
    assert_int_equal(temp_tree_init(&tree), 0);
    path = temp_path(&tree, "none.gguf");
    words = cold_drop(path);
    assert_int_equal(strncmp(words, "kept: ", 6), 0);
    assert_non_null(strstr(words, "none.gguf: no such file"));
    free(words);
    free(path);
    temp_tree_done(&tree);
}

static void test_each_part_of_a_split_model_is_dropped(void **state)
{
    struct temp_tree tree;
    char            *first, *words;

    (void)state;
    assert_int_equal(temp_tree_init(&tree), 0);
    first = temp_path(&tree, "m-00001-of-00003.gguf");
    temp_text(&tree, "m-00001-of-00003.gguf", "one");
    temp_text(&tree, "m-00002-of-00003.gguf", "two");
    words = cold_drop(first);
    assert_non_null(strstr(words, "m-00003-of-00003.gguf: no such file"));
    free(words);
    temp_text(&tree, "m-00003-of-00003.gguf", "three");
    words = cold_drop(first);
    assert_int_equal(strncmp(words, "dropped", 7), 0);
    free(words);
    free(first);
    temp_tree_done(&tree);
}

/* No part is missing when only a folder is named like one, and a count that
 * no model has is none. */
static void test_names_that_are_only_like_parts_are_files(void **state)
{
    static const char *const names[] = {"a-00001-of-00002/m.gguf",
        "m-00001-of-99999999999.gguf", "m-00001-of-x.gguf",
        "m-00001-of-00001.gguf"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct temp_tree tree;
        char            *path, *words;

        assert_int_equal(temp_tree_init(&tree), 0);
        path = temp_path(&tree, names[i]);
        temp_text(&tree, names[i], "x");
        words = cold_drop(path);
        if (strncmp(words, "dropped", 7) != 0)
            fail_msg("%s: %s", names[i], words);
        free(words);
        free(path);
        temp_tree_done(&tree);
    }
}

static void test_the_start_is_stamped_before_the_load(void **state)
{
    struct stage s;
    int64_t      before = clock_now_ns();

    (void)state;
    open_stage(&s, STAGE_SCRIPT ",\"load_s\":0.05}", false, NULL);
    assert_true(s.facts.started_ns >= before);
    assert_true(s.facts.load_s >= 0.05);
    assert_true(s.facts.started_ns + (int64_t)(s.facts.load_s * 1e9) <=
                clock_now_ns());
    stage_end(&s);
}

static void test_the_command_samples_as_the_requests_do(void **state)
{
    struct stage s;

    (void)state;
    open_stage(&s, STAGE_SCRIPT "}", false,
               json_pack("{s:f,s:[s,i,s],s:b}", "temperature", 0.5, "samplers",
                         "top_k", 3, "min_p", "backend_sampling", 1));
    assert_non_null(strstr(s.facts.command, " --temp 0.5 --samplers "
                           "'top_k;min_p' --backend-sampling "));
    stage_end(&s);
    open_stage(&s, STAGE_SCRIPT "}", false,
               json_pack("{s:[],s:b}", "samplers", "backend_sampling", 0));
    assert_null(strstr(s.facts.command, "samplers"));
    assert_null(strstr(s.facts.command, "backend"));
    stage_end(&s);
}

static void test_only_a_build_that_lists_backend_sampling_has_it(void **state)
{
    struct stage s;

    (void)state;
    open_stage(&s, STAGE_SCRIPT ",\"props\":{\"default_generation_settings\":"
               "{\"params\":{\"backend_sampling\":false}}}}", false, NULL);
    assert_true(s.facts.has_backend_sampling);
    stage_end(&s);
    open_stage(&s, STAGE_SCRIPT ",\"props\":{\"default_generation_settings\":"
               "{\"params\":{}}}}", false, NULL);
    assert_false(s.facts.has_backend_sampling);
    stage_end(&s);
}

struct heard {
    long groups[8];
    int  n;
};

static void hear(void *ctx, long group)
{
    struct heard *h = ctx;

    if (h->n < 8) h->groups[h->n] = group;
    h->n++;
}

static void test_the_listener_hears_the_group_and_its_end(void **state)
{
    struct stage s;
    struct heard h   = {.n = 0};
    struct turn  turn;
    struct err   err = {0}, why = {0};

    (void)state;
    if (!fake_is_there()) skip();
    stage_prepare(&s, &players[0], STAGE_SCRIPT ",\"fault\":{\"kind\":"
                  "\"die_sigabrt\"}}", NULL, &patient);
    s.spec.on_child = hear;
    s.spec.on_child_ctx = &h;
    if (stage_start(&s, &err)) fail_msg("%s", err.text);
    assert_int_equal(h.n, 1);
    assert_int_equal(h.groups[0], s.facts.pid);
    assert_int_equal(stage_ask(&s, "Hello", 20, &turn, &err), -1);
    turn_done(&turn);
    assert_false(s.player->ops->alive(s.engine, &why));
    assert_non_null(strstr(why.text, "SIGABRT"));
    stage_end(&s);
    assert_int_equal(h.n, 2);
    assert_int_equal(h.groups[1], 0);
}

static void test_the_log_is_as_talkative_as_the_user_says(void **state)
{
    static const struct { const char *set, *want; } cases[] = {
        {NULL, " LLAMA_ARG_LOG_VERBOSITY=4 "},
        {"1", " LLAMA_ARG_LOG_VERBOSITY=1 "}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char         pid[24];

        if (cases[i].set) setenv("LLAMA_ARG_LOG_VERBOSITY", cases[i].set, 1);
        else unsetenv("LLAMA_ARG_LOG_VERBOSITY");
        setenv("LLAMA_ARG_CTX_SIZE", "77", 1);
        open_stage(&s, STAGE_SCRIPT "}", false, NULL);
        snprintf(pid, sizeof pid, "%ld", s.facts.pid);
        assert_true(proc_file_has(pid, "environ", cases[i].want));
        assert_false(proc_file_has(pid, "environ", "LLAMA_ARG_CTX_SIZE"));
        /* Ours, which other children have, is as it was. */
        assert_string_equal(getenv("LLAMA_ARG_CTX_SIZE"), "77");
        assert_int_equal(getenv("LLAMA_ARG_LOG_VERBOSITY") == NULL,
                         cases[i].set == NULL);
        stage_end(&s);
    }
    unsetenv("LLAMA_ARG_CTX_SIZE");
    unsetenv("LLAMA_ARG_LOG_VERBOSITY");
}

/* It would be taken for what this one died of. */
static void test_what_an_earlier_start_wrote_is_forgotten(void **state)
{
    struct stage s;
    struct err   err = {0};
    char         text[8];

    (void)state;
    stage_prepare(&s, &players[0], "{}", NULL, &patient);
    temp_text(&s.tree, "engine.log", "CUDA error: out of memory\n");
    s.spec.server_path = "/nowhere/llama-server";
    assert_int_equal(stage_start(&s, &err), -1);
    assert_int_equal(probe_file("", s.spec.log_path, text, sizeof text), 0);
    stage_end(&s);
}

/* A program that bound the port before our child could answers /health, and
 * every question, just as well. */
static void test_who_took_the_port_is_not_taken_for_the_engine(void **state)
{
    struct stage s;
    struct err   err = {0};

    (void)state;
    if (!fake_is_there()) skip();
    stage_prepare(&s, &players[0], STAGE_SCRIPT ",\"fail_on_load\":"
                  "\"port_stolen\"}", NULL, &patient);
    assert_int_equal(stage_start(&s, &err), -1);
    assert_non_null(strstr(err.text, "another program answers on port"));
    stage_end(&s);
}

static void test_an_engine_that_closes_its_port_is_given_up(void **state)
{
    struct stage s;
    struct turn  turn;
    struct err   err = {0}, why = {0};

    (void)state;
    open_stage(&s, STAGE_SCRIPT ",\"fault\":{\"kind\":\"unlisten\"}}",
               false, NULL);
    assert_int_equal(stage_ask(&s, "Hello", 20, &turn, &err), -1);
    turn_done(&turn);
    assert_false(s.player->ops->alive(s.engine, &why));
    assert_non_null(strstr(why.text, "no longer listens"));
    stage_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_the_page_cache_is_dropped_unless_it_shall_be_kept),
        cmocka_unit_test(
            test_a_file_that_cannot_be_opened_is_kept_and_says_why),
        cmocka_unit_test(test_each_part_of_a_split_model_is_dropped),
        cmocka_unit_test(test_names_that_are_only_like_parts_are_files),
        cmocka_unit_test(test_the_start_is_stamped_before_the_load),
        cmocka_unit_test(test_the_command_samples_as_the_requests_do),
        cmocka_unit_test(test_only_a_build_that_lists_backend_sampling_has_it),
        cmocka_unit_test(test_the_listener_hears_the_group_and_its_end),
        cmocka_unit_test(test_the_log_is_as_talkative_as_the_user_says),
        cmocka_unit_test(test_what_an_earlier_start_wrote_is_forgotten),
        cmocka_unit_test(test_who_took_the_port_is_not_taken_for_the_engine),
        cmocka_unit_test(test_an_engine_that_closes_its_port_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
