/* SPDX-License-Identifier: MIT */
/* ifeval_words.c - rules about words, letters, sentences and language. */
#include <string.h>

#include "original/ifeval_regex.h"
#include "original/ifeval_rules.h"
#include "original/langdetect.h"
#include "original/nltk_class.h"
#include "original/sentences.h"

static struct view text_of(const struct py *v)
{
    return (struct view){v->as.text.bytes, v->as.text.len};
}

bool ifeval_existence(const struct ifeval_given *g)
{
    const struct py *words = py_get(g->kwargs, "keywords");

    for (size_t i = 0; i < words->n; i++)
        if (!regex_found(REGEX_KEYWORD, text_of(&words->as.items[i]),
                         g->text, g->is_utf8))
            return false;
    return true;
}

bool ifeval_frequency(const struct ifeval_given *g)
{
    size_t n = regex_count(REGEX_KEYWORD, py_strip(ifeval_text(g, "keyword")),
                           g->text, g->is_utf8);

    return ifeval_relation(g, "relation", "frequency", n);
}

bool ifeval_forbidden_words(const struct ifeval_given *g)
{
    const struct py *words = py_get(g->kwargs, "forbidden_words");

    for (size_t i = 0; i < words->n; i++)
        if (regex_found(REGEX_WORD, text_of(&words->as.items[i]), g->text,
                        g->is_utf8))
            return false;
    return true;
}

/* In lower(): besides A to Z two characters give an ASCII letter there, the
 * Kelvin sign and the dotted capital I. */
static char small_letter(uint32_t c)
{
    if (c >= 'A' && c <= 'Z') return (char)(c + 32);
    if (c < 0x80) return (char)c;
    return c == 0x212A ? 'k' : c == 0x130 ? 'i' : '\0';
}

bool ifeval_letter_frequency(const struct ifeval_given *g)
{
    struct view given = ifeval_text(g, "letter");
    size_t      n = 0, at = 0;
    char        letter = small_letter(py_next(given, &at));

    for (size_t i = 0; i < g->text.len;) {
        unsigned char byte = (unsigned char)g->text.at[i];
        if (byte < 0x80) {
            n += (byte | 0x20) == (unsigned char)letter;   /* letter: a-z   */
            i++;
        } else {
            n += small_letter(py_next(g->text, &i)) == letter;
        }
    }
    return ifeval_relation(g, "let_relation", "let_frequency", n);
}

/* Runs of \w as nltk's RegexpTokenizer finds them. */
bool ifeval_number_words(const struct ifeval_given *g)
{
    size_t n = 0;
    bool   inside = false;

    for (size_t i = 0; i < g->text.len;) {
        bool is_word = nltk_is_word(py_next(g->text, &i));
        n += is_word && !inside;
        inside = is_word;
    }
    return ifeval_relation(g, "relation", "num_words", n);
}

bool ifeval_number_sentences(const struct ifeval_given *g)
{
    return ifeval_relation(g, "relation", "num_sentences",
                           sentences_count(g->text));
}

static void count_capital(void *ctx, struct view token)
{
    if (py_isupper(token)) ++*(size_t *)ctx;
}

bool ifeval_capital_word_frequency(const struct ifeval_given *g)
{
    size_t n = 0;

    words_each(g->text, count_capital, &n);
    return ifeval_relation(g, "capital_relation", "capital_frequency", n);
}

/* A text whose language cannot be told follows. */
static bool is_language(struct view text, struct view code)
{
    const char *found = langdetect(text, NULL);

    return !found || view_same(view_of(found), code);
}

bool ifeval_response_language(const struct ifeval_given *g)
{
    return is_language(g->text, ifeval_text(g, "language"));
}

bool ifeval_english_capital(const struct ifeval_given *g)
{
    return py_isupper(g->text) && is_language(g->text, view_of("en"));
}

bool ifeval_english_lowercase(const struct ifeval_given *g)
{
    return py_islower(g->text) && is_language(g->text, view_of("en"));
}

bool ifeval_no_comma(const struct ifeval_given *g)
{
    return !memchr(g->text.at, ',', g->text.len);
}
