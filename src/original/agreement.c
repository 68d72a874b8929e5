/* SPDX-License-Identifier: MIT */
/* agreement.c - see agreement.h. Groups are few (tens): searched in turn. */
#include "original/agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

#define NAME_BYTES 200

/* A growing list of groups; its places are fields of the agreement. */
struct list {
    struct agreement_group **items;
    size_t                  *n;
};

static struct agreement_group *find(struct list l, const char *name,
                                    size_t len)
{
    for (size_t i = 0; i < *l.n; i++)
        if (strlen((*l.items)[i].name) == len &&
            memcmp((*l.items)[i].name, name, len) == 0)
            return &(*l.items)[i];
    return NULL;
}

static struct agreement_group *group_of(struct list l, const char *name,
                                        size_t len)
{
    struct agreement_group *found = find(l, name, len);
    char                   *clean, kept[NAME_BYTES];

    if (found) return found;
    clean = utf8_clean(name, len < 4 * NAME_BYTES ? len : 4 * NAME_BYTES);
    utf8_copy(kept, sizeof kept, clean);
    free(clean);
    found = find(l, kept, strlen(kept));
    if (!found && *l.n == AGREEMENT_GROUPS_MAX)
        return &(*l.items)[*l.n - 1];
    if (!found) {
        *l.items = mem_grow(*l.items, *l.n + 1, sizeof **l.items);
        found  = &(*l.items)[(*l.n)++];
        *found = (struct agreement_group){
            .name = mem_copy(*l.n == AGREEMENT_GROUPS_MAX ? "(others)"
                                                          : kept)};
    }
    return found;
}

static void tell(struct agreement *a, const char *class,
                 char *(*told)(void *ctx), void *ctx)
{
    struct agreement_group *g;
    char *text, *clean, kept[AGREEMENT_TOLD_BYTES];

    a->n_differ++;
    g = group_of((struct list){&a->classes, &a->n_classes}, class,
                 strlen(class));
    g->cases++;
    if (!told || a->differ.n == AGREEMENT_TOLD_MAX) return;
    text = told(ctx);
    if (!text) return;
    clean = utf8_clean(text, strlen(text));
    utf8_copy(kept, sizeof kept, clean);
    text_list_add(&a->differ, kept);
    text_list_add(&a->differ_class, g->name);
    free(clean);
    free(text);
}

static void count(struct agreement_group *g, bool agree, bool error,
                  bool error_agrees)
{
    g->cases++;
    g->agree += agree;
    g->errors += error;
    g->errors_agree += error_agrees;
}

char *agreement_class(const struct agreement *a, const char *want_error,
                      const char *got_error)
{
    const char *right = a->right ? a->right : "right";

    return mem_printf("%s: %.80s, ours: %.80s",
                      want_error && got_error ? "error type" : "verdict",
                      want_error ? want_error : right,
                      got_error ? got_error : right);
}

void agreement_add(struct agreement *a, const char *group, size_t name_len,
                   const char *want_error, const char *got_error,
                   char *(*told)(void *ctx), void *ctx)
{
    bool  agree = !want_error == !got_error;
    bool  same = agree && (!want_error || strcmp(want_error, got_error) == 0);
    char *class;

    count(group_of((struct list){&a->groups, &a->n_groups}, group, name_len),
          agree, want_error, want_error && same);
    count(&a->all, agree, want_error, want_error && same);
    if (want_error)
        count(group_of((struct list){&a->types, &a->n_types}, want_error,
                       strlen(want_error)), agree, true, same);
    if (same) return;
    class = agreement_class(a, want_error, got_error);
    tell(a, class, told, ctx);
    free(class);
}

void agreement_add_verdict(struct agreement *a, const char *group,
                           size_t name_len, const char *want, const char *got,
                           char *(*told)(void *ctx), void *ctx)
{
    bool  agree = strcmp(want, got) == 0;
    char *class;

    count(group_of((struct list){&a->groups, &a->n_groups}, group, name_len),
          agree, false, false);
    count(&a->all, agree, false, false);
    if (agree) return;
    class = mem_printf("verdict: %.80s, ours: %.80s", want, got);
    tell(a, class, told, ctx);
    free(class);
}

static int by_name(const void *left, const void *right)
{
    const struct agreement_group *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static void sort(struct agreement_group *groups, size_t n)
{
    if (n) qsort(groups, n, sizeof *groups, by_name);
}

void agreement_sort(struct agreement *a)
{
    sort(a->groups, a->n_groups);
    sort(a->types, a->n_types);
    sort(a->classes, a->n_classes);
}

static double share(size_t part, size_t of)
{
    return of ? (double)part / (double)of : NAN;
}

double agreement_rate(const struct agreement_group *g)
{
    return share(g->agree, g->cases);
}

double agreement_error_rate(const struct agreement_group *g)
{
    return share(g->errors_agree, g->errors);
}

static void set_counts(json_t *object, const struct agreement_group *g)
{
    jsonx_set_integer(object, "cases", (long long)g->cases);
    jsonx_set_integer(object, "agree", (long long)g->agree);
    jsonx_set_number(object, "agreement", agreement_rate(g));
    jsonx_set_number(object, "error_type_agreement", agreement_error_rate(g));
}

static void add_groups(json_t *by, const char *kind,
                       const struct agreement_group *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *name  = groups[i].name;
        char       *other = mem_printf("%s (error type)", name);
        json_t     *one   = json_object();

        jsonx_set_text(one, "kind", kind);
        set_counts(one, &groups[i]);
        json_object_set_new(by, json_object_get(by, name) ? other : name, one);
        free(other);
    }
}

static json_t *disagreements(const struct agreement *a)
{
    json_t *list = json_array();

    for (size_t i = 0; i < a->differ.n; i++) {
        json_t *one = json_object();

        jsonx_set_text(one, "class", a->differ_class.items[i]);
        jsonx_set_text(one, "case", a->differ.items[i]);
        json_array_append_new(list, one);
    }
    return list;
}

json_t *agreement_json(const struct agreement *a)
{
    json_t *document = json_object(), *by = json_object();
    json_t *classes = json_object();

    jsonx_set_integer(document, "schema_version", 1);
    set_counts(document, &a->all);
    add_groups(by, "category", a->groups, a->n_groups);
    add_groups(by, "error_type", a->types, a->n_types);
    json_object_set_new(document, "by", by);
    jsonx_set_number(document, "seconds", a->seconds);
    jsonx_set_number(document, "wall_seconds", a->wall_seconds);
    jsonx_set_integer(document, "differ", (long long)a->n_differ);
    for (size_t i = 0; i < a->n_classes; i++)
        jsonx_set_integer(classes, a->classes[i].name,
                          (long long)a->classes[i].cases);
    json_object_set_new(document, "classes", classes);
    json_object_set_new(document, "disagreements", disagreements(a));
    return document;
}

static void free_groups(struct agreement_group *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) free(groups[i].name);
    free(groups);
}

void agreement_done(struct agreement *a)
{
    free_groups(a->groups, a->n_groups);
    free_groups(a->types, a->n_types);
    free_groups(a->classes, a->n_classes);
    text_list_done(&a->differ);
    text_list_done(&a->differ_class);
    *a = (struct agreement){0};
}
