/* SPDX-License-Identifier: MIT */
/* home.c - making a simulated home, and what it tells of itself. */
#include "home/home.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "file_stamp.h"
#include "home/home_internal.h"
#include "share.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define LINES_MAX      ((size_t)1 << 20)
#define MEMO_SIZE      16   /* more homes than anybody has at a time */

/* ---- a home of a plan -------------------------------------------------- */

/* Takes its own reference of the plan. */
static struct home *home_of(struct home_plan *plan,
                            const struct home_manner *manner)
{
    struct home *h = mem_new(1, sizeof *h);
    size_t       n = plan->n_entities;

    h->plan = home_plan_keep(plan);
    h->areas = plan->areas;
    h->n_areas = plan->n_areas;
    h->entities = mem_new(n, sizeof *h->entities);
    h->n_entities = n;
    h->manner = *manner;
    memcpy(h->entities, plan->entities, n * sizeof *h->entities);
    for (size_t i = 0; i < n; i++) {
        struct entity *e = &h->entities[i];
        if (e->domain->is_edited)
            e->state = json_deep_copy(e->state);
        else
            json_incref(e->state);
    }
    return h;
}

/* A scene or a script must work, or it would fail in the middle of an
 * audition: each scene is tried once, on a home that is thrown away. */
static int check_plan(struct home_plan *plan, const struct home_manner *manner,
                      struct err *err)
{
    struct home *trial = home_of(plan, manner);
    int          rc    = home_scripts_check(trial, err);

    for (size_t i = 0; i < trial->n_entities && rc == 0; i++) {
        const struct entity *e = &trial->entities[i];
        if (!e->applies || home_patch(trial, e->applies, err) == 0) continue;
        rc = err_ctx(err, "%s", e->id);
    }
    home_free(trial);
    return rc;
}

/* A new plan that works, to be dropped, or NULL with ERR_INPUT. */
static struct home_plan *plan_of(const json_t *file,
                                 const struct home_manner *manner,
                                 struct err *err)
{
    struct home_plan *plan = home_plan_new(file, manner, err);

    if (!plan || check_plan(plan, manner, err) == 0) return plan;
    home_plan_drop(plan);
    return NULL;
}

/* ---- the homes of the data folder -------------------------------------- */

/* share/homes/NAME.json, or NULL with ERR_INPUT. Caller frees. */
static char *home_path(const char *name, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    struct err why = {0};
    char *relative, *path = NULL;

    if (*name && strspn(name, letters) == strlen(name)) {
        relative = mem_printf("homes/%s.json", name);
        path = share_path(relative, &why);
        free(relative);
    }
    if (!path)
        err_set(err, ERR_INPUT, "there is no simulated home %.60s; homes are "
                "the files of the data folder's homes/", name);
    return path;
}

/* "recorded": true in a file that was imported. */
static struct home_manner manner_of(const json_t *file)
{
    return (struct home_manner){
        .is_recorded = json_is_true(json_object_get(file, "recorded"))};
}

static struct home_plan *read_plan(const char *path, struct err *err)
{
    json_t             *file   = jsonx_read(path, FILE_MAX_BYTES, err);
    struct home_manner  manner = manner_of(file);
    struct home_plan   *plan   = NULL;

    if (file) {
        plan = plan_of(file, &manner, err);
        if (!plan) err_ctx(err, "%s", path);
    }
    json_decref(file);
    return plan;
}

/* The plan of a file, borrowed, or NULL with ERR_INPUT. Suites make a home a
 * case and more, so it is read once and remembered. */
static struct home_plan *find_plan(const char *path, struct err *err)
{
    static struct {
        struct file_stamp stamp;
        struct home_plan *plan;
    } memo[MEMO_SIZE];
    static size_t     next;
    struct home_plan *plan;
    size_t            at = MEMO_SIZE;

