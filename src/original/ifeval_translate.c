/* SPDX-License-Identifier: MIT */
/* ifeval_translate.c - a regular expression of Python's re module, written
 * for PCRE2 (UTF, UCP, line ends are '\n' only, ALT_CIRCUMFLEX).
 *
 * All of Python 3.11's syntax is read, and refused where Python refuses it,
 * but for the flag `a` and \N{...}. Nothing is passed on unread, so what means
 * one thing here and another there (\h, \K, [[:alpha:]], (*ACCEPT), {,3})
 * cannot slip through.
 *
 * Source: Python 3.11, Lib/re/_parser.py and _compiler.py. */
#include <string.h>

#include "original/ifeval_translate.h"

#define DEPTH_MAX 100

static int alternatives(struct reader *r, struct flags f, struct width *w);

/* ---------------------------------------------------------------- repeats - */

static uint32_t times(uint32_t a, uint32_t b)
{
    uint64_t product = (uint64_t)a * b;

    return product > REGEX_WIDTH_MAX ? REGEX_WIDTH_MAX : (uint32_t)product;
}

static uint32_t plus(uint32_t a, uint32_t b)
{
    return a + b > REGEX_WIDTH_MAX ? REGEX_WIDTH_MAX : a + b;
}

/* Digits; *n stays when there are none. */
static int bound(struct reader *r, uint32_t *n)
{
    uint32_t value = 0;

    if (!regex_is_digit(regex_peek(r))) return 0;
    while (regex_is_digit(regex_peek(r))) {
        value = value * 10 + (regex_take(r) - '0');
        if (value > 65535) return regex_refuse(r, "more repeats than 65535");
    }
    *n = value;
    return 0;
}

/* Behind '{'. 1: a quantifier; 0: a brace, and nothing has been read. */
static int braces(struct reader *r, uint32_t *least, uint32_t *most)
{
    size_t start = r->at;

    *least = 0;
    *most  = REGEX_WIDTH_MAX;
    if (regex_peek(r) == '}') return 0;
    if (bound(r, least)) return -1;
    if (regex_take_if(r, ',')) {
        if (bound(r, most)) return -1;
    } else {
        *most = *least;
        if (r->at == start) return 0;
    }
    if (!regex_take_if(r, '}')) {
        r->at = start;
        return 0;
    }
    if (*most < *least) return regex_refuse(r, "{more,less}");
    return 1;
}

/* `c`, one of "*+?{", has been read. 1: a literal brace was meant. */
static int repeat(struct reader *r, uint32_t c, enum item item,
                  struct width *w)
{
    uint32_t least = c == '+', most = c == '?' ? 1 : REGEX_WIDTH_MAX;

    if (c == '{') {
        int kind = braces(r, &least, &most);
        if (kind <= 0) return kind ? -1 : 1;
    }
    if (item == ITEM_NONE || item == ITEM_PLACE)
        return regex_refuse(r, "nothing to repeat");
    if (item == ITEM_REPEAT) return regex_refuse(r, "a repeat of a repeat");
    /* Nothing is nothing however often, and PCRE2 refuses it unbounded within
     * a lookbehind. */
    if (w->most == 0 && least > 1) least = 1;
    if (w->most == 0 && most > 1) most = 1;
    if (most == REGEX_WIDTH_MAX) strbuf_addf(r->out, "{%u,}", (unsigned)least);
    else strbuf_addf(r->out, "{%u,%u}", (unsigned)least, (unsigned)most);
    if (most > 1) r->repeats = true;
    if (regex_take_if(r, '?')) strbuf_add(r->out, "?");
    else if (regex_take_if(r, '+')) strbuf_add(r->out, "+");
    w->least = times(w->least, least);
    w->most  = times(w->most, most);
    return 0;
}

/* ----------------------------------------------------------------- groups - */

static int close_group(struct reader *r)
{
    if (!regex_take_if(r, ')')) return regex_refuse(r, "missing )");
    strbuf_add(r->out, ")");
    return 0;
}

static int name_until(struct reader *r, uint32_t end, struct view *name)
{
    size_t start = r->at, stop = r->at;
    bool   first = true;

    for (;; first = false) {
        uint32_t c = regex_take(r);
        if (c == end) break;
        if (c == REGEX_END || !(c == '_' || py_is_alnum(c)) ||
            (first && py_is_decimal(c)))
            return regex_refuse(r, "bad group name");
        stop = r->at;
    }
    *name = (struct view){r->src.at + start, stop - start};
    return first ? regex_refuse(r, "no group name") : 0;
}

static unsigned named(const struct reader *r, struct view name)
{
    for (unsigned i = 1; i < r->n_groups; i++)
        if (r->groups[i].name.len && view_same(r->groups[i].name, name))
            return i;
    return 0;
}

static int capture(struct reader *r, struct flags f, struct view name,
                   struct width *w)
{
    unsigned number = r->n_groups;

