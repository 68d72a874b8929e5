/* SPDX-License-Identifier: MIT */
/* thermal.c - temperatures, trips, cooling devices and the fan.
 *
 * Zones are known by their type. One that cannot be read now (its part of the
 * chip is off: EAGAIN, an empty file, -256 C) is listed as unavailable, not
 * left out. Hottest is the hottest zone of the chip: not the firmware's
 * "acpitz", a drive, a radio, or an estimate of the fan's driver.
 *
 * Clocks are cut at a passive trip to which a cooling device is bound that
 * cuts clocks; the 70 C trip of Orin boards only raises a warning that the
 * surface is hot.
 */
#include "probe/probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/sysfs.h"
#include "probe/tree.h"
#include "probe/verdict.h"

#define COLDEST_MC (-100000.0)    /* below: a sensor's way to say "off" */
#define HOTTEST_MC 250000.0
#define TRIPS_MAX  32
#define CDEVS_MAX  64

enum zone_class {
    ZONE_CPU, ZONE_GPU, ZONE_CHIP,   /* of the chip                          */
    ZONE_BOARD,      /* firmware's and board's: where the chip has none      */
    ZONE_ESTIMATE,   /* computed by the fan's driver                         */
    ZONE_OTHER,      /* a drive, a radio, a battery: never                   */
    ZONE_FAKE        /* no measurement at all                                */
};

/* The first prefix that fits, without case; else ZONE_CHIP. */
static enum zone_class class_of(const char *type)
{
    static const struct { const char *prefix; enum zone_class is; } known[] = {
        {"cpu", ZONE_CPU}, {"x86_pkg_temp", ZONE_CPU}, {"tcpu", ZONE_CPU},
        {"bcm2835_thermal", ZONE_CPU}, {"bigcore", ZONE_CPU},
        {"littlecore", ZONE_CPU}, {"bcpu", ZONE_CPU}, {"mcpu", ZONE_CPU},
        {"gpu", ZONE_GPU},
        {"acpitz", ZONE_BOARD}, {"int34", ZONE_BOARD}, {"sen", ZONE_BOARD},
        {"pch", ZONE_BOARD},
        {"thermal-fan-est", ZONE_ESTIMATE}, {"thermal_fan_est", ZONE_ESTIMATE},
        {"nvme", ZONE_OTHER}, {"iwlwifi", ZONE_OTHER}, {"ath1", ZONE_OTHER},
        {"bat", ZONE_OTHER}, {"charger", ZONE_OTHER}, {"pmic-die", ZONE_FAKE},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *want = known[i].prefix, *is = type;
        for (; *want; want++, is++) {
            char low = *is >= 'A' && *is <= 'Z' ? (char)(*is - 'A' + 'a')
                                                : *is;
            if (low != *want) break;
        }
        if (!*want) return known[i].is;
    }
    return ZONE_CHIP;
}

static bool is_of_chip(enum zone_class c) { return c <= ZONE_CHIP; }

static double celsius(double millidegrees)
{
    return millidegrees > COLDEST_MC && millidegrees < HOTTEST_MC
         ? millidegrees / 1000 : NAN;
}

/* ---- sensors ----------------------------------------------------------- */

struct sensor {
    char            name[SYSFS_NAME_BYTES];
    char            path[SYSFS_PATH_BYTES];   /* of its temperature */
    enum zone_class is;
    double          temp_c;
};

struct sensors {
    struct sensor *items;
    size_t         n;
};

static void add_sensor(const char *root, struct sensors *s, const char *name,
                       const char *path, enum zone_class is)
{
    struct sensor *new;

    if (strlen(name) >= sizeof new->name || strlen(path) >= sizeof new->path)
        return;
    s->items = mem_grow(s->items, s->n + 1, sizeof *s->items);
    new = &s->items[s->n++];
    memcpy(new->name, name, strlen(name) + 1);
    memcpy(new->path, path, strlen(path) + 1);
    new->is = is;
    new->temp_c = celsius(tree_number(root, path));
}

static void find_zones(const char *root, struct sensors *s)
{
    struct text_list zones;
    char             type[SYSFS_NAME_BYTES];

    sysfs_entries(root, "/sys/class/thermal", "thermal_zone", &zones);
    for (size_t i = 0; i < zones.n; i++) {
        char *path = mem_printf("%s/temp", zones.items[i]);
        if (sysfs_line(root, type, sizeof type, "%s/type", zones.items[i]))
            add_sensor(root, s, type, path, class_of(type));
        free(path);
    }
    text_list_done(&zones);
}

/* Does this sensor of a processor's monitor tell of the whole? 2: Tdie, which
 * is the true one where there is a Tctl with an offset beside it. */
