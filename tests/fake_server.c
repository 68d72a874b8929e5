/* SPDX-License-Identifier: MIT */
/* fake_server.c - a scripted stand-in for llama.cpp's llama-server: the same
 * flags, paths and wire shapes (seen on build 11434), no model; with --as
 * ollama, vllm or lmstudio for one of those. Tests say in a script what it
 * answers, how fast, and what goes wrong:
 *
 *   FAKE_SCRIPT='{"tok_s":50,"chat":[{"match":"light","tool_calls":[...]}]}'
 *
 * or --script FILE, or a path in FAKE_SCRIPT. Without one it is a well-behaved
 * small model. --plain-openai leaves only /v1/models and
 * /v1/chat/completions, without timings. --port 0 takes a free port and
 * prints "listening on PORT". It dies with its parent
 * (--no-die-with-parent), and after life_s in any case.
 *
 * Script   load_s, fail_on_load, fail_on_help (fake_script.h, fake_trouble.h),
 *          version,
 *          omit_flags (help lines left out), log (lines for stderr), props
 *          (merged into /props), models {"part of the -m path":
 *          {keys that replace the script's}}, tok_s, prompt_tok_s (0: no
 *          waiting), pace (0: report these speeds without waiting),
 *          tokens_per_chunk, usage and timings (false: never sent), chat
 *          (rules, see fake_model.h), fault (one or an array, see
 *          fake_http.h), record (a file: each request as a JSON line),
 *          ignore_sigterm, life_s; fake_trouble.h: grandchildren, log_flood,
 *          descriptors; fake_board.h: board_dir, board.
 *          --as ollama, lmstudio: loaded (at the start). --as ollama:
 *          train_ctx, overflow (what becomes of too long a prompt: "drop"
 *          its oldest messages, then "half" of it, or "refuse" when
 *          "truncate" is false), capabilities, template, call_ids (false:
 *          calls have none). --as ollama, vllm: version; cached_count
 *          (false: how much was cached is not said).
 * Rule     match, role, content, reasoning, tool_calls [{name, arguments}],
 *          chunk_delay_ms, first_delay_ms.
 * Fault    kind, path, at_request, at_event, s, bytes, once.
 */
#include "fake_answer.h"
#include "fake_ollama.h"
#include "fake_script.h"
#include "fake_trouble.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/time.h>

struct visit {                     /* a connection's thread */
    struct server *s;
    struct conn    c;
};

/* ---- the other paths ---------------------------------------------------- */

static void do_tokenize(struct server *s, struct conn *c, const json_t *body)
{
    const char *text   = text_of(body, "content");
    bool        pieces = json_is_true(json_object_get(body, "with_pieces"));
    struct ids  ids    = server_tokenize(s, text ? text : "");
    json_t     *list   = json_array();

    for (size_t i = 0; i < ids.n; i++) {
        struct ids one  = {.at = ids.at + i, .n = 1};
        char      *word = prompt_text(s, &one);

        json_array_append_new(list, pieces
            ? json_pack("{s:i,s:s}", "id", ids.at[i], "piece", word)
            : json_integer(ids.at[i]));
        free(word);
    }
    conn_json(c, 200, json_pack("{s:o}", "tokens", list));
    free(ids.at);
}

static void do_detokenize(struct server *s, struct conn *c,
                          const json_t *body)
{
    struct ids ids = {NULL, 0};
    json_t    *item;
    size_t     i;
    char      *text;

    json_array_foreach(json_object_get(body, "tokens"), i, item)
        ids_add(&ids, (int)json_integer_value(item));
    text = prompt_text(s, &ids);
    conn_json(c, 200, json_pack("{s:s}", "content", text));
    free(text);
    free(ids.at);
}

static void do_apply_template(struct server *s, struct conn *c,
                              const json_t *body)
{
    char *prompt;

    if (check_chat(c, body)) return;
    prompt = render(json_object_get(body, "messages"),
                    seen_tools(s, body));
    conn_json(c, 200, json_pack("{s:s}", "prompt", prompt));
    free(prompt);
}

static void do_models(struct server *s, struct conn *c)
{
    static const char *const owners[] = {"llamacpp", "fake", "library", "vllm",
                                         "organization_owner"};
    json_t *model = json_pack("{s:s,s:s,s:I,s:s}", "id", s->model, "object",
                              "model", "created", (json_int_t)time(NULL),
                              "owned_by", owners[s->as]);

    if (s->as == LLAMA)
        json_object_set_new(model, "meta", json_pack(
            "{s:i,s:I,s:i}", "n_vocab", N_VOCAB, "n_ctx",
            (json_int_t)s->n_ctx, "n_ctx_train", 32768));
    if (s->as == VLLM)
        json_object_update_new(model, json_pack(
            "{s:s,s:n,s:I,s:[]}", "root", s->model, "parent",
            "max_model_len", (json_int_t)s->n_ctx, "permission"));
    conn_json(c, 200, json_pack("{s:s,s:[o]}", "object", "list", "data",
                                model));
}

