/* SPDX-License-Identifier: MIT */
/* The stand-in for llama-server keeps its word: other tests rest on it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAT "/v1/chat/completions"
#define HI   "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"

struct fake {
    pid_t pid;
    FILE *log;        /* its stderr */
    int   port;       /* -1: it ended before it listened */
};

struct reply {
    CURLcode code;
    long     status;
    char    *text;
    size_t   n;
};

static const char *fake_path(void)
{
    const char *path = getenv("FAKE_SERVER");

    return path ? path : "build/tests/fake_server";
}

/* flag may be two words, "--as ollama". */
static void fake_start(struct fake *f, const char *script, const char *flag)
{
    const char *value    = flag ? strchr(flag, ' ') : NULL;
    char  line[80] = "", word[20] = "";
    int   pipe_fd[2];
    FILE *out;

    if (flag) snprintf(word, sizeof word, "%.*s", (int)strcspn(flag, " "),
                       flag);
    assert_int_equal(pipe(pipe_fd), 0);
    f->log = tmpfile();
    assert_non_null(f->log);
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid == 0) {
        dup2(pipe_fd[1], 1);
        dup2(fileno(f->log), 2);
        close(pipe_fd[0]);
        setenv("FAKE_SCRIPT", script, 1);
        execl(fake_path(), "llama-server", "-m", "m.gguf", "-c", "512",
              "--port", "0", "--api-key", "k", flag ? word : NULL,
              value ? value + 1 : NULL, (char *)NULL);
        _exit(127);
    }
    close(pipe_fd[1]);
    out = fdopen(pipe_fd[0], "r");
    assert_non_null(out);
    f->port = fgets(line, sizeof line, out) &&
              strncmp(line, "listening on ", 13) == 0
        ? (int)strtol(line + 13, NULL, 10) : -1;
    fclose(out);
}

/* How it ended; asks it to, unless sig is 0. Rewinds the log for reading. */
static int fake_end(struct fake *f, int sig)
{
    int status = -1;

    if (sig) kill(f->pid, sig);
    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    rewind(f->log);
    return status;
}

static void fake_stop(struct fake *f)
{
    fake_end(f, SIGKILL);
    fclose(f->log);
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct reply *r = ctx;
    char         *text = realloc(r->text, r->n + size * n + 1);

    if (!text) return 0;
    memcpy(text + r->n, bytes, size * n);
    r->text = text;
    r->n += size * n;
    r->text[r->n] = '\0';
    return size * n;
}

static CURL *request(const struct fake *f, const char *key, const char *path,
                     const char *body, struct reply *r)
{
    CURL *curl = curl_easy_init();
    char  url[120];

    *r = (struct reply){.text = calloc(1, 1)};
    assert_non_null(curl);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", f->port, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (key) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, key);
    }
    if (body) curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
    return curl;
}

static struct reply ask_as(const struct fake *f, const char *key,
                           const char *path, const char *body)
{
    struct reply r;
    CURL        *curl = request(f, key, path, body, &r);

    r.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r.status);
    curl_easy_cleanup(curl);
    return r;
}

static struct reply ask(const struct fake *f, const char *path,
                        const char *body)
{
    return ask_as(f, "k", path, body);
}

static void expect_status(const struct fake *f, const char *path,
                          const char *body, long status)
{
    struct reply r = ask(f, path, body);

    if (r.status != status)
        fail_msg("%s %s: HTTP %ld, not %ld: %s", path, body ? body : "",
                 r.status, status, r.text);
    free(r.text);
}

static json_t *ask_json(const struct fake *f, const char *path,
                        const char *body)
{
    struct reply r    = ask(f, path, body);
    json_t      *json = json_loadb(r.text, r.n, 0, NULL);

    if (r.status != 200 || !json)
        fail_msg("%s: HTTP %ld: %s", path, r.status, r.text);
    free(r.text);
    return json;
}

