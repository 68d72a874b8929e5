/* SPDX-License-Identifier: MIT */
/* numbers.c - see numbers.h. */
#include "score/numbers.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "score/answer.h"

/* Case folded: "dreissig" is written with ss. */
static const struct spelling {
    const char *language;
    const char *small[20], *tens[11];
    const char *join;        /* between tens and units, in this order      */
    bool        units_first; /* "einundzwanzig"                            */
    const char *one;         /* 1 as a unit of a compound                  */
} spellings[] = {
    {"en",
     {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
      "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
      "sixteen", "seventeen", "eighteen", "nineteen"},
     {NULL, NULL, "twenty", "thirty", "forty", "fifty", "sixty", "seventy",
      "eighty", "ninety", "hundred"}, " ", false, "one"},
    {"de",
     {"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben",
      "acht", "neun", "zehn", "elf", "zwölf", "dreizehn", "vierzehn",
      "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"},
     {NULL, NULL, "zwanzig", "dreissig", "vierzig", "fünfzig", "sechzig",
      "siebzig", "achtzig", "neunzig", "hundert"}, "und", true, "ein"},
    {"es",
     {"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete",
      "ocho", "nueve", "diez", "once", "doce", "trece", "catorce", "quince",
      "dieciséis", "diecisiete", "dieciocho", "diecinueve"},
     {NULL, NULL, "veinte", "treinta", "cuarenta", "cincuenta", "sesenta",
      "setenta", "ochenta", "noventa", "cien"}, " y ", false, "uno"},
};

/* The twenties of Spanish are one word. */
static const char *const veinti[] = {"", "veintiuno", "veintidós",
    "veintitrés", "veinticuatro", "veinticinco", "veintiséis",
    "veintisiete", "veintiocho", "veintinueve"};

static void spell(const struct spelling *s, unsigned number, char *out,
                  size_t size)
{
    unsigned tens = number / 10, units = number % 10;

    if (number < 20)
        snprintf(out, size, "%s", s->small[number]);
    else if (units == 0 || tens == 10)
        snprintf(out, size, "%s", s->tens[tens]);
    else if (tens == 2 && strcmp(s->language, "es") == 0)
        snprintf(out, size, "%s", veinti[units]);
    else if (s->units_first)
        snprintf(out, size, "%s%s%s", units == 1 ? s->one : s->small[units],
                 s->join, s->tens[tens]);
    else
        snprintf(out, size, "%s%s%s", s->tens[tens], s->join,
                 units == 1 ? s->one : s->small[units]);
}

bool numbers_has(const char *normal, double number, const char *language)
{
    const struct spelling *s = &spellings[0];
    char                   text[80], *space;

    snprintf(text, sizeof text, "%.10g", number);
    if (answer_has(normal, text)) return true;
    if (!(number >= 0 && number <= 100) || fabs(number - floor(number)) > 0)
        return false;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (language && strncmp(language, spellings[i].language, 2) == 0)
            s = &spellings[i];
    spell(s, (unsigned)number, text, sizeof text);
    if (answer_has(normal, text)) return true;
    space = strchr(text, ' ');
    if (!space) return false;
    *space = '-';
    return answer_has(normal, text);
}