/* LM Studio's own list. */
static void do_lmstudio_models(struct server *s, struct conn *c)
{
    json_t *model = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:[s]}", "id", s->model,
        "object", "model", "type", "llm", "publisher", "lmstudio-community",
        "arch", "qwen2", "compatibility_type", "gguf", "quantization",
        "Q4_K_M", "state", s->loaded ? "loaded" : "not-loaded",
        "max_context_length", 32768, "capabilities", "tool_use");

    if (s->loaded)
        json_object_set_new(model, "loaded_context_length",
                            json_integer(s->n_ctx));
    conn_json(c, 200, json_pack("{s:s,s:[o]}", "object", "list", "data",
                                model));
}

/* LM Studio has an answer, and status 200, for every path. */
static void not_found(struct server *s, struct conn *c,
                      const struct request *r)
{
    char text[220];

    if (s->as != LMSTUDIO) {
        conn_error(c, 404, "invalid_request_error", "Not Found");
        return;
    }
    snprintf(text, sizeof text, "Unexpected endpoint or method. (%s %s). "
             "Returning 200 anyway", r->method, r->path);
    conn_json(c, 200, json_pack("{s:s}", "error", text));
}

static void do_slots(struct server *s, struct conn *c)
{
    conn_json(c, 200, json_pack("[{s:i,s:I,s:b,s:b}]", "id", 0, "n_ctx",
                                (json_int_t)s->n_ctx, "speculative", 0,
                                "is_processing", (int)s->busy));
}

static void do_metrics(struct server *s, struct conn *c)
{
    char text[120];

    if (!s->metrics) {
        conn_error(c, 501, "not_supported_error", "This server does not "
                   "support metrics endpoint. Start it with `--metrics`");
        return;
    }
    snprintf(text, sizeof text, "# TYPE llamacpp:requests_processing gauge\n"
             "llamacpp:requests_processing %d\n", (int)s->busy);
    conn_reply(c, 200, "text/plain; version=0.0.4", text);
}

static void generate(struct server *s, struct conn *c, const json_t *body,
                     void (*answer)(struct server *, struct conn *,
                                    const json_t *))
{
    pthread_mutex_lock(&s->slot);
    s->busy = true;
    if (s->as == LMSTUDIO) s->loaded = true;
    answer(s, c, body);
    s->busy = false;
    pthread_mutex_unlock(&s->slot);
}

static void post(struct server *s, struct conn *c, const struct request *r)
{
    json_t *body = json_loadb(r->body, r->body_len, 0, NULL);

    if (!json_is_object(body))
        conn_error(c, 400, "invalid_request_error",
                   "[json.exception.parse_error.101] parse error");
    else if (strcmp(r->path, "/v1/chat/completions") == 0)
        generate(s, c, body, do_chat);
    else if (s->as == OLLAMA && strcmp(r->path, "/api/chat") == 0)
        generate(s, c, body, ollama_chat);
    else if (s->as == OLLAMA && strcmp(r->path, "/api/generate") == 0)
        generate(s, c, body, ollama_generate);
    else if (s->as == OLLAMA && strcmp(r->path, "/api/show") == 0)
        ollama_show(s, c, body);
    else if (s->plain)
        not_found(s, c, r);
    else if (strcmp(r->path, "/completion") == 0)
        generate(s, c, body, do_completion);
    else if (strcmp(r->path, "/tokenize") == 0)
        do_tokenize(s, c, body);
    else if (strcmp(r->path, "/detokenize") == 0)
        do_detokenize(s, c, body);
    else if (strcmp(r->path, "/apply-template") == 0)
        do_apply_template(s, c, body);
    else
        conn_error(c, 404, "not_found_error", "File Not Found");
    json_decref(body);
}

static void get(struct server *s, struct conn *c, const struct request *r)
{
    const char *version = text_of(s->script, "version");

    if (strcmp(r->path, "/v1/models") == 0)
        do_models(s, c);
    else if (s->as == OLLAMA && ollama_get(s, c, r->path))
        return;
    else if (s->as == VLLM && strcmp(r->path, "/version") == 0)
        conn_json(c, 200, json_pack("{s:s}", "version",
                                    version ? version : "0.11.0"));
    else if (s->as == LMSTUDIO && strcmp(r->path, "/api/v0/models") == 0)
        do_lmstudio_models(s, c);
    else if (s->plain)
        not_found(s, c, r);
    else if (strcmp(r->path, "/health") == 0)
        conn_reply(c, 200, "application/json; charset=utf-8",
                   "{\"status\":\"ok\"}");
    else if (strcmp(r->path, "/props") == 0)
        conn_reply(c, 200, "application/json; charset=utf-8", s->props);
    else if (strcmp(r->path, "/slots") == 0)
        do_slots(s, c);
    else if (strcmp(r->path, "/metrics") == 0)
        do_metrics(s, c);
    else
        conn_error(c, 404, "not_found_error", "File Not Found");
}

