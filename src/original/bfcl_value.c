/* SPDX-License-Identifier: MIT */
/* bfcl_value.c - the rule for one argument: its type, then its value. The
 * quirks are the original's, on purpose; the oddest have a comment. */
#include <math.h>
#include <string.h>

#include "original/bfcl_internal.h"
#include "original/pytext.h"

bool bfcl_fault(struct bfcl_fault *f, const char *error,
                const struct py *value, const char *words,
                const struct py *expected)
{
    f->error    = error;
    f->value    = value;
    f->words    = words;
    f->expected = expected;
    return false;
}

static bool is_empty_text(const struct py *v)
{
    return v->kind == PY_STR && v->as.text.len == 0;
}

bool bfcl_may_be_absent(const struct py *acceptable)
{
    /* "" is in every string of Python, and a string may stand for a list */
    if (acceptable->kind == PY_STR) return true;
    if (acceptable->kind == PY_DICT)
        return py_get_n(acceptable, "", 0) != NULL;
    if (acceptable->kind != PY_LIST) return false;
    for (uint32_t i = 0; i < acceptable->n; i++)
        if (is_empty_text(&acceptable->as.items[i])) return true;
    return false;
}

/* Every NaN of Python's json module is the same object. Those that come of
 * reading Java or JavaScript are others; they are marked by their sign. */
static bool is_json_nan(double real)
{
    return isnan(real) && !signbit(real);
}

/* Python's `a in [b]`: like ==, but an object is found before it is compared,
 * and so NaN is. */
static bool is_same(const struct py *a, const struct py *b)
{
    if (a->kind == PY_FLOAT && b->kind == PY_FLOAT)
        return a->as.real == b->as.real ||
               (is_json_nan(a->as.real) && is_json_nan(b->as.real));
    if (a->kind != b->kind || (a->kind != PY_LIST && a->kind != PY_DICT))
        return py_equal(a, b);
    if (a->n != b->n) return false;
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->kind == PY_LIST) {
            if (!is_same(&a->as.items[i], &b->as.items[i])) return false;
            continue;
        }
        const struct py_pair *entry = &a->as.pairs[i];
        const struct py      *other = py_get_n(b, entry->key.as.text.bytes,
                                               entry->key.as.text.len);
        if (!other || !is_same(&entry->value, other)) return false;
    }
    return true;
}

/* ---- types --------------------------------------------------------------- */

static enum py_kind type_of(const struct py *v)
{
    return v->kind == PY_BIG ? PY_INT : v->kind;
}

struct type_name {
    const char  *name;
    enum py_kind kind;
    const char  *is_not;
};

/* The names of JSON schemas, and those of the leaderboard's own files. */
static const struct type_name type_names[] = {
    {"string", PY_STR, "is not a text"},
    {"integer", PY_INT, "is not an integer"},
    {"number", PY_FLOAT, "is not a number"},
    {"float", PY_FLOAT, "is not a number"},
    {"boolean", PY_BOOL, "is not true or false"},
    {"array", PY_LIST, "is not a list"},
    {"tuple", PY_LIST, "is not a list"},
    {"object", PY_DICT, "is not an object"},
    {"dict", PY_DICT, "is not an object"},
    {"any", PY_STR, "is not a text"},
};

static const struct type_name *type_named(const struct py *name)
{
    const size_t n = sizeof type_names / sizeof *type_names;

    if (name && name->kind == PY_STR)
        for (size_t i = 0; i < n; i++)
            if (py_is_text(name, type_names[i].name)) return &type_names[i];
    return NULL;
}

struct bfcl_type bfcl_type_of(const struct py *parameter)
{
    const struct type_name *named = type_named(py_get(parameter, "type"));
    struct bfcl_type        type  = {.kind   = PY_STR,
                                     .is_not = type_names[0].is_not};

    if (!named) return type;
    type.kind   = named->kind;
    type.is_not = named->is_not;
    if (type.kind == PY_LIST) {
        const struct type_name *item =
            type_named(py_get(py_get(parameter, "items"), "type"));
        /* items without a type: the original stops, we do not ask for one */
        type.nested = item != NULL;
        if (item) type.item = item->kind;
    }
    return type;
}

/* The first value that says of which type the acceptable ones are. */
static const struct py *first_given(const struct py *acceptable)
{
    for (uint32_t i = 0; i < acceptable->n; i++)
        if (!is_empty_text(&acceptable->as.items[i]))
            return &acceptable->as.items[i];
    return NULL;
}

static bool items_fit(const struct py *value, enum py_kind item,
                      const struct py *acceptable)
{
    const struct py *first = first_given(acceptable);

    for (uint32_t i = 0; i < value->n; i++) {
        enum py_kind got = type_of(&value->as.items[i]);
        if (got != item && !(first && got == type_of(first))) return false;
    }
    return true;
}

