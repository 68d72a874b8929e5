/* SPDX-License-Identifier: MIT */
/* selfcheck_ifeval.c - recorded verdicts of IFEval, given again by ifeval.c.
 * A case agrees when the strict and the loose verdict are both the same. */
#include "base/mem.h"
#include "original/ifeval.h"
#include "original/selfcheck.h"

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

struct recorded {
    const struct py      *id, *number, *kind;   /* for people; NULL: not told */
    const struct py      *instruction, *kwargs, *prompt, *response;
    struct ifeval_verdict want, got;
};

static int no_field(struct err *err, const char *field, const char *is)
{
    return err_set(err, ERR_INPUT, "%s is not %s, as an IFEval case has it",
                   field, is);
}

static int read_text(const struct py *object, const char *field,
                     const struct py **text, struct err *err)
{
    *text = py_get(object, field);
    if (!*text || (*text)->kind != PY_STR)
        return no_field(err, field, "a text");
    return 0;
}

static int read_verdict(const struct py *object, const char *field,
                        bool *verdict, struct err *err)
{
    const struct py *v = py_get(object, field);

    if (!v || v->kind != PY_BOOL)
        return no_field(err, field, "true or false");
    *verdict = v->as.yes;
    return 0;
}

static struct view text_of(const struct py *v)
{
    return (struct view){v->as.text.bytes, v->as.text.len};
}

static int read_case(const struct py *object, struct recorded *r,
                     struct err *err)
{
    r->id     = py_get(object, "instance");
    r->number = py_get(object, "case");
    r->kind   = py_get(object, "kind");
    r->kwargs = py_get(object, "kwargs");
    if (!r->kwargs || r->kwargs->kind != PY_DICT)
        return no_field(err, "kwargs", "an object");
    if (read_text(object, "instruction_id", &r->instruction, err) ||
        read_text(object, "prompt", &r->prompt, err) ||
        read_text(object, "response", &r->response, err) ||
        read_verdict(object, "follows", &r->want.strict, err) ||
        read_verdict(object, "follows_loose", &r->want.loose, err))
        return -1;
    return 0;
}

static void show(const struct py *v, char *out, size_t size)
{
    static const struct py none = {.kind = PY_NONE};

    py_show(v ? v : &none, out, size);
}

static const char *in_words(struct ifeval_verdict v)
{
    return v.strict ? v.loose ? "followed" : "followed, not loosely"
                    : v.loose ? "followed loosely" : "not followed";
}

static char *told(void *ctx)
{
    const struct recorded *r = ctx;
    char id[120], number[40], kind[120], kwargs[200];

    show(r->id, id, sizeof id);
    show(r->number, number, sizeof number);
    show(r->kind, kind, sizeof kind);
    show(r->kwargs, kwargs, sizeof kwargs);
    return mem_printf("%s case %s (%s) %s: the original says %s, we say %s",
                      id, number, kind, kwargs, in_words(r->want),
                      in_words(r->got));
}

static int line(void *state, const struct selfcheck_case *c,
                struct agreement *a, struct err *err)
{
    struct recorded r = {0};
    struct view     instruction;

    (void)state;
    if (read_case(c->object, &r, err)) return -1;
    instruction = text_of(r.instruction);
    if (ifeval_check_rule(instruction, r.kwargs, err) ||
        ifeval_judge(instruction, r.kwargs, text_of(r.prompt),
                     text_of(r.response), &r.got, err))
        return -1;
    agreement_add_verdict(a, instruction.at, instruction.len,
                          in_words(r.want), in_words(r.got), told, &r);
    return 0;
}

const struct selfcheck_ops selfcheck_ifeval = {
    .name       = "ifeval",
    .title      = "an IFEval case",
    .help       = "responses judged by the rules of IFEval",
    .own_fields = {"instruction_id", "follows", "follows_loose", NULL},
    .id_fields  = {"instance", "case", NULL},
    .begin      = begin,
    .line       = line,
    .end        = end,
};
