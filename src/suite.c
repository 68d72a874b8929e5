/* SPDX-License-Identifier: MIT */
/* suite.c - a suite file and its index. The file may be larger than memory:
 * it is read line by line, and a case is read again when it is wanted. */
#include "suite_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/stop.h"
#include "share.h"

/* ---- its name ----------------------------------------------------------- */

static bool is_path(const char *name)
{
    size_t len = strlen(name);

    return strchr(name, '/') ||
           (len > 6 && strcmp(name + len - 6, ".jsonl") == 0);
}

/* "share/suites/home.jsonl" -> "home" */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash ? slash + 1 : path;
    const char *dot   = strrchr(start, '.');

    return mem_copy_n(start, dot && dot > start ? (size_t)(dot - start)
                                                : strlen(start));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_listed(const struct text_list *names, const char *name)
{
    size_t i = 0;

    while (i < names->n && strcmp(names->items[i], name) != 0) i++;
    return i < names->n;
}

/* Adds the suites of a folder that are not in `but`. Takes path. */
static void list_folder(char *path, const struct text_list *but,
                        struct text_list *names)
{
    DIR           *folder = path ? opendir(path) : NULL;
    struct dirent *entry;
    size_t         before = names->n;

    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.' && is_path(entry->d_name)) {
            char *name = stem(entry->d_name);

            if (!is_listed(but, name)) text_list_add(names, name);
            free(name);
        }
    if (names->n > before)
        qsort(names->items + before, names->n - before, sizeof *names->items,
              by_text);
    if (folder) closedir(folder);
    free(path);
}

void suite_ours(struct text_list *names)
{
    const struct text_list nothing = {0};

    list_folder(share_path("suites", NULL), &nothing, names);
}

void suite_imported(struct text_list *names)
{
    struct text_list ours = {0};
    char            *folder = share_user_folder();

    suite_ours(&ours);
    if (folder) list_folder(mem_printf("%s/suites", folder), &ours, names);
    free(folder);
    text_list_done(&ours);
}

/* A slip in a name, or no data folder at all. */
static void tell_missing(const char *name, const char *why, struct err *err)
{
    struct text_list ours = {0};
    const char     **list, *near;
    char            *all = mem_copy("");

    suite_ours(&ours);
    suite_imported(&ours);
    list = mem_new(ours.n + 1, sizeof *list);
    for (size_t i = 0; i < ours.n; i++) {
        char *longer = mem_printf("%s%s%s", all, i ? ", " : "", ours.items[i]);

        free(all);
        all = longer;
        list[i] = ours.items[i];
    }
    near = opt_nearest(name, list);
    if (ours.n)
        err_set(err, ERR_INPUT, "there is no suite \"%s\"%s%s%s; there are %s; "
                "a file of your own is named with its .jsonl", name,
                near ? ", did you mean \"" : "", near ? near : "",
                near ? "\"" : "", all);
    else
        err_set(err, ERR_INPUT, "there is no suite \"%s\": %s", name, why);
    free(list);
    free(all);
    text_list_done(&ours);
}

/* ---- the index ---------------------------------------------------------- */

/* While a file is read. */
struct reading {
    struct suite *suite;
    const char   *label;         /* as errors name the file                */
    bool          keep_going;
    json_t       *categories;    /* name -> index                          */
    size_t        room;          /* of entries                             */
};

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!memchr(" \t\r", text[i], 3)) return false;    /* NUL is none */
    return true;
}

static uint32_t category_index(struct reading *r, const char *name)
{
    json_t *known = json_object_get(r->categories, name);

    if (known) return (uint32_t)json_integer_value(known);
    text_list_add(&r->suite->categories, name);
    json_object_set_new(r->categories, name,
                        json_integer((json_int_t)r->suite->categories.n - 1));
    return (uint32_t)(r->suite->categories.n - 1);
}

