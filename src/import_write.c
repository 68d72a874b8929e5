/* SPDX-License-Identifier: MIT */
/* import_write.c - see import_write.h. */
#include "import_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "home/home.h"
#include "remote/folders.h"
#include "share.h"
#include "suite.h"
#include "suite_internal.h"

/* Of a folder's suites and homes. */
static const char *const parts[] = {"suites", "homes"};
#define N_PARTS (sizeof parts / sizeof *parts)

static int cannot_write(const char *path, struct err *err)
{
    return err_set(err, ERR_FAILED, "%s cannot be written: %s", path,
                   strerror(errno));
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(name);

    return len > 0 && len <= 40 && strspn(name, letters) == len;
}

/* relative: "suites/NAME.jsonl". May it be written? */
static int check_free(const struct import_writer *w, const char *relative,
                      struct err *err)
{
    char       *path = mem_printf("%s/%s", w->out, relative);
    struct stat st;
    int         rc = 0;

    if (share_ships(relative))
        rc = err_set(err, ERR_INPUT, "audition has %s itself, and one of the "
                     "same name would never be read", relative);
    else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
        rc = err_set(err, ERR_INPUT, "%s is a folder; move it away, or name "
                     "another place with --out", path);
    else if (!w->force && access(path, F_OK) == 0)
        rc = err_set(err, ERR_INPUT, "%s is there already; --force replaces "
                     "it, --out names another folder", path);
    free(path);
    return rc;
}

/* ---- suites -------------------------------------------------------------- */

static struct import_suite *find_suite(struct import_writer *w,
                                       const char *name)
{
    for (size_t i = 0; i < w->n_suites; i++)
        if (strcmp(w->suites[i].name, name) == 0) return &w->suites[i];
    return NULL;
}

static struct import_suite *begin_suite(struct import_writer *w,
                                        const char *name, struct err *err)
{
    char                *relative;
    struct import_suite *s;
    int                  rc;

    if (!is_name(name) || w->n_suites == IMPORT_SUITES_MAX) {
        err_set(err, ERR_INPUT, is_name(name)
                ? "there are more than 200 suites, from \"%.40s\" on"
                : "\"%.40s\" is no name of a suite", name);
        return NULL;
    }
    relative = mem_printf("suites/%s.jsonl", name);
    rc = check_free(w, relative, err);
    free(relative);
    if (rc) return NULL;
    w->suites = mem_grow(w->suites, w->n_suites + 1, sizeof *w->suites);
    s  = &w->suites[w->n_suites++];
    *s = (struct import_suite){.name = mem_copy(name)};
    s->path  = mem_printf("%s/suites/%s.jsonl", w->out, name);
    s->draft = mem_printf("%s/suites/%s.jsonl", w->staging, name);
    s->file  = fopen(s->draft, "we");
    if (s->file) return s;
    cannot_write(s->draft, err);
    return NULL;
}

/* Puts a hash where it belongs; false: it is there. */
static bool place(uint64_t *ids, size_t room, uint64_t hash)
{
    size_t at = (size_t)hash & (room - 1);

    while (ids[at] && ids[at] != hash) at = (at + 1) & (room - 1);
    if (ids[at]) return false;
    ids[at] = hash;
    return true;
}

/* Is the id new? By 64 bits of it: of ten million cases two would meet by
 * chance once in 400,000 imports. */
static bool add_id(struct import_suite *s, const char *id)
{
    uint64_t hash = suite_mix(0, id);

    if (hash == 0) hash = 1;
    if (s->room < 2 * (s->cases + 1)) {
        size_t    room = s->room ? 2 * s->room : 1024;
        uint64_t *ids  = mem_new(room, sizeof *ids);

        for (size_t i = 0; i < s->room; i++)
            if (s->ids[i]) place(ids, room, s->ids[i]);
        free(s->ids);
        s->ids  = ids;
        s->room = room;
    }
    return place(s->ids, s->room, hash);
}

/* The case as a line, or NULL: it could not be loaded. Caller frees. */
static char *line_of(const char *suite, const json_t *test, size_t *len,
                     struct err *err)
{
    char             *line = json_dumps(test, JSON_COMPACT |
                                        JSON_PRESERVE_ORDER);
    struct suite_case c;

    *len = line ? strlen(line) : 0;
    if (!line) {
        err_set(err, ERR_INPUT, "it is no text that could be written");
    } else if (*len > SUITE_LINE_MAX_BYTES) {
        err_set(err, ERR_INPUT, "the case has more than %zu bytes",
                SUITE_LINE_MAX_BYTES);
    } else if (suite_read_case(&c, line, *len, suite, err) == 0) {
        suite_case_done(&c);
        return line;
    }
    free(line);
    return NULL;
}

static int add_case(void *ctx, const char *suite, const json_t *test,
                    struct err *err)
{
    struct import_writer *w  = ctx;
    struct import_suite  *s  = find_suite(w, suite);
    const char           *id = jsonx_text(test, "id");
    char                 *line;
    size_t                len;
    int                   rc = 0;

    if (!s && !(s = begin_suite(w, suite, err))) return -1;
    line = line_of(suite, test, &len, err);
    if (!line) return err_ctx(err, "case %.100s", id ? id : "without an id");
    if (!add_id(s, id))
        rc = err_set(err, ERR_INPUT, "id \"%.100s\" is there twice in %s; ids "
                     "must be unique", id, suite);
    else if (fwrite(line, 1, len, s->file) != len ||
             putc('\n', s->file) == EOF)
        rc = cannot_write(s->draft, err);
    else
        s->cases++;
    free(line);
    return rc;
}

/* ---- homes --------------------------------------------------------------- */

