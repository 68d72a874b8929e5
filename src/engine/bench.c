/* SPDX-License-Identifier: MIT */
/* bench.c - see bench.h. How llama-server's flags are spelt in llama-bench,
 * whose commas and repeated flags mean "test each of these", is the table
 * `flags`. */
#define _XOPEN_SOURCE 700           /* realpath */
#include "engine/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/utf8.h"
#include "engine/log_cause.h"

#define OUTPUT_BYTES (1u << 20)
#define MAX_SAMPLES  10000
#define MAX_OBJECTS  100       /* llama-bench prints two */
#define CAUSE_CHARS  300

/* ---- the arguments ------------------------------------------------------- */

enum value {
    AS_IS,
    LAYERS,        /* "all" and "auto" (which is all, with -fit off)         */
    LIST,          /* a,b is a/b there                                       */
    OVERRIDES,     /* a=b,c=d is a=b;c=d there                               */
    SWITCH,        /* on, off, auto, or, before there was a value, alone     */
    GIVEN          /* the flag alone says it: value `given`                  */
};

static const struct flag {
    const char *server[3];
    const char *bench;
    enum value  value;
    const char *given;
} flags[] = {
    {{"-ngl", "--gpu-layers", "--n-gpu-layers"}, "-ngl", LAYERS, NULL},
    {{"-fa", "--flash-attn"}, "-fa", SWITCH, NULL},
    {{"-ctk", "--cache-type-k"}, "-ctk", AS_IS, NULL},
    {{"-ctv", "--cache-type-v"}, "-ctv", AS_IS, NULL},
    {{"-b", "--batch-size"}, "-b", AS_IS, NULL},
    {{"-ub", "--ubatch-size"}, "-ub", AS_IS, NULL},
    {{"-sm", "--split-mode"}, "-sm", AS_IS, NULL},
    {{"-ts", "--tensor-split"}, "-ts", LIST, NULL},
    {{"-mg", "--main-gpu"}, "-mg", AS_IS, NULL},
    {{"-dev", "--device"}, "-dev", LIST, NULL},
    {{"-ot", "--override-tensor"}, "-ot", OVERRIDES, NULL},
    {{"-ncmoe", "--n-cpu-moe"}, "-ncmoe", AS_IS, NULL},
    {{"-cmoe", "--cpu-moe"}, "-ncmoe", GIVEN, "999"},
    {{"-nkvo", "--no-kv-offload"}, "-nkvo", GIVEN, "1"},
    {{"-kvo", "--kv-offload"}, "-nkvo", GIVEN, "0"},
    {{"--no-op-offload"}, "-nopo", GIVEN, "1"},
    {{"--op-offload"}, "-nopo", GIVEN, "0"},
    {{"--no-host"}, "--no-host", GIVEN, "1"},
    {{"-nr", "--no-repack"}, "--repack", GIVEN, "0"},
    {{"--repack"}, "--repack", GIVEN, "1"},
    {{"-lm", "--load-mode"}, "-lm", AS_IS, NULL},
    {{"-lzm", "--lazy-mode"}, "-lzm", AS_IS, NULL},
    {{"--no-mmap"}, "-mmp", GIVEN, "0"},
    {{"--mmap"}, "-mmp", GIVEN, "1"},
    {{"-C", "--cpu-mask"}, "-C", AS_IS, NULL},
    {{"--cpu-strict"}, "--cpu-strict", AS_IS, NULL},
    {{"--poll"}, "--poll", AS_IS, NULL},
    {{"--prio"}, "--prio", AS_IS, NULL},
    {{"--numa"}, "--numa", AS_IS, NULL},
    {{"--rpc"}, "-rpc", AS_IS, NULL},
};
#define N_FLAGS (sizeof flags / sizeof *flags)

/* A list that owns its texts and ends with NULL. */
struct args {
    char **v;
    size_t n;
};

static void arg(struct args *a, const char *text)
{
    a->v = mem_grow(a->v, a->n + 2, sizeof *a->v);
    a->v[a->n++] = mem_copy(text);
    a->v[a->n] = NULL;
}

static void arg_number(struct args *a, const char *flag, int value)
{
    char text[16];

    snprintf(text, sizeof text, "%d", value);
    arg(a, flag);
    arg(a, text);
}

/* Is this argument the flag, alone or as flag=value? In long ones llama.cpp
 * takes an underscore for a dash. */
