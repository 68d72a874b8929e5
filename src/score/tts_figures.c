/* SPDX-License-Identifier: MIT */
/* tts_figures.c - figures with something at them: dates, ranges, units. */
#include <string.h>

#include "score/tts_token.h"

#define LONG_DIGITS 10

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t digits_at(const char *at, size_t len)
{
    size_t n = 0;

    while (n < len && is_digit(at[n])) n++;
    return n;
}

/* A number as it may stand in a sentence: 5, 21.5, 1,234.50, 19:30. */
static size_t number_at(const char *at, size_t len)
{
    size_t n = digits_at(at, len);

    while (n > 0 && n + 1 < len && strchr(".,:", at[n]) &&
           is_digit(at[n + 1]))
        n += 1 + digits_at(at + n + 1, len - n - 1);
    return n;
}

/* Does the text have this form? 9 is a digit, any other character itself. */
static bool has_form(const char *at, size_t len, const char *form)
{
    size_t n = strlen(form);

    if (n > len) return false;
    for (size_t i = 0; i < n; i++)
        if (form[i] == '9' ? !is_digit(at[i]) : at[i] != form[i]) return false;
    return true;
}

/* 12/03/2026, 12.03.26: groups of at most 2, 2 and 4 digits. */
static bool is_day_month_year(const struct token *t, char mark)
{
    size_t i = 0, groups = 0;

    while (i < t->len && groups < 3) {
        size_t n = digits_at(t->at + i, t->len - i);

        if (n == 0 || n > (groups < 2 ? 2u : 4u) || n == 3) return false;
        i += n;
        groups++;
        if (i == t->len) break;
        if (t->at[i++] != mark) return false;
    }
    return groups == 3 && i == t->len && t->at[t->len - 1] != mark;
}

const char *tts_figure_offence(const struct token *t)
{
    size_t plus = t->at[0] == '+' ? 1 : 0;
    size_t n    = digits_at(t->at + plus, t->len - plus);

    if (has_form(t->at, t->len, "9999-99-99") &&
        (t->len == 10 || t->at[10] == 'T'))
        return "a date in figures";
    if (is_day_month_year(t, '/')) return "a date in figures";
    if (n >= LONG_DIGITS && n + plus == t->len) return "a long number";
    for (size_t i = 1; i + 1 < t->len; i++)
        if (t->at[i] == '^' && (is_digit(t->at[i + 1]) ||
                                t->at[i + 1] == '{' || t->at[i + 1] == '-'))
            return "a formula";
    return NULL;
}

/* ---- symbols and units ------------------------------------------------- */

static const char *const symbols[] = {
    "%", "\xC2\xB0", "\xE2\x82\xAC", "$", "\xC2\xA3", "\xC2\xA5", "\xC2\xB1",
    "\xC2\xB2", "\xC2\xB3", "\xC2\xBD", "\xC2\xBC", "\xC2\xBE", "\xE2\x89\x88",
    "\xE2\x84\x83", "\xE2\x84\x89", "\xE2\x89\xA4", "\xE2\x89\xA5",
    "\xC2\xB5", "\xE2\x80\xB2", "\xE2\x80\xB3", NULL,
};

static bool has_symbol(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        for (const char *const *s = symbols; *s; s++) {
            size_t n = strlen(*s);

            if (n <= len - i && memcmp(at + i, *s, n) == 0) return true;
        }
    return false;
}

/* Alone, none of them is a word; "+" is, in every language. */
static bool is_lone_symbol(const struct token *t)
{
    static const char *const lone[] = {"&", "=", "@", "<", ">", "~", "#",
                                       "/", NULL};

    return token_is_any(t, lone) || (t->len <= 5 && has_symbol(t->at, t->len));
}

/* Nobody says them alone, with or without a figure. */
static const char *const units[] = {
    "km/h", "m/s", "kWh", "Wh", "kW", "MW", "Mbps", "Gbps", "kbps", "Mbit/s",
    "mph", "kph", "GHz", "MHz", "kHz", "Hz", "hPa", "mbar", "mAh", "kcal",
    "dB", "lux", "ppm", "rpm", NULL,
};

/* Units only behind a figure. "in" and "A" are words too often, and "h" is
 * how French writes the time. */
static const char *const short_units[] = {
    "km", "m", "cm", "mm", "mi", "ft", "yd", "kg", "g", "mg", "lb", "lbs",
    "oz", "l", "L", "ml", "mL", "dl", "cl", "W", "V", "mV", "KB", "kB", "MB",
    "GB", "TB", "min", "mins", "sec", "secs", "hr", "hrs", "ms", "s", "C",
    "F", "K", "psi", "qt", "pt", "tsp", "tbsp", NULL,
};