/* ---- connections -------------------------------------------------------- */

/* The fault that this request meets, or NULL. A GET only meets a fault that
 * names its path. */
static const struct fault *meet_fault(struct server *s,
                                      const struct request *r)
{
    const struct fault *met = NULL;

    for (size_t i = 0; i < s->n_faults; i++) {
        struct fault *f = &s->faults[i];

        if (f->path ? strcmp(f->path, r->path) : strcmp(r->method, "POST"))
            continue;
        f->seen++;
        if (met || (f->at_request && f->seen != f->at_request)) continue;
        if (f->once) {
            int fd = open(f->once, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
                          0600);
            if (fd < 0) continue;
            close(fd);
        }
        met = f;
    }
    return met;
}

static void record(const struct server *s, const struct request *r)
{
    FILE   *out = s->record ? fopen(s->record, "ae") : NULL;
    json_t *body, *line;

    if (!out) return;
    body = json_loadb(r->body, r->body_len, 0, NULL);
    line = json_pack("{s:s,s:s,s:s,s:o*}", "method", r->method, "path",
                     r->path, "bearer", r->bearer, "body", body);
    json_dumpf(line, out, JSON_COMPACT);
    fputc('\n', out);
    fclose(out);
    json_decref(line);
}

/* What stands around a text that a fault inserts into a stream. */
static void frame_faults(struct conn *c, const char *path)
{
    c->lines = strncmp(path, "/api/", 5) == 0;
    c->head = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"";
    c->tail = "\"},\"finish_reason\":null}]}\n\n";
    if (strcmp(path, "/completion") == 0) {
        c->head = "data: {\"index\":0,\"stop\":false,\"content\":\"";
        c->tail = "\"}\n\n";
    }
    if (c->lines) {
        c->head = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\","
                  "\"content\":\"";
        c->tail = "\"},\"done\":false}\n";
    }
}

static void answer(struct server *s, struct conn *c, const struct request *r)
{
    bool health = strcmp(r->path, "/health") == 0 && !s->plain;

    if (!s->ready) {
        conn_error(c, 503, "unavailable_error", "Loading model");
        return;
    }
    if (s->api_key && strcmp(r->bearer, s->api_key) && !health) {
        conn_error(c, 401, "authentication_error", "Invalid API Key");
        return;
    }
    pthread_mutex_lock(&s->state);
    c->fault = meet_fault(s, r);
    if (!health) record(s, r);
    if (strcmp(r->method, "POST") == 0) board_request(s, r->path);
    pthread_mutex_unlock(&s->state);
    c->events = 0;
    frame_faults(c, r->path);
    if (fault_replies(c)) return;
    if (strcmp(r->method, "POST") == 0) post(s, c, r);
    else if (strcmp(r->method, "GET") == 0) get(s, c, r);
    else conn_error(c, 404, "not_found_error", "File Not Found");
}

static void *serve(void *opaque)
{
    struct visit  *v    = opaque;
    struct timeval idle = {.tv_sec = 5};   /* as llama-server's */
    struct request r    = {.body = NULL};
    int            on   = 1;

    setsockopt(v->c.fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    setsockopt(v->c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (!v->c.gone && read_request(&v->c, &r)) {
        answer(v->s, &v->c, &r);
        free(r.body);
        r.body = NULL;
    }
    free(r.body);
    close(v->c.fd);
    free(v);
    return NULL;
}

static _Noreturn void no_thread(void)
{
    perror("fake_server: error: no thread");
    abort();
}

static void *accept_all(void *opaque)
{
    struct server *s = opaque;

    for (;;) {
        int           fd = accept(s->fd, NULL, NULL);
        struct visit *v;
        pthread_t     thread;

        if (fd < 0 && errno == EBADF) return NULL;
        if (fd < 0) continue;
        if (fails(s, "mute")) continue;    /* and the connection stays open */
        v = must(calloc(1, sizeof *v));
        v->s = s;
        v->c.fd = fd;
        v->c.listener = s->fd;
        if ((errno = pthread_create(&thread, NULL, serve, v))) no_thread();
        pthread_detach(thread);
    }
    return NULL;
}

static void listen_on_port(struct server *s)
{
    struct sockaddr_in at  = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)s->port)};
    socklen_t          len = sizeof at;
    int                on  = 1;
    pthread_t          thread;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof at) ||
        listen(s->fd, 64) ||
        getsockname(s->fd, (struct sockaddr *)&at, &len)) {
        fprintf(stderr, "0.00.000.900 E srv         start: couldn't bind HTTP "
                "server socket, hostname: 127.0.0.1, port: %ld\n"
                "0.00.000.950 E srv  llama_server: exiting due to HTTP server "
                "error\n", s->port);
        exit(1);
    }
    if (s->port == 0) {
        printf("listening on %d\n", ntohs(at.sin_port));
        fflush(stdout);
    }
    s->port = ntohs(at.sin_port);
    if ((errno = pthread_create(&thread, NULL, accept_all, s))) no_thread();
}

