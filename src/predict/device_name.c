/* SPDX-License-Identifier: MIT */
/* device_name.c - see device_name.h. */
#include "predict/device_name.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/opt.h"

#define NAME_BYTES 512         /* of a name that is looked at                */
#define SIZE_MOST  1e6         /* GB; above it is no size of a memory        */

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0) return true;
    return false;
}

/* Makers, product lines and trade marks: names with and without them are of
 * the same thing. */
static bool is_noise(const char *word)
{
    static const char *const noise[] = {
        "nvidia", "geforce", "amd", "radeon", "intel", "apple", "tesla",
        "rockchip", "qualcomm", "corporation", "corp", "inc", "r", "tm", "c",
        "cpu", "gpu", "graphics", "core", "processor", "integrated", "series",
        "ram", "memory", "vram", NULL};

    return is_one_of(word, noise);
}

/* Where a chip sits. On a chip that is a whole system this changes nothing;
 * a graphics chip for laptops is another than that for desktops. */
static bool is_chassis(const char *word)
{
    static const char *const chassis[] = {
        "laptop", "desktop", "mini", "pc", "board", "module", "developer",
        "development", "engineering", "reference", "kit", "devkit", "som",
        "sbc", NULL};

    return is_one_of(word, chassis);
}

/* "7core" */
static bool is_core_count(const char *word)
{
    size_t digits = strspn(word, "0123456789");

    return digits && strcmp(word + digits, "core") == 0;
}

/* ---- reading ------------------------------------------------------------ */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_word(struct device_name *out, const char *word, size_t len)
{
    char *to;

    if (out->n == DEVICE_WORDS_MAX || len == 0) return;
    if (len >= DEVICE_WORD_BYTES) len = DEVICE_WORD_BYTES - 1;
    to = out->words[out->n++];
    for (size_t i = 0; i < len; i++)
        to[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32
                                                        : word[i]);
    to[len] = '\0';
}

/* One word of letters, of digits or "+" begins at `at`; its length. */
static size_t word_length(const char *at)
{
    size_t len = 0;

    if (*at == '+') return 1;
    if (is_digit(*at)) {
        while (is_digit(at[len])) len++;
        /* "11.94 GB", "Rev 1.4": a point between digits is inside a number */
        if (at[len] == '.' && is_digit(at[len + 1])) {
            len++;
            while (is_digit(at[len])) len++;
        }
        return len;
    }
    while (is_letter(at[len])) len++;
    return len;
}

/* Every word, none left out, merged or renamed. */
static void read_raw(const char *text, struct device_name *out)
{
    const char *end = text + strnlen(text, NAME_BYTES);

    *out = (struct device_name){.memory_gb = NAN};
    while (text < end && *text) {
        size_t len = word_length(text);
        if (len && *text == '+') add_word(out, "plus", 4);
        else if (len) add_word(out, text, len);
        text += len ? len : 1;
    }
}

static bool is_number(const char *word) { return is_digit(*word); }

static bool is_unit_of_memory(const char *word)
{
    static const char *const units[] = {"gb", "gib", NULL};

    return is_one_of(word, units);
}

static bool is_ordinal(const char *word)
{
    static const char *const endings[] = {"st", "nd", "rd", "th", NULL};

    return is_one_of(word, endings);
}

/* Of "digits[.digits]", whatever the locale. */
static double number(const char *word)
{
    double value = 0, place = 1;

    for (; is_digit(*word); word++) value = 10 * value + (*word - '0');
    if (*word == '.')
        for (word++; is_digit(*word); word++)
            value += (*word - '0') * (place /= 10);
    return value;
}

/* The words that are words, from the raw ones. */
static void settle(const struct device_name *raw, struct device_name *out)
{
    *out = (struct device_name){.memory_gb = NAN};
    for (size_t i = 0; i < raw->n; i++) {
        const char *word = raw->words[i];
        const char *next = i + 1 < raw->n ? raw->words[i + 1] : "";
        const char *third = i + 2 < raw->n ? raw->words[i + 2] : "";

        if (is_number(word) && is_unit_of_memory(next) &&
            number(word) < SIZE_MOST) {
            if (isnan(out->memory_gb)) out->memory_gb = number(word);
            i++;
        } else if (is_number(word) && (strcmp(next, "core") == 0 ||
                                       strcmp(next, "cores") == 0)) {
            char merged[DEVICE_WORD_BYTES + 4];
            snprintf(merged, sizeof merged, "%score", word);
            i++;
            /* "16-Core Processor" is how one maker ends every name. */
            if (strcmp(third, "processor") != 0)
                add_word(out, merged, strlen(merged));
        } else if (is_number(word) && is_ordinal(next) &&
                   strcmp(third, "gen") == 0) {
            i += 2;
        } else if ((strcmp(word, "rev") == 0 && is_number(next)) ||
                   (strcmp(word, "model") == 0 && *next && !next[1])) {
            i++;                  /* "Raspberry Pi 5 Model B Rev 1.0" */
        } else if (strcmp(word, "mobile") == 0 ||
                   strcmp(word, "notebook") == 0) {
            add_word(out, "laptop", 6);
        } else {
            add_word(out, word, strlen(word));
        }
    }
}

