/* SPDX-License-Identifier: MIT */
/* home_dates.c - reading dates digit by digit: mktime() would ask the time
 * zone of the machine that judges. */
#include "home/home_dates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "home/home_internal.h"

#define DAY_S   86400
#define YEAR_0  1900
#define YEAR_1  2199

static const char DAYS[7][10] = {"monday", "tuesday", "wednesday", "thursday",
                                 "friday", "saturday", "sunday"};
static const char SHORT[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat",
                                 "sun"};

/* ---- the calendar ------------------------------------------------------ */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
                                 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Leap years before this one, from year 1. */
static long leaps_before(int year)
{
    long y = year - 1;

    return y / 4 - y / 100 + y / 400;
}

static long first_day_of(int year)
{
    return (long)(year - 1970) * 365 + leaps_before(year) - leaps_before(1970);
}

static int weekday_of(long day)
{
    return (int)(((day + 3) % 7 + 7) % 7);   /* 1970-01-01 was a Thursday */
}

/* ---- reading ----------------------------------------------------------- */

/* So many digits at *at, or -1; *at is moved behind them. */
static int digits(const char **at, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9') return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool passes(const char **at, char wanted)
{
    if (**at != wanted) return false;
    (*at)++;
    return true;
}

/* "HH:MM" or "HH:MM:SS" at *at: seconds since midnight, or -1. */
static int time_at(const char **at)
{
    int hour = digits(at, 2), minute, second = 0;

    if (hour < 0 || hour > 23 || !passes(at, ':')) return -1;
    minute = digits(at, 2);
    if (minute < 0 || minute > 59) return -1;
    if (passes(at, ':')) {
        second = digits(at, 2);
        if (second < 0 || second > 59) return -1;
    }
    return hour * 3600 + minute * 60 + second;
}

/* What may stand behind a time: nothing, a fraction, Z, an offset. */
static bool is_zone(const char *at)
{
    if (passes(&at, '.'))
        while (*at >= '0' && *at <= '9') at++;
    if (*at == 'Z' || *at == 'z') return at[1] == '\0';
    if (*at == '+' || *at == '-') {
        at++;
        if (digits(&at, 2) < 0) return false;
        passes(&at, ':');
        if (digits(&at, 2) < 0) return false;
    }
    return *at == '\0';
}

bool home_date_read(const char *text, struct home_date *out)
{
    struct home_date d  = {0};
    const char      *at = text;
    int              year, month, day;

    year = digits(&at, 4);
    if (year < YEAR_0 || year > YEAR_1 || !passes(&at, '-')) return false;
    month = digits(&at, 2);
    if (month < 1 || month > 12 || !passes(&at, '-')) return false;
    day = digits(&at, 2);
    if (day < 1 || day > days_of(year, month)) return false;
    d.day = first_day_of(year) + day - 1;
    for (int m = 1; m < month; m++) d.day += days_of(year, m);
    if (*at != '\0') {
        if (*at != 'T' && *at != 't' && *at != ' ') return false;
        at++;
        d.second = time_at(&at);
        if (d.second < 0 || !is_zone(at)) return false;
        d.has_time = true;
    }
    *out = d;
    return true;
}

const char *home_date_text(const struct home_date *d, char out[HOME_DATE_SIZE])
{
    long day  = d->day;
    int  year = YEAR_0, month = 1;

    while (year < YEAR_1 && first_day_of(year + 1) <= day) year++;
    day -= first_day_of(year);
    while (month < 12 && day >= days_of(year, month))
        day -= days_of(year, month++);
    if (d->has_time)
        snprintf(out, HOME_DATE_SIZE, "%04d-%02d-%02ldT%02d:%02d:%02d", year,
                 month, day + 1, d->second / 3600, d->second / 60 % 60,
                 d->second % 60);
    else
        snprintf(out, HOME_DATE_SIZE, "%04d-%02d-%02ld", year, month, day + 1);
    return out;
}

long long home_date_seconds(const struct home_date *d)
{
    return (long long)d->day * DAY_S + d->second;
}

const char *home_day_name(long day)
{
    return SHORT[weekday_of(day)];
}

/* ---- words ------------------------------------------------------------- */

int home_weekday(const char *text)
{
    char *key   = home_key(text);
    int   found = -1;

    for (int i = 0; i < 7 && found < 0; i++)
        if (strcmp(key, DAYS[i]) == 0 || strcmp(key, SHORT[i]) == 0)
            found = i;
    free(key);
    return found;
}

bool home_day_read(const char *text, long today, long *day)
{
    struct home_date date;
    char            *key     = home_key(text);
    int              weekday = home_weekday(text);
    bool             is_day  = true;

    if (weekday >= 0)
        *day = today + (weekday - weekday_of(today) + 7) % 7;
    else if (strcmp(key, "today") == 0 || strcmp(key, "tonight") == 0)
        *day = today;
    else if (strcmp(key, "tomorrow") == 0)
        *day = today + 1;
    else if (home_date_read(text, &date))
        *day = date.day;
    else
        is_day = false;
    free(key);
    return is_day;
}

int home_clock_read(const char *text)
{
    char        padded[12];
    const char *at = padded;
    int         seconds;

    if (strlen(text) > 8) return -1;
    snprintf(padded, sizeof padded, "%s%s",
             text[0] != '\0' && text[1] == ':' ? "0" : "", text);
    seconds = time_at(&at);
    return seconds < 0 || *at != '\0' || seconds % 60 != 0 ? -1 : seconds / 60;
}
