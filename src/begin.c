/* SPDX-License-Identifier: MIT */
/* begin.c - step 1 of an audition: flags over the file, candidates, suites,
 * the prompt, and how each is measured; see audition.h. */
#include "audition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "candidates.h"
#include "hearing/hearing.h"
#include "probe/probe.h"

#define DEFAULT_CONTEXT 8192        /* a home of 40 with its tools has 4,000 */
#define QUICK_TURNS 100             /* of the user, over all suites: ten minutes
                                       of an 8B model on an Orin NX          */
#define ALL_CASES 100000            /* a candidate; a larger suite is sampled */
#define NOISE_CASES 20              /* --quick; of those with a home         */
#define NOISE_CASES_FULL 120
#define QUICK_BUDGET_S 180.0        /* of speed measurements, a candidate */
#define FULL_BUDGET_S 900.0
#define ROUNDS_FOR_INTERVAL 6       /* fewer support no 95 % interval */

/* Of the others in the data folder, each is in another language. */
static const char *const our_suites[] = {
    "home", "home_services", "no_call", "instructions", "knowledge",
    "conversations", NULL};

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
                   "server with --base-url URL, or list them under "
                   "`candidates:` in an audition.yaml, as `audition init` "
                   "does%s", url && *url
                   ? " (OPENAI_BASE_URL is another host: only --base-url "
                     "sends prompts there)" : "");
}

static void replace_text(char **into, const char *text)
{
    if (!text) return;
    free(*into);
    *into = mem_copy(text);
}

static void replace_texts(struct text_list *into,
                          const struct text_list *with)
{
    text_list_done(into);
    for (size_t i = 0; i < with->n; i++)
        text_list_add(into, with->items[i]);
}

static void apply_coload(const struct run_options *o, struct coload_config *c)
{
    replace_text(&c->command, o->co_load);
    replace_text(&c->health_url, o->co_load_health);
    if (!isnan(o->hold_bytes)) c->memory_bytes = o->hold_bytes;
    if (o->hold_threads >= 0) c->threads = o->hold_threads;
}

/* "5,10" is two; an empty part stays one, so that it is told. */
static void replace_by_parts(struct text_list *into,
                             const struct text_list *with)
{
    text_list_done(into);
    for (size_t i = 0; i < with->n; i++) {
        const char *at = with->items[i];

        for (size_t n = strcspn(at, ","); ; n = strcspn(++at, ",")) {
            char *part = mem_copy_n(at, n);

            text_list_add(into, part);
            free(part);
            at += n;
            if (!*at) break;
        }
    }
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
    if (o->repeats > 0) c->repeats = o->repeats;
    if (o->noise.n) replace_by_parts(&c->noise, &o->noise);
    if (o->context > 0) c->context = o->context;
    replace_text(&c->objective, o->objective);
    if (!isnan(o->speaking_rate_words_per_min))
        c->speaking_rate_words_per_min = o->speaking_rate_words_per_min;
    replace_text(&c->thinking, o->thinking);
    if (!isnan(o->soak_s)) c->soak_s = o->soak_s;
    apply_coload(o, &c->co_load);
    if (!isnan(o->min_tool_accuracy))
        c->thresholds.min_tool_accuracy = o->min_tool_accuracy;
    if (!isnan(o->min_quality)) c->thresholds.min_quality = o->min_quality;
    if (o->suites.n) replace_texts(&c->suites, &o->suites);
    if (o->homes.n) replace_by_parts(&c->homes, &o->homes);
    return c->candidates.n ? 0 : candidate_of_environment(c, err);
}

