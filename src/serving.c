/* SPDX-License-Identifier: MIT */
/* serving.c - see serving.h. */
#include "serving.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "observe.h"
#include "stats.h"

#define PROMPT_TOKENS 64
#define SURE_PAIRS    3       /* fewer may agree by chance                  */
#define WORTH_FRAC    0.03    /* of a token's time that a change must save  */
#define GAP_FRAC      0.05    /* that the engine alone is faster            */

enum variant { AS_SET, GREEDY, CHAIN, BACKEND };

static const struct {
    const char *metric, *name;
} variants[SERVING_VARIANTS] = {
    [AS_SET] = {SERVING_AS_SET, "as set"},
    [GREEDY] = {SERVING_GREEDY, "greedy only"},
    [CHAIN] = {SERVING_CHAIN, "full chain"},
    [BACKEND] = {SERVING_BACKEND, "backend sampling"},
};

/* ---- step 4 -------------------------------------------------------------- */

/* What a variant changes, put over the audition's sampling. */
static json_t *sampling_of(enum variant v, const json_t *as_set)
{
    json_t *all = as_set ? json_deep_copy(as_set) : json_object();
    json_t *change = NULL;

    if (v == GREEDY)
        change = json_pack("{s:[s],s:i}", "samplers", "top_k", "top_k", 1);
    if (v == CHAIN)
        change = json_pack("{s:[s,s,s,s,s,s,s,s,s],s:f,s:i,s:f,s:f}",
                           "samplers", "penalties", "dry", "top_n_sigma",
                           "top_k", "typ_p", "top_p", "min_p", "xtc",
                           "temperature", "temperature", 0.8, "top_k", 40,
                           "top_p", 0.95, "min_p", 0.05);
    if (v == BACKEND) change = json_pack("{s:b}", "backend_sampling", 1);
    if (change) json_object_update(all, change);
    json_decref(change);
    return all;
}

static int run_once(struct bench *b, enum variant v, int tokens,
                    struct trial *t, struct err *err)
{
    json_t *sampling = sampling_of(v, b->m->sampling);
    struct complete_request request = {.ids = b->filler_ids,
                                       .n_ids = PROMPT_TOKENS,
                                       .n_predict = tokens,
                                       .sampling = sampling};
    struct turn *turn = trial_add_turn(t);
    int          rc   = b->ops->complete(b->engine, &request, turn, err);

    if (turn->sent_ns >= 0 && turn->end_ns > turn->sent_ns)
        t->duration_s += (double)(turn->end_ns - turn->sent_ns) / 1e9;
    if (rc == 0)
        trial_observe(t, variants[v].metric, observe_served_tok_s(turn));
    json_decref(sampling);
    return rc;
}

int serving_run(struct bench *b, int pairs, int tokens, struct trial *t,
                struct err *err)
{
    bool is_out[SERVING_VARIANTS] = {
        [BACKEND] = !b->facts->has_backend_sampling};

    if (works_filler(b, err)) return -1;
    for (int i = 0; i < pairs * SERVING_VARIANTS; i++) {
        int          at  = i % SERVING_VARIANTS;
        bool         odd = i / SERVING_VARIANTS % 2;
        enum variant v   = odd ? (enum variant)(SERVING_VARIANTS - 1 - at)
                               : (enum variant)at;
        struct err   why = {0};

        if (is_out[v] || run_once(b, v, tokens, t, &why) == 0) continue;
        if (v == AS_SET || why.kind != ERR_INPUT) {
            if (err) *err = why;
            return -1;
        }
        is_out[v] = true;
        turn_done(&t->turns[--t->n_turns]);
    }
    return 0;
}

/* ---- step 7 -------------------------------------------------------------- */

static size_t count_of(const struct trial *t, const char *metric)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_observations; i++)
        n += strcmp(t->observations[i].metric, metric) == 0;
    return n;
}

/* Place i of each list belongs to the same round: a variant that a trial does
 * not have in every round gets NAN there. */
void serving_add(struct serving *s, const struct trial *t)
{
    size_t rounds = count_of(t, SERVING_AS_SET);

    for (int v = 0; rounds > 0 && v < SERVING_VARIANTS; v++) {
        bool   is_whole = count_of(t, variants[v].metric) == rounds;
        size_t from     = s->n[v];

        s->tok_s[v] = mem_grow(s->tok_s[v], from + rounds,
                               sizeof *s->tok_s[v]);
        for (size_t i = 0; !is_whole && i < rounds; i++)
            s->tok_s[v][s->n[v]++] = NAN;
        for (size_t i = 0; is_whole && i < t->n_observations; i++)
            if (strcmp(t->observations[i].metric, variants[v].metric) == 0)
                s->tok_s[v][s->n[v]++] = t->observations[i].value;
    }
}

void serving_done(struct serving *s)
{
    for (int v = 0; v < SERVING_VARIANTS; v++) free(s->tok_s[v]);
    *s = (struct serving){0};
}

static double median_of(const double *values, size_t n, size_t *seen)
{
    double *copy = mem_new(n + 1, sizeof *copy), median;

    *seen = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) copy[(*seen)++] = values[i];
    median = stats_median(copy, *seen);
    free(copy);
    return median;
}

/* One variant's row; false when it was never seen. Savings are compared
 * within a round, so that a machine that slows down favours nobody. */
