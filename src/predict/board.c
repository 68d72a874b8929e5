/* SPDX-License-Identifier: MIT */
/* board.c - the files of share/boards/ become boards; see device.h and
 * docs/boards.md. A key that a board does not have is taken from its family,
 * the object around it. */
#include "predict/device.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/units.h"
#include "share.h"

#define FOLDER     "boards"
#define FILE_BYTES ((size_t)1 << 20)
#define FILES_MAX  1000u
#define GIB        1073741824.0
#define MIB        1048576.0

static const char *const backends[] = {"cpu", "cuda", "metal", "vulkan",
                                       "rocm"};
#define BACKENDS (sizeof backends / sizeof *backends)

const char *backend_name(enum backend b)
{
    return backends[b];
}

/* ---- one board ---------------------------------------------------------- */

/* Where we are, for messages. */
struct place {
    const char *file;
    const char *board;
};

static int wrong(const struct place *at, const char *key, const char *what,
                 struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: %s: \"%s\" %s", at->file, at->board,
                   key, what);
}

static int read_text(const json_t *o, const char *key, const struct place *at,
                     char **out, struct err *err)
{
    const char *text = jsonx_text(o, key);

    if (!text || !*text) return wrong(at, key, "must be a text", err);
    *out = mem_copy(text);
    return 0;
}

static int read_texts(const json_t *o, const char *key, const struct place *at,
                      struct text_list *out, struct err *err)
{
    const json_t *list = json_object_get(o, key), *item;
    size_t        i;

    if (!list) return 0;
    if (!json_is_array(list)) return wrong(at, key, "must be a list", err);
    json_array_foreach(list, i, item) {
        if (!json_is_string(item))
            return wrong(at, key, "must be a list of texts", err);
        text_list_add(out, json_string_value(item));
    }
    return 0;
}

/* A positive number times scale; null and nothing at all are NAN. */
static int read_number(const json_t *o, const char *key, double scale,
                       const struct place *at, double *out, struct err *err)
{
    const json_t *item = json_object_get(o, key);

    *out = NAN;
    if (!item || json_is_null(item)) return 0;
    if (!json_is_number(item) || !(json_number_value(item) >= 0) ||
        json_number_value(item) > 1e15)
        return wrong(at, key, "must be a number, or null when it is not known",
                     err);
    *out = json_number_value(item) * scale;
    return 0;
}

static int read_truth(const json_t *o, const char *key, const struct place *at,
                      bool *out, struct err *err)
{
    int truth = jsonx_truth(o, key);

    if (truth < 0) return wrong(at, key, "must be true or false", err);
    *out = truth == 1;
    return 0;
}

static int read_mode(const json_t *o, const char *name,
                     const struct place *at, struct power_mode *m,
                     struct err *err)
{
    double flops_per_clock;
    int    rc;

    *m = (struct power_mode){.name = mem_copy(name)};
    rc = read_texts(o, "mode_aliases", at, &m->aliases, err);
    if (rc == 0) rc = read_number(o, "clock_mhz", 1e6, at, &m->clock_hz, err);
    if (rc == 0)
        rc = read_number(o, "bandwidth_gb_s", 1e9, at, &m->bandwidth_bytes_s,
                         err);
    if (rc == 0) rc = read_number(o, "units", 1, at, &m->units, err);
    if (rc == 0)
        rc = read_number(o, "cpu_clock_mhz", 1e6, at, &m->cpu_clock_hz, err);
    if (rc == 0)
        rc = read_number(o, "fp16_tflops", 1e12, at, &m->fp16_flops, err);
    if (rc == 0)
        rc = read_number(o, "fp16_flops_per_clock", 1, at, &flops_per_clock,
                         err);
    if (rc == 0 && isnan(m->fp16_flops))
        m->fp16_flops = m->units * m->clock_hz * flops_per_clock;
    return rc;
}

/* A mode says what differs from its board. */
static int read_modes(const json_t *o, const struct place *at,
                      struct board *b, struct err *err)
{
    const json_t *list = json_object_get(o, "modes"), *item;
    size_t        i;
    int           rc = 0;

    if (list && (!json_is_array(list) || json_array_size(list) == 0))
        return wrong(at, "modes", "must be a list with at least one mode",
                     err);
    b->modes = mem_new(list ? json_array_size(list) : 1, sizeof *b->modes);
    if (!list) return read_mode(o, "", at, &b->modes[b->n_modes++], err);
    json_array_foreach(list, i, item) {
        const char *name = jsonx_text(item, "name");
        json_t     *whole = json_copy((json_t *)o);
        if (!name || !*name)
            rc = wrong(at, "modes", "has a mode without a name", err);
        if (rc == 0) {
            json_object_update(whole, (json_t *)item);
            rc = read_mode(whole, name, at, &b->modes[b->n_modes++], err);
        }
        json_decref(whole);
        if (rc) return -1;
    }
    return 0;
}

static void add_size(struct board *b, double gb, double bytes)
{
    struct memory_size *size = &b->sizes[b->n_sizes++];

    size->gb = gb;
    size->bytes = bytes;
    size->name = mem_printf("%s %sGB", b->name,
                            units_number(gb, gb == floor(gb) ? 0 : 1).text);
}

/* memory_gb is a number or a list of them. What programs see of it is
 * memory_mib, or the share memory_visible of every size. */
static int read_memory(const json_t *o, const struct place *at,
                       struct board *b, struct err *err)
{
    const json_t *item = json_object_get(o, "memory_gb");
    size_t        n = json_is_array(item) ? json_array_size(item) : 1;
    double        seen, share;