/* The events of a stream, parsed; "[DONE]" as a string. */
static json_t *events_of(const char *text)
{
    json_t *list = json_array();

    for (const char *at = text; (at = strstr(at, "data: ")) != NULL;) {
        size_t  n     = strcspn(at += 6, "\n");
        json_t *event = json_loadb(at, n, 0, NULL);

        json_array_append_new(list, event ? event : json_stringn(at, n));
        at += n;
    }
    return list;
}

static double number_at(const json_t *object, const char *a, const char *b)
{
    return json_number_value(json_object_get(json_object_get(object, a), b));
}

static void skip_without_server(void)
{
    if (access(fake_path(), X_OK) == 0) return;
    print_message("%s is not there (set FAKE_SERVER)\n", fake_path());
    skip();
}

static void test_answers_503_while_loading_and_200_after(void **state)
{
    struct fake f;

    (void)state;
    skip_without_server();
    fake_start(&f, "{\"fail_on_load\":\"hang\"}", NULL);
    expect_status(&f, "/health", NULL, 503);
    expect_status(&f, CHAT, HI, 503);
    fake_stop(&f);
    fake_start(&f, "{\"load_s\":0.01}", NULL);
    for (long status = 503; status != 200;) {
        struct reply r = ask_as(&f, NULL, "/health", NULL);
        status = r.status;
        if (status != 503 && status != 200) fail_msg("HTTP %ld", status);
        free(r.text);
    }
    fake_stop(&f);
}

/* The load ends in another thread than the one that accepts. */
static void fake_ready(struct fake *f, const char *script, const char *flag)
{
    struct reply r = {.status = 503};

    fake_start(f, script, flag);
    assert_true(f->port > 0);
    while (r.status == 503) {
        free(r.text);
        r = ask(f, "/v1/models", NULL);
    }
    assert_int_equal(r.status, 200);
    free(r.text);
}

