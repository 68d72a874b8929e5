/* SPDX-License-Identifier: MIT */
/* cmd_run.c - `audition run` and `audition score`: the option table, and the
 * way from options to the pipeline. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pipeline.h"
#include "run_options.h"

#define AT(field) offsetof(struct run_options, field)

static const struct opt run_opts[] = {
    {.name = "model", .letter = 'm', .type = OPT_LIST, .at = AT(models),
     .value = "MODEL", .help = "a GGUF file, a glob, a name in the caches, "
     "user/repo:quant; with --base-url the name of a model there; repeatable"},
    {.name = "base-url", .type = OPT_TEXT, .at = AT(base_url), .value = "URL",
     .help = "audition a running OpenAI-compatible server"},
    {.name = "all-models", .type = OPT_FLAG, .at = AT(all_models),
     .help = "with --base-url: every model the server offers"},
    {.name = "api-key", .type = OPT_TEXT, .at = AT(api_key), .value = "KEY",
     .env = "OPENAI_API_KEY", .help = "for --base-url; better in "
     "the environment than on the command line"},
    {.name = "llama-server", .type = OPT_TEXT, .at = AT(llama_server),
     .value = "FILE", .env = "LLAMA_SERVER",
     .help = "the llama-server to start; otherwise PATH, then `make engine`"},
    {.name = "store", .type = OPT_TEXT, .at = AT(store), .value = "FILE",
     .help = "the database; otherwise audition.db beside the config"},
    {.name = "report-folder", .type = OPT_TEXT, .at = AT(report_folder),
     .value = "FOLDER", .help = "where report.md and report.json go; "
     "otherwise beside the config"},
    {.name = "device", .type = OPT_TEXT, .at = AT(device), .value = "BOARD",
     .help = "predict for this board (`audition devices` lists them); "
     "otherwise the config's, else this machine"},
    {.name = "power-mode", .type = OPT_TEXT, .at = AT(power_mode),
     .value = "MODE", .help = "of that board, e.g. MAXN_SUPER or 25W"},
    {.name = "download", .type = OPT_FLAG, .at = AT(download),
     .help = "fetch candidates that are not on this machine into the Hugging "
     "Face cache; sizes and free space are shown first"},
    {.name = "ctx-size", .letter = 'c', .type = OPT_INT, .at = AT(context),
     .min = 256, .max = 1048576, .value = "N",
     .help = "context in tokens, for candidates that state none "
     "(otherwise 8192)"},
    {.name = "threads", .letter = 't', .type = OPT_INT, .at = AT(threads),
     .min = 1, .max = 1024, .value = "N",
     .help = "CPU threads of the engine; otherwise its own choice"},
    {.name = "port", .type = OPT_INT, .at = AT(port), .min = 1, .max = 65535,
     .value = "N", .help = "of the engine; otherwise a free one"},
    {.name = "cache-ram", .type = OPT_INT, .at = AT(cache_ram_mib), .min = 0,
     .max = 1048576, .dflt = "0", .value = "MIB",
     .help = "the engine's prompt cache beside the slot, in MiB"},
    {.name = "temp", .type = OPT_REAL, .at = AT(temperature), .min = 0,
     .max = 5, .alias = "temperature", .value = "T",
     .help = "sampling temperature; otherwise the config's, or 0"},
    {.name = "reserve", .type = OPT_BYTES, .at = AT(reserve_bytes), .min = 0,
     .max = 1e15, .value = "SIZE", .help = "memory that speech needs"},
    {.name = "suite", .type = OPT_LIST, .at = AT(suites), .value = "NAME",
     .help = "cases to ask: a suite's name or a .jsonl file; repeatable"},
    {.name = "home", .type = OPT_LIST, .at = AT(homes), .value = "NAME",
     .help = "of the cases with a home only those of this one (studio, flat, "
     "house): its size is the prompt's; repeatable, or a,b"},
    {.name = "cases", .type = OPT_INT, .at = AT(cases), .min = 1,
     .max = 10000, .alias = "limit", .value = "N",
     .help = "at most so many cases a candidate; otherwise all with --full, "
     "a sample of 100 turns with --quick"},
    {.name = "keep-going", .type = OPT_FLAG, .at = AT(keep_going),
     .help = "leave out lines of a suite that are broken, and run the rest"},
    {.name = "noise", .type = OPT_LIST, .at = AT(noise), .value = "PERCENT",
     .help = "ask home cases again as a speech recogniser would mishear them, "
     "at these word error rates; repeatable, or 5,10,20"},
    {.name = "repeats", .type = OPT_INT, .at = AT(repeats), .min = 1,
     .max = 100, .value = "N", .help = "ask each case so many times: how "
     "consistent are the answers"},
    {.name = "blocks", .type = OPT_INT, .at = AT(blocks), .min = 1, .max = 2,
     .value = "N", .help = "loads of each candidate (2; 1 on Tegra)"},
    {.name = "repetitions", .letter = 'r', .type = OPT_INT, .at = AT(rounds),
     .min = 1, .max = 100, .value = "N",
     .help = "least speed measurements in a block"},
    {.name = "budget", .type = OPT_SECONDS, .at = AT(budget_s), .min = 1,
     .max = 604800, .value = "TIME",
     .help = "engine time for the speed of all candidates together"},
    {.name = "objective", .type = OPT_CHOICE, .at = AT(objective),
     .choices = "quality|latency|speed|memory",
     .help = "what ranks those that pass the gates"},
    {.name = "min-tool-accuracy", .type = OPT_REAL,
     .at = AT(min_tool_accuracy), .min = 0, .max = 1, .value = "RATE",
     .help = "gate: tool cases passed"},
    {.name = "min-quality", .type = OPT_REAL, .at = AT(min_quality), .min = 0,
     .max = 1, .value = "RATE", .help = "gate: all cases passed"},
    {.name = "speaking-rate", .type = OPT_REAL,
     .at = AT(speaking_rate_words_per_min), .min = 1, .max = 1000,
     .value = "WPM", .help = "words a minute of the speech, for the silence "
     "in the middle of answers; otherwise the config's, or 150"},
    {.name = "thinking", .type = OPT_CHOICE, .at = AT(thinking),
     .choices = "off|keep", .help = "switch a model's thinking off where that "
     "can be done (the default), or leave it as it comes"},
    {.name = "keep-page-cache", .type = OPT_FLAG, .at = AT(keep_page_cache),
     .help = "do not drop the model file from the page cache before it is "
     "loaded: starts are then warm"},
    {.name = "soak", .type = OPT_SECONDS, .at = AT(soak_s), .min = 10,
     .max = 604800, .value = "TIME", .help = "keep each candidate answering "
     "for so long after its blocks: drift, growth, failures"},
    {.name = "modes", .type = OPT_LIST, .at = AT(modes), .value = "MODE",
     .help = "audition in this power mode too (number or name, as nvpmodel "
     "has it); repeatable, or a,b,c"},
    {.name = "mode-cmd", .type = OPT_TEXT, .at = AT(mode_cmd), .value = "CMD",
     .help = "what switches the power mode: 'nvpmodel -m {id}'; without it "
     "the commands are printed"},
    {.name = "restore-mode", .type = OPT_TEXT, .at = AT(restore_mode),
     .value = "MODE", .help = "the mode to go back to, on a board that does "
     "not say which it is in"},
    {.name = "co-load", .type = OPT_TEXT, .at = AT(co_load), .value = "CMD",
     .help = "your speech programs: kept running during the audition"},
    {.name = "co-load-health", .type = OPT_TEXT, .at = AT(co_load_health),
     .value = "URL", .help = "asked once a second, its latency recorded; "
     "without --co-load: of speech programs that run already"},
    {.name = "hold-memory", .type = OPT_BYTES, .at = AT(hold_bytes), .min = 0,
     .max = 1e15, .value = "SIZE", .help = "hold so much memory during the "
     "audition, in place of speech programs"},
    {.name = "hold-threads", .type = OPT_INT, .at = AT(hold_threads),
     .min = 0, .max = 1024, .value = "N", .help = "keep so many processor "
     "threads busy during the audition"},
    {.name = "memory-floor", .type = OPT_BYTES, .at = AT(memory_floor_bytes),
     .min = 0, .max = 1e15, .value = "SIZE", .help = "end an engine that "
     "leaves the machine less available memory than this (2 % of it, at "
     "least 192 MiB); 0: never"},
    {.name = "no-sampling", .type = OPT_FLAG, .at = AT(no_sampling),
     .help = "do not watch power, heat, clocks and memory while measuring: "
     "no turn is marked, no engine ended for memory"},
    {.name = "sysroot", .type = OPT_TEXT, .at = AT(sysroot), .value = "DIR",
     .help = "read the board from a copied /sys and /proc (for tests)"},
    {.name = "seed", .letter = 's', .type = OPT_INT, .at = AT(seed), .min = 0,
     .max = 2147483647, .dflt = "1", .value = "N",
     .help = "of the order, the choice of cases and the sampling"},
    {.name = "load-timeout", .type = OPT_SECONDS, .at = AT(load_timeout_s),
     .min = 0.1, .max = 86400, .dflt = "300s", .value = "TIME",
     .help = "for a model to load"},
    {.name = "first-timeout", .type = OPT_SECONDS, .at = AT(first_timeout_s),
     .min = 0.1, .max = 86400, .dflt = "300s", .value = "TIME",
     .help = "to the first byte of an answer"},
    {.name = "silence-timeout", .type = OPT_SECONDS,
     .at = AT(silence_timeout_s), .min = 0.1, .max = 86400, .dflt = "60s",
     .value = "TIME", .help = "between two bytes of an answer"},
    {.name = "answer-timeout", .type = OPT_SECONDS,
     .at = AT(answer_timeout_s), .min = 0.1, .max = 86400, .dflt = "600s",
     .value = "TIME", .help = "for a whole answer"},
    {.name = "quick", .type = OPT_FLAG, .at = AT(quick),
     .help = "fewer cases, wider intervals (the default)"},
    {.name = "full", .type = OPT_FLAG, .at = AT(full),
     .help = "every case, narrower intervals, long prompts"},
    {.name = "fresh", .type = OPT_FLAG, .at = AT(fresh),
     .help = "measure everything anew"},
    {.name = "dry-run", .type = OPT_FLAG, .at = AT(dry_run),
     .help = "print the plan and what it costs at most; start nothing"},
    {.name = "strict", .type = OPT_FLAG, .at = AT(strict),
     .help = "exit 1 when any candidate could not be auditioned"},
    {.name = "gate", .type = OPT_FLAG, .at = AT(gate),
     .help = "exit 100 when no candidate passes every gate"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document on stdout"},
    {.name = "quiet", .letter = 'q', .type = OPT_FLAG, .at = AT(quiet),
     .help = "nothing on stderr but errors"},
    {.name = "no-progress", .type = OPT_FLAG, .at = AT(no_progress),
     .help = "no line that is redrawn"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* The config that is meant: named, or audition.yaml here; none when models
 * or a server are given. */
