/* SPDX-License-Identifier: MIT */
/* ha_replay.c - recorded runs of real Home Assistant, run again in simulated
 * homes:
 *
 *   ha_replay RUNS.jsonl DATASETS
 *
 * Each line of RUNS is a run: home, setup, the calls that a model made, what
 * Home Assistant answered, and the verdict. DATASETS/HOME/_fixtures.yaml is
 * the home. Printed is, by category, how often the same calls come to the
 * same verdict, and how often a call is answered alike: error and reason,
 * which entities were reached, and every word of a query. Exit 1 when any
 * verdict differs. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home/ha_home.h"
#include "home/home.h"

#define LINE_MAX_BYTES ((size_t)4 << 20)
#define CATEGORIES_MAX 100
#define TOLD_MAX       20    /* differences told one by one */

struct tally {
    char  *name;
    size_t n_verdicts, n_same_verdicts, n_calls, n_same_calls;
};

static struct tally categories[CATEGORIES_MAX];
static size_t       n_categories, n_told;

static void tell(const json_t *row, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(const json_t *row, const char *fmt, ...)
{
    va_list args;

    if (n_told++ >= TOLD_MAX) return;
    printf("%s: ", jsonx_text(row, "id"));
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
}

static struct tally *tally_of(const char *name)
{
    size_t i = 0;

    while (i < n_categories && strcmp(categories[i].name, name) != 0) i++;
    if (i == n_categories) {
        if (n_categories == CATEGORIES_MAX) return &categories[0];
        categories[n_categories++].name = mem_copy(name);
    }
    return &categories[i];
}

/* ---- the home of a run ------------------------------------------------- */

/* "2025.4.3" is 202504. */
static int version_of(const json_t *row)
{
    const char *text = jsonx_text(row, "ha_version");
    int         year = 0, month = 0;

    if (text && sscanf(text, "%d.%d", &year, &month) == 2)
        return year * 100 + month;
    return 0;
}

static struct home *home_of_run(const json_t *row, const char *datasets)
{
    struct home_manner manner = {version_of(row), true};
    struct home *h      = NULL;
    struct err   err    = {0};
    json_t      *file   = NULL;
    const char  *device = jsonx_text(row, "context_device");
    char        *path   = mem_printf("%s/%s/_fixtures.yaml", datasets,
                                     jsonx_text(row, "home"));

    if (ha_home_read(&file, path, json_object_get(row, "setup"),
                     jsonx_text(row, "context_now"), &err) ||
        home_from(&h, jsonx_text(row, "home"), file, &manner, NULL, &err) ||
        (device && home_speak_in(h, jsonx_text(json_object_get(file,
                                 "devices"), device), &err))) {
        printf("%s: %s\n", jsonx_text(row, "id"), err.text);
        exit(2);
    }
    json_decref(file);
    free(path);
    return h;
}

/* ---- answers ----------------------------------------------------------- */

/* The ids of all entities and places in success and failed, sorted. */
static char *reached(const json_t *answer)
{
    static const char *const lists[] = {"success", "failed"};
    const json_t *data = json_object_get(answer, "data");
    json_t       *ids  = json_object();
    char         *text;

    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(data, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *one = json_array_get(list, i);
            char *key = mem_printf("%s %s", jsonx_text(one, "id"),
                                   jsonx_text(one, "name"));
            json_object_set_new(ids, key, json_true());
            free(key);
        }
    }
    text = jsonx_canonical(ids);
    json_decref(ids);
    return text;
}

/* The blocks of a live context, sorted: the order of equal names, and that
 * of 2025.4, is not fixed. */
static char *sorted_blocks(const char *text)
{
    json_t *blocks = json_object();
    char   *all;

    while (*text) {
        const char *end   = strstr(text, "\n- ");
        size_t      len   = end ? (size_t)(end - text) + 1 : strlen(text);
        char       *block = mem_copy_n(text, len);
        json_t     *n     = json_object_get(blocks, block);
        json_object_set_new(blocks, block,
                            json_integer(json_integer_value(n) + 1));
        free(block);
        text += len;
    }
    all = jsonx_canonical(blocks);
    json_decref(blocks);
    return all;
}

static bool same_text(char *a, char *b)
{
    bool same = strcmp(a, b) == 0;

    free(a);
    free(b);
    return same;
}

