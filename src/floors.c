/* SPDX-License-Identifier: MIT */
/* floors.c - see floors.h. */
#include "floors.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stop.h"
#include "config.h"
#include "home/home.h"
#include "judge.h"
#include "prompt.h"
#include "session.h"

/* The prompt of the last case's home, kept while cases of the same follow. */
struct stage {
    struct config     config;
    struct prompt_kit kit;
    struct text_list  names;
    char             *home;
};

static void stage_done(struct stage *s)
{
    prompt_done(&s->kit);
    text_list_done(&s->names);
    free(s->home);
    config_done(&s->config);
}

static int set_stage(struct stage *s, const struct suite_case *c,
                     struct err *err)
{
    const char  *tools = suite_case_tools(c);
    char        *wanted = suite_case_prompt(c);
    struct home *home = NULL;
    int          rc = 0;

    if (s->home && strcmp(s->home, wanted) == 0) {
        free(wanted);
        return 0;
    }
    prompt_done(&s->kit);
    text_list_done(&s->names);
    free(s->home);
    s->home = wanted;
    if (c->home) rc = home_new(&home, c->home, NULL, err);
    if (rc == 0)
        rc = suite_case_has_own_prompt(c)
            ? prompt_foreign(&s->kit, &s->config, c, home, err)
            : prompt_case(&s->kit, &s->config, home, tools, err);
    if (rc == 0 && home) home_names(home, &s->names);
    home_free(home);
    return rc;
}

/* One pretender, one case. */
static int try(const struct stage *stage, const struct suite_case *c,
               enum pretender kind, uint64_t seed, struct floors *out,
               struct err *err)
{
    static const struct judge_context shown = {.tools_shown = 1};
    struct pretend engine = {.kind = kind, .test = c, .names = &stage->names,
                             .seed = seed};
    struct session how = {.ops = &engine_pretend, .engine = &engine,
                          .kit = &stage->kit};
    struct trial   t = {.status = TRIAL_OK};
    int            rc = session_run(&how, c, &t, err);

    if (rc == 0) {
        judge_case(c, &t, &shown);
        out->passed[kind] += t.outcome == OUTCOME_PASS;
        for (size_t i = 0; i < t.n_observations; i++)
            if (judge_note_find(t.observations[i].metric) ==
                JUDGE_turns_passed)
                out->turns_passed[kind] += (long)t.observations[i].value;
        if (kind == PRETEND_oracle && t.outcome != OUTCOME_PASS) {
            char *why = mem_printf("%s: %s", c->id, t.reason);

            text_list_add(&out->failed, why);
            free(why);
        }
    }
    trial_done(&t);
    return rc;
}

int floors_measure(const struct suite *s, uint64_t seed, struct floors *out,
                   struct err *err)
{
    struct stage stage = {.home = NULL};
    int          rc = 0;

    *out = (struct floors){0};
    config_init(&stage.config);
    for (size_t i = 0; i < s->n && rc == 0; i++) {
        struct suite_case c;

        rc = suite_get(s, i, &c, err);
        if (rc == 0) rc = set_stage(&stage, &c, err);
        for (int kind = 0; kind < PRETEND_COUNT && rc == 0; kind++) {
            if (kind == PRETEND_oracle && suite_case_is_unproven(&c)) {
                out->unproven++;
                continue;
            }
            rc = try(&stage, &c, (enum pretender)kind, seed, out, err);
        }
        if (rc == 0) {
            out->cases++;
            out->turns += (long)c.n_turns;
        }
        suite_case_done(&c);
        if (rc == 0 && stop_signal())
            rc = err_set(err, ERR_STOPPED, "stopped while the floors of %s "
                         "were measured", s->name);
    }
    stage_done(&stage);
    if (rc) floors_done(out);
    return rc;
}

void floors_done(struct floors *f)
{
    text_list_done(&f->failed);
}
