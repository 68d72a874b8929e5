/* SPDX-License-Identifier: MIT */
/* rails.c - power by rail from the INA3221 monitors of a Jetson module.
 *
 * JetPack 5, 6  hwmon "ina3221": inN_label, inN_input mV, currN_input mA of
 *               channels 1 to 3. in4 to in6 are shunt voltages, in7 and curr4
 *               sums: no rails (kernel: Documentation/hwmon/ina3221.rst).
 * JetPack 4     iio "ina3221x": rail_name_N, in_voltageN_input mV,
 *               in_currentN_input mA, in_powerN_input mW of channels 0 to 2.
 *
 * A channel without a label, with the label "NC" (not connected) or switched
 * off is no rail. The rail at the module's input contains all others; boards
 * without one (AGX) have only a sum of what is labelled, which is not the
 * input.
 */
#include "probe/probe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "probe/sysfs.h"
#include "probe/tree.h"

#define RAILS_MAX    32
#define CHANNELS     3
#define VOLTAGE_MAX  100000.0     /* mV: the chip ends at 26 V          */
#define CURRENT_MAX  10000000.0   /* mA: far above any shunt's range    */
#define POWER_MAX    1e9          /* mW                                 */

/* A shunt of r ohm can show at most 4095 steps of 40 uV. */
#define SHUNT_FULL_SCALE_UV 163800.0

struct rail {
    char        label[SYSFS_NAME_BYTES];
    const char *dir;              /* in rails.dirs */
    int         channel;
    bool        is_iio;
};

struct rails {
    struct text_list dirs;        /* of the monitors */
    struct text_list absent;
    struct rail      items[RAILS_MAX];
    size_t           n;
    bool             is_iio;
};

/* ---- finding ----------------------------------------------------------- */

/* The name of a monitor that stays: its address on the bus, "1-0041". */
static void address_of(const char *root, const char *dir, char *out,
                       size_t size)
{
    char  path[SYSFS_PATH_BYTES];
    char *slash;

    snprintf(out, size, "%s", strrchr(dir, '/') + 1);
    if (!tree_resolve(root, dir, path, sizeof path)) return;
    for (int i = 0; i < 2 && (slash = strrchr(path, '/')); i++) {
        const char *name = slash + 1;
        if (strncmp(name, "hwmon", 5) != 0 && strncmp(name, "iio", 3) != 0)
            break;
        *slash = '\0';
    }
    slash = strrchr(path, '/');
    if (slash && slash[1]) snprintf(out, size, "%.100s", slash + 1);
}

/* "NC", "NC1", "nc": not connected; "NCSI_5V" is a name. */
static bool is_connected(const char *label)
{
    return strncasecmp(label, "NC", 2) != 0 ||
           label[2 + strspn(label + 2, "0123456789_ -")] != '\0';
}

static bool is_in(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], text) == 0) return true;
    return false;
}

/* A channel of a monitor: among the rails, or not one. */
static void add_channel(const char *root, struct rails *r, const char *dir,
                        int channel, bool is_iio)
{
    struct rail *rail = &r->items[r->n];
    char         address[SYSFS_NAME_BYTES], name[2 * SYSFS_NAME_BYTES];
    bool         is_on = true, is_there;

    if (r->n == RAILS_MAX) return;
    *rail = (struct rail){.dir = dir, .channel = channel, .is_iio = is_iio};
    if (is_iio) {
        sysfs_line(root, rail->label, sizeof rail->label, "%s/rail_name_%d",
                   dir, channel);
        is_there = *rail->label ||
                   sysfs_exists(root, "%s/in_power%d_input", dir, channel);
    } else {
        double enabled = sysfs_number(root, "%s/in%d_enable", dir, channel);
        sysfs_line(root, rail->label, sizeof rail->label, "%s/in%d_label",
                   dir, channel);
        is_on = !(enabled <= 0);
        is_there = *rail->label || !isnan(enabled) ||
                   sysfs_exists(root, "%s/in%d_input", dir, channel);
    }
    if (!is_there) return;
    if (*rail->label && is_on && is_connected(rail->label)) {
        r->n++;
        return;
    }
    address_of(root, dir, address, sizeof address);
    if (*rail->label) snprintf(name, sizeof name, "%s", rail->label);
    else snprintf(name, sizeof name, "%s/%s%d", address,
                  is_iio ? "in_power" : "in", channel);
    if (!is_in(&r->absent, name)) text_list_add(&r->absent, name);
}

