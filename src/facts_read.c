/* SPDX-License-Identifier: MIT */
/* facts_read.c - see facts_read.h. The mirror of report/json.c, in the same
 * order. The text may come from a damaged store or another version. */
#include "facts_read.h"

#include <limits.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "board_notes.h"
#include "coload.h"
#include "ledger.h"
#include "mode_facts.h"
#include "soak.h"

#define NEXT_STEP "`audition run` writes it anew"

static char *text_of(const json_t *object, const char *key)
{
    return mem_copy(jsonx_text(object, key));
}

static long count_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    json_int_t    count = json_is_integer(value) ? json_integer_value(value)
                                                 : -1;

    return count >= 0 && count <= INT_MAX ? (long)count : -1;
}

static void copy_text(char *out, size_t size, const json_t *object,
                      const char *key)
{
    utf8_copy(out, size, jsonx_text(object, key));
}

static void read_machine(const json_t *object, struct facts *out)
{
    out->machine = (struct machine){
        .board = text_of(object, "board"), .cpu = text_of(object, "cpu"),
        .cores = (int)count_of(object, "cores"),
        .memory_bytes = jsonx_number(object, "memory_bytes"),
        .available_bytes = jsonx_number(object, "available_bytes"),
        .os = text_of(object, "os"), .kernel = text_of(object, "kernel"),
        .arch = text_of(object, "arch"),
        .reload_degrades = jsonx_truth(object, "reload_degrades") == 1};
    out->power_mode = text_of(object, "power_mode");
}

/* What the preflight said of the template, if anything: the whole object, of
 * which json.c writes the keys below from fields of their own. */
static json_t *preflight_of(const json_t *object)
{
    static const char *const own[] = {"present", "supports_tools",
        "supports_tool_calls", "supports_system_role", "findings"};
    size_t others = json_object_size(object);

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (json_object_get(object, own[i])) others--;
    return others > 0 ? json_deep_copy(object) : NULL;
}

static void read_template(const json_t *object, struct candidate_facts *c)
{
    const json_t *list = json_object_get(object, "findings"), *item;
    size_t        i;

    c->has_template = jsonx_truth(object, "present");
    c->supports_tools = jsonx_truth(object, "supports_tools");
    c->supports_tool_calls = jsonx_truth(object, "supports_tool_calls");
    c->supports_system_role = jsonx_truth(object, "supports_system_role");
    c->findings = mem_new(json_array_size(list), sizeof *c->findings);
    json_array_foreach(list, i, item) {
        struct finding *f = &c->findings[c->n_findings++];

        copy_text(f->kind, sizeof f->kind, item, "kind");
        f->fault = fault_from_name(jsonx_text(item, "fault"));
        copy_text(f->text, sizeof f->text, item, "text");
        copy_text(f->remedy, sizeof f->remedy, item, "remedy");
    }
    c->preflight = preflight_of(object);
}

static void read_metric(const json_t *object, struct metric *out)
{
    const json_t *percentiles = json_object_get(object, "percentiles");

    out->median = jsonx_number(object, "median");
    out->low = jsonx_number(object, "low");
    out->high = jsonx_number(object, "high");
    out->n = count_of(object, "n");
    for (size_t i = 0; i < CERTIFIED; i++)
        out->certified[i] = jsonx_number(
            json_object_get(percentiles, certified_name[i]), "value");
    out->is_marked = jsonx_truth(object, "marked") == 1;
    copy_text(out->reason, sizeof out->reason, object, "reason");
}

static void read_metrics(const json_t *object, struct candidate_facts *c)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        read_metric(json_object_get(object, metric_info[i].name),
                    &c->metrics[i]);
}

/* A turn without its number says nothing, and is left out. */
static void read_turns(const json_t *list, struct candidate_facts *c)
{
    const json_t *item;
    size_t        i;

    json_array_foreach(list, i, item) {
        long turn = count_of(item, "turn");

        if (turn < 0 || c->n_turns == TURNS_MAX) continue;
        c->turns[c->n_turns++] = (struct turn_facts){
            .turn = (int)turn,
            .first_sentence_s = jsonx_number(item, "first_sentence_s"),
            .prompt_tokens = jsonx_number(item, "prompt_tokens"),
            .cached_tokens = jsonx_number(item, "cached_tokens"),
            .unchanged_tokens = jsonx_number(item, "unchanged_tokens"),
            .reread_tokens = jsonx_number(item, "reread_tokens")};
    }
}

static void read_cliff(const json_t *object, struct cliff_facts *out)
{
    const json_t *points = json_object_get(object, "points"), *item;
    size_t        i;

    json_array_foreach(points, i, item) {
        struct cliff_point *p = &out->points[out->n];

        if (out->n == CLIFF_POINTS) break;
        p->entities = jsonx_number(item, "entities");
        p->prompt_tokens = jsonx_number(item, "prompt_tokens");
        p->ttft_s = jsonx_number(item, "ttft_s");
        copy_text(p->reason, sizeof p->reason, item, "reason");
        out->n++;
    }
    out->knee_tokens = jsonx_number(object, "knee_tokens");
    out->max_entities = jsonx_number(object, "max_entities");
    out->limit_s = jsonx_number(object, "limit_s");
    out->is_bound = jsonx_truth(object, "is_bound") == 1;
    copy_text(out->reason, sizeof out->reason, object, "reason");
}

