/* SPDX-License-Identifier: MIT */
/* evidence.c - see evidence.h. */
#include "evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"
#include "stats.h"

#define MAX_EXAMPLES 5
#define MAX_HARNESS_FRAC 0.02     /* above this share there is no rate        */
#define MAX_TIMING_GAP 0.02       /* arrivals against the server's own timing */

/* A case that broke before it could be judged has no outcome of its own. */
static enum outcome outcome_of(const struct trial *t)
{
    if (t->outcome != OUTCOME_NONE) return t->outcome;
    return t->status == TRIAL_HARNESS_FAULT ? OUTCOME_HARNESS : OUTCOME_FAIL;
}

static void add_example(struct evidence *e, const struct trial *t)
{
    struct worst_case *w;

    if (e->n_examples >= MAX_EXAMPLES || t->n_messages == 0) return;
    e->examples = mem_grow(e->examples, e->n_examples + 1,
                           sizeof *e->examples);
    w = &e->examples[e->n_examples++];
    *w = (struct worst_case){
        .suite = mem_copy(t->suite), .id = mem_copy(t->case_id),
        .reason = mem_copy(t->reason), .outcome = outcome_of(t),
        .say = mem_copy(""), .answer = mem_copy("")};
    for (size_t i = 0; i < t->n_messages; i++) {
        const struct message *m = &t->messages[i];
        if (strcmp(m->role, "user") == 0) {
            free(w->say);
            w->say = mem_copy(m->text);
        } else if (strcmp(m->role, "assistant") == 0 && m->text[0]) {
            free(w->answer);
            w->answer = mem_copy(m->text);
        }
    }
}

void evidence_add(struct evidence *e, const struct trial *t)
{
    if (t->block + 1 > e->blocks && t->status == TRIAL_OK)
        e->blocks = t->block + 1;
    if (t->status == TRIAL_OK && !strstr(t->key, "/load/")) e->ok_trials++;
    if (strcmp(t->key, "died") == 0 && t->reason && !e->death)
        e->death = mem_copy(t->reason);
    for (size_t i = 0; i < t->n_observations; i++) {
        int id = metric_find(t->observations[i].metric);

        if (strcmp(t->observations[i].metric, JUDGE_TEXT_CALL) == 0)
            e->text_calls++;
        if (id < 0) continue;
        e->values[id] = mem_grow(e->values[id], e->n[id] + 1, sizeof(double));
        e->values[id][e->n[id]++] = t->observations[i].value;
    }
    if (!t->suite) return;
    e->cases = mem_grow(e->cases, e->n_cases + 1, sizeof *e->cases);
    e->cases[e->n_cases++] = (struct case_outcome){
        .suite = mem_copy(t->suite), .id = mem_copy(t->case_id),
        .outcome = outcome_of(t)};
    if (outcome_of(t) != OUTCOME_PASS && outcome_of(t) != OUTCOME_HARNESS)
        add_example(e, t);
}

void evidence_done(struct evidence *e)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) free(e->values[i]);
    for (size_t i = 0; i < e->n_cases; i++) {
        free(e->cases[i].suite);
        free(e->cases[i].id);
    }
    for (size_t i = 0; i < e->n_examples; i++) {
        free(e->examples[i].suite);
        free(e->examples[i].id);
        free(e->examples[i].say);
        free(e->examples[i].answer);
        free(e->examples[i].reason);
    }
    free(e->cases);
    free(e->examples);
    free(e->death);
    *e = (struct evidence){0};
}

void evidence_discordant(const struct evidence *a, const struct evidence *b,
                         size_t *only_a, size_t *only_b)
{
    *only_a = *only_b = 0;
    for (size_t i = 0; i < a->n_cases; i++)
        for (size_t k = 0; k < b->n_cases; k++) {
            const struct case_outcome *x = &a->cases[i], *y = &b->cases[k];

            if (strcmp(x->id, y->id) != 0 || strcmp(x->suite, y->suite) != 0 ||
                x->outcome == OUTCOME_HARNESS || y->outcome == OUTCOME_HARNESS)
                continue;
            if (x->outcome == OUTCOME_PASS && y->outcome != OUTCOME_PASS)
                ++*only_a;
            if (x->outcome != OUTCOME_PASS && y->outcome == OUTCOME_PASS)
                ++*only_b;
        }
}

static struct quality *quality_of(struct candidate_facts *f, const char *suite)
{
    for (size_t i = 0; i < f->n_quality; i++)
        if (strcmp(f->quality[i].suite, suite) == 0) return &f->quality[i];
    f->quality = mem_grow(f->quality, f->n_quality + 1, sizeof *f->quality);
    f->quality[f->n_quality] = (struct quality){.suite = mem_copy(suite)};
    return &f->quality[f->n_quality++];
}

