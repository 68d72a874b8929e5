/* SPDX-License-Identifier: MIT */
/* bfcl_foreign.c - see bfcl_foreign.h: which type is asked for, numbers as
 * Python reads them, and the patterns. */
#include "original/bfcl_foreign.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>

#include "base/utf8.h"

/* ---- patterns ------------------------------------------------------------ */

/* White space of Python; that of PCRE2 is not quite the same. */
#define S                                                                    \
    "[\\t-\\r\\x1c- \\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"  \
    "\\x{202f}\\x{205f}\\x{3000}]"

static const struct {
    const char *text;
    uint32_t    options;
} patterns[N_PATTERNS] = {
    [PATTERN_JAVA_AS_LIST] =
        {"new" S "+ArrayList<\\w*>\\(Arrays\\.asList\\((.+?)\\)\\)", 0},
    [PATTERN_JAVA_ADDS] =
        {"new" S "+ArrayList<\\w*>\\(\\)" S "*\\{\\{" S "*(.+?)" S "*\\}\\}",
         PCRE2_DOTALL},
    [PATTERN_JAVA_ADD]        = {"add\\((.+?)\\)", 0},
    [PATTERN_JAVA_EMPTY_LIST] = {"new" S "+ArrayList<\\w*>\\(\\)", 0},
    [PATTERN_JAVA_ARRAY] =
        {"new" S "+\\w+\\[\\]" S "*\\{(.*?)\\}", 0},
    [PATTERN_JAVA_MAP] =
        {"new" S "+HashMap<.*?>" S "*\\(\\)" S "*\\{" S "*\\{?" S
         "*(.*?)" S "*\\}?" S "*\\}", PCRE2_DOTALL},
    [PATTERN_JAVA_PUT] = {"put\\(\"(.*?)\"," S "*(.*?)\\)", 0},
    [PATTERN_JAVA_EMPTY_MAP] =
        {"new" S "+HashMap<.*?>" S "*\\(\\)", 0},
    [PATTERN_JS_ARRAY_2D] =
        {"\\[" S "*\\[.*?\\]" S "*(," S "*\\[.*?\\]" S "*)*\\]|"
         "\\bnew" S "+Array\\(" S "*\\[.*?\\]" S "*(," S "*\\[.*?\\]" S
         "*)*\\)", PCRE2_ANCHORED},
    [PATTERN_JS_INNER] = {"\\[(.*?)\\]", 0},
    [PATTERN_JS_ARRAY] =
        {"\\[(.*?)\\]|\\bnew" S "+Array\\((.*?)\\)", PCRE2_ANCHORED},
    [PATTERN_JS_DICT] = {"\\{(.*?)\\}", PCRE2_ANCHORED},
    [PATTERN_JS_PAIR] =
        {"([^:]+):" S "*(.*?)(?:," S "*(?=[^,]+:)|$)", 0},
};

#define STEPS_MAX 500000    /* of one search: ends nested repetitions */

static pcre2_code          *compiled[N_PATTERNS];
static pcre2_match_context *limits;
static pthread_once_t       once = PTHREAD_ONCE_INIT;

/* They stay for the life of the process. */
static void compile_all(void)
{
    pcre2_compile_context *how = pcre2_compile_context_create(NULL);

    limits = pcre2_match_context_create(NULL);
    if (!how || !limits) abort();
    pcre2_set_newline(how, PCRE2_NEWLINE_LF);
    pcre2_set_match_limit(limits, STEPS_MAX);
    for (size_t i = 0; i < N_PATTERNS; i++) {
        int        error;
        PCRE2_SIZE at;
        compiled[i] = pcre2_compile(
            (PCRE2_SPTR)patterns[i].text, PCRE2_ZERO_TERMINATED,
            patterns[i].options | PCRE2_UTF | PCRE2_UCP,
            &error, &at, how);
        if (!compiled[i]) abort();   /* a fault of the table above */
    }
    pcre2_compile_context_free(how);
}

