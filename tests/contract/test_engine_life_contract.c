/* SPDX-License-Identifier: MIT */
/* What engine.h promises of starts, deaths and stops, asked of every engine:
 * each rule runs against each player of engine_stage.h, and is passed over by
 * one that has no process. After each of them nothing may be left running. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/clock.h"
#include "base/stop.h"
#include "engine_stage.h"

static void start_says_what_it_is(const struct player *p)
{
    struct stage s;
    struct err   why = {0};

    stage_open(&s, p, STAGE_SCRIPT "}", STAGE_RECORDING, &patient);
    assert_string_equal(s.facts.engine, p->ops->name);
    assert_non_null(s.facts.model);
    assert_false(s.facts.remote);
    assert_int_equal(s.facts.pid > 0, p->is_child);
    assert_int_equal(isnan(s.facts.load_s), !p->is_child && !p->is_replay);
    assert_int_equal(s.facts.context, p->is_plain && !p->server ? -1 : 4096);
    assert_int_equal(s.facts.has_completion, !p->is_plain && !p->is_ollama);
    assert_int_equal(s.facts.has_raw_text, p->is_ollama);
    assert_int_equal(s.facts.counts_tokens, !p->is_plain);
    assert_null(s.facts.context_note);
    if (p->server) assert_string_equal(s.facts.server, p->server);
    else if (!p->is_replay) assert_null(s.facts.server);
    if (!p->is_plain || p->server == NULL)
        assert_int_equal(s.facts.supports_tools, p->is_plain ? -1 : 1);
    if (p->is_child) {
        assert_non_null(strstr(s.facts.command, "-c 4096"));
        assert_null(strstr(s.facts.command, "api-key"));
        assert_string_equal(s.facts.build, "b11434-fake");
    }
    assert_true(p->ops->alive(s.engine, &why));
    assert_int_equal(why.kind, ERR_NONE);
    stage_end(&s);
}

/* ---- engines that die --------------------------------------------------- */

static void a_dead_engine_says_how_it_ended(const struct player *p)
{
    static const struct { const char *kind, *end; } ends[] = {
        {"die_sigsegv", "while answering, llama-server was killed by SIGSEGV"},
        {"die_sigkill", "while answering, llama-server was killed by SIGKILL, "
         "as the kernel does when memory runs out"},
        {"oom_mid", "out of memory while answering: its log says \"CUDA error:"
         " out of memory\""},
        {"exit0", "while answering, llama-server exited with status 0"}};
    static const char dies[] = "{\"dies_at_request\":1,\"answers\":["
                               "{\"content\":\"" STAGE_ANSWER "\"}]}";

    for (size_t i = 0; i < (p->is_replay ? 1 : 4); i++) {
        char        *how = mem_printf(STAGE_SCRIPT ",\"fault\":{\"path\":"
                                      "\"%s\",\"kind\":\"%s\","
                                      "\"at_event\":4}}", chat_path(p),
                                      ends[i].kind);
        struct stage s;
        struct turn  t;
        struct err   err = {0}, why = {0};

        stage_open(&s, p, how, dies, &patient);
        assert_int_equal(stage_ask(&s, "Well?", 100, &t, &err), -1);
        assert_int_equal(err.kind, ERR_FAILED);
        assert_string_equal(t.content, p->is_replay ? "" : "The kitchen");
        assert_false(p->ops->alive(s.engine, &why));
        assert_int_equal(why.kind, ERR_FAILED);
        if (!strstr(why.text, p->is_child ? ends[i].end
                            : p->is_replay ? "died" : "127.0.0.1"))
            fail_msg("%s: \"%s\"", ends[i].kind, why.text);
        turn_done(&t);
        stage_end(&s);                /* nothing is left of it */
        free(how);
    }
}

/* ---- starts that fail --------------------------------------------------- */

