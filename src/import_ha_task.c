/* SPDX-License-Identifier: MIT */
/* import_ha_task.c - a file of tasks of home-assistant-datasets:
 *
 *   category: light                            or a list
 *   tests:
 *     - sentences: [Turn on the light, Light on]   paraphrases: a case each
 *       setup: {light.x: {state: "off", attributes: {..}}}
 *       context_device: smart_speaker          where the user speaks
 *       context_now: 2025-04-02 08:30+10:00
 *       expect_changes: ..                     what ha_rule.h judges by
 *
 * A setup is put over the fixture before the home is understood (ha_home.h),
 * so each different one gives a home of its own. */
#include "import_ha.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "digest.h"
#include "home/ha_home.h"
#include "home/home.h"
#include "original/ha_rule.h"
#include "yaml_tree.h"

#define ID_MAX_BYTES   80    /* of a case and a group: suite.h */
#define SAY_MAX_BYTES  ((size_t)32 << 10)
#define HASH_LETTERS   8
#define TOLD_MAX_BYTES 600   /* of one sentence about what was left out */

/* ---- names, YAML --------------------------------------------------------- */

char *ha_import_slug(const char *text, bool any_script)
{
    char  *clean = utf8_clean(text, strlen(text));
    char  *slug  = utf8_fold(clean);
    size_t used  = 0;

    free(clean);
    for (size_t i = 0; slug[i]; i++) {
        unsigned char c = (unsigned char)slug[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       (c >= 128 && any_script);

        if (is_word)
            slug[used++] = slug[i];
        else if (used > 0 && slug[used - 1] != '_')
            slug[used++] = '_';
    }
    while (used > 0 && slug[used - 1] == '_') used--;
    slug[used] = '\0';
    return slug;
}

char *ha_import_name(const char *name, const char *unique, size_t max_bytes)
{
    char hash[65], start[ID_MAX_BYTES + 1];

    if (strlen(name) <= max_bytes) return mem_copy(name);
    digest_text(unique, strlen(unique), hash);
    utf8_copy(start, max_bytes - HASH_LETTERS, name);
    return mem_printf("%s-%.*s", start, HASH_LETTERS, hash);
}

json_t *ha_import_yaml(const char *path, struct err *err)
{
    struct bytes file  = {0};
    struct tree  tree  = {0};
    json_t      *value = NULL;

    if (bytes_read(&file, path, IMPORT_MAX_BYTES, err)) {
        err_ctx(err, "%s", path);
        return NULL;
    }
    if (tree_parse(&tree, (const char *)file.data, file.size, path,
                   err) == 0 &&
        node_json(tree.root, true, &value, err)) {
        err_ctx(err, "%s", path);
        value = NULL;
    }
    tree_done(&tree);
    bytes_done(&file);
    return value;
}

void ha_import_leave(struct ha_import *in, size_t cases, const char *fmt, ...)
{
    char        what[TOLD_MAX_BYTES], *clean;
    va_list     args;
    json_int_t  before;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    clean  = utf8_printable(what, strlen(what));
    before = json_integer_value(json_object_get(in->left, clean));
    json_object_set_new(in->left, clean,
                        json_integer(before + (json_int_t)cases));
    free(clean);
}

/* ---- the home of a task -------------------------------------------------- */

static const json_t *non_null(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

/* "ha_assist_dom1_pl", and a hash of what the task changes of it. */
static char *home_name(const struct ha_tasks *from, const json_t *setup,
                       const char *now)
{
    char *changes, *all, *name, hash[65];

    if (json_object_size(setup) == 0 && !now) return mem_copy(from->home);
    changes = setup ? jsonx_canonical(setup) : mem_copy("");
    all = mem_printf("%s\n%s", now ? now : "", changes);
    digest_text(all, strlen(all), hash);
    name = mem_printf("%s-%.*s", from->home, HASH_LETTERS, hash);
    free(changes);
    free(all);
    return name;
}

/* A home of the task: what is handed over, and its state. */
struct task_home {
    char   *name;
    json_t *file, *state;
    char   *area;           /* where the user speaks, or NULL               */
};

static void task_home_done(struct task_home *h)
{
    free(h->name);
    free(h->area);
    json_decref(h->file);
    json_decref(h->state);
}

/* Its words are for people: why the task is left out. */
static int find_area(struct task_home *h, const json_t *test, struct err *err)
{
    const json_t *device = non_null(test, "context_device");
    const char   *area;

    if (!device) return 0;
    area = json_is_string(device)
           ? jsonx_text(json_object_get(h->file, "devices"),
                        json_string_value(device)) : NULL;
    if (!area)
        return err_set(err, ERR_INPUT, "its context_device is no device of "
                       "the home that is in an area");
    h->area = mem_copy(area);
    return 0;
}

static int read_home(const struct ha_tasks *from, const json_t *test,
                     struct task_home *out, struct err *err)
{
    static const struct home_manner recorded = {0, true};
    const json_t *setup = non_null(test, "setup");
    const json_t *now   = non_null(test, "context_now");
    struct home  *h     = NULL;

    *out = (struct task_home){0};
    if (setup && !json_is_object(setup))
        return err_set(err, ERR_INPUT, "its setup is no mapping of entities");
    if (now && !json_is_string(now))
        return err_set(err, ERR_INPUT, "its context_now is no time");
    out->name = home_name(from, setup, json_string_value(now));
    if (ha_home_read(&out->file, from->fixture, setup, json_string_value(now),
                     err) ||
        home_from(&h, out->name, out->file, &recorded, NULL, err))
        return -1;
    out->state = home_state(h);
    home_free(h);
    return find_area(out, test, err);
}

/* Once a home, as it is to be stored. */
static int hand_over_home(struct ha_import *in, const struct task_home *h,
                          struct err *err)
{
    json_t *file;
    int     rc;

    if (json_object_get(in->homes, h->name)) return 0;
    file = json_copy(h->file);
    json_object_del(file, "devices");
    json_object_set_new(file, "recorded", json_true());
    rc = in->sink->add_home(in->sink->ctx, h->name, file, err);
    json_decref(file);
    json_object_set_new(in->homes, h->name, json_true());
    return rc;
}

/* ---- the check of a task ------------------------------------------------- */

/* Where a task gives a mapping, its keys count. New reference. */
static json_t *ignore_lists(const json_t *ignore)
{
    json_t     *out = json_object(), *value, *item;
    const char *id, *attribute;

    json_object_foreach((json_t *)ignore, id, value) {
        json_t *list = json_array();

        json_object_foreach(value, attribute, item)
            jsonx_add_text(list, attribute);
        json_array_extend(list, value);
        if (json_array_size(list) > 0)
            json_object_set(out, id, list);
        json_decref(list);
    }
    return out;
}

/* What YAML took for a number or a truth, a text again: "- 30". New
 * reference. */
static json_t *as_text(json_t *value)
{
    char   *text = json_is_number(value) || json_is_boolean(value)
                   ? ha_text(value) : NULL;
    json_t *out  = text ? json_string(text) : json_incref(value);

    free(text);
    return out;
}

/* The same of each entry of a list. New reference; NULL of NULL. */
static json_t *as_texts(json_t *value)
{
    json_t *out;

    if (!json_is_array(value)) return as_text(value);
    out = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
        json_array_append_new(out, as_text(json_array_get(value, i)));
    return out;
}

static bool is_empty(const json_t *value)
{
    return !value || json_is_null(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

/* test: with texts in expect_response. New reference; NULL with ERR_INPUT, its
 * words say why the task cannot be judged. */
static json_t *check_of(const json_t *test, const json_t *state,
                        struct err *err)
{
    static const char *const fields[] = {"expect_changes", "expect_response",
                                         "expect_tool_call"};
    struct ha_rule rule;
    json_t        *check, *change, *ignore;
    const char    *id;

    if (ha_rule_read(test, &rule, err)) return NULL;
    json_object_foreach((json_t *)rule.changes, id, change)
        if (!json_object_get(state, id)) {
            err_set(err, ERR_INPUT, "it expects a change of %.100s, which the "
                    "home has not", id);
            return NULL;
        }
    check = json_object();
    jsonx_set_text(check, "scorer", "home_assistant");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        json_t *value = json_object_get(test, fields[i]);
        if (!is_empty(value)) json_object_set(check, fields[i], value);
    }
    ignore = ignore_lists(rule.ignore);
    if (json_object_size(ignore) > 0 && ha_rule_asks_state(&rule))
        json_object_set(check, "ignore_changes", ignore);
    json_decref(ignore);
    return check;
}

/* ---- cases --------------------------------------------------------------- */

/* As it is written, but for white space: "media-player", "sensor+question".
 * Caller frees. */
static char *category_of(const json_t *category)
{
    char *all = mem_copy(json_is_string(category)
                         ? json_string_value(category) : ""), *name;

    for (size_t i = 0; i < json_array_size(category); i++) {
        const char *one  = json_string_value(json_array_get(category, i));
        char       *more = mem_printf("%s%s%s", all, one && *all ? "+" : "",
                                      one ? one : "");
        free(all);
        all = more;
    }
    for (char *c = all; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f) *c = '_';
    name = ha_import_name(*all ? all : "general", all, ID_MAX_BYTES);
    free(all);
    return name;
}

/* As the original names a task, and a number where a sentence is asked with
 * more than one setup. Caller frees. */
static char *case_id(struct ha_import *in, const struct ha_tasks *from,
                     const char *sentence)
{
    json_t *ids   = json_object_get(in->ids, from->suite);
    char   *first = mem_copy_n(sentence, strcspn(sentence, "\n"));
    char   *slug  = ha_import_slug(first, true);
    char   *name  = mem_printf("%s-%s", from->record, slug);
    /* Room for a number. */
    char   *id    = ha_import_name(name, name, ID_MAX_BYTES - 8);
    json_int_t n;

    if (!ids) {
        ids = json_object();
        json_object_set_new(in->ids, from->suite, ids);
    }
    n = json_integer_value(json_object_get(ids, id)) + 1;
    json_object_set_new(ids, id, json_integer(n));
    free(first);
    free(slug);
    free(name);
    while (n > 1) {
        char *numbered = mem_printf("%s-%lld", id, (long long)n++);

        if (json_object_get(ids, numbered)) {
            free(numbered);
            continue;
        }
        json_object_set_new(ids, numbered, json_integer(1));
        free(id);
        return numbered;
    }
    return id;
}

/* What all sentences of a test share. */
struct test {
    const struct ha_tasks  *from;
    const struct task_home *home;
    json_t                 *check;
    const char             *category;
    char                   *group;
};

static int add_case(struct ha_import *in, const struct test *t,
                    const char *sentence, struct err *err)
{
    json_t *out = json_object();
    char   *id  = case_id(in, t->from, sentence);
    int     rc;

    jsonx_set_text(out, "id", id);
    jsonx_set_text(out, "category", t->category);
    if (t->from->language) jsonx_set_text(out, "language", t->from->language);
    jsonx_set_text(out, "home", t->home->name);
    if (t->home->area) jsonx_set_text(out, "area", t->home->area);
    jsonx_set_text(out, "group", t->group);
    jsonx_set_text(out, "say", sentence);
    json_object_set_new(out, "checks", json_pack("[O]", t->check));
    rc = in->sink->add_case(in->sink->ctx, t->from->suite, out, err);
    in->n_cases += rc == 0;
    free(id);
    json_decref(out);
    return rc;
}

static int add_sentences(struct ha_import *in, const struct test *t,
                         const json_t *sentences, struct err *err)
{
    if (hand_over_home(in, t->home, err)) return -1;
    for (size_t i = 0; i < json_array_size(sentences); i++) {
        const json_t *one = json_array_get(sentences, i);
        const char   *say = json_string_value(one);

        if (!say || !*say || strlen(say) != json_string_length(one) ||
            strlen(say) > SAY_MAX_BYTES)
            ha_import_leave(in, 1, "%s: a sentence that is no text of 1 to "
                            "%zu bytes", t->from->told, SAY_MAX_BYTES);
        else if (add_case(in, t, say, err))
            return -1;
    }
    return 0;
}

static void tell_unknown(struct ha_import *in, const json_t *object,
                         const char *const *known, size_t cases)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)object, key, value) {
        const char *const *at = known;

        while (*at && strcmp(*at, key) != 0) at++;
        if (!*at)
            ha_import_leave(in, cases, "the field \"%.100s\" of tasks, which "
                            "is not known", key);
    }
}

