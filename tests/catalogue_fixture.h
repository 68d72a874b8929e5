/* SPDX-License-Identifier: MIT */
/* catalogue_fixture.h - for tests: the project's own catalogue, loaded once a
 * group. Include it after cmocka.h. Run where share/ is, or set
 * AUDITION_DATA. */
#ifndef TESTS_CATALOGUE_FIXTURE_H
#define TESTS_CATALOGUE_FIXTURE_H

#include <stdlib.h>

#include "base/mem.h"
#include "model/catalogue.h"

static inline int catalogue_setup(void **state)
{
    struct err        err = {0};
    struct catalogue *c   = mem_new(1, sizeof *c);

    if (!getenv("AUDITION_DATA")) setenv("AUDITION_DATA", "share", 1);
    if (catalogue_load(c, &err)) fail_msg("%s", err.text);
    *state = c;
    return 0;
}

static inline int catalogue_teardown(void **state)
{
    catalogue_done(*state);
    free(*state);
    return 0;
}

static inline const struct catalogue_model *
model_named(const struct catalogue *c, const char *name)
{
    char                          quant[32];
    const struct catalogue_model *m = catalogue_find(c, name, quant,
                                                     sizeof quant);

    if (!m) fail_msg("no model \"%s\"", name);
    return m;
}

#endif
