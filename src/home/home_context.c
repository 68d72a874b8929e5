/* SPDX-License-Identifier: MIT */
/* home_context.c - the tools that tell about the home: its live context, in
 * Home Assistant's form of YAML, and its clock. They change nothing. */
#include "home/home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "home/home_dates.h"
#include "home/home_match.h"

#define CONTEXT_MAX_BYTES ((size_t)1 << 20)
#define GROUPED_UNTIL     202504   /* the last version that was unsorted */

/* ---- YAML, as PyYAML writes it ----------------------------------------- */

/* Would YAML read this text as something other than a text? */
static bool needs_quotes(const char *text)
{
    static const char *const words[] = {
        "on", "off", "yes", "no", "true", "false", "null", "y", "n", "~", "",
        "On", "Off", "Yes", "No", "True", "False", "Null", "ON", "OFF", "YES",
        "NO", "TRUE", "FALSE", "NULL",
    };
    size_t len = strlen(text);
    char  *end;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], text) == 0) return true;
    (void)strtod(text, &end);
    if (end != text && *end == '\0') return true;
    return strchr("!&*-?|>@`\"'%#,[]{}: ", text[0]) ||
           strstr(text, ": ") || strstr(text, " #") ||
           text[len - 1] == ':' || text[len - 1] == ' ';
}

static void add_text(struct strbuf *out, const char *text)
{
    if (!needs_quotes(text)) {
        strbuf_add(out, text);
        return;
    }
    strbuf_add(out, "'");
    for (; *text; text++) {
        strbuf_addn(out, text, 1);
        if (*text == '\'') strbuf_add(out, "'");
    }
    strbuf_add(out, "'");
}

/* The attributes of one entity; the heading comes with the first. */
struct attributes {
    struct strbuf *out;
    size_t         n;
};

static void add_key(struct attributes *a, const char *name)
{
    if (a->n++ == 0) strbuf_add(a->out, "  attributes:\n");
    strbuf_addf(a->out, "    %s:", name);
}

static void add_attribute(struct attributes *a, const char *name,
                          const char *text)
{
    if (!text) return;
    add_key(a, name);
    strbuf_add(a->out, " ");
    add_text(a->out, text);
    strbuf_add(a->out, "\n");
}

/* Home Assistant quotes whole numbers and leaves others plain. */
static void add_number(struct attributes *a, const char *name, double value,
                       bool is_plain)
{
    if (isnan(value)) return;
    add_key(a, name);
    if (value == floor(value))
        strbuf_addf(a->out, is_plain ? " %.1f\n" : " '%.0f'\n", value);
    else
        strbuf_addf(a->out, " %.12g\n", value);
}

/* ---- what each kind tells ---------------------------------------------- */

static void tell_light(struct attributes *a, const struct entity *e,
                       bool is_recorded)
{
    const struct device *d  = &e->device;
    bool                 on = strcmp(d->state, "on") == 0;

    if ((e->features & CAN_BRIGHTNESS) && on && d->brightness >= 0) {
        add_number(a, "brightness", d->brightness, false);
    } else if (e->features & CAN_BRIGHTNESS) {
        add_key(a, "brightness");
        strbuf_add(a->out, "\n");
    }
    if (is_recorded || !on) return;
    /* Without these nobody could be asked for "a little warmer". */
    if (d->shows_color)
        add_attribute(a, "color", d->color);
    else if (d->kelvin)
        add_number(a, "color_temp_kelvin", d->kelvin, false);
}

static void tell_climate(struct attributes *a, const struct entity *e)
{
    add_number(a, "current_temperature", e->device.current_temperature,
               false);
    if (e->features & CAN_TARGET_TEMPERATURE)
        add_number(a, "temperature", e->device.temperature, false);
}

static void tell_alarms(struct attributes *a, const struct entity *e)
{
    const json_t *alarms = json_object_get(e->state, "alarms");
    struct strbuf text;

    strbuf_init(&text, CONTEXT_MAX_BYTES);
    for (size_t i = 0; i < json_array_size(alarms); i++) {
        const json_t *alarm = json_array_get(alarms, i);
        const json_t *days  = json_object_get(alarm, "days");

        strbuf_addf(&text, "%s%s", i ? ", " : "", jsonx_text(alarm, "time"));
        if (*jsonx_text(alarm, "name"))
            strbuf_addf(&text, " %s", jsonx_text(alarm, "name"));
        for (size_t k = 0; k < json_array_size(days); k++)
            strbuf_addf(&text, "%s%s", k ? " " : " (",
                        json_string_value(json_array_get(days, k)));
        if (json_array_size(days)) strbuf_add(&text, ")");
    }
    if (text.len) add_attribute(a, "alarms", text.text);
    strbuf_done(&text);
}

