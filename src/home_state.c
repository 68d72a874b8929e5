/* SPDX-License-Identifier: MIT */
/* home_state.c - which states an entity can be in, and how it gets there.
 *
 * A state has one form only: numbers that are whole are integers, lists are
 * sorted, names on lists are case folded, and what follows from something
 * else (open from position, the count of a list) is derived here. So equal
 * homes have equal states, whatever the order of the calls. */
#include "home_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

enum kind { KIND_NUMBER, KIND_COLOUR, KIND_ITEMS, KIND_TIMERS };

static const struct attribute {
    const char *name;
    enum kind   kind;
    bool        nullable;
    double      min, max;
} ATTRIBUTES[] = {
    {"brightness",          KIND_NUMBER, false, 0, 100},       /* percent */
    {"color",               KIND_COLOUR, true,  0, 0},
    {"color_temp_kelvin",   KIND_NUMBER, true,  1000, 10000},
    {"position",            KIND_NUMBER, false, 0, 100},       /* percent */
    {"volume_level",        KIND_NUMBER, false, 0, 100},       /* percent */
    {"temperature",         KIND_NUMBER, false, 5, 35},        /* Celsius */
    {"current_temperature", KIND_NUMBER, false, -50, 60},
    {"items",               KIND_ITEMS,  false, 0, 0},
    {"timers",              KIND_TIMERS, false, 0, 0},
};
#define N_ATTRIBUTES (sizeof ATTRIBUTES / sizeof ATTRIBUTES[0])

/* The named colours of CSS Color Module Level 4, section 6.1. */
static const char COLOURS[] =
    "|aliceblue|antiquewhite|aqua|aquamarine|azure|beige|bisque|black|"
    "blanchedalmond|blue|blueviolet|brown|burlywood|cadetblue|chartreuse|"
    "chocolate|coral|cornflowerblue|cornsilk|crimson|cyan|darkblue|darkcyan|"
    "darkgoldenrod|darkgray|darkgreen|darkgrey|darkkhaki|darkmagenta|"
    "darkolivegreen|darkorange|darkorchid|darkred|darksalmon|darkseagreen|"
    "darkslateblue|darkslategray|darkslategrey|darkturquoise|darkviolet|"
    "deeppink|deepskyblue|dimgray|dimgrey|dodgerblue|firebrick|floralwhite|"
    "forestgreen|fuchsia|gainsboro|ghostwhite|gold|goldenrod|gray|green|"
    "greenyellow|grey|honeydew|hotpink|indianred|indigo|ivory|khaki|lavender|"
    "lavenderblush|lawngreen|lemonchiffon|lightblue|lightcoral|lightcyan|"
    "lightgoldenrodyellow|lightgray|lightgreen|lightgrey|lightpink|"
    "lightsalmon|lightseagreen|lightskyblue|lightslategray|lightslategrey|"
    "lightsteelblue|lightyellow|lime|limegreen|linen|magenta|maroon|"
    "mediumaquamarine|mediumblue|mediumorchid|mediumpurple|mediumseagreen|"
    "mediumslateblue|mediumspringgreen|mediumturquoise|mediumvioletred|"
    "midnightblue|mintcream|mistyrose|moccasin|navajowhite|navy|oldlace|olive|"
    "olivedrab|orange|orangered|orchid|palegoldenrod|palegreen|paleturquoise|"
    "palevioletred|papayawhip|peachpuff|peru|pink|plum|powderblue|purple|"
    "rebeccapurple|red|rosybrown|royalblue|saddlebrown|salmon|sandybrown|"
    "seagreen|seashell|sienna|silver|skyblue|slateblue|slategray|slategrey|"
    "snow|springgreen|steelblue|tan|teal|thistle|tomato|turquoise|violet|"
    "wheat|white|whitesmoke|yellow|yellowgreen|";

/* ---- small things ------------------------------------------------------ */

char *home_key(const char *text)
{
    char  *key = utf8_fold(text);
    size_t len = strlen(key), from = 0;

    while (len > 0 && strchr(" \t\r\n", key[len - 1])) len--;
    while (from < len && strchr(" \t\r\n", key[from])) from++;
    memmove(key, key + from, len - from);
    key[len - from] = '\0';
    return key;
}

bool home_is_listed(const char *list, const char *word)
{
    char *barred = mem_printf("|%s|", word);
    bool  yes    = *word && !strchr(word, '|') && strstr(list, barred);

    free(barred);
    return yes;
}

