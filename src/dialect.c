/* SPDX-License-Identifier: MIT */
/* dialect.c - see dialect.h. One scan from the left: a mark says what the
 * next value is, and each place where a call could start is tried. */
#include "dialect.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dialect_call.h"
#include "dialect_literal.h"
#include "dialect_markup.h"
#include "spoken.h"

#define MOST_BYTES        (64 * 1024)
#define MOST_TRIES        64
#define MOST_HEADER_BYTES 256
#define FLOWER            "\u273f"   /* of Qwen-Agent */

/* What stands before calls. In a text any case does, U+FF5C is '|', and
 * U+2581, "\_" and a space are '_': a model that knows such a token by
 * hearsay spells it in its own way. A longer mark stands before a shorter one
 * that it begins with. */
static const struct mark {
    const char *text;
    const char *dialect;
    bool        is_sure;   /* only calls stand behind it: a name alone is one */
} MARKS[] = {
    {"<tool_call>", "<tool_call>", true},
    {"<tool_calls>", "<tool_calls>", true},
    {"<tool_call:opensource>", "<tool_call>", true},
    {"<seed:tool_call>", "<seed:tool_call>", true},
    {"<toolcall>", "<toolcall>", true},
    {"<function_call>", "<function_call>", true},
    {"<function_calls>", "<function_calls>", true},
    {"<functioncall>", "<functioncall>", true},
    {"<tool>", "<tool>", false},
    {"<tools>", "<tools>", false},
    {"<|tool_call|>", "<|tool_call|>", true},
    {"<|tool_calls|>", "<|tool_calls|>", true},
    {"<|function_call|>", "<|function_call|>", true},
    {"<|tools_prefix|>", "<|tools_prefix|>", true},
    {"<|start_action|>", "<|START_ACTION|>", true},
    {"<|action_start|><|plugin|>", "<|plugin|>", true},
    {"<|plugin|>", "<|plugin|>", true},
    {"<|python_tag|>", "<|python_tag|>", true},
    {"<|python_start|>", "<|python_start|>", true},
    {"<|tool_call_start|>", "<|tool_call_start|>", true},
    {"<|tool_call>", "<|tool_call>", true},
    {"<start_function_call>", "<start_function_call>", true},
    {"<|tool_call:name|>", "<|tool_call:name|>", true},
    {"<|tool_call_begin|>", "<|tool_call_begin|>", true},
    {"<|tool_calls_begin|>", "<|tool_calls_begin|>", true},
    {"<|tool_sep|>", "<|tool_sep|>", true},
    {"[tool_calls]", "[TOOL_CALLS]", true},
    {"functools", "functools", true},
    {">>>", ">>>", false},
    {"to=functions.", "Harmony", false},
    {FLOWER "function" FLOWER ":", FLOWER "FUNCTION" FLOWER, false},
    {"action:", "Action:", false},
    {"```tool_code", "```tool_code", false},
    {"```tool_call", "```tool_call", false},
    {"```", "fenced JSON", false},
};

/* What may stand between a tool's name and its arguments behind a mark. */
static const char *const GLUE[] = {
    "[args]", "<|tool_sep|>", "<|tool_call_argument_begin|>",
    "<|tool_call:args|>", "<tool_sep:opensource>", FLOWER "args" FLOWER ":",
    "action_input:", "```json", "```", "<|constrain|>", "json", "code",
    "<|message|>", ":",
};

struct scan {
    const char        *at, *end;
    bool               is_line_start;
    const struct mark *mark;      /* what comes stands behind it, or NULL */
    int                tries;
    struct call_list   found;
};

/* ---- small pieces of text ----------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(const char **at, const char *end)
{
    while (*at < end && is_space(**at)) (*at)++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && (is_name_start(at[n]) || at[n] == '-' ||
                            at[n] == '.' || is_digit(at[n])))
        n++;
    return n;
}

static bool starts(const char *at, const char *end, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(end - at) >= n && memcmp(at, text, n) == 0;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Bytes at `at` that spell a mark's character, 0: they spell another. */
static size_t spelled(const char *at, const char *end, char c)
{
    if (to_lower(*at) == c) return 1;
    if (c == '|' && starts(at, end, "\uff5c")) return 3;
    if (c != '_') return 0;
    if (starts(at, end, "\u2581")) return 3;
    return starts(at, end, "\\_") ? 2 : *at == ' ';
}

static bool take_mark(const char **at, const char *end, const char *mark)
{
    const char *c = *at;
    size_t      n;

    for (; *mark; mark++, c += n)
        if (c >= end || !(n = spelled(c, end, *mark))) return false;
    *at = c;
    return true;
}

/* ---- values ------------------------------------------------------------- */

/* The JSON value at *at, which is left behind it. */
static json_t *take_json(const char **at, const char *end)
{
    json_error_t why;
    json_t      *value =
        json_loadb(*at, (size_t)(end - *at),
                   JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &why);

    if (value) *at += why.position;
    return value;
}