static int add_home(void *ctx, const char *name, const json_t *home,
                    struct err *err)
{
    struct import_writer *w = ctx;
    char        *relative, *draft, *text;
    struct home *made;
    int          rc;

    if (!is_name(name))
        return err_set(err, ERR_INPUT, "\"%.40s\" is no name of a home", name);
    relative = mem_printf("homes/%s.json", name);
    draft    = mem_printf("%s/%s", w->staging, relative);
    text     = json_dumps(home, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    rc = check_free(w, relative, err);
    if (rc == 0 && access(draft, F_OK) == 0)   /* ours alone: mkdtemp */
        rc = err_set(err, ERR_INPUT, "the home %s is there twice", name);
    if (rc == 0)
        rc = text ? folders_write_file(draft, text, strlen(text), err)
                  : err_set(err, ERR_INPUT, "home %s is no text that could be "
                            "written", name);
    if (rc == 0) {
        text_list_add(&w->homes, name);
        rc = home_new(&made, name, NULL, err);
        if (rc == 0) home_free(made);
    }
    free(text);
    free(draft);
    free(relative);
    return rc;
}

static void leave_out(void *ctx, size_t cases, const char *what)
{
    struct import_writer *w = ctx;

    w->cases_left_out += cases;
    if (w->n_left_out++ < IMPORT_TOLD_MAX) text_list_add(&w->left_out, what);
}

struct import_sink import_writer_sink(struct import_writer *w)
{
    return (struct import_sink){.ctx = w, .add_case = add_case,
                                .add_home = add_home, .leave_out = leave_out};
}

/* ---- the folder ---------------------------------------------------------- */

static int make_below(const char *folder, const char *name, struct err *err)
{
    char *path = mem_printf("%s/%s", folder, name);
    int   rc   = folders_make(path, err);

    free(path);
    return rc;
}

int import_writer_open(struct import_writer *w, const char *out, bool force,
                       struct err *err)
{
    struct err why = {0};

    *w = (struct import_writer){.out = mem_copy(out), .force = force,
                                .made_out = access(out, F_OK) != 0};
    if (folders_make(out, &why))
        return err_set(err, why.kind, "%s; --out names another", why.text);
    w->staging = mem_printf("%s/.import-XXXXXX", out);
    if (!mkdtemp(w->staging)) {
        free(w->staging);
        w->staging = NULL;
        return err_set(err, ERR_FAILED, "%s: nothing can be written there: "
                       "%s; --out names another folder", out,
                       strerror(errno));
    }
    for (size_t i = 0; i < N_PARTS; i++)
        if (make_below(w->staging, parts[i], err)) return -1;
    share_look_in(w->staging);
    return 0;
}

/* rename() would overwrite, so link() is asked first. */
static int publish(struct import_writer *w, const char *draft,
                   const char *path, struct err *err)
{
    bool is_new = access(path, F_OK) != 0;

    if (w->force || link(draft, path)) {
        if (!w->force && !is_new)
            return err_set(err, ERR_INPUT, "%s is there already; --force "
                           "replaces it", path);
        if (rename(draft, path)) return cannot_write(path, err);
    }
    if (is_new) text_list_add(&w->placed, path);
    return 0;
}

/* Half of the suites are none. What was replaced stays replaced. */
static void take_back(struct import_writer *w)
{
    for (size_t i = 0; i < w->placed.n; i++) unlink(w->placed.items[i]);
    text_list_done(&w->placed);
}

static int close_suite(struct import_suite *s, struct err *err)
{
    FILE *file = s->file;
    bool  ok;

    s->file = NULL;
    ok = fflush(file) == 0 && fsync(fileno(file)) == 0;
    ok = fclose(file) == 0 && ok;
    return ok ? 0 : cannot_write(s->draft, err);
}

static char *home_path(const char *folder, const char *name)
{
    return mem_printf("%s/homes/%s.json", folder, name);
}

int import_writer_keep(struct import_writer *w, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < w->n_suites && rc == 0; i++)
        rc = close_suite(&w->suites[i], err);
    if (rc == 0 && w->n_suites) rc = make_below(w->out, "suites", err);
    if (rc == 0 && w->homes.n) rc = make_below(w->out, "homes", err);
    for (size_t i = 0; i < w->homes.n && rc == 0; i++) {
        char *draft = home_path(w->staging, w->homes.items[i]);
        char *path  = home_path(w->out, w->homes.items[i]);

        rc = publish(w, draft, path, err);
        free(draft);
        free(path);
    }
    for (size_t i = 0; i < w->n_suites && rc == 0; i++)
        rc = publish(w, w->suites[i].draft, w->suites[i].path, err);
    if (rc) take_back(w);
    return rc;
}

/* Those that are empty. */
static void remove_folders(const char *folder)
{
    for (size_t i = 0; i < N_PARTS; i++) {
        char *path = mem_printf("%s/%s", folder, parts[i]);

        rmdir(path);
        free(path);
    }
    rmdir(folder);
}

void import_writer_done(struct import_writer *w)
{
    if (!w->out) return;
    share_look_in(NULL);
    for (size_t i = 0; i < w->n_suites; i++) {
        struct import_suite *s = &w->suites[i];

        if (s->file) fclose(s->file);
        unlink(s->draft);
        free(s->name);
        free(s->path);
        free(s->draft);
        free(s->ids);
    }
    for (size_t i = 0; i < w->homes.n; i++) {
        char *draft = home_path(w->staging, w->homes.items[i]);

        unlink(draft);
        free(draft);
    }
    if (w->staging) remove_folders(w->staging);
    if (w->made_out) remove_folders(w->out);
    free(w->suites);
    free(w->out);
    free(w->staging);
    text_list_done(&w->homes);
    text_list_done(&w->placed);
    text_list_done(&w->left_out);
    *w = (struct import_writer){0};
}
