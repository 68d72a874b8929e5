/* SPDX-License-Identifier: MIT */
/* audition.c - the block that runs steps 3 to 6 for one candidate; see
 * audition.h. Step 1 is begin.c, step 2 forecast.c, step 3's identity
 * identity.c, step 7 collect.c. */
#include "audition.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "judge.h"
#include "measure.h"
#include "session.h"
#include "version.h"

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

    w->template_kwargs = jsonx_merged(e->template_kwargs,
                                e->preflight.template_kwargs);
    w->prompt = (struct prompt_kit){mem_copy(p->system),
                                    json_incref(p->tools),
                                    mem_copy(p->unstamped)};
    if (e->preflight.system_suffix)
        prompt_append(&w->prompt, e->preflight.system_suffix);
}

static bool block_is_done(const struct audition *a, struct entry *e,
                          int block)
{
    const struct schedule schedule = audition_schedule_of(a, e);
    const struct measure  m = {.candidate = e->candidate,
                               .schedule = &schedule,
                               .progress = &e->progress};

    return measure_is_done(&m, block);
}

static void way_done(struct way *w)
{
    json_decref(w->template_kwargs);
    prompt_done(&w->prompt);
}

/* The board is looked at from the first engine on: a complete audition is
 * printed again without. A scripted clock has none. */
static int ensure_board(struct audition *a, const struct entry *e,
                        struct err *err)
{
    const struct coload_config *c = &a->config.co_load;
    char *log = mem_printf("%s/audition-co-load.log", a->config.folder);
    const struct coload_spec coload = {
        .command = c->command, .health_url = c->health_url,
        .hold_bytes = c->memory_bytes, .hold_threads = c->threads,
        .ready_s = c->ready_s, .log_path = log};
    const struct board_spec spec = {
        .root = a->opt->sysroot ? a->opt->sysroot : "",
        .is_sampled = !a->opt->no_sampling,
        .memory_floor_bytes = a->opt->memory_floor_bytes, .coload = &coload};
    int rc = 0;

    if (!a->has_board && e->candidate->source != SOURCE_REPLAY) {
        if (coload_is_wanted(&coload))
            story_say(a, "co-load: starting, and waiting until it is ready");
        rc = board_begin(&a->board, &spec, err);
        a->has_board = rc == 0;
        if (rc) board_end(&a->board);
    }
    free(log);
    return rc;
}

static bool has_gpu_in_system_memory(const struct audition *a)
{
    return a->device.is_unified && a->device.backend != BACKEND_CPU;
}

/* What was predicted, for what is said when it comes otherwise. */
static struct board_expectation expectation(const struct audition *a,
                                            const struct entry *e)
{
    const struct forecast   *f = &e->forecast;
    struct board_expectation out = {
        .gpu_expected = a->device.is_this_machine &&
                        a->device.backend != BACKEND_CPU,
        .is_unified = has_gpu_in_system_memory(a), .gpu_tok_s = NAN,
        .cpu_tok_s = NAN, .memory_bytes = f->memory.total,
        .kv_bytes = f->memory.kv, .context = e->context};

    if (out.gpu_expected) {
        out.gpu_tok_s = f->served_tok_s.value;
        out.cpu_tok_s = forecast_cpu_tok_s(a, e);
    }
    return out;
}

