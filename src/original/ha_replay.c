/* SPDX-License-Identifier: MIT */
/* ha_replay.c - see ha_replay.h. */
#include "original/ha_replay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home/ha_home.h"
#include "home/home.h"

/* A file of recorded runs has many of each; more than so many are hostile. */
#define HOMES_KEPT_MAX 2000

struct ha_homes {
    char   *dir;
    json_t *read;    /* {home, clock and setup: the JSON of that home} */
};

struct ha_homes *ha_homes_open(const char *dir, struct err *err)
{
    struct ha_homes *homes;
    struct stat      st;

    if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
        err_set(err, ERR_INPUT, "%.500s is no folder; name the one with the "
                "homes, in which there is assist/ and assist-mini/", dir);
        return NULL;
    }
    homes = mem_new(1, sizeof *homes);
    homes->dir = mem_copy(dir);
    homes->read = json_object();
    return homes;
}

void ha_homes_close(struct ha_homes *homes)
{
    if (!homes) return;
    json_decref(homes->read);
    free(homes->dir);
    free(homes);
}

/* ---- the home of a run --------------------------------------------------- */

/* Absent and null: nothing, *out is NULL. */
static int optional_text(const json_t *row, const char *key, const char **out,
                         struct err *err)
{
    const json_t *value = json_object_get(row, key);

    *out = json_string_value(value);
    if (!value || json_is_null(value) || json_is_string(value)) return 0;
    return err_set(err, ERR_INPUT, "field \"%s\" must be a text", key);
}

/* "2025.4.3" is 202504; absent: 0, the latest. */
static int version_of(const json_t *row, int *version, struct err *err)
{
    const char *text;
    char       *end;
    long        year, month;

    *version = 0;
    if (optional_text(row, "ha_version", &text, err)) return -1;
    if (!text) return 0;
    year = strtol(text, &end, 10);
    month = *end == '.' ? strtol(end + 1, &end, 10) : 0;
    if (year < 2000 || year > 9999 || month < 1 || month > 12)
        return err_set(err, ERR_INPUT, "field \"ha_version\" must be like "
                       "\"2025.4.3\", not \"%.60s\"", text);
    *version = (int)(year * 100 + month);
    return 0;
}

/* Folders below another, none of them "..": "assist/home1-us". */
static bool stays_inside(const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");

        if (len == 0 || (path[0] == '.' && len <= 2 &&
                         (len == 1 || path[1] == '.')))
            return false;
        path += len;
        if (*path == '/' && *++path == '\0') return false;
    }
    return true;
}

static int check_setup(const json_t *setup, struct err *err)
{
    const char *id;
    json_t     *change;

    if (!setup || json_is_null(setup)) return 0;
    if (!json_is_object(setup))
        return err_set(err, ERR_INPUT, "field \"setup\" must be an object of "
                       "entities");
    json_object_foreach((json_t *)setup, id, change) {
        const json_t *attributes = json_object_get(change, "attributes");

        if (!json_is_object(change) ||
            (attributes && !json_is_null(attributes) &&
             !json_is_object(attributes)))
            return err_set(err, ERR_INPUT, "setup: %.100s must be "
                           "{\"state\":..,\"attributes\":{..}}", id);
    }
    return 0;
}

/* The JSON of the home as it is before the run, borrowed. */
static json_t *home_file(struct ha_homes *homes, const json_t *row,
                         struct err *err)
{
    const json_t *setup = json_object_get(row, "setup");
    const char   *home  = jsonx_text(row, "home"), *now;
    json_t       *file  = NULL;
    char         *text, *key, *path;

    if (!home || !*home || !stays_inside(home)) {
        err_set(err, ERR_INPUT, "field \"home\" must name a folder inside "
                "that of the homes, like \"assist/home1-us\"");
        return NULL;
    }
    if (optional_text(row, "context_now", &now, err) ||
        check_setup(setup, err))
        return NULL;
    if (!json_is_object(setup)) setup = NULL;
    text = setup ? jsonx_canonical(setup) : mem_copy("");
    key  = mem_printf("%s\n%s\n%s", home, now ? now : "", text);
    file = json_object_get(homes->read, key);
    if (!file) {
        path = mem_printf("%s/%s/_fixtures.yaml", homes->dir, home);
        if (ha_home_read(&file, path, setup, now, err) == 0) {
            if (json_object_size(homes->read) >= HOMES_KEPT_MAX)
                json_object_clear(homes->read);
            json_object_set_new(homes->read, key, file);
        }
        free(path);
    }
    free(key);
    free(text);
    return file;
}

static struct home *home_of(struct ha_homes *homes, const json_t *row,
                            struct err *err)
{
    struct home_manner manner = {0, true};
    json_t            *file   = home_file(homes, row, err);
    struct home       *h      = NULL;
    const char        *device;

    if (!file || version_of(row, &manner.version, err) ||
        optional_text(row, "context_device", &device, err) ||
        home_from(&h, jsonx_text(row, "home"), file, &manner, NULL, err))
        return NULL;
    if (device &&
        home_speak_in(h, jsonx_text(json_object_get(file, "devices"), device),
                      err)) {
        home_free(h);
        return NULL;
    }
    return h;
}

/* ---- answers ------------------------------------------------------------- */

static const char *some(const char *text) { return text ? text : ""; }

static bool same_text(const char *a, const char *b)
{
    return !a == !b && (!a || strcmp(a, b) == 0);
}

