/* SPDX-License-Identifier: MIT */
/* calibration_file.c - the measurements of a board in the user's state
 * folder; see calibration.h. The file is believed as little as any other. */
#include "predict/calibration.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "digest.h"

#define FILE_VERSION   1
#define FILE_BYTES     (1u << 20)
#define POINTS_MOST    1000u     /* older ones are dropped           */
#define MODEL_BYTES    300u
#define NAME_BYTES     80u       /* of a file's name, before its tag */

static const struct { const char *key; size_t at; } numbers[] = {
    {"predicted_gen_tok_s",
     offsetof(struct calibration_point, predicted_gen_tok_s)},
    {"measured_gen_tok_s",
     offsetof(struct calibration_point, measured_gen_tok_s)},
    {"predicted_prompt_tok_s",
     offsetof(struct calibration_point, predicted_prompt_tok_s)},
    {"measured_prompt_tok_s",
     offsetof(struct calibration_point, measured_prompt_tok_s)},
    {"predicted_memory_bytes",
     offsetof(struct calibration_point, predicted_memory_bytes)},
    {"measured_memory_bytes",
     offsetof(struct calibration_point, measured_memory_bytes)},
};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static double *number_at(struct calibration_point *p, size_t i)
{
    return (double *)(void *)((char *)p + numbers[i].at);
}

/* ---- where -------------------------------------------------------------- */

static char *folder(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home  = getenv("HOME");

    if (state && *state == '/')
        return mem_printf("%s/audition/calibration", state);
    if (home && *home == '/')
        return mem_printf("%s/.local/state/audition/calibration", home);
    return NULL;
}

