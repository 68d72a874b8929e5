/* SPDX-License-Identifier: MIT */
/* What engine.h promises of answers, asked of every engine: each rule runs
 * against each player of engine_stage.h, and is passed over by one that has
 * no wire. How engines start, die and stop: test_engine_life_contract.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/jsonx.h"
#include "engine_stage.h"

/* With each chunk; the others only at the end. */
static bool counts_chunks(const struct player *p)
{
    return !p->is_plain && !p->is_ollama;
}

/* Token ids, and answers of a forced length. */
static bool takes_ids(const struct player *p)
{
    return !p->is_plain && !p->is_ollama;
}

/* ---- answers ------------------------------------------------------------ */

/* Arrivals are in order, and add up to the texts. */
static void expect_sound(const struct player *p, const struct turn *t)
{
    size_t  content = 0, reasoning = 0;
    int     tokens = 0;
    int64_t at_ns = t->sent_ns;

    assert_true(t->sent_ns >= 0 && t->end_ns >= t->sent_ns);
    for (size_t i = 0; i < t->n_chunks; i++) {
        const struct chunk *c = &t->chunks[i];

        assert_true(c->at_ns >= at_ns && c->at_ns <= t->end_ns);
        at_ns = c->at_ns;
        if (c->kind == CHUNK_CONTENT) content = c->end_bytes;
        if (c->kind == CHUNK_REASONING) reasoning = c->end_bytes;
        if (counts_chunks(p)) assert_true(c->tokens >= tokens);
        else assert_int_equal(c->tokens, -1);
        tokens = c->tokens;
    }
    assert_int_equal(content, strlen(t->content));
    assert_int_equal(reasoning, strlen(t->reasoning));
}

static void chat_brings_the_answer_with_its_times(const struct player *p)
{
    struct stage s;
    struct turn  t;

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    stage_must_ask(&s, "How warm is it?", &t);
    assert_string_equal(t.content, STAGE_ANSWER);
    assert_string_equal(t.reasoning, "");
    assert_int_equal(t.n_calls, 0);
    assert_int_equal(t.finish, FINISH_STOP);
    assert_int_equal(t.http_status, 200);
    assert_true(t.n_chunks > 1 && t.server.predicted_n >= 8);
    expect_sound(p, &t);
    turn_done(&t);
    stage_end(&s);
}

static void reasoning_is_kept_apart(const struct player *p)
{
    struct stage s;
    struct turn  t;

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    stage_must_ask(&s, "But why?", &t);
    assert_string_equal(t.reasoning, "Let me think.");
    assert_string_equal(t.content, "Because.");
    assert_int_equal(t.chunks[0].kind, CHUNK_REASONING);
    expect_sound(p, &t);
    turn_done(&t);
    stage_end(&s);
}

static void expect_arguments(const struct tool_call *call, const char *name,
                             const char *arguments)
{
    struct err err  = {0};
    json_t    *want = jsonx_parse(arguments, strlen(arguments), &err);
    json_t    *got  = jsonx_parse(call->arguments, strlen(call->arguments),
                                  &err);

    if (!json_equal(want, got)) fail_msg("arguments %s", call->arguments);
    assert_string_equal(call->name, name);
    assert_true(*call->id);
    json_decref(want);
    json_decref(got);
}

/* The question, the calls, their results, and the answer to those. */
static void talk_with_tools(const struct player *p, const char *how)
{
    struct stage        s;
    struct trial        t   = {.block = 0};
    struct err          err = {0};
    json_t             *tools = json_pack(
        "[{s:s,s:{s:s,s:{s:s}}}]", "type", "function", "function", "name",
        "set_light", "parameters", "type", "object");
    struct chat_request r = {.tools = tools, .max_tokens = 100};

    stage_open(&s, p, how, STAGE_RECORDING, &patient);
    trial_add_message(&t, "user", "Set the light.");
    for (int step = 0; step < 2; step++) {
        r.messages = t.messages;
        r.n_messages = t.n_messages;
        trial_add_turn(&t);
        r.turns = t.turns;
        if (p->ops->chat(s.engine, &r, &t.turns[step], &err))
            fail_msg("%s", err.text);
        trial_add_message(&t, "assistant", "")->turn = step;
        for (size_t i = 0; i < t.turns[step].n_calls; i++)
            trial_add_message(&t, "tool", "a result")->call_id =
                mem_copy(t.turns[step].calls[i].id);
    }
    assert_int_equal(t.turns[0].finish, FINISH_CALLS);
    assert_int_equal(t.turns[0].n_calls, 2);
    expect_arguments(&t.turns[0].calls[0], "set_light",
                     "{\"room\":\"the hall\",\"on\":true}");
    expect_arguments(&t.turns[0].calls[1], "dim", "{\"percent\":40}");
    assert_string_not_equal(t.turns[0].calls[0].id, t.turns[0].calls[1].id);
    assert_string_equal(t.turns[1].content, "Both are done.");
    expect_sound(p, &t.turns[0]);
    trial_done(&t);
    json_decref(tools);
    stage_end(&s);
}

