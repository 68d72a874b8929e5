/* SPDX-License-Identifier: MIT */
/* llama_server.c - engine: llama.cpp's llama-server as a managed child, one
 * candidate at a time. A crash or an out-of-memory ends the child and not the
 * audition.
 *
 * Every setting that matters is an explicit flag: today's server otherwise
 * fits itself to memory, offloads silently, takes a 128k context and an
 * 8 GiB prompt cache. The command we recommend is the one we measured, less
 * our random API key.
 */
#include "engine/engine.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_log.h"
#include "base/stop.h"
#include "base/strbuf.h"
#include "engine/client.h"
#include "engine/cold.h"
#include "engine/locate.h"
#include "engine/log_cause.h"

extern char **environ;

#define MAX_ARGV   256
#define STOP_S     5.0      /* after SIGTERM, before SIGKILL */
#define POLL_S     0.02
#define POLL_LEAST_S 0.005  /* of a load, whose end may be noticed this ... */
#define POLL_FRAC    0.02   /* ... or this much of it too late, up to POLL_S */
#define DYING_S    5.0      /* from closed sockets to the end of a process */
#define PORT_TRIES 3        /* another program may take a free port first */
#define KEY_S      2.0      /* for /props with a wrong key */

/* Named in the environment and not on the command line, which is measured and
 * recommended as it is. At 4 the log has the sizes of the buffers and about
 * 2 kB for each request, nothing for each token. */
#define VERBOSITY_NAME "LLAMA_ARG_LOG_VERBOSITY"
#define VERBOSITY      "4"

struct self {
    struct llama_binary binary;
    struct proc         proc;
    struct client       client;
    int                 port;
    int64_t             started_ns;
    char               *page_cache;    /* in words: engine_facts.page_cache */
    void              (*on_child)(void *ctx, long group);   /* of the spec */
    void               *on_child_ctx;
    bool                is_alien;      /* another program has our port */
};

/* Argument vector that owns its texts. */
struct args {
    char *v[MAX_ARGV + 1];
    int   n;
};

static void arg(struct args *a, const char *text)
{
    if (a->n < MAX_ARGV) a->v[a->n++] = mem_copy(text);
}

static void arg2(struct args *a, const char *flag, const char *value)
{
    arg(a, flag);
    arg(a, value);
}

static void arg_number(struct args *a, const char *flag, long value)
{
    char text[24];

    snprintf(text, sizeof text, "%ld", value);
    arg2(a, flag, text);
}

static void args_done(struct args *a)
{
    for (int i = 0; i < a->n; i++) free(a->v[i]);
    a->n = 0;
}

/* --samplers, with the names of a request's list. */
static void arg_samplers(struct args *a, const json_t *list)
{
    struct strbuf names;
    json_t       *name;
    size_t        i;

    strbuf_init(&names, 1000);
    json_array_foreach((json_t *)(uintptr_t)list, i, name)
        if (json_is_string(name))
            strbuf_addf(&names, "%s%s", names.len ? ";" : "",
                        json_string_value(name));
    if (names.len) arg2(a, "--samplers", names.text);
    strbuf_done(&names);
}

/* The server's flag for a sampling key of a request, so that the recommended
 * command samples as the measured one did. */
static void arg_sampling(struct args *a, const json_t *sampling)
{
    static const struct { const char *key, *flag; } flags[] = {
        {"temperature", "--temp"}, {"top_k", "--top-k"},
        {"top_p", "--top-p"}, {"min_p", "--min-p"}, {"seed", "--seed"},
        {"repeat_penalty", "--repeat-penalty"},
        {"presence_penalty", "--presence-penalty"},
        {"frequency_penalty", "--frequency-penalty"}};

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const json_t *value = json_object_get(sampling, flags[i].key);
        char         *text;

        if (!json_is_number(value)) continue;
        text = json_is_integer(value)
            ? mem_printf("%lld", (long long)json_integer_value(value))
            : mem_printf("%.6g", json_number_value(value));
        arg2(a, flags[i].flag, text);
        free(text);
    }
    arg_samplers(a, json_object_get(sampling, "samplers"));
    if (jsonx_truth(sampling, "backend_sampling") == 1)
        arg(a, "--backend-sampling");
}

