/* SPDX-License-Identifier: MIT */
/* throttle.c - what holds the clocks down besides heat: over-current events
 * of a Jetson, a Raspberry Pi's throttle word and supply alarm; and what one
 * reading can tell of all of it.
 *
 * ocN_event_cnt count since boot: alone they say nothing of now. The Pi's
 * word is hex without 0x in sysfs up to the Pi 4; where there is no such file
 * the firmware's mailbox is asked, on the live machine only. No word is
 * unknown, not "all is well".
 */
#include "probe/probe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "probe/sysfs.h"
#include "probe/tree.h"
#include "probe/verdict.h"

/* ---- over-current counters --------------------------------------------- */

/* Length of the counter's name in that of its file, 3 for "oc3_event_cnt"; 0:
 * another file. */
static size_t counter_name(const char *file)
{
    size_t digits = strncmp(file, "oc", 2) == 0
                  ? strspn(file + 2, "0123456789") : 0;

    return digits && digits < 10 &&
           strcmp(file + 2 + digits, "_event_cnt") == 0 ? 2 + digits : 0;
}

/* Paths of the counters of all hardware monitors. */
static void find_counters(const char *root, struct text_list *out)
{
    struct text_list chips;

    *out = (struct text_list){0};
    sysfs_hwmon(root, NULL, &chips);
    for (size_t i = 0; i < chips.n; i++) {
        struct text_list files;
        sysfs_entries(root, chips.items[i], "oc", &files);
        for (size_t k = 0; k < files.n; k++)
            if (counter_name(strrchr(files.items[k], '/') + 1))
                text_list_add(out, files.items[k]);
        text_list_done(&files);
    }
    text_list_done(&chips);
}

static void read_counters(const char *root, struct reading *into)
{
    struct text_list counters;

    find_counters(root, &counters);
    for (size_t i = 0; i < counters.n; i++) {
        const char *file = strrchr(counters.items[i], '/') + 1;
        char       *name = mem_copy_n(file, counter_name(file));
        double      count = tree_number(root, counters.items[i]);
        reading_add(into, READ_oc_event_counts, name,
                    count >= 0 ? count : NAN);
        free(name);
    }
    if (counters.n == 0)
        reading_lack(into, READ_oc_event_counts,
                     "no oc*_event_cnt in /sys/class/hwmon");
    text_list_done(&counters);
}

/* ---- Raspberry Pi ------------------------------------------------------ */

/* The throttle word's file below one folder; false: not there. The node is
 * "soc:firmware" or "soc@107c000000:firmware". */
static bool find_word_in(const char *root, const char *folder, char *path)
{
    struct text_list entries;
    bool             found = false;

    sysfs_entries(root, folder, "soc", &entries);
    for (size_t i = 0; i < entries.n && !found; i++) {
        int len = snprintf(path, SYSFS_PATH_BYTES, "%s/get_throttled",
                           entries.items[i]);
        found = strstr(entries.items[i], "firmware") &&
                len < SYSFS_PATH_BYTES && tree_exists(root, path);
    }
    text_list_done(&entries);
    return found;
}

static bool find_word(const char *root, char *path)
{
    struct text_list socs;
    bool             found = find_word_in(root, "/sys/bus/platform/devices",
                                          path) ||
                             find_word_in(root, "/sys/devices/platform", path);

    sysfs_entries(root, "/sys/devices/platform", "soc", &socs);
    for (size_t i = 0; i < socs.n && !found; i++)
        found = find_word_in(root, socs.items[i], path);
    text_list_done(&socs);
    return found;
}

#define MAILBOX               "/dev/vcio"
#define MAILBOX_PROPERTY      _IOWR(100, 0, char *)
#define MAILBOX_GET_THROTTLED 0x00030046u
#define MAILBOX_DONE          0x80000000u

/* The word from the firmware's property channel: a message of one tag. False
 * with errno: no Pi, no permission. */