/* number: of the test in its file, from 1. */
static int add_test(struct ha_import *in, const struct ha_tasks *from,
                    json_t *test, const char *category, size_t number,
                    struct err *err)
{
    static const char *const known[] = {
        "sentences", "setup", "expect_changes", "ignore_changes",
        "expect_response", "expect_tool_call", "context_device",
        "context_now", NULL};
    json_t          *said      = json_object_get(test, "sentences");
    json_t          *sentences = as_texts(said);
    size_t           n         = json_array_size(said);
    struct err       why       = {0};
    struct task_home home      = {0};
    struct test      t         = {from, &home, NULL, category, NULL};
    char            *group     = NULL;
    int              rc        = 0;

    tell_unknown(in, test, known, n);
    if (json_object_get(test, "expect_response"))
        json_object_set_new(test, "expect_response", as_texts(
                            json_object_get(test, "expect_response")));
    if (n == 0) {
        ha_import_leave(in, 0, "%s: test %zu has no list of sentences",
                        from->told, number);
        json_decref(sentences);
        return 0;
    }
    if (read_home(from, test, &home, &why) == 0)
        t.check = check_of(test, home.state, &why);
    if (!t.check) {
        ha_import_leave(in, n, "%s: test %zu: %s", from->told, number,
                        why.text);
    } else if (json_object_size(t.check) == 1) {
        ha_import_leave(in, n, "tasks that expect nothing: any answer would "
                        "pass");
    } else {
        group   = mem_printf("%s-%zu", from->record, number);
        t.group = ha_import_name(group, group, ID_MAX_BYTES);
        rc = add_sentences(in, &t, sentences, err);
    }
    free(group);
    free(t.group);
    json_decref(sentences);
    json_decref(t.check);
    task_home_done(&home);
    return rc;
}

