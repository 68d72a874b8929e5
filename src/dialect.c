/* SPDX-License-Identifier: MIT */
/* dialect.c - see dialect.h. One scan from the left: markers give the next
 * value its dialect, and each place where a value could start is tried. */
#include "dialect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define MOST_BYTES (64 * 1024)
#define MOST_TRIES 64
#define MOST_CALLS 16
#define MOST_DEPTH 16

struct scan {
    const char       *at, *end;
    const json_t     *tools;
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;   /* of the first call */
};

static void skip_space(const char **at, const char *end)
{
    while (*at < end && strchr(" \t\r\n", **at)) (*at)++;
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && (is_name_start(at[n]) || at[n] == '-' ||
                            at[n] == '.' || (at[n] >= '0' && at[n] <= '9')))
        n++;
    return n;
}

/* ---- what a value means ------------------------------------------------- */

static bool has_tool(const json_t *tools, const char *name)
{
    size_t        i;
    const json_t *tool;

    json_array_foreach(tools, i, tool) {
        const json_t *function = json_object_get(tool, "function");
        const char   *known    = jsonx_text(function ? function : tool, "name");

        if (known && strcmp(known, name) == 0) return true;
    }
    return false;
}

/* arguments: an object, or a text that holds one. */
static void add_call(struct scan *s, const char *name, const json_t *arguments,
                     const char *dialect)
{
    json_t *inner = NULL;

    if (!name || s->n == MOST_CALLS || !has_tool(s->tools, name)) return;
    if (json_is_string(arguments)) {
        inner = jsonx_parse(json_string_value(arguments),
                            json_string_length(arguments), NULL);
        arguments = inner;
    }
    if (json_is_object(arguments)) {
        s->calls = mem_grow(s->calls, s->n + 1, sizeof *s->calls);
        s->calls[s->n++] = (struct tool_call){
            mem_copy(""), mem_copy(name), jsonx_dump(arguments)};
        if (!s->dialect) s->dialect = dialect;
    }
    json_decref(inner);
}

static void add_object(struct scan *s, const json_t *value,
                       const char *dialect)
{
    const json_t *function  = json_object_get(value, "function");
    const json_t *arguments;

    if (json_is_object(function)) value = function;
    arguments = json_object_get(value, "arguments");
    if (!arguments) arguments = json_object_get(value, "parameters");
    add_call(s, jsonx_text(value, "name"), arguments, dialect);
}

static void add_value(struct scan *s, const json_t *value,
                      const char *dialect)
{
    size_t        i;
    const json_t *item;

    if (json_is_object(value)) add_object(s, value, dialect);
    json_array_foreach(value, i, item) add_object(s, item, dialect);
}

/* The JSON value at s->at; on success s->at is behind it. */
static json_t *take_json(struct scan *s)
{
    json_error_t why;
    json_t      *value =
        json_loadb(s->at, (size_t)(s->end - s->at),
                   JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &why);

    if (value) s->at += why.position;
    return value;
}

/* ---- pythonic calls ----------------------------------------------------- */

static json_t *take_literal(const char **at, const char *end, int depth);