/* ---- the process -------------------------------------------------------- */

static void on_sigterm(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

static void load(struct server *s)
{
    struct conn nobody = {.fd = s->fd};
    json_t     *line;
    size_t      i;

    fprintf(stderr, "0.00.001.000 I srv    load_model: loading model '%s'\n",
            s->model_path);
    json_array_foreach(json_object_get(s->script, "log"), i, line)
        fprintf(stderr, "%s\n", json_string_value(line));
    nap(&nobody, number(s->script, "load_s", 0));
    while (fails(s, "mute")) pause();
    if (!fails(s, "port_stolen"))
        fail(text_of(s->script, "fail_on_load"), s->model_path);
    s->ready = true;
    fprintf(stderr, "0.00.002.000 I srv  llama_server: listening on "
            "http://127.0.0.1:%ld\n", s->port);
}

struct line {                      /* what the command line says */
    const char *script;
    bool        help, version, dies_with_parent;
};

static enum wire wire_named(const char *name)
{
    if (strcmp(name, "ollama") == 0) return OLLAMA;
    if (strcmp(name, "vllm") == 0) return VLLM;
    if (strcmp(name, "lmstudio") == 0) return LMSTUDIO;
    usage_error("unknown server after --as", name);
}

static void read_line(struct server *s, struct line *l, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a     = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (!strcmp(a, "-h") || !strcmp(a, "--help")) l->help = true;
        if (!strcmp(a, "--version")) l->version = true;
        if (!strcmp(a, "--plain-openai")) s->as = OPENAI;
        if (!strcmp(a, "--as")) s->as = wire_named(value);
        if (!strcmp(a, "--metrics")) s->metrics = true;
        if (!strcmp(a, "--no-die-with-parent")) l->dies_with_parent = false;
        if (!strcmp(a, "--script")) l->script = value;
        if (!strcmp(a, "-m") || !strcmp(a, "--model")) s->model_path = value;
        if (!strcmp(a, "-a") || !strcmp(a, "--alias")) s->model = value;
        if (!strcmp(a, "--api-key")) s->api_key = value;
        if (!strcmp(a, "--port")) s->port = strtol(value, NULL, 10);
        if (!strcmp(a, "-c") || !strcmp(a, "--ctx-size"))
            s->n_ctx = strtol(value, NULL, 10);
    }
    s->plain = s->as != LLAMA;
    if (s->n_ctx <= 0) s->n_ctx = 4096;
    if (!s->model) {
        const char *slash = strrchr(s->model_path, '/');
        s->model = slash ? slash + 1 : s->model_path;
    }
}

int main(int argc, char **argv)
{
    static struct server s = {.model_path = "fake.gguf", .port = 8080,
                              .api_key = NULL};
    struct line          l = {.script = getenv("FAKE_SCRIPT"),
                              .dies_with_parent = true};

    s.api_key = getenv("LLAMA_API_KEY");
    read_line(&s, &l, argc, argv);
    if (l.dies_with_parent) prctl(PR_SET_PDEATHSIG, SIGKILL);
    json_object_seed(1);
    s.script = load_script(l.script, s.model_path);
    alarm((unsigned)number(s.script, "life_s", 900));
    if (l.help || l.version) {
        const char *version = text_of(s.script, "version");

        fail(text_of(s.script, "fail_on_help"), s.model_path);
        if (l.help) print_help(json_object_get(s.script, "omit_flags"));
        else fprintf(stderr, "%s\nbuilt with a text editor\n",
                     version ? version : "version: 11434 (fake)");
        return 0;
    }
    signal(SIGTERM, json_is_true(json_object_get(s.script, "ignore_sigterm"))
                        ? SIG_IGN : on_sigterm);
    pthread_mutex_init(&s.slot, NULL);
    pthread_mutex_init(&s.state, NULL);
    apply_script(&s);
    make_trouble(&s);
    board_begin(&s);
    listen_on_port(&s);
    load(&s);
    for (;;) pause();
}
