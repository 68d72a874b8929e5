/* SPDX-License-Identifier: MIT */
/* coload.c - see coload.h.
 *
 * Threads  the main one starts, watches and ends the process, as proc.h
 *          wants it. The keeper asks the health URL and keeps the log short;
 *          what both touch is below `lock`. libcurl is started by the main
 *          thread (http_new) before there is a second one.
 */
#include "coload.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_log.h"
#include "base/stop.h"
#include "base/units.h"
#include "base/utf8.h"
#include "stats.h"

#define READY_S       60.0     /* when none is stated                        */
#define LIVED_S       1.0      /* ready, where nothing tells                 */
#define STEP_S        0.04
#define ASK_EVERY_NS  NS_PER_S
#define ANSWER_S      5.0      /* a health check that takes longer failed    */
#define GRACE_S       2.0      /* between SIGTERM and SIGKILL                */
#define KEPT_MAX      86400    /* latencies: a day; the oldest make room     */
#define READY_LINE    "ready"

struct coload {
    char        *shown;        /* the command, printable                     */
    char        *health_url;   /* or NULL                                    */
    char        *log_path;
    bool         owns_log;     /* nobody else asked for it                   */
    bool         is_stand_in;
    bool         is_started;   /* there is a process of ours                 */
    struct proc  proc;
    struct http *http;
    double       ready_s;

    pthread_t       keeper;
    bool            has_keeper;
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    bool            is_stopping;          /* from here on: below lock        */
    double         *kept_s;               /* latencies, a ring               */
    size_t          n_kept;
    long            n, failures;
    double          worst_s;
};

static double since(int64_t begin_ns)
{
    return (double)(clock_now_ns() - begin_ns) / (double)NS_PER_S;
}

static bool is_text(const char *text) { return text && *text; }

static bool holds(const struct coload_spec *spec)
{
    return spec->hold_bytes > 0 || spec->hold_threads > 0;
}

bool coload_is_wanted(const struct coload_spec *spec)
{
    return is_text(spec->command) || is_text(spec->health_url) || holds(spec);
}

/* ---- health ------------------------------------------------------------ */

static int drop_bytes(void *ctx, const char *bytes, size_t n, int64_t at_ns)
{
    (void)ctx;
    (void)bytes;
    (void)n;
    (void)at_ns;
    return 0;
}

/* Seconds that a 2xx took, or NAN with err. */
static double ask(struct coload *c, double limit_s, bool (*alive)(void *ctx),
                  struct err *err)
{
    struct http_request request = {
        .method = "GET", .url = c->health_url, .connect_s = limit_s,
        .first_s = limit_s, .silence_s = limit_s, .total_s = limit_s,
        .max_body_bytes = 4096, .on_bytes = drop_bytes, .alive = alive,
        .alive_ctx = c};
    struct http_reply reply = {0};
    int64_t           begin = clock_now_ns();
    double            took = NAN;

    if (http_send(c->http, &request, &reply, err) == 0) {
        if (reply.status / 100 == 2)
            took = (double)(reply.end_ns - begin) / (double)NS_PER_S;
        else
            err_set(err, ERR_FAILED, "it answered with status %d",
                    reply.status);
    }
    http_reply_done(&reply);
    return took;
}

static bool is_kept(void *ctx)
{
    struct coload *c = ctx;
    bool           kept;

    pthread_mutex_lock(&c->lock);
    kept = !c->is_stopping;
    pthread_mutex_unlock(&c->lock);
    return kept;
}

static void note_health(struct coload *c, double took_s)
{
    pthread_mutex_lock(&c->lock);
    if (!c->is_stopping && stop_signal() == 0) {
        if (isnan(took_s)) {
            c->failures++;
        } else {
            size_t at = (size_t)(c->n - c->failures) % KEPT_MAX;

            if (at == c->n_kept)
                c->kept_s = mem_grow(c->kept_s, ++c->n_kept,
                                     sizeof *c->kept_s);
            c->kept_s[at] = took_s;
            c->worst_s = fmax(c->worst_s, took_s);
        }
        c->n++;
    }
    pthread_mutex_unlock(&c->lock);
}

