/* SPDX-License-Identifier: MIT */
/* import_bfcl_tools.c - see import_bfcl_tools.h. */
#include "import_bfcl_tools.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define DEPTH_MAX 100         /* of a schema that is followed down           */
#define TEXT_MAX  (4u << 20)

enum language { PYTHON, JAVA, JAVASCRIPT };

static enum language language_of(const char *category)
{
    if (strstr(category, "javascript")) return JAVASCRIPT;
    return strstr(category, "java") ? JAVA : PYTHON;
}

/* More words behind the description; one that is missing begins with them. */
static void describe(json_t *object, const char *more)
{
    const char *now  = jsonx_text(object, "description");
    char       *text = mem_printf("%s%s", now ? now : "", more);

    jsonx_set_text(object, "description", text);
    free(text);
}

static bool is_type(const json_t *property, const char *type)
{
    const char *its = jsonx_text(property, "type");

    return its && strcmp(its, type) == 0;
}

/* ---- a value as Python's json.dumps writes it ---------------------------- */

/* repr() of a float: the fewest digits that read back as the same. */
static void add_real(struct strbuf *out, double value)
{
    char text[40];
    int  digits = 1, exponent;

    do snprintf(text, sizeof text, "%.*e", digits - 1, value);
    while (digits++ < 17 && !(strtod(text, NULL) == value));
    digits--;
    exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent >= -4 && exponent < 16)
        strbuf_addf(out, "%.*f", digits - 1 - exponent > 1
                    ? digits - 1 - exponent : 1, value);
    else
        strbuf_add(out, text);
}

/* As jansson writes it in ASCII, but with \u00e9 in small letters. */
static void add_string(struct strbuf *out, const json_t *text)
{
    char *ascii = json_dumps(text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

    if (!ascii) return;
    for (char *c = ascii; *c; c++) {
        if (*c != '\\') continue;
        c++;
        for (int i = 1; *c == 'u' && i <= 4; i++)
            c[i] = (char)tolower((unsigned char)c[i]);
    }
    strbuf_add(out, ascii);
    free(ascii);
}

static void add_value(struct strbuf *out, const json_t *value, int depth);

static void add_members(struct strbuf *out, const json_t *object, int depth)
{
    const char *key, *between = "";
    json_t     *value;

    strbuf_add(out, "{");
    json_object_foreach((json_t *)object, key, value) {
        json_t *name = json_string(key);

        strbuf_add(out, between);
        add_string(out, name);
        strbuf_add(out, ": ");
        add_value(out, value, depth);
        between = ", ";
        json_decref(name);
    }
    strbuf_add(out, "}");
}

static void add_value(struct strbuf *out, const json_t *value, int depth)
{
    size_t        i;
    const json_t *item;

    if (depth > DEPTH_MAX) {
        strbuf_add(out, "null");
    } else if (json_is_object(value)) {
        add_members(out, value, depth + 1);
    } else if (json_is_array(value)) {
        strbuf_add(out, "[");
        json_array_foreach(value, i, item) {
            if (i) strbuf_add(out, ", ");
            add_value(out, item, depth + 1);
        }
        strbuf_add(out, "]");
    } else if (json_is_real(value)) {
        add_real(out, json_real_value(value));
    } else {
        add_string(out, value);        /* integers and words are ASCII */
    }
}

/* ---- the language hint --------------------------------------------------- */

/* Values of these languages are handed over as texts. */
static void as_string(json_t *property, enum language language)
{
    const char *name = language == JAVA ? "Java" : "JavaScript";
    const char *type = jsonx_text(property, "type");
    const char *item = jsonx_text(json_object_get(property, "items"), "type");
    char       *more;

    if (!type) return;
    if (strcmp(type, "any") == 0)
        more = mem_printf(" This parameter can be of any type of %s object in "
                          "string representation.", name);
    else
        more = mem_printf(" This is %s %s type parameter in string "
                          "representation.", name, type);
    describe(property, more);
    free(more);
    if (language == JAVA ? strcmp(type, "ArrayList") == 0 ||
                           strcmp(type, "Array") == 0
                         : strcmp(type, "array") == 0) {
        more = mem_printf(" The list elements are of type %s; they are not in "
                          "string representation.", item ? item : "any");
        describe(property, more);
        free(more);
        json_object_del(property, "items");
    }
    if (language == JAVASCRIPT && strcmp(type, "dict") == 0 &&
        json_object_get(property, "properties")) {
        struct strbuf out;

        strbuf_init(&out, TEXT_MAX);
        strbuf_add(&out, " The dictionary entries have the following schema; "
                   "they are not in string representation. ");
        add_value(&out, json_object_get(property, "properties"), 0);
        describe(property, out.text);
        strbuf_done(&out);
        json_object_del(property, "properties");
    }
    jsonx_set_text(property, "type", "string");
}

static void add_hint(json_t *function, json_t *properties,
                     enum language language)
{
    static const char *const syntax[] = {
        [PYTHON] = "Python 3", [JAVA] = "Java 8 SDK",
        [JAVASCRIPT] = "JavaScript"};
    char       *hint = mem_printf(" Note that the provided function is in %s "
                                  "syntax.", syntax[language]);
    const char *key;
    json_t     *property;

    describe(function, hint);
    free(hint);
    if (language == PYTHON) return;
    json_object_foreach(properties, key, property)
        as_string(property, language);
}

/* ---- the types ----------------------------------------------------------- */

static const char *openai_type(const char *type)
{
    static const struct {
        const char *from, *to;
    } types[] = {
        {"integer", "integer"}, {"number", "number"}, {"float", "number"},
        {"string", "string"},   {"boolean", "boolean"}, {"bool", "boolean"},
        {"array", "array"},     {"list", "array"},    {"dict", "object"},
        {"object", "object"},   {"tuple", "array"},   {"any", "string"},
        {"byte", "integer"},    {"short", "integer"}, {"long", "integer"},
        {"double", "number"},   {"char", "string"},   {"ArrayList", "array"},
        {"Array", "array"},     {"HashMap", "object"},
        {"Hashtable", "object"}, {"Queue", "array"},  {"Stack", "array"},
        {"Any", "string"},      {"String", "string"}, {"Bigint", "integer"}};

    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].from, type) == 0) return types[i].to;
    return "string";
}

