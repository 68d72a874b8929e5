/* SPDX-License-Identifier: MIT */
/* json.c - the facts record for programs: all of it, nothing else. Names
 * may be added, never changed; see docs and tests/unit/test_report.c. What
 * is written here is read back by facts_read.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/utf8.h"
#include "board_notes.h"
#include "coload.h"
#include "ledger.h"
#include "machine_json.h"
#include "mode_facts.h"
#include "report/report.h"
#include "soak.h"

static void set_truth(json_t *object, const char *key, int truth)
{
    json_object_set_new(object, key, truth < 0 ? json_null()
                                               : json_boolean(truth));
}

static void set_count(json_t *object, const char *key, long count)
{
    json_object_set_new(object, key, count < 0 ? json_null()
                                               : json_integer(count));
}

/* A key from outside: jansson refuses invalid UTF-8. */
static void set_named(json_t *object, const char *name, json_t *value)
{
    char *key = utf8_clean(name, strlen(name));

    json_object_set_new(object, key, value);
    free(key);
}

static json_t *machine_of(const struct facts *f)
{
    json_t *object = machine_json(&f->machine);

    jsonx_set_text(object, "power_mode", f->power_mode);
    return object;
}

static json_t *predicted_json(const struct candidate_facts *c)
{
    json_t *object = json_object();

    for (size_t i = 0; i < c->n_predicted; i++) {
        const struct predicted *p = &c->predicted[i];
        json_t                 *value = json_object();

        jsonx_set_number(value, "value", p->value);
        jsonx_set_number(value, "low", p->low);
        jsonx_set_number(value, "high", p->high);
        jsonx_set_number(value, "error", p->error);
        json_object_set_new(object, metric_info[p->metric].name, value);
    }
    return object;
}

static json_t *template_json(const struct candidate_facts *c)
{
    json_t *object, *findings;

    if (c->has_template < 0 && c->supports_tools < 0 &&
        c->supports_tool_calls < 0 && c->supports_system_role < 0 &&
        c->n_findings == 0 && !c->preflight)
        return json_null();
    object = json_object();
    findings = json_array();
    set_truth(object, "present", c->has_template);
    set_truth(object, "supports_tools", c->supports_tools);
    set_truth(object, "supports_tool_calls", c->supports_tool_calls);
    set_truth(object, "supports_system_role", c->supports_system_role);
    for (size_t i = 0; i < c->n_findings; i++) {
        json_t *finding = json_object();
        jsonx_set_text(finding, "kind", c->findings[i].kind);
        jsonx_set_text(finding, "fault", fault_name(c->findings[i].fault));
        jsonx_set_text(finding, "text", c->findings[i].text);
        jsonx_set_text(finding, "remedy", c->findings[i].remedy);
        json_array_append_new(findings, finding);
    }
    json_object_set_new(object, "findings", findings);
    if (c->preflight) json_object_update_missing(object, c->preflight);
    return object;
}

static json_t *percentiles_json(const struct metric *m)
{
    json_t *object = json_object();

    for (size_t i = 0; i < CERTIFIED; i++) {
        json_t *percentile = json_object();

        jsonx_set_number(percentile, "value", m->certified[i]);
        jsonx_set_integer(percentile, "needs", certified_needs[i]);
        json_object_set_new(object, certified_name[i], percentile);
    }
    return object;
}

static json_t *metric_json(const struct metric *m, enum metric_id id)
{
    json_t *object = json_object();

    jsonx_set_number(object, "median", m->median);
    jsonx_set_number(object, "low", m->low);
    jsonx_set_number(object, "high", m->high);
    set_count(object, "n", m->n);
    jsonx_set_text(object, "unit", metric_info[id].unit);
    jsonx_set_text(object, "reason", *m->reason ? m->reason : NULL);
    json_object_set_new(object, "marked", json_boolean(m->is_marked));
    if (metric_is_latency(id) && m->n > 0)
        json_object_set_new(object, "percentiles", percentiles_json(m));
    return object;
}

static json_t *metrics_json(const struct candidate_facts *c)
{
    json_t *object = json_object();

    for (int i = 0; i < METRIC_COUNT; i++)
        json_object_set_new(object, metric_info[i].name,
                            metric_json(&c->metrics[i], (enum metric_id)i));
    return object;
}

static json_t *turns_json(const struct candidate_facts *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->n_turns; i++) {
        const struct turn_facts *t      = &c->turns[i];
        json_t                  *object = json_object();

        jsonx_set_integer(object, "turn", t->turn);
        jsonx_set_number(object, "first_sentence_s", t->first_sentence_s);
        jsonx_set_number(object, "reread_tokens", t->reread_tokens);
        jsonx_set_number(object, "prompt_tokens", t->prompt_tokens);
        jsonx_set_number(object, "cached_tokens", t->cached_tokens);
        jsonx_set_number(object, "unchanged_tokens", t->unchanged_tokens);
        json_array_append_new(list, object);
    }
    return list;
}

/* Nothing measured is no number, whatever a field holds. */
static double if_any(bool is_any, double value) { return is_any ? value : NAN; }

