/* SPDX-License-Identifier: MIT */
/* config_check.c - see config_check.h. */
#include "config_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/opt.h"

#define MAX_NAME 64
#define NAME_CHARACTERS                                                       \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

static int whole_must_be_list(const json_t *value, size_t *item,
                              struct err *err)
{
    *item = SIZE_MAX;
    if (json_is_array(value)) return 0;
    return err_set(err, ERR_INPUT, "must be a list, `[...]`");
}

/* Names seen so far -> their index. */
static int remember(json_t *seen, const char *what, const char *name,
                    size_t index, struct err *err)
{
    const json_t *first = json_object_get(seen, name);

    if (first)
        return err_set(err, ERR_INPUT, "%s: `%.*s` is already that of item "
                       "%d; give it another", what, opt_cut(name), name,
                       (int)json_integer_value(first));
    json_object_set_new(seen, name, json_integer((json_int_t)index));
    return 0;
}

static int check_tool(const json_t *tool, const char **name, struct err *err)
{
    const json_t *function = json_object_get(tool, "function");
    const json_t *text     = json_object_get(function, "description");
    const json_t *schema   = json_object_get(function, "parameters");
    const char   *type     = jsonx_text(tool, "type");

    if (!json_is_object(tool) || !json_is_object(function) || !type ||
        strcmp(type, "function") != 0)
        return err_set(err, ERR_INPUT, "must be {\"type\": \"function\", "
                       "\"function\": {\"name\": ...}}");
    *name = jsonx_text(function, "name");
    if (!*name || !**name || strlen(*name) > MAX_NAME ||
        (*name)[strspn(*name, NAME_CHARACTERS)])
        return err_set(err, ERR_INPUT, "function.name: must be 1 to %d "
                       "letters, digits, `_`, `-` or `.`", MAX_NAME);
    if (text && !json_is_string(text))
        return err_set(err, ERR_INPUT, "function.description: must be a text");
    if (schema && !json_is_object(schema))
        return err_set(err, ERR_INPUT, "function.parameters: must be a JSON "
                       "Schema object, {\"type\": \"object\", ...}");
    return 0;
}

int config_check_tools(const json_t *tools, size_t *item, struct err *err)
{
    json_t *seen;
    int     rc = 0;

    if (whole_must_be_list(tools, item, err)) return -1;
    seen = json_object();
    for (size_t i = 0; i < json_array_size(tools) && !rc; i++) {
        const char *name = NULL;

        *item = i;
        rc = check_tool(json_array_get(tools, i), &name, err);
        if (!rc) rc = remember(seen, "function.name", name, i, err);
    }
    json_decref(seen);
    return rc;
}

/* A number becomes the text it was written as, or nearly. */
static json_t *as_text(const json_t *value)
{
    char   *text;
    json_t *out;

    if (json_is_string(value)) return json_deep_copy(value);
    if (!json_is_number(value)) return NULL;
    text = jsonx_dump(value);
    out = json_string(text);
    free(text);
    return out;
}

static int check_entity(const json_t *entity, json_t *out, struct err *err)
{
    static const char *const keys[] = {"id", "name", "area", "state", NULL};
    const char *key;
    json_t     *value;

    if (!json_is_object(entity))
        return err_set(err, ERR_INPUT, "must be {id: ..., name: ..., area: "
                       "..., state: ...}");
    json_object_foreach((json_t *)(uintptr_t)entity, key, value) {
        const char *near = opt_nearest(key, keys);
        size_t      i    = 0;

        while (keys[i] && strcmp(keys[i], key) != 0) i++;
        if (!keys[i])
            return err_set(err, ERR_INPUT, "%.*s: unknown field; %s%s%s",
                           opt_cut(key), key, near ? "did you mean `" : "known "
                           "here: id, name, area, state", near ? near : "",
                           near ? "`?" : "");
        if (json_is_null(value)) continue;
        value = as_text(value);
        if (!value)
            return err_set(err, ERR_INPUT, "%s: must be a text or a number",
                           key);
        json_object_set_new(out, key, value);
    }
    for (size_t i = 0; i < 2; i++)
        if (!jsonx_text(out, keys[i]) || !*jsonx_text(out, keys[i]))
            return err_set(err, ERR_INPUT, "%s: is missing; an entity needs "
                           "an id and a name", keys[i]);
    return 0;
}

int config_check_entities(const json_t *entities, json_t **out, size_t *item,
                          struct err *err)
{
    json_t *seen, *list;
    int     rc = 0;

    *out = NULL;
    if (whole_must_be_list(entities, item, err)) return -1;
    seen = json_object();
    list = json_array();
    for (size_t i = 0; i < json_array_size(entities) && !rc; i++) {
        json_t *entity = json_object();

        *item = i;
        json_array_append_new(list, entity);
        rc = check_entity(json_array_get(entities, i), entity, err);
        if (!rc) rc = remember(seen, "id", jsonx_text(entity, "id"), i, err);
    }
    json_decref(seen);
    if (rc) json_decref(list);
    else *out = list;
    return rc;
}
