/* SPDX-License-Identifier: MIT */
/* markup.c - see markup.h. One scan; what a line starts with, then what each
 * character may begin. Lists, tables and code need more than one character:
 * markup_block.c. */
#include "score/markup.h"

#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "score/markup_block.h"

#define TAG_BYTES 40

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Where emphasis starts in the line, or len: the first mark that could open
 * it, when a later one could close it. */
static size_t find_emphasis(const char *line, size_t len, char mark)
{
    size_t open = len;

    for (size_t i = 0; i < len; i++) {
        size_t n = 0;
        bool   outside_left, outside_right;

        if (line[i] != mark) continue;
        while (i + n < len && line[i + n] == mark) n++;
        /* Underscores inside a word are part of a name. */
        outside_left  = mark != '_' || i == 0 || !is_word_byte(line[i - 1]);
        outside_right = mark != '_' || i + n == len ||
                        !is_word_byte(line[i + n]);
        if (open < len && i > 0 && !is_blank(line[i - 1]) && outside_right)
            return open;
        if (open == len && i + n < len && !is_blank(line[i + n]) &&
            outside_left)
            open = i;
        i += n - 1;
    }
    return len;
}

/* A list has a second item: "1. " alone may end a sentence before it. */
static const char *find_last_second_item(const char *text)
{
    const char *last = NULL;

    for (const char *c = strchr(text, '2'); c; c = strchr(c + 1, '2'))
        if (c > text && is_blank(c[-1]) && (c[1] == '.' || c[1] == ')') &&
            c[2] && is_blank(c[2]))
            last = c;
    return last;
}

/* What the start of a line says, or NULL. */
static const char *line_offence(const char *line, size_t len,
                                const char *second_item)
{
    size_t marks;

    if (strncmp(line, "```", 3) == 0 || strncmp(line, "~~~", 3) == 0)
        return "a code fence";
    marks = strspn(line, "#");
    if (marks >= 1 && marks <= 6 && is_blank(line[marks])) return "a heading";
    marks = strspn(line, "-*_= ");
    if (len >= 3 && marks >= len) return "a ruled line";
    if ((*line == '-' || *line == '*' || *line == '+') && is_blank(line[1]))
        return "a bullet";
    if (strncmp(line, "\xE2\x80\x93 ", 4) == 0) return "a bullet";
    if (*line == '>' && is_blank(line[1])) return "a quote mark";
    if (*line == '1' && (line[1] == '.' || line[1] == ')') && line[2] &&
        is_blank(line[2]) && second_item > line)
        return "a numbered list";
    return NULL;
}

/* <tag>, </tag>, <|token|> */
static bool is_tag(const char *at)
{
    size_t n = 1;

    if (!at[1] || (!is_word_byte(at[1]) && !strchr("/|!", at[1])) ||
        (at[1] >= '0' && at[1] <= '9'))
        return false;
    while (n < TAG_BYTES && at[n] && !strchr("<>\n", at[n])) n++;
    return at[n] == '>';
}

/* [INST], [/INST], [TOOL_CALLS] */
static bool is_token(const char *at)
{
    size_t slash = at[1] == '/' ? 1 : 0;
    size_t n = strspn(at + 1 + slash, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    return n >= 2 && at[1 + slash + n] == ']';
}

static bool is_json_list(const char *at)
{
    at++;
    at += strspn(at, " \t\r\n");
    return *at == '"' || *at == '{' || *at == '[';
}

static bool is_address(const char *text, const char *at)
{
    if (at > text && is_word_byte(at[-1])) return false;
    return strncasecmp(at, "http://", 7) == 0 ||
           strncasecmp(at, "https://", 8) == 0 ||
           (strncasecmp(at, "www.", 4) == 0 && is_word_byte(at[4]));
}

static const char *symbol_offence(utf8proc_int32_t c)
{
    if (c == 0x2022 || c == 0x2023 || c == 0x25aa || c == 0x25cf)
        return "a bullet";
    if (c == 0xfffd) return "a broken character";
    if ((c >= 0x2190 && c <= 0x21ff) || (c >= 0x2500 && c <= 0x25ff))
        return "a symbol";
    if ((c >= 0x2300 && c <= 0x23ff) || (c >= 0x2600 && c <= 0x27bf) ||
        (c >= 0x2b00 && c <= 0x2bff) || (c >= 0x1f000 && c <= 0x1faff) ||
        c == 0xfe0f || c == 0x20e3)
        return "an emoji";
    return NULL;
}

/* What the character at `at` says, or NULL. */
static const char *character_offence(const char *text, const char *at,
                                     utf8proc_int32_t c)
{
    if (c >= 0x80) return symbol_offence(c);
    switch (c) {
    case '<': return is_tag(at) ? "a tag or special token" : NULL;
    case '[':
        if (is_token(at)) return "a tag or special token";
        return is_json_list(at) ? "JSON" : NULL;
    case ']': return at[1] == '(' ? "a link" : NULL;
    case '{':
    case '}': return "a brace";
    case '`': return "code";
    case '~': return at[1] == '~' ? "emphasis" : NULL;
    case '|': return "a table";
    case '\\': return "a backslash";
    case 'h':
    case 'H':
    case 'w':
    case 'W': return is_address(text, at) ? "an address" : NULL;
    default: return NULL;
    }
}

/* Is it one of the things that markdown means, and not just unspeakable? */
static bool is_markdown(const char *what)
{
    static const char *const others[] = {
        "a tag or special token", "JSON", "a brace", "a backslash",
        "an address", "a symbol", "an emoji", "a broken character",
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(what, others[i]) == 0) return false;
    return true;
}

const char *markup_find(const char *text, bool markdown_only,
                        const char **where)
{
    const char *second_item = find_last_second_item(text);
    const char *emphasis = NULL, *what = NULL, *block_at = NULL;
    const char *block = markdown_only ? NULL
                                      : markup_block_find(text, &block_at);
    bool        at_start = true;

    for (const char *at = text; *at;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);

        *where = at;
        if (at_start && !is_blank(*at)) {
            size_t len   = strcspn(at, "\r\n");
            size_t stars = find_emphasis(at, len, '*');
            size_t lines = find_emphasis(at, len, '_');

            emphasis = at + (stars < lines ? stars : lines);
            what     = line_offence(at, len, second_item);
            at_start = false;
        }
        if (!what && at == emphasis && !is_blank(*at)) what = "emphasis";
        if (!what) what = character_offence(text, at, c);
        if (what && (!markdown_only || is_markdown(what))) return what;
        what = NULL;
        if (block && at >= block_at) return block;
        if (c == '\n' || c == '\r') at_start = true;
        at += n > 0 ? n : 1;
    }
    return NULL;
}
