/* SPDX-License-Identifier: MIT */
/* What is special about each kind of server: what it tells of itself, how its
 * model is made ready, and that Ollama cannot cut a prompt unnoticed. What
 * they have in common: tests/contract/test_engine_contract.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "engine/client.h"
#include "engine_stage.h"

static const struct player *player_of(const char *server)
{
    for (size_t i = 0; i < N_PLAYERS; i++)
        if (!players[i].is_child && !players[i].is_replay &&
            (players[i].server && server
                 ? strcmp(players[i].server, server) == 0
                 : players[i].server == server))
            return &players[i];
    return NULL;
}

/* Started with a context of so many tokens asked for. */
static void open_server(struct stage *s, const char *server,
                        const char *script, int context)
{
    struct err err = {0};

    if (!fake_is_there()) skip();
    stage_prepare(s, player_of(server), script, NULL, &patient);
    s->spec.context = context;
    if (stage_start(s, &err)) fail_msg("%s", err.text);
}

static void stop_server(struct stage *s)
{
    s->player->ops->stop(s->engine);
    s->engine = NULL;
}

/* The n-th recorded POST of a path (0: the first), or NULL. New reference. */
static json_t *request_sent(const struct stage *s, const char *path, int n)
{
    char   *name = temp_path(&s->tree, "record");
    FILE   *f    = fopen(name, "r");
    json_t *line, *body = NULL;

    assert_non_null(f);
    while (!body && (line = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
        if (strcmp(jsonx_text(line, "path"), path) == 0 && n-- == 0)
            body = json_incref(json_object_get(line, "body"));
        json_decref(line);
    }
    fclose(f);
    free(name);
    return body;
}

/* `words` words of five letters and a blank. Caller frees. */
static char *long_text(int words)
{
    char *text = mem_new((size_t)words * 6 + 1, 1);

    for (int i = 0; i < words; i++)
        snprintf(text + 6 * i, 7, "w%04u ", (unsigned)i % 10000u);
    return text;
}

/* ---- Ollama: what it tells ---------------------------------------------- */

static void test_ollama_tells_its_context_and_memory(void **state)
{
    struct stage s;

    (void)state;
    open_server(&s, "Ollama", "{\"version\":\"0.33.2\"}", 4096);
    assert_string_equal(s.facts.build, "0.33.2");
    assert_true(s.facts.memory_bytes == 2361393152.0);
    assert_int_equal(s.facts.context, 4096);
    assert_null(s.facts.context_note);
    assert_int_equal(s.facts.has_template, 1);
    assert_int_equal(s.facts.supports_tools, 1);
    assert_int_equal(s.facts.supports_system_role, -1);
    assert_string_equal(s.facts.command,
        "printf '%s\\n' 'FROM m.gguf' 'PARAMETER num_ctx 4096' "
        "> m.gguf-audition.Modelfile && ollama create m.gguf-audition "
        "-f m.gguf-audition.Modelfile");
    stage_end(&s);
}

static void test_ollama_with_less_context_than_asked_is_noted(void **state)
{
    static const char *const scripts[] = {
        "{\"train_ctx\":2048}",
        "{\"train_ctx\":2048,\"version\":\"0.8.0\"}"};   /* not in /api/ps */

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage s;

        open_server(&s, "Ollama", scripts[i], 8192);
        assert_int_equal(s.facts.context, 2048);
        assert_non_null(strstr(s.facts.context_note,
                               "2048 tokens where 8192 were asked for"));
        stage_end(&s);
    }
}

static void test_ollama_without_tools_or_template_says_so(void **state)
{
    json_t             *tools = json_pack("[{s:s}]", "type", "function");
    struct message      m     = {.role = "user", .turn = -1,
                                 .text = (char[]){"Hi."}};
    struct chat_request r     = {.messages = &m, .n_messages = 1,
                                 .max_tokens = 9, .tools = tools};
    struct stage        s;
    struct turn         t;
    struct err          err = {0};

    (void)state;
    open_server(&s, "Ollama", "{\"capabilities\":[\"completion\"],"
                "\"template\":\"{{ .Prompt }}\"}", 4096);
    assert_int_equal(s.facts.supports_tools, 0);
    assert_int_equal(s.facts.has_template, -1);
    turn_init(&t);
    assert_int_equal(s.player->ops->chat(s.engine, &r, &t, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "does not support tools: its template"));
    turn_done(&t);
    json_decref(tools);
    stage_end(&s);
}

