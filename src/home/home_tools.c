/* SPDX-License-Identifier: MIT */
/* home_tools.c - which tools a home has, and calling one of them. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "file_stamp.h"
#include "home/home_internal.h"
#include "share.h"

#define FILE_MAX_BYTES      ((size_t)1 << 20)
#define ARGUMENTS_MAX_BYTES ((size_t)64 << 10)

/* ---- the lists of the data folder -------------------------------------- */

static const char *tool_name(const json_t *tool)
{
    return jsonx_text(json_object_get(tool, "function"), "name");
}

static int check_list(const json_t *list, struct err *err)
{
    size_t  i;
    json_t *tool;

    if (json_array_size(list) == 0)
        return err_set(err, ERR_INPUT, "must be a list of tools");
    json_array_foreach(list, i, tool) {
        const json_t *function = json_object_get(tool, "function");
        const json_t *domains  = json_object_get(tool, "domains");
        if (!tool_name(tool) ||
            !json_is_object(json_object_get(json_object_get(function,
                            "parameters"), "properties")))
            return err_set(err, ERR_INPUT, "tool %zu must be a function with "
                           "a name, parameters and properties", i + 1);
        if (domains && !json_is_array(domains))
            return err_set(err, ERR_INPUT, "%s: \"domains\" must be a list of "
                           "kinds of entities", tool_name(tool));
    }
    return 0;
}

struct list_memo {
    struct file_stamp stamp;
    json_t           *list;
};

/* A new reference in *out. */
static int get_list(struct list_memo *memo, const char *name, json_t **out,
                    struct err *err)
{
    char   *path = share_path(name, err);
    json_t *list = NULL;
    int     rc   = -1;

    if (!path) return -1;
    if (!file_stamp_holds(&memo->stamp, path)) {
        list = jsonx_read(path, FILE_MAX_BYTES, err);
        if (!list) goto done;
        if (check_list(list, err)) {
            err_ctx(err, "%s", path);
            goto done;
        }
        json_decref(memo->list);
        memo->list = json_incref(list);
        file_stamp_take(&memo->stamp, path);
    }
    *out = json_incref(memo->list);
    rc = 0;

done:
    json_decref(list);
    free(path);
    return rc;
}

int home_tool_lists_get(struct home_tool_lists *out, struct err *err)
{
    static struct list_memo intent, service, distractors;

    if (get_list(&intent, "homes/tools.json", &out->intent, err) ||
        get_list(&service, "homes/tools_service.json", &out->service, err) ||
        get_list(&distractors, "homes/distractors.json", &out->distractors,
                 err)) {
        home_tool_lists_drop(out);
        return -1;
    }
    return 0;
}

void home_tool_lists_drop(struct home_tool_lists *lists)
{
    json_decref(lists->intent);
    json_decref(lists->service);
    json_decref(lists->distractors);
    *lists = (struct home_tool_lists){0};
}

