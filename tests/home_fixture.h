/* SPDX-License-Identifier: MIT */
/* home_fixture.h - for tests: homes of the data folder, and states as texts.
 * Include it after cmocka.h. AUDITION_DATA names the data folder. */
#ifndef TESTS_HOME_FIXTURE_H
#define TESTS_HOME_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "home/home.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static inline json_t *json_of(const char *text)
{
    struct err err   = {0};
    json_t    *value = jsonx_parse(text, strlen(text), &err);

    if (!value) fail_msg("%s in %s", err.text, text);
    return value;
}

static inline struct home *home_with(const char *name, const char *setup)
{
    struct home *h     = NULL;
    struct err   err   = {0};
    json_t      *patch = setup ? json_of(setup) : NULL;

    if (home_new(&h, name, patch, &err)) fail_msg("%s", err.text);
    json_decref(patch);
    return h;
}

static inline struct home *flat(const char *setup)
{
    return home_with("flat", setup);
}

/* A home that is written here; recorded: as home-assistant-datasets' are. */
static inline struct home *home_made(const char *file, int version,
                                     bool is_recorded)
{
    struct home_manner manner = {version, is_recorded};
    struct home *h    = NULL;
    struct err   err  = {0};
    json_t      *made = json_of(file);

    if (home_from(&h, "made", made, &manner, NULL, &err))
        fail_msg("%s", err.text);
    json_decref(made);
    return h;
}

/* Is the entity now as this text says, member by member? */
static inline void assert_shows(const struct home *h, const char *entity,
                                const char *expected)
{
    json_t *state = home_state(h), *want = json_of(expected);
    char   *a = jsonx_canonical(want);
    char   *b = jsonx_canonical(json_object_get(state, entity));

    assert_string_equal(b, a);
    free(a);
    free(b);
    json_decref(want);
    json_decref(state);
}

/* The state as canonical text; caller frees. */
static inline char *state_text(const struct home *h)
{
    json_t *state = home_state(h);
    char   *text  = jsonx_canonical(state);

    json_decref(state);
    return text;
}

/* Call, and return the error's kind, for a MatchFailedError its reason, ""
 * for none; the next call overwrites it. */
static inline const char *call(struct home *h, const char *tool,
                               const char *args)
{
    static char kind[60];
    json_t     *answer = home_call(h, tool, args);

    assert_true(json_is_object(answer));
    snprintf(kind, sizeof kind, "%s", jsonx_text(answer, "error")
             ? jsonx_text(answer, "error") : "");
    if (strcmp(kind, "MatchFailedError") == 0)
        snprintf(kind, sizeof kind, "%s", jsonx_text(answer, "reason"));
    json_decref(answer);
    return kind;
}

#endif