static void read_calls(const json_t *object, struct call_facts *out)
{
    long wanted = count_of(object, "wanted");

    out->wanted = wanted > 0 ? wanted : 0;
    out->rate = jsonx_number(object, "rate");
    out->rate_if_parsed = jsonx_number(object, "rate_if_parsed");
}

static void read_reasoning(const json_t *object, struct reasoning_facts *out)
{
    out->answers = count_of(object, "answers");
    out->leak_rate = jsonx_number(object, "leak_rate");
    out->empty_rate = jsonx_number(object, "empty_rate");
    out->can_disable = jsonx_truth(object, "can_disable");
    copy_text(out->how, sizeof out->how, object, "how");
}

static void read_serving(const json_t *list, struct candidate_facts *c)
{
    const json_t *item;
    size_t        i;

    json_array_foreach(list, i, item) {
        struct serving_variant *v = &c->serving[c->n_serving];

        if (c->n_serving == SERVING_VARIANTS) break;
        copy_text(v->name, sizeof v->name, item, "name");
        v->tok_s = jsonx_number(item, "tok_s");
        v->saves_ms_per_token = jsonx_number(item, "saves_ms_per_token");
        v->is_sure = jsonx_truth(item, "is_sure") == 1;
        c->n_serving++;
    }
}

static void read_predicted(json_t *object, struct candidate_facts *c)
{
    const char *name;
    json_t     *value;

    json_object_foreach(object, name, value) {
        int id = metric_find(name);

        if (id < 0 || c->n_predicted == PREDICTED_MAX) continue;
        c->predicted[c->n_predicted++] = (struct predicted){
            (enum metric_id)id, jsonx_number(value, "value"),
            jsonx_number(value, "low"), jsonx_number(value, "high"),
            jsonx_number(value, "error")};
    }
}

/* A suite without all its counts says nothing, and is left out. */
static void read_quality(json_t *object, struct candidate_facts *c)
{
    const char *suite;
    json_t     *value;

    c->quality = mem_new(json_object_size(object), sizeof *c->quality);
    json_object_foreach(object, suite, value) {
        struct quality q = {
            .pass = (int)count_of(value, "pass"),
            .fail = (int)count_of(value, "fail"),
            .unparsed = (int)count_of(value, "unparsed"),
            .template_fault = (int)count_of(value, "template_fault"),
            .harness_fault = (int)count_of(value, "harness_fault"),
            .total = (int)count_of(value, "total"),
            .rate = jsonx_number(value, "rate"),
            .rate_low = jsonx_number(value, "rate_low"),
            .rate_high = jsonx_number(value, "rate_high"),
            .rate_if_parsed = jsonx_number(value, "rate_if_parsed"),
            .needs_tools = jsonx_truth(value, "needs_tools") == 1,
            .by_prompt = jsonx_truth(value, "by_prompt") == 1};

        if (q.pass < 0 || q.fail < 0 || q.unparsed < 0 ||
            q.template_fault < 0 || q.harness_fault < 0 || q.total < 0)
            continue;
        q.suite = mem_copy(suite);
        q.dialect = text_of(value, "dialect");
        read_metric(json_object_get(value, "first_sentence_s"),
                    &q.first_sentence_s);
        read_metric(json_object_get(value, "first_sentence_cold_s"),
                    &q.first_sentence_cold_s);
        c->quality[c->n_quality++] = q;
    }
}

static void read_examples(const json_t *list, struct candidate_facts *c)
{
    const json_t *item;
    size_t        i;

    c->examples = mem_new(json_array_size(list), sizeof *c->examples);
    json_array_foreach(list, i, item)
        c->examples[c->n_examples++] = (struct worst_case){
            .suite = text_of(item, "suite"), .id = text_of(item, "id"),
            .outcome = outcome_from_name(jsonx_text(item, "outcome")),
            .say = text_of(item, "say"), .answer = text_of(item, "answer"),
            .reason = text_of(item, "reason")};
}

/* The board, memory, and what ran long or beside it. */
static void read_board(const json_t *object, struct candidate_facts *c)
{
    const json_t *soak = json_object_get(object, "soak");
    const json_t *coload = json_object_get(object, "co_load");

    board_facts_read(json_object_get(object, "board"), &c->board);
    ledger_read(json_object_get(object, "ledger"), &c->ledger);
    understanding_read(json_object_get(object, "understanding"),
                       &c->understanding);
    if (json_is_object(soak)) {
        c->soak = mem_new(1, sizeof *c->soak);
        soak_read(soak, c->soak);
    }
    if (json_is_object(coload)) {
        c->coload = mem_new(1, sizeof *c->coload);
        coload_read(coload, c->coload);
    }
}