/* Folders of JetPack 4's driver: DRIVER/7-0040/iio:device0. */
static void find_iio(const char *root, struct text_list *out)
{
    static const char *const places[] = {"/sys/bus/i2c/drivers/ina3221x",
                                         "/sys/bus/i2c/devices"};

    for (size_t p = 0; p < 2 && out->n == 0; p++) {
        struct text_list chips;
        sysfs_entries(root, places[p], "", &chips);
        for (size_t i = 0; i < chips.n; i++) {
            struct text_list inside;
            sysfs_entries(root, chips.items[i], "iio", &inside);
            for (size_t k = 0; k < inside.n; k++)
                if (sysfs_exists(root, "%s/rail_name_0", inside.items[k]) ||
                    sysfs_exists(root, "%s/in_power0_input", inside.items[k]))
                    text_list_add(out, inside.items[k]);
            text_list_done(&inside);
        }
        text_list_done(&chips);
    }
}

static void find_rails(const char *root, struct rails *r)
{
    *r = (struct rails){.n = 0};
    sysfs_hwmon(root, "ina3221", &r->dirs);
    if (r->dirs.n == 0) {
        find_iio(root, &r->dirs);
        r->is_iio = r->dirs.n > 0;
    }
    for (size_t i = 0; i < r->dirs.n; i++)
        for (int k = 0; k < CHANNELS; k++)
            add_channel(root, r, r->dirs.items[i], r->is_iio ? k : k + 1,
                        r->is_iio);
}

static void rails_done(struct rails *r)
{
    text_list_done(&r->dirs);
    text_list_done(&r->absent);
}

/* The rail that all the module's power comes through, or NULL. Names: Jetson
 * Linux device trees and guides of TX1 to Orin. AGX's VIN_SYS_5V0 and SYS5V
 * are one rail among others. */
static const struct rail *input_rail(const struct rails *r)
{
    static const char *const names[] = {"VDD_IN", "POM_5V_IN", "5V_IN",
                                        "VDD_5V_IN", "SYS_VDD_IN"};

    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (size_t i = 0; i < r->n; i++)
            if (strcasecmp(r->items[i].label, names[k]) == 0)
                return &r->items[i];
    return NULL;
}

/* ---- values ------------------------------------------------------------ */

/* One file of a rail: "%s/in%d_input" and so on. NAN with errno. */
static double value(const char *root, const struct rail *rail,
                    const char *hwmon_name, const char *iio_name, double most)
{
    char   file[SYSFS_NAME_BYTES], *at;
    double number;

    snprintf(file, sizeof file, "%s", rail->is_iio ? iio_name : hwmon_name);
    at = strchr(file, '#');
    if (at) *at = (char)('0' + rail->channel);
    number = sysfs_number(root, "%s/%s", rail->dir, file);
    if (isnan(number)) return NAN;
    if (number >= 0 && number <= most) return number;
    errno = ERANGE;
    return NAN;
}

static double voltage(const char *root, const struct rail *rail)
{
    return value(root, rail, "in#_input", "in_voltage#_input", VOLTAGE_MAX);
}

static double current(const char *root, const struct rail *rail)
{
    return value(root, rail, "curr#_input", "in_current#_input", CURRENT_MAX);
}

/* Whole milliwatts. */
static double power(const char *root, const struct rail *rail)
{
    double mw = NAN, mv, ma;

    if (rail->is_iio)
        mw = value(root, rail, "", "in_power#_input", POWER_MAX);
    if (!isnan(mw)) return mw;
    mv = voltage(root, rail);
    ma = isnan(mv) ? NAN : current(root, rail);
    return round(mv * ma / 1000);
}

/* The current limit, or NAN: none. A limit at the end of the shunt's range
 * can never be passed. */
static double limit(const char *root, const struct rail *rail)
{
    static const double shunts_uohm[] = {1000, 2000, 5000, 10000};
    double ma = value(root, rail, "curr#_crit", "crit_current_limit_#",
                      CURRENT_MAX);
    double shunt = rail->is_iio ? NAN
                 : sysfs_number(root, "%s/shunt%d_resistor", rail->dir,
                                rail->channel);

    if (!(ma > 0)) return NAN;
    if (shunt > 0)
        return ma >= floor(SHUNT_FULL_SCALE_UV * 1000 / shunt) ? NAN : ma;
    for (size_t i = 0; i < sizeof shunts_uohm / sizeof *shunts_uohm; i++)
        if (fabs(ma - SHUNT_FULL_SCALE_UV * 1000 / shunts_uohm[i]) < 0.5)
            return NAN;
    return ma;
}

/* 1: the limit is passed; 0: not; NAN: not known. */
static double over_limit(const char *root, const struct rail *rail)
{
    double alarm = rail->is_iio ? NAN
                 : value(root, rail, "curr#_crit_alarm", "", 1);
    double ma, most;

    if (!isnan(alarm)) return alarm;
    ma = current(root, rail);
    most = limit(root, rail);
    return isnan(ma) || isnan(most) ? NAN : ma > most ? 1 : 0;
}

