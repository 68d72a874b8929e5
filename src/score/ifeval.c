/* SPDX-License-Identifier: MIT */
/* ifeval.c - every instruction is followed, as IFEval judges strictly:
 *   {"scorer":"ifeval", "instructions":[
 *      {"id":"length_constraints:number_words",
 *       "kwargs":{"relation":"at least","num_words":300}}]}
 * It sees the answer as it came, thoughts and all. */
#include <string.h>

#include "base/jsonx.h"
#include "original/ifeval.h"
#include "score/answer.h"
#include "score/originals.h"
#include "suite.h"

#define INSTRUCTIONS_MAX 100

/* One instruction of a rule, to be judged. */
struct instruction {
    struct view      id;
    const struct py *kwargs;
};

static struct instruction instruction_of(struct py_pool *pool,
                                         const json_t *item)
{
    return (struct instruction){
        .id     = view_of(jsonx_text(item, "id")),
        .kwargs = original_value(pool, json_object_get(item, "kwargs"))};
}

/* ifeval_check_rule, and a first judgement: a table that cannot be read must
 * be told before a model is blamed for it. */
static int check_instruction(const json_t *item, struct err *err)
{
    struct py_pool       *pool;
    struct instruction    it;
    struct ifeval_verdict ignored;
    int                   rc;

    if (!jsonx_text(item, "id") || json_object_size(item) != 2 ||
        !json_is_object(json_object_get(item, "kwargs")))
        return err_set(err, ERR_INPUT, "it must be {\"id\":text,"
                       "\"kwargs\":object}");
    pool = py_pool_new();
    it   = instruction_of(pool, item);
    rc   = ifeval_check_rule(it.id, it.kwargs, err);
    if (rc == 0)
        rc = ifeval_judge(it.id, it.kwargs, view_of("Say it."),
                          view_of("This is an answer."), &ignored, err);
    py_pool_free(pool);
    return rc;
}

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    const json_t *list = json_object_get(rule, "instructions"), *value;
    const char   *key;
    size_t        i;

    (void)test;
    json_object_foreach((json_t *)rule, key, value)
        if (strcmp(key, "scorer") != 0 && strcmp(key, "instructions") != 0)
            return err_set(err, ERR_INPUT, "ifeval has no field \"%.100s\"; it "
                           "knows instructions", key);
    if (json_array_size(list) == 0 ||
        json_array_size(list) > INSTRUCTIONS_MAX)
        return err_set(err, ERR_INPUT, "\"instructions\" must be a list of 1 "
                       "to %d", INSTRUCTIONS_MAX);
    json_array_foreach(list, i, value)
        if (check_instruction(value, err))
            return err_ctx(err, "instruction %zu", i + 1);
    return 0;
}

/* ---- the verdict --------------------------------------------------------- */

struct tally {
    unsigned    of, strict, loose;
    const char *first;            /* that was not followed; NULL: all were   */
    struct err  why;              /* it could not be judged                  */
};

static void count(const json_t *rule, const struct transcript *t,
                  struct tally *out)
{
    struct py_pool *pool = py_pool_new();
    const json_t   *item;
    size_t          i;

    *out = (struct tally){.of = 0};
    json_array_foreach(json_object_get(rule, "instructions"), i, item) {
        struct instruction    it = instruction_of(pool, item);
        struct ifeval_verdict v  = {.strict = false};

        if (ifeval_judge(it.id, it.kwargs, view_of(t->question),
                         view_of(t->answer), &v, &out->why))
            v = (struct ifeval_verdict){.strict = false};
        out->of++;
        out->strict += v.strict;
        out->loose  += v.loose;
        if (!v.strict && !out->first) out->first = jsonx_text(item, "id");
    }
    py_pool_free(pool);
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    struct tally n;

    count(rule, t, &n);
    if (n.why.kind)
        answer_fail(out, "%s", n.why.text);
    else if (n.first && n.of > 1)
        answer_fail(out, "%u of %u instructions are not followed, first %s",
                    n.of - n.strict, n.of, n.first);
    else if (n.first)
        answer_fail(out, "%s is not followed", n.first);
}

void ifeval_note(const json_t *rule, const struct transcript *t,
                 bool was_heard, struct original_notes *out)
{
    struct tally n = {.of = (unsigned)json_array_size(
                          json_object_get(rule, "instructions"))};

    if (was_heard) count(rule, t, &n);
    out->ifeval_of     += n.of;
    out->ifeval_strict += n.strict;
    out->ifeval_loose  += n.loose;
    out->ifeval_prompt_of++;
    out->ifeval_prompt_loose += was_heard && n.loose == n.of;
}

const struct score_ops score_ifeval = {
    .name         = "ifeval",
    .help         = "the instructions that IFEval's strict rules find followed",
    .is_as_served = true,
    .is_original  = true,
    .check_rule   = check_rule,
    .judge        = judge,
};
