/* SPDX-License-Identifier: MIT */
/* dialect_markup.c - see dialect_markup.h. */
#include "dialect_markup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect_literal.h"

#define MOST_TAG_BYTES    256
#define MOST_SCHEMA_DEPTH 8
#define BAR "\xEF\xBD\x9C"          /* U+FF5C, around DeepSeek's namespace */

static bool starts(const char *at, const char *end, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(end - at) >= n && memcmp(at, text, n) == 0;
}

static void skip_space(const char **at, const char *end)
{
    while (*at < end && memchr(" \t\r\n", **at, 4)) (*at)++;
}

/* ---- tags --------------------------------------------------------------- */

static const struct known {
    const char   *name;
    enum tag_kind open, closing;
} KNOWN[] = {
    {"function", TAG_FUNCTION, TAG_END},
    {"invoke", TAG_INVOKE, TAG_END},
    {"tool_call", TAG_NONE, TAG_END},
    {"parameter", TAG_PARAMETER, TAG_VALUE_END},
    {"param", TAG_PARAMETER, TAG_VALUE_END},
    {"arg_key", TAG_KEY, TAG_VALUE_END},
    {"arg_value", TAG_VALUE, TAG_VALUE_END},
};

static size_t word_length(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && ((at[n] >= 'a' && at[n] <= 'z') || at[n] == '_'))
        n++;
    return n;
}

static const struct known *known_name(const char *at, size_t n)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strlen(KNOWN[i].name) == n && memcmp(KNOWN[i].name, at, n) == 0)
            return &KNOWN[i];
    return NULL;
}

/* The name of the tag at *at, which is left behind it: the first known word
 * of "namespace:name", "name:suffix", "|NAMESPACE|name". */
static const struct known *take_name(const char **at, const char *end)
{
    const struct known *found;
    size_t              n;

    if (starts(*at, end, BAR)) {
        const char *bar = *at + strlen(BAR);
        while (bar < end && *bar >= 'A' && *bar <= 'Z') bar++;
        if (starts(bar, end, BAR)) *at = bar + strlen(BAR);
    }
    n     = word_length(*at, end);
    found = known_name(*at, n);
    *at += n;
    if (n == 0 || *at == end || **at != ':') return found;
    (*at)++;
    n = word_length(*at, end);
    if (!found) found = known_name(*at, n);
    *at += n;
    return found;
}

/* WORD="value" or WORD='value' at *at. */
static bool take_attribute(const char **at, const char *end, struct tag *t)
{
    size_t      n    = word_length(*at, end);
    const char *word = *at, *value;
    char        quote;

    *at += n;
    if (n == 0 || end - *at < 2 || **at != '=') return false;
    quote = (*at)[1];
    value = *at + 2;
    if (quote != '"' && quote != '\'') return false;
    *at = memchr(value, quote, (size_t)(end - value));
    if (!*at) return false;
    if (n == 4 && memcmp(word, "name", 4) == 0) {
        t->key   = value;
        t->n_key = (size_t)(*at - value);
    } else if (n == 6 && memcmp(word, "string", 6) == 0) {
        t->is_text = starts(value, end, "true");
    }
    (*at)++;
    return true;
}

/* KEY or "KEY" at *at, up to the end of the tag. */
static bool take_bare_key(const char **at, const char *end, struct tag *t)
{
    const char *close = memchr(*at, '>', (size_t)(end - *at));

    if (!close) return false;
    t->key   = *at;
    t->n_key = (size_t)(close - *at);
    *at      = close;
    if (t->n_key > 2 && (*t->key == '"' || *t->key == '\'') &&
        close[-1] == *t->key) {
        t->key++;
        t->n_key -= 2;
    }
    return true;
}

struct tag markup_tag(const char *at, const char *end)
{
    static const struct tag none = {.kind = TAG_NONE};
    struct tag          t        = {.is_text = -1};
    const struct known *known;
    bool                is_closing;

    if (end - at > MOST_TAG_BYTES) end = at + MOST_TAG_BYTES;
    if (at == end || *at++ != '<') return none;
    is_closing = at < end && *at == '/';
    at += is_closing;
    known = take_name(&at, end);
    if (!known || at == end) return none;
    if (*at == '=') {
        at++;
        if (!take_bare_key(&at, end, &t)) return none;
    }
    for (skip_space(&at, end); at < end && *at != '>'; skip_space(&at, end))
        if (!take_attribute(&at, end, &t)) return none;
    if (at == end) return none;
    t.kind   = is_closing ? known->closing : known->open;
    t.behind = at + 1;
    return t;
}

/* ---- what a value means ------------------------------------------------- */

enum kinds {
    KIND_TEXT = 1, KIND_NUMBER = 2, KIND_TRUTH = 4, KIND_NULL = 8,
    KIND_OBJECT = 16, KIND_LIST = 32, KIND_ALL = 63
};

static unsigned kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:  return KIND_OBJECT;
    case JSON_ARRAY:   return KIND_LIST;
    case JSON_STRING:  return KIND_TEXT;
    case JSON_INTEGER:
    case JSON_REAL:    return KIND_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:   return KIND_TRUTH;
    case JSON_NULL:    break;
    }
    return KIND_NULL;
}