struct foreign foreign_of(struct py_pool *pool, struct view text)
{
    struct foreign f = {pool, text, text.at ? text.at : ""};
    char          *safe;

    f.text.at = f.safe;
    if (utf8_valid(f.safe, text.len)) return f;
    safe = py_pool_take(pool, text.len + 1);
    memcpy(safe, text.at, text.len);
    for (size_t at = 0; at < text.len;) {
        size_t   from = at;
        uint32_t c    = py_next(text, &at);
        if (c >= 0xD800 && c <= 0xDFFF) memcpy(safe + from, "\xEE\x80\x80", 3);
        else if (c == 0xFFFD && at - from == 1) safe[from] = '?';
    }
    f.safe = safe;
    return f;
}

bool pattern_find(const struct foreign *f, enum pattern which,
                  struct view part, size_t from,
                  struct view groups[PATTERN_GROUPS])
{
    const char       *safe = f->safe + (part.at - f->text.at);
    pcre2_match_data *found;
    int               n;

    for (int i = 0; i < PATTERN_GROUPS; i++) groups[i] = (struct view){0};
    if (part.len > FOREIGN_TEXT_MAX) return false;
    pthread_once(&once, compile_all);
    found = pcre2_match_data_create_from_pattern(compiled[which], NULL);
    if (!found) abort();
    n = pcre2_match(compiled[which], (PCRE2_SPTR)safe, part.len, from,
                    PCRE2_NO_UTF_CHECK, found, limits);
    PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);
    for (int i = 0; i < PATTERN_GROUPS; i++) {
        if (i < n && at[2 * i] != PCRE2_UNSET)
            groups[i] = (struct view){part.at + at[2 * i],
                                      at[2 * i + 1] - at[2 * i]};
    }
    pcre2_match_data_free(found);
    return n > 0;
}

/* ---- values -------------------------------------------------------------- */

struct py foreign_text(struct view v)
{
    struct py out = {.kind = PY_STR};

    out.as.text.bytes = v.at ? v.at : "";
    out.as.text.len   = v.len;
    return out;
}

struct py foreign_bool(bool yes)
{
    struct py out = {.kind = PY_BOOL};

    out.as.yes = yes;
    return out;
}

static void *grown(struct py_pool *pool, void *old, size_t n, size_t *room,
                   size_t size)
{
    if (n < *room) return old;
    *room     = *room ? *room * 2 : 8;
    void *now = py_pool_take(pool, *room * size);
    if (n) memcpy(now, old, n * size);
    return now;
}

bool foreign_add(struct foreign_list *l, struct py value)
{
    if (l->n == FOREIGN_ITEMS_MAX) return false;
    l->items = grown(l->pool, l->items, l->n, &l->room, sizeof *l->items);
    l->items[l->n++] = value;
    return true;
}

bool foreign_set(struct foreign_dict *d, struct view key, struct py value)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct py *k = &d->pairs[i].key;
        if (!view_same((struct view){k->as.text.bytes, k->as.text.len}, key))
            continue;
        d->pairs[i].value = value;
        return true;
    }
    if (d->n == FOREIGN_KEYS_MAX) return false;
    d->pairs = grown(d->pool, d->pairs, d->n, &d->room, sizeof *d->pairs);
    d->pairs[d->n++] = (struct py_pair){foreign_text(key), value};
    return true;
}

struct py foreign_list_of(const struct foreign_list *l)
{
    struct py out = {.kind = PY_LIST, .n = (uint32_t)l->n};

    out.as.items = l->items;
    return out;
}

struct py foreign_dict_of(const struct foreign_dict *d)
{
    struct py out = {.kind = PY_DICT, .n = (uint32_t)d->n};

    out.as.pairs = d->pairs;
    return out;
}

