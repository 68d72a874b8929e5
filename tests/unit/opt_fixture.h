/* SPDX-License-Identifier: MIT */
/* opt_fixture.h - a command with an option of every type, for the tests of
 * opt.h. Include after cmocka.h. */
#ifndef TESTS_OPT_FIXTURE_H
#define TESTS_OPT_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"

struct options {
    bool   json, color;
    int    context, layers;
    double temperature, wait_s, memory_bytes;
    char  *url, *api_key, *objective, *hf;
    struct text_list models;
};

#define AT(member) offsetof(struct options, member)

static const struct opt opts[] = {
    {.name = "json", .letter = 'j', .type = OPT_FLAG, .at = AT(json),
     .help = "print one JSON document"},
    {.name = "color", .type = OPT_FLAG, .at = AT(color), .dflt = "yes",
     .env = "NO_COLOR", .help = "colour on a terminal"},
    {.name = "ctx-size", .letter = 'c', .type = OPT_INT, .at = AT(context),
     .min = 64, .max = 1048576, .value = "N", .dflt = "4096",
     .env = "LLAMA_ARG_CTX_SIZE", .help = "context in tokens"},
    {.name = "n-gpu-layers", .type = OPT_INT, .at = AT(layers), .min = -1,
     .max = 999, .value = "N", .alias = "ngl", .help = "layers on the GPU"},
    {.name = "temp", .type = OPT_REAL, .at = AT(temperature), .max = 2,
     .alias = "temperature", .help = "sampling temperature"},
    {.name = "wait", .type = OPT_SECONDS, .at = AT(wait_s), .min = 1,
     .max = 7200, .help = "how long to wait"},
    {.name = "reserve", .type = OPT_BYTES, .at = AT(memory_bytes),
     .max = 0x1p40, .help = "memory for speech"},
    {.name = "base-url", .type = OPT_TEXT, .at = AT(url), .value = "URL",
     .help = "a server that runs. Don't\\b quote"},
    {.name = "api-key", .type = OPT_TEXT, .at = AT(api_key), .value = "KEY",
     .env = "OPENAI_API_KEY", .help = ".its key"},
    {.name = "objective", .letter = 'o', .type = OPT_CHOICE,
     .at = AT(objective), .choices = "quality|latency|speed|memory",
     .dflt = "quality", .help = "what the best is best at"},
    {.name = "hf-repo", .type = OPT_TEXT, .at = AT(hf), .alias = "hf",
     .value = "REPO", .help = "of Hugging Face"},
    {.name = "model", .letter = 'm', .type = OPT_LIST, .at = AT(models),
     .value = "MODEL", .help = "a model file; long help so that the text has "
     "to go on in a second line of the page"},
    {0}};

static const struct command run = {
    .name = "run", .arguments = "[CONFIG]",
    .summary = "audition the candidates",
    .about = "First paragraph,\nof two lines.\n\n.Second - paragraph.",
    .opts = opts, .options_bytes = sizeof(struct options),
    .max_arguments = 1};
static const struct opt no_opts[] = {{0}};
static const struct command probe = {
    .name = "probe", .arguments = "", .summary = "one reading of everything",
    .about = "", .opts = no_opts, .options_bytes = 1};

#define N_OPTS (sizeof opts / sizeof *opts)

struct parsed {
    struct options   o;
    enum opt_source  sources[N_OPTS];
    struct text_list arguments;
    bool             help;
    struct err       err;
};

/* "a b  c" is three arguments: no argument of these tests holds a space. */
static int parse(struct parsed *p, const char *line)
{
    char  *copy = mem_copy(line), *argv[16];
    int    argc = 0, rc;

    for (char *c = copy; *c;) {
        while (*c == ' ') *c++ = '\0';
        if (*c) argv[argc++] = c;
        while (*c && *c != ' ') c++;
    }
    memset(p, 0xa5, sizeof *p);    /* nothing is expected to be zeroed */
    p->err = (struct err){0};
    rc = opt_parse(&run, argc, argv, &p->o, p->sources, &p->arguments,
                   &p->help, &p->err);
    free(copy);
    return rc;
}

static void done(struct parsed *p)
{
    text_list_done(&p->arguments);
    opt_done(&run, &p->o);
}

static void must_parse(struct parsed *p, const char *line)
{
    if (parse(p, line)) fail_msg("`%s`: %s", line, p->err.text);
    assert_int_equal(ERR_NONE, p->err.kind);
}

static int clear_environment(void **state)
{
    (void)state;
    for (const struct opt *o = opts; o->name; o++) {
        char name[64];
        opt_env_name(o, name, sizeof name);
        unsetenv(name);
        if (o->env) unsetenv(o->env);
    }
    return 0;
}

#define WITH_CLEAN_ENVIRONMENT(f)                                             \
    cmocka_unit_test_setup_teardown(f, clear_environment, clear_environment)

#endif