/* {id and name of what is in success or failed: true}: which of several
 * entities failed is chance in Home Assistant. New reference. */
static json_t *reached(const json_t *answer)
{
    static const char *const lists[] = {"success", "failed"};
    const json_t *data = json_object_get(answer, "data");
    json_t       *ids  = json_object();

    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(data, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *one = json_array_get(list, i);
            char *key = mem_printf("%s %s", some(jsonx_text(one, "id")),
                                   some(jsonx_text(one, "name")));
            json_object_set_new(ids, key, json_true());
            free(key);
        }
    }
    return ids;
}

/* {block of a live context: how often}: the order of equal names, and that of
 * 2025.4, is not fixed. New reference. */
static json_t *blocks_of(const char *text)
{
    json_t *blocks = json_object();

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
    return blocks;
}

static bool same_and_free(json_t *a, json_t *b)
{
    bool same = json_equal(a, b);

    json_decref(a);
    json_decref(b);
    return same;
}

static bool same_error(const json_t *want, const json_t *got)
{
    const char *kind = jsonx_text(want, "error");

    /* The text of a failed match lists what there was: its reason counts. */
    return kind && same_text(kind, jsonx_text(got, "error")) &&
           same_text(jsonx_text(want, "reason"), jsonx_text(got, "reason")) &&
           (strcmp(kind, "MatchFailedError") == 0 ||
            same_text(jsonx_text(want, "error_text"),
                      jsonx_text(got, "error_text")));
}

static bool same_answer(const json_t *want, const json_t *got,
                        const char *tool)
{
    if (json_object_get(want, "error") || json_object_get(got, "error"))
        return same_error(want, got);
    if (json_object_get(want, "data"))
        return json_object_get(got, "data") &&
               same_and_free(reached(want), reached(got));
    if (strcmp(tool, "GetLiveContext") == 0 && jsonx_text(want, "result"))
        return jsonx_text(got, "result") &&
               same_and_free(blocks_of(jsonx_text(want, "result")),
                             blocks_of(jsonx_text(got, "result")));
    return json_equal(want, got);
}

/* "MatchFailedError AREA", "action" or "result". Caller frees. */
static char *kind_of(const json_t *answer)
{
    const char *error  = jsonx_text(answer, "error");
    const char *reason = jsonx_text(answer, "reason");

    if (!error)
        return mem_copy(json_object_get(answer, "data") ? "action" : "result");
    return mem_printf("%.100s%s%.60s", error, reason ? " " : "",
                      some(reason));
}

static void note_difference(struct ha_replay *out, const char *tool,
                            const char *arguments, const json_t *want,
                            const json_t *got)
{
    char *a = kind_of(want), *b = kind_of(got);
    char *text = mem_printf("%.100s: %s, ours: %s", tool, a, b);

    text_list_add(&out->differ, text);
    free(text);
    free(a);
    free(b);
    a = jsonx_dump(want);
    b = jsonx_dump(got);
    text = mem_printf("%.100s %.300s: recorded %.900s, ours %.900s", tool,
                      arguments, a, b);
    text_list_add(&out->told, text);
    free(text);
    free(a);
    free(b);
}

/* ---- the calls ----------------------------------------------------------- */

static int run_step(struct home *h, const json_t *step, struct ha_replay *out,
                    struct err *err)
{
    const json_t *calls   = json_object_get(step, "calls");
    const json_t *results = json_object_get(step, "results");

    if (!json_is_array(calls) || !json_is_array(results) ||
        json_array_size(calls) != json_array_size(results))
        return err_set(err, ERR_INPUT, "it must have two lists of the same "
                       "length, \"calls\" and \"results\"");
    for (size_t i = 0; i < json_array_size(calls); i++) {
        const json_t *call = json_array_get(calls, i);
        const json_t *want = json_array_get(results, i);
        const char   *tool = jsonx_text(call, "name");
        const json_t *with = json_object_get(call, "arguments");
        char         *text;
        json_t       *got;

        if (!tool || !json_is_object(with))
            return err_set(err, ERR_INPUT, "call %zu must be {\"name\":text,"
                           "\"arguments\":object}", i + 1);
        text = jsonx_dump(with);
        got  = home_call(h, tool, text);
        out->n_calls++;
        if (same_answer(want, got, tool))
            out->n_alike++;
        else
            note_difference(out, tool, text, want, got);
        free(text);
        json_decref(got);
    }
    return 0;
}

int ha_replay(struct ha_homes *homes, const json_t *row, bool wants_states,
              struct ha_replay *out, struct err *err)
{
    const json_t *steps = json_object_get(row, "steps");
    struct home  *h     = NULL;
    int           rc    = 0;

    *out = (struct ha_replay){0};
    if (!json_is_array(steps))
        return err_set(err, ERR_INPUT, "field \"steps\" must be a list");
    h = home_of(homes, row, err);
    if (!h) return -1;
    if (wants_states) out->start = home_state(h);
    for (size_t i = 0; i < json_array_size(steps) && rc == 0; i++) {
        rc = run_step(h, json_array_get(steps, i), out, err);
        if (rc) err_ctx(err, "step %zu", i + 1);
    }
    if (wants_states) out->end = home_state(h);
    home_free(h);
    if (rc) ha_replay_done(out);
    return rc;
}

void ha_replay_done(struct ha_replay *r)
{
    json_decref(r->start);
    json_decref(r->end);
    text_list_done(&r->differ);
    text_list_done(&r->told);
    *r = (struct ha_replay){0};
}
