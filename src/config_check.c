/* SPDX-License-Identifier: MIT */
/* config_check.c - see config_check.h. */
#include "config_check.h"

#include <stdbool.h>
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

#define MAX_SCHEMA_DEPTH 16

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0) return true;
    return false;
}

/* "type" of a JSON Schema: one name or a list of them. */
static int check_schema_type(const json_t *type, struct err *err)
{
    static const char *const types[] = {"object", "array", "string", "number",
                                        "integer", "boolean", "null", NULL};
    size_t        i;
    const json_t *item;

    if (json_is_string(type)) {
        if (is_one_of(json_string_value(type), types)) return 0;
        return err_set(err, ERR_INPUT, "type: \"%.40s\" is no type of JSON "
                       "Schema (object, array, string, number, integer, "
                       "boolean, null)", json_string_value(type));
    }
    if (!json_is_array(type) || json_array_size(type) == 0)
        return err_set(err, ERR_INPUT, "type: must be a text");
    json_array_foreach(type, i, item)
        if (!json_is_string(item) || check_schema_type(item, err))
            return err_set(err, ERR_INPUT, "type: must be a list of types");
    return 0;
}

/* What a template and a grammar of an engine rely on; keywords that are not
 * looked at here are the user's affair. */
static int check_schema(const json_t *schema, int depth, struct err *err)
{
    const json_t *type       = json_object_get(schema, "type");
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *required   = json_object_get(schema, "required");
    const json_t *items      = json_object_get(schema, "items");
    const json_t *choices    = json_object_get(schema, "enum"), *item;
    const char   *key;
    size_t        i;

    if (!json_is_object(schema) || depth == 0)
        return err_set(err, ERR_INPUT, "must be a JSON Schema object, "
                       "{\"type\": ...}, at most %d deep", MAX_SCHEMA_DEPTH);
    if (type && check_schema_type(type, err)) return -1;
    if (properties && !json_is_object(properties))
        return err_set(err, ERR_INPUT, "properties: must be {name: schema}");
    json_object_foreach((json_t *)(uintptr_t)properties, key, item)
        if (check_schema(item, depth - 1, err))
            return err_ctx(err, "properties.%.*s", opt_cut(key), key);
    if (required && !json_is_array(required))
        return err_set(err, ERR_INPUT, "required: must be a list of names");
    json_array_foreach(required, i, item) {
        const char *name = json_string_value(item);

        if (!name || !json_object_get(properties, name))
            return err_set(err, ERR_INPUT, "required: \"%.*s\" is not among "
                           "the properties", opt_cut(name ? name : ""),
                           name ? name : "");
    }
    if (choices && json_array_size(choices) == 0)
        return err_set(err, ERR_INPUT, "enum: must be a list of values");
    if (json_is_object(items) && check_schema(items, depth - 1, err))
        return err_ctx(err, "items");
    return 0;
}

/* A tool's parameters: an object, by name. */
static int check_parameters(const json_t *schema, struct err *err)
{
    const char *type = jsonx_text(schema, "type");

    if (!json_is_object(schema) ||
        (json_object_size(schema) > 0 && (!type || strcmp(type, "object"))))
        return err_set(err, ERR_INPUT, "function.parameters: must be a JSON "
                       "Schema object, {\"type\": \"object\", ...}");
    if (check_schema(schema, MAX_SCHEMA_DEPTH, err))
        return err_ctx(err, "function.parameters");
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
    return schema ? check_parameters(schema, err) : 0;
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
