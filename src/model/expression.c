/* SPDX-License-Identifier: MIT */
/* expression.c - see expression.h. One pass: what is read is computed at once;
 * the branch that is not taken is read "idle", without looking names up. */
#include "model/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 64
#define DEPTH_MAX      40    /* parentheses, and defaults that use defaults */

/* A number, a text (a length too: it may be one letter of a longer one) or a
 * list that waits for its [index]. */
struct value {
    double        number;
    const char   *text;
    size_t        len;
    const json_t *list;
};

struct reader {
    const char                    *text, *at;
    const struct expression_scope *scope;
    int                            depth;
    bool                           idle, failed;
    struct err                    *err;
};

static struct value choice(struct reader *r);

static struct value wrong(struct reader *r, const char *what)
{
    if (!r->failed)
        err_set(r->err, ERR_INPUT, "expression `%s`: %s %s%.20s%s", r->text,
                what, *r->at ? "before \"" : "at its end", r->at,
                *r->at ? "\"" : "");
    r->failed = true;
    r->at += strlen(r->at);
    return (struct value){0};
}

static void skip_spaces(struct reader *r)
{
    while (*r->at == ' ') r->at++;
}

/* Take an operator if it is next; "<" is not the start of "<=". */
static bool take(struct reader *r, const char *token)
{
    size_t n = strlen(token);

    skip_spaces(r);
    if (strncmp(r->at, token, n) != 0) return false;
    if (n == 1 && strchr("<>!", *token) && r->at[1] == '=') return false;
    r->at += n;
    return true;
}

static struct value number(double n)
{
    return (struct value){.number = n};
}

static double plain(struct reader *r, struct value v)
{
    if (v.text || v.list) wrong(r, "a number is wanted");
    return v.number;
}

/* ---- names ------------------------------------------------------------- */

static struct value of_json(struct reader *r, const json_t *v)
{
    if (json_is_boolean(v)) return number(json_is_true(v));
    if (json_is_number(v)) return number(json_number_value(v));
    if (json_is_array(v)) return (struct value){.list = v};
    if (json_is_string(v))
        return (struct value){.text = json_string_value(v),
                              .len = json_string_length(v)};
    return wrong(r, "an object has no value");
}

static struct value of_default(struct reader *r, const char *text)
{
    struct reader inner = {.text = text, .at = text, .scope = r->scope,
                           .depth = r->depth, .err = r->err};
    struct value  v = choice(&inner);

    skip_spaces(&inner);
    if (*inner.at) wrong(&inner, "surplus text");
    if (inner.failed) r->failed = true;
    return v;
}

static struct value of_name(struct reader *r)
{
    char          name[NAME_MAX_BYTES];
    size_t        n = 0;
    const json_t *v;

    while (isalnum((unsigned char)r->at[n]) || r->at[n] == '_') n++;
    if (n == 0 || n >= sizeof name)
        return wrong(r, "a number, name or parenthesis is wanted");
    snprintf(name, sizeof name, "%.*s", (int)n, r->at);
    r->at += n;
    if (r->idle) return number(0);
    if (strcmp(name, "layer") == 0 && r->scope->layer >= 0)
        return number(r->scope->layer);
    v = json_object_get(r->scope->config, name);
    if (v && !json_is_null(v)) return of_json(r, v);
    v = json_object_get(r->scope->defaults, name);
    if (json_is_string(v)) return of_default(r, json_string_value(v));
    if (!r->failed)
        err_set(r->err, ERR_INPUT, "expression `%s`: the configuration has no "
                "\"%s\" and the architecture no default for it", r->text, name);
    r->failed = true;
    return number(0);
}

static struct value item(struct reader *r, struct value v, double at)
{
    size_t n = v.list ? json_array_size(v.list) : v.len;

    if (r->idle || r->failed) return number(0);
    if (!v.list && !v.text) return wrong(r, "only a list has items");
    if (!(at >= 0) || at >= (double)n || at != floor(at))
        return wrong(r, "there is no such item");
    if (v.list) return of_json(r, json_array_get(v.list, (size_t)at));
    return (struct value){.text = v.text + (size_t)at, .len = 1};
}

/* ---- operators, the tightest first ------------------------------------- */

static struct value quoted(struct reader *r)
{
    const char *begin = ++r->at;
    size_t      n = strcspn(begin, "'");

    if (!begin[n]) return wrong(r, "the quotation does not end");
    r->at += n + 1;
    return (struct value){.text = begin, .len = n};
}

static struct value primary(struct reader *r)
{
    struct value v;
    char        *end;