/* One acceptable value that is no list (the "" of an argument that may be
 * left out) is enough: it lets every list pass. */
static bool nested_fit(const struct py *value, enum py_kind item,
                       const struct py *acceptable)
{
    for (uint32_t i = 0; i < acceptable->n; i++) {
        const struct py *one = &acceptable->as.items[i];
        if (one->kind != PY_LIST || items_fit(value, item, one)) return true;
    }
    return false;
}

/* *variable: the ground truth is of another type than the schema, as it is
 * for the name of a variable; then it is taken literally. */
static bool type_fits(const struct bfcl_type *type, const struct py *value,
                      const struct py *acceptable, bool *variable,
                      struct bfcl_fault *fault)
{
    const struct py *first = first_given(acceptable);
    bool like_first = first && type_of(first) == type_of(value);

    *variable = first && type_of(first) != type->kind;
    if (type_of(value) == type->kind) {
        if (!type->nested || nested_fit(value, type->item, acceptable))
            return true;
        return bfcl_fault(fault,
                          like_first ? "type_error:nested"
                                     : "type_error:simple",
                          value, "has items of the wrong type", NULL);
    }
    *variable = true;
    if (like_first) return true;
    return bfcl_fault(fault, "type_error:simple", value, type->is_not, NULL);
}

/* ---- the string rule ----------------------------------------------------- */

static bool counts_not(char c)
{
    switch (c) {
    case ' ': case ',': case '.': case '/':
    case '-': case '_': case '*': case '^':
        return true;
    default:
        return false;
    }
}

#define TEXT_END  (-1)
#define NOT_ASCII (-2)

/* The next character that counts of a text in ASCII. */
static int next_that_counts(struct view v, size_t *i)
{
    while (*i < v.len) {
        char c = v.at[(*i)++];
        if ((unsigned char)c >= 0x80) return NOT_ASCII;
        if (counts_not(c)) continue;
        if (c >= 'A' && c <= 'Z') return c - 'A' + 'a';
        return c == '\'' ? '"' : c;
    }
    return TEXT_END;
}

/* A text to be compared with several; what counts of it is found once. */
struct words {
    struct view raw, bare;
    bool        known;
};

static struct words words_of(const struct py *text)
{
    return (struct words){.raw = {text->as.text.bytes, text->as.text.len}};
}

static struct view bare_of(struct py_pool *pool, struct words *w)
{
    if (w->known) return w->bare;

    char  *kept = py_pool_take(pool, w->raw.len + 1);
    size_t n    = 0;
    for (size_t i = 0; i < w->raw.len; i++)
        if (!counts_not(w->raw.at[i])) kept[n++] = w->raw.at[i];

    struct view left = {kept, n};
    char       *low  = py_pool_take(pool, py_lower_room(left) + 1);
    size_t      len  = py_lower_into(left, low);
    for (size_t i = 0; i < len; i++)
        if (low[i] == '\'') low[i] = '"';
    w->bare  = (struct view){low, len};
    w->known = true;
    return w->bare;
}

static bool words_same(struct py_pool *pool, struct words *a,
                       struct words *b)
{
    size_t i = 0, k = 0;

    /* Lower case never changes what stands before a letter, so the first
     * difference in ASCII settles it. */
    for (;;) {
        int of_a = next_that_counts(a->raw, &i);
        int of_b = next_that_counts(b->raw, &k);
        if (of_a == NOT_ASCII || of_b == NOT_ASCII)
            return view_same(bare_of(pool, a), bare_of(pool, b));
        if (of_a != of_b) return false;
        if (of_a == TEXT_END) return true;
    }
}

bool bfcl_same_words(struct bfcl_judge *j, const struct py *a,
                     const struct py *b)
{
    struct words of_a = words_of(a), of_b = words_of(b);

    return words_same(j->pool, &of_a, &of_b);
}

static bool string_ok(struct bfcl_judge *j, const struct py *value,
                      const struct py *acceptable, struct bfcl_fault *fault)
{
    struct words got = words_of(value);

    for (uint32_t i = 0; i < acceptable->n; i++) {
        const struct py *one = &acceptable->as.items[i];
        if (one->kind != PY_STR) continue;
        struct words want = words_of(one);
        if (words_same(j->pool, &got, &want)) return true;
    }
    return bfcl_fault(fault, "value_error:string", value,
                      "is not one of", acceptable);
}

/* ---- lists and objects --------------------------------------------------- */

