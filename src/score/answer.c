/* SPDX-License-Identifier: MIT */
/* answer.c - see answer.h. */
#include "score/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "sentence.h"

#define EXCERPT_BYTES 40
#define PIECE_BYTES   1024

void answer_fail(struct judgement *out, const char *fmt, ...)
{
    va_list args;
    char    text[sizeof out->reason];
    char   *valid;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    /* Cutting may have split a character. */
    valid     = utf8_clean(text, strlen(text));
    out->pass = false;
    snprintf(out->reason, sizeof out->reason, "%s", valid);
    free(valid);
}

bool answer_is_unfit(const char *answer, size_t least, struct judgement *out)
{
    size_t len = strlen(answer), words;

    *out = (struct judgement){.pass = true};
    if (len > ANSWER_MOST_BYTES) {
        answer_fail(out, "the answer has %zu bytes, more than the %d that are "
                    "judged", len, ANSWER_MOST_BYTES);
        return true;
    }
    words = sentence_words(answer, len);
    if (words >= least) return false;
    if (words == 0)
        answer_fail(out, "gave no answer");
    else
        answer_fail(out, "the answer has only %zu word%s", words,
                    words == 1 ? "" : "s");
    return true;
}

static bool is_space(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    return (c >= '\t' && c <= '\r') || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* utf8_fold of a valid text, in pieces that start with an ASCII character
 * where there is one: folding sorts marks, which is quadratic in a crafted
 * text that has nothing else. */
static char *fold(const char *text)
{
    struct strbuf out;
    size_t        len = strlen(text);

    strbuf_init(&out, len * 4 + 64);
    while (len > 0) {
        size_t n = len < PIECE_BYTES ? len : PIECE_BYTES, cut = n;
        char  *piece, *folded;

        while (cut > 0 && cut < len && (unsigned char)text[cut] >= 0x80) cut--;
        if (cut > 0)
            n = cut;
        else
            while (n < len && ((unsigned char)text[n] & 0xc0) == 0x80) n++;
        piece  = mem_copy_n(text, n);
        folded = utf8_fold(piece);
        strbuf_add(&out, folded);
        free(piece);
        free(folded);
        text += n;
        len -= n;
    }
    return out.text;
}

char *answer_normal(const char *text)
{
    char            *clean  = utf8_clean(text, strlen(text));
    char            *folded = fold(clean);
    char            *normal = mem_new(strlen(folded) + 1, 1);
    size_t           used   = 0;
    bool             gap    = false;
    utf8proc_int32_t c;

    for (const char *at = folded; *at;) {
        size_t n = utf8_look(at, &c);

        if (is_space(c)) {
            gap = used > 0;
        } else {
            if (gap) normal[used++] = ' ';
            gap = false;
            if (c == 0x2019 || c == 0x2018) {
                normal[used++] = '\'';
            } else if (c == 0x201c || c == 0x201d) {
                normal[used++] = '"';
            } else {
                memcpy(normal + used, at, n);
                used += n;
            }
        }
        at += n;
    }
    free(clean);
    free(folded);
    return normal;
}

char *answer_bare(char *normal)
{
    static const char marks[] = " .,;:!?\"'()*";
    size_t            len;

    normal += strspn(normal, marks);
    for (len = strlen(normal); len > 0;) {
        if (strchr(marks, normal[len - 1]))
            len--;
        else if (len >= 3 && strncmp(normal + len - 3, "\xE2\x80\xA6", 3) == 0)
            len -= 3;
        else
            break;
    }
    normal[len] = '\0';
    return normal;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Does a word, or a number such as 21.5, go on across `at`? */
static bool joins(const char *text, const char *at)
{
    const char      *before = at;
    utf8proc_int32_t left, right;

    if (at == text || !*at) return false;
    do before--;
    while (before > text && ((unsigned char)*before & 0xc0) == 0x80);
    utf8_look(before, &left);
    utf8_look(at, &right);
    if (utf8_is_word(left) && utf8_is_word(right)) return true;
    if (is_digit(*before) && (*at == '.' || *at == ',') && is_digit(at[1]))
        return true;
    return is_digit(*at) && (*before == '.' || *before == ',') &&
           before > text && is_digit(before[-1]);
}

const char *answer_find(const char *normal, const char *from,
                        const char *phrase, const char **end)
{
    char       *wanted = answer_normal(phrase);
    size_t      len    = strlen(wanted);
    const char *found  = NULL;

    for (const char *at = from; len > 0 && !found; at++) {
        at = strstr(at, wanted);
        if (!at) break;
        if (!joins(normal, at) && !joins(normal, at + len)) found = at;
    }
    if (found) *end = found + len;
    free(wanted);
    return found;
}

bool answer_has(const char *normal, const char *phrase)
{
    const char *end;

    return answer_find(normal, normal, phrase, &end) != NULL;
}

size_t answer_times(const char *normal, const char *phrase)
{
    const char *at = normal;
    size_t      n  = 0;

    while (answer_find(normal, at, phrase, &at)) n++;
    return n;
}

char *answer_words(const char *text)
{
    char            *words = answer_normal(text);
    size_t           used = 0;
    bool             gap = false;
    utf8proc_int32_t c;

    for (const char *at = words; *at;) {
        size_t n = utf8_look(at, &c);

        /* "don't" and "21.5" stay whole. */
        if (utf8_is_word(c) || (at > words && joins(words, at)) ||
            (c == '\'' && used > 0 && !gap && at[1] >= 'a' && at[1] <= 'z')) {
            if (gap) words[used++] = ' ';
            gap = false;
            memmove(words + used, at, n);
            used += n;
        } else {
            gap = used > 0;
        }
        at += n;
    }
    words[used] = '\0';
    return words;
}

char *answer_excerpt(const char *text)
{
    size_t len = strcspn(text, "\r\n"), cut = len;
    char  *printable, *excerpt;

    if (cut > EXCERPT_BYTES)
        for (cut = EXCERPT_BYTES; cut > 0 &&
             ((unsigned char)text[cut] & 0xc0) == 0x80; cut--) {}
    printable = utf8_printable(text, cut);
    excerpt   = mem_printf("%s%s", printable, cut < len ? "..." : "");
    free(printable);
    return excerpt;
}