static void rename_type(json_t *schema)
{
    jsonx_set_text(schema, "type", openai_type(jsonx_text(schema, "type")));
}

static void rename_all(json_t *properties, int depth);

/* Lists are followed two levels down, as the original does. */
static void rename_items(json_t *items, int depth)
{
    json_t *inner;

    if (!json_is_object(items)) return;
    rename_type(items);
    inner = json_object_get(items, "items");
    if (is_type(items, "array") && json_is_object(inner))
        rename_type(inner);
    else if (is_type(items, "object"))
        rename_all(json_object_get(items, "properties"), depth);
}

static void rename_all(json_t *properties, int depth)
{
    const char *key;
    json_t     *property;

    if (depth > DEPTH_MAX) return;
    json_object_foreach(properties, key, property) {
        if (!json_is_object(property)) continue;
        if (is_type(property, "float")) {
            jsonx_set_text(property, "format", "float");
            describe(property, " This is a float type value.");
        }
        rename_type(property);
        if (!is_type(property, "array") && !is_type(property, "object"))
            continue;
        if (json_object_get(property, "properties"))
            rename_all(json_object_get(property, "properties"), depth + 1);
        else
            rename_items(json_object_get(property, "items"), depth + 1);
    }
}

/* ---- one function -------------------------------------------------------- */

/* {"type":"object","properties":{}} where the entry says nothing. Borrowed;
 * NULL: it says something that is no schema. */
static json_t *properties_of(json_t *function)
{
    json_t *parameters = json_object_get(function, "parameters");
    json_t *properties;

    if (!parameters || json_is_null(parameters)) {
        parameters = json_object();
        json_object_set_new(function, "parameters", parameters);
    }
    if (!json_is_object(parameters)) return NULL;
    jsonx_set_text(parameters, "type", "object");
    properties = json_object_get(parameters, "properties");
    if (!properties) {
        properties = json_object();
        json_object_set_new(parameters, "properties", properties);
    }
    return json_is_object(properties) ? properties : NULL;
}

/* "required", where it is, must be names. */
static bool has_sound_required(const json_t *function)
{
    const json_t *required = json_object_get(
        json_object_get(function, "parameters"), "required"), *name;
    size_t        i;

    if (!required || json_is_null(required)) return true;
    json_array_foreach(required, i, name)
        if (!json_is_string(name)) return false;
    return json_is_array(required);
}

static int shape(json_t *function, enum language language, struct err *err)
{
    const char *name = jsonx_text(function, "name");
    json_t     *properties, *property;
    const char *key;
    char       *plain;

    if (!name) return err_set(err, ERR_INPUT, "a function has no \"name\"");
    properties = properties_of(function);
    if (!properties)
        return err_set(err, ERR_INPUT, "the \"parameters\" of function %.100s "
                       "are no schema", name);
    if (!has_sound_required(function))
        return err_set(err, ERR_INPUT, "\"required\" of function %.100s must "
                       "be a list of names", name);
    json_object_foreach(properties, key, property)
        if (!json_is_object(property))
            return err_set(err, ERR_INPUT, "argument %.100s of function %.100s "
                           "has no schema", key, name);
    plain = mem_copy(name);
    for (char *c = plain; *c; c++)
        if (*c == '.') *c = '_';
    jsonx_set_text(function, "name", plain);
    free(plain);
    add_hint(function, properties, language);
    rename_all(properties, 0);
    return 0;
}

json_t *import_bfcl_tools(const json_t *functions, const char *category,
                          struct err *err)
{
    json_t *tools = json_array(), *function;
    size_t  i;

    json_array_foreach(functions, i, function) {
        json_t *copy = json_deep_copy(function);

        if (shape(copy, language_of(category), err)) {
            json_decref(copy);
            json_decref(tools);
            return NULL;
        }
        json_array_append_new(tools, json_pack("{s:s, s:o}", "type",
                                               "function", "function", copy));
    }
    return tools;
}
