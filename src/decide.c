/* SPDX-License-Identifier: MIT */
/* decide.c - see decide.h. */
#include "decide.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "stats.h"

#define ALPHA 0.05      /* below it a difference counts as real */

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

/* Pooled over the suites about calls (tools), or over all. */
struct pool {
    int    pass, unparsed, total;
    double rate, rate_if_parsed;      /* NAN when nothing counts */
};

static struct pool pool_quality(const struct candidate_facts *c,
                                bool tools_only)
{
    struct pool p = {.rate = NAN, .rate_if_parsed = NAN};

    for (size_t i = 0; i < c->n_quality; i++) {
        const struct quality *q = &c->quality[i];
        if (tools_only && !q->needs_tools) continue;
        if (isnan(q->rate)) continue;
        p.pass += q->pass;
        p.unparsed += q->unparsed;
        p.total += q->total;
    }
    if (p.total == 0) return p;
    p.rate = (double)p.pass / p.total;
    p.rate_if_parsed = (double)(p.pass + p.unparsed) / p.total;
    return p;
}

static void find_template_faults(struct candidate_facts *c)
{
    struct finding *f;
    struct pool     tools = pool_quality(c, true);

    if (c->has_template == 0) {
        f = add_finding(c, "no_template", FAULT_FILE);
        snprintf(f->text, sizeof f->text, "the file has no chat template: it "
                 "is a base model, or was converted without one; the server "
                 "silently serves it as ChatML, which it never learned");
        snprintf(f->remedy, sizeof f->remedy, "audition the instruct version "
                 "of this model (usually named -it or -Instruct), or give its "
                 "template with server_args: [--chat-template-file, FILE]");
    }
    if (c->supports_tools == 0 && c->has_template != 0) {
        f = add_finding(c, "tools_dropped", FAULT_TEMPLATE);
        snprintf(f->text, sizeof f->text, "the chat template in the file drops "
                 "the tool list: whatever tools a request offers, the model "
                 "never sees them");
        snprintf(f->remedy, sizeof f->remedy, "use a template that renders "
                 "tools (server_args: [--chat-template-file, FILE]), or "
                 "describe the tools in `prompt:`; for a home assistant, "
                 "choose a model trained for tool calls");
    }
    if (tools.unparsed > 0) {
        f = add_finding(c, "calls_not_parsed", FAULT_TEMPLATE);
        snprintf(f->text, sizeof f->text, "%d of %d tool cases: the model "
                 "wrote the right call, but as text that the server does not "
                 "parse for this template; as served %.0f %% pass, %.0f %% if "
                 "those calls were parsed", tools.unparsed, tools.total,
                 tools.rate * 100, tools.rate_if_parsed * 100);
        snprintf(f->remedy, sizeof f->remedy, "give a template whose call "
                 "format the server knows (server_args: "
                 "[--chat-template-file, FILE]), parse such calls in your "
                 "assistant, or choose the model's general Instruct sibling");
    }
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
    if (served->n > 0 && served->reason[0]) {
        f = add_finding(c, "timing_disagrees", FAULT_HARNESS);
        snprintf(f->text, sizeof f->text, "tok/s: %.200s", served->reason);
        snprintf(f->remedy, sizeof f->remedy, "something else used the CPU "
                 "while measuring; run again on a quiet machine");
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

/* The worse of the two latencies; *one_only names the missing other. */
static double voice_latency_s(const struct candidate_facts *c,
                              const char **one_only)
{
    double a = c->metrics[METRIC_latency50_s].median;
    double b = c->metrics[METRIC_first_sentence_s].median;

    *one_only = isnan(a) ? "latency50_s" : isnan(b) ? "first_sentence_s" : NULL;
    return fmax(a, b);     /* fmax ignores one NAN */
}

static void judge_voice(struct candidate_facts *c,
                        const struct thresholds *limits)
{
    const char *missing;
    double      worst = voice_latency_s(c, &missing);
    const char *words;

    if (isnan(worst)) {
        c->verdict = VERDICT_UNKNOWN;
        c->reason = mem_copy("no voice latency was measured");
        return;
    }
    if (worst <= limits->target_s) {
        c->verdict = VERDICT_TARGET_MET;
        words = "meets the target";
    } else if (worst <= limits->ready_s) {
        c->verdict = VERDICT_READY;
        words = "is voice-ready";
    } else if (worst <= limits->borderline_s) {
        c->verdict = VERDICT_BORDERLINE;
        words = "is borderline";
    } else {
        c->verdict = VERDICT_TOO_SLOW;
        words = "is too slow";
    }
    c->reason = mem_printf("voice latency %.2f s %s (target %.1f s, ready "
                           "%.1f s)%s%s", worst, words, limits->target_s,
                           limits->ready_s, missing ? "; not measured: " : "",
                           missing ? missing : "");
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
    find_template_faults(c);
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

/* ---- gates ------------------------------------------------------------- */

static void miss(struct strbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void miss(struct strbuf *b, const char *fmt, ...)
{
    char    text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    strbuf_addf(b, "%s%s", b->len ? "; " : "", text);
}

/* What a candidate fails on, in words; returns how many gates. */
static int failed_gates(const struct candidate_facts *c,
                        const struct config *config, struct strbuf *why)
{
    const struct thresholds *limits = &config->thresholds;
    struct pool tools = pool_quality(c, true), all = pool_quality(c, false);
    double left = c->metrics[METRIC_left_for_speech_bytes].median;
    double tok_s = c->metrics[METRIC_served_tok_s].median;
    const char *missing;
    int    n = 0;

    if (c->status == STATUS_FAILED || c->status == STATUS_SKIPPED) {
        miss(why, "%s", c->failure ? c->failure : "not auditioned");
        return 100;
    }
    if (c->has_template == 0 && ++n) miss(why, "no chat template in the file");
    if (left < 0 && ++n)
        miss(why, "%.0f MiB short of the memory reserved for speech",
             -left / (1024 * 1024));
    if (c->verdict != VERDICT_TARGET_MET && c->verdict != VERDICT_READY &&
        !(voice_latency_s(c, &missing) <= limits->ready_s) && ++n)
        miss(why, "voice latency %.2f s, at most %.1f s",
             voice_latency_s(c, &missing), limits->ready_s);
    if (tools.rate < limits->min_tool_accuracy && ++n)
        miss(why, "tool accuracy %.0f %%, at least %.0f %%%s",
             tools.rate * 100, limits->min_tool_accuracy * 100,
             c->supports_tools == 0 ? " (its template drops the tools)"
             : tools.rate_if_parsed > tools.rate
                 ? " (calls written as text are not parsed)" : "");
    if (all.rate < limits->min_quality && ++n)
        miss(why, "%.0f %% of all cases passed, at least %.0f %%",
             all.rate * 100, limits->min_quality * 100);
    if (tok_s < limits->min_tok_s && ++n)
        miss(why, "%.1f tok/s, at least %.1f", tok_s, limits->min_tok_s);
    if (c->status == STATUS_PARTIAL && ++n)
        miss(why, "%s", c->failure ? c->failure : "its audition is not "
             "complete");
    return n;
}

/* ---- ranking ----------------------------------------------------------- */

/* Bigger is better; NAN is worst. */
static double score(const struct candidate_facts *c, const char *objective)
{
    const char *missing;

    if (strcmp(objective, "latency") == 0)
        return -voice_latency_s(c, &missing);
    if (strcmp(objective, "speed") == 0)
        return c->metrics[METRIC_served_tok_s].median;
    if (strcmp(objective, "memory") == 0)
        return -c->metrics[METRIC_peak_memory_bytes].median;
    return pool_quality(c, false).rate;
}

/* Is a's lead over b on the objective more than chance? p in *p. */
static bool is_clear(const struct evidence *a, const struct evidence *b,
                     const char *objective, double *p)
{
    int id = strcmp(objective, "speed") == 0 ? METRIC_served_tok_s
           : strcmp(objective, "latency") == 0 ? METRIC_latency50_s
                                               : METRIC_peak_memory_bytes;

    if (strcmp(objective, "quality") == 0) {
        size_t only_a, only_b;
        evidence_discordant(a, b, &only_a, &only_b);
        *p = stats_sign_test(only_a, only_b);
    } else if (id == METRIC_peak_memory_bytes) {
        *p = 0;               /* a size, not a sample */
    } else {
        *p = stats_rank_sum(a->values[id], a->n[id], b->values[id], b->n[id]);
    }
    return *p < ALPHA;
}

struct ranked {
    struct candidate_facts facts;
    struct evidence        evidence;
    const char            *objective;
    int                    failed;       /* gates */
    char                  *why;
};

static int by_number(double a, double b)     /* bigger first, NAN last */
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static int by_rank(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    const char          *missing;
    int                  order;

    if (a->failed != b->failed) return a->failed - b->failed;
    order = by_number(score(&a->facts, a->objective),
                      score(&b->facts, b->objective));
    if (order == 0)
        order = by_number(pool_quality(&a->facts, false).rate_if_parsed,
                          pool_quality(&b->facts, false).rate_if_parsed);
    if (order == 0)
        order = by_number(-voice_latency_s(&a->facts, &missing),
                          -voice_latency_s(&b->facts, &missing));
    if (order == 0)
        order = strcmp(a->facts.name, b->facts.name);
    return order;
}

/* "17 of 20 cases", "1.24 s", ... for sentences about the objective. */
static char *score_words(const struct candidate_facts *c,
                         const char *objective)
{
    struct pool all = pool_quality(c, false);
    const char *missing;

    if (strcmp(objective, "latency") == 0)
        return mem_printf("%.2f s to speech", voice_latency_s(c, &missing));
    if (strcmp(objective, "speed") == 0)
        return mem_printf("%.1f tok/s",
                          c->metrics[METRIC_served_tok_s].median);
    if (strcmp(objective, "memory") == 0)
        return mem_printf("%.0f MiB",
                          c->metrics[METRIC_peak_memory_bytes].median /
                          (1024 * 1024));
    return mem_printf("%d of %d cases passed", all.pass, all.total);
}

/* Two that the objective cannot tell apart: the quicker one goes first. */
static bool break_tie(struct ranked *list, size_t n_passed)
{
    const char   *missing;
    struct ranked swap;
    double        p;

    if (n_passed < 2 ||
        is_clear(&list[0].evidence, &list[1].evidence, list[0].objective, &p))
        return false;
    if (voice_latency_s(&list[1].facts, &missing) <
        voice_latency_s(&list[0].facts, &missing)) {
        swap = list[0];
        list[0] = list[1];
        list[1] = swap;
    }
    return true;
}

static void recommend(struct facts *facts, struct ranked *list,
                      size_t n_passed, bool tied)
{
    struct recommendation *r = mem_new(1, sizeof *r);
    char  *mine = score_words(&list[0].facts, facts->objective), *theirs;
    double p    = NAN;

    *r = (struct recommendation){
        .name = mem_copy(list[0].facts.name),
        .command = mem_copy(list[0].facts.command)};
    facts->recommendation = r;
    if (n_passed < 2) {
        r->sure = mem_printf("the only candidate that passes every gate (%s)",
                             mine);
    } else {
        r->runner_up = mem_copy(list[1].facts.name);
        theirs = score_words(&list[1].facts, facts->objective);
        is_clear(&list[0].evidence, &list[1].evidence, facts->objective, &p);
        r->sure = tied
            ? mem_printf("cannot tell it apart from %s on %s (%s against %s, "
                         "p = %.2f); first because it speaks sooner",
                         list[1].facts.name, facts->objective, mine, theirs, p)
            : mem_printf("clearly ahead of %s on %s (%s against %s, p = %.3f)",
                         list[1].facts.name, facts->objective, mine, theirs,
                         p);
        free(theirs);
    }
    free(mine);
}

/* Why each loser lost, in front of what its verdict says. */
static void explain_losers(struct facts *facts, struct ranked *list)
{
    for (size_t i = 0; i < facts->n_candidates; i++) {
        struct candidate_facts *c = &list[i].facts;
        char *old = c->reason, *mine, *best;

        c->passes_gates = list[i].failed == 0;
        if (list[i].failed > 0 && list[i].failed < 100) {
            c->reason = mem_printf("fails on: %s", list[i].why);
            free(old);
        } else if (list[i].failed == 0 && i > 0) {
            mine = score_words(c, facts->objective);
            best = score_words(&list[0].facts, facts->objective);
            c->reason = mem_printf("passes every gate; %s, the winner %s",
                                   mine, best);
            free(mine);
            free(best);
            free(old);
        }
    }
}

static char *explain_no_winner(const struct facts *facts,
                               const struct ranked *list)
{
    if (facts->n_candidates == 0 || list[0].failed >= 100)
        return mem_copy("no candidate could be auditioned");
    return mem_printf("no candidate passes every gate; nearest is %s, which "
                      "fails on: %s", list[0].facts.name, list[0].why);
}

void decide_ranking(struct facts *facts, struct evidence *evidence,
                    const struct config *config)
{
    size_t         n    = facts->n_candidates, n_passed = 0;
    struct ranked *list = mem_new(n, sizeof *list);
    bool           tied;

    for (size_t i = 0; i < n; i++) {
        struct strbuf why;

        strbuf_init(&why, 2000);
        list[i] = (struct ranked){.facts = facts->candidates[i],
                                  .evidence = evidence[i],
                                  .objective = facts->objective};
        list[i].failed = failed_gates(&list[i].facts, config, &why);
        list[i].why = strbuf_take(&why);
        strbuf_done(&why);
        if (list[i].failed == 0) n_passed++;
    }
    qsort(list, n, sizeof *list, by_rank);
    tied = break_tie(list, n_passed);
    if (n_passed > 0) recommend(facts, list, n_passed, tied);
    else facts->no_winner = explain_no_winner(facts, list);
    explain_losers(facts, list);
    for (size_t i = 0; i < n; i++) {
        facts->candidates[i] = list[i].facts;
        evidence[i] = list[i].evidence;
        free(list[i].why);
    }
    free(list);
}