/* ---- Ollama: the model comes and goes ----------------------------------- */

static void test_ollama_loads_first_and_unloads_what_it_loaded(void **state)
{
    struct stage s;
    struct turn  t;
    json_t      *first, *last;

    (void)state;
    for (int was_loaded = 0; was_loaded < 2; was_loaded++) {
        open_server(&s, "Ollama", was_loaded
                    ? "{\"record\":\"FOLDER/record\",\"loaded\":true}"
                    : "{\"record\":\"FOLDER/record\"}", 4096);
        stage_must_ask(&s, "Hi.", &t);
        turn_done(&t);
        stop_server(&s);
        first = request_sent(&s, "/api/generate", 0);
        last = request_sent(&s, "/api/generate", 1);
        assert_null(json_object_get(first, "prompt"));
        assert_true(jsonx_number(json_object_get(first, "options"),
                                 "num_ctx") == 4096);
        if (was_loaded) assert_null(last);
        else assert_true(jsonx_number(last, "keep_alive") == 0);
        json_decref(first);
        json_decref(last);
        stage_end(&s);
    }
}

static void test_who_only_asks_what_it_is_loads_nothing(void **state)
{
    static const char *const servers[] = {"Ollama", "LM Studio"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage s;
        struct err   err = {0};
        json_t      *load;

        if (!fake_is_there()) skip();
        stage_prepare(&s, player_of(servers[i]), "{\"loaded\":false,"
                      "\"record\":\"FOLDER/record\"}", NULL, &patient);
        s.spec.only_identify = true;
        if (stage_start(&s, &err)) fail_msg("%s", err.text);
        stop_server(&s);
        assert_string_equal(s.facts.server, servers[i]);
        assert_int_equal(s.facts.context, -1);
        assert_true(isnan(s.facts.memory_bytes));
        load = request_sent(&s, i ? "/v1/chat/completions" : "/api/generate",
                            0);
        assert_null(load);
        stage_end(&s);
    }
}

static void test_ollama_that_cannot_load_is_a_failed_start(void **state)
{
    static const struct engine_facts none;
    struct stage s;
    struct err   err = {0};

    (void)state;
    if (!fake_is_there()) skip();
    stage_prepare(&s, player_of("Ollama"), "{\"fault\":{\"kind\":\"http500\","
                  "\"path\":\"/api/generate\"}}", NULL, &patient);
    assert_int_equal(stage_start(&s, &err), -1);
    assert_int_equal(err.kind, ERR_FAILED);
    assert_non_null(strstr(err.text, "could not load m.gguf"));
    assert_memory_equal(&s.facts, &none, sizeof none);
    stage_end(&s);
}

/* ---- Ollama: answers ---------------------------------------------------- */

static void test_what_ollama_does_not_count_stays_unknown(void **state)
{
    struct stage s;
    struct turn  t;

    (void)state;
    open_server(&s, "Ollama", "{\"cached_count\":false}", 4096);
    for (int i = 0; i < 2; i++) {
        stage_must_ask(&s, "How warm is it?", &t);
        assert_true(isnan(t.server.cache_n));
        assert_true(t.server.prompt_n > 5);       /* the cached ones too */
        turn_done(&t);
    }
    stage_end(&s);
}

static void test_ollama_calls_without_ids_are_two_calls(void **state)
{
    json_t             *tools = json_pack("[{s:s}]", "type", "function");
    struct message      m     = {.role = "user", .turn = -1,
                                 .text = (char[]){"Set the light."}};
    struct chat_request r     = {.messages = &m, .n_messages = 1,
                                 .max_tokens = 90, .tools = tools};
    struct stage        s;
    struct turn         t;
    struct err          err = {0};

    (void)state;
    open_server(&s, "Ollama", STAGE_SCRIPT ",\"call_ids\":false}", 4096);
    turn_init(&t);
    if (s.player->ops->chat(s.engine, &r, &t, &err)) fail_msg("%s", err.text);
    assert_int_equal(t.n_calls, 2);
    assert_string_equal(t.calls[0].name, "set_light");
    assert_string_equal(t.calls[1].name, "dim");
    assert_string_equal(t.calls[1].id, "");
    assert_int_equal(t.finish, FINISH_CALLS);
    turn_done(&t);
    json_decref(tools);
    stage_end(&s);
}

