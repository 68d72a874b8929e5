/* SPDX-License-Identifier: MIT */
/* program.h - the real binary, run in a workplace: what it printed, how it
 * ended, and whether anything of it still lives. */
#ifndef TESTS_E2E_PROGRAM_H
#define TESTS_E2E_PROGRAM_H

#include <ctype.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "workplace.h"

#define MAX_WORDS 64

/* What makes an audition short where it does not matter. FAKE is replaced. */
#define SHORT "--llama-server FAKE --cases 1 -r 1 --blocks 1 --budget 1 "

struct running {
    pid_t  pid;
    FILE  *out, *err;
    char  *line;           /* the command line, for messages */
};

struct outcome {
    int   code;            /* exit status, or minus the signal's number */
    char *line, *out, *err;
    size_t out_bytes;
};

struct argv {
    char  *words[MAX_WORDS + 1];
    size_t n;
};

static inline void argv_add(struct argv *a, char *word)
{
    if (a->n == MAX_WORDS) fail_msg("too many words");
    a->words[a->n++] = word;
    a->words[a->n] = NULL;
}

/* Words apart by blanks; FAKE is the fake server. */
static inline struct argv split(const struct workplace *w, const char *line)
{
    struct argv a = {.n = 0};

    argv_add(&a, mem_copy(w->program));
    for (line += strspn(line, " "); *line; line += strspn(line, " ")) {
        size_t n = strcspn(line, " ");

        argv_add(&a, n == 4 && strncmp(line, "FAKE", 4) == 0
                         ? mem_copy(w->fake) : mem_copy_n(line, n));
        line += n;
    }
    return a;
}

static inline void argv_done(struct argv *a)
{
    for (size_t i = 0; i < a->n; i++) free(a->words[i]);
}

/* The environment of the program: nothing of this machine's user. */
static inline struct argv environment(const struct workplace *w)
{
    static const char *const passed[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS",
                                         "LSAN_OPTIONS"};
    struct argv e = {.n = 0};

    for (size_t i = 0; i < w->n_env; i++) argv_add(&e, mem_copy(w->env[i]));
    argv_add(&e, mem_printf("HOME=%s/home", w->tree.root));
    argv_add(&e, mem_printf("XDG_STATE_HOME=%s/home/state", w->tree.root));
    argv_add(&e, mem_printf("XDG_CACHE_HOME=%s/home/cache", w->tree.root));
    argv_add(&e, mem_printf("PATH=%s/bin", w->tree.root));
    argv_add(&e, mem_printf("AUDITION_DATA=%s", w->data));
    argv_add(&e, mem_printf("FAKE_SCRIPT=%s", w->script));
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (getenv(passed[i]))
            argv_add(&e, mem_printf("%s=%s", passed[i], getenv(passed[i])));
    return e;
}

/* In the child: never returns. */
static inline void become(const struct workplace *w, struct argv *a,
                          struct argv *e, int out, int err, rlim_t file_bytes)
{
    struct rlimit limit = {file_bytes, file_bytes};
    int           null  = open("/dev/null", O_RDONLY);

    if (file_bytes != RLIM_INFINITY) setrlimit(RLIMIT_FSIZE, &limit);
    if (chdir(w->folder) || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(err, 2) < 0)
        _exit(99);
    execve(a->words[0], a->words, e->words);
    _exit(98);
}

static inline struct running program_start_with(const struct workplace *w,
                                                const char *line,
                                                rlim_t file_bytes)
{
    struct argv    a = split(w, line), e = environment(w);
    struct running r = {.out = tmpfile(), .err = tmpfile(),
                        .line = mem_copy(line)};

    if (!r.out || !r.err) fail_msg("no temporary file");
    r.pid = fork();
    if (r.pid < 0) fail_msg("fork: %s", strerror(errno));
    if (r.pid == 0)
        become(w, &a, &e, fileno(r.out), fileno(r.err), file_bytes);
    argv_done(&a);
    argv_done(&e);
    return r;
}

static inline struct running program_start(const struct workplace *w,
                                           const char *line)
{
    return program_start_with(w, line, RLIM_INFINITY);
}

static inline char *all_of(FILE *f, size_t *bytes)
{
    char  *text;
    long   size;

    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    text = mem_new((size_t)size + 1, 1);
    *bytes = fread(text, 1, (size_t)size, f);
    fclose(f);
    return text;
}

