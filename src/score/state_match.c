/* SPDX-License-Identifier: MIT */
/* state_match.c - see state_match.h. */
#include "score/state_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define LIST_MAX        1000   /* longer lists fit nothing              */
#define DEPTH_MAX       8      /* of what is wanted, items in items     */
#define VALUE_MAX_BYTES 80
#define SAME            1e-9

static const char *const FORMS[] = {"at_least", "at_most", "more_than",
                                    "less_than", "one_of", "has", "lacks",
                                    "count"};
#define N_FORMS (sizeof FORMS / sizeof FORMS[0])

static bool fits(const json_t *want, const json_t *got, int depth);

static bool is_form(const char *key)
{
    for (size_t i = 0; i < N_FORMS; i++)
        if (strcmp(FORMS[i], key) == 0) return true;
    return false;
}

bool state_is_matcher(const json_t *want)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)want, key, value)
        if (is_form(key)) return true;
    return false;
}

/* ---- literals ---------------------------------------------------------- */

/* The text without white space at its ends, case folded. Caller frees. */
static char *folded(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t      from = strspn(text, " \t\r\n"), len = strlen(text);
    char       *cut, *out;

    while (len > from && strchr(" \t\r\n", text[len - 1])) len--;
    cut = mem_copy_n(text + from, len - from);
    out = utf8_fold(cut);
    free(cut);
    return out;
}

static bool same_text(const json_t *want, const json_t *got)
{
    char *a, *b;
    bool  same;

    if (json_equal(want, got)) return true;
    a = folded(want);
    b = folded(got);
    same = strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

static bool same_members(const json_t *want, const json_t *got, int depth)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)want, key, value)
        if (!fits(value, json_object_get(got, key), depth + 1)) return false;
    return json_is_object(got);
}

/* ---- lists ------------------------------------------------------------- */

/* Each wanted item needs one of its own. A wanted item may fit several, so
 * those that have one move on where that makes room: augmenting paths. */
struct pairing {
    const json_t *want, *got;
    size_t        n_want, n_got;
    size_t       *taken_by;    /* of each item that is there: 1 + wanted, 0 */
    bool         *seen;
    int           depth;
};

static bool find_room(struct pairing *p, size_t wanted)
{
    for (size_t i = 0; i < p->n_got; i++) {
        if (p->seen[i] || !fits(json_array_get(p->want, wanted),
                                json_array_get(p->got, i), p->depth + 1))
            continue;
        p->seen[i] = true;
        if (p->taken_by[i] == 0 || find_room(p, p->taken_by[i] - 1)) {
            p->taken_by[i] = wanted + 1;
            return true;
        }
    }
    return false;
}

/* Are all wanted items there? is_all: and no others. */
static bool fits_list(const json_t *want, const json_t *got, bool is_all,
                      int depth)
{
    struct pairing p = {want, got, json_array_size(want),
                        json_array_size(got), NULL, NULL, depth};
    bool           yes = true;

    if (!json_is_array(got) || p.n_got > LIST_MAX || p.n_want > p.n_got ||
        (is_all && p.n_want != p.n_got))
        return false;
    p.taken_by = mem_new(p.n_got + 1, sizeof *p.taken_by);
    p.seen = mem_new(p.n_got + 1, sizeof *p.seen);
    for (size_t i = 0; i < p.n_want && yes; i++) {
        memset(p.seen, 0, p.n_got * sizeof *p.seen);
        yes = find_room(&p, i);
    }
    free(p.taken_by);
    free(p.seen);
    return yes;
}

static bool lacks_all(const json_t *items, const json_t *got, int depth)
{
    for (size_t i = 0; i < json_array_size(items); i++)
        for (size_t k = 0; k < json_array_size(got); k++)
            if (fits(json_array_get(items, i), json_array_get(got, k),
                     depth + 1))
                return false;
    return json_is_array(got) && json_array_size(got) <= LIST_MAX;
}

/* ---- matchers ---------------------------------------------------------- */

