/* SPDX-License-Identifier: MIT */
/* hearing_sound.c - how a word sounds, in a few letters: see
 * hearing_internal.h. Bounded: letters behind the 64th are not looked at. */
#include <string.h>
#include <utf8proc.h>

#include "hearing/hearing_internal.h"

#define MOST_LETTERS 64

/* The letters of a word without their marks, in ASCII. */
struct letters {
    char   at[MOST_LETTERS + 3];   /* with NULs behind the last              */
    size_t n;
};

static char plain(utf8proc_int32_t c)
{
    static const struct {
        utf8proc_int32_t from;
        char             to;
    } marked[] = {
        {0xe4, 'a'}, {0xe1, 'a'}, {0xe0, 'a'}, {0xe2, 'a'}, {0xe9, 'e'},
        {0xe8, 'e'}, {0xea, 'e'}, {0xeb, 'e'}, {0xed, 'i'}, {0xef, 'i'},
        {0xf6, 'o'}, {0xf3, 'o'}, {0xf4, 'o'}, {0xfc, 'u'}, {0xfa, 'u'},
        {0xdf, 's'}, {0xf1, 'n'}, {0xe7, 'c'},
    };

    if (c >= 'a' && c <= 'z') return (char)c;
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
        if (marked[i].from == c) return marked[i].to;
    return '\0';
}

static void read_letters(const char *word, struct letters *l)
{
    *l = (struct letters){.n = 0};
    while (*word && l->n < MOST_LETTERS) {
        utf8proc_int32_t c = -1;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)word, -1, &c);
        char             letter = n > 0 ? plain(c) : '\0';

        if (letter) l->at[l->n++] = letter;
        word += n > 0 ? n : 1;
    }
}

/* A letter that may stand before the first or behind the last. */
static char letter(const struct letters *l, size_t i)
{
    return i < l->n ? l->at[i] : '\0';
}

static bool one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool is_vowel(char c)
{
    return one_of(c, "aeiou");
}

struct key {
    char  *out;
    size_t n;
};

static void put(struct key *k, char sound)
{
    if (k->n + 1 < HEARING_KEY_BYTES) k->out[k->n++] = sound;
}

/* ---- English: Metaphone -------------------------------------------------- */

static size_t silent_start(const struct letters *l)
{
    char a = letter(l, 0), b = letter(l, 1);

    return (one_of(a, "kgp") && b == 'n') || (a == 'a' && b == 'e') ||
           (a == 'w' && b == 'r');
}

static void sound_g(const struct letters *l, size_t i, struct key *k)
{
    char next = letter(l, i + 1), after = letter(l, i + 2);
    char last = i ? letter(l, i - 1) : '\0';

    if (next == 'h' && !is_vowel(after)) return;        /* night, high       */
    if (next == 'n' && (!after || after == 'e')) return;/* sign, signed      */
    if (last == 'd' && one_of(next, "eiy")) return;     /* edge: d spoke     */
    put(k, one_of(next, "eiy") && last != 'g' ? 'J' : 'K');
}

static void sound_c(const struct letters *l, size_t i, struct key *k)
{
    char next = letter(l, i + 1), last = i ? letter(l, i - 1) : '\0';

    if (next == 'h')
        put(k, last == 's' ? 'K' : 'X');
    else if (next == 'i' && letter(l, i + 2) == 'a')
        put(k, 'X');
    else if (one_of(next, "eiy")) {
        if (last != 's') put(k, 'S');
    } else {
        put(k, 'K');
    }
}

static void sound_s(const struct letters *l, size_t i, struct key *k)
{
    char next = letter(l, i + 1);
    bool is_sion = next == 'i' && one_of(letter(l, i + 2), "ao");

    put(k, next == 'h' || is_sion ? 'X' : 'S');
}

static void sound_t(const struct letters *l, size_t i, struct key *k)
{
    char next = letter(l, i + 1), after = letter(l, i + 2);

    if (next == 'c' && after == 'h') return;            /* kitchen           */
    if (next == 'h')
        put(k, '0');
    else
        put(k, next == 'i' && one_of(after, "ao") ? 'X' : 'T');
}

