/* SPDX-License-Identifier: MIT */
/* rule.c - see rule.h. */
#include "score/rule.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

#include "base/strbuf.h"
#include "language.h"

#define MOST_COUNT 1000000
#define MOST_TIMES 1000

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

static bool is_count(const json_t *value, json_int_t least, json_int_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= least &&
           json_integer_value(value) <= most;
}

static bool is_one_letter(const json_t *value)
{
    const char         *text = json_string_value(value);
    utf8proc_int32_t    c    = 0;
    utf8proc_ssize_t    n;
    utf8proc_category_t category;

    if (!text) return false;
    n        = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c);
    category = utf8proc_category(c);
    return n > 0 && text[n] == '\0' && category >= UTF8PROC_CATEGORY_LU &&
           category <= UTF8PROC_CATEGORY_NO;
}

static bool is_repeats(const json_t *value)
{
    return json_object_size(value) == 2 &&
           is_text(json_object_get(value, "phrase")) &&
           is_count(json_object_get(value, "times"), 1, MOST_TIMES);
}

static bool fits(const json_t *value, enum rule_type type)
{
    switch (type) {
    case RULE_COUNT: return is_count(value, 0, MOST_COUNT);
    case RULE_TEXT: return is_text(value);
    case RULE_TEXTS: return is_texts(value);
    case RULE_YES: return json_is_true(value);
    case RULE_LETTER: return is_one_letter(value);
    case RULE_LANGUAGE:
        return json_is_string(value) &&
               language_is_known(json_string_value(value));
    case RULE_REPEATS: return is_repeats(value);
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
        [RULE_LETTER]   = "one letter or digit",
        [RULE_LANGUAGE] = "the code of a language that can be told",
        [RULE_REPEATS]  = ("{\"phrase\":a text, \"times\":a number from 1 "
                           "to 1000}"),
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
                           "field \"%s\" of scorer \"%s\" must be %s%s%s",
                           name,
                           json_string_value(json_object_get(rule, "scorer")),
                           wanted[f->type],
                           f->type == RULE_LANGUAGE ? ", one of " : "",
                           f->type == RULE_LANGUAGE ? language_codes : "");
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
