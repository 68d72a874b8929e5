/* SPDX-License-Identifier: MIT */
/* units.c - see units.h. No printf conversion here writes a decimal point:
 * that would follow the locale. */
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A number alone. */
struct digits {
    char text[44];
};

static struct digits digits(double value, int decimals)
{
    static const long long scales[] = {1, 10, 100, 1000, 10000};
    struct digits          out = {UNITS_MISSING};
    long long              scale, n;

    if (!isfinite(value)) return out;
    if (decimals < 0) decimals = 0;
    if (decimals > 4) decimals = 4;
    scale = scales[decimals];
    if (fabs(value) >= 1e14) {
        snprintf(out.text, sizeof out.text, "%.0e", value);
        return out;
    }
    n = llround(value * (double)scale);
    if (n == 0 && value > 0) {      /* "0.00" would read as none */
        struct digits least = digits(1.0 / (double)scale, decimals);
        snprintf(out.text, sizeof out.text, "<%.*s",
                 (int)sizeof out.text - 2, least.text);
    } else if (decimals == 0)
        snprintf(out.text, sizeof out.text, "%lld", n);
    else
        snprintf(out.text, sizeof out.text, "%s%lld.%0*lld", n < 0 ? "-" : "",
                 (n < 0 ? -n : n) / scale, decimals,
                 (n < 0 ? -n : n) % scale);
    return out;
}

struct units_text units_number(double value, int decimals)
{
    struct units_text out;

    snprintf(out.text, sizeof out.text, "%s", digits(value, decimals).text);
    return out;
}

struct units_text units_grouped(double whole)
{
    struct digits     plain = digits(whole, 0);
    size_t            len   = strlen(plain.text), at = 0;
    size_t            sign  = strspn(plain.text, "-");
    struct units_text out;

    if (!isfinite(whole) || fabs(whole) >= 1e14 || plain.text[0] == '<')
        return units_number(whole, 0);
    for (size_t i = 0; i < len; i++) {
        if (i > sign && (len - i) % 3 == 0) out.text[at++] = ',';
        out.text[at++] = plain.text[i];
    }
    out.text[at] = '\0';
    return out;
}

/* How a quantity is written: divided, with so many decimals, and a name. */
struct form {
    double      divisor;
    int         decimals;
    const char *unit;
};

static struct form form_bytes(double bytes)
{
    static const struct form forms[] = {
        {1, 0, "B"}, {1024, 0, "KiB"}, {1048576, 0, "MiB"},
        {1073741824, 1, "GiB"}, {1099511627776, 1, "TiB"},
    };
    size_t last = sizeof forms / sizeof *forms - 1, i = 0;

    /* 1023.6 MiB would be written "1024 MiB" */
    while (i < last && fabs(bytes) / forms[i].divisor >= 1023.5) i++;
    return forms[i];
}

static struct form form_of(double value, const char *unit, int decimals)
{
    if (strcmp(unit, "bytes") == 0) return form_bytes(value);
    return (struct form){1, decimals, unit};
}

static struct digits in_form(double value, struct form f)
{
    return digits(value / f.divisor, f.decimals);
}

struct units_text units_value(double value, const char *unit, int decimals)
{
    struct form       f = form_of(value, unit, decimals);
    struct units_text out;

    if (!isfinite(value) || !*f.unit)
        return units_number(value / f.divisor, f.decimals);
    snprintf(out.text, sizeof out.text, "%s %.15s", in_form(value, f).text,
             f.unit);
    return out;
}

struct units_text units_bytes(double bytes)
{
    return units_value(bytes, "bytes", 0);
}

struct units_text units_count(double count)
{
    static const struct form forms[] = {
        {1, 0, ""}, {1e3, 0, "k"}, {1e6, 0, "M"}, {1e9, 1, "B"},
    };
    struct units_text out = {UNITS_MISSING};
    size_t            i = 0;

    if (!isfinite(count)) return out;
    while (i < 3 && fabs(count) / forms[i].divisor >= 999.5) i++;
    snprintf(out.text, sizeof out.text, "%s%s", in_form(count, forms[i]).text,
             forms[i].unit);
    return out;
}

struct units_text units_range(double low, double high, const char *unit,
                              int decimals)
{
    struct form       f = form_of(high, unit, decimals);
    struct units_text out = {UNITS_MISSING};

    if (isfinite(low) && isfinite(high))
        snprintf(out.text, sizeof out.text, "%s–%s%s%.15s",
                 in_form(low, f).text, in_form(high, f).text,
                 *f.unit ? " " : "", f.unit);
    return out;
}

struct units_text units_interval(double value, double low, double high,
                                 const char *unit, int decimals)
{
    struct form       f = form_of(value, unit, decimals);
    struct units_text out;

    if (!isfinite(value) || !isfinite(low) || !isfinite(high))
        return units_value(value, unit, decimals);
    snprintf(out.text, sizeof out.text, "%s [%s–%s]%s%.15s",
             in_form(value, f).text, in_form(low, f).text,
             in_form(high, f).text, *f.unit ? " " : "", f.unit);
    return out;
}

static struct digits percent(double rate)
{
    if (rate > 0 && rate < 0.01) return (struct digits){"<1"};
    if (rate > 0.99 && rate < 1) return (struct digits){">99"};
    return digits(rate * 100, 0);
}

struct units_text units_rate(double rate)
{
    struct units_text out = {UNITS_MISSING};

    if (isfinite(rate))
        snprintf(out.text, sizeof out.text, "%s %%", percent(rate).text);
    return out;
}

struct units_text units_rate_interval(double rate, double low, double high)
{
    const double      tiny = 1e-9;   /* 0.62 * 100 is a little over 62 */
    struct units_text out;

    if (!isfinite(rate) || !isfinite(low) || !isfinite(high))
        return units_rate(rate);
    snprintf(out.text, sizeof out.text, "%s [%s–%s] %%", percent(rate).text,
             digits(floor(low * 100 + tiny), 0).text,
             digits(ceil(high * 100 - tiny), 0).text);
    return out;
}