static void tool_calls_survive_in_pieces(const struct player *p)
{
    talk_with_tools(p, STAGE_SCRIPT "}");
}

static void tool_calls_survive_whole(const struct player *p)
{
    talk_with_tools(p, STAGE_SCRIPT ",\"tokens_per_chunk\":100}");
}

static void the_token_limit_ends_an_answer(const struct player *p)
{
    struct stage s;
    struct turn  t;
    struct err   err = {0};

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    assert_int_equal(stage_ask(&s, "Well?", 3, &t, &err), 0);
    assert_string_equal(t.content, "The kitchen is");
    assert_int_equal(t.finish, FINISH_LENGTH);
    assert_true(t.server.predicted_n == 3);
    turn_done(&t);
    stage_end(&s);
}

static void a_known_prefix_is_reported(const struct player *p)
{
    struct stage s;
    struct turn  first, again;

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    stage_must_ask(&s, "How warm is it?", &first);
    stage_must_ask(&s, "How warm is it?", &again);
    assert_true(first.server.cache_n == 0 && first.server.prompt_n > 4);
    assert_true(again.server.prompt_n == 1);
    assert_true(again.server.cache_n == first.server.prompt_n - 1);
    turn_done(&first);
    turn_done(&again);
    stage_end(&s);
}

/* ---- raw prompts -------------------------------------------------------- */

static void a_forced_length_is_honoured(const struct player *p)
{
    struct stage            s;
    struct complete_request r = {.n_predict = 37};
    int                    *ids = NULL;
    struct err              err = {0};

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    if (takes_ids(p)) {
        assert_int_equal(p->ops->tokenize(s.engine, "one two three four five",
                                          false, &ids, &r.n_ids, &err), 0);
        assert_int_equal(r.n_ids, 5);
    }
    r.ids = ids;
    for (int round = 0; round < 4 && takes_ids(p); round++) {
        struct turn t;

        turn_init(&t);
        r.cache_prompt = round == 3;
        r.prompt = round == 1 ? "six seven" : NULL;
        if (p->ops->complete(s.engine, &r, &t, &err)) fail_msg("%s", err.text);
        assert_true(t.server.predicted_n == 37);
        assert_int_equal(t.finish, FINISH_LENGTH);
        assert_int_equal(t.chunks[t.n_chunks - 1].tokens, 37);
        assert_true(t.server.prompt_n == (round == 1 ? 2 : round == 3 ? 1 : 5));
        assert_true(t.server.cache_n == (round == 3 ? 4 : 0));
        expect_sound(p, &t);
        turn_done(&t);
    }
    free(ids);
    stage_end(&s);
}

static void render_shows_what_the_model_reads(const struct player *p)
{
    struct stage        s;
    struct message      m    = {.role = "user", .turn = -1,
                                .text = (char[]){"How warm?"}};
    struct chat_request r    = {.messages = &m, .n_messages = 1,
                                .max_tokens = 1};
    char               *text = NULL;
    struct err          err  = {0};

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    if (takes_ids(p)) {
        if (p->ops->render(s.engine, &r, &text, &err))
            fail_msg("%s", err.text);
        assert_non_null(strstr(text, "How warm?"));
        assert_true(strlen(text) > strlen(m.text));
        free(text);
    }
    stage_end(&s);
}

static void a_server_that_only_chats_says_so(const struct player *p)
{
    struct stage            s;
    struct complete_request c   = {.prompt = "x", .n_predict = 1};
    struct chat_request     r   = {.max_tokens = 1};
    struct err              err[3] = {{0}};
    struct turn             t;
    int                    *ids = NULL;
    size_t                  n;
    char                   *text = NULL;

    if (takes_ids(p)) return;
    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    turn_init(&t);
    assert_int_equal(p->ops->tokenize(s.engine, "x", false, &ids, &n,
                                      &err[0]), -1);
    assert_int_equal(p->ops->render(s.engine, &r, &text, &err[1]), -1);
    if (p->is_ollama) c.prompt = NULL;               /* text it does take */
    assert_int_equal(p->ops->complete(s.engine, &c, &t, &err[2]), -1);
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(err[i].text, i == 2 && p->is_ollama
                                    ? "not as token ids" : "only chats"));
    assert_int_equal(t.http_status, 0);
    assert_true(!ids && !text);
    turn_done(&t);
    stage_end(&s);
}

