/* SPDX-License-Identifier: MIT */
/* import_ha.c - github.com/allenporter/home-assistant-datasets, assist and
 * its like: folders of homes, each with a _fixtures.yaml and files of tasks
 * beside it, below a folder with a dataset_card.yaml. */
#define _XOPEN_SOURCE 700           /* realpath */
#include "import_ha.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/text_list.h"
#include "base/utf8.h"

#define FIXTURE        "_fixtures.yaml"
#define CARD           "dataset_card.yaml"
#define DEPTH_MAX      8       /* of folders                                 */
#define FILES_MAX      100000  /* in one folder                              */
#define UP_MAX         4       /* a dataset's card is so far up at most      */
#define SUITE_MAX_BYTES  40    /* the sink takes no longer name of a file    */
#define HOME_MAX_BYTES   31    /* a task's home has 9 more: a hash           */
#define RECORD_MAX_BYTES 60
#define LANGUAGE_MAX_BYTES 40

/* A folder with a home, and the dataset that it belongs to. */
struct home_folder {
    const char *path;
    char       *dataset;    /* the folder of the dataset, a start of path    */
    char       *suite, *language;
};

/* ---- the dataset of a home ----------------------------------------------- */

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash > path ? mem_copy_n(path, (size_t)(slash - path))
                                 : mem_copy("/");
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool has_file(const char *folder, const char *name)
{
    char       *path = mem_printf("%s/%s", folder, name);
    struct stat st;
    bool        yes  = stat(path, &st) == 0 && S_ISREG(st.st_mode);

    free(path);
    return yes;
}

/* Something to be told when there are cases: no reason for there being none. */
static void note(struct ha_import *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct ha_import *in, const char *fmt, ...)
{
    char    what[400], *clean;
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    clean = utf8_printable(what, strlen(what));
    json_object_set_new(in->notes, clean, json_integer(0));
    free(clean);
}

static int read_card(struct ha_import *in, struct home_folder *f,
                     char **name, struct err *err)
{
    char         *path = mem_printf("%s/%s", f->dataset, CARD);
    json_t       *card = ha_import_yaml(path, err);
    const json_t *count;

    free(path);
    if (!card) return -1;
    if (jsonx_text(card, "name")) {
        free(*name);
        *name = mem_copy(jsonx_text(card, "name"));
    }
    if (jsonx_text(card, "language"))
        f->language = ha_import_slug(jsonx_text(card, "language"), true);
    if (f->language && (!*f->language ||
                        strlen(f->language) > LANGUAGE_MAX_BYTES)) {
        json_decref(card);
        return err_set(err, ERR_INPUT, "%s/%s: \"language\" must be a code "
                       "like en", f->dataset, CARD);
    }
    count = json_object_get(card, "count");
    if (json_is_integer(count) && json_integer_value(count) > 1)
        note(in, "that each task of %.100s is to be asked %lld times: each "
             "is one case; `repeats:` in the config or --repeats asks more "
             "often", *name, (long long)json_integer_value(count));
    json_decref(card);
    return 0;
}

/* Without a card above it, a home is a dataset of its own. */
static int find_dataset(struct ha_import *in, struct home_folder *f,
                        struct err *err)
{
    char *folder = mem_copy(f->path), *name, *slug, *suite;
    int   rc     = 0;

    for (int up = 0; up < UP_MAX && !f->dataset; up++) {
        char *above = parent_of(folder);

        if (has_file(folder, CARD)) f->dataset = mem_copy(folder);
        free(folder);
        folder = above;
    }
    free(folder);
    if (f->dataset) {
        name = mem_copy(name_of(f->dataset));
        rc   = read_card(in, f, &name, err);
    } else {
        f->dataset = mem_copy(f->path);
        name = mem_copy(name_of(f->dataset));
    }
    slug  = ha_import_slug(name, false);
    suite = mem_printf("ha_%s", *slug ? slug : "tasks");
    f->suite = ha_import_name(suite, name, SUITE_MAX_BYTES);
    free(suite);
    free(slug);
    free(name);
    return rc;
}

static void home_folder_done(struct home_folder *f)
{
    free(f->dataset);
    free(f->suite);
    free(f->language);
}

/* ---- one file of tasks --------------------------------------------------- */

/* The path below the dataset's folder; borrowed from `path`. */
static const char *below(const char *path, const char *dataset)
{
    size_t len = strlen(dataset);

    return path[len] == '/' ? path + len + 1 : name_of(path);
}

/* "ha_assist_dom1_pl": a name that is a file's, in ASCII; what was lost of
 * the folder's is kept apart by a hash. Caller frees. */
static char *home_stem(const struct home_folder *f)
{
    const char *folder = strlen(f->path) > strlen(f->dataset)
                         ? below(f->path, f->dataset) : name_of(f->path);
    char *ascii = ha_import_slug(folder, false);
    char *full  = ha_import_slug(folder, true);
    char *name  = mem_printf("%s_%s", f->suite, ascii);
    char *stem, *longer;

    if (strcmp(ascii, full) == 0) {
        stem = ha_import_name(name, folder, HOME_MAX_BYTES);
    } else {
        /* Too long on purpose, so that it is cut and gets its hash. */
        longer = mem_printf("%s%*s", name, HOME_MAX_BYTES, "");
        stem = ha_import_name(longer, folder, strlen(name) + 9 < HOME_MAX_BYTES
                              ? strlen(name) + 9 : HOME_MAX_BYTES);
        free(longer);
    }
    free(ascii);
    free(full);
    free(name);
    return stem;
}