char *home_colour(const char *text)
{
    char  *key  = home_key(text);
    size_t used = 0;

    for (size_t i = 0; key[i]; i++)
        if (key[i] != ' ') key[used++] = key[i];
    key[used] = '\0';
    if (home_is_listed(COLOURS, key)) return key;
    free(key);
    return NULL;
}

static json_t *number_value(double value)
{
    return value == floor(value) ? json_integer((json_int_t)value)
                                 : json_real(value);
}

void home_set_text(struct entity *e, const char *attribute, const char *text)
{
    jsonx_set_text(e->state, attribute, text);
}

void home_set_number(struct entity *e, const char *attribute, double value)
{
    json_object_set_new(e->state, attribute, number_value(value));
}

bool home_has(const struct entity *e, const char *attribute)
{
    return json_object_get(e->state, attribute) != NULL;
}

bool home_is_in(const struct entity *e, const char *domain)
{
    return strcmp(e->domain->name, domain) == 0;
}

/* ---- legal values, in their one form ----------------------------------- */

const char *home_plain_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) &&
           strlen(text) <= HOME_TEXT_MAX_BYTES ? text : NULL;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(json_string_value(*(json_t *const *)a),
                  json_string_value(*(json_t *const *)b));
}

static int compare_timers(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    double a_s = jsonx_number(x, "seconds"), b_s = jsonx_number(y, "seconds");

    if (a_s < b_s || a_s > b_s) return a_s < b_s ? -1 : 1;
    return strcmp(jsonx_text(x, "name"), jsonx_text(y, "name"));
}

/* One entry of a timer list, "name" may be absent. NULL when malformed. */
static json_t *timer_value(const json_t *value)
{
    const json_t *named   = json_object_get(value, "name");
    double        seconds = jsonx_number(value, "seconds");
    const char   *name    = named ? home_plain_text(named) : "";
    json_t       *timer;
    char         *key;

    if (json_object_size(value) != (named ? 2u : 1u) || !name ||
        !(seconds >= 1 && seconds <= 1e9 && seconds == floor(seconds)))
        return NULL;
    key = home_key(name);
    timer = json_object();
    jsonx_set_text(timer, "name", key);
    jsonx_set_integer(timer, "seconds", (long long)seconds);
    free(key);
    return timer;
}

static json_t *item_value(const json_t *value)
{
    const char *text = home_plain_text(value);
    char       *key  = text ? home_key(text) : NULL;
    json_t     *item = key && *key ? json_string(key) : NULL;

    free(key);
    return item;
}

static json_t *list_value(const json_t *value, enum kind kind)
{
    size_t   n     = json_array_size(value);
    json_t **each  = mem_new(n, sizeof *each), *list = NULL;
    bool     is_ok = json_is_array(value);

    for (size_t i = 0; i < n && is_ok; i++) {
        const json_t *v = json_array_get(value, i);
        each[i] = kind == KIND_ITEMS ? item_value(v) : timer_value(v);
        is_ok = each[i] != NULL;
    }
    if (is_ok) {
        qsort(each, n, sizeof *each,
              kind == KIND_ITEMS ? compare_items : compare_timers);
        list = json_array();
        for (size_t i = 0; i < n; i++) json_array_append(list, each[i]);
    }
    for (size_t i = 0; i < n; i++) json_decref(each[i]);
    free(each);
    return list;
}

static json_t *attribute_value(const struct attribute *a, const json_t *value)
{
    double  number   = json_is_number(value) ? json_number_value(value) : NAN;
    const char *text = home_plain_text(value);
    json_t *out      = NULL;
    char   *colour;

    if (a->nullable && json_is_null(value)) return json_null();
    switch (a->kind) {
    case KIND_NUMBER:
        if (number >= a->min && number <= a->max) out = number_value(number);
        break;
    case KIND_COLOUR:
        colour = text ? home_colour(text) : NULL;
        if (colour) out = json_string(colour);
        free(colour);
        break;
    case KIND_ITEMS:
    case KIND_TIMERS:
        out = list_value(value, a->kind);
        break;
    }
    return out;
}