static const char *config_path(const struct run_options *o,
                               const struct text_list *arguments)
{
    if (arguments->n) return arguments->items[0];
    if (o->models.n || o->base_url || o->all_models) return NULL;
    return access("audition.yaml", F_OK) == 0 ? "audition.yaml" : NULL;
}

static int contradiction(const struct run_options *o)
{
    const char *text = NULL;

    if (o->quick && o->full)
        text = "--quick and --full exclude each other; give one";
    else if (o->all_models && !o->base_url)
        text = "--all-models needs --base-url";
    else if (o->all_models && o->models.n)
        text = "--all-models and --model exclude each other; give one";
    else if (o->mode_cmd && !strstr(o->mode_cmd, "{id}"))
        text = "--mode-cmd needs {id} where the mode's number belongs, as in "
               "'nvpmodel -m {id}'";
    else if (o->dry_run && o->download)
        text = "--dry-run fetches nothing; leave out --download";
    if (!text) return 0;
    fprintf(stderr, "audition run: %s\n", text);
    return 2;
}

static int run(void *options, const enum opt_source *sources,
               const struct text_list *arguments)
{
    const struct run_options *o = options;
    json_t *settings;
    int     code = contradiction(o);

    if (code) return code;
    settings = opt_settings(&command_run, options, sources);
    code = pipeline_run(o, config_path(o, arguments), settings);
    json_decref(settings);
    return code;
}