/* Defaults of the file into each candidate, so that each is whole. */
static void complete_candidates(struct audition *a)
{
    double  temperature = isnan(a->opt->temperature) ? 0 : a->opt->temperature;
    json_t *ours        = json_object(), *file;

    jsonx_set_number(ours, "temperature", temperature);
    if (temperature > 0) jsonx_set_integer(ours, "seed", a->opt->seed);
    file = jsonx_merged(ours, a->config.sampling);
    if (!isnan(a->opt->temperature))
        jsonx_set_number(file, "temperature", temperature);
    for (size_t i = 0; i < a->list.n; i++) {
        struct candidate *c = &a->list.items[i];
        struct text_list  args = {0};
        json_t           *both = jsonx_merged(file, c->sampling);

        json_decref(c->sampling);
        c->sampling = both;
        both = jsonx_merged(a->config.template_kwargs, c->template_kwargs);
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

/* What is left out is told; the rest is run. */
static void tell_broken(const struct audition *a, const struct suite *s)
{
    for (size_t i = 0; i < s->broken.n; i++)
        story_say(a, "left out: %s", s->broken.items[i]);
    if (s->n_broken > s->broken.n)
        story_say(a, "left out: %zu more lines of %s",
                  s->n_broken - s->broken.n, s->path);
}

/* A slip in a name would leave out every case with a home, unnoticed. */
static int check_homes(const struct audition *a, struct err *err)
{
    for (size_t i = 0; i < a->config.homes.n; i++) {
        const char *name = a->config.homes.items[i];
        bool        known = false;

        for (size_t k = 0; k < a->n_suites; k++)
            for (size_t h = 0; h < a->suites[k].homes.n; h++)
                known = known ||
                        strcmp(a->suites[k].homes.items[h], name) == 0;
        if (!known)
            return err_set(err, ERR_INPUT, "homes: no case of these suites is "
                           "in a home \"%.60s\"; ours are in studio, flat and "
                           "house", name);
    }
    return 0;
}

static int load_suites(struct audition *a, struct err *err)
{
    size_t n = a->config.suites.n, most, most_turns;

    if (n == 0)
        for (n = 0; our_suites[n];) text_list_add(&a->config.suites,
                                                  our_suites[n++]);
    a->suites = mem_new(n, sizeof *a->suites);
    for (size_t i = 0; i < n; i++, a->n_suites++) {
        if (suite_load(&a->suites[i], a->config.suites.items[i],
                       a->opt->keep_going, err))
            return -1;
        tell_broken(a, &a->suites[i]);
    }
    if (check_homes(a, err)) return -1;
    most = a->config.cases > 0 ? (size_t)a->config.cases : ALL_CASES;
    most_turns = a->config.cases > 0 || a->opt->full ? 0 : QUICK_TURNS;
    return suite_pick(a->suites, a->n_suites,
                      a->config.homes.n ? &a->config.homes : NULL, most,
                      most_turns, (uint64_t)a->opt->seed, &a->cases,
                      &a->n_cases, err);
}

/* A word error rate of 1 to 50 percent, or 0: it is none. */
static int percent_of(const char *text)
{
    char *end;
    long  percent = strtol(text, &end, 10);

    return end == text || *end || percent < 1 || percent > 50 ? 0
                                                              : (int)percent;
}

static void set_noise(struct audition *a)
{
    struct schedule *s = &a->schedule;

    s->noise_cases = a->opt->full ? NOISE_CASES_FULL : NOISE_CASES;
    for (size_t i = 0; i < a->config.noise.n; i++)
        s->noise_percent[s->n_noise++] = percent_of(a->config.noise.items[i]);
}

static int check_noise(const struct text_list *list, struct err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        int  percent = percent_of(list->items[i]);
        bool is_twice = false;

        for (size_t k = 0; k < i; k++)
            is_twice = is_twice || percent_of(list->items[k]) == percent;
        if (!percent || is_twice || i >= SCHEDULE_NOISE_MOST)
            return err_set(err, ERR_INPUT, "noise: \"%.40s\" is not one of at "
                           "most %d different word error rates from 1 to 50 "
                           "percent, like 5,10,20", list->items[i],
                           SCHEDULE_NOISE_MOST);
    }
    return 0;
}

/* Else every such case would fail, and three in a row end a candidate. */
static int check_hearing(const struct audition *a, struct err *err)
{
    for (size_t i = 0; a->config.noise.n && i < a->n_cases; i++) {
        const struct suite_case *c = a->cases[i];
        char                    *heard;

        if (!c->home || c->n_turns > 1) continue;
        heard = hearing_noise("", c->language, 0, 0, NULL, err);
        if (!heard)
            return err_ctx(err, "noise: case %s of %s", c->id, c->suite);
        free(heard);
    }
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
        .cold_cases = o->full ? 6 : 2, .soak_s = a->config.soak_s,
        .repeats = a->config.repeats,
        .cases = (const struct suite_case **)a->cases,
        .n_cases = a->n_cases};
    set_noise(a);
    if (a->schedule.max_rounds < a->schedule.min_rounds)
        a->schedule.max_rounds = a->schedule.min_rounds;
}

/* --all-models: one candidate for each model that the server offers. */
static int ask_for_models(struct audition *a, struct err *err);

/* Results of different modes are never mixed. */
static char *power_mode_id(const char *root)
{
    struct reading now;
    double         id;

    reading_init(&now);              /* not all: a GPU's library takes its */
    probe_board.read(root, &now);    /* time, also before a reprint        */
    id = reading_get(&now, READ_power_mode_id);
    reading_done(&now);
    return isnan(id) ? NULL : mem_printf("%.0f", id);
}

void audition_in_mode(struct audition *a, const char *mode_id)
{
    replace_text(&a->power_mode_id, mode_id);
}

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
    machine_read(opt->sysroot ? opt->sysroot : "", &a->machine);
    a->power_mode_id = power_mode_id(opt->sysroot ? opt->sysroot : "");
    a->ran_out_bytes = NAN;
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
    if (check_noise(&a->config.noise, err) || load_suites(a, err) ||
        check_hearing(a, err))
        return -1;
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