static void test_errors_have_llama_server_statuses(void **state)
{
    static const struct {
        const char *path, *body;
        long        status;
    } cases[] = {
        {"/health", NULL, 200}, {"/props", NULL, 200},
        {"/slots", NULL, 200}, {"/metrics", NULL, 501},
        {"/nothere", NULL, 404}, {CHAT, NULL, 404}, {"/tokenize", "{}", 200},
        {CHAT, "{", 400}, {CHAT, "{}", 400}, {CHAT, "{\"messages\":1}", 400},
        {CHAT, "{\"messages\":[],\"tools\":1}", 500},
        {CHAT, "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
         "\"function\":{\"name\":\"f\",\"arguments\":\"{no\"}}]}]}", 500},
        {"/completion", "{}", 400}, {"/completion", "{\"prompt\":[]}", 400},
        {"/completion", "{\"prompt\":[99999999]}", 400}};
    struct fake  f;
    struct reply r;

    (void)state;
    skip_without_server();
    fake_ready(&f, "{}", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_status(&f, cases[i].path, cases[i].body, cases[i].status);
    r = ask_as(&f, "wrong", "/props", NULL);
    assert_int_equal(r.status, 401);
    free(r.text);
    fake_stop(&f);
}

static void test_forced_length_and_timings_agree_with_the_script(void **state)
{
    struct fake   f;
    struct reply  r;
    json_t       *events, *last;

    (void)state;
    skip_without_server();
    fake_ready(&f, "{\"pace\":0,\"tok_s\":50,\"prompt_tok_s\":1000}", NULL);
    r = ask(&f, "/completion", "{\"prompt\":\"a b c d\",\"n_predict\":33,"
            "\"ignore_eos\":true,\"stream\":true,\"timings_per_token\":true}");
    events = events_of(r.text);
    assert_int_equal(json_array_size(events), 34);
    last = json_array_get(events, 33);
    assert_int_equal(number_at(last, "timings", "predicted_n"), 33);
    assert_true(number_at(last, "timings", "predicted_ms") == 32 * 20.0);
    assert_true(number_at(last, "timings", "predicted_per_second") == 50);
    assert_true(number_at(last, "timings", "prompt_ms") == 4);
    assert_int_equal(number_at(json_array_get(events, 6), "timings",
                               "predicted_n"), 7);
    json_decref(events);
    free(r.text);
    fake_stop(&f);
}

static void test_cache_n_is_the_common_prefix(void **state)
{
    static const struct {
        const char *body;
        int         cache_n, prompt_n;
    } cases[] = {
        {"{\"prompt\":\"a b c d\",\"n_predict\":1}", 0, 4},
        {"{\"prompt\":\"a b x\",\"n_predict\":1}", 2, 1},
        {"{\"prompt\":\"a b x\",\"n_predict\":1}", 2, 1},
        {"{\"prompt\":\"a b x y\",\"cache_prompt\":false,\"n_predict\":1}",
         0, 4},
        {"{\"prompt\":[1,2,3],\"n_predict\":1}", 2, 1}};
    struct fake f;

    (void)state;
    skip_without_server();
    fake_ready(&f, "{\"pace\":0}", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *reply = ask_json(&f, "/completion", cases[i].body);
        if (number_at(reply, "timings", "cache_n") != cases[i].cache_n ||
            number_at(reply, "timings", "prompt_n") != cases[i].prompt_n)
            fail_msg("%s: %g cached, %g read", cases[i].body,
                     number_at(reply, "timings", "cache_n"),
                     number_at(reply, "timings", "prompt_n"));
        json_decref(reply);
    }
    fake_stop(&f);
}

static void test_tokens_are_words_and_come_back(void **state)
{
    struct fake f;
    json_t     *reply;
    char       *text;

    (void)state;
    skip_without_server();
    fake_ready(&f, "{}", NULL);
    reply = ask_json(&f, "/tokenize", "{\"content\":\" a  b\\na \"}");
    text = json_dumps(reply, JSON_COMPACT);
    assert_string_equal(text, "{\"tokens\":[1,2,1]}");
    free(text);
    json_decref(reply);
    reply = ask_json(&f, "/detokenize", "{\"tokens\":[2,1]}");
    assert_string_equal(json_string_value(json_object_get(reply, "content")),
                        "b a");
    json_decref(reply);
    fake_stop(&f);
}

/* Joins a stream's texts of one kind. */
static void joined(const json_t *events, const char *key, char *out,
                   size_t size)
{
    json_t *event;
    size_t  i, used = 0;

    out[0] = '\0';
    json_array_foreach(events, i, event) {
        json_t *delta = json_object_get(json_array_get(
            json_object_get(event, "choices"), 0), "delta");
        json_t *call = json_object_get(json_array_get(
            json_object_get(delta, "tool_calls"), 0), "function");
        const char *text = json_string_value(json_object_get(
            strcmp(key, "arguments") ? delta : call, key));
        if (text && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s", text);
    }
}

static void test_script_chooses_the_answer(void **state)
{
    static const char script[] =
        "{\"pace\":0,\"chat\":[{\"match\":\"light\",\"role\":\"user\","
        "\"reasoning\":\"Hm, yes.\",\"tool_calls\":[{\"name\":\"turn_on\","
        "\"arguments\":{\"room\":\"hall way\"}}]},"
        "{\"match\":\"broken\",\"role\":\"tool\",\"content\":\"It is.\"}]}";
    static const char tools[] = "\"stream\":true,\"tools\":[{\"type\":"
        "\"function\",\"function\":{\"name\":\"turn_on\"}}]";
    static const struct {
        const char *messages, *content, *reasoning, *arguments, *finish;
    } cases[] = {
        {"{\"role\":\"user\",\"content\":\"hall light on\"}", "",
         "Hm, yes.", "{\"room\": \"hall way\"}", "tool_calls"},
        {"{\"role\":\"user\",\"content\":\"hall light on\"},{\"role\":"
         "\"tool\",\"content\":\"lamp broken\"}", "It is.", "", "", "stop"},
        {"{\"role\":\"user\",\"content\":\"hello\"}",
         "The answer is forty two. Anything else?", "", "", "stop"}};
    struct fake f;

    (void)state;
    skip_without_server();
    fake_ready(&f, script, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char         body[600], got[4][200];
        struct reply r;
        json_t      *events, *end;

        snprintf(body, sizeof body, "{\"messages\":[%s],%s}",
                 cases[i].messages, tools);
        r = ask(&f, CHAT, body);
        events = events_of(r.text);
        joined(events, "content", got[0], sizeof got[0]);
        joined(events, "reasoning_content", got[1], sizeof got[1]);
        joined(events, "arguments", got[2], sizeof got[2]);
        assert_string_equal(got[0], cases[i].content);
        assert_string_equal(got[1], cases[i].reasoning);
        assert_string_equal(got[2], cases[i].arguments);
        end = json_array_get(events, json_array_size(events) - 2);
        end = json_array_get(json_object_get(end, "choices"), 0);
        assert_string_equal(json_string_value(json_object_get(
                                end, "finish_reason")), cases[i].finish);
        assert_non_null(strstr(r.text, "data: [DONE]\n\n"));
        json_decref(events);
        free(r.text);
    }
    fake_stop(&f);
}

static void test_health_answers_during_a_generation(void **state)
{
    struct fake  f;
    struct reply slow, r;
    CURL        *curl;
    CURLM       *multi;
    int          running = 1;

    (void)state;
    skip_without_server();
    multi = curl_multi_init();
    fake_ready(&f, "{\"fault\":{\"kind\":\"stall\"}}", NULL);
    curl = request(&f, "k", "/completion", "{\"prompt\":\"a\",\"stream\":true}",
                   &slow);
    curl_multi_add_handle(multi, curl);
    while (running && slow.n == 0) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    assert_true(running);
    r = ask(&f, "/health", NULL);
    assert_int_equal(r.status, 200);
    free(r.text);
    r = ask(&f, "/slots", NULL);
    assert_non_null(strstr(r.text, "\"is_processing\":true"));
    free(r.text);
    curl_multi_remove_handle(multi, curl);
    curl_easy_cleanup(curl);
    curl_multi_cleanup(multi);
    free(slow.text);
    fake_stop(&f);
}

static void test_plain_mode_knows_only_the_openai_paths(void **state)
{
    struct fake f;
    json_t     *reply;

    (void)state;
    skip_without_server();
    fake_ready(&f, "{}", "--plain-openai");
    expect_status(&f, "/props", NULL, 404);
    expect_status(&f, "/health", NULL, 404);
    expect_status(&f, "/tokenize", "{}", 404);
    expect_status(&f, "/completion", "{\"prompt\":\"a\"}", 404);
    reply = ask_json(&f, CHAT, HI);
    assert_non_null(json_object_get(reply, "usage"));
    assert_null(json_object_get(reply, "timings"));
    json_decref(reply);
    fake_stop(&f);
}

static void expect_part(const struct fake *f, const char *path,
                        const char *body, const char *part)
{
    struct reply r = ask(f, path, body);

    if (!strstr(r.text, part))
        fail_msg("%s: %s, without %s", path, r.text, part);
    free(r.text);
}

static void test_other_servers_have_their_own_paths(void **state)
{
    static const struct { const char *flag, *path, *body, *part; } cases[] = {
        {"--as ollama", "/", NULL, "Ollama is running"},
        {"--as ollama", "/api/version", NULL, "{\"version\":\"1.2\"}"},
        {"--as ollama", "/api/tags", NULL, "\"name\":\"m.gguf\""},
        {"--as ollama", "/api/ps", NULL, "{\"models\":[]}"},
        {"--as ollama", "/api/show", "{\"model\":\"m.gguf\"}",
         "\"capabilities\":[\"completion\",\"tools\""},
        {"--as ollama", "/api/show", "{\"model\":\"x\"}",
         "{\"error\":\"model 'x' not found\"}"},
        {"--as ollama", "/v1/models", NULL, "\"owned_by\":\"library\""},
        {"--as ollama", "/props", NULL, "Not Found"},
        {"--as vllm", "/version", NULL, "{\"version\":\"1.2\"}"},
        {"--as vllm", "/v1/models", NULL, "\"max_model_len\":512"},
        {"--as vllm", "/api/version", NULL, "Not Found"},
        {"--as lmstudio", "/api/v0/models", NULL,
         "\"loaded_context_length\":512"},
        {"--as lmstudio", "/api/version", NULL, "Unexpected endpoint"}};

    (void)state;
    skip_without_server();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake f;

        fake_ready(&f, "{\"version\":\"1.2\"}", cases[i].flag);
        expect_part(&f, cases[i].path, cases[i].body, cases[i].part);
        fake_stop(&f);
    }
}

/* 40 words in a context of 30 tokens: what is left, and what is counted. */
static void test_ollama_cuts_what_does_not_fit(void **state)
{
    static const char old[] =
        "{\"role\":\"user\",\"content\":\"a b c d e f g h "
        "i j k l m n o p q r s t u v w x y z\"}";
    static const char last[] =
        "{\"role\":\"user\",\"content\":\"1 2 3 4 5\"}";
    static const struct { const char *overflow; double count; } cases[] = {
        {"drop", 7}, {"half", 17}};

    (void)state;
    skip_without_server();
    for (size_t i = 0; i < 2; i++) {
        char        script[80], body[600];
        struct fake f;
        json_t     *reply;

        snprintf(script, sizeof script, "{\"overflow\":\"%s\"}",
                 cases[i].overflow);
        snprintf(body, sizeof body, "{\"model\":\"m.gguf\",\"stream\":false,"
                 "\"options\":{\"num_ctx\":30},\"messages\":[%s,%s]}", old,
                 last);
        fake_ready(&f, script, "--as ollama");
        reply = ask_json(&f, "/api/chat", body);
        assert_true(json_number_value(json_object_get(reply,
                        "prompt_eval_count")) == cases[i].count);
        json_decref(reply);
        fake_stop(&f);
    }
}

static void test_faults_strike_the_reply_they_name(void **state)
{
    static const char streamed[] = "{\"stream\":true,\"messages\":[{\"role\":"
                                   "\"user\",\"content\":\"hi\"}]}";
    static const struct {
        const char *kind;
        int         code;       /* of curl, -1: any failure */
        long        status;
        const char *has;
    } cases[] = {
        {"http500", 0, 500, "server_error"}, {"http503", 0, 503, "Loading"},
        {"http429", 0, 429, "Too many"}, {"html", 0, 200, "<html>"},
        {"empty", 0, 200, ""}, {"cut", -1, 200, "data: "},
        {"wrong_content_length", -1, 200, "choices"},
        {"garbage_sse", 0, 200, "{not json"}, {"odd_shapes", 0, 200, "null"},
        {"invalid_utf8", 0, 200, "bad \xff"}, {"one_chunk", 0, 200, "[DONE]"},
        {"dribble", 0, 200, "[DONE]"}, {"error_event", 0, 200, "Compute"},
        {"no_done", 0, 200, "finish_reason\":\"stop"},
        {"huge_token", 0, 200, "aaaaaaaa"}, {"exit0", -1, 200, "data: "},
        {"die_sigsegv", -1, 200, "data: "}, {"oom_mid", -1, 200, "data: "}};

    (void)state;
    skip_without_server();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char         script[160];
        struct fake  f;
        struct reply r;

        snprintf(script, sizeof script, "{\"pace\":0,\"fault\":{\"kind\":"
                 "\"%s\",\"at_request\":2,\"bytes\":100000,\"s\":0}}",
                 cases[i].kind);
        fake_ready(&f, script, NULL);
        expect_status(&f, CHAT, HI, 200);
        r = ask(&f, CHAT, streamed);
        if ((cases[i].code < 0 ? r.code == CURLE_OK
                               : (int)r.code != cases[i].code) ||
            r.status != cases[i].status || !strstr(r.text, cases[i].has))
            fail_msg("%s: curl %d, HTTP %ld, %.300s", cases[i].kind,
                     (int)r.code, r.status, r.text);
        if (strcmp(cases[i].kind, "no_done") == 0)
            assert_null(strstr(r.text, "[DONE]"));
        free(r.text);
        fake_stop(&f);
    }
}