    if (number >= REGEX_GROUPS_MAX)
        return regex_refuse(r, "more than 99 groups");
    if (name.len && named(r, name))
        return regex_refuse(r, "a group name twice");
    r->groups[number] = (struct group){.name = name};
    r->n_groups++;
    strbuf_add(r->out, "(");
    if (alternatives(r, f, w) || close_group(r)) return -1;
    r->groups[number].width     = *w;
    r->groups[number].is_closed = true;
    return 0;
}

static int plain_group(struct reader *r, struct flags f, const char *open,
                       struct width *w)
{
    strbuf_add(r->out, open);
    return alternatives(r, f, w) || close_group(r) ? -1 : 0;
}

/* (?=, (?!, (?<=, (?<!: behind the last character of those. */
static int look(struct reader *r, struct flags f, bool back, bool negative,
                struct width *w)
{
    unsigned outer = r->behind;

    if (back && !outer) r->behind = r->n_groups;
    if (plain_group(r, f, back ? negative ? "(?<!" : "(?<="
                               : negative ? "(?!" : "(?=", w))
        return -1;
    if (back && w->least != w->most)
        return regex_refuse(r, "a lookbehind of several widths");
    r->behind = outer;
    *w        = (struct width){0, 0};
    return 0;
}

static int branch(struct reader *r, struct flags f, bool is_first,
                  struct width *w);

/* (?(1)yes|no), behind the second '('. */
static int conditional(struct reader *r, struct flags f, struct width *w)
{
    struct width other = {0, 0};
    unsigned     group = 0;

    if (regex_is_digit(regex_peek(r))) {
        uint32_t number = 0;
        if (bound(r, &number)) return -1;
        group = number;
        if (!group || group >= REGEX_GROUPS_MAX || !regex_take_if(r, ')'))
            return regex_refuse(r, "bad condition");
        if (group > r->needed) r->needed = group;
    } else {
        struct view name;
        if (name_until(r, ')', &name)) return -1;
        group = named(r, name);
        if (!group) return regex_refuse(r, "unknown group name");
    }
    if (r->behind && (group >= r->behind || !r->groups[group].is_closed))
        return regex_refuse(r, "condition within a lookbehind");
    strbuf_addf(r->out, "(?(%u)", group);
    if (branch(r, f, false, w)) return -1;
    if (regex_take_if(r, '|')) {
        strbuf_add(r->out, "|");
        if (branch(r, f, false, &other)) return -1;
        if (regex_peek(r) == '|') return regex_refuse(r, "three branches");
    }
    if (other.least < w->least) w->least = other.least;
    if (other.most > w->most) w->most = other.most;
    return close_group(r);
}

/* Letters of (?ims-x: from `c` on. 1: a group follows, *f are its flags and
 * its beginning is written; 0: the flags are the whole pattern's. */
static int read_flags(struct reader *r, uint32_t c, struct flags *f)
{
    char  on[4] = "", off[4] = "";
    bool  is_off = c == '-';

    if (is_off) c = regex_take(r);
    if (is_off && (c == ':' || c == ')')) return regex_refuse(r, "no flag");
    for (;; c = regex_take(r)) {
        char *set = is_off ? off : on;
        if (c == 'u' && !is_off) continue;
        if (c == ':' || (c == ')' && !is_off)) break;
        if (c == '-' && !is_off) {
            is_off = true;
            if (regex_peek(r) == ':') return regex_refuse(r, "no flag");
            continue;
        }
        if (c != 'i' && c != 'm' && c != 's' && c != 'x')
            return regex_refuse(r, "a flag that is none, or not done here");
        if (strchr(is_off ? on : off, (int)c))
            return regex_refuse(r, "a flag on and off");
        if (c == 'i') f->any_case = !is_off;
        else if (c == 'x') f->verbose = !is_off;
        if (c != 'x' && !strchr(set, (int)c)) set[strlen(set)] = (char)c;
    }
    if (c == ')' && !*on) return 0;
    strbuf_addf(r->out, "(?%s%s%s%c", on, *off ? "-" : "", off, (char)c);
    return c == ':';
}

/* Behind '('. *item stays when the group is no item: a comment, flags. */
static int group(struct reader *r, struct flags *f, bool may_set,
                 enum item *item, struct width *w)
{
    struct view name = {"", 0};

