/* SPDX-License-Identifier: MIT */
/* ha_home.c - see ha_home.h. What a fixture means to the simulated devices
 * of that project: their start states, from what was observed of them. */
#include "home/ha_home.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "home/home_internal.h"
#include "yaml_tree.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

/* ---- small things ------------------------------------------------------ */

/* "cover.CoverEntityFeature.SET_POSITION" is "set_position". Caller frees;
 * NULL: no text. */
static char *last_word(const json_t *value)
{
    const char *text = json_string_value(value);
    const char *dot  = text ? strrchr(text, '.') : NULL;
    char       *word = text ? mem_copy(dot ? dot + 1 : text) : NULL;

    for (char *at = word; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return word;
}

/* A text, or a number or truth as a text; NULL: neither. Caller frees. */
static char *text_of(const json_t *value)
{
    if (json_is_string(value)) return mem_copy(json_string_value(value));
    if (json_is_integer(value))
        return mem_printf("%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return mem_printf("%.12g", json_real_value(value));
    if (json_is_boolean(value))
        return mem_copy(json_is_true(value) ? "on" : "off");
    return NULL;
}

/* A number, also one written as a text; NAN: neither. */
static double number_of(const json_t *value)
{
    const char *text = json_string_value(value);
    char       *end;
    double      number;

    if (json_is_number(value)) return json_number_value(value);
    if (!text || !*text) return NAN;
    number = strtod(text, &end);
    return *end == '\0' && isfinite(number) ? number : NAN;
}

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

/* Sets nothing when the number is missing. */
static void set_number(json_t *state, const char *name, double value)
{
    if (!isnan(value))
        json_object_set_new(state, name, home_number(value));
}

static const json_t *find_id(const json_t *list, const char *id)
{
    for (size_t i = 0; id && i < json_array_size(list); i++) {
        const char *it = jsonx_text(json_array_get(list, i), "id");
        if (it && strcmp(it, id) == 0) return json_array_get(list, i);
    }
    return NULL;
}

/* ---- what a device can ------------------------------------------------- */

static json_t *features_of(const json_t *attributes)
{
    const json_t *list = json_object_get(attributes, "supported_features");
    json_t       *out  = json_array();

    for (size_t i = 0; i < json_array_size(list); i++) {
        char *word = last_word(json_array_get(list, i));
        if (word && home_feature(word)) jsonx_add_text(out, word);
        free(word);
    }
    if (json_is_true(json_object_get(attributes, "reports_position")))
        jsonx_add_text(out, "report_position");
    return out;
}

static json_t *light_features(const json_t *attributes)
{
    static const char *const colours[] = {"hs", "xy", "rgb", "rgbww"};
    const json_t *modes = json_object_get(attributes, "supported_color_modes");
    json_t       *out   = json_array();

    for (size_t i = 0; i < json_array_size(modes); i++) {
        const char *mode = json_string_value(json_array_get(modes, i));
        if (mode && home_feature(mode)) jsonx_add_text(out, mode);
        for (size_t k = 0; mode && k < sizeof colours / sizeof colours[0]; k++)
            if (strcmp(mode, colours[k]) == 0) jsonx_add_text(out, "color");
    }
    return out;
}

/* ---- start states ------------------------------------------------------ */

static void start_light(json_t *out, const json_t *state,
                        const json_t *attributes)
{
    json_t *features    = light_features(attributes);
    bool    is_dimmable = json_array_size(features) > 0;
    double  brightness = number_of(json_object_get(attributes, "brightness"));

    json_decref(features);
    jsonx_set_text(out, "state",
                   is_text(state, "on") || brightness > 0 ? "on" : "off");
    if (is_dimmable) set_number(out, "brightness", brightness);
}

static void start_place(json_t *out, const json_t *state,
                        const json_t *attributes, bool shows_position)
{
    double position = number_of(json_object_get(attributes,
                                                "current_position"));

    if (isnan(position))
        position = number_of(json_object_get(attributes,
                                             "current_valve_position"));
    if (isnan(position)) position = is_text(state, "open") ? 100 : 0;
    if (!shows_position)
        jsonx_set_text(out, "state", is_text(state, "open") ? "open"
                                                            : "closed");
    else
        jsonx_set_text(out, "state", position > 0 ? "open" : "closed");
    if (shows_position) set_number(out, "current_position", position);
}

static void start_fan(json_t *out, const json_t *state,
                      const json_t *attributes)
{
    double percentage = number_of(json_object_get(attributes, "percentage"));

    if (isnan(percentage)) percentage = is_text(state, "on") ? 100 : 0;
    jsonx_set_text(out, "state", percentage > 0 ? "on" : "off");
    set_number(out, "percentage", percentage);
}

static void start_climate(json_t *out, const json_t *state,
                          const json_t *attributes)
{
    const json_t *mode = json_is_string(state)
                         ? state : json_object_get(attributes, "hvac_mode");

    jsonx_set_text(out, "state", json_is_string(mode)
                   ? json_string_value(mode) : "off");
    set_number(out, "temperature",
               number_of(json_object_get(attributes, "target_temperature")));
    set_number(out, "current_temperature",
               number_of(json_object_get(attributes, "current_temperature")));
}

static void start_todo(json_t *out, const json_t *attributes)
{
    const json_t *items = json_object_get(attributes, "todo_items");
    json_t       *open  = json_array(), *done = json_array();
    char         *count;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item    = json_array_get(items, i);
        const char   *summary = jsonx_text(item, "summary");
        const char   *status  = jsonx_text(item, "status");
        if (!summary) summary = json_string_value(item);
        if (summary)
            jsonx_add_text(status && strcmp(status, "completed") == 0
                           ? done : open, summary);
    }
    count = mem_printf("%zu", json_array_size(open));
    jsonx_set_text(out, "state", count);
    json_object_set_new(out, "items", open);
    json_object_set_new(out, "completed", done);
    free(count);
}

/* Shown in Celsius, to a tenth. */
static void start_weather(json_t *out, const json_t *attributes)
{
    const char *condition = jsonx_text(attributes, "condition");
    const char *unit = jsonx_text(attributes, "native_temperature_unit");
    double degrees = number_of(json_object_get(attributes,
                                               "native_temperature"));

    if (unit && strchr(unit, 'F'))
        degrees = nearbyint((degrees - 32) / 1.8 * 10) / 10;
    jsonx_set_text(out, "state", condition ? condition : "unknown");
    set_number(out, "temperature", degrees);
    set_number(out, "humidity",
               number_of(json_object_get(attributes, "humidity")));
}

static void start_sensor(json_t *out, const json_t *state,
                         const json_t *attributes)
{
    const json_t *native = json_object_get(attributes, "native_value");
    char *text = text_of(native && !json_is_null(native) ? native : state);

    jsonx_set_text(out, "state", text ? text : "unknown");
    free(text);
}

/* "2025-04-02 11:00+10:00" as "2025-04-02T11:00:00+10:00". */
static char *iso_time(const char *text)
{
    size_t len = strlen(text);

    if (len < 16 || (text[10] != ' ' && text[10] != 'T') || text[13] != ':')
        return mem_copy(text);
    return mem_printf("%.10sT%.5s%s%s", text, text + 11,
                      text[16] == ':' ? "" : ":00", text + 16);
}

static void start_calendar(json_t *out, const json_t *attributes)
{
    const json_t *events = json_object_get(attributes, "events");
    json_t       *list   = json_array();

    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t     *event = json_object();
        const char *name;
        json_t     *value;

        json_object_foreach(json_array_get(events, i), name, value) {
            /* A null went through Python's str(). */
            char *text = json_is_string(value)
                         ? iso_time(json_string_value(value))
                         : json_is_null(value) ? mem_copy("None") : NULL;
            if (text) jsonx_set_text(event, name, text);
            free(text);
        }
        json_array_append_new(list, event);
    }
    jsonx_set_text(out, "state", "off");
    json_object_set_new(out, "events", list);
}

