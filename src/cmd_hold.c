/* SPDX-License-Identifier: MIT */
/* cmd_hold.c - `audition hold`: memory and processor threads held, as speech
 * programs would, until a signal comes or the parent is gone. */
#include "commands.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/units.h"
#include "probe/probe.h"

#define CHUNK_BYTES   ((size_t)1 << 20)  /* between two looks at the signal */
#define TOUCH_EVERY_S 5.0
#define STEP_S        0.04
#define MEMINFO_BYTES 16384

struct hold_options {
    double memory_bytes, seconds;
    int    threads;
};

#define AT(field) offsetof(struct hold_options, field)

static const struct opt hold_opts[] = {
    {.name = "memory", .type = OPT_BYTES, .at = AT(memory_bytes), .min = 1,
     .max = 0x1p46, .value = "SIZE", .help = "memory to hold, written to and "
     "kept in use, so that it is neither swapped nor compressed away"},
    {.name = "threads", .letter = 't', .type = OPT_INT, .at = AT(threads),
     .min = 0, .max = 1024, .value = "N",
     .help = "processor threads to keep busy"},
    {.name = "seconds", .type = OPT_SECONDS, .at = AT(seconds), .min = 0.1,
     .max = 604800, .value = "TIME", .help = "for so long; otherwise until a "
     "signal"},
    {.name = NULL},
};

/* ---- memory ------------------------------------------------------------ */

/* Numbers without a pattern: equal or empty pages would be merged, or kept in
 * compressed swap for next to nothing. */
static void fill(unsigned char *bytes, size_t n)
{
    uint64_t x = (uint64_t)(uintptr_t)bytes | 1;

    for (size_t done = 0; done < n && !stop_signal();) {
        size_t end = n - done > CHUNK_BYTES ? done + CHUNK_BYTES : n;

        for (; done + sizeof x <= end; done += sizeof x) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            memcpy(bytes + done, &x, sizeof x);
        }
        for (; done < end; done++) bytes[done] = (unsigned char)x;
    }
}

/* A page that is read now and then is not the one that is swapped out. */
static void touch(const volatile unsigned char *bytes, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t at = 0; at < n; at += page) {
        (void)bytes[at];
        if (at % CHUNK_BYTES == 0 && stop_signal()) return;
    }
}

static int take_memory(size_t n, unsigned char **out, struct err *err)
{
    char   text[MEMINFO_BYTES];
    double free_bytes = NAN;

    if (probe_file("", "/proc/meminfo", text, sizeof text) > 0)
        free_bytes = probe_value(text, "MemAvailable") * 1024;
    if ((double)n > free_bytes)
        return err_set(err, ERR_PREFLIGHT, "%s cannot be held: only %s can be "
                       "had; ask for less, or free memory (audition doctor "
                       "says who has it)", units_bytes((double)n).text,
                       units_bytes(free_bytes).text);
    *out = malloc(n);
    if (!*out)
        return err_set(err, ERR_PREFLIGHT, "%s cannot be held: %s; ask for "
                       "less", units_bytes((double)n).text, strerror(errno));
    fill(*out, n);
    return 0;
}

/* ---- threads ----------------------------------------------------------- */

struct crew {
    atomic_bool is_over;
    pthread_t  *threads;
    int         n;
};

static void *work(void *ctx)
{
    struct crew      *crew = ctx;
    volatile uint64_t sink = 1;

    while (!atomic_load_explicit(&crew->is_over, memory_order_relaxed))
        for (int i = 0; i < 4096; i++) sink = sink * 2862933555777941757u + 1;
    return NULL;
}

/* Signals are for the main thread, whose naps they end. */
static int start_threads(struct crew *crew, int n, struct err *err)
{
    sigset_t all, before;
    bool     failed = false;

    if (n <= 0) return 0;
    crew->threads = mem_new((size_t)n, sizeof *crew->threads);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->n < n && !failed) {
        failed = pthread_create(&crew->threads[crew->n], NULL, work,
                                crew) != 0;
        crew->n += !failed;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) return 0;
    return err_set(err, ERR_FAILED, "only %d of %d threads could be started; "
                   "ask for fewer", crew->n, n);
}

static void end_threads(struct crew *crew)
{
    atomic_store(&crew->is_over, true);
    for (int i = 0; i < crew->n; i++) pthread_join(crew->threads[i], NULL);
    free(crew->threads);
}

/* ---- the whole --------------------------------------------------------- */

static double since(int64_t begin_ns)
{
    return (double)(clock_now_ns() - begin_ns) / (double)NS_PER_S;
}

static void stay(const struct hold_options *o, const unsigned char *memory,
                 size_t n, pid_t parent)
{
    int64_t begin = clock_now_ns(), touched = begin;

    while (!stop_signal() && getppid() == parent &&
           !(since(begin) >= o->seconds)) {
        clock_nap(STEP_S);
        if (since(touched) < TOUCH_EVERY_S) continue;
        touch(memory, n);
        touched = clock_now_ns();
    }
}

static int hold_all(const struct hold_options *o, struct err *err)
{
    pid_t          parent = getppid();
    size_t         n = o->memory_bytes > 0 ? (size_t)o->memory_bytes : 0;
    unsigned char *memory = NULL;
    struct crew    crew = {0};
    int            rc = 0;

    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM);
    if (n) rc = take_memory(n, &memory, err);
    if (rc == 0) rc = start_threads(&crew, o->threads, err);
    if (rc == 0 && !stop_signal()) {
        puts("ready");
        fflush(stdout);
        stay(o, memory, n, parent);
    }
    end_threads(&crew);
    free(memory);
    if (rc == 0 && stop_signal())
        rc = err_set(err, ERR_STOPPED, "stopped by a signal");
    return rc;
}

static int hold(void *options, const enum opt_source *sources,
                const struct text_list *arguments)
{
    const struct hold_options *o = options;
    struct err                 err = {0};

    (void)sources;
    (void)arguments;
    if (!(o->memory_bytes > 0) && o->threads <= 0)
        err_set(&err, ERR_INPUT, "nothing is to be held; give --memory SIZE, "
                "--threads N, or both");
    else if (hold_all(o, &err) == 0)
        return 0;
    if (err.kind != ERR_STOPPED)
        fprintf(stderr, "audition hold: %s\n", err.text);
    return err_exit_code(err.kind);
}

const struct command command_hold = {
    .name = "hold", .arguments = "",
    .summary = "hold memory and processor threads, as speech would",
    .about = "A stand-in for speech recognition and synthesis: writes to as "
             "much memory and keeps as many threads busy as they would, so "
             "that a board can be tried with the load that it will have. "
             "Prints \"ready\" once all of it is held. Ends on a signal, "
             "after --seconds, or when the process that started it is gone. "
             "`audition run` starts one itself when a co-load asks for it.",
    .opts = hold_opts, .options_bytes = sizeof(struct hold_options),
    .max_arguments = 0, .run = hold,
};