static int import_file(struct ha_import *in, const struct home_folder *f,
                       const char *path, struct err *err)
{
    const char *name    = below(path, f->dataset);
    const char *end     = strrchr(name, '.');
    char       *stem    = mem_copy_n(name, end ? (size_t)(end - name)
                                               : strlen(name));
    char       *slug    = ha_import_slug(stem, true);
    char       *record  = ha_import_name(slug, stem, RECORD_MAX_BYTES);
    char       *fixture = mem_printf("%s/%s", f->path, FIXTURE);
    char       *home    = home_stem(f);
    char       *told    = mem_printf("%s/%s", name_of(f->dataset), name);
    struct ha_tasks tasks = {path, told, fixture, f->suite, record, home,
                             f->language};
    int rc = stop_signal() ? err_set(err, ERR_STOPPED, "stopped")
                           : ha_import_tasks(in, &tasks, err);

    free(stem);
    free(slug);
    free(record);
    free(fixture);
    free(home);
    free(told);
    return rc;
}

/* ---- folders ------------------------------------------------------------- */

static bool is_task_file(const char *name)
{
    static const char *const others[] = {FIXTURE, CARD, "_home.yaml",
                                         "solution.yaml"};
    const char *end = strrchr(name, '.');

    if (!end || (strcmp(end, ".yaml") != 0 && strcmp(end, ".yml") != 0))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0) return false;
    return true;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* What is in a folder, sorted; nothing hidden. */
static int list_folder(const char *path, struct text_list *names,
                       struct err *err)
{
    DIR           *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return err_set(err, ERR_INPUT, "%s: the folder cannot be read; check "
                       "the path and its permissions", path);
    while ((entry = readdir(dir)) && names->n < FILES_MAX)
        if (entry->d_name[0] != '.') text_list_add(names, entry->d_name);
    closedir(dir);
    if (names->n) qsort(names->items, names->n, sizeof *names->items, by_text);
    return 0;
}

/* The files of tasks directly in a folder, if it has a home. */
static int import_home(struct ha_import *in, const char *path,
                       const struct text_list *names, struct err *err)
{
    struct home_folder f = {.path = path};
    int rc = find_dataset(in, &f, err);

    for (size_t i = 0; i < names->n && rc == 0; i++) {
        char *file;

        if (!is_task_file(names->items[i])) continue;
        file = mem_printf("%s/%s", path, names->items[i]);
        rc = import_file(in, &f, file, err);
        free(file);
    }
    home_folder_done(&f);
    return rc;
}

static int import_folder(struct ha_import *in, const char *path, int depth,
                         struct err *err)
{
    struct text_list names = {0};
    int              rc    = list_folder(path, &names, err);

    if (rc == 0 && has_file(path, FIXTURE))
        rc = import_home(in, path, &names, err);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        char       *child = mem_printf("%s/%s", path, names.items[i]);
        struct stat st;

        /* Links to folders are not followed: they may lead in a circle. */
        if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode)) {
            if (depth < DEPTH_MAX)
                rc = import_folder(in, child, depth + 1, err);
            else
                ha_import_leave(in, 0, "%.400s: it is more than %d folders "
                                "deep", child, DEPTH_MAX);
        } else if (is_task_file(names.items[i]) && !has_file(path, FIXTURE)) {
            ha_import_leave(in, 0, "%.400s: there is no %s beside it", child,
                            FIXTURE);
        }
        free(child);
    }
    text_list_done(&names);
    return rc;
}

static int import_one(struct ha_import *in, const char *path, struct err *err)
{
    char              *folder = parent_of(path);
    struct home_folder f      = {.path = folder};
    int                rc;

    if (!has_file(folder, FIXTURE))
        rc = err_set(err, ERR_INPUT, "%s: there is no %s beside it; name a "
                     "file of tasks in the folder of its home", path, FIXTURE);
    else
        rc = find_dataset(in, &f, err);
    if (rc == 0) rc = import_file(in, &f, path, err);
    home_folder_done(&f);
    free(folder);
    return rc;
}

/* ---- public -------------------------------------------------------------- */

static void tell_left(const struct ha_import *in)
{
    const char *what;
    json_t     *cases;

    if (in->n_cases) json_object_update_missing(in->left, in->notes);
    json_object_foreach(in->left, what, cases)
        in->sink->leave_out(in->sink->ctx, (size_t)json_integer_value(cases),
                            what);
}

int import_ha(const char *path, const struct import_sink *sink,
              struct err *err)
{
    struct ha_import in = {.sink = sink, .homes = json_object(),
                           .ids = json_object(), .left = json_object(),
                           .notes = json_object()};
    char            *full = realpath(path, NULL);
    struct stat      st;
    int              rc;

    if (!full || stat(full, &st))
        rc = err_set(err, ERR_INPUT, "%s: there is no such file or folder",
                     path);
    else if (S_ISDIR(st.st_mode))
        rc = import_folder(&in, full, 0, err);
    else
        rc = import_one(&in, full, err);
    if (rc == 0) tell_left(&in);
    if (rc == 0 && in.n_cases == 0 && json_object_size(in.left))
        rc = err_set(err, ERR_INPUT, "%s: no task in it can be taken over; %s",
                     path, json_object_iter_key(json_object_iter(in.left)));
    else if (rc == 0 && in.n_cases == 0)
        rc = err_set(err, ERR_INPUT, "%s: there is no task of "
                     "home-assistant-datasets in it; name datasets/, one of "
                     "the datasets in it, or a home's folder", path);
    free(full);
    json_decref(in.homes);
    json_decref(in.ids);
    json_decref(in.left);
    json_decref(in.notes);
    return rc;
}
