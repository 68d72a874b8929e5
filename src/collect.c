/* SPDX-License-Identifier: MIT */
/* collect.c - step 7: stored trials become the facts that reports render.
 * What an engine said of itself is remembered with the subject, so that a
 * report needs no engine. */
#include "audition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "decide.h"
#include "diagnose.h"
#include "stats.h"
#include "tools_prompt.h"
#include "version.h"

#define MOST_RECALLED 8192   /* bytes of a text */

static void set_truth(json_t *object, const char *key, int value)
{
    json_object_set_new(object, key,
                        value < 0 ? json_null() : json_boolean(value));
}

int audition_remember_engine(struct audition *a, struct entry *e,
                             struct err *err)
{
    json_t *o;
    char   *text;
    int     rc;

    o = json_object();
    jsonx_set_text(o, "engine", e->engine.engine);
    jsonx_set_text(o, "build", e->engine.build);
    jsonx_set_text(o, "command", e->engine.command);
    jsonx_set_text(o, "model", e->engine.model);
    jsonx_set_text(o, "server", e->engine.server);
    jsonx_set_text(o, "context_note", e->engine.context_note);
    jsonx_set_integer(o, "context", e->engine.context);
    jsonx_set_number(o, "memory_bytes", e->engine.memory_bytes);
    json_object_set_new(o, "remote", json_boolean(e->engine.remote));
    json_object_set_new(o, "has_completion",
                        json_boolean(e->engine.has_completion));
    json_object_set_new(o, "has_raw_text",
                        json_boolean(e->engine.has_raw_text));
    set_truth(o, "has_template", e->engine.has_template);
    set_truth(o, "supports_tools", e->engine.supports_tools);
    set_truth(o, "supports_tool_calls", e->engine.supports_tool_calls);
    set_truth(o, "supports_system_role", e->engine.supports_system_role);
    text = jsonx_dump(o);
    rc = store_remember(a->store, "engine", e->subject_hash, text, err);
    free(text);
    json_decref(o);
    return rc;
}

void audition_remember_board(struct audition *a, const struct entry *e)
{
    const struct board_state *b = &a->board;
    struct coload_facts coload;
    struct err ignored = {0};
    json_t    *o = json_object();
    char      *text;

    json_object_set(o, "at_start", b->at_start);
    jsonx_set_text(o, "fallback", b->fallback == 1 ? b->fallback_why : NULL);
    if (b->coload) {
        coload_report(b->coload, &coload);
        json_object_set_new(o, "co_load", coload_json(&coload));
    }
    text = jsonx_dump(o);
    if (store_remember(a->store, "board", e->subject_hash, text, &ignored))
        story_say(a, "%s", ignored.text);
    free(text);
    json_decref(o);
}

json_t *audition_recall_board(struct audition *a, const struct entry *e)
{
    char      *text = store_recall(a->store, "board", e->subject_hash);
    struct err ignored = {0};
    json_t    *o = text ? jsonx_parse(text, strlen(text), &ignored) : NULL;

    free(text);
    return o;
}

/* The store may be damaged: what is absurd is unknown. */
static char *recalled_text(const json_t *o, const char *key)
{
    const char *text = jsonx_text(o, key);

    return text ? mem_copy_n(text, strnlen(text, MOST_RECALLED)) : NULL;
}

static int recalled_context(const json_t *o)
{
    double tokens = jsonx_number(o, "context");

    return tokens > 0 && tokens < 1e9 ? (int)tokens : -1;
}

void audition_recall_engine(struct audition *a, struct entry *e)
{
    char      *text = e->engine_ran ? NULL :
        store_recall(a->store, "engine", e->subject_hash);
    struct err ignored = {0};
    json_t    *o = text ? jsonx_parse(text, strlen(text), &ignored) : NULL;

    if (o) {
        engine_facts_done(&e->engine);
        e->engine.engine = recalled_text(o, "engine");
        e->engine.build = recalled_text(o, "build");
        e->engine.command = recalled_text(o, "command");
        e->engine.model = recalled_text(o, "model");
        e->engine.server = recalled_text(o, "server");
        e->engine.context_note = recalled_text(o, "context_note");
        e->engine.context = recalled_context(o);
        e->engine.memory_bytes = jsonx_number(o, "memory_bytes");
        if (!(e->engine.memory_bytes > 0)) e->engine.memory_bytes = NAN;
        e->engine.remote = jsonx_truth(o, "remote") == 1;
        e->engine.has_completion = jsonx_truth(o, "has_completion") == 1;
        e->engine.has_raw_text = jsonx_truth(o, "has_raw_text") == 1;
        e->engine.has_template = jsonx_truth(o, "has_template");
        e->engine.supports_tools = jsonx_truth(o, "supports_tools");
        e->engine.supports_tool_calls = jsonx_truth(o, "supports_tool_calls");
        e->engine.supports_system_role = jsonx_truth(o,
                                                     "supports_system_role");
    }
    json_decref(o);
    free(text);
}

