/* SPDX-License-Identifier: MIT */
/* telemetry_marks.c - what is wrong with a turn because of the board, in bits
 * and in words, and telemetry as JSON; see telemetry.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/units.h"
#include "telemetry.h"

#define SLOW          0.98        /* of the mode's highest clock             */
#define FAR_BELOW     0.9         /* ... a mean clock below its own limit    */
#define BUSY_PCT      50          /* and yet there was work                  */
#define LEAST_TAKEN_S 0.03        /* three ticks of the kernel's count       */
#define MIB           1048576.0

/* The reasons so far, "; " between. */
struct why {
    char  *text;
    size_t size, len;
};

__attribute__((format(printf, 2, 3)))
static void say(struct why *why, const char *fmt, ...)
{
    va_list args;
    int     n;

    if (!why->text || why->len + 3 >= why->size) return;
    if (why->len) {
        memcpy(why->text + why->len, "; ", 3);
        why->len += 2;
    }
    va_start(args, fmt);
    n = vsnprintf(why->text + why->len, why->size - why->len, fmt, args);
    va_end(args);
    if (n > 0) why->len += (size_t)n;
    if (why->len >= why->size) why->len = why->size - 1;
}

/* ---- one mark each ----------------------------------------------------- */

static bool is_throttled(const struct telemetry *t, struct why *why)
{
    static const struct { unsigned bit; const char *reason; } flags[] = {
        {1, "the clock was held down for heat"},
        {2, "the clock was held down by a power limit"},
        {4, "the clock was held down for low supply voltage"},
        {8, "the driver held the clock down"}};
    unsigned bits = t->throttle_flags >= 0 && t->throttle_flags <= 0xffff
                        ? (unsigned)t->throttle_flags & 15 : 0;
    bool cools = t->cooling_state > 0, surges = t->oc_events > 0;

    if (cools)
        say(why, "cooling cut clocks (state %s)",
            units_number(t->cooling_state, 0).text);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (bits & flags[i].bit) say(why, "%s", flags[i].reason);
    if (surges && t->oc_events < 1.5) say(why, "1 over-current event");
    else if (surges)
        say(why, "%s over-current events",
            units_number(t->oc_events, 0).text);
    return cools || bits || surges;
}

/* A limit below the mode's highest clock. */
static bool is_capped(double limit_hz, double mode_hz, const char *what,
                      struct why *why)
{
    if (!(limit_hz < SLOW * mode_hz)) return false;
    say(why, "the %s clock was limited to %s of %s MHz", what,
        units_number(limit_hz / 1e6, 0).text,
        units_number(mode_hz / 1e6, 0).text);
    return true;
}

static bool is_slow(const struct telemetry *t,
                    const struct mark_limits *limits, struct why *why)
{
    bool gpu = limits->on_gpu &&
               is_capped(t->gpu_max_freq_low_hz, limits->gpu_mode_max_freq_hz,
                         "GPU", why);
    bool cpu = is_capped(t->cpu_max_freq_low_hz, limits->cpu_mode_max_freq_hz,
                         "processor", why);
    bool below = limits->on_gpu && t->gpu_load_pct > BUSY_PCT &&
                 t->gpu_freq_hz < FAR_BELOW * t->gpu_max_freq_low_hz;

    if (below)
        say(why, "the busy GPU ran at %s MHz although %s were allowed",
            units_number(t->gpu_freq_hz / 1e6, 0).text,
            units_number(t->gpu_max_freq_low_hz / 1e6, 0).text);
    return gpu || cpu || below;
}

static double or_none(double value) { return isnan(value) ? 0 : value; }

static bool is_disturbed(const struct telemetry *t,
                         const struct mark_limits *limits, struct why *why)
{
    double other = or_none(t->other_cpu_cores);
    double host  = or_none(t->stolen_cpu_cores);

    if (!(other + host > limits->other_cpu_cores) ||
        (other + host) * t->duration_s < LEAST_TAKEN_S)
        return false;
    if (other > host)
        say(why, "%s cores were taken by other processes",
            units_number(other, 1).text);
    if (host >= other || host > limits->other_cpu_cores)
        say(why, "%s cores were taken by the host of this virtual machine",
            units_number(host, 1).text);
    return true;
}

static bool is_swapped(const struct telemetry *t, struct why *why)
{
    bool swapped = t->swapped_bytes >= MIB;
    bool faulted = t->engine_fault_bytes >= MIB;

    if (swapped)
        say(why, "%s of memory was swapped",
            units_bytes(t->swapped_bytes).text);
    if (faulted)
        say(why, "the engine waited for %s to be read from disk",
            units_bytes(t->engine_fault_bytes).text);
    return swapped || faulted;
}

double mark_other_cpu_cores(double cores)
{
    double share = 0.05 * cores;

    return share > 0.25 ? share : 0.25;
}

unsigned telemetry_marks(const struct telemetry *t,
                         const struct mark_limits *limits, char *why,
                         size_t size)
{
    struct why words = {size ? why : NULL, size, 0};
    unsigned   marks = 0;

    if (words.text) *why = '\0';
    if (is_throttled(t, &words)) marks |= MARK_THROTTLED;
    if (is_slow(t, limits, &words)) marks |= MARK_SLOW_CLOCK;
    if (limits->cpu_fallback) {
        marks |= MARK_CPU_FALLBACK;
        say(&words, "the engine computed on the processor although a GPU was "
            "meant");
    }
    if (is_disturbed(t, limits, &words)) marks |= MARK_INTERFERENCE;
    if (is_swapped(t, &words)) marks |= MARK_SWAPPED;
    return marks;
}

/* ---- JSON -------------------------------------------------------------- */

static const struct { unsigned bit; const char *name; } names[MARK_BITS] = {
    {MARK_THROTTLED, "throttled"},
    {MARK_SLOW_CLOCK, "slow_clock"},
    {MARK_CPU_FALLBACK, "cpu_fallback"},
    {MARK_INTERFERENCE, "interference"},
    {MARK_SWAPPED, "swapped"},
};

const char *mark_name(unsigned bit)
{
    for (size_t i = 0; i < MARK_BITS; i++)
        if (names[i].bit == bit) return names[i].name;
    return "";
}

json_t *marks_json(unsigned marks)
{
    json_t *list = json_array();

    for (size_t i = 0; i < MARK_BITS; i++)
        if (marks & names[i].bit) jsonx_add_text(list, names[i].name);
    return list;
}

unsigned marks_from_json(const json_t *list)
{
    unsigned marks = 0;

    for (size_t at = 0; at < json_array_size(list); at++) {
        const char *name = json_string_value(json_array_get(list, at));
        for (size_t i = 0; name && i < MARK_BITS; i++)
            if (strcmp(name, names[i].name) == 0) marks |= names[i].bit;
    }
    return marks;
}

static void set(json_t *object, const char *key, double value)
{
    if (isfinite(value)) jsonx_set_number(object, key, value);
}

json_t *telemetry_json(const struct telemetry *t)
{
    json_t *object = json_object();

#define X(field, help) set(object, #field, t->field);
    TELEMETRY_FIELDS(X)
#undef X
    return object;
}

void telemetry_read(const json_t *object, struct telemetry *out)
{
#define X(field, help) out->field = jsonx_number(object, #field);
    TELEMETRY_FIELDS(X)
#undef X
}