/* The exit status of a child, or minus its signal; it is killed when it
 * takes longer than the deadline. */
static inline int end_of(pid_t pid, const char *what)
{
    double end    = now_s() + DEADLINE_S;
    int    status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        if (now_s() < end) continue;
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        fail_msg("`%s` hung", what);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void program_end(struct running *r, struct outcome *o)
{
    size_t ignored;

    *o = (struct outcome){.code = end_of(r->pid, r->line), .line = r->line};
    o->out = all_of(r->out, &o->out_bytes);
    o->err = all_of(r->err, &ignored);
}

static inline void outcome_done(struct outcome *o)
{
    free(o->line);
    free(o->out);
    free(o->err);
    *o = (struct outcome){.code = 0};
}

static inline void program_run(const struct workplace *w, const char *line,
                               struct outcome *o)
{
    struct running r = program_start(w, line);

    program_end(&r, o);
}

/* ---- what is expected of it --------------------------------------------- */

/* Of a JSON document only what says how each candidate fared. */
static inline void show_candidates(const char *json)
{
    static const char *const keys[] = {"\"name\": ", "\"status\": ",
        "\"failure\": ", "\"verdict\": ", "\"reason\": "};

    for (const char *at = json; *at; at += strcspn(at, "\n") + 1) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (strncmp(at + strspn(at, " "), keys[i], strlen(keys[i])) == 0)
                print_error("%.*s\n", (int)strcspn(at, "\n"), at);
        if (!at[strcspn(at, "\n")]) break;
    }
}

static inline void show(const struct outcome *o)
{
    print_error("$ audition %s\nexit %d\n--- stdout (%zu bytes)\n", o->line,
                o->code, o->out_bytes);
    if (*o->out == '{') show_candidates(o->out);
    else print_error("%.3000s\n", o->out);
    print_error("--- stderr\n%.3000s\n", o->err);
}

static inline bool is_in(const char *text, const char *part)
{
    return !part || strstr(text, part);
}

/* 0, or 1 and the whole story on stderr: so that a table is checked to its
 * end. The parts may be NULL. */
static inline int differs(const struct outcome *o, const char *situation,
                          int code, const char *out, const char *err)
{
    if (o->code == code && is_in(o->out, out) && is_in(o->err, err)) return 0;
    print_error("\n*** %s: wanted exit %d%s%s%s%s\n", situation, code,
                out ? ", on stdout: " : "", out ? out : "",
                err ? ", on stderr: " : "", err ? err : "");
    show(o);
    return 1;
}

static inline void expect(const struct outcome *o, int code, const char *out,
                          const char *err)
{
    if (differs(o, "this run", code, out, err)) fail();
}

/* Run, check, forget. */
static inline int run_differs(const struct workplace *w, const char *line,
                              int code, const char *out, const char *err)
{
    struct outcome o;
    int            bad;

    program_run(w, line, &o);
    bad = differs(&o, line, code, out, err);
    outcome_done(&o);
    return bad;
}

/* ---- what still lives --------------------------------------------------- */

/* Does /proc/PID/environ name this workplace's home? */
static inline bool is_of(const struct workplace *w, const char *pid)
{
    char  *path = mem_printf("/proc/%s/environ", pid);
    char  *want = mem_printf("XDG_STATE_HOME=%s/", w->tree.root);
    FILE  *f    = fopen(path, "rb");
    char   bytes[65536];
    size_t got   = f ? fread(bytes, 1, sizeof bytes - 1, f) : 0;
    bool   found = false;

    for (size_t i = 0; i < got && !found; i += strnlen(bytes + i, got - i) + 1)
        found = strncmp(bytes + i, want, strlen(want)) == 0;
    if (f) fclose(f);
    free(path);
    free(want);
    return found;
}

static inline int count_living(const struct workplace *w)
{
    DIR           *dir = opendir("/proc");
    struct dirent *entry;
    int            n = 0;

    while (dir && (entry = readdir(dir)))
        if (isdigit((unsigned char)*entry->d_name)) n += is_of(w,
                                                            entry->d_name);
    if (dir) closedir(dir);
    return n;
}

/* Nothing that was started for this workplace runs any more. A killed
 * process needs a moment to go. */
static inline bool all_gone(const struct workplace *w)
{
    double end = now_s() + 10;

    while (count_living(w) > 0) {
        if (now_s() > end) return false;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return true;
}

#endif
