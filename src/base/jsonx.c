/* SPDX-License-Identifier: MIT */
/* jsonx.c - see jsonx.h. */
#include "base/jsonx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/utf8.h"

json_t *jsonx_parse(const char *text, size_t len, struct err *err)
{
    json_error_t why;
    json_t      *value = json_loadb(text, len, JSON_REJECT_DUPLICATES |
                                    JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);

    if (!value)
        err_set(err, ERR_INPUT, "not valid JSON at line %d column %d: %s",
                why.line, why.column, why.text);
    return value;
}

json_t *jsonx_read(const char *path, size_t max_bytes, struct err *err)
{
    struct bytes file = {0};
    json_t      *value = NULL;

    if (bytes_read(&file, path, max_bytes, err) == 0)
        value = jsonx_parse((const char *)file.data, file.size, err);
    if (!value) err_ctx(err, "%s", path);
    bytes_done(&file);
    return value;
}

const char *jsonx_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

double jsonx_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

int jsonx_truth(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : -1;
}

void jsonx_set_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key,
                        isfinite(value) ? json_real(value) : json_null());
}

void jsonx_set_integer(json_t *object, const char *key, long long value)
{
    json_object_set_new(object, key, json_integer(value));
}

/* New reference. */
static json_t *text_value(const char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    char   *clean;

    if (value) return value;
    clean = utf8_clean(text, strlen(text));
    value = json_string(clean);
    free(clean);
    return value;
}

void jsonx_set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text_value(text));
}

void jsonx_add_text(json_t *array, const char *text)
{
    json_array_append_new(array, text_value(text));
}

static char *dump(const json_t *value, size_t flags)
{
    char *text = json_dumps(value, flags | JSON_ENCODE_ANY | JSON_COMPACT);
    char *ours = mem_copy(text ? text : "null");

    free(text);
    return ours;
}

char *jsonx_dump(const json_t *value) { return dump(value, 0); }

char *jsonx_canonical(const json_t *value)
{
    return dump(value, JSON_SORT_KEYS);
}

json_t *jsonx_merged(const json_t *base, const json_t *over)
{
    json_t *both = base ? json_deep_copy(base) : NULL;

    if (over && !both) return json_deep_copy(over);
    if (over) json_object_update(both, (json_t *)(uintptr_t)over);
    return both;
}

json_t *jsonx_texts(const struct text_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->n; i++) jsonx_add_text(array, list->items[i]);
    return array;
}