/* An item of a list: texts by their words, all else literally. */
static bool item_same(struct py_pool *pool, struct words *text,
                      const struct py *value, const struct py *want)
{
    if (value->kind != PY_STR || want->kind != PY_STR)
        return is_same(value, want);
    struct words of_want = words_of(want);
    return words_same(pool, text, &of_want);
}

/* A text in the place of a list is the list of its characters. */
static bool list_is_text(struct bfcl_judge *j, const struct py *value,
                         const struct py *text)
{
    struct view v = {text->as.text.bytes, text->as.text.len};
    size_t      at = 0;

    for (uint32_t i = 0; i < value->n; i++) {
        const struct py *item = &value->as.items[i];
        size_t           from = at;
        if (at == v.len || item->kind != PY_STR) return false;
        (void)py_next(v, &at);
        struct words letter = {.raw = {v.at + from, at - from}};
        struct words got    = words_of(item);
        if (!words_same(j->pool, &got, &letter)) return false;
    }
    return at == v.len;
}

static bool list_is(struct bfcl_judge *j, const struct py *value,
                    const struct py *want)
{
    if (value->n != want->n) return false;
    for (uint32_t i = 0; i < value->n; i++) {
        const struct py *item = &value->as.items[i];
        struct words     text = {0};
        if (item->kind == PY_STR) text = words_of(item);
        if (!item_same(j->pool, &text, item, &want->as.items[i]))
            return false;
    }
    return true;
}

/* The original makes a list of everything acceptable before it compares, and
 * stops at what has no length (or is an object that is not empty). */
static bool list_ok(struct bfcl_judge *j, const struct py *value,
                    const struct py *acceptable, struct bfcl_fault *fault)
{
    bool found = false;

    for (uint32_t i = 0; i < acceptable->n; i++) {
        const struct py *one = &acceptable->as.items[i];
        if (one->kind == PY_LIST) {
            found = found || list_is(j, value, one);
        } else if (one->kind == PY_STR) {
            found = found || list_is_text(j, value, one);
        } else if (one->kind == PY_DICT && one->n == 0) {
            found = found || value->n == 0;
        } else {
            return bfcl_fault(fault, BFCL_UNSOUND, one,
                              "in the ground truth is not a list", NULL);
        }
    }
    return found || bfcl_fault(fault, "value_error:list/tuple", value,
                               "is not one of", acceptable);
}

/* Is a value of an object among those acceptable for its key? -1: the ground
 * truth is no list. */
static int entry_ok(struct bfcl_judge *j, const struct py *value,
                    const struct py *acceptable)
{
    struct words text = {0};

    if (value->kind == PY_STR) text = words_of(value);
    if (acceptable->kind == PY_STR) {           /* its characters, one each */
        struct view v = {acceptable->as.text.bytes, acceptable->as.text.len};
        if (value->kind != PY_STR) return 0;
        for (size_t at = 0; at < v.len;) {
            size_t from = at;
            (void)py_next(v, &at);
            struct words letter = {.raw = {v.at + from, at - from}};
            if (words_same(j->pool, &text, &letter)) return 1;
        }
        return 0;
    }
    if (acceptable->kind == PY_DICT && acceptable->n == 0) return 0;
    if (acceptable->kind != PY_LIST) return -1;
    for (uint32_t i = 0; i < acceptable->n; i++)
        if (item_same(j->pool, &text, value, &acceptable->as.items[i]))
            return 1;
    return 0;
}

static bool sound_entry(const struct py *acceptable)
{
    return acceptable->kind == PY_LIST || acceptable->kind == PY_STR ||
           acceptable->kind == PY_DICT;
}

/* An object against one that is acceptable: {key: [values]}. */
static bool dict_fits(struct bfcl_judge *j, const struct py *value,
                      const struct py *want, struct bfcl_fault *fault)
{
    bool ok = true;

    for (uint32_t i = 0; i < value->n && ok; i++) {
        const struct py_pair *entry = &value->as.pairs[i];
        const struct py *acceptable = py_get_n(
            want, entry->key.as.text.bytes, entry->key.as.text.len);
        int found = acceptable ? entry_ok(j, &entry->value, acceptable) : 0;

        fault->key = &entry->key;
        if (!acceptable)
            ok = bfcl_fault(fault, "value_error:dict_key", NULL,
                            "is a key that is not expected", NULL);
        else if (found < 0)
            return bfcl_fault(fault, BFCL_UNSOUND, acceptable,
                              "in the ground truth is not a list", NULL);
        else if (!found)
            ok = bfcl_fault(fault, "value_error:dict_value", &entry->value,
                            "is not one of", acceptable);
    }
    /* a missing key is told rather than a wrong one */
    for (uint32_t i = 0; i < want->n; i++) {
        const struct py_pair *entry = &want->as.pairs[i];
        if (py_get_n(value, entry->key.as.text.bytes,
                     entry->key.as.text.len))
            continue;
        if (!sound_entry(&entry->value)) {
            fault->key = &entry->key;
            return bfcl_fault(fault, BFCL_UNSOUND, &entry->value,
                              "in the ground truth is not a list", NULL);
        }
        if (bfcl_may_be_absent(&entry->value)) continue;
        fault->key = &entry->key;
        return bfcl_fault(fault, "value_error:dict_key", NULL, "is missing",
                          NULL);
    }
    if (ok) fault->key = NULL;
    return ok;
}