static void build_args(struct args *a, const struct self *self,
                       const struct engine_spec *spec, const char *api_key,
                       int port)
{
    const struct candidate *c = spec->candidate;

    arg(a, self->binary.path);
    arg2(a, "-m", c->path);
    if (self->binary.has_fit) arg2(a, "-fit", "off");
    arg2(a, "-ngl", self->binary.has_ngl_all ? "all" : "999");
    arg2(a, "-np", "1");
    arg_number(a, "-c", spec->context);
    if (self->binary.has_cache_ram)
        arg_number(a, "--cache-ram", spec->cache_ram_mib);
    if (spec->threads > 0) arg_number(a, "-t", spec->threads);
    arg(a, "--jinja");
    if (spec->template_kwargs && self->binary.has_template_kwargs) {
        char *text = jsonx_dump(spec->template_kwargs);
        arg2(a, "--chat-template-kwargs", text);
        free(text);
    }
    arg_sampling(a, c->sampling);
    arg2(a, "--host", "127.0.0.1");
    arg_number(a, "--port", port);
    for (size_t i = 0; i < c->server_args.n; i++)
        arg(a, c->server_args.items[i]);
    for (size_t i = 0; spec->more_args && i < spec->more_args->n; i++)
        arg(a, spec->more_args->items[i]);
    if (api_key) arg2(a, "--api-key", api_key);
}

/* The flag of the list that an argument is, also as --flag=value. */
static const char *flag_of(const char *text, const char *const *flags)
{
    for (size_t i = 0; flags[i]; i++) {
        size_t len = strlen(flags[i]);
        if (strncmp(text, flags[i], len) == 0 && strchr("=", text[len]))
            return flags[i];
    }
    return NULL;
}

/* These are ours: two values for one flag would measure something else. */
static int check_extra_args(const struct candidate *c, struct err *err)
{
    static const char *const ours[] = {
        "-m", "--model", "--host", "--port", "--api-key", "--api-key-file",
        "-c", "--ctx-size", "-np", "--parallel", "-fit", "--fit", "-cram",
        "--cache-ram", "-t", "--threads", "--no-jinja", NULL};
    /* The requests carry these: on the command line alone they would be in
     * the recommended command and not in what was measured. */
    static const char *const sampling[] = {
        "--temp", "--temperature", "--top-k", "--top-p", "--min-p", "-s",
        "--seed", "--repeat-penalty", "--presence-penalty",
        "--frequency-penalty", NULL};

    for (size_t i = 0; i < c->server_args.n; i++) {
        const char *text = c->server_args.items[i];
        const char *flag = flag_of(text, ours);

        if (flag)
            return err_set(err, ERR_INPUT, "server_args: %s is set by "
                           "audition itself; remove it%s", flag,
                           strcmp(flag, "-c") == 0 ||
                           strcmp(flag, "--ctx-size") == 0
                           ? " and use `context:`" : "");
        flag = flag_of(text, sampling);
        if (flag)
            return err_set(err, ERR_INPUT, "server_args: %s belongs under "
                           "`sampling:`, which also puts it on the command "
                           "line", flag);
    }
    return 0;
}

/* A port nobody listens on now, or -1. */
static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t          len = sizeof at;
    int                port = -1, fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        port = ntohs(at.sin_port);
    if (fd >= 0) close(fd);
    return port;
}

static bool port_is_free(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int                on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    bool               is_free;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((unsigned short)port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    is_free = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0) close(fd);
    return is_free;
}

/* How the child ended, with its own words. */
static int explain_end(const struct self *self, const char *when,
                       struct err *err)
{
    char  how[300];
    char *log   = proc_log_tail(&self->proc, 64u << 10);
    char *cause = log_cause(log);

    proc_describe_end(&self->proc, how, sizeof how);
    if (log_says_out_of_memory(log))
        err_set(err, ERR_FAILED, "out of memory %s: its log says \"%.300s\", "
                "and llama-server %s; try a smaller `context:` or a smaller "
                "quantisation", when, cause, how);
    else if (self->proc.killed_for_memory)
        err_set(err, ERR_FAILED, "out of memory %s: llama-server %s", when,
                how);
    else if (cause[0])
        err_set(err, ERR_FAILED, "%s, llama-server %s; its log says "
                "\"%.300s\"", when, how, cause);
    else
        err_set(err, ERR_FAILED, "%s, llama-server %s", when, how);
    free(cause);
    free(log);
    return -1;
}

static void tell_of_child(const struct self *self, long group)
{
    if (self->on_child) self->on_child(self->on_child_ctx, group);
}

/* Whoever asks here whether the child runs, the listener hears its end. */
static bool runs(struct self *self)
{
    bool did_run  = self->proc.pid > 0;
    bool does_run = proc_running(&self->proc);

    if (did_run && !does_run) tell_of_child(self, 0);
    return does_run;
}

static bool child_lives(void *ctx) { return runs(ctx); }

static int is_alien(struct self *self, struct err *err)
{
    self->is_alien = true;
    return err_set(err, ERR_FAILED, "another program answers on port %d, "
                   "which was free a moment ago; run it again, or choose a "
                   "port with --port", self->port);
}

/* Who took our port before our child could bind it may be healthy too; only
 * ours refuses a key that is not ours. */
