/* SPDX-License-Identifier: MIT */
/* decide.c - see decide.h: one candidate, its findings and its verdict. Gates
 * and ranking are in decide_ranking.c. */
#include "decide.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide_internal.h"

static struct finding *add_finding(struct candidate_facts *c, const char *kind,
                                   enum fault fault)
{
    struct finding *f;

    c->findings = mem_grow(c->findings, c->n_findings + 1,
                           sizeof *c->findings);
    f = &c->findings[c->n_findings++];
    *f = (struct finding){.fault = fault};
    snprintf(f->kind, sizeof f->kind, "%s", kind);
    return f;
}

/* Was this suite also asked with the tools in the prompt? */
static bool has_twin(const struct candidate_facts *c, const struct quality *q)
{
    size_t n = strlen(q->suite);

    for (size_t i = 0; i < c->n_quality; i++)
        if (c->quality[i].by_prompt && !q->by_prompt &&
            strncmp(c->quality[i].suite, q->suite, n) == 0 &&
            strcmp(c->quality[i].suite + n, "_by_prompt") == 0)
            return true;
    return false;
}

struct pool decide_pool(const struct candidate_facts *c, bool tools_only)
{
    struct pool p = {.rate = NAN, .rate_if_parsed = NAN};

    for (size_t i = 0; i < c->n_quality; i++) {
        const struct quality *q = &c->quality[i];
        if (tools_only && !q->needs_tools) continue;
        if (isnan(q->rate) || has_twin(c, q)) continue;
        p.by_prompt = p.by_prompt || q->by_prompt;
        p.pass += q->pass;
        p.unparsed += q->unparsed;
        p.total += q->total;
    }
    if (p.total == 0) return p;
    p.rate = (double)p.pass / p.total;
    p.rate_if_parsed = (double)(p.pass + p.unparsed) / p.total;
    return p;
}

static struct finding *find_finding(struct candidate_facts *c,
                                    const char *kind)
{
    for (size_t i = 0; i < c->n_findings; i++)
        if (strcmp(c->findings[i].kind, kind) == 0) return &c->findings[i];
    return NULL;
}

/* What the preflight saw once, now with figures. */
static void find_text_calls(struct candidate_facts *c,
                            const struct evidence *e)
{
    struct pool     tools = decide_pool(c, true);
    struct finding *f;
    int             n = e->text_calls > tools.unparsed ? e->text_calls
                                                       : tools.unparsed;

    if (tools.by_prompt || n == 0 || c->supports_tools == 0) return;
    f = find_finding(c, "calls_as_text");
    if (!f) f = add_finding(c, "", FAULT_TEMPLATE);
    snprintf(f->kind, sizeof f->kind, "calls_not_parsed");
    n = snprintf(f->text, sizeof f->text, "%d answer%s a tool call written as "
                 "text, which the server does not parse for this template",
                 n, n == 1 ? " holds" : "s hold");
    if (tools.total > 0)
        n += snprintf(f->text + n, sizeof f->text - (size_t)n, "; %.0f %% of "
                      "%d tool cases pass as served, %.0f %% if parsed",
                      tools.rate * 100, tools.total,
                      tools.rate_if_parsed * 100);
    if (c->calls.wanted > 0)
        snprintf(f->text + n, sizeof f->text - (size_t)n, "; of %ld that need "
                 "a call, right or wrong, %.0f %% make one as served, %.0f %% "
                 "if parsed", c->calls.wanted, c->calls.rate * 100,
                 c->calls.rate_if_parsed * 100);
    snprintf(f->remedy, sizeof f->remedy, "give a template whose call "
             "format the server knows (server_args: "
             "[--chat-template-file, FILE]), parse such calls in your "
             "assistant, or choose the model's general Instruct sibling");
}

/* Tools that only the prompt can show: how well that goes. */
static void find_tools_by_prompt(struct candidate_facts *c)
{
    struct pool     tools = decide_pool(c, true);
    const char     *dialect = NULL;
    struct finding *f;

    for (size_t i = 0; i < c->n_quality; i++)
        if (c->quality[i].by_prompt) dialect = c->quality[i].dialect;
    if (!tools.by_prompt || tools.total == 0) return;
    f = add_finding(c, "tools_by_prompt", FAULT_TEMPLATE);
    snprintf(f->text, sizeof f->text, "asked again with the tools described "
             "in the system prompt (%.160s), %d of %d tool cases pass; only "
             "these count at the gates", dialect ? dialect : "a common form",
             tools.pass, tools.total);
    snprintf(f->remedy, sizeof f->remedy, "to ship it, your assistant has to "
             "put the tools into the prompt in that form and to read the "
             "calls out of the answers by itself");
}

static void find_reasoning(struct candidate_facts *c)
{
    const struct reasoning_facts *r = &c->reasoning;
    struct finding               *f;

    if (r->leak_rate > 0) {
        f = add_finding(c, "reasoning_leaks", FAULT_TEMPLATE);
        snprintf(f->text, sizeof f->text, "in %.0f %% of %ld answers its "
                 "reasoning stands in the text that is spoken",
                 r->leak_rate * 100, r->answers);
        snprintf(f->remedy, sizeof f->remedy, "let the server keep it apart "
                 "(server_args: [--reasoning-format, deepseek]), or cut it "
                 "out before speech");
    }
    if (r->empty_rate > 0) {
        f = add_finding(c, "only_reasoning", FAULT_MODEL);
        snprintf(f->text, sizeof f->text, "%.0f %% of %ld answers were "
                 "nothing but reasoning: it used up every token before a word "
                 "was said", r->empty_rate * 100, r->answers);
        snprintf(f->remedy, sizeof f->remedy, "%s", r->can_disable == 1
                 ? "leave its thinking switched off"
                 : "choose a model that answers without thinking, or whose "
                   "thinking can be switched off");
    }
}