/* What there is of players that are off is hidden, not lost. */
static void start_player(json_t *out, const json_t *state,
                         const json_t *attributes)
{
    double volume = number_of(json_object_get(attributes, "volume_level"));
    double track  = number_of(json_object_get(attributes, "media_track"));

    jsonx_set_text(out, "state", json_is_string(state)
                   ? json_string_value(state) : "off");
    set_number(out, "volume_level", isnan(volume) ? 0.5 : volume);
    set_number(out, "media_track", isnan(track) ? 0 : track);
}

static json_t *start_state(const char *kind, const json_t *state,
                           const json_t *attributes)
{
    json_t *out     = json_object();
    bool    reports = json_is_true(json_object_get(attributes,
                                                   "reports_position"));

    if (strcmp(kind, "light") == 0)
        start_light(out, state, attributes);
    else if (strcmp(kind, "cover") == 0)
        start_place(out, state, attributes, true);
    else if (strcmp(kind, "valve") == 0)
        start_place(out, state, attributes, reports);
    else if (strcmp(kind, "fan") == 0)
        start_fan(out, state, attributes);
    else if (strcmp(kind, "climate") == 0)
        start_climate(out, state, attributes);
    else if (strcmp(kind, "media_player") == 0)
        start_player(out, state, attributes);
    else if (strcmp(kind, "todo") == 0)
        start_todo(out, attributes);
    else if (strcmp(kind, "weather") == 0)
        start_weather(out, attributes);
    else if (strcmp(kind, "sensor") == 0)
        start_sensor(out, state, attributes);
    else if (strcmp(kind, "calendar") == 0)
        start_calendar(out, attributes);
    else if (strcmp(kind, "lock") == 0)
        jsonx_set_text(out, "state", is_text(state, "locked") ? "locked"
                                                              : "unlocked");
    else if (strcmp(kind, "switch") == 0)
        jsonx_set_text(out, "state", is_text(state, "on") ? "on" : "off");
    else if (strcmp(kind, "binary_sensor") == 0)
        jsonx_set_text(out, "state", json_is_true(state) ||
                       is_text(state, "True") || is_text(state, "on")
                       ? "on" : "off");
    else
        jsonx_set_text(out, "state", json_is_string(state)
                       ? json_string_value(state) : "unknown");
    return out;
}