/* ---- requests that fail ------------------------------------------------- */

#define PATIENT {60, 60, 60, 60}

static const struct fault {
    const char   *json;
    struct limits limits;
    enum err_kind kind;
    const char   *error;       /* a part of it                          */
    const char   *content;     /* exactly what arrived; NULL: a prefix  */
    int           status;
    double        retry_after_s;
} faults[] = {
    {"{\"kind\":\"slow_headers\"}", {60, 0.3, 60, 60}, ERR_TIMEOUT,
     "0.3 s; look at the server's log, or give it more with --first-timeout",
     "", 0, NAN},
    {"{\"kind\":\"stall\",\"at_event\":1}", {60, 0.3, 60, 60}, ERR_TIMEOUT,
     "--first-timeout", "", 200, NAN},
    {"{\"kind\":\"only_comments\",\"at_event\":1}", {60, 0.3, 60, 60},
     ERR_TIMEOUT, "no answer came within 0.3 s", "", 200, NAN},
    {"{\"kind\":\"stall\",\"at_event\":4}", {60, 60, 0.3, 60}, ERR_TIMEOUT,
     "--silence-timeout", NULL, 200, NAN},
    {"{\"kind\":\"only_comments\",\"at_event\":4}", {60, 60, 0.3, 60},
     ERR_TIMEOUT, "fell silent before its end for more than 0.3 s", NULL, 200,
     NAN},
    {"{\"kind\":\"endless\"}", {60, 60, 60, 0.3}, ERR_TIMEOUT,
     "--answer-timeout", NULL, 200, NAN},
    {"{\"kind\":\"cut\",\"at_event\":4}", PATIENT, ERR_FAILED, "connection",
     "The kitchen", 200, NAN},
    {"{\"kind\":\"error_event\",\"at_event\":4}", PATIENT, ERR_FAILED,
     "Compute error.", "The kitchen", 200, NAN},
    {"{\"kind\":\"garbage_sse\",\"at_event\":4}", PATIENT, ERR_FAILED,
     "not JSON", "The kitchen", 200, NAN},
    {"{\"kind\":\"odd_shapes\",\"at_event\":4}", PATIENT, ERR_FAILED,
     "tool calls", "The kitchen", 200, NAN},
    {"{\"kind\":\"huge_token\",\"at_event\":4,\"bytes\":5000000}", PATIENT,
     ERR_FAILED, "longer than", "The kitchen", 200, NAN},
    {"{\"kind\":\"html\"}", PATIENT, ERR_FAILED,
     "is this an OpenAI-compatible server?", "", 200, NAN},
    {"{\"kind\":\"empty\"}", PATIENT, ERR_FAILED, "sent no event at all", "",
     200, NAN},
    {"{\"kind\":\"wrong_content_length\"}", PATIENT, ERR_FAILED,
     "before its reply was complete", "", 200, NAN},
    {"{\"kind\":\"http429\"}", PATIENT, ERR_FAILED,
     "the server is busy (HTTP 429", "", 429, 1},
    {"{\"kind\":\"http503\"}", PATIENT, ERR_FAILED, "HTTP 503", "", 503, 1},
    {"{\"kind\":\"http500\"}", PATIENT, ERR_FAILED, "scripted failure", "", 500,
     NAN},
    {"{\"kind\":\"no_done\"}", PATIENT, ERR_NONE, NULL, STAGE_ANSWER, 200,
     NAN},
    {"{\"kind\":\"one_chunk\"}", PATIENT, ERR_NONE, NULL, STAGE_ANSWER, 200,
     NAN},
    {"{\"kind\":\"nul_bytes\",\"at_event\":3}", PATIENT, ERR_NONE, NULL, NULL,
     200, NAN},
    {"{\"kind\":\"invalid_utf8\",\"at_event\":3}", PATIENT, ERR_NONE, NULL,
     NULL, 200, NAN},
};