static void test_ollama_takes_raw_text(void **state)
{
    struct complete_request r = {.prompt = "Snow is", .n_predict = 12,
                                 .cache_prompt = true};
    struct stage s;
    struct turn  t;
    struct err   err = {0};
    json_t      *body;

    (void)state;
    open_server(&s, "Ollama", "{\"record\":\"FOLDER/record\"}", 4096);
    for (int i = 0; i < 2; i++) {
        turn_init(&t);
        r.cache_prompt = i == 0;
        if (s.player->ops->complete(s.engine, &r, &t, &err))
            fail_msg("%s", err.text);
        assert_true(t.server.predicted_n == 12);
        assert_int_equal(t.finish, FINISH_LENGTH);
        turn_done(&t);
        body = request_sent(&s, "/api/generate", i + 1);
        assert_int_equal(jsonx_truth(body, "raw"), 1);
        if (i == 0) assert_string_equal(jsonx_text(body, "prompt"), "Snow is");
        else assert_non_null(strstr(jsonx_text(body, "prompt"), "]\nSnow is"));
        json_decref(body);
    }
    stage_end(&s);
}

/* ---- Ollama: prompts that are too long ---------------------------------- */

static void expect_cut(int rc, const struct err *err)
{
    assert_int_equal(rc, -1);
    assert_int_equal(err->kind, ERR_INPUT);
    if (!strstr(err->text, "cut the prompt silently") ||
        !strstr(err->text, "context size (num_ctx) is 2048"))
        fail_msg("%s", err->text);
}

static void test_ollama_cannot_cut_a_prompt_unnoticed(void **state)
{
    static const char *const scripts[] = {"{\"train_ctx\":2048}",
                                          "{\"train_ctx\":2048,"
                                          "\"overflow\":\"half\"}"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage s;
        struct turn  t;
        struct err   err  = {0};
        char        *text = long_text(3000);

        open_server(&s, "Ollama", scripts[i], 2048);
        stage_must_ask(&s, "Short.", &t);
        turn_done(&t);
        expect_cut(stage_ask(&s, text, 20, &t, &err), &err);
        assert_int_equal(t.finish, FINISH_CUT);
        assert_true(*t.content);                  /* what arrived is kept */
        turn_done(&t);
        text[1500 * 6] = '\0';                    /* half of it fits */
        stage_must_ask(&s, text, &t);
        turn_done(&t);
        free(text);
        stage_end(&s);
    }
}

static void test_ollama_that_refuses_is_told_the_option(void **state)
{
    struct stage s;
    struct turn  t;
    struct err   err  = {0};
    char        *text = long_text(3000);

    (void)state;
    open_server(&s, "Ollama", "{\"train_ctx\":2048,\"overflow\":\"refuse\"}",
                2048);
    assert_int_equal(stage_ask(&s, text, 20, &t, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "longer than the context length"));
    assert_non_null(strstr(err.text, "num_ctx, is 2048"));
    assert_int_equal(t.http_status, 400);
    turn_done(&t);
    free(text);
    stage_end(&s);
}

/* Each turn is short; the oldest are dropped once they do not fit. */
static void test_ollama_cannot_drop_old_turns_unnoticed(void **state)
{
    struct trial s_t   = {.block = 0};
    char        *text  = long_text(290);
    int          turns = 0, rc = 0;
    struct err   err   = {0};
    struct stage s;

    (void)state;
    open_server(&s, "Ollama", "{\"train_ctx\":2048,\"chat\":[{\"content\":"
                "\"Yes.\"}]}", 2048);
    trial_add_message(&s_t, "system", "You help.");
    while (rc == 0 && turns < 20) {
        struct chat_request r = {.max_tokens = 9};

        trial_add_message(&s_t, "user", text);
        r.messages = s_t.messages;
        r.n_messages = s_t.n_messages;
        trial_add_turn(&s_t);
        r.turns = s_t.turns;
        rc = s.player->ops->chat(s.engine, &r, &s_t.turns[turns], &err);
        trial_add_message(&s_t, "assistant", "")->turn = turns;
        turns++;
    }
    expect_cut(rc, &err);
    assert_int_equal(turns, 7);        /* 290 words each: the 7th is too much */
    trial_done(&s_t);
    free(text);
    stage_end(&s);
}