static void copy_identity(const struct entry *e, struct candidate_facts *f)
{
    const struct candidate   *c = e->candidate;
    const struct engine_facts *g = &e->engine;
    bool known = g->engine != NULL;

    f->name = mem_copy(c->name);
    f->file = mem_copy(c->path);
    f->sha256 = c->sha256[0] ? mem_copy(c->sha256) : NULL;
    f->base_url = mem_copy(c->base_url);
    f->quantisation = mem_copy(c->facts.quantisation);
    f->architecture = mem_copy(c->facts.architecture);
    f->parameters = c->facts.parameters > 0 ? c->facts.parameters : NAN;
    f->file_bytes = c->facts.file_bytes ? (double)c->facts.file_bytes : NAN;
    f->remote = g->remote;
    f->is_synthetic = c->facts.is_synthetic;
    f->has_template = known ? g->has_template
                    : c->facts.file_bytes ? c->facts.chat_template != NULL
                                          : -1;
    f->supports_tools = known ? g->supports_tools : -1;
    f->supports_tool_calls = known ? g->supports_tool_calls : -1;
    f->supports_system_role = known ? g->supports_system_role : -1;
    f->server = mem_copy(g->server);
    f->command = mem_copy(g->command);
    f->engine = mem_copy(g->engine);
    f->build = mem_copy(g->build);
    f->verdict = VERDICT_UNKNOWN;
}

static bool all_done(const struct audition *a, const struct entry *e)
{
    for (int block = 0; block < a->schedule.blocks; block++) {
        struct work     w;
        struct schedule s = audition_schedule_of(a, e);

        schedule_next(&s, &e->progress, block, &w);
        if (w.kind != WORK_DONE) return false;
    }
    return true;
}

static void set_status(const struct audition *a, const struct entry *e,
                       const struct evidence *ev, struct candidate_facts *f)
{
    const char *why = e->failure.kind != ERR_NONE ? e->failure.text
                                                  : ev->death;

    if (e->is_skipped) {
        f->status = STATUS_SKIPPED;
        f->verdict = VERDICT_DOES_NOT_FIT;
    } else if (ev->ok_trials == 0 && !a->is_stopped) {
        f->status = STATUS_FAILED;
    } else if (why || !all_done(a, e)) {
        f->status = STATUS_PARTIAL;
    } else {
        f->status = STATUS_OK;
    }
    if (f->status == STATUS_OK) return;
    f->failure = mem_copy(why ? why : "stopped before it was finished; run "
                                      "again to go on");
    f->failure_kind = e->failure.kind != ERR_NONE ? e->failure.kind
                                                  : ERR_FAILED;
}

/* Cases that are not asked in this audition (fewer now, or edited since) are
 * stored, but are no part of its result: "SUITE/ID/HASH" of those that are. */
static json_t *picked_cases(const struct audition *a)
{
    json_t *all = json_object();
    char    key[160];

    for (size_t i = 0; i < a->n_cases; i++) {
        schedule_case_key(a->cases[i], false, key, sizeof key);
        /* nocheck: a long name is cut within a letter. */
        json_object_set_new_nocheck(all, schedule_variant(key).rest,
                                    json_true());
    }
    return all;
}

struct feeding {
    json_t          *picked;
    struct evidence *into;
};

static int feed(void *ctx, const struct trial *t)
{
    struct feeding *f = ctx;
    const char     *rest = schedule_variant(t->key).rest;

    if (!t->suite || (rest && json_object_get(f->picked, rest)))
        evidence_add(f->into, t);
    return 0;
}

static bool needs_tools(void *ctx, const char *suite)
{
    const struct audition *a = ctx;

    for (size_t i = 0; i < a->n_suites; i++)
        if (strcmp(a->suites[i].name, suite) == 0)
            return a->suites[i].wants_calls;
    return false;
}

static const char *group_of(void *ctx, const char *suite, const char *id,
                            int *members)
{
    const struct audition   *a = ctx;
    const struct suite_case *found = NULL;

    for (size_t i = 0; i < a->n_cases && !found; i++)
        if (strcmp(a->cases[i]->id, id) == 0 &&
            strcmp(a->cases[i]->suite, suite) == 0)
            found = a->cases[i];
    if (!found || !found->group) return NULL;
    for (size_t i = 0; i < a->n_cases; i++)
        *members += a->cases[i]->group &&
                    strcmp(a->cases[i]->group, found->group) == 0;
    return found->group;
}