static json_t *cliff_json(const struct cliff_facts *cliff)
{
    json_t *object = json_object(), *points = json_array();
    bool    is_any = cliff->n > 0;

    for (size_t i = 0; i < cliff->n; i++) {
        const struct cliff_point *p     = &cliff->points[i];
        json_t                   *point = json_object();

        jsonx_set_number(point, "prompt_tokens", p->prompt_tokens);
        jsonx_set_number(point, "ttft_s", p->ttft_s);
        jsonx_set_number(point, "entities", p->entities);
        jsonx_set_text(point, "reason", *p->reason ? p->reason : NULL);
        json_array_append_new(points, point);
    }
    json_object_set_new(object, "points", points);
    jsonx_set_number(object, "knee_tokens",
                     if_any(is_any, cliff->knee_tokens));
    jsonx_set_number(object, "max_entities",
                     if_any(is_any, cliff->max_entities));
    jsonx_set_number(object, "limit_s", if_any(is_any, cliff->limit_s));
    set_truth(object, "is_bound", is_any ? cliff->is_bound : -1);
    jsonx_set_text(object, "reason", *cliff->reason ? cliff->reason : NULL);
    return object;
}

static json_t *calls_json(const struct call_facts *k)
{
    json_t *object = json_object();

    set_count(object, "wanted", k->wanted);
    jsonx_set_number(object, "rate", k->rate);
    jsonx_set_number(object, "rate_if_parsed", k->rate_if_parsed);
    return object;
}

static json_t *reasoning_json(const struct reasoning_facts *r)
{
    json_t *object = json_object();
    bool    is_any = r->answers > 0;

    jsonx_set_number(object, "leak_rate", if_any(is_any, r->leak_rate));
    jsonx_set_number(object, "empty_rate", if_any(is_any, r->empty_rate));
    set_truth(object, "can_disable", r->can_disable);
    set_count(object, "answers", r->answers);
    jsonx_set_text(object, "how", *r->how ? r->how : NULL);
    return object;
}