/* ---- the others --------------------------------------------------------- */

static void test_less_context_than_asked_is_noted_with_the_remedy(void **state)
{
    static const struct { const char *server, *remedy; } cases[] = {
        {"llama-server", "start it with -c 8192"},
        {"vLLM", "start it with --max-model-len 8192"},
        {"LM Studio", "load it with lms load --context-length 8192"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stage s;

        open_server(&s, cases[i].server, NULL, 8192);
        assert_int_equal(s.facts.context, 4096);
        if (!strstr(s.facts.context_note, cases[i].remedy) ||
            !strstr(s.facts.context_note, cases[i].server))
            fail_msg("%s", s.facts.context_note);
        stage_end(&s);
        open_server(&s, cases[i].server, NULL, 2048);   /* more is enough */
        assert_null(s.facts.context_note);
        stage_end(&s);
    }
}

static void test_vllm_has_its_version_and_its_names(void **state)
{
    struct message      m = {.role = "user", .turn = -1,
                             .text = (char[]){"But why?"}};
    struct chat_request r = {.messages = &m, .n_messages = 1, .max_tokens = 90,
                             .sampling = json_pack("{s:f}", "repeat_penalty",
                                                   1.1)};
    struct stage        s;
    struct turn         t;
    struct err          err = {0};
    json_t             *body;

    (void)state;
    open_server(&s, "vLLM", STAGE_SCRIPT ",\"cached_count\":false,"
                "\"version\":\"0.11.2\",\"record\":\"FOLDER/record\"}", 4096);
    assert_string_equal(s.facts.build, "0.11.2");
    assert_true(isnan(s.facts.memory_bytes));
    turn_init(&t);
    if (s.player->ops->chat(s.engine, &r, &t, &err)) fail_msg("%s", err.text);
    assert_string_equal(t.reasoning, "Let me think.");
    assert_true(t.server.prompt_n > 2 && isnan(t.server.cache_n) &&
                isnan(t.server.prompt_ms));
    body = request_sent(&s, "/v1/chat/completions", 0);
    assert_true(jsonx_number(body, "repetition_penalty") == 1.1);
    assert_null(json_object_get(body, "repeat_penalty"));
    json_decref(body);
    json_decref(r.sampling);
    turn_done(&t);
    stage_end(&s);
}

static void test_lm_studio_loads_before_it_is_measured(void **state)
{
    struct stage s;
    json_t      *body;

    (void)state;
    open_server(&s, "LM Studio", "{\"loaded\":false,\"record\":"
                "\"FOLDER/record\"}", 4096);
    assert_int_equal(s.facts.context, 4096);
    assert_int_equal(s.facts.supports_tools, 1);
    assert_null(s.facts.build);
    body = request_sent(&s, "/v1/chat/completions", 0);
    assert_true(jsonx_number(body, "max_tokens") == 1);
    json_decref(body);
    stage_end(&s);
}

/* Of a server that we know nothing of, the user may know more. */
static void test_what_the_user_sets_goes_to_an_unknown_server(void **state)
{
    json_t             *kwargs = json_pack("{s:b}", "enable_thinking", 0);
    struct message      m      = {.role = "user", .turn = -1,
                                  .text = (char[]){"Hi."}};
    struct chat_request r      = {.messages = &m, .n_messages = 1,
                                  .max_tokens = 9, .template_kwargs = kwargs};

    (void)state;
    for (int set = 0; set < 2; set++) {
        struct stage s;
        struct turn  t;
        struct err   err = {0};
        json_t      *body;

        if (!fake_is_there()) skip();
        stage_prepare(&s, player_of(NULL), "{\"record\":\"FOLDER/record\"}",
                      NULL, &patient);
        s.candidate.template_kwargs = set ? json_incref(kwargs) : NULL;
        if (stage_start(&s, &err)) fail_msg("%s", err.text);
        turn_init(&t);
        if (s.player->ops->chat(s.engine, &r, &t, &err))
            fail_msg("%s", err.text);
        body = request_sent(&s, "/v1/chat/completions", 0);
        assert_int_equal(json_object_get(body, "chat_template_kwargs") != NULL,
                         set);
        json_decref(body);
        turn_done(&t);
        stage_end(&s);
    }
    json_decref(kwargs);
}

static void test_a_small_request_has_ten_seconds_at_most(void **state)
{
    static const struct limits slow = {600, 120, 60, 600};
    static const struct limits fast = {600, 2, 60, 600};
    struct client c;

    (void)state;
    client_init(&c, "http://127.0.0.1:1", NULL, &slow);
    assert_true(client_meta_s(&c) == 10);
    client_done(&c);
    client_init(&c, "http://127.0.0.1:1", NULL, &fast);
    assert_true(client_meta_s(&c) == 2);
    client_done(&c);
}

static void test_no_two_cold_lines_are_equal(void **state)
{
    static const struct limits limits = {1, 1, 1, 1};
    struct client c;
    char         *lines[200];

    (void)state;
    client_init(&c, "http://127.0.0.1:1", NULL, &limits);
    for (int i = 0; i < 200; i++) {
        lines[i] = client_cold_line(&c);
        assert_int_equal(strlen(lines[i]), 12);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(lines[i], lines[k]);
    }
    for (int i = 0; i < 200; i++) free(lines[i]);
    client_done(&c);
}

/* A version of megabytes would be in the store, twice, and in each report. */
static void test_what_a_server_says_of_itself_is_bounded(void **state)
{
    struct engine_facts facts = {.context = -1};
    char   *word  = mem_new(1000001, 1);
    json_t *props = json_pack("{s:{s:f}}", "default_generation_settings",
                              "n_ctx", 0.5);

    (void)state;
    for (size_t i = 0; i < 1000000; i += 2)
        memcpy(word + i, i ? "\u00fc" : "b1", 2);
    word[1] = '\0';
    jsonx_set_text(props, "build_info", word);
    client_read_props(props, &facts);
    assert_string_equal(facts.build, "b");
    assert_int_equal(facts.context, -1);
    word[1] = '1';
    memmove(word + 1, word + 2, 999999);     /* now its letters end oddly */
    jsonx_set_text(props, "build_info", word);
    client_read_props(props, &facts);
    assert_int_equal(strlen(facts.build), 199);
    engine_facts_done(&facts);
    json_decref(props);
    free(word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ollama_tells_its_context_and_memory),
        cmocka_unit_test(test_ollama_with_less_context_than_asked_is_noted),
        cmocka_unit_test(test_ollama_without_tools_or_template_says_so),
        cmocka_unit_test(test_ollama_loads_first_and_unloads_what_it_loaded),
        cmocka_unit_test(test_who_only_asks_what_it_is_loads_nothing),
        cmocka_unit_test(test_ollama_that_cannot_load_is_a_failed_start),
        cmocka_unit_test(test_what_ollama_does_not_count_stays_unknown),
        cmocka_unit_test(test_ollama_calls_without_ids_are_two_calls),
        cmocka_unit_test(test_ollama_takes_raw_text),
        cmocka_unit_test(test_ollama_cannot_cut_a_prompt_unnoticed),
        cmocka_unit_test(test_ollama_that_refuses_is_told_the_option),
        cmocka_unit_test(test_ollama_cannot_drop_old_turns_unnoticed),
        cmocka_unit_test(
            test_less_context_than_asked_is_noted_with_the_remedy),
        cmocka_unit_test(test_vllm_has_its_version_and_its_names),
        cmocka_unit_test(test_lm_studio_loads_before_it_is_measured),
        cmocka_unit_test(test_what_the_user_sets_goes_to_an_unknown_server),
        cmocka_unit_test(test_a_small_request_has_ten_seconds_at_most),
        cmocka_unit_test(test_what_a_server_says_of_itself_is_bounded),
        cmocka_unit_test(test_no_two_cold_lines_are_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