static bool is_unit(const char *at, size_t len)
{
    struct token t = {.at = at, .len = len};

    while (t.len > 0 && strchr(".,;:!?)\"'", t.at[t.len - 1])) t.len--;
    /* "m²" is a symbol as well. */
    return token_is_any(&t, units) || token_is_any(&t, short_units);
}

static const char *after_number(const char *rest, size_t len)
{
    static const char *const ends[] = {"x", "X", "\xC3\x97", NULL};
    struct token             t = {.at = rest, .len = len};
    size_t                   dash = 0;

    if (len == 0) return NULL;
    if (rest[0] == '-') dash = 1;
    if (len > 3 && (memcmp(rest, "\xE2\x80\x93", 3) == 0 ||
                    memcmp(rest, "\xE2\x80\x94", 3) == 0))
        dash = 3;
    if (dash > 0 && len > dash && is_digit(rest[dash])) {
        size_t n = number_at(rest + dash, len - dash);

        return n + dash < len && rest[n + dash] == '-' &&
               n + dash + 1 < len && is_digit(rest[n + dash + 1])
                   ? "a number in groups" : "a range";
    }
    if (rest[0] == '/' && len > 1 && is_digit(rest[1])) return "a fraction";
    if (token_is_any(&t, ends)) return "a multiple";
    if ((rest[0] == 'x' && len > 1 && is_digit(rest[1])) ||
        (len > 1 && memcmp(rest, "\xC3\x97", 2) == 0))
        return "a multiple";
    /* "the 1990s" and "the 90s" are read well. */
    if (len == 1 && rest[0] == 's') return NULL;
    if (is_unit(rest, len)) return "a unit";
    if (rest[0] == '-' && is_unit(rest + 1, len - 1)) return "a unit";
    return NULL;
}

/* 12.03.2026 and 192.168.1.10; not 1.234.567, the thousands of a language
 * with a decimal comma. */
static const char *dotted(const struct token *t, size_t n)
{
    size_t groups = 0;
    bool   is_thousands = true;

    if (n != t->len) return NULL;
    if (is_day_month_year(t, '.')) return "a date in figures";
    for (size_t i = 0; i < n; i++) {
        size_t digits = digits_at(t->at + i, n - i);

        if (digits == 0 || digits > 3) return NULL;
        if (groups++ > 0 && digits != 3) is_thousands = false;
        i += digits;
        if (i < n && t->at[i] != '.') return NULL;
    }
    return groups == 4 && !is_thousands ? "a number in groups" : NULL;
}

static const char *number_and_next(const char **next)
{
    size_t       len = strcspn(*next, " \t\r\n\xC2\xE2");
    struct token t   = {.at = *next, .len = len};
    const char  *kind = NULL;

    if (len == 0) len = strcspn(*next, " \t\r\n");
    t.len = len;
    while (t.len > 0 && strchr(".,;:!?)", t.at[t.len - 1])) t.len--;
    if (t.len > 0 && t.len <= 5 && has_symbol(t.at, t.len))
        kind = "a symbol";
    else if (t.len > 0 && t.len <= 8 && is_unit(t.at, t.len))
        kind = "a unit";
    if (kind) *next = t.at + len + strspn(t.at + len, " \t\r\n");
    return kind;
}

const char *tts_figure_blemish(const struct token *t, const char **next)
{
    size_t      sign = t->at[0] == '-' || t->at[0] == '+' ? 1 : 0;
    size_t      n    = number_at(t->at + sign, t->len - sign) + sign;
    const char *kind;

    if (n > sign) {
        kind = after_number(t->at + n, t->len - n);
        if (!kind) kind = dotted(t, n);
        if (!kind && has_symbol(t->at + n, t->len - n)) kind = "a symbol";
        if (!kind && t->at[0] == '+' && n > 4) kind = "a number in groups";
        if (!kind && n == t->len && !t->has_dot) kind = number_and_next(next);
        return kind;
    }
    if (token_is_any(t, units)) return "a unit";
    if (t->len > 1 && t->at[0] == '#' && is_digit(t->at[1])) return "a symbol";
    if (is_lone_symbol(t) || has_symbol(t->at, t->len) ||
        token_is(t, "+/-"))
        return "a symbol";
    if (t->len > 1 && t->at[0] == '~' && is_digit(t->at[1])) return "a symbol";
    return NULL;
}