/* ---- the home ---------------------------------------------------------- */

static json_t *areas_of(const json_t *fixture)
{
    const json_t *areas = json_object_get(fixture, "areas");
    json_t       *out   = json_array();

    for (size_t i = 0; i < json_array_size(areas); i++) {
        const json_t *from = json_array_get(areas, i);
        json_t       *area = json_object();

        jsonx_set_text(area, "name", jsonx_text(from, "name"));
        if (jsonx_text(from, "id"))
            jsonx_set_text(area, "id", jsonx_text(from, "id"));
        if (jsonx_text(from, "floor"))
            jsonx_set_text(area, "floor", jsonx_text(from, "floor"));
        json_array_append_new(out, area);
    }
    return out;
}

/* The name of the area that an entity is in: that of its device, if it has
 * one. NULL: none. */
static const char *area_of(const json_t *fixture, const json_t *entity)
{
    const char   *device = jsonx_text(entity, "device");
    const json_t *of     = device ? find_id(json_object_get(fixture,
                                            "devices"), device) : entity;

    return jsonx_text(find_id(json_object_get(fixture, "areas"),
                              jsonx_text(of, "area")), "name");
}

/* {device: name of its area}, for whoever speaks to one of them. */
static json_t *devices_of(const json_t *fixture)
{
    const json_t *devices = json_object_get(fixture, "devices");
    json_t       *out     = json_object();

    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        const json_t *area   = find_id(json_object_get(fixture, "areas"),
                                       jsonx_text(device, "area"));
        const char   *id     = jsonx_text(device, "id");
        if (id && jsonx_text(area, "name"))
            jsonx_set_text(out, id, jsonx_text(area, "name"));
    }
    return out;
}

static void set_word(json_t *out, const char *name, const json_t *value)
{
    char *word = last_word(value);

    if (word) jsonx_set_text(out, name, word);
    free(word);
}