bool next_piece(struct view text, size_t *at, struct view *piece)
{
    size_t from = *at;

    if (from > text.len) return false;
    while (*at < text.len && text.at[*at] != ',') (*at)++;
    *piece = (struct view){text.at + from, *at - from};
    (*at)++;
    return true;
}

bool view_is(struct view v, const char *text)
{
    return view_same(v, view_of(text));
}

bool view_ends(struct view v, char first, char last)
{
    return v.len > 0 && v.at[0] == first && v.at[v.len - 1] == last;
}

struct view view_inner(struct view v)
{
    size_t first = 0, last = 0;

    if (v.len == 0) return v;
    (void)py_next(v, &first);
    for (size_t at = 0; at < v.len;) {
        last = at;
        (void)py_next(v, &at);
    }
    if (last < first) return (struct view){v.at, 0};
    return (struct view){v.at + first, last - first};
}

/* ---- numbers ------------------------------------------------------------- */

/* A text whose digits of any script are written in ASCII. */
static struct view in_ascii(struct py_pool *pool, struct view v)
{
    char  *out = py_pool_take(pool, v.len + 1);
    size_t n   = 0;

    for (size_t at = 0; at < v.len;) {
        size_t   from = at;
        uint32_t c    = py_next(v, &at);
        int digit = c < 0x80 ? -1 : uc_decimal_value(c);
        if (digit >= 0) {
            out[n++] = (char)('0' + digit);
        } else {
            memcpy(out + n, v.at + from, at - from);
            n += at - from;
        }
    }
    out[n] = '\0';
    return (struct view){out, n};
}

static bool is_digit(struct view v, size_t at)
{
    return at < v.len && v.at[at] >= '0' && v.at[at] <= '9';
}

static bool pass_digits(struct view v, size_t *at)
{
    size_t from = *at;

    while (is_digit(v, *at)) (*at)++;
    return *at > from;
}

static bool pass_one_of(struct view v, size_t *at, const char *chars)
{
    if (*at == v.len || !v.at[*at] || !strchr(chars, v.at[*at])) return false;
    (*at)++;
    return true;
}

/* [sign] digits, in ASCII, with no zeros in front as JSON wants it. false:
 * longer than Python reads. */
static bool integer_of(struct py_pool *pool, struct view v, struct py *out)
{
    bool   negative = v.at[0] == '-';
    size_t at       = v.at[0] == '-' || v.at[0] == '+';
    char  *json     = py_pool_take(pool, v.len + 2);
    size_t n        = 0;

    /* the zeros in front count for Python's limit as well */
    if (v.len - at > 4300) return false;
    while (at + 1 < v.len && v.at[at] == '0') at++;
    if (negative) json[n++] = '-';
    memcpy(json + n, v.at + at, v.len - at);
    n += v.len - at;
    json[n] = '\0';
    const struct py *value = py_parse(pool, json, n);
    if (value) *out = *value;
    return value != NULL;
}

static struct py real_of(struct view ascii)
{
    struct py out = {.kind = PY_FLOAT};

    out.as.real = strtod(ascii.at, NULL);   /* the caller has put a NUL */
    /* the sign tells it from the NaN of the JSON module: bfcl_value.c */
    if (isnan(out.as.real)) out.as.real = copysign(out.as.real, -1.0);
    return out;
}