static bool fits_form(const char *form, const json_t *value,
                      const json_t *got, int depth)
{
    double limit = json_number_value(value), number = json_number_value(got);

    if (strcmp(form, "has") == 0) return fits_list(value, got, false, depth);
    if (strcmp(form, "lacks") == 0) return lacks_all(value, got, depth);
    if (strcmp(form, "count") == 0)
        return json_is_array(got) &&
               fabs((double)json_array_size(got) - limit) < SAME;
    if (strcmp(form, "one_of") == 0) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (fits(json_array_get(value, i), got, depth + 1)) return true;
        return false;
    }
    if (!json_is_number(got)) return false;
    if (strcmp(form, "at_least") == 0) return number >= limit - SAME;
    if (strcmp(form, "at_most") == 0) return number <= limit + SAME;
    if (strcmp(form, "more_than") == 0) return number > limit + SAME;
    return number < limit - SAME;
}

static bool fits(const json_t *want, const json_t *got, int depth)
{
    const char *key;
    json_t     *value;

    if (depth > DEPTH_MAX) return false;
    if (state_is_matcher(want)) {
        json_object_foreach((json_t *)want, key, value)
            if (!fits_form(key, value, got, depth)) return false;
        return true;
    }
    if (json_is_number(want) && json_is_number(got))
        return fabs(json_number_value(want) - json_number_value(got)) < SAME;
    if (json_is_string(want) && json_is_string(got))
        return same_text(want, got);
    if (json_is_array(want)) return fits_list(want, got, true, depth);
    if (json_is_object(want)) return same_members(want, got, depth);
    return got && json_equal(want, got);
}

bool state_matches(const json_t *want, const json_t *got)
{
    return fits(want, got, 0);
}

int state_check_matcher(const json_t *want, struct err *err)
{
    double      low  = jsonx_number(want, "at_least");
    double      high = jsonx_number(want, "at_most");
    double      over = jsonx_number(want, "more_than");
    double      under = jsonx_number(want, "less_than");
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)want, key, value) {
        bool is_list = strcmp(key, "one_of") == 0 || strcmp(key, "has") == 0 ||
                       strcmp(key, "lacks") == 0;
        if (!is_form(key))
            return err_set(err, ERR_INPUT, "%.60s stands among at_least, "
                           "one_of and the like; it is none of them", key);
        if (is_list && json_array_size(value) == 0)
            return err_set(err, ERR_INPUT, "%s must be a list of at least "
                           "one", key);
        if (!is_list && !json_is_number(value))
            return err_set(err, ERR_INPUT, "%s must be a number", key);
        if (strcmp(key, "count") == 0 && (!json_is_integer(value) ||
                                          json_integer_value(value) < 0))
            return err_set(err, ERR_INPUT, "count must be 0 or more");
    }
    if (low > high || over >= under || over >= high || low >= under)
        return err_set(err, ERR_INPUT, "no number could fit its limits");
    return 0;
}

/* ---- words ------------------------------------------------------------- */

/* Cut and printable. Caller frees. Takes the text. */
static char *printable(char *raw)
{
    size_t len = strlen(raw);
    char  *text;

    if (len > VALUE_MAX_BYTES) {
        len = VALUE_MAX_BYTES;
        while (len > 0 && !utf8_valid(raw, len)) len--;
    }
    text = utf8_printable(raw, len);
    free(raw);
    return text;
}

static char *matcher_words(const json_t *value)
{
    static const char *const words[] = {"at least", "at most", "more than",
                                        "less than", "one of", "with",
                                        "without", "of so many:"};
    struct strbuf out;
    char         *text;

    strbuf_init(&out, 4000);
    for (size_t i = 0; i < N_FORMS; i++) {
        const json_t *of = json_object_get(value, FORMS[i]);
        char         *one;
        if (!of) continue;
        one = state_words(of);
        strbuf_addf(&out, "%s%s %s", out.len ? " and " : "", words[i], one);
        free(one);
    }
    text = strbuf_take(&out);
    strbuf_done(&out);
    return text;
}

char *state_words(const json_t *value)
{
    char *raw;

    if (!value || json_is_null(value)) return mem_copy("nothing");
    if (state_is_matcher(value)) return printable(matcher_words(value));
    if (json_is_real(value))
        raw = mem_printf("%.10g", json_real_value(value));
    else if (json_is_string(value))
        raw = mem_copy_n(json_string_value(value),
                         json_string_length(value));
    else
        raw = jsonx_dump(value);
    return printable(raw);
}
