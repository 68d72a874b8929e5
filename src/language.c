/* SPDX-License-Identifier: MIT */
/* language.c - see language.h. Each word speaks for the languages that have
 * it, more the fewer they are; its beginning and end speak in a lower voice;
 * a letter that a language does not write speaks against it. */
#include "language.h"

#include <stddef.h>
#include <string.h>
#include <utf8proc.h>

#include "language_words.h"

#define MOST_BYTES     4096
#define WORD_BYTES     64      /* longer ones are cut                      */
#define N_LANGUAGES    8

/* Weights by hand; the last two by trying, on sentences that are not in the
 * tests: a lower LEAST_A_WORD tells more, and takes more of other languages
 * for one of ours. */
#define WORD_WEIGHT    3.0     /* of a word that only one language has     */
#define PART_WEIGHT    0.7
#define PARTS_MOST     1.8     /* all parts of one word together           */
#define FOREIGN_WEIGHT 2.0
#define LEAST_MARGIN   0.35    /* nearer than that are equally near        */
#define LEAST_A_WORD   0.55    /* less, and it is a language that we do not
                                  know                                     */

const char language_codes[] = "en de es fr it nl pt pl el he ja ko th zh";

static const char codes[N_LANGUAGES][3] = {"en", "de", "es", "fr",
                                           "it", "nl", "pt", "pl"};

/* Letters that are not ASCII. */
static const char *const letters[N_LANGUAGES] = {
    "éï", "äöüßé", "áéíóúüñªº", "àâæçéèêëîïôœùûüÿ", "àèéìíòóùúî",
    "éèëïóöüáêâç", "áâãàçéêíóôõúüªº", "ąćęłńóśźż",
};

/* ---- languages with a script of their own -------------------------------- */

enum script { GREEK, HEBREW, KANA, HANGUL, THAI, HAN, N_SCRIPTS };

static const struct {
    utf8proc_int32_t first, last;
    enum script      script;
} ranges[] = {
    {0x0370, 0x03ff, GREEK}, {0x1f00, 0x1fff, GREEK},
    {0x0590, 0x05ff, HEBREW}, {0x0e00, 0x0e7f, THAI},
    {0x3040, 0x30ff, KANA}, {0x31f0, 0x31ff, KANA},
    {0x1100, 0x11ff, HANGUL}, {0x3130, 0x318f, HANGUL},
    {0xac00, 0xd7a3, HANGUL},
    {0x3400, 0x4dbf, HAN}, {0x4e00, 0x9fff, HAN}, {0x20000, 0x2fa1f, HAN},
};

static const char script_codes[N_SCRIPTS][3] = {"el", "he", "ja", "ko", "th",
                                                "zh"};

/* ---- what was seen ----------------------------------------------------- */

struct votes {
    double of[N_LANGUAGES];
    size_t scripts[N_SCRIPTS];   /* letters                                */
    size_t letters, other;       /* Latin ones; of scripts not known here  */
    size_t words;
};

static void count_letter(struct votes *v, utf8proc_int32_t c)
{
    if (c < 0x0250 || (c >= 0x1e00 && c <= 0x1eff)) {
        v->letters++;
        return;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last) {
            v->scripts[ranges[i].script]++;
            return;
        }
    v->other++;
}

static bool is_letter(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_MC;
}

/* The word as it stands in a list: " word ". */
static void vote_word(struct votes *v, const char *word, size_t len)
{
    char     key[WORD_BYTES + 3];
    unsigned n = 0;
    bool     has[N_LANGUAGES];

    key[0] = ' ';
    memcpy(key + 1, word, len);
    memcpy(key + 1 + len, " ", 2);
    for (size_t i = 0; i < N_LANGUAGES; i++) {
        has[i] = strstr(common_words[i], key) != NULL;
        n += has[i];
    }
    for (size_t i = 0; i < N_LANGUAGES; i++)
        if (has[i]) v->of[i] += WORD_WEIGHT / (0.5 + 0.5 * n);
}

static bool has_part(const char *word, size_t len, const char *part, size_t n)
{
    bool open_left = part[0] == '-', open_right = part[n - 1] == '-';

    part += open_left;
    n -= (size_t)open_left + (size_t)open_right;
    if (n >= len) return false;
    if (!open_left) return memcmp(word, part, n) == 0;
    if (!open_right) return memcmp(word + len - n, part, n) == 0;
    for (size_t i = 1; i + n < len; i++)
        if (memcmp(word + i, part, n) == 0) return true;
    return false;
}

static void vote_parts(struct votes *v, const char *word, size_t len)
{
    for (size_t i = 0; i < N_LANGUAGES; i++) {
        double sum = 0;

        for (const char *part = common_parts[i] + 1; *part;) {
            size_t n = strcspn(part, " ");

            if (has_part(word, len, part, n)) sum += PART_WEIGHT;
            part += n + (part[n] == ' ');
        }
        v->of[i] += sum < PARTS_MOST ? sum : PARTS_MOST;
    }
}

