/* SPDX-License-Identifier: MIT */
/* dialect_call.c - see dialect_call.h. */
#include "dialect_call.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define MOST_CALLS 16

/* ---- which tool --------------------------------------------------------- */

json_t *call_index(const json_t *tools)
{
    json_t       *index = json_object();
    size_t        i;
    const json_t *tool;

    json_array_foreach(tools, i, tool) {
        const json_t *function = json_object_get(tool, "function");
        const char   *name;

        if (!json_is_object(function)) function = tool;
        name = jsonx_text(function, "name");
        if (name && !json_object_get(index, name))
            json_object_set(index, name, (json_t *)(uintptr_t)function);
    }
    return index;
}

static const json_t *find_exactly(const struct call_list *list,
                                  const char *name, size_t n)
{
    char         *text  = mem_copy_n(name, n);
    const json_t *found = json_object_get(list->functions, text);

    free(text);
    return found;
}

const json_t *call_tool(const struct call_list *list, const char *name,
                        size_t n)
{
    static const char *const before[] = {"functions.", "function.",
                                         "default_api.", "tools."};
    static const char        behind[] = ".call";
    const json_t *found = n ? find_exactly(list, name, n) : NULL;

    for (size_t i = 0; !found && i < sizeof before / sizeof *before; i++) {
        size_t skip = strlen(before[i]);
        if (n > skip && memcmp(name, before[i], skip) == 0)
            found = find_exactly(list, name + skip, n - skip);
    }
    if (!found && n > strlen(behind) &&
        memcmp(name + n - strlen(behind), behind, strlen(behind)) == 0)
        found = find_exactly(list, name, n - strlen(behind));
    return found;
}

const json_t *call_properties(const json_t *function)
{
    return json_object_get(json_object_get(function, "parameters"),
                           "properties");
}

/* ---- with which arguments ----------------------------------------------- */

void call_add(struct call_list *list, const json_t *function,
              const json_t *arguments, const char *dialect)
{
    if (list->n == MOST_CALLS || !json_is_object(arguments)) return;
    list->calls = mem_grow(list->calls, list->n + 1, sizeof *list->calls);
    list->calls[list->n++] = (struct tool_call){
        mem_copy(""), mem_copy(jsonx_text(function, "name")),
        jsonx_dump(arguments)};
    if (!list->dialect) list->dialect = dialect;
}

/* What a tool takes instead of what it is given: the model repeats the list
 * of tools. */
static bool is_schema(const json_t *arguments, const json_t *function)
{
    const char *type = jsonx_text(arguments, "type");

    return type && strcmp(type, "object") == 0 &&
           json_is_object(json_object_get(arguments, "properties")) &&
           !json_object_get(call_properties(function), "properties");
}

/* Arguments: an object, or a text that holds one; null is none. */
static void add_given(struct call_list *list, const json_t *function,
                      const json_t *given, const char *dialect)
{
    json_t *arguments = NULL;

    if (json_is_string(given))
        arguments = jsonx_parse(json_string_value(given),
                                json_string_length(given), NULL);
    else if (json_is_null(given))
        arguments = json_object();
    if (arguments) given = arguments;
    if (!is_schema(given, function)) call_add(list, function, given, dialect);
    json_decref(arguments);
}

/* ---- in which keys ------------------------------------------------------ */

static const json_t *first_of(const json_t *object, const char *const *keys,
                              size_t n)
{
    const json_t *value = NULL;

    for (size_t i = 0; i < n && !value; i++)
        value = json_object_get(object, keys[i]);
    return value;
}
#define FIRST_OF(object, keys) \
    first_of(object, keys, sizeof keys / sizeof *(keys))

static const json_t *tool_named_in(const struct call_list *list,
                                   const json_t *object)
{
    static const char *const keys[] = {"name", "function", "tool_name",
                                       "function_name", "action", "tool"};
    const json_t *found = NULL;

    for (size_t i = 0; i < sizeof keys / sizeof *keys && !found; i++) {
        const json_t *name = json_object_get(object, keys[i]);

        if (json_is_string(name))
            found = call_tool(list, json_string_value(name),
                              json_string_length(name));
    }
    return found;
}

/* {"f": {...arguments...}} */
static bool add_keyed(struct call_list *list, const json_t *object,
                      const char *dialect)
{
    void         *entry    = json_object_iter((json_t *)(uintptr_t)object);
    const char   *key      = json_object_iter_key(entry);
    const json_t *function = NULL;

    if (key && json_object_size(object) == 1)
        function = call_tool(list, key, strlen(key));
    if (!function) return false;
    add_given(list, function, json_object_iter_value(entry), dialect);
    return true;
}

static void add_object(struct call_list *list, const json_t *object,
                       bool is_sure, const char *dialect)
{
    static const char *const wrapped[]   = {"function", "function_call",
                                            "tool_call"};
    static const char *const arguments[] = {
        "arguments", "parameters", "args", "params", "kwargs", "action_input",
        "tool_input", "input"};
    const json_t *inner = FIRST_OF(object, wrapped), *function, *given;

    if (is_sure && add_keyed(list, object, dialect)) return;
    if (json_is_object(inner)) object = inner;
    if (!(function = tool_named_in(list, object))) return;
    given = FIRST_OF(object, arguments);
    if (given)
        add_given(list, function, given, dialect);
    else if (is_sure && !json_object_get(object, "description"))
        add_given(list, function, json_null(), dialect);
}

void call_add_data(struct call_list *list, const json_t *data, bool is_sure,
                   const char *dialect)
{
    static const char *const lists[] = {"tool_calls", "function_calls"};
    const json_t *inner = FIRST_OF(data, lists), *item;
    size_t        i;

    if (json_is_array(inner)) data = inner;
    if (json_is_object(data)) add_object(list, data, is_sure, dialect);
    json_array_foreach(data, i, item) add_object(list, item, is_sure, dialect);
}
