/* SPDX-License-Identifier: MIT */
/* cmd_doctor.c - `audition doctor`: its options. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "doctor.h"
#include "report/output.h"

struct doctor_options {
    struct text_list models;
    char  *base_url, *api_key, *llama_server, *thinking;
    bool   all_models;
    int    context, threads;
    double temperature, load_timeout_s, answer_timeout_s;
    bool   json, quiet, no_color;
};

#define AT(field) offsetof(struct doctor_options, field)

static const struct opt doctor_opts[] = {
    {.name = "model", .letter = 'm', .type = OPT_LIST, .at = AT(models),
     .value = "MODEL", .help = "a GGUF file, a glob, a name in the caches, "
     "user/repo:quant; with --base-url the name of a model there; repeatable"},
    {.name = "base-url", .type = OPT_TEXT, .at = AT(base_url), .value = "URL",
     .help = "examine a running OpenAI-compatible server"},
    {.name = "all-models", .type = OPT_FLAG, .at = AT(all_models),
     .help = "with --base-url: every model the server offers"},
    {.name = "api-key", .type = OPT_TEXT, .at = AT(api_key), .value = "KEY",
     .env = "OPENAI_API_KEY", .help = "for --base-url; better in "
     "the environment than on the command line"},
    {.name = "llama-server", .type = OPT_TEXT, .at = AT(llama_server),
     .value = "FILE", .env = "LLAMA_SERVER",
     .help = "the llama-server to start; otherwise PATH, then `make engine`"},
    {.name = "ctx-size", .letter = 'c', .type = OPT_INT, .at = AT(context),
     .min = 256, .max = 1048576, .value = "N",
     .help = "context in tokens, for candidates that state none "
     "(otherwise 8192)"},
    {.name = "threads", .letter = 't', .type = OPT_INT, .at = AT(threads),
     .min = 1, .max = 1024, .value = "N",
     .help = "CPU threads of the engine; otherwise its own choice"},
    {.name = "temp", .type = OPT_REAL, .at = AT(temperature), .min = 0,
     .max = 5, .alias = "temperature", .value = "T",
     .help = "sampling temperature; otherwise the config's, or 0"},
    {.name = "thinking", .type = OPT_CHOICE, .at = AT(thinking),
     .choices = "off|keep", .help = "look for what switches a model's "
     "thinking off (the default), or leave it as it comes"},
    {.name = "load-timeout", .type = OPT_SECONDS, .at = AT(load_timeout_s),
     .min = 0.1, .max = 86400, .dflt = "300s", .value = "TIME",
     .help = "for a model to load"},
    {.name = "answer-timeout", .type = OPT_SECONDS,
     .at = AT(answer_timeout_s), .min = 0.1, .max = 86400, .dflt = "300s",
     .value = "TIME", .help = "for a whole answer"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document on stdout"},
    {.name = "quiet", .letter = 'q', .type = OPT_FLAG, .at = AT(quiet),
     .help = "nothing on stderr but errors"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* The same candidates that `audition run` would take. */
static struct run_options as_run(const struct doctor_options *o)
{
    return (struct run_options){
        .models = o->models, .base_url = o->base_url, .api_key = o->api_key,
        .all_models = o->all_models, .llama_server = o->llama_server,
        .thinking = o->thinking, .context = o->context,
        .threads = o->threads, .port = -1, .cache_ram_mib = 0,
        .temperature = o->temperature, .reserve_bytes = NAN, .cases = -1,
        .blocks = -1, .rounds = -1, .budget_s = NAN,
        .min_tool_accuracy = NAN, .min_quality = NAN,
        .speaking_rate_words_per_min = NAN, .seed = 1,
        .load_timeout_s = o->load_timeout_s,
        .first_timeout_s = o->answer_timeout_s,
        .silence_timeout_s = o->answer_timeout_s,
        .answer_timeout_s = o->answer_timeout_s,
        .json = o->json, .quiet = o->quiet, .no_progress = true,
        .no_color = o->no_color};
}

static const char *config_path(const struct doctor_options *o,
                               const struct text_list *arguments)
{
    if (arguments->n) return arguments->items[0];
    if (o->models.n || o->base_url || o->all_models) return NULL;
    return access("audition.yaml", F_OK) == 0 ? "audition.yaml" : NULL;
}

static void tell(const char *name)
{
    char *safe = utf8_printable(name, strlen(name));

    fprintf(stderr, "examining %s\n", safe);
    free(safe);
}

static void keep_quiet(const char *name) { (void)name; }

static int doctor(void *options, const enum opt_source *sources,
                  const struct text_list *arguments)
{
    const struct doctor_options *o = options;
    struct run_options           with = as_run(o);
    struct doctor                d = {0};
    struct err                   err = {0};
    int                          code;

    (void)sources;
    if (doctor_examine(&with, config_path(o, arguments),
                       o->quiet ? keep_quiet : tell, &d, &err)) {
        fprintf(stderr, "audition: %s\n", err.text);
        if (o->json) output_error(&err);
        code = err_exit_code(err.kind);
    } else {
        if (o->json) output_json(doctor_json(&d));
        else doctor_print(&d, o->no_color);
        code = doctor_exit_code(&d);
    }
    doctor_done(&d);
    return code;
}

const struct command command_doctor = {
    .name = "doctor", .arguments = "[CONFIG]",
    .summary = "is it the model, the template or the engine? examine them",
    .about = "Takes the candidates of `audition run` (CONFIG, audition.yaml "
             "in this folder, -m or --base-url), starts each for a few "
             "seconds, and says what is wrong with it, whose fault that is "
             "and what to do: tools that the template drops, calls that "
             "nobody parses, a history that is rewritten, thinking that "
             "cannot be switched off. It also names the processes that hold "
             "the GPU or much memory of this machine, and the command that "
             "ends each. Without candidates it looks at the engine and the "
             "machine. Stores nothing.",
    .opts = doctor_opts, .options_bytes = sizeof(struct doctor_options),
    .max_arguments = 1, .run = doctor,
};
