/* SPDX-License-Identifier: MIT */
/* bfcl.c - see bfcl.h: decoding what came, choosing the rule by category, one
 * call, and what is wrong in words. The rule for one argument is in
 * bfcl_value.c. */
#include "original/bfcl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "original/bfcl_internal.h"

static bool holds(const struct py *text, const char *part)
{
    size_t n = strlen(part);

    if (!text || text->kind != PY_STR) return false;
    for (size_t i = 0; i + n <= text->as.text.len; i++)
        if (text->as.text.bytes[i] == part[0] &&
            memcmp(text->as.text.bytes + i, part, n) == 0)
            return true;
    return false;
}

static bool is_none(const struct py *v)
{
    return !v || v->kind == PY_NONE;
}

/* ---- one call ------------------------------------------------------------ */

static char undotted(char c)
{
    return c == '.' ? '_' : c;
}

bool bfcl_same_name(const struct py *dotted, const struct py *name,
                    bool both_dotted)
{
    if (!dotted || !name || dotted->kind != PY_STR || name->kind != PY_STR ||
        dotted->as.text.len != name->as.text.len)
        return false;
    for (size_t i = 0; i < name->as.text.len; i++) {
        char c = name->as.text.bytes[i];
        if (undotted(dotted->as.text.bytes[i]) !=
            (both_dotted ? undotted(c) : c))
            return false;
    }
    return true;
}

static const struct py *entry_of(const struct py *dict, const struct py *key)
{
    return py_get_n(dict, key->as.text.bytes, key->as.text.len);
}

/* An integer becomes a number where a number is asked for. One beyond the
 * range of a double, at which the original stops, becomes infinite: no
 * ground truth is. */
static struct py as_number(const struct py *value)
{
    struct py number = {.kind = PY_FLOAT};

    if (value->kind == PY_INT) {
        number.as.real = (double)value->as.number;
    } else {
        char digits[400];   /* more are out of range; a '-' and a NUL fit */
        size_t n = value->as.text.len;
        bool negative = n > 0 && value->as.text.bytes[0] == '-';
        snprintf(digits, sizeof digits, "%.*s", n < sizeof digits ? (int)n : 0,
                 value->as.text.bytes);
        number.as.real = n < sizeof digits ? strtod(digits, NULL)
                         : negative        ? strtod("-inf", NULL)
                                           : strtod("inf", NULL);
    }
    return number;
}

static bool argument_ok(struct bfcl_judge *j, const struct py *parameter,
                        const struct py *value, const struct py *acceptable,
                        struct bfcl_fault *fault)
{
    if (j->language != BFCL_PYTHON)
        return bfcl_foreign_ok(j, parameter, value, acceptable, fault);

    struct bfcl_type type = bfcl_type_of(parameter);
    struct py       *own  = NULL;

    if (j->rule == BFCL_SANER) value = bfcl_saner_value(j, &type, value);
    if (type.kind == PY_FLOAT && py_is_int(value)) {
        own   = py_pool_take(j->pool, sizeof *own);
        *own  = as_number(value);
        value = own;
    }
    return bfcl_value_ok(j, &type, value, acceptable, fault);
}

static bool required_given(const struct py *parameters,
                           const struct bfcl_call *call,
                           struct bfcl_fault *fault)
{
    const struct py *required = py_get(parameters, "required");

    if (!required || required->kind != PY_LIST) return true;
    for (uint32_t i = 0; i < required->n; i++) {
        const struct py *name = &required->as.items[i];
        if (name->kind != PY_STR || entry_of(call->arguments, name)) continue;
        fault->argument = name;
        return bfcl_fault(fault, "simple_function_checker:missing_required",
                          NULL, "is required and missing", NULL);
    }
    return true;
}

static bool arguments_ok(struct bfcl_judge *j,
                         const struct bfcl_expected *want,
                         const struct py *parameters,
                         const struct bfcl_call *call,
                         struct bfcl_fault *fault)
{
    const struct py *properties = py_get(parameters, "properties");

    for (uint32_t i = 0; i < call->arguments->n; i++) {
        const struct py_pair *given = &call->arguments->as.pairs[i];
        const struct py *parameter  = entry_of(properties, &given->key);
        const struct py *acceptable = entry_of(want->arguments, &given->key);
        bool ok;

        fault->argument = &given->key;
        if (parameter && acceptable)
            ok = argument_ok(j, parameter, &given->value, acceptable, fault);
        else
            ok = bfcl_fault(fault,
                            "simple_function_checker:unexpected_param",
                            &given->value,
                            parameter ? "is not asked for here"
                                      : "is no argument of this function",
                            NULL);
        if (ok) continue;
        if (j->rule != BFCL_SANER ||
            !bfcl_saner_ignores(j, parameters, given, acceptable))
            return false;
        *fault = (struct bfcl_fault){0};
    }
    return true;
}