/* These last until the client leaves; the next request is answered. */
static void test_endless_faults_end_with_the_client(void **state)
{
    static const char *const kinds[] = {"endless", "only_comments", "stall",
                                        "slow_headers"};
    static const char streamed[] = "{\"stream\":true,\"prompt\":\"a\"}";

    (void)state;
    skip_without_server();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char         script[120];
        struct fake  f;
        struct reply r;
        CURL        *curl;

        snprintf(script, sizeof script, "{\"pace\":0,\"fault\":{\"kind\":"
                 "\"%s\",\"at_request\":1}}", kinds[i]);
        fake_ready(&f, script, NULL);
        curl = request(&f, "k", "/completion", streamed, &r);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 100L);
        r.code = curl_easy_perform(curl);
        if (r.code != CURLE_OPERATION_TIMEDOUT)
            fail_msg("%s: curl %d, %.300s", kinds[i], (int)r.code, r.text);
        curl_easy_cleanup(curl);
        free(r.text);
        expect_status(&f, "/completion", streamed, 200);
        fake_stop(&f);
    }
}

static void test_ends_as_scripted(void **state)
{
    static const struct {
        const char *script;
        int         exit_code, signal;
        const char *log;
    } cases[] = {
        {"{\"fail_on_load\":\"oom\"}", 1, 0, "cudaMalloc failed: out of"},
        {"{\"fail_on_load\":\"badmodel\"}", 1, 0, "invalid magic"},
        {"{\"fail_on_load\":\"exit1\"}", 1, 0, "loading model 'm.gguf'"},
        {"{\"fail_on_load\":\"sigill\"}", 0, SIGILL, "loading model"},
        {"{\"fail_on_load\":\"sigkill\"}", 0, SIGKILL, "loading model"},
        {"{\"models\":{\"m.gg\":{\"fail_on_load\":\"sigsegv\"}}}", 0, SIGSEGV,
         "loading model"},
        {"{\"tok\":1}", 2, 0, "unknown key in the script: tok"},
        {"{\"chat\":[{\"mach\":\"x\"}]}", 2, 0, "unknown key"},
        {"{\"fault\":{\"kind\":\"cat\"}}", 2, 0, "unknown fault: cat"}};

    (void)state;
    skip_without_server();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char        log[2000];
        struct fake f;
        int         status;
        size_t      n;

        fake_start(&f, cases[i].script, NULL);
        status = fake_end(&f, 0);
        n = fread(log, 1, sizeof log - 1, f.log);
        log[n] = '\0';
        fclose(f.log);
        if ((cases[i].signal ? !WIFSIGNALED(status) ||
                               WTERMSIG(status) != cases[i].signal
                             : !WIFEXITED(status) ||
                               WEXITSTATUS(status) != cases[i].exit_code) ||
            !strstr(log, cases[i].log))
            fail_msg("%s: wait status %d, log %s", cases[i].script, status,
                     log);
    }
}