static void read_candidate(const json_t *object, struct candidate_facts *c)
{
    *c = (struct candidate_facts){
        .name = text_of(object, "name"), .file = text_of(object, "file"),
        .sha256 = text_of(object, "sha256"),
        .status = status_from_name(jsonx_text(object, "status")),
        .failure = text_of(object, "failure"),
        .failure_kind = failure_kind_from_name(jsonx_text(object,
                                                          "failure_kind")),
        .verdict = verdict_from_name(jsonx_text(object, "verdict")),
        .reason = text_of(object, "reason"),
        .passes_gates = jsonx_truth(object, "passes_gates") == 1,
        .base_url = text_of(object, "base_url"),
        .remote = jsonx_truth(object, "remote") == 1,
        .is_synthetic = jsonx_truth(object, "is_synthetic") == 1,
        .architecture = text_of(object, "architecture"),
        .quantisation = text_of(object, "quantisation"),
        .parameters = jsonx_number(object, "parameters"),
        .file_bytes = jsonx_number(object, "file_bytes"),
        .engine = text_of(object, "engine"),
        .build = text_of(object, "build"),
        .server = text_of(object, "server"),
        .command = text_of(object, "command"),
        .beside = text_of(object, "beside"),
        .blocks = (int)count_of(object, "blocks")};
    read_template(json_object_get(object, "template"), c);
    read_metrics(json_object_get(object, "metrics"), c);
    read_turns(json_object_get(object, "turns"), c);
    read_cliff(json_object_get(object, "prefill_cliff"), &c->cliff);
    read_reasoning(json_object_get(object, "reasoning"), &c->reasoning);
    read_calls(json_object_get(object, "calls"), &c->calls);
    read_serving(json_object_get(object, "serving"), c);
    read_board(object, c);
    read_predicted(json_object_get(object, "predicted"), c);
    read_quality(json_object_get(object, "quality"), c);
    read_examples(json_object_get(object, "examples"), c);
}

static int read_candidates(const json_t *list, struct facts *out,
                           struct err *err)
{
    const json_t *item;
    size_t        i;

    if (!json_is_array(list))
        return err_set(err, ERR_INPUT, "the stored report has no list of "
                       "candidates; " NEXT_STEP);
    out->candidates = mem_new(json_array_size(list), sizeof *out->candidates);
    json_array_foreach(list, i, item) {
        if (!jsonx_text(item, "name"))
            return err_set(err, ERR_INPUT, "candidates[%zu] of the stored "
                           "report has no name; " NEXT_STEP, i);
        read_candidate(item, &out->candidates[out->n_candidates++]);
    }
    return 0;
}

static int read_recommendation(const json_t *object, struct facts *out,
                               struct err *err)
{
    if (!json_is_object(object)) return 0;
    if (!jsonx_text(object, "name"))
        return err_set(err, ERR_INPUT, "the recommendation of the stored "
                       "report names no candidate; " NEXT_STEP);
    out->recommendation = mem_new(1, sizeof *out->recommendation);
    *out->recommendation = (struct recommendation){
        .name = text_of(object, "name"), .sure = text_of(object, "sure"),
        .command = text_of(object, "command"),
        .runner_up = text_of(object, "runner_up")};
    return 0;
}

static int check_version(const json_t *object, struct err *err)
{
    const json_t *version = json_object_get(object, "schema_version");

    if (!json_is_integer(version))
        return err_set(err, ERR_INPUT, "the stored report has no "
                       "schema_version; is it a report of audition?");
    if (json_integer_value(version) != SCHEMA_VERSION)
        return err_set(err, ERR_INPUT, "the stored report has schema_version "
                       "%lld and this audition reads %d; show it with the "
                       "version that wrote it, or " NEXT_STEP,
                       (long long)json_integer_value(version),
                       SCHEMA_VERSION);
    return 0;
}

static int read_document(const json_t *object, struct facts *out,
                         struct err *err)
{
    json_t *settings = json_object_get(object, "settings");

    if (check_version(object, err)) return -1;
    *out = (struct facts){
        .run_id = text_of(object, "run_id"),
        .started_utc = text_of(object, "started_utc"),
        .version = text_of(object, "version"),
        .method_version = (int)count_of(object, "method_version"),
        .config_name = text_of(object, "config"),
        .objective = text_of(object, "objective"),
        .reserve_bytes = jsonx_number(object, "reserve_bytes"),
        .settings = json_is_object(settings) ? json_incref(settings) : NULL,
        .is_stopped = jsonx_truth(object, "stopped") == 1,
        .no_winner = text_of(object, "no_winner")};
    read_machine(json_object_get(object, "machine"), out);
    mode_facts_read(json_object_get(object, "modes"), out);
    if (read_recommendation(json_object_get(object, "recommendation"), out,
                            err))
        return -1;
    return read_candidates(json_object_get(object, "candidates"), out, err);
}

int facts_read(struct facts *out, const char *text, struct err *err)
{
    struct err why    = {0};
    json_t    *object = jsonx_parse(text, strlen(text), &why);
    int        rc;

    *out = (struct facts){0};
    if (!object)
        return err_set(err, ERR_INPUT, "the stored report is %s; " NEXT_STEP,
                       why.text);
    rc = read_document(object, out, err);
    if (rc) facts_done(out);
    json_decref(object);
    return rc;
}