static int check_is_ours(struct self *self, const struct engine_spec *spec,
                         struct err *err)
{
    struct client stranger;
    struct err    ignored = {0};
    int           status  = 0;

    client_init(&stranger, self->client.base_url, "not-the-key",
                &spec->limits);
    json_decref(client_get(&stranger, "/props", KEY_S, &status, &ignored));
    client_done(&stranger);
    return status == 200 ? is_alien(self, err) : 0;
}

/* Until /health says 200; *load_s from the spawn. */
static int wait_ready(struct self *self, double limit_s, double *load_s,
                      struct err *err)
{
    for (;;) {
        struct err why    = {0};
        int        status = 0;
        double     past_s;

        json_decref(client_get(&self->client, "/health", 2.0, &status, &why));
        past_s = (double)(clock_now_ns() - self->started_ns) / 1e9;
        if (status == 200) {
            *load_s = past_s;
            return 0;
        }
        if (!runs(self))
            return explain_end(self, "while loading the model", err);
        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped while loading");
        if (past_s > limit_s)
            return err_set(err, ERR_TIMEOUT, "the model was not loaded after "
                           "%g s; give it more with --load-timeout", limit_s);
        clock_nap(fmin(POLL_S, fmax(POLL_LEAST_S, POLL_FRAC * past_s)));
    }
}