static void find_template_faults(struct candidate_facts *c,
                                 const struct evidence *e)
{
    struct finding *f;

    if (c->is_synthetic) {
        f = add_finding(c, "synthetic", FAULT_FILE);
        snprintf(f->text, sizeof f->text, "`audition synth` made its weights "
                 "up: speed and memory are the model's, answers mean nothing");
        snprintf(f->remedy, sizeof f->remedy, "get the real file to judge "
                 "what it answers");
    }
    find_text_calls(c, e);
    find_tools_by_prompt(c);
    find_reasoning(c);
}

static void find_other_faults(struct candidate_facts *c,
                              const struct evidence *e)
{
    const struct metric *served = &c->metrics[METRIC_served_tok_s];
    struct finding      *f;

    if (e->death && c->status == STATUS_PARTIAL) {
        f = add_finding(c, "engine_died", FAULT_ENGINE);
        snprintf(f->text, sizeof f->text, "%.390s", e->death);
        snprintf(f->remedy, sizeof f->remedy, "the results before it stand; "
                 "`audition run --fresh` tries again");
    }
    if (served->n > 0 && served->reason[0] && !served->is_marked) {
        f = add_finding(c, "timing_disagrees", FAULT_HARNESS);
        snprintf(f->text, sizeof f->text, "tok/s: %.200s", served->reason);
        snprintf(f->remedy, sizeof f->remedy, "often something else used the "
                 "CPU meanwhile; `audition run --fresh` measures again, on a "
                 "quiet machine");
    }
    for (size_t i = 0; i < c->n_quality; i++) {
        const struct quality *q = &c->quality[i];
        if (q->harness_fault == 0) continue;
        f = add_finding(c, "harness_faults", FAULT_HARNESS);
        snprintf(f->text, sizeof f->text, "%d of %d cases of %.40s could not "
                 "be judged for reasons that are not the model's",
                 q->harness_fault, q->total, q->suite);
        snprintf(f->remedy, sizeof f->remedy, "run again: only those are "
                 "asked once more");
    }
}

int decide_voice_metric(const struct candidate_facts *c)
{
    double tokens = c->metrics[METRIC_latency50_s].median;
    double sentence = c->metrics[METRIC_first_sentence_s].median;

    if (isnan(tokens) && isnan(sentence)) return -1;
    return isnan(sentence) || tokens >= sentence ? METRIC_latency50_s
                                                 : METRIC_first_sentence_s;
}

double decide_voice_s(const struct candidate_facts *c)
{
    int id = decide_voice_metric(c);

    return id < 0 ? NAN : c->metrics[id].median;
}

static char *voice_words(enum verdict v, const struct thresholds *limits)
{
    switch (v) {
    case VERDICT_TARGET_MET:
        return mem_printf("meets the target of %g s", limits->target_s);
    case VERDICT_READY:
        return mem_printf("is voice-ready (at most %g s), though above the "
                          "target of %g s", limits->ready_s,
                          limits->target_s);
    case VERDICT_BORDERLINE:
        return mem_printf("is borderline: above the %g s of voice-ready, at "
                          "most %g s", limits->ready_s,
                          limits->borderline_s);
    default:
        return mem_printf("is too slow: above %g s", limits->borderline_s);
    }
}

enum verdict decide_voice_verdict(double voice_s,
                                  const struct thresholds *limits)
{
    return isnan(voice_s)                  ? VERDICT_UNKNOWN
         : voice_s <= limits->target_s     ? VERDICT_TARGET_MET
         : voice_s <= limits->ready_s      ? VERDICT_READY
         : voice_s <= limits->borderline_s ? VERDICT_BORDERLINE
                                           : VERDICT_TOO_SLOW;
}

static void judge_voice(struct candidate_facts *c,
                        const struct thresholds *limits)
{
    int    id = decide_voice_metric(c);
    int    other = id == METRIC_latency50_s ? METRIC_first_sentence_s
                                            : METRIC_latency50_s;
    double worst_s = decide_voice_s(c);
    char  *words;

    if (id < 0) {
        c->verdict = VERDICT_UNKNOWN;
        c->reason = mem_copy("no voice latency was measured");
        return;
    }
    c->verdict = decide_voice_verdict(worst_s, limits);
    words = voice_words(c->verdict, limits);
    c->reason = mem_printf("voice latency %.2f s (%s) %s%s%s", worst_s,
                           metric_info[id].label, words,
                           isnan(c->metrics[other].median)
                           ? "; not measured: " : "",
                           isnan(c->metrics[other].median)
                           ? metric_info[other].label : "");
    free(words);
}

void decide_candidate(struct candidate_facts *c, const struct config *config,
                      const struct evidence *e)
{
    free(c->reason);
    c->reason = NULL;
    if (c->status == STATUS_FAILED || c->status == STATUS_SKIPPED) {
        if (c->verdict != VERDICT_DOES_NOT_FIT)
            c->verdict = c->failure &&
                strstr(c->failure, "unknown model architecture")
                ? VERDICT_UNSUPPORTED : VERDICT_FAILED;
        c->reason = mem_copy(c->failure);
        return;
    }
    find_template_faults(c, e);
    find_other_faults(c, e);
    judge_voice(c, &config->thresholds);
    if (c->has_template == 0) {
        char *voice = c->reason;
        c->verdict = VERDICT_NOT_INSTRUCT;
        c->reason = mem_printf("no chat template in the file: a base model "
                               "does not answer, it continues text; %s",
                               voice);
        free(voice);
    }
}