/* There are a handful of homes. */
static uint32_t home_index(struct reading *r, const char *name)
{
    struct text_list *homes = &r->suite->homes;
    size_t            i = 0;

    if (!name) return 0;
    while (i < homes->n && strcmp(homes->items[i], name) != 0) i++;
    if (i == homes->n) text_list_add(homes, name);
    return (uint32_t)i + 1;
}

static void add_entry(struct reading *r, const struct suite_case *c,
                      const struct line *line)
{
    struct suite *s = r->suite;

    if (s->n == r->room) {       /* imported suites have many thousand lines */
        r->room = r->room ? r->room * 2 : 64;
        s->entries = mem_grow(s->entries, r->room, sizeof *s->entries);
    }
    s->entries[s->n++] = (struct suite_entry){
        .offset = line->offset, .id_hash = suite_mix(0, c->id),
        .line = line->number, .bytes = (uint32_t)line->len,
        .category = category_index(r, c->category),
        .n_turns = (uint32_t)c->n_turns, .home = home_index(r, c->home)};
    s->n_unproven += suite_case_is_unproven(c);
    s->wants_calls = s->wants_calls || suite_case_wants_calls(c);
}

/* A line that is no case: an error, or one that is left out. */
static int leave_out(struct reading *r, size_t number, struct err *why,
                     struct err *err)
{
    err_ctx(why, "%s:%zu", r->label, number);
    if (!r->keep_going || why->kind != ERR_INPUT) {
        *err = *why;
        return -1;
    }
    if (r->suite->n_broken++ < SUITE_BROKEN_MAX)
        text_list_add(&r->suite->broken, why->text);
    return 0;
}

static int read_line(struct reading *r, const struct line *line,
                     struct err *err)
{
    struct suite_case c;
    struct err        why = {0};

    if (!line->is_too_long && is_blank(line->text, line->len)) return 0;
    if (line->is_too_long)
        err_set(&why, ERR_INPUT, "the line has more than %zu bytes; split the "
                "case", SUITE_LINE_MAX_BYTES);
    else if (suite_read_case(&c, line->text, line->len, r->suite->name,
                             &why) == 0) {
        add_entry(r, &c, line);
        suite_case_done(&c);
        return 0;
    }
    return leave_out(r, line->number, &why, err);
}

static int read_lines(struct reading *r, struct err *err)
{
    struct lines file;
    struct line  line;
    int          rc;

    if (lines_open(&file, r->suite->path, SUITE_LINE_MAX_BYTES, err))
        return err_ctx(err, "suite %s", r->suite->path);
    while ((rc = lines_next(&file, &line, err)) == 1) {
        if (stop_signal())
            rc = err_set(err, ERR_STOPPED, "stopped while reading %s",
                         r->label);
        else
            rc = read_line(r, &line, err);
        if (rc) break;
    }
    lines_close(&file);
    return rc;
}

/* ---- ids that are there twice ------------------------------------------- */

struct same_id {
    uint64_t hash;
    size_t   entry;
};

static int by_hash(const void *left, const void *right)
{
    const struct same_id *a = left, *b = right;

    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return (a->entry > b->entry) - (a->entry < b->entry);
}

/* Two entries with one hash: the same id, or a rare chance. The later one is
 * marked by 0 bytes. */
static int meet(struct reading *r, size_t first, size_t second,
                struct err *err)
{
    struct suite     *s = r->suite;
    struct suite_case a = {0}, b = {0};
    struct err        why = {0};
    int               rc = -1;

    if (suite_get(s, first, &a, err) || suite_get(s, second, &b, err))
        goto done;
    rc = 0;
    if (strcmp(a.id, b.id) != 0) goto done;
    err_set(&why, ERR_INPUT, "id \"%s\" is also in line %zu; ids must be "
            "unique", b.id, s->entries[first].line);
    rc = leave_out(r, s->entries[second].line, &why, err);
    s->entries[second].bytes = 0;
done:
    suite_case_done(&a);
    suite_case_done(&b);
    return rc;
}