static void meet(const struct player *p, const struct fault *f)
{
    bool         in_time = f->kind != ERR_TIMEOUT;
    char        *how = mem_printf(STAGE_SCRIPT ",\"fault\":%.*s,"
                                  "\"path\":\"%s\",\"at_request\":1}}",
                                  (int)strlen(f->json) - 1, f->json,
                                  chat_path(p));
    struct stage s;
    struct turn  t;
    struct err   err = {0}, why = {0};
    int          rc;

    stage_open(&s, p, how, NULL, in_time ? &patient : &f->limits);
    rc = stage_ask(&s, "Well?", 100, &t, &err);
    if ((rc != 0) != (f->kind != ERR_NONE) || err.kind != f->kind ||
        (f->error && !strstr(err.text, f->error)))
        fail_msg("%s: rc %d, kind %d, \"%s\"", f->json, rc, (int)err.kind,
                 err.text);
    if (f->content && strcmp(t.content, f->content))
        fail_msg("%s: \"%s\" arrived", f->json, t.content);
    if (t.http_status != f->status ||
        (isnan(f->retry_after_s) ? !isnan(t.retry_after_s)
                                 : t.retry_after_s != f->retry_after_s))
        fail_msg("%s: HTTP %d, retry after %g s", f->json, t.http_status,
                 t.retry_after_s);
    if (rc) assert_int_equal(t.finish, FINISH_CUT);
    if (f->status == 200) assert_true(t.sent_ns >= 0);
    assert_true(t.end_ns >= t.sent_ns);
    turn_done(&t);
    assert_true(p->ops->alive(s.engine, &why));
    if (in_time) {                    /* one bad answer, not a bad engine */
        stage_must_ask(&s, "Well?", &t);
        assert_string_equal(t.content, STAGE_ANSWER);
        turn_done(&t);
    }
    stage_end(&s);
    free(how);
}

static void a_bad_answer_is_told_and_is_not_the_end(const struct player *p)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (!p->is_replay) meet(p, &faults[i]);
}

static void small_requests_name_their_endpoint(const struct player *p)
{
    static const char *const kinds[] = {"slow_headers", "html", "http500",
                                        "cut"};
    static const struct limits limits = {60, 0.3, 60, 60};

    for (size_t i = 0; i < 4 && !p->is_replay && takes_ids(p); i++) {
        char *how = mem_printf(
            "{\"fault\":[{\"kind\":\"%s\",\"path\":\"/tokenize\"},"
            "{\"kind\":\"%s\",\"path\":\"/apply-template\"}]}", kinds[i],
            kinds[i]);
        struct stage        s;
        struct chat_request r    = {.max_tokens = 1};
        struct err          err[2] = {{0}};
        int                *ids  = NULL;
        size_t              n    = 0;
        char               *text = NULL;

        stage_open(&s, p, how, NULL, &limits);
        assert_int_equal(p->ops->tokenize(s.engine, "x", false, &ids, &n,
                                          &err[0]), -1);
        assert_int_equal(p->ops->render(s.engine, &r, &text, &err[1]), -1);
        if (!strstr(err[0].text, "/tokenize") ||
            !strstr(err[1].text, "/apply-template"))
            fail_msg("\"%s\", \"%s\"", err[0].text, err[1].text);
        for (int k = 0; k < 2; k++)
            assert_int_equal(err[k].kind, i == 0 ? ERR_TIMEOUT : ERR_FAILED);
        if (i == 0)
            assert_non_null(strstr(err[1].text, "the chat template did not "
                                   "end within 0.3 s"));
        assert_true(!ids && !text);
        stage_end(&s);
        free(how);
    }
}

/* ---- what is sent ------------------------------------------------------- */

