/* SPDX-License-Identifier: MIT */
/* import_bfcl.c - the single-turn categories of the Berkeley Function Calling
 * Leaderboard, as PyPI's bfcl-eval carries them in its folder data:
 *   BFCL_v4_CATEGORY.json              an entry a line
 *   possible_answer/BFCL_v4_CATEGORY.json   its ground truth, by id
 * Each category becomes the suite bfcl_CATEGORY. */
#include "import.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/text_list.h"
#include "import_bfcl_tools.h"
#include "import_read.h"

#define MAX_TOKENS 1024   /* the original sets no limit; who needs more is in
                             a loop                                          */

/* Older releases had other names for three of them. */
static const struct {
    const char *name, *here;
} categories[] = {
    {"simple_python", "simple_python"},
    {"simple_java", "simple_java"},
    {"simple_javascript", "simple_javascript"},
    {"multiple", "multiple"},
    {"parallel", "parallel"},
    {"parallel_multiple", "parallel_multiple"},
    {"irrelevance", "irrelevance"},
    {"live_simple", "live_simple"},
    {"live_multiple", "live_multiple"},
    {"live_parallel", "live_parallel"},
    {"live_parallel_multiple", "live_parallel_multiple"},
    {"live_irrelevance", "live_irrelevance"},
    {"live_relevance", "live_relevance"},
    {"simple", "simple_python"},
    {"java", "simple_java"},
    {"javascript", "simple_javascript"},
};

/* Ours of this name, static; NULL: not of a single turn. */
static const char *category_named(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
        if (strlen(categories[i].name) == len &&
            strncmp(categories[i].name, name, len) == 0)
            return categories[i].here;
    return NULL;
}

/* "live_simple" of "live_simple_3-1-0". */
static const char *category_of_id(const char *id)
{
    const char *last = strrchr(id, '_');

    return last ? category_named(id, (size_t)(last - id)) : NULL;
}

/* "BFCL_v4_multiple.json.gz": where the category stands in it, *len bytes;
 * NULL: it is not named so. */
static const char *name_in_file(const char *file, size_t *len)
{
    const char *slash = strrchr(file, '/');
    const char *at    = slash ? slash + 1 : file;

    if (strncmp(at, "BFCL_v", 6) != 0) return NULL;
    at += 6;
    at += strspn(at, "0123456789");
    if (*at++ != '_') return NULL;
    *len = strcspn(at, ".");
    return strncmp(at + *len, ".json", 5) == 0 ? at : NULL;
}

/* ---- the answers --------------------------------------------------------- */

/* Read on until the one is found that is wanted: both files are in the same
 * order, as a rule, and then none waits. */
struct answers {
    char              *path;
    struct import_file file;
    bool               is_open, is_end;
    json_t            *waiting;        /* id -> list                         */
};

static void answers_init(struct answers *a, const char *questions)
{
    const char *slash = strrchr(questions, '/');
    int         folder = slash ? (int)(slash - questions) + 1 : 0;

    *a = (struct answers){.waiting = json_object()};
    a->path = mem_printf("%.*spossible_answer/%s", folder, questions,
                         questions + folder);
}

static void answers_done(struct answers *a)
{
    if (a->is_open) import_close(&a->file);
    json_decref(a->waiting);
    free(a->path);
}

static int read_answer(struct answers *a, struct err *err)
{
    json_t     *line;
    const char *id;
    int         rc = import_next(&a->file, &line, err);

    if (rc <= 0) {
        a->is_end = true;
        return rc;
    }
    id = jsonx_text(line, "id");
    rc = 0;
    if (!id || !json_is_array(json_object_get(line, "ground_truth")))
        rc = import_fail(&a->file, err, "an answer of BFCL is {\"id\":text,"
                         "\"ground_truth\":list}");
    else if (json_object_get(a->waiting, id))
        rc = import_fail(&a->file, err, "the answer of %.100s is there twice",
                         id);
    else
        json_object_set(a->waiting, id, json_object_get(line, "ground_truth"));
    json_decref(line);
    return rc;
}