    for (size_t i = 0; i < MEMO_SIZE; i++) {
        if (file_stamp_holds(&memo[i].stamp, path)) return memo[i].plan;
        if (memo[i].stamp.path && strcmp(memo[i].stamp.path, path) == 0)
            at = i;   /* an older version of it */
    }
    plan = read_plan(path, err);
    if (!plan) return NULL;
    if (at == MEMO_SIZE) at = next++ % MEMO_SIZE;
    home_plan_drop(memo[at].plan);
    memo[at].plan = plan;
    file_stamp_take(&memo[at].stamp, path);
    return plan;
}

/* ---- public ------------------------------------------------------------ */

static int set_up(struct home *h, const char *name, const json_t *setup,
                  struct err *err)
{
    if (setup && home_patch(h, setup, err))
        return err_ctx(err, "setup of the home %s", name);
    return 0;
}

int home_new(struct home **out, const char *name, const json_t *setup,
             struct err *err)
{
    struct home_manner     manner;
    struct home_tool_lists tools = {0};
    struct home           *h     = NULL;
    struct home_plan      *plan;
    char                  *path  = NULL;
    int                    rc    = -1;

    if (home_tool_lists_get(&tools, err)) goto done;
    path = home_path(name, err);
    plan = path ? find_plan(path, err) : NULL;
    if (!plan) goto done;
    manner = manner_of(plan->file);
    h = home_of(plan, &manner);
    h->tools = tools;
    tools = (struct home_tool_lists){0};
    if (set_up(h, name, setup, err)) goto done;
    *out = h;
    h = NULL;
    rc = 0;

done:
    home_tool_lists_drop(&tools);
    home_free(h);
    free(path);
    return rc;
}

int home_from(struct home **out, const char *name, const json_t *file,
              const struct home_manner *manner, const json_t *setup,
              struct err *err)
{
    static const struct home_manner latest = {0};
    const struct home_manner *as   = manner ? manner : &latest;
    struct home_plan         *plan = plan_of(file, as, err);
    struct err                none = {0};
    struct home              *h;

    if (!plan) return err_ctx(err, "the home %s", name);
    h = home_of(plan, as);
    home_plan_drop(plan);
    /* A home from elsewhere needs our tool lists only if it is asked. */
    (void)!home_tool_lists_get(&h->tools, &none);
    if (set_up(h, name, setup, err)) {
        home_free(h);
        return -1;
    }
    *out = h;
    return 0;
}

void home_free(struct home *h)
{
    if (!h) return;
    for (size_t i = 0; i < h->n_entities; i++)
        json_decref(h->entities[i].state);
    free(h->entities);
    home_tool_lists_drop(&h->tools);
    home_plan_drop(h->plan);
    free(h);
}

int home_speak_in(struct home *h, const char *area, struct err *err)
{
    const struct area *here = area ? home_find_area(h, area) : NULL;

    if (area && !here)
        return err_set(err, ERR_INPUT, "the home has no area %.100s to speak "
                       "in; name one of its \"areas\"", area);
    h->here = here;
    return 0;
}

const char *home_now(const struct home *h) { return h->plan->now; }

/* Tools alone reach what is here for them. */
static bool is_hidden(const struct entity *e)
{
    return home_is_in(e, "timer") || home_is_in(e, "alarm") ||
           home_is_in(e, "intercom");
}

char *home_entity_lines(const struct home *h)
{
    struct strbuf text;
    char         *lines;

    strbuf_init(&text, LINES_MAX);
    for (size_t i = 0; i < h->n_entities; i++) {
        const struct entity *e = &h->entities[i];

        if (is_hidden(e)) continue;
        strbuf_addf(&text, "%s '%s'", e->id, e->name);
        for (size_t k = 0; k < e->aliases.n; k++)
            strbuf_addf(&text, ", '%s'", e->aliases.items[k]);
        if (e->area)
            strbuf_addf(&text, " (%s%s%s)", e->area->name,
                        e->area->floor ? ", " : "",
                        e->area->floor ? e->area->floor : "");
        strbuf_add(&text, "\n");
    }
    lines = strbuf_take(&text);
    strbuf_done(&text);
    return lines;
}