    if (read_number(o, "memory_mib", MIB, at, &seen, err) ||
        read_number(o, "memory_visible", 1, at, &share, err))
        return -1;
    if (isnan(share)) share = 1;
    if (n == 0) return wrong(at, "memory_gb", "must not be empty", err);
    if (n > 1 && isfinite(seen))
        return wrong(at, "memory_mib", "cannot be said of several sizes", err);
    b->sizes = mem_new(n, sizeof *b->sizes);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(item) ? json_array_get(item, i)
                                                : item;
        double        gb = json_number_value(one);
        if (!(gb > 0) || gb > 1e6)
            return wrong(at, "memory_gb", "must be a number or a list of "
                         "numbers", err);
        add_size(b, gb, isfinite(seen) ? seen : gb * GIB * share);
    }
    b->memory_bytes = b->sizes[0].bytes;
    if (n > 1) return 0;
    free(b->name);
    b->name = mem_copy(b->sizes[0].name);
    return 0;
}

static int read_backend(const json_t *o, const struct place *at,
                        enum backend *out, struct err *err)
{
    const char *name = jsonx_text(o, "backend");

    for (size_t i = 0; name && i < BACKENDS; i++)
        if (strcmp(backends[i], name) == 0) {
            *out = (enum backend)i;
            return 0;
        }
    return wrong(at, "backend", "must be cpu, cuda, metal, vulkan or rocm",
                 err);
}

/* The family's source, and what is to be said of this board alone. */
static int read_source(const json_t *o, const struct place *at,
                       struct board *b, struct err *err)
{
    const char *note = jsonx_text(o, "note");
    char       *family;

    if (read_text(o, "source", at, &family, err)) return -1;
    b->source = note ? mem_printf("%s %s", family, note) : mem_copy(family);
    free(family);
    return 0;
}

static int read_board(const json_t *o, struct place *at, struct board *b,
                      struct err *err)
{
    const char *name = jsonx_text(o, "name");

    at->board = name ? name : "a board";
    if (read_text(o, "name", at, &b->name, err) ||
        read_text(o, "device_class", at, &b->device_class, err) ||
        read_text(o, "architecture", at, &b->architecture, err) ||
        read_source(o, at, b, err) ||
        read_backend(o, at, &b->backend, err) ||
        read_truth(o, "is_certain", at, &b->is_certain, err) ||
        read_truth(o, "is_unified", at, &b->is_unified, err) ||
        read_texts(o, "aliases", at, &b->aliases, err) ||
        read_texts(o, "matches", at, &b->matches, err) ||
        read_number(o, "os_gb", 1e9, at, &b->os_bytes, err) ||
        read_number(o, "speech_gb", 1e9, at, &b->speech_bytes, err) ||
        read_number(o, "runtime_mib", MIB, at, &b->runtime_bytes, err) ||
        read_number(o, "cpu_cores", 1, at, &b->cpu_cores, err) ||
        read_memory(o, at, b, err) || read_modes(o, at, b, err))
        return -1;
    b->is_usual = jsonx_truth(o, "is_usual") == 1;
    return 0;
}

static void board_done(struct board *b)
{
    for (size_t i = 0; i < b->n_modes; i++) {
        free(b->modes[i].name);
        text_list_done(&b->modes[i].aliases);
    }
    for (size_t i = 0; i < b->n_sizes; i++) free(b->sizes[i].name);
    free(b->modes);
    free(b->sizes);
    free(b->name);
    free(b->device_class);
    free(b->architecture);
    free(b->source);
    text_list_done(&b->aliases);
    text_list_done(&b->matches);
}

void boards_done(struct boards *b)
{
    for (size_t i = 0; i < b->n; i++) board_done(&b->items[i]);
    free(b->items);
    *b = (struct boards){0};
}

/* ---- files -------------------------------------------------------------- */

static int read_family(const char *path, const char *file,
                       struct boards *out, struct err *err)
{
    struct place  at = {.file = file, .board = ""};
    json_t       *family = jsonx_read(path, FILE_BYTES, err);
    const json_t *list, *item;
    size_t        i;
    int           rc = 0;

    if (!family) return -1;
    list = json_object_get(family, "boards");
    if (!json_is_array(list))
        rc = err_set(err, ERR_INPUT, "%s/%s: \"boards\" must be a list",
                     FOLDER, file);
    json_array_foreach(list, i, item) {
        json_t *whole = json_copy(family);
        json_object_update(whole, (json_t *)item);
        json_object_del(whole, "boards");
        out->items = mem_grow(out->items, out->n + 1, sizeof *out->items);
        out->items[out->n] = (struct board){0};
        rc = read_board(whole, &at, &out->items[out->n++], err);
        json_decref(whole);
        if (rc) break;
    }
    json_decref(family);
    return rc;
}

static int is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && entry->d_name[0] != '.' &&
           strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct board *)a)->name,
                  ((const struct board *)b)->name);
}

int boards_load(struct boards *out, struct err *err)
{
    char           *folder = share_path(FOLDER, err);
    struct dirent **files = NULL;
    int             n, rc = 0;

    *out = (struct boards){0};
    if (!folder) return -1;
    n = scandir(folder, &files, is_json, alphasort);
    if (n <= 0)
        rc = err_set(err, ERR_PREFLIGHT, "%s has no list of boards; set "
                     "AUDITION_DATA to audition's share folder", folder);
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", folder, files[i]->d_name);
        if (rc == 0 && (unsigned)i < FILES_MAX)
            rc = read_family(path, files[i]->d_name, out, err);
        free(path);
        free(files[i]);
    }
    free(files);
    free(folder);
    if (rc == 0 && out->n)
        qsort(out->items, out->n, sizeof *out->items, by_name);
    if (rc) boards_done(out);
    return rc;
}
