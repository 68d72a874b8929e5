/* SPDX-License-Identifier: MIT */
/* engine_stage.h - for tests: an engine, started against a scripted server or
 * on a recording, and proof that it left nothing running. Include it after
 * cmocka.h. FAKE_SERVER names the fake, else build/tests/fake_server. */
#ifndef TESTS_ENGINE_STAGE_H
#define TESTS_ENGINE_STAGE_H

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/engine.h"
#include "temp_tree.h"

/* Who plays: an engine and what it talks to. */
struct player {
    const char              *label;
    const struct engine_ops *ops;
    bool is_child;      /* starts the server itself                   */
    bool is_plain;      /* the server has the OpenAI endpoints only   */
    bool is_replay;     /* no server, no wire                         */
    bool is_ollama;
    const char *flag, *value;    /* of fake_server, or NULL           */
    const char *server;          /* as it is recognised, or NULL      */
};

static const struct player players[] = {
    {.label = "llama_server", .ops = &engine_llama_server, .is_child = true,
     .server = "llama-server"},
    {.label = "openai_http on llama-server", .ops = &engine_openai_http,
     .server = "llama-server"},
    {.label = "openai_http on another server", .ops = &engine_openai_http,
     .is_plain = true, .flag = "--plain-openai"},
    {.label = "openai_http on Ollama", .ops = &engine_openai_http,
     .is_ollama = true, .flag = "--as", .value = "ollama",
     .server = "Ollama"},
    {.label = "openai_http on vLLM", .ops = &engine_openai_http,
     .is_plain = true, .flag = "--as", .value = "vllm", .server = "vLLM"},
    {.label = "openai_http on LM Studio", .ops = &engine_openai_http,
     .is_plain = true, .flag = "--as", .value = "lmstudio",
     .server = "LM Studio"},
    {.label = "replay", .ops = &engine_replay, .is_replay = true},
};
#define N_PLAYERS (sizeof players / sizeof *players)

/* Where its chats go. */
static inline const char *chat_path(const struct player *p)
{
    return p->is_ollama ? "/api/chat" : "/v1/chat/completions";
}

static const struct limits patient = {60, 60, 60, 60};

struct stage {
    const struct player *player;
    struct temp_tree     tree;
    struct candidate     candidate;
    struct engine_spec   spec;
    struct engine_facts  facts;
    void                *engine;
    pid_t                fake;         /* a server that is not the engine's */
};

static inline const char *fake_path(void)
{
    const char *path = getenv("FAKE_SERVER");

    return path ? path : "build/tests/fake_server";
}

static inline bool fake_is_there(void)
{
    if (access(fake_path(), X_OK) == 0) return true;
    print_message("no %s: `make %s` builds it, or name it in FAKE_SERVER\n",
                  fake_path(), fake_path());
    return false;
}