bool bfcl_call_ok(struct bfcl_judge *j, const struct bfcl_expected *want,
                  const struct bfcl_call *call, struct bfcl_fault *fault)
{
    const struct py *parameters = py_get(want->function, "parameters");
    const struct py *name       = py_get(want->function, "name");

    *fault = (struct bfcl_fault){0};
    if (!bfcl_same_name(name, call->name, j->rule == BFCL_SANER))
        return bfcl_fault(fault, "simple_function_checker:wrong_func_name",
                          call->name, "is called, not", name);
    if (!required_given(parameters, call, fault) ||
        !arguments_ok(j, want, parameters, call, fault))
        return false;
    for (uint32_t i = 0; i < want->arguments->n; i++) {
        const struct py_pair *one = &want->arguments->as.pairs[i];
        if (entry_of(call->arguments, &one->key) ||
            bfcl_may_be_absent(&one->value))
            continue;
        fault->argument = &one->key;
        return bfcl_fault(fault, "simple_function_checker:missing_optional",
                          NULL, "is missing; expected", &one->value);
    }
    *fault = (struct bfcl_fault){0};
    return true;
}

/* ---- decoding ------------------------------------------------------------ */

enum decoded { DECODED, NOT_DECODED, NO_OBJECTS };

/* *calls: n of them, in the pool. Every raw text is read even when one before
 * is no object: a broken one is told first. */
static enum decoded decode(struct py_pool *pool, const struct bfcl_case *c,
                           struct bfcl_call **calls, size_t *n)
{
    enum decoded result = DECODED;

    *calls = NULL;
    *n     = 0;
    if (is_none(c->calls)) {
        /* the original then walks through the text in search of calls */
        bool blank = c->content && c->content->kind == PY_STR &&
                     c->content->as.text.len == 0;
        return blank ? DECODED : NOT_DECODED;
    }
    if (c->calls->kind != PY_LIST) return NOT_DECODED;
    *calls = py_pool_take(pool, (c->calls->n + 1) * sizeof **calls);
    for (uint32_t i = 0; i < c->calls->n; i++) {
        const struct py *one       = &c->calls->as.items[i];
        const struct py *arguments = py_get(one, "arguments");

        if (arguments && arguments->kind == PY_STR)
            arguments = py_parse_in_place(pool, arguments->as.text.bytes,
                                          arguments->as.text.len);
        if (!arguments) return NOT_DECODED;
        if (arguments->kind != PY_DICT) result = NO_OBJECTS;
        (*calls)[i] = (struct bfcl_call){py_get(one, "name"), arguments};
    }
    *n = c->calls->n;
    return result;
}

/* ---- categories ---------------------------------------------------------- */

/* {name, ...} of an entry of `tools`, also when it is not wrapped. */
static const struct py *function_of(const struct py *tool)
{
    const struct py *function = py_get(tool, "function");

    return function && function->kind == PY_DICT ? function : tool;
}

static const struct py *function_named(const struct py *functions,
                                       const struct py *name)
{
    if (!functions || functions->kind != PY_LIST) return NULL;
    for (uint32_t i = 0; i < functions->n; i++) {
        const struct py *one = function_of(&functions->as.items[i]);
        if (bfcl_same_name(py_get(one, "name"), name, true)) return one;
    }
    return NULL;
}

static bool unsound(struct bfcl_fault *fault, const char *words)
{
    *fault = (struct bfcl_fault){0};
    return bfcl_fault(fault, BFCL_UNSOUND, NULL, words, NULL);
}

/* The call that the ground truth expects i-th. only: the case has one
 * function, which is taken whatever its name. */
static bool expected_of(const struct bfcl_case *c, size_t i, bool only,
                        struct bfcl_expected *out, struct bfcl_fault *fault)
{
    const struct py *one = i < c->truth->n ? &c->truth->as.items[i] : NULL;

