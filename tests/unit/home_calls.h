/* SPDX-License-Identifier: MIT */
/* home_calls.h - for tests: homes of any name, calls with what they answer,
 * and single attributes. Include it after cmocka.h. */
#ifndef TESTS_HOME_CALLS_H
#define TESTS_HOME_CALLS_H

#include <stdlib.h>

#include "home_fixture.h"

static inline struct home *home_named(const char *name, const char *area,
                                      const char *setup)
{
    struct home *h     = NULL;
    struct err   err   = {0};
    json_t      *patch = setup ? json_of(setup) : NULL;

    if (home_new(&h, name, patch, &err) || home_speak_in(h, area, &err))
        fail_msg("%s", err.text);
    json_decref(patch);
    return h;
}

/* A home of this JSON; NULL with *err. */
static inline struct home *home_of_text(const char *text, struct err *err)
{
    struct home *h    = NULL;
    json_t      *file = json_of(text);

    if (home_from(&h, "test", file, NULL, NULL, err)) h = NULL;
    json_decref(file);
    return h;
}

/* entity.attribute as JSON; the caller frees. */
static inline char *shown(const struct home *h, const char *entity,
                          const char *attribute)
{
    json_t *state = home_state(h);
    json_t *value = json_object_get(json_object_get(state, entity),
                                    attribute);
    char   *text  = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
                                       JSON_SORT_KEYS)
                          : strdup("(none)");

    json_decref(state);
    return text;
}

static inline void assert_shown(const struct home *h, const char *entity,
                                const char *attribute, const char *wanted)
{
    char *got = shown(h, entity, attribute);

    assert_string_equal(got, wanted);
    free(got);
}

/* The kind of error that a call gives, "" when it gives none; lives until the
 * next call. */
static inline const char *kind_of(struct home *h, const char *tool,
                                  const char *args)
{
    static char kind[80];
    json_t     *answer = home_call(h, tool, args);
    const char *error  = jsonx_text(answer, "error");

    snprintf(kind, sizeof kind, "%s", error ? error : "");
    json_decref(answer);
    return kind;
}

/* The call must do what it says. */
static inline void does(struct home *h, const char *tool, const char *args)
{
    json_t *answer = home_call(h, tool, args);

    if (json_object_get(answer, "error"))
        fail_msg("%s %s: %s", tool, args,
                 jsonx_text(answer, "error_text"));
    json_decref(answer);
}

/* The call must give this kind of error, say something, and change nothing;
 * text, unless NULL, is in what it says. */
static inline void refuses(struct home *h, const char *tool, const char *args,
                           const char *kind, const char *text)
{
    char       *before = state_text(h), *after;
    json_t     *answer = home_call(h, tool, args);
    const char *error  = jsonx_text(answer, "error");
    const char *said   = jsonx_text(answer, "error_text");

    if (!error || strcmp(error, kind) != 0 || !said || !*said)
        fail_msg("%s %s gives %s (%s), not %s", tool, args,
                 error ? error : "no error", said ? said : "", kind);
    if (text && !strstr(said, text))
        fail_msg("%s %s: \"%s\" does not say \"%s\"", tool, args, said, text);
    after = state_text(h);
    assert_string_equal(before, after);
    json_decref(answer);
    free(before);
    free(after);
}

/* What a query tells, as compact JSON; the caller frees. */
static inline char *told(struct home *h, const char *tool, const char *args)
{
    json_t *answer = home_call(h, tool, args);
    json_t *result = json_object_get(answer, "result");
    char   *text   = result ? jsonx_dump(result) : NULL;

    if (!text)
        fail_msg("%s %s tells nothing: %s", tool, args,
                 jsonx_text(answer, "error_text"));
    json_decref(answer);
    return text;
}

static inline void assert_told(struct home *h, const char *tool,
                               const char *args, const char *wanted)
{
    char *got = told(h, tool, args);

    assert_string_equal(got, wanted);
    free(got);
}

/* One call and its undoing leave the home as it was, and the call did
 * something. */
static inline void undoes(struct home *h, const char *tool, const char *args,
                          const char *back, const char *back_args)
{
    char *before = state_text(h), *between, *after;

    does(h, tool, args);
    between = state_text(h);
    assert_string_not_equal(before, between);
    does(h, back, back_args);
    after = state_text(h);
    assert_string_equal(before, after);
    free(before);
    free(between);
    free(after);
}

#endif
