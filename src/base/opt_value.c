/* SPDX-License-Identifier: MIT */
/* opt_value.c - one value of an option or a YAML field: its text becomes the
 * field of a struct, and its range becomes words. Knows no command line. */
#include "base/opt.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/units.h"

#define SHOWN_BYTES 60

struct unit { const char *name; double factor; };

static const struct unit seconds_units[] = {
    {"", 1}, {"s", 1}, {"ms", 1e-3}, {"m", 60}, {"min", 60}, {"h", 3600},
    {0}};

/* K, KiB: 1024; KB: 1000, as GNU coreutils reads them. */
static const struct unit bytes_units[] = {
    {"", 1}, {"B", 1},
    {"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40},
    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
    {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
    {0}};

int opt_cut(const char *text)
{
    size_t len = strnlen(text, SHOWN_BYTES + 1);

    if (len <= SHOWN_BYTES) return (int)len;
    for (len = SHOWN_BYTES; len && (text[len] & 0xc0) == 0x80;) len--;
    return (int)len;
}

static void *field(const struct opt *o, void *options)
{
    return (char *)options + o->at;
}

void opt_unset(const struct opt *o, void *options)
{
    void *at = field(o, options);

    switch (o->type) {
    case OPT_FLAG: *(bool *)at = false; break;
    case OPT_INT: *(int *)at = -1; break;
    case OPT_REAL:
    case OPT_SECONDS:
    case OPT_BYTES: *(double *)at = NAN; break;
    case OPT_TEXT:
    case OPT_CHOICE:
        free(*(char **)at);
        *(char **)at = NULL;
        break;
    case OPT_LIST: text_list_done(at); break;
    }
}

static struct units_text number_words(const struct opt *o, double value)
{
    struct units_text out;
    double            scale = 1;
    const char       *unit  = "";

    if (o->type == OPT_BYTES) return units_bytes(value);
    if (o->type == OPT_SECONDS) unit = "s";
    if (*unit && value >= 60 && fmod(value, 60) == 0) {
        scale = fmod(value, 3600) == 0 ? 3600 : 60;
        unit = scale > 60 ? "h" : "m";
    }
    snprintf(out.text, sizeof out.text, "%.15g%s", value / scale, unit);
    return out;
}

static void choice_words(const char *choices, char *text, size_t size)
{
    size_t used = 0;

    for (const char *at = choices; *at;) {
        size_t      n    = strcspn(at, "|");
        const char *rest = at + n + (at[n] == '|');
        const char *join = !*rest ? "" : strchr(rest, '|') ? ", " : " or ";

        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%.*s%s",
                                     (int)n, at, join);
        at = rest;
    }
}

void opt_range(const struct opt *o, char *text, size_t size)
{
    text[0] = '\0';
    if (o->type == OPT_CHOICE) {
        choice_words(o->choices, text, size);
        return;
    }
    if (o->type == OPT_FLAG || o->type == OPT_TEXT || o->type == OPT_LIST ||
        (o->min == 0 && o->max == 0))
        return;
    if (isinf(o->max))
        snprintf(text, size, "at least %.60s", number_words(o, o->min).text);
    else
        snprintf(text, size, "%.60s to %.60s", number_words(o, o->min).text,
                 number_words(o, o->max).text);
}

static int refuse(const struct opt *o, const char *text, const char *problem,
                  struct err *err)
{
    char range[300];

    opt_range(o, range, sizeof range);
    return err_set(err, ERR_INPUT, "`%.*s` %s%s%s", opt_cut(text), text,
                   problem, *range ? "; give " : "", range);
}

/* A finite decimal number at the start of text; *rest is what follows. */
static bool read_number(const char *text, double *value, const char **rest)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char       *end;

    if (!isdigit((unsigned char)*digits) && *digits != '.') return false;
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
        return false;
    *value = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*value);
}

