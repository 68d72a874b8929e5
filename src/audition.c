/* SPDX-License-Identifier: MIT */
/* audition.c - steps 1 and 2 of an audition, and the block that runs steps 3
 * to 6 for one candidate; see audition.h. Step 3's identity is identity.c,
 * step 7 collect.c. */
#include "audition.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/http.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "candidates.h"
#include "judge.h"
#include "measure.h"
#include "probe/probe.h"
#include "session.h"
#include "version.h"

#define DEFAULT_CONTEXT 4096
#define DEFAULT_CASES 40            /* --quick */
#define ALL_CASES 100000
#define QUICK_BUDGET_S 180.0        /* of speed measurements, a candidate */
#define FULL_BUDGET_S 900.0
#define ROUNDS_FOR_INTERVAL 6       /* fewer support no 95 % interval */

static const char *const our_suites[] = {"home", "small_talk", "instructions",
                                         "speech", NULL};

/* ---- step 1 ------------------------------------------------------------ */

/* base under over; either may be NULL. New reference or NULL. */
static json_t *merged(const json_t *base, const json_t *over)
{
    json_t *both = base ? json_deep_copy(base) : NULL;

    if (over && !both) return json_deep_copy(over);
    if (over) json_object_update((json_t *)both, (json_t *)(uintptr_t)over);
    return both;
}

static void add_server(struct config *c, const char *url, const char *model)
{
    struct candidate item = {
        .source = SOURCE_SERVER, .context = -1, .measured_tok_s = NAN,
        .expect = {NAN, NAN, NAN, NAN, NAN},
        .name = mem_copy(model ? model : url), .base_url = mem_copy(url),
        .model = mem_copy(model)};

    c->candidates.items = mem_grow(c->candidates.items, c->candidates.n + 1,
                                   sizeof *c->candidates.items);
    c->candidates.items[c->candidates.n++] = item;
}

/* Nobody named a candidate: OPENAI_BASE_URL may, when it is this machine.
 * Prompts go to another host only when a flag or a config says so. */
static int candidate_of_environment(struct config *c, struct err *err)
{
    const char *url = getenv("OPENAI_BASE_URL");

    if (url && *url && http_is_loopback(url)) {
        add_server(c, url, NULL);
        return 0;
    }
    return err_set(err, ERR_INPUT, "no candidate: name models with -m FILE, a "
                   "server with --base-url URL, or write an audition.yaml "
                   "with `audition init`%s", url && *url
                   ? " (OPENAI_BASE_URL is another host: only --base-url "
                     "sends prompts there)" : "");
}

/* What the command line says over what the file says. */
static int apply_options(struct audition *a, struct err *err)
{
    const struct run_options *o = a->opt;
    struct config            *c = &a->config;

    if (o->base_url && o->models.n == 0) add_server(c, o->base_url, NULL);
    for (size_t i = 0; i < o->models.n; i++) {
        if (o->base_url) add_server(c, o->base_url, o->models.items[i]);
        else config_add_model(c, o->models.items[i]);
    }
    if (!isnan(o->reserve_bytes)) c->reserve_bytes = o->reserve_bytes;
    if (!isnan(o->budget_s)) c->budget_s = o->budget_s;
    if (o->cases > 0) c->cases = o->cases;
    if (o->context > 0) c->context = o->context;
    if (o->objective) {
        free(c->objective);
        c->objective = mem_copy(o->objective);
    }
    if (!isnan(o->speaking_rate_words_per_min))
        c->speaking_rate_words_per_min = o->speaking_rate_words_per_min;
    if (o->thinking) {
        free(c->thinking);
        c->thinking = mem_copy(o->thinking);
    }
    if (!isnan(o->min_tool_accuracy))
        c->thresholds.min_tool_accuracy = o->min_tool_accuracy;
    if (!isnan(o->min_quality)) c->thresholds.min_quality = o->min_quality;
    if (o->suites.n) {
        text_list_done(&c->suites);
        for (size_t i = 0; i < o->suites.n; i++)
            text_list_add(&c->suites, o->suites.items[i]);
    }
    return c->candidates.n ? 0 : candidate_of_environment(c, err);
}