static bool same_error(const json_t *want, const json_t *got)
{
    const char *a = jsonx_text(want, "error"), *b = jsonx_text(got, "error");
    const char *x = jsonx_text(want, "reason"), *y = jsonx_text(got, "reason");
    bool        is_match = a && strcmp(a, "MatchFailedError") == 0;

    return a && b && strcmp(a, b) == 0 && !x == !y &&
           (!x || strcmp(x, y) == 0) &&
           (is_match || strcmp(jsonx_text(want, "error_text"),
                               jsonx_text(got, "error_text")) == 0);
}

static bool same_answer(const json_t *want, const json_t *got,
                        const char *tool)
{
    if (json_object_get(want, "error") || json_object_get(got, "error"))
        return same_error(want, got);
    if (json_object_get(want, "data"))
        return same_text(reached(want), reached(got));
    if (strcmp(tool, "GetLiveContext") == 0)
        return jsonx_text(got, "result") &&
               same_text(sorted_blocks(jsonx_text(want, "result")),
                         sorted_blocks(jsonx_text(got, "result")));
    return json_equal(want, got);
}

static void run_call(struct home *h, const json_t *row, const json_t *call,
                     const json_t *want, struct tally *t)
{
    char   *args   = jsonx_dump(json_object_get(call, "arguments"));
    json_t *got    = home_call(h, jsonx_text(call, "name"), args);

    t->n_calls++;
    if (same_answer(want, got, jsonx_text(call, "name"))) {
        t->n_same_calls++;
    } else {
        char *a = jsonx_dump(want), *b = jsonx_dump(got);
        tell(row, "%s %s\n  recorded  %.900s\n  simulated %.900s",
             jsonx_text(call, "name"), args, a, b);
        free(a);
        free(b);
    }
    json_decref(got);
    free(args);
}

/* ---- the verdict ------------------------------------------------------- */

/* As Python's str() has it. Caller frees. */
static char *python_text(const json_t *value)
{
    double number = json_number_value(value);

    if (!value) return mem_copy("<absent>");
    if (json_is_null(value)) return mem_copy("None");
    if (json_is_boolean(value))
        return mem_copy(json_is_true(value) ? "True" : "False");
    if (json_is_string(value)) return mem_copy(json_string_value(value));
    if (json_is_integer(value))
        return mem_printf("%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return mem_printf(number < 1e15 && number > -1e15 &&
                          !(number < (double)(long long)number ||
                            number > (double)(long long)number)
                          ? "%.1f" : "%.12g", number);
    return jsonx_canonical(value);
}

static bool is_equal(const json_t *a, const json_t *b)
{
    if (json_is_array(a) || json_is_array(b)) {
        if (!json_is_array(a) || !json_is_array(b) ||
            json_array_size(a) != json_array_size(b))
            return false;
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!is_equal(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return true;
    }
    if (json_is_number(a) && json_is_number(b))
        return !(json_number_value(a) < json_number_value(b) ||
                 json_number_value(a) > json_number_value(b));
    return a && b && same_text(python_text(a), python_text(b));
}

static bool is_ignored(const json_t *row, const char *id, const char *attr)
{
    static const char *const never[] = {"is_closed", "is_opening",
                                        "is_closing"};
    const json_t *list = json_object_get(json_object_get(row,
                                         "ignore_changes"), id);

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strcmp(never[i], attr) == 0) return true;
    if (json_object_get(list, attr)) return true;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), attr) == 0)
            return true;
    return false;
}

/* In what an entity differs from what was expected; NULL: in nothing. */
static const char *difference(const json_t *row, const char *id,
                              const json_t *want, const json_t *got)
{
    const char *attr;
    json_t     *value;

    json_object_foreach((json_t *)want, attr, value)
        if (!is_ignored(row, id, attr) &&
            !is_equal(value, json_object_get(got, attr)))
            return attr;
    json_object_foreach((json_t *)got, attr, value)
        if (!is_ignored(row, id, attr) && !json_object_get(want, attr))
            return attr;
    return NULL;
}