/* The text as far as it names the thing itself. */
static void copy_head(const char *text, char *out, size_t size)
{
    size_t len = 0;

    for (; text[len] && len + 1 < size; len++) {
        if (text[len] == '@') break;
        if (strncasecmp(text + len, " w/", 3) == 0) break;
        out[len] = text[len];
    }
    out[len] = '\0';
}

void device_name_read(const char *text, struct device_name *out)
{
    char               head[NAME_BYTES];
    struct device_name raw;

    copy_head(text, head, sizeof head);
    read_raw(head, &raw);
    settle(&raw, out);
}

void device_name_read_outside(const char *text, struct device_name *out)
{
    char   kept[NAME_BYTES];
    size_t n = 0;
    int    depth = 0;

    for (; *text && n + 1 < sizeof kept; text++) {
        if (*text == '(' || *text == '[') depth++;
        if (depth == 0) kept[n++] = *text;
        if ((*text == ')' || *text == ']') && depth > 0) depth--;
    }
    kept[n] = '\0';
    device_name_read(kept, out);
}

/* ---- comparing ---------------------------------------------------------- */

static bool has_word(const struct device_name *name, const char *word)
{
    for (size_t i = 0; i < name->n; i++)
        if (strcmp(name->words[i], word) == 0) return true;
    return false;
}

int device_name_differ(const struct device_name *asked,
                       const struct device_name *known, bool is_soc)
{
    int    difference = 0;
    size_t shared = 0;

    for (size_t i = 0; i < asked->n; i++) {
        const char *word = asked->words[i];
        if (has_word(known, word)) {
            shared += !is_noise(word);
        } else if (is_soc && is_chassis(word)) {
            if (difference < 1) difference = 1;
        } else if (!is_noise(word)) {
            return -1;
        }
    }
    for (size_t i = 0; i < known->n; i++) {
        const char *word = known->words[i];
        if (has_word(asked, word) || is_noise(word)) continue;
        if (is_core_count(word)) difference = 2;
        else return -1;
    }
    return shared ? difference : -1;
}

/* 1 for a word that the name has, 0.5 for one that is a slip away. */
static double word_likeness(const char *word, const struct device_name *name)
{
    const char *words[DEVICE_WORDS_MAX + 1];

    if (has_word(name, word)) return 1;
    for (size_t i = 0; i < name->n; i++) words[i] = name->words[i];
    words[name->n] = NULL;
    return !is_number(word) && opt_nearest(word, words) ? 0.5 : 0;
}

double device_name_likeness(const struct device_name *a,
                            const struct device_name *b)
{
    double common = 0;
    size_t all = 0;

    for (size_t i = 0; i < a->n; i++) {
        if (is_noise(a->words[i])) continue;
        common += word_likeness(a->words[i], b);
        all++;
    }
    for (size_t i = 0; i < b->n; i++)
        all += !is_noise(b->words[i]) && !has_word(a, b->words[i]);
    if (isfinite(a->memory_gb) && isfinite(b->memory_gb)) {
        common += fabs(a->memory_gb - b->memory_gb) < 0.01;
        all++;
    }
    return all ? common / (double)all : 0;
}

size_t device_name_holds(const char *text, const char *pattern)
{
    struct device_name words, wanted;

    read_raw(text, &words);
    read_raw(pattern, &wanted);
    if (wanted.n == 0) return 0;
    for (size_t i = 0; i + wanted.n <= words.n; i++) {
        size_t k = 0;
        while (k < wanted.n &&
               strcmp(words.words[i + k], wanted.words[k]) == 0) k++;
        if (k == wanted.n) return k;
    }
    return 0;
}