static json_t *serving_json(const struct candidate_facts *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->n_serving; i++) {
        const struct serving_variant *v      = &c->serving[i];
        json_t                       *object = json_object();

        jsonx_set_text(object, "name", v->name);
        jsonx_set_number(object, "tok_s", v->tok_s);
        jsonx_set_number(object, "saves_ms_per_token",
                         v->saves_ms_per_token);
        set_truth(object, "is_sure", v->is_sure);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *quality_json(const struct candidate_facts *c)
{
    json_t *object = json_object();

    for (size_t i = 0; i < c->n_quality; i++) {
        const struct quality *q     = &c->quality[i];
        json_t               *value = json_object();

        set_count(value, "pass", q->pass);
        set_count(value, "fail", q->fail);
        set_count(value, "unparsed", q->unparsed);
        set_count(value, "template_fault", q->template_fault);
        set_count(value, "harness_fault", q->harness_fault);
        set_count(value, "total", q->total);
        jsonx_set_number(value, "rate", q->rate);
        jsonx_set_number(value, "rate_low", q->rate_low);
        jsonx_set_number(value, "rate_high", q->rate_high);
        jsonx_set_number(value, "rate_if_parsed", q->rate_if_parsed);
        set_truth(value, "needs_tools", q->needs_tools);
        set_truth(value, "by_prompt", q->by_prompt);
        jsonx_set_text(value, "dialect", q->dialect);
        json_object_set_new(value, "first_sentence_s",
                            metric_json(&q->first_sentence_s,
                                        METRIC_first_sentence_s));
        json_object_set_new(value, "first_sentence_cold_s",
                            metric_json(&q->first_sentence_cold_s,
                                        METRIC_first_sentence_cold_s));
        set_named(object, q->suite ? q->suite : "", value);
    }
    return object;
}

static json_t *examples_json(const struct candidate_facts *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->n_examples; i++) {
        const struct worst_case *e      = &c->examples[i];
        json_t                  *object = json_object();

        jsonx_set_text(object, "suite", e->suite);
        jsonx_set_text(object, "id", e->id);
        jsonx_set_text(object, "outcome", outcome_name(e->outcome));
        jsonx_set_text(object, "say", e->say);
        jsonx_set_text(object, "answer", e->answer);
        jsonx_set_text(object, "reason", e->reason);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *candidate_json(const struct candidate_facts *c)
{
    json_t *object = json_object();

    jsonx_set_text(object, "name", c->name);
    jsonx_set_text(object, "file", c->file);
    jsonx_set_text(object, "sha256", c->sha256);
    jsonx_set_text(object, "status", status_name(c->status));
    jsonx_set_text(object, "failure", c->failure);
    jsonx_set_text(object, "failure_kind",
                   failure_kind_name(c->failure_kind));
    jsonx_set_text(object, "verdict", verdict_name(c->verdict));
    jsonx_set_text(object, "reason", c->reason);
    set_truth(object, "passes_gates", c->passes_gates);
    jsonx_set_text(object, "base_url", c->base_url);
    set_truth(object, "remote", c->remote);
    set_truth(object, "is_synthetic", c->is_synthetic);
    jsonx_set_text(object, "architecture", c->architecture);
    jsonx_set_text(object, "quantisation", c->quantisation);
    jsonx_set_number(object, "parameters", c->parameters);
    jsonx_set_number(object, "file_bytes", c->file_bytes);
    jsonx_set_text(object, "engine", c->engine);
    jsonx_set_text(object, "build", c->build);
    jsonx_set_text(object, "server", c->server);
    jsonx_set_text(object, "command", c->command);
    jsonx_set_text(object, "beside", c->beside);
    set_count(object, "blocks", c->blocks);
    json_object_set_new(object, "template", template_json(c));
    json_object_set_new(object, "metrics", metrics_json(c));
    json_object_set_new(object, "turns", turns_json(c));
    json_object_set_new(object, "prefill_cliff", cliff_json(&c->cliff));
    json_object_set_new(object, "reasoning", reasoning_json(&c->reasoning));
    json_object_set_new(object, "calls", calls_json(&c->calls));
    json_object_set_new(object, "serving", serving_json(c));
    json_object_set_new(object, "board", board_facts_json(&c->board));
    json_object_set_new(object, "ledger", ledger_json(&c->ledger));
    json_object_set_new(object, "soak", c->soak ? soak_json(c->soak)
                                                : json_null());
    json_object_set_new(object, "co_load", c->coload ? coload_json(c->coload)
                                                     : json_null());
    json_object_set_new(object, "predicted", predicted_json(c));
    json_object_set_new(object, "quality", quality_json(c));
    json_object_set_new(object, "understanding",
                        understanding_json(&c->understanding));
    json_object_set_new(object, "examples", examples_json(c));
    return object;
}

static json_t *recommendation_json(const struct recommendation *r)
{
    json_t *object;

    if (!r) return json_null();
    object = json_object();
    jsonx_set_text(object, "name", r->name);
    jsonx_set_text(object, "sure", r->sure);
    jsonx_set_text(object, "command", r->command);
    jsonx_set_text(object, "runner_up", r->runner_up);
    return object;
}

json_t *report_json_document(const struct facts *f)
{
    json_t *object = json_object(), *list = json_array();

    jsonx_set_integer(object, "schema_version", SCHEMA_VERSION);
    jsonx_set_text(object, "run_id", f->run_id);
    jsonx_set_text(object, "started_utc", f->started_utc);
    jsonx_set_text(object, "version", f->version);
    jsonx_set_integer(object, "method_version", f->method_version);
    jsonx_set_text(object, "config", f->config_name);
    jsonx_set_text(object, "objective", f->objective);
    jsonx_set_number(object, "reserve_bytes", f->reserve_bytes);
    json_object_set_new(object, "settings",
                        f->settings ? json_deep_copy(f->settings)
                                    : json_null());
    json_object_set_new(object, "machine", machine_of(f));
    json_object_set_new(object, "recommendation",
                        recommendation_json(f->recommendation));
    json_object_set_new(object, "stopped", json_boolean(f->is_stopped));
    jsonx_set_text(object, "no_winner", f->no_winner);
    for (size_t i = 0; i < f->n_candidates; i++)
        json_array_append_new(list, candidate_json(&f->candidates[i]));
    json_object_set_new(object, "candidates", list);
    json_object_set_new(object, "modes", mode_facts_json(f));
    return object;
}

/* Bytes of a character that drives a terminal or turns text around and that
 * jansson leaves as it is (it escapes C0 only), or 0. In JSON they can stand
 * only inside strings. */
static size_t steering(const unsigned char *u, unsigned *point)
{
    *point = u[0];
    if (u[0] == 0x7f) return 1;
    if (u[0] == 0xc2 && u[1] < 0xa0) {          /* C1; U+009B is CSI */
        *point = u[1];
        return 2;
    }
    if (u[0] != 0xe2 || (u[1] != 0x80 && u[1] != 0x81)) return 0;
    *point = 0x2000u + (u[1] - 0x80u) * 64 + (u[2] - 0x80u);
    if (*point == 0x200e || *point == 0x200f ||
        (*point >= 0x202a && *point <= 0x202e) ||
        (*point >= 0x2066 && *point <= 0x2069))
        return 3;
    return 0;
}

static void add_escaped(struct strbuf *out, const char *json)
{
    const char *done = json, *at = json;

    while (*at) {
        unsigned point;
        size_t   n = steering((const unsigned char *)at, &point);

        if (n) {
            strbuf_addn(out, done, (size_t)(at - done));
            strbuf_addf(out, "\\u%04X", point);
            done = at + n;
        }
        at += n ? n : 1;
    }
    strbuf_add(out, done);
}

static void render(const struct facts *f, bool colour, int columns,
                   struct strbuf *out)
{
    json_t *document = report_json_document(f);
    /* 15 digits: 1.1 stays 1.1 */
    char *text = json_dumps(document, JSON_INDENT(2) |
                            JSON_REAL_PRECISION(15));

    (void)colour;
    (void)columns;
    add_escaped(out, text ? text : "null");
    strbuf_add(out, "\n");
    free(text);
    json_decref(document);
}

const struct report_ops report_json = {
    .name = "json", .help = "one JSON document, for programs",
    .render = render,
};