/* Until due, or until the end: then false. */
static bool wait_until(struct coload *c, int64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / NS_PER_S),
                           .tv_nsec = (long)(due_ns % NS_PER_S)};
    bool            goes_on;

    pthread_mutex_lock(&c->lock);
    while (!c->is_stopping && clock_now_ns() < due_ns)
        pthread_cond_timedwait(&c->wake, &c->lock, &due);
    goes_on = !c->is_stopping;
    pthread_mutex_unlock(&c->lock);
    return goes_on;
}

static void *keep(void *ctx)
{
    struct coload *c = ctx;
    int64_t        due = clock_now_ns();

    while (wait_until(c, due)) {
        struct err ignored = {0};

        if (c->is_started) proc_log_bound(c->log_path);
        if (c->health_url)
            note_health(c, ask(c, ANSWER_S, is_kept, &ignored));
        due += ASK_EVERY_NS;
        if (due < clock_now_ns()) due = clock_now_ns();
    }
    return NULL;
}

/* Signals are for the main thread, whose naps they end. */
static int start_keeper(struct coload *c, struct err *err)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    c->has_keeper = pthread_create(&c->keeper, NULL, keep, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (c->has_keeper) return 0;
    return err_set(err, ERR_FAILED, "the co-load cannot be watched: no thread "
                   "could be started; look at the limits of this user");
}

/* ---- becoming ready ---------------------------------------------------- */

static bool is_running(void *ctx)
{
    struct coload *c = ctx;

    return !c->is_started || proc_running(&c->proc);
}

static bool said_ready(const struct coload *c)
{
    char *said = proc_log_tail(&c->proc, 200);
    bool  ready = strcmp(said, READY_LINE) == 0;

    free(said);
    return ready;
}

/* Looks once; why not is left in err. */
static bool is_ready(struct coload *c, double elapsed_s, double limit_s,
                     struct err *err)
{
    if (c->health_url)
        return !isnan(ask(c, fmax(fmin(ANSWER_S, limit_s - elapsed_s), 0.1),
                          is_running, err));
    return c->is_stand_in ? said_ready(c) : elapsed_s >= LIVED_S;
}

/* " (exited with status 3: its last line)". */
static void describe_end(const struct coload *c, char *text, size_t size)
{
    char        how[160], *tail = proc_log_tail(&c->proc, 400);
    const char *last = strrchr(tail, '\n');

    proc_describe_end(&c->proc, how, sizeof how);
    last = last ? last + 1 : tail;
    snprintf(text, size, "%s%s%s", how, *last ? ": " : "", last);
    free(tail);
}

static int ended_early(const struct coload *c, struct err *err)
{
    char how[500];

    describe_end(c, how, sizeof how);
    if (c->proc.ended && c->proc.status == 0)
        return err_set(err, ERR_PREFLIGHT, "the co-load (%.200s) ended before "
                       "it was ready (%s); a command that goes to the "
                       "background cannot be watched: keep it in the "
                       "foreground", c->shown, how);
    return err_set(err, ERR_PREFLIGHT, "the co-load (%.200s) ended before it "
                   "was ready (%s); run it by hand to see why", c->shown, how);
}

static int never_ready(const struct coload *c, double limit_s,
                       const struct err *last, struct err *err)
{
    char *url = http_url_shown(c->health_url ? c->health_url : "");

    if (c->health_url)
        err_set(err, ERR_PREFLIGHT, "the co-load (%.200s) was not ready "
                "within %g s: %.200s gave no 2xx (%.200s); check the URL, or "
                "give it more time", c->shown, limit_s, url, last->text);
    else
        err_set(err, ERR_PREFLIGHT, "the co-load (%.200s) was not ready "
                "within %g s; give it more time", c->shown, limit_s);
    free(url);
    return -1;
}

static int await_ready(struct coload *c, double limit_s, struct err *err)
{
    int64_t begin = clock_now_ns();

    for (;;) {
        struct err why = {0};
        double     elapsed_s = since(begin);
        bool       ready = is_ready(c, elapsed_s, limit_s, &why);

        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped by a signal");
        if (!is_running(c)) return ended_early(c, err);
        if (ready) {
            c->ready_s = since(begin);
            return 0;
        }
        if (elapsed_s > fmax(limit_s, LIVED_S))
            return never_ready(c, limit_s, &why, err);
        clock_nap(STEP_S);
    }
}

