/* SPDX-License-Identifier: MIT */
/* sampler.c - see sampler.h. What is read, and how often: watcher.c and
 * process_group.c; here are the thread, the ring and the memory watch. */
#include "sampler.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "probe/nvml.h"
#include "probe/probe.h"
#include "process_group.h"
#include "watcher.h"

#define STEP_NS      (NS_PER_S / SAMPLER_HZ)
#define SECONDS      900
#define SECONDS_MAX  7200
#define LATEST_NS    (5 * NS_PER_S)
#define TEXT_BYTES   1024

/* Of one field: what was read last, and between which values it was. */
struct seen {
    int64_t at_ns;
    double  latest, least, most;
};

struct sampler {
    char           *root;
    pthread_t       thread;
    pthread_mutex_t lock;         /* of everything below                     */
    pthread_cond_t  wake;         /* is_stopping was set                     */
    bool            is_stopping;

    struct watcher      *watcher;
    struct process_group engine, coload;
    struct kept_file     own;     /* of a copied tree                        */
    bool                 has_nvml;
    int64_t              next_device_ns;

    struct timeline     ring;
    struct seen         seen[SAMPLE_COUNT];
    size_t              samples;

    struct memory_watch watch;
    struct memory_stop  stop;
    bool                has_stopped;   /* the engine that is named           */
};

/* ---- one sample -------------------------------------------------------- */

/* utime and stime of /proc/PID/stat in a copied tree: fields 14 and 15. */
static double own_time_of_tree(struct sampler *s, int64_t at_ns)
{
    char  text[TEXT_BYTES], *at;
    double ticks = 0;

    if (!kept_file_read(&s->own, at_ns, text, sizeof text)) return NAN;
    at = strrchr(text, ')');
    if (!at || strlen(at) < 4) return NAN;
    at += 3;
    for (int field = 4; field <= 15; field++) {
        char *end;
        double value = (double)strtoll(at, &end, 10);
        if (end == at) return NAN;
        if (field >= 14) ticks += value;
        at = end;
    }
    return ticks >= 0 ? ticks / (double)sysconf(_SC_CLK_TCK) : NAN;
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double own_time(struct sampler *s, int64_t at_ns)
{
    struct rusage use;

    if (*s->root) return own_time_of_tree(s, at_ns);
    if (getrusage(RUSAGE_SELF, &use) != 0) return NAN;
    return seconds(&use.ru_utime) + seconds(&use.ru_stime);
}

/* What may take milliseconds, and is not for between two turns. */
static void read_memory(struct sampler *s, struct sample *now)
{
    long   pids[GROUP_MEMBERS_MAX];
    char   source[64];

    if (process_group_look(&s->engine, now->at_ns))
        now->v[SAMPLE_engine_anon_bytes] = s->engine.anon_bytes;
    if (process_group_look(&s->coload, now->at_ns))
        now->v[SAMPLE_coload_bytes] = s->coload.bytes;
    if (!s->has_nvml || !s->engine.n || now->at_ns < s->next_device_ns) return;
    for (size_t i = 0; i < s->engine.n; i++) pids[i] = s->engine.members[i].pid;
    now->v[SAMPLE_device_bytes] =
        nvml_process_bytes(pids, s->engine.n, source, sizeof source);
    s->next_device_ns = now->at_ns + NS_PER_S - STEP_NS / 2;
}

static void remember(struct sampler *s, const struct sample *now)
{
    timeline_add(&s->ring, now);
    s->samples++;
    for (int f = 0; f < SAMPLE_COUNT; f++) {
        struct seen *seen = &s->seen[f];
        if (isnan(now->v[f])) continue;
        seen->at_ns = now->at_ns;
        seen->latest = now->v[f];
        seen->least = fmin(seen->least, now->v[f]);
        seen->most = fmax(seen->most, now->v[f]);
    }
}

static double latest(const struct seen *seen, int64_t at_ns)
{
    return at_ns - seen->at_ns <= LATEST_NS ? seen->latest : NAN;
}

/* Only a group that is surely still the engine's is ended: a number that the
 * kernel gave to somebody else since is not. */
static bool may_end_engine(struct sampler *s, int64_t at_ns)
{
    if (s->has_stopped || s->engine.id <= 1 || s->engine.id == getpgrp())
        return false;
    return *s->root || process_group_runs(&s->engine, at_ns);
}

static void guard_memory(struct sampler *s, const struct sample *now)
{
    double available = now->v[SAMPLE_available_bytes], stalled_frac;

    if (isnan(available)) return;
    if (!memory_watch_step(&s->watch, (double)now->at_ns / (double)NS_PER_S,
                           available,
                           latest(&s->seen[SAMPLE_memory_stall_s],
                                  now->at_ns),
                           &stalled_frac) ||
        !may_end_engine(s, now->at_ns))
        return;
    if (kill((pid_t)-s->engine.id, SIGKILL) != 0) return;
    s->has_stopped = true;
    s->stop = (struct memory_stop){available, s->watch.floor_bytes,
                                   stalled_frac};
}

/* With the lock held. Everybody's CPU time and that of those whom we know are
 * read one right after the other: their difference is what matters. */
static void take_sample(struct sampler *s, bool at_once)
{
    struct sample now = {.at_ns = clock_now_ns()};
    double        no_faults;

    for (int f = 0; f < SAMPLE_COUNT; f++) now.v[f] = NAN;
    watcher_read_cpu(s->watcher, now.at_ns, &now);
    process_group_count(&s->engine, now.at_ns, &now.v[SAMPLE_engine_cpu_s],
                        &now.v[SAMPLE_engine_fault_bytes]);
    process_group_count(&s->coload, now.at_ns, &now.v[SAMPLE_coload_cpu_s],
                        &no_faults);
    now.v[SAMPLE_own_cpu_s] = own_time(s, now.at_ns);
    watcher_read(s->watcher, now.at_ns, at_once, &now);
    if (!at_once) read_memory(s, &now);
    remember(s, &now);
    guard_memory(s, &now);
}

/* ---- the thread -------------------------------------------------------- */

/* Without the lock: it may take its time, and nobody shall wait for it. */
static struct watch_list look_around(const char *root, bool *has_nvml)
{
    struct watch_list list;

    probe_watch(root, &list);
    *has_nvml = !*root && !nvml_why_not();
    return list;
}

static void look_again(struct sampler *s)
{
    struct watch_list list;
    bool              has_nvml;

    pthread_mutex_unlock(&s->lock);
    list = look_around(s->root, &has_nvml);
    pthread_mutex_lock(&s->lock);
    s->has_nvml = has_nvml;
    watcher_set(s->watcher, &list, clock_now_ns());
}

/* Until then, or until it is time to stop. */
static void wait_until(struct sampler *s, int64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                             .tv_nsec = (long)(until_ns % NS_PER_S)};

    while (!s->is_stopping &&
           pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0)
        ;
}