/* The last recorded POST to this path; new reference. */
static json_t *last_request(const struct stage *s, const char *path)
{
    char   *name = temp_path(&s->tree, "record");
    FILE   *f    = fopen(name, "r");
    json_t *last = NULL, *line;

    assert_non_null(f);
    while ((line = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
        if (strcmp(jsonx_text(line, "path"), path) == 0) {
            json_decref(last);
            last = json_incref(line);
        }
        json_decref(line);
    }
    fclose(f);
    free(name);
    assert_non_null(last);
    return last;
}

/* One chat that asks for much, and the body that came of it; new reference. */
static json_t *sent_body(const struct player *p, struct chat_request *r)
{
    struct stage   s;
    struct turn    t;
    struct err     err = {0};
    struct message m[2] = {{.role = "system", .turn = -1,
                            .text = (char[]){"You help."}},
                           {.role = "user", .turn = -1,
                            .text = (char[]){"Hi."}}};
    json_t        *sent, *body;

    r->messages = m;
    r->n_messages = 2;
    r->max_tokens = 9;
    stage_open(&s, p, "{\"record\":\"FOLDER/record\"}", NULL, &patient);
    turn_init(&t);
    if (p->ops->chat(s.engine, r, &t, &err)) fail_msg("%s", err.text);
    sent = last_request(&s, chat_path(p));
    if (!p->is_child) assert_string_equal(jsonx_text(sent, "bearer"),
                                          "secret");
    body = json_incref(json_object_get(sent, "body"));
    assert_int_equal(json_array_size(json_object_get(body, "messages")), 2);
    assert_null(json_object_get(body, "tools"));
    assert_int_equal(jsonx_truth(body, "stream"), 1);
    if (!p->is_child)
        assert_string_equal(jsonx_text(body, "model"), "m.gguf");
    json_decref(sent);
    turn_done(&t);
    stage_end(&s);
    return body;
}

static void a_request_carries_all_that_was_asked(const struct player *p)
{
    struct chat_request r = {
        .sampling = json_pack("{s:f,s:[s],s:b}", "temperature", 0.5,
                              "samplers", "top_k", "backend_sampling", 1),
        .template_kwargs = json_pack("{s:b}", "enable_thinking", 0)};
    bool is_llama = takes_ids(p);
    bool is_vllm  = p->server && strcmp(p->server, "vLLM") == 0;

    if (!p->is_replay) {
        json_t       *body = sent_body(p, &r);
        const json_t *how  = p->is_ollama ? json_object_get(body, "options")
                                          : body;

        assert_true(jsonx_number(how, "temperature") == 0.5);
        assert_true(jsonx_number(how, p->is_ollama ? "num_predict"
                                                   : "max_tokens") == 9);
        assert_int_equal(jsonx_truth(body, "timings_per_token"),
                         is_llama ? 1 : -1);
        /* What only some servers know is not sent to the others. */
        assert_int_equal(json_object_get(how, "samplers") != NULL, is_llama);
        assert_int_equal(json_object_get(how, "backend_sampling") != NULL,
                         is_llama);
        assert_int_equal(json_object_get(body, "chat_template_kwargs") != NULL,
                         is_llama || is_vllm);
        assert_int_equal(jsonx_truth(body, "think"), p->is_ollama ? 0 : -1);
        if (p->is_ollama)
            assert_true(jsonx_number(how, "num_ctx") == 4096);
        json_decref(body);
    }
    json_decref(r.sampling);
    json_decref(r.template_kwargs);
}

static const char *first_text(const json_t *body)
{
    return jsonx_text(json_array_get(json_object_get(body, "messages"), 0),
                      "content");
}

static void a_cold_prompt_is_not_in_any_cache(const struct player *p)
{
    json_t *body[3];

    if (p->is_replay) return;
    for (int i = 0; i < 3; i++)
        body[i] = sent_body(p, &(struct chat_request){.is_cold = i > 0});
    assert_string_equal(first_text(body[0]), "You help.");
    if (takes_ids(p)) {
        assert_int_equal(jsonx_truth(body[1], "cache_prompt"), 0);
        assert_string_equal(first_text(body[1]), "You help.");
    } else {
        const char *line = strstr(first_text(body[1]), "\nYou help.");

        assert_non_null(line);
        assert_true(line - first_text(body[1]) < 16);
        assert_string_not_equal(first_text(body[1]), first_text(body[2]));
        assert_int_equal(strlen(first_text(body[1])),
                         strlen(first_text(body[2])));
    }
    for (int i = 0; i < 3; i++) json_decref(body[i]);
}

/* ---- all rules ---------------------------------------------------------- */

static void every_engine_is_found_and_plays(const struct player *p)
{
    (void)p;
    for (size_t i = 0; engine_all[i]; i++) {
        const struct engine_ops *ops   = engine_all[i];
        bool                     plays = false;

        for (size_t k = 0; k < N_PLAYERS; k++)
            if (players[k].ops == ops) plays = true;
        assert_true(plays);
        assert_ptr_equal(engine_find(ops->name), ops);
        assert_true(*ops->help && ops->start && ops->chat && ops->alive &&
                    ops->stop);
    }
    assert_null(engine_find("nobody"));
}

int main(void)
{
    static const struct rule rules[] = {
        RULE(every_engine_is_found_and_plays),
        RULE(chat_brings_the_answer_with_its_times),
        RULE(reasoning_is_kept_apart),
        RULE(tool_calls_survive_in_pieces),
        RULE(tool_calls_survive_whole),
        RULE(the_token_limit_ends_an_answer),
        RULE(a_known_prefix_is_reported),
        RULE(a_forced_length_is_honoured),
        RULE(render_shows_what_the_model_reads),
        RULE(a_server_that_only_chats_says_so),
        RULE(a_bad_answer_is_told_and_is_not_the_end),
        RULE(small_requests_name_their_endpoint),
        RULE(a_request_carries_all_that_was_asked),
        RULE(a_cold_prompt_is_not_in_any_cache),
    };

    return stage_run_rules(rules, sizeof rules / sizeof *rules);
}
