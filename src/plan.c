/* SPDX-License-Identifier: MIT */
/* plan.c - see plan.h. */
#include "plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/units.h"
#include "decide.h"

/* ---- what it costs ----------------------------------------------------- */

#define DECODE_TOKENS   128.0    /* works.h: of each forced decode           */
#define SPEAK_TOKENS    60.0     /* of a free spoken answer, about           */
#define CASE_TOKENS     50.0     /* generated after a thing said, about      */
#define TOOL_CASE_CALLS 2.0      /* call, then answer                        */

static double round_s(const struct forecast *f, bool is_long)
{
    double prefill = 128 + 512 + (is_long ? 2048 : 0);

    return (2 * DECODE_TOKENS + 2 * SPEAK_TOKENS) / f->served_tok_s.value +
           prefill / f->prompt_tok_s.value + 2 * f->ttft_cold_s.value +
           f->latency50_s.value;
}

/* Conversation, growing prompts, what serving costs: once a deep block. */
static double deep_s(const struct forecast *f, bool is_full)
{
    double serving = is_full ? 32 * DECODE_TOKENS : 24 * 64;

    return (10 * SPEAK_TOKENS + serving) / f->served_tok_s.value +
           11 * f->ttft_cold_s.value;
}

/* llama-bench, three times each. */
static double bench_s(const struct forecast *f)
{
    return 3 * (512 / f->prompt_tok_s.value +
                DECODE_TOKENS / f->served_tok_s.value);
}

/* Is it not the prompt of the case before, which the cache still has? */
static bool is_new_prompt(const struct audition *a, size_t i)
{
    char *its    = suite_case_prompt(a->cases[i]);
    char *before = i ? suite_case_prompt(a->cases[i - 1]) : NULL;
    bool  is_new = !before || strcmp(its, before) != 0;

    free(its);
    free(before);
    return is_new;
}

/* Functions and system message of its own, and what was said before. */
static size_t own_bytes(const struct suite_case *c)
{
    char  *functions = c->functions ? jsonx_dump(c->functions) : NULL;
    char  *before    = c->before ? jsonx_dump(c->before) : NULL;
    size_t n = (functions ? strlen(functions) : 0) +
               (before ? strlen(before) : 0) +
               (c->system ? strlen(c->system) : 0) + strlen(c->turns[0].say);

    free(functions);
    free(before);
    return n;
}

/* After each thing that the user says, a call and an answer; where nobody
 * executes the calls, the first answer is the last. */
static double case_s(const struct audition *a, size_t i,
                     const struct forecast *f)
{
    const struct suite_case *c = a->cases[i];
    double                   answer_s = CASE_TOKENS / f->served_tok_s.value;

    if (!c->home && suite_case_has_own_prompt(c))
        return forecast_tokens(own_bytes(c)) / f->prompt_tok_s.value +
               answer_s;
    return (double)c->n_turns * (TOOL_CASE_CALLS * f->ttft_s.value +
                                 answer_s) +
           (is_new_prompt(a, i) ? f->ttft_cold_s.value : 0);
}

static double cases_s(const struct audition *a, const struct forecast *f)
{
    double sum = 0;

    for (size_t i = 0; i < a->n_cases; i++) sum += case_s(a, i, f);
    return sum;
}

/* Some of each suite once more, with nothing cached. */
static double cold_cases_s(const struct audition *a, const struct forecast *f)
{
    return (double)a->n_suites * a->schedule.cold_cases *
           (f->ttft_cold_s.value + CASE_TOKENS / f->served_tok_s.value);
}

size_t plan_turns(const struct audition *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_cases; i++) n += a->cases[i]->n_turns;
    return n;
}

/* A few short answers, most with a prompt of their own. */
static double preflight_s(const struct forecast *f)
{
    return 4 * (f->ttft_cold_s.value / 2 + SPEAK_TOKENS /
                f->served_tok_s.value);
}

/* As schedule.h says: rounds until the budget of a block, at least the first
 * ones and at most the last, whatever the budget. */
static double candidate_s(const struct audition *a, const struct forecast *f)
{
    const struct schedule *s = &a->schedule;
    double one = round_s(f, s->long_prefill), blocks = s->blocks;
    double load_s = f->cold_start_s.value - f->ttft_cold_s.value;
    double least = one * s->min_rounds, most = one * s->max_rounds;
    double rounds_s = isnan(s->block_budget_s) ? most
                    : fmin(most, fmax(least, s->block_budget_s));

    return blocks * (2 * load_s + (least + rounds_s) / 2 + bench_s(f)) +
           s->deep_blocks * deep_s(f, s->long_prefill) + preflight_s(f) +
           cases_s(a, f) + cold_cases_s(a, f);
}

/* ---- verdicts and reasons ---------------------------------------------- */

