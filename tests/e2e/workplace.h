/* SPDX-License-Identifier: MIT */
/* workplace.h - where one audition of a test happens: a folder that the
 * program runs in, a home that is nobody's, models, and the script of the
 * fake llama-server (tests/fake_server.c), which also writes a record of the
 * requests that it saw. */
#ifndef TESTS_E2E_WORKPLACE_H
#define TESTS_E2E_WORKPLACE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <time.h>

#include <jansson.h>

#include "base/mem.h"
#include "gguf_writer.h"
#include "temp_tree.h"

#define DEADLINE_S 60      /* of anything that a test waits for */
#define MAX_ENV    8

struct workplace {
    struct temp_tree tree;
    char  *folder;             /* the program's current folder              */
    char  *script, *record;    /* of the fake server                        */
    char  *fake, *program, *data;
    char  *env[MAX_ENV];       /* NAME=VALUE, added to the program's        */
    size_t n_env;
};

static inline double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline char *absolute_of(const char *variable, const char *otherwise)
{
    const char *given = getenv(variable);
    char       *path  = realpath(given && *given ? given : otherwise, NULL);

    if (!path) fail_msg("%s: no such file; set %s", otherwise, variable);
    return path;
}

/* What the fake server does from now on; NULL: it behaves. The record and a
 * pace without waiting are added. */
static inline void workplace_script(const struct workplace *w,
                                    const char *json)
{
    const char  *text = json ? json : "{}";
    json_error_t why;
    json_t      *script = json_loads(text, 0, &why);

    if (!script) fail_msg("script: %s in %s", why.text, text);
    json_object_set_new(script, "record", json_string(w->record));
    if (!json_object_get(script, "pace"))
        json_object_set_new(script, "pace", json_integer(0));
    if (json_dump_file(script, w->script, JSON_INDENT(1)))
        fail_msg("%s: cannot be written", w->script);
    json_decref(script);
}

static inline void workplace_begin(struct workplace *w, const char *script)
{
    *w = (struct workplace){.n_env = 0};
    if (temp_tree_init(&w->tree)) fail_msg("no temporary folder");
    temp_text(&w->tree, "work/.keep", "");
    temp_text(&w->tree, "home/.keep", "");
    temp_text(&w->tree, "bin/.keep", "");
    w->folder = temp_path(&w->tree, "work");
    w->script = temp_path(&w->tree, "script.json");
    w->record = temp_path(&w->tree, "record");
    w->fake = absolute_of("FAKE_SERVER", "build/tests/fake_server");
    w->program = absolute_of("AUDITION", "build/audition");
    w->data = absolute_of("AUDITION_DATA", "share");
    workplace_script(w, script);
}

static inline void workplace_end(struct workplace *w)
{
    temp_tree_done(&w->tree);
    for (size_t i = 0; i < w->n_env; i++) free(w->env[i]);
    free(w->folder);
    free(w->script);
    free(w->record);
    free(w->fake);
    free(w->program);
    free(w->data);
    *w = (struct workplace){.n_env = 0};
}

/* For the program, in front of everything else. */
static inline void workplace_env(struct workplace *w, const char *assignment)
{
    if (w->n_env == MAX_ENV) fail_msg("too many variables");
    w->env[w->n_env++] = mem_copy(assignment);
}

static inline char *workplace_path(const struct workplace *w,
                                   const char *name)
{
    return mem_printf("%s/%s", w->folder, name);
}

static inline void workplace_write(const struct workplace *w,
                                   const char *name, const void *bytes,
                                   size_t n)
{
    char *below = mem_printf("work/%s", name);

    temp_write(&w->tree, below, bytes, n);
    free(below);
}

static inline void workplace_text(const struct workplace *w,
                                  const char *name, const char *text)
{
    workplace_write(w, name, text, strlen(text));
}

/* A valid model NAME.gguf; each name has other bytes. */
static inline void workplace_model(const struct workplace *w,
                                   const char *name)
{
    struct gguf_file g;
    char            *file = mem_printf("%s.gguf", name);

    gguf_small_model(&g, name);
    workplace_write(w, file, g.bytes, g.len);
    gguf_free(&g);
    free(file);
}

/* The first bytes of a valid model only. */
static inline void workplace_cut_model(const struct workplace *w,
                                       const char *name, size_t bytes)
{
    struct gguf_file g;

    gguf_small_model(&g, name);
    workplace_write(w, name, g.bytes, bytes);
    gguf_free(&g);
}

/* A whole file as text, "" when there is none. Caller frees. */
static inline char *read_text(const char *path)
{
    FILE  *f    = fopen(path, "rb");
    char  *text = mem_new(1, 1);
    size_t n    = 0;

    while (f) {
        size_t got;

        text = mem_grow(text, n + 65537, 1);
        got = fread(text + n, 1, 65536, f);
        n += got;
        text[n] = '\0';
        if (got == 0) break;
    }
    if (f) fclose(f);
    return text;
}

static inline size_t count_lines(const char *path)
{
    char  *text = read_text(path);
    size_t n    = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) n++;
    free(text);
    return n;
}

static inline size_t workplace_requests(const struct workplace *w)
{
    return count_lines(w->record);
}

/* Wait for changes of the record until it holds `lines` more lines than
 * `before`, or `pid` has ended (-1: no matter). True when it does. */
static inline bool wait_for_requests(const struct workplace *w, size_t before,
                                     size_t lines, pid_t pid)
{
    double end   = now_s() + DEADLINE_S;
    int    watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    FILE  *f     = NULL;
    size_t seen  = 0;
    bool   enough = false, ended = false;

    if (watch < 0 || inotify_add_watch(watch, w->tree.root, IN_MODIFY |
                                       IN_CREATE) < 0)
        fail_msg("no inotify: %s", strerror(errno));
    while (!enough && !ended && now_s() < end) {
        struct pollfd ready = {.fd = watch, .events = POLLIN};
        char          events[4096], bytes[65536];
        size_t        got;
        siginfo_t     info = {.si_pid = 0};

        if (!f) f = fopen(w->record, "rb");
        while (f && (got = fread(bytes, 1, sizeof bytes, f)) > 0)
            for (size_t i = 0; i < got; i++) seen += bytes[i] == '\n';
        if (f) clearerr(f);
        enough = seen >= before + lines;
        ended = pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED |
                                  WNOHANG | WNOWAIT) == 0 && info.si_pid;
        if (enough || ended) continue;
        poll(&ready, 1, 50);
        while (read(watch, events, sizeof events) > 0) {}
    }
    if (f) fclose(f);
    close(watch);
    return enough;
}

#endif