/* 'text' or "text"; escapes as JSON and Python share them. */
static json_t *take_string(const char **at, const char *end)
{
    const char *start = *at + 1, *close = start;
    char       *text;
    size_t      n = 0;
    json_t     *value;

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

static json_t *take_word(const char **at, const char *end)
{
    static const struct {
        const char *word;
        int         value;
    } words[] = {{"True", 1},  {"true", 1},  {"False", 0}, {"false", 0},
                 {"None", -1}, {"null", -1}};
    char   number[40], *rest;
    size_t n = name_length(*at, end);

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
    if (n == 0) return NULL;
    *at += n;
    if (!strpbrk(number, ".eE")) {
        long long whole = strtoll(number, &rest, 10);
        return *rest ? NULL : json_integer(whole);
    }
    double real = strtod(number, &rest);
    return *rest || !isfinite(real) ? NULL : json_real(real);
}

static json_t *take_list(const char **at, const char *end, int depth)
{
    json_t *list = json_array();

    for ((*at)++;;) {
        json_t *item;

        skip_space(at, end);
        if (*at < end && **at == ']') {
            (*at)++;
            return list;
        }
        item = take_literal(at, end, depth - 1);
        if (!item || json_array_append_new(list, item)) break;
        skip_space(at, end);
        if (*at < end && **at == ',') (*at)++;
        else if (*at == end || **at != ']') break;
    }
    json_decref(list);
    return NULL;
}

/* key: value, ... up to `close`; keys are names before '=' in a call and
 * strings before ':' in a dict. */
static json_t *take_pairs(const char **at, const char *end, int depth,
                          char close)
{
    json_t *object = json_object(), *key = NULL, *value = NULL;

    for ((*at)++;;) {
        size_t n;

        skip_space(at, end);
        if (*at < end && **at == close) {
            (*at)++;
            return object;
        }
        if (*at == end) break;
        n = name_length(*at, end);
        if (close == ')' && n > 0) {
            key = json_stringn(*at, n);
            *at += n;
        } else if (close == '}' && (**at == '"' || **at == '\'')) {
            key = take_string(at, end);
        }
        if (!key) break;
        skip_space(at, end);
        if (*at == end || **at != (close == ')' ? '=' : ':')) break;
        (*at)++;
        value = take_literal(at, end, depth - 1);
        if (!value ||
            json_object_set_new(object, json_string_value(key), value))
            break;
        json_decref(key);
        key = NULL;
        skip_space(at, end);
        if (*at < end && **at == ',') (*at)++;
        else if (*at == end || **at != close) break;
    }
    json_decref(key);
    json_decref(object);
    return NULL;
}

static json_t *take_literal(const char **at, const char *end, int depth)
{
    skip_space(at, end);
    if (*at == end || depth == 0) return NULL;
    if (**at == '"' || **at == '\'') return take_string(at, end);
    if (**at == '[') return take_list(at, end, depth);
    if (**at == '{') return take_pairs(at, end, depth, '}');
    return take_word(at, end);
}

/* [f(a=1), g()] at s->at, as a list of {"name","arguments"}, or NULL. */
static json_t *take_pythonic(struct scan *s)
{
    const char *at    = s->at + 1;
    json_t     *calls = json_array();

    for (;;) {
        size_t      n;
        const char *name;
        json_t     *arguments;

        skip_space(&at, s->end);
        n    = name_length(at, s->end);
        name = at;
        at += n;
        if (n == 0 || at == s->end || *at != '(') break;
        arguments = take_pairs(&at, s->end, MOST_DEPTH, ')');
        if (!arguments) break;
        json_array_append_new(
            calls, json_pack("{s:s%,s:o}", "name", name, n, "arguments",
                             arguments));
        skip_space(&at, s->end);
        if (at == s->end) break;
        if (*at == ']') {
            s->at = at + 1;
            return calls;
        }
        if (*at++ != ',') break;
    }
    json_decref(calls);
    return NULL;
}

/* ---- the scan ----------------------------------------------------------- */

static bool take_text(struct scan *s, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* <function=NAME>{...}; s->at is behind the '='. */
static void take_function(struct scan *s)
{
    size_t  n    = name_length(s->at, s->end);
    char   *name = mem_copy_n(s->at, n);
    json_t *arguments;

    s->at += n;
    if (take_text(s, ">") && (arguments = take_json(s))) {
        add_call(s, name, arguments, "<function=...>");
        json_decref(arguments);
    }
    free(name);
}

/* Could a call start at s->at, a '{' or a '['? Cheap, so that prose with
 * many brackets does not use up the tries. */
static bool looks_like_call(const struct scan *s)
{
    const char *next = s->at + 1;

    skip_space(&next, s->end);
    if (next == s->end) return false;
    return *s->at == '{' ? *next == '"'
                         : *next == '{' || is_name_start(*next);
}

/* A thought is not an answer: start behind the last one, end before one
 * that was never closed. */
static void skip_thoughts(struct scan *s)
{
    static const char open[] = "<think>", close[] = "</think>";

    for (const char *c = s->at; (c = memchr(c, '<', (size_t)(s->end - c)));
         c++)
        if ((size_t)(s->end - c) >= strlen(close) &&
            memcmp(c, close, strlen(close)) == 0)
            s->at = c + strlen(close);
    for (const char *c = s->at; (c = memchr(c, '<', (size_t)(s->end - c)));
         c++)
        if ((size_t)(s->end - c) >= strlen(open) &&
            memcmp(c, open, strlen(open)) == 0) {
            s->end = c;
            break;
        }
}

/* Behind a marker: its name for the value that follows; else NULL. */
static const char *take_marker(struct scan *s)
{
    static const char *const markers[] = {"<tool_call>", "[TOOL_CALLS]",
                                          "<|python_tag|>"};

    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
        if (take_text(s, markers[i])) return markers[i];
    if (!take_text(s, "```")) return NULL;
    s->at += name_length(s->at, s->end);
    return "fenced JSON";
}

static void scan_text(struct scan *s)
{
    const char *dialect = NULL, *marker;

    skip_thoughts(s);
    for (int tries = 0; s->at < s->end && tries < MOST_TRIES;) {
        if ((marker = take_marker(s))) {
            dialect = marker;
            continue;
        }
        if (take_text(s, "<function=")) {
            tries++;
            take_function(s);
            continue;
        }
        if ((*s->at == '{' || *s->at == '[') && looks_like_call(s)) {
            const char *name  = dialect ? dialect : "bare JSON";
            json_t     *value = take_json(s);

            if (!value && *s->at == '[' && (value = take_pythonic(s)))
                name = "pythonic";
            tries++;
            add_value(s, value, name);
            if (value) {
                json_decref(value);
                continue;
            }
        }
        if (!strchr(" \t\r\n", *s->at)) dialect = NULL;
        s->at++;
    }
}

int dialect_find(const char *text, const json_t *tools,
                 struct tool_call **calls, size_t *n,
                 const char **dialect_name)
{
    struct scan s = {.at = text, .end = text + strlen(text), .tools = tools};

    if (s.end - s.at > MOST_BYTES) s.end = text + MOST_BYTES;
    if (tools) scan_text(&s);
    *calls        = s.calls;
    *n            = s.n;
    *dialect_name = s.dialect;
    return (int)s.n;
}

void dialect_free(struct tool_call *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(calls[i].id);
        free(calls[i].name);
        free(calls[i].arguments);
    }
    free(calls);
}