/* total counts every case that was asked, rate is NAN when too many of them
 * were ours to blame. */
static void finish_rates(struct quality *q)
{
    struct interval i;

    q->rate = q->rate_low = q->rate_high = q->rate_if_parsed = NAN;
    if (q->total == 0 || q->harness_fault > MAX_HARNESS_FRAC * q->total)
        return;
    q->rate = (double)q->pass / q->total;
    q->rate_if_parsed = (double)(q->pass + q->unparsed) / q->total;
    i = stats_wilson((size_t)q->pass, (size_t)q->total, 0.95);
    q->rate_low = i.low;
    q->rate_high = i.high;
}

static void summarise_cases(const struct evidence *e,
                            bool (*needs_tools)(void *, const char *),
                            void *ctx, struct candidate_facts *out)
{
    for (size_t i = 0; i < e->n_cases; i++) {
        struct quality *q = quality_of(out, e->cases[i].suite);

        q->total++;
        switch (e->cases[i].outcome) {
        case OUTCOME_PASS: q->pass++; break;
        case OUTCOME_UNPARSED: q->unparsed++; break;
        case OUTCOME_TEMPLATE: q->template_fault++; break;
        case OUTCOME_HARNESS: q->harness_fault++; break;
        case OUTCOME_NONE:
        case OUTCOME_FAIL: q->fail++; break;
        }
    }
    for (size_t i = 0; i < out->n_quality; i++) {
        out->quality[i].needs_tools = needs_tools(ctx, out->quality[i].suite);
        finish_rates(&out->quality[i]);
    }
}

static const char *why_missing(int id, const struct evidence *e,
                               const struct candidate_facts *f)
{
    bool has_ended = f->status == STATUS_PARTIAL;   /* before its time */
    bool has_spoken = e->n[METRIC_ttft_s] > 0;      /* at least once */
    bool is_ours = e->n[METRIC_load_s] > 0;         /* we started the engine */

    if (f->status == STATUS_FAILED || f->status == STATUS_SKIPPED)
        return "not auditioned";
    switch ((enum metric_id)id) {
    case METRIC_load_s:
    case METRIC_anon_bytes:
    case METRIC_weights_mapped_bytes:
    case METRIC_peak_memory_bytes:
    case METRIC_left_for_speech_bytes:
        if (f->remote) return "the server runs on another host";
        if (!is_ours) return "the server's process is not ours to measure";
        return has_ended ? "the audition ended before it was measured"
                         : "this machine does not say";
    case METRIC_prompt_tok_s_2048: return "measured with --full only";
    case METRIC_chunks_per_s: return "the server counts tokens";
    case METRIC_prompt_tok_s:
    case METRIC_prompt_tok_s_128:
    case METRIC_prompt_tokens:
    case METRIC_served_tok_s_by_timings:
    case METRIC_served_tok_s_at_prompt:
    case METRIC_latency50_naive_s:
        if (!has_ended) return "needs raw prompts, which this server does "
                               "not take";
        break;
    case METRIC_words35_s:
        if (has_spoken) return "no answer had 35 words";
        break;
    case METRIC_words_per_s:
        if (has_spoken) return "no answer had 8 spoken words";
        break;
    case METRIC_first_sentence_s:
        if (has_spoken) return "no answer had a spoken word";
        break;
    default: break;
    }
    return has_ended ? "the audition ended before it was measured"
                     : "this server does not report it";
}

static void mark_timing_gap(struct candidate_facts *f)
{
    struct metric *served = &f->metrics[METRIC_served_tok_s];
    double         own    = f->metrics[METRIC_served_tok_s_by_timings].median;
    double         gap    = fabs(served->median - own) / own;

    if (gap > MAX_TIMING_GAP)
        snprintf(served->reason, sizeof served->reason, "arrivals differ by "
                 "%.1f %% from the server's own timing", gap * 100);
}

void evidence_summarise(struct evidence *e,
                        bool (*suite_needs_tools)(void *ctx, const char *),
                        void *ctx, struct candidate_facts *out)
{
    for (int id = 0; id < METRIC_COUNT; id++) {
        struct metric  *m = &out->metrics[id];
        struct interval i;

        m->median = stats_median(e->values[id], e->n[id]);
        i = stats_median_interval(e->values[id], e->n[id], 0.95);
        m->low = i.low;
        m->high = i.high;
        m->n = (long)e->n[id];
        m->reason[0] = '\0';
        if (e->n[id] == 0)
            snprintf(m->reason, sizeof m->reason, "%s",
                     why_missing(id, e, out));
    }
    mark_timing_gap(out);
    summarise_cases(e, suite_needs_tools, ctx, out);
    out->examples = e->examples;     /* moves */
    out->n_examples = e->n_examples;
    e->examples = NULL;
    e->n_examples = 0;
    out->blocks = e->blocks;
}
