/* SPDX-License-Identifier: MIT */
/* facts.c - the names and the end of the facts record; what is in it is
 * computed in evidence.c and decide.c. */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "mode_facts.h"

const double certified_p[CERTIFIED] = {0.5, 0.9, 0.95, 0.99};
const char *const certified_name[CERTIFIED] = {"p50", "p90", "p95", "p99"};
const int certified_needs[CERTIFIED] = {11, 64, 130, 662};

/* The index of a name in a table with gaps, or `otherwise`. */
static int find_name(const char *const *names, size_t n, const char *name,
                     int otherwise)
{
    for (size_t i = 0; name && i < n; i++)
        if (names[i] && strcmp(names[i], name) == 0) return (int)i;
    return otherwise;
}

#define FIND(names, name, otherwise)                                          \
    find_name(names, sizeof names / sizeof *names, name, otherwise)

static const char *const fault_names[] = {
    [FAULT_TEMPLATE] = "template", [FAULT_FILE] = "file",
    [FAULT_ENGINE] = "engine",     [FAULT_MODEL] = "model",
    [FAULT_HARNESS] = "harness",
};

const char *fault_name(enum fault f) { return fault_names[f]; }

enum fault fault_from_name(const char *name)
{
    return (enum fault)FIND(fault_names, name, FAULT_HARNESS);
}

static const char *const verdict_names[] = {
    [VERDICT_TARGET_MET] = "target_met",
    [VERDICT_READY] = "ready",
    [VERDICT_BORDERLINE] = "borderline",
    [VERDICT_TOO_SLOW] = "too_slow",
    [VERDICT_DOES_NOT_FIT] = "does_not_fit",
    [VERDICT_UNSUPPORTED] = "unsupported",
    [VERDICT_NOT_INSTRUCT] = "not_instruct",
    [VERDICT_FAILED] = "failed",
    [VERDICT_UNKNOWN] = "unknown",
};

const char *verdict_name(enum verdict v) { return verdict_names[v]; }

enum verdict verdict_from_name(const char *name)
{
    return (enum verdict)FIND(verdict_names, name, VERDICT_UNKNOWN);
}

static const char *const status_names[] = {
    [STATUS_OK] = "ok",           [STATUS_PARTIAL] = "partial",
    [STATUS_SKIPPED] = "skipped", [STATUS_FAILED] = "failed",
};

const char *status_name(enum candidate_status s) { return status_names[s]; }

enum candidate_status status_from_name(const char *name)
{
    return (enum candidate_status)FIND(status_names, name, STATUS_PARTIAL);
}

static const char *const failure_names[] = {
    [ERR_INPUT] = "input",     [ERR_PREFLIGHT] = "preflight",
    [ERR_FAILED] = "failed",   [ERR_TIMEOUT] = "timeout",
    [ERR_STOPPED] = "stopped", [ERR_BUG] = "bug",
};

const char *failure_kind_name(enum err_kind kind)
{
    return failure_names[kind];
}

enum err_kind failure_kind_from_name(const char *name)
{
    return (enum err_kind)FIND(failure_names, name, ERR_NONE);
}

static void candidate_facts_done(struct candidate_facts *c)
{
    for (size_t i = 0; i < c->n_quality; i++) {
        free(c->quality[i].suite);
        free(c->quality[i].dialect);
    }
    for (size_t i = 0; i < c->n_examples; i++) {
        free(c->examples[i].suite);
        free(c->examples[i].id);
        free(c->examples[i].say);
        free(c->examples[i].answer);
        free(c->examples[i].reason);
    }
    free(c->name);
    free(c->file);
    free(c->sha256);
    free(c->base_url);
    free(c->quantisation);
    free(c->architecture);
    free(c->failure);
    free(c->findings);
    free(c->quality);
    free(c->examples);
    free(c->reason);
    free(c->command);
    free(c->engine);
    free(c->build);
    free(c->server);
    free(c->beside);
    json_decref(c->board.at_start);
    free(c->soak);
    free(c->coload);
    json_decref(c->preflight);
}

void facts_done(struct facts *f)
{
    for (size_t i = 0; i < f->n_candidates; i++)
        candidate_facts_done(&f->candidates[i]);
    free(f->candidates);
    for (size_t i = 0; i < f->n_modes; i++) mode_facts_done(&f->modes[i]);
    free(f->modes);
    if (f->recommendation) {
        free(f->recommendation->name);
        free(f->recommendation->sure);
        free(f->recommendation->command);
        free(f->recommendation->runner_up);
        free(f->recommendation);
    }
    machine_done(&f->machine);
    json_decref(f->settings);
    free(f->run_id);
    free(f->started_utc);
    free(f->version);
    free(f->config_name);
    free(f->objective);
    free(f->power_mode);
    free(f->no_winner);
    *f = (struct facts){0};
}