static const json_t *find_listed(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(tool_name(json_array_get(list, i)), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

/* ---- what a home offers ------------------------------------------------ */

/* Has the home an entity that the tool is for? */
static bool is_useful(const struct home *h, const json_t *tool)
{
    const json_t *domains = json_object_get(tool, "domains");

    if (!domains) return true;
    for (size_t i = 0; i < h->n_entities; i++)
        for (size_t k = 0; k < json_array_size(domains); k++) {
            const char *domain = json_string_value(json_array_get(domains, k));
            if (domain && home_is_in(&h->entities[i], domain)) return true;
        }
    return false;
}

/* The tools that came to Home Assistant while runs were recorded. */
static bool is_there_yet(const struct home *h, const char *tool)
{
    static const struct {
        const char *tool;
        int         since;
    } births[] = {
        {"HassStopMoving", 202601},       {"HassFanSetSpeed", 202512},
        {"HassMediaPlayerMute", 202512},  {"HassMediaPlayerUnmute", 202512},
        {"HassSetVolumeRelative", 202512}, {"GetDateTime", 202512},
        {"todo_get_items", 202507},
    };

    if (!h->manner.version) return true;
    for (size_t i = 0; i < sizeof births / sizeof births[0]; i++)
        if (strcmp(births[i].tool, tool) == 0)
            return h->manner.version >= births[i].since;
    return true;
}

static void add_listed(const struct home *h, json_t *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *tool = json_array_get(list, i);
        json_t       *copy;

        if (!is_useful(h, tool) || !is_there_yet(h, tool_name(tool))) continue;
        copy = json_deep_copy(tool);
        json_object_del(copy, "domains");
        json_array_append_new(out, copy);
    }
}

/* Each script is a tool without arguments. */
static void add_scripts(const struct home *h, json_t *out)
{
    for (size_t i = 0; i < h->n_entities; i++) {
        const struct entity *e = &h->entities[i];
        json_t *tool, *function, *parameters;

        if (!e->does) continue;
        tool = json_object();
        function = json_object();
        parameters = json_object();
        jsonx_set_text(parameters, "type", "object");
        json_object_set_new(parameters, "properties", json_object());
        jsonx_set_text(function, "name", strchr(e->id, '.') + 1);
        jsonx_set_text(function, "description",
                       e->description ? e->description : e->name);
        json_object_set_new(function, "parameters", parameters);
        jsonx_set_text(tool, "type", "function");
        json_object_set_new(tool, "function", function);
        json_array_append_new(out, tool);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(tool_name(*(json_t *const *)a),
                  tool_name(*(json_t *const *)b));
}

/* So that the tools of the home do not stand together. */
static json_t *sorted(json_t *list)
{
    size_t   n    = json_array_size(list);
    json_t **each = mem_new(n + 1, sizeof *each), *out = json_array();

    for (size_t i = 0; i < n; i++) each[i] = json_array_get(list, i);
    qsort(each, n, sizeof *each, by_name);
    for (size_t i = 0; i < n; i++) json_array_append(out, each[i]);
    free(each);
    json_decref(list);
    return out;
}

json_t *home_tools(const struct home *h, const char *kind)
{
    bool    is_distracted = strcmp(kind, HOME_TOOLS_DISTRACTED) == 0;
    json_t *out;

    if (!is_distracted && strcmp(kind, HOME_TOOLS_INTENT) != 0 &&
        strcmp(kind, HOME_TOOLS_SERVICE) != 0)
        return NULL;
    out = json_array();
    if (strcmp(kind, HOME_TOOLS_SERVICE) == 0) {
        add_listed(h, out, h->tools.service);
        return out;
    }
    add_listed(h, out, h->tools.intent);
    add_scripts(h, out);
    if (!is_distracted) return out;
    add_listed(h, out, h->tools.distractors);
    return sorted(out);
}

/* ---- calling ----------------------------------------------------------- */

static const struct home_tool *find_tool(const char *name)
{
    const struct home_tool *const tables[] = {
        home_action_tools, home_list_tools, home_timer_tools, home_say_tools,
        home_service_tools,
    };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct home_tool *t = tables[i]; t->name; t++)
            if (strcmp(t->name, name) == 0) return t;
    return NULL;
}

static bool has_script(const struct home *h, const char *name)
{
    for (size_t i = 0; i < h->n_entities; i++)
        if (h->entities[i].does &&
            strcmp(strchr(h->entities[i].id, '.') + 1, name) == 0)
            return true;
    return false;
}

bool home_has_tool(const struct home *h, const char *name)
{
    return find_tool(name) || has_script(h, name);
}

/* Is the tool offered here? One that is on no list of ours always is. */
static bool is_offered(const struct home *h, const char *name)
{
    const json_t *listed = find_listed(h->tools.intent, name);

    return is_there_yet(h, name) &&
           (!listed || is_useful(h, listed) ||
            strcmp(name, "HassCancelAllTimers") == 0);
}

static json_t *not_found(const struct home *h, const char *tool)
{
    if (find_listed(h->tools.distractors, tool))
        return home_error("HomeAssistantError", NULL, "Tool \"%s\" is not "
                          "available in this home", tool);
    return home_error("HomeAssistantError", NULL, "Tool \"%.80s\" not found",
                      tool);
}

json_t *home_call(struct home *h, const char *tool, const char *arguments)
{
    const char *name   = tool ? tool : "";
    size_t      len    = arguments ? strlen(arguments) : 0;
    struct err  err    = {0};
    json_t     *parsed, *answer = NULL;
    const struct home_tool *found = find_tool(name);

    if (found ? !is_offered(h, name) : !has_script(h, name))
        return not_found(h, name);
    if (len > ARGUMENTS_MAX_BYTES)
        return home_error("InvalidSlotInfo", NULL, "the arguments are longer "
                          "than %zu bytes", ARGUMENTS_MAX_BYTES);
    /* Servers send no text at all for a call without arguments. */
    parsed = len ? jsonx_parse(arguments, len, &err) : json_object();
    if (!json_is_object(parsed))
        answer = home_error("InvalidSlotInfo", NULL, "the arguments are not "
                            "one JSON object: %s", err.kind ? err.text :
                            "it is something else");
    else
        answer = found ? found->call(h, parsed) : home_script_call(h, name);
    json_decref(parsed);
    return answer ? answer : not_found(h, name);
}