static void make_folders(const char *path)
{
    char *copy = mem_copy(path);

    for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    mkdir(copy, 0700);
    free(copy);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* "jetson-orin-nx-16gb-maxn-super-1f4a9c02.json": readable, and by its tag
 * no other board's, whatever was left out of the name. */
static char *path_of(const struct device *d)
{
    char *dir  = folder();
    char *full = mem_printf("%s\n%s", or_empty(d->name),
                            or_empty(d->power_mode));
    char  name[NAME_BYTES + 1], tag[65], *path;
    size_t n = 0;

    digest_text(full, strlen(full), tag);
    for (const char *at = full; *at && n < NAME_BYTES; at++) {
        if (isalnum((unsigned char)*at) && (unsigned char)*at < 0x80)
            name[n++] = (char)tolower((unsigned char)*at);
        else if (n && name[n - 1] != '-')
            name[n++] = '-';
    }
    while (n && name[n - 1] == '-') n--;
    name[n] = '\0';
    path = dir ? mem_printf("%s/%s-%.8s.json", dir, n ? name : "board", tag)
               : NULL;
    free(full);
    free(dir);
    return path;
}

/* ---- reading ------------------------------------------------------------ */

static struct calibration_point *add_empty(struct calibration *c)
{
    struct calibration_point *p;

    c->points = mem_grow(c->points, c->n + 1, sizeof *c->points);
    p = &c->points[c->n++];
    *p = (struct calibration_point){.model = NULL};
    return p;
}

/* A point without a name, or that nothing was measured of, is none. */
static void read_point(const json_t *item, struct calibration *c)
{
    const char *key   = jsonx_text(item, "key");
    const char *model = jsonx_text(item, "model");
    struct calibration_point *p;

    if (!key || !*key || strlen(key) >= sizeof p->key) return;
    if (c->n >= POINTS_MOST) return;
    p = add_empty(c);
    snprintf(p->key, sizeof p->key, "%s", key);
    p->model = mem_copy_n(or_empty(model),
                          strnlen(or_empty(model), MODEL_BYTES));
    for (size_t i = 0; i < NUMBERS; i++) {
        double value = jsonx_number(item, numbers[i].key);

        *number_at(p, i) = isfinite(value) && value > 0 ? value : NAN;
    }
}

enum reading { READ_FINE, READ_NONE, READ_DAMAGED, READ_NEWER };

static bool is_of(const json_t *document, const struct device *d)
{
    const char *name = jsonx_text(document, "device");
    const char *mode = jsonx_text(document, "power_mode");

    return name && mode && strcmp(name, or_empty(d->name)) == 0 &&
           strcmp(mode, or_empty(d->power_mode)) == 0;
}

static enum reading read_file(const char *path, const struct device *d,
                              struct calibration *out)
{
    struct err   ignored = {0};
    json_t      *document, *points;
    enum reading result = READ_DAMAGED;
    double       version;

    if (access(path, F_OK) != 0) return READ_NONE;
    document = jsonx_read(path, FILE_BYTES, &ignored);
    if (!document) return READ_DAMAGED;
    version = jsonx_number(document, "schema_version");
    points = json_object_get(document, "points");
    if (version > FILE_VERSION) {
        result = READ_NEWER;
    } else if (version == FILE_VERSION && json_is_array(points) &&
               is_of(document, d)) {
        for (size_t i = 0; i < json_array_size(points); i++)
            read_point(json_array_get(points, i), out);
        result = READ_FINE;
    }
    json_decref(document);
    return result;
}

int calibration_load(const struct device *d, struct calibration *out,
                     struct err *err)
{
    char *path = path_of(d);

    (void)err;          /* a file that cannot be used is said in `why` */
    *out = (struct calibration){.decode_scale = 1, .prefill_scale = 1,
                                .error_before = NAN, .error_after = NAN};
    if (!path) {
        out->why = "nothing is kept: neither XDG_STATE_HOME nor HOME is set";
        return 0;
    }
    switch (read_file(path, d, out)) {
    case READ_FINE:
    case READ_NONE: break;        /* calibration_fit() has the words */
    case READ_DAMAGED:
        out->why = "its file is damaged and is ignored; the next measurement "
                   "writes it anew";
        break;
    case READ_NEWER:
        out->why = "its file is of a newer audition and is ignored";
        break;
    }
    free(path);
    return 0;
}

/* ---- writing ------------------------------------------------------------ */

static json_t *point_json(const struct calibration_point *point)
{
    struct calibration_point p = *point;
    json_t *object = json_object();
    char   *model  = mem_copy_n(or_empty(p.model),
                                strnlen(or_empty(p.model), MODEL_BYTES));

    jsonx_set_text(object, "key", p.key);
    jsonx_set_text(object, "model", model);
    free(model);
    for (size_t i = 0; i < NUMBERS; i++)
        jsonx_set_number(object, numbers[i].key, *number_at(&p, i));
    return object;
}

/* The points but the oldest above the limit and that of the same key, which
 * the new one replaces. */
static char *document_text(const struct device *d,
                           const struct calibration *old,
                           const struct calibration_point *point)
{
    json_t *document = json_object(), *points = json_array();
    size_t  first = old->n >= POINTS_MOST ? old->n - POINTS_MOST + 1 : 0;
    char   *text;

    jsonx_set_integer(document, "schema_version", FILE_VERSION);
    jsonx_set_text(document, "device", or_empty(d->name));
    jsonx_set_text(document, "power_mode", or_empty(d->power_mode));
    for (size_t i = first; i < old->n; i++)
        if (strcmp(old->points[i].key, point->key) != 0)
            json_array_append_new(points, point_json(&old->points[i]));
    json_array_append_new(points, point_json(point));
    json_object_set_new(document, "points", points);
    text = jsonx_dump(document);
    json_decref(document);
    return text;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* On disk before it gets its name: a power cut leaves the old or the new. */
static int write_file(const char *path, const char *text, struct err *err)
{
    char *draft = mem_printf("%s.%ld", path, (long)getpid());
    int   fd    = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
                       O_NOFOLLOW, 0600);
    bool  ok    = fd >= 0 && write_all(fd, text, strlen(text)) &&
                  fsync(fd) == 0;
    int   rc    = 0;

    if (fd >= 0) ok = close(fd) == 0 && ok;
    if (!ok || rename(draft, path) != 0) {
        rc = err_set(err, ERR_FAILED, "%s cannot be written: %s; make room "
                     "or name another folder in XDG_STATE_HOME", path,
                     strerror(errno));
        if (fd >= 0) unlink(draft);
    }
    free(draft);
    return rc;
}

int calibration_add(const struct device *d,
                    const struct calibration_point *point, struct err *err)
{
    char              *path = path_of(d), *dir = folder(), *text;
    struct calibration old  = {0};
    int                rc;

    if (!path || !dir) {
        rc = err_set(err, ERR_FAILED, "there is no folder to keep "
                     "measurements in; set HOME or XDG_STATE_HOME");
    } else if (!point->key[0]) {
        rc = err_set(err, ERR_BUG, "a measurement of %s has no key",
                     or_empty(point->model));
    } else if (read_file(path, d, &old) == READ_NEWER) {
        rc = err_set(err, ERR_FAILED, "%s is of a newer audition; update "
                     "this one, or move the file away", path);
    } else {
        make_folders(dir);
        text = document_text(d, &old, point);
        rc = write_file(path, text, err);
        free(text);
    }
    calibration_done(&old);
    free(dir);
    free(path);
    return rc;
}