static bool in_range(const struct opt *o, double value)
{
    return (o->min == 0 && o->max == 0) ||
           (value >= o->min && value <= o->max);
}

static int parse_real(const struct opt *o, const char *text, double *at,
                      const struct unit *units, const char *problem,
                      struct err *err)
{
    const char *rest;
    double      value;

    if (!read_number(text, &value, &rest)) return refuse(o, text, problem, err);
    while (*rest == ' ') rest++;
    while (units->name && strcasecmp(units->name, rest) != 0) units++;
    if (!units->name) return refuse(o, text, problem, err);
    value *= units->factor;
    if (!in_range(o, value)) return refuse(o, text, "is out of range", err);
    *at = value;
    return 0;
}

static int parse_int(const struct opt *o, const char *text, int *at,
                     struct err *err)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char       *end;
    long        value;

    if (!isdigit((unsigned char)*digits))
        return refuse(o, text, "is not a whole number", err);
    errno = 0;
    value = strtol(text, &end, 10);
    if (*end) return refuse(o, text, "is not a whole number", err);
    if (errno || value < INT_MIN || value > INT_MAX ||
        !in_range(o, (double)value))
        return refuse(o, text, "is out of range", err);
    *at = (int)value;
    return 0;
}

static int parse_flag(const struct opt *o, const char *text, bool *at,
                      struct err *err)
{
    static const char *const yes[] = {"1", "yes", "true", "on"};
    static const char *const no[]  = {"0", "no", "false", "off"};

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        *at = strcasecmp(text, yes[i]) == 0;
        if (*at || strcasecmp(text, no[i]) == 0) return 0;
    }
    return refuse(o, text, "is neither yes nor no; give one of them", err);
}

static int parse_choice(const struct opt *o, const char *text, char **at,
                        struct err *err)
{
    struct text_list names = {0};
    const char      *near;
    char             range[300];
    bool             known = false;

    for (const char *c = o->choices; *c;) {
        size_t n = strcspn(c, "|");
        char  *one = mem_copy_n(c, n);

        text_list_add(&names, one);
        known = known || strcmp(one, text) == 0;
        free(one);
        c += n + (c[n] == '|');
    }
    if (known) {
        free(*at);
        *at = mem_copy(text);
    } else {
        text_list_add(&names, NULL);
        opt_range(o, range, sizeof range);
        near = opt_nearest(text, (const char *const *)names.items);
        err_set(err, ERR_INPUT, "`%.*s` is unknown; %s%s%sgive %s",
                opt_cut(text), text, near ? "did you mean `" : "",
                near ? near : "", near ? "`? " : "", range);
    }
    text_list_done(&names);
    return known ? 0 : -1;
}

int opt_parse_value(const struct opt *o, const char *text, void *options,
                    struct err *err)
{
    static const struct unit none[] = {{"", 1}, {0}};
    void *at = field(o, options);

    if (!*text)
        return err_set(err, ERR_INPUT, "the value is empty; give %s or leave "
                       "it out", o->value ? o->value : "one");
    switch (o->type) {
    case OPT_FLAG: return parse_flag(o, text, at, err);
    case OPT_INT: return parse_int(o, text, at, err);
    case OPT_REAL:
        return parse_real(o, text, at, none, "is not a number", err);
    case OPT_SECONDS:
        return parse_real(o, text, at, seconds_units,
                          "is not a time such as 90, 90s, 1.5m or 2h", err);
    case OPT_BYTES:
        return parse_real(o, text, at, bytes_units, "is not an amount of "
                          "memory such as 512, 300M or 2GiB", err);
    case OPT_CHOICE: return parse_choice(o, text, at, err);
    case OPT_TEXT:
        free(*(char **)at);
        *(char **)at = mem_copy(text);
        return 0;
    case OPT_LIST: text_list_add(at, text); return 0;
    }
    return err_set(err, ERR_BUG, "an option of type %d", (int)o->type);
}
