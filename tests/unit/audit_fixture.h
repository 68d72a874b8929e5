/* SPDX-License-Identifier: MIT */
/* audit_fixture.h - for tests: an audition of one candidate on a recording
 * whose speeds are known, one block, and the bank where its trials go. */
#ifndef TESTS_AUDIT_FIXTURE_H
#define TESTS_AUDIT_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config.h"
#include "engine_stage.h"
#include "measure.h"

#define PROMPT_TOK_S 400.0
#define TOK_S        40.0
#define LOAD_S       1.25
#define SPEEDS       "\"prompt_tok_s\":400,\"tok_s\":40,\"load_s\":1.25,"
/* The first sentence is known when the sixth word arrives; 45 words. */
#define ANSWER                                                                \
    "The sea is calm tonight. It a b c d a b c d a b c d a b c d a b c d "    \
    "a b c d a b c d a b c d a b c d a b c."
#define ANSWER_WORDS 45

static const char plain_recording[] =
    "{" SPEEDS "\"answers\":[{\"content\":\"" ANSWER "\"}]}";

/* ---- where trials go ---------------------------------------------------- */

struct bank {
    struct trial    *trials;    /* key, block, status, fault, reason, values */
    double          *prompt_n;  /* of the last turn, NAN                     */
    int             *words;     /* of all its messages                       */
    size_t           n;
    size_t           interrupt_at, refuse_at;   /* 0: never                  */
};

static inline int count_words(const char *text)
{
    int n = 0;

    while (*(text += strspn(text, " \n"))) {
        text += strcspn(text, " \n");
        n++;
    }
    return n;
}

/* Keeps a copy; then, perhaps, the power fails. */
static inline int deposit(void *ctx, const struct trial *t, struct err *err)
{
    struct bank  *b = ctx;
    struct trial *kept;

    if (b->refuse_at && b->n + 1 == b->refuse_at)
        return err_set(err, ERR_FAILED, "the disk is full");
    b->trials = mem_grow(b->trials, b->n + 1, sizeof *b->trials);
    b->prompt_n = mem_grow(b->prompt_n, b->n + 1, sizeof *b->prompt_n);
    b->words = mem_grow(b->words, b->n + 1, sizeof *b->words);
    kept = &b->trials[b->n];
    *kept = (struct trial){.block = t->block, .status = t->status,
                           .duration_s = t->duration_s,
                           .reason = mem_copy(t->reason),
                           .suite = mem_copy(t->suite),
                           .outcome = t->outcome};
    snprintf(kept->key, sizeof kept->key, "%s", t->key);
    snprintf(kept->fault, sizeof kept->fault, "%s", t->fault);
    for (size_t i = 0; i < t->n_observations; i++)
        trial_observe(kept, t->observations[i].metric,
                      t->observations[i].value);
    b->prompt_n[b->n] = t->n_turns ? t->turns[t->n_turns - 1].server.prompt_n
                                   : NAN;
    b->words[b->n] = 0;
    for (size_t i = 0; i < t->n_messages; i++)
        b->words[b->n] += count_words(t->messages[i].text);
    b->n++;
    return b->interrupt_at && b->n == b->interrupt_at
        ? err_set(err, ERR_STOPPED, "interrupted") : 0;
}

static inline void pass(void *ctx, const struct suite_case *test,
                        struct trial *t)
{
    (void)ctx;
    (void)test;
    if (t->status == TRIAL_OK) t->outcome = OUTCOME_PASS;
}

static inline void bank_done(struct bank *b)
{
    for (size_t i = 0; i < b->n; i++) trial_done(&b->trials[i]);
    free(b->trials);
    free(b->prompt_n);
    free(b->words);
    *b = (struct bank){0};
}

static inline size_t count_key(const struct bank *b, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        if (strstr(b->trials[i].key, part)) n++;
    return n;
}

/* ---- an audition of one candidate, one block ---------------------------- */

struct audit {
    struct stage       stage;
    struct config      config;
    struct suite_turn  asked[4];
    struct suite_case  cases[4];
    const struct suite_case *list[4];
    struct schedule    schedule;
    struct prompt_kit  kit;
    struct measure     m;
};

static inline void audit_open(struct audit *a, const struct player *p,
                       const char *recording)
{
    static const char *const ids[] = {"one", "two", "three", "four"};

    *a = (struct audit){.schedule = {
        .blocks = 1, .min_rounds = 2, .max_rounds = 8, .block_budget_s = NAN,
        .narrow_frac = 0.05, .long_prefill = true, .can_complete = true,
        .n_cases = 4}};
    stage_prepare(&a->stage, p, recording, recording, &patient);
    config_init(&a->config);
    free(a->config.prompt);
    a->config.prompt = mem_copy("You are a voice assistant.");
    a->kit.system = mem_copy(a->config.prompt);
    for (size_t i = 0; i < 4; i++) {
        a->asked[i] = (struct suite_turn){
            .say = (char *)(uintptr_t)"XYZ", .cuts_words = -1};
        a->cases[i] = (struct suite_case){
            .suite = (char *)(uintptr_t)"s", .hash = "0123456789abcdef",
            .id = (char *)(uintptr_t)ids[i], .turns = &a->asked[i],
            .n_turns = 1};
        a->list[i] = &a->cases[i];
    }
    a->schedule.cases = a->list;
    a->m = (struct measure){
        .candidate = &a->stage.candidate, .spec = &a->stage.spec,
        .config = &a->config, .schedule = &a->schedule,
        .user_prompt = &a->kit, .keep = deposit, .judge = pass};
}

static inline void audit_end(struct audit *a)
{
    prompt_done(&a->kit);
    config_done(&a->config);
    stage_end(&a->stage);
}

/* As `audition run` does it: what is stored is known, the rest is measured. */
static inline int run_block(struct audit *a, struct bank *b, bool *failed,
                     struct err *err)
{
    struct progress     progress = {0};
    struct engine_facts facts    = {0};
    bool                again;
    int                 rc;

    for (size_t i = 0; i < b->n; i++) progress_add(&progress, &b->trials[i]);
    a->m.progress = &progress;
    a->m.ctx = b;
    *failed = false;
    rc = measure_block(&a->m, 0, &facts, &again, failed, err);
    engine_facts_done(&facts);
    progress_done(&progress);
    return rc;
}

static inline bool is_done(struct audit *a, const struct bank *b)
{
    struct progress progress = {0};
    bool            done;

    for (size_t i = 0; i < b->n; i++) progress_add(&progress, &b->trials[i]);
    a->m.progress = &progress;
    done = measure_is_done(&a->m, 0);
    progress_done(&progress);
    return done;
}

static inline void run_whole(struct audit *a, struct bank *b)
{
    struct err err = {0};
    bool       failed;

    if (run_block(a, b, &failed, &err)) fail_msg("%s", err.text);
    assert_false(failed);
}

static const struct player *const replay = &players[N_PLAYERS - 1];

#endif