static unsigned kind_named(const char *type)
{
    static const struct {
        const char *type;
        unsigned    kind;
    } types[] = {
        {"string", KIND_TEXT},    {"integer", KIND_NUMBER},
        {"number", KIND_NUMBER},  {"boolean", KIND_TRUTH},
        {"null", KIND_NULL},      {"object", KIND_OBJECT},
        {"array", KIND_LIST},
    };

    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].type, type) == 0) return types[i].kind;
    return 0;
}

/* What a schema allows, as far as it says; 0: it does not. */
static unsigned kinds_allowed(const json_t *schema, int depth)
{
    static const char *const choices[] = {"anyOf", "oneOf"};
    const json_t *type  = json_object_get(schema, "type"), *item;
    unsigned      kinds = kind_named(json_string_value(type));
    size_t        i;

    json_array_foreach(type, i, item)
        kinds |= kind_named(json_string_value(item));
    for (size_t c = 0; depth > 0 && c < 2; c++)
        json_array_foreach(json_object_get(schema, choices[c]), i, item)
            kinds |= kinds_allowed(item, depth - 1);
    if (!kinds)
        json_array_foreach(json_object_get(schema, "enum"), i, item)
            kinds |= kind_of(item);
    if (kinds && json_is_true(json_object_get(schema, "nullable")))
        kinds |= KIND_NULL;
    return kinds;
}

/* The whole text as JSON, else as Python; NULL: it is neither. */
static json_t *parse(const char *text, size_t n)
{
    const char *end   = text + n;
    json_t     *value = json_loadb(text, n,
                                   JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
                                   NULL);

    if (value) return value;
    value = literal_take(&text, end);
    skip_space(&text, end);
    if (value && text == end) return value;
    json_decref(value);
    return NULL;
}

json_t *markup_value(const char *text, size_t n, const json_t *schema,
                     int is_text)
{
    unsigned kinds = kinds_allowed(schema, MOST_SCHEMA_DEPTH);
    json_t  *value;

    if (is_text == 0) kinds = KIND_ALL;
    if (is_text == 1) kinds = KIND_TEXT;
    value = kinds & ~(unsigned)KIND_TEXT ? parse(text, n) : NULL;
    if (value && (kind_of(value) & kinds) && !json_is_string(value))
        return value;
    json_decref(value);
    return json_stringn(text, n);
}

/* ---- parameters --------------------------------------------------------- */

/* "<![CDATA[text]]>" at *at, which is left behind it. */
static bool take_cdata(const char **at, const char *end, const char **text,
                       size_t *n)
{
    static const char open[] = "<![CDATA[", close[] = "]]>";
    const char       *c;

    if (!starts(*at, end, open)) return false;
    *text = c = *at + strlen(open);
    while ((c = memchr(c, ']', (size_t)(end - c))) && !starts(c, end, close))
        c++;
    if (!c) return false;
    *n  = (size_t)(c - *text);
    *at = c + strlen(close);
    return true;
}

/* One line break at either end belongs to the tags. */
static void trim(const char **text, size_t *n)
{
    if (*n > 0 && (*text)[*n - 1] == '\n') (*n)--;
    if (*n > 0 && **text == '\n') {
        (*text)++;
        (*n)--;
    }
}

/* From *at to the tag that ends a value. That tag is read when it is the
 * value's own, and left where the model forgot that one. */
static bool take_text(const char **at, const char *end, const char **text,
                      size_t *n)
{
    bool        is_cdata = take_cdata(at, end, text, n);
    const char *c        = *at;

    for (; (c = memchr(c, '<', (size_t)(end - c))); c++) {
        struct tag t = markup_tag(c, end);
        if (t.kind != TAG_VALUE_END && t.kind != TAG_END &&
            t.kind != TAG_PARAMETER && t.kind != TAG_KEY)
            continue;
        if (!is_cdata) {
            *text = *at;
            *n    = (size_t)(c - *at);
            trim(text, n);
        }
        *at = t.kind == TAG_VALUE_END ? t.behind : c;
        return true;
    }
    return false;
}

static bool set(json_t *object, const char *key, size_t n_key,
                const char *text, size_t n, const json_t *properties,
                int is_text)
{
    char   *name  = mem_copy_n(key, n_key);
    json_t *value = markup_value(text, n, json_object_get(properties, name),
                                 is_text);
    bool    done  = value && json_object_set_new(object, name, value) == 0;

    free(name);
    return done;
}

json_t *markup_arguments(const char **at, const char *end,
                         const json_t *properties)
{
    json_t *object = json_object();

    for (;;) {
        struct tag  t;
        const char *key, *text;
        size_t      n_key, n;

        skip_space(at, end);
        t = markup_tag(*at, end);
        if (t.kind == TAG_END) {
            *at = t.behind;
            return object;
        }
        if ((t.kind != TAG_PARAMETER || !t.n_key) && t.kind != TAG_KEY) break;
        *at   = t.behind;
        key   = t.key;
        n_key = t.n_key;
        if (t.kind == TAG_KEY) {
            if (!take_text(at, end, &key, &n_key)) break;
            skip_space(at, end);
            t = markup_tag(*at, end);
            if (t.kind != TAG_VALUE) break;
            *at = t.behind;
        }
        if (!take_text(at, end, &text, &n) ||
            !set(object, key, n_key, text, n, properties, t.is_text))
            break;
    }
    json_decref(object);
    return NULL;
}