static bool ask_firmware(unsigned *word)
{
    /* Its size, request, tag, room and length of its value, value, end. */
    uint32_t message[7] = {sizeof message, 0, MAILBOX_GET_THROTTLED, 4, 0, 0,
                           0};
    int      fd = open(MAILBOX, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int      rc;

    if (fd < 0) return false;
    rc = ioctl(fd, MAILBOX_PROPERTY, message);
    close(fd);
    if (rc >= 0 && message[1] == MAILBOX_DONE &&
        (message[4] & MAILBOX_DONE)) {
        *word = message[5];
        return true;
    }
    if (rc >= 0) errno = EIO;
    return false;
}

/* False: none, with a reason where there is one. */
static bool read_word(const char *root, struct reading *into, unsigned *word)
{
    char path[SYSFS_PATH_BYTES], text[SYSFS_NAME_BYTES];

    if (find_word(root, path)) {
        if (tree_line(root, path, text, sizeof text) &&
            verdict_pi_word(text, word))
            return true;
        reading_lack(into, READ_throttled_flags, "no hex word: %s", path);
        return false;
    }
    if (!*root && ask_firmware(word)) return true;
    if (!*root && errno != ENOENT)
        reading_lack(into, READ_throttled_flags, "%s: " MAILBOX,
                     errno == EACCES ? "needs root or the group video"
                                     : tree_why(errno));
    else
        reading_lack(into, READ_throttled_flags,
                     "no get_throttled file: not a Raspberry Pi, or a Pi 5, "
                     "where only the live firmware tells");
    return false;
}

/* The supply alarm of "rpi_volt": its path, or "". */
static void find_supply_alarm(const char *root, char *path)
{
    struct text_list chips;

    path[0] = '\0';
    sysfs_hwmon(root, "rpi_volt", &chips);
    if (chips.n)
        snprintf(path, SYSFS_PATH_BYTES, "%.900s/in0_lcrit_alarm",
                 chips.items[0]);
    text_list_done(&chips);
}

static void read_pi(const char *root, struct reading *into)
{
    char     path[SYSFS_PATH_BYTES], text[16];
    unsigned word;
    double   alarm;

    if (read_word(root, into, &word)) {
        snprintf(text, sizeof text, "0x%x", word);
        reading_text(into, READ_throttled_flags, text);
        reading_truth(into, READ_undervoltage_now, word & PI_UNDERVOLTAGE);
        return;
    }
    find_supply_alarm(root, path);
    alarm = *path ? tree_number(root, path) : NAN;
    if (alarm >= 0 && alarm <= 1)
        reading_truth(into, READ_undervoltage_now, alarm > 0);
    reading_lack(into, READ_undervoltage_now,
                 "neither a throttle word nor a supply alarm");
}

/* ---- reading ----------------------------------------------------------- */

/* After thermal.c, whose cooling states count. */
static void read_throttle(const char *root, struct reading *into)
{
    struct throttling v;

    read_counters(root, into);
    read_pi(root, into);
    throttling_of(NULL, into, &v);
    if (v.is_throttling >= 0) {
        reading_truth(into, READ_throttling_now, v.is_throttling > 0);
        reading_empty(into, READ_throttle_reasons);
        for (size_t i = 0; i < v.why.n; i++)
            reading_add_name(into, READ_throttle_reasons, v.why.items[i]);
    }
    reading_lack(into, READ_throttling_now, "nothing here tells: no cooling "
                 "device that cuts clocks, no throttle word");
    reading_lack(into, READ_throttle_reasons, "nothing here tells: no cooling "
                 "device that cuts clocks, no throttle word");
    throttling_done(&v);
}

/* ---- watching ---------------------------------------------------------- */

#define FLAG_THERMAL 1
#define FLAG_VOLTAGE 4
#define FLAG_OTHER   8

/* A Pi's word as bits of SAMPLE_throttle_flags. "Throttled" and "capped" come
 * from heat as well as from the supply. */
static double flags_of(unsigned word)
{
    int flags = 0;

    if (word & PI_UNDERVOLTAGE) flags |= FLAG_VOLTAGE;
    if (word & PI_SOFT_LIMIT) flags |= FLAG_THERMAL;
    if (word & (PI_FREQUENCY_CAPPED | PI_THROTTLED)) flags |= FLAG_OTHER;
    return flags;
}

static double parse_word(const char *text)
{
    size_t   len = strlen(text);
    unsigned word;
    char     line[16];

    while (len && isspace((unsigned char)text[len - 1])) len--;
    if (len >= sizeof line) return NAN;
    memcpy(line, text, len);
    line[len] = '\0';
    return verdict_pi_word(line, &word) ? flags_of(word) : NAN;
}

static double parse_alarm(const char *text)
{
    return *text == '1' ? FLAG_VOLTAGE : *text == '0' ? 0 : NAN;
}

static double call_firmware(void *ctx)
{
    unsigned word;

    (void)ctx;
    return ask_firmware(&word) ? flags_of(word) : NAN;
}

static void watch_throttle(const char *root, struct watch_list *into)
{
    struct watch_item flags = {.field = SAMPLE_throttle_flags,
                               .merge = WATCH_MAX, .period_s = 0.5};
    struct text_list  counters;
    char              path[SYSFS_PATH_BYTES];
    unsigned          word;

    find_counters(root, &counters);
    for (size_t i = 0; i < counters.n; i++)
        watch_list_add(into, &(struct watch_item){
            .field = SAMPLE_oc_events, .merge = WATCH_SUM,
            .path = counters.items[i], .scale = 1, .period_s = 0.5});
    text_list_done(&counters);
    if (find_word(root, path)) {
        flags.path = path;
        flags.parse = parse_word;
    } else if (!*root && ask_firmware(&word)) {
        flags.call = call_firmware;
    } else {
        find_supply_alarm(root, path);
        if (!*path || !tree_exists(root, path)) return;
        flags.path = path;
        flags.parse = parse_alarm;
    }
    watch_list_add(into, &flags);
}

const struct probe_ops probe_throttle = {
    .name = "throttle",
    .help = "over-current events, a Raspberry Pi's throttle word",
    .read = read_throttle,
    .watch = watch_throttle,
};