static int rank_of(const char *label)
{
    return strcmp(label, "Tdie") == 0 ? 2
         : strcmp(label, "Tctl") == 0 || strncmp(label, "Package", 7) == 0;
}

/* Sensors of x86 processors that are hardware monitors and no zones. */
static void find_monitors(const char *root, struct sensors *s)
{
    static const char *const names[] = {"coretemp", "k10temp", "zenpower",
                                        "fam15h_power"};

    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct text_list chips;
        sysfs_hwmon(root, names[k], &chips);
        for (size_t i = 0; i < chips.n; i++) {
            int  best = 0, number = 0;
            char label[SYSFS_NAME_BYTES], *path;
            for (int t = 1; t <= 4; t++) {
                sysfs_line(root, label, sizeof label, "%s/temp%d_label",
                           chips.items[i], t);
                if (rank_of(label) > best) number = t;
                if (rank_of(label) > best) best = rank_of(label);
            }
            path = mem_printf("%s/temp%d_input", chips.items[i],
                              number ? number : 1);
            if (tree_exists(root, path))
                add_sensor(root, s, names[k], path, ZONE_CPU);
            free(path);
        }
        text_list_done(&chips);
    }
}

/* Which classes tell how hot the chip is: as near to it as there is one. */
static enum zone_class counted(const struct sensors *s)
{
    enum zone_class nearest = ZONE_OTHER;

    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].is < nearest) nearest = s->items[i].is;
    return nearest < ZONE_CHIP ? ZONE_CHIP : nearest;
}

static void find_sensors(const char *root, struct sensors *zones,
                         struct sensors *monitors)
{
    *zones = (struct sensors){NULL, 0};
    *monitors = (struct sensors){NULL, 0};
    find_zones(root, zones);
    /* Where the processor has zones, its monitor shows them again. */
    for (size_t i = 0; i < zones->n; i++)
        if (zones->items[i].is == ZONE_CPU) return;
    find_monitors(root, monitors);
}

/* ---- temperatures ------------------------------------------------------ */

static void read_zone(const struct sensor *s, struct reading *into)
{
    double before = reading_find(into, READ_temps_c, s->name);

    if (s->is == ZONE_FAKE) {
        if (!reading_has_name(into, READ_temps_ignored, s->name))
            reading_add_name(into, READ_temps_ignored, s->name);
    } else if (isnan(s->temp_c)) {
        if (!reading_has_name(into, READ_temps_unavailable, s->name))
            reading_add_name(into, READ_temps_unavailable, s->name);
    } else if (!(before >= s->temp_c)) {
        /* Two packages have zones of one type: the hotter one. */
        reading_add(into, READ_temps_c, s->name, s->temp_c);
    }
}

static double hottest(const struct sensors *s, enum zone_class from,
                      enum zone_class to)
{
    double most = NAN;

    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].is >= from && s->items[i].is <= to)
            most = fmax(most, s->items[i].temp_c);
    return most;
}

static void read_hottest(const struct sensors *s, enum zone_class last,
                         struct reading *into)
{
    enum zone_class first = last == ZONE_CHIP ? ZONE_CPU : last;
    double          most = hottest(s, first, last);

    if (isnan(most)) return;
    reading_number(into, READ_max_temp_c, most);
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].is >= first && s->items[i].is <= last &&
            s->items[i].temp_c >= most &&
            !reading_has_name(into, READ_max_temp_zones, s->items[i].name))
            reading_add_name(into, READ_max_temp_zones, s->items[i].name);
}

/* Zones and monitors as one list, the monitors behind. */
static void join(struct sensors *zones, struct sensors *monitors)
{
    if (!monitors->n) return;
    zones->items = mem_grow(zones->items, zones->n + monitors->n,
                            sizeof *zones->items);
    memcpy(zones->items + zones->n, monitors->items,
           monitors->n * sizeof *monitors->items);
    zones->n += monitors->n;
    free(monitors->items);
    *monitors = (struct sensors){NULL, 0};
}

static void read_temperatures(const char *root, struct reading *into)
{
    struct sensors zones, monitors;

    find_sensors(root, &zones, &monitors);
    if (zones.n) {
        reading_empty(into, READ_temps_c);
        reading_empty(into, READ_temps_unavailable);
        reading_empty(into, READ_temps_ignored);
    }
    for (size_t i = 0; i < zones.n; i++) read_zone(&zones.items[i], into);
    join(&zones, &monitors);
    read_hottest(&zones, counted(&zones), into);
    reading_number(into, READ_cpu_temp_c,
                   hottest(&zones, ZONE_CPU, ZONE_CPU));
    reading_number(into, READ_gpu_temp_c,
                   hottest(&zones, ZONE_GPU, ZONE_GPU));
    reading_lack(into, READ_cpu_temp_c,
                 "no sensor of the processor that can be read now");
    for (size_t i = 0; i < zones.n; i++)
        if (zones.items[i].is == ZONE_GPU)
            reading_lack(into, READ_gpu_temp_c, "%s cannot be read now",
                         zones.items[i].name);
    reading_lack(into, READ_max_temp_c, zones.n
                 ? "no zone of the chip can be read now"
                 : "no /sys/class/thermal/thermal_zone*");
    free(zones.items);
}

