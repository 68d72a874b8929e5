/* SPDX-License-Identifier: MIT */
/* markdown_text.c - see markdown_text.h. */
#include "report/markdown_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define MAX_QUOTE_BYTES 2000   /* of one text of a model */

static bool is_markup(const char *text, size_t at)
{
    if (strchr("\\`*[]<>|&~$#", text[at])) return true;
    if (text[at] == ':') return strncmp(text + at, "://", 3) == 0;
    if (text[at] != '_') return false;
    /* a_b is plain text in every dialect: names stay readable */
    return at == 0 || !isalnum((unsigned char)text[at - 1]) ||
           !isalnum((unsigned char)text[at + 1]);
}

void md_inline(struct strbuf *out, const char *text)
{
    char *safe = utf8_printable(text, strlen(text));

    for (size_t i = 0; safe[i]; i++) {
        if (is_markup(safe, i)) strbuf_add(out, "\\");
        strbuf_addn(out, safe + i, 1);
    }
    free(safe);
}

static size_t longest_run(const char *text)
{
    size_t longest = 0, run = 0;

    for (; *text; text++) {
        run = *text == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    return longest;
}

static void backticks(struct strbuf *out, size_t n)
{
    while (n-- > 0) strbuf_add(out, "`");
}

void md_code_span(struct strbuf *out, const char *text)
{
    char       *safe  = utf8_printable(text, strlen(text));
    size_t      n     = longest_run(safe) + 1;
    const char *space = n > 1 ? " " : "";

    backticks(out, n);
    strbuf_addf(out, "%s%s%s", space, *safe ? safe : " ", space);
    backticks(out, n);
    free(safe);
}

void md_fenced(struct strbuf *out, const char *language, const char *text)
{
    size_t len   = strlen(text), shown = len, fence = longest_run(text) + 1;
    bool   is_exact = true;

    if (fence < 3) fence = 3;
    if (!*language && len > MAX_QUOTE_BYTES) {
        shown = MAX_QUOTE_BYTES;
        while (shown && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--;
    }
    backticks(out, fence);
    strbuf_addf(out, "%s\n", language);
    for (size_t at = 0; at < shown;) {
        size_t n    = strcspn(text + at, "\n");
        char  *line;

        if (n > shown - at) n = shown - at;
        line = utf8_printable(text + at, n);
        is_exact = is_exact && strncmp(line, text + at, n) == 0;
        strbuf_addf(out, "%s\n", line);
        free(line);
        at += n + 1;
    }
    backticks(out, fence);
    strbuf_add(out, "\n");
    if (!is_exact)
        strbuf_add(out, "\n(Control characters are not shown; the exact "
                   "text is in the JSON report.)\n");
    if (shown < len)
        strbuf_addf(out, "\n(%zu more bytes are in the JSON report.)\n",
                    len - shown);
    strbuf_add(out, "\n");
}

void md_item(struct strbuf *out, const char *label, const char *text)
{
    if (!text || !*text) return;
    strbuf_addf(out, "- **%s:** ", label);
    md_inline(out, text);
    strbuf_add(out, "\n");
}

void md_item_code(struct strbuf *out, const char *label, const char *text)
{
    if (!text || !*text) return;
    strbuf_addf(out, "- **%s:** ", label);
    md_code_span(out, text);
    strbuf_add(out, "\n");
}
