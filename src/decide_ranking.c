/* SPDX-License-Identifier: MIT */
/* decide_ranking.c - see decide.h: gates, ranking, and the sentences that say
 * who won, who lost and how sure that is. */
#include "decide.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "decide_internal.h"
#include "stats.h"

#define ALPHA 0.05         /* below it a difference counts as real */
#define SAME_MEMORY 0.01   /* heaps differ by so much from load to load */

/* ---- gates ------------------------------------------------------------- */

#define NOT_AUDITIONED 100     /* gates, so to speak: more than there are */

static void miss(struct strbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void miss(struct strbuf *b, const char *fmt, ...)
{
    char    text[1100];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    strbuf_addf(b, "%s%s", b->len ? "; " : "", text);
}

/* Were there cases, but too many of them lost for a rate? */
static bool has_lost_rate(const struct candidate_facts *c, bool tools_only)
{
    bool is_asked = false;

    for (size_t i = 0; i < c->n_quality; i++)
        if (c->quality[i].total > 0 &&
            (c->quality[i].needs_tools || !tools_only))
            is_asked = true;
    return is_asked && isnan(decide_pool(c, tools_only).rate);
}

static int fail_cases(const struct candidate_facts *c, bool tools_only,
                      double least, struct strbuf *why)
{
    struct pool p    = decide_pool(c, tools_only);
    const char *what = tools_only ? "tool cases" : "cases";

    if (has_lost_rate(c, tools_only)) {
        miss(why, "too many %s could not be judged (run again)", what);
        return 1;
    }
    if (!(p.rate < least)) return 0;
    miss(why, "%d of %d %s passed, %.1f %% (at least %g %%)%s", p.pass,
         p.total, what, p.rate * 100, least * 100,
         !tools_only                  ? ""
         : p.by_prompt ? " with the tools in its prompt, as its template "
                         "drops them"
         : c->supports_tools == 0 && c->has_template != 0
             ? ": its template drops the tools"
         : p.rate_if_parsed > p.rate  ? ": calls written as text are not "
                                        "parsed" : "");
    return 1;
}

/* What a candidate fails on, in words; returns how many gates. */
static int failed_gates(const struct candidate_facts *c,
                        const struct config *config, struct strbuf *why)
{
    const struct thresholds *limits = &config->thresholds;
    double left_bytes = c->metrics[METRIC_left_for_speech_bytes].median;
    double tok_s = c->metrics[METRIC_served_tok_s].median;
    double voice_s = decide_voice_s(c);
    int    n = 0;

    if (c->status == STATUS_FAILED || c->status == STATUS_SKIPPED) {
        miss(why, "%s", c->failure ? c->failure : "not auditioned");
        return NOT_AUDITIONED;
    }
    if (c->is_synthetic && ++n) miss(why, "made-up weights");
    if (c->has_template == 0 && ++n) miss(why, "no chat template in the file");
    if (left_bytes < 0 && ++n)
        miss(why, "memory: %.0f MiB less than is reserved for speech",
             ceil(-left_bytes / (1024 * 1024)));
    if (isnan(voice_s) && ++n)
        miss(why, "voice latency not measured (at most %g s)",
             limits->ready_s);
    if (voice_s > limits->ready_s && ++n)
        miss(why, "voice latency %.2f s (at most %g s)", voice_s,
             limits->ready_s);
    n += fail_cases(c, true, limits->min_tool_accuracy, why);
    n += fail_cases(c, false, limits->min_quality, why);
    if (tok_s < limits->min_tok_s && ++n)
        miss(why, "%.1f tok/s (at least %g)", tok_s, limits->min_tok_s);
    if (isnan(tok_s) && limits->min_tok_s > 0 && ++n)
        miss(why, "tok/s not measured (at least %g)", limits->min_tok_s);
    if (c->status == STATUS_PARTIAL && ++n)
        miss(why, "%s", c->failure ? c->failure : "its audition is not "
             "complete");
    return n;
}

/* ---- ranking ----------------------------------------------------------- */

struct ranked {
    struct candidate_facts facts;
    struct evidence        evidence;
    const char            *objective;
    int                    failed;       /* gates */
    char                  *why;
};

/* What is worth less than it looks: of the figures that rank and gate it,
 * those that were only measured under a mark. */
static void add_marked(const struct candidate_facts *c, const char *objective,
                       const char *whose, struct strbuf *out)
{
    int ids[] = {decide_voice_metric(c), METRIC_served_tok_s};
    int n     = strcmp(objective, "speed") == 0 ? 2 : 1;

    for (int i = 0; i < n; i++)
        if (ids[i] >= 0 && c->metrics[ids[i]].is_marked)
            strbuf_addf(out, "; %s%s: %s", whose, metric_info[ids[i]].label,
                        c->metrics[ids[i]].reason);
}

/* Takes the text. */
static char *with_marked(char *text, const struct ranked *r, const char *whose)
{
    struct strbuf b;
    char         *all;

    strbuf_init(&b, 4000);
    strbuf_add(&b, text);
    add_marked(&r->facts, r->objective, whose, &b);
    all = strbuf_take(&b);
    strbuf_done(&b);
    free(text);
    return all;
}

/* Bigger is better; NAN is worst. */
static double score(const struct ranked *r)
{
    const struct candidate_facts *c = &r->facts;

    if (strcmp(r->objective, "latency") == 0) return -decide_voice_s(c);
    if (strcmp(r->objective, "speed") == 0)
        return c->metrics[METRIC_served_tok_s].median;
    if (strcmp(r->objective, "memory") == 0)
        return -c->metrics[METRIC_peak_memory_bytes].median;
    return decide_pool(c, false).rate;
}

/* p that the samples behind a's and b's median differ by chance alone. */
static double chance(const struct ranked *a, int metric_a,
                     const struct ranked *b, int metric_b)
{
    return stats_rank_sum(a->evidence.values[metric_a],
                          a->evidence.n[metric_a],
                          b->evidence.values[metric_b],
                          b->evidence.n[metric_b]);
}

/* Is a ahead of b on the objective, by more than chance? What was measured
 * is ahead of what was not. The p of the test in *p: NAN when there was
 * none. */
static bool is_clear(const struct ranked *a, const struct ranked *b, double *p)
{
    size_t only_a, only_b;

    *p = NAN;
    if (isnan(score(a)) || isnan(score(b))) return !isnan(score(a));
    if (strcmp(a->objective, "memory") == 0)      /* a size, not a sample */
        return score(a) - score(b) > SAME_MEMORY * fabs(score(b));
    if (strcmp(a->objective, "speed") == 0) {
        *p = chance(a, METRIC_served_tok_s, b, METRIC_served_tok_s);
        return *p < ALPHA && score(a) > score(b);
    }
    if (strcmp(a->objective, "latency") == 0) {
        *p = chance(a, decide_voice_metric(&a->facts),
                    b, decide_voice_metric(&b->facts));
        return *p < ALPHA && score(a) > score(b);
    }
    evidence_discordant(&a->evidence, &b->evidence, &only_a, &only_b);
    *p = stats_sign_test(only_a, only_b);
    return *p < ALPHA && only_a > only_b;
}

static int by_number(double a, double b)     /* bigger first, NAN last */
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static int by_rank(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    int                  order;

    if (a->failed != b->failed) return a->failed - b->failed;
    order = by_number(score(a), score(b));
    if (order == 0)
        order = by_number(decide_pool(&a->facts, false).rate_if_parsed,
                          decide_pool(&b->facts, false).rate_if_parsed);
    if (order == 0)
        order = by_number(-decide_voice_s(&a->facts),
                          -decide_voice_s(&b->facts));
    if (order == 0)
        order = strcmp(a->facts.name, b->facts.name);
    return order;
}

/* Does anyone ahead of it on the objective beat it clearly? */
static bool is_beaten(const struct ranked *list, size_t i)
{
    double p;

    for (size_t k = 0; k < i; k++)
        if (is_clear(&list[k], &list[i], &p)) return true;
    return false;
}

/* Of those that nobody beats clearly, the one that speaks soonest goes
 * first. */
static void break_tie(struct ranked *list, size_t n_passed)
{
    size_t        soonest = 0;
    struct ranked first;

    for (size_t i = 1; i < n_passed; i++)
        if (decide_voice_s(&list[i].facts) <
            decide_voice_s(&list[soonest].facts) && !is_beaten(list, i))
            soonest = i;
    first = list[soonest];
    memmove(list + 1, list, soonest * sizeof *list);
    list[0] = first;
}

/* ---- the recommendation, in words -------------------------------------- */

/* What the objective looks at: "17 of 20 cases passed", "1.24 s to speech";
 * behind another one of them "17 of 20", "1.24 s". */
static char *score_words(const struct ranked *r, bool is_second)
{
    const struct metric *m    = r->facts.metrics;
    struct pool          all  = decide_pool(&r->facts, false);
    const char          *what = r->objective;

    if (strcmp(what, "latency") == 0)
        return mem_printf("%.2f s%s", decide_voice_s(&r->facts),
                          is_second ? "" : " to speech");
    if (strcmp(what, "speed") == 0)
        return isnan(m[METRIC_served_tok_s].median)
            ? mem_copy("speed not measured")
            : mem_printf("%.1f tok/s", m[METRIC_served_tok_s].median);
    if (strcmp(what, "memory") == 0)
        return isnan(m[METRIC_peak_memory_bytes].median)
            ? mem_copy("memory not measured")
            : mem_printf("%.0f MiB", m[METRIC_peak_memory_bytes].median /
                                     (1024 * 1024));
    return all.total > 0 ? mem_printf("%d of %d%s", all.pass, all.total,
                                      is_second ? "" : " cases passed")
                         : mem_copy("no cases");
}

/* "; sign test, p = 0.020": the proof behind a comparison. */
static char *proof_words(const char *objective, double p)
{
    const char *test = strcmp(objective, "quality") == 0 ? "sign test"
                                                         : "rank-sum test";

    if (isnan(p)) return mem_copy("");
    if (p < 0.001) return mem_printf("; %s, p < 0.001", test);
    return mem_printf("; %s, p = %.*f", test, p < 0.1 ? 3 : 2, p);
}

/* What decided between two that the objective cannot tell apart. */
static char *tie_words(const struct ranked *first, const struct ranked *next)
{
    double mine_s = decide_voice_s(&first->facts);
    double theirs_s = decide_voice_s(&next->facts);

    if (strcmp(first->objective, "latency") != 0 && mine_s < theirs_s)
        return mem_printf("it speaks sooner (%.2f s against %.2f s)", mine_s,
                          theirs_s);
    if (score(first) > score(next)) return mem_copy("it leads by that much");
    if (mine_s > theirs_s)
        return mem_copy("it speaks soonest of those that nobody clearly "
                        "beats");
    return mem_copy("its name comes first: nothing else separates them");
}

static char *sure_words(const struct facts *facts, const struct ranked *list,
                        size_t n_passed)
{
    char  *mine = score_words(&list[0], false), *theirs, *proof, *tie, *out;
    double p;

    if (n_passed < 2) {
        out = facts->n_candidates < 2
            ? mem_copy("the only candidate, so there is nothing to compare "
                       "it with")
            : mem_printf("the only candidate that passes every gate (%s)",
                         mine);
        free(mine);
        return out;
    }
    theirs = score_words(&list[1], true);
    tie = is_clear(&list[0], &list[1], &p) ? NULL
        : tie_words(&list[0], &list[1]);
    proof = proof_words(facts->objective, p);
    out = tie
        ? mem_printf("cannot be told apart from %s on %s (%s against %s%s); "
                     "chosen because %s", list[1].facts.name,
                     facts->objective, mine, theirs, proof, tie)
        : mem_printf("clearly ahead of %s on %s (%s against %s%s)",
                     list[1].facts.name, facts->objective, mine, theirs,
                     proof);
    free(mine);
    free(theirs);
    free(proof);
    free(tie);
    return out;
}

static void recommend(struct facts *facts, const struct ranked *list,
                      size_t n_passed)
{
    struct recommendation *r = mem_new(1, sizeof *r);
    char *sure = with_marked(sure_words(facts, list, n_passed), &list[0], "");

    if (n_passed > 1) {
        char *whose = mem_printf("%s's ", list[1].facts.name);

        sure = with_marked(sure, &list[1], whose);
        free(whose);
    }
    *r = (struct recommendation){
        .name = mem_copy(list[0].facts.name), .sure = sure,
        .command = mem_copy(list[0].facts.command),
        .runner_up = n_passed < 2 ? NULL : mem_copy(list[1].facts.name)};
    facts->recommendation = r;
}

/* Why one that passed every gate is not the winner. */
static char *lost_words(const struct ranked *winner, const struct ranked *r)
{
    char  *mine = score_words(r, false), *best = score_words(winner, true);
    char  *out, *tie;
    double p;

    if (is_clear(winner, r, &p)) {
        out = mem_printf("passes every gate; %s, the winner %s", mine, best);
    } else {
        tie = tie_words(winner, r);
        out = mem_printf("passes every gate; %s, the winner %s: that may be "
                         "chance, the winner was chosen because %s", mine,
                         best, tie);
        free(tie);
    }
    free(mine);
    free(best);
    return out;
}

/* Why the winner won and each loser lost. */
static void explain(struct ranked *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct candidate_facts *c   = &list[i].facts;
        char                   *old = c->reason, *mine;

        c->passes_gates = list[i].failed == 0;
        if (list[i].failed >= NOT_AUDITIONED) continue;
        if (list[i].failed > 0) {
            c->reason = mem_printf("fails on: %s", list[i].why);
        } else if (i > 0) {
            c->reason = lost_words(&list[0], &list[i]);
        } else {
            mine = score_words(&list[0], false);
            c->reason = strcmp(list[0].objective, "latency") == 0
                ? mem_printf("passes every gate; %s", old)
                : mem_printf("passes every gate; %s; %s", mine, old);
            free(mine);
        }
        if (list[i].failed == 0)           /* else `why` has them */
            c->reason = with_marked(c->reason, &list[i], "");
        free(old);
    }
}

