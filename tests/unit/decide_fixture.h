/* SPDX-License-Identifier: MIT */
/* decide_fixture.h - candidates whose every sample is scripted, and a whole
 * step 7 of them. */
#ifndef TESTS_DECIDE_FIXTURE_H
#define TESTS_DECIDE_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide.h"

#define MIB (1024.0 * 1024.0)
#define SAMPLES 7            /* an odd number: the median is one of them */
#define MOST 6

/* What a candidate does; a zero is "as everybody else", NAN never observed. */
struct part {
    const char *name;
    double      first_s, latency50_s, tok_s, memory_mib, left_mib;
    int         pass, unparsed, template_fault, harness, total;
    int         shift;          /* which cases pass: moves them along */
    int         has_template, supports_tools;   /* -2 for "no" */
    const char *failure;
    enum candidate_status status;
    double      timings_tok_s;
    bool        is_synthetic;
};

static struct config config_for(const char *objective)
{
    return (struct config){
        .objective = mem_copy(objective),
        .thresholds = {.target_s = 1.5, .ready_s = 2, .borderline_s = 2.5,
                       .min_tool_accuracy = 0.7, .min_quality = 0.5}};
}

static void add_samples(struct evidence *e, const char *metric, double value,
                        double usual)
{
    struct trial t = {.n_turns = 0};

    snprintf(t.key, sizeof t.key, "b0/any/0");
    if (value == 0) value = usual;
    for (int i = 0; i < SAMPLES; i++)
        trial_observe(&t, metric, value + value * (i - SAMPLES / 2) * 0.002);
    evidence_add(e, &t);
    trial_done(&t);
}

static void add_cases(struct evidence *e, const struct part *p)
{
    int total = p->total ? p->total : 20, pass = p->total ? p->pass : 18;

    for (int i = 0; i < total; i++) {
        int          k = (i + p->shift) % total;
        struct trial t = {.suite = mem_copy("home"),
                          .case_id = mem_printf("case-%d", i)};

        t.outcome = k < pass                  ? OUTCOME_PASS
            : (k -= pass) < p->unparsed       ? OUTCOME_UNPARSED
            : (k -= p->unparsed) < p->harness ? OUTCOME_HARNESS
            : k - p->harness < p->template_fault ? OUTCOME_TEMPLATE
                                                 : OUTCOME_FAIL;
        evidence_add(e, &t);
        trial_done(&t);
    }
}

static int truth(int value) { return value == -2 ? 0 : 1; }

static bool always(void *ctx, const char *suite)
{
    (void)ctx;
    return strcmp(suite, "home") == 0;
}

static void play(const struct part *p, const struct config *config,
                 struct candidate_facts *c, struct evidence *e)
{
    *c = (struct candidate_facts){
        .name = mem_copy(p->name ? p->name : "alone"), .status = p->status,
        .failure = mem_copy(p->failure),
        .command = mem_printf("llama-server -m %s", p->name),
        .verdict = VERDICT_UNKNOWN, .is_synthetic = p->is_synthetic,
        .has_template = truth(p->has_template),
        .supports_tools = truth(p->supports_tools)};
    if (p->status != STATUS_FAILED && p->status != STATUS_SKIPPED) {
        add_samples(e, "first_sentence_s", p->first_s, 1.0);
        add_samples(e, "latency50_s", p->latency50_s, 0.9);
        add_samples(e, "served_tok_s", p->tok_s, 50);
        add_samples(e, "served_tok_s_by_timings", p->timings_tok_s,
                    p->tok_s == 0 ? 50 : p->tok_s);
        add_samples(e, "peak_memory_bytes", p->memory_mib * MIB, 900 * MIB);
        add_samples(e, "left_for_speech_bytes", p->left_mib * MIB, 4e9);
        add_cases(e, p);
    }
    if (p->status == STATUS_PARTIAL) e->death = mem_copy(p->failure);
    evidence_summarise(e, always, NULL, 1.5, c);
    decide_candidate(c, config, e);
}

/* A whole step 7. */
struct stage {
    struct config   config;
    struct facts    f;
    struct evidence e[MOST];
};

static inline void decide(struct stage *s, const char *objective,
                          const struct part *parts, size_t n)
{
    *s = (struct stage){.config = config_for(objective)};
    s->f.objective = mem_copy(objective);
    s->f.candidates = mem_new(n, sizeof *s->f.candidates);
    for (size_t i = 0; i < n; i++)
        play(&parts[i], &s->config, &s->f.candidates[i], &s->e[i]);
    s->f.n_candidates = n;
    decide_ranking(&s->f, s->e, &s->config);
}

static void strike(struct stage *s)
{
    for (size_t i = 0; i < MOST; i++) evidence_done(&s->e[i]);
    facts_done(&s->f);
    free(s->config.objective);
}

static inline void same_text(const char *what, const char *got,
                             const char *want)
{
    if (strcmp(got ? got : "(none)", want ? want : "(none)") != 0)
        fail_msg("%s:\n  got  %s\n  want %s", what, got, want);
}

#endif