static void *run(void *ctx)
{
    struct sampler *s = ctx;
    int64_t         next_ns = clock_now_ns();

    pthread_mutex_lock(&s->lock);
    while (!s->is_stopping) {
        int64_t now_ns = clock_now_ns();
        if (watcher_is_lost(s->watcher, now_ns)) look_again(s);
        take_sample(s, false);
        /* The beats stay where they are; those that were missed are left
         * out. */
        now_ns = clock_now_ns();
        next_ns += ((now_ns - next_ns) / STEP_NS + 1) * STEP_NS;
        wait_until(s, next_ns);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Signals are the main thread's: its waits must notice them. */
static int start_thread(struct sampler *s)
{
    pthread_condattr_t attr;
    sigset_t           all, before;
    int                error;

    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* ---- for the main thread ----------------------------------------------- */

static void forget_extremes(struct sampler *s)
{
    for (int f = 0; f < SAMPLE_COUNT; f++)
        s->seen[f].least = s->seen[f].most = NAN;
}

static void release(struct sampler *s)
{
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    process_group_done(&s->engine);
    process_group_done(&s->coload);
    kept_file_done(&s->own);
    watcher_free(s->watcher);
    timeline_done(&s->ring);
    free(s->root);
    free(s);
}

int sampler_start(struct sampler **out, const struct sampler_spec *spec,
                  struct err *err)
{
    struct sampler   *s = mem_new(1, sizeof *s);
    struct watch_list list;
    size_t            held_s = spec->seconds ? spec->seconds : SECONDS;
    char              path[64];
    int               error;

    s->root = mem_copy(spec->root);
    s->watch.floor_bytes = spec->memory_floor_bytes;
    /* Turns begin and end with a sample of their own: room for as many. */
    timeline_init(&s->ring, 2 * SAMPLER_HZ *
                  (held_s < SECONDS_MAX ? held_s : SECONDS_MAX));
    process_group_init(&s->engine, s->root, false);
    process_group_init(&s->coload, s->root, true);
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)getpid());
    kept_file_init(&s->own, s->root, path);
    for (int f = 0; f < SAMPLE_COUNT; f++)
        s->seen[f] = (struct seen){.latest = NAN};
    forget_extremes(s);
    s->watcher = watcher_new(s->root);
    list = look_around(s->root, &s->has_nvml);
    watcher_set(s->watcher, &list, clock_now_ns());
    take_sample(s, false);
    error = start_thread(s);
    if (error) {
        release(s);
        return err_set(err, ERR_FAILED, "the thread that watches the board "
                       "could not be started (%s); end other programs and try "
                       "again", strerror(error));
    }
    *out = s;
    return 0;
}

void sampler_stop(struct sampler *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->is_stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    release(s);
}

void sampler_engine(struct sampler *s, long group)
{
    pthread_mutex_lock(&s->lock);
    process_group_name(&s->engine, group, clock_now_ns());
    s->seen[SAMPLE_engine_anon_bytes].latest = NAN;
    s->seen[SAMPLE_device_bytes].latest = NAN;
    if (group > 0) {
        s->has_stopped = false;
        s->watch.low_in_a_row = 0;
    }
    pthread_mutex_unlock(&s->lock);
}

void sampler_coload(struct sampler *s, long group)
{
    pthread_mutex_lock(&s->lock);
    process_group_name(&s->coload, group, clock_now_ns());
    s->seen[SAMPLE_coload_bytes].latest = NAN;
    pthread_mutex_unlock(&s->lock);
}

void sampler_now(struct sampler *s)
{
    pthread_mutex_lock(&s->lock);
    take_sample(s, true);
    pthread_mutex_unlock(&s->lock);
}

void sampler_memory_now(struct sampler *s)
{
    pthread_mutex_lock(&s->lock);
    s->next_device_ns = 0;
    take_sample(s, false);
    pthread_mutex_unlock(&s->lock);
}

void sampler_join(struct sampler *s, int64_t from_ns, int64_t first_ns,
                  int64_t to_ns, struct telemetry *out)
{
    pthread_mutex_lock(&s->lock);
    telemetry_join(&s->ring, from_ns, first_ns, to_ns, out);
    pthread_mutex_unlock(&s->lock);
}

static struct seen seen_of(struct sampler *s, enum sample_field field)
{
    struct seen copy;

    pthread_mutex_lock(&s->lock);
    copy = s->seen[field];
    pthread_mutex_unlock(&s->lock);
    return copy;
}

double sampler_latest(struct sampler *s, enum sample_field field)
{
    struct seen seen = seen_of(s, field);

    return latest(&seen, clock_now_ns());
}

double sampler_least(struct sampler *s, enum sample_field field)
{
    return seen_of(s, field).least;
}

double sampler_most(struct sampler *s, enum sample_field field)
{
    return seen_of(s, field).most;
}

void sampler_reset_extremes(struct sampler *s)
{
    pthread_mutex_lock(&s->lock);
    forget_extremes(s);
    pthread_mutex_unlock(&s->lock);
}

bool sampler_stopped_engine(struct sampler *s, struct memory_stop *out)
{
    bool has_stopped;

    pthread_mutex_lock(&s->lock);
    has_stopped = s->has_stopped;
    if (has_stopped && out) *out = s->stop;
    pthread_mutex_unlock(&s->lock);
    return has_stopped;
}

void sampler_cost(struct sampler *s, double *cpu_s, size_t *samples)
{
    clockid_t       clock;
    struct timespec used;

    *cpu_s = NAN;
    if (pthread_getcpuclockid(s->thread, &clock) == 0 &&
        clock_gettime(clock, &used) == 0)
        *cpu_s = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
    pthread_mutex_lock(&s->lock);
    *samples = s->samples;
    pthread_mutex_unlock(&s->lock);
}