    if (!regex_take_if(r, '?')) {
        *item = ITEM_OTHER;
        return capture(r, *f, name, w);
    }
    uint32_t c = regex_take(r);
    if (c == '#') {
        do c = regex_take(r);
        while (c != ')' && c != REGEX_END);
        return c == REGEX_END ? regex_refuse(r, "unterminated comment") : 0;
    }
    if (c == 'P' && regex_take_if(r, '<')) {
        *item = ITEM_OTHER;
        return name_until(r, '>', &name) ? -1 : capture(r, *f, name, w);
    }
    if (c == 'P' && regex_take_if(r, '=')) {
        *item = ITEM_OTHER;
        return name_until(r, ')', &name) ||
               regex_refer(r, named(r, name), w) ? -1 : 0;
    }
    if (c == 'i' || c == 'm' || c == 's' || c == 'x' || c == 'u' ||
        c == '-') {
        struct flags inner = *f;
        int kind = read_flags(r, c, &inner);
        if (kind < 0) return -1;
        if (kind) {
            *item = ITEM_OTHER;
            return alternatives(r, inner, w) || close_group(r) ? -1 : 0;
        }
        if (!may_set) return regex_refuse(r, "flags that are not at the start");
        *f = r->flags = inner;
        return 0;
    }
    *item = ITEM_OTHER;
    if (c == ':') return plain_group(r, *f, "(?:", w);
    if (c == '>') return plain_group(r, *f, "(?>", w);
    if (c == '(') return conditional(r, *f, w);
    if (c == '=' || c == '!') return look(r, *f, false, c == '!', w);
    if (c == '<') {
        c = regex_take(r);
        if (c == '=' || c == '!') return look(r, *f, true, c == '!', w);
    }
    return regex_refuse(r, "unknown (?...");
}

/* ---------------------------------------------------------------- pattern - */

static bool skipped_when_verbose(struct reader *r, uint32_t c)
{
    if (c == ' ' || (c >= 9 && c <= 13)) return true;
    if (c != '#') return false;
    do c = regex_take(r);
    while (c != '\n' && c != REGEX_END);
    return true;
}

/* One item; *item tells what it was, and stays when it was none. `may_set`:
 * flags of the whole pattern may stand here. */
static int read_item(struct reader *r, struct flags *f, bool may_set,
                     enum item *item, struct width *w)
{
    uint32_t c = regex_take(r);

    if (f->verbose && skipped_when_verbose(r, c)) return 0;
    if (c == '(') return group(r, f, may_set, item, w);
    if (c == '\\') return regex_escape(r, *f, w, item);
    if (c == '^' || c == '$') {
        strbuf_add(r->out, c == '^' ? "^" : "$");
        *item = ITEM_PLACE;
        return 0;
    }
    *item = ITEM_OTHER;
    *w    = (struct width){1, 1};
    if (c == '[') return regex_class(r, *f);
    if (c == '.') strbuf_add(r->out, ".");
    else regex_literal(r, *f, c);
    return 0;
}

static bool is_repeat(uint32_t c)
{
    return c == '*' || c == '+' || c == '?' || c == '{';
}

static int branch(struct reader *r, struct flags f, bool is_first,
                  struct width *w)
{
    enum item    last = ITEM_NONE;
    struct width item = {0, 0}, before = {0, 0};

    *w = before;
    for (;;) {
        uint32_t  c    = regex_peek(r);
        enum item what = ITEM_NONE;

        if (c == REGEX_END || c == '|' || c == ')') break;
        if (is_repeat(c)) {
            r->at++;
            int brace = repeat(r, c, last, &item);
            if (brace < 0) return -1;
            if (!brace) {
                last = ITEM_REPEAT;
                *w   = (struct width){plus(before.least, item.least),
                                      plus(before.most, item.most)};
                continue;
            }
            regex_literal(r, f, c);
            what = ITEM_OTHER;
            item = (struct width){1, 1};
        } else {
            struct width next = {0, 0};
            if (read_item(r, &f, is_first && last == ITEM_NONE, &what,
                          &next))
                return -1;
            if (what == ITEM_NONE) continue;
            item = next;
        }
        last   = what;
        before = *w;
        *w     = (struct width){plus(before.least, item.least),
                                plus(before.most, item.most)};
    }
    return 0;
}

static int alternatives(struct reader *r, struct flags f, struct width *w)
{
    bool is_whole = r->depth == 0;

    if (++r->depth > DEPTH_MAX) return regex_refuse(r, "nested too deep");
    if (branch(r, f, is_whole, w)) return -1;
    while (regex_take_if(r, '|')) {
        struct width other;
        strbuf_add(r->out, "|");
        if (branch(r, is_whole ? r->flags : f, false, &other)) return -1;
        if (other.least < w->least) w->least = other.least;
        if (other.most > w->most) w->most = other.most;
    }
    r->depth--;
    return 0;
}

int regex_translate(struct view pattern, bool any_case, struct strbuf *out,
                    bool *repeats, struct err *err)
{
    struct reader r = {.src = pattern, .out = out, .err = err, .n_groups = 1,
                       .flags = {.any_case = any_case}};
    struct width w;

    if (alternatives(&r, r.flags, &w)) return -1;
    if (r.at < pattern.len) return regex_refuse(&r, "a ) too many");
    if (r.needed >= r.n_groups)
        return regex_refuse(&r, "condition on no group");
    *repeats = r.repeats;
    return 0;
}
