/* SPDX-License-Identifier: MIT */
/* log_line.c - see log_line.h. */
#include "engine/log_line.h"

#include <math.h>
#include <string.h>

#define BYTES_MAX 1152921504606846976.0    /* 2^60 */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool log_line_next(struct log_line *line, const char **at, const char *end)
{
    size_t n = 0;

    if (*at >= end) return false;
    for (; *at < end && **at != '\n'; (*at)++) {
        unsigned char c = (unsigned char)**at;

        if (n + 1 >= sizeof line->text) continue;
        line->text[n] = c < ' ' || c == 0x7f ? ' ' : (char)c;
        line->lower[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a')
                                              : line->text[n];
        n++;
    }
    if (*at < end) (*at)++;
    line->text[n] = line->lower[n] = '\0';
    return true;
}

const char *log_line_after(const struct log_line *line, const char *phrase)
{
    const char *found = strstr(line->lower, phrase);

    return found ? line->text + (found - line->lower) + strlen(phrase) : NULL;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static double unit_at(const char *at)
{
    at += strspn(at, " ");
    if (begins(at, "KiB") || begins(at, "kB")) return 1024.0;
    if (begins(at, "MiB") || begins(at, "MB")) return 1048576.0;
    if (begins(at, "GiB") || begins(at, "GB")) return 1073741824.0;
    return 1;
}

double log_bytes(const char *at)
{
    double value = 0, place = 1;

    at += strspn(at, " =:");
    if (!is_digit(*at)) return NAN;
    for (; is_digit(*at); at++) value = value * 10 + (*at - '0');
    if (*at == '.')
        for (at++; is_digit(*at); at++) value += (*at - '0') * (place /= 10);
    value *= unit_at(at);
    return value <= BYTES_MAX ? value : NAN;
}

int log_count(const char **at)
{
    int value = 0, digits = 0;

    for (; is_digit(**at); (*at)++)
        if (++digits <= 6) value = value * 10 + (**at - '0');
    return digits >= 1 && digits <= 6 ? value : -1;
}

bool log_is_host(const char *name)
{
    static const char *const ours[] = {"CPU", "AMX", "BLAS", "HBM", "Host",
                                       NULL};
    size_t len = strlen(name);

    for (size_t i = 0; ours[i]; i++)
        if (begins(name, ours[i])) return true;
    return len >= 5 && strcmp(name + len - 5, "_Host") == 0;
}

bool log_is_mapped_file(const char *name)
{
    size_t len = strlen(name);

    return len >= 7 && strcmp(name + len - 7, "_Mapped") == 0;
}
