/* SPDX-License-Identifier: MIT */
/* home_fixture.h - for tests: the home `flat`, and states as texts. Include
 * it after cmocka.h. AUDITION_DATA names the data folder. */
#ifndef TESTS_HOME_FIXTURE_H
#define TESTS_HOME_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "home.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static inline json_t *json_of(const char *text)
{
    struct err err   = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s in %s", err.text, text);
    return value;
}

static inline struct home *flat(const char *setup)
{
    struct home *h     = NULL;
    struct err   err   = {0};
    json_t      *patch = setup ? json_of(setup) : NULL;

    if (home_new(&h, "flat", patch, &err)) fail_msg("%s", err.text);
    json_decref(patch);
    return h;
}

/* The state as canonical text; caller frees. */
static inline char *state_text(const struct home *h)
{
    json_t *state = home_state(h);
    char   *text  = jsonx_canonical(state);

    json_decref(state);
    return text;
}

/* Call, and return the error's kind ("" when it is none), which the next call
 * overwrites. */
static inline const char *call(struct home *h, const char *tool,
                               const char *args)
{
    static char kind[60];
    json_t     *answer = home_call(h, tool, args);

    assert_true(json_is_object(answer));
    snprintf(kind, sizeof kind, "%s", jsonx_text(answer, "error")
             ? jsonx_text(answer, "error") : "");
    json_decref(answer);
    return kind;
}

#endif