/* Defaults of the file into each candidate, so that each is whole. */
static void complete_candidates(struct audition *a)
{
    double  temperature = isnan(a->opt->temperature) ? 0 : a->opt->temperature;
    json_t *ours        = json_object(), *file;

    jsonx_set_number(ours, "temperature", temperature);
    if (temperature > 0) jsonx_set_integer(ours, "seed", a->opt->seed);
    file = merged(ours, a->config.sampling);
    if (!isnan(a->opt->temperature))
        jsonx_set_number(file, "temperature", temperature);
    for (size_t i = 0; i < a->list.n; i++) {
        struct candidate *c = &a->list.items[i];
        struct text_list  args = {0};
        json_t           *both = merged(file, c->sampling);

        json_decref(c->sampling);
        c->sampling = both;
        both = merged(a->config.template_kwargs, c->template_kwargs);
        json_decref(c->template_kwargs);
        c->template_kwargs = both;
        for (size_t k = 0; k < a->config.server_args.n; k++)
            text_list_add(&args, a->config.server_args.items[k]);
        for (size_t k = 0; k < c->server_args.n; k++)
            text_list_add(&args, c->server_args.items[k]);
        text_list_done(&c->server_args);
        c->server_args = args;
    }
    json_decref(file);
    json_decref(ours);
}

static int load_suites(struct audition *a, struct err *err)
{
    size_t n = a->config.suites.n, most;

    if (n == 0)
        for (n = 0; our_suites[n];) text_list_add(&a->config.suites,
                                                  our_suites[n++]);
    a->suites = mem_new(n, sizeof *a->suites);
    for (size_t i = 0; i < n; i++, a->n_suites++)
        if (suite_load(&a->suites[i], a->config.suites.items[i], err))
            return -1;
    most = a->config.cases > 0 ? (size_t)a->config.cases
         : a->opt->full ? ALL_CASES : DEFAULT_CASES;
    a->n_cases = suite_pick(a->suites, a->n_suites, most,
                            (uint64_t)a->opt->seed, &a->cases);
    return 0;
}

void audition_schedule(struct audition *a)
{
    const struct run_options *o = a->opt;
    double budget = a->config.budget_s;
    int    blocks = o->blocks > 0 ? o->blocks
                  : a->machine.reload_degrades ? 1 : 2;

    budget = isnan(budget) ? (o->full ? FULL_BUDGET_S : QUICK_BUDGET_S)
                           : budget / (double)a->list.n;
    a->schedule = (struct schedule){
        .blocks = blocks, .block_budget_s = budget / blocks,
        .min_rounds = o->rounds > 0 ? o->rounds
            : (ROUNDS_FOR_INTERVAL + blocks - 1) / blocks,
        .max_rounds = o->full ? 30 : 10, .narrow_frac = o->full ? 0.03 : 0.05,
        .long_prefill = o->full, .can_complete = true,
        .deep_blocks = o->full ? blocks : 1,
        .cold_cases = o->full ? 6 : 2,
        .cases = a->cases, .n_cases = a->n_cases};
    if (a->schedule.max_rounds < a->schedule.min_rounds)
        a->schedule.max_rounds = a->schedule.min_rounds;
}

/* --all-models: one candidate for each model that the server offers. */
static int ask_for_models(struct audition *a, struct err *err);

int audition_begin(struct audition *a, const struct run_options *opt,
                   const char *config_path, struct err *err)
{
    a->opt = opt;
    if (config_path) {
        if (config_load(&a->config, config_path, err)) return -1;
    } else {
        config_init(&a->config);
    }
    if (catalogue_load(&a->catalogue, err)) return -1;
    if (boards_load(&a->boards, err)) return -1;
    a->constants = speed_load(err);
    if (!a->constants) return -1;
    if (opt->all_models && ask_for_models(a, err)) return -1;
    if (!opt->all_models && apply_options(a, err)) return -1;
    if (candidates_resolve(&a->config, &a->catalogue, &a->list, err)) return -1;
    if (opt->download && audition_download(a, err)) return -1;
    machine_read("", &a->machine);
    complete_candidates(a);
    a->entries = mem_new(a->list.n, sizeof *a->entries);
    for (size_t i = 0; i < a->list.n; i++) {
        struct entry *e = &a->entries[i];

        e->candidate = &a->list.items[i];
        e->failure = a->list.items[i].failure;
        e->is_out = e->failure.kind != ERR_NONE;
        e->context = a->list.items[i].context > 0 ? a->list.items[i].context
                   : a->config.context > 0 ? a->config.context
                   : DEFAULT_CONTEXT;
        e->sampling = a->list.items[i].sampling;
        e->template_kwargs = a->list.items[i].template_kwargs;
    }
    if (load_suites(a, err)) return -1;
    if (prompt_user(&a->prompt, &a->config, err)) return -1;
    audition_schedule(a);
    return 0;
}

static int ask_for_models(struct audition *a, struct err *err)
{
    struct run_options with = *a->opt;
    struct text_list   names = {0};
    struct candidate   c = {.source = SOURCE_SERVER, .name = "server",
                            .base_url = a->opt->base_url};
    int                rc;

    if (!a->opt->base_url)
        return err_set(err, ERR_INPUT, "--all-models needs --base-url");
    if (engine_list_models(&c, a->opt->api_key, &names, err)) return -1;
    with.models = names;
    with.all_models = false;
    {
        const struct run_options *whole = a->opt;
        a->opt = &with;
        rc = apply_options(a, err);
        a->opt = whole;
    }
    text_list_done(&names);
    return rc;
}

