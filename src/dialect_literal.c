/* SPDX-License-Identifier: MIT */
/* dialect_literal.c - see dialect_literal.h. */
#include "dialect_literal.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MOST_DEPTH 16

enum notation { PYTHON, GEMMA };

static json_t *take_value(const char **at, const char *end,
                          enum notation notation, int depth);

static void skip_space(const char **at, const char *end)
{
    while (*at < end && memchr(" \t\r\n", **at, 4)) (*at)++;
}

static bool is_at(const char *at, const char *end, char c)
{
    return at < end && *at == c;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.' || (c >= '0' && c <= '9');
}

static size_t word_length(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && is_word(at[n])) n++;
    return n;
}

/* ---- texts -------------------------------------------------------------- */

/* 'text' or "text"; escapes as JSON and Python share them. */
static json_t *take_quoted(const char **at, const char *end)
{
    const char  *start = *at + 1, *close = start;
    char        *text;
    size_t       n = 0;
    json_error_t why;
    json_t      *value = NULL;

    if (**at == '"')
        value = json_loadb(*at, (size_t)(end - *at),
                           JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &why);
    if (value) {
        *at += why.position;
        return value;
    }
    while (close < end && *close != **at && *close != '\n')
        close += *close == '\\' && close + 1 < end ? 2 : 1;
    if (close >= end || *close != **at) return NULL;
    text = mem_new((size_t)(close - start) + 1, 1);
    for (const char *c = start; c < close; c++) {
        if (*c == '\\') {
            c++;
            text[n++] = *c == 'n' ? '\n' : *c == 't' ? '\t' : *c;
        } else {
            text[n++] = *c;
        }
    }
    value = json_stringn(text, n);   /* NULL when not UTF-8 */
    *at   = close + 1;
    free(text);
    return value;
}

/* The bytes of Gemma's quote at `at`, 0: none. */
static size_t gemma_quote(const char *at, const char *end)
{
    static const char *const quotes[] = {"<escape>", "<|\"|>"};

    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        size_t n = strlen(quotes[i]);
        if ((size_t)(end - at) >= n && memcmp(at, quotes[i], n) == 0) return n;
    }
    return 0;
}

/* `quote` bytes of a quote, text up to the same quote. */
static json_t *take_escaped(const char **at, const char *end, size_t quote)
{
    const char *start = *at + quote, *close = start;
    json_t     *value;

    while ((close = memchr(close, '<', (size_t)(end - close))) &&
           ((size_t)(end - close) < quote || memcmp(close, *at, quote) != 0))
        close++;
    if (!close) return NULL;
    value = json_stringn(start, (size_t)(close - start));
    *at   = close + quote;
    return value;
}

/* Text without quotes, up to what ends a value in Gemma's notation. */
static json_t *take_bare(const char **at, const char *end)
{
    const char *start = *at, *last;

    while (*at < end && !memchr(",}]\n", **at, 4)) (*at)++;
    for (last = *at; last > start && last[-1] == ' ';) last--;
    return *at == end || last == start
               ? NULL : json_stringn(start, (size_t)(last - start));
}

/* ---- words and numbers -------------------------------------------------- */

static json_t *number_of(const char *word)
{
    char     *rest;
    double    real;
    long long whole;

    errno = 0;
    whole = strtoll(word, &rest, 10);
    if (!*rest && !errno) return json_integer(whole);
    real = strtod(word, &rest);
    return *rest || !isfinite(real) ? NULL : json_real(real);
}

static json_t *take_word(const char **at, const char *end)
{
    static const struct {
        const char *word;
        int         value;
    } words[] = {{"True", 1},  {"true", 1},  {"False", 0}, {"false", 0},
                 {"None", -1}, {"null", -1}};
    char   number[40];
    size_t n = word_length(*at, end);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (n == strlen(words[i].word) && memcmp(*at, words[i].word, n) == 0) {
            *at += n;
            return words[i].value < 0 ? json_null()
                                      : json_boolean(words[i].value);
        }
    for (n = 0; n < sizeof number - 1 && *at + n < end &&
                memchr("+-.0123456789eE", (*at)[n], 15); n++)
        number[n] = (*at)[n];
    number[n] = '\0';
    *at += n;
    return n ? number_of(number) : NULL;
}

