/* SPDX-License-Identifier: MIT */
/* stream.c - see stream.h. Every core has its part of the array and touches
 * it first, so that on a board with several memories each reads its own. All
 * cores start a pass together; the best pass counts, as others on the machine
 * can only make one slower. */
#include "predict/stream.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "predict/stream_kernels.h"
#include "probe/probe.h"

#define MIB            1048576.0
#define CACHES         4.0            /* arrays are so many times the caches */
#define LEAST_CACHES   2.0
#define ARRAYS_LEAST   (128 * MIB)    /* unless memory is scarce             */
#define ARRAYS_MOST    (4096 * MIB)
#define ARRAYS_SCARCE  (16 * MIB)     /* less than this shows nothing        */
#define THREADS_MOST   256
#define READING_S      0.4
#define COMPUTING_S    0.2
#define PASSES_LEAST   3
#define ROUNDS         65536L         /* of multiply-adds in a pass: 1 ms    */
#define BLOCK_BYTES    128            /* 16 words of kernel_sum              */
#define FILE_VERSION   1
#define FILE_BYTES     65536u

/* ---- how much to read --------------------------------------------------- */

/* "32768K" or "32M" */
static double size_of(const char *text)
{
    char  *end;
    double size = (double)strtoul(text, &end, 10);

    return size * (*end == 'M' ? MIB : *end == 'K' ? 1024 : 1);
}

/* Of a list such as "0-3,8": how many. */
static int count_of(const char *list)
{
    int n = 0;

    while (*list >= '0' && *list <= '9') {
        char *end;
        long  first = strtol(list, &end, 10), last = first;
        if (*end == '-') last = strtol(end + 1, &end, 10);
        if (last >= first && last - first < 4096) n += (int)(last - first) + 1;
        list = *end == ',' ? end + 1 : end;
    }
    return n;
}

double stream_cache_bytes(const char *root, int cores)
{
    double largest = 0;
    int    sharing = 1;

    for (int i = 0; i < 8; i++) {
        char   path[128], text[256];
        double size;
        snprintf(path, sizeof path,
                 "/sys/devices/system/cpu/cpu0/cache/index%d/size", i);
        if (probe_file(root, path, text, sizeof text) <= 0) continue;
        size = size_of(text);
        if (size < largest) continue;
        largest = size;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/"
                 "index%d/shared_cpu_list", i);
        sharing = probe_file(root, path, text, sizeof text) > 0
                ? count_of(text) : 1;
    }
    if (sharing < 1) sharing = 1;
    return largest * (cores > sharing ? ceil((double)cores / sharing) : 1);
}

double stream_array_bytes(double cache_bytes, double available_bytes)
{
    double bytes = fmin(fmax(CACHES * cache_bytes, ARRAYS_LEAST),
                        ARRAYS_MOST);

    if (available_bytes >= 0) bytes = fmin(bytes, available_bytes / 4);
    return bytes < fmax(LEAST_CACHES * cache_bytes, ARRAYS_SCARCE) ? 0 : bytes;
}

/* ---- passes over all cores ---------------------------------------------- */

struct work {
    pthread_mutex_t   gate;
    pthread_barrier_t barrier;
    uint64_t         *words;
    size_t            words_each;
    int               threads;
    bool              is_over;     /* written by the first, between barriers */
    double            best_bytes_s, best_flops;
};

struct worker {
    struct work *work;
    int          index;
    double       operations;       /* in the last pass                       */
    uint64_t     sum;              /* so that no pass can be left out        */
    float        sink;
};

static void read_once(struct worker *w)
{
    size_t n = w->work->words_each;

    w->sum += kernel_sum(w->work->words + n * (size_t)w->index, n);
}

static void compute_once(struct worker *w)
{
    w->operations = kernel_multiply_add(ROUNDS, &w->sink);
}

/* Passes until the time is over; the shortest one in seconds, as seen by the
 * first worker, which waits for all others. */
static double best_pass_s(struct worker *w, void (*once)(struct worker *),
                          double limit_s)
{
    struct work *work = w->work;
    int64_t      start = clock_now_ns();
    double       best = INFINITY;

    for (int pass = 0; ; pass++) {
        int64_t before, after;
        pthread_barrier_wait(&work->barrier);
        before = clock_now_ns();
        once(w);
        pthread_barrier_wait(&work->barrier);
        after = clock_now_ns();
        if (after > before)
            best = fmin(best, (double)(after - before) / (double)NS_PER_S);
        if (w->index == 0)
            work->is_over = pass + 1 >= PASSES_LEAST &&
                (double)(after - start) / (double)NS_PER_S >= limit_s;
        pthread_barrier_wait(&work->barrier);
        if (work->is_over) return best;
    }
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct work   *work = w->work;
    size_t         n = work->words_each;
    double         best_s;

    memset(work->words + n * (size_t)w->index, w->index + 1,
           n * sizeof *work->words);
    best_s = best_pass_s(w, read_once, READING_S);
    if (w->index == 0)
        work->best_bytes_s = (double)(n * sizeof *work->words) *
                             work->threads / best_s;
    best_s = best_pass_s(w, compute_once, COMPUTING_S);
    if (w->index == 0)
        work->best_flops = w->operations * work->threads / best_s;
    return NULL;
}

/* A worker that could not be started must not be waited for: nobody begins
 * before it is known how many there are. */
