/* SPDX-License-Identifier: MIT */
/* doctor.h - `audition doctor`: is everything in place for an audition, and
 * what is wrong with each candidate before it is measured? The engine that
 * would be started, this machine, where results would go, and each model's
 * preflight (preflight.h). Measures nothing, stores nothing. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "engine/locate.h"
#include "facts.h"
#include "holders.h"
#include "preflight.h"
#include "run_options.h"
#include "types.h"

struct doctor_candidate {
    char            *name;
    bool             answered;     /* it started, and its template works     */
    struct err       failure;      /* why not                                */
    bool             was_examined;
    struct preflight preflight;    /* when it was examined                   */
    char            *server;       /* what answered, or NULL                 */
    double           load_s;       /* NAN: not ours, or it did not start     */
};

/* What only root or a group may read, and a verdict wants. */
struct right {
    char path[64], what[64], remedy[160];
};
#define RIGHTS_MAX 4

struct doctor {
    struct llama_binary engine;    /* path NULL: see engine_failure          */
    struct err          engine_failure;
    char               *llama_bench;   /* beside it, or NULL                 */
    struct machine      machine;
    char               *folder;    /* where the store and reports go         */
    bool                can_write; /* there                                  */
    struct doctor_candidate *candidates;
    size_t              n;
    struct finding     *findings;  /* of none of the candidates              */
    size_t              n_findings;
    struct holder       holders[HOLDERS_MAX];   /* of GPU and memory         */
    size_t              n_holders;
    struct text_list    unseen;    /* what of them could not be seen         */
    struct right        rights[RIGHTS_MAX];
    size_t              n_rights;
    bool                is_stopped;
};

/* Candidates come as for `audition run`; without a config, a model and a
 * server there are none, and that is fine. on_start is told each candidate
 * before its engine is started. Fails when config or options are wrong. */
MUST_USE int doctor_examine(const struct run_options *opt,
                            const char *config_path,
                            void (*on_start)(const char *name),
                            struct doctor *out, struct err *err);
void doctor_done(struct doctor *d);     /* safe on a zeroed struct */

/* 0: a candidate answered, or none was asked for and there is an engine;
 * 2: every candidate is bad input; 3: no engine, or none answered; stopped:
 * as DESIGN.md says. */
int doctor_exit_code(const struct doctor *d);

/* doctor_print.c: for programs, and for people on stdout. */
json_t *doctor_json(const struct doctor *d);
void    doctor_print(const struct doctor *d, bool no_color);

#endif
