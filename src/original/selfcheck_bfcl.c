/* SPDX-License-Identifier: MIT */
/* selfcheck_bfcl.c - recorded verdicts of the Berkeley Function Calling
 * Leaderboard, given again by bfcl.c. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "original/bfcl.h"
#include "original/selfcheck.h"

/* Of functions, calls and expected calls in a case; entries have a few.
 * Parallel calls are compared with one another. */
#define LIST_MAX 4096

static char nothing_kept;

static void *begin(const char *homes, struct err *err)
{
    (void)homes;
    (void)err;
    return &nothing_kept;
}

static void end(void *state)
{
    (void)state;
}

/* One case as recorded. */
struct recorded {
    struct bfcl_case  c;
    const struct py  *id, *number, *kind;   /* for people; NULL: not told    */
    const char       *error;                /* NULL: it was valid            */
    struct bfcl_verdict got;
};

static int no_field(struct err *err, const char *field, const char *is)
{
    return err_set(err, ERR_INPUT, "%s is not %s, as a BFCL case has it",
                   field, is);
}

static int check_length(const struct py *list, const char *field,
                        struct err *err)
{
    if (list->kind != PY_LIST || list->n <= LIST_MAX) return 0;
    return err_set(err, ERR_INPUT, "%s has %u entries; a BFCL case has at most "
                   "%d", field, (unsigned)list->n, LIST_MAX);
}

static bool is_none(const struct py *v)
{
    return v->kind == PY_NONE;
}

static int read_calls(const struct py *calls, struct err *err)
{
    if (!calls || (!is_none(calls) && calls->kind != PY_LIST))
        return no_field(err, "calls", "a list or null");
    if (is_none(calls)) return 0;
    for (uint32_t i = 0; i < calls->n; i++)
        if (!py_get(&calls->as.items[i], "name") ||
            !py_get(&calls->as.items[i], "arguments"))
            return no_field(err, "calls",
                            "a list of objects with a name and arguments");
    return 0;
}

/* error: its text, with the NUL that a text read in place has not. */
static int read_verdict(const struct selfcheck_case *c, const char **error,
                        struct err *err)
{
    const struct py *valid = py_get(c->object, "valid");
    const struct py *type  = py_get(c->object, "error_type");
    char            *text;

    *error = NULL;
    if (!valid || valid->kind != PY_BOOL)
        return no_field(err, "valid", "true or false");
    if (valid->as.yes) return 0;
    if (!type || type->kind != PY_STR)
        return no_field(err, "error_type", "a text where valid is false");
    text = py_pool_take(c->pool, type->as.text.len + 1);
    memcpy(text, type->as.text.bytes, type->as.text.len);
    text[type->as.text.len] = '\0';
    *error = text;
    return 0;
}

static int read_case(const struct selfcheck_case *c, struct recorded *r,
                     struct err *err)
{
    const struct py *o = c->object;

    r->id          = py_get(o, "id");
    r->number      = py_get(o, "case");
    r->kind        = py_get(o, "kind");
    r->c.category  = py_get(o, "category");
    r->c.functions = py_get(o, "functions");
    r->c.truth     = py_get(o, "possible_answer");
    r->c.calls     = py_get(o, "calls");
    r->c.content   = py_get(o, "content");
    if (!r->c.category || r->c.category->kind != PY_STR)
        return no_field(err, "category", "a text");
    if (!r->c.functions || r->c.functions->kind != PY_LIST)
        return no_field(err, "functions", "a list");
    if (!r->c.truth ||
        (!is_none(r->c.truth) && r->c.truth->kind != PY_LIST))
        return no_field(err, "possible_answer", "a list or null");
    if (read_calls(r->c.calls, err) ||
        check_length(r->c.functions, "functions", err) ||
        check_length(r->c.truth, "possible_answer", err) ||
        check_length(r->c.calls, "calls", err))
        return -1;
    if (is_none(r->c.calls) &&
        (!r->c.content ||
         (!is_none(r->c.content) && r->c.content->kind != PY_STR)))
        return no_field(err, "content", "a text or null");
    return read_verdict(c, &r->error, err);
}

static void show(const struct py *v, char *out, size_t size)
{
    static const struct py none = {.kind = PY_NONE};

    py_show(v ? v : &none, out, size);
}

static char *told(void *ctx)
{
    const struct recorded *r = ctx;
    char id[120], number[40], kind[120];

    show(r->id, id, sizeof id);
    show(r->number, number, sizeof number);
    show(r->kind, kind, sizeof kind);
    return mem_printf("%s case %s (%s): the original says %s, we say %s%s%s",
                      id, number, kind, r->error ? r->error : "valid",
                      r->got.error ? r->got.error : "valid",
                      r->got.reason[0] ? ": " : "", r->got.reason);
}

static int line(void *state, const struct selfcheck_case *c,
                struct agreement *a, struct err *err)
{
    struct recorded  r = {0};
    const struct py *category;

    (void)state;
    if (read_case(c, &r, err)) return -1;
    bfcl_judge(c->pool, &r.c, BFCL_ORIGINAL, &r.got);
    category = r.c.category;
    agreement_add(a, category->as.text.bytes, category->as.text.len, r.error,
                  r.got.error, told, &r);
    return 0;
}

const struct selfcheck_ops selfcheck_bfcl = {
    .name       = "bfcl",
    .title      = "a BFCL case",
    .help       = "tool calls judged by the Berkeley Function Calling "
                  "Leaderboard",
    .right      = "valid",
    .own_fields = {"possible_answer", "functions", "calls", NULL},
    .id_fields  = {"id", "case", NULL},
    .begin      = begin,
    .line       = line,
    .end        = end,
};