bool foreign_number(struct py_pool *pool, struct view v, int parts,
                    char suffix, struct py *out)
{
    struct view text = in_ascii(pool, v);
    size_t      at = 0, end, ahead;
    char       *copy;

    (void)pass_one_of(text, &at, "-");
    if (!pass_digits(text, &at)) return false;
    ahead = at;
    if ((parts & WITH_FRACTION) && pass_one_of(text, &ahead, ".") &&
        pass_digits(text, &ahead))
        at = ahead;
    ahead = at;
    if ((parts & WITH_EXPONENT) && pass_one_of(text, &ahead, "eE")) {
        (void)pass_one_of(text, &ahead, "+-");
        if (pass_digits(text, &ahead)) at = ahead;
    }
    end = at;
    if (suffix) {
        char either[3] = {suffix, suffix, '\0'};
        if (suffix >= 'a' && suffix <= 'z' && suffix != 'n')
            either[1] = (char)(suffix - 'a' + 'A');
        if (!pass_one_of(text, &at, either)) return false;
    }
    /* $ matches before a last line end as well */
    if (at + 1 == text.len && text.at[at] == '\n') at++;
    if (at != text.len) return false;
    copy = py_pool_take(pool, end + 1);
    memcpy(copy, text.at, end);
    copy[end] = '\0';
    text = (struct view){copy, end};
    if (!(parts & AS_REAL)) return integer_of(pool, text, out);
    *out = real_of(text);
    return true;
}

/* Takes out each '_' that stands between digits; false when one does not. */
static bool without_underscores(struct py_pool *pool, struct view *v)
{
    char  *out = py_pool_take(pool, v->len + 1);
    size_t n   = 0;

    for (size_t at = 0; at < v->len; at++) {
        if (v->at[at] != '_') out[n++] = v->at[at];
        else if (at == 0 || !is_digit(*v, at - 1) || !is_digit(*v, at + 1))
            return false;
    }
    out[n] = '\0';
    *v = (struct view){out, n};
    return true;
}

static bool real_word(struct view v, size_t at)
{
    static const char *const words[] = {"inf", "infinity", "nan"};

    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]), k = 0;
        if (v.len - at != n) continue;
        while (k < n && (v.at[at + k] | 0x20) == words[i][k]) k++;
        if (k == n) return true;
    }
    return false;
}

struct py foreign_guess(struct py_pool *pool, struct view v)
{
    struct view text = in_ascii(pool, py_strip(v));
    struct py   out;
    size_t      at = 0, from;
    bool        digits;

    if (!without_underscores(pool, &text)) return foreign_text(v);
    (void)pass_one_of(text, &at, "+-");
    from   = at;
    digits = pass_digits(text, &at);
    if (digits && at == text.len && integer_of(pool, text, &out)) return out;
    if (real_word(text, from)) return real_of(text);
    if (pass_one_of(text, &at, ".")) digits |= pass_digits(text, &at);
    if (!digits) return foreign_text(v);
    if (pass_one_of(text, &at, "eE")) {
        (void)pass_one_of(text, &at, "+-");
        if (!pass_digits(text, &at)) return foreign_text(v);
    }
    return at == text.len ? real_of(text) : foreign_text(v);
}

/* ---- types --------------------------------------------------------------- */

static const struct {
    const char  *name;
    enum py_kind kind;
    bool         java, javascript, has_items;
} kinds[] = {
    {"byte", PY_INT, true, false, false},
    {"short", PY_INT, true, false, false},
    {"integer", PY_INT, true, true, false},
    {"float", PY_FLOAT, true, true, false},
    {"double", PY_FLOAT, true, false, false},
    {"long", PY_INT, true, false, false},
    {"Bigint", PY_INT, false, true, false},
    {"boolean", PY_BOOL, true, false, false},
    {"Boolean", PY_BOOL, false, true, false},
    {"char", PY_STR, true, false, false},
    {"Array", PY_LIST, true, false, true},
    {"ArrayList", PY_LIST, true, false, true},
    {"array", PY_LIST, false, true, true},
    {"HashMap", PY_DICT, true, false, false},
    {"dict", PY_DICT, false, true, false},
    {"String", PY_STR, true, true, false},
    {"any", PY_STR, true, true, false},
};

static const char *is_not(enum py_kind kind)
{
    switch (kind) {
    case PY_INT:   return "is not an integer of the language";
    case PY_FLOAT: return "is not a number of the language";
    case PY_BOOL:  return "is not true or false";
    case PY_LIST:  return "is not a list of the language";
    case PY_DICT:  return "is not a map of the language";
    default:       return "is not a text";
    }
}