/* ---- lists and objects -------------------------------------------------- */

static json_t *take_list(const char **at, const char *end,
                         enum notation notation, int depth)
{
    json_t *list = json_array();

    for ((*at)++;;) {
        json_t *item;

        skip_space(at, end);
        if (is_at(*at, end, ']')) {
            (*at)++;
            return list;
        }
        item = take_value(at, end, notation, depth - 1);
        if (!item || json_array_append_new(list, item)) break;
        skip_space(at, end);
        if (is_at(*at, end, ',')) (*at)++;
        else if (!is_at(*at, end, ']')) break;
    }
    json_decref(list);
    return NULL;
}

/* Names are bare in a call and in Gemma's notation, texts in a dict. */
static json_t *take_key(const char **at, const char *end,
                        enum notation notation, char close)
{
    size_t n;

    if (close == ')' || notation == GEMMA) {
        n = word_length(*at, end);
        if (n > 0) {
            *at += n;
            return json_stringn(*at - n, n);
        }
    }
    if (close == ')' || *at == end) return NULL;
    n = gemma_quote(*at, end);
    if (n && notation == GEMMA) return take_escaped(at, end, n);
    return **at == '"' || **at == '\'' ? take_quoted(at, end) : NULL;
}

/* key: value, ... up to `close`. */
static json_t *take_pairs(const char **at, const char *end,
                          enum notation notation, int depth, char close)
{
    json_t *object = json_object(), *key = NULL, *value = NULL;

    for ((*at)++;;) {
        skip_space(at, end);
        if (is_at(*at, end, close)) {
            (*at)++;
            return object;
        }
        key = take_key(at, end, notation, close);
        if (!key) break;
        skip_space(at, end);
        if (!is_at(*at, end, close == ')' ? '=' : ':')) break;
        (*at)++;
        value = take_value(at, end, notation, depth - 1);
        if (!value ||
            json_object_set_new(object, json_string_value(key), value))
            break;
        json_decref(key);
        key = NULL;
        skip_space(at, end);
        if (is_at(*at, end, ',')) (*at)++;
        else if (!is_at(*at, end, close)) break;
    }
    json_decref(key);
    json_decref(object);
    return NULL;
}

/* Also in Gemma's notation numbers are words that end where a value does:
 * "7 dwarfs" without quotes is text. */
static json_t *take_gemma_word(const char **at, const char *end)
{
    const char *behind = *at;
    json_t     *value  = take_word(&behind, end);

    if (value && behind < end && memchr(",}]", *behind, 3)) {
        *at = behind;
        return value;
    }
    json_decref(value);
    return take_bare(at, end);
}

static json_t *take_value(const char **at, const char *end,
                          enum notation notation, int depth)
{
    size_t quote;

    skip_space(at, end);
    if (*at == end || depth == 0) return NULL;
    if (**at == '[') return take_list(at, end, notation, depth);
    if (**at == '{') return take_pairs(at, end, notation, depth, '}');
    if (**at == '"' || **at == '\'') return take_quoted(at, end);
    if (notation == PYTHON) return take_word(at, end);
    quote = gemma_quote(*at, end);
    return quote ? take_escaped(at, end, quote) : take_gemma_word(at, end);
}

json_t *literal_take(const char **at, const char *end)
{
    return take_value(at, end, PYTHON, MOST_DEPTH);
}

json_t *literal_arguments(const char **at, const char *end)
{
    return take_pairs(at, end, PYTHON, MOST_DEPTH, ')');
}

json_t *literal_gemma(const char **at, const char *end)
{
    return take_pairs(at, end, GEMMA, MOST_DEPTH, '}');
}