static bool same_sampling(const struct audition *a)
{
    for (size_t i = 1; i < a->list.n; i++)
        if (!json_equal(a->list.items[0].sampling, a->list.items[i].sampling))
            return false;
    return true;
}

static json_t *settings_of(const struct audition *a)
{
    const struct config *c = &a->config;
    json_t *o = json_object(), *t = json_object();

    jsonx_set_number(t, "target_s", c->thresholds.target_s);
    jsonx_set_number(t, "ready_s", c->thresholds.ready_s);
    jsonx_set_number(t, "borderline_s", c->thresholds.borderline_s);
    jsonx_set_number(t, "min_tool_accuracy", c->thresholds.min_tool_accuracy);
    jsonx_set_number(t, "min_quality", c->thresholds.min_quality);
    jsonx_set_number(t, "min_tok_s", c->thresholds.min_tok_s);
    json_object_set_new(o, "thresholds", t);
    jsonx_set_text(o, "objective", c->objective);
    jsonx_set_number(o, "reserve_bytes", c->reserve_bytes);
    jsonx_set_number(o, "budget_s", c->budget_s);
    jsonx_set_text(o, "baseline", c->baseline);
    if (c->phases) json_object_set(o, "phases", c->phases);
    jsonx_set_integer(o, "blocks", a->schedule.blocks);
    jsonx_set_integer(o, "cases", (long long)a->n_cases);
    jsonx_set_number(o, "speaking_rate_words_per_min",
                     c->speaking_rate_words_per_min);
    jsonx_set_text(o, "thinking", c->thinking);
    jsonx_set_text(o, "mode", a->opt->full ? "full" : "quick");
    if (a->list.n && same_sampling(a))
        json_object_set(o, "sampling", a->list.items[0].sampling);
    else
        jsonx_set_text(o, "sampling", "differs by candidate");
    return o;
}

/* The engine's left-over memory becomes what is left beside the reserve. */
static void subtract_reserve(struct evidence *e, double reserve_bytes)
{
    int id = METRIC_left_for_speech_bytes;

    for (size_t i = 0; i < e->n[id]; i++) e->values[id][i] -= reserve_bytes;
}

static void add_predicted(struct candidate_facts *out, enum metric_id id,
                          struct range r)
{
    if (isnan(r.value) || out->n_predicted == PREDICTED_MAX) return;
    out->predicted[out->n_predicted++] = (struct predicted){
        id, r.value, r.low, r.high, r.value / out->metrics[id].median - 1};
}

static void set_predicted(const struct audition *a, const struct entry *e,
                          struct candidate_facts *out)
{
    const struct forecast *f = &e->forecast;
    double                 memory = f->memory.total;

    if (out->remote) return;
    add_predicted(out, METRIC_served_tok_s, f->served_tok_s);
    add_predicted(out, METRIC_prompt_tok_s, f->prompt_tok_s);
    add_predicted(out, METRIC_ttft_s, f->ttft_s);
    add_predicted(out, METRIC_first_sentence_s, f->first_sentence_s);
    add_predicted(out, METRIC_latency50_s, f->latency50_s);
    /* Of a GPU with memory of its own what is predicted is what it holds. */
    if (a->device.backend == BACKEND_CPU || a->device.is_unified)
        add_predicted(out, METRIC_peak_memory_bytes,
                      (struct range){memory, NAN, NAN});
    else
        add_predicted(out, METRIC_device_bytes,
                      (struct range){f->memory.device_total, NAN, NAN});
}

/* Each as {"value","low","high"} under its metric's name. */
static int keep_predicted(struct audition *a, const struct entry *e,
                          const struct candidate_facts *out, struct err *err)
{
    json_t *all = json_object();
    char   *text;
    int     rc;

    for (size_t i = 0; i < out->n_predicted; i++) {
        json_t *one = json_object();

        jsonx_set_number(one, "value", out->predicted[i].value);
        jsonx_set_number(one, "low", out->predicted[i].low);
        jsonx_set_number(one, "high", out->predicted[i].high);
        json_object_set_new(all, metric_info[out->predicted[i].metric].name,
                            one);
    }
    text = jsonx_dump(all);
    rc = store_remember(a->store, "predicted", e->subject_hash, text, err);
    free(text);
    json_decref(all);
    return rc;
}

/* What was said before a measurement stays what it was, although the
 * measurement has corrected later predictions. */
