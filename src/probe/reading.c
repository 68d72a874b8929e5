/* SPDX-License-Identifier: MIT */
/* reading.c - see reading.h. */
#include "probe/reading.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

const struct reading_info reading_info[READ_COUNT] = {
#define X(key, kind, help) {#key, help, READING_##kind},
    READING_KEYS(X)
#undef X
};

void reading_init(struct reading *r)
{
    *r = (struct reading){0};
    for (size_t i = 0; i < READ_COUNT; i++) r->values[i].number = NAN;
}

void reading_done(struct reading *r)
{
    for (size_t i = 0; i < READ_COUNT; i++) {
        struct reading_value *v = &r->values[i];
        for (size_t k = 0; k < v->n; k++) {
            free(v->items[k].name);
            free(v->items[k].text);
        }
        free(v->items);
        free(v->text);
        free(v->why);
    }
    *r = (struct reading){0};
}

/* ---- setting ----------------------------------------------------------- */

/* The value of a key, which must be of this kind. */
static struct reading_value *value_of(struct reading *r, enum reading_key key,
                                      enum reading_kind kind)
{
    assert(reading_info[key].kind == kind);
    (void)kind;
    return &r->values[key];
}

/* A copy that fits a terminal, a database and a JSON text. */
static char *sound(const char *text)
{
    char  *copy = utf8_printable(text, strnlen(text, READING_TEXT_BYTES));
    size_t len = strlen(copy);

    if (len <= READING_TEXT_BYTES) return copy;
    len = READING_TEXT_BYTES;
    while (len && ((unsigned char)copy[len] & 0xc0) == 0x80) len--;
    copy[len] = '\0';
    return copy;
}

void reading_number(struct reading *r, enum reading_key key, double number)
{
    struct reading_value *v = value_of(r, key, READING_NUMBER);

    if (!isfinite(number)) return;
    v->number = number;
    v->is_set = true;
}

void reading_truth(struct reading *r, enum reading_key key, bool truth)
{
    struct reading_value *v = value_of(r, key, READING_TRUTH);

    v->number = truth;
    v->is_set = true;
}

void reading_text(struct reading *r, enum reading_key key, const char *text)
{
    struct reading_value *v = value_of(r, key, READING_TEXT);

    if (!text || !*text) return;
    free(v->text);
    v->text = sound(text);
    v->is_set = true;
}

static bool is_list(enum reading_kind kind)
{
    return kind == READING_NUMBERS || kind == READING_TEXTS ||
           kind == READING_NAMES || kind == READING_INDEXES;
}

void reading_empty(struct reading *r, enum reading_key key)
{
    assert(is_list(reading_info[key].kind));
    r->values[key].is_set = true;
}

/* The item of that name, or a new one; NULL: the list is full. A NULL name
 * is always new. Takes the name. */
static struct reading_item *item_of(struct reading_value *v, char *name)
{
    v->is_set = true;
    for (size_t i = 0; name && i < v->n; i++)
        if (strcmp(v->items[i].name, name) == 0) {
            free(name);
            return &v->items[i];
        }
    if (v->n == READING_ITEMS_MAX) {
        free(name);
        return NULL;
    }
    v->items = mem_grow(v->items, v->n + 1, sizeof *v->items);
    v->items[v->n] = (struct reading_item){name, NAN, NULL};
    return &v->items[v->n++];
}

void reading_add(struct reading *r, enum reading_key key, const char *name,
                 double number)
{
    struct reading_value *v = value_of(r, key, READING_NUMBERS);
    struct reading_item  *item = item_of(v, sound(name));

    if (item) item->number = isfinite(number) ? number : NAN;
}

void reading_add_text(struct reading *r, enum reading_key key,
                      const char *name, const char *text)
{
    struct reading_value *v = value_of(r, key, READING_TEXTS);
    struct reading_item  *item = item_of(v, sound(name));

    if (!item) return;
    free(item->text);
    item->text = text ? sound(text) : NULL;
}

void reading_add_name(struct reading *r, enum reading_key key,
                      const char *name)
{
    struct reading_value *v = value_of(r, key, READING_NAMES);
    struct reading_item  *item = item_of(v, NULL);

    if (item) item->name = sound(name);
}

void reading_add_index(struct reading *r, enum reading_key key, double number)
{
    struct reading_value *v = value_of(r, key, READING_INDEXES);
    struct reading_item  *item;

    if (!isfinite(number)) return;
    item = item_of(v, NULL);
    if (item) item->number = number;
}

void reading_lack(struct reading *r, enum reading_key key, const char *fmt,
                  ...)
{
    char    text[READING_TEXT_BYTES];
    va_list args;

    if (r->values[key].why) return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    r->values[key].why = sound(text);
}

/* ---- asking ------------------------------------------------------------ */

double reading_get(const struct reading *r, enum reading_key key)
{
    return r->values[key].is_set ? r->values[key].number : NAN;
}

const char *reading_get_text(const struct reading *r, enum reading_key key)
{
    return r->values[key].text;
}

static const struct reading_item *find(const struct reading *r,
                                       enum reading_key key, const char *name)
{
    const struct reading_value *v = &r->values[key];

    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].name && strcmp(v->items[i].name, name) == 0)
            return &v->items[i];
    return NULL;
}

double reading_find(const struct reading *r, enum reading_key key,
                    const char *name)
{
    const struct reading_item *item = find(r, key, name);

    return item ? item->number : NAN;
}

bool reading_has_name(const struct reading *r, enum reading_key key,
                      const char *name)
{
    return find(r, key, name) != NULL;
}

/* ---- as JSON ----------------------------------------------------------- */

/* New reference. */
static json_t *number_json(double number)
{
    if (!isfinite(number)) return json_null();
    if (fabs(number) <= 0x1p53 && fabs(number - trunc(number)) <= 0)
        return json_integer((json_int_t)number);
    return json_real(number);
}

static json_t *list_json(const struct reading_value *v, enum reading_kind kind)
{
    bool    is_map = kind == READING_NUMBERS || kind == READING_TEXTS;
    json_t *out = is_map ? json_object() : json_array();

    for (size_t i = 0; i < v->n; i++) {
        const struct reading_item *item = &v->items[i];
        if (kind == READING_NUMBERS)
            json_object_set_new(out, item->name, number_json(item->number));
        else if (kind == READING_TEXTS)
            jsonx_set_text(out, item->name, item->text);
        else if (kind == READING_NAMES)
            jsonx_add_text(out, item->name);
        else
            json_array_append_new(out, number_json(item->number));
    }
    return out;
}

static json_t *value_json(const struct reading_value *v,
                          enum reading_kind kind)
{
    if (!v->is_set) return json_null();
    if (is_list(kind)) return list_json(v, kind);
    if (kind == READING_TEXT) return json_string(v->text);
    if (kind == READING_TRUTH) return json_boolean(v->number > 0);
    return number_json(v->number);
}

json_t *reading_json(const struct reading *r)
{
    json_t *out = json_object(), *missing = json_object();

    for (size_t i = 0; i < READ_COUNT; i++) {
        const struct reading_value *v = &r->values[i];
        const struct reading_info  *info = &reading_info[i];
        json_object_set_new(out, info->name, value_json(v, info->kind));
        if (!v->is_set)
            jsonx_set_text(missing, info->name,
                           v->why ? v->why : "not found on this machine");
    }
    json_object_set_new(out, "missing", missing);
    return out;
}