static void add_reason(struct plan_row *r, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
static void add_reason(struct plan_row *r, const char *fmt, ...)
{
    char    text[800];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    text_list_add(&r->reasons, text);
}

static void judge_speed(struct plan_row *r, const struct forecast *f,
                        const struct audition *a)
{
    const struct thresholds *limits = &a->config.thresholds;
    const char  *type = speed_lacks_kernel(&r->entry->candidate->facts,
                                           &a->device);
    bool         is_sentence = f->first_sentence_s.value > f->latency50_s.value;
    struct range voice = is_sentence ? f->first_sentence_s : f->latency50_s;
    enum verdict best = decide_voice_verdict(voice.low, limits);
    enum verdict worst = decide_voice_verdict(voice.high, limits);

    r->verdict = decide_voice_verdict(voice.value, limits);
    if (type) {
        add_reason(r, "the engine has no kernel for %s on %s: the processor "
                   "would compute it; choose another quantisation", type,
                   backend_name(a->device.backend));
        return;
    }
    if (r->verdict == VERDICT_UNKNOWN) {
        add_reason(r, "its speed on this board cannot be predicted");
        return;
    }
    add_reason(r, "voice latency %.2f s (%s), 80 %% between %.2f and %.2f s%s",
               voice.value, is_sentence ? "first sentence" : "50 tokens",
               voice.low, voice.high,
               best == worst ? "" : ": measuring may change the verdict");
}

#define BASE "a base model"

/* A failure whose model is known is no obstacle to predicting it. */
static bool is_predicted(const struct entry *e)
{
    const struct candidate *c = e->candidate;

    return e->failure.kind == ERR_NONE || e->is_skipped ||
           (c->is_absent && c->facts.layers > 0);
}

static bool is_base(const struct candidate *c)
{
    return (c->known && !c->known->is_instruct) ||
           (!c->is_absent && c->facts.layers > 0 && !c->facts.chat_template);
}

static void judge_row(struct plan_row *r, const struct audition *a)
{
    const struct entry           *e = r->entry;
    const struct catalogue_model *known = e->candidate->known;
    const struct forecast        *f = &r->forecast;

    if (known && (known->unsupported || known->no_gguf)) {
        r->verdict = VERDICT_UNSUPPORTED;
        add_reason(r, "%s", known->unsupported ? known->unsupported
                                               : known->no_gguf);
        if (!known->is_instruct) add_reason(r, "it is a base model");
    } else if (!is_predicted(e)) {
        r->verdict = e->candidate->is_absent ? VERDICT_UNKNOWN
                                             : VERDICT_FAILED;
        add_reason(r, "%s", e->failure.text);
    } else if (f->fits == 0) {
        r->verdict = VERDICT_DOES_NOT_FIT;
        add_reason(r, "%s", f->reason);
    } else if (is_base(e->candidate)) {
        r->verdict = VERDICT_NOT_INSTRUCT;
    } else {
        judge_speed(r, f, a);
    }
    if (r->verdict == VERDICT_UNSUPPORTED || r->verdict == VERDICT_FAILED)
        return;
    if (is_base(e->candidate))
        add_reason(r, "a base model: it continues text and does not answer");
    if (known && known->caution &&
        strncmp(known->caution, BASE, strlen(BASE)) != 0)
        add_reason(r, "%s", known->caution);
}

/* ---- models that reason before they speak ------------------------------ */

/* Nobody hears it, everybody waits for it. How much it is depends on the
 * question: METHOD.md. */
#define THINKING_TOKENS     300.0
#define THINKING_TOKENS_LOW 100.0
#define THINKING_TOKENS_MOST 1000.0

static void think_first(struct plan_row *r)
{
    const struct catalogue_model *known = r->entry->candidate->known;
    struct range                  speed = r->forecast.served_tok_s;
    struct range                 *first = &r->forecast.first_sentence_s;

    if (!known || jsonx_truth(known->chat, "always_thinks") != 1) return;
    first->value += THINKING_TOKENS / speed.value;
    first->low += THINKING_TOKENS_LOW / speed.high;
    first->high += THINKING_TOKENS_MOST / speed.low;
}

/* What cannot be served, or not as an assistant, gets a reason and no
 * number. */
static void leave_out_times(struct plan_row *r)
{
    struct forecast *f = &r->forecast;

    if (r->verdict != VERDICT_DOES_NOT_FIT &&
        r->verdict != VERDICT_UNSUPPORTED &&
        r->verdict != VERDICT_NOT_INSTRUCT && r->verdict != VERDICT_FAILED)
        return;
    f->gen_tok_s = f->served_tok_s = f->prompt_tok_s = f->ttft_s =
        f->ttft_cold_s =
        f->first_sentence_s = f->latency50_s = f->cold_start_s =
        RANGE_MISSING;
}

/* ---- what the user expects --------------------------------------------- */

/* What memory is predicted within, and what a rounded figure leaves. */
#define MEMORY_SLACK 0.05

static bool is_apart(double low, double high, struct range r)
{
    return r.low > high || r.high < low;
}

static void add_apart(struct plan_row *r, double low, double high,
                      const char *unit, struct range predicted)
{
    char span[64];

    if (low < high) snprintf(span, sizeof span, "%g to %g", low, high);
    else snprintf(span, sizeof span, "%g", low);
    add_reason(r, "%s %s cannot hold: predicted %.3g [%.3g to %.3g]", span,
               unit, predicted.value, predicted.low, predicted.high);
}

static void hold_against(struct plan_row *r)
{
    const struct expectation *x = &r->entry->candidate->expect;
    const struct forecast    *f = &r->forecast;
    const struct memory_split *m = &f->memory;

    if (r->verdict == VERDICT_UNSUPPORTED || r->verdict == VERDICT_FAILED)
        return;
    r->tok_s_cannot_hold = is_apart(x->tok_s_low, x->tok_s_high,
                                    f->served_tok_s);
    r->latency_cannot_hold = is_apart(x->latency50_s_low, x->latency50_s_high,
                                      f->latency50_s);
    r->memory_cannot_hold = x->memory_bytes < m->total * (1 - MEMORY_SLACK);
    if (r->tok_s_cannot_hold)
        add_apart(r, x->tok_s_low, x->tok_s_high, "tok/s", f->served_tok_s);
    if (r->latency_cannot_hold)
        add_apart(r, x->latency50_s_low, x->latency50_s_high,
                  "s for 50 tokens", f->latency50_s);
    if (r->memory_cannot_hold)
        add_reason(r, "%s of memory cannot hold: it takes %s, of which "
                   "weights are %s and the cache at %d tokens %s",
                   units_bytes(x->memory_bytes).text,
                   units_bytes(m->total).text,
                   units_bytes(m->weights).text, r->entry->context,
                   units_bytes(m->kv).text);
}

/* Cases whose own prompt does not fit. */
static void judge_cases_context(struct plan_row *r, const struct audition *a)
{
    double longest = 0;
    size_t n = 0;

    for (size_t i = 0; i < a->n_cases; i++) {
        const struct suite_case *c = a->cases[i];
        double tokens = suite_case_has_own_prompt(c)
                            ? forecast_tokens(own_bytes(c)) : 0;

        n += tokens > r->entry->context;
        longest = fmax(longest, tokens);
    }
    if (n > 0)
        add_reason(r, "with their own functions %zu of the cases have more "
                   "than the context of %d tokens, about %.0f at most: raise "
                   "`context:`, else they fail", n, r->entry->context,
                   longest);
}

/* A prompt that fills the context leaves no room for an answer. */
static void judge_context(struct plan_row *r, const struct audition *a)
{
    double tokens = forecast_prompt_tokens(a);

    judge_cases_context(r, a);
    if (tokens > r->entry->context)
        add_reason(r, "your prompt with its tools is about %.0f tokens, more "
                   "than the context of %d: raise `context:` or shorten it",
                   tokens, r->entry->context);
}

void plan_make(const struct audition *a, struct plan *out)
{
    *out = (struct plan){.audition = a, .n = a->list.n, .audition_s = NAN};
    out->rows = mem_new(a->list.n, sizeof *out->rows);
    for (size_t i = 0; i < a->list.n; i++) {
        struct plan_row *r = &out->rows[i];

        *r = (struct plan_row){.entry = &a->entries[i], .cost_s = NAN,
                               .cases_s = NAN,
                               .forecast = a->entries[i].forecast};
        think_first(r);
        judge_row(r, a);
        leave_out_times(r);
        if (r->entry->candidate->is_absent && is_predicted(r->entry) &&
            r->verdict != VERDICT_DOES_NOT_FIT)
            r->absent = r->entry->failure.text;
        hold_against(r);
        judge_context(r, a);
        /* A base model is auditioned too: the report shows why it cannot
         * win. */
        if (is_predicted(r->entry) && r->verdict != VERDICT_DOES_NOT_FIT &&
            r->verdict != VERDICT_UNSUPPORTED) {
            r->cost_s = candidate_s(a, &r->entry->forecast);
            r->cases_s = cases_s(a, &r->entry->forecast);
        }
        if (!isnan(r->cost_s))
            out->audition_s = (isnan(out->audition_s) ? 0 : out->audition_s) +
                              r->cost_s;
    }
}

int plan_exit_code(const struct plan *p)
{
    bool only_input = true;

    for (size_t i = 0; i < p->n; i++) {
        if (p->rows[i].verdict < VERDICT_DOES_NOT_FIT ||
            p->rows[i].verdict == VERDICT_NOT_INSTRUCT ||
            p->rows[i].entry->failure.kind == ERR_NONE)
            return 0;
        if (p->rows[i].entry->failure.kind != ERR_INPUT) only_input = false;
    }
    return only_input ? 2 : 3;
}

void plan_done(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) text_list_done(&p->rows[i].reasons);
    free(p->rows);
    *p = (struct plan){0};
}