/* value in the form in which a state holds it; new, or NULL with err. */
static json_t *legal_value(const struct entity *e, const char *name,
                           const json_t *value, struct err *err)
{
    json_t *legal = NULL;
    char   *shown;

    if (strcmp(name, "state") == 0) {
        const char *text = home_plain_text(value);
        if (text && (!e->domain->states ||
                     home_is_listed(e->domain->states, text)))
            legal = json_string(text);
    } else {
        for (size_t i = 0; i < N_ATTRIBUTES && !legal; i++)
            if (strcmp(ATTRIBUTES[i].name, name) == 0)
                legal = attribute_value(&ATTRIBUTES[i], value);
    }
    if (legal) return legal;
    shown = jsonx_dump(value);
    err_set(err, ERR_INPUT, "%s: %.100s is no value that %.60s can have",
            e->id, shown, name);
    free(shown);
    return NULL;
}

/* ---- what follows from what -------------------------------------------- */

/* A state that follows from another attribute: set it, or refuse when the
 * patch says otherwise. */
static int derive(const struct entity *e, json_t *state, const json_t *patch,
                  const char *from, const char *value, struct err *err)
{
    const char *said = jsonx_text(patch, "state");

    if (said && strcmp(said, value) != 0)
        return err_set(err, ERR_INPUT, "%s: state %s contradicts its %s: it "
                       "would be %s", e->id, said, from, value);
    jsonx_set_text(state, "state", value);
    return 0;
}

static int settle(const struct entity *e, json_t *state, const json_t *patch,
                  struct err *err)
{
    const char *said = jsonx_text(patch, "state");
    char       *count;
    int         rc;

    if (home_is_in(e, "cover") && json_object_get(state, "position")) {
        bool is_closed = !(jsonx_number(state, "position") > 0);
        if (said && !json_object_get(patch, "position") &&
            is_closed != (strcmp(said, "closed") == 0)) {
            is_closed = !is_closed;
            jsonx_set_integer(state, "position", is_closed ? 0 : 100);
        }
        return derive(e, state, patch, "position",
                      is_closed ? "closed" : "open", err);
    }
    if (json_object_get(state, "timers"))
        return derive(e, state, patch, "timers",
                      json_array_size(json_object_get(state, "timers"))
                      ? "active" : "idle", err);
    if (json_object_get(state, "items")) {
        count = mem_printf("%zu", json_array_size(json_object_get(state,
                                                                  "items")));
        rc = derive(e, state, patch, "items", count, err);
        free(count);
        return rc;
    }
    return 0;
}

json_t *home_patched(const struct entity *e, const json_t *patch,
                       struct err *err)
{
    json_t       *state = json_deep_copy(e->state), *legal;
    const char   *name;
    const json_t *value;

    if (!json_is_object(patch)) {
        err_set(err, ERR_INPUT, "%s: a change must be an object of attributes",
                e->id);
        goto fail;
    }
    json_object_foreach((json_t *)patch, name, value) {
        if (!json_object_get(state, name)) {
            err_set(err, ERR_INPUT, "%s has no attribute %.60s", e->id, name);
            goto fail;
        }
        legal = legal_value(e, name, value, err);
        if (!legal) goto fail;
        json_object_set_new(state, name, legal);
    }
    if (settle(e, state, patch, err)) goto fail;
    return state;

fail:
    json_decref(state);
    return NULL;
}

int home_patch(struct home *h, const json_t *patch, struct err *err)
{
    json_t      **next = mem_new(h->n_entities, sizeof *next);
    const char   *id;
    const json_t *changes;
    int           rc = -1;

    if (!json_is_object(patch)) {
        err_set(err, ERR_INPUT, "changes to a home must be an object of "
                "entities");
        goto done;
    }
    json_object_foreach((json_t *)patch, id, changes) {
        size_t i = 0;

        while (i < h->n_entities && strcmp(h->entities[i].id, id) != 0) i++;
        if (i == h->n_entities) {
            err_set(err, ERR_INPUT, "the home has no entity %.100s", id);
            goto done;
        }
        next[i] = home_patched(&h->entities[i], changes, err);
        if (!next[i]) goto done;
    }
    for (size_t i = 0; i < h->n_entities; i++) {
        if (!next[i]) continue;
        json_decref(h->entities[i].state);
        h->entities[i].state = next[i];
        next[i] = NULL;
    }
    rc = 0;

done:
    for (size_t i = 0; i < h->n_entities; i++) json_decref(next[i]);
    free(next);
    return rc;
}
