/* SPDX-License-Identifier: MIT */
/* replay_stage.h - for tests: the replay engine, started on a recording that
 * the test writes down. */
#ifndef TESTS_REPLAY_STAGE_H
#define TESTS_REPLAY_STAGE_H

#include "base/mem.h"
#include "engine/engine.h"
#include "temp_tree.h"

struct replay_stage {
    struct temp_tree    tree;
    struct candidate    candidate;
    struct engine_spec  spec;
    struct engine_facts facts;
    void               *engine;
};

static inline int replay_start(struct replay_stage *s, const char *recording,
                       struct err *err)
{
    *s = (struct replay_stage){
        .spec = {.context = 4096, .port = -1, .threads = -1,
                 .limits = {1, 1, 1, 1}}};
    assert_int_equal(temp_tree_init(&s->tree), 0);
    s->candidate = (struct candidate){
        .source = SOURCE_REPLAY, .name = mem_copy("r"),
        .path = temp_path(&s->tree, "r.json")};
    if (recording) temp_text(&s->tree, "r.json", recording);
    s->spec.candidate = &s->candidate;
    return engine_replay.start(&s->engine, &s->spec, &s->facts, err);
}

static inline void replay_end(struct replay_stage *s)
{
    if (s->engine) engine_replay.stop(s->engine);
    engine_facts_done(&s->facts);
    candidate_done(&s->candidate);
    temp_tree_done(&s->tree);
}

static inline void replay_open(struct replay_stage *s, const char *recording)
{
    struct err err = {0};

    if (replay_start(s, recording, &err)) fail_msg("%s", err.text);
}

#endif