static void *run_behind_gate(void *arg)
{
    struct worker *w = arg;

    pthread_mutex_lock(&w->work->gate);
    pthread_mutex_unlock(&w->work->gate);
    return run(w);
}

static int run_all(struct work *work, int cores, size_t bytes,
                   struct err *err)
{
    struct worker *workers = mem_new((size_t)cores, sizeof *workers);
    pthread_t     *threads = mem_new((size_t)cores, sizeof *threads);

    pthread_mutex_init(&work->gate, NULL);
    pthread_mutex_lock(&work->gate);
    workers[0] = (struct worker){.work = work};
    for (work->threads = 1; work->threads < cores; work->threads++) {
        int i = work->threads;
        workers[i] = (struct worker){.work = work, .index = i};
        if (pthread_create(&threads[i], NULL, run_behind_gate, &workers[i]))
            break;
    }
    work->words_each = bytes / (size_t)work->threads / BLOCK_BYTES *
                       BLOCK_BYTES / sizeof *work->words;
    pthread_barrier_init(&work->barrier, NULL, (unsigned)work->threads);
    pthread_mutex_unlock(&work->gate);
    run(&workers[0]);
    for (int i = 1; i < work->threads; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&work->barrier);
    pthread_mutex_destroy(&work->gate);
    free(workers);
    free(threads);
    if (work->best_bytes_s > 0 && work->best_flops > 0) return 0;
    return err_set(err, ERR_FAILED, "the clock did not move while memory and "
                   "cores were measured; try again");
}

static int measure(const struct machine *machine, struct stream_figures *out,
                   struct err *err)
{
    int    cores = machine->cores < 1 ? 1 : machine->cores > THREADS_MOST
                 ? THREADS_MOST : machine->cores;
    double bytes = stream_array_bytes(stream_cache_bytes("", cores),
                                      machine->available_bytes);
    struct work work = {.threads = 1};
    void       *at = NULL;
    int         rc;

    /* Not mem_new(): to have too little memory is a finding here. */
    if (!(bytes > 0) || posix_memalign(&at, BLOCK_BYTES, (size_t)bytes))
        return err_set(err, ERR_PREFLIGHT, "too little memory is free to "
                       "measure its bandwidth beyond the caches; end other "
                       "programs and try again");
    work.words = at;
    rc = run_all(&work, cores, (size_t)bytes, err);
    free(at);
    out->bandwidth_bytes_s = work.best_bytes_s;
    out->flops = work.best_flops;
    return rc;
}

/* ---- kept --------------------------------------------------------------- */

static char *cache_path(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache && *cache == '/')
        return mem_printf("%s/audition/machine.json", cache);
    return home && *home == '/'
         ? mem_printf("%s/.cache/audition/machine.json", home) : NULL;
}

/* What the figures depend on. */
static json_t *key_of(const struct machine *m)
{
    json_t *key = json_object();

    jsonx_set_text(key, "board", m->board);
    jsonx_set_text(key, "cpu", m->cpu);
    jsonx_set_integer(key, "cores", m->cores);
    jsonx_set_text(key, "kernel", m->kernel);
    return key;
}

static bool recall(const struct machine *m, struct stream_figures *out)
{
    char   *path = cache_path();
    json_t *kept = path ? jsonx_read(path, FILE_BYTES, NULL) : NULL;
    json_t *key = key_of(m);

    out->bandwidth_bytes_s = jsonx_number(kept, "bandwidth_bytes_s");
    out->flops = jsonx_number(kept, "flops");
    if (jsonx_number(kept, "version") != FILE_VERSION ||
        !json_equal(json_object_get(kept, "key"), key) ||
        !(out->bandwidth_bytes_s > 0) || !(out->flops > 0))
        *out = (struct stream_figures){NAN, NAN};
    json_decref(kept);
    json_decref(key);
    free(path);
    return isfinite(out->bandwidth_bytes_s);
}

static void make_folders(const char *path)
{
    char *copy = mem_copy(path);

    for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    free(copy);
}

/* Whole or not at all. Figures that cannot be kept are measured again. */
static void keep(const struct machine *m, const struct stream_figures *f)
{
    char   *path = cache_path();
    char   *fresh = path ? mem_printf("%s.%ld", path, (long)getpid()) : NULL;
    json_t *document = json_object();
    FILE   *file;

    jsonx_set_integer(document, "version", FILE_VERSION);
    json_object_set_new(document, "key", key_of(m));
    jsonx_set_number(document, "bandwidth_bytes_s", f->bandwidth_bytes_s);
    jsonx_set_number(document, "flops", f->flops);
    if (path) make_folders(path);
    file = fresh ? fopen(fresh, "we") : NULL;
    if (file) {
        char *text = jsonx_dump(document);
        bool  written = fprintf(file, "%s\n", text) > 0;
        free(text);
        written = fclose(file) == 0 && written;
        if (!written || rename(fresh, path) != 0) unlink(fresh);
    }
    json_decref(document);
    free(fresh);
    free(path);
}

int stream_measure_again(const struct machine *machine,
                         struct stream_figures *out, struct err *err)
{
    *out = (struct stream_figures){NAN, NAN};
    if (measure(machine, out, err)) {
        *out = (struct stream_figures){NAN, NAN};
        return -1;
    }
    keep(machine, out);
    return 0;
}

int stream_measure(const struct machine *machine, struct stream_figures *out,
                   struct err *err)
{
    return recall(machine, out) ? 0 : stream_measure_again(machine, out, err);
}