/* ---- steps 3 to 6, one block ------------------------------------------- */

struct keeping {
    struct audition *a;
    struct entry    *e;
};

static int keep_trial(void *ctx, const struct trial *t, struct err *err)
{
    struct keeping *k = ctx;

    /* Kept at once: whatever happens now, this engine has run. */
    if (strstr(t->key, "/load/")) {
        k->e->engine_ran = true;
        if (audition_remember_engine(k->a, k->e, err)) return -1;
    }
    return store_put_trial(k->a->store, k->e->subject_id, k->a->run.id, t,
                           err);
}

struct judge_context audition_judging(const struct entry *e, bool by_prompt)
{
    struct judge_context how = {.tools_shown = e->engine.supports_tools};

    if (e->preflight.tools == TOOLS_NONE) how.tools_shown = 0;
    if (e->preflight.tools == TOOLS_GENERIC) how.tools_shown = 1;
    /* A file without a template is served as ChatML, which shows tools. */
    if (e->engine.has_template == 0) how.tools_shown = -1;
    if (by_prompt) how.tools_shown = 1;
    return how;
}

static void judge_trial(void *ctx, const struct suite_case *test,
                        struct trial *t)
{
    struct keeping      *k = ctx;
    struct judge_context how = audition_judging(
        k->e, schedule_is_by_prompt(t->key));

    judge_case(test, t, &how);
}

static int keep_preflight(void *ctx, const struct preflight *found,
                          bool *again, struct err *err)
{
    struct keeping *k = ctx;
    json_t         *o = preflight_json(found);
    char           *text = jsonx_dump(o);
    int             rc = store_remember(k->a->store, "preflight",
                                        k->e->subject_hash, text, err);

    preflight_done(&k->e->preflight);
    preflight_read(o, &k->e->preflight);
    *again = found->template_kwargs || found->more_args.n ||
             found->system_suffix;
    if (*again)
        story_say(k->a, "%s: thinking is switched off (%s); starting again",
                  k->e->candidate->name, found->disabled_by);
    free(text);
    json_decref(o);
    return rc;
}

void audition_recall_preflight(struct audition *a, struct entry *e)
{
    char      *text = a->store && progress_has(&e->progress, "preflight")
        ? store_recall(a->store, "preflight", e->subject_hash) : NULL;
    struct err ignored = {0};
    json_t    *o = text ? jsonx_parse(text, strlen(text), &ignored) : NULL;

    preflight_done(&e->preflight);
    preflight_read(o, &e->preflight);
    /* Without what it found, it is made again. */
    if (!o) progress_forget(&e->progress, "preflight");
    json_decref(o);
    free(text);
}

static void show_work(void *ctx, const struct work *w)
{
    struct keeping *k = ctx;

    story_work(k->a, k->e, w);
}

/* "FOLDER/audition-NAME.log"; what is no plain letter in a name becomes _. */
static void engine_log_path(const struct audition *a, const struct entry *e,
                            char *out, size_t size)
{
    char name[64];

    snprintf(name, sizeof name, "%s", e->candidate->name);
    for (char *c = name; *c; c++)
        if (!strchr("-_.", *c) && !isalnum((unsigned char)*c)) *c = '_';
    snprintf(out, size, "%s/audition-%s.log", a->config.folder, name);
}

static void note_failure(struct audition *a, struct entry *e,
                         const struct err *why)
{
    e->is_out = true;
    e->failure = *why;
    story_fail(a, e);
}

struct schedule audition_schedule_of(const struct audition *a,
                                     const struct entry *e)
{
    struct schedule s = a->schedule;

    /* What an engine that runs cannot do is not missing from its results. */
    if (e->engine.engine) {
        s.can_complete = e->engine.has_completion;
        s.has_raw_text = e->engine.has_raw_text;
    }
    s.tools_by_prompt = preflight_drops_tools(&e->preflight);
    return s;
}

/* The way that the preflight found: over what the config says. */
struct way {
    json_t           *template_kwargs;
    struct prompt_kit prompt;
};

static void find_way(const struct audition *a, const struct entry *e,
                     struct way *w)
{
    const struct prompt_kit *p = &a->prompt;

    w->template_kwargs = merged(e->template_kwargs,
                                e->preflight.template_kwargs);
    w->prompt = (struct prompt_kit){mem_copy(p->system),
                                    json_incref(p->tools),
                                    mem_copy(p->unstamped)};
    if (e->preflight.system_suffix)
        prompt_append(&w->prompt, e->preflight.system_suffix);
}