static json_t *entity_of(const json_t *fixture, const json_t *from)
{
    const char   *id         = jsonx_text(from, "id");
    const char   *area       = area_of(fixture, from);
    const json_t *attributes = json_object_get(from, "attributes");
    const json_t *modes      = json_object_get(attributes, "hvac_modes");
    const char   *unit       = jsonx_text(attributes,
                                          "native_unit_of_measurement");
    char   *kind = mem_copy_n(id ? id : "", id ? strcspn(id, ".") : 0);
    json_t *out  = json_object(), *features;

    jsonx_set_text(out, "id", id);
    jsonx_set_text(out, "name", jsonx_text(from, "name"));
    if (area) jsonx_set_text(out, "area", area);
    if (unit) jsonx_set_text(out, "unit", unit);
    set_word(out, "device_class", json_object_get(attributes, "device_class"));
    features = strcmp(kind, "light") == 0 ? light_features(attributes)
                                          : features_of(attributes);
    if (strcmp(kind, "todo") == 0 || strcmp(kind, "calendar") == 0)
        jsonx_add_text(features, "verbatim");
    json_object_set_new(out, "features", features);
    if (strcmp(kind, "climate") == 0 && json_array_size(modes) > 0)
        json_object_set(out, "modes", (json_t *)modes);
    json_object_set_new(out, "state",
                        start_state(kind, json_object_get(from, "state"),
                                    attributes));
    free(kind);
    return out;
}

/* The setup of a task onto the fixture, in place. */
static int set_up(json_t *fixture, const json_t *setup, struct err *err)
{
    const json_t *entities = json_object_get(fixture, "entities");
    const char   *id;
    json_t       *change;

    json_object_foreach((json_t *)setup, id, change) {
        json_t *entity = (json_t *)find_id(entities, id);
        json_t *over   = json_object_get(change, "attributes"), *all;

        if (!entity)
            return err_set(err, ERR_INPUT, "the home has no entity %.100s, "
                           "which the setup names", id);
        if (json_object_get(change, "state"))
            json_object_set(entity, "state", json_object_get(change, "state"));
        all = jsonx_merged(json_object_get(entity, "attributes"), over);
        if (all) json_object_set_new(entity, "attributes", all);
    }
    return 0;
}

static int read_yaml(json_t **out, const char *path, struct err *err)
{
    struct bytes file = {0};
    struct tree  tree = {0};
    int          rc   = -1;

    if (bytes_read(&file, path, FILE_MAX_BYTES, err))
        return err_ctx(err, "%s", path);
    if (tree_parse(&tree, (const char *)file.data, file.size, path, err) == 0)
        rc = node_json(tree.root, true, out, err);
    if (rc == 0 && !json_is_array(json_object_get(*out, "entities"))) {
        json_decref(*out);
        *out = NULL;
        rc = err_set(err, ERR_INPUT, "%s: a home must have a list of "
                     "\"entities\"", path);
    }
    tree_done(&tree);
    bytes_done(&file);
    return rc;
}

int ha_home_read(json_t **home, const char *yaml_path, const json_t *setup,
                 const char *now, struct err *err)
{
    json_t       *fixture = NULL, *list, *out;
    const json_t *entities;
    char         *clock;

    if (read_yaml(&fixture, yaml_path, err)) return -1;
    if (set_up(fixture, setup, err)) {
        json_decref(fixture);
        return -1;
    }
    out = json_object();
    clock = now ? iso_time(now) : NULL;
    if (clock) jsonx_set_text(out, "now", clock);
    json_object_set_new(out, "areas", areas_of(fixture));
    json_object_set_new(out, "devices", devices_of(fixture));
    list = json_array();
    entities = json_object_get(fixture, "entities");
    for (size_t i = 0; i < json_array_size(entities); i++)
        json_array_append_new(list, entity_of(fixture, json_array_get(entities,
                                                                      i)));
    json_object_set_new(out, "entities", list);
    free(clock);
    json_decref(fixture);
    *home = out;
    return 0;
}
