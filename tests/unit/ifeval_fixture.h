/* SPDX-License-Identifier: MIT */
/* ifeval_fixture.h - a rule with its arguments as JSON, checked and judged. */
#ifndef IFEVAL_FIXTURE_H
#define IFEVAL_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "original/ifeval.h"

static struct py_pool *pool;

static struct ifeval_verdict judge(const char *instruction,
                                   const char *kwargs, struct view response)
{
    struct err            err = {0};
    struct ifeval_verdict got;
    const struct py *parsed = py_parse(pool, kwargs, strlen(kwargs));

    assert_non_null(parsed);
    if (ifeval_check_rule(view_of(instruction), parsed, &err) ||
        ifeval_judge(view_of(instruction), parsed, view_of(""), response,
                     &got, &err))
        fail_msg("%s %s: %s", instruction, kwargs, err.text);
    return got;
}

static int set_up(void **state)
{
    (void)state;
    pool = py_pool_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    py_pool_free(pool);
    return 0;
}

#endif