/* One start of the engine; *again: the preflight found another way. */
static int one_start(struct audition *a, struct entry *e, int block,
                     const char *log, bool *again, bool *candidate_failed,
                     struct err *err)
{
    struct way         way;
    struct keeping     keeping = {a, e};
    struct schedule    schedule = audition_schedule_of(a, e);
    const struct board_expectation expected = expectation(a, e);
    struct engine_spec spec = {
        .candidate = e->candidate, .server_path = a->llama_server,
        .api_key = a->opt->api_key, .log_path = log, .context = e->context,
        .cache_ram_mib = a->opt->cache_ram_mib, .threads = a->opt->threads,
        .port = a->opt->port, .more_args = &e->preflight.more_args,
        .keep_page_cache = a->opt->keep_page_cache,
        .on_child = a->has_board ? board_on_child : NULL,
        .on_child_ctx = &a->board,
        .limits = {a->opt->load_timeout_s, a->opt->first_timeout_s,
                   a->opt->silence_timeout_s, a->opt->answer_timeout_s}};
    struct measure m = {
        .candidate = e->candidate, .spec = &spec, .config = &a->config,
        .schedule = &schedule, .progress = &e->progress,
        .user_prompt = &way.prompt, .sampling = e->sampling,
        .system_suffix = e->preflight.system_suffix,
        .keep = keep_trial, .judge = judge_trial, .on_work = show_work,
        .on_preflight = keep_preflight, .ctx = &keeping,
        .board = a->has_board && e->candidate->source != SOURCE_REPLAY
                 ? &a->board : NULL,
        .expected = &expected};
    int rc = 0;

    *again = false;
    find_way(a, e, &way);
    spec.template_kwargs = m.template_kwargs = way.template_kwargs;
    if (!e->is_out && !block_is_done(a, e, block)) {
        story_say(a, "%s: block %d of %d", e->candidate->name, block + 1,
                  a->schedule.blocks);
        engine_facts_done(&e->engine);
        e->engine_ran = false;
        rc = measure_block(&m, block, &e->engine, again, candidate_failed,
                           err);
        /* A server that never answered may be anywhere. */
        if (m.board && !e->engine.remote &&
            (e->engine_ran || (*candidate_failed &&
                               e->candidate->source != SOURCE_SERVER)))
            audition_remember_board(a, e);
    }
    way_done(&way);
    return rc;
}

/* It did not get the memory that it needs: nor will what needs as much. */
static void note_ran_out(struct audition *a, const struct entry *e)
{
    a->ran_out_bytes = fmin(isnan(a->ran_out_bytes) ? INFINITY
                                                    : a->ran_out_bytes,
                            e->forecast.memory.total);
}

void audition_recall_ran_out(struct audition *a, const struct entry *e)
{
    char *text = progress_has(&e->progress, "died")
        ? store_recall(a->store, "ran_out", e->subject_hash) : NULL;

    if (text && strcmp(text, "yes") == 0) note_ran_out(a, e);
    free(text);
}

/* On unified memory, what needs as much as one that ran out would take the
 * machine with it. */
static bool skip_sibling(struct audition *a, struct entry *e, int block)
{
    struct err why = {0};

    if (e->is_out || !has_gpu_in_system_memory(a) ||
        !(e->forecast.memory.total >= a->ran_out_bytes) ||
        block_is_done(a, e, block))
        return false;
    err_set(&why, ERR_FAILED, "not started: a candidate that needs %.0f MiB "
            "ran out of this board's memory, and this one needs %.0f MiB: "
            "choose a smaller quantisation or context",
            a->ran_out_bytes / (1 << 20),
            e->forecast.memory.total / (1 << 20));
    e->is_skipped = true;
    note_failure(a, e, &why);
    return true;
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
    if (skip_sibling(a, e, block)) return 0;
    if (!e->is_out && !block_is_done(a, e, block) && ensure_board(a, e, err))
        return -1;
    do rc = one_start(a, e, block, log, &again, &candidate_failed, &why);
    while (rc == 0 && again);
    if (rc) {
        if (why.kind == ERR_STOPPED) a->is_stopped = true;
        else if (candidate_failed) note_failure(a, e, &why);
        else *err = why;
    }
    if (candidate_failed && a->has_board) {
        if (a->board.ran_out) note_ran_out(a, e);
        if (store_remember(a->store, "ran_out", e->subject_hash,
                           a->board.ran_out ? "yes" : "no", err))
            return -1;
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
    suite_picked_free(a->cases, a->n_cases);
    free(a->llama_server);
    free(a->power_mode_id);
    if (a->has_board) board_end(&a->board);
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