static bool compare(const struct serving *s, int v,
                    struct serving_variant *out)
{
    double *saves = mem_new(s->n[v] + 1, sizeof *saves);
    size_t  seen, more = 0, less = 0;

    *out = (struct serving_variant){.saves_ms_per_token = NAN};
    snprintf(out->name, sizeof out->name, "%s", variants[v].name);
    out->tok_s = median_of(s->tok_s[v], s->n[v], &seen);
    for (size_t i = 0; v != AS_SET && i < s->n[v]; i++) {
        saves[i] = 1e3 / s->tok_s[AS_SET][i] - 1e3 / s->tok_s[v][i];
        more += saves[i] > 0;
        less += saves[i] < 0;
    }
    if (v != AS_SET && seen > 0) {
        out->saves_ms_per_token = median_of(saves, s->n[v], &seen);
        out->is_sure = seen >= SURE_PAIRS && (more == seen || less == seen);
    }
    free(saves);
    return seen > 0;
}

/* How much of a token's time the engine alone would not need; NAN when that
 * is not known, or too little to speak of. */
static double gap_ms(const struct candidate_facts *c)
{
    double engine = c->metrics[METRIC_engine_tok_s].median;
    double served = c->metrics[METRIC_served_tok_s].median;
    double ms     = c->metrics[METRIC_serving_ms_per_token].median;

    if (!(engine >= (1 + GAP_FRAC) * served)) return NAN;
    /* Blame needs more than two medians of a noisy machine. */
    if (c->metrics[METRIC_serving_ms_per_token].low <= 0) return NAN;
    return isnan(ms) ? 1e3 / served - 1e3 / engine : ms;
}

/* What one would change, the most first; -1: nothing that is worth it. The
 * full chain is there to compare with: nobody would set it for speed. */
static int best_change(const struct serving_variant rows[SERVING_VARIANTS])
{
    static const int offered[] = {BACKEND, GREEDY};
    double worth = WORTH_FRAC * 1e3 / rows[AS_SET].tok_s;
    int    best  = -1;

    for (size_t i = 0; i < sizeof offered / sizeof *offered; i++) {
        const struct serving_variant *v = &rows[offered[i]];

        if (!v->is_sure || !(v->saves_ms_per_token >= worth)) continue;
        if (best < 0 ||
            v->saves_ms_per_token > rows[best].saves_ms_per_token)
            best = offered[i];
    }
    return best;
}

static void describe(const struct candidate_facts *c, double gap,
                     double sampler_ms, int vocabulary, char *text,
                     size_t size)
{
    double served = c->metrics[METRIC_served_tok_s].median;
    double engine = c->metrics[METRIC_engine_tok_s].median;
    char   beside[200] = "", sampler[160], over[60] = "";

    if (!isnan(gap))
        snprintf(beside, sizeof beside, "%.2f ms of each token's %.2f ms are "
                 "serving: %.1f tok/s as served, %.1f by the engine alone; ",
                 gap, 1e3 / served, served, engine);
    if (vocabulary > 0)
        snprintf(over, sizeof over, " over a vocabulary of %d entries",
                 vocabulary);
    if (!isnan(sampler_ms))
        snprintf(sampler, sizeof sampler, "at least %.2f ms of each token are "
                 "the sampler's, on the CPU%s", sampler_ms, over);
    else
        snprintf(sampler, sizeof sampler, "%s", c->n_serving > 1
                 ? "no other sampling that was tried is faster for sure"
                 : "how much of that is the sampler's was not measured");
    snprintf(text, size, "%s%s", beside, sampler);
}

static void advise(int best, double saves_ms, char *remedy, size_t size)
{
    if (best == BACKEND)
        snprintf(remedy, size, "`sampling: {backend_sampling: true}` "
                 "(llama-server's --backend-sampling) samples where the model "
                 "runs: %.2f ms a token less here; llama-server switches it "
                 "off for requests with a grammar, which tools bring along: "
                 "those gain nothing", saves_ms);
    else if (best == GREEDY)
        snprintf(remedy, size, "`sampling: {samplers: [top_k], top_k: 1}` "
                 "takes the likeliest token and nothing else, as temperature "
                 "0 without penalties does: %.2f ms a token less here",
                 saves_ms);
    else
        snprintf(remedy, size, "the server works between two tokens on one "
                 "CPU core: its highest clock, or a model with a smaller "
                 "vocabulary, makes that shorter");
}

bool serving_summarise(const struct serving *s, int vocabulary,
                       struct candidate_facts *out, struct finding *finding)
{
    struct serving_variant rows[SERVING_VARIANTS];
    double                 gap = gap_ms(out), saves = NAN;
    int                    best;

    out->n_serving = 0;
    for (int v = 0; v < SERVING_VARIANTS; v++)
        if (compare(s, v, &rows[v])) out->serving[out->n_serving++] = rows[v];
    best = best_change(rows);
    if (best < 0 && isnan(gap)) return false;
    if (best >= 0) saves = rows[best].saves_ms_per_token;
    *finding = (struct finding){.fault = FAULT_ENGINE};
    snprintf(finding->kind, sizeof finding->kind, "serving_cost");
    describe(out, gap, saves, vocabulary, finding->text,
             sizeof finding->text);
    advise(best, saves, finding->remedy, sizeof finding->remedy);
    return true;
}