/* The same, or a dict or list as Python prints it. */
static json_t *take_data(const char **at, const char *end)
{
    const char *behind = *at;
    json_t     *value  = take_json(&behind, end);

    if (!value) {
        behind = *at;
        value  = literal_take(&behind, end);
    }
    if (value) *at = behind;
    return value;
}

/* [f(a=1), g()] at *at, as a list of {"name","arguments"}, or NULL. */
static json_t *take_pythonic(const char **from, const char *end)
{
    const char *at    = *from + 1;
    json_t     *calls = json_array();

    for (;;) {
        size_t      n;
        const char *name;
        json_t     *arguments;

        skip_space(&at, end);
        n    = name_length(at, end);
        name = at;
        at += n;
        if (n == 0 || at == end || *at != '(') break;
        arguments = literal_arguments(&at, end);
        if (!arguments) break;
        json_array_append_new(
            calls, json_pack("{s:s%,s:o}", "name", name, n, "arguments",
                             arguments));
        skip_space(&at, end);
        if (at == end) break;
        if (*at == ']') {
            *from = at + 1;
            return calls;
        }
        if (*at++ != ',') break;
    }
    json_decref(calls);
    return NULL;
}

/* Calls written as code, also where JSON has a name of its own. */
static const char *code_dialect(const struct scan *s)
{
    if (!s->mark) return "pythonic";
    return strcmp(s->mark->text, "```") == 0 ? "fenced pythonic"
                                             : s->mark->dialect;
}

/* Could a call start at s->at, a '{' or a '['? Cheap, so that prose with
 * many brackets does not use up the tries. */
static bool looks_like_call(const struct scan *s)
{
    const char *next = s->at + 1;

    skip_space(&next, s->end);
    if (next == s->end) return false;
    if (*s->at == '{') return *next == '"' || *next == '\'';
    return *next == '{' || is_name_start(*next);
}

static bool take_brackets(struct scan *s)
{
    const char *at      = s->at;
    const char *dialect = s->mark ? s->mark->dialect : "bare JSON";
    json_t     *value;

    if (!looks_like_call(s)) return false;
    s->tries++;
    value = take_data(&at, s->end);
    if (!value && *s->at == '[' && (value = take_pythonic(&at, s->end)))
        dialect = code_dialect(s);
    if (!value) return false;
    call_add_data(&s->found, value, s->mark && s->mark->is_sure, dialect);
    json_decref(value);
    s->at = at;
    return true;
}

/* ---- a name, then arguments --------------------------------------------- */

/* Behind a mark the tokens of its dialect; else only an end of line. */
static void skip_glue(const struct scan *s, const char **at)
{
    if (!s->mark) {
        take_mark(at, s->end, "[args]");
        while (*at < s->end && (**at == '\r' || **at == '\n')) (*at)++;
        return;
    }
    for (size_t i = 0; i < sizeof GLUE / sizeof *GLUE;) {
        skip_space(at, s->end);
        i = take_mark(at, s->end, GLUE[i]) ? 0 : i + 1;
    }
}

static bool is_end_of_line(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) at++;
    return at == end || *at == '\n' || *at == '<';
}

/* "(a=1)"; without a mark it must be all of its line. */
static json_t *take_round(struct scan *s, const char **at)
{
    json_t *arguments = literal_arguments(at, s->end);

    if (arguments && !s->mark && !is_end_of_line(*at, s->end)) {
        json_decref(arguments);
        return NULL;
    }
    return arguments;
}

/* The arguments at *at, behind the name of a tool. */
static json_t *take_arguments(struct scan *s, const char **at,
                              const json_t *function, const char **dialect)
{
    const char *data;
    json_t     *arguments = NULL;

    if (*at < s->end && *at[0] == '(') {
        *dialect = code_dialect(s);
        return take_round(s, at);
    }
    skip_glue(s, at);
    data = *at;
    if (data == s->end) return NULL;
    if (s->mark && *data == '<') {
        arguments = markup_arguments(at, s->end, call_properties(function));
        if (arguments && json_object_size(arguments)) *dialect = "<arg_key>";
    } else if (*data == '{') {
        arguments = take_json(at, s->end);
        if (!arguments) {
            *at       = data;
            arguments = literal_gemma(at, s->end);
        }
    }
    return arguments;
}

/* f(a=1), f{...}, f and an object under it, ... at s->at. */
static bool take_named(struct scan *s)
{
    const char   *at = s->at, *name;
    const char   *dialect = s->mark ? s->mark->dialect : "name, then JSON";
    const json_t *function;
    json_t       *arguments;
    size_t        n;
    bool          is_printed;

    if (take_mark(&at, s->end, "call:") && !s->mark) dialect = "call:";
    is_printed = s->mark && take_mark(&at, s->end, "print(");
    name       = at;
    n          = name_length(at, s->end);
    function   = call_tool(&s->found, name, n);
    if (!function) return false;
    s->tries++;
    at += n;
    if (at + 1 < s->end && *at == ':' && is_digit(at[1]))
        for (at++; at < s->end && is_digit(*at);) at++;
    if (take_mark(&at, s->end, "[call_id]"))
        at += name_length(at, s->end);
    arguments = take_arguments(s, &at, function, &dialect);
    if (!arguments) return false;
    call_add(&s->found, function, arguments, dialect);
    json_decref(arguments);
    s->at = at + (is_printed && at < s->end && *at == ')');
    return true;
}