static bool lost_the_port(const struct self *self)
{
    char *log  = proc_log_tail(&self->proc, 64u << 10);
    bool  lost = strstr(log, "couldn't bind") || strstr(log, "bind failed") ||
                 strstr(log, "address already in use");

    free(log);
    return lost;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* llama.cpp reads every flag from the environment too; a setting that hides
 * there would be measured and not be in the command we recommend. How much it
 * logs is the user's choice first. Ours stays as it is: a co-load is started
 * with it, and other threads read it. The texts are borrowed; caller frees. */
static char **child_environment(void)
{
    static char verbosity[] = VERBOSITY_NAME "=" VERBOSITY;
    bool        is_said = false;
    size_t      n = 0, kept = 0;
    char      **out;

    while (environ && environ[n]) n++;
    out = mem_new(n + 2, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        bool says = begins(environ[i], VERBOSITY_NAME "=");

        is_said = is_said || says;
        if (says || (!begins(environ[i], "LLAMA_ARG_") &&
                     !begins(environ[i], "LLAMA_API_KEY=")))
            out[kept++] = environ[i];
    }
    if (!is_said) out[kept] = verbosity;
    return out;
}

static int launch(struct self *self, const struct engine_spec *spec,
                  const char *api_key, int port, double *load_s,
                  struct err *err)
{
    struct args a = {.n = 0};
    char       *url, **environment;
    int         rc;

    free(self->page_cache);
    self->page_cache = spec->keep_page_cache
        ? mem_copy("kept, as asked") : cold_drop(spec->candidate->path);
    build_args(&a, self, spec, api_key, port);
    a.v[a.n] = NULL;
    environment = child_environment();
    self->started_ns = clock_now_ns();
    rc = proc_start_in(&self->proc, a.v, environment, spec->log_path, err);
    free(environment);
    args_done(&a);
    if (rc) return -1;
    tell_of_child(self, self->proc.pid);
    self->is_alien = false;
    url = mem_printf("http://127.0.0.1:%d", port);
    client_init(&self->client, url, api_key, &spec->limits);
    self->port = port;
    free(url);
    self->client.is_llama = true;
    self->client.alive = child_lives;
    self->client.alive_ctx = self;
    if (wait_ready(self, spec->limits.load_s, load_s, err)) return -1;
    return check_is_ours(self, spec, err);
}

static void take_down(struct self *self)
{
    client_done(&self->client);
    if (self->proc.pid > 0) tell_of_child(self, 0);
    proc_stop(&self->proc, STOP_S);
}

/* The command a user types: ours less the key, on the usual port. */
static char *public_command(const struct self *self,
                            const struct engine_spec *spec)
{
    struct args a = {.n = 0};
    char       *line;

    build_args(&a, self, spec, NULL, 8080);
    a.v[a.n] = NULL;
    line = proc_quote(a.v);
    args_done(&a);
    return line;
}

/* In the file, or given beside it. */
static int has_template(const struct candidate *c)
{
    for (size_t i = 0; i < c->server_args.n; i++)
        if (strncmp(c->server_args.items[i], "--chat-template", 15) == 0 &&
            strncmp(c->server_args.items[i], "--chat-template-kw", 18) != 0)
            return 1;
    return c->facts.chat_template != NULL;
}

/* Does this build know the request's key? It lists what it knows. */
static bool knows_backend_sampling(const json_t *props)
{
    return jsonx_truth(json_object_get(json_object_get(props,
                       "default_generation_settings"), "params"),
                       "backend_sampling") >= 0;
}

static int read_facts(struct self *self, const struct engine_spec *spec,
                      double load_s, struct engine_facts *facts,
                      struct err *err)
{
    int        status = 0;
    struct err why    = {0};
    json_t    *props  = client_get(&self->client, "/props", 10.0, &status,
                                   &why);

    if (!props && status == 401) return is_alien(self, err);
    if (!props && err) *err = why;
    if (!props) return err_ctx(err, "llama-server is up, but /props failed");
    *facts = (struct engine_facts){
        .engine = mem_copy("llama_server"), .pid = self->proc.pid,
        .command = public_command(self, spec),
        .model = mem_copy(spec->candidate->name), .context = spec->context,
        .load_s = load_s, .started_ns = self->started_ns,
        .server = mem_copy("llama-server"), .memory_bytes = NAN,
        .page_cache = mem_copy(self->page_cache),
        .has_completion = true, .counts_tokens = true,
        .has_backend_sampling = knows_backend_sampling(props),
        .has_template = has_template(spec->candidate)};
    client_read_props(props, facts);
    if (!facts->build) facts->build = mem_printf("b%d", self->binary.build);
    json_decref(props);
    return 0;
}

static void make_key(char key[33])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        memset(bytes, (int)getpid() & 0xff, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(key + 2 * i, 3, "%02x", bytes[i]);
}

static void stop(void *opaque)
{
    struct self *self = opaque;

    take_down(self);
    locate_done(&self->binary);
    free(self->page_cache);
    free(self);
}

static int start(void **out, const struct engine_spec *spec,
                 struct engine_facts *facts, struct err *err)
{
    struct self *self = mem_new(1, sizeof *self);
    char         key[33];
    double       load_s = NAN;
    int          rc = -1;

    make_key(key);
    proc_log_empty(spec->log_path);
    self->on_child = spec->on_child;
    self->on_child_ctx = spec->on_child_ctx;
    if (check_extra_args(spec->candidate, err)) goto done;
    if (locate_server(spec->server_path, &self->binary, err)) goto done;
    if (spec->port > 0 && !port_is_free(spec->port)) {
        err_set(err, ERR_PREFLIGHT, "port %d is taken by another program; "
                "choose another with --port, or leave it out", spec->port);
        goto done;
    }
    for (int i = 0; i < PORT_TRIES; i++) {
        struct err why  = {0};
        int        port = spec->port > 0 ? spec->port : free_port();

        rc = port < 0 ? err_set(&why, ERR_FAILED, "no free port on loopback")
                      : launch(self, spec, key, port, &load_s, &why);
        if (rc == 0) rc = read_facts(self, spec, load_s, facts, &why);
        if (rc == 0) break;
        if (spec->port <= 0 && i + 1 < PORT_TRIES &&
            (self->is_alien || (self->proc.ended && lost_the_port(self)))) {
            take_down(self);
            continue;
        }
        if (err) *err = why;
        break;
    }
done:
    if (rc) stop(self);
    else *out = self;
    return rc;
}

static int chat(void *opaque, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    return client_chat(&((struct self *)opaque)->client, request, out, err);
}

static int complete(void *opaque, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    return client_complete(&((struct self *)opaque)->client, request, out,
                           err);
}

static int tokenize(void *opaque, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err)
{
    return client_tokenize(&((struct self *)opaque)->client, text, as_prompt,
                           ids, n, err);
}

static int render(void *opaque, const struct chat_request *request,
                  char **text, struct err *err)
{
    return client_render(&((struct self *)opaque)->client, request, text, err);
}

/* Asked after a failure. The sockets of a process that dies close before it
 * is gone: told at once, its death would be a lost connection. Whoever still
 * holds the port is not dying; whoever lives long without it is as good as
 * dead. */
static bool alive(void *opaque, struct err *why)
{
    struct self *self = opaque;
    int64_t      end  = clock_now_ns() + (int64_t)(DYING_S * 1e9);

    while (runs(self)) {
        clock_nap(POLL_S);
        if (!port_is_free(self->port)) return true;
        if (clock_now_ns() < end) continue;
        err_set(why, ERR_FAILED, "while answering, llama-server closed its "
                "port and runs on: it no longer listens; look at its log");
        return false;
    }
    explain_end(self, "while answering", why);
    return false;
}

const struct engine_ops engine_llama_server = {
    .name = "llama_server",
    .help = "starts llama.cpp's llama-server for each model file",
    .start = start,
    .chat = chat,
    .complete = complete,
    .tokenize = tokenize,
    .render = render,
    .alive = alive,
    .stop = stop,
};