static bool is_flag(const char *text, const char *name, const char **value)
{
    bool   is_long = strncmp(name, "--", 2) == 0;
    size_t i;

    for (i = 0; name[i]; i++)
        if (text[i] != name[i] &&
            !(is_long && name[i] == '-' && text[i] == '_'))
            return false;
    *value = text[i] == '=' ? text + i + 1 : NULL;
    return text[i] == '\0' || text[i] == '=';
}

static const struct flag *find_flag(const char *text, const char **value)
{
    for (size_t i = 0; i < N_FLAGS; i++)
        for (size_t k = 0; k < 3 && flags[i].server[k]; k++)
            if (is_flag(text, flags[i].server[k], value)) return &flags[i];
    return NULL;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcasecmp(text, *list) == 0) return true;
    return false;
}

/* The value in llama-bench's spelling; NULL: leave the flag out. */
static char *spell(const struct flag *flag, const char *value)
{
    static const char *const on[]  = {"on", "enabled", "true", "1", NULL};
    static const char *const off[] = {"off", "disabled", "false", "0", NULL};
    static const char *const all[] = {"all", "auto", NULL};
    char *text;

    if (flag->value == LAYERS && is_one_of(value, all)) return mem_copy("999");
    if (flag->value == SWITCH) {   /* its oldest builds take 0 and 1 alone */
        if (strcasecmp(value, "auto") == 0) return NULL;
        if (is_one_of(value, on)) return mem_copy("1");
        if (is_one_of(value, off)) return mem_copy("0");
    }
    text = mem_copy(value);
    for (char *c = text; *c; c++)
        if (*c == ',' && flag->value == LIST) *c = '/';
        else if (*c == ',' && flag->value == OVERRIDES) *c = ';';
    return text;
}

/* One value for each flag of llama-bench; the last one said wins. */
struct carried {
    const char *flag;
    char       *value;
};

static void carry(struct carried *list, const struct flag *flag,
                  const char *value)
{
    while (list->flag && strcmp(list->flag, flag->bench)) list++;
    list->flag = flag->bench;
    free(list->value);
    list->value = spell(flag, value);
}

static void carry_all(struct carried *list, const struct text_list *args)
{
    for (size_t i = 0; args && i < args->n; i++) {
        const char        *value;
        const struct flag *flag = find_flag(args->items[i], &value);
        const char        *next = i + 1 < args->n ? args->items[i + 1] : NULL;

        if (!flag) continue;
        if (flag->value == GIVEN) {
            value = flag->given;
        } else if (!value && flag->value == SWITCH &&
                   (!next || *next == '-')) {
            value = "on";
        } else if (!value) {
            if (!next) return;
            value = next;
            i++;
        }
        carry(list, flag, value);
    }
}

char **bench_args(const char *bench, const struct engine_spec *spec,
                  int repetitions)
{
    struct carried list[N_FLAGS + 1] = {{.flag = "-ngl",
                                         .value = mem_copy("999")}};
    struct args    a = {0};

    carry_all(list, &spec->candidate->server_args);
    carry_all(list, spec->more_args);
    arg(&a, bench);
    arg(&a, "-m");
    arg(&a, spec->candidate->path);
    arg_number(&a, "-p", BENCH_PROMPT);
    arg_number(&a, "-n", BENCH_TOKENS);
    arg_number(&a, "-r", repetitions);
    if (spec->threads > 0) arg_number(&a, "-t", spec->threads);
    for (const struct carried *c = list; c->flag; c++) {
        if (c->value) {
            arg(&a, c->flag);
            arg(&a, c->value);
        }
        free(c->value);
    }
    arg(&a, "-o");
    arg(&a, "json");
    return a.v;
}

/* ---- what it printed ----------------------------------------------------- */

static int copy_samples(const json_t *test, double **out, size_t *n,
                        struct err *err)
{
    const json_t *samples = json_object_get(test, "samples_ts");
    size_t        count   = json_array_size(samples);

    if (count == 0 || count > MAX_SAMPLES)
        return err_set(err, ERR_FAILED, "llama-bench printed a test with %zu "
                       "samples", count);
    *out = mem_new(count, sizeof **out);
    for (*n = 0; *n < count; ++*n) {
        double value = json_number_value(json_array_get(samples, *n));

        if (!(value > 0) || !isfinite(value))
            return err_set(err, ERR_FAILED, "llama-bench printed a speed that "
                           "is no positive number");
        (*out)[*n] = value;
    }
    return 0;
}