/* ---- start and end ----------------------------------------------------- */

static int check(const struct coload_spec *spec, struct err *err)
{
    char *origin = is_text(spec->health_url)
                   ? http_url_origin(spec->health_url) : NULL;
    bool  is_url = origin != NULL;

    free(origin);
    if (is_text(spec->health_url) && !is_url)
        return err_set(err, ERR_INPUT, "the co-load's health_url is no URL "
                       "such as http://127.0.0.1:8080/health; check how it is "
                       "written");
    if (is_text(spec->command) && holds(spec))
        return err_set(err, ERR_INPUT, "the co-load has a command and memory "
                       "or threads to hold in its stead; leave out one of "
                       "them");
    return 0;
}

static char *describe(const struct coload_spec *spec)
{
    char threads[40] = "";

    if (is_text(spec->command))
        return utf8_printable(spec->command, strlen(spec->command));
    if (!holds(spec)) return mem_copy("already running");
    if (spec->hold_threads > 0)
        snprintf(threads, sizeof threads, "%d thread%s", spec->hold_threads,
                 spec->hold_threads == 1 ? "" : "s");
    if (!(spec->hold_bytes > 0)) return mem_printf("%s held", threads);
    return mem_printf("%s%s%s held", units_bytes(spec->hold_bytes).text,
                      *threads ? " and " : "", threads);
}

static struct coload *make(const struct coload_spec *spec)
{
    struct coload     *c = mem_new(1, sizeof *c);
    pthread_condattr_t monotonic;

    c->shown = describe(spec);
    c->health_url = is_text(spec->health_url) ? mem_copy(spec->health_url)
                                              : NULL;
    c->log_path = mem_copy(spec->log_path);
    c->is_stand_in = holds(spec);
    c->ready_s = c->worst_s = NAN;
    c->http = c->health_url ? http_new() : NULL;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return c;
}

/* Its last words are wanted, also when nobody else wants its output. */
static int make_log(struct coload *c, struct err *err)
{
    const char *folder = getenv("TMPDIR");
    int         fd;

    if (c->log_path) return 0;
    c->log_path = mem_printf("%s/audition-coload-XXXXXX",
                             is_text(folder) ? folder : "/tmp");
    fd = mkstemp(c->log_path);
    if (fd < 0)
        return err_set(err, ERR_FAILED, "the co-load's output cannot be kept "
                       "in %s; is its disk full?",
                       is_text(folder) ? folder : "/tmp");
    close(fd);
    c->owns_log = true;
    return 0;
}

/* By its name, so that lists of processes show it; one that was replaced
 * meanwhile has none any more. */
static void find_ourselves(char *path, size_t size)
{
    static const char link[] = "/proc/self/exe";
    ssize_t           n = readlink(link, path, size - 1);

    path[n > 0 ? n : 0] = '\0';
    if (n <= 0 || access(path, X_OK) != 0) snprintf(path, size, "%s", link);
}

static int start_process(struct coload *c, const struct coload_spec *spec,
                         struct err *err)
{
    char  bytes[32], threads[24], self[4096];
    char *command = mem_copy(spec->command);
    char *shell[] = {"/bin/sh", "-c", command, NULL};
    char *hold[6] = {self, "hold"};
    int   n = 2, rc;

    find_ourselves(self, sizeof self);

    snprintf(bytes, sizeof bytes, "--memory=%.0f", spec->hold_bytes);
    snprintf(threads, sizeof threads, "--threads=%d", spec->hold_threads);
    if (spec->hold_bytes > 0) hold[n++] = bytes;
    if (spec->hold_threads > 0) hold[n++] = threads;
    rc = make_log(c, err);
    if (rc == 0)
        rc = proc_start(&c->proc, c->is_stand_in ? hold : shell, c->log_path,
                        err);
    c->is_started = rc == 0;
    free(command);
    return rc;
}

int coload_start(struct coload **out, const struct coload_spec *spec,
                 struct err *err)
{
    struct coload *c;
    int            rc = 0;

    *out = NULL;
    if (check(spec, err)) return -1;
    c = make(spec);
    if (is_text(spec->command) || c->is_stand_in)
        rc = start_process(c, spec, err);
    if (rc == 0)
        rc = await_ready(c, spec->ready_s > 0 ? spec->ready_s : READY_S, err);
    if (rc == 0) rc = start_keeper(c, err);
    if (rc) coload_stop(c);
    else *out = c;
    return rc;
}