static char *explain_no_winner(const struct ranked *list, size_t n)
{
    if (n == 0) return mem_copy("there is no candidate");
    if (list[0].failed < NOT_AUDITIONED)
        return mem_printf("no candidate passes every gate; nearest is %s, "
                          "which fails on: %s", list[0].facts.name,
                          list[0].why);
    if (n == 1)
        return mem_printf("%s could not be auditioned: %s",
                          list[0].facts.name, list[0].why);
    return mem_printf("none of the %zu candidates could be auditioned; the "
                      "first, %s: %s", n, list[0].facts.name, list[0].why);
}

void decide_ranking(struct facts *facts, struct evidence *evidence,
                    const struct config *config)
{
    size_t         n    = facts->n_candidates, n_passed = 0;
    struct ranked *list = mem_new(n, sizeof *list);

    for (size_t i = 0; i < n; i++) {
        struct strbuf why;

        strbuf_init(&why, 4000);
        list[i] = (struct ranked){.facts = facts->candidates[i],
                                  .evidence = evidence[i],
                                  .objective = facts->objective};
        list[i].failed = failed_gates(&list[i].facts, config, &why);
        if (list[i].failed > 0 && list[i].failed < NOT_AUDITIONED)
            add_marked(&list[i].facts, facts->objective, "", &why);
        list[i].why = strbuf_take(&why);
        strbuf_done(&why);
        if (list[i].failed == 0) n_passed++;
    }
    qsort(list, n, sizeof *list, by_rank);
    if (n_passed > 1) break_tie(list, n_passed);
    if (n_passed > 0) recommend(facts, list, n_passed);
    else facts->no_winner = explain_no_winner(list, n);
    explain(list, n);
    for (size_t i = 0; i < n; i++) {
        facts->candidates[i] = list[i].facts;
        evidence[i] = list[i].evidence;
        free(list[i].why);
    }
    free(list);
}
