/* SPDX-License-Identifier: MIT */
/* evidence_summary.c - see evidence.h: from everything gathered to the facts
 * of one candidate. */
#include "evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "stats.h"
#include "telemetry.h"

#define MAX_HARNESS_FRAC 0.02     /* above this share there is no rate        */
#define MAX_TIMING_GAP 0.02       /* arrivals against the server's own timing */
#define CONFIDENCE 0.99           /* of certified percentiles                 */

static struct quality *quality_of(struct candidate_facts *f,
                                  const char *suite, bool by_prompt)
{
    char *name = evidence_suite_name(suite, by_prompt);

    for (size_t i = 0; i < f->n_quality; i++)
        if (strcmp(f->quality[i].suite, name) == 0) {
            free(name);
            return &f->quality[i];
        }
    f->quality = mem_grow(f->quality, f->n_quality + 1, sizeof *f->quality);
    f->quality[f->n_quality] = (struct quality){.suite = name,
                                                .by_prompt = by_prompt};
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

/* Median, interval and what the sample certifies; sorts the values. */
static void fill_metric(struct metric *m, double *values, size_t n,
                        bool is_latency)
{
    struct interval i;

    m->median = stats_median(values, n);
    i = stats_median_interval(values, n, 0.95);
    m->low = i.low;
    m->high = i.high;
    m->n = (long)n;
    m->reason[0] = '\0';
    m->is_marked = false;
    for (size_t k = 0; k < CERTIFIED; k++)
        m->certified[k] = is_latency
            ? stats_certified(values, n, certified_p[k], CONFIDENCE) : NAN;
}

/* Under which marks all of it was measured: never silently. */
static void say_marked(unsigned marks, struct metric *m)
{
    struct strbuf names;

    strbuf_init(&names, 200);
    for (unsigned bit = 1; bit < 1u << MARK_BITS; bit <<= 1)
        if (marks & bit)
            strbuf_addf(&names, "%s%s", names.len ? ", " : "",
                        mark_name(bit));
    m->is_marked = true;
    snprintf(m->reason, sizeof m->reason, "every one of %ld was measured "
             "under a mark: %.120s", m->n, names.text);
    strbuf_done(&names);
}

/* The times of one suite's cases; the marked ones only where there is no
 * other. */
struct case_times {
    double  *values, *marked;
    size_t   n, n_marked;
    unsigned marks;
};

static void case_times_init(struct case_times *t, size_t most)
{
    *t = (struct case_times){mem_new(most + 1, sizeof *t->values),
                             mem_new(most + 1, sizeof *t->marked), 0, 0, 0};
}

static void add_time(struct case_times *t, double s, unsigned marks)
{
    if (isnan(s)) return;
    if (marks) t->marked[t->n_marked++] = s;
    else t->values[t->n++] = s;
    t->marks |= marks;
}

static void fill_case_times(struct metric *m, struct case_times *t,
                            const char *why_none)
{
    bool only_marked = t->n == 0 && t->n_marked > 0;

    if (only_marked) fill_metric(m, t->marked, t->n_marked, true);
    else fill_metric(m, t->values, t->n, true);
    if (only_marked) say_marked(t->marks, m);
    else if (t->n == 0) snprintf(m->reason, sizeof m->reason, "%s", why_none);
    free(t->values);
    free(t->marked);
}

static void summarise_cold(const struct evidence *e, struct quality *q)
{
    struct case_times times;

    case_times_init(&times, e->n_cold);
    for (size_t i = 0; i < e->n_cold; i++)
        if (strcmp(e->cold[i].suite, q->suite) == 0)
            add_time(&times, e->cold[i].first_sentence_s, e->cold[i].marks);
    fill_case_times(&q->first_sentence_cold_s, &times, "no answer with "
                    "nothing cached had a spoken word");
}

/* The first sentence of one suite's spoken answers. */
static void summarise_sentences(const struct evidence *e, struct quality *q)
{
    struct case_times times;

    case_times_init(&times, e->n_cases);
    for (size_t i = 0; i < e->n_cases; i++) {
        const struct case_outcome *c = &e->cases[i];
        char *name = evidence_suite_name(c->suite, c->by_prompt);

        if (strcmp(name, q->suite) == 0)
            add_time(&times, c->first_sentence_s, c->marks);
        free(name);
    }
    fill_case_times(&q->first_sentence_s, &times,
                    "no answer had a spoken word");
}

/* By prompt or not, it is the same suite's cases that need tools or not. */
static bool is_about_tools(const struct quality *q,
                           bool (*needs_tools)(void *, const char *),
                           void *ctx)
{
    size_t n = strlen(q->suite) - (q->by_prompt ? strlen("_by_prompt") : 0);
    char  *base = mem_copy_n(q->suite, n);
    bool   yes = needs_tools(ctx, base);

    free(base);
    return yes;
}

static void summarise_cases(const struct evidence *e,
                            bool (*needs_tools)(void *, const char *),
                            void *ctx, struct candidate_facts *out)
{
    for (size_t i = 0; i < e->n_cases; i++) {
        const struct case_outcome *c = &e->cases[i];
        struct quality            *q = quality_of(out, c->suite, c->by_prompt);

        q->total++;
        switch (c->outcome) {
        case OUTCOME_PASS: q->pass++; break;
        case OUTCOME_UNPARSED: q->unparsed++; break;
        case OUTCOME_TEMPLATE: q->template_fault++; break;
        case OUTCOME_HARNESS: q->harness_fault++; break;
        case OUTCOME_NONE:
        case OUTCOME_FAIL: q->fail++; break;
        }
    }
    for (size_t i = 0; i < out->n_quality; i++) {
        struct quality *q = &out->quality[i];

        q->needs_tools = is_about_tools(q, needs_tools, ctx);
        finish_rates(q);
        summarise_sentences(e, q);
        summarise_cold(e, q);
    }
}

/* What may be why a quantity is missing. */
struct circumstances {
    const struct evidence *e;
    bool has_ended;         /* before its time                               */
    bool has_spoken;        /* at least once                                 */
    bool is_ours;           /* we started the engine                         */
    bool remote;
};

#define ENDED_BEFORE "the audition ended before it was measured"
#define NEEDS_RAW "needs raw prompts, which this server does not take"

static const char *why_no_energy(const struct circumstances *c)
{
    if (c->remote) return "the server runs on another host";
    if (!(c->e->board.turns > 0)) return "the board was not watched";
    if (!c->has_ended && c->e->n[METRIC_prompt_tok_s] == 0)
        return NEEDS_RAW;
    if (c->e->board.n_power > 0)
        return "the decoding was too short for its energy to be known to "
               "50 %";
    return "no power or energy counter of this board could be read: "
           "`audition probe` says why";
}

static const char *why_no_resource(enum metric_id id,
                                   const struct circumstances *c)
{
    switch (id) {
    case METRIC_load_s:
    case METRIC_anon_bytes:
    case METRIC_weights_mapped_bytes:
    case METRIC_peak_memory_bytes:
    case METRIC_left_for_speech_bytes:
        if (c->remote) return "the server runs on another host";
        if (!c->is_ours) return "the server's process is not ours to measure";
        return c->has_ended ? ENDED_BEFORE : "this machine does not say";
    case METRIC_device_bytes:
        return "no GPU memory was seen";
    case METRIC_energy_j_per_token:
        return why_no_energy(c);
    case METRIC_cold_start_s:
        if (!c->is_ours) return "the server was not started by audition";
        if (!c->has_ended) return "the first answer was nothing but reasoning";
        break;
    default: break;
    }
    return NULL;
}

static const char *why_no_speed(enum metric_id id,
                                const struct circumstances *c)
{
    switch (id) {
    case METRIC_prompt_tok_s_2048: return "measured with --full only";
    case METRIC_chunks_per_s: return "the server counts tokens";
    case METRIC_prompt_tok_s:
    case METRIC_prompt_tok_s_128:
    case METRIC_prompt_tokens:
    case METRIC_served_tok_s_at_prompt:
        if (!c->has_ended) return NEEDS_RAW;
        break;
    case METRIC_engine_tok_s:
    case METRIC_engine_prompt_tok_s:
    case METRIC_serving_ms_per_token:
        if (c->e->no_engine_speed) return c->e->no_engine_speed;
        if (!c->is_ours) return "llama-bench runs beside a llama-server that "
                                "audition starts only";
        break;
    case METRIC_served_tok_s_by_timings:
        if (c->has_spoken && !c->has_ended)
            return "this server reports no timings";
        break;
    case METRIC_latency50_s:
        if (c->has_spoken && !c->has_ended)
            return "no answer reached 50 tokens that the server counted, and "
                   "it cannot be made to continue";
        break;
    default: break;
    }
    return NULL;
}

static const char *why_no_speech(enum metric_id id,
                                 const struct circumstances *c)
{
    bool has_cases = c->e->n_cases > 0;

    switch (id) {
    case METRIC_tool_turn_s:
        if (has_cases && !c->has_ended)
            return "no case was one turn of structured calls and one spoken "
                   "turn";
        break;
    case METRIC_tool_turn_parallel_s:
        if (has_cases && !c->has_ended)
            return "no such tool turn had more than one call";
        break;
    case METRIC_first_sentence_cold_s:
        if (c->has_spoken && !c->has_ended)
            return "no answer with nothing cached had a spoken word, or the "
                   "server took more than a tenth of the prompt from its "
                   "cache all the same";
        break;
    case METRIC_ttfat_s:
        if (c->has_spoken) return "every answer was nothing but reasoning";
        break;
    case METRIC_words35_s:
        if (c->has_spoken) return "no answer had 35 words";
        break;
    case METRIC_words_per_s:
        if (c->has_spoken) return "no answer had 8 spoken words";
        break;
    case METRIC_first_clause_s:
    case METRIC_first_sentence_s:
    case METRIC_underrun_s:
        if (c->has_spoken) return "no answer had a spoken word";
        break;
    default: break;
    }
    return NULL;
}

static const char *why_missing(enum metric_id id, const struct evidence *e,
                               const struct candidate_facts *f)
{
    const struct circumstances c = {
        .e = e, .has_ended = f->status == STATUS_PARTIAL,
        .has_spoken = e->n[METRIC_ttft_s] + e->n_marked[METRIC_ttft_s] > 0,
        .is_ours = e->n[METRIC_load_s] > 0, .remote = f->remote};
    const char *why;

    if (f->status == STATUS_FAILED || f->status == STATUS_SKIPPED)
        return "not auditioned";
    why = why_no_resource(id, &c);
    if (!why) why = why_no_speed(id, &c);
    if (!why) why = why_no_speech(id, &c);
    if (why) return why;
    return c.has_ended ? ENDED_BEFORE : "this server does not report it";
}

static void mark_timing_gap(struct candidate_facts *f)
{
    struct metric *served = &f->metrics[METRIC_served_tok_s];
    double         own    = f->metrics[METRIC_served_tok_s_by_timings].median;
    double         gap    = fabs(served->median - own) / own;

    if (gap > MAX_TIMING_GAP && !served->is_marked)
        snprintf(served->reason, sizeof served->reason, "arrivals differ by "
                 "%.1f %% from the server's own timing", gap * 100);
}

/* A figure that was computed from one that bears a mark bears it too. */
static void take_mark(const struct metric *from, struct metric *m)
{
    m->is_marked = true;
    memcpy(m->reason, from->reason, sizeof m->reason);
}

/* What serving costs over the engine alone: of the two medians; the ends of
 * their intervals that are farthest apart. */
static void fill_serving_cost(struct candidate_facts *f)
{
    const struct metric *engine = &f->metrics[METRIC_engine_tok_s];
    const struct metric *served = &f->metrics[METRIC_served_tok_s];
    struct metric       *cost = &f->metrics[METRIC_serving_ms_per_token];

    cost->median = 1e3 / served->median - 1e3 / engine->median;
    cost->low = 1e3 / served->high - 1e3 / engine->low;
    cost->high = 1e3 / served->low - 1e3 / engine->high;
    cost->n = engine->n < served->n ? engine->n : served->n;
    if (cost->n == 0) return;
    cost->reason[0] = '\0';
    if (served->is_marked) take_mark(served, cost);
}

static void fill_reasoning(const struct evidence *e, struct candidate_facts *f)
{
    double n = (double)e->answers;

    f->reasoning.can_disable = -1;
    f->reasoning.answers = e->answers;
    f->reasoning.leak_rate = e->answers ? (double)e->leaks / n : NAN;
    f->reasoning.empty_rate = e->answers ? (double)e->only_thoughts / n : NAN;
}

/* Where nothing is forced, from the speed that free answers had. */
static void fill_naive(struct candidate_facts *f)
{
    const struct metric *served = &f->metrics[METRIC_served_tok_s];
    struct metric       *naive = &f->metrics[METRIC_latency50_naive_s];

    if (naive->n > 0 || served->n == 0) return;
    naive->median = 50 / served->median;
    naive->low = 50 / served->high;
    naive->high = 50 / served->low;
    naive->n = served->n;
    naive->reason[0] = '\0';
    if (served->is_marked) take_mark(served, naive);
}

static void fill_calls(const struct evidence *e, struct candidate_facts *f)
{
    double n = (double)e->calls_wanted;

    f->calls = (struct call_facts){e->calls_wanted, NAN, NAN};
    if (e->calls_wanted == 0) return;
    f->calls.rate = (double)e->calls_made / n;
    f->calls.rate_if_parsed = (double)(e->calls_made + e->calls_as_text) / n;
}

/* What is told of a cold start that was not quite cold. */
static void mark_page_cache(const struct evidence *e,
                            struct candidate_facts *f)
{
    struct metric *m = &f->metrics[METRIC_cold_start_s];

    if (m->n > 0 && !m->is_marked && e->page_cache &&
        strcmp(e->page_cache, PAGE_CACHE_DROPPED))
        snprintf(m->reason, sizeof m->reason, "page cache %.200s",
                 e->page_cache);
}

/* Where every measurement has a mark, they take the place of the rest. */
static void take_marked(struct evidence *e, int id)
{
    free(e->values[id]);
    e->values[id] = e->marked[id];
    e->n[id] = e->n_marked[id];
    e->marked[id] = NULL;
    e->n_marked[id] = 0;
}

static void fill_from(struct evidence *e, int id,
                      const struct candidate_facts *f, struct metric *m)
{
    bool only_marked = e->n[id] == 0 && e->n_marked[id] > 0;

    if (only_marked) take_marked(e, id);
    fill_metric(m, e->values[id], e->n[id],
                metric_is_latency((enum metric_id)id));
    if (only_marked) say_marked(e->marks[id], m);
    if (e->n[id] == 0)
        snprintf(m->reason, sizeof m->reason, "%s",
                 why_missing((enum metric_id)id, e, f));
}

void evidence_summarise(struct evidence *e,
                        bool (*suite_needs_tools)(void *ctx, const char *),
                        void *ctx, double limit_s, struct candidate_facts *out)
{
    for (int id = 0; id < METRIC_COUNT; id++)
        fill_from(e, id, out, &out->metrics[id]);
    fill_serving_cost(out);
    fill_naive(out);
    mark_timing_gap(out);
    mark_page_cache(e, out);
    fill_reasoning(e, out);
    fill_calls(e, out);
    summarise_cases(e, suite_needs_tools, ctx, out);
    series_summarise(&e->series, limit_s, out);
    out->examples = e->examples;     /* moves */
    out->n_examples = e->n_examples;
    e->examples = NULL;
    e->n_examples = 0;
    out->blocks = e->blocks;
}