    skip_spaces(r);
    if (*r->at == '\'') return quoted(r);
    if (isdigit((unsigned char)*r->at)) {
        v = number(strtod(r->at, &end));
        r->at = end;
        return v;
    }
    if (take(r, "(")) {
        v = choice(r);
        if (!r->failed && !take(r, ")")) wrong(r, "a `)` is missing");
        return v;
    }
    v = of_name(r);
    if (!r->failed && take(r, "[")) {
        double at = plain(r, choice(r));
        if (!r->failed && !take(r, "]")) wrong(r, "a `]` is missing");
        v = item(r, v, at);
    }
    return v;
}

static struct value unary(struct reader *r)
{
    bool negate = false, invert = false;

    if (take(r, "!")) invert = true;
    else if (take(r, "-")) negate = true;
    if (invert || negate) {
        double of = 0;
        if (++r->depth > DEPTH_MAX) return wrong(r, "too deep");
        of = plain(r, unary(r));
        r->depth--;
        return number(invert ? of == 0 : -of);
    }
    return primary(r);
}

static struct value product(struct reader *r)
{
    struct value v = unary(r);

    while (!r->failed) {
        char   sign = take(r, "*") ? '*' : take(r, "/") ? '/' :
                      take(r, "%") ? '%' : '\0';
        double left, right;
        if (!sign) break;
        left = plain(r, v);
        right = plain(r, unary(r));
        if (sign != '*' && right == 0 && !r->idle && !r->failed)
            return wrong(r, "division by 0");
        v = number(r->idle ? 0 : sign == '*' ? left * right :
                   sign == '/' ? left / right : fmod(left, right));
    }
    return v;
}

static struct value sum(struct reader *r)
{
    struct value v = product(r);

    while (!r->failed) {
        double sign = take(r, "+") ? 1 : take(r, "-") ? -1 : 0, left;
        if (sign == 0) break;
        left = plain(r, v);
        v = number(left + sign * plain(r, product(r)));
    }
    return v;
}

static bool same(struct reader *r, struct value a, struct value b)
{
    if (a.text && b.text)
        return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
    return plain(r, a) == plain(r, b);
}

static struct value comparison(struct reader *r)
{
    static const char *const signs[] = {"==", "!=", "<=", ">=", "<", ">"};
    struct value v = sum(r), right;
    size_t       i = 0;
    double       a, b;

    while (i < 6 && !(!r->failed && take(r, signs[i]))) i++;
    if (i == 6) return v;
    right = sum(r);
    if (r->idle || r->failed) return number(0);
    if (i < 2) return number(same(r, v, right) == (i == 0));
    a = plain(r, v);
    b = plain(r, right);
    return number(i == 2 ? a <= b : i == 3 ? a >= b : i == 4 ? a < b : a > b);
}

/* "&&" and "||" of C; the right side is idle once the left one decides. */
static struct value both(struct reader *r)
{
    struct value v = comparison(r);
    bool         was_idle = r->idle;

    while (!r->failed && take(r, "&&")) {
        bool left = plain(r, v) != 0;
        r->idle = was_idle || !left;
        v = number(plain(r, comparison(r)) != 0 && left);
        r->idle = was_idle;
    }
    return v;
}

static struct value either(struct reader *r)
{
    struct value v = both(r);
    bool         was_idle = r->idle;

    while (!r->failed && take(r, "||")) {
        bool left = plain(r, v) != 0;
        r->idle = was_idle || left;
        v = number(plain(r, both(r)) != 0 || left);
        r->idle = was_idle;
    }
    return v;
}

static struct value choice(struct reader *r)
{
    struct value v, yes, no;
    bool         was_idle = r->idle, is_yes;

    if (++r->depth > DEPTH_MAX) return wrong(r, "too deep");
    v = either(r);
    if (!r->failed && take(r, "?")) {
        is_yes = plain(r, v) != 0;
        r->idle = was_idle || !is_yes;
        yes = choice(r);
        if (!r->failed && !take(r, ":")) wrong(r, "a `:` is missing");
        r->idle = was_idle || is_yes;
        no = choice(r);
        r->idle = was_idle;
        v = is_yes ? yes : no;
    }
    r->depth--;
    return v;
}

int expression_number(const char *text, const struct expression_scope *scope,
                      double *out, struct err *err)
{
    struct reader r = {.text = text, .at = text, .scope = scope, .err = err};
    double        n = plain(&r, choice(&r));

    skip_spaces(&r);
    if (!r.failed && *r.at) wrong(&r, "surplus text");
    if (!r.failed && !isfinite(n)) wrong(&r, "the result is no number");
    if (r.failed) return -1;
    *out = n;
    return 0;
}