static void test_sigterm_ends_it_cleanly(void **state)
{
    struct fake f;

    (void)state;
    skip_without_server();
    fake_ready(&f, "{}", NULL);
    assert_int_equal(fake_end(&f, SIGTERM), 0);
    fclose(f.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_503_while_loading_and_200_after),
        cmocka_unit_test(test_errors_have_llama_server_statuses),
        cmocka_unit_test(test_forced_length_and_timings_agree_with_the_script),
        cmocka_unit_test(test_cache_n_is_the_common_prefix),
        cmocka_unit_test(test_tokens_are_words_and_come_back),
        cmocka_unit_test(test_script_chooses_the_answer),
        cmocka_unit_test(test_health_answers_during_a_generation),
        cmocka_unit_test(test_plain_mode_knows_only_the_openai_paths),
        cmocka_unit_test(test_other_servers_have_their_own_paths),
        cmocka_unit_test(test_ollama_cuts_what_does_not_fit),
        cmocka_unit_test(test_faults_strike_the_reply_they_name),
        cmocka_unit_test(test_endless_faults_end_with_the_client),
        cmocka_unit_test(test_ends_as_scripted),
        cmocka_unit_test(test_sigterm_ends_it_cleanly),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_ALL);
    failed = cmocka_run_group_tests_name("fake_server", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