static void way_done(struct way *w)
{
    json_decref(w->template_kwargs);
    prompt_done(&w->prompt);
}

/* One start of the engine; *again: the preflight found another way. */
static int one_start(struct audition *a, struct entry *e, int block,
                     const char *log, bool *again, bool *candidate_failed,
                     struct err *err)
{
    struct way         way;
    struct keeping     keeping = {a, e};
    struct schedule    schedule = audition_schedule_of(a, e);
    struct engine_spec spec = {
        .candidate = e->candidate, .server_path = a->llama_server,
        .api_key = a->opt->api_key, .log_path = log, .context = e->context,
        .cache_ram_mib = a->opt->cache_ram_mib, .threads = a->opt->threads,
        .port = a->opt->port, .more_args = &e->preflight.more_args,
        .keep_page_cache = a->opt->keep_page_cache,
        .limits = {a->opt->load_timeout_s, a->opt->first_timeout_s,
                   a->opt->silence_timeout_s, a->opt->answer_timeout_s}};
    struct measure m = {
        .candidate = e->candidate, .spec = &spec, .config = &a->config,
        .schedule = &schedule, .progress = &e->progress,
        .user_prompt = &way.prompt, .sampling = e->sampling,
        .system_suffix = e->preflight.system_suffix,
        .keep = keep_trial, .judge = judge_trial, .on_work = show_work,
        .on_preflight = keep_preflight, .ctx = &keeping};
    int rc = 0;

    *again = false;
    find_way(a, e, &way);
    spec.template_kwargs = m.template_kwargs = way.template_kwargs;
    if (!e->is_out && !measure_is_done(&m, block)) {
        story_say(a, "%s: block %d of %d", e->candidate->name, block + 1,
                  a->schedule.blocks);
        engine_facts_done(&e->engine);
        e->engine_ran = false;
        rc = measure_block(&m, block, &e->engine, again, candidate_failed,
                           err);
    }
    way_done(&way);
    return rc;
}

int audition_block(struct audition *a, struct entry *e, int block,
                   struct err *err)
{
    char       log[4096];
    struct err why = {0};
    bool       candidate_failed = false, again = false;
    int        rc;

    engine_log_path(a, e, log, sizeof log);
    audition_recall_preflight(a, e);
    do rc = one_start(a, e, block, log, &again, &candidate_failed, &why);
    while (rc == 0 && again);
    if (rc) {
        if (why.kind == ERR_STOPPED) a->is_stopped = true;
        else if (candidate_failed) note_failure(a, e, &why);
        else *err = why;
    }
    /* Of a failure the engine's own words stay beside the store. */
    if (!candidate_failed) remove(log);
    else if (access(log, F_OK) == 0)
        story_say(a, "%s: the engine's log is kept in %s", e->candidate->name,
                  log);
    return err->kind == ERR_NONE ? 0 : -1;
}

/* ---- the end ----------------------------------------------------------- */

void audition_end(struct audition *a)
{
    for (size_t i = 0; i < a->list.n && a->entries; i++) {
        engine_facts_done(&a->entries[i].engine);
        preflight_done(&a->entries[i].preflight);
        progress_done(&a->entries[i].progress);
    }
    free(a->entries);
    for (size_t i = 0; i < a->n_suites; i++) suite_done(&a->suites[i]);
    free(a->suites);
    free(a->cases);
    free(a->llama_server);
    prompt_done(&a->prompt);
    store_run_done(&a->run);
    store_close(a->store);
    candidate_list_done(&a->list);
    config_done(&a->config);
    machine_done(&a->machine);
    calibration_done(&a->calibration);
    speed_free(a->constants);
    boards_done(&a->boards);
    catalogue_done(&a->catalogue);
    *a = (struct audition){0};
}

int audition_plan_exit_code(const struct audition *a)
{
    bool only_input = true;

    for (size_t i = 0; i < a->list.n; i++) {
        if (!a->entries[i].is_out) return 0;
        if (a->entries[i].failure.kind != ERR_INPUT) only_input = false;
    }
    return only_input ? 2 : 3;
}

int audition_exit_code(const struct audition *a, const struct facts *facts)
{
    size_t finished = 0;
    bool   only_input = true, any_failed = false;

    if (a->is_stopped) return err_exit_code(ERR_STOPPED);
    for (size_t i = 0; i < facts->n_candidates; i++) {
        const struct candidate_facts *c = &facts->candidates[i];

        if (c->status == STATUS_OK) finished++;
        else any_failed = true;
        if (c->status != STATUS_OK && c->failure_kind != ERR_INPUT)
            only_input = false;
    }
    if (finished == 0) return only_input ? 2 : 3;
    if (a->opt->strict && any_failed) return 1;
    if (a->opt->gate && !facts->recommendation) return 100;
    return 0;
}