static void read_input(const char *root, const struct rail *rail,
                       struct reading *into)
{
    double mw = power(root, rail);
    int    error = errno;
    double over = over_limit(root, rail);

    reading_number(into, READ_power_in_mw, mw);
    if (isnan(mw))
        reading_lack(into, READ_power_in_mw, "%s: rail %s", tree_why(error),
                     rail->label);
    reading_text(into, READ_power_in_rail, rail->label);
    reading_number(into, READ_input_mv, voltage(root, rail));
    if (!isnan(over)) reading_truth(into, READ_over_curr1_crit, over > 0);
    reading_lack(into, READ_power_rails_sum_mw,
                 "not needed: %s is the whole input", rail->label);
}

static void read_sum(const char *root, const struct rails *r,
                     struct reading *into)
{
    static const enum reading_key of_input[] = {
        READ_power_in_mw, READ_power_in_rail, READ_input_mv,
        READ_over_curr1_crit};
    double sum = 0;

    for (size_t i = 0; i < r->n; i++) sum += power(root, &r->items[i]);
    if (r->n) reading_number(into, READ_power_rails_sum_mw, sum);
    reading_lack(into, READ_power_rails_sum_mw, "not every rail can be read");
    for (size_t i = 0; i < sizeof of_input / sizeof *of_input; i++)
        reading_lack(into, of_input[i], "no rail of this board is its input");
}

static void read_maps(const char *root, const struct rails *r,
                      struct reading *into)
{
    static const enum reading_key lists[] = {
        READ_rails_mw, READ_rails_mv, READ_rails_ma, READ_rails_crit_ma,
        READ_rails_absent,
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        reading_empty(into, lists[i]);
    for (size_t i = 0; i < r->n; i++) {
        const struct rail *rail = &r->items[i];
        double             over = over_limit(root, rail);
        reading_add(into, READ_rails_mw, rail->label, power(root, rail));
        reading_add(into, READ_rails_mv, rail->label, voltage(root, rail));
        reading_add(into, READ_rails_ma, rail->label, current(root, rail));
        reading_add(into, READ_rails_crit_ma, rail->label, limit(root, rail));
        if (!isnan(over)) reading_empty(into, READ_rails_over_crit);
        if (over > 0) reading_add_name(into, READ_rails_over_crit, rail->label);
    }
    reading_lack(into, READ_rails_over_crit, "no rail has a limit");
    for (size_t i = 0; i < r->absent.n; i++)
        reading_add_name(into, READ_rails_absent, r->absent.items[i]);
}

/* power_in_mw without a monitor: rapl.c gives the reason, it knows whether
 * there is another counter. */
static void read_no_monitor(const char *root, struct reading *into)
{
    if (tree_exists(root, "/sys/class/hwmon"))
        reading_empty(into, READ_rails_mw);
    for (int key = READ_power_in_rail; key <= READ_ina3221_chips; key++)
        reading_lack(into, (enum reading_key)key, "no INA3221 power monitor");
}

static void read_rails(const char *root, struct reading *into)
{
    struct rails       r;
    const struct rail *input;

    find_rails(root, &r);
    input = input_rail(&r);
    if (r.dirs.n == 0) {
        read_no_monitor(root, into);
    } else {
        read_maps(root, &r, into);
        if (input) read_input(root, input, into);
        else read_sum(root, &r, into);
        reading_text(into, READ_ina3221_layout, r.is_iio ? "iio" : "hwmon");
        reading_number(into, READ_ina3221_chips, (double)r.dirs.n);
    }
    rails_done(&r);
}

/* ---- watching ---------------------------------------------------------- */

/* A sum of rails is not watched as the input's power: it is not. */
static void watch_rails(const char *root, struct watch_list *into)
{
    struct rails       r;
    const struct rail *input;

    find_rails(root, &r);
    input = input_rail(&r);
    if (input) {
        struct watch_item item = {.field = SAMPLE_input_power_w,
                                  .merge = WATCH_MAX, .period_s = 0.2};
        if (input->is_iio) {
            item.path = mem_printf("%s/in_power%d_input", input->dir,
                                   input->channel);
            item.scale = 1e-3;
        } else {
            item.path = mem_printf("%s/in%d_input", input->dir,
                                   input->channel);
            item.times_path = mem_printf("%s/curr%d_input", input->dir,
                                         input->channel);
            item.scale = 1e-6;
        }
        watch_list_add(into, &item);
        free(item.path);
        free(item.times_path);
    }
    rails_done(&r);
}

const struct probe_ops probe_rails = {
    .name = "rails",
    .help = "power by rail from a Jetson's INA3221 monitors",
    .read = read_rails,
    .watch = watch_rails,
};