long coload_group(const struct coload *c)
{
    return c->proc.pid > 0 ? (long)c->proc.pid : -1;
}

void coload_stop(struct coload *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->is_stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    if (c->has_keeper) pthread_join(c->keeper, NULL);
    proc_stop(&c->proc, GRACE_S);
    if (c->owns_log) unlink(c->log_path);
    http_free(c->http);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c->kept_s);
    free(c->shown);
    free(c->health_url);
    free(c->log_path);
    free(c);
}

/* ---- what is told ------------------------------------------------------ */

/* At most size - 1 bytes, cut at a whole letter. */
static void copy_text(const char *text, char *out, size_t size)
{
    size_t n = strlen(text);

    if (n >= size) n = size - 1;
    while (text[n] && n && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    memcpy(out, text, n);
    out[n] = '\0';
}

static void no_facts(struct coload_facts *out)
{
    *out = (struct coload_facts){
        .ready_s = NAN, .health_median_s = NAN, .health_worst_s = NAN,
        .health_n = -1, .health_failures = -1, .cpu_cores = NAN,
        .memory_bytes = NAN};
}

void coload_report(struct coload *c, struct coload_facts *out)
{
    char    how[600];
    double *latencies;
    size_t  n;

    no_facts(out);
    out->is_wanted = true;
    copy_text(c->shown, out->command, sizeof out->command);
    out->ready_s = c->ready_s;
    out->has_ended = !is_running(c);
    if (out->has_ended) {
        describe_end(c, how, sizeof how);
        copy_text(how, out->how, sizeof out->how);
    }
    if (!c->health_url) return;
    pthread_mutex_lock(&c->lock);
    out->health_n = c->n;
    out->health_failures = c->failures;
    out->health_worst_s = c->worst_s;
    n = c->n_kept;
    latencies = mem_new(n + 1, sizeof *latencies);
    if (n) memcpy(latencies, c->kept_s, n * sizeof *latencies);
    pthread_mutex_unlock(&c->lock);
    out->health_median_s = stats_median(latencies, n);
    free(latencies);
}

static void set_count(json_t *o, const char *key, long count)
{
    json_object_set_new(o, key, count < 0 ? json_null()
                                          : json_integer(count));
}

json_t *coload_json(const struct coload_facts *f)
{
    json_t *o;

    if (!f->is_wanted) return json_null();
    o = json_object();
    jsonx_set_text(o, "command", f->command);
    jsonx_set_number(o, "ready_s", f->ready_s);
    json_object_set_new(o, "has_ended", json_boolean(f->has_ended));
    jsonx_set_text(o, "how", f->has_ended ? f->how : NULL);
    jsonx_set_number(o, "health_median_s", f->health_median_s);
    jsonx_set_number(o, "health_worst_s", f->health_worst_s);
    set_count(o, "health_n", f->health_n);
    set_count(o, "health_failures", f->health_failures);
    jsonx_set_number(o, "cpu_cores", f->cpu_cores);
    jsonx_set_number(o, "memory_bytes", f->memory_bytes);
    return o;
}

static long read_count(const json_t *o, const char *key)
{
    double value = jsonx_number(o, key);

    return value >= 0 && value <= 0x1p31 ? (long)value : -1;
}

void coload_read(const json_t *object, struct coload_facts *out)
{
    const char *command = jsonx_text(object, "command");
    const char *how = jsonx_text(object, "how");

    no_facts(out);
    if (!json_is_object(object)) return;
    out->is_wanted = true;
    if (command) copy_text(command, out->command, sizeof out->command);
    if (how) copy_text(how, out->how, sizeof out->how);
    out->has_ended = jsonx_truth(object, "has_ended") == 1;
    out->ready_s = jsonx_number(object, "ready_s");
    out->health_median_s = jsonx_number(object, "health_median_s");
    out->health_worst_s = jsonx_number(object, "health_worst_s");
    out->health_n = read_count(object, "health_n");
    out->health_failures = read_count(object, "health_failures");
    out->cpu_cores = jsonx_number(object, "cpu_cores");
    out->memory_bytes = jsonx_number(object, "memory_bytes");
}