/* Against one acceptable value, which should be an object. false with
 * BFCL_UNSOUND ends the search: there the original stops. */
static bool dict_is(struct bfcl_judge *j, const struct py *value,
                    const struct py *want, struct bfcl_fault *fault)
{
    fault->key = NULL;
    if (is_empty_text(want))
        return bfcl_fault(fault, "dict_checker:unclear", value,
                          "is not expected at all", NULL);
    if (want->kind != PY_DICT)
        return bfcl_fault(fault, BFCL_UNSOUND, want,
                          "in the ground truth is not an object", NULL);
    /* Here the original stops when "" let a list of anything through. */
    if (value->kind != PY_DICT)
        return bfcl_fault(fault, "type_error:nested", value,
                          "is not an object", NULL);
    return dict_fits(j, value, want, fault);
}

static bool dict_ok(struct bfcl_judge *j, const struct py *value,
                    const struct py *acceptable, struct bfcl_fault *fault)
{
    (void)bfcl_fault(fault, "dict_checker:unclear", value,
                     "is not expected at all", NULL);
    for (uint32_t i = 0; i < acceptable->n; i++) {
        const struct py *one = &acceptable->as.items[i];
        if (is_empty_text(one)) continue;
        if (dict_is(j, value, one, fault)) return true;
        if (strcmp(fault->error, BFCL_UNSOUND) == 0) return false;
    }
    return false;
}

/* len() in Python; false where that stops. */
static bool length_of(const struct py *v, size_t *n)
{
    *n = 0;
    if (v->kind == PY_LIST || v->kind == PY_DICT) {
        *n = v->n;
        return true;
    }
    if (v->kind != PY_STR) return false;
    for (size_t at = 0; at < v->as.text.len; (*n)++)
        (void)py_next((struct view){v->as.text.bytes, v->as.text.len}, &at);
    return true;
}

static bool dicts_ok(struct bfcl_judge *j, const struct py *value,
                     const struct py *acceptable, struct bfcl_fault *fault)
{
    (void)bfcl_fault(fault, "list_dict_checker:unclear", value,
                     "is not expected at all", NULL);
    for (uint32_t i = 0; i < acceptable->n; i++) {
        const struct py *one = &acceptable->as.items[i];
        size_t n;
        bool   ok = true;

        if (!length_of(one, &n))
            return bfcl_fault(fault, BFCL_UNSOUND, one,
                              "in the ground truth is not a list", NULL);
        if (value->n != n) {
            fault->key = NULL;
            (void)bfcl_fault(fault, "value_error:list_dict_count", value,
                             "has another number of items than", one);
            continue;
        }
        if (n > 0 && one->kind != PY_LIST)
            return bfcl_fault(fault, BFCL_UNSOUND, one,
                              "in the ground truth is not a list", NULL);
        for (uint32_t k = 0; k < n && ok; k++)
            ok = dict_is(j, &value->as.items[k], &one->as.items[k], fault);
        if (ok) return true;
        if (strcmp(fault->error, BFCL_UNSOUND) == 0) return false;
    }
    return false;
}

bool bfcl_value_ok(struct bfcl_judge *j, const struct bfcl_type *type,
                   const struct py *value, const struct py *acceptable,
                   struct bfcl_fault *fault)
{
    bool variable;

    if (acceptable->kind != PY_LIST)
        return bfcl_fault(fault, BFCL_UNSOUND, acceptable,
                          "in the ground truth is not a list", NULL);
    if (!type_fits(type, value, acceptable, &variable, fault)) return false;
    if (!variable) {
        if (type->kind == PY_DICT) return dict_ok(j, value, acceptable, fault);
        if (type->kind == PY_LIST && type->nested && type->item == PY_DICT)
            return dicts_ok(j, value, acceptable, fault);
        if (type->kind == PY_STR)
            return string_ok(j, value, acceptable, fault);
        if (type->kind == PY_LIST)
            return list_ok(j, value, acceptable, fault);
    }
    for (uint32_t i = 0; i < acceptable->n; i++)
        if (is_same(value, &acceptable->as.items[i])) return true;
    return bfcl_fault(fault, "value_error:others", value, "is not one of",
                      acceptable);
}