static void sound_english(const struct letters *l, size_t i, struct key *k)
{
    char c = letter(l, i), next = letter(l, i + 1);
    char last = i ? letter(l, i - 1) : '\0';

    if (is_vowel(c)) {
        if (k->n == 0 && i <= 1) put(k, (char)(c - 'a' + 'A'));
        return;
    }
    switch (c) {
    case 'b': if (last != 'm' || next) put(k, 'B'); break;
    case 'c': sound_c(l, i, k); break;
    case 'd':
        put(k, next == 'g' && one_of(letter(l, i + 2), "eiy") ? 'J' : 'T');
        break;
    case 'g': sound_g(l, i, k); break;
    case 'h':
        if (is_vowel(next) && !one_of(last, "cspgt")) put(k, 'H');
        break;
    case 'k': if (last != 'c') put(k, 'K'); break;
    case 'p': put(k, next == 'h' ? 'F' : 'P'); break;
    case 'q': put(k, 'K'); break;
    case 's': sound_s(l, i, k); break;
    case 't': sound_t(l, i, k); break;
    case 'v': put(k, 'F'); break;
    case 'w': case 'y':
        if (is_vowel(next) || (c == 'w' && i == 0 && next == 'h'))
            put(k, (char)(c - 'a' + 'A'));
        break;
    case 'x':
        if (i > 0) put(k, 'K');
        put(k, 'S');
        break;
    case 'z': put(k, 'S'); break;
    default: put(k, (char)(c - 'a' + 'A')); break;      /* f j l m n r       */
    }
}

static void key_english(const struct letters *l, struct key *k)
{
    for (size_t i = silent_start(l); i < l->n; i++) {
        if (i && l->at[i] == l->at[i - 1] && l->at[i] != 'c') continue;
        sound_english(l, i, k);
    }
}

/* ---- German: Kölner Phonetik --------------------------------------------- */

static char code_c(const struct letters *l, size_t i)
{
    char next = letter(l, i + 1), last = i ? letter(l, i - 1) : '\0';

    if (i == 0) return one_of(next, "ahkloqrux") ? '4' : '8';
    if (one_of(last, "sz")) return '8';
    return one_of(next, "ahkoqux") ? '4' : '8';
}

static char code_german(const struct letters *l, size_t i)
{
    char c = letter(l, i), next = letter(l, i + 1);

    if (one_of(c, "aeijouy")) return '0';
    if (c == 'b' || (c == 'p' && next != 'h')) return '1';
    if (c == 'd' || c == 't') return one_of(next, "csz") ? '8' : '2';
    if (one_of(c, "fvwp")) return '3';
    if (one_of(c, "gkq")) return '4';
    if (c == 'c') return code_c(l, i);
    if (c == 'l') return '5';
    if (c == 'm' || c == 'n') return '6';
    if (c == 'r') return '7';
    return c == 'h' ? '\0' : '8';
}

static void key_german(const struct letters *l, struct key *k)
{
    char last = '\0';

    for (size_t i = 0; i < l->n; i++) {
        char code = code_german(l, i);

        if (!code) continue;
        if (l->at[i] == 'x' && !(i && one_of(l->at[i - 1], "ckq")) &&
            last != '4')
            put(k, '4');
        if (code != last && (code != '0' || k->n == 0)) put(k, code);
        last = code;
    }
}

/* ---- Spanish ------------------------------------------------------------- */

static char code_spanish(const struct letters *l, size_t i)
{
    char c = letter(l, i), next = letter(l, i + 1);

    switch (c) {
    case 'h': return '\0';
    case 'v': return 'B';
    case 'z': return 'S';
    case 'c':
        if (next == 'h') return 'X';
        return one_of(next, "ei") ? 'S' : 'K';
    case 'q': return 'K';
    case 'j': return 'J';
    case 'g': return one_of(next, "ei") ? 'J' : 'G';
    case 'l': return next == 'l' ? 'Y' : 'L';
    default: return (char)(c - 'a' + 'A');
    }
}

static void key_spanish(const struct letters *l, struct key *k)
{
    for (size_t i = 0; i < l->n; i++) {
        char code = code_spanish(l, i);

        if (!code || (i && l->at[i] == l->at[i - 1])) continue;
        if (is_vowel(l->at[i]) && k->n) continue;
        put(k, code);
    }
}

void hearing_key(enum hearing_sounds sounds, const char *word,
                 char key[HEARING_KEY_BYTES])
{
    struct letters l;
    struct key     k = {.out = key};

    read_letters(word, &l);
    memset(key, 0, HEARING_KEY_BYTES);
    switch (sounds) {
    case SOUNDS_ENGLISH: key_english(&l, &k); break;
    case SOUNDS_GERMAN:  key_german(&l, &k); break;
    case SOUNDS_SPANISH: key_spanish(&l, &k); break;
    }
}
