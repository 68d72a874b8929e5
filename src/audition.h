/* SPDX-License-Identifier: MIT */
/* audition.h - the state of one audition while pipeline.c takes it through
 * its steps. Each function is a step or a part of one. */
#ifndef AUDITION_H
#define AUDITION_H

#include "board.h"
#include "config.h"
#include "engine/engine.h"
#include "facts.h"
#include "judge.h"
#include "model/catalogue.h"
#include "predict/calibration.h"
#include "predict/device.h"
#include "predict/predict.h"
#include "preflight.h"
#include "prompt.h"
#include "run_options.h"
#include "schedule.h"
#include "store.h"
#include "suite.h"

/* One candidate on its way through the steps. */
struct entry {
    const struct candidate *candidate;    /* borrowed from the list          */
    struct forecast     forecast;         /* step 2                          */
    struct engine_facts engine;           /* step 3, zeroed: not known yet   */
    bool                engine_known;
    bool                engine_ran;       /* in this run, to be measured     */
    struct preflight    preflight;        /* zeroed enums: not known yet     */
    int                 context;
    json_t             *sampling, *template_kwargs;     /* borrowed          */
    char                subject_hash[65]; /* "" while there is none          */
    int64_t             subject_id;       /* 0: none                         */
    struct progress     progress;         /* of all stored trials            */
    bool                is_out;           /* failed: no more blocks          */
    bool                is_skipped;       /* does not fit                    */
    struct err          failure;
};

struct audition {
    const struct run_options *opt;        /* borrowed                        */
    struct config         config;
    struct candidate_list list;
    struct entry         *entries;        /* one a candidate                 */
    struct machine        machine;
    char                 *llama_server;   /* found once, or NULL             */
    int                   llama_build;
    char                  llama_sha256[65];
    struct suite         *suites;
    size_t                n_suites;
    struct suite_case   **cases;          /* picked                          */
    size_t                n_cases;
    struct prompt_kit     prompt;
    struct schedule       schedule;
    struct store         *store;
    struct store_run      run;
    bool                  is_stopped;

    char                 *power_mode_id;  /* as the board says, or NULL      */
    struct board_state board;          /* begun with the first engine     */
    bool                  has_board;
    double                ran_out_bytes;  /* least memory that a candidate was
                                             predicted to take and did not
                                             get; NAN: none                  */

    struct catalogue        catalogue;    /* models by name                  */
    struct boards           boards;
    struct device           device;       /* what predictions are for        */
    struct speed_constants *constants;
    struct calibration      calibration;  /* of that device                  */
};

/* step 1: config, candidates, suites, prompt, machine. */
MUST_USE int audition_begin(struct audition *a, const struct run_options *opt,
                            const char *config_path, struct err *err);
/* The power mode that is meant, whatever the board says. */
void audition_in_mode(struct audition *a, const char *mode_id);
/* How each is measured: from options, config and what the board bears. */
void audition_schedule(struct audition *a);
/* step 1, with --download: what is not on this machine is fetched. Sizes and
 * free space are told first; a candidate that cannot be fetched keeps why. */
MUST_USE int audition_download(struct audition *a, struct err *err);
/* step 2: what each will do; what cannot fit is out before anything is
 * started. */
MUST_USE int audition_predict(struct audition *a, struct err *err);
/* About how many tokens the user's prompt and tools are, by their bytes. */
double forecast_prompt_tokens(const struct audition *a);
/* Likewise of a prompt of so many bytes. */
double forecast_tokens(size_t bytes);
/* What it would do on this board's processor alone; NAN where its memory is
 * not the GPU's. */
double forecast_cpu_tok_s(const struct audition *a, const struct entry *e);
/* step 2, afterwards: what was measured here corrects later predictions. */
void audition_learn(const struct audition *a, const struct facts *facts);
/* step 6, opened early: nothing is measured that could not be kept. */
MUST_USE int audition_open_store(struct audition *a, const json_t *settings,
                                 struct err *err);
/* step 3, first half: which engine answers for each, and what that makes of
 * its identity; loads what is stored. */
MUST_USE int audition_identify(struct audition *a, struct err *err);
/* Steps 3 to 6 for one candidate and block. A candidate's failure is a
 * result; -1 only when the audition itself cannot go on. */
MUST_USE int audition_block(struct audition *a, struct entry *e, int block,
                            struct err *err);
/* step 7: the record that reports render. */
MUST_USE int audition_collect(struct audition *a, struct facts *out,
                              struct err *err);
/* How cases of this candidate are judged, now and by `audition score`;
 * by_prompt: with the tools in the prompt. */
struct judge_context audition_judging(const struct entry *e, bool by_prompt);
/* The schedule as far as this candidate's engine and template go. */
struct schedule audition_schedule_of(const struct audition *a,
                                     const struct entry *e);
/* What the preflight found, when that is stored. */
void audition_recall_preflight(struct audition *a, struct entry *e);
/* What the board was like and did, kept under the subject's hash (or not,
 * when that fails: it is no result); and back, NULL when it is not known (new
 * reference). */
void audition_remember_board(struct audition *a, const struct entry *e);
json_t *audition_recall_board(struct audition *a, const struct entry *e);
/* What the engine says of itself, kept under the subject's hash. */
MUST_USE int audition_remember_engine(struct audition *a, struct entry *e,
                                      struct err *err);
/* What an engine once said of itself, when it was not started now. */
void audition_recall_engine(struct audition *a, struct entry *e);

/* A candidate that once ran out of memory keeps larger ones from being
 * started, in every later run too. */
void audition_recall_ran_out(struct audition *a, const struct entry *e);

void audition_end(struct audition *a);     /* safe on a zeroed struct */

/* The exit code of a finished audition: DESIGN.md. */
int audition_exit_code(const struct audition *a, const struct facts *facts);

/* The same of a plan: can any candidate be auditioned? */
int audition_plan_exit_code(const struct audition *a);

/* A person who watches, on stderr (story.c). */
void story_say(const struct audition *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* One line that is redrawn; only on a terminal. */
void story_progress(const struct audition *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void story_work(const struct audition *a, const struct entry *e,
                const struct work *w);
/* A candidate that failed: told even with --quiet. */
void story_fail(const struct audition *a, const struct entry *e);
void story_clear(const struct audition *a);

#endif