/* ---- trips ------------------------------------------------------------- */

struct trips {
    double bound_c;       /* lowest at which a bound device cuts clocks      */
    double passive_c;     /* lowest of the zones' highest passive trips      */
    double critical_c;    /* lowest                                          */
};

/* 0 and below: nobody has set it, as x86_pkg_temp shows its trips. */
static double trip_c(const char *root, const char *zone, int trip,
                     const char *type)
{
    char   is[SYSFS_NAME_BYTES];
    double c;

    if (!sysfs_line(root, is, sizeof is, "%s/trip_point_%d_type", zone, trip)
        || strcmp(is, type) != 0)
        return NAN;
    c = celsius(sysfs_number(root, "%s/trip_point_%d_temp", zone, trip));
    return c > 0 ? c : NAN;
}

static double bound_c(const char *root, const char *zone)
{
    double lowest = NAN;
    char   type[SYSFS_NAME_BYTES];

    for (int i = 0; i < CDEVS_MAX; i++) {
        double trip = sysfs_number(root, "%s/cdev%d_trip_point", zone, i);
        if (!(trip >= 0 && trip < TRIPS_MAX)) continue;
        if (!sysfs_line(root, type, sizeof type, "%s/cdev%d/type", zone, i) ||
            !verdict_cooling(type))
            continue;
        lowest = fmin(lowest, trip_c(root, zone, (int)trip, "passive"));
    }
    return lowest;
}

static void read_zone_trips(const char *root, const char *zone,
                            struct trips *t)
{
    double critical = NAN, passive = NAN;

    for (int i = 0; i < TRIPS_MAX; i++)
        critical = fmin(critical, trip_c(root, zone, i, "critical"));
    for (int i = 0; i < TRIPS_MAX; i++) {
        double c = trip_c(root, zone, i, "passive");
        if (!(c >= critical)) passive = fmax(passive, c);
    }
    t->bound_c = fmin(t->bound_c, bound_c(root, zone));
    t->passive_c = fmin(t->passive_c, passive);
    t->critical_c = fmin(t->critical_c, critical);
}

static void read_trips(const char *root, struct reading *into)
{
    struct trips     t = {NAN, NAN, NAN};
    struct text_list zones;
    char             type[SYSFS_NAME_BYTES];

    sysfs_entries(root, "/sys/class/thermal", "thermal_zone", &zones);
    for (size_t i = 0; i < zones.n; i++)
        if (sysfs_line(root, type, sizeof type, "%s/type", zones.items[i]) &&
            is_of_chip(class_of(type)))
            read_zone_trips(root, zones.items[i], &t);
    text_list_done(&zones);
    reading_number(into, READ_throttle_trip_c,
                   isnan(t.bound_c) ? t.passive_c : t.bound_c);
    reading_number(into, READ_shutdown_trip_c, t.critical_c);
    reading_lack(into, READ_throttle_trip_c, "no passive trip in any zone");
    reading_lack(into, READ_shutdown_trip_c, "no critical trip in any zone");
}

/* ---- cooling devices --------------------------------------------------- */

/* Paths of the states of those that cut clocks; names to types, if given. */
static void find_cooling(const char *root, struct text_list *states,
                         struct text_list *types)
{
    struct text_list devices;
    char             type[SYSFS_NAME_BYTES];

    *states = *types = (struct text_list){0};
    sysfs_entries(root, "/sys/class/thermal", "cooling_device", &devices);
    for (size_t i = 0; i < devices.n; i++) {
        char *path;
        if (!sysfs_line(root, type, sizeof type, "%s/type", devices.items[i])
            || !verdict_cooling(type))
            continue;
        path = mem_printf("%s/cur_state", devices.items[i]);
        text_list_add(states, path);
        text_list_add(types, type);
        free(path);
    }
    text_list_done(&devices);
}

static void read_cooling(const char *root, struct reading *into)
{
    struct text_list states, types;

    find_cooling(root, &states, &types);
    for (size_t i = 0; i < states.n; i++) {
        double state = tree_number(root, states.items[i]);
        double before = reading_find(into, READ_cooling_states,
                                     types.items[i]);
        /* intel_powerclamp says -1 while it is off. */
        if (state < 0) state = 0;
        /* One of a type for each processor: the strongest. */
        if (!(before >= state))
            reading_add(into, READ_cooling_states, types.items[i],
                        isnan(state) ? before : state);
    }
    if (sysfs_exists(root, "/sys/class/thermal"))
        reading_empty(into, READ_cooling_states);
    reading_lack(into, READ_cooling_states, "no /sys/class/thermal");
    text_list_done(&states);
    text_list_done(&types);
}