/* ---- tags --------------------------------------------------------------- */

/* <function=NAME>... or <invoke name="NAME">... at s->at. */
static bool take_tags(struct scan *s)
{
    struct tag    t = markup_tag(s->at, s->end);
    const char   *at = t.behind;
    const json_t *function;
    json_t       *arguments;

    if ((t.kind != TAG_FUNCTION && t.kind != TAG_INVOKE) || !t.n_key)
        return false;
    function = call_tool(&s->found, t.key, t.n_key);
    if (!function) return false;
    s->tries++;
    skip_space(&at, s->end);
    arguments = at < s->end && *at == '{'
              ? take_json(&at, s->end)
              : markup_arguments(&at, s->end, call_properties(function));
    if (!arguments) return false;
    call_add(&s->found, function, arguments,
             t.kind == TAG_INVOKE ? "<invoke>" : "<function=...>");
    json_decref(arguments);
    s->at = at;
    return true;
}

/* ---- Harmony ------------------------------------------------------------ */

static const char *find(const char *at, const char *end, const char *text)
{
    while ((at = memchr(at, *text, (size_t)(end - at))) &&
           !starts(at, end, text))
        at++;
    return at;
}

/* The tool that a message is for, by its header: what stands between the
 * last token that starts one and `end`. */
static const json_t *recipient(const struct scan *s, const char *begin,
                               const char *end)
{
    static const char to[] = "to=", start[] = "<|start|>";
    const char       *at;

    if (end - begin > MOST_HEADER_BYTES) begin = end - MOST_HEADER_BYTES;
    while ((at = find(begin, end, start))) begin = at + strlen(start);
    at = find(begin, end, to);
    if (!at) return NULL;
    at += strlen(to);
    return call_tool(&s->found, at, name_length(at, end));
}

/* Messages with a recipient, in any channel, wherever spoken.h counts them:
 * a call is not spoken, so it may be a thought to it. */
static void scan_harmony(struct scan *s, const char *text)
{
    static const char body[] = "<|message|>";
    const char       *end = text + strlen(text), *from = text, *at;

    for (; s->tries < MOST_TRIES && (at = find(from, end, body)); from = at) {
        const json_t *function = recipient(s, from, at);
        json_t       *arguments;

        at += strlen(body);
        if (!function) continue;
        s->tries++;
        skip_space(&at, end);
        arguments = take_json(&at, end - at > MOST_BYTES ? at + MOST_BYTES
                                                         : end);
        call_add(&s->found, function, arguments, "Harmony");
        json_decref(arguments);
    }
}

/* ---- the scan ----------------------------------------------------------- */

static const struct mark *mark_at(const char **at, const char *end)
{
    char first = to_lower(**at);

    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
        if (*MARKS[i].text == first && take_mark(at, end, MARKS[i].text))
            return &MARKS[i];
    return NULL;
}

/* The language of a fence: "json", "python". */
static void skip_language(struct scan *s)
{
    static const char *const languages[] = {"json", "python", "py", "xml"};

    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        size_t n = strlen(languages[i]);
        if (name_length(s->at, s->end) == n &&
            starts(s->at, s->end, languages[i]))
            s->at += n;
    }
}

static bool take_call(struct scan *s)
{
    switch (*s->at) {
    case '{':
    case '[': return take_brackets(s);
    case '<': return take_tags(s);
    default:  return (s->mark || s->is_line_start) && take_named(s);
    }
}

static void scan_text(struct scan *s)
{
    while (s->at < s->end && s->tries < MOST_TRIES) {
        const struct mark *mark = mark_at(&s->at, s->end);

        if (mark) {
            s->mark = mark;
            if (*mark->text == '`') skip_language(s);
            s->is_line_start = false;
            continue;
        }
        if (take_call(s)) {
            s->is_line_start = false;
            continue;
        }
        if (*s->at == '\n') s->is_line_start = true;
        else if (!is_space(*s->at)) s->is_line_start = false;
        if (!is_space(*s->at) && *s->at != ',' && *s->at != ';')
            s->mark = NULL;
        s->at++;
    }
}

int dialect_find(const char *text, const json_t *tools,
                 struct tool_call **calls, size_t *n,
                 const char **dialect_name)
{
    struct scan   s      = {.is_line_start = true};
    struct spoken spoken = {0};

    if (json_array_size(tools) > 0) {
        s.found.functions = call_index(tools);
        spoken_split(text, &spoken);
        if (!spoken.spelling || strcmp(spoken.spelling, "Harmony") == 0)
            scan_harmony(&s, text);
        s.at  = spoken.text;
        s.end = s.at + (spoken.len > MOST_BYTES ? MOST_BYTES : spoken.len);
        if (s.found.n == 0) scan_text(&s);
        spoken_done(&spoken);
        json_decref(s.found.functions);
    }
    *calls        = s.found.calls;
    *n            = s.found.n;
    *dialect_name = s.found.dialect;
    return (int)s.found.n;
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