static void vote_letters(struct votes *v, const char *word, size_t len)
{
    for (size_t at = 0; at < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate(
            (const utf8proc_uint8_t *)word + at, (utf8proc_ssize_t)(len - at),
            &c);
        char letter[5] = "";

        if (n <= 0) return;
        memcpy(letter, word + at, (size_t)n);
        for (size_t i = 0; n > 1 && i < N_LANGUAGES; i++)
            if (!strstr(letters[i], letter)) v->of[i] -= FOREIGN_WEIGHT;
        at += (size_t)n;
    }
}

static void end_word(struct votes *v, const char *word, size_t len)
{
    if (len == 0) return;
    v->words++;
    vote_word(v, word, len);
    vote_parts(v, word, len);
    vote_letters(v, word, len);
}

static void read_text(struct votes *v, const char *text)
{
    size_t len = strnlen(text, MOST_BYTES), used = 0;
    char   word[WORD_BYTES];

    *v = (struct votes){0};
    for (size_t at = 0; at < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate(
            (const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(len - at),
            &c);

        at += n > 0 ? (size_t)n : 1;
        if (n > 0 && is_letter(c)) {
            count_letter(v, c);
            if (used + 4 < WORD_BYTES)
                used += (size_t)utf8proc_encode_char(
                    utf8proc_tolower(c), (utf8proc_uint8_t *)word + used);
        } else if ((c == '\'' || c == 0x2019) && used > 0) {
            /* "l'heure" is an article and a word, "isn't" is one word;
             * as a list has it, so it is found. */
            word[used++] = '\'';
            if (used > 3) continue;
            end_word(v, word, used);
            used = 0;
        } else {
            end_word(v, word, used);
            used = 0;
        }
        if (used + 5 > WORD_BYTES) used = WORD_BYTES - 5;
    }
    end_word(v, word, used);
}

/* ---- the verdict ------------------------------------------------------- */

/* A script that is one language's, when most letters are of it. Japanese
 * mixes its kana with Han, Chinese has no kana. */
static const char *of_script(const struct votes *v)
{
    size_t all = v->letters + v->other, best = 0;

    for (size_t i = 0; i < N_SCRIPTS; i++) all += v->scripts[i];
    for (size_t i = 1; i < N_SCRIPTS; i++)
        if (v->scripts[i] > v->scripts[best]) best = i;
    if (best == HAN && v->scripts[KANA] > 0) best = KANA;
    if (best == KANA
            ? (v->scripts[KANA] + v->scripts[HAN]) * 2 <= all
            : v->scripts[best] * 2 <= all)
        return NULL;
    return script_codes[best];
}

/* The two best of the eight. */
static void rank(const struct votes *v, size_t *first, size_t *second)
{
    *first  = 0;
    *second = 1;
    if (v->of[1] > v->of[0]) {
        *first  = 1;
        *second = 0;
    }
    for (size_t i = 2; i < N_LANGUAGES; i++) {
        if (v->of[i] > v->of[*first]) {
            *second = *first;
            *first  = i;
        } else if (v->of[i] > v->of[*second]) {
            *second = i;
        }
    }
}

static bool is_told(const struct votes *v, size_t language)
{
    return v->letters > v->other && v->words > 0 && v->of[language] > 0 &&
           v->of[language] >= LEAST_A_WORD * (double)v->words;
}

const char *language_of(const char *text, double *confidence)
{
    struct votes v;
    const char  *code;
    size_t       first, second;
    double       most, next;

    if (confidence) *confidence = 0;
    read_text(&v, text);
    code = of_script(&v);
    if (code) {
        if (confidence) *confidence = 1;
        return code;
    }
    rank(&v, &first, &second);
    if (!is_told(&v, first)) return NULL;
    most = v.of[first];
    next = v.of[second] > 0 ? v.of[second] : 0;
    if (confidence) *confidence = most / (most + next);
    return most - next < LEAST_MARGIN ? NULL : codes[first];
}

bool language_may_be(const char *text, const char *code)
{
    struct votes v;
    const char  *script;
    size_t       first, second;

    read_text(&v, text);
    script = of_script(&v);
    if (script) return strcmp(script, code) == 0;
    rank(&v, &first, &second);
    for (size_t i = 0; i < N_LANGUAGES; i++)
        if (strcmp(codes[i], code) == 0)
            return is_told(&v, i) && v.of[first] - v.of[i] < LEAST_MARGIN;
    return false;
}

bool language_is_known(const char *code)
{
    return strlen(code) == 2 && strstr(language_codes, code) != NULL &&
           !strchr(code, ' ');
}
