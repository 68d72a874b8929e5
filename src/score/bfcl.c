/* SPDX-License-Identifier: MIT */
/* bfcl.c - the right calls, as the Berkeley Function Calling Leaderboard
 * judges a single turn:
 *   {"scorer":"bfcl", "category":"multiple",
 *    "truth":[{"name":{"argument":[acceptable values]}}]}
 * The functions are those of the case. Where calling anything is right or
 * wrong (live_relevance, irrelevance) there is no truth. */
#include <string.h>

#include "base/jsonx.h"
#include "original/bfcl.h"
#include "score/answer.h"
#include "score/originals.h"
#include "suite.h"

static const char *const categories[] = {
    "simple_python", "simple_java", "simple_javascript", "multiple",
    "parallel", "parallel_multiple", "irrelevance", "live_simple",
    "live_multiple", "live_parallel", "live_parallel_multiple",
    "live_irrelevance", "live_relevance", NULL};

static int check_truth(const json_t *truth, struct err *err)
{
    size_t        i;
    const json_t *call;

    if (json_array_size(truth) == 0)
        return err_set(err, ERR_INPUT, "\"truth\" must be a list of the calls "
                       "that are right");
    json_array_foreach(truth, i, call) {
        json_t *arguments =
            json_object_iter_value(json_object_iter((json_t *)call)), *list;
        const char *name;

        if (json_object_size(call) != 1 || !json_is_object(arguments))
            return err_set(err, ERR_INPUT, "call %zu of \"truth\" must be "
                           "{name:{argument:[values]}}", i + 1);
        json_object_foreach(arguments, name, list)
            if (!json_is_array(list))
                return err_set(err, ERR_INPUT, "argument %.100s in call %zu of "
                               "\"truth\" must be a list of acceptable "
                               "values", name, i + 1);
    }
    return 0;
}

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    const char   *category = jsonx_text(rule, "category");
    const json_t *truth    = json_object_get(rule, "truth"), *value;
    const char   *key;
    size_t        i = 0;

    json_object_foreach((json_t *)rule, key, value)
        if (strcmp(key, "scorer") != 0 && strcmp(key, "category") != 0 &&
            strcmp(key, "truth") != 0)
            return err_set(err, ERR_INPUT, "bfcl has no field \"%.100s\"; it "
                           "knows category and truth", key);
    while (category && categories[i] && strcmp(categories[i], category) != 0)
        i++;
    if (!category || !categories[i])
        return err_set(err, ERR_INPUT, "\"category\" must be one of BFCL's "
                       "single-turn categories, like simple_python");
    if (!test->functions)
        return err_set(err, ERR_INPUT, "bfcl judges calls of the case's "
                       "\"functions\", and it has none");
    if (!strstr(category, "relevance")) return check_truth(truth, err);
    if (truth)
        return err_set(err, ERR_INPUT, "%s has no \"truth\"", category);
    return 0;
}

/* Where nothing is to be called there is no truth either. */
static bool wants_call(const json_t *rule)
{
    const char *category = jsonx_text(rule, "category");

    return json_object_get(rule, "truth") ||
           (category && strcmp(category, "live_relevance") == 0);
}

/* ---- what was called ----------------------------------------------------- */

static struct py text_of(struct py_pool *pool, const char *text)
{
    return *original_text(pool, text ? text : "");
}

/* {"name":..., "arguments": the text as it came} */
static struct py call_of(struct py_pool *pool, const struct tool_call *call)
{
    struct py_pair *pairs = py_pool_take(pool, 2 * sizeof *pairs);
    struct py       dict  = {.kind = PY_DICT, .n = 2};

    pairs[0] = (struct py_pair){text_of(pool, "name"),
                                text_of(pool, call->name)};
    pairs[1] = (struct py_pair){text_of(pool, "arguments"),
                                text_of(pool, call->arguments)};
    dict.as.pairs = pairs;
    dict.as.order = NULL;
    return dict;
}

/* All of them, in order; NULL: nothing was called. */
static const struct py *calls_of(struct py_pool *pool,
                                 const struct transcript *t)
{
    size_t     n = 0, at = 0;
    struct py *list, *items;

    for (size_t i = 0; i < t->n_turns; i++) n += t->turns[i].n_calls;
    if (n == 0) return NULL;
    list  = py_pool_take(pool, sizeof *list);
    items = py_pool_take(pool, n * sizeof *items);
    for (size_t i = 0; i < t->n_turns; i++)
        for (size_t k = 0; k < t->turns[i].n_calls; k++)
            items[at++] = call_of(pool, &t->turns[i].calls[k]);
    *list = (struct py){.kind = PY_LIST, .n = (uint32_t)n};
    list->as.items = items;
    return list;
}

static void verdict_of(const json_t *rule, const struct transcript *t,
                       enum bfcl_rule which, struct bfcl_verdict *out)
{
    struct py_pool  *pool = py_pool_new();
    struct bfcl_case c = {
        .category  = original_text(pool, jsonx_text(rule, "category")),
        .functions = original_value(pool, t->test->functions),
        .truth     = original_value(pool, json_object_get(rule, "truth")),
        .calls     = calls_of(pool, t),
        .content   = original_text(pool, t->answer)};

    bfcl_judge(pool, &c, which, out);
    py_pool_free(pool);
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    struct bfcl_verdict v;

    verdict_of(rule, t, BFCL_ORIGINAL, &v);
    if (!v.valid)
        answer_fail(out, "%s (%s)", v.reason, v.error ? v.error : "");
}

void bfcl_note(const json_t *rule, const struct transcript *t, bool was_heard,
               struct original_notes *out)
{
    struct bfcl_verdict v = {.valid = false};

    out->bfcl_saner_of++;
    if (was_heard) verdict_of(rule, t, BFCL_SANER, &v);
    out->bfcl_saner += v.valid;
}

const struct score_ops score_bfcl = {
    .name         = "bfcl",
    .help         = "the calls that BFCL's rule for single turns takes",
    .needs_tools  = true,
    .is_as_served = true,
    .is_original  = true,
    .wants_call   = wants_call,
    .check_rule   = check_rule,
    .judge        = judge,
};