/* In the order in which Home Assistant has them. */
static void tell(struct strbuf *out, const struct home *h,
                 const struct entity *e)
{
    struct attributes a    = {out, 0};
    const char       *kind = e->domain->name;
    bool is_off = strcmp(home_state_text(e), "off") == 0;

    if (strcmp(kind, "light") == 0) {
        tell_light(&a, e, h->manner.is_recorded);
    } else if (strcmp(kind, "climate") == 0) {
        tell_climate(&a, e);
    } else if (strcmp(kind, "media_player") == 0 && !is_off) {
        add_number(&a, "volume_level", e->device.volume, true);
    } else if (strcmp(kind, "fan") == 0) {
        add_number(&a, "percentage", e->device.level, false);
    } else if (e->features & CAN_REPORT_POSITION) {
        add_number(&a, "current_position", e->device.level, false);
    } else if (strcmp(kind, "weather") == 0) {
        add_number(&a, "temperature", jsonx_number(e->state, "temperature"),
                   true);
        add_attribute(&a, "temperature_unit", "°C");
        add_number(&a, "humidity", jsonx_number(e->state, "humidity"), false);
    } else if (strcmp(kind, "alarm") == 0) {
        tell_alarms(&a, e);
    }
    add_attribute(&a, "unit_of_measurement", e->unit);
    if (strcmp(kind, "valve") != 0)
        add_attribute(&a, "device_class", e->device_class);
}

static void add_entity(struct strbuf *out, const struct home *h,
                       const struct entity *e)
{
    struct strbuf names;

    strbuf_init(&names, CONTEXT_MAX_BYTES);
    strbuf_add(&names, e->name);
    for (size_t i = 0; i < e->aliases.n; i++)
        strbuf_addf(&names, ", %s", e->aliases.items[i]);
    strbuf_add(out, "- names: ");
    add_text(out, names.text);
    strbuf_addf(out, "\n  domain: %s\n  state: ", e->domain->name);
    add_text(out, home_state_text(e));
    strbuf_add(out, "\n");
    if (e->area) {
        strbuf_add(out, "  areas: ");
        add_text(out, e->area->name);
        strbuf_add(out, "\n");
    }
    tell(out, h, e);
    strbuf_done(&names);
}

/* ---- the tools --------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct entity *x = *(struct entity *const *)a;
    const struct entity *y = *(struct entity *const *)b;
    int                  order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->id, y->id);
}

static int by_domain(const void *a, const void *b)
{
    const struct entity *x = *(struct entity *const *)a;
    const struct entity *y = *(struct entity *const *)b;

    if (x->domain != y->domain) return x->domain < y->domain ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Timers, messages and calendars have tools of their own. */
static bool is_told(const struct entity *e)
{
    return !home_is_in(e, "calendar") && !home_is_in(e, "timer") &&
           !home_is_in(e, "intercom");
}

static json_t *overview(const struct home *h, struct match *m)
{
    bool          is_old = h->manner.version &&
                           h->manner.version <= GROUPED_UNTIL;
    struct strbuf text;
    size_t        n = 0;
    char         *context;
    json_t       *result;

    for (size_t i = 0; i < m->n; i++)
        if (is_told(m->found[i])) m->found[n++] = m->found[i];
    qsort(m->found, n, sizeof *m->found, is_old ? by_domain : by_name);
    strbuf_init(&text, CONTEXT_MAX_BYTES);
    strbuf_add(&text, "Live Context: An overview of the areas and the devices "
               "in this smart home:\n");
    for (size_t i = 0; i < n; i++) add_entity(&text, h, m->found[i]);
    context = strbuf_take(&text);
    strbuf_done(&text);
    result = json_string(context);
    free(context);
    return home_result(result);
}

json_t *home_live_context(struct home *h, const json_t *arguments)
{
    /* More than one of a name is as good an answer as one. */
    static const struct rule anything = {.is_any = true};
    bool         is_all = h->manner.is_recorded;
    struct slots slots  = {0};
    struct match m      = {0};
    json_t      *answer = NULL;

    if (!is_all && !home_slots_read(&slots, arguments, NULL, NULL))
        answer = home_invalid_slot("GetLiveContext");
    is_all = is_all || (!slots.name && !slots.area && !slots.floor &&
                        json_array_size(slots.domains) == 0);
    if (!answer && is_all) {
        m.found = mem_new(h->n_entities, sizeof *m.found);
        for (size_t i = 0; i < h->n_entities; i++)
            m.found[m.n++] = &h->entities[i];
    } else if (!answer) {
        answer = home_match(h, &slots, &anything, &m);
    }
    if (!answer) answer = overview(h, &m);
    home_match_done(&m);
    home_slots_done(&slots);
    return answer;
}

json_t *home_date_time(struct home *h, const json_t *arguments)
{
    /* 1970 began on a Thursday. */
    static const char *const week[] = {"Thursday", "Friday", "Saturday",
                                       "Sunday", "Monday", "Tuesday",
                                       "Wednesday"};
    const char      *now    = h->plan->now;
    json_t          *result = json_object();
    char            *date   = mem_copy_n(now, 10);
    char            *time   = mem_copy_n(now + 11, 8);
    char            *zone   = now[19] ? mem_printf("UTC%s", now + 19) : NULL;
    struct home_date today  = {0};

    (void)arguments;
    (void)home_date_read(now, &today);
    jsonx_set_text(result, "date", date);
    jsonx_set_text(result, "time", time);
    jsonx_set_text(result, "timezone", zone ? zone : "UTC");
    jsonx_set_text(result, "weekday", week[((today.day % 7) + 7) % 7]);
    free(date);
    free(time);
    free(zone);
    return home_result(result);
}