static void recall_predicted(struct audition *a, const struct entry *e,
                             struct candidate_facts *out)
{
    char      *text = store_recall(a->store, "predicted", e->subject_hash);
    struct err ignored = {0};
    json_t    *all = text ? jsonx_parse(text, strlen(text), &ignored) : NULL;

    for (size_t i = 0; i < out->n_predicted; i++) {
        struct predicted *p = &out->predicted[i];
        const json_t *one = json_object_get(all, metric_info[p->metric].name);

        if (!one) continue;
        p->value = jsonx_number(one, "value");
        p->low = jsonx_number(one, "low");
        p->high = jsonx_number(one, "high");
        p->error = p->value / out->metrics[p->metric].median - 1;
    }
    json_decref(all);
    free(text);
}

static void add_finding(struct candidate_facts *out, const struct finding *f)
{
    out->findings = mem_grow(out->findings, out->n_findings + 1,
                             sizeof *out->findings);
    out->findings[out->n_findings++] = *f;
}

/* What the preflight found of template and model. */
static void set_preflight(struct audition *a, struct entry *e,
                          struct candidate_facts *out)
{
    struct tools_prompt by_prompt;

    audition_recall_preflight(a, e);
    if (!progress_has(&e->progress, "preflight")) return;
    out->preflight = preflight_json(&e->preflight);
    if (e->preflight.tools == TOOLS_NONE) out->supports_tools = 0;
    for (size_t i = 0; i < e->preflight.n_findings; i++)
        add_finding(out, &e->preflight.findings[i]);
    out->reasoning.can_disable = e->preflight.can_disable;
    snprintf(out->reasoning.how, sizeof out->reasoning.how, "%s",
             e->preflight.disabled_by ? e->preflight.disabled_by
             : e->preflight.tried     ? e->preflight.tried : "");
    tools_prompt_make(e->candidate->known, &by_prompt);
    for (size_t i = 0; i < out->n_quality; i++)
        if (out->quality[i].by_prompt)
            out->quality[i].dialect = mem_printf(
                "%s, %s", by_prompt.name, by_prompt.source
                ? by_prompt.source : "not documented for this model");
    tools_prompt_done(&by_prompt);
}

/* Why later turns are slow, and what serving costs. */
static void set_diagnoses(const struct audition *a, const struct entry *e,
                          const struct evidence *ev,
                          struct candidate_facts *out)
{
    struct finding found[DIAGNOSES_MAX];
    const struct diagnose_context how = {
        .turns = out->turns, .n_turns = out->n_turns,
        .model = e->candidate->facts.layers > 0 ? &e->candidate->facts : NULL,
        .server_args = &e->candidate->server_args,
        .server = e->engine.server,
        .prompt_has_now = a->prompt.unstamped != NULL,
        .history_rewritten = e->preflight.history == HISTORY_REWRITTEN ? 1
                           : e->preflight.history == HISTORY_STABLE    ? 0
                                                                       : -1,
        .context = e->engine.context, .is_over_context = ev->conversation_end,
        .cache_ram_mib = a->opt->cache_ram_mib};
    size_t n = diagnose_turns(&how, found, DIAGNOSES_MAX);

    for (size_t i = 0; i < n; i++) add_finding(out, &found[i]);
    if (serving_summarise(&ev->serving, e->candidate->facts.vocabulary, out,
                          &found[0]))
        add_finding(out, &found[0]);
}

/* A server that is not ours may say what it takes. */
static void set_reported_memory(const struct entry *e,
                                struct candidate_facts *out)
{
    struct metric *m = &out->metrics[METRIC_peak_memory_bytes];

    /* An engine that never ran has said nothing. */
    if (m->n > 0 || !e->engine.engine || isnan(e->engine.memory_bytes) ||
        e->engine.remote)
        return;
    m->median = e->engine.memory_bytes;
    m->n = 1;
    snprintf(m->reason, sizeof m->reason, "as %.40s reports it",
             e->engine.server ? e->engine.server : "the server");
}

/* What ran beside it, and what that took. */
static void set_coload(const struct evidence *ev, const json_t *known,
                       struct candidate_facts *out)
{
    const json_t *coload = json_object_get(known, "co_load");

    if (!json_is_object(coload)) return;
    out->coload = mem_new(1, sizeof *out->coload);
    coload_read(coload, out->coload);
    out->coload->cpu_cores = stats_median(ev->board.coload_cores,
                                          ev->board.n_coload);
    out->coload->memory_bytes = ev->board.n_coload ? ev->board.coload_bytes
                                                   : NAN;
}