static int score(void *options, const enum opt_source *sources,
                 const struct text_list *arguments)
{
    const struct run_options *o = options;
    json_t *settings = opt_settings(&command_score, options, sources);
    int     code = pipeline_score(o, config_path(o, arguments), settings);

    json_decref(settings);
    return code;
}

static int plan(void *options, const enum opt_source *sources,
                const struct text_list *arguments)
{
    struct run_options *o = options;

    (void)sources;
    if (o->download) {
        fputs("audition plan: it fetches nothing; leave out --download, or "
              "use `audition run`\n", stderr);
        return 2;
    }
    o->plan_only = true;
    return pipeline_plan(o, config_path(o, arguments));
}

const struct command command_run = {
    .name = "run", .arguments = "[CONFIG]",
    .summary = "audition the candidates and say which to ship",
    .about = "CONFIG is an audition.yaml (`audition init` writes one); "
             "without it and without -m or --base-url, audition.yaml in this "
             "folder is taken.\n\n"
             "What is measured is stored at once. A second run only does what "
             "is missing; --fresh starts anew.",
    .opts = run_opts, .options_bytes = sizeof(struct run_options),
    .max_arguments = 1, .run = run,
};

const struct command command_score = {
    .name = "score", .arguments = "[CONFIG]",
    .summary = "judge stored transcripts again, with today's scorers",
    .about = "Takes the same options as `audition run`, so that it means the "
             "same candidates: it looks for the same engine or server to know "
             "which trials are meant, but asks no model anything.",
    .opts = run_opts, .options_bytes = sizeof(struct run_options),
    .max_arguments = 1, .run = score,
};

const struct command command_plan = {
    .name = "plan", .arguments = "[CONFIG]",
    .summary = "predict memory, speed and latency, before any download",
    .about = "Takes the same options as `audition run` and says what each "
             "candidate will do on the board: verdict, why not, and how long "
             "the audition will take. Starts no engine and reads no network: "
             "models that are not here are looked up in the catalogue.",
    .opts = run_opts, .options_bytes = sizeof(struct run_options),
    .max_arguments = 1, .run = plan,
};