/* The port of a fake that we start ourselves; it dies with us. */
static inline int stage_fake(struct stage *s, const char *flag,
                             const char *value)
{
    char  line[80] = "";
    int   ends[2], port;
    FILE *out;

    assert_int_equal(pipe(ends), 0);
    s->fake = fork();
    assert_true(s->fake >= 0);
    if (s->fake == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        if (!freopen("/dev/null", "w", stderr)) _exit(127);
        execl(fake_path(), "llama-server", "--port", "0", "-m", "m.gguf",
              "--api-key", "secret", flag, value, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
    assert_non_null(out);
    port = fgets(line, sizeof line, out) &&
           strncmp(line, "listening on ", 13) == 0
        ? (int)strtol(line + 13, NULL, 10) : -1;
    fclose(out);
    assert_true(port > 0);
    return port;
}

/* The script with FOLDER replaced by the stage's own. Caller frees. */
static inline char *stage_script(const struct stage *s, const char *script)
{
    const char *at = script ? strstr(script, "FOLDER") : NULL;

    return at ? mem_printf("%.*s%s%s", (int)(at - script), script,
                           s->tree.root, at + strlen("FOLDER"))
              : mem_copy(script ? script : "{}");
}

/* What a well-behaved server says, and the same as a recording: two calls
 * when a light is meant, an answer to their results, a thought before an
 * answer to "why", STAGE_ANSWER to the rest. STAGE_SCRIPT has no "}" yet. */
#define STAGE_ANSWER "The kitchen is warm. Nothing else to say."
#define STAGE_CALLS                                                           \
    "[{\"name\":\"set_light\",\"arguments\":{\"room\":\"the hall\","          \
    "\"on\":true}},{\"name\":\"dim\",\"arguments\":{\"percent\":40}}]"
#define STAGE_SCRIPT                                                          \
    "{\"tok_s\":0,\"prompt_tok_s\":0,\"chat\":[{\"match\":\"light\","         \
    "\"role\":\"user\",\"tool_calls\":" STAGE_CALLS "},"                     \
    "{\"role\":\"tool\",\"content\":\"Both are done.\"},"                    \
    "{\"match\":\"why\",\"reasoning\":\"Let me think.\",\"content\":"        \
    "\"Because.\"},{\"content\":\"" STAGE_ANSWER "\"}]"
#define STAGE_RECORDING                                                       \
    "{\"load_s\":0.5,\"supports_tools\":true,\"answers\":[{\"when\":"         \
    "\"light\",\"calls\":" STAGE_CALLS "},{\"when\":\"result\",\"content\":" \
    "\"Both are done.\"},{\"when\":\"why\",\"reasoning\":"                   \
    "\"Let me think.\",\"content\":\"Because.\"},"                           \
    "{\"content\":\"" STAGE_ANSWER "\"}]}"

/* Everything but the start. */
static inline void stage_prepare(struct stage *s, const struct player *p,
                                 const char *script, const char *recording,
                                 const struct limits *limits)
{
    char *filled, *model;

    *s = (struct stage){.player = p};
    assert_int_equal(temp_tree_init(&s->tree), 0);
    setenv("XDG_STATE_HOME", s->tree.root, 1);
    filled = stage_script(s, script);
    setenv("FAKE_SCRIPT", filled, 1);
    temp_text(&s->tree, "model.gguf", p->is_replay ? recording : "x");
    model = temp_path(&s->tree, "model.gguf");
    s->candidate = (struct candidate){
        .name = mem_copy("m"), .context = -1,
        .source = p->is_replay ? SOURCE_REPLAY
                : p->is_child  ? SOURCE_FILE : SOURCE_SERVER};
    s->spec = (struct engine_spec){
        .candidate = &s->candidate, .server_path = fake_path(),
        .api_key = "secret", .log_path = NULL, .context = 4096,
        .cache_ram_mib = 0, .threads = -1, .port = -1, .limits = *limits};
    if (p->is_child || p->is_replay) {
        s->candidate.path = model;
        s->spec.log_path = temp_path(&s->tree, "engine.log");
    } else {
        free(model);
        s->candidate.base_url = mem_printf(
            "http://127.0.0.1:%d/v1/",
            stage_fake(s, p->flag, p->value));
    }
    free(filled);
}

static inline int stage_start(struct stage *s, struct err *err)
{
    return s->player->ops->start(&s->engine, &s->spec, &s->facts, err);
}

/* Does /proc/PID/FILE hold this text? NULs count as blanks. */
static inline bool proc_file_has(const char *pid, const char *file,
                                 const char *text)
{
    char  *path = mem_printf("/proc/%s/%s", pid, file);
    FILE  *f    = fopen(path, "r");
    char   bytes[8192];
    size_t n    = f ? fread(bytes, 1, sizeof bytes - 1, f) : 0;

    free(path);
    if (f) fclose(f);
    bytes[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (!bytes[i]) bytes[i] = ' ';
    return strstr(bytes, text) != NULL;
}

/* Our children, zombies too, and whoever names our folder. */
static inline int stage_processes(const struct stage *s)
{
    char          *ours = mem_printf("\nPPid:\t%ld\n", (long)getpid());
    DIR           *dir  = opendir("/proc");
    struct dirent *e;
    int            n = 0;

    assert_non_null(dir);
    while ((e = readdir(dir)))
        if (isdigit((unsigned char)*e->d_name) &&
            (proc_file_has(e->d_name, "status", ours) ||
             proc_file_has(e->d_name, "cmdline", s->tree.root)))
            n++;
    closedir(dir);
    free(ours);
    return n;
}

/* Stops the engine, if it started; then only our own fake may be left. */
static inline void stage_end(struct stage *s)
{
    int left;

    if (s->engine) s->player->ops->stop(s->engine);
    left = stage_processes(s) - (s->fake > 0);
    if (s->fake > 0) {
        kill(s->fake, SIGKILL);
        waitpid(s->fake, NULL, 0);
    }
    free((char *)(uintptr_t)s->spec.log_path);
    engine_facts_done(&s->facts);
    candidate_done(&s->candidate);
    temp_tree_done(&s->tree);
    unsetenv("FAKE_SCRIPT");
    if (left != 0) fail_msg("%d processes are left behind", left);
}

/* Started, or the test fails or is skipped. */
static inline void stage_open(struct stage *s, const struct player *p,
                              const char *script, const char *recording,
                              const struct limits *limits)
{
    struct err err = {0};

    if (!p->is_replay && !fake_is_there()) skip();
    stage_prepare(s, p, script, recording, limits);
    if (stage_start(s, &err)) fail_msg("%s: %s", p->label, err.text);
}

/* One question, without tools. */
static inline int stage_ask(struct stage *s, const char *text, int max_tokens,
                            struct turn *out, struct err *err)
{
    struct message      m[2] = {{.role = "system", .turn = -1},
                                {.role = "user", .turn = -1}};
    struct chat_request r    = {.messages = m, .n_messages = 2,
                                .max_tokens = max_tokens};
    int                 rc;

    m[0].text = mem_copy("You help.");
    m[1].text = mem_copy(text);
    turn_init(out);
    rc = s->player->ops->chat(s->engine, &r, out, err);
    free(m[0].text);
    free(m[1].text);
    return rc;
}

static inline void stage_must_ask(struct stage *s, const char *text,
                                  struct turn *out)
{
    struct err err = {0};

    if (stage_ask(s, text, 100, out, &err))
        fail_msg("%s: %s", s->player->label, err.text);
}

/* ---- a table of rules, asked of every player ---------------------------- */

#define RULE(f) {#f, f}
struct rule {
    const char *name;
    void      (*check)(const struct player *p);
};

struct match {
    const struct player *player;
    const struct rule   *rule;
};

static inline void test_rule(void **state)
{
    const struct match *m = *state;

    m->rule->check(m->player);
}

static inline int stage_run_rules(const struct rule *rules, size_t n_rules)
{
    struct match      *matches = mem_new(N_PLAYERS * n_rules, sizeof *matches);
    struct CMUnitTest *tests   = mem_new(N_PLAYERS * n_rules, sizeof *tests);
    size_t             n = 0;
    int                failed;

    for (size_t i = 0; i < N_PLAYERS; i++)
        for (size_t k = 0; k < n_rules; k++, n++) {
            matches[n] = (struct match){&players[i], &rules[k]};
            tests[n] = (struct CMUnitTest){
                .name = mem_printf("%s: %s", players[i].label, rules[k].name),
                .test_func = test_rule, .initial_state = &matches[n]};
        }
    failed = _cmocka_run_group_tests("engine contract", tests, n, NULL, NULL);
    for (size_t i = 0; i < n; i++) free((char *)(uintptr_t)tests[i].name);
    free(tests);
    free(matches);
    return failed;
}

#endif
