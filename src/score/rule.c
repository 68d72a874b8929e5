/* SPDX-License-Identifier: MIT */
/* rule.c - see rule.h. */
#include "score/rule.h"

#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"

#define MOST_COUNT 1000000

static bool is_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && text[strspn(text, " \t\r\n")] != '\0';
}

static bool is_texts(const json_t *value)
{
    size_t        i;
    const json_t *item;

    json_array_foreach(value, i, item)
        if (!is_text(item)) return false;
    return json_array_size(value) > 0;
}

static bool fits(const json_t *value, enum rule_type type)
{
    switch (type) {
    case RULE_COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
               json_integer_value(value) <= MOST_COUNT;
    case RULE_TEXT: return is_text(value);
    case RULE_TEXTS: return is_texts(value);
    case RULE_YES: return json_is_true(value);
    }
    return false;
}

static int unknown(const json_t *rule, const char *name,
                   const struct rule_field *fields, struct err *err)
{
    struct strbuf known;

    strbuf_init(&known, 500);
    for (; fields->name; fields++)
        strbuf_addf(&known, "%s%s", known.len ? ", " : "", fields->name);
    err_set(err, ERR_INPUT,
            "scorer \"%s\" has no field \"%.100s\"; it knows %s",
            json_string_value(json_object_get(rule, "scorer")), name,
            known.len ? known.text : "none");
    strbuf_done(&known);
    return -1;
}

int rule_check(const json_t *rule, const struct rule_field *fields,
               size_t at_least, struct err *err)
{
    static const char *const wanted[] = {
        [RULE_COUNT] = "a whole number from 0 to 1000000",
        [RULE_TEXT]  = "a text that is not blank",
        [RULE_TEXTS] = "a list of texts, none of them blank",
        [RULE_YES]   = "true, or left out",
    };
    const char   *name;
    const json_t *value;

    json_object_foreach((json_t *)rule, name, value) {
        const struct rule_field *f = fields;

        if (strcmp(name, "scorer") == 0) continue;
        while (f->name && strcmp(f->name, name) != 0) f++;
        if (!f->name) return unknown(rule, name, fields, err);
        if (!fits(value, f->type))
            return err_set(err, ERR_INPUT,
                           "field \"%s\" of scorer \"%s\" must be %s", name,
                           json_string_value(json_object_get(rule, "scorer")),
                           wanted[f->type]);
    }
    if (json_object_size(rule) < at_least + 1)
        return err_set(err, ERR_INPUT,
                       "scorer \"%s\" needs at least %zu of its fields, such "
                       "as \"%s\"",
                       json_string_value(json_object_get(rule, "scorer")),
                       at_least, fields[0].name);
    return 0;
}

long long rule_count(const json_t *rule, const char *name, long long fallback)
{
    const json_t *value = json_object_get(rule, name);

    return value ? (long long)json_integer_value(value) : fallback;
}
