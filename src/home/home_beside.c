/* SPDX-License-Identifier: MIT */
/* home_beside.c - see home_beside.h. */
#include "home/home_beside.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define NAMES_MAX_BYTES 1500   /* of the names listed in an error */

bool home_replace(struct entity *e, const char *attribute, json_t *value)
{
    json_t *before = e->state;

    e->state = json_copy(before);
    json_object_set_new(e->state, attribute, value);
    if (home_settle(e)) {
        json_decref(before);
        return true;
    }
    json_decref(e->state);
    e->state = before;
    return false;
}

json_t *home_kept_list(const struct entity *e, const char *attribute)
{
    json_t *list = json_object_get(e->state, attribute);

    return json_is_array(list) ? json_copy(list) : json_array();
}

bool home_text_if_any(const json_t *arguments, const char *slot, char **text)
{
    const json_t *value = json_object_get(arguments, slot);
    const char   *begin, *end;
    char         *read = NULL;

    *text = NULL;
    if (!value || json_is_null(value)) return true;
    if (json_is_string(value) &&
        strspn(json_string_value(value), " \t\r\n") ==
        json_string_length(value))
        return true;
    if (!home_slot_text(arguments, slot, &read) || !read) return false;
    begin = read + strspn(read, " \t\r\n");
    end   = begin + strlen(begin);
    while (end > begin && strchr(" \t\r\n", end[-1])) end--;
    if ((size_t)(end - begin) <= HOME_TEXT_MAX_BYTES)
        *text = mem_copy_n(begin, (size_t)(end - begin));
    free(read);
    return *text != NULL;
}

bool home_same_name(const char *a, const char *b)
{
    char *first = home_key(a), *second = home_key(b);
    bool  same  = strcmp(first, second) == 0;

    free(first);
    free(second);
    return same;
}

struct home_date home_clock(const struct home *h)
{
    struct home_date now = {.has_time = true};

    home_date_read(home_now(h), &now);
    return now;
}

json_t *home_done_to(const struct entity *e, const char *name)
{
    json_t *success = json_array();

    home_add_target(success, name, "entity", e->id);
    return home_done(success, NULL);
}

/* ---- query tools ------------------------------------------------------- */

/* A text as Python prints it in a list. */
static void add_quoted(struct strbuf *out, const char *text)
{
    const char *quote = strchr(text, '\'') && !strchr(text, '"') ? "\"" : "'";

    strbuf_add(out, quote);
    strbuf_add(out, text);
    strbuf_add(out, quote);
}

static json_t *not_one_of(const struct text_list *words, const char *key)
{
    struct strbuf text;
    json_t       *error;

    strbuf_init(&text, NAMES_MAX_BYTES);
    for (size_t i = 0; i < words->n; i++) {
        if (i > 0) strbuf_add(&text, ", ");
        add_quoted(&text, words->items[i]);
    }
    error = home_error("MultipleInvalid", NULL, "value must be one of [%s] "
                       "for dictionary value @ data['%s']", text.text, key);
    strbuf_done(&text);
    return error;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_named(const struct home *h, const struct entity *e,
                     const char *said, const char *key)
{
    const struct text_list *names = h->manner.is_recorded ? &e->aliases
                                                          : &e->keys;
    const char             *text  = h->manner.is_recorded ? said : key;

    if (h->manner.is_recorded && strcmp(e->name, said) == 0) return true;
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], text) == 0) return true;
    return false;
}

/* The first of a domain that has the name, and the names that there are. */
static struct entity *query_one(struct home *h, const char *domain,
                                const char *said, struct text_list *names)
{
    struct entity *found = NULL;
    char          *key   = said ? home_key(said) : NULL;

    for (size_t i = 0; i < h->n_entities && !found; i++) {
        struct entity *e = &h->entities[i];
        if (!home_is_in(e, domain)) continue;
        if (said && is_named(h, e, said, key)) found = e;
        text_list_add(names, e->name);
    }
    if (names->n > 1)
        qsort(names->items, names->n, sizeof *names->items, compare_texts);
    free(key);
    return found;
}

static json_t *wrong_value(struct home *h, const struct home_key_rule *rule,
                           const json_t *value, struct entity **found)
{
    struct text_list words = {0};
    const char      *said  = home_plain_text(value);
    json_t          *error = NULL;
    bool             fits  = said && !rule->words;

    if (rule->domain) {
        *found = query_one(h, rule->domain, said, &words);
        fits   = *found != NULL;
    }
    for (const char *const *w = rule->words; w && *w; w++) {
        text_list_add(&words, *w);
        fits = fits || (said && strcmp(said, *w) == 0);
    }
    if (!fits)
        error = rule->words || rule->domain ? not_one_of(&words, rule->key)
              : home_error("MultipleInvalid", NULL, "expected str for "
                           "dictionary value @ data['%s']", rule->key);
    text_list_done(&words);
    return error;
}

static const struct home_key_rule *rule_of(const struct home_key_rule *rules,
                                           const char *key)
{
    for (; rules->key; rules++)
        if (strcmp(rules->key, key) == 0) return rules;
    return NULL;
}

json_t *home_check_keys(struct home *h, const json_t *arguments,
                        const struct home_key_rule *rules,
                        struct entity **found)
{
    const char    *key;
    json_t        *value, *error = NULL;
    struct entity *ignored = NULL;

    json_object_foreach((json_t *)(uintptr_t)arguments, key, value) {
        const struct home_key_rule *rule = rule_of(rules, key);
        error = rule ? wrong_value(h, rule, value, found ? found : &ignored)
              : home_error("MultipleInvalid", NULL, "extra keys not allowed "
                           "@ data['%.80s']", key);
        if (error) return error;
    }
    for (; rules->key; rules++)
        if (rules->is_required && !json_object_get(arguments, rules->key))
            return home_error("MultipleInvalid", NULL, "required key not "
                              "provided @ data['%s']", rules->key);
    return NULL;
}