/* What the board was like and did; memory three times; the soak. */
static void set_board(struct audition *a, const struct entry *e,
                      const struct evidence *ev, struct candidate_facts *out)
{
    json_t     *known = e->subject_hash[0] ? audition_recall_board(a, e)
                                           : NULL;
    const char *fallback = jsonx_text(known, "fallback");

    out->board.at_start = json_incref(json_object_get(known, "at_start"));
    board_notes_summarise(&ev->board, fallback ? fallback : "", &out->board);
    set_coload(ev, known, out);
    board_notes_coload(out->coload, &out->board);
    ledger_init(&out->ledger);
    ledger_predicted(&e->forecast.memory, &out->ledger);
    ledger_measured(&ev->ledger, &out->ledger);
    out->ledger.reserve_bytes = a->config.reserve_bytes;
    out->ledger.left_for_speech_bytes =
        out->metrics[METRIC_left_for_speech_bytes].median;
    if (ev->soak && soak_is_any(ev->soak)) {
        out->soak = mem_new(1, sizeof *out->soak);
        soak_summarise(ev->soak, a->config.soak_s, out->soak);
    }
    json_decref(known);
}

/* The same weights without the server around them. */
static void set_beside(const struct entry *e, struct candidate_facts *out)
{
    if (e->engine.server && strcmp(e->engine.server, "Ollama") == 0)
        out->beside = mem_printf("audition run -m %s auditions the same file "
                                 "under llama-server, when Ollama's models "
                                 "are on this machine", e->engine.model);
}

/* Of how many cases a sample was drawn. */
static void set_suite_sizes(const struct audition *a, struct weights *w)
{
    for (size_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < a->n_suites; k++)
            if (strcmp(a->suites[k].name, w->suites[i].name) == 0)
                w->suites[i].cases = (long)a->suites[k].n;
}

static int collect_entry(struct audition *a, struct entry *e,
                         struct evidence *ev, struct candidate_facts *out,
                         struct err *err)
{
    ev->speaking_rate_words_per_min = a->config.speaking_rate_words_per_min;
    if (e->subject_id) {
        struct feeding f = {picked_cases(a), ev};

        audition_recall_engine(a, e);
        /* Transcripts are read only for the few examples in the report. */
        if (store_each_trial(a->store, e->subject_id, e->progress.n_keys < 5000,
                             feed, &f, err)) {
            json_decref(f.picked);
            return -1;
        }
        json_decref(f.picked);
    }
    copy_identity(e, out);
    set_status(a, e, ev, out);
    subtract_reserve(ev, a->config.reserve_bytes);
    evidence_summarise(ev, needs_tools, a, a->config.thresholds.target_s, out);
    if (ev->understanding)
        understanding_summarise(ev->understanding, group_of, a,
                                &out->understanding);
    set_suite_sizes(a, &out->understanding.originals);
    set_preflight(a, e, out);
    set_diagnoses(a, e, ev, out);
    set_reported_memory(e, out);
    set_board(a, e, ev, out);
    set_beside(e, out);
    set_predicted(a, e, out);
    if (!e->engine_ran) recall_predicted(a, e, out);
    else if (keep_predicted(a, e, out, err)) return -1;
    decide_candidate(out, &a->config, ev);
    return store_add_candidate(a->store, a->run.id, e->candidate,
                               e->subject_id, NULL, err);
}

int audition_collect(struct audition *a, struct facts *out, struct err *err)
{
    struct evidence *ev = mem_new(a->list.n, sizeof *ev);
    int              rc = 0;

    *out = (struct facts){
        .run_id = mem_printf("%lld", (long long)a->run.id),
        .started_utc = mem_copy(a->run.started_utc),
        .version = mem_copy(AUDITION_VERSION),
        .config_name = mem_copy(a->config.path ? a->config.path
                                               : "command line"),
        .objective = mem_copy(a->config.objective),
        .method_version = METHOD_VERSION,
        .power_mode = mem_copy(a->config.power_mode),
        .reserve_bytes = a->config.reserve_bytes,
        .is_stopped = a->is_stopped,
        .settings = settings_of(a),
        .candidates = mem_new(a->list.n, sizeof *out->candidates)};
    machine_copy(&out->machine, &a->machine);
    for (size_t i = 0; rc == 0 && i < a->list.n; i++, out->n_candidates++)
        rc = collect_entry(a, &a->entries[i], &ev[i], &out->candidates[i],
                           err);
    if (rc == 0) decide_ranking(out, ev, &a->config);
    for (size_t i = 0; i < a->list.n; i++) evidence_done(&ev[i]);
    free(ev);
    return rc;
}
