/* SPDX-License-Identifier: MIT */
/* reading_fixture.h - a made-up board tree, and what a probe reads of it. */
#ifndef TESTS_READING_FIXTURE_H
#define TESTS_READING_FIXTURE_H

#include "base/mem.h"
#include "probe/reading.h"
#include "temp_tree.h"

struct fixture {
    struct temp_tree tree;
    struct reading   r;
};

static inline int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);

    *state = f;
    return temp_tree_init(&f->tree);
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    reading_done(&f->r);
    temp_tree_done(&f->tree);
    free(f);
    return 0;
}

#endif