    if (!one || one->kind != PY_DICT || one->n == 0 ||
        one->as.pairs[0].value.kind != PY_DICT)
        return unsound(fault, "the ground truth is no call");
    out->name      = &one->as.pairs[0].key;
    out->arguments = &one->as.pairs[0].value;
    if (!only)
        out->function = function_named(c->functions, out->name);
    else if (c->functions && c->functions->kind == PY_LIST && c->functions->n)
        out->function = function_of(&c->functions->as.items[0]);
    else
        out->function = NULL;
    if (!out->function || out->function->kind != PY_DICT)
        return unsound(fault, "no function has the expected name");
    return true;
}

struct found {
    struct bfcl_judge    j;
    const struct bfcl_case *c;
    struct bfcl_call    *calls;
    size_t               n;
    struct bfcl_expected *want;    /* of `parallel`: n                       */
    struct bfcl_fault    fault;
};

static bool wrong_count(struct found *f, const char *error)
{
    f->fault = (struct bfcl_fault){0};
    return bfcl_fault(&f->fault, error, NULL, NULL, NULL);
}

static bool truth_is_list(struct found *f)
{
    if (f->c->truth && f->c->truth->kind == PY_LIST) return true;
    return unsound(&f->fault, "the ground truth is not a list");
}

static bool one_ok(struct found *f, bool only)
{
    struct bfcl_expected want;

    return truth_is_list(f) &&
           expected_of(f->c, 0, only, &want, &f->fault) &&
           bfcl_call_ok(&f->j, &want, &f->calls[0], &f->fault);
}

static bool fits(void *ctx, size_t e, size_t call)
{
    struct found *f = ctx;

    return bfcl_call_ok(&f->j, &f->want[e], &f->calls[call], &f->fault);
}

/* First come, first served, as the original does it. *missing: the expected
 * call that finds none; SIZE_MAX: the case is unsound. */
static bool greedy(struct found *f, size_t *missing)
{
    bool  *used  = py_pool_take(f->j.pool, f->n + 1);
    size_t first = 0;     /* the first that is not used */

    memset(used, 0, f->n);
    for (size_t e = 0; e < f->n; e++) {
        size_t i = first;
        if (!expected_of(f->c, e, false, &f->want[e], &f->fault)) {
            *missing = SIZE_MAX;
            return false;
        }
        for (; i < f->n; i++) {
            if (used[i]) continue;
            if (fits(f, e, i)) break;
            if (strcmp(f->fault.error, BFCL_UNSOUND) == 0) {
                *missing = SIZE_MAX;
                return false;
            }
        }
        if (i == f->n) {
            *missing = e;
            return false;
        }
        used[i] = true;
        while (first < f->n && used[first]) first++;
    }
    return true;
}

static bool all_expected(struct found *f)
{
    for (size_t e = 0; e < f->n; e++)
        if (!expected_of(f->c, e, false, &f->want[e], &f->fault))
            return false;
    return true;
}

static bool parallel_ok(struct found *f)
{
    size_t missing = 0;

    if (!truth_is_list(f)) return false;
    if (f->n != f->c->truth->n)
        return wrong_count(f,
                           "parallel_function_checker_no_order:wrong_count");
    f->want = py_pool_take(f->j.pool, (f->n + 1) * sizeof *f->want);
    if (f->j.rule == BFCL_SANER && f->n <= BFCL_MATCH_MAX) {
        if (!all_expected(f)) return false;
        if (bfcl_saner_match(f->j.pool, f->n, fits, f, &missing)) return true;
    } else {
        if (greedy(f, &missing)) return true;
        if (missing == SIZE_MAX) return false;
    }
    f->fault = (struct bfcl_fault){0};
    return bfcl_fault(&f->fault,
                      "parallel_function_checker_no_order:cannot_find_match",
                      f->want[missing].name, "with",
                      f->want[missing].arguments);
}

static bool calls_ok(struct found *f)
{
    const struct py *category = f->c->category;

    if (holds(category, "parallel")) return parallel_ok(f);
    if (holds(category, "multiple")) {
        if (!truth_is_list(f)) return false;
        if (f->n != f->c->truth->n)
            return wrong_count(f, "multiple_function_checker:wrong_count");
        if (f->n == 0) return unsound(&f->fault, "no call is expected");
        return one_ok(f, false);
    }
    if (f->n != 1)
        return wrong_count(f, "simple_function_checker:wrong_count");
    return one_ok(f, true);
}

/* ---- in words ------------------------------------------------------------ */

struct words {
    char  *text;
    size_t size, n;
};