static const struct bad_start {
    const char   *script;
    double        load_s;
    enum err_kind kind;
    const char   *error;
} bad_child[] = {
    {"{\"fail_on_load\":\"oom\"}", 60, ERR_FAILED,
     "out of memory while loading the model: its log says \"ggml_backend_cuda"},
    {"{\"fail_on_load\":\"badmodel\"}", 60, ERR_FAILED,
     "while loading the model, llama-server exited with status 1; its log says "
     "\"gguf_init_from_reader: invalid magic characters: 'hell', expected "
     "'GGUF'\""},
    {"{\"fail_on_load\":\"exit1\"}", 60, ERR_FAILED,
     "while loading the model, llama-server exited with status 1"},
    {"{\"fail_on_load\":\"sigill\"}", 60, ERR_FAILED,
     "while loading the model, llama-server was killed by SIGILL: this build "
     "of the engine uses instructions"},
    {"{\"fail_on_load\":\"sigsegv\"}", 60, ERR_FAILED,
     "while loading the model, llama-server was killed by SIGSEGV: "},
    {"{\"fail_on_load\":\"sigkill\"}", 60, ERR_FAILED,
     "while loading the model, llama-server was killed by SIGKILL, as the "
     "kernel does when memory runs out"},
    {"{\"fail_on_load\":\"hang\"}", 0.3, ERR_TIMEOUT, "--load-timeout"},
    {"{\"load_s\":3600}", 0.3, ERR_TIMEOUT, "--load-timeout"},
    {"{\"load_s\":3600,\"ignore_sigterm\":false}", 0.3, ERR_TIMEOUT,
     "the model was not loaded after 0.3 s"},
    {"{\"fail_on_help\":\"sigill\"}", 60, ERR_PREFLIGHT, "SIGILL"},
    {"{\"version\":\"version: 4000 (fake)\"}", 60, ERR_PREFLIGHT,
     "build 4000"},
    {"{\"omit_flags\":[\"--jinja\"]}", 60, ERR_PREFLIGHT, "--jinja"},
    {"{\"fault\":{\"kind\":\"http500\",\"path\":\"/props\"}}", 60, ERR_FAILED,
     "/props failed"},
}, bad_server[] = {
    {"{\"load_s\":3600}", 0.3, ERR_PREFLIGHT, "Loading model"},
    {"{\"fault\":{\"kind\":\"html\",\"path\":\"/v1/models\"}}", 60,
     ERR_PREFLIGHT, "is not an OpenAI-compatible server"},
    {"{\"fault\":{\"kind\":\"empty\",\"path\":\"/v1/models\"}}", 60,
     ERR_PREFLIGHT, "is not an OpenAI-compatible server"},
    {"{\"fault\":{\"kind\":\"http500\",\"path\":\"/v1/models\"}}", 60,
     ERR_PREFLIGHT, "scripted failure"},
    {"{\"fault\":{\"kind\":\"cut\",\"path\":\"/v1/models\"}}", 60,
     ERR_PREFLIGHT, "127.0.0.1"},
}, bad_recording[] = {
    {"{\"fail_load\":\"out of luck\"}", 60, ERR_FAILED, "out of luck"},
    {"{", 60, ERR_INPUT, "not valid JSON"},
};

/* A failed start leaves no engine, no facts and no process. Consumes s. */
static void refuse_to_start(struct stage *s, enum err_kind kind,
                            const char *error)
{
    static const struct engine_facts none;
    struct err err = {0};

    if (stage_start(s, &err) == 0) fail_msg("it started");
    if (err.kind != kind || !strstr(err.text, error))
        fail_msg("kind %d, \"%s\"", (int)err.kind, err.text);
    assert_null(s->engine);
    assert_memory_equal(&s->facts, &none, sizeof none);
    stage_end(s);
}

static void a_failed_start_leaves_nothing(const struct player *p)
{
    const struct bad_start *list = p->is_child  ? bad_child
                                 : p->is_replay ? bad_recording : bad_server;
    size_t n = p->is_child  ? sizeof bad_child / sizeof *bad_child
             : p->is_replay ? sizeof bad_recording / sizeof *bad_recording
                            : sizeof bad_server / sizeof *bad_server;

    if (!p->is_replay && !fake_is_there()) skip();
    for (size_t i = 0; i < n; i++) {
        struct limits limits = patient;
        struct stage  s;

        limits.load_s = list[i].load_s;
        stage_prepare(&s, p, list[i].script, list[i].script, &limits);
        refuse_to_start(&s, list[i].kind, list[i].error);
    }
}

static void a_choice_that_cannot_work_is_refused(const struct player *p)
{
    struct stage s;

    if (p->is_replay) return;
    if (!fake_is_there()) skip();
    if (!p->is_child) {
        stage_prepare(&s, p, NULL, NULL, &patient);
        s.spec.api_key = "wrong";
        refuse_to_start(&s, ERR_PREFLIGHT, "wants an API key (HTTP 401)");
        stage_prepare(&s, p, NULL, NULL, &patient);
        s.candidate.model = mem_copy("other");
        refuse_to_start(&s, ERR_INPUT,
                        "the server has no model \"other\"; it has: m.gguf");
        stage_prepare(&s, p, NULL, NULL, &patient);
        free(s.candidate.base_url);
        s.candidate.base_url = mem_copy("http://127.0.0.1:1/v1");
        refuse_to_start(&s, ERR_PREFLIGHT, "refused");
        return;
    }
    stage_prepare(&s, p, NULL, NULL, &patient);
    s.spec.server_path = "/nowhere/llama-server";
    refuse_to_start(&s, ERR_PREFLIGHT, "/nowhere/llama-server cannot be run");
    stage_prepare(&s, p, NULL, NULL, &patient);
    text_list_add(&s.candidate.server_args, "--ctx-size=9");
    refuse_to_start(&s, ERR_INPUT, "--ctx-size is set by audition itself; "
                    "remove it and use `context:`");
    stage_prepare(&s, p, NULL, NULL, &patient);
    s.spec.port = stage_fake(&s, NULL, NULL);
    refuse_to_start(&s, ERR_PREFLIGHT, "is taken by another program");
}

/* ---- starting under difficulties ---------------------------------------- */