/* *truth: a new reference. */
static int find_answer(struct answers *a, const char *id, json_t **truth,
                       struct err *err)
{
    if (!a->is_open) {
        if (access(a->path, F_OK) != 0)
            return err_set(err, ERR_INPUT, "the answers are not beside the "
                           "questions: %s is missing", a->path);
        if (import_open(&a->file, a->path, err)) return -1;
        a->is_open = true;
    }
    while (!(*truth = json_object_get(a->waiting, id)) && !a->is_end)
        if (read_answer(a, err)) return -1;
    if (!*truth)
        return err_set(err, ERR_INPUT, "%s has no answer of \"%.100s\" (or "
                       "one, and the question is there twice); add it, or "
                       "take the question out", a->path, id);
    json_incref(*truth);
    json_object_del(a->waiting, id);
    return 0;
}

/* What was asked by no question is told: who cut the questions short knows,
 * who took the wrong file sees it. */
static int tell_other_answers(struct answers *a,
                              const struct import_sink *sink, struct err *err)
{
    json_t *line;
    size_t  n;
    int     rc = 0;

    if (!a->is_open) return 0;
    n = json_object_size(a->waiting);
    while (!a->is_end && (rc = import_next(&a->file, &line, err)) == 1) {
        n++;
        json_decref(line);
    }
    if (rc == 0 && n) {
        char *told = mem_printf("%zu answer%s of %s: no question asks for "
                                "%s", n, n == 1 ? "" : "s", a->path,
                                n == 1 ? "it" : "them");
        sink->leave_out(sink->ctx, 0, told);
        free(told);
    }
    return rc;
}

/* ---- an entry ------------------------------------------------------------ */

/* A system message in front, the last thing the user says, and what stands
 * between them. */
static int set_messages(json_t *test, const json_t *talk, struct err *err)
{
    size_t        n = json_array_size(talk), i;
    const json_t *last = n ? json_array_get(talk, n - 1) : NULL, *message;
    const char   *role = jsonx_text(last, "role");
    json_t       *before = json_array();

    jsonx_set_text(test, "system", "");
    json_array_foreach(talk, i, message) {
        const char *its  = jsonx_text(message, "role");
        json_t     *text = json_object_get(message, "content");

        if (i == 0 && its && strcmp(its, "system") == 0 &&
            json_is_string(text))
            json_object_set(test, "system", text);
        else if (i + 1 < n)
            json_array_append_new(before, json_pack(
                "{s:O?, s:O?}", "role", json_object_get(message, "role"),
                "content", text));
    }
    if (json_array_size(before)) json_object_set(test, "before", before);
    json_decref(before);
    if (!role || strcmp(role, "user") != 0 || !jsonx_text(last, "content"))
        return err_set(err, ERR_INPUT, "the last message of \"question\" must "
                       "be a text of the user");
    json_object_set(test, "say", json_object_get(last, "content"));
    return 0;
}

/* The case, or NULL with err. */
static json_t *case_of(const json_t *entry, const char *id,
                       const char *category, struct answers *answers,
                       struct err *err)
{
    json_t *test = json_object(), *tools = NULL, *truth = NULL, *check;
    int     rc   = -1;

    jsonx_set_text(test, "id", id);
    jsonx_set_text(test, "category", category);
    tools = import_bfcl_tools(json_object_get(entry, "function"), category,
                              err);
    if (!tools ||
        set_messages(test, json_array_get(json_object_get(entry, "question"),
                                          0), err))
        goto done;
    if (!strstr(category, "relevance") &&
        find_answer(answers, id, &truth, err))
        goto done;
    check = json_pack("{s:s, s:s, s:O*}", "scorer", "bfcl", "category",
                      category, "truth", truth);
    jsonx_set_integer(test, "max_tokens", MAX_TOKENS);
    json_object_set(test, "functions", tools);
    json_object_set_new(test, "checks", json_pack("[o]", check));
    rc = 0;
done:
    json_decref(tools);
    json_decref(truth);
    if (rc == 0) return test;
    json_decref(test);
    return NULL;
}