/* The type called so in this language; false: it has none that the original
 * can read. */
static bool kind_named(enum bfcl_language language, struct view name,
                       struct bfcl_type *type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!(language == BFCL_JAVA ? kinds[i].java : kinds[i].javascript) ||
            !view_is(name, kinds[i].name))
            continue;
        *type = (struct bfcl_type){.kind   = kinds[i].kind,
                                   .nested = kinds[i].has_items,
                                   .is_not = is_not(kinds[i].kind)};
        return true;
    }
    return false;
}

/* What stands between `before` and `after` in a text, at the last place where
 * both are; an empty view when nowhere. */
static struct view between(struct view text, const char *before,
                           const char *after)
{
    struct view b = view_of(before), a = view_of(after), none = {"", 0};

    for (size_t at = text.len; at-- > 0;) {
        size_t from = at + b.len, to;
        if (from > text.len || memcmp(text.at + at, b.at, b.len) != 0)
            continue;
        to = from;
        while (to < text.len && py_is_alnum((unsigned char)text.at[to])) to++;
        if (text.len - to >= a.len && memcmp(text.at + to, a.at, a.len) == 0)
            return (struct view){text.at + from, to - from};
    }
    return none;
}

static struct view text_at(const struct py *from, const char *key)
{
    const struct py *v = py_get(from, key);

    if (!v || v->kind != PY_STR) return (struct view){"", 0};
    return (struct view){v->as.text.bytes, v->as.text.len};
}

/* In `tools` every parameter is a string, and its description ends with what
 * it was: "This is Java ArrayList type parameter in string representation.
 * The list elements are of type String; they ...". In a schema that was not
 * converted the type stands where it should. */
static void types_asked(enum bfcl_language language,
                        const struct py *parameter, struct view *type,
                        struct view *item)
{
    struct view told = text_at(parameter, "description");

    *item = between(told, " The list elements are of type ",
                    "; they are not in string representation.");
    *type = between(told,
                    language == BFCL_JAVA ? "This is Java "
                                          : "This is JavaScript ",
                    " type parameter in string representation.");
    if (type->len) return;
    *type = text_at(parameter, "type");
    *item = text_at(py_get(parameter, "items"), "type");
    if (view_is(*type, "string")) *type = view_of("any");
}

bool bfcl_foreign_ok(struct bfcl_judge *j, const struct py *parameter,
                     const struct py *value, const struct py *acceptable,
                     struct bfcl_fault *fault)
{
    bool             java = j->language == BFCL_JAVA, unsound = false;
    struct bfcl_type type, of_item;
    struct view      name, item;
    struct py       *read = py_pool_take(j->pool, sizeof *read);

    types_asked(j->language, parameter, &name, &item);
    if (!kind_named(j->language, name, &type))
        return bfcl_fault(fault, BFCL_UNSOUND, NULL,
                          "has a type that the language has not", NULL);
    if (value->kind != PY_STR)
        return bfcl_fault(fault, java ? "type_error:java" : "type_error:js",
                          value, "is not a text in that language", NULL);
    if (type.nested) {
        if (!kind_named(j->language, item, &of_item))
            return bfcl_fault(fault, BFCL_UNSOUND, NULL,
                              "has items of a type that the language has not",
                              NULL);
        type.item = of_item.kind;
    } else {
        item = (struct view){"", 0};
    }
    struct view text = {value->as.text.bytes, value->as.text.len};
    struct foreign f = foreign_of(j->pool, text);
    *read = java ? java_value(&f, f.text, name, item)
                 : javascript_value(&f, f.text, name, item, &unsound);
    if (unsound)
        return bfcl_fault(fault, BFCL_UNSOUND, value, "cannot be read", NULL);
    return bfcl_value_ok(j, &type, read, acceptable, fault);
}