static const char *judge_state(const json_t *row, json_t *start,
                               const json_t *end)
{
    const char *id, *attr;
    json_t     *change, *value;

    json_object_foreach(json_object_get(row, "expect_changes"), id, change) {
        json_t *entity = json_object_get(start, id);
        if (json_object_get(change, "state"))
            json_object_set(entity, "state", json_object_get(change, "state"));
        json_object_foreach(json_object_get(change, "attributes"), attr, value)
            json_object_set(entity, attr, value);
    }
    json_object_foreach(start, id, value)
        if (difference(row, id, value, json_object_get(end, id)))
            return "state";
    return strstr(jsonx_text(row, "response"), "Sorry") ? "sorry" : NULL;
}

static bool holds(const json_t *row, const json_t *item)
{
    char *answer = mem_copy(jsonx_text(row, "response"));
    char *text   = mem_copy(json_string_value(item));
    bool  yes;

    /* ASCII is enough: nothing else is expected. */
    for (char *at = answer; *at; at++)
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at + 'a' - 'A');
    for (char *at = text; at && *at; at++)
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at + 'a' - 'A');
    yes = text && strstr(answer, text);
    free(answer);
    free(text);
    return yes;
}

static const char *judge_response(const json_t *row)
{
    const json_t *wanted = json_object_get(row, "expect_response");

    if (json_is_string(wanted)) return holds(row, wanted) ? NULL : "response";
    for (size_t i = 0; i < json_array_size(wanted); i++)
        if (holds(row, json_array_get(wanted, i))) return NULL;
    return "response";
}

/* ---- one run ----------------------------------------------------------- */

static void replay(const json_t *row, const char *datasets)
{
    struct home  *h        = home_of_run(row, datasets);
    const json_t *steps    = json_object_get(row, "steps");
    const json_t *category = json_object_get(row, "category");
    const char   *why      = jsonx_text(row, "why"), *got;
    json_t       *start    = home_state(h), *end;
    bool by_state = json_object_size(json_object_get(row,
                                                     "expect_changes")) > 0;
    char *name = mem_printf("%s %s", by_state ? "state" : "reply",
                            json_is_array(category)
                            ? json_string_value(json_array_get(category, 0))
                            : json_string_value(category));
    struct tally *t = tally_of(name);

    free(name);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *calls   = json_object_get(json_array_get(steps, i),
                                                "calls");
        const json_t *results = json_object_get(json_array_get(steps, i),
                                                "results");
        for (size_t k = 0; k < json_array_size(calls); k++)
            run_call(h, row, json_array_get(calls, k),
                     json_array_get(results, k), t);
    }
    end = home_state(h);
    got = by_state ? judge_state(row, start, end) : judge_response(row);
    t->n_verdicts++;
    if (!why == !got && (!why || strcmp(why, got) == 0))
        t->n_same_verdicts++;
    else
        tell(row, "verdict: recorded %s, simulated %s", why ? why : "pass",
             got ? got : "pass");
    json_decref(start);
    json_decref(end);
    home_free(h);
}

static void print_row(const struct tally *t)
{
    printf("%-28s %5zu of %5zu verdicts   %5zu of %5zu answers\n", t->name,
           t->n_same_verdicts, t->n_verdicts, t->n_same_calls, t->n_calls);
}

int main(int argc, char **argv)
{
    struct tally all  = {.name = (char[]){"all"}};
    FILE        *file = argc == 3 ? fopen(argv[1], "r") : NULL;
    char        *line = mem_new(LINE_MAX_BYTES, 1);

    if (!file) {
        fprintf(stderr, "usage: ha_replay RUNS.jsonl DATASETS\n");
        return 2;
    }
    while (fgets(line, LINE_MAX_BYTES, file)) {
        struct err err = {0};
        json_t    *row = jsonx_parse(line, strlen(line), &err);
        if (!row) {
            fprintf(stderr, "%s: %s\n", argv[1], err.text);
            return 2;
        }
        replay(row, argv[2]);
        json_decref(row);
    }
    fclose(file);
    free(line);
    for (size_t i = 0; i < n_categories; i++) {
        print_row(&categories[i]);
        all.n_verdicts += categories[i].n_verdicts;
        all.n_same_verdicts += categories[i].n_same_verdicts;
        all.n_calls += categories[i].n_calls;
        all.n_same_calls += categories[i].n_same_calls;
        free(categories[i].name);
    }
    print_row(&all);
    return all.n_same_verdicts == all.n_verdicts ? 0 : 1;
}