/* One of our two tests, or another object, which is passed over. */
static int take_test(const json_t *test, struct bench_speeds *out,
                     struct err *err)
{
    double n_prompt = jsonx_number(test, "n_prompt");
    double n_gen    = jsonx_number(test, "n_gen");

    if (n_prompt == 0 && n_gen == BENCH_TOKENS && !out->tok_s)
        return copy_samples(test, &out->tok_s, &out->n_tok_s, err);
    if (n_prompt == BENCH_PROMPT && n_gen == 0 && !out->prompt_tok_s)
        return copy_samples(test, &out->prompt_tok_s, &out->n_prompt_tok_s,
                            err);
    return 0;
}

/* The objects of the array are looked for one by one, each at the start of a
 * line: between them may stand what drivers and backends have to say. */
int bench_parse(const char *text, struct bench_speeds *out, struct err *err)
{
    const char *at    = text;
    int         tries = MAX_OBJECTS, rc = 0;

    while (rc == 0 && *(at += strspn(at, " \t\r\n")) && tries > 0) {
        json_error_t why;
        json_t      *test = *at == '{' && tries-- > 0
            ? json_loads(at, JSON_DISABLE_EOF_CHECK, &why) : NULL;

        if (test) {
            rc = take_test(test, out, err);
            at += why.position;
            json_decref(test);
        }
        at += strcspn(at, "\n");
    }
    if (rc == 0 && (!out->tok_s || !out->prompt_tok_s))
        rc = err_set(err, ERR_FAILED, "llama-bench printed no result for %s; "
                     "run it by hand to see why", out->tok_s
                     ? "reading a prompt" : "generating tokens");
    return rc;
}

/* ---- the child ----------------------------------------------------------- */

static char *beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    char       *file  = slash
        ? mem_printf("%.*s/llama-bench", (int)(slash - path), path)
        : mem_copy("./llama-bench");
    struct stat st;

    if (stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
        access(file, X_OK) == 0)
        return file;
    free(file);
    return NULL;
}

char *bench_path(const char *server_path)
{
    char *found = server_path ? beside(server_path) : NULL;
    char *real  = server_path && !found ? realpath(server_path, NULL) : NULL;

    if (real) found = beside(real);      /* the server was found by a link */
    free(real);
    return found;
}

static int explain_end(const char *output, int status, struct err *err)
{
    struct proc dead  = {.ended = true, .status = status};
    char       *cause = log_cause(output), *shown;
    char        how[300];

    proc_describe_end(&dead, how, sizeof how);
    shown = utf8_printable(cause, strnlen(cause, CAUSE_CHARS));
    err_set(err, ERR_FAILED, "llama-bench %s%s%s%s", how,
            *shown ? "; it says \"" : "", shown, *shown ? "\"" : "");
    free(shown);
    free(cause);
    return -1;
}

int bench_run(const char *server_path, const struct engine_spec *spec,
              int repetitions, double limit_s, struct bench_speeds *out,
              struct err *err)
{
    char  *bench = bench_path(server_path), *output = NULL, **argv;
    int    status = 0, rc;

    *out = (struct bench_speeds){0};
    if (!bench)
        return err_set(err, ERR_PREFLIGHT, "there is no llama-bench beside "
                       "%s; `make engine` builds both", server_path
                       ? server_path : "llama-server");
    if (strchr(spec->candidate->path, ',')) {
        free(bench);
        return err_set(err, ERR_FAILED, "llama-bench takes the comma in %s "
                       "for a list of models; rename the file",
                       spec->candidate->path);
    }
    argv = bench_args(bench, spec, repetitions);
    rc = proc_capture_told(argv, limit_s, OUTPUT_BYTES, spec->on_child,
                           spec->on_child_ctx, &output, &status, err);
    if (rc == 0 && status != 0) rc = explain_end(output, status, err);
    if (rc == 0) rc = bench_parse(output, out, err);
    if (rc == 0) out->command = proc_quote(argv);
    else bench_speeds_done(out);
    for (char **at = argv; *at; at++) free(*at);
    free(argv);
    free(output);
    free(bench);
    return rc;
}

void bench_speeds_done(struct bench_speeds *s)
{
    free(s->tok_s);
    free(s->prompt_tok_s);
    free(s->command);
    *s = (struct bench_speeds){0};
}