/* The home without any task must be sound: what is wrong with it is said once
 * and ends the import. */
static int check_fixture(const struct ha_tasks *from, struct err *err)
{
    struct task_home home;
    int              rc = read_home(from, NULL, &home, err);

    task_home_done(&home);
    if (rc && strncmp(err->text, from->fixture, strlen(from->fixture)) != 0)
        err_ctx(err, "%s", from->fixture);
    return rc;
}

int ha_import_tasks(struct ha_import *in, const struct ha_tasks *from,
                    struct err *err)
{
    static const char *const known[] = {"category", "tests", NULL};
    json_t       *file = ha_import_yaml(from->path, err);
    const json_t *tests = json_object_get(file, "tests");
    char         *category;
    int           rc = 0;

    if (!file) return -1;
    if (!json_is_array(tests)) {
        ha_import_leave(in, 0, "%s: it has no list of \"tests\"", from->told);
        json_decref(file);
        return 0;
    }
    tell_unknown(in, file, known, 0);
    category = category_of(json_object_get(file, "category"));
    rc = check_fixture(from, err);
    for (size_t i = 0; i < json_array_size(tests) && rc == 0; i++)
        rc = add_test(in, from, json_array_get(tests, i), category, i + 1,
                      err);
    free(category);
    json_decref(file);
    return rc;
}