static int check_ids(struct reading *r, struct err *err)
{
    struct suite   *s = r->suite;
    struct same_id *ids = mem_new(s->n, sizeof *ids);
    size_t          kept = 0;
    int             rc = 0;

    for (size_t i = 0; i < s->n; i++)
        ids[i] = (struct same_id){s->entries[i].id_hash, i};
    if (s->n) qsort(ids, s->n, sizeof *ids, by_hash);
    for (size_t i = 1, first = 0; i < s->n && rc == 0; i++) {
        if (ids[i].hash != ids[first].hash) first = i;
        else rc = meet(r, ids[first].entry, ids[i].entry, err);
    }
    free(ids);
    for (size_t i = 0; i < s->n; i++)
        if (s->entries[i].bytes) s->entries[kept++] = s->entries[i];
    s->n = kept;
    return rc;
}

/* ---- the file ----------------------------------------------------------- */

static int read_suite(struct suite *s, const char *label, bool keep_going,
                      struct err *err)
{
    struct reading r = {.suite = s, .label = label, .keep_going = keep_going,
                        .categories = json_object()};
    int            rc = read_lines(&r, err);

    if (rc == 0) rc = check_ids(&r, err);
    json_decref(r.categories);
    if (rc == 0 && s->n == 0)
        return err_set(err, ERR_INPUT, "%s: has no cases%s%s", label,
                       s->n_broken ? " that are sound; the first line that is "
                       "not: " : "", s->n_broken ? s->broken.items[0] : "");
    return rc;
}

int suite_load(struct suite *out, const char *name, bool keep_going,
               struct err *err)
{
    struct suite s      = {0};
    char        *label  = is_path(name) ? mem_copy(name)
                                        : mem_printf("%s.jsonl", name);
    char        *inside = mem_printf("suites/%s", label);
    struct err   why    = {0};
    int          rc     = -1;

    s.path = is_path(name) ? mem_copy(name) : share_path(inside, &why);
    s.name = stem(label);
    if (!s.path) tell_missing(name, why.text, err);
    else rc = read_suite(&s, label, keep_going, err);
    if (rc) suite_done(&s);
    *out = s;
    free(label);
    free(inside);
    return rc;
}

void suite_done(struct suite *s)
{
    free(s->entries);
    free(s->name);
    free(s->path);
    text_list_done(&s->categories);
    text_list_done(&s->homes);
    text_list_done(&s->broken);
    *s = (struct suite){0};
}

/* ---- one case of it ----------------------------------------------------- */

static int read_at(const char *path, uint64_t offset, char *text, size_t len,
                   struct err *err)
{
    int    fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t got = 0;

    while (fd >= 0 && got < len) {
        ssize_t n = pread(fd, text + got, len - got, (off_t)(offset + got));

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += (size_t)n;
    }
    if (fd >= 0) close(fd);
    if (got < len)
        return err_set(err, ERR_INPUT, "%s has changed while it was in use; "
                       "start again", path);
    return 0;
}

int suite_get(const struct suite *s, size_t i, struct suite_case *out,
              struct err *err)
{
    const struct suite_entry *e = &s->entries[i];
    char                     *text = mem_new(e->bytes, 1);
    int                       rc;

    *out = (struct suite_case){0};
    rc = read_at(s->path, e->offset, text, e->bytes, err);
    if (rc == 0) rc = suite_read_case(out, text, e->bytes, s->name, err);
    if (rc == 0 && suite_mix(0, out->id) != e->id_hash) {
        suite_case_done(out);
        rc = err_set(err, ERR_INPUT, "%s has changed while it was in use; "
                     "start again", s->path);
    } else if (rc) {
        err_ctx(err, "%s, line %zu", s->name, e->line);
    }
    free(text);
    return rc;
}

int suite_find(const struct suite *s, const char *id, struct suite_case *out,
               struct err *err)
{
    uint64_t hash = suite_mix(0, id);

    for (size_t i = 0; i < s->n; i++) {
        if (s->entries[i].id_hash != hash) continue;
        if (suite_get(s, i, out, err)) return -1;
        if (strcmp(out->id, id) == 0) return 1;
        suite_case_done(out);
    }
    return 0;
}