/* ---- fan --------------------------------------------------------------- */

/* A monitor that belongs to a card or a drive, not to the board. */
static bool is_of_a_card(const char *name)
{
    return strcmp(name, "amdgpu") == 0 || strcmp(name, "nouveau") == 0 ||
           strcmp(name, "nvme") == 0 || strcmp(name, "i915") == 0 ||
           strcmp(name, "xe") == 0;
}

/* The first monitor that has `file`, the board's own fan before others; into
 * path (SYSFS_PATH_BYTES), or "". */
static void find_fan(const char *root, const char *file, char *path)
{
    struct text_list chips;
    char             name[SYSFS_NAME_BYTES];
    bool             is_own = false;

    path[0] = '\0';
    sysfs_hwmon(root, NULL, &chips);
    for (size_t i = 0; i < chips.n && !is_own; i++) {
        sysfs_line(root, name, sizeof name, "%s/name", chips.items[i]);
        is_own = strstr(name, "fan") != NULL || strstr(name, "tach") != NULL;
        if (is_of_a_card(name) || (*path && !is_own) ||
            !sysfs_exists(root, "%s/%s", chips.items[i], file)) {
            is_own = false;
            continue;
        }
        snprintf(path, SYSFS_PATH_BYTES, "%s/%s", chips.items[i], file);
    }
    text_list_done(&chips);
}

static double first_of(const char *root, const char *const *paths, size_t n,
                       double most)
{
    for (size_t i = 0; i < n; i++) {
        double value = *paths[i] ? tree_number(root, paths[i]) : NAN;
        if (value >= 0 && value <= most) return value;
    }
    return NAN;
}

/* Jetson: pwm1 of "pwmfan", rpm of "pwm_tach"; Pi: pwm1 and fan1_input of
 * "pwmfan"; JetPack 4: a platform device. */
static void read_fan(const char *root, struct reading *into)
{
    char        pwm[SYSFS_PATH_BYTES], tach[SYSFS_PATH_BYTES];
    char        fan[SYSFS_PATH_BYTES];
    const char *pwms[] = {pwm, "/sys/devices/pwm-fan/cur_pwm",
                          "/sys/devices/pwm-fan/target_pwm"};
    const char *rpms[] = {tach, fan, "/sys/devices/pwm-fan/rpm_measured"};

    find_fan(root, "pwm1", pwm);
    find_fan(root, "rpm", tach);
    find_fan(root, "fan1_input", fan);
    reading_number(into, READ_fan_pwm,
                   first_of(root, pwms, sizeof pwms / sizeof *pwms, 255));
    reading_number(into, READ_fan_rpm,
                   first_of(root, rpms, sizeof rpms / sizeof *rpms, 1e6));
    reading_lack(into, READ_fan_pwm, "no pwm1 of a fan");
    reading_lack(into, READ_fan_rpm, "no rpm or fan1_input of a fan");
}

static void read_thermal(const char *root, struct reading *into)
{
    read_temperatures(root, into);
    read_trips(root, into);
    read_cooling(root, into);
    read_fan(root, into);
}

/* ---- watching ---------------------------------------------------------- */

static double parse_temp(const char *text)
{
    char  *end;
    double millidegrees = strtod(text, &end);

    return end == text ? NAN : celsius(millidegrees);
}

static void watch_thermal(const char *root, struct watch_list *into)
{
    struct sensors   zones, monitors;
    struct text_list states, types;
    enum zone_class  last;

    find_sensors(root, &zones, &monitors);
    join(&zones, &monitors);
    last = counted(&zones);
    for (size_t i = 0; i < zones.n; i++)
        if (zones.items[i].is <= last &&
            (last == ZONE_CHIP || zones.items[i].is == last))
            watch_list_add(into, &(struct watch_item){
                .field = SAMPLE_temp_c, .merge = WATCH_MAX,
                .path = zones.items[i].path, .scale = 1, .period_s = 1,
                .parse = parse_temp});
    free(zones.items);
    find_cooling(root, &states, &types);
    for (size_t i = 0; i < states.n; i++)
        watch_list_add(into, &(struct watch_item){
            .field = SAMPLE_cooling_state, .merge = WATCH_SUM,
            .path = states.items[i], .scale = 1, .period_s = 0.5});
    text_list_done(&states);
    text_list_done(&types);
}

const struct probe_ops probe_thermal = {
    .name = "thermal",
    .help = "temperatures, trips, cooling devices and the fan",
    .read = read_thermal,
    .watch = watch_thermal,
};