static void add(struct words *w, const char *text)
{
    size_t len = strlen(text), room = w->size - w->n - 1;

    if (len > room) len = room;
    memcpy(w->text + w->n, text, len);
    w->n += len;
    w->text[w->n] = '\0';
}

static void show(struct words *w, const struct py *v)
{
    char text[90];

    py_show(v, text, sizeof text);
    add(w, text);
}

/* A name, without the quotes of JSON when it is a plain one. */
static void show_name(struct words *w, const struct py *name)
{
    char   text[90];
    size_t n;

    py_show(name, text, sizeof text);
    n = strlen(text);
    if (n >= 2 && text[0] == '"' && text[n - 1] == '"' && !strchr(text, '\\')) {
        text[n - 1] = '\0';
        add(w, text + 1);
    } else {
        add(w, text);
    }
}

/* "argument unit: "feet" is not one of ["m"]". Every part is cut at 90 bytes,
 * so that all of it fits. */
static void tell_fault(const struct found *f, char *out, size_t size)
{
    const struct bfcl_fault *fault = &f->fault;
    struct words w = {out, size, 0};
    char         count[60];

    out[0] = '\0';
    if (strstr(fault->error, ":wrong_count")) {
        bool one = !holds(f->c->category, "parallel") &&
                   !holds(f->c->category, "multiple");
        snprintf(count, sizeof count, "%zu %s came, not %u", f->n,
                 f->n == 1 ? "call" : "calls",
                 one ? 1U : (unsigned)f->c->truth->n);
        add(&w, count);
        return;
    }
    if (strstr(fault->error, ":cannot_find_match")) {
        add(&w, "no call is as expected: ");
        show_name(&w, fault->value);
        add(&w, " with ");
        show(&w, fault->expected);
        return;
    }
    if (fault->argument) {
        add(&w, "argument ");
        show_name(&w, fault->argument);
        if (fault->key) {
            add(&w, ", key ");
            show_name(&w, fault->key);
        }
        add(&w, ": ");
    } else if (fault->value) {
        add(&w, "function ");
    }
    if (fault->value) {
        if (fault->argument) show(&w, fault->value);
        else show_name(&w, fault->value);
        add(&w, " ");
    }
    add(&w, fault->words);
    if (fault->expected) {
        add(&w, " ");
        if (fault->argument) show(&w, fault->expected);
        else show_name(&w, fault->expected);
    }
}

static void fail(struct bfcl_verdict *out, const char *error,
                 const char *reason)
{
    out->valid = false;
    out->error = error;
    snprintf(out->reason, sizeof out->reason, "%s", reason);
}

/* Whether a call came at all; its name and values are not looked at. */
static void judge_relevance(const struct bfcl_case *c, bool called,
                            struct bfcl_verdict *out)
{
    if (holds(c->category, "irrelevance")) {
        if (called)
            fail(out, "irrelevance_error:decoder_success",
                 "a function is called where none fits");
    } else if (!called) {
        fail(out, "relevance_error:decoder_failed",
             "no function is called, or the arguments cannot be read");
    }
}

void bfcl_judge(struct py_pool *pool, const struct bfcl_case *c,
                enum bfcl_rule rule, struct bfcl_verdict *out)
{
    struct found f = {.c = c,
                      .j = {.pool = pool, .rule = BFCL_ORIGINAL,
                            .language = BFCL_PYTHON}};
    enum decoded decoded = decode(pool, c, &f.calls, &f.n);
    bool         ok;

    out->valid     = true;
    out->error     = NULL;
    out->reason[0] = '\0';
    if (holds(c->category, "relevance")) {
        judge_relevance(c, decoded == DECODED && f.n > 0, out);
        return;
    }
    if (decoded == NOT_DECODED) {
        fail(out, "ast_decoder:decoder_failed",
             is_none(c->calls) ? "no function is called"
                               : "the arguments of a call are not JSON");
        return;
    }
    if (decoded == NO_OBJECTS) {
        fail(out, "ast_decoder:decoder_wrong_output_format",
             "the arguments of a call are not an object");
        return;
    }
    if (holds(c->category, "javascript")) f.j.language = BFCL_JAVASCRIPT;
    else if (holds(c->category, "java")) f.j.language = BFCL_JAVA;
    ok = calls_ok(&f);
    if (!ok && rule == BFCL_SANER) {
        f.j.rule = BFCL_SANER;
        ok       = calls_ok(&f);
    }
    if (ok) return;
    out->valid = false;
    out->error = f.fault.error;
    tell_fault(&f, out->reason, sizeof out->reason);
}