static void a_server_that_still_loads_is_waited_for(const struct player *p)
{
    struct stage s;
    struct turn  t;

    if (p->is_replay) return;
    stage_open(&s, p, "{\"load_s\":0.4}", NULL, &patient);
    if (p->is_child) assert_true(s.facts.load_s >= 0.4);
    stage_must_ask(&s, "Well?", &t);
    turn_done(&t);
    stage_end(&s);
}

static void through_a_wrapper(const struct player *p, const char *line,
                              const char *how, const char *error)
{
    struct stage s;
    char        *path, *text;
    struct err   err = {0};

    if (!p->is_child) return;
    if (!fake_is_there()) skip();
    stage_prepare(&s, p, how, NULL, &patient);
    if (error) s.spec.limits.load_s = 0.3;
    text = mem_printf("#!/bin/sh\nfake='%s'\nonce='%s/once'\n%s\n",
                      fake_path(), s.tree.root, line);
    temp_text(&s.tree, "wrapper", text);
    path = temp_path(&s.tree, "wrapper");
    assert_int_equal(chmod(path, 0755), 0);
    s.spec.server_path = path;
    if (error) {
        refuse_to_start(&s, ERR_TIMEOUT, error);
    } else {
        if (stage_start(&s, &err)) fail_msg("%s", err.text);
        stage_end(&s);
    }
    free(text);
    free(path);
}

static void a_wrapper_leaves_nothing_behind(const struct player *p)
{
    through_a_wrapper(p, "\"$fake\" \"$@\"\nexit $?", NULL, NULL);
    through_a_wrapper(p, "\"$fake\" \"$@\"\nexit $?",
                      "{\"fail_on_load\":\"hang\"}", "--load-timeout");
}

/* Between our choice of a port and the child's bind, another may take it. */
static void a_lost_port_is_replaced(const struct player *p)
{
    through_a_wrapper(p, "case $1 in --*) exec \"$fake\" \"$@\";; esac\n"
                      "[ -e \"$once\" ] && exec \"$fake\" \"$@\"\n"
                      ": >\"$once\"\n"
                      "echo \"couldn't bind HTTP server socket\" >&2\nexit 1",
                      NULL, NULL);
}

/* ---- signals ------------------------------------------------------------ */

/* Waits until a file of the stage says so; false after 60 s. */
static bool wait_for_text(const struct stage *s, const char *file,
                          const char *text)
{
    char *path  = temp_path(&s->tree, file);
    bool  found = false;

    for (int i = 0; i < 6000 && !found; i++) {
        char   bytes[4096];
        FILE  *f = fopen(path, "r");
        size_t n = f ? fread(bytes, 1, sizeof bytes - 1, f) : 0;

        if (f) fclose(f);
        bytes[n] = '\0';
        found = strstr(bytes, text) != NULL;
        if (!found) clock_nap(0.01);
    }
    free(path);
    return found;
}

/* In a child of ours, because a stop is for good. A server that is not the
 * engine's stays ours. Exit status: 0 when all is as promised. */
static void be_stopped(struct stage *s, bool at_start)
{
    struct err  err = {0};
    struct turn t;
    int         rc;

    stop_install();
    rc = stage_start(s, &err);
    if (at_start)
        _exit(rc != 0 && err.kind == ERR_STOPPED && !s->engine ? 0 : 1);
    if (rc) _exit(2);
    if (s->player->is_replay) raise(SIGINT);
    rc = stage_ask(s, "Well?", 100, &t, &err);
    s->player->ops->stop(s->engine);
    _exit(rc != 0 && err.kind == ERR_STOPPED ? 0 : 3);
}

static void stop_while(const struct player *p, const char *how, bool at_start,
                       const char *file, const char *text)
{
    struct stage s;
    int          status = -1;
    pid_t        child;

    if (!p->is_replay && !fake_is_there()) skip();
    stage_prepare(&s, p, how, "{\"answers\":[{\"content\":\"Yes.\"}]}",
                  &patient);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) be_stopped(&s, at_start);
    if (!p->is_replay) {
        assert_true(wait_for_text(&s, file, text));
        kill(child, SIGINT);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    stage_end(&s);
}

static void a_signal_ends_a_request(const struct player *p)
{
    char *how = mem_printf("{\"record\":\"FOLDER/record\",\"fault\":{"
                           "\"kind\":\"stall\",\"at_event\":4,\"path\":"
                           "\"%s\"}}", chat_path(p));

    stop_while(p, how, false, "record", chat_path(p));
    free(how);
}

static void a_signal_ends_a_start(const struct player *p)
{
    if (p->is_child)
        stop_while(p, "{\"load_s\":3600}", true, "engine.log",
                   "loading model");
}

int main(void)
{
    static const struct rule rules[] = {
        RULE(start_says_what_it_is),
        RULE(a_dead_engine_says_how_it_ended),
        RULE(a_failed_start_leaves_nothing),
        RULE(a_choice_that_cannot_work_is_refused),
        RULE(a_server_that_still_loads_is_waited_for),
        RULE(a_wrapper_leaves_nothing_behind),
        RULE(a_lost_port_is_replaced),
        RULE(a_signal_ends_a_request),
        RULE(a_signal_ends_a_start),
    };

    return stage_run_rules(rules, sizeof rules / sizeof *rules);
}