/* Is it of BFCL, and of one turn? */
static int check_entry(const struct import_file *f, const json_t *entry,
                       const char *category, struct err *err)
{
    const char   *id       = jsonx_text(entry, "id");
    const json_t *question = json_object_get(entry, "question");
    const json_t *function = json_object_get(entry, "function");

    if ((!question && !function) || json_object_get(entry, "involved_classes"))
        return import_wrong_format(f, entry, "BFCL", err);
    if (id && (!category || json_array_size(question) > 1))
        return import_fail(f, err, "%.100s is of no single-turn category of "
                           "BFCL; only those can be imported", id);
    if (!id || json_array_size(question) == 0 || !json_is_array(function))
        return import_fail(f, err, "an entry of BFCL is {\"id\":text, "
                           "\"question\":[list of messages], \"function\":"
                           "list}");
    return 0;
}

static int take_entry(const struct import_sink *sink,
                      const struct import_file *f, const json_t *entry,
                      const char *category, struct answers *answers,
                      struct err *err)
{
    const char *id = jsonx_text(entry, "id");
    char       *suite;
    json_t     *test;
    int         rc = -1;

    if (id && category_of_id(id)) category = category_of_id(id);
    if (check_entry(f, entry, category, err)) return -1;
    test  = case_of(entry, id, category, answers, err);
    suite = mem_printf("bfcl_%s", category);
    if (test) rc = sink->add_case(sink->ctx, suite, test, err);
    if (rc) err_ctx(err, "%s:%zu", f->path, f->line);
    free(suite);
    json_decref(test);
    return rc;
}

/* category: by the file's name, or NULL. *cases grows. */
static int take_file(const struct import_sink *sink, const char *path,
                     const char *category, size_t *cases, struct err *err)
{
    struct import_file f;
    struct answers     answers;
    json_t            *entry;
    int                rc;

    if (import_open(&f, path, err)) return -1;
    answers_init(&answers, path);
    while ((rc = import_next(&f, &entry, err)) == 1) {
        rc = take_entry(sink, &f, entry, category, &answers, err);
        json_decref(entry);
        if (rc) break;
        ++*cases;
    }
    if (rc == 0) rc = tell_other_answers(&answers, sink, err);
    answers_done(&answers);
    import_close(&f);
    return rc;
}

/* ---- the folder ---------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of files named as BFCL names them, in order. */
static void list_files(const char *folder, struct text_list *out)
{
    DIR           *open_folder = opendir(folder);
    struct dirent *entry;
    size_t         len;

    while (open_folder && (entry = readdir(open_folder)))
        if (name_in_file(entry->d_name, &len)) {
            char *path = mem_printf("%s/%s", folder, entry->d_name);

            text_list_add(out, path);
            free(path);
        }
    if (open_folder) closedir(open_folder);
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_text);
}

static int take_folder(const struct import_sink *sink, const char *folder,
                       size_t *cases, struct err *err)
{
    struct text_list files = {0};
    char            *inner = mem_printf("%s/data", folder);
    int              rc = 0;

    list_files(folder, &files);
    if (files.n == 0) list_files(inner, &files);   /* the package itself */
    for (size_t i = 0; i < files.n && rc == 0; i++) {
        size_t      len;
        const char *name     = name_in_file(files.items[i], &len);
        const char *category = category_named(name, len);
        char       *told;

        if (category) {
            rc = take_file(sink, files.items[i], category, cases, err);
            continue;
        }
        told = mem_printf("%.*s: of BFCL only the single-turn categories are "
                          "imported", (int)len, name);
        sink->leave_out(sink->ctx, 0, told);
        free(told);
    }
    text_list_done(&files);
    free(inner);
    return rc;
}

int import_bfcl(const char *path, const struct import_sink *sink,
                struct err *err)
{
    struct stat st;
    size_t      cases = 0, len;
    const char *name  = name_in_file(path, &len);
    int         rc;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        rc = take_folder(sink, path, &cases, err);
    else
        rc = take_file(sink, path, name ? category_named(name, len) : NULL,
                       &cases, err);
    if (rc == 0 && cases == 0)
        return err_set(err, ERR_INPUT, "%s holds no single-turn entries of "
                       "BFCL (BFCL_v4_simple_python.json, ...)", path);
    return rc;
}
