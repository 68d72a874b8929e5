/* SPDX-License-Identifier: MIT */
/* locate.c - finding and probing llama-server; see locate.h. */
#include "engine/locate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"

#define PROBE_S 30.0              /* a CUDA build initialises its driver */
#define HELP_BYTES (1u << 20)

/* The number after `key` in text, or -1. */
static int number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    char       *end;
    long        n;

    if (!at) return -1;
    at += strlen(key);
    while (*at == ' ' || *at == ':' || *at == 'b') at++;
    n = strtol(at, &end, 10);
    return end == at || n <= 0 || n > 100000000 ? -1 : (int)n;
}

/* Does the help of --n-gpu-layers name the value 'all'? Its entry ends where
 * the next one begins: at a line that starts with a dash. */
static bool ngl_takes_all(const char *help)
{
    const char *entry = strstr(help, "--n-gpu-layers");
    const char *end   = entry ? strstr(entry, "\n-") : NULL;
    const char *all   = entry ? strstr(entry, "'all'") : NULL;

    return all && (!end || all < end);
}

int locate_judge(const char *help, const char *version,
                 struct llama_binary *out, struct err *err)
{
    static const char *const needed[] = {
        "--model", "--ctx-size", "--parallel", "--host", "--port",
        "--api-key", "--n-gpu-layers"};
    char   missing[160] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (strstr(help, needed[i])) continue;
        used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s",
                                 used ? ", " : "", needed[i]);
    }
    if (used == 0 && !strstr(help, "llama") && !strstr(version, "build") &&
        !strstr(version, "version"))
        used = (size_t)snprintf(missing, sizeof missing, "a version");
    if (used)
        return err_set(err, ERR_PREFLIGHT, "is not a llama-server that we can "
                       "use: its --help lacks %s", missing);
    /* "version: 0.6.0-dev (build 11434, ...)" now, "version: 5000 (1a2b)"
     * before. */
    out->build = number_after(version, "(build");
    if (out->build < 0) out->build = number_after(version, "version:");
    if (out->build >= 0 && out->build < LOCATE_MIN_BUILD)
        return err_set(err, ERR_PREFLIGHT, "is llama.cpp build %d; build %d or "
                       "newer is needed (tool templates, per-token timings): "
                       "`make engine` builds one", out->build,
                       LOCATE_MIN_BUILD);
    if (!strstr(help, "--jinja"))
        return err_set(err, ERR_PREFLIGHT, "has no --jinja: it cannot render "
                       "tool templates; `make engine` builds one that can");
    out->has_jinja = true;
    out->has_fit = strstr(help, "--fit ") != NULL;
    out->has_cache_ram = strstr(help, "--cache-ram") != NULL;
    out->has_ngl_all = ngl_takes_all(help);
    out->has_template_kwargs = strstr(help, "--chat-template-kwargs") != NULL;
    return 0;
}

/* Run PATH --help and --version, judge. */
static int probe(const char *path, struct llama_binary *out, struct err *err)
{
    char *help_argv[]    = {mem_copy(path), "--help", NULL};
    char *version_argv[] = {help_argv[0], "--version", NULL};
    char *help = NULL, *version = NULL;
    int   status = 0, rc = -1;

    *out = (struct llama_binary){.build = -1};
    if (proc_capture(help_argv, PROBE_S, HELP_BYTES, &help, &status, err))
        goto done;
    if (WIFSIGNALED(status)) {
        struct proc dead = {.ended = true, .status = status};
        char        how[200];
        proc_describe_end(&dead, how, sizeof how);
        err_set(err, ERR_PREFLIGHT, "--help %s", how);
        goto done;
    }
    if (proc_capture(version_argv, PROBE_S, HELP_BYTES, &version, &status,
                     err))
        goto done;
    if (locate_judge(help, version, out, err)) goto done;
    out->path = mem_copy(path);
    rc = 0;
done:
    if (rc && err && err->kind == ERR_TIMEOUT) err->kind = ERR_PREFLIGHT;
    if (rc && err && strncmp(err->text, path, strlen(path)) != 0)
        err_ctx(err, "%s", path);
    free(help);
    free(version);
    free(help_argv[0]);
    return rc;
}

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

/* llama-server on PATH, or NULL. Caller frees. */
static char *on_path(void)
{
    const char *path = getenv("PATH");

    for (const char *at = path; at && *at;) {
        size_t n    = strcspn(at, ":");
        char  *file = mem_printf("%.*s/llama-server", (int)n, at);
        if (n > 0 && is_program(file)) return file;
        free(file);
        at += n + (at[n] == ':');
    }
    return NULL;
}

/* The newest build of `make engine`, CUDA before CPU, or NULL. */
static char *in_cache(void)
{
    static const char *const builds[] = {"11434.0.0-cuda", "11434.0.0-cpu"};
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
        char *file = cache && *cache
            ? mem_printf("%s/audition/engine/%s/bin/llama-server", cache,
                         builds[i])
            : mem_printf("%s/.cache/audition/engine/%s/bin/llama-server",
                         home ? home : "", builds[i]);
        if (is_program(file)) return file;
        free(file);
    }
    return NULL;
}

int locate_server(const char *given, struct llama_binary *out,
                  struct err *err)
{
    const char *env = getenv("LLAMA_SERVER");
    char       *tries[2];
    struct err  why = {0};

    *out = (struct llama_binary){.build = -1};
    if (given && *given) return probe(given, out, err);
    if (env && *env) {
        if (probe(env, out, err) == 0) return 0;
        return err_ctx(err, "LLAMA_SERVER");
    }
    tries[0] = on_path();
    tries[1] = in_cache();
    for (size_t i = 0; i < 2; i++) {
        if (tries[i] && !out->path) {
            struct err again = {0};
            if (probe(tries[i], out, &again) && why.kind == ERR_NONE)
                why = again;
        }
        free(tries[i]);
    }
    if (out->path) return 0;
    if (why.kind != ERR_NONE) {
        if (err) *err = why;
        return -1;
    }
    return err_set(err, ERR_PREFLIGHT, "no llama-server found (not in "
                   "--llama-server, LLAMA_SERVER, PATH or the cache); "
                   "name one with --llama-server FILE, or build one with "
                   "`make engine` in audition's source");
}

void locate_done(struct llama_binary *b)
{
    free(b->path);
    *b = (struct llama_binary){.build = -1};
}
