/* SPDX-License-Identifier: MIT */
/* markup_block.c - see markup_block.h. */
#include "score/markup_block.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sentence.h"

#define BARE_LINES       3   /* so many lines without marks are a list     */
#define BARE_WORDS       3   /* when none is longer                        */
#define ITEM_LINES       2   /* the same below a colon                     */
#define ITEM_WORDS       4
#define VALUE_WORDS      6   /* of "Kitchen light: on"                     */

/* ---- lines ------------------------------------------------------------- */

struct line {
    const char *at;          /* without blanks at the ends                 */
    size_t      len, words;
    bool        is_open;     /* no mark at its end                         */
    bool        has_columns, is_value;
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* Two spaces behind a sentence are the habit of old typists. */
static bool has_columns(const char *at, size_t len)
{
    for (size_t i = 1; i + 1 < len; i++) {
        if (at[i] == '\t') return true;
        if (at[i] == ' ' && at[i + 1] == ' ' && !strchr(".!?:", at[i - 1]))
            return true;
    }
    return false;
}

/* "Kitchen light: on", but not "It is 19:30". */
static bool is_value(const char *at, size_t len)
{
    const char *colon = memchr(at, ':', len);

    return colon && colon > at && colon + 2 < at + len && is_blank(colon[1]) &&
           sentence_words(at, len) <= VALUE_WORDS;
}

static void read_line(struct line *l, const char *at, size_t len)
{
    while (len > 0 && is_blank(*at)) {
        at++;
        len--;
    }
    while (len > 0 && is_blank(at[len - 1])) len--;
    *l = (struct line){.at = at, .len = len, .words = sentence_words(at, len)};
    if (l->words == 0) return;
    l->is_open = is_word_byte(at[len - 1]) &&
                 !(len >= 3 && memcmp(at + len - 3, "\xE2\x80\xA6", 3) == 0);
    if (at[len - 1] == ')') l->is_open = true;
    l->has_columns = has_columns(at, len);
    l->is_value    = l->is_open && is_value(at, len);
}

/* How many lines in a row are like that, and where the first one is. */
struct row {
    size_t      n;
    const char *at;
};

static bool is_row_of(struct row *r, bool fits, const struct line *l,
                      size_t enough)
{
    if (!fits) {
        r->n = 0;
        return false;
    }
    if (r->n++ == 0) r->at = l->at;
    return r->n >= enough;
}

static bool ends_in(const struct line *l, char mark)
{
    return l->len > 0 && l->at[l->len - 1] == mark;
}

static const char *find_lines(const char *text, const char **where)
{
    struct row columns = {0}, values = {0}, bare = {0}, items = {0};
    bool       below_colon = false;

    while (*text) {
        size_t      len = strcspn(text, "\r\n");
        struct line l;

        read_line(&l, text, len);
        text += len + (text[len] != '\0');
        if (l.words == 0) continue;
        if (is_row_of(&columns, l.has_columns, &l, 2)) {
            *where = columns.at;
            return "a table";
        }
        if (is_row_of(&values, l.is_value, &l, 2)) {
            *where = values.at;
            return "a list";
        }
        if (is_row_of(&bare, l.is_open && l.words <= BARE_WORDS, &l,
                      BARE_LINES)) {
            *where = bare.at;
            return "a list";
        }
        if (is_row_of(&items, below_colon && l.is_open &&
                      l.words <= ITEM_WORDS, &l, ITEM_LINES)) {
            *where = items.at;
            return "a list";
        }
        below_colon = ends_in(&l, ':') || items.n > 0;
        if (ends_in(&l, ';') && (memchr(l.at, '=', l.len) ||
                                 memchr(l.at, '(', l.len))) {
            *where = l.at;
            return "code";
        }
    }
    return NULL;
}

/* ---- inside a line ----------------------------------------------------- */

/* print("x"), get_state(), light.turn_on(x); not "light(s)". */
static bool is_call(const char *text, const char *bracket)
{
    const char *start = bracket;

    while (start > text && bracket - start < 40 &&
           (is_word_byte(start[-1]) || start[-1] == '.'))
        start--;
    if (start == bracket) return false;
    return (bracket[1] && strchr(")\"'", bracket[1])) ||
           memchr(start, '_', (size_t)(bracket - start)) ||
           memchr(start, '.', (size_t)(bracket - start));
}

static bool is_operator(const char *text, const char *at)
{
    static const char *const operators[] = {"==", "!=", "=>", "->", "&&",
                                            "+=", ">=", "<="};

    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strncmp(at, operators[i], 2) == 0)
            return at[2] != *at && (at == text || at[-1] != *at);
    return false;
}

/* Is the token one, or does it end in one: "Great!:)"? */
static bool is_emoticon(const char *token, size_t len)
{
    static const char *const whole[] = {
        ":(", ":-(", ":D", ":-D", ":P", ":-P", ":p", ":-p", ";P", ":/", ":-/",
        ":o", ":O", ":-O", ":3", ":|", ":*", ":'(", "xD", "XD", "<3", "</3",
        "^^", "-_-", "T_T", "o_O", "O_o", ">_<", "=)", "=D", "B-)", "^.^",
        "(:", "\\o/", "u_u",
    };
    static const char *const parts[] = {":)", ":-)", ";)", ";-)", "^_^"};

    while (len > 2 && strchr(".,!?", token[len - 1])) len--;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strlen(whole[i]) == len && memcmp(token, whole[i], len) == 0)
            return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = strlen(parts[i]);

        if (len >= n && memcmp(token + len - n, parts[i], n) == 0 &&
            !memchr(token, '(', len))
            return true;
    }
    return len >= 5 && len <= 12 && token[0] == '(' &&
           (memcmp(token, "(^", 2) == 0 || memcmp(token, "(>_<", 4) == 0 ||
            memcmp(token, "(-_", 3) == 0);
}

/* The mouths and cheeks of faces like (・ω・), where no Japanese is read. */
static bool is_face(const char *token, size_t len)
{
    static const char *const dots[] = {"\xE3\x83\xBB", "\xEF\xBD\xA5",
                                       "\xE2\x89\xA7", "\xCB\x98"};

    if (len < 5 || len > 40 || token[0] != '(') return false;
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) {
        size_t n = strlen(dots[i]);

        if (memcmp(token + 1, dots[i], n) == 0) return true;
    }
    return false;
}

static const char *find_inside(const char *text, const char **where)
{
    for (const char *at = text; *at; at++) {
        bool starts = at == text || strchr(" \t\r\n", at[-1]) != NULL;

        *where = at;
        if (starts && !strchr(" \t\r\n", *at)) {
            size_t len = strcspn(at, " \t\r\n");

            if (is_emoticon(at, len) || is_face(at, len))
                return "an emoticon";
            if (strncmp(at, ">>> ", 4) == 0) return "code";
        }
        if (*at == '(' && is_call(text, at)) return "code";
        if (strchr("=!-&+<>", *at) && is_operator(text, at)) return "code";
    }
    return NULL;
}

const char *markup_block_find(const char *text, const char **where)
{
    const char *lines_at = NULL, *inside_at = NULL;
    const char *lines  = find_lines(text, &lines_at);
    const char *inside = find_inside(text, &inside_at);

    if (lines && (!inside || lines_at <= inside_at)) {
        *where = lines_at;
        return lines;
    }
    *where = inside_at;
    return inside;
}
